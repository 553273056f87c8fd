//! The page: sections in the order in which people ask.

use std::fmt::Write;

use super::markup::{Cell, Escaped, decimal, optional, percent, table};
use super::{against, errors, figures, plots};
use crate::evaluate::bootstrap::Interval;
use crate::evaluate::headline::{FIGURES, Figures};
use crate::evaluate::ranking::{self, Ranking};
use crate::evaluate::report::{NarrativeReport, Report, Subject};

/// Colours and layout; the only style there is.
const STYLE: &str = include_str!("report.css");

/// A section: its anchor, its heading, what stands in it.
struct Section {
    anchor: &'static str,
    heading: &'static str,
    inner: String,
}

/// The report as one HTML file. Nothing in it is loaded or run.
pub fn page(report: &Report) -> String {
    let title = match &report.subject {
        Subject::Model(model) => format!("Evaluation of {}", model.name),
        Subject::CaseBase => "Evaluation of related cases".to_owned(),
        Subject::Split { by, .. } => format!("Evaluation by {by}"),
    };
    let mut sections = Vec::new();
    if let Some(n) = &report.narratives {
        narratives(n, &mut sections);
    }
    if let Some(r) = &report.related {
        sections.push(Section { anchor: "related", heading: "Related cases", inner: related(r) });
    }
    if let Some(a) = &report.against {
        // First, since it is what was asked.
        let section =
            Section { anchor: "against", heading: "Is it better than the old model?", inner: against::against(a) };
        sections.insert(0, section);
    }
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{0} · Leitmotif</title><style>{STYLE}</style></head>\
         <body><header><p class=\"quiet\">Leitmotif</p><h1>{0}</h1>{1}</header>\n",
        Escaped(&title),
        lead(report)
    );
    out += "<nav aria-label=\"Sections\"><ul>";
    for s in &sections {
        let _ = write!(out, "<li><a href=\"#{}\">{}</a></li>", s.anchor, Escaped(s.heading));
    }
    out += "</ul></nav>\n<main>\n";
    for s in sections {
        let _ = writeln!(out, "<section id=\"{}\"><h2>{}</h2>\n{}</section>", s.anchor, Escaped(s.heading), s.inner);
    }
    out += "</main>\n<footer><p>Printed by <code>leitmotif evaluate</code>; every figure and its source is explained in \
            <code>docs/evaluation.md</code>. A model gives a person a lead, not a verdict.</p></footer></body></html>\n";
    out
}

/// What was done, and the answer in a sentence.
fn lead(report: &Report) -> String {
    let mut out = String::from("<p class=\"quiet\">");
    let _ = match &report.subject {
        Subject::Model(m) => write!(out, "Model {}, version {}", Escaped(&m.name), Escaped(&m.version)),
        Subject::CaseBase => write!(out, "Judged queries against a case base"),
        Subject::Split { by, parts, seed } => write!(
            out,
            "{parts} {} trained on parts of the records and tested on the rest, split by {by}, seed {seed}",
            if *parts == 1 { "model" } else { "models" }
        ),
    };
    out += "</p>";
    if let Some(n) = &report.narratives
        && let Some(i) = n.headline.get("accuracy")
    {
        let _ = write!(
            out,
            "<p class=\"lead\">The most probable narrative is right for <strong>{}</strong> of {} texts",
            percent(i.value),
            n.texts
        );
        match n.open_set.as_ref() {
            Some(o) => {
                let _ = write!(
                    out,
                    "; of {} texts that carry none, <strong>{}</strong> are given one to review.</p>",
                    o.texts,
                    percent(o.suggested)
                );
            }
            None => out += ".</p>",
        }
    }
    if let Some(i) = report.related.as_ref().and_then(|r| r.figures.get("p@1")) {
        let _ = write!(
            out,
            "<p class=\"lead\">The first related case is relevant for <strong>{}</strong> of the judged queries.</p>",
            percent(i.value)
        );
    }
    if !report.notes.is_empty() {
        out += "<ul class=\"notes\">";
        for note in &report.notes {
            let _ = write!(out, "<li>{}</li>", Escaped(note));
        }
        out += "</ul>";
    }
    out
}

fn interval_rows(names: &[(&str, &str, &str)], found: &Figures) -> Vec<Vec<Cell>> {
    let row = |(key, name, meaning): &(&str, &str, &str)| {
        let Interval { value, low, high } = *found.get(key)?;
        Some(vec![
            Cell::Markup(format!("{}<small>{}</small>", Escaped(name), Escaped(meaning))),
            Cell::Number(decimal(value)),
            Cell::Markup(plots::mark(value, low, high)),
            Cell::Number(format!("{low:.3}–{high:.3}")),
        ])
    };
    names.iter().filter_map(row).collect()
}

const INTERVAL_HEADS: [&str; 4] = ["figure", "#value", "from 0 to 1", "#95 % interval"];

fn narratives(n: &NarrativeReport, sections: &mut Vec<Section>) {
    let mut push = |anchor, heading, inner| sections.push(Section { anchor, heading, inner });
    if n.texts > 0 {
        let outcomes: Vec<String> = n.outcomes.iter().map(|(o, count)| format!("{count} {}", o.name())).collect();
        let caption = format!(
            "{} texts in {} groups (outcomes: {}). Intervals by drawing groups a thousand times",
            n.texts,
            n.groups,
            outcomes.join(", ")
        );
        let mut inner = table(&caption, &INTERVAL_HEADS, interval_rows(&FIGURES, &n.headline));
        if n.folds.len() > 1 {
            inner += &folds(n);
        }
        push("figures", "Figures", inner);
        let inner = format!(
            "<div class=\"plots\">{}{}</div>",
            figures::reliability("reliability", &n.reliability),
            figures::coverage("coverage", &n.selective, "texts")
        );
        push("trust", "Can its probabilities be trusted?", inner);
    }
    unknown(n, &mut push);
    if n.texts > 0 {
        let mut plots = String::new();
        if n.per_language.len() > 1 {
            plots += &figures::slices("languages", "By language", "language", &n.per_language);
        }
        plots += &figures::slices("lengths", "By length", "length", &n.per_length);
        push(
            "slices",
            "Where it is better and worse",
            format!("<div class=\"plots\">{plots}</div>{}", errors::slices(&n.worst_slices)),
        );
        push("narratives", "Narratives", errors::per_narrative(n));
        push("confusion", "What is taken for what", figures::confusion(&n.confusion));
    }
    if !n.learning_curve.is_empty() {
        let inner = format!("<div class=\"plots\">{}</div>", figures::learning_curve(&n.learning_curve));
        push("learning", "Would more examples help?", inner);
    }
    if let Some(u) = &n.unanswerable {
        push("unanswerable", "Narratives the model does not know", errors::unanswerable(u));
    }
    if let Some(l) = &n.leaks {
        push("leaks", "Copies across the split", errors::leaks(l, n));
    }
    push("errors", "The surest errors", errors::worst(&n.worst_errors));
}

/// Texts that carry none, and narratives that were held out.
fn unknown(n: &NarrativeReport, push: &mut impl FnMut(&'static str, &'static str, String)) {
    let mut inner = String::new();
    if let Some(o) = &n.open_set {
        let plot = figures::histogram("background", "Texts that carry none", o, "that carry none");
        let table = figures::open_set_table("Texts that carry no known narrative", o);
        let _ = write!(inner, "<div class=\"plots\">{plot}<div>{table}</div></div>");
    }
    if let Some(h) = &n.held_out {
        let plot = figures::histogram("heldout", "Narratives held out", &h.figures, "of held-out narratives");
        let caption = format!("Texts of {} narratives that were left out of training", h.narratives.len());
        let table = figures::open_set_table(&caption, &h.figures);
        let ids = Escaped(h.narratives.join(", ")).to_string();
        let _ = write!(
            inner,
            "<div class=\"plots\">{plot}<div>{table}<p class=\"quiet\">Held out: {ids}. {} texts that also carry other \
             narratives were left out.</p></div></div>",
            h.mixed
        );
    }
    if !inner.is_empty() {
        push("unknown", "Does it say when it does not know?", inner);
    }
}

fn folds(n: &NarrativeReport) -> String {
    let rows = n.folds.iter().enumerate().map(|(i, f)| {
        let b = f.figures;
        vec![
            Cell::number(i + 1),
            Cell::number(f.trained_on),
            Cell::number(b.texts),
            Cell::number(decimal(b.accuracy)),
            Cell::number(decimal(b.macro_f1_best)),
            Cell::number(decimal(b.micro_f1)),
            Cell::number(decimal(b.lrap)),
        ]
    });
    let heads = ["#part", "#trained on", "#tested on", "#accuracy", "#macro-F1", "#micro-F1 of decisions", "#LRAP"];
    table("The trained models one by one", &heads, rows.collect())
}

fn related(r: &Ranking) -> String {
    let caption = format!("{} judged queries against {} cases", r.queries, r.cases);
    let mut out = table(&caption, &INTERVAL_HEADS, interval_rows(&ranking::FIGURES, &r.figures));
    let lost = [
        (r.queries - r.answered, "judged queries are not in the file of queries and count as missed"),
        (r.unjudged, "queries have no relevant case and are left out"),
        (r.learned, "queries are texts that the ranker learned from: the figures flatter"),
        (r.missing_cases, "relevant cases are not in the case base and cannot be found"),
    ];
    for (count, what) in lost.iter().filter(|l| l.0 > 0) {
        let _ = write!(out, "<p>{count} {what}.</p>");
    }
    let _ = write!(
        out,
        "<div class=\"plots\">{}{}</div>",
        figures::reliability("related-reliability", &r.reliability),
        figures::coverage("related-coverage", &r.selective, "queries")
    );
    let bm25 = &r.against_bm25;
    let rows = ranking::FIGURES.iter().filter_map(|(key, name, _)| {
        let (ours, theirs) = (r.figures.get(key)?.value, *bm25.figures.get(key)?);
        Some(vec![Cell::text(name), Cell::Number(optional(Some(ours))), Cell::Number(optional(Some(theirs)))])
    });
    let caption = format!("Beside BM25 alone: better on {} queries, worse on {}", bm25.won, bm25.lost);
    out += &table(&caption, &["figure", "#ranked", "#BM25"], rows.collect());
    let _ = write!(
        out,
        "<p>{} of the queries are answered with a probability of one half or more; with their relevant cases taken away, {}.</p>",
        percent(r.no_answer.answered),
        percent(r.no_answer.answered_without)
    );
    if r.per_language.len() > 1 {
        let rows = r
            .per_language
            .iter()
            .map(|(l, (count, map))| vec![Cell::text(l), Cell::number(count), Cell::Number(optional(Some(*map)))]);
        out += &table("By language of the query", &["language", "#queries", "#MAP@5"], rows.collect());
    }
    if !r.worst.is_empty() {
        let rows = r.worst.iter().map(|m| {
            vec![
                Cell::text(&m.query),
                Cell::text(&m.first),
                Cell::Number(percent(m.score)),
                Cell::text(m.relevant.join(", ")),
            ]
        });
        let heads = ["query", "first case", "#probability", "relevant"];
        out += &table("First cases that are not relevant, surest first", &heads, rows.collect());
    }
    out
}
