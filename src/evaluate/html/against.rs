//! One model against another: the verdict, the differences around zero, and what to read before a model goes live.

use std::fmt::Write;

use super::errors;
use super::figures::figure;
use super::markup::{Cell, Escaped, decimal, percent, shortened, table};
use super::plots::{self, Gap};
use crate::evaluate::against::changed::Changed;
use crate::evaluate::against::paired::{Difference, Differences, named, signed};
use crate::evaluate::against::parts::NarrativeChanges;
use crate::evaluate::against::queries::RelatedAgainst;
use crate::evaluate::against::{Against, NarrativesAgainst, open_set};
use crate::evaluate::worst::Said;
use crate::evaluate::{headline, ranking};

/// Longest beginning of a text, in characters; JSON has more.
const EXCERPT: usize = 160;

pub(super) fn against(a: &Against) -> String {
    let (new, old) = (&a.models.new, &a.models.old);
    let mut out = format!(
        "<p class=\"quiet\">New: {} {}; old: {} {}. Both answered the very same records.</p>",
        Escaped(&new.name),
        Escaped(&new.version),
        Escaped(&old.name),
        Escaped(&old.version)
    );
    for clause in &a.verdict.text {
        let _ = write!(out, "<p class=\"lead\">{}</p>", Escaped(clause));
    }
    if let Some(n) = &a.narratives {
        narratives(&mut out, n);
    }
    if let Some(r) = &a.related {
        related(&mut out, r);
    }
    out
}

/// Figures in order: what each is called and what is known of it.
fn of(names: impl Iterator<Item = (&'static str, &'static str)>, found: &Differences) -> Vec<(String, &Difference)> {
    named(names, found).map(|(_, name, d)| (name.to_owned(), d)).collect()
}

/// A plot of differences with their table.
fn differences(name: &'static str, heading: &str, caption: &str, all: &[(String, &Difference)]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let words = format!(
        "{caption}. New less old, with the 95 % interval of paired draws of groups. To the right the figure is larger under the \
         new model; of calibration errors and of what is decided on texts that carry none, less is better. Blue is better, \
         orange is worse, of the grey ones no difference can be told."
    );
    let gaps: Vec<Gap> = all
        .iter()
        .map(|(name, d)| Gap {
            name: name.clone(),
            value: d.difference.value,
            interval: (d.difference.low, d.difference.high),
            verdict: d.verdict,
        })
        .collect();
    let rows = all.iter().map(|(name, d)| {
        vec![
            Cell::text(name),
            Cell::number(decimal(d.old)),
            Cell::number(decimal(d.new)),
            Cell::number(signed(d.difference.value, 3)),
            Cell::number(format!("{} to {}", signed(d.difference.low, 3), signed(d.difference.high, 3))),
            Cell::number(d.groups),
            Cell::text(d.verdict.word()),
        ]
    });
    let heads = ["figure", "#old", "#new", "#difference", "#95 % interval", "#groups that differ", "verdict"];
    let svg = plots::gaps(name, heading, &words, &gaps);
    figure(heading, &svg, &words, &table(caption, &heads, rows.collect()))
}

fn narratives(out: &mut String, n: &NarrativesAgainst) {
    let figures = of(headline::FIGURES.iter().map(|f| (f.0, f.1)), &n.headline);
    let caption = format!("{} texts in {} groups", n.texts, n.groups);
    *out += "<div class=\"plots\">";
    *out += &differences("against-figures", "Figures", &caption, &figures);
    if let Some(s) = &n.open_set {
        let figures = of(open_set::FIGURES.into_iter(), &s.figures);
        let caption = format!("{} texts that carry none, in {} groups", s.texts, s.groups);
        *out += &differences("against-none", "Texts that carry none", &caption, &figures);
    }
    if n.per_language.len() > 1 {
        let languages: Vec<(String, &Difference)> =
            n.per_language.iter().map(|l| (format!("{} ({} texts)", l.value, l.texts), &l.accuracy)).collect();
        let caption = "Accuracy of the best by language";
        *out += &differences("against-languages", "By language", caption, &languages);
    }
    *out += "</div>";
    per_narrative(out, &n.per_narrative);
    let c = &n.changes;
    if n.texts == 0 {
        return;
    }
    let _ = write!(
        out,
        "<p>The best narrative was mended in <strong>{}</strong> texts and broken in <strong>{}</strong>; it is right under \
         both models in {} and wrong under both in {}.</p>",
        c.mended, c.broken, c.right, c.wrong
    );
    changed(out, "Broken, those first of whose wrong answer the new model is surest", c.broken, &c.most_broken);
    changed(out, "Mended, those first of whose wrong answer the old model was surest", c.mended, &c.most_mended);
}

fn per_narrative(out: &mut String, n: &NarrativeChanges) {
    if n.fell + n.rose == 0 {
        return;
    }
    let rows = n.lost.iter().chain(&n.gained).map(|n| {
        let known = match (n.found.new.known, n.found.old.known) {
            (false, true) => "the old model",
            (true, false) => "the new model",
            (false, false) => "neither",
            (true, true) => "both",
        };
        vec![
            Cell::named(&n.name, &n.id),
            Cell::number(n.texts),
            Cell::number(decimal(n.found.old.f1)),
            Cell::number(decimal(n.found.new.f1)),
            Cell::number(decimal(n.found.old.recall)),
            Cell::number(decimal(n.found.new.recall)),
            Cell::text(known),
        ]
    });
    let caption = format!(
        "Of {} narratives that texts carry, F1 fell in {} and rose in {}; those that lost most, then those that gained most, by \
         the difference times the texts",
        n.looked_at, n.fell, n.rose
    );
    let heads = ["narrative", "#texts", "#F1, old", "#F1, new", "#recall, old", "#recall, new", "known to"];
    *out += &table(&caption, &heads, rows.collect());
}

fn changed(out: &mut String, caption: &str, all: usize, list: &[Changed]) {
    if list.is_empty() {
        return;
    }
    let best = |said: &Option<Said>| match said {
        Some(said) => Cell::Markup(format!(
            "<bdi>{}</bdi> <span class=\"quiet\">({})</span>",
            Escaped(&said.name),
            percent(said.probability.unwrap_or(0.0))
        )),
        None => Cell::text("no answer"),
    };
    let rows = list.iter().map(|c| {
        let about: Vec<&str> = [&*c.id, &*c.language].into_iter().filter(|a| !a.is_empty()).collect();
        vec![
            Cell::Markup(format!(
                "<bdi>{}</bdi><small>{}</small>",
                Escaped(shortened(&c.excerpt, EXCERPT)),
                Escaped(about.join(" · "))
            )),
            Cell::Markup(c.gold.iter().map(errors::narrative).collect::<Vec<_>>().join("<br>")),
            best(&c.best.old),
            best(&c.best.new),
        ]
    });
    let caption = format!("{caption} ({} of {all})", list.len());
    *out += &table(
        &caption,
        &["text", "carries (new model)", "said by the old model", "said by the new model"],
        rows.collect(),
    );
}

fn related(out: &mut String, r: &RelatedAgainst) {
    let figures = of(ranking::FIGURES.iter().map(|f| (f.0, f.1)), &r.figures);
    let caption = format!("{} judged queries", r.queries);
    let plot = differences("against-related", "Related cases", &caption, &figures);
    let _ = write!(
        out,
        "<div class=\"plots\">{plot}</div><p>By average precision at five the new model is better on {} queries, worse on {} and \
         the same on {}.</p>",
        r.won, r.lost, r.same
    );
    if !r.most_lost.is_empty() {
        let rows = r
            .most_lost
            .iter()
            .map(|l| vec![Cell::text(&l.query), Cell::number(decimal(l.map.old)), Cell::number(decimal(l.map.new))]);
        *out += &table("Queries that lost most", &["query", "#old", "#new"], rows.collect());
    }
}
