//! Evidence is exact: for any input the contributions of all words and the bias add up to the linear score, parents
//! are never less probable than their children, and everything shown points into the text.

use leitmotif::assess::{Assessor, Options, Outcome};
use leitmotif::cases::related::CaseBase;
use leitmotif::model::explain::Column;
use leitmotif::{Document, embedded};
use proptest::prelude::*;
use std::sync::LazyLock;

static STARTER: LazyLock<Assessor> = LazyLock::new(|| {
    let model = embedded::model().unwrap();
    let ranker = model.ranker().unwrap().clone();
    let cases = CaseBase { index: embedded::cases().unwrap(), ranker };
    Assessor::new(model, cases).unwrap()
});

/// Any text: arbitrary characters, and texts made of pieces that exercise the analyser.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "NATO ",
        "the war ",
        "biolabs",
        "Вашингтон готує переворот. ",
        "#StopNATO2022 ",
        "@handle ",
        "https://a.bc/d?e=f ",
        "sanctions! ",
        "l’OTAN ",
        "haha haha ",
        "\u{200b}",
        "\u{202e}",
        "e\u{301}",
        "ﬁ",
        "Рutin ",
        "北约东扩 ",
        "🙂",
        "\0",
        "\n\n",
        "russophobic ",
        "ἀρχή ",
        "İ",
        "и ",
        "the the the ",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(pieces, 0..60).prop_map(|p| p.concat())]
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let classifier = STARTER.classifier();
    let mut scratch = classifier.scratch();
    scratch.featuriser.run(&classifier.space, text, None);
    classifier.score(&mut scratch);
    let narratives = classifier.taxonomy.numbers().map(Column::Narrative);
    let columns: Vec<Column> = narratives.chain([Column::Spreads]).collect();
    let contributions = classifier.contributions(&mut scratch, &columns);
    for (i, &column) in columns.iter().enumerate() {
        let sum: f64 = contributions.of(i).sum();
        let (score, bias) =
            (scratch.scores[classifier.index(column)], classifier.linear.bias()[classifier.index(column)]);
        prop_assert!((sum + bias - score).abs() < 1e-9, "{sum} and {score}");
    }
    // The stance is the calibrated score of spreading and nothing else, so its words explain it without a remainder.
    let (_, stance) = classifier.stance(&scratch).unwrap();
    let score = scratch.scores[classifier.index(Column::Spreads)];
    let calibrated = classifier.stance.unwrap().calibration.probability(score);
    prop_assert!((stance - calibrated).abs() < 1e-12, "{stance} and {calibrated}");
    for n in classifier.taxonomy.numbers() {
        if let Some(parent) = classifier.taxonomy.parent(n) {
            prop_assert!(scratch.probabilities[parent.index()] >= scratch.probabilities[n.index()]);
        }
        prop_assert!((0.0..=1.0).contains(&scratch.probabilities[n.index()]));
    }
    let letters: Vec<char> = text.chars().collect();
    let cut = |start: u32, end: u32| letters[start as usize..end as usize].iter().collect::<String>();
    let options = Options { top: 100, related: 10, evidence: true };
    let assessment = STARTER.assess(&mut STARTER.worker(), &Document::from_text(text), options);
    let unreadable = matches!(assessment.outcome, Outcome::TooShort | Outcome::Unsupported);
    prop_assert_eq!(assessment.stance.is_none(), unreadable);
    let of_stance = assessment.stance.iter().flat_map(|s| &s.evidence);
    for evidence in assessment.narratives.iter().flat_map(|n| &n.evidence).chain(of_stance) {
        prop_assert!(evidence.contribution > 0.0);
        prop_assert_eq!(&cut(evidence.start, evidence.end), &evidence.text);
        for term in &evidence.terms {
            prop_assert!(evidence.start <= term.start && term.start < term.end);
            prop_assert_eq!(&cut(term.start, term.end), &term.text);
        }
    }
    for related in &assessment.related {
        let case = STARTER.cases.index.by_id(&related.id).unwrap();
        for p in &related.passages {
            prop_assert!(p.start < p.end && p.end as usize <= letters.len());
            let field = if p.field == "claim" {
                &case.claim
            } else if p.field == "title" {
                &case.title
            } else {
                &case.disproof
            };
            prop_assert!(p.field_start < p.field_end && p.field_end as usize <= field.chars().count());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn hold_for_any_text(text in any_text()) {
        check(&text)?;
    }
}

#[test]
fn hold_for_every_starter_claim() {
    for case in embedded::cases().unwrap().iter() {
        check(&case.claim).unwrap();
    }
}

#[test]
fn the_same_text_gives_the_same_answer_whatever_was_read_before() {
    let mut worker = STARTER.worker();
    let cases = embedded::cases().unwrap();
    let first: Vec<_> = (cases.iter().take(40))
        .map(|c| STARTER.assess(&mut STARTER.worker(), &Document::from_text(&*c.claim), Options::default()))
        .collect();
    for _ in 0..2 {
        for (case, expected) in cases.iter().take(40).zip(&first) {
            let again = STARTER.assess(&mut worker, &Document::from_text(&*case.claim), Options::default());
            assert_eq!(&again, expected);
        }
    }
}

/// Whoever pastes a claim that the model was trained on is told its narrative.
#[test]
fn a_known_claim_is_recognised() {
    let mut worker = STARTER.worker();
    let cases = embedded::cases().unwrap();
    let mut right = 0;
    for case in cases.iter() {
        let answer = STARTER.assess(&mut worker, &Document::from_text(&*case.claim), Options::default());
        let is_parent = |id: &str| answer.narratives.iter().any(|n| n.parent.as_deref() == Some(id));
        let best = answer.narratives.iter().find(|n| !is_parent(&n.id));
        right += usize::from(best.is_some_and(|n| case.narratives.contains(&n.id)));
    }
    assert!(right * 10 >= cases.len() * 9, "{right} of {}", cases.len());
}
