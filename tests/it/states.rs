//! Exports of different days and zones: what a later state of a record may change, what is refused,
//! and that nothing is counted twice. Every number here is worked out by hand.

use std::collections::BTreeMap;

use crate::support::{Run, put, tanso};

/// A report by customer and month.
fn report(files: &[(&str, &str)], options: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut all: Vec<String> = [
        "report",
        "--no-config",
        "--format=json",
        "--by=customer,month",
    ]
    .map(str::to_string)
    .into();
    all.extend(options.iter().map(ToString::to_string));
    for (name, content) in files {
        all.push(put(folder.path(), name, content));
    }
    tanso(&all)
}

const WINTER: &[&str] = &["--from=2026-01-01", "--to=2026-04-01"];

/// Revenue by `customer month`, without zeros.
fn months(run: &Run) -> BTreeMap<String, String> {
    let document = run.json();
    let rows = document["rows"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["revenue"] != "0");
    rows.map(|row| {
        let cell = |name: &str| row[name].as_str().unwrap().to_string();
        let key = format!("{} {}", cell("customer"), cell("month"));
        (key, cell("revenue"))
    })
    .collect()
}

fn expected(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    let rows = rows.iter();
    rows.map(|(key, amount)| (key.to_string(), amount.to_string()))
        .collect()
}

fn notes(run: &Run) -> String {
    let document = run.json();
    let notes = document["notes"].as_array().unwrap().iter();
    let texts: Vec<&str> = notes.filter_map(|note| note["text"].as_str()).collect();
    texts.join("\n")
}

const INVOICES: &str = "id,Amount Due,Currency,Customer,Date (UTC),Finalized At (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Voided At (UTC),Tax,Total,Status\n";

/// One invoice of January, 31 days at 2.00.
fn invoice(customer: &str, currency: &str, total: &str, status: &str) -> String {
    format!(
        "in_1,{total},{currency},{customer},2026-01-01 00:00,2026-01-01 01:00,2026-01-01 00:00,2026-02-01 00:00,,0.00,{total},{status}\n"
    )
}

#[test]
fn final_invoices_that_contradict_each_other_are_refused() {
    let open = invoice("cus_1", "usd", "62.00", "open");
    for other in [
        invoice("cus_1", "usd", "63.00", "paid"),
        invoice("cus_9", "usd", "62.00", "paid"),
        invoice("cus_1", "eur", "62.00", "paid"),
        invoice("cus_1", "usd", "62.00", "paid").replace("2026-02-01", "2026-03-01"),
    ] {
        let one = format!("{INVOICES}{open}{other}");
        let run = report(&[("a.csv", &one)], WINTER);
        assert!(run.err.contains("error[T3037]"), "{other}{}", run.err);
        let two = [
            ("a.csv", format!("{INVOICES}{open}")),
            ("b.csv", format!("{INVOICES}{other}")),
        ];
        let two = two.each_ref().map(|(name, text)| (*name, text.as_str()));
        let run = report(&two, WINTER);
        assert_eq!(run.code, 3, "{other}{}", run.err);
        assert!(run.err.contains("error[T3037]"), "{other}{}", run.err);
    }
    // Paid and void are both final.
    let paid = format!("{INVOICES}{}", invoice("cus_1", "usd", "62.00", "paid"));
    let void = invoice("cus_1", "usd", "62.00", "void").replace(",,0.00", ",2026-01-20 00:00,0.00");
    let void = format!("{INVOICES}{void}");
    let run = report(&[("a.csv", &paid), ("b.csv", &void)], WINTER);
    assert!(run.err.contains("error[T3037]"), "{}", run.err);
}

#[test]
fn a_later_state_of_an_invoice_counts() {
    let paid = invoice("cus_1", "usd", "62.00", "paid");
    // Open before, or a draft that was still another.
    for earlier in [
        invoice("cus_1", "usd", "62.00", "open"),
        invoice("cus_1", "usd", "10.00", "draft"),
    ] {
        for rows in [format!("{earlier}{paid}"), format!("{paid}{earlier}")] {
            let run = report(&[("a.csv", &format!("{INVOICES}{rows}"))], WINTER);
            assert_eq!(months(&run), expected(&[("cus_1 2026-01", "62")]), "{rows}");
        }
    }
}

const PAYMENTS: &str = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Refunded date (UTC),Status,Mode,Customer ID,Invoice ID\n";

fn payment(refunded: &str, status: &str) -> String {
    format!(
        "{PAYMENTS}ch_1,2026-01-15 00:00,62.00,{refunded},usd,true,,{status},Live,cus_1,\nch_0,2026-01-15 00:00,5.00,0.00,usd,true,,Paid,Live,cus_0,\n"
    )
}

#[test]
fn a_payment_is_pending_until_it_is_decided() {
    let pending = payment("0.00", "Pending");
    for (later, cash) in [("Paid", Some("62")), ("Failed", None)] {
        let later = payment("0.00", later);
        for files in [[&pending, &later], [&later, &pending]] {
            let run = report(&[("a.csv", files[0]), ("b.csv", files[1])], WINTER);
            let mut rows = vec![("cus_0 2026-01", "5")];
            rows.extend(cash.map(|amount| ("cus_1 2026-01", amount)));
            assert_eq!(months(&run), expected(&rows));
        }
    }
    // What arrived has not failed.
    let (paid, failed) = (payment("0.00", "Paid"), payment("0.00", "Failed"));
    let run = report(&[("a.csv", &paid), ("b.csv", &failed)], WINTER);
    assert!(run.err.contains("error[T3037]"), "{}", run.err);
}

#[test]
fn a_refund_that_failed_after_all_takes_nothing_back() {
    let charges = "id,amount,amount_refunded,currency,created,status,captured,customer_id,invoice_id\nch_1,6200,0,usd,2026-01-15 00:00,succeeded,true,cus_1,\n";
    let refunds = |status: &str| {
        format!(
            "id,amount,currency,charge_id,created,status,reason\nre_1,6200,usd,ch_1,2026-01-20 00:00,{status},requested_by_customer\n"
        )
    };
    for (first, second, left) in [
        ("succeeded", "failed", Some("62")),
        ("failed", "succeeded", Some("62")),
        ("pending", "succeeded", None),
        ("pending", "failed", Some("62")),
    ] {
        let files = [
            ("charges.csv", charges.to_string()),
            ("a.csv", refunds(first)),
            ("b.csv", refunds(second)),
        ];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        let run = report(&files, WINTER);
        let rows: Vec<_> = left
            .map(|amount| ("cus_1 2026-01", amount))
            .into_iter()
            .collect();
        assert_eq!(months(&run), expected(&rows), "{first}, {second}");
    }
}

#[test]
fn what_comes_to_nothing_is_a_report_of_nothing() {
    let refunded = format!(
        "{PAYMENTS}ch_1,2026-01-15 00:00,62.00,62.00,usd,true,2026-01-20 00:00,Refunded,Live,cus_1,\n"
    );
    let free = format!("{INVOICES}{}", invoice("cus_1", "usd", "0.00", "paid"));
    for text in [&refunded, &free] {
        let run = report(&[("a.csv", text)], &["--month=2026-01"]);
        let document = run.json();
        assert_eq!(document["totals"]["revenue"], "0", "{text}");
        assert_eq!(document["tie"]["revenue"][0]["difference"], "0");
        // A month in which nothing of it lies is still most likely the wrong one.
        let run = report(&[("a.csv", text)], &["--month=2026-03"]);
        assert!(run.err.contains("error[T3041]"), "{}", run.err);
    }
}

const REPORT: &str = "accounting_period,open_accounting_period,currency,customer_id,debit,credit,amount\n2026-02,false,usd,cus_1,DeferredRevenue,Revenue,28.00\n";

#[test]
fn a_month_of_the_recognition_report_is_that_month_in_every_zone() {
    // The invoice is of February in UTC, 1.00 a day.
    let february = format!("{INVOICES}{}", invoice("cus_1", "usd", "28.00", "paid"))
        .replace("2026-02-01", "2026-03-01")
        .replace("2026-01-01", "2026-02-01");
    for zone in ["UTC", "Europe/Berlin", "Asia/Tokyo", "America/New_York"] {
        let zone = format!("--tz={zone}");
        let options = [WINTER, &[zone.as_str()]].concat();
        let alone = report(&[("report.csv", REPORT)], &options);
        let told = expected(&[("cus_1 2026-02", "28")]);
        assert_eq!(months(&alone), told, "{zone}");
        // Hours of the invoice that lie in another month of the zone are the same money.
        let both = report(&[("report.csv", REPORT), ("inv.csv", &february)], &options);
        assert_eq!(months(&both), told, "{zone}");
    }
    let less = REPORT.replace("28.00", "10.00");
    let both = report(&[("report.csv", &less), ("inv.csv", &february)], WINTER);
    assert_eq!(months(&both), expected(&[("cus_1 2026-02", "10")]));
    let words = "cus_1 10.00 USD against 28.00 USD";
    assert!(notes(&both).contains(words), "{}", notes(&both));
}

#[test]
fn a_one_off_counts_when_its_invoice_is_final() {
    let once = invoice("cus_1", "usd", "62.00", "paid")
        .replace(
            "2026-01-01 00:00,2026-02-01 00:00",
            "2026-01-18 00:00,2026-01-18 00:00",
        )
        .replace("2026-01-01 01:00", "2026-02-19 01:00");
    let run = report(&[("a.csv", &format!("{INVOICES}{once}"))], WINTER);
    assert_eq!(months(&run), expected(&[("cus_1 2026-02", "62")]));
}

#[test]
fn cash_of_the_balance_is_net_of_the_tax_of_its_invoice() {
    // 119.00 with 19.00 of tax, paid in January; 59.50 go back in February, 50.00 without tax.
    let invoices = format!(
        "{INVOICES}{}",
        invoice("cus_1", "usd", "119.00", "paid").replace(",0.00,119.00", ",19.00,119.00")
    );
    let change = "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,description,customer_id,charge_id,invoice_id\ntxn_1,2026-01-02 10:00:00,usd,119.00,0.00,119.00,charge,ch_1,,,ch_1,in_1\ntxn_2,2026-02-02 10:00:00,usd,-59.50,0.00,-59.50,refund,re_1,,,ch_1,in_1\ntxn_3,2026-02-03 10:00:00,usd,7.00,0.00,7.00,charge,ch_2,,cus_2,ch_2,\n";
    let options = [WINTER, &["--revenue=cash"]].concat();
    let run = report(&[("inv.csv", &invoices), ("change.csv", change)], &options);
    let told = [
        ("cus_1 2026-01", "100"),
        ("cus_1 2026-02", "-50"),
        ("cus_2 2026-02", "7"),
    ];
    assert_eq!(months(&run), expected(&told));
    let document = run.json();
    let ties = document["tie"]["revenue"].as_array().unwrap().iter();
    let tie = ties.clone().find(|tie| tie["source"] == "stripe balance");
    let tie = tie.unwrap();
    assert_eq!(tie["difference"], "0");
    assert_eq!(tie["tax"], "9.5");
    let words = "which show no tax: they count with the tax in them: 1, together 7.00 USD";
    assert!(notes(&run).contains(words), "{}", notes(&run));
}

#[test]
fn what_no_file_tells_is_named() {
    let invoices = format!("{INVOICES}{}", invoice("cus_1", "usd", "62.00", "paid"));
    let alone = report(&[("inv.csv", &invoices)], WINTER);
    let words = "no file tells refunds, lost disputes, credit notes of these invoices";
    assert!(notes(&alone).contains(words), "{}", notes(&alone));
    let paid = payment("0.00", "Paid");
    let both = report(&[("inv.csv", &invoices), ("pay.csv", &paid)], WINTER);
    let words = "no file tells credit notes of these invoices";
    assert!(notes(&both).contains(words), "{}", notes(&both));
    // A void invoice whose day is in no column was never revenue, and a warning says so.
    let void = format!("{INVOICES}{}", invoice("cus_1", "usd", "62.00", "void"));
    let void = void + &invoice("cus_2", "usd", "5.00", "paid").replace("in_1", "in_2");
    let run = report(&[("inv.csv", &void)], WINTER);
    assert_eq!(months(&run), expected(&[("cus_2 2026-01", "5")]));
    let words = "since a day that no file says";
    assert!(notes(&run).contains(words), "{}", notes(&run));
}

#[test]
fn a_rate_over_several_months_says_what_it_is() {
    let subscriptions = "id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC)\nsub_1,cus_1,price_1,1,usd,month,30.00,active,2026-01-10 00:00,2026-01-10 00:00,2026-03-10 00:00,2026-04-10 00:00\nsub_2,cus_2,price_2,1,usd,month,60.00,active,2026-03-10 00:00,2026-03-10 00:00,2026-03-10 00:00,2026-04-10 00:00\n";
    let files = [("subscriptions.csv", subscriptions)];
    let run = report(&files, &[WINTER, &["--revenue=mrr"]].concat());
    let told = [
        ("cus_1 2026-01", "30"),
        ("cus_1 2026-02", "30"),
        ("cus_1 2026-03", "30"),
        ("cus_2 2026-03", "60"),
    ];
    assert_eq!(months(&run), expected(&told));
    let words = "adds up the rates at the end of 3 months; at the end of March 2026 it is 90.00 USD a month";
    assert!(notes(&run).contains(words), "{}", notes(&run));
    // A coupon is in no list price, and that is said.
    let coupon = subscriptions
        .replace(
            "Current Period End (UTC)",
            "Current Period End (UTC),Coupon",
        )
        .replace("2026-04-10 00:00\nsub_2", "2026-04-10 00:00,LAUNCH\nsub_2")
        .replace("2026-04-10 00:00\n", "2026-04-10 00:00,\n");
    let with = report(
        &[("subscriptions.csv", coupon.as_str())],
        &["--month=2026-03", "--revenue=mrr"],
    );
    let told = [("cus_1 2026-03", "30"), ("cus_2 2026-03", "60")];
    assert_eq!(months(&with), expected(&told));
    let words = "which know it: 1, together 30.00 USD";
    assert!(notes(&with).contains(words), "{}", notes(&with));
    // One month is the rate itself, and needs no word; half of one counts by its days.
    let march = report(&files, &["--month=2026-03", "--revenue=mrr"]);
    assert!(!notes(&march).contains("adds up"), "{}", notes(&march));
    let half = ["--from=2026-01-01", "--to=2026-02-15", "--revenue=mrr"];
    let half = report(&files, &half);
    assert_eq!(
        months(&half),
        expected(&[("cus_1 2026-01", "30"), ("cus_1 2026-02", "15")])
    );
    assert!(notes(&half).contains("within a month"), "{}", notes(&half));
    // Without any price there is nothing to report, and the message says what to pass.
    let bare = subscriptions.replace("30.00", "").replace("60.00", "");
    let run = report(
        &[("subscriptions.csv", &bare)],
        &["--month=2026-03", "--revenue=mrr"],
    );
    assert!(run.err.contains("prices.csv"), "{}", run.err);
    let run = report(
        &[("report.csv", REPORT)],
        &["--month=2026-02", "--revenue=billed"],
    );
    assert!(run.err.contains("error[T1030]"), "{}", run.err);
}
