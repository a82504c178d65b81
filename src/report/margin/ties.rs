//! The tie-outs in JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::identity::Identity;
use crate::margin::Statement;
use crate::model::Exact;

#[derive(Serialize)]
/// Every tie-out of a report.
pub struct TieOut {
    bill: Vec<BillTieOut>,
    revenue: Vec<RevenueTieOut>,
    shared: Vec<SharedTieOut>,
}

/// Deferred revenue at the end of the period, of all invoices until then.
#[derive(Serialize)]
pub struct DeferredOut {
    as_of: String,
    deferred_revenue: Exact,
    unbilled_revenue: Exact,
    recognized: Exact,
    taken_back: Exact,
    left_out: Exact,
    tax: Exact,
    invoiced: Exact,
    difference: Exact,
    /// Deferred less unbilled revenue.
    customers: BTreeMap<String, Exact>,
}

#[derive(Serialize)]
struct SharedTieOut {
    name: String,
    amount: Exact,
    allocated: Exact,
    unattributed: Exact,
    difference: Exact,
}

#[derive(Serialize)]
struct BillTieOut {
    provider: Option<String>,
    currency: String,
    billed: Exact,
    direct: Exact,
    metered: Exact,
    allocated: Exact,
    unattributed: Exact,
    difference: Exact,
}

#[derive(Serialize)]
struct RevenueTieOut {
    source: &'static str,
    currency: String,
    export: Exact,
    customers: Exact,
    unmapped: Exact,
    internal: Exact,
    excluded: BTreeMap<&'static str, Exact>,
    excluded_rows: BTreeMap<&'static str, u64>,
    tax: Exact,
    earlier: Exact,
    later: Exact,
    difference: Exact,
}

/// The tie-outs of a statement. Differences are computed at full scale.
pub fn tie(statement: &Statement) -> TieOut {
    let bill = statement.attribution.ties.iter().map(|tie| BillTieOut {
        provider: tie.provider.clone(),
        currency: tie.currency.to_string(),
        billed: tie.billed,
        direct: tie.direct,
        metered: tie.metered,
        allocated: tie.allocated,
        unattributed: tie.unattributed,
        difference: tie.billed - tie.direct - tie.metered - tie.allocated - tie.unattributed,
    });
    let revenue = statement.revenue_ties.iter().map(|tie| {
        let excluded: Exact = tie.excluded.values().sum();
        let named = tie.customers + tie.unmapped + tie.internal + excluded + tie.tax;
        RevenueTieOut {
            source: tie.source.word(),
            currency: tie.currency.to_string(),
            export: tie.export,
            customers: tie.customers,
            unmapped: tie.unmapped,
            internal: tie.internal,
            excluded: tie.excluded.clone(),
            excluded_rows: tie.excluded_rows.clone(),
            tax: tie.tax,
            earlier: tie.earlier,
            later: tie.later,
            difference: tie.export - named - tie.earlier - tie.later,
        }
    });
    let shared = statement.attribution.shared.iter();
    let shared = shared.map(|tie| SharedTieOut {
        name: tie.name.clone(),
        amount: tie.amount,
        allocated: tie.allocated,
        unattributed: tie.unattributed,
        difference: tie.amount - tie.allocated - tie.unattributed,
    });
    TieOut {
        bill: bill.collect(),
        revenue: revenue.collect(),
        shared: shared.collect(),
    }
}

/// Deferred revenue of a statement, with what it ties to.
pub fn deferred(statement: &Statement, identity: &Identity) -> Option<DeferredOut> {
    let sums = statement.deferred.as_ref()?;
    let earned = sums.recognized + sums.taken_back + sums.left_out + sums.tax;
    let customers = sums.by_party.iter();
    let customers = customers.map(|(party, amount)| (identity.party(*party).key.clone(), *amount));
    Some(DeferredOut {
        as_of: statement.period.end.to_string(),
        deferred_revenue: sums.deferred,
        unbilled_revenue: sums.unbilled,
        recognized: sums.recognized,
        taken_back: sums.taken_back,
        left_out: sums.left_out,
        tax: sums.tax,
        invoiced: sums.invoiced,
        difference: sums.invoiced - (sums.deferred - sums.unbilled + earned),
        customers: customers.collect(),
    })
}
