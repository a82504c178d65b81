//! Stripe's table `products`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per product. Only the name is of use: it names the prices of the product, archived ones
//! too, since old invoices have them.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::Product;
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Stripe products.
pub static FORMAT: Format = Format {
    name: "sigma-products",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: products",
    required: &[
        "id",
        "name",
        "statement_descriptor|unit_label|deactivate_on",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from products`: `id` and `name`. Names the plans of `prices`, which have
the product's id only. A file of these two columns alone fits many tables: select `statement_descriptor`
or `unit_label` as well, or say `sigma-products:FILE`.
";

/// Columns of Stripe's products that few other tables have.
const OWN: &[&str] = &["statement_descriptor", "unit_label", "deactivate_on"];

fn detect(sample: &Sample<'_>) -> bool {
    let own = OWN.iter().any(|name| sample.header.has(name));
    own && sample.has_all(&["id", "name"]) && !sample.header.has("amount")
}

struct Fields {
    id: usize,
    name: usize,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "products");
    let fields = Fields {
        id: table.required(&["id"], problems),
        name: table.required(&["name"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.keep_deleted();
    table.each(source, problems, |columns, row, _| {
        records.products.push(product(columns, &fields, row)?);
        Ok(())
    })
}

fn product(columns: &Columns, fields: &Fields, row: &Row) -> Result<Product, Problem> {
    Ok(Product {
        id: rows::own_id(columns, row, fields.id)?,
        name: sigma::needed_text(columns, row, fields.name)?,
        origin: rows::origin(columns, row),
    })
}
