//! How alike a text and a candidate case are: the features the ranker weighs.
//!
//! Every feature is a share, a logarithm or a yes/no, none a raw score, so that weights learned on one case base hold on
//! another of other size and language. What a text says is looked at four ways: all its words, its words without the line
//! that names an author, its names, and its best single sentence; a case by its title, claim, disproof and all of them.
//! The same sums are given as shares of the largest possible ("how much of it") and of the best candidate ("is there a
//! better one"), because the first tells texts apart and the second cases.

use super::candidates::{Candidate, FieldMask, Query, QueryTerm, SATURATED, saturate};
use super::index::CaseIndex;
use crate::features::vocabulary::TermKind;

/// The features, in order.
pub const FEATURES: [&str; 55] = [
    "BM25 of words, all fields, by its maximum",
    "BM25 of words, title and claim, by its maximum",
    "BM25 of words, title, by its maximum",
    "BM25 of words, claim, by its maximum",
    "BM25 of words, disproof, by its maximum",
    "BM25 of character n-grams, title and claim, by its maximum",
    "BM25 of word pairs, all fields, by its maximum",
    "BM25 of word pairs, title and claim, by its maximum",
    "BM25 of words without the author line, all fields, by its maximum",
    "BM25 of words without the author line, title and claim, by its maximum",
    "BM25 of the author line, all fields, by its maximum",
    "BM25 of names, all fields, by its maximum",
    "BM25 of names, title and claim, by its maximum",
    "BM25 of words, all fields, by the best candidate's",
    "BM25 of words, title and claim, by the best candidate's",
    "BM25 of words, title, by the best candidate's",
    "BM25 of words, claim, by the best candidate's",
    "BM25 of character n-grams, title and claim, by the best candidate's",
    "BM25 of word pairs, all fields, by the best candidate's",
    "BM25 of words without the author line, all fields, by the best candidate's",
    "BM25 of words without the author line, title and claim, by the best candidate's",
    "BM25 of the best sentence, title and claim, by the best candidate's",
    "first score by the best candidate's",
    "lead of the first score over the best other candidate",
    "lead of BM25 of words, title and claim, over the best other candidate",
    "reciprocal rank by the first score",
    "reciprocal rank by BM25 of words, title and claim",
    "reciprocal rank by BM25 of words without the author line, all fields",
    "share of the text's idf found in the case",
    "share of the text's idf found in title and claim",
    "share of the claim's idf found in the text",
    "share of the title's idf found in the text",
    "the larger of these two",
    "the same for character n-grams",
    "best idf-weighted overlap of one sentence with title or claim",
    "largest idf of a shared word, by the largest possible",
    "second largest idf of a shared word of title or claim, by the largest possible",
    "largest idf of a word that the case lacks, by the largest possible",
    "log of shared words in title and claim",
    "log of the words of title and claim",
    "log of the words of the disproof",
    "log of the text's total idf",
    "numbers of the claim found in the text",
    "the claim has numbers, the text has others",
    "same language",
    "the text has an author line",
    "idf of the longest run of neighbouring words found in the case, by the text's total",
    "idf of the longest run of neighbouring words found in title and claim, by the text's total",
    "log of the words of the longest run found in the case",
    "longest run, by the best candidate's",
    "squared idf of the text's words found in the case, by the text's",
    "squared idf of the text's words found in title and claim, by the text's",
    "the same, by the best candidate's",
    "BM25 of the best sentence, all fields, by the best candidate's",
    "BM25 of words, disproof, by the best candidate's",
];

/// A row of feature values.
pub(crate) type FeatureRow = [f64; FEATURES.len()];

/// Whether a row is of a text and a case in different languages.
pub(crate) fn is_across(row: &FeatureRow) -> bool {
    const SAME_LANGUAGE: usize = 44;
    row[SAME_LANGUAGE] <= 0.0
}

/// Divides, giving 0 for nothing out of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// What all terms of the text could at most sum to.
#[derive(Default)]
struct Whole {
    words: f64,
    body: f64,
    byline: f64,
    names: f64,
    pairs: f64,
    grams: f64,
    squares: f64,
}

impl Whole {
    fn of(query: &Query) -> Self {
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
struct Shared {
    all: f64,
    short: f64,
    title: f64,
    claim: f64,
    disproof: f64,
    grams: f64,
    pairs: f64,
    pairs_short: f64,
    body: f64,
    body_short: f64,
    byline: f64,
    names: f64,
    names_short: f64,
    /// Best single sentence: BM25 and idf-weighted Dice overlap.
    sentence: f64,
    overlap: f64,
    idf: f64,
    idf_short: f64,
    /// In the title and in the claim.
    words_in: [f64; 2],
    grams_in: [f64; 2],
    run: f64,
    run_short: f64,
    run_words: u32,
    squares: f64,
    squares_short: f64,
    sentence_all: f64,
    largest: f64,
    second: f64,
    lacking: f64,
    count: u32,
    numbers: u32,
}

/// Room to work in, per query term.
struct Marks {
    /// Whether it stands in the title (1) or claim (2) of the candidate at hand, or elsewhere in it (4).
    places: Vec<u8>,
    /// What it gives in title and claim.
    short: Vec<f64>,
    /// What it gives in all fields.
    all: Vec<f64>,
}

fn compare(index: &CaseIndex, query: &Query, candidate: &Candidate, mask: FieldMask, marks: &mut Marks) -> Shared {
    let mut s = Shared::default();
    marks.places.fill(0);
    let weights = query.field_weights(candidate.case);
    for ct in index.terms_of(candidate.case) {
        if let Some(slot) = query.slot(ct.term) {
            let numeric = || index.is_number(ct.term);
            s.add(query.terms[slot], weights.parts(ct.counts, mask), slot, marks, numeric);
        }
    }
    s.rarest(query, &marks.places);
    runs(query, &marks.places, &mut s);
    let totals = query.totals(index, candidate.case);
    s.sentences(query, marks, [0, 1].map(|f| if mask[f] { totals.words[f] } else { 0.0 }));
    s
}

impl Shared {
    /// Adds a term of the text that the case has, by what it gives in each field.
    #[inline]
    fn add(&mut self, term: QueryTerm, parts: [f32; 4], slot: usize, marks: &mut Marks, numeric: impl Fn() -> bool) {
        let weight = term.idf * term.weight;
        let short = f64::from(parts[0] + parts[1]);
        let everywhere = f64::from((parts[0] + parts[1]) + (parts[2] + parts[3]));
        let place = u8::from(parts[0] > 0.0) | u8::from(parts[1] > 0.0) << 1;
        if everywhere <= 0.0 {
            return;
        }
        match term.kind {
            TermKind::Chars => {
                if place != 0 {
                    self.grams += weight * saturate(short);
                    self.grams_in[0] += if place & 1 != 0 { term.idf } else { 0.0 };
                    self.grams_in[1] += if place & 2 != 0 { term.idf } else { 0.0 };
                }
            }
            TermKind::Pair => {
                marks.places[slot] = place | 4;
                self.pairs += weight * saturate(everywhere);
                self.pairs_short += if place == 0 { 0.0 } else { weight * saturate(short) };
            }
            TermKind::Word => {
                marks.places[slot] = place | 4;
                self.words_in[0] += if place & 1 != 0 { term.idf } else { 0.0 };
                self.words_in[1] += if place & 2 != 0 { term.idf } else { 0.0 };
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
            } else if place & 3 != 0 {
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
                if place & 3 != 0 {
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

/// The longest runs of neighbouring words of the text of which every pair stands in the case: what is quoted.
fn runs(query: &Query, places: &[u8], s: &mut Shared) {
    for (bit, short) in [(7, false), (3, true)] {
        let (mut best, mut best_words) = (0.0f64, 0u32);
        let (mut run, mut words, mut before) = (0.0, 0u32, u32::MAX);
        for &(slot, token) in &query.chain {
            let found = places[slot as usize] & bit != 0;
            if !found || before.wrapping_add(1) != token {
                (run, words) = (0.0, 0);
            }
            if found {
                run += query.terms[slot as usize].idf;
                words += 1;
                before = token;
                best_words = best_words.max(words);
                best = best.max(run);
            }
        }
        if short {
            s.run_short = best;
        } else {
            (s.run, s.run_words) = (best, best_words);
        }
    }
}

/// Feature rows of the candidates of a prepared query.
pub(crate) fn features(index: &CaseIndex, query: &mut Query, found: &[Candidate], mask: FieldMask) -> Vec<FeatureRow> {
    let whole = Whole::of(query);
    let highest = (1.0 + (index.len() as f64 + 0.5) / 0.5).ln();
    let mut marks = Marks {
        places: vec![0; query.terms.len()],
        short: vec![0.0; query.terms.len()],
        all: vec![0.0; query.terms.len()],
    };
    let shared: Vec<Shared> = found.iter().map(|c| compare(index, query, c, mask, &mut marks)).collect();
    let column = |of: &dyn Fn(&Shared) -> f64| Column::new(shared.iter().map(of));
    let all = column(&|s| s.all);
    let short = column(&|s| s.short);
    let (title, claim) = (column(&|s| s.title), column(&|s| s.claim));
    let (grams, pairs) = (column(&|s| s.grams), column(&|s| s.pairs));
    let (body, body_short) = (column(&|s| s.body), column(&|s| s.body_short));
    let sentence = column(&|s| s.sentence);
    let (run, squares_short) = (column(&|s| s.run), column(&|s| s.squares_short));
    let (sentence_all, disproof) = (column(&|s| s.sentence_all), column(&|s| s.disproof));
    let first = Column::new(found.iter().map(|c| c.score));
    let row = |(at, (candidate, s)): (usize, (&Candidate, &Shared))| {
        let case = candidate.case;
        let lengths = index.lengths(case);
        let words = |f: usize| if mask[f] { f64::from(lengths[f]) } else { 0.0 };
        let totals = query.totals(index, case);
        let part = |sums: [f64; 2], totals: [f64; 2], f: usize| if mask[f] { share(sums[f], totals[f]) } else { 0.0 };
        let covered = [0, 1].map(|f| part(s.words_in, totals.words, f));
        let covered_grams = [0, 1].map(|f| part(s.grams_in, totals.grams, f));
        let numbers = index.numbers_in(case, [mask[0], mask[1]]);
        let language = match (query.language, index.language(case)) {
            (Some(a), Some(b)) => f64::from(u8::from(a == b)),
            _ => 0.5,
        };
        [
            share(s.all, whole.words * SATURATED),
            share(s.short, whole.words * SATURATED),
            share(s.title, whole.words * SATURATED),
            share(s.claim, whole.words * SATURATED),
            share(s.disproof, whole.words * SATURATED),
            share(s.grams, whole.grams * SATURATED),
            share(s.pairs, whole.pairs * SATURATED),
            share(s.pairs_short, whole.pairs * SATURATED),
            share(s.body, whole.body * SATURATED),
            share(s.body_short, whole.body * SATURATED),
            share(s.byline, whole.byline * SATURATED),
            share(s.names, whole.names * SATURATED),
            share(s.names_short, whole.names * SATURATED),
            all.share(at),
            short.share(at),
            title.share(at),
            claim.share(at),
            grams.share(at),
            pairs.share(at),
            body.share(at),
            body_short.share(at),
            sentence.share(at),
            first.share(at),
            first.lead(at),
            short.lead(at),
            first.reciprocal_rank(at),
            short.reciprocal_rank(at),
            body.reciprocal_rank(at),
            share(s.idf, whole.words),
            share(s.idf_short, whole.words),
            covered[1],
            covered[0],
            covered[0].max(covered[1]),
            covered_grams[0].max(covered_grams[1]),
            s.overlap,
            s.largest / highest,
            s.second / highest,
            s.lacking / highest,
            (1.0 + f64::from(s.count)).ln(),
            (1.0 + words(0) + words(1)).ln(),
            (1.0 + words(2)).ln(),
            (1.0 + whole.words).ln(),
            share(f64::from(s.numbers), f64::from(numbers)),
            f64::from(u8::from(numbers > 0 && s.numbers == 0 && query.has_numbers())),
            language,
            f64::from(u8::from(whole.byline > 0.0)),
            share(s.run, whole.pairs),
            share(s.run_short, whole.pairs),
            (1.0 + f64::from(s.run_words)).ln(),
            run.share(at),
            share(s.squares, whole.squares),
            share(s.squares_short, whole.squares),
            squares_short.share(at),
            sentence_all.share(at),
            disproof.share(at),
        ]
    };
    found.iter().zip(&shared).enumerate().map(row).collect()
}

/// One sum of all candidates of a query.
struct Column {
    values: Vec<f64>,
    /// The largest, and the largest but one.
    best: [f64; 2],
    ranks: Vec<u32>,
}

impl Column {
    fn new(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.collect();
        let mut order: Vec<u32> = (0..values.len() as u32).collect();
        // Stable: of equal ones the better by the first score stands first.
        order.sort_by(|&a, &b| values[b as usize].total_cmp(&values[a as usize]));
        let mut ranks = vec![0; values.len()];
        for (rank, &at) in (1..).zip(&order) {
            ranks[at as usize] = rank;
        }
        let value = |place: usize| order.get(place).map_or(0.0, |&at| values[at as usize]);
        Self { best: [value(0), value(1)], values, ranks }
    }

    fn share(&self, at: usize) -> f64 {
        share(self.values[at], self.best[0])
    }

    /// How far ahead of the best other one, or behind it, as a share of the best.
    fn lead(&self, at: usize) -> f64 {
        let other = if self.ranks[at] == 1 { self.best[1] } else { self.best[0] };
        share(self.values[at] - other, self.best[0])
    }

    fn reciprocal_rank(&self, at: usize) -> f64 {
        if self.values[at] > 0.0 { 1.0 / f64::from(self.ranks[at]) } else { 0.0 }
    }
}
