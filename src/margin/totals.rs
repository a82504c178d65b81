//! The totals of a statement, the same in every view of a period.

use std::collections::BTreeMap;

use super::group::Sums;
use super::row::Row;
use crate::attribution::Attribution;
use crate::model::{Exact, Meter};
use crate::revenue::RevenueTie;

/// Served requests and quantities by meter.
pub type Quantities = (Exact, BTreeMap<Meter, Exact>);

/// Sums over all rows and the unattributed cost.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Revenue, whatever the dimensions; `None` where a filter asks for what revenue does not have.
    pub revenue: Option<Exact>,
    /// Cost, unattributed included.
    pub cost: Exact,
    /// Cost by basis.
    pub by_basis: [Exact; 4],
    /// Unattributed cost.
    pub unattributed: Exact,
    /// Requests and quantities, whatever the dimensions; `None` where a filter asks for a basis,
    /// which they do not have.
    pub usage: Option<Quantities>,
}

impl Totals {
    /// Sums rows. Revenue and usage are handed in, since rows by feature have no revenue and rows
    /// by basis no usage.
    pub fn of(rows: &[Row], unattributed: &[Row]) -> Totals {
        let mut totals = Totals::default();
        for row in rows.iter().chain(unattributed) {
            totals.cost += row.cost();
            for (sum, cost) in totals.by_basis.iter_mut().zip(&row.sums.cost) {
                *sum += *cost;
            }
            totals.unattributed += row.sums.unattributed;
        }
        totals
    }
}

/// The requests and quantities of several sums.
pub fn usage<'s>(sums: impl Iterator<Item = &'s Sums>) -> Quantities {
    let (mut requests, mut meters) = Quantities::default();
    for sums in sums {
        requests += sums.requests;
        for (meter, quantity) in &sums.meters {
            *meters.entry(meter.clone()).or_default() += quantity.exact();
        }
    }
    (requests, meters)
}

/// Every view of a period has the same totals: those of the bills and of the exports.
///
/// # Panics
/// If it has not: a bug of ours that must never print.
pub fn check(totals: &Totals, attribution: &Attribution, ties: &[RevenueTie]) {
    let billed: Exact = attribution.ties.iter().map(|tie| tie.billed).sum();
    let estimated = attribution.estimated_by_log + attribution.estimated_by_book;
    let shared = attribution.shared.iter().filter(|tie| !tie.billed);
    let shared: Exact = shared.map(|tie| tie.amount).sum();
    assert!(
        totals.cost == billed + estimated + shared,
        "rows cost {} but bills, estimates and shared costs are {billed}, {estimated} and {shared}",
        totals.cost
    );
    let revenue: Exact = ties
        .iter()
        .map(|tie| tie.customers + tie.unmapped + tie.internal)
        .sum();
    assert!(
        totals.revenue == Some(revenue),
        "rows have revenue {:?} but the exports give {revenue}",
        totals.revenue
    );
}
