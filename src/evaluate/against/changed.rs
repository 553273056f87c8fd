//! Texts whose best narrative was wrong and is right now, or the other way: what a person should read before a model goes
//! live.

use serde::Serialize;

use super::paired::Pair;
use crate::evaluate::labels::Labels;
use crate::evaluate::predict::Judged;
use crate::evaluate::worst::{LISTED, Said, excerpt, said};

/// A text on which the two models differ in being right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// Its id.
    pub id: String,
    /// Its headline.
    pub title: String,
    /// Its beginning.
    pub excerpt: String,
    /// Its language as the record says it.
    pub language: String,
    /// What it carries, with what the new model says of it.
    pub gold: Vec<Said>,
    /// The best answer of each model; null where it gave none.
    #[serde(flatten)]
    pub best: Pair<Option<Said>>,
}

/// How many texts changed, and which.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Changes {
    /// Texts whose best narrative was wrong (or missing) and is right now.
    pub mended: usize,
    /// Texts whose best narrative was right and is wrong (or missing) now.
    pub broken: usize,
    /// Texts of which both are right.
    pub right: usize,
    /// Texts of which both are wrong.
    pub wrong: usize,
    /// Broken texts, those first of whose wrong answer the new model is surest.
    pub most_broken: Vec<Changed>,
    /// Mended texts, those first of whose wrong answer the old model was surest.
    pub most_mended: Vec<Changed>,
}

/// What became of the best narrative, text by text.
pub fn changes(labels: Pair<&Labels>, known: &[Pair<&Judged>]) -> Changes {
    let of = |new: bool, old: bool| -> Vec<Pair<&Judged>> {
        known.iter().copied().filter(|p| p.new.is_right() == new && p.old.is_right() == old).collect()
    };
    let (mended, broken) = (of(true, false), of(false, true));
    Changes {
        mended: mended.len(),
        broken: broken.len(),
        right: of(true, true).len(),
        wrong: of(false, false).len(),
        most_broken: surest(labels, broken, |p| p.new),
        most_mended: surest(labels, mended, |p| p.old),
    }
}

/// Those whose wrong answer is surest. `wrong` picks the model that is wrong.
fn surest<'j>(
    labels: Pair<&Labels>,
    mut changed: Vec<Pair<&'j Judged>>,
    wrong: impl Fn(&Pair<&'j Judged>) -> &'j Judged,
) -> Vec<Changed> {
    let sure = |p: &Pair<&'j Judged>| wrong(p).confidence();
    changed.sort_by(|a, b| sure(b).total_cmp(&sure(a)).then_with(|| a.new.example.id.cmp(&b.new.example.id)));
    changed.truncate(LISTED);
    let best = |labels: &Labels, j: &Judged| j.best().map(|best| said(labels, j, best.label));
    let listed = changed.into_iter().map(|Pair { new, old }| Changed {
        id: new.example.id.clone(),
        title: excerpt(&new.example.title),
        excerpt: excerpt(&new.example.text),
        language: new.example.language.clone(),
        gold: new.gold.iter().map(|&g| said(labels.new, new, g)).collect(),
        best: Pair { new: best(labels.new, new), old: best(labels.old, old) },
    });
    listed.collect()
}
