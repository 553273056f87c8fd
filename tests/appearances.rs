//! Texts that were judged to repeat a case find it again: through training, in the model folder, in the answer, and said where
//! they would flatter an evaluation.

use assert_cmd::Command;
use serde_json::{Value, json};
use std::fs;
use std::process::Output;
use tempfile::TempDir;

use leitmotif::Error;
use leitmotif::error::ModelProblem;
use leitmotif::model::folder;

fn leitmotif(home: &TempDir, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("leitmotif").unwrap();
    command.current_dir(home).env("LEITMOTIF_STORE", home.path().join("store.db")).args(args).output().unwrap()
}

const THINGS: [&str; 8] = ["turnips", "bridges", "lanterns", "herons", "cellars", "violins", "glaciers", "postmen"];
const DEEDS: [&str; 5] =
    ["can speak", "were sold abroad", "cause headaches", "are painted at night", "report to the mayor"];
/// How those who spread a claim put it: without a word of the case.
const STREET: [&str; 5] =
    ["u know what chats lol", "gone to foreigners smh", "my skull hurts", "brushes after dark", "spies ratting"];

/// Forty cases and two judged posts for each of the first thirty; the slang of a post says what the thing does, and a word
/// made up for the pair is all that the two posts of a case share besides.
fn files(home: &TempDir) -> Vec<String> {
    let (mut cases, mut queries, mut qrels) = (String::new(), String::new(), String::new());
    let mut unlike = Vec::new();
    for (i, thing) in THINGS.iter().enumerate() {
        for (j, deed) in DEEDS.iter().enumerate() {
            let number = i * DEEDS.len() + j;
            let claim = json!({"id": format!("c{number}"), "title": format!("No, {thing} do not: they never {deed}"),
                "claim": format!("{thing} {deed}"), "disproof": format!("Nobody has seen that {thing} {deed}."), "language": "en"});
            cases += &format!("{claim}\n");
            let word = format!("zorb{}", ["ak", "el", "im", "on", "ur"][j].repeat(i + 1));
            let post = |what: &str| format!("{what} {word} {} honestly folks {word}", STREET[j]);
            for (k, text) in [post("so"), post(thing)].into_iter().enumerate().filter(|_| number < 30) {
                queries += &format!("{}\n", json!({"id": format!("q{number}-{k}"), "text": text, "language": "en"}));
                qrels += &format!("q{number}-{k}\t0\tc{number}\t1\n");
            }
            unlike.push(post("heard again:"));
        }
    }
    fs::write(home.path().join("cases.jsonl"), cases).unwrap();
    fs::write(home.path().join("q.jsonl"), queries).unwrap();
    fs::write(home.path().join("r.tsv"), qrels).unwrap();
    unlike
}

fn trained() -> (TempDir, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let unlike = files(&home);
    let args = ["train", "--cases", "cases.jsonl", "--queries", "q.jsonl", "--qrels", "r.tsv", "--output", "m"];
    let ran = leitmotif(&home, &args);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    (home, unlike)
}

#[test]
fn a_post_unlike_its_case_is_found_by_posts_judged_before() {
    let (home, unlike) = trained();
    let related = |text: &str, with: &[&str]| -> Value {
        let ran = leitmotif(&home, &[&["related", "--cases", "cases.jsonl", "--json", "--text", text], with].concat());
        serde_json::from_slice(&ran.stdout).unwrap()
    };
    let right = |answer: &Value, number: usize| answer[0]["id"] == json!(format!("c{number}"));
    let (mut found, mut by_words) = (0, 0);
    for (number, text) in unlike.iter().enumerate().take(30) {
        let answer = related(text, &["--model", "m"]);
        if right(&answer, number) {
            found += 1;
            let known = &answer[0]["appearance"];
            assert!(known["text"].as_str().unwrap().contains("honestly folks"), "{answer}");
            assert!((0.2..=1.0).contains(&known["similarity"].as_f64().unwrap()), "{answer}");
        }
        by_words += usize::from(right(&related(text, &[]), number));
    }
    assert!(found >= 27 && by_words <= 3, "{found} and {by_words} of 30");
    // A case's own words still find it, and no appearance is shown that is not there.
    let answer = related("They say that postmen are painted at night", &["--model", "m"]);
    assert!(right(&answer, 38) && answer[0].get("appearance").is_none(), "{answer}");
    let page = leitmotif(&home, &["related", "--cases", "cases.jsonl", "--model", "m", "--text", &unlike[3]]);
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.contains("judged to repeat it before:"), "{page}");
}

#[test]
fn queries_that_were_learned_from_are_told_apart() {
    let (home, _) = trained();
    let args = ["evaluate", "--queries", "q.jsonl", "--qrels", "r.tsv", "--case-base", "cases.jsonl", "--model", "m"];
    let said = String::from_utf8(leitmotif(&home, &args).stdout).unwrap();
    assert!(said.contains("warning: 60 queries are texts that the ranker learned from"), "{said}");
    let said: Value = serde_json::from_slice(&leitmotif(&home, &[&args[..], &["--json"]].concat()).stdout).unwrap();
    assert_eq!(said["related"]["learned"], 60);
    let own = &["evaluate", "--queries", "q.jsonl", "--qrels", "r.tsv", "--case-base", "cases.jsonl", "--json"];
    let said: Value = serde_json::from_slice(&leitmotif(&home, own).stdout).unwrap();
    assert_eq!(said["related"]["learned"], 0, "the bundled ranker knows none of them");
}

#[test]
fn the_file_of_a_model_is_checked_and_kept() {
    let (home, _) = trained();
    let (path, file) = (home.path().join("m"), home.path().join("m/appearances.jsonl"));
    let model = folder::open(&path).unwrap();
    let known = model.ranker().unwrap().appearances.clone().unwrap();
    assert_eq!(known.texts().len(), 60);
    assert_eq!(known.texts()[1].cases, ["c0"]);
    assert_eq!(known.to_jsonl().unwrap(), fs::read_to_string(&file).unwrap());
    fs::write(&file, "{\"text\":\"x\",\"cases\":[]}\n").unwrap();
    let Err(Error::Model { problem, .. }) = folder::open(&path) else { panic!("a changed file was opened") };
    assert!(matches!(problem, ModelProblem::Checksum(_)), "{problem}");
    fs::remove_file(&file).unwrap();
    assert!(folder::open(&path).is_err());
}
