//! Simulations as reports: a table, CSV rows, and JSON.

pub mod backtest;
pub mod document;
pub mod grid;
pub mod table;
pub mod words;
