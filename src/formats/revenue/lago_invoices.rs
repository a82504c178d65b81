//! Lago invoices: Lago → Invoices → Export, "invoices".
//!
//! One row per invoice. Amounts are minor units (`…_amount_cents`) of `currency`, by the decimals of
//! ISO 4217. `total_amount_cents` is what is left to pay: fees less coupons, progressive billing
//! already billed, plus taxes, less credit notes and prepaid credits. Prepaid credits are bought on
//! an invoice of the type `credit` and are earned when they are used up. Credit notes include tax.
//! Dates are days. The service period is not in this file: the fees have it.
//!
//! The rule that must hold: net is `total_amount_cents - taxes_amount_cents`, as the invoice has
//! them, the taxes less the part that its credit notes give back; and the fees of an invoice never
//! come to more.

use super::{minor, rows};
use crate::formats::fields::Columns;
use crate::formats::rows::{Fate, each};
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{Invoice, InvoiceStatus, Prepaid};
use crate::model::{Exact, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Lago's invoices export.
pub static FORMAT: Format = Format {
    name: "lago-invoices",
    kind: Kind::Revenue,
    provider: None,
    title: "Lago invoices (data export)",
    required: &[
        "lago_id",
        "issuing_date",
        "customer_external_id",
        "status",
        "currency",
        "fees_amount_cents",
        "taxes_amount_cents",
        "total_amount_cents",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Lago → Invoices → Export → Invoices. Export the fees too: they have the service periods and plans, and
this file has the customers.

- Amounts are minor units: `9900` is 99.00 USD. Net revenue is `total_amount_cents` less
  `taxes_amount_cents`.
- The total is what is left to pay after coupons, credit notes and prepaid credits. What these take
  off an invoice is taken off its fees in proportion. Credit notes include tax.
- Prepaid credits, bought on invoices of the `invoice_type` credit, are earned when later invoices use
  them (`prepaid_credit_amount_cents`), the oldest first; until then they are deferred. Credits that no
  invoice of the file sold (granted, or bought earlier) are no revenue, with a warning.
- `customer_external_id` is the id of your product; it joins a customer of that name, or by the mapping
  file's namespace `lago`.
- `finalized` invoices count, as paid or open by `payment_status`; `voided` ones do not; all others are
  not final and count as drafts. A lost payment dispute writes the invoice off at its date.
- Rows with `partner_billing` are what you owe a partner: counted and left out.
- Without the fees the whole invoice counts on its `issuing_date`.
";

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_all(&["lago_id", "fees_amount_cents"])
}

struct Fields {
    id: usize,
    date: usize,
    customer: usize,
    name: Option<usize>,
    email: Option<usize>,
    customer_lago_id: Option<usize>,
    number: Option<usize>,
    partner: Option<usize>,
    payment_status: Option<usize>,
    status: usize,
    currency: usize,
    fees: usize,
    tax: usize,
    total: usize,
    dispute_lost: Option<usize>,
    kind: Option<usize>,
    credit_notes: Option<usize>,
    credits: Option<usize>,
}

impl Fields {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Fields> {
        let mut required = |name| columns.required(&[name], problems);
        let (id, date) = (required("lago_id"), required("issuing_date"));
        let (customer, status) = (required("customer_external_id"), required("status"));
        let (currency, fees) = (required("currency"), required("fees_amount_cents"));
        let (tax, total) = (
            required("taxes_amount_cents"),
            required("total_amount_cents"),
        );
        let mut find = |name| columns.optional(&[name], problems);
        Some(Fields {
            id: id?,
            date: date?,
            customer: customer?,
            name: find("customer_name"),
            email: find("customer_email"),
            customer_lago_id: find("customer_lago_id"),
            number: find("invoice_number"),
            partner: find("partner_billing"),
            payment_status: find("payment_status"),
            status: status?,
            currency: currency?,
            fees: fees?,
            tax: tax?,
            total: total?,
            dispute_lost: find("payment_dispute_lost_at"),
            kind: find("invoice_type"),
            credit_notes: find("credit_notes_amount_cents"),
            credits: find("prepaid_credit_amount_cents"),
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, Some(Zone::Utc)).calendar_days(settings);
    let Some(fields) = Fields::find(&columns, problems) else {
        return Tally::default();
    };
    let mut tally = each(source, problems, |_, row, tally| {
        let invoice = invoice(&columns, &fields, row)?;
        if rows::yes_or_no(&columns, row, fields.partner)? == Some(true) {
            return Ok(Fate::Skipped("partner billing"));
        }
        tally.cover(invoice.date, invoice.date);
        records.invoices.push(invoice);
        Ok(Fate::Used)
    });
    if fields.dispute_lost.is_none() {
        let text = "the column payment_dispute_lost_at is missing: whether disputes of {n} invoices were lost is not known";
        let used = tally.used;
        rows::remark(&mut tally, &catalogue::MISSING_COLUMN, used, text);
    }
    tally
}

fn invoice(columns: &Columns, fields: &Fields, row: &Row) -> Result<Invoice, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = columns.currency(row, fields.currency)?;
    let amount = |column| minor::amount(columns, row, column, currency.decimals());
    let date = columns.instant(row, fields.date)?;
    let status = status(columns, fields, row)?;
    let lost = columns.optional_instant(row, fields.dispute_lost)?;
    let final_ = !matches!(status, InvoiceStatus::Draft | InvoiceStatus::Void);
    let lost = lost.filter(|_| final_);
    let (total, taxes) = (amount(fields.total)?, amount(fields.tax)?);
    let blank_is_none = |column: Option<usize>| match column {
        Some(column) if row.filled(column).is_some() => amount(column),
        _ => Ok(Exact::ZERO),
    };
    let given_back = blank_is_none(fields.credit_notes)?;
    let used = blank_is_none(fields.credits)?;
    // What is left to pay and what paid for it make the price and all of its tax.
    let whole = total + given_back + used;
    let tax_back = Exact::ratio(given_back * taxes, whole, currency.decimals());
    let tax = taxes - tax_back.unwrap_or_default();
    let sells = fields.kind.and_then(|column| row.filled(column)) == Some("credit");
    let prepaid = match sells {
        true => Prepaid::Bought(Vec::new()),
        false if !used.is_zero() => Prepaid::Used(used),
        false => Prepaid::No,
    };
    Ok(Invoice {
        id,
        number: rows::text(row, fields.number),
        namespace: "lago",
        customer: rows::other_id(columns, row, Some(fields.customer))?,
        name: rows::text(row, fields.name),
        email: rows::text(row, fields.email),
        keys: rows::keys(row, &[], &[("customer_lago_id", fields.customer_lago_id)]),
        total,
        tax,
        off_lines: amount(fields.fees)? - (total - tax),
        currency,
        date,
        finalized: None,
        service: None,
        status: if lost.is_some() {
            InvoiceStatus::Uncollectible
        } else {
            status
        },
        voided: None,
        uncollectible: lost,
        paid: None,
        prepaid,
        subscription: None,
        plan: None,
        recurring: None,
        metered: false,
        origin: rows::origin(columns, row),
    })
}

/// The state of the invoice; whether a final one is paid says `payment_status`.
fn status(columns: &Columns, fields: &Fields, row: &Row) -> Result<InvoiceStatus, Problem> {
    let paid = payment_status(columns, fields, row)?;
    let word = rows::filled(columns, row, fields.status)?.to_lowercase();
    match word.as_str() {
        "finalized" => Ok(paid),
        "voided" => Ok(InvoiceStatus::Void),
        "draft" | "pending" | "failed" | "generating" | "open" | "closed" => {
            Ok(InvoiceStatus::Draft)
        }
        _ => {
            let words = "draft, finalized, voided, pending, failed, generating, open or closed";
            Err(rows::unknown_word(columns, row, fields.status, words))
        }
    }
}

/// Whether a final invoice is paid; a word that is not known is refused whatever its state.
fn payment_status(columns: &Columns, fields: &Fields, row: &Row) -> Result<InvoiceStatus, Problem> {
    let cell = fields.payment_status;
    let Some((column, word)) = cell.and_then(|column| Some((column, row.filled(column)?))) else {
        return Ok(InvoiceStatus::NotStated);
    };
    match word.to_lowercase().as_str() {
        "succeeded" => Ok(InvoiceStatus::Paid),
        "pending" | "failed" => Ok(InvoiceStatus::Open),
        _ => {
            let words = "pending, succeeded or failed";
            Err(rows::unknown_word(columns, row, column, words))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::{Outcome, read as read_format};

    const HEADER: &str = "lago_id,partner_billing,issuing_date,customer_external_id,invoice_number,payment_status,status,currency,fees_amount_cents,coupons_amount_cents,taxes_amount_cents,total_amount_cents,payment_dispute_lost_at";
    const GOOD: &str =
        "inv-1,false,2026-02-28,acme,ACM-001,succeeded,finalized,EUR,10000,1000,1800,10800,";

    fn read_rows(rows: &[&str]) -> Outcome {
        read_format(&FORMAT, &format!("{HEADER}\n{}\n", rows.join("\n")))
    }

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        assert_eq!(read_rows(&[GOOD]).faults(), Vec::<String>::new());
        for (old, new, fault) in [
            ("inv-1", "", "T3027@3:1"),
            ("false", "perhaps", "T3029@3:2"),
            ("2026-02-28", "28/02/2026", "T3024@3:3"),
            ("acme", "1.23457E+11", "T3026@3:4"),
            ("succeeded", "settled", "T3029@3:6"),
            ("finalized", "final", "T3029@3:7"),
            ("finalized", "", "T3027@3:7"),
            ("EUR", "", "T3029@3:8"),
            (",10000,", ",100.50,", "T3023@3:9"),
            ("1800", "", "T3021@3:11"),
            ("10800", "\"10,800\"", "T3021@3:12"),
        ] {
            let bad = GOOD.replacen(old, new, 1);
            assert_ne!(bad, GOOD, "{old}");
            assert_eq!(read_rows(&[GOOD, &bad, GOOD]).faults(), [fault], "{bad}");
        }
    }

    #[test]
    fn states_are_read_together() {
        let state = |status: &str, paid: &str| {
            let row = GOOD.replace("finalized", status).replace("succeeded", paid);
            read_rows(&[&row]).records.invoices[0].status
        };
        assert_eq!(state("finalized", "succeeded"), InvoiceStatus::Paid);
        assert_eq!(state("finalized", "failed"), InvoiceStatus::Open);
        assert_eq!(state("finalized", ""), InvoiceStatus::NotStated);
        assert_eq!(state("voided", "pending"), InvoiceStatus::Void);
        assert_eq!(state("draft", "pending"), InvoiceStatus::Draft);
        assert_eq!(state("failed", "pending"), InvoiceStatus::Draft);
    }

    #[test]
    fn a_lost_dispute_writes_off_and_a_partners_invoice_is_left_out() {
        let lost = format!("{GOOD}2026-03-10T08:00:00Z");
        let outcome = read_rows(&[&lost, &GOOD.replace("false", "true")]);
        let invoice = &outcome.records.invoices[0];
        assert_eq!(invoice.status, InvoiceStatus::Uncollectible);
        assert_eq!(
            invoice.uncollectible.unwrap().to_string(),
            "2026-03-10T08:00:00Z"
        );
        assert_eq!(outcome.tally.skipped.get("partner billing"), Some(&1));
    }

    #[test]
    fn minor_units_are_those_of_the_currency() {
        let total = |currency: &str| {
            let outcome = read_rows(&[&GOOD.replace("EUR", currency)]);
            outcome.records.invoices[0].total.to_string()
        };
        assert_eq!(total("JPY"), "10800");
        assert_eq!(total("KWD"), "10.8");
        assert_eq!(total("ISK"), "10800");
    }

    #[test]
    fn what_an_invoice_takes_off_its_fees_is_remembered() {
        let outcome = read_rows(&[
            GOOD,
            &GOOD.replace("10800", "11800").replace("inv-1", "inv-2"),
        ]);
        // Fees of 100.00, less 10.00 of coupons; the second invoice takes nothing off.
        let off: Vec<_> = outcome
            .records
            .invoices
            .iter()
            .map(|i| i.off_lines)
            .collect();
        assert_eq!(off, [Exact::new(10, 0), Exact::ZERO]);
    }
}
