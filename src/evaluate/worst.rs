//! The errors a person should read first: wrong answers the model was surest of, each with the training texts it must have
//! seen as alike.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::example::Example;
use super::labels::{LabelNo, Labels};
use super::predict::Judged;
use crate::assess::Assessor;
use crate::document::Language;
use crate::features::space::Featuriser;
use crate::model::classifier::Decision;

/// Errors listed.
pub const LISTED: usize = 20;
/// Training texts shown with each.
const NEIGHBOURS: usize = 3;
/// Longest excerpt, in characters.
const EXCERPT: usize = 400;

/// A narrative of a wrong answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its probability; null for one that the model does not know.
    pub probability: Option<f64>,
    /// Its rank among all, from 1; null for one that was not ranked.
    pub rank: Option<usize>,
    /// What the model decided on it.
    pub decision: Option<Decision>,
}

/// A training text near to a wrongly answered one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Neighbour {
    /// Its id.
    pub id: String,
    /// Ids of the narratives it carries.
    pub narratives: Vec<String>,
    /// Cosine of the two texts in the model's feature space, 0 to 1.
    pub similarity: f64,
    /// Its beginning.
    pub excerpt: String,
}

/// A wrong answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstError {
    /// Id of the text.
    pub id: String,
    /// Its headline.
    pub title: String,
    /// Its beginning.
    pub excerpt: String,
    /// Its language as the record says it.
    pub language: String,
    /// Its date of publication.
    pub published: String,
    /// What it carries; empty for a text that carries none.
    pub gold: Vec<Said>,
    /// The best answer.
    pub said: Said,
    /// The nearest training texts, where these are at hand.
    pub neighbours: Vec<Neighbour>,
}

/// The beginning of a text on one line.
pub fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

pub(super) fn said(labels: &Labels, judged: &Judged, label: LabelNo) -> Said {
    let rank = judged.ranked.iter().position(|s| s.label == label);
    let scored = rank.map(|r| judged.ranked[r]);
    Said {
        id: labels.label(label).id.clone(),
        name: labels.label(label).name.clone(),
        probability: scored.map(|s| s.probability),
        rank: rank.map(|r| r + 1),
        decision: scored.map(|s| s.decision),
    }
}

/// The wrong answers with the highest probability: the best narrative is not carried, or the text carries none and
/// something was decided. `train` may be empty.
pub fn worst<'j>(
    labels: &Labels,
    judged: impl IntoIterator<Item = &'j Judged>,
    assessor: &Assessor,
    train: &[Example],
) -> Vec<WorstError> {
    let is_error = |j: &&Judged| {
        if j.gold.is_empty() { j.strongest >= Decision::Suggest } else { j.best().is_some() && !j.is_right() }
    };
    let mut errors: Vec<&Judged> = judged.into_iter().filter(is_error).collect();
    errors.sort_by(|a, b| b.confidence().total_cmp(&a.confidence()).then_with(|| a.example.id.cmp(&b.example.id)));
    errors.truncate(LISTED);
    let neighbours = nearest(assessor, &errors.iter().map(|j| &j.example).collect::<Vec<_>>(), train);
    let listed = errors.into_iter().zip(neighbours).filter_map(|(j, neighbours)| {
        Some(WorstError {
            id: j.example.id.clone(),
            title: excerpt(&j.example.title),
            excerpt: excerpt(&j.example.text),
            language: j.example.language.clone(),
            published: j.example.published.clone(),
            gold: j.gold.iter().map(|&g| said(labels, j, g)).collect(),
            said: said(labels, j, j.best()?.label),
            neighbours,
        })
    });
    listed.collect()
}

/// Joins the errors of several folds.
pub fn join(mut errors: Vec<WorstError>) -> Vec<WorstError> {
    let sure = |e: &WorstError| e.said.probability.unwrap_or(0.0);
    errors.sort_by(|a, b| sure(b).total_cmp(&sure(a)).then_with(|| a.id.cmp(&b.id)));
    errors.truncate(LISTED);
    errors
}

/// The training texts nearest to each query, by the cosine of the model's own features: what it sees as alike.
fn nearest(assessor: &Assessor, queries: &[&Example], train: &[Example]) -> Vec<Vec<Neighbour>> {
    let space = &assessor.classifier().space;
    let row = |featuriser: &mut Featuriser, e: &Example| -> (Vec<(u32, f64)>, f64) {
        featuriser.run(space, &e.text, Language::lenient(&e.language));
        let weights = &featuriser.weights;
        let length = weights.values.iter().map(|v| v * v).sum::<f64>().sqrt();
        (weights.terms.iter().zip(&weights.values).map(|(t, &v)| (t.0, v)).collect(), length)
    };
    let mut postings: FxHashMap<u32, Vec<(usize, f64)>> = FxHashMap::default();
    let mut featuriser = Featuriser::new(space);
    for (q, query) in queries.iter().enumerate() {
        let (terms, length) = row(&mut featuriser, query);
        for (term, value) in terms.into_iter().filter(|_| length > 0.0) {
            postings.entry(term).or_default().push((q, value / length));
        }
    }
    let cosines: Vec<Vec<f64>> = train
        .par_iter()
        .map_init(
            || Featuriser::new(space),
            |featuriser, e| {
                let mut sums = vec![0.0; queries.len()];
                let (terms, length) = row(featuriser, e);
                for (term, value) in terms.into_iter().filter(|_| length > 0.0) {
                    for &(q, other) in postings.get(&term).into_iter().flatten() {
                        sums[q] += value / length * other;
                    }
                }
                sums
            },
        )
        .collect();
    let found = (0..queries.len()).map(|q| {
        let mut order: Vec<usize> = (0..train.len()).collect();
        order.sort_by(|&a, &b| cosines[b][q].total_cmp(&cosines[a][q]).then(a.cmp(&b)));
        let near = order.into_iter().take(NEIGHBOURS).filter(|&i| cosines[i][q] > 0.0);
        near.map(|i| Neighbour {
            id: train[i].id.clone(),
            narratives: train[i].narratives.clone(),
            similarity: cosines[i][q].min(1.0),
            excerpt: excerpt(&train[i].text),
        })
        .collect()
    });
    found.collect()
}
