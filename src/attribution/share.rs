//! How an amount was shared: by what, and with which numerator and denominator.

use crate::model::Exact;

/// What weighed the holders of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By<'a> {
    /// Logged quantity of the pool's meter against the billed quantity.
    Quantity,
    /// Logged usage at list prices.
    Value,
    /// Logged quantity where some usage has no price.
    Tokens,
    /// Served requests.
    Requests,
    /// Cost of the provider and month that a credit, tax or rounding line follows.
    Cost,
    /// A tier of a shared cost's rule.
    Rule {
        /// The shared cost.
        name: &'a str,
        /// The position of the tier.
        tier: usize,
    },
}

/// One holder's part: `of × weight ∕ whole`, to the unit of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share<'a> {
    /// What weighed.
    pub by: By<'a>,
    /// The holder's weight; of the part that nobody gets, what the log lacks.
    pub weight: Exact,
    /// All weights together.
    pub whole: Exact,
    /// The amount that was shared: a charge, or the part of it in a month or tier.
    pub of: Exact,
}
