//! A figure of two models on the same texts: its difference, and whether that can be told from chance.
//!
//! The interval is that of [`bootstrap`](crate::evaluate::bootstrap), of pairs: one draw of groups serves both models, and
//! their figures are subtracted within the draw (paired bootstrap resampling: Koehn, "Statistical Significance Tests for
//! Machine Translation Evaluation", 2004). Texts that are hard for both then cancel out, and the interval is far narrower
//! than that of two models that were tested apart.
//!
//! Where the models differ on very few texts, resampling these few says too much: the draws that miss all of them are too
//! rare to be seen. So a difference is told only if the figure differs on six groups or more. Of five that all went one
//! way, one in sixteen would by chance (the sign test, 2 · 2⁻⁵); of six, one in thirty-two.

use rustc_hash::FxHashMap;
use serde::Serialize;
use std::collections::BTreeMap;

use crate::evaluate::bootstrap::{Interval, intervals};

/// Fewest groups on which a figure has to differ before a difference is told.
pub const FEWEST: usize = 6;

/// The same of the new model and of the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pair<T> {
    /// Of the model that is judged.
    pub new: T,
    /// Of the model that it is held against.
    pub old: T,
}

/// What a difference says of the new model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval lies on the better side of 0.
    Better,
    /// The whole interval lies on the worse side.
    Worse,
    /// It holds 0, or too few texts were answered differently.
    Unclear,
}

impl Verdict {
    /// In a word; nothing where it is unclear.
    pub fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Unclear => "",
        }
    }
}

/// A figure of both models.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Of the old model.
    pub old: f64,
    /// Of the new model.
    pub new: f64,
    /// New less old, with the 95 % interval of paired draws.
    pub difference: Interval,
    /// Groups of which alone the figure differs between the models.
    pub groups: usize,
    /// What that says.
    pub verdict: Verdict,
}

/// A difference with its sign, to so many places; what rounds to nothing has none.
pub fn signed(difference: f64, places: usize) -> String {
    let text = format!("{difference:+.places$}");
    if text[1..].chars().all(|c| matches!(c, '0' | '.')) { text[1..].to_owned() } else { text }
}

/// Differences by the names of the figures.
pub type Differences = BTreeMap<&'static str, Difference>;

/// A figure by its name in JSON, and whether the smaller value is the better.
pub type Direction = (&'static str, bool);

/// Of figures by key and name, in their order, those that were compared.
pub fn named<N>(
    figures: impl Iterator<Item = (&'static str, N)>,
    found: &Differences,
) -> impl Iterator<Item = (&'static str, N, &Difference)> {
    figures.filter_map(|(key, name)| Some((key, name, found.get(key)?)))
}

/// The figures of both models. `statistic` gives those of one model for a sample, in the order of `figures`; one that does
/// not apply to both models is left out.
pub fn differences<T: Sync>(
    pairs: &[Pair<T>],
    group: impl Fn(&T) -> &str,
    seed: u64,
    figures: &[Direction],
    statistic: impl Fn(&[&T]) -> Vec<Option<f64>> + Sync,
) -> Differences {
    let of_both = |sample: &[&Pair<T>]| -> Pair<Vec<Option<f64>>> {
        Pair {
            new: statistic(&sample.iter().map(|p| &p.new).collect::<Vec<_>>()),
            old: statistic(&sample.iter().map(|p| &p.old).collect::<Vec<_>>()),
        }
    };
    let gaps = |sample: &[&Pair<T>]| -> Vec<Option<f64>> {
        let Pair { new, old } = of_both(sample);
        new.into_iter().zip(old).map(|(new, old)| Some(new? - old?)).collect()
    };
    let mut members: FxHashMap<&str, Vec<&Pair<T>>> = FxHashMap::default();
    for pair in pairs {
        members.entry(group(&pair.old)).or_default().push(pair);
    }
    let mut moved = vec![0; figures.len()];
    for of_group in members.values() {
        for (count, gap) in moved.iter_mut().zip(gaps(of_group)) {
            *count += usize::from(gap.is_some_and(|gap| gap.abs() > 0.0));
        }
    }
    let Pair { new, old } = of_both(&pairs.iter().collect::<Vec<_>>());
    let found = intervals(pairs, |pair| group(&pair.old), seed, gaps);
    let all = figures.iter().zip(new.into_iter().zip(old)).zip(found.into_iter().zip(moved));
    all.filter_map(|((&(name, less_is_better), (new, old)), (difference, groups))| {
        let (new, old, difference) = (new?, old?, difference?);
        let verdict = verdict(&difference, groups, less_is_better);
        Some((name, Difference { old, new, difference, groups, verdict }))
    })
    .collect()
}

fn verdict(difference: &Interval, groups: usize, less_is_better: bool) -> Verdict {
    let (more, less) =
        if less_is_better { (Verdict::Worse, Verdict::Better) } else { (Verdict::Better, Verdict::Worse) };
    match difference {
        _ if groups < FEWEST => Verdict::Unclear,
        d if d.low > 0.0 => more,
        d if d.high < 0.0 => less,
        _ => Verdict::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text: its group, and whether the answer is right.
    type Text = (String, bool);

    fn share(sample: &[&Text]) -> Vec<Option<f64>> {
        vec![Some(sample.iter().filter(|t| t.1).count() as f64 / sample.len() as f64)]
    }

    fn pairs(answers: impl IntoIterator<Item = (bool, bool)>) -> Vec<Pair<Text>> {
        let text =
            |(i, (new, old)): (usize, (bool, bool))| Pair { new: (format!("{i}"), new), old: (format!("{i}"), old) };
        answers.into_iter().enumerate().map(text).collect()
    }

    fn compare(pairs: &[Pair<Text>], less_is_better: bool) -> Difference {
        differences(pairs, |t| &t.0, 1, &[("share", less_is_better)], share)["share"]
    }

    #[test]
    fn eight_texts_worked_by_hand() {
        // New right on six of eight, old on three; they differ on five.
        let right = [1, 1, 1, 1, 1, 1, 0, 0].map(|n| n == 1).into_iter();
        let found = compare(&pairs(right.zip([1, 0, 0, 0, 0, 1, 1, 0].map(|n| n == 1))), false);
        assert!((found.new - 0.75).abs() < 1e-12 && (found.old - 0.375).abs() < 1e-12);
        assert!((found.difference.value - 0.375).abs() < 1e-12);
        assert_eq!(found.groups, 5);
    }

    // Equal figures cancel to nothing, not to almost nothing.
    #[test]
    fn a_model_differs_from_itself_by_exactly_nothing() {
        let found = compare(&pairs((0..100).map(|i| (i % 3 == 0, i % 3 == 0))), false);
        assert_eq!(found.difference, Interval { value: 0.0, low: 0.0, high: 0.0 });
        assert_eq!((found.groups, found.verdict, found.new), (0, Verdict::Unclear, found.old));
    }

    // a - b is exactly -(b - a), and both percentiles lie as far from their end.
    #[test]
    fn swapping_the_models_turns_every_sign() {
        let answers = |i: usize| (!i.is_multiple_of(4), i.is_multiple_of(3));
        let one = compare(&pairs((0..120).map(answers)), false);
        let other = compare(&pairs((0..120).map(answers).map(|(new, old)| (old, new))), false);
        let (a, b) = (one.difference, other.difference);
        assert_eq!((a.value, a.low, a.high), (-b.value, -b.high, -b.low));
        assert_eq!((one.new, one.old, one.groups), (other.old, other.new, other.groups));
        assert_eq!((one.verdict, other.verdict), (Verdict::Better, Verdict::Worse));
    }

    #[test]
    fn where_less_is_better_the_verdict_turns_and_the_difference_stays() {
        let pairs = pairs((0..120).map(|i| (i % 2 == 0, i % 6 == 0)));
        let (more, less) = (compare(&pairs, false), compare(&pairs, true));
        assert_eq!((more.verdict, less.verdict), (Verdict::Better, Verdict::Worse));
        assert_eq!(more.difference, less.difference);
    }

    #[test]
    fn paired_intervals_are_narrower_than_those_of_models_tested_apart() {
        // Both are right on the same 200 of 400 texts; of the others the new one is right on 24, the old one on 8.
        let pairs = pairs((0..400).map(|i| (i < 224, i < 200 || (300..308).contains(&i))));
        let paired = compare(&pairs, false);
        let width = |i: Interval| i.high - i.low;
        let alone = |texts: Vec<Text>, seed| {
            let found = intervals(&texts, |t| &t.0, seed, share);
            width(found[0].unwrap())
        };
        let apart = alone(pairs.iter().map(|p| p.new.clone()).collect(), 1)
            .hypot(alone(pairs.iter().map(|p| p.old.clone()).collect(), 2));
        assert!(width(paired.difference) < 0.5 * apart, "{paired:?} {apart}");
        assert_eq!(paired.verdict, Verdict::Better);
        assert!(paired.difference.value < apart / 2.0, "tested apart, the same difference could not be told");
    }

    #[test]
    fn of_few_groups_nothing_is_told() {
        let mended = |n: usize| compare(&pairs((0..400).map(|i| (i < 200 + n, i < 200))), false);
        for n in [1, 4, 5] {
            assert_eq!((mended(n).groups, mended(n).verdict), (n, Verdict::Unclear));
        }
        // The interval alone would have told it.
        assert!(mended(5).difference.low > 0.0);
        assert_eq!(mended(6).verdict, Verdict::Better);
        // A group counts once, however many texts it has.
        let copies: Vec<Pair<Text>> = pairs((0..40).map(|i| (i < 30, i < 20)))
            .into_iter()
            .map(|p| Pair { new: ("g".into(), p.new.1), old: ("g".into(), p.old.1) })
            .collect();
        let found = compare(&copies, false);
        assert_eq!((found.groups, found.verdict), (1, Verdict::Unclear));
    }

    #[test]
    fn a_figure_of_one_model_alone_is_left_out() {
        let pairs = pairs([(true, false), (false, true)]);
        let found = differences(
            &pairs,
            |t| &t.0,
            1,
            &[("share", false), ("other", false)],
            |sample| {
                let only_new = sample.iter().any(|t| t.0 == "0" && t.1).then_some(1.0);
                vec![share(sample)[0], only_new]
            },
        );
        assert_eq!(found.into_keys().collect::<Vec<_>>(), ["share"]);
    }

    #[test]
    fn what_rounds_to_nothing_has_no_sign() {
        assert_eq!([0.0, -0.00004, 0.012, -0.5].map(|d| signed(d, 4)), ["0.0000", "0.0000", "+0.0120", "-0.5000"]);
    }

    #[test]
    fn of_nothing_there_is_no_difference() {
        let none = |_: &[&Text]| vec![None];
        assert!(differences(&[], |t: &Text| &t.0, 1, &[("share", false)], none).is_empty());
    }
}
