//! Rows of revenue files that two files share: the same customer, invoice, period and amount.
//!
//! Rows of one file are never taken for repeats of each other, since an invoice may have two equal
//! lines. But a row that stands in two files is most likely the same money, exported twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::overlap::{OnOverlap, Superseded};
use crate::formats::RevenueRecords;
use crate::model::records::Invoice;
use crate::model::{Currency, Exact, Instant};
use crate::problem::{Place, Problem, Problems, catalogue};

/// What makes two rows of two files the same money. Without an invoice id everything but the
/// status must agree, which an invoice changes in the course of time.
type Money<'a> = (
    Option<&'a str>,
    &'a str,
    Option<(Instant, Instant)>,
    Exact,
    Currency,
    Option<(Exact, Option<&'a str>, Option<bool>)>,
);

fn money(row: &Invoice) -> Money<'_> {
    let named = !row.id.is_empty();
    (
        row.customer.as_deref(),
        &row.id,
        row.service,
        row.total,
        row.currency,
        (!named).then_some((row.tax, row.plan.as_deref(), row.recurring)),
    )
}

/// One revenue file.
struct File {
    name: Arc<str>,
    rows: Vec<Invoice>,
}

impl File {
    fn end(&self) -> Option<Instant> {
        let ends = self.rows.iter().filter_map(|row| row.service);
        ends.map(|(_, end)| end).max()
    }
}

/// Finds rows that two files share, and refuses or resolves them. What is left out is told.
pub fn settle(
    records: &mut RevenueRecords,
    on_overlap: OnOverlap,
    problems: &mut Problems,
) -> Vec<Superseded> {
    let all = std::mem::take(&mut records.invoices);
    let (with_ids, lines): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|i| i.namespace != "revenue");
    records.invoices = with_ids;
    let mut files: BTreeMap<Arc<str>, Vec<Invoice>> = BTreeMap::new();
    for row in lines {
        files.entry(row.origin.file.clone()).or_default().push(row);
    }
    let mut files: Vec<File> = files
        .into_iter()
        .map(|(name, rows)| File { name, rows })
        .collect();
    // The file that reaches further comes first and wins.
    files.sort_by(|a, b| b.end().cmp(&a.end()).then_with(|| a.name.cmp(&b.name)));
    let mut kept: Vec<File> = Vec::new();
    let mut superseded = Vec::new();
    for mut file in files {
        for other in &kept {
            let known: BTreeSet<Money<'_>> = other.rows.iter().map(money).collect();
            let again = |row: &Invoice| known.contains(&money(row));
            let Some(first) = file.rows.iter().find(|row| again(row)) else {
                continue;
            };
            match on_overlap {
                OnOverlap::Error => problems.push(refuse(other, &file, first, &again)),
                OnOverlap::Latest => {
                    let (out, left): (Vec<_>, Vec<_>) =
                        std::mem::take(&mut file.rows).into_iter().partition(&again);
                    file.rows = left;
                    superseded.push(Superseded {
                        file: file.name.clone(),
                        what: "rows that another revenue file has too",
                        rows: out.len() as u64,
                        amount: out.iter().map(|row| row.total).sum(),
                    });
                }
            }
        }
        kept.push(file);
    }
    records
        .invoices
        .extend(kept.into_iter().flat_map(|file| file.rows));
    superseded
}

fn refuse(kept: &File, file: &File, first: &Invoice, again: &dyn Fn(&Invoice) -> bool) -> Problem {
    let twice: Vec<&Invoice> = file.rows.iter().filter(|row| again(row)).collect();
    let amount: Exact = twice.iter().map(|row| row.total).sum();
    let message = format!(
        "{} {} in {} too, with the same customer, invoice, period and amount: {amount} would count twice",
        twice.len(),
        if twice.len() == 1 {
            "row stands"
        } else {
            "rows stand"
        },
        kept.name
    );
    Problem::new(&catalogue::OVERLAP, message)
        .at(Place::line(&file.name, first.origin.line))
        .help("leave one of them out, or say --on-overlap latest to keep the file that reaches further; if they are different charges, give them different invoice ids or put them into one file")
}
