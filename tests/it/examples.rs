//! Worked examples whose right answer is known from outside: usage and exported cost of real
//! projects, published with their numbers, under invented names. They must tie exactly, with the
//! bill and, priced from the embedded book, without it.

use serde_json::Value;

use crate::support::{Run, put, tanso};

/// A day of one model: uncached and cached input, output, requests and the exported cost.
struct Example {
    day: &'static str,
    /// The day's first second, as the export writes it.
    start: u64,
    model: &'static str,
    input: u64,
    cached: u64,
    output: u64,
    cost: &'static str,
}

const EXAMPLES: [Example; 4] = [
    // 5,560,222 × 0.15 + 229,120 × 0.075 + 106,885 × 0.60 per million.
    Example {
        day: "2026-07-07",
        start: 1_783_382_400,
        model: "gpt-4o-mini-2024-07-18",
        input: 5_789_342,
        cached: 229_120,
        output: 106_885,
        cost: "0.9153483",
    },
    // 22,688 × 0.25 + 33,191 × 2 per million.
    Example {
        day: "2025-10-11",
        start: 1_760_140_800,
        model: "gpt-5-mini-2025-08-07",
        input: 22_688,
        cached: 0,
        output: 33_191,
        cost: "0.072054",
    },
    // 124,784 × 0.25 + 154,852 × 2 per million.
    Example {
        day: "2025-10-10",
        start: 1_760_054_400,
        model: "gpt-5-mini-2025-08-07",
        input: 124_784,
        cached: 0,
        output: 154_852,
        cost: "0.3409",
    },
    // 80,992 × 0.25 + 274,770 × 2 per million.
    Example {
        day: "2025-10-07",
        start: 1_759_795_200,
        model: "gpt-5-mini-2025-08-07",
        input: 80_992,
        cached: 0,
        output: 274_770,
        cost: "0.569788",
    },
];

impl Example {
    /// The day as a log of two customers; the cached tokens are part of the prompt.
    fn log(&self) -> String {
        let first = (self.input / 3, self.cached / 3, self.output / 3);
        let second = (
            self.input - first.0,
            self.cached - first.1,
            self.output - first.2,
        );
        let row = |customer: &str, (input, cached, output): (u64, u64, u64)| {
            format!(
                "{}T09:00:00Z,{customer}-1,{customer},openai,{},{input},{cached},{output}\n",
                self.day, self.model
            )
        };
        "timestamp,request_id,customer,provider,model,prompt_tokens,cached_tokens,completion_tokens\n"
            .to_string()
            + &row("acme", first)
            + &row("umbra", second)
    }

    /// The day's line of OpenAI's export, not grouped by anything.
    fn bill(&self) -> String {
        let end = self.start + 86_400;
        format!(
            "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,\
             project_id,organization_id,organization_name\n\
             {},{end},{}T00:00:00+00:00,,{},usd,,,org-EXAMPLE,Personal\n",
            self.start, self.day, self.cost
        )
    }

    fn report(&self, with_bill: bool) -> Value {
        let folder = tempfile::tempdir().unwrap();
        let mut files = vec![put(folder.path(), "usage.csv", self.log())];
        if with_bill {
            files.push(put(folder.path(), "cost.csv", self.bill()));
        }
        report(&files).json()
    }
}

fn report(files: &[String]) -> Run {
    let mut arguments = vec!["report", "--no-config", "--format", "json"];
    arguments.extend(files.iter().map(String::as_str));
    tanso(&arguments)
}

#[test]
fn exported_cost_ties_to_the_last_digit() {
    for example in &EXAMPLES {
        let report = example.report(true);
        let tie = &report["tie"]["bill"][0];
        assert_eq!(tie["billed"], example.cost, "{}", example.day);
        assert_eq!(tie["metered"], example.cost, "{}: {report}", example.day);
        assert_eq!(tie["unattributed"], "0");
        assert_eq!(tie["difference"], "0");
        // The log at list prices is the bill, so nothing is scaled away.
        let scaled = report["notes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|note| note["code"] == "N1004");
        assert!(!scaled, "{}: {}", example.day, report["notes"]);
    }
}

#[test]
fn the_book_estimates_the_same_without_a_bill() {
    for example in &EXAMPLES {
        let report = example.report(false);
        assert_eq!(report["totals"]["cost"], example.cost, "{}", example.day);
        let bases = &report["totals"]["cost_by_basis"];
        assert_eq!(bases["estimated"], example.cost, "{}: {bases}", example.day);
    }
}

/// Claude's answer of 3 input tokens, 12,304 written to the cache and 550 out: 3 × 3 +
/// 12,304 × 3.75 + 550 × 15 per million = 0.054399. Counting the cache writes as input once more
/// gives 0.091311, a mistake that has been made.
#[test]
fn cache_writes_are_counted_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = "timestamp,customer,model,input_tokens,cache_creation_input_tokens,\
               cache_read_input_tokens,output_tokens\n\
               2025-05-01T00:00:00Z,acme,claude-3-7-sonnet-20250219,3,12304,0,550\n";
    let report = report(&[put(folder.path(), "usage.csv", log)]).json();
    assert_eq!(report["totals"]["cost"], "0.054399", "{report}");
}
