//! Which spans stand above others that carry usage too: the spans of a trace in any order.
//!
//! An agent's span repeats the usage of the model calls below it, so of a span and its descendants
//! only those without usage below them count. A span may be read before the ones below it. What may
//! be such a sum is held until the end; what was counted already is told. Links are kept of every
//! span, 48 bytes each; nothing else of it is.

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_128;

use crate::formats::SpanEnds;

/// Deeper traces are taken for loops.
const DEPTH: usize = 1_000;

/// The identity of a span within a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanKey(u128);

impl SpanKey {
    /// The key of a span of a trace; `None` for blank ids and those of zeros, which mean none.
    pub fn of(trace: &str, span: &str) -> Option<SpanKey> {
        let bare = |id: &str| id.trim().trim_start_matches("0x").to_lowercase();
        let (trace, span) = (bare(trace), bare(span));
        let none = span.bytes().all(|byte| byte == b'0');
        (!none).then(|| SpanKey(xxh3_128(format!("{trace} {span}").as_bytes())))
    }
}

/// What a span is to the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// No usage.
    Nothing,
    /// The usage of one call of a model, read at this line.
    Call(u64),
    /// Usage that may be the sum of spans below it.
    Sum,
}

/// What becomes of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// Nothing: it carries no usage.
    Link,
    /// Its usage counts.
    Counts,
    /// Its usage is kept under this number until the end.
    Held(usize),
    /// Spans below it carry usage, so its own is left out.
    Aggregate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Known only as the parent of another.
    Unseen,
    Link,
    Counted(u64),
    Held(usize),
}

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: Option<SpanKey>,
    state: State,
    /// Whether a span below it carries usage.
    below: bool,
}

/// The links of all spans of a file.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: HashMap<SpanKey, Node, foldhash::fast::FixedState>,
    /// Whether what is held is a sum of others.
    sums: Vec<bool>,
}

impl Tree {
    /// Enters a span. `counted` is called with the line of each span that counted already and turns
    /// out to stand above this one.
    pub fn enter(
        &mut self,
        key: SpanKey,
        parent: Option<SpanKey>,
        carries: Carries,
        counted: &mut dyn FnMut(u64),
    ) -> Entered {
        let node = self.nodes.entry(key).or_insert(Node {
            parent: None,
            state: State::Unseen,
            below: false,
        });
        node.parent = node.parent.or(parent);
        let (entered, state) = match (carries, node.below) {
            (Carries::Nothing, _) => (Entered::Link, State::Link),
            (_, true) => (Entered::Aggregate, State::Link),
            (Carries::Call(line), false) => (Entered::Counts, State::Counted(line)),
            (Carries::Sum, false) => {
                self.sums.push(false);
                let held = self.sums.len() - 1;
                (Entered::Held(held), State::Held(held))
            }
        };
        if matches!(node.state, State::Unseen | State::Link) {
            node.state = state;
        }
        let below = node.below || carries != Carries::Nothing;
        let parent = node.parent;
        if below {
            self.mark(parent, counted);
        }
        entered
    }

    /// Tells the spans from this one upwards that usage stands below them.
    fn mark(&mut self, from: Option<SpanKey>, counted: &mut dyn FnMut(u64)) {
        let mut next = from;
        while let Some(key) = next {
            let node = self.nodes.entry(key).or_insert(Node {
                parent: None,
                state: State::Unseen,
                below: false,
            });
            if node.below {
                return;
            }
            node.below = true;
            match node.state {
                State::Counted(line) => counted(line),
                State::Held(held) => self.sums[held] = true,
                State::Unseen | State::Link => {}
            }
            next = node.parent;
        }
    }

    /// What spans of other files may belong to: see [`SpanEnds`].
    pub fn ends(&self) -> SpanEnds {
        let mut ends = SpanEnds::default();
        for (key, node) in &self.nodes {
            match (node.state, node.below) {
                (State::Unseen, true) => ends.missing.push(key.0),
                (_, true) => {}
                (_, false) => ends
                    .under_usage
                    .extend(self.usage_at(*key).map(|line| (key.0, line))),
            }
        }
        ends
    }

    /// The line of the nearest span with usage that counts, at this one or above it; 0 if the line
    /// is not known.
    fn usage_at(&self, from: SpanKey) -> Option<u64> {
        let mut next = Some(from);
        for _ in 0..DEPTH {
            let node = self.nodes.get(&next?)?;
            match node.state {
                State::Counted(line) => return Some(line),
                State::Held(held) if !self.sums[held] => return Some(0),
                _ => next = node.parent,
            }
        }
        None
    }

    /// Whether what was held under a number is a sum of spans below it.
    pub fn is_sum(&self, held: usize) -> bool {
        self.sums[held]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enters `(id, parent, carries)` and tells the outcome of each, with the sums at the end.
    fn run(spans: &[(&str, &str, Carries)]) -> (Vec<Entered>, Vec<bool>, Vec<u64>) {
        let (mut tree, mut told) = (Tree::default(), Vec::new());
        let entered = spans.iter().map(|(id, parent, carries)| {
            let key = SpanKey::of("t", id).unwrap();
            let parent = SpanKey::of("t", parent);
            tree.enter(key, parent, *carries, &mut |line| told.push(line))
        });
        let entered = entered.collect();
        (entered, tree.sums, told)
    }

    #[test]
    fn ends_are_what_another_file_may_go_on_from() {
        let key = |id| SpanKey::of("t", id).unwrap().0;
        let mut tree = Tree::default();
        let mut enter = |id, parent, carries| {
            let parent = SpanKey::of("t", parent);
            tree.enter(SpanKey::of("t", id).unwrap(), parent, carries, &mut |_| {});
        };
        enter("agent", "", Sum);
        enter("tool", "agent", Nothing);
        enter("call", "elsewhere", Call(7));
        let mut ends = tree.ends();
        ends.under_usage.sort_unstable();
        let mut under = [(key("agent"), 0), (key("tool"), 0), (key("call"), 7)];
        under.sort_unstable();
        assert_eq!(ends.under_usage, under);
        assert_eq!(ends.missing, [key("elsewhere")]);
    }

    use Carries::{Call, Nothing, Sum};

    #[test]
    fn an_agent_above_its_calls_is_a_sum_in_any_order() {
        let agent = ("a", "", Sum);
        let chain = ("b", "a", Nothing);
        let call = ("c", "b", Call(3));
        for order in [
            [agent, chain, call],
            [agent, call, chain],
            [chain, agent, call],
            [chain, call, agent],
            [call, agent, chain],
            [call, chain, agent],
        ] {
            let (entered, sums, told) = run(&order);
            let at = order.iter().position(|span| span.0 == "a").unwrap();
            let dropped = match entered[at] {
                Entered::Aggregate => true,
                Entered::Held(held) => sums[held],
                _ => false,
            };
            assert!(dropped, "{order:?}");
            let at = order.iter().position(|span| span.0 == "c").unwrap();
            assert_eq!(entered[at], Entered::Counts, "{order:?}");
            assert_eq!(told, [] as [u64; 0]);
        }
    }

    #[test]
    fn an_agent_without_calls_counts() {
        let (entered, sums, _) = run(&[("a", "", Sum), ("b", "a", Nothing)]);
        assert_eq!((entered[0], sums), (Entered::Held(0), vec![false]));
    }

    #[test]
    fn a_call_above_a_call_is_left_out_or_told() {
        let (entered, _, told) = run(&[("b", "a", Call(1)), ("a", "", Call(2))]);
        assert_eq!(entered, [Entered::Counts, Entered::Aggregate]);
        assert!(told.is_empty());
        let (_, _, told) = run(&[("a", "", Call(1)), ("b", "a", Call(2)), ("c", "a", Call(3))]);
        assert_eq!(told, [1]);
    }

    #[test]
    fn traces_and_zeros_are_told_apart() {
        assert_ne!(SpanKey::of("t", "1"), SpanKey::of("u", "1"));
        assert_eq!(SpanKey::of("T", "0xAB"), SpanKey::of("t", "ab"));
        assert_eq!(SpanKey::of("t", "0000000000000000"), None);
        assert_eq!(SpanKey::of("t", " "), None);
        // A span that names itself its parent ends.
        run(&[("a", "a", Call(1))]);
    }
}
