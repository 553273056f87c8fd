//! The Latin form of a word, for character n-grams that cross scripts: `НАТО` and `NATO`, `Зеленский` and `Zelensky`,
//! `Überläufer` and `uberlaufer` share theirs.
//!
//! Names and international words are what two languages have in common, and letters are all that keeps them apart. Within
//! a language nothing is lost: a letter becomes the same letters every time. One table for all languages of a script was
//! preferred to the standard of each country (ISO 9, BGN/PCGN, DIN 1460), because the n-grams must meet, not be read
//! back. Scripts that leave vowels unwritten (Arabic, Hebrew) or have no letters (Han) stay as they are.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Writes the Latin form of the normalised (lower-case) `word` into `out`.
pub(crate) fn latin(word: &str, out: &mut String) {
    out.clear();
    if word.is_ascii() {
        out.push_str(word);
        return;
    }
    for c in word.chars() {
        if c.is_ascii() {
            out.push(c);
        } else if let Some(letters) = letters_of(c) {
            out.push_str(letters);
        } else {
            // Base letters of accented ones.
            for base in c.nfd().filter(|&b| !is_combining_mark(b)) {
                match letters_of(base) {
                    Some(letters) => out.push_str(letters),
                    None => out.push(base),
                }
            }
        }
    }
    // A word of marks alone.
    if out.is_empty() {
        out.push_str(word);
    }
}

/// The Latin letters of a letter of another alphabet, or of a Latin letter that has no decomposition.
fn letters_of(c: char) -> Option<&'static str> {
    Some(match c {
        'а' | 'α' | 'ა' => "a",
        'б' | 'ბ' => "b",
        'в' | 'β' | 'ვ' => "v",
        'г' | 'ґ' | 'ѓ' | 'γ' | 'გ' | 'ღ' => "g",
        'д' | 'δ' | 'დ' | 'ђ' | 'đ' | 'ð' => "d",
        'е' | 'ё' | 'э' | 'ε' | 'ე' | 'ѐ' => "e",
        'є' => "ie",
        'ж' | 'ჟ' => "zh",
        'з' | 'ζ' | 'ზ' => "z",
        'и' | 'й' | 'і' | 'ї' | 'η' | 'ι' | 'ი' | 'ѝ' | 'ı' => "i",
        'ј' | 'џ' | 'ჯ' => "j",
        'к' | 'ќ' | 'κ' | 'კ' | 'ქ' | 'ყ' => "k",
        'л' | 'λ' | 'ლ' | 'ł' => "l",
        'љ' => "lj",
        'м' | 'μ' | 'მ' => "m",
        'н' | 'ν' | 'ნ' => "n",
        'њ' => "nj",
        'о' | 'ο' | 'ω' | 'ო' | 'ø' => "o",
        'п' | 'π' | 'პ' | 'ფ' => "p",
        'р' | 'ρ' | 'რ' => "r",
        'с' | 'σ' | 'ს' => "s",
        'т' | 'τ' | 'ტ' | 'თ' => "t",
        'ћ' | 'ц' | 'ც' | 'წ' => "c",
        'у' | 'უ' | 'ў' => "u",
        'υ' | 'ы' => "y",
        'ф' | 'φ' => "f",
        'х' | 'χ' | 'ხ' => "kh",
        'ჰ' | 'ħ' => "h",
        'ч' | 'ჩ' | 'ჭ' => "ch",
        'ш' | 'შ' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ю' => "iu",
        'я' => "ia",
        'ძ' | 'ѕ' => "dz",
        'θ' | 'þ' => "th",
        'ξ' => "x",
        'ψ' => "ps",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> String {
        let mut out = String::new();
        latin(word, &mut out);
        out
    }

    #[test]
    fn one_name_in_many_scripts() {
        assert_eq!(["нато", "ნატო", "νατο", "nato"].map(of), ["nato"; 4]);
        assert_eq!(
            [of("київ"), of("überläufer"), of("wałęsa"), of("straße")],
            ["kiiv", "uberlaufer", "walesa", "strasse"]
        );
    }

    #[test]
    fn other_scripts_stay() {
        assert_eq!(of("北约"), "北约");
        assert_eq!(of("الناتو"), "الناتو");
        assert_eq!(of("\u{301}"), "\u{301}");
    }

    proptest::proptest! {
        #[test]
        fn no_word_vanishes(word in "\\PC{1,12}") {
            let word = super::super::normalise::normalise(&word);
            proptest::prop_assert!(word.is_empty() || !of(&word).is_empty());
        }
    }
}
