//! Bills that cover the same money: the same provider, line and day in two files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::attribution::BillCover;
use crate::model::records::{Charge, ChargeMeter, Scope};
use crate::model::{Day, Exact, Instant};
use crate::problem::{Place, Problem, Problems, catalogue};

/// What to do about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnOverlap {
    /// Refuse.
    #[default]
    Error,
    /// Keep the file that reaches further, for the days that both have.
    Latest,
}

/// One bill file.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The file.
    pub file: Arc<str>,
    /// The provider, if the format is one provider's own.
    pub provider: Option<&'static str>,
    /// Its charges.
    pub charges: Vec<Charge>,
    /// How many rows they stand on.
    pub rows: u64,
    /// The time it covers, if its rows say.
    pub covers: Option<(Instant, Instant)>,
}

impl Bill {
    /// The time covered, per provider of its charges.
    pub fn cover(&self) -> Vec<BillCover> {
        let mut spans: BTreeMap<Option<String>, (Instant, Instant)> = BTreeMap::new();
        for charge in &self.charges {
            let span = spans
                .entry(charge.provider.clone())
                .or_insert((charge.start, charge.end));
            *span = (span.0.min(charge.start), span.1.max(charge.end));
        }
        // Empty days belong to the provider whose file this is, even if every day is empty.
        if let (Some(provider), Some(covers)) = (self.provider, self.covers) {
            spans.entry(Some(provider.to_string())).or_insert(covers);
        }
        if let Some((from, to)) = self.covers
            && spans.len() == 1
        {
            for span in spans.values_mut() {
                *span = (span.0.min(from), span.1.max(to));
            }
        }
        spans
            .into_iter()
            .map(|(provider, (start, end))| BillCover {
                provider,
                start,
                end,
            })
            .collect()
    }

    fn end(&self) -> Option<Instant> {
        self.charges.iter().map(|charge| charge.end).max()
    }
}

/// What makes two charges the same line of a bill.
type Line<'a> = (
    Option<&'a str>,
    &'a ChargeMeter,
    Option<&'a str>,
    &'a [Scope],
    &'a str,
);

fn line(charge: &Charge) -> Line<'_> {
    (
        charge.model.as_deref(),
        &charge.meter,
        charge.tier.as_deref(),
        &charge.scopes,
        &charge.item,
    )
}

/// A charge that sums up everything of its provider and day.
fn is_whole(charge: &Charge) -> bool {
    charge.model.is_none() && charge.meter == ChargeMeter::All && charge.scopes.is_empty()
}

/// An order of charges that depends on their content alone.
pub fn order(charge: &Charge) -> impl Ord + '_ {
    (
        charge.provider.as_deref(),
        charge.start,
        charge.end,
        line(charge),
        charge.kind,
        charge.amount,
        charge.quantity,
    )
}

/// Charges of a file that another file bills too and that were left out.
#[derive(Clone, Debug)]
pub struct Superseded {
    /// The file that loses them.
    pub file: Arc<str>,
    /// How many charges.
    pub charges: u64,
    /// Rows of the file of which no charge is left.
    pub rows: u64,
    /// Their sum.
    pub amount: Exact,
}

/// Finds overlaps between files, and refuses or resolves them. What is left out is told.
pub fn settle(
    mut bills: Vec<Bill>,
    on_overlap: OnOverlap,
    problems: &mut Problems,
) -> (Vec<Bill>, Vec<Superseded>) {
    // The file that reaches further comes first and wins.
    bills.sort_by(|a, b| b.end().cmp(&a.end()).then_with(|| a.file.cmp(&b.file)));
    let mut kept: Vec<Bill> = Vec::new();
    let mut superseded = Vec::new();
    for mut bill in bills {
        for other in &kept {
            let lines = Lines::of(other);
            let again = |charge: &Charge| lines.bill(charge);
            let Some(first) = bill.charges.iter().find(|charge| again(charge)) else {
                continue;
            };
            match on_overlap {
                OnOverlap::Error => problems.push(refuse(other, &bill, first, &again)),
                OnOverlap::Latest => {
                    let (out, left): (Vec<_>, Vec<_>) = std::mem::take(&mut bill.charges)
                        .into_iter()
                        .partition(&again);
                    bill.charges = left;
                    let rows = rows_gone(&bill, &out);
                    bill.rows -= rows;
                    superseded.push(Superseded {
                        file: bill.file.clone(),
                        charges: out.len() as u64,
                        rows,
                        amount: out.iter().map(|charge| charge.amount).sum(),
                    });
                }
            }
        }
        kept.push(bill);
    }
    (kept, superseded)
}

/// Rows of which no charge is left once these are out.
fn rows_gone(bill: &Bill, out: &[Charge]) -> u64 {
    let charges = out.len() + bill.charges.len();
    if charges as u64 <= bill.rows {
        // A charge is a row, though a document may have all of them on one line.
        return out.len() as u64;
    }
    let lines = |charges: &[Charge]| -> BTreeSet<u64> {
        charges.iter().map(|charge| charge.origin.line).collect()
    };
    lines(out).difference(&lines(&bill.charges)).count() as u64
}

/// The lines of a bill by provider and day.
struct Lines<'a> {
    days: BTreeMap<(Option<&'a str>, Day), DayLines<'a>>,
}

#[derive(Default)]
struct DayLines<'a> {
    lines: BTreeSet<Line<'a>>,
    has_whole: bool,
}

impl<'a> Lines<'a> {
    fn of(bill: &'a Bill) -> Lines<'a> {
        let mut days: BTreeMap<(Option<&str>, Day), DayLines<'_>> = BTreeMap::new();
        for charge in &bill.charges {
            let key = (charge.provider.as_deref(), charge.start.utc_day());
            let day = days.entry(key).or_default();
            day.lines.insert(line(charge));
            day.has_whole |= is_whole(charge);
        }
        Lines { days }
    }

    /// Whether the bill has this charge's line on its day, or one of the two sums up the day.
    fn bill(&self, charge: &Charge) -> bool {
        let key = (charge.provider.as_deref(), charge.start.utc_day());
        self.days.get(&key).is_some_and(|day| {
            day.has_whole || is_whole(charge) || day.lines.contains(&line(charge))
        })
    }
}

fn refuse(kept: &Bill, bill: &Bill, first: &Charge, again: &dyn Fn(&Charge) -> bool) -> Problem {
    let twice = || bill.charges.iter().filter(|charge| again(charge));
    let days = twice().map(|charge| charge.start.utc_day());
    let (from, to) = (days.clone().min(), days.max());
    let days = match (from, to) {
        (Some(from), Some(to)) if from != to => format!("{from} to {to}"),
        (Some(day), _) => day.to_string(),
        _ => String::new(),
    };
    let amount: Exact = twice().map(|charge| charge.amount).sum();
    let message = format!(
        "bills {days} again, which {} bills too: {amount} would count twice",
        kept.file
    );
    Problem::new(&catalogue::OVERLAP, message)
        .at(Place::line(&bill.file, first.origin.line))
        .help("leave one of them out, or say --on-overlap latest to keep the file that reaches further")
}
