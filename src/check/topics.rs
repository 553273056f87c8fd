//! Background on every topic: without honest texts about a topic, the model takes the topic for the narrative.
//!
//! A background text belongs to the topic of the case it is most like, by the cosine over rare character 5-grams (in
//! as many languages as there are cases). A learned topic model was rejected: the question is only whether there is
//! anything at all, and the answer must be explainable by pointing at the case.

use rustc_hash::FxHashMap;

use super::finding::{Finding, Kind};
use super::unit::{Sort, Unit};
use crate::features::minhash::Shingles;
use crate::model::taxonomy::NarrativeNo;
use crate::training::data::TrainingData;

/// Fewest background texts on a topic: one may be there by chance.
const FEWEST: usize = 3;

/// Fewest background texts where there are no topics to count them by: from here on training measures false alarms.
const FEWEST_AT_ALL: usize = 50;

/// Least cosine with a case for a text to be about its topic; everyday texts stay below.
const ON_TOPIC: f64 = 0.04;

pub(super) fn find(data: &TrainingData, units: &[Unit<'_>]) -> Vec<Finding> {
    let roots: Vec<NarrativeNo> = data.taxonomy.numbers().filter(|&n| data.taxonomy.parent(n).is_none()).collect();
    let labelled = units.iter().any(|u| !u.labels.is_empty());
    // A case without narratives is a claim that somebody forgot to label, no honest text.
    let honest: Vec<&Unit<'_>> = units.iter().filter(|u| u.named.is_empty() && u.sort != Sort::Case).collect();
    if !labelled {
        return Vec::new();
    }
    if honest.is_empty() {
        let what = "there is no background at all; the model will never learn to say \"none\"".to_owned();
        return vec![Finding::new(Kind::NoBackground, None, "", what)];
    }
    let on_topic = count(data, units, &honest);
    let finding = |&root: &NarrativeNo| {
        let n = on_topic[root.index()];
        let id = &data.taxonomy.narrative(root).id;
        let what = format!("{n} background texts are about its topic");
        (n < FEWEST).then(|| Finding::new(Kind::NoBackground, data.places.narratives.get(root.index()), id, what))
    };
    // A flat taxonomy of many labels has no topics; then only the count of all background is worth saying.
    let has_parents = roots.len() < data.taxonomy.len();
    if has_parents {
        return roots.iter().filter_map(finding).collect();
    }
    let n = honest.len();
    let what = || {
        let texts = if n == 1 { "text carries" } else { "texts carry" };
        format!("only {n} {texts} none; from {FEWEST_AT_ALL} on the model learns how sure it must be to name anything")
    };
    if n < FEWEST_AT_ALL { vec![Finding::new(Kind::NoBackground, None, "", what())] } else { Vec::new() }
}

/// Per narrative how many background texts are on its topic; filled for roots.
fn count(data: &TrainingData, units: &[Unit<'_>], honest: &[&Unit<'_>]) -> Vec<usize> {
    let cases: Vec<&Unit<'_>> = units.iter().filter(|u| !u.labels.is_empty()).collect();
    let grams: Vec<Shingles> = cases.iter().map(|u| Shingles::of(&topical(u))).collect();
    let mut having: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for (i, found) in grams.iter().enumerate() {
        for &gram in found.hashes() {
            having.entry(gram).or_default().push(i as u32);
        }
    }
    let idf = |gram: &u32| having.get(gram).map_or(0.0, |list| (cases.len() as f64 / list.len() as f64).ln());
    let norm = |found: &Shingles| found.hashes().iter().map(|g| idf(g).powi(2)).sum::<f64>().sqrt();
    let norms: Vec<f64> = grams.iter().map(norm).collect();
    let mut out = vec![0; data.taxonomy.len()];
    let mut scores = vec![0.0; cases.len()];
    for unit in honest {
        let own = Shingles::of(unit.text);
        scores.fill(0.0);
        for gram in own.hashes() {
            let weight = idf(gram).powi(2);
            for &i in having.get(gram).into_iter().flatten() {
                scores[i as usize] += weight / norms[i as usize].max(1e-9);
            }
        }
        let length = (own.len() as f64).sqrt() * (cases.len() as f64).ln().max(1.0);
        let best = (0..cases.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(b.cmp(&a)));
        if let Some(best) = best.filter(|&b| scores[b] / length >= ON_TOPIC) {
            let mut topics: Vec<usize> = cases[best].labels.iter().map(|&n| root(data, n).index()).collect();
            topics.sort_unstable();
            topics.dedup();
            for topic in topics {
                out[topic] += 1;
            }
        }
    }
    out
}

fn root(data: &TrainingData, n: NarrativeNo) -> NarrativeNo {
    data.taxonomy.ancestors(n).last().unwrap_or(n)
}

/// What a record is about: a disproof speaks of it as background does.
fn topical(unit: &Unit<'_>) -> String {
    match unit.sort {
        Sort::Case => format!("{} {}", unit.text, unit.disproof),
        Sort::Text | Sort::Background => unit.text.to_owned(),
    }
}
