//! One model against another: is a retrained model better than the one in use, before it goes live?
//!
//! Both are asked the same by the same call, and only then compared. `paired` has the differences and their intervals,
//! `open_set` those of texts that carry none, `queries` those of related cases. `changed` lists texts that one of the two
//! gets right, `parts` the languages and narratives that gained or lost, `taxonomies` what only one of them was taught.
//! `verdict` puts it into words.

pub mod changed;
pub mod open_set;
pub mod paired;
pub mod parts;
pub mod queries;
pub mod taxonomies;
pub mod verdict;

use serde::Serialize;
use std::collections::BTreeSet;

use self::changed::{Changes, changes};
use self::open_set::{OpenSetAgainst, open_set};
use self::paired::{Differences, Direction, Pair, differences};
use self::parts::{InLanguage, NarrativeChanges, by_language, by_narrative};
use self::queries::RelatedAgainst;
use self::taxonomies::{TaxonomyChanges, taxonomies};
use self::verdict::{Overall, overall};
use super::headline::{FIGURES, Tally, figures, less_is_better};
use super::labels::Labels;
use super::predict::Judged;
use crate::assess::ModelName;

/// The narratives of two models on the same texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NarrativesAgainst {
    /// Texts compared that carry a narrative.
    pub texts: usize,
    /// Groups they form: the units that the intervals draw.
    pub groups: usize,
    /// Texts, of both kinds, that were left out because the new model was trained on a near-duplicate.
    pub left_out: usize,
    /// The headline figures of both.
    pub headline: Differences,
    /// Texts that carry none, where there are such.
    pub open_set: Option<OpenSetAgainst>,
    /// Texts that one of the models gets right.
    pub changes: Changes,
    /// Accuracy in every language.
    pub per_language: Vec<InLanguage>,
    /// Narratives that are found better or worse.
    pub per_narrative: NarrativeChanges,
    /// Narratives that the models do not share.
    pub taxonomy: TaxonomyChanges,
}

/// What both models said of the same texts, in the same order.
pub struct Answers<'a> {
    /// Their narratives.
    pub labels: Pair<&'a Labels>,
    /// Texts that carry a narrative.
    pub known: Vec<Pair<&'a Judged>>,
    /// Texts that carry none.
    pub none: Vec<Pair<&'a Judged>>,
}

/// Pairs the answers on the same texts.
pub fn pairs<'a>(new: &'a [Judged], old: &'a [Judged]) -> Vec<Pair<&'a Judged>> {
    new.iter().zip(old).map(|(new, old)| Pair { new, old }).collect()
}

impl NarrativesAgainst {
    /// Compares. `left_out` says which texts are not to count; `seed` draws the intervals.
    pub fn new(answers: Answers<'_>, left_out: impl Fn(&Judged) -> bool, seed: u64) -> Self {
        let Answers { labels, mut known, mut none } = answers;
        let all = known.len() + none.len();
        known.retain(|p| !left_out(p.new));
        none.retain(|p| !left_out(p.new));
        Self {
            texts: known.len(),
            groups: known.iter().map(|p| &*p.new.example.group).collect::<BTreeSet<_>>().len(),
            left_out: all - known.len() - none.len(),
            headline: headline(labels, &known, seed),
            open_set: open_set(&none, seed),
            changes: changes(labels, &known),
            per_language: by_language(&known, seed),
            per_narrative: by_narrative(labels, &known, &none),
            taxonomy: taxonomies(labels),
        }
    }
}

/// The headline figures of both models. Those of parents apply where both have parents.
fn headline(labels: Pair<&Labels>, known: &[Pair<&Judged>], seed: u64) -> Differences {
    let tally =
        |p: &Pair<&Judged>| Some(Pair { new: Tally::new(labels.new, p.new)?, old: Tally::new(labels.old, p.old)? });
    let tallies: Vec<Pair<Tally>> = known.iter().filter_map(tally).collect();
    let parents = labels.new.has_parents() && labels.old.has_parents();
    let directions: [Direction; FIGURES.len()] = FIGURES.map(|f| (f.0, less_is_better(f.0)));
    differences(&tallies, Tally::group, seed, &directions, |sample| figures(sample, parents))
}

/// A model held against another one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Against {
    /// The models.
    #[serde(flatten)]
    pub models: Pair<ModelName>,
    /// What the differences come to.
    pub verdict: Overall,
    /// Narratives, where test records were given.
    pub narratives: Option<NarrativesAgainst>,
    /// Related cases, where queries were given.
    pub related: Option<RelatedAgainst>,
}

impl Against {
    /// Draws the verdict.
    pub fn new(
        models: Pair<ModelName>,
        narratives: Option<NarrativesAgainst>,
        related: Option<RelatedAgainst>,
    ) -> Self {
        Self { verdict: overall(narratives.as_ref(), related.as_ref()), models, narratives, related }
    }

    /// What the reader should know.
    pub fn notes(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.models.new.version == self.models.old.version {
            out.push(format!(
                "Both are the same model, version {}, so there is nothing to compare: every difference is 0.",
                self.models.new.version
            ));
        }
        if let Some(n) = &self.narratives {
            if n.left_out > 0 {
                out.push(format!(
                    "{} test texts have a near-duplicate among the records of --train; the comparison leaves them out, because the \
                     new model knows their answers.",
                    n.left_out
                ));
            }
            out.extend(n.taxonomy.notes());
        }
        if let Some(r) = self.related.as_ref().filter(|r| r.learned_by_old > 0) {
            out.push(format!(
                "{} queries are texts that the old model's ranker learned from: its figures flatter. Take them out.",
                r.learned_by_old
            ));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::paired::Verdict;
    use super::*;
    use crate::assess::Outcome;
    use crate::error::Place;
    use crate::evaluate::example::Example;
    use crate::evaluate::predict::Scored;
    use crate::model::classifier::Decision;
    use crate::model::taxonomy::{Narrative, Taxonomy};

    /// Narratives `a` and `b` under `p`, or without a parent.
    fn labels(parent: Option<&str>) -> Labels {
        let record = |id: &str, parent: Option<&str>| {
            let place = Place { source: "narratives".into(), line: 1 };
            (place, Narrative { id: id.into(), parent: parent.map(Into::into), ..Narrative::default() })
        };
        Labels::new(&Taxonomy::new(vec![record("a", parent), record("b", parent), record("p", None)]).unwrap())
    }

    /// A text of its own group, what it carries, and the best answer with its probability, if any.
    fn judged(labels: &Labels, id: usize, language: &str, gold: &[&str], best: Option<(&str, f64)>) -> Judged {
        let decision = |p: f64| match p {
            p if p >= 0.8 => Decision::Match,
            p if p >= 0.5 => Decision::Suggest,
            _ => Decision::Weak,
        };
        let scored =
            |(id, probability)| Scored { label: labels.get(id).unwrap(), probability, decision: decision(probability) };
        Judged {
            example: Example {
                id: format!("t{id:03}"),
                group: format!("g{id}"),
                language: language.into(),
                text: format!("Text {id}"),
                ..Example::default()
            },
            gold: gold.iter().map(|id| labels.get(id).unwrap()).collect(),
            unanswerable: Vec::new(),
            ranked: best.map(scored).into_iter().collect(),
            best_root: None,
            strongest: best.map_or(Decision::Weak, |b| decision(b.1)),
            outcome: Outcome::Known,
            words: 10,
            fold: 0,
        }
    }

    fn compare(new: &(Labels, Vec<Judged>), old: &(Labels, Vec<Judged>)) -> NarrativesAgainst {
        let all = pairs(&new.1, &old.1);
        let (known, none) = all.into_iter().partition(|p| !p.new.gold.is_empty());
        NarrativesAgainst::new(
            Answers { labels: Pair { new: &new.0, old: &old.0 }, known, none },
            |j| j.example.id == "t099",
            1,
        )
    }

    /// A language, what a text carries, and the best answer.
    type Answer<'a> = (&'a str, &'a [&'a str], Option<(&'a str, f64)>);

    /// Answers of one model on the same texts.
    fn model(answers: &[Answer<'_>], parent: Option<&str>) -> (Labels, Vec<Judged>) {
        let labels = labels(parent);
        let judged = |(i, &(language, gold, best)): (usize, &Answer<'_>)| judged(&labels, i, language, gold, best);
        let all = answers.iter().enumerate().map(judged).collect();
        (labels, all)
    }

    #[test]
    fn six_texts_worked_by_hand() {
        let (a, b): (&[&str], &[&str]) = (&["a"], &["b"]);
        let old = model(
            &[
                ("en", a, Some(("a", 0.9))),
                ("en", a, Some(("b", 0.6))),
                ("en", b, None),
                ("en", b, Some(("b", 0.3))),
                ("en", b, Some(("b", 0.55))),
                ("en", b, Some(("a", 0.7))),
            ],
            None,
        );
        let new = model(
            &[
                ("en", a, Some(("a", 0.4))),
                ("en", a, Some(("a", 0.5))),
                ("en", b, Some(("b", 0.2))),
                ("en", b, None),
                ("en", b, Some(("a", 0.95))),
                ("en", b, Some(("b", 0.9))),
            ],
            None,
        );
        let found = compare(&new, &old);
        let accuracy = found.headline["accuracy"];
        assert!((accuracy.old - 3.0 / 6.0).abs() < 1e-12 && (accuracy.new - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!((accuracy.groups, accuracy.verdict), (5, Verdict::Unclear));
        let c = &found.changes;
        assert_eq!((c.mended, c.broken, c.right, c.wrong), (3, 2, 1, 0));
        let ids = |list: &[changed::Changed]| list.iter().map(|c| c.id.clone()).collect::<Vec<_>>();
        // By the probability of the wrong answer; no answer is the least sure.
        assert_eq!(ids(&c.most_broken), ["t004", "t003"]);
        assert_eq!(ids(&c.most_mended), ["t005", "t001", "t002"]);
        let best = |i: usize| (&c.most_broken[i].best.old, &c.most_broken[i].best.new);
        assert_eq!(best(0).1.as_ref().unwrap().probability, Some(0.95));
        assert_eq!((best(1).0.as_ref().unwrap().id.as_str(), best(1).1), ("b", &None));
        // Decided for a: old t000, t005 (wrong), new t001, t004 (wrong), of two that carry it: recall 1/2, F1 1/2 for both.
        // For b: old t001 (wrong), t004, new t005, of four: F1 2/6 and 2/5.
        let gained = &found.per_narrative.gained;
        assert_eq!((found.per_narrative.fell, gained.len(), gained[0].id.as_str(), gained[0].texts), (0, 1, "b", 4));
        assert!(
            (gained[0].found.old.f1 - 2.0 / 6.0).abs() < 1e-12 && (gained[0].found.new.f1 - 2.0 / 5.0).abs() < 1e-12
        );
        assert!((gained[0].found.new.recall - 0.25).abs() < 1e-12);
    }

    #[test]
    fn a_gain_in_one_language_that_costs_another_is_seen() {
        let a: &[&str] = &["a"];
        let answers = |right_in: &str| {
            (0..40)
                .map(|i| {
                    let language = if i % 2 == 0 { "de" } else { "pl" };
                    (language, a, Some((if language == right_in || i < 10 { "a" } else { "b" }, 0.6)))
                })
                .collect::<Vec<_>>()
        };
        let found = compare(&model(&answers("de"), None), &model(&answers("pl"), None));
        assert_eq!(found.headline["accuracy"].verdict, Verdict::Unclear);
        assert!(found.headline["accuracy"].difference.value.abs() < 1e-12);
        let languages: Vec<_> =
            found.per_language.iter().map(|l| (l.value.as_str(), l.texts, l.accuracy.verdict)).collect();
        assert_eq!(languages, [("de", 20, Verdict::Better), ("pl", 20, Verdict::Worse)]);
        let words = overall(Some(&found), None).text;
        assert!(words.iter().any(|w| w == "of 2 languages, accuracy is worse in pl"), "{words:?}");
    }

    #[test]
    fn fewer_false_alarms_are_better() {
        // Of 40 texts that carry none the old model suggests in 30 and matches in 20, the new one in 12 and 0.
        let answers = |suggested: usize, matched: usize| {
            (0..40)
                .map(|i| {
                    let p = if i < matched {
                        0.9
                    } else if i < suggested {
                        0.6
                    } else {
                        0.1
                    };
                    ("en", &[][..], Some(("a", p)))
                })
                .collect::<Vec<Answer<'_>>>()
        };
        let found = compare(&model(&answers(12, 0), None), &model(&answers(30, 20), None));
        assert!(found.headline.is_empty() && found.texts == 0);
        let none = found.open_set.unwrap();
        let (suggested, matched) = (none.figures["suggested"], none.figures["matched"]);
        assert!((suggested.old - 0.75).abs() < 1e-12 && (suggested.new - 0.3).abs() < 1e-12);
        assert!((matched.old - 0.5).abs() < 1e-12 && matched.new.abs() < 1e-12);
        assert_eq!((suggested.verdict, suggested.groups), (Verdict::Better, 18));
        assert!(suggested.difference.high < 0.0 && matched.verdict == Verdict::Better);
    }

    #[test]
    fn figures_of_parents_need_parents_on_both_sides() {
        let answers: [Answer<'_>; 2] = [("en", &["a"], Some(("a", 0.6))), ("en", &["b"], Some(("a", 0.6)))];
        let (flat, tree) = (model(&answers, None), model(&answers, Some("p")));
        let parents = |found: &NarrativesAgainst| found.headline.contains_key("parent_accuracy");
        assert!(
            parents(&compare(&tree, &tree)) && !parents(&compare(&tree, &flat)) && !parents(&compare(&flat, &tree))
        );
    }

    #[test]
    fn the_notes_say_what_would_mislead() {
        let model = |name: &str, version: &str| ModelName { name: name.into(), version: version.into() };
        let related = RelatedAgainst {
            queries: 9,
            figures: Differences::default(),
            won: 0,
            lost: 0,
            same: 9,
            most_lost: Vec::new(),
            learned_by_old: 3,
        };
        let notes = |new: &str, old: &str, related: Option<RelatedAgainst>| {
            Against::new(Pair { new: model("a", new), old: model("b", old) }, None, related).notes()
        };
        assert!(notes("1", "2", None).is_empty());
        assert!(notes("1", "1", None)[0].contains("the same model, version 1"));
        assert!(
            notes("1", "2", Some(related))[0]
                .starts_with("3 queries are texts that the old model's ranker learned from")
        );
    }

    #[test]
    fn what_is_left_out_counts_nowhere() {
        let a: &[&str] = &["a"];
        let mut new = model(&[("en", a, Some(("a", 0.6))), ("en", a, Some(("a", 0.6)))], None);
        let mut old = model(&[("en", a, Some(("b", 0.6))), ("en", a, Some(("b", 0.6)))], None);
        new.1[1].example.id = "t099".into();
        old.1[1].example.id = "t099".into();
        let found = compare(&new, &old);
        assert_eq!((found.texts, found.left_out, found.changes.mended), (1, 1, 1));
    }
}
