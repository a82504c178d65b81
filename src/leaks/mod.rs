//! Leaks: customers, features and plans whose cost per request or gross profit gets worse, found in
//! daily series, with exact causes and money.
//!
//! Two worlds that never mix. Statistics (`robust`, `series`, `shift`, `spike`, `detect`, `bench`)
//! work on copies in binary floating point: this and `quote` are the only parts of the program that have any. They
//! say where and since when. Money, margins and causes are then summed anew, exactly, from the same
//! costs as the report. The rules that must hold: the same costs give the same findings in any order
//! of rows; too few days, gaps, zeros and negative costs give no alarm and no number that is none.

pub mod acks;
pub mod bench;
mod detect;
mod findings;
mod gather;
mod places;
pub mod plans;
mod robust;
mod series;
mod shift;
mod spike;

pub use detect::{Kind, Underwater};
pub use findings::{Finding, Search, Time, Why, rules, search};
pub use gather::{Costs, Ground, Subject};
pub use shift::LEAST_DAYS;
