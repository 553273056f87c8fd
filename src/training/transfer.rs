//! What an earlier model, the bundled one as a rule, says of a text, as features beside those of the text.
//!
//! A newsroom has a few hundred cases in one language. A model that was trained on other narratives in many languages has seen
//! more words than those cases have, and the same storylines in other languages; so its scores tell narratives apart that it
//! does not know, and find them in languages in which there is no case. Its linear scores, brought to mean 0 and the same
//! spread over the training texts, are learned from together with the words. Each counts by how far it is from the mean of the
//! scores of its text: what all have in common is how long the text is and how far it spreads anything.
//!
//! They are linear in the terms of that model, so nothing of it has to be kept: its weights times what was learned for its
//! scores are weights of its terms ([`Transfer::fold`]), the trained model stands for itself, and every word still has its
//! exact contribution. Tried: scores of the earlier model as inputs of the fusion, and its probabilities instead of its linear
//! scores (`docs/accuracy.md`).

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::data::TrainingData;
use super::rows::{Row, RowKind};
use crate::error::TrainingProblem;
use crate::features::space::FeatureSpace;
use crate::features::tfidf::FeatureSettings;
use crate::features::vocabulary::{TermId, Vocabulary};
use crate::model::classifier::Classifier;
use crate::model::folder::Model;
use crate::model::manifest::{Settings, TakenOver};

/// The weight of what the earlier model says, as the length of an average text's scores, where the settings name none: this
/// divided by the square root of the labelled records, since what they do not tell is the less the more there are; at most 1.
const WEIGHT: f64 = 10.0;
/// A smaller weight, as that of more than 10,000 records, is not worth the time that another model's terms take.
const LEAST: f64 = 0.1;
/// Largest share of the narratives, of these records or of the model, that may have the same id by chance.
const SAME: f64 = 0.1;

/// Why nothing is taken over from a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// It has no narratives.
    NoNarratives,
    /// It builds on another model itself, whose terms it would leave out.
    BuiltOnAnother,
    /// Other n-grams are counted than it knows.
    OtherFeatures,
    /// Many narratives of the records have ids of its own, so it was trained on some of these texts and would know the held-out ones.
    SameNarratives,
    /// The settings say so.
    Weightless,
    /// The records are so many that it would hardly count.
    ManyRecords,
}

impl std::fmt::Display for Hindrance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoNarratives => "it knows no narratives",
            Self::BuiltOnAnother => "it builds on another model itself",
            Self::OtherFeatures => "the settings count other n-grams than it does",
            Self::SameNarratives => {
                "records carry narratives of its own, so it has learned from such texts, and figures on held-out ones would flatter"
            }
            Self::Weightless => "transfer_weight is 0",
            Self::ManyRecords => "the records are so many that it would hardly count",
        })
    }
}

/// Why a training would take nothing over from a model; `None` if it would.
pub fn hindrance(data: &TrainingData, settings: &Settings, model: &Model) -> Option<Hindrance> {
    let Some(classifier) = &model.classifier else { return Some(Hindrance::NoNarratives) };
    if settings.transfer_weight == Some(0.0) {
        return Some(Hindrance::Weightless);
    }
    if wanted(data, settings) < LEAST && settings.transfer_weight.is_none() {
        return Some(Hindrance::ManyRecords);
    }
    if classifier.space.source.is_some() {
        return Some(Hindrance::BuiltOnAnother);
    }
    if !covers(&settings.features, &classifier.space.settings) {
        return Some(Hindrance::OtherFeatures);
    }
    let theirs: FxHashSet<&str> = classifier.taxonomy.records().iter().map(|n| &*n.id).collect();
    let ours = data.taxonomy.records();
    let same = ours.iter().filter(|n| theirs.contains(&*n.id)).count() as f64;
    (same > SAME * ours.len().min(theirs.len()) as f64).then_some(Hindrance::SameNarratives)
}

/// The weight that the settings or the number of labelled records ask for.
pub(super) fn wanted(data: &TrainingData, settings: &Settings) -> f64 {
    let labels = data.cases.iter().map(|c| &c.1).chain(data.texts.iter().map(|t| &t.1));
    let labelled = labels.filter(|l| !l.is_empty()).count() as f64;
    settings.transfer_weight.unwrap_or_else(|| f64::min(WEIGHT / labelled.sqrt(), 1.0))
}

/// The weight of what is taken over from a model; `None` if nothing is.
pub(super) fn weight(data: &TrainingData, settings: &Settings, model: &Model) -> Option<f64> {
    hindrance(data, settings, model).is_none().then(|| wanted(data, settings))
}

/// Whether texts counted by some settings have all the terms that others count.
fn covers(ours: &FeatureSettings, theirs: &FeatureSettings) -> bool {
    ours.char_ngrams == theirs.char_ngrams
        && ours.latin_ngrams == theirs.latin_ngrams
        && (ours.word_pairs || !theirs.word_pairs)
        && (ours.addresses || !theirs.addresses)
}

/// How the scores of an earlier model become features.
pub(super) struct Transfer<'m> {
    model: &'m Model,
    classifier: &'m Classifier,
    pub(super) weight: f64,
    /// Per score, less the mean of its text's, its mean over the training texts, and what the distance from that is multiplied by.
    scales: Vec<(f64, f64)>,
}

impl<'m> Transfer<'m> {
    /// Scores all rows by the earlier model: how to make features of scores, and those of the rows, row by row. `None` where
    /// something hinders that.
    pub(super) fn new(
        data: &TrainingData,
        settings: &Settings,
        model: &'m Model,
        rows: &[Row],
    ) -> Option<(Self, Vec<f32>)> {
        let weight = weight(data, settings, model)?;
        let classifier = model.classifier.as_ref()?;
        let scores: Vec<Vec<f64>> = rows
            .par_iter()
            .map_init(
                || classifier.scratch(),
                |scratch, row| {
                    scratch.featuriser.run(&classifier.space, &row.text, row.language);
                    classifier.linear.scores(&scratch.featuriser.weights, &mut scratch.fixed, &mut scratch.scores);
                    let mean = scratch.scores.iter().sum::<f64>() / scratch.scores.len() as f64;
                    scratch.scores.iter().map(|s| s - mean).collect()
                },
            )
            .collect();
        let trained: Vec<&Vec<f64>> =
            rows.iter().zip(&scores).filter(|r| r.0.kind != RowKind::Passage).map(|r| r.1).collect();
        let (count, columns) = (trained.len() as f64, classifier.len() + 1);
        let scale = |k: usize| {
            let mean = trained.iter().map(|s| s[k]).sum::<f64>() / count;
            let spread = (trained.iter().map(|s| (s[k] - mean).powi(2)).sum::<f64>() / count).sqrt();
            (mean, if spread > 0.0 { weight / (spread * (columns as f64).sqrt()) } else { 0.0 })
        };
        let scales: Vec<(f64, f64)> = (0..columns).map(scale).collect();
        let feature = |(score, (mean, factor)): (&f64, &(f64, f64))| ((score - mean) * factor) as f32;
        let features = scores.iter().flat_map(|row| row.iter().zip(&scales).map(feature)).collect();
        Some((Self { model, classifier, weight, scales }, features))
    }

    /// The terms of the earlier model.
    pub(super) fn vocabulary(&self) -> &Vocabulary {
        &self.classifier.space.vocabulary
    }

    /// How many features a text gets.
    pub(super) fn features(&self) -> usize {
        self.scales.len()
    }

    /// What the model records of it.
    pub(super) fn record(&self) -> TakenOver {
        let FeatureSettings { word_weight, char_weight, .. } = self.classifier.space.settings;
        TakenOver {
            model: self.model.name.clone(),
            version: self.model.manifest.version.clone(),
            weight: self.weight,
            block_lengths: (word_weight, char_weight),
        }
    }

    /// Turns weights of the earlier model's scores into weights of its terms. `weights` are feature by feature, those of its
    /// scores last, a column per bias; gives the space that weighs both, and the weights over it.
    pub(super) fn fold(
        &self,
        space: FeatureSpace,
        weights: &[f32],
        bias: &mut [f64],
    ) -> Result<(FeatureSpace, Vec<f32>), TrainingProblem> {
        let (columns, theirs) = (bias.len(), &self.classifier.space);
        let (own, scores) = weights.split_at(space.len() * columns);
        let counts = self.counts(scores, bias);
        let vocabulary = &space.vocabulary;
        let same = |term| theirs.vocabulary.get(vocabulary.kind(term), vocabulary.term(term));
        let same: Vec<Option<TermId>> = (0..vocabulary.len() as u32).map(|term| same(TermId(term))).collect();
        let idf: Vec<f32> = same.iter().map(|t| t.map_or(0.0, |t| theirs.idf[t.index()])).collect();
        let space = space.with_source(&idf, self.record().block_lengths).ok_or(TrainingProblem::NoFeatures)?;
        let mut out = own.to_vec();
        out.resize(space.len() * columns, 0.0);
        let place = |(term, same): (u32, Option<TermId>)| Some((space.source_feature(TermId(term))?, same?));
        let known: Vec<(TermId, TermId)> = (0..).zip(same).filter_map(place).collect();
        let rows: Vec<Vec<f32>> = known.par_iter().map(|&(_, theirs)| self.row(theirs, &counts, columns)).collect();
        for ((feature, _), row) in known.into_iter().zip(rows) {
            out[feature.index() * columns..][..columns].copy_from_slice(&row);
        }
        Ok((space, out))
    }

    /// What each score of the earlier model counts for in each column: its own weight, less what it adds to the mean of all. What
    /// is the same for all texts goes into `bias`.
    fn counts(&self, weights: &[f32], bias: &mut [f64]) -> Vec<f64> {
        let columns = bias.len();
        let mut counts: Vec<f64> = weights.iter().map(|&w| f64::from(w)).collect();
        let mut means = vec![0.0; columns];
        for (row, (mean, factor)) in counts.chunks_exact_mut(columns).zip(&self.scales) {
            for ((count, b), sum) in row.iter_mut().zip(bias.iter_mut()).zip(&mut means) {
                *count *= factor;
                *b -= *count * mean;
                *sum += *count / self.scales.len() as f64;
            }
        }
        for (row, theirs) in counts.chunks_exact_mut(columns).zip(self.classifier.linear.bias()) {
            for ((count, b), mean) in row.iter_mut().zip(bias.iter_mut()).zip(&means) {
                *count -= mean;
                *b += *count * theirs;
            }
        }
        counts
    }

    /// The weights of a term of the earlier model, column by column.
    fn row(&self, term: TermId, counts: &[f64], columns: usize) -> Vec<f32> {
        let mut sums = vec![0f64; columns];
        for (k, row) in counts.chunks_exact(columns).enumerate() {
            let weight = f64::from(self.classifier.linear.weight(term.0, k));
            sums.iter_mut().zip(row).for_each(|(sum, count)| *sum += weight * count);
        }
        sums.into_iter().map(|s| s as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded;
    use crate::features::space::{Featuriser, Sample, learn_beside};
    use crate::learn::logistic::sigmoid;
    use crate::model::linear::{Fixed, LinearWeights};
    use crate::training::data::Sources;

    /// Weights of words of its own and of the earlier model's scores say the same of a text as the folded weights of terms.
    #[test]
    fn folded_weights_say_what_the_scores_said() {
        let model = embedded::model().unwrap();
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("cases.jsonl");
        let claims =
            ["NATO surrounds Russia", "Vaccines hold chips", "Prices rise because of sanctions", "The moon is hollow"];
        let line = |(i, claim): (usize, &&str)| {
            format!("{{\"id\":\"c{i}\",\"claim\":\"{claim}\",\"narratives\":[\"n{}\"],\"language\":\"en\"}}\n", i % 2)
        };
        std::fs::write(&file, claims.iter().enumerate().map(line).collect::<String>()).unwrap();
        let data = TrainingData::read(&Sources { cases: vec![file], ..Sources::default() }).unwrap();
        let settings = Settings::default();
        let texts = [
            "NATO surrounds Russia",
            "Der Mond ist hohl und die NATO lügt",
            "zzz",
            "sanctions and vaccines, vaccines!",
        ];
        let rows: Vec<Row> = texts.iter().map(|t| Row { text: (*t).into(), ..Row::labelled(vec![0]) }).collect();
        let (transfer, said) = Transfer::new(&data, &settings, &model, &rows).unwrap();
        let samples: Vec<_> = claims.iter().map(|text| Sample { text, language: None }).collect();
        let (space, _) = learn_beside(&samples, &settings.features, Some(transfer.vocabulary())).unwrap();
        let (own, columns, scores) = (space.len(), 2, transfer.features());
        // Neither alike nor small: some hundredths and tenths.
        let weights: Vec<f32> = (0..(own + scores) * columns)
            .map(|i| (sigmoid((i as f64 * 0.618_034).fract() * 4.0 - 2.0) - 0.5) as f32)
            .collect();
        let mut bias = vec![0.3, -0.7];
        let mut featuriser = Featuriser::new(&space);
        let mut expected = Vec::new();
        for (row, said) in rows.iter().zip(said.chunks_exact(scores)) {
            featuriser.run(&space, &row.text, row.language);
            let values =
                featuriser.weights.terms.iter().map(|t| t.index()).zip(featuriser.weights.values.iter().copied());
            let all: Vec<(usize, f64)> = values.chain((own..).zip(said.iter().map(|&s| f64::from(s)))).collect();
            let score =
                |c: usize| bias[c] + all.iter().map(|&(f, v)| v * f64::from(weights[f * columns + c])).sum::<f64>();
            expected.push([score(0), score(1)]);
        }
        let (space, weights) = transfer.fold(space, &weights, &mut bias).unwrap();
        let linear = LinearWeights::quantise(&weights, bias);
        let (mut featuriser, mut fixed, mut found) = (Featuriser::new(&space), Fixed::default(), Vec::new());
        for (row, expected) in rows.iter().zip(expected) {
            featuriser.run(&space, &row.text, row.language);
            linear.scores(&featuriser.weights, &mut fixed, &mut found);
            for (found, expected) in found.iter().zip(expected) {
                // Weights are stored in 255 steps.
                assert!((found - expected).abs() < 0.02, "{}: {found} and {expected}", row.text);
            }
        }
    }

    #[test]
    fn the_more_labelled_records_the_less_is_taken_over() {
        let with = |n: usize| {
            let labelled = |i| {
                (
                    crate::cases::case::Case { id: format!("c{i}"), ..Default::default() },
                    vec![crate::model::taxonomy::NarrativeNo(0)],
                )
            };
            let data = TrainingData { cases: (0..n).map(labelled).collect(), ..TrainingData::default() };
            wanted(&data, &Settings::default())
        };
        assert_eq!((with(25), with(100), with(400)), (1.0, 1.0, 0.5));
        assert!(with(10_001) < LEAST);
    }
}
