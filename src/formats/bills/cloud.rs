//! What the bills of cloud providers share: several costs per row, a currency in each, charges of no
//! length, rows that are tokens of Amazon Bedrock or an item, and accounts and resources as ids.

use super::bedrock::TokenUsage;
use crate::formats::fields::{Columns, word};
use crate::formats::{Settings, Tally, rows};
use crate::model::records::{ChargeMeter, CostBasis, Scope};
use crate::model::{Currency, Exact, Instant, Zone};
use crate::problem::{Problem, catalogue};
use crate::scan::Row;

/// The dimension of account ids. Two exports that bill different accounts bill different money.
pub const ACCOUNT: &str = "account";

/// What counts and what is billed, over the rows of one file: so that the report can say how far
/// its cost is from the invoice.
#[derive(Clone, Debug, Default)]
pub struct Bases {
    counted: Exact,
    billed: Exact,
    rows: u64,
    /// The first currency; sums of several would mean nothing.
    currency: Option<Currency>,
    mixed: bool,
}

impl Bases {
    /// Adds a row: what counts of it, and what the invoice bills for it.
    pub fn add(&mut self, currency: Currency, counted: Exact, billed: Exact) {
        self.mixed |= *self.currency.get_or_insert(currency) != currency;
        self.counted += counted;
        self.billed += billed;
        self.rows += 1;
    }

    /// Tells both sums. `what` is the file, and what is to be said of it.
    pub fn tell(&self, tally: &mut Tally, what: &str, basis: CostBasis) {
        let (Some(currency), false) = (self.currency, self.mixed) else {
            return;
        };
        let mut text = format!("{what}: billed {} {currency}", self.billed);
        if basis != CostBasis::Billed {
            text = format!(
                "{what}: {} cost {} {currency}, billed {}",
                basis.word(),
                self.counted,
                self.billed
            );
        }
        rows::remark(tally, &catalogue::COST_BASIS, self.rows, text);
    }
}

/// What a row is about.
#[derive(Clone, Debug)]
pub struct What {
    /// Model as written.
    pub model: Option<String>,
    /// Meter.
    pub meter: ChargeMeter,
    /// Service tier.
    pub tier: Option<String>,
    /// Tokens, where the unit is known.
    pub quantity: Option<Exact>,
    /// The row's own words.
    pub item: String,
}

impl What {
    /// A cost without quantities, under this name.
    pub fn item(name: String, item: String) -> What {
        What {
            model: None,
            meter: ChargeMeter::Item(name),
            tier: None,
            quantity: None,
            item,
        }
    }

    /// Tokens of a model.
    pub fn tokens(found: TokenUsage, quantity: Option<Exact>, item: String) -> What {
        What {
            model: Some(found.model),
            meter: ChargeMeter::Is(found.meter),
            tier: found.tier,
            quantity,
            item,
        }
    }
}

/// The words that are there, as one text.
pub fn joined<const N: usize>(words: [Option<&str>; N]) -> String {
    let words = words.into_iter().flatten().filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(", ")
}

/// Whether one of the names is Amazon Bedrock's, or of its editions on AWS Marketplace.
pub fn is_bedrock(names: [Option<&str>; 2]) -> bool {
    names
        .into_iter()
        .flatten()
        .any(|name| name.contains("Bedrock"))
}

/// The currency of a row: its own, or the one that tanso.toml states for the file. `cost` is the
/// column that is shown where there is none.
///
/// # Errors
/// None is stated, or it is no code.
pub fn currency(
    columns: &Columns,
    settings: &Settings,
    row: &Row,
    column: Option<usize>,
    cost: usize,
) -> Result<Currency, Problem> {
    if let Some(column) = column.filter(|column| word(row, Some(*column)).is_some()) {
        return columns.currency(row, column);
    }
    settings.currency.ok_or_else(|| {
        let message = "the row does not say its currency";
        let at = column.unwrap_or(cost);
        let problem = columns.problem(&catalogue::MISSING_VALUE, row, at, message);
        problem.help("say currency = \"USD\" in the file's [[input]] entry of tanso.toml")
    })
}

/// The time of a row. A charge of no length stands for its UTC day.
///
/// # Errors
/// A time that cannot be read, or an end before the start.
pub fn period(
    columns: &Columns,
    row: &Row,
    start: usize,
    end: usize,
) -> Result<(Instant, Instant), Problem> {
    let from = rows::stamp(columns, row, start)?;
    if columns.instant(row, end)? == from {
        let day = from.utc_day();
        return Ok((Zone::Utc.start_of(day), Zone::Utc.start_of(day.plus(1))));
    }
    rows::range(columns, row, from, end)
}

/// The id of a cell; `None` where it is blank or a word for nothing.
///
/// # Errors
/// An id that a spreadsheet has rewritten.
pub fn scope(
    columns: &Columns,
    row: &Row,
    column: usize,
    namespace: &str,
    dimension: &'static str,
) -> Result<Option<Scope>, Problem> {
    if word(row, Some(column)).is_none() {
        return Ok(None);
    }
    Ok(columns.id(row, column)?.map(|id| Scope {
        namespace: namespace.to_string(),
        id: id.to_string(),
        dimension,
    }))
}
