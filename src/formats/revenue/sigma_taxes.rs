//! Stripe's table `invoice_line_item_tax_amounts`, from Sigma or the Data Pipeline.
//!
//! One row per line of an invoice and tax rate. `amount` is in minor units of the line's currency,
//! which the table does not have, so that it waits for the line. Only inclusive tax is inside the
//! line's amount; the exclusive one is in the line's own row.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::LineTax;
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Taxes on lines of Stripe invoices.
pub static FORMAT: Format = Format {
    name: "sigma-line-taxes",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: invoice_line_item_tax_amounts",
    required: &["invoice_line_item_id", "amount", "inclusive"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from invoice_line_item_tax_amounts`. Needed where prices include
tax: what a row with `inclusive` true holds is inside the amount of its line and no revenue. Rows with
`inclusive` false are read and change nothing, since the lines have `total_exclusive_tax`. `amount` is in
minor units of the line's currency; rows of lines that are in no file are counted and not used.
";

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(FORMAT.required)
}

struct Fields {
    line: usize,
    amount: usize,
    inclusive: usize,
    invoice: Option<usize>,
    rate: Option<usize>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "invoice_line_item_tax_amounts");
    let fields = Fields {
        line: table.required(&["invoice_line_item_id"], problems),
        amount: table.required(&["amount"], problems),
        inclusive: table.required(&["inclusive"], problems),
        invoice: table.optional(&["invoice_id"], problems),
        rate: table.optional(&["tax_rate", "tax_rate_id"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.each(source, problems, |columns, row, _| {
        records.line_taxes.push(tax(columns, &fields, row)?);
        Ok(())
    })
}

fn tax(columns: &Columns, fields: &Fields, row: &Row) -> Result<LineTax, Problem> {
    let Some(inclusive) = rows::yes_or_no(columns, row, Some(fields.inclusive))? else {
        let message = "inclusive is empty";
        let entry = &catalogue::MISSING_VALUE;
        return Err(columns.problem(entry, row, fields.inclusive, message));
    };
    Ok(LineTax {
        line: rows::own_id(columns, row, fields.line)?,
        invoice: rows::other_id(columns, row, fields.invoice)?,
        rate: rows::other_id(columns, row, fields.rate)?,
        minor_units: sigma::minor_units(columns, row, fields.amount)?,
        inclusive,
        origin: rows::origin(columns, row),
    })
}
