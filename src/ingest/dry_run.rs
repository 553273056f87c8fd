//! Inputs read from beginning to end without assessing anything: what the fuzz target `inputs` goes through.

use std::sync::Arc;

use super::block::Block;
use super::documents::Reader;
use super::feeder::{Feeder, Reading};
use super::inputs::Input;
use crate::error::RecordProblem;

/// A record: its line, row or number, and its id and text or what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where it stands in its input.
    pub line: usize,
    /// Its id and text, or the message about it.
    pub read: Result<(String, String), String>,
}

/// Reads all records of `inputs`. Unlike in a batch, nothing that panics is caught.
pub fn dry_run(inputs: Vec<Input>, reading: &Reading) -> Vec<Seen> {
    let mut feeder = Feeder::new(inputs, reading.clone(), Arc::default(), Arc::default());
    let mut reader = Reader::new(&reading.names, true);
    let (mut block, mut seen, mut more) = (Block::default(), Vec::new(), true);
    while more {
        block.clear();
        more = feeder.fill(&mut block);
        let problems = block.take_problems();
        for (item, problem) in block.items.iter().zip(problems) {
            let read = match problem {
                Some(problem) => Err(RecordProblem::Input(problem)),
                None => reader.read(&block, item).map(|f| (f.id.into_owned(), f.text.into_owned())),
            };
            seen.push(Seen { line: item.line, read: read.map_err(|e| e.to_string()) });
        }
    }
    seen
}
