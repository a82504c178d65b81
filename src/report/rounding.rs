//! Rounds the figures of a table so that what is printed adds up.
//!
//! Rounding each cell alone lets a printed column miss its printed total by a few cents. Here the
//! total is rounded, and the cells are rounded up or down so that they sum to it: the largest
//! remainders go up, ties by position. Signs need no care, since "down" is always towards −∞.
//! Whole numbers of units stay as they are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

use crate::model::Exact;

/// Rounds `values` to `places` so that they sum to `total.round(places)`. `total` is the exact sum
/// of the values. Each result lies less than one unit from its value, and ties among equal
/// remainders go to the earlier position: pass the rows in an order that does not depend on the
/// input files.
///
/// # Panics
/// If `total` is not the sum of the values: a caller's bug.
pub fn round_to_total(values: &[Exact], total: Exact, places: u8) -> Vec<Exact> {
    let sum: Exact = values.iter().sum();
    assert!(
        sum == total,
        "round_to_total() was given the total {total} for values that sum to {sum}"
    );
    let scale = common_scale(values, places);
    let (mut floors, rests): (Vec<BigInt>, Vec<BigInt>) = values
        .iter()
        .map(|value| split(value, scale, places))
        .unzip();
    let target = total.round(places).units(places);
    let need = target - floors.iter().sum::<BigInt>();
    let mut order: Vec<usize> = (0..values.len()).filter(|i| !rests[*i].is_zero()).collect();
    order.sort_by(|a, b| rests[*b].cmp(&rests[*a]).then(a.cmp(b)));
    // The rests sum to less than their number and the target rounds that sum, so 0 ≤ need ≤ len.
    let need = need.to_usize().filter(|need| *need <= order.len());
    let Some(need) = need else {
        panic!("the rounded total lies outside the sum of the rounded parts");
    };
    for i in &order[..need] {
        floors[*i] += 1;
    }
    floors
        .iter()
        .map(|units| Exact::from_big(units, places))
        .collect()
}

/// Places that hold every value and the result.
fn common_scale(values: &[Exact], places: u8) -> u8 {
    values.iter().map(Exact::places).fold(places, u8::max)
}

/// The value as whole units of `places`, rounded down, and the rest in units of `scale`.
fn split(value: &Exact, scale: u8, places: u8) -> (BigInt, BigInt) {
    let unit = BigInt::from(10).pow(u32::from(scale - places));
    value.units(scale).div_mod_floor(&unit)
}

/// Rounds a matrix so that rows and columns hold at once (controlled rounding): row `i` sums to
/// `row_targets[i]` and column `j` to `column_targets[j]`. The targets are already rounded to
/// `places`, have the same grand total, and lie within a unit of the exact sums. Every cell
/// becomes its value rounded down or up; where the targets leave no such answer, as few steps as
/// possible go further. Among the answers the nearest is taken (least squares, remainders compared
/// at nine digits), ties by position.
///
/// Meant for few columns and any number of rows.
///
/// # Panics
/// If the shapes differ, or if the targets contradict each other or the cells: a caller's bug.
pub fn round_matrix(
    cells: &[Vec<Exact>],
    row_targets: &[Exact],
    column_targets: &[Exact],
    places: u8,
) -> Vec<Vec<Exact>> {
    assert!(
        cells.len() == row_targets.len()
            && cells.iter().all(|row| row.len() == column_targets.len()),
        "round_matrix() needs one target per row and per column"
    );
    let mut grid = Grid::new(cells, column_targets.len(), places);
    grid.fill_rows(row_targets);
    grid.balance_columns(column_targets);
    grid.values()
}

/// One unit, in the fixed point that costs are counted in.
const ONE: i64 = 1_000_000_000;
/// The cost of a step beyond floor and ceiling: more than any path of ordinary steps.
const FAR: i64 = 10_000 * ONE;

/// The matrix in units: each cell is its floor plus a number of steps, which begins at zero.
struct Grid {
    places: u8,
    floors: Vec<Vec<BigInt>>,
    /// Remainders above the floor in billionths of a unit; positive unless the value is whole.
    rests: Vec<Vec<i64>>,
    steps: Vec<Vec<i64>>,
    columns: usize,
}

/// The moves of a unit from one column to another that rows offer: the cheapest first, and among
/// equals the last row, so that earlier rows keep what they got.
type Moves = BinaryHeap<(Reverse<i64>, usize)>;

impl Grid {
    fn new(cells: &[Vec<Exact>], columns: usize, places: u8) -> Grid {
        let scale = cells
            .iter()
            .map(|row| common_scale(row, places))
            .fold(places, u8::max);
        let unit = BigInt::from(10).pow(u32::from(scale - places));
        let mut floors = Vec::with_capacity(cells.len());
        let mut rests = Vec::with_capacity(cells.len());
        for row in cells {
            let mut row_floors = Vec::with_capacity(row.len());
            let mut row_rests = Vec::with_capacity(row.len());
            for cell in row {
                let (floor, rest) = split(cell, scale, places);
                let billionths: BigInt = &rest * ONE / &unit;
                let least = i64::from(!rest.is_zero());
                row_rests.push(billionths.to_i64().unwrap_or(ONE).max(least));
                row_floors.push(floor);
            }
            floors.push(row_floors);
            rests.push(row_rests);
        }
        Grid {
            places,
            steps: rests.iter().map(|row| vec![0; row.len()]).collect(),
            columns,
            floors,
            rests,
        }
    }

    /// What it costs to raise the cell by one step: the change of its squared distance, and much
    /// more where the step leaves floor and ceiling. Grows with every step, which is what makes
    /// greedy rows and shortest paths right.
    fn raise(&self, row: usize, column: usize, from: i64) -> i64 {
        let rest = self.rests[row][column];
        let ceiling = i64::from(rest > 0);
        let beyond = if from >= ceiling {
            from + 1 - ceiling
        } else if from < 0 {
            from
        } else {
            0
        };
        2 * (from * ONE - rest) + ONE + beyond * FAR
    }

    fn move_cost(&self, row: usize, from: usize, to: usize) -> i64 {
        let steps = &self.steps[row];
        self.raise(row, to, steps[to]) - self.raise(row, from, steps[from] - 1)
    }

    /// Gives every row the steps that its target needs, the cheapest first.
    fn fill_rows(&mut self, targets: &[Exact]) {
        for (row, target) in targets.iter().enumerate() {
            let need = target.units(self.places) - self.floors[row].iter().sum::<BigInt>();
            let limit = self.columns as i64 + 1;
            let Some(need) = need.to_i64().filter(|need| (-limit..=limit).contains(need)) else {
                panic!("a row's rounded total lies more than a unit from the row's sum");
            };
            assert!(
                need == 0 || self.columns > 0,
                "a row without cells has a total"
            );
            for _ in 0..need {
                let cost = |column: &usize| self.raise(row, *column, self.steps[row][*column]);
                if let Some(column) = (0..self.columns).min_by_key(cost) {
                    self.steps[row][column] += 1;
                }
            }
            for _ in need..0 {
                let gain = |column: &usize| self.raise(row, *column, self.steps[row][*column] - 1);
                if let Some(column) = (0..self.columns).rev().max_by_key(gain) {
                    self.steps[row][column] -= 1;
                }
            }
        }
    }

    /// Moves units between columns, within rows, until the columns hold too: each time along the
    /// cheapest chain of moves from a column with too much to one with too little.
    fn balance_columns(&mut self, targets: &[Exact]) {
        let mut surplus: Vec<BigInt> = (0..self.columns)
            .map(|column| {
                let filled: BigInt = (0..self.floors.len())
                    .map(|row| &self.floors[row][column] + self.steps[row][column])
                    .sum();
                filled - targets[column].units(self.places)
            })
            .collect();
        assert!(
            surplus.iter().sum::<BigInt>().is_zero(),
            "the rows' totals and the columns' totals differ"
        );
        if surplus.iter().all(Zero::is_zero) {
            return;
        }
        let mut moves = self.all_moves();
        while let Some(path) = self.cheapest_path(&mut moves, &surplus) {
            for (row, from, to) in &path {
                self.steps[*row][*from] -= 1;
                self.steps[*row][*to] += 1;
                surplus[*from] -= 1;
                surplus[*to] += 1;
            }
            for (row, _, _) in &path {
                self.push_moves(&mut moves, *row);
            }
        }
        assert!(
            surplus.iter().all(Zero::is_zero),
            "columns without rows have totals"
        );
    }

    fn all_moves(&self) -> Vec<Moves> {
        let mut moves = vec![Moves::new(); self.columns * self.columns];
        for row in 0..self.steps.len() {
            self.push_moves(&mut moves, row);
        }
        moves
    }

    /// Enters the moves that a row offers now. Entries of its earlier states stay in the heaps and
    /// are dropped when they surface with a cost that is no longer true.
    fn push_moves(&self, moves: &mut [Moves], row: usize) {
        for from in 0..self.columns {
            for to in (0..self.columns).filter(|to| *to != from) {
                let cost = self.move_cost(row, from, to);
                moves[from * self.columns + to].push((Reverse(cost), row));
            }
        }
    }

    /// Bellman–Ford over the columns; a handful of nodes. `None` once no column has a surplus.
    fn cheapest_path(
        &self,
        moves: &mut [Moves],
        surplus: &[BigInt],
    ) -> Option<Vec<(usize, usize, usize)>> {
        let n = self.columns;
        let zero = BigInt::zero();
        let mut edges: Vec<(usize, usize, i64, usize)> = Vec::with_capacity(n * n);
        for (at, heap) in moves.iter_mut().enumerate() {
            let (from, to) = (at / n, at % n);
            while let Some((Reverse(cost), row)) = heap.peek().copied() {
                if self.move_cost(row, from, to) == cost {
                    edges.push((from, to, cost, row));
                    break;
                }
                heap.pop();
            }
        }
        let mut distance: Vec<Option<i64>> = surplus
            .iter()
            .map(|surplus| (*surplus > zero).then_some(0))
            .collect();
        let mut arrived: Vec<Option<(usize, usize)>> = vec![None; n];
        for _ in 1..n {
            for (from, to, cost, row) in &edges {
                let Some(so_far) = distance[*from] else {
                    continue;
                };
                if distance[*to].is_none_or(|known| so_far + cost < known) {
                    distance[*to] = Some(so_far + cost);
                    arrived[*to] = Some((*from, *row));
                }
            }
        }
        let mut at = (0..n)
            .filter(|column| surplus[*column] < zero && distance[*column].is_some())
            .min_by_key(|column| distance[*column])?;
        let mut path = Vec::new();
        while let Some((from, row)) = arrived[at] {
            path.push((row, from, at));
            at = from;
        }
        Some(path)
    }

    fn values(&self) -> Vec<Vec<Exact>> {
        let cell = |(floor, steps): (&BigInt, &i64)| Exact::from_big(&(floor + steps), self.places);
        self.floors
            .iter()
            .zip(&self.steps)
            .map(|(floors, steps)| floors.iter().zip(steps).map(cell).collect())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn exacts(texts: &[&str]) -> Vec<Exact> {
        texts.iter().map(|text| exact(text)).collect()
    }

    fn rounded(texts: &[&str], places: u8) -> Vec<String> {
        let values = exacts(texts);
        round_to_total(&values, values.iter().sum(), places)
            .iter()
            .map(|value| value.to_fixed(places))
            .collect()
    }

    #[test]
    fn three_thirds_of_a_dollar() {
        // 0.333 + 0.333 + 0.334 = 1.00: one cent is left over and the largest rest takes it.
        assert_eq!(
            rounded(&["0.333", "0.333", "0.334"], 2),
            ["0.33", "0.33", "0.34"]
        );
        // Equal rests: the earlier position takes it.
        assert_eq!(rounded(&["0.005", "0.005"], 2), ["0.01", "0.00"]);
    }

    #[test]
    fn signs_whole_values_and_nothing() {
        // −1.5 lies between −2 and −1, 2.5 between 2 and 3; the total is 1: −2 + 3 or −1 + 2.
        assert_eq!(rounded(&["-1.5", "2.5"], 0), ["-1", "2"]);
        assert_eq!(
            rounded(&["5", "0.4", "-3", "0.4"], 0),
            ["5", "1", "-3", "0"]
        );
        assert!(rounded(&[], 2).is_empty());
        assert_eq!(rounded(&["0", "0"], 2), ["0.00", "0.00"]);
        assert_eq!(rounded(&["1.999999999999"], 2), ["2.00"]);
    }

    #[test]
    fn a_half_rounds_to_even_in_the_total() {
        // 0.25 + 0.25 = 0.5 → 0; 0.75 + 0.75 = 1.5 → 2.
        assert_eq!(rounded(&["0.25", "0.25"], 0), ["0", "0"]);
        assert_eq!(rounded(&["0.75", "0.75"], 0), ["1", "1"]);
    }

    fn matrix(cells: &[&[&str]], rows: &[&str], columns: &[&str]) -> Vec<Vec<String>> {
        let cells: Vec<Vec<Exact>> = cells.iter().map(|row| exacts(row)).collect();
        round_matrix(&cells, &exacts(rows), &exacts(columns), 0)
            .iter()
            .map(|row| row.iter().map(Exact::to_string).collect())
            .collect()
    }

    #[test]
    fn columns_are_repaired_along_a_chain() {
        // By rows alone the first column would get both units.
        assert_eq!(
            matrix(
                &[&["0.6", "0.4"], &["0.6", "0.4"]],
                &["1", "1"],
                &["1", "1"]
            ),
            [["1", "0"], ["0", "1"]].map(|row| row.map(String::from).to_vec())
        );
        // The surplus of column 1 can reach column 3 only through column 2: the first row has no
        // part in column 3, the second none in column 1.
        assert_eq!(
            matrix(
                &[
                    &["0.6", "0.4", "0"],
                    &["0", "0.6", "0.4"],
                    &["0.4", "0", "0.6"]
                ],
                &["1", "1", "1"],
                &["0", "1", "2"]
            )[0],
            ["0", "1", "0"]
        );
    }

    #[test]
    fn targets_without_a_plain_answer_still_hold() {
        // Row 1 must be 1 and has a part in column 1 only, but column 1 must be 0.
        let rounded = matrix(&[&["0.5", "0"], &["0", "0.5"]], &["1", "0"], &["0", "1"]);
        let total: i64 = rounded[0]
            .iter()
            .map(|cell| cell.parse::<i64>().unwrap())
            .sum();
        assert_eq!(total, 1);
        let second: i64 = rounded
            .iter()
            .map(|row| row[1].parse::<i64>().unwrap())
            .sum();
        assert_eq!(second, 1);
    }

    fn value() -> impl Strategy<Value = Exact> {
        prop_oneof![
            3 => (-5_000_000i128..5_000_000, 0u8..7).prop_map(|(m, s)| Exact::new(m, s)),
            1 => (-500i128..500).prop_map(|m| Exact::new(m, 0)),
            1 => Just(Exact::ZERO),
            1 => (any::<i64>(), 8u8..30).prop_map(|(m, s)| Exact::new(i128::from(m), s)),
        ]
    }

    fn unit(places: u8) -> Exact {
        Exact::new(1, places)
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_rounded_total(values in prop::collection::vec(value(), 0..30), places in 0u8..5) {
            let total: Exact = values.iter().sum();
            let rounded = round_to_total(&values, total, places);
            prop_assert_eq!(rounded.iter().sum::<Exact>(), total.round(places));
            for (value, rounded) in values.iter().zip(&rounded) {
                prop_assert!(rounded.places() <= places);
                prop_assert!((*rounded - *value).abs() < unit(places));
                if value.places() <= places {
                    prop_assert_eq!(rounded, value);
                }
            }
        }

        #[test]
        fn order_does_not_matter_where_rests_differ(
            rests in prop::collection::btree_set(1u32..1000, 1..20),
            wholes in prop::collection::vec(-50i128..50, 20),
            seed in any::<u64>(),
        ) {
            let values: Vec<Exact> = rests.iter().zip(&wholes)
                .map(|(rest, whole)| Exact::new(whole * 1000 + i128::from(*rest), 3)).collect();
            let mut order: Vec<usize> = (0..values.len()).collect();
            order.sort_by_key(|i| (*i as u64 + 1).wrapping_mul(seed | 1));
            let shuffled: Vec<Exact> = order.iter().map(|i| values[*i]).collect();
            let total: Exact = values.iter().sum();
            let plain = round_to_total(&values, total, 0);
            let other = round_to_total(&shuffled, total, 0);
            for (at, i) in order.iter().enumerate() {
                prop_assert_eq!(other[at], plain[*i]);
            }
        }

        /// Targets made from some choice of down and up, so a plain answer exists.
        #[test]
        fn both_margins_hold_and_no_cell_goes_far(
            (cells, ups) in (1usize..6, 0usize..12).prop_flat_map(|(columns, rows)| (
                prop::collection::vec(prop::collection::vec(value(), columns), rows),
                prop::collection::vec(prop::collection::vec(any::<bool>(), columns), rows),
            )),
            places in 0u8..4,
        ) {
            let columns = cells.first().map_or(0, Vec::len);
            let choice: Vec<Vec<Exact>> = cells.iter().zip(&ups).map(|(row, ups)| {
                row.iter().zip(ups).map(|(cell, up)| {
                    let scale = cell.places().max(places);
                    let (floor, rest) = split(cell, scale, places);
                    let step = i32::from(*up && !rest.is_zero());
                    Exact::from_big(&(floor + step), places)
                }).collect()
            }).collect();
            let row_targets: Vec<Exact> = choice.iter().map(|row| row.iter().sum()).collect();
            let column_targets: Vec<Exact> =
                (0..columns).map(|j| choice.iter().map(|row| row[j]).sum()).collect();
            let rounded = round_matrix(&cells, &row_targets, &column_targets, places);
            for (i, row) in rounded.iter().enumerate() {
                prop_assert_eq!(row.iter().sum::<Exact>(), row_targets[i]);
                for (j, cell) in row.iter().enumerate() {
                    prop_assert!((*cell - cells[i][j]).abs() < unit(places));
                }
            }
            for j in 0..columns {
                prop_assert_eq!(rounded.iter().map(|row| row[j]).sum::<Exact>(), column_targets[j]);
            }
        }

        /// The way reports use it: totals rounded to the grand total on both sides.
        #[test]
        fn margins_of_rounded_sums_hold(
            cells in (1usize..6, 1usize..12).prop_flat_map(|(columns, rows)|
                prop::collection::vec(prop::collection::vec(value(), columns), rows)),
        ) {
            let columns = cells[0].len();
            let row_sums: Vec<Exact> = cells.iter().map(|row| row.iter().sum()).collect();
            let column_sums: Vec<Exact> =
                (0..columns).map(|j| cells.iter().map(|row| row[j]).sum()).collect();
            let total: Exact = row_sums.iter().sum();
            let row_targets = round_to_total(&row_sums, total, 2);
            let column_targets = round_to_total(&column_sums, total, 2);
            let rounded = round_matrix(&cells, &row_targets, &column_targets, 2);
            for (row, target) in rounded.iter().zip(&row_targets) {
                prop_assert_eq!(row.iter().sum::<Exact>(), *target);
            }
            for j in 0..columns {
                prop_assert_eq!(rounded.iter().map(|row| row[j]).sum::<Exact>(), column_targets[j]);
            }
        }
    }

    #[test]
    fn a_hundred_thousand_rows_are_quick() {
        let cells = vec![exacts(&["0.6", "0.2", "0.2"]); 100_000];
        let row_targets = vec![Exact::ONE; 100_000];
        let column_targets = exacts(&["60000", "20000", "20000"]);
        let rounded = round_matrix(&cells, &row_targets, &column_targets, 0);
        let first: Exact = rounded.iter().map(|row| row[0]).sum();
        assert_eq!(first, exact("60000"));
    }
}
