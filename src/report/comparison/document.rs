//! A difference as JSON: schema `tanso.diff/1`. Amounts are exact.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Compared;
use crate::diff::{Change, Money};
use crate::model::Exact;
use crate::report::margin::document::{Tool, tool};
use crate::report::saved::{SavedPeriod, SavedReport};

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    tool: Tool,
    old: ReportOut,
    new: ReportOut,
    currency: String,
    total: ChangeOut,
    customers: Vec<CustomerOut>,
    remarks: Vec<String>,
}

#[derive(Serialize)]
struct ReportOut {
    file: String,
    period: SavedPeriod,
}

#[derive(Serialize)]
struct CustomerOut {
    customer: String,
    #[serde(flatten)]
    change: ChangeOut,
}

#[derive(Serialize)]
struct ChangeOut {
    before: MoneyOut,
    after: MoneyOut,
    difference: MoneyOut,
    causes: BTreeMap<&'static str, MoneyOut>,
}

#[derive(Serialize)]
struct MoneyOut {
    revenue: Exact,
    cost: Exact,
    gross_profit: Exact,
}

/// The document, ready to be serialized.
pub fn document(compared: &Compared<'_>) -> impl Serialize + use<> {
    let report = |(file, saved): (&str, &SavedReport)| ReportOut {
        file: file.to_string(),
        period: saved.period.clone(),
    };
    Document {
        schema: "tanso.diff/1",
        tool: tool(),
        old: report(compared.old),
        new: report(compared.new),
        currency: compared.new.1.currency.clone(),
        total: change(&compared.diff.total),
        customers: customers(compared),
        remarks: compared.remarks.to_vec(),
    }
}

/// The customers, one object each.
pub fn rows(compared: &Compared<'_>) -> Vec<impl Serialize + use<>> {
    customers(compared)
}

fn customers(compared: &Compared<'_>) -> Vec<CustomerOut> {
    let customers = compared.diff.customers.iter();
    customers
        .map(|one| CustomerOut {
            customer: one.customer.clone(),
            change: change(&one.change),
        })
        .collect()
}

fn change(change: &Change) -> ChangeOut {
    let causes = change.causes.iter();
    ChangeOut {
        before: money(change.before),
        after: money(change.after),
        difference: money(change.difference()),
        causes: causes
            .map(|(cause, amount)| (cause.key(), money(*amount)))
            .collect(),
    }
}

fn money(money: Money) -> MoneyOut {
    MoneyOut {
        revenue: money.revenue,
        cost: money.cost,
        gross_profit: money.gross_profit(),
    }
}
