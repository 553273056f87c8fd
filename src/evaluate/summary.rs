//! The report in a page of plain text, for a terminal.

mod against;

use std::fmt::{Result, Write};

use super::bootstrap::Interval;
use super::headline::FIGURES;
use super::open_set::OpenSet;
use super::ranking::{self, Ranking};
use super::report::{NarrativeReport, Report, Subject};
use super::selective::Reached;
use super::slices::Slice;

/// Most languages, narratives and pairs shown; JSON and the page have them all.
const ROWS: usize = 8;

/// The summary, lines ended.
pub fn summary(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> Result {
    match &report.subject {
        Subject::Model(model) => writeln!(out, "model {} {}", model.name, model.version)?,
        Subject::CaseBase => writeln!(out, "related cases")?,
        Subject::Split { by, parts, seed } => writeln!(out, "split by {by}, {parts} trained models, seed {seed}")?,
    }
    if let Some(n) = &report.narratives {
        narratives(out, n)?;
    }
    if let Some(r) = &report.related {
        related(out, r)?;
    }
    if let Some(a) = &report.against {
        against::against(out, a)?;
    }
    for note in &report.notes {
        writeln!(out, "note: {note}")?;
    }
    Ok(())
}

fn figure(out: &mut String, name: &str, i: &Interval) -> Result {
    writeln!(out, "{name:<36} {:.4}   {:.4} – {:.4}", i.value, i.low, i.high)
}

fn reached(out: &mut String, what: &str, list: &[Reached]) -> Result {
    for r in list {
        let from = r.threshold.map_or_else(|| "never reached".to_owned(), |t| format!("from probability {t:.2}"));
        let name = format!("{what} at {:.0} % precision", r.precision * 100.0);
        writeln!(out, "{name:<36} {:.4}   {from}", r.coverage)?;
    }
    Ok(())
}

fn narratives(out: &mut String, n: &NarrativeReport) -> Result {
    writeln!(out, "{} texts with a narrative, {} groups\n", n.texts, n.groups)?;
    writeln!(out, "{:<36} {:<8} 95 % interval", "", "value")?;
    for (key, name, _) in FIGURES {
        if let Some(i) = n.headline.get(key) {
            figure(out, name, i)?;
        }
    }
    reached(out, "coverage", &n.selective.reached)?;
    if let Some(clean) = n.headline_without_leaks.as_ref().and_then(|f| f.get("accuracy")) {
        figure(out, "Accuracy without near-duplicates", clean)?;
    }
    if let Some(o) = &n.open_set {
        writeln!(out, "\n{} texts that carry none", o.texts)?;
        open_set(out, o)?;
    }
    if let Some(o) = &n.open_set_without_leaks {
        writeln!(out, "\nwithout near-duplicates, {} texts that carry none and {} that do", o.texts, o.known_texts)?;
        open_set(out, o)?;
    }
    if let Some(h) = &n.held_out {
        writeln!(out, "\n{} texts of {} held-out narratives", h.figures.texts, h.narratives.len())?;
        open_set(out, &h.figures)?;
    }
    slices(out, "language", &n.per_language)?;
    slices(out, "length", &n.per_length)?;
    if n.folds.len() > 1 {
        writeln!(out, "\n{:<36} {:>7} {:>7} {:>9} {:>9}", "part", "train", "test", "accuracy", "macro-F1")?;
        for (i, f) in n.folds.iter().enumerate() {
            let b = f.figures;
            writeln!(
                out,
                "{:<36} {:>7} {:>7} {:>9.4} {:>9.4}",
                i + 1,
                f.trained_on,
                b.texts,
                b.accuracy,
                b.macro_f1_best
            )?;
        }
    }
    if !n.learning_curve.is_empty() {
        writeln!(out, "\n{:<36} {:>7} {:>9} {:>9}", "share of the training groups", "train", "accuracy", "macro-F1")?;
        for p in &n.learning_curve {
            let share = format!("{:.1} %", p.share * 100.0);
            writeln!(
                out,
                "{share:<36} {:>7} {:>9.4} {:>9.4}",
                p.trained_on, p.figures.accuracy, p.figures.macro_f1_best
            )?;
        }
    }
    if !n.confusion.pairs.is_empty() {
        writeln!(out, "\nmost often confused (carried → said)")?;
        for p in n.confusion.pairs.iter().take(ROWS) {
            writeln!(out, "{:>4}  {} → {}", p.texts, p.gold, p.said)?;
        }
    }
    if !n.worst_slices.found.is_empty() {
        writeln!(out, "\nworse than the rest ({} slices looked at)", n.worst_slices.looked_at)?;
        for s in n.worst_slices.found.iter().take(ROWS) {
            writeln!(
                out,
                "  {} {}: accuracy {:.3} on {} texts, {:.3} elsewhere",
                s.by, s.value, s.accuracy, s.texts, s.elsewhere
            )?;
        }
    }
    let prototypes: Vec<&str> = n.per_narrative.iter().filter(|n| n.prototype).map(|n| &*n.id).collect();
    if !prototypes.is_empty() {
        writeln!(out, "\nprototypes, with too few examples to be known well: {}", prototypes.join(", "))?;
    }
    if let Some(l) = &n.leaks {
        writeln!(
            out,
            "\nleaks: {} of {} test texts have a near-duplicate among the training texts; {} share an id, {} a group",
            l.near_duplicates.len(),
            l.test_texts,
            l.same_id,
            l.same_group
        )?;
        for leak in l.near_duplicates.iter().take(ROWS) {
            writeln!(out, "  {:.2}  {} ~ {}", leak.similarity, leak.test, leak.train)?;
        }
    }
    if let Some(u) = &n.unanswerable {
        writeln!(out, "\nunknown narratives in the test records")?;
        for n in u.narratives.iter().take(ROWS) {
            let near = n.near.as_ref().map_or_else(String::new, |near| format!(" (did you mean \"{near}\"?)"));
            writeln!(out, "{:>4}  {}{near}", n.texts, n.id)?;
        }
        writeln!(out, "accuracy on the {} other texts {:.4}", u.answerable.texts, u.answerable.accuracy)?;
    }
    Ok(())
}

fn open_set(out: &mut String, o: &OpenSet) -> Result {
    writeln!(out, "{:<36} {:.4}", "share suggested or matched", o.suggested)?;
    writeln!(out, "{:<36} {:.4}", "share matched", o.matched)?;
    if let Some(i) = &o.auroc {
        figure(out, "AUROC, known against none", i)?;
    }
    if o.known_texts > 0 {
        writeln!(out, "{:<36} {:.4}", "calibration error, with and without", o.ece)?;
    }
    reached(out, "coverage", &o.reached)
}

fn slices(out: &mut String, what: &str, slices: &[Slice]) -> Result {
    if slices.len() < 2 {
        return Ok(());
    }
    writeln!(out, "\n{what:<36} {:>7} {:>9} {:>9}", "texts", "accuracy", "macro-F1")?;
    for s in slices.iter().take(ROWS) {
        let f = s.figures;
        writeln!(out, "{:<36} {:>7} {:>9.4} {:>9.4}", s.value, f.texts, f.accuracy, f.macro_f1_best)?;
    }
    if slices.len() > ROWS {
        writeln!(out, "… and {} more", slices.len() - ROWS)?;
    }
    Ok(())
}

fn related(out: &mut String, r: &Ranking) -> Result {
    writeln!(out, "\n{} judged queries against {} cases\n", r.queries, r.cases)?;
    for (key, name, _) in ranking::FIGURES {
        if let Some(i) = r.figures.get(key) {
            figure(out, name, i)?;
        }
    }
    reached(out, "coverage", &r.selective.reached)?;
    writeln!(out, "{:<36} {:.4}", "calibration error of the first", r.reliability.ece)?;
    let bm25 = &r.against_bm25;
    writeln!(
        out,
        "\nBM25 alone: {}",
        ranking::FIGURES
            .iter()
            .filter_map(|(key, name, _)| Some(format!("{name} {:.4}", bm25.figures.get(key)?)))
            .collect::<Vec<_>>()
            .join(", ")
    )?;
    writeln!(out, "better than BM25 on {} queries, worse on {}, the same on {}", bm25.won, bm25.lost, bm25.same)?;
    for lost in bm25.most_lost.iter().take(ROWS) {
        writeln!(out, "  lost {:.2} (BM25 {:.2})  {}", lost.ours, lost.bm25, lost.query)?;
    }
    let none = &r.no_answer;
    if let Some(auroc) = none.auroc {
        writeln!(out, "\n{:<36} {auroc:.4}", "AUROC, a case against none")?;
    }
    writeln!(out, "{:<36} {:.4}", "answered at 0.5 or more", none.answered)?;
    writeln!(out, "{:<36} {:.4}", "the same, its cases taken away", none.answered_without)?;
    if r.answered < r.queries {
        writeln!(out, "note: {} judged queries are not in the file of queries: missed", r.queries - r.answered)?;
    }
    if r.unjudged > 0 {
        writeln!(out, "note: {} queries have no relevant case and are left out", r.unjudged)?;
    }
    if r.empty > 0 {
        writeln!(
            out,
            "warning: {} queries have no `text` and find nothing: give them some, or call the field `text`",
            r.empty
        )?;
    }
    if r.learned > 0 {
        writeln!(
            out,
            "warning: {} queries are texts that the ranker learned from: take them out, or the figures flatter",
            r.learned
        )?;
    }
    if r.missing_cases > 0 {
        writeln!(out, "note: {} relevant cases are not in the case base and cannot be found", r.missing_cases)?;
    }
    Ok(())
}
