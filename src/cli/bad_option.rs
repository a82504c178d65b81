//! What every option says whose value is not understood.

use crate::problem::{Problem, catalogue};

/// An option with a value that is not understood: why, and what to write.
pub fn bad(option: &str, text: &str, why: &str, help: &str) -> Problem {
    Problem::new(
        &catalogue::BAD_OPTION,
        format!("{option} is not understood: {why}"),
    )
    .excerpt(text)
    .help(help)
}
