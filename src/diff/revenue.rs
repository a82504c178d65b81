//! Causes of a change of revenue: new and lost customers, plans, list prices, discounts.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::Cause;
use super::receipt::RevenueLine;
use crate::causes::{Driver, Leaf, explain};
use crate::model::Exact;

/// Revenue of one customer in one period.
#[derive(Clone, Debug, Default)]
pub struct Side {
    plans: BTreeMap<Option<String>, Plan>,
    /// The period's length: months if it is whole months, else days.
    length: u32,
    /// Its days.
    days: u32,
}

#[derive(Clone, Debug, Default)]
struct Plan {
    amount: Exact,
    days: u32,
    list: Option<Exact>,
}

impl Side {
    /// A side without revenue, of a period of so many months or days, and so many days.
    pub fn new(length: u32, days: u32) -> Side {
        Side {
            plans: BTreeMap::new(),
            length,
            days,
        }
    }

    /// Adds a line. Two ids with the same plan were served for the longer of their times.
    pub fn add(&mut self, line: &RevenueLine) {
        let plan = self.plans.entry(line.plan.clone()).or_default();
        plan.amount += line.amount;
        plan.days = plan.days.max(line.days);
        plan.list = plan.list.or(line.list_price);
    }

    fn total(&self) -> Exact {
        self.plans.values().map(|plan| plan.amount).sum()
    }

    fn has_any(&self) -> bool {
        self.plans.values().any(|plan| !plan.amount.is_zero())
    }

    /// How much of the period a plan was paid for, times the period's length.
    fn time(&self, plan: &Plan) -> Exact {
        let of = Exact::from(u64::from(plan.days)) * Exact::from(u64::from(self.length));
        Exact::ratio(of, Exact::from(u64::from(self.days.max(1))), 12).unwrap_or_default()
    }
}

/// The change of revenue by cause. Sums to the later revenue less the earlier.
pub fn change(before: &Side, after: &Side) -> BTreeMap<Cause, Exact> {
    let whole = |cause: Cause| BTreeMap::from([(cause, after.total() - before.total())]);
    match (before.has_any(), after.has_any()) {
        (false, false) => return BTreeMap::new(),
        (false, true) => return whole(Cause::New),
        (true, false) => return whole(Cause::Churn),
        (true, true) => {}
    }
    let names: BTreeSet<&Option<String>> = before.plans.keys().chain(after.plans.keys()).collect();
    let leaf = |name: &Option<String>| {
        let (old, new) = (before.plans.get(name), after.plans.get(name));
        let none = Plan::default();
        let amounts = (old.unwrap_or(&none).amount, new.unwrap_or(&none).amount);
        let mut drivers = Vec::new();
        let rest = match (name, old, new) {
            (None, _, _) => Cause::OtherRevenue,
            (Some(_), Some(old), Some(new)) => {
                let times = (before.time(old), after.time(new));
                drivers.push(driver(Cause::Volume, times));
                match (old.list, new.list) {
                    (Some(was), Some(is)) if was.is_positive() && is.is_positive() => {
                        // Nested in the time, as each driver is measured by the whole amount.
                        drivers.push(driver(Cause::Price, (was * times.0, is * times.1)));
                        let full = |plan: &Plan, list: Exact, time: Exact| {
                            plan.amount > list * time + Exact::new(1, 2)
                        };
                        match full(old, was, times.0) || full(new, is, times.1) {
                            true => Cause::Volume,
                            false => Cause::Discount,
                        }
                    }
                    _ => Cause::OtherRevenue,
                }
            }
            (Some(_), _, _) => Cause::Mix,
        };
        Leaf {
            before: amounts.0,
            after: amounts.1,
            drivers,
            rest,
        }
    };
    explain(names.into_iter().map(leaf))
}

fn driver(cause: Cause, (before, after): (Exact, Exact)) -> Driver<Cause> {
    Driver {
        cause,
        before,
        after,
    }
}
