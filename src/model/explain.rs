//! Why a narrative got its score: the exact contribution of every word.
//!
//! A linear score is a sum over features, so nothing has to be approximated. What a stem gives goes to its words, what
//! a character n-gram gives to the words it lies in, what a pair gives half to each of its words; several occurrences
//! share evenly. The contributions of all tokens and the bias add up to the score.

use super::classifier::{Classifier, Scratch};
use super::taxonomy::NarrativeNo;
use crate::features::vocabulary::TermId;

impl Classifier {
    /// The contribution of each token of the last scored text to the linear score of `narrative`.
    ///
    /// As many values as the analysis has tokens; with the bias they sum to `scratch.scores`.
    pub fn contributions(&self, scratch: &mut Scratch, narrative: NarrativeNo) -> Vec<f64> {
        let Scratch { featuriser: f, credit, words, .. } = scratch;
        // What one occurrence of each term gives. Terms of other texts hold stale values that are never read.
        credit.resize(self.space.len(), 0.0);
        for (&TermId(term), &value) in f.weights.terms.iter().zip(&f.weights.values) {
            let whole = value * self.weight(term, narrative);
            credit[term as usize] = whole / f64::from(f.reading.count(term));
        }
        let mut out = Vec::with_capacity(f.analysis.tokens.len());
        f.lexicon.spread(&f.reading, credit, words, &mut out);
        for pair in &f.reading.pairs {
            let half = credit[pair.term as usize] / 2.0;
            out[pair.first as usize] += half;
            out[pair.second as usize] += half;
        }
        out
    }
}
