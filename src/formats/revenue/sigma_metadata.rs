//! Stripe's tables of metadata, from Sigma or the Data Pipeline: `customers_metadata`,
//! `subscriptions_metadata`, `invoices_metadata`, `charges_metadata`.
//!
//! One row per object and key: the object's id, `key`, `value`. Values are always text. They wait for
//! their object, which is in a table of its own.
//!
//! No revenue comes from here: the table joins Stripe's ids to the owner's own.

use super::{rows, sigma};
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{Metadata, MetadataOf};
use crate::problem::Problems;
use crate::scan::RowSource;

/// Metadata of Stripe's objects.
pub static FORMAT: Format = Format {
    name: "sigma-metadata",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: customers_metadata, and that of subscriptions, invoices and charges",
    required: &[
        "customer_id, subscription_id, invoice_id or charge_id",
        "key",
        "value",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from customers_metadata` (or `subscriptions_metadata`,
`invoices_metadata`, `charges_metadata`): one row per object and key.

- Joins Stripe's customers to the ids of your product: a value that equals one of them names the customer.
- Rows without a value are skipped and counted; so are rows of objects that are in no file, except
  those of customers.
";

/// The id of the object, and what the object is.
const OBJECTS: &[(&str, MetadataOf)] = &[
    ("customer_id", MetadataOf::Customer),
    ("subscription_id", MetadataOf::Subscription),
    ("invoice_id", MetadataOf::Invoice),
    ("charge_id", MetadataOf::Payment),
];

/// Whether it is a table of metadata, of any object.
pub fn is_metadata(sample: &Sample<'_>) -> bool {
    let ids = sample.header.names().iter();
    let ids = ids
        .filter(|name| name.to_lowercase().ends_with("_id"))
        .count();
    sample.has_all(&["key", "value"]) && ids == 1
}

/// The object that the table's id belongs to, if it is one that is read.
fn object(sample: &Sample<'_>) -> Option<&'static (&'static str, MetadataOf)> {
    OBJECTS.iter().find(|(name, _)| sample.header.has(name))
}

fn detect(sample: &Sample<'_>) -> bool {
    is_metadata(sample) && object(sample).is_some()
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "customers_metadata");
    let mut found = None;
    for (name, of) in OBJECTS {
        if let (None, Some(column)) = (found, table.optional(&[name], problems)) {
            found = Some((column, *of));
        }
    }
    let (id, of) = match found {
        Some(found) => found,
        None => (
            table.required(&["customer_id"], problems),
            MetadataOf::Customer,
        ),
    };
    let (key, value) = (
        table.required(&["key"], problems),
        table.required(&["value"], problems),
    );
    if !table.is_whole(problems) {
        return Tally::default();
    }
    let mut blank: u64 = 0;
    let mut tally = table.each(source, problems, |columns, row, _| {
        let object = rows::own_id(columns, row, id)?;
        let key = sigma::needed_text(columns, row, key)?;
        match rows::text(row, Some(value)) {
            Some(value) => records.metadata.push(Metadata {
                of,
                id: object,
                key,
                value,
                origin: rows::origin(columns, row),
            }),
            None => blank += 1,
        }
        Ok(())
    });
    if blank > 0 {
        tally.used -= blank;
        *tally.skipped.entry("without a value").or_default() += blank;
    }
    tally
}
