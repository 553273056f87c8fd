//! `/v1/verdicts`: what people decide about answers. A verdict answered 201 is on the disk.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::json;
use crate::record::text;
use crate::store::{Decided, ExportFormat, JudgedText, NewVerdict, Subject, Verdict, export};
use crate::web::body::{Body, Named, Params, object};
use crate::web::guard;
use crate::web::problem::{Answer, Problem};
use crate::web::state::State;

/// A verdict to be stored.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerdictRequest {
    /// The text it is about; it is kept with the verdict, for retraining.
    #[serde(deserialize_with = "object")]
    pub text: JudgedText,
    /// `narrative` or `case`.
    pub subject: Subject,
    /// Id of the narrative or case.
    pub target: String,
    /// `accepted`, `rejected`, or `relabelled` with `instead`.
    pub decision: Decided,
    /// Ids that are right instead.
    #[serde(default)]
    pub instead: Vec<String>,
    /// Why.
    #[serde(default, deserialize_with = "text")]
    pub note: String,
    /// Who; the name at the browser's prompt where there is one.
    #[serde(default, deserialize_with = "text")]
    pub person: String,
    /// What the model said.
    #[serde(default)]
    pub probability: Option<f64>,
}

/// Which verdicts to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VerdictParams {
    /// SHA-256 of a text: all verdicts on it, oldest first. Without it the latest of all, newest first.
    pub text_hash: String,
    /// Most verdicts; 100 unless given.
    pub limit: Option<u32>,
}

/// Verdicts.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VerdictList {
    /// In the order asked for.
    pub verdicts: Vec<Verdict>,
}

/// How verdicts are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum VerdictFormat {
    /// Text records for training.
    #[default]
    Jsonl,
    /// Label Studio tasks.
    LabelStudio,
    /// Prodigy examples.
    Prodigy,
    /// Texts whose related cases were judged.
    Queries,
    /// Judgements of those cases (TREC qrels).
    Qrels,
}

/// What to write.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VerdictExportParams {
    /// `jsonl`, `label-studio` or `prodigy`; of related cases `queries` and `qrels`.
    pub format: VerdictFormat,
}

/// Longest note or name, in bytes.
const LONGEST: usize = 10_000;

fn check(state: &State, request: &VerdictRequest) -> Answer<()> {
    if request.text.text.trim().is_empty() {
        return Err(Problem::bad_value("text.text is empty; a verdict needs the text it is about"));
    }
    if request.note.len() > LONGEST || request.person.len() > LONGEST {
        return Err(Problem::bad_value(format!("note and person may have {LONGEST} bytes each")));
    }
    if request.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
        return Err(Problem::bad_value("probability must lie between 0 and 1"));
    }
    if (request.decision == Decided::Relabelled) == request.instead.is_empty() {
        return Err(Problem::bad_value("instead goes with relabelled, and only with it"));
    }
    let engine = state.engine();
    let assessor = engine.assessor();
    for id in request.instead.iter().chain([&request.target]) {
        match request.subject {
            Subject::Narrative if assessor.classifier().taxonomy.find(id).is_none() => {
                let near = assessor.classifier().taxonomy.near(id).map(|n| format!("; did you mean \"{n}\"?"));
                let near = near.unwrap_or_else(|| "; /v1/narratives lists them".into());
                return Err(Problem::bad_value(format!("there is no narrative \"{id}\"{near}")));
            }
            Subject::Case if assessor.cases.index.by_id(id).is_none() => {
                return Err(Problem::bad_value(format!("there is no case \"{id}\"; /v1/cases lists them")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `POST /v1/verdicts`
pub(in crate::web) async fn add(Shared(state): Shared<Arc<State>>, headers: HeaderMap, body: Body) -> Answer {
    let shared = Arc::clone(&state);
    let prompted = guard::person(&headers);
    let job = move || -> Answer<Verdict> {
        let request: VerdictRequest = body.json()?;
        check(&shared, &request)?;
        let engine = shared.engine();
        let verdict = NewVerdict {
            subject: request.subject,
            target: request.target,
            decision: request.decision,
            instead: request.instead,
            note: request.note,
            person: if request.person.is_empty() { prompted.unwrap_or_default() } else { request.person },
            model: (engine.name.clone(), engine.manifest.version.clone()),
            probability: request.probability,
        };
        Ok(shared.storage.write(|store| store.judge(&request.text, &verdict))?)
    };
    let verdict = state.waiting_pool.run(job).await??;
    Ok((StatusCode::CREATED, json(&verdict)?).into_response())
}

/// `DELETE /v1/verdicts/{number}`
pub(in crate::web) async fn undo(
    Shared(state): Shared<Arc<State>>,
    Named(number): Named,
    headers: HeaderMap,
) -> Answer {
    let number: i64 = number.parse().map_err(|_| Problem::not_found("a verdict has a number"))?;
    let shared = Arc::clone(&state);
    let person = guard::person(&headers).unwrap_or_default();
    let job = move || shared.storage.write(|store| store.undo(number, &person));
    json(&state.waiting_pool.run(job).await??)
}

/// `GET /v1/verdicts`
pub(in crate::web) async fn list(Shared(state): Shared<Arc<State>>, Params(params): Params<VerdictParams>) -> Answer {
    let shared = Arc::clone(&state);
    let job = move || {
        if !shared.storage.path().exists() {
            return Ok(Vec::new());
        }
        shared.storage.read(|store| match &*params.text_hash {
            "" => store.latest_verdicts(params.limit.unwrap_or(100).min(10_000)),
            hash => store.verdicts_on(hash),
        })
    };
    json(&VerdictList { verdicts: state.waiting_pool.run(job).await?? })
}

/// `GET /v1/verdicts/export`
pub(in crate::web) async fn download(
    Shared(state): Shared<Arc<State>>,
    Params(params): Params<VerdictExportParams>,
) -> Answer {
    let (format, kind) = match params.format {
        VerdictFormat::Jsonl => (ExportFormat::Jsonl, "application/x-ndjson"),
        VerdictFormat::LabelStudio => (ExportFormat::LabelStudio, "application/json"),
        VerdictFormat::Prodigy => (ExportFormat::Prodigy, "application/x-ndjson"),
        VerdictFormat::Queries => (ExportFormat::Queries, "application/x-ndjson"),
        VerdictFormat::Qrels => (ExportFormat::Qrels, "text/tab-separated-values; charset=utf-8"),
    };
    let shared = Arc::clone(&state);
    let job = move || -> crate::Result<String> {
        if !shared.storage.path().exists() {
            return Ok(export(&[], format).0);
        }
        Ok(export(&shared.storage.read(crate::store::Store::standing_verdicts)?, format).0)
    };
    let out = state.waiting_pool.run(job).await??;
    Ok(([(header::CONTENT_TYPE, kind)], out).into_response())
}
