//! Records as JSON in the shape of the golden files, so that one test runner serves every format.
//!
//! `fixtures/formats/README.md` describes the shape. Every number is a string, printed exactly;
//! nothing is left out, so that a new field cannot go untested.

use serde_json::{Value, json};

use super::Tally;
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Outcome, UsageRecord};
use crate::problem::Problems;

/// Charges of a bill, in the order of the file.
pub fn charges(charges: &[Charge]) -> Value {
    charges.iter().map(charge).collect()
}

fn charge(charge: &Charge) -> Value {
    let meter = match &charge.meter {
        ChargeMeter::All => json!("all"),
        ChargeMeter::Is(meter) => json!(meter.name()),
        ChargeMeter::Item(item) => json!({ "item": item }),
    };
    let kind = match charge.kind {
        ChargeKind::Usage => "usage",
        ChargeKind::Credit => "credit",
        ChargeKind::Tax => "tax",
        ChargeKind::Rounding => "rounding",
    };
    let scopes: Vec<Value> = charge
        .scopes
        .iter()
        .map(|scope| json!([scope.namespace, scope.id, scope.dimension]))
        .collect();
    json!({
        "provider": charge.provider,
        "start": charge.start.to_string(),
        "end": charge.end.to_string(),
        "amount": charge.amount,
        "places": charge.written_places,
        "currency": charge.currency,
        "scopes": scopes,
        "model": charge.model,
        "meter": meter,
        "tier": charge.tier,
        "kind": kind,
        "quantity": charge.quantity,
        "item": charge.item,
        "line": charge.origin.line,
    })
}

/// One usage record.
pub fn usage(record: &UsageRecord<'_>) -> Value {
    let quantities: serde_json::Map<String, Value> = record
        .quantities
        .iter()
        .map(|(meter, quantity)| (meter.name().to_string(), json!(quantity)))
        .collect();
    let cost = record
        .reported_cost
        .map(|(amount, currency)| format!("{amount} {currency}"));
    let outcome = match record.outcome {
        Outcome::Served => "served",
        Outcome::Failed => "failed",
        Outcome::GatewayCached => "gateway cached",
    };
    json!({
        "instant": record.instant.to_string(),
        "source": record.source,
        "feature": record.feature,
        "provider": record.provider,
        "model": record.model,
        "tier": record.tier,
        "quantities": quantities,
        "requests": record.requests,
        "single_request": record.single_request,
        "cost": cost,
        "request_id": record.request_id,
        "outcome": outcome,
        "dimensions": record.dimensions,
        "cached_open": record.cached_open,
        "line": record.line,
    })
}

/// What became of the rows.
pub fn tally(tally: &Tally) -> Value {
    let remarks: Vec<Value> = tally
        .remarks
        .iter()
        .map(
            |remark| json!({ "code": remark.entry.code, "text": remark.text, "rows": remark.rows }),
        )
        .collect();
    json!({
        "read": tally.read,
        "used": tally.used,
        "skipped": tally.skipped,
        "covers": tally.covers.map(|(start, end)| [start.to_string(), end.to_string()]),
        "remarks": remarks,
    })
}

/// The kept problems: code, line and field of each.
pub fn problems(problems: &Problems) -> Value {
    let one = |problem: &crate::problem::Problem| {
        let place = problem.place.as_ref();
        json!({
            "code": problem.entry.code,
            "line": place.and_then(|place| place.line),
            "column": place.and_then(|place| place.column),
        })
    };
    problems.kept().iter().map(one).collect()
}
