//! From a URL or a file to a text: `POST /v1/fetch` and `/v1/extract`; and `/v1/seen`, what is much like a text.

use axum::extract::State as Shared;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::assess::text_only;
use crate::ingest::{charset, page};
use crate::store::{Seen, Verdict};
use crate::web::body::{Body, Kind};
use crate::web::fetch;
use crate::web::history::sketch;
use crate::web::problem::{Answer, Problem};
use crate::web::state::State;

/// A page to fetch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FetchRequest {
    /// `http` or `https`.
    pub url: String,
}

/// The text of a page or file.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Extracted {
    /// Its text.
    pub text: String,
    /// Its headline.
    pub title: String,
    /// ISO 639 code, where the page says it.
    pub language: String,
    /// Day of publication, where the page says it.
    pub published: String,
    /// Where it was read, after redirects.
    pub url: String,
    /// The host it was read from.
    pub outlet: String,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// A text that may have been here before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenRequest {
    /// The text.
    pub text: String,
}

/// What is known here about a text.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SeenAnswer {
    /// SHA-256 of the text.
    pub hash: String,
    /// Texts assessed before with much the same wording, most alike first; the text itself counts, too.
    pub near_duplicates: Vec<Seen>,
    /// Verdicts on this very text, oldest first.
    pub verdicts: Vec<Verdict>,
}

/// Similarity from which two texts count as near-duplicates here; the estimate is good to about 0.09.
const NEAR: f64 = 0.5;

/// Reads bytes of a page or a text file. What is said to be a page (`is_page`) need not look like one.
fn extract(bytes: &[u8], is_page: bool) -> Answer<Extracted> {
    let decoded = charset::decode_html(bytes);
    let mut out = Extracted::default();
    out.warnings.extend(decoded.warning());
    let looks_like_page = page::looks_like_html(&decoded.text);
    if !looks_like_page {
        text_only(bytes, &decoded.text)?;
    }
    if is_page || looks_like_page {
        let article = page::article(&decoded.text)?;
        out.text = article.text;
        out.title = article.title;
        out.language = article.language.map_or_else(String::new, |l| l.code().to_owned());
        out.published = article.published;
    } else {
        out.text = decoded.text;
    }
    Ok(out)
}

/// `POST /v1/fetch`
pub(in crate::web) async fn fetch(Shared(state): Shared<Arc<State>>, body: Body) -> Answer {
    let request: FetchRequest = body.json()?;
    if !state.fetch {
        let detail = "this server was started with --no-fetch; paste the text instead";
        return Err(Problem::new(axum::http::StatusCode::FORBIDDEN, "no-fetch", "URLs are not fetched", detail));
    }
    let job = move || -> Answer<Extracted> {
        let page = fetch::page(&request.url)?;
        let mut out = extract(&page.bytes, false)?;
        out.url = page.url;
        out.outlet = page.host;
        Ok(out)
    };
    super::json(&state.waiting_pool.run(job).await??)
}

/// `POST /v1/extract`
pub(in crate::web) async fn extract_file(Shared(state): Shared<Arc<State>>, body: Body) -> Answer {
    if !matches!(body.kind, Some(Kind::File | Kind::Html | Kind::Text)) {
        return Err(Body::unsupported("application/octet-stream, text/html, text/plain"));
    }
    let is_page = matches!(body.kind, Some(Kind::Html));
    super::json(&state.pool.run(move || extract(&body.bytes, is_page)).await??)
}

/// `POST /v1/seen`
pub(in crate::web) async fn seen(Shared(state): Shared<Arc<State>>, body: Body) -> Answer {
    let shared = Arc::clone(&state);
    let job = move || -> Answer<SeenAnswer> {
        let request: SeenRequest = body.json()?;
        let hash = crate::checksum::sha256(request.text.as_bytes());
        let sketch = sketch(&request.text);
        if !shared.storage.path().exists() {
            return Ok(SeenAnswer { hash, near_duplicates: Vec::new(), verdicts: Vec::new() });
        }
        let (near_duplicates, verdicts) = shared.storage.read(|store| {
            let near = sketch.map_or_else(|| Ok(Vec::new()), |s| store.seen_like(&s, "", NEAR, 6))?;
            Ok((near, store.verdicts_on(&hash)?))
        })?;
        Ok(SeenAnswer { hash, near_duplicates, verdicts })
    };
    super::json(&state.waiting_pool.run(job).await??)
}
