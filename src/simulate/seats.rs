//! Seats: how many a customer has, and how many its invoices bill.

use std::collections::BTreeMap;

use super::membership::Membership;
use super::plan::Unresolved;
use crate::identity::PartyId;
use crate::model::Exact;
use crate::revenue::Obligation;

/// The shortest month: what is billed for it is the most that one unit at full price can bill in
/// that time.
const MONTH: i64 = 28 * 86_400_000_000;

/// Seats of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// How many the customer has.
    pub has: Exact,
    /// How many the line bills; above 0.
    pub billed: Exact,
    /// Whether that was inferred from the amount.
    pub inferred: bool,
}

/// What customers of one plan pay at the same time, for 28 days.
pub type Rates = BTreeMap<PartyId, Exact>;

/// Works out the rates of a plan: of the recurring lines of the period, all that are billed for one
/// moment together, at the dearest moment.
pub fn rates<'a>(
    lines: impl Iterator<Item = &'a Obligation>,
    membership: &Membership<'a>,
    plan: &str,
) -> Rates {
    let mut of: BTreeMap<PartyId, Vec<&Obligation>> = BTreeMap::new();
    for line in lines {
        let recurs = line.recurring != Some(false) && membership.in_period(line);
        if recurs && membership.names(line).contains(&plan) {
            of.entry(line.party).or_default().push(line);
        }
    }
    of.into_iter()
        .map(|(party, lines)| (party, dearest(&lines)))
        .collect()
}

fn dearest(lines: &[&Obligation]) -> Exact {
    let rate = |line: &Obligation| {
        let length = line.service.1.0 - line.service.0.0;
        let whole = (length > 0).then(|| {
            let amount = line.net * Exact::from(MONTH);
            Exact::ratio(amount, Exact::from(length), line.net.places().max(12))
        });
        // A charge for one moment is taken as one for a month.
        whole.flatten().unwrap_or(line.net)
    };
    let at = |moment: &Obligation| -> Exact {
        let start = moment.service.0;
        let runs = |line: &&&Obligation| {
            line.service.0 == start || (line.service.0 < start && start < line.service.1)
        };
        lines.iter().filter(runs).map(|line| rate(line)).sum()
    };
    lines
        .iter()
        .map(|line| at(line))
        .max()
        .unwrap_or(Exact::ZERO)
}

impl Membership<'_> {
    /// The seats of a line on a plan. The mapping's attribute `seats` says how many the customer
    /// has, unless it has several subscriptions: each of these has its own quantity. What is billed
    /// is the subscription's quantity; without one the line bills every seat if the customer pays
    /// more (`rates`) than one unit costs (`price`, per month), and one unit if not.
    ///
    /// # Errors
    /// Seats that nothing tells, and a text that is no number of seats.
    pub fn seats(
        &self,
        plan: &str,
        line: &Obligation,
        price: Option<Exact>,
        rates: &Rates,
    ) -> Result<Seats, Unresolved> {
        let party = self.world.identity.party(line.party);
        let day = self.day(line);
        let dated = party.attributes.get("seats").into_iter().flatten();
        let mut dated = dated.filter(|dated| !dated.value.trim().is_empty());
        let stated = match dated.find(|dated| dated.holds(day)) {
            None => None,
            Some(dated) => match Exact::parse(dated.value.trim()) {
                Ok(seats) if !seats.is_negative() => Some(seats),
                _ => {
                    let (customer, text) = (party.key.clone(), dated.value.clone());
                    return Err(Unresolved::BadSeats(customer, text, dated.line));
                }
            },
        };
        let stated = stated.filter(|_| !self.several.contains(&line.party));
        let id = line.subscription.as_deref();
        let quantity = id.and_then(|id| self.world.quantities.get(id)).copied();
        let billed = quantity.filter(Exact::is_positive);
        let Some(has) = stated.or(quantity) else {
            return Err(Unresolved::NoSeats(plan.to_string(), party.key.clone()));
        };
        let paid = rates.get(&line.party).copied().unwrap_or_default();
        let by_seat = quantity.is_none()
            && has > Exact::ONE
            && price.is_some_and(|price| price.is_positive() && paid > price);
        Ok(Seats {
            has,
            billed: match by_seat {
                true => has,
                false => billed.unwrap_or(Exact::ONE),
            },
            inferred: by_seat,
        })
    }
}
