//! Lago fees: Lago → Invoices → Export, "fees" of invoices.
//!
//! One row per fee, which is a line of an invoice, with its period, plan and subscription. Amounts
//! are minor units (`…_amount_cents`) of `fee_amount_currency`, by the decimals of ISO 4217, before
//! what the invoice takes off (coupons, credits); that stands in the invoices export alone, as does
//! the customer. Times are UTC. A period ends in its last second, or on its last day where the cell
//! is a day.
//!
//! The rule that must hold: net is `fee_total_amount_cents - fee_taxes_amount_cents`.

use super::{minor, rows};
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::InvoiceLine;
use crate::model::{Instant, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Lago's export of fees.
pub static FORMAT: Format = Format {
    name: "lago-fees",
    kind: Kind::Revenue,
    provider: None,
    title: "Lago invoice fees (data export)",
    required: &[
        "invoice_lago_id",
        "fee_lago_id",
        "fee_item_type",
        "fee_amount_currency",
        "fee_taxes_amount_cents",
        "fee_total_amount_cents",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Lago → Invoices → Export → Fees. The lines of the invoices, with service periods and plans. Export the
invoices too: only they name the customers, states and discounts.

- Amounts are minor units: `9900` is 99.00 USD. Net is `fee_total_amount_cents` less
  `fee_taxes_amount_cents`; what the invoice takes off is taken off its fees in proportion.
- `fee_from_date_utc` to `fee_to_date_utc` is the service period; its last second, or last day, belongs
  to it. Fees without one are earned on the date of their invoice.
- `subscription` fees recur; `charge` fees bill usage. `subscription_plan_code` is the plan.
";

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(&["fee_lago_id"])
}

struct Fields {
    id: usize,
    invoice: usize,
    kind: usize,
    currency: usize,
    tax: usize,
    total: usize,
    from: Option<usize>,
    to: Option<usize>,
    units: Option<usize>,
    subscription: Option<usize>,
    plan: Option<usize>,
    name: Option<usize>,
}

impl Fields {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Fields> {
        let mut required = |name| columns.required(&[name], problems);
        let (id, invoice) = (required("fee_lago_id"), required("invoice_lago_id"));
        let (kind, currency) = (required("fee_item_type"), required("fee_amount_currency"));
        let tax = required("fee_taxes_amount_cents");
        let total = required("fee_total_amount_cents");
        let mut find = |name| columns.optional(&[name], problems);
        Some(Fields {
            id: id?,
            invoice: invoice?,
            kind: kind?,
            currency: currency?,
            tax: tax?,
            total: total?,
            from: find("fee_from_date_utc"),
            to: find("fee_to_date_utc"),
            units: find("fee_units"),
            subscription: find("subscription_external_id"),
            plan: find("subscription_plan_code"),
            name: find("fee_item_name"),
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
    rows::each(source, problems, &mut tally, &mut |row, tally| {
        let fee = fee(&columns, &fields, row)?;
        if let Some((start, end)) = fee.service {
            tally.cover(start, end);
        }
        records.lines.push(fee);
        Ok(())
    });
    if fields.from.is_none() || fields.to.is_none() {
        let text = "the columns fee_from_date_utc and fee_to_date_utc are missing: {n} fees are earned on the date of their invoice";
        let used = tally.used;
        rows::remark(&mut tally, &catalogue::MISSING_COLUMN, used, text);
    }
    tally
}

fn fee(columns: &Columns, fields: &Fields, row: &Row) -> Result<InvoiceLine, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = columns.currency(row, fields.currency)?;
    let decimals = currency.decimals();
    let tax = minor::amount(columns, row, fields.tax, decimals)?;
    let total = minor::amount(columns, row, fields.total, decimals)?;
    Ok(InvoiceLine {
        id,
        invoice: match rows::other_id(columns, row, Some(fields.invoice))? {
            Some(invoice) => invoice,
            None => rows::filled(columns, row, fields.invoice)?.to_string(),
        },
        namespace: "lago",
        customer: None,
        net: total - tax,
        tax,
        currency,
        service: period(columns, row, fields)?,
        price: None,
        plan: rows::text(row, fields.plan),
        quantity: match fields.units {
            Some(column) => columns.optional_number(row, column)?,
            None => None,
        },
        proration: false,
        metered: match rows::filled(columns, row, fields.kind)?
            .to_lowercase()
            .as_str()
        {
            "charge" => Some(true),
            "subscription" => Some(false),
            _ => None,
        },
        subscription: rows::other_id(columns, row, fields.subscription)?,
        item: None,
        description: rows::text(row, fields.name),
        origin: rows::origin(columns, row),
    })
}

/// The service period, half-open.
fn period(
    columns: &Columns,
    row: &Row,
    fields: &Fields,
) -> Result<Option<(Instant, Instant)>, Problem> {
    let given = rows::period(columns, row, (fields.from, fields.to))?;
    let ends_on_day = fields
        .to
        .and_then(|column| row.filled(column))
        .is_some_and(|text| crate::model::Day::parse(text).is_some());
    Ok(given.map(|(start, end)| (start, after(end, ends_on_day))))
}

/// The first moment after an end that still belongs to its period: a day, or `23:59:59`.
fn after(end: Instant, is_day: bool) -> Instant {
    const MINUTE: i64 = 60_000_000;
    const LAST_SECOND: i64 = MINUTE - 1_000_000;
    if is_day {
        Instant(end.0 + 24 * 60 * MINUTE)
    } else if end.0.rem_euclid(MINUTE) >= LAST_SECOND {
        Instant(end.0 - end.0.rem_euclid(MINUTE) + MINUTE)
    } else {
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::{Outcome, read as read_format};

    const HEADER: &str = "invoice_lago_id,fee_lago_id,fee_item_type,subscription_external_id,subscription_plan_code,fee_from_date_utc,fee_to_date_utc,fee_amount_currency,fee_units,fee_taxes_amount_cents,fee_total_amount_cents";
    const GOOD: &str = "inv-1,fee-1,subscription,sub-acme,pro,2026-02-01T00:00:00Z,2026-02-28T23:59:59Z,EUR,1.0,1980,11880";

    fn read_rows(rows: &[&str]) -> Outcome {
        read_format(&FORMAT, &format!("{HEADER}\n{}\n", rows.join("\n")))
    }

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        assert_eq!(read_rows(&[GOOD]).faults(), Vec::<String>::new());
        for (old, new, fault) in [
            ("inv-1", "", "T3027@3:1"),
            ("fee-1", "", "T3027@3:2"),
            ("subscription", "", "T3027@3:3"),
            ("sub-acme", "1.23457E+11", "T3026@3:4"),
            ("2026-02-01T00:00:00Z", "2/1/26 0:00", "T3024@3:6"),
            ("2026-02-28T23:59:59Z", "2026-01-28T23:59:59Z", "T3029@3:7"),
            ("EUR", "euro", "T3029@3:8"),
            ("1.0", "one", "T3021@3:9"),
            ("1980", "19.80", "T3023@3:10"),
            ("11880", "", "T3021@3:11"),
        ] {
            let bad = GOOD.replacen(old, new, 1);
            assert_ne!(bad, GOOD, "{old}");
            assert_eq!(read_rows(&[GOOD, &bad, GOOD]).faults(), [fault], "{bad}");
        }
    }

    #[test]
    fn the_last_second_and_the_last_day_belong_to_the_period() {
        let end = |cell: &str| {
            let row = GOOD.replace("2026-02-28T23:59:59Z", cell);
            read_rows(&[&row]).records.lines[0]
                .service
                .unwrap()
                .1
                .to_string()
        };
        for (cell, first_after) in [
            ("2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"),
            ("2026-02-28T22:59:59.999Z", "2026-02-28T23:00:00Z"),
            ("2026-02-28", "2026-03-01T00:00:00Z"),
            ("2026-02-14T12:30:00Z", "2026-02-14T12:30:00Z"),
        ] {
            assert_eq!(end(cell), first_after, "{cell}");
        }
    }

    #[test]
    fn missing_periods_are_told() {
        let csv = "invoice_lago_id,fee_lago_id,fee_item_type,fee_amount_currency,fee_taxes_amount_cents,fee_total_amount_cents\ninv-1,fee-1,add_on,JPY,0,5000\n";
        let outcome = read_format(&FORMAT, csv);
        assert_eq!(outcome.remarks(), ["N2108×1"]);
        assert_eq!(outcome.records.lines[0].net.to_string(), "5000");
    }
}
