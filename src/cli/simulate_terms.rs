//! Prices and terms of plans in a scenario: `[[plan]]` entries to changes.

use super::simulate_file::PlanEntry;
use super::simulate_levers::Reader;
use crate::model::{Currency, Exact, Meter};
use crate::simulate::{Measure, Metered, NewPrice, PlanChange, Rate, Tier, UsageTerms};

impl Reader<'_> {
    /// Adds an entry to the change of its plan.
    pub fn plan(&mut self, entry: &PlanEntry, plans: &mut Vec<PlanChange>) {
        let name = entry.plan.as_str();
        let price = self.price(entry);
        let year = entry.yearly_price.as_deref().and_then(|text| {
            let amount = self.amount("yearly_price", text.strip_suffix("/year").unwrap_or(text))?;
            Some(NewPrice::Year(amount))
        });
        let per_seat = self.optional_amount("per_seat", &entry.per_seat);
        let minimum = self.optional_amount("minimum", &entry.minimum);
        let cap = self.quantity("cap", &entry.cap);
        let usage = self.usage_terms(entry);
        let metered = self.metered(entry);
        let at = plans.iter().position(|plan| plan.plan == name);
        let at = at.unwrap_or_else(|| {
            plans.push(PlanChange::of(name));
            plans.len() - 1
        });
        let plan = &mut plans[at];
        let mut clash = plan.per_seat.is_some() && per_seat.is_some();
        clash |= plan.minimum.is_some() && minimum.is_some();
        clash |= plan.cap.is_some() && cap.is_some();
        plan.prices.extend(price.into_iter().chain(year));
        plan.per_seat = plan.per_seat.or(per_seat);
        plan.minimum = plan.minimum.or(minimum);
        plan.cap = plan.cap.take().or(cap);
        clash |= plan.metered.is_some() && metered.is_some();
        plan.metered = plan.metered.or(metered);
        plan.usage.extend(usage);
        if clash {
            let help = "write each seat price, minimum, cap and metered of a plan once";
            self.fault(
                name,
                format!("the plan {name:?} is given a term twice"),
                help,
            );
        }
    }

    /// Refuses what contradicts itself within a plan, when all its entries are read.
    pub fn whole(&mut self, plan: &PlanChange) {
        let name = &plan.plan;
        let months = plan
            .prices
            .iter()
            .filter(|p| matches!(p, NewPrice::Month(_)));
        let years = plan
            .prices
            .iter()
            .filter(|p| matches!(p, NewPrice::Year(_)));
        let factors = plan
            .prices
            .iter()
            .filter(|p| matches!(p, NewPrice::Factor(_)));
        let (months, years, factors) = (months.count(), years.count(), factors.count());
        if months > 1 || years > 1 || (factors > 0 && plan.prices.len() > 1) {
            self.fault(
                name,
                format!("the plan {name:?} is given two prices"),
                "a plan has one price per month and one per year, or one percentage; compare two prices with a range, 99..149:10, or with two --scenario files",
            );
        }
        if plan.per_seat.is_some() && (factors > 0 || (years > 0 && months == 0)) {
            self.fault(
                name,
                format!(
                    "the plan {name:?} has a price per seat and another that does not go with it"
                ),
                "beside a price per seat write a fee per month, or none",
            );
        }
        if plan.metered.is_some() && plan.usage.is_empty() {
            self.fault(
                name,
                format!(
                    "the plan {name:?} says what becomes of metered lines, but has no usage charge"
                ),
                "add included=5000 requests,overage=0.02, tiers or credits, or leave out metered",
            );
        }
        let counted = plan.usage.iter().flat_map(|terms| &terms.counted);
        let measures: Vec<&Measure> = counted.map(|(measure, _)| measure).collect();
        let pairs = measures.iter().enumerate();
        let mut pairs =
            pairs.flat_map(|(at, one)| measures[at + 1..].iter().map(|two| (*one, *two)));
        if let Some((one, two)) = pairs.find(|(one, two)| one.overlaps(two)) {
            let (narrow, wide) = match one {
                Measure::Tokens => (two, one),
                Measure::Of(_) => (one, two),
            };
            let why = match narrow == wide {
                true => String::new(),
                false => format!(": {} counts it too", wide.name()),
            };
            self.fault(
                name,
                format!("the plan {name:?} charges for {} twice{why}", narrow.name()),
                "write one allowance, one list of tiers or one weight for a meter",
            );
        }
    }

    /// What becomes of lines that bill usage now.
    fn metered(&mut self, entry: &PlanEntry) -> Option<Metered> {
        match entry.metered.as_deref()? {
            "replace" => Some(Metered::Replace),
            "keep" => Some(Metered::Keep),
            other => {
                let message = format!("metered is not understood: {other:?}");
                let help =
                    "write metered=replace or metered=keep, for the lines that bill usage now";
                self.fault(other, message, help);
                None
            }
        }
    }

    /// `149`, `149/month`, `1490/year`, `+10%`.
    fn price(&mut self, entry: &PlanEntry) -> Option<NewPrice> {
        let text = entry.price.as_deref()?.trim();
        if text.ends_with('%') {
            let factor = self.change("price", text)?;
            return Some(NewPrice::Factor(factor));
        }
        let (number, interval) = text.split_once('/').unwrap_or((text, "month"));
        let amount = self.amount("price", number)?;
        match interval.trim() {
            "month" | "mo" => Some(NewPrice::Month(amount)),
            "year" | "yr" => Some(NewPrice::Year(amount)),
            other => {
                let message = format!("{other:?} is neither month nor year");
                self.fault(text, message, "write 149/month or 1490/year");
                None
            }
        }
    }

    fn optional_amount(&mut self, key: &str, text: &Option<String>) -> Option<Exact> {
        text.as_deref().and_then(|text| self.amount(key, text))
    }

    /// An amount of money, with or without the report's currency.
    fn amount(&mut self, key: &str, text: &str) -> Option<Exact> {
        let whole = text.trim();
        let is_code = |word: &str| word.len() == 3 && word.chars().all(|c| c.is_ascii_alphabetic());
        let front = whole.get(..3).filter(|word| is_code(word));
        let back = whole.len().checked_sub(3).and_then(|at| whole.get(at..));
        let back = back.filter(|word| is_code(word));
        let number = match (front, back) {
            (Some(code), _) => whole.trim_start_matches(code),
            (None, Some(code)) => whole.trim_end_matches(code),
            (None, None) => whole,
        };
        if let Some(code) = front.or(back) {
            match Currency::parse(&code.to_uppercase()) {
                Some(currency) => self.currencies.push((currency, text.to_string())),
                None => {
                    let message = format!("{key} is not understood: {code:?} is no currency");
                    self.fault(
                        text,
                        message,
                        "write a plain number, in the report's currency",
                    );
                    return None;
                }
            }
        }
        self.number(key, text, number.trim())
    }

    /// A number that is not negative.
    pub fn number(&mut self, key: &str, text: &str, number: &str) -> Option<Exact> {
        let why = match Exact::parse(number) {
            Ok(number) if !number.is_negative() => return Some(number),
            Ok(_) => "it cannot be negative".to_string(),
            Err(why) => why.reason().to_string(),
        };
        self.fault(
            text,
            format!("{key} is not understood: {why}"),
            "write a plain number such as 149 or 0.02",
        );
        None
    }

    /// `5000 requests`.
    fn quantity(&mut self, key: &str, text: &Option<String>) -> Option<(Exact, Measure)> {
        let text = text.as_deref()?;
        let Some((number, meter)) = text.trim().split_once(' ') else {
            let message = format!("{key} is not understood: a meter is missing");
            self.fault(
                text,
                message,
                format!("write {key}=5000 requests; meters: {}", meters()),
            );
            return None;
        };
        let number = self.number(key, text, number)?;
        Some((number, Measure::named(meter.trim())))
    }

    /// What an entry charges for usage.
    fn usage_terms(&mut self, entry: &PlanEntry) -> Vec<UsageTerms> {
        let mut terms = Vec::new();
        let name = entry.plan.as_str();
        let included = self.quantity("included", &entry.included);
        let rate = self.rate(entry);
        match (included, rate) {
            (Some((included, measure)), Some(rate)) => terms.push(UsageTerms {
                counted: vec![(measure, Exact::ONE)],
                included,
                rate,
            }),
            (Some(_), None) if entry.tiers.is_empty() && entry.overage.is_none() => self.fault(
                name,
                format!("the plan {name:?} includes usage, but nothing says what more of it costs"),
                "add overage=0.02 (overage=0 where it is to be solved for), tiers, or write cap instead of included",
            ),
            (None, Some(_)) if entry.included.is_none() => self.fault(
                name,
                format!("the plan {name:?} charges for usage, but nothing says of which meter"),
                "add included=0 requests, or another number and meter",
            ),
            _ => {}
        }
        if entry.credits.is_none() && entry.credit_price.is_none() && entry.weights.is_empty() {
            return terms;
        }
        let credits = self.optional_amount("credits", &entry.credits);
        let price = self.optional_amount("credit_price", &entry.credit_price);
        let mut counted = Vec::new();
        for (meter, weight) in &entry.weights {
            if let Some(number) = self.number("weight", weight, weight.trim()) {
                counted.push((Measure::named(meter), number));
            }
        }
        match (credits, price) {
            (Some(included), Some(price)) if !counted.is_empty() => terms.push(UsageTerms {
                counted,
                included,
                rate: Rate::Flat(price),
            }),
            _ => self.fault(
                name,
                format!("the credits of the plan {name:?} are not complete"),
                "credits need their number, their price and a weight for each meter: credits=10000,credit_price=0.01,weight=1 requests",
            ),
        }
        terms
    }

    fn rate(&mut self, entry: &PlanEntry) -> Option<Rate> {
        let name = entry.plan.as_str();
        let flat = self.optional_amount("overage", &entry.overage);
        if entry.tiers.is_empty() {
            if let Some(mode) = &entry.tiers_mode {
                let message = format!("the plan {name:?} has tiers_mode {mode:?} but no tiers");
                self.fault(
                    mode,
                    message,
                    "add tiers = [{ up_to = \"1000\", unit_amount = \"0.02\" }, …]",
                );
            }
            return flat.map(Rate::Flat);
        }
        if entry.overage.is_some() {
            let message = format!("the plan {name:?} has both an overage price and tiers");
            self.fault(name, message, "write one of them");
        }
        let mut tiers = Vec::new();
        for tier in &entry.tiers {
            let up_to = tier
                .up_to
                .as_deref()
                .map(|text| self.number("up_to", text, text.trim()));
            let unit = self.amount("unit_amount", &tier.unit_amount);
            let fixed = tier
                .flat_amount
                .as_deref()
                .map(|text| self.amount("flat_amount", text));
            tiers.push(Tier {
                up_to: up_to.flatten(),
                unit_amount: unit.unwrap_or_default(),
                flat_amount: fixed.flatten().unwrap_or_default(),
            });
        }
        let (last, front) = tiers.split_last()?;
        let rising = front.windows(2).all(|pair| pair[0].up_to < pair[1].up_to);
        let bounded = front
            .iter()
            .all(|tier| tier.up_to.is_some_and(|up_to| up_to.is_positive()));
        if last.up_to.is_some() || !rising || !bounded {
            self.fault(
                name,
                format!("the tiers of the plan {name:?} do not cover every quantity once"),
                "let up_to rise from tier to tier, and leave it out in the last tier",
            );
        }
        match entry.tiers_mode.as_deref() {
            Some("graduated") => Some(Rate::Graduated(tiers)),
            Some("volume") => Some(Rate::Volume(tiers)),
            other => {
                let message = format!("the tiers of the plan {name:?} have no known mode");
                let help = "write tiers_mode = \"graduated\" (each unit at its tier's price) or \"volume\" (all units at the price of the last tier reached)";
                self.fault(other.unwrap_or(name), message, help);
                None
            }
        }
    }
}

/// The names of meters, for messages.
fn meters() -> String {
    let known: Vec<&str> = Meter::known().chain(["tokens"]).collect();
    known.join(", ")
}
