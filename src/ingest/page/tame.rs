//! Rewrites a page so that parsing it and finding its article take time in proportion to its length.
//!
//! HTML lets a few kilobytes keep a standard parser busy for minutes: unclosed `<b>`s are opened again in every later
//! paragraph, an attribute is compared with all others of its tag, an end tag with all open elements. So only tags that
//! shape an article are handed on, end tags only where they close something, and how deep and how many the elements
//! are is known before any is built. Rejected: a limit on the number of tags alone (the first two stay far below it),
//! and taking the text between the tags without building a tree (it keeps every menu).

use super::element::{Element, Kind, known};
use super::tags::{Piece, Pieces, Tag};
use crate::error::{Error, Result};

/// Most elements read. The longest articles of Wikipedia have some 50,000.
pub(super) const MOST_ELEMENTS: usize = 100_000;

/// Deepest nesting read; Chrome flattens what lies deeper than 512.
const DEEPEST: usize = 500;

/// Most work, in elements seen by an extractor that looks at all that is inside an element, for every element: the sum
/// of the depths of all elements and texts. The worst page that stays below takes a second.
const MOST_WORK: usize = 2_500_000;

/// Bytes of text that cost what an element costs.
const TEXT_UNIT: usize = 256;

/// Text is cut into nodes of this many bytes: for every `&` and `«` the extractor's printer searches all the rest of its
/// text node.
const LONGEST_RUN: usize = 1 << 14;

/// Bytes of the longest character reference, `&CounterClockwiseContourIntegral;`.
const LONGEST_REFERENCE: usize = 33;

/// What a heading costs beside that: the extractor compares it with the title, word by word.
const HEADING_WORK: usize = 100;

/// More attributes or bytes than this, and a tag is kept without its attributes.
const MOST_ATTRIBUTES: usize = 64;
const LONGEST_TAG: usize = 4096;

/// Bytes of a title that are read, and of a heading that may be one.
pub(super) const LONGEST_TITLE: usize = 600;

/// Bytes of `<meta>`; it may hold the title.
const LONGEST_META: usize = 700;

/// How many blocks inside a link one `</a>` closes the link in (HTML standard, adoption agency algorithm).
const ADOPTED: usize = 8;

/// A page that is safe to parse.
#[derive(Debug, Default)]
pub(super) struct Tame<'a> {
    /// The page.
    pub(super) html: String,
    /// The scripts that describe it in JSON-LD.
    pub(super) descriptions: Vec<&'a str>,
    open: Vec<Element>,
    once: Vec<&'static str>,
    /// Bytes of text since the last tag.
    run: usize,
    elements: usize,
    work: usize,
}

/// Rewrites `page`; [`Error::PageTooComplex`] if it has too many elements, or elements nested too deeply.
pub(super) fn tame(page: &str) -> Result<Tame<'_>> {
    let mut out = Tame { html: String::with_capacity(page.len()), ..Tame::default() };
    // Without a declaration, tables would not end paragraphs.
    out.html.push_str("<!DOCTYPE html>");
    let mut pieces = Pieces::new(page);
    let mut next = pieces.next();
    while let Some(piece) = next {
        next = None;
        match piece {
            Piece::Text(text) => out.text(text)?,
            Piece::Start(tag) => match known(tag.name) {
                Some(Element { kind: Kind::Raw, name }) => {
                    let content = pieces.raw_text(name);
                    if name == "script" && tag.source.to_ascii_lowercase().contains("ld+json") {
                        out.descriptions.push(content);
                    }
                }
                Some(Element { kind: Kind::Title, .. }) => out.title(pieces.raw_text("title")),
                Some(Element { kind: Kind::Hidden, name }) => next = skip_hidden(&mut pieces, name, tag.closed),
                Some(element) => out.start(tag, element)?,
                None => {}
            },
            Piece::End(tag) => {
                if let Some(element) = known(tag.name) {
                    out.end(element);
                }
            }
        }
        next = next.or_else(|| pieces.next());
    }
    Ok(out)
}

/// Skips the content of `name`. What it gives back is a tag that ends a drawing without being its end tag.
fn skip_hidden<'a>(pieces: &mut Pieces<'a>, name: &str, closed: bool) -> Option<Piece<'a>> {
    // In SVG and MathML `<x/>` has no content, and HTML begins again inside `foreignObject` or with a block.
    let drawing = matches!(name, "svg" | "math");
    let (mut depth, mut foreign) = (usize::from(!(drawing && closed)), 0usize);
    while depth > 0 {
        let piece = pieces.next()?;
        let (Piece::Start(tag) | Piece::End(tag)) = piece else { continue };
        let is_start = matches!(piece, Piece::Start(_));
        let has_content = is_start && !(drawing && tag.closed);
        if tag.name.eq_ignore_ascii_case(name) {
            depth = if is_start { depth + usize::from(has_content) } else { depth - 1 };
        } else if tag.name.eq_ignore_ascii_case("foreignObject") {
            foreign = if is_start { foreign + usize::from(has_content) } else { foreign.saturating_sub(1) };
        } else if let Some(element) = known(tag.name) {
            if drawing && foreign == 0 && element.ends_paragraph() {
                return Some(piece);
            }
            if has_content && matches!(element.kind, Kind::Raw | Kind::Title) {
                pieces.raw_text(element.name);
            }
        }
    }
    None
}

/// What an element is called in the copy, where not by its own name. The extractor's printer takes some blocks for words
/// within a line.
fn renamed(element: Element) -> Option<&'static str> {
    matches!(element.name, "dl" | "dt" | "dd" | "address").then_some("div")
}

/// What an element is called in the copy.
fn written(element: Element) -> &'static str {
    renamed(element).unwrap_or(element.name)
}

impl Tame<'_> {
    fn text(&mut self, text: &str) -> Result<()> {
        // To a parser every `<` and `&` is a piece of its own.
        self.work += text.bytes().filter(|b| matches!(b, b'<' | b'&')).count();
        self.work += text.len().div_ceil(TEXT_UNIT) * self.depth();
        self.check()?;
        // What begins no tag in the page must not begin one when the tag behind it is dropped.
        let (mut text, end) = text.strip_suffix('<').map_or((text, ""), |text| (text, "&lt;"));
        while self.run + text.len() > LONGEST_RUN {
            let cut = text.floor_char_boundary(LONGEST_RUN.saturating_sub(self.run));
            // Not inside of a character reference.
            let tail = text.floor_char_boundary(cut.saturating_sub(LONGEST_REFERENCE));
            let cut = text[tail..cut].rfind('&').map_or(cut, |at| tail + at);
            let (before, after) = text.split_at(cut);
            self.html.extend([before, "<!---->"]);
            (self.run, text) = (0, after);
        }
        self.html.extend([text, end]);
        self.run += text.len();
        Ok(())
    }

    fn title(&mut self, title: &str) {
        if self.first("title") {
            let title = title[..title.floor_char_boundary(LONGEST_TITLE)].replace('<', "&lt;");
            self.html.extend(["<title>", &title, "</title>"]);
        }
    }

    /// Whether `name` is seen for the first time.
    fn first(&mut self, name: &'static str) -> bool {
        let first = !self.once.contains(&name);
        if first {
            self.once.push(name);
        }
        first
    }

    fn start(&mut self, tag: Tag<'_>, element: Element) -> Result<()> {
        let kind = element.kind;
        let in_table = self.nearest(|e| e.kind == Kind::Table, Element::is_boundary);
        // An open form makes a parser ignore another; between the cells of a table it has no content.
        let ignored = (kind == Kind::Document && !self.first(element.name))
            || (kind == Kind::Form && (in_table.is_some() || self.open.iter().any(|e| e.kind == Kind::Form)));
        if ignored || (element.is_table_part() && !self.enter_table(kind)) {
            return Ok(());
        }
        match kind {
            Kind::ListItem | Kind::Term => {
                // A parser looks through the `<div>`s of the copy for an item of a list. Terms it does not see.
                let name = |e: &Element| if kind == Kind::Term { e.name } else { written(*e) };
                let stops = |e: &Element| e.is_special() && !matches!(name(e), "address" | "div" | "p");
                self.close(self.nearest(|e| e.kind == kind, stops));
            }
            Kind::Link | Kind::Button => self.end(element),
            // Tables nest in cells only.
            Kind::Table => self.close(in_table),
            _ => {}
        }
        if element.ends_paragraph() {
            self.end(Element { kind: Kind::Paragraph, name: "p" });
        }
        if kind == Kind::Heading && self.open.last().is_some_and(|e| e.kind == Kind::Heading) {
            self.close(Some(self.open.len() - 1));
        }
        let longest = if element.name == "meta" { LONGEST_META } else { LONGEST_TAG };
        let keep = tag.attributes <= MOST_ATTRIBUTES && tag.source.len() <= longest;
        self.put(element, keep.then_some(tag.source));
        self.check()
    }

    /// Appends a start tag and counts what it costs.
    fn put(&mut self, element: Element, source: Option<&str>) {
        match source.map(|source| (source, renamed(element))) {
            Some((source, None)) => self.html.push_str(source),
            // Its attributes stay.
            Some((source, Some(name))) => self.html.extend(["<", name, &source[1 + element.name.len()..]]),
            None => self.html.extend(["<", written(element), ">"]),
        }
        self.run = 0;
        self.elements += 1;
        self.work += self.depth() + if element.kind == Kind::Heading { HEADING_WORK } else { 0 };
        if !matches!(element.kind, Kind::Void | Kind::Document) {
            self.open.push(element);
        }
    }

    /// Goes to where a part of a table stands: closes what is open there, opens what a parser would open unasked.
    /// `false` outside of tables.
    fn enter_table(&mut self, kind: Kind) -> bool {
        let Some(table) = self.nearest(|e| e.kind == Kind::Table, |_| false) else { return false };
        let within = |open: &[Element], kind| open[table..].iter().position(|e| e.kind == kind).map(|at| table + at);
        let row = within(&self.open, Kind::Row).filter(|_| kind == Kind::Cell);
        let group = within(&self.open, Kind::RowGroup).filter(|_| matches!(kind, Kind::Row | Kind::Cell));
        self.close(Some(row.or(group).unwrap_or(table) + 1));
        if row.is_none() && matches!(kind, Kind::Row | Kind::Cell) {
            if group.is_none() {
                self.put(Element { kind: Kind::RowGroup, name: "tbody" }, None);
            }
            if kind == Kind::Cell {
                self.put(Element { kind: Kind::Row, name: "tr" }, None);
            }
        }
        true
    }

    /// Closes what an end tag closes, if anything.
    fn end(&mut self, element: Element) {
        let is_it = |e: &Element| e.name == element.name;
        let found = match element.kind {
            Kind::Heading => self.nearest(|e| e.kind == Kind::Heading, Element::is_boundary),
            Kind::Paragraph => self.nearest(is_it, |e| e.is_boundary() || e.kind == Kind::Button),
            Kind::ListItem => self.nearest(is_it, |e| e.is_boundary() || matches!(e.name, "ul" | "ol")),
            Kind::Inline => self.nearest(is_it, Element::is_special),
            _ if element.kind == Kind::Table || element.is_table_part() => {
                self.nearest(is_it, |e| e.kind == Kind::Table)
            }
            _ => self.nearest(is_it, Element::is_boundary),
        };
        let Some(at) = found else { return };
        let blocks = self.open[at + 1..].iter().filter(|e| e.is_special()).count();
        if blocks == 0 || !matches!(element.kind, Kind::Form | Kind::Link) {
            return self.close(found);
        }
        let implied = |e: &Element| matches!(e.kind, Kind::Paragraph | Kind::ListItem | Kind::Term);
        while element.kind == Kind::Form && self.open.last().is_some_and(implied) {
            self.close(Some(self.open.len() - 1));
        }
        // The blocks inside stay open; a parser puts a copy of the link into each.
        self.open.remove(at);
        let (copies, ends) = if element.kind == Kind::Link { (blocks, blocks / ADOPTED + 1) } else { (0, 1) };
        self.elements += copies;
        self.work += copies * self.depth();
        for _ in 0..ends {
            self.html.extend(["</", element.name, ">"]);
        }
    }

    /// The innermost open element that is `wanted`, unless one that `stops` the search lies inside it.
    fn nearest(&self, wanted: impl Fn(&Element) -> bool, stops: impl Fn(&Element) -> bool) -> Option<usize> {
        let at = self.open.iter().rposition(|e| wanted(e) || stops(e))?;
        wanted(&self.open[at]).then_some(at)
    }

    /// Closes all elements from `at` on, each with its end tag, so that the parser finds nothing to mend.
    fn close(&mut self, at: Option<usize>) {
        self.run = 0;
        for element in self.open.drain(at.unwrap_or(self.open.len())..).rev() {
            self.html.extend(["</", written(element), ">"]);
        }
    }

    /// Depth of what comes next; `html` and `body` are above all.
    fn depth(&self) -> usize {
        self.open.len() + 2
    }

    fn check(&self) -> Result<()> {
        if self.elements > MOST_ELEMENTS || self.depth() > DEEPEST || self.work > MOST_WORK {
            return Err(Error::PageTooComplex { limit: MOST_ELEMENTS });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dom_smoothie::Readability;
    use proptest::prelude::*;

    fn tamed(page: &str) -> String {
        tame(page).unwrap().html.split_off("<!DOCTYPE html>".len())
    }

    #[test]
    fn only_what_shapes_the_text_is_kept() {
        assert_eq!(tamed("<P class=x>a<b>b<i>c</b></p>d</i>"), "<P class=x>abc</p>d");
        assert_eq!(tamed("<script>1<2</script>a<style>p</style><svg/>b<svg><path/><p>c"), "ab<p>c");
        assert_eq!(tamed("<svg><style/><title/><foreignObject><p>x</p></foreignObject></svg>y"), "y");
        assert_eq!(tamed("<title>a<b</title><title>c</title><body><body x>"), "<title>a&lt;b</title><body>");
        assert_eq!(tamed(&format!("<p {}><br/>", "x ".repeat(65))), "<p><br/>");
        // Dropping a tag must not make a new one.
        assert_eq!(tamed("<<b>script>x"), "&lt;script>x");
        let tame = tame("<script type='application/LD+JSON'>{}</script>").unwrap();
        assert_eq!(tame.descriptions, ["{}"]);
    }

    #[test]
    fn elements_are_closed_in_order() {
        assert_eq!(tamed("<p>a<p>b<div>c</span></p></div></div>"), "<p>a</p><p>b</p><div>c</div>");
        assert_eq!(
            tamed("<ul><li><a>a<li>b</ul><h1>c<h2>d</h1>"),
            "<ul><li><a>a</a></li><li>b</li></ul><h1>c</h1><h2>d</h2>"
        );
        assert_eq!(
            tamed("<tr><table><td><div>a</table>b<td>"),
            "<table><tbody><tr><td><div>a</div></td></tr></tbody></table>b"
        );
        assert_eq!(
            tamed("<div><table><td></div>x</td></table>"),
            "<div><table><tbody><tr><td>x</td></tr></tbody></table>"
        );
        assert_eq!(tamed("<a><div>x</a>y"), "<a><div>x</a>y");
        assert_eq!(tamed("<form><div><form></form>x"), "<form><div></form>x");
        // Terms are blocks to the parser, and lists of them nest.
        assert_eq!(tamed("<li><dd><a><li>x"), "<li><div><a></a></div></li><li>x");
        assert_eq!(tamed("<dl><dd><dl><dd>a<dd>b"), "<div><div><div><div>a</div><div>b");
    }

    #[test]
    fn long_text_is_cut_but_not_in_a_reference() {
        let text = format!("{}&amp;{}", "x".repeat(LONGEST_RUN - 2), "é".repeat(LONGEST_RUN));
        let tamed = tamed(&text);
        assert!(tamed.contains("x<!---->&amp;é"));
        assert_eq!(tamed.replace("<!---->", ""), text);
    }

    proptest! {
        #[test]
        fn a_parser_finds_what_was_counted(page in "(<(p|div|a|li|ul|table|td|tr|tbody|caption|form|h1|h2|button|span|dl|dd|address|b|svg|hr)>|</(p|div|a|li|ul|table|td|tr|form|h1|button|span|dl|dd|address|b|svg)>|x|&){0,50}") {
            let tame = tame(&page).unwrap();
            let parsed = Readability::from(tame.html.as_str());
            let found = parsed.doc.select("body *").length();
            prop_assert!(found <= tame.elements, "{} > {}: {}", found, tame.elements, tame.html);
        }
    }
}
