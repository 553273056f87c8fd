//! One model against another, for a terminal.

use std::fmt::{Result, Write};

use super::ROWS;
use crate::evaluate::against::changed::Changed;
use crate::evaluate::against::paired::{Difference, Differences, named, signed};
use crate::evaluate::against::parts::{NarrativeChange, NarrativeChanges};
use crate::evaluate::against::queries::RelatedAgainst;
use crate::evaluate::against::{Against, NarrativesAgainst, open_set};
use crate::evaluate::worst::Said;
use crate::evaluate::{headline, ranking};

pub(super) fn against(out: &mut String, a: &Against) -> Result {
    let (new, old) = (&a.models.new, &a.models.old);
    writeln!(out, "\nnew: {} {}, against old: {} {}", new.name, new.version, old.name, old.version)?;
    if let Some(n) = &a.narratives {
        narratives(out, n)?;
    }
    if let Some(r) = &a.related {
        related(out, r)?;
    }
    writeln!(out, "\nverdict on the new model")?;
    a.verdict.text.iter().try_for_each(|clause| writeln!(out, "  {clause}"))
}

fn heads(out: &mut String, what: &str) -> Result {
    writeln!(out, "\n{what:<42} {:>7} {:>7} {:>11}   95 % interval, paired", "old", "new", "difference")
}

fn difference(out: &mut String, name: &str, d: &Difference) -> Result {
    let interval = format!("{} to {}", signed(d.difference.low, 4), signed(d.difference.high, 4));
    let gap = signed(d.difference.value, 4);
    let line = format!("{name:<42} {:>7.4} {:>7.4} {gap:>11}   {interval:<18}  {}", d.old, d.new, d.verdict.word());
    writeln!(out, "{}", line.trim_end())
}

fn differences(
    out: &mut String,
    names: impl Iterator<Item = (&'static str, &'static str)>,
    found: &Differences,
) -> Result {
    named(names, found).try_for_each(|(_, name, d)| difference(out, name, d))
}

fn narratives(out: &mut String, n: &NarrativesAgainst) -> Result {
    if n.texts > 0 {
        heads(out, &format!("{} texts, {} groups", n.texts, n.groups))?;
        differences(out, headline::FIGURES.iter().map(|f| (f.0, f.1)), &n.headline)?;
    }
    if let Some(s) = &n.open_set {
        heads(out, &format!("{} texts that carry none, {} groups", s.texts, s.groups))?;
        differences(out, open_set::FIGURES.into_iter(), &s.figures)?;
    }
    if n.per_language.len() > 1 {
        heads(out, "accuracy of the best by language, texts")?;
        for l in n.per_language.iter().take(ROWS) {
            difference(out, &format!("{:<34} {:>7}", l.value, l.texts), &l.accuracy)?;
        }
        if n.per_language.len() > ROWS {
            writeln!(out, "… and {} more", n.per_language.len() - ROWS)?;
        }
    }
    per_narrative(out, &n.per_narrative)?;
    let c = &n.changes;
    if n.texts > 0 {
        writeln!(
            out,
            "\nbest narrative mended in {} texts, broken in {}; right under both in {}, wrong under both in {}",
            c.mended, c.broken, c.right, c.wrong
        )?;
    }
    changed(out, "broken, surest first", c.broken, &c.most_broken)?;
    changed(out, "mended, surest first", c.mended, &c.most_mended)
}

fn per_narrative(out: &mut String, n: &NarrativeChanges) -> Result {
    if n.fell + n.rose == 0 {
        return Ok(());
    }
    let what = format!("of {} narratives {} fell, {} rose in F1", n.looked_at, n.fell, n.rose);
    writeln!(out, "\n{what:<42} {:>7} {:>15} {:>15}", "texts", "F1", "recall")?;
    let row = |out: &mut String, n: &NarrativeChange| {
        let of = |old: f64, new: f64| format!("{old:.2} → {new:.2}");
        let (f1, recall) = (of(n.found.old.f1, n.found.new.f1), of(n.found.old.recall, n.found.new.recall));
        let known = match (n.found.new.known, n.found.old.known) {
            (false, true) => "  unknown to the new model",
            (true, false) => "  unknown to the old model",
            _ => "",
        };
        writeln!(out, "{:<42} {:>7} {f1:>15} {recall:>15}{known}", n.id, n.texts)
    };
    for n in n.lost.iter().take(ROWS).chain(n.gained.iter().take(ROWS)) {
        row(out, n)?;
    }
    Ok(())
}

fn changed(out: &mut String, what: &str, all: usize, list: &[Changed]) -> Result {
    if list.is_empty() {
        return Ok(());
    }
    let shown = list.len().min(ROWS);
    let of = if shown < all { format!(", {shown} of {all}") } else { String::new() };
    writeln!(out, "{what}{of} (carried: old → new)")?;
    for c in list.iter().take(ROWS) {
        let gold: Vec<&str> = c.gold.iter().map(|g| g.id.as_str()).collect();
        writeln!(
            out,
            "  {}  {}: {} → {}",
            c.id,
            gold.join(", "),
            said(c.best.old.as_ref()),
            said(c.best.new.as_ref())
        )?;
    }
    Ok(())
}

fn said(said: Option<&Said>) -> String {
    match said {
        Some(s) => format!("{} {:.2}", s.id, s.probability.unwrap_or(0.0)),
        None => "no answer".to_owned(),
    }
}

fn related(out: &mut String, r: &RelatedAgainst) -> Result {
    heads(out, &format!("{} judged queries", r.queries))?;
    differences(out, ranking::FIGURES.iter().map(|f| (f.0, f.1)), &r.figures)?;
    writeln!(out, "better on {} queries by MAP@5, worse on {}, the same on {}", r.won, r.lost, r.same)?;
    for lost in r.most_lost.iter().take(ROWS) {
        writeln!(out, "  lost {:.2} → {:.2}  {}", lost.map.old, lost.map.new, lost.query)?;
    }
    Ok(())
}
