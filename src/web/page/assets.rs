//! Style, modules and fonts, compiled in, under an address that changes with their content: cached for ever, never stale.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

use super::texts::ENGLISH;
use crate::checksum::sha256;
use crate::web::problem::{Answer, Problem};

const SCRIPT: &str = "text/javascript; charset=utf-8";
const FONT: &str = "font/woff2";

macro_rules! asset {
    ($name:literal, $kind:expr) => {
        ($name, $kind, include_bytes!(concat!("assets/", $name)))
    };
}

static FILES: [(&str, &str, &[u8]); 24] = [
    asset!("base.css", "text/css; charset=utf-8"),
    asset!("read.css", "text/css; charset=utf-8"),
    asset!("cases.css", "text/css; charset=utf-8"),
    asset!("charts.css", "text/css; charset=utf-8"),
    asset!("print.css", "text/css; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("say.js", SCRIPT),
    asset!("api.js", SCRIPT),
    asset!("dom.js", SCRIPT),
    asset!("offsets.js", SCRIPT),
    asset!("read.js", SCRIPT),
    asset!("about.js", SCRIPT),
    asset!("kept.js", SCRIPT),
    asset!("answer.js", SCRIPT),
    asset!("outcome.js", SCRIPT),
    asset!("evidence.js", SCRIPT),
    asset!("score.js", SCRIPT),
    asset!("related.js", SCRIPT),
    asset!("verdicts.js", SCRIPT),
    asset!("copy.js", SCRIPT),
    asset!("cases.js", SCRIPT),
    asset!("fonts/literata-latin.woff2", FONT),
    asset!("fonts/literata-latin-ext.woff2", FONT),
    asset!("fonts/literata-cyrillic.woff2", FONT),
];

/// The words as a module.
static TEXTS: LazyLock<String> = LazyLock::new(|| format!("export const texts = {};\n", ENGLISH.trim()));

/// The folder all assets are served from, `/assets/` and a digest of their content.
pub(super) static BASE: LazyLock<String> = LazyLock::new(|| {
    let mut all: Vec<u8> = FILES.iter().flat_map(|f| f.2).copied().collect();
    all.extend(TEXTS.bytes());
    format!("/assets/{}", &sha256(&all)[..12])
});

/// `GET /assets/{version}/{*name}`. Any version gets the files there are: a page from before an update still loads.
pub(super) async fn serve(Path((_, name)): Path<(String, String)>) -> Answer {
    let found = match &*name {
        "texts.js" => (SCRIPT, TEXTS.as_bytes()),
        name => FILES
            .iter()
            .find(|f| f.0 == name)
            .map(|f| (f.1, f.2))
            .ok_or_else(|| Problem::not_found("there is no such file"))?,
    };
    Ok(answer(found.0, found.1))
}

fn answer(kind: &'static str, bytes: &'static [u8]) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, bytes).into_response()
}
