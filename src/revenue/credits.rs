//! What credit notes take back, and the refunds that pay them out.

use super::RevenueBook;
use super::given_back::Back;
use super::invoices::Taken;
use super::lines::Part;
use super::parts::shares;
use super::schedule::Schedule;
use crate::model::Exact;
use crate::model::records::CreditNote;

/// A credit note takes its net amount back: of the lines it names what it says of them, and what is
/// left of it of all lines in proportion.
pub(super) fn take(
    book: &mut RevenueBook,
    taken: &mut Taken,
    schedules: &mut [Schedule],
    parts: &[Part],
    (note, net): (&CreditNote, Exact),
) {
    let named: Vec<(usize, Exact)> = note
        .lines
        .iter()
        .filter_map(|(id, amount)| {
            let is_it = |part: &Part| part.id.as_deref() == Some(id);
            Some((parts.iter().position(is_it)?, *amount))
        })
        .collect();
    let amounts: Vec<Exact> = named.iter().map(|(_, amount)| *amount).collect();
    let sum: Exact = amounts.iter().sum();
    // Lines that sum to the note's whole amount include its tax.
    let amounts = match sum == note.amount || sum > net {
        true => shares(net, &amounts, taken.places),
        false => amounts,
    };
    if sum > net && sum != note.amount {
        book.remark(
            "credit notes whose lines sum to more than the note; they are taken less in proportion",
            sum - net,
        );
    }
    let of_lines: Exact = amounts.iter().sum();
    taken.amounts.push(("credit notes", of_lines));
    for ((at, _), amount) in named.into_iter().zip(amounts) {
        schedules[at].contra(note.at, amount);
    }
    let rest = net - of_lines;
    if !rest.is_zero() {
        if !of_lines.is_zero() {
            book.remark(
                "credit notes of which only a part names lines; the rest is taken of all lines of the invoice",
                rest,
            );
        }
        taken.spread(schedules, parts, "credit notes", note.at, rest);
    }
}

/// Refunds without those that pay out a credit note: the note takes back already. Where no file
/// links the two, a refund of the note's amount on its day is taken for its payment.
pub(super) fn less_notes(
    book: &mut RevenueBook,
    mut backs: Vec<Back>,
    notes: &[&CreditNote],
) -> Vec<Back> {
    for note in notes {
        let refunds = |back: &Back| back.reason == "refunds";
        let found = match note.refund.as_deref() {
            Some(refund) => {
                let of_id = |back: &Back| back.refund.as_deref() == Some(refund);
                let by_id = backs.iter().position(of_id);
                let unnamed = |back: &Back| refunds(back) && back.refund.is_none();
                by_id.or_else(|| backs.iter().position(unnamed))
            }
            None => {
                let of_day = |back: &Back| {
                    let day = back.at.map(|at| at.utc_day());
                    refunds(back) && back.gross == note.amount && day == Some(note.at.utc_day())
                };
                let found = backs.iter().position(of_day);
                if found.is_some() {
                    book.remark(
                        "credit notes with a refund of the same invoice, amount and day, taken as one although no file links them",
                        note.amount,
                    );
                }
                found
            }
        };
        if let Some(at) = found {
            let gross = backs[at].gross;
            backs[at].gross -= note.amount.min(gross);
        }
    }
    backs.retain(|back| !back.gross.is_zero());
    backs
}
