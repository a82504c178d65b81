//! The query: rows as exact numbers, disjoint meters and faults, repeats dropped, sums.
//!
//! Each step is a named part of the query. Their columns begin with `c_`, so that none of them is
//! taken for a column of the table or of the result.

use super::{Dialect, Fold};
use crate::formats::usage::names::Field;
use crate::model::rollup as layout;

/// A column of a step: its expression and its name.
pub(super) type Named = (String, String);

/// Quantities of a row that are counts, with their columns in the steps.
pub(super) const COUNTS: &[(Field, &str)] = &[
    (Field::Input, "c_in"),
    (Field::CacheRead, "c_read"),
    (Field::CacheWrite, "c_write"),
    (Field::CacheWrite5m, "c_write_5m"),
    (Field::CacheWrite1h, "c_write_1h"),
    (Field::Output, "c_out"),
    (Field::Requests, "c_asked"),
];

/// Columns of the steps that tell groups apart, beside time and what is kept.
const GROUPS: &[&str] = &[
    "c_customer",
    "c_feature",
    "c_provider",
    "c_model",
    "c_tier",
    "c_failed",
    "c_context",
    "c_aggregated",
    "c_costed",
    "c_currency",
    "c_meter",
];

/// Writes the query that folds `table` by day, or by hour for a report in a zone other than UTC.
pub fn query(fold: &Fold, dialect: Dialect, table: &str, hours: bool) -> String {
    let sql = Sql { fold, dialect };
    let mut text = String::new();
    let unit = if hours { "hour" } else { "day" };
    text.push_str(&format!(
        "-- The fold of a usage log by {unit} (UTC), made by tanso rollup --sql. The result is a usage file.\n"
    ));
    for advice in dialect.advice() {
        text.push_str(&format!("-- {advice}\n"));
    }
    text.push_str("with source as (\n");
    text.push_str(&select(&sql.source(), &[]));
    text.push_str(&format!("  from {table} as line\n), lives as (\n"));
    text.push_str(&select(&sql.lives(), &["source.*"]));
    text.push_str("  from source\n), facts as (\n");
    text.push_str(&select(&sql.facts(), &[]));
    text.push_str("  from lives\n), ");
    text.push_str(&sql.calls());
    text.push_str(&format!(
        "sums as (\n{}  from calls\n",
        select(&sql.sums(hours), &[])
    ));
    text.push_str(&format!("  group by {}\n)\n", sql.groups(hours).join(", ")));
    text.push_str(&sql.result(hours));
    text
}

fn select(columns: &[Named], before: &[&str]) -> String {
    let before = before.iter().map(|column| column.to_string());
    let named = columns
        .iter()
        .map(|(value, name)| format!("{value} as {name}"));
    let lines: Vec<String> = before
        .chain(named)
        .map(|line| format!("    {line}"))
        .collect();
    format!("  select\n{}\n", lines.join(",\n"))
}

/// A list of literals.
pub(super) fn list(dialect: Dialect, words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let words = words.into_iter().map(|word| dialect.literal(word.as_ref()));
    words.collect::<Vec<_>>().join(", ")
}

/// `coalesce(x, 0)`.
pub(super) fn or_zero(column: &str) -> String {
    format!("coalesce({column}, 0)")
}

/// An expression under a name.
pub(super) fn named(value: impl Into<String>, name: impl Into<String>) -> Named {
    (value.into(), name.into())
}

/// What the steps are written for.
pub(super) struct Sql<'f> {
    pub(super) fold: &'f Fold,
    pub(super) dialect: Dialect,
}

impl Sql<'_> {
    /// The columns that are kept: their names in the steps and in the table.
    pub(super) fn kept(&self) -> impl Iterator<Item = (String, String)> {
        let names = self.fold.kept.iter().enumerate();
        names.map(|(at, name)| (format!("c_kept_{at}"), name.clone()))
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.fold.column(field).is_some()
    }

    /// The first fault that is one; null if none is.
    pub(super) fn fault(&self, cases: &[(String, String)]) -> String {
        if cases.is_empty() {
            return self.dialect.text("null");
        }
        let cases = cases
            .iter()
            .map(|(when, what)| format!("when {when} then {}", self.dialect.literal(what)));
        format!("case {} else null end", cases.collect::<Vec<_>>().join(" "))
    }

    /// Rows without exact repeats of a request id, and how many different rows an id has.
    fn calls(&self) -> String {
        if !self.has(Field::RequestId) {
            return "calls as (\n  select facts.*, 1 as c_same\n  from facts\n), ".to_string();
        }
        "once as (\n  select distinct *\n  from facts\n  where c_request_id is not null\n), calls as (\n  select once.*, count(*) over (partition by c_request_id) as c_same\n  from once\n  union all\n  select facts.*, 1 as c_same\n  from facts\n  where c_request_id is null\n), ".to_string()
    }

    /// What makes a group.
    fn groups(&self, hours: bool) -> Vec<String> {
        let mut groups = vec![self.dialect.begin("c_happened", hours)];
        groups.extend(GROUPS.iter().map(|name| name.to_string()));
        groups.extend(self.kept().map(|(alias, _)| alias));
        groups
    }

    /// The sums of a group.
    fn sums(&self, hours: bool) -> Vec<Named> {
        let mut columns = vec![named(self.dialect.begin("c_happened", hours), "c_start")];
        columns.extend(GROUPS.iter().map(|name| named(*name, *name)));
        columns.extend(self.kept().map(|(alias, _)| named(alias.clone(), alias)));
        let sum = |value: &str, name: &str| named(format!("sum({value})"), name);
        columns.extend([
            sum("c_input", "s_input"),
            sum("c_cache_read", "s_cache_read"),
            sum("c_cache_5m", "s_cache_5m"),
            sum("c_cache_1h", "s_cache_1h"),
            sum("c_output", "s_output"),
            sum(
                "case when c_failed = 0 then c_requests else 0 end",
                "s_served",
            ),
            sum(
                "case when c_failed = 1 then c_requests else 0 end",
                "s_failed",
            ),
            sum("c_cost", "s_cost"),
            sum("c_quantity", "s_quantity"),
        ]);
        let conflict = self.dialect.literal("a request id with different numbers");
        columns.push(named(
            format!("min(case when c_same > 1 then {conflict} else c_fault end)"),
            "s_fault",
        ));
        columns
    }

    /// The result, in the layout of a rollup.
    fn result(&self, hours: bool) -> String {
        let dialect = self.dialect;
        let whole = |column: &str| dialect.whole(column);
        let some = |column: &str| dialect.whole(&format!("nullif({column}, 0)"));
        let seconds = if hours { "3600" } else { "86400" };
        let values = [
            layout::VERSION.to_string(),
            dialect.stamp("c_start"),
            seconds.to_string(),
            "c_customer".to_string(),
            "c_feature".to_string(),
            "c_provider".to_string(),
            "c_model".to_string(),
            "c_tier".to_string(),
            "c_context".to_string(),
            "c_aggregated".to_string(),
            some("s_input"),
            some("s_cache_read"),
            some("s_cache_5m"),
            some("s_cache_1h"),
            some("s_output"),
            whole("s_served"),
            whole("s_failed"),
            "0".to_string(),
            "s_cost".to_string(),
            "c_currency".to_string(),
            "c_meter".to_string(),
            "s_quantity".to_string(),
            "s_fault".to_string(),
        ];
        let mut columns: Vec<Named> = values
            .into_iter()
            .zip(layout::columns())
            .map(|(value, name)| named(value, name))
            .collect();
        columns.extend(
            self.kept()
                .map(|(alias, name)| named(alias, dialect.quoted(&name))),
        );
        let lines: Vec<String> = columns
            .iter()
            .map(|(value, name)| format!("  {value} as {name}"))
            .collect();
        format!("select\n{}\nfrom sums\n", lines.join(",\n"))
    }
}
