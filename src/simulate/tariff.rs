//! Many prices of usage, or amounts of included usage, at once.
//!
//! Only the charges of one usage term depend on such a value, and of a customer's month only the units
//! matter, which it does not change. So everything else is worked out once, and a value costs one
//! charge per customer and month. The rule that must hold: every number equals that of the whole
//! simulation at that value, to the last digit.

use std::collections::BTreeMap;

use super::break_even::proportional;
use super::curve::Point;
use super::knob::Knob;
use super::lever::{Rate, Scenario, UsageTerms};
use super::plan::Unresolved;
use super::scenario::{World, rated, simulate};
use crate::identity::{PartyId, PartyKind};
use crate::margin::RowKind;
use crate::model::Exact;

/// A customer of whom a charge may be owed.
#[derive(Debug)]
struct Payer {
    /// Units of the term, month by month.
    units: Vec<Exact>,
    /// Gross profit without the charges; `None` for those whose losses are not counted.
    rest: Option<Exact>,
    /// Whether it is one of the re-priced customers.
    member: bool,
}

/// A scenario in which one value of one usage term varies.
#[derive(Debug)]
pub struct Tariff {
    terms: UsageTerms,
    knob: Knob,
    places: u8,
    payers: Vec<Payer>,
    /// Revenue without the charges: of all, and of the re-priced customers.
    revenue: (Exact, Exact),
    cost: (Exact, Exact),
    now: Exact,
    members: u64,
    /// Customers at a loss who owe no such charge.
    losing: u64,
}

impl Tariff {
    /// The tariff of a scenario; `None` where the knob is none of a usage term, or where a minimum makes
    /// up for what a charge does not bring.
    ///
    /// # Errors
    /// As [`simulate`].
    pub fn of(
        world: World<'_>,
        scenario: &Scenario,
        knob: Knob,
    ) -> Result<Option<Tariff>, Unresolved> {
        let (Knob::Overage(plan, place) | Knob::Included(plan, place)) = knob else {
            return Ok(None);
        };
        if scenario.plans.iter().any(|plan| plan.minimum.is_some()) {
            return Ok(None);
        }
        let base = simulate(world, scenario)?;
        let terms = scenario.plans[plan].usage[place].clone();
        let mut units: BTreeMap<PartyId, Vec<Exact>> = BTreeMap::new();
        for (party, own) in rated(world, scenario, plan) {
            units.entry(party).or_default().push(own[place]);
        }
        let charged = |units: &[Exact]| -> Exact {
            let charges = units.iter().map(|units| terms.charge(*units, world.places));
            charges.sum()
        };
        let mut tariff = Tariff {
            knob,
            places: world.places,
            payers: Vec::new(),
            revenue: (base.revenue.1, Exact::ZERO),
            cost: (base.cost.1, Exact::ZERO),
            now: Exact::ZERO,
            members: 0,
            losing: 0,
            terms: terms.clone(),
        };
        for row in &base.rows {
            let counts = row.now.kind == RowKind::Customer;
            let member = row.repriced && counts;
            let profit = row.then.gross_profit().unwrap_or_default();
            if member {
                tariff.members += 1;
                tariff.now += row.now.gross_profit().unwrap_or_default();
                tariff.revenue.1 += row.then.revenue.unwrap_or_default();
                tariff.cost.1 += row.then.cost();
            }
            let Some(units) = row.now.party.and_then(|party| units.remove(&party)) else {
                tariff.losing += u64::from(counts && profit.is_negative());
                continue;
            };
            let charges = charged(&units);
            tariff.revenue.0 -= charges;
            if member {
                tariff.revenue.1 -= charges;
            }
            tariff.payers.push(Payer {
                units,
                rest: counts.then(|| profit - charges),
                member,
            });
        }
        // Customers of whom the report knows nothing are rows only where they owe something.
        // All of a plan's customers are re-priced, and without cost they lose nothing.
        for (party, units) in units {
            let kind = &world.identity.party(party).kind;
            tariff.payers.push(Payer {
                units,
                rest: None,
                member: matches!(kind, PartyKind::Customer),
            });
        }
        // Whether anybody is re-priced must not depend on who owes something.
        let some = tariff.payers.iter().any(|payer| payer.member);
        Ok(Some(tariff).filter(|tariff| tariff.members > 0 || !some))
    }

    /// Everything at a value of the knob.
    pub fn at(&self, value: Exact) -> Point {
        let mut terms = self.terms.clone();
        match (self.knob, &mut terms.rate) {
            (Knob::Overage(..), Rate::Flat(price)) => *price = value,
            _ => terms.included = value,
        }
        let charges = Charges::new(&terms, self.places);
        let (mut all, mut own, mut losing) = (Sum::default(), Sum::default(), self.losing);
        for payer in &self.payers {
            let mut sum = Sum::default();
            for units in &payer.units {
                sum.add(charges.of(*units));
            }
            all.join(&sum);
            if payer.member {
                own.join(&sum);
            }
            if let Some(rest) = payer.rest {
                losing += u64::from((rest + sum.exact(self.places)).is_negative());
            }
        }
        let revenue = self.revenue.0 + all.exact(self.places);
        let own_revenue = self.revenue.1 + own.exact(self.places);
        Point {
            revenue,
            cost: self.cost.0,
            own_revenue,
            own_cost: self.cost.1,
            losing,
            break_even: (self.members > 0)
                .then(|| proportional(self.now, own_revenue - self.cost.1)),
        }
    }
}

/// An amount of money: whole minor units as long as they fit, and what does not.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    minor: i128,
    other: Exact,
}

impl Sum {
    fn add(&mut self, charge: Charge) {
        match charge {
            Charge::Minor(minor) => self.minor += i128::from(minor),
            Charge::Exact(amount) => self.other += amount,
        }
    }

    fn join(&mut self, sum: &Sum) {
        self.minor += sum.minor;
        if !sum.other.is_zero() {
            self.other += sum.other;
        }
    }

    fn exact(&self, places: u8) -> Exact {
        let minor = Exact::new(self.minor, places);
        match self.other.is_zero() {
            true => minor,
            false => minor + self.other,
        }
    }
}

/// One charge.
#[derive(Clone, Copy, Debug)]
enum Charge {
    Minor(i64),
    Exact(Exact),
}

/// The charges of a term. Whole units at one price, nearly all there is, take a few machine words.
#[derive(Debug)]
struct Charges<'a> {
    terms: &'a UsageTerms,
    places: u8,
    /// Included units, the price's mantissa, and what its product with units is divided by.
    short: Option<(i64, i64, i64)>,
}

impl<'a> Charges<'a> {
    fn new(terms: &'a UsageTerms, places: u8) -> Charges<'a> {
        let short = match terms.rate {
            Rate::Flat(price) => {
                let finest = price.places().max(places);
                let mantissa = price.units_i128(finest);
                let divisor = 10i64.checked_pow(u32::from(finest - places));
                let included = terms.included.units_i128(0);
                let fits = |value: Option<i128>| value.and_then(|value| i64::try_from(value).ok());
                match (fits(included), fits(mantissa), divisor) {
                    (Some(included), Some(price), Some(divisor)) => {
                        Some((included, price, divisor))
                    }
                    _ => None,
                }
            }
            Rate::Graduated(_) | Rate::Volume(_) => None,
        };
        Charges {
            terms,
            places,
            short,
        }
    }

    fn of(&self, units: Exact) -> Charge {
        let quick = || {
            let (included, price, divisor) = self.short?;
            let units = i64::try_from(units.units_i128(0)?).ok()?;
            let product = units.checked_sub(included)?.max(0).checked_mul(price)?;
            let (whole, rest) = (product / divisor, product % divisor);
            // Half to even; the product is not below zero.
            let up = match (rest * 2).cmp(&divisor) {
                std::cmp::Ordering::Less => 0,
                std::cmp::Ordering::Greater => 1,
                std::cmp::Ordering::Equal => whole % 2,
            };
            Some(Charge::Minor(whole + up))
        };
        quick().unwrap_or_else(|| Charge::Exact(self.terms.charge(units, self.places)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Meter;
    use crate::simulate::{Measure, Tier};

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    #[test]
    fn quick_charges_are_the_exact_ones() {
        let terms = |included: &str, rate| UsageTerms {
            counted: vec![(Measure::Of(Meter::Requests), Exact::ONE)],
            included: exact(included),
            rate,
        };
        let tiers = vec![Tier {
            up_to: None,
            unit_amount: exact("0.001"),
            flat_amount: exact("3"),
        }];
        let all = [
            terms("5000", Rate::Flat(exact("0.02"))),
            terms("0", Rate::Flat(exact("0.005"))),
            terms("10", Rate::Flat(exact("0.000025"))),
            terms("0.5", Rate::Flat(exact("7"))),
            terms("0", Rate::Flat(exact("0.0000000000000000000001"))),
            terms("0", Rate::Flat(exact("123456789012345678901234567890"))),
            terms("3", Rate::Graduated(tiers)),
        ];
        let units = [
            "0",
            "1",
            "3",
            "5",
            "4999",
            "5001",
            "123456789",
            "12.25",
            "900000000000000000",
        ];
        for terms in &all {
            for places in [0, 2, 3] {
                let charges = Charges::new(terms, places);
                for units in units.map(exact) {
                    let found = match charges.of(units) {
                        Charge::Minor(minor) => Exact::new(minor.into(), places),
                        Charge::Exact(amount) => amount,
                    };
                    assert_eq!(found, terms.charge(units, places), "{terms:?} {units}");
                }
            }
        }
        // One request at half a cent is a tie, to the even 0; three are 1.5 cents, to 2.
        let charges = Charges::new(&all[1], 2);
        assert!(matches!(charges.of(exact("1")), Charge::Minor(0)));
        assert!(matches!(charges.of(exact("3")), Charge::Minor(2)));
        assert!(matches!(charges.of(exact("12.25")), Charge::Exact(_)));
    }
}
