//! A reconciliation as JSON: schema `tanso.reconciliation/1`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::proofs::places;
use super::{By, rates, total_of};
use crate::margin::Statement;
use crate::model::Exact;
use crate::reconcile::{Calibrated, Cause, Group};
use crate::report::margin::Header;
use crate::report::margin::document::{Head, NoteOut, head, notes};
use crate::report::margin::ties::{TieOut, tie};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
    by: Vec<&'static str>,
    rows: Vec<RowOut>,
    totals: Totals,
    rates: Vec<RateOut>,
    tie: TieOut,
    notes: Vec<NoteOut>,
}

#[derive(Serialize)]
struct RowOut {
    #[serde(flatten)]
    labels: BTreeMap<&'static str, Option<String>>,
    billed: Exact,
    computed: Option<Exact>,
    gap: Exact,
    billed_quantity: Option<Exact>,
    logged_quantity: Option<Exact>,
    billed_rate_per_million: Option<Exact>,
    list_rate_per_million: Option<Exact>,
    causes: Vec<CauseOut>,
}

#[derive(Serialize)]
struct CauseOut {
    cause: &'static str,
    amount: Exact,
    advice: &'static str,
    lines: Vec<String>,
    days: BTreeMap<String, Exact>,
}

#[derive(Serialize)]
struct Totals {
    billed: Exact,
    computed: Exact,
    gap: Exact,
    causes: BTreeMap<&'static str, Exact>,
}

#[derive(Serialize)]
struct RateOut {
    provider: Option<String>,
    model: Option<String>,
    meter: String,
    tier: Option<String>,
    billed: Exact,
    quantity: Exact,
    rate: Exact,
    list: Option<Exact>,
}

/// The document, ready to be serialized. Amounts are exact.
pub fn document<'a>(
    groups: &[Group],
    rates: &[Calibrated],
    by: &[By],
    statement: &Statement,
    header: &'a Header,
) -> impl Serialize + use<'a> {
    let billed: Exact = groups.iter().map(|group| group.billed).sum();
    let computed: Exact = groups.iter().filter_map(|group| group.computed).sum();
    let causes = Cause::ALL.iter();
    let causes = causes.map(|cause| (cause.key(), total_of(groups, *cause)));
    Document {
        schema: "tanso.reconciliation/1",
        head: head(header),
        by: by.iter().map(|by| by.key()).collect(),
        rows: row_list(groups, by),
        totals: Totals {
            billed,
            computed,
            gap: billed - computed,
            causes: causes.filter(|(_, amount)| !amount.is_zero()).collect(),
        },
        rates: rates.iter().map(rate).collect(),
        tie: tie(statement),
        notes: notes(header),
    }
}

/// The rows, one object each.
pub fn rows(groups: &[Group], by: &[By]) -> Vec<impl Serialize + use<>> {
    row_list(groups, by)
}

fn row_list(groups: &[Group], by: &[By]) -> Vec<RowOut> {
    groups.iter().map(|group| row(group, by)).collect()
}

fn row(group: &Group, by: &[By]) -> RowOut {
    let (billed_rate, list_rate) = rates(group);
    let labels = by.iter().zip(&group.labels);
    let cause = |(cause, amount): (&Cause, &Exact)| {
        let evidence = group.evidence.get(cause).cloned().unwrap_or_default();
        let days = evidence.days.iter();
        CauseOut {
            cause: cause.key(),
            amount: *amount,
            advice: cause.advice(),
            lines: places(&evidence),
            days: days
                .map(|(day, amount)| (day.to_string(), *amount))
                .collect(),
        }
    };
    RowOut {
        labels: labels
            .map(|(by, label)| (by.key(), label.clone()))
            .collect(),
        billed: group.billed,
        computed: group.computed,
        gap: group.gap(),
        billed_quantity: group.billed_quantity,
        logged_quantity: group.logged_quantity,
        billed_rate_per_million: billed_rate,
        list_rate_per_million: list_rate,
        causes: group.causes.iter().map(cause).collect(),
    }
}

fn rate(rate: &Calibrated) -> RateOut {
    RateOut {
        provider: rate.provider.clone(),
        model: rate.model.clone(),
        meter: rate.meter.name().to_string(),
        tier: rate.tier.clone(),
        billed: rate.billed,
        quantity: rate.quantity,
        rate: rate.rate,
        list: rate.list,
    }
}
