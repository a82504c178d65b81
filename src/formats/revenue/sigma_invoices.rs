//! Stripe's table `invoices`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per invoice, drafts too. Amounts are minor units, times are UTC. `date` is the time of
//! creation. `period_start` and `period_end` bound what could be put on the invoice and are not the
//! service period, which is on the lines. `tax` is the sum of all taxes, inside `total`;
//! `amount_due` and `amount_paid` move with the credit balance: revenue is `total` less `tax`.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{Invoice, InvoiceStatus, Prepaid};
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Stripe invoices.
pub static FORMAT: Format = Format {
    name: "sigma-invoices",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe Sigma: invoices",
    required: &["id", "customer_id", "date", "total", "tax", "status"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from invoices`. Any choice and order of columns works that has `id`,
`customer_id`, `currency`, `date`, `total`, `tax` and `status`; better with the columns
`status_transitions_…_at`, `subscription_id` and `number`. Give the table `invoice_line_items` too: the
service periods are on the lines.

- Amounts are minor units (1250 is 12.50 USD). Net revenue is `total` less `tax`; a blank tax is none.
- `period_start` and `period_end` are not the service period and not used.
- `status` is draft, open, paid, void or uncollectible. Drafts are counted and excluded; voids and
  write-offs count against revenue at `status_transitions_voided_at` and
  `status_transitions_marked_uncollectible_at`; one that was paid after all comes back at
  `status_transitions_paid_at` where no charge says when.
- `amount_due`, `amount_paid`, `subtotal` and credit notes' columns are not revenue and not used. Where the
  balance columns are there, ending balance = starting balance + total − amount due is checked on final
  invoices.
";

/// Columns of Stripe's invoices that those of other systems do not have.
const OWN: &[&str] = &[
    "amount_remaining",
    "auto_advance",
    "billing_reason",
    "collection_method",
    "ending_balance",
    "post_payment_credit_notes_amount",
    "pre_payment_credit_notes_amount",
    "starting_balance",
    "status_transitions_finalized_at",
    "status_transitions_paid_at",
    "status_transitions_voided_at",
];

fn detect(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    let own = any(OWN)
        || sample.has_all(&["amount_due", "period_start"])
        || sigma::ids_begin(sample, &["in_"]);
    own && sample.has_all(&["id", "customer_id", "total"])
}

struct Fields {
    id: usize,
    customer: usize,
    money: sigma::Money,
    date: usize,
    total: usize,
    tax: usize,
    status: usize,
    finalized: Option<usize>,
    voided: Option<usize>,
    uncollectible: Option<usize>,
    paid: Option<usize>,
    subscription: Option<usize>,
    number: Option<usize>,
    name: Option<usize>,
    email: Option<usize>,
    description: Option<usize>,
    amount_due: Option<usize>,
    starting: Option<usize>,
    ending: Option<usize>,
}

impl Fields {
    fn find(table: &mut sigma::Table<'_>, problems: &mut Problems) -> Option<Fields> {
        let fields = Fields {
            id: table.required(&["id"], problems),
            customer: table.required(&["customer_id"], problems),
            money: table.money(&["currency"], problems),
            date: table.required(&["date", "created"], problems),
            total: table.required(&["total"], problems),
            tax: table.required(&["tax"], problems),
            status: table.required(&["status"], problems),
            finalized: table.optional(&["status_transitions_finalized_at"], problems),
            voided: table.optional(&["status_transitions_voided_at"], problems),
            uncollectible: table
                .optional(&["status_transitions_marked_uncollectible_at"], problems),
            paid: table.optional(&["status_transitions_paid_at"], problems),
            subscription: table.optional(&["subscription_id"], problems),
            number: table.optional(&["number"], problems),
            name: table.optional(&["customer_name"], problems),
            email: table.optional(&["customer_email"], problems),
            description: table.optional(&["customer_description"], problems),
            amount_due: table.optional(&["amount_due"], problems),
            starting: table.optional(&["starting_balance"], problems),
            ending: table.optional(&["ending_balance"], problems),
        };
        table.is_whole(problems).then_some(fields)
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "invoices");
    let Some(fields) = Fields::find(&mut table, problems) else {
        return Tally::default();
    };
    let mut doubts = rows::Contradictions::default();
    let mut tally = table.each(source, problems, |columns, row, tally| {
        let (invoice, fault) = invoice(columns, &fields, row)?;
        if let Some(fault) = fault {
            doubts.see(row.line(), &fault);
        }
        tally.cover(invoice.date, invoice.date);
        records.invoices.push(invoice);
        Ok(())
    });
    let text = "on {n} invoices the ending balance is not starting balance + total - amount due";
    doubts.remark(&mut tally, text);
    tally
}

/// The invoice, and how its own columns do not add up, if so.
fn invoice(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
) -> Result<(Invoice, Option<String>), Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = fields.money.currency(columns, row)?;
    let total = sigma::amount(columns, row, fields.total, currency)?;
    let status = super::invoice_status_of(columns, row, fields.status)?;
    let read = |column| sigma::optional_amount(columns, row, column, currency);
    let (due, starting) = (read(fields.amount_due)?, read(fields.starting)?);
    let fault = rows::balance_fault(due, starting, read(fields.ending)?, total);
    let fault = fault.filter(|_| status != InvoiceStatus::Draft);
    let invoice = Invoice {
        off_lines: crate::model::Exact::ZERO,
        id,
        number: rows::text(row, fields.number),
        namespace: "stripe",
        customer: rows::other_id(columns, row, Some(fields.customer))?,
        name: rows::text(row, fields.name),
        email: rows::text(row, fields.email),
        keys: rows::keys(row, &[], &[("customer description", fields.description)]),
        total,
        tax: read(Some(fields.tax))?.unwrap_or_default(),
        currency,
        date: columns.instant(row, fields.date)?,
        finalized: columns.optional_instant(row, fields.finalized)?,
        service: None,
        status,
        voided: columns.optional_instant(row, fields.voided)?,
        uncollectible: columns.optional_instant(row, fields.uncollectible)?,
        paid: columns.optional_instant(row, fields.paid)?,
        prepaid: Prepaid::No,
        subscription: rows::other_id(columns, row, fields.subscription)?,
        plan: None,
        recurring: None,
        metered: false,
        origin: rows::origin(columns, row),
    };
    Ok((invoice, fault))
}
