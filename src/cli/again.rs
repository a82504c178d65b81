//! How a run is asked for again: what stands in a next command.

use super::args::{ResidualArg, Shared};
use crate::model::records::CostBasis;
use crate::report::margin::footer::quoted;

/// The files of this run, and the options that decide what they say, for the next command line.
pub fn again(shared: &Shared) -> String {
    let files = shared
        .files
        .iter()
        .map(|file| file.to_string_lossy().into_owned());
    let mut words: Vec<String> = files.collect();
    if shared.no_config {
        words.push("--no-config".into());
    }
    if shared.residual == ResidualArg::Spread {
        words.extend(["--residual".into(), "spread".into()]);
    }
    let options = [
        (
            "--config",
            shared
                .config
                .as_ref()
                .map(|path| path.to_string_lossy().into_owned()),
        ),
        (
            "-m",
            shared
                .mapping
                .as_ref()
                .map(|path| path.to_string_lossy().into_owned()),
        ),
        ("--month", shared.month.clone()),
        ("--from", shared.from.clone()),
        ("--to", shared.to.clone()),
        ("--tz", shared.tz.clone()),
        ("--currency", shared.currency.clone()),
        (
            "--prices",
            shared
                .prices
                .as_ref()
                .map(|path| path.to_string_lossy().into_owned()),
        ),
        (
            "--cost-basis",
            shared
                .cost_basis
                .map(|basis| CostBasis::from(basis).word().to_string()),
        ),
    ];
    for path in &shared.fx {
        words.extend(["--fx".into(), path.to_string_lossy().into_owned()]);
    }
    for (name, value) in options {
        words.extend(
            value
                .into_iter()
                .flat_map(|value| [name.to_string(), value]),
        );
    }
    words
        .iter()
        .map(|word| format!(" {}", quoted(word)))
        .collect()
}
