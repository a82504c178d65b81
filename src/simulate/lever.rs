//! The levers of a scenario: one type each, and the order in which they are applied.
//!
//! The order: usage growth, caps, other models, providers' prices (the cost side); then plan prices
//! and seats with discounts, usage charges, minimums (the revenue side). Each lever works on what
//! those before it leave. Within one kind, levers that meet on the same amounts multiply in the
//! order in which they were given.

use crate::model::{Exact, Meter, Month};

/// A list of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// As the user wrote it.
    pub name: String,
    /// More or less usage.
    pub growth: Vec<UsageGrowth>,
    /// Other models.
    pub swaps: Vec<ModelSwap>,
    /// Other prices of providers.
    pub provider_prices: Vec<ProviderPrice>,
    /// Other prices and terms of plans.
    pub plans: Vec<PlanChange>,
    /// Discounts.
    pub discounts: Vec<Discount>,
    /// Whom new prices and terms reach, and when.
    pub apply: Apply,
}

/// Whom new prices and terms reach, and when. Levers of cost reach everybody at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Apply {
    /// Everybody, as if they had always held.
    #[default]
    Now,
    /// Every subscription from its first renewal in the period on, and customers who are new in it.
    Renewal,
    /// Customers whose first recurring invoice begins in the period, and no subscription before it.
    New,
}

impl Apply {
    /// The word in options and in every output.
    pub fn word(self) -> &'static str {
        match self {
            Apply::Now => "now",
            Apply::Renewal => "renewal",
            Apply::New => "new",
        }
    }
}

/// Which customers and which usage a lever touches: all conditions must hold, and of each one of
/// its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// As the user wrote it; empty for everything.
    pub text: String,
    /// Conditions on the customer: `customer` or the name of an attribute, and the values.
    pub party: Vec<(String, Vec<String>)>,
    /// Features.
    pub feature: Option<Vec<String>>,
    /// Models, every spelling of each.
    pub model: Option<Vec<String>>,
    /// Providers, folded.
    pub provider: Option<Vec<String>>,
}

impl Selector {
    /// Whether it says nothing about usage, so that it tells customers apart only.
    pub fn is_of_party(&self) -> bool {
        self.feature.is_none() && self.model.is_none() && self.provider.is_none()
    }
}

/// A new price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPrice {
    /// An amount per month.
    Month(Exact),
    /// An amount per year; monthly subscriptions keep their price.
    Year(Exact),
    /// The present price times this factor, whatever the interval.
    Factor(Exact),
}

/// A change of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanChange {
    /// Plan name, compared byte for byte.
    pub plan: String,
    /// New prices: none if the price stays, one, or one per month and one per year.
    pub prices: Vec<NewPrice>,
    /// Price of a seat per month, beside the price, which then is a fee per subscription.
    pub per_seat: Option<Exact>,
    /// Charges for usage.
    pub usage: Vec<UsageTerms>,
    /// The most usage that is served in a month.
    pub cap: Option<(Exact, Measure)>,
    /// The least that a month brings, recurring amounts and usage charges together.
    pub minimum: Option<Exact>,
    /// What becomes of the lines that bill usage now, where the plan is given usage charges.
    pub metered: Option<Metered>,
}

/// What becomes of lines that bill usage now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metered {
    /// They stay beside the new charges.
    Keep,
    /// The new charges take their place.
    Replace,
}

/// What is counted: one meter, or all token meters together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// One meter.
    Of(Meter),
    /// Every token, input or output, cached or not.
    Tokens,
}

impl Measure {
    /// The measure of a name.
    pub fn named(name: &str) -> Measure {
        match name.eq_ignore_ascii_case("tokens") {
            true => Measure::Tokens,
            false => Measure::Of(Meter::named(name)),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Measure::Tokens => "tokens",
            Measure::Of(meter) => meter.name(),
        }
    }

    /// Whether some usage is counted by both.
    pub fn overlaps(&self, other: &Measure) -> bool {
        match (self, other) {
            (Measure::Tokens, Measure::Of(meter)) | (Measure::Of(meter), Measure::Tokens) => {
                meter.is_token()
            }
            (one, two) => one == two,
        }
    }

    /// Whether a meter is counted.
    pub fn counts(&self, meter: &Meter) -> bool {
        match self {
            Measure::Tokens => meter.is_token(),
            Measure::Of(own) => own == meter,
        }
    }
}

/// A charge for the usage of a customer in a calendar month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageTerms {
    /// What is counted, and how much each unit of it weighs: 1, or its credits.
    pub counted: Vec<(Measure, Exact)>,
    /// Units that cost nothing.
    pub included: Exact,
    /// What the units above cost.
    pub rate: Rate,
}

impl UsageTerms {
    /// The tiers; empty where each unit costs the same.
    pub fn tiers(&self) -> &[Tier] {
        match &self.rate {
            Rate::Flat(_) => &[],
            Rate::Graduated(tiers) | Rate::Volume(tiers) => tiers,
        }
    }
}

/// What units cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Each the same.
    Flat(Exact),
    /// Each tier's units at the tier's price.
    Graduated(Vec<Tier>),
    /// All units at the price of the tier in which the quantity lies.
    Volume(Vec<Tier>),
}

/// One tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The last unit of the tier; `None` in the last one.
    pub up_to: Option<Exact>,
    /// Price of a unit.
    pub unit_amount: Exact,
    /// Amount for being in the tier at all.
    pub flat_amount: Exact,
}

/// A discount on what customers pay for recurring lines, after every change of prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    /// Whose.
    pub of: Selector,
    /// As a ratio: `0.3`.
    pub ratio: Exact,
}

/// Another model for some usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSwap {
    /// The present model as the user named it.
    pub from: String,
    /// The usage; its models are every spelling of `from`.
    pub of: Selector,
    /// Provider of the new model, if stated; else the present one if it has the model, else the
    /// model's own vendor.
    pub provider: Option<String>,
    /// The new model.
    pub to: String,
    /// Input tokens of the new model per input token of the present one.
    pub input: Exact,
    /// The same for output tokens.
    pub output: Exact,
    /// Share of the input tokens that is read from the new model's cache; `None` keeps the present
    /// quantities.
    pub cached: Option<Exact>,
}

/// A change of a provider's prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderPrice {
    /// As the user wrote it: `openai/gpt-4o.output`.
    pub text: String,
    /// Provider, folded.
    pub provider: String,
    /// Models, every spelling; `None` for all.
    pub models: Option<Vec<String>>,
    /// Meter; `None` for all.
    pub meter: Option<Meter>,
    /// New price ∕ present price.
    pub factor: Exact,
}

/// More or less usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageGrowth {
    /// Whose and which.
    pub of: Selector,
    /// Then ∕ now.
    pub factor: Exact,
}

/// A month of a period, for charges that are made once a month.
pub type Charge = (crate::identity::PartyId, Month, Exact);

impl Scenario {
    /// Whether it changes cost or usage.
    pub fn changes_cost(&self) -> bool {
        let capped = self.plans.iter().any(|plan| plan.cap.is_some());
        capped
            || !(self.growth.is_empty() && self.swaps.is_empty() && self.provider_prices.is_empty())
    }

    /// Whether it rates usage or brings a month to a minimum, for which the period must consist of
    /// whole months.
    pub fn rates_months(&self) -> bool {
        self.plans.iter().any(PlanChange::is_monthly)
    }

    /// Whether a lever asks for the features of usage.
    pub fn asks_for_features(&self) -> bool {
        let growth = self.growth.iter().map(|growth| &growth.of);
        let mut all = growth.chain(self.swaps.iter().map(|swap| &swap.of));
        all.any(|of| of.feature.is_some())
    }
}

impl PlanChange {
    /// A change of nothing yet.
    pub fn of(plan: impl Into<String>) -> PlanChange {
        PlanChange {
            plan: plan.into(),
            prices: Vec::new(),
            per_seat: None,
            usage: Vec::new(),
            cap: None,
            minimum: None,
            metered: None,
        }
    }

    /// Whether it has terms that are worked out month by month.
    pub fn is_monthly(&self) -> bool {
        self.cap.is_some() || self.minimum.is_some() || !self.usage.is_empty()
    }

    /// Whether it changes the price of recurring lines.
    pub fn is_priced(&self) -> bool {
        !self.prices.is_empty() || self.per_seat.is_some()
    }
}
