//! Cuts normalised text into words (UAX #29) and the token kinds of the web.
//!
//! Addresses, handles and hashtags are found first, around their tell-tale characters only, because the word rules
//! would cut them to pieces; everything between them goes through `unicode-segmentation`. One regular expression for
//! all of it was rejected: it would be slower than the word rules and hide the cases.

use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

use super::token::TokenKind;

/// Longest piece of a script without spaces kept as one token, in characters.
const LONGEST_UNSPACED: usize = 12;

/// Longest local part or host read when looking for a mail address or a bare domain, in bytes.
const LONGEST_HOST: usize = 253;

/// Calls `emit` with kind and byte range of every token of the normalised `text`, in order.
pub(super) fn each(text: &str, mut emit: impl FnMut(TokenKind, Range<usize>)) {
    let mut done = 0;
    while let Some(trigger) = next_trigger(text, done) {
        let start = text[done..trigger].rfind(char::is_whitespace).map_or(done, |i| done + i);
        let end = text[trigger..].find(char::is_whitespace).map_or(text.len(), |i| trigger + i);
        plain(text, done..start, &mut emit);
        let mut at = start;
        while let Some((kind, range)) = special(text, at..end) {
            plain(text, at..range.start, &mut emit);
            at = range.end;
            emit(kind, range);
        }
        plain(text, at..end, &mut emit);
        done = end;
    }
    plain(text, done..text.len(), &mut emit);
}

/// The next character that can belong to an address, handle or hashtag.
fn next_trigger(text: &str, from: usize) -> Option<usize> {
    let bytes = &text.as_bytes()[from..];
    bytes
        .iter()
        .enumerate()
        .find(|&(i, &b)| matches!(b, b'@' | b'#' | b'/') || b == b'w' && bytes[i..].starts_with(b"www."))
        .map(|(i, _)| from + i)
}

/// The first address, handle or hashtag in the unspaced chunk `range`.
fn special(text: &str, range: Range<usize>) -> Option<(TokenKind, Range<usize>)> {
    let chunk = &text[range.clone()];
    let mut inside_word = false;
    for (i, c) in chunk.char_indices() {
        let rest = &chunk[i..];
        let found = match c {
            '#' if !inside_word => tag(&rest[1..]).map(|n| (TokenKind::Hashtag, n + 1)),
            '@' if !inside_word => name(&rest[1..]).map(|n| (TokenKind::Handle, n + 1)),
            c if !inside_word && c.is_alphanumeric() => address(rest).map(|n| (TokenKind::Url, n)),
            _ => None,
        };
        if let Some((kind, len)) = found {
            return Some((kind, range.start + i..range.start + i + len));
        }
        inside_word = c.is_alphanumeric() || c == '_';
    }
    None
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c)
}

/// Length of the name a handle goes on with.
fn name(rest: &str) -> Option<usize> {
    let len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    (len > 0).then_some(len)
}

/// Length of the name of a hashtag: a name with at least one letter (`#1` is a rank).
fn tag(rest: &str) -> Option<usize> {
    name(rest).filter(|&len| rest[..len].chars().any(char::is_alphabetic))
}

/// Length of the web or mail address `rest` begins with.
fn address(rest: &str) -> Option<usize> {
    let whole = || {
        let end = rest.trim_end_matches(|c: char| !(c.is_alphanumeric() || matches!(c, '/' | '=' | '_' | '-'))).len();
        Some(end.max(1))
    };
    if ["http://", "https://", "ftp://", "www."].iter().any(|p| rest.len() > p.len() && rest.starts_with(p)) {
        return whole();
    }
    let window = &rest.as_bytes()[..rest.len().min(LONGEST_HOST)];
    let host = |b: &[u8]| b.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
    let local = window.iter().take_while(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(b)).count();
    match window.get(local) {
        Some(b'@') => {
            let domain = host(&window[local + 1..]);
            let name = std::str::from_utf8(&window[local + 1..local + 1 + domain]).ok()?.trim_end_matches(['.', '-']);
            is_domain(name).then_some(local + 1 + name.len())
        }
        Some(b'/') if is_domain(&rest[..local]) => whole(),
        _ => None,
    }
}

/// `label.label.tld`, the last of two letters or more.
fn is_domain(name: &str) -> bool {
    name.split('.').all(|label| !label.is_empty())
        && name.rsplit_once('.').is_some_and(|(_, tld)| tld.len() >= 2 && tld.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Elided articles and pronouns of French, Italian and Catalan: `l'OTAN` is the word `OTAN`.
const ELISIONS: [&str; 27] = [
    "l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "un", "dell", "nell", "all",
    "sull", "dall", "quell", "quest", "bell", "nessun", "ch", "gl", "com", "dov",
];

/// Emits the words and numbers of text without addresses: stretches of ASCII and of [simple letters](simple_letter) by a
/// short form of the word rules, the rest by the full ones. White space is a boundary in both, so stretches are cut there; so
/// are quotation marks and dashes.
fn plain(text: &str, range: Range<usize>, emit: &mut impl FnMut(TokenKind, Range<usize>)) {
    let bytes = text.as_bytes();
    let is_space = |b: &u8| b.is_ascii_whitespace();
    let mut at = range.start;
    while at < range.end {
        let Some(foreign) = next_foreign(&bytes[..range.end], at) else { return short(text, at..range.end, emit) };
        if is_mark(&bytes[foreign..range.end]) {
            short(text, at..foreign, emit);
            at = foreign + 3;
            continue;
        }
        let start = bytes[at..foreign].iter().rposition(is_space).map_or(at, |i| at + i);
        short(text, at..start, emit);
        // To the first space after which an ASCII character follows.
        let mut end = foreign;
        loop {
            end = bytes[end..range.end].iter().position(is_space).map_or(range.end, |i| end + i);
            if bytes[end..range.end].get(1).is_none_or(u8::is_ascii) {
                break;
            }
            end += 1;
        }
        full(text, start..end, emit);
        at = end;
    }
}

/// Whether text begins with a quotation mark or dash of three bytes, which no word reaches across, and nothing that the full
/// rules must see follows it.
fn is_mark(bytes: &[u8]) -> bool {
    matches!(bytes, [0xe2, 0x80, 0x93 | 0x94 | 0x9c | 0x9d, rest @ ..]
        if rest.first().is_none_or(u8::is_ascii) || simple_letter(rest))
}

/// Whether UTF-8 begins with a letter of two bytes that the word rules treat as those of ASCII: of Latin with its accents up to
/// U+017F, or of Cyrillic up to U+047F.
fn simple_letter(bytes: &[u8]) -> bool {
    match bytes {
        // Signs of multiplication and division stand among the letters.
        [0xc3, 0x97 | 0xb7, ..] => false,
        [lead, _, ..] => matches!(lead, 0xc3..=0xc5 | 0xd0 | 0xd1),
        _ => false,
    }
}

/// The next character from `at` on that is neither ASCII nor a simple letter.
fn next_foreign(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes[at..].iter().position(|b| !b.is_ascii())?;
        while !bytes.get(at)?.is_ascii() {
            if !simple_letter(&bytes[at..]) {
                return Some(at);
            }
            at += 2;
        }
    }
}

/// What the word rules ask of an ASCII character; the bytes of a simple letter are letters, too.
const LETTER: u8 = 1;
const DIGIT: u8 = 2;
/// `_`, which joins but is neither.
const LINE: u8 = 4;

/// One of these, or 0 for what does not join.
fn class(b: u8) -> u8 {
    match b {
        b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => LETTER,
        b'0'..=b'9' => DIGIT,
        b'_' => LINE,
        _ => 0,
    }
}

/// The word rules of UAX #29 for ASCII and simple letters: letters, digits and `_` join; `'`, `.` and `:` join between
/// letters, `'`, `.`, `,` and `;` between digits.
fn short(text: &str, range: Range<usize>, emit: &mut impl FnMut(TokenKind, Range<usize>)) {
    let bytes = &text.as_bytes()[range.clone()];
    let class = |i: usize| bytes.get(i).map_or(0, |&b| class(b));
    let bridges = |at: usize| {
        let (before, after) = (class(at - 1), class(at + 1));
        let (letters, digits) = (before & after == LETTER, before & after == DIGIT);
        match bytes[at] {
            b'\'' | b'.' => letters || digits,
            b':' => letters,
            b',' | b';' => digits,
            _ => false,
        }
    };
    // Where stretches that join begin and end is found for many bytes at once: looking at each would be a guess of the
    // processor at every end, and a wrong one costs as much as ten bytes.
    let (mut start, mut inside, mut bridged) = (0, false, false);
    let mut edge = |at: usize| {
        if !inside {
            inside = true;
            if !bridged {
                start = at;
            }
            return;
        }
        inside = false;
        if at < bytes.len() && bridges(at) {
            bridged = true;
            return;
        }
        let whole = range.start + start..range.start + at;
        if class(start) == LETTER && !bridged {
            emit(TokenKind::Word, whole);
        } else {
            word(text, whole, emit);
        }
        bridged = false;
    };
    let mut before = 0;
    for (chunk, from) in bytes.chunks(STRIDE).zip((0..).step_by(STRIDE)) {
        let joins = joins(chunk);
        let mut edges = joins ^ (joins << 1 | before);
        before = joins >> (STRIDE - 1);
        while edges != 0 {
            edge(from + edges.trailing_zeros() as usize);
            edges &= edges - 1;
        }
    }
    if before == 1 {
        edge(bytes.len());
    }
}

/// Bytes looked at together.
const STRIDE: usize = 64;

/// Of up to [`STRIDE`] bytes which join, the first lowest.
fn joins(chunk: &[u8]) -> u64 {
    let mut flags = [0u8; STRIDE];
    flags.iter_mut().zip(chunk).for_each(|(flag, &b)| *flag = u8::from(class(b) != 0));
    // Eight flags, each in a byte of its own, are brought into one byte.
    let bits = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    flags.as_chunks().0.iter().rev().fold(0, |all, eight| all << 8 | bits(eight))
}

/// The full word rules.
fn full(text: &str, range: Range<usize>, emit: &mut impl FnMut(TokenKind, Range<usize>)) {
    // A stretch of a script without spaces, collected over its one-character "words".
    let mut unspaced: Option<(Range<usize>, usize)> = None;
    for (at, piece) in text[range.clone()].split_word_bound_indices() {
        let Some(first) = piece.chars().next() else { continue };
        let piece_range = range.start + at..range.start + at + piece.len();
        if is_unspaced(first) {
            let letters = piece.chars().count();
            unspaced = match unspaced {
                Some((r, n)) if r.end == piece_range.start && n + letters <= LONGEST_UNSPACED => {
                    Some((r.start..piece_range.end, n + letters))
                }
                other => {
                    if let Some((r, _)) = other {
                        emit(TokenKind::Word, r);
                    }
                    Some((piece_range, letters))
                }
            };
            continue;
        }
        if let Some((r, _)) = unspaced.take() {
            emit(TokenKind::Word, r);
        }
        word(text, piece_range, emit);
    }
    if let Some((r, _)) = unspaced {
        emit(TokenKind::Word, r);
    }
}

/// Emits one piece between word boundaries, if it is a word or number; an elided article leaves its noun.
fn word(text: &str, range: Range<usize>, emit: &mut impl FnMut(TokenKind, Range<usize>)) {
    let piece = &text[range.clone()];
    let Some(first) = piece.chars().next() else { return };
    if first.is_alphabetic() {
        if first.is_ascii_lowercase()
            && let Some((article, noun)) = piece.split_once('\'')
            && noun.chars().next().is_some_and(char::is_alphabetic)
            && ELISIONS.contains(&article)
            && noun != "t"
        {
            let cut = range.start + article.len();
            emit(TokenKind::Word, range.start..cut);
            emit(TokenKind::Word, cut + 1..range.end);
        } else {
            emit(TokenKind::Word, range);
        }
    } else if piece.chars().any(char::is_alphanumeric) {
        let number = first.is_numeric() && !piece.chars().any(char::is_alphabetic);
        emit(if number { TokenKind::Number } else { TokenKind::Word }, range);
    }
}

/// Letters of scripts written without spaces, which UAX #29 cuts letter by letter: Thai, Lao, Myanmar, Khmer, Han,
/// Hiragana. A stretch of them becomes one token, so that character n-grams reach across.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e01}'..='\u{e4e}' | '\u{e81}'..='\u{ecd}' | '\u{1000}'..='\u{103f}' | '\u{1780}'..='\u{17d3}'
        | '\u{3041}'..='\u{309f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3134f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use TokenKind::{Handle, Hashtag, Number, Url, Word};

    fn tokens(text: &str) -> Vec<(TokenKind, &str)> {
        let mut out = Vec::new();
        each(text, |kind, range| out.push((kind, &text[range])));
        out
    }

    #[test]
    fn kinds_are_told_apart() {
        assert_eq!(
            tokens("see (https://t.me/x/12?a=b), @nexta_live: #stopnato in 2022, covid-19!"),
            [
                (Word, "see"),
                (Url, "https://t.me/x/12?a=b"),
                (Handle, "@nexta_live"),
                (Hashtag, "#stopnato"),
                (Word, "in"),
                (Number, "2022"),
                (Word, "covid"),
                (Number, "19")
            ]
        );
        assert_eq!(
            tokens("rt.com/news or mail a.b@c.org. www.x.de, and/or 24/7 5g #1"),
            [
                (Url, "rt.com/news"),
                (Word, "or"),
                (Word, "mail"),
                (Url, "a.b@c.org"),
                (Url, "www.x.de"),
                (Word, "and"),
                (Word, "or"),
                (Number, "24"),
                (Number, "7"),
                (Word, "5g"),
                (Number, "1")
            ]
        );
    }

    #[test]
    fn elided_articles_leave_the_noun() {
        assert_eq!(tokens("l'otan n'a"), [(Word, "l"), (Word, "otan"), (Word, "n"), (Word, "a")]);
        assert_eq!(tokens("don't п'ять"), [(Word, "don't"), (Word, "п'ять")]);
    }

    #[test]
    fn scripts_without_spaces_come_in_stretches() {
        assert_eq!(tokens("北约东扩。nato"), [(Word, "北约东扩"), (Word, "nato")]);
        assert!(tokens("นาโต้ขยายตัวไปทางตะวันออก").len() < 6);
    }

    proptest::proptest! {
        #[test]
        fn the_short_rules_are_the_full_ones(text in "[a-z0-9_'.,:;\"()\\-! \n\t]{0,40}|[ -~]{0,40}|[a-z0-9_'.,: à-öø-ſЀ-ѿ]{0,40}") {
            let (mut short, mut long) = (Vec::new(), Vec::new());
            super::short(&text, 0..text.len(), &mut |kind, range| short.push((kind, range)));
            full(&text, 0..text.len(), &mut |kind, range| long.push((kind, range)));
            proptest::prop_assert_eq!(short, long);
        }

        #[test]
        fn cutting_at_spaces_changes_nothing(text in "[a-zя 'é0-9.,\u{301}北\n]{0,40}|[a-zéщ '“”–—0-9.:\u{301}×÷]{0,40}") {
            let (mut cut, mut whole) = (Vec::new(), Vec::new());
            plain(&text, 0..text.len(), &mut |kind, range| cut.push((kind, range)));
            full(&text, 0..text.len(), &mut |kind, range| whole.push((kind, range)));
            proptest::prop_assert_eq!(cut, whole);
        }
    }

    #[test]
    fn a_long_chunk_of_triggers_takes_linear_time() {
        let hostile = "a.b-c.".repeat(50_000) + "/" + &"@#/".repeat(50_000);
        let mut n = 0usize;
        each(&hostile, |_, _| n += 1);
        assert!(n > 0);
    }
}
