//! Findings that somebody knows of: silent until they get worse.

use super::findings::Finding;
use crate::model::Exact;

/// A known finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The finding's id, as it is printed.
    pub finding: String,
    /// Money at risk per month when it was acknowledged.
    pub at_risk: Exact,
}

/// A finding is worse when it puts more than eleven tenths of what was known at risk.
pub fn is_worse(at_risk: Exact, known: Exact) -> bool {
    at_risk * Exact::from(10u64) > known * Exact::from(11u64)
}

/// Findings that are told, findings that are silent, and how many acknowledgements met nothing.
/// `id` is the finding's id.
pub fn silence(
    findings: Vec<Finding>,
    acks: &[Ack],
    id: &dyn Fn(&Finding) -> String,
) -> (Vec<Finding>, Vec<Finding>, usize) {
    let known = |finding: &Finding| {
        let id = id(finding);
        acks.iter().find(|ack| ack.finding == id)
    };
    let met = findings.iter().filter_map(known).count();
    let (silent, told) = findings.into_iter().partition(|finding| {
        known(finding).is_some_and(|ack| !is_worse(finding.at_risk, ack.at_risk))
    });
    (told, silent, acks.len().saturating_sub(met))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_is_not_yet_worse() {
        let exact = |text| Exact::parse(text).unwrap();
        assert!(!is_worse(exact("110"), exact("100")));
        assert!(is_worse(exact("110.01"), exact("100")));
        assert!(!is_worse(exact("50"), exact("100")));
    }
}
