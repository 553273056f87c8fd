//! `/v1/cases`: browse, search, read, add, edit, retire. What is added is found as related by the very next request.

use axum::extract::State as Shared;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

use super::json;
use crate::cases::case::Case;
use crate::document::{Language, is_date};
use crate::error::Error;
use crate::ingest::case_rules;
use crate::store::RETIRED;
use crate::web::body::{Body, Named, Params};
use crate::web::problem::{Answer, Problem};
use crate::web::state::State;

/// Which cases to list. All conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CaseFilter {
    /// Words to search for, best case first; or an id.
    pub q: String,
    /// A narrative's id; its children count, too.
    pub narrative: String,
    /// A country as cases spell it.
    pub country: String,
    /// ISO 639 code: of the record or of where the claim circulated.
    pub language: String,
    /// An outlet as cases spell it.
    pub outlet: String,
    /// Published on this day or later.
    pub from: String,
    /// Published on this day or before.
    pub to: String,
    /// `true` lists retired cases instead.
    pub retired: bool,
    /// Cases a page; 50 unless given, 1,000 at most.
    pub limit: Option<usize>,
    /// Cases to skip.
    pub offset: usize,
}

/// A page of cases.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CaseList {
    /// How many match.
    pub total: usize,
    /// Those of this page.
    pub cases: Vec<Case>,
}

/// How retiring goes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetireParams {
    /// `true` erases the record instead of keeping it to be read.
    pub erase: bool,
}

/// Cases that a search looks through before filters.
const SEARCHED: usize = 500;

/// Cases up to which a search looks at every one.
const LOOKED_THROUGH: usize = 20_000;

/// The words of a search, without endings: a stem as it stands in other forms of the word.
fn words(search: &str) -> Vec<String> {
    let stem = |word: &str| {
        let letters = word.chars().count();
        word.chars().take(if letters > 5 { letters - 2 } else { letters }).collect::<String>()
    };
    let plain = search.to_lowercase();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|w| w.chars().count() > 1).map(stem).collect()
}

/// Whether a case has all the words somewhere.
fn says(case: &Case, words: &[String]) -> bool {
    let lists = [&case.keywords, &case.outlets, &case.countries].into_iter().flatten();
    let texts: Vec<&str> =
        lists.chain([&case.title, &case.claim, &case.disproof, &case.id]).map(String::as_str).collect();
    let all = texts.join("\n").to_lowercase();
    words.iter().all(|w| all.contains(w.as_str()))
}

/// The cases that pass a filter, in order.
pub(in crate::web) fn list(state: &State, filter: &CaseFilter) -> Answer<CaseList> {
    for (name, day) in [("from", &filter.from), ("to", &filter.to)] {
        if !day.is_empty() && !is_date(day) {
            return Err(Problem::bad_value(format!("{name} must be a day such as 2022-01-31")));
        }
    }
    let engine = state.engine();
    let found = (!filter.q.trim().is_empty()).then(|| engine.search(&filter.q, SEARCHED));
    let retired = if filter.retired { Some(state.storage.read(crate::store::Store::retired_cases)?) } else { None };
    let assessor = engine.assessor();
    let taxonomy = &assessor.classifier().taxonomy;
    let within = |id: &str| {
        id == filter.narrative
            || taxonomy
                .find(id)
                .is_some_and(|n| taxonomy.ancestors(n).any(|a| taxonomy.narrative(a).id == filter.narrative))
    };
    let same = |a: &String, b: &str| a.trim().eq_ignore_ascii_case(b.trim()) || a.to_lowercase() == b.to_lowercase();
    let passes = |c: &Cow<'_, Case>| {
        (filter.narrative.is_empty() || c.narratives.iter().any(|n| within(n)))
            && (filter.country.is_empty() || c.countries.iter().any(|x| same(x, &filter.country)))
            && (filter.outlet.is_empty() || c.outlets.iter().any(|x| same(x, &filter.outlet)))
            && (filter.language.is_empty()
                || same(&c.language, &filter.language)
                || c.languages.iter().any(|x| same(x, &filter.language)))
            && (filter.from.is_empty() || c.published >= filter.from)
            && (filter.to.is_empty() || (!c.published.is_empty() && c.published <= filter.to))
    };
    let index = &assessor.cases.index;
    let all: Vec<Cow<'_, Case>> = match (&retired, &found) {
        (Some(cases), None) => cases.iter().map(Cow::Borrowed).filter(passes).collect(),
        (Some(cases), Some(_)) => {
            let words = filter.q.to_lowercase();
            let says =
                |c: &Cow<'_, Case>| [&c.id, &c.title, &c.claim].iter().any(|f| f.to_lowercase().contains(&words));
            cases.iter().map(Cow::Borrowed).filter(passes).filter(says).collect()
        }
        (None, Some(ids)) => {
            let exact = index.by_id(filter.q.trim()).into_iter();
            let best = ids.iter().filter_map(|id| index.by_id(id));
            // Outlets and countries are not in the index; a small case base is looked through for them.
            let rest = index.iter().take(if index.len() <= LOOKED_THROUGH { usize::MAX } else { 0 });
            let words = words(&filter.q);
            let (mut all, mut seen) = (Vec::new(), rustc_hash::FxHashSet::default());
            for case in exact.chain(best.chain(rest).filter(|c| says(c, &words))).filter(passes) {
                if seen.insert(case.id.clone()) {
                    all.push(case);
                }
            }
            all
        }
        (None, None) => {
            let mut all: Vec<Cow<'_, Case>> = index.iter().filter(passes).collect();
            // The newest first; undated ones last.
            all.sort_by(|a, b| b.published.cmp(&a.published));
            all
        }
    };
    let limit = filter.limit.unwrap_or(50).min(1_000);
    let cases = all.iter().skip(filter.offset).take(limit).map(|c| c.clone().into_owned()).collect();
    Ok(CaseList { total: all.len(), cases })
}

/// One case, retired or not.
pub(in crate::web) fn find(state: &State, id: &str) -> Answer<Case> {
    if let Some(case) = state.engine().assessor().cases.index.by_id(id) {
        return Ok(case.into_owned());
    }
    let stored = if state.cases_in_store() && state.storage.path().exists() {
        state.storage.read(|s| s.case(id))?
    } else {
        None
    };
    stored.ok_or_else(|| Problem::not_found(format!("there is no case with the id \"{id}\"; /v1/cases lists them")))
}

/// Ids that stand in the address of something else.
const TAKEN: [&str; 4] = [".", "..", "export", "import"];

/// What must hold of an id, so that `/v1/cases/{id}` is its case.
pub(super) fn check_id(id: &str) -> Result<(), String> {
    if id.len() > 200 || id.contains(|c: char| c.is_control() || c == '/') {
        return Err("an id may have 200 bytes and no slash or control character; give the case another one".to_owned());
    }
    if TAKEN.contains(&id) {
        return Err(format!(
            "\"{id}\" cannot be an id, since an address that ends so is not that of a case; give the case another one"
        ));
    }
    Ok(())
}

/// What must hold of a case that is put.
fn check(case: &Case) -> Answer<()> {
    case_rules::check_form(case).map_err(|problem| Problem::bad_value(problem.to_string()))?;
    check_id(&case.id).map_err(Problem::bad_value)?;
    // `languages` may be names: collections say where a claim circulated in words.
    if !case.language.is_empty() {
        case.language.parse::<Language>()?;
    }
    Ok(())
}

/// An id made of the title's words, with a number where it is taken.
fn new_id(state: &State, case: &Case) -> Answer<String> {
    let words = if case.title.trim().is_empty() { &case.claim } else { &case.title };
    let mut slug = String::new();
    for c in crate::text::normalise::normalise(words).chars() {
        if slug.len() >= 60 {
            break;
        }
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = if slug.is_empty() { "case".to_owned() } else { slug.trim_end_matches('-').to_owned() };
    let mut numbered = (2..10_000).map(|n| format!("{slug}-{n}"));
    let mut id = slug.clone();
    while find(state, &id).is_ok() {
        id = numbered.next().ok_or_else(|| Problem::bad_value("give the case an id of its own"))?;
    }
    Ok(id)
}

/// Cases cannot be edited when they come from a file.
pub(super) fn editable(state: &State) -> Answer<()> {
    if state.cases_in_store() {
        return Ok(());
    }
    let detail = "the server was started with --cases FILE, which it does not write to; import the file into a store with `leitmotif cases import` and start the server with that";
    Err(Problem::new(StatusCode::CONFLICT, "cases-in-file", "These cases cannot be edited", detail))
}

/// Stores cases and makes them findable.
pub(super) fn put(state: &State, cases: Vec<Case>) -> Answer<crate::store::Imported> {
    editable(state)?;
    let engine = state.engine();
    let done = state.storage.write(|store| store.import(&cases))?;
    for case in cases {
        if case.extra.contains_key(RETIRED) { engine.remove_case(&case.id) } else { engine.add_case(case) }
    }
    Ok(done)
}

/// `GET /v1/cases`
pub(in crate::web) async fn browse(Shared(state): Shared<Arc<State>>, Params(filter): Params<CaseFilter>) -> Answer {
    let shared = Arc::clone(&state);
    json(&state.pool.run(move || list(&shared, &filter)).await??)
}

/// `GET /v1/cases/{id}`
pub(in crate::web) async fn read(Shared(state): Shared<Arc<State>>, Named(id): Named) -> Answer {
    let shared = Arc::clone(&state);
    json(&state.waiting_pool.run(move || find(&shared, &id)).await??)
}

/// `POST /v1/cases`
pub(in crate::web) async fn add(Shared(state): Shared<Arc<State>>, body: Body) -> Answer {
    let shared = Arc::clone(&state);
    let job = move || -> Answer<Case> {
        let mut case: Case = body.json()?;
        check(&case)?;
        if case.id.trim().is_empty() {
            case.id = new_id(&shared, &case)?;
        } else if find(&shared, &case.id).is_ok() {
            let detail =
                format!("the id \"{}\" is taken; change that case with PUT, or give this one another id", case.id);
            return Err(Problem::new(StatusCode::CONFLICT, "id-taken", "There is such a case", detail));
        }
        put(&shared, vec![case.clone()])?;
        Ok(case)
    };
    let case = state.waiting_pool.run(job).await??;
    let mut response = (StatusCode::CREATED, json(&case)?).into_response();
    if let Ok(place) = HeaderValue::try_from(format!("/v1/cases/{}", super::claims::encoded(&case.id))) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// `PUT /v1/cases/{id}`
pub(in crate::web) async fn replace(Shared(state): Shared<Arc<State>>, Named(id): Named, body: Body) -> Answer {
    let shared = Arc::clone(&state);
    let job = move || -> Answer<Case> {
        let mut case: Case = body.json()?;
        if case.id.trim().is_empty() {
            case.id.clone_from(&id);
        } else if case.id != id {
            return Err(Problem::bad_value("the id in the body is not the one in the address; an id never changes"));
        }
        check(&case)?;
        find(&shared, &id)?;
        put(&shared, vec![case.clone()])?;
        Ok(case)
    };
    json(&state.waiting_pool.run(job).await??)
}

/// `DELETE /v1/cases/{id}`
pub(in crate::web) async fn retire(
    Shared(state): Shared<Arc<State>>,
    Named(id): Named,
    Params(params): Params<RetireParams>,
) -> Answer {
    let shared = Arc::clone(&state);
    let job = move || -> Answer<Case> {
        editable(&shared)?;
        let case = find(&shared, &id)?;
        let case = shared.storage.write(|store| {
            if params.erase {
                return if store.remove(&id)? { Ok(case) } else { Err(Error::NoSuchCase(id.clone())) };
            }
            store.retire(&id)
        })?;
        shared.engine().remove_case(&case.id);
        Ok(case)
    };
    json(&state.waiting_pool.run(job).await??)
}
