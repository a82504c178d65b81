//! LiteLLM's daily rollups: the tables `LiteLLM_DailyUserSpend` and its sisters, as CSV or JSON
//! lines.
//!
//! One row per day, owner, key, model and endpoint. `prompt_tokens` includes cached tokens and cache
//! writes, as in the spend logs that are summed here. `spend` is US dollars. The tables sum the same
//! requests by different owners.

use crate::formats::fields::Columns;
use crate::formats::rows;
use crate::formats::usage::cells::{Cells, Origin, Shape};
use crate::formats::usage::counts::{CountNames, Counts};
use crate::formats::usage::tokens::Convention;
use crate::formats::usage::vendor::{self, Content, Dialect, Names, dollars};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::Outcome;
use crate::model::{Exact, Meter, Zone};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::RowSource;

const REQUIRED: &[&str] = &[
    "custom_llm_provider",
    "spend",
    "api_requests",
    "successful_requests",
];

/// The format `litellm-daily-spend`.
pub static FORMAT: Format = Format {
    name: "litellm-daily-spend",
    kind: Kind::Usage,
    provider: None,
    title: "LiteLLM daily spend (CSV or JSON lines)",
    required: REQUIRED,
    page: "\
**Where.** One of the tables `LiteLLM_DailyEndUserSpend`, `LiteLLM_DailyUserSpend`, `…TeamSpend`,
`…TagSpend` of the proxy's Postgres database, with `COPY … TO STDOUT WITH CSV HEADER`. They sum the same
requests by different owners: pass one of them, and not the spend logs of the same days. The spend logs
say more: they name the end user of each request.

**Columns.** `date`, `custom_llm_provider`, `spend`, `api_requests` and `successful_requests` are needed;
`id`, `model`, `prompt_tokens`, `completion_tokens`, `cache_read_input_tokens`,
`cache_creation_input_tokens` and `failed_requests` are used where present.

**Customer.** `end_user_id`. Without that column `user_id`, `team_id`, `tag`, `organization_id`, then the
hashed `api_key`; a note says which. `user_id` is the owner of the key, not the end user. `columns =
{ customer = \"…\" }` names another column. `feature` can be named in the same way, for example
`endpoint`.

**Units and zone.** `spend` is US dollars and is kept as the log's own cost. `date` is a day in UTC.

**Tokens.** `prompt_tokens` includes cached tokens and cache writes; they are taken out of it. Cache
writes count as five-minute ones. `cached_tokens = \"beside input\"` is for versions of the proxy that
left them out.

**Quirks.** A row stands for `successful_requests` requests, so context tiers of long requests cannot be
told. Failed requests beside served ones are not part of the requests, and a note counts such rows; a row
of failed requests alone is a failed one. A request may carry several tags, so the tag table may count it
several times.

**Confidence.** The tables' definition in LiteLLM's source.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Usage(read),
};

static NAMES: Names = Names {
    time: &["date"],
    request_id: &["id"],
    customers: &[
        "end_user_id",
        "user_id",
        "team_id",
        "tag",
        "organization_id",
        "api_key",
    ],
    features: &[],
    providers: &["custom_llm_provider"],
    models: &["model"],
    shape: Shape {
        objects: &[],
        tags: &[],
    },
    zone: Some(Zone::Utc),
    no_customer: "say columns = { customer = \"…\" } in its [[input]] entry of tanso.toml",
};

const COUNTS: CountNames = CountNames {
    input: &["prompt_tokens"],
    read: &["cache_read_input_tokens"],
    write: &["cache_creation_input_tokens"],
    write_5m: &[],
    write_1h: &[],
    output: &["completion_tokens"],
};

#[derive(Default)]
struct Daily {
    counts: Counts,
    served: Option<Origin>,
    failed: Option<Origin>,
    spend: Option<Origin>,
    /// Rows with failed requests beside served ones.
    mixed: u64,
}

impl Dialect for Daily {
    fn find(&mut self, columns: &Columns, problems: &mut Problems) -> Option<()> {
        self.counts.find(&COUNTS, &NAMES.shape, columns, problems);
        let served = columns.required(&["successful_requests"], problems);
        let mut optional = |name: &str| columns.optional(&[name], problems).map(Origin::Column);
        self.failed = optional("failed_requests");
        self.spend = optional("spend");
        self.served = Some(Origin::Column(served?));
        Some(())
    }

    fn content(
        &mut self,
        cells: &mut Cells<'_>,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<Content, Problem> {
        let served = requests(cells, self.served.as_ref())?;
        let failed = match &self.failed {
            None => Exact::ZERO,
            failed => requests(cells, failed.as_ref())?,
        };
        let (outcome, requests) = match served.is_zero() && failed.is_positive() {
            true => (Outcome::Failed, failed),
            false => (Outcome::Served, served),
        };
        self.mixed += u64::from(served.is_positive() && failed.is_positive());
        let tokens = self.counts.read(cells, outcome)?;
        self.counts
            .add(cells, &tokens, Convention::Inside, quantities)?;
        Ok(Content::Used {
            outcome,
            requests: Some(requests),
            cost: dollars(cells, self.spend.as_ref())?,
        })
    }

    fn finish(&mut self, tally: &mut Tally) {
        self.counts.finish(tally);
        let text = "{n} rows count failed requests beside served ones; only the served ones are counted as requests";
        rows::remark(tally, &catalogue::NOT_SERVED, self.mixed, text);
    }
}

/// A number of requests: the table never leaves one blank.
fn requests(cells: &mut Cells<'_>, origin: Option<&Origin>) -> Result<Exact, Problem> {
    if let Some(count) = cells.count(origin)? {
        return Ok(count);
    }
    let column = origin.map_or(0, |at| cells.column(at));
    let message = format!("{} is empty", cells.columns().header.name(column));
    let problem = cells.problem(&catalogue::MISSING_VALUE, column, "", message);
    Err(problem.help("absent is not zero; export the table again"))
}

fn read(
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let mut dialect = Daily {
        counts: Counts::new(settings),
        ..Daily::default()
    };
    vendor::read(&NAMES, &mut dialect, source, settings, sink, problems)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::formats::testing::{read_log, table};
    use crate::formats::{self, CachedTokens};

    const HEADER: &str = "team_id,date,model,custom_llm_provider,prompt_tokens,completion_tokens,cache_read_input_tokens,spend,api_requests,successful_requests,failed_requests\n";

    #[test]
    fn cached_tokens_leave_the_prompt_unless_the_user_says_otherwise() {
        let read = |row: &str, said| {
            let settings = Settings {
                cached_tokens: said,
                ..Settings::default()
            };
            let text = format!("{HEADER}{row}\n");
            read_log("litellm-daily-spend", table("d.csv", &text), &settings)
        };
        let row = "t,2026-09-01,gpt-4o,openai,100,5,40,0.1,3,3,0";
        let inside = json!({"input": "60", "cache_read": "40", "output": "5"});
        let (records, tally, _) = read(row, None);
        assert_eq!(records[0]["quantities"], inside);
        assert_eq!(records[0]["requests"], "3");
        assert_eq!(
            tally.remarks[0].text,
            "customer is read from team_id, because there is no end_user_id"
        );
        let beside = json!({"input": "100", "cache_read": "40", "output": "5"});
        let said = Some(CachedTokens::Beside);
        assert_eq!(read(row, said).0[0]["quantities"], beside);
        for (row, code) in [
            ("t,2026-09-01,gpt-4o,openai,39,5,40,0.1,3,3,0", "T3028"),
            ("t,2026-09-01,gpt-4o,openai,100,5,40,0.1,3,,0", "T3027"),
            ("t,2026-09-01,gpt-4o,openai,100,5,40,-0.1,3,3,0", "T3022"),
            ("t,2026-09-01,gpt-4o,openai,,5,0,0.1,3,3,0", "T3027"),
            ("total,,,,100,5,40,0.1,3,3,0", "T3030"),
        ] {
            let problems = read(row, None).2;
            assert_eq!(problems.kept()[0].entry.code, code, "{row}");
        }
    }

    #[test]
    fn a_log_of_requests_is_another_format() {
        crate::formats::testing::sample("d.csv", HEADER, |sample| {
            let found = formats::detect(sample).map(|format| format.name);
            assert_eq!(found, Some("litellm-daily-spend"));
        });
    }
}
