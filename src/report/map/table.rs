//! Ids and suggestions as tables: by namespace, the unmatched ids, every id, and the patch.

use super::document::share;
use super::shown;
use crate::margin::ids::{IdMoney, Ids, Money};
use crate::model::Exact;
use crate::report::fx;
use crate::report::margin::Header;
use crate::report::rounding::round_to_total;
use crate::report::table::{Cell, Column, Table};
use crate::report::visible::masked;
use crate::suggest::Suggestion;

/// How many unmatched ids are printed for people; the rest is one row.
const SHOWN: usize = 20;

/// The four amounts of a row: revenue mapped and unmapped, cost mapped and unmapped.
type Amounts = [Exact; 4];

fn amounts(mapped: Money, unmapped: Money) -> Amounts {
    [mapped.revenue, unmapped.revenue, mapped.cost, unmapped.cost]
}

/// Rounds so that every column sums to its rounded total; returns the total too.
fn rounded<const N: usize>(
    rows: &[[Exact; N]],
    places: Option<u8>,
) -> (Vec<[Exact; N]>, [Exact; N]) {
    let mut out = rows.to_vec();
    let mut totals = [Exact::ZERO; N];
    for at in 0..N {
        let column: Vec<Exact> = rows.iter().map(|row| row[at]).collect();
        let total: Exact = column.iter().sum();
        let (column, total) = match places {
            Some(places) => (round_to_total(&column, total, places), total.round(places)),
            None => (column, total),
        };
        totals[at] = total;
        for (row, value) in out.iter_mut().zip(column) {
            row[at] = value;
        }
    }
    (out, totals)
}

/// Coverage by namespace, for people.
pub fn coverage(ids: &Ids, header: &Header, places: Option<u8>) -> Table {
    let columns = vec![
        Column::text("source", "Ids of"),
        Column::figures("ids", "Ids"),
        Column::figures("mapped_ids", "Mapped"),
        Column::figures("revenue_mapped", "Revenue mapped"),
        Column::figures("revenue_unmapped", "Unmapped"),
        Column::figures("revenue_share", "Mapped %"),
        Column::figures("cost_mapped", "Cost mapped"),
        Column::figures("cost_unmapped", "Unmapped"),
        Column::figures("cost_share", "Mapped %"),
    ];
    let sums: Vec<Amounts> = ids
        .namespaces
        .iter()
        .map(|one| amounts(one.mapped, one.unmapped))
        .collect();
    let (printed, totals) = rounded(&sums, places);
    let line = |label: &str, counts: Option<(u64, u64)>, printed: &Amounts, exact: &Amounts| {
        let count = |count: Option<u64>| {
            count.map_or(Cell::Empty, |count| Cell::Quantity(Exact::from(count)))
        };
        vec![
            Cell::Text(label.to_string()),
            count(counts.map(|(ids, _)| ids)),
            count(counts.map(|(_, mapped)| mapped)),
            Cell::Money(printed[0]),
            Cell::Money(printed[1]),
            Cell::Ratio(share(exact[0], exact[1])),
            Cell::Money(printed[2]),
            Cell::Money(printed[3]),
            Cell::Ratio(share(exact[2], exact[3])),
        ]
    };
    let all = ids.namespaces.iter().zip(printed.iter().zip(&sums));
    let rows = all.map(|(one, (printed, exact))| match one.source.as_str() {
        "" => line("(no id)", None, printed, exact),
        source => line(source, Some((one.ids, one.mapped_ids)), printed, exact),
    });
    let rows = rows.collect();
    let exact: Amounts = std::array::from_fn(|at| sums.iter().map(|row| row[at]).sum());
    let count = |of: fn(&crate::margin::ids::Namespace) -> u64| ids.namespaces.iter().map(of).sum();
    let counts = (count(|one| one.ids), count(|one| one.mapped_ids));
    Table {
        title: format!(
            "Ids and their money · {} · {} · {} revenue, {} cost",
            header.period.title(),
            header.currency,
            header.revenue_basis,
            header.cost_basis
        ),
        columns,
        rows,
        totals: Some(line("Total", Some(counts), &totals, &exact)),
        footer: fx::lines(header.fx.as_ref()),
        places,
    }
}

/// The unmatched ids by money, for people; `None` where every id has a customer.
pub fn unmatched(ids: &Ids, header: &Header, places: Option<u8>) -> Option<Table> {
    let list = ids.unmatched();
    if list.is_empty() {
        return None;
    }
    let money: Vec<[Exact; 2]> = list
        .iter()
        .map(|one| [one.unmapped.revenue, one.unmapped.cost])
        .collect();
    let (printed, totals) = rounded(&money, places);
    let line = |label: String, name: &str, money: [Exact; 2]| {
        vec![
            Cell::Text(label),
            Cell::Text(masked(name)),
            Cell::Money(money[0]),
            Cell::Money(money[1]),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = list
        .iter()
        .zip(&printed)
        .take(SHOWN)
        .map(|(one, money)| {
            let name = one.name.as_deref().unwrap_or_default();
            line(shown(&one.source, &one.id), name, *money)
        })
        .collect();
    let rest = &printed[printed.len().min(SHOWN)..];
    if !rest.is_empty() {
        let sum = |at: usize| rest.iter().map(|money| money[at]).sum();
        let label = format!("({} others)", rest.len());
        rows.push(line(label, "", [sum(0), sum(1)]));
    }
    let mut footer = Vec::new();
    for note in &header.notes {
        let word = if note.warning { "warning" } else { "note" };
        footer.push(format!("{word} {}: {}", note.code, masked(&note.text)));
    }
    Some(Table {
        title: format!("Ids without a customer · {}", header.currency),
        columns: vec![
            Column::text("id", "Id"),
            Column::text("name", "Name"),
            Column::figures("revenue", "Revenue"),
            Column::figures("cost", "Cost"),
        ],
        rows,
        totals: Some(line("Total".into(), "", totals)),
        footer,
        places,
    })
}

/// Every id of the period, one row each, for programs: the columns sum to the report's totals.
pub fn every_id(ids: &Ids, header: &Header, places: Option<u8>) -> Table {
    let columns = vec![
        Column::text("source", "Ids of"),
        Column::text("id", "Id"),
        Column::text("name", "Name"),
        Column::text("status", "Status"),
        Column::text("currency", "Currency"),
        Column::figures("revenue_mapped", "Revenue mapped"),
        Column::figures("revenue_unmapped", "Revenue unmapped"),
        Column::figures("cost_mapped", "Cost mapped"),
        Column::figures("cost_unmapped", "Cost unmapped"),
    ];
    let all: Vec<&IdMoney> = {
        // What needs work comes first.
        let mapped = ids.all.iter().filter(|one| one.is_id() && !one.unmatched);
        let nothing = ids.all.iter().filter(|one| !one.is_id());
        ids.unmatched()
            .into_iter()
            .chain(mapped)
            .chain(nothing)
            .collect()
    };
    let sums: Vec<Amounts> = all
        .iter()
        .map(|one| amounts(one.mapped, one.unmapped))
        .collect();
    let (printed, _) = rounded(&sums, places);
    let rows = all.iter().zip(printed).map(|(one, money)| {
        let status = match (one.is_id(), one.unmatched) {
            (false, _) => "no_id",
            (true, true) => "unmatched",
            (true, false) => "mapped",
        };
        let words = [
            one.source.clone(),
            masked(&one.id),
            masked(one.name.as_deref().unwrap_or_default()),
            status.to_string(),
            header.currency.to_string(),
        ];
        let words = words.into_iter().map(Cell::Text);
        words.chain(money.into_iter().map(Cell::Money)).collect()
    });
    Table {
        title: String::new(),
        rows: rows.collect(),
        columns,
        totals: None,
        footer: Vec::new(),
        places,
    }
}

/// One line of the patch, or of the list for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The customer.
    pub customer: String,
    /// Namespace.
    pub source: String,
    /// The id.
    pub id: String,
    /// `high`, `medium` or `low`.
    pub confidence: &'static str,
    /// Why.
    pub reason: String,
}

/// The candidates of a suggestion as lines, the reasons in words.
pub fn proposals(suggestion: &Suggestion) -> Vec<Proposal> {
    let several = suggestion.only().is_none();
    let candidates = suggestion.candidates.iter();
    let lines = candidates.map(|candidate| {
        let words = candidate
            .reasons
            .iter()
            .map(|reason| masked(&reason.words()));
        let mut reason = words.collect::<Vec<_>>().join("; ");
        if several {
            let others = suggestion.candidates.len() - 1;
            reason.push_str(&format!("; fits {others} more equally well"));
        }
        Proposal {
            customer: candidate.customer.clone(),
            source: suggestion.source.clone(),
            id: suggestion.id.clone(),
            confidence: candidate.confidence.word(),
            reason,
        }
    });
    lines.collect()
}

/// Proposals as a table: the columns of a mapping, then how sure and why.
pub fn patch(proposals: &[Proposal], columns: &[String]) -> Table {
    let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    for name in ["customer", "source", "id", "confidence", "reason"] {
        if !columns.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            columns.push(name);
        }
    }
    let rows = proposals.iter().map(|one| {
        let cell = |name: &&str| match name.to_lowercase().as_str() {
            "customer" => Cell::Text(one.customer.clone()),
            "source" => Cell::Text(one.source.clone()),
            "id" => Cell::Text(one.id.clone()),
            "confidence" => Cell::Text(one.confidence.to_string()),
            "reason" => Cell::Text(one.reason.clone()),
            _ => Cell::Empty,
        };
        columns.iter().map(cell).collect()
    });
    Table {
        title: "Suggested mapping; nothing is applied".into(),
        rows: rows.collect(),
        columns: columns
            .iter()
            .map(|name| Column::text(*name, *name))
            .collect(),
        totals: None,
        footer: Vec::new(),
        places: None,
    }
}
