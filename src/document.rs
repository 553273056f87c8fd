//! The thing that is assessed: one text with what is known about it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// An ISO 639 language code of two or three lower-case letters (`en`, `uk`, `ckb`).
///
/// Region and script subtags are dropped on reading (`pt-BR` is `pt`): stemmers and detection know languages only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language([u8; 3]);

impl Language {
    /// English.
    pub const ENGLISH: Self = Self(*b"en\0");

    /// The code as text.
    pub fn code(&self) -> &str {
        let len = if self.0[2] == 0 { 2 } else { 3 };
        std::str::from_utf8(&self.0[..len]).unwrap_or("und")
    }

    /// Reads a code and gives `None` for what is not one; for data where a bad code must not stop the work.
    pub fn lenient(code: &str) -> Option<Self> {
        code.parse().ok()
    }

    /// Reads the code that a record states; what is none is not used, and the words say so. Nothing is said of a code for
    /// "not known".
    #[cfg(feature = "batch")]
    pub(crate) fn stated(code: &str) -> (Option<Self>, Option<String>) {
        let language = Self::lenient(code);
        let unknown = ["", "und", "unknown", "mul", "zxx"].contains(&code.trim().to_ascii_lowercase().as_str());
        let said = (language.is_none() && !unknown).then(|| {
            let code: String = code.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(40).collect();
            format!(
                "the language stated, \"{code}\", is no code and was not used; give an ISO 639 code such as en, uk or pt, or leave it empty"
            )
        });
        (language, said)
    }
}

/// Codes of three letters (ISO 639-2, both sets, and what whatlang calls Chinese and Persian) of languages that have one
/// of two.
const LONG_CODES: [(&str, &str); 77] = [
    ("afr", "af"),
    ("alb", "sq"),
    ("ara", "ar"),
    ("arm", "hy"),
    ("aze", "az"),
    ("baq", "eu"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bos", "bs"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("chi", "zh"),
    ("cze", "cs"),
    ("dan", "da"),
    ("deu", "de"),
    ("dut", "nl"),
    ("ell", "el"),
    ("eng", "en"),
    ("est", "et"),
    ("eus", "eu"),
    ("fas", "fa"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("geo", "ka"),
    ("ger", "de"),
    ("gle", "ga"),
    ("glg", "gl"),
    ("gre", "el"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ice", "is"),
    ("ind", "id"),
    ("isl", "is"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kat", "ka"),
    ("kaz", "kk"),
    ("kor", "ko"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mac", "mk"),
    ("may", "ms"),
    ("mkd", "mk"),
    ("msa", "ms"),
    ("nld", "nl"),
    ("nob", "no"),
    ("nor", "no"),
    ("per", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rum", "ro"),
    ("rus", "ru"),
    ("slk", "sk"),
    ("slo", "sk"),
    ("slv", "sl"),
    ("spa", "es"),
    ("sqi", "sq"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tha", "th"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("vie", "vi"),
    ("wel", "cy"),
    ("cym", "cy"),
    ("zho", "zh"),
    ("nno", "nn"),
    ("cmn", "zh"),
    ("pes", "fa"),
];

impl FromStr for Language {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        let primary = s.trim().split(['-', '_']).next().unwrap_or("").to_ascii_lowercase();
        let b = primary.as_bytes();
        if !(2..=3).contains(&b.len()) || !b.iter().all(u8::is_ascii_lowercase) || primary == "und" {
            return Err(Error::Language(s.to_owned()));
        }
        // Of a language with a code of two letters, that is the one records and models use.
        let short = if b.len() == 3 { LONG_CODES.iter().find(|c| c.0 == primary) } else { None };
        let b = short.map_or(b, |c| c.1.as_bytes());
        Ok(Self([b[0], b[1], b.get(2).copied().unwrap_or(0)]))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl Serialize for Language {
    fn serialize<S: serde::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A text to assess.
///
/// Only `text` is read for narratives, evidence and related cases, so that every offset in the answer points into
/// it; whoever wants the headline assessed puts it in front of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// Names the document in the answer.
    pub id: String,
    /// What is assessed.
    pub text: String,
    /// The language, when known; detected from the text otherwise.
    pub language: Option<Language>,
}

impl Document {
    /// A document with nothing known but its text.
    ///
    /// ```
    /// let document = leitmotif::Document::from_text("NATO provoked the war.");
    /// assert_eq!(document.language, None);
    /// ```
    pub fn from_text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// Whether `text` is a day of the Gregorian calendar as `YYYY-MM-DD`.
pub(crate) fn is_date(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| text.get(range).filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
    let number = |range| digits(range)?.parse::<u32>().ok();
    if text.len() != 10 || text.get(4..5) != Some("-") || text.get(7..8) != Some("-") {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else { return false };
    is_day(year, month, day)
}

/// Whether there is such a day in the Gregorian calendar, which has no year 0.
pub(crate) fn is_day(year: u32, month: u32, day: u32) -> bool {
    year > 0 && (1..=days_in(year, month)).contains(&day)
}

/// The days of a month of the Gregorian calendar; 0 for what is no month.
fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lose_their_region_and_case() {
        assert_eq!("pt-BR".parse::<Language>().unwrap().code(), "pt");
        assert_eq!("ZH_hant".parse::<Language>().unwrap().code(), "zh");
        assert_eq!("ckb".parse::<Language>().unwrap().code(), "ckb");
        assert_eq!(["eng", "ger", "deu"].map(|c| c.parse::<Language>().unwrap().code().to_owned()), ["en", "de", "de"]);
        for bad in ["", "e", "english", "??", "und", "é"] {
            assert!(bad.parse::<Language>().is_err(), "{bad}");
        }
    }

    #[cfg(feature = "batch")]
    #[test]
    fn a_stated_language_that_is_no_code_is_said() {
        for good in ["en", "pt-BR", "", " und", "unknown"] {
            assert_eq!(Language::stated(good).1, None, "{good}");
        }
        for bad in ["English", "x-klingon", "5", "en\n\nde"] {
            let (language, said) = Language::stated(bad);
            let said = said.unwrap();
            assert!(language.is_none() && said.contains("such as en") && !said.contains('\n'), "{said}");
        }
    }

    #[test]
    fn dates_of_the_calendar() {
        for good in ["2024-02-29", "2000-02-29", "1999-12-31"] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-1-1",
            "01.02.2024",
            "2024-04-31",
            "0000-00-00",
            "0000-01-01",
            "２０２４-1",
            "+024-01-01",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
