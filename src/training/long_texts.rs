//! Learns how probable a narrative is in a long text of which one passage looks like it.
//!
//! Collections of labelled texts are short: claims, posts. What is needed are long texts of which it is known what they
//! carry, so they are put together: one labelled text between background texts, or background texts alone. Their passages
//! are scored like every held-out text, by models that have seen nothing of their record, and a curve is fitted to the best
//! passage of each. Without background there is nothing to put a claim between, and the model reads long texts as a whole.

use ndarray::Array2;
use std::collections::BTreeMap;

use super::calibration::{Calibration, Said, best_of};
use super::rows::{Row, RowKind};
use crate::document::Language;
use crate::evaluate::splits::shuffle;
use crate::learn::dense::DenseModel;
use crate::learn::thresholds::{Raise, Thresholds, log_odds};
use crate::model::classifier::lift_parents;
use crate::model::manifest::Settings;
use crate::model::passages::{LongTexts, OfPassages, passage_width};
use crate::model::taxonomy::Taxonomy;
use crate::text::analyser::{Analysis, OriginalBytes, sentences};
use crate::text::windows::windows;

/// Fewest background texts, and fewest labelled ones, to learn from.
const FEWEST: usize = 50;
/// Most texts of either kind whose passages are scored, and most passages of one.
pub(super) const MOST: usize = 600;
const MOST_PASSAGES: usize = 8;
/// A passage has up to this share of the words of a labelled text, and stays within bounds: the claim in an article is
/// shorter than one told by itself.
const SHARE: f64 = 0.8;
const NARROWEST: usize = 40;
const WIDEST: usize = 150;
/// A text is long when it is longer than nearly all labelled ones by this factor.
const LONGER: f64 = 1.5;
/// A curve that hardly looks at the passage has learned nothing.
const LEAST_SLOPE: f64 = 0.01;
/// Background texts around a labelled one.
const AROUND: std::ops::RangeInclusive<usize> = 2..=13;

/// What counts as long, and the passages to be scored.
pub(super) struct Plan {
    /// Texts with more tokens are long.
    pub(super) from: usize,
    /// Tokens of a passage.
    pub(super) width: usize,
    /// To stand behind all other rows. They weigh nothing, so that no model learns from them.
    pub(super) rows: Vec<Row>,
}

impl Plan {
    /// The same for the same rows and seed; `None` without enough labelled texts and background.
    pub(super) fn new(rows: &[Row], seed: u64) -> Option<Self> {
        let mut analysis = Analysis::default();
        // Of each probe its row, whether it is labelled, and its length.
        let probes: Vec<(usize, bool, usize)> = (rows.iter().enumerate())
            .filter(|(_, row)| row.kind == RowKind::Probe)
            .map(|(i, row)| {
                analysis.analyse(&row.text, row.language);
                (i, !row.labels.is_empty(), analysis.tokens.len())
            })
            .collect();
        let mut lengths: Vec<usize> = probes.iter().filter(|p| p.1).map(|p| p.2).collect();
        lengths.sort_unstable();
        // Headlines among longer texts are no passages of an article.
        let least = lengths.get(lengths.len() / 2)? / 2;
        lengths.retain(|&tokens| tokens >= least);
        let of = |labelled: bool| {
            let mut found: Vec<usize> =
                probes.iter().filter(|p| p.1 == labelled && p.2 >= least).map(|p| p.0).collect();
            shuffle(&mut found, seed);
            (found.len() >= FEWEST).then_some(found)
        };
        let (labelled, background) = (of(true)?, of(false)?);
        #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
        let share = |of: usize, by: f64| (of as f64 * by) as usize;
        let at = |quantile: f64| lengths[share(lengths.len() - 1, quantile)];
        let width = share(at(0.5), SHARE).clamp(NARROWEST, WIDEST);
        let from = share(at(0.95), LONGER).max(3 * width);
        let mut parts = Vec::new();
        for &i in labelled.iter().take(MOST).chain(background.iter().take(MOST)) {
            let row = &rows[i];
            analysis.analyse(&row.text, row.language);
            let mut original = OriginalBytes::new(&row.text);
            for window in windows(&row.text, &analysis, &sentences(&row.text), passage_width(width))
                .into_iter()
                .take(MOST_PASSAGES)
            {
                let (start, end) = (analysis.tokens[window.start].start, analysis.tokens[window.end - 1].end);
                let text = original.slice(start, end).to_owned();
                let kind = RowKind::Passage;
                parts.push(Row { text, kind, weight: 0.0, spreads_weight: 0.0, ..row.clone() });
            }
        }
        Some(Self { from, width, rows: parts })
    }
}

/// The passages of a record that were scored.
struct Scored<'a> {
    row: &'a Row,
    /// Per narrative the probability by the best.
    best: Vec<f64>,
    passages: usize,
}

/// A text put together.
struct Article<'a> {
    /// The labelled text in it, if any.
    one: Option<&'a Row>,
    /// Per narrative the probability by its best passage.
    best: Vec<f64>,
    passages: usize,
}

/// Fits the curves to what was said of the passages of the plan; `None` where there is too little to learn from or nothing is learned.
pub(super) fn fit(
    (from, width): (usize, usize),
    taxonomy: &Taxonomy,
    rows: &[Row],
    said: &Said,
    calibration: &Calibration,
    (thresholds, settings): (&[Thresholds], &Settings),
) -> Option<(LongTexts, BTreeMap<String, f64>)> {
    let leaf: Vec<bool> = taxonomy.numbers().map(|n| taxonomy.is_leaf(n)).collect();
    let records = records(rows, said, calibration, &leaf);
    let articles = articles(&records, &leaf);
    let curve = |level: bool| {
        // Of each text the best narrative of the level, its probability, and whether the text carries it.
        let examples: Vec<([f64; 2], bool)> = (articles.iter())
            .filter_map(|a| {
                let k = best_of(&a.best, |k| leaf[k] == level)?;
                Some((OfPassages::inputs(log_odds(a.best[k]), a.passages), a.one.is_some_and(|row| row.carries(k))))
            })
            .collect();
        let labels: Vec<bool> = examples.iter().map(|e| e.1).collect();
        let inputs = Array2::from_shape_fn((examples.len(), 2), |(i, j)| examples[i].0[j]);
        let model = DenseModel::fit_increasing(&inputs, &labels, 0.1).ok()?;
        let [odds, number] = model.weights[..] else { return None };
        let curve = OfPassages { odds, number, offset: model.bias };
        (odds > LEAST_SLOPE && [odds, number, curve.offset].iter().all(|x| x.is_finite())).then_some(curve)
    };
    let leaves = curve(true)?;
    let parents = if leaf.contains(&false) { curve(false)? } else { leaves };
    let said = |a: &Article<'_>| {
        let curves = leaf.iter().map(|&leaf| if leaf { leaves } else { parents });
        let mut said: Vec<f64> = a.best.iter().zip(curves).map(|(&p, c)| c.probability(p, a.passages)).collect();
        lift_parents(taxonomy, &mut said);
        said
    };
    let said: Vec<(Option<&Row>, Vec<f64>)> = articles.iter().map(|a| (a.one, said(a))).collect();
    let honest: Vec<&[f64]> = said.iter().filter(|a| a.0.is_none()).map(|a| a.1.as_slice()).collect();
    let decided = said.iter().flat_map(|(one, said)| {
        let told = said.iter().zip(thresholds).enumerate();
        told.map(move |(k, (&p, &t))| (p, t, one.is_some_and(|row| row.carries(k))))
    });
    let decided: Vec<(f64, Thresholds, bool)> = decided.collect();
    let alarms = Raise::against(&honest, thresholds, settings.false_alarms)?;
    let raise = alarms.max(Raise::to_precision(&decided, settings.target_precision));
    let raise = raise.max(Raise::to_floor(thresholds, settings.target_precision));
    let long = LongTexts { from, width, leaves, parents, raise };
    Some((long, figures(&said, &leaf, thresholds, raise)))
}

/// How the answers for the texts put together turn out: only the curves and the raise were fitted on them.
fn figures(
    said: &[(Option<&Row>, Vec<f64>)],
    leaf: &[bool],
    thresholds: &[Thresholds],
    raise: Raise,
) -> BTreeMap<String, f64> {
    let suggested = |said: &[f64]| said.iter().zip(thresholds).any(|(&p, t)| p >= t.raised(raise).review);
    let with: Vec<(&Row, &[f64])> = said.iter().filter_map(|(one, said)| Some(((*one)?, said.as_slice()))).collect();
    let without: Vec<&[f64]> = said.iter().filter(|s| s.0.is_none()).map(|s| s.1.as_slice()).collect();
    let share = |of: usize, all: usize| if all > 0 { of as f64 / all as f64 } else { 0.0 };
    let mut out = BTreeMap::new();
    let carried =
        |is_leaf: bool| with.iter().any(|(row, _)| (0..leaf.len()).any(|k| leaf[k] == is_leaf && row.carries(k)));
    for (level, is_leaf) in [("narratives", true), ("parents", false)].into_iter().filter(|l| carried(l.1)) {
        let right =
            with.iter().filter(|(row, said)| best_of(said, |k| leaf[k] == is_leaf).is_some_and(|k| row.carries(k)));
        let right = right.count();
        out.insert(format!("long texts, {level}: accuracy of the best"), share(right, with.len()));
    }
    out.insert("long texts with a labelled one inside: texts".into(), with.len() as f64);
    let told = with.iter().filter(|(_, said)| suggested(said)).count();
    out.insert(
        "long texts with a labelled one inside: share with a match or suggestion".into(),
        share(told, with.len()),
    );
    out.insert("long texts of background: texts".into(), without.len() as f64);
    let alarms = without.iter().filter(|said| suggested(said)).count();
    out.insert("long texts of background: share with a match or suggestion".into(), share(alarms, without.len()));
    out
}

/// The passages record by record, in the order of the plan.
fn records<'a>(rows: &'a [Row], said: &Said, calibration: &Calibration, leaf: &[bool]) -> Vec<Scored<'a>> {
    let mut out: Vec<Scored<'a>> = Vec::new();
    for ((&row, scores), &of_text) in said.probes.iter().zip(&said.scores).zip(&said.of_text) {
        let row = &rows[row];
        let told = calibration.of_each(scores, of_text, leaf);
        match out.last_mut().filter(|last| last.row.record == row.record) {
            Some(last) => {
                last.best.iter_mut().zip(told).for_each(|(best, p)| *best = best.max(p));
                last.passages += 1;
            }
            None => out.push(Scored { row, best: told, passages: 1 }),
        }
    }
    out
}

/// Every labelled record between background, and as many texts of background alone as its share in the records asks for.
fn articles<'a>(records: &'a [Scored<'a>], leaf: &[bool]) -> Vec<Article<'a>> {
    let (labelled, background): (Vec<&Scored<'a>>, Vec<&Scored<'a>>) =
        records.iter().partition(|r| !r.row.labels.is_empty());
    let mut by_language: BTreeMap<Option<Language>, Vec<&Scored<'a>>> = BTreeMap::new();
    for b in &background {
        by_language.entry(b.row.language).or_default().push(b);
    }
    let mut next = 0;
    let mut around = |language: Option<Language>, texts: usize| -> Vec<&Scored<'a>> {
        let own = by_language.get(&language).filter(|own| own.len() > texts).unwrap_or(&background);
        next += texts;
        (0..texts.min(own.len())).map(|i| own[(next + i) % own.len()]).collect()
    };
    let article = |one: Option<&Scored<'a>>, others: &[&Scored<'a>]| {
        let parts = || one.into_iter().chain(others.iter().copied());
        let best = (0..leaf.len()).map(|k| parts().map(|p| p.best[k]).fold(0.0, f64::max)).collect();
        Article { one: one.map(|o| o.row), best, passages: parts().map(|p| p.passages).sum() }
    };
    let mut out = Vec::new();
    for (i, (&one, texts)) in labelled.iter().zip(AROUND.cycle()).enumerate() {
        let others = around(one.row.language, texts);
        out.push(article(Some(one), &others));
        let alone = |i: usize| i * background.len() / labelled.len();
        for _ in alone(i)..alone(i + 1) {
            let others = around(one.row.language, texts + 1);
            out.push(article(None, &others));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::calibrate::Platt;
    use crate::model::curves::{Curves, LevelCurves, OfText};

    /// Labelled rows (of two narratives in turns) and background, each of `sentences` sentences of six words.
    fn rows(labelled: usize, background: usize, sentences: usize) -> Vec<Row> {
        let row = |i: usize| Row {
            record: Some(i),
            text: (0..sentences).map(|s| format!("Word{i} and word{s} are words here. ")).collect::<Vec<_>>().concat(),
            language: Language::lenient("en"),
            labels: if i < labelled { vec![i as u32 % 2] } else { Vec::new() },
            weight: 1.0,
            spreads: i < labelled,
            spreads_weight: 1.0,
            kind: RowKind::Probe,
            sort: "claims".into(),
            fold: Some(i % 5),
        };
        (0..labelled + background).map(row).collect()
    }

    fn taxonomy() -> Taxonomy {
        Taxonomy::flat(["a".to_owned(), "b".to_owned()])
    }

    #[test]
    fn passages_are_pieces_of_texts_and_weigh_nothing() {
        let texts = rows(60, 60, 20);
        let plan = Plan::new(&texts, 1).unwrap();
        assert_eq!(plan.width, 96, "four fifths of 120 words");
        assert!(plan.from >= 180 && plan.rows.len() == 240);
        for passage in &plan.rows {
            let whole = &texts[passage.record.unwrap()];
            assert!(whole.text.contains(&passage.text) && passage.labels == whole.labels && passage.fold == whole.fold);
            assert!(passage.kind == RowKind::Passage && passage.weight == 0.0 && passage.spreads_weight == 0.0);
        }
        assert!(Plan::new(&rows(60, 49, 20), 1).is_none() && Plan::new(&rows(49, 60, 20), 1).is_none());
    }

    /// Headlines of both kinds change neither what is long nor what stands for passages.
    #[test]
    fn headlines_among_longer_texts_are_no_passages() {
        let texts = rows(60, 60, 20);
        let mut with_headlines = texts.clone();
        with_headlines.extend(rows(40, 40, 1));
        let (plan, with) = (Plan::new(&texts, 1).unwrap(), Plan::new(&with_headlines, 1).unwrap());
        assert_eq!((plan.from, plan.width, plan.rows.len()), (with.from, with.width, with.rows.len()));
        // Where all texts are short, they are what there is.
        assert!(Plan::new(&rows(60, 60, 1), 1).is_some());
    }

    /// Passages of labelled texts score about 2 for their narrative, all others -2, both give or take 3.
    #[test]
    fn more_passages_make_it_less_sure_and_alarms_stay_within_their_limits() {
        let mut rows = rows(300, 300, 3);
        let plan = Plan::new(&rows, 1).unwrap();
        let first = rows.len();
        rows.extend(plan.rows);
        let noise = |i: usize| ((i as f64 * 0.618_034).fract() - 0.5) * 6.0;
        let score = |row: &Row, i: usize, k: usize| noise(2 * i + k) + if row.carries(k) { 2.0 } else { -2.0 };
        let probes: Vec<usize> = (first..rows.len()).collect();
        let scores = probes.iter().map(|&i| vec![score(&rows[i], i, 0), score(&rows[i], i, 1)]).collect();
        let curves = Curves { leaves: LevelCurves::IDENTITY, parents: LevelCurves::IDENTITY };
        let calibration = Calibration { own: vec![Platt::IDENTITY; 2], curves };
        let settings = Settings::default();
        let thresholds = [Thresholds { review: 0.3, confirmed: 0.8 }; 2];
        let of_text = vec![OfText { spreads: 0.0, known: 0.5 }; probes.len()];
        let said = Said { probes, scores, of_text };
        let (long, figures) =
            fit((plan.from, plan.width), &taxonomy(), &rows, &said, &calibration, (&thresholds, &settings)).unwrap();
        assert!(long.leaves.number > 0.0 && long.leaves.odds > 0.0, "{long:?}");
        assert!(long.leaves.probability(0.9, 3) > long.leaves.probability(0.9, 30));
        let alarms = figures["long texts of background: share with a match or suggestion"];
        let told = figures["long texts with a labelled one inside: share with a match or suggestion"];
        assert!(alarms <= settings.false_alarms.review && told > alarms, "{alarms} {told}");
    }
}
