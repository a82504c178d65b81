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
    /// Whether a change of the plan's price touches it; `None` if the file does not say.
    pub recurring: Option<bool>,
    /// Subscription, if known.
    pub subscription: Option<String>,
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
    /// Payments whose invoice is not in the files.
    pub orphan_payments: u64,
    /// Invoices without a service period that were recognized at once.
    pub without_period: u64,
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
            orphan_payments: 0,
            without_period: 0,
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

    /// The revenue of a period, cut into the stretches that begin on the given days (in order,
    /// the first being the period's start).
    pub fn facts(&self, period: Period, cuts: &[Day], take: &mut dyn FnMut(&RevenueFact<'_>)) {
        let mut borders: Vec<(Day, Instant)> = cuts
            .iter()
            .map(|day| (*day, self.zone.start_of(*day)))
            .collect();
        borders.push((period.end, self.zone.start_of(period.end)));
        for obligation in &self.obligations {
            let mut before = obligation.schedule.recognized_until(borders[0].1);
            for pair in borders.windows(2) {
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
