//! The double entry of attribution: what was billed against what was given away.

use std::collections::BTreeMap;

use super::lines::Line;
use super::{Basis, Holder};
use crate::model::{Currency, Exact, Month};

/// The tie-out of one provider: `billed = direct + metered + allocated + unattributed`.
#[derive(Clone, Debug)]
pub struct BillTie {
    /// Provider; `None` where the bill does not say.
    pub provider: Option<String>,
    /// Currency.
    pub currency: Currency,
    /// Every charge of the period.
    pub billed: Exact,
    /// Reached its customer directly.
    pub direct: Exact,
    /// Shared by logged usage.
    pub metered: Exact,
    /// Spread by a rule or a coarser match.
    pub allocated: Exact,
    /// Nobody's.
    pub unattributed: Exact,
}

/// Key of the cost that a credit follows: provider and month of the report.
pub type Followed = (Option<String>, Month);

/// Running totals of one attribution.
#[derive(Debug)]
pub struct Ledger {
    ties: BTreeMap<Option<String>, BillTie>,
    /// Cost by provider and month: what credits and tax follow.
    given: BTreeMap<Followed, BTreeMap<Holding, Exact>>,
    follow_cells: bool,
}

/// A holder of cost with the cell that carries it, as far as credits need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holding {
    /// Who; parties before nobody, so that ties go to customers.
    pub party: PartyOrNobody,
    /// Index of the usage cell on the shelf, where facts carry cells.
    pub cell: Option<usize>,
}

/// A party, or nobody, in the order in which ties are broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartyOrNobody {
    /// A party.
    Party(crate::identity::PartyId),
    /// The unattributed part.
    Nobody,
}

impl Ledger {
    /// Opens the books with what was billed.
    pub fn new(lines: &[Line<'_>], currency: Currency, detail: bool) -> Ledger {
        let mut ties: BTreeMap<Option<String>, BillTie> = BTreeMap::new();
        for line in lines {
            let provider = line.charge.provider.clone();
            let tie = ties.entry(provider.clone()).or_insert_with(|| BillTie {
                provider,
                currency,
                billed: Exact::ZERO,
                direct: Exact::ZERO,
                metered: Exact::ZERO,
                allocated: Exact::ZERO,
                unattributed: Exact::ZERO,
            });
            tie.billed += line.amount;
        }
        Ledger {
            ties,
            given: BTreeMap::new(),
            follow_cells: detail && lines.iter().any(Line::follows),
        }
    }

    /// Enters one gift.
    pub fn give(&mut self, line: &Line<'_>, holder: Holder, cell: Option<usize>, amount: Exact) {
        if let Some(tie) = self.ties.get_mut(&line.charge.provider) {
            match holder {
                Holder::Party(_, Basis::Direct) => tie.direct += amount,
                Holder::Party(_, Basis::Metered) => tie.metered += amount,
                Holder::Party(_, Basis::Allocated) => tie.allocated += amount,
                Holder::Party(_, Basis::Estimated) => {
                    unreachable!("estimated cost is never part of a bill")
                }
                Holder::Nobody(_) => tie.unattributed += amount,
            }
        }
        if line.follows() {
            return;
        }
        let party = match holder {
            Holder::Party(party, _) => PartyOrNobody::Party(party),
            Holder::Nobody(_) => PartyOrNobody::Nobody,
        };
        let holding = Holding {
            party,
            cell: cell.filter(|_| self.follow_cells),
        };
        let key = (line.charge.provider.clone(), line.day.month());
        *self
            .given
            .entry(key)
            .or_default()
            .entry(holding)
            .or_default() += amount;
    }

    /// The cost given away for a provider and month so far.
    pub fn given(&self, key: &Followed) -> Option<&BTreeMap<Holding, Exact>> {
        self.given.get(key)
    }

    /// Closes the books.
    ///
    /// # Panics
    /// If a provider's shares do not sum to its bill: a bug of ours that must never print.
    pub fn close(self) -> Vec<BillTie> {
        for tie in self.ties.values() {
            let given = tie.direct + tie.metered + tie.allocated + tie.unattributed;
            assert!(
                given == tie.billed,
                "the bill of {:?} is {} but {given} was attributed",
                tie.provider,
                tie.billed
            );
        }
        self.ties.into_values().collect()
    }
}
