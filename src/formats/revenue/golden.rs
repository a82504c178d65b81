//! Revenue records as JSON, for the golden fixtures.
//!
//! The shape of `fixtures/formats/*/*.expected.json`: amounts as strings, times in ISO 8601, blank
//! and missing fields left out, lists in file order. No report uses it.

use serde_json::{Map, Value, json};

use crate::formats::{RevenueRecords, Tally};
use crate::model::records::{
    BillingCustomer, Invoice, ListPrice, Payment, PaymentStatus, Subscription,
};
use crate::model::{Exact, Instant};

/// The records of one file; lists without records are left out.
pub fn render(records: &RevenueRecords) -> Value {
    fn list<T>(records: &[T], one: fn(&T) -> Value) -> Value {
        Value::Array(records.iter().map(one).collect())
    }
    compact(json!({
        "invoices": list(&records.invoices, invoice),
        "payments": list(&records.payments, payment),
        "subscriptions": list(&records.subscriptions, subscription),
        "prices": list(&records.prices, price),
        "customers": list(&records.customers, customer),
    }))
}

/// The counts of one file, which the fixtures hold under `tally`.
pub fn render_tally(tally: &Tally) -> Value {
    json!({ "read": tally.read, "used": tally.used, "skipped": tally.skipped })
}

fn invoice(invoice: &Invoice) -> Value {
    compact(json!({
        "id": invoice.id,
        "namespace": invoice.namespace,
        "customer": invoice.customer,
        "total": number(invoice.total),
        "tax": number(invoice.tax),
        "currency": invoice.currency.code(),
        "date": time(invoice.date),
        "finalized": invoice.finalized.map(time),
        "service": invoice.service.map(|(start, end)| json!([time(start), time(end)])),
        "status": super::invoice_status_word(invoice.status),
        "voided": invoice.voided.map(time),
        "uncollectible": invoice.uncollectible.map(time),
        "subscription": invoice.subscription,
        "plan": invoice.plan,
        "recurring": invoice.recurring,
        "line": invoice.origin.line,
    }))
}

fn payment(payment: &Payment) -> Value {
    let status = match &payment.status {
        PaymentStatus::Succeeded => "succeeded",
        PaymentStatus::Test => "test",
        PaymentStatus::NotSucceeded(why) => why,
    };
    let lost = payment.dispute_lost.as_ref();
    compact(json!({
        "id": payment.id,
        "customer": payment.customer,
        "email": payment.email,
        "keys": payment.keys,
        "created": time(payment.created),
        "amount": number(payment.amount),
        "refunded": number(payment.refunded),
        "refunded_at": payment.refunded_at.map(time),
        "dispute_lost": lost.map(|(amount, at)| compact(json!({
            "amount": number(*amount),
            "at": at.map(time),
        }))),
        "currency": payment.currency.code(),
        "status": status,
        "settled": payment.settled.map(|settled| json!({
            "amount": number(settled.amount),
            "refunded": number(settled.refunded),
            "currency": settled.currency.code(),
        })),
        "invoice": payment.invoice,
        "description": payment.description,
        "line": payment.origin.line,
    }))
}

fn subscription(subscription: &Subscription) -> Value {
    let period = subscription.current_period;
    compact(json!({
        "id": subscription.id,
        "customer": subscription.customer,
        "email": subscription.email,
        "keys": subscription.keys,
        "name": subscription.name,
        "price": subscription.price,
        "quantity": number(subscription.quantity),
        "currency": subscription.currency.code(),
        "interval": subscription.interval,
        "amount": subscription.amount.map(number),
        "status": subscription.status,
        "started": subscription.started.map(time),
        "ended": subscription.ended.map(time),
        "current_period": period.map(|(start, end)| json!([time(start), time(end)])),
        "line": subscription.origin.line,
    }))
}

fn price(price: &ListPrice) -> Value {
    compact(json!({
        "id": price.id,
        "product": price.product,
        "product_name": price.product_name,
        "nickname": price.nickname,
        "amount": price.amount.map(number),
        "currency": price.currency.code(),
        "interval": price.interval,
        "interval_count": price.interval_count,
        "metered": price.metered,
        "line": price.origin.line,
    }))
}

fn customer(customer: &BillingCustomer) -> Value {
    compact(json!({
        "id": customer.id,
        "email": customer.email,
        "name": customer.name,
        "keys": customer.keys,
        "created": customer.created.map(time),
        "line": customer.origin.line,
    }))
}

fn number(value: Exact) -> Value {
    Value::String(value.to_string())
}

fn time(instant: Instant) -> String {
    instant.to_string()
}

/// Leaves out nulls, empty texts and empty lists.
fn compact(value: Value) -> Value {
    let Value::Object(fields) = value else {
        return value;
    };
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    Value::Object(
        fields
            .into_iter()
            .filter(|(_, value)| !empty(value))
            .collect::<Map<_, _>>(),
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::formats::revenue::testing::{Rows, read};
    use crate::formats::{FORMATS, Format, Reader, detect};

    /// Every fixture of this folder's formats, read and compared with what was worked out by hand.
    #[test]
    fn fixtures_read_as_worked_out() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
        let mut seen = 0;
        let reads_revenue = |format: &&Format| matches!(format.read, Reader::Revenue(_));
        for format in FORMATS.iter().copied().filter(reads_revenue) {
            let mut files: Vec<_> = std::fs::read_dir(root.join(format.name))
                .unwrap_or_else(|why| panic!("{}: {why}", format.name))
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|ext| ext == "csv"))
                .collect();
            files.sort();
            for file in files {
                let csv = std::fs::read_to_string(&file).unwrap();
                let csv = csv.trim_start_matches('\u{feff}');
                let rows = Rows::of(csv);
                let detected = detect(&rows.sample()).map(|found| found.name);
                assert_eq!(detected, Some(format.name), "{file:?}");
                let outcome = read(format, csv);
                assert_eq!(outcome.faults(), Vec::<String>::new(), "{file:?}");
                let mut found = render(&outcome.records);
                found["tally"] = render_tally(&outcome.tally);
                let expected =
                    std::fs::read_to_string(file.with_extension("expected.json")).unwrap();
                let expected: Value = serde_json::from_str(&expected).unwrap();
                assert_eq!(
                    serde_json::to_string_pretty(&found).unwrap(),
                    serde_json::to_string_pretty(&expected).unwrap(),
                    "{file:?}"
                );
                seen += 1;
            }
        }
        assert!(seen >= 14, "only {seen} fixtures");
    }
}
