//! The step of the query that says how a row counts: disjoint meters, requests, the context tier, and
//! the fault of what cannot be counted.

use super::query::{COUNTS, Named, Sql, list, named, or_zero};
use crate::formats::usage::names::Field;
use crate::formats::usage::units::CACHED_METERS;
use crate::model::band::THRESHOLDS;
use crate::model::{Meter, rollup as layout};

impl Sql<'_> {
    /// Rows as they count.
    pub(super) fn facts(&self) -> Vec<Named> {
        let units = self.has(Field::Units);
        let input = match self.fold.inside {
            true => format!("{} - c_cached", or_zero("c_in")),
            false => or_zero("c_in"),
        };
        let asked = match self.has(Field::Requests) {
            true => or_zero("c_asked"),
            false => "1".to_string(),
        };
        let (requests, meter, quantity) = match units {
            true => (
                format!(
                    "case when c_unit = 'requests' then {} + c_units else {asked} end",
                    or_zero("c_asked")
                ),
                "case when c_units > 0 and c_unit <> 'requests' then c_unit else null end"
                    .to_string(),
                "case when c_units > 0 and c_unit <> 'requests' then c_units else null end"
                    .to_string(),
            ),
            false => (
                asked,
                self.dialect.text("null"),
                self.dialect.number("null"),
            ),
        };
        let mut columns = Vec::new();
        for name in [
            "c_happened",
            "c_request_id",
            "c_customer",
            "c_feature",
            "c_provider",
            "c_model",
            "c_tier",
            "c_failed",
        ] {
            columns.push(named(name, name));
        }
        let currency = self.dialect.literal(&self.fold.currency);
        columns.extend([
            named(input, "c_input"),
            named(or_zero("c_read"), "c_cache_read"),
            named(or_zero("c_short"), "c_cache_5m"),
            named(or_zero("c_long"), "c_cache_1h"),
            named(or_zero("c_out"), "c_output"),
            named(requests, "c_requests"),
            named(meter, "c_meter"),
            named(quantity, "c_quantity"),
            named("c_cost", "c_cost"),
            named("case when c_cost is null then 0 else 1 end", "c_costed"),
            named(
                format!(
                    "case when c_cost is null then null else coalesce(c_currency, {currency}) end"
                ),
                "c_currency",
            ),
            named(self.aggregated(), "c_aggregated"),
            named(self.context(), "c_context"),
            named(self.faults(), "c_fault"),
        ]);
        columns.extend(self.kept().map(|(alias, _)| named(alias.clone(), alias)));
        columns
    }

    /// 1 if a row stands for several requests.
    fn aggregated(&self) -> String {
        let mut cases = Vec::new();
        if self.has(Field::Requests) {
            return "1".to_string();
        }
        if self.has(Field::Units) {
            cases.push("c_unit = 'requests'");
        }
        if self.fold.days {
            cases.push("c_request_id is null");
        }
        match cases.is_empty() {
            true => "0".to_string(),
            false => format!("case when {} then 1 else 0 end", cases.join(" or ")),
        }
    }

    /// The highest threshold that the request's whole input exceeds.
    fn context(&self) -> String {
        let mut total = or_zero("c_in");
        if !self.fold.inside {
            total.push_str(" + c_cached");
        }
        if self.has(Field::Units) {
            let tokens = Meter::known().filter(|name| Meter::named(name).is_input_token());
            let tokens = list(self.dialect, tokens);
            total.push_str(&format!(
                " + case when c_unit in ({tokens}) then c_units else 0 end"
            ));
        }
        let steps = THRESHOLDS.iter().rev();
        let steps: Vec<String> = steps
            .map(|threshold| format!("when {total} > {threshold} then {threshold}"))
            .collect();
        format!(
            "case when {} = 1 then 0 {} else 0 end",
            self.aggregated(),
            steps.join(" ")
        )
    }

    /// Why a row cannot be counted.
    fn faults(&self) -> String {
        let counts: Vec<&str> = COUNTS.iter().map(|(_, name)| *name).collect();
        let any = |test: &dyn Fn(&str) -> String, of: &[&str]| {
            of.iter()
                .map(|name| test(name))
                .collect::<Vec<_>>()
                .join(" or ")
        };
        let mut cases = vec![
            ("c_happened is null".to_string(), "a row without a time"),
            (any(&|name| format!("{name} < 0"), &counts), "a negative count"),
            (
                any(&|name| format!("{name} <> floor({name})"), &counts),
                "a count that is not whole",
            ),
            (
                "c_short < 0 or c_long < 0 or (c_write_5m + c_write_1h <> c_write and c_write_5m + c_write_1h <> 0)".to_string(),
                "cache writes that are not the sum of the five-minute and the one-hour ones",
            ),
            ("c_cost < 0 or c_units < 0".to_string(), "a negative amount"),
        ];
        if self.fold.inside {
            let more = format!("{} < c_cached", or_zero("c_in"));
            cases.push((more, "more cached tokens than input"));
        }
        if self.has(Field::Input) {
            let hole = "c_in is null and c_out > 0".to_string();
            cases.push((hole, "output without an input count"));
        }
        if self.has(Field::Units) {
            let whole = Meter::known().filter(|name| {
                let meter = Meter::named(name);
                meter.is_token() || meter == Meter::Requests
            });
            let whole = list(self.dialect, whole);
            cases.push((
                format!("c_unit in ({whole}) and c_units <> floor(c_units)"),
                "a count that is not whole",
            ));
            cases.push((self.stated_twice(), "a meter that is stated twice"));
            if !self.fold.said_beside {
                let cached = list(self.dialect, CACHED_METERS);
                cases.push((
                    format!("c_units is not null and lower(c_unit_name) in ({cached})"),
                    "cached tokens in a row of their own",
                ));
            }
        }
        let cases: Vec<(String, String)> = cases
            .into_iter()
            .map(|(when, what)| (when, what.to_string()))
            .collect();
        format!("coalesce(c_cut, {})", self.fault(&cases))
    }

    /// Whether the units are of a meter that has a column of its own in the row.
    fn stated_twice(&self) -> String {
        let columns = ["c_in", "c_read", "c_short", "c_long", "c_out"];
        let pairs = layout::METERS.iter().zip(columns);
        let tests: Vec<String> = pairs
            .map(|(meter, column)| {
                format!(
                    "(c_unit = {} and {column} > 0)",
                    self.dialect.literal(meter.name())
                )
            })
            .collect();
        tests.join(" or ")
    }
}
