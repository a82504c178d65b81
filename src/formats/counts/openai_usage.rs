//! OpenAI's usage export: platform.openai.com/usage, Export, Completions usage, CSV.
//!
//! One row per bucket (a day, an hour or a minute) and group; counts are floats as text. 24
//! columns in autumn 2025, 26 in August 2026 (`compute_units`, `input_cache_write_tokens`).
//! `input_tokens` includes cached tokens and cache writes. Empty buckets are rows of blanks; a
//! range without usage has four columns only, like the empty cost export, and is told from it by
//! its file name. The Unix columns are read.
//!
//! The rule that must hold: a token is counted in one meter only, and a row whose counts contradict
//! each other is refused.

use super::openai_tokens::{Modalities, Tokens};
use super::{Scopes, missing};
use crate::formats::fields::{Columns, word};
use crate::formats::rows::{self, Fate};
use crate::formats::{CountSink, Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::counts::ProviderCount;
use crate::model::{Exact, Instant, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::{Row, RowSource};

const TIMES: &[&str] = &["start_time", "end_time", "start_time_iso", "end_time_iso"];
const REQUIRED: &[&str] = &[
    "start_time",
    "end_time",
    "num_model_requests",
    "input_tokens",
    "output_tokens",
];

/// The ids that may name a customer, most specific first.
const SCOPES: &[(&str, &str)] = &[
    ("user_id", "user"),
    ("api_key_id", "api key"),
    ("project_id", "project"),
];

/// The counts that a row may leave blank.
const PARTS: &[&str] = &[
    "input_cached_tokens",
    "input_cache_write_tokens",
    "input_uncached_tokens",
    "input_text_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "input_cached_text_tokens",
    "input_cached_audio_tokens",
    "input_cached_image_tokens",
    "output_text_tokens",
    "output_audio_tokens",
    "output_image_tokens",
];

/// The format `openai-usage-csv`.
pub static FORMAT: Format = Format {
    name: "openai-usage-csv",
    kind: Kind::ProviderUsage,
    provider: Some("openai"),
    title: "OpenAI completions usage export (CSV)",
    required: REQUIRED,
    page: "\
**Where.** platform.openai.com/usage → Export → the usage of completions, CSV; at most 60 days per file.
The file is called `completions_usage_2026-08-01_2026-08-31.csv`.

**What it is for.** Quantities without customers and without money. They stand beside a bill that states
no quantities, are compared with those of a bill that does, and are the usage of projects and keys
where no log covers OpenAI.

**Columns.** `start_time`, `end_time`, `num_model_requests`, `input_tokens` and `output_tokens` are
needed; `model`, `batch`, `service_tier`, the ids and the counts by kind and modality are used where
filled. `compute_units` is not used. Headers of 24 and of 26 columns are read.

**Units and zone.** Whole tokens and requests, written `31422.0`. Unix seconds, so UTC; minutes, hours
or days, each belonging to the UTC day in which it starts.

**Tokens.** `input_tokens` includes cached tokens and cache writes; both are taken out.
`input_uncached_tokens` must be what is left. Text, audio and image counts must sum to the whole, with
or without its cached part; a row that fits neither is refused. Cache writes count as
`cache_write_5m`: how long they live is not told.

**Tier.** `batch` is the tier where the column says true, else `service_tier`. `incentivized-tier` (free
traffic for shared data) stays a tier of its own.

**Ids for attribution.** `openai:` user, API key and project ids, in this order.

**Quirks.** Empty buckets are rows without counts: skipped, counted, covered. A range without usage has
only the four time columns, the bytes of an empty cost export; a file name that begins with
`completions_usage` tells. Audio minutes, images, embeddings and searches are in other exports.

**Confidence.** Both headers come from real files. That the counts by modality leave cached tokens out is
an observation of the API; both readings are checked row by row.
",
    detect,
    read: Reader::ProviderUsage(read),
};

fn detect(sample: &Sample<'_>) -> bool {
    super::is_openai_usage(sample)
}

/// The file's columns.
struct Positions {
    start: usize,
    end: usize,
    requests: usize,
    input: usize,
    output: usize,
    model: Option<usize>,
    batch: Option<usize>,
    tier: Option<usize>,
    /// In the order of [`PARTS`].
    parts: Vec<Option<usize>>,
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
        let (start, end, requests, input, output) = (next(), next(), next(), next(), next());
        let mut optional = |name: &&str| columns.optional(&[name], problems);
        Some(Positions {
            model: optional(&"model"),
            batch: optional(&"batch"),
            tier: optional(&"service_tier"),
            parts: PARTS.iter().map(optional).collect(),
            scopes: Scopes::find(columns, SCOPES, problems),
            start: start?,
            end: end?,
            requests: requests?,
            input: input?,
            output: output?,
        })
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn CountSink,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, Some(Zone::Utc));
    rows::known_fields(&columns.file, settings, &[], problems);
    let empty = columns.header.len() == TIMES.len() && !columns.header.has("input_tokens");
    if empty {
        return read_empty(source, &columns, problems);
    }
    let Some(at) = Positions::find(&columns, problems) else {
        return Tally::default();
    };
    rows::each(source, problems, |_, row, tally| {
        let spans = bucket(&columns, row, (at.start, at.end), tally)?;
        if is_empty(&at, row) {
            return Ok(Fate::Skipped("empty day"));
        }
        count(&columns, &at, row, spans, sink)?;
        Ok(Fate::Used)
    })
}

/// A range without usage: only times.
fn read_empty(source: &mut dyn RowSource, columns: &Columns, problems: &mut Problems) -> Tally {
    let start = columns.required(&["start_time"], problems);
    let end = columns.required(&["end_time"], problems);
    let (Some(start), Some(end)) = (start, end) else {
        return Tally::default();
    };
    let mut tally = rows::each(source, problems, |_, row, tally| {
        bucket(columns, row, (start, end), tally)?;
        Ok(Fate::Skipped("empty day"))
    });
    let days = tally.skipped.get("empty day").copied().unwrap_or(0);
    let text = "all {n} days of the export are without usage";
    rows::remark(&mut tally, &catalogue::EMPTY_EXPORT, days, text);
    tally
}

/// The row's bucket, which must lie in one UTC day.
fn bucket(
    columns: &Columns,
    row: &Row,
    (start_column, end_column): (usize, usize),
    tally: &mut Tally,
) -> Result<(Instant, Instant), Problem> {
    let start = rows::stamp(columns, row, start_column)?;
    let (start, end) = rows::range(columns, row, start, end_column)?;
    if Instant(end.0 - 1).utc_day() != start.utc_day() {
        let message = "the row counts more than one UTC day";
        let problem = columns.problem(&catalogue::BAD_VALUE, row, end_column, message);
        return Err(problem.help("export with an interval of one day, one hour or one minute"));
    }
    tally.cover(start, end);
    Ok((start, end))
}

/// An empty bucket has no count and nothing that a count could belong to.
fn is_empty(at: &Positions, row: &Row) -> bool {
    let blank = |column: &Option<usize>| column.is_none_or(|c| row.filled(c).is_none());
    [at.requests, at.input, at.output]
        .iter()
        .all(|column| row.filled(*column).is_none())
        && blank(&at.model)
        && at.parts.iter().all(blank)
        && at.scopes.are_blank(row)
}

fn count(
    columns: &Columns,
    at: &Positions,
    row: &Row,
    spans: (Instant, Instant),
    sink: &mut dyn CountSink,
) -> Result<(), Problem> {
    let filled = |column: usize| match columns.count(row, column)? {
        Some(count) => Ok(count),
        None => Err(missing(columns, row, column)),
    };
    let (requests, input, output) = (filled(at.requests)?, filled(at.input)?, filled(at.output)?);
    let mut parts: Vec<Option<Exact>> = Vec::with_capacity(PARTS.len());
    for column in &at.parts {
        parts.push(match column {
            Some(column) => columns.count(row, *column)?,
            None => None,
        });
    }
    let modalities = |first: usize| Modalities {
        text: parts[first],
        audio: parts[first + 1],
        image: parts[first + 2],
    };
    let tokens = Tokens {
        input,
        output,
        cached: parts[0],
        cache_write: parts[1],
        uncached: parts[2],
        inputs: modalities(3),
        cached_inputs: modalities(6),
        outputs: modalities(9),
    };
    let quantities = tokens.disjoint().map_err(|why| {
        let column = columns.header.find(why.field());
        let column = column.and_then(Result::ok).unwrap_or(at.input);
        columns
            .problem(&catalogue::BAD_VALUE, row, column, why.message())
            .help("export the file again; the counts of this row contradict each other")
    })?;
    sink.take(&ProviderCount {
        provider: "openai",
        report: "completions",
        start: spans.0,
        spans,
        scopes: &at.scopes.of(columns, row)?,
        model: word(row, at.model),
        tier: tier(columns, at, row)?,
        band: None,
        quantities: &quantities,
        requests: Some(requests),
        line: row.line(),
    });
    Ok(())
}

/// The service tier: `batch` where the row says so.
fn tier<'r>(columns: &Columns, at: &Positions, row: &'r Row) -> Result<Option<&'r str>, Problem> {
    let tier = word(row, at.tier);
    let Some((column, batch)) = at.batch.and_then(|c| Some((c, row.filled(c)?))) else {
        return Ok(tier);
    };
    match batch.to_lowercase().as_str() {
        "true" => Ok(Some("batch")),
        "false" => Ok(tier),
        _ => {
            let message = "batch is neither true nor false";
            Err(columns.problem(&catalogue::BAD_VALUE, row, column, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::golden::Counts;
    use crate::formats::testing::{sample, table};

    const HEADER: &str = "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens";

    fn read_text(rows: &str) -> (Counts, Tally, Problems) {
        let (mut counts, mut problems) = (Counts::default(), Problems::default());
        let text = format!("{HEADER}\n{rows}");
        let mut source = table("completions_usage_a.csv", &text);
        let tally = read(
            &mut source,
            &Settings::default(),
            &mut counts,
            &mut problems,
        );
        (counts, tally, problems)
    }

    #[test]
    fn cached_tokens_are_taken_out_of_the_input() {
        let row = "1788134400,1788220800,,,proj_acme,4.0,,key_1,gpt-4o-mini,False,default,1000.0,50.0,300.0,700.0\n";
        let (counts, tally, problems) = read_text(row);
        assert!(problems.is_empty());
        assert_eq!(tally.used, 1);
        let count = &counts.counts[0];
        // With cached tokens beside the input it would be 1000.
        assert_eq!(count["quantities"]["input"], "700");
        assert_eq!(count["quantities"]["cache_read"], "300");
        assert_eq!(count["requests"], "4");
        assert_eq!(count["tier"], "default");
    }

    #[test]
    fn batch_is_a_tier_and_free_traffic_another() {
        let rows = "1788134400,1788220800,,,,1,,,gpt-4o,TRUE,default,10,1,,\n\
                    1788134400,1788220800,,,,1,,,gpt-4o,,incentivized-tier,10,1,,\n\
                    1788134400,1788220800,,,,1,,,gpt-4o,maybe,,10,1,,\n";
        let (counts, _, problems) = read_text(rows);
        let tiers: Vec<_> = counts.counts.iter().map(|count| &count["tier"]).collect();
        assert_eq!(tiers, ["batch", "incentivized-tier"]);
        assert_eq!(problems.kept()[0].entry.code, "T3029");
        assert_eq!(problems.kept()[0].place.as_ref().unwrap().column, Some(10));
    }

    #[test]
    fn damage_is_refused_at_its_cell() {
        let rows = "1788134400,1788220800,,,p,1,,,gpt-4o,,,10,1,11,\n\
                    1788134400,1788220800,,,p,1,,,gpt-4o,,,,1,,\n\
                    1788134400,1788393600,,,p,1,,,gpt-4o,,,10,1,,\n\
                    1788134400,1788220800,,,p,1.5,,,gpt-4o,,,10,1,,\n\
                    1788134400,1788220800,,,p,1,,,gpt-4o,,,10,1,3,8\n";
        let (counts, tally, problems) = read_text(rows);
        assert!(counts.counts.is_empty());
        assert_eq!(tally.skipped["refused"], 5);
        let found: Vec<_> = problems
            .kept()
            .iter()
            .map(|p| (p.entry.code, p.place.as_ref().unwrap().column.unwrap()))
            .collect();
        let expected = [
            ("T3029", 14),
            ("T3027", 12),
            ("T3029", 2),
            ("T3023", 6),
            ("T3029", 15),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_empty_range_is_told_from_an_empty_bill_by_its_name() {
        let header = "start_time,end_time,start_time_iso,end_time_iso\n";
        sample("completions_usage_a.csv", header, |s| assert!(detect(s)));
        sample("cost_a.csv", header, |s| assert!(!detect(s)));
        sample("a.csv", HEADER, |s| assert!(detect(s)));
        let cost = "start_time,end_time,amount_value,amount_currency";
        sample("completions_usage_a.csv", cost, |s| assert!(!detect(s)));
        let text = format!("{header}1783814400,1783900800,,\n");
        let (mut counts, mut problems) = (Counts::default(), Problems::default());
        let mut source = table("completions_usage_a.csv", &text);
        let tally = read(
            &mut source,
            &Settings::default(),
            &mut counts,
            &mut problems,
        );
        assert!(problems.is_empty() && counts.counts.is_empty());
        assert_eq!(tally.covers.unwrap().0.to_string(), "2026-07-12T00:00:00Z");
        assert_eq!(tally.remarks[0].entry.code, "N1014");
    }
}
