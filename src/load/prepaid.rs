//! Prepaid credits: what one invoice sells and later ones use up. The first credits bought are the
//! first used.
//!
//! The rule that must hold: no credit is earned before it is bought, and none twice.

use std::collections::{BTreeMap, VecDeque};

use crate::formats::RevenueRecords;
use crate::model::records::{Invoice, InvoiceStatus, Prepaid};
use crate::model::{Currency, Day, Exact, Instant, Zone};
use crate::problem::{Note, catalogue};

/// Tells invoices that sell credits when these are used. What is never used is earned at the end of
/// time. The note tells of used credits that no file sold.
pub fn settle(records: &mut RevenueRecords) -> Option<Note> {
    let mut wallets: BTreeMap<(&str, Currency), Vec<usize>> = BTreeMap::new();
    for (at, invoice) in records.invoices.iter().enumerate() {
        let dead = matches!(invoice.status, InvoiceStatus::Draft | InvoiceStatus::Void);
        if let (Some(customer), false) = (
            invoice.customer.as_deref(),
            dead || invoice.prepaid == Prepaid::No,
        ) {
            wallets
                .entry((customer, invoice.currency))
                .or_default()
                .push(at);
        }
    }
    let mut unsold: BTreeMap<Currency, (u64, Exact)> = BTreeMap::new();
    let mut earned: Vec<(usize, Vec<(Instant, Exact)>)> = Vec::new();
    for ((_, currency), mut invoices) in wallets {
        // Of one day those that sell come first.
        invoices.sort_by_key(|at| {
            let invoice = &records.invoices[*at];
            (invoice.date, matches!(invoice.prepaid, Prepaid::Used(_)))
        });
        let mut open: VecDeque<(usize, Exact)> = VecDeque::new();
        let mut uses: BTreeMap<usize, Vec<(Instant, Exact)>> = BTreeMap::new();
        for at in invoices {
            let invoice: &Invoice = &records.invoices[at];
            let mut left = match invoice.prepaid {
                Prepaid::Used(amount) => amount,
                _ => {
                    open.push_back((at, invoice.total));
                    uses.insert(at, Vec::new());
                    continue;
                }
            };
            while let Some((seller, credit)) = open.front_mut() {
                let part = left.min(*credit);
                uses.entry(*seller).or_default().push((invoice.date, part));
                left -= part;
                *credit -= part;
                if !credit.is_zero() {
                    break;
                }
                open.pop_front();
            }
            if !left.is_zero() {
                let (times, sum) = unsold.entry(currency).or_default();
                *times += 1;
                *sum += left;
            }
        }
        for (seller, rest) in open {
            uses.entry(seller).or_default().push((never(), rest));
        }
        earned.extend(uses);
    }
    for (at, uses) in earned {
        records.invoices[at].prepaid = Prepaid::Bought(uses);
    }
    note(&unsold)
}

fn never() -> Instant {
    Day::from_ymd(9999, 12, 31).map_or(Instant(i64::MAX), |day| Zone::Utc.start_of(day))
}

fn note(unsold: &BTreeMap<Currency, (u64, Exact)>) -> Option<Note> {
    if unsold.is_empty() {
        return None;
    }
    let all = unsold.iter();
    let all = all.map(|(currency, (times, sum))| format!("{sum} {currency} on {times} invoices"));
    let all = all.collect::<Vec<_>>().join(", ");
    let text = format!(
        "prepaid credits used that no invoice of the files sold (granted, or bought before the export begins), taken as no revenue: {all}"
    );
    Some(Note::new(&catalogue::COVERAGE, text))
}
