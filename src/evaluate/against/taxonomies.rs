//! How the narratives of two models differ. A text that carries a narrative which one of them was never taught is lost to
//! it, and a figure of parents is another figure where narratives have other parents.

use serde::Serialize;

use super::paired::Pair;
use crate::evaluate::labels::{Label, Labels};

/// Ids named in a note.
const NAMED: usize = 5;

/// Ids of narratives, parents among them, that the models do not share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TaxonomyChanges {
    /// Only the new model knows these.
    pub only_new: Vec<String>,
    /// Only the old one does.
    pub only_old: Vec<String>,
    /// Both know these, but under another topmost parent, or with children in one only.
    pub moved: Vec<String>,
}

/// Compares the narratives that the models know.
pub fn taxonomies(labels: Pair<&Labels>) -> TaxonomyChanges {
    let missing = |from: &Labels, other: &Labels| -> Vec<String> {
        let mut out: Vec<String> = known(from).filter(|l| find(other, &l.id).is_none()).map(|l| l.id.clone()).collect();
        out.sort();
        out
    };
    let root = |labels: &Labels, label: &Label| labels.label(label.root).id.clone();
    let mut moved: Vec<String> = known(labels.new)
        .filter(|new| {
            find(labels.old, &new.id)
                .is_some_and(|old| old.leaf != new.leaf || root(labels.old, old) != root(labels.new, new))
        })
        .map(|l| l.id.clone())
        .collect();
    moved.sort();
    TaxonomyChanges { only_new: missing(labels.new, labels.old), only_old: missing(labels.old, labels.new), moved }
}

fn known(labels: &Labels) -> impl Iterator<Item = &Label> {
    labels.numbers().map(|n| labels.label(n)).filter(|l| l.known)
}

fn find<'l>(labels: &'l Labels, id: &str) -> Option<&'l Label> {
    labels.get(id).map(|n| labels.label(n)).filter(|l| l.known)
}

impl TaxonomyChanges {
    /// A sentence for each way in which they differ.
    pub fn notes(&self) -> Vec<String> {
        let mut out = Vec::new();
        if !self.only_new.is_empty() || !self.only_old.is_empty() {
            out.push(format!(
                "The models do not know the same narratives: only the new one has {}, only the old one has {}. A text that carries \
                 one of these can be right for one model alone.",
                ids(&self.only_new),
                ids(&self.only_old)
            ));
        }
        if !self.moved.is_empty() {
            out.push(format!(
                "The models have these narratives in other places of the tree: {}. What counts as the right parent of \
                 their texts differs.",
                ids(&self.moved)
            ));
        }
        out
    }
}

/// How many, and the first of them.
fn ids(all: &[String]) -> String {
    if all.is_empty() {
        return "none".to_owned();
    }
    let first: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    let more = if all.len() > NAMED { ", …" } else { "" };
    format!("{} ({}{more})", all.len(), first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;
    use crate::model::taxonomy::{Narrative, Taxonomy};

    fn labels(narratives: &[(&str, Option<&str>)]) -> Labels {
        let record = |(line, (id, parent)): (usize, &(&str, Option<&str>))| {
            let narrative = Narrative { id: (*id).into(), parent: parent.map(Into::into), ..Narrative::default() };
            (Place { source: "narratives".into(), line }, narrative)
        };
        Labels::new(&Taxonomy::new(narratives.iter().enumerate().map(record).collect()).unwrap())
    }

    #[test]
    fn what_only_one_model_knows_is_named_and_what_moved() {
        let mut new = labels(&[("p", None), ("q", None), ("a", Some("p")), ("b", Some("q")), ("n", Some("p"))]);
        let mut old = labels(&[("p", None), ("q", None), ("a", Some("p")), ("b", Some("p")), ("o", Some("q"))]);
        // A test record that names a narrative does not make a model know it.
        for id in ["n", "o", "x"] {
            new.intern(id);
            old.intern(id);
        }
        let found = taxonomies(Pair { new: &new, old: &old });
        assert_eq!(
            (found.only_new.join(" "), found.only_old.join(" "), found.moved.join(" ")),
            ("n".into(), "o".into(), "b".into())
        );
        let notes = found.notes();
        assert!(notes[0].contains("only the new one has 1 (n), only the old one has 1 (o)"), "{notes:?}");
        assert_eq!(taxonomies(Pair { new: &old, old: &old }), TaxonomyChanges::default());
        assert!(TaxonomyChanges::default().notes().is_empty());
    }

    #[test]
    fn of_many_ids_the_first_are_named() {
        let many: Vec<String> = (1..=7).map(|i| format!("n{i}")).collect();
        assert_eq!(ids(&many), "7 (n1, n2, n3, n4, n5, …)");
        assert_eq!(ids(&[]), "none");
    }
}
