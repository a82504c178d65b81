//! Cells of usage as bytes: texts, kinds of cells and the forms of their sums stand once.

use std::sync::Arc;

use hashbrown::HashMap;

use super::bytes::{In, Out};
use crate::model::usage::{Aside, CellKind};
use crate::model::{ContextBand, Currency, Day, Exact, Meter, Packed, Quantities, UsageCell};

type Table<K> = HashMap<K, u64, foldhash::fast::FixedState>;

/// Which sums a cell has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Form {
    meters: Vec<Meter>,
    /// Whether there are failed requests and the like.
    aside: bool,
    /// The currency of the log's own cost.
    currency: Option<Currency>,
}

impl Form {
    fn of(cell: &UsageCell) -> Form {
        Form {
            meters: cell
                .quantities
                .iter()
                .map(|(meter, _)| meter.clone())
                .collect(),
            aside: cell.aside.is_some(),
            currency: cell.reported().map(|(_, currency)| currency),
        }
    }

    fn fits(&self, cell: &UsageCell) -> bool {
        self.aside == cell.aside.is_some()
            && self
                .meters
                .iter()
                .eq(cell.quantities.iter().map(|(meter, _)| meter))
            && self.currency == cell.reported().map(|(_, currency)| currency)
    }

    /// The places of the meters among the common ones, if there are no others and they are in their
    /// order.
    fn common(&self) -> Option<Common> {
        let mut common = Common::default();
        for meter in &self.meters {
            let at = meter.common().filter(|at| common.present >> at == 0)?;
            common.present |= 1 << at;
            common.places.push(at);
        }
        Some(common)
    }
}

/// Common meters: a bit for each that is there, and their places.
#[derive(Debug, Default)]
struct Common {
    present: u8,
    places: Vec<usize>,
}

/// Every text and every kind once, by where it stands in memory: cells share them.
#[derive(Default)]
struct Known<'c> {
    texts: Table<usize>,
    text_list: Vec<&'c str>,
    kinds: Table<usize>,
    kind_list: Vec<&'c CellKind>,
    forms: Table<Form>,
    form_list: Vec<Form>,
    /// The form of the last cell.
    last: u64,
}

impl<'c> Known<'c> {
    fn text(&mut self, text: Option<&'c Arc<str>>) -> u64 {
        let Some(text) = text else {
            return 0;
        };
        let at = Arc::as_ptr(text).cast::<u8>().addr();
        *self.texts.entry(at).or_insert_with(|| {
            self.text_list.push(text);
            self.text_list.len() as u64
        })
    }

    fn kind(&mut self, kind: &'c Arc<CellKind>) -> u64 {
        let at = Arc::as_ptr(kind).addr();
        *self.kinds.entry(at).or_insert_with(|| {
            self.kind_list.push(kind);
            self.kind_list.len() as u64 - 1
        })
    }

    fn form(&mut self, cell: &UsageCell) -> u64 {
        let last = self.form_list.get(self.last as usize);
        if !last.is_some_and(|form| form.fits(cell)) {
            let form = Form::of(cell);
            self.last = *self.forms.entry(form.clone()).or_insert_with(|| {
                self.form_list.push(form);
                self.form_list.len() as u64 - 1
            });
        }
        self.last
    }
}

/// Writes cells of logs; returns the texts in them.
pub fn write<'c>(cells: &'c [UsageCell], out: &mut Out) -> Vec<&'c str> {
    let mut known = Known::default();
    let mut rows = Out::default();
    let mut before = 0;
    for cell in cells {
        rows.signed(i64::from(cell.utc_day.0) - before);
        before = i64::from(cell.utc_day.0);
        rows.signed(i64::from(cell.day.0) - before);
        rows.number(known.text(cell.source.as_ref()));
        rows.number(known.kind(&cell.kind));
        rows.number(known.form(cell));
        rows.packed(&cell.requests);
        if let Some(aside) = &cell.aside {
            rows.packed(&aside.failed);
            rows.packed(&aside.gateway_cached);
            if let Some((amount, _)) = &aside.reported {
                rows.packed(amount);
            }
        }
        for (_, quantity) in &cell.quantities {
            rows.packed(&quantity);
        }
    }
    let mut kinds = Out::default();
    kinds.number(known.kind_list.len() as u64);
    for kind in std::mem::take(&mut known.kind_list) {
        write_kind(kind, &mut known, &mut kinds);
    }
    out.number(known.text_list.len() as u64);
    known.text_list.iter().for_each(|text| out.text(text));
    out.0.extend(kinds.0);
    out.number(known.form_list.len() as u64);
    known
        .form_list
        .iter()
        .for_each(|form| write_form(form, out));
    out.number(cells.len() as u64);
    out.0.extend(rows.0);
    known.text_list
}

fn write_kind<'c>(kind: &'c CellKind, known: &mut Known<'c>, out: &mut Out) {
    for text in [&kind.feature, &kind.provider, &kind.model, &kind.tier] {
        out.number(known.text(text.as_ref()));
    }
    out.number(kind.dimensions.len() as u64);
    for text in &kind.dimensions {
        out.number(known.text(text.as_ref()));
    }
    out.number(kind.band.threshold().unwrap_or(0));
    out.flag(kind.aggregated);
}

fn write_form(form: &Form, out: &mut Out) {
    out.number(form.meters.len() as u64);
    form.meters.iter().for_each(|meter| out.text(meter.name()));
    out.flag(form.aside);
    out.text(form.currency.as_ref().map_or("", Currency::code));
}

/// Reads cells; `None` if they are not as they were written.
pub fn read(bytes: &mut In<'_>) -> Option<Vec<UsageCell>> {
    let texts: Vec<Arc<str>> = list(bytes, |bytes| bytes.text().map(Arc::from))?;
    let kinds = list(bytes, |bytes| read_kind(bytes, &texts).map(Arc::new))?;
    let forms = list(bytes, |bytes| {
        let form = read_form(bytes)?;
        Some((form.common(), form))
    })?;
    let count = bytes.place()?;
    // A row takes more bytes than one.
    let mut cells = Vec::with_capacity(count.min(bytes.0.len()));
    let mut before = 0i32;
    for _ in 0..count {
        before = before.checked_add(bytes.short()?)?;
        let day = before.checked_add(bytes.short()?)?;
        let source = text(bytes, &texts)?;
        let kind = kinds.get(bytes.place()?)?.clone();
        let (common, form) = forms.get(bytes.place()?)?;
        cells.push(UsageCell {
            utc_day: Day(before),
            day: Day(day),
            source,
            kind,
            requests: match bytes.whole()? {
                Some(count) => Exact::from(count).into(),
                None => bytes.packed()?,
            },
            aside: aside(bytes, form)?,
            quantities: quantities(bytes, form, common.as_ref())?,
        });
    }
    Some(cells)
}

/// Reads as many things as there are said to be.
fn list<T>(bytes: &mut In<'_>, mut one: impl FnMut(&mut In<'_>) -> Option<T>) -> Option<Vec<T>> {
    let count = bytes.place()?;
    (0..count).map(|_| one(bytes)).collect()
}

/// `None` if it is not as it was written, `Some(None)` if there is nothing.
fn aside(bytes: &mut In<'_>, form: &Form) -> Option<Option<Box<Aside>>> {
    if !form.aside {
        return Some(None);
    }
    let (failed, gateway_cached) = (bytes.packed()?, bytes.packed()?);
    let reported = match form.currency {
        None => None,
        Some(currency) => Some((bytes.packed()?, currency)),
    };
    Some(Some(Box::new(Aside {
        failed,
        gateway_cached,
        reported,
    })))
}

fn quantities(bytes: &mut In<'_>, form: &Form, common: Option<&Common>) -> Option<Quantities> {
    if let Some(common) = common {
        let before = bytes.0;
        if let Some(counts) = counts(bytes, common)? {
            return Some(Quantities::common(common.present, counts));
        }
        bytes.0 = before;
    }
    let meters = form.meters.iter();
    let all: Option<Vec<(Meter, Packed)>> = meters
        .map(|meter| Some((meter.clone(), bytes.packed()?)))
        .collect();
    Some(all?.into_iter().collect())
}

/// Small whole numbers; `Some(None)` if one is not.
fn counts(bytes: &mut In<'_>, common: &Common) -> Option<Option<[i64; Meter::COMMON.len()]>> {
    let mut counts = [0; Meter::COMMON.len()];
    for place in &common.places {
        match bytes.whole()? {
            Some(count) => counts[*place] = count,
            None => return Some(None),
        }
    }
    Some(Some(counts))
}

/// A text by its place: `None` if there is no such place, `Some(None)` if there is no text.
fn text(bytes: &mut In<'_>, texts: &[Arc<str>]) -> Option<Option<Arc<str>>> {
    match bytes.place()? {
        0 => Some(None),
        at => Some(Some(texts.get(at - 1)?.clone())),
    }
}

fn read_kind(bytes: &mut In<'_>, texts: &[Arc<str>]) -> Option<CellKind> {
    let (feature, provider) = (text(bytes, texts)?, text(bytes, texts)?);
    let (model, tier) = (text(bytes, texts)?, text(bytes, texts)?);
    let dimensions = list(bytes, |bytes| text(bytes, texts))?;
    let band = match bytes.number()? {
        0 => ContextBand::BASE,
        threshold => ContextBand::beyond(threshold)?,
    };
    Some(CellKind {
        scopes: None,
        feature,
        provider,
        model,
        tier,
        band,
        dimensions,
        aggregated: bytes.flag()?,
    })
}

fn read_form(bytes: &mut In<'_>) -> Option<Form> {
    let meters = list(bytes, |bytes| bytes.text().map(Meter::named))?;
    let aside = bytes.flag()?;
    let currency = match bytes.text()? {
        "" => None,
        code => Some(Currency::parse(code)?),
    };
    Some(Form {
        meters,
        aside,
        currency,
    })
}
