//! Gates as reports: the table with what tripped first, and the document.

pub mod document;
pub mod table;

use crate::gate::{Figure, Outcome, Verdict};
use crate::model::Exact;
use crate::report::figures::grouped;

/// The outcomes, what tripped first.
pub fn tripped_first(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    outcomes.sort_by_key(|outcome| match outcome.verdict {
        Verdict::Tripped => 0,
        Verdict::NotCompared => 1,
        Verdict::Passed => 2,
    });
    outcomes
}

/// The words of a verdict for people.
pub fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Tripped => "tripped",
        Verdict::Passed => "passed",
        Verdict::NotCompared => "not compared",
    }
}

/// Limit, found and by how much, as text for people. Found is never printed as the limit where it
/// differs, nor a difference as zero.
pub fn figures(outcome: &Outcome, places: Option<u8>) -> [String; 3] {
    let by = outcome.by.map(|figure| figure.value());
    let shown = |figure: Option<Figure>, ratio: u8, money: Option<u8>| match figure {
        None => "–".to_string(),
        Some(Figure::Ratio(value)) => format!("{}%", fixed(value.shift(2), Some(ratio))),
        Some(Figure::Money(value)) => fixed(value, money),
        Some(Figure::Count(count)) => grouped(&count.to_string()),
        Some(Figure::Days(1)) => "1 day".to_string(),
        Some(Figure::Days(days)) => format!("{} days", grouped(&days.to_string())),
    };
    let visible = |value: &Exact, places: &u8| !value.round(*places).is_zero();
    // Percents have as many places as it takes to tell found and limit apart.
    let ratio = match (by, outcome.found, outcome.limit) {
        (Some(by), _, _) => (1..16).find(|places| visible(&by.shift(2), places)),
        // A limit that is kept looks kept.
        (None, Some(Figure::Ratio(found)), Figure::Ratio(limit)) => {
            let (found, limit) = (found.shift(2), limit.shift(2));
            (1..16).find(|places| found.round(*places).cmp(&limit) == found.cmp(&limit))
        }
        _ => None,
    };
    let money = match (by, places) {
        (Some(by), Some(places)) if !visible(&by, &places) => None,
        _ => places,
    };
    let limit = match outcome.limit {
        Figure::Ratio(limit) => format!("{}%", fixed(limit.shift(2), None)),
        other => shown(Some(other), 1, money),
    };
    let ratio = ratio.unwrap_or(1);
    [
        limit,
        shown(outcome.found, ratio, money),
        shown(outcome.by, ratio, money),
    ]
}

fn fixed(value: Exact, places: Option<u8>) -> String {
    grouped(&match places {
        Some(places) => value.to_fixed(places),
        None => value.to_string(),
    })
}

/// One line about an outcome, for the log of a job.
pub fn line(outcome: &Outcome, places: Option<u8>) -> String {
    let [limit, found, by] = figures(outcome, places);
    let about = match &outcome.about {
        Some(about) => format!(" of {about}"),
        None => String::new(),
    };
    let mut line = format!("{}{about}: limit {limit}, found {found}", outcome.gate);
    if outcome.by.is_some() {
        line.push_str(&format!(", off by {by}"));
    }
    if !outcome.detail.is_empty() {
        line.push_str(&format!(" ({})", outcome.detail));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(limit: &str, found: &str, by: &str) -> Outcome {
        let exact = |text: &str| Figure::Ratio(Exact::parse(text).unwrap());
        Outcome {
            gate: "min_margin",
            about: None,
            limit: exact(limit),
            found: Some(exact(found)),
            by: Some(exact(by)),
            verdict: Verdict::Tripped,
            detail: String::new(),
        }
    }

    #[test]
    fn a_difference_is_never_printed_as_nothing() {
        let of = |limit, found, by| figures(&outcome(limit, found, by), Some(2)).join(" ");
        assert_eq!(of("0.6", "0.235", "0.365"), "60% 23.5% 36.5%");
        // 59.9996 % is not 60 %, nor is it missing the limit by 0.
        assert_eq!(of("0.6", "0.599996", "0.000004"), "60% 59.9996% 0.0004%");
        let kept = Outcome {
            by: None,
            verdict: Verdict::Passed,
            ..outcome("0.0477", "0.047619", "0")
        };
        assert_eq!(figures(&kept, Some(2))[..2], ["4.77%", "4.76%"]);
        let money = |text: &str| Figure::Money(Exact::parse(text).unwrap());
        let bill = Outcome {
            limit: money("606"),
            found: Some(money("606.001")),
            by: Some(money("0.001")),
            ..outcome("0", "0", "0")
        };
        assert_eq!(figures(&bill, Some(2)).join(" "), "606 606.001 0.001");
        let off = Outcome {
            found: Some(money("600")),
            by: Some(money("-6")),
            ..bill
        };
        assert_eq!(figures(&off, Some(2)).join(" "), "606.00 600.00 −6.00");
    }
}
