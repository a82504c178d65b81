//! The options of `tanso map`, as clap reads them.

use clap::{Args, Subcommand};

use super::args::Shared;

/// Options of `map`.
#[derive(Clone, Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  tanso map usage.csv costs.csv stripe.csv
  tanso map -m mapping.csv usage.csv stripe.csv --format json
  tanso map suggest usage.csv costs.csv stripe.csv mapping.csv -o patch.csv"
)]
pub struct MapArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: Option<MapCommand>,
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
}

/// What `map` can do besides telling.
#[derive(Clone, Debug, Subcommand)]
pub enum MapCommand {
    /// Suggest customers for ids without one, as rows for the mapping file that a person reviews
    Suggest(Box<Shared>),
}
