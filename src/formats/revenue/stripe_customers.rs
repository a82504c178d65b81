//! Stripe customers: Dashboard → Customers → Export, `unified_customers.csv` (older:
//! `customers.csv`).
//!
//! One row per customer. `Total Spend` is of all time and gross of tax, so no amount is read. One
//! e-mail with several customer ids is normal: guest checkout makes a new one each time. Times are
//! UTC. The file may begin with a byte order mark.
//!
//! No revenue comes from here: the file joins Stripe's ids to e-mails and to the owner's own ids in
//! metadata.

use super::rows;
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::Zone;
use crate::model::records::BillingCustomer;
use crate::problem::Problems;
use crate::scan::RowSource;

/// Stripe's customers export.
pub static FORMAT: Format = Format {
    name: "stripe-customers",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe customers (Dashboard export)",
    required: &["id", "Created (UTC)", "Total Spend or Delinquent"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Dashboard → Customers → Export, with the metadata columns.

- Joins Stripe's customer ids to the ids of your product, if a `… (metadata)` column, the
  `Description` or the `Email` equals one, and gives names. It carries no revenue: `Total Spend` is of
  all time and includes tax.
- Several customer ids with one e-mail are normal and are no conflict.
";

fn detect(sample: &Sample<'_>) -> bool {
    let has = |name| sample.header.has(name);
    has("id")
        && has("created (utc)")
        && (has("total spend") || has("delinquent"))
        && !has("amount refunded")
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut tally = Tally::default();
    let columns = Columns::of(source, settings, Some(Zone::Utc));
    let Some(id) = columns.required(&["id"], problems) else {
        return tally;
    };
    let mut find = |name| columns.optional(&[name], problems);
    let (email, name) = (find("Email"), find("Name"));
    let (description, created) = (find("Description"), find("Created (UTC)"));
    let client_reference = find("Client Reference ID");
    let metadata = rows::metadata(&columns.header);
    let others = [
        ("customer description", description),
        ("client reference id", client_reference),
    ];
    rows::each(source, problems, &mut tally, &mut |row, _| {
        records.customers.push(BillingCustomer {
            id: rows::own_id(&columns, row, id)?,
            email: rows::text(row, email),
            name: rows::text(row, name),
            keys: rows::keys(row, &metadata, &others),
            created: columns.optional_instant(row, created)?,
            origin: rows::origin(&columns, row),
        });
        Ok(())
    });
    tally
}
