//! What a scenario brings as a function of one price of a plan, of a seat, or of one discount, for many
//! values at once.
//!
//! Only recurring lines depend on it, and lines that are alike (the same amount, service and discount)
//! bring the same at every value. So a value costs one evaluation per kind of line, not per customer. The rule that must hold: every number equals that of the whole
//! simulation at that price, to the last digit.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::break_even::{Profits, evenly};
use super::knob::Knob;
use super::lever::Scenario;
use super::membership::Membership;
use super::outcome::{Outcome, OutcomeRow};
use super::plan::{Unresolved, fractions};
use super::scenario::World;
use crate::identity::PartyId;
use crate::margin::{Dimension, RowKind, party};
use crate::model::{Exact, Instant};
use crate::revenue::Schedule;

/// Lines that bring the same at every price.
#[derive(Debug)]
struct Kind {
    schedule: Schedule,
    /// The new price ∕ the present one is `(fixed + price × slope) ∕ denominator`.
    fixed: Exact,
    slope: Exact,
    denominator: Exact,
    /// How many lines, how many of them are of re-priced customers, and of the plan's own.
    lines: u64,
    of_members: u64,
    of_own: u64,
}

/// Customers whose lines are of the same kinds.
#[derive(Debug)]
struct Cohort {
    /// Kinds, one entry per line.
    kinds: Vec<usize>,
    /// Gross profit of each customer apart from these lines, in order.
    rest: Vec<Exact>,
}

/// Revenue and cost.
type Sides = (Exact, Exact);

/// The curve of a scenario in which one price of one plan varies.
#[derive(Debug)]
pub struct Curve {
    kinds: Vec<Kind>,
    cohorts: Vec<Cohort>,
    period: (Instant, Instant),
    /// Of all: revenue apart from the lines that depend on the price, and cost.
    all: Sides,
    /// The same of the re-priced customers.
    members: Sides,
    /// The same of the plan's customers whom the change reaches.
    own: Sides,
    /// Gross profit now.
    now: Profits,
    /// Customers at a loss that the price does not touch.
    losing: u64,
    /// Whether anybody is re-priced.
    some: bool,
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Revenue of all.
    pub revenue: Exact,
    /// Cost of all.
    pub cost: Exact,
    /// Revenue of the plan's customers whom the change reaches.
    pub own_revenue: Exact,
    /// Cost of the same.
    pub own_cost: Exact,
    /// Customers at a loss.
    pub losing: u64,
    /// Share of the re-priced customers that may leave evenly; `None` if nobody is re-priced.
    pub break_even: Option<Exact>,
}

impl Curve {
    /// The curve of a scenario over a price or a discount, where `base` is what the scenario itself
    /// comes to; `None` for other knobs and where a customer's revenue depends on more than its lines:
    /// with a minimum, or with filters by plan or by what changes within the period.
    ///
    /// # Errors
    /// As [`simulate`](super::simulate).
    pub fn of(
        world: World<'_>,
        scenario: &Scenario,
        knob: Knob,
        base: &Outcome,
    ) -> Result<Option<Curve>, Unresolved> {
        let one_of = matches!(knob, Knob::Price(..) | Knob::PerSeat(_) | Knob::Discount(_));
        let (true, Some(value)) = (one_of, knob.value(scenario)) else {
            return Ok(None);
        };
        let period = world.statement.period;
        let asked: Vec<Dimension> = world.filters.iter().map(|f| f.dimension.clone()).collect();
        let by_plan = asked.contains(&Dimension::Attribute("plan".into()));
        let minimum = scenario.plans.iter().any(|plan| plan.minimum.is_some());
        if minimum || by_plan || party::some_change(world.identity, &asked, period) {
            return Ok(None);
        }
        let world = world.without_views();
        let membership = Membership::of(world);
        let at = |value| knob.with(scenario, value);
        let zero = fractions(world, &membership, &at(Exact::ZERO))?;
        let one = fractions(world, &membership, &at(Exact::ONE))?;
        let zone = world.zone;
        let mut curve = Curve {
            kinds: Vec::new(),
            cohorts: Vec::new(),
            period: (zone.start_of(period.start), zone.start_of(period.end)),
            all: (base.revenue.1, base.cost.1),
            members: (Exact::ZERO, Exact::ZERO),
            own: (Exact::ZERO, Exact::ZERO),
            now: Profits {
                all: base.revenue.0 - base.cost.0,
                members: Exact::ZERO,
            },
            losing: 0,
            some: false,
        };
        let rows: HashMap<PartyId, &OutcomeRow, foldhash::fast::FixedState> = base
            .rows
            .iter()
            .filter_map(|row| Some((row.now.party?, row)))
            .collect();
        let is_member = |row: &OutcomeRow| row.repriced && row.now.kind == RowKind::Customer;
        // Only prices are solved for a plan.
        let plan = match knob {
            Knob::Price(plan, _) | Knob::PerSeat(plan) => Some(plan),
            _ => None,
        };
        let is_own = |row: &OutcomeRow| plan.is_some_and(|plan| base.is_of_plan(plan, row));
        let mut of_party: BTreeMap<PartyId, Vec<usize>> = BTreeMap::new();
        let mut known: HashMap<_, usize, foldhash::fast::FixedState> = HashMap::default();
        let lines = world.book.obligations.iter();
        for (line, (zero, one)) in lines.zip(zero.of_lines.iter().zip(&one.of_lines)) {
            let (Some(zero), Some(one), Some(row)) = (zero, one, rows.get(&line.party)) else {
                continue;
            };
            if zero == one || !membership.in_period(line) {
                continue;
            }
            let key = (line.schedule.clone(), *zero, *one);
            let next = curve.kinds.len();
            let at = *known.entry(key).or_insert(next);
            if at == next {
                curve.kinds.push(Kind {
                    schedule: line.schedule.clone(),
                    fixed: zero.0,
                    slope: one.0 - zero.0,
                    denominator: zero.1,
                    lines: 0,
                    of_members: 0,
                    of_own: 0,
                });
            }
            curve.kinds[at].lines += 1;
            curve.kinds[at].of_members += u64::from(is_member(row));
            curve.kinds[at].of_own += u64::from(is_own(row));
            of_party.entry(line.party).or_default().push(at);
        }
        let values = curve.values(value);
        for (kind, value) in curve.kinds.iter().zip(&values) {
            curve.all.0 -= *value * Exact::from(kind.lines);
            curve.members.0 -= *value * Exact::from(kind.of_members);
            curve.own.0 -= *value * Exact::from(kind.of_own);
        }
        let mut cohorts: BTreeMap<Vec<usize>, Vec<Exact>> = BTreeMap::new();
        for row in &base.rows {
            let profit = row.then.gross_profit().unwrap_or_default();
            let then = (row.then.revenue.unwrap_or_default(), row.then.cost());
            if is_own(row) {
                curve.own = (curve.own.0 + then.0, curve.own.1 + then.1);
            }
            if is_member(row) {
                curve.some = true;
                curve.members = (curve.members.0 + then.0, curve.members.1 + then.1);
                curve.now.members += row.now.gross_profit().unwrap_or_default();
            }
            if row.now.kind != RowKind::Customer {
                continue;
            }
            let own = row.now.party.and_then(|party| of_party.remove(&party));
            match own {
                None => curve.losing += u64::from(profit.is_negative()),
                Some(mut kinds) => {
                    kinds.sort();
                    let lines: Exact = kinds.iter().map(|at| values[*at]).sum();
                    cohorts.entry(kinds).or_default().push(profit - lines);
                }
            }
        }
        for (kinds, mut rest) in cohorts {
            rest.sort();
            curve.cohorts.push(Cohort { kinds, rest });
        }
        Ok(Some(curve))
    }

    /// What a line of each kind brings in the period.
    fn values(&self, price: Exact) -> Vec<Exact> {
        let (start, end) = self.period;
        let value = |kind: &Kind| {
            let numerator = kind.fixed + price * kind.slope;
            let schedule = kind.schedule.scaled(numerator, kind.denominator);
            schedule.between(start, end)
        };
        self.kinds.iter().map(value).collect()
    }

    /// Everything at a price.
    pub fn at(&self, price: Exact) -> Point {
        let values = self.values(price);
        let sum = |of: fn(&Kind) -> u64| -> Exact {
            let each = self.kinds.iter().zip(&values);
            each.map(|(kind, value)| *value * Exact::from(of(kind)))
                .sum()
        };
        let revenue = self.all.0 + sum(|kind| kind.lines);
        let members = self.members.0 + sum(|kind| kind.of_members) - self.members.1;
        let then = Profits {
            all: revenue - self.all.1,
            members,
        };
        let losing = self.cohorts.iter().map(|cohort| {
            let lines: Exact = cohort.kinds.iter().map(|at| values[*at]).sum();
            cohort
                .rest
                .partition_point(|rest| (*rest + lines).is_negative()) as u64
        });
        Point {
            revenue,
            cost: self.all.1,
            own_revenue: self.own.0 + sum(|kind| kind.of_own),
            own_cost: self.own.1,
            losing: self.losing + losing.sum::<u64>(),
            break_even: self.some.then(|| evenly(self.now, then)),
        }
    }
}
