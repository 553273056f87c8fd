//! `leitmotif classify`: one text, the whole answer.

use clap::Args;

use super::Done;
use super::input::TextInput;
use super::open::Using;
use super::{colour::Style, print, write_json, write_out};
use crate::assess::Options;
use crate::document::Language;

/// Flags of `classify`.
#[derive(Debug, Args)]
pub(super) struct Classify {
    #[command(flatten)]
    using: Using,
    #[command(flatten)]
    input: TextInput,
    /// Narratives to show
    #[arg(long, default_value_t = 5, value_name = "N")]
    top: usize,
    /// Related cases to show
    #[arg(long, default_value_t = 5, value_name = "N")]
    related: usize,
    /// Language of the text (ISO 639 code); detected without it
    #[arg(long, value_name = "L")]
    language: Option<Language>,
    /// Print the assessment as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Classify) -> anyhow::Result<Done> {
    let (document, mended) = args.input.read(args.language)?;
    let assessor = args.using.assessor()?;
    let options = Options { top: args.top, related: args.related, ..Options::default() };
    let mut assessment = assessor.assess(&mut assessor.worker(), &document, options);
    assessment.warnings.extend(mended);
    args.using.sound(&assessor.cases.index)?;
    if args.json {
        return write_json(&assessment);
    }
    let style = Style::for_stdout();
    let cases = Some(&assessor.cases.index).filter(|_| args.related > 0);
    let page = print::assessment(&assessment, &document.text, cases, style);
    write_out(style.harmless(&page).as_bytes())
}
