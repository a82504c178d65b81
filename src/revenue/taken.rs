//! What is taken back of one invoice: refunds, lost disputes, credit notes, voids and write-offs.
//!
//! Amounts come gross. In the order of time each is brought to its part without tax, as a running sum,
//! and shared over the invoice's parts by what is left of each. A credit note for lines takes what it
//! says of them, and what follows is in proportion to what it leaves. So rounding leaves nothing: when
//! all of the money has gone back, in however many pieces, every part is worth zero.

use super::lines::Part;
use super::parts::shares;
use super::tie::Source;
use super::{Inputs, RevenueBook, Schedule};
use crate::model::records::CreditNote;
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
    /// The lines that it takes back and how much of each; what they leave of it, or all of it if
    /// there are none, is taken of all lines in proportion.
    pub lines: &'a [(String, Exact)],
}

impl<'a> Event<'a> {
    /// What a credit note takes back.
    pub fn of(note: &'a CreditNote) -> Event<'a> {
        Event {
            at: note.at,
            gross: note.amount,
            reason: "credit notes",
            lines: &note.lines,
        }
    }
}

/// The parts of one invoice with their schedules, and what is taken back of them by name.
pub(super) struct Taken<'p> {
    parts: &'p [Part],
    schedules: Vec<Schedule>,
    /// Total and net of the invoice.
    whole: (Exact, Exact),
    /// What is left of the total.
    gross_left: Exact,
    /// Total and net after the last credit note for lines.
    base: (Exact, Exact),
    /// What has gone back of that base, gross and net.
    back: (Exact, Exact),
    amounts: Vec<(&'static str, Exact)>,
    remarks: Vec<(&'static str, Exact)>,
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
        let net = parts.iter().map(|part| part.net).sum();
        Taken {
            whole: (total, net),
            parts,
            schedules,
            gross_left: total,
            base: (total, net),
            back: (Exact::ZERO, Exact::ZERO),
            amounts: Vec::new(),
            remarks: Vec::new(),
            places: inputs.currency.decimals(),
        }
    }

    /// Takes amounts back, in the order of time whatever theirs is.
    pub fn take(&mut self, mut events: Vec<Event<'_>>) {
        events.sort_by_key(|event| (event.at, event.gross, event.reason));
        for event in events {
            let net = self.net_of(event.gross);
            let (mut taken, rest) = self.named(&event, net);
            let of_lines = taken.iter().any(|amount| !amount.is_zero());
            if !rest.is_zero() {
                let shares = self.spread(rest);
                taken
                    .iter_mut()
                    .zip(shares)
                    .for_each(|(taken, share)| *taken += share);
            }
            self.gross_left -= event.gross;
            self.amounts.push((event.reason, taken.iter().sum()));
            for (schedule, amount) in self.schedules.iter_mut().zip(taken) {
                schedule.contra(event.at, amount);
            }
            if of_lines {
                self.base = (self.gross_left, self.left());
                self.back = (Exact::ZERO, Exact::ZERO);
            } else {
                self.back = (self.back.0 + event.gross, self.back.1 + rest);
            }
        }
    }

    /// The part of a gross amount that is not tax, by the base and what has gone back of it; where
    /// nothing sensible is left, by the invoice itself.
    fn net_of(&self, gross: Exact) -> Exact {
        let (total, net) = self.base;
        let over = total.is_negative() != self.whole.0.is_negative();
        let same_sign = net.is_zero() || total.is_negative() == net.is_negative();
        let ((gross, total, net), before) = match total.is_zero() || over || !same_sign {
            true => ((gross, self.whole.0, self.whole.1), Exact::ZERO),
            false => ((self.back.0 + gross, total, net), self.back.1),
        };
        let until = match total == net {
            true => gross,
            false => Exact::ratio(gross * net, total, self.places).unwrap_or(gross),
        };
        until - before
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

    /// What the lines that an amount names lose, and what is left of it for all lines together, both
    /// without tax.
    fn named(&mut self, event: &Event<'_>, net: Exact) -> (Vec<Exact>, Exact) {
        let mut taken = vec![Exact::ZERO; self.parts.len()];
        let place = |id: &String| {
            let mut parts = self.parts.iter();
            parts.position(|part| part.id.as_ref() == Some(id))
        };
        let lines = event.lines.iter();
        let lines = lines.filter_map(|(id, amount)| Some((place(id)?, *amount)));
        let lines: Vec<(usize, Exact)> = lines.collect();
        if lines.is_empty() {
            return (taken, net);
        }
        let stated: Vec<Exact> = lines.iter().map(|(_, amount)| *amount).collect();
        let sum: Exact = stated.iter().sum();
        let taxed = self.parts.iter().any(|part| !part.tax.is_zero());
        // Lines that sum to the whole amount include their tax, others are stated without.
        let with_tax = sum == event.gross;
        let nets = match with_tax && !taxed || sum > event.gross {
            true => shares(net, &stated, self.places),
            false if with_tax => {
                let net_of = |(at, amount): &(usize, Exact)| self.without_tax(*at, *amount);
                lines.iter().map(net_of).collect()
            }
            false => stated,
        };
        if sum > event.gross {
            self.remarks.push((
                "credit notes whose lines sum to more than the note; they are taken less in proportion",
                sum - event.gross,
            ));
        }
        for ((at, _), net) in lines.iter().zip(&nets) {
            taken[*at] += *net;
        }
        let rest = match sum >= event.gross {
            true => Exact::ZERO,
            false => self.unnamed(event, &lines),
        };
        (taken, rest)
    }

    /// What a credit note takes back beyond the lines that it names and their tax. Where those are
    /// off by their rounding alone it is nothing.
    fn unnamed(&mut self, event: &Event<'_>, lines: &[(usize, Exact)]) -> Exact {
        let with_tax = |(at, net): &(usize, Exact)| {
            let part = &self.parts[*at];
            let gross = part.net + part.tax;
            Exact::ratio(*net * gross, part.net, self.places).unwrap_or(*net)
        };
        let rest = event.gross - lines.iter().map(with_tax).sum::<Exact>();
        let rounding = Exact::from(lines.len() as u64).shift(-i32::from(self.places));
        if rest <= rounding {
            return Exact::ZERO;
        }
        let net = self.net_of(rest);
        self.remarks.push((
            "credit notes of which only a part names lines; the rest is taken of all lines of the invoice",
            net,
        ));
        net
    }

    /// An amount of a part with its tax, without it.
    fn without_tax(&self, at: usize, amount: Exact) -> Exact {
        let part = &self.parts[at];
        let gross = part.net + part.tax;
        Exact::ratio(amount * part.net, gross, self.places).unwrap_or(amount)
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

    /// Names all of it in the tie of its export, and hands the schedules back.
    pub fn book(self, book: &mut RevenueBook, source: Source) -> Vec<Schedule> {
        let sheet = book.sheets.entry(source).or_default();
        for (reason, amount) in self.amounts {
            sheet.exclude(reason, amount);
        }
        for (words, amount) in self.remarks {
            book.remark(words, amount);
        }
        self.schedules
    }
}
