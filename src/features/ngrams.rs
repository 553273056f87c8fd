//! Character n-grams inside one word, as scikit-learn's `char_wb` cuts them.

use std::ops::RangeInclusive;

/// Calls `each` with every n-gram of ` word ` (the word with a space on both sides) whose length in characters lies
/// in `lengths`; shorter words than the smallest length give the padded word once.
pub fn char_ngrams(word: &str, lengths: &RangeInclusive<usize>, scratch: &mut Padded, mut each: impl FnMut(&str)) {
    scratch.pad(word);
    let (text, bounds) = (&scratch.text, &scratch.bounds);
    let chars = bounds.len() - 1;
    for n in lengths.clone() {
        if n >= chars {
            each(text);
            break;
        }
        for start in 0..=chars - n {
            each(&text[bounds[start]..bounds[start + n]]);
        }
    }
}

/// A padded word and its character boundaries; kept between words to save allocations.
#[derive(Debug, Default)]
pub struct Padded {
    text: String,
    bounds: Vec<usize>,
}

impl Padded {
    fn pad(&mut self, word: &str) {
        self.text.clear();
        self.text.push(' ');
        self.text.push_str(word);
        self.text.push(' ');
        self.bounds.clear();
        self.bounds.extend(self.text.char_indices().map(|(i, _)| i));
        self.bounds.push(self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(word: &str, lengths: RangeInclusive<usize>) -> Vec<String> {
        let mut out = Vec::new();
        char_ngrams(word, &lengths, &mut Padded::default(), |g| out.push(g.to_owned()));
        out
    }

    #[test]
    fn as_scikit_learn_cuts_them() {
        // CountVectorizer(analyzer="char_wb", ngram_range=(2, 4))._char_wb_ngrams("abc")
        assert_eq!(grams("abc", 2..=4), [" a", "ab", "bc", "c ", " ab", "abc", "bc ", " abc", "abc "]);
        // … and of "a" with (2, 5): the padded word once, at the first length that does not fit inside it.
        assert_eq!(grams("a", 2..=5), [" a", "a ", " a "]);
        assert_eq!(grams("a", 5..=6), [" a "]);
        assert_eq!(grams("яé", 4..=4), [" яé "]);
    }
}
