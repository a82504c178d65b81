//! What goes back, in the currency of the report: credit notes, refunds, lost disputes.
//!
//! Pieces that go back of one invoice, or of one payment without an invoice, at one rate are
//! rounded as a running sum, so that pieces of the whole are the whole. The rule that must hold: a
//! refund that pays out a credit note is worth as much as the note, or a cent of it would count
//! again.

use std::collections::BTreeMap;

use super::{Amount, Work, shares};
use crate::fx::Rate;
use crate::model::records::{CreditNote, DisputeStatus, Refund, RevenueRecords};
use crate::model::{Currency, Exact};

/// What something goes back of: an invoice or a payment, its currency, and the rate as it was
/// written.
pub(super) type Of = (String, Currency, Exact, Exact);

/// A running sum in both currencies.
#[derive(Debug, Default)]
pub(super) struct Running {
    sum: Exact,
    given: Exact,
}

impl Running {
    /// The next piece: what the sum becomes, less what was given so far.
    fn next(&mut self, rate: &Rate, amount: Exact, places: u8) -> Exact {
        self.sum += amount;
        let piece = rate.convert(self.sum, places) - self.given;
        self.given += piece;
        piece
    }
}

/// A credit note that a refund may pay out, as it was, and what it became.
struct Noted {
    note: CreditNote,
    converted: Exact,
}

impl Work<'_, '_> {
    /// One piece that goes back of an invoice or payment at a rate.
    pub(super) fn piece(
        &mut self,
        (owner, from): (&str, Currency),
        rate: &Rate,
        amount: Exact,
    ) -> Exact {
        let of = (owner.to_string(), from, rate.numerator, rate.denominator);
        let running = self.back.entry(of).or_default();
        running.next(rate, amount, self.places)
    }

    /// The same with what the report tells of it; without a rate of its own as any other amount.
    fn turn_piece(
        &mut self,
        of: &Amount<'_>,
        owner: &str,
        own: Option<Rate>,
    ) -> (Option<Rate>, Exact) {
        let Some(rate) = own.as_ref().filter(|_| of.idle.is_none()) else {
            return self.turn(of, own);
        };
        let piece = self.piece((owner, of.from), rate, of.amount);
        self.told
            .enter((of.export, of.from), rate, of.amount, piece);
        (own, piece)
    }

    /// Credit notes, refunds and disputes.
    pub(super) fn given_back(&mut self, records: &mut RevenueRecords) {
        let payments = records.payments.iter();
        let invoices: BTreeMap<String, String> = payments
            .filter_map(|payment| Some((payment.id.clone(), payment.invoice.clone()?)))
            .collect();
        let mut noted = self.credit_notes(records);
        // In the order of time, whatever the order of the rows.
        let mut refunds: Vec<&mut Refund> = records.refunds.iter_mut().collect();
        refunds.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        for refund in refunds {
            if refund.currency != self.to {
                let owner = invoices.get(&refund.payment);
                self.refund(refund, owner, &mut noted);
            }
        }
        let mut disputes: Vec<_> = records.disputes.iter_mut().collect();
        disputes.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        for dispute in disputes {
            if dispute.currency == self.to {
                continue;
            }
            let of = Amount {
                export: "stripe disputes",
                from: dispute.currency,
                amount: dispute.amount,
                day: dispute.at.utc_day(),
                idle: match dispute.status {
                    DisputeStatus::Lost => None,
                    DisputeStatus::Won => Some("won"),
                    DisputeStatus::Open => Some("open"),
                },
                origin: &dispute.origin,
            };
            let owner = invoices.get(&dispute.payment).unwrap_or(&dispute.payment);
            let rate = self.of_payment(&dispute.payment, dispute.currency);
            dispute.amount = self.turn_piece(&of, owner, rate).1;
            dispute.currency = self.to;
        }
    }

    fn credit_notes(&mut self, records: &mut RevenueRecords) -> Vec<Noted> {
        let mut noted = Vec::new();
        let mut notes: Vec<&mut CreditNote> = records.credit_notes.iter_mut().collect();
        notes.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        for note in notes {
            if note.currency == self.to {
                continue;
            }
            let before = note.clone();
            let own = self.of_invoice(note.namespace, &note.invoice, note.currency);
            let export = format!("{} credit notes", note.namespace);
            let of = Amount {
                export: &export,
                from: note.currency,
                amount: note.amount,
                day: note.at.utc_day(),
                idle: note.void.then_some("void"),
                origin: &note.origin,
            };
            let (rate, amount) = self.turn_piece(&of, &before.invoice, own);
            let nets: Vec<Exact> = note.lines.iter().map(|(_, net)| *net).collect();
            let whole = (note.amount, amount);
            let nets = shares(&nets, whole, rate.as_ref(), self.places);
            for ((_, net), converted) in note.lines.iter_mut().zip(nets) {
                *net = converted;
            }
            note.amount = amount;
            note.currency = self.to;
            if !before.void {
                noted.push(Noted {
                    note: before,
                    converted: amount,
                });
            }
        }
        noted
    }

    /// A refund: what pays out a credit note as the note, the rest as a piece of its own.
    fn refund(&mut self, refund: &mut Refund, invoice: Option<&String>, noted: &mut Vec<Noted>) {
        let from = refund.currency;
        let of = Amount {
            export: "stripe refunds",
            from,
            amount: refund.amount,
            day: refund.at.utc_day(),
            idle: (!refund.succeeded()).then_some("not succeeded"),
            origin: &refund.origin,
        };
        let owner = invoice.unwrap_or(&refund.payment);
        let rate = self.of_payment(&refund.payment, from);
        let paid_out = noted.iter().position(|one| pays_out(refund, invoice, one));
        let converted = match (&rate, paid_out.filter(|_| refund.succeeded())) {
            (Some(rate), Some(at)) => {
                let noted = noted.swap_remove(at);
                let rest = refund.amount - noted.note.amount;
                let worth = match rest.is_negative() {
                    true => rate.convert(refund.amount, self.places),
                    false => noted.converted + self.piece((owner, from), rate, rest),
                };
                self.told.enter((of.export, from), rate, of.amount, worth);
                worth
            }
            _ => self.turn_piece(&of, owner, rate).1,
        };
        refund.amount = converted;
        refund.currency = self.to;
    }
}

/// Whether a refund pays out a credit note: the note names it, or neither names anything and
/// invoice, day and amount are the same.
fn pays_out(refund: &Refund, invoice: Option<&String>, noted: &Noted) -> bool {
    let note = &noted.note;
    if note.currency != refund.currency {
        return false;
    }
    match &note.refund {
        Some(id) => *id == refund.id,
        None => {
            invoice == Some(&note.invoice)
                && note.amount == refund.amount
                && note.at.utc_day() == refund.at.utc_day()
        }
    }
}
