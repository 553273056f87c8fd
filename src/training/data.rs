//! The records a model is trained on, gathered and checked.

use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::labels::Labels;
use crate::cases::case::Case;
use crate::cases::pairs::JudgedQuery;
use crate::checksum::sha256;
use crate::document::Language;
use crate::error::{BadRecord, Error, Place, RecordProblem, Result, TrainingProblem};
use crate::ingest::jsonl::{self, Placed};
use crate::ingest::judgements::{self, Unused};
use crate::ingest::unlabelled::{Unlabelled, read_texts};
use crate::learn::split::{day, iso};
use crate::model::manifest::DataSummary;
use crate::model::taxonomy::{Narrative, NarrativeNo, Taxonomy};
use crate::record::TextRecord;
use crate::text::language::detect;

/// The files to train on.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The taxonomy; without it the ids found in the records are a flat one.
    pub narratives: Option<PathBuf>,
    /// Case files.
    pub cases: Vec<PathBuf>,
    /// Labelled texts.
    pub texts: Vec<PathBuf>,
    /// Background texts.
    pub background: Vec<PathBuf>,
    /// Queries of the ranker, and their judgements.
    pub queries: Option<(PathBuf, PathBuf)>,
    /// Which cases make one claim in several languages.
    pub versions: Option<PathBuf>,
}

impl Sources {
    /// Refuses a file that stands in two places.
    fn check(&self) -> Result<()> {
        let queries = self.queries.iter().flat_map(|(q, j)| [q, j]).chain(&self.versions);
        let mut seen = BTreeSet::new();
        for path in self.narratives.iter().chain(&self.cases).chain(&self.texts).chain(&self.background).chain(queries)
        {
            if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                return Err(TrainingProblem::FileTwice(path.clone()).into());
            }
        }
        Ok(())
    }
}

/// Where the records of a [`TrainingData`] stand, list by list.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Of the narratives; empty without a taxonomy.
    pub narratives: Vec<Place>,
    /// Of the cases.
    pub cases: Vec<Place>,
    /// Of the texts.
    pub texts: Vec<Place>,
    /// Of the background texts.
    pub background: Vec<Place>,
}

/// Checked records.
#[derive(Debug, Default)]
pub struct TrainingData {
    /// The narratives.
    pub taxonomy: Taxonomy,
    /// The cases with their narratives by number.
    pub cases: Vec<(Case, Vec<NarrativeNo>)>,
    /// The texts with theirs.
    pub texts: Vec<(TextRecord, Vec<NarrativeNo>)>,
    /// Texts that carry none.
    pub background: Vec<TextRecord>,
    /// Judged queries.
    pub queries: Vec<JudgedQuery>,
    /// What of the files of queries teaches nothing.
    pub unused: Unused,
    /// By id of case the story it tells: cases of one story are versions of one claim. The ranker learns from them; what
    /// must be held out together says `group`.
    pub versions: FxHashMap<String, String>,
    /// Whether a file of versions was given of which no story is told in two languages: it teaches nothing across
    /// languages.
    pub idle_versions: bool,
    /// Where all these stand.
    pub places: Places,
    /// Cases that say nothing to learn from, having neither title nor claim. A large base gathered from the web always has
    /// some; they are named and counted, and nothing else is refused for them.
    pub set_aside: Vec<BadRecord>,
    /// Texts that do not say which narratives they carry; they are among those that carry none.
    pub unlabelled: Vec<Unlabelled>,
}

impl TrainingData {
    /// Reads and checks all files. Bad lines, unknown labels and a broken taxonomy are all listed in one error: a
    /// model trained without the records that failed would be another model than the one asked for.
    pub fn read(sources: &Sources) -> Result<Self> {
        let (data, bad) = Self::gather(sources)?;
        if bad.is_empty() { Ok(data) } else { Err(Error::Records(bad)) }
    }

    /// Reads what can be read, and lists what cannot: for whoever wants to see all problems at once. Only a file that
    /// cannot be opened, or is given twice, is an error.
    pub fn gather(sources: &Sources) -> Result<(Self, Vec<BadRecord>)> {
        sources.check()?;
        let mut bad = Vec::new();
        let narratives = optional::<Narrative>(sources.narratives.as_deref(), &mut bad)?;
        let cases = many::<Case>(&sources.cases, &mut bad)?;
        let versions = match &sources.versions {
            Some(path) => {
                let ids: FxHashSet<&str> = cases.iter().map(|c| c.record.id.as_str()).collect();
                judgements::read_versions(path, |case| ids.contains(case), &mut bad)?
            }
            None => FxHashMap::default(),
        };
        let (texts, unlabelled) = read_texts(&sources.texts)?;
        bad.extend(texts.bad);
        let texts = texts.good;
        let background = many::<TextRecord>(&sources.background, &mut bad)?;
        let (cases, empty): (Vec<_>, Vec<_>) = cases.into_iter().partition(|c| c.record.has_claim());
        let set_aside =
            (empty.iter()).map(|case| problem(case, RecordProblem::CaseWithoutClaim(case.record.id.clone()))).collect();
        for text in texts.iter().chain(&background).filter(|t| t.record.text.trim().is_empty()) {
            bad.push(problem(text, RecordProblem::EmptyText(text.record.id.clone())));
        }
        for text in background.iter().filter(|t| !t.record.narratives.is_empty()) {
            bad.push(problem(text, RecordProblem::LabelledBackground(text.record.id.clone())));
        }
        let mut places = Places::default();
        let mut labels = if let Some(records) = narratives {
            let (taxonomy, kept, more) = Taxonomy::mended(records.into_iter().map(|r| (r.place, r.record)).collect());
            bad.extend(more);
            places.narratives = kept;
            Labels::of(taxonomy)
        } else {
            let in_cases = cases.iter().flat_map(|c| &c.record.narratives);
            Labels::found(in_cases.chain(texts.iter().flat_map(|t| &t.record.narratives)))
        };
        let mut resolved = Vec::new();
        for c in cases {
            resolved.push((labels.resolve(&c.record.id, &c.record.narratives, &c.place, &mut bad), c));
        }
        let cases = split(resolved, &mut places.cases);
        let mut resolved = Vec::new();
        for t in texts {
            resolved.push((labels.resolve(&t.record.id, &t.record.narratives, &t.place, &mut bad), t));
        }
        let texts = split(resolved, &mut places.texts);
        let (queries, unused) = match &sources.queries {
            Some((queries, qrels)) => {
                let ids: FxHashSet<&str> = cases.iter().map(|c| c.0.id.as_str()).collect();
                judgements::read((queries, qrels), |case| ids.contains(case), &mut bad)?
            }
            None => Default::default(),
        };
        let background = background
            .into_iter()
            .map(|b| {
                places.background.push(b.place);
                b.record
            })
            .collect();
        let idle_versions = sources.versions.is_some() && !in_two_languages(&cases, &versions);
        let taxonomy = labels.taxonomy;
        let data = Self {
            taxonomy,
            cases,
            texts,
            background,
            queries,
            unused,
            versions,
            idle_versions,
            places,
            set_aside,
            unlabelled,
        };
        Ok((data, bad))
    }

    /// Whether any record carries a narrative.
    pub fn has_labels(&self) -> bool {
        self.cases.iter().any(|c| !c.1.is_empty()) || self.texts.iter().any(|t| !t.1.is_empty())
    }

    /// Counts, languages, dates and a hash over all of it.
    pub fn summary(&self) -> DataSummary {
        let mut hashed = String::new();
        let mut line = |json: serde_json::Result<String>| hashed.extend(json.into_iter().chain(["\n".to_owned()]));
        self.taxonomy.records().iter().for_each(|n| line(serde_json::to_string(n)));
        self.cases.iter().for_each(|c| line(serde_json::to_string(&c.0)));
        self.texts.iter().for_each(|t| line(serde_json::to_string(&t.0)));
        self.background.iter().for_each(|b| line(serde_json::to_string(b)));
        for q in &self.queries {
            let relevant: BTreeSet<&String> = q.relevant.iter().collect();
            line(serde_json::to_string(&(&q.text, relevant)));
        }
        self.versions.iter().collect::<BTreeSet<_>>().iter().for_each(|v| line(serde_json::to_string(v)));
        let mut languages = BTreeMap::new();
        let mut dates = BTreeSet::new();
        let cases = self.cases.iter().map(|(c, _)| (&c.language, &c.published, c.stated_claim()));
        let texts = self.texts.iter().map(|t| &t.0).chain(&self.background);
        let records = cases.chain(texts.map(|t| (&t.language, &t.published, t.text.as_str())));
        for (language, date, text) in records {
            // As every text is analysed: in the language detected where none is stated.
            let language = Language::lenient(language).or_else(|| detect(text));
            let code = language.map_or_else(|| "unknown".to_owned(), |l| l.to_string());
            *languages.entry(code).or_insert(0) += 1;
            dates.extend(day(date));
        }
        DataSummary {
            sha256: sha256(hashed.as_bytes()),
            cases: self.cases.len(),
            texts: self.texts.len(),
            background: self.background.len(),
            judged_queries: self.queries.len(),
            versions: self.versions.len(),
            idle_versions: self.idle_versions,
            set_aside: self.set_aside.len(),
            languages,
            published: dates.first().zip(dates.last()).map(|(&first, &last)| (iso(first), iso(last))),
        }
    }
}

/// Whether a story is told by cases in two languages. A case that states a `group` is a version by that, not by a story.
fn in_two_languages(cases: &[(Case, Vec<NarrativeNo>)], stories: &FxHashMap<String, String>) -> bool {
    let mut told: FxHashMap<&str, Language> = FxHashMap::default();
    let mut versions = cases.iter().map(|c| &c.0).filter(|c| c.group.is_empty());
    versions.any(|case| {
        let known = stories.get(&case.id).zip(case.own_language());
        known.is_some_and(|(story, language)| *told.entry(story).or_insert(language) != language)
    })
}

fn problem<T>(record: &Placed<T>, problem: RecordProblem) -> BadRecord {
    BadRecord { place: record.place.clone(), problem }
}

fn many<T: crate::record::Record>(paths: &[PathBuf], bad: &mut Vec<BadRecord>) -> Result<Vec<Placed<T>>> {
    let records = jsonl::read_all::<T>(paths)?;
    bad.extend(records.bad);
    Ok(records.good)
}

fn optional<T: crate::record::Record>(path: Option<&Path>, bad: &mut Vec<BadRecord>) -> Result<Option<Vec<Placed<T>>>> {
    path.map(|p| many(&[p.to_owned()], bad)).transpose()
}

/// Takes the places off.
fn split<T>(records: Vec<(Vec<NarrativeNo>, Placed<T>)>, places: &mut Vec<Place>) -> Vec<(T, Vec<NarrativeNo>)> {
    records
        .into_iter()
        .map(|(labels, placed)| {
            places.push(placed.place);
            (placed.record, labels)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_teach_only_what_is_told_in_two_languages() {
        let case = |id: &str, language: &str, group: &str| {
            let (id, language, group) = (id.into(), language.into(), group.into());
            (Case { id, language, group, ..Case::default() }, Vec::new())
        };
        let stories = |cases: &[&str]| cases.iter().map(|&c| (c.to_owned(), "moon".to_owned())).collect();
        let cases =
            [case("a", "en", ""), case("b", "en-GB", ""), case("c", "de", ""), case("d", "fr", "g"), case("e", "", "")];
        for (told, told_twice) in
            [(&[][..], false), (&["a", "b", "e"], false), (&["a", "c"], true), (&["a", "d"], false), (&["c"], false)]
        {
            assert_eq!(in_two_languages(&cases, &stories(told)), told_twice, "{told:?}");
        }
    }

    #[test]
    fn a_file_of_versions_that_teaches_nothing_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let [cases, versions] = ["cases.jsonl", "versions.tsv"].map(|name| folder.path().join(name));
        let lines = ["en", "de"].map(|l| format!("{{\"id\":\"{l}\",\"claim\":\"c\",\"language\":\"{l}\"}}\n"));
        std::fs::write(&cases, lines.concat()).unwrap();
        let mut sources = Sources { cases: vec![cases], ..Sources::default() };
        assert!(!TrainingData::read(&sources).unwrap().summary().idle_versions);
        sources.versions = Some(versions.clone());
        for (told, idle) in [("", true), ("moon\ten\n", true), ("moon\ten\nmoon\tde\n", false)] {
            std::fs::write(&versions, told).unwrap();
            assert_eq!(TrainingData::read(&sources).unwrap().summary().idle_versions, idle, "{told:?}");
        }
    }
}
