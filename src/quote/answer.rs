//! What is read off drawn contracts: cost and its quantiles, the chance of missing the floor, floor
//! price, discount, cap, the trade between them, and how far each is to be trusted.

use super::draws::{Draws, Random, Urn, above, quantile};
use super::sample::{Growth, LookAlike, Powers, growth, together};
use super::{Choices, Deal, exact, float};
use crate::model::Exact;

/// Look-alikes are drawn anew so many times to see how far a figure moves.
const RESAMPLES: usize = 200;
/// Contracts per such time.
const CONTRACTS: usize = 500;
/// Caps of the trade table, as multiples of what the deal uses at the median.
const CAPS: [f64; 3] = [1.0, 2.0, 4.0];
/// Commitments of the trade table in months.
const TERMS: [u32; 3] = [12, 24, 36];

/// A figure, and between what nine tenths of other samples of look-alikes would put it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The figure.
    pub value: Exact,
    /// The 5th percentile over samples.
    pub low: Exact,
    /// The 95th percentile over samples.
    pub high: Exact,
}

/// The deal if it behaved like the heaviest look-alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heaviest {
    /// The customer.
    pub customer: String,
    /// The contract's cost.
    pub cost: Exact,
}

/// The largest monthly cap at which the floor holds at the confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// It holds without one.
    NotNeeded,
    /// This one.
    At(Exact),
    /// None is small enough.
    Never,
    /// The look-alikes have no quantity that it could count.
    Unknown,
}

/// One cell of the trade table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Months of the contract.
    pub term: u32,
    /// Monthly cap.
    pub cap: Option<Exact>,
    /// The largest discount; `None` if not even the list price is enough.
    pub discount: Option<Exact>,
}

/// A quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What the contract brings, after the discount.
    pub revenue: Exact,
    /// Its cost on average.
    pub expected: Figure,
    /// Its median cost.
    pub p50: Figure,
    /// The cost that one contract in twenty exceeds.
    pub p95: Figure,
    /// The chance that the margin is below the floor.
    pub below_floor: Figure,
    /// The least price per unit and interval, after any discount, at which the floor holds at the
    /// confidence; rounded up to the minor unit.
    pub floor_price: Exact,
    /// The largest discount on the list price that does; rounded down to a tenth of a per cent. `None`
    /// if not even the list price is enough.
    pub largest_discount: Option<Exact>,
    /// The cap that makes the deal safe.
    pub cap: Cap,
    /// The deal as the heaviest look-alike.
    pub heaviest: Heaviest,
    /// Largest discount by commitment and cap: by cap, then by term.
    pub trade: Vec<Trade>,
    /// Growth per month, as a ratio.
    pub growth: Figure,
    /// Whether the growth was worked out from the look-alikes.
    pub growth_is_estimated: bool,
    /// Whether there is neither a stated growth nor enough months to work one out; it is 0 then.
    pub growth_is_unknown: bool,
    /// By how much another seed moves median and 95th percentile, about: a standard error.
    pub draw_error: (Exact, Exact),
}

/// The costs of drawn contracts, the lightest first: what a quote's figures are read off.
pub fn costs(look_alikes: &[LookAlike], deal: &Deal, choices: &Choices) -> Vec<f64> {
    let urn = urn(
        look_alikes.iter().collect(),
        deal,
        deal.term,
        growth(look_alikes, choices),
    );
    let mut random = Random::new(choices.seed, 0);
    urn.draw(choices.draws, &mut random).costs(deal.term, None)
}

fn urn<'a>(look_alikes: Vec<&'a LookAlike>, deal: &Deal, term: u32, growth: Growth) -> Urn<'a> {
    Urn {
        look_alikes,
        stated: (!growth.estimated).then_some(growth.rate),
        units: float(deal.units()),
        term,
    }
}

/// Works a quote out. There must be at least two look-alikes.
pub fn quote(look_alikes: &[LookAlike], deal: &Deal, choices: &Choices) -> Quote {
    let growth = growth(look_alikes, choices);
    let terms = terms(deal);
    let longest = terms.iter().copied().max().unwrap_or(deal.term);
    let urn = |look_alikes, term| urn(look_alikes, deal, term, growth);
    let mut random = Random::new(choices.seed, 0);
    let drawn = urn(look_alikes.iter().collect(), longest).draw(choices.draws, &mut random);
    let costs = drawn.costs(deal.term, None);
    let revenue = float(deal.revenue());
    let floor = float(choices.floor);
    let confidence = float(choices.confidence);
    // What sums of floats leave behind the twelfth digit is no miss.
    let budget = revenue * (1.0 - floor) * (1.0 + 1e-12);
    let others = Others::draw(look_alikes, choices, budget, &|look_alikes| {
        urn(look_alikes, deal.term)
    });
    let places = choices.places;
    let money = |value: f64, others: &[f64]| figure(value, others, places);
    let cap = cap(&drawn, deal.term, budget, confidence, &costs);
    let caps = caps(&drawn, deal.term);
    let discount = |term: u32, cap: Option<f64>| {
        let cost = quantile(&drawn.costs(term, cap), confidence);
        largest_discount(cost, float(deal.listed(term)), floor)
    };
    let mut trade = Vec::new();
    for cap in std::iter::once(None).chain(caps.into_iter().map(Some)) {
        trade.extend(terms.iter().map(|term| Trade {
            term: *term,
            cap: cap.map(|cap| exact(cap, 0)),
            discount: discount(*term, cap),
        }));
    }
    let mean = costs.iter().sum::<f64>() / costs.len() as f64;
    let units = float(deal.priced()) * f64::from(deal.term / deal.interval);
    let floor_price = quantile(&costs, confidence) / (1.0 - floor) / units;
    Quote {
        revenue: deal.revenue(),
        expected: money(mean, &others.mean),
        p50: money(quantile(&costs, 0.5), &others.p50),
        p95: money(quantile(&costs, 0.95), &others.p95),
        below_floor: figure(above(&costs, budget), &others.below, 4),
        floor_price: up(floor_price, places),
        largest_discount: discount(deal.term, None),
        cap,
        heaviest: heaviest(look_alikes, deal, growth, places),
        trade,
        growth: figure(growth.rate, &others.growth, 4),
        growth_is_estimated: growth.estimated,
        growth_is_unknown: !growth.estimated && choices.growth.is_none(),
        draw_error: (
            exact(draw_error(&costs, 0.5), places),
            exact(draw_error(&costs, 0.95), places),
        ),
    }
}

/// The commitments of the trade table: the deal's own, and the usual ones.
fn terms(deal: &Deal) -> Vec<u32> {
    let mut terms = TERMS.to_vec();
    terms.push(deal.term);
    terms.sort();
    terms.dedup();
    terms
}

/// Figures of other samples of look-alikes, sorted.
#[derive(Default)]
struct Others {
    mean: Vec<f64>,
    p50: Vec<f64>,
    p95: Vec<f64>,
    below: Vec<f64>,
    growth: Vec<f64>,
}

impl Others {
    fn draw<'a>(
        look_alikes: &'a [LookAlike],
        choices: &Choices,
        budget: f64,
        urn: &dyn Fn(Vec<&'a LookAlike>) -> Urn<'a>,
    ) -> Others {
        let mut random = Random::new(choices.seed, 1);
        let mut others = Others::default();
        for _ in 0..RESAMPLES {
            let sample: Vec<&LookAlike> = look_alikes
                .iter()
                .map(|_| &look_alikes[random.place(look_alikes.len())])
                .collect();
            let mut urn = urn(sample);
            let slopes = urn.look_alikes.iter().map(|one| one.slope());
            let growth = urn.stated.unwrap_or_else(|| together(slopes));
            urn.stated = Some(growth);
            let costs = urn.draw(CONTRACTS, &mut random).costs(urn.term, None);
            others
                .mean
                .push(costs.iter().sum::<f64>() / costs.len() as f64);
            others.p50.push(quantile(&costs, 0.5));
            others.p95.push(quantile(&costs, 0.95));
            others.below.push(above(&costs, budget));
            others.growth.push(growth);
        }
        let all = [&mut others.mean, &mut others.p50, &mut others.p95];
        let rest = [&mut others.below, &mut others.growth];
        for list in all.into_iter().chain(rest) {
            list.sort_by(f64::total_cmp);
        }
        others
    }
}

/// A figure with the range of others, which includes it.
fn figure(value: f64, others: &[f64], places: u8) -> Figure {
    Figure {
        value: exact(value, places),
        low: exact(quantile(others, 0.05).min(value), places),
        high: exact(quantile(others, 0.95).max(value), places),
    }
}

/// The standard error that drawing itself leaves in a quantile: half the distance between the order
/// statistics one standard error of the rank to each side.
fn draw_error(sorted: &[f64], share: f64) -> f64 {
    let wide = (share * (1.0 - share) / sorted.len() as f64).sqrt();
    (quantile(sorted, share + wide) - quantile(sorted, share - wide)) / 2.0
}

/// The largest discount, in tenths of a per cent, at which a contract of this cost reaches the floor.
fn largest_discount(cost: f64, listed: f64, floor: f64) -> Option<Exact> {
    let discount = 1.0 - cost / (1.0 - floor) / listed;
    // Written as a decimal and cut: what is printed never promises more than was found.
    let tenths = (discount * 1000.0).floor();
    (listed > 0.0 && tenths >= 0.0).then(|| exact(tenths / 1000.0, 3))
}

/// Rounds up at `places`.
fn up(value: f64, places: u8) -> Exact {
    let nearest = exact(value, places);
    match float(nearest) < value {
        true => nearest + Exact::new(1, places),
        false => nearest,
    }
}

/// The share of contracts that keep within a budget under a cap.
fn within(drawn: &Draws, term: u32, cap: f64, budget: f64) -> f64 {
    1.0 - above(&drawn.costs(term, Some(cap)), budget)
}

/// The largest cap with which enough contracts keep within the budget, in three digits.
fn cap(drawn: &Draws, term: u32, budget: f64, confidence: f64, costs: &[f64]) -> Cap {
    let most = drawn.most();
    if quantile(costs, confidence) <= budget {
        return Cap::NotNeeded;
    }
    if most <= 0.0 {
        return Cap::Unknown;
    }
    if within(drawn, term, 0.0, budget) < confidence {
        return Cap::Never;
    }
    let (mut low, mut high) = (0.0, most);
    // Thirty halvings are finer than the three digits that are told.
    for _ in 0..30 {
        let middle = (low + high) / 2.0;
        match within(drawn, term, middle, budget) >= confidence {
            true => low = middle,
            false => high = middle,
        }
    }
    let (told, unit) = digits(low, 3);
    // The halving stops a little below the cap; where that is a round number, it is told.
    let next = told + unit;
    let told = match within(drawn, term, next, budget) >= confidence {
        true => next,
        false => told,
    };
    match told >= 1.0 {
        true => Cap::At(exact(told, 0)),
        false => Cap::Never,
    }
}

/// The caps of the trade table: multiples of what a month of the deal counts at the median.
fn caps(drawn: &Draws, term: u32) -> Vec<f64> {
    let median = quantile(&drawn.quantities(term), 0.5);
    let caps = CAPS.map(|times| digits(times * median, 2).0);
    caps.into_iter().filter(|cap| *cap >= 1.0).collect()
}

/// Cuts a number to whole units and to so many digits; returns it and the unit of its last digit.
fn digits(value: f64, digits: u32) -> (f64, f64) {
    let mut unit = 1.0;
    while value / unit >= f64::from(10u32.pow(digits)) {
        unit *= 10.0;
    }
    ((value / unit).floor() * unit, unit)
}

/// The deal if each seat costs in every month what it costs at the heaviest look-alike on average.
fn heaviest(look_alikes: &[LookAlike], deal: &Deal, growth: Growth, places: u8) -> Heaviest {
    let months = look_alikes.iter().flat_map(|one| &one.months);
    let back = months.map(|month| month.back).max().unwrap_or_default();
    let powers = Powers::new(growth.rate, back.max(deal.term));
    let levels = look_alikes.iter().map(|one| (one.level(&powers), one));
    let (level, one) = levels.fold((0.0, &look_alikes[0]), |heaviest, one| {
        if one.0 > heaviest.0 { one } else { heaviest }
    });
    Heaviest {
        customer: one.customer.clone(),
        cost: exact(level * float(deal.units()) * powers.sum(deal.term), places),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::sample::MonthOf;

    fn choices() -> Choices {
        Choices {
            floor: Exact::new(6, 1),
            confidence: Exact::new(95, 2),
            growth: Some(Exact::ZERO),
            draws: 4000,
            seed: 1,
            places: 2,
        }
    }

    fn deal(price: u64) -> Deal {
        Deal {
            seats: Some(Exact::from(10u64)),
            whole_price: false,
            price: Exact::from(price),
            interval: 1,
            discount: Exact::ZERO,
            term: 12,
        }
    }

    /// Twenty look-alikes whose seats cost 1 to 20 a month.
    fn ladder() -> Vec<LookAlike> {
        steps(20)
    }

    fn steps(count: u32) -> Vec<LookAlike> {
        let one = |at: u32| LookAlike {
            customer: format!("c{at:02}"),
            months: vec![MonthOf {
                back: 0,
                cost: f64::from(at),
                quantity: f64::from(at) * 100.0,
            }],
        };
        (1..=count).map(one).collect()
    }

    #[test]
    fn a_ladder_is_read_off() {
        // The new seat lies evenly in 21 gaps: its median is 10.5, its 95th percentile 19.95, for
        // ten seats and twelve months 1,260 and 2,394. 4,000 draws have a standard error of 0.16 steps.
        let quote = quote(&ladder(), &deal(50), &choices());
        let near = |value: Exact, expected: f64, off: f64| {
            assert!((float(value) - expected).abs() < off, "{value} {expected}");
        };
        near(quote.p50.value, 1260.0, 60.0);
        near(quote.p95.value, 2394.0, 40.0);
        assert_eq!(quote.revenue, Exact::from(6000u64));
        // Budget 40 % of 6,000 = 2,400, or 20 a seat and month: all of the ladder, not its tail.
        near(quote.below_floor.value, 1.0 / 21.0, 0.015);
        assert!(quote.below_floor.low <= quote.below_floor.value);
        // 19.95 ∕ 0.4 = 49.875.
        near(quote.floor_price, 49.875, 0.9);
        assert_eq!(quote.heaviest.customer, "c20");
        assert_eq!(quote.heaviest.cost, Exact::from(2400u64));
        assert!(quote.draw_error.1.is_positive());
        assert!(quote.p50.low < quote.p50.value && quote.p50.value < quote.p50.high);
        // Without growth and noise a longer contract is the same again.
        let first = &quote.trade[0];
        assert_eq!((first.term, &first.cap), (12, &None));
        assert!(
            quote.trade[..3]
                .iter()
                .all(|one| one.discount == first.discount)
        );
    }

    /// The example of the page of the method: nineteen look-alikes, twenty gaps.
    #[test]
    fn the_published_example() {
        let asked = Deal {
            seats: Some(Exact::from(100u64)),
            ..deal(40)
        };
        let sharp = Choices {
            draws: 50_000,
            ..choices()
        };
        let quote = quote(&steps(19), &asked, &sharp);
        // Standard errors of 50,000 draws: 0.2 points of the chance, 0.05 steps of the median.
        let near = |value: Exact, expected: f64, off: f64| {
            assert!((float(value) - expected).abs() < off, "{value} {expected}");
        };
        near(quote.p50.value, 12_000.0, 200.0);
        near(quote.p95.value, 22_800.0, 200.0);
        near(quote.below_floor.value, 0.2, 0.006);
        near(quote.floor_price, 47.5, 0.4);
    }

    #[test]
    fn the_floor_price_is_the_least() {
        let all = ladder();
        let price = |price: Exact| {
            let deal = Deal { price, ..deal(1) };
            quote(&all, &deal, &choices())
        };
        let least = price(Exact::ONE).floor_price;
        assert!(price(least).below_floor.value <= Exact::new(5, 2));
        assert_eq!(price(least).cap, Cap::NotNeeded);
        let less = least - Exact::new(1, 2);
        assert!(price(less).largest_discount.is_none());
        assert_ne!(price(less).cap, Cap::NotNeeded);
        // Twice the least price leaves a discount of a half.
        let twice = price(least + least).largest_discount.unwrap();
        assert!(
            twice >= Exact::new(499, 3) && twice <= Exact::new(5, 1),
            "{twice}"
        );
    }

    #[test]
    fn the_safe_cap_keeps_the_floor() {
        // 20 a seat: the budget is 8 a seat and month, or 960 for the contract. Every unit costs 0.01,
        // so a month of 8,000 units costs 80, and twelve cost 960: the cap is 8,000.
        let quote = quote(&ladder(), &deal(20), &choices());
        assert_eq!(quote.cap, Cap::At(Exact::from(8000u64)));
        let mut silent = ladder();
        for one in &mut silent {
            one.months[0].quantity = 0.0;
        }
        let unknown = super::quote(&silent, &deal(20), &choices());
        assert_eq!(unknown.cap, Cap::Unknown);
        assert_eq!(unknown.trade.len(), 3, "no cap, three terms");
        let free = super::quote(&ladder(), &deal(0), &choices());
        assert_eq!(free.cap, Cap::Never);
        assert_eq!(free.largest_discount, None);
    }

    #[test]
    fn growth_costs_more_the_longer_the_contract() {
        let growing = Choices {
            growth: Some(Exact::new(2, 2)),
            ..choices()
        };
        let quote = quote(&ladder(), &deal(100), &growing);
        let discounts: Vec<_> = quote.trade[..3].iter().map(|one| one.discount).collect();
        assert!(discounts[0] > discounts[1] && discounts[1] > discounts[2]);
        // 20 × 10 seats × Σ 1.02^t for t = 1 … 12: 200 × 13.680331525… = 2,736.07.
        assert_eq!(quote.heaviest.cost, Exact::new(273607, 2));
        assert!(!quote.growth_is_estimated);
    }

    #[test]
    fn a_seed_says_it_all() {
        let other = Choices {
            seed: 2,
            ..choices()
        };
        let of = |choices: &Choices| quote(&ladder(), &deal(50), choices);
        assert_eq!(of(&choices()), of(&choices()));
        assert_ne!(of(&choices()).p95, of(&other).p95);
        let mut turned = ladder();
        turned.reverse();
        let turned = quote(&turned, &deal(50), &choices());
        assert_eq!(turned.p95.value, of(&choices()).p95.value);
    }
}
