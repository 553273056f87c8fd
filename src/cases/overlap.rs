//! What a text and a case share: sums over their common terms, from which `likeness` makes features.
//!
//! One pass over the terms of the case fills all sums; what needs the order of the text (sentences, quoted runs) is read
//! from marks that the pass leaves behind.

use super::bm25::FieldWeights;
use super::candidates::{FieldMask, Query, QueryTerm, View, saturate};
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
        for t in &query.view.terms {
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

/// Room to work in.
struct Marks {
    /// Per query term, where in the candidate at hand it stands: in the [`TITLE`], in the [`CLAIM`], [`ANYWHERE`]; 0 if
    /// nowhere.
    places: Vec<u8>,
    /// Per sentence of the query, what it shares with the candidate at hand.
    sentences: Vec<SentenceShare>,
}

/// What one sentence shares with a case.
#[derive(Default, Clone, Copy)]
struct SentenceShare {
    /// BM25 in title and claim, and in all fields.
    short: f64,
    all: f64,
    /// Idf found in the title and in the claim.
    idf: [f64; 2],
}

/// The words of a query, arranged for being looked for in one case after the other.
struct Words {
    /// Places of its words in the terms of the query, from the rarest to the commonest.
    by_rarity: Vec<u32>,
    /// Per query term, where its sentences begin in `sentences`, and where the last one's end.
    starts: Vec<u32>,
    sentences: Vec<u32>,
    /// Per sentence, the idf of its words.
    idf: Vec<f64>,
}

impl Words {
    fn of(query: &Query) -> Self {
        let View { terms, sentences, .. } = &query.view;
        let mut by_rarity: Vec<u32> = (0u32..).zip(terms).filter(|t| t.1.kind == TermKind::Word).map(|t| t.0).collect();
        let idf = |&slot: &u32| terms[slot as usize].idf;
        by_rarity.sort_by(|a, b| idf(b).total_cmp(&idf(a)));
        let mut pairs: Vec<(u32, u32)> =
            (0u32..).zip(sentences).flat_map(|(n, words)| words.iter().map(move |&slot| (slot, n))).collect();
        pairs.sort_unstable();
        let mut starts = Vec::with_capacity(terms.len() + 1);
        let mut at = 0;
        for slot in 0..=terms.len() as u32 {
            at += pairs[at..].iter().take_while(|p| p.0 < slot).count();
            starts.push(at as u32);
        }
        Self {
            by_rarity,
            starts,
            sentences: pairs.into_iter().map(|p| p.1).collect(),
            idf: sentences.iter().map(|words| words.iter().map(idf).sum()).collect(),
        }
    }

    /// The sentences in which the word at a place stands.
    fn sentences_with(&self, slot: usize) -> &[u32] {
        &self.sentences[self.starts[slot] as usize..self.starts[slot + 1] as usize]
    }
}

/// Compares one text with one case after the other.
pub(crate) struct Comparison<'q> {
    index: &'q CaseIndex,
    query: &'q Query,
    mask: FieldMask,
    words: Words,
    marks: Marks,
}

impl<'q> Comparison<'q> {
    /// Of a prepared query with cases of `index`, by the fields of `mask`.
    pub(crate) fn new(index: &'q CaseIndex, query: &'q Query, mask: FieldMask) -> Self {
        let sentences = vec![SentenceShare::default(); query.view.sentences.len()];
        let marks = Marks { places: vec![0; query.view.terms.len()], sentences };
        Self { index, query, mask, words: Words::of(query), marks }
    }

    /// What the text and a case share.
    pub(crate) fn with(&mut self, case: CaseNo) -> Shared {
        let Self { index, query, mask, words, marks } = self;
        let mut s = Shared::default();
        marks.places.fill(0);
        marks.sentences.fill(SentenceShare::default());
        let weights = FieldWeights::new(index.lengths(case), index.mean_lengths());
        let add = |ct: CaseTerm| {
            if let Some(slot) = query.view.slot(ct.term) {
                let numeric = || index.is_number(ct.term);
                s.add(query.view.terms[slot], weights.parts(ct.counts, *mask), slot, (words, marks), numeric);
            }
        };
        index.each_term(case, |term| query.view.may_have(term), add);
        s.rarest(query, words, &marks.places);
        [(s.run, s.run_words), (s.run_short, _)] = longest_runs(query, &marks.places);
        let totals = index.facts(case).totals;
        let words_in = [0, 1].map(|f| if mask[f] { totals.words[f] } else { 0.0 });
        for (shared, &own) in marks.sentences.iter().zip(&words.idf) {
            s.add_sentence(shared, own, words_in);
        }
        s
    }
}

impl Shared {
    /// Adds a term of the text that the case has, by what it gives in each field.
    #[inline]
    fn add(
        &mut self,
        term: QueryTerm,
        parts: [f32; 4],
        slot: usize,
        (words, marks): (&Words, &mut Marks),
        numeric: impl Fn() -> bool,
    ) {
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
                let idf = [TITLE, CLAIM].map(|f| if place & f != 0 { term.idf } else { 0.0 });
                let everywhere = saturate(everywhere);
                let short = if place == 0 { 0.0 } else { saturate(short) };
                for &sentence in words.sentences_with(slot) {
                    let sentence = &mut marks.sentences[sentence as usize];
                    sentence.short += term.idf * short;
                    sentence.all += term.idf * everywhere;
                    for (sum, idf) in sentence.idf.iter_mut().zip(idf) {
                        *sum += idf;
                    }
                }
                for (sum, idf) in self.words_in.iter_mut().zip(idf) {
                    *sum += idf;
                }
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
    fn rarest(&mut self, query: &Query, words: &Words, places: &[u8]) {
        let (mut present, mut lacking) = (0, false);
        for &slot in &words.by_rarity {
            let (term, place) = (query.view.terms[slot as usize], places[slot as usize]);
            if place == 0 && !term.meaning && !lacking {
                self.lacking = term.idf;
                lacking = true;
            } else if place & (TITLE | CLAIM) != 0 && present < 2 {
                self.second = if present == 1 { term.idf } else { 0.0 };
                present += 1;
            }
            if lacking && present == 2 {
                break;
            }
        }
    }

    /// Takes a sentence of the given total idf into account, where title and claim have words of `words_in`.
    fn add_sentence(&mut self, shared: &SentenceShare, own: f64, words_in: [f64; 2]) {
        self.sentence = self.sentence.max(shared.short);
        self.sentence_all = self.sentence_all.max(shared.all);
        for (idf, total) in shared.idf.iter().zip(words_in) {
            self.overlap = self.overlap.max(share(2.0 * idf, own + total));
        }
    }
}

/// The longest run of neighbouring words of the text of which every pair stands in the case: what is quoted. The largest
/// sum of idf, and the most pairs; anywhere, and in title and claim.
fn longest_runs(query: &Query, found: &[u8]) -> [(f64, u32); 2] {
    let mut best = [(0.0f64, 0); 2];
    // Idf and pairs of the run at hand, and the token its last pair begins with.
    let mut runs = [(0.0, 0, u32::MAX); 2];
    for &(slot, token) in &query.view.chain {
        let here = found[slot as usize];
        if here == 0 {
            continue;
        }
        for ((run, best), places) in runs.iter_mut().zip(&mut best).zip([ANYWHERE, TITLE | CLAIM]) {
            if here & places == 0 {
                continue;
            }
            if run.2.wrapping_add(1) != token {
                *run = (0.0, 0, token);
            }
            *run = (run.0 + query.view.terms[slot as usize].idf, run.1 + 1, token);
            *best = (best.0.max(run.0), best.1.max(run.1));
        }
    }
    best
}
