//! Every bad request gets a status, a kind and a way to mend it.

use crate::service::{Service, request, serve, setup};
use axum::body::Body;
use axum::http::header;
use leitmotif::web::state::Limits;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn bad_bodies() {
    let service = Service::new();
    service.post_as("/v1/assess", "application/json", "{\"text\": \"a").await.is_problem(400, "bad-json");
    service.post_as("/v1/assess", "application/json", "").await.is_problem(400, "bad-json");
    service
        .post_as("/v1/assess", "application/json", b"{\"text\":\"\xff\"}".to_vec())
        .await
        .is_problem(400, "bad-json");
    service.post_as("/v1/assess", "application/json", "[1]").await.is_problem(422, "bad-field");
    service.post("/v1/assess", &json!({})).await.is_problem(422, "bad-field");
    service.post("/v1/assess", &json!({ "text": true })).await.is_problem(422, "bad-field");
    let typo = service.post("/v1/assess", &json!({ "text": "a", "langauge": "en" })).await;
    typo.is_problem(422, "bad-field");
    assert!(typo.text().contains("langauge") && typo.text().contains("language"));
    service.post("/v1/assess", &json!({ "text": "a", "language": "english" })).await.is_problem(422, "bad-field");
    service.post("/v1/assess", &json!({ "text": "a", "top": 1000 })).await.is_problem(422, "bad-field");
    service.post("/v1/assess", &json!({ "text": "a", "documents": [] })).await.is_problem(422, "bad-field");
    service.post_as("/v1/assess", "application/xml", "<a/>").await.is_problem(415, "content-type");
    service.send(request("POST", "/v1/assess").body(Body::from("{}")).unwrap()).await.is_problem(415, "content-type");
    let many: Vec<_> = (0..1_001).map(|_| json!({ "text": "a" })).collect();
    service.post("/v1/assess", &json!({ "documents": many })).await.is_problem(422, "bad-field");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    service.post_as("/v1/assess", "application/json", deep).await.is_problem(422, "bad-field");
    let nested = format!("<html><body>{}", "<div>".repeat(200_000));
    service.post_as("/v1/assess", "text/html", nested).await.is_problem(422, "bad-field");
}

#[tokio::test]
async fn a_body_is_an_object_and_no_list_of_its_fields() {
    let service = Service::new();
    for (at, body) in [
        ("/v1/assess", json!(["myid", "text"])),
        ("/v1/assess", json!({ "documents": [["myid", "text"]] })),
        ("/v1/related", json!(["text"])),
        ("/v1/seen", json!(["text"])),
        ("/v1/fetch", json!(["http://a.example"])),
        ("/v1/cases", json!(["id", "title"])),
        ("/v1/verdicts", json!({ "text": ["words"], "subject": "case", "target": "x", "decision": "accepted" })),
        ("/v1/assess", json!("text")),
        ("/v1/assess", json!(null)),
    ] {
        let reply = service.post(at, &body).await;
        reply.is_problem(422, "bad-field");
        assert!(reply.text().contains("object"), "{at}: {}", reply.text());
    }
    for (body, said) in [
        (json!({ "text": "a", "top": "many" }), "a whole number"),
        (json!({ "text": "a", "top": -1 }), "a whole number"),
        (json!({ "text": ["a"] }), "text"),
        (json!({ "text": "a", "evidence": "no" }), "true or false"),
        (json!({ "documents": 7 }), "a list"),
    ] {
        let reply = service.post("/v1/assess", &body).await;
        reply.is_problem(422, "bad-field");
        let text = reply.text();
        assert!(text.contains(&format!("expected {said}")), "{text}");
        assert!(!text.contains("struct") && !text.contains("usize"), "{text}");
    }
}

#[tokio::test]
async fn a_title_is_assessed_where_there_is_no_text() {
    let service = Service::new();
    let title = "The protests in Kazakhstan were a colour revolution prepared in Western embassies";
    let as_text = service.post("/v1/assess", &json!({ "id": "a", "text": title })).await.json();
    assert_eq!(as_text["outcome"], "known");
    for one in [json!({ "id": "a", "title": title }), json!({ "id": "a", "text": " ", "title": title })] {
        assert_eq!(service.post("/v1/assess", &one).await.json(), as_text);
        let many = service.post("/v1/assess", &json!({ "documents": [one] })).await.json();
        assert_eq!(many["assessments"], json!([as_text]));
    }
    let nothing = json!({ "documents": [{ "id": "a", "text": "" }, { "id": "b", "outlet": "Moon Daily" }] });
    let refused = service.post("/v1/assess", &nothing).await;
    refused.is_problem(422, "bad-field");
    assert!(refused.text().contains("documents[1] (id \\\"b\\\")"), "{}", refused.text());
    service.post("/v1/assess", &json!({ "id": "b" })).await.is_problem(422, "bad-field");
    service.post("/v1/assess", &json!({ "title": title, "documents": [] })).await.is_problem(422, "bad-field");
}

#[tokio::test]
async fn odd_texts_are_answered() {
    let service = Service::new();
    for text in ["", " ", "\0", "\u{202e}abc", "😀😀😀", "a\r\nb", &"x".repeat(100_000), &"й ".repeat(50_000)] {
        let reply = service.post("/v1/assess", &json!({ "text": text })).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

#[tokio::test]
async fn bad_addresses_and_methods() {
    let service = Service::new();
    service.get("/v1/nothing").await.is_problem(404, "not-found");
    service.get("/v1/assess").await.is_problem(405, "method");
    service.get("/v1/cases/none").await.is_problem(404, "not-found");
    service.get("/v1/narratives/none").await.is_problem(404, "not-found");
    service.get("/v1/cases?limit=many").await.is_problem(400, "bad-parameter");
    service.get("/v1/cases?colour=red").await.is_problem(400, "bad-parameter");
    service.get("/v1/cases?from=2022").await.is_problem(422, "bad-field");
    service.get("/v1/claims:search").await.is_problem(422, "bad-field");
    service.get("/assets/x/none.js").await.is_problem(404, "not-found");
    service.get("/assets/x/..%2F..%2Fetc%2Fpasswd").await.is_problem(404, "not-found");
    assert_eq!(service.get("/cases/%FF").await.status, 400);
}

#[tokio::test]
async fn large_and_slow_bodies() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { body: 1_000, receive: Duration::from_millis(200), ..Limits::default() };
    let service = serve(leitmotif::web::state::Setup { limits, ..setup(&folder.path().join("s.db")) }, folder);
    let large = "a".repeat(2_000);
    service.post_as("/v1/assess", "text/plain", large.clone()).await.is_problem(413, "too-large");
    // Without a length, it is noticed while it comes.
    let stream = tokio_stream(vec![large[..900].to_owned(), large[..900].to_owned()], Duration::ZERO);
    service.post_as("/v1/assess", "text/plain", stream).await.is_problem(413, "too-large");
    let stream = tokio_stream(vec!["a".into(), "b".into()], Duration::from_secs(5));
    service.post_as("/v1/assess", "text/plain", stream).await.is_problem(408, "too-slow");
}

/// A body that comes in pieces with pauses.
fn tokio_stream(pieces: Vec<String>, pause: Duration) -> Body {
    struct Pieces(std::vec::IntoIter<String>, Duration, std::pin::Pin<Box<tokio::time::Sleep>>);
    impl hyper::body::Body for Pieces {
        type Data = axum::body::Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
            std::task::ready!(self.2.as_mut().poll(context));
            let pause = self.1;
            self.2.as_mut().reset(tokio::time::Instant::now() + pause);
            std::task::Poll::Ready(self.0.next().map(|p| Ok(hyper::body::Frame::data(p.into()))))
        }
    }
    Body::new(Pieces(pieces.into_iter(), pause, Box::pin(tokio::time::sleep(Duration::ZERO))))
}

#[tokio::test]
async fn only_our_own_page_may_write_from_a_browser() {
    let service = Service::new();
    let body = || Body::from(json!({ "text": "a" }).to_string());
    let post = |headers: &[(&str, &str)]| {
        let mut request = request("POST", "/v1/assess").header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body()).unwrap()
    };
    for foreign in [
        &[("origin", "https://evil.example"), ("x-leitmotif", "page")][..],
        &[("origin", "null"), ("x-leitmotif", "page")],
        &[("sec-fetch-site", "cross-site"), ("x-leitmotif", "page")],
        &[("sec-fetch-site", "same-site"), ("x-leitmotif", "page")],
        &[("origin", "http://127.0.0.1:7878")],
        &[("sec-fetch-site", "same-origin")],
        &[("cookie", "a=b")],
    ] {
        service.send(post(foreign)).await.is_problem(403, "foreign-page");
    }
    let own = post(&[("origin", "http://127.0.0.1:7878"), ("sec-fetch-site", "same-origin"), ("x-leitmotif", "page")]);
    assert_eq!(service.send(own).await.status, 200);
    let rebound =
        axum::http::Request::get("/v1/model").header("host", "evil.example:7878").body(Body::empty()).unwrap();
    service.send(rebound).await.is_problem(403, "foreign-host");
}

#[tokio::test]
async fn a_token_is_asked_for_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let token = Some("0123456789abcdef".to_owned());
    let service = serve(leitmotif::web::state::Setup { token, ..setup(&folder.path().join("s.db")) }, folder);
    let with = |authorization: &str| {
        axum::http::Request::get("/v1/model")
            .header("host", "desk.example")
            .header("authorization", authorization)
            .body(Body::empty())
            .unwrap()
    };
    let none = service.get("/").await;
    none.is_problem(401, "token");
    assert!(none.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    for wrong in [
        "Bearer wrong",
        "Bearer",
        "Bearer 0123456789abcdef0",
        "Basic !!!",
        "Digest 0123456789abcdef",
        "Basic YW5hOndyb25n",
    ] {
        service.send(with(wrong)).await.is_problem(401, "token");
    }
    assert_eq!(service.send(with("Bearer 0123456789abcdef")).await.status, 200);
    // ana:0123456789abcdef, as a browser's own prompt sends it.
    assert_eq!(service.send(with("Basic YW5hOjAxMjM0NTY3ODlhYmNkZWY=")).await.status, 200);
    assert_eq!(service.get("/healthz").await.status, 200);
}
