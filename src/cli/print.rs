//! An assessment for people: the answer in one line, then what shows it.

use std::fmt::Write;

use super::colour::Style;
use super::headline::{LIKE, decided, has_same, headline, percent};
use crate::assess::{Assessment, Evidence, NarrativeAssessment, Outcome, StanceAssessment};
use crate::cases::index::CaseIndex;
use crate::cases::passages::Passage;
use crate::cases::related::Related;
use crate::cases::why::{Difference, Differing, SharedTerm};
use crate::model::classifier::Decision;
use crate::model::stance::Stance;

/// Longest quotation, in characters.
const QUOTE: usize = 240;

/// The whole answer; of related cases only where any were asked for.
pub(super) fn assessment(a: &Assessment, text: &str, cases: Option<&CaseIndex>, style: Style) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_assessment(&mut out, a, text, cases, style);
    out
}

/// Only related cases.
pub(super) fn related(found: &[Related], text: &str, cases: &CaseIndex, style: Style) -> String {
    let mut out = String::new();
    let _ = write_related(&mut out, found, text, cases, style);
    out
}

fn write_assessment(
    out: &mut String,
    a: &Assessment,
    text: &str,
    cases: Option<&CaseIndex>,
    style: Style,
) -> std::fmt::Result {
    writeln!(out, "{}", style.strong(headline(a)))?;
    let language = a.language.map_or_else(|| "language not recognised".to_owned(), |l| format!("language {l}"));
    writeln!(out, "{}", style.faint(format!("{language} · model {} {}", a.model.name, a.model.version)))?;
    for warning in &a.warnings {
        writeln!(out, "{}", style.doubt(format!("note: {warning}")))?;
    }
    // A parent is shown with its child; on its own only when it alone was decided.
    for n in decided(a, Decision::Suggest) {
        write_narrative(out, n, a, style)?;
    }
    // Said of what was found; a text without a narrative or a case has nothing to spread.
    let found = a.outcome == Outcome::Known || has_same(a);
    if let Some(stance) = a.stance.as_ref().filter(|_| found) {
        write_stance(out, stance, style)?;
    }
    let weak: Vec<String> = (a.narratives.iter())
        .filter(|n| {
            n.decision == Decision::Weak
                && n.parent.is_some() | !a.narratives.iter().any(|c| c.parent.as_deref() == Some(&n.id))
        })
        .take(3)
        .map(|n| format!("{} {}", percent(n.probability), n.name))
        .collect();
    if !weak.is_empty() {
        writeln!(out, "\n{}", style.faint(format!("too weak to say: {}", weak.join(" · "))))?;
    }
    let Some(cases) = cases else { return Ok(()) };
    let listed = a.related.iter().filter(|r| r.score >= LIKE).cloned().collect::<Vec<_>>();
    if listed.is_empty() {
        writeln!(out, "\nNo debunked case says the same.")?;
        // Few words are shared with a case in another language, so its probability is too low to hide it by.
        let nearest = a.related.first().and_then(|r| Some((r, cases.by_id(&r.id)?.own_language()?)));
        match nearest.filter(|(_, language)| a.language.is_some_and(|text| text != *language)) {
            Some((r, language)) => {
                let nearest = format!("nearest, in another language ({language}, {}): {}", percent(r.score), r.title);
                writeln!(out, "{}", style.faint(nearest))
            }
            None => Ok(()),
        }
    } else {
        write_related(out, &listed, text, cases, style)
    }
}

fn write_narrative(out: &mut String, n: &NarrativeAssessment, a: &Assessment, style: Style) -> std::fmt::Result {
    let (word, paint): (&str, fn(Style, String) -> String) = match n.decision {
        Decision::Match => ("match", |s, t| s.alarm(t)),
        Decision::Suggest => ("suggested", |s, t| s.doubt(t)),
        Decision::Weak => ("weak", |s, t| s.faint(t)),
    };
    let label = paint(style, format!("{word:<9} {:>6}", percent(n.probability)));
    writeln!(out, "\n{label}  {}", style.strong(&n.name))?;
    if let Some(parent) = n.parent.as_ref().and_then(|p| a.narratives.iter().find(|x| x.id == *p)) {
        writeln!(
            out,
            "{:18}{}",
            "",
            style.faint(format!("a form of: {} ({})", parent.name, percent(parent.probability)))
        )?;
    }
    if n.passage.is_some() {
        writeln!(out, "{:18}{}", "", style.faint("told from one passage of the text:"))?;
    }
    for e in &n.evidence {
        writeln!(out, "  {}", marked(e, 0.2, style))?;
    }
    Ok(())
}

/// Whether it spreads or reports, and the sentences that show it. Never an alarm: the narratives above stand either way.
fn write_stance(out: &mut String, stance: &StanceAssessment, style: Style) -> std::fmt::Result {
    let spreads = stance.probability;
    let line = match stance.label {
        Stance::Spreads => format!("Spreads it, {}", percent(spreads)),
        Stance::Reports => format!("Reports on it or debunks it, {}", percent(1.0 - spreads)),
        Stance::Unclear => format!("Unclear whether it spreads or reports (spreads it: {})", percent(spreads)),
    };
    writeln!(out, "\n{}", style.strong(line))?;
    for e in &stance.evidence {
        writeln!(out, "  {}", marked(e, 0.5, style))?;
    }
    Ok(())
}

/// The sentence with its strongest words marked: those that give at least this share of what the strongest gives, so
/// that the eye finds those that matter. A narrative shows in few words, a stance a little in all of them.
fn marked(e: &Evidence, share: f64, style: Style) -> String {
    let letters: Vec<char> = e.text.chars().collect();
    let mut out = String::from("“");
    let mut at = 0usize;
    let most = e.terms.iter().map(|t| t.contribution).fold(0.0, f64::max);
    for t in e.terms.iter().filter(|t| t.contribution >= most * share) {
        let (from, to) = ((t.start - e.start) as usize, (t.end - e.start) as usize);
        if from < at || to > letters.len() {
            continue;
        }
        out.extend(&letters[at..from]);
        out.push_str(&style.mark(letters[from..to].iter().collect::<String>()));
        at = to;
    }
    out.extend(&letters[at.min(letters.len())..]);
    out.push('”');
    out.replace(['\n', '\r', '\t'], " ")
}

fn write_related(out: &mut String, found: &[Related], text: &str, cases: &CaseIndex, style: Style) -> std::fmt::Result {
    if found.is_empty() {
        return writeln!(out, "No debunked case says the same.");
    }
    writeln!(out, "\n{}", style.strong("Related debunked cases"))?;
    for r in found {
        let date = if r.published.is_empty() { String::new() } else { format!(" ({})", r.published) };
        writeln!(out, "{:>6}  {}{}", percent(r.score), style.strong(&r.title), style.faint(date))?;
        if let Some(case) = cases.by_id(&r.id) {
            if !case.disproof.is_empty() {
                writeln!(out, "        {} {}", style.faint("debunk:"), quote(&case.disproof))?;
            }
            if let Some(p) = r.passages.first() {
                write_passage(out, p, text, &case.field(p.of()), style)?;
            }
        }
        if let Some(known) = &r.appearance {
            writeln!(out, "        {} {}", style.faint("judged to repeat it before:"), quote(&known.text))?;
        }
        if !r.terms.is_empty() {
            let words: Vec<String> = r.terms.iter().map(shared_word).collect();
            writeln!(out, "        {} {}", style.faint("words:"), words.join(", "))?;
        }
        for d in &r.differs {
            writeln!(out, "        {} {}", style.faint("differs:"), difference(d))?;
        }
        if !r.url.is_empty() {
            writeln!(out, "        {}", style.faint(&r.url))?;
        }
    }
    Ok(())
}

fn shared_word(term: &SharedTerm) -> String {
    let word = quote(&term.text);
    term.means.as_ref().map_or_else(|| word.clone(), |means| format!("{word} ({means})"))
}

fn difference(d: &Difference) -> String {
    let said = |words: &[String]| quote(&words.join(", "));
    match d.what {
        Differing::Number => format!("number, {} here, {} in the case", said(&d.text), said(&d.case)),
        Differing::Date => format!("date, {} here, {} in the case", said(&d.text), said(&d.case)),
        Differing::Name => format!("name, {} here, {} in the case", said(&d.text), said(&d.case)),
        Differing::Negation if d.text.is_empty() => format!("denied in the case only ({})", said(&d.case)),
        Differing::Negation => format!("denied here only ({})", said(&d.text)),
    }
}

fn write_passage(out: &mut String, p: &Passage, text: &str, field: &str, style: Style) -> std::fmt::Result {
    let cut = |text: &str, from: u32, to: u32| -> String {
        quote(&text.chars().skip(from as usize).take((to - from) as usize).collect::<String>())
    };
    writeln!(out, "        {} {}", style.faint("here: "), cut(text, p.start, p.end))?;
    writeln!(out, "        {} {}", style.faint(format!("{}:", p.field)), cut(field, p.field_start, p.field_end))
}

/// The beginning of a text on one line.
fn quote(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}
