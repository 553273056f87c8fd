//! `/v1/model` and `/v1/narratives`: who answers, and what it knows.

use axum::extract::State as Shared;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::json;
use crate::learn::thresholds::Thresholds;
use crate::model::manifest::DataSummary;
use crate::model::taxonomy::Narrative;
use crate::web::body::Named;
use crate::web::engine::Engine;
use crate::web::problem::{Answer, Problem};
use crate::web::state::State;

/// The model in use.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ModelAnswer {
    /// Name of its folder.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Narratives it knows.
    pub narratives: usize,
    /// What it was trained on.
    pub data: DataSummary,
    /// How well it did on texts it had not seen, by name of the figure.
    pub metrics: BTreeMap<String, f64>,
    /// How it was trained.
    pub settings: serde_json::Value,
    /// The model card, in Markdown.
    pub card: String,
}

/// A narrative of the model.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NarrativeAnswer {
    /// The record.
    #[serde(flatten)]
    pub narrative: Narrative,
    /// From which probability it is suggested, and from which it counts as a match.
    pub thresholds: Thresholds,
    /// Training records that carry it.
    pub examples: usize,
    /// Cases that belong to it.
    pub cases: usize,
}

/// All narratives.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NarrativeList {
    /// In the order of the taxonomy.
    pub narratives: Vec<NarrativeAnswer>,
}

fn model(engine: &Engine) -> ModelAnswer {
    let m = &engine.manifest;
    ModelAnswer {
        name: engine.name.clone(),
        version: m.version.clone(),
        narratives: engine.assessor().classifier().len(),
        data: m.data.clone(),
        metrics: m.metrics.out_of_fold.clone(),
        settings: serde_json::to_value(&m.settings).unwrap_or_default(),
        card: engine.card.clone(),
    }
}

/// All narratives with what the model and the case base hold of them.
pub(in crate::web) fn all_narratives(engine: &Engine) -> Vec<NarrativeAnswer> {
    let mut cases: FxHashMap<String, usize> = FxHashMap::default();
    for narrative in engine.assessor().cases.index.iter().flat_map(|c| c.into_owned().narratives) {
        *cases.entry(narrative).or_default() += 1;
    }
    let entries = engine.manifest.narratives.iter().flat_map(|p| &p.narratives);
    let answer = |e: &crate::model::manifest::NarrativeEntry| NarrativeAnswer {
        cases: cases.get(&e.narrative.id).copied().unwrap_or(0),
        narrative: e.narrative.clone(),
        thresholds: e.thresholds,
        examples: e.examples,
    };
    entries.map(answer).collect()
}

/// `GET /v1/model`
pub(in crate::web) async fn read(Shared(state): Shared<Arc<State>>) -> Answer {
    json(&model(&state.engine()))
}

/// `POST /v1/model/reload`
pub(in crate::web) async fn reload(Shared(state): Shared<Arc<State>>) -> Answer {
    let shared = Arc::clone(&state);
    let engine = state.waiting_pool.run(move || shared.reload()).await?.map_err(|e| {
        let detail = format!("{e}; the model loaded before is still in use");
        Problem::new(axum::http::StatusCode::CONFLICT, "reload", "The model could not be loaded", detail)
    })?;
    json(&model(&engine))
}

/// `GET /v1/narratives`
pub(in crate::web) async fn narratives(Shared(state): Shared<Arc<State>>) -> Answer {
    json(&NarrativeList { narratives: all_narratives(&state.engine()) })
}

/// `GET /v1/narratives/{id}`
pub(in crate::web) async fn narrative(Shared(state): Shared<Arc<State>>, Named(id): Named) -> Answer {
    let all = all_narratives(&state.engine());
    let found = all.into_iter().find(|n| n.narrative.id == id);
    json(
        &found
            .ok_or_else(|| Problem::not_found(format!("there is no narrative \"{id}\"; /v1/narratives lists them")))?,
    )
}
