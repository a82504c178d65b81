//! What the terminal can do: its width, and whether to color.
//!
//! Only terminals are asked. What goes into a pipe or a file never depends on the environment, so
//! that the same inputs give the same bytes everywhere.

use std::ffi::OsStr;
use std::io::IsTerminal;

/// Width of a terminal that does not say.
const DEFAULT_WIDTH: usize = 100;

/// The value of `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On terminals, unless the environment says otherwise.
    #[default]
    Auto,
    /// Also into pipes.
    Always,
    /// Nowhere.
    Never,
}

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// The width that a table may take on standard output: `COLUMNS`, else what the terminal says,
/// else 100. `None` where standard output is no terminal: everything is printed in full.
pub fn width() -> Option<usize> {
    if !stdout_is_terminal() {
        return None;
    }
    let columns = std::env::var("COLUMNS").ok();
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    Some(choose_width(columns.as_deref(), asked))
}

/// Whether to color what goes to standard output.
pub fn color_stdout(choice: Color) -> bool {
    color(choice, stdout_is_terminal())
}

/// Whether to color what goes to standard error.
pub fn color_stderr(choice: Color) -> bool {
    color(choice, stderr_is_terminal())
}

fn color(choice: Color, is_terminal: bool) -> bool {
    choose_color(choice, is_terminal, |name| std::env::var_os(name))
}

fn choose_width(columns: Option<&str>, asked: impl FnOnce() -> Option<usize>) -> usize {
    columns
        .and_then(|text| text.trim().parse().ok())
        .filter(|width| *width > 0)
        .or_else(|| asked().filter(|width| *width > 0))
        .unwrap_or(DEFAULT_WIDTH)
}

/// The option wins; then `NO_COLOR` (no-color.org: any value but an empty one), then
/// `CLICOLOR_FORCE` and `CLICOLOR` (bixense.com/clicolors), then a terminal that is not `dumb`.
fn choose_color<S: AsRef<OsStr>>(
    choice: Color,
    is_terminal: bool,
    variable: impl Fn(&str) -> Option<S>,
) -> bool {
    match choice {
        Color::Always => return true,
        Color::Never => return false,
        Color::Auto => {}
    }
    let is = |name: &str, test: fn(&OsStr) -> bool| {
        variable(name).is_some_and(|value| test(value.as_ref()))
    };
    if is("NO_COLOR", |value| !value.is_empty()) {
        return false;
    }
    if is("CLICOLOR_FORCE", |value| !value.is_empty() && value != "0") {
        return true;
    }
    is_terminal && !is("CLICOLOR", |value| value == "0") && !is("TERM", |value| value == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(is_terminal: bool, set: &[(&str, &'static str)]) -> bool {
        choose_color(Color::Auto, is_terminal, |name| {
            set.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        })
    }

    #[test]
    fn color_follows_the_option_then_the_environment_then_the_terminal() {
        let no_color = |_: &str| Some("1");
        assert!(choose_color(Color::Always, false, no_color));
        assert!(!choose_color(Color::Never, true, |_| None::<&str>));
        assert!(auto(true, &[]));
        assert!(!auto(false, &[]));
        assert!(!auto(true, &[("NO_COLOR", "1")]));
        assert!(auto(true, &[("NO_COLOR", "")]));
        assert!(auto(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!auto(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!auto(false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(!auto(true, &[("CLICOLOR", "0")]));
        assert!(!auto(true, &[("TERM", "dumb")]));
    }

    #[test]
    fn width_falls_back_step_by_step() {
        assert_eq!(choose_width(Some("72"), || Some(120)), 72);
        assert_eq!(choose_width(Some("wide"), || Some(120)), 120);
        assert_eq!(choose_width(Some("0"), || Some(120)), 120);
        assert_eq!(choose_width(None, || Some(0)), 100);
        assert_eq!(choose_width(None, || None), 100);
    }
}
