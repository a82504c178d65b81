//! Stripe's revenue-recognition report: Dashboard → Billing → Revenue recognition → Reports → Download, by
//! customer, or by invoice or line item with the optional column `customer_id`.
//!
//! Double-entry rows: in an accounting period (a month) an amount is debited to one account and
//! credited to another. Amounts are major units of the settlement currency. Rows of a period that
//! is still open may change. How Stripe writes the period is not documented, so that only what is
//! one month without doubt is taken: `2026-02`, `2026-02-01`, `Feb 2026`, `February 2026`.
//!
//! The rule that must hold: account names come out as written; which of them are revenue is not
//! decided here.

use std::collections::BTreeMap;

use super::money::Money;
use super::rows;
use crate::formats::fields::Columns;
use crate::formats::spreadsheet::looks_damaged;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::RecognizedEntry;
use crate::model::{Day, Instant, Month, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Stripe's revenue-recognition report.
pub static FORMAT: Format = Format {
    name: "stripe-revenue-recognition",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe revenue recognition report (by customer)",
    required: &[
        "accounting_period",
        "currency",
        "customer_id",
        "debit",
        "credit",
        "amount",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Dashboard → Revenue recognition → Reports, by customer; the reports by invoice or line item do as well
if `customer_id` is chosen among their columns. Where it is there, it is what Stripe itself recognized,
and the other exports only check it.

- Every row moves `amount` (major units of the settlement currency) from one account to another.
  What is credited to `Revenue` counts, what is debited to it is taken off, and so are `Refunds`,
  `Disputes`, `CreditNotes`, `Voids` and `BadDebt`. Accounts that are not known are counted and
  named, and are no revenue.
- `accounting_period` is a month: `2026-02`, `2026-02-01`, `Feb 2026` or `February 2026`. Anything else is
  refused rather than guessed.
- Rows with `open_accounting_period` may still change.
- The reports by price and by product name no customer and are refused with advice.
";

/// Accounts as the documentation of the report names them, letters only, in lower case.
const ACCOUNTS: &[&str] = &[
    "revenue",
    "deferredrevenue",
    "accountsreceivable",
    "cash",
    "refunds",
    "disputes",
    "creditnotes",
    "voids",
    "baddebt",
    "recoverables",
    "customerbalance",
    "taxliability",
    "fxloss",
];

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(&[
        "accounting_period",
        "debit",
        "credit",
        "amount",
        "customer_id",
    ])
}

struct Fields {
    period: usize,
    open: Option<usize>,
    currency: usize,
    customer: usize,
    debit: usize,
    credit: usize,
    amount: usize,
    price: Option<usize>,
    invoice: Option<usize>,
}

impl Fields {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Fields> {
        let mut required = |name| columns.required(&[name], problems);
        let (period, currency) = (required("accounting_period"), required("currency"));
        let (debit, credit) = (required("debit"), required("credit"));
        let (customer, amount) = (required("customer_id"), required("amount"));
        let mut find = |name| columns.optional(&[name], problems);
        Some(Fields {
            period: period?,
            open: find("open_accounting_period"),
            currency: currency?,
            customer: customer?,
            debit: debit?,
            credit: credit?,
            amount: amount?,
            price: find("price_id"),
            invoice: find("invoice_id"),
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
    let columns = Columns::of(source, settings, Some(Zone::Utc)).calendar_days(settings);
    let Some(fields) = Fields::find(&columns, problems) else {
        return tally;
    };
    let mut money = Money::of(settings);
    let mut unknown: BTreeMap<String, u64> = BTreeMap::new();
    rows::each(source, problems, &mut tally, &mut |row, tally| {
        let entry = entry(&columns, &fields, row, &mut money)?;
        for account in [&entry.debit, &entry.credit] {
            if !is_known(account) {
                *unknown.entry(account.clone()).or_default() += 1;
            }
        }
        tally.cover(entry.period.0, entry.period.1);
        records.recognized.push(entry);
        Ok(())
    });
    money.finish(problems);
    if fields.open.is_none() {
        let text = "the column open_accounting_period is missing: {n} entries count as final";
        let used = tally.used;
        rows::remark(&mut tally, &catalogue::MISSING_COLUMN, used, text);
    }
    let accounts = unknown.iter();
    let accounts = accounts.map(|(account, rows)| format!("{account} ({rows})"));
    let accounts = accounts.collect::<Vec<_>>().join(", ");
    let text = format!("{{n}} times an account is not known and no revenue: {accounts}");
    let times = unknown.values().sum();
    rows::remark(&mut tally, &catalogue::NOT_REVENUE, times, &text);
    tally
}

fn entry(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    money: &mut Money,
) -> Result<RecognizedEntry, Problem> {
    let period = period(columns, row, fields.period)?;
    let currency = columns.currency(row, fields.currency)?;
    let amount = money.fine_amount(columns, row, Some(fields.amount), currency)?;
    let account = |column| rows::filled(columns, row, column).map(str::to_string);
    Ok(RecognizedEntry {
        period,
        open: rows::yes_or_no(columns, row, fields.open)?.unwrap_or(false),
        debit: account(fields.debit)?,
        credit: account(fields.credit)?,
        amount: match amount {
            Some(amount) => amount,
            None => columns.number(row, fields.amount)?,
        },
        currency,
        customer: rows::other_id(columns, row, Some(fields.customer))?,
        price: rows::other_id(columns, row, fields.price)?,
        invoice: rows::other_id(columns, row, fields.invoice)?,
        origin: rows::origin(columns, row),
    })
}

/// The accounting period as a half-open range.
fn period(columns: &Columns, row: &Row, column: usize) -> Result<(Instant, Instant), Problem> {
    let text = rows::filled(columns, row, column)?;
    if let Some(month) = month(text) {
        let zone = columns.days.or(columns.zone).unwrap_or(Zone::Utc);
        let start = |month: Month| zone.start_of(month.first_day());
        return Ok((start(month), start(month.plus(1))));
    }
    let name = columns.header.name(column);
    if looks_damaged(text) {
        let message = format!("{name} looks damaged by a spreadsheet");
        let problem = columns.problem(&catalogue::SPREADSHEET_DAMAGE, row, column, message);
        let help = "export the file again and do not open it in a spreadsheet on the way";
        return Err(problem.help(help));
    }
    let message = format!("{name} is not a month that can be read without guessing");
    let problem = columns.problem(&catalogue::NOT_A_TIME, row, column, message);
    Err(problem.help("write 2026-02, 2026-02-01 or Feb 2026"))
}

/// `2026-02`, `2026-02-01`, `Feb 2026`, `February 2026`.
fn month(text: &str) -> Option<Month> {
    if let Some(day) = Day::parse(text) {
        return Some(day.month()).filter(|month| month.first_day() == day);
    }
    let named = |text: &str| {
        let (name, year) = text.split_once(' ')?;
        let year = Month::parse(&format!("{year}-01"))?;
        (0..12).map(|n| year.plus(n)).find(|month| {
            let title = month.title();
            let full = title.split(' ').next().unwrap_or_default();
            let short = full.get(..3).unwrap_or(full);
            name.eq_ignore_ascii_case(full) || name.eq_ignore_ascii_case(short)
        })
    };
    Month::parse(text).or_else(|| named(text))
}

fn is_known(account: &str) -> bool {
    let letters = account.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    ACCOUNTS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::{Outcome, read as read_format};

    const HEADER: &str =
        "accounting_period,open_accounting_period,currency,customer_id,debit,credit,amount";
    const GOOD: &str = "2026-02,false,usd,cus_acme,DeferredRevenue,Revenue,99.00";

    fn read_rows(rows: &[&str]) -> Outcome {
        read_format(&FORMAT, &format!("{HEADER}\n{}\n", rows.join("\n")))
    }

    #[test]
    fn only_clear_months_are_read() {
        let february = Month::parse("2026-02");
        for text in ["2026-02", "2026-02-01", "Feb 2026", "february 2026"] {
            assert_eq!(month(text), february, "{text}");
        }
        for text in [
            "2026-02-15",
            "02/2026",
            "2/1/2026",
            "202602",
            "Feb-26",
            "26-Feb",
            "Feb 26",
            "2026",
            "Febru 2026",
            "2026-13",
        ] {
            assert_eq!(month(text), None, "{text}");
        }
    }

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        assert_eq!(read_rows(&[GOOD]).faults(), Vec::<String>::new());
        for (old, new, fault) in [
            ("2026-02", "", "T3027@3:1"),
            ("2026-02", "2026-02-15", "T3024@3:1"),
            ("2026-02", "Feb-26", "T3026@3:1"),
            ("false", "maybe", "T3029@3:2"),
            ("usd", "u", "T3029@3:3"),
            ("cus_acme", "1.23457E+11", "T3026@3:4"),
            ("DeferredRevenue", "", "T3027@3:5"),
            (",Revenue", ",", "T3027@3:6"),
            ("99.00", "", "T3021@3:7"),
            ("99.00", "\"99,00\"", "T3021@3:7"),
        ] {
            let bad = GOOD.replacen(old, new, 1);
            assert_ne!(bad, GOOD, "{old}");
            assert_eq!(read_rows(&[GOOD, &bad, GOOD]).faults(), [fault], "{bad}");
        }
    }

    #[test]
    fn unknown_accounts_are_kept_and_named() {
        let outcome = read_rows(&[GOOD, &GOOD.replace("DeferredRevenue", "UnbilledRevenue")]);
        assert_eq!(outcome.records.recognized[1].debit, "UnbilledRevenue");
        assert_eq!(outcome.remarks(), ["N2109×1"]);
        let text = &outcome.tally.remarks[0].text;
        assert!(text.ends_with("UnbilledRevenue (1)"), "{text}");
    }

    #[test]
    fn entries_without_the_open_column_count_as_final() {
        let csv = format!(
            "{}\n{}\n",
            HEADER.replace("open_accounting_period,", ""),
            GOOD.replace("false,", "")
        );
        let outcome = read_format(&FORMAT, &csv);
        assert!(!outcome.records.recognized[0].open);
        assert_eq!(outcome.remarks(), ["N2108×1"]);
    }
}
