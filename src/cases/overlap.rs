//! What a text and a case share: sums over their common terms, from which `likeness` makes features.
//!
//! One pass over the terms of the case fills all sums; what needs the order of the text (sentences, quoted runs) is read
//! from marks that the pass leaves behind.

use super::bm25::FieldWeights;
use super::candidates::{FieldMask, Query, QueryTerm, saturate};
use super::index::{CaseIndex, CaseNo, CaseTerm};
use crate::features::vocabulary::TermKind;

/// Divides, giving 0 for nothing out of nothing.
pub(crate) fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// What all terms of the text could at most sum to.
#[derive(Default)]
pub(crate) struct Whole {
    pub(crate) words: f64,
    pub(crate) body: f64,
    pub(crate) byline: f64,
    pub(crate) names: f64,
    pub(crate) pairs: f64,
    pub(crate) grams: f64,
    pub(crate) squares: f64,
}

impl Whole {
    pub(crate) fn of(query: &Query) -> Self {
        let mut out = Self::default();
        for t in &query.terms {
            let weight = t.idf * t.weight;
            match t.kind {
                TermKind::Word => {
                    out.words += weight;
                    out.squares += t.idf * t.idf * t.weight.min(1.0);
                    out.body += t.idf * t.body;
                    out.byline += if t.body > 0.0 { 0.0 } else { weight };
                    out.names += if t.name { t.idf } else { 0.0 };
                }
                TermKind::Pair => out.pairs += weight,
                TermKind::Chars => out.grams += weight,
            }
        }
        out
    }
}

/// What a text and a case share.
#[derive(Default, Clone)]
pub(crate) struct Shared {
    pub(crate) all: f64,
    pub(crate) short: f64,
    pub(crate) title: f64,
    pub(crate) claim: f64,
    pub(crate) disproof: f64,
    pub(crate) grams: f64,
    pub(crate) pairs: f64,
    pub(crate) pairs_short: f64,
    pub(crate) body: f64,
    pub(crate) body_short: f64,
    pub(crate) byline: f64,
    pub(crate) names: f64,
    pub(crate) names_short: f64,
    /// Best single sentence: BM25 and idf-weighted Dice overlap.
    pub(crate) sentence: f64,
    pub(crate) overlap: f64,
    pub(crate) idf: f64,
    pub(crate) idf_short: f64,
    /// In the title and in the claim.
    pub(crate) words_in: [f64; 2],
    pub(crate) grams_in: [f64; 2],
    pub(crate) run: f64,
    pub(crate) run_short: f64,
    pub(crate) run_words: u32,
    pub(crate) squares: f64,
    pub(crate) squares_short: f64,
    pub(crate) sentence_all: f64,
    pub(crate) largest: f64,
    pub(crate) second: f64,
    pub(crate) lacking: f64,
    pub(crate) count: u32,
    pub(crate) numbers: u32,
}

const TITLE: u8 = 1;
const CLAIM: u8 = 2;
/// Set wherever it stands.
const ANYWHERE: u8 = 4;

/// Room to work in, per query term.
struct Marks {
    /// Where in the candidate at hand it stands: in the [`TITLE`], in the [`CLAIM`], [`ANYWHERE`]; 0 if nowhere.
    places: Vec<u8>,
    /// What it gives in title and claim.
    short: Vec<f64>,
    /// What it gives in all fields.
    all: Vec<f64>,
}

/// Compares one text with one case after the other.
pub(crate) struct Comparison<'q> {
    index: &'q CaseIndex,
    query: &'q Query,
    mask: FieldMask,
    marks: Marks,
}

impl<'q> Comparison<'q> {
    /// Of a prepared query with cases of `index`, by the fields of `mask`.
    pub(crate) fn new(index: &'q CaseIndex, query: &'q Query, mask: FieldMask) -> Self {
        let terms = query.terms.len();
        let marks = Marks { places: vec![0; terms], short: vec![0.0; terms], all: vec![0.0; terms] };
        Self { index, query, mask, marks }
    }

    /// What the text and a case share.
    pub(crate) fn with(&mut self, case: CaseNo) -> Shared {
        let Self { index, query, mask, marks } = self;
        let mut s = Shared::default();
        marks.places.fill(0);
        let weights = FieldWeights::new(index.lengths(case), index.mean_lengths());
        let add = |ct: CaseTerm| {
            if let Some(slot) = query.slot(ct.term) {
                let numeric = || index.is_number(ct.term);
                s.add(query.terms[slot], weights.parts(ct.counts, *mask), slot, marks, numeric);
            }
        };
        index.each_term(case, |term| query.may_have(term), add);
        s.rarest(query, &marks.places);
        (s.run, s.run_words) = longest_run(query, &marks.places, ANYWHERE);
        s.run_short = longest_run(query, &marks.places, TITLE | CLAIM).0;
        let totals = index.facts(case).totals;
        s.sentences(query, marks, [0, 1].map(|f| if mask[f] { totals.words[f] } else { 0.0 }));
        s
    }
}

impl Shared {
    /// Adds a term of the text that the case has, by what it gives in each field.
    #[inline]
    fn add(&mut self, term: QueryTerm, parts: [f32; 4], slot: usize, marks: &mut Marks, numeric: impl Fn() -> bool) {
        let weight = term.idf * term.weight;
        let short = f64::from(parts[0] + parts[1]);
        let everywhere = f64::from((parts[0] + parts[1]) + (parts[2] + parts[3]));
        let at = |part: f32, place: u8| if part > 0.0 { place } else { 0 };
        let place = at(parts[0], TITLE) | at(parts[1], CLAIM);
        if everywhere <= 0.0 {
            return;
        }
        match term.kind {
            TermKind::Chars => {
                if place != 0 {
                    self.grams += weight * saturate(short);
                    self.grams_in[0] += if place & TITLE != 0 { term.idf } else { 0.0 };
                    self.grams_in[1] += if place & CLAIM != 0 { term.idf } else { 0.0 };
                }
            }
            TermKind::Pair => {
                marks.places[slot] = place | ANYWHERE;
                self.pairs += weight * saturate(everywhere);
                self.pairs_short += if place == 0 { 0.0 } else { weight * saturate(short) };
            }
            TermKind::Word => {
                marks.places[slot] = place | ANYWHERE;
                self.words_in[0] += if place & TITLE != 0 { term.idf } else { 0.0 };
                self.words_in[1] += if place & CLAIM != 0 { term.idf } else { 0.0 };
                let everywhere = saturate(everywhere);
                let short = if place == 0 { 0.0 } else { saturate(short) };
                (marks.short[slot], marks.all[slot]) = (term.idf * short, term.idf * everywhere);
                self.add_word(term, everywhere, short);
                let alone = |f: usize| if parts[f] > 0.0 { weight * saturate(f64::from(parts[f])) } else { 0.0 };
                self.title += alone(0);
                self.claim += alone(1);
                self.disproof += alone(2);
                self.numbers += u32::from(place != 0 && numeric());
            }
        }
    }

    /// A word by what it gives in all fields, and in title and claim (0 if it stands in neither).
    fn add_word(&mut self, term: QueryTerm, everywhere: f64, short: f64) {
        let weight = term.idf * term.weight;
        let square = term.idf * term.idf * term.weight.min(1.0);
        self.all += weight * everywhere;
        self.idf += term.idf;
        self.squares += square;
        self.body += term.idf * term.body * everywhere;
        self.byline += if term.body > 0.0 { 0.0 } else { weight * everywhere };
        self.names += if term.name { term.idf * everywhere } else { 0.0 };
        self.largest = self.largest.max(term.idf);
        if short > 0.0 {
            self.short += weight * short;
            self.idf_short += term.idf;
            self.squares_short += square;
            self.body_short += term.idf * term.body * short;
            self.names_short += if term.name { term.idf * short } else { 0.0 };
            self.count += 1;
        }
    }

    /// The most telling words: the second of those in title and claim, and the first that the case lacks.
    fn rarest(&mut self, query: &Query, places: &[u8]) {
        let mut first = 0.0f64;
        for (term, &place) in query.terms.iter().zip(places).filter(|t| t.0.kind == TermKind::Word) {
            if place == 0 {
                self.lacking = if term.meaning { self.lacking } else { self.lacking.max(term.idf) };
            } else if place & (TITLE | CLAIM) != 0 {
                if term.idf > first {
                    (self.second, first) = (first, term.idf);
                } else {
                    self.second = self.second.max(term.idf);
                }
            }
        }
    }

    /// The best single sentence, where title and claim have words of the given total idf.
    fn sentences(&mut self, query: &Query, marks: &Marks, words_in: [f64; 2]) {
        for sentence in &query.sentences {
            let (mut own, mut shared, mut sum, mut everywhere) = (0.0, [0.0; 2], 0.0, 0.0);
            for &slot in sentence {
                let (idf, place) = (query.terms[slot as usize].idf, marks.places[slot as usize]);
                own += idf;
                for (side, shared) in shared.iter_mut().enumerate() {
                    if place & (1 << side) != 0 {
                        *shared += idf;
                    }
                }
                if place & (TITLE | CLAIM) != 0 {
                    sum += marks.short[slot as usize];
                }
                if place != 0 {
                    everywhere += marks.all[slot as usize];
                }
            }
            self.sentence = self.sentence.max(sum);
            self.sentence_all = self.sentence_all.max(everywhere);
            for (shared, total) in shared.iter().zip(words_in) {
                self.overlap = self.overlap.max(share(2.0 * shared, own + total));
            }
        }
    }
}

/// The longest run of neighbouring words of the text of which every pair stands in the case, at one of `places`: what is
/// quoted. The largest sum of idf, and the most pairs.
fn longest_run(query: &Query, found: &[u8], places: u8) -> (f64, u32) {
    let (mut best, mut best_pairs) = (0.0f64, 0);
    let (mut run, mut pairs, mut before) = (0.0, 0, u32::MAX);
    for &(slot, token) in &query.chain {
        let here = found[slot as usize] & places != 0;
        if !here || before.wrapping_add(1) != token {
            (run, pairs) = (0.0, 0);
        }
        if here {
            run += query.terms[slot as usize].idf;
            pairs += 1;
            before = token;
            (best, best_pairs) = (best.max(run), best_pairs.max(pairs));
        }
    }
    (best, best_pairs)
}
