//! Anthropic's cost export: Console, Cost, Export, CSV (`claude_api_cost_<from>_to_<to>.csv`).
//!
//! Long format: one row per UTC day, model, workspace, key and token type. Dollars rounded to the
//! cent row by row, so rows of 0.00 are real cost and the sum may miss the invoice by cents. Five
//! headers since December 2024: `context_window` and `cost_type` came in 2025, `inference_geo` and
//! `speed` in February 2026, `list_price_usd` in March, `api_key_id` and `api_key_status` in August
//! 2026. Models are display names (`Claude Haiku 4.5`), keys are the keys' names. No quantities.
//!
//! The rule that must hold: two rows that look alike are two charges; they are never merged.

use crate::formats::fields::{Columns, word, written_places};
use crate::formats::rows::{self, Fate};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Scope};
use crate::model::{Currency, Meter, Zone};
use crate::problem::{Problem, Problems};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["usage_date_utc", "token_type", "cost_usd"];

/// The export rounds each row to the cent, even where it drops a trailing zero.
const CENTS: u8 = 2;

/// The ids that may name a customer, most specific first.
const SCOPES: &[(&str, &str)] = &[
    ("api_key_id", "api key"),
    ("api_key", "api key name"),
    ("workspace", "workspace"),
];

/// The format `anthropic-cost-csv`.
pub static FORMAT: Format = Format {
    name: "anthropic-cost-csv",
    kind: Kind::Bill,
    provider: Some("anthropic"),
    title: "Anthropic Console cost export (CSV)",
    required: REQUIRED,
    page: "\
**Where.** Claude Console → Cost → Export. The file is called
`claude_api_cost_2026_02_08_to_2026_02_15.csv`; older ones carry a month.

**Columns.** `usage_date_utc`, `token_type` and `cost_usd` are needed; `model`, `workspace`, `api_key`,
`api_key_id` and `cost_type` are used where present. All five headers since December 2024 are read;
`list_price_usd`, `context_window`, `inference_geo` and `speed` are not used.

**Units and zone.** Dollars rounded to the cent on every row: half a cent per row is the bill's own
rounding, and rows of 0.00 are kept. Days are UTC whatever `tz` says.

**Token types.** `input_no_cache`, `input_cache_read`, `input_cache_write_5m`, `input_cache_write_1h` and
`output` are the five token meters. `web_search` rows have neither model nor token type. A type not
listed here stays a cost without tokens.

**Ids for attribution.** `anthropic:` key id (since August 2026), key name, workspace name.

**Quirks.** Models are display names. The same key may have two rows of one token type on one day;
both are real. There are no quantities, so customers share by what their logged usage would cost.

**Confidence.** The header of February 2026 comes from a real file, the others from a published
description and from tests of programs that read the export. How batch use is marked is not known.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Bill(read),
};

struct Positions {
    day: usize,
    token_type: usize,
    cost: usize,
    model: Option<usize>,
    cost_type: Option<usize>,
    scopes: Vec<(usize, &'static str)>,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let day = columns.required(&["usage_date_utc"], problems);
        let token_type = columns.required(&["token_type"], problems);
        let cost = columns.required(&["cost_usd"], problems);
        let scopes = SCOPES
            .iter()
            .filter_map(|(name, what)| Some((columns.optional(&[name], problems)?, *what)))
            .collect();
        Some(Positions {
            model: columns.optional(&["model"], problems),
            cost_type: columns.optional(&["cost_type"], problems),
            scopes,
            day: day?,
            token_type: token_type?,
            cost: cost?,
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    charges: &mut Vec<Charge>,
    problems: &mut Problems,
) -> Tally {
    let mut columns = Columns::of(source, settings, Some(Zone::Utc));
    // The column's name states the zone, so a zone meant for other files must not move its days.
    columns.zone = Some(Zone::Utc);
    rows::known_fields(&columns.file, settings, &[], problems);
    let Some(at) = Positions::find(&columns, problems) else {
        return Tally::default();
    };
    rows::each(source, problems, |_, row, tally| {
        let charge = charge(&columns, &at, row)?;
        tally.cover(charge.start, charge.end);
        charges.push(charge);
        Ok(Fate::Used)
    })
}

fn charge(columns: &Columns, at: &Positions, row: &Row) -> Result<Charge, Problem> {
    let day = rows::stamp(columns, row, at.day)?.utc_day();
    let amount = columns.number(row, at.cost)?;
    let written = written_places(row.filled(at.cost).unwrap_or(""));
    let model = word(row, at.model);
    let token_type = word(row, Some(at.token_type));
    let cost_type = word(row, at.cost_type);
    let mut scopes = Vec::new();
    for (column, dimension) in &at.scopes {
        if let Some(id) = columns.id(row, *column)?.filter(|id| *id != "--") {
            scopes.push(Scope {
                namespace: "anthropic".to_string(),
                id: id.to_string(),
                dimension,
            });
        }
    }
    let words = [model, token_type.or(cost_type)];
    Ok(Charge {
        provider: Some("anthropic".to_string()),
        start: Zone::Utc.start_of(day),
        end: Zone::Utc.start_of(day.plus(1)),
        amount,
        written_places: written.max(CENTS),
        currency: Currency::USD,
        scopes,
        model: model.map(str::to_string),
        meter: meter(token_type, cost_type),
        tier: None,
        kind: ChargeKind::Usage,
        quantity: None,
        item: words.into_iter().flatten().collect::<Vec<_>>().join(", "),
        origin: rows::origin(columns, row),
    })
}

fn meter(token_type: Option<&str>, cost_type: Option<&str>) -> ChargeMeter {
    let Some(token_type) = token_type else {
        return match cost_type {
            Some("web_search") => ChargeMeter::Is(Meter::WebSearches),
            Some("token") | None => ChargeMeter::All,
            Some(other) => ChargeMeter::Item(other.to_string()),
        };
    };
    ChargeMeter::Is(match token_type {
        "input_no_cache" => Meter::Input,
        "input_cache_read" => Meter::CacheRead,
        "input_cache_write_5m" => Meter::CacheWrite5m,
        "input_cache_write_1h" => Meter::CacheWrite1h,
        "output" => Meter::Output,
        other => return ChargeMeter::Item(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::table;
    use crate::model::Exact;

    fn charges_of(text: &str, settings: &Settings) -> (Vec<Charge>, Tally, Problems) {
        let (mut charges, mut problems) = (Vec::new(), Problems::default());
        let tally = read(
            &mut table("c.csv", text),
            settings,
            &mut charges,
            &mut problems,
        );
        (charges, tally, problems)
    }

    const HEADER: &str = "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,cost_type,inference_geo,speed\n";

    #[test]
    fn rows_that_look_alike_are_all_kept() {
        let row = "2026-02-12,Claude Sonnet 4.5,Default,chat,message,≤ 200k,input_cache_write_5m,0.75,token,not_available,\n";
        let (charges, tally, problems) =
            charges_of(&format!("{HEADER}{row}{row}"), &Settings::default());
        assert!(problems.is_empty());
        assert_eq!(tally.used, 2);
        let sum: Exact = charges.iter().map(|charge| charge.amount).sum();
        assert_eq!(sum.to_string(), "1.5");
        assert_eq!(charges[0].meter, ChargeMeter::Is(Meter::CacheWrite5m));
    }

    #[test]
    fn a_web_search_has_no_model_and_its_own_meter() {
        let row = "2026-02-12,--,Default,chat,--,--,--,0.07,web_search,--,--\n";
        let (charges, _, _) = charges_of(&format!("{HEADER}{row}"), &Settings::default());
        assert_eq!(charges[0].model, None);
        assert_eq!(charges[0].meter, ChargeMeter::Is(Meter::WebSearches));
        assert_eq!(charges[0].item, "web_search");
    }

    #[test]
    fn days_stay_utc_and_places_stay_cents() {
        let row =
            "2026-02-12,Claude Haiku 4.5,Default,chat,message,≤ 200k,output,0.1,token,global,\n";
        let settings = Settings {
            zone: Zone::parse("America/New_York"),
            ..Settings::default()
        };
        let (charges, _, _) = charges_of(&format!("{HEADER}{row}"), &settings);
        assert_eq!(charges[0].start.to_string(), "2026-02-12T00:00:00Z");
        assert_eq!(charges[0].end.to_string(), "2026-02-13T00:00:00Z");
        assert_eq!(charges[0].written_places, 2);
    }

    #[test]
    fn totals_and_empty_amounts_are_refused() {
        let text = format!(
            "{HEADER}Total,,,,,,,9.99,,,\n2026-02-12,Claude Haiku 4.5,Default,chat,message,,output,,token,,\n"
        );
        let (charges, tally, problems) = charges_of(&text, &Settings::default());
        assert!(charges.is_empty());
        assert_eq!(tally.skipped["refused"], 2);
        let codes: Vec<&str> = problems.kept().iter().map(|p| p.entry.code).collect();
        assert_eq!(codes, ["T3030", "T3021"]);
    }
}
