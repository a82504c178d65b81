//! What an export says of itself above its table: lines of a name and a value.
//!
//! They are told from a table by their form alone: at least three lines with at most two filled
//! cells, then a line of eight or more names, then rows as wide as that line. Anything less is
//! left to the strict reading, which refuses it. The lines are kept for the format's reader.

use super::split::{Cell, Split, split};
use crate::scan::window::{Window, line_ends};

/// Fewer lines are no preamble.
const FEWEST: usize = 3;
/// A header below a preamble has at least so many names.
const NAMES: usize = 8;

/// Names and values, as they stand.
pub(super) type Pairs = Vec<(String, String)>;

/// Passes over the lines of a preamble, if there is one, and returns them. Nothing is read for it:
/// whoever opens a file has looked at its beginning, and a fault further on belongs to its row.
pub(super) fn take(window: &mut Window, delimiter: u8) -> Pairs {
    let Some((pairs, length)) = find(window.rest(), delimiter, window.at_end()) else {
        return Pairs::new();
    };
    let lines = line_ends(&window.rest().as_bytes()[..length]);
    window.advance(length, lines);
    pairs
}

/// The preamble at the beginning of the text, and its length.
fn find(text: &str, delimiter: u8, last: bool) -> Option<(Pairs, usize)> {
    let mut pairs = Pairs::new();
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let next = row(text, at, delimiter, last, &mut cells)?;
        let filled = filled(&text[at..], &cells);
        match filled {
            0 => {}
            1 | 2 => {
                let cell = |n: usize| cells.get(n).map_or("", |c| &text[at..][c.start..c.end]);
                pairs.push((cell(0).trim().to_string(), cell(1).trim().to_string()));
            }
            _ => break,
        }
        at = next;
    }
    let is_header = pairs.len() >= FEWEST
        && pairs.iter().all(|(name, _)| !name.is_empty())
        && cells.len() >= NAMES
        && cells
            .iter()
            .all(|cell| is_name(&text[at..][cell.start..cell.end]));
    if !is_header {
        return None;
    }
    let width = cells.len();
    let below = row(text, at, delimiter, last, &mut cells)?;
    let end = text.len();
    let same = match row(text, below, delimiter, last, &mut cells) {
        Some(_) => cells.len() == width,
        None => below >= end,
    };
    same.then_some((pairs, at))
}

/// Splits the row that begins at `at` and returns where the next one does; `None` if there is
/// none, or none that is whole.
fn row(text: &str, at: usize, delimiter: u8, last: bool, cells: &mut Vec<Cell>) -> Option<usize> {
    if at >= text.len() {
        return None;
    }
    match split(&text.as_bytes()[at..], delimiter, last, cells) {
        Split::Row { next, .. } => Some(at + next),
        _ => None,
    }
}

/// How many cells there are up to the last one with content: a spreadsheet pads short lines.
fn filled(row: &str, cells: &[Cell]) -> usize {
    let content = |cell: &Cell| !row[cell.start..cell.end].trim().is_empty();
    cells.iter().rposition(content).map_or(0, |last| last + 1)
}

fn is_name(cell: &str) -> bool {
    let first = cell.trim().chars().next();
    first.is_some_and(|c| !c.is_ascii_digit() && !"-+.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "a,b,c,d,e,f,g,h\n";

    fn found(text: &str) -> Option<(usize, usize)> {
        find(text, b',', true).map(|(pairs, length)| (pairs.len(), length))
    }

    #[test]
    fn lines_of_names_and_values_are_a_preamble() {
        let above = "Invoice,12\nCurrency,USD\nTotal,\"$1,000.00\"\n";
        let text = format!("{above}{HEADER}1,2,3,4,5,6,7,8\n");
        assert_eq!(found(&text), Some((3, above.len())));
        let (pairs, _) = find(&text, b',', true).unwrap();
        assert_eq!(pairs[2], ("Total".to_string(), "$1,000.00".to_string()));
        // Without rows, and with the padding of a spreadsheet and blank lines.
        assert_eq!(found(&format!("{above}{HEADER}")), Some((3, above.len())));
        let padded = "Invoice,12,,,,,,\nCurrency,USD,,,,,,\nTotal,,,,,,,\n,,,,,,,\n";
        assert_eq!(found(&format!("{padded}{HEADER}")), Some((3, padded.len())));
    }

    #[test]
    fn a_table_is_none() {
        let rows = "1,2,3,4,5,6,7,8\n";
        for text in [
            format!("{HEADER}{rows}"),
            // Two lines only.
            format!("a,b\nc,d\n{HEADER}{rows}"),
            // A row of a table of two columns that has lost its line ends.
            "id,n\na,1\nb,2\nc,3,d,4,e,5,f,6\n".to_string(),
            // What follows is not as wide as the header.
            format!("a,b\nc,d\ne,f\n{HEADER}1,2\n"),
            // Too narrow a header.
            "a,b\nc,d\ne,f\na,b,c,d\n1,2,3,4\n".to_string(),
            // A name without a value is fine, a value without a name is not.
            format!("a,b\n,d\ne,f\n{HEADER}{rows}"),
            String::new(),
        ] {
            assert_eq!(found(&text), None, "{text}");
        }
    }
}
