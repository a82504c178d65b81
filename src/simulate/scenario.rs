//! One scenario: customers now and then, who crosses zero, what the invoices change by.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use super::break_even::{BreakEven, Member};
use super::checks::check;
use super::costs::{self, CostBook, passes};
use super::groups::{View, group, last_day_on, minimums};
use super::lever::{Charge, Scenario};
use super::membership::Membership;
use super::outcome::{Outcome, OutcomeRow};
use super::plan::{Unresolved, reprice};
use super::served::Served;
use crate::attribution::Pricing;
use crate::identity::{Identity, PartyId, PartyKind};
use crate::margin::{Filter, Row, RowKind, Statement, Sums, party, slot};
use crate::model::{Exact, Instant, UsageCell, Zone};
use crate::revenue::RevenueBook;
use crate::revenue::plans::PlanPrice;

/// What plans cost now, by name.
pub type Prices = BTreeMap<String, PlanPrice>;

/// What a scenario is run over.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The report, by customer.
    pub statement: &'a Statement,
    /// The report's totals by plan, by segment and so on.
    pub views: &'a [View],
    /// The filters that it was made with; of customers and their attributes only.
    pub filters: &'a [Filter],
    /// All revenue.
    pub book: &'a RevenueBook,
    /// Who is who.
    pub identity: &'a Identity,
    /// What plans cost now.
    pub prices: &'a Prices,
    /// The names of the plan of each subscription.
    pub subscriptions: &'a BTreeMap<String, Vec<String>>,
    /// How many each subscription bills.
    pub quantities: &'a BTreeMap<String, Exact>,
    /// The month that a backtest predicts from the period before it, half-open: its renewals count then.
    pub ahead: Option<(Instant, Instant)>,
    /// The first renewal of each subscription in the period, or in the month ahead, or after it.
    pub renewals: &'a BTreeMap<String, Instant>,
    /// When each customer of the billing system began, by its id there.
    pub starts: &'a BTreeMap<String, Instant>,
    /// Prices and subscriptions that are billed once a year.
    pub yearly: &'a BTreeSet<String>,
    /// The folded log.
    pub usage: &'a [UsageCell],
    /// Every cost with the usage that carries it; empty where no lever asks for it.
    pub costs: &'a CostBook,
    /// The price book.
    pub pricing: &'a Pricing,
    /// The report's zone.
    pub zone: Zone,
    /// Decimals of the currency's minor unit.
    pub places: u8,
}

impl World<'_> {
    /// The same where totals by plan and segment are not asked for.
    pub fn without_views(self) -> Self {
        World { views: &[], ..self }
    }
}

/// Then − now, by customer.
#[derive(Default)]
struct Deltas {
    /// By customer: direct, metered, allocated, estimated.
    cost: HashMap<PartyId, [Exact; 4], foldhash::fast::FixedState>,
    /// Without a customer.
    unattributed: Exact,
}

/// Runs a scenario.
///
/// # Errors
/// If a plan, a price, seats or a meter that it asks for are not known.
pub fn simulate(world: World<'_>, scenario: &Scenario) -> Result<Outcome, Unresolved> {
    let (statement, book, period) = (world.statement, world.book, world.statement.period);
    check(world, scenario)?;
    let membership = Membership::of(world);
    let repriced = reprice(world, &membership, scenario)?;
    let (after, found) = (repriced.book, repriced.found);
    let touched = &found.touched;
    let served = Served::of(world, &membership, scenario);
    let mut charges = served.charges(world, &membership, scenario);
    charges.extend(minimums(world, &membership, scenario, &after, &charges));
    charges.retain(|(at, charge)| is_shown(world, &scenario.plans[*at].plan, charge));
    let changed = match scenario.changes_cost() {
        true => costs::changes(world, scenario, &served).map_err(Unresolved::Unvalued)?,
        false => Vec::new(),
    };
    let mut deltas = Deltas::default();
    for change in &changed {
        match (change.party, change.basis) {
            (Some(party), Some(basis)) => {
                deltas.cost.entry(party).or_default()[slot(basis)] += change.amount;
            }
            _ => deltas.unattributed += change.amount,
        }
    }
    let by_party = |book: &RevenueBook| party::revenue(world.identity, book, period, world.filters);
    let (before, mut then) = (by_party(book), by_party(&after));
    for (_, (party, _, amount)) in &charges {
        *then.entry(*party).or_default() += *amount;
    }
    let end = world.zone.start_of(period.end);
    let mut invoices = invoice_changes(book, &after, end);
    let last = period.end.plus(-1).month();
    for (_, (party, _, amount)) in charges.iter().filter(|(_, (_, month, _))| *month == last) {
        *invoices.entry(*party).or_default() += *amount;
    }
    let mut rows = Vec::with_capacity(statement.rows.len());
    let more = without_row(world, charges.iter().map(|(_, charge)| charge.0));
    for row in statement.rows.iter().chain(&more) {
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
        if let Some(own) = deltas.cost.get(&party) {
            let costs = changed.sums.cost.iter_mut().zip(own);
            costs.for_each(|(cost, delta)| *cost += *delta);
        }
        rows.push(OutcomeRow {
            now: row.clone(),
            then: changed,
            repriced: touched.binary_search(&party).is_ok(),
            invoice_change: invoices.get(&party).copied().unwrap_or_default(),
        });
    }
    let groups = world.views.iter().map(|view| {
        (
            view.name().to_string(),
            group(world, view, &after, &charges, &changed, scenario),
        )
    });
    let groups = groups.collect();
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
    let more: Exact = changed.iter().map(|change| change.amount).sum();
    let cost = statement.totals.cost;
    let own: Exact = rows
        .iter()
        .map(|row| row.then.cost() - row.now.cost())
        .sum();
    assert!(
        own + deltas.unattributed == more,
        "a simulation must start from the report's cost"
    );
    let own: Exact = members.iter().map(Member::gain).sum();
    let all = (revenue.1 - revenue.0) - more;
    Ok(Outcome {
        name: scenario.name.clone(),
        changes: scenario.describe(world.prices),
        revenue,
        cost: (cost, cost + more),
        groups,
        into_loss,
        into_profit,
        invoice_shock: shock(shocks),
        break_even: BreakEven::of(&members, all - own),
        assumed_recurring: found.assumed,
        no_effect: found.no_effect,
        without_renewal: found.without_renewal,
        kept: found.kept,
        seats_inferred: found.seats_inferred,
        of_plans: found.of_plans,
        solved: Vec::new(),
        leaving: None,
        rows,
    })
}

/// Whether a charge passes the report's filters on the last day on which its plan holds in its month.
pub fn is_shown(world: World<'_>, plan: &str, charge: &Charge) -> bool {
    let day = last_day_on(world.identity, charge, plan, world.statement.period);
    passes(world.identity, world.filters, Some(charge.0), day)
}

/// Empty rows for customers of whom the report knows nothing but who are charged now.
fn without_row(world: World<'_>, charged: impl Iterator<Item = PartyId>) -> Vec<Row> {
    let known: BTreeSet<PartyId> = world
        .statement
        .rows
        .iter()
        .filter_map(|row| row.party)
        .collect();
    let more: BTreeSet<PartyId> = charged.filter(|party| !known.contains(party)).collect();
    let row = |party: PartyId| {
        let own = world.identity.party(party);
        Row {
            kind: match own.kind {
                PartyKind::Customer => RowKind::Customer,
                PartyKind::Internal => RowKind::Internal,
                PartyKind::Unmapped { .. } => RowKind::Unmapped,
            },
            labels: vec![own.key.as_str().into()],
            party: Some(party),
            period: world.statement.period,
            sums: Sums::default(),
            revenue: Some(Exact::ZERO),
            cost_is_known: world.statement.rows.iter().any(|row| row.cost_is_known),
            flags: Vec::new(),
        }
    };
    more.into_iter().map(row).collect()
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
    type Of<'a> = (PartyId, &'a str, Option<&'a str>, bool);
    let mut latest: BTreeMap<Of<'_>, ((i64, Instant), Exact)> = BTreeMap::new();
    for (before, after) in book.obligations.iter().zip(&after.obligations) {
        // A line that bills usage counts where new charges take its place.
        let goes = before.metered && after.net != before.net;
        let stays = before.recurring == Some(false) && !goes;
        let over = stays || before.service.0 >= end;
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
            before.metered,
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
    for ((party, ..), (_, change)) in latest {
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
