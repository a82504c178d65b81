//! Margin statements as reports: the table people read, the CSV they import, the JSON programs
//! read.

mod contracts;
pub mod distribution;
pub mod document;
pub mod footer;
mod head;
mod printed;
pub mod table;
pub mod ties;

use std::collections::BTreeMap;

use crate::fx::Conversion;
use crate::margin::Dimension;
use crate::model::receipt::InputReceipt;
use crate::model::{Currency, Period, Zone};
use crate::problem::Note;

/// What every output says about the run.
#[derive(Clone, Debug)]
pub struct Header {
    /// Period.
    pub period: Period,
    /// Zone.
    pub zone: Zone,
    /// Currency.
    pub currency: Currency,
    /// `recognized`, `billed` or `cash`.
    pub revenue_basis: &'static str,
    /// `effective`, `billed` or `list`.
    pub cost_basis: &'static str,
    /// The options that change numbers, where they differ from the default.
    pub options: BTreeMap<String, String>,
    /// What was converted to the currency, if anything.
    pub fx: Option<Conversion>,
    /// The files.
    pub inputs: Vec<InputReceipt>,
    /// Notes and warnings.
    pub notes: Vec<Note>,
    /// The files as they must be named again in a next command, with a blank before each; empty
    /// in a project folder.
    pub again: String,
}

/// Choices of a view that change no number.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Order rows by this column instead of gross profit, worst first.
    pub sort: Option<(String, bool)>,
    /// Show this many rows; the rest is one row.
    pub top: Option<usize>,
    /// Show only rows that lose money.
    pub losses: bool,
    /// Decimals of money; `None` is exact.
    pub places: Option<u8>,
    /// Fold the rows of unmapped ids into one, as the table for people does.
    pub fold_unmapped: bool,
}

/// Whether the rows of a statement carry revenue.
pub fn with_revenue(by: &[Dimension]) -> bool {
    by.iter().all(Dimension::has_revenue)
}
