//! What engines spell differently. Types are wide enough for every count and for amounts with
//! twenty decimals; times are UTC if the session's time zone is.

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Apache Spark SQL.
    Spark,
    /// Google BigQuery.
    Bigquery,
    /// Snowflake.
    Snowflake,
    /// ClickHouse.
    Clickhouse,
    /// Trino.
    Trino,
    /// DuckDB.
    Duckdb,
    /// PostgreSQL.
    Postgres,
}

use Dialect::{Bigquery, Clickhouse, Duckdb, Postgres, Snowflake, Spark, Trino};

impl Dialect {
    /// Every engine by its name in options.
    pub const NAMES: [(&str, Dialect); 7] = [
        ("spark", Spark),
        ("bigquery", Bigquery),
        ("snowflake", Snowflake),
        ("clickhouse", Clickhouse),
        ("trino", Trino),
        ("duckdb", Duckdb),
        ("postgres", Postgres),
    ];

    /// How to run the query so that it means what it should, and how to write its result.
    pub(super) fn advice(self) -> &'static [&'static str] {
        match self {
            Spark => &[
                "Session: set spark.sql.session.timeZone = UTC and spark.sql.ansi.enabled = true.",
                "Result: Parquet, or CSV with the option header.",
            ],
            Bigquery => &["Result: export as Parquet, or as CSV with a header."],
            Snowflake => &[
                "Session: alter session set timezone = 'UTC'.",
                "Names in lower case are taken for unquoted ones, which Snowflake keeps in upper case.",
                "Result: copy into @stage … header = true, as Parquet, or as CSV with null_if = ('').",
            ],
            Clickhouse => &[
                "Result: format CSVWithNames settings format_csv_null_representation = '', or format Parquet.",
            ],
            Trino => &[
                "Session: set time zone 'UTC'.",
                "Result: Parquet, or CSV with a header.",
            ],
            Duckdb => &[
                "Session: set TimeZone = 'UTC'.",
                "Result: copy (…) to 'rollup.parquet', or to 'rollup.csv' (header).",
            ],
            Postgres => &[
                "Session: set time zone 'UTC'.",
                "Result: copy (…) to stdout with (format csv, header).",
            ],
        }
    }

    /// A column of the table, which is called `line` in the query. A dotted name leads into nested
    /// values.
    pub(super) fn column(self, name: &str) -> String {
        let parts = match name.split_once('.') {
            Some(("usage", inner)) => vec!["usage", inner],
            _ => vec![name],
        };
        let quoted: Vec<String> = parts.iter().map(|part| self.quoted(part)).collect();
        format!("line.{}", quoted.join("."))
    }

    /// A name as it stands.
    pub(super) fn quoted(self, name: &str) -> String {
        let quote = |mark: char, name: &str| {
            let name = name.replace(mark, &format!("{mark}{mark}"));
            format!("{mark}{name}{mark}")
        };
        match self {
            Spark | Bigquery | Clickhouse => quote('`', name),
            Snowflake if !name.chars().any(char::is_uppercase) => quote('"', &name.to_uppercase()),
            _ => quote('"', name),
        }
    }

    /// A text in the query.
    pub(super) fn literal(self, text: &str) -> String {
        let text = match self {
            Spark | Bigquery | Clickhouse => text.replace('\\', "\\\\").replace('\'', "\\'"),
            _ => text.replace('\'', "''"),
        };
        format!("'{text}'")
    }

    /// A value as trimmed text, null where it is blank.
    pub(super) fn text(self, value: &str) -> String {
        let kind = match self {
            Spark | Bigquery => "string",
            Clickhouse => "Nullable(String)",
            Postgres => "text",
            _ => "varchar",
        };
        format!("nullif(trim(cast({value} as {kind})), '')")
    }

    /// A value as an exact number, read from its text, so that a binary float is what it prints.
    pub(super) fn number(self, value: &str) -> String {
        format!("cast({} as {})", self.text(value), self.number_type())
    }

    fn number_type(self) -> &'static str {
        match self {
            Postgres => "numeric",
            Bigquery => "bignumeric",
            Clickhouse => "Nullable(Decimal(76, 20))",
            _ => "decimal(38, 20)",
        }
    }

    /// Whether a value has more decimals than [`Dialect::number`] keeps. `None` where it keeps all.
    pub(super) fn is_cut(self, value: &str) -> Option<String> {
        let finer = match self {
            Postgres | Bigquery => return None,
            Clickhouse => "Nullable(Decimal(76, 40))",
            _ => "decimal(38, 26)",
        };
        let (number, text) = (self.number(value), self.text(value));
        Some(format!("{number} <> cast({text} as {finer})"))
    }

    /// A sum of whole numbers without decimals.
    pub(super) fn whole(self, sum: &str) -> String {
        let kind = match self {
            Postgres => "numeric(38, 0)",
            Bigquery => "int64",
            Clickhouse => "Nullable(Decimal(76, 0))",
            _ => "decimal(38, 0)",
        };
        format!("cast({sum} as {kind})")
    }

    /// A value as a time.
    pub(super) fn moment(self, value: &str) -> String {
        match self {
            Spark | Bigquery => format!("cast({value} as timestamp)"),
            Snowflake => format!(
                "cast(convert_timezone('UTC', cast({value} as timestamp_tz)) as timestamp_ntz)"
            ),
            Clickhouse => format!(
                "parseDateTime64BestEffortOrNull(cast({value} as Nullable(String)), 6, 'UTC')"
            ),
            Trino => format!(
                "cast(cast({value} as timestamp(6) with time zone) at time zone 'UTC' as timestamp(6))"
            ),
            Duckdb | Postgres => format!("cast({value} as timestamptz) at time zone 'UTC'"),
        }
    }

    /// The beginning of the hour or day of a time.
    pub(super) fn begin(self, time: &str, hour: bool) -> String {
        let unit = if hour { "hour" } else { "day" };
        match self {
            Bigquery => format!("timestamp_trunc({time}, {unit})"),
            _ => format!("date_trunc('{unit}', {time})"),
        }
    }

    /// The beginning of an hour as `2026-10-01T07:00:00Z`.
    pub(super) fn stamp(self, time: &str) -> String {
        match self {
            Spark => format!("date_format({time}, \"yyyy-MM-dd'T'HH:00:00'Z'\")"),
            Bigquery => format!("format_timestamp('%Y-%m-%dT%H:00:00Z', {time})"),
            Snowflake | Postgres => format!("to_char({time}, 'YYYY-MM-DD\"T\"HH24:00:00\"Z\"')"),
            Clickhouse => {
                format!("formatDateTime(toDateTime({time}, 'UTC'), '%Y-%m-%dT%H:00:00Z', 'UTC')")
            }
            Trino => format!("date_format({time}, '%Y-%m-%dT%H:00:00Z')"),
            Duckdb => format!("strftime({time}, '%Y-%m-%dT%H:00:00Z')"),
        }
    }
}
