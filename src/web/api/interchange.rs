//! Cases in and out: JSONL, CSV, the text of a case page, and `ClaimReview` for what is published.

use axum::extract::State as Shared;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

use super::cases::{editable, put};
use super::claims::{DEBUNKED, extra, site};
use crate::cases::case::Case;
use crate::error::{BadRecord, Place, RecordProblem};
use crate::ingest::case_records::{self, Form};
use crate::ingest::jsonl::{Placed, Records};
use crate::ingest::{case_page, case_rules, case_table, charset};
use crate::web::body::{Body, Kind, Params};
use crate::web::problem::{Answer, Problem};
use crate::web::state::State;

/// How cases are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// One case a line.
    #[default]
    Jsonl,
    /// A table; lists are joined by `; `.
    Csv,
    /// Text as on a page of the EUvsDisinfo database.
    CasePage,
    /// JSON-LD of schema.org, of published cases only.
    Claimreview,
}

/// What to write.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ExportParams {
    /// `jsonl`, `csv`, `case-page` or `claimreview`.
    pub format: Format,
}

/// What an import came to.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ImportAnswer {
    /// Cases that were not there before.
    pub added: usize,
    /// Cases that replaced one with the same id.
    pub replaced: usize,
    /// What was not taken, with its place and why.
    pub rejected: Vec<String>,
    /// The encoding that the file was read in, unless it was UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_as: Option<&'static str>,
}

fn table(cases: &[Case]) -> Answer<Vec<u8>> {
    case_table::write(cases).map_err(|e| Problem::internal(format!("the table could not be written: {e}")))
}

fn as_page(cases: &[Case]) -> String {
    let mut out = String::new();
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for c in cases {
        let title = flat(if c.title.is_empty() { &c.claim } else { &c.title });
        out += &format!("Disinfo: {title}\n\nSummary\n\n{}\n\n", c.claim.trim());
        if !c.disproof.trim().is_empty() {
            out += &format!("Disproof\n\n{}\n\n", c.disproof.trim());
        }
        let lists = [("Outlet", &c.outlets), ("Countries", &c.countries), ("Keywords", &c.keywords)];
        for (name, list) in lists.iter().filter(|l| !l.1.is_empty()) {
            out += &format!("{name}: {}\n", flat(&list.join(", ")));
        }
        for (name, value) in [("Date of publication", &c.published), ("URL", &c.url)] {
            if !value.is_empty() {
                out += &format!("{name}: {value}\n");
            }
        }
        out.push('\n');
    }
    out
}

/// A case as `ClaimReview`; `None` unless it is published. The rating is the record's own words, without a number.
pub(in crate::web) fn claim_review(case: &Case) -> Option<Value> {
    if case.url.is_empty() || case.published.is_empty() {
        return None;
    }
    let publisher = extra(case, "publisher").unwrap_or_else(|| site(&case.url));
    let authors: Vec<Value> = case.outlets.iter().map(|o| json!({ "@type": "Organization", "name": o })).collect();
    Some(json!({
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "url": case.url,
        "name": case.title,
        "claimReviewed": if case.claim.is_empty() { &case.title } else { &case.claim },
        "reviewBody": case.disproof,
        "datePublished": case.published,
        "inLanguage": case.language,
        "author": { "@type": "Organization", "name": publisher },
        "itemReviewed": { "@type": "Claim", "author": authors },
        "reviewRating": { "@type": "Rating", "alternateName": extra(case, "rating").unwrap_or(DEBUNKED) },
    }))
}

/// `GET /v1/cases/export`
pub(in crate::web) async fn export(Shared(state): Shared<Arc<State>>, Params(params): Params<ExportParams>) -> Answer {
    let shared = Arc::clone(&state);
    let job = move || -> Answer<(&'static str, &'static str, Vec<u8>)> {
        // The order of adding, as `leitmotif cases export` has it.
        let cases: Vec<Case> =
            shared.engine().assessor().cases.index.iter().map(std::borrow::Cow::into_owned).collect();
        Ok(match params.format {
            Format::Jsonl => {
                let mut out = Vec::new();
                for case in &cases {
                    serde_json::to_writer(&mut out, case).map_err(|e| Problem::internal(e.to_string()))?;
                    out.push(b'\n');
                }
                ("application/x-ndjson", "cases.jsonl", out)
            }
            Format::Csv => ("text/csv; charset=utf-8", "cases.csv", table(&cases)?),
            Format::CasePage => ("text/plain; charset=utf-8", "cases.txt", as_page(&cases).into_bytes()),
            Format::Claimreview => {
                let published: Vec<Value> = cases.iter().filter_map(claim_review).collect();
                ("application/ld+json", "claimreview.json", (Value::Array(published).to_string() + "\n").into_bytes())
            }
        })
    };
    let (kind, name, bytes) = state.pool.run(job).await??;
    let mut response = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// `POST /v1/cases/import`
pub(in crate::web) async fn import(Shared(state): Shared<Arc<State>>, body: Body) -> Answer {
    let shared = Arc::clone(&state);
    let job = move || -> Answer<ImportAnswer> {
        editable(&shared)?;
        let decoded = || charset::decode(&body.bytes);
        let form = match body.kind {
            Some(Kind::Lines) => Some(Form::Lines),
            Some(Kind::Csv) => Some(Form::Table),
            Some(Kind::Text) => None,
            Some(Kind::File) => case_records::form_of(&decoded().text),
            _ => {
                return Err(Body::unsupported(
                    "application/x-ndjson, text/csv, text/plain (a case page), application/octet-stream (any of them)",
                ));
            }
        };
        let mut rejected = Vec::new();
        let (cases, read_as) = if let Some(form) = form {
            let read = case_records::read(body.bytes.to_vec(), form, IMPORT);
            let (records, read_as) = read.map_err(Problem::bad_value)?;
            (kept(records, &mut rejected), read_as)
        } else {
            let page = decoded();
            let read_as = Some(page.encoding).filter(|&encoding| encoding != "UTF-8");
            (read_page(&page.text, &mut rejected), read_as)
        };
        if cases.is_empty() {
            let why = if rejected.is_empty() { "it holds no case".to_owned() } else { rejected.join("; ") };
            return Err(Problem::bad_value(format!("nothing was imported: {why}")));
        }
        let done = put(&shared, cases)?;
        Ok(ImportAnswer { added: done.added, replaced: done.replaced, rejected, read_as })
    };
    super::json(&state.waiting_pool.run(job).await??)
}

/// The cases that may be kept, each id once; the others are named.
fn kept(records: Records<Case>, rejected: &mut Vec<String>) -> Vec<Case> {
    let in_words = |place: Place| Place { source: String::new(), ..place };
    let mut bad: Vec<(usize, String)> = Vec::new();
    for BadRecord { place, problem } in records.bad {
        bad.push((place.line, BadRecord { place: in_words(place), problem }.to_string()));
    }
    let mut seen = FxHashMap::default();
    let mut out = Vec::new();
    for Placed { place, record } in records.good {
        let place = in_words(place);
        let problem = case_rules::check_kept(&record).err().or_else(|| {
            let first = seen.get(&record.id).cloned()?;
            Some(RecordProblem::DuplicateId { id: record.id.clone(), first })
        });
        if let Some(problem) = problem {
            bad.push((place.line, BadRecord { place, problem }.to_string()));
        } else {
            seen.insert(record.id.clone(), place);
            out.push(record);
        }
    }
    bad.sort_by_key(|b| b.0);
    rejected.extend(bad.into_iter().map(|b| b.1));
    out
}

/// What an import is called where its places are not named.
const IMPORT: &str = "the file";

fn read_page(text: &str, rejected: &mut Vec<String>) -> Vec<Case> {
    let page = case_page::parse(text, IMPORT);
    rejected.extend(page.unplaced.iter().map(|u| format!("line {}: {} ({})", u.place.line, u.text, u.why)));
    let mut cases = page.cases;
    cases.retain(|case| match case_rules::check_kept(case) {
        Ok(()) => true,
        Err(problem) => {
            rejected.push(problem.to_string());
            false
        }
    });
    cases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Case {
        Case {
            id: "a".into(),
            title: "The moon, \"hollow\"".into(),
            claim: "=The moon\nis hollow.".into(),
            disproof: "It is not.".into(),
            narratives: vec!["n".into(), "m".into()],
            countries: vec!["Ukraine".into(), "Poland".into()],
            outlets: vec!["Moon Daily".into()],
            keywords: vec!["moon".into()],
            published: "2022-03-04".into(),
            url: "https://www.example.org/moon?x=1".into(),
            language: "en".into(),
            ..Case::default()
        }
    }

    #[test]
    fn what_cannot_be_kept_is_named_with_its_place() {
        let mut rejected = Vec::new();
        let text = "id,title,url,published\na,t,javascript:alert(1),\nb,t,,2020-13-45\nc,t,,\nc,again,,\nd,t\n";
        let read = |text: &str, form| case_records::read(text.into(), form, IMPORT).map(|read| read.0);
        let cases = kept(read(text, Form::Table).unwrap(), &mut rejected);
        assert_eq!(cases.iter().map(|c| &*c.id).collect::<Vec<_>>(), ["b", "c"]);
        let places: Vec<_> = rejected.iter().map(|r| r.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["line 2", "line 5", "line 6"], "{rejected:?}");
        rejected.clear();
        let lines = "{\"id\":\"a\",\"title\":\"t\",\"url\":\"ftp://x\"}\n{\"id\":\"b\",\"title\":\"t\"}\n";
        assert_eq!((kept(read(lines, Form::Lines).unwrap(), &mut rejected).len(), rejected.len()), (1, 1));
        assert!(read("a,b\n1,2\n", Form::Table).is_err());
        // What no address would lead to.
        rejected.clear();
        let ids = ["export", "import", ".", "..", "a/b", "a b"];
        let lines = ids.map(|id| format!("{{\"id\":\"{id}\",\"title\":\"t\"}}")).join("\n");
        let cases = kept(read(&lines, Form::Lines).unwrap(), &mut rejected);
        assert_eq!(
            (cases.iter().map(|c| &*c.id).collect::<Vec<_>>(), rejected.len()),
            (vec!["a b"], 5),
            "{rejected:?}"
        );
    }

    #[test]
    fn a_case_page_is_read_back() {
        let page = case_page::parse(&as_page(&[case()]), "-");
        let [back] = &page.cases[..] else { panic!("{:?}", page.unplaced) };
        assert_eq!((&back.title, &back.disproof), (&case().title, &case().disproof));
        assert_eq!(
            (&back.published, &back.outlets, &back.keywords),
            (&case().published, &case().outlets, &case().keywords)
        );
        assert_eq!(back.countries, case().countries);
    }

    #[test]
    fn only_what_is_published_is_a_review_and_its_rating_is_its_own() {
        let review = claim_review(&case()).unwrap();
        assert_eq!(
            (review["author"]["name"].as_str(), review["reviewRating"]["alternateName"].as_str()),
            (Some("example.org"), Some("Debunked"))
        );
        assert!(review["reviewRating"].get("ratingValue").is_none());
        assert!(claim_review(&Case { url: String::new(), ..case() }).is_none());
        assert!(claim_review(&Case { published: String::new(), ..case() }).is_none());
    }
}
