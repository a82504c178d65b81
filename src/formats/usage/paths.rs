//! Fields of JSON logs, found by path row by row: what the readers of vendors' logs share.
//!
//! Columns come as the rows do, and one field may have several spellings, of which a row fills one.
//! The rules that must hold: two spellings of one count are one count, never two; a customer never
//! comes from one column and then from another; only the named paths are read.

use crate::formats::fields::{Columns, word};
use crate::formats::rows::{self, Fate};
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::{Settings, Tally};
use crate::model::{Exact, Instant, Meter};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Header, Row, RowSource};

/// One field of a format.
pub struct Slot {
    /// What `columns` calls it; empty if it cannot be named there.
    pub name: &'static str,
    /// The paths that hold it, best first.
    pub paths: &'static [&'static str],
    /// Whether it must come from the same column in the whole file.
    pub steady: bool,
}

/// A field that each row may spell in its own way.
pub const fn slot(name: &'static str, paths: &'static [&'static str]) -> Slot {
    Slot {
        name,
        paths,
        steady: false,
    }
}

/// A field that comes from one column in the whole file.
pub const fn steady(name: &'static str, paths: &'static [&'static str]) -> Slot {
    Slot {
        name,
        paths,
        steady: true,
    }
}

/// The fields of one file.
pub struct Slots<'s> {
    slots: &'static [Slot],
    settings: &'s Settings,
    /// What stands before every path that the settings do not name.
    prefix: String,
    /// The columns as known so far.
    pub columns: Columns,
    found: Vec<Vec<usize>>,
    dimensions: Vec<Option<usize>>,
    /// Faults of the header as it is known so far.
    faults: Problems,
}

impl<'s> Slots<'s> {
    /// Resolves the columns known so far. `prefix` stands before every path that the settings do
    /// not name (`response.`).
    pub fn new(
        columns: Columns,
        settings: &'s Settings,
        slots: &'static [Slot],
        prefix: &str,
    ) -> Slots<'s> {
        let mut new = Slots {
            slots,
            settings,
            prefix: prefix.to_string(),
            columns,
            found: Vec::new(),
            dimensions: Vec::new(),
            faults: Problems::default(),
        };
        new.resolve();
        new
    }

    /// The names that `columns` may use.
    pub fn names(&self) -> Vec<&'static str> {
        let names = self.slots.iter().map(|slot| slot.name);
        names.filter(|name| !name.is_empty()).collect()
    }

    fn resolve(&mut self) {
        self.faults = Problems::default();
        self.found.clear();
        for slot in self.slots {
            let said = self.settings.columns.get(slot.name);
            let paths = match said {
                Some(name) => vec![name.clone()],
                None => {
                    let full = |path: &&str| format!("{}{path}", self.prefix);
                    slot.paths.iter().map(full).collect()
                }
            };
            let columns = paths
                .iter()
                .filter_map(|path| self.columns.optional(&[path], &mut self.faults));
            self.found.push(columns.collect());
        }
        let dimensions = self.settings.dimensions.iter();
        self.dimensions = dimensions
            .map(|name| self.columns.optional(&[name], &mut self.faults))
            .collect();
    }

    /// Takes the columns anew when the row has brought new ones.
    ///
    /// # Errors
    /// A better column for a steady field, after rows were read by another one.
    pub fn grow(&mut self, header: &Header, row: &Row) -> Result<(), Problem> {
        if header.len() == self.columns.header.len() {
            return Ok(());
        }
        self.columns.header = header.clone();
        let before = std::mem::take(&mut self.found);
        self.resolve();
        for (at, slot) in self.slots.iter().enumerate() {
            let (Some(old), Some(new)) = (before[at].first(), self.found[at].first()) else {
                continue;
            };
            if slot.steady && old != new {
                let (old, name) = (header.name(*old), header.name(*new));
                let message = format!("{name} appears here, after rows were read by {old}");
                let problem = self.problem(&catalogue::HEADER, row, *new, message);
                return Err(problem.excerpt("").help(format!(
                    "say columns = {{ {} = {name:?} }} in its [[input]] entry of tanso.toml, or the other one",
                    slot.name
                )));
            }
        }
        Ok(())
    }

    /// Whether the user named the column of a field.
    pub fn is_said(&self, slot: usize) -> bool {
        self.settings.columns.contains_key(self.slots[slot].name)
    }

    /// The column of a steady field.
    pub fn column(&self, slot: usize) -> Option<usize> {
        self.found[slot].first().copied()
    }

    /// Where the row holds a field: its first spelling that is filled.
    pub fn filled(&self, row: &Row, slot: usize) -> Option<usize> {
        let columns = self.found[slot].iter().copied();
        match self.slots[slot].steady {
            true => columns.take(1).find(|column| row.filled(*column).is_some()),
            false => columns
                .into_iter()
                .find(|column| row.filled(*column).is_some()),
        }
    }

    /// The text of a field; null words are no text.
    pub fn text<'r>(&self, row: &'r Row, slot: usize) -> Option<&'r str> {
        word(row, self.filled(row, slot))
    }

    /// An id, refused where a spreadsheet has rewritten it.
    pub fn id<'r>(&self, row: &'r Row, slot: usize) -> Result<Option<&'r str>, Problem> {
        match self.filled(row, slot) {
            Some(column) => self.columns.id(row, column),
            None => Ok(None),
        }
    }

    /// The row's time, which must be there.
    pub fn instant(&self, row: &Row, slot: usize) -> Result<Instant, Problem> {
        match self.filled(row, slot) {
            Some(column) => rows::stamp(&self.columns, row, column),
            None => Err(self.absent(row, slot, "the row has no time")),
        }
    }

    /// A count. Several spellings of it must agree; a zero means that another one is in use.
    pub fn count(&self, row: &Row, slot: usize) -> Result<Option<Exact>, Problem> {
        let mut count: Option<(usize, Exact)> = None;
        for column in self.found[slot].iter().copied() {
            let Some(other) = self.columns.count(row, column)? else {
                continue;
            };
            match count {
                Some((first, one)) if one.is_positive() && other.is_positive() && one != other => {
                    let header = &self.columns.header;
                    let (first, name) = (header.name(first), header.name(column));
                    let message = format!("{first} and {name} count the same and differ");
                    return Err(self.problem(&catalogue::BAD_VALUE, row, column, message));
                }
                Some((_, one)) if one.is_positive() => {}
                _ => count = Some((column, other)),
            }
        }
        Ok(count.map(|(_, count)| count))
    }

    /// The dimensions asked for.
    pub fn dimensions<'r>(&self, row: &'r Row) -> Vec<Option<&'r str>> {
        let columns = self.dimensions.iter();
        columns.map(|column| row.filled((*column)?)).collect()
    }

    /// A problem with one cell.
    pub fn problem(
        &self,
        entry: &'static crate::problem::Entry,
        row: &Row,
        column: usize,
        message: impl Into<String>,
    ) -> Problem {
        self.columns.problem(entry, row, column, message)
    }

    /// The problem of a row without a field that it needs.
    pub fn absent(&self, row: &Row, slot: usize, message: &str) -> Problem {
        let problem = match self.column(slot) {
            Some(column) => self.problem(&catalogue::MISSING_VALUE, row, column, message),
            None => Problem::new(&catalogue::MISSING_VALUE, message)
                .at(Place::line(&self.columns.file, row.line())),
        };
        let paths = self.slots[slot].paths.join(", ");
        match self.slots[slot].name {
            "" => problem.help(format!("it is read from {paths}")),
            name => problem.help(format!(
                "it is read from {paths}; say columns = {{ {name} = \"…\" }} in its [[input]] entry of tanso.toml if it has another name"
            )),
        }
    }

    /// Makes the counts of a row disjoint. `input` is the field that the message of cached tokens
    /// which do not fit into it points at.
    pub fn disjoint(
        &self,
        row: &Row,
        input: usize,
        tokens: &Tokens,
        convention: Convention,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<(), Problem> {
        if tokens.disjoint(convention, quantities).is_some() {
            return Ok(());
        }
        let column = self.filled(row, input).or(self.column(input)).unwrap_or(0);
        let name = self.columns.header.name(column);
        let message =
            format!("there are more cached tokens than {name}, which should include them");
        let problem = self.problem(&catalogue::TOKEN_CONVENTION, row, column, message);
        Err(problem.help(
            "say cached_tokens = \"beside input\" if what wrote this log leaves cached tokens out of the input",
        ))
    }

    /// The problem of a file that names no customer in any row.
    fn nobody(&self, customer: usize) -> Problem {
        let message = "no column for the customer";
        let names = self.slots[customer].paths.join(", ");
        let found = self.columns.header.names().join(", ");
        Problem::new(&catalogue::HEADER, message)
            .at(Place::line(&self.columns.file, 1))
            .help(format!(
                "say columns = {{ customer = \"…\" }} in its [[input]] entry of tanso.toml; names found by themselves: {names}; columns found: {found}"
            ))
    }

    /// Says what only the end of the file can tell about its columns.
    fn finish(mut self, customer: usize, tally: &mut Tally, problems: &mut Problems) {
        problems.extend(std::mem::take(&mut self.faults));
        for slot in self.slots {
            if let Some(name) = self.settings.columns.get(slot.name)
                && !self.columns.header.has(name)
            {
                problems.push(rows::no_such_column(&self.columns, slot.name, name));
            }
        }
        let header = &self.columns.header;
        let Some((column, others)) = self.found[customer].split_first() else {
            if !self.is_said(customer) && tally.read > 0 {
                problems.push(self.nobody(customer));
            }
            return;
        };
        if !others.is_empty() {
            let others: Vec<&str> = others.iter().map(|other| header.name(*other)).collect();
            let (name, others) = (header.name(*column), others.join(" or "));
            let text = format!("customer is read from {name}, not from {others}");
            let used = tally.used;
            rows::remark(tally, &catalogue::COLUMN_CHOSEN, used, text);
        }
    }
}

/// What became of a row, and what of it the whole file must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A record of this instant; whether it names a customer.
    Record(Instant, bool),
    /// Left out, for this reason.
    Skipped(&'static str),
}

/// Reads all rows with `take`, and tells at the end how many name nobody and which columns were
/// missing. `customer` is the field of the customer.
pub fn each(
    source: &mut dyn RowSource,
    mut slots: Slots<'_>,
    customer: usize,
    problems: &mut Problems,
    mut take: impl FnMut(&Slots<'_>, &Row) -> Result<Taken, Problem>,
) -> Tally {
    let file = slots.columns.file.clone();
    rows::known_fields(&file, slots.settings, &slots.names(), problems);
    let mut nobody = 0;
    let mut tally = rows::each(source, problems, |header, row, tally| {
        slots.grow(header, row)?;
        match take(&slots, row)? {
            Taken::Skipped(reason) => Ok(Fate::Skipped(reason)),
            Taken::Record(instant, named) => {
                tally.cover(instant, Instant(instant.0 + 1));
                nobody += u64::from(!named);
                Ok(Fate::Used)
            }
        }
    });
    slots.finish(customer, &mut tally, problems);
    let text = "{n} rows name no customer";
    rows::remark(&mut tally, &catalogue::NO_CUSTOMER, nobody, text);
    tally
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::growing;
    use crate::model::Zone;

    static SLOTS: &[Slot] = &[
        steady("customer", &["who", "user"]),
        slot("", &["n", "count"]),
        slot("time", &["at"]),
    ];

    /// The customers and counts of a log.
    fn read(text: &str, settings: &Settings) -> (Vec<String>, Tally, Vec<&'static str>) {
        let mut source = growing("l.jsonl", text);
        let columns = Columns::of(&source, settings, Some(Zone::Utc));
        let slots = Slots::new(columns, settings, SLOTS, "");
        let (mut read, mut problems) = (Vec::new(), Problems::default());
        let tally = each(&mut source, slots, 0, &mut problems, |slots, row| {
            let instant = slots.instant(row, 2)?;
            let who = slots.id(row, 0)?;
            let count = slots.count(row, 1)?;
            read.push(format!("{who:?} {count:?}"));
            Ok(Taken::Record(instant, who.is_some()))
        });
        let codes = problems.kept().iter().map(|problem| problem.entry.code);
        (read, tally, codes.collect())
    }

    #[test]
    fn two_spellings_of_a_count_are_one() {
        let line = |counts: &str| format!("{{\"at\":\"2026-09-01\",\"who\":\"acme\",{counts}}}");
        for (counts, expected) in [
            ("\"n\":5,\"count\":5", Some(5u64)),
            ("\"n\":0,\"count\":5", Some(5)),
            ("\"n\":5,\"count\":0", Some(5)),
            ("\"count\":0", Some(0)),
            ("\"x\":1", None),
        ] {
            let (rows, _, codes) = read(&line(counts), &Settings::default());
            assert_eq!(codes, [""; 0], "{counts}");
            let expected = format!("Some(\"acme\") {:?}", expected.map(Exact::from));
            assert_eq!(rows, [expected], "{counts}");
        }
        let (_, _, codes) = read(&line("\"n\":5,\"count\":6"), &Settings::default());
        assert_eq!(codes, ["T3029"]);
    }

    #[test]
    fn the_customer_comes_from_one_column() {
        let late =
            "{\"at\":\"2026-09-01\",\"user\":\"u1\"}\n{\"at\":\"2026-09-01\",\"who\":\"acme\"}";
        assert_eq!(read(late, &Settings::default()).2, ["T3016"]);
        let said = |name: &str| Settings {
            columns: [("customer".to_string(), name.to_string())].into(),
            ..Settings::default()
        };
        let (rows, tally, codes) = read(late, &said("who"));
        assert_eq!(codes, [""; 0]);
        assert_eq!(rows, ["None None", "Some(\"acme\") None"]);
        assert_eq!(tally.remarks[0].entry.code, "N1013");
        assert_eq!(read(late, &said("whom")).2, ["T3016"]);
        let both = "{\"at\":\"2026-09-01\",\"who\":\"acme\",\"user\":\"u1\"}\n{\"at\":\"2026-09-01\",\"user\":\"u1\"}";
        let (rows, tally, _) = read(both, &Settings::default());
        assert_eq!(rows[1], "None None");
        let codes: Vec<&str> = tally.remarks.iter().map(|r| r.entry.code).collect();
        assert_eq!(codes, ["N1008", "N1013"]);
    }

    #[test]
    fn a_file_without_customers_is_refused() {
        let (_, _, codes) = read("{\"at\":\"2026-09-01\"}", &Settings::default());
        assert_eq!(codes, ["T3016"]);
    }

    #[test]
    fn a_row_without_a_time_is_refused() {
        let (_, tally, codes) = read("{\"who\":\"acme\"}", &Settings::default());
        assert_eq!((codes, tally.used), (vec!["T3027"], 0));
    }
}
