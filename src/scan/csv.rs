//! CSV rows: the header, the dialect, and every structural check, each with its place.
//!
//! Strict RFC 4180. Nothing is sampled and nothing repaired: a row is exactly right or it is a
//! problem. Rows of another width and control characters concern one row, so the stream goes on;
//! a quotation mark out of place makes the rest unreadable, so it ends there. How a row falls into
//! cells is in `split`.

use std::sync::Arc;

use memchr::memmem;

use super::row::{Header, Row, RowSource};
use super::split::{Cell, Split, split};
use super::window::{Window, line_ends};
use super::{How, Limits};
use crate::problem::{Entry, Place, Problem, Problems, catalogue};

/// Excerpts longer than this are of no use to a reader.
const EXCERPT: usize = 400;
/// The delimiters that a file may turn out to use.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// A CSV file as a stream of rows.
pub(super) struct CsvSource {
    window: Window,
    delimiter: u8,
    limits: Limits,
    header: Header,
    cells: Vec<Cell>,
    blank_lines: u64,
    done: bool,
}

/// What one row turned out to be.
enum Step {
    Row,
    Blank,
    Skip(Problem),
    Stop(Problem),
    End,
}

impl CsvSource {
    /// Reads the header, passing over blank lines, the declared number of lines above it, and a
    /// spreadsheet's `sep=;` line.
    ///
    /// # Errors
    /// The file has no row, the header uses another delimiter, or it is damaged.
    pub(super) fn new(mut window: Window, how: &How) -> Result<CsvSource, Problem> {
        let limits = how.limits.clone();
        skip_lines(&mut window, how.skip_lines, &limits)?;
        let mut blank_lines = skip_blank_lines(&mut window, &limits)?;
        let mut declared = how.delimiter;
        if let Some(delimiter) = separator_line(&mut window, &limits)? {
            declared = declared.or(Some(delimiter));
            blank_lines += skip_blank_lines(&mut window, &limits)?;
        }
        let delimiter = match declared {
            Some(delimiter) => delimiter,
            None => find_delimiter(&mut window, &limits)?,
        };
        let mut source = CsvSource {
            window,
            delimiter,
            limits,
            header: Header::default(),
            cells: Vec::new(),
            blank_lines,
            done: false,
        };
        source.read_header()?;
        Ok(source)
    }

    fn read_header(&mut self) -> Result<(), Problem> {
        let mut row = Row::default();
        match self.step(&mut row) {
            Step::Row => {}
            Step::Skip(problem) | Step::Stop(problem) => return Err(problem),
            Step::Blank | Step::End => return Err(empty(self.window.name())),
        }
        if row.len() > self.limits.max_columns {
            let message = format!("the header has {} columns", row.len());
            let place = row.place(self.window.name(), self.limits.max_columns);
            return Err(Problem::new(&catalogue::TOO_MANY_COLUMNS, message).at(place));
        }
        let names = (0..row.len()).map(|column| row.get(column).unwrap_or("").to_string());
        self.header = Header::new(names);
        Ok(())
    }

    /// Reads one row. The header itself comes through here too, when there is no header yet.
    fn step(&mut self, row: &mut Row) -> Step {
        let (end, next) = loop {
            let rest = self.window.rest().as_bytes();
            // Splitting sees no more of a row than it may have, so that what is found does not
            // depend on how much happens to be read.
            let seen = rest.len().min(self.limits.max_line + 2);
            let last = self.window.at_end() && seen == rest.len();
            if last && seen == 0 {
                return Step::End;
            }
            let found = split(&rest[..seen], self.delimiter, last, &mut self.cells);
            match found {
                Split::Row { end, .. } if end > self.limits.max_line => {
                    return Step::Stop(self.too_long(None));
                }
                Split::Row { end, next } => break (end, next),
                Split::More { open } if seen < rest.len() || seen > self.limits.max_line + 1 => {
                    return Step::Stop(self.too_long(open));
                }
                Split::More { .. } => {
                    if let Err(problem) = self.window.more() {
                        return Step::Stop(problem);
                    }
                }
                Split::Bare { cell, at } => return Step::Stop(self.bare_quote(cell, at)),
                Split::AfterClose { cell, open, at } => {
                    return Step::Stop(self.after_close(cell, open, at));
                }
                Split::Unclosed { cell, open } => return Step::Stop(self.unclosed(cell, open)),
            }
        };
        let step = self.judge(row, end, next);
        let lines = match self.cells.iter().any(|cell| cell.quoted) {
            true => line_ends(&self.window.rest().as_bytes()[..next]),
            false => u64::from(next > end),
        };
        self.window.advance(next, lines);
        step
    }

    /// Decides about a row that is split, and fills `row` if it is right.
    fn judge(&mut self, row: &mut Row, end: usize, next: usize) -> Step {
        let text = self.window.rest();
        if self.cells.len() == 1 && !self.cells[0].quoted && text[..end].trim().is_empty() {
            let control = text[..end].bytes().find(|byte| is_control(*byte));
            if control.is_none() {
                return Step::Blank;
            }
        }
        // Without early exit, so that the compiler can look at many bytes at once.
        if text.as_bytes()[..end]
            .iter()
            .fold(false, |found, byte| found | is_control(*byte))
        {
            return Step::Skip(self.control_character(end));
        }
        let width = self.header.len();
        if width > 0 && self.cells.len() != width {
            return Step::Skip(self.other_width(end, next));
        }
        self.fill(row, end);
        if width > 0 && self.repeats_header(row) {
            return Step::Skip(self.repeated_header(end));
        }
        if next == end {
            self.window.receipt().set_unterminated();
        }
        Step::Row
    }

    fn fill(&self, row: &mut Row, end: usize) {
        let text = self.window.rest();
        let byte = self.window.byte();
        row.clear(self.window.line(), byte);
        row.cell_bytes
            .extend(self.cells.iter().map(|cell| byte + cell.first() as u64));
        if !self.cells.iter().any(|cell| cell.doubled) {
            // The whole row in one copy; the cells are windows into it.
            row.text.push_str(&text[..end]);
            row.cells
                .extend(self.cells.iter().map(|cell| Some((cell.start, cell.end))));
            return;
        }
        for cell in &self.cells {
            let start = row.text.len();
            let mut content = &text[cell.start..cell.end];
            while cell.doubled
                && let Some(at) = memmem::find(content.as_bytes(), b"\"\"")
            {
                row.text.push_str(&content[..=at]);
                content = &content[at + 2..];
            }
            row.text.push_str(content);
            row.cells.push(Some((start, row.text.len())));
        }
    }

    fn repeats_header(&self, row: &Row) -> bool {
        let same = |column: usize, text: &str| text.trim() == self.header.name(column);
        // A byte order mark stands before the second header of files put together.
        let first = row.get(0).unwrap_or("");
        same(0, first.trim_start_matches('\u{feff}'))
            && (1..row.len()).all(|column| same(column, row.get(column).unwrap_or("")))
    }

    /// A problem at a byte of the current row.
    fn problem(&self, entry: &'static Entry, column: usize, at: usize, message: String) -> Problem {
        let before = &self.window.rest().as_bytes()[..at];
        let problem = Problem::new(entry, message).at(Place {
            file: self.window.name().clone(),
            line: Some(self.window.line() + line_ends(before)),
            column: Some(column + 1),
            byte: Some(self.window.byte() + at as u64),
        });
        match column < self.header.len() {
            true => problem.field(self.header.name(column), self.header.len()),
            false => problem,
        }
    }

    /// The text from `at` to the end of its line, cut.
    fn excerpt(&self, at: usize) -> &str {
        let rest = &self.window.rest()[at..];
        let line = rest.split(['\n', '\r']).next().unwrap_or("");
        cut(line)
    }

    fn too_long(&self, open: Option<(usize, usize)>) -> Problem {
        let limit = self.limits.max_line;
        match open {
            Some((cell, at)) => self
                .problem(
                    &catalogue::UNCLOSED_QUOTE,
                    cell,
                    at,
                    format!("nothing closes this quotation mark within {limit} bytes"),
                )
                .excerpt(self.excerpt(at))
                .help("remove the quotation mark; if the cell is that long, raise --max-line"),
            None => self
                .problem(
                    &catalogue::LINE_TOO_LONG,
                    0,
                    0,
                    format!("the row is longer than {limit} bytes"),
                )
                .excerpt(self.excerpt(0))
                .help("if the row is right, raise --max-line"),
        }
    }

    fn bare_quote(&self, cell: usize, at: usize) -> Problem {
        let message = "a quotation mark stands inside a cell that is not quoted".to_string();
        let start = self
            .cells
            .last()
            .map_or(0, |before| before.end + usize::from(before.quoted) + 1);
        self.problem(&catalogue::STRAY_QUOTE, cell, at, message)
            .excerpt(self.excerpt(start))
            .help("quote the whole cell and double the quotation marks inside it")
    }

    fn after_close(&self, cell: usize, open: usize, at: usize) -> Problem {
        let message = "text stands behind the closing quotation mark of a cell".to_string();
        let backslash = self.window.rest().as_bytes()[open..at].ends_with(b"\\\"");
        let help = match backslash {
            true => "a backslash does not protect a quotation mark; double it instead",
            false => "remove the stray quotation mark, or double the ones inside the cell",
        };
        // The opening quotation mark is told: if it is the stray one, the closing one may stand
        // many rows below.
        self.problem(&catalogue::STRAY_QUOTE, cell, open, message)
            .excerpt(self.excerpt(open))
            .help(help)
    }

    fn unclosed(&self, cell: usize, open: usize) -> Problem {
        let message = "nothing closes this quotation mark before the file ends".to_string();
        self.problem(&catalogue::UNCLOSED_QUOTE, cell, open, message)
            .excerpt(self.excerpt(open))
            .help("remove the quotation mark, or export the file again if it is cut off")
    }

    fn control_character(&self, end: usize) -> Problem {
        let text = &self.window.rest().as_bytes()[..end];
        let at = text.iter().position(|byte| is_control(*byte)).unwrap_or(0);
        let code = text[at];
        let cell = self
            .cells
            .iter()
            .take_while(|cell| cell.first() <= at)
            .count();
        let message = format!("control character U+{code:04X} in a cell");
        let problem = self
            .problem(&catalogue::CONTROL_CHARACTER, cell.max(1) - 1, at, message)
            .excerpt(self.excerpt(self.cells[cell.max(1) - 1].start));
        match code {
            0x1A => problem.help("remove the end-of-file mark (Ctrl-Z) that an old program added"),
            _ => problem.help("export the file again; it is damaged, or it is not a text table"),
        }
    }

    fn other_width(&self, end: usize, next: usize) -> Problem {
        let (found, width) = (self.cells.len(), self.header.len());
        // The first cell too many, or the last one there is.
        let column = found.min(width + 1) - 1;
        let at = self.cells[column].first();
        let cut_off = found < width && next == end;
        let entry = match cut_off {
            true => &catalogue::CUT_OFF,
            false => &catalogue::ROW_WIDTH,
        };
        let mut message = format!("the row has {}, the header has {width}", cells(found));
        if cut_off {
            message = format!(
                "the file ends inside this row: it has {} of {width}",
                cells(found)
            );
        }
        self.problem(entry, column, at, message)
            .excerpt(cut(self.window.rest()[..end]
                .split(['\n', '\r'])
                .next()
                .unwrap_or("")))
            .help(self.width_help(end, cut_off))
    }

    fn width_help(&self, end: usize, cut_off: bool) -> String {
        let (found, width) = (self.cells.len(), self.header.len());
        let row = &self.window.rest().as_bytes()[..end];
        let other = DELIMITERS
            .into_iter()
            .find(|other| *other != self.delimiter && row.contains(other));
        let trailing = self.cells.last().is_some_and(|cell| cell.start == cell.end);
        match other {
            _ if cut_off => "download or export the file again".to_string(),
            Some(other) if found == 1 => format!(
                "this row seems to use '{}' where the others use '{}'",
                show(other),
                show(self.delimiter)
            ),
            _ if width == 1 => format!(
                "if the lines above this one are a title, say skip_lines = {} in its [[input]] entry",
                self.window.line().saturating_sub(1)
            ),
            _ if found == width + 1 && trailing => {
                "the row ends with a delimiter that the header does not have".to_string()
            }
            _ if found > width => format!(
                "a cell that contains '{}' must be quoted, or a delimiter is too many",
                show(self.delimiter)
            ),
            _ => "a delimiter is missing, or the row is broken in two".to_string(),
        }
    }

    fn repeated_header(&self, end: usize) -> Problem {
        let message = "this row repeats the header".to_string();
        self.problem(&catalogue::REPEATED_HEADER, 0, 0, message)
            .excerpt(cut(&self.window.rest()[..end]))
            .help("pass the exports that were put together as separate files")
    }
}

impl RowSource for CsvSource {
    fn file(&self) -> &Arc<str> {
        self.window.name()
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn next_row(&mut self, row: &mut Row, problems: &mut Problems) -> bool {
        while !self.done {
            match self.step(row) {
                Step::Row => return true,
                Step::Blank => self.blank_lines += 1,
                Step::Skip(problem) => problems.push(problem),
                Step::Stop(problem) => {
                    problems.push(problem);
                    self.done = true;
                }
                Step::End => self.done = true,
            }
        }
        false
    }

    fn blank_lines(&self) -> u64 {
        self.blank_lines
    }
}

/// A C0 control character other than tab and line ends.
fn is_control(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r'
}

fn cells(count: usize) -> String {
    match count {
        1 => "1 cell".to_string(),
        _ => format!("{count} cells"),
    }
}

/// At most [`EXCERPT`] bytes of the text.
pub(super) fn cut(text: &str) -> &str {
    let mut end = text.len().min(EXCERPT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn show(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "\\t".to_string(),
        _ => char::from(delimiter).to_string(),
    }
}

/// A file without a row.
pub(super) fn empty(name: &Arc<str>) -> Problem {
    Problem::new(&catalogue::EMPTY_FILE, "the file is empty")
        .at(Place::file(name))
        .help("export it again, or pass --allow-empty if it is meant")
}

/// The extent of the next line.
fn line(window: &mut Window, limits: &Limits) -> Result<(usize, usize), Problem> {
    match window.line_extent(limits.max_line)? {
        Some(extent) => Ok(extent),
        None => Err(line_too_long(window, limits)),
    }
}

/// The problem of a line that goes beyond the limit.
pub(super) fn line_too_long(window: &Window, limits: &Limits) -> Problem {
    let message = format!("the line is longer than {} bytes", limits.max_line);
    Problem::new(&catalogue::LINE_TOO_LONG, message)
        .at(Place {
            file: window.name().clone(),
            line: Some(window.line()),
            column: Some(1),
            byte: Some(window.byte()),
        })
        .excerpt(cut(window.rest()))
        .help("if the line is right, raise --max-line")
}

fn skip_lines(window: &mut Window, count: u32, limits: &Limits) -> Result<(), Problem> {
    for _ in 0..count {
        let (end, next) = line(window, limits)?;
        window.advance(next, u64::from(next > end));
    }
    Ok(())
}

/// Passes over blank lines and counts them.
fn skip_blank_lines(window: &mut Window, limits: &Limits) -> Result<u64, Problem> {
    let mut count = 0;
    loop {
        let (end, next) = line(window, limits)?;
        if next == 0 {
            return Err(empty(window.name()));
        }
        if !window.rest()[..end].trim_matches([' ', '\t']).is_empty() {
            return Ok(count);
        }
        count += 1;
        window.advance(next, u64::from(next > end));
    }
}

/// Passes over the line `sep=;` with which spreadsheets declare the delimiter.
fn separator_line(window: &mut Window, limits: &Limits) -> Result<Option<u8>, Problem> {
    let (end, next) = line(window, limits)?;
    match window.rest().as_bytes()[..end] {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if delimiter.is_ascii() => {
            window.advance(next, u64::from(next > end));
            Ok(Some(delimiter))
        }
        _ => Ok(None),
    }
}

/// The delimiter of a file that declares none: a comma, or a tab if the header has no comma.
/// Semicolons and bars are not taken for granted, because then amounts may have decimal commas.
fn find_delimiter(window: &mut Window, limits: &Limits) -> Result<u8, Problem> {
    let (end, _) = line(window, limits)?;
    let header = &window.rest().as_bytes()[..end];
    let [commas, tabs, semicolons, bars] = DELIMITERS.map(|wanted| count(header, wanted));
    let most = commas.max(tabs).max(semicolons).max(bars);
    if most == commas {
        return Ok(b',');
    }
    if most == tabs && commas == 0 {
        return Ok(b'\t');
    }
    let other = match most {
        _ if most == semicolons => b';',
        _ if most == bars => b'|',
        _ => b'\t',
    };
    let place = Place {
        file: window.name().clone(),
        line: Some(window.line()),
        column: Some(1),
        byte: Some(window.byte()),
    };
    let other = show(other);
    let message = format!("the header looks as if '{other}' separates the columns, not ','");
    Err(Problem::new(&catalogue::DELIMITER, message)
        .at(place)
        .excerpt(cut(&window.rest()[..end]))
        .help(format!(
            "say delimiter = \"{other}\" in its [[input]] entry of tanso.toml"
        )))
}

/// How often a byte occurs outside quotation marks.
fn count(text: &[u8], wanted: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for byte in text {
        quoted ^= *byte == b'"';
        count += usize::from(*byte == wanted && !quoted);
    }
    count
}
