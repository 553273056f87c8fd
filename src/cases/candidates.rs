//! A text made ready for search: its terms, weighted, and what the ranker asks about them.

use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;

use super::appearances::{Appearances, Compared};
use super::bm25::is_too_common;
pub(crate) use super::bm25::{ALL_FIELDS, FieldMask, SATURATED, saturate};
use super::by_language::ByLanguage;
use super::byline::{Handles, byline, names};
use super::chance;
use super::index::{CaseIndex, CaseNo};
use super::likely_language::LikelyLanguage;
use super::long_text::{LONG, PASSAGES, VERY_LONG, best_windows, least_idf};
use super::meanings::{meanings, strongest};
use super::passages::FieldReader;
pub(crate) use super::search::Candidate;
use super::search::Search;
use super::segment::short_settings;
use super::translations::Translations;
use super::verbatim;
pub(crate) use super::view::{QueryTerm, View};
use crate::document::Language;
use crate::features::lexicon::{Lexicon, NONE, Reading};
use crate::features::vocabulary::TermKind;
use crate::text::analyser::{Analysis, sentences};
use crate::text::token::{Sentence, TokenKind};

/// A text prepared for search, with the working memory of a thread.
pub struct Query {
    /// For texts that come without an analysis.
    own: Analysis,
    /// The language of the text.
    pub(crate) language: Option<Language>,
    pub(crate) lexicon: Lexicon,
    pub(crate) reading: Reading,
    /// All of the text, or of a very long one its best passages.
    pub(crate) view: View,
    /// The best passages of a long text, one by one.
    passages: Vec<View>,
    /// For reading fields of cases without forgetting the query.
    pub(crate) fields: FieldReader,
    counts: Vec<(u32, u32)>,
    handles: Handles,
    /// Tokens that are written as names.
    names: Vec<usize>,
    /// What words mean in other languages, if anything is known.
    pub(crate) translations: Option<Arc<Translations>>,
    search: Search,
    by_language: ByLanguage,
    likely_language: LikelyLanguage,
    /// The words of the text: see [`verbatim`].
    words: String,
    /// The text beside those that were judged to repeat a case.
    pub(crate) compared: Compared,
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
            view: View::default(),
            passages: Vec::new(),
            fields: FieldReader::default(),
            counts: Vec::new(),
            handles: Handles::default(),
            names: Vec::new(),
            translations: None,
            search: Search::default(),
            by_language: ByLanguage::default(),
            likely_language: LikelyLanguage::default(),
            words: String::new(),
            compared: Compared::default(),
            generation: None,
        }
    }
}

/// Character n-grams a query keeps: those of about a hundred words. Of more it keeps fewer the more there are, its rarest:
/// in a long text the words speak for themselves, and its common n-grams stand in every case.
const MOST_GRAMS: usize = 512;

impl Query {
    /// Ids of the `k` best cases by the first score of the text's own words: the plain BM25 that a ranker has to beat.
    pub fn first_stage<'i>(
        &mut self,
        index: &'i CaseIndex,
        text: &str,
        language: Option<Language>,
        k: usize,
    ) -> Vec<&'i str> {
        self.knows(None, None);
        self.prepare_text(index, text, &sentences(text), language);
        self.view.in_outline = false;
        self.candidates(index, ALL_FIELDS, k).into_iter().map(|c| index.id(c.case)).collect()
    }

    /// Postings and rows of cases that the last search read: what its time depends on.
    pub fn work(&self) -> (usize, usize) {
        self.search.read
    }

    /// Takes over what a ranker knows besides weights.
    pub(crate) fn knows(&mut self, translations: Option<&Arc<Translations>>, appearances: Option<&Arc<Appearances>>) {
        self.translations = translations.cloned();
        self.compared.with(appearances, None);
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
        self.prepare(index, text, &mut analysis, marked);
        self.own = analysis;
    }

    /// Reads an analysed text with the given sentences against `index`. Where the text does not tell its language, the
    /// cases may, and the analysis has it from then on.
    pub(crate) fn prepare(&mut self, index: &CaseIndex, text: &str, analysis: &mut Analysis, marked: &[Sentence]) {
        if self.generation != Some(index.generation()) {
            // Words remembered as unknown may be known now, and numbers of terms may have changed.
            self.generation = Some(index.generation());
            self.lexicon = Lexicon::new(&short_settings());
            self.reading = Reading::default();
            self.fields = FieldReader::default();
            self.by_language = ByLanguage::default();
            self.likely_language = LikelyLanguage::default();
        }
        let likely = || self.likely_language.of(index, &mut self.by_language, analysis);
        analysis.language = analysis.language.or_else(likely);
        self.language = analysis.language;
        let analysis = &*analysis;
        let byline = byline(analysis);
        self.names = names(text, analysis, marked.iter().map(|s| s.start.0));
        self.handles.read(index, text, analysis, &mut self.lexicon, &byline);
        self.lexicon.read(analysis, &mut index.look_up(), &mut self.reading);
        self.compared.read(analysis);
        verbatim::words_of(analysis.normalised(), &mut self.words);
        self.passages.clear();
        let mut kept = std::iter::once(0..analysis.tokens.len()).collect();
        if self.reading.words > LONG {
            let mut windows =
                best_windows(index, &mut self.search, (text, analysis, marked), (&self.lexicon, &self.reading));
            for window in windows.iter().take(PASSAGES) {
                self.look_at(index, (analysis, marked), &byline, vec![window.clone()]);
                self.passages.push(std::mem::take(&mut self.view));
            }
            if self.reading.words > VERY_LONG {
                windows.sort_by_key(|r| r.start);
                kept = windows;
            }
        }
        self.look_at(index, (analysis, marked), &byline, kept);
        self.view.in_outline = !self.passages.is_empty();
    }

    /// Makes the view of the given tokens of the text.
    fn look_at(
        &mut self,
        index: &CaseIndex,
        (analysis, marked): (&Analysis, &[Sentence]),
        byline: &Range<usize>,
        kept: Vec<Range<usize>>,
    ) {
        self.view.kept = kept;
        self.view.in_outline = false;
        if matches!(&self.view.kept[..], [all] if *all == (0..analysis.tokens.len())) {
            self.counts.clear();
            self.counts.extend(self.reading.terms.iter().map(|&t| (t, self.reading.count(t))));
        } else {
            self.count_kept();
        }
        self.add_handles();
        self.weigh(index);
        self.translate(index, analysis);
        self.tell_apart(byline);
        self.split(analysis, marked);
    }

    /// Whether the text, all of it, holds a claim word for word.
    pub(crate) fn holds(&self, claim: &str) -> bool {
        verbatim::holds(&self.words, claim)
    }

    /// Passages of a long text that are searched for one by one.
    pub(crate) fn passages(&self) -> usize {
        self.passages.len()
    }

    /// Takes a passage for the whole text, or gives that back.
    pub(crate) fn swap(&mut self, passage: usize) {
        std::mem::swap(&mut self.view, &mut self.passages[passage]);
    }

    /// Lends the analysis of the text last given to [`Query::prepare_text`]; to be given back.
    pub(crate) fn take_own_analysis(&mut self) -> Analysis {
        std::mem::take(&mut self.own)
    }

    /// Takes back what [`Query::take_own_analysis`] lent.
    pub(crate) fn give_back(&mut self, analysis: Analysis) {
        self.own = analysis;
    }

    /// Counts the terms of the tokens that are searched for.
    fn count_kept(&mut self) {
        let Self { lexicon, reading, view: View { kept, .. }, counts, .. } = self;
        let mut by_word: FxHashMap<u32, u32> = FxHashMap::default();
        let words = kept.iter().flat_map(|r| reading.remembered().get(r.clone()).unwrap_or_default());
        for &word in words.filter(|w| **w != NONE) {
            *by_word.entry(word).or_default() += 1;
        }
        let mut by_term: FxHashMap<u32, u32> = FxHashMap::default();
        for (word, count) in by_word {
            let (stem, grams) = lexicon.word(word);
            for term in grams.iter().copied().chain(stem) {
                *by_term.entry(term).or_default() += count;
            }
        }
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
        // The order of words in memory depends on the texts read before, and so would the last bits of sums.
        counts.sort_unstable();
    }

    /// Counts the words of handles, too.
    fn add_handles(&mut self) {
        let Self { handles, counts, view: View { kept, .. }, .. } = self;
        for &(term, ..) in handles.terms.iter().filter(|h| kept.iter().any(|r| r.contains(&h.2))) {
            match counts.iter_mut().find(|c| c.0 == term) {
                Some(known) => known.1 += 1,
                None => counts.push((term, 1)),
            }
        }
    }

    /// Weighs the counted terms and leaves out those that say nothing.
    fn weigh(&mut self, index: &CaseIndex) {
        let Self { counts, view: View { terms, slots, .. }, .. } = self;
        let counted = counts.iter().map(|&(term, count)| (term, count, index.kind(term), index.df(term)));
        let mut telling: Vec<_> = counted.filter(|t| t.3 > 0 && !is_too_common(index.len(), t.3)).collect();
        let mut grams: Vec<usize> = telling.iter().filter(|t| t.2 == TermKind::Chars).map(|t| t.3).collect();
        let most = if grams.len() > MOST_GRAMS {
            let room = MOST_GRAMS * MOST_GRAMS / grams.len();
            *grams.select_nth_unstable(room).1
        } else {
            usize::MAX
        };
        telling.retain(|t| t.2 != TermKind::Chars || t.3 <= most);
        terms.clear();
        terms.extend(telling.into_iter().map(|(term, count, kind, df)| QueryTerm {
            term,
            kind,
            idf: index.idf_of(df),
            weight: 1.0 + f64::from(count).ln(),
            body: 0.0,
            name: false,
            meaning: false,
        }));
        slots.assign(terms.iter().map(|t| t.term));
    }

    /// Adds what the words mean in other languages, weighed by how probable the meaning is.
    fn translate(&mut self, index: &CaseIndex, analysis: &Analysis) {
        self.view.meanings.clear();
        let Some((table, from)) = self.translations.clone().zip(analysis.language).filter(|t| t.0.knows(t.1)) else {
            return;
        };
        let View { terms, slots, meanings, kept, .. } = &mut self.view;
        *meanings = self::meanings(index, &table, from, analysis, kept.iter().cloned().flatten());
        let new = strongest(meanings).into_iter().filter(|m| slots.get(m.0).is_none());
        terms.extend(new.map(|(term, p)| QueryTerm {
            term,
            kind: TermKind::Word,
            idf: index.idf(term),
            weight: f64::from(p),
            body: f64::from(p),
            name: false,
            meaning: true,
        }));
        slots.assign(terms.iter().map(|t| t.term));
    }

    /// Notes which words are names, and how often each stands outside the line that names the author.
    fn tell_apart(&mut self, byline: &Range<usize>) {
        let Self { lexicon, reading, handles, names, view: View { terms, slots, kept, chain, .. }, .. } = self;
        let slot = |token: usize| slots.get(lexicon.word_of(reading, token));
        for token in kept.iter().cloned().flatten().filter(|t| !byline.contains(t)) {
            if let Some(slot) = slot(token) {
                terms[slot].body += 1.0;
            }
        }
        for &(term, outside, _) in &handles.terms {
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
        for &token in names.iter() {
            if let Some(slot) = slot(token) {
                terms[slot].name = true;
            }
        }
    }

    /// The first token that is a term, or means it (then true).
    pub(crate) fn token_of(&self, term: u32) -> Option<(usize, bool)> {
        let mut kept = self.view.kept.iter().cloned().flatten();
        let own = kept.find(|&t| self.lexicon.word_of(&self.reading, t) == term).map(|t| (t, false));
        own.or_else(|| self.view.meanings.iter().find(|m| m.term == term).map(|m| (m.token, true)))
    }

    /// Whether a case is in the language of the text, where both are known.
    pub(crate) fn same_language(&self, index: &CaseIndex, case: CaseNo) -> Option<bool> {
        self.language.zip(index.language(case)).map(|(text, case)| text == case)
    }

    /// See [`chance::surprise`].
    pub(crate) fn surprise(&mut self, index: &CaseIndex, case: CaseNo) -> f64 {
        let Self { by_language, view, lexicon, reading, .. } = self;
        let word = |token: u32| lexicon.word_of(reading, token as usize);
        let pairs = reading.pairs.iter().map(|p| [p.term, word(p.first), word(p.second)]);
        chance::surprise(by_language, index, view, pairs, case)
    }

    /// See [`chance::rarity`]; by the cases in the language of the given one.
    pub(crate) fn rarity(&mut self, index: &CaseIndex, term: u32, case: CaseNo) -> f64 {
        chance::rarity(&mut self.by_language, index, term, index.language(case))
    }

    /// Whether the text has any number.
    pub(crate) fn has_numbers(&self) -> bool {
        self.view.has_numbers
    }

    /// Sorts the words of the query by sentence, counts them, and notes whether it has numbers.
    fn split(&mut self, analysis: &Analysis, sentences: &[Sentence]) {
        let Self { lexicon, reading, view, .. } = self;
        let View { slots, kept, sentences: out, has_numbers, words, meanings, .. } = view;
        out.clear();
        let of_kind =
            |kind| kept.iter().flat_map(|r| &analysis.tokens[r.clone()]).filter(move |t| t.kind == kind).count();
        let numbers = of_kind(TokenKind::Number);
        *has_numbers = numbers > 0;
        *words = of_kind(TokenKind::Word) + numbers;
        let mut kept = kept.iter().cloned().flatten().peekable();
        let mut meanings = meanings.iter().peekable();
        for sentence in sentences {
            let mut words = Vec::new();
            while let Some(number) = kept.next_if(|&n| analysis.tokens[n].start < sentence.end) {
                let slot = slots.get(lexicon.word_of(reading, number));
                words.extend(slot.map(|s| s as u32));
                while let Some(meaning) = meanings.next_if(|m| m.token == number) {
                    words.extend(slots.get(meaning.term).map(|s| s as u32));
                }
            }
            words.sort_unstable();
            words.dedup();
            if !words.is_empty() {
                out.push(words);
            }
        }
    }

    /// The `k` best cases, best first, cases of equal score by their number; after them those that texts like this one were
    /// judged to repeat.
    pub(crate) fn candidates(&mut self, index: &CaseIndex, mask: FieldMask, k: usize) -> Vec<Candidate> {
        let Self { search, view, .. } = self;
        let mut found = if view.in_outline {
            let least = least_idf(index);
            let telling: Vec<QueryTerm> = view.terms.iter().filter(|t| t.idf >= least).copied().collect();
            search.top_in(index, &telling, mask, k)
        } else {
            search.top_in(index, &view.terms, mask, k)
        };
        let mut repeated = self.compared.cases(index);
        repeated.retain(|&case| found.iter().all(|f| f.case != case));
        let scored = self.search.scores(index, &self.view.terms, mask, &repeated).into_iter();
        found.extend(scored.map(|c| Candidate { by_appearance: true, ..c }));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::case::Case;

    #[test]
    fn top_k_is_exact_and_an_added_case_is_found_at_once() {
        let case = |id: &str, claim: &str| Case {
            id: id.into(),
            claim: claim.into(),
            language: "en".into(),
            ..Case::default()
        };
        let mut index =
            CaseIndex::new((0..200).map(|i| case(&format!("c{i}"), &format!("claim number {i} of many kinds"))));
        let mut query = Query::default();
        let text = "claim number 17 about zebras";
        query.prepare_text(&index, text, &sentences(text), Language::lenient("en"));
        let all = query.candidates(&index, ALL_FIELDS, 1000);
        let top = query.candidates(&index, ALL_FIELDS, 5);
        assert_eq!(&all[..5], &top[..]);
        assert_eq!(index.id(top[0].case), "c17");
        index.add(case("z", "Zebras are painted horses"));
        query.prepare_text(&index, text, &sentences(text), Language::lenient("en"));
        assert_eq!(index.id(query.candidates(&index, ALL_FIELDS, 1)[0].case), "z");
        index.remove("z");
        query.prepare_text(&index, text, &sentences(text), Language::lenient("en"));
        assert!(query.candidates(&index, ALL_FIELDS, 1000).iter().all(|c| index.is_live(c.case)));
    }
}
