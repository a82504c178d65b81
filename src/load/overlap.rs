//! Bills that cover the same money: the same provider, line and day in two files, or two kinds of
//! export of one provider that speak of the same days of an account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::attribution::BillCover;
use crate::formats::bills::{cloud::ACCOUNT, generic};
use crate::model::records::{Charge, ChargeMeter, Scope};
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
    /// How many rows they stand on.
    pub rows: u64,
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
const LONGEST: usize = 31;

/// The UTC days of a charge.
fn days(charge: &Charge) -> impl Iterator<Item = Day> {
    let last = Instant(charge.end.0 - 1).utc_day();
    let first = charge.start.utc_day();
    (0..)
        .map(move |n| first.plus(n))
        .take_while(move |day| *day <= last.max(first))
        .take(LONGEST)
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
    /// How many charges or records.
    pub records: u64,
    /// Rows of the file of which none is left.
    pub rows: u64,
    /// Their sum.
    pub amount: Exact,
}

impl Superseded {
    /// The warning that tells it.
    pub fn note(&self) -> Note {
        let text = format!(
            "{}: {}, left out: {} ({})",
            self.file, self.what, self.records, self.amount
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
    let mut kept: Vec<Bill> = Vec::new();
    let mut superseded = Vec::new();
    for mut bill in bills {
        for other in &kept {
            let lines = Lines::of(other);
            // A table of the user's own may add to any export; two exports tell the same.
            let own_table = |bill: &Bill| bill.export == generic::FORMAT.name;
            let is_other_export =
                bill.export != other.export && !own_table(&bill) && !own_table(other);
            let covers = bill.covers;
            let again = |charge: &Charge| {
                is_within(charge, covers)
                    && (lines.bill(charge) || (is_other_export && lines.speak_of(charge)))
            };
            let Some(first) = bill.charges.iter().find(|charge| again(charge)) else {
                continue;
            };
            match on_overlap {
                OnOverlap::Error => problems.push(refuse(other, &bill, first, &again)),
                OnOverlap::Latest => {
                    let (out, left): (Vec<_>, Vec<_>) = std::mem::take(&mut bill.charges)
                        .into_iter()
                        .partition(&again);
                    bill.charges = left;
                    let rows = rows_gone(&bill, &out);
                    bill.rows -= rows;
                    superseded.push(Superseded {
                        file: bill.file.clone(),
                        what: "charges that another file bills too",
                        records: out.len() as u64,
                        rows,
                        amount: out.iter().map(|charge| charge.amount).sum(),
                    });
                }
            }
        }
        kept.push(bill);
    }
    (kept, superseded)
}

/// Rows of which no charge is left once these are out.
fn rows_gone(bill: &Bill, out: &[Charge]) -> u64 {
    let charges = out.len() + bill.charges.len();
    if charges as u64 <= bill.rows {
        // A charge is a row, though a document may have all of them on one line.
        return out.len() as u64;
    }
    let lines = |charges: &[Charge]| -> BTreeSet<u64> {
        charges.iter().map(|charge| charge.origin.line).collect()
    };
    lines(out).difference(&lines(&bill.charges)).count() as u64
}

/// The lines of a bill by provider and day.
struct Lines<'a> {
    days: BTreeMap<(Option<&'a str>, Day), DayLines<'a>>,
}

#[derive(Default)]
struct DayLines<'a> {
    lines: BTreeSet<Line<'a>>,
    has_whole: bool,
    accounts: BTreeSet<Option<&'a str>>,
}

impl<'a> Lines<'a> {
    fn of(bill: &'a Bill) -> Lines<'a> {
        let mut days: BTreeMap<(Option<&str>, Day), DayLines<'_>> = BTreeMap::new();
        for charge in bill.current() {
            let provider = charge.provider.as_deref();
            let day = days.entry((provider, charge.start.utc_day())).or_default();
            day.lines.insert(line(charge));
            day.has_whole |= is_whole(charge);
            for day in self::days(charge) {
                let day = days.entry((provider, day)).or_default();
                day.accounts.insert(account(charge));
            }
        }
        Lines { days }
    }

    /// Whether the bill has charges of this one's account on one of its days. A charge that names
    /// no account may be of any.
    fn speak_of(&self, charge: &Charge) -> bool {
        let account = account(charge);
        days(charge).any(|day| {
            let day = self.days.get(&(charge.provider.as_deref(), day));
            day.is_some_and(|day| match account {
                None => !day.accounts.is_empty(),
                Some(_) => day.accounts.contains(&None) || day.accounts.contains(&account),
            })
        })
    }

    /// Whether the bill has this charge's line on its day, or one of the two sums up the day.
    fn bill(&self, charge: &Charge) -> bool {
        let key = (charge.provider.as_deref(), charge.start.utc_day());
        self.days.get(&key).is_some_and(|day| {
            day.has_whole || is_whole(charge) || day.lines.contains(&line(charge))
        })
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
            rows: charges.len() as u64,
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
