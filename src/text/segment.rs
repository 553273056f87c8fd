//! Sentences by UAX #29, in the original text; but a line break of a wrapped paragraph ends none, nor does a mark in an
//! address (`lines`).
//!
//! Cut before normalisation: the sentence rules look at capitals, which lower-casing removes. Over-long sentences
//! (lists, transcripts without full stops) are cut at clause marks or spaces, because evidence of a whole page is no
//! evidence.

use unicode_segmentation::UnicodeSegmentation;

use super::lines::{Addresses, Lines};
use super::token::{CharOffset, Sentence};

/// Longest sentence kept in one piece, in bytes.
const LONGEST: usize = 800;

/// The sentences of `text`, in order, trimmed; blank ones are left out.
pub(super) fn sentences(text: &str, out: &mut Vec<Sentence>) {
    out.clear();
    let (mut byte, mut chars) = (0, 0);
    let mut start = 0;
    let (mut lines, mut addresses) = (Lines::default(), Addresses::default());
    while start < text.len() {
        let mut end = next_bound(text, start);
        while end < text.len() && (lines.goes_on(text, end) || addresses.go_on(text, end)) {
            end = next_bound(text, end);
        }
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

/// Where the sentence that begins at `start` ends. The full rules take longer than scoring the text, so they are asked only
/// from the first character on that the short form leaves open, and the one before it, which is as far as they look back.
fn next_bound(text: &str, start: usize) -> usize {
    let (mut before, mut at) = (start, start);
    loop {
        let skipped = text.as_bytes()[at..].iter().position(|&b| !b.is_ascii() || ends(b)).unwrap_or(text.len() - at);
        if skipped > 0 {
            (before, at) = (at + skipped - 1, at + skipped);
        }
        let Some(c) = text[at..].chars().next() else { return text.len() };
        let found = if goes_on(c) { After::Goes(at) } else { after_mark(text, before, at) };
        match found {
            After::Ends(bound) => return bound,
            After::Goes(last) => (before, at) = (last, last + text[last..].chars().next().map_or(1, char::len_utf8)),
            After::Open => return before + text[before..].split_sentence_bounds().next().map_or(0, str::len),
        }
    }
}

/// Whether an ASCII character may end a sentence.
fn ends(b: u8) -> bool {
    matches!(class(char::from(b)), Class::Ends | Class::Paragraph)
}

/// Whether no sentence can end with or right after `c`, and it is no mark on the letter before: of the characters that most
/// text is made of.
fn goes_on(c: char) -> bool {
    match c {
        ..'\u{7f}' => !ends(c as u8),
        // Signs of Latin-1; Latin and Cyrillic letters, dashes and quotation marks; Arabic letters, Kana, Han, Hangul.
        '\u{a0}'..='\u{ac}'
        | '\u{ae}'..='\u{24f}'
        | '\u{400}'..='\u{481}'
        | '\u{48a}'..='\u{52f}'
        | '\u{621}'..='\u{64a}'
        | '\u{2010}'..='\u{201f}'
        | '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' => true,
        _ => false,
    }
}

/// What follows from a mark that may end a sentence.
enum After {
    /// The sentence ends there.
    Ends(usize),
    /// It goes on; the last character that was decided about.
    Goes(usize),
    /// The short form cannot say.
    Open,
}

/// Rules SB3 to SB11 for the mark at `at`, after the character at `before` (the same at the start of the sentence).
fn after_mark(text: &str, before: usize, at: usize) -> After {
    let bytes = text.as_bytes();
    let class_at = |i: usize| text[i..].chars().next().map(|c| (class(c), i + c.len_utf8()));
    let paragraph_end = |i: usize| i + if bytes[i..].starts_with(b"\r\n") { 2 } else { 1 };
    match class_at(at).map(|c| c.0) {
        Some(Class::Ends) => {}
        Some(Class::Paragraph) => return After::Ends(paragraph_end(at)),
        _ => return After::Open,
    }
    let full_stop = bytes[at] == b'.';
    let mut next = at + 1;
    if full_stop {
        let before = if before < at { class_at(before).map_or(Class::Unknown, |c| c.0) } else { Class::Other };
        let after = class_at(next).map_or(Class::Other, |c| c.0);
        match (before, after) {
            (Class::Unknown, _) | (_, Class::Unknown) => return After::Open,
            (_, Class::Numeric) | (Class::Upper | Class::Lower, Class::Upper) => return After::Goes(at),
            _ => {}
        }
    }
    while let Some((Class::Close, end)) = class_at(next) {
        next = end;
    }
    while matches!(bytes.get(next), Some(b' ' | b'\t' | b'\x0b' | b'\x0c')) {
        next += 1;
    }
    let Some((class, _)) = class_at(next) else { return After::Ends(text.len()) };
    let last = text.floor_char_boundary(next - 1);
    match class {
        Class::Unknown => return After::Open,
        Class::Paragraph => return After::Ends(paragraph_end(next)),
        Class::Continues | Class::Ends => return After::Goes(last),
        _ if !full_stop => return After::Ends(next),
        _ => {}
    }
    // A full stop before a small letter, whatever stands between that is no letter and no end, is one of an abbreviation.
    let mut ahead = next;
    while let Some((class, end)) = class_at(ahead) {
        match class {
            Class::Lower => return After::Goes(last),
            Class::Unknown => return After::Open,
            Class::Upper | Class::Letter | Class::Paragraph | Class::Ends => break,
            Class::Numeric | Class::Close | Class::Continues | Class::Other => ahead = end,
        }
    }
    After::Ends(next)
}

/// What the sentence rules ask of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Letter,
    Numeric,
    Close,
    Continues,
    /// Ends a sentence.
    Ends,
    /// Ends a paragraph.
    Paragraph,
    Other,
    /// Ask the full rules.
    Unknown,
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' => Class::Lower,
        // The titles of digraphs count as capitals.
        'A'..='Z' | 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ' => Class::Upper,
        '0'..='9' => Class::Numeric,
        '"' | '\'' | '(' | ')' | '[' | ']' | '{' | '}' | '«' | '»' | '\u{2018}'..='\u{201f}' => Class::Close,
        ',' | '-' | ':' | ';' | '\u{2013}' | '\u{2014}' => Class::Continues,
        '.' | '!' | '?' => Class::Ends,
        '\n' | '\r' => Class::Paragraph,
        ..'\u{7f}' => Class::Other,
        _ if !goes_on(c) => Class::Unknown,
        _ if c.is_lowercase() => Class::Lower,
        _ if c.is_uppercase() => Class::Upper,
        _ if c.is_alphabetic() => Class::Letter,
        _ => Class::Unknown,
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

    fn bounds(text: &str) -> Vec<usize> {
        let mut bounds = Vec::new();
        while bounds.last().copied().unwrap_or(0) < text.len() {
            bounds.push(next_bound(text, bounds.last().copied().unwrap_or(0)));
        }
        bounds
    }

    fn bounds_by_the_rules(text: &str) -> Vec<usize> {
        text.split_sentence_bound_indices().map(|(at, s)| at + s.len()).collect()
    }

    #[test]
    fn what_goes_on_ends_no_sentence_and_marks_no_letter() {
        for c in ('\0'..=char::MAX).filter(|&c| goes_on(c)) {
            let text = format!("Aa{c} Bb {c}Cc{c}{c} 1");
            assert_eq!(text.split_sentence_bounds().count(), 1, "{c:?}");
            // A mark is passed over: the full stop then follows the letter, or the digit.
            let count = |before: char| format!("{before}{c}.B").split_sentence_bounds().count();
            assert!((count('a'), count('1')) != (1, 2), "{c:?}");
        }
    }

    #[test]
    fn every_character_is_of_the_class_the_rules_say() {
        for c in '\0'..=char::MAX {
            for text in [
                format!("1. {c}a"),
                format!("1.{c}A"),
                format!("A{c}.A! {c} A"),
                format!("a.{c} A?{c} \"{c}"),
                format!("1. {c}"),
            ] {
                assert_eq!(bounds(&text), bounds_by_the_rules(&text), "{c:?} {text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn bounds_are_those_of_the_rules(
            text in "([A-Za-z0-9é.!?…\\n\\r ,;:'\"()«»„”—\u{301}\u{ad}\u{85}\u{2028}ёЯ。？北ب\u{a0}–\u{600}]|\\. |\\.\" |[A-Zа] \\. ?){0,60}",
        ) {
            prop_assert_eq!(bounds(&text), bounds_by_the_rules(&text), "{:?}", text);
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
