//! The ties of files that only take back: credit notes, refunds, disputes. What they take is in
//! the tie of what they take it from; here every row of theirs is accounted for by name.

use super::links::Links;
use super::tie::Source;
use super::{Basis, Inputs, RevenueBook};
use crate::model::records::{CreditNote, DisputeStatus, PaymentStatus, RefundStatus};

/// Adds a sheet for each kind of file that has rows.
pub fn add(book: &mut RevenueBook, inputs: Inputs<'_>, links: &Links<'_>) {
    for note in &inputs.records.credit_notes {
        let reason = of_note(note, inputs, links);
        let sheet = book.sheets.entry(Source::CreditNotes).or_default();
        sheet.leave_out(reason, note.amount);
    }
    let payment = |id: &str| {
        let known = links.payments.get(id);
        let paid = known.is_some_and(|payment| payment.status == PaymentStatus::Succeeded);
        let moved = links.balance.contains_key(id);
        paid || moved
    };
    // Money given back leaves an invoice as it was billed.
    let billed = inputs.basis == Basis::Billed;
    for refund in &inputs.records.refunds {
        let reason = match refund.status {
            RefundStatus::Pending => "pending",
            RefundStatus::Failed => "failed",
            RefundStatus::Succeeded if !payment(&refund.payment) => "payment not in the files",
            RefundStatus::Succeeded if billed => "taken back only of payments without an invoice",
            RefundStatus::Succeeded => "taken back",
        };
        let sheet = book.sheets.entry(Source::Refunds).or_default();
        sheet.leave_out(reason, refund.amount);
    }
    for dispute in &inputs.records.disputes {
        let reason = match dispute.status {
            DisputeStatus::Won => "won",
            DisputeStatus::Open => "open",
            DisputeStatus::Lost if !payment(&dispute.payment) => "payment not in the files",
            DisputeStatus::Lost if billed => "taken back only of payments without an invoice",
            DisputeStatus::Lost => "taken back",
        };
        let sheet = book.sheets.entry(Source::Disputes).or_default();
        sheet.leave_out(reason, dispute.amount);
    }
}

fn of_note(note: &CreditNote, inputs: Inputs<'_>, links: &Links<'_>) -> &'static str {
    let invoice = links.invoices.get(&(note.namespace, note.invoice.as_str()));
    match invoice {
        _ if note.void => "void",
        _ if inputs.basis == Basis::Cash => "not on this basis",
        Some(invoice) if super::invoices::never(invoice).is_some() => "invoice is no revenue",
        Some(_) => "taken back",
        None => "invoice not in the files",
    }
}
