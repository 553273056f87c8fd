//! The model card: what a model is, what it was trained on, how well it does, and what it is not for.
//!
//! Every figure comes from the manifest, so the card cannot say more than was measured.

use std::fmt::Write;

use crate::cases::appearances;
use crate::cases::likeness::FEATURES;
use crate::cases::pairs::needs_free_pairs;
use crate::evaluate::headline::FIGURES;
use crate::model::curves::{Curves, HALF};
use crate::model::folder::VERSION_MARK;
use crate::model::fusion::INPUTS;
use crate::model::manifest::{Manifest, NarrativeEntry, NarrativePart, PROTOTYPE, Tuning, Weaknesses};
use crate::model::passages::LongTexts;
use crate::model::stance::StanceModel;

/// The card as Markdown.
pub(super) fn write(manifest: &Manifest) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = card(&mut out, manifest);
    out
}

fn card(out: &mut String, m: &Manifest) -> std::fmt::Result {
    let d = &m.data;
    writeln!(out, "# Model card\n")?;
    writeln!(
        out,
        "Version `{VERSION_MARK}`, written by `leitmotif train`. All figures below were computed by that command.\n"
    )?;
    writeln!(
        out,
        "The model points to known disinformation narratives and debunked cases that a text may repeat. It gives a \
         person a lead, not a verdict: it knows words, not truth, and nothing outside its training data.\n"
    )?;
    writeln!(out, "## Training data\n")?;
    writeln!(out, "| | |\n|---|---|")?;
    writeln!(
        out,
        "| cases | {} |\n| labelled texts | {} |\n| background texts | {} |",
        d.cases, d.texts, d.background
    )?;
    writeln!(out, "| judged queries | {} |", d.judged_queries)?;
    if d.set_aside > 0 {
        writeln!(out, "| cases left out, having neither title nor claim | {} |", d.set_aside)?;
    }
    if let Some((first, last)) = &d.published {
        writeln!(out, "| published | {first} to {last} |")?;
    }
    let languages: Vec<String> = d.languages.iter().map(|(l, n)| format!("{l} {n}")).collect();
    writeln!(out, "| languages | {} |", languages.join(", "))?;
    writeln!(out, "| SHA-256 of the records | `{}` |\n", d.sha256)?;
    if let Some(taken) = m.narratives.as_ref().and_then(|part| part.transfer.as_ref()) {
        writeln!(
            out,
            "What the model `{}` (version `{}`) says of a text was learned from, too, with weight {:.2}: so this model knows words, and \
             languages, that the records above do not have. Whatever that model was trained on has an influence here.\n",
            taken.model, taken.version, taken.weight
        )?;
    }
    if let Some(part) = &m.narratives {
        narratives(out, m, part)?;
    }
    ranker(out, m)?;
    writeln!(out, "## Settings\n\n```json")?;
    writeln!(out, "{}", serde_json::to_string_pretty(&m.settings).unwrap_or_default())?;
    writeln!(out, "```")
}

fn narratives(out: &mut String, m: &Manifest, part: &NarrativePart) -> std::fmt::Result {
    writeln!(out, "## Figures on texts the scoring model had not seen\n")?;
    writeln!(
        out,
        "{}-fold cross-validation; a group (an article, its translations and copies) is never split. Fusion, \
         calibration and thresholds were chosen on these same predictions, so expect a little less on new texts.\n",
        m.settings.folds
    )?;
    writeln!(out, "| figure | value | 95 % interval |\n|---|---|---|")?;
    for (name, label, _) in FIGURES {
        if let Some(b) = m.metrics.intervals.get(name) {
            writeln!(out, "| {label} | {:.3} | {:.3} to {:.3} |", b.value, b.low, b.high)?;
        }
    }
    writeln!(
        out,
        "\nOver the texts that carry a narrative, as `leitmotif evaluate` defines these figures. Intervals are by the bootstrap \
         over groups: they cover the draw of the texts, not that of the training data nor a change of the world. Below, the \
         same predictions once more: there a text with several narratives counts as right for any of them (above, its \
         macro-F1 counts the first by id), and calibration errors include the background.\n"
    )?;
    writeln!(out, "| figure | value |\n|---|---|")?;
    for (name, value) in &m.metrics.out_of_fold {
        if name.ends_with("texts") {
            writeln!(out, "| {name} | {value} |")?;
        } else {
            writeln!(out, "| {name} | {value:.3} |")?;
        }
    }
    weaknesses(out, m)?;
    chosen(out, m)?;
    let ids = |pick: &dyn Fn(&NarrativeEntry) -> bool| -> Vec<&str> {
        part.narratives.iter().filter(|n| pick(n)).map(|n| n.narrative.id.as_str()).collect()
    };
    let (prototypes, few) = (ids(&|n| n.prototype), ids(&|n| !n.prototype && n.examples < 8));
    if !prototypes.is_empty() {
        writeln!(
            out,
            "\n**Prototypes** (fewer than {PROTOTYPE} examples): {}. What the model knows of them is their few texts, their \
             description, and their parent; how well they are recognised was not measured. They are \
             suggested only from the probability aimed at as precision, not from a lower one that happened to suffice.",
            prototypes.join(", ")
        )?;
    }
    if !few.is_empty() {
        writeln!(out, "\nFewer than 8 examples, hence unreliable: {}.", few.join(", "))?;
    }
    writeln!(out, "\n## Narratives\n")?;
    writeln!(out, "| narrative | parent | examples | suggested from | match from |\n|---|---|---|---|---|")?;
    for n in &part.narratives {
        writeln!(
            out,
            "| {} (`{}`) | {} | {}{} | {:.2} | {:.2} |",
            n.narrative.name.replace('|', "/"),
            n.narrative.id,
            n.narrative.parent.as_deref().unwrap_or(""),
            n.examples,
            if n.prototype { " (prototype)" } else { "" },
            n.thresholds.review,
            n.thresholds.confirmed
        )?;
    }
    writeln!(
        out,
        "\nThresholds were chosen for a precision of {} (suggested) and {} (match).",
        m.settings.target_precision.review, m.settings.target_precision.confirmed
    )?;
    long_texts(out, part.long.as_ref())?;
    stance(out, part.stance.as_ref())?;
    writeln!(out, "\n## Fusion\n")?;
    writeln!(out, "| input | weight, narratives | weight, parents |\n|---|---|---|")?;
    for (i, input) in INPUTS.iter().enumerate() {
        writeln!(out, "| {input} | {:.3} | {:.3} |", part.fusion.leaves.weights[i], part.fusion.parents.weights[i])?;
    }
    curves(out, part.curves)?;
    writeln!(out)
}

fn curves(out: &mut String, curves: Curves) -> std::fmt::Result {
    writeln!(
        out,
        "\n## Calibration\n\nThe second step, after that of each narrative: a curve for the best narrative of a text and one for \
         the others, `σ(a · ln p - b · ln(1 - p) + s · spreads + k · known + c)`. `spreads` is the linear score of spreading any \
         narrative, `known` the share `n / (n + {HALF})` by the number n of different terms that the model knows; both count \
         only where there were enough texts that carry nothing.\n"
    )?;
    writeln!(out, "| curve | a | b | s | k | c |\n|---|---|---|---|---|---|")?;
    for (level, of) in [("narratives", curves.leaves), ("parents", curves.parents)] {
        for (rank, curve) in [("best", of.best), ("others", of.others)] {
            let numbers =
                [curve.beta.a, curve.beta.b, curve.spreads, curve.known, curve.beta.c].map(|x| format!("{x:.3}"));
            writeln!(out, "| {level}, {rank} | {} |", numbers.join(" | "))?;
        }
    }
    Ok(())
}

fn weaknesses(out: &mut String, m: &Manifest) -> std::fmt::Result {
    let Some(Weaknesses { looked_at, found }) = &m.metrics.weaknesses else { return Ok(()) };
    writeln!(out, "\n## Known weaknesses\n")?;
    if found.is_empty() {
        return writeln!(
            out,
            "In none of {looked_at} parts of the records (by language, length, narrative, source, year) is the best \
             narrative wrong clearly more often than elsewhere."
        );
    }
    writeln!(
        out,
        "Parts of the records in which the best narrative is wrong clearly more often than elsewhere, those that cost most \
         errors first. {looked_at} parts were looked at; one in forty looks bad by chance.\n"
    )?;
    writeln!(out, "| by | part | texts | accuracy | elsewhere |\n|---|---|---|---|---|")?;
    for w in found {
        let value = w.value.replace('|', "/");
        writeln!(out, "| {} | {value} | {} | {:.3} | {:.3} |", w.by, w.texts, w.accuracy, w.elsewhere)?;
    }
    Ok(())
}

fn chosen(out: &mut String, m: &Manifest) -> std::fmt::Result {
    writeln!(out, "\n## How the settings were chosen\n")?;
    let Some(Tuning { fixed, trials }) = &m.tuning else {
        return writeln!(out, "They were given by the trainer, or are the defaults; none was tried on these records.");
    };
    let auroc = if trials.iter().any(|t| t.auroc.is_some()) {
        ", and AUROC of the best probability between texts that carry a narrative and texts that carry none"
    } else {
        ""
    };
    writeln!(
        out,
        "By `--tune`: one setting after the other, out of fold on the training records. The objective is the mean of \
         macro-F1 of the best narrative, label ranking average precision{auroc}. A value was kept if its \
         gain exceeds three standard errors (paired bootstrap over groups). The figures above are for the settings kept, on the records \
         they were kept for, so they flatter a little.\n"
    )?;
    if !fixed.is_empty() {
        writeln!(out, "Named by the trainer, hence not tried: {}.\n", fixed.join(", "))?;
    }
    writeln!(
        out,
        "| setting | value | macro-F1 | LRAP | AUROC | gain | 95 % interval | kept |\n|---|---|---|---|---|---|---|---|"
    )?;
    for t in trials {
        let auroc = t.auroc.map_or_else(String::new, |a| format!("{a:.4}"));
        let (gain, interval) = t.gain.map_or_else(Default::default, |g| {
            (format!("{:+.4}", g.value), format!("{:+.4} to {:+.4}", g.low, g.high))
        });
        let (name, value) =
            if t.setting.is_empty() { ("start", String::new()) } else { (&*t.setting, t.value.to_string()) };
        let kept = if t.kept { "yes" } else { "" };
        writeln!(
            out,
            "| {name} | {value} | {:.4} | {:.4} | {auroc} | {gain} | {interval} | {kept} |",
            t.macro_f1, t.lrap
        )?;
    }
    Ok(())
}

fn long_texts(out: &mut String, long: Option<&LongTexts>) -> std::fmt::Result {
    writeln!(out, "\n## Long texts\n")?;
    let Some(long) = long else {
        return writeln!(
            out,
            "Read as a whole only: there is too little background (or too few labelled texts) to learn what a passage says \
             about the text around it. What one sentence of an article claims is easily lost."
        );
    };
    let direction = |step: f64| if step < 0.0 { "lower" } else { "higher" };
    writeln!(
        out,
        "Texts of more than {} words are read in passages of about {}, too. How probable the best of many passages makes a \
         narrative was learned from texts put together: a labelled text between background texts, or background alone; the \
         figures named `long texts` are of these. For what a passage tells, the thresholds above are {:.2} {} (suggested) and {:.2} \
         {} (match) in log-odds, so that precision and false alarms stay what they are for short texts.",
        long.from,
        long.width,
        long.raise.review.abs(),
        direction(long.raise.review),
        long.raise.confirmed.abs(),
        direction(long.raise.confirmed)
    )
}

fn stance(out: &mut String, stance: Option<&StanceModel>) -> std::fmt::Result {
    writeln!(out, "\n## Stance\n")?;
    let Some(stance) = stance else {
        return writeln!(out, "Too few counter-examples to tell texts that spread from texts that report.");
    };
    writeln!(
        out,
        "A text is said to spread from a probability of {:.2} and to report or debunk up to {:.2}, each chosen for a \
         precision of {}; between them it is unclear. The figures named `stance` are of claims, labelled texts, disproofs, \
         and those background texts for which a narrative was at least nearly suggested, by the kind they state; \
         calibration and bounds behind them were fitted without the fold they are measured on.",
        stance.spreads_from, stance.reports_to, stance.precision
    )
}

fn ranker(out: &mut String, m: &Manifest) -> std::fmt::Result {
    writeln!(out, "## Related cases\n")?;
    if m.data.idle_versions {
        writeln!(
            out,
            "A file of versions was given. No story of it is told by cases in two languages, so the ranking across languages \
             learned nothing from it.\n"
        )?;
    }
    let Some(ranker) = &m.ranker else {
        return writeln!(out, "This model has no ranker of its own; the bundled one is used.\n");
    };
    if m.data.judged_queries > 0 {
        writeln!(out, "The ranker learned from {} judged queries.\n", m.data.judged_queries)?;
    }
    if needs_free_pairs(m.data.judged_queries) {
        let too = if m.data.judged_queries > 0 { ", too" } else { "" };
        writeln!(
            out,
            "The ranker learned from free pairs{too}: title, claim and disproof of a case should find the case by its other \
             fields, and a claim its versions in other languages.\n"
        )?;
    }
    if let Some(share) = ranker.share {
        writeln!(
            out,
            "What few cases teach is mixed with the bundled ranker: within one language the log-odds are this ranker's own by {:.0} %, the bundled ranker's by \
             {:.0} % (`train --own-ranker` learns from these records alone).\n",
            100.0 * share,
            100.0 * (1.0 - share)
        )?;
    }
    if m.data.versions > 0 && !m.data.idle_versions {
        writeln!(out, "Which cases are versions of one claim was given for {} cases.\n", m.data.versions)?;
    }
    writeln!(
        out,
        "Moves: what a feature adds to the log-odds when it is one standard deviation above its mean, in the pairs the \
         ranker learned from; largest first. Features that overlap share their moves.\n"
    )?;
    let scorers = [
        ("Cases in the language of the text", Some(&ranker.within)),
        ("Cases in another language", ranker.across.as_ref()),
    ];
    for (name, scorer) in scorers.into_iter().filter_map(|(n, s)| Some((n, s?))) {
        writeln!(out, "### {name}\n\n| feature | weight | moves |\n|---|---:|---:|")?;
        let mut order: Vec<usize> = (0..FEATURES.len()).collect();
        order.sort_by(|&a, &b| scorer.importance[b].abs().total_cmp(&scorer.importance[a].abs()));
        for at in order {
            writeln!(out, "| {} | {:.3} | {:+.2} |", FEATURES[at], scorer.model.weights[at], scorer.importance[at])?;
        }
        writeln!(out)?;
    }
    if let Some((known, texts)) = ranker.known.as_ref().zip(ranker.appearances.as_ref()) {
        writeln!(
            out,
            "### Texts judged to repeat a case\n\n`appearances.jsonl` holds the {} texts of the judged queries, word for word; who \
             gets this model gets them. A case is known by them, too:\n\n| feature | weight | moves |\n|---|---:|---:|",
            texts.texts().len()
        )?;
        let names = std::iter::once(&"log-odds by the case's own words").chain(&appearances::FEATURES);
        for ((name, weight), moves) in names.zip(&known.model.weights).zip(&known.importance) {
            writeln!(out, "| {name} | {weight:.3} | {moves:+.2} |")?;
        }
        writeln!(out)?;
    }
    if let Some(table) = &ranker.translations {
        let languages: std::collections::BTreeSet<&str> = table.languages().map(|l| l.0).collect();
        writeln!(
            out,
            "Meanings of {} words in other languages ({}) were learned from versions of the same cases; they are listed in \
             `translations.tsv`.\n",
            table.len(),
            languages.into_iter().collect::<Vec<_>>().join(", ")
        )?;
    }
    writeln!(out)
}
