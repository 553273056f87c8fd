//! What the ranker learns from: judged queries, and where those are few or none, pairs that every case base holds for free.
//!
//! A title should find its own claim, and a claim its own title and disproof; the fields a query is taken from are
//! hidden from the search, and sometimes all but one: case bases differ in what they fill. A version of a case in another
//! language is a pair, too. Every query is also run with its case left out, so that the ranker learns what the best
//! candidate looks like when no case fits: most texts repeat no known case. Background texts say the same.

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::sync::Arc;

use super::appearances::{Appearance, Appearances};
use super::candidates::{ALL_FIELDS, Candidate, FieldMask, Query};
use super::case::{Case, Field};
use super::index::{CaseIndex, CaseNo};
use super::ranker::{Example, Ranker};
use super::related::{RANKED, rows};
use super::translations::Translations;
use super::versions;
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
/// for which `translates` holds. What few cases teach is mixed with a `bundled` ranker: see [`own_share`].
pub fn learn(
    index: &CaseIndex,
    queries: &[JudgedQuery],
    others: &[(&str, Option<Language>)],
    translates: &(dyn Fn(&str) -> bool + Sync),
    bundled: Option<&Ranker>,
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
    let bundled = bundled.map(|b| (b, own_share(index.len(), queries.len())));
    Ok(Ranker { translations: table, appearances, ..Ranker::fit(&examples, bundled)? })
}

/// Whether so few judged queries teach beside free pairs.
pub(crate) fn needs_free_pairs(judged: usize) -> bool {
    judged < ENOUGH
}

/// Cases from which as much is learned as the bundled ranker knows.
const AS_GOOD: f64 = 2000.0;

/// Cases that a judged query is worth.
const JUDGED: f64 = 4.0;

/// How much of a ranker is learned from so many cases and judged queries, from 0 to 1. A few hundred cases teach a ranker that
/// finds and knows less than the bundled one, some ten thousand a better one: `docs/related-cases.md` has figures.
fn own_share(cases: usize, judged: usize) -> f64 {
    let own = cases as f64 + JUDGED * judged as f64;
    own / (own + AS_GOOD)
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

/// What queries know while the ranker learns.
#[derive(Default)]
pub(crate) struct Knowing<'a> {
    /// Pairs of versions are searched with what the other half of the versions teaches: as good as it will be later.
    halves: [Option<Arc<Translations>>; 2],
    appearances: Option<&'a Arc<Appearances>>,
}

impl Knowing<'_> {
    /// Lets a query know what the groups of the other half teach.
    pub(crate) fn of_group(&self, query: &mut Query, group: &str) {
        self.of_half(query, half_of(group));
    }

    pub(crate) fn of_half(&self, query: &mut Query, half: usize) {
        query.knows(self.halves[half].as_ref(), self.appearances);
    }
}

/// The examples of the free pairs of the cases of `index`, and of texts that repeat none of them.
fn free(
    index: &CaseIndex,
    others: &[(&str, Option<Language>)],
    translates: &(dyn Fn(&str) -> bool + Sync),
    appearances: Option<&Arc<Appearances>>,
) -> Vec<Example> {
    let halves = [0, 1].map(|half| table(index, &|group| half_of(group) != half && translates(group)));
    let knowing = Knowing { halves, appearances };
    let numbers: Vec<CaseNo> = index.numbers().step_by(index.len().div_ceil(MOST_CASES).max(1)).collect();
    let examples = numbers.par_iter().enumerate().map_init(Query::default, |scratch, (number, &at)| {
        let case = index.case(at);
        knowing.of_group(scratch, &case.group);
        pairs_of_fields(index, scratch, number, &case)
    });
    let mut examples = examples.collect::<Vec<_>>().concat();
    let step = others.len().div_ceil(MOST_OTHERS).max(1);
    let others: Vec<_> = others.iter().copied().step_by(step).collect();
    examples.extend(versions::examples(index, &others, &knowing));
    let calibrating = others.par_iter().enumerate().map_init(Query::default, |scratch, (number, &text)| {
        knowing.of_half(scratch, number % 2);
        no_case(index, scratch, number, text, |_| true, true)
    });
    examples.extend(calibrating.collect::<Vec<_>>().concat());
    examples
}

/// The examples of a text that repeats none of the cases that `wanted` holds for. Where it only `calibrates`, it teaches no
/// weights.
pub(crate) fn no_case(
    index: &CaseIndex,
    scratch: &mut Query,
    query: usize,
    (text, language): (&str, Option<Language>),
    wanted: impl Fn(CaseNo) -> bool,
    calibrates: bool,
) -> Vec<Example> {
    scratch.prepare_text(index, text, &sentences(text), language);
    let mut found = scratch.candidates(index, ALL_FIELDS, RANKED);
    found.retain(|c| wanted(c.case));
    let rows = rows(index, scratch, &found, ALL_FIELDS).into_iter().take(CALIBRATING);
    rows.map(|(row, known)| Example { query, row, known, same: false, without: true, calibrates }).collect()
}

/// What the groups of `wanted` names teach about words of other languages, if anything.
fn table(index: &CaseIndex, wanted: &dyn Fn(&str) -> bool) -> Option<Arc<Translations>> {
    Some(Translations::learn(index.iter(), wanted)).filter(|t| !t.is_empty()).map(Arc::new)
}

/// Each field of a case searches for the case by other fields.
fn pairs_of_fields(index: &CaseIndex, scratch: &mut Query, number: usize, case: &Case) -> Vec<Example> {
    let mut examples = Vec::new();
    for (field, mask) in FREE {
        let text = case.searched(field);
        let visible = || Field::ALL.into_iter().filter(|&f| mask[f as usize]).map(|f| case.searched(f));
        if text.trim().is_empty() || visible().all(|t| t.trim().is_empty()) || visible().any(|t| is_cut(&t, &text)) {
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

/// Whether one text is the beginning of the other, as a headline cut off after sixty characters is of its claim. To find such a
/// text teaches that whatever is not word for word the same is wrong.
fn is_cut(a: &str, b: &str) -> bool {
    let [a, b] = [a, b].map(|t| t.trim().trim_end_matches(['.', '…']));
    !a.is_empty() && !b.is_empty() && (a.starts_with(b) || b.starts_with(a))
}

/// The half of the groups that one belongs to.
fn half_of(group: &str) -> usize {
    usize::from(xxh64(group.as_bytes()) & 1 == 1)
}

/// The examples of a prepared query and its candidates: once as they are, once with the right ones left out. `right` says whether
/// a case is the one to be found; nothing where that is unclear.
pub(crate) fn examples_of(
    index: &CaseIndex,
    query: &mut Query,
    number: usize,
    mask: FieldMask,
    right: &dyn Fn(&Case) -> Option<bool>,
) -> Vec<Example> {
    let found = query.candidates(index, mask, RANKED);
    let mut judged: Vec<(Candidate, bool)> =
        found.into_iter().filter_map(|c| Some((c, right(&index.case(c.case))?))).collect();
    let mut examples = Vec::new();
    // Right and wrong ones are cut at the same rank: otherwise a low rank would speak for a case.
    for (most, without) in [(EXAMPLES, false), (UNANSWERED, true)] {
        let found: Vec<Candidate> = judged.iter().map(|j| j.0).collect();
        let rows = rows(index, query, &found, mask).into_iter().zip(&judged).take(most);
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
    examples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_cut_off_is_the_beginning_of_its_claim() {
        let claim = "The mayor sold the bridge to men from Mars.";
        for title in [
            "The mayor sold the bridge…",
            "The mayor sold the bridge ...",
            claim,
            " The mayor sold the bridge to men from Mars",
        ] {
            assert!(is_cut(title, claim) && is_cut(claim, title), "{title}");
        }
        assert!(!is_cut("The mayor never sold it", claim) && !is_cut("", claim));
    }
}
