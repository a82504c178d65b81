//! The same money in two systems. Within Stripe, ids tell which payment is which invoice; between
//! a report and its invoices, Stripe and Lago, or Stripe and a revenue file, only customer and
//! month do. The better source then tells a customer's month, and the other only checks it.

use std::collections::{BTreeMap, BTreeSet};

use super::recognition::Told;
use super::tie::Source;
use super::{Basis, Obligation, RevenueBook};
use crate::identity::PartyId;
use crate::model::{Exact, Instant, Month, Zone};

/// What a source that is not used says of the months in which a better one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The source that counts.
    pub counts: Source,
    /// The source that checks it.
    pub checks: Source,
    /// How many customers and months both tell.
    pub months: u64,
    /// Of them, how many differ.
    pub differ: u64,
    /// The revenue of these months that counts.
    pub counted: Exact,
    /// The revenue of these months by the other source.
    pub other: Exact,
}

/// The rank of a system, best first; obligations of one rank are joined by ids, not by month.
fn rank(source: Source, basis: Basis) -> u8 {
    match source {
        Source::RecognitionReport => 0,
        Source::StripePayments | Source::StripeBalance if basis == Basis::Cash => 1,
        Source::StripeLines | Source::StripeInvoices => 1,
        Source::LagoLines | Source::LagoInvoices => 2,
        Source::RevenueFile => 3,
        _ => 4,
    }
}

type Stretch = (Instant, Instant);
/// Sources by rank that tell a month of a customer.
type Tells = BTreeMap<(PartyId, Stretch), BTreeMap<u8, Source>>;

/// Hides what better sources tell and remembers the differences.
pub fn settle(book: &mut RevenueBook, told: &Told) {
    let mut of_party: BTreeMap<PartyId, BTreeSet<u8>> = BTreeMap::new();
    for line in &book.obligations {
        let ranks = of_party.entry(line.party).or_default();
        ranks.insert(rank(line.source, book.basis));
    }
    of_party.retain(|_, ranks| ranks.len() > 1);
    let several = |line: &Obligation| of_party.contains_key(&line.party);
    // The months that each source tells, and those in which it takes back, of those that have several.
    let (mut months, mut backs) = (Tells::new(), Tells::new());
    for line in book.obligations.iter().filter(|line| several(line)) {
        let best = rank(line.source, book.basis);
        let tell = |tells: &mut Tells, month| {
            let sources = tells.entry((line.party, month)).or_default();
            sources.entry(best).or_insert(line.source);
        };
        for month in months_of(line, book.zone) {
            tell(&mut months, month);
        }
        for at in line.schedule.taken_back_at() {
            tell(&mut backs, stretch(book.zone.day(at).month(), book.zone));
        }
    }
    let mut checks: BTreeMap<(Source, Source), BTreeMap<(PartyId, Stretch), Exact>> =
        BTreeMap::new();
    for line in &mut book.obligations {
        let own = rank(line.source, book.basis);
        let mut hidden: BTreeMap<Stretch, Source> = BTreeMap::new();
        if own > 0
            && line.source.namespace() == "stripe"
            && let Some(stretches) = told.get(&line.payer)
        {
            for stretch in stretches.iter().filter(|s| s.0 < s.1) {
                add(&mut hidden, *stretch, Source::RecognitionReport);
            }
        }
        if of_party.contains_key(&line.party) {
            for month in months_of(line, book.zone) {
                // Payments that no invoice holds are Stripe's own, beside its invoices.
                let stripe = line.source.namespace() == "stripe";
                let better = |tells: &Tells| {
                    let sources = tells.get(&(line.party, month))?;
                    let (better, source) = sources.first_key_value()?;
                    (*better < own && !(stripe && *better == 1)).then_some(*source)
                };
                // What goes back after its service is told by who takes it back, but a month of
                // service is not: the customer may have moved from one system to another.
                let goes_back = || line.net.is_negative().then(|| better(&backs)).flatten();
                if let Some(source) = better(&months).or_else(goes_back) {
                    add(&mut hidden, month, source);
                }
            }
        }
        if hidden.is_empty() {
            continue;
        }
        let mut sums: BTreeMap<Source, Exact> = BTreeMap::new();
        for ((from, to), better) in &hidden {
            let amount = line.schedule.raw_until(*to) - line.schedule.raw_until(*from);
            if !amount.is_zero() {
                *sums.entry(*better).or_default() += amount;
                let seen = checks.entry((*better, line.source)).or_default();
                *seen.entry((line.party, (*from, *to))).or_default() += amount;
            }
        }
        line.schedule.hide(hidden.into_keys().collect());
        let sheet = book.sheets.entry(line.source).or_default();
        for (better, amount) in sums {
            sheet.exclude(better.same_money(), amount);
        }
    }
    compare(book, checks);
}

/// Adds a stretch, unless a part of it is hidden already.
fn add(hidden: &mut BTreeMap<Stretch, Source>, stretch: Stretch, better: Source) {
    let mut known = hidden.keys();
    if !known.any(|(from, to)| *from < stretch.1 && stretch.0 < *to) {
        hidden.insert(stretch, better);
    }
}

/// Compares what is hidden with what counts.
fn compare(
    book: &mut RevenueBook,
    checks: BTreeMap<(Source, Source), BTreeMap<(PartyId, Stretch), Exact>>,
) {
    let mut lines: BTreeMap<PartyId, Vec<&Obligation>> = BTreeMap::new();
    for line in &book.obligations {
        lines.entry(line.party).or_default().push(line);
    }
    let mut found = Vec::new();
    for ((counts, checks), seen) in checks {
        let mut check = Check {
            counts,
            checks,
            months: 0,
            differ: 0,
            counted: Exact::ZERO,
            other: Exact::ZERO,
        };
        let best = rank(counts, book.basis);
        for ((party, (from, to)), other) in seen {
            let of_party = lines.get(&party).map_or(&[][..], Vec::as_slice);
            let same = of_party.iter();
            let same = same.filter(|line| rank(line.source, book.basis) == best);
            let counted: Exact = same.map(|line| line.schedule.between(from, to)).sum();
            check.months += 1;
            check.differ += u64::from(counted != other);
            check.counted += counted;
            check.other += other;
        }
        found.push(check);
    }
    book.checks = found;
}

/// The months that an obligation tells of: those of its service, or the one of its moment.
fn months_of(line: &Obligation, zone: Zone) -> Vec<Stretch> {
    /// Longer services are told by their first ten years.
    const MOST: usize = 120;
    let (start, _) = line.schedule.span();
    // Contra revenue after the end is no service; the month of the last moment is.
    let last = match line.schedule.runs_until() {
        end if end > start => Instant(end.0 - 1),
        _ => start,
    };
    let first: Month = zone.day(start).month();
    let last = zone.day(last).month();
    let months = std::iter::successors(Some(first), |month| Some(month.plus(1)));
    let months = months.take_while(|month| *month <= last).take(MOST);
    months.map(|month| stretch(month, zone)).collect()
}

/// A month of the report's zone.
fn stretch(month: Month, zone: Zone) -> Stretch {
    let next = month.plus(1).first_day();
    (zone.start_of(month.first_day()), zone.start_of(next))
}
