//! Our own price list in CSV: the layout of the built-in list, [`crate::prices::layout`].

use std::sync::Arc;

use super::PriceList;
use crate::prices::layout::{BadCell, Layout, Wanted};
use crate::problem::{Entry, Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// Reads every row; a row that cannot be used is a problem, and the reading goes on.
pub(super) fn read(
    file: &Arc<str>,
    mut rows: Box<dyn RowSource + Send>,
    list: &mut PriceList,
    problems: &mut Problems,
) {
    let header = rows.header().clone();
    let names: Vec<&str> = header.names().iter().map(String::as_str).collect();
    let layout = match Layout::of(&names) {
        Ok(layout) => layout,
        Err(cell) => {
            let place = Place {
                column: cell.column.map(|column| column + 1),
                ..Place::line(file, 1)
            };
            problems.push(
                Problem::new(&catalogue::HEADER, cell.reason)
                    .at(place)
                    .excerpt(names.join(","))
                    .help(cell.help),
            );
            return;
        }
    };
    let mut row = Row::default();
    while rows.next_row(&mut row, problems) {
        let found = layout.row(|column| row.get(column)).map_err(|cell| {
            let column = cell.column.unwrap_or(0);
            row.problem(entry_of(&cell), file, &header, column, cell.reason)
                .help(cell.help)
        });
        let added = found.and_then(|found| {
            list.book.insert(&found).map_err(|why| {
                let column = names.iter().position(|name| name.eq_ignore_ascii_case("names"));
                row.problem(&catalogue::BAD_VALUE, file, &header, column.unwrap_or(0), why)
                    .help("the rows of a model stand together, their days rise, and each day begins with the row that has neither tier nor context_over")
            })
        });
        if let Err(problem) = added {
            problems.push(problem);
        }
    }
}

fn entry_of(cell: &BadCell) -> &'static Entry {
    match cell.wanted {
        Wanted::Column => &catalogue::HEADER,
        Wanted::Value => &catalogue::MISSING_VALUE,
        Wanted::Number => &catalogue::NOT_A_NUMBER,
        Wanted::Day => &catalogue::NOT_A_TIME,
    }
}
