//! What words of one language mean in another, learned from cases that exist in both.
//!
//! The versions of a case (one `group`) say the same in several languages. A word and its translation stand in the same
//! versions again and again, so an alignment model finds them without a dictionary: IBM Model 1 (Brown and others, "The
//! Mathematics of Statistical Machine Translation", 1993) over whole titles, claims and disproofs, each word choosing
//! among the few it occurs with most often by Dice's coefficient. Word vectors were rejected: a few hundred cases teach
//! them nothing, and a table can be read and mended (`translations.tsv` in the model folder).

use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::case::{Case, Field};
use crate::document::Language;
use crate::text::analyser::Analysis;
use crate::text::stem::WordStemmer;
use crate::text::token::TokenKind;

/// Fewest passages that two languages must have in common.
const FEWEST_PASSAGES: usize = 20;
/// Words in more than this share of the passages are grammar.
const COMMON: f64 = 0.25;
/// Meanings a word chooses among, rounds of choosing, and meanings kept.
const CHOICES: usize = 20;
const ROUNDS: usize = 8;
const KEPT: usize = 4;
/// Least probability of a meaning that is kept.
const LEAST: f64 = 0.1;
/// Share of a word that means nothing in particular.
const NOTHING: f64 = 0.02;
/// Letters by which words of languages without a stemmer are told apart.
const PREFIX: usize = 6;
/// Versions of one case in one language that are looked at.
const COPIES: usize = 4;

/// A meaning of a word: a stem of another language, and its probability.
type Meaning = (String, f32);

/// The table: from each language to each, from a word's key to its meanings, most probable first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Translations(BTreeMap<(String, String), BTreeMap<String, Vec<Meaning>>>);

/// What a word is looked up by: its stem, or its first letters in a language without a stemmer.
pub(crate) fn key<'w>(stemmer: &WordStemmer, word: &'w str) -> Cow<'w, str> {
    if stemmer.is_plain() {
        let end = word.char_indices().nth(PREFIX).map_or(word.len(), |(at, _)| at);
        return Cow::Borrowed(&word[..end]);
    }
    stemmer.stem(word)
}

impl Translations {
    /// Learns from all groups of `cases` whose name is `wanted`.
    pub fn learn<'c>(cases: impl Iterator<Item = Cow<'c, Case>>, wanted: &dyn Fn(&str) -> bool) -> Self {
        let mut reader = Reader::default();
        let mut groups: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        for case in cases.filter(|c| !c.group.is_empty() && wanted(&c.group)) {
            if let Some(version) = reader.read(&case) {
                groups.entry(case.group.clone()).or_default().push(version);
            }
        }
        let mut out = Self::default();
        let languages: Vec<String> = reader.languages.keys().cloned().collect();
        for from in &languages {
            for to in languages.iter().filter(|to| *to != from) {
                let passages = passages(&groups, from, to);
                if passages.len() < FEWEST_PASSAGES {
                    continue;
                }
                let (own, others) = (&reader.languages[from].keys, &reader.languages[to].stems);
                let table = align(&passages, own, others);
                if !table.is_empty() {
                    out.0.insert((from.clone(), to.clone()), table);
                }
            }
        }
        out
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of words with a meaning, over all pairs of languages.
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Pairs of languages.
    pub fn languages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.keys().map(|(from, to)| (from.as_str(), to.as_str()))
    }

    /// Whether it knows words of a language.
    pub(crate) fn knows(&self, from: Language) -> bool {
        self.0.keys().any(|k| k.0 == from.code())
    }

    /// The meanings of a word's key in all languages.
    pub(crate) fn meanings<'t>(&'t self, from: Language, key: &'t str) -> impl Iterator<Item = &'t Meaning> {
        let tables = self.0.iter().filter(move |t| t.0.0 == from.code());
        tables.filter_map(move |t| t.1.get(key)).flatten()
    }

    /// As lines of `from`, `to`, word, meaning, probability, between tabs.
    pub fn to_tsv(&self) -> String {
        let mut out = String::new();
        for ((from, to), table) in &self.0 {
            for (word, meanings) in table {
                for (meaning, p) in meanings {
                    let _ = writeln!(out, "{from}\t{to}\t{word}\t{meaning}\t{p:.3}");
                }
            }
        }
        out
    }

    /// Reads what [`Translations::to_tsv`] wrote; the number of the first line that is none.
    pub fn from_tsv(text: &str) -> Result<Self, usize> {
        let mut out = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let mut fields = line.split('\t');
            let (Some(from), Some(to), Some(word), Some(meaning), Some(p), None) =
                (fields.next(), fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
            else {
                return Err(number);
            };
            let p: f32 = p.parse().ok().filter(|p| (0.0..=1.0).contains(p)).ok_or(number)?;
            let table = out.0.entry((from.to_owned(), to.to_owned())).or_default();
            table.entry(word.to_owned()).or_default().push((meaning.to_owned(), p));
        }
        Ok(out)
    }
}

/// Distinct strings with a number each.
#[derive(Default)]
struct Names {
    by_text: FxHashMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.by_text.get(text) {
            return known;
        }
        let number = self.texts.len() as u32;
        self.by_text.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }
}

struct Vocabulary {
    stemmer: WordStemmer,
    keys: Names,
    stems: Names,
}

/// One field of one version of a case: its distinct words, as keys and as stems.
#[derive(Default)]
struct Words {
    keys: Vec<u32>,
    stems: Vec<u32>,
}

struct Version {
    language: String,
    fields: [Words; 3],
}

#[derive(Default)]
struct Reader {
    analysis: Analysis,
    languages: BTreeMap<String, Vocabulary>,
}

impl Reader {
    fn read(&mut self, case: &Case) -> Option<Version> {
        let language = case.own_language()?;
        let code = language.code().to_owned();
        let Self { analysis, languages } = self;
        let vocabulary = languages.entry(code.clone()).or_insert_with(|| Vocabulary {
            stemmer: WordStemmer::new(Some(language)),
            keys: Names::default(),
            stems: Names::default(),
        });
        let fields = [Field::Title, Field::Claim, Field::Disproof].map(|field| {
            analysis.analyse(&case.field(field), Some(language));
            let mut words = Words::default();
            for token in analysis.tokens.iter().filter(|t| t.kind == TokenKind::Word) {
                let text = analysis.text(token);
                words.keys.push(vocabulary.keys.number(&key(&vocabulary.stemmer, text)));
                words.stems.push(vocabulary.stems.number(&vocabulary.stemmer.term(text)));
            }
            for list in [&mut words.keys, &mut words.stems] {
                list.sort_unstable();
                list.dedup();
            }
            words
        });
        Some(Version { language: code, fields })
    }
}

/// The same passage in two languages: keys of the one, stems of the other.
type Passage<'v> = (&'v [u32], &'v [u32]);

fn passages<'v>(groups: &'v BTreeMap<String, Vec<Version>>, from: &str, to: &str) -> Vec<Passage<'v>> {
    let mut out = Vec::new();
    for versions in groups.values() {
        let of = |language: &str| {
            let language = language.to_owned();
            versions.iter().filter(move |v| v.language == language).take(COPIES)
        };
        for own in of(from) {
            for other in of(to) {
                let fields = own.fields.iter().zip(&other.fields);
                out.extend(
                    fields.map(|(a, b)| (&a.keys[..], &b.stems[..])).filter(|p| !p.0.is_empty() && !p.1.is_empty()),
                );
            }
        }
    }
    out
}

/// In which passages each word stands; empty for words that are too rare or too common.
fn places<'p>(lists: impl Iterator<Item = &'p [u32]>, words: usize, passages: usize) -> Vec<Vec<u32>> {
    let mut out: Vec<Vec<u32>> = vec![Vec::new(); words];
    for (at, list) in (0u32..).zip(lists) {
        for &word in list {
            out[word as usize].push(at);
        }
    }
    let most = COMMON * passages as f64;
    out.iter_mut().filter(|p| p.len() < 2 || p.len() as f64 > most.max(8.0)).for_each(Vec::clear);
    out
}

fn align(passages: &[Passage<'_>], own: &Names, others: &Names) -> BTreeMap<String, Vec<Meaning>> {
    let own_places = places(passages.iter().map(|p| p.0), own.texts.len(), passages.len());
    let other_places = places(passages.iter().map(|p| p.1), others.texts.len(), passages.len());
    let mut choices = choose(passages, &own_places, &other_places);
    for _ in 0..ROUNDS {
        round(passages, &mut choices);
    }
    let mut out = BTreeMap::new();
    for (word, list) in choices.into_iter().enumerate() {
        let mut kept: Vec<Meaning> = (list.into_iter())
            .filter(|c| c.1 >= LEAST)
            // As they will be read again from the file.
            .map(|(other, p)| (others.texts[other as usize].clone(), ((p * 1000.0).round() / 1000.0) as f32))
            .collect();
        kept.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kept.truncate(KEPT);
        if !kept.is_empty() {
            out.insert(own.texts[word].clone(), kept);
        }
    }
    out
}

/// For each word the words of the other language it may mean, all alike probable; in the order of their numbers.
fn choose(passages: &[Passage<'_>], own: &[Vec<u32>], others: &[Vec<u32>]) -> Vec<Vec<(u32, f64)>> {
    let mut together = vec![0u32; others.len()];
    let mut met = Vec::new();
    own.iter()
        .map(|places| {
            for &at in places {
                for &other in passages[at as usize].1.iter().filter(|&&o| !others[o as usize].is_empty()) {
                    if together[other as usize] == 0 {
                        met.push(other);
                    }
                    together[other as usize] += 1;
                }
            }
            let mut best: Vec<(f64, u32)> = Vec::new();
            for other in met.drain(..) {
                let both = std::mem::take(&mut together[other as usize]);
                if both >= 2 {
                    let dice = 2.0 * f64::from(both) / (places.len() + others[other as usize].len()) as f64;
                    best.push((dice, other));
                }
            }
            best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            best.truncate(CHOICES);
            let share = 1.0 / best.len().max(1) as f64;
            let mut list: Vec<(u32, f64)> = best.into_iter().map(|b| (b.1, share)).collect();
            list.sort_unstable_by_key(|c| c.0);
            list
        })
        .collect()
}

/// One round of expectation and maximisation: every word of a passage is explained by the words of its other side.
fn round(passages: &[Passage<'_>], choices: &mut [Vec<(u32, f64)>]) {
    let mut counts: Vec<Vec<f64>> = choices.iter().map(|c| vec![0.0; c.len()]).collect();
    let mut totals: FxHashMap<u32, f64> = FxHashMap::default();
    let mut links: Vec<(u32, u32, u32)> = Vec::new();
    for (own, others) in passages {
        links.clear();
        totals.clear();
        for &word in *own {
            for (at, &(other, p)) in (0u32..).zip(&choices[word as usize]) {
                if others.binary_search(&other).is_ok() {
                    links.push((word, at, other));
                    *totals.entry(other).or_insert(NOTHING) += p;
                }
            }
        }
        for &(word, at, other) in &links {
            counts[word as usize][at as usize] += choices[word as usize][at as usize].1 / totals[&other];
        }
    }
    for (list, counts) in choices.iter_mut().zip(counts) {
        let sum: f64 = counts.iter().sum();
        if sum > 0.0 {
            list.iter_mut().zip(counts).for_each(|(c, count)| c.1 = count / sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word of a made-up language, from its number.
    fn word(language: &str, number: usize) -> String {
        let (first, second) = if language == "en" {
            ("bdfgklmp", "aeiou")
        } else {
            ("\u{431}\u{434}\u{432}\u{433}\u{43a}\u{43b}\u{43c}\u{43f}", "\u{430}\u{435}\u{438}\u{43e}\u{443}")
        };
        let letter = |of: &str, at: usize| of.chars().nth(at % of.chars().count()).unwrap();
        // In another order, so that the letters give nothing away.
        let number = if language == "en" { number } else { (number * 7 + 3) % 40 };
        [letter(first, number), letter(second, number / 8), letter(first, number / 3 + 1), letter(first, number)]
            .iter()
            .collect()
    }

    /// Sentences over a small world of forty things, in two languages that share no word.
    fn cases() -> Vec<Case> {
        let mut out = Vec::new();
        for i in 0..120usize {
            for language in ["en", "ru"] {
                let text: Vec<String> =
                    (0..5).map(|k| word(language, (i * (2 * k + 3) + i / 7 + k * k) % 40)).collect();
                out.push(Case {
                    id: format!("{i}-{language}"),
                    claim: text.join(" "),
                    language: language.into(),
                    group: format!("g{i}"),
                    ..Case::default()
                });
            }
        }
        out
    }

    #[test]
    fn words_find_their_translations_and_the_table_reads_back() {
        let cases = cases();
        let table = Translations::learn(cases.iter().map(Cow::Borrowed), &|_| true);
        let russian = Language::lenient("ru").unwrap();
        let stemmer = WordStemmer::new(Some(russian));
        let english = WordStemmer::new(Language::lenient("en"));
        let right = (0..40).filter(|&n| {
            let (from, to) = (word("ru", n), word("en", n));
            let looked_up = key(&stemmer, &from);
            let best = table.meanings(russian, &looked_up).next();
            best.is_some_and(|m| m.0 == english.stem(&to))
        });
        assert!(right.count() > 35, "{}", table.to_tsv());
        assert_eq!(Translations::from_tsv(&table.to_tsv()).unwrap(), table);
        assert!(table.knows(russian) && !table.knows(Language::lenient("de").unwrap()));
    }

    #[test]
    fn cases_without_versions_teach_nothing_and_bad_lines_are_named() {
        let alone = cases().into_iter().map(|c| Case { group: String::new(), ..c });
        assert!(Translations::learn(alone.map(Cow::Owned), &|_| true).is_empty());
        assert_eq!(Translations::from_tsv("en\tru\ta\tb\t0.5\nen\tru\ta\tb\t7\n"), Err(2));
        assert_eq!(Translations::from_tsv("en\tru\ta\tb\n"), Err(1));
    }
}
