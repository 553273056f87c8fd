//! Text to tokens: the one road every text takes, in training and in use.

use super::language;
use super::normalise::Normalised;
use super::segment;
use super::token::{CharOffset, Sentence, Token, TokenKind};
use super::words;
use crate::document::Language;

/// Longest token text kept, in bytes. What is longer is no word of any language; only its beginning is read, and
/// [`Analysis::cut_words`] counts it.
pub const LONGEST_TOKEN: usize = 256;

/// The tokens of one text. Reused from text to text, so that a batch allocates nothing per document.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// The language stated or detected.
    pub language: Option<Language>,
    /// Tokens in the order of the text. The words of a hashtag follow the hashtag.
    pub tokens: Vec<Token>,
    /// Tokens of which only the first [`LONGEST_TOKEN`] bytes were read.
    pub cut_words: usize,
    normalised: Normalised,
}

impl Analysis {
    /// Analyses `text`. `language` is taken as given; `None` asks for detection.
    ///
    /// ```
    /// use leitmotif::text::analyser::Analysis;
    /// let mut analysis = Analysis::default();
    /// analysis.analyse("#StopNATO says @user", None);
    /// let words: Vec<_> = analysis.tokens.iter().map(|t| analysis.text(t)).collect();
    /// assert_eq!(words, ["#stopnato", "stop", "nato", "says", "@user"]);
    /// assert_eq!((analysis.tokens[2].start.0, analysis.tokens[2].end.0), (5, 9));
    /// ```
    pub fn analyse(&mut self, text: &str, language: Option<Language>) {
        self.language = language.or_else(|| language::detect(text));
        self.normalised.assign(text);
        self.tokens.clear();
        self.cut_words = 0;
        let base = self.normalised.text.len();
        let mut pieces = String::new();
        let mut cursor = self.normalised.cursor();
        let mut original = OriginalBytes::new(text);
        words::each(&self.normalised.text, |kind, range| {
            let (start, end) = cursor.original(range.start, range.end);
            let kept = if range.len() > LONGEST_TOKEN {
                self.cut_words += 1;
                self.normalised.text.floor_char_boundary(range.start + LONGEST_TOKEN)
            } else {
                range.end
            };
            self.tokens.push(Token { kind, start, end, text: range.start as u32..kept as u32 });
            if kind == TokenKind::Hashtag {
                for piece in camel_words(original.slice(start, end), start) {
                    let from = base + pieces.len();
                    let text = super::normalise::normalise(piece.text);
                    pieces.push_str(&text[..text.floor_char_boundary(LONGEST_TOKEN)]);
                    let kind = if text.chars().all(char::is_numeric) { TokenKind::Number } else { TokenKind::Word };
                    let text = from as u32..(base + pieces.len()) as u32;
                    if !text.is_empty() {
                        self.tokens.push(Token { kind, start: piece.start, end: piece.end, text });
                    }
                }
            }
        });
        self.normalised.text.push_str(&pieces);
    }

    /// The text as it was normalised, then the words of its hashtags.
    pub(crate) fn normalised(&self) -> &str {
        &self.normalised.text
    }

    /// The normalised text of a token of this analysis.
    pub fn text(&self, token: &Token) -> &str {
        &self.normalised.text[token.text.start as usize..token.text.end as usize]
    }
}

/// The sentences of `text`, cut where UAX #29 says, with long ones cut at clauses.
pub fn sentences(text: &str) -> Vec<Sentence> {
    let mut out = Vec::new();
    segment::sentences(text, &mut out);
    out
}

/// The words of a handle, cut like those of a hashtag: `@JaneDoe` speaks of Jane Doe.
pub(crate) fn handle_words(handle: &str) -> impl Iterator<Item = &str> {
    camel_words(handle, CharOffset(0)).into_iter().map(|piece| piece.text)
}

/// Cuts pieces of the original text by character offsets; fast while they grow.
pub(crate) struct OriginalBytes<'t> {
    text: &'t str,
    chars: u32,
    byte: usize,
}

impl<'t> OriginalBytes<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, chars: 0, byte: 0 }
    }

    fn byte_of(&mut self, offset: CharOffset) -> usize {
        if offset.0 < self.chars {
            // The words of a hashtag lie inside it.
            (self.chars, self.byte) = (0, 0);
        }
        let ahead = (offset.0 - self.chars) as usize;
        let rest = &self.text[self.byte..];
        self.byte += rest.char_indices().nth(ahead).map_or(rest.len(), |(i, _)| i);
        self.chars = offset.0;
        self.byte
    }

    pub(crate) fn slice(&mut self, start: CharOffset, end: CharOffset) -> &'t str {
        let from = self.byte_of(start);
        &self.text[from..self.byte_of(end)]
    }
}

struct Piece<'t> {
    text: &'t str,
    start: CharOffset,
    end: CharOffset,
}

/// The words of a hashtag: cut at `_`, before a capital that follows a small letter, before the last capital of a
/// row that a small letter follows, and between letters and digits.
fn camel_words(tag: &str, start: CharOffset) -> Vec<Piece<'_>> {
    let letters: Vec<(usize, char)> = tag.char_indices().collect();
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut cut = |from: usize, to: usize| {
        let byte = |i: usize| letters.get(i).map_or(tag.len(), |&(b, _)| b);
        let text = &tag[byte(from)..byte(to)];
        if text.chars().any(char::is_alphanumeric) {
            let at = |i: usize| CharOffset(start.0 + i as u32);
            pieces.push(Piece { text, start: at(from), end: at(to) });
        }
    };
    for i in 0..letters.len() {
        let c = letters[i].1;
        let before = i.checked_sub(1).map(|j| letters[j].1);
        let after = letters.get(i + 1).map(|l| l.1);
        if !c.is_alphanumeric() && !unicode_normalization::char::is_combining_mark(c) {
            cut(from, i);
            from = i + 1;
        } else if let Some(b) = before.filter(|_| i > from) {
            let hump =
                c.is_uppercase() && (b.is_lowercase() || b.is_uppercase() && after.is_some_and(char::is_lowercase));
            if hump || c.is_numeric() != b.is_numeric() && b.is_alphanumeric() && c.is_alphanumeric() {
                cut(from, i);
                from = i;
            }
        }
    }
    cut(from, letters.len());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn analysed(text: &str) -> Analysis {
        let mut a = Analysis::default();
        a.analyse(text, None);
        a
    }

    #[test]
    fn hashtags_come_whole_and_in_words() {
        let text = "Да! #НАТОвинновата2022 #save_Our_URLs";
        let a = analysed(text);
        let letters: Vec<char> = text.chars().collect();
        let got: Vec<_> = a.tokens.iter().map(|t| a.text(t)).collect();
        assert_eq!(
            got,
            ["да", "#натовинновата2022", "нат", "овинновата", "2022", "#save_our_urls", "save", "our", "ur", "ls"]
        );
        for t in &a.tokens {
            let cut: String = letters[t.start.0 as usize..t.end.0 as usize].iter().collect();
            assert_eq!(cut.to_lowercase(), a.text(t));
        }
    }

    #[test]
    fn a_word_of_a_megabyte_is_cut_and_counted() {
        let a = analysed(&"x".repeat(1 << 20));
        assert_eq!((a.tokens.len(), a.cut_words), (1, 1));
        assert_eq!((a.tokens[0].end.0, a.text(&a.tokens[0]).len()), (1 << 20, LONGEST_TOKEN));
    }

    proptest! {
        #[test]
        fn tokens_stand_in_the_text_in_order(text in "\\PC{0,60}|[a-zA-ZА-я0-9#@/:. '’_\u{200b}\u{301}ﬁ北京\u{0}]{0,60}") {
            let a = analysed(&text);
            let len = text.chars().count() as u32;
            let mut before = 0;
            for t in &a.tokens {
                prop_assert!(t.start < t.end && t.end.0 <= len && t.start.0 >= before);
                prop_assert!(!a.text(t).is_empty());
                before = t.start.0;
            }
        }

        #[test]
        fn a_plain_token_is_its_own_place_normalised(text in "[a-zA-ZА-яёЁéß' .,\u{200b}]{0,60}") {
            let a = analysed(&text);
            let letters: Vec<char> = text.chars().collect();
            let scripts_mixed = super::super::lookalike::may_mix(&super::super::normalise::normalise(&text));
            for t in &a.tokens {
                let cut: String = letters[t.start.0 as usize..t.end.0 as usize].iter().collect();
                if !scripts_mixed {
                    prop_assert_eq!(super::super::normalise::normalise(&cut), a.text(t));
                }
            }
        }
    }
}
