//! What is taken back of one invoice: refunds, lost disputes, credit notes, voids and write-offs.
//!
//! Amounts come gross. In the order of time each is brought to its part without tax and shared over
//! the invoice's parts, both by what is left of the invoice by then. So rounding leaves nothing: when
//! all of the money has gone back, in however many pieces, every part is worth zero.

use super::lines::Part;
use super::parts::shares;
use super::tie::Sheet;
use super::{Inputs, Schedule};
use crate::model::{Exact, Instant};

/// An amount that goes back.
#[derive(Clone, Debug)]
pub(super) struct Event<'a> {
    /// When.
    pub at: Instant,
    /// Amount including tax.
    pub gross: Exact,
    /// What it is, as the tie names it.
    pub reason: &'static str,
    /// The lines that it takes back and how much of each; empty for all of them in proportion.
    pub lines: &'a [(String, Exact)],
}

/// The parts of one invoice with their schedules, and what is taken back of them by name.
pub(super) struct Taken<'p> {
    parts: &'p [Part],
    schedules: Vec<Schedule>,
    /// Total and net of the invoice.
    whole: (Exact, Exact),
    /// What is left of the total.
    gross_left: Exact,
    amounts: Vec<(&'static str, Exact)>,
    places: u8,
}

impl<'p> Taken<'p> {
    /// Nothing yet of an invoice of this total, tax included.
    pub fn of(
        total: Exact,
        parts: &'p [Part],
        schedules: Vec<Schedule>,
        inputs: Inputs<'_>,
    ) -> Taken<'p> {
        Taken {
            whole: (total, parts.iter().map(|part| part.net).sum()),
            parts,
            schedules,
            gross_left: total,
            amounts: Vec::new(),
            places: inputs.currency.decimals(),
        }
    }

    /// Takes amounts back, in the order of time whatever theirs is.
    pub fn take(&mut self, mut events: Vec<Event<'_>>) {
        events.sort_by_key(|event| (event.at, event.gross, event.reason));
        for event in events {
            let net = self.net_of(event.gross);
            self.gross_left -= event.gross;
            let named = self.named(&event, net);
            let taken = named.unwrap_or_else(|| self.spread(net));
            self.amounts.push((event.reason, taken.iter().sum()));
            for (schedule, amount) in self.schedules.iter_mut().zip(taken) {
                schedule.contra(event.at, amount);
            }
        }
    }

    /// The part of a gross amount that is not tax, by what is left; where nothing sensible is left,
    /// by the invoice itself.
    fn net_of(&self, gross: Exact) -> Exact {
        let left = (self.gross_left, self.left());
        let same_sign = left.1.is_zero() || left.0.is_negative() == left.1.is_negative();
        let over = left.0.is_negative() != self.whole.0.is_negative();
        let (total, net) = match left.0.is_zero() || over || !same_sign {
            true => self.whole,
            false => left,
        };
        match total == net {
            true => gross,
            false => Exact::ratio(gross * net, total, self.places).unwrap_or(gross),
        }
    }

    fn left(&self) -> Exact {
        self.schedules.iter().map(Schedule::whole).sum()
    }

    /// The shares of all parts, by what is left of each. More than is left is shared by what they
    /// were at first.
    fn spread(&self, net: Exact) -> Vec<Exact> {
        let left = self.left();
        let at_first = left.is_zero() || net.abs() > left.abs();
        let weights: Vec<Exact> = match at_first {
            true => self.parts.iter().map(|part| part.net).collect(),
            false => self.schedules.iter().map(Schedule::whole).collect(),
        };
        shares(net, &weights, self.places)
    }

    /// What the lines that an amount names lose; `None` if it names none, or one that is not here.
    fn named(&self, event: &Event<'_>, net: Exact) -> Option<Vec<Exact>> {
        let at = |id: &String| {
            let mut parts = self.parts.iter();
            parts.position(|part| part.id.as_ref() == Some(id))
        };
        let lines = event.lines.iter();
        let lines: Option<Vec<(usize, Exact)>> =
            lines.map(|(id, amount)| Some((at(id)?, *amount))).collect();
        let lines = lines.filter(|lines| !lines.is_empty())?;
        let amounts: Vec<Exact> = lines.iter().map(|(_, amount)| *amount).collect();
        let sum: Exact = amounts.iter().sum();
        // Lines that sum to the whole amount include its tax.
        let amounts = match sum == event.gross && net != event.gross {
            true => shares(net, &amounts, self.places),
            false => amounts,
        };
        let mut taken = vec![Exact::ZERO; self.parts.len()];
        for ((at, _), amount) in lines.into_iter().zip(amounts) {
            taken[at] += amount;
        }
        Some(taken)
    }

    /// Takes back all that is left.
    pub fn rest(&mut self, reason: &'static str, at: Instant) {
        self.all(reason, at, Schedule::whole);
    }

    /// Takes back all that is left at a moment, until it comes back at another. Between the two
    /// nothing is earned; what is taken back later stays so.
    pub fn pause(&mut self, reason: &'static str, at: Instant, back: Instant) {
        let taken = self.all(reason, at, |schedule| schedule.standing(at));
        for (schedule, amount) in self.schedules.iter_mut().zip(&taken) {
            schedule.contra(back, -*amount);
        }
        let amount = -taken.iter().sum::<Exact>();
        self.amounts.push(("paid after all", amount));
    }

    fn all(
        &mut self,
        reason: &'static str,
        at: Instant,
        left: impl Fn(&Schedule) -> Exact,
    ) -> Vec<Exact> {
        let taken: Vec<Exact> = self.schedules.iter().map(left).collect();
        for (schedule, amount) in self.schedules.iter_mut().zip(&taken) {
            schedule.contra(at, *amount);
        }
        self.amounts.push((reason, taken.iter().sum()));
        taken
    }

    /// Names all of it in a tie, and hands the schedules back.
    pub fn book(self, sheet: &mut Sheet) -> Vec<Schedule> {
        for (reason, amount) in self.amounts {
            sheet.exclude(reason, amount);
        }
        self.schedules
    }
}
