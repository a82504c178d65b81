//! A quote for people and for programs.

pub mod document;
pub mod table;

use crate::model::Exact;
use crate::quote::{Choices, Deal, Gathered, Quote};

/// A quote with what it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a> {
    /// Who looks alike, as written.
    pub like: &'a [String],
    /// The deal.
    pub deal: &'a Deal,
    /// The question.
    pub choices: &'a Choices,
    /// What a cap counts.
    pub measure: &'a str,
    /// The look-alikes.
    pub gathered: &'a Gathered,
    /// The answer.
    pub quote: &'a Quote,
}

impl Quoted<'_> {
    /// Gross margin at a cost; `None` where the deal brings nothing.
    fn margin(&self, cost: Exact) -> Option<Exact> {
        let revenue = self.quote.revenue;
        let some = revenue.is_positive();
        some.then(|| Exact::ratio(revenue - cost, revenue, 4))?
    }

    /// Words of the price's unit: `/seat/month`.
    fn unit(&self) -> String {
        let seat = match self.deal.seats.is_some() && !self.deal.whole_price {
            true => "/seat",
            false => "",
        };
        let interval = match self.deal.interval {
            12 => "year",
            _ => "month",
        };
        format!("{seat}/{interval}")
    }
}
