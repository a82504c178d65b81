//! What a deal would cost if the customer behaved like those who look alike.
//!
//! Statistics on copies: this and `leaks` are the only parts of the program that calculate with binary floating
//! point, and nothing of it flows back into a report. Only `+ − × ÷ √` are used, which every machine
//! rounds alike, and the random numbers are ChaCha12's own words; so a seed gives the same quote
//! everywhere. Money comes in as [`Exact`] and leaves rounded to the currency's minor unit.
//!
//! [`gather`] takes the look-alikes out of a statement, `sample` has their levels and growth, `draws`
//! the contracts that are drawn, `answer` what is read off them.

mod answer;
mod draws;
mod gather;
mod sample;

pub use answer::{Cap, Figure, Heaviest, Quote, Trade, costs, quote};
pub use gather::{Gathered, LeftOut, Seats, gather};
pub use sample::{Growth, LookAlike, MonthOf};

use crate::model::Exact;
use crate::model::exact::OutOfRange;

/// Fewer look-alikes than this are refused: with ten, one in eleven of such customers is heavier than
/// all of them, and what lies beyond is a guess.
pub const LEAST: usize = 10;
/// With fewer look-alikes than this the 95th percentile lies beyond the heaviest of them.
pub const LEAST_FOR_P95: usize = 19;
/// Months of history below which no growth is estimated.
pub const LEAST_MONTHS_FOR_GROWTH: usize = 3;
/// Longest contract in months.
pub const LONGEST: u32 = 60;

/// The deal that is quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deal {
    /// How many seats; `None` quotes a whole customer, whatever its size.
    pub seats: Option<Exact>,
    /// Whether the price is for the whole customer although it has seats.
    pub whole_price: bool,
    /// List price per seat (or per customer) and interval, not below zero.
    pub price: Exact,
    /// Months of the price's interval: 1 or 12.
    pub interval: u32,
    /// Discount on the list price, as a ratio.
    pub discount: Exact,
    /// Months of the contract; a multiple of the interval.
    pub term: u32,
}

impl Deal {
    /// Seats, or 1 for a whole customer.
    pub fn units(&self) -> Exact {
        self.seats.unwrap_or(Exact::ONE)
    }

    /// What the price is multiplied by: the seats, or 1 where it is a price of the whole customer.
    pub fn priced(&self) -> Exact {
        match self.whole_price {
            true => Exact::ONE,
            false => self.units(),
        }
    }

    /// What a contract of so many months brings at the list price. `months` must be a multiple of the
    /// interval.
    pub fn listed(&self, months: u32) -> Exact {
        self.price * self.priced() * Exact::from(u64::from(months / self.interval))
    }

    /// What the contract brings after the discount.
    pub fn revenue(&self) -> Exact {
        self.listed(self.term) * (Exact::ONE - self.discount)
    }
}

/// How a quote is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// The margin that must not be missed, as a ratio below 1.
    pub floor: Exact,
    /// How sure prices, discounts and caps are to be, as a ratio.
    pub confidence: Exact,
    /// Growth of usage and cost per month, as a ratio; `None` takes that of the look-alikes.
    pub growth: Option<Exact>,
    /// How many contracts are drawn.
    pub draws: usize,
    /// The seed of the draws.
    pub seed: u64,
    /// Decimals of the currency's minor unit.
    pub places: u8,
}

/// A copy for statistics.
fn float(value: Exact) -> f64 {
    // A plain decimal always parses.
    value.to_string().parse().unwrap_or_default()
}

/// A figure of statistics as a number to print, rounded at `places`.
fn exact(value: f64, places: u8) -> Exact {
    let text = format!("{value:.0$}", usize::from(places));
    // What has more digits than an exact number may have ends the run, as a sum of such amounts does.
    Exact::parse(&text).unwrap_or_else(|_| std::panic::panic_any(OutOfRange))
}
