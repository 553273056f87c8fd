//! TF-IDF weights equal those of scikit-learn's `TfidfVectorizer` (golden values by `tests/golden/make_tfidf.py`).

use leitmotif::features::space::{Featuriser, Sample, learn};
use leitmotif::features::tfidf::FeatureSettings;
use leitmotif::features::vocabulary::TermKind;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Golden {
    texts: Vec<String>,
    words: Vec<BTreeMap<String, f64>>,
    chars: Vec<BTreeMap<String, f64>>,
}

#[test]
fn words_pairs_and_character_ngrams_weigh_the_same() {
    let golden: Golden = serde_json::from_str(include_str!("golden/tfidf.json")).unwrap();
    // A language without a stemmer: scikit-learn does not stem.
    let language = "uk".parse().ok();
    let samples: Vec<_> = golden.texts.iter().map(|text| Sample { text, language }).collect();
    let (space, _) = learn(&samples, &FeatureSettings { latin_ngrams: false, ..FeatureSettings::default() }).unwrap();
    let mut featuriser = Featuriser::new(&space);
    for (i, sample) in samples.iter().enumerate() {
        featuriser.run(&space, sample.text, language);
        let mut ours: [BTreeMap<String, f64>; 2] = Default::default();
        for (&term, &value) in featuriser.weights.terms.iter().zip(&featuriser.weights.values) {
            let block = usize::from(space.vocabulary.kind(term) == TermKind::Chars);
            ours[block].insert(space.vocabulary.term(term).to_owned(), value);
        }
        for (ours, theirs) in ours.iter().zip([&golden.words[i], &golden.chars[i]]) {
            let names = |m: &BTreeMap<String, f64>| m.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(ours), names(theirs), "text {i}");
            for (term, value) in theirs {
                assert!((ours[term] - value).abs() < 1e-6, "text {i}, {term:?}: {} and {value}", ours[term]);
            }
        }
    }
}
