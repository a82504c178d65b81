//! Usage events in the CloudEvents envelope, as OpenMeter takes them: JSON lines.
//!
//! `subject` is the customer, `(source, id)` is unique. `data` is the sender's own; in the form that
//! OpenMeter documents it states `tokens`, the `model`, and as `type` the direction: one event per
//! direction, so no event is a whole request and the counts are disjoint. Values may be strings.
//!
//! The rule that must hold: tokens without a direction are refused, never priced as one of the two.

use crate::formats::fields::Columns;
use crate::formats::usage::paths::{self, Slot, Slots, Taken, slot, steady};
use crate::formats::usage::units::Meters;
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{Exact, Meter};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &["specversion", "type", "subject", "source", "id"];

const CUSTOMER: usize = 0;
const FEATURE: usize = 1;
const TIME: usize = 2;
const PROVIDER: usize = 3;
const MODEL: usize = 4;
const UNITS: usize = 5;
const METER: usize = 6;
const ID: usize = 7;
const SOURCE: usize = 8;
const TYPE: usize = 9;

static SLOTS: &[Slot] = &[
    steady("customer", &["subject"]),
    steady("feature", &["data.feature"]),
    slot("time", &["time"]),
    slot("provider", &["data.provider"]),
    slot("model", &["data.model"]),
    steady("units", &["data.tokens"]),
    steady("meter", &["data.type"]),
    slot("", &["id"]),
    slot("", &["source"]),
    slot("", &["type"]),
];

/// The format `cloudevents`.
pub static FORMAT: Format = Format {
    name: "cloudevents",
    kind: Kind::Usage,
    provider: None,
    title: "Usage events in CloudEvents form, as sent to OpenMeter (JSON lines)",
    required: REQUIRED,
    page: "\
**Where.** The events that your product sends to OpenMeter or another collector, one CloudEvent in JSON
per line.

**Keys.** `specversion`, `id`, `source`, `type`, `subject` and `data`; `time` must be filled, because an
event without it has no day. In `data`: `tokens`, `type` and `model`, and `provider` and `feature` if you
send them. Numbers may be strings.

**Customer.** `subject`. `columns = { customer = \"data.KEY\" }` names another; `feature`, `provider`,
`model`, `time`, `units` and `meter` can be named in the same way.

**Quantities.** `data.type` says what `data.tokens` counts: `input`, `system` (which is input too),
`output`, or one of our own meters such as `cache_read`. Another word is a meter of its own, without a
price. `columns = { units = \"data.KEY\" }` reads another quantity; its meter is then the event's
`type`, unless `meter` names a column.

**Tokens.** Each event counts its own tokens, so nothing is subtracted. `cached_tokens` as a type needs
`cached_tokens = \"beside input\"`, because nothing says whether the input events include them.

**Repeats.** `source` and `id` together are unique by the specification.

**Quirks.** One event per direction is no request, so requests are not counted and context tiers are
not applied. Events without the quantity are left out and counted. Other data (`input_tokens` and
`output_tokens` in one event, say) can be read as `usage-log`, with `columns` that name them.

**Confidence.** OpenMeter's documentation and the CloudEvents specification.
",
    detect: |sample: &Sample<'_>| {
        let data = |name: &String| name.to_lowercase().starts_with("data.");
        let is_object = sample.header.names().iter().any(data);
        // An object that is empty in all rows seen so far has a name and no cells.
        let is_empty = sample.header.find("data").is_some_and(|found| {
            let column = found.unwrap_or_default();
            sample.rows.iter().all(|row| row.get(column).is_none())
        });
        sample.has_all(REQUIRED) && (is_object || is_empty)
    },
    read: Reader::Usage(read),
};

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, None);
    let slots = Slots::new(columns, settings, SLOTS, "");
    let mut meters = Meters::default();
    paths::each(source, slots, CUSTOMER, problems, |slots, row| {
        take(slots, settings, row, sink, &mut meters)
    })
}

fn take(
    slots: &Slots<'_>,
    settings: &Settings,
    row: &Row,
    sink: &mut dyn UsageSink,
    meters: &mut Meters,
) -> Result<Taken, Problem> {
    let Some(column) = slots.filled(row, UNITS) else {
        return Ok(Taken::Skipped("no quantity"));
    };
    let instant = slots.instant(row, TIME)?;
    let meter = meter(slots, settings, row, meters)?;
    let units = match meter.is_token() || meter == Meter::Requests {
        true => slots.columns.count(row, column)?,
        false => slots.columns.optional_number(row, column)?,
    };
    let units = units.unwrap_or_default();
    if units.is_negative() {
        let message = format!("{} is negative", slots.columns.header.name(column));
        return Err(slots.problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
    }
    let source = slots.id(row, CUSTOMER)?;
    // A space cannot stand in a source, so no two pairs are written alike.
    let id = slots.text(row, ID).zip(slots.text(row, SOURCE));
    let id = id.map(|(id, source)| format!("{source} {id}"));
    let (mut requests, mut quantities) = (Exact::ZERO, Vec::new());
    match meter {
        Meter::Requests => requests = units,
        meter if units.is_positive() => quantities.push((meter, units)),
        _ => {}
    }
    sink.take(&UsageRecord {
        instant,
        source,
        feature: slots.text(row, FEATURE),
        provider: slots.text(row, PROVIDER).or(settings.provider.as_deref()),
        model: slots.text(row, MODEL),
        tier: None,
        quantities: &quantities,
        requests,
        single_request: false,
        reported_cost: None,
        request_id: id.as_deref(),
        outcome: Outcome::Served,
        dimensions: &slots.dimensions(row),
        cached_open: false,
        line: row.line(),
    })?;
    Ok(Taken::Record(instant, source.is_some()))
}

/// What the event counts.
fn meter(
    slots: &Slots<'_>,
    settings: &Settings,
    row: &Row,
    meters: &mut Meters,
) -> Result<Meter, Problem> {
    let own = slots.is_said(UNITS) && !slots.is_said(METER);
    let slot = if own { TYPE } else { METER };
    let Some(column) = slots.filled(row, slot) else {
        let message = "nothing says whether the tokens are input or output";
        return Err(slots.absent(row, slot, message));
    };
    match row.filled(column) {
        Some("system") if !own => Ok(Meter::Input),
        name => {
            let name = name.unwrap_or_default();
            meters.named(name, &slots.columns, settings, row, column)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::CachedTokens;
    use crate::formats::golden::UsageRecords as Kept;
    use crate::formats::testing::growing;
    use serde_json::{Value, json};

    fn run(text: &str, settings: &Settings) -> (Vec<Value>, Tally, Vec<&'static str>) {
        let (mut kept, mut problems) = (Kept::default(), Problems::default());
        let tally = read(
            &mut growing("e.jsonl", text),
            settings,
            &mut kept,
            &mut problems,
        );
        let codes = problems.kept().iter().map(|problem| problem.entry.code);
        (kept.records, tally, codes.collect())
    }

    fn event(data: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","type":"prompt","id":"00001","time":"2026-09-01T10:00:00.001Z","source":"chat-app","subject":"acme","data":{{{data}}}}}"#
        )
    }

    fn said(names: &[(&str, &str)]) -> Settings {
        let names = names
            .iter()
            .map(|(field, column)| (field.to_string(), column.to_string()));
        Settings {
            columns: names.collect(),
            ..Settings::default()
        }
    }

    #[test]
    fn an_event_counts_one_direction() {
        for (direction, meter) in [
            ("input", "input"),
            ("system", "input"),
            ("output", "output"),
        ] {
            let data = format!(r#""tokens":"123456","model":"gpt-4o","type":"{direction}""#);
            let (records, _, codes) = run(&event(&data), &Settings::default());
            assert_eq!(codes, [""; 0]);
            assert_eq!(records[0]["quantities"], json!({ meter: "123456" }));
            assert_eq!(records[0]["requests"], "0");
            assert_eq!(records[0]["request_id"], "chat-app 00001");
        }
    }

    #[test]
    fn tokens_without_a_direction_are_refused_and_unknown_ones_kept_apart() {
        let (_, _, codes) = run(&event(r#""tokens":5"#), &Settings::default());
        assert_eq!(codes, ["T3027"]);
        let (records, _, _) = run(&event(r#""tokens":5,"type":"draft""#), &Settings::default());
        assert_eq!(records[0]["quantities"], json!({"draft": "5"}));
        for (tokens, code) in [("-1", "T3022"), ("1.5", "T3023"), ("\"many\"", "T3021")] {
            let data = format!(r#""tokens":{tokens},"type":"input""#);
            assert_eq!(run(&event(&data), &Settings::default()).2, [code]);
        }
    }

    #[test]
    fn cached_tokens_in_events_of_their_own_need_a_word() {
        let text = event(r#""tokens":5,"type":"cached_tokens""#);
        assert_eq!(run(&text, &Settings::default()).2, ["T3028"]);
        let beside = Settings {
            cached_tokens: Some(CachedTokens::Beside),
            ..Settings::default()
        };
        assert_eq!(
            run(&text, &beside).0[0]["quantities"],
            json!({"cache_read": "5"})
        );
    }

    #[test]
    fn other_events_are_counted_or_read_by_name() {
        let text = event(r#""method":"GET","duration_ms":12.5"#);
        let (records, tally, codes) = run(&text, &Settings::default());
        assert_eq!((records.len(), codes), (0, vec![]));
        assert_eq!(tally.skipped["no quantity"], 1);
        let (records, _, _) = run(&text, &said(&[("units", "data.duration_ms")]));
        assert_eq!(records[0]["quantities"], json!({"prompt": "12.5"}));
        let names = [("units", "data.duration_ms"), ("meter", "data.method")];
        assert_eq!(
            run(&text, &said(&names)).0[0]["quantities"],
            json!({"GET": "12.5"})
        );
    }

    #[test]
    fn an_event_without_time_is_refused() {
        let text = event(r#""tokens":5,"type":"input""#)
            .replace(r#""time":"2026-09-01T10:00:00.001Z","#, "");
        assert_eq!(run(&text, &Settings::default()).2, ["T3027"]);
    }
}
