//! The language of a text by its function words.
//!
//! Many words of any text are the same few dozen of its language, and quickly found; to compare trigrams with the profiles
//! of all languages takes longer than to score a post (`benches/batch.py unstated`). So they are asked first, and
//! trigrams only where they do not settle it: in short texts, and between languages that share their small words.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Languages of the Latin script with some of their most frequent words; a word may be of several.
const WORDS: [(&str, &str); 30] = [
    (
        "en",
        "the of and to in is that for was with as it on are this by be from have not at they he his which has \
         been but were will we you an or what who their there so if would can about after into than its our \
         how all no do does did says when why",
    ),
    (
        "de",
        "der die und das ist nicht in ein eine den dem mit von zu auf für sich auch im als werden wird haben \
         dass aus bei sie er es wir ihr wie was wer nur noch nach vor über oder aber wenn war sind sein ihre \
         kein keine kann durch um bis mehr wegen gegen vom zur zum am",
    ),
    (
        "nl",
        "de het een van en in is dat niet op te zijn voor met aan ook door naar wordt bij ze uit maar nog \
         hebben als om dan zo over dit die wat wie waar kan worden werd was tegen geen hun haar tot meer \
         zonder moet",
    ),
    (
        "fr",
        "le la les de des et est que qui dans pour une un sur pas ne plus par avec il ce sont du au ont été \
         cette en aux à se ses son sa leur leurs nous vous ils elle on ou où mais comme sous entre sans \
         contre pourquoi quand y d l qu n était fait faire tout tous après",
    ),
    (
        "it",
        "il la di che è e in un una per non del con sono della le si da gli al nel più anche alla dei ha i lo \
         ci ma o come chi perché quando se loro suo sua questo questa dopo dal dalla nella nei delle degli \
         agli ai senza contro tra fra sul sulla hanno essere era stato",
    ),
    (
        "es",
        "el la de que y en los las se del por un una con no para su es al lo más como pero ha este sin sobre \
         entre cuando donde quien porque ya le les me nos sus ser está están son fue han hay también muy \
         contra desde hasta todo todos esta esto eso ni o qué cómo",
    ),
    (
        "pt",
        "o a de que e do da em os as não um uma para com por se no na dos mais foi ao são ou pela pelo pelos \
         nas nos sem sobre entre quando onde quem porque já lhe me seu sua seus suas ser está estão têm há \
         também muito contra desde até todo esta isso nem à às",
    ),
    (
        "ca",
        "el la de que i en els les per una un amb no és del al ha dels més va com ser aquest aquesta sense \
         sobre entre quan on qui perquè ja li seu seva està són han hi també molt contra des fins tot això ni \
         o pel pels",
    ),
    (
        "ro",
        "și de în a la cu pe nu care este un o din mai pentru să sunt au fi ce că prin le lui ei ea lor noi \
         voi dar sau când unde cine cum fără după până între sub peste fost era avea toate asta acest această \
         îi își ale",
    ),
    (
        "pl",
        "i w na nie się z do to że jest o jak po przez za od są dla ale oraz czy tym tak ten ta te tego tej \
         ich jego jej co kto gdy bo bez przed pod przy może będzie był była byli było jako tylko także już \
         nas nam was we ze u",
    ),
    (
        "cs",
        "a je na se v že to s z do o ale jako by jsou pro nebo které byl není ve při ten ta ty co kdo když \
         jsme bez před pod u jeho její jejich tak jen už podle proti mezi může bude byla bylo byli aby než \
         také i k",
    ),
    (
        "sk",
        "a je na sa v že to s z do o ale ako by sú pre alebo ktoré bol nie je aj pri ten tá tie čo kto keď \
         sme bez pred pod u jeho jej ich tak len už podľa proti medzi môže bude bola bolo boli aby než tiež i \
         k",
    ),
    (
        "hr",
        "i je u da se na su za od s ne koji što kao ili bi nije će iz ali koje nema bila bilo bili biti kad \
         kada gdje tko zbog protiv bez prije poslije samo već još sve ovo taj ta to on ona oni",
    ),
    ("sl", "in je v na da se za so ki z ne pa bi kot tudi ni pri iz ali bo"),
    ("hu", "a az és hogy nem is egy van ez de volt meg azt csak már még mint vagy"),
    (
        "sv",
        "och att det som en är på för av inte med den till har de ett om från var vi ni vad vem när där hur \
         men eller utan mot efter under över mellan vid kan ska vara blir blev denna detta alla inga så nu",
    ),
    (
        "da",
        "og at det er en af til på for ikke med den der som har de et fra var blev vi hvad hvem når hvor \
         hvordan men eller uden mod efter under over mellem ved kan skal være bliver denne dette alle ingen \
         så nu om",
    ),
    (
        "no",
        "og at det er en av til på for ikke med den som har de et fra var ble vi hva hvem når hvor hvordan \
         men eller uten mot etter under over mellom ved kan skal være blir denne dette alle ingen så nå om",
    ),
    ("fi", "ja on ei se että oli ovat mutta kun ole hän tai joka myös niin kuin sen"),
    ("et", "ja on ei et see oli ning kui ka oma mis aga ole kes pole"),
    (
        "tr",
        "bir ve bu da de için ile çok olarak daha olan gibi değil ne ise kadar ama veya kim nerede neden \
         nasıl sonra önce karşı her biz siz onlar şu o mi mı var yok",
    ),
    (
        "id",
        "yang dan di ini itu dengan untuk tidak dari dalam pada akan adalah ke oleh juga atau jika karena \
         saat mereka kami kita dia apa siapa mengapa bagaimana sebagai setelah sebelum lebih bisa telah sudah \
         belum bukan para",
    ),
    ("vi", "và là của có không được cho những người một trong này với các đã để"),
    ("lt", "ir yra kad ne su iš į už tai bet kaip jau nuo apie buvo"),
    ("lv", "un ir ar no par ka uz kas nav bet tas lai pēc arī"),
    ("eu", "eta da ez bat du dira ere izan zen baina dute hori"),
    ("sq", "të e në një për dhe që nuk me nga si është u i ka më ky kjo do kur por se tha janë ishte pas së nga kanë"),
    ("af", "die van en is nie het om te vir op dat sy wat met sal aan was hy hulle ek ons deur daar ook"),
    ("tl", "ang ng sa na mga ay at ito para hindi kung may siya ni si mula noong dahil ang kay"),
    ("sw", "ya na wa kwa ni za katika la cha kuwa hii hiyo si yake wake baada"),
];

/// Fewest such words for an answer.
const FEWEST: u32 = 3;

/// Fewest for an answer where trigrams tell nothing.
const FEWEST_LEADING: u32 = 2;

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

/// Calls `each` with the words of a text, in lower case.
fn each_word(text: &str, mut each: impl FnMut(&str)) {
    let mut word = String::new();
    let mut apostrophe = false;
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphabetic() {
            word.push(c.to_ascii_lowercase());
        } else if !c.is_ascii() && c.is_alphabetic() {
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            // The possessive of English is no Croatian word.
            let after = std::mem::replace(&mut apostrophe, matches!(c, '\'' | '’'));
            if !(after && word.len() == 1) {
                each(&word);
            }
            word.clear();
        }
    }
}

/// Small words that only one of Russian and Bulgarian has, and Ukrainian has not: short texts often lack the letters that tell
/// these apart. None has such a letter.
const RUSSIAN: &str = "как что из к ко во же его их она он они также которая только если после между под над где когда уже нет \
                       может себя нас вас тоже даже чем тем лишь снова ради";
const BULGARIAN: &str = "е се са че ще като това той тя те към със след през беше има бъде който която което които ги му един една \
                         този тази обаче във ни вече още няма";

/// By word, whether it is Russian or Bulgarian.
static CYRILLIC: LazyLock<FxHashMap<&str, &str>> = LazyLock::new(|| {
    let of = |words: &'static str, code| words.split(' ').map(move |word| (word, code));
    of(RUSSIAN, "ru").chain(of(BULGARIAN, "bg")).collect()
});

/// How many small words a text has that only Russian has, and how many that only Bulgarian has.
pub(super) fn russian_and_bulgarian(text: &str) -> (usize, usize) {
    let (mut russian, mut bulgarian) = (0, 0);
    each_word(text, |word| match CYRILLIC.get(word) {
        Some(&"ru") => russian += 1,
        Some(_) => bulgarian += 1,
        None => {}
    });
    (russian, bulgarian)
}

/// How many function words of each language a text has.
pub(super) struct Counts {
    of: [u32; WORDS.len()],
    /// All its words.
    words: u32,
}

impl Counts {
    /// Counts those of a text.
    pub(super) fn new(text: &str) -> Self {
        let languages = &*LANGUAGES;
        let mut out = Self { of: [0; WORDS.len()], words: 0 };
        each_word(text, |word| {
            out.words += 1;
            let mut of = if word.len() <= LONGEST { languages.get(word).copied().unwrap_or(0) } else { 0 };
            while of != 0 {
                out.of[of.trailing_zeros() as usize] += 1;
                of &= of - 1;
            }
        });
        out
    }

    /// The language of which there are many more than of any other, if there is one.
    pub(super) fn settled(&self) -> Option<&'static str> {
        let (best, &most) = self.of.iter().enumerate().max_by_key(|c| c.1)?;
        let second = self.of.iter().enumerate().filter(|&(i, _)| i != best).map(|(_, &n)| n).max().unwrap_or(0);
        let is_clear = most >= FEWEST && f64::from(most) >= SHARE * f64::from(self.words) && most >= 2 * second;
        is_clear.then_some(WORDS[best].0)
    }

    /// The language of which there are more than of any other, and not just one.
    pub(super) fn leading(&self) -> Option<&'static str> {
        let most = self.of.iter().copied().max().unwrap_or(0);
        let mut with_most = WORDS.iter().zip(self.of).filter(|(_, count)| *count == most).map(|(words, _)| words.0);
        with_most.next().filter(|_| most >= FEWEST_LEADING && with_most.next().is_none())
    }

    /// Whether there are some of a language, and of no other more.
    pub(super) fn speak_for(&self, code: &str) -> bool {
        let most = self.of.iter().copied().max().unwrap_or(0);
        most > 0 && WORDS.iter().zip(self.of).any(|(words, count)| words.0 == code && count == most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_function_words(text: &str) -> Option<&'static str> {
        Counts::new(text).settled()
    }

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

    #[test]
    fn a_word_of_several_languages_speaks_for_each_of_them() {
        let counts = Counts::new("US biolabs in Ukraine");
        assert!(["en", "de", "nl", "it"].iter().all(|code| counts.speak_for(code)));
        assert!(!counts.speak_for("fr") && !Counts::new("NATO").speak_for("en"));
        assert!(!Counts::new("the biolabs in Ukraine").speak_for("de"));
        assert_eq!(Counts::new("the biolabs in Ukraine").leading(), Some("en"));
        assert_eq!(counts.leading(), None);
        // A possessive is not the word that a letter is elsewhere.
        assert_eq!(Counts::new("Ukraine's labs, Kyiv's spin, Putin’s ally’s memo").leading(), None);
    }
}
