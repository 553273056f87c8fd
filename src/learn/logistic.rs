//! Logistic loss and its derivatives, many rows at a time, in nothing but additions, multiplications and divisions.
//!
//! The standard library's `exp` and `ln_1p` are those of the operating system: their last bits differ between machines,
//! and a loop over them cannot be vectorised. These can, and IEEE arithmetic gives the same bits everywhere (Rust never
//! fuses a multiplication with an addition by itself). Both are within a few units in the last place.

/// `exp(x)` for `x` in -700 to 0; below that, `exp(-700)`.
///
/// `x = k ln 2 + r` with `ln 2` in two parts (Cody and Waite, "Software Manual for the Elementary Functions", 1980), then
/// the Taylor polynomial of degree 13, whose remainder is below 2⁻⁵⁷ on `|r| ≤ ln 2 / 2`.
#[inline(always)]
pub(crate) fn exp_negative(x: f64) -> f64 {
    /// Added and subtracted, it rounds to an integer, which then stands in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = if x < -700.0 { -700.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut p = 1.0 / 6_227_020_800.0;
    for c in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        p = p * r + c;
    }
    f64::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// `ln(1 + t)` for `t` in 0 to 1.
///
/// `2 artanh(s)` with `s = t / (2 + t)`, at most 1/3; the series to `s³³` leaves less than 2⁻⁵⁷ of the value.
#[inline(always)]
fn ln_one_plus(t: f64) -> f64 {
    let s = t / (2.0 + t);
    let square = s * s;
    let mut p = 1.0 / 33.0;
    for odd in [31.0, 29.0, 27.0, 25.0, 23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        p = p * square + 1.0 / odd;
    }
    2.0 * s * p
}

/// A row's loss `ln(1 + exp(-margin))`, the probability `q` of its being on the other side, and `q (1 - q)`: minus the first
/// derivative of the loss, and the second.
#[inline(always)]
pub(crate) fn loss(margin: f64) -> (f64, f64, f64) {
    let e = exp_negative(-margin.abs());
    let sure = 1.0 / (1.0 + e);
    let (below, wrong) = if margin < 0.0 { (-margin, sure) } else { (0.0, e * sure) };
    (below + ln_one_plus(e), wrong, e * sure * sure)
}

/// `1 / (1 + exp(-x))`.
#[inline(always)]
pub(crate) fn sigmoid(x: f64) -> f64 {
    let e = exp_negative(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// `ln p` and `-ln(1 - p)` of `p = sigmoid(x)`.
#[inline(always)]
pub(crate) fn ln_sigmoids(x: f64) -> [f64; 2] {
    let rest = ln_one_plus(exp_negative(-x.abs()));
    if x >= 0.0 { [-rest, x + rest] } else { [x - rest, rest] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_few_units_in_the_last_place_of_the_standard_library() {
        for i in 0..200_000 {
            let x = -f64::from(i) * 0.003_5;
            let near = |ours: f64, std: f64, what: &str| {
                assert!((ours - std).abs() <= 1e-15 * std.abs(), "{what} at {x}: {ours:e} and {std:e}");
            };
            near(exp_negative(x), x.exp(), "exp");
            near(ln_one_plus(exp_negative(x)), exp_negative(x).ln_1p(), "ln_1p");
            let (value, wrong, slope) = loss(-x);
            near(value, x.exp().ln_1p(), "loss");
            near(wrong, x.exp() / (1.0 + x.exp()), "probability");
            near(slope, wrong * (1.0 - wrong), "slope");
            near(loss(x).1, 1.0 - wrong, "the other probability");
        }
    }

    #[test]
    fn extremes_stay_finite() {
        for x in [-1e300, -700.0, -0.0, 0.0, 700.0, 1e300] {
            let (value, wrong, slope) = loss(x);
            assert!(value >= 0.0 && value.is_finite() && (0.0..=1.0).contains(&wrong) && slope >= 0.0, "{x}");
        }
        assert!((loss(0.0).0 - std::f64::consts::LN_2).abs() < 1e-15);
        assert!((loss(-50.0).0 - 50.0).abs() < 1e-12);
    }
}
