//! What the analyser yields: tokens and sentences with their place in the original text.

use std::ops::Range;

/// A position in the original text, counted in Unicode code points from 0.
///
/// Code points, because Python slices and the W3C text-position selector count them; bytes and UTF-16 units differ
/// per surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CharOffset(pub u32);

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A word of any script.
    Word,
    /// Starts with a digit: `2014`, `19`, `1,000.5`.
    Number,
    /// A web or mail address, whole.
    Url,
    /// `@name`.
    Handle,
    /// `#tag`, whole; the words of a camel-case tag follow as tokens of their own kind.
    Hashtag,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it starts in the original text.
    pub start: CharOffset,
    /// Where it ends in the original text, exclusive.
    pub end: CharOffset,
    /// Its normalised text: a byte range of [`Analysis::buffer`](super::analyser::Analysis).
    pub(crate) text: Range<u32>,
}

/// One sentence of the original text, without surrounding white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Where it starts, in code points.
    pub start: CharOffset,
    /// Where it ends, exclusive.
    pub end: CharOffset,
    /// The same as bytes of the original text, to cut the sentence out without counting again.
    pub bytes: Range<usize>,
}
