//! Reading the mapping file: `customer,source,id[,valid_from,valid_to][,name,plan,…]`.

use std::sync::Arc;

use crate::formats::Settings;
use crate::formats::fields::Columns;
use crate::identity::{Assignment, Mapping};
use crate::model::{Day, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Body, Opened, Row};

const FIXED: &[&str] = &["customer", "source", "id", "valid_from", "valid_to"];

/// Columns of a proposed mapping (`tanso map suggest`), which say nothing about a customer.
const REVIEW: &[&str] = &["confidence", "reason"];

/// Reads the file; returns the mapping and how many rows it has.
pub fn read(opened: Opened, problems: &mut Problems) -> (Mapping, u64) {
    let name = opened.name.clone();
    let Body::Table(mut rows) = opened.body else {
        problems.push(
            Problem::new(&catalogue::MAPPING, "the mapping file is not a table")
                .at(Place::file(&name)),
        );
        return (Mapping::default(), 0);
    };
    let columns = Columns::of(rows.as_ref(), &Settings::default(), Some(Zone::Utc));
    let (Some(customer), Some(source), Some(id)) = (
        columns.required(&["customer"], problems),
        columns.required(&["source"], problems),
        columns.required(&["id"], problems),
    ) else {
        return (Mapping::default(), 0);
    };
    let from = columns.optional(&["valid_from"], problems);
    let to = columns.optional(&["valid_to"], problems);
    let attributes: Vec<(usize, Arc<str>)> = (0..columns.header.len())
        .map(|at| (at, columns.header.name(at).to_lowercase().into()))
        .filter(|(_, name): &(_, Arc<str>)| !FIXED.contains(&&**name) && !REVIEW.contains(&&**name))
        .filter(|(_, name)| !name.is_empty())
        .collect();
    let mut assignments = Vec::new();
    let mut row = Row::default();
    let mut read = 0;
    while rows.next_row(&mut row, problems) {
        read += 1;
        let mut fault = |column: usize, message: &str| {
            problems.push(columns.problem(&catalogue::MAPPING, &row, column, message));
        };
        let Some(who) = row.filled(customer) else {
            fault(customer, "the row names no customer");
            continue;
        };
        let what = row.filled(id).unwrap_or("");
        let namespace = row.filled(source).unwrap_or("").to_lowercase();
        if !what.is_empty() && namespace.is_empty() {
            fault(source, "the row has an id but no source");
            continue;
        }
        let mut day = |column: Option<usize>| {
            let text = column.and_then(|column| row.filled(column))?;
            let day = Day::parse(text);
            if day.is_none() {
                problems.push(
                    columns
                        .problem(&catalogue::MAPPING, &row, column.unwrap_or(0), "not a date")
                        .help("write 2026-10-01"),
                );
            }
            day
        };
        let (from, to) = (day(from), day(to));
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            problems.push(columns.problem(
                &catalogue::MAPPING,
                &row,
                customer,
                "valid_to is not after valid_from",
            ));
        }
        let values = attributes.iter().filter_map(|(at, name)| {
            row.filled(*at)
                .map(|value| (name.clone(), value.to_string()))
        });
        assignments.push(Assignment {
            customer: who.to_string(),
            namespace,
            id: what.to_string(),
            from,
            to,
            attributes: values.collect(),
            line: row.line(),
        });
    }
    let mut mapping = Mapping::build(&name, assignments, problems);
    let names = (0..columns.header.len()).map(|at| columns.header.name(at).to_string());
    mapping.columns = names.collect();
    (mapping, read)
}
