//! What stands above the header and between the cells: lines to skip, `sep=;`, the delimiter.
//!
//! A delimiter other than the comma is only proposed, never assumed, except for the tab of a table
//! pasted from a sheet.

use super::faults::{cut, show};
use super::{DELIMITERS, empty};
use crate::problem::{Place, Problem, catalogue};
use crate::scan::Limits;
use crate::scan::window::Window;

/// The extent of the next line.
fn line(window: &mut Window, limits: &Limits) -> Result<(usize, usize), Problem> {
    match window.line_extent(limits.max_line)? {
        Some(extent) => Ok(extent),
        None => Err(line_too_long(window, limits)),
    }
}

/// The problem of a line that goes beyond the limit.
pub(in crate::scan) fn line_too_long(window: &Window, limits: &Limits) -> Problem {
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

pub(super) fn skip_lines(window: &mut Window, count: u32, limits: &Limits) -> Result<(), Problem> {
    for _ in 0..count {
        let (end, next) = line(window, limits)?;
        window.advance(next, u64::from(next > end));
    }
    Ok(())
}

/// Passes over blank lines and counts them.
pub(super) fn skip_blank_lines(window: &mut Window, limits: &Limits) -> Result<u64, Problem> {
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
pub(super) fn separator_line(window: &mut Window, limits: &Limits) -> Result<Option<u8>, Problem> {
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
pub(super) fn find_delimiter(window: &mut Window, limits: &Limits) -> Result<u8, Problem> {
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
