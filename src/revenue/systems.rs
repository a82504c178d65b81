//! Which systems know a customer, and whether two of them tell the same money.
//!
//! Amounts decide, because no id does. Two systems tell the same money of a customer if what they
//! tell of the months that both know is alike: neither is less than half of the other. A small
//! invoice beside a large contract is money of its own. The rule that must hold: an invoice of
//! nothing, or one that was void, proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::tie::Source;
use super::{Basis, Obligation, RevenueBook};
use crate::identity::PartyId;
use crate::model::{Exact, Instant, Month, Zone};

/// A stretch of time, half-open.
pub type Stretch = (Instant, Instant);

/// The rank of a system, best first; obligations of one rank are joined by ids, not by month.
pub fn rank(source: Source, basis: Basis) -> u8 {
    match source {
        Source::RecognitionReport => 0,
        Source::StripePayments | Source::StripeBalance if basis == Basis::Cash => 1,
        Source::StripeLines | Source::StripeInvoices => 1,
        Source::LagoLines | Source::LagoInvoices => 2,
        Source::RevenueFile => 3,
        _ => PAYMENTS,
    }
}

/// The rank of payments that no invoice holds, where invoices count.
pub const PAYMENTS: u8 = 4;

/// One customer as one system tells it.
#[derive(Debug, Default)]
struct Told {
    /// Its obligations.
    lines: Vec<usize>,
    /// The months, with the first source that tells each.
    months: BTreeMap<Stretch, Source>,
    /// The months in which it takes back, with the first source that does.
    backs: BTreeMap<Stretch, Source>,
    /// Net amounts of all of them.
    net: Exact,
}

/// What two systems tell of a customer in the months that both know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub party: PartyId,
    /// The better system.
    pub counts: Source,
    /// The other one.
    pub checks: Source,
    /// What the better one tells.
    pub counted: Exact,
    /// What the other one tells.
    pub other: Exact,
    /// Whether both count, as money apart.
    pub both: bool,
}

/// The customers that several systems know.
#[derive(Debug, Default)]
pub struct Systems {
    parties: BTreeMap<PartyId, BTreeMap<u8, Told>>,
    /// Pairs of systems, better first, whose money of a customer is not the same.
    apart: BTreeSet<(PartyId, u8, u8)>,
    /// Where they differ by more than rounding.
    pub differences: Vec<Difference>,
}

impl Systems {
    /// Looks through all obligations.
    pub fn of(book: &RevenueBook) -> Systems {
        let mut parties: BTreeMap<PartyId, BTreeMap<u8, Told>> = BTreeMap::new();
        for line in &book.obligations {
            let ranks = parties.entry(line.party).or_default();
            ranks.entry(rank(line.source, book.basis)).or_default();
        }
        parties.retain(|_, ranks| ranks.len() > 1);
        for (at, line) in book.obligations.iter().enumerate() {
            let Some(ranks) = parties.get_mut(&line.party) else {
                continue;
            };
            if line.net.is_zero() || book.voided.contains(&at) {
                continue;
            }
            let told = ranks.entry(rank(line.source, book.basis)).or_default();
            told.lines.push(at);
            told.net += line.net;
            for month in told_months(line, book) {
                told.months.entry(month).or_insert(line.source);
            }
            for month in backs_of(line, book.zone) {
                told.backs.entry(month).or_insert(line.source);
            }
        }
        let mut systems = Systems {
            parties,
            ..Systems::default()
        };
        systems.judge(book);
        systems
    }

    fn judge(&mut self, book: &RevenueBook) {
        for (party, ranks) in &self.parties {
            for (better, first) in ranks {
                for (worse, second) in ranks.range(better + 1..) {
                    if *better <= 1 && is_stripe(second, book) {
                        continue;
                    }
                    let Some(pair) = Pair::of(first, second, book) else {
                        continue;
                    };
                    let same = *worse == PAYMENTS || pair.is_alike(book);
                    if !same {
                        self.apart.insert((*party, *better, *worse));
                    }
                    if !same || !pair.agrees(book) {
                        let (counted, other) = pair.months;
                        self.differences.push(Difference {
                            party: *party,
                            counts: pair.sources.0,
                            checks: pair.sources.1,
                            counted,
                            other,
                            both: !same,
                        });
                    }
                }
            }
        }
    }

    /// The source of another system that tells a month of a customer better than one of this rank,
    /// if there is one.
    pub fn better(
        &self,
        party: PartyId,
        (own, source): (u8, Source),
        month: Stretch,
    ) -> Option<Source> {
        self.first(party, (own, source), |told| told.months.get(&month))
    }

    /// The source of another system that takes something back of a customer in a month, if there is
    /// a better one.
    pub fn takes_back(
        &self,
        party: PartyId,
        (own, source): (u8, Source),
        month: Stretch,
    ) -> Option<Source> {
        self.first(party, (own, source), |told| told.backs.get(&month))
    }

    fn first<'s>(
        &'s self,
        party: PartyId,
        (own, source): (u8, Source),
        tells: impl Fn(&'s Told) -> Option<&'s Source>,
    ) -> Option<Source> {
        // Payments that no invoice holds are Stripe's own, beside its invoices.
        let stripe = source.namespace() == "stripe";
        let ranks = self.parties.get(&party)?;
        let mut better = ranks.range(..own).filter_map(|(rank, told)| {
            let source = tells(told)?;
            let same = !self.apart.contains(&(party, *rank, own));
            (same && !(stripe && *rank == 1)).then_some(*source)
        });
        better.next()
    }

    /// The obligations of the customers that several systems know, by rank.
    pub fn lines(&self) -> impl Iterator<Item = BTreeMap<u8, &[usize]>> {
        self.parties.values().map(|ranks| {
            let lines = ranks.iter();
            lines
                .map(|(rank, told)| (*rank, told.lines.as_slice()))
                .collect()
        })
    }
}

fn is_stripe(told: &Told, book: &RevenueBook) -> bool {
    let mut lines = told.lines.iter();
    lines.any(|at| book.obligations[*at].source.namespace() == "stripe")
}

/// Sums of a better and a worse system.
struct Pair {
    sources: (Source, Source),
    /// Of the months that both tell.
    months: (Exact, Exact),
    /// How many these are.
    count: u64,
    /// Of the whole obligations that touch these months.
    whole: (Exact, Exact),
    /// Of all obligations of the customer.
    all: (Exact, Exact),
}

impl Pair {
    /// `None` if no month is told by both.
    fn of(first: &Told, second: &Told, book: &RevenueBook) -> Option<Pair> {
        let common = first.months.iter();
        let common = common.filter_map(|(month, source)| {
            let other = second.months.get(month)?;
            Some((*month, (*source, *other)))
        });
        let common: BTreeMap<Stretch, (Source, Source)> = common.collect();
        let sources = *common.values().next()?;
        let sums = |told: &Told| {
            let (mut months, mut whole) = (Exact::ZERO, Exact::ZERO);
            for line in told.lines.iter().map(|at| &book.obligations[*at]) {
                let touched = told_months(line, book).into_iter();
                let mut touched = touched
                    .filter(|month| common.contains_key(month))
                    .peekable();
                if touched.peek().is_some() {
                    whole += line.net;
                }
                let schedule = &line.schedule;
                months += touched
                    .map(|(from, to)| schedule.raw_until(to) - schedule.raw_until(from))
                    .sum();
            }
            (months, whole)
        };
        let (one, two) = (sums(first), sums(second));
        Some(Pair {
            sources,
            months: (one.0, two.0),
            count: common.len() as u64,
            whole: (one.1, two.1),
            all: (first.net, second.net),
        })
    }

    /// Whether neither is less than half of the other. Amounts that count at once may lie in other
    /// months, so then all of them are looked at too.
    fn is_alike(&self, book: &RevenueBook) -> bool {
        let half = |(one, two): (Exact, Exact)| {
            let (less, more) = (one.abs().min(two.abs()), one.abs().max(two.abs()));
            one.is_negative() == two.is_negative() && less + less >= more && !less.is_zero()
        };
        let at_once = book.basis != Basis::Recognized;
        half(self.months) || half(self.whole) || (at_once && half(self.all))
    }

    /// Whether they differ by rounding at most: a hundredth, or one minor unit a month.
    fn agrees(&self, book: &RevenueBook) -> bool {
        let near = |pair| near(pair, self.count, book.currency.decimals());
        let at_once = book.basis != Basis::Recognized;
        near(self.months) || near(self.whole) || (at_once && near(self.all))
    }
}

/// Whether two amounts differ by rounding at most: a hundredth, or one minor unit a month.
pub fn near((one, two): (Exact, Exact), months: u64, places: u8) -> bool {
    let units = Exact::new(1, places) * Exact::from(months);
    let more = one.abs().max(two.abs());
    let gap = (one - two).abs();
    gap <= units || gap * Exact::from(100u64) <= more
}

/// The months that an obligation tells of: those of its schedule, and where amounts count at once
/// those of its service, too.
fn told_months(line: &Obligation, book: &RevenueBook) -> BTreeSet<Stretch> {
    let mut months = months_of(line, book.zone);
    if book.basis == Basis::Billed {
        months.extend(months_between(line.service, book.zone));
    }
    months.into_iter().collect()
}

/// The months of an obligation's schedule: those of its service, or the one of its moment.
pub fn months_of(line: &Obligation, zone: Zone) -> Vec<Stretch> {
    // Contra revenue after the end is no service.
    let (start, _) = line.schedule.span();
    months_between((start, line.schedule.runs_until()), zone)
}

fn months_between((start, end): Stretch, zone: Zone) -> Vec<Stretch> {
    /// Longer services are told by their first ten years.
    const MOST: usize = 120;
    // The month of the last moment is the last.
    let last = match end > start {
        true => Instant(end.0 - 1),
        false => start,
    };
    let first: Month = zone.day(start).month();
    let last = zone.day(last).month();
    let months = std::iter::successors(Some(first), |month| Some(month.plus(1)));
    let months = months.take_while(|month| *month <= last).take(MOST);
    months.map(|month| stretch(month, zone)).collect()
}

/// The months in which something of an obligation is taken back.
pub fn backs_of(line: &Obligation, zone: Zone) -> BTreeSet<Stretch> {
    let months = line.schedule.taken_back_at();
    months
        .map(|at| stretch(zone.day(at).month(), zone))
        .collect()
}

/// A month of the report's zone.
fn stretch(month: Month, zone: Zone) -> Stretch {
    let next = month.plus(1).first_day();
    (zone.start_of(month.first_day()), zone.start_of(next))
}
