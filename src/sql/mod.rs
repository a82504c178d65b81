//! The fold of a usage log as one query, for engines that hold the log already: the same sums that
//! are made of files, in the layout of [`crate::model::rollup`].
//!
//! `fold` says which column of the table means what, `query` puts the steps of `source` and `facts`
//! together, `dialect` has what engines spell differently. Nothing runs here. The rule that must hold: what the fold of
//! files refuses is marked by the query as a fault, which the rollup's reader refuses; the query
//! drops nothing but exact repeats of a request id.

mod dialect;
mod facts;
mod fold;
mod query;
mod source;

pub use dialect::Dialect;
pub use fold::Fold;
pub use query::query;
