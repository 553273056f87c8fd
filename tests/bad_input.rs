//! Hostile and broken texts: a defined outcome, never a panic, and no time or memory that grows out of hand.

use leitmotif::assess::{Assessment, Assessor, Options, Outcome};
use leitmotif::cases::related::CaseBase;
use leitmotif::{Document, embedded};

fn assess(text: String) -> Assessment {
    thread_local!(static STARTER: Assessor = {
        let model = embedded::model().unwrap();
        let ranker = model.ranker().unwrap().clone();
        Assessor::new(model, CaseBase { index: embedded::cases().unwrap(), ranker }).unwrap()
    });
    STARTER.with(|s| s.assess(&mut s.worker(), &Document::from_text(text), Options::default()))
}

#[test]
fn nothing_to_read_is_too_short() {
    for text in [
        "",
        " \n\t ",
        "\0\0\0",
        "🙂🙃😀🔥",
        "https://example.org/a/b",
        "@someone @else",
        "!!! ... ???",
        "1 2 3 4 5",
        "NATO",
        "Bucha massacre",
        "#BuchaStaged",
        "北约东扩",
    ] {
        let a = assess(text.to_owned());
        assert_eq!(a.outcome, Outcome::TooShort, "{text:?}");
        assert!(a.narratives.is_empty());
    }
}

#[test]
fn a_language_the_model_knows_nothing_of_is_unsupported() {
    for text in [
        "ይህ ስለ ዛሬ የአየር ሁኔታ የተለመደ ዓረፍተ ነገር ነው",
        "これは今日の天気についての普通の文章です。明日も晴れるでしょう。",
        "ဒါဟာ ယနေ့ ရာသီဥတု အကြောင်း သာမန် စာကြောင်း ဖြစ်ပါတယ်",
    ] {
        let a = assess(text.to_owned());
        assert_eq!(a.outcome, Outcome::Unsupported, "{text}");
        assert!(a.narratives.is_empty());
    }
}

#[test]
fn a_word_of_fifty_megabytes() {
    let a = assess("x".repeat(50 << 20));
    assert_eq!(a.outcome, Outcome::TooShort);
    assert!(a.warnings.iter().any(|w| w.contains("over-long")));
}

#[test]
fn ten_megabytes_without_a_space() {
    for piece in ["nato,", "北约东扩", "a-b.c/", "я\u{301}", "#", "@a"] {
        assess(piece.repeat((10 << 20) / piece.len()));
    }
}

#[test]
fn a_million_joiners_and_marks() {
    let plain = assess("NATO secretly runs biolabs in Ukraine to breed weapons against the Slavs.".into());
    let joined = "NATO secretly runs biolabs".to_owned()
        + &"\u{200d}".repeat(1_000_000)
        + " in Ukraine to breed weapons against the Slavs.";
    let a = assess(joined);
    assert_eq!(a.narratives[0].id, plain.narratives[0].id);
    assert!((a.narratives[0].probability - plain.narratives[0].probability).abs() < 1e-12);
    assess("a".to_owned() + &"\u{301}".repeat(1_000_000));
}

#[test]
fn right_to_left_and_mixed_scripts() {
    assess("حلف الناتو يحاصر روسيا NATO \u{202b}وهذا\u{202c} استفزاز encircles Россию".repeat(50));
    let cyrillic_letters = "NАТО есть аgгrеssоr: the Wеst еnсirсlеs Russiа with missilе bаsеs";
    assert!(!assess(cyrillic_letters.into()).narratives.is_empty());
}

#[test]
fn a_page_of_one_sentence_shows_short_evidence() {
    let a = assess("NATO encircles Russia with bases and missiles ".repeat(5000));
    assert!(a.narratives.iter().flat_map(|n| &n.evidence).all(|e| e.text.len() <= 800));
}
