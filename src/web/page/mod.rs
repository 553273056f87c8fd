//! stub
use super::problem::Answer;
use super::state::State;
use axum::Router;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<State>> {
    Router::new()
}

pub(super) async fn openapi() -> Answer {
    super::api::json(&super::openapi::document())
}
