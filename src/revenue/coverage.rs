//! Whether the revenue export reaches back far enough.
//!
//! Recognized revenue of a month needs the invoices of the longest billing interval before it: an
//! annual invoice of February earns in January too. An export that starts later makes customers
//! look unprofitable who are not.

use std::collections::{BTreeMap, BTreeSet};

use super::{Basis, RevenueBook, Source};
use crate::identity::{Identity, PartyId, PartyKind};
use crate::model::records::RevenueRecords;
use crate::model::{Day, Instant, Period, Zone};

/// What the export covers, and whom it may understate.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// The day of the first invoice.
    pub starts: Option<Day>,
    /// The day from which invoices are needed.
    pub needed: Option<Day>,
    /// Customers whose revenue of the period may be understated.
    pub understated: BTreeSet<PartyId>,
}

const DAY: i64 = 86_400_000_000;
/// Spans above this are not billing intervals: a renewal mixed with late prorations.
const LONGEST_DAYS: i64 = 1_100;

impl Coverage {
    /// Looks for customers that no schedule covers at the start of the period although the export
    /// starts too late to say that they had none.
    pub fn check(
        book: &RevenueBook,
        records: &RevenueRecords,
        identity: &Identity,
        period: Period,
        zone: Zone,
    ) -> Coverage {
        let invoices = book
            .obligations
            .iter()
            .filter(|o| matches!(o.source, Source::StripeInvoices | Source::StripeLines));
        let dated = records.invoices.iter();
        let dated = dated.filter(|invoice| invoice.namespace == "stripe");
        // Lines without their invoices begin when they are billed.
        let lines = invoices.clone().map(|line| line.invoiced);
        let first = dated.map(|invoice| invoice.date).chain(lines).min();
        let (Some(first), Basis::Recognized) = (first, book.basis) else {
            return Coverage::default();
        };
        let start = zone.start_of(period.start);
        let longest = invoices
            .clone()
            .map(|o| o.service.1.0 - o.service.0.0)
            .filter(|span| *span <= LONGEST_DAYS * DAY)
            .chain(
                records
                    .subscriptions
                    .iter()
                    .filter_map(|s| s.current_period.map(|(from, to)| to.0 - from.0)),
            )
            .max()
            .unwrap_or(0);
        let needed = Instant(start.0 - longest);
        let starts = zone.day(first);
        // An invoice dated on the day from which they are needed proves that the export is there.
        if starts <= zone.day(needed).plus(1) {
            return Coverage {
                starts: Some(starts),
                needed: Some(zone.day(needed)),
                understated: BTreeSet::new(),
            };
        }
        let report = book.obligations.iter();
        let report = report.filter(|o| o.source == Source::RecognitionReport);
        let covered: BTreeSet<PartyId> = invoices
            .chain(report)
            .filter(|o| o.service.0 <= start && start < o.service.1)
            .map(|o| o.party)
            .collect();
        let began = began(records, identity, zone);
        let understated = (0u32..)
            .zip(identity.parties())
            .filter(|(_, party)| party.kind == PartyKind::Customer)
            .map(|(at, _)| PartyId(at))
            .filter(|party| !covered.contains(party))
            // Who is known to have begun after the export starts cannot have an earlier invoice.
            .filter(|party| began.get(party).is_none_or(|began| *began < first))
            .collect();
        Coverage {
            starts: Some(starts),
            needed: Some(zone.day(needed)),
            understated,
        }
    }
}

/// When each customer's first subscription or billing record began, as far as files say.
fn began(records: &RevenueRecords, identity: &Identity, zone: Zone) -> BTreeMap<PartyId, Instant> {
    let mut began: BTreeMap<PartyId, Instant> = BTreeMap::new();
    let starts = records
        .subscriptions
        .iter()
        .filter_map(|s| s.started.map(|at| (s.customer.as_str(), at)))
        .chain(
            records
                .customers
                .iter()
                .filter_map(|c| c.created.map(|at| (c.id.as_str(), at))),
        );
    for (id, at) in starts {
        let (party, _) = identity.billing("stripe", id, zone.day(at));
        let earliest = began.entry(party).or_insert(at);
        *earliest = (*earliest).min(at);
    }
    began
}
