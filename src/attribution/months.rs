//! The month of a topic: where the gap between log and bill is judged, so that usage on the other
//! side of midnight does not look lost.

use std::collections::BTreeMap;

use super::lines::Line;
use super::pools::{Pool, PoolKey};
use super::topics::Topic;
use super::weigh::{Measure, Scales};
use super::{Attribution, Gap, Mixed, Options};
use crate::model::records::ChargeMeter;
use crate::model::{Exact, Month};

/// The sums of one topic and month.
#[derive(Clone, Debug)]
pub struct MonthTotal {
    /// How log and bill are compared: the whole month alike.
    pub measure: Measure,
    /// Billed quantity or money.
    pub billed: Exact,
    /// Logged quantity or value on the days that bills cover.
    pub logged: Exact,
    /// The bill's own rounding, where money is compared.
    rounding: Exact,
}

/// The sums of every topic and month.
pub type Months = BTreeMap<(Topic, Month), MonthTotal>;

/// Sums bill and log.
pub fn totals(scales: &Scales<'_, '_>, pools: &BTreeMap<PoolKey, Pool<'_, '_>>) -> Months {
    let mut grouped: BTreeMap<(Topic, Month), Vec<(&PoolKey, &Pool<'_, '_>)>> = BTreeMap::new();
    for (key, pool) in pools {
        if let Some(first) = pool.shared.first() {
            let month = (key.0.clone(), first.day.month());
            grouped.entry(month).or_default().push((key, pool));
        }
    }
    grouped
        .into_iter()
        .map(|((topic, month), pools)| {
            let total = total(scales, &topic, month, &pools);
            ((topic, month), total)
        })
        .collect()
}

fn total(
    scales: &Scales<'_, '_>,
    topic: &Topic,
    month: Month,
    pools: &[(&PoolKey, &Pool<'_, '_>)],
) -> MonthTotal {
    let shelf = scales.shelf;
    let lines = || pools.iter().flat_map(|(_, pool)| &pool.shared);
    let metered = matches!(topic.meter, ChargeMeter::Is(_));
    let measure = if metered && lines().all(|line| line.quantity.is_some()) {
        Measure::Quantity
    } else {
        Measure::Money
    };
    let mut total = MonthTotal {
        measure,
        billed: Exact::ZERO,
        logged: Exact::ZERO,
        rounding: Exact::ZERO,
    };
    for line in lines() {
        total.billed += match measure {
            Measure::Quantity => line.quantity.unwrap_or_default(),
            _ => line.amount,
        };
        if measure == Measure::Money {
            total.rounding += line.rounding;
        }
    }
    for ((_, first, end), pool) in pools {
        total.logged += scales.sum(topic, (*first, *end), measure, &pool.direct);
    }
    // Days of the period that a bill covers without a charge of this topic: their usage may belong
    // to the day before or after. Charges of several days go by UTC dates, those of one day by the
    // day of the report on which it starts.
    let by_date = pools
        .iter()
        .any(|((_, first, end), _)| *end > first.plus(1));
    let mut day = month.first_day().plus(-1);
    while day <= month.plus(1).first_day() {
        let counts_on = if by_date { day } else { shelf.charged_on(day) };
        let in_pool = pools
            .iter()
            .any(|((_, first, end), _)| *first <= day && day < *end);
        let of_month = counts_on.month() == month && shelf.is_in_period(counts_on);
        if of_month && !in_pool && shelf.is_billed(topic.provider.as_deref(), day) {
            let days = (day, day.plus(1));
            total.logged += scales.sum(topic, days, measure, &[]);
        }
        day = day.plus(1);
    }
    total
}

impl MonthTotal {
    /// The gap that may be scaled away: the tolerance, or the bill's own rounding where that is
    /// larger and money is compared.
    fn allowance(&self, options: &Options) -> Exact {
        (self.billed.abs() * options.tolerance).max(self.rounding)
    }

    /// Whether the bill exceeds the log by no more than may be scaled away.
    pub fn is_explained(&self, options: &Options) -> bool {
        self.billed - self.logged <= self.allowance(options)
    }
}

/// Notes months that are compared in money because some of their charges state no quantity.
pub fn note_mixed(pools: &BTreeMap<PoolKey, Pool<'_, '_>>, result: &mut Attribution) {
    let mut months: BTreeMap<(&Topic, Month), Vec<&Line<'_>>> = BTreeMap::new();
    for (key, pool) in pools {
        for line in &pool.shared {
            let month = (&key.0, line.day.month());
            months.entry(month).or_default().push(line);
        }
    }
    for ((topic, month), lines) in months {
        let without = || lines.iter().filter(|line| line.quantity.is_none());
        let count = without().count();
        let ChargeMeter::Is(meter) = &topic.meter else {
            continue;
        };
        if count == 0 || count == lines.len() {
            continue;
        }
        result.mixed.push(Mixed {
            month,
            provider: topic.provider.clone(),
            model: topic.model.as_ref().map(|model| model.family.clone()),
            meter: meter.name().to_string(),
            without: count as u64,
            amount: without().map(|line| line.amount).sum(),
            charges: lines.len() as u64,
            whole: lines.iter().map(|line| line.amount).sum(),
        });
    }
}

/// Notes gaps that are scaled away, and logs that exceed their bill.
pub fn note(months: &Months, options: &Options, result: &mut Attribution) {
    for ((topic, _), total) in months {
        let gap = total.billed - total.logged;
        let small = gap.abs() <= total.allowance(options);
        if gap.is_zero() || total.logged.is_zero() || (gap.is_positive() && !small) {
            continue;
        }
        result.gaps.push(Gap {
            provider: topic.provider.clone(),
            model: topic.model.as_ref().map(|model| model.family.clone()),
            meter: match &topic.meter {
                ChargeMeter::Is(meter) => Some(meter.name().to_string()),
                _ => None,
            },
            factor: Exact::ratio(total.billed, total.logged, 6).unwrap_or_default(),
            over_logged: !small,
        });
    }
}
