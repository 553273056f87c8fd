//! Case bases of any size, the same on every machine: words drawn by Zipf's law, claims that share topics.

use leitmotif::cases::case::Case;

/// A small generator of pseudo-random numbers (SplitMix64, Steele, Lea and Flood 2014).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// A rank from 0, the rank `r` about as often as `1 / (r + 1)`.
    fn zipf(&mut self, ranks: f64) -> u64 {
        let share = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        #[expect(clippy::cast_sign_loss, reason = "at least 1 before the subtraction")]
        let rank = (ranks.powf(share) - 1.0) as u64;
        rank
    }
}

const SYLLABLES: [&str; 40] = [
    "ba", "ren", "mo", "ti", "kal", "su", "vor", "ne", "lin", "da", "pe", "ros", "ji", "tan", "ul", "gre", "fa", "min",
    "ok", "sel", "bri", "hu", "dan", "ye", "car", "lo", "wen", "ast", "qui", "por", "xe", "zan", "ib", "nor", "eth",
    "gu", "vi", "mar", "cho", "len",
];

/// The word of a rank: one syllable for the commonest, more for the rarer ones, as in any language.
fn word(rank: u64, out: &mut String) {
    let mut left = rank;
    loop {
        out.push_str(SYLLABLES[(left % 40) as usize]);
        left /= 40;
        if left == 0 {
            break;
        }
        left -= 1;
    }
}

/// About as many words as fact-checks of the world's languages have.
const WORDS: f64 = 400_000.0;

fn text(draw: &mut Draw, topic: u64, words: u64, out: &mut String) {
    for i in 0..words {
        if i > 0 {
            out.push(' ');
        }
        // A quarter of the words belong to the topic.
        let rank = if draw.below(4) == 0 { 200 + topic * 17 + draw.below(60) } else { draw.zipf(WORDS) };
        word(rank, out);
        if i % 14 == 13 {
            out.push('.');
        }
    }
    out.push('.');
}

fn case(number: u64) -> Case {
    let mut draw = Draw(number.wrapping_mul(0x5851_F42D_4C95_7F2D));
    let topic = draw.zipf(20_000.0);
    let mut case =
        Case { id: format!("case-{number}"), language: "en".into(), published: "2020-01-01".into(), ..Case::default() };
    text(&mut draw, topic, 9, &mut case.title);
    text(&mut draw, topic, 18, &mut case.claim);
    text(&mut draw, topic, 60, &mut case.disproof);
    case
}

/// The first `n` cases.
pub(crate) fn cases(n: u64) -> impl Iterator<Item = Case> {
    (0..n).map(case)
}

/// Texts that repeat one of `n` cases: some words of its claim and some of their own.
pub(crate) fn queries(n: u64, many: u64) -> impl Iterator<Item = String> {
    (0..many).map(move |i| {
        let mut draw = Draw(i.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x4d);
        let case = case(draw.below(n));
        let mut out = String::new();
        for kept in case.claim.split(' ') {
            if draw.below(10) < 7 {
                out.push_str(kept);
                out.push(' ');
            }
        }
        text(&mut draw, 3, 8, &mut out);
        out
    })
}
