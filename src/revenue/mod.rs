//! Revenue over time: what the files of the billing system are worth in each period.
//!
//! Several exports describe the same money. Best first: the revenue-recognition report, invoice
//! lines, invoices, payments, the balance. The best one counts, per customer and period; others
//! lend it what it lacks (refunds, disputes, dates) and check it. They are never added. Pure:
//! values in, values out. The rule that must hold, for every source and to the last digit:
//! customers + unmapped + internal + excluded + tax + earlier + later = the export.

mod balance;
pub mod contracts;
mod coverage;
mod credits;
mod deferred;
mod events;
mod given_back;
mod invoices;
mod lines;
mod links;
mod movements;
mod mrr;
mod overlap;
mod parts;
mod payments;
pub mod plans;
mod prepaid;
mod recognition;
pub mod schedule;
mod service;
mod systems;
mod taken;
mod tie;
mod twins;

use std::collections::{BTreeMap, BTreeSet};

pub use coverage::Coverage;
pub use deferred::Deferred;
pub use overlap::Check;
pub use schedule::Schedule;
pub use systems::Difference;
pub use tie::{RevenueTie, Source};

use links::Links;
use tie::Sheet;

use crate::identity::{Identity, JoinKey, PartyId};
use crate::model::records::{Origin, RevenueRecords};
use crate::model::{Currency, Day, Exact, Instant, Period, Zone};

/// When revenue counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Over the service period.
    Recognized,
    /// When the invoice becomes final.
    Billed,
    /// When money arrives.
    Cash,
    /// Monthly recurring revenue at the end of each month: a rate.
    Mrr,
}

impl Basis {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Basis::Recognized => "recognized",
            Basis::Billed => "billed",
            Basis::Cash => "cash",
            Basis::Mrr => "mrr",
        }
    }
}

/// One invoice, payment or line with its revenue over time.
#[derive(Clone, Debug)]
pub struct Obligation {
    /// Who owes it: the customer that held the id on the invoice's date, with its whole schedule.
    pub party: PartyId,
    /// The key that joined the id; `None` if nothing did.
    pub key: Option<JoinKey>,
    /// Where it comes from.
    pub source: Source,
    /// Revenue over time, net of tax, contra revenue included.
    pub schedule: Schedule,
    /// Net amount before contra revenue.
    pub net: Exact,
    /// Tax beside it.
    pub tax: Exact,
    /// When it was billed.
    pub invoiced: Instant,
    /// Service period; equal ends for one-off amounts.
    pub service: (Instant, Instant),
    /// Plan that the file itself names.
    pub plan: Option<String>,
    /// Price id, if the file has it.
    pub price: Option<String>,
    /// Plan that reports count it on: its own or that of its subscription. `None` if it has none or
    /// if the mapping states the plans of its customer; then the customer's on the day holds.
    pub counted_on: Option<String>,
    /// Whether a change of the plan's price touches it; `None` if the file does not say.
    pub recurring: Option<bool>,
    /// Whether it bills what was used.
    pub metered: bool,
    /// Subscription, if known.
    pub subscription: Option<String>,
    /// The billing system's id of who pays.
    pub payer: String,
    /// Where it stands.
    pub origin: Origin,
}

/// Revenue of a party in one stretch of the period.
#[derive(Clone, Copy, Debug)]
pub struct RevenueFact<'a> {
    /// Whose.
    pub party: PartyId,
    /// First day of the stretch.
    pub day: Day,
    /// Amount, net of tax and contra revenue.
    pub amount: Exact,
    /// The obligation.
    pub obligation: &'a Obligation,
}

/// The days on which a period is cut, in order, the first being the period's start.
#[derive(Clone, Debug, Default)]
pub struct Cuts {
    /// The cuts of all parties that have none of their own.
    pub common: Vec<Day>,
    /// All cuts of the parties of which something changes on more days.
    pub own: BTreeMap<PartyId, Vec<Day>>,
}

impl Cuts {
    /// The whole period in one piece.
    pub fn none(period: Period) -> Cuts {
        Cuts {
            common: vec![period.start],
            own: BTreeMap::new(),
        }
    }
}

/// What revenue depends on.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The billing records.
    pub records: &'a RevenueRecords,
    /// Who is who.
    pub identity: &'a Identity,
    /// When revenue counts.
    pub basis: Basis,
    /// The report's zone.
    pub zone: Zone,
    /// The report's currency.
    pub currency: Currency,
    /// The report period, of which monthly recurring revenue needs the months.
    pub period: Period,
}

/// All revenue of the files.
#[derive(Clone, Debug)]
pub struct RevenueBook {
    /// Invoices, payments and lines that are revenue at some time.
    pub obligations: Vec<Obligation>,
    /// When revenue counts.
    pub basis: Basis,
    /// Sums by export, without what depends on the period.
    sheets: BTreeMap<Source, Sheet>,
    zone: Zone,
    currency: Currency,
    /// Refunds without a date, which count on the payment's date.
    pub undated_refunds: u64,
    /// Money given back for invoices that stay as they were billed, gross, and how often.
    pub refunds_of_billed: (Exact, u64),
    /// Lines of revenue files without a status, taken as paid on a cash basis.
    pub taken_as_paid: u64,
    /// Payments whose invoice is not in the files.
    pub orphan_payments: u64,
    /// Invoices without a service period that were recognized at once.
    pub without_period: u64,
    /// Customers with revenue of several plans at the same time, and the days.
    pub several_plans: Vec<(PartyId, Period)>,
    /// What was inferred: the words, how often, and the amounts together.
    pub remarks: BTreeMap<&'static str, (u64, Exact)>,
    /// Money of which no file says whether it is revenue of its own: likewise, for warnings.
    pub doubts: BTreeMap<&'static str, (u64, Exact)>,
    /// What sources that do not count say of the months of those that do.
    pub checks: Vec<Check>,
    /// Customers of whom two systems tell different amounts of the same months.
    pub differences: Vec<Difference>,
    /// Obligations of invoices that proved void, by their place.
    voided: BTreeSet<usize>,
    /// Billed amounts that are revenue at no time, with the time of billing.
    left_out: Vec<(Instant, Exact)>,
    /// Tax of invoices whose lines count, with the time of billing.
    other_tax: Vec<(Instant, Exact)>,
}

impl RevenueBook {
    /// Works out the revenue of every record.
    pub fn build(inputs: Inputs<'_>) -> RevenueBook {
        let mut book = RevenueBook::empty(inputs.basis, inputs.zone, inputs.currency);
        if inputs.basis == Basis::Mrr {
            mrr::add(&mut book, inputs, inputs.period);
            return book;
        }
        let links = Links::of(inputs.records);
        let told = recognition::add(&mut book, inputs);
        match inputs.basis {
            Basis::Cash => {
                payments::add(&mut book, inputs, &links);
                invoices::add_lines_only(&mut book, inputs, &links);
            }
            Basis::Recognized | Basis::Billed | Basis::Mrr => {
                invoices::add(&mut book, inputs, &links);
                payments::add(&mut book, inputs, &links);
            }
        }
        balance::add(&mut book, inputs, &links);
        events::add(&mut book, inputs, &links);
        overlap::settle(&mut book, &told);
        book
    }

    /// A book without revenue.
    fn empty(basis: Basis, zone: Zone, currency: Currency) -> RevenueBook {
        RevenueBook {
            obligations: Vec::new(),
            basis,
            sheets: BTreeMap::new(),
            zone,
            currency,
            undated_refunds: 0,
            refunds_of_billed: (Exact::ZERO, 0),
            taken_as_paid: 0,
            orphan_payments: 0,
            without_period: 0,
            several_plans: Vec::new(),
            remarks: BTreeMap::new(),
            doubts: BTreeMap::new(),
            checks: Vec::new(),
            differences: Vec::new(),
            voided: BTreeSet::new(),
            left_out: Vec::new(),
            other_tax: Vec::new(),
        }
    }

    /// Notes something that was inferred.
    fn remark(&mut self, words: &'static str, amount: Exact) {
        count(&mut self.remarks, words, amount);
    }

    /// Warns of money of which no file says whether it is revenue of its own.
    fn doubt(&mut self, words: &'static str, amount: Exact) {
        count(&mut self.doubts, words, amount);
    }

    /// Whether there is any revenue record at all.
    pub fn is_empty(&self) -> bool {
        self.sheets.is_empty()
    }

    /// The revenue of a period, cut into the stretches that begin on the given days.
    pub fn facts(&self, period: Period, cuts: &Cuts, take: &mut dyn FnMut(&RevenueFact<'_>)) {
        let borders = |cuts: &[Day]| -> Vec<(Day, Instant)> {
            let days = cuts.iter().chain([&period.end]);
            days.map(|day| (*day, self.zone.start_of(*day))).collect()
        };
        let common = borders(&cuts.common);
        let own: BTreeMap<PartyId, _> = cuts
            .own
            .iter()
            .map(|(party, days)| (*party, borders(days)))
            .collect();
        for obligation in &self.obligations {
            let borders = own.get(&obligation.party).unwrap_or(&common);
            // Most obligations touch few stretches of a long report.
            let (start, last) = obligation.schedule.span();
            let first = borders
                .partition_point(|(_, at)| *at <= start)
                .saturating_sub(1);
            if borders[first].1 > last {
                continue;
            }
            let mut before = obligation.schedule.recognized_until(borders[first].1);
            let pairs = borders[first..].windows(2);
            for pair in pairs.take_while(|pair| pair[0].1 <= last) {
                let until = obligation.schedule.recognized_until(pair[1].1);
                let amount = until - before;
                before = until;
                if !amount.is_zero() {
                    take(&RevenueFact {
                        party: obligation.party,
                        day: pair[0].0,
                        amount,
                        obligation,
                    });
                }
            }
        }
    }

    /// Revenue of the period by the key that joined it; `None` is what nothing joined.
    pub fn joined(&self, period: Period) -> BTreeMap<Option<JoinKey>, (BTreeSet<PartyId>, Exact)> {
        let mut keys: BTreeMap<Option<JoinKey>, (BTreeSet<PartyId>, Exact)> = BTreeMap::new();
        let (start, end) = (
            self.zone.start_of(period.start),
            self.zone.start_of(period.end),
        );
        for obligation in &self.obligations {
            let amount = obligation.schedule.between(start, end);
            if amount.is_zero() {
                continue;
            }
            let (parties, sum) = keys.entry(obligation.key.clone()).or_default();
            parties.insert(obligation.party);
            *sum += amount;
        }
        keys
    }
}

/// Once more, and by how much.
fn count(told: &mut BTreeMap<&'static str, (u64, Exact)>, words: &'static str, amount: Exact) {
    let (times, sum) = told.entry(words).or_default();
    *times += 1;
    *sum += amount;
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod stretches {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text, Some(Zone::Utc)).unwrap()
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn book(schedules: &[Schedule]) -> RevenueBook {
        let obligation = |(party, schedule): (u32, &Schedule)| Obligation {
            party: PartyId(party),
            key: None,
            source: Source::RevenueFile,
            schedule: schedule.clone(),
            net: schedule.total(),
            tax: Exact::ZERO,
            invoiced: at("2026-01-01"),
            service: (at("2026-01-01"), at("2026-01-01")),
            plan: None,
            price: None,
            counted_on: None,
            recurring: None,
            metered: false,
            subscription: None,
            payer: String::new(),
            origin: Origin {
                file: "revenue.csv".into(),
                line: 2,
            },
        };
        let mut book = RevenueBook::empty(Basis::Recognized, Zone::Utc, Currency::USD);
        book.obligations = (0u32..).zip(schedules).map(obligation).collect();
        book
    }

    fn facts(book: &RevenueBook, period: Period, cuts: &Cuts) -> Vec<String> {
        let mut found = Vec::new();
        book.facts(period, cuts, &mut |fact| {
            found.push(format!("{} {} {}", fact.party.0, fact.day, fact.amount));
        });
        found
    }

    #[test]
    fn stretches_that_a_schedule_does_not_touch_are_left_out() {
        let whole = Exact::from(30u64);
        let line = |start, end| Schedule::straight(whole, at(start), at(end), 2);
        // Three days from noon, one moment at a border, one refund long after the end, one line
        // that is over, and one that is yet to begin.
        let mut refunded = line("2026-01-02", "2026-01-03");
        refunded.contra(at("2026-01-06"), Exact::from(10u64));
        let book = book(&[
            line("2026-01-02 12:00", "2026-01-05 12:00"),
            line("2026-01-03", "2026-01-03"),
            refunded,
            line("2025-12-01", "2026-01-01"),
            line("2026-01-08", "2026-02-01"),
        ]);
        let period = Period {
            start: day("2026-01-01"),
            end: day("2026-01-08"),
        };
        let daily: Vec<Day> = (0..7).map(|n| period.start.plus(n)).collect();
        let mut cuts = Cuts {
            common: daily,
            own: BTreeMap::new(),
        };
        assert_eq!(
            facts(&book, period, &cuts),
            [
                "0 2026-01-02 5",
                "0 2026-01-03 10",
                "0 2026-01-04 10",
                "0 2026-01-05 5",
                "1 2026-01-03 30",
                "2 2026-01-02 30",
                "2 2026-01-06 -10",
            ]
        );
        // One party is cut on other days than the rest.
        cuts = Cuts::none(period);
        let own = vec![period.start, day("2026-01-04")];
        cuts.own.insert(PartyId(0), own);
        assert_eq!(
            facts(&book, period, &cuts),
            [
                "0 2026-01-01 15",
                "0 2026-01-04 15",
                "1 2026-01-01 30",
                "2 2026-01-01 20"
            ]
        );
    }
}
