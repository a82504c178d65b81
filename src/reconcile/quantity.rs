//! Comparing quantities, where the bill states them.
//!
//! Differences of quantity are taken apart in a fixed order: tokens that bill and log put into
//! different input classes on the same day, then equal and opposite differences of neighboring
//! days, then what is missing or too much. Each is valued at the list price of the day.

use std::collections::BTreeMap;

use super::money::{Bucket, Finest, buckets, listed};
use super::rates::{Reference, line_causes, logged_causes};
use super::{Cause, Entry, PriceList};
use crate::attribution::matching::Matched;
use crate::attribution::split::split;
use crate::model::{Day, Exact, Meter};

/// One topic's days while differences are taken apart.
struct Series<'m, 'a> {
    matched: &'m Matched<'a>,
    meter: &'m Meter,
    buckets: Vec<Bucket<'m, 'a>>,
    /// Billed − logged quantity that no cause has yet, by bucket.
    open: Vec<Exact>,
    class: Vec<Exact>,
}

/// Compares topics that have quantities on both sides.
pub fn compare(
    topics: &[(&Matched<'_>, &Meter)],
    list: &dyn PriceList,
    finest: &Finest,
) -> Vec<Entry> {
    let mut all: Vec<Series<'_, '_>> = topics
        .iter()
        .map(|(matched, meter)| Series::of(matched, meter))
        .collect();
    token_classes(&mut all);
    all.iter()
        .flat_map(|series| series.entries(list, finest))
        .collect()
}

impl<'m, 'a> Series<'m, 'a> {
    fn of(matched: &'m Matched<'a>, meter: &'m Meter) -> Series<'m, 'a> {
        let buckets = buckets(matched);
        let open: Vec<Exact> = buckets.iter().map(|b| billed(b) - logged(b)).collect();
        Series {
            matched,
            meter,
            class: vec![Exact::ZERO; open.len()],
            buckets,
            open,
        }
    }

    fn entries(&self, list: &dyn PriceList, finest: &Finest) -> Vec<Entry> {
        let days: Vec<(Day, Day, Exact)> = self
            .buckets
            .iter()
            .zip(&self.open)
            .map(|(bucket, open)| (bucket.first, bucket.end, *open))
            .collect();
        let shifted = net_neighbors(&days);
        let mut entries = Vec::new();
        for (at, bucket) in self.buckets.iter().enumerate() {
            let mut entry = Entry::of(&self.matched.topic, (bucket.first, bucket.end));
            for line in &bucket.lines {
                entry.bill(line);
            }
            entry.billed_quantity = Some(billed(bucket));
            entry.logged_quantity = Some(logged(bucket));
            let reference = Reference::of(self.matched, self.meter, bucket, list);
            let rest = self.open[at] - shifted[at];
            let only_quantity = self.class[at].is_zero() && shifted[at].is_zero();
            let same_mix = only_quantity
                .then(|| of_one_mix(bucket, list, finest))
                .flatten();
            match (&reference, same_mix) {
                (Some(_), Some(mix)) => mix_causes(&mut entry, &mix, rest),
                (Some(reference), None) => {
                    let price = reference.price;
                    entry.add(Cause::TokenClass, self.class[at] * price);
                    entry.add(Cause::DayCutOff, shifted[at] * price);
                    let cause = match rest.is_negative() {
                        true => Cause::OverLogged,
                        false => Cause::Missing,
                    };
                    entry.add(cause, rest * price);
                    for line in &bucket.lines {
                        line_causes(&mut entry, line, reference, list, finest);
                    }
                    logged_causes(&mut entry, bucket, reference, list);
                }
                (None, _) => without_price(&mut entry),
            }
            // Most models have no price per request; logged requests alone are no gap.
            let requests = *self.meter == Meter::Requests && reference.is_none();
            let nothing = entry.computed == Some(Exact::ZERO) || requests;
            if !bucket.lines.is_empty() || !nothing {
                entries.push(entry);
            }
        }
        entries
    }
}

/// Usage of several tiers or contexts, as logged.
struct Mix {
    computed: Exact,
    /// The same less negotiated discounts.
    net: Exact,
}

/// The logged usage, if it has several prices and charges that state no tier are billed at just its
/// mix of them: then no price differs.
fn of_one_mix(bucket: &Bucket<'_, '_>, list: &dyn PriceList, finest: &Finest) -> Option<Mix> {
    let mut prices = Vec::new();
    let mut mix = Mix {
        computed: Exact::ZERO,
        net: Exact::ZERO,
    };
    for logged in &bucket.logged {
        let found = listed(logged, list)?;
        let at_list = found.price * logged.quantity;
        mix.computed += at_list;
        mix.net += at_list - at_list * found.discount;
        prices.push(found.price);
    }
    let several = prices.iter().any(|price| *price != prices[0]);
    let no_tier = bucket.lines.iter().all(|line| line.charge.tier.is_none());
    let (billed, logged) = (billed(bucket), logged(bucket));
    let half_units: Exact = bucket.lines.iter().map(|line| finest.half_unit(line)).sum();
    let money: Exact = bucket.lines.iter().map(|line| line.amount).sum();
    let fits = (money * logged - mix.net * billed).abs() <= half_units * logged;
    (several && no_tier && billed.is_positive() && fits).then_some(mix)
}

/// The causes where only the quantity differs, and the mix of prices is the log's.
fn mix_causes(entry: &mut Entry, mix: &Mix, more: Exact) {
    entry.computed = Some(mix.computed);
    entry.add(Cause::Discount, mix.net - mix.computed);
    let cause = match more {
        more if more.is_zero() => Cause::Rounding,
        more if more.is_negative() => Cause::OverLogged,
        _ => Cause::Missing,
    };
    entry.add(cause, entry.billed - mix.net);
}

/// Without a list price nothing can be computed; the billed rate still tells how much of the money
/// is for quantities that the log lacks.
fn without_price(entry: &mut Entry) {
    let (billed, logged) = (
        entry.billed_quantity.unwrap_or_default(),
        entry.logged_quantity.unwrap_or_default(),
    );
    entry.computed = match logged.is_zero() {
        true => Some(Exact::ZERO),
        false => None,
    };
    let known = billed.min(logged).max(Exact::ZERO);
    let parts = split(entry.billed, &[(billed - known).max(Exact::ZERO), known]);
    match parts.as_deref() {
        Some([missing, unpriced]) => {
            entry.add(Cause::Missing, *missing);
            entry.add(Cause::Unpriced, *unpriced);
        }
        _ => entry.add(Cause::Unpriced, entry.billed),
    }
}

fn billed(bucket: &Bucket<'_, '_>) -> Exact {
    let quantities = bucket
        .lines
        .iter()
        .map(|line| line.quantity.unwrap_or_default());
    quantities.sum()
}

fn logged(bucket: &Bucket<'_, '_>) -> Exact {
    bucket.logged.iter().map(|logged| logged.quantity).sum()
}

/// Moves differences that cancel out between the input classes of one provider, model, tier and
/// span of days from `open` to `class`.
fn token_classes(all: &mut [Series<'_, '_>]) {
    type Key = (Option<String>, Option<String>, Option<String>, Day, Day);
    let mut days: BTreeMap<Key, Vec<(usize, usize)>> = BTreeMap::new();
    for (of, series) in all.iter().enumerate() {
        let classes = [
            Meter::Input,
            Meter::CacheRead,
            Meter::CacheWrite5m,
            Meter::CacheWrite1h,
        ];
        if !classes.contains(series.meter) {
            continue;
        }
        let topic = &series.matched.topic;
        let model = topic.model.as_ref().map(|model| {
            format!(
                "{} {}",
                model.family,
                model.snapshot.as_deref().unwrap_or_default()
            )
        });
        for (at, bucket) in series.buckets.iter().enumerate() {
            let key = (
                topic.provider.clone(),
                model.clone(),
                topic.tier.clone(),
                bucket.first,
                bucket.end,
            );
            days.entry(key).or_default().push((of, at));
        }
    }
    for places in days.into_values() {
        let open: Vec<Exact> = places.iter().map(|(of, at)| all[*of].open[*at]).collect();
        let side = |sign: fn(&Exact) -> bool| -> Vec<Exact> {
            let part = |value: &Exact| {
                if sign(value) {
                    value.abs()
                } else {
                    Exact::ZERO
                }
            };
            open.iter().map(part).collect()
        };
        let (more, less) = (side(Exact::is_positive), side(Exact::is_negative));
        let moved = more
            .iter()
            .copied()
            .sum::<Exact>()
            .min(less.iter().copied().sum());
        if moved.is_zero() {
            continue;
        }
        let (Some(more), Some(less)) = (split(moved, &more), split(moved, &less)) else {
            continue;
        };
        for (((of, at), more), less) in places.iter().zip(more).zip(less) {
            let class = more - less;
            all[*of].class[*at] += class;
            all[*of].open[*at] -= class;
        }
    }
}

/// The part of each difference that the next day's, or the day before's, takes back. Only single
/// days that follow each other are netted; the parts sum to zero.
pub fn net_neighbors(days: &[(Day, Day, Exact)]) -> Vec<Exact> {
    let mut shifted = vec![Exact::ZERO; days.len()];
    for at in 1..days.len() {
        let ((first, end, before), (next, last, here)) = (days[at - 1], days[at]);
        let single = end == first.plus(1) && next == end && last == next.plus(1);
        let left = before - shifted[at - 1];
        if !single || left.is_negative() == here.is_negative() {
            continue;
        }
        let moved = left.abs().min(here.abs());
        let moved = if left.is_negative() { -moved } else { moved };
        shifted[at - 1] += moved;
        shifted[at] -= moved;
    }
    shifted
}
