//! Portkey's export of logs: JSON lines, of which only the requested fields are there.
//!
//! One row per request. `cost` is in cents of US dollars. `request` and `response` hold prompts and
//! answers, and are never read.

use crate::formats::fields::Columns;
use crate::formats::usage::cells::{Cells, Origin, Shape};
use crate::formats::usage::counts::{CountNames, Counts, http_outcome};
use crate::formats::usage::tokens::Convention;
use crate::formats::usage::vendor::{self, Content, Dialect, Names, is_one_of};
use crate::formats::{Format, Kind, Reader, Sample, Settings, Tally, UsageSink};
use crate::model::records::Outcome;
use crate::model::{Currency, Exact, Meter};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::RowSource;

const REQUIRED: &[&str] = &["ai_org", "ai_model", "req_units", "res_units", "cost"];

/// The format `portkey-logs`.
pub static FORMAT: Format = Format {
    name: "portkey-logs",
    kind: Kind::Usage,
    provider: None,
    title: "Portkey logs (JSON lines)",
    required: REQUIRED,
    page: "\
**Where.** Portkey → Exports → Request Data, or the interface for log exports. Request at least `id`,
`created_at`, `is_success`, `ai_org`, `ai_model`, `req_units`, `res_units`, `cost`, `cost_currency`,
`response_status_code` and `metadata`; leave `request` and `response` out, which hold prompts and are
not read.

**Columns.** `created_at`, `ai_org`, `ai_model`, `req_units`, `res_units` and `cost` are needed; the
others above are used where present.

**Customer.** `metadata._user`. `columns = { customer = \"metadata.KEY\" }` takes another key, and
`feature` can be named in the same way, also as `prompt_slug`.

**Units and zone.** `cost` is in **cents** of US dollars and is divided by 100 exactly; another
`cost_currency` is refused. Times need an offset or `tz`: Portkey documents none.

**Tokens.** `req_units` is counted as input and `res_units` as output. The export has no counts of cached
tokens, so those that `req_units` includes count as plain input.

**Quirks.** `is_success` false, or a `response_status_code` outside 200 to 399, is a failed request, whose
stated quantities are kept. Answers of Portkey's own cache cannot be told: no exported field says so.

**Confidence.** Portkey's documentation. No file was seen.
",
    detect: |sample: &Sample<'_>| sample.has_all(REQUIRED),
    read: Reader::Usage(read),
};

static NAMES: Names = Names {
    time: &["created_at"],
    request_id: &["id"],
    customers: &["metadata._user"],
    features: &[],
    providers: &["ai_org"],
    models: &["ai_model"],
    shape: Shape {
        objects: &["metadata"],
        tags: &[],
    },
    zone: None,
    no_customer: "request the field metadata, or say columns = { customer = \"…\" } in its [[input]] entry of tanso.toml",
};

const COUNTS: CountNames = CountNames {
    input: &["req_units"],
    read: &[],
    write: &[],
    write_5m: &[],
    write_1h: &[],
    output: &["res_units"],
};

#[derive(Default)]
struct Portkey {
    counts: Counts,
    success: Option<Origin>,
    status: Option<Origin>,
    cost: Option<Origin>,
    currency: Option<Origin>,
}

impl Portkey {
    /// The cost in dollars.
    fn cost(&self, cells: &mut Cells<'_>) -> Result<Option<(Exact, Currency)>, Problem> {
        let cents = cells.amount(self.cost.as_ref())?;
        let currency = cells.word(self.currency.as_ref())?;
        if currency.is_some() && !is_one_of(currency.as_ref(), &["USD"]) {
            let column = self.currency.as_ref().map_or(0, |at| cells.column(at));
            let text = currency.as_deref().unwrap_or("");
            let message = "cost_currency is not USD";
            let problem = cells.problem(&catalogue::BAD_VALUE, column, text, message);
            return Err(problem.help("cost is documented as cents of US dollars; what another currency is written in is not known"));
        }
        Ok(cents.map(|cents| (cents.shift(-2), Currency::USD)))
    }
}

impl Dialect for Portkey {
    fn find(&mut self, columns: &Columns, problems: &mut Problems) -> Option<()> {
        self.counts.find(&COUNTS, &NAMES.shape, columns, problems);
        let mut optional = |name: &str| columns.optional(&[name], problems).map(Origin::Column);
        self.success = optional("is_success");
        self.status = optional("response_status_code");
        self.cost = optional("cost");
        self.currency = optional("cost_currency");
        Some(())
    }

    fn content(
        &mut self,
        cells: &mut Cells<'_>,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<Content, Problem> {
        let outcome = match cells.is_true(self.success.as_ref())? {
            Some(false) => Outcome::Failed,
            _ => http_outcome(cells, self.status.as_ref())?,
        };
        let tokens = self.counts.read(cells, outcome)?;
        self.counts
            .add(cells, &tokens, Convention::Inside, quantities)?;
        Ok(Content::Used {
            outcome,
            requests: None,
            cost: self.cost(cells)?,
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
    let mut dialect = Portkey {
        counts: Counts::new(settings),
        ..Portkey::default()
    };
    vendor::read(&NAMES, &mut dialect, source, settings, sink, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats;
    use crate::formats::testing::{columns, growing, read_log, sample};

    fn line(more: &str) -> String {
        format!(
            r#"{{"created_at":"2026-09-01T10:00:00Z","ai_org":"openai","ai_model":"gpt-4o","req_units":5,"res_units":2,"cost":12.5,{more}}}"#
        )
    }

    #[test]
    fn cents_become_dollars_and_nothing_else_is_guessed() {
        let read = |more: &str| {
            let text = line(more);
            read_log(
                "portkey-logs",
                growing("p.jsonl", &text),
                &Settings::default(),
            )
        };
        let (records, _, problems) = read(r#""metadata":{"_user":"acme"},"cost_currency":"usd""#);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(records[0]["cost"], "0.125 USD");
        let problems = read(r#""metadata":{"_user":"acme"},"cost_currency":"EUR""#).2;
        assert_eq!(problems.kept()[0].entry.code, "T3029");
        let problems = read(r#""metadata":{"_user":"acme"},"is_success":"maybe""#).2;
        assert_eq!(problems.kept()[0].entry.code, "T3029");
        let problems = read(r#""mode":"single""#).2;
        assert_eq!(problems.kept()[0].entry.code, "T3016");
    }

    #[test]
    fn metadata_may_name_the_customer_late() {
        let text = [
            line(r#""metadata":{"plan":"pro"}"#),
            line(r#""metadata":{"_user":"acme"}"#),
        ]
        .join("\n");
        let source = growing("p.jsonl", &text);
        let (records, tally, problems) = read_log("portkey-logs", source, &Settings::default());
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(records[1]["source"], "acme");
        assert_eq!(tally.remarks[0].entry.code, "N1013");
        let settings = columns(&[("customer", "metadata_user")]);
        let problems = read_log("portkey-logs", growing("p.jsonl", &text), &settings).2;
        assert_eq!(problems.kept()[0].entry.code, "T3016");
    }

    #[test]
    fn it_is_recognized_by_its_fields() {
        sample("p.jsonl", &line(r#""id":"a""#), |sample| {
            let found = formats::detect(sample).map(|format| format.name);
            assert_eq!(found, Some("portkey-logs"));
        });
    }
}
