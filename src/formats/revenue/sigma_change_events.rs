//! Stripe's table `subscription_item_change_events` (also `…_v2_beta`), from Sigma or the Data
//! Pipeline.
//!
//! One row per change of a subscription item that moves monthly recurring revenue. `mrr_change` is
//! in minor units, of either sign; cumulated it is Stripe's own figure. `event_timestamp` is UTC;
//! `local_event_timestamp` is in the account's zone, which the file does not name. Rows have no id.

use super::{rows, sigma};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::MrrChange;
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Changes of recurring revenue as Stripe computed them.
pub static FORMAT: Format = Format {
    name: "sigma-change-events",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe Sigma: subscription_item_change_events",
    required: &["event_timestamp", "customer_id", "currency", "mrr_change"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Sigma or Data Pipeline, `select * from subscription_item_change_events`, from the account's first day:
the sum of all changes up to a moment is Stripe's monthly recurring revenue of that moment. Needs
`event_timestamp`, `customer_id`, `currency` and `mrr_change`.

- `mrr_change` is in minor units (1250 is 12.50 USD), of either sign.
- `event_timestamp` is UTC. `local_event_timestamp` is in the zone of the account; it is read where the query
  selects no other, and then the zone must be said with `tz`.
- No revenue of a period by itself.
";

fn detect(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    any(&["event_timestamp", "local_event_timestamp"]) && sample.has_all(&["mrr_change"])
}

struct Fields {
    at: usize,
    customer: usize,
    money: sigma::Money,
    change: usize,
    price: Option<usize>,
    subscription: Option<usize>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut table = sigma::Table::of(source, settings, "subscription_item_change_events");
    let local = table.optional(&["local_event_timestamp"], problems);
    let at = match table.optional(&["event_timestamp"], problems) {
        Some(at) => at,
        None => {
            // The account's zone, which only the user knows.
            table.columns.zone = settings.zone;
            local.unwrap_or_else(|| table.required(&["event_timestamp"], problems))
        }
    };
    let fields = Fields {
        at,
        customer: table.required(&["customer_id"], problems),
        money: table.money(&["currency"], problems),
        change: table.required(&["mrr_change"], problems),
        price: table.optional(&["price_id"], problems),
        subscription: table.optional(&["subscription_id"], problems),
    };
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.each(source, problems, |columns, row, _| {
        records.mrr_changes.push(change(columns, &fields, row)?);
        Ok(())
    })
}

fn change(columns: &Columns, fields: &Fields, row: &Row) -> Result<MrrChange, Problem> {
    let currency = fields.money.currency(columns, row)?;
    Ok(MrrChange {
        at: columns.instant(row, fields.at)?,
        customer: rows::own_id(columns, row, fields.customer)?,
        price: rows::other_id(columns, row, fields.price)?,
        subscription: rows::other_id(columns, row, fields.subscription)?,
        change: sigma::amount(columns, row, fields.change, currency)?,
        currency,
        origin: rows::origin(columns, row),
    })
}
