//! Folding a usage log while it is read: rows become sums by day, customer, feature, provider,
//! model and tier. No row is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::repeats::{OnConflict, Repeats, Seen};
use crate::formats::UsageSink;
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{ContextBand, Currency, Day, Exact, Meter, UsageCell, Zone, names};
use crate::problem::Problem;

type Fixed = foldhash::fast::FixedState;

/// The group of a record; texts as symbols, 0 for none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Group {
    utc_day: Day,
    day: Day,
    source: u32,
    feature: u32,
    provider: u32,
    model: u32,
    tier: u32,
    band: ContextBand,
    /// The band if cached tokens turn out to stand beside the input.
    other_band: ContextBand,
    /// Whether the file has yet to tell if its input includes cached tokens.
    open: bool,
    dimensions: Vec<u32>,
}

/// What is summed in a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    quantities: Vec<(Meter, Exact)>,
    requests: Exact,
    failed: Exact,
    gateway_cached: Exact,
    reported: Exact,
    currency: Option<Currency>,
    unreported: bool,
    aggregated: bool,
}

/// The fold of all usage files.
pub struct Fold {
    zone: Zone,
    symbols: HashMap<Arc<str>, u32, Fixed>,
    texts: Vec<Arc<str>>,
    groups: HashMap<Group, Sums, Fixed>,
    repeats: Repeats<(GroupKey, Sums)>,
    file: u32,
    /// Rows of the current file by day of the report's zone.
    days: BTreeMap<Day, u64>,
    duplicates: u64,
    without_id: u64,
    /// Currencies of the log's own costs.
    currencies: BTreeMap<Currency, (Arc<str>, u64)>,
    files: Vec<Arc<str>>,
}

/// A group, boxed for the records that wait for the end.
type GroupKey = Box<Group>;

/// What the fold learned of one file.
#[derive(Clone, Debug, Default)]
pub struct FileFold {
    /// Records by day of the report's zone, repeats left out.
    pub days: BTreeMap<Day, u64>,
    /// Exact repeats.
    pub duplicates: u64,
    /// Records without a request id.
    pub without_id: u64,
}

impl Fold {
    /// Starts empty.
    pub fn new(zone: Zone, on_conflict: OnConflict) -> Fold {
        Fold {
            zone,
            symbols: HashMap::with_hasher(Fixed::default()),
            texts: vec!["".into()],
            groups: HashMap::with_hasher(Fixed::default()),
            repeats: Repeats::new(on_conflict),
            file: 0,
            days: BTreeMap::new(),
            duplicates: 0,
            without_id: 0,
            currencies: BTreeMap::new(),
            files: Vec::new(),
        }
    }

    /// Begins a file.
    pub fn begin(&mut self, file: &Arc<str>) {
        self.file = self.files.len() as u32;
        self.files.push(file.clone());
        self.days.clear();
        self.duplicates = 0;
        self.without_id = 0;
    }

    /// Ends a file.
    pub fn end(&mut self) -> FileFold {
        FileFold {
            days: std::mem::take(&mut self.days),
            duplicates: self.duplicates,
            without_id: self.without_id,
        }
    }

    /// Currencies of the log's own costs, each with the place where it was first seen.
    pub fn currencies(&self) -> &BTreeMap<Currency, (Arc<str>, u64)> {
        &self.currencies
    }

    /// The cells, in an order that depends on their content alone.
    pub fn finish(mut self) -> Vec<UsageCell> {
        for (group, sums) in self.repeats.take_winners() {
            add(&mut self.groups, *group, &sums);
        }
        let texts = &self.texts;
        let text = |symbol: u32| (symbol != 0).then(|| texts[symbol as usize].clone());
        let mut cells: Vec<UsageCell> = self
            .groups
            .into_iter()
            .map(|(group, mut sums)| {
                assert!(!group.open, "a file's token convention was never settled");
                sums.quantities.sort_by(|a, b| a.0.cmp(&b.0));
                UsageCell {
                    utc_day: group.utc_day,
                    day: group.day,
                    source: text(group.source),
                    feature: text(group.feature),
                    provider: text(group.provider),
                    model: text(group.model),
                    tier: text(group.tier),
                    band: group.band,
                    dimensions: group
                        .dimensions
                        .iter()
                        .map(|symbol| text(*symbol))
                        .collect(),
                    quantities: sums.quantities,
                    requests: sums.requests,
                    failed: sums.failed,
                    gateway_cached: sums.gateway_cached,
                    reported: match (sums.currency, sums.unreported) {
                        (Some(currency), false) => Some((sums.reported, currency)),
                        _ => None,
                    },
                    aggregated: sums.aggregated,
                }
            })
            .collect();
        cells.sort_by(|a, b| {
            let key = |cell: &UsageCell| {
                (
                    cell.utc_day,
                    cell.day,
                    cell.source.clone(),
                    cell.feature.clone(),
                    cell.provider.clone(),
                    cell.model.clone(),
                    cell.tier.clone(),
                    cell.band,
                    cell.dimensions.clone(),
                )
            };
            key(a).cmp(&key(b))
        });
        cells
    }

    fn symbol(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return 0;
        };
        if let Some(symbol) = self.symbols.get(text) {
            return *symbol;
        }
        let symbol = self.texts.len() as u32;
        let text: Arc<str> = text.into();
        self.texts.push(text.clone());
        self.symbols.insert(text, symbol);
        symbol
    }

    fn group(&mut self, record: &UsageRecord<'_>) -> Group {
        let provider = match record.provider {
            Some(name) => Some(names::provider(name)),
            None => record.model.and_then(names::vendor_of).map(str::to_string),
        };
        let (band, other_band) = bands(record);
        Group {
            utc_day: record.instant.utc_day(),
            day: self.zone.day(record.instant),
            source: self.symbol(record.source),
            feature: self.symbol(record.feature),
            provider: self.symbol(provider.as_deref()),
            model: self.symbol(record.model),
            tier: self.symbol(record.tier),
            band,
            other_band,
            open: record.cached_open,
            dimensions: record
                .dimensions
                .iter()
                .map(|text| self.symbol(*text))
                .collect(),
        }
    }
}

/// The context band of a record, and the one it has if cached tokens stand beside the input.
fn bands(record: &UsageRecord<'_>) -> (ContextBand, ContextBand) {
    if !record.single_request {
        return (ContextBand::BASE, ContextBand::BASE);
    }
    let mut all = Exact::ZERO;
    let mut input = Exact::ZERO;
    for (meter, quantity) in record.quantities {
        if meter.is_input_token() {
            all += *quantity;
        }
        if *meter == Meter::Input {
            input = *quantity;
        }
    }
    let beside = ContextBand::of(&all);
    if record.cached_open {
        (ContextBand::of(&input), beside)
    } else {
        (beside, beside)
    }
}

fn sums(record: &UsageRecord<'_>) -> Sums {
    let count = |outcome| {
        if record.outcome == outcome {
            record.requests
        } else {
            Exact::ZERO
        }
    };
    Sums {
        quantities: record.quantities.to_vec(),
        requests: count(Outcome::Served),
        failed: count(Outcome::Failed),
        gateway_cached: count(Outcome::GatewayCached),
        reported: record
            .reported_cost
            .map_or(Exact::ZERO, |(amount, _)| amount),
        currency: record.reported_cost.map(|(_, currency)| currency),
        unreported: record.reported_cost.is_none(),
        aggregated: !record.single_request,
    }
}

fn add(groups: &mut HashMap<Group, Sums, Fixed>, group: Group, more: &Sums) {
    let sums = groups.entry(group).or_default();
    for (meter, quantity) in &more.quantities {
        match sums.quantities.iter_mut().find(|(found, _)| found == meter) {
            Some((_, sum)) => *sum += *quantity,
            None => sums.quantities.push((meter.clone(), *quantity)),
        }
    }
    sums.requests += more.requests;
    sums.failed += more.failed;
    sums.gateway_cached += more.gateway_cached;
    sums.reported += more.reported;
    sums.currency = sums.currency.or(more.currency);
    sums.unreported |= more.unreported;
    sums.aggregated |= more.aggregated;
}

/// Settles one open group: where cached tokens are inside the input, takes them out.
fn settle(group: &mut Group, sums: &mut Sums, inside: bool) {
    group.open = false;
    if !inside {
        group.band = group.other_band;
        return;
    }
    group.other_band = group.band;
    let cached: Exact = sums
        .quantities
        .iter()
        .filter(|(meter, _)| {
            matches!(
                meter,
                Meter::CacheRead | Meter::CacheWrite5m | Meter::CacheWrite1h
            )
        })
        .map(|(_, quantity)| *quantity)
        .sum();
    if let Some((_, input)) = sums
        .quantities
        .iter_mut()
        .find(|(meter, _)| *meter == Meter::Input)
    {
        *input -= cached;
        assert!(
            !input.is_negative(),
            "a reader let cached tokens exceed the input that includes them"
        );
    }
}

impl UsageSink for Fold {
    fn take(&mut self, record: &UsageRecord<'_>) -> Result<(), Problem> {
        if let Some((_, currency)) = record.reported_cost
            && !self.currencies.contains_key(&currency)
        {
            let file = self.files[self.file as usize].clone();
            self.currencies.insert(currency, (file, record.line));
        }
        let group = self.group(record);
        let day = group.day;
        match record.request_id {
            None => {
                self.without_id += 1;
                add(&mut self.groups, group, &sums(record));
            }
            Some(id) => {
                let place = (self.file, record.line);
                match self.repeats.see(id, record, place, &self.files)? {
                    Seen::New => add(&mut self.groups, group, &sums(record)),
                    Seen::Repeat => {
                        self.duplicates += 1;
                        return Ok(());
                    }
                    Seen::Held(slot) => self.repeats.hold(slot, (Box::new(group), sums(record))),
                    Seen::Beaten => {
                        self.duplicates += 1;
                        return Ok(());
                    }
                    Seen::Beats(slot) => {
                        self.duplicates += 1;
                        self.repeats.hold(slot, (Box::new(group), sums(record)));
                        return Ok(());
                    }
                }
            }
        }
        *self.days.entry(day).or_default() += 1;
        Ok(())
    }

    fn settle_cached_inside(&mut self, inside: bool) {
        let open: Vec<Group> = self
            .groups
            .keys()
            .filter(|group| group.open)
            .cloned()
            .collect();
        for mut group in open {
            let Some(mut sums) = self.groups.remove(&group) else {
                continue;
            };
            settle(&mut group, &mut sums, inside);
            add(&mut self.groups, group, &sums);
        }
        self.repeats.each_held(|(group, sums)| {
            if group.open {
                settle(group, sums, inside);
            }
        });
    }
}
