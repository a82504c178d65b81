//! Spoiled exports of a ledger: each fault is refused where it stands, or what it leaves out is
//! counted by name and everything still ties.

use serde_json::Value;

use super::business::{Ledger, invent};
use super::tables::File;
use super::truth::{Knows, Refunds, horizon, recognized};
use super::{dashboard, dates, differences, minor, months, report, tables, ties};

/// A ledger in dollars, with decimal points, that has something of everything.
fn ledger() -> Ledger {
    let seeds = (1..).map(invent);
    let has_all = |ledger: &Ledger| {
        let names: Vec<&str> = tables::all(ledger).iter().map(|(name, _)| *name).collect();
        let charges = ledger.charges.iter();
        ledger.currency == "usd"
            && ledger.seed % 5 != 0
            && ["disputes.csv", "refunds.csv", "credit_notes.csv"]
                .iter()
                .all(|name| names.contains(name))
            && charges.filter(|charge| charge.invoice.is_none()).count() > 1
    };
    let mut found = seeds.filter(has_all);
    found.next().expect("some seed has everything")
}

fn invoices(ledger: &Ledger) -> Vec<File> {
    vec![
        ("invoices.csv", dashboard::invoices(ledger, true)),
        ("payments.csv", dashboard::payments(ledger, true)),
    ]
}

fn catalog(ledger: &Ledger) -> Vec<File> {
    let mut files = invoices(ledger);
    let names = ["subscriptions.csv", "prices.csv", "customers.csv"];
    files.extend(names.into_iter().zip(dashboard::catalog(ledger)));
    files
}

fn change(ledger: &Ledger) -> Vec<File> {
    vec![("change.csv", dashboard::balance_change(ledger))]
}

fn recognition(ledger: &Ledger) -> Vec<File> {
    vec![("recognition.csv", dashboard::recognition(ledger))]
}

fn revenue(ledger: &Ledger) -> Vec<File> {
    vec![("revenue.csv", dashboard::revenue_file(ledger))]
}

/// Puts something else into a cell of the first row; returns the cell's position from 1.
fn spoil(files: &mut [File], file: &str, column: &str, cell: &str) -> usize {
    let (_, text) = files.iter_mut().find(|(name, _)| *name == file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let at = lines[0].split(',').position(|name| name == column);
    let at = at.unwrap_or_else(|| panic!("{file} has no column {column}"));
    let mut cells: Vec<&str> = lines[1].split(',').collect();
    cells[at] = cell;
    lines[1] = cells.join(",");
    *text = lines.join("\n") + "\n";
    at + 1
}

/// Every format's cell that a fault goes into is refused where it stands, and nothing is written.
fn refused(cases: &[(fn(&Ledger) -> Vec<File>, &str, &str)], cell: &str) {
    let ledger = ledger();
    let mut wrong = Vec::new();
    for (files, file, column) in cases {
        let mut files = files(&ledger);
        let at = spoil(&mut files, file, column, cell);
        let folder = tempfile::tempdir().unwrap();
        let run = report(folder.path(), &files, &[]);
        let place = format!("{file}:2:{at}: ");
        let told = run.err.contains("error[T3029]") && run.err.contains(&place);
        if run.code != 3 || !told || !run.out.is_empty() {
            wrong.push(format!(
                "{column} of {file}: exit {}: {}",
                run.code, run.err
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_unknown_status_is_refused_where_it_stands() {
    refused(
        &[
            (catalog, "invoices.csv", "Status"),
            (catalog, "subscriptions.csv", "Status"),
            (tables::all, "invoices.csv", "status"),
            (tables::all, "charges.csv", "status"),
            (tables::all, "refunds.csv", "status"),
            (tables::all, "disputes.csv", "status"),
            (tables::all, "credit_notes.csv", "status"),
            (tables::all, "subscriptions.csv", "status"),
            (revenue, "revenue.csv", "status"),
            (tables::lago, "invoices.csv", "status"),
            (tables::lago, "invoices.csv", "payment_status"),
        ],
        "settled",
    );
}

#[test]
fn an_unknown_currency_is_refused_where_it_stands() {
    let cases: [(fn(&Ledger) -> Vec<File>, &str, &str); 14] = [
        (catalog, "invoices.csv", "Currency"),
        (catalog, "payments.csv", "Currency"),
        (catalog, "subscriptions.csv", "Currency"),
        (catalog, "prices.csv", "Currency"),
        (change, "change.csv", "currency"),
        (recognition, "recognition.csv", "currency"),
        (revenue, "revenue.csv", "currency"),
        (tables::all, "invoices.csv", "currency"),
        (tables::all, "invoice_line_items.csv", "currency"),
        (tables::all, "charges.csv", "currency"),
        (tables::all, "refunds.csv", "currency"),
        (tables::all, "credit_notes.csv", "currency"),
        (tables::lago, "invoices.csv", "currency"),
        (tables::lago, "fees.csv", "fee_amount_currency"),
    ];
    // No code at all, and three letters that are none.
    refused(&cases, "dollars");
    refused(&cases, "xxq");
}

#[test]
fn a_period_that_ends_before_it_starts_is_refused_where_it_stands() {
    refused(
        &[
            (
                catalog,
                "invoices.csv",
                "Maximum Line Item Period End (UTC)",
            ),
            (catalog, "subscriptions.csv", "Current Period End (UTC)"),
            (tables::all, "invoice_line_items.csv", "period_end"),
            (tables::all, "subscriptions.csv", "current_period_end"),
            (revenue, "revenue.csv", "period_end"),
            (tables::lago, "fees.csv", "fee_to_date_utc"),
        ],
        "2020-01-01T00:00:00Z",
    );
}

/// The report by customer and month over the whole time of the ledgers.
fn whole(files: &[File], more: &[&str]) -> Value {
    let (from, to) = horizon();
    let (from, to) = (dates::day_name(from), dates::day_name(to));
    let mut options = vec!["--by=customer,month", "--from", &from, "--to", &to];
    options.extend(more);
    let folder = tempfile::tempdir().unwrap();
    let document = report(folder.path(), files, &options).json();
    assert!(ties(&document), "{}", document["tie"]);
    document
}

/// The tie of an export.
fn tie(document: &Value, source: &str) -> Value {
    let ties = document["tie"]["revenue"].as_array().unwrap();
    let tie = ties.iter().find(|tie| tie["source"] == source);
    tie.unwrap_or_else(|| panic!("no tie of {source}")).clone()
}

#[test]
fn a_payment_of_unknown_status_is_decided_by_what_was_captured_and_told() {
    let ledger = ledger();
    let knows = Knows {
        cash: true,
        refunds: Refunds::OneDate,
        ..Knows::ALL
    };
    let mut files = vec![("payments.csv", dashboard::payments(&ledger, true))];
    spoil(&mut files, "payments.csv", "Status", "Settled somehow");
    let document = whole(&files, &["--revenue", "cash"]);
    let expected = recognized(&ledger, knows);
    let found = months(&document, ledger.places);
    assert_eq!(differences(&expected, &found), Vec::<String>::new());
    let notes = document["notes"].as_array().unwrap().iter();
    let told = |note: &Value| {
        let text = note["text"].as_str().unwrap();
        text.contains("1 payments have a Status that is not known")
    };
    assert!(notes.filter(|note| told(note)).count() == 1);
}

#[test]
fn what_names_no_customer_is_unmapped_and_counted() {
    let mut ledger = ledger();
    let of = |at: &usize| {
        let invoice = &ledger.invoices[*at];
        invoice.finalized.is_some() && invoice.voided.is_none() && invoice.net() > 0
    };
    let nobody = (0..ledger.invoices.len()).find(of).unwrap();
    ledger.invoices[nobody].customer.clear();
    let id = ledger.invoices[nobody].id.clone();
    let once = Knows {
        lines: false,
        seconds: false,
        notes: false,
        refunds: Refunds::OneDate,
        ..Knows::ALL
    };
    let lago = Knows {
        last_second: false,
        write_offs: false,
        payments: false,
        notes: false,
        direct: super::truth::Direct::No,
        ..Knows::ALL
    };
    type Case = (fn(&Ledger) -> Vec<File>, Knows, &'static str);
    let cases: [Case; 4] = [
        (tables::all, Knows::ALL, "stripe invoice lines"),
        (invoices, once, "stripe invoices"),
        (recognition, Knows::ALL, "stripe revenue recognition"),
        (tables::lago, lago, "lago fees"),
    ];
    for (files, knows, source) in cases {
        let document = whole(&files(&ledger), &[]);
        let expected = recognized(&ledger, knows);
        let found = months(&document, ledger.places);
        assert_eq!(
            differences(&expected, &found),
            Vec::<String>::new(),
            "{source}"
        );
        let unmapped = expected
            .iter()
            .filter(|((customer, _), _)| customer.is_empty());
        let unmapped: i128 = unmapped.map(|(_, amount)| amount).sum();
        let tie = tie(&document, source);
        let told = minor(tie["unmapped"].as_str().unwrap(), ledger.places);
        assert_eq!(told, unmapped, "{source}: {id} is nobody's");
        assert!(unmapped != 0, "{source}: {id} earns nothing");
    }
}

#[test]
fn two_sources_of_the_same_revenue_are_never_added() {
    let ledger = ledger();
    let mut files = tables::all(&ledger);
    files.extend(revenue(&ledger));
    let document = whole(&files, &[]);
    let found = months(&document, ledger.places);
    let expected = recognized(&ledger, Knows::ALL);
    assert_eq!(differences(&expected, &found), Vec::<String>::new());
    // What the revenue file says of these customers is named, and nothing else of it.
    let tie = tie(&document, "revenue file");
    let same = tie["excluded"]["same money as stripe invoice lines"].as_str();
    let whole: i128 = expected.values().sum();
    let direct = ledger
        .charges
        .iter()
        .filter(|c| c.arrived() && c.invoice.is_none());
    let direct: i128 = direct.map(|charge| charge.amount - charge.refunded()).sum();
    let told = minor(same.unwrap(), ledger.places);
    assert!(
        (whole - direct..=whole).contains(&told),
        "{told} of {whole}, {direct}"
    );
    let left = ["customers", "earlier", "later"].map(|name| tie[name].as_str().unwrap());
    let left = left.map(|text| minor(text, ledger.places));
    assert_eq!(left.iter().sum::<i128>() + told, whole);
}

#[test]
fn one_price_with_two_amounts_is_refused_and_two_prices_of_one_plan_have_no_list_price() {
    let ledger = ledger();
    let mut files = catalog(&ledger);
    let again = files
        .iter()
        .find(|(name, _)| *name == "prices.csv")
        .unwrap();
    let mut again = vec![("prices.csv", again.1.clone())];
    spoil(&mut again, "prices.csv", "Amount", "1.23");
    files.push(("prices2.csv", again[0].1.clone()));
    let folder = tempfile::tempdir().unwrap();
    let run = report(folder.path(), &files, &[]);
    assert_eq!(run.code, 3, "{}", run.out);
    let told = run.err.contains("error[T3037]") && run.err.contains("prices2.csv:2");
    assert!(told, "{}", run.err);
    // Another price of the same product, other than the first: revenue does not change.
    let mut files = catalog(&ledger);
    let prices = files
        .iter_mut()
        .find(|(name, _)| *name == "prices.csv")
        .unwrap();
    let row = prices
        .1
        .lines()
        .find(|line| line.contains("price_3"))
        .unwrap();
    let other = row
        .replace("price_3", "price_99")
        .replace("licensed", "licensed");
    let amount = dashboard::major(&ledger, ledger.prices[3].amount);
    let other = other.replace(&format!(",{amount},"), ",1.23,");
    prices.1 = format!("{}{other}\n", prices.1);
    let found = months(&whole(&files, &[]), ledger.places);
    let expected = months(&whole(&catalog(&ledger), &[]), ledger.places);
    assert_eq!(differences(&expected, &found), Vec::<String>::new());
}
