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
use crate::problem::{Problem, Problems};
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
