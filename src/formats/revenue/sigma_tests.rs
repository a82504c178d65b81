//! What the readers of Stripe's tables refuse, and which file each of them takes.

use crate::formats::revenue::testing::{Outcome, Rows, read_with};
use crate::formats::{Format, Reader, RevenueRecords, Sample, Settings, USELESS, detect, named};
use crate::model::{Currency, Zone};
use crate::problem::Problems;
use crate::scan::{self, Body, How};

fn format(name: &str) -> &'static Format {
    named(name).unwrap()
}

fn read(name: &str, header: &str, rows: &[&str]) -> Outcome {
    let csv = format!("{header}\n{}\n", rows.join("\n"));
    read_with(format(name), &csv, &Settings::default())
}

/// A format, a header, a good row, and what goes wrong where, when a part of it is replaced.
type Damage = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
);

const DAMAGE: &[Damage] = &[
    (
        "sigma-invoice-line-items",
        "id,invoice_id,amount,currency,period_start,period_end,proration,total_discount,total_exclusive_tax,quantity",
        "il_1,in_1,9900,usd,2026-02-01 00:00:00.000,2026-03-01 00:00:00.000,false,900,1800,1",
        &[
            ("il_1", "", "T3027@3:1"),
            ("in_1", "", "T3027@3:2"),
            ("9900", "99.50", "T3023@3:3"),
            ("9900", "", "T3021@3:3"),
            ("usd", "dollars", "T3029@3:4"),
            ("2026-02-01", "2/1/26", "T3024@3:5"),
            ("2026-03-01", "2026-01-01", "T3029@3:6"),
            ("false", "no", "T3029@3:7"),
            ("false", "", "T3027@3:7"),
            (",900,", ",,", "T3027@3:8"),
            (",900,", ",-900,", "T3029@3:8"),
            (",900,", ",9901,", "T3029@3:8"),
            ("1800", "18.00001", "T3023@3:9"),
            ("1800,1", "1800,one", "T3021@3:10"),
        ],
    ),
    (
        "sigma-line-taxes",
        "invoice_line_item_id,amount,inclusive",
        "il_1,1667,true",
        &[
            ("il_1", "", "T3027@3:1"),
            ("1667", "16.67", "T3023@3:2"),
            ("true", "yes", "T3029@3:3"),
        ],
    ),
    (
        "sigma-invoices",
        "id,customer_id,currency,date,total,tax,status,billing_reason",
        "in_1,cus_acme,usd,2026-02-01 00:00:00.000,12000,2000,paid,manual",
        &[
            ("in_1", "total", "T3030@3:1"),
            ("cus_acme", "1.23457E+11", "T3026@3:2"),
            ("12000", "", "T3021@3:5"),
            (",2000,", ",20.5,", "T3023@3:6"),
            ("paid", "settled", "T3029@3:7"),
            ("paid", "", "T3029@3:7"),
        ],
    ),
    (
        "sigma-charges",
        "id,amount,amount_refunded,currency,created,status,captured,customer_id",
        "ch_1,9900,900,usd,2026-02-01 00:00:00.000,succeeded,true,cus_acme",
        &[
            ("9900", "-9900", "T3029@3:2"),
            (",900,", ",9901,", "T3029@3:3"),
            ("succeeded", "paid", "T3029@3:6"),
            ("true", "", "T3027@3:7"),
        ],
    ),
    (
        "sigma-refunds",
        "id,amount,currency,charge_id,created,status,reason",
        "re_1,900,usd,ch_1,2026-02-01 00:00:00.000,succeeded,",
        &[
            ("900", "-900", "T3029@3:2"),
            ("ch_1", "", "T3027@3:4"),
            ("succeeded", "done", "T3029@3:6"),
        ],
    ),
    (
        "sigma-disputes",
        "id,amount,currency,charge_id,created,status",
        "dp_1,900,usd,ch_1,2026-02-01 00:00:00.000,lost",
        &[("lost", "closed", "T3029@3:6"), ("lost", "", "T3029@3:6")],
    ),
    (
        "sigma-balance-transactions",
        "id,amount,fee,net,currency,created,source_id,type,reporting_category",
        "txn_1,10692,340,10352,usd,2026-02-01 00:00:00.000,ch_1,charge,charge",
        &[
            ("10692", "106.92", "T3023@3:2"),
            (",340,", ",,", "T3021@3:3"),
            ("charge,charge", ",", "T3027@3:8"),
        ],
    ),
    (
        "sigma-credit-notes",
        "id,amount,currency,invoice_id,created,status,refund_id",
        "cn_1,900,usd,in_1,2026-02-01 00:00:00.000,issued,re_1",
        &[("in_1", "", "T3027@3:4"), ("issued", "paid", "T3029@3:6")],
    ),
    (
        "sigma-credit-note-lines",
        "id,credit_note_id,amount,discount_amount,invoice_line_item",
        "cnli_1,cn_1,5000,500,il_1",
        &[("cn_1", "", "T3027@3:2"), (",500,", ",,", "T3021@3:4")],
    ),
    (
        "sigma-subscriptions",
        "id,customer_id,status,quantity,current_period_start,current_period_end",
        "sub_1,cus_acme,active,2,2026-02-01 00:00:00.000,2026-03-01 00:00:00.000",
        &[
            ("cus_acme", "", "T3027@3:2"),
            ("active", "sleeping", "T3029@3:3"),
            (",2,", ",1.5,", "T3023@3:4"),
            ("2026-03-01", "2026-01-01", "T3029@3:6"),
        ],
    ),
    (
        "sigma-subscription-items",
        "id,subscription_id,price_id,quantity,price_currency,price_recurring_interval,price_unit_amount,price_recurring_interval_count",
        "si_1,sub_1,price_pro,2,usd,month,9900,1",
        &[
            ("price_pro", "", "T3027@3:3"),
            (",2,", ",-2,", "T3022@3:4"),
            ("month", "fortnight", "T3029@3:6"),
            ("9900", "99.5", "T3023@3:7"),
        ],
    ),
    (
        "sigma-prices",
        "id,product_id,currency,unit_amount,recurring_interval,recurring_interval_count,recurring_usage_type,transform_quantity_divide_by",
        "price_pro,prod_pro,usd,9900,month,1,licensed,",
        &[
            ("9900", "99.5", "T3023@3:4"),
            ("month,1", "month,0", "T3029@3:6"),
            ("month,1", "month,", "T3027@3:6"),
            ("licensed", "tiered", "T3029@3:7"),
        ],
    ),
    (
        "sigma-products",
        "id,name,unit_label",
        "prod_pro,Pro,seat",
        &[("Pro", "", "T3027@3:2")],
    ),
    (
        "sigma-change-events",
        "event_timestamp,customer_id,currency,mrr_change",
        "2026-02-01 00:00:00.000,cus_acme,usd,-5000",
        &[
            ("cus_acme", "", "T3027@3:2"),
            ("-5000", "-50.5", "T3023@3:4"),
        ],
    ),
];

#[test]
fn a_damaged_cell_is_refused_where_it_stands() {
    for (name, header, good, cases) in DAMAGE {
        assert_eq!(read(name, header, &[good]).faults(), [""; 0], "{name}");
        for (old, new, fault) in *cases {
            let bad = good.replacen(old, new, 1);
            assert_ne!(bad, *good, "{name}: {old}");
            let outcome = read(name, header, &[good, &bad, good]);
            assert_eq!(outcome.faults(), [*fault], "{name}: {old} → {new}");
            assert_eq!(outcome.tally.used, 2, "{name}: {old} → {new}");
        }
    }
}

#[test]
fn all_missing_columns_are_named_at_once() {
    let header = "invoice_id,amount,period_start,period_end,proration";
    let row = "in_1,9900,2026-02-01,2026-03-01,false";
    let outcome = read("sigma-invoice-line-items", header, &[row]);
    let texts: Vec<&str> = outcome
        .problems
        .kept()
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "the column id is missing",
            "the column currency is missing",
            "the column total_discount is missing"
        ]
    );
    let help = outcome.problems.kept()[2].help.clone().unwrap();
    assert!(
        help.starts_with("select total_discount of the table invoice_line_items too"),
        "{help}"
    );
    assert!(outcome.records.lines.is_empty());
}

#[test]
fn what_the_user_says_stands_in_for_columns() {
    let settings = Settings {
        currency: Currency::parse("eur"),
        columns: [("total_discount".to_string(), "discount".to_string())].into(),
        ..Settings::default()
    };
    let csv = "id,invoice_id,amount,discount,period_start,period_end,proration\nil_1,in_1,1000,100,2026-02-01,2026-03-01,false\n";
    let lines = format("sigma-invoice-line-items");
    let outcome = read_with(lines, csv, &settings);
    assert_eq!(outcome.faults(), [""; 0]);
    let line = &outcome.records.lines[0];
    assert_eq!(
        (line.net.to_string(), line.currency.code()),
        ("9".to_string(), "EUR")
    );
    let settings = Settings {
        columns: [("discount".to_string(), "discount".to_string())].into(),
        ..Settings::default()
    };
    let outcome = read_with(lines, csv, &settings);
    assert!(
        outcome
            .problems
            .kept()
            .iter()
            .any(|p| p.entry.code == "T1010")
    );
}

#[test]
fn local_times_need_a_zone() {
    let csv = "local_event_timestamp,customer_id,currency,mrr_change\n2026-02-01 00:30:00.000,cus_acme,usd,9900\n";
    let events = format("sigma-change-events");
    let outcome = read_with(events, csv, &Settings::default());
    assert_eq!(outcome.faults(), ["T3025@2:1"]);
    let settings = Settings {
        zone: Zone::parse("Europe/Paris"),
        ..Settings::default()
    };
    let outcome = read_with(events, csv, &settings);
    let at = outcome.records.mrr_changes[0].at.to_string();
    assert_eq!(at, "2026-01-31T23:30:00Z");
}

/// What a header is taken for: a format, a useless export, or nothing.
fn taken_for(header: &str, first: &str) -> Option<&'static str> {
    let rows = Rows::of(&format!("{header}\n{first}\n"));
    let sample = rows.sample();
    let useless = USELESS.iter().find(|known| (known.detect)(&sample));
    match useless {
        Some(useless) => Some(useless.title),
        None => detect(&sample).map(|format| format.name),
    }
}

#[test]
fn minor_units_are_never_taken_for_major_ones() {
    let lines = "customer_id,invoice_id,amount,currency,period_start,period_end,proration";
    assert_eq!(taken_for(lines, ""), Some("sigma-invoice-line-items"));
    let upper = lines.to_uppercase();
    assert_eq!(taken_for(&upper, ""), Some("sigma-invoice-line-items"));
    // Without what only Stripe has, it is the layout of major units.
    let generic = "customer_id,invoice_id,amount,currency,period_start,period_end";
    assert_eq!(taken_for(generic, ""), Some("revenue-csv"));
    // Invoices of another system, whatever their unit, are not Stripe's.
    let own = "id,customer_id,total,tax,date,status,currency";
    assert_eq!(taken_for(own, ""), None);
}

#[test]
fn tables_with_the_same_columns_are_told_apart() {
    let both = "id,amount,charge_id,created,currency,reason,status";
    let row = |id: &str| format!("{id},900,ch_1,2026-02-01,usd,general,lost");
    assert_eq!(taken_for(both, &row("re_1")), Some("sigma-refunds"));
    assert_eq!(taken_for(both, &row("pyr_1")), Some("sigma-refunds"));
    assert_eq!(taken_for(both, &row("du_1")), Some("sigma-disputes"));
    assert_eq!(taken_for(both, &row("xx_1")), None);
    let items = "id,invoice_id,amount,currency,customer_id,date,period_start,period_end,proration,unit_amount";
    assert_eq!(taken_for(items, ""), Some("Stripe's table invoice_items"));
}

#[test]
fn a_table_of_the_data_pipeline_is_read_from_parquet() {
    let name = "fixtures/columnar/sigma-invoice-line-items.parquet";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut opened = scan::open(&path, name, &How::default()).unwrap();
    let opened = opened.remove(0);
    let sample = Sample {
        header: &opened.peek.header,
        rows: &opened.peek.rows,
        text: &opened.peek.text,
        file_name: name,
    };
    let found = detect(&sample).unwrap();
    assert_eq!(found.name, "sigma-invoice-line-items");
    let (Body::Table(mut source), Reader::Revenue(read)) = (opened.body, &found.read) else {
        panic!("it is a table of revenue");
    };
    let mut records = RevenueRecords::default();
    let mut problems = Problems::default();
    let settings = Settings::default();
    let tally = read(&mut *source, &settings, &mut records, &mut problems);
    assert!(problems.is_empty());
    assert_eq!((tally.read, tally.used), (2, 2));
    // 99.00 - 9.90 dollars with 17.82 of tax; 5000 yen without a quantity or a tax.
    let line = |at: usize| {
        let line = &records.lines[at];
        let (start, end) = line.service.unwrap();
        let quantity = line.quantity.map(|quantity| quantity.to_string());
        let cells = [line.net.to_string(), line.tax.to_string()];
        (cells, start.to_string(), end.to_string(), quantity)
    };
    let cells = |net: &str, tax: &str| [net.to_string(), tax.to_string()];
    assert_eq!(
        line(0),
        (
            cells("89.1", "17.82"),
            "2026-02-03T09:15:00Z".into(),
            "2026-03-03T09:15:00Z".into(),
            Some("1".into())
        )
    );
    assert_eq!(
        line(1),
        (
            cells("5000", "0"),
            "2026-02-16T03:00:00Z".into(),
            "2026-02-16T03:00:00Z".into(),
            None
        )
    );
}
