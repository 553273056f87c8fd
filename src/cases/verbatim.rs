//! Whether a text holds a claim word for word.
//!
//! That it does needs no statistics: it makes the claim, whatever a model thinks that learned from texts which never do so.
//! A model of shares and sums can even play one against the other where all of them are full: `docs/related-cases.md` has
//! figures.

use unicode_normalization::char::is_combining_mark;

use crate::text::normalise::normalise;
use crate::text::words::is_unspaced;

/// Fewest words of a claim that counts: fewer stand in texts that say something else.
const FEWEST: usize = 4;

/// What a word counts, so that letters of scripts without spaces between words count less: two Han characters make about
/// a word, four Thai letters.
const WORD: usize = 4;

/// The least probability that a text which holds a claim word for word repeats it. It may quote it to deny it: that is told by
/// the stance, and by what differs.
pub(crate) const WORD_FOR_WORD: f64 = 0.95;

/// The words of a normalised text, a space before and after each, and before and after each letter of scripts that have no
/// spaces between words; gives how much they count in quarters of a word. Numbers count nothing.
pub(crate) fn words_of(normalised: &str, out: &mut String) -> usize {
    out.clear();
    out.push(' ');
    let mut count = 0;
    let mut chars = normalised.chars().peekable();
    while let Some(first) = chars.next() {
        if !first.is_alphanumeric() {
            continue;
        }
        out.push(first);
        let mut has_letter = first.is_alphabetic();
        if is_unspaced(first) {
            count += if matches!(first, '\u{e01}'..='\u{17d3}') { 1 } else { WORD / 2 };
            while let Some(mark) = chars.next_if(|&c| is_combining_mark(c)) {
                out.push(mark);
            }
        } else {
            let joins = |c: char| c.is_alphanumeric() && !is_unspaced(c) || is_combining_mark(c);
            loop {
                if let Some(next) = chars.next_if(|&c| joins(c)) {
                    has_letter |= next.is_alphabetic();
                    out.push(next);
                } else if chars.peek() == Some(&'\'') && chars.clone().nth(1).is_some_and(joins) {
                    // An apostrophe inside a word.
                    out.extend(chars.next());
                } else {
                    break;
                }
            }
            count += if has_letter { WORD } else { 0 };
        }
        out.push(' ');
    }
    count
}

/// Whether a text, given by [`words_of`], holds all words of a claim in a row.
pub(crate) fn holds(text: &str, claim: &str) -> bool {
    let mut words = String::new();
    words_of(&normalise(claim), &mut words) >= FEWEST * WORD && text.contains(&words)
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
    #[test]
    fn few_words_do_not_count_in_any_script() {
        let held = |text: &str, claim: &str| {
            let mut words = String::new();
            words_of(&normalise(text), &mut words);
            holds(&words, claim)
        };
        // Two words of Hindi, whose vowel signs and viramas are no letters; an apostrophe; numbers.
        assert!(!held("स्वास्थ्य मंत्रालय अस्पताल में बिस्तर जोड़ता है", "स्वास्थ्य मंत्रालय"));
        assert!(!held("The golf course? It's Trump's, they say", "It's Trump's"));
        assert!(!held("The score was 1 2 3 4 at last", "!!! 1 2 3 4"));
        assert!(held("स्वास्थ्य मंत्रालय अस्पताल में बिस्तर जोड़ता है", "मंत्रालय अस्पताल में बिस्तर"));
        // Scripts without spaces: a claim inside a sentence.
        assert!(held("他们说疫苗含有微型芯片和铁。", "疫苗含有微型芯片"));
        assert!(!held("他们说疫苗含有铁。", "疫苗含有"));
        assert!(held("เขาบอกว่าวัคซีนโควิดมีไมโครชิปอยู่ข้างในจริง", "วัคซีนโควิดมีไมโครชิปอยู่ข้างใน"));
        assert!(!held("เขาบอกว่าวัคซีนมีอยู่", "วัคซีน"));
    }
}
