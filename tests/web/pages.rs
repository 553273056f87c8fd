//! Pages: complete without scripts, safe whatever stands in a record, and light.

use crate::service::{Service, loaded, serve, setup};
use axum::body::Body;
use serde_json::json;

#[tokio::test]
async fn every_page_is_there_and_allows_only_our_own_files() {
    let service = Service::new();
    for page in ["/", "/cases", "/cases?q=maidan", "/cases/new", "/overview", "/model", "/api"] {
        let reply = service.get(page).await;
        assert_eq!(reply.status, 200, "{page}");
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let html = reply.text();
        // Nothing inline, nothing from elsewhere.
        assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick"), "{page}");
        for script in html.split("<script").skip(1) {
            assert!(script.starts_with(" type=\"module\" src=\"/assets/") && script.contains("></script>"), "{page}");
        }
    }
    // Links are shared with what trackers add; a browser is shown a page, a program a problem.
    let shared = service.get("/cases?narrative=biolabs&fbclid=abc").await;
    assert_eq!(shared.text(), service.get("/cases?narrative=biolabs").await.text());
    assert_eq!(service.get("/overview?utm_source=x&from=2026-01-01").await.status, 200);
    service.get("/v1/cases?fbclid=abc").await.is_problem(400, "bad-parameter");
    for (path, status) in [("/nope", 404), ("/cases?offset=x", 400)] {
        let accept = "text/html,application/xhtml+xml,*/*;q=0.8";
        let request = crate::service::request("GET", path).header("accept", accept);
        let reply = service.send(request.body(Body::empty()).unwrap()).await;
        assert!(reply.status == status && reply.text().contains("<h1>"), "{path}: {}", reply.text());
    }
    service.get("/nope").await.is_problem(404, "not-found");
    let missing = service.get("/cases/none").await;
    assert_eq!((missing.status.as_u16(), missing.text().contains("<h1>Not here</h1>")), (404, true));
}

#[tokio::test]
async fn an_evaluation_of_another_version_is_not_shown() {
    let version = leitmotif::embedded::model().unwrap().manifest.version;
    for (of, shown) in [(version.as_str(), true), ("another", false)] {
        let of = of.to_owned();
        let folder = tempfile::tempdir().unwrap();
        let mut setup = setup(&folder.path().join("store.db"));
        setup.model = Box::new(move || {
            let mut loaded = loaded()?;
            let subject = json!({ "model": { "name": "starter", "version": of } });
            loaded.evaluation.as_mut().unwrap()["subject"] = subject;
            Ok(loaded)
        });
        let html = serve(setup, folder).get("/model").await.text();
        assert_eq!(html.contains("No evaluation lies with this model"), !shown);
    }
}

#[tokio::test]
async fn the_first_load_is_light() {
    let service = Service::new();
    let html = service.get("/").await;
    let mut total = html.body.len();
    let html = html.text();
    let mut wanted: Vec<String> = html.split('"').filter(|p| p.starts_with("/assets/")).map(str::to_owned).collect();
    // The style sheet's fonts, of which an English page loads the first.
    let base = wanted[0].rsplit_once('/').unwrap().0.to_owned();
    wanted.push(format!("{base}/fonts/literata-latin.woff2"));
    wanted.sort();
    wanted.dedup();
    for asset in &wanted {
        let reply = service.get(asset).await;
        assert_eq!(reply.status, 200, "{asset}");
        assert!(reply.headers["cache-control"].to_str().unwrap().contains("immutable"));
        total += reply.body.len();
    }
    assert!(total < 200_000, "{total} bytes");
}

#[tokio::test]
async fn markup_in_a_record_stays_text() {
    let service = Service::new();
    let evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    let case = json!({ "id": "evil", "title": evil, "claim": evil, "disproof": evil, "keywords": [evil], "outlets": [evil], "countries": [evil], "url": "https://example.org/?a=\"><script>", "published": "2026-01-01" });
    assert_eq!(service.post("/v1/cases", &case).await.status, 201);
    service
        .post(
            "/v1/assess",
            &json!({ "text": "The gardeners of Quellenburg planted turnips.", "outlet": evil, "title": evil }),
        )
        .await;
    for page in ["/cases?q=alert", "/cases/evil", "/cases/evil/edit", "/overview", "/cases"] {
        let html = service.get(page).await.text();
        assert!(!html.contains("<script>") && !html.contains("<img"), "{page}");
    }
}

#[tokio::test]
async fn the_description_of_the_api_is_that_of_the_router() {
    let service = Service::new();
    let document = service.get("/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let concrete = path.replace("{id}", "none").replace("{number}", "1");
        for method in methods.as_object().unwrap().keys() {
            described += 1;
            let request = crate::service::request(&method.to_uppercase(), &concrete).body(Body::empty()).unwrap();
            let reply = service.send(request).await;
            assert_ne!(reply.status, 405, "{method} {path}");
            assert!(reply.status != 404 || reply.text().contains("there is no"), "{method} {path}: {}", reply.text());
        }
    }
    assert_eq!(described, leitmotif::web::openapi::operations().len());
    // Every reference leads somewhere.
    let text = document.to_string();
    for name in text.split("#/components/schemas/").skip(1).filter_map(|r| r.split('"').next()) {
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
    assert!(document["components"]["schemas"]["Assessment"]["properties"]["narratives"].is_object());
    let page = service.get("/api").await.text();
    assert!(page.contains("/v1/claims:search") && page.contains("curl http://127.0.0.1:7878/v1/assess"));
}

#[tokio::test]
async fn supervisors_are_answered() {
    let service = Service::new();
    assert_eq!(service.get("/healthz").await.text(), "ok\n");
    assert_eq!(service.get("/readyz").await.json()["cases"], leitmotif::embedded::cases().unwrap().len());
    service.post("/v1/assess", &json!({ "text": "The moon is made of green cheese." })).await;
    let metrics = service.get("/metrics").await.text();
    assert!(metrics.contains("leitmotif_requests_total{route=\"/v1/assess\",method=\"POST\",status=\"200\"} 1"));
    assert!(metrics.contains("leitmotif_documents_total 1"));
    assert_eq!(service.get("/v1/model").await.json()["name"], "starter");
    let narratives = service.get("/v1/narratives").await.json()["narratives"].as_array().unwrap().len();
    assert_eq!(narratives, service.state.engine().assessor().classifier().len());
    assert_eq!(service.get("/v1/narratives/colour-revolutions").await.json()["parent"], "western-plots");
}
