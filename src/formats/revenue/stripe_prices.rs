//! Stripe prices: Dashboard → Product catalog → Export prices, `prices.csv`.
//!
//! One row per price. `Description` is the price's nickname. `Amount` is in major units per
//! `Interval Count` intervals, may be finer than the currency's minor unit, and is blank for tiered
//! prices. A one-off price has no interval. The file may begin with a byte order mark.
//!
//! No revenue comes from here: the file turns price ids into names and intervals.

use super::money::Money;
use super::rows;
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::Zone;
use crate::model::records::ListPrice;
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

/// Stripe's prices export.
pub static FORMAT: Format = Format {
    name: "stripe-prices",
    kind: Kind::Catalog,
    provider: None,
    title: "Stripe prices (Dashboard export)",
    required: &["Price ID", "Product ID", "Amount", "Interval"],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Dashboard → Product catalog → Export prices.

- Turns the price ids of `subscriptions.csv` into product names and nicknames (`Description`), and
  tells how many intervals one charge covers (`Interval Count`), so that a plan can be named and
  re-priced.
- `Amount` is in major units and may be finer than a cent; blank means tiered, and stays unknown.
- `Usage Type` is licensed (also where it is blank) or metered.
";

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(&["price id", "product id", "amount", "interval"])
}

struct Fields {
    id: usize,
    product: usize,
    amount: usize,
    currency: usize,
    interval: usize,
    product_name: Option<usize>,
    nickname: Option<usize>,
    interval_count: Option<usize>,
    usage_type: Option<usize>,
}

impl Fields {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Fields> {
        let mut required = |name| columns.required(&[name], problems);
        let (id, product, amount) = (
            required("Price ID"),
            required("Product ID"),
            required("Amount"),
        );
        let (currency, interval) = (required("Currency"), required("Interval"));
        let mut find = |name| columns.optional(&[name], problems);
        Some(Fields {
            id: id?,
            product: product?,
            amount: amount?,
            currency: currency?,
            interval: interval?,
            product_name: find("Product Name"),
            nickname: find("Description"),
            interval_count: find("Interval Count"),
            usage_type: find("Usage Type"),
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
        records
            .prices
            .push(price(&columns, &fields, row, &mut money)?);
        Ok(())
    });
    money.finish(problems);
    tally
}

fn price(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    money: &mut Money,
) -> Result<ListPrice, Problem> {
    let interval = rows::interval(columns, row, fields.interval)?;
    Ok(ListPrice {
        id: rows::own_id(columns, row, fields.id)?,
        product: rows::other_id(columns, row, Some(fields.product))?.unwrap_or_default(),
        product_name: rows::text(row, fields.product_name).unwrap_or_default(),
        nickname: rows::text(row, fields.nickname).unwrap_or_default(),
        amount: money.unit_price(columns, row, Some(fields.amount))?,
        currency: columns.currency(row, fields.currency)?,
        interval_count: rows::interval_count(columns, row, fields.interval_count, &interval)?,
        interval,
        metered: rows::metered(columns, row, fields.usage_type)?,
        origin: rows::origin(columns, row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::read as read_format;

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        let header = "Price ID,Product ID,Amount,Currency,Interval,Interval Count,Usage Type";
        let good = "price_pro,prod_pro,99.00,usd,month,1,licensed";
        for (old, new, fault) in [
            ("price_pro", "", "T3027@2:1"),
            ("99.00", "$99", "T3021@2:3"),
            ("month", "fortnight", "T3029@2:5"),
            ("1,licensed", "0,licensed", "T3029@2:6"),
            ("licensed", "tiered", "T3029@2:7"),
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
