//! What the ranker learns across languages from: a claim searches for its versions in other languages.
//!
//! One language at a time, among cases of that language alone, as an editor's base holds them. In a base of all languages
//! the text's own words are known, count in how much of it is found, and change what words say there; what was learned so made
//! every probability far too low where the base does not know the language of the text.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

use super::candidates::{ALL_FIELDS, Query};
use super::case::Case;
use super::index::{CaseIndex, CaseNo};
use super::pairs::{Knowing, examples_of, no_case};
use super::ranker::{Example, HELD_OUT};
use crate::document::Language;
use crate::text::analyser::sentences;

/// Most cases whose versions in other languages are looked for.
const MOST_VERSIONS: usize = 600;
/// One in so many of them is also asked for by the first few words of its claim.
const BEGINNINGS: usize = 3;
/// Most words of such a beginning.
const FEW_WORDS: usize = 3;

/// The examples of claims that search for their versions, of beginnings too short to be a claim, and of texts that repeat no
/// case, one base of a language after the other.
pub(crate) fn examples(index: &CaseIndex, others: &[(&str, Option<Language>)], knowing: &Knowing) -> Vec<Example> {
    let clear = clear_groups(index);
    let asking = asking(index, &clear);
    let versions = index.iter().filter(|c| clear.contains(&c.group));
    let mut languages: Vec<Language> = versions.filter_map(|c| c.own_language()).collect();
    languages.sort_unstable();
    languages.dedup();
    let mut examples = Vec::new();
    for (place, &language) in languages.iter().enumerate() {
        let of_language = |c: &Cow<Case>| c.own_language() == Some(language);
        let base = CaseIndex::new(index.iter().filter(of_language).map(Cow::into_owned));
        let groups: FxHashSet<String> = base.iter().map(|c| c.group.clone()).collect();
        let foreign = |c: &Case| c.own_language() != Some(language) && groups.contains(&c.group);
        let asking: Vec<_> = asking.iter().filter(|a| foreign(&a.1)).collect();
        if asking.is_empty() {
            continue;
        }
        let found = asking.par_iter().map_init(Query::default, |scratch, (number, case)| {
            knowing.of_group(scratch, &case.group);
            versions_of(&base, scratch, *number, case)
        });
        examples.extend(found.collect::<Vec<_>>().concat());
        // As many texts that repeat nothing as claims calibrate: see `Scorer::fit`.
        let in_others = others.iter().filter(|o| o.1.is_some_and(|l| l != language)).skip(place).collect::<Vec<_>>();
        let most = asking.len().div_ceil(HELD_OUT);
        let some: Vec<_> = in_others.iter().step_by((in_others.len() / most).max(1)).take(most).collect();
        let nothing = some.par_iter().enumerate().map_init(Query::default, |scratch, (number, (text, language))| {
            knowing.of_half(scratch, number % 2);
            no_case(&base, scratch, number, (text, *language), |_| true, true)
        });
        examples.extend(nothing.collect::<Vec<_>>().concat());
    }
    examples
}

/// The claim of a case searches for its versions in `base`, and a few of its words for any case, which is no version then:
/// so little makes no claim.
fn versions_of(base: &CaseIndex, scratch: &mut Query, number: usize, case: &Case) -> Vec<Example> {
    scratch.prepare_text(base, &case.claim, &sentences(&case.claim), case.own_language());
    let mut examples = examples_of(base, scratch, number, ALL_FIELDS, &|c| Some(c.group == case.group));
    if number.is_multiple_of(BEGINNINGS) {
        let words = 1 + number / BEGINNINGS % FEW_WORDS;
        let few = case.claim.split_whitespace().take(words).collect::<Vec<_>>().join(" ");
        let other = |c: CaseNo| base.case(c).group != case.group;
        examples.extend(no_case(base, scratch, number, (&few, case.own_language()), other, false));
    }
    examples
}

/// Cases with versions in other languages, numbered.
fn asking<'i>(index: &'i CaseIndex, clear: &FxHashSet<String>) -> Vec<(usize, Cow<'i, Case>)> {
    let step = index.len().div_ceil(MOST_VERSIONS).max(1);
    let cases = index.numbers().step_by(step).map(|number| index.case(number)).enumerate();
    cases.filter(|(_, c)| clear.contains(&c.group) && !c.claim.trim().is_empty()).collect()
}

/// Groups with several languages and one case in each. Where a group has more, it may hold several claims of one article,
/// and nothing says which is the version of which.
fn clear_groups(index: &CaseIndex) -> FxHashSet<String> {
    let mut languages: FxHashMap<String, Vec<String>> = FxHashMap::default();
    for case in index.iter().filter(|c| !c.group.is_empty()) {
        languages.entry(case.group.clone()).or_default().push(case.language.clone());
    }
    languages.retain(|_, list| {
        let cases = list.len();
        list.sort_unstable();
        list.dedup();
        cases > 1 && list.len() == cases
    });
    languages.into_keys().collect()
}

#[cfg(test)]
mod tests {
    use super::super::pairs::learn;
    use super::*;

    /// Two versions each of many claims: names are the same, nearly all other words are not.
    fn versions() -> Vec<Case> {
        let case = |id: String, group: &str, language: &str, claim: String| Case {
            id,
            group: group.into(),
            language: language.into(),
            claim,
            ..Case::default()
        };
        let names = ["Kalvorn", "Ostrelia", "Dunmarsk", "Velidore", "Harquist", "Tolmenia", "Brasko", "Wendrell"];
        let english = ["sold the bridge to", "poisoned the well of", "hid the gold of", "burned the harvest near"];
        let german = [
            "verkaufte die Brücke an",
            "vergiftete den Brunnen von",
            "versteckte das Gold von",
            "verbrannte die Ernte bei",
        ];
        let mut cases = Vec::new();
        for (i, first) in names.iter().enumerate() {
            for (j, second) in names.iter().enumerate().filter(|other| other.0 != i) {
                let (group, deed) = (format!("story-{i}-{j}"), (i + j) % 4);
                let by = |words: &str, what: &str| format!("{first} {words} {second}, {what}");
                cases.push(case(
                    format!("{group}-en"),
                    &group,
                    "en",
                    by(english[deed], "says a witness who was there"),
                ));
                cases.push(case(
                    format!("{group}-de"),
                    &group,
                    "de",
                    by(german[deed], "sagt ein Zeuge, der dabei war"),
                ));
            }
        }
        cases
    }

    #[test]
    fn versions_teach_a_scorer_across_languages_without_negative_weights() {
        let index = CaseIndex::new(versions());
        let ranker = learn(&index, &[], &[], &|_| false, None).unwrap();
        assert!(ranker.translations.is_none(), "no group may teach what words mean");
        let across = ranker.across.as_ref().expect("enough versions");
        // No claim has another field to be found by, so what the versions teach serves for all.
        assert_eq!(*across, ranker.within);
        assert!(across.model.weights.iter().all(|&w| w >= 0.0) && across.model.weights.iter().any(|&w| w > 0.0));
        // A text in the one language finds the case that is only there in the other.
        let german: Vec<Case> = versions().into_iter().filter(|c| c.language == "de").collect();
        let base = super::super::related::CaseBase { index: CaseIndex::new(german), ranker };
        let text = "They say that Harquist hid the gold of Velidore.";
        let ranked = base.rank_ids(&mut Query::default(), text, Some(Language::ENGLISH), 3);
        assert!(["story-4-3-de", "story-3-4-de"].contains(&ranked[0].0), "{ranked:?}");
        assert!(ranked[0].1 > ranked[2].1, "{ranked:?}");
        // A name alone is no claim.
        let name = base.rank_ids(&mut Query::default(), "Harquist", Some(Language::ENGLISH), 1);
        assert!(name[0].1 < 0.25, "{name:?}");
    }
    #[test]
    fn versions_are_found_though_every_second_case_is_in_one_language() {
        // So many that one in two asks: all of these are English.
        let spread = |round: usize| {
            let group =
                move |c: Case| Case { id: format!("{}-{round}", c.id), group: format!("{}-{round}", c.group), ..c };
            versions().into_iter().map(group)
        };
        let index = CaseIndex::new((0..10).flat_map(spread));
        let asking = asking(&index, &clear_groups(&index));
        assert!(index.len() > MOST_VERSIONS && asking.iter().all(|a| a.1.language == "en"));
        let knowing = Knowing::default();
        let found = examples(&index, &[("Der Rat tagt am Montag.", Language::lenient("de"))], &knowing);
        assert!(found.iter().any(|e| e.same) && found.iter().any(|e| !e.same && e.without));
    }
}
