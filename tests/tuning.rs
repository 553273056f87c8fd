//! Choosing settings: what is named stays, what is kept beats noise, the model says how it was chosen. And narratives
//! with few cases: they borrow from their siblings and description, and are marked.

use assert_cmd::Command;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use tempfile::TempDir;

use leitmotif::assess::{Assessor, Options};
use leitmotif::evaluate::predict;
use leitmotif::model::classifier::Decision;
use leitmotif::model::folder;
use leitmotif::model::manifest::{Settings, Trial};
use leitmotif::training::data::{Sources, TrainingData};
use leitmotif::training::fit::{Means, Watch, train};
use leitmotif::training::tune::tune;
use leitmotif::{Document, error};

const TOWNS: [&str; 7] = ["Arden", "Belmont", "Corfe", "Dunham", "Elston", "Farley", "Garth"];

fn claim(words: &[&str], i: usize) -> String {
    format!(
        "They hide the {} and the {} from us, number {i}: ask about the {} in the town of {}.",
        words[i % words.len()],
        words[(i + 2) % words.len()],
        words[(i + 3) % words.len()],
        TOWNS[i % 7]
    )
}

/// Sixty cases of three narratives, ten of them under a wrong label, so that a strong penalty is too weak or too strong.
fn cases(home: &TempDir) -> TrainingData {
    let about = [
        ("chips", ["vaccines", "microchip", "injection", "needle", "clinic"]),
        ("flat", ["horizon", "globe", "satellite", "curvature", "ocean"]),
        ("moon", ["moon", "landing", "studio", "flag", "shadow"]),
    ];
    let mut out = String::new();
    for i in 0..60 {
        let (_, words) = &about[i % 3];
        let (label, _) = &about[if i % 6 == 5 { (i + 1) % 3 } else { i % 3 }];
        let record = json!({"id": format!("c{i}"), "claim": claim(words, i), "title": format!("{} {i}", words[i % 5]),
            "disproof": format!("There is no {}, experts of {} say.", words[i % 5], TOWNS[i % 7]),
            "narratives": [label], "language": "en", "group": format!("g{}", i / 2)});
        writeln!(out, "{record}").unwrap();
    }
    let path = home.path().join("cases.jsonl");
    fs::write(&path, out).unwrap();
    TrainingData::read(&Sources { cases: vec![path], ..Sources::default() }).unwrap()
}

fn quiet() -> Watch<'static> {
    Watch(&|_, _, _| ())
}

#[test]
fn only_gains_beyond_noise_are_kept_and_named_settings_stay() {
    let home = tempfile::tempdir().unwrap();
    let data = cases(&home);
    // Far from every value that is tried; the neighbours make up for what it spoils, so there is little to gain.
    let start = Settings { alpha: 1000.0, ..Settings::default() };
    let fixed: BTreeSet<String> = ["title_weight", "features.char_weight", "seed"].map(String::from).into();
    let told = std::cell::RefCell::new(Vec::<Trial>::new());
    let tuned = tune(&data, &start, &fixed, Means::default(), quiet(), &|t| told.borrow_mut().push(t.clone())).unwrap();
    assert_eq!(tuned.record.trials, *told.borrow(), "all that is recorded was told, in order");
    assert_eq!(tuned.record.fixed, ["features.char_weight", "title_weight"]);
    let tried: BTreeSet<&str> = tuned.record.trials.iter().map(|t| &*t.setting).collect();
    // Nothing describes the narratives, so there is no weight of descriptions to try.
    assert_eq!(tried, BTreeSet::from(["", "alpha", "balance", "features.word_weight", "disproof_weight"]));
    assert!(tuned.record.trials[0].gain.is_none() && tuned.record.trials[0].auroc.is_none());
    for trial in &tuned.record.trials[1..] {
        let gain = trial.gain.unwrap();
        assert!(gain.low <= gain.value && gain.value <= gain.high, "{trial:?}");
        let error = (gain.high - gain.low) / (2.0 * 1.96);
        assert!(!trial.kept || gain.value > 2.99 * error, "{trial:?}");
    }
    // What is kept is what the settings say.
    let kept = |name: &str| tuned.record.trials.iter().find(|t| t.kept && t.setting == name).map(|t| t.value);
    assert!((tuned.settings.alpha - kept("alpha").unwrap_or(1000.0)).abs() < 1e-12);
    assert_eq!(tuned.settings.disproof_weight, kept("disproof_weight"));
    assert_eq!((tuned.settings.title_weight, tuned.settings.features.char_weight), (1.0, 1.0));
    let again = tune(&data, &start, &fixed, Means::default(), quiet(), &|_| ()).unwrap();
    assert_eq!(tuned, again, "the same records and seed, the same choice");
}

/// Words that occur once each and share only their beginnings: without character n-grams nothing can be learned.
#[test]
fn a_gain_beyond_noise_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let ending = |n: u8| [b'a' + n / 26, b'a' + n % 26].map(char::from).iter().collect::<String>();
    let mut out = String::new();
    for i in 0..60u8 {
        let beginning = ["vaxip", "globuq", "lunatr"][usize::from(i % 3)];
        let words: Vec<String> = (0..4).map(|k| format!("{beginning}{}", ending(i * 4 + k))).collect();
        let record = json!({"id": format!("c{i}"), "claim": words.join(" "), "narratives": [beginning]});
        writeln!(out, "{record}").unwrap();
    }
    let path = home.path().join("cases.jsonl");
    fs::write(&path, out).unwrap();
    let data = TrainingData::read(&Sources { cases: vec![path], ..Sources::default() }).unwrap();
    let mut start = Settings::default();
    start.features.char_weight = 0.0;
    let fixed = ["alpha", "balance", "features.word_weight"].map(String::from).into();
    let tuned = tune(&data, &start, &fixed, Means::default(), quiet(), &|_| ()).unwrap();
    let kept: Vec<&Trial> = tuned.record.trials.iter().filter(|t| t.kept).collect();
    assert!(kept.len() == 1 && kept[0].gain.unwrap().low > 0.1, "{:?}", tuned.record.trials);
    assert!((tuned.settings.features.char_weight - kept[0].value).abs() < 1e-12);
}

#[test]
fn nothing_left_to_tune_is_said() {
    let home = tempfile::tempdir().unwrap();
    let data = cases(&home);
    let all = ["alpha", "balance", "features.word_weight", "features.char_weight", "disproof_weight", "title_weight"];
    let fixed = all.map(String::from).into();
    let said = tune(&data, &Settings::default(), &fixed, Means::default(), quiet(), &|_| ()).unwrap_err();
    assert!(matches!(said, error::Error::Training(error::TrainingProblem::NothingToTune)), "{said}");
    // How much of another model is taken over, where there is one.
    let bundled = leitmotif::embedded::model().unwrap();
    let means = Means { source: Some(&bundled), ..Means::default() };
    let trials = tune(&data, &Settings::default(), &fixed, means, quiet(), &|_| ()).unwrap().record.trials;
    assert!(trials.len() > 3 && trials[1..].iter().all(|t| t.setting == "transfer_weight"), "{trials:?}");
}

#[test]
fn the_command_prints_every_trial_and_the_model_says_how_it_was_chosen() {
    let home = tempfile::tempdir().unwrap();
    cases(&home);
    fs::write(home.path().join("settings.json"), r#"{"balance": 1.0, "features": {"char_weight": 1.0}}"#).unwrap();
    let run = |more: &[&str]| {
        let mut command = Command::cargo_bin("leitmotif").unwrap();
        let base = ["train", "--cases", "cases.jsonl", "--settings", "settings.json", "--output", "m", "--tune"];
        let output = command.current_dir(&home).args(base).args(more).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = run(&[]);
    assert_eq!(code, Some(0), "{told}");
    let model = folder::open(&home.path().join("m")).unwrap();
    let tuning = model.manifest.tuning.unwrap();
    assert_eq!(tuning.fixed, ["balance", "features.char_weight"]);
    let lines =
        told.lines().filter(|l| tuning.trials.iter().any(|t| l.starts_with(&format!("{} ", t.setting)))).count();
    assert!(lines >= tuning.trials.len() - 1 && told.contains("\nstart "), "{told}");
    let card = fs::read_to_string(home.path().join("m/README.md")).unwrap();
    for part in
        ["## How the settings were chosen", "| features.word_weight | 0.7 |", "Named by the trainer", "95 % interval"]
    {
        assert!(card.contains(part), "{part}");
    }
    assert_eq!(run(&["--warm-start", "m"]).0, Some(2), "a usage error");
}

/// Two parents with two common narratives each and, under the first, one with two cases and a description.
fn family(home: &TempDir, related: bool) -> Assessor {
    let war = ["troops", "border", "soldiers", "rocket", "front"];
    let health = ["doctors", "hospital", "virus", "fever", "nurse"];
    let about: [(&str, &str, [&str; 5], usize); 5] = [
        ("grain", "war", ["grain", "harbour", "freighter", "wheat", "silo"], 24),
        ("labs", "war", ["pathogen", "laboratory", "samples", "freezer", "biologist"], 24),
        ("masks", "health", ["masks", "breathing", "oxygen", "fabric", "strap"], 24),
        ("pills", "health", ["pills", "dosage", "factory", "patent", "tablet"], 24),
        ("storks", "war", ["storks", "birds", "migration", "feathers", "nests"], 2),
    ];
    let mut out = String::new();
    for (id, parent, words, count) in about {
        let shared = if parent == "war" { war } else { health };
        for i in 0..count {
            let text =
                format!("{} Behind it stand the {} and the {}.", claim(&words, i), shared[i % 5], shared[(i + 1) % 5]);
            let record = json!({"id": format!("{id}{i}"), "claim": text, "narratives": [id], "language": "en"});
            writeln!(out, "{record}").unwrap();
        }
    }
    fs::write(home.path().join("cases.jsonl"), out).unwrap();
    let mut narratives = String::new();
    for parent in ["war", "health"] {
        let record = json!({"id": parent, "name": parent, "parent": Value::Null, "description": ""});
        writeln!(narratives, "{record}").unwrap();
    }
    for (id, parent, words, _) in about {
        // Words that none of the cases has.
        let description = match (id, related) {
            (_, false) => String::new(),
            ("storks", true) => "Trained pigeons, swans and other fowl spy or spread plagues.".to_owned(),
            (_, true) => format!("Claims about {}.", words.join(", ")),
        };
        let record = json!({"id": id, "name": id, "parent": related.then_some(parent), "description": description});
        writeln!(narratives, "{record}").unwrap();
    }
    fs::write(home.path().join("narratives.jsonl"), narratives).unwrap();
    let at = |name: &str| home.path().join(name);
    let sources =
        Sources { narratives: Some(at("narratives.jsonl")), cases: vec![at("cases.jsonl")], ..Sources::default() };
    let data = TrainingData::read(&sources).unwrap();
    train(&data, &Settings::default(), quiet()).unwrap().save(&at("model")).unwrap();
    Assessor::new(folder::open(&at("model")).unwrap(), predict::no_cases()).unwrap()
}

#[test]
fn a_narrative_with_two_cases_is_suggested_thanks_to_its_kin_and_is_marked() {
    let text = "Trained pigeons and swans spread it over the town. Behind it stand the troops at the border.";
    let asked = |related: bool| {
        let home = tempfile::tempdir().unwrap();
        let assessor = family(&home, related);
        let options = Options { top: 10, related: 0, evidence: false, passages: true };
        let answer = assessor.assess(&mut assessor.worker(), &Document::from_text(text), options);
        let found = answer.narratives.iter().find(|n| &*n.id == "storks").unwrap();
        let card = fs::read_to_string(home.path().join("model/README.md")).unwrap();
        let model = folder::open(&home.path().join("model")).unwrap();
        (found.probability, found.decision, card, model.manifest.narratives.unwrap().narratives)
    };
    let (alone, ..) = asked(false);
    let (helped, decision, card, entries) = asked(true);
    eprintln!("alone {alone}, helped {helped} {decision:?}");
    assert!(decision >= Decision::Suggest && helped > 2.0 * alone, "alone {alone}, with kin {helped} {decision:?}");
    let targets = Settings::default().target_precision;
    for entry in &entries {
        assert_eq!(entry.prototype, entry.examples < 5, "{}", entry.narrative.id);
        if entry.prototype {
            assert!(entry.thresholds.review >= targets.review && entry.thresholds.confirmed >= targets.confirmed);
        }
    }
    assert!(card.contains("**Prototypes** (fewer than 5 examples): storks."), "{card}");
}
