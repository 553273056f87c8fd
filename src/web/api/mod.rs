//! The HTTP API, a file per noun. Every answer about a text comes from `assess`.

pub(super) mod assess;
pub(super) mod cases;
pub(super) mod claims;
pub(super) mod documents;
pub(super) mod health;
pub(super) mod interchange;
pub(super) mod model;
pub(super) mod overview;
pub(super) mod verdicts;

use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;

use super::problem::{Answer, Problem};

/// A value as JSON with a line feed, as the command line prints it.
pub(super) fn json(value: &impl Serialize) -> Answer {
    let mut body = serde_json::to_vec(value).map_err(|e| Problem::internal(e.to_string()))?;
    body.push(b'\n');
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
