//! One row of a statement: its amounts, its bounds, and what can be said of it.

use std::sync::Arc;

use super::group::Sums;
use super::verdict::Verdict;
use crate::identity::PartyId;
use crate::model::{Exact, Period};

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKind {
    /// A customer, or a group that is not by customer.
    Customer,
    /// One of our own accounts.
    Internal,
    /// An id without a customer.
    Unmapped,
    /// Cost without a customer.
    Unattributed,
}

impl RowKind {
    /// The word in CSV and JSON.
    pub fn word(self) -> &'static str {
        match self {
            RowKind::Customer => "customer",
            RowKind::Internal => "internal",
            RowKind::Unmapped => "unmapped",
            RowKind::Unattributed => "unattributed",
        }
    }

    /// Whether such rows are ids of one kind of file that nothing joins to the other: they have only
    /// cost or only revenue, so their margin would say nothing.
    pub fn one_sided(self) -> bool {
        self == RowKind::Unmapped
    }
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it stands for.
    pub kind: RowKind,
    /// Its labels, one per dimension.
    pub labels: Vec<Arc<str>>,
    /// Its party, where customers are a dimension.
    pub party: Option<PartyId>,
    /// Its days: those of its month, week or day, else the report period.
    pub period: Period,
    /// The sums.
    pub sums: Sums,
    /// Revenue; `None` where a dimension has no revenue.
    pub revenue: Option<Exact>,
    /// Whether anything says which customers cause cost; otherwise a cost of zero proves nothing.
    pub cost_is_known: bool,
    /// Flags such as `revenue_may_be_understated`.
    pub flags: Vec<&'static str>,
}

impl Row {
    /// Cost on every basis, the unattributed part included.
    pub fn cost(&self) -> Exact {
        self.sums.cost.iter().sum::<Exact>() + self.sums.unattributed
    }

    /// Revenue − cost.
    pub fn gross_profit(&self) -> Option<Exact> {
        Some(self.revenue? - self.cost())
    }

    /// As [`RowKind::one_sided`].
    pub fn one_sided(&self) -> bool {
        self.kind.one_sided()
    }

    /// Gross profit ∕ revenue; `None` where revenue is not above zero or a side is missing.
    pub fn gross_margin(&self, places: u8) -> Option<Exact> {
        let revenue = self.revenue.filter(Exact::is_positive)?;
        if self.one_sided() {
            return None;
        }
        Exact::ratio(revenue - self.cost(), revenue, places)
    }

    /// Gross profit ∕ cost; `None` where cost is zero or a side is missing.
    pub fn markup(&self, places: u8) -> Option<Exact> {
        if self.one_sided() {
            return None;
        }
        Exact::ratio(self.gross_profit()?, self.cost(), places)
    }

    /// Revenue − (direct + metered); never below the gross profit, which allocated credits may
    /// raise.
    pub fn best_case(&self) -> Option<Exact> {
        let certain = self.revenue? - self.sums.cost[0] - self.sums.cost[1];
        Some(certain.max(self.gross_profit()?))
    }

    /// Revenue less every cost and all residual of the pools used; never above the gross profit.
    pub fn worst_case(&self) -> Option<Exact> {
        let profit = self.gross_profit()?;
        Some((profit + self.sums.unattributed - self.sums.residual).min(profit))
    }

    /// What can be said for certain; nothing where one side is missing.
    pub fn verdict(&self) -> Option<Verdict> {
        if self.one_sided() || self.kind == RowKind::Unattributed {
            return None;
        }
        Some(Verdict::of(
            self.revenue?,
            self.best_case()?,
            self.worst_case()?,
            self.cost_is_known,
        ))
    }
}
