//! Why an amount changed: causes that add up to the change, to the last digit.
//!
//! An amount is cut into leaves: cost of a model's cached tokens in a feature, revenue of a
//! subscription. A leaf is measured by a chain of drivers from the whole down to itself (all
//! requests, the model's requests, its tokens, …). Drivers take their later values one after the
//! other, in the order of the chain, the whole first: that is how a controller reads a price-volume
//! analysis, volume at the earlier price and the price at the later volume. So each step is one
//! proportion: the earlier amount × later driver ∕ earlier driver.
//!
//! Pure and exact. The rule that must hold: the causes sum to later − earlier, whatever the leaves.
//! It holds by construction, because every cause is a difference of two neighboring steps, the
//! first step is the earlier amount and the last is the later one.

mod cost;

use std::collections::BTreeMap;

pub use cost::{Cause, Group, Part, Side, change};

use crate::model::Exact;

/// Steps between the first and the last are rounded, half to even, at this many places. What one
/// step loses, the next one gains.
pub const STEP_PLACES: u8 = 12;

/// One driver of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driver<C> {
    /// The cause that its change is told as.
    pub cause: C,
    /// Its earlier value; never negative.
    pub before: Exact,
    /// Its later value; never negative.
    pub after: Exact,
}

/// A part of an amount that has one chain of drivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf<C> {
    /// The earlier amount, of any sign.
    pub before: Exact,
    /// The later amount.
    pub after: Exact,
    /// What measures it, from the whole to the part.
    pub drivers: Vec<Driver<C>>,
    /// The cause of what the drivers leave.
    pub rest: C,
}

/// The change of the sum of all leaves by cause; causes of nothing are left out.
///
/// A driver that is 0 on both sides says nothing and is passed over. A leaf that begins at some
/// driver (0 before, more than 0 after) is a change of that driver, whole; likewise one that ends.
pub fn explain<C: Ord + Copy>(leaves: impl IntoIterator<Item = Leaf<C>>) -> BTreeMap<C, Exact> {
    let mut causes = BTreeMap::new();
    let mut change = Exact::ZERO;
    for leaf in leaves {
        change += leaf.after - leaf.before;
        let mut amount = leaf.before;
        for driver in &leaf.drivers {
            let next = match (driver.before.is_zero(), driver.after.is_zero()) {
                (true, true) => continue,
                (true, false) => leaf.after,
                (false, true) => Exact::ZERO,
                (false, false) => {
                    let product = leaf.before * driver.after;
                    let places = STEP_PLACES.max(leaf.before.places());
                    Exact::ratio(product, driver.before, places).unwrap_or(amount)
                }
            };
            *causes.entry(driver.cause).or_default() += next - amount;
            amount = next;
            // Below a driver that begins or ends, nothing can be compared.
            if driver.before.is_zero() || driver.after.is_zero() {
                break;
            }
        }
        *causes.entry(leaf.rest).or_default() += leaf.after - amount;
    }
    assert!(
        causes.values().sum::<Exact>() == change,
        "causes must sum to the change they explain"
    );
    causes.retain(|_, amount| !amount.is_zero());
    causes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn driver(cause: &'static str, before: &str, after: &str) -> Driver<&'static str> {
        Driver {
            cause,
            before: exact(before),
            after: exact(after),
        }
    }

    fn told(leaf: Leaf<&'static str>) -> Vec<String> {
        let causes = explain([leaf]).into_iter();
        causes
            .map(|(cause, amount)| format!("{cause} {amount}"))
            .collect()
    }

    #[test]
    fn volume_moves_at_the_earlier_price_and_the_price_at_the_later_volume() {
        // 100 requests at 0.30 become 150 at 0.40: 50 × 0.30 and 150 × 0.10.
        let leaf = Leaf {
            before: exact("30"),
            after: exact("60"),
            drivers: vec![driver("volume", "100", "150")],
            rest: "price",
        };
        assert_eq!(told(leaf), ["price 15", "volume 15"]);
    }

    #[test]
    fn what_begins_or_ends_is_whole() {
        let drivers = |requests: (&str, &str), model: (&str, &str), tokens: (&str, &str)| {
            vec![
                driver("a volume", requests.0, requests.1),
                driver("b mix", model.0, model.1),
                driver("c tokens", tokens.0, tokens.1),
            ]
        };
        // The model was not there before: its cost is a change of the mix.
        let begins = Leaf {
            before: exact("0"),
            after: exact("7"),
            drivers: drivers(("100", "200"), ("0", "50"), ("0", "900")),
            rest: "d price",
        };
        assert_eq!(told(begins), ["b mix 7"]);
        // It is gone: twice the volume at first, then nothing.
        let ends = Leaf {
            before: exact("8"),
            after: exact("0"),
            drivers: drivers(("100", "200"), ("50", "0"), ("900", "0")),
            rest: "d price",
        };
        assert_eq!(told(ends), ["a volume 8", "b mix -16"]);
        // Nobody counted requests: the step is passed over.
        let uncounted = Leaf {
            before: exact("8"),
            after: exact("12"),
            drivers: drivers(("0", "0"), ("0", "0"), ("100", "125")),
            rest: "d price",
        };
        assert_eq!(told(uncounted), ["c tokens 2", "d price 2"]);
    }

    #[test]
    fn a_cost_without_quantity_is_the_rest() {
        let leaf = Leaf {
            before: exact("0"),
            after: exact("-3.5"),
            drivers: Vec::new(),
            rest: "other",
        };
        assert_eq!(told(leaf), ["other -3.5"]);
    }

    fn numbers() -> impl Strategy<Value = Exact> {
        prop_oneof![
            Just(Exact::ZERO),
            (0i64..1_000_000, 0u8..9).prop_map(|(n, scale)| Exact::new(i128::from(n), scale)),
        ]
    }

    proptest! {
        /// Nothing is left over, whatever the amounts and drivers, signs and zeros included.
        #[test]
        fn the_residual_is_zero(
            leaves in prop::collection::vec(
                (numbers(), numbers(), any::<bool>(), prop::collection::vec((0u8..6, numbers(), numbers()), 0..6)),
                0..12,
            )
        ) {
            let leaves: Vec<Leaf<u8>> = leaves
                .into_iter()
                .map(|(before, after, negative, drivers)| Leaf {
                    before: if negative { -before } else { before },
                    after,
                    drivers: drivers
                        .into_iter()
                        .map(|(cause, before, after)| Driver { cause, before, after })
                        .collect(),
                    rest: 9,
                })
                .collect();
            let change: Exact = leaves.iter().map(|leaf| leaf.after - leaf.before).sum();
            let causes = explain(leaves);
            prop_assert_eq!(causes.values().sum::<Exact>(), change);
            prop_assert!(causes.values().all(|amount| !amount.is_zero()));
        }
    }
}
