//! Langfuse's export of observations from its web interface: CSV or JSON.
//!
//! Names are camel case. `inputUsage`, `outputUsage` and `totalUsage` are sums over `usageDetails`
//! and are not read. Beside the columns of the observation there is one for each score. `input` and
//! `output` hold prompts and answers, and are never read.

use crate::formats::usage::cells::has_object;
use crate::formats::usage::langfuse::{Keys, Langfuse, SHAPE, shared_page};
use crate::formats::usage::vendor::{self, Names};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::Zone;
use crate::problem::Problems;
use crate::scan::RowSource;

/// The format `langfuse-export`.
pub static FORMAT: Format = Format {
    name: "langfuse-export",
    kind: Kind::Usage,
    provider: None,
    title: "Langfuse observations (exported from the web interface: CSV or JSON)",
    required: &["type", "startTime", "traceId", "usageDetails", "costDetails|totalCost"],
    page: concat!("\
**Where.** Langfuse → Observations → the download button, as CSV or JSON. Filter by time first.

**Columns.** `type`, `startTime`, `traceId`, `usageDetails`, and `costDetails` or `totalCost` are needed;
`id`, `model`, `level`, `userId`, `traceName`, `traceTags` and `metadata` are used where present.
`inputUsage` and its like are sums of `usageDetails` and are not read, nor are `input` and `output`,
which hold prompts.

**Customer.** `userId`. `columns = { customer = \"…\" }` names another: a column such as `sessionId`,
`metadata.KEY`, `traceTags` for the only tag, or `traceTags.KEY` for the tag `KEY:value`. `feature` is
`traceName` unless `columns` says otherwise.

**Units and zone.** Costs are US dollars, kept as the log's own: `totalCost`, or else the total or the
sum of `costDetails`; a zero beside an empty `costDetails` is no cost. Times without a mark are UTC.

", shared_page!(), "
**Quirks.** No provider is named; it is known by the model, or by `provider` in tanso.toml.

**Confidence.** Langfuse's source, which writes the columns; no file was seen, and their order is not
relied on.
"),
    detect: |sample: &Sample<'_>| {
        sample.has_all(&["traceId"])
            && has_object(sample.header, "usageDetails")
            && (has_object(sample.header, "costDetails") || sample.header.has("totalCost"))
    },
    read: Reader::Usage(read),
};

static NAMES: Names = Names {
    time: &["startTime"],
    request_id: &["id"],
    customers: &["userId"],
    features: &["traceName"],
    providers: &[],
    models: &["model"],
    shape: SHAPE,
    zone: Some(Zone::Utc),
    no_customer: "say columns = { customer = \"metadata.KEY\" } in its [[input]] entry of tanso.toml",
};

static KEYS: Keys = Keys {
    usage: "usageDetails",
    costs: "costDetails",
    total_cost: "totalCost",
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
