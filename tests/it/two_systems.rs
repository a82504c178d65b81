//! The same customer in two billing systems: the same money counts once, other money counts, and
//! where nobody can tell the report says so with both amounts. Every number is worked out by hand.

use crate::stripe_money::{months, noted, report};

const INVOICE_HEADER: &str = "id,Amount Due,Customer,Date (UTC),Finalized At (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Currency,Tax,Total,Amount Paid,Status,Voided At (UTC)";

/// Stripe invoices of acme: id, date, end of the service, amount, status, time of voiding.
fn invoices(rows: &[[&str; 6]]) -> String {
    let mut csv = format!("{INVOICE_HEADER}\n");
    for [id, date, end, amount, status, voided] in rows {
        let (date, end) = (format!("{date} 00:00"), format!("{end} 00:00"));
        csv.push_str(&format!(
            "{id},{amount},acme,{date},{date},{date},{end},usd,,{amount},{amount},{status},{voided}\n"
        ));
    }
    csv
}

/// Rows of a revenue file of acme: first day, day after the last, amount.
fn contract(rows: &[[&str; 3]]) -> String {
    let mut csv =
        "customer_id,period_start,period_end,amount,currency,invoice_id,status\n".to_string();
    for (at, [start, end, amount]) in rows.iter().enumerate() {
        csv.push_str(&format!("acme,{start},{end},{amount},usd,M-{at},paid\n"));
    }
    csv
}

/// Payments of acme that name no invoice: time and amount.
fn payments(rows: &[[&str; 2]]) -> String {
    let mut csv =
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Invoice ID\n"
            .to_string();
    for (at, [time, amount]) in rows.iter().enumerate() {
        csv.push_str(&format!("ch_{at},{time},{amount},0,usd,Paid,acme,\n"));
    }
    csv
}

#[test]
fn a_year_that_was_paid_in_december_counts_once() {
    let contract = contract(&[["2026-01-01", "2027-01-01", "1200.00"]]);
    let payments = payments(&[["2025-12-20 08:05:00", "1200.00"]]);
    let files = [
        ("contract.csv", contract.as_str()),
        ("payments.csv", &payments),
    ];
    let winter = "--from 2025-12-01 --to 2026-02-01";
    let run = report(&files, winter);
    // 1,200.00 × 31 ∕ 365 = 101.917….
    assert_eq!(months(&run), ["acme 2026-01 101.92"]);
    assert!(noted(
        &run,
        "N2103",
        &["another month", ": 1, together 1,200.00 USD"]
    ));
    let billed = report(&files, &format!("{winter} --revenue billed"));
    assert_eq!(months(&billed), ["acme 2026-01 1200"]);
    let cash = report(&files, &format!("{winter} --revenue cash"));
    assert_eq!(months(&cash), ["acme 2025-12 1200"]);
}

#[test]
fn a_fee_paid_in_arrears_counts_once() {
    let lago = "lago_id,sequential_id,issuing_date,customer_lago_id,customer_external_id,invoice_number,invoice_type,payment_status,status,currency,fees_amount_cents,coupons_amount_cents,taxes_amount_cents,credit_notes_amount_cents,prepaid_credit_amount_cents,total_amount_cents
l1,1,2026-02-01,x,acme,L-1,subscription,succeeded,finalized,USD,10000,0,0,0,0,10000
";
    let fees = "invoice_lago_id,invoice_number,invoice_issuing_date,fee_lago_id,fee_item_type,fee_item_code,fee_item_name,subscription_external_id,subscription_plan_code,fee_from_date_utc,fee_to_date_utc,fee_amount_currency,fee_units,fee_precise_unit_amount,fee_taxes_amount_cents,fee_total_amount_cents
l1,L-1,2026-02-01,f1,subscription,pro,pro,s1,pro,2026-01-01T00:00:00Z,2026-01-31T23:59:59Z,USD,1,100,0,10000
";
    let payments = payments(&[["2026-02-03 08:05:00", "100.00"]]);
    let files = [
        ("lago.csv", lago),
        ("fees.csv", fees),
        ("payments.csv", &payments),
    ];
    let run = report(&files, "--from 2026-01-01 --to 2026-04-01");
    assert_eq!(months(&run), ["acme 2026-01 100"]);
}

#[test]
fn payments_near_a_contract_with_other_sums_are_told() {
    let contract = contract(&[["2026-01-01", "2027-01-01", "1200.00"]]);
    let payments = payments(&[["2025-12-20 08:05:00", "700.00"]]);
    let files = [
        ("contract.csv", contract.as_str()),
        ("payments.csv", &payments),
    ];
    let run = report(&files, "--from 2025-12-01 --to 2026-02-01");
    assert_eq!(months(&run), ["acme 2025-12 700", "acme 2026-01 101.92"]);
    assert!(noted(
        &run,
        "N2110",
        &["with other sums", ": 1, together 700.00 USD"]
    ));
}

#[test]
fn a_customer_who_moves_from_stripe_to_a_contract_loses_no_month() {
    // Paid by the month in Stripe until December, by contract from January.
    let payments = payments(&[
        ["2025-11-01 08:00:00", "100.00"],
        ["2025-12-01 08:00:00", "100.00"],
    ]);
    let contract = contract(&[
        ["2026-01-01", "2026-02-01", "100.00"],
        ["2026-02-01", "2026-03-01", "100.00"],
    ]);
    let files = [
        ("contract.csv", contract.as_str()),
        ("payments.csv", &payments),
    ];
    let run = report(&files, "--from 2025-11-01 --to 2026-03-01");
    assert_eq!(run["totals"]["revenue"], "400");
    // One who pays each month of the contract, and one more month before it.
    let monthly = payments_of_three();
    let files = [
        ("contract.csv", contract.as_str()),
        ("payments.csv", &monthly),
    ];
    let run = report(&files, "--from 2025-11-01 --to 2026-03-01");
    assert_eq!(run["totals"]["revenue"], "300");
}

#[test]
fn a_customer_who_moves_from_invoices_to_a_contract_loses_no_month() {
    let invoices = invoices(&[
        ["in_1", "2025-12-01", "2026-01-01", "100.00", "paid", ""],
        ["in_2", "2026-01-01", "2026-02-01", "100.00", "paid", ""],
    ]);
    let contract = contract(&[["2026-02-01", "2026-03-01", "100.00"]]);
    let files = [
        ("contract.csv", contract.as_str()),
        ("invoices.csv", &invoices),
    ];
    for basis in ["recognized", "billed"] {
        let run = report(
            &files,
            &format!("--from 2025-12-01 --to 2026-03-01 --revenue {basis}"),
        );
        assert_eq!(run["totals"]["revenue"], "300", "{basis}");
    }
}

#[test]
fn a_contract_beside_a_small_invoice_is_not_counted_with_its_payment() {
    let contract = contract(&[["2026-02-01", "2026-03-01", "2800.00"]]);
    let invoices = invoices(&[["in_1", "2026-02-10", "2026-02-10", "10.00", "paid", ""]]);
    let payments = payments(&[["2026-02-03 08:00:00", "2800.00"]]);
    let files = [
        ("contract.csv", contract.as_str()),
        ("invoices.csv", &invoices),
        ("payments.csv", &payments),
    ];
    assert_eq!(
        report(&files, "--month 2026-02")["totals"]["revenue"],
        "2810"
    );
}

fn payments_of_three() -> String {
    payments(&[
        ["2025-12-01 08:00:00", "100.00"],
        ["2026-01-01 08:00:00", "100.00"],
        ["2026-02-01 08:00:00", "100.00"],
    ])
}

#[test]
fn a_small_invoice_beside_a_contract_is_money_of_its_own() {
    let contract = contract(&[["2026-01-01", "2027-01-01", "36500.00"]]);
    let invoices = invoices(&[["in_1", "2026-02-10", "2026-02-10", "10.00", "paid", ""]]);
    let files = [
        ("contract.csv", contract.as_str()),
        ("invoices.csv", &invoices),
    ];
    let run = report(&files, "--from 2026-01-01 --to 2026-04-01");
    // 100.00 a day.
    assert_eq!(
        months(&run),
        [
            "acme 2026-01 3100",
            "acme 2026-02 2810",
            "acme 2026-03 3100"
        ]
    );
    assert_eq!(run["deferred"]["deferred_revenue"], "27500");
    let words = ["both count", "acme 10.00 USD against 2,800.00 USD"];
    assert!(noted(&run, "N2110", &words), "{}", run["notes"]);
    // The other way round: a row of 10.00 beside Stripe's 3,100.00.
    let invoices = self::invoices(&[["in_1", "2026-01-01", "2026-02-01", "3100.00", "paid", ""]]);
    let contract = self::contract(&[["2026-01-10", "2026-01-10", "10.00"]]);
    let files = [
        ("contract.csv", contract.as_str()),
        ("invoices.csv", &invoices),
    ];
    let run = report(&files, "--month 2026-01");
    assert_eq!(run["totals"]["revenue"], "3110");
}

#[test]
fn invoices_of_nothing_and_void_ones_prove_nothing() {
    let contract = contract(&[["2026-10-01", "2026-11-01", "5000.00"]]);
    let free = ["in_1", "2026-10-01", "2026-11-01", "0.00", "paid", ""];
    let void = [
        "in_2",
        "2026-10-01",
        "2026-11-01",
        "4000.00",
        "void",
        "2026-10-01 01:00",
    ];
    for rows in [&[free][..], &[void], &[free, void]] {
        let invoices = invoices(rows);
        let files = [
            ("contract.csv", contract.as_str()),
            ("invoices.csv", &invoices),
        ];
        let run = report(&files, "--month 2026-10");
        assert_eq!(months(&run), ["acme 2026-10 5000"], "{invoices}");
        assert!(!noted(&run, "N2110", &[]));
    }
}

#[test]
fn amounts_alike_count_once_and_the_difference_is_told() {
    let invoices = invoices(&[
        ["in_1", "2026-01-01", "2026-02-01", "3100.00", "paid", ""],
        ["in_2", "2026-02-01", "2026-03-01", "2800.00", "paid", ""],
    ]);
    let contract = |amount| contract(&[["2026-01-01", "2027-01-01", amount]]);
    let run = |amount| {
        let contract = contract(amount);
        let files = [
            ("contract.csv", contract.as_str()),
            ("invoices.csv", invoices.as_str()),
        ];
        report(&files, "--from 2026-01-01 --to 2026-04-01")
    };
    // 100.00 a day in both: the contract has the months that Stripe does not tell, and what is
    // billed for them is still deferred: 36,500.00 − 5,900.00 that Stripe tells − 3,100.00.
    let same = run("36500.00");
    assert_eq!(same["totals"]["revenue"], "9000");
    assert_eq!(same["deferred"]["deferred_revenue"], "27500");
    assert!(!noted(&same, "N2110", &[]));
    // 80.00 a day: Stripe's 5,900.00 against 4,720.00, and March of the contract.
    let other = run("29200.00");
    assert_eq!(other["totals"]["revenue"], "8380");
    let words = [
        "stripe invoices count",
        "acme 5,900.00 USD against 4,720.00 USD",
    ];
    assert!(noted(&other, "N2110", &words), "{}", other["notes"]);
}

#[test]
fn a_contract_paid_in_instalments_counts_once() {
    // Paid in quarters: each payment lies in a month that the contract tells.
    let contract = contract(&[["2026-01-01", "2027-01-01", "1200.00"]]);
    let quarters = payments(&[
        ["2026-01-05 08:00:00", "300.00"],
        ["2026-04-05 08:00:00", "300.00"],
        ["2026-07-05 08:00:00", "300.00"],
        ["2026-10-05 08:00:00", "300.00"],
    ]);
    let files = [
        ("contract.csv", contract.as_str()),
        ("payments.csv", &quarters),
    ];
    for basis in ["recognized", "billed", "cash"] {
        let options = format!("--from 2026-01-01 --to 2027-01-01 --revenue {basis}");
        let run = report(&files, &options);
        assert_eq!(run["totals"]["revenue"], "1200", "{basis}");
        assert!(!noted(&run, "N2110", &[]), "{basis}: {}", run["notes"]);
    }
}
