//! Who spreads and who reports: claims and their debunks are told apart, and a model that has seen no counter-example
//! says nothing instead of guessing.

use leitmotif::assess::{Assessment, Assessor, Options};
use leitmotif::cases::case::Case;
use leitmotif::cases::related::CaseBase;
use leitmotif::model::folder;
use leitmotif::model::manifest::Settings;
use leitmotif::model::stance::Stance;
use leitmotif::model::taxonomy::{NarrativeNo, Taxonomy};
use leitmotif::training::data::TrainingData;
use leitmotif::training::fit::{Watch, train};
use leitmotif::{Document, embedded};

fn starter() -> Assessor {
    let model = embedded::model().unwrap();
    let ranker = model.ranker().unwrap().clone();
    Assessor::new(model, CaseBase { index: embedded::cases().unwrap(), ranker }).unwrap()
}

fn assess(assessor: &Assessor, text: &str) -> Assessment {
    assessor.assess(&mut assessor.worker(), &Document::from_text(text), Options { related: 0, ..Options::default() })
}

#[test]
fn a_starter_claim_spreads_more_than_its_debunk() {
    let assessor = starter();
    let cases = embedded::cases().unwrap();
    let (mut pairs, mut ordered) = (0, 0);
    for case in cases.iter().filter(|c| !c.claim.is_empty() && !c.disproof.is_empty()) {
        let [claim, debunk] = [&case.claim, &case.disproof].map(|t| assess(&assessor, t).stance.unwrap());
        assert_ne!(debunk.label, Stance::Spreads, "{}", case.id);
        assert_ne!(claim.label, Stance::Reports, "{}", case.id);
        pairs += 1;
        ordered += usize::from(claim.probability > debunk.probability);
    }
    assert!(pairs > 300 && ordered == pairs, "{ordered} of {pairs}");
}

/// Written for this test, so that no model has seen them.
#[test]
fn a_new_claim_and_its_debunk_are_told_apart_by_their_own_words() {
    let assessor = starter();
    let claim = "Wake up! The vaccines were never meant to protect you. The globalists want to control us all, and the \
                 bought media stay silent while people die.";
    let debunk = "There is no evidence that vaccines are meant to control people. Health authorities in several countries \
                  examined the reports, and independent studies found the claims to be false.";
    let (claim, debunk) = (assess(&assessor, claim), assess(&assessor, debunk));
    let [spreads, reports] = [&claim, &debunk].map(|a| a.stance.clone().unwrap());
    assert_eq!((spreads.label, reports.label), (Stance::Spreads, Stance::Reports));
    let words = |s: &leitmotif::assess::StanceAssessment| -> Vec<String> {
        s.evidence.iter().flat_map(|e| &e.terms).map(|t| t.text.to_lowercase()).collect()
    };
    let checking = ["evidence", "examined", "independent", "studies", "false"];
    assert!(words(&reports).iter().any(|w| checking.contains(&&**w)), "{:?}", words(&reports));
    assert!(!words(&spreads).is_empty());
    assert!(!debunk.narratives.is_empty(), "the stance hides no narrative");
}

#[test]
fn a_model_without_counter_examples_has_no_stance_and_no_field() {
    let case = |i: usize| Case {
        id: format!("c{i}"),
        claim: format!(
            "{} number {i} is hidden from the people",
            if i.is_multiple_of(2) { "the hollow moon" } else { "a secret gas" }
        ),
        ..Case::default()
    };
    let data = TrainingData {
        taxonomy: Taxonomy::flat(["gas".to_owned(), "moon".to_owned()]),
        cases: (0..40).map(|i| (case(i), vec![NarrativeNo(u32::from(i % 2 == 0))])).collect(),
        ..TrainingData::default()
    };
    let trained = train(&data, &Settings::default(), Watch(&|_, _, _| {})).unwrap();
    assert!(trained.card.contains("Too few counter-examples"));
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("claims-only");
    trained.save(&path).unwrap();
    assert!(!std::fs::read_to_string(path.join("model.json")).unwrap().contains("\"stance\""));
    let ranker = embedded::model().unwrap().ranker().unwrap().clone();
    let cases = CaseBase { index: embedded::cases().unwrap(), ranker };
    let assessor = Assessor::new(folder::open(&path).unwrap(), cases).unwrap();
    let assessment = assess(&assessor, "the hollow moon is hidden from all the people");
    assert!(!assessment.narratives.is_empty());
    let json = serde_json::to_value(&assessment).unwrap();
    assert!(json.get("stance").is_none(), "{json}");
    let json =
        serde_json::to_value(assess(&starter(), "The unrest in Kazakhstan was never about fuel prices.")).unwrap();
    assert!(json["stance"]["probability"].is_f64() && json["stance"]["evidence"].is_array(), "{json}");
}
