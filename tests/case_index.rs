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
    // The same when they are added, to an index or to a store.
    fs::write(home.join("b.jsonl"), line("b", "x") + &line("c", "Snow is warm") + &line("b", "Ice is hot")).unwrap();
    for place in [["--index", "f.index"], ["--store", "s.db"]] {
        let (code, _, err) = run(home, &[&["cases", "add", "b.jsonl"], &place[..]].concat());
        assert!(
            code == 0 && err.contains("b.jsonl:3: this case replaces the one of the same id at b.jsonl:1"),
            "{err}"
        );
        assert!(err.contains("2 cases added, 0 replaced"), "{err}");
        let (_, shown, _) = run(home, &[&["cases", "show", "b"], &place[..]].concat());
        assert!(shown.contains("Ice is hot"), "{shown}");
    }
    // An address that would run as a script when it is clicked on costs its case, and says where.
    let script = r#"{"id":"s","claim":"The sea is dry","url":" JavaScript:alert(1)"}"#.to_owned() + "\n";
    fs::write(home.join("s.jsonl"), line("a", "The moon is flat") + &script).unwrap();
    let (code, _, err) = run(home, &["cases", "index", "s.jsonl", "--output", "s.index"]);
    assert!(
        code == 3 && err.contains("left out: s.jsonl:2: `url` of the case \"s\"") && err.contains("https://"),
        "{err}"
    );
    assert!(err.contains("1 cases indexed in s.index, 1 left out"), "{err}");
    let (code, shown, err) = run(home, &["related", "--text", "The sea is dry", "--cases", "s.jsonl", "--json"]);
    assert!(code == 0 && !shown.contains("alert") && err.contains("s.jsonl:2"), "{shown}{err}");
    fs::write(home.join("none.jsonl"), "").unwrap();
    let (code, _, err) = run(home, &["related", "--text", "The moon is flat", "--cases", "none.jsonl"]);
    assert!(code == 0 && err.contains("none.jsonl holds no case"), "{err}");
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
fn a_claim_in_one_sentence_of_an_article_finds_its_case() {
    let base = base(embedded::cases().unwrap());
    let english = Some(leitmotif::Language::ENGLISH);
    let background = fs::read_to_string("training-data/background.jsonl").unwrap();
    let background: Vec<leitmotif::TextRecord> = background.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let everyday = |t: &&leitmotif::TextRecord| t.language == "en" && t.stated_kind() == Some("everyday");
    let around: Vec<&str> = background.iter().filter(everyday).map(|t| t.text.as_str()).collect();
    let claims: Vec<_> =
        base.index.iter().filter(|c| c.own_language() == english && c.claim.len() > 60).step_by(9).collect();
    let mut query = Query::default();
    let mut found = 0;
    for (i, case) in claims.iter().enumerate() {
        let mut parts: Vec<&str> = around.iter().cycle().skip(i * 17).take(12).copied().collect();
        parts.insert(i % 12, &case.claim);
        let article = parts.join("\n\n");
        assert!(article.split_whitespace().count() > 200, "long enough to be searched by passages");
        let related = base.related(&mut query, &article, english, 1);
        if related[0].id != case.id {
            continue;
        }
        found += 1;
        let passage = &related[0].passages[0];
        let letters = article.chars().skip(passage.start as usize).take((passage.end - passage.start) as usize);
        let shown: String = letters.collect();
        assert!(case.claim.contains(shown.trim()) || shown.contains(&case.claim), "{shown:?} and {:?}", case.claim);
    }
    assert!(claims.len() > 30 && found * 10 > claims.len() * 9, "{found} of {}", claims.len());
}

#[test]
fn a_long_text_is_searched_in_a_base_of_a_few_cases_too() {
    let case =
        |id: &str, claim: &str| Case { id: id.into(), claim: claim.into(), language: "en".into(), ..Case::default() };
    let base = base(CaseIndex::new([
        case("bridge", "The mayor of Gdansk sold the old bridge to men from Mars"),
        case("moon", "The moon is made of cheese, say the astronauts"),
        case("storks", "Storks carry the secret messages of the northern fleet"),
    ]));
    let filler = "The committee met again on Tuesday and discussed the budget of the coming year in some detail. ";
    let mut query = Query::default();
    for (id, said) in [
        ("bridge", "the mayor of Gdansk sold the bridge"),
        ("moon", "the moon is made of cheese"),
        ("storks", "storks carry secret messages of the fleet"),
    ] {
        let article = format!("{}It is said that {said}.", filler.repeat(40));
        let found = base.related(&mut query, &article, Some(leitmotif::Language::ENGLISH), 1);
        assert!(found.first().is_some_and(|f| f.id == id && !f.passages.is_empty()), "{id}: {found:?}");
    }
}

/// Words of falling frequency, so that most of an article's are common and a claim's are not all rare.
fn words(n: usize, draw: &mut impl FnMut() -> f64) -> String {
    #[expect(clippy::cast_sign_loss, reason = "a power is never negative")]
    let word = |r: f64| format!("w{}x", (3000f64.powf(r)) as u64 * 7919 % 99_991);
    (0..n).map(|_| word(draw())).collect::<Vec<_>>().join(" ")
}

#[test]
fn passages_find_what_the_whole_article_drowns() {
    let mut state = 41u64;
    let mut draw = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 31)
    };
    let case = |i: usize, claim: String| Case { id: format!("c{i}"), claim, language: "en".into(), ..Case::default() };
    let base = base(CaseIndex::new((0..2000).map(|i| case(i, words(12, &mut draw)))));
    let (mut by_passages, mut as_one) = (0, 0);
    let mut query = Query::default();
    for i in 0..40 {
        let id = format!("c{}", i * 50);
        let claim = base.index.by_id(&id).unwrap().claim.clone();
        let mut sentences: Vec<String> = (0..40).map(|_| format!("{}. ", words(15, &mut draw))).collect();
        // Put in other words: two thirds of its own, backwards.
        let said: Vec<&str> = claim.split(' ').rev().enumerate().filter(|w| w.0 % 3 > 0).map(|w| w.1).collect();
        sentences.insert(i, format!("{}. ", said.join(" ")));
        let article = sentences.concat();
        let ranked = base.rank_ids(&mut query, &article, None, 5);
        by_passages += usize::from(ranked[0].0 == id);
        let fresh = base.rank_ids(&mut Query::default(), &article, None, 5);
        assert_eq!(ranked, fresh, "an answer does not depend on the text before");
        as_one += usize::from(query.first_stage(&base.index, &article, None, 1) == [id.as_str()]);
    }
    assert!(by_passages >= 20 && by_passages > 2 * as_one, "{by_passages} by passages, {as_one} as one, of 40");
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
    assert_eq!(code, 3, "{err}");
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.starts_with("{\"text\":\"t1\",\"case\":\"z\",\"score\":0."), "{out}");
    assert!(err.contains("2 texts searched, 1 repeat") && err.contains("rejected: texts.jsonl:3"), "{err}");
}
