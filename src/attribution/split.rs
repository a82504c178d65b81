//! The exact split: an amount divided over weights, largest remainder, nothing lost.
//!
//! The rule that must hold: the parts sum to the whole, whatever the weights.

use std::cmp::Reverse;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

use crate::model::Exact;

/// Parts are cut in units of 10⁻¹² of the currency, or finer where the amount itself is finer.
pub const SPLIT_PLACES: u8 = 12;

/// Splits `total` in proportion to `weights`, none of which is negative. Works on the absolute
/// value and gives the sign back. Units left over go to the largest remainders, ties to the
/// earlier weight, so callers order weights by customer id.
///
/// Returns `None` if the weights sum to zero: there is nobody to give it to.
pub fn split(total: Exact, weights: &[Exact]) -> Option<Vec<Exact>> {
    assert!(
        weights.iter().all(|weight| !weight.is_negative()),
        "a split must not have negative weights"
    );
    let holders = weights.iter().filter(|weight| !weight.is_zero()).count();
    if holders == 0 {
        return None;
    }
    if holders == 1 || total.is_zero() {
        let give = |weight: &Exact| if weight.is_zero() { Exact::ZERO } else { total };
        return Some(weights.iter().map(give).collect());
    }
    let places = SPLIT_PLACES.max(total.places());
    let scale = weights.iter().map(Exact::places).max().unwrap_or(0);
    let units = total.abs().units(places);
    let parts = match small(&units, weights, scale) {
        Some(shares) => shares
            .iter()
            .map(|share| Exact::new(*share, places))
            .collect(),
        None => large(&units, weights, scale)
            .iter()
            .map(|share| Exact::from_big(share, places))
            .collect::<Vec<_>>(),
    };
    assert!(
        parts.iter().sum::<Exact>() == total.abs(),
        "the parts of a split must sum to the whole"
    );
    Some(match total.is_negative() {
        true => parts.into_iter().map(|part| -part).collect(),
        false => parts,
    })
}

/// Parts of an amount in short form, in units of 10^-`places`.
#[derive(Debug)]
pub struct Shares {
    /// Places of the units.
    pub places: u8,
    /// The parts.
    pub units: Vec<i64>,
}

impl Shares {
    /// The same as [`split`], where weights are whole numbers and the amount fits 63 bits; `None`
    /// where it does not, or where there is nobody to give it to.
    pub fn of(total: Exact, weights: impl Iterator<Item = u64> + Clone) -> Option<Shares> {
        let places = SPLIT_PLACES.max(total.places());
        let whole = i64::try_from(total.units_i128(places)?).ok()?;
        let units = whole.unsigned_abs();
        let mut sum = 0u64;
        for weight in weights.clone() {
            sum = sum.checked_add(weight)?;
        }
        if sum == 0 || units > i64::MAX as u64 {
            return None;
        }
        let mut left = units;
        let mut shares: Vec<i64> = Vec::with_capacity(weights.size_hint().0);
        let mut remainders: Vec<(Reverse<u64>, u32)> = Vec::with_capacity(weights.size_hint().0);
        for (at, weight) in (0u32..).zip(weights) {
            let product = u128::from(units) * u128::from(weight);
            let (share, remainder) = match u64::try_from(product) {
                Ok(product) => (product / sum, product % sum),
                // Neither exceeds 64 bits: the share is at most the units, the remainder below the sum.
                Err(_) => {
                    let share = (product / u128::from(sum)) as u64;
                    let rest = product - u128::from(share) * u128::from(sum);
                    (share, rest as u64)
                }
            };
            left -= share;
            shares.push(share as i64);
            remainders.push((Reverse(remainder), at));
        }
        // Fewer units are left than there are weights, since every remainder is below the sum.
        let left = usize::try_from(left).ok()?;
        if left > 0 {
            remainders.select_nth_unstable(left - 1);
        }
        for (_, at) in &remainders[..left] {
            shares[*at as usize] += 1;
        }
        assert!(
            shares.iter().map(|share| i128::from(*share)).sum::<i128>() == i128::from(units),
            "the parts of a split must sum to the whole"
        );
        if whole < 0 {
            shares.iter_mut().for_each(|share| *share = -*share);
        }
        let units = shares;
        Some(Shares { places, units })
    }

    /// The last part.
    pub fn last(&self) -> Exact {
        let last = self.units.last().copied().unwrap_or(0);
        Exact::new(i128::from(last), self.places)
    }
}

/// The fast path: everything fits 128 bits.
fn small(units: &BigInt, weights: &[Exact], scale: u8) -> Option<Vec<i128>> {
    let units = u128::try_from(units.to_i128()?).ok()?;
    let mut small = Vec::with_capacity(weights.len());
    let mut sum: u128 = 0;
    for weight in weights {
        let weight = u128::try_from(weight.units_i128(scale)?).ok()?;
        sum = sum.checked_add(weight)?;
        small.push(weight);
    }
    units.checked_mul(*small.iter().max()?)?;
    let mut left = units;
    let mut shares: Vec<i128> = Vec::with_capacity(small.len());
    let mut remainders: Vec<(Reverse<u128>, usize)> = Vec::with_capacity(small.len());
    for (at, weight) in small.iter().enumerate() {
        let product = units * weight;
        let share = product / sum;
        left -= share;
        // No share exceeds the units, which fit.
        shares.push(share as i128);
        remainders.push((Reverse(product - share * sum), at));
    }
    // Fewer units are left than there are weights, since every remainder is below the sum.
    let left = usize::try_from(left).ok()?;
    if left > 0 {
        remainders.select_nth_unstable(left - 1);
    }
    for (_, at) in &remainders[..left] {
        shares[*at] += 1;
    }
    Some(shares)
}

/// The general path.
fn large(units: &BigInt, weights: &[Exact], scale: u8) -> Vec<BigInt> {
    let weights: Vec<BigInt> = weights.iter().map(|weight| weight.units(scale)).collect();
    let sum: BigInt = weights.iter().sum();
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut given = BigInt::zero();
    for (at, weight) in weights.iter().enumerate() {
        let (share, remainder) = (units * weight).div_rem(&sum);
        given += &share;
        shares.push(share);
        remainders.push((remainder, at));
    }
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    // Fewer units are left than there are weights, since every remainder is below the sum.
    let left = (units - given).to_usize().unwrap_or(0);
    for (_, at) in remainders.iter().take(left) {
        shares[*at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn parts(total: &str, weights: &[&str]) -> Vec<String> {
        let weights: Vec<Exact> = weights.iter().map(|w| exact(w)).collect();
        let parts = split(exact(total), &weights).unwrap();
        parts.iter().map(Exact::to_string).collect()
    }

    #[test]
    fn thirds_give_the_last_unit_to_the_first_of_equals() {
        assert_eq!(
            parts("1", &["1", "1", "1"]),
            ["0.333333333334", "0.333333333333", "0.333333333333"]
        );
        assert_eq!(
            parts("-100", &["1", "1", "1"]),
            ["-33.333333333334", "-33.333333333333", "-33.333333333333"]
        );
    }

    #[test]
    fn the_largest_remainder_wins_whatever_the_order() {
        // 10⁻¹² split 1 : 2: the single unit goes to the heavier one.
        assert_eq!(
            parts("0.000000000001", &["1", "2"]),
            ["0", "0.000000000001"]
        );
        assert_eq!(
            parts("0.000000000001", &["2", "1"]),
            ["0.000000000001", "0"]
        );
    }

    #[test]
    fn a_finer_amount_is_split_at_its_own_last_digit() {
        assert_eq!(
            parts("0.00000000000000001", &["3", "1"]),
            ["0.00000000000000001", "0"]
        );
        assert_eq!(
            parts("0.0034000000000000000000", &["1", "1"]),
            ["0.0017", "0.0017"]
        );
    }

    #[test]
    fn nobody_to_give_to() {
        assert_eq!(split(Exact::ONE, &[]), None);
        assert_eq!(split(Exact::ONE, &[Exact::ZERO]), None);
        assert_eq!(parts("5", &["0", "7"]), ["0", "5"]);
    }

    #[test]
    fn short_shares_are_the_parts_of_the_split() {
        let max = u64::MAX.to_string();
        for (total, weights) in [
            ("9223372.036854775807", vec!["1", "1", "1"]),
            (
                "-9223372.036854775807",
                vec!["9223372036854775807", "0", "9223372036854775808"],
            ),
            ("0.000000000001", vec!["2", "1", "2"]),
            ("-100", vec!["1", "1", "1", "0"]),
            ("0", vec!["5", "7"]),
            ("12.5", vec!["0", &max]),
            ("0.0000000000000123", vec!["3", "3", "1"]),
        ] {
            let exacts: Vec<Exact> = weights.iter().map(|weight| exact(weight)).collect();
            let counts = weights.iter().map(|weight| weight.parse().unwrap());
            let shares = Shares::of(exact(total), counts).unwrap();
            let part = |units: &i64| Exact::new(i128::from(*units), shares.places);
            let short: Vec<Exact> = shares.units.iter().map(part).collect();
            assert_eq!(shares.last(), short[short.len() - 1]);
            assert_eq!(short, split(exact(total), &exacts).unwrap(), "{total}");
        }
        let none = |total: &str, weights: &[u64]| {
            Shares::of(exact(total), weights.iter().copied()).is_none()
        };
        assert!(none("1", &[]) && none("1", &[0]) && none("1", &[u64::MAX, 1]));
        assert!(none("9223372.036854775808", &[1, 1]));
    }

    #[test]
    fn both_paths_agree_on_huge_numbers() {
        // 10⁹ units of money at 12 places times 10¹⁵ tokens leaves 128 bits.
        let weights = ["1000000000000000", "3000000000000000", "999999999999999"];
        let big: Vec<Exact> = weights.iter().map(|w| exact(w)).collect();
        let parts = split(exact("123456789012.345678901234"), &big).unwrap();
        assert_eq!(
            parts.iter().sum::<Exact>(),
            exact("123456789012.345678901234")
        );
    }

    proptest! {
        #[test]
        fn parts_sum_and_each_is_within_one_unit(
            total in -1_000_000_000_000i64..1_000_000_000_000,
            weights in prop::collection::vec(0u32..1_000_000, 1..12),
        ) {
            let total = Exact::new(i128::from(total), 6);
            let weights: Vec<Exact> = weights.iter().map(|w| Exact::from(u64::from(*w))).collect();
            let sum: Exact = weights.iter().sum();
            prop_assume!(!sum.is_zero());
            let parts = split(total, &weights).unwrap();
            prop_assert_eq!(parts.iter().sum::<Exact>(), total);
            for (part, weight) in parts.iter().zip(&weights) {
                // |part × sum − total × weight| < sum × 10⁻¹²
                let difference = (*part * sum - total * *weight).abs();
                prop_assert!(difference < sum * Exact::new(1, SPLIT_PLACES));
            }
            let counts = weights.iter().map(|weight| weight.to_u64().unwrap());
            let shares = Shares::of(total, counts).unwrap();
            let part = |units: &i64| Exact::new(i128::from(*units), shares.places);
            let short: Vec<Exact> = shares.units.iter().map(part).collect();
            prop_assert_eq!(&short, &parts);
            let big = large(&total.abs().units(SPLIT_PLACES), &weights, 0);
            let small = small(&total.abs().units(SPLIT_PLACES), &weights, 0).unwrap();
            let small: Vec<BigInt> = small.into_iter().map(BigInt::from).collect();
            prop_assert_eq!(big, small);
        }
    }
}
