//! Why a report differs from an earlier one: receipts, and the causes of each customer's change.
//!
//! A receipt is what a saved report keeps for this: for each customer and id the revenue by plan, and
//! cost and usage by model and meter. Pure. The rule that must hold: for every customer and for the
//! total, the causes sum to the change of revenue and of cost, to the last digit.

mod cause;
mod change;
mod collect;
mod compare;
mod currency;
mod receipt;
mod revenue;
mod sums;

pub use cause::Cause;
pub use change::{Change, Changed, Money};
pub use collect::{Collector, Inputs};
pub use compare::{Diff, Differs, Saved, compare};
pub use receipt::{CostLine, Entry, Original, Receipt, RevenueLine, UsageLine, VERSION};
