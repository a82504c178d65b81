//! Folding a usage log while it is read: rows become sums by day, customer, feature, provider,
//! model and tier. No row is kept.
//!
//! The [`Fold`] is shared by all that read: texts, kinds of groups, groups and request ids are
//! behind locks, the latter two in parts. What reads has a [`Hand`], which remembers the numbers of
//! texts and kinds, so that most records take no lock for them. Sums are exact, so their order is
//! of no importance, and neither is who adds them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

use super::Choices;
use super::cells;
use super::hand::Hand;
use super::overlap::OnOverlap;
use super::repeats::{LogFile, PARTS, Repeats, SharedCalls, locked};
use super::sums::{Entry, Group, Groups, Kind, Sums};
use super::winner::Winner;
use crate::model::{Currency, Day, UsageCell, Zone};
use crate::problem::Problem;

pub type Fixed = foldhash::fast::FixedState;

/// The fold of all usage files.
pub struct Fold {
    pub zone: Zone,
    /// Whether features are told apart.
    pub features: bool,
    /// Whether failed requests are told apart.
    pub outcomes: bool,
    /// Whether files are told apart until the end, so that what two logs share can be taken out.
    pub by_file: bool,
    /// Of files, what another log has too: UTC days and models.
    taken_out: BTreeMap<u32, BTreeSet<(Day, Box<str>)>>,
    /// Calls that two tools' logs share: later and earlier file.
    shared: Mutex<BTreeMap<(u32, u32), SharedCalls>>,
    texts: Mutex<Texts>,
    kinds: Mutex<Kinds>,
    /// The groups, in [`PARTS`] parts.
    groups: Vec<Mutex<Groups>>,
    pub repeats: Repeats<Winner>,
    /// Currencies of the log's own costs.
    currencies: Mutex<BTreeMap<Currency, (u32, u64)>>,
    files: Vec<LogFile>,
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

impl Kinds {
    fn number(&mut self, kind: &Kind) -> u32 {
        if let Some(number) = self.numbers.get(kind) {
            return *number;
        }
        let number = self.list.len() as u32;
        self.list.push(kind.clone());
        self.numbers.insert(kind.clone(), number);
        number
    }
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
    /// Starts empty. Under [`OnOverlap::Latest`] the groups of files stay apart until the end.
    /// A run that begins anew at the first conflict needs no places to tell it.
    pub fn new(choices: &Choices, keep_places: bool) -> Fold {
        let nothing: Arc<str> = "".into();
        Fold {
            zone: choices.zone,
            features: choices.features,
            outcomes: choices.outcomes,
            by_file: choices.on_overlap == OnOverlap::Latest,
            taken_out: BTreeMap::new(),
            shared: Mutex::default(),
            texts: Mutex::new(Texts {
                symbols: HashMap::default(),
                list: vec![nothing],
            }),
            kinds: Mutex::default(),
            groups: (0..PARTS).map(|_| Mutex::default()).collect(),
            repeats: Repeats::new(choices, keep_places),
            currencies: Mutex::default(),
            files: Vec::new(),
        }
    }

    /// Begins a file.
    pub fn begin(&mut self, file: &Arc<str>, format: &'static str) {
        self.files.push(LogFile {
            name: file.clone(),
            format,
        });
    }

    /// A hand that reads the file begun last. `whole` says that nobody else reads of it: then each
    /// record is folded when it comes, and a conflict is its problem. Otherwise records are folded
    /// by [`Hand::fold`].
    pub fn hand(&self, whole: bool) -> Hand<'_> {
        Hand::new(self, self.files.len().saturating_sub(1) as u32, whole)
    }

    /// The name of a file by its number.
    pub fn file(&self, number: u32) -> &Arc<str> {
        &self.files[number as usize].name
    }

    /// The files, by their numbers.
    pub fn files(&self) -> &[LogFile] {
        &self.files
    }

    /// Whether two files are logs of the same tool.
    pub fn is_same_tool(&self, one: u32, other: u32) -> bool {
        self.files[one as usize].format == self.files[other as usize].format
    }

    /// Notes a call that two tools' logs have: its id and both places.
    pub fn share(&self, id: &str, (later, line): (u32, u64), (earlier, before): (u32, u32)) {
        let mut shared = locked(&self.shared);
        let calls = shared
            .entry((later, earlier))
            .or_insert_with(|| SharedCalls {
                id: id.to_string(),
                line,
                before,
                calls: 0,
            });
        calls.calls += 1;
    }

    /// The calls that the logs of two tools share by their ids, a problem for each pair of files.
    pub fn shared(&self) -> Vec<Problem> {
        let shared = locked(&self.shared);
        let refuse = |((later, earlier), calls): (&(u32, u32), &SharedCalls)| {
            calls.refuse(&self.files[*later as usize], &self.files[*earlier as usize])
        };
        shared.iter().map(refuse).collect()
    }

    /// Takes out of a file what another log has too: UTC days and models. Files must be told apart.
    pub fn take_out(&mut self, file: usize, twice: BTreeSet<(Day, Box<str>)>) {
        self.taken_out.insert(file as u32, twice);
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
        locked(&self.kinds).number(kind)
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
        entries: impl Iterator<Item = (u64, &'e Entry)> + Clone,
        more: &[Sums],
    ) {
        let mut groups = locked(&self.groups[part]);
        // Those that are there are looked up all at once, so that their memory is waited for once.
        let mut places = Vec::new();
        places.extend(
            entries
                .clone()
                .map(|(hash, entry)| groups.place(hash, &entry.group)),
        );
        for ((hash, entry), place) in entries.zip(places) {
            match place {
                Some(at) => groups.add_at(at, entry, more),
                None => groups.add_hashed(hash, entry, more),
            }
        }
    }

    /// The model of a kind, and whether its cached tokens may turn out to be inside the input.
    pub fn model_of(&self, kind: u32) -> (Arc<str>, bool) {
        let kinds = locked(&self.kinds);
        let kind = &kinds.list[kind as usize];
        let text = locked(&self.texts).list[kind.model as usize].clone();
        (text, kind.open)
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
                super::winner::settle(entry, inside, &mut kind, &more, |entry, more| {
                    let hash = entry.group.hash(&hasher);
                    self.add(Fold::part(hash), std::iter::once((hash, entry)), more);
                });
            }
        }
        let mut kind = |kind| self.settled(kind, inside);
        self.repeats.each_held(|winner| {
            let Winner { entry, more } = winner.clone();
            super::winner::settle(entry, inside, &mut kind, &more, |entry, more| {
                *winner = Winner::of(entry, more);
            });
        });
    }

    /// The cells, in an order that depends on their content alone, however many threads there are.
    pub fn finish(self, threads: usize) -> Vec<UsageCell> {
        let hasher = Fixed::default();
        let mut groups: Vec<Groups> = self.groups.into_iter().map(unlocked).collect();
        for Winner { entry, more } in self.repeats.into_winners() {
            let hash = entry.group.hash(&hasher);
            groups[Fold::part(hash)].add_hashed(hash, &entry, &more);
        }
        let texts = unlocked(self.texts);
        drop(texts.symbols);
        let mut kinds = unlocked(self.kinds);
        if self.by_file {
            groups = joined(groups, &mut kinds, &texts.list, &self.taken_out);
        }
        let (texts, ranks) = ranked(texts.list);
        let mut kinds = kinds.list;
        for kind in &mut kinds {
            kind.rename(|symbol| ranks[symbol as usize]);
        }
        let (kinds, kind_ranks) = ranked(kinds);
        let rename = |group: &mut Group| {
            group.source = ranks[group.source as usize];
            group.kind = kind_ranks[group.kind as usize];
        };
        cells::make(groups, rename, (&kinds, &texts), threads)
    }
}

/// Puts the groups of all files together, but for what is taken out.
fn joined(
    groups: Vec<Groups>,
    kinds: &mut Kinds,
    texts: &[Arc<str>],
    taken_out: &BTreeMap<u32, BTreeSet<(Day, Box<str>)>>,
) -> Vec<Groups> {
    let hasher = Fixed::default();
    let mut joined: Vec<Groups> = groups.iter().map(|_| Groups::default()).collect();
    for groups in groups {
        let (list, more) = groups.into_parts();
        for mut entry in list {
            let mut kind = kinds.list[entry.group.kind as usize].clone();
            let model = texts[kind.model as usize].as_ref();
            let is_out = |out: &BTreeSet<_>| out.contains(&(entry.group.utc_day, model.into()));
            if taken_out.get(&kind.file).is_some_and(is_out) {
                continue;
            }
            kind.file = 0;
            entry.group.kind = kinds.number(&kind);
            let hash = entry.group.hash(&hasher);
            joined[Fold::part(hash)].add_hashed(hash, &entry, &more);
        }
    }
    joined
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
