//! Refunds that pay out a credit note: the note takes back already.

use super::RevenueBook;
use super::given_back::Back;
use crate::model::records::CreditNote;

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
