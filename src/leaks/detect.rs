//! All tests on all series: what is found, with its false discoveries limited over everything that
//! was tested.

use super::robust::{false_discovery, line};
use super::series::{Dated, Point, Series, without_weekdays};
use super::shift::{Shift, shift};
use super::spike::{Spike, spike};

/// Days of a time that is compared, at most.
const SPAN: usize = 28;
/// The same for what still rises.
const RISING_SPAN: usize = 14;
/// Spikes older than this are over.
const RECENT: usize = 30;
/// A day is a spike if its cost per request is more than this many times what was expected.
const DEARER_TIMES: f64 = 1.5;
/// The same for its cost, which varies more.
const MORE_TIMES: f64 = 2.0;
/// The rise of the median day that lasts, as a part of that of the mean.
const LASTING: f64 = 0.5;
/// The least fall of revenue: from a month of 28 days to one of 31 the same price is 10 % less a day.
const LESS: f64 = 0.12;
/// Use has not fallen while so much of it is left.
const SAME_USE: f64 = 0.9;
/// Weeks that say where gross profit goes.
const WEEKS: usize = 6;
/// Days of a month, for money per month.
pub const MONTH: usize = 30;

/// What is asked of a finding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Share of findings that may be false, over all series that are tested.
    pub false_discoveries: f64,
    /// Least money at risk per month.
    pub money: f64,
    /// Least number of requests in both times compared.
    pub requests: f64,
    /// Least rise of the cost per request: 0.05 is 5 percent.
    pub rise: f64,
    /// A customer that is not under water within so many days is left alone.
    pub horizon: f64,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            false_discoveries: 0.02,
            money: 10.0,
            requests: 30.0,
            rise: 0.05,
            horizon: 90.0,
        }
    }
}

/// What kind of leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The cost per request went up at once.
    Step,
    /// It goes up slowly.
    Drift,
    /// Single days cost far more than usual.
    Spike,
    /// The customer pays less at once for the same use.
    PaysLess,
    /// Gross profit falls towards zero, or below it.
    Falling,
}

/// When gross profit reaches zero, in days from the end of the period; 0 if it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Underwater {
    /// By the median slope.
    pub days: u32,
    /// By the steepest slope of the interval.
    pub earliest: u32,
    /// By the flattest; `None` if that never gets there.
    pub latest: Option<u32>,
}

/// Something found in one series. Days are numbers from the start of the period; ranges are
/// half-open.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Which series.
    pub series: usize,
    /// What.
    pub kind: Kind,
    /// Since when.
    pub since: usize,
    /// The days of a spike; empty otherwise.
    pub days: Vec<usize>,
    /// The time before, to compare with.
    pub then: (usize, usize),
    /// The time that is told as now.
    pub now: (usize, usize),
    /// By how much the level of the last weeks is higher, as a logarithm; for steps and drifts.
    pub rise: f64,
    /// The chance of it by noise alone.
    pub chance: f64,
    /// The rate of false discoveries at which it is one.
    pub rate: f64,
    /// When the customer is under water, where that can be told.
    pub underwater: Option<Underwater>,
}

/// What is found, by series and kind.
pub fn detect(series: &[Series], rules: &Rules) -> Vec<Signal> {
    let mut signals: Vec<Signal> = Vec::new();
    for (at, one) in series.iter().enumerate() {
        signals.extend(in_one(at, one));
    }
    let chances: Vec<f64> = signals.iter().map(|signal| signal.chance).collect();
    for (signal, rate) in signals.iter_mut().zip(false_discovery(&chances)) {
        signal.rate = rate;
    }
    signals.retain(|signal| {
        signal.rate <= rules.false_discoveries && matters(signal, &series[signal.series], rules)
    });
    settled(signals)
}

/// Every test of one series that can be made, whatever comes out.
fn in_one(at: usize, series: &Series) -> Vec<Signal> {
    let length = series.days.len();
    let signal = |kind, since, then, now, chance| Signal {
        series: at,
        kind,
        since,
        days: Vec::new(),
        then,
        now,
        rise: 0.0,
        chance,
        rate: 1.0,
        underwater: None,
    };
    let unit_costs = without_weekdays(&series.unit_costs());
    let costs = without_weekdays(&series.costs());
    let mut found = Vec::new();
    if let Some(shift) = shift(&unit_costs) {
        let (kind, span) = match shift.gradual {
            true => (Kind::Drift, RISING_SPAN),
            false => (Kind::Step, SPAN),
        };
        let since = shift.since;
        let then = (since.saturating_sub(SPAN), since);
        let now = (since.max(length.saturating_sub(span)), length);
        let one = signal(kind, since, then, now, shift.chance);
        found.push(Signal {
            rise: shift.rise,
            ..one
        });
    }
    let recent = length.saturating_sub(RECENT);
    if let Some(spike) = spikes(&unit_costs, &costs, recent)
        && let (Some(first), Some(last)) = (spike.days.first(), spike.days.last())
    {
        let then = (first.saturating_sub(SPAN), *first);
        let now = (*first, last + 1);
        let one = signal(Kind::Spike, *first, then, now, spike.chance);
        found.push(Signal {
            days: spike.days,
            ..one
        });
    }
    if let Some(less) = pays_less(series) {
        let since = less.since;
        let then = (since.saturating_sub(SPAN), since);
        let now = (since.max(length.saturating_sub(SPAN)), length);
        let one = signal(Kind::PaysLess, since, then, now, less.chance);
        found.push(Signal {
            rise: less.rise,
            ..one
        });
    }
    let grows = shift(&costs);
    if let Some((chance, underwater)) = fall(series, grows.as_ref()) {
        let span = SPAN.min(length / 2);
        // Before it began, where that can be told and leaves a time to compare with.
        let began = grows.filter(|grows| grows.rise > 0.0 && grows.since >= span);
        let since = began.map_or(0, |grows| grows.since);
        let first = since.max(span);
        let (then, now) = ((first - span, first), (length - span, length));
        let one = signal(Kind::Falling, since, then, now, chance);
        found.push(Signal { underwater, ..one });
    }
    found
}

/// Spikes of the cost per request, or of the cost, whichever is clearer.
fn spikes(unit_costs: &[Dated], costs: &[Dated], recent: usize) -> Option<Spike> {
    let tests = [(unit_costs, DEARER_TIMES), (costs, MORE_TIMES)];
    let found = tests.map(|(values, times)| spike(values, recent, times));
    let found = found.into_iter().flatten();
    let mut spike = found.min_by(|a, b| a.chance.total_cmp(&b.chance))?;
    // Two tests, so twice the chance.
    spike.chance = (2.0 * spike.chance).min(1.0);
    Some(spike)
}

/// A fall of revenue at once, of somebody who pays every day until the end. Who pays the same all the
/// time is not tested.
fn pays_less(series: &Series) -> Option<Shift> {
    let length = series.days.len();
    let last = series.between(length.saturating_sub(SPAN), length);
    if !last.iter().all(|day| day.revenue > 0.0) {
        return None;
    }
    let less = shift(&series.revenue_less())?;
    (!less.gradual && less.rise >= -(1.0 - LESS).ln()).then_some(less)
}

/// From the middle of a week to its last day.
const LAST_WEEK: f64 = 3.0;

/// The fall of weekly gross profit of somebody who pays: its chance, and when it is zero.
fn fall(series: &Series, grows: Option<&Shift>) -> Option<(f64, Option<Underwater>)> {
    let paid = |days: &[Point]| days.iter().any(|day| day.revenue > 0.0);
    let length = series.days.len();
    let weeks = series.weekly_profit();
    let line = line(&weeks[weeks.len().saturating_sub(WEEKS)..])?;
    // Two tests, so twice the chance: profit falls week by week, or cost rises.
    let chance = grows
        .map_or(1.0, |grows| grows.chance)
        .min(line.falls_by_chance);
    let chance = (2.0 * chance).min(1.0);
    if !paid(series.between(0, SPAN)) || !paid(series.between(length - SPAN, length)) {
        return None;
    }
    // A week that lost money is not argued away by a line through better ones.
    let lost = weeks.last().is_some_and(|week| *week <= 0.0);
    let left = if lost { 0.0 } else { line.last.max(0.0) };
    let days = |slope: f64| {
        // The line is at its last value in the middle of the last week, three days before the end.
        let days = (7.0 * left / -slope - LAST_WEEK).max(0.0);
        // What a division leaves over is no further day.
        let whole = (days - 1e-6).ceil() as u32;
        (slope < 0.0 && days < f64::from(u16::MAX)).then_some(whole)
    };
    let underwater = days(line.slope).zip(days(line.low));
    let underwater = underwater.map(|(middle, earliest)| Underwater {
        days: middle,
        earliest,
        latest: days(line.high),
    });
    Some((chance, underwater))
}

/// Whether a finding is about enough requests, change and money.
fn matters(signal: &Signal, series: &Series, rules: &Rules) -> bool {
    let (then, now) = (sums(series, signal.then), sums(series, signal.now));
    let days = |(from, to): (usize, usize)| (to - from).max(1) as f64;
    let month = MONTH as f64;
    if signal.kind == Kind::PaysLess {
        let a_day = |of: &Point, span| (of.revenue / days(span), of.requests / days(span));
        let (was, is) = (a_day(&then, signal.then), a_day(&now, signal.now));
        return (was.0 - is.0) * month >= rules.money
            && is.0 <= was.0 * (1.0 - LESS)
            && is.1 >= was.1 * SAME_USE
            && then.requests.min(now.requests) >= rules.requests;
    }
    if then.requests < rules.requests || now.requests < rules.requests {
        return signal.kind == Kind::Falling && falls(signal, &then, &now, series, rules);
    }
    match signal.kind {
        Kind::Step | Kind::Drift => {
            let (was, is) = (then.cost / then.requests, now.cost / now.requests);
            let money = (is - was) * now.requests / days(signal.now) * month;
            was > 0.0
                && signal.rise >= rules.rise.ln_1p()
                // Where the days in the middle rise far less than the mean, a few days did it.
                && signal.rise >= LASTING * (is / was).ln()
                && is >= was * (1.0 + rules.rise)
                && money >= rules.money
        }
        Kind::Spike => {
            let usual = then.cost / days(signal.then);
            let cost = signal.days.iter().map(|day| series.days[*day].cost);
            cost.map(|cost| cost - usual).sum::<f64>() >= rules.money
        }
        Kind::PaysLess | Kind::Falling => falls(signal, &then, &now, series, rules),
    }
}

fn falls(signal: &Signal, then: &Point, now: &Point, series: &Series, rules: &Rules) -> bool {
    let profit = |point: &Point| point.revenue - point.cost;
    let span = (signal.now.1 - signal.now.0).max(1) as f64;
    let lost = (profit(then) - profit(now)) / span * MONTH as f64;
    let soon = |water: Underwater| f64::from(water.days) <= rules.horizon;
    // A customer that left, and one that begins, have no trend.
    let there = |(from, to)| series.between(from, to).iter().any(|day| day.cost > 0.0);
    there(signal.then)
        && there(signal.now)
        && lost >= rules.money
        && signal.underwater.is_some_and(soon)
}

fn sums(series: &Series, (from, to): (usize, usize)) -> Point {
    let mut sums = Point::default();
    for day in series.between(from, to) {
        sums.cost += day.cost;
        sums.requests += day.requests;
        sums.revenue += day.revenue;
    }
    sums
}

/// One leak is told once: the days after a step are no spikes, and a fall of profit is told with
/// the rise of cost that explains it.
fn settled(signals: Vec<Signal>) -> Vec<Signal> {
    let explains =
        |signal: &Signal| matches!(signal.kind, Kind::Step | Kind::Drift | Kind::PaysLess);
    let mut kept: Vec<Signal> = Vec::new();
    // Tests of a series stand together, the shift first.
    for mut signal in signals {
        let shift = kept
            .last_mut()
            .filter(|kept| kept.series == signal.series && explains(kept));
        match (shift, signal.kind) {
            (Some(shift), Kind::Falling) => {
                shift.underwater = signal.underwater;
                continue;
            }
            (Some(shift), Kind::Spike) => {
                signal.days.retain(|day| *day < shift.since);
                let (Some(first), Some(last)) = (signal.days.first(), signal.days.last()) else {
                    continue;
                };
                signal.now = (*first, last + 1);
            }
            _ => {}
        }
        kept.push(signal);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(of: impl Fn(usize) -> (f64, f64, f64)) -> Series {
        let day = |at| {
            let (cost, requests, revenue) = of(at);
            Point {
                cost,
                requests,
                revenue,
            }
        };
        Series {
            days: (0..90).map(day).collect(),
        }
    }

    /// On the last day the cost is 4.65 of a revenue of 6.00, and it rises by 0.05 a day: 1.35 / 0.05.
    #[test]
    fn days_are_counted_from_the_last_one() {
        let rising = series(|at| (0.20 + 0.05 * at as f64, 100.0, 6.0));
        let (_, underwater) = fall(&rising, None).unwrap();
        let water = underwater.unwrap();
        assert_eq!(
            (water.days, water.earliest, water.latest),
            (27, 27, Some(27))
        );
    }

    /// What nobody may be alarmed by, and what must not become a number that is none.
    #[test]
    fn odd_series_are_silent() {
        let odd = [
            ("nothing", series(|_| (0.0, 0.0, 0.0))),
            ("cost without requests", series(|_| (50.0, 0.0, 10.0))),
            ("requests without cost", series(|_| (0.0, 500.0, 10.0))),
            ("more credited than billed", series(|_| (-5.0, 500.0, 10.0))),
            (
                "a zero baseline",
                series(|at| {
                    if at < 60 {
                        (0.0, 100.0, 0.0)
                    } else {
                        (80.0, 100.0, 0.0)
                    }
                }),
            ),
            (
                "three events",
                series(|at| {
                    if at % 30 == 7 {
                        (90.0, 1.0, 5.0)
                    } else {
                        (0.0, 0.0, 5.0)
                    }
                }),
            ),
            (
                "a new customer",
                series(|at| {
                    if at < 80 {
                        (0.0, 0.0, 0.0)
                    } else {
                        (90.0, 900.0, 5.0)
                    }
                }),
            ),
            (
                "a month of silence",
                series(|at| {
                    if (30..60).contains(&at) {
                        (0.0, 0.0, 9.0)
                    } else {
                        (3.0, 90.0, 9.0)
                    }
                }),
            ),
            (
                "credits on some days",
                series(|at| (if at % 10 == 3 { -40.0 } else { 9.0 }, 90.0, 30.0)),
            ),
            ("no days at all", Series::default()),
        ];
        for (name, series) in odd {
            for signal in in_one(0, &series) {
                assert!(signal.chance.is_finite(), "{name}: {signal:?}");
            }
            let found = detect(&[series], &Rules::default());
            assert!(found.is_empty(), "{name}: {found:?}");
        }
    }

    #[test]
    fn one_leak_is_told_once() {
        // Dearer by a half from day 60 on, which also eats the profit.
        let step = |at: usize| {
            let noise = ((at * 7919 + 13) % 101) as f64 / 50.0;
            let times = if at < 60 { 1.0 } else { 1.5 };
            ((99.0 + noise) * times, 1000.0, 160.0)
        };
        let found = detect(&[series(step)], &Rules::default());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind, found[0].since), (Kind::Step, 60));
        assert_eq!(found[0].then, (32, 60));
        assert_eq!(found[0].now, (62, 90));
    }

    /// Two days of failed requests near the end of a month.
    #[test]
    fn a_few_days_are_a_spike_and_no_step() {
        let burst = |at: usize| {
            let noise = ((at * 7919 + 13) % 101) as f64 / 50.0;
            let times = if at == 21 || at == 22 { 5.0 } else { 1.0 };
            ((99.0 + noise) * times, 1000.0, 0.0)
        };
        let mut month = series(burst);
        month.days.truncate(27);
        let found = detect(&[month], &Rules::default());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].kind, &found[0].days[..]),
            (Kind::Spike, &[21, 22][..])
        );
    }

    /// The price falls by a third on day 60, the use does not. The days of months are no fall, nor is
    /// it one where the use falls too, or where nothing is paid at the end yet.
    #[test]
    fn who_pays_less_for_the_same_is_told() {
        let noise = |at: usize| ((at * 7919 + 13) % 101) as f64 / 50.0;
        let with = |requests: fn(usize) -> f64, revenue: fn(usize) -> f64| {
            let of = |at: usize| (9.0 + noise(at), requests(at), revenue(at));
            detect(&[series(of)], &Rules::default())
        };
        let less: fn(usize) -> f64 = |at| if at < 60 { 30.0 } else { 20.0 };
        let found = with(|_| 900.0, less);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind, found[0].since), (Kind::PaysLess, 60));
        let fewer: fn(usize) -> f64 = |at| if at < 60 { 900.0 } else { 600.0 };
        let told = with(fewer, less);
        assert!(
            told.iter().all(|one| one.kind != Kind::PaysLess),
            "{told:?}"
        );
        let months: fn(usize) -> f64 = |at| 99.0 / if at < 60 { 28.0 } else { 31.0 };
        assert!(with(|_| 900.0, months).is_empty());
        let unpaid: fn(usize) -> f64 = |at| if at < 60 { 30.0 } else { 0.0 };
        let told = with(|_| 900.0, unpaid);
        assert!(
            told.iter().all(|one| one.kind != Kind::PaysLess),
            "{told:?}"
        );
    }

    #[test]
    fn little_money_and_few_requests_are_left_alone() {
        let step = |requests: f64, cost: f64| {
            series(move |at| {
                let noise = ((at * 7919 + 13) % 101) as f64 / 5050.0;
                let times = if at < 60 { 1.0 } else { 1.5 };
                ((1.0 + noise) * times * cost, requests, 0.0)
            })
        };
        let told = |series| !detect(&[series], &Rules::default()).is_empty();
        // Half of 30 days' cost is at risk: 15 and 9.
        assert!(told(step(100.0, 1.0)));
        assert!(!told(step(100.0, 0.6)));
        assert!(!told(step(1.0, 1.0)));
    }
}
