//! How many cases would share a text's words by chance: what two or three words say of a case, and what one does not.
//!
//! The ranker asks how much of a text stands in a case. Of a text of three words that is soon all. Whether that says
//! anything depends on how many cases there are to choose from, and in the language of the case: in a base with a dozen
//! Czech cases every Czech word is rare. To teach the ranker by short texts that repeat nothing was rejected: bases come in
//! all sizes, and what it learned on one would not hold on another.

use super::bm25::idf;
use super::by_language::ByLanguage;
use super::candidates::View;
use super::index::{CaseIndex, CaseNo, CaseTerm};
use crate::document::Language;
use crate::features::vocabulary::TermKind;

/// Words in more than this share of all cases count nothing: to read their lists would take longer than the search. Those of a
/// single case do, however few there are.
const COMMON: f64 = 0.1;

/// What it adds that two words of the text are neighbours in the case, too.
const NEIGHBOURS: f64 = 2.0;

/// How many times as many cases share words as would if words were independent: they come by topics.
const TOPICAL: f64 = 30.0;

/// The probability of being the same claim, where a case shares so much with the text: its odds are shared with the cases that
/// share as much by chance.
pub(crate) fn with_chance(probability: f64, surprise: f64) -> f64 {
    let others = TOPICAL * (-surprise).exp();
    probability / (probability + (1.0 + others) * (1.0 - probability))
}

/// Idf of a term among the cases of a language.
fn idf_in(by_language: &mut ByLanguage, index: &CaseIndex, term: u32, language: Option<Language>) -> f64 {
    if index.df(term) as f64 > (COMMON * index.len() as f64).max(1.0) {
        return 0.0;
    }
    idf(by_language.size(index, language), by_language.with(index, term, language).0)
}

/// Fewest cases of a language that tell which of its words are common.
const TELLING: usize = 50;

/// How rare a term is among the cases of a language: its idf there as a share of that of a term of one case. 1 where the language
/// has too few cases to tell.
pub(crate) fn rarity(by_language: &mut ByLanguage, index: &CaseIndex, term: u32, language: Option<Language>) -> f64 {
    let cases = by_language.size(index, language);
    if cases < TELLING { 1.0 } else { idf(cases, by_language.with(index, term, language).0) / idf(cases, 1) }
}

/// Minus the logarithm of how many cases in the language of this one share by chance what it shares with the text, if words
/// were independent: the idf of the shared words, and up to [`NEIGHBOURS`] more where they are neighbours in both, less
/// the idf of a single case. `pairs` are the neighbours of the text: a pair and its words, as terms.
pub(crate) fn surprise(
    by_language: &mut ByLanguage,
    index: &CaseIndex,
    view: &View,
    pairs: impl Iterator<Item = [u32; 3]>,
    case: CaseNo,
) -> f64 {
    let language = index.language(case);
    let (mut sum, mut shared_pairs) = (0.0, Vec::new());
    let mut add = |t: CaseTerm| match view.slot(t.term).and_then(|slot| view.terms.get(slot)) {
        Some(shared) if shared.kind == TermKind::Word => {
            sum += idf_in(by_language, index, t.term, language)
                * if shared.meaning { shared.weight.min(1.0) } else { 1.0 };
        }
        Some(shared) if shared.kind == TermKind::Pair => shared_pairs.push(t.term),
        _ => {}
    };
    index.each_term(case, |term| view.may_have(term), &mut add);
    for [pair, first, second] in pairs {
        if let Some(at) = shared_pairs.iter().position(|&p| p == pair) {
            shared_pairs.swap_remove(at);
            let rarer = idf_in(by_language, index, first, language).min(idf_in(by_language, index, second, language));
            sum += rarer.min(NEIGHBOURS);
        }
    }
    sum - (by_language.size(index, language).max(1) as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::candidates::Query;
    use crate::cases::case::Case;
    use crate::text::analyser::sentences;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn chance_never_helps_and_keeps_the_order(p in 0.0..=1.0, q in 0.0..=1.0, a in -20.0..20.0, b in -20.0..20.0) {
            let doubted = with_chance(p, a);
            prop_assert!((0.0..=p + 1e-12).contains(&doubted), "{p} became {doubted}");
            prop_assert!((p <= q) == (doubted <= with_chance(q, a)) || (doubted - with_chance(q, a)).abs() < 1e-12);
            prop_assert!(a > b || doubted <= with_chance(p, b) + 1e-12);
            prop_assert!((with_chance(p, 50.0) - p).abs() < 1e-12);
        }
    }

    /// Two hundred English cases about towns, and eight Czech ones.
    fn index() -> CaseIndex {
        let case = |id: String, language: &str, claim: String| Case {
            id,
            language: language.into(),
            claim,
            ..Case::default()
        };
        let towns = ["Gdansk", "Bergen", "Porto", "Leipzig"];
        let english = (0..200).map(|i| {
            let claim = format!("The mayor of {} sold bridge number {i} to men called Zork{i} Mumble{i}", towns[i % 4]);
            case(format!("en{i}"), "en", claim)
        });
        let words = ["Praze", "Brně", "Praze", "Ostravě", "Plzni", "Olomouci", "Zlíně", "Jihlavě"];
        let czech = words.iter().enumerate();
        let czech = czech.map(|(i, w)| case(format!("cs{i}"), "cs", format!("Starosta prodal most v {w}")));
        CaseIndex::new(english.chain(czech))
    }

    fn surprise(text: &str, language: &str, id: &str) -> f64 {
        let (index, mut query) = (index(), Query::default());
        query.prepare_text(&index, text, &sentences(text), Language::lenient(language));
        query.surprise(&index, index.number(id).unwrap())
    }

    #[test]
    fn one_word_says_little_and_several_rare_ones_much() {
        let name = surprise("Gdansk", "en", "en0");
        let sentence = surprise("They say Zork8 Mumble8 bought it in Gdansk", "en", "en8");
        assert!(name < -2.0 && sentence > 4.0, "{name}, {sentence}");
        assert!(with_chance(0.99, name) < 0.3 && with_chance(0.99, sentence) > 0.95);
        // Words that stand side by side in both say more than the same words apart.
        assert!(surprise("Zork8 Mumble8", "en", "en8") > surprise("Mumble8 Zork8", "en", "en8") + 1.0);
    }

    #[test]
    fn words_of_a_language_with_few_cases_are_not_rare() {
        let weather = surprise("Zítra bude v Praze pršet.", "cs", "cs0");
        assert!(weather < 0.0, "{weather}");
        assert!(with_chance(0.99, weather) < 0.8);
    }

    #[test]
    fn an_added_case_counts() {
        let mut index = index();
        index.add(Case {
            id: "new".into(),
            language: "en".into(),
            claim: "Zork8 Mumble8 sold Porto".into(),
            ..Case::default()
        });
        let mut query = Query::default();
        let text = "Zork8 Mumble8";
        query.prepare_text(&index, text, &sentences(text), Language::lenient("en"));
        let (both, alone) = (query.surprise(&index, index.number("new").unwrap()), surprise(text, "en", "en8"));
        assert!(both < alone, "two cases have the words now: {both}, {alone}");
    }
}
