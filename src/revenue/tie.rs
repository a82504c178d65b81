//! The tie-out of each export: every amount of it is revenue of someone at some time, tax, or left
//! out by a name.

use std::collections::BTreeMap;

use super::RevenueBook;
use crate::identity::{Identity, PartyKind};
use crate::model::{Currency, Exact, Period};

/// The export that an amount comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Stripe's revenue-recognition report.
    RecognitionReport,
    /// Lines of Stripe invoices.
    StripeLines,
    /// Stripe invoices.
    StripeInvoices,
    /// Fees on Lago invoices.
    LagoLines,
    /// Lago invoices.
    LagoInvoices,
    /// Stripe payments.
    StripePayments,
    /// Movements of the Stripe balance.
    StripeBalance,
    /// A generic revenue file.
    RevenueFile,
    /// Changes of monthly recurring revenue that Stripe computed.
    MrrChanges,
    /// Stripe subscriptions, for monthly recurring revenue.
    Subscriptions,
    /// Credit notes: they take back, and are in the tie of what they take from.
    CreditNotes,
    /// Refunds one by one: likewise.
    Refunds,
    /// Disputes one by one: likewise.
    Disputes,
}

impl Source {
    /// The name in every output.
    pub fn word(self) -> &'static str {
        match self {
            Source::RecognitionReport => "stripe revenue recognition",
            Source::StripeLines => "stripe invoice lines",
            Source::StripeInvoices => "stripe invoices",
            Source::LagoLines => "lago fees",
            Source::LagoInvoices => "lago invoices",
            Source::StripePayments => "stripe payments",
            Source::StripeBalance => "stripe balance",
            Source::RevenueFile => "revenue file",
            Source::MrrChanges => "stripe mrr changes",
            Source::Subscriptions => "stripe subscriptions",
            Source::CreditNotes => "credit notes",
            Source::Refunds => "stripe refunds",
            Source::Disputes => "stripe disputes",
        }
    }

    /// The namespace of the ids that pay.
    pub fn namespace(self) -> &'static str {
        match self {
            Source::LagoLines | Source::LagoInvoices => "lago",
            Source::RevenueFile => "revenue",
            _ => "stripe",
        }
    }

    /// Whether its rows are invoices or lines of them.
    pub fn is_invoiced(self) -> bool {
        matches!(
            self,
            Source::StripeLines
                | Source::StripeInvoices
                | Source::LagoLines
                | Source::LagoInvoices
                | Source::RevenueFile
        )
    }

    /// What an amount is called where this source tells the same money better.
    pub fn same_money(self) -> &'static str {
        match self {
            Source::RecognitionReport => "same money as stripe revenue recognition",
            Source::StripeLines => "same money as stripe invoice lines",
            Source::StripeInvoices => "same money as stripe invoices",
            Source::LagoLines => "same money as lago fees",
            Source::LagoInvoices => "same money as lago invoices",
            Source::StripePayments => "same money as stripe payments",
            Source::StripeBalance => "same money as stripe balance",
            Source::RevenueFile => "same money as the revenue file",
            Source::MrrChanges => "same money as stripe mrr changes",
            Source::Subscriptions => "same money as stripe subscriptions",
            Source::CreditNotes => "same money as credit notes",
            Source::Refunds => "same money as stripe refunds",
            Source::Disputes => "same money as stripe disputes",
        }
    }
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
    /// What is no revenue, by name: drafts, test rows, failed payments, refunds, voids, and what a
    /// better source tells.
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

/// The part of a tie that does not depend on the period.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    pub(super) export: Exact,
    pub(super) tax: Exact,
    pub(super) excluded: BTreeMap<&'static str, Exact>,
    pub(super) excluded_rows: BTreeMap<&'static str, u64>,
}

impl Sheet {
    pub(super) fn exclude(&mut self, reason: &'static str, amount: Exact) {
        *self.excluded.entry(reason).or_default() += amount;
        *self.excluded_rows.entry(reason).or_default() += 1;
    }

    /// A row that is no revenue at all.
    pub(super) fn leave_out(&mut self, reason: &'static str, amount: Exact) {
        self.export += amount;
        self.exclude(reason, amount);
    }
}

impl RevenueBook {
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
}
