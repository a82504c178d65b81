//! What a change would do, before it ships: scenarios re-rated per customer.
//!
//! Pure. The rule that must hold: unchanged prices reproduce the report.

mod break_even;
mod plan;
mod scenario;

pub use break_even::{BreakEven, Member};
pub use plan::{NewPrice, NoEffect, PlanChange, Unresolved};
pub use scenario::{Outcome, OutcomeRow, Scenario, World, simulate};
