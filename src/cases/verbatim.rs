//! Whether a text holds a claim word for word.
//!
//! That it does needs no statistics: it makes the claim, whatever a model thinks that learned from texts which never do so.
//! A model of shares and sums can even play one against the other where all of them are full: `docs/related-cases.md` has
//! figures.

use crate::text::normalise::normalise;

/// Fewest words of a claim that counts: fewer stand in texts that say something else.
const FEWEST: usize = 4;

/// The least probability that a text which holds a claim word for word repeats it. It may quote it to deny it: that is told by
/// the stance, and by what differs.
pub(crate) const WORD_FOR_WORD: f64 = 0.95;

/// The words of a normalised text, a space before and after each; gives how many there are.
pub(crate) fn words_of(normalised: &str, out: &mut String) -> usize {
    out.clear();
    out.push(' ');
    let mut count = 0;
    for word in normalised.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        out.push_str(word);
        out.push(' ');
        count += 1;
    }
    count
}

/// Whether a text, given by [`words_of`], holds all words of a claim in a row.
pub(crate) fn holds(text: &str, claim: &str) -> bool {
    let mut words = String::new();
    words_of(&normalise(claim), &mut words) >= FEWEST && text.contains(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_a_row_whatever_stands_between_them() {
        let mut text = String::new();
        words_of(&normalise("They say: “The mayor sold the OLD bridge —\nto Mars”!"), &mut text);
        assert!(holds(&text, "the mayor sold the old bridge to mars."));
        assert!(holds(&text, "The mayor sold, the old"));
        for other in [
            "The mayor sold the bridge to Mars",
            "mayor sold the",
            "the mayor sold the old bridges",
            "",
            "ayor sold the old bridge",
        ] {
            assert!(!holds(&text, other), "{other}");
        }
    }
}
