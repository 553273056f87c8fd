//! One text from a file, standard input or an option.

use anyhow::Context;
use clap::Args;
use std::io::Read;
use std::path::PathBuf;

use crate::document::{Document, Language};
use crate::ingest::{charset, jsonl, kind, page};

/// Where the text comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct TextInput {
    /// File with the text or HTML page; `-` or nothing is standard input
    file: Option<PathBuf>,
    /// The text itself
    #[arg(long, short)]
    text: Option<String>,
}

impl TextInput {
    /// The document, with HTML reduced to its article, and what had to be mended.
    pub(super) fn read(&self, language: Option<Language>) -> anyhow::Result<(Document, Option<String>)> {
        if let Some(text) = &self.text {
            return Ok((Document { language, ..Document::from_text(text.as_str()) }, None));
        }
        let path = self.file.clone().unwrap_or_else(|| PathBuf::from("-"));
        let mut bytes = Vec::new();
        jsonl::open(&path)?.read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
        let decoded = charset::decode_html(&bytes);
        let warning = decoded.warning();
        let mut document = Document { language, ..Document::default() };
        let looks_like_page = page::looks_like_html(&decoded.text);
        if !looks_like_page {
            kind::check_text(&bytes, &decoded.text).with_context(|| format!("cannot read {}", path.display()))?;
        }
        if looks_like_page || kind::is_page_name(&path.to_string_lossy()) {
            let article = page::article(&decoded.text)?;
            eprintln!("note: the input is HTML; its article text is assessed and offsets count in it");
            document.language = language.or(article.language);
            document.text = article.text;
        } else {
            document.text = decoded.text;
        }
        if path.as_os_str() != "-" {
            document.id = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        }
        Ok((document, warning))
    }
}
