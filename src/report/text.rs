//! The table for terminals and pipes.
//!
//! A row is always one line. A terminal that is too narrow loses columns in their stated order,
//! then words are cut with `…`; figures are never wrapped, cut or abbreviated. Color repeats what
//! the signs already say.

use comfy_table::{Attribute, CellAlignment, Color, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::figures::for_people;
use super::table::{Align, Cell, Table};
use super::visible::visible;

/// Choices of the text renderer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns of the terminal; `None` prints everything in full, as into a pipe.
    pub width: Option<usize>,
    /// Whether to color: negative figures red, title and totals bold.
    pub style: bool,
}

/// Blanks around each cell.
const PADDING: usize = 2;
/// Words are not cut to less than this.
const LEAST_TEXT: usize = 8;
/// Words are cut to this even in a pipe, so that one broken cell cannot make every line long.
const MOST_TEXT: usize = 200;

/// The table with its title, its totals and the lines below, columns with `in_table` only.
pub fn render(table: &Table, options: TextOptions) -> String {
    let mut layout = Layout::of(table);
    let dropped = match options.width {
        Some(width) => layout.fit(table, width),
        None => Vec::new(),
    };
    let mut out = bold(&visible(&table.title), options.style);
    out.push_str("\n\n");
    for line in layout.lines(table, options.style) {
        out.push_str(&line);
        out.push('\n');
    }
    if !table.footer.is_empty() || !dropped.is_empty() {
        out.push('\n');
    }
    for line in &table.footer {
        out.push(' ');
        out.push_str(visible(line).trim_end());
        out.push('\n');
    }
    if !dropped.is_empty() {
        out.push_str(&format!(
            " not shown for want of width: {}\n",
            dropped.join(", ")
        ));
    }
    out
}

/// What is printed of the table: the columns still shown and the most that words may take in each.
struct Layout {
    shown: Vec<usize>,
    /// Width of the widest content per column of the table, title included.
    widths: Vec<usize>,
    /// Whether the column's cells are words, which may be cut.
    words: Vec<bool>,
}

impl Layout {
    fn of(table: &Table) -> Layout {
        let mut widths: Vec<usize> = table
            .columns
            .iter()
            .map(|column| visible(&column.title).width())
            .collect();
        let mut words: Vec<bool> = table
            .columns
            .iter()
            .map(|column| column.align == Align::Left)
            .collect();
        for row in table.rows.iter().chain(&table.totals) {
            for (at, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
                let width = for_people(cell, table.places, column.align).width();
                widths[at] = widths[at].max(width);
                words[at] &= matches!(cell, Cell::Text(_) | Cell::Empty);
            }
        }
        for (width, words) in widths.iter_mut().zip(&words) {
            if *words {
                *width = (*width).min(MOST_TEXT);
            }
        }
        let shown = (0..table.columns.len())
            .filter(|column| table.columns[*column].in_table)
            .collect();
        Layout {
            shown,
            widths,
            words,
        }
    }

    fn total_width(&self) -> usize {
        self.shown.iter().map(|at| self.widths[*at] + PADDING).sum()
    }

    /// Drops columns, then narrows words, until the table fits or nothing more can give way.
    /// Returns the titles dropped, in the table's order.
    fn fit(&mut self, table: &Table, width: usize) -> Vec<String> {
        let mut dropped: Vec<usize> = Vec::new();
        while self.total_width() > width {
            let next = self
                .shown
                .iter()
                .copied()
                .filter(|at| table.columns[*at].drop_order > 0)
                .max_by_key(|at| (table.columns[*at].drop_order, *at));
            let Some(next) = next else { break };
            self.shown.retain(|at| *at != next);
            dropped.push(next);
        }
        while self.total_width() > width {
            let over = self.total_width() - width;
            let widest = self
                .shown
                .iter()
                .copied()
                .filter(|at| self.words[*at] && self.widths[*at] > LEAST_TEXT)
                .max_by_key(|at| (self.widths[*at], *at));
            let Some(widest) = widest else { break };
            // Only down to the second widest at a time, so that all words suffer alike.
            let second = self
                .shown
                .iter()
                .filter(|at| self.words[**at] && **at != widest)
                .map(|at| self.widths[*at])
                .filter(|width| *width < self.widths[widest])
                .max()
                .unwrap_or(0);
            let floor = second.max(LEAST_TEXT);
            let narrowed = self.widths[widest].saturating_sub(over).max(floor);
            self.widths[widest] = narrowed.min(self.widths[widest] - 1);
        }
        dropped.sort_unstable();
        dropped
            .into_iter()
            .map(|at| visible(&table.columns[at].title).into_owned())
            .collect()
    }

    fn lines(&self, table: &Table, style: bool) -> Vec<String> {
        let mut grid = comfy_table::Table::new();
        grid.load_style(presets::NOTHING).force_no_tty();
        if style {
            grid.enforce_styling().style_text_only();
        }
        let titles = self.shown.iter().map(|at| {
            let title = visible(&table.columns[*at].title);
            self.aligned(table, *at, &title)
        });
        grid.set_header(titles);
        for row in &table.rows {
            grid.add_row(self.row(table, row, false));
        }
        if let Some(totals) = &table.totals {
            grid.add_row(self.row(table, totals, true));
        }
        grid.lines()
            .map(|line| line.trim_end().to_string())
            .collect()
    }

    fn row(&self, table: &Table, row: &[Cell], is_total: bool) -> Vec<comfy_table::Cell> {
        let cell = |at: &usize| {
            let shown = for_people(&row[*at], table.places, table.columns[*at].align);
            let mut cell = self.aligned(table, *at, &shown);
            if is_negative(&row[*at]) {
                cell = cell.fg(Color::Red);
            }
            if is_total {
                cell = cell.add_attribute(Attribute::Bold);
            }
            cell
        };
        self.shown.iter().map(cell).collect()
    }

    fn aligned(&self, table: &Table, at: usize, shown: &str) -> comfy_table::Cell {
        let text = if self.words[at] {
            cut(shown, self.widths[at])
        } else {
            shown.to_string()
        };
        comfy_table::Cell::new_owned(text).set_alignment(match table.columns[at].align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        })
    }
}

fn is_negative(cell: &Cell) -> bool {
    match cell {
        Cell::Money(figure) | Cell::Ratio(Some(figure)) => figure.is_negative(),
        _ => false,
    }
}

/// The text in at most `width` terminal columns; what is cut off is told by `…`.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_string();
    }
    let room = width.saturating_sub(1);
    let mut used = 0;
    let mut out = String::with_capacity(width + 3);
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

fn bold(text: &str, style: bool) -> String {
    if style {
        format!("\u{1b}[1m{text}\u{1b}[0m")
    } else {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Exact;
    use crate::report::table::Column;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn row(
        name: &str,
        plan: &str,
        revenue: &str,
        cost: &str,
        profit: &str,
        margin: &str,
    ) -> Vec<Cell> {
        let money = |text: &str| match text {
            "" => Cell::Empty,
            _ => Cell::Money(exact(text)),
        };
        vec![
            Cell::Text(name.into()),
            match plan {
                "" => Cell::Empty,
                _ => Cell::Text(plan.into()),
            },
            money(revenue),
            money(cost),
            money(profit),
            Cell::Ratio((!margin.is_empty()).then(|| exact(margin))),
        ]
    }

    fn table() -> Table {
        Table {
            title: "Margin by customer · October 2026 · USD".into(),
            columns: vec![
                Column::text("customer", "Customer"),
                Column::text("plan", "Plan").dropped(2),
                Column::figures("revenue", "Revenue").dropped(1),
                Column::figures("cost", "Cost"),
                Column::figures("gross_profit", "Gross profit"),
                Column::figures("gross_margin", "Margin"),
            ],
            rows: vec![
                row("Umbra Labs", "pro", "99", "412.35", "-313.35", "-3.165"),
                row("東京 Kestrel", "team", "499", "88.20", "410.80", "0.8232"),
                row("(unattributed)", "", "", "61.02", "-61.02", ""),
            ],
            totals: Some(row("Total", "", "12480", "8340", "4140", "0.3317")),
            footer: vec!["difference 0".into()],
            places: Some(2),
        }
    }

    fn plain(width: Option<usize>) -> String {
        render(
            &table(),
            TextOptions {
                width,
                style: false,
            },
        )
    }

    #[test]
    fn the_first_table() {
        assert_eq!(
            plain(None),
            "Margin by customer · October 2026 · USD\n\
             \n\
             \x20Customer        Plan    Revenue      Cost  Gross profit  Margin\n\
             \x20Umbra Labs      pro       99.00    412.35       −313.35   −316%\n\
             \x20東京 Kestrel    team     499.00     88.20        410.80     82%\n\
             \x20(unattributed)                –     61.02        −61.02       –\n\
             \x20Total                 12,480.00  8,340.00      4,140.00     33%\n\
             \n\
             \x20difference 0\n"
        );
    }

    #[test]
    fn every_row_ends_in_the_same_column() {
        let text = plain(None);
        let rows: Vec<&str> = text.lines().skip(2).take(5).collect();
        assert!(rows.iter().all(|line| line.width() == rows[0].width()));
    }

    #[test]
    fn a_narrow_terminal_drops_columns_in_order() {
        let narrow = plain(Some(60));
        assert!(!narrow.contains("Plan  "), "{narrow}");
        assert!(narrow.contains("Revenue"), "{narrow}");
        assert!(narrow.contains("not shown for want of width: Plan\n"));
        let narrower = plain(Some(50));
        assert!(narrower.contains("not shown for want of width: Plan, Revenue\n"));
        assert!(
            narrower
                .lines()
                .skip(2)
                .take(5)
                .all(|line| line.width() <= 50)
        );
    }

    #[test]
    fn words_are_cut_and_figures_are_not() {
        let text = plain(Some(44));
        assert!(text.contains("(unattrib…"), "{text}");
        let tiny = plain(Some(10));
        for figure in ["−313.35", "8,340.00", "4,140.00", "−316%"] {
            assert!(tiny.contains(figure), "{tiny}");
        }
        assert!(tiny.contains("(unattr…"), "{tiny}");
    }

    #[test]
    fn style_only_adds_escapes() {
        let styled = render(
            &table(),
            TextOptions {
                width: None,
                style: true,
            },
        );
        assert!(styled.starts_with("\u{1b}[1mMargin"));
        assert!(styled.contains("\u{1b}[38;5;9m−313.35"), "{styled:?}");
        assert!(!plain(None).contains('\u{1b}'));
    }

    #[test]
    fn data_cannot_reach_the_terminal() {
        let mut table = table();
        table.rows[0][0] = Cell::Text("\u{1b}[2Jx\ny\u{202e}".into());
        table.footer = vec!["\u{9b}31m".into()];
        let text = render(&table, TextOptions::default());
        assert!(text.contains("\\u{1b}[2Jx\\u{a}y\\u{202e}"), "{text}");
        assert!(text.contains("\\u{9b}31m"));
        assert_eq!(text.lines().count(), 9);
    }

    #[test]
    fn cutting_counts_wide_characters() {
        assert_eq!(cut("東京都", 6), "東京都");
        assert_eq!(cut("東京都", 5), "東京…");
        assert_eq!(cut("東京都", 4), "東…");
        assert_eq!(cut("abc", 0), "…");
    }
}
