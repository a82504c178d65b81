//! The options of `tanso quote`, as clap reads them.

use clap::Args;

use super::args::Shared;

/// Options of `quote`.
#[derive(Clone, Debug, Args)]
pub struct QuoteArgs {
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
    /// Who looks alike: segment=enterprise, plan=pro,team, seats=100..1000; repeatable, all must hold
    /// [default: every customer]
    #[arg(long, value_name = "DIM=VALUE", help_heading = "Deal")]
    pub like: Vec<String>,
    /// Seats of the deal; cost then scales with seats. Without it a whole customer is quoted
    #[arg(
        long,
        value_name = "N",
        allow_hyphen_values = true,
        help_heading = "Deal"
    )]
    pub seats: Option<String>,
    /// List price: 60/seat/month, 700/seat/year, 20000/month, 200000/year
    #[arg(
        long,
        value_name = "PRICE",
        allow_hyphen_values = true,
        help_heading = "Deal"
    )]
    pub price: String,
    /// Discount on the list price: 30%
    #[arg(
        long,
        value_name = "PERCENT",
        allow_hyphen_values = true,
        help_heading = "Deal"
    )]
    pub discount: Option<String>,
    /// Months of the contract
    #[arg(
        long,
        value_name = "MONTHS",
        default_value_t = 12,
        help_heading = "Deal"
    )]
    pub term: u32,
    /// The margin that must not be missed [default: 0%]
    #[arg(
        long,
        value_name = "PERCENT",
        allow_hyphen_values = true,
        help_heading = "Question"
    )]
    pub floor: Option<String>,
    /// How sure prices, discounts and caps are to be [default: 95%]
    #[arg(long, value_name = "PERCENT", help_heading = "Question")]
    pub confidence: Option<String>,
    /// Growth of the customer's usage per month: 2%, 0% [default: that of the look-alikes]
    #[arg(
        long,
        value_name = "PERCENT",
        allow_hyphen_values = true,
        help_heading = "Question"
    )]
    pub growth: Option<String>,
    /// What a cap counts: requests, tokens, input, output … [default: requests]
    #[arg(long, value_name = "METER", help_heading = "Question")]
    pub cap: Option<String>,
    /// How many contracts are drawn
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10_000,
        help_heading = "Question"
    )]
    pub draws: usize,
    /// The seed of the draws; the same seed gives the same quote
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Question")]
    pub seed: u64,
}
