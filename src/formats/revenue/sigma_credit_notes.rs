//! Stripe's table `credit_notes`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per credit note. `amount` is in minor units and includes tax; times are UTC. What it
//! takes back of single lines is in the table `credit_note_line_items`.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::CreditNote;
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Stripe credit notes.
pub static FORMAT: Format = Format {
    name: "sigma-credit-notes",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe Sigma: credit_notes",
    required: &["id", "amount", "invoice_id", "created", "status"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from credit_notes`. Needs `id`, `amount`, `currency`, `invoice_id`,
`created` and `status`; `refund_id` tells the refund that pays a credit note out, so that the money is
given back once. Give the table `credit_note_line_items` too, if the notes are for single lines.

- Amounts are minor units and include tax. A credit note takes effect at `effective_at`, else `created`, UTC.
- `status` is issued or void; a void one takes nothing back.
";

/// Columns of credit notes that neither charges nor lines have.
const OWN: &[&str] = &[
    "out_of_band_amount",
    "voided_at",
    "customer_balance_transaction_id",
    "refund_id",
    "effective_at",
    "memo",
];

fn detect(sample: &Sample<'_>) -> bool {
    let own = OWN.iter().any(|name| sample.header.has(name));
    let own = own || sigma::ids_begin(sample, &["cn_"]);
    own && sample.has_all(&["id", "amount", "invoice_id", "created"])
}

struct Fields {
    id: usize,
    amount: usize,
    money: sigma::Money,
    invoice: usize,
    created: usize,
    status: usize,
    effective: Option<usize>,
    customer: Option<usize>,
    refund: Option<usize>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "credit_notes");
    let fields = Fields {
        id: table.required(&["id"], problems),
        amount: table.required(&["amount"], problems),
        money: table.money(&["currency"], problems),
        invoice: table.required(&["invoice_id"], problems),
        created: table.required(&["created"], problems),
        status: table.required(&["status"], problems),
        effective: table.optional(&["effective_at"], problems),
        customer: table.optional(&["customer_id"], problems),
        refund: table.optional(&["refund_id"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.each(source, problems, |columns, row, tally| {
        let note = credit_note(columns, &fields, row)?;
        tally.cover(note.at, note.at);
        records.credit_notes.push(note);
        Ok(())
    })
}

fn credit_note(columns: &Columns, fields: &Fields, row: &Row) -> Result<CreditNote, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = fields.money.currency(columns, row)?;
    let at = match columns.optional_instant(row, fields.effective)? {
        Some(at) => at,
        None => columns.instant(row, fields.created)?,
    };
    Ok(CreditNote {
        id,
        namespace: "stripe",
        invoice: sigma::needed_id(columns, row, fields.invoice)?,
        customer: rows::other_id(columns, row, fields.customer)?,
        amount: sigma::not_negative(columns, row, fields.amount, currency)?,
        currency,
        at,
        void: is_void(columns, row, fields.status)?,
        refund: rows::other_id(columns, row, fields.refund)?,
        lines: Vec::new(),
        origin: rows::origin(columns, row),
    })
}

fn is_void(columns: &Columns, row: &Row, column: usize) -> Result<bool, Problem> {
    let word = row.filled(column).unwrap_or("").to_lowercase();
    match word.as_str() {
        "issued" => Ok(false),
        "void" => Ok(true),
        _ => Err(rows::unknown_word(columns, row, column, "issued or void")),
    }
}
