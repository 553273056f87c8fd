//! `leitmotif watch`: polls feeds, assesses new items, alerts.

use anyhow::Context;
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use super::Done;
use super::colour::Style;
use super::open::Using;
use crate::assess::Options;
use crate::model::classifier::Decision;
use crate::store::{Store, default_path};
use crate::watch::{News, Settings, Watch, opml};

/// From what on to alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// Whatever is worth a look
    Suggest,
    /// What is confirmed
    Match,
}

/// Flags of `watch`.
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// List of feeds: OPML, or an address a line; `-` is standard input
    #[arg(value_name = "FEEDS")]
    feeds: PathBuf,
    #[command(flatten)]
    using: Using,
    /// SQLite store of what was seen; `LEITMOTIF_STORE` or your data folder without it
    #[arg(long, value_name = "DB")]
    store: Option<PathBuf>,
    /// Minutes between two looks at a feed
    #[arg(long, default_value_t = 15, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    interval: u64,
    /// Look once at every feed that is due and end
    #[arg(long)]
    once: bool,
    /// From which decision on to alert
    #[arg(long, value_enum, default_value = "suggest")]
    alert: From,
    /// From which probability on to alert
    #[arg(long, default_value_t = 0.0, value_name = "P", value_parser = super::probability)]
    min_probability: f64,
    /// Address that alerts are posted to as JSON
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Let feeds and webhook lie in private networks
    #[arg(long)]
    allow_private: bool,
    /// Print alerts as JSON, one a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &WatchArgs) -> anyhow::Result<Done> {
    let mut list = Vec::new();
    io::Read::read_to_end(&mut crate::ingest::jsonl::open(&args.feeds)?, &mut list)
        .with_context(|| format!("cannot read {}", args.feeds.display()))?;
    let opml::List { feeds, ignored } = opml::read(&crate::ingest::charset::decode_html(&list).text);
    for (line, problem) in &ignored {
        eprintln!("warning: {}:{line}: {problem}", args.feeds.display());
    }
    anyhow::ensure!(
        !feeds.is_empty(),
        "{} names no feed; give an OPML file with xmlUrl attributes, or a list of http addresses",
        args.feeds.display()
    );
    let path = args.store.clone().or_else(default_path);
    let path = path.context("no data folder is known; name a store with --store")?;
    let assessor = args.using.assessor()?;
    let (mut store, new) = Store::create(&path)?;
    if new {
        // A store takes the place of the starter cases, and must not be poorer.
        store.import(&super::case_base::read_starter()?)?;
    }
    let settings = Settings {
        feeds,
        interval: Duration::from_mins(args.interval),
        options: Options::default(),
        from: if args.alert == From::Match { Decision::Match } else { Decision::Suggest },
        least: args.min_probability,
        webhook: args.webhook.clone(),
        allow_private: args.allow_private,
    };
    let mut watch = Watch::new(&assessor, store, settings)?;
    let mut failed = false;
    loop {
        let mut printed = Ok(());
        watch.round(&mut |news| {
            failed |= matches!(news, News::Failed { .. } | News::WebhookFailed(_));
            if printed.is_ok() {
                printed = tell(&news, args.json);
            }
        })?;
        printed?;
        args.using.sound(&assessor.cases.index)?;
        if args.once {
            return Ok(if failed { Done::Rejected } else { Done::All });
        }
        std::thread::sleep(watch.rest()?);
    }
}

/// Alerts go to standard output, everything else to standard error.
fn tell(news: &News<'_>, json: bool) -> io::Result<()> {
    match news {
        News::Alert(alert) if json => writeln!(io::stdout(), "{alert}"),
        News::Alert(alert) => {
            let alert: serde_json::Value = serde_json::from_str(alert)?;
            let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
            let narratives = alert["narratives"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|n| format!("{:.0} % {}", 100.0 * n["probability"].as_f64().unwrap_or(0.0), text(&n["name"])));
            let narratives = narratives.collect::<Vec<_>>().join("; ");
            let (title, url) = (text(&alert["title"]), text(&alert["url"]));
            let named = if title.is_empty() && url.is_empty() { text(&alert["id"]) } else { title };
            let said = format!("{narratives}\n    {named}\n    {url}");
            writeln!(io::stdout(), "{}", Style::PLAIN.harmless(&said))
        }
        News::Looked { new: 0, bad: 0, .. } => Ok(()),
        News::Looked { feed, new, cause: Some(cause), bad } => {
            writeln!(io::stderr(), "{feed}: {new} new, {bad} unreadable, the first because {cause}")
        }
        News::Looked { feed, new, .. } => writeln!(io::stderr(), "{feed}: {new} new, 0 unreadable"),
        News::Failed { feed, problem, wait } => {
            writeln!(io::stderr(), "{feed}: {problem}; next try in {} minutes", wait.as_secs().div_ceil(60))
        }
        News::WebhookFailed(problem) => writeln!(io::stderr(), "webhook: {problem}; its alerts are kept"),
    }
}
