//! Fireworks' billing metrics: `firectl billing export-metrics`.
//!
//! One row per event, with prompt and completion tokens or accelerator seconds, the user's e-mail
//! and no dollars. Times carry `UTC`. Whether prompt tokens include cached ones is not documented.
//!
//! The rule that must hold: an event is counted once, on the UTC day on which it begins.

use super::{Scopes, push};
use crate::formats::fields::{Columns, word};
use crate::formats::rows::{self, Fate};
use crate::formats::{CountSink, Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::counts::ProviderCount;
use crate::model::{Exact, Instant, Meter, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const REQUIRED: &[&str] = &[
    "start_time",
    "usage_type",
    "accelerator_seconds",
    "base_model_name",
    "prompt_tokens",
];

/// The format `fireworks-metrics`.
pub static FORMAT: Format = Format {
    name: "fireworks-metrics",
    kind: Kind::ProviderUsage,
    provider: Some("fireworks"),
    title: "Fireworks billing metrics (CSV)",
    required: REQUIRED,
    page: "\
**Where.** `firectl billing export-metrics`.

**What it is for.** Quantities without money: the usage of Fireworks where no log covers it, and beside a
bill that states no quantities.

**Columns.** `start_time`, `usage_type`, `accelerator_seconds`, `base_model_name` and `prompt_tokens` are
needed; `end_time`, `completion_tokens` and `email` are used where present. `accelerator_type`,
`model_bucket` and `parameter_count` are not used.

**Units and zone.** Tokens are whole, seconds may have decimals. Times are written
`2025-10-20 17:16:48 UTC`. An event belongs to the UTC day on which it begins; a note counts those that
last into another day.

**Meters.** `input` (prompt), `output` (completion) and `seconds` (accelerator). Cached prompt tokens are not
shown apart, so they count as input. Which words `usage_type` has is not documented; it is not used.

**Ids for attribution.** `fireworks:` e-mail of the user.

**Confidence.** The header comes from the vendor's documentation; no real file was seen.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::ProviderUsage(read),
};

struct Positions {
    start: usize,
    end: Option<usize>,
    model: usize,
    seconds: usize,
    prompt: usize,
    completion: Option<usize>,
    scopes: Scopes,
}

impl Positions {
    fn find(columns: &Columns, problems: &mut Problems) -> Option<Positions> {
        let mut required = REQUIRED
            .iter()
            .map(|name| columns.required(&[name], problems))
            .collect::<Vec<_>>()
            .into_iter();
        let mut next = || required.next().flatten();
        let (start, _, seconds, model, prompt) = (next(), next(), next(), next(), next());
        Some(Positions {
            end: columns.optional(&["end_time"], problems),
            completion: columns.optional(&["completion_tokens"], problems),
            scopes: Scopes::find(columns, &[("email", "user")], problems),
            start: start?,
            model: model?,
            seconds: seconds?,
            prompt: prompt?,
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn CountSink,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, None);
    rows::known_fields(&columns.file, settings, &[], problems);
    let Some(at) = Positions::find(&columns, problems) else {
        return Tally::default();
    };
    let mut longer = 0;
    let mut tally = rows::each(source, problems, |_, row, tally| {
        let start = rows::stamp(&columns, row, at.start)?;
        let end = columns.optional_instant(row, at.end)?.unwrap_or(start);
        if let Some(column) = at.end.filter(|_| end < start) {
            let message = "end_time is before the start";
            return Err(columns.problem(&catalogue::BAD_VALUE, row, column, message));
        }
        count(&columns, &at, row, start, sink)?;
        let (first, last) = whole_day(start);
        // An event that ends at midnight ends on its own day.
        longer += u64::from(end > last);
        tally.cover(first, last);
        Ok(Fate::Used)
    });
    let text = "{n} events last into another UTC day; they count on the day on which they begin";
    rows::remark(&mut tally, &catalogue::CUT_AT_BORDER, longer, text);
    tally
}

/// The UTC day of a moment.
fn whole_day(at: Instant) -> (Instant, Instant) {
    let day = at.utc_day();
    (Zone::Utc.start_of(day), Zone::Utc.start_of(day.plus(1)))
}

fn count(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    start: Instant,
    sink: &mut dyn CountSink,
) -> Result<(), Problem> {
    let prompt = columns.count(row, at.prompt)?;
    let completion = match at.completion {
        Some(column) => columns.count(row, column)?,
        None => None,
    };
    let seconds = seconds(columns, row, at.seconds)?;
    if [prompt, completion, seconds].iter().all(Option::is_none) {
        let message = "neither tokens nor accelerator seconds are stated";
        let problem = columns.problem(&catalogue::MISSING_VALUE, row, at.prompt, message);
        return Err(problem.help("an empty count is not zero; export the file again"));
    }
    let mut quantities = Vec::with_capacity(3);
    push(&mut quantities, Meter::Input, prompt);
    push(&mut quantities, Meter::Output, completion);
    push(&mut quantities, Meter::Seconds, seconds);
    sink.take(&ProviderCount {
        provider: "fireworks",
        report: "billing metrics",
        start,
        // Events overlap, and any export of a day has all of them.
        spans: whole_day(start),
        scopes: &at.scopes.of(columns, row)?,
        model: word(row, Some(at.model)),
        tier: None,
        band: None,
        quantities: &quantities,
        requests: None,
        line: row.line(),
    });
    Ok(())
}

/// Seconds may have decimals.
fn seconds(columns: &Columns, row: &Row, column: usize) -> Result<Option<Exact>, Problem> {
    let seconds = columns.optional_number(row, column)?;
    if seconds.is_some_and(|seconds| seconds.is_negative()) {
        let message = format!("{} is negative", columns.header.name(column));
        return Err(columns.problem(&catalogue::NEGATIVE_QUANTITY, row, column, message));
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::golden::Counts;
    use crate::formats::testing::{sample, table};

    const HEADER: &str = "email,start_time,end_time,usage_type,accelerator_type,accelerator_seconds,base_model_name,model_bucket,parameter_count,prompt_tokens,completion_tokens";

    fn read_text(rows: &str) -> (Counts, Tally, Problems) {
        let (mut counts, mut problems) = (Counts::default(), Problems::default());
        let text = format!("{HEADER}\n{rows}");
        let mut source = table("metrics.csv", &text);
        let tally = read(
            &mut source,
            &Settings::default(),
            &mut counts,
            &mut problems,
        );
        (counts, tally, problems)
    }

    #[test]
    fn events_count_on_the_day_on_which_they_begin() {
        let rows = "ops@acme.example,2025-10-20 17:16:48 UTC,2025-10-20 17:16:50 UTC,x,,,llama-v3p1-8b,,,120,30\n\
                    ops@acme.example,2025-10-20 23:00:00 UTC,2025-10-21 01:00:00 UTC,x,H100,7200.5,llama-v3p1-8b,,,,\n\
                    ops@acme.example,2025-10-20 23:00:00 UTC,2025-10-21 00:00:00 UTC,x,H100,3600,llama-v3p1-8b,,,,\n";
        let (counts, tally, problems) = read_text(rows);
        assert!(problems.is_empty());
        assert_eq!(counts.counts[0]["quantities"]["input"], "120");
        assert_eq!(counts.counts[0]["quantities"]["output"], "30");
        assert_eq!(counts.counts[1]["quantities"]["seconds"], "7200.5");
        assert_eq!(
            (tally.remarks[0].entry.code, tally.remarks[0].rows),
            ("N1011", 1)
        );
        assert_eq!(tally.covers.unwrap().1.to_string(), "2025-10-21T00:00:00Z");
    }

    #[test]
    fn an_event_of_nothing_is_refused() {
        let rows = "ops@acme.example,2025-10-20 17:16:48 UTC,2025-10-20 17:16:50 UTC,x,,,llama,,,,\n\
                    ops@acme.example,2025-10-20 17:16:48 UTC,2025-10-19 17:16:50 UTC,x,,1,llama,,,,\n\
                    ops@acme.example,2025-10-20 17:16:48 UTC,,x,,-1,llama,,,,\n";
        let (counts, _, problems) = read_text(rows);
        assert!(counts.counts.is_empty());
        let codes: Vec<_> = problems.kept().iter().map(|p| p.entry.code).collect();
        assert_eq!(codes, ["T3027", "T3029", "T3022"]);
    }

    #[test]
    fn a_log_is_not_taken_for_it() {
        sample("a.csv", HEADER, |s| assert!((FORMAT.detect)(s)));
        let log = "start_time,customer_id,model,prompt_tokens,completion_tokens";
        sample("a.csv", log, |s| assert!(!(FORMAT.detect)(s)));
    }
}
