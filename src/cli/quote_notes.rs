//! What a quote must say besides: who was left out, and what it does not hold.

use super::run::Run;
use crate::margin::Statement;
use crate::model::Exact;
use crate::problem::{Note, catalogue};
use crate::quote::{Gathered, LEAST_FOR_P95, Quote};
use crate::report::figures::{grouped, percent};

/// More customers than this are counted, not named.
const NAMED: usize = 5;

/// The notes of a quote.
pub fn notes(found: &Gathered, quote: &Quote, statement: &Statement, run: &Run) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Some(text) = left_out(found) {
        let text = format!("no look-alikes although --like fits: {text}");
        notes.push(Note::new(&catalogue::NOT_ALIKE, text));
    }
    if found.without_cost > 0 {
        let text = format!(
            "look-alikes without cost in any month: {} of {}; if their usage has no customer, the quote is too low",
            found.without_cost,
            found.look_alikes.len()
        );
        notes.push(Note::new(&catalogue::WITHOUT_COST, text));
    }
    let nobody = statement.unattributed_rows.iter();
    let nobody: Exact = nobody.map(|row| row.cost()).sum();
    let all: Exact = statement.rows.iter().map(|row| row.cost()).sum();
    if nobody.is_positive() {
        let share = Exact::ratio(nobody, all + nobody, 4);
        let text = format!(
            "cost without a customer is in no quote: {} {} of the period{}",
            grouped(&nobody.to_fixed(run.currency.decimals())),
            run.currency,
            share.map_or(String::new(), |share| format!(
                ", {} of its cost",
                percent(&share)
            ))
        );
        notes.push(Note::new(&catalogue::COST_OF_NOBODY, text));
    }
    if found.look_alikes.len() < LEAST_FOR_P95 {
        let text = format!(
            "p95 lies beyond the heaviest of {} look-alikes; from {LEAST_FOR_P95} on it lies among them",
            found.look_alikes.len()
        );
        notes.push(Note::new(&catalogue::BEYOND_HEAVIEST, text));
    }
    if quote.growth_is_unknown {
        let text = "no look-alike has three whole months: no growth is assumed".to_string();
        notes.push(Note::new(&catalogue::NO_GROWTH, text));
    }
    notes
}

/// Who was left out, in words; `None` if nobody was.
pub fn left_out(found: &Gathered) -> Option<String> {
    let left = &found.left_out;
    let mut parts = Vec::new();
    let without = &left.without_seats;
    if !without.is_empty() {
        let names: Vec<&str> = without.iter().take(NAMED).map(String::as_str).collect();
        let more = match without.len() > NAMED {
            true => " …",
            false => "",
        };
        parts.push(format!(
            "seats not known (column seats of the mapping, or one subscription): {} ({}{more})",
            without.len(),
            names.join(", ")
        ));
    }
    if left.other_size > 0 {
        parts.push(format!("of another size: {}", left.other_size));
    }
    if left.part_of_month > 0 {
        parts.push(format!("no whole month: {}", left.part_of_month));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}
