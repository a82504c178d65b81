//! Findings in words: their ids, what happened, how sure that is, and what to do next.

use super::Leaks;
use crate::causes::Cause;
use crate::identity::Identity;
use crate::leaks::{Finding, Kind, Subject, Why};
use crate::model::Exact;
use crate::report::figures::percent;
use crate::report::margin::footer::quoted;

/// The finding's id, which stays the same from run to run as long as the leak is the same.
pub fn id(finding: &Finding, identity: &Identity) -> String {
    let key = |party| identity.party(party).key.as_str();
    let subject = match &finding.subject {
        Subject::Customer(party) => key(*party).to_string(),
        Subject::Feature(party, feature) => format!("{}/{feature}", key(*party)),
        Subject::Plan(plan) => format!("plan:{plan}"),
    };
    match finding.kind {
        Kind::Spike => format!("spike {subject} {}", finding.since),
        kind => format!("{} {subject}", key_of(kind)),
    }
}

/// The kind's name in CSV, JSON and ids. A drift may turn out to be a step, and it is the same leak.
pub fn key_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Step | Kind::Drift => "unit_cost",
        Kind::Spike => "spike",
        Kind::PaysLess => "lower_revenue",
        Kind::Falling => "falling_profit",
    }
}

/// What happened, in a few words.
pub fn what(finding: &Finding) -> String {
    let rise = |was: Option<Exact>, is: Option<Exact>| {
        let ratio = Exact::ratio(is?, was.filter(Exact::is_positive)?, 4)?;
        Some(percent(&(ratio - Exact::ONE)))
    };
    let unit = || rise(finding.then.unit_cost(), finding.now.unit_cost()).unwrap_or_default();
    let what = match finding.now.tokens {
        Some(_) => "cost per token",
        None => "cost per request",
    };
    match finding.kind {
        Kind::Step => format!("{what} +{}, at once", unit()),
        Kind::Drift => format!("{what} +{}, slowly", unit()),
        Kind::Spike => {
            let days = match finding.days.len() {
                1 => "1 day".to_string(),
                count => format!("{count} days"),
            };
            let times = Exact::ratio(finding.now.cost, finding.then.cost, 1);
            let times = times.map_or(String::new(), |times| format!(" at {times} times the cost"));
            format!("{days}{times}")
        }
        Kind::PaysLess => {
            let fall = rise(finding.then.revenue, finding.now.revenue).unwrap_or_default();
            format!("revenue {fall}, at once, for the same use")
        }
        Kind::Falling => match finding.underwater {
            Some(water) if water.days == 0 => "gross profit falls, under water".into(),
            _ => "gross profit falls".into(),
        },
    }
}

/// How sure, in percent rounded down.
pub fn sure(rate: Exact) -> String {
    let sure = (Exact::ONE - rate).shift(2);
    if sure > Exact::new(999, 1) {
        return "over 99.9%".into();
    }
    // Half to even would round up: take a half of the last digit off first.
    let down = sure - Exact::new(499, 4);
    format!("{}%", down.round(1).max(Exact::ZERO))
}

/// In how many days the customer is under water.
pub fn underwater(finding: &Finding) -> Option<String> {
    let water = finding.underwater?;
    Some(match (water.days, water.latest) {
        (0, _) => "now".into(),
        (days, Some(latest)) => format!("{days} ({} to {latest})", water.earliest),
        (days, None) => format!("{days} ({} or more)", water.earliest),
    })
}

/// The cause that takes the most gross profit.
pub fn worst(finding: &Finding) -> Option<(Why, Exact)> {
    let matters = |why: &Why| match finding.kind {
        // Volume and revenue are no part of the money at risk.
        Kind::Step | Kind::Drift => !matches!(why, Why::Revenue | Why::Cost(Cause::Volume)),
        Kind::Spike => *why != Why::Revenue,
        Kind::PaysLess => *why == Why::Revenue,
        Kind::Falling => true,
    };
    let causes = finding.causes.iter().filter(|(why, _)| matters(why));
    let worst = causes.min_by(|a, b| a.1.cmp(b.1).then(a.0.cmp(b.0)))?;
    worst.1.is_negative().then_some((*worst.0, *worst.1))
}

/// What to do, with the command that shows the parts of the last month in question.
pub fn next(finding: &Finding, leaks: &Leaks<'_>) -> String {
    let advice = match worst(finding).map(|(why, _)| why) {
        Some(Why::Cost(Cause::TokensPerRequest)) => {
            "requests got longer: look at what prompts, contexts and answers gained"
        }
        Some(Why::Cost(Cause::CacheRate)) => {
            "fewer tokens come from the cache: look at what changed at the beginning of the prompts"
        }
        Some(Why::Cost(Cause::ModelMix)) => {
            "requests moved to dearer models or tiers: move back those that do not need it"
        }
        Some(Why::Cost(Cause::FeatureMix)) => "usage moved to dearer features: price or limit them",
        Some(Why::Cost(Cause::Retries)) => {
            "failed requests are paid for: look at errors, time limits and repeats"
        }
        Some(Why::Cost(Cause::UnitPrice)) => "the price per unit rose: look for a cheaper model",
        Some(Why::Cost(Cause::Discount)) => {
            "less is taken off list prices than before: ask the provider"
        }
        Some(Why::Cost(Cause::OtherCost)) => "charges without usage rose: look at the bill",
        Some(Why::Revenue) => "revenue fell: look at discounts, downgrades and refunds",
        Some(Why::Cost(Cause::Volume)) => match finding.kind {
            Kind::Spike => "far more requests than usual: look at who sent them, and set a limit",
            _ => "usage grows and the price does not: raise the price, set a cap or bill overage",
        },
        None => "look at the usage of these days",
    };
    let mut what = match (&finding.subject, leaks.customer(finding)) {
        (Subject::Plan(plan), _) => format!("plan={plan}"),
        (Subject::Feature(_, feature), _) => format!("feature={feature}"),
        // Else it would be taken for an option, or for a dimension.
        (_, Some(key)) if key.starts_with('-') || key.contains('=') => format!("customer={key}"),
        (_, key) => key.unwrap_or_default().to_string(),
    };
    what = quoted(&what);
    if let (Subject::Feature(..), Some(customer)) = (&finding.subject, leaks.customer(finding)) {
        let filter = quoted(&format!("customer={customer}"));
        what.push_str(&format!(" --where {filter}"));
    }
    let month = finding.now.end.plus(-1).month().to_string();
    let again = (leaks.again)(&month);
    let renewal = leaks.renews(finding);
    let renewal = renewal.map_or(String::new(), |day| format!("; it renews on {day}"));
    format!("{advice}{renewal}.   next: tanso explain {what}{again}")
}

/// The trend as a line of blocks: a gap where there is none.
pub fn sparkline(trend: &[Option<u8>]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let block = |level: &Option<u8>| level.map_or(' ', |level| BLOCKS[usize::from(level.min(7))]);
    trend.iter().map(block).collect()
}

/// The same in digits from 0 to 7, for pipes and programs.
pub fn digits(trend: &[Option<u8>], between: &str) -> String {
    let digit = |level: &Option<u8>| level.map_or("-".to_string(), |level| level.to_string());
    let digits: Vec<String> = trend.iter().map(digit).collect();
    digits.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_surer_than_he_is() {
        let sure = |rate: &str| sure(Exact::parse(rate).unwrap());
        assert_eq!(sure("0.02"), "98%");
        assert_eq!(sure("0.0011"), "99.8%");
        assert_eq!(sure("0.000999"), "over 99.9%");
        assert_eq!(sure("0.001"), "99.9%");
        assert_eq!(sure("1"), "0%");
    }

    #[test]
    fn trends_are_drawn() {
        let trend = [Some(0), None, Some(3), Some(7)];
        assert_eq!(sparkline(&trend), "▁ ▄█");
        assert_eq!(digits(&trend, ""), "0-37");
        assert_eq!(digits(&trend, " "), "0 - 3 7");
    }
}
