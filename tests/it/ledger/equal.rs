//! The same business in every export: the same revenue by customer and month, up to what the export
//! lacks. [`EXPORTS`] is the table of that; the ledger works out what is left.

use super::business::{Ledger, invent};
use super::tables::File;
use super::truth::{Direct, Disputes, Knows, Refunds, horizon, recognized};
use super::{dashboard, dates, differences, months, report, seeds, tables, ties};

/// A set of exports that people hand over together.
struct Export {
    name: &'static str,
    /// What it lacks, in words.
    lacks: &'static str,
    /// The same for the ledger.
    knows: Knows,
    files: fn(&Ledger) -> Vec<File>,
    /// Options of the report.
    options: &'static [&'static str],
}

/// What the Dashboard's invoices with all columns know, beside their payments.
const INVOICES: Knows = Knows {
    lines: false,
    seconds: false,
    notes: false,
    ..Knows::ALL
};

const EXPORTS: &[Export] = &[
    Export {
        name: "Stripe's tables",
        lacks: "nothing",
        knows: Knows::ALL,
        files: tables::all,
        options: &[],
    },
    Export {
        name: "Stripe's tables with the balance",
        lacks: "nothing",
        knows: Knows::ALL,
        files: |ledger| {
            let mut files = tables::all(ledger);
            files.push(tables::balance(ledger));
            files
        },
        options: &[],
    },
    Export {
        name: "Stripe's tables and the same from the Dashboard",
        lacks: "nothing",
        knows: Knows::ALL,
        files: |ledger| {
            let mut files = tables::all(ledger);
            files.extend([
                ("d_invoices.csv", dashboard::invoices(ledger, true)),
                ("d_payments.csv", dashboard::payments(ledger, true)),
                ("d_change.csv", dashboard::balance_change(ledger)),
            ]);
            let names = ["d_subscriptions.csv", "d_prices.csv", "d_customers.csv"];
            files.extend(names.into_iter().zip(dashboard::catalog(ledger)));
            files.push(tables::balance(ledger));
            files
        },
        options: &[],
    },
    Export {
        name: "recognition report by customer",
        lacks: "nothing",
        knows: Knows::ALL,
        files: |ledger| vec![("recognition.csv", dashboard::recognition(ledger))],
        options: &[],
    },
    Export {
        name: "recognition report beside the tables",
        lacks: "nothing",
        knows: Knows::ALL,
        files: |ledger| {
            let mut files = tables::all(ledger);
            files.push(("recognition.csv", dashboard::recognition(ledger)));
            files
        },
        options: &[],
    },
    Export {
        name: "revenue file",
        lacks: "nothing",
        knows: Knows::ALL,
        files: |ledger| vec![("revenue.csv", dashboard::revenue_file(ledger))],
        options: &[],
    },
    Export {
        name: "invoices with all columns, payments with all columns, catalog",
        lacks: "periods of single lines, seconds, days of several refunds, credit notes",
        knows: Knows {
            refunds: Refunds::OneDate,
            ..INVOICES
        },
        files: |ledger| {
            let mut files = vec![
                ("invoices.csv", dashboard::invoices(ledger, true)),
                ("payments.csv", dashboard::payments(ledger, true)),
            ];
            let names = ["subscriptions.csv", "prices.csv", "customers.csv"];
            files.extend(names.into_iter().zip(dashboard::catalog(ledger)));
            files
        },
        options: &[],
    },
    Export {
        name: "invoices with all columns, balance change report",
        lacks: "periods of single lines, seconds, credit notes, how disputes ended unless won, whether payments of customers with invoices are revenue of their own",
        knows: Knows {
            disputes: Disputes::Withdrawn,
            direct: Direct::WithoutInvoices,
            ..INVOICES
        },
        files: |ledger| {
            vec![
                ("invoices.csv", dashboard::invoices(ledger, true)),
                ("change.csv", dashboard::balance_change(ledger)),
            ]
        },
        options: &[],
    },
    Export {
        name: "invoices with all columns, payments, balance change report",
        lacks: "periods of single lines, seconds, credit notes",
        knows: INVOICES,
        files: |ledger| {
            vec![
                ("invoices.csv", dashboard::invoices(ledger, true)),
                ("payments.csv", dashboard::payments(ledger, true)),
                ("change.csv", dashboard::balance_change(ledger)),
            ]
        },
        options: &[],
    },
    Export {
        name: "invoices with all columns, balance history",
        lacks: "periods of single lines, seconds, credit notes, which payment a refund or dispute is of, whose a payment without invoice is",
        knows: Knows {
            refunds: Refunds::No,
            disputes: Disputes::No,
            direct: Direct::No,
            ..INVOICES
        },
        files: |ledger| {
            vec![
                ("invoices.csv", dashboard::invoices(ledger, true)),
                ("history.csv", dashboard::balance_history(ledger)),
            ]
        },
        options: &[],
    },
    Export {
        name: "invoices with all columns alone",
        lacks: "periods of single lines, seconds, credit notes, refunds, disputes, payments",
        knows: Knows {
            payments: false,
            direct: Direct::No,
            ..INVOICES
        },
        files: |ledger| vec![("invoices.csv", dashboard::invoices(ledger, true))],
        options: &[],
    },
    Export {
        name: "invoices and payments with the default columns, catalog",
        lacks: "service periods, seconds, days of write-offs, of becoming final and of several refunds, credit notes, disputes",
        knows: Knows {
            periods: false,
            write_offs: false,
            finalized: false,
            paid_at: false,
            refunds: Refunds::OneDate,
            disputes: Disputes::No,
            ..INVOICES
        },
        files: |ledger| {
            let mut files = vec![
                ("invoices.csv", dashboard::invoices(ledger, false)),
                ("payments.csv", dashboard::payments(ledger, false)),
            ];
            let names = ["subscriptions.csv", "prices.csv", "customers.csv"];
            files.extend(names.into_iter().zip(dashboard::catalog(ledger)));
            files
        },
        options: &[],
    },
    Export {
        name: "payments alone",
        lacks: "invoices and their tax, days of several refunds",
        knows: Knows {
            cash: true,
            refunds: Refunds::OneDate,
            ..Knows::ALL
        },
        files: |ledger| vec![("payments.csv", dashboard::payments(ledger, true))],
        options: &["--revenue", "cash"],
    },
    Export {
        name: "balance change report alone",
        lacks: "invoices and their tax, how disputes ended unless won",
        knows: Knows {
            cash: true,
            disputes: Disputes::Moves,
            ..Knows::ALL
        },
        files: |ledger| vec![("change.csv", dashboard::balance_change(ledger))],
        options: &["--revenue", "cash"],
    },
    Export {
        name: "lines alone, with their customers",
        lacks: "states of invoices, write-offs, payments, refunds, disputes, credit notes, tax inside prices",
        knows: Knows {
            states: false,
            write_offs: false,
            payments: false,
            notes: false,
            inclusive: false,
            direct: Direct::No,
            ..Knows::ALL
        },
        files: |ledger| vec![tables::lines(ledger, true)],
        options: &[],
    },
    Export {
        name: "Lago",
        lacks: "days of write-offs, payments, refunds, disputes, credit notes, last seconds",
        knows: Knows {
            last_second: false,
            write_offs: false,
            payments: false,
            notes: false,
            direct: Direct::No,
            ..Knows::ALL
        },
        files: tables::lago,
        options: &[],
    },
];

/// No revenue in the period, or no row of what the basis asks for.
fn says_nothing(messages: &str) -> bool {
    messages.contains("T3041") || messages.contains("T1030")
}

fn ledger_is_silent(ledger: &Ledger, export: &Export) -> bool {
    recognized(ledger, export.knows)
        .values()
        .all(|amount| *amount == 0)
}

#[test]
fn every_export_tells_the_same_revenue_but_for_what_it_lacks() {
    let (from, to) = horizon();
    let (from, to) = (dates::day_name(from), dates::day_name(to));
    let mut wrong = Vec::new();
    for seed in seeds(1..=24) {
        let ledger = invent(seed);
        for export in EXPORTS {
            let folder = tempfile::tempdir().unwrap();
            // A business without refunds has an empty table of them.
            let mut options = vec!["--by=customer,month", "--allow-empty"];
            options.extend(["--from", &from, "--to", &to]);
            options.extend(export.options);
            let run = report(folder.path(), &(export.files)(&ledger), &options);
            let mut faults = match run.code {
                0 => {
                    let document = run.json();
                    let mut faults = differences(
                        &recognized(&ledger, export.knows),
                        &months(&document, ledger.places),
                    );
                    if !ties(&document) {
                        faults.push("an export does not tie".into());
                    }
                    faults
                }
                // Where nobody ever paid there is nothing to tell.
                2 | 3 if ledger_is_silent(&ledger, export) && says_nothing(&run.err) => Vec::new(),
                code => vec![format!("exit {code}: {}", run.err)],
            };
            if !faults.is_empty() {
                faults.truncate(6);
                wrong.push(format!(
                    "seed {seed}, {} (lacks {}):\n  {}",
                    export.name,
                    export.lacks,
                    faults.join("\n  ")
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
}
