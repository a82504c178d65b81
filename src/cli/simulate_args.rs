//! The options of `tanso simulate`, as clap reads them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::Shared;
use crate::simulate::Apply;

/// Options of `simulate`.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// Shared options.
    #[command(flatten)]
    pub shared: Shared,
    /// New price or terms of a plan: pro=149, pro=1490/year, pro=+10%,
    /// 'pro=99,included=5000 requests,overage=0.02'; terms: included, overage, cap, per_seat,
    /// minimum, year, credits, credit_price, weight, metered; repeatable
    #[arg(long, value_name = "PLAN=PRICE[,TERM]", help_heading = "Scenario")]
    pub plan: Vec<String>,
    /// Discount on what is paid: customer=acme:30%, plan=pro:10%; repeatable
    #[arg(long, value_name = "WHO:PERCENT", help_heading = "Scenario")]
    pub discount: Vec<String>,
    /// Another model: gpt-4o=gpt-4o-mini, gpt-4o=gpt-4o-mini:feature=search,plan=mid,tokens=1.2;
    /// besides selectors: tokens, input_tokens, output_tokens (ratios), cached (share); repeatable
    #[arg(long, value_name = "OLD=NEW[:WHAT]", help_heading = "Scenario")]
    pub model: Vec<String>,
    /// Other prices of a provider: openai=-10%, openai/gpt-4o=+20%, openai/gpt-4o.output=+20%;
    /// repeatable
    #[arg(long, value_name = "WHAT=PERCENT", help_heading = "Scenario")]
    pub provider_price: Vec<String>,
    /// More or less usage: +15%, plan=pro:+15%, feature=search,customer=acme:-50%; repeatable
    #[arg(
        long,
        value_name = "[WHAT:]PERCENT",
        allow_hyphen_values = true,
        help_heading = "Scenario"
    )]
    pub usage: Vec<String>,
    /// Whom new prices, terms and discounts reach, those of scenario files too [default: now]
    #[arg(long, value_name = "WHEN", help_heading = "Scenario")]
    pub apply: Option<ApplyArg>,
    /// A scenario as a file; several are shown side by side; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Scenario")]
    pub scenario: Vec<PathBuf>,
    /// The value that reaches a goal: 'pro: margin=70%', 'pro: gross_profit=5000', with 'by
    /// overage' or 'by cap requests' behind it for another lever than the price; repeatable
    #[arg(long, value_name = "PLAN: GOAL", help_heading = "Questions")]
    pub solve: Vec<String>,
    /// The price, cap, model or provider discount that each would reach a goal: 'pro: margin=70%'
    #[arg(
        long,
        value_name = "PLAN: GOAL",
        conflicts_with_all = ["solve", "elasticity"],
        help_heading = "Questions"
    )]
    pub cheapest: Option<String>,
    /// Relative change of customers for a relative change of the price: -0.5
    #[arg(
        long,
        value_name = "NUMBER",
        allow_hyphen_values = true,
        help_heading = "Questions"
    )]
    pub elasticity: Option<String>,
    /// Predict the month from this day on out of the month before, and compare
    #[arg(
        long,
        value_name = "DATE",
        conflicts_with_all = ["month", "from", "to", "solve", "cheapest", "elasticity"],
        help_heading = "Questions"
    )]
    pub backtest: Option<String>,
    /// Write the scenario of the options into a file, with what was solved for
    #[arg(long, value_name = "FILE", help_heading = "Scenario")]
    pub save: Option<PathBuf>,
}

/// `--apply`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ApplyArg {
    /// Everybody at once.
    Now,
    /// Each subscription from its renewal on, and new customers.
    Renewal,
    /// New customers only.
    New,
}

impl From<ApplyArg> for Apply {
    fn from(arg: ApplyArg) -> Apply {
        match arg {
            ApplyArg::Now => Apply::Now,
            ApplyArg::Renewal => Apply::Renewal,
            ApplyArg::New => Apply::New,
        }
    }
}
