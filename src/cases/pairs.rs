//! What the ranker learns from: judged queries, or pairs that every case base holds for free.
//!
//! A title should find its own claim, and a claim its own title and disproof; the fields a query is taken from are
//! hidden from the search, and sometimes all but one: case bases differ in what they fill. A version of a case in another
//! language is a pair, too. Every query is also run with its case left out, so that the ranker learns what the best
//! candidate looks like when no case fits: most texts repeat no known case. Background texts say the same.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

use super::candidates::{ALL_FIELDS, Candidate, FieldMask, Query};
use super::case::{Case, Field};
use super::index::{CaseIndex, CaseNo};
use super::likeness::features;
use super::ranker::{Example, Ranker};
use super::related::RANKED;
use super::translations::Translations;
use crate::checksum::xxh64;
use crate::document::Language;
use crate::error::{Result, TrainingProblem};
use crate::text::analyser::sentences;

/// Candidates per query that become examples.
const EXAMPLES: usize = 30;

/// Candidates that become examples of a query whose case is left out.
const UNANSWERED: usize = 10;

/// A judged query.
#[derive(Debug, Clone)]
pub struct JudgedQuery {
    /// Its text.
    pub text: String,
    /// Its language, when known.
    pub language: Option<Language>,
    /// Ids of the cases that debunk it.
    pub relevant: FxHashSet<String>,
}

/// Learns a ranker from judged queries against the cases of `index`.
pub fn learn_judged(index: &CaseIndex, queries: &[JudgedQuery]) -> Result<Ranker> {
    let table = Arc::new(Translations::learn(index.iter(), &|_| true));
    let examples = queries.par_iter().enumerate().map_init(Query::default, |scratch, (number, q)| {
        scratch.translations = Some(Arc::clone(&table)).filter(|t| !t.is_empty());
        scratch.prepare_text(index, &q.text, &sentences(&q.text), q.language);
        let mut examples = Vec::new();
        collect(index, scratch, number, ALL_FIELDS, &|c| q.relevant.contains(&c.id), &|_| false, &mut examples);
        examples
    });
    fit(&examples.collect::<Vec<_>>().concat(), table)
}

/// Most cases that free pairs are taken from: more changes nothing and costs time.
const MOST_CASES: usize = 500;
/// Most cases whose versions in other languages are looked for.
const MOST_VERSIONS: usize = 1500;

/// Candidates of a text that repeats no case.
const CALIBRATING: usize = 5;
/// Most texts that repeat no case.
const MOST_OTHERS: usize = 800;

/// Where a free query comes from, and what the search may then see: title, claim, disproof, keywords.
const FREE: [(Field, FieldMask); 6] = [
    (Field::Title, [false, true, true, true]),
    (Field::Title, [false, true, false, false]),
    (Field::Claim, [true, false, true, true]),
    (Field::Claim, [true, false, false, false]),
    (Field::Claim, [false, false, true, false]),
    (Field::Disproof, [true, true, false, false]),
];

/// Learns a ranker from the free pairs of the cases of `index`, and from texts that repeat none of them.
pub fn learn_free(index: &CaseIndex, others: &[(&str, Option<Language>)]) -> Result<Ranker> {
    // Pairs of versions are searched with what the other half of the versions teaches: as good as it will be later.
    let halves = [0, 1].map(|half| Arc::new(Translations::learn(index.iter(), &|group| half_of(group) != half)));
    let numbers: Vec<CaseNo> = index.numbers().collect();
    let every = |most: usize| numbers.len().div_ceil(most).max(1);
    let (for_fields, for_versions) = (every(MOST_CASES), every(MOST_VERSIONS));
    let clear = clear_groups(index);
    let examples = numbers.par_iter().enumerate().map_init(Query::default, |scratch, (number, &at)| {
        let mut examples = Vec::new();
        let (fields, versions) = (number % for_fields == 0, number % for_versions == 0);
        if fields || versions {
            let case = index.case(at);
            let table = &halves[half_of(&case.group)];
            scratch.translations = Some(Arc::clone(table)).filter(|t| !t.is_empty());
            if fields {
                pairs_of_fields(index, scratch, number / for_fields, &case, &mut examples);
            }
            if versions && !table.is_empty() && clear.contains(&case.group) {
                pair_of_versions(index, scratch, number / for_versions, &case, &mut examples);
            }
        }
        examples
    });
    let mut examples = examples.collect::<Vec<_>>().concat();
    let step = others.len().div_ceil(MOST_OTHERS).max(1);
    let none =
        others.par_iter().step_by(step).enumerate().map_init(Query::default, |scratch, (number, (text, language))| {
            scratch.translations.clone_from(&Some(Arc::clone(&halves[number % 2])).filter(|t| !t.is_empty()));
            scratch.prepare_text(index, text, &sentences(text), *language);
            let mut examples = Vec::new();
            let found = scratch.candidates(index, ALL_FIELDS, RANKED);
            let rows = features(index, scratch, &found, ALL_FIELDS);
            examples.extend(rows.into_iter().take(CALIBRATING).map(|row| Example {
                query: number,
                row,
                same: false,
                calibrates: true,
            }));
            examples
        });
    examples.extend(none.collect::<Vec<_>>().concat());
    fit(&examples, Arc::new(Translations::learn(index.iter(), &|_| true)))
}

/// Each field of a case searches for the case by other fields.
fn pairs_of_fields(index: &CaseIndex, scratch: &mut Query, number: usize, case: &Case, examples: &mut Vec<Example>) {
    for (field, mask) in FREE {
        let text = case.field(field);
        let visible = || Field::ALL.into_iter().filter(|&f| mask[f as usize]).map(|f| case.field(f));
        if text.trim().is_empty() || visible().all(|t| t.trim().is_empty()) || visible().any(|t| t == text) {
            continue;
        }
        scratch.prepare_text(index, &text, &sentences(&text), case.own_language());
        // Versions of one case, and cases with the same words, are neither right nor wrong.
        let unclear = |c: &Case| c.id != case.id && (c.split_group() == case.split_group() || c.claim == case.claim);
        collect(index, scratch, number, mask, &|c| c.id == case.id, &unclear, examples);
    }
}

/// The claim of a case searches for its versions, one language at a time.
fn pair_of_versions(index: &CaseIndex, scratch: &mut Query, number: usize, case: &Case, examples: &mut Vec<Example>) {
    if case.claim.trim().is_empty() {
        return;
    }
    scratch.prepare_text(index, &case.claim, &sentences(&case.claim), case.own_language());
    let own = index.number(&case.id).and_then(|n| index.language(n));
    let found = scratch.candidates(index, ALL_FIELDS, ALL_LANGUAGES * RANKED);
    let language = |c: &Candidate| index.language(c.case);
    let mut languages: Vec<Language> = found.iter().filter_map(language).filter(|l| Some(*l) != own).collect();
    languages.sort_unstable();
    languages.dedup();
    for other in languages {
        let of_language = found.iter().copied().filter(|c| language(c) == Some(other)).take(RANKED);
        examples_of(index, scratch, number, ALL_FIELDS, of_language.collect(), &|c| c.group == case.group, examples);
    }
}

/// As many times the candidates are looked at to find the versions in each language.
const ALL_LANGUAGES: usize = 6;

/// Groups with several languages and one case in each. Where a group has more, it may hold several claims of one article,
/// and nothing says which is the version of which.
fn clear_groups(index: &CaseIndex) -> FxHashSet<String> {
    let mut languages: FxHashMap<String, Vec<String>> = FxHashMap::default();
    for case in index.iter().filter(|c| !c.group.is_empty()) {
        languages.entry(case.group.clone()).or_default().push(case.language.clone());
    }
    languages.retain(|_, list| {
        let cases = list.len();
        list.sort_unstable();
        list.dedup();
        cases > 1 && list.len() == cases
    });
    languages.into_keys().collect()
}

/// The half of the groups that one belongs to.
fn half_of(group: &str) -> usize {
    usize::from(xxh64(group.as_bytes()) & 1 == 1)
}

fn fit(examples: &[Example], table: Arc<Translations>) -> Result<Ranker> {
    if !examples.iter().any(|e| e.same) {
        return Err(TrainingProblem::NoPairs.into());
    }
    let translations = Some(table).filter(|t| !t.is_empty());
    Ok(Ranker { translations, ..Ranker::fit(examples)? })
}

/// Adds the examples of one prepared query: once with its case to be found, once with it left out.
fn collect(
    index: &CaseIndex,
    query: &mut Query,
    number: usize,
    mask: FieldMask,
    right: &dyn Fn(&Case) -> bool,
    unclear: &dyn Fn(&Case) -> bool,
    examples: &mut Vec<Example>,
) {
    let mut found: Vec<Candidate> = query.candidates(index, mask, RANKED);
    found.retain(|c| !unclear(&index.case(c.case)));
    examples_of(index, query, number, mask, found, right, examples);
}

fn examples_of(
    index: &CaseIndex,
    query: &mut Query,
    number: usize,
    mask: FieldMask,
    mut found: Vec<Candidate>,
    right: &dyn Fn(&Case) -> bool,
    examples: &mut Vec<Example>,
) {
    for left_out in [false, true] {
        if left_out {
            found.retain(|c| !right(&index.case(c.case)));
        }
        let rows = features(index, query, &found, mask);
        // Right and wrong ones are cut at the same rank: otherwise a low rank would speak for a case.
        for (candidate, row) in found.iter().zip(rows).take(if left_out { UNANSWERED } else { EXAMPLES }) {
            let same = !left_out && right(&index.case(candidate.case));
            examples.push(Example { query: number, row, same, calibrates: false });
        }
    }
}
