//! A block of records on its way: read, placed among duplicates, assessed and rendered, all in one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::duplicates::{Group, Place};
use super::render::{Flat, Renderer, Shape};
use crate::assess::{Assessor, Options, Outcome, Worker};
use crate::document::{Document, Language};
use crate::error::{self, BadRecord, RecordProblem};
use crate::features::sketch::{Sketch, Sketcher};
use crate::ingest::block::{Block, Item, Source};
use crate::ingest::documents::{Found, Reader};
use crate::ingest::problem::InputProblem;
use crate::model::classifier::Decision;

/// What became of a record.
pub(super) enum Fate {
    /// Read before this run resumed.
    Passed,
    /// Assessed; what it comes to, and where its bytes and rows end.
    Scored(Box<Scored>),
    /// A repetition of an earlier document, passed over.
    Repeats { id: String, first: Box<str>, group: Group, language: Option<Language>, text: usize, about: Vec<u8> },
    /// Bad.
    Rejected(BadRecord),
}

/// An assessed document.
pub(super) struct Scored {
    pub(super) outcome: Outcome,
    pub(super) language: Option<Language>,
    pub(super) narratives: Vec<(Arc<str>, Decision)>,
    /// The group it is the first of.
    pub(super) group: Option<Group>,
    /// The group it repeats the first of.
    pub(super) repeats: Option<Group>,
    pub(super) text: usize,
    pub(super) end: usize,
    pub(super) rows: usize,
}

/// A block that is done.
pub(super) struct Finished {
    /// For every record its hash and what became of it.
    pub(super) fates: Vec<(u64, Fate)>,
    pub(super) bytes: Vec<u8>,
    pub(super) rows: Vec<Flat>,
    pub(super) left_out: u64,
}

/// How to do it.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) assessor: &'a Assessor,
    pub(super) options: Options,
    pub(super) language: Option<Language>,
    pub(super) shape: Shape,
    pub(super) group: bool,
    /// Whether repetitions are passed over instead of assessed.
    pub(super) skip: bool,
}

/// A document between reading and assessing.
pub(super) struct Waiting<'b> {
    hash: u64,
    /// Number of the source in the block, and line in that.
    at: (usize, usize),
    found: std::result::Result<Found<'b>, BadRecord>,
    sketch: Sketch,
    place: Option<Place>,
    passed: bool,
}

/// A thread's tools.
pub(super) struct Bench<'a> {
    task: Task<'a>,
    reader: Reader<'a>,
    worker: Worker,
    sketcher: Sketcher,
    document: Document,
}

impl<'a> Bench<'a> {
    pub(super) fn new(task: Task<'a>, reader: Reader<'a>) -> Self {
        let worker = task.assessor.worker();
        Self { task, reader, worker, sketcher: Sketcher::default(), document: Document::default() }
    }

    /// Reads the records of a block, of which the first has the number `first`; those below `from` were read before.
    pub(super) fn read<'b>(
        &mut self,
        block: &'b Block,
        problems: Vec<Option<InputProblem>>,
        first: u64,
        from: u64,
    ) -> Vec<Waiting<'b>> {
        let numbered = block.items.iter().zip(problems).zip(first..);
        numbered
            .map(|((item, problem), number)| {
                let passed = number < from;
                let place = || error::Place { source: block.sources[item.source].name.clone(), line: item.line };
                let bytes = block.bytes_of(item);
                let kind = problem.as_ref().map_or("", InputProblem::kind);
                let hash = hash(bytes, kind);
                let read = match problem {
                    Some(problem) => Err(RecordProblem::Input(problem)),
                    // Without grouping nothing of what was read before matters but that it is the same.
                    None if passed && !self.task.group => Ok(Found::default()),
                    None => self.guarded_read(block, item),
                };
                let found = read.map_err(|problem| BadRecord { place: place(), problem });
                let sketch = match &found {
                    Ok(found) if self.task.group => self.sketcher.sketch(&found.text),
                    _ => Sketch::Empty,
                };
                Waiting { hash, at: (item.source, item.line), found, sketch, place: None, passed }
            })
            .collect()
    }

    fn guarded_read<'b>(&mut self, block: &'b Block, item: &Item) -> std::result::Result<Found<'b>, RecordProblem> {
        let reader = &mut self.reader;
        catch_unwind(AssertUnwindSafe(|| reader.read(block, item))).unwrap_or(Err(InputProblem::Fault.into()))
    }

    /// Assesses what is not to be passed over.
    pub(super) fn finish(&mut self, waiting: Vec<Waiting<'_>>, sources: &[Arc<Source>], left_out: u64) -> Finished {
        let mut renderer = Renderer::new(self.task.shape);
        let mut fates = Vec::with_capacity(waiting.len());
        for Waiting { hash, at: (source, line), found, place, passed, .. } in waiting {
            let fate = match (found, place) {
                (_, _) if passed => Fate::Passed,
                (Err(bad), _) => Fate::Rejected(bad),
                (Ok(found), Some(Place::Repeats { group, first })) if self.task.skip => {
                    let language = found.language.or(self.task.language);
                    let (id, text) = (found.id.into_owned(), found.text.len());
                    Fate::Repeats { id, first, group, language, text, about: found.about }
                }
                (Ok(found), place) => self.score(found, place, &mut renderer).unwrap_or_else(|| {
                    let place = error::Place { source: sources[source].name.clone(), line };
                    Fate::Rejected(BadRecord { place, problem: InputProblem::Fault.into() })
                }),
            };
            fates.push((hash, fate));
        }
        Finished { fates, bytes: renderer.bytes, rows: renderer.rows, left_out }
    }

    /// `None` if assessing failed in a way it must not.
    fn score(&mut self, found: Found<'_>, place: Option<Place>, renderer: &mut Renderer) -> Option<Fate> {
        let document = &mut self.document;
        document.id.clear();
        document.id.push_str(&found.id);
        match found.text {
            std::borrow::Cow::Owned(text) => document.text = text,
            std::borrow::Cow::Borrowed(text) => {
                document.text.clear();
                document.text.push_str(text);
            }
        }
        document.language = found.language.or(self.task.language);
        let (assessor, options, worker) = (self.task.assessor, self.task.options, &mut self.worker);
        let Ok(mut assessment) = catch_unwind(AssertUnwindSafe(|| assessor.assess(worker, document, options))) else {
            // What the thread had at hand may be half done.
            self.worker = assessor.worker();
            return None;
        };
        assessment.warnings.extend(found.warning);
        let (group, repeats) = match place {
            Some(Place::First(group)) => (Some(group), None),
            Some(Place::Repeats { group, first }) => {
                assessment.near_duplicate_of = Some(first.into());
                (None, Some(group))
            }
            None => (None, None),
        };
        renderer.add(&assessment, &found.about);
        let told = assessment.narratives.iter().filter(|n| n.decision >= Decision::Suggest);
        let narratives = told.map(|n| (Arc::clone(&n.id), n.decision)).collect();
        let (end, rows) = (renderer.bytes.len(), renderer.rows.len());
        let (outcome, language, text) = (assessment.outcome, assessment.language, self.document.text.len());
        // A document of many megabytes must not hold on to its memory for ever.
        if self.document.text.capacity() > 4 << 20 {
            self.document.text = String::new();
        }
        Some(Fate::Scored(Box::new(Scored { outcome, language, narratives, group, repeats, text, end, rows })))
    }
}

impl Waiting<'_> {
    /// Places the document among those before it; has to be called in the order of the input.
    pub(super) fn place(&mut self, duplicates: &mut super::duplicates::Duplicates) {
        if let Ok(found) = &self.found {
            let sketch = std::mem::replace(&mut self.sketch, Sketch::Empty);
            self.place = Some(duplicates.place(&found.id, sketch));
        }
    }
}

/// A hash of a record, to notice that it changed.
fn hash(bytes: &[u8], kind: &str) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    hasher.write(kind.as_bytes());
    hasher.finish()
}
