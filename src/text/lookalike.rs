//! Puts look-alike letters back: `Рutin` with a Cyrillic `Р` is the Latin word `Putin`.
//!
//! Only inside a word that mixes scripts, and only if every letter of the minority script has a twin in the
//! majority's. Unicode's confusables skeleton (UTS #39) was rejected: it folds whole scripts into each other and
//! changes honest words (`rn` and `m`).

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Greek,
    Other,
}

fn script(c: char) -> Script {
    match c {
        'a'..='z' | '\u{df}'..='\u{24f}' | '\u{250}'..='\u{2af}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        _ => Script::Other,
    }
}

/// Lower-case letters that look the same (upright or in capitals): Latin, Cyrillic, Greek (`\0`: none).
const TWINS: [(char, char, char); 22] = [
    ('a', 'а', 'α'),
    ('b', 'в', 'β'),
    ('c', 'с', '\0'),
    ('d', 'ԁ', '\0'),
    ('e', 'е', 'ε'),
    ('h', 'һ', 'η'),
    ('i', 'і', 'ι'),
    ('j', 'ј', '\0'),
    ('k', 'к', 'κ'),
    ('l', 'ӏ', '\0'),
    ('m', 'м', 'μ'),
    ('n', '\0', 'ν'),
    ('o', 'о', 'ο'),
    ('p', 'р', 'ρ'),
    ('s', 'ѕ', '\0'),
    ('t', 'т', 'τ'),
    ('u', '\0', 'υ'),
    ('w', 'ԝ', 'ω'),
    ('x', 'х', 'χ'),
    ('y', 'у', 'γ'),
    ('z', '\0', 'ζ'),
    ('q', 'ԛ', '\0'),
];

/// Twins that differ by which letter of the word they imitate: Latin `h` in capitals is Cyrillic `н`.
const MORE: [(char, char); 6] = [('h', 'н'), ('b', 'ь'), ('n', 'п'), ('u', 'и'), ('r', 'г'), ('ï', 'ї')];

/// The letter of another script that a letter stands for; `loosely` by [`MORE`], too.
fn twin(c: char, to: Script, loosely: bool) -> Option<char> {
    let from = script(c);
    let found = TWINS.iter().find_map(|&(l, k, g)| {
        let source = [(Script::Latin, l), (Script::Cyrillic, k), (Script::Greek, g)];
        source.iter().any(|&(s, t)| s == from && t == c).then(|| source.iter().find(|&&(s, _)| s == to).map(|x| x.1))
    });
    match found.flatten() {
        Some(t) if t != '\0' => Some(t),
        _ if !loosely => None,
        _ => MORE.iter().find_map(|&(l, k)| match to {
            Script::Latin if k == c => Some(l),
            Script::Cyrillic if l == c => Some(k),
            _ => None,
        }),
    }
}

/// A quick look at whether both Latin and another of the three scripts occur at all in normalised text.
pub(super) fn may_mix(text: &str) -> bool {
    // Latin letters beyond ASCII (é, ß, ş) begin with these bytes.
    let latin = text.bytes().any(|b| b.is_ascii_lowercase() || (0xc3..=0xc9).contains(&b));
    // Greek and Cyrillic letters begin with these bytes in UTF-8.
    latin && text.bytes().any(|b| (0xcd..=0xd4).contains(&b))
}

/// The letters to replace in the normalised (lower-case) `text`: byte position and new letter, in order.
pub(super) fn replacements(text: &str) -> Vec<(usize, char)> {
    let mut out = Vec::new();
    let mut word: Vec<(usize, char)> = Vec::new();
    for (at, c) in text.char_indices().chain(std::iter::once((text.len(), ' '))) {
        if c.is_alphanumeric() {
            word.push((at, c));
        } else {
            fold_word(&word, &mut out);
            word.clear();
        }
    }
    out
}

fn fold_word(word: &[(usize, char)], out: &mut Vec<(usize, char)>) {
    let count = |s: Script| word.iter().filter(|&&(_, c)| script(c) == s).count();
    let mut counts = [
        (count(Script::Latin), Script::Latin),
        (count(Script::Cyrillic), Script::Cyrillic),
        (count(Script::Greek), Script::Greek),
    ];
    counts.sort_by_key(|&(n, _)| std::cmp::Reverse(n));
    if counts[1].0 == 0 {
        return;
    }
    // Letters that look the same first: `Вuсhа` with three Cyrillic letters of five is Latin, since `u` and `h` have no
    // twins. Majority first; where the majority's letters cannot take the rest in (`Pоссия` has one Latin letter, `сor`
    // two scripts at par), the other way round.
    for (loosely, most) in [(false, 3), (true, 2)] {
        for &(n, to) in counts.iter().filter(|&&(n, _)| n > 0) {
            let folded: Option<Vec<_>> = word
                .iter()
                .filter(|&&(_, c)| !matches!(script(c), Script::Other) && script(c) != to)
                .map(|&(at, c)| twin(c, to, loosely).map(|t| (at, t)))
                .collect();
            if let Some(folded) = folded.filter(|f| f.len() <= n * most) {
                out.extend(folded);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let replaced: std::collections::HashMap<_, _> = replacements(text).into_iter().collect();
        text.char_indices().map(|(i, c)| replaced.get(&i).copied().unwrap_or(c)).collect()
    }

    #[test]
    fn mixed_words_become_one_script_and_honest_ones_stay() {
        assert_eq!(folded("nаtо ехpands"), "nato expands");
        assert_eq!(folded("pоссия"), "россия");
        assert_eq!(folded("вuсhа mаѕѕасrе"), "bucha massacre");
        // Only by its shape is `u` a Cyrillic letter.
        assert_eq!(folded("пuтuн"), "питин");
        assert_eq!(folded("nato расширяется"), "nato расширяется");
        // One Latin letter beyond ASCII is enough to mix.
        assert!(may_mix("мé") && !may_mix("мир") && !may_mix("été"));
        // No twin for every letter: left as it is.
        assert_eq!(folded("it-шник gпж"), "it-шник gпж");
    }
}
