//! Plans whose heavy users cost more than they pay: what the light ones give them.

use std::collections::BTreeMap;

use super::detect::MONTH;
use super::gather::{Costs, Ground};
use crate::identity::PartyId;
use crate::model::{Exact, Period};

/// Paying customers that a plan must have before its percentiles say anything.
pub const LEAST_CUSTOMERS: usize = 5;
/// Days looked at.
const SPAN: i32 = 28;

/// A plan whose customer at the ninetieth percentile of cost loses money. Money is that of 30 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLoss {
    /// The plan.
    pub plan: String,
    /// Paying customers.
    pub customers: usize,
    /// Of those, how many cost more than they pay.
    pub losing: usize,
    /// Cost of the customer in the middle.
    pub median_cost: Exact,
    /// Cost of the customer at the ninetieth percentile (nearest rank), who loses money.
    pub high_cost: Exact,
    /// What that customer pays.
    pub high_revenue: Exact,
    /// What all who lose money lose together: the others pay it.
    pub subsidy: Exact,
    /// Gross profit of the others.
    pub profit: Exact,
}

/// The plans under water at the ninetieth percentile, by subsidy, the largest first. Empty without
/// revenue by day.
pub fn plans(ground: &Ground<'_>, costs: Costs<'_>) -> Vec<PlanLoss> {
    let Some(revenue) = &ground.revenue else {
        return Vec::new();
    };
    let end = ground.period.end;
    let recent = Period {
        start: ground.period.start.max(end.plus(-SPAN)),
        end,
    };
    let mut parties: BTreeMap<PartyId, (Exact, Exact)> = BTreeMap::new();
    for ((party, day), amount) in revenue {
        if recent.contains(*day) && ground.is_watched(*party, *day) {
            parties.entry(*party).or_default().0 += *amount;
        }
    }
    costs(&mut |fact| {
        if let Some(party) = ground.cost(fact)
            && recent.contains(fact.day)
        {
            parties.entry(party).or_default().1 += fact.amount;
        }
    });
    let mut plans: BTreeMap<&str, Vec<(Exact, Exact)>> = BTreeMap::new();
    for (party, (revenue, cost)) in parties {
        let plan = ground
            .identity
            .party(party)
            .attribute_on("plan", end.plus(-1));
        if let Some(plan) = plan.filter(|_| revenue.is_positive()) {
            plans.entry(plan).or_default().push((cost, revenue));
        }
    }
    let days = (recent.end.0 - recent.start.0).max(1);
    let month = |amount: Exact| {
        let product = amount * Exact::from(MONTH as u64);
        Exact::ratio(product, Exact::from(i64::from(days)), 12).unwrap_or(amount)
    };
    let mut found: Vec<PlanLoss> = plans
        .into_iter()
        .filter_map(|(plan, customers)| loss(plan, customers, &month))
        .collect();
    found.sort_by(|a, b| b.subsidy.cmp(&a.subsidy).then_with(|| a.plan.cmp(&b.plan)));
    found
}

/// A plan's customers, as cost and revenue.
fn loss(
    plan: &str,
    mut customers: Vec<(Exact, Exact)>,
    month: &dyn Fn(Exact) -> Exact,
) -> Option<PlanLoss> {
    let count = customers.len();
    if count < LEAST_CUSTOMERS {
        return None;
    }
    customers.sort();
    // Nearest rank: of ten the ninth, of five the fifth.
    let rank = |percent: usize| customers[(count * percent).div_ceil(100) - 1];
    let (high_cost, high_revenue) = rank(90);
    if high_cost <= high_revenue {
        return None;
    }
    let profits = || customers.iter().map(|(cost, revenue)| *revenue - *cost);
    let losses: Exact = profits().filter(Exact::is_negative).sum();
    Some(PlanLoss {
        plan: plan.to_string(),
        customers: count,
        losing: profits().filter(Exact::is_negative).count(),
        median_cost: month(rank(50).0),
        high_cost: month(high_cost),
        high_revenue: month(high_revenue),
        subsidy: month(-losses),
        profit: month(profits().filter(Exact::is_positive).sum()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customers(costs: &[u64]) -> Vec<(Exact, Exact)> {
        let of = |cost: &u64| (Exact::from(*cost), Exact::from(99u64));
        costs.iter().map(of).collect()
    }

    #[test]
    fn the_ninth_of_ten_decides() {
        let same = |amount: Exact| amount;
        let loss = |costs: &[u64]| loss("pro", customers(costs), &same);
        let found = loss(&[5, 10, 20, 30, 40, 50, 60, 70, 120, 200]).unwrap();
        assert_eq!((found.customers, found.losing), (10, 2));
        assert_eq!(found.median_cost, Exact::from(40u64));
        assert_eq!(found.high_cost, Exact::from(120u64));
        assert_eq!(found.subsidy, Exact::from(21u64 + 101));
        // 8 × 99 less 5 + 10 + 20 + 30 + 40 + 50 + 60 + 70.
        assert_eq!(found.profit, Exact::from(792u64 - 285));
        // One heavy user of ten is no matter of the plan.
        assert_eq!(loss(&[5, 10, 20, 30, 40, 50, 60, 70, 98, 2000]), None);
        assert_eq!(loss(&[500, 500, 500, 500]), None);
    }
}
