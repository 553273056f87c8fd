//! The API and the pages without a port: every request a client may send, and every bad one, gets a proper answer.

#![cfg(all(feature = "web", feature = "embedded"))]

#[path = "web/bad_requests.rs"]
mod bad_requests;
#[path = "web/cases.rs"]
mod cases;
#[path = "web/documents.rs"]
mod documents;
#[path = "web/pages.rs"]
mod pages;
#[path = "web/service.rs"]
mod service;
#[path = "web/store.rs"]
mod store;
#[path = "web/verdicts.rs"]
mod verdicts;
