//! `/v1/cases`: browse, search, read, add, edit, retire. What is added is found as related by the very next request.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

use super::json;
use crate::cases::case::Case;
use crate::checksum::sha256;
use crate::document::{Language, is_date};
use crate::error::Error;
use crate::ingest::case_rules;
use crate::store::RETIRED;
use crate::text::words::is_unspaced;
use crate::web::body::{Body, Named, Params};
use crate::web::language_names;
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
    /// Of the record or of where the claim circulated: ISO 639 code or English name.
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

/// What a search looks for in a case.
enum Sought {
    /// All of these, as parts of words: words without endings, as they stand in other forms of the word.
    Parts(Vec<String>),
    /// All of these, as words of their own: single letters, which are part of nearly every text.
    Letters(Vec<String>),
}

fn sought(search: &str) -> Sought {
    let stem = |word: &str| {
        let letters = word.chars().count();
        word.chars().take(if letters > 5 { letters - 2 } else { letters }).collect::<String>()
    };
    let plain = search.to_lowercase();
    let words = || plain.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    // Where no spaces stand between words, one character may be one.
    let is_word = |w: &&str| w.chars().nth(1).is_some() || w.chars().any(is_unspaced);
    if words().any(|w| is_word(&w)) {
        return Sought::Parts(words().filter(is_word).map(stem).collect());
    }
    if words().next().is_some() {
        return Sought::Letters(words().map(str::to_owned).collect());
    }
    // Signs alone are looked for as they stand.
    Sought::Parts(vec![plain.trim().to_owned()])
}

/// Whether a case has all that is sought somewhere.
fn says(case: &Case, sought: &Sought) -> bool {
    let lists = [&case.keywords, &case.outlets, &case.countries].into_iter().flatten();
    let texts: Vec<&str> =
        lists.chain([&case.title, &case.claim, &case.disproof, &case.id]).map(String::as_str).collect();
    let all = texts.join("\n").to_lowercase();
    match sought {
        Sought::Parts(parts) => parts.iter().all(|part| all.contains(part.as_str())),
        Sought::Letters(letters) => {
            let words: FxHashSet<&str> = all.split(|c: char| !c.is_alphanumeric()).collect();
            letters.iter().all(|letter| words.contains(letter.as_str()))
        }
    }
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
    let wanted = language_names::code(&filter.language);
    let passes = |c: &Cow<'_, Case>| {
        (filter.narrative.is_empty() || c.narratives.iter().any(|n| within(n)))
            && (filter.country.is_empty() || c.countries.iter().any(|x| same(x, &filter.country)))
            && (filter.outlet.is_empty() || c.outlets.iter().any(|x| same(x, &filter.outlet)))
            && (filter.language.is_empty()
                || c.languages.iter().chain([&c.language]).any(|x| language_names::code(x) == wanted))
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
            let sought = sought(&filter.q);
            let (mut all, mut seen) = (Vec::new(), FxHashSet::default());
            for case in exact.chain(best.chain(rest).filter(|c| says(c, &sought))).filter(passes) {
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

/// What must hold of a case that is put.
fn check(case: &Case) -> Answer<()> {
    case_rules::check_form(case).map_err(|problem| Problem::bad_value(problem.to_string()))?;
    case_rules::check_id(&case.id).map_err(|problem| Problem::bad_value(problem.to_string()))?;
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

/// The version of a case, as `ETag` and `If-Match` say it: another one for every other record.
pub(in crate::web) fn version(case: &Case) -> String {
    format!("\"{}\"", &sha256(&serde_json::to_vec(case).unwrap_or_default())[..16])
}

/// A case with its version.
fn versioned(case: &Case) -> Answer {
    let mut response = json(case)?;
    if let Ok(version) = HeaderValue::try_from(version(case)) {
        response.headers_mut().insert(header::ETAG, version);
    }
    Ok(response)
}

/// Stores a case unless it is another one by now than the version that was to be changed.
fn put_over(state: &State, case: &Case, expected: Option<&str>) -> Answer<()> {
    editable(state)?;
    let is_expected = |now: &Case| {
        let now = version(now);
        expected.is_none_or(|list| list.split(',').any(|v| matches!(v.trim(), "*") || v.trim() == now))
    };
    let stored = state.storage.write(|store| {
        // Looked at and written by the one writer there is, so that nothing comes in between.
        if store.case(&case.id)?.is_some_and(|now| !is_expected(&now)) {
            return Ok(false);
        }
        store.import(std::slice::from_ref(case)).map(|_| true)
    })?;
    if !stored {
        let detail = "it was saved since you read it; read it again, and put into it what you changed";
        return Err(Problem::new(StatusCode::PRECONDITION_FAILED, "changed", "The case was changed meanwhile", detail));
    }
    found_for_texts(state, case.clone());
    Ok(())
}

/// What is stored is found, what is retired is not.
fn found_for_texts(state: &State, case: Case) {
    let engine = state.engine();
    if case.extra.contains_key(RETIRED) { engine.remove_case(&case.id) } else { engine.add_case(case) }
}

/// Stores cases and makes them findable.
pub(super) fn put(state: &State, cases: Vec<Case>) -> Answer<crate::store::Imported> {
    editable(state)?;
    let done = state.storage.write(|store| store.import(&cases))?;
    for case in cases {
        found_for_texts(state, case);
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
    versioned(&state.waiting_pool.run(move || find(&shared, &id)).await??)
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
            let detail = format!("the id \"{}\" is taken; change that case, or give this one another id", case.id);
            return Err(Problem::new(StatusCode::CONFLICT, "id-taken", "There is such a case", detail));
        }
        put(&shared, vec![case.clone()])?;
        Ok(case)
    };
    let case = state.waiting_pool.run(job).await??;
    let mut response = (StatusCode::CREATED, versioned(&case)?).into_response();
    if let Ok(place) = HeaderValue::try_from(format!("/v1/cases/{}", super::claims::encoded(&case.id))) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// `PUT /v1/cases/{id}`; with `If-Match` only over the version that was read.
pub(in crate::web) async fn replace(
    Shared(state): Shared<Arc<State>>,
    Named(id): Named,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let shared = Arc::clone(&state);
    let expected = headers.get(header::IF_MATCH).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let job = move || -> Answer<Case> {
        let mut case: Case = body.json()?;
        if case.id.trim().is_empty() {
            case.id.clone_from(&id);
        } else if case.id != id {
            return Err(Problem::bad_value("the id in the body is not the one in the address; an id never changes"));
        }
        check(&case)?;
        find(&shared, &id)?;
        put_over(&shared, &case, expected.as_deref())?;
        Ok(case)
    };
    versioned(&state.waiting_pool.run(job).await??)
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
