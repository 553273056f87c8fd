//! Cases by file and option, as the program takes them in: what may be kept, and what is refused where.

#![cfg(all(feature = "cli", feature = "embedded"))]

use assert_cmd::Command;
use std::fs;
use tempfile::TempDir;

/// Runs the program in a folder of its own; exit code, standard output, standard error.
fn leitmotif(home: &TempDir, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("leitmotif").unwrap();
    command.current_dir(home).env("LEITMOTIF_STORE", home.path().join("store.db")).args(args);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn verdicts_are_only_in_a_store() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &["verdicts", "list", "--index", "cases.index"][..],
        &["verdicts", "export", "--index", "cases.index"],
        &["verdicts", "erase", "00", "--index", "cases.index"],
    ] {
        let (code, _, err) = leitmotif(&home, args);
        assert!(code == 2 && err.contains("--index"), "{args:?}: {err}");
    }
    for args in [
        &["verdicts", "list"][..],
        &["verdicts", "export", "--store", "store.db"],
        &["verdicts", "erase", "00"],
        &["cases", "remove", "a"],
    ] {
        let (code, _, err) = leitmotif(&home, args);
        assert!(code == 1 && err.contains("store.db yet") && err.contains("leitmotif serve"), "{args:?}: {err}");
    }
    let (code, _, err) = leitmotif(&home, &["cases", "list", "--index", "a", "--store", "b"]);
    assert!(code == 2 && err.contains("cannot be used with"), "{err}");
    assert!(!home.path().join("store.db").exists());
}

#[test]
fn a_table_of_cases_is_imported_and_bad_rows_are_named() {
    let home = tempfile::tempdir().unwrap();
    let table = "id,title,claim,countries,published,url\n\
                 a,\"The moon, hollow\",The moon is hollow.,Ukraine; Poland,2022-03-04,https://www.example.org/a\n\
                 b,Too few\n\
                 c,t,,,31.12.2020,\n\
                 d,t,,,,javascript:alert(1)\n\
                 e,t,\"two\nlines\",,,\n";
    fs::write(home.path().join("cases.csv"), table).unwrap();
    for (place, format) in [(["--store", "s.db"], "auto"), (["--store", "t.db"], "csv")] {
        let args = ["cases", "import", "cases.csv", "--format", format, "--without-starter"];
        let (code, _, err) = leitmotif(&home, &[&args[..], &place].concat());
        assert_eq!(code, 3, "{err}");
        for said in ["cases.csv:3: the row has 2 fields", "cases.csv:5: `url`", "3 cases added"] {
            assert!(err.contains(said), "{said}: {err}");
        }
        let (_, out, _) = leitmotif(&home, &[&["cases", "export"][..], &place].concat());
        assert!(out.contains("\"countries\":[\"Ukraine\",\"Poland\"]") && out.contains("two\\nlines"), "{out}");
    }
    fs::write(home.path().join("other.csv"), "a,b\n1,2\n").unwrap();
    let (code, _, err) = leitmotif(&home, &["cases", "import", "other.csv", "--format", "csv"]);
    assert!(code == 1 && err.contains("title or claim"), "{err}");
    let (code, _, err) = leitmotif(&home, &["cases", "import", "other.csv"]);
    assert!(code == 1 && err.contains("names its columns"), "{err}");
}

#[test]
fn a_case_that_is_added_leads_nowhere_but_to_the_web() {
    let home = tempfile::tempdir().unwrap();
    let cases = concat!(
        r#"{"id":"a","title":"t","url":"javascript:alert(1)"}"#,
        "\n",
        r#"{"id":"b","title":"t","published":"26 May 2015","url":"?"}"#
    );
    fs::write(home.path().join("cases.jsonl"), cases).unwrap();
    let (code, _, err) = leitmotif(&home, &["cases", "add", "cases.jsonl"]);
    assert!(code == 3 && err.contains("cases.jsonl:1: `url` of the case \"a\""), "{err}");
    let (_, out, _) = leitmotif(&home, &["cases", "list", "--json"]);
    assert!(!out.contains("\"id\":\"a\"") && out.contains("\"id\":\"b\""), "{out}");
}

#[test]
fn an_id_to_which_no_address_leads_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let ids = ["export", "a/b", ".", "good id", &"x".repeat(201)];
    let lines: Vec<String> = ids.iter().map(|id| format!("{{\"id\":\"{id}\",\"title\":\"t\"}}")).collect();
    fs::write(home.path().join("cases.jsonl"), lines.join("\n")).unwrap();
    for args in [&["cases", "import", "cases.jsonl"][..], &["cases", "add", "cases.jsonl"]] {
        let (code, _, err) = leitmotif(&home, args);
        assert_eq!(code, 3, "{err}");
        for line in [1, 2, 3, 5] {
            assert!(err.contains(&format!("cases.jsonl:{line}: ")), "{line}: {err}");
        }
        assert!(err.contains("give the case another one"), "{err}");
    }
    let (_, out, _) = leitmotif(&home, &["cases", "list", "--json"]);
    assert!(out.contains("\"id\":\"good id\"") && !out.contains("\"id\":\"export\""), "{out}");
}

#[test]
fn a_query_without_text_is_named() {
    let home = tempfile::tempdir().unwrap();
    let queries = "{\"id\":\"q1\",\"text\":\"MI6 pays the protesters\"}\n{\"id\":\"q2\"}\n{\"id\":\"q3\",\"text\":\" \"}\nno json\n";
    fs::write(home.path().join("q.jsonl"), queries).unwrap();
    let (code, out, err) = leitmotif(&home, &["related", "--queries", "q.jsonl", "--format", "jsonl"]);
    assert_eq!((code, out.lines().count()), (3, 1), "{err}");
    let places: Vec<&str> = err.lines().filter_map(|l| l.strip_prefix("rejected: ")?.split(": ").next()).collect();
    assert_eq!(places, ["q.jsonl:2", "q.jsonl:3", "q.jsonl:4"], "{err}");
    assert!(err.contains("the query \"q2\" has no `text`"), "{err}");
}
