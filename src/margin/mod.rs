//! Margins: revenue and cost facts summed to the rows that were asked for.
//!
//! Pure. The rules that must hold: every view of a period has the same total, and every row keeps
//! revenue − cost = gross profit.

mod about;
pub mod dimension;
pub mod distribution;
mod group;
pub mod ids;
pub mod party;
mod row;
mod statement;
mod totals;
pub mod verdict;

pub use about::Sieve;
pub use dimension::{Dimension, Filter};
pub use group::{Sums, slot};
pub use row::{Row, RowKind};
pub use statement::{Inputs, Statement, Unattributed, Unmapped, needs_detail, state};
pub use totals::{Totals, usage};
pub use verdict::Verdict;
