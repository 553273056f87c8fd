//! The saved case index as people and scripts use it: bad input is named, and whatever stops a save leaves the old whole.

use leitmotif::cases::candidates::Query;
use leitmotif::cases::case::Case;
use leitmotif::cases::index::CaseIndex;
use leitmotif::cases::related::CaseBase;
use leitmotif::cases::saved::{self, Change};
use leitmotif::embedded;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

fn leitmotif(home: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("leitmotif"));
    command.current_dir(home).env("LEITMOTIF_STORE", home.join("store.db")).stdin(Stdio::null());
    command
}

fn run(home: &Path, args: &[&str]) -> (i32, String, String) {
    told(leitmotif(home).args(args).output().unwrap())
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn line(id: &str, claim: &str) -> String {
    format!("{{\"id\":\"{id}\",\"claim\":\"{claim}\",\"language\":\"en\"}}\n")
}

fn many(n: usize) -> String {
    (0..n)
        .map(|i| line(&format!("c{i}"), &format!("Claim number {i} says that {} of {} are false", i % 91, i % 37)))
        .collect()
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn cases_are_added_replaced_and_removed_without_a_rebuild() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("cases.jsonl"), many(200)).unwrap();
    assert_eq!(run(home, &["cases", "index", "cases.jsonl", "--output", "f.index"]).0, 0);
    fs::write(home.join("new.jsonl"), line("z", "Zebras are painted horses") + &line("c7", "Quaggas live again"))
        .unwrap();
    let (code, _, err) = run(home, &["cases", "add", "new.jsonl", "--index", "f.index"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("replaced: c7") && err.contains("1 cases added, 1 replaced"), "{err}");
    let (_, found, _) = run(home, &["related", "--cases", "f.index", "--json", "--text", "painted zebras are horses"]);
    assert!(found.starts_with("[{\"id\":\"z\""), "{found}");
    assert_eq!(run(home, &["cases", "remove", "z", "--index", "f.index"]).0, 0);
    let (_, found, _) = run(home, &["related", "--cases", "f.index", "--json", "--text", "painted zebras are horses"]);
    assert!(!found.contains("\"z\""), "{found}");
    let (code, _, err) = run(home, &["cases", "remove", "z", "--index", "f.index"]);
    assert!(code == 1 && err.contains("no case with the id \"z\""), "{err}");
    let (_, listed, _) = run(home, &["cases", "list", "--index", "f.index"]);
    assert_eq!(listed.lines().count(), 200);
    let (code, _, err) = run(home, &["cases", "index", "--verify", "f.index"]);
    assert!(code == 0 && err.contains("200 cases"), "{err}");
}

#[test]
fn what_is_left_out_or_replaced_is_said() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let lines =
        line("a", "The earth is flat") + "{\"id\":\"empty\",\"disproof\":\"No.\"}\n" + &line("a", "The moon is flat");
    fs::write(home.join("cases.jsonl"), lines).unwrap();
    let (code, _, err) = run(home, &["cases", "index", "cases.jsonl", "--output", "f.index"]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("cases.jsonl:2: the case \"empty\" has neither"), "{err}");
    assert!(
        err.contains("the case id \"a\" stands twice; the later one counts") && err.contains("1 cases indexed"),
        "{err}"
    );
    let (_, shown, _) = run(home, &["cases", "show", "a", "--index", "f.index", "--json"]);
    assert!(shown.contains("The moon is flat"), "{shown}");
    fs::write(home.join("bad.jsonl"), line("a", "x") + "{\"id\":\n").unwrap();
    let (code, _, err) = run(home, &["cases", "index", "bad.jsonl", "--output", "f.index"]);
    assert!(code == 1 && err.contains("bad.jsonl:2"), "{err}");
    assert!(
        run(home, &["cases", "show", "a", "--index", "f.index"]).1.contains("The moon is flat"),
        "the old is whole"
    );
}

#[test]
fn another_version_and_a_damaged_file_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("cases.jsonl"), many(300)).unwrap();
    run(home, &["cases", "index", "cases.jsonl", "--output", "f.index"]);
    let bytes = fs::read(home.join("f.index")).unwrap();
    let ask = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        fs::write(home.join(name), bytes).unwrap();
        run(home, &["related", "--cases", name, "--text", "claim number 17 says that 5 of 4 are false"])
    };
    let (code, out, err) = ask("version", &|b| b[16] = b'8');
    assert!(
        code == 1 && out.is_empty() && err.contains("\"leitmotif cases 8\"") && err.contains("make it again"),
        "{err}"
    );
    let (code, _, err) = ask("cut", &|b| b.truncate(9000));
    assert!(code == 1 && err.contains("cut short"), "{err}");
    let (code, _, err) = ask("header", &|b| b[40] ^= 1);
    assert!(code == 1 && err.contains("at byte 0"), "{err}");
    // Whatever a query reads is checked: either the answer is the same, or the damage is named.
    let (_, whole, _) = ask("whole", &|_| ());
    for at in (600..bytes.len()).step_by(bytes.len() / 40) {
        let (code, out, err) = ask("damaged", &|b| b[at] ^= 0x40);
        let named = code == 1 && out.is_empty() && err.contains("is damaged at byte");
        assert!(named || code == 0 && out == whole, "byte {at}: {code} {err}");
        let (code, _, err) = run(home, &["cases", "index", "--verify", "damaged"]);
        assert!(code == 1 && err.contains("damaged"), "byte {at}: {err}");
    }
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_old_index_whole() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("cases.jsonl"), many(50)).unwrap();
    fs::write(home.join("more.jsonl"), many(3000)).unwrap();
    run(home, &["cases", "index", "cases.jsonl", "--output", "f.index"]);
    let before = fs::read(home.join("f.index")).unwrap();
    // No file may grow beyond what the first index takes: to the program, a disk that is full.
    let blocks = before.len().div_ceil(512).to_string();
    let limited = |args: &str| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {args}");
        let program = assert_cmd::cargo::cargo_bin("leitmotif");
        let mut shell = Command::new("sh");
        told(shell.current_dir(home).args(["-c", &script]).arg(program).output().unwrap())
    };
    for args in ["cases index more.jsonl --output f.index", "cases add more.jsonl --index f.index"] {
        let (code, _, err) = limited(args);
        assert!(code == 1 && err.contains("f.index") && err.contains("free space"), "{args}: {code} {err}");
        assert!(fs::read(home.join("f.index")).unwrap() == before, "{args}");
        assert_eq!(entries(home), ["cases.jsonl", "f.index", "more.jsonl"]);
    }
}

#[test]
#[cfg(unix)]
fn kill_9_in_a_save_leaves_the_old_index_whole() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("cases.jsonl"), many(3000)).unwrap();
    fs::write(home.join("one.jsonl"), line("new", "Zebras are painted horses")).unwrap();
    run(home, &["cases", "index", "cases.jsonl", "--output", "f.index"]);
    let started = Instant::now();
    run(home, &["cases", "index", "cases.jsonl", "--output", "g.index"]);
    let whole = started.elapsed();
    for args in
        [["cases", "index", "cases.jsonl", "--output", "f.index"], ["cases", "add", "one.jsonl", "--index", "f.index"]]
    {
        for step in 0..12u32 {
            let mut child = leitmotif(home).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(whole * step / 11);
            let _ = child.kill();
            child.wait().unwrap();
            let index = saved::verify(&home.join("f.index")).unwrap();
            assert!([3000, 3001].contains(&index.len()), "{} cases", index.len());
        }
    }
    // What the killed programs left is cleared away by the next that saves.
    run(home, &["cases", "index", "cases.jsonl", "--output", "f.index"]);
    assert_eq!(entries(home), ["cases.jsonl", "f.index", "g.index", "one.jsonl"]);
}

fn base(index: CaseIndex) -> CaseBase {
    CaseBase { index, ranker: embedded::model().unwrap().ranker().unwrap().clone() }
}

#[test]
fn queries_without_words_find_nothing_and_long_ones_use_their_best_passages() {
    let base = base(embedded::cases().unwrap());
    let mut query = Query::default();
    for text in ["", " \n", "the", "\0", "🙂"] {
        let found = base.related(&mut query, text, None, 5);
        assert!(found.iter().all(|r| r.score < 0.2), "{text:?}: {found:?}");
    }
    let claim =
        &base.index.iter().find(|c| c.own_language() == Some(leitmotif::Language::ENGLISH)).unwrap().claim.clone();
    let id = base.index.iter().find(|c| c.claim == *claim).unwrap().id.clone();
    let filler = "The committee met again on Tuesday and discussed the budget of the coming year in some detail. ";
    let mut text = filler.repeat((5 << 20) / filler.len() / 2);
    text.push_str(claim);
    text.push_str(&filler.repeat((5 << 20) / filler.len() / 2));
    assert!(text.len() > 5_000_000);
    let found = base.related(&mut query, &text, None, 3);
    assert_eq!(found[0].id, id, "{:?}", found.iter().map(|f| (&f.id, f.score)).collect::<Vec<_>>());
}

#[test]
fn an_empty_base_and_its_first_case() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.index");
    saved::save(&CaseIndex::default(), &path).unwrap();
    assert!(saved::verify(&path).unwrap().is_empty());
    let case = Case { id: "a".into(), claim: "Zebras are painted horses".into(), ..Case::default() };
    saved::change(&path, vec![Change::Add(Box::new(case))]).unwrap();
    let index = saved::verify(&path).unwrap();
    assert_eq!(Query::default().first_stage(&index, "zebras", None, 5), ["a"]);
}

#[test]
fn texts_already_scored_are_found_for_a_new_case() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("cases.jsonl"), many(100)).unwrap();
    run(home, &["cases", "index", "cases.jsonl", "--output", "f.index"]);
    fs::write(
        home.join("new.jsonl"),
        line("z", "Storks carry encrypted messages of the northern fleet across the Danube delta"),
    )
    .unwrap();
    let texts = [
        "{\"id\":\"t1\",\"text\":\"They say storks carry encrypted messages of the northern fleet across the Danube delta.\"}",
        "{\"id\":\"t2\",\"text\":\"Bread is dearer than last year, says the baker.\"}",
        "{\"id\":",
    ];
    fs::write(home.join("texts.jsonl"), texts.join("\n")).unwrap();
    let (code, out, err) =
        run(home, &["cases", "add", "new.jsonl", "--index", "f.index", "--search-assessed", "texts.jsonl"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.starts_with("{\"text\":\"t1\",\"case\":\"z\",\"score\":0."), "{out}");
    assert!(err.contains("2 texts searched, 1 repeat") && err.contains("rejected: texts.jsonl:3"), "{err}");
}
