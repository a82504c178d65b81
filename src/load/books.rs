//! What the files hold, once they are read: the books, and what became of each file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Choices, counts};
use crate::attribution::BillCover;
use crate::formats::{Kind, RevenueRecords};
use crate::identity::Mapping;
use crate::model::counts::CountCell;
use crate::model::rates::RateRow;
use crate::model::receipt::InputReceipt;
use crate::model::records::Charge;
use crate::model::{Currency, Day, Instant, Period, UsageCell, Zone};
use crate::problem::{Note, catalogue};

/// One file that was read.
#[derive(Clone, Debug)]
pub struct FileRead {
    /// Its format.
    pub format: &'static str,
    /// What it contributes; `None` for the mapping file and rates.
    pub kind: Option<Kind>,
    pub(super) receipt: InputReceipt,
    /// Usage records by day.
    pub(super) days: BTreeMap<Day, u64>,
    /// The time covered, if the rows say.
    pub(super) covers: Option<(Instant, Instant)>,
}

/// Everything the files hold.
#[derive(Debug, Default)]
pub struct Books {
    /// The folded log. The counts of providers that no log covers are at its end.
    pub usage: Vec<UsageCell>,
    /// Every charge of every bill.
    pub charges: Vec<Charge>,
    /// The time the bills cover.
    pub covers: Vec<BillCover>,
    /// Charges that their provider may still change, by provider and the UTC day on which they begin.
    pub not_final: BTreeMap<(&'static str, Day), u64>,
    /// What providers count themselves.
    pub counts: Vec<CountCell>,
    /// The time that providers' counts cover.
    pub count_covers: Vec<BillCover>,
    /// The billing system's records.
    pub records: RevenueRecords,
    /// The mapping file.
    pub mapping: Option<Mapping>,
    /// Dated exchange rates.
    pub rates: Vec<RateRow>,
    /// The files, in the order given.
    pub files: Vec<FileRead>,
    /// Currencies of costs that the logs state, each with a place.
    pub log_currencies: BTreeMap<Currency, (Arc<str>, u64)>,
    /// Remarks of the readers.
    pub notes: Vec<Note>,
}

impl Books {
    /// Which kinds of files there are.
    pub fn has(&self, kind: Kind) -> bool {
        self.files.iter().any(|file| file.kind == Some(kind))
    }

    /// Makes usage of the counts of providers that no log covers.
    pub(super) fn count_as_usage(&mut self, choices: &Choices) {
        let dimensions = choices.dimensions.len();
        let usage = counts::as_usage(&self.counts, &self.usage, choices.zone, dimensions);
        let providers: BTreeSet<&str> = usage
            .iter()
            .filter_map(|cell| cell.provider.as_deref())
            .collect();
        if !providers.is_empty() {
            let names: Vec<&str> = providers.into_iter().collect();
            let text = format!(
                "no log covers {}: its usage export stands for one, by projects, keys and users",
                names.join(", ")
            );
            self.notes.push(Note::new(&catalogue::COUNTED_USAGE, text));
        }
        self.usage.extend(usage);
    }

    /// The receipts of the files for a report of this period.
    pub fn receipts(&self, period: Period, zone: Zone) -> Vec<InputReceipt> {
        let outside = self.rows_outside(period, zone);
        self.files
            .iter()
            .map(|file| {
                let mut receipt = file.receipt.clone();
                let days = file.days.iter().filter(|(day, _)| !period.contains(**day));
                let count = days.map(|(_, rows)| *rows).sum::<u64>()
                    + outside.get(receipt.path.as_str()).copied().unwrap_or(0);
                receipt.rows.used -= count;
                receipt.rows.out_of_period = count;
                if let Some((from, to)) = file.span(zone) {
                    receipt.covers_from = Some(from.to_string());
                    receipt.covers_to = Some(to.to_string());
                }
                assert!(
                    receipt.rows.balance(),
                    "rows of {} are not all accounted for",
                    receipt.path
                );
                receipt
            })
            .collect()
    }

    /// Rows of bills of which no charge lies in the period, by file.
    fn rows_outside(&self, period: Period, zone: Zone) -> BTreeMap<&str, u64> {
        let mut files: BTreeMap<&str, (BTreeMap<u64, bool>, u64, u64)> = BTreeMap::new();
        for charge in &self.charges {
            let (first, last) = (zone.day(charge.start), zone.day(Instant(charge.end.0 - 1)));
            // A UTC day counts where it starts.
            let one_day = charge.end.0 - charge.start.0 <= 86_400_000_000;
            let inside = match one_day {
                true => period.contains(first),
                false => last >= period.start && first < period.end,
            };
            let (lines, all, outside) = files.entry(&charge.origin.file).or_default();
            *lines.entry(charge.origin.line).or_insert(false) |= inside;
            *all += 1;
            *outside += u64::from(!inside);
        }
        let count = |(file, (lines, all, outside)): (_, (BTreeMap<u64, bool>, u64, u64))| {
            let used = |read: &FileRead| read.receipt.rows.used;
            let used = self.files.iter().find(|read| read.path() == file).map(used);
            // More charges than rows: a row holds several. Else a charge is a row, though a document
            // may have all of them on one line.
            let rows = match used.is_some_and(|used| all > used) {
                true => lines.values().filter(|inside| !**inside).count() as u64,
                false => outside,
            };
            (file, rows)
        };
        files.into_iter().map(count).collect()
    }

    /// The months that the bills cover, by their UTC days; without bills those of the usage; without
    /// usage those of the revenue.
    pub fn default_period(&self, zone: Zone) -> Option<Period> {
        let bills: Vec<(Day, Day)> = self
            .covers
            .iter()
            .map(|cover| (cover.start.utc_day(), Instant(cover.end.0 - 1).utc_day()))
            .collect();
        let usage = || {
            let days = self.usage.iter().map(|cell| (cell.day, cell.day));
            days.collect::<Vec<_>>()
        };
        let revenue = || {
            let invoices = self.records.invoices.iter().map(|i| zone.day(i.date));
            let payments = self.records.payments.iter().map(|p| zone.day(p.created));
            let lines = self.records.lines.iter().filter_map(|line| line.service);
            let lines = lines.map(|(start, _)| zone.day(start));
            let balance = self.records.balance.iter().map(|b| zone.day(b.at));
            let entries = self.records.recognized.iter();
            let entries = entries.map(|entry| zone.start_of(entry.period.0.utc_day()));
            invoices
                .chain(payments)
                .chain(lines)
                .chain(balance)
                .chain(entries.map(|at| zone.day(at)))
                .map(|day| (day, day))
                .collect::<Vec<_>>()
        };
        let spans = match bills.is_empty() {
            false => bills,
            true => Some(usage())
                .filter(|days| !days.is_empty())
                .unwrap_or_else(revenue),
        };
        let first = spans.iter().map(|(first, _)| *first).min()?;
        let last = spans.iter().map(|(_, last)| *last).max()?;
        Some(Period {
            start: first.month().first_day(),
            end: last.month().plus(1).first_day(),
        })
    }
}

impl FileRead {
    /// First and last day covered.
    pub fn span(&self, zone: Zone) -> Option<(Day, Day)> {
        if let Some((from, to)) = self.covers {
            return Some((zone.day(from), zone.day(Instant((to.0 - 1).max(from.0)))));
        }
        let first = self.days.keys().next()?;
        let last = self.days.keys().next_back()?;
        Some((*first, *last))
    }

    /// The file as the user named it.
    pub fn path(&self) -> &str {
        &self.receipt.path
    }

    /// Rows that became records.
    pub fn rows(&self) -> u64 {
        self.receipt.rows.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::receipt::RowCounts;
    use crate::model::records::{ChargeKind, ChargeMeter, Origin};
    use crate::model::{Exact, Month};

    fn charge(day: &str, line: u64) -> Charge {
        let day = Day::parse(day).unwrap();
        Charge {
            provider: None,
            start: Zone::Utc.start_of(day),
            end: Zone::Utc.start_of(day.plus(1)),
            amount: Exact::ONE,
            written_places: 0,
            currency: Currency::USD,
            scopes: Vec::new(),
            model: None,
            meter: ChargeMeter::All,
            tier: None,
            kind: ChargeKind::Usage,
            quantity: None,
            item: String::new(),
            origin: Origin {
                file: "bill.csv".into(),
                line,
            },
        }
    }

    /// Rows used and rows outside October of a file with so many rows.
    fn october(rows: u64, charges: Vec<Charge>) -> (u64, u64) {
        let receipt = InputReceipt {
            path: "bill.csv".into(),
            format: String::new(),
            sha256: String::new(),
            bytes: 0,
            rows: RowCounts {
                read: rows,
                used: rows,
                ..RowCounts::default()
            },
            covers_from: None,
            covers_to: None,
        };
        let books = Books {
            charges,
            files: vec![FileRead {
                format: "cost-table",
                kind: Some(Kind::Bill),
                receipt,
                days: BTreeMap::new(),
                covers: None,
            }],
            ..Books::default()
        };
        let period = Period::month(Month::parse("2026-10").unwrap());
        let rows = &books.receipts(period, Zone::Utc)[0].rows;
        (rows.used, rows.out_of_period)
    }

    #[test]
    fn a_row_of_several_charges_is_one_row() {
        let row = |days: &[&str]| days.iter().map(|day| charge(day, 2)).collect();
        assert_eq!(october(1, row(&["2026-10-31", "2026-11-01"])), (1, 0));
        assert_eq!(october(1, row(&["2026-11-01", "2026-11-02"])), (0, 1));
        // A document may have all of its rows on one line.
        assert_eq!(october(2, row(&["2026-10-31", "2026-11-01"])), (1, 1));
    }
}
