//! The dated price book: what one unit of each meter of a model costs on a day.
//!
//! [`book`] reads a book, [`names`] folds the spelling of models, [`lookup`] finds the price in
//! force. Prices here are list prices in USD; discounts and negotiated prices are laid over them
//! elsewhere. A model whose name is not in the book is unpriced, never free and never its parent.

pub mod book;
pub mod lookup;
pub mod names;

pub use book::{BadBook, BookRow, PriceBook};
pub use lookup::{PriceRow, Quote, cost};
