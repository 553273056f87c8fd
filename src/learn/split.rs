//! Folds that keep groups together: an article, its translations and its copies always fall on one side.

use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

use crate::document::is_day;

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

/// A day as a number that sorts by time, from `YYYY-MM-DD` (what follows is ignored, month and day may be missing),
/// `D/M/YYYY` or `D.M.YYYY`. Nothing for what is no day, month or year of the calendar.
pub fn day(text: &str) -> Option<u32> {
    let number = |t: &str| t.parse::<u32>().ok().filter(|_| !t.starts_with('+'));
    let parts: Vec<&str> = text.trim().split(['-', '/', '.', 'T', ' ']).collect();
    let (year, month, day) = match parts[..] {
        [y] if y.len() == 4 => (number(y)?, 0, 0),
        [y, m] if y.len() == 4 => (number(y)?, number(m)?, 0),
        [y, m, d, ..] if y.len() == 4 => (number(y)?, number(m)?, number(d)?),
        [d, m, y] if y.len() == 4 => (number(y)?, number(m)?, number(d)?),
        _ => return None,
    };
    // Of a year or a month alone, its first day tells whether it is one.
    let exists = match parts.len() {
        1 => is_day(year, 1, 1),
        2 => is_day(year, month, 1),
        _ => is_day(year, month, day),
    };
    exists.then_some((year * 100 + month) * 100 + day)
}

/// A day of [`day`] as `YYYY-MM-DD`, without what is not known.
pub(crate) fn iso(day: u32) -> String {
    match (day / 10_000, day / 100 % 100, day % 100) {
        (year, 0, _) => format!("{year:04}"),
        (year, month, 0) => format!("{year:04}-{month:02}"),
        (year, month, day) => format!("{year:04}-{month:02}-{day:02}"),
    }
}

/// As [`grouped_folds`], but a fold holds one stretch of time, so that a held-out text is judged by a model that knows
/// no other text of those weeks: stories are retold for a while, and folds dealt by lot would flatter. A group is as old
/// as its oldest record; groups without a date are dealt.
pub fn timed_folds(
    groups: &[&str],
    days: &[Option<u32>],
    labels: &[Option<u32>],
    folds: usize,
    seed: u64,
) -> Vec<usize> {
    let mut out = grouped_folds(groups, labels, folds, seed);
    let mut dated: FxHashMap<&str, (u32, usize)> = FxHashMap::default();
    for (&group, day) in groups.iter().zip(days) {
        if let Some(day) = *day {
            let known = dated.entry(group).or_insert((day, 0));
            known.0 = known.0.min(day);
        }
    }
    for group in groups {
        if let Some(known) = dated.get_mut(group) {
            known.1 += 1;
        }
    }
    let mut order: Vec<(u32, &str, usize)> = dated.iter().map(|(&group, &(day, size))| (day, group, size)).collect();
    order.sort_unstable();
    let total: usize = order.iter().map(|o| o.2).sum();
    let (mut before, mut fold_of) = (0, FxHashMap::default());
    for (_, group, size) in order {
        // The fold in which the middle of the group falls.
        fold_of.insert(group, ((2 * before + size) * folds / (2 * total)).min(folds - 1));
        before += size;
    }
    for (fold, group) in out.iter_mut().zip(groups) {
        if let Some(&timed) = fold_of.get(group) {
            *fold = timed;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_sort_by_time_however_written() {
        let days = ["2018", "15/2/2018", "2018-02-16T10:00", "1.3.2018", "2019-01"].map(day);
        assert!(days.windows(2).all(|w| w[0].is_some() && w[0] < w[1]), "{days:?}");
        let written = days.map(|d| d.map_or_else(String::new, iso));
        assert_eq!(written, ["2018", "2018-02-15", "2018-02-16", "2018-03-01", "2019-01"]);
        for none in ["", "yesterday", "12/2018/1", "2018-13-01", "99", "0000", "0000-00-00", "0000-05-09", "+018-01-01"]
        {
            assert_eq!(day(none), None, "{none}");
        }
        for none in ["2018-00", "2018-13", "2018-00-00", "2018-02-00", "2018-02-29", "31.4.2018", "0/2/2018"] {
            assert_eq!(day(none), None, "{none}");
        }
    }

    #[test]
    fn timed_folds_are_stretches_of_time_and_keep_groups() {
        let groups: Vec<String> = (0..90).map(|i| format!("g{}", i * 7 % 30)).collect();
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let days: Vec<_> = (0..90u32).map(|i| (i % 9 != 8).then_some(20_200_101 + (i * 37) % 28)).collect();
        let folds = timed_folds(&groups, &days, &vec![None; 90], 4, 1);
        let oldest = |g: &str| (0..90).filter(|&i| groups[i] == g).filter_map(|i| days[i]).min();
        for i in 0..90 {
            for j in 0..90 {
                assert!(groups[i] != groups[j] || folds[i] == folds[j]);
                if let (Some(a), Some(b)) = (oldest(groups[i]), oldest(groups[j])) {
                    assert!(a >= b || folds[i] <= folds[j]);
                }
            }
        }
        assert!((0..4).all(|f| folds.contains(&f)));
        // Without any date, as if by group.
        let none = timed_folds(&groups, &[None; 90], &vec![None; 90], 4, 1);
        assert_eq!(none, grouped_folds(&groups, &vec![None; 90], 4, 1));
    }

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
