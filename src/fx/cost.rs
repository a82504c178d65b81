//! Charges, and costs that logs state, in the currency of the report: each at the last rate on or
//! before its day.
//!
//! Only what touches the report period is converted; nothing else is ever added up.

use std::collections::BTreeMap;

use super::{Conversion, RateBook};
use crate::model::records::Charge;
use crate::model::{Currency, Day, Exact, Instant, Packed, Period, UsageCell, Zone};

/// Decimals of converted cost: as fine as cost is ever split.
const PLACES: u8 = 12;

/// Converts the charges of a period, each by the day on which it begins (UTC).
pub fn charges(
    charges: &mut [Charge],
    rates: &RateBook<'_>,
    (period, zone): (Period, Zone),
    told: &mut Conversion,
) {
    for charge in charges {
        let (from, day) = (charge.currency, charge.start.utc_day());
        let last = Instant(charge.end.0 - 1);
        let touches = |first, last| first < period.end && last >= period.start;
        let inside =
            touches(zone.day(charge.start), zone.day(last)) || touches(day, last.utc_day());
        if from == told.to || !inside {
            continue;
        }
        let provider = charge
            .provider
            .as_deref()
            .unwrap_or("(provider not stated)");
        match rates.find(from, told.to, day) {
            Ok(rate) => {
                let converted = rate.convert(charge.amount, PLACES);
                let export = format!("{provider} bill");
                told.enter((&export, from), &rate, charge.amount, converted);
                told.rows
                    .enter(&charge.origin, from, charge.amount, converted);
                charge.amount = converted;
                charge.currency = told.to;
            }
            Err(_) if charge.amount.is_zero() => charge.currency = told.to,
            Err(stale) => told.miss(from, charge.amount, day, stale, &charge.origin),
        }
    }
}

/// Converts the costs that logs state. Returns the first day of the period without a rate, if there
/// is one: the fold keeps no rows to point at.
pub fn logged(
    usage: &mut [UsageCell],
    rates: &RateBook<'_>,
    period: Period,
    told: &mut Conversion,
) -> Option<Day> {
    let mut without = None;
    for cell in usage.iter_mut().filter(|cell| period.contains(cell.day)) {
        let Some((amount, from)) = cell.reported() else {
            continue;
        };
        let day = cell.utc_day;
        if from == told.to {
            continue;
        }
        match rates.find(from, told.to, day) {
            Ok(rate) => {
                let converted = rate.convert(amount, PLACES);
                told.enter(("log costs", from), &rate, amount, converted);
                told.rows.enter_logged(day, from, amount, converted);
                if let Some(aside) = &mut cell.aside {
                    aside.reported = Some((Packed::from(converted), told.to));
                }
            }
            Err(_) => without = Some(without.map_or(day, |first| day.min(first))),
        }
    }
    without
}

/// What a dollar is worth on the days of usage of which a rate is known (UTC), rounded half to even
/// at 12 decimals: price lists are in dollars.
pub fn per_dollar(
    usage: &[UsageCell],
    rates: &RateBook<'_>,
    told: &mut Conversion,
) -> BTreeMap<Day, Exact> {
    let mut days = BTreeMap::new();
    if told.to == Currency::USD {
        return days;
    }
    let mut last = None;
    for cell in usage.iter().filter(|cell| cell.model.is_some()) {
        let day = cell.utc_day;
        if last.replace(day) == Some(day) || days.contains_key(&day) {
            continue;
        }
        if let Ok(rate) = rates.find(Currency::USD, told.to, day) {
            told.enter_price(&rate);
            days.insert(day, rate.value());
        }
    }
    days
}
