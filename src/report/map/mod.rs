//! Coverage of ids, unmatched ids and suggestions as reports: tables, CSV rows, and JSON.

pub mod document;
pub mod table;

use crate::report::visible::masked;

/// How an id is shown. Payers without an id go by their e-mail, which is never printed.
pub fn shown(source: &str, id: &str) -> String {
    match (source, id) {
        ("", _) => "(no id)".into(),
        (source, id) => format!("{source}:{}", masked(id)),
    }
}
