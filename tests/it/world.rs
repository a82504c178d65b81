//! Small invented companies for the laws: a log, a bill, revenue and a mapping that fit together
//! more or less, as real ones do.
//!
//! A plan says how large the world is and what occurs in it; everything else follows from its seed.
//! Small numbers come first, so that a failing law shrinks to a small world.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::Value;
use tanso::model::Exact;

use crate::support::{Draw, Run, put, tanso};

/// How many digits after the point the bill's amounts have; prices per token fit into them.
const PLACES: usize = 8;
/// Provider, model, price per input and output token in units of 10⁻⁸ dollars: their list prices.
pub const MODELS: [(&str, &str, u64, u64); 3] = [
    ("openai", "gpt-4o-mini", 15, 60),
    ("openai", "gpt-4.1", 200, 800),
    ("anthropic", "claude-haiku-4-5", 100, 500),
];
const CUSTOMERS: [&str; 5] = ["acme", "gull", "kestrel", "tern", "umbra"];

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    /// 1 to 5.
    pub customers: usize,
    /// 1 to 4.
    pub days: u64,
    pub requests: usize,
    /// Whether there is a mapping file; without one the usage ids are the customers.
    pub mapped: bool,
    /// Whether every charge has a quantity; otherwise some bills have none.
    pub quantities: bool,
    /// Whether some charges name a customer.
    pub direct: bool,
    /// Whether there are credits and tax.
    pub follows: bool,
    /// Whether there are charges per request.
    pub per_request: bool,
    /// Percent of the requests that are not in the log.
    pub lost: u64,
}

/// Every kind of world.
pub fn plans() -> impl Strategy<Value = Plan> {
    let size = (any::<u64>(), 1..=5usize, 1..=4u64, 1..=24usize);
    let flags = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    let lost = prop_oneof![Just(0u64), Just(25), Just(60)];
    (size, flags, lost).prop_map(|((seed, customers, days, requests), flags, lost)| Plan {
        seed,
        customers,
        days,
        requests,
        mapped: flags.0,
        quantities: flags.1,
        direct: flags.2,
        follows: flags.3,
        per_request: flags.4,
        lost,
    })
}

/// Checks a law on 200 worlds, and tells the smallest one that breaks it. The worlds are the same
/// in every run.
pub fn law(tune: impl Fn(&mut Plan), holds: impl Fn(&World) -> Result<(), String>) {
    let config = ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_001),
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&plans(), |mut plan| {
        tune(&mut plan);
        holds(&World::of(&plan)).map_err(TestCaseError::fail)
    });
    if let Err(why) = result {
        panic!("{why}");
    }
}

/// Some plans, for tests that are too slow for the whole [`law`].
pub fn some_plans(count: usize) -> Vec<Plan> {
    let config = ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let mut draw = || plans().new_tree(&mut runner).unwrap().current();
    (0..count).map(|_| draw()).collect()
}

/// A table: rows of cells under a header.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(header: &[&str]) -> Table {
        Table {
            header: header.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row of `column = cell`; the other cells are blank.
    pub fn add(&mut self, cells: &[(&str, &str)]) {
        let mut row = vec![String::new(); self.header.len()];
        for (name, cell) in cells {
            row[self.column(name)] = (*cell).to_string();
        }
        self.rows.push(row);
    }

    /// The position of a column.
    pub fn column(&self, name: &str) -> usize {
        let found = self.header.iter().position(|column| column == name);
        found.unwrap_or_else(|| panic!("no column {name}"))
    }

    /// As CSV, cells quoted where they must be.
    pub fn csv(&self) -> String {
        let mut text = String::new();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            let cells = row
                .iter()
                .map(|cell| match cell.contains([',', '"', '\n']) {
                    true => format!("\"{}\"", cell.replace('"', "\"\"")),
                    false => cell.clone(),
                });
            writeln!(text, "{}", cells.collect::<Vec<_>>().join(",")).unwrap();
        }
        text
    }
}

/// One invented company.
#[derive(Clone, Debug)]
pub struct World {
    pub plan: Plan,
    pub usage: Table,
    pub costs: Table,
    pub revenue: Table,
    pub mapping: Option<Table>,
    /// Customer names.
    pub customers: Vec<String>,
}

/// An amount of so many units of 10⁻⁸.
pub fn money(units: u64) -> String {
    let digits = format!("{units:0>width$}", width = PLACES + 1);
    let (whole, part) = digits.split_at(digits.len() - PLACES);
    format!("{whole}.{part}")
}

impl World {
    /// The world of a plan.
    pub fn of(plan: &Plan) -> World {
        let mut draw = Draw::new(plan.seed);
        let customers: Vec<String> = CUSTOMERS[..plan.customers]
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut world = World {
            plan: plan.clone(),
            usage: Table::new(&[
                "timestamp",
                "request_id",
                "customer",
                "feature",
                "provider",
                "model",
                "input_tokens",
                "output_tokens",
                "region",
            ]),
            costs: Table::new(&[
                "date", "provider", "model", "meter", "quantity", "cost", "project", "customer",
                "category",
            ]),
            revenue: Table::new(&[
                "customer_id",
                "period_start",
                "period_end",
                "amount",
                "currency",
                "tax",
                "plan",
                "type",
                "invoice_id",
                "status",
            ]),
            mapping: plan
                .mapped
                .then(|| Table::new(&["customer", "source", "id", "plan"])),
            customers,
        };
        world.add_mapping();
        world.add_usage_and_bill(&mut draw);
        world.add_revenue(&mut draw);
        world
    }

    /// The ids of a customer in the log.
    pub fn usage_ids(&self, customer: &str) -> Vec<String> {
        match self.plan.mapped {
            true => vec![format!("org_{customer}1"), format!("org_{customer}2")],
            false => vec![customer.to_string()],
        }
    }

    /// The id of a customer in the revenue file.
    pub fn payer(&self, customer: &str) -> String {
        match self.plan.mapped {
            true => format!("pay_{customer}"),
            false => customer.to_string(),
        }
    }

    fn add_mapping(&mut self) {
        let Some(mut mapping) = self.mapping.take() else {
            return;
        };
        for customer in &self.customers {
            let row = |source, id: &str, plan| {
                [
                    ("customer", customer.as_str()),
                    ("source", source),
                    ("id", id),
                    ("plan", plan),
                ]
                .map(|(name, cell)| (name, cell.to_string()))
            };
            let mut rows = vec![row("revenue", &self.payer(customer), "pro")];
            rows.extend(
                self.usage_ids(customer)
                    .iter()
                    .map(|id| row("usage", id, "")),
            );
            rows.extend(["openai", "anthropic"].map(|p| row(p, &format!("proj_{customer}"), "")));
            for row in rows {
                let cells: Vec<(&str, &str)> = row.iter().map(|(n, c)| (*n, c.as_str())).collect();
                mapping.add(&cells);
            }
        }
        self.mapping = Some(mapping);
    }

    fn add_usage_and_bill(&mut self, draw: &mut Draw) {
        let mut ids: Vec<String> = self
            .customers
            .iter()
            .flat_map(|c| self.usage_ids(c))
            .collect();
        if self.plan.mapped && draw.chance(40) {
            ids.push("org_nobody".to_string());
        }
        // Whose traffic the bill keeps apart.
        let apart = self.plan.direct.then(|| {
            let at = draw.between(0, self.customers.len() as u64 - 1);
            self.customers[at as usize].clone()
        });
        let mut billed: BTreeMap<(u64, usize, bool, bool), u64> = BTreeMap::new();
        for at in 0..self.plan.requests {
            let day = draw.between(1, self.plan.days);
            let model = draw.between(0, MODELS.len() as u64 - 1) as usize;
            let id = ids[draw.between(0, ids.len() as u64 - 1) as usize].clone();
            let input = draw.between(1, 40_000);
            let output = draw.between(0, 1) * draw.between(1, 9_000);
            let own = apart
                .as_ref()
                .is_some_and(|c| self.usage_ids(c).contains(&id));
            *billed.entry((day, model, false, own)).or_default() += input;
            *billed.entry((day, model, true, own)).or_default() += output;
            if draw.chance(self.plan.lost) {
                continue;
            }
            let (hour, minute) = (draw.between(0, 23), draw.between(0, 59));
            let (provider, name, ..) = MODELS[model];
            let feature = draw.one(&["chat", "search"]);
            self.usage.add(&[
                (
                    "timestamp",
                    &format!("2026-10-{day:02}T{hour:02}:{minute:02}:07Z"),
                ),
                ("request_id", &format!("req_{at:03}")),
                ("customer", &id),
                ("feature", feature),
                ("provider", provider),
                ("model", name),
                ("input_tokens", &input.to_string()),
                ("output_tokens", &output.to_string()),
                ("region", draw.one(&["eu", "us"])),
            ]);
        }
        let styles: BTreeMap<&str, u64> = ["openai", "anthropic"]
            .map(|p| (p, draw.between(0, 2)))
            .into_iter()
            .collect();
        for ((day, model, is_output, own), tokens) in billed {
            let (provider, name, input, output) = MODELS[model];
            let price = if is_output { output } else { input };
            // With quantities, without them, or without even a meter.
            let style = if self.plan.quantities {
                0
            } else {
                styles[provider]
            };
            if tokens == 0 {
                continue;
            }
            let meter = if is_output { "output" } else { "input" };
            let project = match (own, &apart) {
                (true, Some(customer)) if self.plan.mapped => format!("proj_{customer}"),
                _ => String::new(),
            };
            let customer = match (own, &apart) {
                (true, Some(customer)) if !self.plan.mapped => customer.clone(),
                _ => String::new(),
            };
            self.costs.add(&[
                ("date", &format!("2026-10-{day:02}")),
                ("provider", provider),
                ("model", if style == 2 { "" } else { name }),
                ("meter", if style == 2 { "" } else { meter }),
                (
                    "quantity",
                    &if style == 0 {
                        tokens.to_string()
                    } else {
                        String::new()
                    },
                ),
                ("cost", &money(tokens * price)),
                ("project", &project),
                ("customer", &customer),
                ("category", "usage"),
            ]);
        }
        self.add_extras(draw);
    }

    fn add_extras(&mut self, draw: &mut Draw) {
        let days: Vec<[String; 2]> = self
            .costs
            .rows
            .iter()
            .map(|row| [row[0].clone(), row[1].clone()])
            .collect();
        let mut extra = |category: &str, meter: &str, quantity: &str, cost: &str| {
            let [day, provider] = &days[draw.between(0, days.len() as u64 - 1) as usize];
            self.costs.add(&[
                ("date", day),
                ("provider", provider),
                ("meter", meter),
                ("quantity", quantity),
                ("cost", cost),
                ("category", category),
            ]);
        };
        if self.plan.follows {
            extra("credit", "", "", "-0.00100001");
            extra("tax", "", "", "0.19000000");
        }
        if self.plan.per_request {
            extra("usage", "web_searches", "37", "0.37000000");
        }
    }

    fn add_revenue(&mut self, draw: &mut Draw) {
        let mut payers: Vec<String> = self.customers.iter().map(|c| self.payer(c)).collect();
        payers.push("pay_stranger".to_string());
        for payer in payers {
            for _ in 0..draw.between(0, 2) {
                let start = draw.between(1, 28);
                let (from, to) = match draw.between(0, 3) {
                    0 => (format!("2026-10-{start:02}"), format!("2026-11-{start:02}")),
                    1 => (format!("2026-09-{start:02}"), format!("2026-12-{start:02}")),
                    2 => (format!("2026-01-{start:02}"), format!("2027-01-{start:02}")),
                    _ => (format!("2026-10-{start:02}"), String::new()),
                };
                let invoice = format!("INV-{}", self.revenue.rows.len());
                self.revenue.add(&[
                    ("customer_id", &payer),
                    ("period_start", &from),
                    ("period_end", &to),
                    (
                        "amount",
                        draw.one(&["99.00", "1200.00", "0.07", "10.01", "-34.27"]),
                    ),
                    ("currency", "USD"),
                    ("tax", draw.one(&["", "0.01", "0.00"])),
                    ("invoice_id", &invoice),
                    ("status", "paid"),
                ]);
            }
        }
    }

    /// Writes the files, runs `tanso report` on them with these options more, and returns what it
    /// printed. Tables without rows are left out.
    pub fn report(&self, options: &[&str]) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let files = self.write(folder.path());
        report_on(&files, options)
    }

    /// Writes the files; returns their paths.
    pub fn write(&self, folder: &Path) -> Vec<String> {
        let mut files = Vec::new();
        let tables = [
            ("usage.csv", Some(&self.usage)),
            ("costs.csv", Some(&self.costs)),
            ("revenue.csv", Some(&self.revenue)),
            ("mapping.csv", self.mapping.as_ref()),
        ];
        for (name, table) in tables {
            if let Some(table) = table.filter(|table| !table.rows.is_empty()) {
                files.push(put(folder, name, table.csv()));
            }
        }
        files
    }
}

/// Reports October on these files.
pub fn report_on(files: &[String], options: &[&str]) -> Run {
    let mut arguments = vec![
        "report",
        "--no-config",
        "--month",
        "2026-10",
        "--format",
        "json",
    ];
    arguments.extend(options);
    arguments.extend(files.iter().map(String::as_str));
    tanso(&arguments)
}

/// A report without what identifies the files.
pub fn without_inputs(run: &Run) -> Value {
    let mut report = run.json();
    report.as_object_mut().unwrap().remove("inputs");
    // What each id brought is no number of the report.
    report.as_object_mut().unwrap().remove("receipt");
    report
}

/// A report's money alone, by customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Money {
    /// Customer → revenue, then cost by basis: direct, metered, allocated, estimated.
    pub rows: BTreeMap<String, [Exact; 5]>,
    /// Provider and reason → amount.
    pub unattributed: BTreeMap<String, Exact>,
    pub revenue: Exact,
    pub cost: Exact,
}

/// Reads an amount.
pub fn exact(value: &Value) -> Exact {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no amount"));
    Exact::parse(text).unwrap_or_else(|_| panic!("{text} is no amount"))
}

/// The money of a report.
pub fn money_of(run: &Run) -> Money {
    let report = run.json();
    let rows = report["rows"].as_array().unwrap().iter().map(|row| {
        let by = &row["cost_by_basis"];
        let parts = [
            &row["revenue"],
            &by["direct"],
            &by["metered"],
            &by["allocated"],
            &by["estimated"],
        ];
        (
            row["customer"].as_str().unwrap().to_string(),
            parts.map(exact),
        )
    });
    let unattributed = report["unattributed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            (
                format!("{} {}", part["provider"], part["reason"]),
                exact(&part["amount"]),
            )
        });
    Money {
        rows: rows.collect(),
        unattributed: unattributed.collect(),
        revenue: exact(&report["totals"]["revenue"]),
        cost: exact(&report["totals"]["cost"]),
    }
}
