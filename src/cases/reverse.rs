//! Reverse search: which texts, already scored, repeat a case that has just been added.
//!
//! A new debunk is most useful for what already circulates. The texts are read one by one against the base that now
//! holds the case. Most share nothing telling with it, and reading their terms shows that; only the others are searched
//! and ranked like any query, so that a text is found for the new case exactly when it would be answered with it. An
//! index of the texts was rejected: it would be larger than that of the cases, and is asked once a day.

use super::candidates::Query;
use super::index::{CaseNo, CaseTerm};
use super::passages::Passage;
use super::related::{CaseBase, RANKED};
use crate::document::Language;
use crate::error::Result;
use crate::features::vocabulary::TermKind;
use crate::text::analyser::sentences;

/// A text that was scored before.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessedText {
    /// Its id.
    pub id: String,
    /// The text.
    pub text: String,
    /// Its language, when known.
    pub language: Option<Language>,
}

/// Where texts that were scored before are kept: a file of records, or a store.
pub trait AssessedTexts {
    /// Calls `each` with every text.
    fn each_text(&self, each: &mut dyn FnMut(AssessedText)) -> Result<()>;
}

/// A text that repeats a new case.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Repeats {
    /// Id of the text.
    pub text: String,
    /// Id of the case.
    pub case: String,
    /// Probability that both make the same claim.
    pub score: f64,
    /// Passages that match, best first; code-point offsets into the text.
    pub passages: Vec<Passage>,
}

/// Least share of the words of a case's claim or title (by idf) that a text must hold to be searched.
const LEAST_SHARED: f64 = 0.15;

/// What a search of all texts came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Texts read.
    pub texts: usize,
    /// What repeats a case, most probable first.
    pub repeats: Vec<Repeats>,
}

/// Finds the texts that repeat one of the cases `new`, which are in `base`, with a probability of at least `least`.
pub fn repeating(base: &CaseBase, new: &[String], texts: &dyn AssessedTexts, least: f64) -> Result<Found> {
    let new: Vec<CaseNo> = new.iter().filter_map(|id| base.index.number(id)).collect();
    let mut query = Query::default();
    let mut found = Found::default();
    texts.each_text(&mut |text| {
        found.texts += 1;
        let marked = sentences(&text.text);
        base.read(&mut query, &text.text, &marked, text.language);
        if !new.iter().any(|&case| may_repeat(base, &query, case)) {
            return;
        }
        let related = base.answer(&mut query, &text.text, &marked, (RANKED, least)).into_iter();
        found.repeats.extend(
            related.filter(|r| base.index.number(&r.id).is_some_and(|n| new.contains(&n))).map(|r| Repeats {
                text: text.id.clone(),
                case: r.id,
                score: r.score,
                passages: r.passages,
            }),
        );
    })?;
    found.repeats.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.text.cmp(&b.text)));
    Ok(found)
}

/// Whether a text holds enough words of a case's claim or title.
fn may_repeat(base: &CaseBase, query: &Query, case: CaseNo) -> bool {
    let mut shared = [0.0; 2];
    let add = |t: CaseTerm| {
        let Some(known) = query.view.slot(t.term).and_then(|s| query.view.terms.get(s)) else { return };
        if known.kind == TermKind::Word {
            for (sum, &count) in shared.iter_mut().zip(&t.counts) {
                *sum += if count > 0 { known.idf } else { 0.0 };
            }
        }
    };
    base.index.each_term(case, |term| query.view.may_have(term), add);
    shared.iter().zip(base.index.facts(case).totals.words).any(|(s, total)| *s > LEAST_SHARED * total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::case::Case;

    struct Texts(Vec<AssessedText>);

    impl AssessedTexts for Texts {
        fn each_text(&self, each: &mut dyn FnMut(AssessedText)) -> Result<()> {
            self.0.iter().cloned().for_each(each);
            Ok(())
        }
    }

    #[test]
    #[cfg(feature = "embedded")]
    fn a_new_case_finds_the_text_that_repeats_it_and_no_other() {
        let mut index = crate::embedded::cases().unwrap();
        let claim = "Storks carry encrypted messages of the northern fleet across the Danube delta";
        index.add(Case { id: "new".into(), claim: claim.into(), language: "en".into(), ..Case::default() });
        let ranker = crate::embedded::model().unwrap().ranker().unwrap().clone();
        let base = CaseBase { index, ranker };
        let text = |id: &str, text: &str| AssessedText { id: id.into(), text: text.into(), language: None };
        let texts = Texts(vec![
            text("other", "The weather will be fine on the Danube tomorrow, say forecasters."),
            text("same", "I heard that storks carry encrypted messages of the northern fleet over the Danube delta!"),
            text("old", "Ukraine is run by Nazis."),
        ]);
        let found = repeating(&base, &["new".into()], &texts, 0.5).unwrap();
        assert_eq!(found.texts, 3);
        assert_eq!(found.repeats.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), ["same"]);
        assert!(!found.repeats[0].passages.is_empty());
    }
}
