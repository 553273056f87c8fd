//! Line breaks inside sentences.
//!
//! By UAX #29 every line break ends a sentence. That is right for posts, lists and headlines; mail and text taken from PDF
//! or a scan break lines to fit a width, and their sentences would come out in pieces. Which of the two a text is, is told
//! by its lines: of a wrapped paragraph none but the last has room for the first word of the next.

/// A break before a small letter is inside a sentence from so many characters of a line on; shorter lines are lists.
const LEAST_LINE: usize = 20;

/// Fewest lines that tell, and widths they are wrapped to.
const FEWEST_LINES: usize = 3;
const WIDTHS: std::ops::RangeInclusive<usize> = 25..=120;

/// Tells line breaks apart, from the first to the last of a text.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Where the paragraph last looked at ends.
    end: usize,
    /// Whether its lines are wrapped.
    wrapped: bool,
}

impl Lines {
    /// Whether a sentence goes on over the end of the line before `at`. To be asked in growing order.
    pub(super) fn goes_on(&mut self, text: &str, at: usize) -> bool {
        let Some(line) = text[..at].strip_suffix('\n') else { return false };
        let line = line.rsplit('\n').next().unwrap_or(line).trim();
        let next = text[at..].trim_start_matches([' ', '\t']);
        let closed = line.trim_end_matches(['"', '\'', ')', ']', '»', '”', '’', '“']);
        let is_end = |c: char| matches!(c, '.' | '!' | '?' | '…' | ':' | ';' | '。' | '！' | '？' | '؟' | '।');
        let Some(first) = next.chars().next() else { return false };
        if line.is_empty() || first == '\n' || first == '\r' || closed.ends_with(is_end) {
            return false;
        }
        first.is_lowercase() && line.chars().count() >= LEAST_LINE || self.is_wrapped(text, at)
    }

    /// Whether the lines of the paragraph around `at` are wrapped.
    fn is_wrapped(&mut self, text: &str, at: usize) -> bool {
        while self.end <= at && self.end < text.len() {
            let rest = &text[self.end..];
            let mut lines: Vec<&str> = Vec::new();
            let mut read = 0;
            for line in rest.split_inclusive('\n') {
                read += line.len();
                if line.trim().is_empty() {
                    break;
                }
                lines.push(line.trim());
            }
            self.end += read;
            let width = lines.iter().map(|l| l.chars().count()).max().unwrap_or(0);
            let is_full = |pair: &[&str]| {
                let first_word = pair[1].split_whitespace().next().map_or(0, |w| w.chars().count());
                pair[0].chars().count() + 1 + first_word > width
            };
            self.wrapped = lines.len() >= FEWEST_LINES && WIDTHS.contains(&width) && lines.windows(2).all(is_full);
        }
        self.wrapped
    }
}

/// Tells addresses, in which marks end no sentence, from the first to the last of a text.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// Where the run of characters without white space begins that was last looked at, and up to where it was.
    start: usize,
    seen: usize,
    is_address: bool,
}

impl Addresses {
    /// Whether `at` is inside an address. To be asked in growing order; every character is looked at once, however long a
    /// run without white space is.
    pub(super) fn go_on(&mut self, text: &str, at: usize) -> bool {
        let (before, after) = text.split_at(at);
        let new = &before[self.seen..];
        if let Some((space, c)) = new.char_indices().rfind(|(_, c)| c.is_whitespace()) {
            self.start = self.seen + space + c.len_utf8();
            self.is_address = false;
        }
        // A mark of an address may have been cut by the last place.
        let from = self.seen.saturating_sub(2).max(self.start);
        self.is_address |=
            before[self.start..].starts_with("www.") || before.as_bytes()[from..].windows(3).any(|w| w == b"://");
        self.seen = at;
        self.is_address && !after.is_empty() && !after.starts_with(char::is_whitespace)
    }
}

#[cfg(test)]
mod tests {
    use crate::text::analyser::sentences;
    use proptest::prelude::*;

    fn cut(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|s| &text[s.bytes]).collect()
    }

    /// Breaks lines to a width, as `fold -s` does.
    fn wrap(text: &str, width: usize) -> String {
        let mut out = String::new();
        let mut column = 0;
        for word in text.split(' ') {
            let letters = word.chars().count();
            if column > 0 && column + 1 + letters > width {
                out.push('\n');
                column = 0;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += letters;
        }
        out
    }

    #[test]
    fn wrapped_lines_are_one_sentence_and_lists_are_not() {
        let text = "Western embassies had the script ready for Kyiv, Minsk and Tbilisi, says the man from \
                    Moscow who has never been to any of these towns. The Ministry of Truth does not agree with him.";
        for width in [30, 40, 60] {
            let wrapped = wrap(text, width);
            let found: Vec<String> = cut(&wrapped).iter().map(|s| s.replace('\n', " ")).collect();
            assert_eq!(found, cut(text), "{wrapped}");
        }
        let post = "The Truth About Vaccines\nThey lie to us\nWake up\nShare this before it is gone";
        assert_eq!(cut(post).len(), 4);
        let list = "Buy for the weekend\n- eggs\n- Milk\n- bread";
        assert_eq!(cut(list).len(), 4);
        assert_eq!(cut("One headline without a stop\n\nand a paragraph below").len(), 2);
        assert_eq!(cut("they said that the town would be\nsold to Mars").len(), 1);
    }

    #[test]
    fn marks_in_addresses_end_nothing() {
        assert_eq!(cut("See https://example.org/a?b=1!c#d Maidan was a coup").len(), 1);
        assert_eq!(cut("See www.example.org/a?B=1 now").len(), 1);
        assert_eq!(cut("Really?Yes, http://example.org. Another one").len(), 3);
    }

    proptest! {
        /// What was seen before is remembered rightly: a place is inside an address if the white-space-free run up to it holds
        /// the mark of one.
        #[test]
        fn addresses_are_told_at_every_place(text in "(http://a|www\\.|:|/|a|я|\\?| |\n){0,20}", some in 1usize..4) {
            let mut addresses = super::Addresses::default();
            for (at, _) in text.char_indices().step_by(some) {
                let run = text[..at].rsplit(char::is_whitespace).next().unwrap();
                let expected = (run.contains("://") || run.starts_with("www.")) && !text[at..].starts_with(char::is_whitespace);
                prop_assert_eq!(addresses.go_on(&text, at), expected, "{:?} at {}", text, at);
            }
        }

        #[test]
        fn no_letter_is_lost_and_order_stays(text in "([A-Za-zя.!?:\" ]{0,30}(\n|\r\n|\r| |\n\n|http://a.b/c\\?d )){0,12}") {
            let found = cut(&text);
            let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&found.concat()), letters(&text));
        }
    }
}
