//! What one line of a pasted case page is.
//!
//! Labels are matched word by word, so that case, runs of spaces and no-break spaces do not matter. A label followed by
//! a colon is a field; without one only labels that no sentence begins with are, because "Outlets close to …" is prose.

use crate::document::is_day;

/// One line, white space and bullet taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Nothing.
    Blank,
    /// `Disinfo:` and the title, which may be empty.
    Title(&'a str),
    /// A section begins.
    Heading(Heading),
    /// A button or caption of the web page; `true` if it ends the text of a case.
    Noise(bool),
    /// A label and its value; `sure` if it is no sentence that happens to begin with the label.
    Field { field: Field, value: &'a str, sure: bool },
    /// Anything else behind a bullet.
    Item(&'a str),
    /// Anything else.
    Text(&'a str),
}

/// The sections of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    Claim,
    Disproof,
}

/// The labelled fields of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Issue,
    Published,
    Languages,
    Countries,
    Keywords,
    Outlets,
}

/// Labels, the longer of two with the same beginning first, and whether no sentence begins so.
const LABELS: [(&str, Field, bool); 16] = [
    ("reported in", Field::Issue, false),
    ("date of publication", Field::Published, false),
    ("publication date", Field::Published, false),
    ("article language(s)", Field::Languages, true),
    ("article languages", Field::Languages, false),
    ("article language", Field::Languages, false),
    ("language(s)", Field::Languages, true),
    ("countries and/or regions discussed in the disinformation", Field::Countries, true),
    ("countries and/or regions discussed", Field::Countries, true),
    ("countries and/or regions", Field::Countries, true),
    ("countries", Field::Countries, false),
    ("keywords", Field::Keywords, false),
    ("keyword(s)", Field::Keywords, true),
    ("outlet(s)", Field::Outlets, true),
    ("outlets", Field::Outlets, false),
    ("outlet", Field::Outlets, false),
];

const BULLETS: [char; 10] = ['•', '-', '*', '–', '·', '‣', '▪', '●', '◦', '○'];

/// White space, and what shows as nothing.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\0')
}

/// Says what `line` is.
pub(super) fn classify(line: &str) -> Line<'_> {
    let whole = line.trim_matches(is_space);
    let text = whole.trim_start_matches(|c| BULLETS.contains(&c) || is_space(c));
    if text.is_empty() {
        return Line::Blank;
    }
    if let Some((title, true)) = after_label(text, "disinfo") {
        return Line::Title(title);
    }
    for (label, line) in [
        ("summary", Line::Heading(Heading::Claim)),
        ("disproof", Line::Heading(Heading::Disproof)),
        ("response", Line::Heading(Heading::Disproof)),
        ("publication/media", Line::Noise(true)),
        ("see more", Line::Noise(true)),
        ("download", Line::Noise(false)),
    ] {
        if after_label(text, label).is_some_and(|(rest, _)| rest.is_empty()) {
            return line;
        }
    }
    for (label, field, unmistakable) in LABELS {
        if let Some((value, colon)) = after_label(text, label) {
            let sure = colon
                || unmistakable
                || match field {
                    Field::Issue => after_label(value, "issue").is_some(),
                    Field::Published => date(value).is_some(),
                    _ => false,
                };
            return Line::Field { field, value, sure };
        }
    }
    let bulleted =
        whole.len() > text.len() && (!whole.starts_with(['-', '*', '–']) || whole.chars().nth(1).is_some_and(is_space));
    if bulleted { Line::Item(text) } else { Line::Text(whole) }
}

/// What follows `label` (lower case, words parted by one space) at the beginning of `text`, and whether after a colon.
pub(super) fn after_label<'a>(text: &'a str, label: &str) -> Option<(&'a str, bool)> {
    let mut rest = text;
    for word in label.split(' ') {
        let head = rest.get(..word.len())?;
        rest = &rest[word.len()..];
        if !head.eq_ignore_ascii_case(word) || !rest.chars().next().is_none_or(|c| is_space(c) || is_colon(c)) {
            return None;
        }
        rest = rest.trim_start_matches(is_space);
    }
    match rest.strip_prefix(is_colon) {
        Some(value) => Some((value.trim_start_matches(is_space), true)),
        None => Some((rest, false)),
    }
}

fn is_colon(c: char) -> bool {
    matches!(c, ':' | '：')
}

/// Reads a day as `YYYY-MM-DD`: `12/01/2022` (day first), `12.01.2022`, `2022-01-12`, `12 January 2022`,
/// `January 12, 2022`. `None` for what is no day of the calendar.
pub(in crate::ingest) fn date(text: &str) -> Option<String> {
    let parts: Vec<&str> = text
        .split(|c: char| is_space(c) || matches!(c, '/' | '.' | '-' | ','))
        .filter(|part| !part.is_empty())
        .collect();
    let [first, second, third] = parts[..] else { return None };
    let (year, month, day) = if first.len() == 4 {
        (first, number(second)?, number(third)?)
    } else if let Some(month) = month(second) {
        (third, month, number(first)?)
    } else if let Some(month) = month(first) {
        (third, month, number(second)?)
    } else {
        (third, number(second)?, number(first)?)
    };
    let year = number(year).filter(|year| (1900..=2199).contains(year))?;
    is_day(year, month, day).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn number(text: &str) -> Option<u32> {
    (text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// The number of an English month, written out or cut to three letters or more.
fn month(name: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let name = name.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| name.len() >= 3 && month.starts_with(&name))?;
    Some(at as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_known_however_they_are_written() {
        let keywords = |sure| Line::Field { field: Field::Keywords, value: "a, b", sure };
        assert_eq!(classify("  •\u{a0}KEYWORDS :\u{a0}a, b "), keywords(true));
        assert_eq!(classify("* keywords a, b"), keywords(false));
        let spanish = Line::Field { field: Field::Languages, value: "Spanish", sure: true };
        assert_eq!(classify("Article  language(s) Spanish"), spanish);
        assert_eq!(
            classify("-Date of publication 12/01/2022"),
            Line::Field { field: Field::Published, value: "12/01/2022", sure: true }
        );
        assert_eq!(classify("DISINFO : The sea is dry"), Line::Title("The sea is dry"));
        assert_eq!(classify("SUMMARY:"), Line::Heading(Heading::Claim));
        assert_eq!(classify("Response"), Line::Heading(Heading::Disproof));
        assert_eq!(classify("Publication/Media"), Line::Noise(true));
    }

    #[test]
    fn sentences_are_not_labels() {
        for line in ["Response times were short.", "Disinformation: a history", "Keywordsearch: x", "-5 degrees", "…:"]
        {
            assert_eq!(classify(line), Line::Text(line));
        }
        assert_eq!(classify("- Profile: new"), Line::Item("Profile: new"));
        assert_eq!(classify(" - "), Line::Blank);
    }

    #[test]
    fn days_are_read_day_first_and_checked() {
        for text in ["12/01/2022", "12.1.2022", "2022-01-12", "12 January 2022", "Jan 12, 2022", "12\u{a0}jan 2022"] {
            assert_eq!(date(text).as_deref(), Some("2022-01-12"), "{text}");
        }
        for text in ["01/13/2022", "30.02.2024", "29.02.2023", "12/01/22", "soon", "12 Ju 2022", "2022-01", "1/1/9999"]
        {
            assert_eq!(date(text), None, "{text}");
        }
        assert!(date("29.02.2024").is_some());
    }
}
