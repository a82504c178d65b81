//! Stripe subscriptions: Dashboard → Billing → Subscriptions → Export, `subscriptions.csv`.
//!
//! The state on the day of the export, without history. `Plan` is a price id (`price_…`, or the
//! owner's own id), blank where a subscription has several. `Amount` is per interval in major
//! units, blank for metered prices; that it is per unit of `Quantity` is our reading, seen with a
//! quantity of one only. `Interval` lacks its count: a quarterly price shows `month`. Times are
//! UTC. `Start (UTC)` is the last change of the subscription, so `Start Date (UTC)` is read;
//! `Canceled At (UTC)` is the request to cancel, so `Ended At (UTC)` is read.
//!
//! No revenue comes from here: the file names plans, run rates and service periods.

use super::money::Money;
use super::rows;
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::Subscription;
use crate::model::{Exact, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Stripe's subscriptions export.
pub static FORMAT: Format = Format {
    name: "stripe-subscriptions",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe subscriptions (Dashboard export)",
    required: &[
        "id",
        "Customer ID",
        "Plan",
        "Status",
        "Current Period Start (UTC)",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Dashboard → Billing → Subscriptions → Export. Canceled subscriptions are only in the file if the
filter includes them.

- Gives the plan of a customer, and the service period of invoices
  that carry none. It is the state of one day and no revenue by itself.
- `Plan` is a price id; `prices.csv` turns it into a name and tells how many intervals one charge
  covers.
- `Amount` is read as the price per unit of `Quantity` and interval; a blank amount (metered prices)
  stays unknown. A blank quantity is one.
- `Status` is active, trialing, past_due, unpaid, canceled, incomplete, incomplete_expired or paused.
- `Trial Start (UTC)` and `Trial End (UTC)`, where they were exported, keep months of trial out of the monthly
  recurring revenue; a `Coupon` is named in a note, for list prices do not show it.
- Times are UTC. `12/25/25 20:18` is a spreadsheet's and refused.
";

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(&[
        "id",
        "customer id",
        "plan",
        "status",
        "current period start (utc)",
    ])
}

struct Fields {
    id: usize,
    customer: usize,
    plan: usize,
    currency: usize,
    interval: usize,
    amount: usize,
    status: usize,
    quantity: Option<usize>,
    email: Option<usize>,
    name: Option<usize>,
    description: Option<usize>,
    started: Option<usize>,
    ended: Option<usize>,
    period: (Option<usize>, Option<usize>),
    trial: (Option<usize>, Option<usize>),
    coupon: Option<usize>,
    metadata: Vec<(usize, String)>,
}

impl Fields {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Fields> {
        let mut required = |name| columns.required(&[name], problems);
        let (id, customer, plan) = (required("id"), required("Customer ID"), required("Plan"));
        let (currency, interval) = (required("Currency"), required("Interval"));
        let (amount, status) = (required("Amount"), required("Status"));
        let started = columns.optional(&["Start Date (UTC)", "Created (UTC)"], problems);
        let mut find = |name| columns.optional(&[name], problems);
        Some(Fields {
            id: id?,
            customer: customer?,
            plan: plan?,
            currency: currency?,
            interval: interval?,
            amount: amount?,
            status: status?,
            quantity: find("Quantity"),
            email: find("Customer Email"),
            name: find("Customer Name"),
            description: find("Customer Description"),
            started,
            ended: find("Ended At (UTC)"),
            period: (
                find("Current Period Start (UTC)"),
                find("Current Period End (UTC)"),
            ),
            trial: (find("Trial Start (UTC)"), find("Trial End (UTC)")),
            coupon: find("Coupon"),
            metadata: rows::metadata(&columns.header),
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let mut tally = Tally::default();
    let columns = Columns::of(source, settings, Some(Zone::Utc));
    let Some(fields) = Fields::find(&columns, problems) else {
        return tally;
    };
    let mut money = Money::of(settings);
    rows::each(source, problems, &mut tally, &mut |row, _| {
        let subscription = subscription(&columns, &fields, row, &mut money)?;
        records.subscriptions.push(subscription);
        Ok(())
    });
    money.finish(problems);
    tally
}

fn subscription(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    money: &mut Money,
) -> Result<Subscription, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let Some(customer) = rows::other_id(columns, row, Some(fields.customer))? else {
        let message = "Customer ID is empty";
        return Err(columns.problem(&catalogue::MISSING_VALUE, row, fields.customer, message));
    };
    let quantity = match fields.quantity {
        Some(column) => columns.count(row, column)?.unwrap_or(Exact::ONE),
        None => Exact::ONE,
    };
    Ok(Subscription {
        id,
        customer,
        email: rows::text(row, fields.email),
        keys: rows::keys(
            row,
            &fields.metadata,
            &[("customer description", fields.description)],
        ),
        name: rows::text(row, fields.name),
        price: rows::other_id(columns, row, Some(fields.plan))?.unwrap_or_default(),
        quantity,
        currency: Some(columns.currency(row, fields.currency)?),
        interval: rows::interval(columns, row, fields.interval)?,
        amount: money.unit_price(columns, row, Some(fields.amount))?,
        status: rows::subscription_status(columns, row, fields.status)?,
        started: columns.optional_instant(row, fields.started)?,
        ended: columns.optional_instant(row, fields.ended)?,
        current_period: rows::period(columns, row, fields.period)?,
        interval_count: None,
        cancels_at: None,
        trial: rows::period(columns, row, fields.trial)?,
        coupon: rows::text(row, fields.coupon),
        origin: rows::origin(columns, row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::read as read_format;

    #[test]
    fn trial_and_coupon_are_read_where_they_were_exported() {
        let csv = "id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Current Period Start (UTC),Current Period End (UTC),Trial Start (UTC),Trial End (UTC),Coupon\nsub_1,cus_acme,price_pro,1,usd,month,99.00,active,2026-02-03 09:15,2026-03-03 09:15,2026-01-03 09:15,2026-02-03 09:15,LAUNCH\nsub_2,cus_umbra,price_pro,1,usd,month,99.00,active,2026-02-03 09:15,2026-03-03 09:15,,,\n";
        let found = read_format(&FORMAT, csv).records.subscriptions;
        let (start, end) = found[0].trial.unwrap();
        let trial = [start.to_string(), end.to_string()];
        assert_eq!(trial, ["2026-01-03T09:15:00Z", "2026-02-03T09:15:00Z"]);
        assert_eq!(found[0].coupon.as_deref(), Some("LAUNCH"));
        assert_eq!((found[1].trial, &found[1].coupon), (None, &None));
    }

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        let header = "id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Current Period Start (UTC),Current Period End (UTC)";
        let good =
            "sub_1,cus_acme,price_pro,1,usd,month,99.00,active,2026-02-03 09:15,2026-03-03 09:15";
        for (old, new, fault) in [
            ("cus_acme", "", "T3027@2:2"),
            (",1,", ",1.5,", "T3023@2:4"),
            (",1,", ",-1,", "T3022@2:4"),
            ("month", "quarter", "T3029@2:6"),
            ("99.00", "free", "T3021@2:7"),
            ("active", "", "T3029@2:8"),
            ("active", "sleeping", "T3029@2:8"),
            ("2026-03-03 09:15", "12/25/25 20:18", "T3024@2:10"),
        ] {
            let csv = format!("{header}\n{}\n", good.replacen(old, new, 1));
            assert_eq!(
                read_format(&FORMAT, &csv).faults(),
                [fault],
                "{old} → {new}"
            );
        }
    }
}
