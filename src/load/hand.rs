//! What one reader hands to the fold, record by record.

use xxhash_rust::xxh3::xxh3_128;

use super::bands::bands;
use super::content::{self, Symbols};
use super::fold::{FileFold, Fixed, Fold};
use super::logs::Repeat;
use super::ordered::Ordered;
use super::repeats::{First, Id, Won, conflict, no_room};
use super::seen::NoRoom;
use super::sums::{Entry, Group, Kind, Sums};
use super::winner::{Winner, settle};
use super::words::Words;
use super::zone_days::ZoneDays;
use crate::formats::UsageSink;
use crate::model::records::{Outcome, UsageRecord, UsageSum};
use crate::model::{ContextBand, Currency, Day};
use crate::problem::{Place, Problem};

/// How many kinds are found without a look into a table. A power of two.
const RECENT: usize = 64;

/// Hands records of one file to the fold.
pub struct Hand<'f> {
    fold: &'f Fold,
    file: u32,
    whole: bool,
    words: Words<'f>,
    zone: ZoneDays,
    /// Kinds met lately, with their numbers.
    recent: Vec<Option<(Kind, u32)>>,
    /// The kind of the record at hand, kept so that nothing is allocated per record.
    kind: Kind,
    /// The currency met last, which the fold knows.
    currency: Option<Currency>,
    /// Records that wait to be folded, and what stands beside them.
    waiting: Vec<Entry>,
    beside: Vec<Sums>,
    /// Their request ids, each with the record's place in `waiting`.
    ids: Vec<(Id, u32)>,
    learned: FileFold,
    /// Whether there was no room for an id, which is told once.
    full: bool,
    /// What the record at hand says.
    content: Vec<u8>,
    /// UTC day of the last record, and its day of the report.
    pub days: (Day, Day),
}

impl<'f> Hand<'f> {
    pub(super) fn new(fold: &'f Fold, file: u32, whole: bool) -> Hand<'f> {
        Hand {
            fold,
            file,
            whole,
            words: Words::new(fold),
            zone: ZoneDays::new(fold.zone),
            recent: (0..RECENT).map(|_| None).collect(),
            kind: Kind {
                feature: 0,
                provider: 0,
                model: 0,
                tier: 0,
                band: ContextBand::BASE,
                dimensions: Vec::new(),
                reported: false,
                other_band: ContextBand::BASE,
                open: false,
                failed: false,
                file: 0,
            },
            currency: None,
            waiting: Vec::new(),
            beside: Vec::new(),
            ids: Vec::new(),
            learned: FileFold::default(),
            full: false,
            content: Vec::new(),
            days: (Day(0), Day(0)),
        }
    }

    /// How many records wait to be folded.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Repeats found so far.
    pub fn dropped(&self) -> u64 {
        self.learned.duplicates
    }

    /// The symbol of the model of the record taken last.
    pub fn model(&self) -> u32 {
        self.kind.model
    }

    /// A hash of everything that the record taken last says.
    pub fn fingerprint(&self) -> u128 {
        xxh3_128(&self.content)
    }

    /// What was learned of the records folded.
    pub fn finish(self) -> FileFold {
        self.learned
    }

    /// Folds the records that wait, and tells which of them were dropped as repeats. False if an id
    /// came with different content, or there is no room for the ids: the fold is then of no more use.
    pub fn fold(&mut self, mut told: impl FnMut(&Repeat<'_>)) -> bool {
        let mut dropped = vec![false; self.waiting.len()];
        let mut agree = true;
        let ordered = Ordered::of(&self.ids, |(id, _)| id.part(), |(id, _)| id.order());
        for (part, ids) in ordered.parts() {
            let ids = || ids.iter().map(|at| &self.ids[*at as usize]);
            let mut at = ids().map(|(_, at)| *at as usize);
            let repeats = &self.fold.repeats;
            let ids = ids().map(|(id, _)| id);
            let seen = repeats.see_first(part, self.file, ids, |told| {
                agree &= !matches!(told, First::Conflict(..));
                if let Some(at) = at.next() {
                    dropped[at] = told != First::New;
                }
            });
            agree &= seen.is_ok();
        }
        let hasher = Fixed::default();
        let mut counted = Vec::with_capacity(self.waiting.len());
        for (entry, dropped) in self.waiting.iter().zip(&dropped) {
            match dropped {
                true => {
                    self.learned.duplicates += 1;
                    let (model, open) = self.fold.model_of(entry.group.kind);
                    told(&Repeat {
                        utc_day: entry.group.utc_day,
                        day: entry.group.day,
                        model: &model,
                        quantities: &entry.sums(&self.beside).quantities,
                        open,
                    });
                }
                false => counted.push((entry.group.hash(&hasher), entry)),
            }
        }
        for run in counted.chunk_by(|(_, a), (_, b)| a.group.day == b.group.day) {
            *self.learned.days.entry(run[0].1.group.day).or_default() += run.len() as u64;
        }
        let part = |(hash, _): &(u64, &Entry)| Fold::part(*hash);
        for (part, entries) in Ordered::of(&counted, part, |_| 0).parts() {
            let entries = entries.iter().map(|at| counted[*at as usize]);
            self.fold.add(part, entries, &self.beside);
        }
        self.waiting.clear();
        self.beside.clear();
        self.ids.clear();
        agree
    }

    /// Adds one record to the groups.
    fn count(&mut self, entry: &Entry) {
        let hash = entry.group.hash(&Fixed::default());
        let one = std::iter::once((hash, entry));
        self.fold.add(Fold::part(hash), one, &self.beside);
        *self.learned.days.entry(entry.group.day).or_default() += 1;
    }

    fn see_currency(&mut self, record: &UsageRecord<'_>) {
        if let Some((_, currency)) = record.reported_cost
            && self.currency != Some(currency)
        {
            self.currency = Some(currency);
            self.fold.see_currency(currency, (self.file, record.line));
        }
    }

    /// The group of a record, and the symbols of its texts: customer, feature, provider as written,
    /// model and tier.
    fn group(
        &mut self,
        record: &UsageRecord<'_>,
        (band, other_band): (ContextBand, ContextBand),
    ) -> (Group, [u32; 5]) {
        let words = &mut self.words;
        let named = [
            record.source,
            record.feature,
            record.provider,
            record.model,
            record.tier,
        ]
        .map(|text| words.symbol(text));
        let [source, feature, provider, model, tier] = named;
        let mut dimensions = std::mem::take(&mut self.kind.dimensions);
        dimensions.clear();
        dimensions.extend(record.dimensions.iter().map(|text| words.symbol(*text)));
        self.kind = Kind {
            feature: if self.fold.features { feature } else { 0 },
            provider: words.provider(record, provider, model),
            model,
            tier,
            band,
            dimensions,
            reported: record.reported_cost.is_some(),
            other_band,
            open: record.cached_open,
            failed: self.fold.outcomes && record.outcome == Outcome::Failed,
            file: if self.fold.by_file { self.file } else { 0 },
        };
        self.days = (record.instant.utc_day(), self.zone.day(record.instant));
        let group = Group {
            utc_day: self.days.0,
            day: self.days.1,
            source,
            kind: self.kind_number(),
        };
        (group, named)
    }

    /// Writes down what a record says.
    fn note(&mut self, record: &UsageRecord<'_>, named: [u32; 5], entry: &Entry) {
        let texts = Symbols {
            named,
            dimensions: &self.kind.dimensions,
        };
        content::write(record, &texts, entry, &mut self.content);
    }

    /// The number of the kind at hand.
    fn kind_number(&mut self) -> u32 {
        let kind = &self.kind;
        let at = kind.model.wrapping_mul(31) ^ kind.feature.wrapping_mul(7) ^ kind.tier;
        let recent = &mut self.recent[at as usize % RECENT];
        if let Some((known, number)) = recent
            && known == kind
        {
            return *number;
        }
        let number = self.fold.kind(kind);
        *recent = Some((kind.clone(), number));
        number
    }

    /// Folds one record at once.
    fn take_now(&mut self, record: &UsageRecord<'_>, entry: Entry) -> Result<(), Problem> {
        let Some(text) = record.request_id else {
            self.count(&entry);
            return Ok(());
        };
        if self.full {
            return Ok(());
        }
        let id = Id::of(text, &self.content, record.line);
        if !self.fold.repeats.first_counts() {
            return self.hold(text, &id, record, &entry);
        }
        let mut told = First::New;
        let one = std::iter::once(&id);
        let repeats = &self.fold.repeats;
        let seen = repeats.see_first(id.part(), self.file, one, |first| told = first);
        seen.map_err(|why| self.no_room(&why, record))?;
        match told {
            First::New => self.count(&entry),
            First::Repeat => self.learned.duplicates += 1,
            First::Conflict(file, line) if self.fold.is_same_tool(self.file, file) => {
                return Err(self.conflict(text, record, (file, line)));
            }
            First::Conflict(file, line) => {
                self.learned.duplicates += 1;
                self.fold
                    .share(text, (self.file, record.line), (file, line));
            }
        }
        Ok(())
    }

    /// Keeps the record if it wins among those of its id so far.
    fn hold(
        &mut self,
        text: &str,
        id: &Id,
        record: &UsageRecord<'_>,
        entry: &Entry,
    ) -> Result<(), Problem> {
        let repeats = &self.fold.repeats;
        let held = || Winner::of(entry, &self.beside);
        let won = repeats.see_all(id, record, self.file, self.fold.files());
        let won = match won {
            Ok(won) => won,
            Err(why) => return Err(self.no_room(&why, record)),
        };
        match won {
            Won::Held(slot) => {
                repeats.hold(slot, held());
                *self.learned.days.entry(entry.group.day).or_default() += 1;
            }
            Won::Conflict(file, line) => return Err(self.conflict(text, record, (file, line))),
            Won::Repeat | Won::Beaten => self.learned.duplicates += 1,
            Won::Beats(slot) => {
                repeats.hold(slot, held());
                self.learned.duplicates += 1;
            }
        }
        Ok(())
    }

    fn no_room(&mut self, why: &NoRoom, record: &UsageRecord<'_>) -> Problem {
        self.full = true;
        no_room(why).at(Place::line(self.fold.file(self.file), record.line))
    }

    fn conflict(&self, id: &str, record: &UsageRecord<'_>, (file, line): (u32, u32)) -> Problem {
        let here = (self.fold.file(self.file), record.line);
        conflict(id, here, (self.fold.file(file), line))
    }
}

impl UsageSink for Hand<'_> {
    fn take(&mut self, record: &UsageRecord<'_>) -> Result<(), Problem> {
        self.see_currency(record);
        let (group, named) = self.group(record, bands(record));
        let entry = Entry::of(group, record, &mut self.beside);
        self.note(record, named, &entry);
        self.learned.without_id += u64::from(record.request_id.is_none());
        if self.whole {
            let taken = self.take_now(record, entry);
            self.beside.clear();
            return taken;
        }
        if let Some(id) = record.request_id {
            let id = Id::of(id, &self.content, record.line);
            self.ids.push((id, self.waiting.len() as u32));
        }
        self.waiting.push(entry);
        Ok(())
    }

    /// Sums have no ids of requests: repeats were dropped when they were made.
    fn take_sum(&mut self, sum: &UsageSum<'_>) -> Result<(), Problem> {
        let record = &sum.record;
        self.see_currency(record);
        let (group, named) = self.group(record, (sum.band, sum.band));
        let served = sum.failed.is_zero() && sum.gateway_cached.is_zero();
        let entry = match served {
            true => Entry::of(group, record, &mut self.beside),
            false => Entry::long(group, Sums::of_sum(sum), &mut self.beside),
        };
        self.note(record, named, &entry);
        if self.whole {
            self.count(&entry);
            self.beside.clear();
        } else {
            self.waiting.push(entry);
        }
        Ok(())
    }

    fn settle_cached_inside(&mut self, inside: bool) {
        if self.whole {
            return self.fold.settle(inside);
        }
        let waiting = std::mem::take(&mut self.waiting);
        let beside = std::mem::take(&mut self.beside);
        let fold = self.fold;
        let mut kind = |kind| fold.settled(kind, inside);
        for entry in waiting {
            settle(entry, inside, &mut kind, &beside, |entry, more| {
                let entry = entry.moved(more, &mut self.beside);
                self.waiting.push(entry);
            });
        }
    }
}
