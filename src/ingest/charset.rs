//! Bytes of any encoding to text.
//!
//! What the bytes themselves say comes first: a byte-order mark, the zero bytes of UTF-16, valid UTF-8; only then a
//! guess by `chardetng`, the detector of Firefox. Rejected: guessing a legacy encoding as soon as one byte is not UTF-8
//! (a text cut in the middle of a letter would become mojibake from end to end), and detecting on the whole input (the
//! answer does not change after some kilobytes, the time does).

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

/// Most bytes shown to the detector, and to the test for UTF-16.
const SAMPLE: usize = 64 << 10;

/// ASCII kept on both sides of other bytes when the detector's sample is cut: letters next to foreign ones tell
/// encodings apart, and a byte that looks like ASCII may be the second half of a character.
const MARGIN: usize = 16;

/// Bytes of a page searched for the encoding it declares. The HTML standard looks at 1,024; real pages are later.
const HEAD: usize = 4096;

/// A text and how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without byte-order mark.
    pub text: String,
    /// Name of the encoding, as the WHATWG Encoding Standard spells it.
    pub encoding: &'static str,
    /// Characters that could not be read; each stands in `text` as U+FFFD.
    pub replaced: usize,
}

impl Decoded {
    /// Says what got lost, if anything.
    pub fn warning(&self) -> Option<String> {
        let lost = self.replaced;
        (lost > 0).then(|| format!("{lost} characters could not be read as {}; save the text as UTF-8", self.encoding))
    }
}

/// Reads `bytes` in the encoding they are most likely in. Never fails; see [`Decoded::replaced`] for what was lost.
///
/// ```
/// let read = leitmotif::ingest::charset::decode(b"\xff\xfeN\0A\0T\0O\0");
/// assert_eq!((read.text.as_str(), read.encoding, read.replaced), ("NATO", "UTF-16LE", 0));
/// ```
pub fn decode(bytes: &[u8]) -> Decoded {
    marked_or_wide(bytes).unwrap_or_else(|| decode_narrow(bytes))
}

/// Reads a page: like [`decode`], but the encoding it declares in `<meta>` or `<?xml … ?>` wins over a guess.
///
/// A declaration that the bytes contradict (UTF-8 beyond doubt, or more than one character in a hundred unreadable in
/// the declared encoding) is ignored: pages are re-encoded by tools that leave the declaration alone.
pub fn decode_html(bytes: &[u8]) -> Decoded {
    if let Some(decoded) = marked_or_wide(bytes) {
        return decoded;
    }
    let Some(declared) = declared_encoding(bytes) else { return decode_narrow(bytes) };
    if declared == UTF_8 || (!bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()) {
        return decode_narrow(bytes);
    }
    let as_declared = decode_as(declared, bytes);
    if as_declared.replaced * 100 <= bytes.len() {
        return as_declared;
    }
    let guessed = decode_narrow(bytes);
    if guessed.replaced < as_declared.replaced { guessed } else { as_declared }
}

/// What needs no guess: a byte-order mark, or UTF-16 that its zero bytes give away.
fn marked_or_wide(bytes: &[u8]) -> Option<Decoded> {
    if let Some((encoding, mark)) = marked_encoding(bytes) {
        return Some(decode_as(encoding, &bytes[mark..]));
    }
    wide_encoding(bytes).map(|encoding| decode_as(encoding, bytes))
}

/// The encoding that a byte-order mark names, and the length of the mark.
pub(crate) fn marked_encoding(bytes: &[u8]) -> Option<(&'static Encoding, usize)> {
    Encoding::for_bom(bytes)
}

/// Everything but UTF-16.
fn decode_narrow(bytes: &[u8]) -> Decoded {
    decode_as(narrow_encoding(bytes), bytes)
}

/// The encoding of bytes that are not UTF-16.
pub(crate) fn narrow_encoding(bytes: &[u8]) -> &'static Encoding {
    // ISO-2022-JP is ASCII throughout; its escapes are all there is to see.
    let escapes = bytes.is_ascii() && bytes.windows(2).any(|w| w == b"\x1b$");
    if !escapes && is_utf8(bytes) { UTF_8 } else { guess(bytes) }
}

/// Whether bytes are UTF-8, whole or damaged.
pub(crate) fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() || is_damaged_utf8(bytes)
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let (text, malformed) = encoding.decode_without_bom_handling(bytes);
    let replaced = if malformed { text.matches('\u{fffd}').count() } else { 0 };
    Decoded { text: text.into_owned(), encoding: encoding.name(), replaced }
}

/// Whether text that is not valid UTF-8 is UTF-8 nonetheless, cut or corrupted here and there.
///
/// Legacy text holds valid multi-byte sequences only by accident, so they must outnumber the errors: ten to one, or by
/// any margin where less than one byte in a hundred is wrong, or where only the end is cut.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let only_cut = std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none());
    let Sequences { valid, errors, wrong } = Sequences::of(bytes);
    errors * 10 <= valid || ((only_cut || wrong * 100 < bytes.len()) && errors < valid)
}

/// Whether bytes hold more valid multi-byte sequences of UTF-8 than errors. Too little to read them as UTF-8; but nobody
/// should take them for something else who can ask for them to be mended.
#[cfg(feature = "batch")]
pub(crate) fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let Sequences { valid, errors, .. } = Sequences::of(bytes);
    errors < valid
}

/// What bytes hold as UTF-8.
#[derive(Default)]
struct Sequences {
    /// Multi-byte sequences.
    valid: usize,
    /// Stretches that are none.
    errors: usize,
    /// Bytes of these.
    wrong: usize,
}

impl Sequences {
    fn of(bytes: &[u8]) -> Self {
        let mut out = Self::default();
        for chunk in bytes.utf8_chunks() {
            // Lead bytes of multi-byte sequences.
            out.valid += chunk.valid().bytes().filter(|&b| b >= 0xc0).count();
            out.errors += usize::from(!chunk.invalid().is_empty());
            out.wrong += chunk.invalid().len();
        }
        out
    }
}

/// Guesses the encoding of bytes that are not UTF-8.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let (mut at, mut left) = (0, SAMPLE);
    while at < bytes.len() && left > 0 {
        // One stretch: from shortly before a telling byte to where only ASCII follows for a while.
        let Some(first) = bytes[at..].iter().position(|&b| is_telling(b)) else { break };
        let start = at + first.saturating_sub(MARGIN);
        let (mut end, mut quiet) = (at + first, 0);
        while end < bytes.len() && quiet < 2 * MARGIN && end - start < left {
            quiet = if is_telling(bytes[end]) { 0 } else { quiet + 1 };
            end += 1;
        }
        detector.feed(&bytes[start..end], false);
        left -= (end - start).min(left);
        at = end;
    }
    // A sample may be UTF-8 although the whole is not.
    let guessed = detector.guess(None, Utf8Detection::Allow);
    if guessed == REPLACEMENT { UTF_8 } else { guessed }
}

fn is_telling(byte: u8) -> bool {
    byte >= 0x80 || byte == 0x1b
}

/// UTF-16 without a byte-order mark, if the bytes are that.
///
/// Only bytes that no other text encoding uses can give it away: zeros, and the small numbers that are the upper halves
/// of alphabetic scripts (Cyrillic is 04). They have to stand on one side of the pairs, and read that way nearly every
/// unit has to be a letter, a digit, a sign or white space.
pub(crate) fn wide_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    if sample.len() < 2 || !sample.iter().any(|&b| is_upper_half(b)) {
        return None;
    }
    // English read in pairs is full of Chinese; Chinese in UTF-16 is hardly ever valid UTF-8.
    let may_be_chinese = std::str::from_utf8(sample).is_err_and(|e| e.error_len().is_some());
    let little = wide_share(sample, u16::from_le_bytes, may_be_chinese);
    let big = wide_share(sample, u16::from_be_bytes, may_be_chinese);
    match (little >= PLAUSIBLE, big >= PLAUSIBLE) {
        (false, false) => None,
        (true, true) if (little - big).abs() < f64::EPSILON => None,
        _ => Some(if little > big { UTF_16LE } else { UTF_16BE }),
    }
}

/// Least share of units that must be text.
const PLAUSIBLE: f64 = 0.95;

/// Zero, and controls that no other text holds. White space and the escapes of ISO-2022 are among the upper halves too
/// (Devanagari is 09), but prove nothing.
fn is_upper_half(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0e..=0x1a)
}

/// The share of 16-bit units that are text, or 0 where too little speaks for UTF-16 at all.
fn wide_share(sample: &[u8], unit: fn([u8; 2]) -> u16, may_be_chinese: bool) -> f64 {
    let (mut units, mut latin, mut east_asian, mut upper_halves) = (0u32, 0u32, 0u32, 0u32);
    let (mut spaces, mut wide_spaces) = (0u32, 0u32);
    let mut blocks = [0u32; 256];
    for pair in sample.chunks_exact(2) {
        let unit = unit([pair[0], pair[1]]);
        let [upper, lower] = unit.to_be_bytes();
        units += 1;
        upper_halves += u32::from(is_upper_half(upper));
        if matches!(lower, b' ' | b'\n') {
            spaces += 1;
            wide_spaces += u32::from(upper == 0);
        }
        match unit {
            0x09 | 0x0a | 0x0d | 0x20..=0x7e | 0xa0..=0xff | 0x2001..=0x20bf | 0x2116 => latin += 1,
            0x3000..=0x30ff | 0x4e00..=0x9fff | 0xac00..=0xd7a3 | 0xff01..=0xff5e => east_asian += 1,
            _ => blocks[usize::from(upper)] += u32::from(upper != 0 && upper <= 0x1f),
        }
    }
    // One alphabet besides Latin; it may spread over two blocks of 256.
    let mut alphabet = 0;
    for pair in blocks.windows(2) {
        alphabet = alphabet.max(pair[0] + pair[1]);
    }
    let alphabetic = upper_halves * 2 > units || (wide_spaces > 0 && (latin + alphabet) * 2 > units);
    let chinese = may_be_chinese && latin > 0 && wide_spaces * 2 >= spaces;
    match (alphabetic, chinese) {
        (_, true) => f64::from(latin + alphabet + east_asian) / f64::from(units),
        (true, false) => f64::from(latin + alphabet) / f64::from(units),
        (false, false) => 0.0,
    }
}

/// The encoding a page declares in its first kilobytes.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head: String = bytes.iter().take(HEAD).map(|b| char::from(b.to_ascii_lowercase())).collect();
    let mut rest = head.as_str();
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if rest.starts_with("<!--") {
            rest = &rest[rest.find("-->")?..];
            continue;
        }
        let end = rest.find('>').unwrap_or(rest.len());
        let (tag, after) = rest.split_at(end.max(1));
        let label = match tag {
            _ if tag.starts_with("<meta") => value_of(tag, "charset"),
            _ if tag.starts_with("<?xml") => value_of(tag, "encoding"),
            _ => None,
        };
        if let Some(encoding) = label.and_then(|label| Encoding::for_label(label.as_bytes())) {
            // A page whose declaration could be read as ASCII is not UTF-16, whatever it declares (HTML standard).
            let wide = encoding == UTF_16LE || encoding == UTF_16BE;
            return (encoding != REPLACEMENT).then_some(if wide { UTF_8 } else { encoding });
        }
        rest = after;
    }
    None
}

/// The value after `name =`, quoted or not.
fn value_of<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let after = &tag[tag.find(name)? + name.len()..];
    let value = after.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    value.split(|c: char| c.is_whitespace() || "\"';/?>".contains(c)).next().filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::*;
    use proptest::prelude::*;

    const RUSSIAN: &str = "Городской совет обсудил новый бюджет: дороги, школы и парки получат больше денег.";
    const CHINESE: &str = "市议会讨论了新的预算。\n道路、学校和公园将获得更多资金，共 12 项。\n";

    fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn read(bytes: &[u8]) -> (String, &'static str) {
        let decoded = decode(bytes);
        (decoded.text, decoded.encoding)
    }

    #[test]
    fn marks_and_utf8_come_first() {
        assert_eq!(read("\u{feff}Élan".as_bytes()), ("Élan".into(), "UTF-8"));
        assert_eq!(read(b"\xfe\xff\0N\0O"), ("NO".into(), "UTF-16BE"));
        assert_eq!(read(RUSSIAN.as_bytes()), (RUSSIAN.into(), "UTF-8"));
        assert_eq!(read(b""), (String::new(), "UTF-8"));
        assert_eq!(read(b"one\0two \0 three"), ("one\0two \0 three".into(), "UTF-8"));
        assert_eq!(read(b"padded\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").1, "UTF-8");
    }

    #[test]
    fn utf16_is_known_without_a_mark() {
        let greek = "Ο δήμος συζήτησε τον προϋπολογισμό.";
        let hindi = "नगर परिषद ने नए बजट पर चर्चा की।";
        let thai = "สภาเมืองหารือเรื่องงบประมาณใหม่";
        let georgian = "საბჭომ ახალი ბიუჯეტი განიხილა.";
        for text in
            ["The council met.", RUSSIAN, &RUSSIAN.to_uppercase(), "привет", CHINESE, greek, georgian, hindi, thai]
        {
            assert_eq!(read(&wide(text, u16::to_le_bytes)), (text.into(), "UTF-16LE"));
            assert_eq!(read(&wide(text, u16::to_be_bytes)), (text.into(), "UTF-16BE"));
        }
        // Cut in the middle of a unit.
        let mut cut = wide(RUSSIAN, u16::to_le_bytes);
        cut.pop();
        assert_eq!((decode(&cut).encoding, decode(&cut).replaced), ("UTF-16LE", 1));
    }

    #[test]
    fn legacy_encodings_are_guessed() {
        let polish = "Rada miasta omówiła nowy budżet: więcej pieniędzy dostaną drogi, szkoły i żłobki.";
        let german = "Der Stadtrat prüft das Budget; die Straßen hätten Vorrang, heißt es später.";
        for (encoding, text) in [
            (WINDOWS_1251, RUSSIAN),
            (KOI8_U, RUSSIAN),
            (WINDOWS_1252, german),
            (WINDOWS_1250, polish),
            (GBK, CHINESE),
            (BIG5, "市議會討論了新的預算，道路、學校和公園將獲得更多資金。"),
            (SHIFT_JIS, "市議会は新しい予算について話し合いました。"),
            (ISO_2022_JP, "市議会は新しい予算について話し合いました。"),
        ] {
            let bytes = encoding.encode(text).0;
            assert_eq!(read(&bytes), (text.into(), encoding.name()));
            // Also when much ASCII stands before.
            let late = [&b"Plain words. ".repeat(20_000), &*bytes].concat();
            assert!(decode(&late).text.ends_with(text), "{}", encoding.name());
        }
    }

    #[test]
    fn damaged_utf8_stays_utf8() {
        let mut bytes = RUSSIAN.repeat(3).into_bytes();
        bytes[40] = 0xff;
        bytes.pop();
        let decoded = decode(&bytes);
        assert_eq!((decoded.encoding, decoded.replaced), ("UTF-8", 2));
        // Cut in the middle of the last letter.
        assert_eq!(read(&"Привет".as_bytes()[..11]), ("Приве\u{fffd}".into(), "UTF-8"));
        // One stray byte of a legacy encoding in English is no UTF-8.
        assert_eq!(read(b"The caf\xe9 is closed."), ("The café is closed.".into(), "windows-1252"));
    }

    #[test]
    fn pages_say_what_they_are_in() {
        let page = |declaration: &str| format!("<html><head>{declaration}</head><body>Ёлки</body></html>");
        for declaration in [
            "<meta charset=windows-1251>",
            "<META CHARSET = 'cp1251' />",
            "<!-- <meta charset=koi8-r> --><meta http-equiv=Content-Type content=\"text/html; charset=windows-1251\">",
        ] {
            let bytes = WINDOWS_1251.encode(&page(declaration)).0.into_owned();
            assert!(decode_html(&bytes).text.contains("Ёлки"), "{declaration}");
        }
        // A declaration left behind by re-encoding, one that is nonsense, one that cannot be.
        for declaration in ["<meta charset=windows-1251>", "<meta charset=none>", "<meta charset=utf-16>"] {
            assert!(decode_html(page(declaration).as_bytes()).text.contains("Ёлки"), "{declaration}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let decoded = decode(&bytes);
            prop_assert!(decoded.replaced <= decoded.text.chars().count());
            decode_html(&bytes);
            decode_html(&[b"<meta charset=", &bytes[..]].concat());
        }

        #[test]
        fn valid_utf8_is_kept(text in "[^\0-\u{8}\u{e}-\u{1b}\u{feff}]{0,60}") {
            prop_assert_eq!(decode(text.as_bytes()), Decoded { text, encoding: "UTF-8", replaced: 0 });
        }
    }
}
