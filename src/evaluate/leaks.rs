//! Copies across the split: test texts that were, nearly word for word, trained on.
//!
//! Texts are compared by the Jaccard similarity of their sets of character 5-grams (Broder, "On the resemblance and
//! containment of documents", 1997). Candidates come from MinHash signatures cut into bands (Leskovec, Rajaraman and Ullman,
//! "Mining of Massive Datasets", chapter 3): of pairs at the threshold all but one in ten thousand are found; every
//! candidate is then compared exactly, so nothing is reported that is not so. Comparing all pairs exactly was rejected: a
//! test of 3,000 texts against 14,000 takes minutes.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::bootstrap::SplitMix;
use super::example::Example;

/// From this similarity on two texts are near-duplicates.
pub const THRESHOLD: f64 = 0.6;
const GRAM: usize = 5;
const BANDS: usize = 42;
const ROWS: usize = 3;

/// A test text and the training text most like it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leak {
    /// Id of the test text.
    pub test: String,
    /// Id of the training text.
    pub train: String,
    /// Jaccard similarity of their character 5-grams, 0.6 to 1.
    pub similarity: f64,
    /// Whether both carry the same narratives.
    pub same_narratives: bool,
    /// The trained model it concerns, counted from 0.
    pub fold: usize,
}

/// What stands on both sides of the split.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Leaks {
    /// Training texts looked at; over all folds where there are several.
    pub train_texts: usize,
    /// Test texts looked at.
    pub test_texts: usize,
    /// Test texts whose id is also that of a training text.
    pub same_id: usize,
    /// Test texts whose group is also that of a training text.
    pub same_group: usize,
    /// Test texts with a near-duplicate among the training texts, most alike first.
    pub near_duplicates: Vec<Leak>,
}

impl Leaks {
    /// Adds what was found in another fold.
    pub fn add(&mut self, other: Self) {
        self.train_texts += other.train_texts;
        self.test_texts += other.test_texts;
        self.same_id += other.same_id;
        self.same_group += other.same_group;
        self.near_duplicates.extend(other.near_duplicates);
        self.near_duplicates.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then_with(|| a.test.cmp(&b.test)));
    }
}

/// The distinct character 5-grams of a text as sorted hashes: letters and digits in lower case, everything else one
/// space. A text of fewer than five characters is one gram.
fn shingles(text: &str) -> Vec<u64> {
    let mut letters: Vec<char> = Vec::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            letters.push(c);
        } else if letters.last().is_some_and(|&l| l != ' ') {
            letters.push(' ');
        }
    }
    let hash = |gram: &[char]| {
        let mut h = SplitMix::new(gram.len() as u64);
        gram.iter().fold(0, |_, &c| {
            h = SplitMix::new(h.next_bits() ^ u64::from(c));
            h.clone().next_bits()
        })
    };
    let mut out: Vec<u64> =
        if letters.len() < GRAM { vec![hash(&letters)] } else { letters.windows(GRAM).map(hash).collect() };
    out.sort_unstable();
    out.dedup();
    out
}

/// Size of the intersection over that of the union of two sorted sets.
fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut shared) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, shared) = (i + 1, j + 1, shared + 1),
        }
    }
    shared as f64 / (a.len() + b.len() - shared).max(1) as f64
}

/// A key per band: equal keys make two texts candidates.
fn bands(grams: &[u64], seeds: &[u64]) -> Vec<u64> {
    let least: Vec<u64> = seeds
        .iter()
        .map(|&seed| grams.iter().map(|&g| (g ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)).min().unwrap_or(0))
        .collect();
    let key = |band: &[u64]| band.iter().fold(0, |key, &l| SplitMix::new(key ^ l).next_bits());
    least.chunks(ROWS).map(key).collect()
}

/// Looks for test texts among the training texts.
pub fn leaks<'e>(train: &[Example], test: impl IntoIterator<Item = &'e Example>, fold: usize) -> Leaks {
    let test: Vec<&Example> = test.into_iter().collect();
    let mut random = SplitMix::new(5);
    let seeds: Vec<u64> = (0..BANDS * ROWS).map(|_| random.next_bits()).collect();
    let train_grams: Vec<Vec<u64>> = train.par_iter().map(|e| shingles(&e.text)).collect();
    let keys: Vec<Vec<u64>> = train_grams.par_iter().map(|grams| bands(grams, &seeds)).collect();
    let mut table: FxHashMap<(usize, u64), Vec<u32>> = FxHashMap::default();
    for (i, keys) in keys.iter().enumerate() {
        for (band, &key) in keys.iter().enumerate() {
            table.entry((band, key)).or_default().push(i as u32);
        }
    }
    let found: Vec<Option<Leak>> = test
        .par_iter()
        .map(|e| {
            let grams = shingles(&e.text);
            let near: FxHashSet<u32> = (bands(&grams, &seeds).into_iter().enumerate())
                .filter_map(|band| table.get(&band))
                .flatten()
                .copied()
                .collect();
            let compared = near.into_iter().map(|i| (jaccard(&grams, &train_grams[i as usize]), i));
            let (similarity, i) = compared.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?;
            let other = &train[i as usize];
            let set = |e: &Example| e.narratives.iter().cloned().collect::<std::collections::BTreeSet<_>>();
            (similarity >= THRESHOLD).then(|| Leak {
                test: e.id.clone(),
                train: other.id.clone(),
                similarity,
                same_narratives: set(e) == set(other),
                fold,
            })
        })
        .collect();
    let ids: FxHashSet<&str> = train.iter().map(|e| &*e.id).collect();
    let groups: FxHashSet<&str> = train.iter().map(|e| &*e.group).collect();
    let mut out = Leaks {
        train_texts: train.len(),
        test_texts: test.len(),
        same_id: test.iter().filter(|e| ids.contains(&*e.id)).count(),
        same_group: test.iter().filter(|e| groups.contains(&*e.group)).count(),
        near_duplicates: Vec::new(),
    };
    out.add(Leaks { near_duplicates: found.into_iter().flatten().collect(), ..Leaks::default() });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(id: usize, text: String) -> Example {
        Example { id: format!("{id}"), group: format!("g{id}"), text, ..Example::default() }
    }

    #[test]
    fn similarity_worked_by_hand() {
        // "abcdef" has abcde and bcdef; "abcdeg" has abcde and bcdeg: one shared of three.
        assert!((jaccard(&shingles("abcdef"), &shingles("ABCDEG")) - 1.0 / 3.0).abs() < 1e-12);
        assert!((jaccard(&shingles("a  b, c!"), &shingles("A b\nc?")) - 1.0).abs() < 1e-12);
        assert!(jaccard(&shingles(""), &shingles("something else")) < 1e-12);
    }

    #[test]
    fn bands_find_what_comparing_all_pairs_finds() {
        let mut random = SplitMix::new(1);
        let word = |random: &mut SplitMix| format!("word{} ", random.below(3000));
        let train: Vec<Vec<String>> = (0..300).map(|_| (0..60).map(|_| word(&mut random)).collect()).collect();
        let test: Vec<Example> = (0..300)
            .map(|i| {
                // From untouched to two thirds rewritten.
                let mut words = train[i].clone();
                for w in words.iter_mut().take(i * 40 / 300) {
                    *w = word(&mut random);
                }
                example(1000 + i, words.concat())
            })
            .collect();
        let train: Vec<Example> = train.iter().enumerate().map(|(i, w)| example(i, w.concat())).collect();
        let found = leaks(&train, &test, 0);
        let exact =
            |t: &Example| train.iter().map(|o| jaccard(&shingles(&t.text), &shingles(&o.text))).fold(0.0, f64::max);
        let expected = test.iter().filter(|t| exact(t) >= THRESHOLD).count();
        assert_eq!(found.near_duplicates.len(), expected);
        assert!(expected > 50 && expected < 250, "{expected}");
        assert!((found.near_duplicates[0].similarity - 1.0).abs() < 1e-12);
        assert_eq!((found.same_id, found.same_group), (0, 0));
    }
}
