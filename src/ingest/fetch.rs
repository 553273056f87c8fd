//! Feeds from the web: politely, with bounds on time and size, and never from inside the user's own network unless that
//! is wished.
//!
//! Addresses are checked after names are resolved, in the resolver that the connection is made with, so neither a name
//! that points inwards nor a redirect gets around it. Proxies of the environment are not used, since they would resolve
//! names themselves.

use std::io;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::{StatusCode, Uri, header};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::address::is_private;

/// Most bytes of a feed.
const LARGEST: u64 = 16 << 20;

/// Longest time for one request, redirects included.
const LONGEST: Duration = Duration::from_mins(1);

/// Longest time for the connection alone.
const CONNECT: Duration = Duration::from_secs(10);

/// What a server said about the version it sent, to be sent back with the next request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub modified: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub enum Fetched {
    /// The same as last time.
    Same,
    /// Another version.
    New {
        /// Its bytes.
        body: Vec<u8>,
        /// For the next request.
        validators: Validators,
    },
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchProblem {
    /// The address leads into a private network.
    #[error("the address leads into a private network; use --allow-private if that is meant")]
    Private,
    /// The server asks for patience.
    #[error("the server asks to wait (status {status})")]
    Busy {
        /// The status.
        status: u16,
        /// For how long, if it says so.
        wait: Option<Duration>,
    },
    /// The feed was taken away for good.
    #[error("the server says that it is gone for good (status 410); take it off the list")]
    Gone,
    /// Another status.
    #[error("the server answers with status {0}; check the address")]
    Status(u16),
    /// The connection or what came over it.
    #[error("{0}; check the address and the network")]
    Failed(#[from] Box<ureq::Error>),
}

/// Fetches feeds and calls webhooks.
#[derive(Debug, Clone)]
pub struct Fetcher {
    agent: ureq::Agent,
}

impl Fetcher {
    /// `allow_private` lets addresses lead into private networks.
    pub fn new(allow_private: bool) -> Self {
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(5)
            .timeout_global(Some(LONGEST))
            .timeout_connect(Some(CONNECT))
            .proxy(None)
            .user_agent(concat!("leitmotif/", env!("CARGO_PKG_VERSION"), " (feed reader)"))
            .build();
        let resolver = Checked { inner: DefaultResolver::default(), allow_private };
        Self { agent: ureq::Agent::with_parts(config, DefaultConnector::default(), resolver) }
    }

    /// Fetches `url`, unless it is the version that `known` describes.
    pub fn get(&self, url: &str, known: &Validators) -> Result<Fetched, FetchProblem> {
        let accept =
            "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5";
        let mut request = self.agent.get(url).header(header::ACCEPT, accept);
        if let Some(etag) = &known.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(modified) = &known.modified {
            request = request.header(header::IF_MODIFIED_SINCE, modified);
        }
        let mut response = request.call().map_err(failed)?;
        let header =
            |name: header::HeaderName| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        match response.status() {
            StatusCode::NOT_MODIFIED => Ok(Fetched::Same),
            StatusCode::GONE => Err(FetchProblem::Gone),
            status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
                let wait = header(header::RETRY_AFTER).and_then(|w| w.trim().parse().ok()).map(Duration::from_secs);
                Err(FetchProblem::Busy { status: status.as_u16(), wait })
            }
            status if !status.is_success() => Err(FetchProblem::Status(status.as_u16())),
            _ => {
                let validators = Validators { etag: header(header::ETAG), modified: header(header::LAST_MODIFIED) };
                let body = response.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(failed)?;
                Ok(Fetched::New { body, validators })
            }
        }
    }

    /// Sends JSON to a webhook.
    pub fn post(&self, url: &str, json: &[u8]) -> Result<(), FetchProblem> {
        let request = self.agent.post(url).header(header::CONTENT_TYPE, "application/json");
        let response = request.send(json).map_err(failed)?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(FetchProblem::Status(status.as_u16())) }
    }
}

fn failed(error: ureq::Error) -> FetchProblem {
    match &error {
        ureq::Error::Io(e) if e.kind() == io::ErrorKind::PermissionDenied => FetchProblem::Private,
        _ => FetchProblem::Failed(Box::new(error)),
    }
}

/// Resolves names, and refuses those that lead into a private network.
#[derive(Debug)]
struct Checked {
    inner: DefaultResolver,
    allow_private: bool,
}

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        // One private address among public ones is a trick, not a choice.
        if !self.allow_private && found.iter().any(|a| is_private(a.ip())) {
            return Err(ureq::Error::Io(io::ErrorKind::PermissionDenied.into()));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// Answers requests with `answers`, one each, and gives back what was asked.
    fn server(answers: Vec<String>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/feed", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                    request.push(byte[0]);
                }
                asked.push(String::from_utf8(request).unwrap().to_lowercase());
                stream.write_all(answer.as_bytes()).unwrap();
            }
            asked
        });
        (url, thread)
    }

    fn answer(status: &str, headers: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
    }

    #[test]
    fn requests_are_conditional_and_answers_understood() {
        let (url, thread) = server(vec![
            answer("200 OK", "ETag: \"x\"\r\nLast-Modified: Wed, 05 Apr 2023 06:07:08 GMT\r\n", "<rss/>"),
            answer("304 Not Modified", "", ""),
            answer("429 Too Many Requests", "Retry-After: 7\r\n", ""),
            answer("410 Gone", "", ""),
            answer("500 Oops", "", ""),
        ]);
        let fetcher = Fetcher::new(true);
        let Ok(Fetched::New { body, validators }) = fetcher.get(&url, &Validators::default()) else { panic!() };
        assert_eq!(body, b"<rss/>");
        assert!(matches!(fetcher.get(&url, &validators), Ok(Fetched::Same)));
        let wait = Some(Duration::from_secs(7));
        assert!(
            matches!(fetcher.get(&url, &validators), Err(FetchProblem::Busy { status: 429, wait: w }) if w == wait)
        );
        assert!(matches!(fetcher.get(&url, &validators), Err(FetchProblem::Gone)));
        assert!(matches!(fetcher.get(&url, &validators), Err(FetchProblem::Status(500))));
        let asked = thread.join().unwrap();
        assert!(!asked[0].contains("if-none-match"));
        assert!(asked[1].contains("if-none-match: \"x\"") && asked[1].contains("if-modified-since: wed, 05 apr 2023"));
    }

    #[test]
    fn the_way_inwards_is_closed() {
        let fetcher = Fetcher::new(false);
        for url in ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "http://0x7f000001:9/"] {
            let refused = fetcher.get(url, &Validators::default());
            assert!(matches!(refused, Err(FetchProblem::Private | FetchProblem::Failed(_))), "{url}");
        }
        assert!(matches!(fetcher.get("http://127.0.0.1:9/", &Validators::default()), Err(FetchProblem::Private)));
        assert!(matches!(fetcher.get("file:///etc/passwd", &Validators::default()), Err(FetchProblem::Failed(_))));
    }
}
