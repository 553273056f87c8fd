//! What stands before every handler: who may ask, how long it may take, and what every answer carries.
//!
//! - Without a token only requests to a loopback name are answered: a page of another site that points its own name at
//!   127.0.0.1 (DNS rebinding) sends that name as `Host`.
//! - With a token it must come as `Authorization: Bearer`, or as the password of the browser's own prompt, and is
//!   compared in constant time. A login page of our own was rejected: it would need cookies.
//! - What comes from a browser and is no plain read must come from our own page: `Sec-Fetch-Site` and `Origin` must say
//!   so, and a header must be there that no form of another site can send.

use axum::extract::{MatchedPath, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::state::State;

/// Names a request in logs and answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What our own page sends with every write.
pub(crate) const FROM_PAGE: HeaderName = HeaderName::from_static("x-leitmotif");

/// Only our own files, nothing inline, no frames: text of a user that ended up as markup could still do nothing.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                              connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
                              frame-ancestors 'none'";

/// Headers of every answer.
const HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Checks a request, bounds its time, and completes its answer.
pub(super) async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let id = request_id(request.headers());
    let mut response = match admit(&state, &request) {
        Err(problem) => challenge(problem),
        Ok(()) => match tokio::time::timeout(state.limits.answer, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "timeout",
                "The answer took too long",
                "try again, or send less at once",
            )
            .into_response(),
        },
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(REQUEST_ID, id);
    state.metrics.answered(method.as_str(), &route, response.status().as_u16(), start.elapsed());
    response
}

/// The client's own id where it is a plain one, otherwise a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let plain = |v: &&HeaderValue| {
        let b = v.as_bytes();
        (1..=64).contains(&b.len()) && b.iter().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(c))
    };
    headers.get(REQUEST_ID).filter(plain).cloned().unwrap_or_else(|| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        HeaderValue::try_from(format!("r{}-{number}", std::process::id())).unwrap_or(HeaderValue::from_static("r"))
    })
}

fn admit(state: &State, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let host = request.uri().authority().map(ToString::to_string);
    let host = host.or_else(|| text(headers, &header::HOST).map(str::to_owned)).unwrap_or_default();
    match &state.token {
        None if !is_loopback(&host) => {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "foreign-host",
                "This name is not answered",
                "without a token only requests to localhost are answered; call http://127.0.0.1, or start the server with --token",
            ));
        }
        Some(token) if !is_open(request.uri().path()) && !shows(headers, token) => {
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "token",
                "A token is needed",
                "send the header Authorization: Bearer and the token the server was started with",
            ));
        }
        _ => {}
    }
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
    let origin = text(headers, &header::ORIGIN);
    let foreign = site.is_some_and(|s| !matches!(s, "same-origin" | "none"))
        || origin.is_some_and(|o| o.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(&host)));
    let browser = site.is_some() || origin.is_some() || headers.contains_key(header::COOKIE);
    if foreign || (browser && !headers.contains_key(FROM_PAGE)) {
        let detail = "a browser may only write from the page this server gives; from a script send no Origin, or the header X-Leitmotif";
        return Err(Problem::new(StatusCode::FORBIDDEN, "foreign-page", "Not from our page", detail));
    }
    Ok(())
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// What a supervisor asks without a token.
fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Whether a `Host` names this machine to itself.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

fn shows(headers: &HeaderMap, token: &str) -> bool {
    let Some((scheme, value)) = text(headers, &header::AUTHORIZATION).and_then(|a| a.split_once(' ')) else {
        return false;
    };
    let shown = match &*scheme.to_ascii_lowercase() {
        "bearer" => value.trim().as_bytes().to_vec(),
        "basic" => {
            let decoded = base64::engine::general_purpose::STANDARD.decode(value.trim()).unwrap_or_default();
            decoded.iter().position(|&b| b == b':').map(|at| decoded[at + 1..].to_vec()).unwrap_or_default()
        }
        _ => return false,
    };
    bool::from(shown.ct_eq(token.as_bytes()))
}

/// The name given at the browser's prompt, for whoever wants to know who is writing.
pub(super) fn person(headers: &HeaderMap) -> Option<String> {
    let (scheme, value) = text(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(value.trim()).ok()?;
    let name = String::from_utf8(decoded).ok()?.split_once(':')?.0.to_owned();
    (scheme.eq_ignore_ascii_case("basic") && !name.is_empty()).then_some(name)
}

/// Lets the browser ask for name and token.
fn challenge(problem: Problem) -> Response {
    let mut response = problem.into_response();
    if response.status() == StatusCode::UNAUTHORIZED {
        let prompt = HeaderValue::from_static(
            "Basic realm=\"Leitmotif: your name, and the token as password\", charset=\"UTF-8\"",
        );
        response.headers_mut().insert(header::WWW_AUTHENTICATE, prompt);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for yes in ["localhost", "LOCALHOST:7878", "127.0.0.1:80", "127.8.0.1", "[::1]:7878", "[::1]"] {
            assert!(is_loopback(yes), "{yes}");
        }
        for no in
            ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7878", "192.168.0.1", "0.0.0.0"]
        {
            assert!(!is_loopback(no), "{no}");
        }
    }
}
