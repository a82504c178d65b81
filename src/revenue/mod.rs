//! Revenue over time: what the files of the billing system are worth in each period.
//!
//! Invoices and payments describe the same money: invoices come first, payments add only what no
//! invoice of the files holds, and lend their refunds and disputes to the invoices. Pure: values
//! in, values out. The rule that must hold, for every source and to the last digit:
//! customers + unmapped + internal + excluded + tax + earlier + later = the export.

mod coverage;
mod invoices;
mod payments;
pub mod plans;
pub mod schedule;

use std::collections::{BTreeMap, BTreeSet};

pub use coverage::Coverage;
pub use schedule::Schedule;

use crate::identity::{Identity, JoinKey, PartyId, PartyKind};
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
}

impl Basis {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Basis::Recognized => "recognized",
            Basis::Billed => "billed",
            Basis::Cash => "cash",
        }
    }
}

/// The export that an obligation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Stripe invoices.
    StripeInvoices,
    /// Stripe payments.
    StripePayments,
    /// A generic revenue file.
    RevenueFile,
}

impl Source {
    /// The name in every output.
    pub fn word(self) -> &'static str {
        match self {
            Source::StripeInvoices => "stripe invoices",
            Source::StripePayments => "stripe payments",
            Source::RevenueFile => "revenue file",
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
    /// Service period; equal ends for one-off amounts.
    pub service: (Instant, Instant),
    /// Plan that the file itself names.
    pub plan: Option<String>,
    /// Plan that reports count it on: its own or that of its subscription. `None` if it has none or
    /// if the mapping states the plans of its customer; then the customer's on the day holds.
    pub counted_on: Option<String>,
    /// Whether a change of the plan's price touches it; `None` if the file does not say.
    pub recurring: Option<bool>,
    /// Subscription, if known.
    pub subscription: Option<String>,
    /// The billing system's id of who pays.
    pub payer: String,
    /// Where it stands.
    pub origin: Origin,
}

/// The tie-out of one export.
#[derive(Clone, Debug)]
pub struct RevenueTie {
    /// The export.
    pub source: Source,
    /// Currency.
    pub currency: Currency,
    /// The sum of its amount column, every row included.
    pub export: Exact,
    /// Revenue of the period by customers.
    pub customers: Exact,
    /// Revenue of the period by ids without a customer.
    pub unmapped: Exact,
    /// Revenue of the period by internal accounts.
    pub internal: Exact,
    /// What is no revenue, by name: drafts, test rows, failed payments, refunds, voids.
    pub excluded: BTreeMap<&'static str, Exact>,
    /// How many rows each exclusion concerns.
    pub excluded_rows: BTreeMap<&'static str, u64>,
    /// Tax.
    pub tax: Exact,
    /// Revenue of earlier periods.
    pub earlier: Exact,
    /// Revenue of later periods.
    pub later: Exact,
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
}

/// The part of a tie that does not depend on the period.
#[derive(Clone, Debug, Default)]
struct Sheet {
    export: Exact,
    tax: Exact,
    excluded: BTreeMap<&'static str, Exact>,
    excluded_rows: BTreeMap<&'static str, u64>,
}

impl Sheet {
    fn exclude(&mut self, reason: &'static str, amount: Exact) {
        *self.excluded.entry(reason).or_default() += amount;
        *self.excluded_rows.entry(reason).or_default() += 1;
    }
}

impl RevenueBook {
    /// Works out the revenue of every record.
    pub fn build(inputs: Inputs<'_>) -> RevenueBook {
        let mut book = RevenueBook {
            obligations: Vec::new(),
            basis: inputs.basis,
            sheets: BTreeMap::new(),
            zone: inputs.zone,
            currency: inputs.currency,
            undated_refunds: 0,
            refunds_of_billed: (Exact::ZERO, 0),
            taken_as_paid: 0,
            orphan_payments: 0,
            without_period: 0,
            several_plans: Vec::new(),
        };
        if inputs.basis != Basis::Cash {
            invoices::add(&mut book, inputs);
        }
        payments::add(&mut book, inputs);
        if inputs.basis == Basis::Cash {
            invoices::add_lines_only(&mut book, inputs);
        }
        book
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

    /// Ties every export to the revenue of the period.
    ///
    /// # Panics
    /// If an export does not tie: a bug of ours that must never print.
    pub fn ties(&self, period: Period, identity: &Identity) -> Vec<RevenueTie> {
        let start = self.zone.start_of(period.start);
        let end = self.zone.start_of(period.end);
        let mut ties: BTreeMap<Source, RevenueTie> = BTreeMap::new();
        for (source, sheet) in &self.sheets {
            let tie = RevenueTie {
                source: *source,
                currency: self.currency,
                export: sheet.export,
                customers: Exact::ZERO,
                unmapped: Exact::ZERO,
                internal: Exact::ZERO,
                excluded: sheet.excluded.clone(),
                excluded_rows: sheet.excluded_rows.clone(),
                tax: sheet.tax,
                earlier: Exact::ZERO,
                later: Exact::ZERO,
            };
            ties.insert(*source, tie);
        }
        for obligation in &self.obligations {
            let Some(tie) = ties.get_mut(&obligation.source) else {
                continue;
            };
            let by_start = obligation.schedule.recognized_until(start);
            let by_end = obligation.schedule.recognized_until(end);
            tie.earlier += by_start;
            tie.later += obligation.schedule.total() - by_end;
            let amount = by_end - by_start;
            match identity.party(obligation.party).kind {
                PartyKind::Customer => tie.customers += amount,
                PartyKind::Internal => tie.internal += amount,
                PartyKind::Unmapped { .. } => tie.unmapped += amount,
            }
        }
        for tie in ties.values() {
            let excluded: Exact = tie.excluded.values().sum();
            let named = tie.customers + tie.unmapped + tie.internal + excluded + tie.tax;
            let sum = named + tie.earlier + tie.later;
            assert!(
                sum == tie.export,
                "the {} sum to {} but {sum} is accounted for",
                tie.source.word(),
                tie.export
            );
        }
        ties.into_values().collect()
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

#[cfg(test)]
mod tests {
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
            service: (at("2026-01-01"), at("2026-01-01")),
            plan: None,
            counted_on: None,
            recurring: None,
            subscription: None,
            payer: String::new(),
            origin: Origin {
                file: "revenue.csv".into(),
                line: 2,
            },
        };
        RevenueBook {
            obligations: (0u32..).zip(schedules).map(obligation).collect(),
            basis: Basis::Recognized,
            sheets: BTreeMap::new(),
            zone: Zone::Utc,
            currency: Currency::USD,
            undated_refunds: 0,
            refunds_of_billed: (Exact::ZERO, 0),
            taken_as_paid: 0,
            orphan_payments: 0,
            without_period: 0,
            several_plans: Vec::new(),
        }
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
