//! Stripe's table `plans`, from Sigma or the Data Pipeline, and copies of it.
//!
//! What came before `prices`, one row per plan. `amount` is in whole minor units and blank where the
//! plan is finer; `unit_amount_decimal` is finer than one. Tiered plans have neither, and plans of packages
//! (`transform_usage_divide_by`) have no amount per unit. Deleted plans are kept, since old invoices
//! have them.

use super::sigma;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::problem::Problems;
use crate::scan::RowSource;

/// Stripe plans.
pub static FORMAT: Format = Format {
    name: "sigma-plans",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: plans",
    required: &[
        "id",
        "product_id",
        "currency",
        "amount",
        "interval",
        "interval_count",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from plans`: the older form of `prices`, which is better where it has the
same ids. Needs `id`, `product_id`, `currency`, `amount`, `interval`, `interval_count`, `usage_type` and
`transform_usage_divide_by`.

- Amounts are minor units per interval; `unit_amount_decimal`, where it is filled, may be finer than one.
- Tiered plans and plans of packages (`transform_usage_divide_by` over 1) have no amount per unit; it
  stays unknown.
- `usage_type` is licensed (also where it is blank) or metered.
";

/// Columns of Stripe's plans that other tables of plans do not have.
const OWN: &[&str] = &[
    "usage_type",
    "billing_scheme",
    "transform_usage_divide_by",
    "tiers_mode",
    "trial_period_days",
    "aggregate_usage",
];

fn detect(sample: &Sample<'_>) -> bool {
    let own = OWN.iter().any(|name| sample.header.has(name));
    own && sample.has_all(&["id", "product_id", "amount", "interval", "interval_count"])
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "plans");
    let decimal = table.optional(&["unit_amount_decimal"], problems);
    let whole = match decimal {
        Some(_) => table.optional(&["amount"], problems),
        None => Some(table.required(&["amount"], problems)),
    };
    let fields = sigma::PriceColumns {
        id: table.required(&["id"], problems),
        product: table.required(&["product_id"], problems),
        money: table.money(&["currency"], problems),
        interval: table.required(&["interval"], problems),
        amounts: (decimal, whole),
        interval_count: Some(table.required(&["interval_count"], problems)),
        usage_type: Some(table.required(&["usage_type"], problems)),
        nickname: table.optional(&["nickname"], problems),
        divide_by: Some(table.required(&["transform_usage_divide_by"], problems)),
    };
    sigma::read_prices(table, &fields, source, records, problems)
}
