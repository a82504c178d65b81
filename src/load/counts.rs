//! Folding providers' usage exports while they are read: rows become sums by UTC day, provider,
//! model, tier and ids. No row is kept. Refuses files that count the same time twice, and turns
//! counts into usage where no log covers their provider.
//!
//! The rule that must hold: a provider's month has its usage from a log or from its own counts,
//! never from both.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fold::FileFold;
use super::overlap::OnOverlap;
use super::spans::Spans;
use crate::attribution::BillCover;
use crate::formats::CountSink;
use crate::model::counts::{CountCell, CountKey, ProviderCount};
use crate::model::records::Scope;
use crate::model::{
    CellKind, ContextBand, Day, Exact, Instant, Meter, Month, Packed, UsageCell, Zone, names,
};
use crate::problem::{Place, Problem, Problems, catalogue};

/// The counts of one file.
#[derive(Debug)]
pub struct CountFile {
    /// The file.
    pub file: Arc<str>,
    /// The provider, if the format is one provider's own.
    pub provider: Option<&'static str>,
    /// The time it covers, if its rows say.
    pub covers: Option<(Instant, Instant)>,
    zone: Zone,
    cells: BTreeMap<CountKey, BTreeMap<Meter, Exact>>,
    /// What the file has of a provider's UTC day, by kind of export.
    days: BTreeMap<DayOf, OfDay>,
}

/// A file's rows of one day.
#[derive(Debug)]
struct OfDay {
    records: u64,
    /// The first line.
    line: u64,
    /// The time they speak for, which must not stand in two files.
    times: Spans<Instant>,
}

type DayOf = (Arc<str>, &'static str, Day);

/// Records that another file counts too and that were left out.
#[derive(Debug)]
pub struct Superseded {
    /// The file that loses them.
    pub file: Arc<str>,
    /// How many, by day of the report's zone.
    pub days: BTreeMap<Day, u64>,
}

impl CountFile {
    /// Begins a file.
    pub fn new(file: &Arc<str>, provider: Option<&'static str>, zone: Zone) -> CountFile {
        CountFile {
            file: file.clone(),
            provider,
            covers: None,
            zone,
            cells: BTreeMap::new(),
            days: BTreeMap::new(),
        }
    }

    /// The day of the report on which a UTC day counts: as for bills, the one in which it starts.
    fn report_day(&self, utc_day: Day) -> Day {
        self.zone.day(Zone::Utc.start_of(utc_day))
    }

    /// What the file's rows say about days.
    pub fn folded(&self) -> FileFold {
        let mut days = BTreeMap::new();
        for ((_, _, day), of_day) in &self.days {
            *days.entry(self.report_day(*day)).or_default() += of_day.records;
        }
        FileFold {
            days,
            ..FileFold::default()
        }
    }

    /// The time covered, per provider.
    fn cover(&self) -> Vec<BillCover> {
        let mut spans: BTreeMap<&str, (Instant, Instant)> = BTreeMap::new();
        for (provider, _, day) in self.days.keys() {
            let (start, end) = (Zone::Utc.start_of(*day), Zone::Utc.start_of(day.plus(1)));
            let span = spans.entry(provider).or_insert((start, end));
            *span = (span.0.min(start), span.1.max(end));
        }
        if let (Some(provider), Some(covers)) = (self.provider, self.covers) {
            spans.insert(provider, covers);
        }
        let cover = |(provider, (start, end)): (&str, _)| BillCover {
            provider: Some(provider.to_string()),
            start,
            end,
        };
        spans.into_iter().map(cover).collect()
    }

    /// The end of the time that its rows speak for.
    fn end(&self) -> Option<Instant> {
        let ends = self.days.values().filter_map(|day| day.times.end());
        ends.max()
    }
}

impl CountSink for CountFile {
    fn take(&mut self, count: &ProviderCount<'_>) {
        let provider: Arc<str> = names::provider(count.provider).into();
        let utc_day = count.start.utc_day();
        let scope = |(id, dimension): &(&str, &'static str)| Scope {
            namespace: provider.to_string(),
            id: id.trim().to_string(),
            dimension,
        };
        let key = CountKey {
            provider: provider.clone(),
            utc_day,
            report: count.report,
            model: count.model.map(|model| model.trim().into()),
            tier: count.tier.map(|tier| tier.trim().into()),
            band: count.band,
            scopes: count.scopes.iter().map(scope).collect(),
        };
        let cell = self.cells.entry(key).or_default();
        for (meter, quantity) in count.quantities {
            *cell.entry(meter.clone()).or_default() += *quantity;
        }
        if let Some(requests) = count.requests {
            *cell.entry(Meter::Requests).or_default() += requests;
        }
        let day = self.days.entry((provider, count.report, utc_day));
        let day = day.or_insert_with(|| OfDay {
            records: 0,
            line: count.line,
            times: Spans::default(),
        });
        day.records += 1;
        day.times.push(count.spans);
    }
}

/// All counts of a run.
#[derive(Debug, Default)]
pub struct Counts {
    /// The cells, in an order that depends on their content alone.
    pub cells: Vec<CountCell>,
    /// The time the files cover.
    pub covers: Vec<BillCover>,
    /// What was left out for another file.
    pub superseded: Vec<Superseded>,
}

/// The times of a day that a file counts.
type Owned = (Arc<str>, Spans<Instant>);

/// Refuses or resolves files that count the same time, and puts the others together.
pub fn settle(mut files: Vec<CountFile>, on_overlap: OnOverlap, problems: &mut Problems) -> Counts {
    for day in files.iter_mut().flat_map(|file| file.days.values_mut()) {
        day.times.merge();
    }
    // The file that reaches further comes first and wins.
    files.sort_by(|a, b| b.end().cmp(&a.end()).then_with(|| a.file.cmp(&b.file)));
    let mut counts = Counts::default();
    let mut owners: BTreeMap<DayOf, Vec<Owned>> = BTreeMap::new();
    let mut cells: BTreeMap<CountKey, BTreeMap<Meter, Exact>> = BTreeMap::new();
    for mut file in files {
        counts.covers.extend(file.cover());
        let owner = |day: &DayOf, times: &Spans<Instant>| {
            let owners = owners.get(day)?;
            let owner = owners.iter().find(|(_, theirs)| theirs.meets(times))?;
            Some((day.clone(), owner.0.clone()))
        };
        let days = file.days.iter();
        let twice: BTreeMap<DayOf, Arc<str>> = days
            .filter_map(|(day, of_day)| owner(day, &of_day.times))
            .collect();
        if let Some(other) = twice.values().next() {
            match on_overlap {
                OnOverlap::Error => problems.push(refuse(&file, other, &twice)),
                OnOverlap::Latest => counts.superseded.push(leave_out(&mut file, &twice)),
            }
        }
        for (day, of_day) in file.days {
            let owner = (file.file.clone(), of_day.times);
            owners.entry(day).or_default().push(owner);
        }
        for (key, quantities) in file.cells {
            let cell = cells.entry(key).or_default();
            for (meter, quantity) in quantities {
                *cell.entry(meter).or_default() += quantity;
            }
        }
    }
    let cell = |(key, quantities): (CountKey, BTreeMap<Meter, Exact>)| CountCell {
        key,
        quantities: quantities.into_iter().collect(),
    };
    counts.cells = cells.into_iter().map(cell).collect();
    counts
}

fn refuse(file: &CountFile, other: &Arc<str>, twice: &BTreeMap<DayOf, Arc<str>>) -> Problem {
    let days = || twice.keys().map(|(_, _, day)| *day);
    let days = match (days().min(), days().max()) {
        (Some(from), Some(to)) if from != to => format!("{from} to {to}"),
        (Some(day), _) => day.to_string(),
        _ => String::new(),
    };
    let message = format!("counts {days} again, which {other} counts too");
    let lines = twice
        .keys()
        .filter_map(|day| Some(file.days.get(day)?.line));
    Problem::new(&catalogue::OVERLAP, message)
        .at(Place::line(&file.file, lines.min().unwrap_or(1)))
        .help("leave one of them out, or say --on-overlap latest to keep the file that reaches further")
}

/// Takes days out of a file.
fn leave_out(file: &mut CountFile, twice: &BTreeMap<DayOf, Arc<str>>) -> Superseded {
    file.cells.retain(|key, _| {
        let day = (key.provider.clone(), key.report, key.utc_day);
        !twice.contains_key(&day)
    });
    let mut days = BTreeMap::new();
    for day in twice.keys() {
        if let Some(of_day) = file.days.remove(day) {
            *days.entry(file.report_day(day.2)).or_default() += of_day.records;
        }
    }
    Superseded {
        file: file.file.clone(),
        days,
    }
}

/// The counts of providers that no log covers in a month, as usage whose ids are the provider's.
/// `log` is the usage of all logs, `dimensions` how many extra dimensions its cells carry.
pub fn as_usage(
    counts: &[CountCell],
    log: &[UsageCell],
    zone: Zone,
    dimensions: usize,
) -> Vec<UsageCell> {
    if counts.is_empty() {
        return Vec::new();
    }
    let logged = Logged::of(log);
    counts
        .iter()
        .filter(|cell| !logged.covers(&cell.key))
        .map(|cell| usage(cell, zone, dimensions))
        .collect()
}

/// The months that logs cover, by provider; `None` where their rows name none.
struct Logged<'a>(BTreeMap<Option<&'a str>, (Month, Month)>);

impl<'a> Logged<'a> {
    fn of(log: &'a [UsageCell]) -> Logged<'a> {
        let mut months: BTreeMap<Option<&str>, (Month, Month)> = BTreeMap::new();
        for cell in log {
            let month = cell.utc_day.month();
            let span = months
                .entry(cell.provider.as_deref())
                .or_insert((month, month));
            *span = (span.0.min(month), span.1.max(month));
        }
        Logged(months)
    }

    /// A log that names no provider may be any provider's: the other reading would count twice.
    fn covers(&self, key: &CountKey) -> bool {
        let month = key.utc_day.month();
        [Some(&*key.provider), None].iter().any(|provider| {
            let span = self.0.get(provider);
            span.is_some_and(|(first, last)| *first <= month && month <= *last)
        })
    }
}

fn usage(cell: &CountCell, zone: Zone, dimensions: usize) -> UsageCell {
    let key = &cell.key;
    let tokens = cell
        .quantities
        .iter()
        .filter(|(meter, _)| *meter != Meter::Requests);
    let kind = CellKind {
        scopes: Some(key.scopes.clone()),
        feature: None,
        provider: Some(key.provider.clone()),
        model: key.model.clone(),
        tier: key.tier.clone(),
        band: key.band.unwrap_or(ContextBand::BASE),
        dimensions: vec![None; dimensions],
        aggregated: key.band.is_none(),
    };
    UsageCell {
        utc_day: key.utc_day,
        day: zone.day(Zone::Utc.start_of(key.utc_day)),
        source: None,
        kind: Arc::new(kind),
        quantities: tokens
            .map(|(meter, quantity)| (meter.clone(), Packed::from(*quantity)))
            .collect(),
        requests: cell.quantity(&Meter::Requests).into(),
        aside: None,
    }
}
