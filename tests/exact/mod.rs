//! Whether evidence is exact.

use leitmotif::model::classifier::{Classifier, Scratch};
use leitmotif::model::explain::Column;

/// What the words of the last scored text contribute in all, column by column; the error names a column that they and the bias
/// do not add up to.
pub(crate) fn contributed(classifier: &Classifier, scratch: &mut Scratch) -> Result<Vec<f64>, String> {
    let columns: Vec<Column> = classifier.taxonomy.numbers().map(Column::Narrative).chain([Column::Spreads]).collect();
    let contributions = classifier.contributions(scratch, &columns);
    let of = |(i, &column): (usize, &Column)| {
        let sum: f64 = contributions.of(i).sum();
        let bias = classifier.linear.bias()[classifier.index(column)];
        let score = classifier.score_of(scratch, column).ok_or_else(|| format!("{column:?} has no score"))?;
        let is_exact = (sum + bias - score).abs() < 1e-9;
        is_exact.then_some(sum).ok_or_else(|| format!("{column:?}: {sum} and {bias} are not {score}"))
    };
    columns.iter().enumerate().map(of).collect()
}
