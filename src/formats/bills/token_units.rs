//! Units of token quantities on cloud bills: `Tokens`, `1K tokens`, `1000000 Tokens`.
//!
//! The rule that must hold: a text that does not say "token" is no unit of tokens. A wrong guess
//! would be a thousandfold error.

/// How many tokens the unit stands for, as a power of ten; `None` if it does not say tokens.
pub fn power(unit: &str) -> Option<i32> {
    let unit = unit.trim().to_lowercase();
    let number = unit
        .strip_suffix("tokens")
        .or_else(|| unit.strip_suffix("token"))?
        .trim_end();
    let (digits, more) = match number.as_bytes().last() {
        Some(b'k') => (&number[..number.len() - 1], 3),
        Some(b'm') => (&number[..number.len() - 1], 6),
        _ => (number, 0),
    };
    let zeros = match digits {
        "" => 0,
        _ => {
            let zeros = digits.strip_prefix('1')?;
            if !zeros.bytes().all(|b| b == b'0') {
                return None;
            }
            zeros.len()
        }
    };
    i32::try_from(zeros).ok().map(|zeros| zeros + more)
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn only_tokens_are_units_of_tokens() {
        for (unit, tokens) in [
            ("Tokens", Some(0)),
            ("token", Some(0)),
            ("1K tokens", Some(3)),
            ("1K Tokens", Some(3)),
            ("1M tokens", Some(6)),
            ("1000000 Tokens", Some(6)),
            ("1000 tokens", Some(3)),
            ("Units", None),
            ("N/A", None),
            ("requests", None),
            ("1K", None),
            ("2K tokens", None),
            ("15 tokens", None),
            ("", None),
        ] {
            assert_eq!(power(unit), tokens, "{unit}");
        }
    }
}
