//! Langfuse's export of observations to blob storage, `observations_v2/`: CSV, JSON, JSON lines or
//! Parquet, gzipped or not.
//!
//! Names are snake case. Times have no mark and are UTC. In CSV, objects and lists are JSON text in
//! a cell. `user_id` stands in the row. `input` and `output` hold prompts and answers, and are never
//! read.

use crate::formats::usage::cells::has_object;
use crate::formats::usage::langfuse::{Keys, Langfuse, SHAPE, shared_page};
use crate::formats::usage::vendor::{self, Names};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::Zone;
use crate::problem::Problems;
use crate::scan::RowSource;

/// The format `langfuse-observations`.
pub static FORMAT: Format = Format {
    name: "langfuse-observations",
    kind: Kind::Usage,
    provider: None,
    title: "Langfuse observations (blob storage export: CSV, JSON, JSON lines or Parquet)",
    required: &["type", "start_time", "provided_model_name", "usage_details", "cost_details|total_cost"],
    page: concat!("\
**Where.** Project settings → Integrations → Blob Storage; the files below `observations_v2/`, any of its
formats, gzipped or not.

**Columns.** `type`, `start_time`, `provided_model_name`, `usage_details`, and `cost_details` or
`total_cost` are needed, so their field groups must be switched on; `id`, `level`, `user_id`,
`trace_name`, `tags` and `metadata` are used where present. `input` and `output` hold prompts and are
not read.

**Customer.** `user_id`. `columns = { customer = \"…\" }` names another: a column such as `session_id`,
`metadata.KEY`, `tags` for the only tag, or `tags.KEY` for the tag `KEY:value`. The older export
`observations/` has no `user_id`: export `observations_v2/`, or name another column. `feature` is
`trace_name` unless `columns` says otherwise.

**Units and zone.** Costs are US dollars, kept as the log's own: `total_cost`, or else the total or the
sum of `cost_details`; a zero beside an empty `cost_details` is no cost. Times are UTC.

", shared_page!(), "
**Quirks.** No provider is named; it is known by the model, or by `provider` in tanso.toml. Files overlap
when an observation is exported anew: `id` tells repeats, and `--on-conflict last` takes the later of two
versions. In Parquet, `usage_details`, `cost_details` and `metadata` may be text or maps.

**Confidence.** Langfuse's source and documentation. No file written by Langfuse was seen.
"),
    detect: |sample: &Sample<'_>| {
        sample.has_all(&["provided_model_name"])
            && has_object(sample.header, "usage_details")
            && (has_object(sample.header, "cost_details") || sample.header.has("total_cost"))
    },
    read: Reader::Usage(read),
};

static NAMES: Names = Names {
    time: &["start_time"],
    request_id: &["id"],
    customers: &["user_id"],
    features: &["trace_name"],
    providers: &[],
    models: &["provided_model_name"],
    shape: SHAPE,
    zone: Some(Zone::Utc),
    no_customer: "pass the files of observations_v2/, which have user_id, or say columns = { customer = \"metadata.KEY\" } in its [[input]] entry of tanso.toml",
};

static KEYS: Keys = Keys {
    usage: "usage_details",
    costs: "cost_details",
    total_cost: "total_cost",
};

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let mut dialect = Langfuse::new(&KEYS, settings);
    vendor::read(&NAMES, &mut dialect, source, settings, sink, problems)
}
