//! Verdicts: what can be said for certain about a customer, given how well its cost is known.

use crate::model::Exact;

/// What the bounds prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// A loss even in the best case, or negative revenue.
    ProvenLoss,
    /// A loss in the worst case only.
    PossibleLoss,
    /// No loss even in the worst case.
    ProvenProfit,
    /// Revenue is exactly zero: a trial, a free plan, or nothing known.
    NoRevenue,
}

impl Verdict {
    /// Judges a row by its revenue and bounds.
    pub fn of(revenue: Exact, best_case: Exact, worst_case: Exact) -> Verdict {
        if revenue.is_zero() {
            Verdict::NoRevenue
        } else if revenue.is_negative() || best_case.is_negative() {
            Verdict::ProvenLoss
        } else if worst_case.is_negative() {
            Verdict::PossibleLoss
        } else {
            Verdict::ProvenProfit
        }
    }

    /// The word in CSV and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Verdict::ProvenLoss => "proven_loss",
            Verdict::PossibleLoss => "possible_loss",
            Verdict::ProvenProfit => "proven_profit",
            Verdict::NoRevenue => "no_revenue",
        }
    }

    /// The words in tables.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::ProvenLoss => "proven loss",
            Verdict::PossibleLoss => "possible loss",
            Verdict::ProvenProfit => "proven profit",
            Verdict::NoRevenue => "no revenue",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_decide() {
        let of = |revenue: &str, best: &str, worst: &str| {
            let exact = |text: &str| Exact::parse(text).unwrap();
            Verdict::of(exact(revenue), exact(best), exact(worst)).key()
        };
        assert_eq!(of("99", "-0.01", "-5"), "proven_loss");
        assert_eq!(of("99", "0", "-0.01"), "possible_loss");
        assert_eq!(of("99", "10", "0"), "proven_profit");
        assert_eq!(of("0", "-3", "-3"), "no_revenue");
        assert_eq!(of("-5", "-5", "-5"), "proven_loss");
    }
}
