//! Everything that has to be in order before the first record is read: inputs that exist, outputs that harm nothing,
//! and, to resume, the state in which an earlier run left them.

use serde_json::{Map, Value, json};
use std::path::PathBuf;

use super::Settings;
use super::apart;
use super::checkpoint::{self, Checkpoint};
use super::commit::Sink;
use super::output::{self, Output};
use super::problem::BatchProblem;
use super::render::Shape;
use super::summary::Summary;
use super::table_output::Table;
use crate::assess::Assessor;
use crate::checksum::sha256;
use crate::error::Result;
use crate::ingest::inputs::{Input, Inputs};

/// How a run begins.
pub(super) enum Start {
    /// An earlier run did it all.
    Done(Box<Summary>),
    /// There is something to do.
    Ready(Box<Prepared>),
}

/// What a run begins with.
pub(super) struct Prepared {
    pub(super) inputs: Inputs,
    pub(super) sink: Sink,
    pub(super) rejects: Option<Output>,
    /// Where the checkpoint is kept, and the next one.
    pub(super) checkpoint: Option<(PathBuf, Checkpoint)>,
    /// The checkpoint to go on from; an empty one at the beginning.
    pub(super) from: Checkpoint,
    pub(super) shape: Shape,
}

/// Looks at all inputs, then opens the outputs; nothing in them is changed before all is well.
pub(super) fn prepare(assessor: &Assessor, settings: &Settings) -> Result<Start> {
    let (named, packing) = output::shape_of(&settings.output);
    let shape = settings.shape.unwrap_or(named);
    let inputs = Inputs::find(&settings.inputs)?;
    apart::check(settings, shape, &inputs)?;
    if settings.resume && shape == Shape::Parquet {
        return Err(BatchProblem::NotResumable("a Parquet file").into());
    }
    // Looked at before the outputs are opened, which would make those that are missing.
    let mut earlier = if settings.resume { Checkpoint::read(&checkpoint::path_of(&settings.output))? } else { None };
    if let Some(earlier) = &earlier {
        earlier.check_outputs(&settings.output, settings.rejects.as_deref())?;
    }
    let mut out = Output::open(&settings.output)?;
    if settings.resume && !out.regular {
        return Err(BatchProblem::NotResumable("a pipe or device").into());
    }
    let mut rejects = settings.rejects.as_deref().map(Output::open_plain).transpose()?;
    let (mut checkpoint, mut from) = (None, Checkpoint::default());
    if out.regular && shape != Shape::Parquet {
        let path = checkpoint::path_of(&settings.output);
        let depends_on = depends_on(assessor, settings, &inputs, shape, packing);
        let stamp = stamp(&inputs);
        match earlier.take() {
            Some(earlier) => {
                earlier.check(&depends_on)?;
                // Otherwise the input has to be read again, to see whether it is the same.
                if earlier.finished && stamp.is_some() && earlier.inputs == stamp {
                    return Ok(Start::Done(Box::new(earlier.summary)));
                }
                from = earlier;
            }
            None if settings.resume && out.is_filled()? => {
                return Err(BatchProblem::NoCheckpoint(settings.output.clone()).into());
            }
            // Before anything is taken away, so that at any time there is either a checkpoint or a whole output.
            None => Checkpoint::new(depends_on.clone()).write(&path)?,
        }
        checkpoint = Some((path, Checkpoint { inputs: stamp, ..Checkpoint::new(depends_on) }));
    }
    // To go on, nothing is cut off before the input has proved to be the same.
    if from.summary.read == 0 {
        out.cut(from.output)?;
        if let Some(rejects) = &mut rejects {
            rejects.cut(from.rejects)?;
        }
    }
    let sink = if shape == Shape::Parquet {
        Sink::Table(Box::new(Table::open(out)?))
    } else {
        if from.output == 0 {
            out.add_head(shape);
        }
        Sink::Lines(out)
    };
    Ok(Start::Ready(Box::new(Prepared { inputs, sink, rejects, checkpoint, from, shape })))
}

/// When the files of the inputs were last changed, as a hash; `None` if one is no file, so that only reading it tells.
fn stamp(inputs: &Inputs) -> Option<String> {
    let mut times = String::new();
    for input in &inputs.list {
        let Input::File(path, _) = input else { return None };
        let metadata = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
        times += &format!("{:?}\n", metadata.modified().ok()?);
    }
    Some(sha256(times.as_bytes())[..16].to_owned())
}

/// Everything that the bytes of the output depend on.
fn depends_on(
    assessor: &Assessor,
    settings: &Settings,
    inputs: &Inputs,
    shape: Shape,
    packing: &str,
) -> Map<String, Value> {
    let model = assessor.model_name();
    let cases = &assessor.cases.index;
    let mut files = String::new();
    for (i, input) in inputs.list.iter().enumerate() {
        let grows = settings.reading.follow && i + 1 == inputs.list.len();
        let size = if let Input::File(_, size) = input { *size } else { 0 };
        files += &format!("{}\t{}\n", input.name(), if grows { 0 } else { size });
    }
    let reading = &settings.reading;
    let pairs = [
        ("this program", json!(env!("CARGO_PKG_VERSION"))),
        ("the model", json!(format!("{} {}", model.name, model.version))),
        ("the case base", json!(format!("{} cases, {:016x}", cases.len(), cases.fingerprint()))),
        (
            "the list of inputs or the size of one",
            json!(format!("{} inputs, {}", inputs.list.len(), &sha256(files.as_bytes())[..16])),
        ),
        ("the number of narratives (--top)", json!(settings.options.top)),
        ("the number of related cases (--related)", json!(settings.options.related)),
        ("whether there is evidence (--no-evidence)", json!(settings.options.evidence)),
        ("whether texts are read as a whole only (--no-passages)", json!(!settings.options.passages)),
        ("whether metadata is carried along (--include-input)", json!(settings.include_input)),
        (
            "the grouping of duplicates (--skip-duplicates, --score-duplicates, --duplicate-window)",
            json!([settings.duplicates, settings.skip_duplicates]),
        ),
        ("the default language (--language)", json!(settings.language)),
        ("the format of the input (--format)", json!(reading.format)),
        ("the encoding of the input (--encoding)", json!(reading.encoding.map(encoding_rs::Encoding::name))),
        ("the names of fields (--text-column and the like)", json!(reading.names)),
        (
            "the bounds on inputs (--max-record, --max-ratio, --max-unpacked)",
            json!([reading.limits.record as u64, reading.limits.ratio, reading.limits.unpacked]),
        ),
        ("the format of the output", json!([json!(shape), json!(packing)])),
        ("whether rejects are written (--rejects)", json!(settings.rejects.is_some())),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
