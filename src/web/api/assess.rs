//! `POST /v1/assess` and `/v1/related`: a text in, the assessment out, byte for byte what `classify --json` prints.

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::assess::{Assessment, Options};
use crate::cases::related::Related;
use crate::document::{Document, Language};
use crate::ingest::{charset, kind, page};
use crate::web::body::{Body, Kind, Params};
use crate::web::history::Entry;
use crate::web::problem::{Answer, Problem};
use crate::web::state::State;

/// A text to assess. Only `text` is read for narratives and cases.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DocumentRequest {
    /// Names the document in the answer.
    pub id: String,
    /// What is assessed. Required.
    pub text: String,
    /// ISO 639 code of its language; detected without it.
    pub language: Option<String>,
    /// Its headline, for the overview.
    pub title: String,
    /// Who published it, for the overview.
    pub outlet: String,
    /// Day of publication, `YYYY-MM-DD`, for the overview.
    pub published: String,
    /// Where it stands.
    pub url: String,
}

/// A document with what to answer, or many.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AssessRequest {
    /// Names the document in the answer.
    pub id: String,
    /// What is assessed.
    pub text: Option<String>,
    /// ISO 639 code of its language; detected without it.
    pub language: Option<String>,
    /// Its headline, for the overview.
    pub title: String,
    /// Who published it, for the overview.
    pub outlet: String,
    /// Day of publication, `YYYY-MM-DD`, for the overview.
    pub published: String,
    /// Where it stands.
    pub url: String,
    /// Many documents instead of one.
    pub documents: Option<Vec<DocumentRequest>>,
    /// Narratives without children to answer; 5 unless given.
    pub top: Option<usize>,
    /// Related cases to answer; 5 unless given.
    pub related: Option<usize>,
    /// Whether to show evidence; it is shown unless this is false.
    pub evidence: Option<bool>,
}

/// The same for bodies that are the text itself.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AssessParams {
    /// ISO 639 code of the text's language.
    pub language: Option<String>,
    /// Narratives without children to answer; 5 unless given.
    pub top: Option<usize>,
    /// Related cases to answer; 5 unless given.
    pub related: Option<usize>,
    /// Whether to show evidence.
    pub evidence: Option<bool>,
}

/// The answers to many documents, in their order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Assessments {
    /// One for each document.
    pub assessments: Vec<Assessment>,
}

/// A text whose related cases are wanted.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelatedRequest {
    /// The text.
    pub text: String,
    /// ISO 639 code of its language; detected without it.
    #[serde(default)]
    pub language: Option<String>,
    /// Cases to answer; 10 unless given.
    #[serde(default)]
    pub top: Option<usize>,
}

/// The related cases of a text.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RelatedAnswer {
    /// Most probable first.
    pub related: Vec<Related>,
}

/// Most narratives or cases in one answer.
const MOST: usize = 100;

fn options(top: Option<usize>, related: Option<usize>, evidence: Option<bool>) -> Answer<Options> {
    let usual = Options::default();
    for (name, value) in [("top", top), ("related", related)] {
        if value.is_some_and(|v| v > MOST) {
            return Err(Problem::bad_value(format!("{name} may be {MOST} at most")));
        }
    }
    Ok(Options {
        top: top.unwrap_or(usual.top),
        related: related.unwrap_or(usual.related),
        evidence: evidence.unwrap_or(usual.evidence),
        ..usual
    })
}

/// A language code; empty is none.
pub(super) fn language(code: Option<&str>) -> Answer<Option<Language>> {
    match code.map(str::trim) {
        None | Some("") => Ok(None),
        Some(code) => Ok(Some(code.parse()?)),
    }
}

/// Assesses one document and notes it for the overview.
fn assess_one(state: &State, request: DocumentRequest, options: Options) -> Answer<Assessment> {
    let engine = state.engine();
    let document = Document { id: request.id, text: request.text, language: language(request.language.as_deref())? };
    let answer = engine.assess(&document, options);
    if let Some(history) = &state.history {
        let day = if is_day(&request.published) { request.published } else { String::new() };
        let entry = Entry { day, outlet: request.outlet, title: request.title, ..Entry::new(document.text, &answer) };
        history.offer(entry, engine);
    }
    state.metrics.assessed(1);
    Ok(answer)
}

/// Whether a text is a date as records have it.
pub(super) fn is_day(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 10 && b.iter().enumerate().all(|(i, c)| if i == 4 || i == 7 { *c == b'-' } else { c.is_ascii_digit() })
}

/// `POST /v1/assess`
pub(in crate::web) async fn assess(
    Shared(state): Shared<Arc<State>>,
    Params(params): Params<AssessParams>,
    body: Body,
) -> Answer {
    let shared = Arc::clone(&state);
    let length = body.bytes.len();
    let bytes = state.pool.run_over(length, move || answer(&shared, params, &body)).await??;
    Ok(json_bytes(bytes))
}

fn json_bytes(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Bytes::from(bytes)).into_response()
}

fn line(value: &impl Serialize) -> Answer<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value).map_err(|e| Problem::internal(e.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Refuses bytes that are no text.
pub(super) fn text_only(bytes: &[u8], decoded: &str) -> Answer<()> {
    kind::check_text(bytes, decoded).map_err(|problem| Problem::bad_value(problem.to_string()))
}

fn answer(state: &State, params: AssessParams, body: &Body) -> Answer<Vec<u8>> {
    let whole =
        |text: String, language: Option<String>| DocumentRequest { text, language, ..DocumentRequest::default() };
    let mended;
    let request = match body.kind {
        Some(Kind::Json) => return answer_json(state, body.json()?),
        Some(Kind::Text) => {
            let decoded = charset::decode(&body.bytes);
            text_only(&body.bytes, &decoded.text)?;
            mended = decoded.warning();
            whole(decoded.text, params.language)
        }
        Some(Kind::Html) => {
            let decoded = charset::decode_html(&body.bytes);
            mended = decoded.warning();
            let article = page::article(&decoded.text)?;
            let found = article.language.map(|l| l.code().to_owned());
            whole(article.text, params.language.or(found))
        }
        _ => return Err(Body::unsupported("application/json, text/plain, text/html")),
    };
    let mut assessment = assess_one(state, request, options(params.top, params.related, params.evidence)?)?;
    assessment.warnings.extend(mended);
    line(&assessment)
}

fn answer_json(state: &State, request: AssessRequest) -> Answer<Vec<u8>> {
    let AssessRequest { id, text, language, title, outlet, published, url, documents, top, related, evidence } =
        request;
    let options = options(top, related, evidence)?;
    match (text, documents) {
        (Some(text), None) => {
            let one = DocumentRequest { id, text, language, title, outlet, published, url };
            line(&assess_one(state, one, options)?)
        }
        (None, Some(documents)) => {
            let most = state.limits.documents;
            if documents.len() > most {
                return Err(Problem::bad_value(format!(
                    "a request may have {most} documents at most; send several requests, or use `leitmotif batch`"
                )));
            }
            let answers = documents.into_iter().map(|d| assess_one(state, d, options));
            line(&Assessments { assessments: answers.collect::<Answer<_>>()? })
        }
        _ => Err(Problem::bad_value("give either text or documents")),
    }
}

/// `POST /v1/related`
pub(in crate::web) async fn related(Shared(state): Shared<Arc<State>>, body: Body) -> Answer {
    let shared = Arc::clone(&state);
    let length = body.bytes.len();
    let job = move || -> Answer<Vec<u8>> {
        let request: RelatedRequest = body.json()?;
        let top = options(None, request.top.or(Some(10)), None)?.related;
        let language = language(request.language.as_deref())?;
        line(&RelatedAnswer { related: shared.engine().related(&request.text, language, top) })
    };
    Ok(json_bytes(state.pool.run_over(length, job).await??))
}
