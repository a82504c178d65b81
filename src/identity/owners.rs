//! Whose usage is: that of logs by the id in the row, that of providers' own counts by projects,
//! keys and workspaces.

use std::sync::Arc;

use hashbrown::HashMap;

use super::join::unmapped_key;
use super::{Identity, PartyId};
use crate::model::records::Scope;
use crate::model::{Day, UsageCell};

impl Identity {
    /// Whether a usage id has the same owner on every day.
    pub fn is_steady(&self, id: &str) -> bool {
        let mapping = self.mapping();
        mapping.is_none_or(|mapping| mapping.is_steady("usage", id))
    }

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

/// Finds the owners of usage ids one after the other; an id that never moves is looked up once.
#[derive(Debug)]
pub struct UsageOwners<'a> {
    identity: &'a Identity,
    /// Owners by the address of the id, which all cells of an id share; `None` where the owner
    /// depends on the day.
    known: HashMap<usize, Option<PartyId>, foldhash::fast::FixedState>,
    /// The address asked for last, and what was said: an id's cells of a day stand together.
    last: (usize, Option<PartyId>),
}

impl<'a> UsageOwners<'a> {
    /// Starts.
    pub fn new(identity: &'a Identity) -> UsageOwners<'a> {
        UsageOwners {
            identity,
            known: HashMap::default(),
            // No text has this address.
            last: (0, None),
        }
    }

    /// The owner of a cell of usage; `None` where it names nobody.
    pub fn owner(&mut self, cell: &'a UsageCell) -> Option<PartyId> {
        match &cell.scopes {
            Some(scopes) => self.identity.counted(scopes, cell.day),
            None => {
                let id = cell.source.as_ref()?;
                Some(self.logged(id, cell.day))
            }
        }
    }

    fn logged(&mut self, id: &'a Arc<str>, day: Day) -> PartyId {
        let identity = self.identity;
        // The cells, and with them the id, live as long as this.
        let address = Arc::as_ptr(id).cast::<u8>().addr();
        if self.last.0 != address {
            let known = self.known.entry(address);
            let steady =
                known.or_insert_with(|| identity.is_steady(id).then(|| identity.usage(id, day)));
            self.last = (address, *steady);
        }
        self.last.1.unwrap_or_else(|| identity.usage(id, day))
    }
}
