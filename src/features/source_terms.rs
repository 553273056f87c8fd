//! The terms of a text as another model weighs them, beside those of the model at hand.
//!
//! A model that builds on another one (`training::transfer`) reads a text twice: as its own training texts taught it, and as
//! the other model does. Both count the same words and n-grams, so a text is counted once; but an idf says how rare a term is
//! in the texts a model was trained on, and the lengths of the two rows differ. A term that only one of them knows has one
//! weight per narrative, one that both know has two. Rejected: one idf for both, since the scores of the other model would
//! not be its scores any more.

use super::lexicon::Reading;
use super::space::bring_to_length;
use super::tfidf::SublinearTf;
use super::vocabulary::TermId;

/// What another model makes of the terms of a vocabulary that holds all of its own.
#[derive(Debug, Clone)]
pub(crate) struct SourceTerms {
    /// Per term of the vocabulary.
    weighed: Vec<Weighed>,
    /// The terms of the features behind those of the vocabulary, in their order.
    shared: Vec<u32>,
    /// Lengths of the blocks of words and of n-grams.
    lengths: (f64, f64),
}

/// A term as the other model weighs it.
#[derive(Debug, Clone, Copy)]
struct Weighed {
    /// 0 if it does not know the term.
    idf: f32,
    /// The feature that carries its value: the term itself if nobody else weighs it.
    feature: u32,
}

impl SourceTerms {
    /// From the other model's idf per term of the vocabulary (0 for terms it does not know), the idf at hand, and the lengths
    /// to which the other model brings its blocks. `None` unless there is one idf of each per term.
    pub(crate) fn new(idf: &[f32], own: &[f32], lengths: (f64, f64)) -> Option<Self> {
        if idf.len() != own.len() {
            return None;
        }
        let mut shared: Vec<u32> = Vec::new();
        let terms = idf.len();
        let weighed = idf.iter().zip(own).zip(0..).map(|((&idf, &own), term)| {
            let mut feature = term;
            if idf > 0.0 && own > 0.0 {
                feature = (terms + shared.len()) as u32;
                shared.push(term);
            }
            Weighed { idf, feature }
        });
        let weighed = weighed.collect();
        Some(Self { weighed, shared, lengths })
    }

    /// Number of features: the terms, and once more those that both weigh.
    pub(crate) fn features(&self) -> usize {
        self.weighed.len() + self.shared.len()
    }

    /// The term that a feature is about.
    pub(crate) fn term(&self, feature: u32) -> u32 {
        (feature as usize).checked_sub(self.weighed.len()).map_or(feature, |n| self.shared[n])
    }

    /// The feature that carries the other model's value of a term.
    pub(crate) fn feature(&self, term: TermId) -> TermId {
        TermId(self.weighed[term.index()].feature)
    }

    /// The other model's idf per term.
    pub(crate) fn idf(&self) -> Vec<f32> {
        self.weighed.iter().map(|w| w.idf).collect()
    }

    /// Appends a text's values as the other model has them. Terms from `first_gram` on are n-grams.
    pub(crate) fn weigh(&self, reading: &Reading, first_gram: u32, terms: &mut Vec<TermId>, values: &mut Vec<f64>) {
        let tf = SublinearTf::new();
        let from = terms.len();
        let mut words = 0;
        for &term in &reading.terms {
            let Weighed { idf, feature } = self.weighed[term as usize];
            if idf > 0.0 {
                words += usize::from(term < first_gram);
                terms.push(TermId(feature));
                values.push(tf.of(reading.count(term)) * f64::from(idf));
            }
        }
        let (words, grams) = values[from..].split_at_mut(words);
        bring_to_length(words, self.lengths.0);
        bring_to_length(grams, self.lengths.1);
    }
}
