//! Bills that cover the same money: the same provider, line and day in two files, or two exports of
//! one provider in different layouts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::spans::{Spans, days_of};
use crate::attribution::BillCover;
use crate::formats;
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Scope};
use crate::model::{Exact, Instant};
use crate::problem::{Place, Problem, Problems, catalogue};

/// What to do about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnOverlap {
    /// Refuse.
    #[default]
    Error,
    /// Keep the file that reaches further, for the days that both have.
    Latest,
}

/// One bill file.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The file.
    pub file: Arc<str>,
    /// The name of its format.
    pub format: &'static str,
    /// The provider, if the format is one provider's own.
    pub provider: Option<&'static str>,
    /// Its charges.
    pub charges: Vec<Charge>,
    /// The time it covers, if its rows say.
    pub covers: Option<(Instant, Instant)>,
}

impl Bill {
    /// The time covered, per provider of its charges.
    pub fn cover(&self) -> Vec<BillCover> {
        let mut spans: BTreeMap<Option<String>, (Instant, Instant)> = BTreeMap::new();
        for charge in &self.charges {
            let span = spans
                .entry(charge.provider.clone())
                .or_insert((charge.start, charge.end));
            *span = (span.0.min(charge.start), span.1.max(charge.end));
        }
        // Empty days belong to the provider whose file this is, even if every day is empty.
        if let (Some(provider), Some(covers)) = (self.provider, self.covers) {
            spans.entry(Some(provider.to_string())).or_insert(covers);
        }
        if let Some((from, to)) = self.covers
            && spans.len() == 1
        {
            for span in spans.values_mut() {
                *span = (span.0.min(from), span.1.max(to));
            }
        }
        spans
            .into_iter()
            .map(|(provider, (start, end))| BillCover {
                provider,
                start,
                end,
            })
            .collect()
    }

    /// What its charges tell apart, with the values: models, and each kind of id.
    fn grouping(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for charge in &self.charges {
            if charge.model.is_some() || charge.meter != ChargeMeter::All {
                let value = charge.model.as_deref().unwrap_or(&charge.item);
                groups.entry("model").or_default().insert(value);
            }
            for scope in &charge.scopes {
                let values = groups.entry(scope.dimension).or_default();
                values.insert(&scope.id);
            }
        }
        groups
    }

    /// Whether two files of a layout that is grouped on request are grouped differently and have
    /// nothing that keeps them apart: then they tell the same money twice.
    fn is_regrouped(&self, other: &Bill) -> bool {
        if self.format != other.format || !formats::is_grouped_on_request(self.format) {
            return false;
        }
        let (ours, theirs) = (self.grouping(), other.grouping());
        let same_kinds = ours.keys().eq(theirs.keys());
        let apart = ours.iter().any(|(kind, values)| {
            theirs
                .get(kind)
                .is_some_and(|others| values.is_disjoint(others))
        });
        !same_kinds && !apart
    }

    fn end(&self) -> Option<Instant> {
        self.charges.iter().map(|charge| charge.end).max()
    }
}

/// What makes two charges the same line of a bill.
type Line<'a> = (
    Option<&'a str>,
    &'a ChargeMeter,
    Option<&'a str>,
    &'a [Scope],
    &'a str,
);

fn line(charge: &Charge) -> Line<'_> {
    (
        charge.model.as_deref(),
        &charge.meter,
        charge.tier.as_deref(),
        &charge.scopes,
        &charge.item,
    )
}

/// A charge that sums up everything of its provider and day.
fn is_whole(charge: &Charge) -> bool {
    charge.model.is_none() && charge.meter == ChargeMeter::All && charge.scopes.is_empty()
}

/// An order of charges that depends on their content alone.
pub fn order(charge: &Charge) -> impl Ord + '_ {
    (
        charge.provider.as_deref(),
        charge.start,
        charge.end,
        line(charge),
        charge.kind,
        charge.amount,
        charge.quantity,
    )
}

/// Charges of a file that another file bills too and that were left out.
#[derive(Clone, Debug)]
pub struct Superseded {
    /// The file that loses them.
    pub file: Arc<str>,
    /// How many rows of it.
    pub rows: u64,
    /// Their sum.
    pub amount: Exact,
}

impl Superseded {
    fn of(file: &Arc<str>, out: &[Charge]) -> Superseded {
        // A row may be a cost and its credits: it is one row.
        let mut lines: BTreeMap<u64, u64> = BTreeMap::new();
        for charge in out {
            let costs = u64::from(charge.kind != ChargeKind::Credit);
            *lines.entry(charge.origin.line).or_default() += costs;
        }
        Superseded {
            file: file.clone(),
            rows: lines.values().map(|costs| (*costs).max(1)).sum(),
            amount: out.iter().map(|charge| charge.amount).sum(),
        }
    }
}

/// Finds overlaps between files, and refuses or resolves them. What is left out is told.
pub fn settle(
    mut bills: Vec<Bill>,
    on_overlap: OnOverlap,
    problems: &mut Problems,
) -> (Vec<Bill>, Vec<Superseded>) {
    // The file that reaches further comes first and wins.
    bills.sort_by(|a, b| b.end().cmp(&a.end()).then_with(|| a.file.cmp(&b.file)));
    let mut superseded = Vec::new();
    for at in 0..bills.len() {
        let finer: Vec<usize> = (0..bills.len())
            .filter(|other| is_finer(&bills[*other], &bills[at]))
            .collect();
        for other in finer {
            let charges = std::mem::take(&mut bills[at].charges);
            let (left, told) = twice_told(&bills[at].file, charges, &bills[other]);
            bills[at].charges = left;
            match told {
                Ok(lost) => superseded.extend(lost),
                Err(problem) => problems.push(*problem),
            }
        }
    }
    let mut kept: Vec<Bill> = Vec::new();
    for mut bill in bills {
        for other in &kept {
            if is_finer(&bill, other) || is_finer(other, &bill) {
                continue;
            }
            let lines = Lines::of(other);
            let same_money = lines.tell_money_of(&bill);
            let again = |charge: &Charge| lines.bill(charge, same_money);
            let Some(first) = bill.charges.iter().find(|charge| again(charge)) else {
                continue;
            };
            // A charge of which the other file covers only some days cannot be left out.
            let whole = |charge: &Charge| !again(charge) || lines.contain(charge);
            if on_overlap == OnOverlap::Error || !bill.charges.iter().all(whole) {
                problems.push(refuse(other, &bill, first, &again));
                continue;
            }
            let (out, left): (Vec<_>, Vec<_>) = bill
                .charges
                .iter()
                .cloned()
                .partition(|charge| again(charge));
            superseded.push(Superseded::of(&bill.file, &out));
            bill.charges = left;
        }
        kept.push(bill);
    }
    (kept, superseded)
}

/// Whether `finer` tells the money of `bill` in more detail.
fn is_finer(finer: &Bill, bill: &Bill) -> bool {
    formats::finer_of(bill.format) == Some(finer.format)
}

/// Leaves out of a bill the costs of the days that another file tells in more detail. Credits, tax
/// and rounding stay: only the coarser file has them.
fn twice_told(
    file: &Arc<str>,
    charges: Vec<Charge>,
    finer: &Bill,
) -> (Vec<Charge>, Result<Option<Superseded>, Box<Problem>>) {
    let days = Spans::of(finer.charges.iter());
    let (out, left): (Vec<_>, Vec<_>) = charges
        .into_iter()
        .partition(|charge| charge.kind == ChargeKind::Usage && days.contains(days_of(charge)));
    (left, agree(file, &out, finer))
}

/// Says what is left out, if the finer file bills the same for the same days.
fn agree(
    file: &Arc<str>,
    out: &[Charge],
    finer: &Bill,
) -> Result<Option<Superseded>, Box<Problem>> {
    let Some(first) = out.first() else {
        return Ok(None);
    };
    let common = Spans::of(out.iter());
    let same = finer
        .charges
        .iter()
        .filter(|charge| common.hits(days_of(charge)));
    let told: Exact = same.clone().map(|charge| charge.amount).sum();
    let sum: Exact = out.iter().map(|charge| charge.amount).sum();
    // Each row of the coarser file may be rounded or cut at its last digit.
    let rounding: Exact = out
        .iter()
        .map(|charge| Exact::new(1, charge.written_places))
        .sum();
    let one_currency = same.clone().all(|charge| charge.currency == first.currency);
    if !one_currency || (sum - told).abs() > rounding {
        let of = |charge: Option<&Charge>| charge.map_or("?", |c| c.currency.code()).to_string();
        let message = format!(
            "bills {sum} {} for days for which {} bills {told} {}, though both tell the same money",
            first.currency,
            finer.file,
            of(same.clone().next())
        );
        return Err(Box::new(
            Problem::new(&catalogue::OVERLAP, message)
                .at(Place::line(file, first.origin.line))
                .help("export both again, or pass only one of them"),
        ));
    }
    Ok(Some(Superseded::of(file, out)))
}

/// The days of a bill's lines.
struct Lines<'a> {
    bill: &'a Bill,
    /// Days of every line.
    lines: BTreeMap<(Option<&'a str>, Line<'a>), Spans>,
    /// Days with any charge, by provider.
    all: BTreeMap<Option<&'a str>, Spans>,
    /// Days that one charge sums up.
    whole: BTreeMap<Option<&'a str>, Spans>,
}

impl<'a> Lines<'a> {
    fn of(bill: &'a Bill) -> Lines<'a> {
        let mut found = Lines {
            bill,
            lines: BTreeMap::new(),
            all: BTreeMap::new(),
            whole: BTreeMap::new(),
        };
        for charge in &bill.charges {
            let (provider, days) = (charge.provider.as_deref(), days_of(charge));
            let lines = found.lines.entry((provider, line(charge))).or_default();
            lines.push(days);
            found.all.entry(provider).or_default().push(days);
            if is_whole(charge) {
                found.whole.entry(provider).or_default().push(days);
            }
        }
        found.lines.values_mut().for_each(Spans::merge);
        found.all.values_mut().for_each(Spans::merge);
        found.whole.values_mut().for_each(Spans::merge);
        found
    }

    /// Whether the bill and another tell the same money on every day of a provider that both have,
    /// however they group it: two layouts do, and one layout grouped differently. A table of the
    /// user's own may add to any of them.
    fn tell_money_of(&self, other: &Bill) -> bool {
        let own = formats::bills::generic::FORMAT.name;
        let layouts =
            other.format != self.bill.format && other.format != own && self.bill.format != own;
        layouts || self.bill.is_regrouped(other)
    }

    /// Whether the bill has this charge's line on one of its days, or one of the two sums up the
    /// day. Where both tell the same money, any common day will do.
    fn bill(&self, charge: &Charge, same_money: bool) -> bool {
        let (provider, days) = (charge.provider.as_deref(), days_of(charge));
        let on = |spans: Option<&Spans>| spans.is_some_and(|spans| spans.hits(days));
        let any_line = is_whole(charge) || (same_money && provider.is_some());
        on(self.whole.get(&provider))
            || (any_line && on(self.all.get(&provider)))
            || on(self.lines.get(&(provider, line(charge))))
    }

    /// Whether the bill has charges on all days of this one.
    fn contain(&self, charge: &Charge) -> bool {
        let all = self.all.get(&charge.provider.as_deref());
        all.is_some_and(|spans| spans.contains(days_of(charge)))
    }
}

fn refuse(kept: &Bill, bill: &Bill, first: &Charge, again: &dyn Fn(&Charge) -> bool) -> Problem {
    let twice = || bill.charges.iter().filter(|charge| again(charge));
    let days = twice().map(|charge| charge.start.utc_day());
    let (from, to) = (days.clone().min(), days.max());
    let days = match (from, to) {
        (Some(from), Some(to)) if from != to => format!("{from} to {to}"),
        (Some(day), _) => day.to_string(),
        _ => String::new(),
    };
    let amount: Exact = twice().map(|charge| charge.amount).sum();
    let message = format!(
        "bills {days} again, which {} bills too: {amount} would count twice",
        kept.file
    );
    Problem::new(&catalogue::OVERLAP, message)
        .at(Place::line(&bill.file, first.origin.line))
        .help("leave one of them out, or say --on-overlap latest to keep the file that reaches further")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::records::Origin;
    use crate::model::{Currency, Day, Zone};

    fn charge(from: &str, days: i32, amount: &str, item: &str) -> Charge {
        let day = Day::parse(from).unwrap();
        Charge {
            provider: Some("deepseek".to_string()),
            start: Zone::Utc.start_of(day),
            end: Zone::Utc.start_of(day.plus(days)),
            amount: Exact::parse(amount).unwrap(),
            written_places: 4,
            currency: Currency::USD,
            scopes: Vec::new(),
            model: Some("m".to_string()),
            meter: ChargeMeter::All,
            tier: None,
            kind: ChargeKind::Usage,
            quantity: None,
            item: item.to_string(),
            origin: Origin {
                file: "x".into(),
                line: 2,
            },
        }
    }

    fn bill(format: &'static str, file: &str, charges: Vec<Charge>) -> Bill {
        let charges = charges.into_iter().enumerate().map(|(at, mut charge)| {
            charge.origin.line = at as u64 + 2;
            charge
        });
        Bill {
            file: file.into(),
            format,
            provider: Some("deepseek"),
            charges: charges.collect(),
            covers: None,
        }
    }

    /// What is left of each file in order, the rows left out, and the messages.
    fn settled(bills: Vec<Bill>, on: OnOverlap) -> (Vec<(String, String)>, u64, Vec<String>) {
        let mut problems = Problems::default();
        let (bills, superseded) = settle(bills, on, &mut problems);
        let sum = |bill: &Bill| {
            bill.charges
                .iter()
                .map(|charge| charge.amount)
                .sum::<Exact>()
        };
        let mut left: Vec<(String, String)> = bills
            .iter()
            .map(|bill| (bill.file.to_string(), sum(bill).to_string()))
            .collect();
        left.sort();
        let messages = problems.kept().iter().map(|p| p.message.clone()).collect();
        (
            left,
            superseded.iter().map(|lost| lost.rows).sum(),
            messages,
        )
    }

    fn left(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(file, sum): &(&str, &str)| (file.to_string(), sum.to_string());
        pairs.iter().map(owned).collect()
    }

    fn finer() -> Bill {
        let charges = vec![
            charge("2026-07-25", 1, "0.7", "m, input"),
            charge("2026-07-25", 1, "0.30005", "m, output"),
        ];
        bill("deepseek-amount-csv", "amount.csv", charges)
    }

    #[test]
    fn of_two_that_tell_the_same_money_the_finer_counts() {
        let mut credit = charge("2026-07-25", 1, "-0.25", "granted balance");
        credit.kind = ChargeKind::Credit;
        let coarser = bill(
            "deepseek-cost-csv",
            "cost.csv",
            vec![
                charge("2026-07-25", 1, "1.0001", "m"),
                credit,
                charge("2026-07-26", 1, "2", "m"),
            ],
        );
        // The day that only the coarser has, and the credit, stay.
        for bills in [
            vec![coarser.clone(), finer()],
            vec![finer(), coarser.clone()],
        ] {
            for on in [OnOverlap::Error, OnOverlap::Latest] {
                let found = settled(bills.clone(), on);
                let expected = left(&[("amount.csv", "1.00005"), ("cost.csv", "1.75")]);
                assert_eq!(found, (expected, 1, Vec::new()));
            }
        }
    }

    #[test]
    fn files_that_ought_to_agree_and_do_not_are_refused() {
        let coarser = |amount: &str, currency: &str| {
            let mut one = charge("2026-07-25", 1, amount, "m");
            one.currency = Currency::parse(currency).unwrap();
            let bills = vec![bill("deepseek-cost-csv", "cost.csv", vec![one]), finer()];
            settled(bills, OnOverlap::Latest).2
        };
        assert!(coarser("1.0000", "USD").is_empty());
        assert_eq!(
            coarser("1.0002", "USD"),
            [
                "bills 1.0002 USD for days for which amount.csv bills 1.00005 USD, though both tell the same money"
            ]
        );
        assert_eq!(coarser("1.0000", "CNY").len(), 1);
    }

    #[test]
    fn two_layouts_of_one_provider_tell_the_same_money() {
        let days = |from: &str, days| vec![charge(from, days, "1", &format!("{from} {days}"))];
        let by_key = |from, n| bill("a-csv", "a.csv", days(from, n));
        let by_model = |from, n| bill("b-json", "b.json", days(from, n));
        // A day of the one lies in the month of the other.
        let month = vec![by_key("2026-08-01", 31), by_model("2026-08-14", 1)];
        let (_, _, messages) = settled(month.clone(), OnOverlap::Error);
        assert_eq!(messages.len(), 1);
        assert!(messages[0].starts_with("bills 2026-08-14 again, which a.csv bills too"));
        let (kept, rows, _) = settled(month, OnOverlap::Latest);
        assert_eq!((kept, rows), (left(&[("a.csv", "1"), ("b.json", "0")]), 1));
        // A month cannot be left out for one of its days.
        let days = vec![by_key("2026-08-01", 30), by_model("2026-08-30", 2)];
        assert_eq!(settled(days, OnOverlap::Latest).2.len(), 1);
        let apart = vec![by_key("2026-08-01", 30), by_model("2026-08-31", 1)];
        assert!(settled(apart, OnOverlap::Error).2.is_empty());
        // A table of the user's own adds to a provider's export.
        let own = bill(
            "cost-csv",
            "own.csv",
            vec![charge("2026-08-01", 1, "1", "fee")],
        );
        let beside = vec![by_key("2026-08-01", 31), own];
        assert!(settled(beside, OnOverlap::Error).2.is_empty());
        // Two files of one layout may divide the money.
        let halves = vec![by_key("2026-08-01", 31), by_key("2026-08-01", 30)];
        assert!(settled(halves, OnOverlap::Error).2.is_empty());
    }

    #[test]
    fn one_layout_grouped_differently_tells_the_same_money() {
        let grouped = |file, model: Option<&str>, project: Option<&str>| {
            let mut one = charge(
                "2026-08-01",
                1,
                "1",
                model.unwrap_or("all usage of the day"),
            );
            one.model = model.map(str::to_string);
            one.scopes.extend(project.map(|id| Scope {
                namespace: "openai".to_string(),
                id: id.to_string(),
                dimension: "project",
            }));
            bill("openai-cost-csv", file, vec![one])
        };
        let refused = |a: Bill, b: Bill| !settled(vec![a, b], OnOverlap::Error).2.is_empty();
        let by_model = || grouped("m.csv", Some("gpt-5"), None);
        let by_project = || grouped("p.csv", None, Some("acme"));
        assert!(refused(by_model(), by_project()));
        let by_both = |model, project| grouped("b.csv", Some(model), Some(project));
        assert!(refused(by_model(), by_both("gpt-5", "acme")));
        assert!(refused(by_project(), by_both("gpt-5", "acme")));
        // Other projects, or other models, are other money.
        assert!(!refused(by_project(), by_both("gpt-5", "umbra")));
        assert!(!refused(by_model(), by_both("gpt-4o", "acme")));
        assert!(!refused(
            by_project(),
            grouped("q.csv", None, Some("umbra"))
        ));
        // An export with fixed columns lacks an id only because its rows do.
        let mut fixed = [by_model(), by_project()];
        fixed
            .iter_mut()
            .for_each(|bill| bill.format = "azure-cost-csv");
        let [a, b] = fixed;
        assert!(!refused(a, b));
    }

    #[test]
    fn the_same_line_overlaps_wherever_its_days_do() {
        let part =
            |file, from: &str, days| bill("a-csv", file, vec![charge(from, days, "1", "fee")]);
        let (_, _, messages) = settled(
            vec![
                part("1.csv", "2026-08-01", 31),
                part("2.csv", "2026-08-15", 20),
            ],
            OnOverlap::Error,
        );
        assert_eq!(messages.len(), 1);
        let apart = vec![
            part("1.csv", "2026-08-01", 14),
            part("2.csv", "2026-08-15", 20),
        ];
        assert!(settled(apart, OnOverlap::Error).2.is_empty());
    }
}
