//! The program as it is run: the commands of the documentation, signals, idle clients, and kill -9.

#![cfg(all(feature = "web", feature = "embedded", feature = "cli", unix))]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Server {
    child: Child,
    address: String,
    log: BufReader<std::process::ChildStderr>,
}

impl Server {
    fn start(store: &Path) -> Self {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("leitmotif"))
            .args(["serve", "--bind", "127.0.0.1:0", "--store"])
            .arg(store)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let address =
            line.split("http://").nth(1).unwrap_or_else(|| panic!("{line}")).split('/').next().unwrap().to_owned();
        Self { child, address, log }
    }

    fn signal(&self, name: &str) {
        assert!(
            Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap().success()
        );
    }

    fn said(&mut self) -> String {
        let mut line = String::new();
        self.log.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own; gives the status and all that came.
fn ask(address: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    (all.split(' ').nth(1).unwrap().parse().unwrap(), all)
}

const VERDICT: &str = r#"{"text":{"text":"The protests were staged."},"subject":"narrative","target":"colour-revolutions","decision":"accepted"}"#;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    for round in 1..=3 {
        let mut server = Server::start(&store);
        let (status, said) = ask(&server.address, "POST", "/v1/verdicts", VERDICT);
        assert_eq!(status, 201, "{said}");
        let case = format!(r#"{{"id":"case-{round}","title":"Turnips speak, part {round}"}}"#);
        assert_eq!(ask(&server.address, "POST", "/v1/cases", &case).0, 201);
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        let kept = leitmotif::store::Store::open(&store).unwrap();
        assert_eq!(kept.latest_verdicts(10).unwrap().len(), round);
        assert!(kept.case(&format!("case-{round}")).unwrap().is_some());
    }
}

#[test]
fn idle_and_slow_clients_hold_up_nobody_and_the_end_is_orderly() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&folder.path().join("store.db"));
    let mut idle: Vec<TcpStream> = (0..400).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    for stream in idle.iter_mut().take(200) {
        stream.write_all(b"POST /v1/assess HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ").unwrap();
    }
    let start = Instant::now();
    let text = r#"{"text":"Western embassies had the script ready: the protests were a colour revolution."}"#;
    assert_eq!(ask(&server.address, "POST", "/v1/assess", text).0, 200);
    assert!(start.elapsed() < Duration::from_secs(10));
    // Reload on SIGHUP, end on SIGTERM.
    server.signal("HUP");
    assert!(server.said().starts_with("reloaded: model version"));
    assert_eq!(ask(&server.address, "POST", "/v1/assess", text).0, 200);
    drop(idle);
    server.signal("TERM");
    assert_eq!(server.said(), "ended\n");
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn other_machines_only_with_a_token() {
    let refused = |args: &[&str]| {
        let out = Command::new(assert_cmd::cargo::cargo_bin!("leitmotif"))
            .arg("serve")
            .args(args)
            .env_remove("LEITMOTIF_TOKEN")
            .output()
            .unwrap();
        assert!(!out.status.success());
        String::from_utf8(out.stderr).unwrap()
    };
    assert!(refused(&["--bind", "0.0.0.0:0"]).contains("give --token"));
    assert!(refused(&["--bind", "0.0.0.0:0", "--token", "short"]).contains("16 characters"));
    assert!(refused(&["--bind", "nowhere"]).contains("nowhere"));
}

/// The commands between `<!-- curl -->` marks, comments left out, continued lines joined.
fn commands() -> Vec<String> {
    let page = include_str!("../docs/serve.md");
    let block = page.split("<!-- curl -->").nth(1).unwrap();
    let joined = block.replace("\\\n", " ");
    joined.lines().filter(|l| l.starts_with("curl")).map(str::to_owned).collect()
}

#[test]
fn the_commands_of_the_documentation_work() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("left out: there is no curl");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("store.db"));
    let commands = commands();
    assert!(commands.len() > 15);
    for command in commands {
        let command = command
            .replace("127.0.0.1:7878", &server.address)
            .replace("/tmp/", &format!("{}/", folder.path().display()))
            .replacen("curl -s", "curl -sS --fail-with-body", 1);
        let out = Command::new("sh").args(["-c", &command]).output().unwrap();
        let said =
            format!("{command}\n{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{said}");
    }
}
