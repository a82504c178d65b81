//! Bills that cover the same money: the same provider, line and day in two files, two kinds of
//! export of one provider that speak of the same days of an account, or one kind grouped in two ways.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::finer::{is_finer, twice_told};
use super::spans::{Spans, days_of};
use crate::attribution::BillCover;
use crate::formats;
use crate::formats::bills::{cloud::ACCOUNT, generic};
use crate::model::records::{Charge, ChargeKind, ChargeMeter, Scope};
use crate::model::{Day, Exact, Instant};
use crate::problem::{Note, Place, Problem, Problems, catalogue};

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
    /// The provider, if the format is one provider's own.
    pub provider: Option<&'static str>,
    /// The format.
    pub export: &'static str,
    /// Its charges.
    pub charges: Vec<Charge>,
    /// The time it covers, if its rows say.
    pub covers: Option<(Instant, Instant)>,
}

impl Bill {
    /// The time covered, per provider of its charges.
    pub fn cover(&self) -> Vec<BillCover> {
        let mut spans: BTreeMap<Option<String>, (Instant, Instant)> = BTreeMap::new();
        for charge in self.current() {
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

    /// The charges in the time that the file covers. The others correct earlier bills.
    fn current(&self) -> impl Iterator<Item = &Charge> {
        let covers = self.covers;
        self.charges
            .iter()
            .filter(move |charge| is_within(charge, covers))
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
        if self.export != other.export || !formats::is_grouped_on_request(self.export) {
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
        self.current().map(|charge| charge.end).max()
    }
}

fn is_within(charge: &Charge, covers: Option<(Instant, Instant)>) -> bool {
    covers.is_none_or(|(from, to)| charge.start < to && from < charge.end)
}

/// What makes two charges the same line of a bill. A charge of less than a day has its time too:
/// reports by the hour come in parts, and a line may go on in the next part.
type Line<'a> = (
    Option<Instant>,
    Option<&'a str>,
    &'a ChargeMeter,
    Option<&'a str>,
    &'a [Scope],
    &'a str,
);

fn line(charge: &Charge) -> Line<'_> {
    let is_short = charge.end.seconds() - charge.start.seconds() < DAY;
    (
        is_short.then_some(charge.start),
        charge.model.as_deref(),
        &charge.meter,
        charge.tier.as_deref(),
        &charge.scopes,
        &charge.item,
    )
}

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A charge may speak of a whole month; a prepayment of years says nothing about each day of them.
const LONGEST: i32 = 31;

/// The UTC days of which a charge speaks.
fn spoken(charge: &Charge) -> (Day, Day) {
    let (first, end) = days_of(charge);
    (first, end.min(first.plus(LONGEST)))
}

/// The account that a charge names.
fn account(charge: &Charge) -> Option<&str> {
    let mut scopes = charge.scopes.iter();
    let named = scopes.find(|scope| scope.dimension == ACCOUNT)?;
    Some(&named.id)
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

/// Rows of a file that another file has too and that were left out.
#[derive(Clone, Debug)]
pub struct Superseded {
    /// The file that loses them.
    pub file: Arc<str>,
    /// What they are.
    pub what: &'static str,
    /// How many.
    pub rows: u64,
    /// Their sum.
    pub amount: Exact,
}

impl Superseded {
    /// Counts what a file loses.
    pub fn of(file: &Arc<str>, out: &[Charge]) -> Superseded {
        // A row may be a cost and its credits: it is one row.
        let mut lines: BTreeMap<u64, u64> = BTreeMap::new();
        for charge in out {
            let costs = u64::from(charge.kind != ChargeKind::Credit);
            *lines.entry(charge.origin.line).or_default() += costs;
        }
        Superseded {
            file: file.clone(),
            what: "charges that another file bills too",
            rows: lines.values().map(|costs| (*costs).max(1)).sum(),
            amount: out.iter().map(|charge| charge.amount).sum(),
        }
    }

    /// The warning that tells it.
    pub fn note(&self) -> Note {
        let text = format!(
            "{}: {}, left out: {} ({})",
            self.file, self.what, self.rows, self.amount
        );
        Note::new(&catalogue::SUPERSEDED, text)
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
            let covers = bill.covers;
            let again =
                |charge: &Charge| is_within(charge, covers) && lines.bill(charge, same_money);
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

/// The days of a bill's lines.
struct Lines<'a> {
    of: &'a Bill,
    /// Days of every line.
    lines: BTreeMap<(Option<&'a str>, Line<'a>), Spans>,
    /// Days of which any charge speaks, by provider and account.
    accounts: BTreeMap<Option<&'a str>, BTreeMap<Option<&'a str>, Spans>>,
    /// Days that one charge sums up.
    whole: BTreeMap<Option<&'a str>, Spans>,
}

impl<'a> Lines<'a> {
    fn of(bill: &'a Bill) -> Lines<'a> {
        let mut found = Lines {
            of: bill,
            lines: BTreeMap::new(),
            accounts: BTreeMap::new(),
            whole: BTreeMap::new(),
        };
        for charge in bill.current() {
            let (provider, days) = (charge.provider.as_deref(), days_of(charge));
            let lines = found.lines.entry((provider, line(charge))).or_default();
            lines.push(days);
            let accounts = found.accounts.entry(provider).or_default();
            let spans = accounts.entry(account(charge)).or_default();
            spans.push(spoken(charge));
            if is_whole(charge) {
                found.whole.entry(provider).or_default().push(days);
            }
        }
        found.lines.values_mut().for_each(Spans::merge);
        found.whole.values_mut().for_each(Spans::merge);
        let accounts = found.accounts.values_mut();
        accounts
            .flat_map(BTreeMap::values_mut)
            .for_each(Spans::merge);
        found
    }

    /// Whether the bill and another tell the same money on every day of an account that both have,
    /// however they group it: two kinds of export do, and one kind grouped differently. A table of
    /// the user's own may add to any of them.
    fn tell_money_of(&self, other: &Bill) -> bool {
        let own = generic::FORMAT.name;
        let kinds = other.export != self.of.export && other.export != own && self.of.export != own;
        kinds || self.of.is_regrouped(other)
    }

    /// The days of which the bill speaks for the account of a charge. A charge that names no
    /// account may be of any.
    fn spoken_of<'s>(&'s self, charge: &'s Charge) -> impl Iterator<Item = &'s Spans> {
        let of = account(charge);
        let accounts = self.accounts.get(&charge.provider.as_deref());
        accounts
            .into_iter()
            .flatten()
            .filter(move |(account, _)| of.is_none() || account.is_none() || **account == of)
            .map(|(_, spans)| spans)
    }

    /// Whether the bill has this charge's line on one of its days, or one of the two sums up the
    /// day. Where both tell the same money, any common day of an account will do.
    fn bill(&self, charge: &Charge, same_money: bool) -> bool {
        let (provider, days) = (charge.provider.as_deref(), days_of(charge));
        let on = |spans: Option<&Spans>| spans.is_some_and(|spans| spans.hits(days));
        on(self.whole.get(&provider))
            || on(self.lines.get(&(provider, line(charge))))
            || ((same_money || is_whole(charge))
                && self
                    .spoken_of(charge)
                    .any(|spans| spans.hits(spoken(charge))))
    }

    /// Whether the bill speaks of all days of this charge.
    fn contain(&self, charge: &Charge) -> bool {
        self.spoken_of(charge)
            .any(|spans| spans.contains(days_of(charge)))
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
            export: format,
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
            .for_each(|bill| bill.export = "azure-cost-csv");
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

#[cfg(test)]
mod accounts {
    use super::*;
    use crate::model::Currency;
    use crate::model::records::{ChargeKind, Origin};

    fn at(text: &str) -> Instant {
        Instant::parse(text, None).unwrap()
    }

    fn charge(start: &str, end: &str, account: Option<&str>) -> Charge {
        let account = account.map(|id| Scope {
            namespace: "aws".to_string(),
            id: id.to_string(),
            dimension: ACCOUNT,
        });
        Charge {
            provider: Some("aws".to_string()),
            start: at(start),
            end: at(end),
            amount: Exact::ONE,
            written_places: 0,
            currency: Currency::USD,
            scopes: account.into_iter().collect(),
            model: None,
            meter: ChargeMeter::Item("storage".to_string()),
            tier: None,
            kind: ChargeKind::Usage,
            quantity: None,
            item: format!("storage of {start}"),
            origin: Origin {
                file: "bill.csv".into(),
                line: 2,
            },
        }
    }

    fn bill(file: &str, export: &'static str, charges: Vec<Charge>) -> Bill {
        let first = charges[0].clone();
        Bill {
            file: file.into(),
            provider: None,
            export,
            charges,
            covers: Some((first.start, first.end)),
        }
    }

    fn refused(bills: Vec<Bill>) -> bool {
        let mut problems = Problems::default();
        settle(bills, OnOverlap::Error, &mut problems);
        !problems.is_empty()
    }

    const OCTOBER: (&str, &str) = ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z");
    const A_DAY: (&str, &str) = ("2026-10-09T00:00:00Z", "2026-10-10T00:00:00Z");
    const NOVEMBER: (&str, &str) = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");

    #[test]
    fn two_exports_of_one_account_and_day_are_the_same_money() {
        let exports = |a: (&str, &str), x, b: (&str, &str), y, other| {
            refused(vec![
                bill("a.csv", "aws-cur", vec![charge(a.0, a.1, x)]),
                bill("b.csv", other, vec![charge(b.0, b.1, y)]),
            ])
        };
        let (one, two) = (Some("111122223333"), Some("444455556666"));
        assert!(exports(OCTOBER, one, A_DAY, one, "focus"));
        assert!(exports(A_DAY, one, OCTOBER, one, "focus"));
        assert!(exports(A_DAY, one, A_DAY, None, "focus"));
        assert!(exports(A_DAY, None, A_DAY, two, "focus"));
        assert!(!exports(A_DAY, one, A_DAY, two, "focus"));
        assert!(!exports(OCTOBER, one, NOVEMBER, one, "focus"));
        // The user's own table may add what an export lacks.
        assert!(!exports(OCTOBER, one, A_DAY, one, "cost-csv"));
    }

    #[test]
    fn hours_of_one_line_may_stand_in_two_parts_of_a_report() {
        let hour = |start, end| {
            let mut charge = charge(start, end, None);
            charge.item = "one line".to_string();
            vec![charge]
        };
        let first = hour("2026-10-09T00:00:00Z", "2026-10-09T01:00:00Z");
        let second = hour("2026-10-09T01:00:00Z", "2026-10-09T02:00:00Z");
        let parts = |a: &Vec<Charge>, b: &Vec<Charge>| {
            refused(vec![
                bill("1.csv", "aws-cur", a.clone()),
                bill("2.csv", "aws-cur", b.clone()),
            ])
        };
        assert!(!parts(&first, &second));
        assert!(parts(&first, &first));
    }

    #[test]
    fn corrections_neither_cover_nor_repeat_earlier_bills() {
        let earlier = charge(A_DAY.0, A_DAY.1, None);
        let current = charge(NOVEMBER.0, NOVEMBER.1, None);
        let november = bill("n.csv", "focus", vec![current, earlier.clone()]);
        let cover = november.cover();
        assert_eq!(cover.len(), 1);
        assert_eq!(cover[0].start, at(NOVEMBER.0));
        assert!(!refused(vec![
            november,
            bill("o.csv", "aws-cur", vec![earlier])
        ]));
    }
}
