//! The registry of export formats: what each is called, how it is recognized, which function reads
//! it. One file per format below `usage/`, `bills/` and `revenue/`; nothing else in the program
//! knows a vendor's column names.
//!
//! A reader turns rows into records and reports what it cannot read. It knows no mapping, no
//! period and no other format.

pub mod bills;
pub mod counts;
pub mod fields;
pub mod golden;
pub mod nested;
pub mod pages;
mod registry;
pub mod revenue;
pub mod rows;
pub mod spreadsheet;
mod stamps;
#[cfg(test)]
pub(crate) mod testing;
pub mod usage;

use std::collections::BTreeMap;

use crate::model::counts::ProviderCount;
pub use crate::model::records::RevenueRecords;
use crate::model::records::{Charge, CostBasis, UsageRecord, UsageSum};
use crate::model::{Currency, DateOrder, Day, Instant, Zone};
use crate::problem::{Problem, Problems};
use crate::scan::{Header, Row, RowSource};
#[cfg(test)]
pub use registry::read_row_by_row;
pub use registry::{
    FORMATS, USELESS, detect, finer_of, is_generic, is_grouped_on_request, is_read_row_by_row,
    named, tell_same_calls,
};

/// What a file contributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A usage log: who used what, when.
    Usage,
    /// A provider's bill.
    Bill,
    /// A provider's own count of usage: quantities without customers and without money.
    ProviderUsage,
    /// Invoices, payments, or other revenue.
    Revenue,
    /// Billing records that join or name things but carry no money of a period: customers,
    /// subscriptions, prices.
    Catalog,
}

impl Kind {
    /// The word used in messages and `tanso formats`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Usage => "usage",
            Kind::Bill => "bill",
            Kind::ProviderUsage => "provider usage",
            Kind::Revenue => "revenue",
            Kind::Catalog => "catalog",
        }
    }
}

/// The beginning of a file, for recognizing it.
#[derive(Debug)]
pub struct Sample<'a> {
    /// The columns; of JSON, those of the first objects.
    pub header: &'a Header,
    /// The first rows (at most a few dozen).
    pub rows: &'a [Row],
    /// The first bytes of the text (at most 64 KiB).
    pub text: &'a str,
    /// The file's name without folders, lower case.
    pub file_name: &'a str,
}

impl Sample<'_> {
    /// Whether all these columns are there, in any case.
    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.header.has(name))
    }
}

/// How the cached tokens of a log relate to its input tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachedTokens {
    /// The input count includes them.
    Inside,
    /// The input count leaves them out.
    Beside,
}

/// What the user said about a file in `[[input]]` or on the command line.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Our field name → the file's column.
    pub columns: BTreeMap<String, String>,
    /// Whether input tokens include cached ones.
    pub cached_tokens: Option<CachedTokens>,
    /// Zone of time stamps without offset.
    pub zone: Option<Zone>,
    /// Zone in which the report's days begin. Calendar days of billing systems are days of it, unless
    /// `zone` says otherwise.
    pub calendar: Option<Zone>,
    /// Provider of a file that names none.
    pub provider: Option<String>,
    /// Who bills the calls of a log, whatever its rows name: a gateway, say.
    pub billed_by: Option<String>,
    /// Currency of a file that names none.
    pub currency: Option<Currency>,
    /// Whether numbers have a decimal comma.
    pub decimal_comma: Option<bool>,
    /// The order of day and month in dates with slashes.
    pub date_order: Option<DateOrder>,
    /// Extra usage columns to keep as dimensions, in this order.
    pub dimensions: Vec<String>,
    /// Which cost counts in bills that state several.
    pub cost_basis: CostBasis,
}

/// A remark for the report's notes: entry code, text, how many rows it concerns.
#[derive(Clone, Debug)]
pub struct Remark {
    /// Catalogue entry (a note or a warning).
    pub entry: &'static crate::problem::Entry,
    /// What it says, without the file's name; `{n}` stands for the number of rows.
    pub text: String,
    /// Rows concerned.
    pub rows: u64,
}

/// What became of the rows of one file. `read = used + Σ skipped` when the reader returns; repeats
/// and periods are decided later.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rows read, blank lines included.
    pub read: u64,
    /// Rows that became records.
    pub used: u64,
    /// Rows left out, by reason (`blank`, `empty day`).
    pub skipped: BTreeMap<&'static str, u64>,
    /// The time the file covers, if its rows say: bills include empty days here.
    pub covers: Option<(Instant, Instant)>,
    /// Charges that their provider may still change, by provider and the UTC day on which they begin.
    pub not_final: BTreeMap<(&'static str, Day), u64>,
    /// Remarks.
    pub remarks: Vec<Remark>,
}

impl Tally {
    /// Counts a charge that its provider may still change.
    pub fn not_final(&mut self, provider: &'static str, start: Instant) {
        let key = (provider, start.utc_day());
        *self.not_final.entry(key).or_default() += 1;
    }

    /// Counts a row that is left out.
    pub fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    /// Counts blank lines, which no reader sees.
    pub fn skip_blank(&mut self, lines: u64) {
        if lines > 0 {
            self.read += lines;
            *self.skipped.entry("blank").or_default() += lines;
        }
    }

    /// Adds what became of other rows of the same file.
    pub fn add(&mut self, more: Tally) {
        self.read += more.read;
        self.used += more.used;
        for (reason, count) in more.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        if let Some((start, end)) = more.covers {
            self.cover(start, end);
        }
        for (key, count) in more.not_final {
            *self.not_final.entry(key).or_default() += count;
        }
        for remark in more.remarks {
            let same = |known: &&mut Remark| {
                known.entry.code == remark.entry.code && known.text == remark.text
            };
            match self.remarks.iter_mut().find(same) {
                Some(known) => known.rows += remark.rows,
                None => self.remarks.push(remark),
            }
        }
    }

    /// Widens the covered time.
    pub fn cover(&mut self, start: Instant, end: Instant) {
        self.covers = Some(match self.covers {
            None => (start, end),
            Some((a, b)) => (a.min(start), b.max(end)),
        });
    }
}

/// Takes usage records one by one, so that no row is ever kept.
pub trait UsageSink {
    /// Takes one record. A record that cannot be taken (a conflict, say) is a problem.
    fn take(&mut self, record: &UsageRecord<'_>) -> Result<(), Problem>;

    /// Takes records that were folded before, as one.
    fn take_sum(&mut self, sum: &UsageSum<'_>) -> Result<(), Problem>;

    /// Settles, once at the end of a file, how the records with [`UsageRecord::cached_open`] are
    /// to be read: if `inside`, their `input` includes their cache reads and writes, which are to
    /// be subtracted from it; otherwise they stand as they are. Not called for a file without such
    /// records, nor for one whose convention stays unknown, which is a problem.
    fn settle_cached_inside(&mut self, inside: bool);

    /// Takes, once at the end of a file of spans, what spans of other files may belong to. A trace
    /// that goes on in another file, with usage on both sides, is a problem.
    fn end_of_spans(&mut self, _ends: SpanEnds) -> Vec<Problem> {
        Vec::new()
    }
}

/// The loose ends of a file of spans: hashes of trace and span id.
#[derive(Clone, Debug, Default)]
pub struct SpanEnds {
    /// Spans with usage that counts, or below one, each with the line of that one; 0 if not known.
    /// Usage below them would count again.
    pub under_usage: Vec<(u128, u64)>,
    /// Spans that are not in the file and have usage below them there.
    pub missing: Vec<u128>,
}

/// Takes provider counts one by one, so that no row is ever kept.
pub trait CountSink {
    /// Takes one count.
    fn take(&mut self, count: &ProviderCount<'_>);
}

/// A function that reads a usage file.
pub type ReadUsage = fn(&mut dyn RowSource, &Settings, &mut dyn UsageSink, &mut Problems) -> Tally;
/// A function that reads a bill.
pub type ReadBill = fn(&mut dyn RowSource, &Settings, &mut Vec<Charge>, &mut Problems) -> Tally;
/// A function that reads a provider's usage export.
pub type ReadProviderUsage =
    fn(&mut dyn RowSource, &Settings, &mut dyn CountSink, &mut Problems) -> Tally;
/// A function that reads a revenue file.
pub type ReadRevenue =
    fn(&mut dyn RowSource, &Settings, &mut RevenueRecords, &mut Problems) -> Tally;

/// The function that reads a format.
#[derive(Clone, Copy, Debug)]
pub enum Reader {
    /// Usage, row by row.
    Usage(ReadUsage),
    /// A bill, row by row.
    Bill(ReadBill),
    /// A provider's usage export, row by row.
    ProviderUsage(ReadProviderUsage),
    /// Revenue, row by row.
    Revenue(ReadRevenue),
}

/// One export format.
#[derive(Debug)]
pub struct Format {
    /// The name used in `FORMAT:path` and in reports.
    pub name: &'static str,
    /// What it contributes.
    pub kind: Kind,
    /// The provider whose bill or usage export it is, if every such file is that provider's.
    pub provider: Option<&'static str>,
    /// One line: the export's own name.
    pub title: &'static str,
    /// Columns or keys without which a file is not this format; for messages and the docs.
    pub required: &'static [&'static str],
    /// The page section of `docs/formats.md`: where the user clicks, units, zone, quirks.
    pub page: &'static str,
    /// Whether the sample is this format. Formats are asked in the registry's order.
    pub detect: fn(&Sample<'_>) -> bool,
    /// Reads it.
    pub read: Reader,
}

/// A known export that is of no use here: recognized, so that the message can say so.
#[derive(Debug)]
pub struct KnownUseless {
    /// The export's own name.
    pub title: &'static str,
    /// Whether the sample is this export.
    pub detect: fn(&Sample<'_>) -> bool,
    /// Why it does not help, and what to export instead.
    pub advice: &'static str,
}
