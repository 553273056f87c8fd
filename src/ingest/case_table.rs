//! Cases as a table, out and in: a column per field, lists joined by `; `.
//!
//! Rows are cut as those of `batch` are, so that a row with the wrong number of fields or a quote that never closes costs
//! its line and is named. The `csv` crate, which writes, was rejected for reading: it can do neither.

use std::io::Cursor;

use super::block::{Block, Records as _, Source};
use super::fields::FieldNames;
use super::jsonl::{Placed, Records};
use super::problem::InputProblem;
use super::table::{self, Fields, TableRecords};
use super::window::Window;
use crate::cases::case::Case;
use crate::error::{BadRecord, Place, RecordProblem};

/// Columns of the table, which are the fields of a case.
const COLUMNS: [&str; 13] = [
    "id",
    "title",
    "claim",
    "disproof",
    "narratives",
    "keywords",
    "language",
    "languages",
    "countries",
    "outlets",
    "published",
    "url",
    "group",
];

/// Between the values of a list in a cell.
const BETWEEN: &str = "; ";

/// How a formula begins. Such a cell would be run by a spreadsheet; an apostrophe before it makes it text.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The table of some cases: the columns above, then one for each field that the program does not know. Of those, what is no
/// text is written as JSON, and comes back as text.
#[cfg(feature = "web")]
pub(crate) fn write(cases: &[Case]) -> Result<Vec<u8>, csv::Error> {
    let guarded = |cell: String| if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell };
    let unknown: std::collections::BTreeSet<&String> = cases.iter().flat_map(|c| c.extra.keys()).collect();
    let mut out = csv::Writer::from_writer(Vec::new());
    let names = COLUMNS.map(str::to_owned).into_iter().chain(unknown.iter().copied().cloned());
    out.write_record(names.map(guarded))?;
    for c in cases {
        let list = |l: &Vec<String>| l.join(BETWEEN);
        let row = [
            c.id.clone(),
            c.title.clone(),
            c.claim.clone(),
            c.disproof.clone(),
            list(&c.narratives),
            list(&c.keywords),
            c.language.clone(),
            list(&c.languages),
            list(&c.countries),
            list(&c.outlets),
            c.published.clone(),
            c.url.clone(),
            c.group.clone(),
        ];
        let extra = unknown.iter().map(|&name| match c.extra.get(name) {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        out.write_record(row.into_iter().chain(extra).map(guarded))?;
    }
    out.into_inner().map_err(|e| e.into_error().into())
}

/// Names the claim as what a row must have; a title is known by its name.
fn by_claim() -> FieldNames {
    FieldNames { text: Some("claim".into()), ..FieldNames::default() }
}

/// Whether a text begins like a table of cases.
pub(crate) fn looks_like(text: &str) -> bool {
    table::looks_like_table(text.as_bytes(), &by_claim())
}

/// Reads the cases of a table, which is called `name` in messages. Of two rows with one id both are given.
pub(crate) fn read(text: &[u8], name: &str) -> Result<Records<Case>, String> {
    let open = |known: &FieldNames| {
        let window = Window::new(Box::new(Cursor::new(text.to_vec())), false);
        TableRecords::open(window, Source::named(name), known, text.len())
    };
    let opened = open(&FieldNames::default()).or_else(|_| open(&by_claim()));
    let says_what = |t: &TableRecords| {
        t.source().header.as_ref().is_some_and(|h| h.names.iter().any(|n| n == "title" || n == "claim"))
    };
    let Some(mut rows) = opened.ok().filter(says_what) else {
        return Err(format!(
            "the first line of {name} must name the columns, title or claim among them; known are {}",
            COLUMNS.join(", ")
        ));
    };
    let source = rows.source().clone();
    let mut out = Records::default();
    let Some(header) = &source.header else { return Ok(out) };
    let (mut block, mut fields, mut more) = (Block::default(), Fields::default(), true);
    while more {
        block.clear();
        block.begin(&source);
        more = rows.read(&mut block);
        let problems = block.take_problems();
        for (item, problem) in block.items.iter().zip(problems) {
            let place = Place { source: name.to_owned(), line: item.line };
            let case = problem.map_or(Ok(()), |problem| Err(problem.into())).and_then(|()| {
                let row = block.bytes_of(item);
                std::str::from_utf8(row).map_err(|e| RecordProblem::NotUtf8(e.valid_up_to()))?;
                fields.read(row, header.delimiter);
                case(&header.names, &fields)
            });
            match case {
                Ok(record) => out.good.push(Placed { place, record }),
                Err(problem) => out.bad.push(BadRecord { place, problem }),
            }
        }
    }
    Ok(out)
}

/// A cell without the apostrophe that makes a formula text.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell)
}

fn case(names: &[String], fields: &Fields) -> Result<Case, RecordProblem> {
    if fields.len() != names.len() {
        return Err(InputProblem::Uneven { found: fields.len(), expected: names.len() }.into());
    }
    let mut case = Case::default();
    for (name, cell) in names.iter().zip(fields.iter()) {
        // The row was checked before it was cut.
        let cell = String::from_utf8_lossy(cell);
        let cell = unguarded(&cell);
        let list = || cell.split(BETWEEN.trim()).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect();
        match unguarded(name) {
            "id" => cell.clone_into(&mut case.id),
            "title" => cell.clone_into(&mut case.title),
            "claim" => cell.clone_into(&mut case.claim),
            "disproof" => cell.clone_into(&mut case.disproof),
            "narratives" => case.narratives = list(),
            "keywords" => case.keywords = list(),
            "language" => cell.clone_into(&mut case.language),
            "languages" => case.languages = list(),
            "countries" => case.countries = list(),
            "outlets" => case.outlets = list(),
            "published" => cell.clone_into(&mut case.published),
            "url" => cell.clone_into(&mut case.url),
            "group" => cell.clone_into(&mut case.group),
            other if !cell.is_empty() => {
                case.extra.insert(other.to_owned(), cell.into());
            }
            _ => {}
        }
    }
    if case.id.trim().is_empty() { Err(RecordProblem::NoId) } else { Ok(case) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> (Vec<String>, Vec<String>) {
        let read = read(text.as_bytes(), "c.csv").unwrap();
        (
            read.good.into_iter().map(|p| p.record.id).collect(),
            read.bad.iter().map(|b| b.to_string().chars().take(36).collect()).collect(),
        )
    }

    #[cfg(feature = "web")]
    #[test]
    fn a_table_comes_back_as_it_went() {
        let case = Case {
            id: "a".into(),
            title: "The moon, \"hollow\"".into(),
            claim: "=The moon\nis hollow.".into(),
            disproof: "\tIt is not.".into(),
            narratives: vec!["n".into(), "m".into()],
            countries: vec!["Ukraine".into(), "Poland".into()],
            published: "2022-03-04".into(),
            url: "https://www.example.org/moon?x=1".into(),
            extra: [("desk".into(), "-north".into())].into_iter().collect(),
            ..Case::default()
        };
        let other = Case {
            id: "b".into(),
            title: "t".into(),
            extra: [("=sum".into(), serde_json::json!({"a": 1}))].into_iter().collect(),
            ..Case::default()
        };
        let text = String::from_utf8(write(&[case.clone(), other]).unwrap()).unwrap();
        assert!(text.contains("'=The moon") && text.contains("'=sum") && looks_like(&text));
        let back = read(text.as_bytes(), "c.csv").unwrap();
        assert_eq!((back.good[0].record.clone(), back.good[0].place.line, back.bad.len()), (case, 2, 0));
        assert_eq!(back.good[1].record.extra["=sum"], "{\"a\":1}");
    }

    #[test]
    fn a_row_that_does_not_fit_costs_itself_only() {
        let (good, bad) = ids("id,title,desk\na,t,north\nb,t\nc,t,x,y\n,t,\ne,t,\n");
        assert_eq!(good, ["a", "e"]);
        assert_eq!(
            bad,
            [
                "c.csv:3: the row has 2 fields, the h",
                "c.csv:4: the row has 4 fields, the h",
                "c.csv:5: the record has no `id`; giv"
            ]
        );
        let (good, bad) = ids("id,claim\na,\"open\nb,t\nc,\"a\nb\"\n");
        assert_eq!((good, bad), (vec!["b".into(), "c".into()], vec!["c.csv:2: a quoted field begins here ".into()]));
        let (good, bad) = ids("id,claim\na,t\nb,\"open\nc,t\n");
        assert_eq!((good, bad), (vec!["a".into(), "c".into()], vec!["c.csv:3: a quoted field begins here ".into()]));
        let desk = read(b"id;title;desk\na;t;north\n", "c.csv").unwrap();
        assert_eq!(desk.good[0].record.extra["desk"], "north");
    }

    #[test]
    fn only_a_table_of_cases_is_one() {
        assert!(looks_like("id,title\na,b\n") && looks_like("\u{feff}claim;id\n"));
        for other in ["", "Disinfo: The moon, it is said, is hollow\n", "a,b\n1,2\n", "{\"id\":1,\"title\":\"x\"}"] {
            assert!(!looks_like(other), "{other}");
        }
        assert!(read(b"a,b\n1,2\n", "c.csv").unwrap_err().contains("title or claim"));
    }
}
