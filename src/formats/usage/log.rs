//! Reading one generic usage log, row by row.
//!
//! What only the whole file can tell is kept until the end: missing columns of JSON lines, the
//! convention of cached tokens, and how many rows leave a quantity blank.

use crate::formats::fields::{Columns, word};
use crate::formats::rows::{self, Fate};
use crate::formats::stamps::Stamps;
use crate::formats::usage::columns::Found;
use crate::formats::usage::names::{Field, MEASURES};
use crate::formats::usage::tokens::{Convention, Tokens};
use crate::formats::usage::units::{self, Outcomes, Units};
use crate::formats::{Settings, Tally, UsageSink};
use crate::model::records::{Outcome, UsageRecord};
use crate::model::{Exact, Instant, Meter};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::scan::{Header, Row};

/// The state of reading one log.
pub struct Log<'s> {
    settings: &'s Settings,
    columns: Columns,
    found: Found,
    convention: Convention,
    /// Faults of the header as it is known so far.
    header_problems: Problems,
    /// How many rows fill each of [`MEASURES`].
    filled: [u64; MEASURES.len()],
    used: u64,
    without_customer: u64,
    /// The first row whose time column was not known yet.
    without_time: Option<u64>,
    /// The first row with output whose input column was not known yet.
    without_input: Option<Problem>,
    /// The first row that asks for a convention.
    open: Option<Problem>,
    /// Whether a row has shown that the input leaves cached tokens out.
    shown_beside: bool,
    stamps: Stamps,
    outcomes: Outcomes,
    units: Units,
    quantities: Vec<(Meter, Exact)>,
}

impl<'s> Log<'s> {
    /// Resolves the columns known so far.
    pub fn new(columns: Columns, settings: &'s Settings) -> Log<'s> {
        let mut header_problems = Problems::default();
        let found = Found::find(&columns, settings, &mut header_problems);
        Log {
            convention: Convention::of(&columns, &found, settings),
            settings,
            columns,
            found,
            header_problems,
            filled: [0; MEASURES.len()],
            used: 0,
            without_customer: 0,
            without_time: None,
            without_input: None,
            open: None,
            shown_beside: false,
            stamps: Stamps::default(),
            outcomes: Outcomes::default(),
            units: Units::default(),
            quantities: Vec::new(),
        }
    }

    /// Takes the columns anew when JSON lines have brought new ones.
    fn grow(&mut self, header: &Header, row: &Row) -> Result<(), Problem> {
        self.columns.header = header.clone();
        self.header_problems = Problems::default();
        let found = Found::find(&self.columns, self.settings, &mut self.header_problems);
        let before = std::mem::replace(&mut self.found, found);
        self.convention = Convention::of(&self.columns, &self.found, self.settings);
        self.found.check_unchanged(&before, &self.columns, row)
    }

    /// Hands one row on. A row that cannot be read is a problem.
    pub fn take(
        &mut self,
        header: &Header,
        row: &Row,
        tally: &mut Tally,
        sink: &mut dyn UsageSink,
    ) -> Result<Fate, Problem> {
        if header.len() != self.columns.header.len() {
            self.grow(header, row)?;
        }
        let Some(time) = self.found.at(Field::Time) else {
            self.without_time.get_or_insert(row.line());
            return Ok(Fate::Skipped("refused"));
        };
        let instant = self.stamps.read(&self.columns, row, time)?;
        self.check_passed_over(row)?;
        let tokens = Tokens::read(&self.columns, &self.found, row)?;
        self.check_input(&tokens, row)?;
        self.quantities.clear();
        if tokens
            .disjoint(self.convention, &mut self.quantities)
            .is_none()
        {
            return Err(self.more_cached_than_input(row));
        }
        let cached_open = self.convention == Convention::Open && tokens.cached().is_positive();
        if cached_open {
            self.see_open(&tokens, row);
        }
        let requests = self.units.add(
            &self.columns,
            &self.found,
            self.settings,
            row,
            &mut self.quantities,
        )?;
        let date_only = row.filled(time).is_some_and(rows::is_date);
        let when = (instant, date_only);
        self.hand_on(row, when, requests, cached_open, sink)?;
        match date_only {
            true => rows::cover(&self.columns, row, time, instant, tally),
            false => tally.cover(instant, Instant(instant.0 + 1)),
        }
        self.count(row);
        Ok(Fate::Used)
    }

    fn hand_on(
        &mut self,
        row: &Row,
        (instant, date_only): (Instant, bool),
        requests: Option<Exact>,
        cached_open: bool,
        sink: &mut dyn UsageSink,
    ) -> Result<(), Problem> {
        let (columns, found) = (&self.columns, &self.found);
        let id = |field| match found.at(field) {
            Some(column) => columns.id(row, column),
            None => Ok(None),
        };
        let text = |field| word(row, found.at(field));
        let source = id(Field::Customer)?;
        let request_id = id(Field::RequestId)?;
        let dimensions: Vec<Option<&str>> = found
            .dimensions
            .iter()
            .map(|column| row.filled((*column)?))
            .collect();
        // A day's sum is no request, so its size must not choose a context tier.
        let aggregate = requests.is_some() || (date_only && request_id.is_none());
        let outcome = match text(Field::Status) {
            Some(word) => self.outcomes.of(word),
            None => Outcome::Served,
        };
        sink.take(&UsageRecord {
            instant,
            source,
            feature: text(Field::Feature),
            provider: text(Field::Provider).or(self.settings.provider.as_deref()),
            model: text(Field::Model),
            tier: text(Field::Tier),
            quantities: &self.quantities,
            requests: requests.unwrap_or(Exact::ONE),
            single_request: !aggregate,
            reported_cost: units::cost(columns, found, self.settings, row, outcome)?,
            request_id,
            outcome,
            dimensions: &dimensions,
            cached_open,
            line: row.line(),
        })?;
        self.without_customer += u64::from(source.is_none());
        Ok(())
    }

    /// Where several columns could hold a quantity, the one that is read must not be blank while
    /// another is filled: the quantity would be lost.
    fn check_passed_over(&self, row: &Row) -> Result<(), Problem> {
        for (chosen, others) in &self.found.contested {
            let lost = others.iter().find(|other| row.filled(**other).is_some());
            if let (None, Some(lost)) = (row.filled(*chosen), lost) {
                let header = &self.columns.header;
                let message = format!(
                    "{} is filled here, but the quantity is read from {}, which is blank",
                    header.name(*lost),
                    header.name(*chosen)
                );
                let problem = self
                    .columns
                    .problem(&catalogue::BAD_VALUE, row, *lost, message);
                return Err(problem.help("write both kinds of rows into files of their own"));
            }
        }
        Ok(())
    }

    /// A row with output was served, so its input cannot be nothing.
    fn check_input(&mut self, tokens: &Tokens, row: &Row) -> Result<(), Problem> {
        if tokens.input.is_some() || !tokens.output.is_some_and(|n| n.is_positive()) {
            return Ok(());
        }
        let column = self.found.at(Field::Input);
        let at = column.or(self.found.at(Field::Output)).unwrap_or(0);
        let name = column.map_or("the input count", |column| self.columns.header.name(column));
        let message = format!("{name} is empty, but the row has output");
        let problem = self
            .columns
            .problem(&catalogue::MISSING_VALUE, row, at, message)
            .help("absent is not zero; write 0 if no input was used");
        if column.is_some() {
            return Err(problem);
        }
        // A log of output alone is allowed; whether this is one is known at the end.
        self.without_input.get_or_insert(problem);
        Ok(())
    }

    fn more_cached_than_input(&self, row: &Row) -> Problem {
        let at = self.found.at(Field::Input).unwrap_or(0);
        let name = self.columns.header.name(at);
        let message =
            format!("there are more cached tokens than {name}, which should include them");
        self.columns
            .problem(&catalogue::TOKEN_CONVENTION, row, at, message)
            .help("say cached_tokens = \"beside input\" if the input count leaves cached tokens out, or correct the row")
    }

    /// Notes a row whose cached tokens may be inside or beside its input.
    fn see_open(&mut self, tokens: &Tokens, row: &Row) {
        self.shown_beside |= tokens.exceed_input();
        if self.open.is_some() {
            return;
        }
        let cached = [
            Field::CacheRead,
            Field::CacheWrite,
            Field::CacheWrite5m,
            Field::CacheWrite1h,
        ];
        let at = cached
            .into_iter()
            .filter_map(|field| self.found.at(field))
            .find(|column| row.filled(*column).is_some_and(|text| text != "0"))
            .unwrap_or(0);
        let input = self.found.at(Field::Input);
        let input = input.map_or("the input count", |column| self.columns.header.name(column));
        let name = self.columns.header.name(at);
        let message = format!("nothing says whether {input} includes {name}");
        let problem = self
            .columns
            .problem(&catalogue::TOKEN_CONVENTION, row, at, message);
        self.open = Some(problem.help(
            "say cached_tokens = \"inside input\" or \"beside input\" in its [[input]] entry of tanso.toml, or --cached-tokens",
        ));
    }

    fn count(&mut self, row: &Row) {
        self.used += 1;
        for (place, column) in &self.found.measures {
            self.filled[*place] += u64::from(row.is_filled(*column));
        }
    }

    /// Says what only the end of the file can tell.
    pub fn finish(mut self, tally: &mut Tally, sink: &mut dyn UsageSink, problems: &mut Problems) {
        let header_fine = self.header_problems.is_empty();
        problems.extend(std::mem::take(&mut self.header_problems));
        if let Some(problem) = self.found.missing(&self.columns) {
            if header_fine {
                problems.push(problem);
            }
            return;
        }
        if let Some(line) = self.without_time {
            let message = "the row lacks the time that later rows have";
            let place = Place::line(&self.columns.file, line);
            problems.push(Problem::new(&catalogue::MISSING_VALUE, message).at(place));
        }
        if let (Some(problem), Some(_)) = (self.without_input.take(), self.found.at(Field::Input)) {
            problems.push(problem);
        }
        if let Some(problem) = self.open.take() {
            if self.shown_beside {
                sink.settle_cached_inside(false);
            } else {
                problems.push(problem);
            }
        }
        self.remarks(tally);
    }

    fn remarks(&self, tally: &mut Tally) {
        let header = &self.columns.header;
        for choice in self.found.choices(header) {
            rows::remark(tally, &catalogue::COLUMN_CHOSEN, self.used, choice);
        }
        let text = "{n} rows name no customer";
        rows::remark(tally, &catalogue::NO_CUSTOMER, self.without_customer, text);
        for (filled, field) in self.filled.iter().zip(MEASURES) {
            if let Some(column) = self.found.at(*field) {
                let text = format!("{{n}} rows leave {} blank", header.name(column));
                rows::remark(tally, &catalogue::BLANK_METER, self.used - filled, text);
            }
        }
        rows::ignored(tally, header, |column| self.found.knows(column));
    }
}
