//! Causes of a change of cost: volume, retries, mix, tokens per request, cache rate, unit price,
//! discount.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Driver, Leaf, STEP_PLACES, explain};
use crate::model::{Exact, Meter};

/// Why a cost changed. In the order in which they are worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// More or fewer served requests (tokens, where nobody counts requests).
    Volume,
    /// Cost of failed requests that grew otherwise than the served ones.
    Retries,
    /// Other shares of the features in the requests.
    FeatureMix,
    /// Other shares of the models, providers and service tiers in a feature's requests.
    ModelMix,
    /// More or fewer tokens per request, of input and of output.
    TokensPerRequest,
    /// Other shares of cached tokens in the input.
    CacheRate,
    /// Other list prices per unit; every change of price where no list price is known.
    UnitPrice,
    /// Another ratio of the billed cost to list prices.
    Discount,
    /// Cost that has no usage beside it: shared costs, items without quantity.
    OtherCost,
}

impl Cause {
    /// Every cause, in order.
    pub const ALL: [Cause; 9] = [
        Cause::Volume,
        Cause::Retries,
        Cause::FeatureMix,
        Cause::ModelMix,
        Cause::TokensPerRequest,
        Cause::CacheRate,
        Cause::UnitPrice,
        Cause::Discount,
        Cause::OtherCost,
    ];

    /// The name in CSV and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Cause::Volume => "volume",
            Cause::Retries => "retries",
            Cause::FeatureMix => "feature_mix",
            Cause::ModelMix => "model_mix",
            Cause::TokensPerRequest => "tokens_per_request",
            Cause::CacheRate => "cache_rate",
            Cause::UnitPrice => "unit_price",
            Cause::Discount => "provider_discount",
            Cause::OtherCost => "other_cost",
        }
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Cause::Volume => "volume",
            Cause::Retries => "failed requests",
            Cause::FeatureMix => "feature mix",
            Cause::ModelMix => "model mix",
            Cause::TokensPerRequest => "tokens per request",
            Cause::CacheRate => "cache rate",
            Cause::UnitPrice => "unit price",
            Cause::Discount => "provider's discount",
            Cause::OtherCost => "cost without usage",
        }
    }
}

/// What requests have in common: feature and model. The model is any text that tells apart what has
/// prices of its own, provider and service tier included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// Product feature; `None` where none is told.
    pub feature: Option<Arc<str>>,
    /// Model.
    pub model: Option<Arc<str>>,
}

/// A part of the cost: a meter of a group's served or failed requests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    /// Feature and model.
    pub group: Group,
    /// Whether it is cost of failed requests.
    pub failed: bool,
    /// The meter; `None` where the cost cannot be told apart by meter.
    pub meter: Option<Meter>,
}

#[derive(Clone, Debug, Default)]
struct Amounts {
    quantity: Exact,
    /// What the quantity costs at list prices; meaningful unless some of it has none.
    list: Exact,
    unlisted: bool,
    cost: Exact,
}

/// Cost and usage of one time.
#[derive(Clone, Debug, Default)]
pub struct Side {
    served: BTreeMap<Group, Exact>,
    parts: BTreeMap<Part, Amounts>,
    other: Exact,
}

impl Side {
    /// Adds served requests of a group.
    pub fn add_requests(&mut self, group: &Group, served: Exact) {
        *self.served.entry(group.clone()).or_default() += served;
    }

    /// Adds a quantity, with what it costs at list prices if it has one.
    pub fn add_quantity(&mut self, part: &Part, quantity: Exact, list: Option<Exact>) {
        let amounts = self.parts.entry(part.clone()).or_default();
        amounts.quantity += quantity;
        match list {
            Some(list) => amounts.list += list,
            None => amounts.unlisted |= !quantity.is_zero(),
        }
    }

    /// Adds a cost; negative gives money back.
    pub fn add_cost(&mut self, part: &Part, cost: Exact) {
        self.parts.entry(part.clone()).or_default().cost += cost;
    }

    /// Adds a cost that no usage carries.
    pub fn add_other(&mut self, cost: Exact) {
        self.other += cost;
    }

    /// The whole cost.
    pub fn cost(&self) -> Exact {
        let parts = self.parts.values().map(|amounts| amounts.cost);
        parts.sum::<Exact>() + self.other
    }

    /// Served requests.
    pub fn requests(&self) -> Exact {
        self.served.values().sum()
    }

    /// Tokens of served requests, of all meters.
    pub fn tokens(&self) -> Exact {
        let is_token = |part: &Part| part.meter.as_ref().is_some_and(Meter::is_token);
        let served = self.parts.iter();
        let served = served.filter(|(part, _)| !part.failed && is_token(part));
        served.map(|(_, amounts)| amounts.quantity).sum()
    }

    /// Everything × `times` ∕ `of`, rounded half to even at 12 places: a time of 28 days as one of
    /// 30. `of` must not be 0.
    pub fn scaled(&self, times: u32, of: u32) -> Side {
        if times == of {
            return self.clone();
        }
        let scale = |value: Exact| {
            let product = value * Exact::from(u64::from(times));
            let of = Exact::from(u64::from(of));
            Exact::ratio(product, of, STEP_PLACES).unwrap_or(value)
        };
        let amounts = |amounts: &Amounts| Amounts {
            quantity: scale(amounts.quantity),
            list: scale(amounts.list),
            unlisted: amounts.unlisted,
            cost: scale(amounts.cost),
        };
        Side {
            served: (self.served.iter())
                .map(|(group, served)| (group.clone(), scale(*served)))
                .collect(),
            parts: (self.parts.iter())
                .map(|(part, found)| (part.clone(), amounts(found)))
                .collect(),
            other: scale(self.other),
        }
    }

    /// Whether there is served usage, and nobody counted its requests.
    fn is_uncounted(&self) -> bool {
        let used = |(part, amounts): (&Part, &Amounts)| !part.failed && !amounts.quantity.is_zero();
        self.requests().is_zero() && self.parts.iter().any(used)
    }

    fn amounts(&self, part: &Part) -> Amounts {
        self.parts.get(part).cloned().unwrap_or_default()
    }
}

/// What tokens of one kind share: input tokens of all sorts are one kind, as caching moves tokens
/// between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Input,
    Meter(Option<Meter>),
}

impl Class {
    fn of(part: &Part) -> Class {
        match &part.meter {
            Some(meter) if meter.is_input_token() => Class::Input,
            meter => Class::Meter(meter.clone()),
        }
    }
}

/// The drivers of one side, from the whole to the part.
#[derive(Default)]
struct Drivers {
    by_requests: bool,
    whole: Exact,
    features: BTreeMap<Option<Arc<str>>, Exact>,
    groups: BTreeMap<Group, Exact>,
    tokens: BTreeMap<Class, Exact>,
    tokens_of_feature: BTreeMap<(Option<Arc<str>>, Class), Exact>,
    tokens_of_group: BTreeMap<(Group, Class), Exact>,
}

impl Drivers {
    fn of(side: &Side, by_requests: bool) -> Drivers {
        let mut drivers = Drivers {
            by_requests,
            whole: side.requests(),
            ..Drivers::default()
        };
        for (group, served) in &side.served {
            *drivers.features.entry(group.feature.clone()).or_default() += *served;
            *drivers.groups.entry(group.clone()).or_default() += *served;
        }
        for (part, amounts) in side.parts.iter().filter(|(part, _)| !part.failed) {
            let (class, quantity) = (Class::of(part), amounts.quantity);
            *drivers.tokens.entry(class.clone()).or_default() += quantity;
            let feature = (part.group.feature.clone(), class.clone());
            *drivers.tokens_of_feature.entry(feature).or_default() += quantity;
            let group = (part.group.clone(), class);
            *drivers.tokens_of_group.entry(group).or_default() += quantity;
        }
        drivers
    }

    /// The values that measure a part, in the order of the causes they belong to.
    fn chain(&self, part: &Part) -> Vec<(Cause, Exact)> {
        let class = Class::of(part);
        let feature = &part.group.feature;
        let of_class = (part.group.clone(), class.clone());
        let tokens = find(&self.tokens_of_group, &of_class);
        match self.by_requests {
            true => vec![
                (Cause::Volume, self.whole),
                (Cause::FeatureMix, find(&self.features, feature)),
                (Cause::ModelMix, find(&self.groups, &part.group)),
                (Cause::TokensPerRequest, tokens),
            ],
            false => {
                let of_feature = (feature.clone(), class.clone());
                vec![
                    (Cause::Volume, find(&self.tokens, &class)),
                    (
                        Cause::FeatureMix,
                        find(&self.tokens_of_feature, &of_feature),
                    ),
                    (Cause::ModelMix, tokens),
                ]
            }
        }
    }
}

fn find<K: Ord>(map: &BTreeMap<K, Exact>, key: &K) -> Exact {
    map.get(key).copied().unwrap_or_default()
}

/// The change of cost from one time to another, by cause. Sums to the later cost less the earlier.
pub fn change(before: &Side, after: &Side) -> BTreeMap<Cause, Exact> {
    let by_requests = !before.is_uncounted() && !after.is_uncounted();
    let (was, is) = (
        Drivers::of(before, by_requests),
        Drivers::of(after, by_requests),
    );
    let parts: BTreeSet<&Part> = before.parts.keys().chain(after.parts.keys()).collect();
    let leaf = |part: &Part| {
        let (old, new) = (before.amounts(part), after.amounts(part));
        let chain = was.chain(part).into_iter().zip(is.chain(part));
        let mut drivers: Vec<Driver<Cause>> = chain
            .map(|((cause, before), (_, after))| driver(cause, before, after))
            .collect();
        let mut rest = Cause::UnitPrice;
        if part.failed {
            // A failed request is wanted by nobody: all that it costs beyond its share is its own.
            drivers.truncate(1);
            rest = Cause::Retries;
        } else {
            drivers.push(driver(Cause::CacheRate, old.quantity, new.quantity));
            let listed = |amounts: &Amounts| !amounts.unlisted && amounts.list.is_positive();
            if listed(&old) && listed(&new) {
                drivers.push(driver(Cause::UnitPrice, old.list, new.list));
                rest = Cause::Discount;
            }
        }
        Leaf {
            before: old.cost,
            after: new.cost,
            drivers,
            rest,
        }
    };
    let other = Leaf {
        before: before.other,
        after: after.other,
        drivers: Vec::new(),
        rest: Cause::OtherCost,
    };
    explain(parts.into_iter().map(leaf).chain([other]))
}

fn driver(cause: Cause, before: Exact, after: Exact) -> Driver<Cause> {
    Driver {
        cause,
        before,
        after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn group(model: &str) -> Group {
        Group {
            feature: Some("search".into()),
            model: Some(model.into()),
        }
    }

    fn part(model: &str, failed: bool, meter: Meter) -> Part {
        Part {
            group: group(model),
            failed,
            meter: Some(meter),
        }
    }

    /// Requests, and per meter: quantity in thousands, list price and billed price per thousand.
    fn side(model: &str, requests: u64, meters: &[(Meter, u64, &str, &str)]) -> Side {
        let mut side = Side::default();
        add(&mut side, model, requests, meters);
        side
    }

    fn add(side: &mut Side, model: &str, requests: u64, meters: &[(Meter, u64, &str, &str)]) {
        side.add_requests(&group(model), Exact::from(requests));
        for (meter, thousands, list, billed) in meters {
            let part = part(model, false, meter.clone());
            let thousands = Exact::from(*thousands);
            let quantity = thousands * Exact::from(1000u64);
            side.add_quantity(&part, quantity, Some(thousands * exact(list)));
            side.add_cost(&part, thousands * exact(billed));
        }
    }

    fn told(before: &Side, after: &Side) -> Vec<String> {
        let causes = change(before, after);
        assert_eq!(causes.values().sum::<Exact>(), after.cost() - before.cost());
        let word = |(cause, amount): (&Cause, &Exact)| format!("{} {amount}", cause.key());
        causes.iter().map(word).collect()
    }

    use Meter::{CacheRead, Input, Output};

    #[test]
    fn one_planted_cause_comes_back_alone() {
        let before = side(
            "m",
            100,
            &[
                (Input, 800, "0.01", "0.008"),
                (CacheRead, 200, "0.001", "0.0008"),
                (Output, 50, "0.04", "0.032"),
            ],
        );
        // 6.4 + 0.16 + 1.6 = 8.16
        assert_eq!(before.cost(), exact("8.16"));
        let more = side(
            "m",
            150,
            &[
                (Input, 1200, "0.01", "0.008"),
                (CacheRead, 300, "0.001", "0.0008"),
                (Output, 75, "0.04", "0.032"),
            ],
        );
        assert_eq!(told(&before, &more), ["volume 4.08"]);
        // Twice the output: 1.6 more.
        let longer = side(
            "m",
            100,
            &[
                (Input, 800, "0.01", "0.008"),
                (CacheRead, 200, "0.001", "0.0008"),
                (Output, 100, "0.04", "0.032"),
            ],
        );
        assert_eq!(told(&before, &longer), ["tokens_per_request 1.6"]);
        // The cache is lost: 200,000 tokens at 0.008 instead of 0.0008 a thousand.
        let uncached = side(
            "m",
            100,
            &[
                (Input, 1000, "0.01", "0.008"),
                (Output, 50, "0.04", "0.032"),
            ],
        );
        assert_eq!(told(&before, &uncached), ["cache_rate 1.44"]);
        // List prices of input rise by a tenth, the discount of a fifth stays.
        let dearer = side(
            "m",
            100,
            &[
                (Input, 800, "0.011", "0.0088"),
                (CacheRead, 200, "0.001", "0.0008"),
                (Output, 50, "0.04", "0.032"),
            ],
        );
        assert_eq!(told(&before, &dearer), ["unit_price 0.64"]);
        // The discount ends: 10.2 instead of 8.16.
        let full = side(
            "m",
            100,
            &[
                (Input, 800, "0.01", "0.01"),
                (CacheRead, 200, "0.001", "0.001"),
                (Output, 50, "0.04", "0.04"),
            ],
        );
        assert_eq!(told(&before, &full), ["provider_discount 2.04"]);
    }

    #[test]
    fn causes_are_worked_out_from_volume_to_price() {
        let before = side("m", 100, &[(Input, 1000, "0.01", "0.01")]);
        let after = side("m", 200, &[(Input, 3000, "0.02", "0.02")]);
        // 10; twice the requests 20; 15,000 tokens a request instead of 10,000: 30; twice the price 60.
        assert_eq!(
            told(&before, &after),
            ["volume 10", "tokens_per_request 10", "unit_price 30"]
        );
    }

    #[test]
    fn a_migration_is_mix() {
        let before = side("old", 100, &[(Output, 100, "0.01", "0.01")]);
        let mut after = side("old", 25, &[(Output, 25, "0.01", "0.01")]);
        add(&mut after, "new", 75, &[(Output, 150, "0.03", "0.03")]);
        // 1.00 before; 0.25 + 4.50 after.
        assert_eq!(told(&before, &after), ["model_mix 3.75"]);
    }

    #[test]
    fn failed_requests_are_retries() {
        let meters = [(Output, 100, "0.01", "0.01")];
        let mut before = side("m", 100, &meters);
        let failed = part("m", true, Output);
        before.add_quantity(&failed, exact("10000"), Some(exact("0.1")));
        before.add_cost(&failed, exact("0.1"));
        let mut after = side("m", 200, &[(Output, 200, "0.01", "0.01")]);
        after.add_quantity(&failed, exact("90000"), Some(exact("0.9")));
        after.add_cost(&failed, exact("0.9"));
        // Twice the volume explains 1.1; failed requests would cost 0.2 and cost 0.9.
        assert_eq!(told(&before, &after), ["volume 1.1", "retries 0.7"]);
    }

    #[test]
    fn without_requests_tokens_are_the_volume() {
        let before = side(
            "m",
            0,
            &[
                (Input, 100, "0.01", "0.01"),
                (CacheRead, 100, "0.002", "0.002"),
            ],
        );
        let after = side(
            "m",
            0,
            &[
                (Input, 300, "0.01", "0.01"),
                (CacheRead, 100, "0.002", "0.002"),
            ],
        );
        // 1.2 becomes 2.4 at twice the input; 100,000 tokens fewer are read from the cache: 0.8 more.
        assert_eq!(told(&before, &after), ["volume 1.2", "cache_rate 0.8"]);
    }

    #[test]
    fn what_has_no_list_price_changes_its_unit_price() {
        let mut before = side("m", 10, &[]);
        before.add_quantity(&part("m", false, Output), exact("10"), None);
        before.add_cost(&part("m", false, Output), exact("1"));
        let mut after = before.clone();
        after.add_cost(&part("m", false, Output), exact("-0.25"));
        after.add_other(exact("5"));
        assert_eq!(told(&before, &after), ["unit_price -0.25", "other_cost 5"]);
    }

    #[test]
    fn the_new_and_the_gone_are_volume() {
        let some = side("m", 10, &[(Output, 10, "0.1", "0.1")]);
        assert_eq!(told(&Side::default(), &some), ["volume 1"]);
        assert_eq!(told(&some, &Side::default()), ["volume -1"]);
        assert!(told(&Side::default(), &Side::default()).is_empty());
        assert!(told(&some, &some).is_empty());
    }

    #[test]
    fn days_are_scaled() {
        let some = side("m", 28, &[(Output, 28, "0.1", "0.1")]);
        let month = some.scaled(30, 28);
        assert_eq!(month.requests(), exact("30"));
        assert_eq!(month.cost(), exact("3"));
        assert_eq!(some.scaled(30, 7).cost(), exact("12"));
        assert_eq!(
            side("m", 1, &[(Output, 1, "0.1", "0.1")])
                .scaled(30, 7)
                .cost(),
            exact("0.428571428571")
        );
    }

    type World = Vec<(u8, bool, u8, u32, u32, i64)>;

    fn world() -> impl Strategy<Value = World> {
        let row = (
            0u8..4,
            any::<bool>(),
            0u8..5,
            0u32..5,
            0u32..1000,
            -500i64..5000,
        );
        prop::collection::vec(row, 0..20)
    }

    fn build(world: &World) -> Side {
        let mut side = Side::default();
        for (model, failed, meter, requests, quantity, cost) in world {
            let name = format!("m{}", model % 2);
            let group = Group {
                feature: (*model > 1).then(|| "search".into()),
                model: Some(name.as_str().into()),
            };
            let meter = [
                Some(Input),
                Some(CacheRead),
                Some(Output),
                Some(Meter::Seconds),
                None,
            ][usize::from(*meter)]
            .clone();
            let part = Part {
                group: group.clone(),
                failed: *failed,
                meter,
            };
            side.add_requests(&group, Exact::from(u64::from(*requests)));
            let list = (quantity % 3 != 0).then(|| Exact::new(i128::from(*quantity), 4));
            side.add_quantity(&part, Exact::from(u64::from(*quantity)), list);
            side.add_cost(&part, Exact::new(i128::from(*cost), 7));
            if *requests == 4 {
                side.add_other(Exact::new(i128::from(*cost), 3));
            }
        }
        side
    }

    proptest! {
        #[test]
        fn random_worlds_leave_no_residual(before in world(), after in world(), days in 1u32..60) {
            let (before, after) = (build(&before), build(&after).scaled(30, days));
            let causes = change(&before, &after);
            prop_assert_eq!(causes.values().sum::<Exact>(), after.cost() - before.cost());
        }

        /// Nothing but the price moves, so nothing else is told.
        #[test]
        fn a_price_alone_is_a_price_alone(world in world(), percent in 101u64..300) {
            let before = build(&world);
            let mut after = before.clone();
            for amounts in after.parts.values_mut() {
                amounts.cost = amounts.cost * Exact::from(percent) * Exact::new(1, 2);
            }
            let causes = change(&before, &after);
            let known = [Cause::UnitPrice, Cause::Discount, Cause::Retries];
            prop_assert!(causes.keys().all(|cause| known.contains(cause)), "{causes:?}");
        }
    }
}
