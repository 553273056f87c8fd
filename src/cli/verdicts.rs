//! `leitmotif verdicts`: what people decided, listed, exported for training, erased.

use clap::Subcommand;
use std::fmt::Write as _;

use super::cases::StorePlace;
use super::{Done, write_out};
use crate::store::{ExportFormat, Store, export};

/// Sub-commands of `verdicts`.
#[derive(Debug, Subcommand)]
pub(super) enum Verdicts {
    /// Write the verdicts that stand, with their texts
    Export {
        /// For `train --texts`, for Label Studio, for Prodigy, or (queries and qrels) for `train --queries --qrels`
        #[arg(long, value_enum, default_value = "jsonl")]
        format: ExportFormat,
        #[command(flatten)]
        place: StorePlace,
    },
    /// List the latest verdicts: number, time, person, decision, what about
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
        /// Most verdicts printed
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: u32,
        #[command(flatten)]
        place: StorePlace,
    },
    /// Erase a text and all verdicts on it
    Erase {
        /// SHA-256 of the text, as `list --json` names it
        text_hash: String,
        #[command(flatten)]
        place: StorePlace,
    },
}

pub(super) fn run(args: &Verdicts) -> anyhow::Result<Done> {
    match args {
        Verdicts::Export { format, place } => {
            let (out, left_out) = export(&Store::open(&place.path()?)?.standing_verdicts()?, *format);
            if left_out.unjudged > 0 {
                let (judged, those) = if format.is_of_cases() {
                    ("narratives", "--format jsonl")
                } else {
                    ("related cases", "--format queries and --format qrels")
                };
                eprintln!(
                    "note: {} texts were left out: only their {judged} were judged; {those} export those",
                    left_out.unjudged
                );
            }
            if left_out.only_rejected > 0 {
                eprintln!(
                    "note: {} texts were left out: narratives were only rejected, which does not say what they carry; \
                     accept one or name another instead, or write those that carry none to a file for --background",
                    left_out.only_rejected
                );
            }
            write_out(out.as_bytes())
        }
        Verdicts::List { json, limit, place } => {
            let mut out = String::new();
            for v in Store::open(&place.path()?)?.latest_verdicts(*limit)? {
                if *json {
                    writeln!(out, "{}", serde_json::to_string(&v)?)?;
                    continue;
                }
                let instead =
                    if v.instead.is_empty() { String::new() } else { format!(" → {}", v.instead.join(", ")) };
                let undone = if v.undone_at.is_some() { " (taken back)" } else { "" };
                let decision = serde_json::to_value(v.decision)?;
                let decision = decision.as_str().unwrap_or_default();
                writeln!(out, "{}\t{}\t{}\t{decision}{undone}\t{}{instead}", v.number, v.at, v.person, v.target)?;
            }
            write_out(out.as_bytes())
        }
        Verdicts::Erase { text_hash, place } => {
            let gone = Store::existing(&place.path()?)?.erase_text(text_hash)?;
            anyhow::ensure!(
                gone > 0,
                "no verdict is on a text with the hash {text_hash}; `leitmotif verdicts list --json` shows the hashes"
            );
            eprintln!("erased the text and {gone} verdicts on it");
            Ok(Done::All)
        }
    }
}
