//! Revenue records as JSON, for the golden fixtures.
//!
//! The shape of `fixtures/formats/*/*.expected.json`: amounts as strings, times in ISO 8601, blank
//! and missing fields left out, lists in file order. No report uses it.

use serde_json::{Map, Value, json};

use crate::formats::{RevenueRecords, Tally};
use crate::model::records::{
    BalanceEntry, BalanceKind, BillingCustomer, CreditNote, CreditNoteLine, Dispute, DisputeStatus,
    Invoice, InvoiceLine, LineTax, ListPrice, Metadata, MrrChange, Payment, PaymentStatus, Product,
    RecognizedEntry, Refund, Subscription, SubscriptionItem,
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
        "lines": list(&records.lines, line),
        "line_taxes": list(&records.line_taxes, line_tax),
        "credit_notes": list(&records.credit_notes, credit_note),
        "credit_note_lines": list(&records.credit_note_lines, credit_note_line),
        "refunds": list(&records.refunds, refund),
        "disputes": list(&records.disputes, dispute),
        "items": list(&records.items, item),
        "products": list(&records.products, product),
        "mrr_changes": list(&records.mrr_changes, mrr_change),
        "metadata": list(&records.metadata, metadata),
        "balance": list(&records.balance, balance_entry),
        "recognized": list(&records.recognized, recognized),
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
        "off_lines": (!invoice.off_lines.is_zero()).then(|| number(invoice.off_lines)),
        "currency": invoice.currency.code(),
        "date": time(invoice.date),
        "finalized": invoice.finalized.map(time),
        "service": span(invoice.service),
        "status": super::invoice_status_word(invoice.status),
        "voided": invoice.voided.map(time),
        "uncollectible": invoice.uncollectible.map(time),
        "paid": invoice.paid.map(time),
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
    let dispute = payment.dispute.as_ref();
    compact(json!({
        "id": payment.id,
        "customer": payment.customer,
        "email": payment.email,
        "keys": payment.keys,
        "created": time(payment.created),
        "amount": number(payment.amount),
        "refunded": number(payment.refunded),
        "refunded_at": payment.refunded_at.map(time),
        "dispute": dispute.map(|dispute| compact(json!({
            "status": format!("{:?}", dispute.status).to_lowercase(),
            "amount": number(dispute.amount),
            "at": dispute.at.map(time),
        }))),
        "currency": payment.currency.code(),
        "status": status,
        "settled": payment.settled.map(|settled| compact(json!({
            "amount": number(settled.amount),
            "refunded": settled.refunded.map(number),
            "currency": settled.currency.code(),
        }))),
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
        "currency": subscription.currency.map(|c| c.code().to_string()),
        "interval": subscription.interval,
        "amount": subscription.amount.map(number),
        "status": subscription.status,
        "started": subscription.started.map(time),
        "ended": subscription.ended.map(time),
        "cancels_at": subscription.cancels_at.map(time),
        "trial": span(subscription.trial),
        "interval_count": subscription.interval_count,
        "current_period": span(period),
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

fn line(line: &InvoiceLine) -> Value {
    compact(json!({
        "id": line.id,
        "invoice": line.invoice,
        "namespace": line.namespace,
        "customer": line.customer,
        "net": number(line.net),
        "tax": number(line.tax),
        "currency": line.currency.code(),
        "service": span(line.service),
        "price": line.price,
        "plan": line.plan,
        "quantity": line.quantity.map(number),
        "proration": line.proration,
        "metered": line.metered,
        "subscription": line.subscription,
        "item": line.item,
        "description": line.description,
        "line": line.origin.line,
    }))
}

fn line_tax(tax: &LineTax) -> Value {
    compact(json!({
        "of_line": tax.line,
        "invoice": tax.invoice,
        "rate": tax.rate,
        "minor_units": number(tax.minor_units),
        "inclusive": tax.inclusive,
        "line": tax.origin.line,
    }))
}

fn credit_note(note: &CreditNote) -> Value {
    let lines = note.lines.iter();
    compact(json!({
        "id": note.id,
        "namespace": note.namespace,
        "invoice": note.invoice,
        "customer": note.customer,
        "amount": number(note.amount),
        "currency": note.currency.code(),
        "at": time(note.at),
        "void": note.void,
        "refund": note.refund,
        "lines": lines.map(|(line, amount)| json!([line, number(*amount)])).collect::<Vec<_>>(),
        "line": note.origin.line,
    }))
}

fn credit_note_line(line: &CreditNoteLine) -> Value {
    compact(json!({
        "id": line.id,
        "credit_note": line.credit_note,
        "of_line": line.line,
        "minor_units": number(line.minor_units),
        "line": line.origin.line,
    }))
}

fn refund(refund: &Refund) -> Value {
    compact(json!({
        "id": refund.id,
        "payment": refund.payment,
        "amount": number(refund.amount),
        "currency": refund.currency.code(),
        "at": time(refund.at),
        "succeeded": refund.succeeded(),
        "line": refund.origin.line,
    }))
}

fn dispute(dispute: &Dispute) -> Value {
    let status = match dispute.status {
        DisputeStatus::Open => "open",
        DisputeStatus::Won => "won",
        DisputeStatus::Lost => "lost",
    };
    compact(json!({
        "id": dispute.id,
        "payment": dispute.payment,
        "amount": number(dispute.amount),
        "currency": dispute.currency.code(),
        "at": time(dispute.at),
        "status": status,
        "line": dispute.origin.line,
    }))
}

fn balance_entry(entry: &BalanceEntry) -> Value {
    let kind = match &entry.kind {
        BalanceKind::Payment => "payment",
        BalanceKind::PaymentFailure => "payment failure",
        BalanceKind::PartialCapture => "partial capture",
        BalanceKind::Refund => "refund",
        BalanceKind::RefundFailure => "refund failure",
        BalanceKind::Dispute => "dispute",
        BalanceKind::DisputeReversal => "dispute reversal",
        BalanceKind::Fee => "fee",
        BalanceKind::Payout => "payout",
        BalanceKind::Other(word) => word,
    };
    let facing = entry.facing.as_ref();
    compact(json!({
        "id": entry.id,
        "kind": kind,
        "object": entry.object,
        "payment": entry.payment,
        "gross": number(entry.gross),
        "fee": number(entry.fee),
        "currency": entry.currency.code(),
        "facing": facing.map(|(amount, currency)| json!([number(*amount), currency.code()])),
        "at": time(entry.at),
        "customer": entry.customer,
        "email": entry.email,
        "name": entry.name,
        "keys": entry.keys,
        "invoice": entry.invoice,
        "invoice_number": entry.invoice_number,
        "subscription": entry.subscription,
        "description": entry.description,
        "line": entry.origin.line,
    }))
}

fn item(item: &SubscriptionItem) -> Value {
    compact(json!({
        "id": item.id,
        "subscription": item.subscription,
        "price": item.price,
        "quantity": item.quantity.map(number),
        "current_period": span(item.current_period),
        "terms": item.terms.as_ref().map(price),
        "line": item.origin.line,
    }))
}

fn product(product: &Product) -> Value {
    compact(json!({
        "id": product.id,
        "name": product.name,
        "line": product.origin.line,
    }))
}

fn mrr_change(change: &MrrChange) -> Value {
    compact(json!({
        "at": time(change.at),
        "customer": change.customer,
        "price": change.price,
        "subscription": change.subscription,
        "change": number(change.change),
        "currency": change.currency.code(),
        "line": change.origin.line,
    }))
}

fn recognized(entry: &RecognizedEntry) -> Value {
    compact(json!({
        "period": span(Some(entry.period)),
        "open": entry.open,
        "debit": entry.debit,
        "credit": entry.credit,
        "amount": number(entry.amount),
        "currency": entry.currency.code(),
        "customer": entry.customer,
        "price": entry.price,
        "invoice": entry.invoice,
        "line": entry.origin.line,
    }))
}

fn span(period: Option<(Instant, Instant)>) -> Value {
    period.map_or(Value::Null, |(start, end)| json!([time(start), time(end)]))
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

fn metadata(pair: &Metadata) -> Value {
    json!({
        "of": format!("{:?}", pair.of).to_lowercase(),
        "id": pair.id,
        "key": pair.key,
        "value": pair.value,
        "line": pair.origin.line,
    })
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
