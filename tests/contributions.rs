//! Evidence is exact: for any input the contributions of all words and the bias add up to the linear score, parents
//! are never less probable than their children, and everything shown points into the text.

mod exact;

use exact::contributed;
use leitmotif::assess::{Assessor, Options, Outcome};
use leitmotif::cases::related::CaseBase;
use leitmotif::model::explain::Column;
use leitmotif::text::analyser::sentences;
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
    prop_oneof![
        any::<String>(),
        prop::collection::vec(pieces.clone(), 0..60).prop_map(|p| p.concat()),
        prop::collection::vec(pieces, 100..500).prop_map(|p| p.concat())
    ]
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let classifier = STARTER.classifier();
    let mut scratch = classifier.scratch();
    scratch.featuriser.run(&classifier.space, text, None);
    classifier.score(&mut scratch);
    classifier.score_passages(&mut scratch, text, &sentences(text));
    contributed(classifier, &mut scratch).map_err(TestCaseError::fail)?;
    // The stance is the calibrated score of spreading and nothing else, so its words explain it without a remainder.
    let (_, stance) = classifier.stance(&scratch).unwrap();
    let score = classifier.score_of(&scratch, Column::Spreads).unwrap();
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
    let options = Options { top: 100, related: 10, ..Options::default() };
    let assessment = STARTER.assess(&mut STARTER.worker(), &Document::from_text(text), options);
    let unreadable = matches!(assessment.outcome, Outcome::TooShort | Outcome::Unsupported);
    prop_assert_eq!(assessment.stance.is_none(), unreadable);
    let of_stance = assessment.stance.iter().flat_map(|s| &s.evidence);
    for evidence in assessment.narratives.iter().flat_map(|n| &n.evidence).chain(of_stance) {
        prop_assert!(evidence.contribution > 0.0 && !evidence.terms.is_empty());
        prop_assert_eq!(&cut(evidence.start, evidence.end), &evidence.text);
        for term in &evidence.terms {
            prop_assert!(evidence.start <= term.start && term.start < term.end);
            prop_assert_eq!(&cut(term.start, term.end), &term.text);
        }
    }
    let told = assessment.narratives.iter().map(|n| (n.passage.map(|p| p.span), &n.evidence));
    for (passage, evidence) in told.chain(assessment.stance.iter().map(|s| (s.passage, &s.evidence))) {
        let Some(passage) = passage else { continue };
        prop_assert!(passage.start < passage.end && passage.end as usize <= letters.len());
        for term in evidence.iter().flat_map(|e| &e.terms) {
            prop_assert!(passage.start <= term.start && term.end <= passage.end);
        }
        // A longer sentence may be cut in two by a passage.
        for e in evidence.iter().filter(|e| e.text.len() < 200) {
            prop_assert!(passage.start <= e.start && e.end <= passage.end, "{:?} {}..{}", passage, e.start, e.end);
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
        right += usize::from(best.is_some_and(|n| case.narratives.iter().any(|c| **c == *n.id)));
    }
    assert!(right * 10 >= cases.len() * 9, "{right} of {}", cases.len());
}

/// Background in English, as an article around a claim.
fn article(claim: &str, at: usize) -> String {
    let lines =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/training-data/background.jsonl")).unwrap();
    let records = lines.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
    let everyday = records.filter(|r| r["language"] == "en" && r["kind"] == "everyday");
    let mut texts: Vec<String> =
        everyday.map(|r| r["text"].as_str().unwrap().to_owned()).skip(at % 40).take(6).collect();
    texts.insert(at % 7, claim.to_owned());
    texts.join("\n\n")
}

#[test]
fn a_claim_in_an_article_is_found_where_it_stands() {
    let mut worker = STARTER.worker();
    let cases = embedded::cases().unwrap();
    let (mut found, mut found_as_a_whole, mut all) = (0, 0, 0);
    for (i, case) in cases.iter().filter(|c| c.language == "en").step_by(9).enumerate() {
        let text = article(&case.claim, i);
        check(&text).unwrap();
        let start = text[..text.find(&*case.claim).unwrap()].chars().count() as u32;
        let claim = start..start + case.claim.chars().count() as u32;
        let document = Document::from_text(text);
        let mut best = |passages| {
            let options = Options { top: 1, related: 0, evidence: true, passages };
            STARTER.assess(&mut worker, &document, options).narratives
        };
        let right = |n: &&leitmotif::assess::NarrativeAssessment| case.narratives.iter().any(|c| **c == *n.id);
        let (parts, whole) = (best(true), best(false));
        all += 1;
        found_as_a_whole += usize::from(whole.iter().any(|n| right(&n)));
        found += usize::from(parts.iter().find(right).is_some_and(|n| {
            n.passage.is_some_and(|p| p.span.start < claim.end && p.span.end > claim.start)
                && n.evidence.iter().all(|e| e.start < claim.end && e.end > claim.start)
        }));
        assert!(whole.iter().all(|n| n.passage.is_none()));
    }
    assert!(
        all >= 20 && found * 10 >= all * 8 && found > found_as_a_whole,
        "{found}, as a whole {found_as_a_whole}, of {all}"
    );
}
