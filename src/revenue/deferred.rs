//! Deferred revenue: what is billed by a moment and not yet earned.
//!
//! The rule that must hold, to the last digit: deferred − unbilled + recognized of all time +
//! taken back + left out + tax = invoiced, all of them until the end of the period.

use std::collections::BTreeMap;

use super::{Basis, RevenueBook};
use crate::identity::PartyId;
use crate::model::{Exact, Period};

/// What is billed and what is earned at the end of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deferred {
    /// Invoices of all time until then, tax included, drafts too.
    pub invoiced: Exact,
    /// Tax of them.
    pub tax: Exact,
    /// What is billed and not earned yet: a liability.
    pub deferred: Exact,
    /// What is earned and not billed yet: an asset.
    pub unbilled: Exact,
    /// Revenue of all time until then by the invoices' own schedules, contra revenue included.
    pub recognized: Exact,
    /// Refunds, credit notes, lost disputes, voids and write-offs until then.
    pub taken_back: Exact,
    /// Drafts and the like, which are revenue at no time, and what another system tells better.
    pub left_out: Exact,
    /// Deferred less unbilled revenue by customer, where it is not zero.
    pub by_party: BTreeMap<PartyId, Exact>,
}

impl RevenueBook {
    /// The deferred revenue at the end of a period, by the schedules of invoices, lines and revenue
    /// files. `None` unless revenue is recognized and there are any.
    ///
    /// # Panics
    /// If it does not tie to what was invoiced: a bug of ours that must never print.
    pub fn deferred(&self, period: Period) -> Option<Deferred> {
        let end = self.zone.start_of(period.end);
        if self.basis != Basis::Recognized {
            return None;
        }
        let mut sums = Deferred::default();
        let lines = self.obligations.iter();
        let mut any = !self.left_out.is_empty();
        for line in lines.filter(|line| line.source.is_invoiced()) {
            any = true;
            let billed = line.invoiced < end;
            let stripe = line.source.namespace() == "stripe";
            // The report by Stripe tells the same invoices; another system's are the same money.
            let own = match stripe {
                true => line.schedule.unhidden(),
                false => line.schedule.clone(),
            };
            let hidden = own.hidden_as_of(end);
            let recognized = own.recognized_until(end);
            sums.recognized += recognized;
            // What is taken back before it is billed changes only what is earned.
            let standing = own.standing(end);
            let open = match billed {
                true => standing - hidden - recognized,
                false => -recognized,
            };
            if billed {
                sums.invoiced += line.net + line.tax;
                // Tax of what another system tells from end to end is the other's too.
                match hidden == standing && !hidden.is_zero() {
                    true => sums.left_out += hidden + line.tax,
                    false => {
                        sums.left_out += hidden;
                        sums.tax += line.tax;
                    }
                }
                sums.taken_back += line.net - standing;
                sums.deferred += open;
            } else {
                sums.unbilled += recognized;
            }
            if !open.is_zero() {
                *sums.by_party.entry(line.party).or_default() += open;
            }
        }
        for (_, amount) in self.left_out.iter().filter(|(at, _)| *at < end) {
            sums.invoiced += *amount;
            sums.left_out += *amount;
        }
        for (_, amount) in self.other_tax.iter().filter(|(at, _)| *at < end) {
            sums.invoiced += *amount;
            sums.tax += *amount;
        }
        sums.by_party.retain(|_, open| !open.is_zero());
        let earned = sums.recognized + sums.taken_back + sums.left_out + sums.tax;
        assert!(
            sums.deferred - sums.unbilled + earned == sums.invoiced,
            "deferred revenue does not tie: {sums:?}"
        );
        let open: Exact = sums.by_party.values().sum();
        assert!(
            open == sums.deferred - sums.unbilled,
            "deferred revenue by customer does not sum: {sums:?}"
        );
        any.then_some(sums)
    }
}
