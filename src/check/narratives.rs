//! What the records of a narrative have in common besides the narrative: too few of them, one outlet, one language, one
//! group, one wording, one length. A model cannot tell such a common trait from the narrative.
//!
//! A trait that is frequent everywhere says nothing: five English cases in a set that is nine tenths English are no
//! accident. So outlet and language are reported only where their share in all records makes it unlikely that all
//! records of the narrative have them by chance; nearly all of them count, too, if the trait is hardly met elsewhere.

use rustc_hash::{FxHashMap, FxHashSet};
use std::hash::Hash;

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

/// From this share of the records on, a trait is as good as common to all, where hardly any other narrative has it.
const NEARLY_ALL: f64 = 0.8;

/// Least share of the records with a trait that carry the narrative, for the trait to be the narrative's own.
const OWN: f64 = 0.5;

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
    let shares = Shares::of(&units.iter().collect::<Vec<_>>());
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
struct Shares {
    outlets: Trait<String>,
    languages: Trait<Language>,
}

impl Shares {
    fn of(units: &[&Unit<'_>]) -> Self {
        let outlets = units.iter().filter(|u| !u.outlets.is_empty()).map(|u| outlets(u));
        let languages = units.iter().filter_map(|u| Language::lenient(u.language)).map(|l| FxHashSet::from_iter([l]));
        Self { outlets: Trait::of(outlets), languages: Trait::of(languages) }
    }
}

/// How many records have each value of a trait.
struct Trait<T> {
    /// Records that state the trait.
    told: usize,
    having: FxHashMap<T, usize>,
}

impl<T: Eq + Hash + Ord + Clone> Trait<T> {
    fn of(values: impl Iterator<Item = FxHashSet<T>>) -> Self {
        let mut out = Self { told: 0, having: FxHashMap::default() };
        for of_record in values {
            out.told += 1;
            for value in of_record {
                *out.having.entry(value).or_insert(0) += 1;
            }
        }
        out
    }

    /// The commonest value, and how many records have it.
    fn commonest(&self) -> Option<(&T, usize)> {
        self.having.iter().map(|(v, &n)| (v, n)).max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)))
    }

    /// Whether `n` of `told` records of `groups` groups have `value` for no accident, and all of them do or nearly all and
    /// few others.
    fn confounds(&self, value: &T, (n, told, groups): (usize, usize, usize)) -> bool {
        let everywhere = *self.having.get(value).unwrap_or(&0);
        let enough = n == told || (n as f64 >= NEARLY_ALL * told as f64 && n as f64 >= OWN * everywhere as f64);
        // As if of every group the same share had it.
        let having = n * groups / told.max(1);
        enough && unlikely(everywhere as f64 / self.told.max(1) as f64, having, groups)
    }
}

/// The outlets of a record, as they are compared.
fn outlets(unit: &Unit<'_>) -> FxHashSet<String> {
    unit.outlets.iter().map(|o| o.to_lowercase()).collect()
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

    fn origin(&self, shares: &Shares, out: &mut Vec<Finding>) {
        // Versions of one article come from one place; only different ones count.
        let groups = self.groups().len();
        if groups < FEWEST {
            return;
        }
        let own = Shares::of(self.records);
        let all = self.records.len();
        if let Some((outlet, n)) = own.outlets.commonest()
            && own.outlets.told * 2 >= all
            && shares.outlets.confounds(outlet, (n, own.outlets.told, groups))
        {
            let written = self.records.iter().flat_map(|r| &r.outlets).find(|o| o.to_lowercase() == *outlet);
            let (outlet, told) = (written.unwrap_or(&outlet.as_str()).to_owned(), own.outlets.told);
            self.add(Kind::OneOutlet, format!("{} that name an outlet name \"{outlet}\"", of_all(n, told)), out);
        }
        if let Some((language, n)) = own.languages.commonest()
            && own.languages.told == all
            && shares.languages.confounds(language, (n, all, groups))
        {
            self.add(Kind::OneLanguage, format!("{} are in {language}", of_all(n, all)), out);
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

/// `all 9 records` or `18 of 20 records (90 %)`.
fn of_all(n: usize, all: usize) -> String {
    if n == all { format!("all {n} records") } else { format!("{n} of {all} records ({} %)", n * 100 / all.max(1)) }
}

/// Whether at least `having` of `all` independent records would have a trait of this share with a probability below
/// [`CHANCE`]: the upper tail of the binomial distribution.
fn unlikely(share: f64, having: usize, all: usize) -> bool {
    let mut tail = 0.0;
    // As a logarithm, since the coefficients of hundreds overflow.
    let mut ways = 0.0;
    for k in 0..=all {
        if k > 0 {
            ways += ((all - k + 1) as f64 / k as f64).ln();
        }
        if k >= having {
            tail += (ways + k as f64 * share.ln() + (all - k) as f64 * (1.0 - share).max(1e-12).ln()).exp();
        }
    }
    tail < CHANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_worked_by_hand() {
        // Four or five heads of five: 6/32; five: 1/32.
        assert!(!unlikely(0.5, 4, 5) && unlikely(0.5, 5, 5));
        assert!(unlikely(0.1, 2, 3) && !unlikely(0.2, 2, 3));
        assert!(unlikely(0.2, 900, 1000) && !unlikely(1.0, 5, 5));
    }
}
