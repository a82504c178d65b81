//! Leaks as JSON: schema `tanso.leaks/1`. Amounts are exact.

use serde::Serialize;

use super::Leaks;
use super::words::{self, key_of, next};
use crate::leaks::plans::PlanLoss;
use crate::leaks::{Finding, Kind, Subject, Time, Underwater};
use crate::margin::Statement;
use crate::model::Exact;
use crate::report::margin::Header;
use crate::report::margin::document::{Head, NoteOut, head, notes};
use crate::report::margin::ties::{TieOut, tie};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
    watched: WatchedOut,
    findings: Vec<FindingOut>,
    plans: Vec<PlanOut>,
    acknowledged: Vec<KnownOut>,
    tie: TieOut,
    notes: Vec<NoteOut>,
}

#[derive(Serialize)]
struct WatchedOut {
    start: String,
    end: String,
    customers: usize,
    features: usize,
    plans: usize,
    too_short: usize,
    revenue_by_day: bool,
    min_money: Exact,
    false_discovery_rate: Exact,
}

#[derive(Serialize)]
struct FindingOut {
    id: String,
    kind: &'static str,
    gradual: bool,
    customer: Option<String>,
    name: Option<String>,
    plan: Option<String>,
    feature: Option<String>,
    features: Vec<String>,
    finding: String,
    since: String,
    days: Vec<String>,
    at_risk_per_month: Exact,
    chance: Exact,
    false_discovery_rate: Exact,
    then: TimeOut,
    now: TimeOut,
    gross_profit_change: Exact,
    causes: Vec<CauseOut>,
    underwater: Option<UnderwaterOut>,
    renews: Option<String>,
    trend: Vec<Option<u8>>,
    next: String,
}

#[derive(Serialize)]
struct TimeOut {
    start: String,
    end: String,
    requests: Exact,
    cost: Exact,
    cost_per_request: Option<Exact>,
    tokens: Option<Exact>,
    cost_per_thousand_tokens: Option<Exact>,
    revenue: Option<Exact>,
    gross_profit: Option<Exact>,
    gross_margin: Option<Exact>,
}

#[derive(Serialize)]
struct CauseOut {
    cause: &'static str,
    gross_profit: Exact,
}

#[derive(Serialize)]
struct UnderwaterOut {
    days: u32,
    earliest: u32,
    latest: Option<u32>,
}

#[derive(Serialize)]
struct PlanOut {
    plan: String,
    customers: usize,
    losing: usize,
    median_cost: Exact,
    p90_cost: Exact,
    p90_revenue: Exact,
    subsidy: Exact,
    gross_profit_of_others: Exact,
}

#[derive(Serialize)]
struct KnownOut {
    id: String,
    at_risk_per_month: Exact,
}

/// The document, ready to be serialized.
pub fn document<'a>(
    leaks: &Leaks<'_>,
    statement: &Statement,
    header: &'a Header,
    top: Option<usize>,
) -> impl Serialize + use<'a> {
    let [customers, features, plans] = leaks.series;
    let known = |finding: &Finding| KnownOut {
        id: words::id(finding, leaks.identity),
        at_risk_per_month: finding.at_risk,
    };
    Document {
        schema: "tanso.leaks/1",
        head: head(header),
        watched: WatchedOut {
            start: leaks.watched.start.to_string(),
            end: leaks.watched.end.to_string(),
            customers,
            features,
            plans,
            too_short: leaks.too_short,
            revenue_by_day: leaks.no_revenue.is_none(),
            min_money: leaks.least,
            false_discovery_rate: leaks.false_discoveries,
        },
        findings: list(leaks, top),
        plans: leaks.plans.iter().map(plan).collect(),
        acknowledged: leaks.silent.iter().map(known).collect(),
        tie: tie(statement),
        notes: notes(header),
    }
}

/// The findings, one object each.
pub fn rows(leaks: &Leaks<'_>, top: Option<usize>) -> Vec<impl Serialize + use<>> {
    list(leaks, top)
}

fn list(leaks: &Leaks<'_>, top: Option<usize>) -> Vec<FindingOut> {
    let shown = leaks.findings.iter().take(top.unwrap_or(usize::MAX));
    shown.map(|found| finding(found, leaks)).collect()
}

fn finding(finding: &Finding, leaks: &Leaks<'_>) -> FindingOut {
    let name = leaks.party(finding);
    let name = name.and_then(|party| leaks.identity.party(party).name.clone());
    let causes = finding.causes.iter();
    FindingOut {
        id: words::id(finding, leaks.identity),
        kind: key_of(finding.kind),
        gradual: finding.kind == Kind::Drift,
        customer: leaks.customer(finding).map(str::to_string),
        name,
        plan: leaks.plan(finding).map(str::to_string),
        feature: match &finding.subject {
            Subject::Feature(_, feature) => Some(feature.to_string()),
            _ => None,
        },
        features: finding.features.clone(),
        finding: words::what(finding),
        since: finding.since.to_string(),
        days: finding.days.iter().map(ToString::to_string).collect(),
        at_risk_per_month: finding.at_risk,
        chance: finding.chance,
        false_discovery_rate: finding.rate,
        then: time(&finding.then),
        now: time(&finding.now),
        gross_profit_change: finding.causes.values().sum(),
        causes: causes
            .map(|(why, amount)| CauseOut {
                cause: why.key(),
                gross_profit: *amount,
            })
            .collect(),
        underwater: finding.underwater.map(water),
        renews: leaks.renews(finding).map(|day| day.to_string()),
        trend: finding.trend.clone(),
        next: next(finding, leaks),
    }
}

fn time(time: &Time) -> TimeOut {
    TimeOut {
        start: time.start.to_string(),
        end: time.end.to_string(),
        requests: time.requests,
        cost: time.cost,
        cost_per_request: time.unit_cost().filter(|_| time.tokens.is_none()),
        tokens: time.tokens,
        cost_per_thousand_tokens: time.unit_cost().filter(|_| time.tokens.is_some()),
        revenue: time.revenue,
        gross_profit: time.profit(),
        gross_margin: time.margin(),
    }
}

fn water(water: Underwater) -> UnderwaterOut {
    UnderwaterOut {
        days: water.days,
        earliest: water.earliest,
        latest: water.latest,
    }
}

fn plan(loss: &PlanLoss) -> PlanOut {
    PlanOut {
        plan: loss.plan.clone(),
        customers: loss.customers,
        losing: loss.losing,
        median_cost: loss.median_cost,
        p90_cost: loss.high_cost,
        p90_revenue: loss.high_revenue,
        subsidy: loss.subsidy,
        gross_profit_of_others: loss.profit,
    }
}
