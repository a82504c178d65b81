//! Revenue by customer and month of small exports, each worked out by hand.

use std::collections::BTreeMap;

use crate::support::{Run, put, tanso};

/// A report by customer and month over files of a temporary folder.
fn report(from: &str, to: &str, files: &[(&str, &str)], arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut all: Vec<String> = [
        "report",
        "--no-config",
        "--by=customer,month",
        "--format=json",
    ]
    .map(str::to_string)
    .into();
    all.push(format!("--from={from}"));
    all.push(format!("--to={to}"));
    for (name, content) in files {
        all.push(put(folder.path(), name, content));
    }
    all.extend(arguments.iter().map(|argument| argument.to_string()));
    tanso(&all)
}

/// `customer month` → revenue, of rows that have any.
fn months(run: &Run) -> BTreeMap<String, String> {
    let document = run.json();
    let rows = document["rows"].as_array().unwrap().iter();
    rows.filter(|row| row["revenue"] != "0")
        .map(|row| {
            let name = |key: &str| row[key].as_str().unwrap_or("?").to_string();
            (
                format!("{} {}", name("customer"), name("month")),
                name("revenue"),
            )
        })
        .collect()
}

fn expected(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = |(key, amount): &(&str, &str)| (key.to_string(), amount.to_string());
    rows.iter().map(own).collect()
}

fn notes(run: &Run) -> String {
    let document = run.json();
    let notes = document["notes"].as_array().unwrap().iter();
    notes
        .filter_map(|note| note["text"].as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

const INVOICES: &str =
    "id,Amount Due,Currency,Customer,Date (UTC),Subscription,Subtotal,Tax,Total,Amount Paid,Status";
const SUBSCRIPTIONS: &str = "id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC)";

fn invoice(id: &str, customer: &str, date: &str, total: &str) -> String {
    format!(
        "{id},{total},usd,{customer},{date} 00:00,sub_{customer},{total},,{total},{total},paid\n"
    )
}

#[test]
fn an_invoice_without_periods_lasts_one_cycle_of_its_subscription() {
    // acme pays by the month: each invoice is the whole month, whatever its days. bob paid by the
    // month until May, when a year began: March and April are months of their own.
    let invoices = [
        invoice("in_1", "acme", "2026-01-01", "310.00"),
        invoice("in_2", "acme", "2026-02-01", "310.00"),
        invoice("in_3", "bob", "2026-03-01", "310.00"),
        invoice("in_4", "bob", "2026-04-01", "310.00"),
        invoice("in_5", "bob", "2026-05-01", "3650.00"),
    ]
    .concat();
    let subscriptions = format!(
        "{SUBSCRIPTIONS}\n\
         sub_acme,acme,price_m,1,usd,month,310.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-10-01 00:00,2026-11-01 00:00\n\
         sub_bob,bob,price_y,1,usd,year,3650.00,active,2026-03-01 00:00,2026-03-01 00:00,2026-05-01 00:00,2027-05-01 00:00\n"
    );
    let files = [
        ("invoices.csv", &*format!("{INVOICES}\n{invoices}")),
        ("subscriptions.csv", &*subscriptions),
    ];
    let run = report("2026-01-01", "2026-07-01", &files, &[]);
    let found = months(&run);
    assert_eq!(
        found,
        expected(&[
            ("acme 2026-01", "310"),
            ("acme 2026-02", "310"),
            ("bob 2026-03", "310"),
            ("bob 2026-04", "310"),
            // 10.00 a day.
            ("bob 2026-05", "310"),
            ("bob 2026-06", "300"),
        ])
    );
    let notes = notes(&run);
    assert!(
        notes.contains("taken for one cycle of their subscription: 3"),
        "{notes}"
    );
    assert!(
        notes.contains(
            "off their subscription's cycle: taken to last until its next invoice or cycle: 2"
        ),
        "{notes}"
    );
}

#[test]
fn an_upgrade_without_line_periods_stays_in_its_month() {
    // Stripe's example: 90 in April, 10 more for an upgrade on the 21st, 120 in May.
    let invoices = [
        invoice("in_1", "acme", "2026-04-01", "90.00"),
        invoice("in_2", "acme", "2026-04-21", "10.00"),
        invoice("in_3", "acme", "2026-05-01", "120.00"),
    ]
    .concat();
    let subscriptions = format!(
        "{SUBSCRIPTIONS}\nsub_acme,acme,price_m,1,usd,month,120.00,active,2026-04-01 00:00,2026-04-01 00:00,2026-05-01 00:00,2026-06-01 00:00\n"
    );
    let files = [
        ("invoices.csv", &*format!("{INVOICES}\n{invoices}")),
        ("subscriptions.csv", &*subscriptions),
    ];
    let found = months(&report("2026-04-01", "2026-07-01", &files, &[]));
    assert_eq!(
        found,
        expected(&[("acme 2026-04", "100"), ("acme 2026-05", "120")])
    );
}

const S_INVOICES: &str = "id,customer_id,currency,date,total,tax,status,status_transitions_finalized_at,subscription_id,number";
const S_LINES: &str = "id,invoice_id,amount,currency,total_discount,total_exclusive_tax,period_start,period_end,proration";

#[test]
fn a_credit_note_takes_all_of_its_net_back() {
    // 360.00 with 60.00 tax on two lines of January; a note of 180.00, of which 150.00 is net: 100
    // of the second line, and 50 that names no line and comes off both, 2 to 1.
    let invoice = format!("{S_INVOICES}\nin_1,acme,usd,2026-01-01,36000,6000,paid,2026-01-01,,\n");
    let lines = format!(
        "{S_LINES}\nil_1,in_1,20000,usd,0,4000,2026-01-01,2026-02-01,false\nil_2,in_1,10000,usd,0,2000,2026-01-01,2026-02-01,false\n"
    );
    let note = "id,amount,currency,invoice_id,created,status,refund_id\ncn_1,18000,usd,in_1,2026-02-10,issued,\n";
    let note_lines = "id,credit_note_id,amount,discount_amount,invoice_line_item\ncnli_1,cn_1,10000,0,il_2\ncnli_2,cn_1,5000,0,\n";
    let files = [
        ("invoices.csv", &*invoice),
        ("lines.csv", &*lines),
        ("notes.csv", note),
        ("note_lines.csv", note_lines),
    ];
    let run = report("2026-01-01", "2026-04-01", &files, &[]);
    assert_eq!(
        months(&run),
        expected(&[("acme 2026-01", "300"), ("acme 2026-02", "-150")])
    );
    assert!(notes(&run).contains("of which only a part names lines"));
}

#[test]
fn a_refund_that_pays_a_credit_note_counts_once_even_if_no_file_links_them() {
    let invoice = format!("{S_INVOICES}\nin_1,acme,usd,2026-01-01,9000,,paid,2026-01-01,,\n");
    let lines = format!("{S_LINES}\nil_1,in_1,9000,usd,0,0,2026-01-01,2026-04-01,false\n");
    let charge = "id,amount,amount_refunded,currency,created,status,captured,customer_id,invoice_id\nch_1,9000,4500,usd,2026-01-01,succeeded,true,acme,in_1\n";
    let refund = "id,amount,currency,charge_id,created,status,reason\nre_1,4500,usd,ch_1,2026-02-01 10:00:00,succeeded,\n";
    let note = "id,amount,currency,invoice_id,created,status,refund_id\ncn_1,4500,usd,in_1,2026-02-01 09:00:00,issued,\n";
    let files = [
        ("invoices.csv", &*invoice),
        ("lines.csv", &*lines),
        ("charges.csv", charge),
        ("refunds.csv", refund),
        ("notes.csv", note),
    ];
    let run = report("2026-01-01", "2026-05-01", &files, &[]);
    let total = run.json()["totals"]["revenue"].clone();
    assert_eq!(total, "45");
    assert!(notes(&run).contains("taken as one although no file links them: 1, together 45"));
    // On another day it is money given back a second time.
    let later = refund.replace("2026-02-01", "2026-02-03");
    let files = [
        &files[..3],
        &[("refunds.csv", &*later), ("notes.csv", note)],
    ]
    .concat();
    let run = report("2026-01-01", "2026-05-01", &files, &[]);
    assert_eq!(run.json()["totals"]["revenue"], "0");
}

const DATED: &str = "id,Amount Due,Customer,Date (UTC),Finalized At (UTC),Paid At (UTC),Marked Uncollectible At (UTC),Voided At (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Currency,Tax,Total,Amount Paid,Status";

#[test]
fn a_write_off_stays_when_it_is_voided_and_comes_back_when_it_is_paid() {
    // A dollar a day. Written off on 1 March, after 59 days.
    let year = |id: &str, customer: &str, paid: &str, void: &str, status: &str| {
        format!(
            "{id},365.00,{customer},2026-01-01 00:00,2026-01-01 00:00,{paid},2026-03-01 00:00,{void},2026-01-01 00:00,2027-01-01 00:00,usd,,365.00,0.00,{status}\n"
        )
    };
    let invoices = [
        year("in_1", "void", "", "2026-06-01 00:00", "void"),
        year("in_2", "paid", "2026-06-01 00:00", "", "paid"),
    ]
    .concat();
    let files = [("invoices.csv", &*format!("{DATED}\n{invoices}"))];
    let found = months(&report("2026-01-01", "2026-07-01", &files, &[]));
    assert_eq!(
        found,
        expected(&[
            ("void 2026-01", "31"),
            ("void 2026-02", "28"),
            ("void 2026-03", "-59"),
            ("paid 2026-01", "31"),
            ("paid 2026-02", "28"),
            ("paid 2026-03", "-59"),
            // What was earned by 1 June (151 days) and the month itself.
            ("paid 2026-06", "181"),
        ])
    );
}

const LAGO: &str = "lago_id,issuing_date,customer_external_id,invoice_type,payment_status,status,currency,fees_amount_cents,coupons_amount_cents,taxes_amount_cents,credit_notes_amount_cents,prepaid_credit_amount_cents,total_amount_cents,payment_dispute_lost_at";

#[test]
fn prepaid_credits_are_earned_when_they_are_used() {
    // bob buys 200.00 of credits in January. February's 100.00 and 20.00 tax are paid with 120.00
    // of them, and so is March's 50.00: 30.00 are left. amy's credits were granted.
    let rows = "\
        i1,2026-01-10,bob,credit,succeeded,finalized,USD,20000,0,0,0,0,20000,\n\
        i2,2026-02-28,bob,subscription,succeeded,finalized,USD,10000,0,2000,0,12000,0,\n\
        i3,2026-03-31,bob,subscription,succeeded,finalized,USD,5000,0,0,0,5000,0,\n\
        i4,2026-03-31,amy,subscription,succeeded,finalized,USD,5000,0,0,0,4000,1000,\n";
    let files = [("lago.csv", &*format!("{LAGO}\n{rows}"))];
    let run = report("2026-01-01", "2026-04-01", &files, &[]);
    assert_eq!(
        months(&run),
        expected(&[
            ("bob 2026-02", "100"),
            ("bob 2026-03", "50"),
            ("amy 2026-03", "10"),
        ])
    );
    let document = run.json();
    assert_eq!(document["deferred"]["deferred_revenue"], "30");
    assert!(notes(&run).contains("taken as no revenue: 40 USD on 1 invoices"));
    // Bills count when they are sent.
    let run = report("2026-01-01", "2026-04-01", &files, &["--revenue=billed"]);
    assert_eq!(run.json()["totals"]["revenue"], "190");
}

#[test]
fn credit_notes_of_lago_give_tax_back_too() {
    // 100.00 and 20.00 tax, less a note of 60.00, which is 50.00 and 10.00.
    let rows = "i1,2026-02-28,cyd,subscription,succeeded,finalized,USD,10000,0,2000,6000,0,6000,\n";
    let files = [("lago.csv", &*format!("{LAGO}\n{rows}"))];
    let run = report("2026-02-01", "2026-03-01", &files, &[]);
    assert_eq!(months(&run), expected(&[("cyd 2026-02", "50")]));
    assert_eq!(run.json()["tie"]["revenue"][0]["tax"], "10");
}

#[test]
fn plain_dates_are_days_of_the_report() {
    let rows = "customer_id,period_start,period_end,amount,currency\nacme,2026-01-01,2026-02-01,31.00,usd\n";
    let files = [("revenue.csv", rows)];
    for zone in ["UTC", "America/New_York", "Asia/Tokyo"] {
        let run = report("2025-12-01", "2026-03-01", &files, &["--tz", zone]);
        assert_eq!(months(&run), expected(&[("acme 2026-01", "31")]), "{zone}");
    }
    // A stated zone holds: midnight in UTC is 19:00 of the day before in New York.
    let arguments = ["--tz=America/New_York", "--input-tz=UTC"];
    let run = report("2025-12-01", "2026-03-01", &files, &arguments);
    // 5 hours of 744: 31 × 5 ∕ 744 = 0.2083.
    assert_eq!(
        months(&run),
        expected(&[("acme 2025-12", "0.21"), ("acme 2026-01", "30.79")])
    );
}

#[test]
fn revenue_without_a_customer_is_unmapped() {
    let rows = "customer_id,period_start,period_end,amount,currency\nacme,2026-01-01,2026-02-01,31.00,usd\n,2026-01-01,2026-02-01,7.00,usd\n";
    let run = report("2026-01-01", "2026-02-01", &[("revenue.csv", rows)], &[]);
    let tie = run.json()["tie"]["revenue"][0].clone();
    assert_eq!(
        (&tie["customers"], &tie["unmapped"]),
        (&"31".into(), &"7".into())
    );
}

#[test]
fn a_subscription_without_a_known_price_is_told() {
    let items = "id,subscription_id,price_id,quantity,price_unit_amount,price_currency,price_recurring_interval,price_recurring_interval_count\nsi_1,sub_1,p_known,2,1000,usd,month,1\nsi_2,sub_1,p_tiers,1,,usd,month,1\n";
    let subscriptions = format!(
        "{SUBSCRIPTIONS}\nsub_1,acme,p_known,2,usd,month,10.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-10-01 00:00,2026-11-01 00:00\n"
    );
    let files = [("items.csv", items), ("subscriptions.csv", &*subscriptions)];
    let run = report("2026-10-01", "2026-11-01", &files, &["--revenue=mrr"]);
    assert_eq!(months(&run), expected(&[("acme 2026-10", "20")]));
    assert!(
        notes(&run).contains("whose price no file says"),
        "{}",
        notes(&run)
    );
}
