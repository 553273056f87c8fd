//! The language of a text too short to tell it by itself, by the words of the cases.
//!
//! `vaccines make people infertile` has no function word, so `text::language` abstains, its words are not stemmed, and
//! hardly any of them is found. Among known cases the question is easier: in cases of which language do they stand? Naive
//! Bayes over the languages of the base, each word by its stem there. Used for the search alone: an assessment names no
//! language that the text itself does not tell.

use super::by_language::ByLanguage;
use super::index::CaseIndex;
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

/// Stemmers of the languages of an index, made when first asked for.
#[derive(Default)]
pub(crate) struct LikelyLanguage(Vec<Tried>);

struct Tried {
    language: Language,
    cases: f64,
    stemmer: WordStemmer,
}

impl LikelyLanguage {
    /// The language in whose cases the words of a text most probably stand, if that is clear.
    pub(crate) fn of(
        &mut self,
        index: &CaseIndex,
        by_language: &mut ByLanguage,
        analysis: &Analysis,
    ) -> Option<Language> {
        if self.0.is_empty() {
            let stated = by_language.sizes(index).iter().filter_map(|&(language, size)| Some((language?, size)));
            self.0 = stated.take(MOST_LANGUAGES).map(Tried::new).collect();
        }
        let words = analysis.tokens.iter().filter(|t| t.kind == TokenKind::Word).map(|t| analysis.text(t));
        let mut words: Vec<&str> = words.take(MOST_WORDS).collect();
        words.sort_unstable();
        words.dedup();
        let scores: Vec<(f64, usize)> = self.0.iter().map(|t| t.score(index, by_language, &words)).collect();
        let best = (0..scores.len()).max_by(|&a, &b| scores[a].0.total_cmp(&scores[b].0))?;
        let total: f64 = scores.iter().map(|s| (s.0 - scores[best].0).exp()).sum();
        (scores[best].1 >= FEWEST_FOUND && 1.0 / total >= SURE).then(|| self.0[best].language)
    }
}

impl Tried {
    fn new((language, cases): (Language, usize)) -> Self {
        Self { language, cases: cases as f64, stemmer: WordStemmer::new(Some(language)) }
    }

    /// The logarithm of how probable the language and these words are together, but for a constant, and how many of the words
    /// stand in its cases.
    fn score(&self, index: &CaseIndex, by_language: &mut ByLanguage, words: &[&str]) -> (f64, usize) {
        let mut look_up = index.look_up();
        let (mut sum, mut found) = (self.cases.ln(), 0);
        for word in words {
            let term = look_up.word(&self.stemmer.term(word));
            let (here, all) = term.map_or((0, 0), |term| by_language.with(index, term, Some(self.language)));
            found += usize::from(here > 0);
            let anywhere = (all as f64 + 0.5) / (index.len() as f64 + 1.0);
            sum += ((here as f64 + PRIOR * anywhere) / (self.cases + PRIOR)).ln();
        }
        (sum, found)
    }
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
            likely.of(&index, &mut ByLanguage::default(), &analysis).map(|l| l.code().to_owned())
        };
        assert_eq!(of("vaccines make people infertile").as_deref(), Some("en"));
        assert_eq!(of("vaccins rendent stérile").as_deref(), Some("fr"));
        assert_eq!(of("вакцина людей бесплодие").as_deref(), Some("ru"));
        for unclear in ["", "xyzzy plugh", "NATO", "doctor"] {
            assert_eq!(of(unclear), None, "{unclear}");
        }
    }
}
