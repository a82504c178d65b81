//! Reading the log of a gateway or an observability tool: the part that all of them share.
//!
//! A format says what its columns are called and what a row means ([`Dialect`]); time, customer,
//! feature, model, ids and dimensions are read here. The rule that must hold: what a column means
//! never changes in the middle of a file, and a row that the gateway answered from its own cache
//! has no quantities, because no provider bills it.

use std::borrow::Cow;

use crate::formats::fields::Columns;
use crate::formats::rows::{self, Fate};
use crate::formats::usage::cells::{Cells, Origin, Shape};
use crate::formats::{Settings, Tally, UsageSink};
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{Currency, Exact, Meter, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Header, Row, RowSource};

/// What a format calls its columns; names may lead into JSON cells. Best first.
#[derive(Debug)]
pub struct Names {
    /// When the request was made.
    pub time: &'static [&'static str],
    /// The id that makes repeats recognizable.
    pub request_id: &'static [&'static str],
    /// Who.
    pub customers: &'static [&'static str],
    /// Product feature.
    pub features: &'static [&'static str],
    /// Provider.
    pub providers: &'static [&'static str],
    /// Model.
    pub models: &'static [&'static str],
    /// Columns with several values in a cell.
    pub shape: Shape,
    /// Zone of stamps without an offset; `None` if nothing documents it.
    pub zone: Option<Zone>,
    /// What to do where no column names the customer.
    pub no_customer: &'static str,
}

/// What a row is, apart from time, ids and names.
#[derive(Debug)]
pub enum Content {
    /// Nothing to count, for this reason.
    Skipped(&'static str),
    /// Usage.
    Used {
        /// What became of the request.
        outcome: Outcome,
        /// How many requests it stands for; `None` for one, whose own size decides the context
        /// tier.
        requests: Option<Exact>,
        /// The log's own cost.
        cost: Option<(Exact, Currency)>,
    },
}

/// What is particular to one format.
pub trait Dialect {
    /// Finds the format's own columns; called anew when JSON lines bring more. `None` if a needed
    /// one is missing, which is then a problem.
    fn find(&mut self, columns: &Columns, problems: &mut Problems) -> Option<()>;

    /// Reads a row; adds its disjoint quantities.
    ///
    /// # Errors
    /// A cell that cannot be read.
    fn content(
        &mut self,
        cells: &mut Cells<'_>,
        quantities: &mut Vec<(Meter, Exact)>,
    ) -> Result<Content, Problem>;

    /// Says what only the end of the file can tell.
    fn finish(&mut self, _tally: &mut Tally) {}
}

/// The positions of the shared columns.
struct Found {
    time: usize,
    request_id: Option<Origin>,
    customer: Option<Origin>,
    /// Which of [`Names::customers`] it is; `None` if the user said so.
    choice: Option<usize>,
    feature: Option<Origin>,
    provider: Option<Origin>,
    model: Option<Origin>,
    dimensions: Vec<Option<Origin>>,
}

impl Found {
    fn find(
        names: &Names,
        columns: &Columns,
        settings: &Settings,
        problems: &mut Problems,
    ) -> Option<Found> {
        let shape = &names.shape;
        let time = columns.required(names.time, problems);
        let first = |names, problems: &mut Problems| {
            let found = shape.first(columns, names, problems);
            found.map(|(_, origin)| origin)
        };
        let (mut choice, mut customer) = (None, None);
        if settings.columns.contains_key("customer") {
            customer = shape.said(columns, settings, "customer", problems);
        } else if let Some((at, origin)) = shape.first(columns, names.customers, problems) {
            (choice, customer) = (Some(at), Some(origin));
        }
        let feature = match settings.columns.contains_key("feature") {
            true => shape.said(columns, settings, "feature", problems),
            false => first(names.features, problems),
        };
        let dimensions = settings.dimensions.iter();
        Some(Found {
            request_id: first(names.request_id, problems),
            customer,
            choice,
            feature,
            provider: first(names.providers, problems),
            model: first(names.models, problems),
            dimensions: dimensions
                .map(|name| shape.find(columns, name, problems))
                .collect(),
            time: time?,
        })
    }
}

struct Reading<'s> {
    names: &'static Names,
    settings: &'s Settings,
    columns: Columns,
    found: Option<Found>,
    missing: Problems,
    /// The first row that came before a needed column.
    unread: Option<u64>,
    nobody: u64,
    quantities: Vec<(Meter, Exact)>,
}

/// Reads a log.
pub fn read(
    names: &'static Names,
    dialect: &mut dyn Dialect,
    source: &mut dyn RowSource,
    settings: &Settings,
    sink: &mut dyn UsageSink,
    problems: &mut Problems,
) -> Tally {
    let columns = Columns::of(source, settings, names.zone);
    rows::known_fields(&columns.file, settings, &["customer", "feature"], problems);
    let mut reading = Reading {
        names,
        settings,
        columns,
        found: None,
        missing: Problems::default(),
        unread: None,
        nobody: 0,
        quantities: Vec::new(),
    };
    reading.find(dialect);
    let mut tally = rows::each(source, problems, |header, row, tally| {
        if header.len() != reading.columns.header.len() {
            reading.grow(dialect, header, row)?;
        }
        reading.take(dialect, row, tally, sink)
    });
    reading.finish(&mut tally, problems);
    dialect.finish(&mut tally);
    tally
}

impl Reading<'_> {
    fn find(&mut self, dialect: &mut dyn Dialect) {
        self.missing = Problems::default();
        let found = Found::find(self.names, &self.columns, self.settings, &mut self.missing);
        let own = dialect.find(&self.columns, &mut self.missing);
        self.found = found.filter(|_| own.is_some());
    }

    /// Takes the columns anew when JSON lines have brought new ones. The customer must not come
    /// from one column and then from another.
    fn grow(
        &mut self,
        dialect: &mut dyn Dialect,
        header: &Header,
        row: &Row,
    ) -> Result<(), Problem> {
        self.columns.header = header.clone();
        let choice = |found: &Option<Found>| found.as_ref().and_then(|found| found.choice);
        let before = choice(&self.found);
        self.find(dialect);
        let (Some(old), Some(new)) = (before, choice(&self.found)) else {
            return Ok(());
        };
        if old == new {
            return Ok(());
        }
        let (old, new) = (self.names.customers[old], self.names.customers[new]);
        let column = self.columns.header.find(new);
        let column = column.and_then(Result::ok).unwrap_or(0);
        let message = format!("{new} appears here, after rows were read by {old}");
        let problem = self
            .columns
            .problem(&catalogue::HEADER, row, column, message);
        Err(problem.help(format!(
            "say columns = {{ customer = {new:?} }} in its [[input]] entry of tanso.toml, or the other one"
        )))
    }

    /// Hands one row on.
    fn take(
        &mut self,
        dialect: &mut dyn Dialect,
        row: &Row,
        tally: &mut Tally,
        sink: &mut dyn UsageSink,
    ) -> Result<Fate, Problem> {
        let Some(found) = &self.found else {
            self.unread.get_or_insert(row.line());
            return Ok(Fate::Skipped("refused"));
        };
        let mut cells = Cells::of(&self.columns, row);
        self.quantities.clear();
        let (outcome, requests, cost) = match dialect.content(&mut cells, &mut self.quantities)? {
            Content::Skipped(reason) => return Ok(Fate::Skipped(reason)),
            Content::Used {
                outcome,
                requests,
                cost,
            } => (outcome, requests, cost),
        };
        if outcome == Outcome::GatewayCached {
            self.quantities.clear();
        }
        let instant = rows::stamp(&self.columns, row, found.time)?;
        let source = cells.word(found.customer.as_ref())?;
        let feature = cells.word(found.feature.as_ref())?;
        let provider = cells.word(found.provider.as_ref())?;
        let model = cells.word(found.model.as_ref())?;
        let request_id = cells.text(found.request_id.as_ref())?;
        let mut dimensions = Vec::new();
        for origin in &found.dimensions {
            dimensions.push(cells.text(origin.as_ref())?);
        }
        let dimensions: Vec<Option<&str>> = dimensions.iter().map(Option::as_deref).collect();
        sink.take(&UsageRecord {
            instant,
            source: source.as_deref(),
            feature: feature.as_deref(),
            provider: provider.as_deref().or(self.settings.provider.as_deref()),
            model: model.as_deref(),
            tier: None,
            quantities: &self.quantities,
            requests: requests.unwrap_or(Exact::ONE),
            single_request: requests.is_none(),
            reported_cost: cost,
            request_id: request_id.as_deref(),
            outcome,
            dimensions: &dimensions,
            cached_open: false,
            line: row.line(),
        })?;
        self.nobody += u64::from(source.is_none());
        rows::cover(&self.columns, row, found.time, instant, tally);
        Ok(Fate::Used)
    }

    fn finish(&mut self, tally: &mut Tally, problems: &mut Problems) {
        let fine = self.missing.is_empty();
        problems.extend(std::mem::take(&mut self.missing));
        let Some(found) = &self.found else {
            return;
        };
        if let Some(line) = self.unread {
            let message = "the row lacks columns that later rows have";
            let place = Place::line(&self.columns.file, line);
            problems.push(Problem::new(&catalogue::MISSING_VALUE, message).at(place));
        }
        if found.customer.is_none() && fine {
            problems.push(self.no_customer());
        }
        if let Some(at) = found.choice.filter(|at| *at > 0) {
            let (name, best) = (self.names.customers[at], self.names.customers[0]);
            let text = format!("customer is read from {name}, because there is no {best}");
            let rows = tally.used;
            rows::remark(tally, &catalogue::COLUMN_CHOSEN, rows, text);
        }
        let text = "{n} rows name no customer";
        rows::remark(tally, &catalogue::NO_CUSTOMER, self.nobody, text);
    }

    fn no_customer(&self) -> Problem {
        let found = self.columns.header.names().join(", ");
        Problem::new(&catalogue::HEADER, "no column names the customer")
            .at(Place::line(&self.columns.file, 1))
            .help(format!(
                "{}; columns found: {found}",
                self.names.no_customer
            ))
    }
}

/// A stated cost in US dollars that may not be negative.
///
/// # Errors
/// A cell that is no number, or a negative one.
pub fn dollars(
    cells: &mut Cells<'_>,
    origin: Option<&Origin>,
) -> Result<Option<(Exact, Currency)>, Problem> {
    Ok(cells.amount(origin)?.map(|cost| (cost, Currency::USD)))
}

/// Whether a text is one of these words, in any case.
pub fn is_one_of(text: Option<&Cow<'_, str>>, words: &[&str]) -> bool {
    text.is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{columns, growing, read_log};

    const FORMAT: &str = "litellm-daily-spend";

    fn line(owner: &str) -> String {
        format!(
            r#"{{{owner}"date":"2026-09-01","custom_llm_provider":"openai","spend":1,"prompt_tokens":1,"api_requests":1,"successful_requests":1}}"#
        )
    }

    #[test]
    fn the_customer_never_changes_its_column() {
        let text = [
            line(r#""user_id":"u","#),
            line(r#""user_id":"u","end_user_id":"e","#),
        ]
        .join("\n");
        let problems = read_log(FORMAT, growing("d.jsonl", &text), &Settings::default()).2;
        assert_eq!(problems.kept()[0].entry.code, "T3016");
        assert!(
            problems.kept()[0]
                .message
                .contains("end_user_id appears here")
        );
        let settings = columns(&[("customer", "end_user_id")]);
        let (records, _, problems) = read_log(FORMAT, growing("d.jsonl", &text), &settings);
        // The column that was asked for is not there in the first row, and comes later.
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            (records[0].get("source"), records[1]["source"].as_str()),
            (None, Some("e"))
        );
    }

    #[test]
    fn a_row_before_a_needed_column_is_refused() {
        let late = line(r#""user_id":"u","#).replace(r#""date":"2026-09-01","#, "");
        let text = [late.clone(), line(r#""user_id":"u","#)].join("\n");
        let (_, tally, problems) =
            read_log(FORMAT, growing("d.jsonl", &text), &Settings::default());
        assert_eq!(problems.kept()[0].entry.code, "T3027");
        assert_eq!((tally.used, tally.skipped["refused"]), (1, 1));
        let problems = read_log(FORMAT, growing("d.jsonl", &late), &Settings::default()).2;
        assert_eq!(problems.kept()[0].entry.code, "T3016");
    }

    #[test]
    fn dimensions_and_unknown_fields() {
        let settings = Settings {
            dimensions: vec!["endpoint".to_string()],
            ..columns(&[("custmer", "user_id")])
        };
        let text = line(r#""user_id":"u","endpoint":"/chat","#);
        let (records, _, problems) = read_log(FORMAT, growing("d.jsonl", &text), &settings);
        assert_eq!(records[0]["dimensions"][0], "/chat");
        assert_eq!(problems.kept()[0].entry.code, "T1010");
    }
}
