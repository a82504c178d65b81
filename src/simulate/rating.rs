//! What a month of usage costs a customer: included units, overage, tiers, credits.
//!
//! Exact until the end: the charge of one term for one customer and month is one line of an
//! invoice, rounded half to even at the currency's minor unit.

use super::lever::{Rate, Tier, UsageTerms};
use crate::model::Exact;

impl UsageTerms {
    /// The charge for a number of units, at `places` decimals. Without any usage a tier's flat
    /// amount is still owed for the first tier.
    pub fn charge(&self, units: Exact, places: u8) -> Exact {
        self.amount(units).round(places)
    }

    /// The charge before it is rounded.
    pub fn amount(&self, units: Exact) -> Exact {
        let above = (units - self.included).max(Exact::ZERO);
        match &self.rate {
            Rate::Flat(price) => above * *price,
            Rate::Graduated(tiers) => graduated(tiers, above),
            Rate::Volume(tiers) => volume(tiers, above),
        }
    }
}

/// Each tier's units at its price, and the flat amount of every tier that is reached.
fn graduated(tiers: &[Tier], units: Exact) -> Exact {
    let mut amount = Exact::ZERO;
    let mut from = Exact::ZERO;
    for (at, tier) in tiers.iter().enumerate() {
        if at > 0 && units <= from {
            break;
        }
        let until = tier.up_to.unwrap_or(units).min(units);
        amount += (until - from).max(Exact::ZERO) * tier.unit_amount + tier.flat_amount;
        from = tier.up_to.unwrap_or(units);
    }
    amount
}

/// All units at the price of the tier in which they end.
fn volume(tiers: &[Tier], units: Exact) -> Exact {
    let reached = |tier: &&Tier| tier.up_to.is_none_or(|up_to| units <= up_to);
    let tier = tiers.iter().find(reached);
    tier.map_or(Exact::ZERO, |tier| {
        units * tier.unit_amount + tier.flat_amount
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Meter;
    use crate::simulate::lever::Measure;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn terms(included: &str, rate: Rate) -> UsageTerms {
        UsageTerms {
            counted: vec![(Measure::Of(Meter::Requests), Exact::ONE)],
            included: exact(included),
            rate,
        }
    }

    fn tier(up_to: Option<&str>, unit: &str, flat: &str) -> Tier {
        Tier {
            up_to: up_to.map(exact),
            unit_amount: exact(unit),
            flat_amount: exact(flat),
        }
    }

    #[test]
    fn what_is_included_costs_nothing() {
        let flat = terms("5000", Rate::Flat(exact("0.02")));
        let charge = |units| flat.charge(exact(units), 2).to_string();
        assert_eq!(charge("0"), "0");
        assert_eq!(charge("5000"), "0");
        // 1,234 × 0.02 = 24.68.
        assert_eq!(charge("6234"), "24.68");
        // 0.25 × 0.02 = 0.005, a tie, to the even 0.00; 0.75 × 0.02 = 0.015, to 0.02.
        assert_eq!(charge("5000.25"), "0");
        assert_eq!(charge("5000.75"), "0.02");
    }

    #[test]
    fn graduated_tiers_charge_each_unit_in_its_tier() {
        let tiers = vec![
            tier(Some("1000"), "0.05", "0"),
            tier(Some("10000"), "0.02", "10"),
            tier(None, "0.01", "20"),
        ];
        let graduated = terms("0", Rate::Graduated(tiers));
        let charge = |units| graduated.charge(exact(units), 2).to_string();
        assert_eq!(charge("0"), "0");
        assert_eq!(charge("1000"), "50");
        // 50 + one unit of the second tier, with its flat amount.
        assert_eq!(charge("1001"), "60.02");
        // 50 + 9,000 × 0.02 + 10 = 240; then 5,000 × 0.01 + 20 = 70.
        assert_eq!(charge("10000"), "240");
        assert_eq!(charge("15000"), "310");
    }

    #[test]
    fn volume_tiers_charge_all_units_alike() {
        let tiers = vec![
            tier(Some("1000"), "0.05", "3"),
            tier(Some("10000"), "0.02", "0"),
            tier(None, "0.01", "0"),
        ];
        let volume = terms("100", Rate::Volume(tiers));
        let charge = |units| volume.charge(exact(units), 2).to_string();
        // The flat amount of the first tier is owed by who uses nothing.
        assert_eq!(charge("0"), "3");
        // 1,000 above the 100: 1,000 × 0.05 + 3.
        assert_eq!(charge("1100"), "53");
        // One more lies in the second tier: 1,001 × 0.02.
        assert_eq!(charge("1101"), "20.02");
        assert_eq!(charge("10101"), "100.01");
    }
}
