//! Why a case is shown, and what to look at twice: the words that text and case share, and what they say differently.
//!
//! A claim that comes back often comes back with another number, another place, or without its "not". The words may
//! agree almost wholly then, so this is not left to the probability but said.

use serde::Serialize;
use std::ops::Range;

use super::bm25::{ALL_FIELDS, FieldWeights, saturate};
use super::byline::names;
use super::candidates::{Query, QueryTerm};
use super::index::{CaseIndex, CaseNo, CaseTerm};
use crate::document::Language;
use crate::features::vocabulary::TermKind;
use crate::text::analyser::{Analysis, OriginalBytes};
use crate::text::dates::{Date, dates};
use crate::text::numbers::{Number, numbers};
use crate::text::token::TokenKind;

/// A word of the text that the case has, too.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct SharedTerm {
    /// Where it first starts in the text, in code points.
    pub start: u32,
    /// Where it ends, exclusive.
    pub end: u32,
    /// As it stands in the text.
    pub text: String,
    /// What it adds to the BM25 score of the case; comparable within one answer.
    pub weight: f64,
    /// The stem of the case's language that it means, where it was found by its meaning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<String>,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Differing {
    /// Both have numbers besides dates, and none in common.
    Number,
    /// Both have names, and none in common.
    Name,
    /// Both name days or months, and none that can be the same.
    Date,
    /// One denies, the other does not.
    Negation,
}

/// Something that text and case say differently in the passages that match best.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Difference {
    /// What differs.
    pub what: Differing,
    /// What the text has.
    pub text: Vec<String>,
    /// What the case has.
    pub case: Vec<String>,
}

/// Words of less than this share of the largest idf, among all cases or those in the language of the case, are not named: every
/// case has some.
const COMMON: f64 = 0.35;

/// Shared words that are named.
const SHOWN: usize = 8;

/// The words that weigh most of those the text last read by `query` shares with a case.
pub(crate) fn shared(
    index: &CaseIndex,
    query: &mut Query,
    text: &str,
    analysis: &Analysis,
    case: CaseNo,
) -> Vec<SharedTerm> {
    let mut weights: Vec<(f64, u32)> = Vec::new();
    let least = COMMON * index.idf_of(1);
    let fields = FieldWeights::new(index.lengths(case), index.mean_lengths());
    let weigh = |t: CaseTerm| {
        let telling = |t: &&QueryTerm| t.kind == TermKind::Word && t.idf > least;
        if let Some(term) = query.view.slot(t.term).and_then(|s| query.view.terms.get(s)).filter(telling) {
            let weight = term.idf * term.weight * saturate(f64::from(fields.frequency(t.counts, ALL_FIELDS)));
            weights.push((weight, t.term));
        }
    };
    index.each_term(case, |term| query.view.may_have(term), weigh);
    weights.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut found: Vec<(usize, f64, u32, bool)> = Vec::new();
    for (weight, term) in weights {
        // A meaning of a word that is there itself says nothing new.
        let Some((token, meaning)) = query.token_of(term) else { continue };
        if found.iter().all(|f| f.0 != token) && query.rarity(index, term, case) > COMMON {
            found.push((token, weight, term, meaning));
        }
        if found.len() == SHOWN {
            break;
        }
    }
    let mut cut = OriginalBytes::new(text);
    let mut by_place: Vec<usize> = (0..found.len()).collect();
    by_place.sort_unstable_by_key(|&i| found[i].0);
    let mut out: Vec<(usize, SharedTerm)> = Vec::new();
    for i in by_place {
        let (token, weight, term, meaning) = found[i];
        let Some(token) = analysis.tokens.get(token) else { continue };
        let means = Some(index.text(term)).filter(|t| meaning && !t.is_empty()).map(str::to_owned);
        let word = cut.slice(token.start, token.end).to_owned();
        out.push((i, SharedTerm { start: token.start.0, end: token.end.0, text: word, weight, means }));
    }
    out.sort_unstable_by_key(|o| o.0);
    out.into_iter().map(|o| o.1).collect()
}

/// One side of a comparison: a whole text, and the passage of it that matches (code points).
#[derive(Clone, Copy)]
pub(crate) struct Side<'t> {
    pub(crate) text: &'t str,
    pub(crate) passage: (u32, u32),
    pub(crate) language: Option<Language>,
}

#[derive(Default)]
struct Said {
    numbers: Vec<(Number, String)>,
    names: Vec<String>,
    /// Normalised, in the order of `names`.
    plain: Vec<String>,
    denials: Vec<String>,
    dates: Vec<(Date, String)>,
}

fn slice(text: &str, (start, end): (u32, u32)) -> &str {
    let mut places = text.char_indices().map(|c| c.0).chain([text.len()]);
    let from = places.nth(start as usize).unwrap_or(text.len());
    let to = if end > start { places.nth((end - start - 1) as usize).unwrap_or(text.len()) } else { from };
    &text[from..to]
}

fn said(side: Side<'_>, analysis: &mut Analysis) -> Said {
    let passage = slice(side.text, side.passage);
    analysis.analyse(passage, side.language);
    let mut out = Said::default();
    let mut cut = OriginalBytes::new(passage);
    let named = names(passage, analysis, std::iter::once(0));
    let mut cut_tokens = OriginalBytes::new(passage);
    let mut words_of = |tokens: &Range<usize>| {
        let (first, last) = (&analysis.tokens[tokens.start], &analysis.tokens[tokens.end - 1]);
        cut_tokens.slice(first.start, last.end).to_owned()
    };
    let found = dates(passage, analysis);
    out.dates =
        found.into_iter().map(|date| (words_of(&date.tokens), date)).map(|(words, date)| (date, words)).collect();
    let is_date = |number: usize| out.dates.iter().any(|d| d.0.tokens.contains(&number));
    let found = numbers(passage, analysis).into_iter().filter(|n| !n.tokens.clone().any(is_date));
    out.numbers =
        found.map(|number| (words_of(&number.tokens), number)).map(|(words, number)| (number, words)).collect();
    for (number, token) in analysis.tokens.iter().enumerate().filter(|t| !is_date(t.0)) {
        let text = analysis.text(token);
        let list = if named.binary_search(&number).is_ok() {
            out.plain.push(text.to_owned());
            &mut out.names
        } else if token.kind == TokenKind::Word && denies(side.language, text) {
            &mut out.denials
        } else {
            continue;
        };
        list.push(cut.slice(token.start, token.end).to_owned());
    }
    out
}

/// What two passages say differently. Names are compared within one language only: their endings and letters change.
pub(crate) fn differences(text: Side<'_>, case: Side<'_>, analysis: &mut Analysis) -> Vec<Difference> {
    let (ours, theirs) = (said(text, analysis), said(case, analysis));
    let mut out = Vec::new();
    let agree = ours.numbers.iter().any(|a| theirs.numbers.iter().any(|b| a.0.agrees(&b.0)));
    if !ours.numbers.is_empty() && !theirs.numbers.is_empty() && !agree {
        let words = |numbers: Vec<(Number, String)>| numbers.into_iter().map(|n| n.1).collect();
        out.push(Difference { what: Differing::Number, text: words(ours.numbers), case: words(theirs.numbers) });
    }
    let agree = ours.dates.iter().any(|a| theirs.dates.iter().any(|b| a.0.agrees(&b.0)));
    if !ours.dates.is_empty() && !theirs.dates.is_empty() && !agree {
        let words = |dates: Vec<(Date, String)>| dates.into_iter().map(|d| d.1).collect();
        out.push(Difference { what: Differing::Date, text: words(ours.dates), case: words(theirs.dates) });
    }
    let same_language = text.language.is_none() || case.language.is_none() || text.language == case.language;
    // An inflected name begins alike.
    let alike = |a: &String, b: &String| {
        let common = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
        common >= 4 || a == b
    };
    let strangers = ours.plain.iter().all(|a| theirs.plain.iter().all(|b| !alike(a, b)));
    if same_language && strangers && !ours.names.is_empty() && !theirs.names.is_empty() {
        out.push(Difference { what: Differing::Name, text: ours.names, case: theirs.names });
    }
    if ours.denials.is_empty() != theirs.denials.is_empty() {
        out.push(Difference { what: Differing::Negation, text: ours.denials, case: theirs.denials });
    }
    out
}

/// Words that deny, or call untrue, by language: "mai" is never in Italian and May in German. A language that is not here gets no warning.
const DENIALS: [(&str, &[&str]); 16] = [
    (
        "en",
        &[
            "not", "no", "never", "cannot", "isn't", "aren't", "wasn't", "weren't", "don't", "doesn't", "didn't",
            "won't", "can't", "couldn't", "wouldn't", "hasn't", "haven't", "hadn't", "false", "untrue",
        ],
    ),
    ("ru", &["не", "нет", "никогда", "нельзя", "ложь", "ложно", "неправда", "фейк"]),
    ("uk", &["не", "ні", "ніколи", "немає", "нема", "неправда", "брехня", "хибно", "фейк"]),
    ("de", &["nicht", "kein", "keine", "keinen", "keinem", "keiner", "keines", "nie", "niemals", "falsch", "unwahr"]),
    ("fr", &["ne", "pas", "jamais", "aucun", "aucune", "faux", "fausse"]),
    ("es", &["no", "nunca", "jamás", "ningún", "ninguna", "falso", "falsa", "mentira"]),
    ("it", &["non", "mai", "nessun", "nessuna", "nessuno", "falso", "falsa"]),
    ("pl", &["nie", "nigdy", "fałsz", "fałszywa", "fałszywe", "nieprawda"]),
    ("pt", &["não", "nunca", "nenhum", "nenhuma", "falso", "falsa", "mentira"]),
    ("nl", &["niet", "geen", "nooit"]),
    ("sv", &["inte", "aldrig"]),
    ("da", &["ikke", "aldrig"]),
    ("no", &["ikke", "aldri"]),
    ("cs", &["ne", "nikdy", "není"]),
    ("ro", &["nu", "niciodată"]),
    ("bg", &["не", "няма", "никога"]),
];

fn denies(language: Option<Language>, word: &str) -> bool {
    let Some(language) = language else { return false };
    let listed = DENIALS.iter().find(|d| d.0 == language.code());
    // A typographic apostrophe is an apostrophe; French glues its particle to the verb.
    let plain = word.replace('\u{2019}', "'");
    let glued = language.code() == "fr" && plain.starts_with("n'") && plain.len() > 2;
    glued || listed.is_some_and(|(_, words)| words.contains(&plain.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::case::Case;
    use crate::text::analyser::sentences;

    fn compared(text: &str, case: &str) -> Vec<Differing> {
        let side = |text| Side { text, passage: (0, 1000), language: Language::lenient("en") };
        differences(side(text), side(case), &mut Analysis::default()).into_iter().map(|d| d.what).collect()
    }

    #[test]
    fn a_word_that_every_case_of_a_language_has_is_not_named() {
        let case = |id: String, claim: String, language: &str| Case {
            id,
            claim,
            language: language.into(),
            ..Case::default()
        };
        let english = (0..60).map(|i| case(format!("e{i}"), format!("somebody had sold bridge{i}"), "en"));
        let german = (0..2000).map(|i| case(format!("d{i}"), format!("die Brücke{i} wurde verkauft"), "de"));
        let index = CaseIndex::new(english.chain(german));
        let (mut query, mut analysis) = (Query::default(), Analysis::default());
        let text = "somebody had sold bridge7";
        analysis.analyse(text, Language::lenient("en"));
        query.prepare(&index, text, &mut analysis, &sentences(text));
        let found = query.candidates(&index, ALL_FIELDS, 1);
        assert_eq!(index.id(found[0].case), "e7");
        let named: Vec<String> =
            shared(&index, &mut query, text, &analysis, found[0].case).into_iter().map(|t| t.text).collect();
        assert_eq!(named, ["bridge7"]);
    }

    #[test]
    fn numbers_names_and_denials_that_differ_are_told() {
        assert_eq!(
            compared("They counted 1200 dead in the harbour", "They counted 120 dead in the harbour"),
            [Differing::Number]
        );
        assert_eq!(
            compared("The mayor of Lwowek sold the bridge", "The mayor of Gdansk sold the bridge"),
            [Differing::Name]
        );
        assert_eq!(compared("The vaccine does not work", "The vaccine does work"), [Differing::Negation]);
        assert_eq!(compared("The vaccine doesn\u{2019}t work", "The vaccine does work"), [Differing::Negation]);
        assert_eq!(
            compared("They sold the bridge on 3 May 2019 to 12 men", "They sold the bridge on 3 June 2019 to 12 men"),
            [Differing::Date]
        );
        assert!(compared("They sold the bridge in May 2019", "On 2019-05-03 they sold the bridge").is_empty());
        assert!(compared("They sent 200000 men", "They sent 200.000 men").is_empty());
        assert!(compared("They sent 200 000 men", "They sent 0.2 million men").is_empty());
        assert_eq!(compared("They sent 25 thousand men", "They sent 25 men"), [Differing::Number]);
        assert!(compared("In 2014 the mayor of Gdansk came", "The mayor of Gdansk came in 2014 alone").is_empty());
        assert!(compared("", "").is_empty());
    }

    #[test]
    fn what_denies_depends_on_the_language() {
        let language = |code| Language::lenient(code);
        assert!(denies(language("es"), "falso") && denies(language("ru"), "ложь") && !denies(language("en"), "ложь"));
        assert!(denies(language("it"), "mai") && !denies(language("de"), "mai") && !denies(None, "not"));
        assert!(denies(language("fr"), "n\u{2019}est") && !denies(language("en"), "n'est"));
        // Every code is one that a text can have.
        assert!(DENIALS.iter().all(|d| language(d.0).is_some_and(|l| l.code() == d.0)));
    }

    #[test]
    fn passages_are_cut_by_code_points() {
        assert_eq!(slice("привет мир", (7, 10)), "мир");
        assert_eq!(slice("short", (3, 99)), "rt");
        assert_eq!(slice("short", (99, 100)), "");
        assert_eq!(slice("short", (2, 2)), "");
    }
}
