//! Charges that bring a month to its minimum, and the totals by plan and segment.

use std::collections::BTreeMap;

use super::costs;
use super::lever::{Charge, Scenario};
use super::membership::Membership;
use super::outcome::Group;
use super::scenario::World;
use super::served;
use crate::identity::{Identity, PartyId};
use crate::margin::{Statement, party};
use crate::model::{Day, Exact, Month, Period};
use crate::revenue::{Basis, Obligation, RevenueBook, Schedule};

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
/// at the minor unit as every line of an invoice. A month brings its share of an invoice's service,
/// whenever revenue counts: a yearly plan that is billed in January pays for October too.
pub fn minimums<'a>(
    world: World<'a>,
    membership: &Membership<'a>,
    scenario: &Scenario,
    after: &RevenueBook,
    charges: &[(usize, Charge)],
) -> Vec<(usize, Charge)> {
    let period = world.statement.period;
    let mut more = Vec::new();
    for (at, change) in scenario.plans.iter().enumerate() {
        let Some(minimum) = change.minimum else {
            continue;
        };
        let mut brings: BTreeMap<(PartyId, Month), Exact> = BTreeMap::new();
        let on = |line: &Obligation, before: &Obligation, brings: &mut BTreeMap<_, Exact>| {
            if before.recurring == Some(false) && !before.metered {
                return;
            }
            let (start, end) = line.service;
            let schedule = match world.book.basis {
                Basis::Billed | Basis::Cash => {
                    &Schedule::straight(line.net, start, end, world.places)
                }
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
        };
        for (line, before) in after.obligations.iter().zip(&world.book.obligations) {
            if membership
                .names_of_terms(before)
                .contains(&change.plan.as_str())
            {
                on(line, before, &mut brings);
            }
        }
        for (_, (party, month, amount)) in charges.iter().filter(|(of, _)| *of == at) {
            *brings.entry((*party, *month)).or_default() += *amount;
        }
        for (party, month) in served::on_plan(world.identity, &change.plan, period) {
            let brought = brings.get(&(party, month)).copied().unwrap_or_default();
            let missing = (minimum - brought).round(world.places);
            let reached = membership.reaches_month(scenario.apply, party, month.first_day());
            if missing.is_positive() && reached {
                more.push((at, (party, month, missing)));
            }
        }
    }
    more
}

/// The totals of one dimension: the report's now, and with every change then.
pub fn group(
    world: World<'_>,
    view: &Statement,
    after: &RevenueBook,
    charges: &[(usize, Charge)],
    changed: &[costs::Change],
    scenario: &Scenario,
) -> Vec<Group> {
    let Some(dimension) = view.by.first() else {
        return Vec::new();
    };
    let of = |book| party::revenue_by(world.identity, book, view.period, dimension, world.filters);
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
    for row in &view.rows {
        let label = row.labels.first().map_or("", |label| label.as_ref());
        let now = (row.revenue.unwrap_or_default(), row.cost());
        let own =
            |revenue: &BTreeMap<String, Exact>| revenue.get(label).copied().unwrap_or_default();
        let more = own(&then) - own(&before);
        at(label, &mut |group| {
            group.now = now;
            group.then = (now.0 + more, now.1);
        });
    }
    for (plan, charge) in charges {
        let day = last_day_on(
            world.identity,
            charge,
            &scenario.plans[*plan].plan,
            view.period,
        );
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
