//! A JSON report that was saved, read back.
//!
//! Only what later commands compare is read; members that are not known are left alone, so that a
//! report of another version can still be read while its schema is the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diff::Receipt;
use crate::model::Exact;
use crate::problem::{Place, Problem, catalogue};

/// The schema that is understood.
pub const SCHEMA: &str = "tanso.report/1";

/// A report.
#[derive(Clone, Debug, Deserialize)]
pub struct SavedReport {
    schema: String,
    /// Who made it.
    pub tool: SavedTool,
    /// Its period.
    pub period: SavedPeriod,
    /// Its currency.
    pub currency: String,
    /// Which revenue and cost count.
    pub basis: SavedBasis,
    /// Whether amounts were converted.
    pub fx: Option<serde::de::IgnoredAny>,
    /// Its files.
    pub inputs: Vec<SavedInput>,
    /// What it is compared by.
    pub receipt: Option<Receipt>,
    /// The version of that.
    #[serde(default = "first_version")]
    pub receipt_version: u32,
    /// Its options, where they differ from the defaults.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// The dimensions of its rows.
    pub by: Vec<String>,
    /// Its rows with a customer.
    pub rows: Vec<SavedRow>,
    /// Its totals.
    pub totals: SavedTotals,
}

/// Receipts that say no version are of the first.
fn first_version() -> u32 {
    1
}

/// The program that made a report.
#[derive(Clone, Debug, Deserialize)]
pub struct SavedTool {
    /// Its version.
    pub version: String,
}

/// Which revenue and cost count.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedBasis {
    /// `recognized`, `billed`, `cash` or `mrr`.
    pub revenue: String,
    /// `effective`, `billed` or `list`.
    pub cost: String,
}

/// One file.
#[derive(Clone, Debug, Deserialize)]
pub struct SavedInput {
    /// Name of its format.
    pub format: String,
    /// SHA-256 of the file as stored.
    pub sha256: String,
}

/// The days of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPeriod {
    /// First instant.
    pub start: String,
    /// First instant after.
    pub end: String,
    /// Zone.
    pub tz: String,
}

/// One row.
#[derive(Clone, Debug, Deserialize)]
pub struct SavedRow {
    /// The customer's id, in reports by customer.
    pub customer: Option<String>,
    /// `customer`, `internal`, `unmapped` or `others`.
    pub kind: String,
    /// The verdict's key.
    pub verdict: Option<String>,
}

/// The totals.
#[derive(Clone, Debug, Deserialize)]
pub struct SavedTotals {
    /// Revenue.
    pub revenue: Option<String>,
    /// Cost, unattributed included.
    pub cost: String,
}

impl SavedTotals {
    /// Whether there is any cost.
    pub fn has_cost(&self) -> bool {
        Exact::parse(&self.cost).is_ok_and(|cost| !cost.is_zero())
    }
}

impl SavedReport {
    /// Reads a report by customer, all of it.
    ///
    /// # Errors
    /// A text that is no report, or one whose rows are not all customers.
    pub fn parse(file: &Arc<str>, text: &str) -> Result<SavedReport, Problem> {
        let saved: SavedReport = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| {
                let place = Place {
                    line: Some(error.line() as u64),
                    ..Place::file(file)
                };
                Problem::new(
                    &catalogue::WRONG_KIND,
                    format!("the file is no saved report: {error}"),
                )
                .at(place)
                .help("save one with tanso report -o margin.json")
            })?;
        let not = |message: &str, help: &str| {
            let problem = Problem::new(&catalogue::WRONG_KIND, message.to_string());
            Err(problem.at(Place::file(file)).help(help.to_string()))
        };
        if saved.schema != SCHEMA {
            let message = format!("the file has the schema {:?}, not {SCHEMA}", saved.schema);
            return not(&message, "save a report with tanso report -o margin.json");
        }
        if saved.by != ["customer"] {
            let message = format!("the report is by {}, not by customer", saved.by.join(", "));
            return not(&message, "save it without --by");
        }
        let cut = saved.rows.iter().any(|row| row.kind == "others");
        if cut || saved.options.contains_key("where") {
            let help = "save it without --top, --losses and --where";
            return not("the report does not hold all customers", help);
        }
        Ok(saved)
    }

    /// Whether the receipt's sums are the report's totals.
    ///
    /// # Errors
    /// If they are not: somebody changed the file.
    pub fn agrees(&self, revenue: Exact, cost: Exact) -> Result<(), Problem> {
        let parsed = |text: &str| Exact::parse(text).ok();
        let told = self.totals.revenue.as_deref().and_then(parsed);
        if told == Some(revenue) && parsed(&self.totals.cost) == Some(cost) {
            return Ok(());
        }
        let message = "the receipt and the totals of a saved report differ: the file was changed";
        let problem = Problem::new(&catalogue::WRONG_KIND, message);
        Err(problem.help(format!(
            "revenue {revenue} and cost {cost} of the receipt, {} and {} in the totals; save the report again",
            self.totals.revenue.as_deref().unwrap_or("none"),
            self.totals.cost
        )))
    }

    /// Its days in words, such as `2026-09-01 to 2026-10-01`.
    pub fn title(&self) -> String {
        let day = |instant: &str| instant.get(..10).unwrap_or(instant).to_string();
        format!("{} to {}", day(&self.period.start), day(&self.period.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(schema: &str, by: &str, kind: &str) -> Result<SavedReport, Problem> {
        let text = format!(
            r#"{{"schema":"{schema}","tool":{{"name":"tanso","version":"0"}},"basis":{{"revenue":"cash","cost":"billed"}},"inputs":[],"period":{{"start":"2026-10-01T00:00:00Z","end":"2026-11-01T00:00:00Z","tz":"UTC"}},
            "currency":"USD","by":["{by}"],"rows":[{{"customer":"acme","kind":"{kind}","verdict":null,"later":1}}],
            "totals":{{"cost":"0.00"}}}}"#
        );
        SavedReport::parse(&"old.json".into(), &text)
    }

    #[test]
    fn a_whole_report_by_customer_is_read() {
        let saved = report("tanso.report/1", "customer", "customer").unwrap();
        assert_eq!(saved.title(), "2026-10-01 to 2026-11-01");
        assert!(!saved.totals.has_cost());
    }

    #[test]
    fn anything_else_is_refused_with_its_file() {
        for (schema, by, kind) in [
            ("tanso.report/2", "customer", "customer"),
            ("tanso.report/1", "plan", "customer"),
            ("tanso.report/1", "customer", "others"),
        ] {
            let problem = report(schema, by, kind).unwrap_err();
            assert_eq!(problem.entry.code, "T1030");
            assert_eq!(&*problem.place.unwrap().file, "old.json");
        }
        let problem = SavedReport::parse(&"old.json".into(), "{\n}").unwrap_err();
        assert_eq!(problem.place.unwrap().line, Some(2));
    }
}
