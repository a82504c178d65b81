//! JSON lines: one object per line, LF, nothing between or around them.

use std::io::{self, Write};

/// Writes one line per row.
///
/// # Errors
/// Those of the writer, and of a value that JSON cannot hold.
pub fn write<T: serde::Serialize>(
    rows: impl IntoIterator<Item = T>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for row in rows {
        serde_json::to_writer(&mut *out, &row)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_line_per_row() {
        let mut out = Vec::new();
        let rows = [("acme", "1.10"), ("a\nb", "-2")];
        super::write(rows.iter(), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "[\"acme\",\"1.10\"]\n[\"a\\nb\",\"-2\"]\n"
        );
    }
}
