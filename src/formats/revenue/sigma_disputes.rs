//! Stripe's table `disputes`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per dispute; a charge may have several. Amounts are minor units, times are UTC. A
//! warning (an inquiry) takes no money; a dispute that was prevented is paid by a refund, which has
//! its own row elsewhere.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{Dispute, DisputeStatus};
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Stripe disputes.
pub static FORMAT: Format = Format {
    name: "sigma-disputes",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe Sigma: disputes",
    required: &["id", "amount", "charge_id", "created", "status"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from disputes`. Needs `id`, `amount`, `currency`, `charge_id`, `created`
and `status`.

- Amounts are minor units and include tax. A lost dispute counts at `created`, UTC, when the money was
  withdrawn.
- `status` lost takes the money; won, warning_closed and prevented leave it; needs_response,
  under_review, warning_needs_response and warning_under_review are open.
";

/// Columns that only disputes have, not refunds, whose other columns are the same.
const OWN: &[&str] = &[
    "is_charge_refundable",
    "network_reason_code",
    "network_details_type",
    "evidence_details_due_by",
    "evidence_details_has_evidence",
    "evidence_details_submission_count",
];

fn detect(sample: &Sample<'_>) -> bool {
    if !sample.has_all(&["id", "amount", "charge_id", "created", "status"]) {
        return false;
    }
    OWN.iter().any(|name| sample.header.has(name)) || sigma::ids_begin(sample, &["dp_", "du_"])
}

struct Fields {
    id: usize,
    amount: usize,
    money: sigma::Money,
    charge: usize,
    created: usize,
    status: usize,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "disputes");
    let fields = Fields {
        id: table.required(&["id"], problems),
        amount: table.required(&["amount"], problems),
        money: table.money(&["currency"], problems),
        charge: table.required(&["charge_id"], problems),
        created: table.required(&["created"], problems),
        status: table.required(&["status"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.each(source, problems, |columns, row, tally| {
        let dispute = dispute(columns, &fields, row)?;
        tally.cover(dispute.at, dispute.at);
        records.disputes.push(dispute);
        Ok(())
    })
}

fn dispute(columns: &Columns, fields: &Fields, row: &Row) -> Result<Dispute, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = fields.money.currency(columns, row)?;
    Ok(Dispute {
        id,
        payment: sigma::needed_id(columns, row, fields.charge)?,
        amount: sigma::not_negative(columns, row, fields.amount, currency)?,
        currency,
        at: columns.instant(row, fields.created)?,
        status: status(columns, row, fields.status)?,
        origin: rows::origin(columns, row),
    })
}

fn status(columns: &Columns, row: &Row, column: usize) -> Result<DisputeStatus, Problem> {
    super::dispute_status(row.filled(column).unwrap_or("")).ok_or_else(|| {
        let problem = rows::unknown_word(columns, row, column, "a known status");
        problem.help("known: needs_response, under_review, won, lost, prevented, warning_needs_response, warning_under_review, warning_closed")
    })
}
