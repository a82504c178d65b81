//! Ids on the lines of a bill that may name a customer: columns of one vendor, and tags.

use crate::formats::fields::{Columns, word};
use crate::model::records::Scope;
use crate::problem::{Problem, Problems};
use crate::scan::Row;

/// Columns with ids, and what each is.
pub type ScopeColumns = Vec<(usize, &'static str)>;

/// Finds those of the named columns that are there, in the order of the list. Each entry is the
/// name of a column and what its ids are (`project`).
pub fn find(
    columns: &Columns,
    known: &[(&str, &'static str)],
    problems: &mut Problems,
) -> ScopeColumns {
    known
        .iter()
        .filter_map(|(name, what)| Some((columns.optional(&[name], problems)?, *what)))
        .collect()
}

/// The ids of a row in the namespace; words for "nothing" are none.
///
/// # Errors
/// An id that a spreadsheet has rewritten.
pub fn read(
    columns: &Columns,
    row: &Row,
    at: &[(usize, &'static str)],
    namespace: &str,
) -> Result<Vec<Scope>, Problem> {
    let mut scopes = Vec::new();
    for (column, dimension) in at {
        if word(row, Some(*column)).is_none() {
            continue;
        }
        if let Some(id) = columns.id(row, *column)? {
            scopes.push(Scope {
                namespace: namespace.to_string(),
                id: id.to_string(),
                dimension,
            });
        }
    }
    Ok(scopes)
}

/// A tag: its key is the namespace. One without a value names nobody.
pub fn tag(key: &str, value: &str) -> Option<Scope> {
    let (key, value) = (key.trim(), value.trim());
    (!key.is_empty() && !value.is_empty()).then(|| Scope {
        namespace: format!("tag:{key}"),
        id: value.to_string(),
        dimension: "tag",
    })
}
