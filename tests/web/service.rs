//! A service with the starter model and a store of its own, and requests to it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use leitmotif::embedded;
use leitmotif::web::app;
use leitmotif::web::engine::Loaded;
use leitmotif::web::state::{CaseSource, Limits, Setup, State};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

/// The service, and the folder its store lies in.
pub(crate) struct Service {
    pub(crate) app: Router,
    pub(crate) state: Arc<State>,
    pub(crate) folder: TempDir,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Checks that it is a problem of this status and kind, and says how to mend it.
    pub(crate) fn is_problem(&self, status: u16, kind: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:leitmotif:problem:{kind}"), "{problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().is_some_and(|d| d.len() > 10), "{problem}");
    }
}

pub(crate) fn loaded() -> leitmotif::Result<Loaded> {
    let model = embedded::model()?;
    let ranker = model.ranker().expect("the starter model has a ranker").clone();
    Ok(Loaded {
        model,
        ranker,
        card: embedded::CARD.into(),
        evaluation: serde_json::from_str(embedded::EVALUATION).ok(),
    })
}

pub(crate) fn setup(store: &Path) -> Setup {
    Setup {
        model: Box::new(loaded),
        cases: CaseSource::Store,
        starter_cases: Box::new(embedded::cases),
        store: store.to_owned(),
        history: true,
        token: None,
        fetch: true,
        limits: Limits::default(),
    }
}

pub(crate) fn serve(setup: Setup, folder: TempDir) -> Service {
    let state = State::new(setup).unwrap();
    Service { app: app(Arc::clone(&state)), state, folder }
}

impl Service {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = setup(&folder.path().join("store.db"));
        serve(setup, folder)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send_json(&self, method: &str, path: &str, value: &Value) -> Reply {
        let request = request(method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(value.to_string())).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, value: &Value) -> Reply {
        self.send_json("POST", path, value).await
    }

    pub(crate) async fn post_as(&self, path: &str, kind: &str, body: impl Into<Body>) -> Reply {
        self.send(request("POST", path).header(header::CONTENT_TYPE, kind).body(body.into()).unwrap()).await
    }
}

pub(crate) fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:7878")
}
