//! The file of `--ack`, or of `[leaks]` in the project file: findings that somebody knows of.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::args::LeaksArgs;
use super::project::Project;
use super::toml_places::{Located, toml_fault};
use crate::leaks::acks::Ack;
use crate::model::Exact;
use crate::problem::{Place, Problem, catalogue};

/// `[leaks]` of the project file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaksEntry {
    /// Findings that somebody knows of, relative to the project file.
    pub ack: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AckFile {
    #[serde(default)]
    ack: Vec<AckEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AckEntry {
    finding: String,
    at_risk: toml::Spanned<String>,
    /// For people.
    #[serde(default, rename = "note")]
    _note: Option<String>,
}

/// The file of a run: that of the option, else that of the project file.
pub fn file(args: &LeaksArgs, project: Option<&Project>) -> Option<PathBuf> {
    let named = |project: &Project| Some(project.folder.join(project.leaks.ack.as_ref()?));
    args.ack.clone().or_else(|| project.and_then(named))
}

/// Reads the acknowledgements.
///
/// # Errors
/// A file that cannot be read or understood.
pub fn read(path: &Path) -> Result<Vec<Ack>, Problem> {
    let shown: Arc<str> = path.display().to_string().into();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read the acknowledgements: {error}");
        Problem::new(&catalogue::CANNOT_READ, message).at(Place::file(&shown))
    })?;
    let file: AckFile = toml::from_str(&text)
        .map_err(|error| toml_fault(&catalogue::BAD_OPTION, &shown, &text, &error))?;
    let ack = |entry: AckEntry| {
        let at_risk = Exact::parse(entry.at_risk.get_ref()).map_err(|_| {
            let place = Located {
                shown: &shown,
                text: &text,
            };
            Problem::new(&catalogue::BAD_OPTION, "at_risk is no plain decimal")
                .at(place.place(entry.at_risk.span().start))
                .excerpt(entry.at_risk.get_ref().clone())
                .help("write the money at risk per month as tanso leaks --format json prints it")
        })?;
        Ok(Ack {
            finding: entry.finding,
            at_risk,
        })
    };
    file.ack.into_iter().map(ack).collect()
}
