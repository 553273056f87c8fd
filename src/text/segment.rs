//! Sentences by UAX #29, in the original text.
//!
//! Cut before normalisation: the sentence rules look at capitals, which lower-casing removes. Over-long sentences
//! (lists, transcripts without full stops) are cut at clause marks or spaces, because evidence of a whole page is no
//! evidence.

use unicode_segmentation::UnicodeSegmentation;

use super::token::{CharOffset, Sentence};

/// Longest sentence kept in one piece, in bytes.
const LONGEST: usize = 800;

/// The sentences of `text`, in order, trimmed; blank ones are left out.
pub(super) fn sentences(text: &str, out: &mut Vec<Sentence>) {
    out.clear();
    let (mut byte, mut chars) = (0, 0);
    let mut start = 0;
    while start < text.len() {
        let end = next_bound(text, start);
        let mut rest = start..end;
        start = end;
        while !rest.is_empty() {
            let cut = rest.start + clause(&text[rest.clone()]);
            let piece = &text[rest.start..cut];
            let trimmed = piece.trim();
            if !trimmed.is_empty() {
                let from = rest.start + (piece.len() - piece.trim_start().len());
                let bytes = from..from + trimmed.len();
                chars += count(&text[byte..bytes.start]);
                let first = chars;
                chars += count(trimmed);
                byte = bytes.end;
                out.push(Sentence { start: CharOffset(first), end: CharOffset(chars), bytes });
            }
            rest.start = cut;
        }
    }
}

/// Where the sentence that begins at `start` ends. The rules are asked only from the first character on that can end a
/// sentence, and the one before it, which is as far as they look back: they take longer than scoring the text.
fn next_bound(text: &str, start: usize) -> usize {
    let mut before = start;
    for (at, c) in text[start..].char_indices() {
        if !goes_on(c) {
            return before + text[before..].split_sentence_bounds().next().map_or(0, str::len);
        }
        before = start + at;
    }
    text.len()
}

/// Whether no sentence can end with or right after `c`, and it is no mark on the letter before: of the characters that most
/// text is made of.
fn goes_on(c: char) -> bool {
    match c {
        '\n' | '\r' | '.' | '!' | '?' => false,
        // Latin and Cyrillic letters, dashes and quotation marks.
        ..'\u{7f}' | '\u{c0}'..='\u{24f}' | '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' | '\u{2010}'..='\u{201f}' => {
            true
        }
        _ => false,
    }
}

fn count(text: &str) -> u32 {
    text.chars().count() as u32
}

/// Where to end the first piece of a sentence: its end, or the last clause mark or space before [`LONGEST`].
fn clause(sentence: &str) -> usize {
    if sentence.len() <= LONGEST {
        return sentence.len();
    }
    let window = &sentence[..sentence.floor_char_boundary(LONGEST)];
    let mark = |c: char| matches!(c, ';' | ':' | ',' | '،' | '、' | '，' | '；' | '—' | '•' | '|');
    let after = |found: Option<(usize, &str)>| found.map(|(i, m)| i + m.len());
    after(window.rmatch_indices(mark).find(|&(i, _)| i > LONGEST / 2))
        .or_else(|| after(window.rmatch_indices(char::is_whitespace).find(|&(i, _)| i > 0)))
        .unwrap_or(window.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_goes_on_ends_no_sentence() {
        for c in ('\0'..=char::MAX).filter(|&c| goes_on(c)) {
            let text = format!("Aa{c} Bb {c}Cc{c}{c} 1");
            assert_eq!(text.split_sentence_bounds().count(), 1, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn bounds_are_those_of_the_rules(
            text in "([A-Za-z0-9é.!?…\\n\\r ,;:'\"()«»„”—\u{301}\u{ad}\u{85}\u{2028}ёЯ。？\u{600}]|\\. |\\.\" ){0,60}",
        ) {
            let mut bounds = Vec::new();
            while bounds.last().copied().unwrap_or(0) < text.len() {
                bounds.push(next_bound(&text, bounds.last().copied().unwrap_or(0)));
            }
            let expected: Vec<usize> = text.split_sentence_bound_indices().map(|(at, s)| at + s.len()).collect();
            prop_assert_eq!(bounds, expected, "{:?}", text);
        }
    }

    #[test]
    fn sentences_cover_all_words_and_know_their_characters() {
        let text = "Élan vital. Mr. Smith won!\n\n  «Да?» Нет.   ";
        let mut found = Vec::new();
        sentences(text, &mut found);
        let letters: Vec<char> = text.chars().collect();
        for s in &found {
            let by_chars: String = letters[s.start.0 as usize..s.end.0 as usize].iter().collect();
            assert_eq!(by_chars, text[s.bytes.clone()]);
        }
        assert_eq!(&text[found[0].bytes.clone()], "Élan vital.");
        let kept: usize = found.iter().map(|s| text[s.bytes.clone()].replace(char::is_whitespace, "").len()).sum();
        assert_eq!(kept, text.replace(char::is_whitespace, "").len());
    }

    #[test]
    fn a_page_without_a_full_stop_is_cut() {
        let text = "word ".repeat(2000);
        let mut found = Vec::new();
        sentences(&text, &mut found);
        assert!(found.len() > 10 && found.iter().all(|s| s.bytes.len() <= LONGEST));
        sentences(&"я".repeat(5000), &mut found);
        assert!(found.len() > 10);
    }
}
