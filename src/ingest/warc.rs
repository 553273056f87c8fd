//! Web archives (ISO 28500): the pages in them, one record each.
//!
//! The `warc` crate was rejected: it gives up at the first damaged record, and does not look into the HTTP response that
//! a record holds. What is no page (requests, images, errors of servers) is no document; it is counted, not rejected.

use std::io::Read;

use super::block::{Block, Form, Origin, Records};
use super::packed;
use super::problem::InputProblem;
use super::window::Window;

/// Longest header that is read.
const HEADER: usize = 256 << 10;

/// What a response turned out to be: the bytes of a document and their form, or nothing to assess.
type Payload = Result<Option<(Vec<u8>, Form)>, InputProblem>;

/// Pages of an archive.
pub(crate) struct WarcRecords {
    window: Window,
    number: usize,
    limit: usize,
    /// Bytes of a record that are still to be passed over.
    pass: usize,
}

impl WarcRecords {
    pub(crate) fn new(window: Window, limit: usize) -> Self {
        Self { window, number: 0, limit, pass: 0 }
    }

    /// Reads the next record, if there is one.
    fn next(&mut self, block: &mut Block) -> Result<bool, InputProblem> {
        while self.pass > 0 {
            if self.window.bytes().is_empty() && !self.window.more().map_err(packed::problem)? {
                return Err(InputProblem::Warc("it breaks off"));
            }
            let count = self.pass.min(self.window.bytes().len());
            self.window.consume(count);
            self.pass -= count;
        }
        let mut searched = 0usize;
        let header = loop {
            if searched == 0 {
                let blank = self.window.bytes().iter().take_while(|b| b.is_ascii_whitespace()).count();
                self.window.consume(blank);
            }
            let bytes = self.window.bytes();
            if let Some(at) = memchr::memmem::find(&bytes[searched.saturating_sub(3)..], b"\r\n\r\n") {
                break searched.saturating_sub(3) + at + 4;
            }
            searched = bytes.len();
            if searched > HEADER {
                self.number += 1;
                self.resynchronise(block, "its header does not end");
                searched = 0;
                continue;
            }
            if !self.window.more().map_err(packed::problem)? {
                if self.window.bytes().is_empty() {
                    return Ok(false);
                }
                self.number += 1;
                self.window.consume(usize::MAX);
                return Err(InputProblem::Warc("it breaks off"));
            }
        };
        self.number += 1;
        let head = Header::parse(&self.window.bytes()[..header]);
        if !self.window.bytes().starts_with(b"WARC/") {
            self.resynchronise(block, "it does not begin with WARC/");
            return Ok(true);
        }
        let Some(length) = head.get("content-length").and_then(|l| l.parse::<usize>().ok()) else {
            self.resynchronise(block, "its length is not given");
            return Ok(true);
        };
        self.window.consume(header);
        let kind = head.get("warc-type").unwrap_or_default().to_ascii_lowercase();
        if !matches!(&*kind, "response" | "resource" | "conversion") {
            block.left_out += 1;
            self.pass = length;
            return Ok(true);
        }
        if length > self.limit {
            block.bad(self.number, InputProblem::TooLong { limit: self.limit });
            self.pass = length;
            return Ok(true);
        }
        self.window.at_least(length).map_err(packed::problem)?;
        if self.window.bytes().len() < length {
            self.window.consume(usize::MAX);
            return Err(InputProblem::Warc("it breaks off"));
        }
        let body = &self.window.bytes()[..length];
        let url = head.get("warc-target-uri").unwrap_or_default().trim_matches(['<', '>']).to_owned();
        let origin = Origin { url, fetched: head.get("warc-date").unwrap_or_default().to_owned() };
        let kind = head.get("content-type").unwrap_or_default();
        let payload = if kind.starts_with("application/http") {
            response(body, origin, self.limit)
        } else {
            Ok(form(kind, origin).map(|form| (body.to_vec(), form)))
        };
        match payload {
            Ok(Some((bytes, form))) => block.push(&bytes, self.number, form),
            Ok(None) => block.left_out += 1,
            Err(problem) => block.bad(self.number, problem),
        }
        self.window.consume(length);
        Ok(true)
    }

    /// Goes on where a record seems to begin.
    fn resynchronise(&mut self, block: &mut Block, what: &'static str) {
        block.bad(self.number, InputProblem::Warc(what));
        let bytes = self.window.bytes();
        let next = memchr::memmem::find(bytes.get(1..).unwrap_or_default(), b"\r\nWARC/1.");
        self.window.consume(next.map_or(bytes.len(), |at| at + 3));
    }
}

impl Records for WarcRecords {
    fn read(&mut self, block: &mut Block) -> bool {
        while !block.is_full() {
            match self.next(block) {
                Ok(true) => {}
                Ok(false) => return false,
                Err(problem) => {
                    block.bad(self.number.max(1), problem);
                    return false;
                }
            }
            if self.window.idle() && !block.is_empty() {
                return true;
            }
        }
        true
    }
}

/// `Name: value` lines.
struct Header(Vec<(String, String)>);

impl Header {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let pairs = text.lines().filter_map(|l| l.split_once(':'));
        Self(pairs.map(|(n, v)| (n.trim().to_ascii_lowercase(), v.trim().to_owned())).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

fn form(kind: &str, origin: Origin) -> Option<Form> {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match &*kind {
        "text/html" | "application/xhtml+xml" => Some(Form::Page(Some(Box::new(origin)))),
        "text/plain" => Some(Form::Text(Some(Box::new(origin)))),
        _ => None,
    }
}

/// The page of an HTTP response.
fn response(bytes: &[u8], origin: Origin, limit: usize) -> Payload {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return Err(InputProblem::Warc("its HTTP header does not end"));
    };
    let head = Header::parse(&bytes[..end]);
    let status = bytes[..end].split(|&b| b == b' ').nth(1).unwrap_or_default();
    if !status.starts_with(b"2") {
        return Ok(None);
    }
    let Some(form) = form(head.get("content-type").unwrap_or_default(), origin) else { return Ok(None) };
    let mut body = bytes[end + 4..].to_vec();
    if head.get("transfer-encoding").is_some_and(|t| t.to_ascii_lowercase().contains("chunked"))
        && let Some(joined) = join_chunks(&body)
    {
        // Some crawlers leave the header and join the chunks themselves.
        body = joined;
    }
    let packing = head.get("content-encoding").unwrap_or_default().to_ascii_lowercase();
    let body = match &*packing {
        "gzip" | "x-gzip" if body.starts_with(b"\x1f\x8b") => {
            unpacked(flate2::read::MultiGzDecoder::new(&*body), limit)?
        }
        "zstd" if body.starts_with(b"\x28\xb5\x2f\xfd") => match zstd::stream::read::Decoder::new(&*body) {
            Ok(reader) => unpacked(reader, limit)?,
            Err(_) => return Err(InputProblem::Warc(DAMAGED_BODY)),
        },
        "deflate" => unpacked(flate2::read::ZlibDecoder::new(&*body), limit)?,
        "br" if std::str::from_utf8(&body).is_err() => {
            return Err(InputProblem::Warc(
                "it is packed with Brotli, which is not read; unpack the responses when crawling",
            ));
        }
        _ => body,
    };
    Ok(Some((body, form)))
}

/// What is wrong with a response that is not packed as its header says; the records behind it are read.
const DAMAGED_BODY: &str = "its body cannot be unpacked as its Content-Encoding says";

fn unpacked(reader: impl Read, limit: usize) -> Result<Vec<u8>, InputProblem> {
    let mut out = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut out).map_err(|_| InputProblem::Warc(DAMAGED_BODY))?;
    if out.len() > limit { Err(InputProblem::TooLong { limit }) } else { Ok(out) }
}

/// The body of a chunked response (RFC 9112, section 7.1); `None` if it is not chunked.
fn join_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let line = memchr::memmem::find(rest, b"\r\n")?;
        let size = std::str::from_utf8(&rest[..line]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(out);
        }
        let start = line + 2;
        out.extend_from_slice(rest.get(start..start.checked_add(size)?)?);
        rest = rest.get(start + size + 2..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::block::Source;
    use proptest::prelude::*;
    use std::io::{Cursor, Write};
    use std::sync::Arc;

    fn record(kind: &str, url: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-05-06T07:08:09Z\r\n\
             Content-Type: application/http; msgtype={kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body, b"\r\n\r\n"].concat()
    }

    fn http(headers: &str, body: &[u8]) -> Vec<u8> {
        [format!("HTTP/1.1 {headers}\r\n\r\n").as_bytes(), body].concat()
    }

    type Read = Vec<(usize, Result<String, &'static str>)>;

    fn read(bytes: Vec<u8>, limit: usize) -> (Read, u64) {
        let mut records = WarcRecords::new(Window::new(Box::new(Cursor::new(bytes)), false), limit);
        let mut block = Block::default();
        block.begin(&Arc::new(Source::named("w")));
        while records.read(&mut block) {}
        let items = block.items.iter().map(|i| {
            let said = match &i.form {
                Form::Bad(p) => Err(p.kind()),
                _ => Ok(String::from_utf8_lossy(block.bytes_of(i)).into_owned()),
            };
            (i.line, said)
        });
        (items.collect(), block.left_out)
    }

    #[test]
    fn pages_are_unpacked_and_the_rest_is_counted() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"<p>packed</p>").unwrap();
        let packed = packed.finish().unwrap();
        let archive = [
            record("warcinfo", "", b"software: x"),
            record("request", "https://a.example/", b"GET / HTTP/1.1\r\n\r\n"),
            record(
                "response",
                "https://a.example/",
                &http("200 OK\r\nContent-Type: text/html; charset=utf-8", b"<p>plain</p>"),
            ),
            record("response", "https://a.example/i", &http("200 OK\r\nContent-Type: image/png", b"PNG")),
            record("response", "https://a.example/n", &http("404 Not Found\r\nContent-Type: text/html", b"<p>no</p>")),
            record(
                "response",
                "https://a.example/c",
                &http(
                    "200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked",
                    b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
                ),
            ),
            record(
                "response",
                "https://a.example/z",
                &http("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", &packed),
            ),
        ]
        .concat();
        let (items, left_out) = read(archive.clone(), 1 << 20);
        let said: Vec<_> = items.iter().map(|i| (i.0, i.1.as_deref().map_err(|e| *e))).collect();
        assert_eq!(said, [(3, Ok("<p>plain</p>")), (6, Ok("abcde")), (7, Ok("<p>packed</p>"))]);
        assert_eq!(left_out, 4);
        let mut cut = archive.clone();
        cut.truncate(archive.len() - 30);
        assert_eq!(read(cut, 1 << 20).0.last(), Some(&(7, Err("warc"))));
        assert_eq!(read(archive, 100).0[0].1, Ok("<p>plain</p>".into()));
    }

    #[test]
    fn damage_is_passed_over() {
        let page = |n: usize| {
            record("response", "u", &http("200 OK\r\nContent-Type: text/html", format!("page {n}").as_bytes()))
        };
        let broken = String::from_utf8(page(2)).unwrap().replace("Content-Length", "Content-Lost").into_bytes();
        let packed =
            record("response", "u", &http("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: deflate", b"page"));
        let (items, _) =
            read([page(1), broken, page(3), b"garbage\r\n\r\n".to_vec(), page(4), packed, page(5)].concat(), 1 << 20);
        let said: Vec<_> = items.iter().map(|i| i.1.as_deref().map_err(|e| *e)).collect();
        let pages = [Ok("page 1"), Err("warc"), Ok("page 3"), Err("warc"), Ok("page 4"), Err("warc"), Ok("page 5")];
        assert_eq!(said, pages);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in "(WARC/1\\.0\r\n|Content-Length: 9{0,20}\r\n|WARC-Type: response\r\n|\r\n|x){0,20}") {
            read(text.into_bytes(), 1000);
        }
    }
}
