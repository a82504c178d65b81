//! A GitHub Markdown table, for pull requests and notes: the same figures as the terminal's table.
//!
//! Text from data is shown literally: it can neither end a cell nor start markup or HTML.

use std::fmt::Write;

use super::figures::for_people;
use super::table::{Align, Cell, Table};
use super::visible::visible;

/// The table with its title and the lines below, columns with `in_table` only.
pub fn render(table: &Table) -> String {
    let columns: Vec<usize> = (0..table.columns.len())
        .filter(|column| table.columns[*column].in_table)
        .collect();
    let mut out = format!("## {}\n\n|", literal(&table.title));
    for column in &columns {
        // Writing to a String cannot fail, here and below.
        let _ = write!(out, " {} |", literal(&table.columns[*column].title));
    }
    out.push_str("\n|");
    for column in &columns {
        out.push_str(match table.columns[*column].align {
            Align::Left => "---|",
            Align::Right => "---:|",
        });
    }
    out.push('\n');
    for row in &table.rows {
        push_row(&mut out, table, &columns, row, "");
    }
    if let Some(totals) = &table.totals {
        push_row(&mut out, table, &columns, totals, "**");
    }
    if !table.footer.is_empty() {
        out.push('\n');
    }
    for line in &table.footer {
        let _ = writeln!(out, "- {}", literal(line));
    }
    out
}

fn push_row(out: &mut String, table: &Table, columns: &[usize], row: &[Cell], mark: &str) {
    out.push('|');
    for column in columns {
        let shown = for_people(&row[*column], table.places, table.columns[*column].align);
        let shown = match &row[*column] {
            Cell::Text(text) => literal(text),
            _ => shown.into_owned(),
        };
        let mark = if shown.is_empty() { "" } else { mark };
        let _ = write!(out, " {mark}{shown}{mark} |");
    }
    out.push('\n');
}

/// Escapes what Markdown would act on. An underscore inside a word is no markup in GitHub's
/// dialect, and ids are full of them.
fn literal(text: &str) -> String {
    let shown = visible(text.trim());
    let chars: Vec<char> = shown.chars().collect();
    let is_word = |at: Option<usize>| {
        at.and_then(|at| chars.get(at))
            .is_some_and(|c| c.is_alphanumeric())
    };
    let mut out = String::with_capacity(shown.len() + 8);
    for (at, c) in chars.iter().enumerate() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '_' if is_word(at.checked_sub(1)) && is_word(Some(at + 1)) => out.push('_'),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' => {
                out.push('\\');
                out.push(*c);
            }
            _ => out.push(*c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Exact;
    use crate::report::table::Column;

    #[test]
    fn a_small_table() {
        let money = |text| Cell::Money(Exact::parse(text).unwrap());
        let table = Table {
            title: "Margin by customer · October 2026".into(),
            columns: vec![
                Column::text("customer", "Customer"),
                Column::text("plan", "Plan"),
                Column::figures("cost", "Cost"),
                Column::figures("worst", "Worst").csv_only(),
            ],
            rows: vec![
                vec![
                    Cell::Text("a|b\\|c *x* <i> cus_1".into()),
                    Cell::Text("pro".into()),
                    money("-1234.5"),
                    Cell::Empty,
                ],
                vec![
                    Cell::Text("(unattributed)".into()),
                    Cell::Empty,
                    Cell::Empty,
                    Cell::Empty,
                ],
            ],
            totals: Some(vec![
                Cell::Text("Total".into()),
                Cell::Empty,
                money("-1234.5"),
                Cell::Empty,
            ]),
            footer: vec!["difference 0".into()],
            places: Some(2),
        };
        assert_eq!(
            render(&table),
            "## Margin by customer · October 2026\n\
             \n\
             | Customer | Plan | Cost |\n\
             |---|---|---:|\n\
             | a\\|b\\\\\\|c \\*x\\* &lt;i> cus_1 | pro | −1,234.50 |\n\
             | (unattributed) |  | – |\n\
             | **Total** |  | **−1,234.50** |\n\
             \n\
             - difference 0\n"
        );
    }

    #[test]
    fn a_line_break_cannot_end_a_row() {
        assert_eq!(literal("a\nb\u{1b}"), "a\\\\u{a}b\\\\u{1b}");
    }
}
