//! Any paste: cases have ids, nothing panics.
#![no_main]

use leitmotif::ingest::{case_page, charset};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let page = case_page::parse(&charset::decode(bytes).text, "fuzz");
    assert!(page.cases.iter().all(|case| !case.id.is_empty()));
});
