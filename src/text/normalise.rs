//! Makes a text comparable (NFKC, lower case, nothing invisible) and remembers where every character came from.
//!
//! The map is a list of runs, not an array of offsets: nearly all text maps one character to one character, so a
//! 3 KB article needs a handful of runs instead of 24 KB of offsets, and an ASCII text needs one.
//! Normalising the whole string first and aligning afterwards was rejected: composition and expansion (`ﬁ`, `İ`,
//! Hangul) make the alignment ambiguous exactly where it matters.

use std::iter::once;
use std::sync::LazyLock;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::lookalike;
use super::numbers::western;
use super::token::CharOffset;

/// Longest cluster (base letter and its marks) normalised in one piece; longer ones are cut. The Stream-Safe Text
/// Format of UAX #15 allows 30 marks; only hostile text has more.
const LONGEST_CLUSTER: usize = 32;

/// How a run of normalised text relates to the original.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// First byte of the run in the normalised text.
    start: u32,
    /// First original character of the run.
    original: u32,
    /// For a cluster that changed its number of characters: how many original characters it stands for.
    /// `None`: one to one.
    cluster: Option<u32>,
}

/// A normalised text with its way back to the original.
#[derive(Debug, Clone, Default)]
pub struct Normalised {
    /// The normalised text.
    pub text: String,
    runs: Vec<Run>,
    /// Characters of the original text.
    pub original_chars: u32,
    /// Whether every byte of the text is a character, and stands where it stood in the original.
    byte_by_byte: bool,
}

/// Whether a character is dropped: it shows nothing and only hides or reorders what is shown
/// (Unicode's `Default_Ignorable_Code_Point`, bidi controls, and controls that are not white space).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Folds that NFKC leaves alone: the apostrophes people type for one another, the final sigma, and digits.
fn fold(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2b9}' | '\u{60}' | '\u{b4}' => '\'',
        'ς' => 'σ',
        c => western(c),
    }
}

/// The lower case of `c` if it is one character.
fn lower(c: char) -> Option<char> {
    match c {
        // Arabic, Devanagari, Thai, general punctuation, Kana and Han, where nothing has a case.
        '\u{600}'..='\u{6ff}'
        | '\u{900}'..='\u{97f}'
        | '\u{e00}'..='\u{e7f}'
        | '\u{2000}'..='\u{206f}'
        | '\u{3000}'..='\u{9fff}' => Some(c),
        _ => {
            let mut lower = c.to_lowercase();
            (lower.len() == 1).then(|| lower.next()).flatten()
        }
    }
}

/// Whether `c` may combine with what stands before it, so that the two must be normalised together.
fn continues_cluster(c: char) -> bool {
    if matches!(c, ..'\u{300}' | '\u{400}'..='\u{482}' | '\u{2010}'..='\u{2027}' | '\u{4e00}'..='\u{9fff}') {
        return false;
    }
    may_combine(c)
}

/// As [`continues_cluster`], by the tables of Unicode.
fn may_combine(c: char) -> bool {
    let combines = |c: char| canonical_combining_class(c) != 0 || is_nfkc_quick(once(c)) == IsNormalized::Maybe;
    // A compatibility form (a half-width vowel of Hangul) may stand for one that combines.
    combines(c) || is_nfkc_quick(once(c)) == IsNormalized::No && once(c).nfkd().next().is_some_and(combines)
}

/// What `c` becomes where nothing combines with it, if that is one character.
fn alone(c: char) -> Option<char> {
    if is_invisible(c) || !is_plain(c) { None } else { lower(c).map(fold) }
}

/// Whether `c` leaves the character before it alone.
fn stands_apart(c: char) -> bool {
    !(continues_cluster(c) || is_invisible(c))
}

/// Characters below this are looked up in [`Letters`].
const LETTERS_END: usize = 0x530;

/// What becomes of the letters that most text is made of, answered at once.
struct Letters {
    /// What a character becomes if no mark follows; 0 if the rules must be asked.
    becomes: [u16; LETTERS_END],
    /// Whether a character leaves the one before it alone.
    apart: [bool; LETTERS_END],
}

impl Letters {
    /// By the rules themselves.
    fn new() -> Self {
        let c = |i: usize| char::from_u32(i as u32).unwrap_or('\0');
        let becomes = |c: char| alone(c).and_then(|c| u16::try_from(u32::from(c)).ok()).unwrap_or(0);
        Self { becomes: std::array::from_fn(|i| becomes(c(i))), apart: std::array::from_fn(|i| stands_apart(c(i))) }
    }

    /// What `c` becomes before `next`; `None` if the rules must be asked.
    #[inline]
    fn becomes(&self, c: char, next: Option<char>) -> Option<char> {
        let becomes = match self.becomes.get(c as usize) {
            Some(0) => return None,
            Some(&becomes) => char::from_u32(u32::from(becomes)),
            None => alone(c),
        };
        let apart = |c: char| self.apart.get(c as usize).copied().unwrap_or_else(|| stands_apart(c));
        becomes.filter(|_| next.is_none_or(apart))
    }
}

static LETTERS: LazyLock<Letters> = LazyLock::new(Letters::new);

impl Normalised {
    /// Normalises `text` into `self`, reusing its memory.
    ///
    /// NFKC, then lower case per character, apostrophes, final sigma and digits folded, invisible characters removed, letters
    /// borrowed from another script put back inside mixed-script words. Only the first 2^32 - 1 bytes can be
    /// addressed; callers cap texts far below that.
    pub fn assign(&mut self, text: &str) {
        self.text.clear();
        self.runs.clear();
        self.original_chars = 0;
        self.byte_by_byte = false;
        if plain_ascii(text.as_bytes()) == text.len() {
            self.text.push_str(text);
            self.text.make_ascii_lowercase();
            self.original_chars = text.len() as u32;
            self.runs.push(Run { start: 0, original: 0, cluster: None });
            self.byte_by_byte = true;
            return;
        }
        self.assign_unicode(text);
        if lookalike::may_mix(&self.text) {
            self.fold_lookalikes();
        }
    }

    fn assign_unicode(&mut self, text: &str) {
        self.text.reserve(text.len());
        let mut byte = 0;
        let mut position = 0u32;
        // Whether the last run is one to one and goes on here.
        let mut in_step = false;
        let mut cluster = String::new();
        let letters = &*LETTERS;
        while byte < text.len() {
            let rest = &text.as_bytes()[byte..];
            let run = if rest[0].is_ascii() { plain_ascii(rest) } else { 0 };
            // The last of the run may be the base of a cluster.
            if run > 1 {
                let end = byte + run - 1;
                self.step_from(position, &mut in_step);
                let from = self.text.len();
                self.text.push_str(&text[byte..end]);
                self.text[from..].make_ascii_lowercase();
                position += (run - 1) as u32;
                byte = end;
            }
            let mut rest = text[byte..].chars();
            let Some(c) = rest.next() else { break };
            let at = position;
            position += 1;
            byte += c.len_utf8();
            if let Some(becomes) = letters.becomes(c, rest.clone().next()) {
                self.step_from(at, &mut in_step);
                self.text.push(becomes);
                continue;
            }
            if is_invisible(c) {
                in_step = false;
                continue;
            }
            cluster.clear();
            cluster.push(c);
            let (marks, bytes) = gather_marks(&text[byte..], &mut cluster);
            position += marks;
            byte += bytes;
            self.push_cluster(&cluster, at, position - at);
            in_step = false;
        }
        self.original_chars = position;
    }

    /// Begins a one-to-one run at the original character `at`, unless one goes on.
    fn step_from(&mut self, at: u32, in_step: &mut bool) {
        if !*in_step {
            self.runs.push(Run { start: self.text.len() as u32, original: at, cluster: None });
            *in_step = true;
        }
    }

    fn push_cluster(&mut self, cluster: &str, at: u32, len: u32) {
        let start = self.text.len() as u32;
        let mut last = '\0';
        for c in cluster.nfkc().flat_map(char::to_lowercase) {
            // `İ` lowers to `i` and a dot that would only hide the `i`.
            if !(is_invisible(c) || c == '\u{307}' && last == 'i') {
                self.text.push(fold(c));
                last = c;
            }
        }
        if self.text.len() as u32 > start {
            self.runs.push(Run { start, original: at, cluster: Some(len) });
        }
    }

    fn fold_lookalikes(&mut self) {
        let replaced = lookalike::replacements(&self.text);
        if replaced.is_empty() {
            return;
        }
        let mut out = String::with_capacity(self.text.len() + replaced.len());
        let (mut copied, mut run) = (0, 0);
        for (at, letter) in replaced {
            self.shift_runs(&mut run, at, copied, out.len());
            out.push_str(&self.text[copied..at]);
            // The replaced letter itself may begin a run.
            self.shift_runs(&mut run, at + 1, at, out.len());
            let old = self.text[at..].chars().next().map_or(1, char::len_utf8);
            out.push(letter);
            copied = at + old;
        }
        self.shift_runs(&mut run, self.text.len() + 1, copied, out.len());
        out.push_str(&self.text[copied..]);
        self.text = out;
    }

    /// Moves the runs that start in `[from, until)` of the old text to their place in the new one.
    fn shift_runs(&mut self, run: &mut usize, until: usize, from: usize, to: usize) {
        while let Some(r) = self.runs.get_mut(*run).filter(|r| (r.start as usize) < until) {
            r.start = (r.start as usize - from + to) as u32;
            *run += 1;
        }
    }

    /// A cursor that translates positions back to the original, for positions asked in growing order.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor { normalised: self, run: 0, byte: 0, chars: 0 }
    }
}

/// How many bytes from the start are ASCII that is kept as it is but for its case.
fn plain_ascii(bytes: &[u8]) -> usize {
    const WIDTH: usize = 64;
    let plain = |b: u8| matches!(b, b'\t'..=b'\r' | b' '..=b'_' | b'a'..=b'~');
    // Between letters of another script stands a space or two.
    if let Some(end) = bytes.iter().take(4).position(|&b| !plain(b)) {
        return end;
    }
    // Many at a time, without a branch for each: so wide that the compiler uses vectors.
    let all_plain = |chunk: &&[u8; WIDTH]| chunk.iter().fold(1, |all, &b| all & u8::from(plain(b))) == 1;
    let whole = bytes.as_chunks::<WIDTH>().0.iter().take_while(all_plain).count() * WIDTH;
    whole + bytes[whole..].iter().position(|&b| !plain(b)).unwrap_or(bytes.len() - whole)
}

/// Adds the marks that follow a letter to its cluster; invisible characters between them are passed over. Gives the
/// characters and bytes read.
fn gather_marks(rest: &str, cluster: &mut String) -> (u32, usize) {
    let (mut chars, mut bytes) = (0, 0);
    let (mut pending_chars, mut pending_bytes) = (0, 0);
    let mut kept = 1;
    for c in rest.chars() {
        pending_chars += 1;
        pending_bytes += c.len_utf8();
        if is_invisible(c) && pending_chars <= LONGEST_CLUSTER as u32 {
            // Taken along only if something that combines follows; otherwise dropped on its own turn.
            continue;
        }
        if is_invisible(c) || kept >= LONGEST_CLUSTER || !continues_cluster(c) {
            break;
        }
        cluster.push(c);
        kept += 1;
        chars += pending_chars;
        bytes += pending_bytes;
        (pending_chars, pending_bytes) = (0, 0);
    }
    (chars, bytes)
}

/// Whether NFKC keeps `c`, standing alone, as it is, and `c` can begin a cluster.
fn is_plain(c: char) -> bool {
    match c {
        // The blocks most text beyond [`Letters`] is made of: Arabic letters, punctuation, Han.
        '\u{621}'..='\u{63a}'
        | '\u{641}'..='\u{64a}'
        | '\u{2012}'..='\u{2016}'
        | '\u{2018}'..='\u{2023}'
        | '\u{4e00}'..='\u{9fff}' => true,
        _ => is_kept(c),
    }
}

/// As [`is_plain`], by the tables of Unicode.
fn is_kept(c: char) -> bool {
    is_nfkc_quick(once(c)) == IsNormalized::Yes && canonical_combining_class(c) == 0
}

/// Translates byte positions of the normalised text to original offsets in one pass.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    normalised: &'a Normalised,
    run: usize,
    byte: usize,
    chars: u32,
}

impl Cursor<'_> {
    /// The original range of the normalised bytes `start..end`.
    ///
    /// `start` and `end` must lie on character boundaries, `start < end`, and not before any position asked earlier.
    pub fn original(&mut self, start: usize, end: usize) -> (CharOffset, CharOffset) {
        if self.normalised.byte_by_byte {
            return (CharOffset(start as u32), CharOffset(end as u32));
        }
        let first = self.character(start).0;
        let runs = &self.normalised.runs;
        let in_one_run = runs.get(self.run + 1).is_none_or(|next| next.start as usize >= end);
        if in_one_run && runs.get(self.run).is_some_and(|run| run.cluster.is_none()) {
            let chars = self.count(end);
            return (CharOffset(first), CharOffset(runs[self.run].original + chars));
        }
        let last = self.normalised.text[..end].char_indices().next_back().map_or(start, |(i, _)| i);
        (CharOffset(first), CharOffset(self.character(last).1))
    }

    /// Original start and end of the character at `byte`.
    fn character(&mut self, byte: usize) -> (u32, u32) {
        let runs = &self.normalised.runs;
        while runs.get(self.run + 1).is_some_and(|next| next.start as usize <= byte) {
            self.run += 1;
            self.byte = runs[self.run].start as usize;
            self.chars = 0;
        }
        let Some(run) = runs.get(self.run) else { return (0, 0) };
        if let Some(len) = run.cluster {
            return (run.original, run.original + len);
        }
        if byte < self.byte {
            (self.byte, self.chars) = (run.start as usize, 0);
        }
        let chars = self.count(byte);
        (run.original + chars, run.original + chars + 1)
    }

    /// Goes to `byte` of the run at hand, and gives the characters of the run before it.
    fn count(&mut self, byte: usize) -> u32 {
        let passed = &self.normalised.text.as_bytes()[self.byte..byte];
        self.chars +=
            if passed.is_ascii() { passed.len() } else { passed.iter().filter(|&&b| b & 0xc0 != 0x80).count() } as u32;
        self.byte = byte;
        self.chars
    }
}

/// Normalises one string, for when the way back is not needed.
pub fn normalise(text: &str) -> String {
    let mut n = Normalised::default();
    n.assign(text);
    n.text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(text: &str) -> (String, Vec<(u32, u32)>) {
        let mut n = Normalised::default();
        n.assign(text);
        let mut cursor = n.cursor();
        let ranges = n
            .text
            .char_indices()
            .map(|(i, c)| {
                let (s, e) = cursor.original(i, i + c.len_utf8());
                (s.0, e.0)
            })
            .collect();
        (n.text, ranges)
    }

    #[test]
    fn short_answers_are_those_of_the_tables() {
        for c in '\0'..=char::MAX {
            assert_eq!((continues_cluster(c), is_plain(c)), (may_combine(c), is_kept(c)), "{c:?}");
            let standard: Vec<char> = c.to_lowercase().collect();
            assert_eq!(lower(c), (standard.len() == 1).then(|| standard[0]), "{c:?}");
        }
    }

    #[test]
    fn what_hides_is_removed_and_the_rest_keeps_its_place() {
        let (text, ranges) = map("Rus\u{200b}SIA");
        assert_eq!(text, "russia");
        assert_eq!(ranges, [(0, 1), (1, 2), (2, 3), (4, 5), (5, 6), (6, 7)]);
        assert_eq!(normalise("a\u{202e}b\0c"), "abc");
    }

    #[test]
    fn compositions_and_expansions_point_to_what_they_stand_for() {
        let (text, ranges) = map("e\u{301}x");
        assert_eq!((text.as_str(), ranges), ("éx", vec![(0, 2), (2, 3)]));
        let (text, ranges) = map("ﬁn");
        assert_eq!((text.as_str(), ranges), ("fin", vec![(0, 1), (0, 1), (1, 2)]));
        // An invisible character between letter and mark does not keep them apart.
        assert_eq!(map("e\u{200d}\u{301}").0, "é");
        assert_eq!(normalise("İstanbul"), "istanbul");
        assert_eq!(normalise("\u{1100}\u{1161}\u{11a8}"), "각");
        // The same from compatibility and half-width forms.
        assert_eq!(normalise("\u{3141}\u{ffca}"), "며");
    }

    #[test]
    fn borrowed_letters_go_back_to_their_script() {
        let (text, ranges) = map("Рutin – Pоссия");
        assert_eq!(text, "putin – россия");
        assert_eq!(ranges.len(), 14);
        assert!(ranges.iter().enumerate().all(|(i, &r)| r == (i as u32, i as u32 + 1)));
    }

    proptest! {
        #[test]
        fn ranges_lie_in_the_text_and_never_go_back(text in "\\PC*|[a-zа-яё\u{200b}\u{301}ﬁİ각\u{1161} .,#@'’]{0,40}") {
            let len = text.chars().count() as u32;
            let (_, ranges) = map(&text);
            let mut before = 0;
            for (s, e) in ranges {
                prop_assert!(s < e && e <= len && s >= before);
                before = s;
            }
        }

        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{0,30}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }
    }
}
