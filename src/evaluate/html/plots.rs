//! Plots as SVG: drawn for a phone's width, so that their letters stay readable there.
//!
//! Every plot has a title and a description for those who cannot see it; colours come from the page, so that light and dark
//! need no second drawing.

use std::fmt::Write;

use super::markup::{Escaped, shortened};
use crate::evaluate::against::paired::{Verdict, signed};

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 250.0;
/// Space for the numbers at the left, and around.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 42.0;

/// A square of shares, 0 to 1 on both axes, and what is drawn in it.
pub(super) struct Plot {
    name: &'static str,
    title: String,
    description: String,
    /// The share at the upper end of the upright axis.
    top: f64,
    body: String,
}

fn x(share: f64) -> f64 {
    LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

/// The height of a part of the upright axis.
fn y(part: f64) -> f64 {
    HEIGHT - BOTTOM - part.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
}

/// Opens a picture of some size, with what is read out instead of it. `name` is unique on the page.
fn open(name: &str, width: f64, height: f64, title: &str, description: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"{name}-t {name}-d\">\
         <title id=\"{name}-t\">{}</title><desc id=\"{name}-d\">{}</desc>",
        Escaped(title),
        Escaped(description)
    )
}

impl Plot {
    /// An empty plot with its axes: the horizontal one with ticks `(place, name)`, the upright one from 0 to `top`.
    pub(super) fn new(
        name: &'static str,
        title: &str,
        description: &str,
        ticks: &[(f64, &str)],
        axes: (&str, &str),
        top: f64,
    ) -> Self {
        let mut body = String::new();
        for tick in 0..=4 {
            let share = f64::from(tick) / 4.0;
            let at = y(share);
            let _ = write!(
                body,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/><text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{:.0} %</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 3.5,
                share * top * 100.0
            );
        }
        for (share, label) in ticks {
            let (at, below) = (x(*share), y(0.0) + 15.0);
            let _ = write!(
                body,
                "<text class=\"tick\" x=\"{at:.1}\" y=\"{below:.1}\" text-anchor=\"middle\">{}</text>",
                Escaped(label)
            );
        }
        let _ = write!(
            body,
            "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text class=\"axis\" transform=\"translate(10 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            x(0.5),
            HEIGHT - 8.0,
            Escaped(axes.0),
            y(0.5),
            Escaped(axes.1)
        );
        Self { name, title: title.into(), description: description.into(), top, body }
    }

    /// Adds a line through points. `class` names its colour.
    pub(super) fn line(&mut self, class: &str, points: &[(f64, f64)]) {
        let mut path = String::new();
        for (i, (px, py)) in points.iter().enumerate() {
            let _ = write!(path, "{}{:.1} {:.1}", if i == 0 { 'M' } else { 'L' }, x(*px), y(*py / self.top));
        }
        let _ = write!(self.body, "<path class=\"line {class}\" d=\"{path}\"/>");
    }

    /// Adds a dot of a radius in pixels.
    pub(super) fn dot(&mut self, class: &str, at: (f64, f64), radius: f64) {
        let _ = write!(
            self.body,
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\"/>",
            x(at.0),
            y(at.1 / self.top)
        );
    }

    /// Adds an upright interval.
    pub(super) fn whisker(&mut self, at: f64, low: f64, high: f64) {
        let _ = write!(
            self.body,
            "<path class=\"whisker\" d=\"M{:.1} {:.1}V{:.1}\"/>",
            x(at),
            y(low / self.top),
            y(high / self.top)
        );
    }

    /// Adds an upright bar from the ground.
    pub(super) fn bar(&mut self, class: &str, from: f64, to: f64, height: f64) {
        let (left, top) = (x(from), y(height / self.top));
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            x(to) - left,
            y(0.0) - top
        );
    }

    /// Adds words at a place.
    pub(super) fn label(&mut self, class: &str, at: (f64, f64), anchor: &str, text: &str) {
        let _ = write!(
            self.body,
            "<text class=\"mark {class}\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            x(at.0),
            y(at.1 / self.top),
            Escaped(text)
        );
    }

    /// The finished picture.
    pub(super) fn finish(self) -> String {
        open(self.name, WIDTH, HEIGHT, &self.title, &self.description) + &self.body + "</svg>"
    }
}

/// Ticks in fifths of a share.
pub(super) const SHARES: [(f64, &str); 6] =
    [(0.0, "0"), (0.2, "20 %"), (0.4, "40 %"), (0.6, "60 %"), (0.8, "80 %"), (1.0, "100 %")];

/// A bar of a bar chart.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) interval: (f64, f64),
    pub(super) note: String,
}

/// Horizontal bars with intervals, a row each.
pub(super) fn bars(name: &str, title: &str, description: &str, bars: &[Bar]) -> String {
    const ROW: f64 = 26.0;
    const NAMES: f64 = 104.0;
    const NOTES: f64 = 98.0;
    let width = WIDTH - NAMES - NOTES;
    let at = |share: f64| NAMES + share.clamp(0.0, 1.0) * width;
    let height = bars.len() as f64 * ROW + 22.0;
    let mut out = open(name, WIDTH, height, title, description);
    for tick in [0.0, 0.5, 1.0] {
        let (left, bottom) = (at(tick), height - 20.0);
        let _ = write!(
            out,
            "<path class=\"grid\" d=\"M{left:.1} 0V{bottom:.1}\"/><text class=\"tick\" x=\"{left:.1}\" y=\"{:.1}\" \
             text-anchor=\"middle\">{:.0} %</text>",
            height - 5.0,
            tick * 100.0
        );
    }
    for (i, bar) in bars.iter().enumerate() {
        let top = i as f64 * ROW + 4.0;
        let middle = top + 8.5;
        let _ = write!(
            out,
            "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"fill\" x=\"{NAMES}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"17\"/>\
             <path class=\"whisker\" d=\"M{:.1} {middle:.1}H{:.1}\"/>\
             <text class=\"mark\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            NAMES - 6.0,
            middle + 4.0,
            Escaped(shortened(&bar.name, 16)),
            at(bar.value) - NAMES,
            at(bar.interval.0),
            at(bar.interval.1),
            WIDTH - NOTES + 8.0,
            middle + 4.0,
            Escaped(&bar.note)
        );
    }
    out + "</svg>"
}

/// A matrix of counts. Rows are named; columns carry the rows' numbers, and the last is for all else. A cell is as dark as
/// its share of the row.
pub(super) fn matrix(name: &str, title: &str, description: &str, names: &[String], counts: &[Vec<usize>]) -> String {
    const CELL: f64 = 30.0;
    const NAMES: f64 = 300.0;
    let columns = counts.first().map_or(0, Vec::len);
    let (width, height) = (NAMES + columns as f64 * CELL + 4.0, counts.len() as f64 * CELL + 26.0);
    let mut out = open(name, width, height, title, description);
    for column in 0..columns {
        let head = if column < names.len() { (column + 1).to_string() } else { "else".into() };
        let middle = NAMES + (column as f64 + 0.5) * CELL;
        let _ = write!(
            out,
            "<text class=\"tick\" x=\"{middle:.1}\" y=\"15\" text-anchor=\"middle\">{}</text>",
            Escaped(head)
        );
    }
    for (row, (label, values)) in names.iter().zip(counts).enumerate() {
        let top = 22.0 + row as f64 * CELL;
        let _ = write!(
            out,
            "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{} <tspan class=\"tick\">{}</tspan></text>",
            NAMES - 6.0,
            top + CELL / 2.0 + 4.0,
            Escaped(shortened(label, 46)),
            row + 1
        );
        let whole = values.iter().sum::<usize>().max(1) as f64;
        for (column, &count) in values.iter().enumerate() {
            let (share, left) = (count as f64 / whole, NAMES + column as f64 * CELL);
            let class = if row == column { "fill" } else { "wrong" };
            let _ = write!(
                out,
                "<rect class=\"cell\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{0:.1}\" height=\"{0:.1}\"/>",
                CELL - 2.0
            );
            if count > 0 {
                // Never so pale that it is lost; the number on it keeps its contrast on either side of the middle.
                let dark = if share > 0.55 { " on" } else { "" };
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{0:.1}\" height=\"{0:.1}\" \
                     fill-opacity=\"{1:.2}\"/><text class=\"count{dark}\" x=\"{2:.1}\" y=\"{3:.1}\" \
                     text-anchor=\"middle\">{count}</text>",
                    CELL - 2.0,
                    if share > 0.55 { share.max(0.85) } else { (0.1 + share).min(0.5) },
                    left + CELL / 2.0 - 1.0,
                    top + CELL / 2.0 + 3.0
                );
            }
        }
    }
    out + "</svg>"
}

/// A difference of a figure between two models.
pub(super) struct Gap {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) interval: (f64, f64),
    pub(super) verdict: Verdict,
}

/// Differences with their intervals around zero, a row each. The axis reaches as far on either side, to the next of 1, 2 and 5
/// in its power of ten.
pub(super) fn gaps(name: &str, title: &str, description: &str, gaps: &[Gap]) -> String {
    const ROW: f64 = 36.0;
    const EDGE: f64 = 24.0;
    let widest = gaps.iter().flat_map(|g| [g.value, g.interval.0, g.interval.1]).map(f64::abs).fold(0.0, f64::max);
    let reach = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].into_iter().find(|&r| widest <= r).unwrap_or(1.0);
    let middle = WIDTH / 2.0;
    let at = |gap: f64| middle + (gap / reach).clamp(-1.0, 1.0) * (middle - EDGE);
    let height = gaps.len() as f64 * ROW + 22.0;
    let mut out = open(name, WIDTH, height, title, description);
    for tick in [-reach, 0.0, reach] {
        let class = if tick.abs() > 0.0 { "grid" } else { "line ideal" };
        let (left, bottom) = (at(tick), height - 20.0);
        let _ = write!(
            out,
            "<path class=\"{class}\" d=\"M{left:.1} 0V{bottom:.1}\"/><text class=\"tick\" x=\"{left:.1}\" y=\"{:.1}\" \
             text-anchor=\"middle\">{}</text>",
            height - 5.0,
            signed(tick, 2)
        );
    }
    for (i, gap) in gaps.iter().enumerate() {
        let (words, line) = (i as f64 * ROW + 13.0, i as f64 * ROW + 24.0);
        let class = match gap.verdict {
            Verdict::Better => "fill",
            Verdict::Worse => "wrong",
            Verdict::Unclear => "unclear",
        };
        let note = format!("{} {}", signed(gap.value, 3), gap.verdict.word());
        let _ = write!(
            out,
            "<text class=\"name\" x=\"0\" y=\"{words:.1}\">{}</text>\
             <text class=\"mark\" x=\"{WIDTH}\" y=\"{words:.1}\" text-anchor=\"end\">{}</text>\
             <path class=\"whisker\" d=\"M{:.1} {line:.1}H{:.1}\"/>\
             <circle class=\"{class}\" cx=\"{:.1}\" cy=\"{line:.1}\" r=\"4\"/>",
            Escaped(shortened(&gap.name, 40)),
            Escaped(note.trim_end()),
            at(gap.interval.0),
            at(gap.interval.1),
            at(gap.value)
        );
    }
    out + "</svg>"
}

/// A figure and its interval as a small mark for a table; the numbers stand beside it.
pub(super) fn mark(value: f64, low: f64, high: f64) -> String {
    const ROOM: f64 = 170.0;
    let at = |share: f64| 5.0 + share.clamp(0.0, 1.0) * (ROOM - 10.0);
    format!(
        "<svg class=\"interval\" viewBox=\"0 0 {ROOM} 14\" aria-hidden=\"true\"><path class=\"grid\" d=\"M5 7H{:.1}\"/>\
         <path class=\"whisker\" d=\"M{:.1} 7H{:.1}\"/><circle class=\"fill\" cx=\"{:.1}\" cy=\"7\" r=\"3.5\"/></svg>",
        ROOM - 5.0,
        at(low),
        at(high),
        at(value)
    )
}
