//! The options of `tanso rollup`, as clap reads them.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::args::Shared;
use crate::sql::Dialect;

/// Options of `rollup`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  tanso rollup usage.csv -o rollup.csv      then: tanso report rollup.csv costs.csv stripe.csv
  tanso rollup logs/ --keep region --tz Europe/Paris -o rollup.csv
  tanso rollup --sql spark --table logs.calls usage-sample.csv
  tanso rollup --sql bigquery --table '`acme.logs.calls`' --column time=ts --column customer=org_id \\
      --column input=prompt_tokens --column output=completion_tokens")]
pub struct RollupArgs {
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
    /// Columns of the log to keep, so that a report of the rollup can be by them
    #[arg(
        long,
        value_name = "COLUMN[,COLUMN]",
        value_delimiter = ',',
        help_heading = "Rollup"
    )]
    pub keep: Vec<String>,
    /// Print the query that folds a table where it is, instead of folding files
    #[arg(long, value_name = "ENGINE", value_parser = engine(), help_heading = "Rollup")]
    pub sql: Option<Dialect>,
    /// The table of the query, or a query in parentheses [default: usage_log]
    #[arg(long, value_name = "NAME", requires = "sql", help_heading = "Rollup")]
    pub table: Option<String>,
    /// Column of the table that holds a field (time, customer, input …), where a file does not
    /// tell; repeatable
    #[arg(
        long,
        value_name = "FIELD=COLUMN",
        requires = "sql",
        help_heading = "Rollup"
    )]
    pub column: Vec<String>,
}

/// Reads the name of an engine.
fn engine() -> impl TypedValueParser<Value = Dialect> {
    let names = Dialect::NAMES.map(|(name, _)| name);
    PossibleValuesParser::new(names).try_map(|word| {
        let mut names = Dialect::NAMES.into_iter();
        let found = names.find(|(name, _)| *name == word);
        found.map(|(_, dialect)| dialect).ok_or("no such engine")
    })
}
