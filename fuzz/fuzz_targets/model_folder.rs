//! Any bytes in place of a model's files: an error, never a panic.
#![no_main]

use leitmotif::model::folder;
use libfuzzer_sys::fuzz_target;
use std::fs;

fuzz_target!(|parts: (&[u8], &[u8], &[u8])| {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.json"), parts.0).unwrap();
    fs::write(folder.path().join("weights.safetensors"), parts.1).unwrap();
    fs::write(folder.path().join("vocabulary"), parts.2).unwrap();
    let _ = folder::open(folder.path());
});
