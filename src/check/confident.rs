//! Confident learning: which given labels the out-of-fold probabilities speak against.
//!
//! Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70 (2021). A class
//! has the threshold `t` = the mean probability of the class over the records labelled with it (its self-confidence,
//! eq. 2), so that a class the model is shy about is not blamed for that. A record whose probability of a class reaches
//! its threshold is confidently counted for that class; confidently counted for another class than its label it is an
//! off-diagonal entry of the confident joint (eq. 1), and candidates are ranked by the margin between the two classes
//! (§3.2, "rank by margin"). Records here carry several labels or none, so every narrative is a problem of its own, one
//! against the rest, with two thresholds: for carrying it, and for not carrying it.
//!
//! One such off-diagonal entry alone is weak evidence: a rare narrative is doubted on half of its records, and a vague
//! label is missing from half of the set. So a record is named only where a doubted label meets a confident
//! alternative; for a record without labels, "none" is the doubted label.

/// Fewest records of a class for a threshold.
const FEWEST: usize = 5;

/// Least probability of the alternative, whatever its threshold: below, the model itself says "rather not".
const LIKELY: f64 = 0.5;

/// A record whose labels are doubted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Doubt {
    /// Which record.
    pub(super) record: usize,
    /// The class it is labelled with and probably does not carry; `None`: it has no label.
    pub(super) given: Option<usize>,
    /// The class it probably carries.
    pub(super) likely: usize,
    /// Probability of `likely` less that of `given`, or less that of carrying none.
    pub(super) margin: f64,
}

/// Mean self-confidence of a class: `(carried, not carried)`. `None` with too few records on a side.
fn thresholds(probabilities: &[&[f64]], labels: &[Vec<usize>], class: usize) -> Option<(f64, f64)> {
    let (mut with, mut without) = ((0.0, 0), (0.0, 0));
    for (row, carried) in probabilities.iter().zip(labels) {
        let (side, p) =
            if carried.contains(&class) { (&mut with, row[class]) } else { (&mut without, 1.0 - row[class]) };
        side.0 += p;
        side.1 += 1;
    }
    (with.1 >= FEWEST && without.1 >= FEWEST).then(|| (with.0 / with.1 as f64, without.0 / without.1 as f64))
}

/// The doubted records, by falling margin. `labels` holds the classes each record is labelled with; only `classes` are
/// looked at; `related` says that a record with the one class can as well have the other (parent and child).
pub(super) fn doubts(
    probabilities: &[&[f64]],
    labels: &[Vec<usize>],
    classes: &[usize],
    related: &dyn Fn(usize, usize) -> bool,
) -> Vec<Doubt> {
    let width = classes.iter().max().map_or(0, |m| m + 1);
    let mut bounds = vec![None; width];
    for &class in classes {
        bounds[class] = thresholds(probabilities, labels, class);
    }
    let mut out = Vec::new();
    for (record, (row, carried)) in probabilities.iter().zip(labels).enumerate() {
        let confident = classes.iter().copied().filter(|&k| {
            bounds[k].is_some_and(|(with, _): (f64, f64)| row[k] >= with.max(LIKELY))
                && !carried.iter().any(|&c| c == k || related(c, k))
        });
        let Some(likely) = confident.max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a))) else { continue };
        if carried.is_empty() {
            out.push(Doubt { record, given: None, likely, margin: 2.0 * row[likely] - 1.0 });
            continue;
        }
        // If a label stands without doubt, the text speaks of that too, and the alternative is no contradiction.
        let doubted = |c: usize| bounds.get(c).copied().flatten().is_none_or(|(_, without)| 1.0 - row[c] >= without);
        let strongest = carried.iter().copied().max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a)));
        if let Some(given) = strongest.filter(|_| carried.iter().all(|&c| doubted(c))) {
            out.push(Doubt { record, given: Some(given), likely, margin: row[likely] - row[given] });
        }
    }
    out.sort_by(|a, b| b.margin.total_cmp(&a.margin).then(a.record.cmp(&b.record)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes of forty; the model is sure of both but for its noise. `swapped` are labelled the other way.
    fn noisy(swapped: &[usize]) -> (Vec<[f64; 2]>, Vec<Vec<usize>>) {
        let truth = |i: usize| i / 40;
        let p = |i: usize| 0.75 + 0.2 * ((i * 37 % 40) as f64 / 40.0);
        let rows = (0..80).map(|i| if truth(i) == 0 { [p(i), 1.0 - p(i)] } else { [1.0 - p(i), p(i)] }).collect();
        let labels = (0..80).map(|i| vec![if swapped.contains(&i) { 1 - truth(i) } else { truth(i) }]).collect();
        (rows, labels)
    }

    fn found(rows: &[[f64; 2]], labels: &[Vec<usize>]) -> Vec<Doubt> {
        let rows: Vec<&[f64]> = rows.iter().map(<[f64; 2]>::as_slice).collect();
        doubts(&rows, labels, &[0, 1], &|_, _| false)
    }

    #[test]
    fn swapped_labels_are_found_and_no_other() {
        assert_eq!(found(&noisy(&[]).0, &noisy(&[]).1), []);
        // Three the model is surer of than of most: the method names no others.
        let (rows, labels) = noisy(&[3, 41, 42]);
        let doubts = found(&rows, &labels);
        let mut records: Vec<usize> = doubts.iter().map(|d| d.record).collect();
        records.sort_unstable();
        assert_eq!(records, [3, 41, 42]);
        assert!(doubts.windows(2).all(|d| d[0].margin >= d[1].margin));
        assert!(doubts.iter().all(|d| d.given == Some(1 - d.likely)));
    }

    #[test]
    fn none_is_doubted_like_a_label_and_a_sure_label_protects() {
        let (mut rows, mut labels) = noisy(&[]);
        labels[5].clear();
        rows[6] = [0.95, 0.95];
        let doubts = found(&rows, &labels);
        assert_eq!(doubts.len(), 1);
        assert_eq!((doubts[0].record, doubts[0].given, doubts[0].likely), (5, None, 0));
    }
}
