//! Queries and their relevance judgements (TREC qrels).

use rustc_hash::{FxHashMap, FxHashSet};
use std::path::Path;

use super::jsonl::{self, Lines, open};
use crate::cases::pairs::JudgedQuery;
use crate::document::Language;
use crate::error::{BadRecord, Place, RecordProblem, Result};
use crate::record::TextRecord;

/// Relevant cases by query, from `query 0 case relevance` lines. Bad lines are added to `bad`.
pub fn read_qrels(path: &Path, bad: &mut Vec<BadRecord>) -> Result<FxHashMap<String, FxHashSet<String>>> {
    let mut out: FxHashMap<String, FxHashSet<String>> = FxHashMap::default();
    let mut lines = Lines::new(open(path)?, path.display().to_string());
    while let Some((place, line)) = lines.next_line()? {
        match judgement(line) {
            Some((query, case, true)) => {
                out.entry(query).or_default().insert(case);
            }
            Some((_, _, false)) => {}
            None => bad.push(bad_judgement(place)),
        }
    }
    Ok(out)
}

fn bad_judgement(place: Place) -> BadRecord {
    BadRecord { place, problem: RecordProblem::Judgement }
}

fn judgement(line: &[u8]) -> Option<(String, String, bool)> {
    let line = std::str::from_utf8(line).ok()?;
    let parts: Vec<&str> =
        if line.contains('\t') { line.split('\t').collect() } else { line.split_whitespace().collect() };
    let [query, _, case, relevance] = parts[..] else { return None };
    Some((query.to_owned(), case.to_owned(), relevance.trim().parse::<i32>().ok()? > 0))
}

/// Reads queries with their judgements; queries without a relevant case are left out.
pub fn read(queries: &Path, qrels: &Path, bad: &mut Vec<BadRecord>) -> Result<Vec<JudgedQuery>> {
    let mut relevant = read_qrels(qrels, bad)?;
    let records = jsonl::read::<TextRecord>(queries)?;
    bad.extend(records.bad);
    Ok(records
        .good
        .into_iter()
        .filter_map(|q| {
            Some(JudgedQuery {
                relevant: relevant.remove(&q.record.id)?,
                language: Language::lenient(&q.record.language),
                text: q.record.text,
            })
        })
        .collect())
}

/// Stories by id of case, from `story<TAB>case` lines: cases of one story make one claim in several languages. Bad lines, and
/// lines about cases that are not among `known`, are added to `bad`.
pub fn read_versions(
    path: &Path,
    known: impl Fn(&str) -> bool,
    bad: &mut Vec<BadRecord>,
) -> Result<FxHashMap<String, String>> {
    let mut out = FxHashMap::default();
    let mut lines = Lines::new(open(path)?, path.display().to_string());
    while let Some((place, line)) = lines.next_line()? {
        let parts = std::str::from_utf8(line).ok().and_then(|l| l.trim_end().split_once('\t'));
        match parts.filter(|p| !p.0.trim().is_empty() && !p.1.trim().is_empty() && !out.contains_key(p.1)) {
            Some((_, case)) if !known(case) => {
                bad.push(BadRecord { place, problem: RecordProblem::NoSuchCase(case.to_owned()) });
            }
            Some((story, case)) => {
                out.insert(case.to_owned(), story.to_owned());
            }
            None => bad.push(BadRecord { place, problem: RecordProblem::Version }),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_bad_lines_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("versions.tsv");
        std::fs::write(&path, "moon\tm-en\nmoon\tm-de\nmoon m-fr\nsun\tm-en\nmoon\tgone\n").unwrap();
        let mut bad = Vec::new();
        let found = read_versions(&path, |case| case != "gone", &mut bad).unwrap();
        assert_eq!((found.len(), found["m-en"].as_str(), found["m-de"].as_str()), (2, "moon", "moon"));
        assert_eq!(bad.iter().map(|b| b.place.line).collect::<Vec<_>>(), [3, 4, 5]);
    }

    #[test]
    fn tabs_or_spaces_and_nothing_else() {
        assert_eq!(judgement(b"q 1\t0\tc 1\t1"), Some(("q 1".into(), "c 1".into(), true)));
        assert_eq!(judgement(b"q 0 c 0"), Some(("q".into(), "c".into(), false)));
        for bad in ["q 0 c", "q 0 c x", "", "q\tc\t1"] {
            assert_eq!(judgement(bad.as_bytes()), None, "{bad}");
        }
    }
}
