//! How alike a text and a candidate case are: the features the ranker weighs.
//!
//! Every feature is a share, a logarithm or a yes/no, none a raw score, so that weights learned on one case base hold on
//! another of other size and language. What a text says is looked at four ways: all its words, its words without the line
//! that names an author, its names, and its best single sentence; a case by its title, claim, disproof and all of them.
//! The same sums are given as shares of the largest possible ("how much of it") and of the best candidate ("is there a
//! better one"), because the first tells texts apart and the second cases.

use super::candidates::{Candidate, FieldMask, Query, SATURATED};
use super::index::CaseIndex;
use super::overlap::{Comparison, Shared, Whole, share};

/// The features, in order.
pub const FEATURES: [&str; 56] = [
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
    "log of the words of the text, known or not, for a case in another language",
];

/// A row of feature values.
pub(crate) type FeatureRow = [f64; FEATURES.len()];

/// Place of "same language" in [`FEATURES`].
const SAME_LANGUAGE: usize = 44;

/// Place of "share of the claim's idf found in the text".
const CLAIM_FOUND: usize = 30;

/// Words too common to be searched for are none of those found.
const CLAIM_HELD: f64 = 0.9;

/// Place of "the same for character n-grams".
const GRAMS_FOUND: usize = 33;

/// In scripts without spaces a claim inside a sentence shares n-grams with it, but not the stretches taken for words; its first
/// and last n-grams are others.
const GRAMS_HELD: f64 = 0.75;

/// Whether a text may hold a claim word for word, by what is counted.
pub(crate) fn may_hold_claim(row: &FeatureRow) -> bool {
    row[CLAIM_FOUND] >= CLAIM_HELD || row[GRAMS_FOUND] >= GRAMS_HELD
}

/// Whether a row is of a text and a case in different languages.
pub(crate) fn is_across(row: &FeatureRow) -> bool {
    row[SAME_LANGUAGE] <= 0.0
}

/// Feature rows of the candidates of a prepared query.
pub(crate) fn features(index: &CaseIndex, query: &Query, found: &[Candidate], mask: FieldMask) -> Vec<FeatureRow> {
    let whole = Whole::of(query);
    let highest = (1.0 + (index.len() as f64 + 0.5) / 0.5).ln();
    let mut comparison = Comparison::new(index, query, mask);
    let shared: Vec<Shared> = found.iter().map(|c| comparison.with(c.case)).collect();
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
        let totals = index.facts(case).totals;
        let part = |sums: [f64; 2], totals: [f64; 2], f: usize| if mask[f] { share(sums[f], totals[f]) } else { 0.0 };
        let covered = [0, 1].map(|f| part(s.words_in, totals.words, f));
        let covered_grams = [0, 1].map(|f| part(s.grams_in, totals.grams, f));
        let numbers = index.numbers_in(case, [mask[0], mask[1]]);
        let language = query.same_language(index, case).map_or(0.5, |same| f64::from(u8::from(same)));
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
            if language > 0.0 { 0.0 } else { (1.0 + query.view.words as f64).ln() },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::candidates::ALL_FIELDS;
    use crate::cases::case::Case;
    use crate::document::Language;
    use crate::text::analyser::sentences;
    use proptest::prelude::*;

    fn index() -> CaseIndex {
        let case = |id: &str, language: &str, title: &str, claim: &str, disproof: &str| Case {
            id: id.into(),
            language: language.into(),
            title: title.into(),
            claim: claim.into(),
            disproof: disproof.into(),
            ..Case::default()
        };
        CaseIndex::new([
            case(
                "bridge",
                "en",
                "Bridge sold to Mars",
                "The mayor of Gdansk sold the old bridge to 12 men from Mars",
                "No bridge was sold.",
            ),
            case("moon", "en", "Cheese on the moon", "The moon is made of cheese, says the mayor", "It is rock."),
            case("brücke", "de", "Brücke verkauft", "Der Bürgermeister verkaufte die Brücke", "Niemand verkaufte sie."),
        ])
    }

    fn rows(text: &str, mask: FieldMask) -> Vec<(String, FeatureRow)> {
        let (index, mut query) = (index(), Query::default());
        query.prepare_text(&index, text, &sentences(text), Language::lenient("en"));
        let found = query.candidates(&index, mask, 10);
        let rows = features(&index, &query, &found, mask);
        found.iter().map(|c| index.id(c.case).to_owned()).zip(rows).collect()
    }

    fn value(row: &FeatureRow, name: &str) -> f64 {
        row[FEATURES.iter().position(|f| *f == name).unwrap()]
    }

    #[test]
    fn what_is_quoted_is_a_run_and_a_case_in_another_language_is_across() {
        assert_eq!(FEATURES[SAME_LANGUAGE], "same language");
        assert_eq!(FEATURES[CLAIM_FOUND], "share of the claim's idf found in the text");
        assert_eq!(FEATURES[GRAMS_FOUND], "the same for character n-grams");
        let rows = rows("They say the mayor of Gdansk sold the old bridge. Brücke!", ALL_FIELDS);
        let of = |id: &str| &rows.iter().find(|r| r.0 == id).unwrap().1;
        assert!(!is_across(of("bridge")) && is_across(of("brücke")));
        // mayor-of, of-gdansk, gdansk-sold, sold-the, the-old, old-bridge, less what stands in most cases.
        let run = |id: &str| value(of(id), "log of the words of the longest run found in the case").exp() - 1.0;
        assert!(run("bridge") > 3.5, "{}", run("bridge"));
        let share = |id: &str| value(of(id), "longest run, by the best candidate's");
        assert!((share("bridge") - 1.0).abs() < 1e-12 && share("moon") < 0.5);
        assert!(value(of("bridge"), "lead of the first score over the best other candidate") > 0.0);
        assert!(value(of("moon"), "lead of the first score over the best other candidate") < 0.0);
    }

    #[test]
    fn numbers_agree_or_conflict() {
        let of = |text: &str, name: &str| value(&rows(text, ALL_FIELDS)[0].1, name);
        assert!(
            (of("the old bridge was sold to 12 men", "numbers of the claim found in the text") - 1.0).abs() < 1e-12
        );
        assert!(
            (of("the old bridge was sold to 40 men", "the claim has numbers, the text has others") - 1.0).abs() < 1e-12
        );
    }

    proptest! {
        #[test]
        fn shares_lie_between_nothing_and_all(text in "(the |mayor |of |Gdansk |sold |old |bridge |12 |moon |cheese |@MayorOfMars |Brücke |[a-z]{1,6} |\\. ){0,30}", mask in any::<[bool; 4]>()) {
            for (_, row) in rows(&text, mask) {
                for (name, value) in FEATURES.iter().zip(row) {
                    prop_assert!(value.is_finite(), "{name}: {value}");
                    // A run counts a pair as often as the text repeats it; and totals of cases are kept in single precision.
                    let share = (name.contains(" by ") || name.starts_with("share") || name.starts_with("reciprocal"))
                        && !name.starts_with("idf of the longest run");
                    prop_assert!(!share || (0.0..=1.0 + 1e-5).contains(&value), "{name}: {value}");
                }
            }
        }
    }
}
