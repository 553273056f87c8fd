//! Folds that keep groups together: an article, its translations and its copies always fall on one side.

use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// The fold of each record, `0..folds`. Records of one group share a fold; with fewer groups than folds the last folds
/// stay empty.
///
/// Each group goes to the fold that so far holds least of its label (ties: the smallest fold), so that every narrative
/// is spread. The order in which groups are placed is a seeded shuffle: same keys and seed, same folds.
pub fn grouped_folds(groups: &[&str], labels: &[Option<u32>], folds: usize, seed: u64) -> Vec<usize> {
    let mut members: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (i, &g) in groups.iter().enumerate() {
        members.entry(g).or_default().push(i);
    }
    let mut order: Vec<&str> = members.keys().copied().collect();
    let key = |g: &str| {
        let mut h = FxHasher::default();
        h.write_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1));
        h.write(g.as_bytes());
        h.finish()
    };
    order.sort_by_key(|&g| (std::cmp::Reverse(members[g].len()), key(g), g));
    let mut sizes = vec![0usize; folds];
    let mut per_label: FxHashMap<(usize, Option<u32>), usize> = FxHashMap::default();
    let mut out = vec![0; groups.len()];
    for g in order {
        let label = labels.get(members[g][0]).copied().flatten();
        let held = |f: usize| per_label.get(&(f, label)).copied().unwrap_or(0);
        let fold = (0..folds).min_by_key(|&f| (held(f), sizes[f], f)).unwrap_or(0);
        for &i in &members[g] {
            out[i] = fold;
        }
        sizes[fold] += members[g].len();
        *per_label.entry((fold, label)).or_default() += members[g].len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_together_and_labels_spread() {
        let groups: Vec<String> = (0..60).map(|i| format!("g{}", i / 2)).collect();
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let labels: Vec<_> = (0..60).map(|i| Some(i / 30)).collect();
        let folds = grouped_folds(&groups, &labels, 5, 7);
        for pair in folds.chunks(2) {
            assert_eq!(pair[0], pair[1]);
        }
        for fold in 0..5 {
            for label in 0..2 {
                let n = (0..60).filter(|&i| folds[i] == fold && labels[i] == Some(label)).count();
                assert_eq!(n, 6);
            }
        }
        assert_eq!(folds, grouped_folds(&groups, &labels, 5, 7));
    }
}
