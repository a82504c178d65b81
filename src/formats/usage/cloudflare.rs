//! Cloudflare's AI Gateway logs as its interface lists them: one object per request.
//!
//! `metadata` is JSON text inside the object. No counts of cached prompt tokens are there. The
//! dataset `ai_gateway_events` of Logpush is encrypted and is another thing.

use crate::formats::fields::Columns;
use crate::formats::usage::cells::{Cells, Origin, Shape};
use crate::formats::usage::counts::{CountNames, Counts, http_outcome};
use crate::formats::usage::tokens::Convention;
use crate::formats::usage::vendor::{self, Content, Dialect, Names, dollars};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::Outcome;
use crate::model::{Exact, Meter};
use crate::problem::{Problem, Problems};
use crate::scan::RowSource;

const REQUIRED: &[&str] = &["tokens_in", "tokens_out", "cached", "provider", "model"];

/// The format `cloudflare-ai-gateway`.
pub static FORMAT: Format = Format {
    name: "cloudflare-ai-gateway",
    kind: Kind::Usage,
    provider: None,
    title: "Cloudflare AI Gateway logs (JSON)",
    required: REQUIRED,
    page: "\
**Where.** The interface: `GET /accounts/ACCOUNT/ai-gateway/gateways/GATEWAY/logs`, all pages, as JSON
lines: `jq -c '.result[]'`. The dataset `ai_gateway_events` of Logpush is encrypted and has no token
counts.

**Columns.** `created_at`, `tokens_in`, `tokens_out`, `cached`, `provider` and `model` are needed; `id`,
`metadata`, `success`, `status_code` and `cost` are used where present.

**Customer.** Only your own metadata (header `cf-aig-metadata`) can name it, so it must be said:
`columns = { customer = \"metadata.KEY\" }`. `metadata` may be an object or JSON text. `feature` can be
named in the same way.

**Units and zone.** `cost` is US dollars and is kept as the log's own cost. Times have an offset.

**Tokens.** `tokens_in` is input, `tokens_out` output. The log has no counts of cached prompt tokens, so
those that `tokens_in` includes count as plain input.

**Quirks.** `cached` true was answered by the gateway's own cache: it has no quantities. `success` false,
or a `status_code` outside 200 to 399, is a failed request, whose stated quantities are kept.

**Confidence.** Cloudflare's documentation and types. No file was seen.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Usage(read),
};

static NAMES: Names = Names {
    time: &["created_at"],
    request_id: &["id"],
    customers: &[],
    features: &[],
    providers: &["provider"],
    models: &["model"],
    shape: Shape {
        objects: &["metadata"],
        tags: &[],
    },
    zone: None,
    no_customer: "say columns = { customer = \"metadata.KEY\" } in its [[input]] entry of tanso.toml, with the key under which you send the customer to the gateway",
};

const COUNTS: CountNames = CountNames {
    input: &["tokens_in"],
    read: &[],
    write: &[],
    write_5m: &[],
    write_1h: &[],
    output: &["tokens_out"],
};

#[derive(Default)]
struct Cloudflare {
    counts: Counts,
    cached: Option<Origin>,
    success: Option<Origin>,
    status: Option<Origin>,
    cost: Option<Origin>,
}

impl Dialect for Cloudflare {
    fn find(&mut self, columns: &Columns, problems: &mut Problems) -> Option<()> {
        self.counts.find(&COUNTS, &NAMES.shape, columns, problems);
        let mut optional = |name: &str| columns.optional(&[name], problems).map(Origin::Column);
        self.cached = optional("cached");
        self.success = optional("success");
        self.status = optional("status_code");
        self.cost = optional("cost");
        Some(())
    }

    fn content(
        &mut self,
        cells: &mut Cells<'_>,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<Content, Problem> {
        let cached = cells.is_true(self.cached.as_ref())?;
        let success = cells.is_true(self.success.as_ref())?;
        let outcome = match (cached, success) {
            (Some(true), _) => Outcome::GatewayCached,
            (_, Some(false)) => Outcome::Failed,
            _ => http_outcome(cells, self.status.as_ref())?,
        };
        let tokens = self.counts.read(cells, outcome)?;
        self.counts
            .add(cells, &tokens, Convention::Inside, quantities)?;
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
    let mut dialect = Cloudflare {
        counts: Counts::new(settings),
        ..Cloudflare::default()
    };
    vendor::read(&NAMES, &mut dialect, source, settings, sink, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats;
    use crate::formats::testing::{columns, growing, read_log, sample};

    const LINE: &str = r#"{"id":"c","cached":false,"cost":1,"created_at":"2026-09-01T10:00:00Z","metadata":"{\"user\":\"secret person\"","model":"m","provider":"openai","success":true,"tokens_in":5,"tokens_out":2}"#;

    #[test]
    fn the_customer_must_be_said() {
        let source = growing("c.jsonl", LINE);
        let problems = read_log("cloudflare-ai-gateway", source, &Settings::default()).2;
        assert_eq!(problems.kept()[0].entry.code, "T3016");
        assert!(
            problems.kept()[0]
                .help
                .as_ref()
                .unwrap()
                .contains("metadata.KEY")
        );
    }

    #[test]
    fn broken_metadata_is_refused_and_not_shown() {
        let settings = columns(&[("customer", "metadata.user")]);
        let source = growing("c.jsonl", LINE);
        let problems = read_log("cloudflare-ai-gateway", source, &settings).2;
        assert_eq!(problems.kept()[0].entry.code, "T3018");
        assert!(!format!("{:?}", problems.kept()).contains("secret"));
    }

    #[test]
    fn it_is_recognized_by_its_fields() {
        sample("c.jsonl", LINE, |sample| {
            let found = formats::detect(sample).map(|format| format.name);
            assert_eq!(found, Some("cloudflare-ai-gateway"));
        });
    }
}
