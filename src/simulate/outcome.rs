//! What a scenario makes of a report: rows and totals now and then.

use super::break_even::BreakEven;
use super::plan::NoEffect;
use crate::identity::PartyId;
use crate::margin::{Row, RowKind};
use crate::model::Exact;

/// A row now and then.
#[derive(Clone, Debug)]
pub struct OutcomeRow {
    /// The report's row.
    pub now: Row,
    /// The row after the changes.
    pub then: Row,
    /// Whether a new price, new terms or a discount reach it.
    pub repriced: bool,
    /// By how much its next invoices change.
    pub invoice_change: Exact,
}

/// Revenue and cost of a group of customers now and then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The plan, segment or other label.
    pub label: String,
    /// Revenue and cost now.
    pub now: (Exact, Exact),
    /// Revenue and cost after the changes.
    pub then: (Exact, Exact),
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
    /// Cost now and then, that without a customer included.
    pub cost: (Exact, Exact),
    /// Totals by plan and by segment, by label; cost without a customer is in none.
    pub groups: Vec<(String, Vec<Group>)>,
    /// Rows that begin to lose money (indices into `rows`).
    pub into_loss: Vec<usize>,
    /// Rows that stop losing money.
    pub into_profit: Vec<usize>,
    /// Change of the next invoices of re-priced customers: median, 95th percentile, largest.
    pub invoice_shock: Option<(Exact, Exact, Exact)>,
    /// How many re-priced customers may leave.
    pub break_even: Option<BreakEven>,
    /// Invoices of the period that do not say whether they recur and were re-priced as recurring.
    pub assumed_recurring: u64,
    /// Changes that touch nothing.
    pub no_effect: Vec<NoEffect>,
    /// Recurring invoices of the period that keep their price because no renewal is known.
    pub without_renewal: u64,
    /// The same because their renewal is yet to come, or because their customer is not new.
    pub kept: u64,
    /// Invoices of the period that were taken as billed by the seat, since they exceed the price.
    pub seats_inferred: u64,
    /// The customers whom the change of each plan reaches, by its place in the scenario, in order.
    pub of_plans: Vec<Vec<PartyId>>,
    /// What was solved for in the scenario.
    pub solved: Vec<super::Answer>,
    /// The elasticity that was asked for, and what it does.
    pub leaving: Option<(Exact, super::Leaving)>,
}

impl Outcome {
    /// Whether a row is of a customer whom the change of a plan reaches; `plan` is its place.
    pub fn is_of_plan(&self, plan: usize, row: &OutcomeRow) -> bool {
        let own = self.of_plans.get(plan).zip(row.now.party);
        row.now.kind == RowKind::Customer
            && own.is_some_and(|(own, party)| own.binary_search(&party).is_ok())
    }

    /// Revenue and cost after the changes of the customers whom the change of a plan reaches.
    pub fn of_plan(&self, plan: usize) -> (Exact, Exact) {
        let own = self.rows.iter().filter(|row| self.is_of_plan(plan, row));
        own.fold((Exact::ZERO, Exact::ZERO), |(revenue, cost), row| {
            (
                revenue + row.then.revenue.unwrap_or_default(),
                cost + row.then.cost(),
            )
        })
    }
}
