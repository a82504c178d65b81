//! Stripe's table `subscription_items`, from Sigma or the Data Pipeline, and copies of it.
//!
//! One row per priced item of a subscription. The price's own terms stand beside it, in minor
//! units; a blank `quantity` is a metered price. Times are UTC. Deleted items leave the table, so
//! that it tells the present and no history.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{ListPrice, SubscriptionItem};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Items of Stripe subscriptions.
pub static FORMAT: Format = Format {
    name: "sigma-subscription-items",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: subscription_items",
    required: &["id", "subscription_id", "price_id", "quantity"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from subscription_items`. Needs `id`, `subscription_id`, `quantity` and
`price_id` or `plan_id`.

- Names the prices of subscriptions with several items, and how many of each.
- The price's columns (`price_unit_amount`, `price_currency`, `price_recurring_interval`, or those of the
  plan), in minor units, stand in for a price that no price list has.
- An interval needs its count (`price_recurring_interval_count` or `plan_interval_count`).
- A blank quantity is a metered price. The current period is `item_current_period_start` to
  `item_current_period_end`, UTC.
";

/// Columns that make it a table of Stripe's.
const OWN: &[&str] = &[
    "item_current_period_start",
    "current_period_start",
    "price_recurring_interval",
    "price_unit_amount",
    "plan_interval",
    "plan_amount",
    "billing_thresholds_usage_gte",
];

fn detect(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    let named = any(&["subscription_id", "subscription"]) && any(&["price_id", "plan_id"]);
    let other = any(&["amount", "invoice_id", "status"]);
    let own = any(OWN) || sigma::ids_begin(sample, &["si_"]);
    named && own && sample.has_all(&["id", "quantity"]) && !other
}

struct Fields {
    id: usize,
    subscription: usize,
    quantity: usize,
    price: Option<usize>,
    plan: Option<usize>,
    period: (Option<usize>, Option<usize>),
    terms: Terms,
}

/// Where the price's own terms stand: the price's columns, or those of the plan.
struct Terms {
    currency: Option<usize>,
    amount: Option<usize>,
    interval: Option<usize>,
    interval_count: Option<usize>,
    nickname: Option<usize>,
    product: Option<usize>,
}

impl Fields {
    fn find(table: &mut sigma::Table<'_>, problems: &mut Problems) -> Option<Fields> {
        let price = table.optional(&["price_id"], problems);
        let plan = match price {
            Some(_) => table.optional(&["plan_id"], problems),
            None => Some(table.required(&["plan_id"], problems)),
        };
        let interval = table.optional(&["price_recurring_interval", "plan_interval"], problems);
        let fields = Fields {
            id: table.required(&["id"], problems),
            subscription: table.required(&["subscription_id", "subscription"], problems),
            quantity: table.required(&["quantity"], problems),
            price,
            plan,
            period: (
                table.optional(
                    &["item_current_period_start", "current_period_start"],
                    problems,
                ),
                table.optional(&["item_current_period_end", "current_period_end"], problems),
            ),
            terms: Terms {
                currency: table.optional(&["price_currency", "plan_currency"], problems),
                amount: table.optional(&["price_unit_amount", "plan_amount"], problems),
                interval,
                // An interval without its count would make a quarter a month.
                interval_count: interval.map(|_| {
                    let names = ["price_recurring_interval_count", "plan_interval_count"];
                    table.required(&names, problems)
                }),
                nickname: table.optional(&["price_nickname", "plan_nickname"], problems),
                product: table.optional(&["price_product_id", "plan_product_id"], problems),
            },
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
    let mut table = sigma::Table::of(source, settings, "subscription_items");
    let Some(fields) = Fields::find(&mut table, problems) else {
        return Tally::default();
    };
    table.each(source, problems, |columns, row, _| {
        records.items.push(item(columns, &fields, row)?);
        Ok(())
    })
}

fn item(columns: &Columns, fields: &Fields, row: &Row) -> Result<SubscriptionItem, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let price = sigma::price_or_plan(columns, row, (fields.price, fields.plan))?;
    let column = fields.price.or(fields.plan).unwrap_or(fields.id);
    let Some(price) = price else {
        let message = format!("{} is empty", columns.header.name(column));
        return Err(columns.problem(&catalogue::MISSING_VALUE, row, column, message));
    };
    let quantity = columns.count(row, fields.quantity)?;
    let metered = quantity.is_none();
    Ok(SubscriptionItem {
        id,
        subscription: sigma::needed_id(columns, row, fields.subscription)?,
        terms: terms(columns, &fields.terms, row, &price, metered)?,
        price,
        quantity,
        current_period: rows::period(columns, row, fields.period)?,
        origin: rows::origin(columns, row),
    })
}

/// The price as the item's columns state it; `None` where they are missing or blank.
fn terms(
    columns: &Columns,
    fields: &Terms,
    row: &Row,
    price: &str,
    metered: bool,
) -> Result<Option<ListPrice>, Problem> {
    let (Some(currency), Some(interval)) = (fields.currency, fields.interval) else {
        return Ok(None);
    };
    if row.filled(currency).is_none() {
        return Ok(None);
    }
    let currency = columns.currency(row, currency)?;
    let interval = rows::interval(columns, row, interval)?;
    Ok(Some(ListPrice {
        id: price.to_string(),
        product: rows::other_id(columns, row, fields.product)?.unwrap_or_default(),
        product_name: String::new(),
        nickname: rows::text(row, fields.nickname).unwrap_or_default(),
        amount: sigma::unit_price(columns, row, (None, fields.amount), currency)?,
        currency,
        interval_count: rows::interval_count(columns, row, fields.interval_count, &interval)?,
        interval,
        metered,
        origin: rows::origin(columns, row),
    }))
}
