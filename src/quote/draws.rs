//! Contracts drawn at random: which customer the new one is like, and what its months cost.
//!
//! The rule that must hold: before it signs, the new customer is as likely to fall into one of the
//! `n + 1` gaps between the `n` look-alikes, ordered by level, as into any other. This needs no
//! assumption on how costs are spread, and makes probabilities come true. Inside a gap the level lies
//! evenly; below the lightest it lies between nothing and it; above the heaviest it has a tail as long
//! as the heaviest few have above the others.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::sample::{LookAlike, MonthOf, Powers, together};

/// Random numbers that depend on the seed alone.
pub struct Random(ChaCha12Rng);

impl Random {
    /// Starts at a seed. `stream` keeps several uses of one seed apart.
    pub fn new(seed: u64, stream: u64) -> Random {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&stream.to_le_bytes());
        Random(ChaCha12Rng::from_seed(key))
    }

    /// A number from 0 to below 1, evenly.
    fn even(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A place in a list of so many.
    pub fn place(&mut self, count: usize) -> usize {
        ((self.even() * count as f64) as usize).min(count - 1)
    }
}

/// One month of a drawn contract.
#[derive(Clone, Copy, Debug)]
struct Month {
    cost: f64,
    quantity: f64,
}

/// Drawn contracts, the same number of months each.
pub struct Draws {
    term: usize,
    months: Vec<Month>,
}

/// Look-alikes in the order of their levels.
struct Levels<'a> {
    /// Level and look-alike, the lightest first.
    sorted: Vec<(f64, &'a LookAlike)>,
    /// The mean excess of the heaviest few above the next one.
    tail: f64,
}

impl<'a> Levels<'a> {
    fn of(look_alikes: &[&'a LookAlike], growth: &Powers) -> Levels<'a> {
        let level = |one: &&'a LookAlike| (one.level(growth), *one);
        let mut sorted: Vec<_> = look_alikes.iter().map(level).collect();
        sorted.sort_by(|a, b| {
            let names = || a.1.customer.cmp(&b.1.customer);
            a.0.total_cmp(&b.0).then_with(names)
        });
        let count = sorted.len();
        let heavy = ((count as f64).sqrt().ceil() as usize).min(count - 1);
        let next = sorted[count - heavy - 1].0;
        let excess = sorted[count - heavy..].iter().map(|one| one.0 - next);
        Levels {
            tail: excess.sum::<f64>() / heavy.max(1) as f64,
            sorted,
        }
    }

    /// The level of a new customer, and the look-alike whose months it has.
    fn draw(&self, random: &mut Random) -> (f64, f64, &'a LookAlike) {
        let count = self.sorted.len();
        let place = random.even() * (count + 1) as f64;
        let (gap, inside) = (place as usize, place.fract());
        let (level, mut near) = if gap == 0 {
            (self.sorted[0].0 * inside, 0)
        } else if gap >= count {
            // 3 × ((1 − u)^(−1∕4) − 1) is 1 on average, and heavier in its tail than an exponential.
            let beyond = 3.0 * (1.0 / (1.0 - inside).sqrt().sqrt() - 1.0);
            (self.sorted[count - 1].0 + self.tail * beyond, count - 1)
        } else {
            let (low, high) = (self.sorted[gap - 1].0, self.sorted[gap].0);
            let near = if inside < 0.5 { gap - 1 } else { gap };
            (low + (high - low) * inside, near)
        };
        // Months without any cost have no shape to go by.
        if self.sorted[near].0 <= 0.0 && near + 1 < count {
            near += 1;
        }
        let (own, one) = self.sorted[near];
        (level, own, one)
    }
}

/// What is drawn from.
pub struct Urn<'a> {
    /// The look-alikes; at least two.
    pub look_alikes: Vec<&'a LookAlike>,
    /// The growth that is stated; otherwise it is worked out from look-alikes drawn again and again,
    /// so that the contracts carry its uncertainty too.
    pub stated: Option<f64>,
    /// Seats of the deal.
    pub units: f64,
    /// Months of a contract.
    pub term: u32,
}

/// So many contracts share one growth.
const PER_GROWTH: usize = 50;

impl Urn<'_> {
    /// Draws contracts.
    pub fn draw(&self, count: usize, random: &mut Random) -> Draws {
        let months = self.look_alikes.iter().flat_map(|one| &one.months);
        let back = months.map(|month| month.back).max().unwrap_or_default();
        let slopes: Vec<_> = self.look_alikes.iter().map(|one| one.slope()).collect();
        let mut drawn = Draws {
            term: self.term as usize,
            months: Vec::with_capacity(count * self.term as usize),
        };
        let mut left = count;
        while left > 0 {
            let again = (0..slopes.len()).map(|_| slopes[random.place(slopes.len())]);
            let growth = self.stated.unwrap_or_else(|| together(again));
            let powers = Powers::new(growth, back.max(self.term));
            let levels = Levels::of(&self.look_alikes, &powers);
            for _ in 0..left.min(PER_GROWTH) {
                self.contract(&levels, &powers, random, &mut drawn.months);
            }
            left -= left.min(PER_GROWTH);
        }
        drawn
    }

    fn contract(
        &self,
        levels: &Levels<'_>,
        powers: &Powers,
        random: &mut Random,
        months: &mut Vec<Month>,
    ) {
        let (level, own, one) = levels.draw(random);
        let scale = match own > 0.0 {
            true => self.units * level / own,
            false => 0.0,
        };
        for month in 1..=self.term {
            let MonthOf {
                back,
                cost,
                quantity,
            } = one.months[random.place(one.months.len())];
            let then = scale * powers.of(back) * powers.of(month);
            months.push(Month {
                cost: cost * then,
                quantity: quantity * then,
            });
        }
    }
}

impl Draws {
    fn contracts(&self, term: u32) -> impl Iterator<Item = &[Month]> {
        let contracts = self.months.chunks(self.term);
        contracts.map(move |months| &months[..term as usize])
    }

    /// What the first `term` months of each contract cost, the lightest first, if no month serves more
    /// than the cap.
    pub fn costs(&self, term: u32, cap: Option<f64>) -> Vec<f64> {
        let cost = |month: &Month| match cap {
            Some(cap) if month.quantity > cap => month.cost * cap / month.quantity,
            _ => month.cost,
        };
        let contracts = self.contracts(term);
        let mut costs: Vec<f64> = contracts
            .map(|months| months.iter().map(cost).sum())
            .collect();
        costs.sort_by(f64::total_cmp);
        costs
    }

    /// What a month of each contract counts on average, the lightest first.
    pub fn quantities(&self, term: u32) -> Vec<f64> {
        let contracts = self.contracts(term);
        let mean = |months: &[Month]| {
            let sum: f64 = months.iter().map(|month| month.quantity).sum();
            sum / f64::from(term)
        };
        let mut means: Vec<f64> = contracts.map(mean).collect();
        means.sort_by(f64::total_cmp);
        means
    }

    /// The most that a month of any contract counts.
    pub fn most(&self) -> f64 {
        let quantities = self.months.iter().map(|month| month.quantity);
        quantities.fold(0.0, f64::max)
    }
}

/// The least value that at least this share of sorted values does not exceed.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// The share of sorted values that exceed a limit.
pub fn above(sorted: &[f64], limit: f64) -> f64 {
    let within = sorted.partition_point(|value| *value <= limit);
    (sorted.len() - within) as f64 / sorted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(name: &str, cost: f64) -> LookAlike {
        let month = MonthOf {
            back: 0,
            cost,
            quantity: cost * 10.0,
        };
        LookAlike {
            customer: name.into(),
            months: vec![month],
        }
    }

    #[test]
    fn every_gap_is_as_likely() {
        let all: Vec<LookAlike> = (1..=9).map(|at| flat("x", f64::from(at))).collect();
        let urn = Urn {
            look_alikes: all.iter().collect(),
            stated: Some(0.0),
            units: 1.0,
            term: 1,
        };
        let costs = urn.draw(20_000, &mut Random::new(1, 0)).costs(1, None);
        for limit in 1..=9 {
            // Ten gaps of a tenth each; 20,000 draws have a standard error of at most 0.0035.
            let share = 1.0 - above(&costs, f64::from(limit));
            assert!(
                (share - f64::from(limit) / 10.0).abs() < 0.015,
                "{limit} {share}"
            );
        }
        assert!(costs[0] >= 0.0 && costs[costs.len() - 1] > 9.0);
    }

    #[test]
    fn caps_seats_terms_and_growth_scale() {
        let all = [flat("a", 5.0), flat("b", 5.0)];
        let urn = |units, term| Urn {
            look_alikes: all.iter().collect(),
            stated: Some(0.5),
            units,
            term,
        };
        let draw = |units, term| urn(units, term).draw(400, &mut Random::new(7, 0));
        // Between two equal look-alikes the level is 5; the months are 7.5 and 11.25 a seat.
        let costs = draw(2.0, 2).costs(2, None);
        assert!((quantile(&costs, 0.5) - 37.5).abs() < 1e-9);
        // Each month counts ten times its cost: a cap of 75 serves half, then a third of it.
        let capped = draw(2.0, 2).costs(2, Some(75.0));
        assert!((quantile(&capped, 0.99) - 15.0).abs() < 1e-9);
        assert_eq!(
            draw(2.0, 2).costs(1, None),
            draw(2.0, 2).costs(1, Some(f64::MAX))
        );
        let means = draw(2.0, 2).quantities(2);
        assert!((quantile(&means, 0.5) - 187.5).abs() < 1e-9);
    }

    #[test]
    fn quantiles_are_values_that_are_not_exceeded_too_often() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(quantile(&values, 0.5), 2.0);
        assert_eq!(quantile(&values, 0.51), 3.0);
        assert_eq!(quantile(&values, 0.0), 1.0);
        assert_eq!(quantile(&values, 1.0), 4.0);
        assert_eq!(above(&values, 2.0), 0.5);
    }

    #[test]
    fn customers_without_cost_give_no_cost() {
        let all = [flat("a", 0.0), flat("b", 0.0)];
        let urn = Urn {
            look_alikes: all.iter().collect(),
            stated: None,
            units: 3.0,
            term: 12,
        };
        let costs = urn.draw(100, &mut Random::new(1, 0)).costs(12, None);
        assert_eq!(costs[99], 0.0);
    }
}
