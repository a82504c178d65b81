//! Dimensions: what rows are grouped and filtered by.

use crate::model::{Day, Month, Period};

/// The label of cost without a customer.
pub const UNATTRIBUTED: &str = "(unattributed)";
/// The label where a dimension has no value.
pub const NONE: &str = "(none)";

/// One dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Customer, internal account or unmapped id.
    Customer,
    /// Calendar month.
    Month,
    /// ISO week, by its Monday.
    Week,
    /// Day.
    Day,
    /// An attribute of the customer: `plan`, `segment`, `kind`, or any mapping column.
    Attribute(String),
    /// Product feature.
    Feature,
    /// Provider.
    Provider,
    /// Model.
    Model,
    /// Basis of the cost.
    Basis,
    /// Service tier.
    Tier,
    /// Another column of the log: its name and position among the extra dimensions.
    Usage(String, usize),
}

impl Dimension {
    /// The name in `--by`, CSV and JSON.
    pub fn name(&self) -> &str {
        match self {
            Dimension::Customer => "customer",
            Dimension::Month => "month",
            Dimension::Week => "week",
            Dimension::Day => "day",
            Dimension::Attribute(name) | Dimension::Usage(name, _) => name,
            Dimension::Feature => "feature",
            Dimension::Provider => "provider",
            Dimension::Model => "model",
            Dimension::Basis => "basis",
            Dimension::Tier => "tier",
        }
    }

    /// Whether revenue has this dimension: it belongs to a customer and a time, never to a feature
    /// or model.
    pub fn has_revenue(&self) -> bool {
        matches!(
            self,
            Dimension::Customer
                | Dimension::Month
                | Dimension::Week
                | Dimension::Day
                | Dimension::Attribute(_)
        )
    }

    /// Whether it tells parties apart: the customer and what the mapping says about it.
    pub fn is_of_party(&self) -> bool {
        matches!(self, Dimension::Customer | Dimension::Attribute(_))
    }

    /// The days that a label of a dimension of time stands for.
    pub fn days_of(&self, label: &str) -> Option<Period> {
        let from = |start: Day, days: i32| Period {
            start,
            end: start.plus(days),
        };
        match self {
            Dimension::Month => Some(Period::month(Month::parse(label)?)),
            Dimension::Week => Some(from(Day::parse(label)?, 7)),
            Dimension::Day => Some(from(Day::parse(label)?, 1)),
            _ => None,
        }
    }

    /// Whether it is a stretch of time.
    pub fn is_time(&self) -> bool {
        matches!(self, Dimension::Month | Dimension::Week | Dimension::Day)
    }

    /// The label of a day, for dimensions of time.
    pub fn of_day(&self, day: Day) -> Option<String> {
        match self {
            Dimension::Month => Some(day.month().to_string()),
            Dimension::Week => Some(day.week().to_string()),
            Dimension::Day => Some(day.to_string()),
            _ => None,
        }
    }
}

/// The first days of the stretches into which the dimensions cut a period.
pub fn cuts(dimensions: &[Dimension], period: Period) -> Vec<Day> {
    let finest = dimensions.iter().filter(|d| d.is_time()).max();
    let starts = |same: &dyn Fn(Day, Day) -> bool| {
        let mut cuts = vec![period.start];
        let mut day = period.start.plus(1);
        while day < period.end {
            if !same(day.plus(-1), day) {
                cuts.push(day);
            }
            day = day.plus(1);
        }
        cuts
    };
    let several = dimensions.iter().filter(|d| d.is_time()).count() > 1;
    match finest {
        None => vec![period.start],
        // Weeks cross months, so the two together are cut at the borders of both.
        Some(_) if several => starts(&|_, _| false),
        Some(Dimension::Month) => starts(&|a, b| a.month() == b.month()),
        Some(Dimension::Week) => starts(&|a, b| a.week() == b.week()),
        Some(_) => starts(&|_, _| false),
    }
}

/// `DIM=VALUE[,VALUE…]` or `DIM!=VALUE[,VALUE…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The dimension.
    pub dimension: Dimension,
    /// The values, compared byte for byte.
    pub values: Vec<String>,
    /// Whether the values are left out instead of kept.
    pub negated: bool,
}

impl Filter {
    /// Whether a label passes. A dimension without value has the label [`NONE`].
    pub fn passes(&self, label: Option<&str>) -> bool {
        let label = label.unwrap_or(NONE);
        self.values.iter().any(|value| value == label) != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_cut_as_asked() {
        let start = Month::parse("2026-07").unwrap();
        let period = Period {
            start: start.first_day(),
            end: start.plus(3).first_day(),
        };
        assert_eq!(cuts(&[Dimension::Customer], period).len(), 1);
        assert_eq!(cuts(&[Dimension::Month], period).len(), 3);
        assert_eq!(cuts(&[Dimension::Day], period).len(), 92);
        // 1 July 2026 is a Wednesday: 27 June – 5 July is the first week, 28 September the last.
        assert_eq!(cuts(&[Dimension::Week], period).len(), 14);
    }
}
