//! What was converted, at which rates, and what could not be.

use std::collections::BTreeMap;

use super::{Rate, RateSource};
use crate::model::rates::Exchanges;
use crate::model::records::Origin;
use crate::model::{Currency, Day, Exact};

/// What rates of one source converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Rows.
    pub rows: u64,
    /// Their amount in their own currency.
    pub amount: Exact,
    /// The same in the currency of the report.
    pub converted: Exact,
    /// The lowest rate.
    pub lowest: Exact,
    /// The highest rate.
    pub highest: Exact,
    /// The first day of the rates.
    pub first: Day,
    /// The last day of the rates.
    pub last: Day,
}

/// The rows of one export in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// By whose rates.
    pub by: BTreeMap<RateSource, Used>,
    /// What is no revenue and has no rate, in its own currency, by its reason: rows and amount.
    pub left_out: BTreeMap<&'static str, (u64, Exact)>,
}

impl Part {
    fn enter(&mut self, rate: &Rate, amount: Exact, converted: Exact) {
        let (value, day) = (rate.value(), rate.day);
        let used = self.by.entry(rate.source.clone()).or_insert(Used {
            rows: 0,
            amount: Exact::ZERO,
            converted: Exact::ZERO,
            lowest: value,
            highest: value,
            first: day,
            last: day,
        });
        used.rows += 1;
        used.amount += amount;
        used.converted += converted;
        used.lowest = used.lowest.min(value);
        used.highest = used.highest.max(value);
        used.first = used.first.min(day);
        used.last = used.last.max(day);
    }

    /// The amount that was converted, in its own currency, and what became of it.
    pub fn sums(&self) -> (Exact, Exact) {
        let amount = self.by.values().map(|used| used.amount).sum();
        let converted = self.by.values().map(|used| used.converted).sum();
        (amount, converted)
    }
}

/// Rows without a rate, by currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Rows.
    pub rows: u64,
    /// Their amount, signs left away.
    pub amount: Exact,
    /// The first day that lacks a rate, and the last.
    pub days: (Day, Day),
    /// The day of the last rate before the first of these days, if there is one.
    pub stale: Option<Day>,
    /// One of the rows.
    pub origin: Origin,
}

/// All conversions of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The currency of the report.
    pub to: Currency,
    /// By export and currency.
    pub parts: BTreeMap<(String, Currency), Part>,
    /// Refunds of the period that Stripe paid at another rate than the payment came in: how much
    /// less than was booked back went out (a gain), or more (a loss, below zero). No revenue.
    pub gain_on_refunds: Exact,
    /// The rates at which prices in dollars were converted; their amounts are zero.
    pub prices: Part,
    /// The rows that were converted, by where they stand.
    pub rows: Exchanges,
    /// What has no rate. A report needs this empty.
    pub missing: BTreeMap<Currency, Missing>,
}

impl Conversion {
    /// Nothing converted yet.
    pub fn new(to: Currency) -> Conversion {
        Conversion {
            to,
            parts: BTreeMap::new(),
            gain_on_refunds: Exact::ZERO,
            prices: Part::default(),
            rows: Exchanges::default(),
            missing: BTreeMap::new(),
        }
    }

    /// Whether any amount was in another currency.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.missing.is_empty() && self.prices.by.is_empty()
    }

    /// Enters a converted row.
    pub fn enter(
        &mut self,
        (export, from): (&str, Currency),
        rate: &Rate,
        amount: Exact,
        converted: Exact,
    ) {
        let part = self.parts.entry((export.to_string(), from)).or_default();
        part.enter(rate, amount, converted);
    }

    /// Enters a rate at which prices of a day were converted.
    pub fn enter_price(&mut self, rate: &Rate) {
        self.prices.enter(rate, Exact::ZERO, Exact::ZERO);
    }

    /// Leaves out a row that is no revenue and has no rate.
    pub fn leave_out(
        &mut self,
        (export, from): (&str, Currency),
        reason: &'static str,
        amount: Exact,
    ) {
        let part = self.parts.entry((export.to_string(), from)).or_default();
        let (rows, sum) = part.left_out.entry(reason).or_default();
        *rows += 1;
        *sum += amount;
    }

    /// Enters a row without a rate. `stale` is the day of the last rate before.
    pub fn miss(
        &mut self,
        from: Currency,
        amount: Exact,
        day: Day,
        stale: Option<Day>,
        origin: &Origin,
    ) {
        let missing = self.missing.entry(from).or_insert_with(|| Missing {
            rows: 0,
            amount: Exact::ZERO,
            days: (day, day),
            stale,
            origin: origin.clone(),
        });
        missing.rows += 1;
        missing.amount += amount.abs();
        if day < missing.days.0 {
            missing.stale = stale;
        }
        missing.days = (missing.days.0.min(day), missing.days.1.max(day));
        let place = |origin: &Origin| (origin.file.clone(), origin.line);
        if place(origin) < place(&missing.origin) {
            missing.origin = origin.clone();
        }
    }
}
