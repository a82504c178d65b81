//! Cells of usage as bytes: texts and what cells of a kind share stand once.

use std::sync::Arc;

use hashbrown::HashMap;

use super::bytes::{In, Out};
use crate::model::{ContextBand, Currency, Day, Meter, Packed, UsageCell};

type Table<K> = HashMap<K, u64, foldhash::fast::FixedState>;

/// What cells of a kind share; texts by their places, 0 for none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    texts: [u64; 4],
    dimensions: Vec<u64>,
    band: u64,
    aggregated: bool,
    currency: Option<Currency>,
    meters: Vec<Meter>,
}

/// The same, read.
struct Shared {
    texts: [Option<Arc<str>>; 4],
    dimensions: Vec<Option<Arc<str>>>,
    band: ContextBand,
    aggregated: bool,
    currency: Option<Currency>,
    meters: Vec<Meter>,
}

/// Every text once, by where it stands in memory: cells share their texts.
#[derive(Default)]
struct Texts<'c> {
    places: Table<usize>,
    list: Vec<&'c str>,
}

impl<'c> Texts<'c> {
    fn place(&mut self, text: Option<&'c Arc<str>>) -> u64 {
        let Some(text) = text else {
            return 0;
        };
        let at = Arc::as_ptr(text).cast::<u8>().addr();
        *self.places.entry(at).or_insert_with(|| {
            self.list.push(text);
            self.list.len() as u64
        })
    }
}

/// Writes cells of logs; returns the texts in them.
pub fn write<'c>(cells: &'c [UsageCell], out: &mut Out) -> Vec<&'c str> {
    let mut texts = Texts::default();
    let mut kinds: Table<Kind> = Table::default();
    let mut list: Vec<Kind> = Vec::new();
    let mut rows = Out::default();
    let mut before = 0;
    for cell in cells {
        let kind = Kind {
            texts: [&cell.feature, &cell.provider, &cell.model, &cell.tier]
                .map(|text| texts.place(text.as_ref())),
            dimensions: cell
                .dimensions
                .iter()
                .map(|text| texts.place(text.as_ref()))
                .collect(),
            band: cell.band.threshold().unwrap_or(0),
            aggregated: cell.aggregated,
            currency: cell.reported.as_ref().map(|(_, currency)| *currency),
            meters: cell
                .quantities
                .iter()
                .map(|(meter, _)| meter.clone())
                .collect(),
        };
        let number = match kinds.get(&kind) {
            Some(number) => *number,
            None => {
                list.push(kind.clone());
                kinds.insert(kind, list.len() as u64 - 1);
                list.len() as u64 - 1
            }
        };
        rows.signed(i64::from(cell.utc_day.0) - before);
        before = i64::from(cell.utc_day.0);
        rows.signed(i64::from(cell.day.0) - before);
        rows.number(texts.place(cell.source.as_ref()));
        rows.number(number);
        for count in [&cell.requests, &cell.failed, &cell.gateway_cached] {
            rows.packed(count);
        }
        if let Some((amount, _)) = &cell.reported {
            rows.packed(amount);
        }
        for (_, quantity) in &cell.quantities {
            rows.packed(quantity);
        }
    }
    out.number(texts.list.len() as u64);
    texts.list.iter().for_each(|text| out.text(text));
    out.number(list.len() as u64);
    list.iter().for_each(|kind| write_kind(kind, out));
    out.number(cells.len() as u64);
    out.0.extend(rows.0);
    texts.list
}

fn write_kind(kind: &Kind, out: &mut Out) {
    kind.texts.iter().for_each(|text| out.number(*text));
    out.number(kind.dimensions.len() as u64);
    kind.dimensions.iter().for_each(|text| out.number(*text));
    out.number(kind.band);
    out.flag(kind.aggregated);
    out.text(kind.currency.as_ref().map_or("", Currency::code));
    out.number(kind.meters.len() as u64);
    kind.meters.iter().for_each(|meter| out.text(meter.name()));
}

/// Reads cells; `None` if they are not as they were written.
pub fn read(bytes: &mut In<'_>) -> Option<Vec<UsageCell>> {
    let count = bytes.place()?;
    let texts: Option<Vec<Arc<str>>> = (0..count).map(|_| bytes.text().map(Arc::from)).collect();
    let texts = texts?;
    let count = bytes.place()?;
    let kinds: Option<Vec<Shared>> = (0..count).map(|_| read_kind(bytes, &texts)).collect();
    let kinds = kinds?;
    let count = bytes.place()?;
    // A row takes more bytes than one.
    let mut cells = Vec::with_capacity(count.min(bytes.0.len()));
    let mut before = 0i32;
    for _ in 0..count {
        before = before.checked_add(bytes.short()?)?;
        let day = before.checked_add(bytes.short()?)?;
        let source = text(bytes, &texts)?;
        let kind = kinds.get(bytes.place()?)?;
        let (requests, failed, gateway_cached) =
            (bytes.packed()?, bytes.packed()?, bytes.packed()?);
        let reported = match kind.currency {
            None => None,
            Some(currency) => Some((bytes.packed()?, currency)),
        };
        let mut quantities = Vec::with_capacity(kind.meters.len());
        for meter in &kind.meters {
            quantities.push((meter.clone(), bytes.packed()?));
        }
        let counts = [requests, failed, gateway_cached];
        cells.push(cell(
            (Day(before), Day(day)),
            source,
            kind,
            counts,
            reported,
            quantities,
        ));
    }
    Some(cells)
}

fn cell(
    (utc_day, day): (Day, Day),
    source: Option<Arc<str>>,
    kind: &Shared,
    [requests, failed, gateway_cached]: [Packed; 3],
    reported: Option<(Packed, Currency)>,
    quantities: Vec<(Meter, Packed)>,
) -> UsageCell {
    let [feature, provider, model, tier] = kind.texts.clone();
    UsageCell {
        utc_day,
        day,
        source,
        scopes: None,
        feature,
        provider,
        model,
        tier,
        band: kind.band,
        dimensions: kind.dimensions.clone(),
        quantities,
        requests,
        failed,
        gateway_cached,
        reported,
        aggregated: kind.aggregated,
    }
}

/// A text by its place: `None` if there is no such place, `Some(None)` if there is no text.
fn text(bytes: &mut In<'_>, texts: &[Arc<str>]) -> Option<Option<Arc<str>>> {
    match bytes.place()? {
        0 => Some(None),
        at => Some(Some(texts.get(at - 1)?.clone())),
    }
}

fn read_kind(bytes: &mut In<'_>, texts: &[Arc<str>]) -> Option<Shared> {
    let mut four: [Option<Arc<str>>; 4] = Default::default();
    for slot in &mut four {
        *slot = text(bytes, texts)?;
    }
    let count = bytes.place()?;
    let dimensions: Option<Vec<_>> = (0..count).map(|_| text(bytes, texts)).collect();
    let band = match bytes.number()? {
        0 => ContextBand::BASE,
        threshold => ContextBand::beyond(threshold)?,
    };
    let aggregated = bytes.flag()?;
    let currency = match bytes.text()? {
        "" => None,
        code => Some(Currency::parse(code)?),
    };
    let count = bytes.place()?;
    let meters: Option<Vec<Meter>> = (0..count).map(|_| bytes.text().map(Meter::named)).collect();
    Some(Shared {
        texts: four,
        dimensions: dimensions?,
        band,
        aggregated,
        currency,
        meters: meters?,
    })
}
