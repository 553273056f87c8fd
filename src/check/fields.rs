//! Single records whose fields do not hold what they should. What makes a record unusable is an error already where
//! records are read; here is what training accepts and a person would not.

use rustc_hash::FxHashMap;

use super::finding::{Finding, Kind};
use super::unit::{Sort, Unit, named};
use crate::document::Language;
use crate::training::data::TrainingData;

pub(super) fn find(data: &TrainingData, units: &[Unit<'_>]) -> Vec<Finding> {
    let mut out = taxonomy(data);
    let mut seen: FxHashMap<&str, &Unit<'_>> = FxHashMap::default();
    let some_labelled = units.iter().any(|u| !u.labels.is_empty());
    for unit in units {
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
    out
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

/// Whether `text` is a day of the Gregorian calendar as `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| text.get(range).filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
    let number = |range| digits(range)?.parse::<u32>().ok();
    if text.len() != 10 || text.get(4..5) != Some("-") || text.get(7..8) != Some("-") {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_calendar() {
        for good in ["2024-02-29", "2000-02-29", "1999-12-31"] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-1-1",
            "01.02.2024",
            "2024-04-31",
            "２０２４-1",
            "+024-01-01",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
