//! The words for what is wrong with a CSV row, each at its place.

use super::shapes::Fault;
use super::{CsvSource, DELIMITERS, is_control};
use crate::problem::{Entry, Place, Problem, catalogue};
use crate::scan::window::line_ends;

/// Excerpts longer than this are of no use to a reader.
const EXCERPT: usize = 400;

impl CsvSource {
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

    pub(super) fn too_long(&self, open: Option<(usize, usize)>) -> Problem {
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

    pub(super) fn bare_quote(&self, cell: usize, at: usize) -> Problem {
        let message = "a quotation mark stands inside a cell that is not quoted".to_string();
        let start = self
            .cells
            .last()
            .map_or(0, |before| before.end + usize::from(before.quoted) + 1);
        self.problem(&catalogue::STRAY_QUOTE, cell, at, message)
            .excerpt(self.excerpt(start))
            .help("quote the whole cell and double the quotation marks inside it")
    }

    pub(super) fn after_close(&self, cell: usize, open: usize, at: usize) -> Problem {
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

    pub(super) fn unclosed(&self, cell: usize, open: usize) -> Problem {
        let message = "nothing closes this quotation mark before the file ends".to_string();
        self.problem(&catalogue::UNCLOSED_QUOTE, cell, open, message)
            .excerpt(self.excerpt(open))
            .help("remove the quotation mark, or export the file again if it is cut off")
    }

    pub(super) fn control_character(&self, end: usize) -> Problem {
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

    pub(super) fn other_width(&self, end: usize, next: usize) -> Problem {
        let (found, width) = (self.cells.len(), self.header.len());
        let text = &self.window.rest()[..end];
        let cut_off = found < width && next == end;
        let (entry, mut message) = match cut_off {
            true => (
                &catalogue::CUT_OFF,
                format!(
                    "the file ends inside this row: it has {} of {width}",
                    cells(found)
                ),
            ),
            false => (
                &catalogue::ROW_WIDTH,
                format!("the row has {}, the header has {width}", cells(found)),
            ),
        };
        // The first cell too many, or the last one there is, unless one looks guilty.
        let mut column = found.min(width + 1) - 1;
        if !cut_off && found.abs_diff(width) == 1 {
            let texts: Vec<&str> = self.cells.iter().map(|c| &text[c.start..c.end]).collect();
            if let Some(fault) = self.shapes.fault(&texts, self.delimiter) {
                let looks;
                (column, looks) = self.looks(fault);
                message = format!("{message}; {looks}");
            }
        }
        self.problem(entry, column, self.cells[column].first(), message)
            .excerpt(cut(text.split(['\n', '\r']).next().unwrap_or("")))
            .help(self.width_help(end, cut_off))
    }

    /// The cell at fault, and the words for what it looks like.
    fn looks(&self, fault: Fault) -> (usize, String) {
        let delimiter = show(self.delimiter);
        let cell = |at: usize| match at < self.header.len() {
            true => format!("cell {}, {},", at + 1, self.header.name(at)),
            false => format!("cell {}", at + 1),
        };
        match fault {
            Fault::Split(at) => (at, format!("{} looks split by the '{delimiter}'", cell(at))),
            Fault::Added(at) => (at, format!("cell {} is empty and looks added", at + 1)),
            Fault::Joined(at) => {
                let next = self.header.name(at + 1);
                let words = format!("{} looks run together with {next}", cell(at));
                (at, words)
            }
        }
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

    pub(super) fn repeated_header(&self, end: usize) -> Problem {
        let message = "this row repeats the header".to_string();
        self.problem(&catalogue::REPEATED_HEADER, 0, 0, message)
            .excerpt(cut(&self.window.rest()[..end]))
            .help("pass the exports that were put together as separate files")
    }
}

fn cells(count: usize) -> String {
    match count {
        1 => "1 cell".to_string(),
        _ => format!("{count} cells"),
    }
}

/// At most [`EXCERPT`] bytes of the text.
pub(in crate::scan) fn cut(text: &str) -> &str {
    let mut end = text.len().min(EXCERPT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

pub(super) fn show(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "\\t".to_string(),
        _ => char::from(delimiter).to_string(),
    }
}
