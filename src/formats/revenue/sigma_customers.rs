//! Stripe's table `customers`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per customer, deleted ones too, which old invoices still name. Metadata are in a table of
//! their own (`sigma_metadata`); copies in a warehouse have them as an object in JSON in the column
//! `metadata`. `balance` is the customer's credit and no revenue. Times are UTC.
//!
//! No revenue comes from here: the table joins Stripe's ids to e-mails and to the owner's own ids.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::BillingCustomer;
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Stripe customers.
pub static FORMAT: Format = Format {
    name: "sigma-customers",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: customers",
    required: &["id", "email or name or description"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from customers`. Needs `id` (cus_…) and one of `email`, `name`,
`description`; better all of them, and the table `customers_metadata`.

- Joins Stripe's customer ids to the ids of your product, if a value of the metadata, the `description` or
  the `email` equals one, and gives names. It carries no revenue: `balance` is credit.
- A column `metadata` with an object in JSON, as copies in a warehouse have it, is read like the table of
  metadata.
- Deleted customers are read too: old invoices name them.
";

/// What tells who a customer is.
const WORDS: &[&str] = &["email", "name", "description"];

fn detect(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    // Money or a state would make it a table of something else that belongs to a customer.
    let other = any(&["amount", "status", "customer_id", "total", "created (utc)"]);
    any(WORDS) && !other && sigma::ids_begin(sample, &["cus_"])
}

struct Fields {
    id: usize,
    email: Option<usize>,
    name: Option<usize>,
    description: Option<usize>,
    created: Option<usize>,
    metadata: Option<usize>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "customers");
    let fields = Fields {
        id: table.required(&["id"], problems),
        email: table.optional(&["email"], problems),
        name: table.optional(&["name"], problems),
        description: table.optional(&["description"], problems),
        created: table.optional(&["created"], problems),
        metadata: table.optional(&["metadata"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.keep_deleted();
    table.each(source, problems, |columns, row, _| {
        records.customers.push(customer(columns, &fields, row)?);
        Ok(())
    })
}

fn customer(columns: &Columns, fields: &Fields, row: &Row) -> Result<BillingCustomer, Problem> {
    let mut keys = metadata(columns, row, fields.metadata)?;
    keys.extend(rows::keys(
        row,
        &[],
        &[("customer description", fields.description)],
    ));
    Ok(BillingCustomer {
        id: rows::own_id(columns, row, fields.id)?,
        email: rows::text(row, fields.email),
        name: rows::text(row, fields.name),
        keys,
        created: columns.optional_instant(row, fields.created)?,
        origin: rows::origin(columns, row),
    })
}

/// The pairs of an object in JSON whose values are text; none where the cell is blank.
fn metadata(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
) -> Result<Vec<(String, String)>, Problem> {
    let Some((column, text)) = column.and_then(|c| Some((c, row.filled(c)?))) else {
        return Ok(Vec::new());
    };
    let pairs: Result<std::collections::BTreeMap<String, Option<String>>, _> =
        serde_json::from_str(text);
    let pairs = pairs.map_err(|_| {
        rows::unknown_word(
            columns,
            row,
            column,
            "an object in JSON with text as values",
        )
    })?;
    let filled = |(key, value): (String, Option<String>)| {
        let value = value.filter(|value| !value.trim().is_empty())?;
        Some((key, value))
    };
    Ok(pairs.into_iter().filter_map(filled).collect())
}
