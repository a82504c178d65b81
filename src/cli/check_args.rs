//! The options of `tanso check`, as clap reads them.

use std::path::PathBuf;

use clap::Args;

use super::args::Shared;

/// Options of `check`. A limit that is given here goes before the one of `[gate]` in `tanso.toml`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
    /// Least gross margin of the total
    #[arg(
        long,
        value_name = "PERCENT",
        allow_hyphen_values = true,
        help_heading = "Gates"
    )]
    pub min_margin: Option<String>,
    /// Largest part of the cost that has no customer
    #[arg(long, value_name = "PERCENT", help_heading = "Gates")]
    pub max_unattributed: Option<String>,
    /// Largest part of revenue, and of cost, at ids without a customer
    #[arg(long, value_name = "PERCENT", help_heading = "Gates")]
    pub max_unmapped: Option<String>,
    /// Most models with usage that is neither billed nor priced
    #[arg(long, value_name = "N", help_heading = "Gates")]
    pub max_unpriced: Option<u64>,
    /// Largest gap between billed and computed cost, of every provider that was used or of one:
    /// 1%, openai=1%; repeatable
    #[arg(long, value_name = "[PROVIDER=]PERCENT", help_heading = "Gates")]
    pub max_gap: Vec<String>,
    /// Most customers with a proven loss now and none before
    #[arg(long, value_name = "N", help_heading = "Gates")]
    pub new_loss_makers: Option<u64>,
    /// A saved JSON report that says who lost money before [default: the period before, from the
    /// same files]
    #[arg(long, value_name = "FILE", help_heading = "Gates")]
    pub against: Option<PathBuf>,
    /// Most days at the end for which the log, or a provider's bill, says nothing
    #[arg(long, value_name = "N", help_heading = "Gates")]
    pub max_stale_days: Option<u64>,
    /// Most days before its last for which the log, or a provider's bill, says nothing
    #[arg(long, value_name = "N", help_heading = "Gates")]
    pub max_missing_days: Option<u64>,
    /// Every bill reaches the end of the period, and the period is over
    #[arg(long, help_heading = "Gates")]
    pub require_final: bool,
    /// The day of the check: days from here on are to come [default: the end of the period]
    #[arg(long, value_name = "DATE", help_heading = "Gates")]
    pub as_of: Option<String>,
}
