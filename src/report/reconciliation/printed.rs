//! Money rounded so that rows and columns of a reconciliation add up as printed.

use crate::model::Exact;
use crate::reconcile::{Cause, Group};
use crate::report::rounding::{round_matrix, round_to_total};

/// The figures of every group, and their totals.
#[derive(Debug)]
pub struct Printed {
    /// Billed money by group.
    pub billed: Vec<Exact>,
    /// Computed money by group; 0 where nothing was computed.
    pub computed: Vec<Exact>,
    /// Causes by group, in the order of [`Cause::ALL`].
    pub causes: Vec<Vec<Exact>>,
    /// Total of each cause.
    pub totals: Vec<Exact>,
    /// Decimals; `None` is exact.
    pub places: Option<u8>,
}

impl Printed {
    /// Rounds to so many places; exact without any.
    pub fn of(groups: &[Group], places: Option<u8>) -> Printed {
        let billed: Vec<Exact> = groups.iter().map(|group| group.billed).collect();
        let computed: Vec<Exact> = groups
            .iter()
            .map(|group| group.computed.unwrap_or_default())
            .collect();
        let causes: Vec<Vec<Exact>> = groups
            .iter()
            .map(|group| {
                let amount = |cause| group.causes.get(cause).copied().unwrap_or_default();
                Cause::ALL.iter().map(amount).collect()
            })
            .collect();
        let totals: Vec<Exact> = (0..Cause::ALL.len())
            .map(|at| causes.iter().map(|row| row[at]).sum())
            .collect();
        let Some(places) = places else {
            return Printed {
                billed,
                computed,
                causes,
                totals,
                places,
            };
        };
        let round = |values: &[Exact]| round_to_total(values, values.iter().sum(), places);
        let (billed, computed) = (round(&billed), round(&computed));
        let gaps: Vec<Exact> = billed.iter().zip(&computed).map(|(b, c)| *b - *c).collect();
        let exact = totals;
        let mut totals = round(&exact);
        // The printed gap may lie a unit beside the rounded one; the cause that rounding has moved
        // most takes the unit, so that amounts of whole units stay as they are.
        let left = gaps.iter().sum::<Exact>() - totals.iter().sum();
        let moved = |at: &usize| (exact[*at] - totals[*at]).abs();
        if let Some(most) = (0..totals.len()).max_by_key(moved) {
            totals[most] += left;
        }
        Printed {
            causes: round_matrix(&causes, &gaps, &totals, places),
            billed,
            computed,
            totals,
            places: Some(places),
        }
    }

    /// Billed − computed of one group, as printed.
    pub fn gap(&self, at: usize) -> Exact {
        self.billed[at] - self.computed[at]
    }
}
