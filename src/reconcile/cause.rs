//! The named causes of a gap, and what to do about each.

/// Why billed and computed cost differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The bill has quantities that the log lacks.
    Missing,
    /// The log has quantities that were not billed.
    OverLogged,
    /// The provider and the log put the same quantities on neighboring days.
    DayCutOff,
    /// The provider and the log put the same tokens into different classes.
    TokenClass,
    /// Billed at a service tier's price that the log does not show, or the reverse.
    ServiceTier,
    /// Billed at a long-context price that the log does not show, or the reverse.
    ContextTier,
    /// Billed at a rate that is neither the list price nor a known multiple of it.
    Rate,
    /// A negotiated discount, or a discount line.
    Discount,
    /// A credit or refund line.
    Credit,
    /// Tax.
    Tax,
    /// Billed items that are no known meter, and idle commitments.
    Item,
    /// The bill's own rounding.
    Rounding,
    /// Logged usage without a list price: nothing can be computed for it.
    Unpriced,
    /// The bill states no quantities, so missing events and another price cannot be told apart.
    Unexplained,
}

impl Cause {
    /// Every cause, in the order of the columns.
    pub const ALL: [Cause; 14] = [
        Cause::Missing,
        Cause::OverLogged,
        Cause::DayCutOff,
        Cause::TokenClass,
        Cause::ServiceTier,
        Cause::ContextTier,
        Cause::Rate,
        Cause::Discount,
        Cause::Credit,
        Cause::Tax,
        Cause::Item,
        Cause::Rounding,
        Cause::Unpriced,
        Cause::Unexplained,
    ];

    /// The key in CSV and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Cause::Missing => "missing_events",
            Cause::OverLogged => "over_logging",
            Cause::DayCutOff => "day_cut_off",
            Cause::TokenClass => "token_class",
            Cause::ServiceTier => "batch_or_tier",
            Cause::ContextTier => "context_tier",
            Cause::Rate => "rate",
            Cause::Discount => "discount",
            Cause::Credit => "credit",
            Cause::Tax => "tax",
            Cause::Item => "non_token_items",
            Cause::Rounding => "rounding",
            Cause::Unpriced => "unpriced",
            Cause::Unexplained => "unexplained",
        }
    }

    /// The words in tables.
    pub fn words(self) -> &'static str {
        match self {
            Cause::Missing => "events missing from the log",
            Cause::OverLogged => "over-logging",
            Cause::DayCutOff => "day cut-off",
            Cause::TokenClass => "token class",
            Cause::ServiceTier => "batch or tier",
            Cause::ContextTier => "context tier",
            Cause::Rate => "rate",
            Cause::Discount => "discount",
            Cause::Credit => "credit",
            Cause::Tax => "tax",
            Cause::Item => "non-token items",
            Cause::Rounding => "rounding",
            Cause::Unpriced => "unpriced",
            Cause::Unexplained => "unexplained",
        }
    }

    /// What to do.
    pub fn advice(self) -> &'static str {
        match self {
            Cause::Missing => {
                "log every call: look for services, keys or retries that call the provider without the log"
            }
            Cause::OverLogged => {
                "look for calls logged twice under different request ids, and for failed or cached calls logged with tokens"
            }
            Cause::DayCutOff => {
                "write UTC time stamps, taken when the answer ends; sums over the month are not affected"
            }
            Cause::TokenClass => {
                "check whether the log's input includes cached tokens (cached_tokens in tanso.toml), and log cache reads and writes apart"
            }
            Cause::ServiceTier => {
                "log the service tier of each call (batch, flex, priority), or group the bill by it"
            }
            Cause::ContextTier => {
                "log single requests, not sums, so that long requests can be told"
            }
            Cause::Rate => {
                "compare the contract with the list price; a negotiated price belongs into tanso.toml"
            }
            Cause::Discount => "nothing to do: the provider grants it",
            Cause::Credit => {
                "nothing to do; without the credit the cost would be higher by this much"
            }
            Cause::Tax => "nothing to do: tax is no usage",
            Cause::Item => {
                "nothing to do, unless these items should be measured: log them with a meter of their own"
            }
            Cause::Rounding => "nothing to do: the bill rounds its lines",
            Cause::Unpriced => {
                "state the model's price in tanso.toml, or import a price list with --prices"
            }
            Cause::Unexplained => {
                "export the bill grouped by line item, or pass the provider's usage export: with quantities the gap can be split"
            }
        }
    }
}
