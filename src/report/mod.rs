//! Tables of typed cells, and what prints them: one file per format of output.
//!
//! Nothing here knows what the columns mean: no margin, no customer, no period. A renderer never
//! computes a number; it prints what it is given, and [`rounding`] is called before that, so that
//! every format of one report prints the same figures.

pub mod check;
pub mod comparison;
pub mod csv;
pub mod explanation;
pub mod figures;
pub mod fx;
pub mod journal;
pub mod json;
pub mod jsonl;
pub mod leaks;
pub mod map;
pub mod margin;
pub mod markdown;
pub mod plain;
pub mod quote;
pub mod reconciliation;
pub mod rounding;
pub mod saved;
pub mod simulation;
pub mod table;
pub mod text;
pub mod visible;

pub use table::{Align, Cell, Column, Table};
pub use visible::visible;
