//! One scenario: customers now and then, who crosses zero, what the invoices change by.

use std::collections::BTreeMap;

use super::break_even::{BreakEven, Member};
use super::plan::{NoEffect, PlanChange, Unresolved, reprice};
use crate::identity::{Identity, PartyId};
use crate::margin::{Filter, Row, RowKind, Statement, party};
use crate::model::{Exact, Instant, Zone};
use crate::revenue::RevenueBook;
use crate::revenue::plans::PlanPrice;

/// A list of changes.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// As the user wrote it.
    pub name: String,
    /// The changes.
    pub changes: Vec<PlanChange>,
}

/// A row now and then.
#[derive(Clone, Debug)]
pub struct OutcomeRow {
    /// The report's row.
    pub now: Row,
    /// The row after the changes.
    pub then: Row,
    /// Whether its plan is re-priced.
    pub repriced: bool,
    /// By how much its next invoices change.
    pub invoice_change: Exact,
}

/// What a scenario does.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// Its changes in words.
    pub changes: Vec<String>,
    /// Every row of the report, in the report's order.
    pub rows: Vec<OutcomeRow>,
    /// Revenue now and then.
    pub revenue: (Exact, Exact),
    /// Cost, which a price does not change.
    pub cost: Exact,
    /// Rows that begin to lose money (indices into `rows`).
    pub into_loss: Vec<usize>,
    /// Rows that stop losing money.
    pub into_profit: Vec<usize>,
    /// Change of the next invoices of re-priced customers: median, 95th percentile, largest.
    pub invoice_shock: Option<(Exact, Exact, Exact)>,
    /// How many re-priced customers may leave.
    pub break_even: Option<BreakEven>,
    /// Invoices that do not say whether they recur and were taken as recurring.
    pub assumed_recurring: u64,
    /// Changes that touch nothing.
    pub no_effect: Vec<NoEffect>,
}

/// What a scenario is run over.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The report, by customer.
    pub statement: &'a Statement,
    /// The filters that it was made with; of customers and their attributes only.
    pub filters: &'a [Filter],
    /// All revenue.
    pub book: &'a RevenueBook,
    /// Who is who.
    pub identity: &'a Identity,
    /// What plans cost now.
    pub prices: &'a BTreeMap<String, PlanPrice>,
    /// The names of the plan of each subscription.
    pub subscriptions: &'a BTreeMap<String, Vec<String>>,
    /// The report's zone.
    pub zone: Zone,
}

/// Runs a scenario.
///
/// # Errors
/// If a plan or its present price is not known.
pub fn simulate(world: World<'_>, scenario: &Scenario) -> Result<Outcome, Unresolved> {
    let (statement, book) = (world.statement, world.book);
    let period = statement.period;
    let repriced = reprice(world, &scenario.changes)?;
    let (after, touched) = (repriced.book, repriced.touched);
    let by_party = |book: &RevenueBook| party::revenue(world.identity, book, period, world.filters);
    let (before, then) = (by_party(book), by_party(&after));
    let end = world.zone.start_of(period.end);
    let changes = invoice_changes(book, &after, end);
    let mut rows = Vec::with_capacity(statement.rows.len());
    for row in &statement.rows {
        let Some(party) = row.party else {
            continue;
        };
        let mut changed = row.clone();
        let of =
            |revenue: &BTreeMap<PartyId, Exact>| revenue.get(&party).copied().unwrap_or_default();
        assert!(
            row.revenue == Some(of(&before)),
            "a simulation must start from the report's revenue"
        );
        changed.revenue = Some(of(&then));
        changed.sums.revenue = of(&then);
        rows.push(OutcomeRow {
            now: row.clone(),
            then: changed,
            repriced: touched.binary_search(&party).is_ok(),
            invoice_change: changes.get(&party).copied().unwrap_or_default(),
        });
    }
    let crosses = |from: bool| -> Vec<usize> {
        let losing = |row: &Row| {
            row.gross_profit()
                .is_some_and(|profit| profit.is_negative())
        };
        let crossed = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| losing(&row.now) != losing(&row.then));
        crossed
            .filter(|(_, row)| losing(&row.now) == from)
            .map(|(at, _)| at)
            .collect()
    };
    let (into_profit, into_loss) = (crosses(true), crosses(false));
    let customers: Vec<&OutcomeRow> = rows
        .iter()
        .filter(|row| row.repriced && row.now.kind == RowKind::Customer)
        .collect();
    let members: Vec<Member> = customers.iter().map(|row| member(row)).collect();
    let shocks: Vec<Exact> = customers.iter().map(|row| row.invoice_change).collect();
    let sum = |of: fn(&OutcomeRow) -> Option<Exact>| rows.iter().filter_map(of).sum::<Exact>();
    let revenue = (sum(|row| row.now.revenue), sum(|row| row.then.revenue));
    Ok(Outcome {
        name: scenario.name.clone(),
        changes: scenario
            .changes
            .iter()
            .map(|change| change.describe(world.prices))
            .collect(),
        revenue,
        cost: statement.totals.cost,
        into_loss,
        into_profit,
        invoice_shock: shock(shocks),
        break_even: BreakEven::of(&members),
        assumed_recurring: assumed(book, &touched),
        no_effect: repriced.no_effect,
        rows,
    })
}

fn member(row: &OutcomeRow) -> Member {
    Member {
        revenue_now: row.now.revenue.unwrap_or_default(),
        revenue_then: row.then.revenue.unwrap_or_default(),
        profit_now: row.now.gross_profit().unwrap_or_default(),
        profit_then: row.then.gross_profit().unwrap_or_default(),
    }
}

/// What each customer's next invoices change by: the change of the latest of the longest recurring
/// invoices of each subscription, all its lines together. A short invoice in between, as a
/// proration is, says nothing about the next one.
fn invoice_changes(
    book: &RevenueBook,
    after: &RevenueBook,
    end: Instant,
) -> BTreeMap<PartyId, Exact> {
    type Of<'a> = (PartyId, &'a str, Option<&'a str>);
    let mut latest: BTreeMap<Of<'_>, ((i64, Instant), Exact)> = BTreeMap::new();
    for (before, after) in book.obligations.iter().zip(&after.obligations) {
        let over = before.recurring == Some(false) || before.service.0 >= end;
        if over || before.net.is_negative() {
            continue;
        }
        let change = after.net - before.net;
        let days = (before.service.1.0 - before.service.0.0) / DAY;
        // Months differ in length; what counts is whether it is a month, a quarter or a year.
        let rank = ((days + 3) / 28, before.service.0);
        let of = (
            before.party,
            before.payer.as_str(),
            before.subscription.as_deref(),
        );
        match latest.get_mut(&of) {
            Some((best, sum)) if *best == rank => *sum += change,
            Some((best, _)) if *best > rank => {}
            _ => {
                latest.insert(of, (rank, change));
            }
        }
    }
    let mut changes: BTreeMap<PartyId, Exact> = BTreeMap::new();
    for ((party, _, _), (_, change)) in latest {
        *changes.entry(party).or_default() += change;
    }
    changes
}

const DAY: i64 = 86_400_000_000;

/// Median, 95th percentile and largest, by nearest rank.
fn shock(mut changes: Vec<Exact>) -> Option<(Exact, Exact, Exact)> {
    changes.sort();
    let largest = *changes.last()?;
    let rank = |percent: usize| changes[(changes.len() * percent).div_ceil(100).max(1) - 1];
    Some((rank(50), rank(95), largest))
}

fn assumed(book: &RevenueBook, touched: &[PartyId]) -> u64 {
    let unsaid = |o: &&crate::revenue::Obligation| {
        o.recurring.is_none() && touched.binary_search(&o.party).is_ok()
    };
    book.obligations.iter().filter(unsaid).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_rank() {
        let changes = (1..=20u64).map(Exact::from).collect();
        let (p50, p95, max) = shock(changes).unwrap();
        assert_eq!(
            (p50.to_string(), p95.to_string(), max.to_string()),
            ("10".into(), "19".into(), "20".into())
        );
        assert_eq!(shock(vec![]), None);
    }
}
