//! The options of every command, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use super::check_args::CheckArgs;
pub use super::diff_args::DiffArgs;
pub use super::explain_args::ExplainArgs;
pub use super::file_args::{FormatsArgs, InitArgs};
pub use super::leaks_args::LeaksArgs;
pub use super::map_args::{MapArgs, MapCommand};
pub use super::output_args::{MessageFormat, OutputFormat};
pub use super::price_args::{PricesAction, PricesArgs, PricesView, RepriceArgs};
use super::quote_args::QuoteArgs;
pub use super::reconcile_args::{ReconcileArgs, ReconcileBy};
pub use super::report_args::ReportArgs;
pub use super::rollup_args::RollupArgs;
use super::simulate_args::SimulateArgs;
use super::terminal::Color;

/// Which customers of an AI product make money: usage logs, provider bills and Stripe exports,
/// joined and tied to the last digit. Offline.
#[derive(Debug, Parser)]
#[command(name = "tanso", version, about, max_term_width = 100)]
#[command(after_help = "Examples:
  tanso report usage.csv costs.csv stripe.csv
  tanso report --by feature,model --where customer=acme usage.csv costs.csv
  tanso simulate --plan pro=149 usage.csv costs.csv stripe.csv
  tanso leaks usage.csv costs.csv stripe.csv
  tanso init usage.csv costs.csv stripe.csv      then: tanso report
  tanso formats costs.csv")]
pub struct Cli {
    /// Explain a message code, such as T3021
    #[arg(long, value_name = "CODE")]
    pub explain: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Revenue, cost, gross profit and margin by customer, plan, feature, model, month …
    #[command(after_help = "Examples:
  tanso report usage.csv costs.csv stripe.csv
  tanso report --losses -o losers.csv
  tanso report --by plan,month --from 2026-07-01 --to 2026-10-01
  tanso report --by feature,model --where customer=acme
  tanso report --format json --expect-bill openai=5120.11")]
    Report(ReportArgs),
    /// One number walked back to lines of the files: shares, prices, schedules, ids
    #[command(after_help = "Examples:
  tanso explain umbra usage.csv costs.csv stripe.csv
  tanso explain 'Umbra Labs' --month 2026-10
  tanso explain '(unattributed)'
  tanso explain feature=search --format csv -o search.csv")]
    Explain(ExplainArgs),
    /// Why a saved report differs from an earlier one, by causes that add up
    #[command(after_help = "Examples:
  tanso report --month 2026-09 -o margin-2026-09.json
  tanso report --month 2026-10 -o margin-2026-10.json
  tanso diff margin-2026-09.json margin-2026-10.json
  tanso diff OLD.json NEW.json -o change.md")]
    Diff(DiffArgs),
    /// Computed against billed cost: the gap by named causes, with proofs
    #[command(after_help = "Examples:
  tanso reconcile usage.csv costs.csv
  tanso reconcile --by provider,day --month 2026-10
  tanso reconcile --where model=gpt-4o -o gap.csv")]
    Reconcile(ReconcileArgs),
    /// Gates that a month must pass, from tanso.toml and options; exit 1 if one trips
    #[command(after_help = "Examples:
  tanso check
  tanso check --min-margin 60% --max-unattributed 2% --max-unpriced 0
  tanso check --new-loss-makers 0 --against margin-2026-09.json
  tanso check --max-stale-days 2 --as-of 2026-10-20 --month 2026-10")]
    Check(CheckArgs),
    /// What other prices, terms, models or usage would do, per customer and in total
    #[command(after_help = "Examples:
  tanso simulate --plan pro=149
  tanso simulate --plan pro=+10% --plan team=1490/year --apply renewal
  tanso simulate --plan 'pro=99,included=5000 requests,overage=0.02'
  tanso simulate --model gpt-4o=gpt-4o-mini:feature=search --usage plan=pro:+15%
  tanso simulate --scenario a.toml --scenario b.toml --format json")]
    Simulate(SimulateArgs),
    /// What gets worse: customers and features, since when, why, and what to do
    #[command(after_help = "Examples:
  tanso leaks usage.csv costs.csv stripe.csv
  tanso leaks --from 2026-07-01 --to 2026-10-01 --top 10
  tanso leaks --where plan=pro --format json
  tanso leaks --ack acks.toml -o leaks.csv
  tanso leaks --bench")]
    Leaks(LeaksArgs),
    /// What a new deal may cost, going by customers who look alike: chances, floor price, caps
    #[command(after_help = "Examples:
  tanso quote --like segment=enterprise --seats 400 --price 60/seat/month --discount 30%
  tanso quote --like plan=pro --like seats=100..1000 --seats 250 --price 700/seat/year --term 24
  tanso quote --like segment=enterprise --price 20000/month --floor 60% --confidence 90%
  tanso quote --like segment=enterprise --price 20000/month --growth 0% --format json")]
    Quote(QuoteArgs),
    /// Which ids have a customer, and how much money stands at the others
    Map(MapArgs),
    /// What models cost, on any day: list, find, compare, and price usage anew
    #[command(after_help = "Examples:
  tanso prices gpt-4o --provider openai
  tanso prices --on 2025-06-01 'o3*'
  tanso prices find claude-sonnet-4-5-20250929
  tanso prices diff embedded model_prices_and_context_window.json
  tanso prices reprice usage.csv --at 2026-10-01")]
    Prices(PricesArgs),
    /// Usage logs folded to sums: a small file, or the query that makes it where the log is
    Rollup(RollupArgs),
    /// Every export that can be read; or which one a file is, and why
    #[command(after_help = "Examples:
  tanso formats
  tanso formats costs.csv
  tanso formats --columns openai-cost-csv
  tanso formats --schema report")]
    Formats(FormatsArgs),
    /// Write tanso.toml and a mapping.csv skeleton from the files
    #[command(after_help = "Example:
  tanso init usage.csv costs.csv stripe.csv")]
    Init(InitArgs),
    /// Completions for a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// The manual page
    Man,
}

/// Options of all commands that read data.
#[derive(Clone, Debug, Default, Args)]
pub struct Shared {
    /// Usage, cost, revenue and mapping files in any order; globs, folders, `-` for standard
    /// input, FORMAT:path to force a format. Without files, tanso.toml names them
    #[arg(value_name = "FILES")]
    pub files: Vec<std::ffi::OsString>,
    /// Project file [default: the nearest tanso.toml upward]
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub config: Option<PathBuf>,
    /// Use no project file
    #[arg(long, help_heading = "Input")]
    pub no_config: bool,
    /// Mapping file: customer,source,id[,valid_from,valid_to,name,plan,segment,…]
    #[arg(short, long, value_name = "FILE", help_heading = "Input")]
    pub mapping: Option<PathBuf>,
    /// Zone of time stamps that have no offset
    #[arg(long, value_name = "ZONE", help_heading = "Input")]
    pub input_tz: Option<String>,
    /// Whether input tokens of a log include cached ones
    #[arg(long, value_name = "HOW", help_heading = "Input")]
    pub cached_tokens: Option<CachedTokensArg>,
    /// Encoding of text that is not UTF-8
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub encoding: Option<EncodingArg>,
    /// What to do when a request id comes with different numbers
    #[arg(
        long,
        value_name = "RULE",
        default_value = "error",
        help_heading = "Input"
    )]
    pub on_conflict: ConflictArg,
    /// What to do when two files bill the same days, log the same calls or have the same revenue rows
    #[arg(
        long,
        value_name = "RULE",
        default_value = "error",
        help_heading = "Input"
    )]
    pub on_overlap: OverlapArg,
    /// Accept files without rows
    #[arg(long, help_heading = "Input")]
    pub allow_empty: bool,
    /// Longest row in bytes
    #[arg(long, value_name = "BYTES", help_heading = "Input")]
    pub max_line: Option<usize>,
    /// Most columns of a file
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub max_columns: Option<usize>,
    /// Most bytes that a compressed file may unpack to
    #[arg(long, value_name = "BYTES", help_heading = "Input")]
    pub max_unpacked: Option<u64>,
    /// Report one month
    #[arg(long, value_name = "YYYY-MM", conflicts_with_all = ["from", "to"], help_heading = "Period")]
    pub month: Option<String>,
    /// First day of the report
    #[arg(long, value_name = "DATE", help_heading = "Period")]
    pub from: Option<String>,
    /// First day after the report
    #[arg(long, value_name = "DATE", help_heading = "Period")]
    pub to: Option<String>,
    /// Zone in which months begin [default: UTC]
    #[arg(long, value_name = "ZONE", help_heading = "Period")]
    pub tz: Option<String>,
    /// When revenue counts [default: recognized; cash with payments alone]
    #[arg(long, value_name = "BASIS", help_heading = "Method")]
    pub revenue: Option<RevenueArg>,
    /// Which cost counts in bills that state several [default: effective]
    #[arg(long, value_name = "BASIS", help_heading = "Method")]
    pub cost_basis: Option<CostBasisArg>,
    /// What to do with billed cost that the log does not explain
    #[arg(
        long,
        value_name = "RULE",
        default_value = "unattributed",
        help_heading = "Method"
    )]
    pub residual: ResidualArg,
    /// Whether charges without usage match coarsely (model and month, then provider and month)
    #[arg(
        long = "match",
        value_name = "RULE",
        default_value = "coarse",
        help_heading = "Method"
    )]
    pub matching: MatchArg,
    /// Gap between log and bill that is scaled away
    #[arg(long, value_name = "PERCENT", help_heading = "Method")]
    pub tolerance: Option<String>,
    /// Price list that goes before the built-in one: CSV, LiteLLM or genai-prices JSON
    #[arg(long, value_name = "FILE", help_heading = "Method")]
    pub prices: Option<PathBuf>,
    /// Dated exchange rates: the ECB's eurofxref-hist.csv, or a table date,from,to,rate; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Method")]
    pub fx: Vec<PathBuf>,
    /// Currency of the report; amounts in others are converted
    #[arg(long, value_name = "CODE", help_heading = "Method")]
    pub currency: Option<String>,
    /// Keep only rows with one of these values, or (!=) with none of them; repeatable
    #[arg(long = "where", value_name = "DIM=VALUE", help_heading = "View")]
    pub filters: Vec<String>,
    /// Control total of a provider's bill in the period: mismatch is exit 3
    #[arg(long, value_name = "PROVIDER=AMOUNT", help_heading = "Checks")]
    pub expect_bill: Vec<String>,
    /// Control total of the period's revenue: mismatch is exit 3
    #[arg(
        long,
        value_name = "AMOUNT",
        allow_hyphen_values = true,
        help_heading = "Checks"
    )]
    pub expect_revenue: Option<String>,
    /// Exit 1 when there are warnings
    #[arg(long, help_heading = "Checks")]
    pub strict: bool,
    /// Output format [default: table; with -o, by the file's extension]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<OutputFormat>,
    /// Write to a file, atomically; repeatable
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Vec<PathBuf>,
    /// Decimals of money: minor (the currency's), exact, or a number
    #[arg(long, value_name = "PLACES", help_heading = "Output")]
    pub precision: Option<String>,
    /// Begin CSV with a byte order mark, for old versions of Excel
    #[arg(long, help_heading = "Output")]
    pub bom: bool,
    /// Write text to CSV as it stands, even what a spreadsheet would run as a formula
    #[arg(long, help_heading = "Output")]
    pub raw_csv: bool,
    /// Color
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub color: Color,
    /// How messages are written
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        help_heading = "Output"
    )]
    pub message_format: MessageFormat,
    /// Say nothing but errors on standard error
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Say more on standard error
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
    /// Read long usage logs with so many threads; all processors by default
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub threads: Option<usize>,
    /// Neither use nor keep the fold of big usage logs in the cache folder
    #[arg(long, help_heading = "Output")]
    pub no_cache: bool,
    /// Memory for the request ids that tell repeated rows, such as 500MB; what is beyond goes to a
    /// temporary file. 2GB by default
    #[arg(long, value_name = "SIZE", value_parser = super::choices::size, help_heading = "Output")]
    pub memory: Option<u64>,
}

/// `--cached-tokens`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CachedTokensArg {
    /// The input count includes cached tokens.
    Inside,
    /// The input count leaves them out.
    Beside,
}

/// `--encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EncodingArg {
    /// The default.
    Utf8,
    /// Windows-1252, the superset of Latin-1.
    Latin1,
}

/// `--on-conflict`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ConflictArg {
    /// Refuse the log.
    #[default]
    Error,
    /// The latest record wins.
    Last,
    /// The record with more tokens wins.
    Max,
}

/// `--on-overlap`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OverlapArg {
    /// Refuse.
    #[default]
    Error,
    /// Keep the file that reaches further.
    Latest,
}

/// `--revenue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RevenueArg {
    /// Over the service period.
    Recognized,
    /// At finalization.
    Billed,
    /// When money arrives.
    Cash,
    /// Monthly recurring revenue at the end of each month, from subscriptions.
    Mrr,
}

/// `--cost-basis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CostBasisArg {
    /// Commitments count where they are used.
    Effective,
    /// What the invoice says.
    Billed,
    /// Public prices, before discounts.
    List,
}

/// `--residual`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ResidualArg {
    /// It stays a row of its own.
    #[default]
    Unattributed,
    /// It goes to the logged customers.
    Spread,
}

/// `--match`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MatchArg {
    /// Coarser matches are tried.
    #[default]
    Coarse,
    /// Only the pool itself.
    Exact,
}
