//! The same money in two systems and in different months: a year that a contract begins in January
//! and a payment settles in December. Customer and amount say it, and the days must be near.
//!
//! The rule that must hold: every invoice and payment is the twin of one other at most.

use std::collections::{BTreeMap, BTreeSet};

use super::systems::{PAYMENTS, Systems};
use super::{Basis, Obligation, RevenueBook};
use crate::model::{Exact, Instant};

const DAY: i64 = 86_400_000_000;
/// A payment may come so long before the service begins, but no longer than half of the service.
const EARLY: i64 = 31 * DAY;
/// A payment may come so long after the end, or after the invoice.
const LATE: i64 = 45 * DAY;

/// What was found.
#[derive(Debug, Default)]
pub struct Twins {
    /// Obligations of a worse system and one of the better system that tells the same money.
    pub of: BTreeMap<usize, usize>,
    /// Obligations of a worse system near to one of a better one, whatever the amount.
    pub near: BTreeSet<usize>,
}

/// Obligations of one system that were billed at one moment: an invoice, or one line of it.
struct Document {
    rank: u8,
    lines: Vec<usize>,
    gross: Exact,
    invoiced: Instant,
    service: (Instant, Instant),
}

/// Looks for them in the customers that several systems know.
pub fn find(book: &RevenueBook, systems: &Systems) -> Twins {
    let mut twins = Twins::default();
    for ranks in systems.lines() {
        let mut documents = Vec::new();
        for (rank, lines) in &ranks {
            documents.extend(documents_of(book, *rank, lines));
        }
        let is_stripe = |document: &Document| {
            let line = &book.obligations[document.lines[0]];
            line.source.namespace() == "stripe"
        };
        let mut by_gross: BTreeMap<Exact, Vec<usize>> = BTreeMap::new();
        for (at, document) in documents.iter().enumerate() {
            by_gross.entry(document.gross).or_default().push(at);
        }
        let mut pairs: Vec<(i64, usize, usize)> = Vec::new();
        for (two, second) in documents.iter().enumerate() {
            let better = |first: &&Document| {
                let both_stripe = is_stripe(first) && is_stripe(second);
                first.rank < second.rank && !both_stripe
            };
            let same = by_gross.get(&second.gross).map_or(&[][..], Vec::as_slice);
            for one in same.iter().copied() {
                let first = &documents[one];
                if better(&first) && is_near(first, second, book.basis) {
                    let gap = (first.invoiced.0 - second.invoiced.0).abs();
                    pairs.push((gap, one, two));
                }
            }
            if documents
                .iter()
                .filter(better)
                .any(|first| is_near(first, second, book.basis))
            {
                twins.near.extend(&second.lines);
            }
        }
        pairs.sort_unstable();
        let mut used: BTreeSet<usize> = BTreeSet::new();
        for (_, one, two) in pairs {
            let (first, second) = (&documents[one].lines, &documents[two].lines);
            if first.iter().chain(second).any(|line| used.contains(line)) {
                continue;
            }
            used.extend(first.iter().chain(second));
            twins.of.extend(second.iter().map(|line| (*line, first[0])));
        }
    }
    twins
}

/// Whole invoices, and the lines of those that have several.
fn documents_of(book: &RevenueBook, rank: u8, lines: &[usize]) -> Vec<Document> {
    let mut invoices: BTreeMap<Instant, Vec<usize>> = BTreeMap::new();
    for at in lines {
        let invoiced = book.obligations[*at].invoiced;
        invoices.entry(invoiced).or_default().push(*at);
    }
    let mut documents = Vec::new();
    for lines in invoices.into_values() {
        if lines.len() > 1 {
            documents.extend(lines.iter().map(|at| document(book, rank, vec![*at])));
        }
        documents.push(document(book, rank, lines));
    }
    documents.retain(|document| !document.gross.is_zero());
    documents
}

fn document(book: &RevenueBook, rank: u8, lines: Vec<usize>) -> Document {
    let all = || lines.iter().map(|at| &book.obligations[*at]);
    let gross = |line: &Obligation| line.net + line.tax;
    let invoiced = all().map(|line| line.invoiced).min().unwrap_or(Instant(0));
    let start = all().map(|line| line.service.0).min().unwrap_or(invoiced);
    let end = all().map(|line| line.service.1).max().unwrap_or(invoiced);
    Document {
        rank,
        gross: all().map(gross).sum(),
        invoiced,
        service: (start, end),
        lines,
    }
}

/// Whether a payment was made in the time in which another system's invoice or row would be paid.
/// Payments are the worse of two, and the better on a cash basis; two invoices are never compared.
fn is_near(better: &Document, worse: &Document, basis: Basis) -> bool {
    let (billed, paid) = match basis {
        Basis::Cash if better.rank == 1 => (worse, better),
        _ if worse.rank == PAYMENTS => (better, worse),
        _ => return false,
    };
    let early = match billed.service.1.0 - billed.service.0.0 {
        0 => EARLY,
        length => EARLY.min(length / 2),
    };
    let first = billed.service.0.min(billed.invoiced).0 - early;
    let last = billed.service.1.max(billed.invoiced).0 + LATE;
    (first..=last).contains(&paid.invoiced.0)
}
