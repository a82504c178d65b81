//! Ratios as bars: block characters in a terminal, plain ones elsewhere.

use crate::model::Exact;
use crate::report::figures::percent;

/// Cells of the longest bar.
const WIDTH: u64 = 40;
/// More lines than this are thinned out evenly.
const LINES: usize = 21;

/// One line per value: its text, the ratio and a bar. Empty where fewer than two values have a ratio.
pub fn lines(points: &[(String, Option<Exact>)], blocks: bool) -> Vec<String> {
    let known: Vec<Exact> = points.iter().filter_map(|(_, margin)| *margin).collect();
    if known.len() < 2 {
        return Vec::new();
    }
    let low = known
        .iter()
        .fold(Exact::ZERO, |low, margin| low.min(*margin));
    let high = known
        .iter()
        .fold(Exact::ZERO, |high, margin| high.max(*margin));
    let cells = |value: Exact| {
        let cells = Exact::ratio((value - low) * Exact::from(WIDTH), high - low, 0);
        cells.and_then(|cells| cells.to_u64()).unwrap_or_default() as usize
    };
    let (above, below) = if blocks { ("█", "░") } else { ("#", "-") };
    let zero = cells(Exact::ZERO);
    let chosen = thinned(points.len());
    let width = chosen.iter().map(|at| points[*at].0.chars().count()).max();
    let width = width.unwrap_or_default();
    let line = |at: usize| {
        let (text, margin) = &points[at];
        let blanks = " ".repeat(width - text.chars().count());
        let Some(margin) = margin else {
            return format!("{blanks}{text}     n/a");
        };
        let end = cells(*margin);
        let bar = match margin.is_negative() {
            true => format!("{}{}", " ".repeat(end), below.repeat(zero - end)),
            false => format!("{}{}", " ".repeat(zero), above.repeat(end - zero)),
        };
        format!("{blanks}{text}  {:>6}  {bar}", percent(margin))
            .trim_end()
            .to_string()
    };
    chosen.into_iter().map(line).collect()
}

/// Which of so many points are shown: first and last, and some evenly between.
fn thinned(count: usize) -> Vec<usize> {
    if count <= LINES {
        return (0..count).collect();
    }
    (0..LINES)
        .map(|at| at * (count - 1) / (LINES - 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(margins: &[&str]) -> Vec<(String, Option<Exact>)> {
        let point = |(at, text): (usize, &&str)| (format!("{}", at * 10), Exact::parse(text).ok());
        margins.iter().enumerate().map(point).collect()
    }

    #[test]
    fn bars_begin_at_zero() {
        // From −25 % to 75 % in 40 cells: zero stands at the tenth.
        let drawn = lines(&points(&["-0.25", "0", "?", "0.75"]), false);
        assert_eq!(drawn[0], format!(" 0    −25%  {}", "-".repeat(10)));
        assert_eq!(drawn[1], "10      0%");
        assert_eq!(drawn[2], "20     n/a");
        assert_eq!(
            drawn[3],
            format!("30     75%  {}{}", " ".repeat(10), "#".repeat(30))
        );
        assert_eq!(lines(&points(&["0.5"]), false).len(), 0);
        assert!(lines(&points(&["0.1", "0.5"]), true)[1].ends_with('█'));
    }

    #[test]
    fn many_points_are_thinned() {
        let chosen = thinned(1001);
        assert_eq!(
            (chosen.len(), chosen[0], chosen[1], chosen[20]),
            (21, 0, 50, 1000)
        );
    }
}
