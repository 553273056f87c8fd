//! What the pages of cases show.

use askama::Template;
use std::collections::{BTreeMap, BTreeSet};

use super::texts::Texts;
use super::views::{Frame, Named, named};
use crate::cases::case::Case;
use crate::ingest::case_rules::is_web_address;
use crate::store::RETIRED;
use crate::web::api::cases::{CaseFilter, find, list, version};
use crate::web::api::claims::encoded;
use crate::web::api::interchange::claim_review;
use crate::web::language_names;
use crate::web::problem::Answer;
use crate::web::state::State;

/// Cases on a page.
const PAGE: usize = 25;
/// Characters of an excerpt.
const EXCERPT: usize = 260;
/// Similar cases shown with a case, and from which probability.
const LIKE: usize = 4;
const LIKELY: f64 = 0.2;

/// A case in a list.
pub(super) struct Entry {
    link: String,
    title: String,
    language: String,
    facts: Vec<String>,
    excerpt: String,
}

impl Entry {
    fn new(case: &Case) -> Self {
        Self {
            link: encoded(&case.id),
            title: if case.title.is_empty() { excerpt(&case.claim) } else { case.title.clone() },
            language: case.language.clone(),
            facts: facts(case),
            excerpt: if case.title.is_empty() { excerpt(&case.disproof) } else { excerpt(&case.claim) },
        }
    }
}

fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// Date, outlets, countries, languages in few words.
fn facts(case: &Case) -> Vec<String> {
    let few = |list: &Vec<String>| match &list[..] {
        [] => String::new(),
        [a] => a.clone(),
        [a, b] => format!("{a}, {b}"),
        [a, b, rest @ ..] => format!("{a}, {b} + {}", rest.len()),
    };
    let language = if case.languages.is_empty() { case.language.clone() } else { few(&case.languages) };
    let all = [case.published.clone(), few(&case.outlets), few(&case.countries), language];
    all.into_iter().filter(|f| !f.is_empty()).collect()
}

/// `/cases`
#[derive(Template)]
#[template(path = "cases.html")]
pub(super) struct Cases {
    t: Texts,
    frame: Frame,
    editable: bool,
    filter: CaseFilter,
    narratives: Vec<Named>,
    countries: Vec<String>,
    /// Code and name.
    languages: Vec<(String, String)>,
    outlets: Vec<String>,
    total: usize,
    entries: Vec<Entry>,
    previous: Option<String>,
    next: Option<String>,
}

impl Cases {
    pub(super) fn new(state: &State, frame: Frame, filter: CaseFilter) -> Answer<Self> {
        let found = list(state, &CaseFilter { limit: Some(PAGE), ..filter.clone() })?;
        let engine = state.engine();
        let assessor = engine.assessor();
        let distinct = |of: fn(&Case) -> &Vec<String>| -> Vec<String> {
            let all: BTreeSet<String> =
                assessor.cases.index.iter().flat_map(|c| of(&c).clone()).filter(|v| !v.is_empty()).collect();
            all.into_iter().collect()
        };
        // Records have codes, and say in words where a claim circulated: one entry for each language, under its name.
        let mut languages = distinct(|c| &c.languages);
        languages.extend(assessor.cases.index.iter().map(|c| c.language.clone()).filter(|l| !l.is_empty()));
        let languages: BTreeMap<String, String> = languages
            .iter()
            .map(|given| (language_names::code(given), given))
            .fold(BTreeMap::new(), |mut all, (code, given)| {
                let name = language_names::name(&code);
                let name = if name == code { given.clone() } else { name.to_owned() };
                all.entry(code).or_insert(name);
                all
            });
        let mut languages: Vec<(String, String)> = languages.into_iter().collect();
        languages.sort_by(|a, b| a.1.cmp(&b.1));
        let filter = CaseFilter {
            language: if filter.language.is_empty() { String::new() } else { language_names::code(&filter.language) },
            ..filter
        };
        let link = |offset: usize| {
            let f = &filter;
            let fields = [
                ("q", &f.q),
                ("narrative", &f.narrative),
                ("country", &f.country),
                ("language", &f.language),
                ("outlet", &f.outlet),
                ("from", &f.from),
                ("to", &f.to),
            ];
            let mut link = format!("/cases?offset={offset}");
            for (name, value) in fields.iter().filter(|f| !f.1.is_empty()) {
                link += &format!("&{name}={}", encoded(value));
            }
            if f.retired { link + "&retired=true" } else { link }
        };
        Ok(Self {
            t: Texts,
            editable: state.cases_in_store(),
            narratives: named(&assessor.classifier().taxonomy),
            countries: distinct(|c| &c.countries),
            languages,
            outlets: distinct(|c| &c.outlets),
            total: found.total,
            entries: found.cases.iter().map(Entry::new).collect(),
            previous: (filter.offset > 0).then(|| link(filter.offset.saturating_sub(PAGE))),
            next: (filter.offset + PAGE < found.total).then(|| link(filter.offset + PAGE)),
            filter,
            frame,
        })
    }
}

/// `/cases/{id}`
#[derive(Template)]
#[template(path = "case.html")]
pub(super) struct One {
    t: Texts,
    frame: Frame,
    editable: bool,
    link: String,
    facts: Vec<String>,
    retired: Option<String>,
    claim: Vec<String>,
    disproof: Vec<String>,
    narratives: Vec<Named>,
    rows: Vec<(&'static str, String)>,
    like: Vec<Entry>,
    review: Option<String>,
    /// Whether its source is an address of the web.
    is_link: bool,
    case: Case,
}

fn paragraphs(text: &str) -> Vec<String> {
    text.split('\n').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

impl One {
    pub(super) fn new(state: &State, frame: Frame, id: &str) -> Answer<Self> {
        let mut case = find(state, id)?;
        let engine = state.engine();
        let text = format!("{}\n\n{}", case.title, case.claim);
        let related = engine.related(&text, case.own_language(), LIKE + 1);
        let assessor = engine.assessor();
        let like = related.iter().filter(|r| r.id != case.id && r.score >= LIKELY);
        let like = like.filter_map(|r| assessor.cases.index.by_id(&r.id)).take(LIKE).map(|c| Entry::new(&c)).collect();
        let all = named(&assessor.classifier().taxonomy);
        let narratives = (case.narratives.iter())
            .map(|id| {
                let known = all.iter().find(|n| n.id == *id).cloned();
                known.unwrap_or_else(|| Named { id: id.clone(), name: id.clone(), child: false })
            })
            .collect();
        let t = Texts;
        let extra = case.extra.iter().filter(|(k, v)| k.as_str() != RETIRED && !v.is_null());
        let extra: Vec<String> =
            extra.map(|(k, v)| format!("{k}: {}", v.as_str().map_or_else(|| v.to_string(), str::to_owned))).collect();
        let rows = [
            (t.of("case.published"), case.published.clone()),
            (t.of("case.language"), case.language.clone()),
            (t.of("case.languages"), case.languages.join(", ")),
            (t.of("case.countries"), case.countries.join(", ")),
            (t.of("case.outlets"), case.outlets.join(", ")),
            (t.of("case.keywords"), case.keywords.join(", ")),
            (t.of("case.group"), case.group.clone()),
            (t.of("case.id"), case.id.clone()),
            (t.of("case.other"), extra.join("; ")),
        ];
        let review = claim_review(&case).and_then(|r| serde_json::to_string_pretty(&r).ok());
        let claim = paragraphs(&case.claim);
        if case.title.is_empty() {
            case.title = excerpt(&case.claim);
        }
        Ok(Self {
            t,
            frame,
            editable: state.cases_in_store(),
            link: encoded(&case.id),
            facts: facts(&case),
            retired: case.extra.get(RETIRED).map(|d| d.as_str().unwrap_or_default().to_owned()),
            claim,
            disproof: paragraphs(&case.disproof),
            narratives,
            rows: rows.into_iter().filter(|r| !r.1.is_empty()).collect(),
            like,
            review,
            is_link: is_web_address(&case.url),
            case,
        })
    }
}

/// `/cases/new` and `/cases/{id}/edit`
#[derive(Template)]
#[template(path = "case_form.html")]
pub(super) struct Form {
    t: Texts,
    frame: Frame,
    new: bool,
    link: String,
    narratives: Vec<Named>,
    /// The whole record, so that fields without an input survive an edit.
    record: String,
    /// The version that is edited.
    version: String,
    case: Case,
}

impl Form {
    pub(super) fn new(state: &State, frame: Frame, id: Option<&str>) -> Answer<Self> {
        let case = id.map(|id| find(state, id)).transpose()?.unwrap_or_default();
        let engine = state.engine();
        Ok(Self {
            t: Texts,
            frame,
            new: id.is_none(),
            link: encoded(&case.id),
            narratives: named(&engine.assessor().classifier().taxonomy),
            record: serde_json::to_string(&case).unwrap_or_default(),
            version: version(&case),
            case,
        })
    }
}
