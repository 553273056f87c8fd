//! `/healthz`, `/readyz` and `/metrics`, for supervisors.

use axum::extract::State as Shared;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

use crate::web::problem::Answer;
use crate::web::state::State;

/// How the server is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    /// Always `ok`: whatever is wrong with the store, texts are answered.
    pub status: &'static str,
    /// What is wrong with the store, if anything.
    pub store: Option<String>,
    /// Cases that can be found.
    pub cases: usize,
    /// Model in use.
    pub model: String,
    /// Its version.
    pub version: String,
}

/// `GET /healthz`
pub(in crate::web) async fn live() -> &'static str {
    "ok\n"
}

/// The state of things, as `/readyz` and the pages tell it.
pub(in crate::web) fn health(state: &State) -> Health {
    let engine = state.engine();
    Health {
        status: "ok",
        store: state.storage.trouble(),
        cases: engine.assessor().cases.index.len(),
        model: engine.name.clone(),
        version: engine.manifest.version.clone(),
    }
}

/// `GET /readyz`
pub(in crate::web) async fn ready(Shared(state): Shared<Arc<State>>) -> Answer {
    super::json(&health(&state))
}

/// `GET /metrics`
pub(in crate::web) async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    let (written, dropped) = state.history.as_ref().map_or((0, 0), crate::web::history::History::counts);
    let text = state.metrics.text(&[
        ("jobs", "Jobs waiting or running.", state.pool.load() as f64),
        ("cases", "Cases that can be found.", health(&state).cases as f64),
        ("history_written", "Assessed texts written down since the start.", written as f64),
        ("history_dropped", "Assessed texts that could not be written down.", dropped as f64),
        (
            "store_usable",
            "1 unless the store failed last time.",
            f64::from(u8::from(state.storage.trouble().is_none())),
        ),
    ]);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
