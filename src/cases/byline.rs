//! What of a text says who speaks and not what is said: the line that names the author of a post, which words are names,
//! and the words inside handles.
//!
//! A post that is copied carries its author, "— Jane Doe (@janedoe) January 6, 2020" behind it or "Jane Doe @janedoe"
//! before it. The words of that line find cases about the author instead of the claim, but now and then they are all
//! that tells two cases apart; so they are told apart and both are weighed. Cutting the line off was rejected for that.

use std::ops::Range;

use super::index::CaseIndex;
use crate::features::lexicon::{Lexicon, Reading};
use crate::features::vocabulary::TermKind;
use crate::text::analyser::{Analysis, OriginalBytes, handle_words};
use crate::text::token::{Token, TokenKind};

/// Most words of a name before a handle.
const NAME: usize = 8;
/// Most tokens of a date behind a handle.
const DATE: usize = 5;
/// Characters between two words from which something stands between them: a dash with its spaces.
const GAP: u32 = 3;

fn gap(tokens: &[Token], at: usize) -> u32 {
    let before = at.checked_sub(1).and_then(|b| tokens.get(b)).map_or(0, |t| t.end.0);
    tokens.get(at).map_or(0, |t| t.start.0.saturating_sub(before))
}

/// The tokens that name the author; none if nothing looks like it.
pub(crate) fn byline(analysis: &Analysis) -> Range<usize> {
    let tokens = &analysis.tokens;
    let handle = |range: Range<usize>| tokens[range].iter().rposition(|t| t.kind == TokenKind::Handle);
    // Behind the text: a gap, a name, a handle, perhaps a date.
    let from = tokens.len().saturating_sub(DATE + 1);
    if let Some(at) = handle(from..tokens.len()).map(|h| from + h) {
        let dated = tokens[at + 1..].iter().any(|t| t.kind == TokenKind::Number) || at + 1 == tokens.len();
        let start = (at.saturating_sub(NAME)..=at).rev().find(|&t| t > 0 && gap(tokens, t) >= GAP);
        if let Some(start) = start.filter(|_| dated) {
            return start..tokens.len();
        }
    }
    // Before it: a name and a handle, then a gap.
    let to = (NAME + 1).min(tokens.len());
    let first = tokens[..to].iter().position(|t| t.kind == TokenKind::Handle);
    match first {
        Some(at) if at > 0 && at + 1 < tokens.len() && gap(tokens, at + 1) >= GAP => 0..at + 1,
        _ => 0..0,
    }
}

/// Beyond this share of words that begin with a capital, capitals tell nothing: headlines, shouting, German nouns.
const MOST_CAPITALS: f64 = 0.4;

/// The tokens that begin with a capital though no sentence begins there. Nothing for scripts without capitals.
pub(crate) fn names(text: &str, analysis: &Analysis, mut starts: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut chars = text.chars();
    let (mut at, mut words) = (0u32, 0usize);
    let mut next_start = starts.next();
    let mut out = Vec::new();
    for (number, token) in analysis.tokens.iter().enumerate() {
        let mut begins = false;
        while let Some(start) = next_start.filter(|&s| s <= token.start.0) {
            begins |= start == token.start.0;
            next_start = starts.next();
        }
        // The words of a hashtag follow it: an earlier place, whose letter was passed.
        let Some(skip) = token.start.0.checked_sub(at) else { continue };
        let Some(letter) = chars.nth(skip as usize) else { break };
        at = token.start.0 + 1;
        if token.kind == TokenKind::Word {
            words += 1;
            if letter.is_uppercase() && !begins {
                out.push(number);
            }
        }
    }
    if out.len() as f64 > MOST_CAPITALS * words as f64 {
        out.clear();
    }
    out
}

/// The words inside handles: `@JaneDoe` speaks of Jane Doe.
#[derive(Default)]
pub(crate) struct Handles {
    text: String,
    analysis: Analysis,
    reading: Reading,
    /// Terms, whether they also stand outside the line that names the author, and the token of the handle.
    pub(crate) terms: Vec<(u32, bool, usize)>,
}

/// Handles of a text that are read.
const MOST_HANDLES: usize = 32;

impl Handles {
    /// Reads the handles of a text; `lexicon` forgets the text it read before.
    pub(crate) fn read(
        &mut self,
        index: &CaseIndex,
        text: &str,
        of: &Analysis,
        lexicon: &mut Lexicon,
        byline: &Range<usize>,
    ) {
        self.terms.clear();
        let mut original = OriginalBytes::new(text);
        let handles = of.tokens.iter().enumerate().filter(|t| t.1.kind == TokenKind::Handle);
        for (number, token) in handles.take(MOST_HANDLES) {
            self.text.clear();
            for word in handle_words(original.slice(token.start, token.end)) {
                self.text.push_str(word);
                self.text.push(' ');
            }
            self.analysis.analyse(&self.text, of.language);
            lexicon.read(&self.analysis, &mut index.look_up(), &mut self.reading);
            let words = self.reading.terms.iter().filter(|&&t| index.kind(t) != TermKind::Chars);
            self.terms.extend(words.map(|&t| (t, !byline.contains(&number), number)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::analyser::sentences;

    fn parts(text: &str) -> (String, String) {
        let mut analysis = Analysis::default();
        analysis.analyse(text, None);
        let line = byline(&analysis);
        let names = names(text, &analysis, sentences(text).iter().map(|s| s.start.0));
        let words =
            |tokens: &mut dyn Iterator<Item = &Token>| tokens.map(|t| analysis.text(t)).collect::<Vec<_>>().join(" ");
        let named = words(&mut names.iter().map(|&n| &analysis.tokens[n]));
        (words(&mut analysis.tokens[line].iter()), named)
    }

    #[test]
    fn author_lines_before_and_behind() {
        assert_eq!(
            parts("The bridge fell! — Jane Doe (@janedoe) January 6, 2020").0,
            "jane doe @janedoe january 6 2020"
        );
        assert_eq!(parts("Jane Doe @janedoe · 6 Jan\nThe bridge fell").0, "jane doe @janedoe");
        for none in ["The bridge fell, says @janedoe", "@janedoe is wrong - all of it", "", "no line here 2020"] {
            assert_eq!(parts(none).0, "", "{none}");
        }
    }

    #[test]
    fn names_are_capitals_inside_sentences() {
        assert_eq!(
            parts("They say that Maria Kowalska of Gdansk paid them. He knew it all along, and so did we.").1,
            "maria kowalska gdansk"
        );
        assert_eq!(parts("ALL OF THIS IS SHOUTED").1, "");
        assert_eq!(parts("").1, "");
    }
}
