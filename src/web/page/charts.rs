//! Charts as SVG, drawn on the server: they work without scripts, print well, and each stands above its figures.
//!
//! Shapes carry classes, never colours, so that light, dark and print are matters of style. A chart library was
//! rejected: four kinds of chart are less than the smallest of them.

use std::fmt::Write;

use super::markdown::escaped;

/// A week's bar: all texts, and those of them that carry something.
pub(super) struct Week {
    pub(super) label: String,
    pub(super) texts: u32,
    pub(super) carrying: u32,
}

/// A dot with its interval: where the model said `said`, `right` were right.
pub(super) struct Dot {
    pub(super) said: f64,
    pub(super) right: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) texts: u64,
}

const WIDTH: f64 = 640.0;

fn open(out: &mut String, height: f64, title: &str) {
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        escaped(title)
    );
}

/// A round number at or above `most`, so that axes end well.
fn ceiling(most: u32) -> u32 {
    let mut step = 1;
    loop {
        for m in [1, 2, 5] {
            if step * m * 4 >= most {
                return step * m * 4;
            }
        }
        step *= 10;
    }
}

/// Bars by week.
pub(super) fn weeks(weeks: &[Week], title: &str) -> String {
    let (height, left, bottom, top) = (220.0, 44.0, 28.0, 12.0);
    let most = ceiling(weeks.iter().map(|w| w.texts).max().unwrap_or(1));
    let y = |n: u32| height - bottom - f64::from(n) / f64::from(most) * (height - bottom - top);
    let step = (WIDTH - left) / weeks.len().max(1) as f64;
    let wide = (step * 0.7).min(48.0);
    let mut out = String::new();
    open(&mut out, height, title);
    for i in 0..=4 {
        let n = most / 4 * i;
        let _ = write!(
            out,
            "<line class=\"rule\" x1=\"{left}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text class=\"tick end\" x=\"{tx}\" y=\"{ty:.1}\">{n}</text>",
            y = y(n),
            tx = left - 8.0,
            ty = y(n) + 4.0,
        );
    }
    let every = weeks.len().div_ceil(8).max(1);
    for (i, week) in weeks.iter().enumerate() {
        let x = left + step * (i as f64 + 0.5) - wide / 2.0;
        for (class, n) in [("bar all", week.texts), ("bar carrying", week.carrying)] {
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{:.1}\"/>",
                y(n),
                height - bottom - y(n)
            );
        }
        if i % every == 0 {
            let label = week.label.get(5..).unwrap_or(&week.label);
            let _ = write!(
                out,
                "<text class=\"tick middle\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + wide / 2.0,
                height - 8.0,
                escaped(label)
            );
        }
    }
    out + "</svg>"
}

/// A line of a few weeks, without axes: its figures stand beside it.
pub(super) fn sparkline(values: &[u32]) -> String {
    let (width, height) = (120.0, 26.0);
    let most = f64::from(values.iter().copied().max().unwrap_or(1).max(1));
    let step = width / values.len().max(2).saturating_sub(1) as f64;
    let point = |(i, &v): (usize, &u32)| {
        format!("{:.1},{:.1}", i as f64 * step, height - 3.0 - f64::from(v) / most * (height - 6.0))
    };
    let points: Vec<String> = match values {
        [one] => [0, 1].iter().map(|&i| point((i, one))).collect(),
        _ => values.iter().enumerate().map(point).collect(),
    };
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\"><polyline points=\"{}\"/></svg>",
        points.join(" ")
    )
}

/// A bar of all texts, its dark part those that carry something; the longest bar has `most`.
pub(super) fn bar(texts: u32, carrying: u32, most: u32) -> String {
    let width = |n: u32| f64::from(n) / f64::from(most.max(1)) * 100.0;
    format!(
        "<svg class=\"hbar\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"bar all\" width=\"{:.1}\" height=\"6\"/><rect class=\"bar carrying\" width=\"{:.1}\" height=\"6\"/></svg>",
        width(texts),
        width(carrying)
    )
}

/// Two thresholds on a scale from 0 to 1: suggested between them, match after the second.
pub(super) fn thresholds(review: f64, confirmed: f64) -> String {
    let (review, confirmed) = (review.clamp(0.0, 1.0) * 100.0, confirmed.clamp(0.0, 1.0) * 100.0);
    format!(
        "<svg class=\"hbar\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"scale\" width=\"100\" height=\"6\"/><rect class=\"suggest\" x=\"{review:.1}\" width=\"{:.1}\" height=\"6\"/><rect class=\"match\" x=\"{confirmed:.1}\" width=\"{:.1}\" height=\"6\"/></svg>",
        confirmed - review,
        100.0 - confirmed
    )
}

/// A square from 0 to 100 % both ways, with its axes named.
fn square(title: &str, across: &str, up: &str) -> (String, impl Fn(f64) -> f64, impl Fn(f64) -> f64) {
    let (left, right, top, bottom) = (52.0, 16.0, 12.0, 44.0);
    let (wide, high) = (420.0, 340.0);
    let x = move |v: f64| left + v * (wide - left - right);
    let y = move |v: f64| top + (1.0 - v) * (high - top - bottom);
    let mut out = format!(
        "<svg class=\"chart square\" viewBox=\"0 0 {wide} {high}\" role=\"img\" aria-label=\"{}\">",
        escaped(title)
    );
    for i in 0..=5 {
        let v = f64::from(i) / 5.0;
        let percent = i * 20;
        let _ = write!(
            out,
            "<line class=\"rule\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text class=\"tick end\" x=\"{:.1}\" y=\"{:.1}\">{percent} %</text><text class=\"tick middle\" x=\"{:.1}\" y=\"{:.1}\">{percent} %</text>",
            x(0.0),
            x(1.0),
            x(0.0) - 8.0,
            y(v) + 4.0,
            x(v),
            y(0.0) + 18.0,
            y = y(v),
        );
    }
    let _ = write!(
        out,
        "<text class=\"name middle\" x=\"{:.1}\" y=\"{:.1}\">{}</text><text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
        x(0.5),
        high - 6.0,
        escaped(across),
        x(0.0) + 6.0,
        y(1.0) + 14.0,
        escaped(up)
    );
    (out, x, y)
}

/// Said against right.
pub(super) fn reliability(dots: &[Dot], title: &str, across: &str, up: &str) -> String {
    let (mut out, x, y) = square(title, across, up);
    let _ = write!(
        out,
        "<line class=\"diagonal\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    );
    let most = dots.iter().map(|d| d.texts).max().unwrap_or(1).max(1) as f64;
    for d in dots {
        let r = 3.5 + 6.0 * (d.texts as f64 / most).sqrt();
        let _ = write!(
            out,
            "<line class=\"interval\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/><circle class=\"dot\" cx=\"{x:.1}\" cy=\"{:.1}\" r=\"{r:.1}\"/>",
            y(d.low),
            y(d.high),
            y(d.right),
            x = x(d.said)
        );
    }
    out + "</svg>"
}

/// Answered against right.
pub(super) fn coverage(curve: &[(f64, f64)], title: &str, across: &str, up: &str) -> String {
    let (mut out, x, y) = square(title, across, up);
    let points: Vec<String> = curve.iter().map(|&(c, p)| format!("{:.1},{:.1}", x(c), y(p))).collect();
    let _ = write!(out, "<polyline class=\"curve\" points=\"{}\"/>", points.join(" "));
    out + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        assert_eq!([0, 1, 4, 5, 9, 41, 81, 401].map(ceiling), [4, 4, 4, 8, 20, 80, 200, 800]);
    }

    #[test]
    fn charts_of_nothing_are_charts() {
        for svg in [weeks(&[], "<t>"), reliability(&[], "t", "a", "b"), coverage(&[], "t", "a", "b")] {
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>") && !svg.contains("NaN") && !svg.contains("<t>"));
        }
        assert!(!sparkline(&[]).contains("NaN") && sparkline(&[3]).contains("0.0,3.0 120.0,3.0"));
        assert!(!bar(0, 0, 0).contains("NaN"));
    }
}
