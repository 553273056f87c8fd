//! How many cases of each language there are, and how many of them have a term.

use rustc_hash::FxHashMap;

use super::index::{CaseIndex, CaseNo};
use crate::document::Language;

/// Counts of cases by language, `None` for those that state none; read when first asked for.
#[derive(Default)]
pub(crate) struct ByLanguage {
    sizes: Vec<(Option<Language>, usize)>,
    /// By term, the cases that have it.
    with: FxHashMap<u32, Vec<(Option<Language>, usize)>>,
}

impl ByLanguage {
    /// The cases of each language, those of most cases first.
    pub(crate) fn sizes(&mut self, index: &CaseIndex) -> &[(Option<Language>, usize)] {
        if self.sizes.is_empty() {
            self.sizes = counted(index.numbers().map(|case| index.language(case)));
            self.sizes.sort_unstable_by_key(|&(language, size)| (std::cmp::Reverse(size), language));
        }
        &self.sizes
    }

    /// The cases of a language.
    pub(crate) fn size(&mut self, index: &CaseIndex, language: Option<Language>) -> usize {
        of(self.sizes(index), language)
    }

    /// The cases of a language that have a term, and all that have it. Reads the whole list of the term.
    pub(crate) fn with(&mut self, index: &CaseIndex, term: u32, language: Option<Language>) -> (usize, usize) {
        let counts = self.with.entry(term).or_insert_with(|| {
            let list = index.list(term).read().unwrap_or_default();
            counted(list.iter().chain(index.later_list(term)).map(|p| index.language(CaseNo(p.0))))
        });
        (of(counts, language), counts.iter().map(|c| c.1).sum())
    }
}

fn counted(languages: impl Iterator<Item = Option<Language>>) -> Vec<(Option<Language>, usize)> {
    let mut out: Vec<(Option<Language>, usize)> = Vec::new();
    for language in languages {
        match out.iter_mut().find(|c| c.0 == language) {
            Some(known) => known.1 += 1,
            None => out.push((language, 1)),
        }
    }
    out
}

fn of(counts: &[(Option<Language>, usize)], language: Option<Language>) -> usize {
    counts.iter().find(|c| c.0 == language).map_or(0, |c| c.1)
}
