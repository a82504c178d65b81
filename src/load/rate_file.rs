//! Reading dated exchange rates: the history of the European Central Bank's reference rates, and a
//! plain table `date,from,to,rate`.
//!
//! The ECB's `eurofxref-hist.csv` begins `Date,USD,JPY,…` and ends every line with a comma; a cell
//! says how many units of its currency one euro buys on that day, `N/A` where there was no rate.
//! In the plain table one unit of `from` is `rate` units of `to`.

use std::sync::Arc;

use super::{FileFold, Reading};
use crate::formats::fields::Columns;
use crate::formats::{Settings, Tally};
use crate::model::rates::RateRow;
use crate::model::records::Origin;
use crate::model::{Currency, Day, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Body, Header, Opened, Row};

/// The word for such a file, in `FORMAT:path` and in reports.
pub const NAME: &str = "rates";

/// The columns of the plain table.
const PLAIN: &[&str] = &["date", "from", "to", "rate"];

/// Whether a file holds exchange rates.
pub fn is_rates(header: &Header) -> bool {
    PLAIN.iter().all(|name| header.has(name)) || of_the_ecb(header)
}

/// Whether the columns are a date and at least three currencies, dollars among them, and nothing
/// else.
fn of_the_ecb(header: &Header) -> bool {
    let names = header.names();
    let code = |name: &String| {
        name.trim().is_empty() || name.len() == 3 && name.bytes().all(|b| b.is_ascii_uppercase())
    };
    let date = |name: &String| name.eq_ignore_ascii_case("date");
    names.first().is_some_and(date)
        && names[1..].iter().all(code)
        && names[1..].iter().any(|name| name == "USD")
        && names[1..]
            .iter()
            .filter(|name| !name.trim().is_empty())
            .count()
            >= 3
}

impl Reading<'_> {
    /// Reads a file of rates.
    pub(super) fn rates(&mut self, name: &Arc<str>, opened: Opened, problems: &mut Problems) {
        let receipt = opened.receipt.clone();
        let before = problems.total();
        let tally = read(opened, &mut self.books.rates, problems);
        if problems.total() > before {
            return;
        }
        if tally.used == 0 {
            let problem = Problem::new(&catalogue::EMPTY_FILE, "the rate file has no rates");
            problems.push(problem.at(Place::file(name)).help("download it again"));
        }
        self.enter(name, NAME, None, tally, &receipt, FileFold::default());
    }
}

/// Reads every row; a row that cannot be used is a problem, and the reading goes on.
fn read(opened: Opened, rates: &mut Vec<RateRow>, problems: &mut Problems) -> Tally {
    let mut tally = Tally::default();
    let Body::Table(mut rows) = opened.body else {
        return tally;
    };
    let columns = Columns::of(rows.as_ref(), &Settings::default(), Some(Zone::Utc));
    let Some(layout) = Layout::of(&columns, problems) else {
        return tally;
    };
    let mut row = Row::default();
    while rows.next_row(&mut row, problems) {
        tally.read += 1;
        if row.is_blank() {
            tally.skip("blank");
            continue;
        }
        match layout.row(&columns, &row) {
            Ok(Some(rate)) => {
                tally.used += 1;
                rates.push(rate);
            }
            Ok(None) => tally.skip("no rate"),
            Err(problem) => {
                tally.skip("refused");
                problems.push(problem);
            }
        }
    }
    let blank = rows.blank_lines();
    if blank > 0 {
        tally.read += blank;
        *tally.skipped.entry("blank").or_default() += blank;
    }
    tally
}

/// Where the rates of a file stand.
enum Layout {
    /// Units per euro, by column.
    Ecb(usize, Vec<(usize, Currency)>),
    /// Date, from, to, rate.
    Plain([usize; 4]),
}

impl Layout {
    fn of(columns: &Columns, problems: &mut Problems) -> Option<Layout> {
        if of_the_ecb(&columns.header) {
            let date = columns.required(&["Date"], problems)?;
            let names = columns.header.names().iter().enumerate().skip(1);
            let codes = names.filter_map(|(at, name)| Some((at, Currency::parse(name)?)));
            return Some(Layout::Ecb(date, codes.collect()));
        }
        let mut find = |name: &str| columns.required(&[name], problems);
        let found = [find("date"), find("from"), find("to"), find("rate")];
        match found {
            [Some(date), Some(from), Some(to), Some(rate)] => {
                Some(Layout::Plain([date, from, to, rate]))
            }
            _ => None,
        }
    }

    /// The rates of a row; `None` where it has none.
    fn row(&self, columns: &Columns, row: &Row) -> Result<Option<RateRow>, Problem> {
        let (date, base, quoted) = match self {
            Layout::Ecb(date, codes) => (*date, Currency::EUR, codes.clone()),
            Layout::Plain([date, from, to, rate]) => {
                let (base, quote) = (columns.currency(row, *from)?, columns.currency(row, *to)?);
                if base == quote {
                    let message = "from and to are the same currency";
                    return Err(columns.problem(&catalogue::BAD_VALUE, row, *to, message));
                }
                (*date, base, vec![(*rate, quote)])
            }
        };
        let text = row.filled(date).unwrap_or("");
        let day = Day::parse(text).ok_or_else(|| {
            let message = format!("{} is not a date", columns.header.name(date));
            let problem = columns.problem(&catalogue::NOT_A_TIME, row, date, message);
            problem.help("write 2026-10-01")
        })?;
        let mut quotes = Vec::new();
        for (at, currency) in quoted {
            let none = |text: &str| text == "N/A" && matches!(self, Layout::Ecb(..));
            if matches!(self, Layout::Ecb(..)) && row.filled(at).is_none_or(none) {
                continue;
            }
            let rate = columns.number(row, at)?;
            if !rate.is_positive() {
                let message = format!("{} is not above zero", columns.header.name(at));
                return Err(columns.problem(&catalogue::BAD_VALUE, row, at, message));
            }
            quotes.push((currency, rate));
        }
        Ok((!quotes.is_empty()).then(|| RateRow {
            day,
            base,
            quotes,
            origin: Origin {
                file: columns.file.clone(),
                line: row.line(),
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{self, How};

    fn rows(name: &str, text: &str) -> (Vec<RateRow>, Tally, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let opened = scan::open(&path, name, &How::default()).unwrap().remove(0);
        assert!(is_rates(&opened.peek.header));
        let (mut rates, mut problems) = (Vec::new(), Problems::default());
        let tally = read(opened, &mut rates, &mut problems);
        let fault = |problem: &Problem| {
            let place = problem.place.clone().unwrap_or_default();
            let (line, column) = (place.line.unwrap_or(0), place.column.unwrap_or(0));
            format!("{}@{line}:{column}", problem.entry.code)
        };
        let faults = problems.kept().iter().map(fault).collect();
        (rates, tally, faults)
    }

    fn told(rates: &[RateRow]) -> Vec<String> {
        let one = |row: &RateRow| {
            let quotes: Vec<String> = row.quotes.iter().map(|(c, r)| format!("{c} {r}")).collect();
            format!("{} {}: {}", row.day, row.base, quotes.join(", "))
        };
        rates.iter().map(one).collect()
    }

    #[test]
    fn the_history_of_the_ecb_is_read_as_published() {
        let (rates, tally, faults) = rows(
            "eurofxref-hist.csv",
            "Date,USD,JPY,BGN,CYP,\n2026-10-02,1.1725,172.42,1.9558,N/A,\n2026-10-01,1.1741,N/A,N/A,N/A,\n",
        );
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(
            told(&rates),
            [
                "2026-10-02 EUR: USD 1.1725, JPY 172.42, BGN 1.9558",
                "2026-10-01 EUR: USD 1.1741"
            ]
        );
        assert_eq!((tally.read, tally.used), (2, 2));
    }

    #[test]
    fn a_plain_table_is_read_and_its_faults_are_told_at_once() {
        let text = "date,from,to,rate\n2026-10-01,eur,USD,1.0832\n1.10.2026,EUR,USD,1.1\n\
                    2026-10-02,EUR,USD,0\n2026-10-02,EUR,EUR,1\n2026-10-02,EUR,USD,\n2026-10-02,EUR,USD,\"1,1\"\n";
        let (rates, tally, faults) = rows("rates.csv", text);
        assert_eq!(told(&rates), ["2026-10-01 EUR: USD 1.0832"]);
        assert_eq!(
            faults,
            [
                "T3024@3:1",
                "T3029@4:4",
                "T3029@5:3",
                "T3021@6:4",
                "T3021@7:4"
            ]
        );
        assert_eq!((tally.read, tally.used), (6, 1));
        assert_eq!(tally.skipped["refused"], 5);
    }

    #[test]
    fn tables_of_other_things_are_no_rates() {
        let is = |names: &[&str]| is_rates(&Header::new(names.iter().map(|n| n.to_string())));
        assert!(is(&["Date", "USD", "JPY", "GBP", ""]));
        assert!(is(&["date", "from", "to", "rate"]));
        assert!(!is(&["date", "amount", "currency"]));
        assert!(!is(&["Date", "USD", "Customer"]));
        assert!(!is(&["Date", "GBP", "JPY", "CHF"]));
        assert!(!is(&["Date", "USD", "GBP"]));
        assert!(!is(&["date", "from", "to"]));
    }
}
