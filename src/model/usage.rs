//! The folded log: usage summed by day, customer, feature, provider, model and tier.
//!
//! There may be millions of cells, so one takes eighty bytes: what cells of a kind share stands
//! once, whole quantities of the commonest meters stand in the cell itself, and what is rare is
//! kept beside it.

use std::ops::Deref;
use std::sync::Arc;

use super::records::Scope;
use super::{Currency, Day, Exact, Meter, Packed};
use crate::model::band::ContextBand;

/// One group of the fold. Everything after reading works on these; no row is kept.
///
/// What it shares with others, its [`CellKind`], is read as if it were its own.
#[derive(Clone, Debug)]
pub struct UsageCell {
    /// UTC day, by which provider bills are matched.
    pub utc_day: Day,
    /// Day in the report's zone, by which usage is counted.
    pub day: Day,
    /// The customer's id in the log; `None` where rows name nobody.
    pub source: Option<Arc<str>>,
    /// Everything that is not summed and no day and no customer.
    pub kind: Arc<CellKind>,
    /// Disjoint quantities by meter, in the order of the meters, without requests.
    pub quantities: Quantities,
    /// Served requests.
    pub requests: Packed,
    /// What few logs have.
    pub aside: Option<Box<Aside>>,
}

/// What cells of usage have in common.
#[derive(Clone, Debug)]
pub struct CellKind {
    /// Ids of a provider's usage export, most specific first, which tell the owner in place of
    /// the customer's id; `None` in usage of a log.
    pub scopes: Option<Arc<[Scope]>>,
    /// Product feature, where the report asks for it.
    pub feature: Option<Arc<str>>,
    /// Provider, folded; the model's first-party vendor where the log names none.
    pub provider: Option<Arc<str>>,
    /// Model as written.
    pub model: Option<Arc<str>>,
    /// Service tier, folded to `standard`, `batch`, …; `None` where the log has none.
    pub tier: Option<Arc<str>>,
    /// Context tier of the requests.
    pub band: ContextBand,
    /// Values of the extra dimensions asked for.
    pub dimensions: Vec<Option<Arc<str>>>,
    /// Whether some rows stand for several requests, so that context tiers cannot be told.
    pub aggregated: bool,
}

/// What is summed in few cells.
#[derive(Clone, Debug, Default)]
pub struct Aside {
    /// Failed or canceled requests.
    pub failed: Packed,
    /// Requests answered by the gateway's own cache.
    pub gateway_cached: Packed,
    /// The log's own cost. Rows with and without one are in groups of their own.
    pub reported: Option<(Packed, Currency)>,
}

/// Quantities by meter, each meter once.
#[derive(Clone, Debug)]
pub struct Quantities(Form);

#[derive(Clone, Debug)]
enum Form {
    /// Whole numbers of the commonest meters that fit 32 bits; a bit of `present` for each that is
    /// there, zero for the others.
    Common {
        present: u8,
        counts: [u32; Meter::COMMON.len()],
    },
    Listed(Box<[(Meter, Packed)]>),
}

/// [`Meter::COMMON`], to lend from.
static COMMON: [Meter; Meter::COMMON.len()] = Meter::COMMON;

impl Deref for UsageCell {
    type Target = CellKind;

    fn deref(&self) -> &CellKind {
        &self.kind
    }
}

impl UsageCell {
    /// The quantity of one meter; zero where there is none.
    pub fn quantity(&self, meter: &Meter) -> Exact {
        if *meter == Meter::Requests {
            return self.requests.exact();
        }
        self.quantities.of(meter).unwrap_or_default()
    }

    /// The log's own cost.
    pub fn reported(&self) -> Option<(Exact, Currency)> {
        let (amount, currency) = self.aside.as_ref()?.reported.as_ref()?;
        Some((amount.exact(), *currency))
    }

    /// Failed or canceled requests.
    pub fn failed(&self) -> Exact {
        let aside = self.aside.as_ref();
        aside.map_or(Exact::ZERO, |aside| aside.failed.exact())
    }

    /// Requests answered by the gateway's own cache.
    pub fn gateway_cached(&self) -> Exact {
        let aside = self.aside.as_ref();
        aside.map_or(Exact::ZERO, |aside| aside.gateway_cached.exact())
    }
}

impl Aside {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.failed.is_zero() && self.gateway_cached.is_zero() && self.reported.is_none()
    }
}

impl Quantities {
    /// Whole numbers of the commonest meters, of which those are there whose bit of `present` is set.
    pub fn common(present: u8, counts: [i64; Meter::COMMON.len()]) -> Quantities {
        let is_there = |at: usize| present >> at & 1 == 1;
        let mut short = [0; Meter::COMMON.len()];
        for (at, count) in counts
            .into_iter()
            .enumerate()
            .filter(|(at, _)| is_there(*at))
        {
            let Ok(count) = u32::try_from(count) else {
                let all = (0..COMMON.len()).filter(|at| is_there(*at));
                let all = all.map(|at| (COMMON[at].clone(), Exact::from(counts[at]).into()));
                return Quantities(Form::Listed(all.collect()));
            };
            short[at] = count;
        }
        let counts = short;
        Quantities(Form::Common { present, counts })
    }

    /// The quantity of a meter, if it is there.
    #[inline]
    pub fn of(&self, meter: &Meter) -> Option<Exact> {
        match &self.0 {
            Form::Common { present, counts } => {
                let at = meter.common()?;
                (present >> at & 1 == 1).then(|| Exact::from(u64::from(counts[at])))
            }
            Form::Listed(list) => {
                let found = list.iter().find(|(found, _)| found == meter)?;
                Some(found.1.exact())
            }
        }
    }

    /// The quantity of one of [`Meter::COMMON`] by its place there, if it is a whole number; zero
    /// where there is none.
    #[inline]
    pub fn whole(&self, place: usize) -> Option<i64> {
        match &self.0 {
            Form::Common { counts, .. } => Some(i64::from(counts[place])),
            Form::Listed(list) => {
                let found = list.iter().find(|(meter, _)| *meter == COMMON[place]);
                found.map_or(Some(0), |(_, quantity)| quantity.whole())
            }
        }
    }

    /// Whole numbers of the commonest meters, and a bit for each that is there, if there are no
    /// others.
    #[inline]
    pub fn in_short(&self) -> Option<(u8, [i64; Meter::COMMON.len()])> {
        match &self.0 {
            Form::Common { present, counts } => Some((*present, counts.map(i64::from))),
            Form::Listed(_) => None,
        }
    }

    /// Every meter with its quantity, in the order of the meters.
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            quantities: self,
            at: 0,
        }
    }

    /// How many meters there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Common { present, .. } => present.count_ones() as usize,
            Form::Listed(list) => list.len(),
        }
    }

    /// Whether there is no meter.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for Quantities {
    fn default() -> Quantities {
        Quantities::common(0, [0; Meter::COMMON.len()])
    }
}

/// Takes quantities in the order of the meters.
impl FromIterator<(Meter, Packed)> for Quantities {
    fn from_iter<I: IntoIterator<Item = (Meter, Packed)>>(list: I) -> Quantities {
        let list: Box<[(Meter, Packed)]> = list.into_iter().collect();
        let (mut present, mut counts) = (0u8, [0; Meter::COMMON.len()]);
        for (meter, quantity) in &list {
            match (meter.common(), quantity.whole()) {
                // In order, and none twice.
                (Some(at), Some(count)) if present >> at == 0 => {
                    present |= 1 << at;
                    counts[at] = count;
                }
                _ => return Quantities(Form::Listed(list)),
            }
        }
        Quantities::common(present, counts)
    }
}

/// See [`Quantities::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'q> {
    quantities: &'q Quantities,
    at: usize,
}

impl<'q> Iterator for Iter<'q> {
    type Item = (&'q Meter, Packed);

    fn next(&mut self) -> Option<(&'q Meter, Packed)> {
        match &self.quantities.0 {
            Form::Common { present, counts } => {
                while self.at < COMMON.len() {
                    let at = self.at;
                    self.at += 1;
                    if present >> at & 1 == 1 {
                        let count = Exact::from(u64::from(counts[at]));
                        return Some((&COMMON[at], count.into()));
                    }
                }
                None
            }
            Form::Listed(list) => {
                let (meter, quantity) = list.get(self.at)?;
                self.at += 1;
                Some((meter, quantity.clone()))
            }
        }
    }
}

impl<'q> IntoIterator for &'q Quantities {
    type Item = (&'q Meter, Packed);
    type IntoIter = Iter<'q>;

    fn into_iter(self) -> Iter<'q> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(quantities: &[(Meter, &str)]) -> Vec<(Meter, Packed)> {
        let packed = |text: &str| Packed::from(Exact::parse(text).unwrap());
        let all = quantities.iter();
        all.map(|(meter, text)| (meter.clone(), packed(text)))
            .collect()
    }

    #[test]
    fn a_cell_is_small() {
        assert_eq!(size_of::<UsageCell>(), 80);
    }

    #[test]
    fn quantities_come_back_as_they_were_given() {
        let huge = "9223372036854775808";
        for given in [
            list(&[]),
            list(&[(Meter::Input, "5")]),
            list(&[(Meter::CacheRead, "0"), (Meter::Output, "7")]),
            list(&[(Meter::Input, "5"), (Meter::CacheWrite1h, "6")]),
            list(&[(Meter::Input, "0.5")]),
            list(&[(Meter::Input, huge), (Meter::Output, "1")]),
            list(&[(Meter::Input, "4294967295"), (Meter::Output, "1")]),
            list(&[(Meter::Input, "4294967296"), (Meter::Output, "1")]),
            list(&[(Meter::CacheRead, "0"), (Meter::Output, "-7")]),
            list(&[(Meter::Output, "1"), (Meter::Input, "2")]),
            list(&[(Meter::Input, "1"), (Meter::Input, "2")]),
            list(&[(Meter::Seconds, "1.25"), (Meter::Other("gpu".into()), "2")]),
        ] {
            let quantities: Quantities = given.iter().cloned().collect();
            assert_eq!(quantities.len(), given.len());
            assert_eq!(quantities.is_empty(), given.is_empty());
            let texts = |(meter, quantity): (&Meter, Packed)| (meter.clone(), quantity.exact());
            let found: Vec<_> = quantities.iter().map(texts).collect();
            let wanted: Vec<_> = given.iter().map(|(m, q)| (m.clone(), q.exact())).collect();
            assert_eq!(found, wanted);
            for meter in [
                Meter::Input,
                Meter::CacheRead,
                Meter::Output,
                Meter::Seconds,
            ] {
                let first = wanted.iter().find(|(found, _)| *found == meter);
                assert_eq!(quantities.of(&meter), first.map(|(_, quantity)| *quantity));
            }
            let short = |meter: &Meter| {
                let first = wanted.iter().find(|(found, _)| found == meter);
                first.map_or(Some(0), |(_, quantity)| quantity.whole())
            };
            for (at, meter) in Meter::COMMON.iter().enumerate() {
                assert_eq!(quantities.whole(at), short(meter));
            }
        }
    }
}
