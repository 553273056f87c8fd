//! A newsroom begins with few cases: the answers are as sure as with many, and a ranker learned from them does no harm.

use assert_cmd::Command;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

use leitmotif::cases::case::Case;
use leitmotif::cases::index::CaseIndex;
use leitmotif::cases::pairs::learn;
use leitmotif::embedded;

/// Claims about nothing that the starter cases speak of, each with what is true.
const CLAIMS: [[&str; 3]; 12] = [
    [
        "Lanterns along the canal listen to walkers",
        "The new lanterns along the canal record every word that walkers say",
        "The lanterns hold a lamp and a light sensor; nothing in them can record sound.",
    ],
    [
        "Bakers mix sawdust into rye bread",
        "Bakers in the valley have mixed sawdust into their rye bread for years",
        "Inspectors take samples of bread every spring and have never found wood in it.",
    ],
    [
        "The lake was drained to hide a submarine",
        "The lake was secretly drained last autumn so that nobody would find the submarine",
        "The water was let out to mend the sluice, as it is every ten years.",
    ],
    [
        "Violins from the factory cause deafness",
        "Violins made in the new factory make children deaf within a month",
        "No instrument of that size is loud enough to harm hearing in so short a time.",
    ],
    [
        "Post offices burn letters from abroad",
        "Post offices have orders to burn all letters that come from abroad",
        "Letters from abroad are delivered as others are; the ovens shown heat the building.",
    ],
    [
        "Herons were bred to spy on fishermen",
        "The herons by the river were bred by the ministry to spy on fishermen",
        "Herons have lived by the river for as long as there are records of birds.",
    ],
    [
        "Elevators weigh people for insurers",
        "Elevators in town halls weigh everybody and send the figures to insurers",
        "Elevators measure the load as a whole so as not to start when it is too heavy.",
    ],
    [
        "The bell tower leans because of tunnels",
        "The bell tower leans because the mayor has secret tunnels dug below it",
        "The tower has leaned since it was built on wet ground.",
    ],
    [
        "Cheese from the mountains glows at night",
        "Cheese from the mountain dairies glows at night since the radar was built",
        "The pictures show cheese under a lamp that is used to look for mould.",
    ],
    [
        "Schools swap dictionaries to change words",
        "Schools swap dictionaries in the holidays so that children unlearn old words",
        "The old dictionaries were falling apart and were bought again in a new printing.",
    ],
    [
        "Glaciers are painted white by helicopters",
        "Helicopters paint the glaciers white before every visit of the ministers",
        "The white sheets seen on one glacier slow its melting and belong to the lift company.",
    ],
    [
        "Ferries carry gold under the cars",
        "The night ferries carry the gold of the state bank out of the country under the cars",
        "The weight of each ferry is published and leaves no room for such a load.",
    ],
];

fn cases(count: usize) -> Vec<Case> {
    let case = |(i, [title, claim, disproof]): (usize, [&str; 3])| Case {
        id: format!("c{i}"),
        title: title.into(),
        claim: claim.into(),
        disproof: disproof.into(),
        language: "en".into(),
        ..Case::default()
    };
    CLAIMS.into_iter().take(count).enumerate().map(case).collect()
}

fn leitmotif(home: &Path, args: &[&str]) -> Vec<Value> {
    let mut command = Command::cargo_bin("leitmotif").unwrap();
    let ran = command.current_dir(home).env("LEITMOTIF_STORE", home.join("store.db")).args(args).output().unwrap();
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
}

/// The first case of each query and its score.
fn first(home: &Path, cases: &str, queries: &[String], more: &[&str]) -> Vec<(String, f64)> {
    let lines: Vec<String> =
        queries.iter().enumerate().map(|(i, q)| json!({"id": format!("q{i}"), "text": q}).to_string()).collect();
    fs::write(home.join("q.jsonl"), lines.join("\n")).unwrap();
    let args =
        [&["related", "--cases", cases, "--queries", "q.jsonl", "--top", "1", "--format", "jsonl"], more].concat();
    let answers = leitmotif(home, &args).into_iter();
    answers
        .map(|a| {
            (
                a["related"][0]["id"].as_str().unwrap_or_default().into(),
                a["related"][0]["score"].as_f64().unwrap_or(0.0),
            )
        })
        .collect()
}

/// The claims without their last word.
fn nearly(count: usize) -> Vec<String> {
    CLAIMS[..count].iter().map(|c| c[1].rsplit_once(' ').unwrap().0.to_owned()).collect()
}

fn write(home: &Path, cases: &[Case]) {
    let lines: Vec<String> = cases.iter().map(|c| serde_json::to_string(c).unwrap()).collect();
    fs::write(home.join("cases.jsonl"), lines.join("\n")).unwrap();
}

#[test]
fn a_repeated_claim_is_found_however_few_cases_there_are() {
    let home = tempfile::tempdir().unwrap();
    for count in [2, 3, 5, 9, 10, 12] {
        write(home.path(), &cases(count));
        for (i, (id, score)) in first(home.path(), "cases.jsonl", &nearly(count), &[]).into_iter().enumerate() {
            assert_eq!(id, format!("c{i}"), "of {count}");
            assert!(score >= 0.5, "case {i} of {count}: {score}");
        }
        let other = ["The city council approved the new budget for schools on Tuesday evening.".to_owned()];
        let told = first(home.path(), "cases.jsonl", &other, &[]);
        assert!(told.iter().all(|t| t.1 < 0.1), "{count}: {told:?}");
    }
}

#[test]
fn a_case_without_a_claim_is_known_by_its_headline() {
    let home = tempfile::tempdir().unwrap();
    let untold: Vec<Case> = cases(12).into_iter().map(|c| Case { title: c.claim, claim: String::new(), ..c }).collect();
    write(home.path(), &untold);
    let claims: Vec<String> = CLAIMS.iter().map(|c| c[1].to_owned()).collect();
    for (i, (id, score)) in first(home.path(), "cases.jsonl", &claims, &[]).into_iter().enumerate() {
        assert_eq!(id, format!("c{i}"));
        assert!(score >= 0.95, "{i}: {score}");
    }
}

#[test]
fn a_ranker_learned_from_few_cases_finds_what_the_bundled_one_does() {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), &cases(12));
    leitmotif(home.path(), &["train", "--cases", "cases.jsonl", "--output", "m"]);
    let found = first(home.path(), "cases.jsonl", &nearly(12), &["--model", "m"]);
    for (i, (id, score)) in found.into_iter().enumerate() {
        assert!(id == format!("c{i}") && score >= 0.5, "{i}: {id} {score}");
    }
    let other = ["The city council approved the new budget for schools on Tuesday evening.".to_owned()];
    assert!(first(home.path(), "cases.jsonl", &other, &["--model", "m"])[0].1 < 0.1);
    let card = fs::read_to_string(home.path().join("m/README.md")).unwrap();
    assert!(card.contains("this ranker's own by 1 %, the bundled ranker's by 99 %"), "{card}");
}

#[test]
fn the_bundled_ranker_counts_by_what_was_not_learned_here() {
    let bundled = embedded::model().unwrap();
    let bundled = bundled.ranker().unwrap();
    let index = CaseIndex::new(cases(12));
    let own = learn(&index, &[], &[], &|_| false, None).unwrap();
    let mixed = learn(&index, &[], &[], &|_| false, Some(bundled)).unwrap();
    assert_eq!((own.share, &own.across), (None, &None));
    let share = mixed.share.unwrap();
    assert!(share > 0.0 && share < 0.01, "{share}");
    // The log-odds are the mean of both, by these shares.
    let odds = |s: &leitmotif::cases::ranker::Scorer, row: &[f64]| {
        let p = s.calibration.probability(s.model.score(row));
        (p / (1.0 - p)).ln()
    };
    for at in 0..own.within.model.weights.len() {
        let mut row = vec![0.1; own.within.model.weights.len()];
        row[at] = 0.4;
        // Nothing was learned across languages, so the one scorer is mixed with both.
        let [across, theirs] = [&mixed.across, &bundled.across].map(|s| s.as_ref().unwrap());
        for (mixed, bundled) in [(&mixed.within, &bundled.within), (across, theirs)] {
            let mean = share * odds(&own.within, &row) + (1.0 - share) * odds(bundled, &row);
            assert!((odds(mixed, &row) - mean).abs() < 1e-6, "{at}");
        }
    }
}
