//! Stripe payments: Dashboard → Transactions → Payments → Export, `unified_payments.csv` (before
//! 2020 `payments.csv`).
//!
//! One row per payment attempt, so failed attempts precede the one that worked. Amounts are major
//! units of `Currency`, gross of tax; `Converted …` are the same amounts in the settlement currency,
//! in which `Fee` and `Tax` (on the fee, called `Taxes On Fee` since) are too; those are not read. Times are UTC, to the second
//! since 2020, to the minute before. Users choose the columns and their order. `Refunded date
//! (UTC)` is one date for all refunds of a payment. Lines, plans and periods are not in the file.
//!
//! The rule that must hold: only money that arrived is a success. `Status` decides, `Captured`
//! where the word is unknown, and never neither.

use super::money::Money;
use super::rows;
use crate::formats::fields::Columns;
use crate::formats::{Format, Kind, Reader, RevenueRecords, Sample, Settings, Tally};
use crate::model::records::{DisputeStatus, Payment, PaymentDispute, PaymentStatus, Settled};
use crate::model::{Currency, Exact, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Stripe's payments export.
pub static FORMAT: Format = Format {
    name: "stripe-payments",
    kind: Kind::Revenue,
    provider: None,
    title: "Stripe payments (Dashboard export)",
    required: &[
        "id",
        "Created date (UTC)",
        "Amount",
        "Amount Refunded",
        "Currency",
    ],
    page: PAGE,
    detect,
    read: Reader::Revenue(read),
};

const PAGE: &str = "\
Dashboard → Transactions → Payments → Export, usually `unified_payments.csv`. Any choice and order
of columns works as long as `id`, `Created date (UTC)` (in old exports `Created (UTC)`), `Amount`,
`Currency` and `Status` or `Captured` are among them. \"All columns\" is best: refunds, disputes, test
mode and the ids that name a customer are each a column of their own.

- Amounts are major units of `Currency` and include sales tax. `Converted Amount`, `Converted Amount
  Refunded` and `Converted Currency` say what they became in the settlement currency: they give the
  rate at which a payment and its invoice are converted. `Fee` and `Taxes On Fee` (`Tax` in old
  exports) are in that currency too and are not read: the tax is tax on Stripe's fee.
- Times are UTC.
- A row is one attempt. Failed, pending, canceled and uncaptured attempts are counted and excluded,
  and so are rows whose `Mode` is `Test`. A `Status` that is not known is decided by `Captured`, with
  a warning.
- Without `Amount Refunded` refunds are not known; that is a warning. All refunds of a payment share
  `Refunded date (UTC)`.
- A dispute counts once its `Dispute Status` is `lost`. `won`, `prevented` and `warning_closed` leave the
  money; all other words are open, which a note tells.
- Without the column `Invoice ID`, payments of customers that have invoices are left out beside them, with a
  warning: they may be the money of these invoices.
- Whoever has no `Customer ID` (guests, connected accounts) can be joined by `Customer Email`, by a
  `… (metadata)` column, by `Customer Description` or `Client Reference ID`, if the value equals a
  customer's id.
- With payments alone revenue is cash, gross of tax. Add the invoices for recognized revenue.
";

fn detect(sample: &Sample<'_>) -> bool {
    let has = |name| sample.header.has(name);
    has("id")
        && CREATED.iter().any(|name| has(name))
        && (has("converted amount") || has("amount refunded"))
        && !has("net")
}

const CREATED: &[&str] = &["Created date (UTC)", "Created (UTC)"];

struct Fields {
    id: usize,
    created: usize,
    amount: usize,
    currency: usize,
    refunded: Option<usize>,
    refunded_at: Option<usize>,
    converted: Option<usize>,
    converted_refunded: Option<usize>,
    converted_currency: Option<usize>,
    captured: Option<usize>,
    mode: Option<usize>,
    status: Option<usize>,
    /// `Status`, or `Captured` where that is missing.
    deciding: usize,
    description: Option<usize>,
    customer: Option<usize>,
    email: Option<usize>,
    customer_description: Option<usize>,
    client_reference: Option<usize>,
    disputed: Option<usize>,
    disputed_at: Option<usize>,
    dispute_status: Option<usize>,
    invoice: Option<usize>,
    metadata: Vec<(usize, String)>,
}

impl Fields {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Fields> {
        let id = columns.required(&["id"], problems);
        let created = columns.required(CREATED, problems);
        let amount = columns.required(&["Amount"], problems);
        let currency = columns.required(&["Currency"], problems);
        let mut find = |name| columns.optional(&[name], problems);
        let (status, captured) = (find("Status"), find("Captured"));
        let Some(deciding) = status.or(captured) else {
            let message = "neither \"Status\" nor \"Captured\" is there, so failed attempts cannot be told from payments";
            problems.push(
                Problem::new(&catalogue::HEADER, message)
                    .at(Place::line(&columns.file, 1))
                    .help("export the payments again with the column Status"),
            );
            return None;
        };
        Some(Fields {
            id: id?,
            created: created?,
            amount: amount?,
            currency: currency?,
            refunded: find("Amount Refunded"),
            refunded_at: find("Refunded date (UTC)"),
            converted: find("Converted Amount"),
            converted_refunded: find("Converted Amount Refunded"),
            converted_currency: find("Converted Currency"),
            captured,
            mode: find("Mode"),
            status,
            deciding,
            description: find("Description"),
            customer: find("Customer ID"),
            email: find("Customer Email"),
            customer_description: find("Customer Description"),
            client_reference: find("Client Reference ID"),
            disputed: find("Disputed Amount"),
            disputed_at: find("Dispute Date (UTC)"),
            dispute_status: find("Dispute Status"),
            invoice: find("Invoice ID"),
            metadata: rows::metadata(&columns.header),
        })
    }
}

/// What the remarks will say.
#[derive(Default)]
struct Doubts {
    unknown_status: u64,
    unknown_disputes: u64,
    same_number: u64,
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
        let payment = payment(&columns, &fields, row, &mut money, &mut doubts)?;
        tally.cover(payment.created, payment.created);
        records.payments.push(payment);
        Ok(())
    });
    money.finish(problems);
    let used = tally.used;
    let mut tell = |entry, rows, text| rows::remark(&mut tally, entry, rows, text);
    if fields.refunded.is_none() {
        let text = "the column Amount Refunded is missing: refunds of {n} payments are not known and count as none";
        tell(&catalogue::MISSING_COLUMN, used, text);
    }
    if fields.status.is_none() {
        let text = "the column Status is missing: Captured decides for {n} payments whether the money arrived";
        tell(&catalogue::MISSING_COLUMN, used, text);
    }
    let text = "{n} payments have a Status that is not known; Captured decides";
    tell(&catalogue::NOT_CHECKED, doubts.unknown_status, text);
    let text = "{n} payments have the same Converted Amount as Amount in another currency; they give no exchange rate";
    tell(&catalogue::NOT_CHECKED, doubts.same_number, text);
    let text = "{n} payments have a disputed amount, but the column Dispute Status is missing: none counts as lost";
    tell(&catalogue::MISSING_COLUMN, doubts.unknown_disputes, text);
    tally
}

fn payment(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    money: &mut Money,
    doubts: &mut Doubts,
) -> Result<Payment, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = columns.currency(row, fields.currency)?;
    let amount = not_negative(columns, row, fields.amount, currency, money)?;
    let refunded = match fields.refunded {
        None => Exact::ZERO,
        Some(column) => not_negative(columns, row, column, currency, money)?,
    };
    if let (Some(column), true) = (fields.refunded, refunded > amount) {
        let message = format!("{} is more than Amount", columns.header.name(column));
        return Err(columns.problem(&catalogue::BAD_VALUE, row, column, message));
    }
    Ok(Payment {
        id,
        customer: rows::other_id(columns, row, fields.customer)?,
        email: rows::text(row, fields.email),
        keys: rows::keys(
            row,
            &fields.metadata,
            &[
                ("customer description", fields.customer_description),
                ("client reference id", fields.client_reference),
            ],
        ),
        created: columns.instant(row, fields.created)?,
        amount,
        refunded,
        refunded_at: columns.optional_instant(row, fields.refunded_at)?,
        dispute: dispute(columns, fields, row, (amount, currency), money, doubts)?,
        currency,
        settled: settled(columns, fields, row, (amount, currency), money, doubts)?,
        status: status(columns, fields, row, doubts)?,
        invoice: rows::other_id(columns, row, fields.invoice)?,
        tells_invoice: fields.invoice.is_some(),
        description: rows::text(row, fields.description),
        origin: rows::origin(columns, row),
    })
}

fn not_negative(
    columns: &Columns,
    row: &Row,
    column: usize,
    currency: Currency,
    money: &mut Money,
) -> Result<Exact, Problem> {
    let amount = money.amount(columns, row, column, currency)?;
    if amount.is_negative() {
        let message = format!("{} is below zero", columns.header.name(column));
        return Err(columns.problem(&catalogue::BAD_VALUE, row, column, message));
    }
    Ok(amount)
}

/// What Stripe paid out in another currency; `None` where it settles in the payment's own, where
/// nothing was paid, or where the number is the same in both: then one of the currencies is wrong.
fn settled(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    paid: (Exact, Currency),
    money: &mut Money,
    doubts: &mut Doubts,
) -> Result<Option<Settled>, Problem> {
    let filled = |column: Option<usize>| column.filter(|c| row.filled(*c).is_some());
    let (Some(at), Some(amount)) = (filled(fields.converted_currency), filled(fields.converted))
    else {
        return Ok(None);
    };
    let currency = columns.currency(row, at)?;
    if currency == paid.1 {
        return Ok(None);
    }
    let refunded = match filled(fields.converted_refunded) {
        None => None,
        Some(column) => Some(not_negative(columns, row, column, currency, money)?),
    };
    let amount = not_negative(columns, row, amount, currency, money)?;
    if amount == paid.0 && !amount.is_zero() {
        doubts.same_number += 1;
        return Ok(None);
    }
    Ok(Some(Settled {
        amount,
        refunded,
        currency,
    }))
}

/// The dispute of a payment: lost, won, or anything else, which has not decided. An open one without
/// an amount puts all of the payment at risk.
fn dispute(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    (paid, currency): (Exact, Currency),
    money: &mut Money,
    doubts: &mut Doubts,
) -> Result<Option<PaymentDispute>, Problem> {
    let disputed = money.optional_amount(columns, row, fields.disputed, currency)?;
    let at = columns.optional_instant(row, fields.disputed_at)?;
    let is_some = disputed.is_some_and(|amount| amount.is_positive());
    let Some(column) = fields.dispute_status else {
        doubts.unknown_disputes += u64::from(is_some);
        return Ok(None);
    };
    let word = row.filled(column).map(str::to_lowercase);
    let status = match word.as_deref() {
        None if !is_some => return Ok(None),
        Some("lost") => DisputeStatus::Lost,
        Some("won" | "prevented" | "warning_closed") => DisputeStatus::Won,
        _ => DisputeStatus::Open,
    };
    let amount = match (disputed, status) {
        (Some(amount), _) => amount,
        (None, DisputeStatus::Open) => paid,
        (None, DisputeStatus::Won) => Exact::ZERO,
        (None, DisputeStatus::Lost) => {
            let message = "the dispute is lost, but Disputed Amount is missing";
            return Err(columns.problem(&catalogue::MISSING_VALUE, row, column, message));
        }
    };
    Ok(Some(PaymentDispute { status, amount, at }))
}

/// The words of `Status` that say why the money did not arrive, and what each becomes.
const NOT_SUCCEEDED: &[(&str, &str)] = &[
    ("failed", "failed"),
    ("canceled", "canceled"),
    ("cancelled", "canceled"),
    ("pending", "pending"),
    ("processing", "pending"),
    ("blocked", "blocked"),
    ("incomplete", "incomplete"),
    ("uncaptured", "uncaptured"),
    ("requires_capture", "uncaptured"),
    ("requires_payment_method", "requires_payment_method"),
    ("requires_confirmation", "requires_confirmation"),
    ("requires_action", "requires_action"),
];
/// The words of `Status` for money that arrived, whatever happened to it afterwards.
const SUCCEEDED: &[&str] = &[
    "paid",
    "succeeded",
    "refunded",
    "partial refund",
    "partially refunded",
];

fn status(
    columns: &Columns,
    fields: &Fields,
    row: &Row,
    doubts: &mut Doubts,
) -> Result<PaymentStatus, Problem> {
    if is_test(columns, fields, row)? {
        return Ok(PaymentStatus::Test);
    }
    let captured = rows::yes_or_no(columns, row, fields.captured)?;
    let word = rows::text(row, fields.status).map(|word| word.to_lowercase());
    let why = NOT_SUCCEEDED
        .iter()
        .find(|(known, _)| word.as_deref() == Some(*known));
    if let Some((_, why)) = why {
        return Ok(PaymentStatus::NotSucceeded(why));
    }
    if captured == Some(false) {
        return Ok(PaymentStatus::NotSucceeded("uncaptured"));
    }
    let known = |word: &str| SUCCEEDED.contains(&word) || word.starts_with("disputed");
    if word.as_deref().is_some_and(known) {
        return Ok(PaymentStatus::Succeeded);
    }
    if captured == Some(true) {
        doubts.unknown_status += u64::from(fields.status.is_some());
        return Ok(PaymentStatus::Succeeded);
    }
    let problem = rows::unknown_word(columns, row, fields.deciding, "a known status");
    Err(problem.help("export the column Captured too; it decides where Status does not"))
}

fn is_test(columns: &Columns, fields: &Fields, row: &Row) -> Result<bool, Problem> {
    let Some((column, mode)) = fields.mode.and_then(|c| Some((c, row.filled(c)?))) else {
        return Ok(false);
    };
    match mode.to_lowercase().as_str() {
        "live" => Ok(false),
        "test" => Ok(true),
        _ => Err(rows::unknown_word(columns, row, column, "Live or Test")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::revenue::testing::{Outcome, Rows, read as read_format};

    const HEADER: &str =
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Status,Mode";

    fn read_rows(rows: &[&str]) -> Outcome {
        read_format(&FORMAT, &format!("{HEADER}\n{}\n", rows.join("\n")))
    }

    fn faults(row: &str) -> Vec<String> {
        let good = "ch_1,2026-09-01 10:00:00,12.00,0.00,usd,true,Paid,Live";
        read_rows(&[good, row, good]).faults()
    }

    fn statuses(outcome: &Outcome) -> Vec<PaymentStatus> {
        let payments = outcome.records.payments.iter();
        payments.map(|payment| payment.status.clone()).collect()
    }

    #[test]
    fn a_damaged_cell_is_refused_where_it_stands() {
        for (row, fault) in [
            (
                "ch_2,2026-09-01 10:00:00,,0.00,usd,true,Paid,Live",
                "T3021@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,,0.00,usd,false,Failed,Live",
                "T3021@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,NaN,0.00,usd,true,Paid,Live",
                "T3021@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,n/a,0.00,usd,true,Paid,Live",
                "T3021@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,$5.00,0.00,usd,true,Paid,Live",
                "T3021@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,(5.00),0.00,usd,true,Paid,Live",
                "T3021@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,5.00-,0.00,usd,true,Paid,Live",
                "T3021@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,\"5,00\",0.00,usd,true,Paid,Live",
                "T3021@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,-5.00,0.00,usd,true,Paid,Live",
                "T3029@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,5.001,0.00,usd,true,Paid,Live",
                "T3029@3:3",
            ),
            (
                "ch_2,2026-09-01 10:00:00,5.00,5.01,usd,true,Paid,Live",
                "T3029@3:4",
            ),
            (
                "ch_2,2026-09-01 10:00:00,5.00,,usd,true,Paid,Live",
                "T3021@3:4",
            ),
            (
                "ch_2,2026-09-01 10:00:00,5.00,0.00,,true,Paid,Live",
                "T3029@3:5",
            ),
            (
                "ch_2,2026-09-01 10:00:00,5.00,0.00,dollars,true,Paid,Live",
                "T3029@3:5",
            ),
            (
                "ch_2,2026-09-01 10:00:00,5.00,0.00,usd,maybe,Paid,Live",
                "T3029@3:6",
            ),
            (
                "ch_2,2026-09-01 10:00:00,5.00,0.00,usd,true,Paid,Sandbox",
                "T3029@3:8",
            ),
            (
                "ch_2,12/25/25 20:18,5.00,0.00,usd,true,Paid,Live",
                "T3024@3:2",
            ),
            ("ch_2,,5.00,0.00,usd,true,Paid,Live", "T3024@3:2"),
            (
                ",2026-09-01 10:00:00,5.00,0.00,usd,true,Paid,Live",
                "T3027@3:1",
            ),
            (
                "1.23457E+11,2026-09-01 10:00:00,5.00,0.00,usd,true,Paid,Live",
                "T3026@3:1",
            ),
            (
                "Total,2026-09-01 10:00:00,5.00,0.00,usd,true,Paid,Live",
                "T3030@3:1",
            ),
            (HEADER, "T3031@3:1"),
        ] {
            assert_eq!(faults(row), [fault], "{row}");
        }
    }

    #[test]
    fn status_decides_then_captured_and_never_neither() {
        let of = |captured: &str, status: &str| {
            let row = format!("ch_1,2026-09-01 10:00:00,12.00,0.00,usd,{captured},{status},Live");
            read_rows(&[&row])
        };
        let succeeded = [
            "Paid",
            "paid",
            "Refunded",
            "Partially refunded",
            "Disputed: lost",
        ];
        for word in succeeded {
            let outcome = of("true", word);
            assert_eq!(statuses(&outcome), [PaymentStatus::Succeeded], "{word}");
            assert_eq!(outcome.remarks(), Vec::<String>::new(), "{word}");
        }
        for (captured, word, why) in [
            ("false", "Failed", "failed"),
            ("true", "Pending", "pending"),
            ("false", "canceled", "canceled"),
            ("false", "requires_action", "requires_action"),
            ("false", "requires_capture", "uncaptured"),
            ("false", "Blocked", "blocked"),
            ("false", "Paid", "uncaptured"),
            ("FALSE", "", "uncaptured"),
        ] {
            let found = statuses(&of(captured, word));
            assert_eq!(
                found,
                [PaymentStatus::NotSucceeded(why)],
                "{captured} {word}"
            );
        }
        let unknown = of("true", "Early fraud warning");
        assert_eq!(statuses(&unknown), [PaymentStatus::Succeeded]);
        assert_eq!(unknown.remarks(), ["N2106×1"]);
        assert_eq!(of("", "Early fraud warning").faults(), ["T3029@2:7"]);
    }

    #[test]
    fn test_rows_are_told_from_live_ones() {
        let outcome = read_rows(&["ch_1,2026-09-01 10:00:00,1.00,0.00,usd,true,Paid,TEST"]);
        assert_eq!(statuses(&outcome), [PaymentStatus::Test]);
    }

    #[test]
    fn missing_columns_are_told_or_refused() {
        let no_refunds = read_format(
            &FORMAT,
            "Currency,Amount,id,Created (UTC),Status\nusd,5.00,ch_1,2026-09-01 10:00,Paid\n",
        );
        assert_eq!(no_refunds.records.payments[0].refunded, Exact::ZERO);
        assert_eq!(no_refunds.remarks(), ["N2108×1"]);

        let no_outcome = "id,Created (UTC),Amount,Amount Refunded,Currency\nch_1,2026-09-01 10:00,5.00,0.00,usd\n";
        assert_eq!(read_format(&FORMAT, no_outcome).faults(), ["T3016@1"]);
        let no_amount = "id,Created (UTC),Converted Amount,Currency,Status\nch_1,2026-09-01 10:00,5.00,usd,Paid\n";
        assert_eq!(read_format(&FORMAT, no_amount).faults(), ["T3016@1"]);
    }

    #[test]
    fn a_dispute_is_lost_won_or_open() {
        let of = |status: &str, amount: &str| {
            read_format(
                &FORMAT,
                &format!(
                    "id,Created (UTC),Amount,Amount Refunded,Currency,Status,Disputed Amount,Dispute Status\n\
                     ch_1,2026-09-01 10:00,5.00,0.00,usd,Paid,{amount},{status}\n"
                ),
            )
        };
        let dispute = |outcome: &Outcome| {
            let dispute = outcome.records.payments[0].dispute?;
            assert_eq!(dispute.at, None);
            Some((dispute.status, dispute.amount.to_string()))
        };
        for (status, amount, expected) in [
            ("lost", "4.00", Some((DisputeStatus::Lost, "4"))),
            ("Won", "4.00", Some((DisputeStatus::Won, "4"))),
            ("warning_closed", "", Some((DisputeStatus::Won, "0"))),
            ("under_review", "4.00", Some((DisputeStatus::Open, "4"))),
            // Nobody says how much: all of it.
            ("needs_response", "", Some((DisputeStatus::Open, "5"))),
            ("", "4.00", Some((DisputeStatus::Open, "4"))),
            ("", "", None),
        ] {
            let expected = expected.map(|(status, amount)| (status, amount.to_string()));
            assert_eq!(dispute(&of(status, amount)), expected, "{status} {amount}");
        }
        assert_eq!(of("Lost", "").faults(), ["T3027@2:8"]);

        let no_status = read_format(
            &FORMAT,
            "id,Created (UTC),Amount,Amount Refunded,Currency,Status,Disputed Amount\n\
             ch_1,2026-09-01 10:00,5.00,0.00,usd,Paid,5.00\n",
        );
        assert_eq!(
            (dispute(&no_status), no_status.remarks()),
            (None, vec!["N2108×1".to_string()])
        );
    }

    #[test]
    fn blank_rows_are_counted() {
        let outcome = read_rows(&[
            ",,,,,,,",
            "ch_1,2026-09-01 10:00:00,1.00,0.00,usd,true,Paid,",
        ]);
        assert_eq!((outcome.tally.read, outcome.tally.used), (2, 1));
        assert_eq!(outcome.tally.skipped["blank"], 1);
    }

    #[test]
    fn other_stripe_files_are_not_payments() {
        for header in [
            "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Amount Refunded",
            "id,Created (UTC),Total Spend,Delinquent",
            "id,Amount,Created (UTC),Currency,Arrival Date (UTC)",
        ] {
            assert!(
                !detect(&Rows::of(&format!("{header}\n")).sample()),
                "{header}"
            );
        }
    }

    #[test]
    fn what_was_paid_out_gives_a_rate_only_in_other_numbers() {
        let csv = "id,Created (UTC),Amount,Currency,Status,Converted Amount,Converted Currency\n\
                   ch_1,2026-09-01 10:00,10.00,eur,Paid,10.80,usd\n\
                   ch_2,2026-09-01 10:00,10.00,sek,Paid,10.00,usd\n\
                   ch_3,2026-09-01 10:00,10.00,usd,Paid,10.00,usd\n\
                   ch_4,2026-09-01 10:00,10.00,eur,Failed,,\n";
        let outcome = read_format(&FORMAT, csv);
        assert_eq!(outcome.faults(), Vec::<String>::new());
        let payments = outcome.records.payments.iter();
        let settled: Vec<_> = payments.map(|payment| payment.settled).collect();
        let dollars = Settled {
            amount: Exact::new(1080, 2),
            refunded: None,
            currency: Currency::USD,
        };
        assert_eq!(settled, [Some(dollars), None, None, None]);
        assert!(outcome.remarks().contains(&"N2106×1".to_string()));
    }
}
