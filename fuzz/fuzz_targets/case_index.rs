//! Any bytes as a saved case index, and a whole one altered at random: an answer or an error, never a panic.
#![no_main]

use leitmotif::cases::candidates::Query;
use leitmotif::cases::case::Case;
use leitmotif::cases::index::CaseIndex;
use leitmotif::cases::saved::{self, Change};
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::sync::LazyLock;

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let case = |i: usize| Case {
        id: format!("c{i}"),
        title: format!("Title {} of {i}", i % 7),
        claim: format!("Claim {i} says {} things about {}", i % 5, i % 11),
        ..Case::default()
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    saved::save(&CaseIndex::new((0..60).map(case)), file.path()).unwrap();
    saved::change(file.path(), vec![Change::Add(Box::new(case(61))), Change::Remove("c3".into())]).unwrap();
    fs::read(file.path()).unwrap()
});

fuzz_target!(|input: (bool, Vec<(u32, u8)>, Vec<u8>)| {
    let (alter, changes, bytes) = input;
    let mut bytes = if alter { WHOLE.clone() } else { bytes };
    for (at, byte) in changes.into_iter().take(8) {
        let at = at as usize % bytes.len().max(1);
        if let Some(b) = bytes.get_mut(at) {
            *b = byte;
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let _ = saved::verify(file.path());
    if let Ok(mut index) = saved::open(file.path()) {
        Query::default().first_stage(&index, "claim 17 says 2 things about 6", None, 9);
        index.iter().for_each(drop);
        index.add(Case { id: "new".into(), claim: "things".into(), ..Case::default() });
        let _ = saved::save(&index, &file.path().with_extension("again"));
        let _ = fs::remove_file(file.path().with_extension("again"));
    }
});
