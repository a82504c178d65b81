//! Stripe's table `refunds`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per refund; a charge may have several. Amounts are minor units, times are UTC. A refund
//! for the reason `expired_uncaptured_charge` gives back money that never came; one for the reason
//! `partial_capture` is the part of a charge that was authorized and not captured.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{Refund, RefundStatus};
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Stripe refunds.
pub static FORMAT: Format = Format {
    name: "sigma-refunds",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe Sigma: refunds",
    required: &["id", "amount", "charge_id", "created", "status"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from refunds`. Needs `id`, `amount`, `currency`, `charge_id`, `created`,
`status` and `reason`.

- Amounts are minor units and include tax. A refund counts at `created`, UTC.
- `status` succeeded gives money back; pending, requires_action, failed and canceled give nothing back.
- A refund for the reason expired_uncaptured_charge gives back money that never came and counts as
  nothing.
";

/// Columns that only refunds have, not disputes, whose other columns are the same.
const OWN: &[&str] = &[
    "balance_transaction_id",
    "failure_balance_transaction_id",
    "failure_reason",
    "receipt_number",
    "refund_description",
    "refund_payment_intent",
];

fn detect(sample: &Sample<'_>) -> bool {
    if !sample.has_all(&["id", "amount", "charge_id", "created"]) {
        return false;
    }
    OWN.iter().any(|name| sample.header.has(name)) || sigma::ids_begin(sample, &["re_", "pyr_"])
}

struct Fields {
    id: usize,
    amount: usize,
    money: sigma::Money,
    charge: usize,
    created: usize,
    status: usize,
    reason: usize,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "refunds");
    let fields = Fields {
        id: table.required(&["id"], problems),
        amount: table.required(&["amount"], problems),
        money: table.money(&["currency"], problems),
        charge: table.required(&["charge_id"], problems),
        created: table.required(&["created"], problems),
        status: table.required(&["status"], problems),
        reason: table.required(&["reason"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.each(source, problems, |columns, row, tally| {
        let refund = refund(columns, &fields, row)?;
        tally.cover(refund.at, refund.at);
        records.refunds.push(refund);
        Ok(())
    })
}

fn refund(columns: &Columns, fields: &Fields, row: &Row) -> Result<Refund, Problem> {
    const EXPIRED: &str = "expired_uncaptured_charge";
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = fields.money.currency(columns, row)?;
    let came = rows::text(row, Some(fields.reason)).as_deref() != Some(EXPIRED);
    Ok(Refund {
        id,
        payment: sigma::needed_id(columns, row, fields.charge)?,
        amount: sigma::not_negative(columns, row, fields.amount, currency)?,
        currency,
        at: columns.instant(row, fields.created)?,
        status: match status(columns, row, fields.status)? {
            RefundStatus::Succeeded if !came => RefundStatus::Failed,
            status => status,
        },
        origin: rows::origin(columns, row),
    })
}

fn status(columns: &Columns, row: &Row, column: usize) -> Result<RefundStatus, Problem> {
    let word = row.filled(column).unwrap_or("").to_lowercase();
    match word.as_str() {
        "succeeded" => Ok(RefundStatus::Succeeded),
        "pending" | "requires_action" => Ok(RefundStatus::Pending),
        "failed" | "canceled" => Ok(RefundStatus::Failed),
        _ => {
            let expected = "succeeded, pending, requires_action, failed or canceled";
            Err(rows::unknown_word(columns, row, column, expected))
        }
    }
}
