//! Helicone's requests: the CSV of its export tool, and its requests as JSON or JSON lines.
//!
//! One row per request. Helicone's own cost calculation charges `prompt_tokens` at the full price
//! and cached and audio tokens beside them, so the counts are disjoint. The export tool escapes
//! `request_properties` twice. `request_body` and `response_body` hold prompts and are never read.

use crate::formats::fields::Columns;
use crate::formats::usage::cells::{Cells, Origin, Shape, has_object};
use crate::formats::usage::counts::{CountNames, Counts, http_outcome};
use crate::formats::usage::tokens::Convention;
use crate::formats::usage::vendor::{self, Content, Dialect, Names, dollars};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::Outcome;
use crate::model::{Exact, Meter};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::RowSource;

/// The format `helicone-requests`.
pub static FORMAT: Format = Format {
    name: "helicone-requests",
    kind: Kind::Usage,
    provider: None,
    title: "Helicone requests (CSV, JSON or JSON lines)",
    required: &["request_id|response_id", "request_created_at", "request_user_id", "request_properties"],
    page: "\
**Where.** `npx @helicone/export` with `--format csv` or `jsonl`, or the answer of `POST
/v1/request/query-clickhouse` saved as JSON lines (`jq -c '.data[]'`). The tool's `--format json` may
write commas that JSON does not allow; choose `jsonl`.

**Columns.** `request_id` or `response_id`, `request_created_at`, `request_user_id` and
`request_properties` are needed; `provider`, `model`, `prompt_tokens`, `completion_tokens`,
`prompt_cache_read_tokens`, `prompt_cache_write_tokens`, `prompt_audio_tokens`,
`completion_audio_tokens`, `response_status`, `cache_reference_id`, `costUSD` and `cost` are used where
present. Bodies hold prompts and are not read.

**Customer.** `request_user_id`, from the header Helicone-User-Id. `columns = { customer =
\"request_properties.KEY\" }` takes a property instead, also where the tool has escaped it twice.
`feature` can be named in the same way.

**Units and zone.** `costUSD`, else `cost`, is US dollars and is kept as the log's own cost; the CSV
often leaves it blank. Times need an offset or `tz`: Helicone documents none.

**Tokens.** `prompt_tokens` leaves cached and audio tokens out: Helicone's own cost calculation charges
them beside it. `cached_tokens = \"inside input\"` is for rows that were logged otherwise. The CSV has
no cached counts. Cache writes count as five-minute ones.

**Quirks.** A `cache_reference_id` other than the zero one was answered by Helicone's own cache: it has
no quantities. A `response_status` outside 200 to 399 is a failed request, whose stated quantities are
kept; a blank one counts as served.

**Confidence.** Helicone's source: the export tool, the request's fields, the cost calculation. No file
was seen.
",
    detect: |sample: &Sample<'_>| {
        let header = sample.header;
        (header.has("request_id") || header.has("response_id"))
            && sample.has_all(&["request_created_at", "request_user_id"])
            && has_object(header, "request_properties")
    },
    read: Reader::Usage(read),
};

static NAMES: Names = Names {
    time: &["request_created_at"],
    request_id: &["request_id", "response_id"],
    customers: &["request_user_id"],
    features: &[],
    providers: &["provider"],
    models: &["model", "response_model", "request_model"],
    shape: Shape {
        objects: &["request_properties", "properties"],
        tags: &[],
    },
    zone: None,
    no_customer: "say columns = { customer = \"request_properties.KEY\" } in its [[input]] entry of tanso.toml",
};

const COUNTS: CountNames = CountNames {
    input: &["prompt_tokens"],
    read: &["prompt_cache_read_tokens"],
    write: &["prompt_cache_write_tokens"],
    write_5m: &[],
    write_1h: &[],
    output: &["completion_tokens"],
};

/// The `cache_reference_id` of a request that the cache did not answer.
const NOT_CACHED: &str = "00000000-0000-0000-0000-000000000000";

/// Whether the text has the shape of a UUID.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

#[derive(Default)]
struct Helicone {
    counts: Counts,
    audio_in: Option<Origin>,
    audio_out: Option<Origin>,
    status: Option<Origin>,
    cached: Option<Origin>,
    cost: Option<Origin>,
}

impl Dialect for Helicone {
    fn find(&mut self, columns: &Columns, problems: &mut Problems) -> Option<()> {
        self.counts.find(&COUNTS, &NAMES.shape, columns, problems);
        let mut optional = |names: &[&str]| columns.optional(names, problems).map(Origin::Column);
        self.audio_in = optional(&["prompt_audio_tokens"]);
        self.audio_out = optional(&["completion_audio_tokens"]);
        self.status = optional(&["response_status"]);
        self.cached = optional(&["cache_reference_id"]);
        self.cost = optional(&["costUSD", "cost"]);
        Some(())
    }

    fn content(
        &mut self,
        cells: &mut Cells<'_>,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<Content, Problem> {
        let reference = cells.word(self.cached.as_ref())?;
        if let (Some(at), Some(id)) = (&self.cached, &reference)
            && !is_uuid(id)
        {
            let message =
                "cache_reference_id is no UUID, so whether the cache answered is not known";
            return Err(cells.problem(&catalogue::BAD_VALUE, cells.column(at), id, message));
        }
        let outcome = match reference.is_some_and(|id| id != NOT_CACHED) {
            true => Outcome::GatewayCached,
            false => http_outcome(cells, self.status.as_ref())?,
        };
        let tokens = self.counts.read(cells, outcome)?;
        self.counts
            .add(cells, &tokens, Convention::Beside, quantities)?;
        for (meter, origin) in [
            (Meter::InputAudio, &self.audio_in),
            (Meter::OutputAudio, &self.audio_out),
        ] {
            if let Some(count) = cells.count(origin.as_ref())?.filter(Exact::is_positive) {
                quantities.push((meter, count));
            }
        }
        Ok(Content::Used {
            outcome,
            requests: None,
            cost: dollars(cells, self.cost.as_ref())?,
        })
    }

    fn finish(&mut self, tally: &mut Tally) {
        self.counts.finish(tally);
    }
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let mut dialect = Helicone {
        counts: Counts::new(settings),
        ..Helicone::default()
    };
    vendor::read(&NAMES, &mut dialect, source, settings, sink, problems)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::formats::testing::{growing, read_log, sample};
    use crate::formats::{self, CachedTokens};

    fn one(fields: &str, settings: &Settings) -> (Vec<Value>, Tally, Problems) {
        let text = format!(
            r#"{{"request_id":"q","request_created_at":"2026-09-01T10:00:00Z","request_user_id":"acme","request_properties":{{"a":"b"}},"model":"m",{fields}}}"#
        );
        read_log("helicone-requests", growing("h.jsonl", &text), settings)
    }

    fn code(fields: &str) -> &'static str {
        let problems = one(fields, &Settings::default()).2;
        problems
            .kept()
            .first()
            .map_or("", |problem| problem.entry.code)
    }

    #[test]
    fn cached_tokens_stand_beside_the_prompt_unless_the_user_says_otherwise() {
        let fields = r#""prompt_tokens":100,"prompt_cache_read_tokens":40,"completion_tokens":5"#;
        let records = one(fields, &Settings::default()).0;
        let beside = json!({"input": "100", "cache_read": "40", "output": "5"});
        assert_eq!(records[0]["quantities"], beside);
        let settings = Settings {
            cached_tokens: Some(CachedTokens::Inside),
            ..Settings::default()
        };
        let records = one(fields, &settings).0;
        let inside = json!({"input": "60", "cache_read": "40", "output": "5"});
        assert_eq!(records[0]["quantities"], inside);
        let problems = one(&fields.replace("100", "39"), &settings).2;
        assert_eq!(problems.kept()[0].entry.code, "T3028");
    }

    #[test]
    fn a_hole_in_the_counts_is_told_or_refused() {
        assert_eq!(code(r#""completion_tokens":5"#), "T3027");
        let (records, tally, _) = one(r#""response_status":200"#, &Settings::default());
        assert_eq!(records.len(), 1);
        assert_eq!(tally.remarks[0].entry.code, "N1006");
        let tally = one(r#""response_status":500"#, &Settings::default()).1;
        assert!(tally.remarks.is_empty());
        assert_eq!(code(r#""prompt_tokens":1.5"#), "T3023");
        assert_eq!(code(r#""prompt_tokens":-1"#), "T3022");
        assert_eq!(code(r#""costUSD":"free""#), "T3021");
        assert_eq!(code(r#""costUSD":-1"#), "T3022");
        assert_eq!(code(r#""response_status":"ok""#), "T3021");
    }

    #[test]
    fn a_stamp_without_a_zone_is_refused() {
        let text = r#"{"request_id":"q","request_created_at":"2026-09-01 10:00:00","request_user_id":"acme","request_properties":{}}"#;
        let problems = read_log(
            "helicone-requests",
            growing("h.jsonl", text),
            &Settings::default(),
        )
        .2;
        assert_eq!(problems.kept()[0].entry.code, "T3025");
    }

    #[test]
    fn it_is_told_from_its_neighbours() {
        for (header, expected) in [
            (
                "response_id,request_created_at,request_user_id,request_properties,model",
                "helicone-requests",
            ),
            (
                "request_id,call_type,spend,startTime,end_user",
                "litellm-spend-logs",
            ),
            ("request_id,timestamp,user_id,input_tokens", "usage-log"),
        ] {
            sample("h.csv", header, |sample| {
                let found = formats::detect(sample).map(|format| format.name);
                assert_eq!(found, Some(expected));
            });
        }
    }
}
