//! How fast `leitmotif serve` answers over loopback, with the load generator on the same machine.
//!
//! `cargo bench --bench serve` starts the program as a user does, with a store of its own, and prints latencies at 200
//! requests/s (sent by the clock, so that a late answer makes the next one late, too), requests/s with eight
//! connections that never pause, and the memory before and after 100,000 requests. A load tool from a registry was
//! rejected: none of the usual ones is in every machine's packages, and this one is a page.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Requests a second of the first part, and for how many seconds.
const RATE: u32 = 200;
const SECONDS: u32 = 15;
/// Connections of the second part.
const CONNECTIONS: usize = 8;
/// Requests of the last part.
const MANY: usize = 100_000;

fn main() {
    // `cargo test --benches` runs this, too; there is nothing to test.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let bodies = Arc::new(articles());
    let bytes = bodies.iter().map(Vec::len).sum::<usize>() / bodies.len();
    println!("{} requests of {bytes} bytes on average", bodies.len());
    for (name, pinned) in [("server on one core", true), ("server on all cores", false)] {
        let Some(server) = Server::start(pinned) else {
            println!("{name}: left out, `taskset` is missing");
            continue;
        };
        println!("{name}");
        warm(&server, &bodies);
        let mut times = at_rate(&server.address, &bodies);
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        println!(
            "  {RATE} requests/s for {SECONDS} s: p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
            at(50),
            at(99),
            at(100)
        );
        let (done, time) = saturated(&server.address, &bodies, CONNECTIONS, usize::MAX, Duration::from_secs(10));
        println!("  {CONNECTIONS} connections without pause: {:.0} requests/s", done as f64 / time.as_secs_f64());
        if !pinned {
            let before = server.resident();
            saturated(&server.address, &bodies, CONNECTIONS, MANY, Duration::MAX);
            println!("  memory before and after {MANY} requests: {before} kB, {} kB", server.resident());
        }
    }
}

/// Articles of about 3 KB, joined from background texts, as requests.
fn articles() -> Vec<Vec<u8>> {
    let file = std::fs::read_to_string("training-data/background.jsonl").expect("run this in the project's folder");
    let texts = file.lines().filter_map(|l| {
        let record: serde_json::Value = serde_json::from_str(l).ok()?;
        (record["language"] == "en").then(|| record["text"].as_str().map(str::to_owned)).flatten()
    });
    let (mut out, mut article) = (Vec::new(), String::new());
    for text in texts {
        article += &text;
        article.push('\n');
        if article.len() >= 3_000 {
            let body = serde_json::json!({ "text": article[..article.floor_char_boundary(3_000)] }).to_string();
            let head = format!(
                "POST /v1/assess HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            out.push((head + &body).into_bytes());
            article.clear();
        }
    }
    out
}

struct Server {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(pinned: bool) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = env!("CARGO_BIN_EXE_leitmotif");
        let mut command = if pinned { Command::new("taskset") } else { Command::new(program) };
        if pinned {
            command.args(["-c", "0", program]);
        }
        command.args(["serve", "--bind", "127.0.0.1:0", "--store"]).arg(folder.path().join("store.db"));
        let mut child = command.stderr(Stdio::piped()).spawn().ok()?;
        let mut line = String::new();
        BufReader::new(child.stderr.take()?).read_line(&mut line).ok()?;
        let address = line.split("http://").nth(1)?.split('/').next()?.to_owned();
        Some(Self { child, address, _folder: folder })
    }

    /// Resident memory in kB.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0");
        line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection that stays open.
struct Client(BufReader<TcpStream>);

impl Client {
    fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket option");
        Self(BufReader::new(stream))
    }

    /// Sends a request and reads the whole answer.
    fn ask(&mut self, request: &[u8]) {
        self.0.get_mut().write_all(request).expect("the server reads");
        let (mut line, mut length) = (String::new(), 0);
        self.0.read_line(&mut line).expect("the server answers");
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        loop {
            line.clear();
            self.0.read_line(&mut line).expect("headers");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
    }
}

fn warm(server: &Server, bodies: &Arc<Vec<Vec<u8>>>) {
    saturated(&server.address, bodies, 2, bodies.len() * 4, Duration::MAX);
}

/// Sends by the clock over four connections; times count from when a request was due.
fn at_rate(address: &str, bodies: &Arc<Vec<Vec<u8>>>) -> Vec<Duration> {
    let start = Instant::now() + Duration::from_millis(50);
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let (mut client, bodies) = (Client::new(address), Arc::clone(bodies));
            std::thread::spawn(move || {
                let mut times = Vec::new();
                for i in (worker..RATE * SECONDS).step_by(4) {
                    let due = start + Duration::from_secs(1) * i / RATE;
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    client.ask(&bodies[i as usize % bodies.len()]);
                    times.push(due.elapsed());
                }
                times
            })
        })
        .collect();
    workers.into_iter().flat_map(|w| w.join().expect("a worker")).collect()
}

/// Sends without pause until so many requests or so much time; gives requests and time.
fn saturated(
    address: &str,
    bodies: &Arc<Vec<Vec<u8>>>,
    connections: usize,
    most: usize,
    time: Duration,
) -> (usize, Duration) {
    let (start, done) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let (mut client, bodies, done) = (Client::new(address), Arc::clone(bodies), Arc::clone(&done));
            std::thread::spawn(move || {
                while start.elapsed() < time {
                    let i = done.fetch_add(1, Ordering::Relaxed);
                    if i >= most {
                        return;
                    }
                    client.ask(&bodies[i % bodies.len()]);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().expect("a worker");
    }
    (done.load(Ordering::Relaxed).min(most), start.elapsed())
}
