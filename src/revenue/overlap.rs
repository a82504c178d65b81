//! The same money in two systems. Within Stripe, ids tell which payment is which invoice; between
//! a report and its invoices, Stripe and Lago, or Stripe and a revenue file, only customer and
//! month do. The better source then tells a customer's month, and the other only checks it, unless
//! their amounts show that they tell of different money.

use std::collections::BTreeMap;

use super::recognition::Told;
use super::systems::{Difference, PAYMENTS, Stretch, Systems, backs_of, months_of, near, rank};
use super::tie::Source;
use super::{Basis, Obligation, RevenueBook, twins};
use crate::identity::PartyId;
use crate::model::Exact;

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

/// Hides what better sources tell and remembers the differences.
pub fn settle(book: &mut RevenueBook, told: &Told) {
    let systems = Systems::of(book);
    let twins = twins::find(book, &systems);
    let mut checks: Checks = BTreeMap::new();
    let sources: Vec<Source> = book.obligations.iter().map(|line| line.source).collect();
    let mut found = Found::default();
    for (at, line) in book.obligations.iter_mut().enumerate() {
        let own = rank(line.source, book.basis);
        let stripe = line.source.namespace() == "stripe";
        let mut hidden: BTreeMap<Stretch, Source> = BTreeMap::new();
        if own > 0
            && stripe
            && let Some(stretches) = told.get(&line.payer)
        {
            for stretch in stretches.iter().filter(|s| s.0 < s.1) {
                add(&mut hidden, *stretch, Source::RecognitionReport);
            }
        }
        let months = months_of(line, book.zone);
        let ranked = (own, line.source);
        // A void invoice comes to nothing by itself.
        let void = book.voided.contains(&at);
        let goes_back = backs_of(line, book.zone);
        for month in months.iter().chain(&goes_back).filter(|_| !void) {
            // What goes back after its service is told by who takes it back, but a month of service
            // is not: the customer may have moved from one system to another.
            let only_back = line.net.is_negative() || !months.contains(month);
            let told = systems.better(line.party, ranked, *month);
            let taken = || {
                systems
                    .takes_back(line.party, ranked, *month)
                    .filter(|_| only_back)
            };
            if let Some(better) = told.or_else(taken) {
                add(&mut hidden, *month, better);
            }
        }
        if hidden.is_empty() && twins.near.contains(&at) {
            match twins.of.get(&at) {
                Some(twin) => {
                    found.twins.push(line.net + line.tax);
                    for month in months {
                        add(&mut hidden, month, sources[*twin]);
                    }
                }
                None if own == PAYMENTS || book.basis == Basis::Cash => {
                    found.near.push(line.net + line.tax);
                }
                None => {}
            }
        }
        if hidden.is_empty() {
            continue;
        }
        let is_twin = twins.of.contains_key(&at);
        let mut sums: BTreeMap<Source, Exact> = BTreeMap::new();
        for ((from, to), better) in &hidden {
            let amount = line.schedule.raw_until(*to) - line.schedule.raw_until(*from);
            if !amount.is_zero() {
                *sums.entry(*better).or_default() += amount;
            }
            let compared = systems.better(line.party, ranked, (*from, *to)).is_some();
            if !amount.is_zero() && (compared || !is_twin) {
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
    found.tell(book);
    book.differences = systems.differences;
    compare(book, checks);
}

/// Amounts by pair of sources, customer and stretch.
type Checks = BTreeMap<(Source, Source), BTreeMap<(PartyId, Stretch), Exact>>;

/// What two systems tell in different months.
#[derive(Default)]
struct Found {
    twins: Vec<Exact>,
    near: Vec<Exact>,
}

impl Found {
    fn tell(self, book: &mut RevenueBook) {
        for amount in self.twins {
            book.remark(
                "amounts that a better source tells in another month, with the same customer and sum; they count once",
                amount,
            );
        }
        for amount in self.near {
            book.doubt(
                "payments near to what another system bills to the same customer, with other sums; both count",
                amount,
            );
        }
    }
}

/// Adds a stretch, unless a part of it is hidden already.
fn add(hidden: &mut BTreeMap<Stretch, Source>, stretch: Stretch, better: Source) {
    let mut known = hidden.keys();
    if !known.any(|(from, to)| *from < stretch.1 && stretch.0 < *to) {
        hidden.insert(stretch, better);
    }
}

/// Compares what is hidden with what counts.
fn compare(book: &mut RevenueBook, checks: Checks) {
    let mut lines: BTreeMap<PartyId, Vec<&Obligation>> = BTreeMap::new();
    for line in &book.obligations {
        lines.entry(line.party).or_default().push(line);
    }
    let mut found = Vec::new();
    let mut differences = Vec::new();
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
        let mut sums: BTreeMap<PartyId, (Exact, Exact, u64)> = BTreeMap::new();
        for ((party, (from, to)), other) in seen {
            let of_party = lines.get(&party).map_or(&[][..], Vec::as_slice);
            let same = of_party.iter();
            let same = same.filter(|line| rank(line.source, book.basis) == best);
            let counted: Exact = same.map(|line| line.schedule.between(from, to)).sum();
            check.months += 1;
            check.differ += u64::from(counted != other);
            check.counted += counted;
            check.other += other;
            let sum = sums.entry(party).or_default();
            *sum = (sum.0 + counted, sum.1 + other, sum.2 + 1);
        }
        // Other pairs of systems are judged by what they tell of whole customers.
        let sums = sums
            .into_iter()
            .filter(|_| counts == Source::RecognitionReport);
        let apart = sums.filter(|(_, (counted, other, months))| {
            !near((*counted, *other), *months, book.currency.decimals())
        });
        differences.extend(apart.map(|(party, (counted, other, _))| Difference {
            party,
            counts,
            checks,
            counted,
            other,
            both: false,
        }));
        found.push(check);
    }
    book.checks = found;
    book.differences.extend(differences);
}
