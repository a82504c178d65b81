//! Many values of a lever of cost at once: usage that grows, a provider's price.
//!
//! Where nothing is divided, the cost of every customer is a straight line in such a factor, so two
//! whole simulations tell all others. The rule that must hold: every number equals that of the whole
//! simulation at that value, to the last digit.

use super::break_even::{Profits, evenly};
use super::curve::Point;
use super::knob::Knob;
use super::lever::Scenario;
use super::outcome::{Outcome, OutcomeRow};
use super::plan::Unresolved;
use super::scenario::{World, simulate};
use crate::margin::RowKind;
use crate::model::Exact;

/// A value at 0, and what it gains from 0 to 1.
#[derive(Clone, Copy, Debug, Default)]
struct Straight {
    at_zero: Exact,
    slope: Exact,
}

impl Straight {
    /// The line through an amount at a value and that at the value above it.
    fn through(value: Exact, here: Exact, next: Exact) -> Straight {
        let slope = next - here;
        Straight {
            at_zero: here - slope * value,
            slope,
        }
    }

    fn at(&self, value: Exact) -> Exact {
        self.at_zero + self.slope * value
    }
}

/// Costs as straight lines in one factor.
#[derive(Debug)]
pub struct Ramp {
    revenue: Exact,
    cost: Straight,
    own_revenue: Exact,
    own_cost: Straight,
    /// Gross profit now.
    now: Profits,
    members: u64,
    /// Customers at a loss whatever the factor is.
    losing: u64,
    /// Profits that fall: those that reach a loss first stand first.
    falling: Vec<Straight>,
    /// Profits that rise: those that leave their loss last stand first.
    rising: Vec<Straight>,
}

/// Whether a knob turns costs and nothing else, and costs follow it in a straight line: no amount is
/// divided, which is rounded, and no charge depends on the usage.
fn is_straight(scenario: &Scenario, knob: Knob) -> bool {
    let capped = scenario.plans.iter().any(|plan| plan.cap.is_some());
    let charged = scenario.plans.iter().any(|plan| !plan.usage.is_empty());
    let mut prices = scenario.provider_prices.iter();
    let by_meter = prices.any(|price| price.meter.is_some());
    let divided = capped || by_meter || !scenario.swaps.is_empty();
    match knob {
        Knob::Growth(_) => !divided && !charged,
        Knob::ProviderPrice(_) => !divided,
        _ => false,
    }
}

impl Ramp {
    /// The straight lines of a scenario in which a factor varies, where `base` is what the scenario itself
    /// comes to; `None` where they are none.
    ///
    /// # Errors
    /// As [`simulate`].
    pub fn of(
        world: World<'_>,
        scenario: &Scenario,
        knob: Knob,
        base: &Outcome,
    ) -> Result<Option<Ramp>, Unresolved> {
        if !is_straight(scenario, knob) {
            return Ok(None);
        }
        let Some(value) = knob.value(scenario) else {
            return Ok(None);
        };
        let next = simulate(world, &knob.with(scenario, value + Exact::ONE))?;
        let through = |here: Exact, next: Exact| Straight::through(value, here, next);
        let mut ramp = Ramp {
            revenue: base.revenue.1,
            cost: through(base.cost.1, next.cost.1),
            own_revenue: Exact::ZERO,
            own_cost: Straight::default(),
            now: Profits {
                all: base.revenue.0 - base.cost.0,
                members: Exact::ZERO,
            },
            members: 0,
            losing: 0,
            falling: Vec::new(),
            rising: Vec::new(),
        };
        let profit = |row: &OutcomeRow| row.then.gross_profit().unwrap_or_default();
        for (here, next) in base.rows.iter().zip(&next.rows) {
            if here.now.kind != RowKind::Customer {
                continue;
            }
            let line = through(profit(here), profit(next));
            if line.slope.is_zero() {
                ramp.losing += u64::from(line.at_zero.is_negative());
            } else if line.slope.is_negative() {
                ramp.falling.push(line);
            } else {
                ramp.rising.push(line);
            }
            if here.repriced {
                ramp.members += 1;
                ramp.now.members += here.now.gross_profit().unwrap_or_default();
                ramp.own_revenue += here.then.revenue.unwrap_or_default();
                let cost = through(here.then.cost(), next.then.cost());
                ramp.own_cost.at_zero += cost.at_zero;
                ramp.own_cost.slope += cost.slope;
            }
        }
        // Profit is 0 at −at_zero ∕ slope; compared by products, which are exact.
        let crossing = |a: &Straight, b: &Straight| {
            let (left, right) = (a.at_zero * b.slope.abs(), b.at_zero * a.slope.abs());
            left.cmp(&right)
        };
        ramp.falling.sort_by(crossing);
        ramp.rising.sort_by(crossing);
        Ok(Some(ramp))
    }

    /// Everything at a value of the factor.
    pub fn at(&self, value: Exact) -> Point {
        let is_loss = |line: &Straight| line.at(value).is_negative();
        let falling = self.falling.partition_point(is_loss);
        let rising = self.rising.partition_point(is_loss);
        let (cost, own_cost) = (self.cost.at(value), self.own_cost.at(value));
        let then = Profits {
            all: self.revenue - cost,
            members: self.own_revenue - own_cost,
        };
        Point {
            revenue: self.revenue,
            cost,
            own_revenue: self.own_revenue,
            own_cost,
            losing: self.losing + (falling + rising) as u64,
            break_even: (self.members > 0).then(|| evenly(self.now, then)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_counted_on_both_sides() {
        let line = |at_zero: i64, slope: i64| Straight {
            at_zero: Exact::from(at_zero),
            slope: Exact::from(slope),
        };
        // 10 − x, 10 − 5x, 4 − x lose beyond 10, 2 and 4; −6 + 2x and −10 + 10x until 3 and 1.
        let mut falling = [line(10, -1), line(10, -5), line(4, -1)];
        let mut rising = [line(-6, 2), line(-10, 10)];
        let crossing = |a: &Straight, b: &Straight| {
            (a.at_zero * b.slope.abs()).cmp(&(b.at_zero * a.slope.abs()))
        };
        falling.sort_by(crossing);
        rising.sort_by(crossing);
        for value in 0..12 {
            let value = Exact::from(value as u64);
            for lines in [&falling[..], &rising[..]] {
                let by_search = lines.partition_point(|line| line.at(value).is_negative());
                let by_count = lines.iter().filter(|line| line.at(value).is_negative());
                assert_eq!(by_search, by_count.count(), "{value}");
            }
        }
    }
}
