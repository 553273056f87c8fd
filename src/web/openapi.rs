//! The description of the API: one table, from which both the OpenAPI document and the readable page are made.
//!
//! Schemas come from the very types that handlers read and write. A framework that derives routes from annotations was
//! rejected: a table of twenty rows can be read at a glance, and a test holds it against the router.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::api::{assess, cases, claims, documents, health, interchange, model, overview, verdicts};
use super::problem::Problem;
use crate::assess::Assessment;
use crate::cases::case::Case;
use crate::store::Verdict;

/// The schema of a type, by reference.
type SchemaOf = fn(&mut SchemaGenerator) -> schemars::Schema;

/// One operation.
pub struct Operation {
    /// `get`, `post`, `put`, `delete`.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Schema of the query parameters.
    pub query: Option<SchemaOf>,
    /// Content types and schema of the body.
    pub body: Option<(&'static [&'static str], SchemaOf)>,
    /// Status, content type and schema of the answer.
    pub answer: (u16, &'static str, Option<SchemaOf>),
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<T>()
}

const JSON: &[&str] = &["application/json"];
const TEXTS: &[&str] = &["application/json", "text/plain", "text/html"];

const fn op(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    answer: (u16, &'static str, Option<SchemaOf>),
) -> Operation {
    Operation { method, path, summary, query: None, body: None, answer }
}

const fn answers<T: JsonSchema>() -> (u16, &'static str, Option<SchemaOf>) {
    (200, "application/json", Some(of::<T>))
}

impl Operation {
    const fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(of::<T>);
        self
    }

    const fn body<T: JsonSchema>(mut self, types: &'static [&'static str]) -> Self {
        self.body = Some((types, of::<T>));
        self
    }
}

/// All operations.
pub fn operations() -> Vec<Operation> {
    let text = |kind| (200, kind, None);
    let created: (u16, &str, Option<SchemaOf>) = (201, "application/json", Some(of::<Case>));
    let judged: (u16, &str, Option<SchemaOf>) = (201, "application/json", Some(of::<Verdict>));
    vec![
        op("post", "/v1/assess", "Assess a text: narratives, evidence, stance, related cases. With `documents` the answer is `assessments`, one for each", answers::<Assessment>())
            .query::<assess::AssessParams>().body::<assess::AssessRequest>(TEXTS),
        op("post", "/v1/related", "Only the related cases of a text", answers::<assess::RelatedAnswer>())
            .body::<assess::RelatedRequest>(JSON),
        op("post", "/v1/fetch", "Fetch a web page and give its article; private addresses are refused", answers::<documents::Extracted>())
            .body::<documents::FetchRequest>(JSON),
        op("post", "/v1/extract", "Give the text of a file: a text in any encoding, or a web page", answers::<documents::Extracted>())
            .body::<String>(&["application/octet-stream", "text/html", "text/plain"]),
        op("post", "/v1/seen", "What was assessed here before with much the same wording, and verdicts on this very text", answers::<documents::SeenAnswer>())
            .body::<documents::SeenRequest>(JSON),
        op("get", "/v1/cases", "List, search and filter cases", answers::<cases::CaseList>()).query::<cases::CaseFilter>(),
        op("post", "/v1/cases", "Add a case; it is found as related at once", created).body::<Case>(JSON),
        op("get", "/v1/cases/{id}", "Read a case", answers::<Case>()),
        op("put", "/v1/cases/{id}", "Change a case, or bring back a retired one; with the header If-Match only over the version that was read (its ETag)", answers::<Case>()).body::<Case>(JSON),
        op("delete", "/v1/cases/{id}", "Retire a case: it can be read but is no longer found for a text", answers::<Case>())
            .query::<cases::RetireParams>(),
        op("get", "/v1/cases/export", "All cases as JSONL, CSV, case page, or ClaimReview (published ones only)", text("application/x-ndjson"))
            .query::<interchange::ExportParams>(),
        op("post", "/v1/cases/import", "Add or replace many cases from JSONL, CSV or a case page", answers::<interchange::ImportAnswer>())
            .body::<String>(&["application/x-ndjson", "text/csv", "text/plain", "application/octet-stream"]),
        op("get", "/v1/claims:search", "Search published claims, in the shape of Google's Fact Check Tools API", answers::<claims::ClaimSearchAnswer>())
            .query::<claims::ClaimSearch>(),
        op("get", "/v1/narratives", "All narratives with their thresholds", answers::<model::NarrativeList>()),
        op("get", "/v1/narratives/{id}", "One narrative", answers::<model::NarrativeAnswer>()),
        op("get", "/v1/verdicts", "List verdicts", answers::<verdicts::VerdictList>()).query::<verdicts::VerdictParams>(),
        op("post", "/v1/verdicts", "Accept, reject or re-label a narrative or related case; on the disk when answered", judged)
            .body::<verdicts::VerdictRequest>(JSON),
        op("delete", "/v1/verdicts/{number}", "Take a verdict back", answers::<Verdict>()),
        op("get", "/v1/verdicts/export", "The verdicts that stand, as text records, Label Studio tasks or Prodigy examples", text("application/x-ndjson"))
            .query::<verdicts::VerdictExportParams>(),
        op("get", "/v1/overview", "What has been assessed here, by week, language, outlet and narrative, and groups of unknown texts", answers::<overview::Overview>())
            .query::<overview::OverviewParams>(),
        op("get", "/v1/model", "The model in use: data, figures, card", answers::<model::ModelAnswer>()),
        op("post", "/v1/model/reload", "Load model and cases again; requests at work finish with the old ones", answers::<model::ModelAnswer>()),
        op("get", "/healthz", "Whether the server lives", text("text/plain")),
        op("get", "/readyz", "How it is: model, cases, and what is wrong with the store, if anything", answers::<health::Health>()),
        op("get", "/metrics", "Counts and times for Prometheus", text("text/plain")),
    ]
}

/// The OpenAPI 3.1 document.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.definitions_path = "/components/schemas".into();
        s.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths: Map<String, Value> = Map::new();
    for o in operations() {
        let mut operation = Map::new();
        operation.insert("summary".into(), o.summary.into());
        operation.insert("operationId".into(), operation_id(&o).into());
        let parameters = parameters(&o, &mut generator);
        if !parameters.is_empty() {
            operation.insert("parameters".into(), parameters.into());
        }
        if let Some((types, schema)) = o.body {
            let schema = schema(&mut generator);
            let content: Map<String, Value> = types
                .iter()
                .map(|&t| {
                    let of_type = if t == "application/json" { json!(schema) } else { json!({ "type": "string" }) };
                    (t.to_owned(), json!({ "schema": of_type }))
                })
                .collect();
            operation.insert("requestBody".into(), json!({ "required": true, "content": content }));
        }
        let (status, kind, schema) = o.answer;
        let schema = schema.map_or_else(|| json!({ "type": "string" }), |s| json!(s(&mut generator)));
        let answer = json!({ "description": "Done", "content": { kind: { "schema": schema } } });
        let error = json!({
            "description": "What went wrong, and how to mend it",
            "content": { "application/problem+json": { "schema": problem } },
        });
        operation.insert("responses".into(), json!({ status.to_string(): answer, "default": error }));
        let path = paths.entry(o.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(o.method.into(), operation.into());
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Leitmotif",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Which known disinformation narratives a text carries, with evidence and related debunked \
                            cases. A lead for a person, not a verdict. Offsets count Unicode code points, end exclusive.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
        "security": [{}, { "token": [] }],
    })
}

fn operation_id(o: &Operation) -> String {
    let words = o.path.trim_start_matches("/v1").replace(|c: char| !c.is_ascii_alphanumeric(), " ");
    std::iter::once(o.method).chain(words.split_whitespace()).collect::<Vec<_>>().join("_")
}

/// The fields of a query schema, and the names in braces of the path.
fn parameters(o: &Operation, generator: &mut SchemaGenerator) -> Vec<Value> {
    let in_path = o.path.split('{').skip(1).filter_map(|p| p.split_once('}')).map(|p| p.0);
    let mut out: Vec<Value> = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    for (name, schema) in o.query.map(|q| fields(q, generator)).unwrap_or_default() {
        let description = schema.get("description").cloned().unwrap_or_default();
        out.push(json!({ "name": name, "in": "query", "description": description, "schema": schema }));
    }
    out
}

/// The properties of a schema that may be a reference.
fn fields(of: SchemaOf, generator: &mut SchemaGenerator) -> Vec<(String, Value)> {
    let schema = of(generator);
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()).map(str::to_owned);
    let whole = name.and_then(|n| generator.definitions().get(&n).cloned()).unwrap_or_else(|| schema.to_value());
    let properties = whole.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    properties.into_iter().collect()
}

/// One operation, as the readable page shows it.
pub(super) struct Row {
    pub(super) method: String,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) query: Vec<(String, String)>,
    pub(super) types: String,
    pub(super) body: Vec<(String, String)>,
    pub(super) status: u16,
    pub(super) answer: Vec<(String, String)>,
    pub(super) kind: &'static str,
}

/// All operations for the readable page.
pub(super) fn rows() -> Vec<Row> {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut told = |schema: Option<SchemaOf>| -> Vec<(String, String)> {
        let fields = schema.map(|s| fields(s, &mut generator)).unwrap_or_default();
        let text = |v: &Value| v.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        fields.iter().map(|(name, schema)| (name.clone(), text(schema))).collect()
    };
    operations()
        .into_iter()
        .map(|o| Row {
            method: o.method.to_uppercase(),
            path: o.path,
            summary: o.summary,
            query: told(o.query),
            types: o.body.map(|b| b.0.join(", ")).unwrap_or_default(),
            body: told(o.body.map(|b| b.1)),
            status: o.answer.0,
            kind: o.answer.1,
            answer: told(o.answer.2),
        })
        .collect()
}
