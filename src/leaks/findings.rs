//! Findings: what was detected, with exact money, causes and when it began; ranked by money at risk.

use std::collections::{BTreeMap, BTreeSet};

use super::detect::{Kind, MONTH, Rules, Signal, Underwater, detect};
use super::gather::{Costs, Ground, Sides, Subject};
use super::series::{Point, Series, float};
use super::shift::LEAST_DAYS;
use crate::causes::{self, Cause, Side};
use crate::identity::PartyId;
use crate::model::{Day, Exact};

/// Why gross profit changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// More or less revenue.
    Revenue,
    /// More or less cost.
    Cost(Cause),
}

impl Why {
    /// Every cause, in the order of the columns.
    pub fn all() -> impl Iterator<Item = Why> {
        [Why::Revenue].into_iter().chain(Cause::ALL.map(Why::Cost))
    }

    /// The name in CSV and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Why::Revenue => "revenue",
            Why::Cost(cause) => cause.key(),
        }
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Why::Revenue => "revenue",
            Why::Cost(cause) => cause.words(),
        }
    }
}

/// One side of a comparison: money of 30 days, or of the days of a spike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    /// First day looked at.
    pub start: Day,
    /// First day no longer looked at.
    pub end: Day,
    /// Served requests.
    pub requests: Exact,
    /// Tokens of them; only where nobody counts requests.
    pub tokens: Option<Exact>,
    /// Cost.
    pub cost: Exact,
    /// Revenue; `None` where it has no days or the finding is about a feature.
    pub revenue: Option<Exact>,
}

impl Time {
    /// Revenue − cost.
    pub fn profit(&self) -> Option<Exact> {
        Some(self.revenue? - self.cost)
    }

    /// Gross profit ∕ revenue; `None` where revenue is not above 0.
    pub fn margin(&self) -> Option<Exact> {
        let revenue = self.revenue.filter(Exact::is_positive)?;
        Exact::ratio(revenue - self.cost, revenue, 16)
    }

    /// Cost per request, or per thousand tokens where nobody counts requests; 12 places.
    pub fn unit_cost(&self) -> Option<Exact> {
        match self.tokens {
            Some(tokens) => Exact::ratio(self.cost, tokens.shift(-3), 12),
            None => Exact::ratio(self.cost, self.requests, 12),
        }
    }
}

/// A leak.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is about.
    pub subject: Subject,
    /// What kind.
    pub kind: Kind,
    /// Since when.
    pub since: Day,
    /// The days of a spike; empty otherwise.
    pub days: Vec<Day>,
    /// Before, for as many days as `now`.
    pub then: Time,
    /// Now: 30 days' worth, or the days of a spike.
    pub now: Time,
    /// What each cause did to gross profit; they sum to its change. Negative is worse.
    pub causes: BTreeMap<Why, Exact>,
    /// Money at risk per month: what is lost each month as long as nothing changes.
    pub at_risk: Exact,
    /// The chance of it by noise alone, 6 places.
    pub chance: Exact,
    /// The rate of false discoveries at which it counts as one, 6 places.
    pub rate: Exact,
    /// When the customer is under water.
    pub underwater: Option<Underwater>,
    /// Features of the customer that were found to leak themselves, the largest first.
    pub features: Vec<String>,
    /// What the trend line shows: cost per request by week, gross profit of falls, cost of spikes,
    /// revenue of who pays less; `None` for
    /// weeks without requests. From 0 (the lowest week) to 7.
    pub trend: Vec<Option<u8>>,
}

/// What was looked at and what was found.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Findings by money at risk, the most first.
    pub findings: Vec<Finding>,
    /// Series of customers, of features and of plans.
    pub series: [usize; 3],
    /// Customers whose days are too few for any test.
    pub too_short: usize,
}

/// Looks for leaks. `costs` is called twice.
pub fn search(ground: &Ground<'_>, rules: &Rules, least: Exact, costs: Costs<'_>) -> Search {
    let (subjects, series): (Vec<Subject>, Vec<Series>) = ground.series(costs).into_iter().unzip();
    let mut search = Search::default();
    for (subject, one) in subjects.iter().zip(&series) {
        let (place, short) = match subject {
            Subject::Customer(_) => (0, one.unit_costs().len() < LEAST_DAYS),
            Subject::Feature(..) => (1, false),
            Subject::Plan(_) => (2, false),
        };
        search.series[place] += 1;
        search.too_short += usize::from(short);
    }
    let mut signals = detect(&series, rules);
    // A plan's revenue follows its customers, and features have none.
    signals.retain(|signal| {
        let of_customer = matches!(subjects[signal.series], Subject::Customer(_));
        signal.kind != Kind::PaysLess || of_customer
    });
    let sides = ground.sides(&subjects, &signals, costs);
    let found = signals.iter().zip(sides);
    let found = found.map(|(signal, sides)| {
        let subject = subjects[signal.series].clone();
        finding(ground, subject, signal, &series[signal.series], sides)
    });
    let mut findings: Vec<Finding> = found.filter(|found| found.at_risk >= least).collect();
    findings = told_once(findings, ground);
    findings.sort_by(|a, b| {
        let order = b.at_risk.cmp(&a.at_risk);
        order.then_with(|| (&a.subject, a.kind).cmp(&(&b.subject, b.kind)))
    });
    search.findings = findings;
    search
}

fn finding(
    ground: &Ground<'_>,
    subject: Subject,
    signal: &Signal,
    series: &Series,
    sides: Sides,
) -> Finding {
    let days = |(from, to): (usize, usize)| (to - from).max(1) as u32;
    let (to, of) = match signal.kind {
        Kind::Spike => (signal.days.len() as u32, signal.days.len() as u32),
        _ => (MONTH as u32, days(signal.now)),
    };
    let then = sides.then.scaled(to, days(signal.then));
    let now = sides.now.scaled(to, of);
    let scaled = |revenue: Exact, of: u32| {
        let product = revenue * Exact::from(u64::from(to));
        Exact::ratio(product, Exact::from(u64::from(of)), causes::STEP_PLACES).unwrap_or(revenue)
    };
    let (was, is) = match sides.revenue {
        Some((was, is)) => (Some(scaled(was, days(signal.then))), Some(scaled(is, of))),
        None => (None, None),
    };
    let mut causes: BTreeMap<Why, Exact> = causes::change(&then, &now)
        .into_iter()
        .map(|(cause, amount)| (Why::Cost(cause), -amount))
        .collect();
    if let (Some(was), Some(is)) = (was, is)
        && was != is
    {
        causes.insert(Why::Revenue, is - was);
    }
    let profit: Exact = causes.values().sum();
    let volume = causes.get(&Why::Cost(Cause::Volume)).copied();
    let revenue = causes.get(&Why::Revenue).copied();
    let at_risk = match signal.kind {
        // What more requests cost is no leak of the cost per request, and more revenue no remedy.
        Kind::Step | Kind::Drift => {
            -(profit - volume.unwrap_or_default() - revenue.unwrap_or_default())
        }
        Kind::Spike => -(profit - revenue.unwrap_or_default()),
        Kind::PaysLess => -revenue.unwrap_or_default(),
        Kind::Falling => -profit,
    };
    let day = |number: usize| ground.period.start.plus(number as i32);
    let uncounted = then.requests().is_zero() && now.requests().is_zero();
    let time = |(from, to): (usize, usize), side: &Side, revenue| Time {
        start: day(from),
        end: day(to),
        requests: side.requests(),
        tokens: uncounted.then(|| side.tokens()),
        cost: side.cost(),
        revenue,
    };
    Finding {
        subject,
        kind: signal.kind,
        since: day(signal.since),
        days: signal.days.iter().map(|at| day(*at)).collect(),
        then: time(signal.then, &then, was),
        now: time(signal.now, &now, is),
        causes,
        at_risk,
        chance: printed(signal.chance),
        rate: printed(signal.rate),
        underwater: signal.underwater,
        features: Vec::new(),
        trend: trend(signal.kind, series),
    }
}

/// A chance as a decimal of 6 places, rounded up, so that it is never told as smaller.
fn printed(chance: f64) -> Exact {
    let millionths = (chance * 1e6).ceil().clamp(1.0, 1e6);
    Exact::new(millionths as i128, 6)
}

/// Eight levels of what a finding is about, week by week.
fn trend(kind: Kind, series: &Series) -> Vec<Option<u8>> {
    let weeks = series.days.rchunks_exact(7).rev();
    let value = |days: &[Point]| {
        let sum = |of: fn(&Point) -> f64| days.iter().map(of).sum::<f64>();
        let (cost, requests) = (sum(|day| day.cost), sum(|day| day.requests));
        match kind {
            Kind::Falling => Some(sum(|day| day.revenue) - cost),
            Kind::Spike => Some(cost),
            Kind::PaysLess => Some(sum(|day| day.revenue)),
            _ => (requests > 0.0).then(|| cost / requests),
        }
    };
    let values: Vec<Option<f64>> = weeks.map(value).collect();
    let known = || values.iter().flatten().copied();
    let (low, high) = (
        known().fold(f64::INFINITY, f64::min),
        known().fold(f64::NEG_INFINITY, f64::max),
    );
    let level = |value: f64| {
        let share = (value - low) / (high - low);
        if share.is_finite() {
            (share * 7.0).round() as u8
        } else {
            0
        }
    };
    values.iter().map(|value| value.map(level)).collect()
}

/// A leak is told once: a feature's with its customer's, and a plan's only where it is not that of
/// the customers that are told themselves.
fn told_once(findings: Vec<Finding>, ground: &Ground<'_>) -> Vec<Finding> {
    let same = |kind: Kind| match kind {
        Kind::Drift => Kind::Step,
        other => other,
    };
    let customer = |finding: &Finding| match finding.subject {
        Subject::Customer(party) => Some((party, same(finding.kind))),
        _ => None,
    };
    let told: BTreeSet<(PartyId, Kind)> = findings.iter().filter_map(customer).collect();
    let mut features: BTreeMap<(PartyId, Kind), Vec<(Exact, String)>> = BTreeMap::new();
    let mut of_plans: BTreeMap<(String, Kind), Exact> = BTreeMap::new();
    for finding in &findings {
        let kind = same(finding.kind);
        match &finding.subject {
            Subject::Feature(party, feature) if told.contains(&(*party, kind)) => {
                let list = features.entry((*party, kind)).or_default();
                list.push((-finding.at_risk, feature.to_string()));
            }
            Subject::Feature(party, _) | Subject::Customer(party) => {
                let party = ground.identity.party(*party);
                let plan = party.attribute_on("plan", ground.period.end.plus(-1));
                if let Some(plan) = plan {
                    *of_plans.entry((plan.to_string(), kind)).or_default() += finding.at_risk;
                }
            }
            Subject::Plan(_) => {}
        }
    }
    let keep = |mut finding: Finding| {
        let kind = same(finding.kind);
        match &finding.subject {
            Subject::Feature(party, _) if told.contains(&(*party, kind)) => return None,
            Subject::Plan(plan) => {
                let told = of_plans.get(&(plan.to_string(), kind)).copied();
                let half = told.unwrap_or_default() * Exact::from(2u64);
                if half >= finding.at_risk {
                    return None;
                }
            }
            Subject::Customer(party) => {
                let mut list = features.remove(&(*party, kind)).unwrap_or_default();
                list.sort();
                finding.features = list.into_iter().map(|(_, feature)| feature).collect();
            }
            Subject::Feature(..) => {}
        }
        Some(finding)
    };
    findings.into_iter().filter_map(keep).collect()
}

/// The least money as a copy for the tests; exact amounts decide in the end.
pub fn rules(least: Exact, false_discoveries: Exact, requests: u32) -> Rules {
    Rules {
        money: float(least),
        false_discoveries: float(false_discoveries),
        requests: f64::from(requests),
        ..Rules::default()
    }
}
