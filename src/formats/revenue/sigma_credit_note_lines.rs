//! Stripe's table `credit_note_line_items`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per line of a credit note. `amount` is in minor units of the credit note's currency,
//! which the table does not have, so that it waits for the credit note; `discount_amount` is taken
//! off. Lines that the credit note has of its own name no invoice line.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::CreditNoteLine;
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Lines of Stripe credit notes.
pub static FORMAT: Format = Format {
    name: "sigma-credit-note-lines",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: credit_note_line_items",
    required: &[
        "credit_note_id",
        "amount",
        "discount_amount",
        "invoice_line_item",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from credit_note_line_items`. Tells which invoice lines a credit note
takes back, and how much: `amount` less `discount_amount`, in minor units of the credit note's currency.
Needs `id`, `credit_note_id`, `amount`, `discount_amount` and `invoice_line_item` (or `invoice_line_item_id`).
Rows of credit notes that are in no file are counted and not used.
";

fn detect(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    sample.has_all(&["credit_note_id", "amount"])
        && any(&[
            "discount_amount",
            "invoice_line_item",
            "invoice_line_item_id",
        ])
}

struct Fields {
    id: usize,
    note: usize,
    amount: usize,
    discount: usize,
    line: usize,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "credit_note_line_items");
    let fields = Fields {
        id: table.required(&["id"], problems),
        note: table.required(&["credit_note_id"], problems),
        amount: table.required(&["amount"], problems),
        discount: table.required(&["discount_amount"], problems),
        line: table.required(&["invoice_line_item", "invoice_line_item_id"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.each(source, problems, |columns, row, _| {
        let line = line(columns, &fields, row)?;
        records.credit_note_lines.push(line);
        Ok(())
    })
}

fn line(columns: &Columns, fields: &Fields, row: &Row) -> Result<CreditNoteLine, Problem> {
    let amount = sigma::minor_units(columns, row, fields.amount)?;
    let discount = sigma::minor_units(columns, row, fields.discount)?;
    Ok(CreditNoteLine {
        id: rows::own_id(columns, row, fields.id)?,
        credit_note: sigma::needed_id(columns, row, fields.note)?,
        line: rows::other_id(columns, row, Some(fields.line))?,
        minor_units: amount - discount,
        origin: rows::origin(columns, row),
    })
}
