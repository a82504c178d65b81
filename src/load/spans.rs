//! Days, or moments, as ranges: which of them a file has, and whether another's lie among them.

use crate::model::records::Charge;
use crate::model::{Day, Instant};

/// The UTC days of a charge, the end exclusive.
pub fn days_of(charge: &Charge) -> (Day, Day) {
    let first = charge.start.utc_day();
    let last = Instant(charge.end.0 - 1).utc_day();
    (first, last.max(first).plus(1))
}

/// Days or moments as ranges that neither touch nor overlap, in order. Ends are exclusive.
#[derive(Clone, Debug)]
pub struct Spans<T = Day>(Vec<(T, T)>);

impl<T> Default for Spans<T> {
    fn default() -> Spans<T> {
        Spans(Vec::new())
    }
}

impl Spans {
    /// The days of charges.
    pub fn of<'a>(charges: impl Iterator<Item = &'a Charge>) -> Spans {
        let mut spans = Spans(charges.map(days_of).collect());
        spans.merge();
        spans
    }
}

impl<T: Copy + Ord> Spans<T> {
    /// Adds a range; it counts once [`Spans::merge`] was called.
    pub fn push(&mut self, span: (T, T)) {
        // Rows of one time mostly stand together.
        if self.0.last() != Some(&span) {
            self.0.push(span);
        }
    }

    /// Whether one of the other's ranges is among them.
    pub fn meets(&self, other: &Spans<T>) -> bool {
        other.0.iter().any(|span| self.hits(*span))
    }

    /// The end of the last range.
    pub fn end(&self) -> Option<T> {
        self.0.last().map(|(_, end)| *end)
    }

    /// Puts what was added in order.
    pub fn merge(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by(|next, last| {
            let joins = next.0 <= last.1;
            if joins {
                last.1 = last.1.max(next.1);
            }
            joins
        });
    }

    /// The range that ends after a point, if there is one.
    fn near(&self, at: T) -> Option<(T, T)> {
        self.0
            .get(self.0.partition_point(|span| span.1 <= at))
            .copied()
    }

    /// Whether a part of this range is among them.
    pub fn hits(&self, (first, end): (T, T)) -> bool {
        self.near(first).is_some_and(|span| span.0 < end)
    }

    /// Whether all of this range is among them.
    pub fn contains(&self, (first, end): (T, T)) -> bool {
        self.near(first)
            .is_some_and(|span| span.0 <= first && end <= span.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_merge_and_are_searched() {
        let day = |n: i32| Day(n);
        let mut spans = Spans(vec![
            (day(9), day(10)),
            (day(1), day(3)),
            (day(2), day(5)),
            (day(5), day(6)),
        ]);
        spans.merge();
        assert_eq!(spans.0, [(day(1), day(6)), (day(9), day(10))]);
        assert!(spans.hits((day(0), day(2))) && spans.hits((day(8), day(20))));
        assert!(!spans.hits((day(6), day(9))) && !spans.hits((day(10), day(11))));
        assert!(spans.contains((day(1), day(6))) && !spans.contains((day(1), day(7))));
        assert!(!spans.contains((day(0), day(2))));
    }
}
