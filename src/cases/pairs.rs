//! What the ranker learns from: judged queries, or pairs that every case base holds for free.
//!
//! A title should find its own claim, and a claim its own title and disproof; the fields a query is taken from are
//! hidden from the search, and sometimes all but one: case bases differ in what they fill. A version of a case in another
//! language is a pair, too. Every query is also run with its case left out, so that the ranker learns what the best
//! candidate looks like when no case fits: most texts repeat no known case.

use rustc_hash::FxHashSet;

use super::candidates::{ALL_FIELDS, Candidate, FieldMask, Query};
use super::case::{Case, Field};
use super::index::CaseIndex;
use super::likeness::features;
use super::ranker::{Example, Ranker};
use super::related::RANKED;
use crate::document::Language;
use crate::error::{Result, TrainingProblem};
use crate::text::analyser::sentences;

/// Candidates per query that become examples.
const EXAMPLES: usize = 30;

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
    let mut examples = Vec::new();
    let mut scratch = Query::default();
    for (number, q) in queries.iter().enumerate() {
        scratch.prepare_text(index, &q.text, &sentences(&q.text), q.language);
        let right = |c: &Case| q.relevant.contains(&c.id);
        collect(index, &mut scratch, number, ALL_FIELDS, &right, &|_| false, &mut examples);
    }
    fit(&examples)
}

/// Most cases that free pairs are taken from: more changes nothing and costs time.
const MOST_CASES: usize = 1200;

/// Where a free query comes from, and what the search may then see: title, claim, disproof, keywords.
const FREE: [(Field, FieldMask); 6] = [
    (Field::Title, [false, true, true, true]),
    (Field::Title, [false, true, false, false]),
    (Field::Claim, [true, false, true, true]),
    (Field::Claim, [true, false, false, false]),
    (Field::Claim, [false, false, true, false]),
    (Field::Disproof, [true, true, false, false]),
];

/// Learns a ranker from the free pairs of the cases of `index`.
pub fn learn_free(index: &CaseIndex) -> Result<Ranker> {
    let mut examples = Vec::new();
    let mut scratch = Query::default();
    let mut number = 0;
    let step = index.len().div_ceil(MOST_CASES).max(1);
    for at in index.numbers().step_by(step) {
        let case = index.case(at);
        for (field, mask) in FREE {
            let text = case.field(field);
            let visible = || Field::ALL.into_iter().filter(|&f| mask[f as usize]).map(|f| case.field(f));
            if text.trim().is_empty() || visible().all(|t| t.trim().is_empty()) || visible().any(|t| t == text) {
                continue;
            }
            scratch.prepare_text(index, &text, &sentences(&text), case.own_language());
            // Versions of one case, and cases with the same words, are neither right nor wrong.
            let unclear =
                |c: &Case| c.id != case.id && (c.split_group() == case.split_group() || c.claim == case.claim);
            collect(index, &mut scratch, number, mask, &|c| c.id == case.id, &unclear, &mut examples);
            number += 1;
        }
    }
    fit(&examples)
}

fn fit(examples: &[Example]) -> Result<Ranker> {
    if !examples.iter().any(|e| e.same) {
        return Err(TrainingProblem::NoPairs.into());
    }
    Ranker::fit(examples)
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
    for left_out in [false, true] {
        if left_out {
            found.retain(|c| !right(&index.case(c.case)));
        }
        let rows = features(index, query, &found, mask);
        for (candidate, row) in found.iter().zip(rows).take(EXAMPLES) {
            examples.push(Example { query: number, row, same: right(&index.case(candidate.case)) });
        }
    }
}

/// Temporary: writes rows of the best `k` candidates.
pub fn dump(index: &CaseIndex, queries: &[(String, JudgedQuery)], k: usize, out: &mut dyn std::io::Write) {
    let mut scratch = Query::default();
    for (id, q) in queries {
        scratch.prepare_text(index, &q.text, &sentences(&q.text), q.language);
        let found = scratch.candidates(index, ALL_FIELDS, k);
        for (candidate, row) in found.iter().zip(features(index, &mut scratch, &found, ALL_FIELDS)) {
            let case = index.case(candidate.case);
            let y = u8::from(q.relevant.contains(&case.id));
            let values: Vec<String> = row.iter().map(|v| format!("{v:.6}")).collect();
            writeln!(out, "{id}\t{}\t{y}\t{}", case.id, values.join("\t")).unwrap();
        }
    }
}
