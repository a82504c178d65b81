//! Months that two revenue-recognition reports tell. Alike, the second is a repeat; otherwise they
//! are two states of the same books, and neither may count beside the other.
//!
//! The rule that must hold: a month of a customer comes from one file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::formats::RevenueRecords;
use crate::model::Exact;
use crate::model::records::RecognizedEntry;
use crate::problem::{Place, Problem, Problems, catalogue};

/// How many months another file tells otherwise, and the first line that is one.
#[derive(Clone, Copy, Debug)]
struct Clash {
    months: u64,
    line: u64,
}

/// Drops repeated months and refuses contradicting ones; returns how many rows of each file were
/// dropped.
pub fn settle(records: &mut RevenueRecords, problems: &mut Problems) -> BTreeMap<Arc<str>, u64> {
    let mut months: BTreeMap<_, BTreeMap<Arc<str>, Vec<usize>>> = BTreeMap::new();
    for (at, entry) in records.recognized.iter().enumerate() {
        let month = (entry.period, entry.currency, entry.customer.as_deref());
        let files = months.entry(month).or_default();
        let rows = files.entry(entry.origin.file.clone()).or_default();
        rows.push(at);
    }
    let mut repeats: BTreeSet<usize> = BTreeSet::new();
    let mut dropped: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    let mut clashes: BTreeMap<(Arc<str>, Arc<str>), Clash> = BTreeMap::new();
    for files in months.values() {
        let mut files = files.iter();
        let Some((first, rows)) = files.next() else {
            continue;
        };
        let told = content(&records.recognized, rows);
        for (file, rows) in files {
            if content(&records.recognized, rows) == told {
                repeats.extend(rows);
                *dropped.entry(file.clone()).or_default() += rows.len() as u64;
                continue;
            }
            let line = records.recognized[rows[0]].origin.line;
            let clash = clashes.entry((first.clone(), file.clone()));
            let clash = clash.or_insert(Clash { months: 0, line });
            clash.months += 1;
            clash.line = clash.line.min(line);
        }
    }
    for ((first, file), clash) in clashes {
        let message = format!(
            "{} months of customers stand in {first} too, with other entries: both would count",
            clash.months
        );
        let problem = Problem::new(&catalogue::OVERLAP, message);
        let problem = problem.at(Place::line(&file, clash.line));
        problems.push(problem.help("leave the older of the two reports out"));
    }
    let mut at = 0;
    records.recognized.retain(|_| {
        at += 1;
        !repeats.contains(&(at - 1))
    });
    dropped
}

/// Debit, credit, amount, price and invoice of a row.
type Said<'a> = (&'a str, &'a str, Exact, Option<&'a str>, Option<&'a str>);

/// What rows say, in whichever order.
fn content<'a>(entries: &'a [RecognizedEntry], rows: &[usize]) -> Vec<Said<'a>> {
    let rows = rows.iter().map(|at| &entries[*at]);
    let mut said: Vec<_> = rows
        .map(|entry| {
            (
                entry.debit.as_str(),
                entry.credit.as_str(),
                entry.amount,
                entry.price.as_deref(),
                entry.invoice.as_deref(),
            )
        })
        .collect();
    said.sort();
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::records::Origin;
    use crate::model::{Currency, Instant};

    fn entry(file: &str, line: u64, customer: &str, amount: i128) -> RecognizedEntry {
        RecognizedEntry {
            period: (Instant(0), Instant(1)),
            open: false,
            debit: "DeferredRevenue".into(),
            credit: "Revenue".into(),
            amount: Exact::new(amount, 0),
            currency: Currency::USD,
            customer: Some(customer.into()),
            price: None,
            invoice: None,
            origin: Origin {
                file: file.into(),
                line,
            },
        }
    }

    fn settled(entries: Vec<RecognizedEntry>) -> (usize, BTreeMap<Arc<str>, u64>, Problems) {
        let mut records = RevenueRecords {
            recognized: entries,
            ..RevenueRecords::default()
        };
        let mut problems = Problems::default();
        let dropped = settle(&mut records, &mut problems);
        (records.recognized.len(), dropped, problems)
    }

    #[test]
    fn the_same_month_again_is_a_repeat() {
        let (left, dropped, problems) = settled(vec![
            entry("a.csv", 2, "acme", 10),
            // Alike in one file: two entries.
            entry("a.csv", 3, "acme", 10),
            entry("a.csv", 4, "umbra", 5),
            entry("b.csv", 2, "acme", 10),
            entry("b.csv", 3, "acme", 10),
            entry("b.csv", 4, "kestrel", 7),
        ]);
        assert_eq!(left, 4);
        assert_eq!(dropped.get("b.csv"), Some(&2));
        assert_eq!(problems.total(), 0);
    }

    #[test]
    fn a_month_that_two_reports_tell_otherwise_is_refused() {
        let (_, dropped, problems) = settled(vec![
            entry("a.csv", 2, "acme", 10),
            entry("b.csv", 2, "umbra", 3),
            entry("b.csv", 3, "acme", 11),
        ]);
        assert!(dropped.is_empty());
        let [problem] = problems.kept() else {
            panic!("{problems:?}")
        };
        let place = problem.place.as_ref().unwrap();
        assert_eq!(
            (place.line, problem.entry.code),
            (Some(3), catalogue::OVERLAP.code)
        );
    }
}
