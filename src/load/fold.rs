//! Folding a usage log while it is read: rows become sums by day, customer, feature, provider,
//! model and tier. No row is kept.
//!
//! The [`Fold`] is shared by all that read: texts, kinds of groups, groups and request ids are
//! behind locks, the latter two in parts. What reads has a [`Hand`], which remembers the numbers of
//! texts and kinds, so that most records take no lock for them. Sums are exact, so their order is
//! of no importance, and neither is who adds them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

use super::hand::Hand;
use super::repeats::{OnConflict, PARTS, Repeats, locked};
use super::sums::{Entry, Group, Groups, Kind, Sums};
use crate::model::{Currency, Day, UsageCell, Zone};

pub type Fixed = foldhash::fast::FixedState;

/// The fold of all usage files.
pub struct Fold {
    pub zone: Zone,
    /// Whether features are told apart.
    pub features: bool,
    texts: Mutex<Texts>,
    kinds: Mutex<Kinds>,
    /// The groups, in [`PARTS`] parts.
    groups: Vec<Mutex<Groups>>,
    pub repeats: Repeats<(Group, Sums)>,
    /// Currencies of the log's own costs.
    currencies: Mutex<BTreeMap<Currency, (u32, u64)>>,
    files: Vec<Arc<str>>,
}

/// Every text, once; the first is none.
struct Texts {
    symbols: HashMap<Arc<str>, u32, Fixed>,
    list: Vec<Arc<str>>,
}

/// Every kind of group, once.
#[derive(Default)]
struct Kinds {
    numbers: HashMap<Kind, u32, Fixed>,
    list: Vec<Kind>,
}

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

impl FileFold {
    /// Adds what was learned of another part of the file.
    pub fn add(&mut self, more: FileFold) {
        for (day, count) in more.days {
            *self.days.entry(day).or_default() += count;
        }
        self.duplicates += more.duplicates;
        self.without_id += more.without_id;
    }
}

impl Fold {
    /// Starts empty. `features` says whether features are told apart.
    pub fn new(zone: Zone, on_conflict: OnConflict, features: bool) -> Fold {
        let nothing: Arc<str> = "".into();
        Fold {
            zone,
            features,
            texts: Mutex::new(Texts {
                symbols: HashMap::default(),
                list: vec![nothing],
            }),
            kinds: Mutex::default(),
            groups: (0..PARTS).map(|_| Mutex::default()).collect(),
            repeats: Repeats::new(on_conflict),
            currencies: Mutex::default(),
            files: Vec::new(),
        }
    }

    /// Begins a file.
    pub fn begin(&mut self, file: &Arc<str>) {
        self.files.push(file.clone());
    }

    /// A hand that reads the file begun last. `whole` says that nobody else reads of it: then each
    /// record is folded when it comes, and a conflict is its problem. Otherwise records are folded
    /// by [`Hand::fold`].
    pub fn hand(&self, whole: bool) -> Hand<'_> {
        Hand::new(self, self.files.len().saturating_sub(1) as u32, whole)
    }

    /// The name of a file by its number.
    pub fn file(&self, number: u32) -> &Arc<str> {
        &self.files[number as usize]
    }

    /// Currencies of the log's own costs, each with the place where it was first seen.
    pub fn currencies(&self) -> BTreeMap<Currency, (Arc<str>, u64)> {
        let seen = locked(&self.currencies);
        let place = |(file, line): (u32, u64)| (self.file(file).clone(), line);
        seen.iter().map(|(of, at)| (*of, place(*at))).collect()
    }

    /// Notes a currency at a place.
    pub fn see_currency(&self, currency: Currency, place: (u32, u64)) {
        let mut seen = locked(&self.currencies);
        let first = seen.entry(currency).or_insert(place);
        *first = place.min(*first);
    }

    /// The number of a text, and the text to remember it by.
    pub fn symbol(&self, text: &str) -> (Arc<str>, u32) {
        let mut texts = locked(&self.texts);
        if let Some((text, symbol)) = texts.symbols.get_key_value(text) {
            return (text.clone(), *symbol);
        }
        let symbol = texts.list.len() as u32;
        let text: Arc<str> = text.into();
        texts.list.push(text.clone());
        texts.symbols.insert(text.clone(), symbol);
        (text, symbol)
    }

    /// The number of a kind.
    pub fn kind(&self, kind: &Kind) -> u32 {
        let mut kinds = locked(&self.kinds);
        if let Some(number) = kinds.numbers.get(kind) {
            return *number;
        }
        let number = kinds.list.len() as u32;
        kinds.list.push(kind.clone());
        kinds.numbers.insert(kind.clone(), number);
        number
    }

    /// The settled kind of one that is open.
    pub fn settled(&self, kind: u32, inside: bool) -> Option<u32> {
        let open = locked(&self.kinds).list[kind as usize].clone();
        open.open.then(|| self.kind(&open.settled(inside)))
    }

    /// The part in which a group of this hash stands.
    pub fn part(hash: u64) -> usize {
        (hash >> 32) as usize % PARTS
    }

    /// Adds entries of one part, each with the hash of its group.
    pub fn add<'e>(
        &self,
        part: usize,
        entries: impl Iterator<Item = (u64, &'e Entry)>,
        more: &[Sums],
    ) {
        let mut groups = locked(&self.groups[part]);
        for (hash, entry) in entries {
            groups.add_hashed(hash, entry, more);
        }
    }

    /// Settles all groups that are open.
    pub fn settle(&self, inside: bool) {
        // A settled group has another hash, so it may belong to another part.
        let hasher = Fixed::default();
        for groups in &self.groups {
            let open = locked(groups).take_open(|kind| self.settled(kind, inside).is_some());
            let Some((open, more)) = open else {
                continue;
            };
            let mut kind = |kind| self.settled(kind, inside);
            for entry in open {
                super::sums::settle(entry, inside, &mut kind, &more, |entry, more| {
                    let hash = entry.group.hash(&hasher);
                    self.add(Fold::part(hash), std::iter::once((hash, entry)), more);
                });
            }
        }
        self.repeats.each_held(|(group, sums)| {
            if let Some(kind) = self.settled(group.kind, inside) {
                group.kind = kind;
                sums.settle(inside);
            }
        });
    }

    /// The cells, in an order that depends on their content alone.
    pub fn finish(self) -> Vec<UsageCell> {
        let hasher = Fixed::default();
        let mut groups: Vec<Groups> = self.groups.into_iter().map(unlocked).collect();
        for (group, sums) in self.repeats.into_winners() {
            let hash = group.hash(&hasher);
            let mut more = Vec::new();
            let entry = Entry::long(group, sums, &mut more);
            groups[Fold::part(hash)].add_hashed(hash, &entry, &more);
        }
        let texts = unlocked(self.texts);
        drop(texts.symbols);
        let (texts, ranks) = ranked(texts.list);
        let mut kinds = unlocked(self.kinds).list;
        for kind in &mut kinds {
            kind.rename(|symbol| ranks[symbol as usize]);
        }
        let (kinds, kind_ranks) = ranked(kinds);
        let mut all = Vec::new();
        let mut beside = Vec::new();
        for (part, groups) in (0u32..).zip(groups) {
            let (list, more) = groups.into_parts();
            beside.push(more);
            all.extend(list.into_iter().map(|mut entry| {
                entry.group.source = ranks[entry.group.source as usize];
                entry.group.kind = kind_ranks[entry.group.kind as usize];
                (part, entry)
            }));
        }
        all.sort_unstable_by_key(|(_, entry)| {
            let group = &entry.group;
            (group.utc_day, group.day, group.source, group.kind)
        });
        let cell = |(part, entry): (u32, Entry)| {
            let kind = &kinds[entry.group.kind as usize];
            assert!(!kind.open, "a file's token convention was never settled");
            cell(
                &entry.group,
                kind,
                entry.sums(&beside[part as usize]),
                &texts,
            )
        };
        all.into_iter().map(cell).collect()
    }
}

fn unlocked<T>(lock: Mutex<T>) -> T {
    lock.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The values in order, and the place there of each by its number.
fn ranked<T: Ord>(values: Vec<T>) -> (Vec<T>, Vec<u32>) {
    let mut sorted: Vec<(u32, T)> = (0u32..).zip(values).collect();
    sorted.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
    let mut ranks = vec![0; sorted.len()];
    for (rank, (number, _)) in (0u32..).zip(&sorted) {
        ranks[*number as usize] = rank;
    }
    (sorted.into_iter().map(|(_, value)| value).collect(), ranks)
}

/// A cell of a group whose symbols are places in `texts`.
fn cell(group: &Group, kind: &Kind, sums: Sums, texts: &[Arc<str>]) -> UsageCell {
    let text = |symbol: u32| (symbol != 0).then(|| texts[symbol as usize].clone());
    let mut quantities = sums.quantities;
    quantities.sort_by(|a, b| a.0.cmp(&b.0));
    UsageCell {
        utc_day: group.utc_day,
        day: group.day,
        source: text(group.source),
        scopes: None,
        feature: text(kind.feature),
        provider: text(kind.provider),
        model: text(kind.model),
        tier: text(kind.tier),
        band: kind.band,
        dimensions: kind.dimensions.iter().map(|at| text(*at)).collect(),
        quantities,
        requests: sums.requests,
        failed: sums.failed,
        gateway_cached: sums.gateway_cached,
        reported: sums
            .currency
            .filter(|_| kind.reported)
            .map(|currency| (sums.reported, currency)),
        aggregated: sums.aggregated,
    }
}
