//! Single records whose fields do not hold what they should. What makes a record unusable is an error already where
//! records are read; here is what training accepts and a person would not.

use rustc_hash::FxHashMap;

use super::finding::{Finding, Kind};
use super::unit::{Sort, Unit, named};
use crate::document::{Language, is_date};
use crate::text::analyser::Analysis;
use crate::text::token::{Token, TokenKind};
use crate::training::data::TrainingData;

pub(super) fn find(data: &TrainingData, units: &[Unit<'_>]) -> Vec<Finding> {
    let mut out = taxonomy(data);
    let mut seen: FxHashMap<&str, &Unit<'_>> = FxHashMap::default();
    let some_labelled = units.iter().any(|u| !u.labels.is_empty());
    let mut analysis = Analysis::default();
    for unit in units {
        if !has_words(unit.text, &mut analysis) {
            let what = "holds no word; it counts as an example and teaches nothing".to_owned();
            out.push(Finding::new(Kind::Wordless, Some(unit.place), unit.id, what));
        }
        let mut add = |what: String| out.push(Finding::new(Kind::Field, Some(unit.place), unit.id, what));
        if let Some(first) = seen.get(unit.id) {
            add(format!("the id is also that of {}; rename one of the two", named(first)));
        }
        seen.entry(unit.id).or_insert(unit);
        if !unit.published.is_empty() && !is_date(unit.published) {
            add(format!("`published` is \"{}\"; write it as YYYY-MM-DD, or leave it empty", unit.published));
        }
        if !unit.language.is_empty() && Language::lenient(unit.language).is_none() {
            add(format!("`language` is \"{}\"; give an ISO 639 code such as en, or leave it empty", unit.language));
        }
        let mut labels: Vec<&String> = unit.named.iter().collect();
        labels.sort_unstable();
        for twice in labels.windows(2).filter(|w| w[0] == w[1]) {
            add(format!("names the narrative \"{}\" twice; once is enough", twice[0]));
        }
        for &n in unit.labels.iter().filter(|&&n| !data.taxonomy.is_leaf(n)) {
            let parent = &data.taxonomy.narrative(n).id;
            add(format!("is labelled \"{parent}\", which has narratives below it; name the one of those it carries"));
        }
        if unit.sort == Sort::Case && unit.named.is_empty() && some_labelled {
            add("the case names no narrative and is learned as carrying none; label it, or move it to a case base"
                .into());
        }
    }
    let unlabelled = data.unlabelled.iter();
    out.extend(unlabelled.map(|u| Finding::new(Kind::Unlabelled, Some(&u.place), &u.id, u.instead.to_string())));
    out
}

/// Whether there is a word of two letters, or a letter of a script in which a letter may be a word.
fn has_words(text: &str, analysis: &mut Analysis) -> bool {
    // What is surely a word in nearly every text, without the whole analysis.
    if text.split_whitespace().any(|w| w.len() > 1 && w.bytes().all(|b| b.is_ascii_alphabetic())) {
        return true;
    }
    analysis.analyse(text, None);
    let word = |t: &&Token| t.kind == TokenKind::Word && (t.end.0 - t.start.0 > 1 || !analysis.text(t).is_ascii());
    analysis.tokens.iter().any(|t| word(&t))
}

fn taxonomy(data: &TrainingData) -> Vec<Finding> {
    let mut out = Vec::new();
    for (n, place) in data.taxonomy.records().iter().zip(&data.places.narratives) {
        let mut add = |what: &str| out.push(Finding::new(Kind::Field, Some(place), &n.id, what.to_owned()));
        if n.name.trim().is_empty() {
            add("the narrative has no `name`; say in one short sentence what it claims");
        } else if n.description.trim().is_empty() && n.names.is_empty() {
            add("the narrative has neither `description` nor `names`; both are training text, give at least one");
        }
    }
    out
}
