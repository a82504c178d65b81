//! Stripe's table `invoice_line_items`, from Sigma or the Data Pipeline.
//!
//! One row per line of an invoice. `amount` is in minor units before discounts and without
//! exclusive tax; `total_discount` is the sum of the discounts of line and invoice, of the line's
//! sign. Inclusive tax is inside `amount` and in another table. `period_start` and `period_end`
//! are the service period, UTC; equal times are a one-off. The customer is on the invoice, but
//! queries often select it too. `source_id` is the subscription where `source_type` says so.
//!
//! The rule that must hold: net = amount − total_discount, both read from the row, never one
//! without the other; the inclusive tax is taken off once all files are read.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::InvoiceLine;
use crate::model::{Currency, Exact};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Lines of Stripe invoices.
pub static FORMAT: Format = Format {
    name: "sigma-invoice-line-items",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe Sigma: invoice_line_items",
    required: &[
        "invoice_id",
        "amount",
        "period_start",
        "period_end",
        "proration",
        "total_discount",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Dashboard → Reporting → Sigma, `select * from invoice_line_items`, then Download CSV; or the same
table of the Data Pipeline as CSV or Parquet. Any choice and order of columns works that keeps their
names and has `id`, `invoice_id`, `amount`, `currency`, `total_discount`, `period_start`, `period_end`
and `proration`. Give the table `invoices` too: it has the customers, the states and the totals.

- Amounts are minor units (1250 is 12.50 USD, 1250 is 1250 JPY) by Stripe's own table of currencies.
- Net revenue of a line is `amount` less `total_discount` less inclusive tax. Inclusive tax is in the
  table `invoice_line_item_tax_amounts`; without it, it is worked out from the tax of the invoice, and
  a note tells.
- The service period is `period_start` to `period_end`, UTC; equal times are a one-off. Prorations keep
  their sign.
- `price_id` (else `plan_id`) names the plan through prices and products. `quantity_decimal` is used
  where it is filled, else `quantity`.
- `customer_id` is used where the query selects it. A file with these columns is never taken for the
  generic revenue layout, whose amounts are major units.
";

fn detect(sample: &Sample<'_>) -> bool {
    sigma::has_lines(sample) && !sigma::is_invoice_items(sample)
}

struct Fields {
    id: usize,
    invoice: usize,
    amount: usize,
    money: sigma::Money,
    discount: usize,
    exclusive_tax: Option<usize>,
    service: (usize, usize),
    proration: usize,
    customer: Option<usize>,
    price: Option<usize>,
    plan: Option<usize>,
    quantity: (Option<usize>, Option<usize>),
    subscription: Option<usize>,
    source: (Option<usize>, Option<usize>),
    item: Option<usize>,
    description: Option<usize>,
}

impl Fields {
    fn find(table: &mut sigma::Table<'_>, problems: &mut Problems) -> Option<Fields> {
        let fields = Fields {
            id: table.required(&["id"], problems),
            invoice: table.required(&["invoice_id"], problems),
            amount: table.required(&["amount"], problems),
            money: table.money(&["currency"], problems),
            discount: table.required(&["total_discount"], problems),
            exclusive_tax: table.optional(&["total_exclusive_tax"], problems),
            service: (
                table.required(&["period_start"], problems),
                table.required(&["period_end"], problems),
            ),
            proration: table.required(&["proration"], problems),
            customer: table.optional(&["customer_id"], problems),
            price: table.optional(&["price_id"], problems),
            plan: table.optional(&["plan_id"], problems),
            quantity: (
                table.optional(&["quantity_decimal"], problems),
                table.optional(&["quantity"], problems),
            ),
            subscription: table.optional(&["subscription", "subscription_id"], problems),
            source: (
                table.optional(&["source_type"], problems),
                table.optional(&["source_id"], problems),
            ),
            item: table.optional(&["subscription_item_id"], problems),
            description: table.optional(&["description"], problems),
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
    let mut table = sigma::Table::of(source, settings, "invoice_line_items");
    let Some(fields) = Fields::find(&mut table, problems) else {
        return Tally::default();
    };
    let mut tally = table.each(source, problems, |columns, row, tally| {
        let line = line(columns, &fields, row)?;
        if let Some((start, _)) = line.service {
            tally.cover(start, start);
        }
        records.lines.push(line);
        Ok(())
    });
    if fields.exclusive_tax.is_none() {
        let text = "the column total_exclusive_tax is missing: the tax of {n} invoice lines is not known, so they cannot be checked against their invoices";
        let lines = tally.used;
        rows::remark(&mut tally, &catalogue::MISSING_COLUMN, lines, text);
    }
    tally
}

fn line(columns: &Columns, fields: &Fields, row: &Row) -> Result<InvoiceLine, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = fields.money.currency(columns, row)?;
    let amount = sigma::amount(columns, row, fields.amount, currency)?;
    let net = amount - discount(columns, row, fields.discount, currency, amount)?;
    let exclusive = sigma::optional_amount(columns, row, fields.exclusive_tax, currency)?;
    let service = (Some(fields.service.0), Some(fields.service.1));
    let (decimal, whole) = fields.quantity;
    let quantity = match number(columns, row, decimal)? {
        Some(quantity) => Some(quantity),
        None => number(columns, row, whole)?,
    };
    let Some(proration) = rows::yes_or_no(columns, row, Some(fields.proration))? else {
        let message = "proration is empty";
        let entry = &catalogue::MISSING_VALUE;
        return Err(columns.problem(entry, row, fields.proration, message));
    };
    Ok(InvoiceLine {
        id,
        invoice: sigma::needed_id(columns, row, fields.invoice)?,
        namespace: "stripe",
        customer: rows::other_id(columns, row, fields.customer)?,
        net,
        tax: exclusive.unwrap_or_default(),
        currency,
        service: rows::period(columns, row, service)?,
        price: sigma::price_or_plan(columns, row, (fields.price, fields.plan))?,
        plan: None,
        quantity,
        proration,
        metered: None,
        subscription: subscription(columns, fields, row)?,
        item: rows::other_id(columns, row, fields.item)?,
        description: rows::text(row, fields.description),
        origin: rows::origin(columns, row),
    })
}

/// The discounts of line and invoice, which never exceed the amount.
fn discount(
    columns: &Columns,
    row: &Row,
    column: usize,
    currency: Currency,
    amount: Exact,
) -> Result<Exact, Problem> {
    let Some(discount) = sigma::optional_amount(columns, row, Some(column), currency)? else {
        let name = columns.header.name(column);
        let problem = columns.problem(
            &catalogue::MISSING_VALUE,
            row,
            column,
            format!("{name} is empty"),
        );
        return Err(problem.help("an empty discount is not zero; if it means none in your account, select coalesce(total_discount, 0) as total_discount"));
    };
    let takes = !discount.is_zero();
    if takes && (discount.is_negative() != amount.is_negative() || discount.abs() > amount.abs()) {
        let name = columns.header.name(column);
        let message = format!("{name} is not a part of the amount, {amount} {currency}");
        return Err(columns.problem(&catalogue::BAD_VALUE, row, column, message));
    }
    Ok(discount)
}

fn number(columns: &Columns, row: &Row, column: Option<usize>) -> Result<Option<Exact>, Problem> {
    match column {
        Some(column) => columns.optional_number(row, column),
        None => Ok(None),
    }
}

fn subscription(columns: &Columns, fields: &Fields, row: &Row) -> Result<Option<String>, Problem> {
    if let Some(id) = rows::other_id(columns, row, fields.subscription)? {
        return Ok(Some(id));
    }
    let (kind, id) = fields.source;
    match kind.and_then(|kind| row.filled(kind)) {
        Some("subscription") => rows::other_id(columns, row, id),
        _ => Ok(None),
    }
}
