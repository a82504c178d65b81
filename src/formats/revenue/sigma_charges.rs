//! Stripe's table `charges`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per payment attempt, failed ones too. Amounts are minor units including tax; times are
//! UTC. After a partial capture `amount` is the whole authorized amount, and what was not captured
//! is part of `amount_refunded`. Dates of refunds and disputes are in tables of their own.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{Payment, PaymentStatus};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Stripe charges.
pub static FORMAT: Format = Format {
    name: "sigma-charges",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe Sigma: charges",
    required: &["id", "amount", "amount_refunded", "created", "status"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from charges`. Any choice and order of columns works that has `id`,
`amount`, `amount_refunded`, `currency`, `created`, `status`, `captured`, and `customer_id` or
`receipt_email`.

- Amounts are minor units (1250 is 12.50 USD) and include sales tax. Times are UTC.
- A row is one attempt. `status` is succeeded, pending or failed; the last two and charges that were not
  captured are counted and excluded.
- The table has no dates of refunds and no disputes: give the tables `refunds` and `disputes` too.
- `invoice_id` joins the charge to its invoice.
";

/// Columns of Stripe's charges that payments of other systems do not have.
const OWN: &[&str] = &[
    "captured",
    "balance_transaction_id",
    "payment_intent",
    "payment_intent_id",
    "receipt_email",
    "outcome_type",
    "dispute_id",
    "livemode",
];

fn detect(sample: &Sample<'_>) -> bool {
    let own = OWN.iter().any(|name| sample.header.has(name));
    own && sample.has_all(&["id", "amount", "amount_refunded", "created"])
}

struct Fields {
    id: usize,
    amount: usize,
    refunded: usize,
    money: sigma::Money,
    created: usize,
    status: usize,
    captured: usize,
    customer: Option<usize>,
    email: Option<usize>,
    invoice: Option<usize>,
    description: Option<usize>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "charges");
    let fields = Fields {
        id: table.required(&["id"], problems),
        amount: table.required(&["amount"], problems),
        refunded: table.required(&["amount_refunded"], problems),
        money: table.money(&["currency"], problems),
        created: table.required(&["created"], problems),
        status: table.required(&["status"], problems),
        captured: table.required(&["captured"], problems),
        customer: table.optional(&["customer_id"], problems),
        email: table.optional(&["receipt_email"], problems),
        invoice: table.optional(&["invoice_id"], problems),
        description: table.optional(&["description"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.each(source, problems, |columns, row, tally| {
        let payment = payment(columns, &fields, row)?;
        tally.cover(payment.created, payment.created);
        records.payments.push(payment);
        Ok(())
    })
}

fn payment(columns: &Columns, fields: &Fields, row: &Row) -> Result<Payment, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = fields.money.currency(columns, row)?;
    let amount = sigma::not_negative(columns, row, fields.amount, currency)?;
    let refunded = sigma::not_negative(columns, row, fields.refunded, currency)?;
    if refunded > amount {
        let message = "amount_refunded is more than amount";
        let entry = &catalogue::BAD_VALUE;
        return Err(columns.problem(entry, row, fields.refunded, message));
    }
    Ok(Payment {
        id,
        customer: rows::other_id(columns, row, fields.customer)?,
        email: rows::text(row, fields.email),
        keys: Vec::new(),
        created: columns.instant(row, fields.created)?,
        amount,
        refunded,
        refunded_at: None,
        dispute: None,
        currency,
        settled: None,
        status: status(columns, fields, row)?,
        invoice: rows::other_id(columns, row, fields.invoice)?,
        tells_invoice: fields.invoice.is_some(),
        description: rows::text(row, fields.description),
        origin: rows::origin(columns, row),
    })
}

fn status(columns: &Columns, fields: &Fields, row: &Row) -> Result<PaymentStatus, Problem> {
    let word = row.filled(fields.status).unwrap_or("").to_lowercase();
    match word.as_str() {
        "failed" => return Ok(PaymentStatus::NotSucceeded("failed")),
        "pending" => return Ok(PaymentStatus::NotSucceeded("pending")),
        "succeeded" => {}
        _ => {
            let expected = "succeeded, pending or failed";
            return Err(rows::unknown_word(columns, row, fields.status, expected));
        }
    }
    match rows::yes_or_no(columns, row, Some(fields.captured))? {
        Some(true) => Ok(PaymentStatus::Succeeded),
        Some(false) => Ok(PaymentStatus::NotSucceeded("uncaptured")),
        None => {
            let message = "captured is empty, but the charge succeeded";
            let entry = &catalogue::MISSING_VALUE;
            Err(columns.problem(entry, row, fields.captured, message))
        }
    }
}
