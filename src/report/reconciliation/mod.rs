//! Reconciliations as reports: the table with its proofs, and the document.

pub mod document;
mod printed;
mod proofs;
pub mod table;

use crate::model::Exact;
use crate::reconcile::{Cause, Entry, Group};

/// What a row can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Provider.
    Provider,
    /// Model family.
    Model,
    /// Meter or item.
    Meter,
    /// Service tier, where bill and log both tell it.
    Tier,
    /// Month of the day.
    Month,
    /// UTC day, or the days of a charge for a longer time.
    Day,
}

impl By {
    /// The column's name.
    pub fn key(self) -> &'static str {
        match self {
            By::Provider => "provider",
            By::Model => "model",
            By::Meter => "meter",
            By::Tier => "tier",
            By::Month => "month",
            By::Day => "day",
        }
    }

    /// The column's title for people.
    pub fn title(self) -> &'static str {
        match self {
            By::Provider => "Provider",
            By::Model => "Model",
            By::Meter => "Meter",
            By::Tier => "Tier",
            By::Month => "Month",
            By::Day => "Day",
        }
    }

    /// An entry's value.
    pub fn of(self, entry: &Entry) -> Option<String> {
        match self {
            By::Provider => entry.provider.clone(),
            By::Model => entry.model.clone(),
            By::Meter => entry.meter.clone(),
            By::Tier => entry.tier.clone(),
            By::Month => Some(entry.day.month().to_string()),
            By::Day if entry.end > entry.day.plus(1) => {
                Some(format!("{} to {}", entry.day, entry.end.plus(-1)))
            }
            By::Day => Some(entry.day.to_string()),
        }
    }
}

/// The groups, the largest gap first; equal ones by their labels.
pub fn worst_first(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_by(|a, b| {
        let sizes = b.gap().abs().cmp(&a.gap().abs());
        sizes.then_with(|| a.labels.cmp(&b.labels))
    });
    groups
}

/// The sum of one cause over groups.
pub fn total_of(groups: &[Group], cause: Cause) -> Exact {
    groups
        .iter()
        .filter_map(|group| group.causes.get(&cause))
        .sum()
}

/// Billed money ∕ billed quantity and computed money ∕ logged quantity of a group, per million
/// units; `None` where there is no quantity, or where the group is no meter of its own.
pub fn rates(group: &Group) -> (Option<Exact>, Option<Exact>) {
    let per_million = |money: Option<Exact>, quantity: Option<Exact>| {
        let quantity = quantity.filter(Exact::is_positive)?;
        Exact::ratio(money?.shift(6), quantity, 12)
    };
    (
        per_million(Some(group.billed), group.billed_quantity),
        per_million(group.computed, group.logged_quantity),
    )
}
