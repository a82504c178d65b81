//! Places in files, as people and as programs read them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// More stretches than this are told by their first and last line.
const SHOWN: usize = 3;

/// Stretches of lines: `7`, `7-9`.
pub fn stretches(lines: &[(u64, u64)]) -> Vec<String> {
    let one = |(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    lines.iter().map(one).collect()
}

/// A file with its lines for people: `costs.csv:7-9,12`, or `costs.csv:7-121 (20 lines)`.
pub fn place(file: &str, lines: &[(u64, u64)], count: u64, what: &str) -> String {
    match (lines.first(), lines.last()) {
        (Some((first, _)), Some((_, last))) if lines.len() > SHOWN => {
            format!("{file}:{first}-{last} ({count} {what})")
        }
        _ => format!("{file}:{}", stretches(lines).join(",")),
    }
}

/// Several files with their lines.
pub fn places(files: &BTreeMap<Arc<str>, BTreeSet<u64>>) -> String {
    let one = |(file, lines): (&Arc<str>, &BTreeSet<u64>)| {
        let mut stretches: Vec<(u64, u64)> = Vec::new();
        for line in lines {
            match stretches.last_mut() {
                Some((_, last)) if *line == *last + 1 => *last = *line,
                _ => stretches.push((*line, *line)),
            }
        }
        place(file, &stretches, lines.len() as u64, "lines")
    };
    let all: Vec<String> = files.iter().map(one).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_short() {
        let of = |lines: &[u64]| {
            let lines = lines.iter().copied().collect();
            places(&BTreeMap::from([("a.csv".into(), lines)]))
        };
        assert_eq!(of(&[4]), "a.csv:4");
        assert_eq!(of(&[4, 5, 6, 9]), "a.csv:4-6,9");
        assert_eq!(of(&[1, 3, 5, 8, 9]), "a.csv:1-9 (5 lines)");
    }
}
