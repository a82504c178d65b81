//! List prices and monthly recurring revenue in the currency of the report. They have no day of
//! their own: all of them go by the last rate on or before the last day of the period.

use super::{Conversion, RateBook};
use crate::model::records::{Origin, RevenueRecords};
use crate::model::{Currency, Day, Exact};

/// Decimals of converted prices: they are multiplied before anything is rounded.
const PLACES: u8 = 12;

/// Converts prices of subscriptions, and the changes of what they bring a month.
pub fn convert(
    records: &mut RevenueRecords,
    rates: &RateBook<'_>,
    day: Day,
    told: &mut Conversion,
) {
    let to = told.to;
    let mut turn = |export: &str, from: Currency, amount: Exact, origin: &Origin| {
        if from == to {
            return amount;
        }
        match rates.find(from, to, day) {
            Ok(rate) => {
                let converted = rate.convert(amount, PLACES);
                told.enter((export, from), &rate, amount, converted);
                converted
            }
            Err(_) if amount.is_zero() => amount,
            Err(stale) => {
                told.miss(from, amount, day, stale, origin);
                Exact::ZERO
            }
        }
    };
    let terms = records
        .items
        .iter_mut()
        .filter_map(|item| item.terms.as_mut());
    for price in records.prices.iter_mut().chain(terms) {
        if let Some(amount) = &mut price.amount {
            *amount = turn("stripe prices", price.currency, *amount, &price.origin);
        }
        price.currency = to;
    }
    for subscription in &mut records.subscriptions {
        if let (Some(from), Some(amount)) = (subscription.currency, &mut subscription.amount) {
            *amount = turn("stripe subscriptions", from, *amount, &subscription.origin);
            subscription.currency = Some(to);
        }
    }
    for change in &mut records.mrr_changes {
        let export = "stripe changes of recurring revenue";
        change.change = turn(export, change.currency, change.change, &change.origin);
        change.currency = to;
    }
}

/// Forgets prices in other currencies: they say nothing of amounts in this one.
pub fn forget(records: &mut RevenueRecords, to: Currency) {
    let terms = records
        .items
        .iter_mut()
        .filter_map(|item| item.terms.as_mut());
    for price in records.prices.iter_mut().chain(terms) {
        price.amount = price.amount.filter(|_| price.currency == to);
    }
    for subscription in &mut records.subscriptions {
        let same = subscription.currency.is_none_or(|currency| currency == to);
        subscription.amount = subscription.amount.filter(|_| same);
    }
}
