//! Languages by name: collections say in English words where a claim circulated, records and texts have codes.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

use crate::document::Language;

/// Code and English name. Of two names for a code the first is shown.
const NAMES: [(&str, &str); 79] = [
    ("af", "Afrikaans"),
    ("sq", "Albanian"),
    ("am", "Amharic"),
    ("ar", "Arabic"),
    ("hy", "Armenian"),
    ("az", "Azerbaijani"),
    ("bm", "Bambara"),
    ("eu", "Basque"),
    ("be", "Belarusian"),
    ("bn", "Bengali"),
    ("bs", "Bosnian"),
    ("bg", "Bulgarian"),
    ("my", "Burmese"),
    ("ca", "Catalan"),
    ("zh", "Chinese"),
    ("hr", "Croatian"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("prs", "Dari"),
    ("nl", "Dutch"),
    ("en", "English"),
    ("et", "Estonian"),
    ("fil", "Filipino"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("gl", "Galician"),
    ("ka", "Georgian"),
    ("de", "German"),
    ("el", "Greek"),
    ("ha", "Hausa"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("hu", "Hungarian"),
    ("is", "Icelandic"),
    ("id", "Indonesian"),
    ("ga", "Irish"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("kk", "Kazakh"),
    ("ko", "Korean"),
    ("ku", "Kurdish"),
    ("ky", "Kyrgyz"),
    ("lv", "Latvian"),
    ("ln", "Lingala"),
    ("lt", "Lithuanian"),
    ("mk", "Macedonian"),
    ("ms", "Malay"),
    ("mt", "Maltese"),
    ("mn", "Mongolian"),
    ("cnr", "Montenegrin"),
    ("mos", "Mooré"),
    ("ne", "Nepali"),
    ("no", "Norwegian"),
    ("ps", "Pashto"),
    ("fa", "Persian"),
    ("fa", "Farsi"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("sg", "Sango"),
    ("sr", "Serbian"),
    ("sk", "Slovak"),
    ("sl", "Slovenian"),
    ("so", "Somali"),
    ("es", "Spanish"),
    ("sw", "Swahili"),
    ("sv", "Swedish"),
    ("tg", "Tajik"),
    ("ta", "Tamil"),
    ("th", "Thai"),
    ("tr", "Turkish"),
    ("tk", "Turkmen"),
    ("uk", "Ukrainian"),
    ("ur", "Urdu"),
    ("uz", "Uzbek"),
    ("vi", "Vietnamese"),
    ("cy", "Welsh"),
    ("wo", "Wolof"),
];

static CODES: LazyLock<FxHashMap<String, &str>> =
    LazyLock::new(|| NAMES.iter().map(|(code, name)| (name.to_lowercase(), *code)).collect());

/// The code of a language that is given by code (`en-US`) or English name; what is neither, in lower case.
pub(crate) fn code(given: &str) -> String {
    let plain = given.trim().to_lowercase();
    match CODES.get(&plain) {
        Some(code) => (*code).to_owned(),
        None => Language::lenient(&plain).map_or(plain, |language| language.code().to_owned()),
    }
}

/// The English name of a code; the code itself where no name is known.
pub(crate) fn name(code: &str) -> &str {
    NAMES.iter().find(|n| n.0 == code).map_or(code, |n| n.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_of_a_language_are_one() {
        for given in ["en", "EN", "en-US", "eng", " English ", "english"] {
            assert_eq!(code(given), "en", "{given}");
        }
        assert_eq!((code("Farsi"), name("fa")), ("fa".to_owned(), "Persian"));
        assert_eq!((code("Elvish"), name("elvish")), ("elvish".to_owned(), "elvish"));
        for (of, _) in NAMES {
            assert_eq!(of, code(name(of)));
        }
    }
}
