//! Texts in, assessments out: what the command line prints, byte for byte.

use crate::service::Service;
use serde_json::json;

const POST: &str = include_str!("../../examples/post.txt");

#[tokio::test]
async fn the_answer_is_that_of_the_command_line() {
    let service = Service::new();
    let cli = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("leitmotif"))
        .env("LEITMOTIF_STORE", service.folder.path().join("none.db"))
        .args(["classify", "--json", "--text", POST])
        .output()
        .unwrap();
    let as_json = service.post("/v1/assess", &json!({ "text": POST })).await;
    assert_eq!(as_json.status, 200);
    assert_eq!(as_json.text(), String::from_utf8(cli.stdout).unwrap());
    let as_text = service.post_as("/v1/assess", "text/plain; charset=utf-8", POST).await;
    assert_eq!(as_text.text(), as_json.text());
    assert!(as_json.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn options_and_batches() {
    let service = Service::new();
    let short =
        service.post("/v1/assess", &json!({ "text": POST, "top": 1, "related": 0, "evidence": false })).await.json();
    assert!(short["related"].as_array().unwrap().is_empty());
    assert!(short["narratives"].as_array().unwrap().iter().all(|n| n["evidence"].as_array().unwrap().is_empty()));
    let documents = json!({ "documents": [{ "id": "a", "text": POST }, { "id": "b", "text": "" }, { "id": "c", "text": POST, "language": "ru" }] });
    let many = service.post("/v1/assess", &documents).await.json();
    let said: Vec<_> = many["assessments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["id"].as_str().unwrap(), a["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(said[..2], [("a", "known"), ("b", "too_short")]);
    assert_eq!(many["assessments"][2]["language"], "ru");
    let page = "<html lang=en><title>T</title><body><article><p>Western embassies had the script ready: the protests in Kazakhstan were a colour revolution.</p></article></body></html>";
    let html = service.post_as("/v1/assess", "text/html", page).await.json();
    assert_eq!((html["outcome"].as_str(), html["language"].as_str()), (Some("known"), Some("en")));
    let related = service.post("/v1/related", &json!({ "text": POST, "top": 2 })).await.json();
    assert_eq!(related["related"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn parameters_count_whatever_the_body_is() {
    let service = Service::new();
    let address = "/v1/assess?top=0&related=0&evidence=false&language=ru";
    for body in [json!({ "text": POST }), json!({ "text": POST, "top": 0, "language": "RU-ru" })] {
        let answer = service.post(address, &body).await.json();
        assert_eq!((answer["narratives"].as_array().unwrap().len(), &answer["language"]), (0, &json!("ru")));
        assert!(answer["related"].as_array().unwrap().is_empty());
    }
    let many = json!({ "documents": [{ "text": POST }, { "text": POST, "language": "ru" }] });
    for answer in service.post(address, &many).await.json()["assessments"].as_array().unwrap() {
        assert_eq!((&answer["language"], answer["related"].as_array().unwrap().len()), (&json!("ru"), 0));
    }
    for (address, body, name) in [
        ("?top=3", json!({ "text": POST, "top": 2 }), "top is 2 in the body and 3 in the address"),
        ("?evidence=true", json!({ "text": POST, "evidence": false }), "evidence is false in the body"),
        ("?language=ru", json!({ "text": POST, "language": "en" }), "language is \"en\" in the body"),
        ("?language=ru", json!({ "documents": [{ "text": POST, "language": "en" }] }), "documents[0].language"),
    ] {
        let refused = service.post(&format!("/v1/assess{address}"), &body).await;
        refused.is_problem(422, "bad-field");
        assert!(refused.text().replace("\\\"", "\"").contains(name), "{}", refused.text());
    }
}

#[tokio::test]
async fn null_is_not_given_and_a_number_its_digits() {
    let service = Service::new();
    let nulls = json!({ "id": 5, "text": POST, "title": null, "outlet": null, "published": null, "url": null, "language": null });
    let answer = service.post("/v1/assess", &nulls).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["id"]), (200, &json!("5")), "{}", answer.text());
    let many = json!({ "documents": [{ "id": 7, "text": null, "title": "The moon is made of green cheese.", "outlet": 24 }], "text": null });
    assert_eq!(service.post("/v1/assess", &many).await.json()["assessments"][0]["id"], "7");
    service.post("/v1/assess", &json!({ "text": POST, "title": ["a"] })).await.is_problem(422, "bad-field");
    let verdict = json!({ "text": { "text": POST, "title": null, "outlet": 24 }, "subject": "narrative", "target": "biolabs", "decision": "rejected", "note": null, "person": null });
    assert_eq!(service.post("/v1/verdicts", &verdict).await.status, 201);
}

#[tokio::test]
async fn files_of_any_encoding_become_text() {
    let service = Service::new();
    let utf16: Vec<u8> = std::iter::once(0xfeff_u16).chain("Киев".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let read = service.post_as("/v1/extract", "application/octet-stream", utf16).await.json();
    assert_eq!(read["text"], "Киев");
    // What is said to be a page is one, even if it does not begin like one.
    let part = "Some intro<br>NATO &amp; Co <b>war</b>";
    let read = service.post_as("/v1/extract", "text/html", part).await.json();
    assert_eq!(read["text"], "Some intro\nNATO & Co war");
    assert_eq!(service.post_as("/v1/extract", "text/plain", part).await.json()["text"], part);
    let binary =
        service.post_as("/v1/extract", "application/octet-stream", b"\x7fELF\0\0\0\x01\x02\0\0".to_vec()).await;
    binary.is_problem(422, "bad-field");
    assert!(!binary.text().contains("docs/"), "{}", binary.text());
    let private = service.post("/v1/fetch", &json!({ "url": "http://127.0.0.1:1/" })).await;
    private.is_problem(422, "private-address");
}

#[tokio::test]
async fn what_was_here_before_is_recognised() {
    let service = Service::new();
    service
        .post(
            "/v1/assess",
            &json!({ "text": POST, "outlet": "Daily Moon", "published": "2026-01-07", "title": "Unrest" }),
        )
        .await;
    service.state.settle();
    let copied = format!("{POST} Share this!");
    let seen = service.post("/v1/seen", &json!({ "text": copied })).await.json();
    assert_eq!(
        (seen["near_duplicates"][0]["outlet"].as_str(), seen["near_duplicates"][0]["title"].as_str()),
        (Some("Daily Moon"), Some("Unrest"))
    );
    let overview = service.get("/v1/overview").await.json();
    let count = overview["counts"].as_array().unwrap().iter().find(|c| c["narrative"] == "colour-revolutions").unwrap();
    assert_eq!(
        (count["week"].as_str(), count["outlet"].as_str(), count["texts"].as_u64()),
        (Some("2026-01-05"), Some("Daily Moon"), Some(1))
    );
    // Out of the days asked for.
    assert!(service.get("/v1/overview?from=2026-02-01").await.json()["counts"].as_array().unwrap().is_empty());
    service.get("/v1/overview?from=yesterday").await.is_problem(422, "bad-field");
}

#[tokio::test]
async fn unknown_texts_that_share_words_form_a_group() {
    let service = Service::new();
    for (i, end) in ["near the crater.", "inside the crater.", "under that crater."].iter().enumerate() {
        let text = format!("The gardeners of Quellenburg planted turnips, beetroots and parsnips number {i} {end}");
        assert_eq!(service.post("/v1/assess", &json!({ "text": text })).await.json()["outcome"], "unknown");
    }
    service.state.settle();
    let clusters = service.get("/v1/overview").await.json()["clusters"].clone();
    assert_eq!(clusters[0]["texts"], 3);
    assert!(clusters[0]["terms"].as_array().unwrap().iter().any(|t| t == "quellenburg"), "{clusters}");
}
