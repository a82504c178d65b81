//! How a run is asked for again: what stands in a next command.

use std::ffi::OsStr;

use clap::ValueEnum;

use super::args::Shared;
use crate::report::margin::footer::quoted;

/// The files of this run, and the options that decide what they say, for the next command line.
pub fn again(shared: &Shared) -> String {
    let mut words = files_and_method(shared);
    let period = [
        ("--month", &shared.month),
        ("--from", &shared.from),
        ("--to", &shared.to),
    ];
    for (name, value) in period {
        words.option(name, value.as_deref());
    }
    words.line()
}

/// The same for another period, limited as this run is.
pub fn again_for(shared: &Shared, month: &str) -> String {
    let mut words = files_and_method(shared);
    words.option("--month", Some(month));
    for filter in &shared.filters {
        words.option("--where", Some(filter));
    }
    words.line()
}

fn files_and_method(shared: &Shared) -> Words {
    let mut words = Words::default();
    for file in &shared.files {
        words.0.push(text(file));
    }
    words.flag("--no-config", shared.no_config);
    words.flag("--allow-empty", shared.allow_empty);
    words.choice("--residual", Some(shared.residual), true);
    words.choice("--match", Some(shared.matching), true);
    words.choice("--on-conflict", Some(shared.on_conflict), true);
    words.choice("--on-overlap", Some(shared.on_overlap), true);
    for path in &shared.fx {
        words.option("--fx", Some(&text(path.as_os_str())));
    }
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| text(p.as_os_str()));
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    let options = [
        ("--config", path(&shared.config)),
        ("-m", path(&shared.mapping)),
        ("--tz", shared.tz.clone()),
        ("--input-tz", shared.input_tz.clone()),
        ("--currency", shared.currency.clone()),
        ("--prices", path(&shared.prices)),
        ("--tolerance", shared.tolerance.clone()),
        (
            "--max-line",
            number(shared.max_line.map(|size| size as u64)),
        ),
        ("--max-unpacked", number(shared.max_unpacked)),
    ];
    for (name, value) in &options {
        words.option(name, value.as_deref());
    }
    words.choice("--cost-basis", shared.cost_basis, false);
    words.choice("--revenue", shared.revenue, false);
    words.choice("--cached-tokens", shared.cached_tokens, false);
    words.choice("--encoding", shared.encoding, false);
    words
}

fn text(word: &OsStr) -> String {
    word.to_string_lossy().into_owned()
}

#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn flag(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.0.push(name.into());
        }
    }

    /// A value that begins with a hyphen would be taken for an option.
    fn option(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) if value.starts_with('-') => self.0.push(format!("{name}={value}")),
            Some(value) => self.0.extend([name.to_string(), value.to_string()]),
            None => {}
        }
    }

    /// One of several words; the first of them is left out if it is what holds without it.
    fn choice<T: ValueEnum + PartialEq>(&mut self, name: &str, chosen: Option<T>, default: bool) {
        let chosen = chosen.filter(|one| !default || Some(one) != T::value_variants().first());
        let word = chosen.and_then(|one| one.to_possible_value());
        self.option(name, word.as_ref().map(|word| word.get_name()));
    }

    fn line(&self) -> String {
        let quote = |word: &String| format!(" {}", quoted(word));
        self.0.iter().map(quote).collect()
    }
}
