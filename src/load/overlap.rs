//! Bills that cover the same money: the same provider, line and day in two files.

use std::collections::BTreeMap;
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

/// Finds overlaps between files, and refuses or resolves them.
pub fn settle(mut bills: Vec<Bill>, on_overlap: OnOverlap, problems: &mut Problems) -> Vec<Bill> {
    // The file that reaches further comes first and wins.
    bills.sort_by(|a, b| b.end().cmp(&a.end()).then_with(|| a.file.cmp(&b.file)));
    let mut kept: Vec<Bill> = Vec::new();
    for mut bill in bills {
        for other in &kept {
            let Some(overlap) = overlap(other, &bill) else {
                continue;
            };
            match on_overlap {
                OnOverlap::Latest => bill.charges.retain(|charge| !overlap.covers(charge)),
                OnOverlap::Error => problems.push(overlap.problem(other, &bill)),
            }
        }
        kept.push(bill);
    }
    kept
}

/// Days and money that two files both have.
struct Overlap {
    days: BTreeMap<(Option<String>, Day), ()>,
    amount: Exact,
    first: Day,
    last: Day,
    line: u64,
}

impl Overlap {
    fn covers(&self, charge: &Charge) -> bool {
        self.days
            .contains_key(&(charge.provider.clone(), charge.start.utc_day()))
    }

    fn problem(&self, kept: &Bill, bill: &Bill) -> Problem {
        let days = if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{} to {}", self.first, self.last)
        };
        Problem::new(
            &catalogue::OVERLAP,
            format!("bills {} again, which {} bills too: {} would count twice", days, kept.file, self.amount),
        )
        .at(Place::line(&bill.file, self.line))
        .help("leave one of them out, or say --on-overlap latest to keep the file that reaches further")
    }
}

fn overlap(kept: &Bill, bill: &Bill) -> Option<Overlap> {
    let mut by_day: BTreeMap<(Option<&str>, Day), Vec<&Charge>> = BTreeMap::new();
    for charge in &kept.charges {
        by_day
            .entry((charge.provider.as_deref(), charge.start.utc_day()))
            .or_default()
            .push(charge);
    }
    let mut found: Option<Overlap> = None;
    for charge in &bill.charges {
        let day = charge.start.utc_day();
        let Some(others) = by_day.get(&(charge.provider.as_deref(), day)) else {
            continue;
        };
        let same = others
            .iter()
            .any(|other| line(other) == line(charge) || is_whole(other) || is_whole(charge));
        if !same {
            continue;
        }
        let overlap = found.get_or_insert_with(|| Overlap {
            days: BTreeMap::new(),
            amount: Exact::ZERO,
            first: day,
            last: day,
            line: charge.origin.line,
        });
        overlap.days.insert((charge.provider.clone(), day), ());
        overlap.amount += charge.amount;
        overlap.first = overlap.first.min(day);
        overlap.last = overlap.last.max(day);
    }
    found
}
