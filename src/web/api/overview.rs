//! `GET /v1/overview`: what has been assessed here, counted.

use axum::extract::State as Shared;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::json;
use crate::document::is_date;
use crate::store::{Count, Period};
use crate::web::body::Params;
use crate::web::clusters::{Cluster, clusters};
use crate::web::problem::{Answer, Problem};
use crate::web::state::State;

/// The days to count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OverviewParams {
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day.
    pub to: String,
}

/// What has been assessed here.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Overview {
    /// Different texts, whenever assessed.
    pub texts: u32,
    /// Counts by week, language, outlet and narrative.
    pub counts: Vec<Count>,
    /// Groups of texts without a known narrative.
    pub clusters: Vec<Cluster>,
}

/// Counts and groups for a period.
pub(in crate::web) fn overview(state: &State, params: &OverviewParams) -> Answer<Overview> {
    for (name, day) in [("from", &params.from), ("to", &params.to)] {
        if !day.is_empty() && !is_date(day) {
            return Err(Problem::bad_value(format!("{name} must be a day such as 2022-01-31")));
        }
    }
    if !state.storage.path().exists() {
        return Ok(Overview::default());
    }
    let period = Period { from: params.from.clone(), to: params.to.clone() };
    Ok(state.storage.read(|store| {
        let unknown = store.unknown_texts(&period)?;
        Ok(Overview { texts: store.assessed_texts()?, counts: store.counts(&period)?, clusters: clusters(&unknown) })
    })?)
}

/// `GET /v1/overview`
pub(in crate::web) async fn read(Shared(state): Shared<Arc<State>>, Params(params): Params<OverviewParams>) -> Answer {
    let shared = Arc::clone(&state);
    json(&state.waiting_pool.run(move || overview(&shared, &params)).await??)
}
