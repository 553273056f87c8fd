//! Verdicts: stored, taken back, exported; and only about what there is.

use crate::service::Service;
use serde_json::{Value, json};

fn verdict(decision: &str, instead: &[&str]) -> Value {
    json!({
        "text": { "text": "The protests were staged.", "language": "en", "outlet": "Moon Daily" },
        "subject": "narrative", "target": "colour-revolutions", "decision": decision, "instead": instead,
        "note": "seen on Monday", "person": "ana", "probability": 0.7,
    })
}

#[tokio::test]
async fn verdicts_on_cases_go_out_as_queries_and_judgements() {
    let service = Service::new();
    let text = "They say the bridge was sold.";
    let mut on_case = verdict("accepted", &[]);
    let id = service.get("/v1/cases?limit=1").await.json()["cases"][0]["id"].as_str().unwrap().to_owned();
    on_case["text"]["text"] = json!(text);
    (on_case["subject"], on_case["target"]) = (json!("case"), json!(id));
    let kept = service.post("/v1/verdicts", &on_case).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    let query: Value = serde_json::from_str(&service.get("/v1/verdicts/export?format=queries").await.text()).unwrap();
    assert_eq!((&query["text"], &query["language"]), (&json!(text), &json!("en")));
    let qrels = service.get("/v1/verdicts/export?format=qrels").await.text();
    assert_eq!(qrels, format!("{}\t0\t{id}\t1\n", query["id"].as_str().unwrap()));
    assert_eq!(service.get("/v1/verdicts/export").await.text(), "");
}

#[tokio::test]
async fn a_verdict_is_kept_exported_and_taken_back() {
    let service = Service::new();
    let kept = service.post("/v1/verdicts", &verdict("relabelled", &["maidan-coup"])).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    let kept = kept.json();
    let hash = kept["text_hash"].as_str().unwrap();
    let listed = service.get(&format!("/v1/verdicts?text_hash={hash}")).await.json();
    assert_eq!(listed["verdicts"][0], kept);
    assert_eq!(kept["model_version"], service.get("/v1/model").await.json()["version"]);
    let line: Value = serde_json::from_str(service.get("/v1/verdicts/export").await.text().trim()).unwrap();
    assert_eq!(
        (line["narratives"].clone(), line["rejected"].clone()),
        (json!(["maidan-coup"]), json!(["colour-revolutions"]))
    );
    // A text of which a narrative was only rejected is no text that carries none.
    let mut rejected = verdict("rejected", &[]);
    rejected["text"]["text"] = json!("Another text about protests.");
    let rejected = service.post("/v1/verdicts", &rejected).await.json();
    // The command line exports the same.
    let cli = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("leitmotif"))
        .args(["verdicts", "export", "--store"])
        .arg(service.folder.path().join("store.db"))
        .output()
        .unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&cli.stdout).unwrap(), line);
    let said = String::from_utf8(cli.stderr).unwrap();
    assert!(said.contains("1 texts were left out: narratives were only rejected"), "{said}");
    service.send_json("DELETE", &format!("/v1/verdicts/{}", rejected["number"]), &json!({})).await;
    for format in ["label-studio", "prodigy"] {
        assert!(service.get(&format!("/v1/verdicts/export?format={format}")).await.text().contains("maidan-coup"));
    }
    let number = kept["number"].as_i64().unwrap();
    let undone = service.send_json("DELETE", &format!("/v1/verdicts/{number}"), &json!({})).await.json();
    assert!(undone["undone_at"].is_string());
    assert_eq!(service.get("/v1/verdicts/export").await.text(), "");
    // It is still on record.
    assert_eq!(service.get("/v1/verdicts").await.json()["verdicts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn verdicts_about_nothing_are_refused() {
    let service = Service::new();
    let mut unknown = verdict("accepted", &[]);
    unknown["target"] = "colour-revolution".into();
    let refused = service.post("/v1/verdicts", &unknown).await;
    refused.is_problem(422, "bad-field");
    assert!(refused.text().contains("did you mean"));
    service.post("/v1/verdicts", &verdict("relabelled", &[])).await.is_problem(422, "bad-field");
    service.post("/v1/verdicts", &verdict("accepted", &["maidan-coup"])).await.is_problem(422, "bad-field");
    service.post("/v1/verdicts", &verdict("perhaps", &[])).await.is_problem(422, "bad-field");
    let mut empty = verdict("accepted", &[]);
    empty["text"]["text"] = " ".into();
    service.post("/v1/verdicts", &empty).await.is_problem(422, "bad-field");
    service.send_json("DELETE", "/v1/verdicts/99", &json!({})).await.is_problem(404, "not-found");
    service.send_json("DELETE", "/v1/verdicts/x", &json!({})).await.is_problem(404, "not-found");
}
