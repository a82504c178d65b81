//! What the cells of each column look like, so that a row of another width can say which of its
//! cells is at fault.
//!
//! Looked at are the first rows of a file, once; rows that are right cost nothing. What comes of
//! it is a guess for a message: no row is ever repaired by it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::scan::Row;

/// With fewer rows than this nothing is guessed.
const ENOUGH: usize = 3;
/// Longer cells are not tried as two.
const LONGEST: usize = 200;

/// How badly a cell fits its column: it is as long as none before it.
const LENGTH: u32 = 1;
/// Its words are new, but made of the same kinds of characters.
const WORDS: u32 = 2;
/// It has another form, so it hardly belongs there.
const FORM: u32 = 6;

/// A guess at the fault of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// This cell and the next are one that a delimiter split.
    Split(usize),
    /// This empty cell is one too many.
    Added(usize),
    /// This cell is two that lack the delimiter between them.
    Joined(usize),
}

/// The looks of all columns.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    columns: Vec<Look>,
    rows: usize,
}

/// What the cells of one column have in common.
#[derive(Debug)]
struct Look {
    texts: BTreeSet<String>,
    forms: BTreeSet<Vec<u8>>,
    classes: u8,
    lengths: RangeInclusive<usize>,
}

impl Shapes {
    /// Looks at rows that are right.
    pub(super) fn of(rows: &[Row]) -> Shapes {
        let width = rows.first().map_or(0, Row::len);
        let mut columns: Vec<Look> = (0..width).map(|_| Look::new()).collect();
        for row in rows {
            for (column, look) in columns.iter_mut().enumerate() {
                look.add(row.get(column).unwrap_or(""));
            }
        }
        Shapes {
            columns,
            rows: rows.len(),
        }
    }

    /// The likeliest fault of a row of other width: one after which all its cells clearly look
    /// like those of their columns. Of several the first.
    pub(super) fn fault(&self, cells: &[&str], delimiter: u8) -> Option<Fault> {
        let width = self.columns.len();
        if self.rows < ENOUGH {
            return None;
        }
        let unlike = |at: usize, column: usize| self.columns[column].unlike(cells[at]);
        let candidates: Vec<(u32, Fault)> = if cells.len() == width + 1 {
            // Cells before the fault stand in their columns, those behind it one too far right.
            let before = sums((0..width).map(|at| unlike(at, at)));
            let behind = sums((1..=width).rev().map(|at| unlike(at, at - 1)));
            let added = (0..=width)
                .filter(|at| cells[*at].trim().is_empty())
                .map(|at| (before[at] + behind[width - at], Fault::Added(at)));
            let split = (0..width).map(|at| {
                let both = self.columns[at].unlike_split(cells[at], cells[at + 1], delimiter);
                (before[at] + both + behind[width - at - 1], Fault::Split(at))
            });
            added.chain(split).collect()
        } else if cells.len() + 1 == width {
            let before = sums((0..cells.len()).map(|at| unlike(at, at)));
            let behind = sums((0..cells.len()).rev().map(|at| unlike(at, at + 1)));
            (0..cells.len())
                .map(|at| {
                    let both = self.unlike_joined(at, cells[at]);
                    let behind = behind[cells.len() - 1 - at];
                    (before[at] + both + behind, Fault::Joined(at))
                })
                .collect()
        } else {
            return None;
        };
        let (best, fault) = candidates
            .iter()
            .copied()
            .min_by_key(|(unlike, _)| *unlike)?;
        (best < FORM).then_some(fault)
    }

    /// How badly the best two parts of a cell fit this column and the next.
    fn unlike_joined(&self, column: usize, cell: &str) -> u32 {
        if cell.len() > LONGEST {
            return FORM;
        }
        let (left, right) = (&self.columns[column], &self.columns[column + 1]);
        cell.char_indices()
            .map(|(at, _)| at)
            .chain([cell.len()])
            .map(|at| left.unlike(&cell[..at]) + right.unlike(&cell[at..]))
            .min()
            .unwrap_or(FORM)
    }
}

/// The sums of the first 0, 1, 2, … numbers.
fn sums(numbers: impl Iterator<Item = u32>) -> Vec<u32> {
    let running = numbers.scan(0, |sum: &mut u32, number| {
        *sum = sum.saturating_add(number);
        Some(*sum)
    });
    std::iter::once(0).chain(running).collect()
}

impl Look {
    fn new() -> Look {
        Look {
            texts: BTreeSet::new(),
            forms: BTreeSet::new(),
            classes: 0,
            // Empty: the first length added makes it a range.
            lengths: RangeInclusive::new(usize::MAX, 0),
        }
    }

    fn add(&mut self, text: &str) {
        let text = text.trim();
        self.forms.insert(form(text));
        self.classes |= classes(text);
        let (least, most) = (*self.lengths.start(), *self.lengths.end());
        self.lengths = least.min(text.len())..=most.max(text.len());
        self.texts.insert(text.to_string());
    }

    /// How badly a text fits the column; 0 if it could well stand there.
    fn unlike(&self, text: &str) -> u32 {
        let text = text.trim();
        if self.texts.contains(text) {
            return 0;
        }
        if !self.forms.contains(&form(text)) {
            // A column of words has new words; one of numbers, dates or ids keeps its form.
            let words = self.classes & LETTERS != 0 && !self.is_closed();
            let known = !text.is_empty() && classes(text) & !self.classes == 0;
            return if words && known { WORDS } else { FORM };
        }
        let digits = self.classes & LETTERS == 0;
        match (self.lengths.contains(&text.len()), self.is_closed()) {
            (false, _) => LENGTH,
            // One of a few values would be one of those seen.
            (true, true) if !digits => LENGTH,
            (true, _) => 0,
        }
    }

    /// Whether the column seems to repeat a few values.
    fn is_closed(&self) -> bool {
        self.texts.len() <= 8
    }

    /// How badly two cells, put together again, fit the column.
    fn unlike_split(&self, left: &str, right: &str, delimiter: u8) -> u32 {
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if delimiter == b',' && self.classes & LETTERS == 0 {
            let (whole, fraction) = right.split_once('.').unwrap_or((right, ""));
            let sign = left.strip_prefix('-').unwrap_or(left);
            let thousands = sign.len() <= 3
                && all_digits(sign)
                && !sign.starts_with('0')
                && whole.len() == 3
                && all_digits(whole)
                && (fraction.is_empty() || all_digits(fraction));
            let decimal = all_digits(sign) && all_digits(right);
            let zeros = decimal && right.bytes().all(|b| b == b'0');
            return [
                (thousands, format!("{left}{right}")),
                (decimal, format!("{left}.{right}")),
                (zeros, left.to_string()),
            ]
            .into_iter()
            .filter(|(possible, _)| *possible)
            .map(|(_, number)| self.unlike(&number))
            .min()
            .unwrap_or(FORM);
        }
        // Text with a delimiter inside: both sides must be made of what the column is made of.
        let known = (classes(left) | classes(right)) & !BLANK & !self.classes == 0;
        let empty = left.trim().is_empty() || right.trim().is_empty();
        match known && !empty && !self.is_closed() && self.forms.len() > 1 {
            true => WORDS,
            false => FORM,
        }
    }
}

const DIGITS: u8 = 1;
const LETTERS: u8 = 2;
const BLANK: u8 = 4;
const OTHER: u8 = 8;

fn class(c: char) -> u8 {
    match c {
        '0'..='9' => DIGITS,
        _ if c.is_alphabetic() => LETTERS,
        _ if c.is_whitespace() => BLANK,
        _ => OTHER,
    }
}

fn classes(text: &str) -> u8 {
    text.chars().fold(0, |all, c| all | class(c))
}

/// The text with each run of digits as `9` and each run of letters as `a`.
fn form(text: &str) -> Vec<u8> {
    let mut form = Vec::new();
    for c in text.chars() {
        let shown = match class(c) {
            DIGITS => b'9',
            LETTERS => b'a',
            BLANK => b' ',
            _ => u8::try_from(c).unwrap_or(b'?'),
        };
        let run = matches!(shown, b'9' | b'a');
        if !run || form.last() != Some(&shown) {
            form.push(shown);
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: [&str; 3] = [
        "2026-09-01,req_00000,cus_0,gpt-x,5721,63,0.0012,eu",
        "2026-09-02,req_00001,cus_1,embed-z,10,999,0.01,us",
        "2026-09-03,req_00002,cus_2,gpt-x,9999,1,0.000045,eu",
    ];

    fn shapes(rows: &[&str]) -> Shapes {
        let cells = |row: &&str| Row::of_cells(2, &row.split(',').collect::<Vec<_>>());
        Shapes::of(&rows.iter().map(cells).collect::<Vec<_>>())
    }

    fn fault(row: &str) -> Option<Fault> {
        let cells: Vec<&str> = row.split(',').collect();
        shapes(&LOG).fault(&cells, b',')
    }

    #[test]
    fn a_number_with_a_comma_is_found() {
        // 2,481 tokens, a decimal comma in the cost, and 405,0 tokens.
        let found = fault("2026-09-04,req_00003,cus_0,gpt-x,2,481,405,0.0012,eu");
        assert_eq!(found, Some(Fault::Split(4)));
        let found = fault("2026-09-04,req_00003,cus_0,gpt-x,2481,405,0,0012,eu");
        assert_eq!(found, Some(Fault::Split(6)));
        let found = fault("2026-09-04,req_00003,cus_0,gpt-x,405,0,77,0.0012,eu");
        assert_eq!(found, Some(Fault::Split(4)));
    }

    #[test]
    fn an_added_empty_cell_is_found() {
        let found = fault("2026-09-04,req_00003,,cus_0,gpt-x,2481,405,0.0012,eu");
        assert_eq!(found, Some(Fault::Added(2)));
        let found = fault("2026-09-04,req_00003,cus_0,gpt-x,2481,405,0.0012,eu,");
        assert_eq!(found, Some(Fault::Added(8)));
    }

    #[test]
    fn a_missing_delimiter_is_found() {
        let found = fault("2026-09-04req_00003,cus_0,gpt-x,2481,405,0.0012,eu");
        assert_eq!(found, Some(Fault::Joined(0)));
        let found = fault("2026-09-04,req_00003,cus_0,gpt-x,2481405,0.0012,eu");
        assert_eq!(found, Some(Fault::Joined(4)));
        let found = fault("2026-09-04,req_00003,cus_0,gpt-x,2481,405,0.0012eu");
        assert_eq!(found, Some(Fault::Joined(6)));
    }

    #[test]
    fn what_fits_nowhere_is_not_guessed() {
        assert_eq!(fault("a,b,c,d,e,f,g,h,i"), None);
        assert_eq!(fault("2026-09-04,req_00003,cus_0,gpt-x"), None);
        let one = shapes(&["1,2"]);
        assert_eq!(one.fault(&["1", "", "2"], b','), None);
    }

    #[test]
    fn forms_fold_runs() {
        assert_eq!(form("2026-09-04"), b"9-9-9");
        assert_eq!(form("cus_Q1x"), b"a_a9a");
    }
}
