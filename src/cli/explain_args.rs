//! The options of `tanso explain`, as clap reads them.

use clap::Args;

use super::args::Shared;

/// Options of `explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A customer by id or name, (unattributed), or DIM=VALUE such as feature=search, model=gpt-4o
    /// or plan=pro
    #[arg(value_name = "WHAT")]
    pub what: String,
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
    /// Do not read the usage logs a second time for the lines of the rows
    #[arg(long, help_heading = "View")]
    pub no_lines: bool,
}
