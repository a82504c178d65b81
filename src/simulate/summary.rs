//! Scenarios in one line each, for comparisons and grids.

use super::curve::{Curve, Point};
use super::knob::{Knob, families};
use super::lever::Scenario;
use super::outcome::Outcome;
use super::plan::Unresolved;
use super::ramp::Ramp;
use super::scenario::{World, simulate};
use super::sheet::Sheet;
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

    /// What a scenario comes to that was worked out with others.
    fn point(name: &str, point: &Point) -> Summary {
        Summary {
            name: name.to_string(),
            revenue: point.revenue,
            cost: point.cost,
            losing: point.losing,
            break_even: point.break_even,
            shock: None,
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

/// What scenarios that differ in the value of one knob come to, worked out together; `None` where every
/// value needs a simulation of its own.
fn points(
    world: World<'_>,
    scenario: &Scenario,
    knob: Knob,
    base: &Outcome,
    values: &[Exact],
) -> Result<Option<Vec<Point>>, Unresolved> {
    if let Some(curve) = Curve::of(world, scenario, knob, base)? {
        return Ok(Some(values.iter().map(|value| curve.at(*value)).collect()));
    }
    if let Some(ramp) = Ramp::of(world, scenario, knob, base)? {
        return Ok(Some(values.iter().map(|value| ramp.at(*value)).collect()));
    }
    let places = values.iter().map(Exact::places).max().unwrap_or_default();
    let sheet = Sheet::of(world, scenario, knob, base, places)?;
    Ok(sheet.and_then(|sheet| sheet.points(values)))
}

/// Runs scenarios that differ in some values: the first in full, and all of them in one line each.
/// Those that differ in one value alone are worked out together where that value allows it.
///
/// # Errors
/// As [`simulate`].
pub fn grid(
    world: World<'_>,
    first: &Scenario,
    others: &[Scenario],
) -> Result<(Outcome, Vec<Summary>), Unresolved> {
    let world = world.without_views();
    let all: Vec<Scenario> = std::iter::once(first).chain(others).cloned().collect();
    let outcome = simulate(world, first)?;
    let mut lines: Vec<Option<Summary>> = vec![None; all.len()];
    lines[0] = Some(Summary::then(&outcome));
    let mut together = false;
    if let Some((knob, families)) = families(&all) {
        for family in families.iter().filter(|family| family.members.len() > 1) {
            let own = family.members.iter().map(|at| &all[*at]);
            let values: Vec<Exact> = own.map(|one| knob.value(one).unwrap_or_default()).collect();
            let own = &all[family.members[0]];
            // The first of all is worked out already.
            let base = match family.members[0] {
                0 => None,
                _ => Some(simulate(world, own)?),
            };
            let base = base.as_ref().unwrap_or(&outcome);
            let Some(points) = points(world, own, knob, base, &values)? else {
                continue;
            };
            together = true;
            for (at, point) in family
                .members
                .iter()
                .zip(&points)
                .filter(|(at, _)| **at > 0)
            {
                lines[*at] = Some(Summary::point(&all[*at].name, point));
            }
        }
    }
    let mut found = Vec::with_capacity(all.len());
    for (scenario, line) in all.iter().zip(lines) {
        found.push(match line {
            Some(line) => line,
            None => Summary::then(&simulate(world, scenario)?),
        });
    }
    // What is worked out together has no invoices; a column is for all lines or for none.
    if together {
        found.iter_mut().for_each(|line| line.shock = None);
    }
    Ok((outcome, found))
}
