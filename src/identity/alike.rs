//! Ids that look alike and are not the same: told, never joined.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

/// Groups of ids that fold to the same text.
pub fn alike<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<Vec<String>> {
    let mut folded: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for id in ids {
        let fold: String = id
            .nfkc()
            .filter(|c| !c.is_whitespace() && !is_invisible(*c))
            .flat_map(char::to_lowercase)
            .collect();
        folded.entry(fold).or_default().insert(id.to_string());
    }
    folded
        .into_values()
        .filter(|group| group.len() > 1)
        .map(|group| group.into_iter().collect())
        .collect()
}

fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
    )
}
