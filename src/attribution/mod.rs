//! From bill to customer: every unit of a charge reaches a customer on a stated basis, or stays
//! unattributed with a reason.
//!
//! The steps, in order: charges that name their customer ([`Basis::Direct`]); pools of charges
//! shared by logged usage ([`Basis::Metered`]); shared costs by their rules and coarser matches ([`Basis::Allocated`]); credits,
//! tax and rounding, which follow the cost they belong to; usage that no bill covers
//! ([`Basis::Estimated`]). Pure: no file, no clock, no output. The rule that must hold: for every
//! provider, direct + metered + allocated + unattributed = billed, to the last digit.

mod coarse;
mod columns;
mod counted;
mod estimate;
mod follow;
mod giving;
mod ledger;
mod lines;
pub mod matching;
mod months;
mod offers;
mod pools;
mod share;
pub mod shared;
mod shelf;
pub mod split;
mod topics;
mod value;
mod weigh;

use std::collections::BTreeMap;

pub use ledger::BillTie;
pub use lines::Line;
pub use share::{By, Share};
pub use shared::{Caused, SharedCost, SharedTie};
pub use topics::{Folding, Topic, tier_word};
pub use value::{Pricing, Rates};

use crate::identity::{Identity, PartyId};
use crate::model::counts::CountCell;
use crate::model::records::Charge;
use crate::model::{Currency, Day, Exact, Instant, Meter, Month, Period, UsageCell, Zone};

/// How a unit of cost reached its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The charge itself names the customer.
    Direct,
    /// Shared by logged usage of the same pool.
    Metered,
    /// Spread by a stated rule or a coarser match.
    Allocated,
    /// Priced from the log or the price book; no bill covers it.
    Estimated,
}

impl Basis {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Basis::Direct => "direct",
            Basis::Metered => "metered",
            Basis::Allocated => "allocated",
            Basis::Estimated => "estimated",
        }
    }
}

/// Why a cost has no customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The bill has more quantity than the log.
    UnloggedUsage,
    /// The bill is dearer than the log at book prices; which of the two, nobody can tell.
    UnloggedUsageOrPrice,
    /// Usage without a price stands where only prices could weigh it.
    UnpricedUsage,
    /// Nothing was logged for it.
    NoUsage,
    /// The logged rows name no customer.
    NoCustomerId,
    /// Credits, tax and rounding lines that belong to unattributed cost.
    FollowsUnattributed,
    /// A commitment was paid for and not used.
    IdleCommitment,
    /// The rule of a shared cost finds nobody in the month.
    NobodyToShare,
}

impl Reason {
    /// The words in every output.
    pub fn words(self) -> &'static str {
        match self {
            Reason::UnloggedUsage => "unlogged usage",
            Reason::UnloggedUsageOrPrice => "unlogged usage or price",
            Reason::UnpricedUsage => "unpriced usage",
            Reason::NoUsage => "no usage",
            Reason::NoCustomerId => "no customer id",
            Reason::FollowsUnattributed => "credits and tax of unattributed cost",
            Reason::IdleCommitment => "idle commitment",
            Reason::NobodyToShare => "nobody to share with",
        }
    }
}

/// Who gets a cost, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A customer, an internal account or an unmapped id.
    Party(PartyId, Basis),
    /// Nobody.
    Nobody(Reason),
}

/// One unit of attributed cost.
#[derive(Clone, Copy, Debug)]
pub struct CostFact<'a> {
    /// Who gets it.
    pub holder: Holder,
    /// Day of the report on which it counts.
    pub day: Day,
    /// Provider of the charge, or of the usage where it is estimated.
    pub provider: Option<&'a str>,
    /// Model of the charge, as the usage that carries it writes it. Where the usage is of another
    /// model, or there is none, as the charge writes it; of a charge without a model, the usage's.
    pub model: Option<&'a str>,
    /// The usage that carries it, where there is some.
    pub cell: Option<&'a UsageCell>,
    /// The charge that it is a part of; `None` where it is estimated, or a sum of many.
    pub charge: Option<&'a Charge>,
    /// How it was shared; `None` where the whole charge is the holder's, where it is estimated, or
    /// where it is a sum of many.
    pub share: Option<&'a Share<'a>>,
    /// Amount in the report's currency; negative gives money back.
    pub amount: Exact,
}

/// Cost of pools a party uses that nobody was given: it bounds the party's worst case.
#[derive(Clone, Debug)]
pub struct Residual {
    /// Day on which it counts.
    pub day: Day,
    /// The amount.
    pub amount: Exact,
    /// Everyone who uses the pool.
    pub users: Vec<PartyId>,
}

/// Quantities of a model: of usage that is neither billed nor priced, or free.
#[derive(Clone, Debug)]
pub struct Unpriced {
    /// Provider.
    pub provider: Option<String>,
    /// Model as written.
    pub model: Option<String>,
    /// Requests.
    pub requests: Exact,
    /// Quantities by meter.
    pub meters: BTreeMap<Meter, Exact>,
}

/// A small gap between log and bill that was scaled away, or a log larger than its bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Provider.
    pub provider: Option<String>,
    /// Model family, if the pool has one.
    pub model: Option<String>,
    /// Meter, if the pool has one.
    pub meter: Option<String>,
    /// Billed quantity or money ∕ logged quantity or money, six places.
    pub factor: Exact,
    /// Whether the log is larger than the bill by more than the tolerance.
    pub over_logged: bool,
}

/// A month of a topic that is compared in money although most of its charges state quantities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mixed {
    /// The month.
    pub month: Month,
    /// Provider.
    pub provider: Option<String>,
    /// Model family, if the topic has one.
    pub model: Option<String>,
    /// Meter.
    pub meter: String,
    /// Charges without a quantity.
    pub without: u64,
    /// What they bill.
    pub amount: Exact,
    /// Charges of the topic and month.
    pub charges: u64,
    /// What all of them bill.
    pub whole: Exact,
}

/// A bill and a provider's usage export that state different quantities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountDiffers {
    /// Provider.
    pub provider: String,
    /// Model family, if the bill names models.
    pub model: Option<String>,
    /// Meter.
    pub meter: String,
    /// Service tier, if the bill names tiers.
    pub tier: Option<String>,
    /// The month.
    pub month: Month,
    /// Quantity on the bill.
    pub billed: Exact,
    /// Quantity in the usage export, on days that bill and export cover.
    pub counted: Exact,
}

/// The choices of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Report period.
    pub period: Period,
    /// Report zone.
    pub zone: Zone,
    /// Gap between log and bill that is scaled away: a ratio of the billed quantity.
    pub tolerance: Exact,
    /// Whether the rest of an under-logged pool goes to the logged customers.
    pub spread_residual: bool,
    /// Whether a charge without usage stays unattributed instead of matching coarsely.
    pub exact_match: bool,
    /// Whether facts must carry their usage cells. Without it a customer's cost of a provider and
    /// month is the same, only not broken down by day, feature, model and other columns of the log.
    pub detail: bool,
}

/// The time that a provider's bills, or its usage exports, cover.
#[derive(Clone, Debug)]
pub struct BillCover {
    /// Provider; `None` where the bill does not say, and then it covers every provider.
    pub provider: Option<String>,
    /// First instant covered.
    pub start: Instant,
    /// First instant not covered.
    pub end: Instant,
}

/// What attribution works on.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The folded log, in a fixed order.
    pub usage: &'a [UsageCell],
    /// Every charge of every bill.
    pub charges: &'a [Charge],
    /// The time the bills cover.
    pub covers: &'a [BillCover],
    /// What providers count themselves.
    pub counts: &'a [CountCell],
    /// The time their usage exports cover.
    pub count_covers: &'a [BillCover],
    /// Who is who.
    pub identity: &'a Identity,
    /// The price book and the negotiated discounts.
    pub pricing: &'a Pricing,
    /// The report's currency.
    pub currency: Currency,
    /// The shared costs.
    pub shared: &'a [SharedCost],
    /// Revenue by month of the report, where a shared cost asks for it.
    pub revenue: &'a Caused,
}

/// What is known after attribution, besides the facts.
#[derive(Clone, Debug, Default)]
pub struct Attribution {
    /// What was estimated, by provider and model as written.
    pub estimated: BTreeMap<(Option<String>, Option<String>), Exact>,
    /// One entry per provider and currency.
    pub ties: Vec<BillTie>,
    /// One entry per shared cost.
    pub shared: Vec<SharedTie>,
    /// What bounds the worst cases.
    pub residuals: Vec<Residual>,
    /// Usage neither billed nor priced.
    pub unpriced: Vec<Unpriced>,
    /// Usage of models that are declared free.
    pub free: Vec<Unpriced>,
    /// Usage priced at 0, although nobody declares it free.
    pub at_zero: Vec<Unpriced>,
    /// Words for service tiers that no price knows, with the requests priced as standard.
    pub unknown_tiers: BTreeMap<String, Exact>,
    /// Usage of models that no bill of the month has, although bills cover their days.
    pub unbilled: Vec<Unpriced>,
    /// Gaps scaled away and over-logging.
    pub gaps: Vec<Gap>,
    /// Months compared in money for want of some quantities.
    pub mixed: Vec<Mixed>,
    /// Provider → charges that took their quantity from a usage export.
    pub counted: BTreeMap<String, u64>,
    /// Provider → charges, and their amount, to which its usage export could give no quantity.
    pub not_counted: BTreeMap<String, (u64, Exact)>,
    /// Where a bill and a usage export state different quantities.
    pub count_differs: Vec<CountDiffers>,
    /// Charges cut at a month's border.
    pub cut: u64,
    /// Bill items that are no known meter, with their amounts.
    pub items: BTreeMap<String, Exact>,
    /// Estimated cost taken from the log's own figures.
    pub estimated_by_log: Exact,
    /// Estimated cost priced from the book.
    pub estimated_by_book: Exact,
    /// Whether a context tier could not be told for usage that was priced.
    pub context_unknown: bool,
    /// Amounts of charges that stayed whole in the month where their UTC day starts although part
    /// of it lies in another month of the report's zone.
    pub at_border: Exact,
}

/// Which names of models are one, as [`attribute`] takes them.
pub fn folding(inputs: Inputs<'_>, options: &Options) -> Folding {
    let shelf = shelf::Shelf::build(inputs, options);
    let lines = lines::prepare(inputs, options, &mut Attribution::default());
    Folding::of(&shelf, &lines)
}

/// Attributes every charge of the period and estimates usage that no bill covers. Facts go to
/// `sink` one by one, in a fixed order.
pub fn attribute(
    inputs: Inputs<'_>,
    options: &Options,
    sink: &mut dyn FnMut(&CostFact<'_>),
) -> Attribution {
    let mut result = Attribution::default();
    let shelf = shelf::Shelf::build(inputs, options);
    let mut lines = lines::prepare(inputs, options, &mut result);
    counted::give(inputs, options, &shelf, &mut lines, &mut result);
    let mut ledger = ledger::Ledger::new(&lines, inputs.currency, options.detail);
    let mut caused = Caused::new();
    let rest = pools::share(
        &shelf,
        &lines,
        options,
        &mut ledger,
        &mut result,
        &mut |fact| {
            if let Holder::Party(party, Basis::Direct | Basis::Metered) = fact.holder
                && !inputs.shared.is_empty()
            {
                *caused.entry((fact.day.month(), party)).or_default() += fact.amount;
            }
            sink(fact);
        },
    );
    result.shared = shared::share(inputs, &shelf, &lines, &caused, options, &mut ledger, sink);
    coarse::share(&shelf, &rest, options, &mut ledger, &mut result, sink);
    follow::share(&shelf, &lines, &mut ledger, sink);
    result.ties = ledger.close();
    estimate::estimate(&shelf, &lines, options, &mut result, sink);
    result
}
