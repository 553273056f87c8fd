//! A flat table as a Parquet file.

#[cfg(not(feature = "parquet"))]
pub(super) use absent::Table;
#[cfg(feature = "parquet")]
pub(super) use real::Table;

#[cfg(feature = "parquet")]
mod real {
    use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical, ZstdLevel};
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
    use parquet::errors::ParquetError;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;
    use std::io::Write;
    use std::sync::Arc;

    use crate::batch::output::Output;
    use crate::batch::problem::BatchProblem;
    use crate::batch::render::{COLUMNS, Cell, Column, Flat};
    use crate::error::Result;

    /// Rows in a row group.
    const GROUP: usize = 1 << 14;

    /// A table that is being written.
    pub(crate) struct Table {
        writer: SerializedFileWriter<Box<dyn Write + Send>>,
        rows: Vec<Flat>,
    }

    #[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
    fn failed(e: ParquetError) -> crate::error::Error {
        BatchProblem::Parquet(e.to_string()).into()
    }

    impl Table {
        pub(crate) fn open(output: Output) -> Result<Self> {
            let field = |column: &Column| {
                let (physical, converted) = if column.is_number {
                    (Physical::DOUBLE, ConvertedType::NONE)
                } else {
                    (Physical::BYTE_ARRAY, ConvertedType::UTF8)
                };
                let built = Type::primitive_type_builder(column.name, physical)
                    .with_converted_type(converted)
                    .with_repetition(Repetition::OPTIONAL)
                    .build();
                built.map(Arc::new)
            };
            let fields = COLUMNS.iter().map(field).collect::<std::result::Result<Vec<_>, _>>().map_err(failed)?;
            let schema = Type::group_type_builder("assessment").with_fields(fields).build().map_err(failed)?;
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .set_created_by("leitmotif".to_owned())
                .build();
            let writer = SerializedFileWriter::new(output.into_writer(), Arc::new(schema), Arc::new(properties));
            Ok(Self { writer: writer.map_err(failed)?, rows: Vec::new() })
        }

        pub(crate) fn add(&mut self, rows: impl Iterator<Item = Flat>) -> Result<()> {
            for row in rows {
                self.rows.push(row);
                if self.rows.len() == GROUP {
                    self.write_group().map_err(failed)?;
                }
            }
            Ok(())
        }

        fn write_group(&mut self) -> std::result::Result<(), ParquetError> {
            let mut group = self.writer.next_row_group()?;
            let mut column = 0;
            while let Some(mut writer) = group.next_column()? {
                let cells = self.rows.iter().map(|row| &row[column]);
                let (mut levels, mut texts, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
                for cell in cells {
                    let there = match cell {
                        Cell::Text(Some(text)) => {
                            texts.push(ByteArray::from(text.as_str()));
                            true
                        }
                        Cell::Number(Some(number)) => {
                            numbers.push(*number);
                            true
                        }
                        Cell::Text(None) | Cell::Number(None) => false,
                    };
                    levels.push(i16::from(there));
                }
                if COLUMNS[column].is_number {
                    writer.typed::<DoubleType>().write_batch(&numbers, Some(&levels), None)?;
                } else {
                    writer.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?;
                }
                writer.close()?;
                column += 1;
            }
            group.close()?;
            self.rows.clear();
            Ok(())
        }

        pub(crate) fn close(mut self) -> Result<()> {
            if !self.rows.is_empty() {
                self.write_group().map_err(failed)?;
            }
            self.writer.close().map(|_| ()).map_err(failed)
        }
    }
}

#[cfg(not(feature = "parquet"))]
mod absent {
    use crate::batch::output::Output;
    use crate::batch::problem::BatchProblem;
    use crate::batch::render::Flat;
    use crate::error::Result;

    /// What is never made, since opening it fails.
    pub(crate) enum Table {}

    impl Table {
        pub(crate) fn open(_: Output) -> Result<Self> {
            Err(BatchProblem::Feature("parquet").into())
        }

        #[expect(clippy::needless_pass_by_ref_mut, reason = "the real one needs it")]
        pub(crate) fn add(&mut self, _: impl Iterator<Item = Flat>) -> Result<()> {
            match *self {}
        }

        pub(crate) fn close(self) -> Result<()> {
            match self {}
        }
    }
}
