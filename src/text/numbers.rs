//! What a number is worth, however it is written: `200,000`, `200.000`, `200 000`, `200 тысяч` and `٢٠٠٠٠٠` are the same.
//!
//! A point or a comma before three digits parts thousands in one country and decimals in the next, so a number may have two
//! values. A count that says "thousand" or "million" is that many.

use std::borrow::Cow;
use std::ops::Range;

use super::analyser::{Analysis, OriginalBytes};
use super::token::TokenKind;

/// A number of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Number {
    /// What it may be worth.
    pub(crate) values: Vec<f64>,
    /// The tokens it is written with.
    pub(crate) tokens: Range<usize>,
}

impl Number {
    /// Whether two can be worth the same.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let same = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
        self.values.iter().any(|&a| other.values.iter().any(|&b| same(a, b)))
    }
}

/// The digit 0 to 9 that a decimal digit of another script stands for (Unicode's general category Nd, but for those that
/// NFKC folds).
pub(crate) fn western(c: char) -> char {
    /// The zeros of the scripts, in order; the digits follow theirs.
    const ZEROS: [u32; 20] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
        0x1040, 0x1090, 0x17e0, 0x1810,
    ];
    let code = u32::from(c);
    if !(0x660..0x181a).contains(&code) {
        return c;
    }
    let zero = ZEROS[..ZEROS.partition_point(|&zero| zero <= code)].last();
    zero.and_then(|zero| char::from_digit(code - zero, 10)).unwrap_or(c)
}

/// The digits of a whole number whose thousands are parted by points, commas or apostrophes; nothing for any other word.
/// `1.500` may be one and a half, but far more often is not.
pub(crate) fn grouped(word: &str) -> Option<String> {
    let mut parts = word.split(['.', ',', '\'']);
    let first = parts.next().filter(|p| (1..=3).contains(&p.len()) && is_digits(p) && !p.starts_with('0'))?;
    let mut out = first.to_owned();
    for part in parts {
        if part.len() != 3 || !is_digits(part) {
            return None;
        }
        out.push_str(part);
    }
    (out.len() > first.len()).then_some(out)
}

/// Most digits that are joined.
const LONGEST: usize = 15;

/// The numbers of an analysed text, in order.
pub(crate) fn numbers(text: &str, analysis: &Analysis) -> Vec<Number> {
    let mut between = OriginalBytes::new(text);
    let tokens = &analysis.tokens;
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let start = at;
        at += 1;
        if tokens[start].kind != TokenKind::Number {
            continue;
        }
        // The token at a place, where only a space or an apostrophe stands before it.
        let mut next = |at: usize| {
            let (last, next) = (&tokens[at - 1], tokens.get(at)?);
            let gap = if last.end <= next.start { between.slice(last.end, next.start) } else { "" };
            (!gap.is_empty() && gap.chars().all(|c| c.is_whitespace() || c == '\'')).then(|| analysis.text(next))
        };
        // Thousands may be parted so.
        let mut word = Cow::Borrowed(analysis.text(&tokens[start]));
        let begins = word.len() <= 3 && is_digits(&word);
        while let Some(group) = next(at).filter(|g| begins && g.len() == 3 && is_digits(g) && word.len() < LONGEST) {
            word.to_mut().push_str(group);
            at += 1;
        }
        let mut values = values_of(&word);
        if let Some(times) = next(at).and_then(scale) {
            values = values.iter().flat_map(|v| times.iter().map(move |t| v * t)).collect();
            at += 1;
        }
        if !values.is_empty() {
            out.push(Number { values, tokens: start..at });
        }
    }
    out
}

fn is_digits(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

/// What a normalised number may be worth.
fn values_of(word: &str) -> Vec<f64> {
    let whole = grouped(word);
    // The last mark may part decimals, if it does not part thousands before.
    let (before, decimals) = word.rfind(['.', ',']).map_or((word, ""), |at| (&word[..at], &word[at + 1..]));
    let mark = &word[before.len()..word.len() - decimals.len()];
    let digits = if is_digits(before) {
        Some(before.to_owned())
    } else {
        grouped(before).filter(|_| mark.is_empty() || !before.contains(mark))
    };
    let parted = digits.filter(|d| !d.is_empty() && is_digits(decimals)).map(|d| format!("{d}.{decimals}"));
    let mut out: Vec<f64> = whole.into_iter().chain(parted).filter_map(|n| n.parse().ok()).collect();
    out.retain(|v| v.is_finite());
    out.dedup();
    out
}

/// Words that multiply a number before them, and by how much; of those with a star the beginning. A billion has nine zeros or
/// twelve.
const SCALES: [(&[f64], &str); 4] = [
    (
        &[1e3],
        "thousand* tausend* tsd mille mila mil duizend* tusen* tusind* tysiąc* tysięc* tys tisíc* tis тысяч* тыс тисяч* тис \
         хиляд* хил bin mii ezer* χιλιάδ* هزار ألف آلاف الف हज़ार हजार พัน ribu nghìn 千",
    ),
    (
        &[1e6],
        "million* millón* millones milhão milhões milhao milhoes milion* milión* millió* mln mio mill миллион* мільйон* милион* \
         млн milyon* miljoen* miljon* miljoon* εκατομμ* مليون ملايين میلیون ล้าน juta triệu 百万",
    ),
    (&[1e9], "milliard* mrd mld miliard* миллиард* мільярд* милиард* млрд milyar* miljard* bilhão bilhões bn مليار"),
    (&[1e9, 1e12], "billion* bilion* billón billones bilião biliões"),
];

/// What a normalised word multiplies by.
fn scale(word: &str) -> Option<&'static [f64]> {
    let is = |listed: &str| listed.strip_suffix('*').map_or(word == listed, |beginning| word.starts_with(beginning));
    SCALES.iter().find(|(_, words)| words.split_ascii_whitespace().any(is)).map(|s| s.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Language;
    use proptest::prelude::*;

    fn values(text: &str) -> Vec<Vec<f64>> {
        let mut analysis = Analysis::default();
        analysis.analyse(text, Language::lenient("en"));
        numbers(text, &analysis).into_iter().map(|n| n.values).collect()
    }

    #[test]
    fn a_number_is_worth_the_same_however_it_is_written() {
        for text in [
            "200000",
            "200,000",
            "200.000",
            "200 000",
            "200\u{a0}000",
            "200\u{202f}000",
            "200'000",
            "200’000",
            "200 thousand",
            "200 тысяч",
            "200 тыс.",
            "200 tysięcy",
            "٢٠٠٠٠٠",
            "२०००००",
            "200 Tsd.",
            "0.2 million",
            "0,2 Mio.",
        ] {
            let found = values(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].iter().any(|v| (v - 2e5).abs() < 1e-6), "{text}: {found:?}");
        }
        assert_eq!(values("3.5 and 1,234.56 and 1.234,56"), [[3.5], [1234.56], [1234.56]]);
        assert_eq!(values("1.500 men"), [[1500.0, 1.5]]);
        assert_eq!(values("2 billion"), [[2e9, 2e12]]);
        assert_eq!(values("5 billiards, 3 minutes, 12 miles, 7 mills, 9 bins"), [[5.0], [3.0], [12.0], [7.0], [9.0]]);
        assert_eq!(values("In 2014 300 men, 12 3456"), [[2014.0], [300.0], [12.0], [3456.0]]);
        assert_eq!(values("1 2 3"), [[1.0], [2.0], [3.0]]);
        assert_eq!(values("1.234.567,89 and 5'000 and 1,234,567.8"), [[1_234_567.89], [5000.0], [1_234_567.8]]);
    }

    #[test]
    fn only_parted_thousands_are_joined() {
        assert_eq!(grouped("1.234.567").as_deref(), Some("1234567"));
        for other in ["", "12", "1234", "1,23", "12.03.2022", "1234,567", "word", "0,123", "1,,234", "1.234x", ",123"] {
            assert_eq!(grouped(other), None, "{other}");
        }
    }

    #[test]
    fn digits_of_all_scripts_are_known() {
        for c in ('\0'..=char::MAX).filter(|c| c.is_numeric() && !c.is_alphabetic()) {
            let folded = western(c);
            assert!(folded == c || folded.is_ascii_digit(), "{c}");
        }
        let line: String = "٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹ ०१२३४५६७८९ ๐๑๒๓๔๕๖๗๘๙ ০১২৩৪৫৬৭৮৯".chars().map(western).collect();
        assert_eq!(line, ["0123456789"; 5].join(" "));
        assert_eq!("٪ क ก आ ۞".chars().map(western).collect::<String>(), "٪ क ก आ ۞");
    }

    proptest! {
        #[test]
        fn any_text_has_its_numbers_in_order(text in "([0-9]{1,4}|[.,' ]|000|million |тысяч |[a-z]{1,5} |\\u{a0}|٣){0,20}") {
            let mut analysis = Analysis::default();
            analysis.analyse(&text, None);
            let mut last = 0;
            for number in numbers(&text, &analysis) {
                prop_assert!(number.tokens.start >= last && number.tokens.start < number.tokens.end);
                last = number.tokens.end;
                prop_assert!(number.values.iter().all(|v| v.is_finite() && *v >= 0.0));
            }
            prop_assert!(last <= analysis.tokens.len());
        }
    }
}
