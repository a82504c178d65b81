//! What a controller would book, worked out by hand.

use std::collections::BTreeSet;

use super::*;
use crate::model::Month;
use crate::model::records::{
    BalanceEntry, BalanceKind, CreditNote, Dispute, DisputeStatus, Invoice, InvoiceLine,
    InvoiceStatus, ListPrice, MrrChange, Payment, PaymentDispute, PaymentStatus, Prepaid, Product,
    RecognizedEntry, Refund, RefundStatus, Subscription, SubscriptionItem,
};

pub(super) fn at(text: &str) -> Instant {
    Instant::parse(text, Some(Zone::Utc)).unwrap()
}

pub(super) fn exact(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

pub(super) fn origin() -> Origin {
    Origin {
        file: "file.csv".into(),
        line: 2,
    }
}

fn period(from: &str, to: &str) -> (Instant, Instant) {
    (at(from), at(to))
}

pub(super) fn invoice(id: &str, total: &str, date: &str, to: &str) -> Invoice {
    Invoice {
        off_lines: Exact::ZERO,
        id: id.into(),
        number: None,
        namespace: "stripe",
        customer: Some("cus_acme".into()),
        name: None,
        email: None,
        keys: Vec::new(),
        total: exact(total),
        tax: Exact::ZERO,
        currency: Currency::USD,
        date: at(date),
        finalized: Some(at(date)),
        service: Some(period(date, to)),
        status: InvoiceStatus::Paid,
        voided: None,
        uncollectible: None,
        paid: None,
        prepaid: Prepaid::No,
        subscription: None,
        plan: None,
        recurring: None,
        metered: false,
        origin: origin(),
    }
}

pub(super) fn line(id: &str, of: &str, net: &str, from: &str, to: &str) -> InvoiceLine {
    InvoiceLine {
        id: id.into(),
        invoice: of.into(),
        namespace: "stripe",
        customer: Some("cus_acme".into()),
        net: exact(net),
        tax: Exact::ZERO,
        currency: Currency::USD,
        service: Some(period(from, to)),
        price: None,
        plan: None,
        quantity: None,
        proration: false,
        metered: None,
        subscription: None,
        item: None,
        description: None,
        origin: origin(),
    }
}

fn payment(id: &str, amount: &str, created: &str, invoice: Option<&str>) -> Payment {
    Payment {
        id: id.into(),
        customer: Some("cus_acme".into()),
        email: None,
        keys: Vec::new(),
        created: at(created),
        amount: exact(amount),
        refunded: Exact::ZERO,
        refunded_at: None,
        dispute: None,
        currency: Currency::USD,
        settled: None,
        status: PaymentStatus::Succeeded,
        invoice: invoice.map(str::to_string),
        tells_invoice: true,
        description: None,
        origin: origin(),
    }
}

fn refund(id: &str, of: &str, amount: &str, when: &str) -> Refund {
    Refund {
        id: id.into(),
        payment: of.into(),
        amount: exact(amount),
        currency: Currency::USD,
        at: at(when),
        status: RefundStatus::Succeeded,
        origin: origin(),
    }
}

fn dispute(of: &str, amount: &str, when: &str, status: DisputeStatus) -> Dispute {
    Dispute {
        id: format!("dp_{of}"),
        payment: of.into(),
        amount: exact(amount),
        currency: Currency::USD,
        at: at(when),
        status,
        origin: origin(),
    }
}

fn note(of: &str, amount: &str, when: &str) -> CreditNote {
    CreditNote {
        id: format!("cn_{of}"),
        namespace: "stripe",
        invoice: of.into(),
        customer: Some("cus_acme".into()),
        amount: exact(amount),
        currency: Currency::USD,
        at: at(when),
        void: false,
        refund: None,
        lines: Vec::new(),
        origin: origin(),
    }
}

fn moved(object: &str, kind: BalanceKind, gross: &str, when: &str) -> BalanceEntry {
    BalanceEntry {
        id: format!("txn_{object}_{gross}"),
        kind,
        object: Some(object.into()),
        payment: None,
        gross: exact(gross),
        fee: Exact::ZERO,
        currency: Currency::USD,
        facing: None,
        at: at(when),
        customer: Some("cus_acme".into()),
        email: None,
        name: None,
        keys: Vec::new(),
        invoice: None,
        invoice_number: None,
        subscription: None,
        description: None,
        gives_back: None,
        origin: origin(),
    }
}

fn entry(month: &str, debit: &str, credit: &str, amount: &str) -> RecognizedEntry {
    let month = Month::parse(month).unwrap();
    let start = |month: Month| Zone::Utc.start_of(month.first_day());
    RecognizedEntry {
        period: (start(month), start(month.plus(1))),
        open: false,
        debit: debit.into(),
        credit: credit.into(),
        amount: exact(amount),
        currency: Currency::USD,
        customer: Some("cus_acme".into()),
        price: None,
        invoice: None,
        origin: origin(),
    }
}

pub(super) fn book_on(records: &RevenueRecords, basis: Basis) -> (Identity, RevenueBook) {
    let none = BTreeSet::new();
    let identity = Identity::build(None, false, &none, &none, &BTreeSet::new(), records);
    let book = RevenueBook::build(Inputs {
        records,
        identity: &identity,
        basis,
        zone: Zone::Utc,
        currency: Currency::USD,
        period: Period {
            start: Day::parse("2026-01-01").unwrap(),
            end: Day::parse("2026-05-01").unwrap(),
        },
    });
    (identity, book)
}

/// Revenue of each month of 2026 from January on, as many as asked for. Every month ties.
fn months_on(records: &RevenueRecords, basis: Basis, count: i32) -> Vec<String> {
    let (identity, book) = book_on(records, basis);
    let first = Month::parse("2026-01").unwrap();
    let of = |n: i32| {
        let month = Period::month(first.plus(n));
        book.deferred(month);
        let ties = book.ties(month, &identity);
        let sum = |tie: &RevenueTie| tie.customers + tie.unmapped + tie.internal;
        ties.iter().map(sum).sum::<Exact>().to_string()
    };
    (0..count).map(of).collect()
}

fn months(records: &RevenueRecords, count: i32) -> Vec<String> {
    months_on(records, Basis::Recognized, count)
}

/// What a tie leaves out, by name.
fn excluded(records: &RevenueRecords, source: Source) -> Vec<String> {
    let (identity, book) = book_on(records, Basis::Recognized);
    let january = Period::month(Month::parse("2026-01").unwrap());
    let ties = book.ties(january, &identity);
    let tie = ties.iter().find(|tie| tie.source == source).unwrap();
    let rows = tie.excluded.iter();
    rows.map(|(reason, amount)| format!("{reason} {amount}"))
        .collect()
}

fn with(invoices: Vec<Invoice>, lines: Vec<InvoiceLine>) -> RevenueRecords {
    RevenueRecords {
        invoices,
        lines,
        ..RevenueRecords::default()
    }
}

#[test]
fn lines_take_the_place_of_their_invoice() {
    // 90 for April and, on the invoice of April 21, the upgrade to 120: minus 30, plus 40.
    let records = with(
        vec![
            invoice("in_1", "90", "2026-04-01", "2026-05-01"),
            invoice("in_2", "10", "2026-04-21", "2026-05-01"),
        ],
        vec![
            line("il_1", "in_2", "-30", "2026-04-21", "2026-05-01"),
            line("il_2", "in_2", "40", "2026-04-21", "2026-05-01"),
        ],
    );
    assert_eq!(months(&records, 5), ["0", "0", "0", "100", "0"]);
    let same = ["same money as stripe invoice lines 10"];
    assert_eq!(excluded(&records, Source::StripeInvoices), same);
    let (_, book) = book_on(&records, Basis::Recognized);
    // 60 of the old plan are earned when the new one begins, then 4 a day.
    let until = |day| -> Exact {
        let lines = book.obligations.iter();
        lines.map(|o| o.schedule.recognized_until(at(day))).sum()
    };
    assert_eq!(until("2026-04-21"), exact("60"));
    assert_eq!(until("2026-04-22"), exact("64"));
}

#[test]
fn each_line_has_its_own_period() {
    // A year of 365 and usage of January of 20 on one invoice of Feb 1, which spans both.
    let mut both = invoice("in_1", "385", "2026-02-01", "2027-02-01");
    both.service = Some(period("2026-01-01", "2027-02-01"));
    let lines = vec![
        line("il_1", "in_1", "365", "2026-02-01", "2027-02-01"),
        line("il_2", "in_1", "20", "2026-01-01", "2026-02-01"),
    ];
    assert_eq!(months(&with(vec![both], lines), 3), ["20", "28", "31"]);
}

#[test]
fn an_invoice_that_differs_from_its_lines_says_so() {
    // Shipping of 5 is on the invoice and on no line; tax of 10 is on the invoice alone.
    let mut one = invoice("in_1", "115", "2026-01-01", "2026-02-01");
    one.tax = exact("10");
    let lines = vec![line("il_1", "in_1", "100", "2026-01-01", "2026-02-01")];
    let records = with(vec![one], lines);
    assert_eq!(months(&records, 2), ["100", "0"]);
    assert_eq!(
        excluded(&records, Source::StripeInvoices),
        [
            "difference to its lines 5",
            "same money as stripe invoice lines 100"
        ]
    );
}

#[test]
fn tax_inside_the_lines_is_taken_out() {
    // 120 with 20 inside, two lines of 90 and 30: 75 and 25 net.
    let mut one = invoice("in_1", "120", "2026-01-01", "2026-02-01");
    one.tax = exact("20");
    let lines = vec![
        line("il_1", "in_1", "90", "2026-01-01", "2026-02-01"),
        line("il_2", "in_1", "30", "2026-02-01", "2026-03-01"),
    ];
    assert_eq!(months(&with(vec![one], lines), 2), ["75", "25"]);
}

#[test]
fn an_invoice_without_lines_counts_beside_one_with_lines() {
    let invoices = vec![
        invoice("in_1", "31", "2026-01-15", "2026-02-15"),
        invoice("in_2", "10", "2026-01-01", "2026-02-01"),
    ];
    let lines = vec![
        line("il_2", "in_2", "10", "2026-01-01", "2026-02-01"),
        // Its invoice is in no file.
        line("il_3", "in_3", "7", "2026-02-01", "2026-03-01"),
    ];
    assert_eq!(months(&with(invoices, lines), 2), ["27", "21"]);
}

#[test]
fn lines_of_a_draft_are_no_revenue() {
    let mut draft = invoice("in_1", "10", "2026-01-01", "2026-02-01");
    draft.status = InvoiceStatus::Draft;
    let lines = vec![line("il_1", "in_1", "10", "2026-01-01", "2026-02-01")];
    let records = with(vec![draft], lines);
    assert_eq!(months(&records, 1), ["0"]);
    assert_eq!(excluded(&records, Source::StripeLines), ["draft 10"]);
}

#[test]
fn refunds_count_one_by_one_on_their_own_days() {
    // 90 over three months, refunds of 18 on Feb 1 and 27 on Mar 1, a third one failed.
    // By Feb 1 31/90 of 18 = 6.2 goes back: Feb 72·59/90 − 31 = 16.2 (31 were earned).
    // Cumulated: 72·59/90 = 47.2 by Mar 1; the end is 45, so March is −2.2.
    let mut records = with(
        vec![invoice("in_1", "90", "2026-01-01", "2026-04-01")],
        vec![],
    );
    let mut paid = payment("ch_1", "90", "2026-01-01", Some("in_1"));
    paid.refunded = exact("45");
    paid.refunded_at = Some(at("2026-03-01"));
    records.payments = vec![paid];
    let mut failed = refund("re_3", "ch_1", "5", "2026-02-10");
    failed.status = RefundStatus::Failed;
    records.refunds = vec![
        refund("re_1", "ch_1", "18", "2026-02-01"),
        refund("re_2", "ch_1", "27", "2026-03-01"),
        failed,
    ];
    assert_eq!(months(&records, 4), ["31", "16.2", "-2.2", "0"]);
    assert_eq!(excluded(&records, Source::StripeInvoices), ["refunds 45"]);
    let all = ["failed 5", "taken back 45"];
    assert_eq!(excluded(&records, Source::Refunds), all);
    // Without them the export's one date stands for both: by Mar 1 59 of 90 is earned, March is
    // 45 − 59.
    records.refunds.clear();
    assert_eq!(months(&records, 4), ["31", "28", "-14", "0"]);
    // Refunds that hold a part of the column's sum leave the rest to its date:
    // Feb 72·59/90 − 31 as above, and the rest on Mar 1.
    records.refunds = vec![refund("re_1", "ch_1", "18", "2026-02-01")];
    assert_eq!(months(&records, 4), ["31", "16.2", "-2.2", "0"]);
}

#[test]
fn the_balance_dates_refunds_and_knows_those_that_failed() {
    let mut records = with(
        vec![invoice("in_1", "31", "2026-01-01", "2026-02-01")],
        vec![],
    );
    let mut paid = payment("ch_1", "31", "2026-01-01", Some("in_1"));
    paid.refunded = exact("10");
    records.payments = vec![paid];
    let mut of = |object: &str, kind, gross: &str, when: &str| {
        let mut entry = moved(object, kind, gross, when);
        entry.payment = Some("ch_1".into());
        records.balance.push(entry);
    };
    of("ch_1", BalanceKind::Payment, "31", "2026-01-01");
    of("re_1", BalanceKind::Refund, "-10", "2026-03-05");
    of("re_2", BalanceKind::Refund, "-4", "2026-02-05");
    of("re_2", BalanceKind::RefundFailure, "4", "2026-02-09");
    assert_eq!(months(&records, 4), ["31", "0", "-10", "0"]);
    // Every movement is the payments' money: 31 − 10 − 4 + 4.
    let same = ["same money as stripe payments 21"];
    assert_eq!(excluded(&records, Source::StripeBalance), same);
}

#[test]
fn disputes_count_when_they_are_lost() {
    for (status, february) in [
        (DisputeStatus::Lost, "-31"),
        (DisputeStatus::Won, "0"),
        (DisputeStatus::Open, "0"),
    ] {
        let mut records = with(
            vec![invoice("in_1", "31", "2026-01-01", "2026-02-01")],
            vec![],
        );
        records.payments = vec![payment("ch_1", "31", "2026-01-01", Some("in_1"))];
        records.disputes = vec![dispute("ch_1", "31", "2026-02-10", status)];
        assert_eq!(months(&records, 3), ["31", february, "0"], "{status:?}");
    }
    // The balance alone: withdrawn in February, and given back in March in the second case.
    let mut records = with(
        vec![invoice("in_1", "31", "2026-01-01", "2026-02-01")],
        vec![],
    );
    records.payments = vec![payment("ch_1", "31", "2026-01-01", Some("in_1"))];
    let mut gone = moved("dp_1", BalanceKind::Dispute, "-31", "2026-02-10");
    gone.payment = Some("ch_1".into());
    records.balance.push(gone);
    assert_eq!(months(&records, 3), ["31", "-31", "0"]);
    let mut back = moved("dp_1", BalanceKind::DisputeReversal, "31", "2026-03-10");
    back.payment = Some("ch_1".into());
    records.balance.push(back);
    assert_eq!(months(&records, 3), ["31", "0", "0"]);
}

#[test]
fn credit_notes_by_invoice_and_by_line() {
    let mut records = with(
        vec![invoice("in_1", "90", "2026-01-01", "2026-04-01")],
        vec![],
    );
    records.credit_notes = vec![note("in_1", "45", "2026-02-01")];
    // 31; 14 − 15.5; 15.5.
    assert_eq!(months(&records, 3), ["31", "-1.5", "15.5"]);
    records.credit_notes[0].void = true;
    assert_eq!(months(&records, 3), ["31", "28", "31"]);
    assert_eq!(excluded(&records, Source::CreditNotes), ["void 45"]);
    // Two lines: 90 over three months and 30 of support in January; the note takes the support.
    let mut by_line = with(
        vec![invoice("in_1", "120", "2026-01-01", "2026-04-01")],
        vec![
            line("il_1", "in_1", "90", "2026-01-01", "2026-04-01"),
            line("il_2", "in_1", "30", "2026-01-01", "2026-01-31"),
        ],
    );
    let mut of_line = note("in_1", "30", "2026-02-01");
    of_line.lines = vec![("il_2".into(), exact("30"))];
    by_line.credit_notes = vec![of_line];
    assert_eq!(months(&by_line, 3), ["61", "-2", "31"]);
    // Named by invoice it takes a quarter of both: 22.5 and 7.5. By Feb 1 31/90 of 22.5 = 7.75 of
    // the plan goes back and all of the 7.5; then 67.5/90 a day: Feb 21 − 15.25, March 23.25.
    by_line.credit_notes[0].lines.clear();
    assert_eq!(months(&by_line, 3), ["61", "5.75", "23.25"]);
}

#[test]
fn a_refund_that_pays_a_credit_note_counts_once() {
    let mut records = with(
        vec![invoice("in_1", "90", "2026-01-01", "2026-04-01")],
        vec![],
    );
    let mut paid = payment("ch_1", "90", "2026-01-01", Some("in_1"));
    paid.refunded = exact("45");
    records.payments = vec![paid];
    let mut paid_out = note("in_1", "45", "2026-02-01");
    paid_out.refund = Some("re_1".into());
    records.credit_notes = vec![paid_out];
    let expected = ["31", "-1.5", "15.5"];
    assert_eq!(months(&records, 3), expected);
    records.refunds = vec![refund("re_1", "ch_1", "45", "2026-02-03")];
    assert_eq!(months(&records, 3), expected);
}

#[test]
fn gross_refunds_are_scaled_to_net() {
    // 120 with 20 tax, refunded 60 in February: 50 of the net 100.
    let mut one = invoice("in_1", "120", "2026-01-01", "2026-02-01");
    one.tax = exact("20");
    let mut records = with(vec![one], vec![]);
    records.payments = vec![payment("ch_1", "120", "2026-01-01", Some("in_1"))];
    records.refunds = vec![refund("re_1", "ch_1", "60", "2026-02-03")];
    assert_eq!(months(&records, 2), ["100", "-50"]);
}

#[test]
fn a_write_off_that_is_paid_after_all_comes_back() {
    let mut one = invoice("in_1", "31", "2026-01-01", "2026-02-01");
    one.uncollectible = Some(at("2026-02-20"));
    let mut records = with(vec![one], vec![]);
    // Nobody says when it was paid: the revenue stays.
    assert_eq!(months(&records, 3), ["31", "0", "0"]);
    records.payments = vec![payment("ch_1", "31", "2026-03-10", Some("in_1"))];
    assert_eq!(months(&records, 3), ["31", "-31", "31"]);
}

#[test]
fn a_write_off_comes_back_on_the_day_that_the_invoice_states() {
    let mut one = invoice("in_1", "31", "2026-01-01", "2026-02-01");
    one.uncollectible = Some(at("2026-02-20"));
    one.paid = Some(at("2026-03-10"));
    assert_eq!(
        months(&with(vec![one.clone()], vec![]), 3),
        ["31", "-31", "31"]
    );
    // A day before the write-off is not that of its payment.
    one.paid = Some(at("2026-02-19"));
    assert_eq!(months(&with(vec![one], vec![]), 3), ["31", "0", "0"]);
}

#[test]
fn nothing_is_earned_between_a_write_off_and_its_payment() {
    let mut one = invoice("in_1", "31", "2026-01-01", "2026-02-01");
    one.uncollectible = Some(at("2026-02-20"));
    let mut records = with(vec![one], vec![]);
    records.payments = vec![payment("ch_1", "31", "2026-03-10", Some("in_1"))];
    records.refunds = vec![refund("re_1", "ch_1", "10", "2026-04-03")];
    assert_eq!(months(&records, 4), ["31", "-31", "31", "-10"]);
}

#[test]
fn refunds_in_pieces_leave_nothing() {
    // Net 0.02 and 0.01 tax, back in three pieces of 0.01. Their running sums without tax are 0.0067,
    // 0.0133 and 0.02, rounded 0.01, 0.01 and 0.02.
    let mut one = invoice("in_1", "0.03", "2026-01-01", "2026-02-01");
    one.tax = exact("0.01");
    let mut records = with(vec![one], vec![]);
    records.payments = vec![payment("ch_1", "0.03", "2026-01-01", Some("in_1"))];
    records.refunds = vec![
        refund("re_1", "ch_1", "0.01", "2026-02-03"),
        refund("re_2", "ch_1", "0.01", "2026-03-03"),
        refund("re_3", "ch_1", "0.01", "2026-04-03"),
    ];
    assert_eq!(months(&records, 4), ["0.02", "-0.01", "0", "-0.01"]);
    // Two lines of 1.00, January and April. 0.67 takes 0.34 and 0.33, the next 0.67 takes 0.33 and 0.34 of
    // the 0.66 and 0.67 that are left, and 0.66 the rest: April is worth nothing.
    let lines = vec![
        line("il_1", "in_1", "1", "2026-01-01", "2026-02-01"),
        line("il_2", "in_1", "1", "2026-04-01", "2026-05-01"),
    ];
    let one = invoice("in_1", "2", "2026-01-01", "2026-05-01");
    let mut records = with(vec![one], lines);
    records.payments = vec![payment("ch_1", "2", "2026-01-01", Some("in_1"))];
    let pieces = [("re_1", "0.67"), ("re_2", "0.67"), ("re_3", "0.66")];
    let pieces = pieces.map(|(id, amount)| refund(id, "ch_1", amount, "2026-02-03"));
    records.refunds = pieces.to_vec();
    assert_eq!(months(&records, 4), ["1", "-1", "0", "0"]);
}

#[test]
fn an_open_dispute_of_a_payment_is_not_lost_because_the_balance_moved() {
    let mut records = with(vec![], vec![]);
    records.payments = vec![payment("ch_1", "90", "2026-01-10", None)];
    let mut withdrawn = moved("dp_1", BalanceKind::Dispute, "-90", "2026-02-10");
    withdrawn.payment = Some("ch_1".into());
    records.balance.push(withdrawn);
    assert_eq!(months(&records, 2), ["90", "-90"]);
    records.payments[0].dispute = Some(PaymentDispute {
        status: DisputeStatus::Open,
        amount: exact("90"),
        at: None,
    });
    assert_eq!(months(&records, 2), ["90", "0"]);
}

#[test]
fn a_void_takes_back_what_is_left_of_each_line() {
    let mut one = invoice("in_1", "40", "2026-01-01", "2026-03-01");
    one.status = InvoiceStatus::Void;
    one.voided = Some(at("2026-02-01"));
    let lines = vec![
        line("il_1", "in_1", "59", "2026-01-01", "2026-03-01"),
        line("il_2", "in_1", "-19", "2026-01-01", "2026-01-20"),
    ];
    // January: 31 − 19 = 12 is earned and goes back in February.
    assert_eq!(months(&with(vec![one], lines), 3), ["12", "-12", "0"]);
}

#[test]
fn a_part_never_captured_is_no_refund() {
    let mut records = with(vec![], vec![]);
    records.payments = vec![payment("ch_1", "90", "2026-01-10", None)];
    records.payments[0].refunded = exact("40");
    let mut part = moved("ch_1", BalanceKind::PartialCapture, "-40", "2026-01-10");
    part.payment = Some("ch_1".into());
    records.balance.push(part);
    assert_eq!(months(&records, 2), ["50", "0"]);
    assert_eq!(
        excluded(&records, Source::StripePayments),
        ["not captured 40"]
    );
}

#[test]
fn the_balance_alone_is_revenue_when_it_moves() {
    let mut records = with(vec![], vec![]);
    records.balance = vec![
        moved("ch_1", BalanceKind::Payment, "90", "2026-01-10"),
        moved("ch_2", BalanceKind::Payment, "10", "2026-01-20"),
        moved("re_1", BalanceKind::Refund, "-90", "2026-02-10"),
        moved("po_1", BalanceKind::Payout, "-8", "2026-02-11"),
        moved("fee_1", BalanceKind::Fee, "-1", "2026-02-12"),
    ];
    assert_eq!(months_on(&records, Basis::Cash, 2), ["100", "-90"]);
    let (identity, book) = book_on(&records, Basis::Cash);
    let january = Period::month(Month::parse("2026-01").unwrap());
    let tie = &book.ties(january, &identity)[0];
    assert_eq!(tie.export, exact("1"));
    assert_eq!(tie.excluded["payouts"], exact("-8"));
    assert_eq!(tie.excluded["stripe fees"], exact("-1"));
}

#[test]
fn the_balance_and_invoices_are_not_added() {
    let mut records = with(
        vec![invoice("in_1", "31", "2026-01-01", "2026-02-01")],
        vec![],
    );
    let mut paid = moved("ch_1", BalanceKind::Payment, "31", "2026-01-02");
    paid.invoice = Some("in_1".into());
    let unnamed = moved("ch_2", BalanceKind::Payment, "5", "2026-01-03");
    let mut back = moved("re_1", BalanceKind::Refund, "-10", "2026-02-05");
    back.payment = Some("ch_1".into());
    records.balance = vec![paid, unnamed, back];
    assert_eq!(months(&records, 2), ["31", "-10"]);
    assert_eq!(
        excluded(&records, Source::StripeBalance),
        [
            "no invoice named, so maybe the money of one 5",
            "same money as stripe invoices 21"
        ]
    );
}

#[test]
fn the_recognition_report_counts_where_it_tells_a_month() {
    // The invoice gives 31, 28, 31. The report tells January and February: 31, and 28 less a
    // refund of 8; March is the invoice's.
    let mut records = with(
        vec![invoice("in_1", "90", "2026-01-01", "2026-04-01")],
        vec![],
    );
    records.recognized = vec![
        entry("2026-01", "DeferredRevenue", "Revenue", "31"),
        entry("2026-02", "DeferredRevenue", "Revenue", "28"),
        entry("2026-02", "Refunds", "Cash", "8"),
        entry("2026-02", "AccountsReceivable", "DeferredRevenue", "90"),
    ];
    assert_eq!(months(&records, 4), ["31", "20", "31", "0"]);
    let same = ["same money as stripe revenue recognition 59"];
    assert_eq!(excluded(&records, Source::StripeInvoices), same);
    let (_, book) = book_on(&records, Basis::Recognized);
    let [check] = &book.checks[..] else {
        panic!("one check: {:?}", book.checks)
    };
    assert_eq!((check.months, check.differ), (2, 1));
    assert_eq!((check.counted, check.other), (exact("51"), exact("59")));
}

#[test]
fn stripe_and_a_revenue_file_are_not_added_for_a_month() {
    // The file tells January to March of the customer, Stripe January and February.
    let mut row = invoice("row", "93", "2026-01-01", "2026-04-01");
    row.namespace = "revenue";
    row.total = exact("90");
    row.customer = Some("cus_acme".into());
    let records = with(
        vec![invoice("in_1", "59", "2026-01-01", "2026-03-01"), row],
        vec![],
    );
    // Both ids are one customer: the billing ids are the customers, and they are equal.
    assert_eq!(months(&records, 4), ["31", "28", "31", "0"]);
    let same = ["same money as stripe invoices 59"];
    assert_eq!(excluded(&records, Source::RevenueFile), same);
}

#[test]
fn a_refund_after_the_service_is_not_taken_back_by_two_systems() {
    // January of 31 goes back on 10 February, in Stripe and in the file, which knows of February too.
    let row = |total: &str, from: &str, to: &str| {
        let mut row = invoice(from, total, from, to);
        row.namespace = "revenue";
        row
    };
    let mut rows = vec![
        invoice("in_1", "31", "2026-01-01", "2026-02-01"),
        row("31", "2026-01-01", "2026-02-01"),
        row("-31", "2026-02-10", "2026-02-10"),
    ];
    let mut records = with(rows.clone(), vec![]);
    records.payments = vec![payment("ch_1", "31", "2026-01-01", Some("in_1"))];
    records.refunds = vec![refund("re_1", "ch_1", "31", "2026-02-10")];
    assert_eq!(months(&records, 3), ["31", "-31", "0"]);
    // The same of a payment that no invoice asked for: there the file is the better source.
    let mut alone = records.clone();
    alone.invoices.remove(0);
    alone.payments[0].invoice = None;
    assert_eq!(months(&alone, 3), ["31", "-31", "0"]);
    // A customer who moved away from Stripe pays in the other system from February on.
    rows.pop();
    rows.push(row("28", "2026-02-01", "2026-03-01"));
    records.invoices = rows;
    assert_eq!(months(&records, 3), ["31", "-3", "0"]);
}

#[test]
fn billed_counts_lines_and_credit_notes_at_once() {
    let mut records = with(
        vec![invoice("in_1", "120", "2026-01-01", "2026-04-01")],
        vec![
            line("il_1", "in_1", "90", "2026-01-01", "2026-04-01"),
            line("il_2", "in_1", "30", "2026-01-01", "2026-02-01"),
        ],
    );
    records.credit_notes = vec![note("in_1", "45", "2026-02-01")];
    assert_eq!(months_on(&records, Basis::Billed, 3), ["120", "-45", "0"]);
}

#[test]
fn deferred_revenue_is_what_is_billed_and_not_earned() {
    // A year of 365 billed on Jan 1; 59 of usage of January and February billed on Mar 1; tax of
    // 10 on a draft of 110.
    let mut draft = invoice("in_3", "110", "2026-01-05", "2026-02-05");
    draft.status = InvoiceStatus::Draft;
    draft.tax = exact("10");
    let mut usage = invoice("in_2", "59", "2026-03-01", "2026-03-01");
    usage.service = Some(period("2026-01-01", "2026-03-01"));
    let mut year = invoice("in_1", "438", "2026-01-01", "2027-01-01");
    year.tax = exact("73");
    let mut records = with(vec![year, usage, draft], vec![]);
    records.credit_notes = vec![note("in_1", "219", "2026-02-01")];
    let (_, book) = book_on(&records, Basis::Recognized);
    let month = |text| Period::month(Month::parse(text).unwrap());
    // By the end of January 31 + 31 are earned, the usage is not billed.
    let january = book.deferred(month("2026-01")).unwrap();
    assert_eq!(january.deferred, exact("334"));
    assert_eq!(january.unbilled, exact("31"));
    assert_eq!(january.invoiced, exact("548"));
    assert_eq!(january.recognized, exact("62"));
    // 334 + 62 + 73 tax + 110 draft − 31 = 548.
    assert_eq!(january.by_party.values().sum::<Exact>(), exact("303"));
    // The note halves the year: 182.5, of it 29.5 earned by Mar 1.
    let february = book.deferred(month("2026-02")).unwrap();
    assert_eq!(february.deferred, exact("153"));
    assert_eq!(february.unbilled, exact("59"));
    assert_eq!(february.taken_back, exact("182.5"));
    assert!(
        book_on(&records, Basis::Billed)
            .1
            .deferred(month("2026-01"))
            .is_none()
    );
}

fn subscription(id: &str, price: &str, status: &str, started: &str) -> Subscription {
    Subscription {
        id: id.into(),
        customer: "cus_acme".into(),
        email: None,
        keys: Vec::new(),
        name: None,
        price: price.into(),
        quantity: Exact::ONE,
        currency: Some(Currency::USD),
        interval: "month".into(),
        amount: None,
        status: status.into(),
        started: Some(at(started)),
        ended: None,
        current_period: None,
        interval_count: None,
        cancels_at: None,
        trial: None,
        coupon: None,
        origin: origin(),
    }
}

fn price(id: &str, amount: &str, interval: &str, count: u32) -> ListPrice {
    ListPrice {
        id: id.into(),
        product: "prod_1".into(),
        product_name: String::new(),
        nickname: id.replace("price_", ""),
        amount: Some(exact(amount)),
        currency: Currency::USD,
        interval: interval.into(),
        interval_count: count,
        metered: false,
        origin: origin(),
    }
}

#[test]
fn mrr_is_the_rate_at_the_end_of_each_month() {
    let mut usage = price("price_usage", "1", "month", 1);
    usage.metered = true;
    let mut records = RevenueRecords {
        prices: vec![
            price("price_month", "100", "month", 1),
            price("price_quarter", "150", "month", 3),
            price("price_year", "1200", "year", 1),
            price("price_week", "12", "week", 1),
            usage,
        ],
        ..RevenueRecords::default()
    };
    // 100 from January on; 50 from February 10 on, past due; 100 a month of a year that ended on
    // March 15; 12 · 52 / 12 = 52 in trial until March 1; nothing metered, nothing unpaid.
    let mut ended = subscription("sub_3", "price_year", "canceled", "2025-03-15");
    ended.ended = Some(at("2026-03-15"));
    let mut trial = subscription("sub_4", "price_week", "active", "2026-01-05");
    trial.trial = Some(period("2026-01-05", "2026-03-01"));
    records.subscriptions = vec![
        subscription("sub_1", "price_month", "active", "2026-01-01"),
        subscription("sub_2", "price_quarter", "past_due", "2026-02-10"),
        ended,
        trial,
        subscription("sub_5", "price_usage", "active", "2026-01-01"),
        subscription("sub_6", "price_month", "unpaid", "2026-01-01"),
    ];
    assert_eq!(
        months_on(&records, Basis::Mrr, 4),
        ["200", "250", "202", "202"]
    );
    // Stripe's own changes count instead.
    let change = |when: &str, amount: &str| MrrChange {
        at: at(when),
        customer: "cus_acme".into(),
        price: None,
        subscription: Some("sub_1".into()),
        change: exact(amount),
        currency: Currency::USD,
        origin: origin(),
    };
    records.mrr_changes = vec![
        change("2025-11-03", "80"),
        change("2026-02-28", "15"),
        change("2026-04-01", "-95"),
    ];
    assert_eq!(months_on(&records, Basis::Mrr, 4), ["80", "95", "95", "0"]);
}

#[test]
fn contracts_say_price_discount_and_renewal() {
    let mut records = with(vec![], vec![]);
    records.prices = vec![price("price_seat", "50", "month", 1)];
    records.products = vec![Product {
        id: "prod_1".into(),
        name: "Pro".into(),
        origin: origin(),
    }];
    let mut one = subscription("sub_1", "", "active", "2026-01-01");
    one.current_period = Some(period("2026-02-01", "2026-03-01"));
    records.subscriptions = vec![one];
    records.items = vec![SubscriptionItem {
        id: "si_1".into(),
        subscription: "sub_1".into(),
        price: "price_seat".into(),
        quantity: Some(exact("10")),
        current_period: None,
        terms: None,
        origin: origin(),
    }];
    // 500 at list: 450 in January, 400 in February, and a seat added in mid-month for 25.
    for (id, net, from, to, proration) in [
        ("il_1", "450", "2026-01-01", "2026-02-01", false),
        ("il_2", "400", "2026-02-01", "2026-03-01", false),
        ("il_3", "25", "2026-02-15", "2026-03-01", true),
    ] {
        let mut line = line(id, "in_1", net, from, to);
        line.subscription = Some("sub_1".into());
        line.price = Some("price_seat".into());
        line.proration = proration;
        records.lines.push(line);
    }
    let (mut identity, mut book) = book_on(&records, Basis::Recognized);
    let found = contracts::contracts(&records, &book, &identity, Zone::Utc);
    let [contract] = &found[..] else {
        panic!("one contract: {found:?}")
    };
    assert_eq!(contract.plan, "Pro");
    assert_eq!(contract.quantity, exact("10"));
    assert_eq!(contract.list_price, Some(exact("50")));
    // 1 − 400 / 500.
    assert_eq!(contract.discount, Some(exact("0.2")));
    assert_eq!(contract.renews, Some(at("2026-03-01")));
    assert_eq!(contract.monthly(2), Some(exact("500")));
    // The lines count on the plan of their price.
    plans::assign(&mut identity, &mut book, &records, Zone::Utc);
    let on: BTreeSet<_> = book
        .obligations
        .iter()
        .map(|o| o.counted_on.clone())
        .collect();
    assert_eq!(on, BTreeSet::from([Some("Pro".to_string())]));
}
