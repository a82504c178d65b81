//! Billing records that stand twice: concatenated or overlapping exports.
//!
//! The same id with the same content is dropped and counted. Two exports of one record lend each
//! other what they lack. With different content the later state of the record counts, if it can have
//! become of the earlier one (`states`); otherwise it is an error that names both lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::states::States;
use crate::formats::RevenueRecords;
use crate::model::records::Origin;
use crate::problem::{Place, Problem, Problems, catalogue};

/// Drops repeats; returns how many rows of each file were dropped.
pub fn settle(records: &mut RevenueRecords, problems: &mut Problems) -> BTreeMap<Arc<str>, u64> {
    let mut dropped = Dropped::default();
    let invoices = std::mem::take(&mut records.invoices);
    // Lines of a generic revenue file may share an invoice id; each is money of its own.
    let (with_ids, lines): (Vec<_>, Vec<_>) =
        invoices.into_iter().partition(|i| i.namespace != "revenue");
    records.invoices = with_ids;
    macro_rules! settle {
        ($($list:ident),*) => {$(
            let list = std::mem::take(&mut records.$list);
            records.$list = dropped.settle(
                list,
                problems,
                |record| &record.id,
                |record| &record.origin,
                |record| &mut record.origin,
            );
        )*};
    }
    settle!(
        invoices,
        payments,
        subscriptions,
        prices,
        lines,
        balance,
        credit_notes,
        refunds,
        disputes,
        items,
        products
    );
    records.invoices.extend(lines);
    settle_changes(&mut dropped, records);
    dropped.counts
}

/// Changes of recurring revenue have no id: a row alike of another file is the same change, while
/// one file may have two.
fn settle_changes(dropped: &mut Dropped, records: &mut RevenueRecords) {
    let mut first: BTreeMap<_, Arc<str>> = BTreeMap::new();
    records.mrr_changes.retain(|change| {
        let key = (
            change.at,
            change.customer.clone(),
            change.subscription.clone(),
            change.price.clone(),
            change.change,
            change.currency,
        );
        let file = &change.origin.file;
        let is_first = first.entry(key).or_insert_with(|| file.clone()) == file;
        if !is_first {
            *dropped.counts.entry(file.clone()).or_default() += 1;
        }
        is_first
    });
}

#[derive(Default)]
struct Dropped {
    counts: BTreeMap<Arc<str>, u64>,
}

impl Dropped {
    fn settle<T: Clone + PartialEq + States>(
        &mut self,
        records: Vec<T>,
        problems: &mut Problems,
        id: impl Fn(&T) -> &String,
        origin: impl Fn(&T) -> &Origin,
        origin_mut: impl Fn(&mut T) -> &mut Origin,
    ) -> Vec<T> {
        // Alike in everything but where they stand.
        let alike = |a: &T, b: &T| {
            let mut moved = a.clone();
            *origin_mut(&mut moved) = origin(b).clone();
            moved == *b
        };
        let mut kept: BTreeMap<String, T> = BTreeMap::new();
        for record in records {
            let Some(other) = kept.get(id(&record)) else {
                kept.insert(id(&record).clone(), record);
                continue;
            };
            // Rows of one file are of one export; two exports may each know a part.
            let two_files = origin(&record).file != origin(other).file;
            let (winner, loser) = match record.state() > other.state() {
                true => (&record, other),
                false => (other, &record),
            };
            let later = winner.state() > loser.state();
            let settled = match winner.joined(loser) {
                Some(joined) if two_files => Some(joined),
                Some(_) if later => Some(winner.clone()),
                _ if alike(winner, loser) => Some(winner.clone()),
                _ => (later && loser.may_become(winner)).then(|| winner.clone()),
            };
            if settled.is_none() {
                let (one, other) = (origin(&record), origin(other));
                problems.push(conflict(id(&record), one, other));
            }
            let file = origin(loser).file.clone();
            let winner = settled.unwrap_or_else(|| winner.clone());
            *self.counts.entry(file).or_default() += 1;
            kept.insert(id(&winner).clone(), winner);
        }
        kept.into_values().collect()
    }
}

fn conflict(id: &str, origin: &Origin, other: &Origin) -> Problem {
    Problem::new(
        &catalogue::DUPLICATE_RECORD,
        format!(
            "the id stands at {}:{} too, with different content",
            other.file, other.line
        ),
    )
    .at(Place::line(&origin.file, origin.line))
    .excerpt(id)
    .help("the two rows contradict each other; if their exports are of different days, pass the newer one alone")
}
