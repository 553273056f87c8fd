//! Which documents of a run repeat an earlier one, in bounded memory.
//!
//! The first of a group is remembered by its sketch; what follows is compared with it, not with the others of the group,
//! so that a chain of small changes does not lead from one text to a different one. Only the latest first documents are
//! remembered: a bound by number, not by age, keeps memory flat and the answer the same on every machine. Decisions are
//! taken in the order of the input, whatever the threads do.

use rustc_hash::FxHashMap;

use crate::features::sketch::{BANDS, BINS, Sketch, bands, similarity};

/// Similarity from which a long text repeats another. Higher than what `check` calls near: here the answer for one text
/// is given for the other.
pub const SAME: f64 = 0.8;

/// First documents that are remembered, unless told otherwise: some 60 MB.
pub const REMEMBERED: usize = 1 << 17;

/// The number of a group's first document among all first documents, from 0.
pub(crate) type Group = u64;

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Unlike all that is remembered.
    First(Group),
    /// A repetition.
    Repeats {
        group: Group,
        /// Id of the group's first document.
        first: Box<str>,
    },
}

struct First {
    id: Box<str>,
    sketch: Sketch,
}

/// The first documents of the latest groups.
pub(crate) struct Duplicates {
    /// Ring by group number.
    firsts: Vec<First>,
    capacity: usize,
    next: Group,
    exact: FxHashMap<u128, Group>,
    /// For every band a table by its hash; of two groups in one place the later stays. A pair has twenty other chances.
    bands: Vec<u32>,
    mask: u64,
}

impl Duplicates {
    /// Remembers `capacity` first documents.
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        let slots = (capacity * 2).next_power_of_two();
        Self {
            firsts: Vec::new(),
            capacity,
            next: 0,
            exact: FxHashMap::default(),
            bands: Vec::new(),
            mask: slots as u64 - 1,
        }
    }

    /// Places the next document.
    pub(crate) fn place(&mut self, id: &str, sketch: Sketch) -> Place {
        if let Some(group) = self.find(&sketch) {
            let first = self.firsts[(group % self.capacity as u64) as usize].id.clone();
            return Place::Repeats { group, first };
        }
        Place::First(self.remember(id, sketch))
    }

    fn find(&self, sketch: &Sketch) -> Option<Group> {
        match sketch {
            Sketch::Empty => None,
            Sketch::Exact(hash) => self.exact.get(hash).copied(),
            Sketch::Bins(bins) => {
                if self.bands.is_empty() {
                    return None;
                }
                let mut best: Option<(f64, Group)> = None;
                for (band, hash) in bands(bins).into_iter().enumerate() {
                    let slot = self.bands[self.slot(band, hash)];
                    let Some(first) = slot.checked_sub(1).and_then(|s| self.firsts.get(s as usize)) else { continue };
                    let Sketch::Bins(other) = &first.sketch else { continue };
                    let like = similarity(bins, other);
                    let group = self.group_at(u64::from(slot) - 1);
                    // Of two that are as like, the earlier.
                    if like >= SAME && best.is_none_or(|(b, g)| like > b || (like >= b && group < g)) {
                        best = Some((like, group));
                    }
                }
                best.map(|(_, group)| group)
            }
        }
    }

    fn slot(&self, band: usize, hash: u64) -> usize {
        band * (self.mask as usize + 1) + (hash & self.mask) as usize
    }

    /// The latest group whose place in the ring is `at`.
    fn group_at(&self, at: u64) -> Group {
        let capacity = self.capacity as u64;
        let latest = self.next.saturating_sub(1);
        latest - (latest % capacity + capacity - at) % capacity
    }

    fn remember(&mut self, id: &str, sketch: Sketch) -> Group {
        let group = self.next;
        let at = (group % self.capacity as u64) as usize;
        match &sketch {
            Sketch::Empty => {}
            Sketch::Exact(hash) => {
                self.exact.insert(*hash, group);
            }
            Sketch::Bins(bins) => {
                if self.bands.is_empty() {
                    self.bands = vec![0; BANDS * (self.mask as usize + 1)];
                }
                for (band, hash) in bands(bins).into_iter().enumerate() {
                    let slot = self.slot(band, hash);
                    self.bands[slot] = at as u32 + 1;
                }
            }
        }
        let first = First { id: id.into(), sketch };
        if at == self.firsts.len() {
            self.firsts.push(first);
        } else {
            let old = std::mem::replace(&mut self.firsts[at], first);
            if let Sketch::Exact(hash) = old.sketch
                && self.exact.get(&hash).is_some_and(|g| *g < group)
            {
                self.exact.remove(&hash);
            }
        }
        self.next += 1;
        group
    }
}

const _: () = assert!(BINS >= BANDS, "a band has at least one bin");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::sketch::Sketcher;
    use proptest::prelude::*;

    fn places(texts: &[String], capacity: usize) -> Vec<Option<String>> {
        let (mut duplicates, mut sketcher) = (Duplicates::new(capacity), Sketcher::default());
        texts
            .iter()
            .enumerate()
            .map(|(i, text)| match duplicates.place(&i.to_string(), sketcher.sketch(text)) {
                Place::First(_) => None,
                Place::Repeats { first, .. } => Some(first.into()),
            })
            .collect()
    }

    fn article(seed: usize, changed: usize) -> String {
        let word = |i: usize| format!("w{}", (seed * 7919 + i * 104_729) % 9973);
        let words = (0..200).map(|i| if i < changed { format!("x{seed}{i}") } else { word(i) });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn copies_refer_to_the_first() {
        let texts =
            [article(1, 0), "Short post.".into(), article(2, 0), article(1, 5), "short  post.".into(), article(1, 100)];
        let said = places(&texts, 100);
        let said: Vec<_> = said.iter().map(Option::as_deref).collect();
        assert_eq!(said, [None, None, None, Some("0"), Some("1"), None]);
    }

    #[test]
    fn only_the_latest_are_remembered() {
        let mut texts: Vec<String> = (0..10).map(|i| article(i, 0)).collect();
        texts.extend((0..10).map(|i| format!("Short post number {i}.")));
        texts.extend([article(0, 0), article(9, 0), "Short post number 0.".into(), "Short post number 9.".into()]);
        let said = places(&texts, 14);
        let said: Vec<_> = said[20..].iter().map(Option::as_deref).collect();
        assert_eq!(said, [None, Some("9"), Some("10"), Some("19")]);
        assert_eq!(places(&texts, 1)[20..], [None, None, None, None]);
    }

    proptest! {
        /// Equal texts always meet while they are remembered, and what is said is always an earlier document.
        #[test]
        fn equal_texts_meet(order in prop::collection::vec(0usize..6, 1..40), long in any::<bool>()) {
            let texts: Vec<String> = order.iter().map(|&i| if long { article(i, 0) } else { format!("post {i} of many") }).collect();
            for (i, said) in places(&texts, 1000).into_iter().enumerate() {
                let first = order.iter().position(|&o| o == order[i]).unwrap();
                prop_assert_eq!(said, (first < i).then(|| first.to_string()));
            }
        }
    }
}
