//! A text made ready for search: its terms, weighted, and what the ranker asks about them.

use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

pub(crate) use super::bm25::FieldWeights;
pub(crate) use super::bm25::{ALL_FIELDS, FieldMask, SATURATED, saturate};
use super::byline::{byline, names};
use super::case::Field;
use super::index::{CaseIndex, CaseNo, FieldCounts, Totals};
use super::long_text::{LONG, best_windows};
use super::related::{Words, passages};
pub(crate) use super::search::Candidate;
use super::search::Search;
use super::segment::{long_settings, short_settings};
use super::translations::{Translations, key};
use crate::document::Language;
use crate::features::lexicon::{Lexicon, Reading, Terms};
use crate::features::vocabulary::TermKind;
use crate::text::analyser::{Analysis, OriginalBytes, handle_words, sentences};
use crate::text::stem::WordStemmer;
use crate::text::token::{Sentence, TokenKind};

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

/// A text prepared for search, with the working memory of a thread.
pub struct Query {
    /// For texts that come without an analysis.
    own: Analysis,
    /// The language of the text.
    pub(crate) language: Option<Language>,
    pub(crate) lexicon: Lexicon,
    pub(crate) reading: Reading,
    /// In growing order of terms.
    pub(crate) terms: Vec<QueryTerm>,
    slots: Slots,
    /// Tokens that are searched for: all, or those of the best passages of a long text.
    kept: Vec<Range<usize>>,
    /// Distinct words of each sentence, as places in `terms`; one list after the other.
    pub(crate) sentences: Vec<Vec<u32>>,
    has_numbers: bool,
    /// For reading fields of cases without forgetting the query.
    field: FieldReader,
    counts: Vec<(u32, u32)>,
    handles: Handles,
    /// What words mean in other languages, if anything is known.
    pub(crate) translations: Option<Arc<Translations>>,
    /// Meanings of the words of the text: token, term, probability.
    meanings: Vec<(u32, u32, f32)>,
    /// Pairs of neighbouring words that are searched for, as places in `terms`, and the tokens they stand at.
    pub(crate) chain: Vec<(u32, u32)>,
    search: Search,
    /// Field weights of the candidates last found, and those last asked for.
    weights: FxHashMap<CaseNo, FieldWeights>,
    last: Cell<Option<(CaseNo, FieldWeights)>>,
    /// The state of the index that was read.
    generation: Option<u64>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            own: Analysis::default(),
            language: None,
            lexicon: Lexicon::new(&short_settings()),
            reading: Reading::default(),
            terms: Vec::new(),
            slots: Slots::default(),
            kept: Vec::new(),
            sentences: Vec::new(),
            has_numbers: false,
            field: FieldReader::default(),
            counts: Vec::new(),
            handles: Handles::default(),
            translations: None,
            meanings: Vec::new(),
            chain: Vec::new(),
            search: Search::default(),
            weights: FxHashMap::default(),
            last: Cell::new(None),
            generation: None,
        }
    }
}

/// The words inside handles.
#[derive(Default)]
struct Handles {
    text: String,
    analysis: Analysis,
    reading: Reading,
    /// Terms, and whether they also stand outside the line that names the author.
    terms: Vec<(u32, bool)>,
}

/// Handles of a text that are read.
const MOST_HANDLES: usize = 32;

impl Handles {
    fn read(&mut self, index: &CaseIndex, text: &str, of: &Analysis, lexicon: &mut Lexicon, byline: &Range<usize>) {
        self.terms.clear();
        let mut original = OriginalBytes::new(text);
        let handles = of.tokens.iter().enumerate().filter(|t| t.1.kind == TokenKind::Handle);
        for (number, token) in handles.take(MOST_HANDLES) {
            self.text.clear();
            for word in handle_words(original.slice(token.start, token.end)) {
                self.text.push_str(word);
                self.text.push(' ');
            }
            self.analysis.analyse(&self.text, of.language);
            lexicon.read(&self.analysis, &mut index.look_up(), &mut self.reading);
            let words = self.reading.terms.iter().filter(|&&t| index.kind(t) != TermKind::Chars);
            self.terms.extend(words.map(|&t| (t, !byline.contains(&number))));
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

/// Whether a term of so many cases says nothing.
pub(crate) fn is_too_common(index: &CaseIndex, df: usize) -> bool {
    df > 8 && df as f64 > TOO_COMMON * index.len() as f64
}

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
        self.candidates(index, ALL_FIELDS, k).into_iter().map(|c| index.id(c.case)).collect()
    }

    /// Postings and rows of cases that the last search read: what its time depends on.
    pub fn work(&self) -> (usize, usize) {
        self.search.read
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
        self.prepare(index, text, &analysis, marked);
        self.own = analysis;
    }

    /// Reads an analysed text with the given sentences against `index`.
    pub(crate) fn prepare(&mut self, index: &CaseIndex, text: &str, analysis: &Analysis, marked: &[Sentence]) {
        self.language = analysis.language;
        if self.generation != Some(index.generation()) {
            // Words remembered as unknown may be known now, and numbers of terms may have changed.
            self.generation = Some(index.generation());
            self.lexicon = Lexicon::new(&short_settings());
            self.reading = Reading::default();
            self.field = FieldReader::default();
        }
        let byline = byline(analysis);
        self.handles.read(index, text, analysis, &mut self.lexicon, &byline);
        self.lexicon.read(analysis, &mut index.look_up(), &mut self.reading);
        self.kept.clear();
        if self.reading.words > LONG {
            let text = (analysis, marked);
            self.kept = best_windows(index, &mut self.search, text, (&self.lexicon, &self.reading));
            self.count_kept();
        } else {
            self.kept.push(0..analysis.tokens.len());
            self.counts.clear();
            self.counts.extend(self.reading.terms.iter().map(|&t| (t, self.reading.count(t))));
            self.counts.sort_unstable();
        }
        self.add_handles();
        self.weigh(index);
        self.translate(index, analysis);
        self.tell_apart(text, analysis, marked, &byline);
        self.split(analysis, marked);
    }

    /// Lends the analysis of the text last given to [`Query::prepare_text`]; to be given back.
    pub(crate) fn take_own_analysis(&mut self) -> Analysis {
        std::mem::take(&mut self.own)
    }

    /// Takes back what [`Query::take_own_analysis`] lent.
    pub(crate) fn give_back(&mut self, analysis: Analysis) {
        self.own = analysis;
    }

    /// What words of the text mean in other languages: tokens and terms.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = (usize, u32)> {
        self.meanings.iter().map(|m| (m.0 as usize, m.1))
    }

    /// Counts the terms of the tokens that are searched for.
    fn count_kept(&mut self) {
        let Self { lexicon, reading, kept, counts, .. } = self;
        let mut by_word: FxHashMap<u32, u32> = FxHashMap::default();
        for &word in kept.iter().flat_map(|r| reading.remembered().get(r.clone()).unwrap_or_default()) {
            *by_word.entry(word).or_default() += 1;
        }
        let mut by_term: FxHashMap<u32, u32> = FxHashMap::default();
        lexicon.each_word(reading, |word, stem, grams| {
            let Some(&count) = by_word.get(&word) else { return };
            for term in grams.iter().copied().chain(stem) {
                *by_term.entry(term).or_default() += count;
            }
        });
        let inside = |token: u32| kept.iter().position(|r| r.contains(&(token as usize)));
        for pair in &reading.pairs {
            if let Some(at) = inside(pair.first)
                && inside(pair.second) == Some(at)
            {
                *by_term.entry(pair.term).or_default() += 1;
            }
        }
        counts.clear();
        counts.extend(by_term);
        counts.sort_unstable();
    }

    /// Counts the words of handles, too.
    fn add_handles(&mut self) {
        let Self { handles, counts, .. } = self;
        for &(term, _) in &handles.terms {
            match counts.binary_search_by_key(&term, |c| c.0) {
                Ok(at) => counts[at].1 += 1,
                Err(at) => counts.insert(at, (term, 1)),
            }
        }
    }

    /// Weighs the counted terms and leaves out those that say nothing.
    fn weigh(&mut self, index: &CaseIndex) {
        let Self { counts, terms, slots, .. } = self;
        terms.clear();
        let mut grams: Vec<usize> = Vec::new();
        // Frequencies first, in the place of the idf: most terms of a long text are left out by them.
        for &(term, count) in counts.iter() {
            let df = index.df(term);
            if df == 0 || is_too_common(index, df) {
                continue;
            }
            let kind = index.kind(term);
            if kind == TermKind::Chars {
                grams.push(df);
            }
            terms.push(QueryTerm {
                term,
                kind,
                idf: df as f64,
                weight: f64::from(count),
                body: 0.0,
                name: false,
                meaning: false,
            });
        }
        // A long text keeps its rarest character n-grams.
        if grams.len() > MOST_GRAMS {
            let most = *grams.select_nth_unstable(MOST_GRAMS).1 as f64;
            terms.retain(|t| t.kind != TermKind::Chars || t.idf <= most);
        }
        for t in terms.iter_mut() {
            #[allow(clippy::cast_sign_loss)] // A frequency, see above.
            let df = t.idf as usize;
            (t.idf, t.weight) = (index.idf_of(df), 1.0 + t.weight.ln());
        }
        slots.assign(terms.iter().map(|t| t.term));
    }

    /// Adds what the words mean in other languages, weighed by how probable the meaning is.
    fn translate(&mut self, index: &CaseIndex, analysis: &Analysis) {
        self.meanings.clear();
        let Some((table, from)) = self.translations.clone().zip(analysis.language).filter(|t| t.0.knows(t.1)) else {
            return;
        };
        let stemmer = WordStemmer::new(Some(from));
        let mut known: FxHashMap<&str, Vec<(u32, f32)>> = FxHashMap::default();
        for number in self.kept.iter().cloned().flatten() {
            let token = &analysis.tokens[number];
            if token.kind != TokenKind::Word {
                continue;
            }
            let text = analysis.text(token);
            let found = known.entry(text).or_insert_with(|| {
                let word = key(&stemmer, text);
                let meanings = table.meanings(from, &word).filter_map(|(stem, p)| {
                    let term = index.look_up().word(stem)?;
                    let df = index.df(term);
                    (df > 0 && !is_too_common(index, df)).then_some((term, *p))
                });
                meanings.collect()
            });
            self.meanings.extend(found.iter().map(|&(term, p)| (number as u32, term, p)));
        }
        let mut weights: FxHashMap<u32, f32> = FxHashMap::default();
        for &(_, term, p) in &self.meanings {
            let weight = weights.entry(term).or_default();
            *weight = weight.max(p);
        }
        let Self { terms, slots, .. } = self;
        weights.retain(|&term, _| slots.get(term).is_none());
        terms.extend(weights.into_iter().map(|(term, p)| QueryTerm {
            term,
            kind: TermKind::Word,
            idf: index.idf(term),
            weight: f64::from(p),
            body: f64::from(p),
            name: false,
            meaning: true,
        }));
        terms.sort_unstable_by_key(|t| t.term);
        slots.assign(terms.iter().map(|t| t.term));
    }

    /// Notes which words are names, and how often each stands outside the line that names the author.
    fn tell_apart(&mut self, text: &str, analysis: &Analysis, marked: &[Sentence], byline: &Range<usize>) {
        let Self { lexicon, reading, terms, slots, kept, handles, chain, .. } = self;
        let slot = |token: usize| slots.get(lexicon.word_of(reading, token));
        for token in kept.iter().cloned().flatten().filter(|t| !byline.contains(t)) {
            if let Some(slot) = slot(token) {
                terms[slot].body += 1.0;
            }
        }
        for &(term, outside) in &handles.terms {
            if let Some(slot) = slots.get(term) {
                terms[slot].body += f64::from(u8::from(outside));
                terms[slot].name = true;
            }
        }
        for t in terms.iter_mut().filter(|t| t.body > 0.0 && !t.meaning) {
            t.body = 1.0 + t.body.ln();
        }
        chain.clear();
        for pair in &reading.pairs {
            chain.extend(slots.get(pair.term).map(|slot| (slot as u32, pair.first)));
        }
        for token in names(text, analysis, marked.iter().map(|s| s.start.0)) {
            if let Some(slot) = slot(token) {
                terms[slot].name = true;
            }
        }
    }

    /// The place in `terms` of an index term, if the query has it.
    #[inline]
    pub(crate) fn slot(&self, term: u32) -> Option<usize> {
        self.slots.get(term)
    }

    /// The weighted, length-normalised frequency of a term in the fields of `mask` (BM25F) of a candidate last found.
    #[inline]
    pub(crate) fn frequency(&self, case: CaseNo, counts: FieldCounts, mask: FieldMask) -> f64 {
        let weights = match self.last.get() {
            Some((last, weights)) if last == case => weights,
            _ => {
                let weights = self.weights.get(&case).copied().unwrap_or_default();
                self.last.set(Some((case, weights)));
                weights
            }
        };
        f64::from(weights.frequency(counts, mask))
    }

    /// The weights of the fields of a candidate last found.
    pub(crate) fn field_weights(&self, case: CaseNo) -> FieldWeights {
        self.weights.get(&case).copied().unwrap_or_default()
    }

    /// The first token that is a term, or means it (then true).
    pub(crate) fn token_of(&self, term: u32) -> Option<(usize, bool)> {
        let mut kept = self.kept.iter().cloned().flatten();
        let own = kept.find(|&t| self.lexicon.word_of(&self.reading, t) == term).map(|t| (t, false));
        own.or_else(|| self.meanings.iter().find(|m| m.1 == term).map(|m| (m.0 as usize, true)))
    }

    /// Whether the text has any number.
    pub(crate) fn has_numbers(&self) -> bool {
        self.has_numbers
    }

    /// Totals of a case.
    #[allow(clippy::unused_self)] // What is cheap to look up today may have to be remembered again.
    pub(crate) fn totals(&self, index: &CaseIndex, case: CaseNo) -> Totals {
        index.facts(case).totals
    }

    /// The sentences of the claim, title and disproof of a case as bags of words.
    pub(crate) fn passages_of(&mut self, index: &CaseIndex, case: CaseNo) -> Arc<[Vec<Words>; 3]> {
        let FieldReader { lexicon, analysis, reading, remembered } = &mut self.field;
        if let Some(known) = remembered.get(&case) {
            return Arc::clone(known);
        }
        let record = index.case(case);
        let read = Arc::new(PASSAGE_FIELDS.map(|field| {
            let text = record.field(field);
            analysis.analyse(&text, record.own_language());
            lexicon.read(analysis, &mut index.look_up(), reading);
            passages(&sentences(&text), analysis, lexicon, reading, &|term| index.idf(term))
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
        let mut numbers = self.kept.iter().flat_map(|r| &analysis.tokens[r.clone()]);
        self.has_numbers = numbers.any(|t| t.kind == TokenKind::Number);
        let mut kept = self.kept.iter().cloned().flatten().peekable();
        let mut meanings = self.meanings.iter().peekable();
        for sentence in sentences {
            let mut words = Vec::new();
            while let Some(number) = kept.next_if(|&n| analysis.tokens[n].start < sentence.end) {
                let slot = self.slots.get(self.lexicon.word_of(&self.reading, number));
                words.extend(slot.map(|s| s as u32));
                while let Some(&(_, term, _)) = meanings.next_if(|m| m.0 as usize == number) {
                    words.extend(self.slots.get(term).map(|s| s as u32));
                }
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
        let found = self.search.top_in(index, &self.terms, mask, k);
        let weights = |c: CaseNo| FieldWeights::new(index.lengths(c), index.mean_lengths());
        self.weights.clear();
        self.weights.extend(found.iter().map(|c| (c.case, weights(c.case))));
        self.last.set(None);
        found
    }
}

/// Which terms the query has, and their places: asked for every term of every candidate.
#[derive(Default)]
struct Slots {
    /// A bit by the lowest bits of a term: clear for nearly every term the query does not have.
    filter: Vec<u64>,
    /// Open addressing, at most a quarter full: term and place.
    table: Vec<(u32, u32)>,
}

/// Words of 64 bits in [`Slots::filter`].
const FILTER: usize = 512;

impl Slots {
    /// Takes the terms in the order of their places.
    fn assign(&mut self, terms: impl ExactSizeIterator<Item = u32>) {
        self.filter.clear();
        self.filter.resize(FILTER, 0);
        self.table.clear();
        self.table.resize((4 * terms.len() + 1).next_power_of_two(), (u32::MAX, u32::MAX));
        for (place, term) in (0u32..).zip(terms) {
            self.filter[term as usize / 64 % FILTER] |= 1 << (term % 64);
            let mut at = self.start(term);
            while self.table[at].1 != u32::MAX {
                at = (at + 1) & (self.table.len() - 1);
            }
            self.table[at] = (term, place);
        }
    }

    fn start(&self, term: u32) -> usize {
        (term.wrapping_mul(0x9E37_79B9) >> 7) as usize & (self.table.len() - 1)
    }

    #[inline]
    fn get(&self, term: u32) -> Option<usize> {
        let has = self.filter.get(term as usize / 64 % FILTER).is_some_and(|f| f >> (term % 64) & 1 == 1);
        if has { self.find(term) } else { None }
    }

    fn find(&self, term: u32) -> Option<usize> {
        let mut at = self.start(term);
        loop {
            let (known, place) = *self.table.get(at)?;
            if place == u32::MAX {
                return None;
            }
            if known == term {
                return Some(place as usize);
            }
            at = (at + 1) & (self.table.len() - 1);
        }
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
        assert_eq!(index.id(top[0].case), "c17");
        index.add(case("z", "Zebras are painted horses"));
        query.prepare_text(&index, text, &sentences(text), None);
        assert_eq!(index.id(query.candidates(&index, ALL_FIELDS, 1)[0].case), "z");
        index.remove("z");
        query.prepare_text(&index, text, &sentences(text), None);
        assert!(query.candidates(&index, ALL_FIELDS, 1000).iter().all(|c| index.is_live(c.case)));
    }
}
