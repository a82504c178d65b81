//! OpenRouter's activity export by day: openrouter.ai, Activity, Export, CSV.
//!
//! One row per UTC day and model, US dollars, every field quoted. `Usage` is what OpenRouter charges,
//! `BYOK Usage` what the providers charge for requests on the user's own keys. No ids.
//!
//! The rule that must hold: only `Usage` is a charge.

use crate::formats::bills::byok::OwnKeys;
use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter};
use crate::model::{Currency, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["Date", "Slug", "Usage", "Requests", "Prompt Tokens"];

/// The format `openrouter-daily`.
pub static FORMAT: Format = Format {
    name: "openrouter-daily",
    kind: Kind::Bill,
    provider: Some("openrouter"),
    title: "OpenRouter activity by day (CSV)",
    required: REQUIRED,
    page: "\
**Where.** openrouter.ai → Activity → Export, the rows by day. The export by generation
(`openrouter-generations`) is better: it names your end users.

**Columns.** `Date`, `Slug` (the model) and `Usage`; `BYOK Usage` is used where present. Requests and tokens
are not used: the charge covers them together.

**Units and zone.** US dollars per UTC day and model.

**Ids for attribution.** None: the charge is shared by the usage log.

**Your own keys.** `BYOK Usage` is billed by the providers, not by OpenRouter. It is not counted; a note
says how much it is.

**Confidence.** A test of a program that reads the export.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Bill(read),
};

struct Positions {
    date: usize,
    model: usize,
    cost: usize,
    byok: Option<usize>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let mut columns = Columns::of(source, settings, Some(Zone::Utc));
    // The rows are days of OpenRouter's own, which are UTC.
    columns.zone = Some(Zone::Utc);
    rows::known_fields(&columns.file, settings, &[], problems);
    let date = columns.required(&["Date"], problems);
    let model = columns.required(&["Slug"], problems);
    let cost = columns.required(&["Usage"], problems);
    let byok = columns.optional(&["BYOK Usage"], problems);
    let (Some(date), Some(model), Some(cost)) = (date, model, cost) else {
        return Tally::default();
    };
    let at = Positions {
        date,
        model,
        cost,
        byok,
    };
    let mut own_keys = OwnKeys::default();
    let mut tally = rows::each(source, problems, |_, row, tally| {
        let charge = charge(&columns, &at, row)?;
        own_keys.add(match at.byok {
            Some(column) => columns.optional_number(row, column)?,
            None => None,
        });
        tally.cover(charge.start, charge.end);
        charges.push(charge);
        Ok(Fate::Used)
    });
    own_keys.remark(&mut tally);
    tally
}

fn charge(columns: &Columns, at: &Positions, row: &Row) -> Result<Charge, Problem> {
    let (start, end) = rows::day_of(columns, rows::stamp(columns, row, at.date)?);
    let Some(model) = word(row, Some(at.model)) else {
        let message = "Slug is empty: the row names no model";
        return Err(columns.problem(&catalogue::MISSING_VALUE, row, at.model, message));
    };
    Ok(Charge {
        provider: Some("openrouter".to_string()),
        start,
        end,
        amount: columns.number(row, at.cost)?,
        written_places: written_places(row.filled(at.cost).unwrap_or("")),
        currency: Currency::USD,
        scopes: Vec::new(),
        model: Some(model.to_string()),
        meter: ChargeMeter::All,
        tier: None,
        kind: ChargeKind::Usage,
        quantity: None,
        item: model.to_string(),
        origin: rows::origin(columns, row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::table;

    #[test]
    fn only_usage_is_charged() {
        let text = "\"Date\",\"Slug\",\"Usage\",\"BYOK Usage\",\"Requests\",\"Prompt Tokens\"\n\
             \"2026-05-12 00:00:00\",\"anthropic/claude-opus-4.7\",\"4.07\",\"2.5\",\"4\",\"70\"\n\
             \"2026-05-12 00:00:00\",\"\",\"1\",\"0\",\"4\",\"70\"\n\
             \"Total\",\"\",\"5.07\",\"2.5\",\"8\",\"140\"\n";
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let settings = Settings {
            zone: Zone::parse("Asia/Tokyo"),
            ..Settings::default()
        };
        let tally = read(
            &mut table("d.csv", text),
            &settings,
            &mut charges,
            &mut problems,
        );
        assert_eq!(charges.len(), 1);
        assert_eq!(charges[0].amount.to_string(), "4.07");
        assert_eq!(charges[0].start.to_string(), "2026-05-12T00:00:00Z");
        assert_eq!(charges[0].end.to_string(), "2026-05-13T00:00:00Z");
        assert!(tally.remarks[0].text.contains("2.5 USD"));
        let codes: Vec<&str> = problems.kept().iter().map(|p| p.entry.code).collect();
        assert_eq!(codes, ["T3027", "T3030"]);
    }
}
