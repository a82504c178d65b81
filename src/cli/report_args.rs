//! The options of `tanso report`, as clap reads them.

use clap::Args;

use super::args::Shared;

/// Options of `report`.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
    /// Dimensions of the rows: customer, month, week, day, plan, segment, feature, provider,
    /// model, basis, tier, any mapped attribute or column of the log
    #[arg(
        long,
        value_name = "DIM[,DIM]",
        value_delimiter = ',',
        default_value = "customer",
        help_heading = "View"
    )]
    pub by: Vec<String>,
    /// Order rows by a column; prefix it with - for the largest first
    #[arg(
        long,
        value_name = "COLUMN",
        allow_hyphen_values = true,
        help_heading = "View"
    )]
    pub sort: Option<String>,
    /// Show N rows; the rest is one row
    #[arg(long, value_name = "N", help_heading = "View")]
    pub top: Option<usize>,
    /// Show only rows that lose money; the rest is one row
    #[arg(long, help_heading = "View")]
    pub losses: bool,
    /// How cost and profit are spread over the customers of each plan, with the whale curve
    #[arg(long, conflicts_with_all = ["top", "losses", "sort"], help_heading = "View")]
    pub distribution: bool,
}
