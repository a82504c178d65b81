//! The fold of usage logs as a rollup file: CSV in the layout of [`crate::model::rollup`].
//!
//! Unlike the CSV of reports, texts stand as they are: the file is read back, and an id with a mark
//! before it would be another id. Quantities are never rounded.

use std::io::{self, Write};

use crate::model::rollup::{METERS, VERSION, columns};
use crate::model::{Day, Exact, Instant, Meter, Packed, UsageCell, Zone};

/// Writes the header and a row for each cell, and one more for each further meter that has no
/// column of its own. `dimensions` are the names of the cells' extra columns, `zone` the one of
/// their days. Returns how many rows were written.
///
/// # Errors
/// Those of the writer.
pub fn write<'c>(
    cells: impl Iterator<Item = &'c UsageCell>,
    dimensions: &[String],
    zone: Zone,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::Any(b'\n'))
        .from_writer(out);
    let names = columns();
    let names = names.iter().copied();
    writer.write_record(names.chain(dimensions.iter().map(String::as_str)))?;
    let mut rows = 0;
    for cell in cells {
        let others = cell.quantities.iter();
        let mut others = others.filter(|(meter, _)| !METERS.contains(*meter));
        let mut first = true;
        loop {
            let other = others.next();
            if !first && other.is_none() {
                break;
            }
            row(&mut writer, cell, (first, other), zone)?;
            first = false;
            rows += 1;
        }
    }
    writer.flush()?;
    Ok(rows)
}

/// One row: the first of a cell has everything but the further meters after the first of them.
fn row<W: Write>(
    writer: &mut ::csv::Writer<W>,
    cell: &UsageCell,
    (first, other): (bool, Option<(&Meter, Packed)>),
    zone: Zone,
) -> io::Result<()> {
    let (start, seconds) = span(cell.utc_day, cell.day, zone);
    let mut text = |text: &str| writer.write_field(text);
    let named = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("").to_string();
    let sum = |value: Exact| match first {
        true => value,
        false => Exact::ZERO,
    };
    text(VERSION)?;
    text(&start.to_string())?;
    text(&seconds.to_string())?;
    for name in [
        &cell.source,
        &cell.feature,
        &cell.provider,
        &cell.model,
        &cell.tier,
    ] {
        text(&named(name))?;
    }
    text(&cell.band.threshold().unwrap_or(0).to_string())?;
    text(if cell.aggregated { "1" } else { "0" })?;
    for meter in &METERS {
        let stated = cell.quantities.of(meter).filter(|_| first);
        text(&stated.map_or(String::new(), |sum| sum.to_string()))?;
    }
    for count in [cell.requests.exact(), cell.failed(), cell.gateway_cached()] {
        text(&sum(count).to_string())?;
    }
    match cell.reported() {
        // Costs and their absence are groups apart, so every row of a cell states one.
        Some((cost, currency)) => {
            text(&sum(cost).to_string())?;
            text(currency.code())?;
        }
        None => {
            text("")?;
            text("")?;
        }
    }
    let (meter, quantity) = match other {
        Some((meter, quantity)) => (meter.name(), quantity.exact().to_string()),
        None => ("", String::new()),
    };
    text(meter)?;
    text(&quantity)?;
    text("")?;
    for value in &cell.dimensions {
        text(&named(value))?;
    }
    writer.write_record(None::<&[u8]>)?;
    Ok(())
}

/// The time that a day of UTC and a day of the zone have in common, and its length in seconds.
fn span(utc_day: Day, day: Day, zone: Zone) -> (Instant, i64) {
    let (utc, zone) = (
        (
            Zone::Utc.start_of(utc_day),
            Zone::Utc.start_of(utc_day.plus(1)),
        ),
        (zone.start_of(day), zone.start_of(day.plus(1))),
    );
    let start = utc.0.max(zone.0);
    (start, (utc.1.min(zone.1).0 - start.0) / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::model::usage::{Aside, CellKind};
    use crate::model::{ContextBand, Currency, Quantities};

    fn cell() -> UsageCell {
        let kind = CellKind {
            scopes: None,
            feature: None,
            provider: Some("openai".into()),
            model: Some("gpt-4o".into()),
            tier: None,
            band: ContextBand::of_tokens(250_000),
            dimensions: vec![Some("eu".into())],
            aggregated: false,
        };
        UsageCell {
            utc_day: Day::parse("2026-10-01").unwrap(),
            day: Day::parse("2026-10-01").unwrap(),
            source: Some("=cmd, \"x\"".into()),
            kind: Arc::new(kind),
            quantities: quantities(&[(Meter::Input, "0"), (Meter::Output, "7")]),
            requests: Exact::from(2u64).into(),
            aside: Some(Box::new(Aside {
                failed: Exact::ONE.into(),
                ..Aside::default()
            })),
        }
    }

    fn quantities(list: &[(Meter, &str)]) -> Quantities {
        let packed = |text: &str| Packed::from(Exact::parse(text).unwrap());
        let list = list.iter();
        list.map(|(meter, text)| (meter.clone(), packed(text)))
            .collect()
    }

    fn written(cell: &UsageCell, zone: &str) -> Vec<String> {
        let mut out = Vec::new();
        let zone = Zone::parse(zone).unwrap();
        let rows = write([cell].into_iter(), &["region".into()], zone, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_string).collect();
        assert_eq!(lines.len() as u64, rows + 1);
        assert!(lines[0].starts_with("tanso_rollup,start_time,seconds,customer,"));
        assert!(lines[0].ends_with(",meter,quantity,fault,region"));
        lines[1..].to_vec()
    }

    #[test]
    fn a_cell_is_a_row() {
        assert_eq!(
            written(&cell(), "UTC"),
            [
                "1,2026-10-01T00:00:00Z,86400,\"=cmd, \"\"x\"\"\",,openai,gpt-4o,,200000,0,0,,,,7,2,1,0,,,,,,eu"
            ]
        );
        // Two hours ahead of UTC: the first of October ends at 22:00.
        let rows = written(&cell(), "Europe/Berlin");
        assert!(
            rows[0].starts_with("1,2026-10-01T00:00:00Z,79200,"),
            "{rows:?}"
        );
        let next = UsageCell {
            day: Day::parse("2026-10-02").unwrap(),
            ..cell()
        };
        let rows = written(&next, "Europe/Berlin");
        assert!(
            rows[0].starts_with("1,2026-10-01T22:00:00Z,7200,"),
            "{rows:?}"
        );
    }

    #[test]
    fn further_meters_are_rows_that_repeat_no_sum() {
        let mut cell = cell();
        let aside = cell.aside.as_mut().unwrap();
        aside.reported = Some((Exact::parse("0.5").unwrap().into(), Currency::USD));
        cell.quantities = quantities(&[
            (Meter::Input, "0"),
            (Meter::Output, "7"),
            (Meter::Images, "0.5"),
            (Meter::Other("pages".into()), "1"),
        ]);
        let tails: Vec<String> = written(&cell, "UTC")
            .iter()
            .map(|row| row.split(",200000,").nth(1).unwrap().to_string())
            .collect();
        assert_eq!(
            tails,
            [
                "0,0,,,,7,2,1,0,0.5,USD,images,0.5,,eu",
                "0,,,,,,0,0,0,0,USD,pages,1,,eu",
            ]
        );
    }
}
