//! A long text cut into windows of whole sentences.

use std::ops::Range;

use super::analyser::Analysis;
use super::token::Sentence;

/// How many tokens a window has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Width {
    /// At most, unless one sentence has more; never more than twice as many.
    pub(crate) most: usize,
    /// From so many on it ends with a paragraph.
    pub(crate) least: usize,
}

/// Windows of whole sentences, as ranges of tokens. Together they are all tokens, in order.
pub(crate) fn windows(text: &str, analysis: &Analysis, marked: &[Sentence], width: Width) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let (mut from, mut to) = (0, 0);
    let mut before = 0;
    for sentence in marked {
        if to - from >= width.least.max(1) && text[before..sentence.bytes.start].contains('\n') {
            out.push(from..to);
            from = to;
        }
        before = sentence.bytes.end;
        let end = to + analysis.tokens[to..].partition_point(|t| t.start < sentence.end);
        if end - from > width.most && to > from {
            out.push(from..to);
            from = to;
        }
        to = end;
        // A text without an end of a sentence.
        while to - from > 2 * width.most {
            out.push(from..from + width.most);
            from += width.most;
        }
    }
    if from < analysis.tokens.len() {
        out.push(from..analysis.tokens.len());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::analyser::sentences;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn windows_are_all_tokens_in_order_and_not_too_wide(text in "([a-z]{1,3}[ .!\n#]){0,200}", most in 1usize..50, least in 0usize..60) {
            let mut analysis = Analysis::default();
            analysis.analyse(&text, None);
            let windows = windows(&text, &analysis, &sentences(&text), Width { most, least });
            let joined: Vec<usize> = windows.iter().cloned().flatten().collect();
            prop_assert!(joined.into_iter().eq(0..analysis.tokens.len()));
            prop_assert!(windows.iter().all(|w| !w.is_empty() && w.len() <= 2 * most));
        }
    }
}
