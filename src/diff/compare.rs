//! Two receipts compared, customer by customer.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::Cause;
use super::receipt::{Entry, Receipt};
use super::revenue;
use crate::causes::{self, Group, Part};
use crate::model::{Exact, Meter, Period};

/// Revenue and cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// Revenue.
    pub revenue: Exact,
    /// Cost.
    pub cost: Exact,
}

impl Money {
    /// Revenue − cost.
    pub fn gross_profit(&self) -> Exact {
        self.revenue - self.cost
    }

    fn add(&mut self, other: Money) {
        self.revenue += other.revenue;
        self.cost += other.cost;
    }

    fn less(self, other: Money) -> Money {
        Money {
            revenue: self.revenue - other.revenue,
            cost: self.cost - other.cost,
        }
    }

    fn is_zero(&self) -> bool {
        self.revenue.is_zero() && self.cost.is_zero()
    }
}

/// What differs between two reports besides their receipts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Differs {
    /// Options, bases, price lists or the program.
    pub method: bool,
    /// Files of usage, bills or revenue.
    pub data: bool,
}

/// The change of one customer, or of the total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Before.
    pub before: Money,
    /// After.
    pub after: Money,
    /// What changed it, by cause.
    pub causes: BTreeMap<Cause, Money>,
}

impl Change {
    /// After less before.
    pub fn difference(&self) -> Money {
        self.after.less(self.before)
    }
}

/// One customer's change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The customer as the report names it.
    pub customer: String,
    /// The change.
    pub change: Change,
}

/// All changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Of all customers together, unattributed cost included.
    pub total: Change,
    /// Customers with some change, the largest change of gross profit first.
    pub customers: Vec<Changed>,
}

/// Compares two receipts with their periods.
///
/// # Panics
/// If causes do not add up: a bug of ours that must never print.
pub fn compare(before: (&Receipt, Period), after: (&Receipt, Period), differs: Differs) -> Diff {
    let (old, new) = (before.0, after.0);
    let owners = owners(new);
    // The old receipt as if ids had belonged to whom they belong now.
    let mut moved: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    let mut was: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in old {
        was.entry(&entry.customer).or_default().push(entry);
        let id = (entry.source.as_str(), entry.id.as_str());
        let now = owners.get(&id).copied().flatten();
        let owner = now.unwrap_or(&entry.customer);
        moved.entry(owner).or_default().push(entry);
    }
    let mut is: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in new {
        is.entry(&entry.customer).or_default().push(entry);
    }
    let all: BTreeSet<&str> = was
        .keys()
        .chain(moved.keys())
        .chain(is.keys())
        .copied()
        .collect();
    let mut diff = Diff::default();
    for customer in all {
        let (was, moved, is) = (of(&was, customer), of(&moved, customer), of(&is, customer));
        let mut change = Change {
            before: money(&was),
            after: money(&is),
            causes: BTreeMap::new(),
        };
        add(
            &mut change.causes,
            Cause::Mapping,
            money(&moved).less(money(&was)),
        );
        let rest = match before.1 == after.1 {
            true => same_days(money(&is).less(money(&moved)), differs),
            false => other_days((&moved, before.1), (&is, after.1)),
        };
        for (cause, amount) in rest {
            add(&mut change.causes, cause, amount);
        }
        check(&change, customer);
        diff.total.before.add(change.before);
        diff.total.after.add(change.after);
        for (cause, amount) in &change.causes {
            add(&mut diff.total.causes, *cause, *amount);
        }
        if !change.causes.is_empty() {
            diff.customers.push(Changed {
                customer: customer.to_string(),
                change,
            });
        }
    }
    diff.total.causes.retain(|_, amount| !amount.is_zero());
    check(&diff.total, "total");
    diff.customers.sort_by_key(|one| {
        let size = one.change.difference().gross_profit().abs();
        (std::cmp::Reverse(size), one.customer.clone())
    });
    diff
}

/// The entries of a customer.
fn of<'e>(side: &BTreeMap<&str, Vec<&'e Entry>>, customer: &str) -> Vec<&'e Entry> {
    side.get(customer).cloned().unwrap_or_default()
}

fn add(causes: &mut BTreeMap<Cause, Money>, cause: Cause, amount: Money) {
    if !amount.is_zero() {
        causes.entry(cause).or_default().add(amount);
    }
}

fn check(change: &Change, whose: &str) {
    let mut sum = Money::default();
    change.causes.values().for_each(|amount| sum.add(*amount));
    assert!(
        sum == change.difference(),
        "the causes of {whose} sum to {sum:?}, the change is {:?}",
        change.difference()
    );
}

/// The owner of each id that has exactly one.
fn owners(receipt: &Receipt) -> BTreeMap<(&str, &str), Option<&str>> {
    let mut owners: BTreeMap<(&str, &str), Option<&str>> = BTreeMap::new();
    for entry in receipt.iter().filter(|entry| !entry.source.is_empty()) {
        let owner = Some(entry.customer.as_str());
        owners
            .entry((&entry.source, &entry.id))
            .and_modify(|known| *known = known.filter(|_| *known == owner))
            .or_insert(owner);
    }
    owners
}

fn money(entries: &[&Entry]) -> Money {
    let mut sum = Money::default();
    for entry in entries {
        sum.revenue += entry.revenue.iter().map(|line| line.amount).sum();
        sum.cost += entry.cost.iter().map(|line| line.cost).sum::<Exact>() + entry.other;
    }
    sum
}

/// The same days: what changed is data that came later, else the method, else the mapping.
fn same_days(change: Money, differs: Differs) -> Vec<(Cause, Money)> {
    let cause = match differs {
        Differs { data: true, .. } => Cause::LateData,
        Differs { method: true, .. } => Cause::Method,
        // Shared costs and credits go another way when ids do.
        _ => Cause::Mapping,
    };
    vec![(cause, change)]
}

/// Other days: revenue by plans and prices, cost by requests, tokens and prices.
fn other_days(
    (before, then): (&[&Entry], Period),
    (after, now): (&[&Entry], Period),
) -> Vec<(Cause, Money)> {
    let was = revenue_side(before, then, now);
    let is = revenue_side(after, now, then);
    let revenue = revenue::change(&was, &is).into_iter();
    let revenue = revenue.map(|(cause, revenue)| {
        let cost = Exact::ZERO;
        (cause, Money { revenue, cost })
    });
    let presence = (is_there(before), is_there(after));
    let cost: Vec<(Cause, Exact)> = match presence {
        (false, _) => vec![(Cause::New, money(after).cost)],
        (_, false) => vec![(Cause::Churn, -money(before).cost)],
        _ => {
            let folded = without_meters(before, after);
            let was = cost_side(before, &folded);
            let is = cost_side(after, &folded);
            let causes = causes::change(&was, &is).into_iter();
            causes.map(|(cause, cost)| (cause.into(), cost)).collect()
        }
    };
    let cost = cost.into_iter().map(|(cause, cost)| {
        let revenue = Exact::ZERO;
        (cause, Money { revenue, cost })
    });
    revenue.chain(cost).collect()
}

/// Whether a customer has anything at all.
fn is_there(entries: &[&Entry]) -> bool {
    let used = |entry: &&Entry| {
        let requests = entry.usage.iter().any(|line| !line.served.is_zero());
        requests || entry.cost.iter().any(|line| !line.quantity.is_zero())
    };
    !money(entries).is_zero() || entries.iter().any(used)
}

fn revenue_side(entries: &[&Entry], period: Period, other: Period) -> revenue::Side {
    let months = |period: Period| {
        let (start, end) = (period.start, period.end);
        let whole = start == start.month().first_day() && end == end.month().first_day();
        whole.then(|| period.months().count() as u32)
    };
    let days = u32::try_from(period.end.0 - period.start.0).unwrap_or(0);
    let length = match (months(period), months(other)) {
        (Some(months), Some(_)) => months,
        _ => days,
    };
    let mut side = revenue::Side::new(length, days);
    for line in entries.iter().flat_map(|entry| &entry.revenue) {
        side.add(line);
    }
    side
}

/// Models of which some cost cannot be told apart by meter.
fn without_meters<'e>(before: &[&'e Entry], after: &[&'e Entry]) -> BTreeSet<&'e str> {
    let lines = before.iter().chain(after).flat_map(|entry| &entry.cost);
    lines
        .filter(|line| line.meter.is_none())
        .map(|line| line.model.as_str())
        .collect()
}

fn cost_side(entries: &[&Entry], folded: &BTreeSet<&str>) -> causes::Side {
    let mut side = causes::Side::default();
    let group = |model: &str| Group {
        feature: None,
        model: Some(model.into()),
    };
    for entry in entries {
        for line in &entry.usage {
            side.add_requests(&group(&line.model), line.served);
        }
        for line in &entry.cost {
            let meter = line.meter.as_deref().map(Meter::named);
            let part = Part {
                group: group(&line.model),
                failed: false,
                meter: meter.filter(|_| !folded.contains(line.model.as_str())),
            };
            side.add_quantity(&part, line.quantity, line.list);
            side.add_cost(&part, line.cost);
        }
        side.add_other(entry.other);
    }
    side
}
