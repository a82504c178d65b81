//! The options of the commands that look at files and report nothing, as clap reads them.

use std::path::PathBuf;

use clap::Args;

/// Options of `formats`.
#[derive(Clone, Debug, Args)]
pub struct FormatsArgs {
    /// Files to recognize.
    #[arg(value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// Tell all about one format.
    #[arg(long, value_name = "FORMAT")]
    pub columns: Option<String>,
    /// Print the JSON Schema of an output: report, explanation, diff, check, reconciliation,
    /// simulation, scenario, quote, leaks, leaks-bench or map.
    #[arg(long, value_name = "OUTPUT")]
    pub schema: Option<String>,
    /// Print docs/formats.md.
    #[arg(long, hide = true)]
    pub markdown: bool,
}

/// Options of `init`.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// The files of the project.
    #[arg(value_name = "FILES", required = true)]
    pub files: Vec<std::ffi::OsString>,
    /// Overwrite tanso.toml and mapping.csv.
    #[arg(long)]
    pub force: bool,
}
