//! The pages: HTML from templates with everything a page needs to be read without scripts; scripts only write and answer.
//!
//! `views` turns data into what a template shows, `charts` draws, `markdown` renders the model card, `texts` holds the
//! words, `assets` serves style, scripts and fonts. Rendering all of it in the browser was rejected: lists, charts and
//! cards need no script, print well, and are there at once.

mod assets;
mod case_views;
mod charts;
mod markdown;
mod texts;
mod views;

use askama::Template;
use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

use self::texts::Texts;
use self::views::Frame;
use super::api::cases::CaseFilter;
use super::api::overview::OverviewParams;
use super::body::{Named, PageParams};
use super::problem::{Answer, Problem};
use super::state::State;

/// The pages and their assets.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/", get(read))
        .route("/cases", get(cases))
        .route("/cases/new", get(new_case))
        .route("/cases/{id}", get(case))
        .route("/cases/{id}/edit", get(edit_case))
        .route("/overview", get(overview))
        .route("/model", get(model))
        .route("/api", get(api))
        .route("/assets/{version}/{*name}", get(assets::serve))
}

/// `GET /v1/openapi.json`
pub(super) async fn openapi() -> Answer {
    super::api::json(&super::openapi::document())
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    t: Texts,
    frame: Frame,
    title: &'static str,
    detail: String,
}

fn html(page: &impl Template) -> Answer {
    let body = page.render().map_err(|e| Problem::internal(format!("the page could not be made: {e}")))?;
    Ok(Html(body).into_response())
}

/// A page whose data are read beside the network threads; a problem becomes a page, too.
async fn page<T: Template>(
    state: Arc<State>,
    here: &'static str,
    make: impl FnOnce(&State, Frame) -> Answer<T> + Send + 'static,
) -> Response {
    let shared = Arc::clone(&state);
    let job = move || make(&shared, Frame::new(&shared, here)).and_then(|page| html(&page));
    let problem = match state.waiting_pool.run(job).await {
        Ok(Ok(page)) => return page,
        Ok(Err(problem)) | Err(problem) => problem,
    };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = if status == StatusCode::NOT_FOUND { Texts.of("missing.title") } else { Texts.of("error.title") };
    let message = Message { t: Texts, frame: Frame::new(&state, here), title, detail: problem.detail };
    html(&message).map_or_else(IntoResponse::into_response, |page| (status, page).into_response())
}

/// What there is not: a page for a browser, a problem for a program.
pub(super) async fn missing(Shared(state): Shared<Arc<State>>, uri: Uri, headers: HeaderMap) -> Response {
    let problem = Problem::not_found("there is nothing at this address; /api lists what there is");
    let accepts = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).unwrap_or_default();
    if uri.path().starts_with("/v1/") || !accepts.contains("text/html") {
        return problem.into_response();
    }
    page::<Message>(state, "", |_, _| Err(problem)).await
}

async fn read(Shared(state): Shared<Arc<State>>) -> Response {
    page(state, "read", |state, frame| Ok(views::Read::new(state, frame))).await
}

async fn cases(Shared(state): Shared<Arc<State>>, filter: Result<PageParams<CaseFilter>, Problem>) -> Response {
    page(state, "cases", |state, frame| case_views::Cases::new(state, frame, filter?.0)).await
}

async fn case(Shared(state): Shared<Arc<State>>, Named(id): Named) -> Response {
    page(state, "cases", move |state, frame| case_views::One::new(state, frame, &id)).await
}

async fn new_case(Shared(state): Shared<Arc<State>>) -> Response {
    page(state, "cases", |state, frame| case_views::Form::new(state, frame, None)).await
}

async fn edit_case(Shared(state): Shared<Arc<State>>, Named(id): Named) -> Response {
    page(state, "cases", move |state, frame| case_views::Form::new(state, frame, Some(&id))).await
}

async fn overview(Shared(state): Shared<Arc<State>>, params: Result<PageParams<OverviewParams>, Problem>) -> Response {
    page(state, "overview", |state, frame| views::OverviewPage::new(state, frame, params?.0)).await
}

async fn model(Shared(state): Shared<Arc<State>>) -> Response {
    page(state, "model", |state, frame| Ok(views::ModelPage::new(state, frame))).await
}

async fn api(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("127.0.0.1:7878").to_owned();
    page(state, "api", move |_, frame| Ok(views::ApiPage::new(frame, host))).await
}
