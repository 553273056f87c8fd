//! What the records of a narrative have in common besides the narrative: too few of them, one outlet, one language, one
//! group, one wording, one length. A model cannot tell such a common trait from the narrative.
//!
//! A trait that is frequent everywhere says nothing: five English cases in a set that is nine tenths English are no
//! accident. So outlet and language are reported only where their share in all records makes it unlikely that all
//! records of the narrative have them by chance.

use rustc_hash::{FxHashMap, FxHashSet};

use super::finding::{Finding, Kind};
use super::unit::Unit;
use crate::document::Language;
use crate::error::Place;
use crate::features::minhash::{Shingles, Signature};
use crate::model::manifest::PROTOTYPE;
use crate::model::taxonomy::NarrativeNo;
use crate::training::data::TrainingData;

/// Fewest records of a narrative that a model of its own can be learned from.
const FEWEST: usize = PROTOTYPE;

/// Chance below which a common trait is no accident.
const CHANCE: f64 = 0.05;

/// Mean similarity of records in different groups from which they follow a template. Measured on claims in English it
/// is 0.02 to 0.03 between unrelated ones and 0.03 to 0.05 between those of one storyline.
const TEMPLATE: f64 = 0.2;

/// Records compared for a template; of more, this many evenly spaced ones.
const COMPARED: usize = 200;

/// Lengths within this share of the median are one length.
const SAME_LENGTH: f64 = 0.1;

/// Fewest words for a length to mean anything.
const WORDS: usize = 20;

pub(super) fn find(data: &TrainingData, units: &[Unit<'_>]) -> Vec<Finding> {
    let mut carriers: Vec<Vec<&Unit<'_>>> = vec![Vec::new(); data.taxonomy.len()];
    for unit in units {
        for n in unit.labels {
            carriers[n.index()].push(unit);
        }
    }
    let shares = Shares::of(units);
    let mut out = Vec::new();
    for n in data.taxonomy.numbers().filter(|&n| data.taxonomy.is_leaf(n)) {
        let of = OfNarrative { data, narrative: n, records: &carriers[n.index()] };
        of.number(&mut out);
        of.origin(&shares, &mut out);
        of.wording(&mut out);
    }
    out
}

/// How frequent outlets and languages are in all records.
struct Shares<'d> {
    outlets: FxHashMap<&'d str, f64>,
    languages: FxHashMap<Language, f64>,
}

impl<'d> Shares<'d> {
    fn of(units: &[Unit<'d>]) -> Self {
        let known = units.iter().filter(|u| !u.outlets.is_empty()).count().max(1) as f64;
        let mut outlets = FxHashMap::default();
        for outlet in units.iter().flat_map(|u| u.outlets.iter().copied().collect::<FxHashSet<_>>()) {
            *outlets.entry(outlet).or_insert(0.0) += 1.0 / known;
        }
        let spoken: Vec<Language> = units.iter().filter_map(|u| Language::lenient(u.language)).collect();
        let mut languages = FxHashMap::default();
        for &language in &spoken {
            *languages.entry(language).or_insert(0.0) += 1.0 / spoken.len() as f64;
        }
        Self { outlets, languages }
    }
}

struct OfNarrative<'a> {
    data: &'a TrainingData,
    narrative: NarrativeNo,
    records: &'a [&'a Unit<'a>],
}

impl OfNarrative<'_> {
    fn add(&self, kind: Kind, what: String, out: &mut Vec<Finding>) {
        let own = self.data.places.narratives.get(self.narrative.index());
        let place: Option<&Place> = own.or_else(|| self.records.first().map(|r| r.place));
        out.push(Finding::new(kind, place, &self.data.taxonomy.narrative(self.narrative).id, what));
    }

    fn groups(&self) -> FxHashSet<&str> {
        self.records.iter().map(|r| r.group).collect()
    }

    fn number(&self, out: &mut Vec<Finding>) {
        let n = self.records.len();
        match n {
            0 => self.add(Kind::Unseen, "no case and no text carries it".into(), out),
            1..FEWEST => {
                self.add(Kind::Few, format!("only {n} record{} it", if n == 1 { " carries" } else { "s carry" }), out);
            }
            _ => {}
        }
        if n > 1 && self.groups().len() == 1 {
            self.add(Kind::OneGroup, format!("all {n} records are in the group \"{}\"", self.records[0].group), out);
        }
    }

    fn origin(&self, shares: &Shares<'_>, out: &mut Vec<Finding>) {
        // Versions of one article come from one place; only different ones count.
        let groups = self.groups().len();
        if groups < FEWEST {
            return;
        }
        let told: Vec<_> = self.records.iter().filter(|r| !r.outlets.is_empty()).collect();
        if let Some((first, others)) = told.split_first()
            && told.len() * 2 >= self.records.len()
        {
            let common = first.outlets.iter().find(|o| others.iter().all(|r| r.outlets.contains(o)));
            if let Some(&outlet) = common
                && unlikely(shares.outlets.get(outlet), groups)
            {
                self.add(
                    Kind::OneOutlet,
                    format!("all {} records that name an outlet name \"{outlet}\"", told.len()),
                    out,
                );
            }
        }
        let languages: Vec<_> = self.records.iter().map(|r| Language::lenient(r.language)).collect();
        if let Some(&Some(language)) = languages.first()
            && languages.iter().all(|l| *l == Some(language))
            && unlikely(shares.languages.get(&language), groups)
        {
            self.add(Kind::OneLanguage, format!("all {} records are in {language}", languages.len()), out);
        }
    }

    fn wording(&self, out: &mut Vec<Finding>) {
        if self.records.len() < FEWEST {
            return;
        }
        let step = self.records.len().div_ceil(COMPARED);
        let signed: Vec<(&Unit<'_>, Signature)> =
            (self.records.iter().step_by(step)).filter_map(|&r| Some((r, Shingles::of(r.text).signature()?))).collect();
        let (mut sum, mut pairs) = (0.0, 0usize);
        for (i, (a, x)) in signed.iter().enumerate() {
            for (_, y) in signed[i + 1..].iter().filter(|(b, _)| a.group != b.group && a.language == b.language) {
                sum += x.similarity(y);
                pairs += 1;
            }
        }
        let mean = sum / pairs.max(1) as f64;
        if pairs >= FEWEST && mean >= TEMPLATE {
            let percent = (mean * 100.0).round();
            self.add(Kind::Template, format!("its {} texts are {percent} % alike on average", self.records.len()), out);
        }
        let mut lengths: Vec<usize> = self.records.iter().map(|r| r.text.split_whitespace().count()).collect();
        lengths.sort_unstable();
        let (shortest, median, longest) = (lengths[0], lengths[lengths.len() / 2], lengths[lengths.len() - 1]);
        let margin = median as f64 * SAME_LENGTH;
        if median >= WORDS && (median - shortest) as f64 <= margin && (longest - median) as f64 <= margin {
            let what = format!("its {} texts have {shortest} to {longest} words", lengths.len());
            self.add(Kind::OneLength, what, out);
        }
    }
}

/// Whether `times` records would all have a trait of this share with a probability below [`CHANCE`].
fn unlikely(share: Option<&f64>, times: usize) -> bool {
    share.is_some_and(|s| s.powi(i32::try_from(times).unwrap_or(i32::MAX)) < CHANCE)
}
