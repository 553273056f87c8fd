//! Bodies of requests: read with a bound on size and time, JSON with a problem that names the field.
//!
//! axum's own extractors answer in plain text and without a time limit, hence these.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::problem::Problem;
use super::state::State;
use crate::record::Lenient;

/// What a body says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `application/json`.
    Json,
    /// `application/x-ndjson`, `application/jsonl`.
    Lines,
    /// `text/plain`.
    Text,
    /// `text/html`.
    Html,
    /// `text/csv`.
    Csv,
    /// Bytes of a file, to be looked at.
    File,
}

/// A body that has arrived whole.
pub(crate) struct Body {
    /// What it says it is.
    pub kind: Option<Kind>,
    /// The bytes.
    pub bytes: Bytes,
}

fn kind(headers: &HeaderMap) -> Option<Kind> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    Some(match &*essence {
        "application/json" => Kind::Json,
        "application/x-ndjson" | "application/jsonl" | "application/x-jsonlines" => Kind::Lines,
        "text/plain" => Kind::Text,
        "text/html" | "application/xhtml+xml" => Kind::Html,
        "text/csv" => Kind::Csv,
        "application/octet-stream" => Kind::File,
        _ => return None,
    })
}

/// A body that is too large is read and thrown away up to so many times the bound.
const DRAINED: usize = 8;

async fn drain(mut body: axum::body::Body) {
    use hyper::body::Body as _;
    while let Some(Ok(_)) = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await {}
}

impl FromRequest<Arc<State>> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<State>) -> Result<Self, Problem> {
        let kind = kind(request.headers());
        let most = state.limits.body;
        let too_large = || {
            let detail = format!("a body may have {most} bytes at most; cut the text, or send documents one by one");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
        };
        let said = request.headers().get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse::<usize>().ok());
        if let Some(length) = said.filter(|&length| length > most) {
            // Read to its end, within reason: a browser that is cut off while it sends never sees the answer.
            if length <= most.saturating_mul(DRAINED) {
                let _ = tokio::time::timeout(state.limits.receive, drain(request.into_body())).await;
            }
            return Err(too_large());
        }
        let bytes = tokio::time::timeout(state.limits.receive, Bytes::from_request(request, state)).await;
        match bytes {
            Ok(Ok(bytes)) => Ok(Self { kind, bytes }),
            Ok(Err(e)) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
            Ok(Err(_)) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "broken-body",
                "The body broke off",
                "the connection ended or the body is cut; send it again",
            )),
            Err(_) => Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "too-slow",
                "The body took too long",
                format!("a body must arrive within {} seconds", state.limits.receive.as_secs()),
            )),
        }
    }
}

impl Body {
    /// A problem that names the content types there are.
    pub(crate) fn unsupported(known: &str) -> Problem {
        let detail = format!("set the header Content-Type to one of: {known}");
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", "The content type is not known", detail)
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.kind != Some(Kind::Json) {
            return Err(Self::unsupported("application/json"));
        }
        let Object(value) = serde_json::from_slice(&self.bytes).map_err(|e| Problem::bad_json(&e))?;
        Ok(value)
    }
}

/// A JSON object and nothing else: serde takes an array for a struct, too, its elements for the fields in their order.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        d.deserialize_map(Fields(PhantomData))
    }
}

/// For a field that may hold text. Given and empty is not the same as not given.
pub(crate) fn some_text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Option::<Lenient<String>>::deserialize(d).map(|text| text.map(|Lenient(text)| text))
}

/// For a field that holds an object.
pub(crate) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    Object::deserialize(d).map(|Object(value)| value)
}

/// For a field that may hold a list of objects.
pub(crate) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<Vec<T>>, D::Error> {
    let list = Option::<Vec<Object<T>>>::deserialize(d)?;
    Ok(list.map(|list| list.into_iter().map(|Object(value)| value).collect()))
}

/// Query parameters, with a problem that says which one is wrong.
pub(crate) struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<State>> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(values)) => Ok(Self(values)),
            Err(e) => Err(bad_parameter(&e.body_text())),
        }
    }
}

fn bad_parameter(what: &str) -> Problem {
    let detail = format!("{what}; /api lists the parameters of every request");
    Problem::new(StatusCode::BAD_REQUEST, "bad-parameter", "A parameter is wrong", detail)
}

/// Query parameters of a page: those it does not know are passed over, since whoever shares a link may add some.
pub(crate) struct PageParams<T>(pub T);

impl<T: DeserializeOwned + Default + Serialize> FromRequestParts<Arc<State>> for PageParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<State>) -> Result<Self, Problem> {
        let fields = serde_json::to_value(T::default()).unwrap_or_default();
        let is_known = |pair: &&str| pair.split('=').next().is_some_and(|name| fields.get(name).is_some());
        let known: Vec<&str> = parts.uri.query().unwrap_or_default().split('&').filter(is_known).collect();
        let uri: Uri = format!("/?{}", known.join("&")).parse().unwrap_or_default();
        match Query::<T>::try_from_uri(&uri) {
            Ok(Query(values)) => Ok(Self(values)),
            Err(e) => Err(bad_parameter(&e.body_text())),
        }
    }
}

/// What stands in the address in the place of `{id}` and the like.
pub(crate) struct Named(pub String);

impl FromRequestParts<Arc<State>> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Problem> {
        let Path(name) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| {
            let detail = "the address is not UTF-8; write an id in it as UTF-8, percent-encoded";
            Problem::new(StatusCode::BAD_REQUEST, "bad-parameter", "A parameter is wrong", detail)
        })?;
        Ok(Self(name))
    }
}
