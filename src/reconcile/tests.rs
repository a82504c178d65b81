//! Each cause planted alone, with amounts worked out by hand.
//!
//! The list: model `m` costs 2 per input token, 0.5 per cached one, 8 per output token; half of it
//! in batch; input 4 beyond 200,000 tokens.

use std::sync::Arc;

use super::*;
use crate::attribution::matching::{Logged, Matched};
use crate::attribution::{Line, Topic};
use crate::model::CellKind;
use crate::model::names::ModelName;
use crate::model::records::{Charge, Origin};
use crate::model::{Currency, Instant, Packed, UsageCell, Zone};

struct List {
    discount: &'static str,
}

impl PriceList for List {
    fn price(&self, asked: Asked<'_>) -> Option<Listed> {
        if asked.model != "m" {
            return None;
        }
        let long = asked.band.threshold() >= Some(200_000);
        let price = match (asked.meter, long) {
            (Meter::Input, false) => "2",
            (Meter::Input, true) => "4",
            (Meter::CacheRead, _) => "0.5",
            (Meter::Output, _) => "8",
            _ => return None,
        };
        let factor = match asked.tier {
            "standard" => "1",
            "batch" => "0.5",
            _ => return None,
        };
        Some(Listed {
            price: exact(price) * exact(factor),
            discount: exact(self.discount),
        })
    }
}

const AT_LIST: List = List { discount: "0" };

fn exact(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

fn day(n: i32) -> Day {
    Day::from_ymd(2026, 10, 1).unwrap().plus(n - 1)
}

/// A charge of the model `m` on a day of October: (day, meter, amount, quantity).
fn charge(of: i32, meter: ChargeMeter, amount: &str, quantity: Option<&str>) -> Charge {
    let start = Zone::Utc.start_of(day(of));
    Charge {
        provider: Some("p".into()),
        start,
        end: Instant(start.0 + (Zone::Utc.start_of(day(of + 1)).0 - start.0)),
        amount: exact(amount),
        written_places: exact(amount).places(),
        currency: Currency::USD,
        scopes: Vec::new(),
        model: Some("m".into()),
        meter,
        tier: None,
        kind: ChargeKind::Usage,
        quantity: quantity.map(exact),
        item: String::new(),
        origin: Origin {
            file: "bill.csv".into(),
            line: of as u64 + 1,
        },
    }
}

fn cell(of: i32, meter: &Meter, quantity: &str) -> UsageCell {
    let kind = CellKind {
        scopes: None,
        feature: None,
        provider: Some("p".into()),
        model: Some("m".into()),
        tier: None,
        band: ContextBand::BASE,
        dimensions: Vec::new(),
        aggregated: false,
    };
    let quantity = (meter.clone(), Packed::from(exact(quantity)));
    UsageCell {
        utc_day: day(of),
        day: day(of),
        source: Some("acme".into()),
        kind: kind.into(),
        quantities: [quantity].into_iter().collect(),
        requests: Packed::ZERO,
        aside: None,
    }
}

fn line(charge: &Charge) -> Line<'_> {
    Line {
        charge,
        model: charge.model.as_deref().map(ModelName::parse),
        amount: charge.amount,
        quantity: charge.quantity,
        first: charge.start.utc_day(),
        end: charge.end.utc_day(),
        day: charge.start.utc_day(),
        direct: None,
        shared: None,
        rounding: Exact::ZERO,
    }
}

/// Sorts charges and cells into one topic per meter, as the matching does.
fn comparison<'a>(charges: &'a [Charge], cells: &'a [UsageCell]) -> Comparison<'a> {
    let mut comparison = Comparison::default();
    let topic = |meter: &ChargeMeter| Topic {
        provider: Some("p".into()),
        model: Some(ModelName::parse("m")),
        meter: meter.clone(),
        tier: None,
    };
    for charge in charges {
        if charge.kind != ChargeKind::Usage {
            comparison.others.push(line(charge));
            continue;
        }
        let topic = topic(&charge.meter);
        match comparison.matched.iter_mut().find(|m| m.topic == topic) {
            Some(matched) => matched.lines.push(line(charge)),
            None => comparison.matched.push(Matched {
                topic,
                lines: vec![line(charge)],
                logged: Vec::new(),
            }),
        }
    }
    for cell in cells {
        for (meter, quantity) in &cell.quantities {
            let logged = Logged {
                cell,
                meter: meter.clone(),
                quantity: quantity.exact(),
            };
            let own = ChargeMeter::Is(meter.clone());
            let covers = |m: &&mut Matched<'_>| [&own, &ChargeMeter::All].contains(&&m.topic.meter);
            match comparison.matched.iter_mut().find(covers) {
                Some(matched) => matched.logged.push(logged),
                None => comparison.matched.push(Matched {
                    topic: topic(&own),
                    lines: Vec::new(),
                    logged: vec![logged],
                }),
            }
        }
    }
    comparison
}

/// `cause amount` of the whole comparison, in the order of the causes.
fn causes_with(list: &List, charges: &[Charge], cells: &[UsageCell]) -> Vec<String> {
    let found = reconcile(&comparison(charges, cells), list);
    let groups = grouped(&found.entries, |_| Vec::new());
    let causes = groups.iter().flat_map(|group| &group.causes);
    causes
        .map(|(cause, amount)| format!("{} {amount}", cause.key()))
        .collect()
}

fn causes(charges: &[Charge], cells: &[UsageCell]) -> Vec<String> {
    causes_with(&AT_LIST, charges, cells)
}

fn input(of: i32, amount: &str, quantity: &str) -> Charge {
    charge(of, ChargeMeter::Is(Meter::Input), amount, Some(quantity))
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn equal_quantities_at_list_price_leave_no_gap() {
    assert_eq!(
        causes(&[input(1, "20", "10")], &[cell(1, &Meter::Input, "10")]),
        none()
    );
}

#[test]
fn quantities_that_the_log_lacks_are_missing_events() {
    // 10 billed, 7 logged: 3 × 2.
    let found = causes(&[input(1, "20", "10")], &[cell(1, &Meter::Input, "7")]);
    assert_eq!(found, ["missing_events 6"]);
}

#[test]
fn quantities_that_were_not_billed_are_over_logged() {
    let found = causes(&[input(1, "20", "10")], &[cell(1, &Meter::Input, "14")]);
    assert_eq!(found, ["over_logging -8"]);
    // A meter that the bill does not have at all.
    assert_eq!(
        causes(&[], &[cell(1, &Meter::Output, "3")]),
        ["over_logging -24"]
    );
}

#[test]
fn what_the_next_day_takes_back_is_the_day_cut_off() {
    let charges = [
        input(1, "20", "10"),
        input(2, "20", "10"),
        input(9, "20", "10"),
    ];
    // 4 tokens of the first day are logged on the second; on the ninth 1 is missing.
    let cells = [(1, "6"), (2, "14"), (9, "9")].map(|(of, q)| cell(of, &Meter::Input, q));
    let found = reconcile(&comparison(&charges, &cells), &AT_LIST);
    let days: Vec<String> = grouped(&found.entries, |entry| vec![Some(entry.day.to_string())])
        .iter()
        .flat_map(|group| {
            let day = group.labels[0].clone().unwrap();
            let cause =
                move |(cause, amount): (&Cause, &Exact)| format!("{day} {} {amount}", cause.key());
            group.causes.iter().map(cause)
        })
        .collect();
    assert_eq!(
        days,
        [
            "2026-10-01 day_cut_off 8",
            "2026-10-02 day_cut_off -8",
            "2026-10-09 missing_events 2",
        ]
    );
    // Over the month it is no cause.
    assert_eq!(causes(&charges, &cells), ["missing_events 2"]);
}

#[test]
fn tokens_in_another_class_are_told() {
    // The log counts 6 cached tokens as input: 6 × 2 too much there, 6 × 0.5 too little here.
    let charges = [
        input(1, "8", "4"),
        charge(1, ChargeMeter::Is(Meter::CacheRead), "3", Some("6")),
    ];
    let found = causes(&charges, &[cell(1, &Meter::Input, "10")]);
    assert_eq!(found, ["token_class -9"]);
}

#[test]
fn a_charge_that_the_log_meets_in_another_meter_is_a_token_class() {
    // The log separates no cached tokens, so the bill's cache line stands in the input topic.
    let cached = charge(1, ChargeMeter::Is(Meter::CacheRead), "3", Some("6"));
    let charges = [input(1, "8", "4"), cached];
    let cells = [cell(1, &Meter::Input, "10")];
    let mut comparison = comparison(&charges[..1], &cells);
    comparison.matched[0].lines.push(line(&charges[1]));
    let found = reconcile(&comparison, &AT_LIST);
    assert_eq!(found.entries.len(), 1);
    // 6 × (0.5 − 2).
    assert_eq!(found.entries[0].causes[&Cause::TokenClass], exact("-9"));
    assert_eq!(found.entries[0].causes.len(), 1);
}

#[test]
fn a_tier_that_only_one_side_shows_is_told() {
    let mut batch = cell(1, &Meter::Input, "10");
    Arc::make_mut(&mut batch.kind).tier = Some("batch".into());
    // Logged as batch (10 × 1), billed at the standard price (10 × 2).
    assert_eq!(
        causes(&[input(1, "20", "10")], &[batch.clone()]),
        ["batch_or_tier 10"]
    );
    // Billed at exactly the batch price, logged as standard.
    let cells = [cell(1, &Meter::Input, "10")];
    assert_eq!(
        causes(&[input(1, "10", "10")], &cells),
        ["batch_or_tier -10"]
    );
    // Both agree.
    assert_eq!(causes(&[input(1, "10", "10")], &[batch]), none());
    let mut named = input(1, "10", "10");
    named.tier = Some("batch".into());
    assert_eq!(causes(&[named], &cells), ["batch_or_tier -10"]);
}

#[test]
fn a_context_tier_that_only_one_side_shows_is_told() {
    let cells = [cell(1, &Meter::Input, "10")];
    // Billed at exactly the long-context price.
    assert_eq!(causes(&[input(1, "40", "10")], &cells), ["context_tier 20"]);
    let mut long = cell(1, &Meter::Input, "10");
    Arc::make_mut(&mut long.kind).band = ContextBand::beyond(200_000).unwrap();
    assert_eq!(
        causes(&[input(1, "20", "10")], &[long.clone()]),
        ["context_tier -20"]
    );
    assert_eq!(causes(&[input(1, "40", "10")], &[long]), none());
}

#[test]
fn another_rate_is_told() {
    // 10 × (2.3 − 2).
    let cells = [cell(1, &Meter::Input, "10")];
    assert_eq!(causes(&[input(1, "23", "10")], &cells), ["rate 3"]);
}

#[test]
fn a_discount_is_told_apart_from_the_rate() {
    let list = List { discount: "0.15" };
    let cells = [cell(1, &Meter::Input, "10")];
    // 20 − 15 %.
    assert_eq!(
        causes_with(&list, &[input(1, "17", "10")], &cells),
        ["discount -3"]
    );
    assert_eq!(
        causes_with(&list, &[input(1, "18", "10")], &cells),
        ["rate 1", "discount -3"]
    );
}

#[test]
fn a_discount_that_was_not_granted_is_no_cause() {
    let list = List { discount: "0.15" };
    let cells = [cell(1, &Meter::Input, "10")];
    // Billed at the full list price, and at exactly half of it.
    assert_eq!(causes_with(&list, &[input(1, "20", "10")], &cells), none());
    assert_eq!(
        causes_with(&list, &[input(1, "10", "10")], &cells),
        ["batch_or_tier -10"]
    );
}

#[test]
fn a_line_billed_at_the_mix_of_the_log_has_no_other_rate() {
    let mut batch = cell(1, &Meter::Input, "10");
    Arc::make_mut(&mut batch.kind).tier = Some("batch".into());
    let cells = [cell(1, &Meter::Input, "10"), batch];
    // 10 × 2 + 10 × 1.
    assert_eq!(causes(&[input(1, "30", "20")], &cells), none());
    // 4 more of the same mix, at 1.5 each.
    assert_eq!(
        causes(&[input(1, "36", "24")], &cells),
        ["missing_events 6"]
    );
    let list = List { discount: "0.1" };
    assert_eq!(
        causes_with(&list, &[input(1, "27", "20")], &cells),
        ["discount -3"]
    );
}

#[test]
fn half_of_the_last_digit_is_rounding() {
    let mut bill = input(1, "20.01", "10.003");
    bill.written_places = 2;
    let cells = [cell(1, &Meter::Input, "10.003")];
    // 10.003 × 2 = 20.006, billed as 20.01.
    assert_eq!(causes(&[bill.clone()], &cells), ["rounding 0.004"]);
    bill.amount = exact("20.02");
    assert_eq!(causes(&[bill], &cells), ["rate 0.014"]);
}

#[test]
fn lines_that_are_no_usage_have_causes_of_their_own() {
    let of = |kind: ChargeKind, amount: &str, item: &str| Charge {
        kind,
        item: item.into(),
        ..charge(1, ChargeMeter::All, amount, None)
    };
    let charges = [
        of(ChargeKind::Credit, "-5", "Promotional credit"),
        of(ChargeKind::Credit, "-4", "Enterprise Discount Program"),
        of(ChargeKind::Tax, "3", "VAT"),
        of(ChargeKind::Rounding, "0.01", "Rounding"),
        charge(1, ChargeMeter::Item("Vector storage".into()), "7", None),
    ];
    assert_eq!(
        causes(&charges, &[]),
        [
            "discount -4",
            "credit -5",
            "tax 3",
            "non_token_items 7",
            "rounding 0.01"
        ]
    );
}

#[test]
fn without_a_list_price_nothing_is_computed() {
    let mut bill = input(1, "30", "10");
    bill.model = Some("new".into());
    let mut logged = cell(1, &Meter::Input, "6");
    Arc::make_mut(&mut logged.kind).model = Some("new".into());
    // 4 of 10 are missing at the billed rate of 3; the rest has no price.
    let (charges, cells) = ([bill], [logged]);
    let found = reconcile(&comparison(&charges, &cells), &AT_LIST);
    assert_eq!(found.entries[0].computed, None);
    assert_eq!(
        causes(&charges, &cells),
        ["missing_events 12", "unpriced 18"]
    );
}

#[test]
fn without_quantities_only_money_is_compared() {
    let whole = |amount: &str| charge(1, ChargeMeter::All, amount, None);
    // 10 × 2 + 2 × 8 = 36.
    let cells = [cell(1, &Meter::Input, "10"), cell(1, &Meter::Output, "2")];
    assert_eq!(causes(&[whole("36")], &cells), none());
    assert_eq!(causes(&[whole("40")], &cells), ["unexplained 4"]);
    let list = List { discount: "0.25" };
    assert_eq!(causes_with(&list, &[whole("27")], &cells), ["discount -9"]);
    let mut cents = whole("36.00");
    cents.written_places = 2;
    let odd = [cell(1, &Meter::Input, "17.998")];
    assert_eq!(causes(&[cents], &odd), ["rounding 0.004"]);
}

#[test]
fn evidence_names_lines_and_days() {
    let charges = [input(1, "20", "10"), input(3, "20", "10")];
    let cells = [cell(1, &Meter::Input, "9"), cell(3, &Meter::Input, "4")];
    let found = reconcile(&comparison(&charges, &cells), &AT_LIST);
    let groups = grouped(&found.entries, |entry| vec![entry.meter.clone()]);
    let evidence = &groups[0].evidence[&Cause::Missing];
    let lines: Vec<u64> = evidence.lines["bill.csv"].iter().copied().collect();
    assert_eq!(lines, [2, 4]);
    assert_eq!(evidence.days, [(day(3), exact("12")), (day(1), exact("2"))]);
    assert_eq!(groups[0].billed_quantity, Some(exact("20")));
    assert_eq!(groups[0].logged_quantity, Some(exact("13")));
}

#[test]
fn the_bill_implies_a_rate() {
    let charges = [input(1, "20", "10"), input(2, "26", "10")];
    let found = reconcile(&comparison(&charges, &[]), &AT_LIST);
    let rate = &found.rates[0];
    assert_eq!((rate.rate, rate.list), (exact("2.3"), Some(exact("2"))));
    let name: Arc<str> = "m".into();
    assert_eq!(rate.model.as_deref(), Some(&*name));
}
