//! By what a new price multiplies an invoice.

use super::lever::{NewPrice, PlanChange};
use super::plan::Unresolved;
use super::seats::Seats;
use crate::model::Exact;
use crate::revenue::plans::PlanPrice;

impl PlanChange {
    /// The factor for one obligation as a fraction, or `None` where the price does not touch it.
    /// A price per year, where the scenario gives one, is the one for yearly invoices. Else they
    /// follow the price per month in proportion, so that the same price changes nothing.
    /// `yearly` says whether the obligation is for a year.
    pub fn factor(
        &self,
        yearly: bool,
        known: PlanPrice,
        seats: Option<Seats>,
    ) -> Result<Option<(Exact, Exact)>, Unresolved> {
        let twelve = Exact::from(12u64);
        let missing = || Unresolved::NoPrice(self.plan.clone());
        let factor = self.prices.iter().find_map(|price| match price {
            NewPrice::Factor(factor) => Some(*factor),
            _ => None,
        });
        if let Some(factor) = factor {
            return Ok(Some((factor, Exact::ONE)));
        }
        let per_year = self.prices.iter().find_map(|price| match price {
            NewPrice::Year(price) => Some(*price),
            _ => None,
        });
        if let Some(price) = per_year.filter(|_| yearly) {
            let old = known.year.or(known.month.map(|month| month * twelve));
            let old = old.filter(Exact::is_positive).ok_or_else(missing)?;
            return Ok(Some((price, old)));
        }
        let per_month = self.prices.iter().find_map(|price| match price {
            NewPrice::Month(price) => Some(*price),
            _ => None,
        });
        let (price, billed) = match (self.per_seat, seats) {
            (Some(seat), Some(seats)) => {
                let price = per_month.unwrap_or_default() + seat * seats.has;
                (Some(price), seats.billed)
            }
            _ => (per_month, Exact::ONE),
        };
        let Some(price) = price else {
            return Ok(None);
        };
        let (price, old) = match (known.month, known.year) {
            (None, Some(year)) if yearly => (price * twelve, Some(year)),
            (month, _) => (price, month),
        };
        let old = old.filter(Exact::is_positive).ok_or_else(missing)?;
        Ok(Some((price, old * billed)))
    }
}
