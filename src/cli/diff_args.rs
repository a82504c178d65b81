//! The options of `tanso diff`, as clap reads them.

use std::path::PathBuf;

use clap::Args;

use super::output_args::OutputFormat;
use super::terminal::Color;

/// Options of `diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// The earlier report, saved with tanso report -o OLD.json
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The later one
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Output format [default: table; with -o, by the file's extension]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<OutputFormat>,
    /// Write to a file, atomically; repeatable
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Vec<PathBuf>,
    /// Decimals of money: minor (the currency's), exact, or a number
    #[arg(long, value_name = "PLACES", help_heading = "Output")]
    pub precision: Option<String>,
    /// Color
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub color: Color,
}
