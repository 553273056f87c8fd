//! A damaged model is refused with the reason; no answer ever comes from one.

use leitmotif::Error;
use leitmotif::error::ModelProblem;
use leitmotif::model::folder;
use std::fs;
use std::path::{Path, PathBuf};

fn copy() -> (tempfile::TempDir, PathBuf) {
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/starter");
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("copy");
    fs::create_dir(&to).unwrap();
    for file in fs::read_dir(starter).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    (folder, to)
}

fn problem(path: &Path) -> ModelProblem {
    match folder::open(path) {
        Err(Error::Model { problem, .. }) => problem,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("the model was opened"),
    }
}

#[test]
fn a_whole_folder_opens_and_takes_the_name_of_its_folder() {
    let (_guard, path) = copy();
    assert_eq!(folder::open(&path).unwrap().name, "copy");
}

#[test]
fn a_changed_byte_anywhere_is_noticed() {
    for file in ["weights.safetensors", "vocabulary", "model.json"] {
        let (_guard, path) = copy();
        let file = path.join(file);
        let whole = fs::read(&file).unwrap();
        // A digit of a number in the middle stays valid JSON; only the checksum can tell.
        let at = (whole.len() / 2..whole.len()).find(|&i| whole[i].is_ascii_digit()).unwrap_or(whole.len() / 2);
        let mut changed = whole.clone();
        changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
        fs::write(&file, &changed).unwrap();
        assert!(matches!(problem(&path), ModelProblem::Checksum(_)), "{}", file.display());
    }
}

#[test]
fn a_file_cut_short_or_missing_is_named() {
    for file in ["weights.safetensors", "vocabulary"] {
        let (_guard, path) = copy();
        let file = path.join(file);
        let whole = fs::read(&file).unwrap();
        for len in [0, 1, whole.len() / 3, whole.len() - 1] {
            fs::write(&file, &whole[..len]).unwrap();
            assert!(folder::open(&path).is_err(), "{} cut to {len}", file.display());
        }
        fs::remove_file(&file).unwrap();
        assert!(matches!(problem(&path), ModelProblem::MissingFile(_)));
    }
    let (_guard, path) = copy();
    let whole = fs::read(path.join("model.json")).unwrap();
    fs::write(path.join("model.json"), &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(problem(&path), ModelProblem::Json(_)));
    fs::remove_file(path.join("model.json")).unwrap();
    assert!(matches!(problem(&path), ModelProblem::NotAModel));
}

#[test]
fn another_version_is_named_before_anything_else_is_read() {
    let (_guard, path) = copy();
    fs::write(path.join("model.json"), r#"{"format": 99, "anything": "else"}"#).unwrap();
    let said = folder::open(&path).err().unwrap().to_string();
    assert!(said.contains("format version 99") && said.contains("retrain"), "{said}");
}
