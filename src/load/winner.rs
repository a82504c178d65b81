//! A record that wins among those of its request id, kept until nobody can beat it, and what settles
//! an entry at the end.

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

/// Settles one entry and hands it on, with the list beside it.
pub fn settle(
    mut entry: Entry,
    inside: bool,
    kind: &mut impl FnMut(u32) -> Option<u32>,
    more: &[Sums],
    mut take: impl FnMut(&Entry, &[Sums]),
) {
    let Some(settled) = kind(entry.group.kind) else {
        return take(&entry, more);
    };
    entry.group.kind = settled;
    if !inside {
        return take(&entry, more);
    }
    let mut sums = entry.sums(more);
    sums.settle(inside);
    let mut own = Vec::new();
    let entry = Entry::long(entry.group, sums, &mut own);
    take(&entry, &own);
}
