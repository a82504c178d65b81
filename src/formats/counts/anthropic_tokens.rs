//! Anthropic's tokens export: Console, Usage, Export, CSV (`claude_api_tokens_<…>.csv`).
//!
//! One row per day (or hour, or finer, in exports of a day or an hour), model, key, workspace and
//! service tier. All four input columns are disjoint. Two headers: June 2025, and 2026 with
//! `context_window`, `inference_geo` and `speed`. Models are API ids, keys are the keys' names. No
//! requests, no dollars.
//!
//! The rule that must hold: every row is counted once; blank counts are refused, not taken for zero.

use super::{Scopes, band_named, missing, push};
use crate::formats::fields::{Columns, word};
use crate::formats::rows::{self, Fate};
use crate::formats::{CountSink, Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::counts::ProviderCount;
use crate::model::{Instant, Meter, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["usage_date_utc", "model_version", "usage_output_tokens"];

/// The counts and their meters; all but the last must be there.
const COUNTS: &[(&str, Meter)] = &[
    ("usage_input_tokens_no_cache", Meter::Input),
    ("usage_input_tokens_cache_read", Meter::CacheRead),
    ("usage_input_tokens_cache_write_5m", Meter::CacheWrite5m),
    ("usage_input_tokens_cache_write_1h", Meter::CacheWrite1h),
    ("usage_output_tokens", Meter::Output),
    ("web_search_count", Meter::WebSearches),
];

/// The ids that may name a customer, most specific first.
const SCOPES: &[(&str, &str)] = &[
    ("api_key_id", "api key"),
    ("api_key", "api key name"),
    ("workspace", "workspace"),
];

/// The format `anthropic-tokens-csv`.
pub static FORMAT: Format = Format {
    name: "anthropic-tokens-csv",
    kind: Kind::ProviderUsage,
    provider: Some("anthropic"),
    title: "Anthropic Console tokens export (CSV)",
    required: REQUIRED,
    page: "\
**Where.** Claude Console → Usage → Export. The file is called `claude_api_tokens_2026_03.csv` (a month,
one row a day), `claude_api_tokens_2026_03_31.csv` (a day, one row an hour) or carries two dates.

**What it is for.** Quantities without customers and without money. Beside the cost export, which has
dollars and no tokens, it turns the comparison with the log into one of quantities. Where no log
covers Anthropic it is the usage of keys and workspaces.

**Columns.** `usage_date_utc`, `model_version`, `usage_output_tokens` and the four
`usage_input_tokens_…` columns are needed; `api_key`, `workspace`, `usage_type`, `context_window` and
`web_search_count` are used where present. `inference_geo` and `speed` are not used. Headers of June
2025 and of 2026 are read.

**Units and zone.** Whole tokens. Days, or times such as `2026-03-31 02:00`, are UTC whatever `tz` says.
A day with a row counts as covered whole, except in an export of one hour (`…_03h_UTC.csv`). A row with a
time speaks for the rest of its hour: exports of two hours of one day stand side by side.

**Tokens.** The four input columns do not overlap.

**Tier and context.** `usage_type` is the service tier. `≤ 200k` is the base context tier, `200k-1M` the
one above it; rows with another word count as base, with a note.

**Ids for attribution.** `anthropic:` key name, then workspace name.

**Quirks.** Models are API ids (`claude-haiku-4-5-20251001`) where the cost export has display names; they
are brought together. Requests are not counted.

**Confidence.** The header of 2026 comes from real rows, the other from a description of a program that
reads the export. Only `≤ 200k` and `standard` were seen in real rows.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::ProviderUsage(read),
};

struct Positions {
    day: usize,
    model: usize,
    /// In the order of [`COUNTS`].
    counts: Vec<(usize, &'static Meter)>,
    tier: Option<usize>,
    context: Option<usize>,
    scopes: Scopes,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let day = columns.required(&["usage_date_utc"], problems);
        let model = columns.required(&["model_version"], problems);
        let mut counts = Vec::with_capacity(COUNTS.len());
        for (name, meter) in COUNTS {
            let column = match meter {
                Meter::WebSearches => columns.optional(&[name], problems),
                _ => Some(columns.required(&[name], problems)?),
            };
            counts.extend(column.map(|column| (column, meter)));
        }
        Some(Positions {
            tier: columns.optional(&["usage_type"], problems),
            context: columns.optional(&["context_window"], problems),
            scopes: Scopes::find(columns, SCOPES, problems),
            day: day?,
            model: model?,
            counts,
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn CountSink,
    problems: &mut Problems,
) -> Tally {
    let mut columns = Columns::of(source, settings, Some(Zone::Utc));
    // The column's name states the zone, so a zone meant for other files must not move its days.
    columns.zone = Some(Zone::Utc);
    rows::known_fields(&columns.file, settings, &[], problems);
    let Some(at) = Positions::find(&columns, problems) else {
        return Tally::default();
    };
    let one_hour = columns.file.to_lowercase().contains("h_utc");
    let mut other_context = 0;
    let mut tally = rows::each(source, problems, |_, row, tally| {
        let start = rows::stamp(&columns, row, at.day)?;
        let time = (start, end_of(&columns, row, at.day, start));
        other_context += count(&columns, &at, row, time, sink)?;
        let day = start.utc_day();
        let (first, end) = (Zone::Utc.start_of(day), Zone::Utc.start_of(day.plus(1)));
        if one_hour {
            tally.cover(start, Instant(start.0 + 1));
        } else {
            tally.cover(first, end);
        }
        Ok(Fate::Used)
    });
    let text = "context_window has a word that is not known in {n} rows; base prices are used";
    rows::remark(&mut tally, &catalogue::CONTEXT_TIER, other_context, text);
    tally
}

/// The end of the time that a row speaks for: its day where only that is stated, else its hour, for
/// how much finer the rows are is not stated.
fn end_of(columns: &Columns, row: &Row, time: usize, start: Instant) -> Instant {
    const HOUR: i64 = 3_600_000_000;
    match rows::is_date(row.filled(time).unwrap_or("")) {
        true => rows::day_of(columns, start).1,
        false => Instant((start.0.div_euclid(HOUR) + 1) * HOUR),
    }
}

/// Hands one row on; returns 1 if its context tier is not known.
fn count(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    (start, end): (Instant, Instant),
    sink: &mut dyn CountSink,
) -> Result<u64, Problem> {
    let mut quantities = Vec::with_capacity(at.counts.len());
    for (column, meter) in &at.counts {
        let Some(count) = columns.count(row, *column)? else {
            return Err(missing(columns, row, *column));
        };
        push(&mut quantities, (*meter).clone(), Some(count));
    }
    let context = word(row, at.context);
    let band = context.and_then(band_named);
    sink.take(&ProviderCount {
        provider: "anthropic",
        report: "messages",
        start,
        spans: (start, end),
        scopes: &at.scopes.of(columns, row)?,
        model: word(row, Some(at.model)),
        tier: word(row, at.tier),
        band,
        quantities: &quantities,
        requests: None,
        line: row.line(),
    });
    Ok(u64::from(context.is_some() && band.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::golden::Counts;
    use crate::formats::testing::{sample, table};

    const HEADER: &str = "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed";

    fn read_text(file: &str, rows: &str) -> (Counts, Tally, Problems) {
        let (mut counts, mut problems) = (Counts::default(), Problems::default());
        let settings = Settings {
            zone: Zone::parse("America/New_York"),
            ..Settings::default()
        };
        let text = format!("{HEADER}\n{rows}");
        let tally = read(
            &mut table(file, &text),
            &settings,
            &mut counts,
            &mut problems,
        );
        (counts, tally, problems)
    }

    #[test]
    fn the_input_columns_are_disjoint_and_hours_are_utc() {
        let row = "2026-03-31 02:00,claude-haiku-4-5-20251001,chat,Default,standard,≤ 200k,1000,20,30,400,55,2,not_available,\n";
        let (counts, tally, problems) = read_text("claude_api_tokens_2026_03_31.csv", row);
        assert!(problems.is_empty());
        let count = &counts.counts[0];
        assert_eq!(count["start"], "2026-03-31T02:00:00Z");
        // With cached tokens inside the input it would be 550.
        assert_eq!(count["quantities"]["input"], "1000");
        assert_eq!(count["quantities"]["cache_write_5m"], "20");
        assert_eq!(count["quantities"]["cache_write_1h"], "30");
        assert_eq!(count["quantities"]["cache_read"], "400");
        assert_eq!(count["quantities"]["web_searches"], "2");
        assert_eq!(count["context"], "base");
        let (from, to) = tally.covers.unwrap();
        assert_eq!(from.to_string(), "2026-03-31T00:00:00Z");
        assert_eq!(to.to_string(), "2026-04-01T00:00:00Z");
    }

    #[test]
    fn an_export_of_one_hour_does_not_cover_its_day() {
        let row = "2026-01-27 03:15,claude-haiku-4-5,chat,Default,standard,≤ 200k,1,0,0,0,1,0,,\n";
        let (_, tally, _) = read_text("claude_api_tokens_2026_01_27_03h_UTC.csv", row);
        let (from, to) = tally.covers.unwrap();
        assert!(to.0 - from.0 < 3_600_000_000);
    }

    #[test]
    fn damage_is_refused_and_other_context_tiers_are_told() {
        let rows = "2026-03-31,claude-haiku-4-5,chat,Default,standard,≤ 200k,,0,0,0,1,0,,\n\
                    2026-03-31,claude-haiku-4-5,chat,Default,standard,≤ 200k,-1,0,0,0,1,0,,\n\
                    Total,,,,,,9,0,0,0,1,0,,\n\
                    2026-03-31,claude-haiku-4-5,chat,Default,standard,huge,5,0,0,0,1,0,,\n";
        let (counts, tally, problems) = read_text("a.csv", rows);
        assert_eq!(counts.counts.len(), 1);
        assert_eq!(tally.skipped["refused"], 3);
        let found: Vec<_> = problems
            .kept()
            .iter()
            .map(|p| (p.entry.code, p.place.as_ref().unwrap().column.unwrap()))
            .collect();
        assert_eq!(found, [("T3027", 7), ("T3022", 7), ("T3030", 1)]);
        assert_eq!(
            (tally.remarks[0].entry.code, tally.remarks[0].rows),
            ("N1007", 1)
        );
    }

    #[test]
    fn the_cost_export_is_another_file() {
        sample("a.csv", HEADER, |s| assert!((FORMAT.detect)(s)));
        let cost = "usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd";
        sample("a.csv", cost, |s| assert!(!(FORMAT.detect)(s)));
    }
}
