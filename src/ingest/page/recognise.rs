//! Whether a text is HTML, by its first kilobytes.
//!
//! What counts is the first tag and that nearly all text stands inside of closed elements. Counting tags alone was
//! rejected: texts about web pages, and Markdown, have many.

use super::element::{Kind, known};
use super::tags::{Piece, Pieces, Tag};

/// Bytes in which a page shows that it is one.
const HEAD: usize = 8192;

/// Elements of HTML that [`known`] leaves out.
const PHRASES: [&str; 24] = [
    "b", "i", "em", "strong", "u", "s", "font", "code", "small", "big", "tt", "link", "base", "source", "picture",
    "col", "colgroup", "option", "legend", "strike", "svg", "noscript", "path", "wbr",
];

/// Whether `text` is a page, by its first kilobytes.
///
/// `false` for text that speaks of tags, for Markdown that begins with some, and for XML that is not HTML.
pub fn looks_like_html(text: &str) -> bool {
    let mut head =
        text[..text.floor_char_boundary(HEAD)].trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    while let Some(end) = [("<!--", "-->"), ("<?xml", "?>")].iter().find_map(|(start, end)| {
        head.starts_with(start).then(|| head.find(end).map_or(head.len(), |at| at + end.len()))
    }) {
        head = head[end..].trim_start();
    }
    // Prose that begins with such a tag goes on with words.
    for start in ["<!doctype html", "<html", "<head"] {
        let (Some(tag), Some(rest)) = (head.get(..start.len()), head.get(start.len()..)) else { continue };
        if tag.eq_ignore_ascii_case(start) && !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-') {
            let content = rest.split_once('>').map_or("", |(_, content)| content.trim_start());
            return content.is_empty() || content.starts_with('<');
        }
    }
    is_fragment(head)
}

/// Whether `head` begins with an element of HTML and nearly all its text is inside of elements that are closed.
fn is_fragment(head: &str) -> bool {
    let mut pieces = Pieces::new(head);
    let mut next = pieces.next();
    let shown = |tag: Tag<'_>| known(tag.name).filter(|e| e.kind != Kind::Hidden);
    if !matches!(next, Some(Piece::Start(tag)) if shown(tag).is_some()) {
        return false;
    }
    let (mut pairs, mut strange, mut inside, mut outside) = (0usize, 0usize, 0usize, 0usize);
    let mut open = Vec::new();
    while let Some(piece) = next {
        match piece {
            Piece::Text(text) if open.is_empty() => outside += text.trim().len(),
            Piece::Text(text) => inside += text.trim().len(),
            Piece::Start(tag) => match shown(tag) {
                None => strange += usize::from(!PHRASES.iter().any(|name| tag.name.eq_ignore_ascii_case(name))),
                Some(element) if matches!(element.kind, Kind::Raw | Kind::Title) => {
                    pieces.raw_text(element.name);
                    open.push(element.name);
                }
                Some(element) if element.kind == Kind::Void => {}
                Some(element) => open.push(element.name),
            },
            Piece::End(tag) => {
                if let Some(at) = open.iter().rposition(|name| name.eq_ignore_ascii_case(tag.name)) {
                    open.truncate(at);
                    pairs += 1;
                }
            }
        }
        next = pieces.next();
    }
    pairs >= 2 && outside * 5 <= inside && strange <= pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_and_pieces_of_pages_are_html() {
        for text in [
            "<!DOCTYPE html><html>",
            "\u{feff}\n<!-- saved --><!doctype HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>\n<HTML>",
            "<?xml version='1.0'?><html xmlns='x'><head/>",
            "<html lang=en",
            "<head><title>x</title>",
            "<header>One</header><p>Two</p>",
            "<div class=a><p>One <b>two</b> three</p><p>four</p></div>",
            "<title>A</title><body><p>Long text.</body>",
        ] {
            assert!(looks_like_html(text), "{text}");
        }
    }

    #[test]
    fn texts_with_tags_are_not() {
        for text in [
            "",
            "<",
            "a < b and <b>c</b>",
            "<p> is a tag, and so is <div>.",
            "<p>one</p> and <p>two</p> are how two paragraphs are written, by hand and by most programs.",
            "<html> is the first tag of a page.",
            "<head> comes next",
            "Here is a page: <!DOCTYPE html><html><body><p>x</p></body></html>",
            "[b]bold[/b] [url=x]y[/url] <i>z</i>",
            "<div align=center><p>Logo</p></div>\n\n# Title\n\nThis program does something that takes words to say.",
            "<note><to>A</to><from>B</from></note>",
            "<?xml version='1.0'?><rss><channel><title>x</title><p>a</p></channel></rss>",
            "<ann@mail.example> wrote: <p>hello</p>",
            "<svg><title>a</title><p>b</p></svg>",
        ] {
            assert!(!looks_like_html(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_told(text in "\\PC{0,40}", tags in "(<|>|/|!--|-->|html|p|div|<p>|</p>| |é){0,60}") {
            looks_like_html(&text);
            looks_like_html(&tags);
        }
    }
}
