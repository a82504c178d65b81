//! Stripe invoices: Dashboard → Billing → Invoices → Export, `invoices.csv`.
//!
//! One row per invoice; lines, plans and prices are in no Dashboard export. Amounts are major units
//! of `Currency`; some accounts export a decimal comma. Times are UTC, without a leading zero of
//! the hour after a spreadsheet. `Closed` and `Paid` are unreliable: only `Status` is read.
//! `Subtotal` and discounts do not add up to `Total` (shipping and item discounts are in no
//! column), `Tax Percent` stands on untaxed invoices, and `Amount Due` and `Amount Paid` move with
//! the credit balance: revenue is `Total` less `Tax`, nothing else. `Period Start` and `Period
//! End` are mostly the cycle before; the service period is that of the line items.
//!
//! The rule that must hold: an amount is read from its own column or refused, never worked out.

use super::money::Money;
use super::rows;
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{Invoice, InvoiceStatus, Prepaid};
use crate::model::{Currency, Exact, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Stripe's invoices export.
pub static FORMAT: Format = Format {
    name: "stripe-invoices",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe invoices (Dashboard export)",
    required: &[
        "id",
        "Amount Due",
        "Customer",
        "Date (UTC)",
        "Total",
        "Tax",
        "Status",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Dashboard → Billing → Invoices → Export, with all columns. Export from one billing interval before
the first month you want to see (a year, if anyone pays yearly), or the early months look too low.

- Net revenue is `Total` less `Tax` (or less `Exclusive Tax Amount` and `Inclusive Tax Amount`, where
  `Tax` was not exported; one of the two forms must be there). A blank tax is Stripe's way of writing
  none; a blank `Total` is an error.
- The service period is `Minimum Line Item Period Start (UTC)` to `Maximum Line Item Period End (UTC)`;
  equal times are a one-off. The default columns lack them: then subscriptions or the invoice date
  stand in, with a warning.
- `Status` is one of paid, open, void, draft, uncollectible. Drafts are counted and excluded; voids
  and write-offs count against revenue at `Voided At (UTC)` and `Marked Uncollectible At (UTC)`; an
  invoice written off and paid after all comes back at `Paid At (UTC)`.
- `Amount Due`, `Amount Paid`, `Subtotal`, discounts, `Tax Percent` and `Period Start/End` are not
  revenue and not used. Where the balance columns are there, ending balance = starting balance +
  total − amount due is checked on final invoices, and `Tax` against its two parts; rows that do not
  add up are a warning with their lines.
- Decimals are points or, in some accounts, commas, the same in a whole column. A column that mixes
  them is refused, and so are amounts such as `1,234` that nothing else explains: say `decimal`. With
  `decimal = \",\"` `1.234,56` is read.
  No-break spaces between groups of digits (`1 234,50`), as spreadsheets write them, are read.
- Times are UTC, `2026-02-03 09:15` or `2026-02-03 9:15`. `2/3/26 9:15` is a spreadsheet's and refused,
  unless its `[[input]]` entry of `tanso.toml` says `date_format = \"m/d/y\"` or `\"d/m/y\"`.
";

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(&["id", "amount due", "customer", "date (utc)", "total"])
}

struct Fields {
    id: usize,
    currency: usize,
    customer: usize,
    date: usize,
    total: usize,
    status: usize,
    tax: TaxColumns,
    amount_due: Option<usize>,
    starting: Option<usize>,
    ending: Option<usize>,
    service: (Option<usize>, Option<usize>),
    finalized: Option<usize>,
    voided: Option<usize>,
    uncollectible: Option<usize>,
    paid_at: Option<usize>,
    subscription: Option<usize>,
    number: Option<usize>,
    name: Option<usize>,
    email: Option<usize>,
    metadata: Vec<(usize, String)>,
}

/// Which columns hold the tax. Where all are there the parts only check the sum.
struct TaxColumns {
    whole: Option<usize>,
    exclusive: Option<usize>,
    inclusive: Option<usize>,
}

impl Fields {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Fields> {
        let mut required = |name| columns.required(&[name], problems);
        let (id, currency, customer) = (required("id"), required("Currency"), required("Customer"));
        let (date, total, status) = (
            required("Date (UTC)"),
            required("Total"),
            required("Status"),
        );
        let exclusive = columns.optional(&["Exclusive Tax Amount"], problems);
        let inclusive = columns.optional(&["Inclusive Tax Amount"], problems);
        let whole = if exclusive.is_some() && inclusive.is_some() {
            columns.optional(&["Tax"], problems)
        } else {
            Some(columns.required(&["Tax"], problems)?)
        };
        let mut find = |name| columns.optional(&[name], problems);
        Some(Fields {
            id: id?,
            currency: currency?,
            customer: customer?,
            date: date?,
            total: total?,
            status: status?,
            tax: TaxColumns {
                whole,
                exclusive,
                inclusive,
            },
            amount_due: find("Amount Due"),
            starting: find("Starting Balance"),
            ending: find("Ending Balance"),
            service: (
                find("Minimum Line Item Period Start (UTC)"),
                find("Maximum Line Item Period End (UTC)"),
            ),
            finalized: find("Finalized At (UTC)"),
            voided: find("Voided At (UTC)"),
            uncollectible: find("Marked Uncollectible At (UTC)"),
            paid_at: find("Paid At (UTC)"),
            subscription: find("Subscription"),
            number: find("Number"),
            name: find("Customer Name"),
            email: find("Customer Email"),
            metadata: rows::metadata(&columns.header),
        })
    }
}

/// Invoices on which Stripe's columns contradict each other.
#[derive(Default)]
struct Doubts {
    balances: rows::Contradictions,
    taxes: rows::Contradictions,
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
    let mut doubts = Doubts::default();
    rows::each(source, problems, &mut tally, &mut |row, tally| {
        let invoice = invoice(&columns, &fields, row, &mut money, &mut doubts)?;
        tally.cover(invoice.date, invoice.date);
        records.invoices.push(invoice);
        Ok(())
    });
    money.finish(problems);
    if fields.service.0.is_none() || fields.service.1.is_none() {
        let text = "the columns Minimum Line Item Period Start (UTC) and Maximum Line Item Period End (UTC) are missing: the service periods of {n} invoices are not in the file";
        let rows_used = tally.used;
        rows::remark(&mut tally, &catalogue::MISSING_COLUMN, rows_used, text);
    }
    let text = "on {n} invoices the ending balance is not starting balance + total - amount due";
    doubts.balances.remark(&mut tally, text);
    let text =
        "on {n} invoices the tax is not the sum of its exclusive and inclusive parts; Tax is used";
    doubts.taxes.remark(&mut tally, text);
    tally
}

fn invoice(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    money: &mut Money,
    doubts: &mut Doubts,
) -> Result<Invoice, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = columns.currency(row, fields.currency)?;
    let total = money.amount(columns, row, fields.total, currency)?;
    let tax = tax(columns, &fields.tax, row, currency, money, doubts)?;
    let status = super::invoice_status_of(columns, row, fields.status)?;
    let fault = balance_fault(columns, fields, row, currency, money, total)?;
    if let Some(fault) = fault.filter(|_| status != InvoiceStatus::Draft) {
        doubts.balances.see(row.line(), &fault);
    }
    Ok(Invoice {
        off_lines: Exact::ZERO,
        id,
        number: rows::text(row, fields.number),
        namespace: "stripe",
        customer: rows::other_id(columns, row, Some(fields.customer))?,
        name: rows::text(row, fields.name),
        email: rows::text(row, fields.email),
        keys: rows::keys(row, &fields.metadata, &[]),
        total,
        tax,
        currency,
        date: columns.instant(row, fields.date)?,
        finalized: columns.optional_instant(row, fields.finalized)?,
        service: rows::period(columns, row, fields.service)?,
        status,
        voided: columns.optional_instant(row, fields.voided)?,
        uncollectible: columns.optional_instant(row, fields.uncollectible)?,
        paid: columns.optional_instant(row, fields.paid_at)?,
        prepaid: Prepaid::No,
        subscription: rows::other_id(columns, row, fields.subscription)?,
        plan: None,
        recurring: None,
        metered: false,
        origin: rows::origin(columns, row),
    })
}

/// The tax inside the total. Stripe leaves the cell blank on invoices without tax; that blank is
/// none, and the only blank amount that is.
fn tax(
    columns: &Columns,
    tax: &TaxColumns,
    row: &Row,
    currency: Currency,
    money: &mut Money,
    doubts: &mut Doubts,
) -> Result<Exact, Problem> {
    let mut read = |column| money.optional_amount(columns, row, column, currency);
    let (exclusive, inclusive) = (read(tax.exclusive)?, read(tax.inclusive)?);
    let parts = exclusive.unwrap_or_default() + inclusive.unwrap_or_default();
    if tax.whole.is_none() {
        return Ok(parts);
    }
    let whole = read(tax.whole)?.unwrap_or_default();
    let both = tax.exclusive.is_some() && tax.inclusive.is_some();
    if both && whole != parts {
        let words = format!("the tax is {whole}, its parts are {parts}");
        doubts.taxes.see(row.line(), &words);
    }
    Ok(whole)
}

/// How Stripe's own arithmetic does not hold; `None` where a column or cell is missing.
fn balance_fault(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    currency: Currency,
    money: &mut Money,
    total: Exact,
) -> Result<Option<String>, Problem> {
    let mut read = |column| money.optional_amount(columns, row, column, currency);
    let (due, starting, ending) = (
        read(fields.amount_due)?,
        read(fields.starting)?,
        read(fields.ending)?,
    );
    Ok(rows::balance_fault(due, starting, ending, total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::{Outcome, read as read_format, read_with};

    const HEADER: &str = "id,Amount Due,Currency,Customer,Date (UTC),Ending Balance,Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Starting Balance,Tax,Total,Status,Exclusive Tax Amount,Inclusive Tax Amount";
    const GOOD: &str = "in_1,120.00,usd,cus_acme,2026-02-01 09:00,0.00,2026-02-01 09:00,2026-03-01 09:00,0.00,20.00,120.00,paid,20.00,0.00";

    fn read_rows(rows: &[&str]) -> Outcome {
        read_format(&FORMAT, &format!("{HEADER}\n{}\n", rows.join("\n")))
    }

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        assert_eq!(read_rows(&[GOOD]).faults(), Vec::<String>::new());
        for (old, new, fault) in [
            ("20.00,120.00,paid", "20.00,,paid", "T3021@3:11"),
            ("20.00,120.00,paid", "20.00,\"120,00\",paid", "T3021@3:11"),
            (
                "0.00,20.00,120.00,paid",
                "\"0,00\",20.00,120.00,paid",
                "T3021@3:9",
            ),
            ("20.00,120.00,paid", "20.00,\"1,120.00\",paid", "T3021@3:11"),
            ("20.00,120.00,paid", "20.00,120.005,paid", "T3029@3:11"),
            ("20.00,120.00,paid", "n/a,120.00,paid", "T3021@3:10"),
            ("120.00,paid", "120.00,settled", "T3029@3:12"),
            ("120.00,paid", "120.00,", "T3029@3:12"),
            ("2026-03-01 09:00", "2026-01-01 09:00", "T3029@3:8"),
            (
                "cus_acme,2026-02-01 09:00",
                "cus_acme,2/1/26 9:00",
                "T3024@3:5",
            ),
            ("usd", "", "T3029@3:3"),
            ("cus_acme", "1.23457E+11", "T3026@3:4"),
        ] {
            let bad = GOOD.replacen(old, new, 1);
            assert_ne!(bad, GOOD, "{old}");
            assert_eq!(
                read_rows(&[GOOD, &bad, GOOD]).faults(),
                [fault],
                "{old} → {new}"
            );
        }
    }

    #[test]
    fn net_needs_a_tax_column() {
        let without = "id,Amount Due,Currency,Customer,Date (UTC),Total,Status\nin_1,9.00,usd,cus_acme,2026-02-01 09:00,9.00,paid\n";
        assert_eq!(read_format(&FORMAT, without).faults(), ["T3016@1"]);
        let half = "id,Amount Due,Currency,Customer,Date (UTC),Total,Status,Exclusive Tax Amount\nin_1,9.00,usd,cus_acme,2026-02-01 09:00,9.00,paid,1.00\n";
        assert_eq!(read_format(&FORMAT, half).faults(), ["T3016@1"]);
    }

    #[test]
    fn dates_of_a_spreadsheet_need_their_order() {
        let slashed = GOOD
            .replace("2026-02-01 09:00", "2/1/26 9:00")
            .replace("2026-03-01 09:00", "3/1/26 9:00");
        let csv = format!("{HEADER}\n{slashed}\n");
        assert_eq!(read_format(&FORMAT, &csv).faults(), ["T3024@2:5"]);
        let declared = Settings {
            date_order: Some(crate::model::DateOrder::MonthFirst),
            ..Settings::default()
        };
        let declared = read_with(&FORMAT, &csv, &declared);
        let plain = read_rows(&[GOOD]);
        assert_eq!(declared.faults(), Vec::<String>::new());
        assert_eq!(declared.records.invoices, plain.records.invoices);
    }

    #[test]
    fn missing_periods_are_told() {
        let csv = "id,Amount Due,Currency,Customer,Date (UTC),Total,Tax,Status\nin_1,9.00,usd,cus_acme,2026-02-01 09:00,9.00,,paid\n";
        let outcome = read_format(&FORMAT, csv);
        assert_eq!(outcome.records.invoices[0].service, None);
        assert_eq!(outcome.remarks(), ["N2108×1"]);
    }

    #[test]
    fn stripes_own_arithmetic_is_checked_on_final_invoices() {
        // 5.00 + 120.00 − 120.00 is not 0.00.
        let wrong_balance = GOOD.replacen("0.00,20.00,120.00,paid", "5.00,20.00,120.00,paid", 1);
        let found = read_rows(&[GOOD, &wrong_balance, GOOD]);
        assert_eq!(found.remarks(), ["N2107×1"]);
        let text = &found.tally.remarks[0].text;
        let words = "(line 3: 5 + 120 - 120 is 5, the ending balance is 0)";
        assert!(text.ends_with(words), "{text}");
        assert_eq!(
            read_rows(&[&wrong_balance.replace("paid", "draft")]).remarks(),
            Vec::<String>::new()
        );
        let wrong_tax = GOOD.replacen("paid,20.00", "paid,19.00", 1);
        assert_eq!(read_rows(&[&wrong_tax]).remarks(), ["N2107×1"]);
        // The first five are named, all are counted.
        let many = read_rows(&[wrong_balance.as_str(); 7]);
        assert_eq!(many.remarks(), ["N2107×7"]);
        let text = &many.tally.remarks[0].text;
        assert!(
            text.contains("line 6: ") && !text.contains("line 7: "),
            "{text}"
        );
        assert!(text.ends_with("; and 2 more)"), "{text}");
    }

    #[test]
    fn amounts_with_groups_only_need_a_declaration() {
        let csv = "id,Amount Due,Currency,Customer,Date (UTC),Total,Tax,Status\nin_1,\"1,234\",jpy,cus_acme,2026-02-01 09:00,\"1,234\",,paid\n";
        assert_eq!(read_format(&FORMAT, csv).faults(), ["T3021@2:6"]);
        let kwd = csv.replace("jpy", "kwd");
        let comma = Settings {
            decimal_comma: Some(true),
            ..Settings::default()
        };
        let read = read_with(&FORMAT, &kwd, &comma);
        assert_eq!(
            read.records.invoices[0].total,
            Exact::parse("1.234").unwrap()
        );
    }
}
