//! The table that every renderer prints: titled columns, typed cells, totals, lines below.
//!
//! Cells keep their type up to the renderer, because a person and a spreadsheet want the same
//! number written differently. Every row has exactly one cell per column.

use crate::model::{Day, Exact};

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words, from the data or ours. Renderers escape it.
    Text(String),
    /// Money in major units; already rounded to the table's places, or exact if it has none.
    Money(Exact),
    /// A count or another quantity, printed as exact as it is.
    Quantity(Exact),
    /// A ratio, where 1 is 100 %; `None` is "not applicable", which is not zero.
    Ratio(Option<Exact>),
    /// A calendar day.
    Date(Day),
    /// Nothing to say.
    Empty,
}

/// To which side the cells of a column are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Figures.
    Right,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The column's name in CSV, snake_case.
    pub key: String,
    /// Its title for people.
    pub title: String,
    /// Side; columns of figures are right-aligned.
    pub align: Align,
    /// Whether it is printed for people (terminal, Markdown).
    pub in_table: bool,
    /// Whether it is written for programs (CSV).
    pub in_csv: bool,
    /// 0 is never dropped; the others are left out of a terminal that is too narrow, the highest
    /// first.
    pub drop_order: u8,
}

/// A titled table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The line above it.
    pub title: String,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows; each has one cell per column.
    pub rows: Vec<Vec<Cell>>,
    /// The row of totals, printed for people only: a total among the rows of a CSV would be
    /// counted twice by whoever sums the column.
    pub totals: Option<Vec<Cell>>,
    /// Lines below the table, for people.
    pub footer: Vec<String>,
    /// Decimals of money; `None` prints the exact amounts.
    pub places: Option<u8>,
}

impl Column {
    /// A column of words, in every output, never dropped.
    pub fn text(key: impl Into<String>, title: impl Into<String>) -> Column {
        Column {
            key: key.into(),
            title: title.into(),
            align: Align::Left,
            in_table: true,
            in_csv: true,
            drop_order: 0,
        }
    }

    /// A column of figures, in every output, never dropped.
    pub fn figures(key: impl Into<String>, title: impl Into<String>) -> Column {
        Column {
            align: Align::Right,
            ..Column::text(key, title)
        }
    }

    /// Sets when a narrow terminal drops the column; higher goes first, 0 never.
    pub fn dropped(mut self, order: u8) -> Column {
        self.drop_order = order;
        self
    }

    /// Leaves the column to programs.
    pub fn csv_only(mut self) -> Column {
        self.in_table = false;
        self
    }

    /// Leaves the column to people.
    pub fn table_only(mut self) -> Column {
        self.in_csv = false;
        self
    }
}
