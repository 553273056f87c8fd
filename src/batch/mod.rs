//! Many documents: read in order, assessed in parallel, written in order; nothing is dropped silently.

use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::assess::{Assessor, Options, Outcome, Worker};
use crate::document::{Document, Language};
use crate::error::{BadRecord, Error, RecordProblem, Result};
use crate::ingest::jsonl::{Lines, open, parse};
use crate::record::TextRecord;

/// Documents assessed at a time, and bytes of text after which a round starts earlier: memory stays flat.
const ROUND: usize = 512;
const ROUND_BYTES: usize = 8 << 20;

/// What a run came to: `read = scored + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records read.
    pub read: usize,
    /// Assessments written.
    pub scored: usize,
    /// Records reported as bad.
    pub rejected: usize,
    /// Assessments by outcome.
    pub outcomes: BTreeMap<Outcome, usize>,
}

/// Assesses every record of `inputs` and writes one JSON line each to `output` (`-` is standard output).
///
/// A bad record is handed to `reject` and counted; the rest goes on. The output does not depend on `threads`.
pub fn run(
    assessor: &Assessor,
    inputs: &[PathBuf],
    output: &Path,
    options: Options,
    threads: usize,
    reject: &dyn Fn(&BadRecord),
) -> Result<Summary> {
    let failed = || Error::write(output);
    for input in inputs.iter().filter(|i| i.as_os_str() != "-") {
        if let (Ok(a), Ok(b)) = (input.canonicalize(), output.canonicalize())
            && a == b
        {
            let same = io::Error::new(io::ErrorKind::InvalidInput, "it is one of the inputs");
            return Err(failed()(same));
        }
    }
    let mut writer: Box<dyn Write> = if output.as_os_str() == "-" {
        Box::new(BufWriter::new(io::stdout().lock()))
    } else {
        Box::new(BufWriter::with_capacity(1 << 20, File::create(output).map_err(failed())?))
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
    let pool = pool.map_err(|e| failed()(io::Error::other(e)))?;
    let workers: Vec<Mutex<Worker>> = (0..threads.max(1)).map(|_| Mutex::new(assessor.worker())).collect();
    let mut summary = Summary::default();
    let mut round: Vec<Document> = Vec::with_capacity(ROUND);
    let mut bytes = 0;
    let mut flush = |round: &mut Vec<Document>, summary: &mut Summary| -> Result<()> {
        let lines: Vec<(Outcome, Vec<u8>)> =
            pool.install(|| round.par_iter().map(|document| line(assessor, &workers, document, options)).collect());
        for (outcome, line) in lines {
            writer.write_all(&line).map_err(failed())?;
            summary.scored += 1;
            *summary.outcomes.entry(outcome).or_default() += 1;
        }
        round.clear();
        Ok(())
    };
    for input in inputs {
        let mut lines = Lines::new(open(input)?, input.display().to_string());
        while let Some((place, bytes_of_line)) = lines.next_line()? {
            summary.read += 1;
            match parse::<TextRecord>(&place, bytes_of_line).and_then(|r| document(r, &place)) {
                Ok(document) => {
                    bytes += document.text.len();
                    round.push(document);
                }
                Err(bad) => {
                    summary.rejected += 1;
                    reject(&bad);
                }
            }
            if round.len() >= ROUND || bytes >= ROUND_BYTES {
                flush(&mut round, &mut summary)?;
                bytes = 0;
            }
        }
    }
    flush(&mut round, &mut summary)?;
    writer.flush().map_err(failed())?;
    Ok(summary)
}

/// The document of a record. A record without text is assessed by its title; one with neither is bad only if the
/// fields are absent for lack of data, which an assessment says as `too_short`.
fn document(record: TextRecord, place: &crate::error::Place) -> std::result::Result<Document, BadRecord> {
    let language = if record.language.is_empty() { None } else { Language::lenient(&record.language) };
    if record.text.is_empty() && record.title.is_empty() && record.extra.contains_key("claim") {
        // A case, not a text: its claim would be scored as empty text without a word.
        let problem = RecordProblem::EmptyText(record.id);
        return Err(BadRecord { place: place.clone(), problem });
    }
    let text = if record.text.trim().is_empty() { record.title } else { record.text };
    Ok(Document { id: record.id, text, language })
}

fn line(assessor: &Assessor, workers: &[Mutex<Worker>], document: &Document, options: Options) -> (Outcome, Vec<u8>) {
    let worker = &workers[rayon::current_thread_index().unwrap_or(0) % workers.len()];
    let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
    let assessment = assessor.assess(&mut worker, document, options);
    // An assessment holds only text, numbers and lists; its serialisation cannot fail.
    let mut line = serde_json::to_vec(&assessment).unwrap_or_default();
    line.push(b'\n');
    (assessment.outcome, line)
}
