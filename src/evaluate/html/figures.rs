//! Each plot with what it shows in words and the table behind it.

use super::markup::{Cell, Escaped, decimal, details, optional, percent, shortened, table};
use super::plots::{Bar, Plot, SHARES, bars, matrix};
use crate::evaluate::calibration::Reliability;
use crate::evaluate::confusion::Confusion;
use crate::evaluate::open_set::OpenSet;
use crate::evaluate::selective::{Reached, Selective};
use crate::evaluate::slices::Slice;
use crate::evaluate::trials::CurvePoint;

/// Rows of a coverage table.
const ROWS: usize = 20;
/// Confused pairs on the page; JSON has more.
const PAIRS: usize = 15;

/// A plot under its heading, with words and a table that opens on demand.
pub(super) fn figure(heading: &str, svg: &str, words: &str, table: &str) -> String {
    format!(
        "<figure><h3>{}</h3>{svg}<figcaption>{}</figcaption>{}</figure>\n",
        Escaped(heading),
        Escaped(words),
        details("The numbers", table)
    )
}

/// Stated probability against the share that is right. `name` is unique on the page.
pub(super) fn reliability(name: &'static str, r: &Reliability) -> String {
    let words = format!(
        "A dot per tenth of stated probability, with its 95 % interval; bigger dots hold more answers. On the dashed line \
         answers are right as often as they say; above it the model is too modest, below it too sure. Calibration error \
         {}, Brier score {}.",
        decimal(r.ece),
        decimal(r.brier)
    );
    let axes = ("stated probability of the best answer", "share right");
    let mut plot = Plot::new(name, "Reliability of the best answer", &words, &SHARES, axes, 1.0);
    plot.line("ideal", &[(0.0, 0.0), (1.0, 1.0)]);
    let most = r.bins.iter().map(|b| b.texts).max().unwrap_or(1) as f64;
    for b in &r.bins {
        plot.whisker(b.probability, b.low, b.high);
        plot.dot("fill", (b.probability, b.right), 3.0 + 5.0 * (b.texts as f64 / most).sqrt());
    }
    let rows = r.bins.iter().map(|b| {
        vec![
            Cell::number(format!("{:.1}–{:.1}", b.from, b.to)),
            Cell::number(b.texts),
            Cell::number(decimal(b.probability)),
            Cell::number(decimal(b.right)),
            Cell::number(format!("{:.3}–{:.3}", b.low, b.high)),
        ]
    });
    let heads = ["#probability", "#answers", "#mean stated", "#share right", "#95 % interval"];
    figure(
        "Reliability",
        &plot.finish(),
        &words,
        &table("Answers by the probability they state", &heads, rows.collect()),
    )
}

/// Coverage against precision.
pub(super) fn coverage(name: &'static str, s: &Selective, what: &str) -> String {
    let words = format!(
        "If only the surest answers are given: how many of the {what} get one, and how many of those are right. Area under \
         the risk–coverage curve {}.",
        decimal(s.aurc)
    );
    let axes = (&*format!("coverage: share of {what} answered"), "precision: share of answers right");
    let mut plot = Plot::new(name, "Coverage and precision", &words, &SHARES, axes, 1.0);
    for r in &s.reached {
        plot.line("ideal", &[(0.0, r.precision), (1.0, r.precision)]);
    }
    plot.line("first", &s.curve.iter().map(|p| (p.coverage, p.precision)).collect::<Vec<_>>());
    for r in s.reached.iter().filter(|r| r.threshold.is_some()) {
        plot.dot("fill", (r.coverage, r.precision), 4.0);
        let anchor = if r.coverage > 0.8 { "end" } else { "start" };
        let beside = if r.coverage > 0.8 { -0.02 } else { 0.02 };
        let at = (r.coverage + beside, r.precision + 0.035);
        plot.label("", at, anchor, &percent(r.coverage));
    }
    let step = s.curve.len().div_ceil(ROWS).max(1);
    let last = s.curve.len().saturating_sub(1);
    let shown = s.curve.iter().enumerate().filter(|(i, _)| i % step == 0 || *i == last).map(|(_, p)| p);
    let rows = shown.map(|p| {
        [p.threshold, p.coverage, p.precision, 1.0 - p.precision]
            .map(|v| Cell::number(decimal(v)))
            .into_iter()
            .collect()
    });
    let heads = ["#probability from", "#coverage", "#precision", "#risk"];
    let table = table("Answering from a probability on", &heads, rows.collect());
    figure("Coverage and precision", &plot.finish(), &words, &(table + &reached_table(&s.reached)))
}

/// Coverage at the target precisions.
pub(super) fn reached_table(reached: &[Reached]) -> String {
    let rows = reached.iter().map(|r| {
        vec![
            Cell::number(format!("{:.0} %", r.precision * 100.0)),
            Cell::number(percent(r.coverage)),
            Cell::number(r.threshold.map_or_else(|| "never reached".to_owned(), decimal)),
        ]
    });
    table("Coverage at a precision", &["#precision", "#coverage", "#from probability"], rows.collect())
}

/// Best probabilities of texts with a narrative and of texts without.
pub(super) fn histogram(name: &'static str, heading: &str, o: &OpenSet, none: &str) -> String {
    let words = format!(
        "Best probabilities, tenth by tenth, as shares of {} texts with a known narrative (blue, left) and of {} {none} \
         (orange, right). The further apart they lie, the better the model knows what it does not know.",
        o.known_texts, o.texts
    );
    let axes = ("probability of the best answer", "share of texts");
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let shares = o.histogram.iter().flat_map(|h| [share(h.known, o.known_texts), share(h.none, o.texts)]);
    // As high as the highest bar, in fifths.
    let top = (shares.fold(0.0, f64::max) * 5.0).ceil().max(1.0) / 5.0;
    let mut plot = Plot::new(name, heading, &words, &SHARES, axes, top);
    for (tenth, h) in o.histogram.iter().enumerate() {
        let from = tenth as f64 / 10.0;
        plot.bar("fill", from + 0.008, from + 0.047, share(h.known, o.known_texts));
        plot.bar("other", from + 0.053, from + 0.092, share(h.none, o.texts));
    }
    let rows = o.histogram.iter().enumerate().map(|(tenth, h)| {
        let from = tenth as f64 / 10.0;
        vec![Cell::number(format!("{from:.1}–{:.1}", from + 0.1)), Cell::number(h.known), Cell::number(h.none)]
    });
    let table =
        table("Texts by the probability of the best answer", &["#probability", "#known", "#none"], rows.collect());
    figure(heading, &plot.finish(), &words, &table)
}

/// Figures of slices as bars of accuracy.
pub(super) fn slices(name: &'static str, heading: &str, first: &str, slices: &[Slice]) -> String {
    const BARS: usize = 14;
    let all: Vec<Bar> = slices
        .iter()
        .take(BARS)
        .map(|s| Bar {
            name: s.value.clone(),
            value: s.figures.accuracy,
            interval: (s.low, s.high),
            note: format!("{} of {}", percent(s.figures.accuracy), s.figures.texts),
        })
        .collect();
    let more = slices.len().saturating_sub(BARS);
    let words = format!(
        "Accuracy of the best narrative, with its 95 % interval, and the number of texts.{}",
        if more > 0 { format!(" {more} more in the table.") } else { String::new() }
    );
    let rows = slices.iter().map(|s| {
        let f = s.figures;
        vec![
            Cell::text(&s.value),
            Cell::number(f.texts),
            Cell::number(decimal(f.accuracy)),
            Cell::number(format!("{:.3}–{:.3}", s.low, s.high)),
            Cell::number(decimal(f.macro_f1_best)),
            Cell::number(decimal(f.micro_f1)),
            Cell::number(decimal(f.lrap)),
        ]
    });
    let heads = [first, "#texts", "#accuracy", "#95 % interval", "#macro-F1", "#micro-F1 of decisions", "#LRAP"];
    figure(heading, &bars(name, heading, &words, &all), &words, &table(heading, &heads, rows.collect()))
}

/// Accuracy, macro-F1 and LRAP against the share of the training groups.
pub(super) fn learning_curve(points: &[CurvePoint]) -> String {
    // Shares are doubled from point to point, so they stand at equal distances.
    let place = |share: f64| (share.log2() + 3.4) / 3.8;
    let names: Vec<String> = points.iter().map(|p| percent(p.share)).collect();
    let ticks: Vec<(f64, &str)> = points.iter().zip(&names).map(|(p, n)| (place(p.share), &**n)).collect();
    let words = "Trained on growing shares of the training groups, tested on the same texts. A line that still rises at \
                 the right says that more examples would help.";
    let axes = ("share of the training groups", "figure");
    let mut plot = Plot::new("curve", "Learning curve", words, &ticks, axes, 1.0);
    let line = |get: fn(&CurvePoint) -> f64| points.iter().map(|p| (place(p.share), get(p))).collect::<Vec<_>>();
    let mut lines = [
        ("first", "LRAP", line(|p| p.figures.lrap)),
        ("second", "accuracy", line(|p| p.figures.accuracy)),
        ("third", "macro-F1", line(|p| p.figures.macro_f1_best)),
    ];
    // Names stand above one another at the upper left, in the order of the lines at the right.
    let end = |line: &[(f64, f64)]| line.last().map_or(0.0, |p| p.1);
    lines.sort_by(|a, b| end(&b.2).total_cmp(&end(&a.2)));
    for (i, (class, text, line)) in lines.iter().enumerate() {
        plot.line(class, line);
        for &at in line {
            plot.dot(class, at, 3.0);
        }
        plot.label(class, (0.02, 0.95 - 0.08 * i as f64), "start", text);
    }
    let rows = points.iter().map(|p| {
        let f = p.figures;
        vec![
            Cell::number(percent(p.share)),
            Cell::number(p.trained_on),
            Cell::number(decimal(f.accuracy)),
            Cell::number(decimal(f.macro_f1_best)),
            Cell::number(decimal(f.micro_f1)),
            Cell::number(decimal(f.lrap)),
        ]
    });
    let heads = ["#share", "#records", "#accuracy", "#macro-F1", "#micro-F1 of decisions", "#LRAP"];
    figure(
        "Learning curve",
        &plot.finish(),
        words,
        &table("Figures by share of the training groups", &heads, rows.collect()),
    )
}

/// The matrix, its table and the worst pairs.
pub(super) fn confusion(c: &Confusion) -> String {
    let words = format!(
        "Each row is what texts carry, each column what was said. Blue is right, orange is wrong; a cell is as dark as its \
         share of the row. Columns carry the numbers of the rows; “else” is any other answer or none. Shown are {}{}.",
        c.level,
        if c.level == "narratives" { " with most texts" } else { "" }
    );
    let heads: Vec<String> = (1..=c.names.len()).map(|n| format!("#{n}")).chain(["#else".to_owned()]).collect();
    let heads: Vec<&str> = std::iter::once("carried").chain(heads.iter().map(String::as_str)).collect();
    let rows = c.names.iter().zip(&c.counts).enumerate().map(|(i, (name, counts))| {
        std::iter::once(Cell::text(format!("{} {}", i + 1, shortened(name, 60))))
            .chain(counts.iter().map(Cell::number))
            .collect()
    });
    let numbers = table("Texts by what they carry and what was said", &heads, rows.collect());
    let svg = matrix("confusion", "Confusion", &words, &c.names, &c.counts);
    let plot = figure("Confusion", &format!("<div class=\"scroll wide\">{svg}</div>"), &words, &numbers);
    let pairs =
        c.pairs.iter().take(PAIRS).map(|p| {
            vec![Cell::named(&p.gold_name, &p.gold), Cell::named(&p.said_name, &p.said), Cell::number(p.texts)]
        });
    if c.pairs.is_empty() {
        return plot;
    }
    plot + &table("Narratives taken for others, most often first", &["carried", "said", "#texts"], pairs.collect())
}

/// Figures of texts that carry none.
pub(super) fn open_set_table(caption: &str, o: &OpenSet) -> String {
    let auroc = o.auroc.map(|i| format!("{} ({}–{})", decimal(i.value), decimal(i.low), decimal(i.high)));
    let mut rows = vec![
        ("texts", o.texts.to_string()),
        ("something suggested or matched", percent(o.suggested)),
        ("something matched", percent(o.matched)),
        ("AUROC of the best probability, with 95 % interval", auroc.unwrap_or_else(|| optional(None))),
    ];
    if o.known_texts > 0 {
        rows.push(("calibration error of the best, over these and those that carry a narrative", decimal(o.ece)));
    }
    let reached: Vec<(String, String)> = o
        .reached
        .iter()
        .map(|r| (format!("coverage at {:.0} % precision", r.precision * 100.0), percent(r.coverage)))
        .collect();
    rows.extend(reached.iter().map(|(name, value)| (&**name, value.clone())));
    let rows = rows.into_iter().map(|(name, value)| vec![Cell::text(name), Cell::number(value)]);
    table(caption, &["figure", "#value"], rows.collect())
}
