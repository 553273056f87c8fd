//! What the ranker learns from: judged queries, and where those are few or none, pairs that every case base holds for free.
//!
//! A title should find its own claim, and a claim its own title and disproof; the fields a query is taken from are
//! hidden from the search, and sometimes all but one: case bases differ in what they fill. A version of a case in another
//! language is a pair, too. Every query is also run with its case left out, so that the ranker learns what the best
//! candidate looks like when no case fits: most texts repeat no known case. Background texts say the same.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

use super::appearances::{Appearance, Appearances};
use super::candidates::{ALL_FIELDS, Candidate, FieldMask, Query};
use super::case::{Case, Field};
use super::index::{CaseIndex, CaseNo};
use super::ranker::{Example, Ranker};
use super::related::{RANKED, rows};
use super::translations::Translations;
use crate::checksum::xxh64;
use crate::document::Language;
use crate::error::{Result, TrainingProblem};
use crate::text::analyser::sentences;

/// Candidates per query that become examples.
const EXAMPLES: usize = RANKED + 10;

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

/// Judged queries from which on they teach more alone than together with free pairs.
const ENOUGH: usize = 200;

/// Learns a ranker from judged queries against the cases of `index`; while they are fewer than [`ENOUGH`], from its free
/// pairs and from texts that repeat none of its cases, too. What words mean in other languages is learned from the groups
/// for which `translates` holds.
pub fn learn(
    index: &CaseIndex,
    queries: &[JudgedQuery],
    others: &[(&str, Option<Language>)],
    translates: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Ranker> {
    let table = table(index, translates);
    let appearances = appearances(queries);
    let mut examples = judged(index, queries, table.as_ref(), appearances.as_ref());
    if needs_free_pairs(queries.len()) {
        let free = self::free(index, others, translates, appearances.as_ref()).into_iter();
        examples.extend(free.map(|e| Example { query: e.query + queries.len(), ..e }));
    }
    if !examples.iter().any(|e| e.same) {
        return Err(TrainingProblem::NoPairs.into());
    }
    Ok(Ranker { translations: table, appearances, ..Ranker::fit(&examples)? })
}

/// Whether so few judged queries teach beside free pairs.
pub(crate) fn needs_free_pairs(judged: usize) -> bool {
    judged < ENOUGH
}

/// The texts of judged queries with the cases they repeat, in their order.
fn appearances(queries: &[JudgedQuery]) -> Option<Arc<Appearances>> {
    let appearance = |q: &JudgedQuery| {
        let mut cases: Vec<String> = q.relevant.iter().cloned().collect();
        cases.sort_unstable();
        let language = q.language.map_or(String::new(), |l| l.to_string());
        Appearance { text: q.text.clone(), language, cases }
    };
    let texts: Vec<Appearance> = queries.iter().map(appearance).collect();
    (!texts.is_empty()).then(|| Arc::new(Appearances::new(texts)))
}

/// The examples of judged queries, of which none knows of its own judgement.
fn judged(
    index: &CaseIndex,
    queries: &[JudgedQuery],
    table: Option<&Arc<Translations>>,
    appearances: Option<&Arc<Appearances>>,
) -> Vec<Example> {
    let examples = queries.par_iter().enumerate().map_init(Query::default, |scratch, (number, q)| {
        scratch.translations = table.cloned();
        scratch.compared.with(appearances, Some(number));
        scratch.prepare_text(index, &q.text, &sentences(&q.text), q.language);
        examples_of(index, scratch, number, ALL_FIELDS, &|c| Some(q.relevant.contains(&c.id)))
    });
    examples.collect::<Vec<_>>().concat()
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

/// The examples of the free pairs of the cases of `index`, and of texts that repeat none of them.
fn free(
    index: &CaseIndex,
    others: &[(&str, Option<Language>)],
    translates: &(dyn Fn(&str) -> bool + Sync),
    appearances: Option<&Arc<Appearances>>,
) -> Vec<Example> {
    // Pairs of versions are searched with what the other half of the versions teaches: as good as it will be later.
    let halves = [0, 1].map(|half| table(index, &|group| half_of(group) != half && translates(group)));
    let numbers: Vec<CaseNo> = index.numbers().collect();
    let every = |most: usize| numbers.len().div_ceil(most).max(1);
    let (for_fields, for_versions) = (every(MOST_CASES), every(MOST_VERSIONS));
    let clear = clear_groups(index);
    let examples = numbers.par_iter().enumerate().map_init(Query::default, |scratch, (number, &at)| {
        let mut examples = Vec::new();
        let (fields, versions) = (number % for_fields == 0, number % for_versions == 0);
        if fields || versions {
            let case = index.case(at);
            scratch.translations.clone_from(&halves[half_of(&case.group)]);
            scratch.compared.with(appearances, None);
            if fields {
                examples.extend(pairs_of_fields(index, scratch, number / for_fields, &case));
            }
            if versions && clear.contains(&case.group) {
                examples.extend(pairs_of_versions(index, scratch, number / for_versions, &case));
            }
        }
        examples
    });
    let mut examples = examples.collect::<Vec<_>>().concat();
    let step = others.len().div_ceil(MOST_OTHERS).max(1);
    let others = others.par_iter().step_by(step).enumerate();
    let calibrating = others.map_init(Query::default, |scratch, (query, (text, language))| {
        scratch.translations.clone_from(&halves[query % 2]);
        scratch.compared.with(appearances, None);
        scratch.prepare_text(index, text, &sentences(text), *language);
        let found = scratch.candidates(index, ALL_FIELDS, RANKED);
        let rows = rows(index, scratch, &found, ALL_FIELDS).into_iter().take(CALIBRATING);
        rows.map(|(row, known)| Example { query, row, known, same: false, without: true, calibrates: true })
            .collect::<Vec<_>>()
    });
    examples.extend(calibrating.collect::<Vec<_>>().concat());
    examples
}

/// What the groups of `wanted` names teach about words of other languages, if anything.
fn table(index: &CaseIndex, wanted: &dyn Fn(&str) -> bool) -> Option<Arc<Translations>> {
    Some(Translations::learn(index.iter(), wanted)).filter(|t| !t.is_empty()).map(Arc::new)
}

/// Each field of a case searches for the case by other fields.
fn pairs_of_fields(index: &CaseIndex, scratch: &mut Query, number: usize, case: &Case) -> Vec<Example> {
    let mut examples = Vec::new();
    for (field, mask) in FREE {
        let text = case.field(field);
        let visible = || Field::ALL.into_iter().filter(|&f| mask[f as usize]).map(|f| case.field(f));
        if text.trim().is_empty() || visible().all(|t| t.trim().is_empty()) || visible().any(|t| t == text) {
            continue;
        }
        scratch.prepare_text(index, &text, &sentences(&text), case.own_language());
        // Versions of one case, and cases with the same words, are neither right nor wrong.
        let right = |c: &Case| {
            let unclear = c.id != case.id && (c.split_group() == case.split_group() || c.claim == case.claim);
            (!unclear).then_some(c.id == case.id)
        };
        examples.extend(examples_of(index, scratch, number, mask, &right));
    }
    examples
}

/// The claim of a case searches for its versions, one language at a time.
fn pairs_of_versions(index: &CaseIndex, scratch: &mut Query, number: usize, case: &Case) -> Vec<Example> {
    if case.claim.trim().is_empty() {
        return Vec::new();
    }
    scratch.prepare_text(index, &case.claim, &sentences(&case.claim), case.own_language());
    let own = index.number(&case.id).and_then(|n| index.language(n));
    let found = scratch.candidates(index, ALL_FIELDS, ALL_LANGUAGES * RANKED);
    let language = |c: &Candidate| index.language(c.case);
    let mut languages: Vec<Language> = found.iter().filter_map(language).filter(|l| Some(*l) != own).collect();
    languages.sort_unstable();
    languages.dedup();
    let mut examples = Vec::new();
    for other in languages {
        let of_language = found.iter().copied().filter(|c| language(c) == Some(other)).take(RANKED);
        let judged = of_language.map(|c| (c, index.case(c.case).group == case.group)).collect();
        twice(index, scratch, number, ALL_FIELDS, judged, &mut examples);
    }
    examples
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

/// The examples of a prepared query. `right` says whether a case is the one to be found; nothing where that is unclear.
fn examples_of(
    index: &CaseIndex,
    query: &mut Query,
    number: usize,
    mask: FieldMask,
    right: &dyn Fn(&Case) -> Option<bool>,
) -> Vec<Example> {
    let found = query.candidates(index, mask, RANKED);
    let judged = found.into_iter().filter_map(|c| Some((c, right(&index.case(c.case))?))).collect();
    let mut examples = Vec::new();
    twice(index, query, number, mask, judged, &mut examples);
    examples
}

/// Adds the examples of one query and its judged candidates: once as they are, once with the right ones left out.
fn twice(
    index: &CaseIndex,
    query: &Query,
    number: usize,
    mask: FieldMask,
    mut judged: Vec<(Candidate, bool)>,
    examples: &mut Vec<Example>,
) {
    // Right and wrong ones are cut at the same rank: otherwise a low rank would speak for a case.
    for most in [EXAMPLES, UNANSWERED] {
        let found: Vec<Candidate> = judged.iter().map(|j| j.0).collect();
        let rows = rows(index, query, &found, mask).into_iter().zip(&judged).take(most);
        let without = most == UNANSWERED;
        examples.extend(rows.map(|((row, known), j)| Example {
            query: number,
            row,
            known,
            same: j.1,
            without,
            calibrates: false,
        }));
        judged.retain(|j| !j.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two versions each of many claims: names are the same, nearly all other words are not.
    fn versions() -> Vec<Case> {
        let case = |id: String, group: &str, language: &str, claim: String| Case {
            id,
            group: group.into(),
            language: language.into(),
            claim,
            ..Case::default()
        };
        let names = ["Kalvorn", "Ostrelia", "Dunmarsk", "Velidore", "Harquist", "Tolmenia", "Brasko", "Wendrell"];
        let english = ["sold the bridge to", "poisoned the well of", "hid the gold of", "burned the harvest near"];
        let german = [
            "verkaufte die Brücke an",
            "vergiftete den Brunnen von",
            "versteckte das Gold von",
            "verbrannte die Ernte bei",
        ];
        let mut cases = Vec::new();
        for (i, first) in names.iter().enumerate() {
            for (j, second) in names.iter().enumerate().filter(|other| other.0 != i) {
                let (group, deed) = (format!("story-{i}-{j}"), (i + j) % 4);
                let by = |words: &str, what: &str| format!("{first} {words} {second}, {what}");
                cases.push(case(
                    format!("{group}-en"),
                    &group,
                    "en",
                    by(english[deed], "says a witness who was there"),
                ));
                cases.push(case(
                    format!("{group}-de"),
                    &group,
                    "de",
                    by(german[deed], "sagt ein Zeuge, der dabei war"),
                ));
            }
        }
        cases
    }

    #[test]
    fn versions_teach_a_scorer_across_languages_without_negative_weights() {
        let index = CaseIndex::new(versions());
        let ranker = learn(&index, &[], &[], &|_| false).unwrap();
        assert!(ranker.translations.is_none(), "no group may teach what words mean");
        let across = ranker.across.as_ref().expect("enough versions");
        assert!(across.model.weights.iter().all(|&w| w >= 0.0) && across.model.weights.iter().any(|&w| w > 0.0));
        // A text in the one language finds the case that is only there in the other.
        let german: Vec<Case> = versions().into_iter().filter(|c| c.language == "de").collect();
        let base = super::super::related::CaseBase { index: CaseIndex::new(german), ranker };
        let text = "They say that Harquist hid the gold of Velidore.";
        let ranked = base.rank_ids(&mut Query::default(), text, Some(Language::ENGLISH), 3);
        assert!(["story-4-3-de", "story-3-4-de"].contains(&ranked[0].0), "{ranked:?}");
        assert!(ranked[0].1 > ranked[2].1, "{ranked:?}");
    }
}
