//! The page and the HTTP API of `leitmotif serve`, on the same assessment as the command line.
//!
//! [`app`] gives the router, so that tests need no port; [`serve::run`] puts it behind one. `guard` stands before every
//! handler, `body` and `problem` are how requests come in and errors go out, `state` is what they share: the `engine`
//! (model and cases), the `storage` (SQLite), the bounded `pool`. `api` has a file per noun, `openapi` describes it,
//! `page` renders the pages. The browser's part lies in `page/assets`: plain ES modules, because a framework would be
//! larger than all of it.

mod api;
mod body;
mod clusters;
pub mod engine;
mod fetch;
mod guard;
mod history;
mod language_names;
mod metrics;
pub mod openapi;
mod page;
mod pool;
mod problem;
pub mod serve;
pub mod state;
mod storage;
mod telling;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use std::sync::Arc;

use self::api::{assess, cases, claims, documents, health, interchange, model, overview, verdicts};
use self::problem::Problem;
use self::state::State;

/// The whole service.
pub fn app(state: Arc<State>) -> Router {
    let limit = DefaultBodyLimit::max(state.limits.body);
    Router::new()
        .route("/v1/assess", post(assess::assess))
        .route("/v1/related", post(assess::related))
        .route("/v1/fetch", post(documents::fetch))
        .route("/v1/extract", post(documents::extract_file))
        .route("/v1/seen", post(documents::seen))
        .route("/v1/cases", get(cases::browse).post(cases::add))
        .route("/v1/cases/export", get(interchange::export))
        .route("/v1/cases/import", post(interchange::import))
        .route("/v1/cases/{id}", get(cases::read).put(cases::replace).delete(cases::retire))
        .route("/v1/claims:search", get(claims::search))
        .route("/v1/narratives", get(model::narratives))
        .route("/v1/narratives/{id}", get(model::narrative))
        .route("/v1/verdicts", get(verdicts::list).post(verdicts::add))
        .route("/v1/verdicts/export", get(verdicts::download))
        .route("/v1/verdicts/{number}", delete(verdicts::undo))
        .route("/v1/overview", get(overview::read))
        .route("/v1/model", get(model::read))
        .route("/v1/model/reload", post(model::reload))
        .route("/v1/openapi.json", get(page::openapi))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(page::routes())
        .fallback(page::missing)
        .method_not_allowed_fallback(async |method: Method| {
            let detail = format!("this address does not take {method}; /api lists what it takes");
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "The method is not allowed", detail)
        })
        .layer(limit)
        .layer(from_fn_with_state(Arc::clone(&state), guard::guard))
        .with_state(state)
}
