//! Rows as they are printed: chosen, ordered, and rounded so that every column adds up.

use std::collections::BTreeSet;

use super::View;
use crate::identity::PartyId;
use crate::margin::{Row, RowKind, Statement, Verdict};
use crate::model::{Exact, Meter};
use crate::report::rounding::{round_matrix, round_to_total};

/// The label of the row of all that a view does not show one by one.
pub const OTHERS: &str = "(others)";

/// What a printed row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One row of the statement, or several of one kind.
    One(RowKind),
    /// Rows of any kind that the view does not show one by one.
    Others,
}

impl Kind {
    /// The word in CSV.
    pub fn word(self) -> &'static str {
        match self {
            Kind::One(kind) => kind.word(),
            Kind::Others => "others",
        }
    }
}

/// One printed row.
#[derive(Clone, Debug)]
pub struct Printed {
    /// What it stands for.
    pub kind: Kind,
    /// Labels, one per dimension.
    pub labels: Vec<String>,
    /// The statement's row, unless this is a sum of several.
    pub source: Option<usize>,
    /// Revenue; `None` where a dimension has none.
    pub revenue: Option<Exact>,
    /// Cost: direct, metered, allocated, estimated, unattributed.
    pub cost_by: [Exact; 5],
    /// The exact revenue and cost, for ratios.
    pub exact: (Option<Exact>, Exact),
    /// Best and worst case.
    pub bounds: Option<(Exact, Exact)>,
    /// Verdict.
    pub verdict: Option<Verdict>,
    /// Requests, then input, cache read, cache write, output tokens.
    pub quantities: [Exact; 5],
    /// Flags.
    pub flags: Vec<&'static str>,
}

impl Printed {
    /// Cost as printed: the sum of its parts as printed.
    pub fn cost(&self) -> Exact {
        self.cost_by.iter().sum()
    }

    /// Revenue as printed − cost as printed.
    pub fn gross_profit(&self) -> Option<Exact> {
        Some(self.revenue? - self.cost())
    }

    fn one_sided(&self) -> bool {
        matches!(self.kind, Kind::One(kind) if kind.one_sided())
    }

    /// Gross profit ∕ revenue of the exact amounts; `None` where revenue is not positive.
    pub fn gross_margin(&self, places: u8) -> Option<Exact> {
        let revenue = self.exact.0?;
        if !revenue.is_positive() || self.one_sided() {
            return None;
        }
        Exact::ratio(revenue - self.exact.1, revenue, places)
    }

    /// Gross profit ∕ cost of the exact amounts; `None` where cost is zero.
    pub fn markup(&self, places: u8) -> Option<Exact> {
        if self.one_sided() {
            return None;
        }
        Exact::ratio(self.exact.0? - self.exact.1, self.exact.1, places)
    }
}

/// All printed rows, those without a customer last, and their total.
#[derive(Clone, Debug)]
pub struct Printout {
    /// Rows.
    pub rows: Vec<Printed>,
    /// Revenue as printed; `None` where a filter asks for what revenue does not have.
    pub revenue: Option<Exact>,
    /// Cost as printed.
    pub cost: Exact,
}

/// The quantities printed in every row: requests, and what a function tells of meters.
pub fn quantities(requests: Exact, of: impl Fn(&Meter) -> Option<Exact>) -> [Exact; 5] {
    let of = |wanted: &[Meter]| wanted.iter().filter_map(&of).sum();
    [
        requests,
        of(&[Meter::Input]),
        of(&[Meter::CacheRead]),
        of(&[Meter::CacheWrite5m, Meter::CacheWrite1h]),
        of(&[Meter::Output]),
    ]
}

/// The statement's rows that a view shows, in its order: positions in [`Statement::rows`].
pub fn chosen(statement: &Statement, view: &View) -> Vec<usize> {
    let rows = ordered(statement, view);
    let top = view.top.unwrap_or(rows.len());
    rows.iter().take(top).filter_map(|row| row.source).collect()
}

fn ordered(statement: &Statement, view: &View) -> Vec<Printed> {
    let rows = statement.rows.iter().enumerate();
    let mut rows: Vec<Printed> = rows.map(|(at, row)| plain(at, row)).collect();
    if view.losses {
        rows.retain(|row| row.exact.0.is_some_and(|revenue| revenue < row.exact.1));
    }
    if let Some((column, descending)) = &view.sort {
        sort(&mut rows, column, *descending);
    }
    rows
}

/// Chooses, orders and rounds.
pub fn print(statement: &Statement, view: &View) -> Printout {
    let mut rows = ordered(statement, view);
    let count = statement.rows.len();
    let nobody = statement.unattributed_rows.iter().enumerate();
    let nobody: Vec<Printed> = nobody.map(|(at, row)| plain(count + at, row)).collect();
    if view.losses {
        // The rows still add up to the total.
        let shown: BTreeSet<Option<usize>> = rows.iter().map(|row| row.source).collect();
        let all = statement
            .rows
            .iter()
            .enumerate()
            .map(|(at, row)| plain(at, row));
        let others: Vec<Printed> = all.filter(|row| !shown.contains(&row.source)).collect();
        rows.extend(sum(&others, Kind::Others, OTHERS));
    }
    if view.fold_unmapped {
        fold_unmapped(&mut rows, statement);
    }
    if let Some(top) = view.top
        && rows.len() > top
    {
        let rest = rows.split_off(top);
        rows.extend(sum(&rest, Kind::Others, OTHERS));
    }
    rows.extend(nobody);
    round(&mut rows, view.places);
    // Where rows carry no revenue (by feature, say) the total still shows it.
    let shown = rows.iter().map(|row| row.revenue).sum::<Option<Exact>>();
    let whole = statement.totals.revenue;
    let revenue = match shown {
        Some(sum) if !rows.is_empty() => Some(sum),
        _ => whole.map(|whole| view.places.map_or(whole, |places| whole.round(places))),
    };
    Printout {
        cost: rows.iter().map(Printed::cost).sum(),
        revenue,
        rows,
    }
}

fn plain(at: usize, row: &Row) -> Printed {
    let [direct, metered, allocated, estimated] = row.sums.cost;
    let nobody = row.kind == RowKind::Unattributed;
    Printed {
        kind: Kind::One(row.kind),
        labels: row.labels.iter().map(|label| label.to_string()).collect(),
        source: Some(at),
        revenue: row.revenue,
        cost_by: [direct, metered, allocated, estimated, row.sums.unattributed],
        exact: (row.revenue, row.cost()),
        bounds: row.best_case().zip(row.worst_case()).filter(|_| !nobody),
        verdict: row.verdict(),
        quantities: quantities(row.sums.requests, |meter| row.sums.meters.of(meter)),
        flags: row.flags.clone(),
    }
}

fn sort(rows: &mut [Printed], column: &str, descending: bool) {
    let key = |row: &Printed| -> Option<Exact> {
        match column {
            "revenue" => row.exact.0,
            "cost" => Some(row.exact.1),
            "gross_profit" => Some(row.exact.0? - row.exact.1),
            "gross_margin" | "margin" => row.gross_margin(16),
            "markup" => row.markup(16),
            "requests" => Some(row.quantities[0]),
            "input_tokens" => Some(row.quantities[1]),
            "output_tokens" => Some(row.quantities[4]),
            _ => None,
        }
    };
    rows.sort_by(|a, b| {
        let order = match (key(a), key(b)) {
            (Some(a), Some(b)) if descending => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            // Rows without a value stand last either way.
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        order.then_with(|| a.labels.cmp(&b.labels))
    });
}

/// Folds the rows of unmapped ids into one at the end, if there are several, and says how many ids
/// they are: an id may have a row in every month.
fn fold_unmapped(rows: &mut Vec<Printed>, statement: &Statement) {
    let kind = Kind::One(RowKind::Unmapped);
    let which = |row: &Printed| row.kind == kind;
    if rows.iter().filter(|row| which(row)).count() <= 1 {
        return;
    }
    let (folded, kept): (Vec<_>, Vec<_>) = rows.drain(..).partition(|row| which(row));
    *rows = kept;
    let ids: BTreeSet<PartyId> = folded
        .iter()
        .filter_map(|row| statement.rows.get(row.source?)?.party)
        .collect();
    let label = match ids.len() {
        // Customers are no dimension.
        0 => "(unmapped)".to_string(),
        1 => "(unmapped) 1 id".to_string(),
        count => format!("(unmapped) {count} ids"),
    };
    rows.extend(sum(&folded, kind, &label));
}

/// One row for several.
fn sum(rows: &[Printed], kind: Kind, label: &str) -> Option<Printed> {
    let first = rows.first()?;
    let mut total = Printed {
        kind,
        source: None,
        labels: first.labels.iter().map(|_| String::new()).collect(),
        bounds: None,
        verdict: None,
        flags: Vec::new(),
        ..first.clone()
    };
    if let Some(name) = total.labels.first_mut() {
        *name = label.to_string();
    }
    for row in &rows[1..] {
        total.revenue = total.revenue.zip(row.revenue).map(|(a, b)| a + b);
        total.exact = (
            total.exact.0.zip(row.exact.0).map(|(a, b)| a + b),
            total.exact.1 + row.exact.1,
        );
        for (sum, cost) in total.cost_by.iter_mut().zip(&row.cost_by) {
            *sum += *cost;
        }
        for (sum, quantity) in total.quantities.iter_mut().zip(&row.quantities) {
            *sum += *quantity;
        }
    }
    Some(total)
}

/// Rounds every column to its rounded total; a row's cost stays the sum of its parts.
fn round(rows: &mut [Printed], places: Option<u8>) {
    let Some(places) = places else {
        return;
    };
    let cells: Vec<Vec<Exact>> = rows.iter().map(|row| row.cost_by.to_vec()).collect();
    let costs: Vec<Exact> = rows.iter().map(|row| row.exact.1).collect();
    let total: Exact = costs.iter().sum();
    let row_targets = round_to_total(&costs, total, places);
    let columns: Vec<Exact> = (0..5)
        .map(|at| cells.iter().map(|row| row[at]).sum())
        .collect();
    let column_targets = round_to_total(&columns, total, places);
    let rounded = round_matrix(&cells, &row_targets, &column_targets, places);
    for (row, cells) in rows.iter_mut().zip(rounded) {
        row.cost_by.copy_from_slice(&cells);
    }
    let revenues: Option<Vec<Exact>> = rows.iter().map(|row| row.revenue).collect();
    if let Some(revenues) = revenues {
        let rounded = round_to_total(&revenues, revenues.iter().sum(), places);
        for (row, revenue) in rows.iter_mut().zip(rounded) {
            row.revenue = Some(revenue);
        }
    }
    for row in rows.iter_mut() {
        row.bounds = row
            .bounds
            .map(|(best, worst)| (best.round(places), worst.round(places)));
    }
}
