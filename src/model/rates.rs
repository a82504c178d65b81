//! Dated exchange rates, as rate files hold them.

use super::records::Origin;
use super::{Currency, Day, Exact};

/// The rates of one day from one currency: one row of a rate file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateRow {
    /// The day of the rates.
    pub day: Day,
    /// What one unit of is worth so much.
    pub base: Currency,
    /// So many units of each currency for one unit of `base`; all above zero.
    pub quotes: Vec<(Currency, Exact)>,
    /// Where it stands.
    pub origin: Origin,
}
