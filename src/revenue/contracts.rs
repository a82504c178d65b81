//! Subscriptions as contracts: what each customer has agreed to pay, how often, and until when.
//!
//! A price comes from the price list where it is there, else from the subscription itself. Nothing
//! here is revenue.

use std::collections::BTreeMap;

use super::links::Links;
use super::plans::{named_by, names};
use super::{Obligation, RevenueBook};
use crate::identity::{Identity, PartyId};
use crate::model::records::{ListPrice, RevenueRecords, Subscription, SubscriptionItem};
use crate::model::{Day, Exact, Instant, Zone};

/// One subscription, or one item of it where the files have items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Who pays.
    pub party: PartyId,
    /// The billing system's customer id.
    pub payer: String,
    /// Subscription id (`sub_…`).
    pub subscription: String,
    /// Price id.
    pub price: String,
    /// Plan: the price's product name, nickname or id, the first that the files have.
    pub plan: String,
    /// How many of the price.
    pub quantity: Exact,
    /// `month`, `year`, `week`, `day`.
    pub interval: String,
    /// How many intervals one charge covers.
    pub interval_count: u32,
    /// List price of one per charge; `None` for metered and tiered prices.
    pub list_price: Option<Exact>,
    /// Whether it is billed by use.
    pub metered: bool,
    /// Share of the list price that the last full charge leaves out, 0 if none; `None` if no such
    /// charge is in the files.
    pub discount: Option<Exact>,
    /// When it began.
    pub started: Option<Instant>,
    /// The period that the last charge covers, half-open, if a file says.
    pub current: Option<(Instant, Instant)>,
    /// When the next charge is due; `None` if it is over, is going to end by then, or if no file
    /// says.
    pub renews: Option<Instant>,
    /// When it is going to end or has ended.
    pub ends: Option<Instant>,
    /// Trial, half-open.
    pub trial: Option<(Instant, Instant)>,
    /// `active`, `trialing`, `canceled`, …
    pub status: String,
    /// Whether the unit price had to be assumed: the file does not say if its amount is for one.
    pub assumed_unit: bool,
}

const DAY: i64 = 86_400_000_000;
/// Places of discount ratios.
const RATIO: u8 = 16;

impl Contract {
    /// What it is worth per month at list price, rounded half to even at the minor unit: a year is
    /// 12 months, a week 12/52 and a day 12/365 of a month. `None` without a list price.
    pub fn monthly(&self, places: u8) -> Option<Exact> {
        let (times, months) = match self.interval.as_str() {
            "month" => (1u64, 1u64),
            "year" => (1, 12),
            "week" => (52, 12),
            "day" => (365, 12),
            _ => return None,
        };
        let amount = self.list_price? * self.quantity * Exact::from(times);
        let months = Exact::from(months * u64::from(self.interval_count.max(1)));
        Exact::ratio(amount, months, places)
    }

    /// Nominal days of one charge.
    fn days(&self) -> i64 {
        let of_one = match self.interval.as_str() {
            "year" => 365,
            "week" => 7,
            "day" => 1,
            _ => 28,
        };
        of_one * i64::from(self.interval_count.max(1))
    }
}

/// The contracts of all subscriptions, in the order of their ids.
pub fn contracts(
    records: &RevenueRecords,
    book: &RevenueBook,
    identity: &Identity,
    zone: Zone,
) -> Vec<Contract> {
    let links = Links::of(records);
    let products = named_by(records);
    let mut charges: BTreeMap<&str, Vec<&Obligation>> = BTreeMap::new();
    for line in book
        .obligations
        .iter()
        .filter(|line| line.source.is_invoiced())
    {
        if let Some(id) = line.subscription.as_deref() {
            charges.entry(id).or_default().push(line);
        }
    }
    let mut found = Vec::new();
    for (id, subscription) in &links.subscriptions {
        let items = links.items.get(id).map_or(&[][..], Vec::as_slice);
        let items: Vec<Option<&SubscriptionItem>> = match items.is_empty() {
            true => vec![None],
            false => items.iter().map(|item| Some(*item)).collect(),
        };
        for item in items {
            let price = item.map_or(subscription.price.as_str(), |item| item.price.as_str());
            let terms = item.and_then(|item| item.terms.as_ref());
            let listed = links.prices.get(price).copied().or(terms);
            let mut contract = contract(subscription, item, listed, identity, zone);
            if let Some(listed) = listed {
                let first = names(listed, &products).into_iter().next();
                contract.plan = first.unwrap_or(contract.plan);
            }
            let lines = charges.get(id).map_or(&[][..], Vec::as_slice);
            contract.discount = discount(&contract, lines);
            found.push(contract);
        }
    }
    found
}

fn contract(
    subscription: &Subscription,
    item: Option<&SubscriptionItem>,
    listed: Option<&ListPrice>,
    identity: &Identity,
    zone: Zone,
) -> Contract {
    let price = item.map_or(&subscription.price, |item| &item.price);
    let current = item.and_then(|item| item.current_period);
    let current = current.or(subscription.current_period);
    let day = subscription.started.or(current.map(|(start, _)| start));
    let day = day.map_or(Day(0), |at| zone.day(at));
    let (party, _) = identity.billing("stripe", &subscription.customer, day);
    let (interval, interval_count) = interval(subscription, listed, current);
    let quantity = match item {
        Some(item) => item.quantity.unwrap_or(Exact::ZERO),
        None => subscription.quantity,
    };
    let metered = listed.is_some_and(|listed| listed.metered);
    let of_list = listed.and_then(|listed| listed.amount);
    // With items the subscription's own amount is not that of one of them.
    let own = subscription.amount.filter(|_| item.is_none());
    let list_price = of_list.or(own).filter(|_| !metered);
    let ends = subscription.ended.or(subscription.cancels_at);
    let next = current.map(|(_, end)| end);
    Contract {
        party,
        payer: subscription.customer.clone(),
        subscription: subscription.id.clone(),
        price: price.clone(),
        plan: price.clone(),
        quantity,
        interval_count,
        interval,
        list_price,
        metered,
        discount: None,
        started: subscription.started,
        current,
        renews: next.filter(|next| ends.is_none_or(|ends| ends > *next)),
        ends,
        trial: subscription.trial,
        status: subscription.status.clone(),
        assumed_unit: of_list.is_none() && own.is_some() && quantity != Exact::ONE,
    }
}

/// The interval of a charge and how many of it: as the price list says, else as the subscription
/// does, the count else from the length of its current period.
pub(super) fn interval(
    subscription: &Subscription,
    listed: Option<&ListPrice>,
    current: Option<(Instant, Instant)>,
) -> (String, u32) {
    let interval = match listed {
        Some(listed) if !listed.interval.is_empty() => listed.interval.clone(),
        _ => subscription.interval.clone(),
    };
    let stated = listed.map(|listed| listed.interval_count);
    let inferred = || current.map_or(1, |(start, end)| intervals(&interval, end.0 - start.0));
    let count = stated.or(subscription.interval_count);
    let count = count.unwrap_or_else(inferred).max(1);
    (interval, count)
}

/// How many intervals a period is long, to the nearest.
fn intervals(interval: &str, length: i64) -> u32 {
    let (days, of) = match interval {
        "year" => (365, 182),
        "month" => (30, 15),
        "week" => (7, 3),
        _ => (1, 0),
    };
    u32::try_from((length / DAY + of) / days).map_or(1, |count| count.max(1))
}

/// 1 − net ∕ list of the latest charge that covers a whole interval.
fn discount(contract: &Contract, lines: &[&Obligation]) -> Option<Exact> {
    let list = contract.list_price? * contract.quantity;
    let whole = lines.iter().filter(|line| {
        let days = (line.service.1.0 - line.service.0.0) / DAY;
        let same = line
            .price
            .as_ref()
            .is_none_or(|price| *price == contract.price);
        same && line.recurring != Some(false)
            && line.net.is_positive()
            && days >= contract.days()
            && days <= contract.days() + contract.days() / 8 + 1
    });
    let last = whole.max_by_key(|line| line.service.0)?;
    let paid = Exact::ratio(last.net, list, RATIO)?;
    Some((Exact::ONE - paid).max(Exact::ZERO))
}
