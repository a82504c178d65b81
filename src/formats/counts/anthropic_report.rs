//! Anthropic's usage report: `GET /v1/organizations/usage_report/messages` of the Admin API, saved
//! as JSON.
//!
//! A page has buckets `[starting_at, ending_at)` of a minute, an hour or a day with results. The
//! input counts are disjoint. Fields by which the report was not grouped are null; `api_key_id` is
//! null for the Workbench, `workspace_id` for the default workspace.
//!
//! The rule that must hold: every result is counted once; absent counts are refused, not taken for
//! zero.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{band_named, filled, one_day, part_count, push, stated};
use crate::formats::pages::{self, Part};
use crate::formats::rows::{self, Fate};
use crate::formats::{CountSink, Format, Kind, Reader, Sample, Settings, Tally};
use crate::model::Meter;
use crate::model::counts::ProviderCount;
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::RowSource;

/// The format `anthropic-usage-report`.
pub static FORMAT: Format = Format {
    name: "anthropic-usage-report",
    kind: Kind::ProviderUsage,
    provider: Some("anthropic"),
    title: "Anthropic usage report (Admin API, JSON)",
    required: &["data[].starting_at", "results[].uncached_input_tokens"],
    page: "\
**Where.** `GET /v1/organizations/usage_report/messages` with an Admin API key, `bucket_width=1d`,
`group_by[]=model`, `api_key_id`, `workspace_id`, `service_tier`, `context_window`. Save the answer as it
is; several pages may stand in one file, as an array, one after another or one per line.

**What it is for.** As `anthropic-tokens-csv`: quantities without customers and without money.

**Fields.** `data[].starting_at` and `ending_at`; of each result `uncached_input_tokens`,
`cache_read_input_tokens`, `cache_creation.ephemeral_5m_input_tokens` and `…_1h_…`, `output_tokens`,
`server_tool_use.web_search_requests`, `model`, `api_key_id`, `workspace_id`, `service_tier` and
`context_window`.

**Units and zone.** Whole tokens and searches, UTC. Requests are not counted.

**Tokens and context.** The input counts do not overlap. `0-200k` is the base context tier, `200k-1M` the
one above it.

**Ids for attribution.** `anthropic:` API key id, then workspace id. The Console's exports name keys by
their names instead.

**Quirks.** Blocked requests were reported to be counted here and not in the cost. If the last page says
`has_more`, counts are missing and a warning says so.

**Confidence.** The vendor's documentation, and tests of programs that read the answers.
",
    detect: |sample: &Sample<'_>| {
        let has = |key: &str| sample.text.contains(key);
        sample.has_all(&["data"]) && has("\"starting_at\"") && has("\"uncached_input_tokens\":")
    },
    read: Reader::ProviderUsage(read),
};

/// A result. Counts stay text until they are needed, so that no number is rounded.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    uncached_input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_read_input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_creation: Option<CacheCreation<'a>>,
    #[serde(borrow)]
    output_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    server_tool_use: Option<ServerTools<'a>>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    api_key_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    workspace_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    service_tier: Option<Cow<'a, str>>,
    #[serde(borrow)]
    context_window: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
struct CacheCreation<'a> {
    #[serde(borrow)]
    ephemeral_5m_input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    ephemeral_1h_input_tokens: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ServerTools<'a> {
    #[serde(borrow)]
    web_search_requests: Option<&'a RawValue>,
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn CountSink,
    problems: &mut Problems,
) -> Tally {
    rows::known_fields(source.file(), settings, &[], problems);
    let times = ("starting_at", "ending_at");
    let mut other_context = 0;
    let mut tally = pages::each(source, times, problems, |part, _| {
        other_context += count(part, sink)?;
        Ok(Fate::Used)
    });
    let text = "context_window has a word that is not known in {n} rows; base prices are used";
    rows::remark(&mut tally, &catalogue::CONTEXT_TIER, other_context, text);
    tally
}

/// Hands one result on; returns 1 if its context tier is not known.
fn count(part: &Part<'_>, sink: &mut dyn CountSink) -> Result<u64, Problem> {
    one_day(part)?;
    let entry: Entry<'_> = part.parse()?;
    let writes = entry.cache_creation.unwrap_or_default();
    let counts = [
        (
            "uncached_input_tokens",
            Meter::Input,
            entry.uncached_input_tokens,
        ),
        (
            "cache_read_input_tokens",
            Meter::CacheRead,
            entry.cache_read_input_tokens,
        ),
        (
            "cache_creation.ephemeral_5m_input_tokens",
            Meter::CacheWrite5m,
            writes.ephemeral_5m_input_tokens,
        ),
        (
            "cache_creation.ephemeral_1h_input_tokens",
            Meter::CacheWrite1h,
            writes.ephemeral_1h_input_tokens,
        ),
        ("output_tokens", Meter::Output, entry.output_tokens),
    ];
    let mut quantities = Vec::with_capacity(counts.len() + 1);
    for (name, meter, raw) in counts {
        let count = stated(part, name, part_count(part, name, raw)?)?;
        push(&mut quantities, meter, Some(count));
    }
    let searches = entry
        .server_tool_use
        .and_then(|used| used.web_search_requests);
    let searches = part_count(part, "server_tool_use.web_search_requests", searches)?;
    push(&mut quantities, Meter::WebSearches, searches);
    let ids = [
        (&entry.api_key_id, "api key"),
        (&entry.workspace_id, "workspace"),
    ];
    let scopes: Vec<_> = ids
        .into_iter()
        .filter_map(|(id, what)| Some((filled(id)?, what)))
        .collect();
    let context = filled(&entry.context_window);
    let band = context.and_then(band_named);
    sink.take(&ProviderCount {
        provider: "anthropic",
        report: "messages",
        start: part.start,
        spans: (part.start, part.end),
        scopes: &scopes,
        model: filled(&entry.model),
        tier: filled(&entry.service_tier),
        band,
        quantities: &quantities,
        requests: None,
        line: part.line(),
    });
    Ok(u64::from(context.is_some() && band.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::golden::Counts;
    use crate::formats::testing::{read_json, sample};

    const RESULT: &str = "{\"uncached_input_tokens\":1000,\"cache_read_input_tokens\":400,\"cache_creation\":{\"ephemeral_5m_input_tokens\":20,\"ephemeral_1h_input_tokens\":30},\"output_tokens\":55,\"server_tool_use\":{\"web_search_requests\":2},\"model\":\"claude-haiku-4-5-20251001\",\"api_key_id\":null,\"workspace_id\":\"wrkspc_1\",\"service_tier\":\"batch\",\"context_window\":\"200k-1M\",\"inference_geo\":null}";

    fn counts_of(start: &str, end: &str, result: &str) -> (Counts, Tally, Problems) {
        let text = format!(
            "{{\"data\":[{{\"starting_at\":\"{start}\",\"ending_at\":\"{end}\",\n\"results\":[{result}]}}],\"has_more\":true}}"
        );
        let mut counts = Counts::default();
        let (tally, problems) = read_json("usage.json", &text, |source, problems| {
            read(source, &Settings::default(), &mut counts, problems)
        });
        (counts, tally, problems)
    }

    const DAY: (&str, &str) = ("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z");

    #[test]
    fn the_counts_are_disjoint() {
        let (counts, tally, problems) = counts_of(DAY.0, DAY.1, RESULT);
        assert!(problems.is_empty());
        let count = &counts.counts[0];
        // With cached tokens inside the input it would be 550.
        assert_eq!(count["quantities"]["input"], "1000");
        assert_eq!(count["quantities"]["cache_write_1h"], "30");
        assert_eq!(count["quantities"]["web_searches"], "2");
        assert_eq!(count["context"], "beyond 200000");
        assert_eq!(count["scopes"].as_array().unwrap().len(), 1);
        assert_eq!(tally.remarks[0].entry.code, "N1015");
    }

    #[test]
    fn absent_counts_and_long_buckets_are_refused() {
        for (end, result, code) in [
            (DAY.1, RESULT.replace("\"output_tokens\":55,", ""), "T3027"),
            (
                DAY.1,
                RESULT.replace("\"ephemeral_5m_input_tokens\":20,", ""),
                "T3027",
            ),
            (DAY.1, RESULT.replace("1000", "-1"), "T3022"),
            (DAY.1, RESULT.replace("1000", "1.5"), "T3023"),
            (
                DAY.1,
                RESULT.replace(
                    "\"output_tokens\":55",
                    "\"output_tokens\":55,\"output_tokens\":5",
                ),
                "T3018",
            ),
            ("2026-05-03T00:00:00Z", RESULT.to_string(), "T3029"),
        ] {
            let (counts, _, problems) = counts_of(DAY.0, end, &result);
            assert!(counts.counts.is_empty(), "{result}");
            assert_eq!(problems.kept()[0].entry.code, code, "{result}");
        }
        let other = RESULT.replace("200k-1M", "vast");
        let (_, tally, _) = counts_of(DAY.0, DAY.1, &other);
        assert!(
            tally
                .remarks
                .iter()
                .any(|remark| remark.entry.code == "N1007")
        );
    }

    #[test]
    fn the_cost_report_is_another_document() {
        let usage = format!("{{\"data\":[{{\"starting_at\":\"x\",\"results\":[{RESULT}]}}]}}");
        sample("a.json", &usage, |s| assert!((FORMAT.detect)(s)));
        let cost = "{\"data\":[{\"starting_at\":\"x\",\"results\":[{\"amount\":\"1\",\"token_type\":\"uncached_input_tokens\"}]}]}";
        sample("a.json", cost, |s| assert!(!(FORMAT.detect)(s)));
    }
}
