//! Look-alikes out of a statement by customer and month.
//!
//! The rule that must hold: a month counts only if it is whole and its cost is known. The month in
//! which a customer came and the month in which it was last seen are parts of months, unless they are
//! the period's first and last.

use std::collections::{BTreeMap, BTreeSet};

use super::float;
use super::sample::{LookAlike, MonthOf};
use crate::margin::{Dimension, Row, RowKind, Statement};
use crate::model::{Exact, Month};

/// Who was left out of the look-alikes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Customers whose seats are not known in any month.
    pub without_seats: Vec<String>,
    /// How many have another size than asked for.
    pub other_size: u64,
    /// How many have no whole month.
    pub part_of_month: u64,
}

/// Look-alikes and who was left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// The look-alikes, by customer.
    pub look_alikes: Vec<LookAlike>,
    /// Who was left out.
    pub left_out: LeftOut,
    /// Months that at least one of them has.
    pub months: usize,
    /// How many have no cost in any month.
    pub without_cost: u64,
}

/// How many seats a customer has in a month; `None` if that is not known.
pub type Seats<'a> = dyn Fn(&Row, Month) -> Option<Exact> + 'a;

/// The months of one customer: cost and quantity, by the place of the month in the period.
type Seen = BTreeMap<usize, (Exact, Exact)>;

/// Takes look-alikes out of a statement by customer and month. `seats` says how many seats a customer
/// has in a month, and `per_seat` whether cost is divided by them; without `seats` none are needed.
/// `size` is the least and the largest number of seats in its last month. `quantity` is what a cap
/// counts in a row.
pub fn gather(
    statement: &Statement,
    seats: Option<&Seats<'_>>,
    per_seat: bool,
    size: Option<(Exact, Exact)>,
    quantity: &dyn Fn(&Row) -> Exact,
) -> Gathered {
    debug_assert!(statement.by == [Dimension::Customer, Dimension::Month]);
    let months: Vec<Month> = statement.period.months().collect();
    let mut known: BTreeSet<usize> = BTreeSet::new();
    let mut customers: BTreeMap<&str, (&Row, Seen)> = BTreeMap::new();
    for row in &statement.rows {
        let month = row.period.start.month();
        let Some(at) = months.iter().position(|one| *one == month) else {
            continue;
        };
        if row.cost_is_known {
            known.insert(at);
        }
        if row.kind == RowKind::Customer {
            let (_, seen) = customers
                .entry(&row.labels[0])
                .or_insert_with(|| (row, Seen::new()));
            seen.insert(at, (row.cost(), quantity(row)));
        }
    }
    let mut found = Gathered::default();
    let mut counted = BTreeSet::new();
    for (customer, (row, seen)) in customers {
        let whole: Vec<usize> = whole(&seen, months.len())
            .filter(|at| known.contains(at))
            .collect();
        if whole.is_empty() {
            found.left_out.part_of_month += 1;
            continue;
        }
        let sized = |at: usize| match seats {
            None => Some(Exact::ONE),
            Some(seats) => seats(row, months[at]).filter(Exact::is_positive),
        };
        let of_months: Vec<(usize, Exact)> = whole
            .into_iter()
            .filter_map(|at| Some((at, sized(at)?)))
            .collect();
        let Some((_, last)) = of_months.last() else {
            found.left_out.without_seats.push(customer.to_string());
            continue;
        };
        if size.is_some_and(|(least, most)| *last < least || *last > most) {
            found.left_out.other_size += 1;
            continue;
        }
        let month = |(at, seats): &(usize, Exact)| {
            let (cost, quantity) = seen.get(at).copied().unwrap_or_default();
            let seats = if per_seat { float(*seats) } else { 1.0 };
            MonthOf {
                back: (months.len() - 1 - at) as u32,
                // A month that credits bring below nothing costs nothing: no deal is worth more for
                // what a provider once gave back.
                cost: float(cost.max(Exact::ZERO)) / seats,
                quantity: float(quantity.max(Exact::ZERO)) / seats,
            }
        };
        counted.extend(of_months.iter().map(|(at, _)| *at));
        let months: Vec<MonthOf> = of_months.iter().map(month).collect();
        found.without_cost += u64::from(months.iter().all(|month| month.cost <= 0.0));
        found.look_alikes.push(LookAlike {
            customer: customer.to_string(),
            months,
        });
    }
    found.months = counted.len();
    found
}

/// The whole months of a customer, those without any row in between included.
fn whole(seen: &Seen, count: usize) -> impl Iterator<Item = usize> {
    let first = seen.keys().next().copied().unwrap_or_default();
    let last = seen.keys().next_back().copied().unwrap_or_default();
    let from = if first == 0 { 0 } else { first + 1 };
    let to = if last + 1 == count { count } else { last };
    from..to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_coming_and_going_are_not_whole() {
        let seen = |months: &[usize]| -> Vec<usize> {
            let seen = months.iter().map(|at| (*at, Default::default())).collect();
            whole(&seen, 6).collect()
        };
        assert_eq!(seen(&[0, 1, 2, 3, 4, 5]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(seen(&[0, 5]), [0, 1, 2, 3, 4, 5], "a silent month is whole");
        assert_eq!(seen(&[2, 3, 4, 5]), [3, 4, 5]);
        assert_eq!(seen(&[0, 1, 2]), [0, 1]);
        assert_eq!(seen(&[2, 3]), [] as [usize; 0]);
        assert_eq!(seen(&[5]), [] as [usize; 0]);
    }
}
