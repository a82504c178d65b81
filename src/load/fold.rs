//! Folding a usage log while it is read: rows become sums by day, customer, feature, provider,
//! model and tier. No row is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;

use super::Choices;
use super::overlap::OnOverlap;
use super::repeats::{LogFile, Repeats, Seen};
use super::sums::{Group, Groups, Sums};
use crate::formats::UsageSink;
use crate::model::records::UsageRecord;
use crate::model::{ContextBand, Currency, Day, Exact, Meter, UsageCell, Zone, names};
use crate::problem::Problem;

type Fixed = foldhash::fast::FixedState;

/// The fold of all usage files.
pub struct Fold {
    zone: Zone,
    /// Whether features are told apart.
    features: bool,
    symbols: HashMap<Arc<str>, u32, Fixed>,
    texts: Vec<Arc<str>>,
    /// Symbols of the folded providers, by their spelling in the log.
    providers: HashMap<Box<str>, u32, Fixed>,
    /// Symbols of the vendors of models, by the model's symbol.
    vendors: HashMap<u32, u32, Fixed>,
    groups: Groups,
    /// The group of the record at hand, kept so that nothing is allocated per record.
    group: Group,
    repeats: Repeats<(GroupKey, Sums)>,
    file: u32,
    /// Whether files are told apart until the end, so that what two logs share can be taken out.
    by_file: bool,
    /// Rows of the current file by day of the report's zone.
    days: BTreeMap<Day, u64>,
    duplicates: u64,
    without_id: u64,
    /// Currencies of the log's own costs.
    currencies: BTreeMap<Currency, (Arc<str>, u64)>,
    files: Vec<LogFile>,
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
    /// Starts empty. Under [`OnOverlap::Latest`] the groups of files stay apart until the end.
    pub fn new(choices: &Choices) -> Fold {
        let (on_conflict, on_overlap) = (choices.on_conflict, choices.on_overlap);
        Fold {
            zone: choices.zone,
            features: choices.features,
            symbols: HashMap::with_hasher(Fixed::default()),
            texts: vec!["".into()],
            providers: HashMap::with_hasher(Fixed::default()),
            vendors: HashMap::with_hasher(Fixed::default()),
            groups: Groups::default(),
            group: Group::blank(),
            repeats: Repeats::new(on_conflict, on_overlap),
            file: 0,
            by_file: on_overlap == OnOverlap::Latest,
            days: BTreeMap::new(),
            duplicates: 0,
            without_id: 0,
            currencies: BTreeMap::new(),
            files: Vec::new(),
        }
    }

    /// Begins a file.
    pub fn begin(&mut self, file: &Arc<str>, format: &'static str) {
        self.file = self.files.len() as u32;
        self.files.push(LogFile {
            name: file.clone(),
            format,
        });
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

    /// Repeats in the current file so far.
    pub fn dropped(&self) -> u64 {
        self.duplicates
    }

    /// The day of the report on which a record counts.
    pub fn day_of(&self, record: &UsageRecord<'_>) -> Day {
        self.zone.day(record.instant)
    }

    /// The calls that the logs of two tools share by their ids.
    pub fn shared(&self) -> Vec<Problem> {
        self.repeats.shared(&self.files)
    }

    /// Takes out what another log has too: UTC days and models of a file, which is the one that
    /// began as this number. Files must have been told apart.
    pub fn take_out(&mut self, file: usize, twice: &BTreeSet<(Day, Box<str>)>) {
        let texts = &self.texts;
        self.groups.retain(|group| {
            let model = texts[group.model as usize].as_ref();
            group.file as usize != file || !twice.contains(&(group.utc_day, model.into()))
        });
    }

    /// The cells, in an order that depends on their content alone.
    pub fn finish(mut self) -> Vec<UsageCell> {
        self.take_winners();
        drop(self.repeats);
        let (texts, ranks) = ranked(self.texts);
        if self.by_file {
            self.groups.join_files();
        }
        let mut groups = self.groups.into_list();
        for (group, _) in &mut groups {
            assert!(!group.open, "a file's token convention was never settled");
            group.rename(|symbol| ranks[symbol as usize]);
        }
        groups.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        groups
            .into_iter()
            .map(|(group, sums)| cell(&group, sums, &texts))
            .collect()
    }

    /// Counts what was held until all files were read.
    pub fn take_winners(&mut self) {
        for (group, sums) in self.repeats.take_winners() {
            self.groups.add(&group, &sums);
        }
    }

    /// Counts the record whose group is filled in.
    fn count(&mut self, record: &UsageRecord<'_>) {
        self.groups.sums(&self.group).add_record(record);
        *self.days.entry(self.group.day).or_default() += 1;
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

    /// The symbol of a record's provider: the one it names, else the vendor of its model.
    fn provider(&mut self, record: &UsageRecord<'_>, model: u32) -> u32 {
        if let Some(name) = record.provider {
            if let Some(symbol) = self.providers.get(name) {
                return *symbol;
            }
            let symbol = self.symbol(Some(&names::provider(name)));
            self.providers.insert(name.into(), symbol);
            return symbol;
        }
        if let Some(symbol) = self.vendors.get(&model) {
            return *symbol;
        }
        let symbol = self.symbol(record.model.and_then(names::vendor_of));
        self.vendors.insert(model, symbol);
        symbol
    }

    /// Fills in the group of a record.
    fn place(&mut self, record: &UsageRecord<'_>) {
        let (band, other_band) = bands(record);
        let model = self.symbol(record.model);
        let mut dimensions = std::mem::take(&mut self.group.dimensions);
        dimensions.clear();
        dimensions.extend(record.dimensions.iter().map(|text| self.symbol(*text)));
        self.group = Group {
            file: if self.by_file { self.file } else { 0 },
            utc_day: record.instant.utc_day(),
            day: self.zone.day(record.instant),
            source: self.symbol(record.source),
            feature: match self.features {
                true => self.symbol(record.feature),
                false => 0,
            },
            provider: self.provider(record, model),
            model,
            tier: self.symbol(record.tier),
            band,
            dimensions,
            reported: record.reported_cost.is_some(),
            other_band,
            open: record.cached_open,
        };
    }
}

/// The texts in order, and the place there of each symbol.
fn ranked(texts: Vec<Arc<str>>) -> (Vec<Arc<str>>, Vec<u32>) {
    let mut sorted: Vec<(u32, Arc<str>)> = (0u32..).zip(texts).collect();
    sorted.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
    let mut ranks = vec![0; sorted.len()];
    for (rank, (symbol, _)) in (0u32..).zip(&sorted) {
        ranks[*symbol as usize] = rank;
    }
    (sorted.into_iter().map(|(_, text)| text).collect(), ranks)
}

/// A cell of a group whose symbols are places in `texts`.
fn cell(group: &Group, sums: Sums, texts: &[Arc<str>]) -> UsageCell {
    let text = |symbol: u32| (symbol != 0).then(|| texts[symbol as usize].clone());
    let mut quantities = sums.quantities;
    quantities.sort_by(|a, b| a.0.cmp(&b.0));
    UsageCell {
        utc_day: group.utc_day,
        day: group.day,
        source: text(group.source),
        scopes: None,
        feature: text(group.feature),
        provider: text(group.provider),
        model: text(group.model),
        tier: text(group.tier),
        band: group.band,
        dimensions: group.dimensions.iter().map(|at| text(*at)).collect(),
        quantities,
        requests: sums.requests,
        failed: sums.failed,
        gateway_cached: sums.gateway_cached,
        reported: sums
            .currency
            .filter(|_| group.reported)
            .map(|currency| (sums.reported, currency)),
        aggregated: sums.aggregated,
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

impl UsageSink for Fold {
    fn take(&mut self, record: &UsageRecord<'_>) -> Result<(), Problem> {
        if let Some((_, currency)) = record.reported_cost
            && !self.currencies.contains_key(&currency)
        {
            let file = self.files[self.file as usize].name.clone();
            self.currencies.insert(currency, (file, record.line));
        }
        self.place(record);
        let Some(id) = record.request_id else {
            self.without_id += 1;
            self.count(record);
            return Ok(());
        };
        let place = (self.file, record.line);
        let seen = self.repeats.see(id, record, place, &self.files)?;
        let held = || (Box::new(self.group.clone()), Sums::of(record));
        match seen {
            Seen::New => self.count(record),
            Seen::Held(slot) => {
                self.repeats.hold(slot, held());
                *self.days.entry(self.group.day).or_default() += 1;
            }
            Seen::Repeat | Seen::Shared | Seen::Beaten => self.duplicates += 1,
            Seen::Beats(slot) => {
                self.repeats.hold(slot, held());
                self.duplicates += 1;
            }
        }
        Ok(())
    }

    fn settle_cached_inside(&mut self, inside: bool) {
        self.groups.settle(inside);
        self.repeats.each_held(|(group, sums)| {
            if group.open {
                group.settle(sums, inside);
            }
        });
    }
}
