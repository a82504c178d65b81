//! Prices that the project file states: negotiated ones, those of models that no list has, and
//! models declared free. Nothing here reads a file.

use crate::model::{ContextBand, Day, Exact, Meter, names};

use super::names::Stem;

/// One stated price.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Provider, folded; `None` holds for every provider.
    pub provider: Option<String>,
    /// Model as written.
    pub model: String,
    /// What it states.
    pub states: Stated,
    /// First day, UTC; `None` means always.
    pub from: Option<Day>,
    /// First day on which it does not hold any more.
    pub to: Option<Day>,
    /// Where it stands: `tanso.toml:12`.
    pub place: String,
    stem: Stem,
}

/// What a rule states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stated {
    /// The model is free.
    Free,
    /// USD for one unit of a meter.
    Price {
        /// The meter.
        meter: Meter,
        /// USD for one unit.
        price: Exact,
        /// Service tier, folded; `None` is the standard one.
        tier: Option<String>,
        /// The price holds in this context band and those above it.
        band: ContextBand,
    },
}

impl Rule {
    /// Makes a rule; `provider` and `model` as written.
    pub fn new(provider: Option<&str>, model: &str, states: Stated, place: String) -> Rule {
        Rule {
            provider: provider.map(names::provider),
            model: model.to_string(),
            states,
            from: None,
            to: None,
            place,
            stem: Stem::of(model),
        }
    }

    /// Whether the rule holds for a model on a day. A rule for a dated snapshot or for the name of
    /// a vendor holds for that one only; a rule without them holds for all.
    pub(super) fn holds(&self, provider: Option<&str>, model: &Stem, day: Day) -> bool {
        let same = |own: &Option<String>, other: &Option<String>| own.is_none() || own == other;
        self.stem.text == model.text
            && !self.stem.text.is_empty()
            && same(&self.stem.snapshot, &model.snapshot)
            && same(&self.stem.vendor, &model.vendor)
            && (self.provider.is_none() || self.provider.as_deref() == provider)
            && self.covers(day)
    }

    /// Whether a day lies between the rule's days.
    pub fn covers(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    /// Whether a name means the rule's model, whatever its provider.
    pub fn names(&self, model: &str) -> bool {
        let asked = Stem::of(model);
        self.stem.text == asked.text && !asked.text.is_empty()
    }

    /// The context band from which on it holds.
    pub fn band(&self) -> ContextBand {
        match &self.states {
            Stated::Free => ContextBand::BASE,
            Stated::Price { band, .. } => *band,
        }
    }

    /// The service tier it is for; `None` is the standard one, or all for a free model.
    pub fn tier(&self) -> Option<&str> {
        match &self.states {
            Stated::Free => None,
            Stated::Price { tier, .. } => tier.as_deref(),
        }
    }

    /// Of several rules that hold, the one with the highest rank decides: the more exact one, then
    /// the later one.
    pub(super) fn rank(&self) -> impl Ord {
        let exact = [
            self.provider.is_some(),
            self.stem.vendor.is_some(),
            self.stem.snapshot.is_some(),
        ];
        (self.band(), exact, self.from)
    }

    /// Whether two rules speak of the same thing from the same day on.
    pub fn clashes_with(&self, other: &Rule) -> bool {
        let what = |rule: &Rule| match &rule.states {
            Stated::Free => None,
            Stated::Price {
                meter, tier, band, ..
            } => Some((meter.clone(), tier.clone(), *band)),
        };
        (&self.provider, &self.stem, self.from) == (&other.provider, &other.stem, other.from)
            && what(self) == what(other)
    }
}
