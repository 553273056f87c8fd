//! Any text: tokens lie in the text, in order, and none is empty.
#![no_main]

use leitmotif::text::analyser::{Analysis, sentences};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut analysis = Analysis::default();
    analysis.analyse(text, None);
    let len = text.chars().count() as u32;
    let mut before = 0;
    for token in &analysis.tokens {
        assert!(token.start < token.end && token.end.0 <= len && token.start.0 >= before);
        assert!(!analysis.text(token).is_empty());
        before = token.start.0;
    }
    for sentence in sentences(text) {
        assert!(sentence.start < sentence.end && sentence.end.0 <= len);
    }
});
