//! Attributes of one customer: few names, each with the values it has on which days.
//!
//! There is one set for each customer, so it is a short list and not a map.

use std::sync::Arc;

use super::mapping::Dated;

/// Attributes by name (`plan`, `segment`, …), in the order of the names.
#[derive(Clone, Debug, Default)]
pub struct Attributes(Vec<(Arc<str>, Vec<Dated>)>);

impl Attributes {
    /// The values of an attribute with their days, if it has any.
    pub fn get(&self, name: &str) -> Option<&Vec<Dated>> {
        let at = self.position(name).ok()?;
        Some(&self.0[at].1)
    }

    /// Whether there is an attribute of that name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// Sets all values of an attribute.
    pub fn insert(&mut self, name: Arc<str>, values: Vec<Dated>) {
        match self.position(&name) {
            Ok(at) => self.0[at].1 = values,
            Err(at) => self.add(at, name, values),
        }
    }

    /// Adds a value to an attribute.
    pub fn push(&mut self, name: &Arc<str>, value: Dated) {
        match self.position(name) {
            Ok(at) => self.0[at].1.push(value),
            Err(at) => self.add(at, name.clone(), vec![value]),
        }
    }

    /// Every attribute with its values, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Vec<Dated>)> {
        self.0.iter_mut().map(|(name, values)| (&**name, values))
    }

    fn add(&mut self, at: usize, name: Arc<str>, values: Vec<Dated>) {
        self.0.reserve_exact(1);
        self.0.insert(at, (name, values));
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_by_name_in_order() {
        let dated = |value: &str| Dated {
            from: None,
            to: None,
            value: value.into(),
            line: 2,
        };
        let mut attributes = Attributes::default();
        for (name, value) in [
            ("segment", "big"),
            ("name", "Acme"),
            ("plan", "pro"),
            ("plan", "team"),
        ] {
            attributes.push(&name.into(), dated(value));
        }
        assert_eq!(
            attributes.keys().collect::<Vec<_>>(),
            ["name", "plan", "segment"]
        );
        let plans = attributes.get("plan").unwrap().iter();
        assert_eq!(
            plans.map(|plan| &plan.value).collect::<Vec<_>>(),
            ["pro", "team"]
        );
        assert!(!attributes.contains_key("kind") && attributes.get("kind").is_none());
        attributes.insert("plan".into(), vec![dated("free")]);
        attributes.insert("kind".into(), vec![dated("internal")]);
        assert_eq!(attributes.get("plan").unwrap()[0].value, "free");
        assert_eq!(attributes.keys().count(), 4);
    }
}
