//! Stripe's table `subscriptions`, from Sigma or the Data Pipeline, and copies of it.
//!
//! The state at the time of the query, without history. `price_id`, `plan_id` and `quantity` are set
//! only where the subscription has a single item; amount, currency and interval are the price's.
//! `canceled_at` is the request to cancel, so `ended_at` and `cancel_at` are read. Times are UTC.
//!
//! No revenue comes from here: the table names plans, run rates and service periods.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::Subscription;
use crate::model::{Exact, Instant};
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Stripe subscriptions.
pub static FORMAT: Format = Format {
    name: "sigma-subscriptions",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: subscriptions",
    required: &["id", "customer_id", "status"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from subscriptions`. Needs `id`, `customer_id`, `status` and `quantity`; better
with `price_id`, `start_date`, `ended_at`, `cancel_at`, `trial_start`, `trial_end` and the current period.

- The state at the time of the query, and no revenue by itself.
- Subscriptions of several items have no price here: give the table `subscription_items`. Amounts and
  intervals are in `prices`.
- `status` is active, trialing, past_due, unpaid, canceled, incomplete, incomplete_expired or paused.
- `discount_coupon_id` is named in a note of the monthly recurring revenue: list prices do not show coupons.
- A subscription starts at `start_date`, else at `created`.
- A subscription ends at `ended_at`, and is going to end at `cancel_at`, or with its current period where
  `cancel_at_period_end` is true. `canceled_at` is the day of the request and not used.
";

/// Columns of Stripe's subscriptions that few others have.
const OWN: &[&str] = &[
    "current_period_start",
    "cancel_at_period_end",
    "billing_cycle_anchor",
    "trial_start",
    "latest_invoice_id",
    "days_until_due",
];

fn detect(sample: &Sample<'_>) -> bool {
    let own = OWN.iter().any(|name| sample.header.has(name));
    let own = own || sigma::ids_begin(sample, &["sub_"]);
    own && sample.has_all(FORMAT.required) && !sample.header.has("amount")
}

struct Fields {
    id: usize,
    customer: usize,
    status: usize,
    price: Option<usize>,
    plan: Option<usize>,
    quantity: Option<usize>,
    started: (Option<usize>, Option<usize>),
    ended: Option<usize>,
    cancel_at: Option<usize>,
    at_period_end: Option<usize>,
    period: (Option<usize>, Option<usize>),
    trial: (Option<usize>, Option<usize>),
    coupon: Option<usize>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "subscriptions");
    let fields = Fields {
        id: table.required(&["id"], problems),
        customer: table.required(&["customer_id"], problems),
        status: table.required(&["status"], problems),
        price: table.optional(&["price_id"], problems),
        plan: table.optional(&["plan_id"], problems),
        quantity: Some(table.required(&["quantity"], problems)),
        started: (
            table.optional(&["start_date"], problems),
            table.optional(&["created"], problems),
        ),
        ended: table.optional(&["ended_at"], problems),
        cancel_at: table.optional(&["cancel_at"], problems),
        at_period_end: table.optional(&["cancel_at_period_end"], problems),
        period: (
            table.optional(&["current_period_start"], problems),
            table.optional(&["current_period_end"], problems),
        ),
        trial: (
            table.optional(&["trial_start"], problems),
            table.optional(&["trial_end"], problems),
        ),
        coupon: table.optional(&["discount_coupon_id"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.each(source, problems, |columns, row, _| {
        let subscription = subscription(columns, &fields, row)?;
        records.subscriptions.push(subscription);
        Ok(())
    })
}

fn subscription(columns: &Columns, fields: &Fields, row: &Row) -> Result<Subscription, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let quantity = match fields.quantity {
        Some(column) => columns.count(row, column)?,
        None => None,
    };
    let current_period = rows::period(columns, row, fields.period)?;
    Ok(Subscription {
        id,
        customer: sigma::needed_id(columns, row, fields.customer)?,
        email: None,
        keys: Vec::new(),
        name: None,
        price: sigma::price_or_plan(columns, row, (fields.price, fields.plan))?.unwrap_or_default(),
        quantity: quantity.unwrap_or(Exact::ONE),
        currency: None,
        interval: String::new(),
        amount: None,
        status: rows::subscription_status(columns, row, fields.status)?,
        started: match columns.optional_instant(row, fields.started.0)? {
            Some(started) => Some(started),
            None => columns.optional_instant(row, fields.started.1)?,
        },
        ended: columns.optional_instant(row, fields.ended)?,
        current_period,
        interval_count: None,
        cancels_at: cancels_at(columns, fields, row, current_period)?,
        trial: rows::period(columns, row, fields.trial)?,
        coupon: rows::other_id(columns, row, fields.coupon)?,
        origin: rows::origin(columns, row),
    })
}

/// When it is going to end: on a day of its own, or with its current period.
fn cancels_at(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    current_period: Option<(Instant, Instant)>,
) -> Result<Option<Instant>, Problem> {
    if let Some(at) = columns.optional_instant(row, fields.cancel_at)? {
        return Ok(Some(at));
    }
    let with_period = rows::yes_or_no(columns, row, fields.at_period_end)? == Some(true);
    Ok(current_period.filter(|_| with_period).map(|(_, end)| end))
}
