//! Texts that a person judged to repeat a case, and how alike a new text is to them.
//!
//! A claim that was debunked goes on circulating, often in words that are nearer to its earlier appearances than to what
//! the fact-checkers wrote; and what was repeated once is likelier to be repeated again. So the judged queries that a
//! ranker learned from are kept, and a case is known by them, too. Similarity is the cosine of TF-IDF weights, of words
//! with their pairs and of character n-grams, as the narratives' features are.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use super::index::{CaseIndex, CaseNo};
use super::search::Candidate;
use crate::document::Language;
use crate::features::space::{FeatureSpace, Featuriser, Sample, learn};
use crate::features::tfidf::FeatureSettings;
use crate::features::vocabulary::TermKind;
use crate::text::analyser::Analysis;

/// A text and the cases it repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appearance {
    /// The text.
    pub text: String,
    /// Its language, where known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// Ids of the cases, in byte order.
    pub cases: Vec<String>,
}

/// All texts known to repeat a case. They are counted when they are first asked for.
#[derive(Debug)]
pub struct Appearances {
    texts: Vec<Appearance>,
    counted: OnceLock<Option<Counted>>,
}

/// The texts as lists of weights.
#[derive(Debug)]
struct Counted {
    space: FeatureSpace,
    /// Where the texts of each term begin in `postings`, and where the last one's end.
    starts: Vec<usize>,
    /// Texts and the weight the term has there.
    postings: Vec<(u32, f32)>,
    by_case: FxHashMap<String, Vec<u32>>,
}

impl PartialEq for Appearances {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

/// Words, pairs, and n-grams of 3 to 5 characters, however rare. Posts that share a link or answer the same people are
/// likely to be about the same thing.
fn settings() -> FeatureSettings {
    FeatureSettings { char_ngrams: (3, 5), min_df_chars: 1, addresses: true, ..FeatureSettings::default() }
}

impl Appearances {
    /// Keeps the given texts.
    pub fn new(texts: Vec<Appearance>) -> Self {
        Self { texts, counted: OnceLock::new() }
    }

    /// The texts, in their order.
    pub fn texts(&self) -> &[Appearance] {
        &self.texts
    }

    /// A text a line.
    pub fn to_jsonl(&self) -> Result<String, serde_json::Error> {
        self.texts.iter().map(|t| serde_json::to_string(t).map(|line| line + "\n")).collect()
    }

    /// Reads what [`Appearances::to_jsonl`] gave.
    pub fn from_jsonl(text: &str) -> Result<Self, serde_json::Error> {
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>().map(Self::new)
    }

    /// The texts counted; nothing if no word is in them.
    fn counted(&self) -> Option<&Counted> {
        self.counted.get_or_init(|| Counted::of(&self.texts)).as_ref()
    }
}

impl Counted {
    fn of(texts: &[Appearance]) -> Option<Self> {
        let samples = texts.iter().map(|t| Sample { text: &t.text, language: Language::lenient(&t.language) });
        let (space, rows) = learn(&samples.collect::<Vec<_>>(), &settings()).ok()?;
        let mut starts = vec![0; space.len() + 1];
        let each = || (0..texts.len()).flat_map(|i| rows.row(i).columns.iter().zip(rows.row(i).values).map(move |v| (i, v)));
        for (_, (&term, _)) in each() {
            starts[term as usize + 1] += 1;
        }
        for term in 1..starts.len() {
            starts[term] += starts[term - 1];
        }
        let mut next = starts.clone();
        let mut postings = vec![(0, 0.0); rows.nonzeros()];
        for (text, (&term, &value)) in each() {
            let at = &mut next[term as usize];
            postings[*at] = (text as u32, value);
            *at += 1;
        }
        let mut by_case: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        for (number, text) in (0..).zip(texts) {
            for case in &text.cases {
                by_case.entry(case.clone()).or_default().push(number);
            }
        }
        Some(Self { space, starts, postings, by_case })
    }
}

/// How alike a text is to the known appearances of a candidate, as the ranker weighs it.
pub const FEATURES: [&str; 5] = [
    "cosine of words and pairs with the most alike text judged to repeat the case",
    "cosine of character n-grams with the most alike text judged to repeat the case",
    "log of the texts judged to repeat the case",
    "a text was judged to repeat the case",
    "the case is among the best by its own words",
];

/// Whether a row is of a case that is not among the best by its own words.
pub(crate) fn only(row: &AppearanceRow) -> bool {
    row[FEATURES.len() - 1] <= 0.0
}

/// A row of feature values.
pub(crate) type AppearanceRow = [f64; FEATURES.len()];

/// How alike a text is to the known appearances of a case.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Likeness {
    /// Largest cosine of words and pairs.
    words: f64,
    /// Largest cosine of character n-grams.
    chars: f64,
    /// Known appearances of the case.
    count: u32,
    /// The one that is most alike by both, and how much it is.
    best: Option<(u32, f32)>,
}

/// A text beside the known appearances: working memory of a thread.
#[derive(Default)]
pub(crate) struct Compared {
    known: Option<Arc<Appearances>>,
    featuriser: Option<Featuriser>,
    /// Per appearance, the cosine of words and that of characters.
    cosines: Vec<[f32; 2]>,
    /// One that does not count: a text must not be found by itself when a ranker is learned.
    left_out: Option<usize>,
}

/// Appearances whose cases become candidates, and the least they must have in common with the text.
const FINDING: usize = 8;
const LEAST: f32 = 0.1;

impl Compared {
    /// Compares with these from now on, but not with the one `left_out`.
    pub(crate) fn with(&mut self, known: Option<&Arc<Appearances>>, left_out: Option<usize>) {
        self.left_out = left_out;
        let same = match (&self.known, known) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        if !same {
            *self = Self { known: known.cloned(), left_out, ..Self::default() };
        }
    }

    /// Reads a text.
    pub(crate) fn read(&mut self, analysis: &Analysis) {
        self.cosines.clear();
        let Some(counted) = self.known.as_deref().and_then(Appearances::counted) else { return };
        let texts = self.known.as_ref().map_or(0, |k| k.texts.len());
        let featuriser = self.featuriser.get_or_insert_with(|| Featuriser::new(&counted.space));
        featuriser.weigh(&counted.space, analysis);
        self.cosines.resize(texts, [0.0; 2]);
        let first_gram = counted.space.vocabulary.range(TermKind::Chars).start;
        let weights = &featuriser.weights;
        for (term, &weight) in weights.terms.iter().zip(&weights.values) {
            let block = usize::from(term.0 >= first_gram);
            let list = counted.starts[term.index()]..counted.starts[term.index() + 1];
            for &(text, value) in &counted.postings[list] {
                self.cosines[text as usize][block] += weight as f32 * value;
            }
        }
        if let Some(cosines) = self.left_out.and_then(|i| self.cosines.get_mut(i)) {
            *cosines = [0.0; 2];
        }
    }

    /// How alike the text is to the appearances of a case.
    fn with_case(&self, id: &str) -> Likeness {
        let Some(counted) = self.known.as_deref().and_then(Appearances::counted) else { return Likeness::default() };
        let mut out = Likeness::default();
        for &text in counted.by_case.get(id).into_iter().flatten().filter(|t| Some(**t as usize) != self.left_out) {
            out.count += 1;
            let Some(&[words, chars]) = self.cosines.get(text as usize) else { continue };
            out.words = out.words.max(words.into());
            out.chars = out.chars.max(chars.into());
            let both = words + chars;
            if both > out.best.map_or(0.0, |b| b.1) {
                out.best = Some((text, both));
            }
        }
        out
    }

    /// Feature rows of candidates; none where no appearance of any case is known.
    pub(crate) fn rows(&self, index: &CaseIndex, found: &[Candidate]) -> Vec<AppearanceRow> {
        if self.known.is_none() {
            return Vec::new();
        }
        let known: Vec<Likeness> = found.iter().map(|c| self.with_case(index.id(c.case))).collect();
        let row = |(l, c): (&Likeness, &Candidate)| {
            let count = f64::from(l.count);
            [l.words, l.chars, (1.0 + count).ln(), count.min(1.0), f64::from(u8::from(!c.by_appearance))]
        };
        known.iter().zip(found).map(row).collect()
    }

    /// Cases of `index` by the appearances most like the text, that one first.
    pub(crate) fn cases(&self, index: &CaseIndex) -> Vec<CaseNo> {
        let Some(known) = &self.known else { return Vec::new() };
        let both = |i: u32| self.cosines[i as usize].iter().sum::<f32>();
        let order = |a: &u32, b: &u32| -> Ordering { both(*b).total_cmp(&both(*a)).then(a.cmp(b)) };
        let mut near: Vec<u32> = (0..self.cosines.len() as u32).filter(|&i| both(i) >= LEAST).collect();
        if near.len() > FINDING {
            near.select_nth_unstable_by(FINDING - 1, order);
            near.truncate(FINDING);
        }
        near.sort_unstable_by(order);
        let mut seen = FxHashSet::default();
        let cases = near.iter().flat_map(|&i| &known.texts[i as usize].cases).filter_map(|id| index.number(id));
        cases.filter(|&c| seen.insert(c)).collect()
    }
}
