//! Break-even churn: how many of the re-priced customers may leave before a change stops paying.
//!
//! In margin terms, not revenue: a customer who leaves takes its cost along. What the change brings
//! or costs elsewhere (other customers, cost without a customer) stays whoever leaves. At $99 → $149 with a
//! uniform cost of $20, revenue says 33.6 % may leave and margin says 38.8 %.

use std::collections::BTreeMap;

use crate::model::Exact;

/// Places of the shares.
const PLACES: u8 = 16;

/// A re-priced customer: gross profit before and after.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Revenue before.
    pub revenue_now: Exact,
    /// Revenue after.
    pub revenue_then: Exact,
    /// Gross profit before.
    pub profit_now: Exact,
    /// Gross profit after.
    pub profit_then: Exact,
}

impl Member {
    /// By how much its gross profit rises.
    pub fn gain(&self) -> Exact {
        self.profit_then - self.profit_now
    }
}

/// The share of customers that may leave, from 0 to 1, by who leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakEven {
    /// By the usual formula, 1 − revenue now ∕ revenue then. For comparison only.
    pub revenue: Option<Exact>,
    /// The most profitable leave first.
    pub most_profitable_first: Exact,
    /// Everyone is equally likely to leave.
    pub proportional: Exact,
    /// Those who lose money leave first.
    pub loss_makers_first: Exact,
    /// Customers for whom it gets dearer, by how much, from the most to the least.
    pub dearer: Vec<Dearer>,
    /// How many customers are re-priced, and how many of them pay something now.
    pub customers: (u64, u64),
    /// Gross profit of the re-priced customers now, and then if nobody leaves.
    pub profit: (Exact, Exact),
    /// What the change adds to the gross profit of everything else; negative if it costs.
    pub others: Exact,
    /// Whether it would be no worse than now if just the re-priced customers at a loss left.
    pub pays_without_losers: bool,
}

/// Customers for whom it gets dearer alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dearer {
    /// Revenue then ∕ revenue now − 1; above 0.
    pub change: Exact,
    /// How many they are.
    pub customers: u64,
    /// Their gross profit then if nobody leaves.
    pub profit: Exact,
}

/// What is left if customers leave as an elasticity says, each the likelier the dearer it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Share of the re-priced customers that leaves.
    pub share: Exact,
    /// Gross profit of those who stay less that of all now, and what changes elsewhere.
    pub gain: Exact,
}

impl BreakEven {
    /// Works it out; `None` if nobody is re-priced. `others` is what the change adds to the gross
    /// profit of everything else.
    pub fn of(members: &[Member], others: Exact) -> Option<BreakEven> {
        if members.is_empty() {
            return None;
        }
        let sum = |of: fn(&Member) -> Exact| members.iter().map(of).sum::<Exact>();
        let (now, then) = (sum(|m| m.profit_now), sum(|m| m.profit_then));
        let (revenue_now, revenue_then) = (sum(|m| m.revenue_now), sum(|m| m.revenue_then));
        let mut profits: Vec<Exact> = members.iter().map(|m| m.profit_then).collect();
        profits.sort();
        // What those who stay must bring at least.
        let least = now - others;
        let losers_first = leaving(profits.iter(), least, then);
        let best_first = leaving(profits.iter().rev(), least, then);
        let winners = profits.iter().filter(|profit| profit.is_positive());
        let pays_without_losers = winners.sum::<Exact>() >= least;
        Some(BreakEven {
            revenue: Exact::ratio(revenue_then - revenue_now, revenue_then, PLACES)
                .filter(|_| revenue_then.is_positive())
                .map(clamp),
            most_profitable_first: best_first,
            proportional: proportional(least, then),
            loss_makers_first: losers_first,
            dearer: dearer(members),
            customers: (
                members.len() as u64,
                members
                    .iter()
                    .filter(|m| m.revenue_now.is_positive())
                    .count() as u64,
            ),
            profit: (now, then),
            others,
            pays_without_losers,
        })
    }

    /// The elasticity at which the change just pays: a relative change of customers for a relative
    /// change of what they pay. `None` where nothing gets dearer, where the change does not pay even
    /// if nobody leaves, or where everybody for whom it gets dearer may leave.
    pub fn elasticity(&self) -> Option<Exact> {
        let (now, then) = self.profit;
        let mut gain = then - now + self.others;
        if !gain.is_positive() {
            return None;
        }
        // The gain falls in a straight line until all of those leave for whom it gets dearest, and
        // then in another one.
        let each = self.dearer.iter().map(|of| of.change * of.profit);
        let mut slope: Exact = each.sum();
        for of in &self.dearer {
            if slope.is_positive() && gain * of.change < slope {
                return Exact::ratio(-gain, slope, PLACES);
            }
            gain -= of.profit;
            slope -= of.change * of.profit;
        }
        None
    }

    /// What an elasticity (0 or below) does to the gain; `None` if no re-priced customer pays anything
    /// now. A lower price brings no customers: nobody knows what they would cost. Who pays nothing now
    /// stays: from nothing there is no relative change.
    pub fn at(&self, elasticity: Exact) -> Option<Leaving> {
        let (all, paying) = self.customers;
        if paying == 0 {
            return None;
        }
        let (now, then) = self.profit;
        let mut gone = (Exact::ZERO, Exact::ZERO);
        for of in &self.dearer {
            let share = clamp((-elasticity * of.change).round(PLACES));
            gone.0 += share * Exact::from(of.customers);
            gone.1 += share * of.profit;
        }
        Some(Leaving {
            share: Exact::ratio(gone.0, Exact::from(all), PLACES)?,
            gain: then - gone.1 - now + self.others,
        })
    }
}

/// For whom it gets dearer.
fn dearer(members: &[Member]) -> Vec<Dearer> {
    let mut of: BTreeMap<Exact, (u64, Exact)> = BTreeMap::new();
    for member in members.iter().filter(|m| m.revenue_now.is_positive()) {
        let more = member.revenue_then - member.revenue_now;
        let change = Exact::ratio(more, member.revenue_now, PLACES);
        if let Some(change) = change.filter(Exact::is_positive) {
            let sum = of.entry(change).or_default();
            *sum = (sum.0 + 1, sum.1 + member.profit_then);
        }
    }
    let each = of.into_iter().rev();
    each.map(|(change, (customers, profit))| Dearer {
        change,
        customers,
        profit,
    })
    .collect()
}

/// The gross profit of all and of the re-priced customers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Profits {
    /// Of all, cost without a customer included.
    pub all: Exact,
    /// Of the re-priced customers.
    pub members: Exact,
}

/// The share of the re-priced customers that may leave evenly. What changes elsewhere stays whoever
/// leaves.
pub fn evenly(now: Profits, then: Profits) -> Exact {
    let others = (then.all - now.all) - (then.members - now.members);
    proportional(now.members - others, then.members)
}

/// The share of customers that may leave evenly: solves (1 − share) × then = least.
fn proportional(least: Exact, then: Exact) -> Exact {
    if then < least {
        return Exact::ZERO;
    }
    if !then.is_positive() {
        // Less of a loss is always better: everyone may leave.
        return Exact::ONE;
    }
    Exact::ratio(then - least, then, PLACES).map_or(Exact::ZERO, clamp)
}

/// The share of customers who may leave in this order before the profit falls below `least` for the
/// first time, in whole customers. That it may recover later, once those at a loss go too, does not
/// help whoever stands at that point.
fn leaving<'m>(
    profits: impl ExactSizeIterator<Item = &'m Exact>,
    least: Exact,
    then: Exact,
) -> Exact {
    let count = profits.len() as u64;
    if then < least {
        return Exact::ZERO;
    }
    let mut left = then;
    let mut may_leave = 0;
    for (gone, profit) in (1u64..).zip(profits) {
        left -= *profit;
        if left < least {
            break;
        }
        may_leave = gone;
    }
    Exact::ratio(Exact::from(may_leave), Exact::from(count), PLACES).unwrap_or_default()
}

fn clamp(share: Exact) -> Exact {
    share.max(Exact::ZERO).min(Exact::ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform(count: usize, now: u64, then: u64, cost: u64) -> BreakEven {
        let member = Member {
            revenue_now: Exact::from(now),
            revenue_then: Exact::from(then),
            profit_now: Exact::from(now as i64 - cost as i64),
            profit_then: Exact::from(then as i64 - cost as i64),
        };
        BreakEven::of(&vec![member; count], Exact::ZERO).unwrap()
    }

    #[test]
    fn the_published_example() {
        // 50 ∕ 149 = 0.33557…, 50 ∕ 129 = 0.38759…, 50 ∕ 89 = 0.56179…
        let cheap = uniform(1000, 99, 149, 20);
        assert_eq!(cheap.revenue.unwrap().round(4).to_string(), "0.3356");
        assert_eq!(cheap.proportional.round(4).to_string(), "0.3876");
        assert_eq!(cheap.most_profitable_first.to_string(), "0.387");
        assert_eq!(cheap.loss_makers_first.to_string(), "0.387");
        let dear = uniform(1000, 99, 149, 60);
        assert_eq!(dear.proportional.round(4).to_string(), "0.5618");
    }

    #[test]
    fn elasticities() {
        // 50 ∕ 99 dearer, 50 ∕ 129 may leave: −(50 ∕ 129) ∕ (50 ∕ 99) = −99 ∕ 129 = −0.7674…
        let even = uniform(1000, 99, 149, 20);
        assert_eq!(even.elasticity().unwrap().round(4).to_string(), "-0.7674");
        // At −0.5 leave 25 ∕ 99 = 25.25 %: 129,000 × 74 ∕ 99 − 79,000 = 17,424.24.
        let leaving = even.at(Exact::new(-5, 1)).unwrap();
        assert_eq!(leaving.share.round(4).to_string(), "0.2525");
        assert_eq!(leaving.gain.round(2).to_string(), "17424.24");
        // At the break-even elasticity nothing is gained, up to sixteen decimals of the share.
        let none = even.at(even.elasticity().unwrap()).unwrap();
        assert_eq!(none.gain.round(6), Exact::ZERO);
        // What gets cheaper loses nobody.
        assert_eq!(uniform(10, 149, 99, 20).elasticity(), None);
        assert_eq!(
            uniform(10, 149, 99, 20).at(-Exact::ONE).unwrap().share,
            Exact::ZERO
        );
    }

    /// Each leaves by its own change, whatever happens to the others.
    #[test]
    fn two_changes_at_once_are_not_averaged() {
        let member = |now: u64, then: u64| Member {
            revenue_now: Exact::from(now),
            revenue_then: Exact::from(then),
            profit_now: Exact::from(now),
            profit_then: Exact::from(then),
        };
        // 100 → 150 loses half at −1: 75 is left, 25 less. 100 → 50 loses nobody and brings 50 less.
        let even = BreakEven::of(&[member(100, 150), member(100, 50)], Exact::ZERO).unwrap();
        let leaving = even.at(-Exact::ONE).unwrap();
        assert_eq!(leaving.gain.to_string(), "-75");
        assert_eq!(leaving.share.to_string(), "0.25");
        // +50 % and +10 %: 50 + 10 more; at −1 leave half of 150 and a tenth of 110: −75 − 11.
        let even = BreakEven::of(&[member(100, 150), member(100, 110)], Exact::ZERO).unwrap();
        assert_eq!(even.at(-Exact::ONE).unwrap().gain.to_string(), "-26");
        // The gain is 60 − 86 x: nothing at x = 0.69767…
        assert_eq!(even.elasticity().unwrap().round(5).to_string(), "-0.69767");
        // 100 → 300 and 100 → 110, the first costing 280 either way: −180 and 100 now, 20 and 110
        // then, a gain of 210. Up to x = 0.5 it falls by 40 + 11 per 1; then the first has gone, and
        // 190 falls by 11: to 0 at 17.27, when of the second all have long gone. All may leave.
        let dear = Member {
            profit_now: Exact::from(-180i64),
            profit_then: Exact::from(20u64),
            ..member(100, 300)
        };
        let even = BreakEven::of(&[dear, member(100, 110)], Exact::ZERO).unwrap();
        assert_eq!(even.elasticity(), None);
        // If something else costs 185 more, 25 is the gain: at 0.5 it is −0.5, so nothing at
        // 25 ∕ 51; 180 more: 30, at 0.5 still 4.5, then 10 − 11 x: nothing at 0.90909…
        let even = |others: i64| {
            let members = [dear, member(100, 110)];
            BreakEven::of(&members, Exact::from(others)).unwrap()
        };
        let root = |others| even(others).elasticity().unwrap().round(5).to_string();
        assert_eq!(root(-185), "-0.4902");
        assert_eq!(root(-180), "-0.90909");
        // Who pays nothing now stays.
        let even = BreakEven::of(&[member(0, 10), member(100, 110)], Exact::ZERO).unwrap();
        assert_eq!(even.at(-Exact::ONE).unwrap().gain.to_string(), "9");
        let even = BreakEven::of(&[member(0, 10)], Exact::ZERO).unwrap();
        assert_eq!(even.at(-Exact::ONE), None);
    }

    #[test]
    fn customers_who_cost_more_than_the_new_price_raise_profit_by_leaving() {
        // Profits then: −100, 50, 50; now: −150, 0, 0. Total then 0 ≥ −150.
        let member = |now: i64, then: i64| Member {
            revenue_now: Exact::from(100u64),
            revenue_then: Exact::from(150u64),
            profit_now: Exact::from(now),
            profit_then: Exact::from(then),
        };
        let members = [member(-150, -100), member(0, 50), member(0, 50)];
        let even = BreakEven::of(&members, Exact::ZERO).unwrap();
        // The loser leaves: 100. Then 50, then 0: all three may leave.
        assert_eq!(even.loss_makers_first, Exact::ONE);
        // The good ones leave first: −50, −100 (both ≥ −150), then 0.
        assert_eq!(even.most_profitable_first, Exact::ONE);
    }

    #[test]
    fn a_later_recovery_does_not_count() {
        let member = |cost: i64| Member {
            revenue_now: Exact::from(99u64),
            revenue_then: Exact::from(109u64),
            profit_now: Exact::from(99 - cost),
            profit_then: Exact::from(109 - cost),
        };
        // Costs 400 and 12: −301 + 87 = −214 now, −291 + 97 = −194 then. Without the good one −291
        // is left, less than −214; that nobody at all would be 0 comes too late.
        let even = BreakEven::of(&[member(400), member(12)], Exact::ZERO).unwrap();
        assert_eq!(even.most_profitable_first, Exact::ZERO);
        // The other way round 97 is left, then 0: never below −214.
        assert_eq!(even.loss_makers_first, Exact::ONE);
        assert_eq!(even.proportional, Exact::ONE);
        // Costs 400, 12, 105 and 105: −301 + 87 − 6 − 6 = −226 now, −291 + 97 + 4 + 4 = −186 then.
        // Without 97 it is −283.
        let four = [member(400), member(12), member(105), member(105)];
        let even = BreakEven::of(&four, Exact::ZERO).unwrap();
        assert_eq!(even.most_profitable_first, Exact::ZERO);
        // Costs 400, 90 and 90: −301 + 9 + 9 = −283 now, −291 + 19 + 19 = −253 then. Without one
        // 19 it is −272, without both −291: one of three may leave.
        let three = [member(400), member(90), member(90)];
        let even = BreakEven::of(&three, Exact::ZERO).unwrap();
        assert_eq!(even.most_profitable_first.to_string(), "0.3333333333333333");
        assert_eq!(even.loss_makers_first, Exact::ONE);
    }

    #[test]
    fn a_change_that_does_not_pay_allows_nobody() {
        let even = uniform(10, 149, 99, 20);
        assert_eq!(even.proportional, Exact::ZERO);
        assert_eq!(even.most_profitable_first, Exact::ZERO);
        assert_eq!(BreakEven::of(&[], Exact::ZERO), None);
    }

    #[test]
    fn what_changes_elsewhere_counts() {
        let one = |now: &str, then: &str, others: &str| {
            let exact = |text| Exact::parse(text).unwrap();
            let member = Member {
                revenue_now: exact("10"),
                revenue_then: exact("11"),
                profit_now: exact(now),
                profit_then: exact(then),
            };
            BreakEven::of(&[member], exact(others)).unwrap()
        };
        // 9.25 → 10.25, and 0.737 more cost elsewhere: 0.263 ∕ 10.25 may go. At −0.5 a price 10 %
        // higher loses 5 %: 0.263 − 0.5125. The break-even is at −0.02565… ∕ 0.1.
        let even = one("9.25", "10.25", "-0.737");
        assert_eq!(even.proportional.round(4).to_string(), "0.0257");
        assert_eq!(even.most_profitable_first, Exact::ZERO);
        assert_eq!(
            even.at(Exact::new(-5, 1)).unwrap().gain.to_string(),
            "-0.2495"
        );
        assert_eq!(even.elasticity().unwrap().round(3).to_string(), "-0.257");
        // It does not pay: there is no elasticity at which it would.
        let even = one("9.25", "10.25", "-73.7");
        assert_eq!((even.proportional, even.elasticity()), (Exact::ZERO, None));
        assert!(!even.pays_without_losers);
        // Elsewhere it brings more than these customers do: all may leave.
        let even = one("9.25", "8.25", "66.74");
        assert_eq!(even.proportional, Exact::ONE);
        assert_eq!(even.most_profitable_first, Exact::ONE);
    }

    #[test]
    fn losing_those_at_a_loss_may_make_up_for_it() {
        let member = |now: &str, then: &str| Member {
            revenue_now: Exact::ONE,
            revenue_then: Exact::ONE,
            profit_now: Exact::parse(now).unwrap(),
            profit_then: Exact::parse(then).unwrap(),
        };
        // 12.01 + 13.86 − 15.09 = 10.78 now, less then; without the last 11.01 + 13.06 = 24.07.
        let members = [
            member("12.01", "11.01"),
            member("13.86", "13.06"),
            member("-15.09", "-15.94"),
        ];
        let even = BreakEven::of(&members, Exact::ZERO).unwrap();
        assert!(even.pays_without_losers);
        assert_eq!(even.loss_makers_first, Exact::ZERO);
        // Not if something else costs 14 more: 24.07 < 10.78 + 14.
        let even = BreakEven::of(&members, Exact::from(-14i64)).unwrap();
        assert!(!even.pays_without_losers);
    }
}
