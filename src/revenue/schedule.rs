//! The revenue schedule of one obligation: straight line over its service period, reduced by
//! refunds, credit notes, voids and write-offs.
//!
//! Nothing here knows where an amount comes from, which currency it is in, or where months begin:
//! callers cut the time line as they like. The rule that must hold: however it is cut, the parts
//! sum to [`Schedule::total`] exactly.

use num_bigint::BigInt;

use crate::model::exact::div_half_even;
use crate::model::{Exact, Instant};

/// Revenue of one obligation over time.
///
/// Write f(t) for the share of the service period that has passed at t. A contra event of amount
/// c at time s reduces what was recognized by then by c·f(s), at once, and what is still to come
/// by c·(1 − f(s)), evenly up to the same end. Both together mean that the cumulated revenue is
/// (net − contra before t)·f(t), which is how it is computed: no state, no order of events.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    net: Exact,
    start: Instant,
    end: Instant,
    places: u8,
    /// In order of time.
    contra: Vec<(Instant, Exact)>,
    /// Stretches that another source tells, in order of time, apart from each other.
    hidden: Vec<(Instant, Instant)>,
}

impl Schedule {
    /// A straight line over `[start, end)`: `net` (less tax, in major units, of either sign) is
    /// earned in proportion to elapsed time. If `end` is not after `start` all of it is earned at
    /// `start`. `places` are the decimals of the currency's minor unit, to which the cumulated
    /// amount is rounded.
    pub fn straight(net: Exact, start: Instant, end: Instant, places: u8) -> Schedule {
        Schedule {
            net,
            start,
            end: end.max(start),
            places,
            contra: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// Takes revenue back at a moment: a refund, credit note, lost dispute, void or write-off.
    /// `amount` is net of tax and has the sign of what it takes back: positive against a positive
    /// `net`, negative against a negative one. Events may come in any order, may lie before the
    /// start (nothing was earned yet, the whole line gets thinner) or after the end (all of it is
    /// taken back at that moment).
    pub fn contra(&mut self, at: Instant, amount: Exact) {
        let after = self.contra.partition_point(|(time, _)| *time <= at);
        self.contra.insert(after, (at, amount));
    }

    /// What was taken back, in order of time.
    pub fn taken_back(&self) -> &[(Instant, Exact)] {
        &self.contra
    }

    /// Leaves out the revenue of half-open stretches, given in order of time and apart from each
    /// other, because a better source tells it; returns what is left out. Replaces what was hidden
    /// before.
    pub fn hide(&mut self, stretches: Vec<(Instant, Instant)>) -> Exact {
        self.hidden = stretches;
        self.whole() - self.total()
    }

    /// The same with nothing left out.
    pub fn unhidden(&self) -> Schedule {
        Schedule {
            hidden: Vec::new(),
            ..self.clone()
        }
    }

    /// What is left out of all time, with the contra events before `at` alone.
    pub fn hidden_as_of(&self, at: Instant) -> Exact {
        let events = self.contra.partition_point(|(time, _)| *time < at);
        let as_of = Schedule {
            contra: self.contra[..events].to_vec(),
            ..self.clone()
        };
        as_of.whole() - as_of.total()
    }

    /// Revenue of all time before `at`, contra events before `at` included; what happens at `at`
    /// itself is not. Rounded half to even at the minor unit while the line is running, exact
    /// before it starts and after it ends. Hidden stretches count nothing.
    pub fn recognized_until(&self, at: Instant) -> Exact {
        let mut sum = self.raw_until(at);
        for (from, to) in self.hidden.iter().take_while(|(from, _)| *from < at) {
            sum -= self.raw_until(at.min(*to)) - self.raw_until(*from);
        }
        sum
    }

    /// Whether a part of it is left out.
    pub fn has_hidden(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// The same with the hidden stretches.
    pub fn raw_until(&self, at: Instant) -> Exact {
        if at <= self.start {
            return Exact::ZERO;
        }
        let remaining = self.standing(at);
        if at >= self.end {
            return remaining;
        }
        let elapsed = BigInt::from(at.0 - self.start.0);
        let length = BigInt::from(self.end.0 - self.start.0);
        let scale = remaining.places();
        let numerator = remaining.units(scale) * elapsed * power_of_ten(self.places);
        let denominator = length * power_of_ten(scale);
        Exact::from_big(&div_half_even(&numerator, &denominator), self.places)
    }

    /// Before the first instant nothing was recognized, after the second nothing changes any more.
    pub fn span(&self) -> (Instant, Instant) {
        let last = self.contra.last().map_or(self.end, |(at, _)| *at);
        (self.start, self.end.max(last))
    }

    /// When something of it is taken back, in order.
    pub fn taken_back_at(&self) -> impl Iterator<Item = Instant> + '_ {
        self.contra.iter().map(|(at, _)| *at)
    }

    /// When the last of it is earned; its start if that is at once.
    pub fn runs_until(&self) -> Instant {
        self.end
    }

    /// Revenue of `[from, to)`. Negative where more is taken back than is earned.
    pub fn between(&self, from: Instant, to: Instant) -> Exact {
        self.recognized_until(to) - self.recognized_until(from)
    }

    /// The same schedule for a price `numerator / denominator` times as high: the net and every
    /// contra event are multiplied and rounded half to even at the minor unit, as an invoice would
    /// be. `denominator` must not be zero.
    pub fn scaled(&self, numerator: Exact, denominator: Exact) -> Schedule {
        let scale = |amount: Exact| {
            let places = self.places.max(amount.places());
            Exact::ratio(amount * numerator, denominator, places).unwrap_or(amount)
        };
        Schedule {
            net: scale(self.net),
            contra: self.contra.iter().map(|(at, c)| (*at, scale(*c))).collect(),
            hidden: self.hidden.clone(),
            ..*self
        }
    }

    /// Revenue of all time: net less every contra event and every hidden stretch.
    pub fn total(&self) -> Exact {
        let hidden = self.hidden.iter();
        let hidden = hidden.map(|(from, to)| self.raw_until(*to) - self.raw_until(*from));
        self.whole() - hidden.sum()
    }

    /// Net less every contra event, whatever is hidden.
    pub fn whole(&self) -> Exact {
        self.net - self.contra.iter().map(|(_, amount)| amount).sum()
    }

    /// Net less the contra events before `at`: what the line is worth as it stands then.
    pub fn standing(&self, at: Instant) -> Exact {
        let events = self.contra.partition_point(|(time, _)| *time < at);
        self.net - self.contra[..events].iter().map(|(_, c)| c).sum()
    }
}

fn power_of_ten(exponent: u8) -> BigInt {
    BigInt::from(10).pow(u32::from(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text, Some(crate::model::Zone::Utc)).unwrap()
    }

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn usd(net: &str, start: &str, end: &str) -> Schedule {
        Schedule::straight(exact(net), at(start), at(end), 2)
    }

    /// Revenue between each two neighboring dates.
    fn cut(schedule: &Schedule, dates: &[&str]) -> Vec<String> {
        dates
            .windows(2)
            .map(|pair| schedule.between(at(pair[0]), at(pair[1])).to_string())
            .collect()
    }

    #[test]
    fn a_month_from_the_fifteenth_is_split_by_its_days() {
        // 31 days from Jan 15 to Feb 15: 17 in January, 14 in February, 1 USD each.
        let schedule = usd("31", "2026-01-15", "2026-02-15");
        let months = cut(
            &schedule,
            &["2025-12-01", "2026-01-01", "2026-02-01", "2026-03-01"],
        );
        assert_eq!(months, ["0", "17", "14"]);
    }

    #[test]
    fn a_year_gives_each_month_its_days() {
        let schedule = usd("365", "2026-01-01", "2027-01-01");
        let firsts: Vec<String> = (1..=12).map(|m| format!("2026-{m:02}-01")).collect();
        let mut firsts: Vec<&str> = firsts.iter().map(String::as_str).collect();
        firsts.push("2027-01-01");
        assert_eq!(
            cut(&schedule, &firsts),
            [
                "31", "28", "31", "30", "31", "30", "31", "31", "30", "31", "30", "31"
            ]
        );
    }

    #[test]
    fn half_days_count() {
        // 120 days, noon to noon: 15.5 days in June, 12.5 in October.
        let schedule = usd("120", "2026-06-15 12:00", "2026-10-13 12:00");
        let months = cut(
            &schedule,
            &[
                "2026-06-01",
                "2026-07-01",
                "2026-08-01",
                "2026-09-01",
                "2026-10-01",
                "2026-11-01",
            ],
        );
        assert_eq!(months, ["15.5", "31", "31", "30", "12.5"]);
    }

    #[test]
    fn a_credit_note_takes_back_what_was_earned_and_thins_the_rest() {
        // 90 days at 1 USD. By Feb 1 a third and a bit (31/90) is earned: 45·31/90 = 15.5 goes
        // back at once, and 0.50 a day remains: 28 days of February 14, 31 of March 15.5.
        let mut schedule = usd("90", "2026-01-01", "2026-04-01");
        schedule.contra(at("2026-02-01"), exact("45"));
        let months = cut(
            &schedule,
            &["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"],
        );
        assert_eq!(months, ["31", "-1.5", "15.5"]);
        assert_eq!(schedule.total(), exact("45"));
    }

    #[test]
    fn an_upgrade_is_a_negative_and_a_positive_line() {
        // 90 for April, moved to a plan of 120 on the 21st: the unused ten days come back (−30),
        // ten days of the new plan are 40. April earns 60 + 40 = 100.
        let first = usd("90", "2026-04-01", "2026-05-01");
        let unused = usd("-30", "2026-04-21", "2026-05-01");
        let rest = usd("40", "2026-04-21", "2026-05-01");
        let until = |s: &Schedule, t| s.recognized_until(at(t));
        let lines = [&first, &unused, &rest];
        let sum = |t| -> Exact { lines.iter().map(|line| until(line, t)).sum() };
        assert_eq!(sum("2026-04-21"), exact("60"));
        assert_eq!(sum("2026-05-01"), exact("100"));
    }

    #[test]
    fn a_refunded_one_off_is_earned_and_taken_back() {
        let mut schedule = usd("90", "2026-01-20", "2026-01-20");
        schedule.contra(at("2026-02-03"), exact("90"));
        let months = cut(
            &schedule,
            &["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"],
        );
        assert_eq!(months, ["90", "-90", "0"]);
        assert_eq!(schedule.total(), Exact::ZERO);
    }

    #[test]
    fn what_happens_at_a_border_belongs_to_the_later_side() {
        let mut schedule = usd("90", "2026-02-01", "2026-02-01");
        schedule.contra(at("2026-03-01"), exact("30"));
        let months = cut(
            &schedule,
            &["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"],
        );
        assert_eq!(months, ["0", "90", "-30"]);
    }

    #[test]
    fn a_void_before_the_start_leaves_nothing() {
        let mut schedule = usd("99", "2026-03-01", "2026-04-01");
        schedule.contra(at("2026-02-20"), exact("99"));
        for date in ["2026-02-25", "2026-03-01", "2026-03-17", "2026-05-01"] {
            assert_eq!(
                schedule.recognized_until(at(date)),
                Exact::ZERO,
                "until {date}"
            );
        }
    }

    #[test]
    fn a_contra_after_the_end_counts_when_it_happens() {
        let mut schedule = usd("31", "2026-01-01", "2026-02-01");
        schedule.contra(at("2026-03-10"), exact("10"));
        let months = cut(
            &schedule,
            &["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"],
        );
        assert_eq!(months, ["31", "0", "-10"]);
    }

    #[test]
    fn two_contras_in_any_order() {
        // 90 days at 1 USD; 30 back on Feb 1, another 30 on Mar 1.
        // Feb: 28·60/90 − 30·31/90 = 18.666… − 10.333… = 8.333…, cumulated 60·59/90 = 39.333….
        // Mar: −30·59/90 + 31·30/90 = −19.666… + 10.333… = −9.333…, cumulated 30.
        let mut early_first = usd("90", "2026-01-01", "2026-04-01");
        early_first.contra(at("2026-02-01"), exact("30"));
        early_first.contra(at("2026-03-01"), exact("30"));
        let mut late_first = usd("90", "2026-01-01", "2026-04-01");
        late_first.contra(at("2026-03-01"), exact("30"));
        late_first.contra(at("2026-02-01"), exact("30"));
        let dates = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"];
        assert_eq!(cut(&early_first, &dates), ["31", "8.33", "-9.33"]);
        assert_eq!(cut(&early_first, &dates), cut(&late_first, &dates));
        assert_eq!(early_first.total(), exact("30"));
    }

    #[test]
    fn signs_mirror() {
        let mut credit = usd("-90", "2026-01-01", "2026-04-01");
        credit.contra(at("2026-02-01"), exact("-45"));
        let months = cut(
            &credit,
            &["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"],
        );
        assert_eq!(months, ["-31", "1.5", "-15.5"]);
    }

    #[test]
    fn the_cumulated_amount_is_rounded_not_the_parts() {
        // 100 over the 3 months of 92 days from July: 31/92 and 62/92 of it, cumulated
        // 33.695… and 67.391…, so 33.70, 33.69 and the rest 32.61.
        let schedule = usd("100", "2026-07-01", "2026-10-01");
        let dates = ["2026-07-01", "2026-08-01", "2026-09-01", "2026-10-01"];
        assert_eq!(cut(&schedule, &dates), ["33.7", "33.69", "32.61"]);

        // 0.05 over two days: 0.025 after the first is a tie and goes to the even 0.02.
        let tie = usd("0.05", "2026-07-01", "2026-07-03");
        let days = ["2026-07-01", "2026-07-02", "2026-07-03"];
        assert_eq!(cut(&tie, &days), ["0.02", "0.03"]);
    }

    #[test]
    fn yen_have_no_minor_unit_and_finer_amounts_keep_their_sum() {
        let yen = Schedule::straight(exact("1000"), at("2026-07-01"), at("2026-07-04"), 0);
        let days = ["2026-07-01", "2026-07-02", "2026-07-03", "2026-07-04"];
        assert_eq!(cut(&yen, &days), ["333", "334", "333"]);

        let fine = usd("0.0301", "2026-07-01", "2026-07-03");
        assert_eq!(cut(&fine, &days[..3]), ["0.02", "0.0101"]);
        assert_eq!(fine.total(), exact("0.0301"));
    }

    #[test]
    fn hidden_stretches_count_nothing_and_keep_the_sum() {
        // 90 days at 1 USD, 45 of it taken back on Feb 1; February is told by someone else.
        let mut schedule = usd("90", "2026-01-01", "2026-04-01");
        schedule.contra(at("2026-02-01"), exact("45"));
        let hidden = schedule.hide(vec![(at("2026-02-01"), at("2026-03-01"))]);
        assert_eq!(hidden, exact("-1.5"));
        let dates = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"];
        assert_eq!(cut(&schedule, &dates), ["31", "0", "15.5"]);
        assert_eq!(schedule.total() + hidden, exact("45"));
        assert_eq!(schedule.recognized_until(at("2026-02-15")), exact("31"));
        // A one-off on the first moment of the stretch is inside, one on its end is not.
        let mut once = usd("10", "2026-02-01", "2026-02-01");
        once.hide(vec![(at("2026-02-01"), at("2026-03-01"))]);
        assert_eq!(once.total(), Exact::ZERO);
        let mut once = usd("10", "2026-03-01", "2026-03-01");
        once.hide(vec![(at("2026-02-01"), at("2026-03-01"))]);
        assert_eq!(once.total(), exact("10"));
    }

    #[test]
    fn an_end_before_the_start_is_a_one_off() {
        let schedule = usd("10", "2026-07-02", "2026-07-01");
        assert_eq!(
            cut(&schedule, &["2026-07-01", "2026-07-02", "2026-07-03"]),
            ["0", "10"]
        );
    }
}
