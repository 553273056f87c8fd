//! The language of a text by its function words.
//!
//! Many words of any text are the same few dozen of its language, and quickly found; to compare trigrams with the profiles
//! of all languages takes longer than to score a post (`benches/batch.py unstated`). So they are asked first, and
//! trigrams only where they do not settle it: in short texts, and between languages that share their small words.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Languages of the Latin script with some of their most frequent words; a word may be of several.
const WORDS: [(&str, &str); 26] = [
    (
        "en",
        "the of and to in is that for was with as it on are this by be from have not at they he his which has been but",
    ),
    (
        "de",
        "der die und das ist nicht ein eine den dem mit von zu auf für sich auch im als werden wird haben dass aus bei",
    ),
    ("nl", "de het een van en is dat niet op te zijn voor met aan ook door naar wordt bij ze uit maar nog hebben"),
    ("fr", "le la les de des et est que qui dans pour une un sur pas ne plus par avec il ce sont du au ont été cette"),
    ("it", "il la di che è e in un una per non del con sono della le si da gli al nel più anche alla dei ha"),
    ("es", "el la de que y en los las se del por un una con no para su es al lo más como pero ha este"),
    ("pt", "o a de que e do da em os as não um uma para com por se no na dos mais foi ao são ou"),
    ("ca", "el la de que i en els les per una un amb no és del al ha dels més va com ser"),
    ("ro", "și de în a la cu pe nu care este un o din mai pentru să sunt au fi ce că prin"),
    ("pl", "i w na nie się z do to że jest o jak po przez za od są dla ale oraz czy tym"),
    ("cs", "a je na se v že to s z do o ale jako by jsou pro nebo které byl není ve při"),
    ("sk", "a je na sa v že to s z do o ale ako by sú pre alebo ktoré bol nie je aj pri"),
    ("hr", "i je u da se na su za od s ne koji što kao ili bi nije će iz ali koje"),
    ("sl", "in je v na da se za so ki z ne pa bi kot tudi ni pri iz ali bo"),
    ("hu", "a az és hogy nem is egy van ez de volt meg azt csak már még mint vagy"),
    ("sv", "och att det som en är på för av inte med den till har de ett om från var"),
    ("da", "og at det er en af til på for ikke med den der som har de et fra var blev"),
    ("no", "og at det er en av til på for ikke med den som har de et fra var ble"),
    ("fi", "ja on ei se että oli ovat mutta kun ole hän tai joka myös niin kuin sen"),
    ("et", "ja on ei et see oli ning kui ka oma mis aga ole kes pole"),
    ("tr", "bir ve bu da de için ile çok olarak daha olan gibi değil ne ise kadar"),
    ("id", "yang dan di ini itu dengan untuk tidak dari dalam pada akan adalah ke oleh juga"),
    ("vi", "và là của có không được cho những người một trong này với các đã để"),
    ("lt", "ir yra kad ne su iš į už tai bet kaip jau nuo apie buvo"),
    ("lv", "un ir ar no par ka uz kas nav bet tas lai pēc arī"),
    ("eu", "eta da ez bat du dira ere izan zen baina dute hori"),
];

/// Fewest such words for an answer.
const FEWEST: u32 = 5;

/// Least share of them among the words.
const SHARE: f64 = 0.15;

/// Longest of them, in bytes.
const LONGEST: usize = 12;

/// By word, a bit for each language that has it.
static LANGUAGES: LazyLock<FxHashMap<&str, u32>> = LazyLock::new(|| {
    let mut languages = FxHashMap::default();
    for (number, (_, words)) in WORDS.iter().enumerate() {
        words.split(' ').for_each(|word| *languages.entry(word).or_default() |= 1 << number);
    }
    languages
});

/// Whether the function words of a language are known.
pub(super) fn has_function_words(code: &str) -> bool {
    WORDS.iter().any(|words| words.0 == code)
}

/// The language of which a text has many more function words than of any other, if there is one.
pub(super) fn by_function_words(text: &str) -> Option<&'static str> {
    let languages = &*LANGUAGES;
    let mut counts = [0u32; WORDS.len()];
    let (mut words, mut word) = (0u32, String::new());
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphabetic() {
            word.push(c.to_ascii_lowercase());
        } else if !c.is_ascii() && c.is_alphabetic() {
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            words += 1;
            let mut of = if word.len() <= LONGEST { languages.get(&*word).copied().unwrap_or(0) } else { 0 };
            while of != 0 {
                counts[of.trailing_zeros() as usize] += 1;
                of &= of - 1;
            }
            word.clear();
        }
    }
    let (best, &most) = counts.iter().enumerate().max_by_key(|c| c.1)?;
    let second = counts.iter().enumerate().filter(|&(i, _)| i != best).map(|(_, &n)| n).max().unwrap_or(0);
    (most >= FEWEST && f64::from(most) >= SHARE * f64::from(words) && most >= 2 * second).then_some(WORDS[best].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_words_settle_it_and_few_or_shared_ones_do_not() {
        let english = "The mayor said that the budget of the town is to be voted on in the next week.";
        assert_eq!(by_function_words(english), Some("en"));
        let italian = "Il sindaco ha detto che il bilancio della città non è stato approvato dal consiglio, e che si vota per la seconda volta.";
        assert_eq!(by_function_words(italian), Some("it"));
        assert_eq!(by_function_words("The mayor left for town"), None);
        // Danish and Norwegian share nearly all of them.
        assert_eq!(by_function_words("Det er ikke for sent at gå hen til byen og se på den nye bro"), None);
        assert_eq!(by_function_words("Мэр сообщил, что бюджет города примут на следующей неделе"), None);
        assert_eq!(by_function_words(""), None);
    }
}
