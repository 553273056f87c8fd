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
use crate::document::{Document, Language, is_date};
use crate::ingest::problem::InputProblem;
use crate::ingest::{charset, kind, page};
use crate::record::text;
use crate::web::body::{Body, Kind, Params, objects, some_text};
use crate::web::history::Entry;
use crate::web::problem::{Answer, Problem};
use crate::web::state::State;

/// A text to assess. Only `text` is read for narratives and cases or, without one, `title`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DocumentRequest {
    /// Names the document in the answer.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// What is assessed. Required, unless there is a title.
    #[serde(deserialize_with = "some_text")]
    pub text: Option<String>,
    /// ISO 639 code of its language; detected without it.
    #[serde(deserialize_with = "some_text")]
    pub language: Option<String>,
    /// Its headline, for the overview; assessed where there is no text.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// Who published it, for the overview.
    #[serde(deserialize_with = "text")]
    pub outlet: String,
    /// Day of publication, `YYYY-MM-DD`, for the overview.
    #[serde(deserialize_with = "text")]
    pub published: String,
    /// Where it stands.
    #[serde(deserialize_with = "text")]
    pub url: String,
}

/// A document with what to answer, or many.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AssessRequest {
    /// Names the document in the answer.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// What is assessed.
    #[serde(deserialize_with = "some_text")]
    pub text: Option<String>,
    /// ISO 639 code of its language; detected without it.
    #[serde(deserialize_with = "some_text")]
    pub language: Option<String>,
    /// Its headline, for the overview; assessed where there is no text.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// Who published it, for the overview.
    #[serde(deserialize_with = "text")]
    pub outlet: String,
    /// Day of publication, `YYYY-MM-DD`, for the overview.
    #[serde(deserialize_with = "text")]
    pub published: String,
    /// Where it stands.
    #[serde(deserialize_with = "text")]
    pub url: String,
    /// Many documents instead of one.
    #[serde(deserialize_with = "objects")]
    pub documents: Option<Vec<DocumentRequest>>,
    /// Narratives without children to answer; 5 unless given.
    pub top: Option<usize>,
    /// Related cases to answer; 5 unless given.
    pub related: Option<usize>,
    /// Whether to show evidence; it is shown unless this is false.
    pub evidence: Option<bool>,
}

/// What to answer, for every kind of body. What the body says, too, must be the same.
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
    #[serde(deserialize_with = "text")]
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
pub(super) fn language_code(code: Option<&str>) -> Answer<Option<Language>> {
    match code.map(str::trim) {
        None | Some("") => Ok(None),
        Some(code) => Ok(Some(code.parse()?)),
    }
}

impl DocumentRequest {
    /// What is assessed: the text or, as in a batch, the title where that is blank. `None` where neither was given.
    fn wording(&mut self) -> Option<String> {
        let has_title = !self.title.trim().is_empty();
        self.text
            .take()
            .filter(|text| !(has_title && text.trim().is_empty()))
            .or_else(|| has_title.then(|| self.title.clone()))
    }
}

/// Assesses one document and notes it for the overview.
fn assess_one(state: &State, text: String, request: DocumentRequest, options: Options) -> Answer<Assessment> {
    let engine = state.engine();
    let document = Document { id: request.id, text, language: language_code(request.language.as_deref())? };
    let answer = engine.assess(&document, options);
    if let Some(history) = &state.history {
        let day = if is_date(&request.published) { request.published } else { String::new() };
        let entry = Entry { day, outlet: request.outlet, title: request.title, ..Entry::new(document.text, &answer) };
        history.offer(entry, engine);
    }
    state.metrics.assessed(1);
    Ok(answer)
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

/// Of a file that cannot be read here.
const NO_TEXT: &str = "it is neither text nor a web page; save it as text, or paste its text";

/// Refuses bytes that are no text.
pub(super) fn text_only(bytes: &[u8], decoded: &str) -> Answer<()> {
    kind::check_text(bytes, decoded).map_err(|problem| {
        // What a batch reads besides is not read here.
        let is_binary = matches!(problem, InputProblem::Binary);
        Problem::bad_value(if is_binary { NO_TEXT.to_owned() } else { problem.to_string() })
    })
}

fn answer(state: &State, params: AssessParams, body: &Body) -> Answer<Vec<u8>> {
    let mended;
    let (text, language) = match body.kind {
        Some(Kind::Json) => return answer_json(state, params, body.json()?),
        Some(Kind::Text) => {
            let decoded = charset::decode(&body.bytes);
            text_only(&body.bytes, &decoded.text)?;
            mended = decoded.warning();
            (decoded.text, params.language)
        }
        Some(Kind::Html) => {
            let decoded = charset::decode_html(&body.bytes);
            mended = decoded.warning();
            let article = page::article(&decoded.text)?;
            let found = article.language.map(|l| l.code().to_owned());
            (article.text, params.language.or(found))
        }
        _ => return Err(Body::unsupported("application/json, text/plain, text/html")),
    };
    let request = DocumentRequest { language, ..DocumentRequest::default() };
    let mut assessment = assess_one(state, text, request, options(params.top, params.related, params.evidence)?)?;
    assessment.warnings.extend(mended);
    line(&assessment)
}

/// A value that may be given in the body and in the address.
fn given<T: PartialEq + std::fmt::Debug>(name: &str, body: Option<T>, address: Option<T>) -> Answer<Option<T>> {
    match (body, address) {
        (Some(body), Some(address)) if body != address => Err(Problem::bad_value(format!(
            "{name} is {body:?} in the body and {address:?} in the address; give it in one of them"
        ))),
        (body, address) => Ok(body.or(address)),
    }
}

fn answer_json(state: &State, params: AssessParams, request: AssessRequest) -> Answer<Vec<u8>> {
    let AssessRequest { id, text, language, title, outlet, published, url, documents, top, related, evidence } =
        request;
    let options = options(
        given("top", top, params.top)?,
        given("related", related, params.related)?,
        given("evidence", evidence, params.evidence)?,
    )?;
    let code = |code: Option<String>| language_code(code.as_deref()).map(|l| l.map(|l| l.code().to_owned()));
    let of_all = code(params.language)?;
    let language = given("language", code(language)?, of_all.clone())?;
    let mut one = DocumentRequest { id, text, language, title, outlet, published, url };
    match (one.wording(), documents) {
        (Some(text), None) => line(&assess_one(state, text, one, options)?),
        (None, Some(documents)) => {
            let most = state.limits.documents;
            if documents.len() > most {
                return Err(Problem::bad_value(format!(
                    "a request may have {most} documents at most; send several requests, or use `leitmotif batch`"
                )));
            }
            // All are looked at before the first is assessed, and written to the history.
            let mut texts = Vec::with_capacity(documents.len());
            for (i, mut one) in documents.into_iter().enumerate() {
                one.language = given(&format!("documents[{i}].language"), code(one.language)?, of_all.clone())?;
                let Some(text) = one.wording() else {
                    let id = if one.id.is_empty() { String::new() } else { format!(" (id \"{}\")", one.id) };
                    return Err(Problem::bad_value(format!(
                        "documents[{i}]{id} has neither text nor title; give at least one of them"
                    )));
                };
                texts.push((text, one));
            }
            let answers = texts.into_iter().map(|(text, one)| assess_one(state, text, one, options));
            line(&Assessments { assessments: answers.collect::<Answer<_>>()? })
        }
        (None, None) => Err(Problem::bad_value("give a text (or at least a title), or documents")),
        (Some(_), Some(_)) => Err(Problem::bad_value("give either text or documents")),
    }
}

/// `POST /v1/related`
pub(in crate::web) async fn related(Shared(state): Shared<Arc<State>>, body: Body) -> Answer {
    let shared = Arc::clone(&state);
    let length = body.bytes.len();
    let job = move || -> Answer<Vec<u8>> {
        let request: RelatedRequest = body.json()?;
        let top = options(None, request.top.or(Some(10)), None)?.related;
        let language = language_code(request.language.as_deref())?;
        line(&RelatedAnswer { related: shared.engine().related(&request.text, language, top) })
    };
    Ok(json_bytes(state.pool.run_over(length, job).await??))
}
