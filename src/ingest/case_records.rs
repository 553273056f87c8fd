//! Cases of record files, whatever encoding these are in.
//!
//! Which encoding that is is told line by line, as in a batch (`transcode`): a line that is not UTF-8 among lines that are
//! is damaged, and named. Rejected: decoding the whole file in the likeliest encoding (one bad byte would make mojibake of
//! every other line).

use std::io::{Cursor, Read};

use super::jsonl::{self, Records};
use super::transcode::{ReadAs, transcoded};
use super::window::Window;
use super::{case_table, kind};
use crate::cases::case::Case;
use crate::error::{BadRecord, RecordProblem};

/// How the cases are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One a line, as JSON.
    Lines,
    /// A table.
    Table,
}

/// How the records of a text are written; nothing where it is no text of records.
pub(crate) fn form_of(text: &str) -> Option<Form> {
    if text.trim_start().starts_with('{') {
        return Some(Form::Lines);
    }
    case_table::looks_like(text).then_some(Form::Table)
}

/// Cases, and the encoding they were read in, unless that was UTF-8.
pub(crate) type ReadCases = (Records<Case>, Option<&'static str>);

/// Reads the cases of a file that is called `name` in messages. Of two with one id both are given. A record with a
/// character that could not be read is a bad one.
pub(crate) fn read(bytes: Vec<u8>, form: Form, name: &str) -> Result<ReadCases, String> {
    let (bytes, read_as) = as_utf8(bytes).map_err(|e| format!("{name} cannot be read: {e}"))?;
    let mut records = match form {
        Form::Lines => jsonl::read_text_with_copies(&bytes, name).map_err(|e| e.to_string())?,
        Form::Table => case_table::read(&bytes, name)?,
    };
    if let Some(encoding) = read_as {
        let (lost, good) = records.good.into_iter().partition(|placed| is_lost(&placed.record));
        let lost: Vec<jsonl::Placed<Case>> = lost;
        let problem = || RecordProblem::Unreadable { encoding };
        records.good = good;
        records.bad.extend(lost.into_iter().map(|placed| BadRecord { place: placed.place, problem: problem() }));
        records.bad.sort_by_key(|bad| bad.place.line);
    }
    Ok((records, read_as))
}

/// Makes records UTF-8, except for lines of which it is not sure what they are in. The mark at the start is taken off.
fn as_utf8(bytes: Vec<u8>) -> std::io::Result<(Vec<u8>, Option<&'static str>)> {
    let read_as = ReadAs::default();
    let mut window = Window::new(Box::new(Cursor::new(bytes)), false);
    window.beginning(kind::HEAD)?;
    let mut out = Vec::new();
    transcoded(window, None, false, &read_as)?.into_reader().read_to_end(&mut out)?;
    if out.starts_with(b"\xef\xbb\xbf") {
        out.drain(..3);
    }
    Ok((out, read_as.get().copied()))
}

fn is_lost(case: &Case) -> bool {
    serde_json::to_string(case).is_ok_and(|json| json.contains('\u{fffd}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{WINDOWS_1251, WINDOWS_1252};

    fn ids(bytes: &[u8], form: Form) -> (Vec<String>, Vec<String>, Option<&'static str>) {
        let (records, read_as) = read(bytes.to_vec(), form, "f").unwrap();
        let good = records.good.iter().map(|p| format!("{}: {}", p.record.id, p.record.claim)).collect();
        (good, records.bad.iter().map(ToString::to_string).collect(), read_as)
    }

    #[test]
    fn a_bad_byte_costs_its_line_only() {
        let good = "{\"id\":\"g\",\"claim\":\"Größe aus Köln\"}\n";
        let bad: &[u8] = b"{\"id\":\"k\xffey\",\"claim\":\"a \xc3 byte\"}\n";
        // Damaged lines are no evidence of an encoding, though they hold many bytes that are not ASCII.
        let cut: &[u8] = b"{\"id\":\"c\xff\",\"claim\":\"Gr\xc3\xb6\xc3\x9fe \xc3\xbc\xc3\xa4\xc3\xb6\"}\n";
        for (text, line, at) in [
            ([bad, good.as_bytes()].concat(), 1, 8),
            ([good.as_bytes(), bad].concat(), 2, 8),
            ([b"\xef\xbb\xbf", good.as_bytes(), bad].concat(), 2, 8),
            ([cut, good.as_bytes()].concat(), 1, 8),
        ] {
            let (kept, problems, read_as) = ids(&text, Form::Lines);
            assert_eq!((kept, read_as), (vec!["g: Größe aus Köln".to_owned()], None));
            assert!(
                problems.len() == 1
                    && problems[0].starts_with(&format!("f:{line}: the line is not UTF-8 from byte {at} on")),
                "{problems:?}"
            );
        }
        let alone = ids(cut, Form::Lines);
        assert!(alone.0.is_empty() && alone.1.len() == 1 && alone.2.is_none(), "{alone:?}");
        let table = [&b"id,claim\nk\xffey,a claim\n"[..], "g,Größe aus Köln\n".as_bytes()].concat();
        let (kept, problems, read_as) = ids(&table, Form::Table);
        assert_eq!((kept, read_as), (vec!["g: Größe aus Köln".to_owned()], None));
        assert!(problems[0].starts_with("f:2: the line is not UTF-8 from byte 1 on"), "{problems:?}");
    }

    #[test]
    fn another_encoding_is_read_and_named() {
        let claims = ["Вакцина делает бесплодной", "Её слова: мёртвые голосуют в Туле"];
        let lines = claims.map(|c| format!("{{\"id\":\"ё\",\"claim\":\"{c}\"}}\n")).concat();
        let (kept, problems, read_as) = ids(&WINDOWS_1251.encode(&lines).0, Form::Lines);
        assert!(problems.is_empty() && kept == claims.map(|c| format!("ё: {c}")), "{kept:?} {problems:?}");
        assert_eq!(read_as, Some(WINDOWS_1251.name()));
        let table = "id;claim\nü;Windräder töten\nä;Tote Wähler in Köln, heißt es\nö;Größe\n";
        let (kept, _, read_as) = ids(&WINDOWS_1252.encode(table).0, Form::Table);
        assert!(kept.len() == 3 && kept[0] == "ü: Windräder töten" && read_as == Some(WINDOWS_1252.name()), "{kept:?}");
        let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(lines.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!((ids(&wide, Form::Lines).0.len(), ids(&wide, Form::Lines).2), (2, Some("UTF-16LE")));
        assert_eq!(ids(lines.as_bytes(), Form::Lines).2, None);
    }

    #[test]
    fn a_character_that_cannot_be_read_is_never_kept() {
        let line = |id: &str, claim: &[u16]| {
            let start = format!("{{\"id\":\"{id}\",\"claim\":\"");
            start.encode_utf16().chain(claim.iter().copied()).chain("\"}\n".encode_utf16()).collect::<Vec<u16>>()
        };
        let whole: Vec<u16> = "Größe".encode_utf16().collect();
        // Half of a character that takes two units.
        let torn = [&whole[..], &[0xd83d]].concat();
        let units = [vec![0xfeff], line("a", &whole), line("b", &torn), line("c", &whole)].concat();
        let bytes: Vec<u8> = units.into_iter().flat_map(u16::to_le_bytes).collect();
        let (kept, problems, read_as) = ids(&bytes, Form::Lines);
        assert_eq!((kept, read_as), (vec!["a: Größe".to_owned(), "c: Größe".to_owned()], Some("UTF-16LE")));
        assert!(
            problems[0].starts_with("f:2: ") && problems[0].contains("could not be read as UTF-16LE"),
            "{problems:?}"
        );
    }
}
