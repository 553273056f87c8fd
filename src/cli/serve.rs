//! `leitmotif serve`: the page and the API, on this machine unless told otherwise.

use anyhow::{Context, bail};
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Done;
use super::case_base;
use super::open::{self, Using};
use crate::error::{Error, Result};
use crate::model::folder;
use crate::store::{default_path, is_store};
use crate::web::engine::Loaded;
use crate::web::state::{CaseLoader, CaseSource, Limits, ModelLoader, Setup, State};
use crate::web::{app, serve};

/// Fewest characters of a token.
const SHORTEST_TOKEN: usize = 16;

/// Flags of `serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address and port; beyond loopback only with --token
    #[arg(long, default_value = "127.0.0.1:7878", value_name = "ADDRESS")]
    bind: SocketAddr,
    /// Model folder; the bundled starter model without it
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Cases: an SQLite store, in which they can be edited, or a JSONL file or saved index, which is only read; your store without it
    #[arg(long, value_name = "FILE|DB")]
    cases: Option<PathBuf>,
    /// SQLite store of verdicts; that of the cases without it, or else `LEITMOTIF_STORE` or your data folder
    #[arg(long, value_name = "DB")]
    store: Option<PathBuf>,
    /// What clients must show; `LEITMOTIF_TOKEN` keeps it out of the list of processes
    #[arg(long, value_name = "TOKEN", env = "LEITMOTIF_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Do not write down what was assessed; the overview stays empty
    #[arg(long)]
    no_history: bool,
    /// Do not fetch URLs
    #[arg(long)]
    no_fetch: bool,
    /// Most megabytes of a request
    #[arg(long, default_value_t = 10, value_name = "MB")]
    body_limit: usize,
}

pub(super) fn run(args: &Serve) -> anyhow::Result<Done> {
    let local = args.bind.ip().is_loopback();
    match &args.token {
        None if !local => bail!(
            "{} can be reached from other machines: give --token (or LEITMOTIF_TOKEN), or bind to 127.0.0.1",
            args.bind
        ),
        Some(token) if token.len() < SHORTEST_TOKEN => {
            bail!("a token must have {SHORTEST_TOKEN} characters or more; `openssl rand -hex 16` makes one")
        }
        _ => {}
    }
    let state = State::new(setup(args)?)?;
    if let Some(trouble) = state.storage.trouble() {
        eprintln!("warning: {trouble}; texts are assessed, but nothing is stored");
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(args.bind)
            .await
            .with_context(|| format!("cannot listen on {}; is another server there? --bind takes another port", args.bind))?;
        eprintln!("leitmotif is at http://{}/ (store {})", listener.local_addr()?, state.storage.path().display());
        if !local {
            eprintln!("warning: other machines can reach it; text and token travel unencrypted unless a TLS proxy stands in front");
        }
        reload_on_hangup(Arc::clone(&state))?;
        serve::run(listener, app(Arc::clone(&state)), state, ended()).await;
        eprintln!("ended");
        anyhow::Ok(())
    })?;
    Ok(Done::All)
}

fn setup(args: &Serve) -> anyhow::Result<Setup> {
    let model = args.model.clone();
    let model: ModelLoader = Box::new(move || load(model.as_deref()));
    let starter_cases: CaseLoader = Box::new(|| library(case_base::starter()));
    let own_store = args.cases.as_ref().filter(|path| is_store(path) || is_database_name(path));
    let cases = match &args.cases {
        Some(path) if own_store.is_none() => {
            let using = Using::new(None, Some(path.clone()));
            CaseSource::File(Box::new(move || library(using.index())))
        }
        _ => CaseSource::Store,
    };
    let store = args.store.clone().or_else(|| own_store.cloned()).or_else(default_path);
    Ok(Setup {
        model,
        cases,
        starter_cases,
        store: store.context("no data folder is known; name a store with --store")?,
        history: !args.no_history,
        token: args.token.clone(),
        fetch: !args.no_fetch,
        limits: Limits { body: args.body_limit.max(1) << 20, ..Limits::default() },
    })
}

/// Whether a file that does not exist yet is meant to be a store.
fn is_database_name(path: &Path) -> bool {
    !path.exists() && path.extension().is_some_and(|e| e == "db" || e == "sqlite" || e == "sqlite3")
}

/// The error of the library behind one of the command line, where there is one.
fn library<T>(done: anyhow::Result<T>) -> Result<T> {
    done.map_err(|e| match e.downcast::<Error>() {
        Ok(e) => e,
        Err(e) => Error::read("(starter set)")(std::io::Error::other(format!("{e:#}"))),
    })
}

fn load(path: Option<&Path>) -> Result<Loaded> {
    let model = library(Using::new(path.map(Path::to_owned), None).model())?;
    let ranker = library(open::ranker(model.ranker()))?;
    let (card, evaluation) = match path {
        Some(path) => {
            let text = |name: &str| std::fs::read_to_string(path.join(name)).unwrap_or_default();
            (text(folder::CARD), serde_json::from_str(&text(folder::EVALUATION)).ok())
        }
        None => starter_papers(),
    };
    Ok(Loaded { model, ranker, card, evaluation })
}

#[cfg(feature = "embedded")]
fn starter_papers() -> (String, Option<serde_json::Value>) {
    (crate::embedded::CARD.to_owned(), serde_json::from_str(crate::embedded::EVALUATION).ok())
}

#[cfg(not(feature = "embedded"))]
fn starter_papers() -> (String, Option<serde_json::Value>) {
    (String::new(), None)
}

/// Comes to pass when the user or the system asks the server to end.
async fn ended() {
    let interrupted = async { tokio::signal::ctrl_c().await.is_ok() };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
            return;
        }
    }
    interrupted.await;
}

/// Loads model and cases again on SIGHUP.
fn reload_on_hangup(state: Arc<State>) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hangups = signal(SignalKind::hangup())?;
        tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                let state = Arc::clone(&state);
                match tokio::task::spawn_blocking(move || state.reload().map(|e| e.manifest.version.clone())).await {
                    Ok(Ok(version)) => eprintln!("reloaded: model version {version}"),
                    Ok(Err(e)) => eprintln!("not reloaded, the old model stays: {e}"),
                    Err(_) => eprintln!("not reloaded, the old model stays"),
                }
            }
        });
    }
    #[cfg(not(unix))]
    drop(state);
    Ok(())
}
