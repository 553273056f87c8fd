//! The languages that records state and those their texts are in.
//!
//! A wrong `language` means wrong stems. Detection on short text is unreliable, so a text counts as being in another
//! language only if the whole and both of its halves say the same one; a single sentence quoted from another language
//! does not make that happen. Where nothing is stated a guess on the whole is asked, too, as training asks it.

use std::collections::BTreeMap;

use super::finding::{Finding, Kind};
use super::unit::Unit;
use crate::document::Language;
use crate::text::analyser::Analysis;
use crate::text::language::detect;
use crate::text::stem::WordStemmer;

/// Fewest letters of a half that is looked at.
const LETTERS: usize = 60;

/// Fewest texts of a language to learn from: with stems a few texts share words; without, every form of a word counts
/// for itself and it takes more.
const FEWEST: usize = 5;
const FEWEST_WITHOUT_STEMS: usize = 20;

/// Short texts that state no language are now and then taken for another than they are in. So a language that is only
/// guessed from such texts is met from this share of all texts on, and never in a single one.
const GUESSED: f64 = 0.01;

/// Languages that detection does not tell apart.
const ALIKE: [&[&str]; 3] = [&["no", "nb", "nn", "da"], &["sr", "hr", "bs", "sh", "me"], &["id", "ms"]];

pub(super) fn find(units: &[Unit<'_>]) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut spoken: BTreeMap<Language, (Vec<&Unit<'_>>, usize)> = BTreeMap::new();
    for unit in units {
        let stated = Language::lenient(unit.language);
        let found = surely(unit.text);
        if let (Some(stated), Some(found)) = (stated, found)
            && !alike(stated, found)
        {
            let what = format!("states the language {stated}, the text looks like {found}");
            out.push(Finding::new(Kind::WrongLanguage, Some(unit.place), unit.id, what));
        }
        let sure = stated.or(found);
        if let Some(language) = sure.or_else(|| detect(unit.text)) {
            let (texts, of_sure) = spoken.entry(language).or_default();
            texts.push(unit);
            *of_sure += usize::from(sure.is_some());
        }
    }
    for (language, (texts, of_sure)) in spoken {
        if of_sure == 0 && (texts.len() as f64) < (units.len() as f64 * GUESSED).max(2.0) {
            continue;
        }
        let stems = has_stemmer(language, &texts);
        if texts.len() < if stems { FEWEST } else { FEWEST_WITHOUT_STEMS } {
            let without = if stems { "" } else { ", and there is no stemmer for it" };
            let what =
                format!("only {} text{} in {language}{without}", texts.len(), if texts.len() == 1 { "" } else { "s" });
            out.push(Finding::new(Kind::Unsupported, Some(texts[0].place), texts[0].id, what));
        }
    }
    out
}

/// The language of a text, if whole and halves agree.
fn surely(text: &str) -> Option<Language> {
    let letters = |t: &str| t.chars().filter(|c| c.is_alphabetic()).count();
    let middle = text.floor_char_boundary(text.len() / 2);
    let (a, b) = text.split_at(middle);
    if letters(a) < LETTERS || letters(b) < LETTERS {
        return None;
    }
    detect(text).filter(|l| detect(a) == Some(*l) && detect(b) == Some(*l))
}

fn alike(a: Language, b: Language) -> bool {
    a == b || ALIKE.iter().any(|set| set.contains(&a.code()) && set.contains(&b.code()))
}

/// Whether any word of the texts has a stem that is not the word itself.
fn has_stemmer(language: Language, texts: &[&Unit<'_>]) -> bool {
    let stemmer = WordStemmer::new(Some(language));
    let mut analysis = Analysis::default();
    texts.iter().take(FEWEST_WITHOUT_STEMS).any(|unit| {
        analysis.analyse(unit.text, Some(language));
        analysis.tokens.iter().any(|t| stemmer.stem(analysis.text(t)) != analysis.text(t))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_does_not_make_another_language() {
        let german = "Der Stadtrat stimmt nächste Woche über den neuen Haushalt ab, wie die Bürgermeisterin am Montag mitteilte. ";
        let english = "The council will vote on the new budget next week, the mayor told reporters on Monday evening. ";
        let code = |t: &str| surely(t).map(|l| l.code().to_owned());
        assert_eq!(code(&german.repeat(2)).as_deref(), Some("de"));
        assert_eq!(code(&(german.to_owned() + english)), None);
        assert_eq!(code("Guten Morgen"), None);
        assert!(
            alike("nb".parse().unwrap(), "no".parse().unwrap()) && !alike("ru".parse().unwrap(), "uk".parse().unwrap())
        );
    }
}
