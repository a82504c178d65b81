//! Conversion of billing records, worked out by hand.

use super::*;
use crate::model::Zone;
use crate::model::rates::RateRow;
use crate::model::records::{
    BalanceEntry, BalanceKind, CreditNote, Dispute, DisputeStatus, Payment, Prepaid, Refund,
    RefundStatus, Settled,
};

const EUR: Currency = Currency::EUR;

fn at(text: &str) -> Instant {
    Instant::parse(text, Some(Zone::Utc)).unwrap()
}

fn n(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

fn origin() -> Origin {
    Origin {
        file: "stripe.csv".into(),
        line: 2,
    }
}

fn invoice(id: &str, total: &str, tax: &str, status: InvoiceStatus) -> Invoice {
    Invoice {
        off_lines: Exact::ZERO,
        id: id.into(),
        number: None,
        namespace: "stripe",
        customer: Some("cus_acme".into()),
        name: None,
        email: None,
        keys: Vec::new(),
        total: n(total),
        tax: n(tax),
        currency: EUR,
        date: at("2026-10-01"),
        finalized: None,
        service: None,
        status,
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

fn line(id: &str, invoice: &str, net: &str, tax: &str) -> InvoiceLine {
    InvoiceLine {
        id: id.into(),
        invoice: invoice.into(),
        namespace: "stripe",
        customer: None,
        net: n(net),
        tax: n(tax),
        currency: EUR,
        service: None,
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

fn payment(id: &str, amount: &str, invoice: Option<&str>, settled: Option<&str>) -> Payment {
    Payment {
        id: id.into(),
        customer: None,
        email: None,
        keys: Vec::new(),
        created: at("2026-10-01"),
        amount: n(amount),
        refunded: Exact::ZERO,
        refunded_at: None,
        dispute: None,
        currency: EUR,
        settled: settled.map(|amount| Settled {
            amount: n(amount),
            refunded: Some(Exact::ZERO),
            currency: Currency::USD,
        }),
        status: PaymentStatus::Succeeded,
        invoice: invoice.map(str::to_string),
        tells_invoice: true,
        description: None,
        origin: origin(),
    }
}

/// Converts to dollars; a file says 2 dollars a euro on 1 October.
fn converted(mut records: RevenueRecords) -> (RevenueRecords, Conversion) {
    let rows = [RateRow {
        day: Day::parse("2026-10-01").unwrap(),
        base: EUR,
        quotes: vec![(Currency::USD, n("2"))],
        origin: origin(),
    }];
    let rates = RateBook::build(&rows, &[Currency::USD].into()).unwrap();
    let mut told = Conversion::new(Currency::USD);
    let october = (at("2026-10-01"), at("2026-11-01"));
    convert(&mut records, &rates, october, &mut told);
    (records, told)
}

#[test]
fn lines_sum_to_their_invoice() {
    // 10.03 × 1.5 = 15.045 → 15.04; 1.01 × 1.5 = 1.515 → 1.52; the net is 13.52, though 9.02 × 1.5
    // is 13.53. The first line is 6.765 → 6.76, the last takes the rest.
    let records = RevenueRecords {
        invoices: vec![invoice("in_1", "10.03", "1.01", InvoiceStatus::Paid)],
        payments: vec![payment("ch_1", "10.00", Some("in_1"), Some("15.00"))],
        lines: vec![
            line("il_b", "in_1", "4.51", "1.01"),
            line("il_a", "in_1", "4.51", "0"),
        ],
        ..RevenueRecords::default()
    };
    let (records, _) = converted(records);
    let one = &records.invoices[0];
    assert_eq!(
        (one.total, one.tax, one.currency),
        (n("15.04"), n("1.52"), Currency::USD)
    );
    let nets: Vec<Exact> = records.lines.iter().map(|line| line.net).collect();
    assert_eq!(nets, [n("6.76"), n("6.76")]);
    let taxes: Vec<Exact> = records.lines.iter().map(|line| line.tax).collect();
    assert_eq!(taxes, [n("1.52"), Exact::ZERO]);
}

#[test]
fn several_payments_of_an_invoice_count_together() {
    // 60 EUR became 66 USD and 40 EUR became 46 USD: 112 for 100.
    let records = RevenueRecords {
        invoices: vec![invoice("in_1", "100", "0", InvoiceStatus::Paid)],
        payments: vec![
            payment("ch_1", "60", Some("in_1"), Some("66")),
            payment("ch_2", "40", Some("in_1"), Some("46")),
        ],
        ..RevenueRecords::default()
    };
    let (records, _) = converted(records);
    assert_eq!(records.invoices[0].total, n("112"));
    let paid: Vec<Exact> = records
        .payments
        .iter()
        .map(|payment| payment.amount)
        .collect();
    assert_eq!(paid, [n("66"), n("46")]);
}

#[test]
fn what_is_given_back_goes_by_what_was_paid() {
    let note = CreditNote {
        id: "cn_1".into(),
        namespace: "stripe",
        invoice: "in_1".into(),
        customer: None,
        amount: n("10"),
        currency: EUR,
        at: at("2026-10-20"),
        void: false,
        refund: None,
        lines: vec![("il_a".into(), n("3.33")), ("il_b".into(), n("6.67"))],
        origin: origin(),
    };
    let refund = |payment: &str, on: &str| Refund {
        id: "re_1".into(),
        payment: payment.into(),
        amount: n("10"),
        currency: EUR,
        at: at(on),
        status: RefundStatus::Succeeded,
        origin: origin(),
    };
    let dispute = |status| Dispute {
        id: "dp_1".into(),
        payment: "ch_9".into(),
        amount: n("7"),
        currency: EUR,
        at: at("2026-12-01"),
        status,
        origin: origin(),
    };
    let records = RevenueRecords {
        invoices: vec![invoice("in_1", "100", "0", InvoiceStatus::Paid)],
        payments: vec![payment("ch_1", "100", Some("in_1"), Some("150"))],
        credit_notes: vec![note],
        // The second one's payment is in no file: the rate of its day.
        refunds: vec![refund("ch_1", "2026-10-20"), refund("ch_9", "2026-10-03")],
        disputes: vec![dispute(DisputeStatus::Open), dispute(DisputeStatus::Lost)],
        ..RevenueRecords::default()
    };
    let (records, told) = converted(records);
    let note = &records.credit_notes[0];
    // 3.33 × 1.5 = 4.995 → 5.00, and the rest of 15.
    assert_eq!(note.amount, n("15"));
    assert_eq!((note.lines[0].1, note.lines[1].1), (n("5"), n("10")));
    assert_eq!(records.refunds[0].amount, n("15"));
    assert_eq!(records.refunds[1].amount, n("20"));
    // An open dispute takes nothing; a lost one without a rate stops the report.
    let open = &told.parts[&("stripe disputes".to_string(), EUR)].left_out["open"];
    assert_eq!(*open, (1, n("7")));
    let missing = &told.missing[&EUR];
    assert_eq!((missing.rows, missing.amount), (1, n("7")));
    assert_eq!(missing.stale, Day::parse("2026-10-01"));
}

#[test]
fn the_balance_gives_the_rate_where_payments_do_not() {
    let entry = BalanceEntry {
        id: "txn_1".into(),
        kind: BalanceKind::Payment,
        object: Some("ch_1".into()),
        payment: None,
        gross: n("125"),
        fee: n("1"),
        currency: Currency::USD,
        facing: Some((n("100"), EUR)),
        at: at("2026-10-01"),
        customer: None,
        email: None,
        name: None,
        keys: Vec::new(),
        invoice: None,
        invoice_number: None,
        subscription: None,
        description: None,
        gives_back: None,
        origin: origin(),
    };
    let records = RevenueRecords {
        invoices: vec![
            invoice("in_1", "80", "0", InvoiceStatus::Paid),
            invoice("in_2", "80", "0", InvoiceStatus::Open),
        ],
        payments: vec![payment("ch_1", "100", Some("in_1"), None)],
        balance: vec![entry],
        ..RevenueRecords::default()
    };
    let (records, told) = converted(records);
    assert_eq!(records.invoices[0].total, n("100"));
    assert_eq!(records.payments[0].amount, n("125"));
    assert_eq!(records.invoices[1].total, n("160"));
    assert_eq!(records.balance[0].gross, n("125"));
    assert_eq!(
        told.parts[&("stripe invoices".to_string(), EUR)].by.len(),
        2
    );
}

#[test]
fn pieces_that_go_back_are_together_the_whole() {
    // 1 EUR became 1.10 USD. Of 1.00 three pieces of 0.33, 0.33 and 0.34 go back: 0.363 → 0.36,
    // 0.726 → 0.73, so 0.37, and the rest of 1.10 is 0.37. One by one they would be 0.36 + 0.36 +
    // 0.37 = 1.09, and a cent would stay.
    let back = |id: &str, on: &str, amount: &str| Refund {
        id: id.into(),
        payment: "ch_1".into(),
        amount: n(amount),
        currency: EUR,
        at: at(on),
        status: RefundStatus::Succeeded,
        origin: origin(),
    };
    let records = RevenueRecords {
        invoices: vec![invoice("in_1", "1", "0", InvoiceStatus::Paid)],
        payments: vec![payment("ch_1", "1", Some("in_1"), Some("1.10"))],
        // The order of the rows is of no importance.
        refunds: vec![
            back("re_2", "2026-10-03", "0.33"),
            back("re_1", "2026-10-02", "0.33"),
        ],
        disputes: vec![Dispute {
            id: "dp_1".into(),
            payment: "ch_1".into(),
            amount: n("0.34"),
            currency: EUR,
            at: at("2026-10-05"),
            status: DisputeStatus::Lost,
            origin: origin(),
        }],
        ..RevenueRecords::default()
    };
    let (found, told) = converted(records.clone());
    let refunds: Vec<Exact> = found.refunds.iter().map(|refund| refund.amount).collect();
    assert_eq!(refunds, [n("0.37"), n("0.36")]);
    assert_eq!(found.disputes[0].amount, n("0.37"));
    let refunds = &told.parts[&("stripe refunds".to_string(), EUR)];
    assert_eq!(refunds.sums(), (n("0.66"), n("0.73")));
    // A credit note for the second piece, which the refund pays out, is worth as much as it.
    let mut noted = records;
    noted.credit_notes = vec![CreditNote {
        id: "cn_1".into(),
        namespace: "stripe",
        invoice: "in_1".into(),
        customer: None,
        amount: n("0.33"),
        currency: EUR,
        at: at("2026-10-03"),
        void: false,
        refund: Some("re_2".into()),
        lines: Vec::new(),
        origin: origin(),
    }];
    let (found, _) = converted(noted);
    // The note is the first piece now: 0.36. What follows is 0.37 and 0.37.
    assert_eq!(found.credit_notes[0].amount, n("0.36"));
    let refunds: Vec<Exact> = found.refunds.iter().map(|refund| refund.amount).collect();
    assert_eq!(refunds, [n("0.36"), n("0.37")]);
    assert_eq!(found.disputes[0].amount, n("0.37"));
}

#[test]
fn movements_that_go_back_of_a_payment_are_together_the_whole() {
    let entry = |id: &str, kind: BalanceKind, gross: &str, facing: &str, on: &str| BalanceEntry {
        id: id.into(),
        kind,
        object: None,
        payment: Some("ch_1".into()),
        gross: n(gross),
        fee: Exact::ZERO,
        currency: Currency::USD,
        facing: Some((n(facing), EUR)),
        at: at(on),
        customer: None,
        email: None,
        name: None,
        keys: Vec::new(),
        invoice: None,
        invoice_number: None,
        subscription: None,
        description: None,
        gives_back: None,
        origin: origin(),
    };
    use BalanceKind::{Payment, Refund, RefundFailure};
    // As above: 1.10 for 1.00. A refund of 0.50 that failed and its return are worth 0.55 each.
    let records = RevenueRecords {
        balance: vec![
            entry("txn_1", Payment, "1.10", "1", "2026-10-01"),
            entry("txn_2", Refund, "-0.35", "-0.33", "2026-10-02"),
            entry("txn_3", Refund, "-0.55", "-0.50", "2026-10-03"),
            entry("txn_4", RefundFailure, "0.55", "0.50", "2026-10-04"),
            entry("txn_5", Refund, "-0.36", "-0.33", "2026-10-05"),
            entry("txn_6", Refund, "-0.39", "-0.34", "2026-10-06"),
        ],
        ..RevenueRecords::default()
    };
    let (found, _) = converted(records);
    let seen: Vec<Exact> = found.balance.iter().map(|e| e.facing.unwrap().0).collect();
    let expected = ["1.1", "-0.36", "-0.55", "0.55", "-0.37", "-0.37"];
    assert_eq!(seen, expected.map(n));
}
