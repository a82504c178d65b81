//! A record that wins among those of its request id, kept until nobody can beat it.

use super::sums::{Entry, Sums};

/// An entry that is kept until the end, with what stands beside it.
#[derive(Clone, Debug)]
pub struct Winner {
    pub entry: Entry,
    pub more: Vec<Sums>,
}

impl Winner {
    /// Takes an entry out of its list.
    pub fn of(entry: &Entry, from: &[Sums]) -> Winner {
        let mut more = Vec::new();
        let entry = entry.moved(from, &mut more);
        Winner { entry, more }
    }
}
