//! Revenue over time: what an invoice or payment is worth in each period.
//!
//! Only arithmetic on values. No file is read here, and no customer is known.

pub mod schedule;
