//! The rules that people use instead: month over month, and a fixed threshold.

use crate::leaks::series::{Point, Series};

/// A rule: a figure of every day, and an alarm where it is above a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naive {
    /// Cost of the last 30 days ∕ cost of the 30 days before.
    MonthOverMonth,
    /// The same of the cost per request.
    MonthOverMonthUnit,
    /// Cost of a day ∕ its mean over the first 28 days.
    Threshold,
    /// The same of the cost per request.
    ThresholdUnit,
}

impl Naive {
    /// Every rule.
    pub const ALL: [Naive; 4] = [
        Naive::MonthOverMonth,
        Naive::MonthOverMonthUnit,
        Naive::Threshold,
        Naive::ThresholdUnit,
    ];

    /// The limit that people use.
    pub fn usual(self) -> f64 {
        match self {
            Naive::MonthOverMonth | Naive::MonthOverMonthUnit => 1.2,
            Naive::Threshold | Naive::ThresholdUnit => 1.5,
        }
    }

    /// The rule in words, without its limit.
    pub fn words(self) -> &'static str {
        match self {
            Naive::MonthOverMonth => "cost, month over month",
            Naive::MonthOverMonthUnit => "cost per request, month over month",
            Naive::Threshold => "daily cost over the first weeks",
            Naive::ThresholdUnit => "daily cost per request over the first weeks",
        }
    }

    /// The figure on the evening before a day; 0 where there is none.
    pub fn figure(self, series: &Series, day: usize) -> f64 {
        let sums = |from: usize, to: usize| {
            let mut sums = Point::default();
            for point in series.between(from, to) {
                sums.cost += point.cost;
                sums.requests += point.requests;
            }
            sums
        };
        let unit = matches!(self, Naive::MonthOverMonthUnit | Naive::ThresholdUnit);
        let value = |sums: Point, days: usize| match unit {
            true => sums.cost / sums.requests,
            false => sums.cost / days as f64,
        };
        let (was, is) = match self {
            Naive::MonthOverMonth | Naive::MonthOverMonthUnit => {
                let (now, then) = (day.saturating_sub(30), day.saturating_sub(60));
                (value(sums(then, now), 30), value(sums(now, day), 30))
            }
            Naive::Threshold | Naive::ThresholdUnit => {
                (value(sums(0, 28), 28), value(sums(day - 1, day), 1))
            }
        };
        let figure = is / was;
        if figure.is_finite() { figure } else { 0.0 }
    }
}
