//! `GET /v1/claims:search`, shaped like `claims:search` of Google's Fact Check Tools API (v1alpha1), so that clients of
//! that API work with one's own cases. The rating is the record's own, never a model's score.

use axum::extract::State as Shared;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::sync::Arc;

use super::cases::{CaseFilter, list};
use super::json;
use crate::cases::case::Case;
use crate::web::body::Params;
use crate::web::problem::{Answer, Problem};
use crate::web::state::State;

/// What a case is called that says no rating of its own: a case base holds debunked claims.
pub(super) const DEBUNKED: &str = "Debunked";

/// The parameters of that API. `key` and `prettyPrint` are taken and ignored.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClaimSearch {
    /// Words to search for.
    pub query: String,
    /// BCP 47 code; only its language counts.
    pub language_code: String,
    /// Host of the debunk, such as `example.org`.
    pub review_publisher_site_filter: String,
    /// Most days since publication.
    pub max_age_days: Option<u32>,
    /// Claims a page; 10 unless given.
    pub page_size: Option<usize>,
    /// From `nextPageToken`.
    pub page_token: String,
    /// Claims to skip.
    pub offset: usize,
}

/// The answer of that API.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClaimSearchAnswer {
    /// Best first.
    pub claims: Vec<Claim>,
    /// To be given as `pageToken`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// A claim.
#[expect(clippy::struct_field_names, reason = "the names of that API")]
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claim {
    /// What is claimed.
    pub text: String,
    /// Who claims it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimant: Option<String>,
    /// When, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_date: Option<String>,
    /// Its debunk.
    pub claim_review: Vec<ClaimReview>,
}

/// A debunk.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClaimReview {
    /// Who debunks.
    pub publisher: Publisher,
    /// Where it can be read.
    pub url: String,
    /// Its headline.
    pub title: String,
    /// When it was published, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_date: Option<String>,
    /// The record's own rating, or `Debunked`.
    pub textual_rating: String,
    /// Language of the debunk.
    pub language_code: String,
}

/// Who debunks.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Publisher {
    /// Its name.
    pub name: String,
    /// Its host.
    pub site: String,
}

/// The host of a URL without `www.`
pub(super) fn site(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |u| u.1);
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    host.trim_start_matches("www.")
}

/// A text of the record's unknown fields, where it is one.
pub(super) fn extra<'c>(case: &'c Case, name: &str) -> Option<&'c str> {
    case.extra.get(name).and_then(serde_json::Value::as_str).filter(|v| !v.trim().is_empty())
}

/// Bytes that may not stand in a path are written as `%XX`.
pub(in crate::web) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

fn claim(case: &Case) -> Claim {
    let date = (!case.published.is_empty()).then(|| format!("{}T00:00:00Z", case.published));
    let site = site(&case.url).to_owned();
    Claim {
        text: if case.claim.is_empty() { &case.title } else { &case.claim }.clone(),
        claimant: case.outlets.first().cloned(),
        claim_date: extra(case, "claim_date").map(|d| format!("{d}T00:00:00Z")),
        claim_review: vec![ClaimReview {
            publisher: Publisher { name: extra(case, "publisher").unwrap_or(&site).to_owned(), site },
            url: case.url.clone(),
            title: case.title.clone(),
            review_date: date,
            textual_rating: extra(case, "rating").unwrap_or(DEBUNKED).to_owned(),
            language_code: case.language.clone(),
        }],
    }
}

/// The day so many days before today.
fn days_ago(days: u32) -> String {
    let now = std::time::SystemTime::now();
    let then =
        now.checked_sub(std::time::Duration::from_secs(u64::from(days) * 86_400)).unwrap_or(std::time::UNIX_EPOCH);
    crate::store::rfc3339(then)[..10].to_owned()
}

/// `GET /v1/claims:search`
pub(in crate::web) async fn search(Shared(state): Shared<Arc<State>>, Params(search): Params<ClaimSearch>) -> Answer {
    if search.query.trim().is_empty() && search.review_publisher_site_filter.trim().is_empty() {
        return Err(Problem::bad_value("give query or reviewPublisherSiteFilter"));
    }
    let offset = match &*search.page_token {
        "" => search.offset,
        token => token.parse().map_err(|_| Problem::bad_value("pageToken must come from nextPageToken"))?,
    };
    let size = search.page_size.unwrap_or(10).clamp(1, 100);
    let filter = CaseFilter {
        q: search.query.clone(),
        language: search.language_code.split('-').next().unwrap_or("").to_owned(),
        from: search.max_age_days.map(days_ago).unwrap_or_default(),
        limit: Some(1_000),
        ..CaseFilter::default()
    };
    let shared = Arc::clone(&state);
    let found = state.pool.run(move || list(&shared, &filter)).await??;
    let publisher = search.review_publisher_site_filter.trim().trim_start_matches("www.").to_lowercase();
    let mut all = found.cases.iter().filter(|c| publisher.is_empty() || site(&c.url) == publisher).skip(offset);
    let claims: Vec<Claim> = all.by_ref().take(size).map(claim).collect();
    let next_page_token = all.next().map(|_| (offset + size).to_string());
    json(&ClaimSearchAnswer { claims, next_page_token })
}
