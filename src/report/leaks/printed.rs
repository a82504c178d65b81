//! A finding's money as it is printed: causes sum to the change, and now − change is then.

use std::collections::BTreeMap;

use crate::leaks::{Finding, Why};
use crate::model::Exact;
use crate::report::rounding::round_to_total;

/// Amounts at the places of an output.
pub struct Printed {
    /// Revenue before, where it is known.
    pub revenue_then: Option<Exact>,
    /// Cost before.
    pub cost_then: Exact,
    /// Revenue now.
    pub revenue_now: Option<Exact>,
    /// Cost now.
    pub cost_now: Exact,
    /// Change of gross profit.
    pub change: Exact,
    /// Its causes.
    pub causes: BTreeMap<Why, Exact>,
    /// Money at risk per month.
    pub at_risk: Exact,
}

impl Printed {
    /// Rounds; `None` keeps the exact amounts.
    pub fn of(finding: &Finding, places: Option<u8>) -> Printed {
        let round = |amount: Exact| places.map_or(amount, |places| amount.round(places));
        let exact: Vec<Exact> = finding.causes.values().copied().collect();
        let change: Exact = exact.iter().sum();
        let amounts = match places {
            Some(places) => round_to_total(&exact, change, places),
            None => exact,
        };
        let causes: BTreeMap<Why, Exact> = finding.causes.keys().copied().zip(amounts).collect();
        let of_revenue = causes.get(&Why::Revenue).copied().unwrap_or_default();
        let change = round(change);
        let (revenue_now, cost_now) = (finding.now.revenue.map(round), round(finding.now.cost));
        Printed {
            revenue_then: revenue_now.map(|revenue| revenue - of_revenue),
            cost_then: cost_now + (change - of_revenue),
            revenue_now,
            cost_now,
            change,
            causes,
            at_risk: round(finding.at_risk),
        }
    }
}
