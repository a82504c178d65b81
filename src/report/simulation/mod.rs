//! Simulations as reports: a table, CSV rows, and JSON.

pub mod document;
pub mod table;
