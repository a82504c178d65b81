//! The mapping file's content: which id belongs to which customer, from when to when.
//!
//! Reading the file is `load`'s work; here are its meaning and its conflicts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;

use super::Attributes;
use crate::model::Day;
use crate::problem::{Place, Problem, Problems, catalogue};

/// A value that holds from one day (inclusive) to another (exclusive).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// First day, or since ever.
    pub from: Option<Day>,
    /// First day after, or for ever.
    pub to: Option<Day>,
    /// The value.
    pub value: String,
    /// Line of the mapping file, 0 if it comes from elsewhere.
    pub line: u64,
}

impl Dated {
    /// Whether it holds on a day.
    pub fn holds(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

/// One row of the mapping file.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Customer id.
    pub customer: String,
    /// Namespace of the source id, lower case.
    pub namespace: String,
    /// The source id; blank on rows that only carry attributes.
    pub id: String,
    /// First day, or since ever.
    pub from: Option<Day>,
    /// First day after, or for ever.
    pub to: Option<Day>,
    /// Further columns: name (lower case) and value, blanks left out.
    pub attributes: Vec<(Arc<str>, String)>,
    /// Physical line.
    pub line: u64,
}

/// The mapping file.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// Namespace → id → customers with their days, in order of days. Only looked up, never walked:
    /// this is asked for every customer and day of a log.
    ids: BTreeMap<String, HashMap<String, Vec<Dated>, foldhash::fast::FixedState>>,
    /// Customer → attribute → values with their days.
    customers: BTreeMap<String, Arc<Attributes>>,
    /// The file's header, so that rows for it can be written in its own order.
    pub columns: Vec<String>,
}

impl Mapping {
    /// Builds the mapping; overlapping claims are problems that name both lines.
    pub fn build(
        file: &Arc<str>,
        rows: impl IntoIterator<Item = Assignment>,
        problems: &mut Problems,
    ) -> Mapping {
        let mut mapping = Mapping::default();
        for row in rows {
            mapping.add(row);
        }
        for (namespace, ids) in &mut mapping.ids {
            let clashes = ids.iter_mut();
            let clashes = clashes.filter_map(|(id, claims)| Some((id, clash(claims)?)));
            let mut clashes: Vec<_> = clashes.collect();
            clashes.sort_by(|one, other| one.0.cmp(other.0));
            for (id, (a, b)) in clashes {
                problems.push(
                    Problem::new(
                        &catalogue::MAPPING_CONFLICT,
                        format!(
                            "{namespace}:{id} belongs to {:?} (line {}) and to {:?} (line {}) at the same time",
                            a.value, a.line, b.value, b.line
                        ),
                    )
                    .at(Place::line(file, b.line))
                    .help("give the rows disjoint valid_from and valid_to dates, or remove one"),
                );
            }
        }
        for (customer, attributes) in &mut mapping.customers {
            for (name, values) in Arc::make_mut(attributes).iter_mut() {
                if let Some((a, b)) = clash(values) {
                    problems.push(
                        Problem::new(
                            &catalogue::MAPPING_ATTRIBUTE,
                            format!(
                                "customer {customer:?} has {name} {:?} (line {}) and {:?} (line {}) at the same time",
                                a.value, a.line, b.value, b.line
                            ),
                        )
                        .at(Place::line(file, b.line))
                        .help("date the rows with valid_from and valid_to, or make them agree"),
                    );
                }
            }
        }
        mapping
    }

    /// Takes one row. Nearly every list has one entry, and there are as many lists as ids.
    fn add(&mut self, row: Assignment) {
        if !row.id.is_empty() {
            let claim = row.dated(&row.customer);
            let ids = self.ids.entry(row.namespace).or_default();
            match ids.get_mut(&row.id) {
                Some(claims) => claims.push(claim),
                None => drop(ids.insert(row.id, vec![claim])),
            }
        }
        let attributes = self.customers.entry(row.customer).or_default();
        let attributes = Arc::make_mut(attributes);
        for (name, value) in row.attributes {
            let (from, to, line) = (row.from, row.to, row.line);
            attributes.push(
                &name,
                Dated {
                    from,
                    to,
                    value,
                    line,
                },
            );
        }
    }

    /// The customer that holds an id on a day.
    pub fn customer(&self, namespace: &str, id: &str, day: Day) -> Option<&str> {
        self.row(namespace, id, day).map(|row| row.value.as_str())
    }

    /// The row that gives an id to a customer on a day; its value is the customer.
    pub fn row(&self, namespace: &str, id: &str, day: Day) -> Option<&Dated> {
        let claims = self.claims(namespace, id)?;
        claims.iter().find(|claim| claim.holds(day))
    }

    fn claims(&self, namespace: &str, id: &str) -> Option<&Vec<Dated>> {
        self.ids.get(namespace)?.get(id)
    }

    /// Whether what the mapping says of an id is the same on every day.
    pub fn is_steady(&self, namespace: &str, id: &str) -> bool {
        let dated = |claim: &Dated| claim.from.is_some() || claim.to.is_some();
        let claims = self.claims(namespace, id);
        claims.is_none_or(|claims| !claims.iter().any(dated))
    }

    /// Whether the mapping names a customer of that id.
    pub fn has_customer(&self, customer: &str) -> bool {
        self.customers.contains_key(customer)
    }

    /// Whether the id is mapped on some day.
    pub fn knows(&self, namespace: &str, id: &str) -> bool {
        self.claims(namespace, id).is_some()
    }

    /// The one customer that ever holds the id, or `None` if there is none or it moved.
    pub fn only_customer(&self, namespace: &str, id: &str) -> Option<&str> {
        let claims = self.claims(namespace, id)?;
        let first = claims.first()?;
        claims
            .iter()
            .all(|claim| claim.value == first.value)
            .then_some(first.value.as_str())
    }

    /// Customers with their attributes, in order of id.
    pub fn customers(&self) -> &BTreeMap<String, Arc<Attributes>> {
        &self.customers
    }

    /// The names of all attribute columns.
    pub fn attribute_names(&self) -> BTreeSet<&str> {
        self.customers
            .values()
            .flat_map(|attributes| attributes.keys())
            .collect()
    }
}

impl Assignment {
    fn dated(&self, value: &str) -> Dated {
        Dated {
            from: self.from,
            to: self.to,
            value: value.to_string(),
            line: self.line,
        }
    }
}

/// Two entries of different value whose days overlap. Orders the entries by their days.
fn clash(values: &mut [Dated]) -> Option<(Dated, Dated)> {
    values.sort_by_key(|dated| (dated.from, dated.line));
    let ends_later = |a: &Dated, b: &Dated| match (a.to, b.to) {
        (Some(a), Some(b)) => a > b,
        (None, Some(_)) => true,
        (_, None) => false,
    };
    // Of the entries so far the one that holds longest, and the longest of another value: whatever
    // an entry overlaps, it overlaps one of these two.
    let mut longest: Option<&Dated> = None;
    let mut other: Option<&Dated> = None;
    for b in values.iter() {
        let overlaps = |a: &Dated| {
            // No row ends before it begins, so only the earlier one can be over.
            let over = matches!((a.to, b.from), (Some(to), Some(from)) if to <= from);
            a.value != b.value && !over
        };
        if let Some(a) = [longest, other].into_iter().flatten().find(|a| overlaps(a)) {
            return Some((a.clone(), b.clone()));
        }
        match longest {
            Some(a) if !ends_later(b, a) => {
                if a.value != b.value && other.is_none_or(|o| ends_later(b, o)) {
                    other = Some(b);
                }
            }
            Some(a) => {
                if a.value != b.value {
                    other = Some(a);
                }
                longest = Some(b);
            }
            None => longest = Some(b),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u64, customer: &str, id: &str, from: &str, to: &str, plan: &str) -> Assignment {
        let attributes = match plan {
            "" => vec![],
            plan => vec![("plan".into(), plan.to_string())],
        };
        Assignment {
            customer: customer.into(),
            namespace: "stripe".into(),
            id: id.into(),
            from: Day::parse(from),
            to: Day::parse(to),
            attributes,
            line,
        }
    }

    fn build(rows: &[Assignment]) -> (Mapping, Problems) {
        let mut problems = Problems::default();
        let mapping = Mapping::build(&"mapping.csv".into(), rows.to_vec(), &mut problems);
        (mapping, problems)
    }

    #[test]
    fn an_id_may_move_but_not_belong_to_two() {
        let (mapping, problems) = build(&[
            row(2, "acme", "cus_1", "", "2026-07-01", ""),
            row(3, "umbra", "cus_1", "2026-07-01", "", ""),
        ]);
        assert!(problems.is_empty());
        let on = |day| mapping.customer("stripe", "cus_1", Day::parse(day).unwrap());
        assert_eq!(on("2026-06-30"), Some("acme"));
        assert_eq!(on("2026-07-01"), Some("umbra"));
        let (_, problems) = build(&[
            row(2, "acme", "cus_1", "", "2026-07-02", ""),
            row(3, "umbra", "cus_1", "2026-07-01", "", ""),
        ]);
        assert_eq!(problems.kept()[0].entry.code, "T2002");
        assert!(problems.kept()[0].message.contains("line 2"));
    }

    #[test]
    fn an_attribute_may_change_but_not_have_two_values() {
        let (_, fine) = build(&[
            row(2, "acme", "a", "", "2026-07-01", "pro"),
            row(3, "acme", "b", "2026-07-01", "", "team"),
            row(4, "acme", "c", "2026-08-01", "", "team"),
        ]);
        assert!(fine.is_empty());
        let (_, bad) = build(&[
            row(2, "acme", "a", "", "", "pro"),
            row(3, "acme", "b", "", "", "team"),
        ]);
        assert_eq!(bad.kept()[0].entry.code, "T2003");
    }

    #[test]
    fn clashes_are_those_of_all_pairs() {
        // Every set of four entries over days 1 to 3 and for ever, of two values.
        let day = |n: u32| (n > 0).then(|| Day::parse(&format!("2026-07-0{n}")).unwrap());
        let entry = |code: u32, line: u64| Dated {
            from: day(code % 4),
            to: day(code / 4 % 4),
            value: if code & 16 == 0 { "a" } else { "b" }.into(),
            line,
        };
        let apart =
            |x: &Dated, y: &Dated| matches!((x.to, y.from), (Some(to), Some(from)) if to <= from);
        let mut codes: Vec<u32> = Vec::new();
        let mut state = 7u32;
        for _ in 0..4000 {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
            codes.push(state >> 16);
        }
        let mut seen = [0, 0];
        for four in codes.chunks(4) {
            let mut values: Vec<Dated> = (1..).zip(four).map(|(n, c)| entry(*c, n)).collect();
            // The reader refuses rows that end before they begin.
            values.retain(|v| !matches!((v.from, v.to), (Some(from), Some(to)) if to <= from));
            let pairs = values
                .iter()
                .flat_map(|a| values.iter().map(move |b| (a, b)));
            let any = pairs
                .into_iter()
                .any(|(a, b)| a.value != b.value && !apart(a, b) && !apart(b, a));
            seen[usize::from(any)] += 1;
            assert_eq!(clash(&mut values).is_some(), any, "{values:?}");
        }
        assert!(seen[0] > 100 && seen[1] > 100, "{seen:?}");
    }
}
