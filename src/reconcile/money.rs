//! Comparing money, where the bill states no quantities.

use std::collections::BTreeMap;

use super::quantity::net_neighbors;
use super::{Asked, Cause, Entry, Listed, PriceList};
use crate::attribution::Line;
use crate::attribution::matching::{Comparison, Logged, Matched};
use crate::model::{Day, Exact, Meter};

/// The finest decimal that each provider's bills write: half of it is a line's own rounding.
#[derive(Debug, Default)]
pub struct Finest(BTreeMap<Option<String>, u8>);

impl Finest {
    /// Looks at every charge.
    pub fn of(comparison: &Comparison<'_>) -> Finest {
        let mut finest = Finest::default();
        let matched = comparison.matched.iter().flat_map(|matched| &matched.lines);
        for line in matched.chain(&comparison.others) {
            let places = finest.0.entry(line.charge.provider.clone()).or_default();
            *places = (*places).max(line.charge.written_places.min(60));
        }
        finest
    }

    /// The most by which a line can differ from its unrounded amount.
    pub fn half_unit(&self, line: &Line<'_>) -> Exact {
        let places = self.0.get(&line.charge.provider).copied();
        Exact::new(5, places.unwrap_or(line.charge.written_places.min(60)) + 1)
    }
}

/// The charges of a topic and its usage, by the days that charges cover together.
pub fn buckets<'m, 'a>(matched: &'m Matched<'a>) -> Vec<Bucket<'m, 'a>> {
    let mut buckets: BTreeMap<(i32, Day), Bucket<'m, 'a>> = BTreeMap::new();
    let bucket = |first: Day, end: Day| Bucket {
        first,
        end,
        lines: Vec::new(),
        logged: Vec::new(),
    };
    for line in &matched.lines {
        // Shorter spans come first, so that usage goes to the charge that dates it best.
        let key = (line.end.0 - line.first.0, line.first);
        let of = buckets
            .entry(key)
            .or_insert_with(|| bucket(line.first, line.end));
        of.lines.push(line);
    }
    for logged in &matched.logged {
        let day = logged.cell.utc_day;
        let covers = |bucket: &Bucket<'_, '_>| bucket.first <= day && day < bucket.end;
        let found = buckets.values_mut().find(|bucket| covers(bucket));
        match found {
            Some(bucket) => bucket.logged.push(logged),
            None => {
                let mut own = bucket(day, day.plus(1));
                own.logged.push(logged);
                buckets.insert((1, day), own);
            }
        }
    }
    let mut buckets: Vec<_> = buckets.into_values().collect();
    buckets.sort_by_key(|bucket| (bucket.first, bucket.end));
    buckets
}

/// Charges and usage of the same days.
#[derive(Debug)]
pub struct Bucket<'m, 'a> {
    /// First UTC day.
    pub first: Day,
    /// First UTC day not covered.
    pub end: Day,
    /// The charges.
    pub lines: Vec<&'m Line<'a>>,
    /// The usage.
    pub logged: Vec<&'m Logged<'a>>,
}

/// The list price of a logged quantity, at its own tier and context.
pub fn listed(logged: &Logged<'_>, list: &dyn PriceList) -> Option<Listed> {
    let cell = logged.cell;
    let tier = crate::attribution::tier_word(cell.tier.as_deref());
    list.price(Asked {
        provider: cell.provider.as_deref(),
        model: cell.model.as_deref()?,
        meter: &logged.meter,
        tier: &tier,
        band: cell.band,
        day: cell.utc_day,
    })
}

/// Compares a topic whose charges do not all state a quantity.
pub fn compare(matched: &Matched<'_>, list: &dyn PriceList, finest: &Finest) -> Vec<Entry> {
    let mut days = Vec::new();
    let mut entries = Vec::new();
    for bucket in buckets(matched) {
        let mut entry = Entry::of(&matched.topic, (bucket.first, bucket.end));
        let (mut computed, mut unpriced) = (None, false);
        let (mut rounding, mut given) = (Exact::ZERO, Exact::ZERO);
        for line in &bucket.lines {
            entry.bill(line);
            rounding += finest.half_unit(line);
        }
        for logged in &bucket.logged {
            match listed(logged, list) {
                Some(listed) => {
                    let at_list = listed.price * logged.quantity;
                    *computed.get_or_insert(Exact::ZERO) += at_list;
                    given -= at_list * listed.discount;
                }
                // Most models have no price per request; that is no gap.
                None if logged.meter == Meter::Requests => {}
                None => unpriced = true,
            }
        }
        if !unpriced {
            computed.get_or_insert(Exact::ZERO);
        }
        entry.computed = computed;
        let at_list = computed.unwrap_or_default();
        let rest = entry.billed - at_list - given;
        entry.add(Cause::Discount, given);
        let rest = if unpriced && rest.is_positive() {
            entry.add(Cause::Unpriced, rest);
            Exact::ZERO
        } else if rest.abs() <= rounding {
            entry.add(Cause::Rounding, rest);
            Exact::ZERO
        } else {
            rest
        };
        days.push((bucket.first, bucket.end, rest));
        entries.push(entry);
    }
    let shifted = net_neighbors(&days);
    for ((entry, (_, _, rest)), shifted) in entries.iter_mut().zip(&days).zip(shifted) {
        entry.add(Cause::DayCutOff, shifted);
        entry.add(Cause::Unexplained, *rest - shifted);
    }
    entries
}
