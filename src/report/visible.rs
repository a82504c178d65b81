//! Makes characters visible that a terminal would act on or hide, and e-mail addresses invisible.
//!
//! Names, paths and excerpts come from files that others wrote. An escape sequence in a customer's
//! name must not clear the screen, a bidi control must not turn a line around, and two names that
//! differ in a character without width must not look alike.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every control, bidi and zero-width character written as `\u{1b}`. Borrows where
/// there is none. Line breaks and tabs are escaped too, so the result is always one line.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", c as u32);
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Replaces every e-mail address by `…@…`: an `@` between letters, digits and the marks that
/// addresses have, with a letter behind it (`model@20250929` is no address).
pub fn masked(text: &str) -> String {
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let local = before.trim_end_matches(is_local).len();
        let domain = after.len() - after.trim_start_matches(is_domain).len();
        if local < before.len() && after[..domain].chars().any(char::is_alphabetic) {
            out.push_str(&before[..local]);
            out.push_str("…@…");
            rest = &after[domain..];
        } else {
            out.push_str(&rest[..=at]);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Whether a terminal would act on the character or show nothing for it. Ranges after Unicode's
/// `Bidi_Control` and `Default_Ignorable_Code_Point` properties; variation selectors are left
/// alone, since ordinary emoji carry them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c as u32,
            0xAD                  // soft hyphen
            | 0x61C               // Arabic letter mark
            | 0x180E              // Mongolian vowel separator
            | 0x200B..=0x200F     // zero-width space and joiners, direction marks
            | 0x2028..=0x202E     // line and paragraph separator, embeddings, overrides
            | 0x2060..=0x206F     // word joiner, invisible operators, isolates
            | 0xFEFF              // byte order mark
            | 0xFFF9..=0xFFFB     // interlinear annotation
            | 0xE0000..=0xE007F   // tags
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_borrowed() {
        for text in ["", "Acme Inc", "東京 – Zürich", "✈\u{fe0f}", "a\\b"] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_a_terminal_acts_on_is_shown() {
        assert_eq!(visible("\u{1b}[2J"), "\\u{1b}[2J");
        assert_eq!(visible("a\tb\nc\r\0"), "a\\u{9}b\\u{a}c\\u{d}\\u{0}");
        assert_eq!(visible("\u{7f}\u{80}\u{9b}31m"), "\\u{7f}\\u{80}\\u{9b}31m");
        assert_eq!(visible("acme\u{202e}gpj"), "acme\\u{202e}gpj");
        assert_eq!(visible("ac\u{200b}me"), "ac\\u{200b}me");
        assert_eq!(visible("\u{feff}x\u{2066}"), "\\u{feff}x\\u{2066}");
    }

    #[test]
    fn no_control_character_survives() {
        for code in (0..0x20).chain(0x7f..0xa0) {
            let text = char::from_u32(code).unwrap().to_string();
            assert!(!visible(&text).chars().any(char::is_control), "{code:x}");
        }
    }
}
