//! The nouns of the program: exact numbers, time, meters, ids and the records that files hold.
//!
//! No input or output happens here, and nothing here imports another module of the crate.

mod arithmetic;
pub mod band;
pub mod billing;
pub mod catalog;
pub mod counts;
pub mod currency;
mod cycle;
mod digits;
pub mod exact;
pub mod meter;
pub mod names;
pub mod packed;
pub mod payments;
pub mod rates;
pub mod receipt;
pub mod records;
pub mod rollup;
mod rounded;
mod stamp;
pub mod time;
pub mod usage;

pub use band::ContextBand;
pub use currency::Currency;
pub use cycle::Cycle;
pub use exact::Exact;
pub use meter::Meter;
pub use packed::Packed;
pub use stamp::DateOrder;
pub use time::{Day, Instant, Month, Period, Zone};
pub use usage::{CellKind, Quantities, UsageCell};
