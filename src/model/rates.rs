//! Dated exchange rates, as rate files hold them, and what became of amounts in other currencies.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::records::Origin;
use super::{Currency, Day, Exact};

/// The rates of one day from one currency: one row of a rate file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateRow {
    /// The day of the rates.
    pub day: Day,
    /// What one unit of is worth so much.
    pub base: Currency,
    /// So many units of each currency for one unit of `base`; all above zero.
    pub quotes: Vec<(Currency, Exact)>,
    /// Where it stands.
    pub origin: Origin,
}

/// What an amount in another currency became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// Its own currency.
    pub from: Currency,
    /// The amount in it, without its sign; several are summed.
    pub amount: Exact,
    /// The same in the currency of the report.
    pub converted: Exact,
}

impl Exchanged {
    /// A part of the converted amount in its own currency again, rounded half to even at `places`;
    /// `None` where nothing was converted.
    pub fn back(&self, converted: Exact, places: u8) -> Option<Exact> {
        Exact::ratio(converted * self.amount, self.converted, places)
    }
}

/// Where a row stands.
type At = (Arc<str>, u64);

/// The rows that were converted to the currency of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchanges {
    /// By where they stand; `None` where rows of several currencies stand at one place.
    rows: HashMap<At, Option<Exchanged>, foldhash::fast::FixedState>,
    /// Costs that logs state, by UTC day.
    logged: BTreeMap<Day, Exchanged>,
}

impl Exchanges {
    /// Enters a row.
    pub fn enter(&mut self, at: &Origin, from: Currency, amount: Exact, converted: Exact) {
        let one = Exchanged {
            from,
            amount: amount.abs(),
            converted: converted.abs(),
        };
        let at = (at.file.clone(), at.line);
        let known = self.rows.entry(at).or_insert(Some(Exchanged {
            amount: Exact::ZERO,
            converted: Exact::ZERO,
            ..one
        }));
        *known = known.and_then(|sum| added(sum, one));
    }

    /// Enters a cost that a log states, of a day (UTC). The logs of a run have one currency.
    pub fn enter_logged(&mut self, day: Day, from: Currency, amount: Exact, converted: Exact) {
        let one = Exchanged {
            from,
            amount: amount.abs(),
            converted: converted.abs(),
        };
        match self.logged.get_mut(&day) {
            None => {
                self.logged.insert(day, one);
            }
            Some(sum) => *sum = added(*sum, one).unwrap_or(*sum),
        }
    }

    /// What the rows of a place were, if they were converted and had one currency.
    pub fn of(&self, at: &Origin) -> Option<Exchanged> {
        if self.rows.is_empty() {
            return None;
        }
        self.rows.get(&(at.file.clone(), at.line)).copied()?
    }

    /// What the costs that logs state for a day were.
    pub fn logged(&self, day: Day) -> Option<Exchanged> {
        self.logged.get(&day).copied()
    }
}

fn added(sum: Exchanged, one: Exchanged) -> Option<Exchanged> {
    (sum.from == one.from).then_some(Exchanged {
        from: sum.from,
        amount: sum.amount + one.amount,
        converted: sum.converted + one.converted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_place_are_summed_if_their_currency_is_one() {
        let exact = |text: &str| Exact::parse(text).unwrap();
        let code = |text: &str| Currency::parse(text).unwrap();
        let at = |line| Origin {
            file: "a.csv".into(),
            line,
        };
        let mut all = Exchanges::default();
        all.enter(&at(2), code("EUR"), exact("90"), exact("99"));
        all.enter(&at(2), code("EUR"), exact("-10"), exact("-11"));
        all.enter(&at(3), code("EUR"), exact("1"), exact("2"));
        all.enter(&at(3), code("GBP"), exact("1"), exact("2"));
        all.enter(&at(3), code("EUR"), exact("1"), exact("2"));
        let found = all.of(&at(2)).unwrap();
        assert_eq!(
            (found.amount, found.converted),
            (exact("100"), exact("110"))
        );
        assert_eq!(found.back(exact("-5.5"), 12), Some(exact("-5")));
        assert_eq!(all.of(&at(3)), None);
        assert_eq!(all.of(&at(4)), None);
    }
}
