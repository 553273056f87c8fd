//! The words of the interface, all in one file, so that a translation is one more file of the same keys.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The English words, as the browser's modules get them, too.
pub(super) const ENGLISH: &str = include_str!("english.json");

static WORDS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| serde_json::from_str(ENGLISH).unwrap_or_default());

/// For templates: `t.of("nav.cases")`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts;

impl Texts {
    /// The words of a key; the key itself where there are none, which a test rules out.
    #[expect(clippy::unused_self, reason = "templates call methods, not functions")]
    pub(super) fn of(self, key: &'static str) -> &'static str {
        WORDS.get(key).map_or(key, String::as_str)
    }

    /// The words of a key with `{name}` replaced.
    pub(super) fn with(self, key: &'static str, name: &str, value: impl std::fmt::Display) -> String {
        self.of(key).replace(&format!("{{{name}}}"), &value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Text between `before` and the next quotation mark, wherever it stands in the files of a folder.
    fn keys(folder: &str, before: &[&str], found: &mut Vec<String>) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for file in std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).filter(|p| p.is_file()) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            for before in before {
                for (at, _) in text.match_indices(before) {
                    // `post(` ends like `t(`.
                    let inside = text[..at].ends_with(|c: char| c.is_alphanumeric());
                    let key = text[at + before.len()..].split(['"', '\'', '`']).next();
                    found.extend(key.filter(|_| !inside).map(str::to_owned));
                }
            }
        }
    }

    #[test]
    fn every_key_that_is_used_has_words_and_every_word_is_used() {
        let mut used = Vec::new();
        keys("src/web/page/templates", &["t.of(\"", "t.with(\""], &mut used);
        keys("src/web/page/assets", &["t('", "t(`", "count('"], &mut used);
        keys("src/web/page", &["t.of(\"", "t.with(\"", "Texts.of(\"", "Texts.with(\""], &mut used);
        assert!(used.len() > 100);
        for key in used.iter().filter(|k| !k.contains('$') && !k.contains(' ') && !k.contains('…')) {
            assert!(WORDS.contains_key(key) || WORDS.contains_key(&format!("{key}.one")), "no words for {key}");
        }
        // Keys put together from parts: the part before `${`.
        let begun: Vec<&str> = used.iter().filter_map(|k| k.split_once("${")).map(|k| k.0).collect();
        for word in WORDS.keys() {
            let plain = word.trim_end_matches(".one");
            assert!(
                used.iter().any(|k| k == word || k == plain)
                    || begun.iter().any(|b| !b.is_empty() && word.starts_with(b)),
                "{word} is not used"
            );
        }
    }
}
