//! JSON without loss: objects taken apart with every number kept as it is written.
//!
//! The grammar is `serde_json`'s. What this adds: a key that stands twice in an object is refused,
//! and no number passes through a binary float.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Why a text is not taken as JSON.
#[derive(Debug)]
pub(super) struct Fault {
    /// What is wrong, without a place.
    pub(super) message: String,
    /// Line within the text, 1-based.
    pub(super) line: usize,
    /// Byte within that line, 1-based.
    pub(super) column: usize,
    /// Whether the text ends too early, and is right so far.
    pub(super) cut_off: bool,
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Fault {
        let full = error.to_string();
        let message = match full.rfind(" at line ") {
            Some(at) => full[..at].to_string(),
            None => full,
        };
        Fault {
            message,
            line: error.line(),
            column: error.column(),
            cut_off: error.is_eof(),
        }
    }
}

/// Checks that the whole text is one JSON value in which no object names a key twice.
pub(super) fn check(text: &str) -> Result<(), Fault> {
    // The second reading is needed because the first one takes any number, however large, and the
    // number's spelling is none of its business.
    serde_json::from_str::<serde::de::IgnoredAny>(text)?;
    serde_json::from_str::<Unique>(text)?;
    Ok(())
}

/// The JSON values that stand one after another in the text, checked like one value.
pub(super) fn values(text: &str) -> Result<Vec<&str>, Fault> {
    let stream = || serde_json::Deserializer::from_str(text);
    for value in stream().into_iter::<serde::de::IgnoredAny>() {
        value?;
    }
    for value in stream().into_iter::<Unique>() {
        value?;
    }
    let values = stream().into_iter::<&RawValue>();
    values.map(|value| Ok(value?.get())).collect()
}

/// The elements of an array, each as it is written.
pub(super) fn elements(array: &str) -> Result<Vec<&str>, Fault> {
    let elements: Vec<&RawValue> = serde_json::from_str(array)?;
    Ok(elements.into_iter().map(RawValue::get).collect())
}

/// Calls `each` with every key and raw value of the object, in the order they are written.
pub(super) fn for_each<'a>(
    object: &'a str,
    each: &mut dyn FnMut(Cow<'a, str>, &'a str) -> Result<(), String>,
) -> Result<(), Fault> {
    let mut deserializer = serde_json::Deserializer::from_str(object);
    (&mut deserializer).deserialize_map(Pairs { each })?;
    deserializer.end()?;
    Ok(())
}

/// The keys and raw values of an object, in the order they are written; `None` if the text is no
/// object. The values are parts of the text.
pub fn members(object: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let mut members = Vec::new();
    let read = for_each(object, &mut |key, value| {
        members.push((key, value));
        Ok(())
    });
    read.ok().map(|()| members)
}

/// The raw elements of an array; `None` if the text is no array. They are parts of the text.
pub fn items(array: &str) -> Option<Vec<&str>> {
    elements(array).ok()
}

/// The text of a JSON string, unescaped; `None` if it is no string.
pub fn string(raw: &str) -> Option<Cow<'_, str>> {
    raw.starts_with('"').then(|| unescape(raw).ok())?
}

/// The text of a JSON string, unescaped.
pub(super) fn unescape(raw: &str) -> Result<Cow<'_, str>, Fault> {
    let inner = &raw[1..raw.len() - 1];
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    Ok(Cow::Owned(serde_json::from_str::<String>(raw)?))
}

struct Pairs<'e, 'a> {
    each: &'e mut dyn FnMut(Cow<'a, str>, &'a str) -> Result<(), String>,
}

impl<'a> Visitor<'a> for Pairs<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object in braces")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<Key<'a>>()? {
            let value: &'a RawValue = map.next_value()?;
            (self.each)(key.0, value.get()).map_err(M::Error::custom)?;
        }
        Ok(())
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Key<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Key<'a>, D::Error> {
        struct Text;
        impl<'a> Visitor<'a> for Text {
            type Value = Key<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Owned(text.to_string())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Any value in which no object names a key twice.
struct Unique;

impl<'a> Deserialize<'a> for Unique {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Unique, D::Error> {
        deserializer.deserialize_any(Unique)
    }
}

impl<'a> Visitor<'a> for Unique {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Unique, M::Error> {
        let mut keys = std::collections::BTreeSet::new();
        while let Some(Key(key)) = map.next_key::<Key<'a>>()? {
            if keys.contains(&key) {
                return Err(M::Error::custom(twice(&key)));
            }
            keys.insert(key);
            map.next_value::<Unique>()?;
        }
        Ok(Unique)
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut seq: S) -> Result<Unique, S::Error> {
        while seq.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }
}

/// The message for a repeated key.
pub(super) fn twice(key: &str) -> String {
    format!("the key \"{key}\" stands twice")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_documents() {
        assert!(check(r#"{"a": [1, {"b": 1.50}], "c": null}"#).is_ok());
        let fault = check("{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2}}").unwrap_err();
        assert_eq!(fault.message, "the key \"c\" stands twice");
        assert_eq!(fault.line, 2);
        let fault = check("{\"a\": [1,").unwrap_err();
        assert!(fault.cut_off);
        assert!(check("{} {}").is_err());
        assert!(check("{\"a\": 01}").is_err());
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let mut seen = Vec::new();
        let text = r#"{"a": 0.10, "b": 1e-7, "c\n": "x", "d": 12345678901234567890.10}"#;
        for_each(text, &mut |key, value| {
            seen.push(format!("{key}={value}"));
            Ok(())
        })
        .unwrap();
        let expected = ["a=0.10", "b=1e-7", "c\n=\"x\"", "d=12345678901234567890.10"];
        assert_eq!(seen, expected);
    }
}
