//! What an assessment comes to, in one sentence. The page (`src/web/page/assets/outcome.js`) says the same: it has only the
//! JSON, so the rules stand twice, and a browser test holds one against the other.

use crate::assess::{Assessment, NarrativeAssessment, Outcome};
use crate::cases::case::Field;
use crate::model::classifier::Decision;
use crate::model::stance::Stance;

/// From this probability a related case may say the same; those below are not listed in words, JSON has them all.
pub(super) const LIKE: f64 = 0.1;

/// From this probability a related case says the same.
const SAME: f64 = 0.5;

/// A probability in words: never 0 or 100 %, which nobody can know.
pub(super) fn percent(p: f64) -> String {
    match (p * 100.0).round() {
        r if r >= 100.0 => "> 99 %".into(),
        r if r < 1.0 => "< 1 %".into(),
        r => format!("{r:.0} %"),
    }
}

/// Whether a related case says the same.
pub(super) fn has_same(a: &Assessment) -> bool {
    a.related.iter().any(|r| r.score >= SAME)
}

/// The narratives that reach a decision, without those that only repeat it: the parents of one that reaches it, too. A
/// parent stands for itself where none of its children does.
pub(super) fn decided(a: &Assessment, least: Decision) -> Vec<&NarrativeAssessment> {
    let reach = || a.narratives.iter().filter(|n| n.decision >= least);
    reach().filter(|n| !reach().any(|child| child.parent.as_deref() == Some(&*n.id))).collect()
}

fn said(n: &NarrativeAssessment) -> String {
    format!("{} ({})", n.name, percent(n.probability))
}

/// A narrative by name, or as a form of a parent of which no child is as sure.
fn named(a: &Assessment, n: &NarrativeAssessment) -> String {
    let children: Vec<_> = a.narratives.iter().filter(|c| c.parent.as_deref() == Some(&*n.id)).collect();
    if children.is_empty() {
        return said(n);
    }
    let perhaps = children.iter().filter(|c| c.decision == Decision::Suggest && n.decision == Decision::Match);
    let perhaps = perhaps.map(|c| said(c)).collect::<Vec<_>>().join(", ");
    let perhaps = if perhaps.is_empty() { perhaps } else { format!(", perhaps {perhaps}") };
    format!("a form of {}{perhaps}", said(n))
}

/// What the text does with its cases. Where no stance was learned, it speaks from the other side if what matches is the
/// debunk.
fn side(a: &Assessment) -> Option<Stance> {
    let is_debunk = || a.related.first()?.passages.first().map(|p| p.of() == Field::Disproof);
    match &a.stance {
        Some(stance) => Some(stance.label),
        None => is_debunk().filter(|&is| is).map(|_| Stance::Reports),
    }
}

/// The debunked cases in a sentence; `alone` where no narrative was found.
fn cases_sentence(a: &Assessment, alone: bool) -> String {
    let same = a.related.iter().filter(|r| r.score >= SAME).count();
    let like = a.related.iter().filter(|r| r.score >= LIKE).count() - same;
    let side = side(a);
    let told = same > 0 && alone;
    let (cases, them) = match if same > 0 { same } else { like } {
        0 => return String::new(),
        1 => ("One debunked case".to_owned(), "it"),
        n => (format!("{n} debunked cases"), "them"),
    };
    let one = them == "it";
    let lower = cases.replacen("One", "one", 1);
    match side {
        Some(Stance::Reports) if told => format!(" It is about {lower}, but seems to report or debunk {them}."),
        Some(Stance::Unclear) if told => {
            format!(" It is about {lower}; whether it spreads or reports {them} is unclear.")
        }
        Some(Stance::Reports | Stance::Unclear) if same > 0 => {
            format!(" {cases} {} about the same.", if one { "is" } else { "are" })
        }
        Some(Stance::Reports | Stance::Unclear) => format!(" {cases} may be about the same."),
        _ if same > 0 => format!(" {cases} {} the same.", if one { "says" } else { "say" }),
        _ => format!(" {cases} may say the same."),
    }
}

/// The sentence.
pub(super) fn headline(a: &Assessment) -> String {
    let narratives = match a.outcome {
        Outcome::TooShort => return "Too short to say: give at least a sentence.".into(),
        Outcome::Unsupported => return "Not supported: the model knows too few words of this text.".into(),
        Outcome::Unknown => "No known narrative.".to_owned(),
        Outcome::Known => known(a),
    };
    narratives + &cases_sentence(a, a.outcome == Outcome::Unknown)
}

fn known(a: &Assessment) -> String {
    let matched = decided(a, Decision::Match);
    let sure = !matched.is_empty();
    let list = if sure { matched } else { decided(a, Decision::Suggest) };
    if list.is_empty() {
        return "Carries or may carry a known narrative that is not among those shown.".into();
    }
    let names = list.iter().map(|n| named(a, n)).collect::<Vec<_>>().join("; ");
    match (a.stance.as_ref().map(|s| s.label), sure) {
        (Some(Stance::Reports), _) => {
            let them = if list.len() == 1 { "it" } else { "them" };
            let about = if sure { "About" } else { "Perhaps about" };
            format!("{about}: {names}. It seems to report or debunk {them}.")
        }
        (Some(Stance::Unclear), true) => format!("Carries or reports on: {names}. Which of the two is unclear."),
        (Some(Stance::Unclear), false) => format!("May carry or report on: {names}."),
        (_, true) => format!("Carries: {names}."),
        (_, false) => format!("May carry: {names}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{ModelName, StanceAssessment};
    use crate::cases::related::Related;

    fn narrative(id: &str, parent: Option<&str>, probability: f64, decision: Decision) -> NarrativeAssessment {
        NarrativeAssessment {
            id: id.into(),
            name: id.into(),
            parent: parent.map(Into::into),
            probability,
            decision,
            passage: None,
            evidence: Vec::new(),
        }
    }

    fn case(score: f64) -> Related {
        Related {
            id: "c".into(),
            title: "C".into(),
            url: String::new(),
            published: String::new(),
            narratives: Vec::new(),
            score,
            passages: Vec::new(),
            terms: Vec::new(),
            differs: Vec::new(),
            appearance: None,
        }
    }

    fn answer(outcome: Outcome, narratives: Vec<NarrativeAssessment>, side: Option<Stance>, scores: &[f64]) -> String {
        let stance = |label| StanceAssessment { label, probability: 0.5, passage: None, evidence: Vec::new() };
        let related = scores.iter().map(|&score| case(score)).collect();
        let model = ModelName { name: "m".into(), version: "1".into() };
        headline(&Assessment {
            id: String::new(),
            model,
            language: None,
            outcome,
            narratives,
            stance: side.map(stance),
            related,
            near_duplicate_of: None,
            warnings: Vec::new(),
        })
    }

    #[test]
    fn a_parent_that_was_decided_alone_is_named_as_such() {
        use Decision::{Match, Suggest, Weak};
        let of = |narratives| answer(Outcome::Known, narratives, None, &[]);
        let tree = |child, parent| vec![narrative("p", None, 0.87, parent), narrative("c", Some("p"), 0.3, child)];
        assert_eq!(of(tree(Weak, Match)), "Carries: a form of p (87 %).");
        assert_eq!(of(tree(Suggest, Match)), "Carries: a form of p (87 %), perhaps c (30 %).");
        assert_eq!(of(tree(Match, Match)), "Carries: c (30 %).");
        assert_eq!(of(tree(Weak, Suggest)), "May carry: a form of p (87 %).");
        // A leaf of another family takes nothing from it.
        let both = [tree(Weak, Match), vec![narrative("x", None, 0.9, Match)]].concat();
        assert_eq!(of(both), "Carries: a form of p (87 %); x (90 %).");
        assert_eq!(of(vec![]), "Carries or may carry a known narrative that is not among those shown.");
    }

    #[test]
    fn the_headline_agrees_with_the_stance() {
        use Stance::{Reports, Spreads, Unclear};
        let known = |side| answer(Outcome::Known, vec![narrative("n", None, 0.9, Decision::Match)], side, &[0.8, 0.2]);
        assert_eq!(known(Some(Spreads)), "Carries: n (90 %). One debunked case says the same.");
        assert_eq!(
            known(Some(Unclear)),
            "Carries or reports on: n (90 %). Which of the two is unclear. One debunked case is about the same."
        );
        assert_eq!(
            known(Some(Reports)),
            "About: n (90 %). It seems to report or debunk it. One debunked case is about the same."
        );
        let unknown = |side, scores: &[f64]| answer(Outcome::Unknown, vec![], side, scores);
        assert_eq!(
            unknown(Some(Unclear), &[0.8, 0.7]),
            "No known narrative. It is about 2 debunked cases; whether it spreads or reports them is unclear."
        );
        assert_eq!(
            unknown(Some(Reports), &[0.8]),
            "No known narrative. It is about one debunked case, but seems to report or debunk it."
        );
        assert_eq!(unknown(None, &[0.2, 0.15]), "No known narrative. 2 debunked cases may say the same.");
        assert_eq!(unknown(Some(Reports), &[]), "No known narrative.");
        // Of what could not be read nothing is said.
        assert_eq!(answer(Outcome::TooShort, vec![], None, &[0.9]), "Too short to say: give at least a sentence.");
    }
}
