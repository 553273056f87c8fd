//! What the pages show, besides those of cases: the frame around each, the first page, overview, model and API.

use askama::Template;
use serde_json::Value;
use std::collections::BTreeMap;

use super::assets::BASE;
use super::charts::{self, Dot, Week};
use super::markdown;
use super::texts::Texts;
use crate::model::manifest::DataSummary;
use crate::model::taxonomy::Taxonomy;
use crate::store::{Count, next_week};
use crate::web::api::health::health;
use crate::web::api::overview::{OverviewParams, overview};
use crate::web::clusters::Cluster;
use crate::web::openapi::{Row, rows};
use crate::web::problem::Answer;
use crate::web::state::State;

/// The post of the README, to try the page with.
const EXAMPLE: &str = include_str!("../../../examples/post.txt");
/// Rows of a breakdown before the rest is left to the API.
const ROWS: usize = 12;
/// Most weeks filled in between the first and the last: ten years.
const MOST_WEEKS: usize = 520;
/// Verdicts listed.
const VERDICTS: u32 = 20;

/// What stands around every page.
pub(super) struct Frame {
    pub(super) base: String,
    pub(super) here: &'static str,
    pub(super) trouble: Option<String>,
    pub(super) model: String,
    pub(super) version: String,
    pub(super) cases: usize,
}

impl Frame {
    pub(super) fn new(state: &State, here: &'static str) -> Self {
        let health = health(state);
        Self {
            base: BASE.clone(),
            here,
            trouble: health.store,
            model: health.model,
            version: health.version,
            cases: health.cases,
        }
    }
}

/// A narrative to choose.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) child: bool,
}

/// All narratives, children behind their parents.
pub(super) fn named(taxonomy: &Taxonomy) -> Vec<Named> {
    let mut paths: Vec<(Vec<u32>, Named)> = taxonomy
        .numbers()
        .map(|n| {
            let mut path: Vec<u32> = taxonomy.ancestors(n).map(|a| a.0).collect();
            path.reverse();
            let child = !path.is_empty();
            path.push(n.0);
            let record = taxonomy.narrative(n);
            (path, Named { id: record.id.clone(), name: record.name.clone(), child })
        })
        .collect();
    paths.sort_by(|a, b| a.0.cmp(&b.0));
    paths.into_iter().map(|p| p.1).collect()
}

fn percent(p: f64) -> String {
    format!("{:.0} %", p * 100.0)
}

/// `/`
#[derive(Template)]
#[template(path = "read.html")]
pub(super) struct Read {
    t: Texts,
    frame: Frame,
    editable: bool,
    fetch: bool,
    languages: Vec<String>,
    example: &'static str,
}

impl Read {
    pub(super) fn new(state: &State, frame: Frame) -> Self {
        let engine = state.engine();
        let languages = engine.manifest.data.languages.keys().cloned().collect();
        Self {
            t: Texts,
            frame,
            editable: state.cases_in_store(),
            fetch: state.fetch,
            languages,
            example: EXAMPLE.trim(),
        }
    }
}

/// A narrative's row in the overview.
struct NarrativeRow {
    id: String,
    name: String,
    spark: String,
    texts: u32,
    matches: u32,
}

/// A breakdown by language or outlet.
struct Part {
    title: &'static str,
    rows: Vec<PartRow>,
}

struct PartRow {
    name: String,
    bar: String,
    texts: u32,
    carrying: u32,
}

struct VerdictRow {
    at: String,
    person: String,
    decision: String,
    target: String,
    note: String,
    undone: bool,
}

/// `/overview`
#[derive(Template)]
#[template(path = "overview.html")]
pub(super) struct OverviewPage {
    t: Texts,
    frame: Frame,
    from: String,
    to: String,
    texts: u32,
    weeks: Vec<Week>,
    weeks_chart: String,
    narratives: Vec<NarrativeRow>,
    parts: Vec<Part>,
    clusters: Vec<Cluster>,
    verdicts: Vec<VerdictRow>,
}

impl OverviewPage {
    pub(super) fn new(state: &State, frame: Frame, params: OverviewParams) -> Answer<Self> {
        state.settle();
        let found = overview(state, &params)?;
        let engine = state.engine();
        let assessor = engine.assessor();
        let taxonomy = &assessor.classifier().taxonomy;
        // A text may carry several narratives: leaves are counted, parents would count it again.
        let is_leaf = |id: &str| taxonomy.find(id).is_none_or(|n| taxonomy.is_leaf(n));
        let name = |id: &str| taxonomy.find(id).map_or_else(|| id.to_owned(), |n| taxonomy.narrative(n).name.clone());
        let weeks = weeks(&found.counts);
        let labels: Vec<&str> = weeks.iter().map(|w| w.label.as_str()).collect();
        let mut narratives: BTreeMap<&str, (Vec<u32>, u32)> = BTreeMap::new();
        for c in found.counts.iter().filter(|c| !c.narrative.is_empty() && is_leaf(&c.narrative)) {
            let entry = narratives.entry(&c.narrative).or_insert_with(|| (vec![0; labels.len()], 0));
            if let Ok(at) = labels.binary_search(&c.week.as_str()) {
                entry.0[at] += c.texts;
            }
            entry.1 += c.matches;
        }
        let mut narratives: Vec<NarrativeRow> = narratives
            .into_iter()
            .map(|(id, (by_week, matches))| NarrativeRow {
                id: id.to_owned(),
                name: name(id),
                spark: charts::sparkline(&by_week),
                texts: by_week.iter().sum(),
                matches,
            })
            .collect();
        narratives.sort_by(|a, b| b.texts.cmp(&a.texts).then(a.name.cmp(&b.name)));
        let t = Texts;
        let verdicts = if state.storage.path().exists() {
            state.storage.read(|s| s.latest_verdicts(VERDICTS))?
        } else {
            Vec::new()
        };
        let verdicts = verdicts
            .into_iter()
            .map(|v| VerdictRow {
                at: v.at.replace('T', " ").trim_end_matches('Z').to_owned(),
                person: v.person,
                decision: serde_json::to_value(v.decision)
                    .ok()
                    .and_then(|d| Some(d.as_str()?.to_owned()))
                    .unwrap_or_default(),
                target: if v.instead.is_empty() {
                    name(&v.target)
                } else {
                    let instead: Vec<String> = v.instead.iter().map(|id| name(id)).collect();
                    format!("{} → {}", name(&v.target), instead.join(", "))
                },
                note: v.note,
                undone: v.undone_at.is_some(),
            })
            .collect();
        Ok(Self {
            t,
            frame,
            from: params.from,
            to: params.to,
            texts: found.texts,
            weeks_chart: charts::weeks(&weeks, t.of("overview.weeks")),
            weeks,
            narratives,
            parts: vec![
                part(t.of("overview.languages"), &found.counts, |c| &c.language),
                part(t.of("overview.outlets"), &found.counts, |c| &c.outlet),
            ],
            clusters: found.clusters,
            verdicts,
        })
    }
}

fn weeks(counts: &[Count]) -> Vec<Week> {
    let mut by_week: BTreeMap<String, Vec<&Count>> = BTreeMap::new();
    for c in counts.iter().filter(|c| !c.week.is_empty()) {
        by_week.entry(c.week.clone()).or_default().push(c);
    }
    // Weeks without a text are weeks, too.
    let ends = by_week.keys().next().cloned().zip(by_week.keys().next_back().cloned());
    if let Some((first, last)) = ends {
        let all = std::iter::successors(Some(first), |w| next_week(w)).take_while(|w| *w <= last).take(MOST_WEEKS);
        for week in all.collect::<Vec<_>>() {
            by_week.entry(week).or_default();
        }
    }
    let sum = |counts: &[&Count], of: fn(&Count) -> u32| {
        counts.iter().filter(|c| c.narrative.is_empty()).map(|c| of(c)).sum()
    };
    by_week
        .into_iter()
        .map(|(week, counts)| Week {
            label: week,
            texts: sum(&counts, |c| c.texts),
            carrying: sum(&counts, |c| c.carrying),
        })
        .collect()
}

fn part(title: &'static str, counts: &[Count], of: fn(&Count) -> &String) -> Part {
    let mut by: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for c in counts.iter().filter(|c| c.narrative.is_empty()) {
        let entry = by.entry(of(c)).or_default();
        entry.0 += c.texts;
        entry.1 += c.carrying;
    }
    let mut rows: Vec<(&str, (u32, u32))> = by.into_iter().collect();
    rows.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
    let most = rows.first().map_or(1, |r| r.1.0);
    let rows = rows.into_iter().take(ROWS).map(|(name, (texts, carrying))| PartRow {
        name: if name.is_empty() { Texts.of("overview.unnamed").to_owned() } else { name.to_owned() },
        bar: charts::bar(texts, carrying, most),
        texts,
        carrying,
    });
    Part { title, rows: rows.collect() }
}

/// What an evaluation measured.
struct Measured {
    split: bool,
    reliability: String,
    coverage: String,
    bins: Vec<(String, String, u64)>,
    points: Vec<(String, String, String)>,
}

impl Measured {
    /// From what `evaluate --json` prints; `None` where it holds no narratives, or speaks of another model than this version.
    fn of(evaluation: &Value, version: &str) -> Option<Self> {
        let t = Texts;
        // One that trained models of its own names no version: it is about the records.
        let measured = evaluation.pointer("/subject/model/version").and_then(Value::as_str);
        if measured.is_some_and(|measured| measured != version) {
            return None;
        }
        let narratives = evaluation.get("narratives")?;
        let number = |v: &Value, name: &str| v.get(name).and_then(Value::as_f64);
        let dots: Vec<Dot> = (narratives.get("reliability")?.get("bins")?.as_array()?.iter())
            .filter_map(|b| {
                let texts = b.get("texts")?.as_u64().filter(|&n| n > 0)?;
                Some(Dot {
                    said: number(b, "probability")?,
                    right: number(b, "right")?,
                    low: number(b, "low")?,
                    high: number(b, "high")?,
                    texts,
                })
            })
            .collect();
        let curve: Vec<(f64, f64, f64)> = (narratives.get("selective")?.get("curve")?.as_array()?.iter())
            .filter_map(|p| Some((number(p, "coverage")?, number(p, "precision")?, number(p, "threshold")?)))
            .collect();
        let line: Vec<(f64, f64)> = curve.iter().map(|p| (p.0, p.1)).collect();
        let tenths = (1..=10).filter_map(|i| {
            curve.iter().min_by(|a, b| {
                let far = |p: &(f64, f64, f64)| (p.0 - f64::from(i) / 10.0).abs();
                far(a).total_cmp(&far(b))
            })
        });
        Some(Self {
            split: evaluation.pointer("/subject/split").is_some(),
            reliability: charts::reliability(&dots, t.of("model.reliability"), t.of("model.said"), t.of("model.right")),
            coverage: charts::coverage(&line, t.of("model.coverage"), t.of("model.answered"), t.of("model.right")),
            bins: dots.iter().map(|d| (percent(d.said), percent(d.right), d.texts)).collect(),
            points: tenths.map(|p| (percent(p.0), percent(p.1), percent(p.2))).collect(),
        })
    }
}

struct ThresholdRow {
    name: String,
    child: bool,
    bar: String,
    review: String,
    confirmed: String,
    examples: usize,
}

/// `/model`
#[derive(Template)]
#[template(path = "model.html")]
pub(super) struct ModelPage {
    t: Texts,
    frame: Frame,
    data: DataSummary,
    measured: Option<Measured>,
    narratives: Vec<ThresholdRow>,
    card: String,
}

impl ModelPage {
    pub(super) fn new(state: &State, frame: Frame) -> Self {
        let engine = state.engine();
        let entries: Vec<_> = engine.manifest.narratives.iter().flat_map(|p| &p.narratives).collect();
        let rows = named(&engine.assessor().classifier().taxonomy).into_iter().filter_map(|n| {
            let entry = entries.iter().find(|e| e.narrative.id == n.id)?;
            let limits = entry.thresholds;
            Some(ThresholdRow {
                name: n.name,
                child: n.child,
                bar: charts::thresholds(limits.review, limits.confirmed),
                review: percent(limits.review),
                // A threshold above 1 says that the narrative is never matched.
                confirmed: if limits.confirmed > 1.0 { "–".into() } else { percent(limits.confirmed) },
                examples: entry.examples,
            })
        });
        Self {
            t: Texts,
            frame,
            data: engine.manifest.data.clone(),
            measured: engine.evaluation.as_ref().and_then(|e| Measured::of(e, &engine.manifest.version)),
            narratives: rows.collect(),
            card: markdown::html(&engine.card),
        }
    }
}

/// `/api`
#[derive(Template)]
#[template(path = "api.html")]
pub(super) struct ApiPage {
    t: Texts,
    frame: Frame,
    host: String,
    operations: Vec<Row>,
}

impl ApiPage {
    pub(super) fn new(frame: Frame, host: String) -> Self {
        Self { t: Texts, frame, host, operations: rows() }
    }
}
