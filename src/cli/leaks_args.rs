//! The options of `tanso leaks`, as clap reads them.

use std::path::PathBuf;

use clap::Args;

use super::args::Shared;

/// Options of `leaks`.
#[derive(Clone, Debug, Args)]
pub struct LeaksArgs {
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
    /// Show this many findings
    #[arg(long, value_name = "N", help_heading = "View")]
    pub top: Option<usize>,
    /// Findings that somebody knows of, in TOML: silent until they get worse
    #[arg(long, value_name = "FILE", help_heading = "View")]
    pub ack: Option<PathBuf>,
    /// Least money at risk per month that is told
    #[arg(
        long,
        value_name = "AMOUNT",
        default_value = "10",
        help_heading = "Method"
    )]
    pub min_money: String,
    /// Least requests in each of the times compared
    #[arg(long, value_name = "N", default_value_t = 30, help_heading = "Method")]
    pub min_requests: u32,
    /// Share of the findings that may be false, over everything that is tested
    #[arg(
        long,
        value_name = "PERCENT",
        default_value = "2%",
        help_heading = "Method"
    )]
    pub false_discoveries: String,
    /// Print the detector's record on planted worlds, beside the rules people use; reads no files
    #[arg(long, help_heading = "Record")]
    pub bench: bool,
    /// First seed of the planted worlds
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Record")]
    pub seed: u32,
    /// Number of seeds
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Record")]
    pub seeds: u32,
}
