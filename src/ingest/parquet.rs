//! Parquet tables: each row as a JSON object, which then goes the way of all JSON.
//!
//! The row interface of the `parquet` crate and not Arrow's columns: it knows every type a column may have, needs none
//! of the arrow crates, and reading is a small part of the time.

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::block::{Block, Form, Records};
use super::problem::InputProblem;

/// Rows of a file.
pub(crate) struct ParquetRecords {
    rows: RowIter<'static>,
    row: usize,
}

impl ParquetRecords {
    pub(crate) fn open(file: File) -> Result<Self, InputProblem> {
        // The reader is written for files that are what they say; a damaged one must not end the run.
        let open = || {
            SerializedFileReader::new(file)
                .map(|reader| RowIter::from_file_into(Box::new(reader) as Box<dyn FileReader>))
        };
        match catch_unwind(AssertUnwindSafe(open)) {
            Ok(Ok(rows)) => Ok(Self { rows, row: 0 }),
            Ok(Err(e)) => Err(InputProblem::Parquet(e.to_string())),
            Err(_) => Err(InputProblem::Parquet("its parts do not fit together".into())),
        }
    }
}

impl Records for ParquetRecords {
    fn read(&mut self, block: &mut Block) -> bool {
        while !block.is_full() {
            self.row += 1;
            let problem = match catch_unwind(AssertUnwindSafe(|| self.rows.next())) {
                Ok(None) => return false,
                Ok(Some(Ok(row))) => {
                    // A value of JSON can always be written.
                    block.push(&serde_json::to_vec(&row.to_json_value()).unwrap_or_default(), self.row, Form::Json);
                    continue;
                }
                Ok(Some(Err(e))) => InputProblem::Parquet(e.to_string()),
                Err(_) => InputProblem::Parquet("its parts do not fit together".into()),
            };
            block.bad(self.row, problem);
            return false;
        }
        true
    }
}
