//! Which language a text is in, or that it is too short to say.
//!
//! `whatlang` names a language for any two words; on short text that guess is often wrong and a wrong stemmer is
//! worse than none, so a guess counts only above a confidence, or where function words speak for it. These are asked
//! before it: they are faster.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use whatlang::{Detector, Lang};

use super::function_words::{Counts, has_function_words, russian_and_bulgarian};
use crate::document::Language;

/// Bytes looked at: more hardly changes the answer, and detection must not cost more than the analysis.
const SAMPLE: usize = 700;

/// Fewest letters for a guess in a script that several languages share.
const FEWEST_LETTERS: usize = 20;

/// Least confidence for a guess. whatlang's own `is_reliable` asks for 0.9 and abstains on many plain sentences.
const SURE: f64 = 0.4;

/// Least confidence for a guess of which no other language has more function words.
const SURE_TOGETHER: f64 = 0.1;
/// Fewest letters for what function words have a part in.
const FEWEST_TOGETHER: usize = 12;

/// Languages told apart. Rare ones of the same script (Esperanto, Afrikaans, Latin …) draw short text away from the
/// language it is in far more often than they are met.
const CANDIDATES: [Lang; 45] = [
    Lang::Ara,
    Lang::Aze,
    Lang::Bel,
    Lang::Ben,
    Lang::Bul,
    Lang::Cat,
    Lang::Ces,
    Lang::Cmn,
    Lang::Dan,
    Lang::Deu,
    Lang::Ell,
    Lang::Eng,
    Lang::Est,
    Lang::Fin,
    Lang::Fra,
    Lang::Heb,
    Lang::Hin,
    Lang::Hrv,
    Lang::Hun,
    Lang::Hye,
    Lang::Ind,
    Lang::Ita,
    Lang::Jpn,
    Lang::Kat,
    Lang::Kor,
    Lang::Lav,
    Lang::Lit,
    Lang::Mkd,
    Lang::Nld,
    Lang::Nob,
    Lang::Pes,
    Lang::Pol,
    Lang::Por,
    Lang::Ron,
    Lang::Rus,
    Lang::Slk,
    Lang::Slv,
    Lang::Spa,
    Lang::Srp,
    Lang::Swe,
    Lang::Tam,
    Lang::Tha,
    Lang::Tur,
    Lang::Ukr,
    Lang::Vie,
];

/// Guesses the language of the original (not normalised) text; `None` when it cannot be told.
pub fn detect(text: &str) -> Option<Language> {
    let sample = readable(&text[..text.floor_char_boundary(SAMPLE)]);
    let letters = sample.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 3 {
        return None;
    }
    let cyrillic = Cyrillic::of(&sample);
    if let Some(code) = cyrillic.language(&sample) {
        return (letters >= FEWEST_LETTERS).then(|| Language::lenient(code)).flatten();
    }
    let function_words = Counts::new(&sample);
    if letters >= FEWEST_LETTERS
        && let Some(code) = function_words.settled()
    {
        return Language::lenient(code);
    }
    let info = DETECTOR.with(|d| d.detect(&sample))?;
    let guess = Language::lenient(info.lang().code())?;
    let alone = matches!(
        info.lang(),
        Lang::Ell | Lang::Kat | Lang::Hye | Lang::Tha | Lang::Kor | Lang::Tam | Lang::Jpn | Lang::Ben | Lang::Cmn
    );
    let sure = letters >= FEWEST_LETTERS && info.confidence() >= SURE;
    // What neither says for sure, both together may.
    let together =
        letters >= FEWEST_TOGETHER && info.confidence() >= SURE_TOGETHER && function_words.speak_for(guess.code());
    if alone || sure || together {
        return if cyrillic.speaks_against(guess, letters) { Language::lenient("ru") } else { Some(guess) };
    }
    function_words.leading().filter(|_| letters >= FEWEST_TOGETHER).and_then(Language::lenient)
}

/// The text without addresses, which are in no language, and with plain letters for those of full width.
fn readable(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    if text.contains("://") {
        let words = text.split_whitespace().filter(|w| !w.contains("://"));
        out = words.collect::<Vec<_>>().join(" ").into();
    }
    if out.contains(|c| ('\u{ff21}'..='\u{ff5a}').contains(&c)) {
        out = out.nfkc().collect::<String>().into();
    }
    out
}

/// Languages that are written in Cyrillic letters; those with function words are written in Latin ones. Of languages written
/// in both nothing can be said.
const CYRILLIC: [&str; 8] = ["be", "bg", "kk", "ky", "mk", "mn", "ru", "uk"];

/// Whether a text can be in a language, by its letters: what the template of a page says is not always true of the article.
pub(crate) fn fits(language: Language, text: &str) -> bool {
    let (mut latin, mut cyrillic) = (0usize, 0usize);
    for c in text[..text.floor_char_boundary(SAMPLE)].chars() {
        latin += usize::from(c.is_ascii_alphabetic() || ('\u{c0}'..='\u{24f}').contains(&c));
        cyrillic += usize::from(('\u{400}'..='\u{52f}').contains(&c));
    }
    let code = language.code();
    !(CYRILLIC.contains(&code) && latin > 2 * cyrillic || has_function_words(code) && cyrillic > 2 * latin)
}

/// Letters from which on a text without the letters of Ukrainian and Belarusian is in neither: in Ukrainian one letter in
/// fourteen is one of them.
const ENOUGH_CYRILLIC: usize = 40;

/// What the Cyrillic letters of a text tell: languages betray themselves by letters that the others lack, long before
/// trigrams can tell.
#[derive(Debug, Default)]
struct Cyrillic {
    letters: usize,
    /// Those that only Russian and Belarusian have, and that only Ukrainian and Belarusian have.
    russian: usize,
    ukrainian: usize,
    /// What the first letter of yet another language tells.
    other: Other,
}

/// What a letter tells that neither Russian nor Ukrainian has.
#[derive(Debug, Default, Clone, Copy)]
enum Other {
    /// There is none.
    #[default]
    None,
    /// The language that alone has it.
    Of(&'static str),
    /// Several have it.
    Several,
}

impl Cyrillic {
    fn of(sample: &str) -> Self {
        let mut out = Self::default();
        for c in sample.chars().filter(|c| ('\u{400}'..='\u{52f}').contains(c)) {
            out.letters += 1;
            match c.to_lowercase().next().unwrap_or(c) {
                'ы' | 'э' | 'ё' => out.russian += 1,
                'ї' | 'є' | 'ґ' | 'і' => out.ukrainian += 1,
                'ў' => {
                    out.ukrainian += 1;
                    out.note(Other::Of("be"));
                }
                'қ' | 'ұ' => out.note(Other::Of("kk")),
                'ј' | 'љ' | 'њ' | 'ђ' | 'ћ' | 'џ' | 'ѓ' | 'ќ' | 'ѕ' => out.note(Other::Several),
                _ => {}
            }
        }
        out
    }

    fn note(&mut self, other: Other) {
        if let Other::None = self.other {
            self.other = other;
        }
    }

    /// The language they tell, and where they tell none the small words: Russian or Bulgarian.
    fn language(&self, sample: &str) -> Option<&'static str> {
        match self.other {
            Other::None => {}
            Other::Of(code) => return Some(code),
            Other::Several => return None,
        }
        match (self.russian, self.ukrainian) {
            (0, 0) if self.letters == 0 => None,
            (0, 0) => self.by_words(sample),
            (_, 0) => Some("ru"),
            (0, _) => Some("uk"),
            // A quotation in the other language: the language with twice the letters.
            (r, u) if r > 2 * u => Some("ru"),
            (r, u) if u > 2 * r => Some("uk"),
            _ => None,
        }
    }

    /// Russian or Bulgarian, by small words or by the soft sign, which in Bulgarian stands before `о` alone.
    fn by_words(&self, sample: &str) -> Option<&'static str> {
        let soft = || sample.match_indices('ь').any(|(at, sign)| !sample[at + sign.len()..].starts_with('о'));
        match russian_and_bulgarian(sample) {
            (1.., 0) => Some("ru"),
            (0, 2..) => Some("bg"),
            (0, 0) if self.letters >= ENOUGH_CYRILLIC && soft() => Some("ru"),
            _ => None,
        }
    }

    /// Whether a guess of Ukrainian or Belarusian cannot be right for a text of so many letters, none of them theirs.
    fn speaks_against(&self, guess: Language, letters: usize) -> bool {
        matches!(guess.code(), "uk" | "be") && self.ukrainian == 0 && letters >= ENOUGH_CYRILLIC
    }
}

thread_local!(static DETECTOR: Detector = Detector::with_allowlist(CANDIDATES.to_vec()));

#[cfg(test)]
mod tests {
    use super::*;

    /// The starter's headlines are short; told are most of them.
    #[test]
    fn most_headlines_are_told_and_few_wrong() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/training-data/cases.jsonl");
        let (mut all, mut told, mut wrong) = (0, 0, 0);
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let found = detect(record["title"].as_str().unwrap());
            all += 1;
            told += usize::from(found.is_some());
            wrong += usize::from(found.is_some_and(|l| l.code() != record["language"]));
        }
        assert!(told * 100 >= all * 96 && wrong * 100 <= all * 2, "{told} of {all}, {wrong} wrong");
    }

    /// The starter's claims and background texts, in thirteen languages, state theirs.
    #[test]
    fn nearly_every_text_is_told_and_hardly_any_wrong() {
        let (mut all, mut told, mut wrong) = (0, 0, Vec::new());
        for (file, field) in [("cases", "claim"), ("cases", "disproof"), ("background", "text")] {
            let path = format!("{}/training-data/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
            for line in std::fs::read_to_string(path).unwrap().lines() {
                let record: serde_json::Value = serde_json::from_str(line).unwrap();
                let (text, stated) = (record[field].as_str().unwrap(), record["language"].as_str().unwrap());
                let found = detect(text);
                all += 1;
                told += usize::from(found.is_some());
                wrong.extend(found.filter(|l| l.code() != stated).map(|l| (stated.to_owned(), l, text.to_owned())));
            }
        }
        assert!(told * 1000 >= all * 995 && wrong.len() * 1000 <= all, "{told} of {all}, wrong: {wrong:?}");
    }

    #[test]
    fn names_the_language_of_a_sentence_and_abstains_on_a_word() {
        let of = |t: &str| detect(t).map(|l| l.code().to_owned());
        assert_eq!(of("The council will vote on the new budget next week, the mayor said.").as_deref(), Some("en"));
        assert_eq!(of("Der Stadtrat stimmt nächste Woche über den neuen Haushalt ab.").as_deref(), Some("de"));
        assert_eq!(of("На следующей неделе депутаты рассмотрят проект бюджета города.").as_deref(), Some("ru"));
        assert_eq!(of("Наступного тижня депутати розглянуть проєкт міського бюджету.").as_deref(), Some("uk"));
        assert_eq!(of("Secret labs were found in Ukraine").as_deref(), Some("en"));
        assert_eq!(
            of("ＵＳ ｂｉｏｌａｂｓ ａｒｅ ｉｎ ｔｈｅ ｍｉｄｄｌｅ ｏｆ Ｕｋｒａｉｎｅ").as_deref(),
            Some("en")
        );
        assert_eq!(of("https://example.org/les/vaccins/dans-les-pays"), None);
        // Without a letter that only Russian has.
        let spoken = "Испанский диспетчер видел в Киеве, как украинские истребители сопровождали рейс";
        assert_eq!(of(spoken).as_deref(), Some("ru"));
        assert_eq!(of("Виктория Нуланд потратила миллиарды долларов на переворот в Киеве").as_deref(), Some("ru"));
        assert_eq!(of("Правителството обяви, че ще отпусне пари за училищата в града").as_deref(), Some("bg"));
        assert_eq!(of("NATO"), None);
        assert_eq!(of("😀😀😀"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn every_candidate_goes_by_a_code_of_two_letters() {
        for lang in CANDIDATES {
            assert_eq!(Language::lenient(lang.code()).unwrap().code().len(), 2, "{lang}");
        }
    }

    #[test]
    fn letters_tell_what_a_language_cannot_be() {
        let fits = |code: &str, text: &str| super::fits(Language::lenient(code).unwrap(), text);
        assert!(fits("en", "The council votes.") && fits("ru", "Совет голосует.") && fits("sr", "Savet glasa."));
        assert!(!fits("en", "Совет голосует о NATO.") && !fits("uk", "The council votes."));
        assert!(fits("ru", "") && fits("en", "2024 😀") && fits("ar", "The council votes."));
    }
}
