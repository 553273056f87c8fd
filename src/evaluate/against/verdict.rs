//! Better, worse, or not to be told: the comparison in a sentence. It says what the intervals say and nothing else; there is
//! no sum of figures, because what a false alarm is worth beside a missed narrative only a newsroom can say.

use serde::Serialize;

use super::NarrativesAgainst;
use super::open_set;
use super::paired::{Difference, Verdict, named};
use super::queries::RelatedAgainst;
use crate::evaluate::{headline, ranking};

/// What all differences come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Overall {
    /// Figures in which the new model is better.
    pub better: Vec<&'static str>,
    /// Figures in which it is worse.
    pub worse: Vec<&'static str>,
    /// Figures whose difference cannot be told.
    pub unclear: Vec<&'static str>,
    /// Languages in which its accuracy is better.
    pub better_languages: Vec<String>,
    /// Languages in which it is worse.
    pub worse_languages: Vec<String>,
    /// The same in words, clause by clause.
    pub text: Vec<String>,
}

/// A figure, what people call it, and its difference.
type Named<'d> = (&'static str, String, &'d Difference);

/// The verdict on all that was compared.
pub fn overall(narratives: Option<&NarrativesAgainst>, related: Option<&RelatedAgainst>) -> Overall {
    let mut all: Vec<Named<'_>> = Vec::new();
    if let Some(n) = narratives {
        all.extend(named(headline::FIGURES.iter().map(|f| (f.0, in_a_sentence(f.1))), &n.headline));
        if let Some(s) = &n.open_set {
            let of_none = |name| format!("{} of texts that carry none", in_a_sentence(name));
            all.extend(named(open_set::FIGURES.iter().map(|f| (f.0, of_none(f.1))), &s.figures));
        }
    }
    if let Some(r) = related {
        all.extend(named(ranking::FIGURES.iter().map(|f| (f.0, in_a_sentence(f.1))), &r.figures));
    }
    let of = |verdict| all.iter().filter(move |n| n.2.verdict == verdict);
    let keys = |verdict| of(verdict).map(|n| n.0).collect::<Vec<_>>();
    let languages = |verdict| -> Vec<String> {
        let all = narratives.map_or(&[][..], |n| &n.per_language);
        // Of one language alone, the whole says the same.
        let told = all.iter().filter(|l| all.len() > 1 && l.accuracy.verdict == verdict);
        told.map(|l| l.value.clone()).collect()
    };
    let out = Overall {
        better: keys(Verdict::Better),
        worse: keys(Verdict::Worse),
        unclear: keys(Verdict::Unclear),
        better_languages: languages(Verdict::Better),
        worse_languages: languages(Verdict::Worse),
        text: Vec::new(),
    };
    let names = |verdict| of(verdict).map(|n| n.1.as_str()).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    for (what, verdict) in [("better", Verdict::Better), ("worse", Verdict::Worse)] {
        if of(verdict).next().is_some() {
            parts.push(format!("{what}: {}", names(verdict)));
        }
    }
    if parts.is_empty() {
        let differs = all.iter().any(|n| n.2.groups > 0);
        let what = if differs { "no difference can be told in any figure" } else { "no figure differs" };
        parts.push(format!("{what}; tested were {}", tested(narratives, related)));
    } else if !out.unclear.is_empty() {
        parts.push(format!("no difference can be told: {}", names(Verdict::Unclear)));
    }
    for (what, of) in [("better", &out.better_languages), ("worse", &out.worse_languages)] {
        if !of.is_empty() {
            let all = narratives.map_or(0, |n| n.per_language.len());
            let names: Vec<&str> = of.iter().map(|l| if l == "?" { "texts without one" } else { l }).collect();
            parts.push(format!("of {all} languages, accuracy is {what} in {}", names.join(", ")));
        }
    }
    Overall { text: parts, ..out }
}

/// A name that is no abbreviation begins with a small letter inside a sentence.
fn in_a_sentence(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}

/// How much was tested.
fn tested(narratives: Option<&NarrativesAgainst>, related: Option<&RelatedAgainst>) -> String {
    let mut parts = Vec::new();
    if let Some(n) = narratives {
        if n.texts > 0 {
            parts.push(format!("{} groups of texts with a narrative", n.groups));
        }
        if let Some(s) = &n.open_set {
            parts.push(format!("{} groups of texts that carry none", s.groups));
        }
    }
    parts.extend(related.map(|r| format!("{} queries", r.queries)));
    parts.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::against::changed::Changes;
    use crate::evaluate::against::parts::{InLanguage, NarrativeChanges};
    use crate::evaluate::against::taxonomies::TaxonomyChanges;
    use crate::evaluate::bootstrap::Interval;

    fn difference(low: f64, high: f64, verdict: Verdict) -> Difference {
        let value = f64::midpoint(low, high);
        let difference = Interval { value, low, high };
        Difference { old: 0.5, new: 0.5 + value, difference, groups: 9, verdict }
    }

    fn narratives(figures: &[(&'static str, Verdict)], languages: &[(&str, Verdict)]) -> NarrativesAgainst {
        let of = |verdict| match verdict {
            Verdict::Better => difference(0.1, 0.2, verdict),
            Verdict::Worse => difference(-0.2, -0.1, verdict),
            Verdict::Unclear => difference(-0.1, 0.1, verdict),
        };
        let language = |&(value, verdict): &(&str, Verdict)| InLanguage {
            value: value.to_owned(),
            texts: 20,
            accuracy: of(verdict),
        };
        NarrativesAgainst {
            texts: 40,
            groups: 30,
            left_out: 0,
            headline: figures.iter().map(|&(name, verdict)| (name, of(verdict))).collect(),
            open_set: None,
            changes: Changes::default(),
            per_language: languages.iter().map(language).collect(),
            per_narrative: NarrativeChanges::default(),
            taxonomy: TaxonomyChanges::default(),
        }
    }

    #[test]
    fn what_is_better_and_what_is_worse_stands_apart() {
        let figures = [
            ("accuracy", Verdict::Better),
            ("lrap", Verdict::Better),
            ("ece_best", Verdict::Worse),
            ("micro_f1", Verdict::Unclear),
        ];
        let languages =
            [("en", Verdict::Better), ("pl", Verdict::Worse), ("?", Verdict::Worse), ("de", Verdict::Unclear)];
        let found = overall(Some(&narratives(&figures, &languages)), None);
        assert_eq!(
            (found.better, found.worse, found.unclear),
            (vec!["accuracy", "lrap"], vec!["ece_best"], vec!["micro_f1"])
        );
        assert_eq!(
            found.text,
            [
                "better: accuracy of the best, LRAP",
                "worse: calibration error of the best",
                "no difference can be told: micro-F1 of decisions",
                "of 4 languages, accuracy is better in en",
                "of 4 languages, accuracy is worse in pl, texts without one",
            ]
        );
    }

    #[test]
    fn where_nothing_can_be_told_it_says_how_much_was_tested() {
        let found = overall(Some(&narratives(&[("accuracy", Verdict::Unclear)], &[("en", Verdict::Better)])), None);
        assert_eq!(
            found.text,
            ["no difference can be told in any figure; tested were 30 groups of texts with a narrative"]
        );
        assert!(found.better_languages.is_empty(), "of one language the whole says it");
        let mut same = narratives(&[("accuracy", Verdict::Unclear)], &[]);
        if let Some(accuracy) = same.headline.get_mut("accuracy") {
            accuracy.groups = 0;
        }
        assert!(overall(Some(&same), None).text[0].starts_with("no figure differs; tested were 30 groups"));
    }

    #[test]
    fn abbreviations_keep_their_capitals() {
        let names = ["Accuracy of the best", "Macro-F1 of decisions", "LRAP", "MAP@5", "P@1", "nDCG@10", "Recall@5"];
        let expected = ["accuracy of the best", "macro-F1 of decisions", "LRAP", "MAP@5", "P@1", "nDCG@10", "recall@5"];
        assert_eq!(names.map(in_a_sentence), expected);
    }
}
