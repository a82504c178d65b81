//! What the readers of Stripe's tables share: Sigma's query results, the Data Pipeline's tables, and
//! copies of the same tables in a warehouse.
//!
//! Column names are those of the table, in the order and choice of the query. Money is in minor
//! units by Stripe's exponents, times are UTC. The rule that must hold: a column that the numbers
//! need is there or the file is refused with the name to select; nothing stands in for it.

use super::minor;
use super::rows;
use crate::formats::fields::Columns;
use crate::formats::rows::{Fate, each as each_row, known_fields};
use crate::formats::{RevenueRecords, Sample, Settings, Tally};
use crate::model::records::ListPrice;
use crate::model::{Currency, Exact, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

/// One table as it is read: its columns, and where the ones stand that every table may have.
pub struct Table<'a> {
    /// Its name, for messages.
    name: &'static str,
    /// Its columns.
    pub columns: Columns,
    settings: &'a Settings,
    /// The columns asked for so far, which `columns` of the settings may rename.
    known: Vec<&'static str>,
    failed: bool,
    with_deleted: bool,
}

impl<'a> Table<'a> {
    /// Starts on a table of that name.
    pub fn of(source: &dyn RowSource, settings: &'a Settings, name: &'static str) -> Table<'a> {
        Table {
            name,
            columns: Columns::of(source, settings, Some(Zone::Utc)),
            settings,
            known: Vec::new(),
            failed: false,
            with_deleted: false,
        }
    }

    /// The column of one of these names, the first of which is the table's own.
    pub fn optional(&mut self, names: &[&'static str], problems: &mut Problems) -> Option<usize> {
        self.known.extend(names.first());
        let settings = self.settings;
        let renamed = names.first().and_then(|name| settings.columns.get(*name));
        if let Some(renamed) = renamed {
            let found = self.columns.required(&[renamed], problems);
            self.failed |= found.is_none();
            return found;
        }
        self.columns.optional(names, problems)
    }

    /// As [`Table::optional`], but a missing column is a problem that says what to select.
    pub fn required(&mut self, names: &[&'static str], problems: &mut Problems) -> usize {
        let before = problems.total();
        if let Some(column) = self.optional(names, problems) {
            return column;
        }
        self.failed = true;
        if problems.total() == before {
            let name = names.first().copied().unwrap_or("");
            let file = &self.columns.file;
            let found = self.columns.header.names().join(", ");
            let message = format!("the column {name} is missing");
            let problem = Problem::new(&catalogue::HEADER, message).at(Place::line(file, 1));
            let table = self.name;
            problems.push(problem.help(format!(
                "select {name} of the table {table} too; columns found: {found}"
            )));
        }
        0
    }

    /// The currency of each row: its own column, or what the user says of the file.
    pub fn money(&mut self, names: &[&'static str], problems: &mut Problems) -> Money {
        match self.settings.currency {
            Some(stated) => Money {
                column: self.optional(names, problems),
                stated: Some(stated),
            },
            None => Money {
                column: Some(self.required(names, problems)),
                stated: None,
            },
        }
    }

    /// Whether all columns were found; call it once all were asked for.
    pub fn is_whole(&self, problems: &mut Problems) -> bool {
        known_fields(&self.columns.file, self.settings, &self.known, problems);
        !self.failed
    }

    /// Keeps deleted rows, which old invoices still name.
    pub fn keep_deleted(&mut self) {
        self.with_deleted = true;
    }

    /// Reads the rows. Those of test mode, deleted ones and superseded versions are left out and
    /// counted; the columns that tell them stand only in copies of the tables.
    pub fn each(
        &mut self,
        source: &mut dyn RowSource,
        problems: &mut Problems,
        mut read: impl FnMut(&Columns, &Row, &mut Tally) -> Result<(), Problem>,
    ) -> Tally {
        let live = self.optional(&["livemode"], problems);
        let deleted = self.optional(&["is_deleted"], problems);
        let active = self.optional(&["_fivetran_active"], problems);
        let with_deleted = self.with_deleted;
        let columns = &self.columns;
        let width = columns.header.len();
        each_row(source, problems, |header, row, tally| {
            rows::no_new_column(&columns.file, header, row, width)?;
            let is = |column| rows::yes_or_no(columns, row, column);
            if is(live)? == Some(false) {
                return Ok(Fate::Skipped("test mode"));
            }
            if is(deleted)? == Some(true) && !with_deleted {
                return Ok(Fate::Skipped("deleted"));
            }
            if is(active)? == Some(false) {
                return Ok(Fate::Skipped("superseded version"));
            }
            read(columns, row, tally)?;
            Ok(Fate::Used)
        })
    }
}

/// How the amounts of one file are to be read.
pub struct Money {
    column: Option<usize>,
    stated: Option<Currency>,
}

impl Money {
    /// The row's currency.
    pub fn currency(&self, columns: &Columns, row: &Row) -> Result<Currency, Problem> {
        match (self.column, self.stated) {
            (None, Some(stated)) => Ok(stated),
            (column, _) => columns.currency(row, column.unwrap_or(0)),
        }
    }
}

/// An amount that must be there, in major units.
pub fn amount(
    columns: &Columns,
    row: &Row,
    column: usize,
    currency: Currency,
) -> Result<Exact, Problem> {
    minor::amount(columns, row, column, minor::stripe_decimals(currency))
}

/// An amount of a table that names no currency, in whole minor units.
pub fn minor_units(columns: &Columns, row: &Row, column: usize) -> Result<Exact, Problem> {
    minor::amount(columns, row, column, 0)
}

/// An amount in major units; `None` where the cell is blank or the column is missing.
pub fn optional_amount(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
    currency: Currency,
) -> Result<Option<Exact>, Problem> {
    minor::optional_amount(columns, row, column, minor::stripe_decimals(currency))
}

/// An amount that must be there and not be below zero, in major units.
pub fn not_negative(
    columns: &Columns,
    row: &Row,
    column: usize,
    currency: Currency,
) -> Result<Exact, Problem> {
    let amount = amount(columns, row, column, currency)?;
    if amount.is_negative() {
        let message = format!("{} is below zero", columns.header.name(column));
        return Err(columns.problem(&catalogue::BAD_VALUE, row, column, message));
    }
    Ok(amount)
}

/// A price per unit in major units: the column with decimals where it is filled, else the whole one.
pub fn unit_price(
    columns: &Columns,
    row: &Row,
    (decimal, whole): (Option<usize>, Option<usize>),
    currency: Currency,
) -> Result<Option<Exact>, Problem> {
    let places = minor::stripe_decimals(currency);
    match minor::optional_unit_price(columns, row, decimal, places)? {
        Some(price) => Ok(Some(price)),
        None => minor::optional_amount(columns, row, whole, places),
    }
}

/// Another record's id that must be there.
pub fn needed_id(columns: &Columns, row: &Row, column: usize) -> Result<String, Problem> {
    rows::other_id(columns, row, Some(column))?.ok_or_else(|| {
        let message = format!("{} is empty", columns.header.name(column));
        columns.problem(&catalogue::MISSING_VALUE, row, column, message)
    })
}

/// Where the columns of a price list stand.
pub struct PriceColumns {
    /// The price's id.
    pub id: usize,
    /// Its product.
    pub product: usize,
    /// Its currency.
    pub money: Money,
    /// Its interval.
    pub interval: usize,
    /// The amount with decimals, and the whole one.
    pub amounts: (Option<usize>, Option<usize>),
    /// How many intervals one charge covers.
    pub interval_count: Option<usize>,
    /// Licensed or metered.
    pub usage_type: Option<usize>,
    /// Its nickname.
    pub nickname: Option<usize>,
    /// How many units one amount is for.
    pub divide_by: Option<usize>,
}

/// Reads a price list, deleted prices too: old invoices have them.
pub fn read_prices(
    mut table: Table<'_>,
    fields: &PriceColumns,
    source: &mut dyn RowSource,
    records: &mut RevenueRecords,
    problems: &mut Problems,
) -> Tally {
    if !table.is_whole(problems) {
        return Tally::default();
    }
    table.keep_deleted();
    table.each(source, problems, |columns, row, _| {
        records.prices.push(price(columns, fields, row)?);
        Ok(())
    })
}

fn price(columns: &Columns, fields: &PriceColumns, row: &Row) -> Result<ListPrice, Problem> {
    let id = rows::own_id(columns, row, fields.id)?;
    let currency = fields.money.currency(columns, row)?;
    let amount = unit_price(columns, row, fields.amounts, currency)?;
    let units = match fields.divide_by {
        Some(column) => columns.count(row, column)?,
        None => None,
    };
    let interval = rows::interval(columns, row, fields.interval)?;
    Ok(ListPrice {
        id,
        product: rows::other_id(columns, row, Some(fields.product))?.unwrap_or_default(),
        product_name: String::new(),
        nickname: rows::text(row, fields.nickname).unwrap_or_default(),
        amount: amount.filter(|_| units.is_none_or(|units| units == Exact::ONE)),
        currency,
        interval_count: rows::interval_count(columns, row, fields.interval_count, &interval)?,
        interval,
        metered: rows::metered(columns, row, fields.usage_type)?,
        origin: rows::origin(columns, row),
    })
}

/// Text that must be there.
pub fn needed_text(columns: &Columns, row: &Row, column: usize) -> Result<String, Problem> {
    rows::text(row, Some(column)).ok_or_else(|| {
        let message = format!("{} is empty", columns.header.name(column));
        columns.problem(&catalogue::MISSING_VALUE, row, column, message)
    })
}

/// The id of the price, else of the plan, which prices have replaced.
pub fn price_or_plan(
    columns: &Columns,
    row: &Row,
    (price, plan): (Option<usize>, Option<usize>),
) -> Result<Option<String>, Problem> {
    match rows::other_id(columns, row, price)? {
        Some(price) => Ok(Some(price)),
        None => rows::other_id(columns, row, plan),
    }
}

/// Whether the first row's id begins as one of these kinds do: tables with the same columns are
/// told apart by it.
pub fn ids_begin(sample: &Sample<'_>, prefixes: &[&str]) -> bool {
    let Some(Ok(column)) = sample.header.find("id") else {
        return false;
    };
    let first = sample.rows.iter().find_map(|row| row.filled(column));
    first.is_some_and(|id| prefixes.iter().any(|prefix| id.starts_with(prefix)))
}

/// Columns of `invoice_line_items` alone, not of `invoice_items`, which waits for an invoice.
const OF_LINES: &[&str] = &[
    "total_discount",
    "total_exclusive_tax",
    "invoice_item_id",
    "line_item_parent_id",
    "line_item_parent_type",
    "source_id",
    "source_type",
    "unique_id",
    "unit_amount_excluding_tax",
];
/// Columns of `invoice_items` that `invoice_line_items` does not have.
const OF_ITEMS: &[&str] = &["unit_amount", "unit_amount_decimal", "net_amount", "date"];

/// Whether it is `invoice_line_items` or `invoice_items`.
pub fn has_lines(sample: &Sample<'_>) -> bool {
    sample.has_all(&[
        "invoice_id",
        "amount",
        "period_start",
        "period_end",
        "proration",
    ])
}

/// Whether it is `invoice_items`: the same money before and beside the lines of invoices.
pub fn is_invoice_items(sample: &Sample<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| sample.header.has(name));
    has_lines(sample) && any(OF_ITEMS) && !any(OF_LINES)
}
