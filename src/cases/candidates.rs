//! The best candidates for a text: exact top-k by BM25 over all fields.
//!
//! Every posting of every query term is visited, so the result is exact. Words count in all fields, character n-grams
//! (which carry languages without a stemmer, names and typing errors) in title, claim and keywords.

use rustc_hash::FxHashMap;
use std::sync::Arc;

use super::case::Field;
use super::index::{CaseIndex, CaseNo, FieldCounts, long_settings, short_settings};
use super::postings::Posting;
use super::related::{Words, passages};
use crate::document::Language;
use crate::features::interner::LookUp;
use crate::features::lexicon::{Lexicon, Reading};
use crate::features::vocabulary::TermKind;
use crate::text::analyser::{Analysis, sentences};
use crate::text::token::{Sentence, TokenKind};

/// Saturation of a term's count.
const K1: f64 = 1.2;
/// How much long fields are held back.
const B: f64 = 0.75;
/// What a word in each field counts: a disproof also tells of other claims.
const FIELD_WEIGHTS: [f64; 4] = [1.0, 1.0, 0.5, 0.5];
/// Share of n-grams and pairs in the first score, against 1 for words.
const GRAM_SHARE: f64 = 0.06;
const PAIR_SHARE: f64 = 0.3;

/// BM25's idf, `ln(1 + (N - df + 0.5) / (df + 0.5))` (Robertson and Zaragoza, "The Probabilistic Relevance Framework",
/// 2009, in the form that is never negative).
fn bm25_idf(cases: usize, df: usize) -> f64 {
    (1.0 + (cases as f64 - df as f64 + 0.5) / (df as f64 + 0.5)).ln()
}

/// Which fields a search may look into. Learning from free pairs hides the field the query was taken from.
pub(crate) type FieldMask = [bool; 4];

/// All fields.
pub(crate) const ALL_FIELDS: FieldMask = [true; 4];

/// A case that may repeat the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) case: CaseNo,
    /// BM25 score, not comparable between texts.
    pub(crate) score: f64,
}

/// One distinct term of the query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueryTerm {
    pub(crate) term: u32,
    pub(crate) kind: TermKind,
    pub(crate) idf: f64,
    /// Weight by its count in the query, `1 + ln(count)`.
    pub(crate) weight: f64,
}

/// A text prepared for search, with the working memory of a thread.
pub struct Query {
    /// For texts that come without an analysis.
    own: Analysis,
    /// The language of the text.
    pub(crate) language: Option<Language>,
    pub(crate) lexicon: Lexicon,
    pub(crate) reading: Reading,
    pub(crate) terms: Vec<QueryTerm>,
    /// Per index term its place in `terms`, or [`u32::MAX`].
    slots: Vec<u32>,
    /// Per index term a bit: whether the query has it. Small enough to stay at hand while a case's terms are looked up.
    has: Vec<u64>,
    /// Distinct words of each sentence, as places in `terms`; one list after the other.
    pub(crate) sentences: Vec<Vec<u32>>,
    has_numbers: bool,
    /// For reading fields of cases without forgetting the query.
    field: FieldReader,
    gram_idf: Vec<f32>,
    /// First score per case.
    scores: Vec<f32>,
    /// What was derived from the index, and from which state of it.
    derived: Derived,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            own: Analysis::default(),
            language: None,
            lexicon: Lexicon::new(&short_settings()),
            reading: Reading::default(),
            terms: Vec::new(),
            slots: Vec::new(),
            has: Vec::new(),
            sentences: Vec::new(),
            has_numbers: false,
            field: FieldReader::default(),
            gram_idf: Vec::new(),
            scores: Vec::new(),
            derived: Derived::default(),
        }
    }
}

/// Memory for reading the words of the fields of cases.
struct FieldReader {
    lexicon: Lexicon,
    analysis: Analysis,
    reading: Reading,
    /// Cases already read: the same few are related to many texts.
    remembered: FxHashMap<CaseNo, Arc<[Vec<Words>; 3]>>,
}

/// Fields whose passages are shown, in this order where they match alike.
pub(crate) const PASSAGE_FIELDS: [Field; 3] = [Field::Claim, Field::Title, Field::Disproof];

/// Cases whose passages are remembered.
const REMEMBERED: usize = 4096;

impl Default for FieldReader {
    fn default() -> Self {
        let lexicon = Lexicon::new(&long_settings());
        Self { lexicon, analysis: Analysis::default(), reading: Reading::default(), remembered: FxHashMap::default() }
    }
}

/// Character n-grams a query keeps: those of about a hundred words. In a longer text the words speak for themselves.
const MOST_GRAMS: usize = 512;

/// A term in more than this share of all cases says nothing and is left out, as a stop word would be.
const TOO_COMMON: f64 = 0.5;

impl Query {
    /// Ids of the `k` best cases by the first score alone: the plain BM25 that a ranker has to beat.
    pub fn first_stage<'i>(
        &mut self,
        index: &'i CaseIndex,
        text: &str,
        language: Option<Language>,
        k: usize,
    ) -> Vec<&'i str> {
        self.prepare_text(index, text, &sentences(text), language);
        self.candidates(index, ALL_FIELDS, k).into_iter().map(|c| index.case(c.case).id.as_str()).collect()
    }

    /// Analyses `text` and reads it against `index`.
    pub(crate) fn prepare_text(
        &mut self,
        index: &CaseIndex,
        text: &str,
        marked: &[Sentence],
        language: Option<Language>,
    ) {
        let mut analysis = std::mem::take(&mut self.own);
        analysis.analyse(text, language);
        self.prepare(index, &analysis, marked);
        self.own = analysis;
    }

    /// Reads an analysed text with the given sentences against `index`.
    pub(crate) fn prepare(&mut self, index: &CaseIndex, analysis: &Analysis, marked: &[Sentence]) {
        self.language = analysis.language;
        self.read(index, analysis);
        self.split(analysis, marked);
    }

    /// The analysis of the text last given to [`Query::prepare_text`].
    pub(crate) fn own_analysis(&self) -> &Analysis {
        &self.own
    }

    /// Counts the terms of the analysed text.
    fn read(&mut self, index: &CaseIndex, analysis: &Analysis) {
        if self.derived.generation != Some(index.generation()) {
            self.derived = Derived::new(index);
            // Words remembered as unknown may be known now.
            self.lexicon = Lexicon::new(&short_settings());
            self.field = FieldReader::default();
        }
        self.lexicon.read(analysis, &mut LookUp(&index.terms), &mut self.reading);
        for t in self.terms.drain(..) {
            self.slots[t.term as usize] = u32::MAX;
            self.has[t.term as usize / 64] = 0;
        }
        self.slots.resize(index.terms.len(), u32::MAX);
        self.has.resize(index.terms.len().div_ceil(64), 0);
        let common = TOO_COMMON * index.len() as f64;
        let least = self.least_gram(index);
        for &term in &self.reading.terms {
            let df = index.postings.df(term);
            if df == 0 || df as f64 > common && df > 8 {
                continue;
            }
            let kind = index.kind(term);
            if kind == TermKind::Chars && self.derived.idf[term as usize] < least {
                continue;
            }
            self.slots[term as usize] = self.terms.len() as u32;
            self.has[term as usize / 64] |= 1 << (term % 64);
            let weight = 1.0 + f64::from(self.reading.count(term)).ln();
            self.terms.push(QueryTerm { term, kind, idf: self.derived.idf(term), weight });
        }
    }

    /// The place in `terms` of an index term, if the query has it.
    #[inline]
    pub(crate) fn slot(&self, term: u32) -> Option<usize> {
        let has = self.has[term as usize / 64] >> (term % 64) & 1 == 1;
        has.then(|| self.slots[term as usize] as usize)
    }

    /// The idf from which a character n-gram of the text counts: a long text keeps its [`MOST_GRAMS`] rarest.
    fn least_gram(&mut self, index: &CaseIndex) -> f32 {
        let grams = self.reading.terms.iter().filter(|&&t| index.kind(t) == TermKind::Chars);
        self.gram_idf.clear();
        self.gram_idf.extend(grams.map(|&t| self.derived.idf[t as usize]));
        if self.gram_idf.len() <= MOST_GRAMS {
            return 0.0;
        }
        *self.gram_idf.select_nth_unstable_by(MOST_GRAMS, |a, b| b.total_cmp(a)).1
    }

    /// The idf of an index term.
    pub(crate) fn idf(&self, term: u32) -> f64 {
        self.derived.idf(term)
    }

    /// The weighted, length-normalised frequency of a term in the fields of `mask` (BM25F, Robertson, Zaragoza and
    /// Taylor 2004).
    #[inline]
    pub(crate) fn frequency(&self, case: CaseNo, counts: FieldCounts, mask: FieldMask) -> f64 {
        self.derived.frequency(case, counts, mask)
    }

    /// Whether the text has any number.
    pub(crate) fn has_numbers(&self) -> bool {
        self.has_numbers
    }

    /// Totals of a case, computed when it is first looked at.
    pub(crate) fn totals(&mut self, index: &CaseIndex, case: CaseNo) -> Totals {
        self.derived.totals(index, case)
    }

    /// The sentences of the claim, title and disproof of a case as bags of words.
    pub(crate) fn passages_of(&mut self, index: &CaseIndex, case: CaseNo) -> Arc<[Vec<Words>; 3]> {
        let FieldReader { lexicon, analysis, reading, remembered } = &mut self.field;
        if let Some(known) = remembered.get(&case) {
            return Arc::clone(known);
        }
        let derived = &self.derived;
        let record = index.case(case);
        let read = Arc::new(PASSAGE_FIELDS.map(|field| {
            let text = record.field(field);
            analysis.analyse(&text, record.own_language());
            lexicon.read(analysis, &mut LookUp(&index.terms), reading);
            passages(&sentences(&text), analysis, lexicon, reading, &|term| derived.idf(term))
        }));
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(case, Arc::clone(&read));
        read
    }

    /// Sorts the words of the query by sentence, and notes whether it has numbers.
    fn split(&mut self, analysis: &Analysis, sentences: &[Sentence]) {
        self.sentences.clear();
        self.has_numbers = analysis.tokens.iter().any(|t| t.kind == TokenKind::Number);
        let mut tokens = analysis.tokens.iter().enumerate().peekable();
        for sentence in sentences {
            let mut words = Vec::new();
            while let Some((number, _)) = tokens.next_if(|(_, t)| t.start < sentence.end) {
                let slot = self.slots.get(self.lexicon.word_of(&self.reading, number) as usize).copied();
                let Some(slot) = slot.filter(|&s| s != u32::MAX) else { continue };
                words.push(slot);
            }
            words.sort_unstable();
            words.dedup();
            if !words.is_empty() {
                self.sentences.push(words);
            }
        }
    }

    /// The `k` best cases, best first; cases of equal score by their number.
    pub(crate) fn candidates(&mut self, index: &CaseIndex, mask: FieldMask, k: usize) -> Vec<Candidate> {
        self.scores.clear();
        self.scores.resize(index.capacity(), 0.0);
        let flat = index.postings.flat();
        for t in &self.terms {
            let weight = (share(t.kind) * t.idf * t.weight * SATURATED) as f32;
            let place = index.postings.place(t.term);
            let (first, later) = (&flat[place.clone()], index.postings.later(t.term));
            if mask == ALL_FIELDS {
                let weight = weight / f32::from(u8::MAX);
                for (posting, &impact) in first.iter().zip(&self.derived.impacts[place]) {
                    self.scores[posting.case.index()] += weight * f32::from(impact);
                }
                for posting in later {
                    self.scores[posting.case.index()] += weight * f32::from(self.derived.impact(*posting));
                }
            } else {
                for posting in first.iter().chain(later) {
                    // A frequency of 0, of a field that is masked or a case that is gone, adds nothing.
                    let tf = self.frequency(posting.case, posting.counts, mask);
                    self.scores[posting.case.index()] += weight * (tf / (K1 + tf)) as f32;
                }
            }
        }
        let scored = (0..).zip(&self.scores).filter(|&(_, &score)| score > 0.0);
        let mut found: Vec<Candidate> =
            scored.map(|(case, &score)| Candidate { case: CaseNo(case), score: f64::from(score) }).collect();
        let better = |a: &Candidate, b: &Candidate| b.score.total_cmp(&a.score).then(a.case.cmp(&b.case));
        if found.len() > k && k > 0 {
            found.select_nth_unstable_by(k - 1, better);
        }
        found.truncate(k);
        found.sort_unstable_by(better);
        found
    }
}

/// What a kind of term counts in the first score.
fn share(kind: TermKind) -> f64 {
    match kind {
        TermKind::Word => 1.0,
        TermKind::Pair => PAIR_SHARE,
        TermKind::Chars => GRAM_SHARE,
    }
}

/// BM25's saturation of a frequency.
#[inline]
pub(crate) fn saturate(tf: f64) -> f64 {
    (K1 + 1.0) * tf / (K1 + tf)
}

/// The largest value of [`saturate`].
pub(crate) const SATURATED: f64 = K1 + 1.0;

/// What is computed once per state of the index.
#[derive(Default)]
struct Derived {
    generation: Option<u64>,
    /// Per term.
    idf: Vec<f32>,
    /// Per case and field: the field's weight over its normalised length; 0 for a removed case.
    field_weights: Vec<[f32; 4]>,
    /// Per posting of the flat list: its saturated frequency in all fields, as a share of the largest possible in
    /// steps of 1/255.
    impacts: Vec<u8>,
    /// Per case, computed when first asked for.
    totals: Vec<Option<Totals>>,
}

/// What all terms of a case's title (0) and claim (1) sum to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    /// idf of its words.
    pub(crate) words: [f64; 2],
    /// idf of its character n-grams.
    pub(crate) grams: [f64; 2],
}

impl Derived {
    fn new(index: &CaseIndex) -> Self {
        // Few frequencies are distinct, so the logarithm is taken once for each.
        let mut by_df: Vec<Option<f32>> = vec![None; index.len() + 1];
        let idf = (0..index.postings.terms() as u32)
            .map(|term| {
                let df = index.postings.df(term);
                *by_df[df].get_or_insert_with(|| bm25_idf(index.len(), df) as f32)
            })
            .collect();
        let mean = index.mean_lengths();
        let field_weights = (0..index.capacity())
            .map(|case| {
                let case = CaseNo(case as u32);
                if !index.is_live(case) {
                    return [0.0; 4];
                }
                let lengths = index.lengths(case);
                std::array::from_fn(|f| {
                    let length = 1.0 - B + B * f64::from(lengths[f]) / mean[f];
                    (FIELD_WEIGHTS[f] / length) as f32
                })
            })
            .collect();
        let generation = Some(index.generation());
        let mut derived =
            Self { generation, idf, field_weights, impacts: Vec::new(), totals: vec![None; index.capacity()] };
        derived.impacts = index.postings.flat().iter().map(|posting| derived.impact(*posting)).collect();
        derived
    }

    /// See [`Query::frequency`].
    #[inline]
    fn frequency(&self, case: CaseNo, counts: FieldCounts, mask: FieldMask) -> f64 {
        let weights = &self.field_weights[case.index()];
        let part = |f: usize| if mask[f] { weights[f] * f32::from(counts[f]) } else { 0.0 };
        f64::from((part(0) + part(1)) + (part(2) + part(3)))
    }

    /// The saturated frequency of a posting in all fields, of at most 255; 0 only for a case that is gone.
    fn impact(&self, posting: Posting) -> u8 {
        let tf = self.frequency(posting.case, posting.counts, ALL_FIELDS);
        // Rounded up: a case that has the term is never lost.
        let steps = (tf / (K1 + tf) * f64::from(u8::MAX)).ceil();
        #[allow(clippy::cast_sign_loss)] // A frequency is never negative.
        let steps = steps as u8;
        steps
    }

    fn idf(&self, term: u32) -> f64 {
        f64::from(self.idf[term as usize])
    }

    fn totals(&mut self, index: &CaseIndex, case: CaseNo) -> Totals {
        if let Some(known) = self.totals[case.index()] {
            return known;
        }
        let mut sums = Totals::default();
        for ct in index.terms_of(case) {
            let sum = match index.kind(ct.term) {
                TermKind::Word => &mut sums.words,
                TermKind::Chars => &mut sums.grams,
                TermKind::Pair => continue,
            };
            for (field, sum) in sum.iter_mut().enumerate() {
                if ct.counts[field] > 0 {
                    *sum += f64::from(self.idf[ct.term as usize]);
                }
            }
        }
        self.totals[case.index()] = Some(sums);
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::case::Case;

    #[test]
    fn top_k_is_exact_and_an_added_case_is_found_at_once() {
        let case = |id: &str, claim: &str| Case { id: id.into(), claim: claim.into(), ..Case::default() };
        let mut index =
            CaseIndex::new((0..200).map(|i| case(&format!("c{i}"), &format!("claim number {i} of many kinds"))));
        let mut query = Query::default();
        let text = "claim number 17 about zebras";
        query.prepare_text(&index, text, &sentences(text), None);
        let all = query.candidates(&index, ALL_FIELDS, 1000);
        let top = query.candidates(&index, ALL_FIELDS, 5);
        assert_eq!(&all[..5], &top[..]);
        assert_eq!(index.case(top[0].case).id, "c17");
        index.add(case("z", "Zebras are painted horses"));
        query.prepare_text(&index, text, &sentences(text), None);
        assert_eq!(index.case(query.candidates(&index, ALL_FIELDS, 1)[0].case).id, "z");
        index.remove("z");
        query.prepare_text(&index, text, &sentences(text), None);
        assert!(query.candidates(&index, ALL_FIELDS, 1000).iter().all(|c| index.is_live(c.case)));
    }
}
