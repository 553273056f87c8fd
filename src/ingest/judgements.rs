//! Queries and their relevance judgements (TREC qrels).

use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::path::Path;

use super::jsonl::{self, Lines, open};
use crate::cases::pairs::JudgedQuery;
use crate::document::Language;
use crate::error::{BadRecord, Place, RecordProblem, Result};
use crate::record::TextRecord;

/// Relevant cases of one query, each with its grade, which is at least 1.
pub type Grades = FxHashMap<String, u32>;

/// Relevant cases by query, from `query 0 case relevance` lines; a relevance of 0 or less is none, and of several for one
/// case the highest counts. Bad lines are added to `bad`.
pub fn read_qrels(path: &Path, bad: &mut Vec<BadRecord>) -> Result<FxHashMap<String, Grades>> {
    let mut out: FxHashMap<String, Grades> = FxHashMap::default();
    let mut lines = Lines::new(open(path)?, path.display().to_string());
    while let Some((place, line)) = lines.next_line()? {
        match judgement(line) {
            Some((query, case, grade)) if grade > 0 => {
                let known = out.entry(query).or_default().entry(case).or_default();
                *known = grade.max(*known);
            }
            Some(_) => {}
            None => bad.push(bad_judgement(place)),
        }
    }
    Ok(out)
}

fn bad_judgement(place: Place) -> BadRecord {
    BadRecord { place, problem: RecordProblem::Judgement }
}

/// Query, case and grade, which is 0 for what is not relevant.
fn judgement(line: &[u8]) -> Option<(String, String, u32)> {
    let line = std::str::from_utf8(line).ok()?;
    let parts: Vec<&str> =
        if line.contains('\t') { line.split('\t').collect() } else { line.split_whitespace().collect() };
    let [query, _, case, relevance] = parts[..] else { return None };
    let relevance: i32 = relevance.trim().parse().ok()?;
    Some((query.to_owned(), case.to_owned(), u32::try_from(relevance).unwrap_or(0)))
}

/// What of queries and judgements teaches nothing, by id. A large set of judgements always has some; they are counted and
/// said, and nothing else is refused for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unused {
    /// Queries without words.
    pub empty: Vec<String>,
    /// Queries that no judgement calls relevant to a case.
    pub unjudged: Vec<String>,
    /// Judged queries that are not in the file of queries.
    pub no_query: Vec<String>,
    /// Cases that a judgement names and that are not among those to train on.
    pub no_case: Vec<String>,
}

impl Unused {
    /// One line for each kind that there is.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        const IDS: &str = "see whether the ids in both files are the same";
        let kinds = [
            (&self.empty, "queries without `text`, left out", "give them some, or call the field `text`"),
            (&self.unjudged, "queries without a relevant case in the judgements, left out", IDS),
            (&self.no_query, "judged queries that are not in the file of queries", IDS),
            (
                &self.no_case,
                "judged cases that are not among the cases",
                "give their file with --cases, or correct the ids",
            ),
        ];
        let line = |(ids, what, mend): (&Vec<String>, &str, &str)| {
            Some(format!("{what}: {}, the first \"{}\"; {mend}", ids.len(), ids.first()?))
        };
        kinds.into_iter().filter_map(line)
    }
}

/// Reads queries with their judgements about cases that are `known`; what teaches nothing is left out and named.
pub fn read(
    (queries, qrels): (&Path, &Path),
    known: impl Fn(&str) -> bool,
    bad: &mut Vec<BadRecord>,
) -> Result<(Vec<JudgedQuery>, Unused)> {
    let mut relevant = read_qrels(qrels, bad)?;
    let mut unused = Unused::default();
    let mut unknown = BTreeSet::new();
    for cases in relevant.values_mut() {
        cases.retain(|case, _| {
            known(case) || {
                unknown.insert(case.clone());
                false
            }
        });
    }
    unused.no_case.extend(unknown);
    let records = jsonl::read::<TextRecord>(queries)?;
    bad.extend(records.bad);
    let mut out = Vec::new();
    for q in records.good.into_iter().map(|placed| placed.record) {
        let judged = relevant.remove(&q.id);
        match judged.filter(|cases| !cases.is_empty()) {
            _ if q.text.trim().is_empty() => unused.empty.push(q.id),
            None => unused.unjudged.push(q.id),
            Some(relevant) => {
                let relevant: FxHashSet<String> = relevant.into_keys().collect();
                out.push(JudgedQuery { relevant, language: Language::lenient(&q.language), text: q.text });
            }
        }
    }
    unused.no_query.extend(relevant.into_keys().collect::<BTreeSet<_>>());
    Ok((out, unused))
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
    fn judgements_that_teach_nothing_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let queries = ["a", "b", "c", "d"]
            .map(|id| format!("{{\"id\":\"{id}\",\"text\":\"{}\"}}\n", if id == "b" { " " } else { id }));
        let queries = file("q.jsonl", &queries.concat());
        let qrels = file("r.tsv", "a 0 m 1\na 0 gone 1\nb 0 m 1\nc 0 gone 1\nx 0 m 1\nd 0 m 0\n");
        let mut bad = Vec::new();
        let (found, unused) = read((&queries, &qrels), |case| case == "m", &mut bad).unwrap();
        assert!(bad.is_empty() && found.len() == 1 && found[0].text == "a" && found[0].relevant.len() == 1);
        let ids = |ids: &[&str]| ids.iter().map(|&i| i.to_owned()).collect::<Vec<_>>();
        let expected =
            Unused { empty: ids(&["b"]), unjudged: ids(&["c", "d"]), no_query: ids(&["x"]), no_case: ids(&["gone"]) };
        assert_eq!(unused, expected);
        assert_eq!(unused.lines().count(), 4);
        let unjudged = "queries without a relevant case in the judgements, left out: 2, the first \"c\";";
        assert!(unused.lines().any(|l| l.starts_with(unjudged)));
    }

    #[test]
    fn tabs_or_spaces_and_nothing_else() {
        assert_eq!(judgement(b"q 1\t0\tc 1\t1"), Some(("q 1".into(), "c 1".into(), 1)));
        assert_eq!(judgement(b"q 0 c 3"), Some(("q".into(), "c".into(), 3)));
        for none in ["q 0 c 0", "q 0 c -2"] {
            assert_eq!(judgement(none.as_bytes()), Some(("q".into(), "c".into(), 0)));
        }
        for bad in ["q 0 c", "q 0 c x", "", "q\tc\t1"] {
            assert_eq!(judgement(bad.as_bytes()), None, "{bad}");
        }
    }
}
