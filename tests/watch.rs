//! `leitmotif watch` against a server of its own: new items once, conditional requests, alerts that are not lost.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

const CLAIM: &str = "The so-called protests in Kazakhstan were a colour revolution prepared in Western embassies, with \
                     trained provocateurs waiting for the signal.";

/// A server that gives a feed, takes alerts, and remembers what was asked of it.
struct Server {
    address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    items: Vec<(String, String)>,
    webhook_down: bool,
    /// What is answered instead of a feed.
    page: Option<&'static str>,
    /// Request line and `If-None-Match` of every request for the feed; bodies posted to the webhook.
    asked: Vec<String>,
    posted: Vec<Value>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        // Ends with the test.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &mut shared.lock().unwrap());
            }
        });
        Self { address, state }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn answer(mut stream: std::net::TcpStream, state: &mut State) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let header = |name: &str| head.lines().find_map(|l| l.strip_prefix(name)).map(|v| v.trim().to_owned());
    let (status, extra, body) = if head.starts_with("post /hook") {
        let mut body = vec![0; header("content-length:").unwrap().parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        if state.webhook_down {
            ("503 Service Unavailable", String::new(), String::new())
        } else {
            state.posted.push(serde_json::from_slice(&body).unwrap());
            ("200 OK", String::new(), String::new())
        }
    } else {
        let version = format!("\"{}\"", state.items.len());
        let asked = header("if-none-match:").unwrap_or_default();
        state.asked.push(asked.clone());
        if let Some(page) = state.page {
            ("200 OK", String::new(), page.to_owned())
        } else if asked == version {
            ("304 Not Modified", String::new(), String::new())
        } else {
            let items = state.items.iter().map(|(id, text)| {
                format!("<item><guid>{id}</guid><link>https://valley.example/{id}</link><title>Title {id}</title><description>{text}</description></item>")
            });
            let feed =
                format!("<rss version='2.0'><channel><title>T</title>{}</channel></rss>", items.collect::<String>());
            ("200 OK", format!("ETag: {version}\r\n"), feed)
        }
    };
    let _ =
        write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{extra}\r\n{body}", body.len());
}

struct Ran {
    code: i32,
    alerts: Vec<Value>,
    err: String,
}

fn watch(home: &TempDir, args: &[&str]) -> Ran {
    // Feeds are due again at once in this test: what was noted about the next time is forgotten.
    if let Ok(store) = rusqlite::Connection::open(home.path().join("s.db")) {
        let _ = store.execute("UPDATE watched_feeds SET next_at = 0", []);
    }
    let output = Command::new(assert_cmd::cargo::cargo_bin!("leitmotif"))
        .args(["watch", "feeds.opml", "--once", "--json", "--store", "s.db"])
        .args(args)
        .current_dir(home)
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    Ran {
        code: output.status.code().unwrap(),
        alerts: out.lines().map(|l| serde_json::from_str(l).unwrap()).collect(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn new_items_are_assessed_once_and_alerts_arrive() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let opml = format!("<opml><body><outline xmlUrl='{}/feed'/></body></opml>", server.address);
    std::fs::write(home.path().join("feeds.opml"), opml).unwrap();
    server.state().items =
        vec![("a".into(), CLAIM.into()), ("b".into(), "The library opens at nine on weekdays.".into())];
    let hook = format!("{}/hook", server.address);
    let args = ["--allow-private", "--webhook", &hook];

    let closed = watch(&home, &["--webhook", &hook]);
    assert_eq!(closed.code, 3, "{}", closed.err);
    assert!(closed.err.contains("leads into a private network"), "{}", closed.err);

    server.state().webhook_down = true;
    let first = watch(&home, &args);
    assert_eq!(first.code, 3, "{}", first.err);
    assert!(first.err.contains("2 new") && first.err.contains("alerts are kept"), "{}", first.err);
    assert!(first.alerts.is_empty());

    // The webhook is back: the alert is given although the feed has nothing new.
    server.state().webhook_down = false;
    let second = watch(&home, &args);
    assert_eq!((second.code, second.alerts.len()), (0, 1), "{}", second.err);
    let alert = &second.alerts[0];
    assert_eq!((&alert["id"], &alert["url"]), (&"a".into(), &"https://valley.example/a".into()));
    assert!(alert["narratives"].as_array().unwrap().iter().any(|n| n["id"] == "colour-revolutions"), "{alert}");
    assert_eq!(server.state().posted, second.alerts);

    let third = watch(&home, &args);
    assert_eq!((third.code, third.alerts.len()), (0, 0), "{}", third.err);
    server.state().items.push(("c".into(), format!("{CLAIM} And more of it.")));
    let fourth = watch(&home, &args);
    assert_eq!(fourth.alerts.len(), 1, "{}", fourth.err);
    assert_eq!(fourth.alerts[0]["id"], "c");
    assert!(fourth.err.contains("1 new"), "{}", fourth.err);
    assert_eq!(server.state().asked, ["", "\"2\"", "\"2\"", "\"2\""]);
    assert_eq!(server.state().posted.len(), 2);

    let store = rusqlite::Connection::open(home.path().join("s.db")).unwrap();
    let kept: i64 =
        store.query_row("SELECT count(*) FROM watched_items WHERE json_valid(assessment)", [], |r| r.get(0)).unwrap();
    assert_eq!(kept, 3);
}

#[test]
fn what_is_wrong_with_a_feed_is_named_and_repeated_items_count_once() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("feeds.opml"), format!("{}/feed\nmailto:someone\n", server.address)).unwrap();
    for page in ["", "<!DOCTYPE html><html><p>Sign in</p></html>", "<rss version='2.0'><chan"] {
        server.state().page = Some(page);
        let ran = watch(&home, &["--allow-private"]);
        assert_eq!(ran.code, 3, "{page}: {}", ran.err);
        assert!(
            ran.err.contains("the feed has no entry that could be read") && ran.err.contains("next try"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("feeds.opml:2: \"mailto:someone\""), "{}", ran.err);
    }
    server.state().page = Some("<rss version='2.0'><channel><title>T</title><item><guid>c</guid><title>Cut he");
    let ran = watch(&home, &["--allow-private"]);
    assert!(ran.err.contains("0 new, 1 unreadable, the first because the entry is not valid"), "{}", ran.err);
    server.state().page = None;
    server.state().items = vec![("a".into(), CLAIM.into()), ("a".into(), CLAIM.into())];
    let ran = watch(&home, &["--allow-private"]);
    assert!(ran.code == 0 && ran.err.contains("1 new"), "{}", ran.err);
}

#[test]
fn batch_reads_feeds_by_address() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    server.state().items = vec![("a".into(), CLAIM.into())];
    let batch = |args: &[&str]| {
        let feed = format!("{}/feed", server.address);
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("leitmotif"));
        command.args(["batch", &feed, "-o", "-"]).args(args).env("LEITMOTIF_STORE", home.path().join("none.db"));
        command.output().unwrap()
    };
    let open = batch(&["--allow-private"]);
    assert_eq!(open.status.code(), Some(0));
    let assessment: Value = serde_json::from_slice(&open.stdout).unwrap();
    assert_eq!((&assessment["id"], &assessment["outcome"]), (&"a".into(), &"known".into()));
    let closed = batch(&[]);
    assert_eq!(closed.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&closed.stderr).contains("private network"));
}
