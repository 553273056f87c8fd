//! Predictions: what the assessor says about every test record.

use rayon::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::example::Example;
use super::labels::{LabelNo, Labels};
use crate::assess::{Assessment, Assessor, Options, Outcome};
use crate::cases::index::CaseIndex;
use crate::cases::likeness::FEATURES;
use crate::cases::ranker::{Ranker, Scorer};
use crate::cases::related::CaseBase;
use crate::learn::calibrate::Platt;
use crate::learn::dense::DenseModel;
use crate::model::classifier::Decision;

/// A narrative without children, as the assessment ranks it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The narrative.
    pub label: LabelNo,
    /// Its probability.
    pub probability: f64,
    /// What the model decides.
    pub decision: Decision,
}

/// A test record and what was said of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The record.
    pub example: Example,
    /// What it carries, in the order of the ids.
    pub gold: Vec<LabelNo>,
    /// Those of `gold` that the model does not know and so could not name.
    pub unanswerable: Vec<LabelNo>,
    /// All narratives without children, most probable first.
    pub ranked: Vec<Scored>,
    /// The most probable narrative without a parent, and its probability.
    pub best_root: Option<(LabelNo, f64)>,
    /// The strongest decision on any narrative, parents included.
    pub strongest: Decision,
    /// What the assessment came to.
    pub outcome: Outcome,
    /// Words of the text by UAX #29.
    pub words: usize,
    /// The trained model that answered, counted from 0.
    pub fold: usize,
}

impl Judged {
    /// The most probable narrative.
    pub fn best(&self) -> Option<&Scored> {
        self.ranked.first()
    }

    /// Probability of the best; 0 where there is no answer.
    pub fn confidence(&self) -> f64 {
        self.best().map_or(0.0, |b| b.probability)
    }

    /// Whether the record carries the best.
    pub fn is_right(&self) -> bool {
        self.best().is_some_and(|b| self.gold.contains(&b.label))
    }

    /// Narratives that are suggested or matched.
    pub fn decided(&self) -> impl Iterator<Item = LabelNo> + '_ {
        self.ranked.iter().filter(|s| s.decision >= Decision::Suggest).map(|s| s.label)
    }
}

/// A case base for an assessor that is asked for narratives only: no case, so its ranker is never used.
pub fn no_cases() -> CaseBase {
    let model = DenseModel { weights: vec![0.0; FEATURES.len()], bias: 0.0 };
    CaseBase {
        index: CaseIndex::default(),
        ranker: Ranker {
            within: Scorer { model, calibration: Platt::IDENTITY, importance: Vec::new() },
            across: None,
            known: None,
            share: None,
            translations: None,
            appearances: None,
        },
    }
}

/// Every narrative, no evidence, no related cases.
const ALL: Options = Options { top: usize::MAX, related: 0, evidence: false, passages: true };

/// Assesses every example; answers keep the order of the examples.
pub fn judge(assessor: &Assessor, labels: &mut Labels, examples: Vec<Example>, fold: usize) -> Vec<Judged> {
    let answers: Vec<Assessment> = examples
        .par_iter()
        .map_init(|| assessor.worker(), |worker, e| assessor.assess(worker, &e.document(), ALL))
        .collect();
    let taxonomy = &assessor.classifier().taxonomy;
    let judged = examples.into_iter().zip(answers).map(|(example, answer)| {
        let mut ids: Vec<&String> = example.narratives.iter().collect();
        ids.sort();
        ids.dedup();
        let gold: Vec<LabelNo> = ids.into_iter().map(|id| labels.intern(id)).collect();
        let unanswerable = gold.iter().copied().filter(|&g| taxonomy.find(&labels.label(g).id).is_none()).collect();
        let mut out = Judged {
            words: example.text.unicode_words().count(),
            example,
            gold,
            unanswerable,
            ranked: Vec::new(),
            best_root: None,
            strongest: Decision::Weak,
            outcome: answer.outcome,
            fold,
        };
        for n in answer.narratives {
            let label = labels.intern(&n.id);
            out.strongest = out.strongest.max(n.decision);
            if n.parent.is_none() && out.best_root.is_none() {
                out.best_root = Some((label, n.probability));
            }
            if labels.label(label).leaf {
                out.ranked.push(Scored { label, probability: n.probability, decision: n.decision });
            }
        }
        out
    });
    judged.collect()
}
