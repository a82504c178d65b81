//! The columns of a price book in CSV, as the embedded file has them and `--prices` reads them.
//!
//! | column | meaning |
//! |---|---|
//! | `provider` | who bills |
//! | `names` | all names of the model, divided by blanks, the one to print first |
//! | `from` | first day of the price (UTC); blank means always; may be left out |
//! | `tier` | service tier; blank is the standard one; may be left out |
//! | `context_over` | the price holds for requests whose whole input is above this many tokens; blank for all; may be left out |
//! | a meter's name | USD per million tokens, per thousand of anything else; blank is no price |
//!
//! `source`, which `tanso prices` writes, is not read. The word `free` instead of a price declares the model free. Nothing here opens a file.

use crate::model::{Day, Exact, Meter, names};

use super::book::BookRow;

/// Declares a model free, in the place of a price.
const FREE: &str = "free";
/// Columns that are no meter. `source` is what `tanso prices` writes, and is not read.
const KEYS: [&str; 6] = [
    "provider",
    "names",
    "from",
    "tier",
    "context_over",
    "source",
];

/// Where the columns stand.
#[derive(Debug)]
pub struct Layout {
    provider: usize,
    names: usize,
    from: Option<usize>,
    tier: Option<usize>,
    context_over: Option<usize>,
    meters: Vec<(usize, Meter)>,
}

/// What a cell should have held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A column of the header.
    Column,
    /// A value that must be there.
    Value,
    /// A number.
    Number,
    /// A day.
    Day,
}

/// A cell that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCell {
    /// Its position in the row; `None` if a column is missing.
    pub column: Option<usize>,
    /// What should have stood there.
    pub wanted: Wanted,
    /// What is wrong, one sentence without a full stop.
    pub reason: String,
    /// What to do.
    pub help: String,
}

impl Layout {
    /// Finds the columns of a header.
    ///
    /// # Errors
    /// A missing column, or a column that is neither a key nor a meter.
    pub fn of(header: &[&str]) -> Result<Layout, BadCell> {
        let find = |key: &str| {
            header
                .iter()
                .position(|name| name.eq_ignore_ascii_case(key))
        };
        let need = |key: &str| {
            find(key).ok_or_else(|| BadCell {
                column: None,
                wanted: Wanted::Column,
                reason: format!("the header has no column {key}"),
                help: "a price list begins provider,names,from,tier,context_over and has one column for each meter".into(),
            })
        };
        let (provider, names) = (need("provider")?, need("names")?);
        let mut meters = Vec::new();
        for (column, name) in header.iter().enumerate() {
            if KEYS.iter().any(|key| name.eq_ignore_ascii_case(key)) {
                continue;
            }
            match Meter::named(name) {
                Meter::Other(_) => {
                    return Err(BadCell {
                        column: Some(column),
                        wanted: Wanted::Column,
                        reason: format!("{name} is not a meter"),
                        help: format!("meters: {}", Meter::known().collect::<Vec<_>>().join(", ")),
                    });
                }
                meter => meters.push((column, meter)),
            }
        }
        if meters.is_empty() {
            need("input")?;
        }
        Ok(Layout {
            provider,
            names,
            from: find("from"),
            tier: find("tier"),
            context_over: find("context_over"),
            meters,
        })
    }

    /// Takes a row apart; `cell` gives the text of a column.
    ///
    /// # Errors
    /// The first cell that cannot be read.
    pub fn row<'a>(&self, cell: impl Fn(usize) -> Option<&'a str>) -> Result<BookRow<'a>, BadCell> {
        let text = |column: Option<usize>| column.and_then(&cell).unwrap_or("").trim();
        let bad = |column: Option<usize>, wanted: Wanted, reason: String, help: &str| BadCell {
            column,
            wanted,
            reason,
            help: help.to_string(),
        };
        let provider = text(Some(self.provider));
        if provider.is_empty() {
            let reason = "the row has no provider".to_string();
            let help = "write the provider, such as openai";
            return Err(bad(Some(self.provider), Wanted::Value, reason, help));
        }
        let names: Vec<&str> = text(Some(self.names)).split_whitespace().collect();
        if names.is_empty() {
            let reason = "the model has no name".to_string();
            let help = "write the model's names, divided by blanks";
            return Err(bad(Some(self.names), Wanted::Value, reason, help));
        }
        let from = match text(self.from) {
            "" => None,
            day => Some(Day::parse(day).ok_or_else(|| {
                let reason = format!("{day} is not a day");
                bad(
                    self.from,
                    Wanted::Day,
                    reason,
                    "write a day such as 2026-10-01",
                )
            })?),
        };
        let context_over = match text(self.context_over) {
            "" => None,
            start => Some(start.parse().map_err(|_| {
                let reason = format!("{start} is not a number of tokens");
                bad(
                    self.context_over,
                    Wanted::Number,
                    reason,
                    "write a whole number such as 200000",
                )
            })?),
        };
        let mut row = BookRow {
            provider,
            names,
            from,
            tier: Some(text(self.tier)).filter(|tier| names::service_tier(tier) != names::STANDARD),
            context_over,
            free: false,
            prices: Vec::new(),
        };
        for (column, meter) in &self.meters {
            let price = match text(Some(*column)) {
                "" => continue,
                FREE => {
                    row.free = true;
                    Exact::ZERO
                }
                number => price(number).map_err(|reason| {
                    let help = "write USD per million tokens or per thousand of anything else, such as 2.50; leave the cell blank where there is no price";
                    bad(Some(*column), Wanted::Number, reason, help)
                })?,
            };
            row.prices.push((meter.clone(), per_unit(meter, price)));
        }
        row.free &= row.prices.iter().all(|(_, price)| price.is_zero());
        Ok(row)
    }
}

/// A price as written.
fn price(text: &str) -> Result<Exact, String> {
    let price = Exact::parse(text).map_err(|why| format!("not a price: {}", why.reason()))?;
    if price.is_negative() {
        return Err(format!("the price {text} is negative"));
    }
    Ok(price)
}

/// Price lists state prices per million tokens and per thousand of anything else.
fn power(meter: &Meter) -> i32 {
    if meter.is_token() { 6 } else { 3 }
}

/// The price of one unit, of a price as price lists write it.
pub fn per_unit(meter: &Meter, listed: Exact) -> Exact {
    listed.shift(-power(meter))
}

/// The price as price lists write it, of the price of one unit.
pub fn as_listed(meter: &Meter, unit: Exact) -> Exact {
    unit.shift(power(meter))
}
