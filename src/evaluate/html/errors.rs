//! What to look into: the surest errors, bad slices, copies across the split, unknown labels.

use std::fmt::Write;

use super::markup::{Cell, Escaped, decimal, details, optional, percent, table};
use crate::evaluate::leaks::Leaks;
use crate::evaluate::report::{NarrativeReport, Unanswerable};
use crate::evaluate::slices::WorstSlices;
use crate::evaluate::worst::{Said, WorstError};

/// Rows of a list on the page; JSON has all.
const ROWS: usize = 25;

pub(super) fn slices(worst: &WorstSlices) -> String {
    if worst.found.is_empty() {
        return format!(
            "<p>None of {} slices with at least ten texts inside and outside is clearly worse than the rest.</p>",
            worst.looked_at
        );
    }
    let rows = worst.found.iter().map(|s| {
        vec![
            Cell::Markup(format!("<bdi>{}</bdi><small>{}</small>", Escaped(&s.value), Escaped(s.by))),
            Cell::number(s.texts),
            Cell::number(percent(s.accuracy)),
            Cell::number(percent(s.elsewhere)),
            Cell::number(format!("{:.1}", s.excess_errors)),
        ]
    });
    let caption = format!(
        "Slices clearly worse than all other texts, of {} looked at; ordered by the errors that would vanish",
        worst.looked_at
    );
    table(&caption, &["slice", "#texts", "#accuracy", "#elsewhere", "#excess errors"], rows.collect())
}

/// A narrative with its probability and rank.
pub(super) fn narrative(said: &Said) -> String {
    let mut out = format!("<bdi>{}</bdi>", Escaped(&said.name));
    // Writing to a String cannot fail.
    let _ = match (said.probability, said.rank) {
        (Some(p), Some(rank)) => write!(out, " <span class=\"quiet\">({}, rank {rank})</span>", percent(p)),
        _ => write!(out, " <span class=\"quiet\">(not ranked)</span>"),
    };
    out
}

fn error(e: &WorstError) -> String {
    let carried = if e.gold.is_empty() {
        "no known narrative".to_owned()
    } else {
        e.gold.iter().map(narrative).collect::<Vec<_>>().join("; ")
    };
    let about: Vec<String> = [&e.id, &e.language, &e.published]
        .iter()
        .filter(|a| !a.is_empty())
        .map(|a| format!("<bdi>{}</bdi>", Escaped(a)))
        .collect();
    let near = e.neighbours.iter().map(|n| {
        let carries = if n.narratives.is_empty() { "no known narrative".into() } else { n.narratives.join(", ") };
        vec![
            Cell::Markup(format!("<bdi>{}</bdi><small>{}</small>", Escaped(&n.id), Escaped(carries))),
            Cell::number(decimal(n.similarity)),
            Cell::text(&n.excerpt),
        ]
    });
    let neighbours = if e.neighbours.is_empty() {
        String::new()
    } else {
        let heads = ["training text", "#cosine", "beginning"];
        details("Nearest training texts", &table("Nearest in the model’s features", &heads, near.collect()))
    };
    format!(
        "<li><p class=\"quiet\">{}</p><p>said <strong>{}</strong><br>carries {carried}</p><blockquote><bdi>{}</bdi>\
         </blockquote>{neighbours}</li>\n",
        about.join(" · "),
        narrative(&e.said),
        Escaped(&e.excerpt)
    )
}

pub(super) fn worst(errors: &[WorstError]) -> String {
    if errors.is_empty() {
        return "<p>No wrong answer.</p>".into();
    }
    format!("<ol class=\"errors\">{}</ol>", errors.iter().map(error).collect::<String>())
}

pub(super) fn leaks(l: &Leaks, report: &NarrativeReport) -> String {
    let mut out = format!(
        "<p>{} of {} test texts have a near-duplicate among the training texts (Jaccard similarity of character 5-grams \
         of 0.6 or more); {} share an id and {} a group with a training record.</p>",
        l.near_duplicates.len(),
        l.test_texts,
        l.same_id,
        l.same_group
    );
    if let Some(clean) = report.headline_without_leaks.as_ref().and_then(|f| f.get("accuracy")) {
        let _ = write!(
            out,
            "<p>Without them the accuracy of the best is {} (95 % interval {}–{}).</p>",
            percent(clean.value),
            percent(clean.low),
            percent(clean.high)
        );
    }
    if !l.near_duplicates.is_empty() {
        let rows = l.near_duplicates.iter().take(ROWS).map(|p| {
            vec![
                Cell::text(&p.test),
                Cell::text(&p.train),
                Cell::number(decimal(p.similarity)),
                Cell::text(if p.same_narratives { "same" } else { "different" }),
            ]
        });
        let caption = format!("Most alike, {} of {}", l.near_duplicates.len().min(ROWS), l.near_duplicates.len());
        out += &table(&caption, &["test text", "training text", "#similarity", "narratives"], rows.collect());
    }
    out
}

pub(super) fn unanswerable(u: &Unanswerable) -> String {
    let rows = u
        .narratives
        .iter()
        .take(ROWS)
        .map(|n| vec![Cell::text(&n.id), Cell::number(n.texts), Cell::text(n.near.as_deref().unwrap_or("–"))]);
    let caption = format!("Narratives of test records that the model does not know, {} in all", u.narratives.len());
    format!(
        "<p>They stay in every figure as missed. {} texts carry nothing else; on the {} others the accuracy of the best is \
         {}.</p>{}",
        u.texts,
        u.answerable.texts,
        percent(u.answerable.accuracy),
        table(&caption, &["narrative", "#texts", "perhaps meant"], rows.collect())
    )
}

/// Every narrative.
pub(super) fn per_narrative(report: &NarrativeReport) -> String {
    let rows = report.per_narrative.iter().map(|n| {
        vec![
            Cell::named(&n.name, &if n.prototype { format!("{} · prototype", n.id) } else { n.id.clone() }),
            Cell::number(n.texts),
            Cell::number(optional(n.best)),
            Cell::number(n.decided),
            Cell::number(optional(n.precision)),
            Cell::number(optional(n.recall)),
            Cell::number(optional(n.f1)),
            Cell::number(optional(n.match_precision)),
        ]
    });
    let heads =
        ["narrative", "#texts", "#found as best", "#decided", "#precision", "#recall", "#F1", "#precision of matches"];
    table("Narratives, those with most texts first; “decided” is suggested or matched", &heads, rows.collect())
}
