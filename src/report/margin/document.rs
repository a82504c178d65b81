//! A margin statement as JSON: schema `tanso.report/1`. Amounts and quantities are exact strings.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::contracts::{ContractOut, contracts};
use super::distribution::DistributionOut;
pub use super::head::{Head, NoteOut, Tool, head, notes, tool};
use super::printed::{Kind, OTHERS, chosen};
use super::ties::{DeferredOut, TieOut, deferred, tie};
use super::{Header, View};
use crate::diff::{Receipt, VERSION};
use crate::identity::Identity;
use crate::margin::{Dimension, Row, Statement, usage};
use crate::model::{Exact, Meter};
use crate::report::rounding::round_to_total;

/// Places of ratios.
const RATIO: u8 = 16;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
    by: Vec<&'a str>,
    rows: Vec<RowOut>,
    unattributed: Vec<UnattributedOut>,
    unmapped: Vec<UnmappedOut>,
    unpriced: Vec<UnpricedOut>,
    totals: TotalsOut,
    tie: TieOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred: Option<DeferredOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contracts: Vec<ContractOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distribution: Option<DistributionOut>,
    notes: Vec<NoteOut>,
}

#[derive(Serialize)]
struct RowOut {
    #[serde(flatten)]
    labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    attributes: BTreeMap<String, String>,
    kind: &'static str,
    revenue: Option<Exact>,
    cost: Exact,
    cost_by_basis: CostByBasis,
    gross_profit: Option<Exact>,
    gross_margin: Option<Exact>,
    markup: Option<Exact>,
    best_case: Option<Exact>,
    worst_case: Option<Exact>,
    verdict: Option<&'static str>,
    requests: Option<Exact>,
    meters: Option<BTreeMap<String, Exact>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred_revenue: Option<Exact>,
}

#[derive(Serialize)]
struct CostByBasis {
    direct: Exact,
    metered: Exact,
    allocated: Exact,
    estimated: Exact,
}

#[derive(Serialize)]
struct UnattributedOut {
    provider: Option<String>,
    reason: &'static str,
    amount: Exact,
}

#[derive(Serialize)]
struct UnmappedOut {
    source: String,
    id: String,
    revenue: Exact,
    cost: Exact,
}

#[derive(Serialize)]
struct UnpricedOut {
    provider: Option<String>,
    model: Option<String>,
    requests: Exact,
    meters: BTreeMap<String, Exact>,
}

#[derive(Serialize)]
struct TotalsOut {
    revenue: Option<Exact>,
    cost: Exact,
    cost_by_basis: CostByBasis,
    unattributed: Exact,
    gross_profit: Option<Exact>,
    gross_margin: Option<Exact>,
    requests: Option<Exact>,
    meters: Option<BTreeMap<String, Exact>>,
}

/// The document, ready to be serialized, with the receipt that later reports are compared with. Totals and tie-outs are those of all rows, whatever the
/// view chooses.
pub fn document<'a>(
    statement: &'a Statement,
    identity: &Identity,
    header: &'a Header,
    view: &View,
    receipt: Option<&'a Receipt>,
    distribution: Option<DistributionOut>,
) -> impl Serialize + 'a {
    let mut document = Document {
        schema: "tanso.report/1",
        head: head(header),
        by: statement.by.iter().map(Dimension::name).collect(),
        rows: shown(statement, identity, view),
        unattributed: statement
            .unattributed
            .iter()
            .map(|entry| UnattributedOut {
                provider: entry.provider.clone(),
                reason: entry.reason.words(),
                amount: entry.amount,
            })
            .collect(),
        unmapped: statement
            .unmapped
            .iter()
            .map(|entry| UnmappedOut {
                source: entry.source.clone(),
                id: entry.id.clone(),
                revenue: entry.revenue,
                cost: entry.cost,
            })
            .collect(),
        unpriced: unpriced(statement),
        totals: totals(statement),
        tie: tie(statement),
        deferred: deferred(statement, identity),
        contracts: contracts(statement, identity),
        receipt_version: receipt.map(|_| VERSION),
        receipt,
        distribution,
        notes: notes(header),
    };
    if let Some(places) = view.places {
        round(&mut document.rows, places);
    }
    document
}

/// The rows, one object each, those without a customer last.
pub fn rows<'a>(
    statement: &'a Statement,
    identity: &'a Identity,
    view: &View,
) -> Vec<impl Serialize + use<'a>> {
    let mut rows = shown(statement, identity, view);
    let nobody = statement.unattributed_rows.iter();
    rows.extend(nobody.map(|row| row_out(row, statement, identity)));
    if let Some(places) = view.places {
        round(&mut rows, places);
    }
    rows
}

/// The rows with a customer that a view shows, then all others as one.
fn shown(statement: &Statement, identity: &Identity, view: &View) -> Vec<RowOut> {
    let chosen = chosen(statement, view);
    let rows = chosen.iter().map(|at| &statement.rows[*at]);
    let mut out: Vec<RowOut> = rows.map(|row| row_out(row, statement, identity)).collect();
    let shown: BTreeSet<usize> = chosen.into_iter().collect();
    let rest = statement.rows.iter().enumerate();
    let rest = rest.filter(|(at, _)| !shown.contains(at));
    let rest: Vec<&Row> = rest.map(|(_, row)| row).collect();
    if !rest.is_empty() {
        out.push(others(&rest, statement));
    }
    out
}

/// One row for several.
fn others(rows: &[&Row], statement: &Statement) -> RowOut {
    let labels = statement.by.iter().enumerate().map(|(at, dimension)| {
        let label = if at == 0 { OTHERS } else { "" };
        (dimension.name().to_string(), label.to_string())
    });
    let mut by: [Exact; 4] = Default::default();
    for row in rows {
        for (sum, cost) in by.iter_mut().zip(&row.sums.cost) {
            *sum += *cost;
        }
    }
    let revenue: Option<Exact> = rows.iter().map(|row| row.revenue).sum();
    let cost: Exact = rows.iter().map(|row| row.cost()).sum();
    let profit = revenue.map(|revenue| revenue - cost);
    let (requests, of) = usage(rows.iter().map(|row| &row.sums));
    RowOut {
        labels: labels.collect(),
        name: None,
        attributes: BTreeMap::new(),
        kind: Kind::Others.word(),
        revenue,
        cost,
        cost_by_basis: by_basis(&by),
        gross_profit: profit,
        gross_margin: margin(profit, revenue),
        markup: profit.and_then(|profit| Exact::ratio(profit, cost, RATIO)),
        best_case: None,
        worst_case: None,
        verdict: None,
        requests: statement.with_usage.then_some(requests),
        meters: statement.with_usage.then(|| meters(&of)),
        flags: Vec::new(),
        deferred_revenue: None,
    }
}

fn meters(meters: &BTreeMap<Meter, Exact>) -> BTreeMap<String, Exact> {
    meters
        .iter()
        .map(|(meter, quantity)| (meter.name().to_string(), *quantity))
        .collect()
}

fn by_basis(cost: &[Exact; 4]) -> CostByBasis {
    let [direct, metered, allocated, estimated] = *cost;
    CostByBasis {
        direct,
        metered,
        allocated,
        estimated,
    }
}

/// Gross profit ∕ revenue; `None` where revenue is not positive.
pub fn margin(profit: Option<Exact>, revenue: Option<Exact>) -> Option<Exact> {
    let revenue = revenue.filter(Exact::is_positive)?;
    Exact::ratio(profit?, revenue, RATIO)
}

fn row_out(row: &Row, statement: &Statement, identity: &Identity) -> RowOut {
    let party = row.party.map(|party| identity.party(party));
    let labels = statement
        .by
        .iter()
        .zip(&row.labels)
        .map(|(dimension, label)| (dimension.name().to_string(), label.to_string()));
    let attributes = ["plan", "segment"].into_iter().filter_map(|name| {
        let value = party?.attribute(name, row.period)?;
        let shown = statement
            .by
            .iter()
            .any(|dimension| dimension.name() == name);
        (!shown).then(|| (name.to_string(), value.to_string()))
    });
    RowOut {
        labels: labels.collect(),
        name: party.and_then(|party| party.name.clone()),
        attributes: attributes.collect(),
        kind: row.kind.word(),
        revenue: row.revenue,
        cost: row.cost(),
        cost_by_basis: by_basis(&row.sums.cost),
        gross_profit: row.gross_profit(),
        gross_margin: row.gross_margin(RATIO),
        markup: row.markup(RATIO),
        best_case: row.best_case(),
        worst_case: row.worst_case(),
        verdict: row.verdict().map(|verdict| verdict.key()),
        requests: statement.with_usage.then_some(row.sums.requests),
        meters: statement.with_usage.then(|| {
            let all = row.sums.meters.iter();
            all.map(|(meter, quantity)| (meter.name().to_string(), quantity.exact()))
                .collect()
        }),
        flags: row.flags.clone(),
        deferred_revenue: statement.deferred_of(row),
    }
}

fn unpriced(statement: &Statement) -> Vec<UnpricedOut> {
    let entries = statement.attribution.unpriced.iter();
    entries
        .map(|entry| UnpricedOut {
            provider: entry.provider.clone(),
            model: entry.model.clone(),
            requests: entry.requests,
            meters: meters(&entry.meters),
        })
        .collect()
}

fn totals(statement: &Statement) -> TotalsOut {
    let totals = &statement.totals;
    let profit = totals.revenue.map(|revenue| revenue - totals.cost);
    TotalsOut {
        revenue: totals.revenue,
        cost: totals.cost,
        cost_by_basis: by_basis(&totals.by_basis),
        unattributed: totals.unattributed,
        gross_profit: profit,
        gross_margin: margin(profit, totals.revenue),
        requests: totals.usage.as_ref().map(|(requests, _)| *requests),
        meters: totals.usage.as_ref().map(|(_, of)| meters(of)),
    }
}

/// Rounds rows to their totals, for `--precision`; ties and lists stay exact.
fn round(rows: &mut [RowOut], places: u8) {
    let column = |values: Vec<Exact>| round_to_total(&values, values.iter().sum(), places);
    let costs = column(rows.iter().map(|row| row.cost).collect());
    let revenues: Option<Vec<Exact>> = rows.iter().map(|row| row.revenue).collect();
    let revenues = revenues.map(column);
    for (at, row) in rows.iter_mut().enumerate() {
        row.cost = costs[at];
        row.revenue = revenues.as_ref().map(|revenues| revenues[at]);
        row.gross_profit = row.revenue.map(|revenue| revenue - row.cost);
        row.best_case = row.best_case.map(|value| value.round(places));
        row.worst_case = row.worst_case.map(|value| value.round(places));
    }
}
