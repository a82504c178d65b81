//! Scenarios in one line each, for comparisons and grids.

use super::curve::{Curve, with_price};
use super::lever::{NewPrice, Scenario};
use super::plan::Unresolved;
use super::scenario::{Outcome, World, simulate};
use crate::margin::{Row, RowKind, Statement};
use crate::model::Exact;

/// What a scenario comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// Revenue.
    pub revenue: Exact,
    /// Cost, that without a customer included.
    pub cost: Exact,
    /// Customers at a loss.
    pub losing: u64,
    /// Share of the re-priced customers that may leave evenly; `None` if nobody is re-priced.
    pub break_even: Option<Exact>,
    /// 95th percentile of the change of invoices, where it was worked out.
    pub shock: Option<Exact>,
}

impl Summary {
    /// The present, by a report of customers.
    pub fn now(statement: &Statement) -> Summary {
        Summary {
            name: "now".into(),
            revenue: statement.totals.revenue.unwrap_or_default(),
            cost: statement.totals.cost,
            losing: losing(statement.rows.iter()),
            break_even: None,
            shock: None,
        }
    }

    /// What a scenario comes to.
    pub fn then(outcome: &Outcome) -> Summary {
        Summary {
            name: outcome.name.clone(),
            revenue: outcome.revenue.1,
            cost: outcome.cost.1,
            losing: losing(outcome.rows.iter().map(|row| &row.then)),
            break_even: outcome.break_even.as_ref().map(|even| even.proportional),
            shock: outcome.invoice_shock.map(|(_, p95, _)| p95),
        }
    }
}

/// Customers that lose money.
fn losing<'r>(rows: impl Iterator<Item = &'r Row>) -> u64 {
    let losing = rows.filter(|row| {
        let profit = row.gross_profit();
        row.kind == RowKind::Customer && profit.is_some_and(|profit| profit.is_negative())
    });
    losing.count() as u64
}

/// Runs scenarios that differ in some values: the first in full, and all of them in one line each.
/// Where only one price differs, the others are points of its curve.
///
/// # Errors
/// As [`simulate`].
pub fn grid(
    world: World<'_>,
    first: &Scenario,
    others: &[Scenario],
) -> Result<(Outcome, Vec<Summary>), Unresolved> {
    // Totals by plan and segment are not asked for.
    let world = World {
        views: &[],
        ..world
    };
    let outcome = simulate(world, first)?;
    let mut lines = vec![Summary::then(&outcome)];
    let Some((plan, place)) = only_price(first, others) else {
        for scenario in others {
            lines.push(Summary::then(&simulate(world, scenario)?));
        }
        return Ok((outcome, lines));
    };
    let curve = Curve::of(world, first, plan, place)?;
    for scenario in others {
        let Some(curve) = &curve else {
            lines.push(Summary::then(&simulate(world, scenario)?));
            continue;
        };
        let point = curve.at(amount(scenario.plans[plan].prices[place]));
        lines.push(Summary {
            name: scenario.name.clone(),
            revenue: point.revenue,
            cost: point.cost,
            losing: point.losing,
            break_even: point.break_even,
            shock: None,
        });
    }
    // Points of a curve have no invoices.
    if curve.is_some() {
        lines[0].shock = None;
    }
    Ok((outcome, lines))
}

/// The price in which alone scenarios differ.
fn only_price(first: &Scenario, others: &[Scenario]) -> Option<(usize, usize)> {
    let second = others.first()?;
    let plan = (0..first.plans.len()).find(|at| first.plans[*at] != second.plans[*at])?;
    let prices = &first.plans[plan].prices;
    let place = (0..prices.len()).find(|at| prices[*at] != second.plans[plan].prices[*at])?;
    let same = |other: &Scenario| {
        let value = amount(*other.plans.get(plan)?.prices.get(place)?);
        let mut wanted = with_price(first, plan, place, value);
        wanted.name.clone_from(&other.name);
        Some(wanted == *other)
    };
    others
        .iter()
        .all(|other| same(other) == Some(true))
        .then_some((plan, place))
}

fn amount(price: NewPrice) -> Exact {
    match price {
        NewPrice::Month(amount) | NewPrice::Year(amount) | NewPrice::Factor(amount) => amount,
    }
}
