//! A long text cut into windows of whole sentences.

use std::ops::Range;

use super::analyser::Analysis;
use super::token::Sentence;

/// Windows of whole sentences, as ranges of tokens: of up to `width` tokens, more only where one sentence has more, and
/// never more than twice as many. Together they are all tokens, in order.
///
/// Given the text, a window also ends with a paragraph, once it has a third of its width.
pub(crate) fn windows(
    analysis: &Analysis,
    marked: &[Sentence],
    width: usize,
    paragraphs_of: Option<&str>,
) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let (mut from, mut to) = (0, 0);
    let mut before = 0;
    for sentence in marked {
        if 3 * (to - from) >= width
            && paragraphs_of.is_some_and(|text| text[before..sentence.bytes.start].contains('\n'))
        {
            out.push(from..to);
            from = to;
        }
        before = sentence.bytes.end;
        let end = to + analysis.tokens[to..].partition_point(|t| t.start < sentence.end);
        if end - from > width && to > from {
            out.push(from..to);
            from = to;
        }
        to = end;
        // A text without an end of a sentence.
        while to - from > 2 * width {
            out.push(from..from + width);
            from += width;
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
        fn windows_are_all_tokens_in_order_and_not_too_wide(text in "([a-z]{1,3}[ .!\n#]){0,200}", width in 1usize..50, by_paragraph: bool) {
            let mut analysis = Analysis::default();
            analysis.analyse(&text, None);
            let paragraphs = by_paragraph.then_some(&*text);
            let windows = windows(&analysis, &sentences(&text), width, paragraphs);
            let joined: Vec<usize> = windows.iter().cloned().flatten().collect();
            prop_assert!(joined.into_iter().eq(0..analysis.tokens.len()));
            prop_assert!(windows.iter().all(|w| !w.is_empty() && w.len() <= 2 * width));
        }
    }
}
