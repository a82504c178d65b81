//! The options of `tanso reconcile`, as clap reads them.

use clap::{Args, ValueEnum};

use super::args::Shared;

/// Options of `reconcile`.
#[derive(Clone, Debug, Args)]
pub struct ReconcileArgs {
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
    /// What a row is about
    #[arg(
        long,
        value_name = "DIM[,DIM]",
        value_delimiter = ',',
        default_value = "provider,model,meter",
        help_heading = "View"
    )]
    pub by: Vec<ReconcileBy>,
}

/// `--by` of `reconcile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReconcileBy {
    /// Provider.
    Provider,
    /// Model family.
    Model,
    /// Meter, or billed item.
    Meter,
    /// Service tier, where bill and log both tell it.
    Tier,
    /// Month, UTC.
    Month,
    /// Day, UTC.
    Day,
}
