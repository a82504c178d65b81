//! JSON documents: two-space indent, keys in the order of the structs, one newline at the end.
//!
//! Amounts must be strings in what is passed here; a JSON number is a binary float to most readers.

use std::io::{self, Write};

/// Writes one document.
///
/// # Errors
/// Those of the writer, and of a value that JSON cannot hold.
pub fn write<T: serde::Serialize + ?Sized>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn order_of_keys_is_kept_and_the_last_line_ends() {
        #[derive(serde::Serialize)]
        struct Row {
            z: &'static str,
            a: Option<&'static str>,
        }
        let mut out = Vec::new();
        super::write(&[Row { z: "1.10", a: None }], &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "[\n  {\n    \"z\": \"1.10\",\n    \"a\": null\n  }\n]\n"
        );
    }
}
