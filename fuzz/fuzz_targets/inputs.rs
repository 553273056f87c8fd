//! Any bytes as an input of a batch, of any kind and encoding: every record is a document or has a message, in order, and
//! packing the input changes nothing.
#![no_main]

use encoding_rs::{Encoding, GB18030, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16LE, WINDOWS_1251};
use leitmotif::ingest::dry_run::{Seen, dry_run};
use leitmotif::ingest::feeder::Reading;
use leitmotif::ingest::inputs::Input;
use leitmotif::ingest::kind::Format;
use leitmotif::ingest::packed::Limits;
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

const FORMATS: [Format; 8] =
    [Format::Jsonl, Format::Json, Format::Csv, Format::Feed, Format::Html, Format::Text, Format::Warc, Format::Parquet];

const ENDINGS: [&str; 8] = ["", ".jsonl", ".json", ".csv", ".xml", ".html", ".txt", ".warc"];

const ENCODINGS: [&Encoding; 6] = [UTF_8, UTF_16LE, WINDOWS_1251, SHIFT_JIS, ISO_2022_JP, GB18030];

fn read(path: &Path, bytes: &[u8], reading: &Reading) -> Vec<Seen> {
    // Some file systems wait for the disk when a file is cut to nothing and written anew.
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
    dry_run(vec![Input::File(path.to_owned(), bytes.len() as u64)], reading)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fuzz_target!(
    init: {
        // The reader of Parquet panics on damage, which is caught; what is not caught still ends the run.
        let _ = std::panic::take_hook();
    },
    |input: &[u8]| {
        let [kind, encoding, bytes @ ..] = input else { return };
        let path = FOLDER.path().join(format!("in{}", ENDINGS[usize::from(kind & 7)]));
        let reading = Reading {
            format: (kind & 8 != 0).then_some(FORMATS[usize::from(kind >> 4 & 7)]),
            encoding: ENCODINGS.get(usize::from(encoding & 15)).copied(),
            limits: Limits { record: if encoding & 16 == 0 { 500 } else { 1 << 20 }, ..Limits::default() },
            ..Reading::default()
        };
        let seen = read(&path, bytes, &reading);
        let mut line = 1;
        for record in &seen {
            assert!(record.line >= line, "{} after {line}", record.line);
            line = record.line;
            match &record.read {
                Ok((id, _)) => assert!(!id.trim().is_empty()),
                Err(message) => assert!(!message.is_empty()),
            }
        }
        let plain = ![&b"\x1f\x8b"[..], b"\x28\xb5\x2f\xfd", b"PAR1"].iter().any(|magic| bytes.starts_with(magic));
        if plain && reading.format != Some(Format::Parquet) && encoding & 32 == 0 {
            let packed = if encoding & 64 == 0 { gzip(bytes) } else { zstd::encode_all(bytes, 1).unwrap() };
            assert_eq!(read(&path, &packed, &reading), seen);
        }
    }
);
