//! HTML cut into tags and text in one pass, the way the HTML standard's tokenizer does it.
//!
//! Comments, declarations and processing instructions are skipped. Nothing is looked up twice, so hostile input costs
//! what friendly input costs.

/// A piece of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Characters between tags; may hold a `<` that begins no tag.
    Text(&'a str),
    /// A start tag.
    Start(Tag<'a>),
    /// An end tag.
    End(Tag<'a>),
}

/// A tag as it stands in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Its name, in the case of the page.
    pub(super) name: &'a str,
    /// From `<` to `>`.
    pub(super) source: &'a str,
    /// How many attributes it has.
    pub(super) attributes: usize,
    /// Whether it ends in `/>`.
    pub(super) closed: bool,
}

/// The pieces of a page, in order.
pub(super) struct Pieces<'a> {
    page: &'a str,
    at: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(page: &'a str) -> Self {
        Self { page, at: 0 }
    }

    /// The text up to the end tag `name`, or to the end of the page: what follows a start tag of an element that holds
    /// no markup. The end tag itself comes next.
    pub(super) fn raw_text(&mut self, name: &str) -> &'a str {
        let bytes = self.page.as_bytes();
        let start = self.at;
        let is_script = name.eq_ignore_ascii_case("script");
        // In a script, `<!-- <script> </script> -->` holds an end tag that ends nothing.
        let (mut in_comment, mut in_inner) = (false, false);
        while let Some(open) = find(bytes, self.at, b'<') {
            if is_script {
                let passed = &bytes[self.at.saturating_sub(2).max(start)..open];
                if in_comment && passed.windows(3).any(|w| w == b"-->") {
                    (in_comment, in_inner) = (false, false);
                }
            }
            self.at = open + 1;
            let rest = &bytes[open + 1..];
            if is_script && rest.starts_with(b"!--") {
                in_comment = true;
            } else if rest.first() == Some(&b'/') && is_name(&rest[1..], name) {
                if !in_inner {
                    self.at = open;
                    return &self.page[start..open];
                }
                in_inner = false;
            } else if in_comment && is_name(rest, name) {
                in_inner = true;
            }
        }
        self.at = self.page.len();
        &self.page[start..]
    }

    /// Reads attributes from `at` on. The end of the tag behind its `>`, the number of attributes and whether it ends
    /// in `/>`; `None` where the page ends first.
    fn attributes(&self, mut at: usize) -> Option<(usize, usize, bool)> {
        let bytes = self.page.as_bytes();
        let mut attributes = 0;
        loop {
            match *bytes.get(at)? {
                b'>' => return Some((at + 1, attributes, bytes[at - 1] == b'/')),
                b if b == b'/' || b.is_ascii_whitespace() => at += 1,
                _ => {
                    attributes += 1;
                    // A name may begin with `=`.
                    at += 1;
                    at = skip(bytes, at, |b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'='));
                    let equals = skip(bytes, at, |b| b.is_ascii_whitespace());
                    if bytes.get(equals) != Some(&b'=') {
                        continue;
                    }
                    at = skip(bytes, equals + 1, |b| b.is_ascii_whitespace());
                    if let quote @ (b'"' | b'\'') = *bytes.get(at)? {
                        at = find(bytes, at + 1, quote)? + 1;
                    } else {
                        at = skip(bytes, at, |b| !b.is_ascii_whitespace() && b != b'>');
                        if bytes.get(at) == Some(&b'>') {
                            // The slash of an unquoted value is part of it.
                            return Some((at + 1, attributes, false));
                        }
                    }
                }
            }
        }
    }

    /// Skips what begins at the `<` at `at` and is no tag. Its end, or `None` if it is plain text.
    fn skip_other(&self, at: usize) -> Option<usize> {
        let bytes = self.page.as_bytes();
        let rest = &bytes[at + 1..];
        let end = self.page.len();
        if rest.starts_with(b"!--") {
            // The dashes that open a comment may also close it: `<!-->`.
            let mut from = at + 4;
            while let Some(close) = find(bytes, from, b'>') {
                let inner = &bytes[at + 2..close];
                if inner.ends_with(b"--") || (inner.ends_with(b"--!") && inner.len() > 4) {
                    return Some(close + 1);
                }
                from = close + 1;
            }
            return Some(end);
        }
        let bogus = match rest {
            [b'!' | b'?', ..] => true,
            [b'/', next, ..] => !next.is_ascii_alphabetic(),
            _ => false,
        };
        bogus.then(|| find(bytes, at, b'>').map_or(end, |close| close + 1))
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let bytes = self.page.as_bytes();
        let mut open = self.at;
        loop {
            let start = self.at;
            let Some(at) = find(bytes, open, b'<') else {
                self.at = bytes.len();
                return (start < self.at).then(|| Piece::Text(&self.page[start..]));
            };
            let is_end = bytes.get(at + 1) == Some(&b'/');
            let name = at + 1 + usize::from(is_end);
            let is_tag = bytes.get(name).is_some_and(u8::is_ascii_alphabetic);
            let other = if is_tag { None } else { self.skip_other(at) };
            if !is_tag && other.is_none() {
                open = at + 1;
                continue;
            }
            if at > start {
                self.at = at;
                return Some(Piece::Text(&self.page[start..at]));
            }
            if let Some(end) = other {
                (self.at, open) = (end, end);
                continue;
            }
            let name_end = skip(bytes, name, |b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>'));
            let Some((end, attributes, closed)) = self.attributes(name_end) else {
                // A tag that never ends is dropped.
                self.at = bytes.len();
                return None;
            };
            self.at = end;
            let tag = Tag { name: &self.page[name..name_end], source: &self.page[at..end], attributes, closed };
            return Some(if is_end { Piece::End(tag) } else { Piece::Start(tag) });
        }
    }
}

fn find(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    Some(from + bytes.get(from..)?.iter().position(|&b| b == byte)?)
}

/// The first place from `at` on where `of` does not hold.
fn skip(bytes: &[u8], at: usize, of: impl Fn(u8) -> bool) -> usize {
    at + bytes.get(at..).unwrap_or_default().iter().take_while(|&&b| of(b)).count()
}

/// Whether the tag name at the beginning of `bytes` is `name`.
fn is_name(bytes: &[u8], name: &str) -> bool {
    bytes.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
        && bytes.get(name.len()).is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(page: &str) -> String {
        Pieces::new(page)
            .map(|piece| match piece {
                Piece::Text(text) => format!("[{text}]"),
                Piece::Start(tag) => format!("<{} {}{}>", tag.name, tag.attributes, if tag.closed { "/" } else { "" }),
                Piece::End(tag) => format!("</{}>", tag.name),
            })
            .collect()
    }

    #[test]
    fn tags_are_told_from_text() {
        assert_eq!(cut("a < b<p class=x id='>'>c</P >"), "[a < b]<p 2>[c]</P>");
        assert_eq!(cut("<br/><img src=a/><hr a = \"b\" />"), "<br 0/><img 1><hr 1/>");
        assert_eq!(cut("<!doctype html><?php x ?></ x><!x>é<3"), "[é<3]");
        assert_eq!(cut("a<!-- <b> -- > -->b<!-->c<!--->d<!-- e --!>f<!-- g"), "[a][b][c][d][f]");
        assert_eq!(cut("a<p class='"), "[a]");
        assert_eq!(cut(&"<!-->".repeat(200_000)), "");
    }

    #[test]
    fn raw_text_ends_where_the_standard_says() {
        let raw = |page, name| Pieces::new(page).raw_text(name);
        assert_eq!(raw("a<b></titlex></TITLE >c", "title"), "a<b></titlex>");
        assert_eq!(raw("<!-- </script>", "script"), "<!-- ");
        assert_eq!(raw("<!-- <script> </script> --> x</script>", "script"), "<!-- <script> </script> --> x");
        assert_eq!(raw("<!-- <script> --> x</script> y", "script"), "<!-- <script> --> x");
        assert_eq!(raw("a < b", "style"), "a < b");
    }

    proptest! {
        #[test]
        fn any_page_is_cut(page in "(<|>|/|!|--|-|a|script|\"|'|=| |é|\\?){0,60}") {
            Pieces::new(&page).count();
            let mut pieces = Pieces::new(&page);
            pieces.raw_text("script");
            pieces.count();
        }
    }
}
