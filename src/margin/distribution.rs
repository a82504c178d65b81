//! How cost and profit are spread over customers: percentiles by plan, the share of the dearest, what
//! those at a loss take from the others, and the whale curve.

use std::collections::BTreeMap;

use super::dimension::NONE;
use super::row::{Row, RowKind};
use crate::identity::Identity;
use crate::model::Exact;

/// The customers of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanSpread {
    /// The plan, or `(none)`.
    pub plan: String,
    /// How many customers.
    pub customers: u64,
    /// Its list price, if one is known.
    pub price: Option<Exact>,
    /// How many customers cost more than they pay.
    pub at_a_loss: u64,
    /// Their revenue.
    pub revenue: Exact,
    /// Their cost.
    pub cost: Exact,
    /// Cost at the 50th, 90th and 99th percentile, by nearest rank.
    pub percentiles: [Exact; 3],
    /// Part of the cost that the dearest 1 % and 10 % of the customers have, at least one of them; a
    /// ratio. `None` where the cost is not above zero.
    pub top: [Option<Exact>; 2],
    /// What customers at a loss cost above what they pay.
    pub losses: Exact,
    /// What the others pay above what they cost.
    pub profits: Exact,
}

/// Customers in order of gross profit, cumulated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whale {
    /// Gross profit of the first 1, 2, 3 … customers, the most profitable first.
    pub cumulated: Vec<Exact>,
    /// After how many customers it is highest; 0 if none earns anything.
    pub peak_at: u64,
    /// The highest.
    pub peak: Exact,
}

impl Whale {
    /// What the customers after the peak give back.
    pub fn given_back(&self) -> Exact {
        self.peak - self.cumulated.last().copied().unwrap_or_default()
    }
}

/// The spread of a statement by customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Plans, the largest cost first.
    pub plans: Vec<PlanSpread>,
    /// All customers.
    pub whale: Whale,
}

impl Distribution {
    /// Works it out from rows by customer. Internal accounts, unmapped ids and cost without a
    /// customer are none. `prices` are the list prices of plans.
    pub fn of(rows: &[Row], identity: &Identity, prices: &BTreeMap<String, Exact>) -> Distribution {
        let mut plans: BTreeMap<String, Vec<(Exact, Exact)>> = BTreeMap::new();
        let mut profits = Vec::new();
        for row in rows.iter().filter(|row| row.kind == RowKind::Customer) {
            let (Some(party), Some(revenue)) = (row.party, row.revenue) else {
                continue;
            };
            let plan = identity.party(party).attribute("plan", row.period);
            let customers = plans.entry(plan.unwrap_or(NONE).to_string()).or_default();
            customers.push((revenue, row.cost()));
            profits.push(revenue - row.cost());
        }
        let spread = |(plan, customers): (String, Vec<(Exact, Exact)>)| {
            let price = prices.get(&plan).copied();
            spread(plan, price, &customers)
        };
        let mut plans: Vec<PlanSpread> = plans.into_iter().map(spread).collect();
        plans.sort_by_key(|plan| (std::cmp::Reverse(plan.cost), plan.plan.clone()));
        Distribution {
            plans,
            whale: whale(profits),
        }
    }
}

fn spread(plan: String, price: Option<Exact>, customers: &[(Exact, Exact)]) -> PlanSpread {
    let mut costs: Vec<Exact> = customers.iter().map(|(_, cost)| *cost).collect();
    costs.sort();
    let count = costs.len();
    // Nearest rank: the smallest value that at least so many percent are not above.
    let rank = |percent: usize| costs[(count * percent).div_ceil(100).max(1) - 1];
    let cost: Exact = costs.iter().sum();
    let top = |percent: usize| {
        let dearest = (count * percent).div_ceil(100).max(1);
        let sum = costs.iter().rev().take(dearest).sum();
        Exact::ratio(sum, cost, 16).filter(|_| cost.is_positive())
    };
    let profit = customers.iter().map(|(revenue, cost)| *revenue - *cost);
    let losses: Exact = profit
        .clone()
        .map(|profit| (-profit).max(Exact::ZERO))
        .sum();
    PlanSpread {
        price,
        customers: count as u64,
        at_a_loss: profit.clone().filter(Exact::is_negative).count() as u64,
        revenue: customers.iter().map(|(revenue, _)| *revenue).sum(),
        cost,
        percentiles: [50, 90, 99].map(rank),
        top: [1, 10].map(top),
        losses,
        profits: profit.map(|profit| profit.max(Exact::ZERO)).sum(),
        plan,
    }
}

fn whale(mut profits: Vec<Exact>) -> Whale {
    profits.sort_by(|a, b| b.cmp(a));
    let mut whale = Whale::default();
    let mut sum = Exact::ZERO;
    for (at, profit) in (1u64..).zip(profits) {
        sum += profit;
        whale.cumulated.push(sum);
        if sum > whale.peak {
            (whale.peak, whale.peak_at) = (sum, at);
        }
    }
    whale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn of(customers: &[(&str, &str)]) -> PlanSpread {
        let customers: Vec<(Exact, Exact)> = customers
            .iter()
            .map(|(revenue, cost)| (exact(revenue), exact(cost)))
            .collect();
        spread("pro".into(), None, &customers)
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        // Costs 1 to 10: rank 5, rank 9, rank 10. The dearest 1 % and 10 % are one customer: 10 of 55.
        let costs: Vec<String> = (1..=10).map(|cost| cost.to_string()).collect();
        let customers: Vec<(&str, &str)> = costs.iter().rev().map(|c| ("8", c.as_str())).collect();
        let found = of(&customers);
        assert_eq!(found.percentiles.map(|p| p.to_string()), ["5", "9", "10"]);
        assert_eq!(found.top[0], Exact::ratio(exact("10"), exact("55"), 16));
        assert_eq!(found.top[0], found.top[1]);
        // 9 and 10 are 1 and 2 above what they pay; the others pay 7 + 6 + … + 0 = 28 more.
        assert_eq!(
            (found.at_a_loss, found.losses, found.profits),
            (2, exact("3"), exact("28"))
        );
    }

    #[test]
    fn nothing_divides_by_zero() {
        let free = of(&[("0", "0")]);
        assert_eq!(free.top, [None, None]);
        assert_eq!(free.percentiles, [Exact::ZERO; 3]);
        // Credits may exceed the cost.
        let credited = of(&[("5", "-3"), ("5", "1")]);
        assert_eq!(credited.top, [None, None]);
        assert_eq!(
            (credited.cost, credited.profits),
            (exact("-2"), exact("12"))
        );
        assert_eq!(whale(Vec::new()), Whale::default());
    }

    #[test]
    fn the_whale_curve_peaks_before_the_losses() {
        let found = whale(["-301", "13", "99", "75"].map(exact).to_vec());
        let cumulated: Vec<String> = found.cumulated.iter().map(Exact::to_string).collect();
        assert_eq!(cumulated, ["99", "174", "187", "-114"]);
        assert_eq!(
            (found.peak_at, found.peak, found.given_back()),
            (3, exact("187"), exact("301"))
        );
        let losing = whale(vec![exact("-2"), exact("-1")]);
        assert_eq!(
            (losing.peak_at, losing.peak, losing.given_back()),
            (0, Exact::ZERO, exact("3"))
        );
    }
}
