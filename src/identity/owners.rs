//! Whose usage is: that of logs by the id in the row, that of providers' own counts by projects,
//! keys and workspaces.

use super::join::unmapped_key;
use super::{Identity, PartyId};
use crate::model::records::Scope;
use crate::model::{Day, UsageCell};

impl Identity {
    /// The owner of usage that a provider counts: the customer whose id is the most specific one
    /// that is mapped, else the widest id itself. `None` where there is no id.
    pub fn counted(&self, scopes: &[Scope], day: Day) -> Option<PartyId> {
        let mapped = scopes
            .iter()
            .find_map(|scope| self.scope(&scope.namespace, &scope.id, false, day));
        let widest = scopes.last()?;
        mapped.or_else(|| self.by_key(&unmapped_key(&widest.namespace, &widest.id)))
    }
}

/// Finds the owners of usage ids one after the other; runs of one id on one day are looked up once.
#[derive(Debug)]
pub struct UsageOwners<'a> {
    identity: &'a Identity,
    last: Option<(&'a str, Day, PartyId)>,
}

impl<'a> UsageOwners<'a> {
    /// Starts.
    pub fn new(identity: &'a Identity) -> UsageOwners<'a> {
        UsageOwners {
            identity,
            last: None,
        }
    }

    /// The owner of a cell of usage; `None` where it names nobody.
    pub fn owner(&mut self, cell: &'a UsageCell) -> Option<PartyId> {
        match &cell.scopes {
            Some(scopes) => self.identity.counted(scopes, cell.day),
            None => {
                let id = cell.source.as_deref()?;
                Some(self.logged(id, cell.day))
            }
        }
    }

    fn logged(&mut self, id: &'a str, day: Day) -> PartyId {
        if let Some((last, on, party)) = self.last
            && on == day
            && last == id
        {
            return party;
        }
        let party = self.identity.usage(id, day);
        self.last = Some((id, day, party));
        party
    }
}
