//! The same payment, refund or dispute told by several exports of Stripe: it counts once, with its
//! own date and in the right currency, or the report says what it cannot tell. Every number is
//! worked out by hand.

use serde_json::Value;

use crate::support::{put, tanso};

/// Files by name and content.
type Files<'a> = &'a [(&'a str, &'a str)];

/// A report by customer and month in JSON, with options separated by blanks.
pub fn report(files: Files<'_>, options: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments: Vec<String> = "report --no-config --format json --by customer,month"
        .split(' ')
        .chain(options.split(' '))
        .map(str::to_string)
        .collect();
    let paths = files.iter();
    arguments.extend(paths.map(|(name, content)| put(folder.path(), name, content)));
    tanso(&arguments).json()
}

/// The revenue of its rows as `customer month amount`, in order; rows of nothing left out.
pub fn months(report: &Value) -> Vec<String> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("").to_string();
    let rows = report["rows"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["revenue"] != "0");
    let mut rows: Vec<String> = rows
        .map(|row| {
            let (customer, month) = (text(row, "customer"), text(row, "month"));
            format!("{customer} {month} {}", text(row, "revenue"))
        })
        .collect();
    rows.sort();
    rows
}

/// Whether some note or warning of the code has all these words.
pub fn noted(report: &Value, code: &str, words: &[&str]) -> bool {
    let notes = report["notes"].as_array().unwrap();
    notes.iter().any(|note| {
        let text = note["text"].as_str().unwrap();
        note["code"] == code && words.iter().all(|word| text.contains(word))
    })
}

const QUARTER: &str = "--from 2026-01-01 --to 2026-04-01";
const CASH: &str = "--from 2026-01-01 --to 2026-04-01 --revenue cash";

const INVOICE_HEADER: &str = "id,Amount Due,Number,Customer,Date (UTC),Finalized At (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC),Currency,Tax,Total,Amount Paid,Status";

/// An invoice of acme for January to March.
fn invoice(currency: &str, total: &str, period: &str) -> String {
    format!(
        "{INVOICE_HEADER}\nin_1,{total},ABC-0001,acme,2026-01-01 00:00,2026-01-01 00:00,{period},{currency},,{total},{total},paid\n"
    )
}

const AT_ONCE: &str = "2026-01-01 00:00,2026-01-01 00:00";
const THREE_MONTHS: &str = "2026-01-01 00:00,2026-04-01 00:00";

const ITEMISED: &str = "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,customer_facing_amount,customer_facing_currency,customer_id,charge_id,invoice_id";
const HISTORY: &str = "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC),Description,Customer Facing Amount,Customer Facing Currency";

#[test]
fn refunds_of_the_balance_are_in_the_currency_of_the_report() {
    // 15,000 yen were settled at 100.00 dollars: 3,000 of them are 20.00.
    let invoices = invoice("jpy", "15000", AT_ONCE);
    let payments = "id,Created date (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Converted Currency,Status,Refunded date (UTC),Customer ID,Invoice ID
ch_1,2026-01-01 00:00:00,15000,3000,jpy,100.00,20.00,usd,Paid,2026-02-01 00:00:00,acme,in_1
";
    let itemised = format!(
        "{ITEMISED}
txn_1,2026-01-01 00:00:00,usd,100.00,3.00,97.00,charge,ch_1,15000,jpy,acme,ch_1,in_1
txn_2,2026-02-01 00:00:00,usd,-20.00,0.00,-20.00,refund,re_1,-3000,jpy,acme,ch_1,in_1
"
    );
    let history = format!(
        "{HISTORY}
txn_1,charge,ch_1,100.00,3.00,97.00,usd,2026-01-01 00:00,2026-01-03 00:00,Invoice ABC-0001,15000,jpy
txn_2,refund,re_1,-20.00,0.00,-20.00,usd,2026-02-01 00:00,2026-02-01 00:00,REFUND FOR ch_1,-3000,jpy
"
    );
    let (one, two) = (
        ("invoices.csv", invoices.as_str()),
        ("payments.csv", payments),
    );
    let (three, four) = (
        ("itemised.csv", itemised.as_str()),
        ("history.csv", history.as_str()),
    );
    for basis in ["recognized", "cash"] {
        for files in [
            &[one, two][..],
            &[one, two, three],
            &[one, two, four],
            &[one, three],
            &[one, four],
            &[three],
        ] {
            let options = format!("{QUARTER} --currency USD --revenue {basis}");
            if basis == "recognized" && files.len() == 1 {
                continue;
            }
            let report = report(files, &options);
            let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
            // The balance history names the invoice, and that its customer.
            let expected = ["acme 2026-01 100", "acme 2026-02 -20"];
            assert_eq!(months(&report), expected, "{basis} {names:?}");
        }
    }
}

#[test]
fn a_refund_goes_back_at_the_rate_of_its_payment() {
    // 90.00 EUR came in as 99.00 USD: 1.1. The 45.00 EUR that went back cost 54.00 USD by then;
    // 49.50 of revenue go back, and 4.50 are a loss on the rate. Three months at 1.10 a day: 34.10,
    // 30.80, 34.10. On 1 February 31 ∕ 90 of 49.50 go back at once, 17.05, and 0.55 a day remain.
    let invoices = invoice("eur", "90.00", THREE_MONTHS);
    let itemised = format!(
        "{ITEMISED}
txn_1,2026-01-01 00:00:00,usd,99.00,3.00,96.00,charge,ch_1,90.00,eur,acme,ch_1,in_1
txn_2,2026-02-01 00:00:00,usd,-54.00,0.00,-54.00,refund,re_1,-45.00,eur,acme,ch_1,in_1
"
    );
    let unsigned = itemised.replace("-45.00,eur", "45.00,eur");
    for itemised in [&itemised, &unsigned] {
        let files = [
            ("invoices.csv", invoices.as_str()),
            ("balance.csv", itemised),
        ];
        let report = report(&files, &format!("{QUARTER} --currency USD"));
        assert_eq!(report["totals"]["revenue"], "49.5");
        assert_eq!(
            months(&report),
            [
                "acme 2026-01 34.1",
                "acme 2026-02 -1.65",
                "acme 2026-03 17.05"
            ]
        );
    }
}

#[test]
fn refunds_of_the_balance_reach_their_payment() {
    // 1.00 a day; half of it goes back on 1 February: 31, 14 − 15.50, 15.50.
    let half = ["acme 2026-01 31", "acme 2026-02 -1.5", "acme 2026-03 15.5"];
    let invoices = invoice("usd", "90.00", THREE_MONTHS);
    let history = |refund: &str| {
        format!(
            "{HISTORY}
txn_1,charge,ch_1,90.00,3.00,87.00,usd,2026-01-01 00:00,2026-01-03 00:00,Invoice ABC-0001,,
txn_2,refund,re_1,-45.00,0.00,-45.00,usd,2026-02-01 00:00,2026-02-01 00:00,{refund},,
txn_3,stripe_fee,fee_1,-1.00,0.00,-1.00,usd,2026-02-01 00:00,2026-02-01 00:00,Billing,,
"
        )
    };
    let named = history("REFUND FOR CHARGE (Invoice ABC-0001)");
    // The itemised report without the objects behind the movements.
    let itemised = "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,customer_id,charge_id,invoice_id
txn_1,2026-01-01 00:00:00,usd,90.00,3.00,87.00,charge,acme,ch_1,in_1
txn_2,2026-02-01 00:00:00,usd,-45.00,0.00,-45.00,refund,acme,ch_1,in_1
";
    // And without those of payments.
    let by_invoice = itemised.replace(",ch_1,", ",,");
    for balance in [named.as_str(), itemised, &by_invoice] {
        let files = [
            ("invoices.csv", invoices.as_str()),
            ("balance.csv", balance),
        ];
        assert_eq!(months(&report(&files, QUARTER)), half, "{balance}");
        assert_eq!(report(&files, CASH)["totals"]["revenue"], "45", "{balance}");
    }
    // Nothing says what was given back: the report says so.
    let nameless = history("REFUND FOR CHARGE");
    let files = [
        ("invoices.csv", invoices.as_str()),
        ("balance.csv", &nameless),
    ];
    let report = report(&files, QUARTER);
    assert_eq!(report["totals"]["revenue"], "90");
    assert!(noted(
        &report,
        "N2110",
        &["no file names", "1, together 45.00 USD"]
    ));
}

#[test]
fn the_words_of_a_payment_date_its_refunds() {
    let invoices = invoice("usd", "90.00", THREE_MONTHS);
    let payments = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Refunded date (UTC),Customer ID,Invoice ID
ch_1,2026-01-01 00:00:00,90.00,60.00,usd,Paid,2026-03-01 00:00:00,acme,in_1
ch_2,2026-01-01 00:00:00,50.00,0.00,usd,Paid,,umbra,in_2
";
    let balance = |second: &str| {
        format!(
            "{HISTORY}
txn_1,charge,ch_1,90.00,3.00,87.00,usd,2026-01-01 00:00,2026-01-03 00:00,Subscription creation,,
txn_2,refund,re_1,-30.00,0.00,-30.00,usd,2026-02-01 00:00,2026-02-01 00:00,REFUND FOR CHARGE (Subscription creation),,
txn_3,refund,re_2,-30.00,0.00,-30.00,usd,2026-03-01 00:00,2026-03-01 00:00,REFUND FOR CHARGE (Subscription creation),,
{second}"
        )
    };
    // Of two payments with these words only one was given back, by the payments themselves.
    let other = "txn_4,charge,ch_2,50.00,2.00,48.00,usd,2026-01-01 00:00,2026-01-03 00:00,Subscription creation,,\n";
    for balance in [balance(""), balance(other)] {
        let files = [
            ("invoices.csv", invoices.as_str()),
            ("payments.csv", payments),
            ("balance.csv", &balance),
        ];
        let report = report(&files, QUARTER);
        let expected = [
            // 60 × 59 ∕ 90 − 31 = 8.33, then 30 − 39.33.
            "acme 2026-01 31",
            "acme 2026-02 8.33",
            "acme 2026-03 -9.33",
            "umbra 2026-01 50",
        ];
        assert_eq!(months(&report), expected);
        assert!(noted(
            &report,
            "N2103",
            &["only one with their words", ": 2, together 60.00 USD"]
        ));
        // The rows of the balance make no customers: umbra has no earlier invoice either.
        assert!(!noted(&report, "N2101", &["may be understated: 3"]));
        assert!(!noted(&report, "N2002", &["ids without a customer"]));
    }
}

const MOVEMENTS: &str = "id,amount,fee,net,currency,created,source_id,type,reporting_category
txn_1,10000,0,10000,usd,2026-01-01 00:00:00,ch_1,charge,charge
txn_2,-2500,0,-2500,usd,2026-02-01 00:00:00,re_1,refund,refund
txn_3,-1500,0,-1500,usd,2026-03-01 00:00:00,re_2,refund,refund
txn_4,-2500,0,-2500,usd,2026-02-02 00:00:00,re_3,refund,refund
txn_5,2500,0,2500,usd,2026-02-05 00:00:00,re_3,refund_failure,refund_failure
txn_6,10000,0,10000,usd,2026-01-01 00:00:00,ch_2,charge,charge
txn_7,-10000,1500,-11500,usd,2026-02-10 00:00:00,dp_1,adjustment,dispute
";

#[test]
fn the_balance_alone_is_the_money_that_moved() {
    // 200.00 in; 25, 15 and 100 out, and 25 out and in again. Nobody is named.
    let run = report(&[("movements.csv", MOVEMENTS)], CASH);
    assert_eq!(run["totals"]["revenue"], "60");
    assert!(noted(&run, "N2002", &["stripe:ch_1"]));
    assert!(!noted(&run, "N2001", &["billing id"]));
    // Beside payments, which say what went back of them, the nameless movements take nothing twice.
    let charges =
        "id,amount,amount_refunded,currency,created,status,captured,customer_id,invoice_id
ch_1,10000,4000,usd,2026-01-01 00:00:00,succeeded,true,acme,
ch_2,10000,0,usd,2026-01-01 00:00:00,succeeded,true,umbra,
";
    let files = [("movements.csv", MOVEMENTS), ("charges.csv", charges)];
    let run = report(&files, CASH);
    assert_eq!(run["totals"]["revenue"], "160");
    // 25 + 15 + 25 − 25 + 100.
    assert!(noted(
        &run,
        "N2110",
        &["no file names", "5, together 140.00 USD"]
    ));
}

#[test]
fn the_payment_says_how_its_dispute_stands() {
    let invoices = format!(
        "{INVOICE_HEADER}
in_1,100.00,N1,acme,2026-01-01 00:00,2026-01-01 00:00,{AT_ONCE},usd,,100.00,100.00,paid
in_2,100.00,N2,umbra,2026-01-01 00:00,2026-01-01 00:00,{AT_ONCE},usd,,100.00,100.00,paid
in_3,100.00,N3,kestrel,2026-01-01 00:00,2026-01-01 00:00,{AT_ONCE},usd,,100.00,100.00,paid
"
    );
    let payments = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Invoice ID,Disputed Amount,Dispute Date (UTC),Dispute Status
ch_1,2026-01-01 00:00:00,100.00,0,usd,Paid,acme,in_1,100.00,2026-02-01 00:00:00,needs_response
ch_2,2026-01-01 00:00:00,100.00,0,usd,Paid,umbra,in_2,100.00,2026-02-01 00:00:00,won
ch_3,2026-01-01 00:00:00,100.00,0,usd,Paid,kestrel,in_3,40.00,,lost
";
    // The balance ends before the won dispute was reversed.
    let balance = format!(
        "{ITEMISED}
txn_1,2026-02-01 00:00:00,usd,-100.00,15.00,-115.00,dispute,dp_1,,,acme,ch_1,in_1
txn_2,2026-02-01 00:00:00,usd,-100.00,15.00,-115.00,dispute,dp_2,,,umbra,ch_2,in_2
txn_3,2026-03-01 00:00:00,usd,-40.00,15.00,-55.00,dispute,dp_3,,,kestrel,ch_3,in_3
"
    );
    let three = [
        ("invoices.csv", invoices.as_str()),
        ("payments.csv", payments),
        ("balance.csv", &balance),
    ];
    // Lost on a day that only the balance knows; without it on the day of the payment.
    for (files, lost) in [(&three[..], "2026-03 -40"), (&three[..2], "2026-01 60")] {
        let report = report(files, QUARTER);
        let kept = ["acme 2026-01 100", "umbra 2026-01 100"];
        let months = months(&report);
        assert!(
            kept.iter().all(|row| months.iter().any(|m| m == row)),
            "{months:?}"
        );
        assert!(months.contains(&format!("kestrel {lost}")), "{months:?}");
        assert_eq!(report["totals"]["revenue"], "260");
        assert!(noted(
            &report,
            "N2103",
            &["open disputes, at risk", ": 1, together 100.00 USD"]
        ));
        assert!(!noted(&report, "N2103", &["taken as lost"]));
    }
}

#[test]
fn each_lost_dispute_has_its_own_day() {
    let charges =
        "id,amount,amount_refunded,currency,created,status,captured,customer_id,invoice_id
ch_1,10000,0,usd,2026-01-01 00:00:00,succeeded,true,acme,
";
    let disputes = "id,amount,currency,charge_id,created,status
dp_1,3000,usd,ch_1,2026-02-10 00:00:00,lost
dp_2,2000,usd,ch_1,2026-03-10 00:00:00,lost
";
    let balance = format!(
        "{ITEMISED}
txn_1,2026-01-01 00:00:00,usd,100.00,0.00,100.00,charge,ch_1,,,acme,ch_1,
txn_2,2026-02-10 00:00:00,usd,-30.00,0.00,-30.00,dispute,dp_1,,,acme,ch_1,
txn_3,2026-03-10 00:00:00,usd,-20.00,0.00,-20.00,dispute,dp_2,,,acme,ch_1,
"
    );
    let charges = ("charges.csv", charges);
    for other in [("disputes.csv", disputes), ("balance.csv", &balance)] {
        let report = report(&[charges, other], QUARTER);
        assert_eq!(
            months(&report),
            ["acme 2026-01 100", "acme 2026-02 -30", "acme 2026-03 -20"],
            "{}",
            other.0
        );
    }
}

#[test]
fn refunds_in_pieces_take_back_the_whole() {
    // Net 8.33 of 10.00 and 84.03 of 100.00, each refunded in three pieces.
    let invoices = format!(
        "{INVOICE_HEADER}
in_1,10.00,N1,acme,2026-01-01 08:00,2026-01-01 08:05,{AT_ONCE},usd,1.67,10.00,10.00,paid
in_2,100.00,N2,umbra,2026-01-01 08:00,2026-01-01 08:05,{AT_ONCE},usd,15.97,100.00,100.00,paid
"
    );
    let payments = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Refunded date (UTC),Customer ID,Invoice ID
ch_1,2026-01-01 08:05:00,10.00,10.00,usd,Refunded,2026-03-01 00:00:00,acme,in_1
ch_2,2026-01-01 08:05:00,100.00,100.00,usd,Refunded,2026-03-01 00:00:00,umbra,in_2
";
    let refunds = "id,amount,currency,charge_id,created,status,reason
re_1,333,usd,ch_1,2026-02-01 00:00:00,succeeded,
re_2,333,usd,ch_1,2026-02-02 00:00:00,succeeded,
re_3,334,usd,ch_1,2026-03-03 00:00:00,succeeded,
re_4,3333,usd,ch_2,2026-02-01 00:00:00,succeeded,
re_5,3333,usd,ch_2,2026-02-02 00:00:00,succeeded,
re_6,3334,usd,ch_2,2026-03-03 00:00:00,succeeded,
";
    let files = [
        ("invoices.csv", invoices.as_str()),
        ("payments.csv", payments),
        ("refunds.csv", refunds),
    ];
    for basis in [QUARTER, CASH] {
        // 6.66 × 0.833 = 5.55, 66.66 × 0.8403 = 56.01; the rest in March.
        let expected = [
            "acme 2026-01 8.33",
            "acme 2026-02 -5.55",
            "acme 2026-03 -2.78",
            "umbra 2026-01 84.03",
            "umbra 2026-02 -56.01",
            "umbra 2026-03 -28.02",
        ];
        assert_eq!(months(&report(&files, basis)), expected, "{basis}");
    }
}

#[test]
fn payments_without_the_column_of_invoices_are_not_added_to_them() {
    let invoices = format!(
        "{INVOICE_HEADER}
in_2,31.00,N2,umbra,2026-01-01 00:00,2026-01-01 00:00,2026-01-01 00:00,2026-02-01 00:00,usd,,31.00,31.00,paid
"
    );
    let payments = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Refunded date (UTC),Customer ID
ch_1,2026-01-05 00:00:00,90.00,0.00,usd,Paid,,acme
ch_2,2026-01-05 00:00:00,31.00,4.00,usd,Paid,,umbra
";
    let files = [
        ("invoices.csv", invoices.as_str()),
        ("payments.csv", payments),
    ];
    let run = report(&files, QUARTER);
    // Acme has no invoice, so its payment is money of its own.
    assert_eq!(months(&run), ["acme 2026-01 90", "umbra 2026-01 31"]);
    assert!(noted(
        &run,
        "N2110",
        &["payments that name no invoice, of", "1, together 31.00 USD"]
    ));
    assert!(noted(
        &run,
        "N2110",
        &["refunds and lost disputes", "1, together 4.00 USD"]
    ));
    assert_eq!(report(&files, CASH)["totals"]["revenue"], "117");
    // With the column, a payment that names none pays none, unless Stripe calls it that of one.
    let named = payments.replace(",Customer ID", ",Customer ID,Invoice ID,Description");
    let named = named
        .replace(",acme", ",acme,,")
        .replace(",umbra", ",umbra,,Top-up");
    let files = [
        ("invoices.csv", invoices.as_str()),
        ("payments.csv", &named),
    ];
    let run = report(&files, QUARTER);
    assert_eq!(months(&run), ["acme 2026-01 90", "umbra 2026-01 58"]);
    assert!(!noted(&run, "N2110", &[]));
    let called = named.replace("Top-up", "Subscription update");
    let files = [
        ("invoices.csv", invoices.as_str()),
        ("payments.csv", &called),
    ];
    let run = report(&files, QUARTER);
    assert_eq!(months(&run), ["acme 2026-01 90", "umbra 2026-01 31"]);
    // The same in Stripe's tables: lines, invoice and a charge of 37.20 with 6.20 tax.
    let charges =
        "id,amount,amount_refunded,currency,created,status,captured,customer_id,description
ch_2,3720,0,usd,2026-01-01 00:05:00,succeeded,true,umbra,Subscription update
";
    let table = "id,customer_id,currency,date,total,tax,status,status_transitions_finalized_at,subscription_id,number
in_2,umbra,usd,2026-01-01 00:00:00,3720,620,paid,2026-01-01 00:00:00,,
";
    let lines = "id,invoice_id,amount,currency,total_discount,total_exclusive_tax,period_start,period_end,proration
il_1,in_2,3100,usd,0,620,2026-01-01 00:00:00,2026-02-01 00:00:00,false
";
    let files = [
        ("charges.csv", charges),
        ("invoices.csv", table),
        ("lines.csv", lines),
    ];
    assert_eq!(months(&report(&files, QUARTER)), ["umbra 2026-01 31"]);
}
