//! The first steps of the query: the table's columns as exact numbers and trimmed texts, cache writes
//! by their lives, units by their meters.

use super::query::{COUNTS, Named, Sql, list, named};
use crate::formats::fields::NULL_WORDS;
use crate::formats::usage::names::Field;
use crate::formats::usage::units::{CACHED_METERS, FAILED, METER_NAMES};
use crate::model::Meter;

impl Sql<'_> {
    /// A field's column of the table.
    fn field(&self, field: Field) -> Option<String> {
        self.fold
            .column(field)
            .map(|name| self.dialect.column(name))
    }

    fn field_or_null(&self, field: Field) -> String {
        self.field(field).unwrap_or_else(|| "null".to_string())
    }

    /// A field as a word, null where it is one of those that mean nothing.
    fn word(&self, field: Field) -> String {
        let text = self.dialect.text(&self.field_or_null(field));
        if self.fold.column(field).is_none() {
            return text;
        }
        let nothing = list(self.dialect, NULL_WORDS);
        format!("case when lower({text}) in ({nothing}) then null else {text} end")
    }

    /// The table's columns, typed.
    pub(super) fn source(&self) -> Vec<Named> {
        let dialect = self.dialect;
        let text = |field| dialect.text(&self.field_or_null(field));
        let number = |field| dialect.number(&self.field_or_null(field));
        let provider = match &self.fold.provider {
            Some(name) => format!(
                "coalesce({}, {})",
                self.word(Field::Provider),
                dialect.literal(name)
            ),
            None => self.word(Field::Provider),
        };
        let mut columns = vec![
            named(
                dialect.moment(&self.field_or_null(Field::Time)),
                "c_happened",
            ),
            named(text(Field::RequestId), "c_request_id"),
            named(text(Field::Customer), "c_customer"),
            named(self.word(Field::Feature), "c_feature"),
            named(provider, "c_provider"),
            named(self.word(Field::Model), "c_model"),
            named(self.word(Field::Tier), "c_tier"),
            named(self.failed(), "c_failed"),
        ];
        for (field, name) in COUNTS {
            columns.push(named(number(*field), *name));
        }
        columns.extend([
            named(number(Field::Units), "c_units"),
            named(self.word(Field::Meter), "c_unit_name"),
            named(number(Field::Cost), "c_cost"),
            named(format!("upper({})", text(Field::Currency)), "c_currency"),
            named(self.cut(), "c_cut"),
        ]);
        for (alias, name) in self.kept() {
            columns.push(named(dialect.text(&dialect.column(&name)), alias));
        }
        columns
    }

    /// 1 if the status says that the request failed.
    fn failed(&self) -> String {
        let Some(status) = self.field(Field::Status) else {
            return "0".to_string();
        };
        let text = self.dialect.text(&status);
        let digits = list(
            self.dialect,
            ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        );
        format!(
            "case when lower({text}) in ({}) or (length({text}) = 3 and substr({text}, 1, 1) in ({}) and substr({text}, 2, 1) in ({digits}) and substr({text}, 3, 1) in ({digits})) then 1 else 0 end",
            list(self.dialect, FAILED),
            list(self.dialect, ["4", "5"]),
        )
    }

    /// What of a row would be lost by reading it, as a fault.
    fn cut(&self) -> String {
        let dialect = self.dialect;
        let mut cases = Vec::new();
        for field in [Field::Units, Field::Cost] {
            if let Some(is_cut) = self.field(field).and_then(|at| dialect.is_cut(&at)) {
                cases.push((is_cut, "an amount with more than 20 decimals".to_string()));
            }
        }
        for (chosen, other) in &self.fold.passed_over {
            let blank = dialect.text(&dialect.column(chosen));
            let filled = dialect.text(&dialect.column(other));
            cases.push((
                format!("{blank} is null and {filled} is not null"),
                format!("{chosen} is blank where {other} is filled"),
            ));
        }
        self.fault(&cases)
    }

    /// Cache writes by their lives, and units by their meter.
    pub(super) fn lives(&self) -> Vec<Named> {
        let short = "case when c_write is null then c_write_5m when c_write_5m is null and c_write_1h is null then c_write when c_write_1h is null then c_write_5m when c_write_5m is null then c_write - c_write_1h when c_write_5m + c_write_1h = 0 then c_write else c_write_5m end";
        let long = "case when c_write is null then c_write_1h when c_write_5m is null and c_write_1h is null then 0 when c_write_1h is null then c_write - c_write_5m else c_write_1h end";
        let writes = "coalesce(c_write, coalesce(c_write_5m, 0) + coalesce(c_write_1h, 0))";
        vec![
            named(short, "c_short"),
            named(long, "c_long"),
            named(format!("coalesce(c_read, 0) + {writes}"), "c_cached"),
            named(self.unit(), "c_unit"),
        ]
    }

    /// The meter of a row's units, by the name that it has in a rollup.
    fn unit(&self) -> String {
        if self.fold.column(Field::Units).is_none() {
            return self.dialect.text("null");
        }
        let name = "coalesce(c_unit_name, 'units')";
        let mut cases = vec!["when c_units is null then null".to_string()];
        for (written, meter) in METER_NAMES {
            let (written, meter) = (
                self.dialect.literal(written),
                self.dialect.literal(meter.name()),
            );
            cases.push(format!("when lower({name}) = {written} then {meter}"));
        }
        let cached = list(self.dialect, CACHED_METERS);
        let read = self.dialect.literal(Meter::CacheRead.name());
        cases.push(format!("when lower({name}) in ({cached}) then {read}"));
        let known = list(self.dialect, Meter::known());
        cases.push(format!(
            "when lower({name}) in ({known}) then lower({name})"
        ));
        format!("case {} else {name} end", cases.join(" "))
    }
}
