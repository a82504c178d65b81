//! One currency for a report: revenue and cost in other currencies are converted, each amount at a
//! rate of its own day, before anything is computed.
//!
//! Revenue goes by the rate that Stripe's own conversion of its payment implies, else by the last
//! rate on or before the invoice became final; cost by the last rate on or before the charge. The
//! rule that must hold: no amount is converted without a rate that a file states, and everything
//! converted is told in both currencies.

pub mod book;
pub mod cost;
pub mod prices;
pub mod revenue;
mod stripe;
pub mod summary;

pub use book::{Clash, MAX_AGE, Rate, RateBook, RateSource};
pub use summary::{Conversion, Missing, Part, Used};
