//! Two receipts compared, customer by customer.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::Cause;
use super::change::{Change, Changed, Money, add, check, without_dust};
use super::currency::{Rates, Restated, restate};
use super::receipt::{Entry, Receipt};
use super::revenue;
use crate::causes::{self, Group, Part};
use crate::margin::dimension::UNATTRIBUTED;
use crate::model::{Exact, Meter, Period};

/// A receipt and what it is of.
#[derive(Clone, Copy)]
pub struct Saved<'a> {
    /// The receipt.
    pub receipt: &'a Receipt,
    /// The report's period.
    pub period: Period,
    /// The receipt's version.
    pub version: u32,
}

/// What differs between two reports besides their receipts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Differs {
    /// Options, bases, price lists or the program.
    pub method: bool,
    /// Files of usage, bills or revenue.
    pub data: bool,
}

/// All changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Of all customers together, unattributed cost included.
    pub total: Change,
    /// Customers with some change, the largest change of gross profit first.
    pub customers: Vec<Changed>,
    /// Currencies of later amounts of which the earlier report knows no rate.
    pub unrated: BTreeSet<String>,
}

/// Compares two receipts.
///
/// # Panics
/// If causes do not add up: a bug of ours that must never print.
pub fn compare(before: Saved<'_>, after: Saved<'_>, differs: Differs) -> Diff {
    let (old, new) = (before.receipt, after.receipt);
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
    let two = Two {
        before,
        after,
        differs,
        rates: Rates::of(old),
    };
    let mut diff = Diff::default();
    for customer in all {
        let (was, moved, is) = (of(&was, customer), of(&moved, customer), of(&is, customer));
        let mut change = Change {
            before: money(&was),
            after: money(&is),
            causes: BTreeMap::new(),
        };
        let mapping = money(&moved).less(money(&was));
        add(&mut change.causes, Cause::Mapping, mapping);
        let (causes, unrated) = two.change(customer, &moved, &is);
        for (cause, amount) in causes {
            add(&mut change.causes, cause, amount);
        }
        without_dust(&mut change.causes);
        check(&change, customer);
        diff.unrated.extend(unrated);
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

/// Two reports, as one customer's change needs them.
struct Two<'a> {
    before: Saved<'a>,
    after: Saved<'a>,
    differs: Differs,
    /// Everybody's rates in the earlier one.
    rates: Rates,
}

impl Two<'_> {
    /// The causes of a customer's change, and the currencies without an earlier rate.
    fn change(
        &self,
        customer: &str,
        before: &[&Entry],
        after: &[&Entry],
    ) -> (Vec<(Cause, Money)>, BTreeSet<String>) {
        let same_days = self.before.period == self.after.period;
        let pays = |entries: &[&Entry]| {
            let mut lines = entries.iter().flat_map(|entry| &entry.revenue);
            lines.any(|line| !line.amount.is_zero())
        };
        // Who comes or goes does that at the rates of the day.
        let stays = match same_days {
            true => (true, true),
            false => (
                pays(before) && pays(after),
                customer == UNATTRIBUTED || (is_there(before) && is_there(after)),
            ),
        };
        let own = Rates::of(before.iter().copied());
        let Restated {
            entries,
            change,
            unrated,
        } = restate(after, &own, &self.rates, stays);
        let restated: Vec<&Entry> = entries.iter().collect();
        let after = match entries.is_empty() {
            true => after,
            false => &restated,
        };
        let mut causes = match same_days {
            true => same_days_change(money(after).less(money(before)), self.differs),
            false => {
                // Only receipts of this version have list prices in their own currency.
                let dollars = self.before.version > 1 && self.after.version > 1;
                let (then, now) = (self.before.period, self.after.period);
                // Nobody comes or goes in what has no customer.
                let nobody = customer == UNATTRIBUTED;
                other_days((before, then), (after, now), dollars, nobody)
            }
        };
        causes.push((Cause::Currency, change));
        (causes, unrated)
    }
}

/// The same days: what changed is data that came later, else the method, else the mapping.
fn same_days_change(change: Money, differs: Differs) -> Vec<(Cause, Money)> {
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
    dollars: bool,
    nobody: bool,
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
        _ if nobody => vec![(Cause::OtherCost, money(after).cost - money(before).cost)],
        (false, _) => vec![(Cause::New, money(after).cost)],
        (_, false) => vec![(Cause::Churn, -money(before).cost)],
        _ => {
            let folded = without_meters(before, after);
            let was = cost_side(before, &folded, dollars);
            let is = cost_side(after, &folded, dollars);
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

/// Cost and usage of entries. `dollars` says that list prices are taken in their own currency.
fn cost_side(entries: &[&Entry], folded: &BTreeSet<&str>, dollars: bool) -> causes::Side {
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
                failed: line.failed,
                meter: meter.filter(|_| !folded.contains(line.model.as_str())),
            };
            let list = line.list_usd.filter(|_| dollars).or(line.list);
            side.add_quantity(&part, line.quantity, list);
            side.add_cost(&part, line.cost);
        }
        side.add_other(entry.other);
    }
    side
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{CostLine, Original, RevenueLine, UsageLine};
    use crate::model::Day;
    use proptest::prelude::*;

    /// Customer, requests, tokens, cents, and hundredths of the other currency's rate.
    type Row = (u8, u32, u32, i64, u32);

    fn receipt(rows: &[Row]) -> Receipt {
        let entry = |(at, row): (usize, &Row)| {
            let (customer, served, tokens, cents, rate) = *row;
            let amount = Exact::new(i128::from(cents), 2);
            let converted = amount * Exact::new(i128::from(rate), 2);
            let from = match rate % 3 {
                0 => Vec::new(),
                kind => vec![Original {
                    currency: if kind == 1 { "EUR" } else { "GBP" }.into(),
                    amount,
                    converted,
                }],
            };
            let model = format!("m{}", served % 2);
            Entry {
                customer: format!("c{customer}"),
                source: "usage".into(),
                id: format!("id{at}"),
                revenue: vec![RevenueLine {
                    plan: (tokens % 2 == 0).then(|| "pro".into()),
                    amount: converted,
                    days: tokens % 32,
                    list_price: (tokens % 3 == 0).then(|| Exact::from(99u64)),
                    from: from.clone(),
                }],
                usage: vec![UsageLine {
                    model: model.clone(),
                    served: u64::from(served).into(),
                }],
                cost: vec![CostLine {
                    model,
                    meter: (tokens % 5 > 0).then(|| "input".into()),
                    failed: tokens % 7 == 0,
                    quantity: u64::from(tokens).into(),
                    list: (rate % 2 == 0).then(|| Exact::new(i128::from(tokens), 6)),
                    list_usd: None,
                    cost: converted,
                    from: from.clone(),
                }],
                other: converted,
                other_from: from,
            }
        };
        rows.iter().enumerate().map(entry).collect()
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let row = (0u8..3, 0u32..5, 0u32..400, -900i64..9000, 50u32..200);
        prop::collection::vec(row, 0..8)
    }

    proptest! {
        /// Whatever is converted at whatever rates, causes add up to the change of both.
        #[test]
        fn exchange_rates_leave_no_residual(old in rows(), new in rows(), same in any::<bool>()) {
            let (old, new) = (receipt(&old), receipt(&new));
            let month = |text: &str| {
                let start = Day::parse(text).unwrap();
                Period { start, end: start.month().plus(1).first_day() }
            };
            let saved = |receipt, period| Saved { receipt, period, version: 2 };
            let later = if same { "2026-09-01" } else { "2026-10-01" };
            let diff = compare(
                saved(&old, month("2026-09-01")),
                saved(&new, month(later)),
                Differs::default(),
            );
            let sum = |receipt: &Receipt| money(&receipt.iter().collect::<Vec<_>>());
            prop_assert_eq!(diff.total.before, sum(&old));
            prop_assert_eq!(diff.total.after, sum(&new));
            for change in diff.customers.iter().map(|one| &one.change).chain([&diff.total]) {
                let mut all = Money::default();
                change.causes.values().for_each(|amount| all.add(*amount));
                prop_assert_eq!(all, change.difference());
            }
        }
    }
}
