//! A store that is locked, damaged, missing or shared: it is said, and texts are answered all the same.

use crate::service::{Service, serve, setup};
use serde_json::json;

const TEXT: &str = "Western embassies had the script ready: the protests in Kazakhstan were a colour revolution.";

async fn answers(service: &Service) {
    let answer = service.post("/v1/assess", &json!({ "text": TEXT })).await.json();
    assert_eq!(answer["outcome"], "known");
    assert!(!answer["related"].as_array().unwrap().is_empty());
}

fn verdict() -> serde_json::Value {
    json!({ "text": { "text": TEXT }, "subject": "narrative", "target": "colour-revolutions", "decision": "accepted" })
}

#[tokio::test]
async fn a_damaged_store_is_said_and_texts_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    std::fs::write(&path, [b"SQLite format 3\0".as_slice(), &[7; 8192]].concat()).unwrap();
    let service = serve(setup(&path), folder);
    answers(&service).await;
    service.post("/v1/verdicts", &verdict()).await.is_problem(503, "store-damaged");
    assert!(service.get("/readyz").await.json()["store"].as_str().unwrap().contains("store.db"));
    assert!(service.get("/").await.text().contains("role=\"alert\""));
    // Mended while the server runs, it is used again.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(service.post("/v1/verdicts", &verdict()).await.status, 201);
    assert!(service.get("/readyz").await.json()["store"].is_null());
}

#[tokio::test]
async fn a_store_that_cannot_be_made_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let service = serve(setup(&folder.path().join("file/store.db")), folder);
    answers(&service).await;
    service.post("/v1/verdicts", &verdict()).await.is_problem(503, "store-unusable");
    service.get("/metrics").await.text().lines().find(|l| *l == "leitmotif_store_usable 0").unwrap();
}

#[tokio::test]
async fn a_locked_store_is_said_and_reads_go_on() {
    let service = Service::new();
    assert_eq!(service.post("/v1/verdicts", &verdict()).await.status, 201);
    let other = rusqlite::Connection::open(service.folder.path().join("store.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = service.post("/v1/verdicts", &verdict()).await;
    locked.is_problem(503, "store-locked");
    assert!(locked.headers.contains_key("retry-after"));
    answers(&service).await;
    assert_eq!(service.get("/v1/verdicts").await.json()["verdicts"].as_array().unwrap().len(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(service.post("/v1/verdicts", &verdict()).await.status, 201);
}

#[tokio::test]
async fn two_servers_on_one_store_see_each_other() {
    let one = Service::new();
    let folder = tempfile::tempdir().unwrap();
    let two = serve(setup(&one.folder.path().join("store.db")), folder);
    let case = json!({ "id": "turnips", "claim": "Secret turnip laboratories under Quellenburg breed mosquitoes." });
    assert_eq!(one.post("/v1/cases", &case).await.status, 201);
    assert_eq!(two.state.sync_cases().unwrap(), 1);
    let found = two.post("/v1/related", &json!({ "text": "turnip laboratories under Quellenburg" })).await.json();
    assert_eq!(found["related"][0]["id"], "turnips");
    assert_eq!(two.state.sync_cases().unwrap(), 0);
    two.send_json("DELETE", "/v1/cases/turnips", &json!({})).await;
    assert_eq!(one.state.sync_cases().unwrap(), 1);
    let verdict = verdict();
    let both = tokio::join!(one.post("/v1/verdicts", &verdict), two.post("/v1/verdicts", &verdict));
    assert_eq!((both.0.status.as_u16(), both.1.status.as_u16()), (201, 201));
}

#[tokio::test]
async fn a_reload_drops_no_request() {
    let service = Service::new();
    let before = service.state.engine();
    let (nothing, text) = (json!({}), json!({ "text": TEXT }));
    let (reloaded, answered) =
        tokio::join!(service.post("/v1/model/reload", &nothing), service.post("/v1/assess", &text));
    assert_eq!((reloaded.status.as_u16(), answered.status.as_u16()), (200, 200));
    assert!(!std::sync::Arc::ptr_eq(&before, &service.state.engine()));
    answers(&service).await;
}
