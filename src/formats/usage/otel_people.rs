//! The users of traces: a span that names nobody has the user that another span of its trace names.
//!
//! The span that names the user often ends last, so spans without one wait for it until the end of
//! the file, at most a million of them at a time.

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_128;

/// Records that may wait at a time; more would fill the memory.
const WAITING: usize = 1_000_000;

/// Hash of a trace's id.
pub type Trace = u128;

/// Who a trace says its user is, by the attribute that says it.
#[derive(Debug)]
struct User {
    attribute: String,
    /// `None` where two spans of the trace name different users.
    id: Option<String>,
}

/// Users of traces, and what waits for them.
#[derive(Debug)]
pub struct People<T> {
    users: HashMap<Trace, User, foldhash::fast::FixedState>,
    waiting: Vec<(Trace, T)>,
}

impl<T> Default for People<T> {
    fn default() -> People<T> {
        People {
            users: HashMap::with_hasher(foldhash::fast::FixedState::default()),
            waiting: Vec::new(),
        }
    }
}

impl<T> People<T> {
    /// The trace of a span whose ids are written as `trace span`.
    pub fn trace(ids: Option<&str>) -> Option<Trace> {
        let (trace, _) = ids?.rsplit_once(' ')?;
        let trace = trace.trim();
        let none = trace.bytes().all(|byte| byte == b'0');
        (!none).then(|| xxh3_128(trace.to_lowercase().as_bytes()))
    }

    /// Remembers the user that a span names.
    pub fn name(&mut self, trace: Trace, attribute: &str, id: &str) {
        let user = self.users.entry(trace).or_insert_with(|| User {
            attribute: attribute.to_string(),
            id: Some(id.to_string()),
        });
        if user.attribute == attribute && user.id.as_deref() != Some(id) {
            user.id = None;
        }
    }

    /// Lets a record wait for its trace's user.
    pub fn wait(&mut self, trace: Trace, record: T) {
        self.waiting.push((trace, record));
    }

    /// Whether it is time to release what waits.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING
    }

    /// Hands out what waits, each with the user of its trace as `attribute` names it.
    pub fn release(&mut self, attribute: Option<&str>) -> Vec<(T, Option<String>)> {
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let user = |trace: &Trace| {
            let user = self.users.get(trace)?;
            let same = attribute.is_none_or(|name| name == user.attribute);
            user.id.clone().filter(|_| same)
        };
        waiting
            .map(|(trace, record)| {
                let user = user(&trace);
                (record, user)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_has_the_user_that_all_its_spans_agree_on() {
        let of = |ids| People::<&str>::trace(Some(ids)).unwrap();
        let mut people = People::default();
        people.wait(of("T1 a"), "first");
        people.wait(of("t2 a"), "second");
        people.wait(of("t3 a"), "third");
        people.name(of("t1 b"), "user.id", "acme");
        people.name(of("t1 c"), "user.id", "acme");
        people.name(of("t2 b"), "user.id", "acme");
        people.name(of("t2 c"), "user.id", "umbra");
        people.name(of("t3 b"), "session.id", "s1");
        let told = people.release(Some("user.id"));
        let acme = Some("acme".to_string());
        assert_eq!(told, [("first", acme), ("second", None), ("third", None)]);
        assert!(people.release(None).is_empty());
        assert_eq!(People::<u8>::trace(Some(" a")), None);
        assert_eq!(People::<u8>::trace(None), None);
    }
}
