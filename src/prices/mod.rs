//! The dated price book: what one unit of each meter of a model costs on a day.
//!
//! [`book`] holds a price list and [`layout`] its columns, [`names`] folds the spelling of models,
//! [`lookup`] finds a model in a list, [`rules`] are the prices that the project file states, and
//! [`layers`] puts all together: what usage costs, and which row says so. A model whose name is in
//! no list is unpriced, never free and never its parent.

pub mod book;
pub mod layers;
pub mod layout;
pub mod listing;
pub mod lookup;
pub mod names;
pub mod rules;

pub use book::{BadBook, BookRow, PriceBook};
pub use layers::{Found, MeterPrice, Offer, Prices, Source, Use};
pub use listing::{Change, Changes, Listed};
pub use lookup::{ListPrice, PriceRow, Quote};
pub use rules::Rule;

#[cfg(test)]
mod tests;
