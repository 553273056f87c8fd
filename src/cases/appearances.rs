//! Texts that a person judged to repeat a case, and how alike a new text is to them.
//!
//! A claim that was debunked goes on circulating, often in words that are nearer to its earlier appearances than to what
//! the fact-checkers wrote; and what was repeated once is likelier to be repeated again. So the judged queries that a
//! ranker learned from are kept, and a case is known by them, too. Similarity is the cosine of TF-IDF weights, of words
//! with their pairs and of character n-grams, as the narratives' features are.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
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
        let each =
            || (0..texts.len()).flat_map(|i| rows.row(i).columns.iter().zip(rows.row(i).values).map(move |v| (i, v)));
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

/// Place of the last of [`FEATURES`].
const BY_ITS_OWN_WORDS: usize = FEATURES.len() - 1;

/// Whether a row is of a case that is not among the best by its own words.
pub(crate) fn only(row: &AppearanceRow) -> bool {
    row[BY_ITS_OWN_WORDS] <= 0.0
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
    /// Those most like the text, that one first.
    near: Vec<u32>,
    /// One that does not count: a text must not be found by itself when a ranker is learned.
    left_out: Option<usize>,
}

/// A text judged earlier to repeat the same case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct KnownAppearance {
    /// The text as it was judged.
    pub text: String,
    /// How alike it is to the text at hand, from 0 to 1: the mean of the cosines of words and of characters.
    pub similarity: f64,
}

/// Least similarity of an appearance that is shown.
const LEAST_SHOWN: f32 = 0.2;

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
        self.near.clear();
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
        let Self { cosines, near, .. } = self;
        let both = |i: u32| cosines[i as usize].iter().sum::<f32>();
        let order = |a: &u32, b: &u32| both(*b).total_cmp(&both(*a)).then(a.cmp(b));
        near.extend((0..texts as u32).filter(|&i| both(i) >= LEAST));
        if near.len() > FINDING {
            near.select_nth_unstable_by(FINDING - 1, order);
            near.truncate(FINDING);
        }
        near.sort_unstable_by(order);
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

    /// The appearance of a case that is most like the text, if one is much like it, and the sum of its cosines.
    fn near(&self, id: &str) -> Option<(u32, f32)> {
        self.with_case(id).best.filter(|b| b.1 / 2.0 >= LEAST_SHOWN)
    }

    /// Whether the text is much like an appearance of a case.
    pub(crate) fn is_near(&self, id: &str) -> bool {
        self.near(id).is_some()
    }

    /// The known appearance of a case that is most like the text, if one is much like it.
    pub(crate) fn nearest(&self, id: &str) -> Option<KnownAppearance> {
        let (text, both) = self.near(id)?;
        let text = &self.known.as_ref()?.texts[text as usize].text;
        Some(KnownAppearance { text: text.clone(), similarity: f64::from(both / 2.0).min(1.0) })
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
        let mut seen = FxHashSet::default();
        let cases = self.near.iter().flat_map(|&i| &known.texts[i as usize].cases).filter_map(|id| index.number(id));
        cases.filter(|&c| seen.insert(c)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::case::Case;
    use proptest::prelude::*;

    fn appearances(texts: &[String]) -> Arc<Appearances> {
        let appearance = |(i, text): (usize, &String)| Appearance {
            text: text.clone(),
            language: "en".into(),
            cases: vec![format!("c{}", i % 3)],
        };
        Arc::new(Appearances::new(texts.iter().enumerate().map(appearance).collect()))
    }

    fn analysis(text: &str) -> Analysis {
        let mut analysis = Analysis::default();
        analysis.analyse(text, Language::lenient("en"));
        analysis
    }

    /// The cosines of two texts' weights in the space of all, the slow way.
    fn cosines(counted: &Counted, a: &str, b: &str) -> [f64; 2] {
        let first_gram = counted.space.vocabulary.range(TermKind::Chars).start;
        let weights = |text: &str| {
            let mut f = Featuriser::new(&counted.space);
            f.run(&counted.space, text, Language::lenient("en"));
            f.weights.sorted()
        };
        let (a, b) = (weights(a), weights(b));
        let mut out = [0.0; 2];
        for (term, value) in a {
            if let Ok(at) = b.binary_search_by_key(&term, |v| v.0) {
                out[usize::from(term >= first_gram)] += f64::from(value) * f64::from(b[at].1);
            }
        }
        out
    }

    proptest! {
        #[test]
        fn lists_give_the_cosines_and_what_is_left_out_counts_nowhere(
            texts in prop::collection::vec("(the |moon |is |made |of |cheese |@sailor |https://example.org/a |[a-z]{1,5} |\\. ){0,12}", 1..12),
            text in "(the |moon |is |made |of |cheese |@sailor |https://example.org/a |[a-z]{1,5} |\\. ){0,12}",
            left_out in prop::option::of(0usize..12),
        ) {
            let known = appearances(&texts);
            let mut compared = Compared::default();
            compared.with(Some(&known), left_out);
            compared.read(&analysis(&text));
            let Some(counted) = known.counted() else { return Ok(()) };
            let mut best = [0f64; 3];
            for (i, other) in texts.iter().enumerate() {
                let expected = if left_out == Some(i) { [0.0; 2] } else { cosines(counted, &text, other) };
                for (got, expected) in compared.cosines[i].iter().zip(expected) {
                    prop_assert!((f64::from(*got) - expected).abs() < 1e-5, "{got} and {expected}");
                    prop_assert!(*got <= 1.0 + 1e-5);
                }
                best[i % 3] = best[i % 3].max(expected[0]);
            }
            for (case, words) in best.into_iter().enumerate() {
                let likeness = compared.with_case(&format!("c{case}"));
                prop_assert!((likeness.words - words).abs() < 1e-5);
                let others = (0..texts.len()).filter(|&i| i % 3 == case && left_out != Some(i)).count();
                prop_assert_eq!(likeness.count as usize, others);
            }
        }
    }

    #[test]
    fn cases_come_in_the_order_of_their_appearances_and_only_those_of_the_index() {
        let texts = ["so the moon is made of cheese", "cheese cures everything", "moon cheese", "nothing of the kind"];
        let known = appearances(&texts.map(str::to_owned));
        let case = |id: &str| Case { id: id.into(), claim: "unlike".into(), ..Case::default() };
        let index = CaseIndex::new([case("c0"), case("c1")]);
        let mut compared = Compared::default();
        compared.with(Some(&known), None);
        compared.read(&analysis("the moon is made of cheese, cheese cures"));
        let ids: Vec<&str> = compared.cases(&index).into_iter().map(|c| index.id(c)).collect();
        assert_eq!(ids, ["c0", "c1"], "c2 is in no case of the index");
        let nearest = compared.nearest("c0").unwrap();
        assert_eq!(nearest.text, texts[0]);
        assert!(compared.nearest("c7").is_none());
        // Nothing of a text stays for the next, nor of other appearances.
        compared.read(&analysis("unrelated"));
        assert!(compared.cases(&index).is_empty());
        compared.with(None, None);
        compared.read(&analysis("the moon is made of cheese"));
        assert!(compared.cases(&index).is_empty() && compared.nearest("c0").is_none());
    }

    #[test]
    fn a_file_of_appearances_is_read_as_it_was_written() {
        let known = appearances(&["a \"b\"\nc".to_owned(), "\u{1f600}".to_owned()]);
        let text = known.to_jsonl().unwrap();
        assert_eq!(text.lines().count(), 2);
        assert_eq!(Appearances::from_jsonl(&text).unwrap(), *known);
        assert!(Appearances::from_jsonl("{\"text\":1}\n").is_err());
        // Texts without any word are no appearance of anything.
        assert!(appearances(&["...".to_owned()]).counted().is_none());
    }
}
