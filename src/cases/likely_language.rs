//! The language of a text too short to tell it by itself, by the words of the cases.
//!
//! `vaccines make people infertile` has no function word, so `text::language` abstains, its words are not stemmed, and
//! hardly any of them is found. Among known cases the question is easier: in cases of which language do they stand? Naive
//! Bayes over the languages of the base, each word by its stem there. Used for the search alone: an assessment names no
//! language that the text itself does not tell.

use rustc_hash::FxHashMap;

use super::index::{CaseIndex, CaseNo};
use crate::document::Language;
use crate::features::lexicon::Terms;
use crate::text::analyser::Analysis;
use crate::text::stem::WordStemmer;
use crate::text::token::TokenKind;

/// Words that are looked at; of more the language is told by themselves.
const MOST_WORDS: usize = 40;

/// Languages that are tried, those of most cases.
const MOST_LANGUAGES: usize = 16;

/// Fewest words found in cases of the language.
const FEWEST_FOUND: usize = 2;

/// Least probability among the languages of the base.
const SURE: f64 = 0.8;

/// How many cases what is known of all languages counts as for each.
const PRIOR: f64 = 2.0;

/// What the cases of an index tell of the words of each language, read when first asked for.
#[derive(Default)]
pub(crate) struct LikelyLanguage {
    tried: Vec<Tried>,
    /// By term, the cases of each language of `tried` that have it, and of all.
    counts: FxHashMap<u32, (Vec<u32>, u32)>,
}

struct Tried {
    language: Language,
    cases: f64,
    stemmer: WordStemmer,
}

impl LikelyLanguage {
    /// The language in whose cases the words of a text most probably stand, if that is clear.
    pub(crate) fn of(&mut self, index: &CaseIndex, analysis: &Analysis) -> Option<Language> {
        self.read(index);
        let mut words: Vec<&str> =
            analysis.tokens.iter().filter(|t| t.kind == TokenKind::Word).map(|t| analysis.text(t)).collect();
        words.truncate(MOST_WORDS);
        words.sort_unstable();
        words.dedup();
        let mut look_up = index.look_up();
        let all = index.len().max(1) as f64;
        let Self { tried, counts } = self;
        let mut scores: Vec<(f64, usize)> = Vec::with_capacity(tried.len());
        for (at, t) in tried.iter().enumerate() {
            let (mut sum, mut found) = (t.cases.ln(), 0);
            for word in &words {
                let term = look_up.word(&t.stemmer.term(word));
                let (here, of_all) = term.map_or((0, 0), |term| {
                    let (each, all) = counts.entry(term).or_insert_with(|| count(index, tried, term));
                    (each[at], *all)
                });
                found += usize::from(here > 0);
                let anywhere = (f64::from(of_all) + 0.5) / (all + 1.0);
                sum += ((f64::from(here) + PRIOR * anywhere) / (t.cases + PRIOR)).ln();
            }
            scores.push((sum, found));
        }
        let best = (0..scores.len()).max_by(|&a, &b| scores[a].0.total_cmp(&scores[b].0))?;
        let total: f64 = scores.iter().map(|s| (s.0 - scores[best].0).exp()).sum();
        (scores[best].1 >= FEWEST_FOUND && 1.0 / total >= SURE).then(|| tried[best].language)
    }

    fn read(&mut self, index: &CaseIndex) {
        if !self.tried.is_empty() {
            return;
        }
        let mut sizes: FxHashMap<Language, usize> = FxHashMap::default();
        for language in index.numbers().filter_map(|case| index.language(case)) {
            *sizes.entry(language).or_default() += 1;
        }
        let mut sizes: Vec<(Language, usize)> = sizes.into_iter().collect();
        sizes.sort_unstable_by_key(|&(language, size)| (std::cmp::Reverse(size), language));
        sizes.truncate(MOST_LANGUAGES);
        let tried =
            |(language, size)| Tried { language, cases: size as f64, stemmer: WordStemmer::new(Some(language)) };
        self.tried = sizes.into_iter().map(tried).collect();
    }
}

/// The cases of each language that have a term, and all.
fn count(index: &CaseIndex, tried: &[Tried], term: u32) -> (Vec<u32>, u32) {
    let mut counts = vec![0; tried.len()];
    let mut all = 0;
    let list = index.list(term).read().unwrap_or_default();
    for &(case, _) in list.iter().chain(index.later_list(term)) {
        all += 1;
        let language = index.language(CaseNo(case));
        if let Some(at) = tried.iter().position(|t| Some(t.language) == language) {
            counts[at] += 1;
        }
    }
    (counts, all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::case::Case;

    #[test]
    fn a_few_words_are_in_the_language_of_the_cases_that_have_them() {
        let case = |language: &str, claim: &str| Case {
            id: format!("{language}{claim}"),
            language: language.into(),
            claim: claim.into(),
            ..Case::default()
        };
        let index = CaseIndex::new([
            case("en", "Vaccines make young people infertile, doctors are told to say"),
            case("en", "The doctor who sold infertility drugs to people"),
            case("en", "Mayors sell bridges"),
            case("fr", "Les vaccins rendent les jeunes stériles"),
            case("fr", "Le maire vend les ponts"),
            case("ru", "Вакцины делают людей бесплодными"),
        ]);
        let mut likely = LikelyLanguage::default();
        let mut of = |text: &str| {
            let mut analysis = Analysis::default();
            analysis.analyse(text, None);
            likely.of(&index, &analysis).map(|l| l.code().to_owned())
        };
        assert_eq!(of("vaccines make people infertile").as_deref(), Some("en"));
        assert_eq!(of("vaccins rendent stérile").as_deref(), Some("fr"));
        assert_eq!(of("вакцина людей бесплодие").as_deref(), Some("ru"));
        for unclear in ["", "xyzzy plugh", "NATO", "doctor"] {
            assert_eq!(of(unclear), None, "{unclear}");
        }
    }
}
