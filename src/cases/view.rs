//! What of a text is searched for: the whole, or one of its passages.

use std::ops::Range;

use super::meanings::Meaning;
use super::slots::Slots;
use crate::features::vocabulary::TermKind;

/// One distinct term of the query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueryTerm {
    pub(crate) term: u32,
    pub(crate) kind: TermKind,
    pub(crate) idf: f64,
    /// Weight by its count in the query, `1 + ln(count)`.
    pub(crate) weight: f64,
    /// The same without the line that names the author; 0 for what stands there only. Counted for words.
    pub(crate) body: f64,
    /// Whether it is (also) written as a name.
    pub(crate) name: bool,
    /// Whether it is no word of the text but what one means in another language.
    pub(crate) meaning: bool,
}

/// What of a text is searched for.
#[derive(Default)]
pub(crate) struct View {
    /// In no order that means anything.
    pub(crate) terms: Vec<QueryTerm>,
    pub(super) slots: Slots,
    /// The tokens.
    pub(super) kept: Vec<Range<usize>>,
    /// Distinct words of each sentence, as places in `terms`; one list after the other.
    pub(crate) sentences: Vec<Vec<u32>>,
    pub(super) has_numbers: bool,
    /// Its words and numbers, known or not.
    pub(crate) words: usize,
    /// Searched for by its telling terms only: the whole of a text whose passages are searched for, too.
    pub(super) in_outline: bool,
    /// Meanings of the words.
    pub(crate) meanings: Vec<Meaning>,
    /// Pairs of neighbouring words, as places in `terms`, and the tokens they stand at.
    pub(crate) chain: Vec<(u32, u32)>,
}

impl View {
    /// The place in `terms` of an index term, if it is there.
    #[inline]
    pub(crate) fn slot(&self, term: u32) -> Option<usize> {
        self.slots.get(term)
    }

    /// Whether an index term may be there: see [`Slots::may_have`].
    #[inline]
    pub(crate) fn may_have(&self, term: u32) -> bool {
        self.slots.may_have(term)
    }
}
