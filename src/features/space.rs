//! The feature space of a model: vocabulary, idf, settings; texts become weighted rows in it.

use rustc_hash::FxHashSet;
use std::ops::Range;

use super::interner::Interner;
use super::known_pairs::KnownPairs;
use super::lexicon::{Lexicon, NONE, Reading, Terms};
use super::source_terms::SourceTerms;
use super::sparse::SparseRows;
use super::tfidf::{FeatureSettings, SublinearTf, smooth_idf};
use super::vocabulary::{TermId, TermKind, Vocabulary};
use crate::document::Language;
use crate::error::TrainingProblem;
use crate::text::analyser::Analysis;

/// Everything needed to turn an analysed text into TF-IDF weights. Immutable, shared between threads.
#[derive(Debug, Clone)]
pub struct FeatureSpace {
    /// What is counted and how.
    pub settings: FeatureSettings,
    /// The known terms.
    pub vocabulary: Vocabulary,
    /// Inverse document frequency per term; 0 for terms that only another model weighs.
    pub idf: Vec<f32>,
    pairs: KnownPairs,
    /// How another model weighs the terms, where this one builds on it.
    pub(crate) source: Option<SourceTerms>,
    /// Whether some terms have no idf.
    has_unweighed: bool,
}

/// A text as weights: TF-IDF per term, blocks brought to length one and scaled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    /// Terms: stems, then pairs, then n-grams. Behind them the features of another model, where this one builds on it.
    pub terms: Vec<TermId>,
    /// Their weights.
    pub values: Vec<f64>,
    /// How many of them are the model's own.
    pub own: usize,
}

/// Per-thread working memory for a [`FeatureSpace`].
pub struct Featuriser {
    /// The analysed text.
    pub analysis: Analysis,
    /// The remembered words.
    pub lexicon: Lexicon,
    /// The counts of the last text.
    pub reading: Reading,
    /// The weights of the last text.
    pub weights: Weights,
}

impl Featuriser {
    /// Working memory for `space`. Use it with no other.
    pub fn new(space: &FeatureSpace) -> Self {
        Self {
            analysis: Analysis::default(),
            lexicon: Lexicon::new(&space.settings),
            reading: Reading::default(),
            weights: Weights::default(),
        }
    }

    /// Analyses, counts and weighs `text`; the results stand in the fields.
    pub fn run(&mut self, space: &FeatureSpace, text: &str, language: Option<Language>) {
        let mut analysis = std::mem::take(&mut self.analysis);
        analysis.analyse(text, language);
        self.weigh(space, &analysis);
        self.analysis = analysis;
    }

    /// Counts and weighs some tokens of the text last read.
    pub(crate) fn run_part(
        &mut self,
        space: &FeatureSpace,
        tokens: Range<usize>,
        reading: &mut Reading,
        weights: &mut Weights,
    ) {
        self.lexicon.read_part(&self.reading, tokens, reading);
        space.weigh(reading, weights);
    }

    /// Counts and weighs an analysed text.
    pub(crate) fn weigh(&mut self, space: &FeatureSpace, analysis: &Analysis) {
        self.lexicon.read(analysis, &mut Known(space), &mut self.reading);
        space.weigh(&self.reading, &mut self.weights);
    }
}

struct Known<'s>(&'s FeatureSpace);

impl Terms for Known<'_> {
    fn word(&mut self, stem: &str) -> Option<u32> {
        self.0.vocabulary.get(TermKind::Word, stem).map(|t| t.0)
    }

    fn pair(&mut self, first: u32, second: u32) -> Option<u32> {
        self.0.pairs.get((first, second))
    }

    fn pairs(&mut self, stems: &[(u32, u32)], out: &mut Vec<Option<u32>>) {
        self.0.pairs.get_all(stems, out);
    }

    fn chars(&mut self, gram: &str) -> Option<u32> {
        self.0.vocabulary.get(TermKind::Chars, gram).map(|t| t.0)
    }
}

impl FeatureSpace {
    /// Joins the parts; `None` if idf and vocabulary differ in length or a pair names an unknown stem.
    pub fn new(settings: FeatureSettings, vocabulary: Vocabulary, idf: Vec<f32>) -> Option<Self> {
        if idf.len() != vocabulary.len() {
            return None;
        }
        let range = vocabulary.range(TermKind::Pair);
        let mut pairs = Vec::with_capacity(range.len());
        // Those of one first word stand in a row.
        let mut before = ("", NONE);
        for id in range.clone() {
            let (a, b) = vocabulary.term(TermId(id)).split_once(' ')?;
            let word = |t: &str| vocabulary.get(TermKind::Word, t).map(|t| t.0);
            if before.1 == NONE || before.0 != a {
                before = (a, word(a)?);
            }
            pairs.push((before.1, word(b)?));
        }
        let pairs = KnownPairs::new(vocabulary.range(TermKind::Word).len(), &pairs, range.start)?;
        let has_unweighed = idf.contains(&0.0);
        Some(Self { settings, vocabulary, idf, pairs, source: None, has_unweighed })
    }

    /// Adds how another model weighs the terms: its idf per term, and the lengths of its blocks of words and n-grams. `None`
    /// unless there is one idf per term.
    #[must_use]
    pub(crate) fn with_source(self, idf: &[f32], lengths: (f64, f64)) -> Option<Self> {
        let source = Some(SourceTerms::new(idf, &self.idf, lengths)?);
        Some(Self { source, ..self })
    }

    /// Number of features: one per term, and a second one for terms that another model weighs, too.
    pub fn len(&self) -> usize {
        self.source.as_ref().map_or(self.idf.len(), SourceTerms::features)
    }

    /// The feature that carries what another model makes of a term; `None` without such a model.
    pub(crate) fn source_feature(&self, term: TermId) -> Option<TermId> {
        self.source.as_ref().map(|source| source.feature(term))
    }

    /// The term that a feature is about.
    pub(crate) fn term_of(&self, feature: u32) -> u32 {
        self.source.as_ref().map_or(feature, |source| source.term(feature))
    }

    /// Whether it has no feature.
    pub fn is_empty(&self) -> bool {
        self.idf.is_empty()
    }

    /// Turns counts into weights.
    pub fn weigh(&self, reading: &Reading, out: &mut Weights) {
        let first_gram = self.vocabulary.range(TermKind::Chars).start;
        out.terms.clear();
        out.values.clear();
        if self.has_unweighed {
            let weighed = reading.terms.iter().filter(|&&t| self.idf[t as usize] > 0.0);
            out.terms.extend(weighed.map(|&t| TermId(t)));
        } else {
            out.terms.extend(reading.terms.iter().map(|&t| TermId(t)));
        }
        let tf = SublinearTf::new();
        let values = out.terms.iter().map(|&t| tf.of(reading.count(t.0)) * f64::from(self.idf[t.index()]));
        out.values.extend(values);
        let grams_from = out.terms.partition_point(|t| t.0 < first_gram);
        let (words, chars) = out.values.split_at_mut(grams_from);
        bring_to_length(words, self.settings.word_weight);
        bring_to_length(chars, self.settings.char_weight);
        out.own = out.terms.len();
        if let Some(source) = &self.source {
            source.weigh(reading, first_gram, &mut out.terms, &mut out.values);
        }
    }
}

/// Scales a block of values to a length, unless all are 0.
pub(super) fn bring_to_length(values: &mut [f64], length: f64) {
    // Several at a time, so that no addition waits for the one before.
    const LANES: usize = 8;
    let mut squares = [0.0; LANES];
    for values in values.chunks(LANES) {
        for (square, &value) in squares.iter_mut().zip(values) {
            *square += value * value;
        }
    }
    let square: f64 = squares.iter().sum();
    let scale = if square > 0.0 { length / square.sqrt() } else { 0.0 };
    for value in values {
        *value *= scale;
    }
}

/// A text to learn the feature space from.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'t> {
    /// The text.
    pub text: &'t str,
    /// Its language, when known.
    pub language: Option<Language>,
}

/// Learns a feature space from texts, and gives their rows in it. Rows keep the order of the texts.
///
/// The result depends on the texts alone: terms are sorted, counts are exact.
pub fn learn(
    samples: &[Sample<'_>],
    settings: &FeatureSettings,
) -> Result<(FeatureSpace, SparseRows), TrainingProblem> {
    learn_beside(samples, settings, None)
}

/// As [`learn`], with the terms of another model in the vocabulary, too. Those that are not learned from the texts have no idf
/// and stand in no row.
pub(crate) fn learn_beside(
    samples: &[Sample<'_>],
    settings: &FeatureSettings,
    other: Option<&Vocabulary>,
) -> Result<(FeatureSpace, SparseRows), TrainingProblem> {
    let mut interner = Interner::default();
    let mut lexicon = Lexicon::new(settings);
    let (mut analysis, mut reading) = (Analysis::default(), Reading::default());
    let mut counted: Vec<Vec<(u32, u32)>> = Vec::with_capacity(samples.len());
    for sample in samples {
        analysis.analyse(sample.text, sample.language);
        lexicon.read(&analysis, &mut interner, &mut reading);
        counted.push(reading.terms.iter().map(|&t| (t, reading.count(t))).collect());
    }
    let mut df = vec![0u32; interner.end()];
    for &(term, _) in counted.iter().flatten() {
        df[term as usize] += 1;
    }
    let (vocabulary, numbers) = select(&interner, &df, settings, other).ok_or(TrainingProblem::NoFeatures)?;
    if numbers.iter().all(|&n| n == NONE) {
        return Err(TrainingProblem::NoFeatures);
    }
    let mut idf = vec![0f32; vocabulary.len()];
    for (raw, &number) in numbers.iter().enumerate().filter(|&(_, &n)| n != NONE) {
        idf[number as usize] = smooth_idf(samples.len(), df[raw] as usize) as f32;
    }
    let space = FeatureSpace::new(settings.clone(), vocabulary, idf).ok_or(TrainingProblem::NoFeatures)?;
    let mut rows = SparseRows::new(space.len());
    let mut weights = Weights::default();
    let mut kept = Reading::default();
    for counts in counted {
        kept.replace(counts.iter().filter_map(|&(t, n)| Some((numbers[t as usize], n)).filter(|x| x.0 != NONE)));
        space.weigh(&kept, &mut weights);
        rows.push(weights.sorted());
    }
    Ok((space, rows))
}

/// Chooses the terms to keep and numbers them: the vocabulary, and per raw term its number or [`NONE`].
///
/// Terms of another model that are not kept stand behind the others of their kind; pairs, which grow, among them.
fn select(
    interner: &Interner,
    df: &[u32],
    settings: &FeatureSettings,
    other: Option<&Vocabulary>,
) -> Option<(Vocabulary, Vec<u32>)> {
    let mut stems = vec![""; interner.end()];
    for (text, raw) in interner.words() {
        stems[raw as usize] = text;
    }
    let cap = |mut terms: Vec<(String, u32)>, df: &[u32]| {
        if settings.max_terms > 0 && terms.len() > settings.max_terms {
            terms.sort_by(|a, b| df[b.1 as usize].cmp(&df[a.1 as usize]).then_with(|| a.0.cmp(&b.0)));
            terms.truncate(settings.max_terms);
        }
        terms
    };
    let frequent = |raw: u32, least: u32| df[raw as usize] >= least.max(1);
    let words: Vec<_> =
        interner.words().filter(|&(_, r)| frequent(r, settings.min_df_words)).map(|(t, r)| (t.to_owned(), r)).collect();
    let words = cap(words, df);
    let mut kept = vec![false; interner.end()];
    for (_, raw) in &words {
        kept[*raw as usize] = true;
    }
    // A pair is found through its stems, so both must be kept.
    let pairs: Vec<_> = interner
        .pairs()
        .filter(|&((a, b), r)| frequent(r, settings.min_df_words) && kept[a as usize] && kept[b as usize])
        .map(|((a, b), r)| (format!("{} {}", stems[a as usize], stems[b as usize]), r))
        .collect();
    let pairs = cap(pairs, df);
    let grams: Vec<_> =
        interner.grams().filter(|&(_, r)| frequent(r, settings.min_df_chars)).map(|(t, r)| (t.to_owned(), r)).collect();
    let grams = cap(grams, df);
    let mut numbers = vec![NONE; interner.end()];
    let mut next = 0;
    let mut number = |terms: Vec<(String, u32)>| {
        let numbered = terms.into_iter().map(|(text, raw)| {
            if raw != NONE {
                numbers[raw as usize] = next;
            }
            next += 1;
            text
        });
        numbered.collect::<Vec<_>>()
    };
    let beside = |mut terms: Vec<(String, u32)>, kind: TermKind| {
        let Some(other) = other else { return terms };
        let known: FxHashSet<String> = terms.iter().map(|t| t.0.clone()).collect();
        let added = other.range(kind).map(|id| other.term(TermId(id))).filter(|t| !known.contains(*t));
        terms.extend(added.map(|t| (t.to_owned(), NONE)));
        terms
    };
    let by_text = |mut terms: Vec<(String, u32)>| {
        terms.sort_unstable();
        terms
    };
    // Those in the most texts first: what a text looks up then lies close together, and stays in the processor's cache.
    let by_frequency = |terms: Vec<(String, u32)>| {
        let mut terms = by_text(terms);
        terms.sort_by_key(|t| std::cmp::Reverse(df[t.1 as usize]));
        terms
    };
    let words = number(beside(by_frequency(words), TermKind::Word));
    let pairs = number(by_text(beside(pairs, TermKind::Pair)));
    let grams = number(beside(by_frequency(grams), TermKind::Chars));
    let vocabulary = Vocabulary::new(&words, &pairs, &grams)?;
    Some((vocabulary, numbers))
}

impl Weights {
    /// `(column, value)` of the model's own features in growing order of columns.
    pub fn sorted(&self) -> Vec<(u32, f32)> {
        let mut row: Vec<_> = self.terms[..self.own].iter().zip(&self.values).map(|(t, &v)| (t.0, v as f32)).collect();
        row.sort_unstable_by_key(|r| r.0);
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The space of English texts, without leaving out a rare n-gram, and their rows.
    fn learned(texts: &[&str]) -> (FeatureSpace, SparseRows) {
        let samples: Vec<_> = texts.iter().map(|text| Sample { text, language: Some(Language::ENGLISH) }).collect();
        learn(&samples, &FeatureSettings { min_df_chars: 1, ..FeatureSettings::default() }).unwrap()
    }

    #[test]
    fn a_text_alone_weighs_the_same_as_in_training() {
        let texts = ["NATO provoked the war, NATO!", "Vaccines contain chips.", "The war began in 2014."];
        let (space, rows) = learned(&texts);
        let mut f = Featuriser::new(&space);
        for (i, text) in texts.iter().enumerate() {
            f.run(&space, text, Some(Language::ENGLISH));
            let row: Vec<_> = rows.row(i).columns.iter().copied().zip(rows.row(i).values.iter().copied()).collect();
            assert_eq!(f.weights.sorted(), row);
            let length: f64 = f.weights.values.iter().map(|v| v * v).sum();
            assert!((length - 2.0).abs() < 1e-9, "two blocks of length one");
        }
    }

    #[test]
    fn a_part_weighs_what_it_weighs_as_a_text_of_its_own() {
        let texts = ["NATO provoked the war", "the war, the #warParty", "see https://a.bc/d now: NATO, the war 2014"];
        let (space, _) = learned(&texts);
        let (mut whole, mut alone) = (Featuriser::new(&space), Featuriser::new(&space));
        let (mut reading, mut weights) = (Reading::default(), Weights::default());
        whole.run(&space, &texts.join(" "), Some(Language::ENGLISH));
        let mut from = 0;
        for own in texts {
            alone.run(&space, own, Some(Language::ENGLISH));
            let tokens = from..from + alone.analysis.tokens.len();
            whole.run_part(&space, tokens.clone(), &mut reading, &mut weights);
            assert_eq!(weights, alone.weights, "{own}");
            assert_eq!(reading.pairs, alone.reading.pairs, "{own}");
            assert_eq!(reading.remembered().len(), tokens.len());
            from = tokens.end;
        }
        assert_eq!(from, whole.analysis.tokens.len());
    }

    #[test]
    fn addresses_count_where_they_are_asked_for_and_are_no_neighbours() {
        let sample = Sample { text: "ask @sailor of https://example.org/a now", language: None };
        for addresses in [false, true] {
            let settings = FeatureSettings { min_df_chars: 1, addresses, ..FeatureSettings::default() };
            let (space, _) = learn(&[sample], &settings).unwrap();
            for address in ["@sailor", "https://example.org/a"] {
                assert_eq!(space.vocabulary.get(TermKind::Word, address).is_some(), addresses, "{address}");
            }
            assert!(space.vocabulary.range(TermKind::Pair).is_empty());
        }
    }

    #[test]
    fn a_cap_keeps_pairs_findable() {
        let texts = ["a b c d a b", "a b d e", "b c a b"];
        let samples: Vec<_> = texts.iter().map(|text| Sample { text, language: None }).collect();
        let settings = FeatureSettings { min_df_chars: 1, max_terms: 3, ..FeatureSettings::default() };
        let (space, rows) = learn(&samples, &settings).unwrap();
        assert!(space.vocabulary.range(TermKind::Word).len() == 3 && rows.nonzeros() > 0);
    }
}
