//! Charges that bring a month to its minimum, and the totals by plan and segment.

use std::collections::BTreeMap;

use super::costs;
use super::lever::{Charge, Scenario};
use super::membership::Membership;
use super::outcome::Group;
use super::scenario::World;
use super::served;
use crate::identity::{Identity, PartyId};
use crate::margin::{Dimension, Filter, Statement, party};
use crate::model::{Day, Exact, Month, Period};
use crate::revenue::{Basis, RevenueBook, Schedule};

/// The last day of a month in the period on which a customer is on a plan.
pub fn last_day_on(identity: &Identity, charge: &Charge, plan: &str, period: Period) -> Day {
    let party = identity.party(charge.0);
    let month = Period::month(charge.1);
    let mut day = month.end.min(period.end).plus(-1);
    while day > month.start && party.attribute_on("plan", day) != Some(plan) {
        day = day.plus(-1);
    }
    day
}

/// What is charged so that each month of a customer brings the plan's minimum, rounded half to even
/// at the minor unit as every line of an invoice.
pub fn minimums<'a>(
    world: World<'a>,
    membership: &Membership<'a>,
    scenario: &Scenario,
    after: &RevenueBook,
    charges: &[(usize, Charge)],
) -> Vec<(usize, Charge)> {
    let mut more = Vec::new();
    for (at, change) in scenario.plans.iter().enumerate() {
        let Some(minimum) = change.minimum else {
            continue;
        };
        for (party, month, brings) in brought(world, membership, scenario, after, charges, at) {
            let missing = (minimum - brings).round(world.places);
            if missing.is_positive() {
                more.push((at, (party, month, missing)));
            }
        }
    }
    more
}

/// What each month brings of a customer whom a plan's minimum reaches: its share of an invoice's
/// service, whenever revenue counts, so that a yearly plan that is billed in January pays for October
/// too; and the plan's charges.
pub fn brought<'a>(
    world: World<'a>,
    membership: &Membership<'a>,
    scenario: &Scenario,
    after: &RevenueBook,
    charges: &[(usize, Charge)],
    at: usize,
) -> Vec<Charge> {
    let (change, period) = (&scenario.plans[at], world.statement.period);
    let mut brings: BTreeMap<(PartyId, Month), Exact> = BTreeMap::new();
    for (line, before) in after.obligations.iter().zip(&world.book.obligations) {
        let names = membership.names_of_terms(before);
        let once = before.recurring == Some(false) && !before.metered;
        if once || !names.contains(&change.plan.as_str()) {
            continue;
        }
        let (start, end) = line.service;
        let schedule = match world.book.basis {
            Basis::Billed | Basis::Cash => &Schedule::straight(line.net, start, end, world.places),
            Basis::Recognized | Basis::Mrr => &line.schedule,
        };
        for month in period.months() {
            let days = Period::month(month);
            let (from, to) = (
                world.zone.start_of(days.start),
                world.zone.start_of(days.end),
            );
            *brings.entry((line.party, month)).or_default() += schedule.between(from, to);
        }
    }
    for (_, (party, month, amount)) in charges.iter().filter(|(of, _)| *of == at) {
        *brings.entry((*party, *month)).or_default() += *amount;
    }
    let on = served::on_plan(world.identity, &change.plan, period);
    let reached = on.filter(|(party, month)| {
        membership.reaches_month(scenario.apply, *party, month.first_day())
    });
    let each = reached.map(|(party, month)| {
        let brings = brings.get(&(party, month)).copied().unwrap_or_default();
        (party, month, brings)
    });
    each.collect()
}

/// The report's totals by one dimension of customers, such as their plan.
#[derive(Clone, Debug)]
pub struct View {
    dimension: Dimension,
    /// Revenue and cost by label.
    now: BTreeMap<String, (Exact, Exact)>,
}

impl View {
    /// Regroups a report by customer. Where the attribute of somebody changes in the period, `state`
    /// must make the report by the dimension.
    pub fn of(
        report: &Statement,
        identity: &Identity,
        book: &RevenueBook,
        dimension: Dimension,
        filters: &[Filter],
        state: impl FnOnce(&Dimension) -> Statement,
    ) -> View {
        let Some(costs) = party::regrouped(identity, report, &dimension) else {
            let rows = state(&dimension).rows;
            let now = rows.iter().map(|row| {
                let label = row.labels.first().map_or("", |label| label.as_ref());
                let sides = (row.revenue.unwrap_or_default(), row.cost());
                (label.to_string(), sides)
            });
            return View {
                now: now.collect(),
                dimension,
            };
        };
        // Revenue may be of another plan than its customer's.
        let revenue = party::revenue_by(identity, book, report.period, &dimension, filters);
        let mut now: BTreeMap<String, (Exact, Exact)> = BTreeMap::new();
        for (label, cost) in costs {
            now.insert(label, (Exact::ZERO, cost));
        }
        for (label, revenue) in revenue {
            if !revenue.is_zero() || now.contains_key(&label) {
                now.entry(label).or_default().0 = revenue;
            }
        }
        View { dimension, now }
    }

    /// The name of its dimension.
    pub fn name(&self) -> &str {
        self.dimension.name()
    }
}

/// The totals of one dimension: the report's now, and with every change then.
pub fn group(
    world: World<'_>,
    view: &View,
    after: &RevenueBook,
    charges: &[(usize, Charge)],
    changed: &[costs::Change],
    scenario: &Scenario,
) -> Vec<Group> {
    let (dimension, period) = (&view.dimension, world.statement.period);
    let of = |book| party::revenue_by(world.identity, book, period, dimension, world.filters);
    let (before, then) = (of(world.book), of(after));
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut at = |label: &str, take: &mut dyn FnMut(&mut Group)| {
        let group = groups.entry(label.to_string()).or_insert_with(|| Group {
            label: label.to_string(),
            now: (Exact::ZERO, Exact::ZERO),
            then: (Exact::ZERO, Exact::ZERO),
        });
        take(group);
    };
    for (label, now) in &view.now {
        let own =
            |revenue: &BTreeMap<String, Exact>| revenue.get(label).copied().unwrap_or_default();
        let more = own(&then) - own(&before);
        at(label, &mut |group| {
            group.now = *now;
            group.then = (now.0 + more, now.1);
        });
    }
    for (plan, charge) in charges {
        let day = last_day_on(world.identity, charge, &scenario.plans[*plan].plan, period);
        let label = party::label(world.identity, charge.0, dimension, day).unwrap_or_default();
        at(&label, &mut |group| group.then.0 += charge.2);
    }
    for change in changed {
        let Some(party) = change.party else {
            continue;
        };
        let label = party::label(world.identity, party, dimension, change.day).unwrap_or_default();
        at(&label, &mut |group| group.then.1 += change.amount);
    }
    groups.into_values().collect()
}
