//! Quantities of the commonest meters, laid out block by block, so that a pool reads memory in order.
//!
//! A pool of one model, day and meter is a small part of all cells, and there are hundreds of pools.

use super::shelf::{NOBODY, Shelf};
use super::split::Shares;
use super::topics::Topic;
use crate::identity::PartyId;
use crate::model::records::ChargeMeter;
use crate::model::{Day, Exact, Meter};

/// Stands for a quantity that is no whole number or does not fit.
const ELSEWHERE: u32 = u32::MAX;

/// Owners of all cells, and their quantities of some meters, in the order of the blocks.
#[derive(Debug)]
pub struct Columns {
    parties: Vec<u32>,
    /// By the place of the meter among the common ones; `None` if nobody asks for it.
    counts: [Option<Vec<u32>>; Meter::COMMON.len()],
}

/// The quantities of one meter that a topic covers, by owner: customers in order, nobody last.
#[derive(Debug, Default)]
pub struct Counted {
    owners: Vec<(u32, u64)>,
}

impl Columns {
    /// Lays out the quantities of these meters.
    pub fn of<'m>(shelf: &Shelf<'_>, meters: impl Iterator<Item = &'m Meter>) -> Columns {
        let room = || vec![ELSEWHERE; shelf.held.len()];
        let mut counts = [const { None }; Meter::COMMON.len()];
        for place in meters.filter_map(Meter::common) {
            counts[place].get_or_insert_with(room);
        }
        let mut parties = room();
        for (at, held) in shelf.places() {
            parties[at] = held.owner;
            for (place, column) in counts.iter_mut().enumerate() {
                if let Some(column) = column
                    && let Some(whole) = held.cell.quantities.whole(place)
                    && let Ok(count) = u32::try_from(whole)
                {
                    column[at] = count;
                }
            }
        }
        Columns { parties, counts }
    }

    /// What a topic covers on UTC days `[first, end)`; `None` unless all of it stands here.
    pub fn counted(&self, shelf: &Shelf<'_>, topic: &Topic, days: (Day, Day)) -> Option<Counted> {
        let mut owners: Vec<(u32, u64)> = Vec::new();
        let mut several = false;
        for (parties, counts) in self.blocks(shelf, topic, days)? {
            several |= !owners.is_empty();
            for (party, count) in parties.iter().zip(counts) {
                if *count == ELSEWHERE {
                    return None;
                }
                match owners.last_mut() {
                    // No sum of that many of them leaves 64 bits.
                    Some((last, sum)) if last == party => *sum += u64::from(*count),
                    _ => owners.push((*party, u64::from(*count))),
                }
            }
        }
        if several {
            owners.sort_unstable_by_key(|(party, _)| *party);
            owners.dedup_by(|next, first| {
                let same = next.0 == first.0;
                if same {
                    first.1 += next.1;
                }
                same
            });
        }
        owners.retain(|(_, count)| *count > 0);
        Some(Counted { owners })
    }

    /// The sum of what a topic covers; `None` unless all of it stands here.
    pub fn sum(&self, shelf: &Shelf<'_>, topic: &Topic, days: (Day, Day)) -> Option<Exact> {
        let mut sum = 0u64;
        for (_, counts) in self.blocks(shelf, topic, days)? {
            for count in counts {
                if *count == ELSEWHERE {
                    return None;
                }
                sum += u64::from(*count);
            }
        }
        Some(Exact::from(sum))
    }

    /// Owners and counts of a topic's blocks; `None` if its meter does not stand here.
    fn blocks<'c>(
        &'c self,
        shelf: &Shelf<'_>,
        topic: &Topic,
        (first, end): (Day, Day),
    ) -> Option<impl Iterator<Item = (&'c [u32], &'c [u32])>> {
        let ChargeMeter::Is(meter) = &topic.meter else {
            return None;
        };
        let counts = self.counts[meter.common()?].as_ref()?;
        let blocks: Vec<_> = shelf.blocks_of(first, end, &topic.sold(shelf)).collect();
        let blocks = blocks.into_iter();
        Some(blocks.map(|block| (&self.parties[block.clone()], &counts[block])))
    }
}

impl Counted {
    /// All quantities together.
    pub fn sum(&self) -> Exact {
        Exact::from(self.owners.iter().map(|(_, count)| *count).sum::<u64>())
    }

    /// The owners with their quantities, none of which is zero.
    pub fn owners(&self) -> impl Iterator<Item = (Option<PartyId>, Exact)> + '_ {
        let owners = self.owners.iter();
        owners.map(|(party, count)| (owner(*party), Exact::from(*count)))
    }

    /// Splits an amount over the owners and a gap, as [`split`] does; `None` if that needs large
    /// numbers.
    ///
    /// [`split`]: super::split::split
    pub fn split(&self, total: Exact, gap: Exact) -> Option<Shares> {
        let gap = gap.whole().and_then(|gap| u64::try_from(gap).ok())?;
        let counts = self.owners.iter().map(|(_, count)| *count);
        Shares::of(total, counts.chain([gap]))
    }

    /// The owners with their shares.
    pub fn with<'c>(
        &'c self,
        shares: &'c Shares,
    ) -> impl Iterator<Item = (Option<PartyId>, i64)> + 'c {
        let owners = self.owners.iter().zip(&shares.units);
        owners.map(|((party, _), units)| (owner(*party), *units))
    }
}

fn owner(party: u32) -> Option<PartyId> {
    (party != NOBODY).then_some(PartyId(party))
}
