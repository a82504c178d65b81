//! Ids that look alike and are not the same: told, never joined.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// Groups of ids that fold to the same text.
pub fn alike<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<Vec<String>> {
    let ids: BTreeSet<&str> = ids.collect();
    let fold = |id: &&str| -> String {
        id.nfkc()
            .filter(|c| !c.is_whitespace() && !is_invisible(*c))
            .flat_map(char::to_lowercase)
            .collect()
    };
    let mut folded: Vec<(String, &str)> = ids.into_iter().map(|id| (fold(&id), id)).collect();
    folded.sort_unstable();
    folded
        .chunk_by(|one, other| one.0 == other.0)
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|(_, id)| id.to_string()).collect())
        .collect()
}

fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
    )
}
