//! Stripe's table `prices`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per price. `unit_amount` is in whole minor units and blank where the price is finer;
//! `unit_amount_decimal` has up to twelve decimals of a minor unit. Tiered prices have neither, and
//! prices of packages (`transform_quantity_divide_by`) have no amount per unit. One-off prices have
//! no interval. Archived and deleted prices are kept, since old invoices have them.

use super::sigma;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::problem::Problems;
use crate::scan::RowSource;

/// Stripe prices.
pub static FORMAT: Format = Format {
    name: "sigma-prices",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: prices",
    required: &[
        "id",
        "product_id",
        "currency",
        "unit_amount",
        "recurring_interval",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from prices`. Needs `id`, `product_id`, `currency`, `unit_amount` or
`unit_amount_decimal`, `recurring_interval`, `recurring_interval_count`, `recurring_usage_type` and
`transform_quantity_divide_by`: without the last three a price could be taken for another. The names of
the plans are in `nickname` and in the table `products`.

- Amounts are minor units; `unit_amount_decimal`, where it is filled, may be finer than one.
- Tiered prices and prices of packages (`transform_quantity_divide_by` over 1) have no amount per unit;
  it stays unknown.
- `recurring_usage_type` is licensed (also where it is blank) or metered. `recurring_interval` is blank for
  one-off prices.
";

fn detect(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    any(&["unit_amount", "unit_amount_decimal"])
        && sample.has_all(&["id", "product_id", "recurring_interval"])
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "prices");
    let decimal = table.optional(&["unit_amount_decimal"], problems);
    let whole = match decimal {
        Some(_) => table.optional(&["unit_amount"], problems),
        None => Some(table.required(&["unit_amount"], problems)),
    };
    let fields = sigma::PriceColumns {
        id: table.required(&["id"], problems),
        product: table.required(&["product_id"], problems),
        money: table.money(&["currency"], problems),
        interval: table.required(&["recurring_interval"], problems),
        amounts: (decimal, whole),
        interval_count: Some(table.required(&["recurring_interval_count"], problems)),
        usage_type: Some(table.required(&["recurring_usage_type"], problems)),
        nickname: table.optional(&["nickname"], problems),
        divide_by: Some(table.required(&["transform_quantity_divide_by"], problems)),
    };
    sigma::read_prices(table, &fields, source, records, problems)
}
