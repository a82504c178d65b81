//! Simulations as reports: a table, CSV rows, and JSON.

pub mod comparison;
pub mod document;
pub mod table;
pub mod words;
