//! Fetches a web page that a person asked for, from the public internet only.
//!
//! The address is checked after name resolution and at every redirect, by resolving the name ourselves and handing the
//! client only addresses that passed: checking the name first and resolving it again would let it change in between.

use std::time::Duration;
use ureq::http::{StatusCode, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::problem::Problem;
use crate::ingest::address::is_private;

/// Largest page read, in bytes.
const LARGEST: u64 = 8 << 20;
/// Time for everything, redirects included.
const TIME: Duration = Duration::from_secs(15);
/// Redirects followed.
const REDIRECTS: u32 = 5;

/// A page as it came.
pub(super) struct Page {
    /// The body.
    pub(super) bytes: Vec<u8>,
    /// The address after redirects.
    pub(super) url: String,
    /// Its host.
    pub(super) host: String,
}

#[derive(Debug)]
struct PublicOnly(DefaultResolver);

impl Resolver for PublicOnly {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.0.resolve(uri, config, timeout).map_err(|e| match e {
            // What the system says of a name it does not know.
            ureq::Error::Io(_) => ureq::Error::HostNotFound,
            e => e,
        })?;
        let mut public = self.empty();
        for address in found.iter().filter(|a| !is_private(a.ip())) {
            public.push(*address);
        }
        // Told apart from a name that does not exist by the kind of error.
        if public.is_empty() { Err(ureq::Error::Io(std::io::ErrorKind::AddrNotAvailable.into())) } else { Ok(public) }
    }
}

fn problem(kind: &'static str, title: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, kind, title, detail)
}

/// Fetches a page.
pub(super) fn page(url: &str) -> Result<Page, Problem> {
    let url = url.trim();
    let uri: Uri = url
        .parse()
        .map_err(|_| problem("bad-url", "This is no URL", "give an address such as https://example.org/page"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
        return Err(problem("bad-url", "This is no URL", "give an address that begins with https:// or http://"));
    }
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(TIME))
        .timeout_connect(Some(Duration::from_secs(5)))
        .max_redirects(REDIRECTS)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent(concat!("leitmotif/", env!("CARGO_PKG_VERSION")))
        .accept("text/html, application/xhtml+xml, text/plain;q=0.9")
        .build();
    let agent = ureq::Agent::with_parts(config, DefaultConnector::new(), PublicOnly(DefaultResolver::default()));
    let mut response = agent.get(uri).call().map_err(|e| failed(&e))?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(problem(
            "fetch-failed",
            "The page could not be fetched",
            format!("the site answered {status}; open the page in the browser and paste its text"),
        ));
    }
    let last = ureq::ResponseExt::get_uri(&response).clone();
    let bytes = response.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(|e| failed(&e))?;
    let host = last.host().unwrap_or_default().trim_start_matches("www.").to_owned();
    Ok(Page { bytes, url: last.to_string(), host })
}

fn failed(e: &ureq::Error) -> Problem {
    match e {
        ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::AddrNotAvailable => problem(
            "private-address",
            "This address is not fetched",
            "it belongs to this machine or a private network; only the public internet is fetched",
        ),
        ureq::Error::BodyExceedsLimit(most) => {
            problem("fetch-failed", "The page is too large", format!("more than {most} bytes; paste the text instead"))
        }
        e => {
            let why = match e {
                ureq::Error::HostNotFound => "no site of this name was found; look at the address again",
                ureq::Error::Timeout(_) => "the site did not answer in time; try again later",
                ureq::Error::TooManyRedirects => "the site sends from one address to the next without end",
                ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "there is no secure connection to the site",
                ureq::Error::Io(_) | ureq::Error::ConnectionFailed => "the site does not answer at this address",
                _ => "the site gave an answer that is no page",
            };
            let detail = format!("{why}. Or open the page in the browser and paste its text");
            problem("fetch-failed", "The page could not be fetched", detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_said_in_plain_words() {
        let errors = [
            ureq::Error::HostNotFound,
            ureq::Error::Io(std::io::ErrorKind::ConnectionRefused.into()),
            ureq::Error::TooManyRedirects,
            ureq::Error::BadUri("x".into()),
        ];
        for e in errors {
            let detail = failed(&e).detail;
            assert!(detail.contains("paste its text") && !detail.contains("io:"), "{detail}");
        }
        assert!(page("http://no.such.name.invalid/").err().unwrap().detail.contains("no site of this name"));
    }

    #[test]
    fn an_address_of_this_machine_is_refused_whatever_its_spelling() {
        for url in [
            "http://127.0.0.1:9/",
            "http://localhost:9/",
            "http://[::1]:9/",
            "http://2130706433:9/",
            "http://[::ffff:7f00:1]:9/",
        ] {
            let refused = page(url).err().unwrap();
            assert!(
                refused.kind.ends_with("private-address") || refused.kind.ends_with("fetch-failed"),
                "{url}: {refused:?}"
            );
            assert_ne!(refused.detail, "", "{url}");
        }
        assert!(page("http://127.0.0.1:9/").err().unwrap().kind.ends_with("private-address"));
        for url in ["file:///etc/passwd", "gopher://x/", "x", "", "http://"] {
            assert!(page(url).err().unwrap().kind.ends_with("bad-url"), "{url}");
        }
    }
}
