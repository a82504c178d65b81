//! What a spreadsheet does to the cells of a file that is opened and saved in it.

/// Whether a spreadsheet has rewritten the text: `1.23457E+11`, `5-Mar`, `########`, `#REF!`.
pub fn looks_damaged(text: &str) -> bool {
    // Every id of a log comes here, so what most lack is looked for first.
    match text.as_bytes().first() {
        Some(b'#') => {
            return text.starts_with("##")
                || matches!(
                    text,
                    "#REF!" | "#N/A" | "#VALUE!" | "#DIV/0!" | "#NAME?" | "#NUM!"
                );
        }
        Some(b'0'..=b'9' | b'.') if text.as_bytes().contains(&b'+') => {
            // Excel's form has a point and two digits of exponent at least; the id 1E5 has neither.
            return text.split_once("E+").is_some_and(|(mantissa, exponent)| {
                mantissa.contains('.')
                    && exponent.len() >= 2
                    && exponent.bytes().all(|b| b.is_ascii_digit())
                    && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            });
        }
        _ => {}
    }
    // A day of a month has six characters at most: two digits, a dash and three letters.
    if text.len() > 6 {
        return false;
    }
    const MONTHS: &[&str] = &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let is_month = |text: &str| MONTHS.iter().any(|month| text.eq_ignore_ascii_case(month));
    let is_number = |text: &str| {
        !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit())
    };
    match text.split_once('-') {
        Some((day, month)) => {
            (is_number(day) && is_month(month)) || (is_month(day) && is_number(month))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreadsheet_damage_is_told_from_ids() {
        for text in [
            "1.23457E+11",
            "5-Mar",
            "Mar-05",
            "########",
            "#REF!",
            "#N/A",
        ] {
            assert!(looks_damaged(text), "{text}");
        }
        for text in [
            "1E5",
            "2E5",
            "00123",
            "NA",
            "null",
            "cus-1",
            "1-2",
            "mar-x",
            "12345678901234567890",
            "a-may",
            "#1",
        ] {
            assert!(!looks_damaged(text), "{text}");
        }
    }
}
