//! What a change would do, before it ships: scenarios re-rated per customer.
//!
//! Pure. The rule that must hold: unchanged prices reproduce the report. [`lever`] has the levers
//! and the order in which they are applied.

mod backtest;
mod break_even;
mod cheapest;
mod checks;
pub mod costs;
mod curve;
mod describe;
mod factor;
mod formula;
mod groups;
mod knob;
pub mod lever;
mod membership;
mod moving;
mod outcome;
mod plan;
mod ramp;
mod rating;
mod renewals;
mod revalue;
mod scenario;
mod seats;
mod served;
mod sheet;
mod solve;
mod summary;

pub use backtest::{Backtest, BacktestRow, Stay};
pub use break_even::{BreakEven, Leaving, Member};
pub use cheapest::{Reach, Way, cheapest};
pub use costs::CostBook;
pub use curve::{Curve, Point};
pub use groups::View;
pub use knob::Knob;
pub use lever::{
    Apply, Discount, Measure, Metered, ModelSwap, NewPrice, PlanChange, ProviderPrice, Rate,
    Scenario, Selector, Tier, UsageGrowth, UsageTerms,
};
pub use outcome::{Group, Outcome, OutcomeRow};
pub use plan::{NoEffect, Unresolved};
pub use renewals::{renewals, starts, yearly};
pub use revalue::Unvalued;
pub use scenario::{Prices, World, simulate};
pub use served::NoSuchMeter;
pub use solve::{Answer, By, Found, Goal, Question, solve};
pub use summary::{Summary, grid};
