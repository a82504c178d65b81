//! The options of `tanso prices`, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::{OutputFormat, Shared};

/// Options of `prices`.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PricesArgs {
    /// What to do; without it, prices are listed.
    #[command(subcommand)]
    pub action: Option<PricesAction>,
    /// Models to list: a part of the name, or a pattern such as 'gpt-4*'
    #[arg(value_name = "MODEL")]
    pub model: Option<String>,
    /// Which prices, and how they are printed.
    #[command(flatten)]
    pub view: PricesView,
}

/// What `prices` can do besides listing.
// One is made per run; its size is of no importance.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, Subcommand)]
pub enum PricesAction {
    /// The price of one model, by the exact name; else the nearest names
    Find {
        /// Model, as a log or bill writes it
        #[arg(value_name = "NAME")]
        name: String,
        /// Which prices, and how they are printed.
        #[command(flatten)]
        view: PricesView,
    },
    /// What changed from one price list to another
    Diff {
        /// The older list: a file, or embedded for the built-in one
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The newer list: a file, or embedded for the built-in one
        #[arg(value_name = "NEW")]
        new: PathBuf,
        /// Which prices, and how they are printed.
        #[command(flatten)]
        view: PricesView,
    },
    /// What the period's usage would cost at the prices of another day or list
    Reprice(RepriceArgs),
}

/// Which prices, and how they are printed.
#[derive(Clone, Debug, Args)]
pub struct PricesView {
    /// Only this provider
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// Only prices in force on this day (UTC) [default: list all, otherwise the newest]
    #[arg(long, value_name = "DATE")]
    pub on: Option<String>,
    /// Price list that goes before the built-in one: CSV, LiteLLM or genai-prices JSON
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Project file [default: the nearest tanso.toml upward]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use no project file
    #[arg(long)]
    pub no_config: bool,
    /// Output format [default: table; with -o, by the file's extension]
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<OutputFormat>,
    /// Write to a file, atomically; repeatable
    #[arg(short, long, value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

/// Options of `prices reprice`.
#[derive(Clone, Debug, Args)]
pub struct RepriceArgs {
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
    /// The day (UTC) whose prices are laid on the usage [default: the newest prices]
    #[arg(long, value_name = "DATE", help_heading = "Method")]
    pub at: Option<String>,
    /// The price list to lay on the usage: a file, or embedded [default: that of the run]
    #[arg(long, value_name = "FILE", help_heading = "Method")]
    pub with: Option<PathBuf>,
}
