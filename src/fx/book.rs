//! Dated rates, and which of them holds on a day.
//!
//! The rule that must hold: a rate is a ratio of two numbers as they were written, so that nothing
//! is rounded before the amount is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::rates::RateRow;
use crate::model::records::Origin;
use crate::model::{Currency, Day, Exact};

/// A rate may be so many days old. Banks publish none on weekends and holidays.
pub const MAX_AGE: i32 = 7;

/// Decimals of rates where they are shown; amounts are converted by the ratio itself.
pub const SHOWN: u8 = 12;

/// Who says a rate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateSource {
    /// Stripe, by what it paid out for a payment.
    Stripe,
    /// A rate file.
    File(Arc<str>),
}

impl RateSource {
    /// The name in every output.
    pub fn word(&self) -> &str {
        match self {
            RateSource::Stripe => "stripe",
            RateSource::File(name) => name,
        }
    }
}

/// A rate: `numerator ∕ denominator` units of the one currency for one unit of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What the amount is multiplied by.
    pub numerator: Exact,
    /// What it is divided by; never zero.
    pub denominator: Exact,
    /// The day of the rate.
    pub day: Day,
    /// Who says it.
    pub source: RateSource,
}

impl Rate {
    /// An amount in the other currency, rounded half to even at `places` decimals.
    pub fn convert(&self, amount: Exact, places: u8) -> Exact {
        Exact::ratio(amount * self.numerator, self.denominator, places).unwrap_or_default()
    }

    /// The rate as one number.
    pub fn value(&self) -> Exact {
        self.convert(Exact::ONE, SHOWN)
    }
}

/// Two different rates for one pair and day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Whose rate in whose units.
    pub pair: (Currency, Currency),
    /// The day.
    pub day: Day,
    /// Where one stands.
    pub first: Origin,
    /// Where the other stands.
    pub second: Origin,
}

/// The rates of one pair by day, with the row that has it.
type Days<'a> = BTreeMap<Day, (Exact, &'a Origin)>;

/// The rates of the currencies of a run.
#[derive(Debug, Default)]
pub struct RateBook<'a> {
    pairs: BTreeMap<(Currency, Currency), Days<'a>>,
}

impl<'a> RateBook<'a> {
    /// The rates between these currencies and the euro, by which others are crossed.
    ///
    /// # Errors
    /// Pairs with two different rates on one day.
    pub fn build(
        rows: &'a [RateRow],
        wanted: &BTreeSet<Currency>,
    ) -> Result<RateBook<'a>, Vec<Clash>> {
        let mut book = RateBook::default();
        let mut clashes = Vec::new();
        let is_wanted = |currency| currency == Currency::EUR || wanted.contains(&currency);
        for row in rows.iter().filter(|row| is_wanted(row.base)) {
            for (quote, rate) in row.quotes.iter().filter(|(quote, _)| is_wanted(*quote)) {
                let days = book.pairs.entry((row.base, *quote)).or_default();
                let (known, origin) = *days.entry(row.day).or_insert((*rate, &row.origin));
                if known != *rate {
                    clashes.push(Clash {
                        pair: (row.base, *quote),
                        day: row.day,
                        first: origin.clone(),
                        second: row.origin.clone(),
                    });
                }
            }
        }
        match clashes.is_empty() {
            true => Ok(book),
            false => Err(clashes),
        }
    }

    /// The last rate on or before a day: as it is written, else turned round, else crossed by the
    /// euro, both legs of one day.
    ///
    /// # Errors
    /// None that is at most [`MAX_AGE`] days old; with the day of the last one before, if any.
    pub fn find(&self, from: Currency, to: Currency, day: Day) -> Result<Rate, Option<Day>> {
        let recent = (0..=MAX_AGE).find_map(|age| self.on(from, to, day.plus(-age)));
        recent.ok_or_else(|| self.last_before(from, to, day))
    }

    /// The rate of one day.
    fn on(&self, from: Currency, to: Currency, day: Day) -> Option<Rate> {
        if let Some(rate) = self.leg(from, to, day) {
            return Some(rate);
        }
        let first = self.leg(from, Currency::EUR, day)?;
        let second = self.leg(Currency::EUR, to, day)?;
        Some(Rate {
            numerator: first.numerator * second.numerator,
            denominator: first.denominator * second.denominator,
            ..second
        })
    }

    /// The rate of one day that a file states for the pair, in either direction.
    fn leg(&self, from: Currency, to: Currency, day: Day) -> Option<Rate> {
        let stated = |pair: (Currency, Currency)| self.pairs.get(&pair)?.get(&day);
        let (numerator, denominator, origin) = match stated((from, to)) {
            Some((rate, origin)) => (*rate, Exact::ONE, origin),
            None => {
                let (rate, origin) = stated((to, from))?;
                (Exact::ONE, *rate, origin)
            }
        };
        Some(Rate {
            numerator,
            denominator,
            day,
            source: RateSource::File(origin.file.clone()),
        })
    }

    /// The last day before with a rate, however old.
    fn last_before(&self, from: Currency, to: Currency, day: Day) -> Option<Day> {
        let days = self.pairs.values().flat_map(|days| days.range(..day));
        let known: BTreeSet<Day> = days.map(|(day, _)| *day).collect();
        let mut latest_first = known.into_iter().rev();
        latest_first.find(|day| self.on(from, to, *day).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Currency {
        Currency::parse(text).unwrap()
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn row(on: &str, base: &str, quotes: &[(&str, &str)], line: u64) -> RateRow {
        let quote = |(to, rate): &(&str, &str)| (code(to), Exact::parse(rate).unwrap());
        RateRow {
            day: day(on),
            base: code(base),
            quotes: quotes.iter().map(quote).collect(),
            origin: Origin {
                file: "rates.csv".into(),
                line,
            },
        }
    }

    fn wanted() -> BTreeSet<Currency> {
        ["USD", "EUR", "GBP", "JPY"].map(code).into()
    }

    #[test]
    fn the_last_rate_on_or_before_the_day_holds_for_a_week() {
        let rows = [
            row("2026-10-02", "EUR", &[("USD", "1.25"), ("GBP", "0.8")], 2),
            row("2026-10-01", "EUR", &[("USD", "1.1"), ("GBP", "0.88")], 3),
        ];
        let book = RateBook::build(&rows, &wanted()).unwrap();
        let find = |from, to, on| {
            let rate = book.find(code(from), code(to), day(on));
            rate.map(|rate| (rate.convert(Exact::from(100u64), 2).to_string(), rate.day))
        };
        let at = |amount: &str, on| Ok((amount.to_string(), day(on)));
        assert_eq!(find("EUR", "USD", "2026-10-01"), at("110", "2026-10-01"));
        assert_eq!(find("EUR", "USD", "2026-10-04"), at("125", "2026-10-02"));
        assert_eq!(find("EUR", "USD", "2026-10-09"), at("125", "2026-10-02"));
        assert_eq!(
            find("EUR", "USD", "2026-10-10"),
            Err(Some(day("2026-10-02")))
        );
        assert_eq!(find("EUR", "USD", "2026-09-30"), Err(None));
        // Turned round: 100 ∕ 1.25; crossed: 100 ∕ 0.8 × 1.25 and 100 ∕ 1.1 × 0.88.
        assert_eq!(find("USD", "EUR", "2026-10-02"), at("80", "2026-10-02"));
        assert_eq!(find("GBP", "USD", "2026-10-02"), at("156.25", "2026-10-02"));
        assert_eq!(find("USD", "GBP", "2026-10-01"), at("80", "2026-10-01"));
        assert_eq!(find("JPY", "USD", "2026-10-02"), Err(None));
    }

    #[test]
    fn a_rate_written_twice_must_be_the_same() {
        let same = [
            row("2026-10-01", "EUR", &[("USD", "1.1")], 2),
            row("2026-10-01", "EUR", &[("USD", "1.10")], 3),
        ];
        assert!(RateBook::build(&same, &wanted()).is_ok());
        let other = [
            row("2026-10-01", "EUR", &[("USD", "1.1")], 2),
            row("2026-10-01", "EUR", &[("USD", "1.2")], 9),
        ];
        let clashes = RateBook::build(&other, &wanted()).unwrap_err();
        assert_eq!((clashes[0].first.line, clashes[0].second.line), (2, 9));
    }
}
