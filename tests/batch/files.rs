//! Every kind of input, told by its content.

use crate::tools::{Place, gzip, ids, post};
use serde_json::json;

const RSS: &str = "<?xml version='1.0'?><rss version='2.0'><channel><title>Valley Post</title><language>en</language>\
    <item><guid>rss-1</guid><title>Council</title><link>https://valley.example/1</link>\
    <description>&lt;p&gt;The council talked about the bridge.&lt;/p&gt;&lt;p&gt;It rained all day.&lt;/p&gt;</description></item>\
    <item><link>https://valley.example/2</link><title>The library opens at nine on weekdays</title></item></channel></rss>";

#[test]
fn a_bad_element_of_an_array_is_known_by_its_number() {
    let place = Place::new();
    place.write("in.json", "[{\"id\":\"a\",\"text\":\"Words.\"},7,{\"text\":\"no id\"}]");
    place.run(&["in.json", "-o", "out.jsonl", "--rejects", "bad.jsonl"]);
    let bad = crate::tools::lines(&place.read("bad.jsonl"));
    let said: Vec<_> = bad.iter().map(|b| (b["kind"].as_str().unwrap(), b["cause"].as_str().unwrap())).collect();
    assert!(said[0].0 == "json" && said[0].1.ends_with("(element 2 of the array)"), "{said:?}");
    assert!(said[1].0 == "no_id" && said[1].1.ends_with("(element 3 of the array)"), "{said:?}");
}

#[test]
fn what_is_empty_holds_no_document() {
    let place = Place::new();
    let names = ["a.txt", "b.jsonl", "c.json", "d.csv", "e.xml", "f.warc", "g.parquet", "h.html", "i", "j.jsonl.gz"];
    for name in names {
        place.write(&format!("in/{name}"), "");
    }
    place.write("in/k.csv.gz", crate::tools::gzip(b""));
    let (found, summary, ran) = place.assess(&["in"]);
    assert!(found.is_empty() && ran.code == 0, "{}", ran.err);
    assert_eq!((&summary["read"], &summary["rejected"]), (&0.into(), &0.into()));
    for format in ["auto", "jsonl", "csv", "feed", "html", "text", "warc", "parquet"] {
        let ran = place.feed(&["-", "-o", "-", "--format", format], b"");
        assert!(ran.code == 0 && ran.out.is_empty(), "{format}: {}", ran.err);
    }
}

#[test]
fn all_formats_are_known_by_their_content() {
    let place = Place::new();
    let two = [json!({"id": "a", "text": post(1)}), json!({"id": "b", "text": post(2)})];
    place.write("lines", format!("{}\n{}\n", two[0], two[1]));
    place.write("array", json!(two).to_string());
    place.write("pretty", format!("{:#}\n{:#}\n", two[0], two[1]));
    place.write("table", format!("id,text\na,\"{}\"\nb,\"{}\n\"\n", post(1), post(2)));
    place.write("tabs", format!("text\tid\n{}\ta\n{}\tb\n", post(1), post(2)));
    place.write("semicolons", format!("id;body\na;{}\nb;{}\n", post(1), post(2)));
    for name in ["lines", "array", "pretty", "table", "tabs", "semicolons"] {
        let (assessments, summary, ran) = place.assess(&[name]);
        assert_eq!((ran.code, ids(&assessments)), (0, vec!["a", "b"]), "{name}: {}", ran.err);
        assert_eq!(summary["languages"]["en"], 2, "{name}");
        // The same packed, and on standard input.
        let plain = place.read(name);
        place.write("packed", gzip(&plain));
        let (packed, _, ran) = place.assess(&["packed"]);
        assert_eq!(packed, assessments, "{name}: {}", ran.err);
        place.write("packed", zstd::encode_all(&*plain, 1).unwrap());
        assert_eq!(place.assess(&["packed"]).0, assessments, "{name}");
        let piped = place.feed(&["-", "-o", "-", "--related", "0", "--no-evidence"], &plain);
        assert_eq!(crate::tools::lines(&piped.out), assessments, "{name}: {}", piped.err);
    }
}

#[test]
fn feeds_pages_texts_and_archives() {
    let place = Place::new();
    place.write("feeds/one.xml", RSS);
    place.write(
        "feeds/two",
        json!({"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "j", "content_text": post(4)}]})
            .to_string(),
    );
    let (assessments, _, ran) = place.assess(&["feeds", "--include-input"]);
    assert_eq!(ids(&assessments), ["rss-1", "https://valley.example/2", "j"], "{}", ran.err);
    assert_eq!(assessments[0]["input"]["title"], "Council");
    assert_eq!(assessments[0]["input"]["url"], "https://valley.example/1");
    let story =
        format!("{} {}", post(1), "Nobody had an answer, but everybody had a question, and so it went on. ".repeat(6));
    let page = format!(
        "<!DOCTYPE html><html lang=de><head><title>T</title><meta property='article:published_time' content='2024-02-03'>\
         </head><body><nav><a href=/>Home</a></nav><article><p>{story}</p></article><footer>Rights</footer></body></html>"
    );
    place.write("pages/a.html", &page);
    place.write("pages/sub/b.php", page.replace("council", "committee of seven elders"));
    place.write("pages/c.txt", post(2));
    let (assessments, summary, ran) = place.assess(&["pages", "--include-input", "--score-duplicates"]);
    assert_eq!(ids(&assessments), ["pages/a.html", "pages/c.txt", "pages/sub/b.php"], "{}", ran.err);
    assert_eq!(
        (&assessments[0]["language"], &assessments[0]["input"]["published"]),
        (&json!("de"), &json!("2024-02-03"))
    );
    assert_eq!(summary["read"], 3);
    let http = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{page}");
    let record = |kind: &str| {
        format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://valley.example/p\r\nContent-Type: application/http\r\n\
             Content-Length: {}\r\n\r\n{http}\r\n\r\n",
            http.len()
        )
    };
    place.write("w.warc.gz", [gzip(record("request").as_bytes()), gzip(record("response").as_bytes())].concat());
    let (assessments, summary, ran) = place.assess(&["w.warc.gz"]);
    assert_eq!(ids(&assessments), ["https://valley.example/p"], "{}", ran.err);
    assert_eq!(summary["left_out"], 1);
}

#[test]
fn columns_can_be_named_and_formats_forced() {
    let place = Place::new();
    place.write("t.csv", format!("nr,claim,likes\n7,\"{}\",3\n", post(1)));
    let (_, summary, ran) = place.assess(&["t.csv"]);
    assert_eq!((ran.code, &summary["errors"]["no_text_column"]), (3, &json!(1)), "{}", ran.err);
    let (assessments, _, _) =
        place.assess(&["t.csv", "--text-column", "claim", "--id-column", "nr", "--include-input"]);
    assert_eq!((ids(&assessments), &assessments[0]["input"]), (vec!["7"], &json!({"nr": "7", "likes": "3"})));
    place.write("l.jsonl", json!({"nr": 8, "wording": post(1)}).to_string());
    let (assessments, _, _) = place.assess(&["l.jsonl", "--text-field", "wording", "--id-field", "nr"]);
    assert_eq!(ids(&assessments), ["8"]);
    let (assessments, _, _) = place.assess(&["l.jsonl", "--format", "text"]);
    assert_eq!(ids(&assessments), ["l.jsonl"]);
    // A table without ids names its rows by their place.
    place.write("u.csv", format!("text,likes\n\"{}\",3\n", post(1)));
    assert_eq!(ids(&place.assess(&["u.csv"]).0), ["u.csv:2"]);
}

#[test]
fn a_name_that_no_field_has_is_said() {
    let place = Place::new();
    place.write("l.jsonl", json!({"id": "1", "text": post(1)}).to_string());
    place.write("t.csv", format!("id,title,text\n1,t,\"{}\"\n", post(1)));
    for (input, option, kind) in [
        ("l.jsonl", "--text-column", "no_text_field"),
        ("l.jsonl", "--id-column", "no_id"),
        ("t.csv", "--text-column", "no_text_column"),
        ("t.csv", "--id-column", "no_id"),
    ] {
        let (_, summary, ran) = place.assess(&[input, option, "nope"]);
        assert_eq!((ran.code, &summary["errors"][kind]), (3, &json!(1)), "{}", ran.err);
        assert!(ran.err.contains("`nope`") && ran.err.contains(&format!("({option})")), "{}", ran.err);
    }
}

#[test]
fn the_list_in_the_answer_of_an_api_is_read() {
    let place = Place::new();
    let two = json!([{"id": "a", "text": post(1)}, {"id": "b", "text": post(2)}]);
    let minimal = json!({"status": "ok", "articles": two}).to_string();
    let pretty = format!("{:#}\n", json!({"data": two, "meta": {"pages": [1, 2]}}));
    for text in [&minimal, &pretty] {
        place.write("answer.json", text);
        let (assessments, _, ran) = place.assess(&["answer.json"]);
        assert_eq!((ran.code, ids(&assessments)), (0, vec!["a", "b"]), "{}", ran.err);
        place.write("packed", gzip(text.as_bytes()));
        assert_eq!(place.assess(&["packed"]).0, assessments);
        let piped = place.feed(&["-", "-o", "-", "--related", "0", "--no-evidence"], text.as_bytes());
        assert_eq!(crate::tools::lines(&piped.out), assessments, "{}", piped.err);
    }
    // More than one: each is named, and how to take the records out.
    place.write("pages.jsonl", format!("{minimal}\n{minimal}\n"));
    let (_, summary, ran) = place.assess(&["pages.jsonl"]);
    assert_eq!((ran.code, &summary["errors"]["no_id"]), (3, &json!(2)), "{}", ran.err);
    assert!(ran.err.contains("jq -c '.articles[]'"), "{}", ran.err);
    // Bad records in the list are named by their line.
    place.write("bad.json", "{\n\"items\": [\n{\"id\": \"a\", \"text\": \"x\"},\n{\"text\": \"y\"}\n]}");
    let (_, _, ran) = place.assess(&["bad.json"]);
    assert!(ran.code == 3 && ran.err.contains("bad.json:4"), "{}", ran.err);
}

#[test]
fn patterns_and_folders_are_read_in_order() {
    let place = Place::new();
    for i in [3, 1, 2] {
        place.write(&format!("in/{i}.txt"), post(i));
    }
    let (assessments, _, _) = place.assess(&["in/[12].txt", "in/3.txt"]);
    assert_eq!(ids(&assessments), ["in/1.txt", "in/2.txt", "in/3.txt"]);
    let (_, _, ran) = place.assess(&["in/9*.txt"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("no file has such a name"), "{}", ran.err);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_goes_out_and_in() {
    let place = Place::new();
    place.write("in.jsonl", format!("{}{}\n", crate::tools::posts(40), crate::tools::article()));
    let ran = place.run(&["in.jsonl", "-o", "out.parquet", "--related", "0", "--include-input"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let (again, summary, ran) = place.assess(&["out.parquet", "--text-column", "evidence", "--include-input"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(summary["read"].as_u64(), Some(again.len() as u64));
    let row = again.iter().find(|a| a["id"] == "n0").unwrap();
    assert_eq!(row["input"]["outcome"], "known");
    assert!(row["input"]["probability"].as_f64().unwrap() > 0.0);
    let told = again.iter().filter(|a| a["id"] == "long").find_map(|a| a["input"]["passage_start"].as_f64());
    assert!(told.is_some_and(|start| start > 100.0), "{told:?}");
    // Damaged in the middle, and cut.
    let mut bytes = place.read("out.parquet");
    let middle = bytes.len() / 3;
    bytes[middle..middle + 40].fill(0xff);
    place.write("damaged.parquet", &bytes);
    bytes.truncate(middle);
    place.write("cut.parquet", &bytes);
    for name in ["damaged.parquet", "cut.parquet"] {
        let (_, summary, ran) = place.assess(&[name, "--text-column", "evidence"]);
        assert!(ran.code == 3 || ran.code == 0, "{name}: {}", ran.err);
        assert_eq!(
            summary["read"].as_u64(),
            Some(summary["scored"].as_u64().unwrap() + summary["rejected"].as_u64().unwrap())
        );
    }
    let refused = place.run(&["in.jsonl", "-o", "out.parquet", "--resume"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("cannot be resumed"), "{}", refused.err);
}
