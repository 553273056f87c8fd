//! Errors as `application/problem+json` (RFC 9457): what happened, and how to mend it, for programs and people.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;

use crate::error::Error;
use crate::json_problem::json_problem;

/// An error as the API tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// `urn:leitmotif:problem:` and the kind of problem; kinds do not change.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and how to mend it.
    pub detail: String,
}

/// What handlers give back.
pub(crate) type Answer<T = Response> = std::result::Result<T, Problem>;

impl Problem {
    /// A problem of the given kind.
    pub(crate) fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let kind = format!("urn:leitmotif:problem:{kind}").into();
        Self { kind, title, status: status.as_u16(), detail: detail.into() }
    }

    /// The body is not what it must be.
    pub(crate) fn bad_json(e: &serde_json::Error) -> Self {
        // Where the shape is right JSON but not the right fields, the request was understood and is wrong.
        if e.is_data() {
            let detail = format!("{}; /api lists the fields of every request", json_problem(e));
            return Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-field", "A field is wrong", detail);
        }
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-json",
            "The body is not JSON",
            format!("{}; send UTF-8 JSON", json_problem(e)),
        )
    }

    /// A value is wrong.
    pub(crate) fn bad_value(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-field", "A field is wrong", detail)
    }

    /// Nothing lies at this address.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// The program is at fault.
    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The program failed", detail)
    }

    /// The server has as much work as it can hold.
    pub(crate) fn busy() -> Self {
        let detail = "too many requests are waiting; try again in a second";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        let detail = e.to_string();
        match e {
            Error::NoSuchCase(_) | Error::NoSuchVerdict(_) => Self::not_found(detail),
            Error::Language(_) | Error::Records(_) | Error::PageTooComplex { .. } => Self::bad_value(detail),
            Error::Store { source, .. } => of_store(&source, detail),
            Error::NoStore { .. } | Error::StoreVersion { .. } | Error::Read { .. } | Error::Write { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unusable", "The store cannot be used", detail)
            }
            _ => Self::internal(detail),
        }
    }
}

fn of_store(source: &rusqlite::Error, detail: String) -> Problem {
    let (status, kind, title) = match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (StatusCode::SERVICE_UNAVAILABLE, "store-locked", "Another program holds the store")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            (StatusCode::SERVICE_UNAVAILABLE, "store-read-only", "The store cannot be written to")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            (StatusCode::SERVICE_UNAVAILABLE, "store-damaged", "The store is damaged")
        }
        Some(ErrorCode::DiskFull) => (StatusCode::INSUFFICIENT_STORAGE, "disk-full", "The disk is full"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "store-unusable", "The store cannot be used"),
    };
    Problem::new(status, kind, title, detail)
}
