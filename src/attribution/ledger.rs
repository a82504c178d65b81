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

/// Cost by holder.
pub type Given = BTreeMap<Holding, Exact>;

/// Running totals of one attribution.
#[derive(Debug)]
pub struct Ledger {
    ties: BTreeMap<Option<String>, BillTie>,
    /// Cost by provider and month of the report, if any credit or tax is there to follow it.
    given: BTreeMap<Option<String>, BTreeMap<Month, Given>>,
    followed: bool,
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
            followed: lines.iter().any(Line::follows),
            follow_cells: detail,
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
        if line.follows() || !self.followed {
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
        let provider = &line.charge.provider;
        let months = match self.given.get_mut(provider) {
            Some(months) => months,
            None => self.given.entry(provider.clone()).or_default(),
        };
        let given = months.entry(line.day.month()).or_default();
        *given.entry(holding).or_default() += amount;
    }

    /// The cost given away for a provider and month so far.
    pub fn given(&self, provider: &Option<String>, month: Month) -> Option<&Given> {
        self.given.get(provider)?.get(&month)
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
