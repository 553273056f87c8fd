//! Groups of unknown texts that speak of one thing: where a new storyline may be coming up.
//!
//! Two texts belong together when they share a third of their most telling words; groups are what is connected.
//! Topic models were rejected: an editor must see at a glance why texts are grouped, and shared words say so.

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::store::UnknownText;

/// Least Jaccard similarity of two texts' telling words.
const ALIKE: f64 = 0.3;
/// A word in more texts than this tells nothing.
const TOO_COMMON: usize = 200;
/// Groups shown.
const SHOWN: usize = 20;

/// Unknown texts that share their most telling words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Cluster {
    /// How many texts.
    pub texts: usize,
    /// The words most of them share.
    pub terms: Vec<String>,
    /// First and last day.
    pub first: String,
    /// Last day.
    pub last: String,
    /// Their languages.
    pub languages: Vec<String>,
    /// Their outlets, where known.
    pub outlets: Vec<String>,
    /// Some of their headlines, where known.
    pub titles: Vec<String>,
}

/// The largest groups of two texts or more, largest first.
pub(crate) fn clusters(texts: &[UnknownText]) -> Vec<Cluster> {
    let mut of_term: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (i, text) in texts.iter().enumerate() {
        for term in &text.terms {
            of_term.entry(term).or_default().push(i);
        }
    }
    let mut leader: Vec<usize> = (0..texts.len()).collect();
    for (i, text) in texts.iter().enumerate() {
        let mut shared: FxHashMap<usize, usize> = FxHashMap::default();
        for members in text.terms.iter().filter_map(|t| of_term.get(t.as_str())).filter(|m| m.len() <= TOO_COMMON) {
            for &j in members.iter().filter(|&&j| j < i) {
                *shared.entry(j).or_default() += 1;
            }
        }
        for (j, both) in shared {
            let either = text.terms.len() + texts[j].terms.len() - both;
            if both as f64 >= ALIKE * either as f64 {
                let (a, b) = (find(&mut leader, i), find(&mut leader, j));
                leader[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    for i in 0..texts.len() {
        groups.entry(find(&mut leader, i)).or_default().push(i);
    }
    let mut out: Vec<Cluster> = groups
        .into_values()
        .filter(|g| g.len() > 1)
        .map(|g| cluster(&g.iter().map(|&i| &texts[i]).collect::<Vec<_>>()))
        .collect();
    out.sort_by(|a, b| (b.texts, &b.last, &a.terms).cmp(&(a.texts, &a.last, &b.terms)));
    out.truncate(SHOWN);
    out
}

fn find(leader: &mut [usize], mut i: usize) -> usize {
    while leader[i] != i {
        leader[i] = leader[leader[i]];
        i = leader[i];
    }
    i
}

fn cluster(texts: &[&UnknownText]) -> Cluster {
    let all = |of: fn(&UnknownText) -> &String| {
        let mut values: Vec<String> = texts.iter().map(|t| of(t).clone()).filter(|v| !v.is_empty()).collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    for term in texts.iter().flat_map(|t| &t.terms) {
        *counts.entry(term).or_default() += 1;
    }
    let mut terms: Vec<(&str, usize)> = counts.into_iter().filter(|t| t.1 > 1).collect();
    terms.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let days = all(|t| &t.day);
    let mut titles = all(|t| &t.title);
    titles.truncate(3);
    Cluster {
        texts: texts.len(),
        terms: terms.into_iter().take(8).map(|t| t.0.to_owned()).collect(),
        first: days.first().cloned().unwrap_or_default(),
        last: days.last().cloned().unwrap_or_default(),
        languages: all(|t| &t.language),
        outlets: all(|t| &t.outlet),
        titles,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_share_telling_words_are_one_group() {
        let text = |terms: &str| UnknownText {
            day: "2026-01-01".into(),
            language: "en".into(),
            outlet: String::new(),
            title: String::new(),
            terms: terms.split(' ').map(str::to_owned).collect(),
        };
        let found = clusters(&[
            text("moon cheese crater landing"),
            text("bread price harvest wheat"),
            text("moon cheese crater probe"),
            text("cheese crater probe rover"),
        ]);
        assert_eq!((found.len(), found[0].texts), (1, 3));
        assert_eq!(found[0].terms, ["cheese", "crater", "moon", "probe"]);
        assert!(clusters(&[]).is_empty());
    }
}
