//! Records in other encodings than UTF-8, made UTF-8 before they are cut.
//!
//! A byte-order mark and UTF-16 show in the first bytes. All other text is ASCII until the first byte that is not, so it
//! is passed through until there and judged by what follows (`charset`). Where that leads to a guess, lines that are
//! UTF-8 stay as they are: in files put together of several, a guess must not spoil what needs none. Rejected: judging
//! by the first bytes alone (a table may begin with many rows of plain English), and guessing for every line (a few
//! bytes prove nothing).

use encoding_rs::{CoderResult, Decoder, Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Read};
use std::sync::{Arc, OnceLock};

use super::charset;
use super::window::Window;

/// Bytes, from the first on that is not ASCII, by which an encoding is judged.
const SAMPLE: usize = 64 << 10;

/// Bytes read at a time, and the longest line that is looked at as a whole.
const PIECE: usize = 64 << 10;

/// Fewest bytes beyond ASCII that a guess may rest on; fewer may be damage.
const ENOUGH: usize = 8;

/// The encoding that an input turned out to be in, unless it is UTF-8.
pub(crate) type ReadAs = Arc<OnceLock<&'static str>>;

/// A window on the same stream as UTF-8. Nothing of `window` must have been consumed.
///
/// A `given` encoding is taken without a look, unless there is a byte-order mark; UTF-8 is then left as it is.
pub(crate) fn transcoded(
    window: Window,
    given: Option<&'static Encoding>,
    live: bool,
    read_as: &ReadAs,
) -> io::Result<Window> {
    let bytes = window.bytes();
    let marked = charset::marked_encoding(bytes);
    let known = match (marked, given) {
        (Some((encoding, mark)), _) => Some((encoding, mark)),
        (None, Some(given)) => Some((given, 0)),
        (None, None) => charset::wide_encoding(bytes).map(|wide| (wide, 0)),
    };
    let known = known.or_else(|| {
        // Its escapes are all that shows of it.
        let escapes = bytes.is_ascii() && charset::narrow_encoding(bytes) == ISO_2022_JP;
        escapes.then_some((ISO_2022_JP, 0))
    });
    let whole = uncut(bytes, window.ended());
    let is_utf8 = !whole.is_ascii() && std::str::from_utf8(whole).is_ok();
    let judge =
        |reader| -> Box<dyn Read + Send> { Box::new(Transcoder::new(reader, State::Ascii, live, Arc::clone(read_as))) };
    match known {
        Some((encoding, _)) if encoding == UTF_8 => Ok(window),
        Some((encoding, mark)) => {
            let _ = read_as.set(encoding.name());
            let mut reader = window.into_reader();
            reader.read_exact(&mut [0; 3][..mark])?;
            let decoding = State::Decoding(Box::new(Decoding::new(encoding, false, Vec::new())));
            Ok(Window::new(Box::new(Transcoder::new(reader, decoding, live, Arc::clone(read_as))), live))
        }
        None if bytes.is_ascii() && window.ended() => Ok(window),
        None if bytes.is_ascii() => Ok(window.map_reader(judge)),
        None if is_utf8 => Ok(window),
        None => Ok(Window::new(judge(window.into_reader()), live)),
    }
}

/// Gives a stream as UTF-8.
struct Transcoder {
    reader: Box<dyn Read + Send>,
    state: State,
    live: bool,
    read_as: ReadAs,
    /// What is to be given before anything else, and how much of it has been.
    held: Vec<u8>,
    at: usize,
    /// What stopped the reading, until everything before it has been given.
    failed: Option<io::Error>,
}

enum State {
    /// Nothing but ASCII so far.
    Ascii,
    /// Gathers bytes to judge by.
    Judging(Vec<u8>),
    /// UTF-8, or taken for it.
    Plain,
    /// Something else.
    Decoding(Box<Decoding>),
}

impl Transcoder {
    fn new(reader: Box<dyn Read + Send>, state: State, live: bool, read_as: ReadAs) -> Self {
        Self { reader, state, live, read_as, held: Vec::new(), at: 0, failed: None }
    }

    /// Reads more into `bytes`; `false` where nothing more comes.
    fn read_on(&mut self, bytes: &mut Vec<u8>) -> bool {
        let start = bytes.len();
        bytes.resize(start + PIECE, 0);
        loop {
            match self.reader.read(&mut bytes[start..]) {
                Ok(count) => {
                    bytes.truncate(start + count);
                    return count > 0;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    bytes.truncate(start);
                    self.failed = Some(e);
                    return false;
                }
            }
        }
    }

    /// Judges by `bytes`, which begin with the first that is not ASCII, and by what follows them.
    fn judge(&mut self, mut bytes: Vec<u8>) {
        let mut ended = false;
        while !ended && bytes.len() < SAMPLE && !(self.live && shows_early(&bytes)) {
            ended = !self.read_on(&mut bytes);
        }
        let sample = if self.live { early_sample(&bytes) } else { &bytes[..bytes.len().min(SAMPLE)] };
        let sample = uncut(sample, ended && sample.len() == bytes.len());
        let encoding = judged(sample);
        if encoding == UTF_8 {
            (self.held, self.at) = (bytes, 0);
            self.state = State::Plain;
            return;
        }
        let _ = self.read_as.set(encoding.name());
        let mut decoding = Decoding::new(encoding, true, bytes);
        decoding.advance(ended, &mut self.held);
        self.state = State::Decoding(Box::new(decoding));
    }
}

impl Read for Transcoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.at < self.held.len() {
                let count = buffer.len().min(self.held.len() - self.at);
                buffer[..count].copy_from_slice(&self.held[self.at..self.at + count]);
                self.at += count;
                return Ok(count);
            }
            self.held.clear();
            self.at = 0;
            if let Some(e) = self.failed.take() {
                return Err(e);
            }
            match std::mem::replace(&mut self.state, State::Plain) {
                State::Plain => {
                    self.held = Vec::new();
                    return self.reader.read(buffer);
                }
                State::Ascii => {
                    self.state = State::Ascii;
                    let count = self.reader.read(buffer)?;
                    let read = &buffer[..count];
                    if read.is_ascii() {
                        return Ok(count);
                    }
                    let first = read.iter().position(|b| !b.is_ascii()).unwrap_or(count);
                    self.state = State::Judging(read[first..].to_vec());
                    if first > 0 {
                        return Ok(first);
                    }
                }
                State::Judging(bytes) => self.judge(bytes),
                State::Decoding(mut decoding) => {
                    let ended = decoding.ended || !self.read_on(&mut decoding.raw);
                    if !decoding.ended {
                        decoding.advance(ended, &mut self.held);
                    }
                    self.state = State::Decoding(decoding);
                    if ended && self.held.is_empty() && self.failed.is_none() {
                        return Ok(0);
                    }
                }
            }
        }
    }
}

/// Whether a live stream, of which more may be long in coming, has come far enough to be judged: by its first
/// character beyond ASCII if that is UTF-8, by the line it stands in if not. Both are the same however the stream
/// is cut into pieces.
fn shows_early(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => !bytes.is_empty(),
        Err(e) if e.valid_up_to() > 0 => true,
        Err(e) => e.error_len().is_some() && memchr::memchr(b'\n', bytes).is_some(),
    }
}

fn early_sample(bytes: &[u8]) -> &[u8] {
    let valid = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
    let line = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    &bytes[..if valid > 0 { valid } else { line.min(SAMPLE) }]
}

/// The encoding of lines; UTF-8 where that is the encoding of most, or nothing is sure. Lines in UTF-8 are no evidence
/// for another encoding, and would lead the detector astray.
fn judged(sample: &[u8]) -> &'static Encoding {
    if charset::is_utf8(sample) {
        return UTF_8;
    }
    let (mut in_utf8, mut in_other, mut other) = (0, 0, Vec::new());
    for line in sample.split_inclusive(|&b| b == b'\n').filter(|l| !l.is_ascii()) {
        if is_utf8(line) {
            in_utf8 += 1;
        } else {
            in_other += 1;
            other.extend_from_slice(line);
        }
    }
    let telling = other.iter().filter(|b| !b.is_ascii()).count();
    if in_other <= in_utf8 || telling < ENOUGH { UTF_8 } else { charset::narrow_encoding(&other) }
}

/// Whether a line is UTF-8, though it be so damaged that it is going to be refused.
fn is_utf8(bytes: &[u8]) -> bool {
    charset::is_utf8(bytes) || charset::is_mostly_utf8(bytes)
}

/// Without a last character of UTF-8 that is cut, unless the text ends there.
fn uncut(bytes: &[u8], ended: bool) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(e) if e.error_len().is_none() && !ended => &bytes[..e.valid_up_to()],
        _ => bytes,
    }
}

/// A text on its way from its encoding.
struct Decoding {
    encoding: &'static Encoding,
    decoder: Decoder,
    /// Whether lines that are UTF-8 stay as they are.
    by_line: bool,
    /// Of a line that is taken in pieces, whether it is UTF-8, once that shows.
    line: Option<bool>,
    raw: Vec<u8>,
    ended: bool,
}

impl Decoding {
    fn new(encoding: &'static Encoding, guessed: bool, raw: Vec<u8>) -> Self {
        // Ends of lines are not to be found in the one, escapes go beyond them in the other.
        let by_line = guessed && ![UTF_16LE, UTF_16BE, ISO_2022_JP].contains(&encoding);
        let decoder = encoding.new_decoder_without_bom_handling();
        Self { encoding, decoder, by_line, line: None, raw, ended: false }
    }

    /// Decodes what there is, except for a line that may go on.
    fn advance(&mut self, ended: bool, out: &mut Vec<u8>) {
        self.ended = ended;
        let mut raw = std::mem::take(&mut self.raw);
        let mut rest = &raw[..];
        if self.by_line {
            while let Some(end) = memchr::memchr(b'\n', rest) {
                self.line(&rest[..=end], true, out);
                rest = &rest[end + 1..];
            }
            if ended || rest.len() >= PIECE {
                let piece = uncut(rest, ended);
                self.line(piece, ended, out);
                rest = &rest[piece.len()..];
            }
        } else {
            self.decode(rest, ended, out);
            rest = &[];
        }
        let left = raw.len() - rest.len();
        raw.drain(..left);
        self.raw = raw;
    }

    /// Takes a line, or a piece of one.
    fn line(&mut self, piece: &[u8], ends: bool, out: &mut Vec<u8>) {
        let is_utf8 = match self.line {
            None if piece.is_ascii() => return out.extend_from_slice(piece),
            None => is_utf8(piece),
            Some(is_utf8) => is_utf8,
        };
        self.line = (!ends).then_some(is_utf8);
        if is_utf8 {
            out.extend_from_slice(piece);
        } else {
            self.decode(piece, ends, out);
        }
    }

    fn decode(&mut self, mut bytes: &[u8], ends: bool, out: &mut Vec<u8>) {
        loop {
            let start = out.len();
            let room = self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(PIECE);
            out.resize(start + room, 0);
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut out[start..], ends);
            out.truncate(start + written);
            bytes = &bytes[read..];
            if result == CoderResult::InputEmpty {
                break;
            }
        }
        if ends {
            self.decoder = self.encoding.new_decoder_without_bom_handling();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::Drip;
    use super::*;
    use encoding_rs::{SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};
    use proptest::prelude::*;

    const RUSSIAN: &str = "Городской совет обсудил новый бюджет: дороги, школы и парки получат больше денег.\n";
    const GERMAN: &str = "Der Stadtrat prüft das Budget für die Straßen; über die Brücke heißt es später mehr.\n";

    fn read_with(
        bytes: &[u8],
        step: usize,
        live: bool,
        fails: bool,
        given: Option<&'static Encoding>,
    ) -> (Vec<u8>, Option<&'static str>, bool) {
        let read_as = ReadAs::default();
        let mut window = Window::new(Box::new(Drip::new(bytes, step).failing(fails)), live);
        let (mut out, mut failed) = (Vec::new(), window.beginning(16 << 10).is_err());
        let mut window = transcoded(window, given, live, &read_as).unwrap();
        loop {
            out.extend_from_slice(window.bytes());
            window.consume(usize::MAX);
            match window.more() {
                Ok(true) => {}
                Ok(false) => return (out, read_as.get().copied(), failed),
                Err(_) => failed = true,
            }
        }
    }

    fn read(bytes: &[u8]) -> (String, Option<&'static str>) {
        let (out, read_as, _) = read_with(bytes, usize::MAX, false, false, None);
        (String::from_utf8_lossy(&out).into_owned(), read_as)
    }

    fn as_windows(text: &str) -> Vec<u8> {
        WINDOWS_1251.encode(text).0.into_owned()
    }

    #[test]
    fn encodings_are_told_wherever_they_show() {
        let early = RUSSIAN.repeat(3);
        let late = format!("{}{}", "Plain words.\n".repeat(30_000), RUSSIAN.repeat(3));
        // The first byte that is not ASCII is the last of the first 256 KiB.
        let last = format!("{}\n{}", "x".repeat((256 << 10) - 2), RUSSIAN.repeat(3));
        for text in [&early, &late, &last, &RUSSIAN.repeat(4000)] {
            for live in [false, true] {
                for step in [1000, 4096, usize::MAX] {
                    let (out, read_as, _) = read_with(&as_windows(text), step, live, false, None);
                    assert!(out == text.as_bytes() && read_as == Some("windows-1251"), "{live} {step}");
                    let (out, read_as, _) = read_with(text.as_bytes(), step, live, false, None);
                    assert!(out == text.as_bytes() && read_as.is_none(), "{live} {step}");
                }
            }
            let wide: Vec<u8> =
                "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
            assert!(read(&wide) == ((*text).clone(), Some("UTF-16BE")));
            // Without a mark, cut in the middle of the last letter.
            assert!(read(&wide[2..wide.len() - 1]) == (text.trim_end().to_owned() + "\u{fffd}", Some("UTF-16BE")));
        }
    }

    #[test]
    fn lines_that_are_utf8_stay_so() {
        let german = WINDOWS_1252.encode(&GERMAN.repeat(3)).0.into_owned();
        let mixed = |count| [&*german, RUSSIAN.repeat(count).as_bytes()].concat();
        assert_eq!(read(&mixed(2)), (GERMAN.repeat(3) + &RUSSIAN.repeat(2), Some("windows-1252")));
        // Mostly UTF-8: then the others are bad.
        assert_eq!(read(&mixed(3)), (String::from_utf8_lossy(&mixed(3)).into_owned(), None));
        // In one long line, whatever comes first holds for all of it.
        let one = as_windows(&RUSSIAN.replace('\n', " ").repeat(5000));
        assert_eq!(
            read(&[b"x ".repeat(50_000), one].concat()).0,
            "x ".repeat(50_000) + &RUSSIAN.replace('\n', " ").repeat(5000)
        );
    }

    #[test]
    fn few_bytes_and_damage_are_no_encoding() {
        for text in [&b"half \xff\xfe way\n"[..], b"caf\xe9", b"\xff"] {
            let late = [&b"Plain words.\n".repeat(30_000), text].concat();
            for bytes in [text, &late] {
                let (out, read_as, _) = read_with(bytes, usize::MAX, false, false, None);
                assert!(out == bytes && read_as.is_none());
            }
        }
        let mut damaged = RUSSIAN.repeat(40).into_bytes();
        for at in [0, 40, 300] {
            damaged[at] = 0xff;
        }
        // What may be the start of an escape of ISO-2022-JP is none.
        let escape = [&b"cost: \x1b$5\n".repeat(30_000), RUSSIAN.as_bytes()].concat();
        for bytes in [damaged, escape] {
            let (out, read_as, _) = read_with(&bytes, usize::MAX, false, false, None);
            assert!(out == bytes && read_as.is_none());
        }
    }

    #[test]
    fn a_given_encoding_is_taken_and_a_mark_wins() {
        let given = |bytes: &[u8], encoding| {
            let (out, read_as, _) = read_with(bytes, 700, false, false, Some(encoding));
            (String::from_utf8(out).unwrap(), read_as)
        };
        let japanese = "市議会は新しい予算について話し合いました。".repeat(3000);
        let escaped = ISO_2022_JP.encode(&japanese).0.into_owned();
        assert!(read(&escaped) == (japanese.clone(), Some("ISO-2022-JP")));
        assert!(given(&SHIFT_JIS.encode(&japanese).0, SHIFT_JIS) == (japanese, Some("Shift_JIS")));
        assert_eq!(given(b"caf\xe9\n", WINDOWS_1252), ("café\n".into(), Some("windows-1252")));
        assert_eq!(given("\u{feff}Ёлки".as_bytes(), WINDOWS_1251), ("\u{feff}Ёлки".into(), None));
        assert_eq!(given(b"\xff\xfeN\0O\0", WINDOWS_1251), ("NO".into(), Some("UTF-16LE")));
        let (out, read_as, _) = read_with(&as_windows(RUSSIAN), 7, false, false, Some(UTF_8));
        assert!(out == as_windows(RUSSIAN) && read_as.is_none());
    }

    #[test]
    fn what_fails_fails_after_what_came_before() {
        for text in [RUSSIAN.to_owned(), RUSSIAN.repeat(5000), format!("{}{RUSSIAN}", "Plain words.\n".repeat(20_000))]
        {
            for bytes in [as_windows(&text), text.clone().into_bytes()] {
                for step in [500, 1 << 20] {
                    let (out, _, failed) = read_with(&bytes, step, false, true, None);
                    assert!(out == text.as_bytes() && failed, "{step}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(0xd0), Just(0x90)], 0..200),
            step in 1usize..9, live: bool,
        ) {
            let mut bytes = [&b"x\n"[..], &bytes].concat();
            if live {
                // Controls may be of an encoding that is told from all bytes at hand, and these depend on the pieces.
                bytes.retain(|&b| b >= b' ' || b == b'\n');
            }
            let one = read_with(&bytes, 1000, live, false, None);
            prop_assert_eq!(read_with(&bytes, step, live, false, None), one);
        }

        #[test]
        fn utf8_is_left_alone(text in "[^\0-\u{8}\u{e}-\u{1b}]{0,200}", step in 1usize..20, live: bool) {
            let text = format!("x\n{text}");
            let wide = |count| charset::wide_encoding(&text.as_bytes()[..count]).is_some();
            prop_assume!(!(0..=text.len()).any(wide));
            prop_assert_eq!(read_with(text.as_bytes(), step, live, false, None), (text.into_bytes(), None, false));
        }
    }
}
