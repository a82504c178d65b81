//! Gates: limits that a month must keep, and what it found instead.
//!
//! Every gate compares exactly; only what is printed is rounded. A gate that cannot be measured
//! does not pass. Pure: values in, values out, no clock.

mod days;
mod judge;

use std::collections::{BTreeMap, BTreeSet};

pub use days::{Days, Source};
pub use judge::{judge, losing};

use crate::margin::Statement;
use crate::model::Exact;
use crate::reconcile::Group;

/// The limits that were asked for.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Least gross margin of the total, a ratio.
    pub min_margin: Option<Exact>,
    /// Largest part of the cost without a customer, a ratio.
    pub max_unattributed: Option<Exact>,
    /// Largest part of revenue, and of cost, at ids without a customer; a ratio.
    pub max_unmapped: Option<Exact>,
    /// Most models with usage that is neither billed nor priced.
    pub max_unpriced: Option<u64>,
    /// Largest gap between billed and computed cost of any provider that has both, a ratio of the
    /// billed cost.
    pub max_gap: Option<Exact>,
    /// The same of single providers, which must have both.
    pub max_gap_of: BTreeMap<String, Exact>,
    /// Most customers that lose money now and did not before.
    pub new_loss_makers: Option<u64>,
    /// Most days at the end for which a log or bill says nothing.
    pub max_stale_days: Option<u64>,
    /// Most days before that for which it says nothing.
    pub max_missing_days: Option<u64>,
    /// Whether every bill must reach the end of the period, and the period be over.
    pub final_bills: bool,
    /// What the bills of providers must be, in the period.
    pub expect_bill: BTreeMap<String, Exact>,
    /// What the revenue of the period must be.
    pub expect_revenue: Option<Exact>,
}

impl Limits {
    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        let ratios = [
            self.min_margin,
            self.max_unattributed,
            self.max_unmapped,
            self.max_gap,
            self.expect_revenue,
        ];
        let counts = [
            self.max_unpriced,
            self.new_loss_makers,
            self.max_stale_days,
            self.max_missing_days,
        ];
        ratios.iter().all(Option::is_none)
            && counts.iter().all(Option::is_none)
            && self.max_gap_of.is_empty()
            && self.expect_bill.is_empty()
            && !self.final_bills
    }
}

/// What gates look at.
pub struct Facts<'a> {
    /// The statement by customer.
    pub statement: &'a Statement,
    /// Billed and computed cost by provider; `None` where there is no bill or nothing to compute.
    pub gaps: Option<&'a [Group]>,
    /// Providers with usage in a log or usage export.
    pub used: &'a BTreeSet<String>,
    /// Days with data.
    pub days: &'a Days,
    /// Who lost money before.
    pub before: Option<&'a Before>,
}

/// The period that loss makers are compared with.
#[derive(Clone, Debug)]
pub struct Before {
    /// What it is, in words.
    pub title: String,
    /// The customers with a proven loss in it.
    pub losing: BTreeSet<String>,
    /// Whether it has any cost; otherwise nobody can have lost money.
    pub has_cost: bool,
}

/// A limit, what was found, or by how much it is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// A ratio, where 1 is 100 %.
    Ratio(Exact),
    /// A number of things.
    Count(u64),
    /// A number of days.
    Days(u64),
    /// Money in the report's currency.
    Money(Exact),
}

impl Figure {
    /// The word for what it is, in CSV and JSON.
    pub fn unit(&self) -> &'static str {
        match self {
            Figure::Ratio(_) => "ratio",
            Figure::Count(_) => "count",
            Figure::Days(_) => "days",
            Figure::Money(_) => "money",
        }
    }

    /// The number alone.
    pub fn value(&self) -> Exact {
        match self {
            Figure::Ratio(value) | Figure::Money(value) => *value,
            Figure::Count(count) | Figure::Days(count) => Exact::from(*count),
        }
    }
}

/// How a gate ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The limit is not kept, or cannot be measured.
    Tripped,
    /// The limit is kept.
    Passed,
    /// There is nothing to compare, and nobody asked for it by name.
    NotCompared,
}

impl Verdict {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Tripped => "tripped",
            Verdict::Passed => "passed",
            Verdict::NotCompared => "not_compared",
        }
    }
}

/// One gate and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The gate's key, as in the project file.
    pub gate: &'static str,
    /// What it is about, where there are several: a provider, a log.
    pub about: Option<String>,
    /// The limit.
    pub limit: Figure,
    /// What was found; `None` if it cannot be measured.
    pub found: Option<Figure>,
    /// How far the limit is exceeded, in its own unit; `None` where it is not, or not measured.
    pub by: Option<Figure>,
    /// How it ended.
    pub verdict: Verdict,
    /// What to know: who, what, since when. May be empty.
    pub detail: String,
}

impl Outcome {
    /// Whether it tripped.
    pub fn tripped(&self) -> bool {
        self.verdict == Verdict::Tripped
    }
}
