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
    /// There is revenue, but the cost that belongs to it is in no file.
    CostUnknown,
}

impl Verdict {
    /// Judges a row by its revenue and bounds. Cost that is not known can only make a loss larger,
    /// so a loss is one all the same; a profit is not.
    pub fn of(revenue: Exact, best_case: Exact, worst_case: Exact, cost_is_known: bool) -> Verdict {
        if revenue.is_zero() {
            Verdict::NoRevenue
        } else if revenue.is_negative() || best_case.is_negative() {
            Verdict::ProvenLoss
        } else if worst_case.is_negative() {
            Verdict::PossibleLoss
        } else if !cost_is_known {
            Verdict::CostUnknown
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
            Verdict::CostUnknown => "cost_unknown",
        }
    }

    /// The words in tables.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::ProvenLoss => "proven loss",
            Verdict::PossibleLoss => "possible loss",
            Verdict::ProvenProfit => "proven profit",
            Verdict::NoRevenue => "no revenue",
            Verdict::CostUnknown => "cost unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_decide() {
        let judge = |revenue: &str, best: &str, worst: &str, cost_is_known: bool| {
            let exact = |text: &str| Exact::parse(text).unwrap();
            Verdict::of(exact(revenue), exact(best), exact(worst), cost_is_known).key()
        };
        let of = |revenue, best, worst| judge(revenue, best, worst, true);
        assert_eq!(of("99", "-0.01", "-5"), "proven_loss");
        assert_eq!(of("99", "0", "-0.01"), "possible_loss");
        assert_eq!(of("99", "10", "0"), "proven_profit");
        assert_eq!(of("0", "-3", "-3"), "no_revenue");
        assert_eq!(of("-5", "-5", "-5"), "proven_loss");
        let without = |revenue, best, worst| judge(revenue, best, worst, false);
        assert_eq!(without("99", "-0.01", "-5"), "proven_loss");
        assert_eq!(without("99", "0", "-0.01"), "possible_loss");
        assert_eq!(without("99", "99", "99"), "cost_unknown");
        assert_eq!(without("0", "-3", "-3"), "no_revenue");
        assert_eq!(without("-5", "-5", "-5"), "proven_loss");
    }
}
