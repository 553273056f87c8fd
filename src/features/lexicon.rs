//! What a word contributes, computed once and remembered; and what a text therefore counts.
//!
//! The stem of a word and its character n-grams depend on the word (and the language) alone. Words repeat, so a token
//! costs one hash look-up instead of a stemmer run and twenty n-gram look-ups. The same code counts for training,
//! where every term is new and gets a number, and for use, where terms are looked up in a fixed vocabulary.

use rustc_hash::FxHashMap;
use std::ops::{Range, RangeInclusive};

use super::counts::Counter;
use super::ngrams::{Padded, char_ngrams};
use super::strings::Strings;
use super::tfidf::FeatureSettings;
use crate::document::Language;
use crate::text::analyser::Analysis;
use crate::text::latin::latin;
use crate::text::stem::WordStemmer;
use crate::text::token::TokenKind;

/// Gives terms their numbers.
///
/// An `Interner` numbers every new term (training, indexing); a `FeatureSpace` and a look-up in an interner only find.
pub trait Terms {
    /// The number of a stem.
    fn word(&mut self, stem: &str) -> Option<u32>;
    /// The number of a pair of stems, given theirs.
    fn pair(&mut self, first: u32, second: u32) -> Option<u32>;
    /// The numbers of many pairs of stems, in their order.
    fn pairs(&mut self, stems: &[(u32, u32)], out: &mut Vec<Option<u32>>) {
        out.clear();
        out.extend(stems.iter().map(|&(first, second)| self.pair(first, second)));
    }
    /// The number of a character n-gram.
    fn chars(&mut self, gram: &str) -> Option<u32>;
}

/// "No term" or "no entry" in the compact arrays.
pub(crate) const NONE: u32 = u32::MAX;

/// Remembered words before the memory is emptied (between texts, never within one), unless asked for otherwise.
const REMEMBERED: usize = 200_000;

/// What one word contributes.
#[derive(Debug, Clone, Copy)]
struct Entry {
    word: u32,
    /// Where its n-grams are; [`UNCUT`] before they are asked for.
    grams: (u32, u32),
    /// How often the text at hand has it; zero between texts.
    count: u32,
}

const UNCUT: (u32, u32) = (NONE, NONE);

/// Two neighbouring tokens whose stems are a known pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PairAt {
    pub(crate) first: u32,
    pub(crate) second: u32,
    pub(crate) term: u32,
}

/// Counts of one text and the trail from terms back to tokens.
#[derive(Debug, Default)]
pub struct Reading {
    /// Per token the remembered word it is, or [`NONE`].
    entries: Vec<u32>,
    /// Pairs, by token numbers.
    pub(crate) pairs: Vec<PairAt>,
    /// Terms of the text: stems, then pairs, then n-grams, of each kind in the order they were met; counts in `counts`.
    pub(crate) terms: Vec<u32>,
    /// Dense counts by term; zero outside `terms`.
    counts: Vec<u32>,
    distinct: Vec<u32>,
    /// Word tokens read.
    pub words: usize,
    /// Word tokens of which at least one term is known.
    pub known_words: usize,
}

impl Reading {
    /// How often the text holds a term.
    #[inline]
    pub fn count(&self, term: u32) -> u32 {
        self.counts.get(term as usize).copied().unwrap_or(0)
    }

    /// Per token the remembered word it is, or [`NONE`].
    pub(crate) fn remembered(&self) -> &[u32] {
        &self.entries
    }

    #[inline]
    fn add(&mut self, term: u32, times: u32) {
        let count = &mut self.counts[term as usize];
        if *count == 0 {
            self.terms.push(term);
        }
        *count += times;
    }

    /// Makes room for terms below `end`.
    fn reserve(&mut self, end: u32) {
        if self.counts.len() < end as usize {
            self.counts.resize(end as usize, 0);
        }
    }

    /// Forgets the text and takes ready counts.
    pub(crate) fn replace(&mut self, counts: impl IntoIterator<Item = (u32, u32)>) {
        self.clear();
        for (term, count) in counts {
            self.reserve(term + 1);
            self.add(term, count);
        }
    }

    fn clear(&mut self) {
        for &term in &self.terms {
            self.counts[term as usize] = 0;
        }
        self.terms.clear();
        self.entries.clear();
        self.pairs.clear();
        self.distinct.clear();
        (self.words, self.known_words) = (0, 0);
    }
}

/// The memory of words. One per thread and vocabulary.
pub struct Lexicon {
    /// How many are remembered before the memory is emptied.
    most: usize,
    pairs: bool,
    addresses: bool,
    latin: bool,
    /// Room for the Latin form of a word.
    form: String,
    lengths: RangeInclusive<usize>,
    languages: FxHashMap<Option<Language>, Words>,
    entries: Vec<Entry>,
    grams: Vec<u32>,
    /// One more than the largest stem or n-gram of any entry.
    end: u32,
    padded: Padded,
    /// Stems of the neighbours of a text.
    neighbours: Vec<(u32, u32)>,
    /// The numbers of its words, then of its pairs, where they are known.
    found: Vec<Option<u32>>,
}

struct Words {
    stemmer: WordStemmer,
    texts: Strings,
    /// Where in the memory each is.
    entries: Vec<u32>,
}

impl Words {
    fn new(language: Option<Language>) -> Self {
        Self { stemmer: WordStemmer::new(language), texts: Strings::default(), entries: Vec::new() }
    }
}

impl Lexicon {
    /// An empty memory for the given settings.
    pub fn new(settings: &FeatureSettings) -> Self {
        Self::remembering(settings, REMEMBERED)
    }

    /// As [`Lexicon::new`], and so many words are remembered.
    pub(crate) fn remembering(settings: &FeatureSettings, most: usize) -> Self {
        Self {
            most,
            pairs: settings.word_pairs,
            addresses: settings.addresses,
            latin: settings.latin_ngrams,
            form: String::new(),
            lengths: settings.char_ngrams.0..=settings.char_ngrams.1,
            languages: FxHashMap::default(),
            entries: Vec::new(),
            grams: Vec::new(),
            end: 0,
            padded: Padded::default(),
            neighbours: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Counts the terms of an analysed text into `reading`.
    ///
    /// Words and numbers give their stem, their n-grams, and pairs with the next; a hashtag gives itself (its words
    /// follow as tokens); addresses and handles give nothing, for they name who speaks, not what is said, or only
    /// themselves where the settings ask for them.
    pub fn read(&mut self, analysis: &Analysis, terms: &mut impl Terms, reading: &mut Reading) {
        let end = self.find(analysis, true, terms, reading);
        reading.reserve(end as u32);
        self.count(reading);
    }

    /// As [`Lexicon::read`] of the tokens in a range alone, numbered from 0: `whole` is the reading of the text they stand
    /// in, the last one made.
    pub(crate) fn read_part(&mut self, whole: &Reading, tokens: Range<usize>, part: &mut Reading) {
        part.clear();
        part.reserve(whole.counts.len() as u32);
        part.entries.extend_from_slice(&whole.entries[tokens.clone()]);
        for &id in part.entries.iter().filter(|&&id| id != NONE) {
            let entry = &mut self.entries[id as usize];
            if entry.count == 0 {
                part.distinct.push(id);
            }
            entry.count += 1;
        }
        let from = whole.pairs.partition_point(|p| (p.first as usize) < tokens.start);
        let pairs = whole.pairs[from..].iter().take_while(|p| (p.second as usize) < tokens.end);
        let start = tokens.start as u32;
        part.pairs.extend(pairs.map(|p| PairAt { first: p.first - start, second: p.second - start, ..*p }));
        self.count(part);
    }

    /// Counts the terms of the words and pairs that a reading has found.
    fn count(&mut self, reading: &mut Reading) {
        let Reading { distinct, pairs, terms, counts, .. } = reading;
        let entries = &mut self.entries;
        let room = |id: &u32| entries[*id as usize].grams.1 - entries[*id as usize].grams.0 + 1;
        terms.resize(distinct.iter().map(room).sum::<u32>() as usize + pairs.len(), 0);
        let mut met = 0;
        // Whether a term is new is as good as chance, and a wrong guess of the processor costs more than all the rest.
        let mut add = |term: u32, times: u32| {
            let count = &mut counts[term as usize];
            terms[met] = term;
            met += usize::from(*count == 0);
            *count += times;
        };
        for entry in distinct.iter().map(|&id| entries[id as usize]).filter(|e| e.word != NONE) {
            add(entry.word, entry.count);
        }
        for pair in pairs.iter() {
            add(pair.term, 1);
        }
        for id in distinct.iter() {
            let entry = &mut entries[*id as usize];
            let times = std::mem::take(&mut entry.count);
            for &gram in &self.grams[entry.grams.0 as usize..entry.grams.1 as usize] {
                add(gram, times);
            }
        }
        terms.truncate(met);
    }

    /// As [`Lexicon::read`], but counts into `counter` as the terms of a field and not into `reading`, and n-grams only
    /// where they are wanted.
    pub(crate) fn read_field(
        &mut self,
        (analysis, grams): (&Analysis, bool),
        terms: &mut impl Terms,
        reading: &mut Reading,
        (counter, field): (&mut Counter, usize),
    ) {
        counter.reserve(self.find(analysis, grams, terms, reading));
        for &id in &reading.distinct {
            let entry = self.entries[id as usize];
            self.entries[id as usize].count = 0;
            let times = entry.count.min(u32::from(u8::MAX)) as u8;
            if entry.word != NONE {
                counter.add(entry.word, field, times);
            }
            if grams {
                counter.add_all(&self.grams[entry.grams.0 as usize..entry.grams.1 as usize], field, times);
            }
        }
        for pair in &reading.pairs {
            counter.add(pair.term, field, 1);
        }
    }

    /// Finds what each token of a text contributes, n-grams only where they are wanted; gives one more than the largest term there may be.
    fn find(&mut self, analysis: &Analysis, grams: bool, terms: &mut impl Terms, reading: &mut Reading) -> usize {
        if self.entries.len() > self.most {
            self.languages.clear();
            self.entries.clear();
            self.grams.clear();
        }
        reading.clear();
        let words = self.languages.entry(analysis.language).or_insert_with(|| Words::new(analysis.language));
        words.texts.look(analysis.tokens.iter().map(|t| analysis.text(t)), &mut self.found);
        for place in &mut self.found {
            *place = place.and_then(|place| words.entries.get(place as usize).copied());
        }
        // Which words are new to the text cannot be foreseen, so that is decided without a branch.
        reading.distinct.resize(analysis.tokens.len(), NONE);
        let mut distinct = 0;
        let mut before: Option<(u32, u32)> = None;
        for (number, token) in analysis.tokens.iter().enumerate() {
            let is_address = matches!(token.kind, TokenKind::Url | TokenKind::Handle);
            if is_address && !self.addresses {
                reading.entries.push(NONE);
                before = None;
                continue;
            }
            let text = analysis.text(token);
            let known = self.found[number].or_else(|| words.entries.get(words.texts.add(text) as usize).copied());
            let id = if let Some(id) = known {
                id
            } else {
                let is_tag = is_address || token.kind == TokenKind::Hashtag;
                let word = if is_tag { terms.word(text) } else { terms.word(&words.stemmer.term(text)) };
                self.end = word.map_or(0, |t| t + 1).max(self.end);
                let id = self.entries.len() as u32;
                let grams = if is_tag { (0, 0) } else { UNCUT };
                self.entries.push(Entry { word: word.unwrap_or(NONE), grams, count: 0 });
                words.entries.push(id);
                id
            };
            if grams && self.entries[id as usize].grams == UNCUT {
                let form = if self.latin {
                    latin(text, &mut self.form);
                    &self.form
                } else {
                    text
                };
                let from = self.grams.len();
                char_ngrams(form, &self.lengths, &mut self.padded, |g| self.grams.extend(terms.chars(g)));
                self.end = self.grams[from..].iter().map(|t| t + 1).fold(self.end, u32::max);
                self.entries[id as usize].grams = (from as u32, self.grams.len() as u32);
            }
            reading.entries.push(id);
            let entry = &mut self.entries[id as usize];
            reading.distinct[distinct] = id;
            distinct += usize::from(entry.count == 0);
            entry.count += 1;
            let entry = *entry;
            match token.kind {
                TokenKind::Hashtag => continue,
                TokenKind::Url | TokenKind::Handle => {
                    before = None;
                    continue;
                }
                TokenKind::Word => {
                    reading.words += 1;
                    reading.known_words += usize::from(entry.word != NONE || entry.grams.0 < entry.grams.1);
                }
                TokenKind::Number => {}
            }
            if self.pairs {
                if let Some((first, stem)) = before
                    && entry.word != NONE
                {
                    reading.pairs.push(PairAt { first, second: number as u32, term: NONE });
                    self.neighbours.push((stem, entry.word));
                }
                before = (entry.word != NONE).then_some((number as u32, entry.word));
            }
        }
        reading.distinct.truncate(distinct);
        terms.pairs(&self.neighbours, &mut self.found);
        self.neighbours.clear();
        for (pair, found) in reading.pairs.iter_mut().zip(&self.found) {
            pair.term = found.unwrap_or(NONE);
        }
        reading.pairs.retain(|p| p.term != NONE);
        let pairs = reading.pairs.iter().map(|p| p.term + 1).max().unwrap_or(0);
        self.end.max(pairs) as usize
    }

    /// Calls `each` with every remembered word of the last reading: its number, its stem if known, and its n-grams, an
    /// n-gram as often as it stands in the word.
    pub(crate) fn each_word<'l>(&'l self, reading: &Reading, mut each: impl FnMut(u32, Option<u32>, &'l [u32])) {
        for &id in &reading.distinct {
            let (stem, grams) = self.word(id);
            each(id, stem, grams);
        }
    }

    /// A remembered word: its stem if known, and its n-grams.
    pub(crate) fn word(&self, word: u32) -> (Option<u32>, &[u32]) {
        let entry = self.entries[word as usize];
        let grams = &self.grams[entry.grams.0 as usize..entry.grams.1 as usize];
        ((entry.word != NONE).then_some(entry.word), grams)
    }

    /// Number of remembered words.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The stem number of a token of the last reading, or [`NONE`].
    pub(crate) fn word_of(&self, reading: &Reading, token: usize) -> u32 {
        reading.entries.get(token).and_then(|&id| self.entries.get(id as usize)).map_or(NONE, |e| e.word)
    }
}
