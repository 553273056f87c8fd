//! Days and months that a text names: `2022-03-12`, `12.03.2022`, `3/12/22`, `12 March 2022`, `марта 2022`.
//!
//! A bare year is no date here: 2000 may count people. Month names are those of the text's language only, since "mars" is
//! a month in French and a planet in English, and they count only beside a day or a year, since "may" is a verb.

use std::ops::Range;

use super::analyser::{Analysis, OriginalBytes};
use super::token::{Token, TokenKind};

/// A date as far as it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Date {
    year: Option<u16>,
    month: u8,
    day: Option<u8>,
    /// Whether day and month may be meant the other way round: `3/4/2022` is in March or in April.
    either: bool,
    /// The tokens it is written with.
    pub(crate) tokens: Range<usize>,
}

impl Date {
    /// Whether two dates can be the same: what both name agrees.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let same = |a: Option<u16>, b: Option<u16>| a.zip(b).is_none_or(|(a, b)| a == b);
        let days = |a: &Self, b: &Self| {
            let day = |d: Option<u8>| d.map(u16::from);
            let straight = a.month == b.month && same(day(a.day), day(b.day));
            let turned = || a.day == Some(b.month) && same(Some(u16::from(a.month)), day(b.day));
            straight || a.either && turned()
        };
        same(self.year, other.year) && (days(self, other) || days(other, self))
    }
}

/// The dates an analysed text names, in order.
pub(crate) fn dates(text: &str, analysis: &Analysis) -> Vec<Date> {
    let names = analysis.language.and_then(|l| MONTHS.iter().find(|m| m.0.split(' ').any(|code| code == l.code())));
    let mut between = OriginalBytes::new(text);
    let tokens = &analysis.tokens;
    let mut out: Vec<Date> = Vec::new();
    let mut next = 0;
    for (at, token) in tokens.iter().enumerate() {
        let month = || names.and_then(|n| month(n.1, analysis.text(token)));
        let found = if at < next {
            None
        } else if token.kind == TokenKind::Number {
            let mut joined = |a: &Token, b: &Token| {
                let gap = if a.end <= b.start { between.slice(a.end, b.start) } else { "" };
                matches!(gap, "-" | "/" | ".").then(|| gap.to_owned())
            };
            numeric(analysis, at, &mut joined)
        } else if let Some(month) = month().filter(|_| is_name(between.slice(token.start, token.end), names)) {
            named(analysis, at, month, next)
        } else {
            None
        };
        if let Some(date) = found {
            next = date.tokens.end;
            out.push(date);
        }
    }
    out
}

/// A date in numbers that begins at a token.
fn numeric(analysis: &Analysis, at: usize, joined: &mut impl FnMut(&Token, &Token) -> Option<String>) -> Option<Date> {
    let tokens = &analysis.tokens;
    let first = analysis.text(&tokens[at]);
    if first.contains('.') {
        let parts: Vec<&str> = first.split('.').collect();
        let [a, b, c] = parts[..] else { return None };
        return ordered([a, b, c], ".", at..at + 1);
    }
    let [second, third] = [tokens.get(at + 1)?, tokens.get(at + 2)?];
    let gap = joined(&tokens[at], second)?;
    if joined(second, third)? != gap || [second, third].iter().any(|t| t.kind != TokenKind::Number) {
        return None;
    }
    ordered([first, analysis.text(second), analysis.text(third)], &gap, at..at + 3)
}

/// Three numbers as year, month and day, or as day, month and year; with `/` also as month, day and year.
fn ordered(parts: [&str; 3], gap: &str, tokens: Range<usize>) -> Option<Date> {
    let digits = |s: &str| s.len() <= 4 && !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !parts.iter().all(|p| digits(p)) {
        return None;
    }
    let number = |s: &str| s.parse::<u16>().ok();
    if parts[0].len() == 4 {
        let (year, month, day) = (number(parts[0])?, number(parts[1])?, number(parts[2])?);
        return date(Some(year), month, Some(day), false, tokens);
    }
    let year = match parts[2].len() {
        4 => number(parts[2])?,
        2 => 2000 + number(parts[2])?,
        _ => return None,
    };
    let (first, second) = (number(parts[0])?, number(parts[1])?);
    let swapped = gap == "/" && first <= 12;
    if swapped && second > 12 {
        return date(Some(year), first, Some(second), false, tokens);
    }
    date(Some(year), second, Some(first), swapped, tokens)
}

fn date(year: Option<u16>, month: u16, day: Option<u16>, either: bool, tokens: Range<usize>) -> Option<Date> {
    let sound = year.is_none_or(is_year) && (1..=12).contains(&month) && day.is_none_or(|d| (1..=31).contains(&d));
    let either = either && day != Some(month);
    sound.then(|| Date { year, month: month as u8, day: day.map(|d| d as u8), either, tokens })
}

fn is_year(year: u16) -> bool {
    (1000..2200).contains(&year)
}

/// A date around the name of a month at a token, of tokens from `from` on; at least a day or a year stands with it.
fn named(analysis: &Analysis, at: usize, month: u8, from: usize) -> Option<Date> {
    let text = |i: usize| analysis.tokens.get(i).map_or("", |t| analysis.text(t));
    let links = |i: usize| matches!(text(i), "de" | "of" | "del");
    let (mut start, mut end) = (at, at + 1);
    let mut day = None;
    let before = if at > from && links(at - 1) { at.checked_sub(2) } else { at.checked_sub(1) };
    if let Some(before) = before.filter(|&b| b >= from)
        && let Some(found) = day_of(text(before))
    {
        (day, start) = (Some(found), before);
    } else if let Some(found) = day_of(text(end)) {
        (day, end) = (Some(found), end + 1);
    }
    let after = end + usize::from(links(end));
    let year = text(after).parse::<u16>().ok().filter(|&y| is_year(y) && text(after).len() == 4);
    if year.is_some() {
        end = after + 1;
    }
    if day.is_none() && year.is_none() {
        return None;
    }
    date(year, u16::from(month), day, false, start..end)
}

/// A day of the month: `12`, `12th`, `1er`, `12º`.
fn day_of(word: &str) -> Option<u16> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let suffix = &word[digits..];
    let known = matches!(suffix, "" | "st" | "nd" | "rd" | "th" | "er" | "º" | "ª" | "o" | "a" | "e" | "го" | "ти");
    word[..digits].parse().ok().filter(|d| known && digits <= 2 && (1..=31).contains(d))
}

/// Whether a month's name is written as one: with a capital, where the language has them so.
fn is_name(word: &str, names: Option<&(&str, &str)>) -> bool {
    let capitals = names.is_some_and(|n| n.0 == "en" || n.0 == "de");
    !capitals || word.chars().next().is_some_and(char::is_uppercase)
}

/// Number of the month a normalised word names, 1 to 12.
fn month(names: &str, word: &str) -> Option<u8> {
    let is = |name: &str| name.strip_suffix('*').map_or(name == word, |stem| word.starts_with(stem));
    let at = names.split(' ').position(|month| month.split('|').any(is))?;
    Some(at as u8 + 1)
}

/// Month names by language, January first: forms of one with `|` between them, `*` for any ending.
const MONTHS: [(&str, &str); 23] = [
    (
        "en",
        "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sept|sep october|oct \
         november|nov december|dec",
    ),
    ("de", "januar|jänner februar märz april mai juni juli august september oktober november dezember"),
    ("fr", "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    ("es", "enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre"),
    ("it", "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
    ("pt", "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
    ("ca", "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre"),
    ("nl", "januari februari maart april mei juni juli augustus september oktober november december"),
    ("sv", "januari februari mars april maj juni juli augusti september oktober november december"),
    ("da", "januar februar marts april maj juni juli august september oktober november december"),
    ("no nb nn", "januar februar mars april mai juni juli august september oktober november desember"),
    (
        "fi",
        "tammikuu* helmikuu* maaliskuu* huhtikuu* toukokuu* kesäkuu* heinäkuu* elokuu* syyskuu* lokakuu* marraskuu* \
         joulukuu*",
    ),
    (
        "pl",
        "stycz* luty|lutego|lutym marzec|marca|marcu kwiecień|kwietnia|kwietniu maj|maja|maju czerwiec|czerwca|czerwcu \
         lipiec|lipca|lipcu sierpień|sierpnia|sierpniu wrzesień|września|wrześniu październik* listopad* grudzień|grudnia|grudniu",
    ),
    (
        "cs",
        "leden|ledna|lednu únor* březen|března|březnu duben|dubna|dubnu květen|května|květnu červen|června|červnu \
         červenec|července|červenci srpen|srpna|srpnu září říjen|října|říjnu listopad* prosinec|prosince|prosinci",
    ),
    (
        "sk",
        "január* február* marec|marca|marci apríl* máj* jún* júl* august* september|septembr* október|októbr* november|novembr* december|decembr*",
    ),
    ("ro", "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie"),
    (
        "hu",
        "január* február* március* április* május* június* július* augusztus* szeptember* október* november* december*",
    ),
    ("ru", "январ* феврал* март|марта|марте апрел* май|мая|мае июн* июл* август* сентябр* октябр* ноябр* декабр*"),
    (
        "uk",
        "січень|січня|січні лютий|лютого|лютому березень|березня|березні квітень|квітня|квітні травень|травня|травні \
         червень|червня|червні липень|липня|липні серпень|серпня|серпні вересень|вересня|вересні жовтень|жовтня|жовтні \
         листопад* грудень|грудня|грудні",
    ),
    ("bg", "януари февруари март април май юни юли август септември октомври ноември декември"),
    (
        "el",
        "ιανουάρ*|ιανουαρ* φεβρουάρ*|φεβρουαρ* μάρτι*|μαρτίου απρίλ*|απριλ* μάι*|μαΐου ιούνι*|ιουνίου ιούλι*|ιουλίου \
         αύγουστ*|αυγούστου σεπτέμβρ*|σεπτεμβρ* οκτώβρ*|οκτωβρ* νοέμβρ*|νοεμβρ* δεκέμβρ*|δεκεμβρ*",
    ),
    ("tr", "ocak* şubat* mart* nisan* mayıs* haziran* temmuz* ağustos* eylül* ekim* kasım* aralık*"),
    (
        "id ms",
        "januari februari maret|mac april mei jun|juni juli|julai agustus|ogos september oktober november \
         desember|disember",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Language;
    use proptest::prelude::*;

    fn found(text: &str, language: &str) -> Vec<(Option<u16>, u8, Option<u8>, String)> {
        let mut analysis = Analysis::default();
        analysis.analyse(text, Language::lenient(language));
        let mut cut = OriginalBytes::new(text);
        let place = |d: &Date| (analysis.tokens[d.tokens.start].start, analysis.tokens[d.tokens.end - 1].end);
        let found = dates(text, &analysis);
        found
            .iter()
            .map(|d| {
                (d.year, d.month, d.day, {
                    let (a, b) = place(d);
                    cut.slice(a, b).to_owned()
                })
            })
            .collect()
    }

    #[test]
    fn dates_are_found_as_people_write_them() {
        let written = [
            ("It fell on 2022-03-12 at night", "en"),
            ("Es geschah am 12.03.2022, heißt es", "de"),
            ("on 12/03/2022 it fell", "en"),
            ("on March 12th, 2022 it fell", "en"),
            ("the 12th of March 2022", "en"),
            ("am 12. März 2022", "de"),
            ("el 12 de marzo de 2022 en Kiev", "es"),
            ("12 марта 2022 года", "ru"),
            ("dnia 12 marca 2022 r.", "pl"),
        ];
        for (text, language) in written {
            let dates = found(text, language);
            assert_eq!(dates.len(), 1, "{text}");
            assert_eq!((dates[0].0, dates[0].1, dates[0].2), (Some(2022), 3, Some(12)), "{text}");
        }
        assert_eq!(found("seit März 2022 dort", "de")[0].3, "März 2022");
        assert_eq!(found("el 12 de marzo de 2022 en Kiev", "es")[0].3, "12 de marzo de 2022");
        assert_eq!(found("From 3 May to 9 June 1999", "en").len(), 2);
    }

    proptest! {
        #[test]
        fn dates_lie_in_the_text_in_order(text in "([0-9]{1,4}|[-/. #@]|march|March|May|of|th|é|\u{301}|\\PC){0,40}") {
            let mut analysis = Analysis::default();
            analysis.analyse(&text, Some(Language::ENGLISH));
            let mut from = 0;
            for date in dates(&text, &analysis) {
                prop_assert!(date.tokens.start >= from && date.tokens.end > date.tokens.start);
                prop_assert!(date.tokens.end <= analysis.tokens.len() && date.agrees(&date));
                from = date.tokens.end;
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_date_is_none() {
        for text in [
            "2000 people may 12 times",
            "version 1.2.3 of 4.5",
            "in 2014 they came",
            "99/99/2022",
            "March on!",
            "5 of 12",
        ] {
            assert!(found(text, "en").is_empty(), "{text}");
        }
        assert!(found("le 12 mars", "en").is_empty() && found("le 12 mars", "fr").len() == 1);
    }

    #[test]
    fn dates_agree_where_both_name_the_same() {
        let agree = |a: &str, b: &str| {
            let date = |text: &str| {
                let mut analysis = Analysis::default();
                analysis.analyse(text, Some(Language::ENGLISH));
                dates(text, &analysis).remove(0)
            };
            let (a, b) = (date(a), date(b));
            assert_eq!(a.agrees(&b), b.agrees(&a));
            a.agrees(&b)
        };
        assert!(agree("12 March 2022", "March 2022") && agree("12 March", "2022-03-12"));
        assert!(!agree("12 March 2022", "13 March 2022") && !agree("March 2021", "12 March 2022"));
        assert!(agree("3/12/2022", "12 March 2022") && agree("3/12/2022", "3 December 2022"));
        assert!(!agree("3/12/2022", "5 March 2022"));
    }

    #[test]
    fn every_language_has_twelve_months() {
        for (codes, names) in MONTHS {
            assert!(codes.split(' ').all(|code| Language::lenient(code).is_some_and(|l| l.code() == code)), "{codes}");
            assert_eq!(names.split(' ').count(), 12, "{codes}");
            assert!(names.split([' ', '|']).all(|n| n == crate::text::normalise::normalise(n)), "{codes}");
        }
    }
}
