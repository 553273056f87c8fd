//! Related cases against relevance judgements.
//!
//! MAP, MRR, precision and recall at a rank as trec_eval defines them (Buckley and Voorhees, "Retrieval System
//! Evaluation", 2005), averaged over all queries with a relevant case, answered or not.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

use super::bootstrap::{Interval, intervals};
use super::calibration::{Reliability, reliability};
use super::open_set::auroc;
use super::selective::{Answer, Selective, selective};
use crate::cases::candidates::Query;
use crate::cases::related::CaseBase;
use crate::document::Language;
use crate::error::{Error, EvaluationProblem, Result};
use crate::ingest::jsonl;
use crate::ingest::judgements::{self, Grades};
use crate::record::TextRecord;

/// Names of the figures, in JSON and for people, and what they say.
pub const FIGURES: [(&str, &str, &str); 6] = [
    ("map@5", "MAP@5", "how high the relevant cases stand among the first five"),
    ("mrr@5", "MRR@5", "reciprocal rank of the first relevant case"),
    ("p@1", "P@1", "share of queries whose first case is relevant"),
    ("recall@5", "Recall@5", "share of the relevant cases among the first five"),
    ("recall@10", "Recall@10", "share of the relevant cases among the first ten"),
    (
        "ndcg@10",
        "nDCG@10",
        "how high the relevant cases stand among the first ten: relevance / log2(1 + rank), of what is possible",
    ),
];
/// Cases asked for.
const TOP: usize = 10;

/// A value of each of [`FIGURES`].
pub type Values = [f64; FIGURES.len()];

/// A query's figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Its id.
    pub id: String,
    pub(super) language: String,
    /// In the order of [`FIGURES`].
    pub values: Values,
    /// Of the first score alone.
    pub(super) plain: Values,
    /// Probability of the first case once the relevant cases are taken away; nothing if no other was found.
    pub(super) without: Option<f64>,
    /// Probability of the first case, if any case was found.
    pub(super) first: Option<f64>,
}

/// A query whose first case is wrong though the model was sure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Miss {
    /// Id of the query.
    pub query: String,
    /// Id of the first case.
    pub first: String,
    /// Its probability.
    pub score: f64,
    /// Ids of the relevant cases.
    pub relevant: Vec<String>,
}

/// A query that plain BM25 answers better.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lost {
    /// Id of the query.
    pub query: String,
    /// Its average precision at five.
    pub ours: f64,
    /// The same by BM25 alone.
    pub bm25: f64,
}

/// The ranking beside the first score alone, which is BM25F over words, pairs and character n-grams.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AgainstBm25 {
    /// Its figures, by the names of [`FIGURES`].
    pub figures: BTreeMap<&'static str, f64>,
    /// Queries of a higher, a lower and the same average precision at five.
    pub won: usize,
    /// See `won`.
    pub lost: usize,
    /// See `won`.
    pub same: usize,
    /// Those that lost most.
    pub most_lost: Vec<Lost>,
}

/// How a query that has a relevant case is told from one that has none: every query is asked twice, the second time with its
/// relevant cases taken away.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NoAnswer {
    /// Probability that a query with a relevant case has a surer first case than one without.
    pub auroc: Option<f64>,
    /// Share of queries answered with a probability of one half or more.
    pub answered: f64,
    /// The same with the relevant cases taken away: all of these are wrong.
    pub answered_without: f64,
}

/// How well related cases are found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// Queries with a relevant case.
    pub queries: usize,
    /// Those of them that are in the file of queries; the others count as missed.
    pub answered: usize,
    /// Queries of the file without a relevant case: left out of every figure.
    pub unjudged: usize,
    /// Cases searched.
    pub cases: usize,
    /// Judged queries without words: they find nothing.
    pub empty: usize,
    /// Queries whose text the ranker learned from: it knows the answer, so the figures say too much.
    pub learned: usize,
    /// Relevant cases that are not among those searched and so cannot be found.
    pub missing_cases: usize,
    /// The figures with 95 % intervals.
    pub figures: BTreeMap<&'static str, Interval>,
    /// MAP@5 by language of the query, with the number of queries.
    pub per_language: BTreeMap<String, (usize, f64)>,
    /// Probability of the first case against the share that is relevant.
    pub reliability: Reliability,
    /// What can be answered at which precision.
    pub selective: Selective,
    /// First cases that are wrong, surest first.
    pub worst: Vec<Miss>,
    /// What the ranker adds to BM25.
    pub against_bm25: AgainstBm25,
    /// Queries without a case.
    pub no_answer: NoAnswer,
}

/// What was asked and what came of it.
pub struct Ranked {
    /// All figures.
    pub ranking: Ranking,
    /// Query by query, in an order that depends on the files alone and not on the ranker.
    pub scored: Vec<Scored>,
}

/// The figures of one ranking. Average precision and reciprocal rank look at five ranks; average precision divides by the
/// relevant cases or five, whichever is less. Only nDCG asks how relevant a case is.
fn score(ranking: &[&str], relevant: &Grades) -> Values {
    let (mut hits, mut sum, mut reciprocal) = (0.0, 0.0, 0.0);
    for (case, rank) in ranking.iter().zip(1..=5) {
        if relevant.contains_key(*case) {
            hits += 1.0;
            sum += hits / f64::from(rank);
            if reciprocal <= 0.0 {
                reciprocal = 1.0 / f64::from(rank);
            }
        }
    }
    let first = ranking.first().is_some_and(|c| relevant.contains_key(*c));
    let among = |k: usize| ranking.iter().take(k).filter(|c| relevant.contains_key(**c)).count() as f64;
    let all = relevant.len().max(1);
    let recall = |k: usize| among(k) / all as f64;
    [sum / all.min(5) as f64, reciprocal, f64::from(u8::from(first)), recall(5), recall(TOP), ndcg(ranking, relevant)]
}

/// Normalised discounted cumulative gain of the first ten, 0 to 1, where a case gains its grade (`ndcg_cut.10` of
/// trec_eval).
fn ndcg(ranking: &[&str], relevant: &Grades) -> f64 {
    let gain = |grades: &[u32]| -> f64 {
        grades.iter().zip(1..=TOP as u32).map(|(&grade, rank)| f64::from(grade) / f64::from(rank + 1).log2()).sum()
    };
    let found: Vec<u32> = ranking.iter().map(|case| relevant.get(*case).copied().unwrap_or(0)).collect();
    let mut best: Vec<u32> = relevant.values().copied().collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    // The gain of an empty ranking is Rust's sum of nothing, -0.
    if found.iter().all(|&grade| grade == 0) { 0.0 } else { gain(&found) / gain(&best) }
}

/// Queries and what is relevant to them, as read.
pub struct TestQueries {
    judged: Vec<TextRecord>,
    relevant: FxHashMap<String, Grades>,
    /// Queries without a relevant case.
    unjudged: usize,
}

impl TestQueries {
    /// Reads both files, once: they may be pipes, and two rankers may be asked.
    pub fn read(queries: &Path, qrels: &Path) -> Result<Self> {
        let mut bad = Vec::new();
        let relevant = judgements::read_qrels(qrels, &mut bad)?;
        let records = jsonl::read::<TextRecord>(queries)?;
        bad.extend(records.bad);
        if !bad.is_empty() {
            return Err(Error::Records(bad));
        }
        if relevant.is_empty() {
            return Err(EvaluationProblem::NoJudgements.into());
        }
        let (judged, rest): (Vec<TextRecord>, Vec<TextRecord>) =
            records.good.into_iter().map(|q| q.record).partition(|q| relevant.contains_key(&q.id));
        Ok(Self { judged, relevant, unjudged: rest.len() })
    }
}

/// Ranks the cases for every judged query and scores the rankings.
pub fn rank(cases: &CaseBase, queries: &TestQueries, seed: u64) -> Ranked {
    let TestQueries { judged, relevant, unjudged } = queries;
    let ask = |memory: &mut Query, q: &TextRecord| -> (Scored, Option<Miss>) {
        let relevant = &relevant[&q.id];
        let wanted: FxHashSet<String> = relevant.keys().cloned().collect();
        let language = Language::lenient(&q.language);
        let (found, without) = cases.rank_with_and_without(memory, &q.text, language, (TOP, &wanted));
        let ids: Vec<&str> = found.iter().map(|f| f.0).collect();
        let (values, first) = (score(&ids, relevant), found.first().map(|f| f.1));
        let plain = score(&memory.first_stage(&cases.index, &q.text, language, TOP), relevant);
        let scored = Scored { id: q.id.clone(), language: q.language.clone(), values, plain, without, first };
        let miss = found.first().filter(|f| !wanted.contains(f.0)).map(|&(case, score)| {
            let mut relevant: Vec<String> = wanted.iter().cloned().collect();
            relevant.sort();
            Miss { query: q.id.clone(), first: case.to_owned(), score, relevant }
        });
        (scored, miss)
    };
    let answers: Vec<(Scored, Option<Miss>)> = judged.par_iter().map_init(Query::default, ask).collect();
    let (mut scored, misses): (Vec<Scored>, Vec<Option<Miss>>) = answers.into_iter().unzip();
    let answered = scored.len();
    let known: FxHashSet<String> = scored.iter().map(|s| s.id.clone()).collect();
    let mut absent: Vec<&String> = relevant.keys().filter(|id| !known.contains(*id)).collect();
    absent.sort();
    scored.extend(absent.into_iter().map(|id| Scored {
        id: id.clone(),
        language: String::new(),
        values: Values::default(),
        plain: Values::default(),
        without: None,
        first: None,
    }));
    let mut worst: Vec<Miss> = misses.into_iter().flatten().collect();
    worst.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.query.cmp(&b.query)));
    worst.truncate(super::worst::LISTED);
    let learned = cases.ranker.appearances.iter().flat_map(|known| known.texts());
    let texts: FxHashSet<&str> = learned.map(|t| t.text.as_str()).collect();
    let wanted: FxHashSet<&String> = relevant.values().flat_map(Grades::keys).collect();
    let ranking = Ranking {
        queries: scored.len(),
        answered,
        unjudged: *unjudged,
        empty: judged.iter().filter(|q| q.text.trim().is_empty()).count(),
        cases: cases.index.len(),
        learned: judged.iter().filter(|q| texts.contains(q.text.as_str())).count(),
        missing_cases: wanted.into_iter().filter(|id| cases.index.number(id).is_none()).count(),
        worst,
        ..summarise(&scored, seed)
    };
    Ranked { ranking, scored }
}

/// The figures of a sample of queries, in the order of [`FIGURES`].
pub fn means(sample: &[&Scored]) -> Vec<Option<f64>> {
    let n = sample.len().max(1) as f64;
    (0..FIGURES.len()).map(|f| Some(sample.iter().map(|s| s.values[f]).sum::<f64>() / n)).collect()
}

pub(super) fn summarise(scored: &[Scored], seed: u64) -> Ranking {
    let found = intervals(scored, |s| &s.id, seed, means);
    let mut languages: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for s in scored {
        let language = if s.language.is_empty() { "?" } else { &s.language };
        languages.entry(language.to_owned()).or_default().push(s.values[0]);
    }
    let right = |s: &Scored| s.values[2] > 0.0;
    let firsts: Vec<(f64, bool)> = scored.iter().filter_map(|s| Some((s.first?, right(s)))).collect();
    let answers: Vec<Answer> =
        scored.iter().map(|s| Answer { confidence: s.first.unwrap_or(0.0), right: right(s), known: true }).collect();
    Ranking {
        queries: scored.len(),
        answered: 0,
        unjudged: 0,
        empty: 0,
        cases: 0,
        learned: 0,
        missing_cases: 0,
        figures: FIGURES.iter().zip(found).filter_map(|(f, interval)| Some((f.0, interval?))).collect(),
        per_language: languages
            .into_iter()
            .map(|(l, values)| (l, (values.len(), values.iter().sum::<f64>() / values.len() as f64)))
            .collect(),
        reliability: reliability(&firsts),
        selective: selective(&answers),
        worst: Vec::new(),
        against_bm25: against_bm25(scored),
        no_answer: no_answer(scored),
    }
}

fn against_bm25(scored: &[Scored]) -> AgainstBm25 {
    let n = scored.len().max(1) as f64;
    let mean = |f: usize| scored.iter().map(|s| s.plain[f]).sum::<f64>() / n;
    let count = |sign: &dyn Fn(f64) -> bool| scored.iter().filter(|s| sign(s.values[0] - s.plain[0])).count();
    let mut lost: Vec<&Scored> = scored.iter().filter(|s| s.values[0] < s.plain[0]).collect();
    lost.sort_by(|a, b| {
        (b.plain[0] - b.values[0]).total_cmp(&(a.plain[0] - a.values[0])).then_with(|| a.id.cmp(&b.id))
    });
    lost.truncate(super::worst::LISTED);
    let (won, worse) = (count(&|d| d > 0.0), count(&|d| d < 0.0));
    AgainstBm25 {
        figures: FIGURES.iter().enumerate().map(|(f, figure)| (figure.0, mean(f))).collect(),
        won,
        lost: worse,
        same: scored.len() - won - worse,
        most_lost: (lost.into_iter())
            .map(|s| Lost { query: s.id.clone(), ours: s.values[0], bm25: s.plain[0] })
            .collect(),
    }
}

fn no_answer(scored: &[Scored]) -> NoAnswer {
    let firsts = || scored.iter().map(|s| s.first.unwrap_or(0.0));
    let withouts = || scored.iter().map(|s| s.without.unwrap_or(0.0));
    let both: Vec<(f64, bool)> = firsts().map(|p| (p, true)).chain(withouts().map(|p| (p, false))).collect();
    let n = scored.len().max(1) as f64;
    NoAnswer {
        auroc: auroc(&both),
        answered: firsts().filter(|&p| p >= 0.5).count() as f64 / n,
        answered_without: withouts().filter(|&p| p >= 0.5).count() as f64 / n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::float_cmp, reason = "the sums are exact: halves, quarters and one division")]
    #[test]
    fn rankings_worked_by_hand() {
        let relevant = |ids: &[&str]| ids.iter().map(|&i| i.to_owned()).map(|id| (id, 1)).collect::<Grades>();
        // Relevant at ranks 2 and 4 of two: (1/2 + 2/4) / 2.
        let ideal = 1.0 + 1.0 / 3f64.log2();
        let gained = 1.0 / 3f64.log2() + 1.0 / 5f64.log2();
        assert_eq!(score(&["x", "a", "y", "b"], &relevant(&["a", "b"])), [0.5, 0.5, 0.0, 1.0, 1.0, gained / ideal]);
        // At ranks 1 and 6: the sixth counts for recall only.
        let long = ["a", "1", "2", "3", "4", "b"];
        assert_eq!(score(&long, &relevant(&["a", "b", "c", "d"]))[..5], [0.25, 1.0, 1.0, 0.25, 0.5]);
        // Seven relevant cases: five ranks can hold five of them.
        let seven = relevant(&["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(
            score(&["a", "b", "c", "d", "e", "f"], &seven),
            [
                1.0,
                1.0,
                1.0,
                5.0 / 7.0,
                6.0 / 7.0,
                (1..=6).map(|r| 1.0 / f64::from(r + 1).log2()).sum::<f64>()
                    / (1..=7).map(|r| 1.0 / f64::from(r + 1).log2()).sum::<f64>()
            ]
        );
        for nothing in [&[][..], &["x"]] {
            let values = score(nothing, &relevant(&["a"]));
            assert!(values == Values::default() && values.iter().all(|v| v.is_sign_positive()), "{values:?}");
        }
    }

    #[test]
    fn a_case_that_is_more_relevant_gains_more() {
        let grades: Grades = [("a", 3), ("b", 1)].into_iter().map(|(id, grade)| (id.to_owned(), grade)).collect();
        // Gains of 1 and 3 at ranks 1 and 3, at best 3 and 1 at ranks 1 and 2; log2 of 2, 4 and 3.
        let expected = (1.0 + 3.0 / 2.0) / (3.0 + 1.0 / 3f64.log2());
        assert!((ndcg(&["b", "x", "a"], &grades) - expected).abs() < 1e-12);
        assert!((ndcg(&["a", "b"], &grades) - 1.0).abs() < 1e-12);
        let (early, late) = (score(&["a", "x", "b"], &grades), score(&["b", "x", "a"], &grades));
        assert!(early[..5] == late[..5] && early[5] > late[5]);
    }

    #[test]
    fn figures_average_over_all_queries() {
        let query = |id: &str, value: f64, first| Scored {
            id: id.into(),
            language: "en".into(),
            values: [value; FIGURES.len()],
            plain: [0.5; FIGURES.len()],
            without: Some(0.1),
            first,
        };
        let summary = summarise(&[query("a", 1.0, Some(0.9)), query("b", 0.0, None)], 1);
        assert!((summary.figures["map@5"].value - 0.5).abs() < 1e-12);
        assert_eq!(summary.per_language["en"], (2, 0.5));
        let bm25 = &summary.against_bm25;
        assert_eq!((bm25.won, bm25.lost, bm25.same, bm25.most_lost[0].query.as_str()), (1, 1, 0, "b"));
        // Of the two firsts, 0.9 is surer than both without, none (0) is less sure than both.
        assert_eq!(summary.no_answer, NoAnswer { auroc: Some(0.5), answered: 0.5, answered_without: 0.0 });
        assert_eq!(summary.reliability.bins.len(), 1);
    }
}
