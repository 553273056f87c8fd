//! Which narratives are taken for which others.

use serde::Serialize;
use std::collections::BTreeMap;

use super::labels::{LabelNo, Labels};
use super::predict::Judged;

/// Most rows and columns of the matrix.
const SIDE: usize = 16;
/// Most pairs listed.
const PAIRS: usize = 30;

/// One narrative taken for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Id of the one carried (the first by id where there are several).
    pub gold: String,
    /// Its name.
    pub gold_name: String,
    /// Id of the best answer.
    pub said: String,
    /// Its name.
    pub said_name: String,
    /// In how many texts.
    pub texts: usize,
}

/// Counts by what is carried and what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// `parents` or `narratives`: what rows and columns are.
    pub level: &'static str,
    /// Ids of rows and columns.
    pub ids: Vec<String>,
    /// Their names.
    pub names: Vec<String>,
    /// Row by row (carried), the texts for which each column was said; a last column counts all other answers and
    /// those without one.
    pub counts: Vec<Vec<usize>>,
    /// Narratives without children that are taken for each other, most often first.
    pub pairs: Vec<Pair>,
}

/// Confusion of parents where there are any, of the narratives with most texts otherwise, and the worst pairs.
pub fn confusion(labels: &Labels, known: &[&Judged]) -> Confusion {
    let parents = labels.has_parents();
    let answers: Vec<(LabelNo, Option<LabelNo>)> = known
        .iter()
        .filter_map(|j| {
            let first = *j.gold.first()?;
            let best = j.best().map(|b| b.label);
            // Any carried narrative is right, and any parent of one; an error counts under the first.
            if parents {
                let mut roots = j.gold.iter().map(|&g| labels.label(g).root);
                let said = j.best_root.map(|root| root.0);
                let right = said.filter(|said| roots.any(|root| root == *said));
                return Some((right.unwrap_or(labels.label(first).root), said));
            }
            Some((best.filter(|b| j.gold.contains(b)).unwrap_or(first), best))
        })
        .collect();
    let mut sizes: BTreeMap<LabelNo, usize> = BTreeMap::new();
    for (gold, _) in &answers {
        *sizes.entry(*gold).or_default() += 1;
    }
    let mut shown: Vec<LabelNo> = sizes.keys().copied().collect();
    shown.sort_by_key(|n| (std::cmp::Reverse(sizes[n]), *n));
    shown.truncate(SIDE);
    let mut counts = vec![vec![0; shown.len() + 1]; shown.len()];
    for (gold, said) in &answers {
        let Some(row) = shown.iter().position(|n| n == gold) else { continue };
        let column = said.and_then(|s| shown.iter().position(|n| *n == s)).unwrap_or(shown.len());
        counts[row][column] += 1;
    }
    Confusion {
        level: if parents { "parents" } else { "narratives" },
        ids: shown.iter().map(|&n| labels.label(n).id.clone()).collect(),
        names: shown.iter().map(|&n| labels.label(n).name.clone()).collect(),
        counts,
        pairs: pairs(labels, known),
    }
}

fn pairs(labels: &Labels, known: &[&Judged]) -> Vec<Pair> {
    let mut counts: BTreeMap<(LabelNo, LabelNo), usize> = BTreeMap::new();
    for j in known.iter().filter(|j| !j.is_right()) {
        if let (Some(&gold), Some(best)) = (j.gold.first(), j.best()) {
            *counts.entry((gold, best.label)).or_default() += 1;
        }
    }
    let mut order: Vec<_> = counts.into_iter().collect();
    order.sort_by_key(|&(pair, texts)| (std::cmp::Reverse(texts), pair));
    order.truncate(PAIRS);
    let named = |n: LabelNo| (labels.label(n).id.clone(), labels.label(n).name.clone());
    order
        .into_iter()
        .map(|((gold, said), texts)| {
            let ((gold, gold_name), (said, said_name)) = (named(gold), named(said));
            Pair { gold, gold_name, said, said_name, texts }
        })
        .collect()
}
