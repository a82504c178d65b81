//! Which files to read: arguments, globs, folders, the project file.

use std::path::{Path, PathBuf};

use super::args::{EncodingArg, Shared};
use super::project::{InputEntry, Project};
use crate::formats::{self, Settings};
use crate::load::{InputSpec, rate_file};
use crate::model::Zone;
use crate::problem::{Place, Problem, catalogue};
use crate::report::visible;
use crate::scan::{How, Limits};

/// The word for the mapping file in `FORMAT:path`.
const MAPPING: &str = "mapping";

/// Endings of the files that are taken from a folder.
const ENDINGS: &[&str] = &[
    "csv", "tsv", "jsonl", "ndjson", "json", "parquet", "gz", "zst", "zip",
];

/// Resolves the inputs of a run. Paths of the project file are relative to its folder.
///
/// # Errors
/// A pattern that matches nothing, a value that is not understood, or no input at all.
pub fn resolve(shared: &Shared, project: Option<&Project>) -> Result<Vec<InputSpec>, Problem> {
    let mut specs = Vec::new();
    if shared.files.is_empty() {
        if let Some(project) = project {
            for pattern in &project.inputs {
                for path in expand(&project.folder, pattern)? {
                    specs.push(spec(shared, Some(project), path, None)?);
                }
            }
            for entry in &project.input {
                if !is_pattern(&entry.path) {
                    project.names_file("[[input]]", "path", &entry.path)?;
                }
                for path in expand(&project.folder, &entry.path)? {
                    if !specs.iter().any(|spec: &InputSpec| spec.path == path) {
                        specs.push(spec(shared, Some(project), path, None)?);
                    }
                }
            }
        }
    } else {
        for argument in &shared.files {
            let (format, path) = split_format(argument);
            match path
                .to_str()
                .filter(|text| !path.exists() && is_pattern(text))
            {
                Some(pattern) => {
                    for path in expand(Path::new(""), pattern)? {
                        specs.push(spec(shared, project, path, format.clone())?);
                    }
                }
                None if path.is_dir() => {
                    for path in folder(&path)? {
                        specs.push(spec(shared, project, path, format.clone())?);
                    }
                }
                None => specs.push(spec(shared, project, path, format)?),
            }
        }
    }
    let mapping = match (&shared.mapping, project) {
        (Some(path), _) => Some(path.clone()),
        (None, Some(project)) => match &project.mapping {
            Some(written) => {
                project.names_file("", "mapping", written)?;
                Some(project.folder.join(written))
            }
            None => None,
        },
        (None, None) => None,
    };
    if specs.is_empty() {
        return Err(Problem::new(&catalogue::NO_INPUT, "no files to read")
            .help("name the files: tanso report usage.csv costs.csv stripe.csv; or run tanso init FILES once"));
    }
    if let Some(path) = mapping
        && !specs.iter().any(|spec| spec.path == path)
    {
        specs.push(spec(shared, project, path, Some(MAPPING.into()))?);
    }
    let named = project.map_or(&[][..], |project| &project.fx);
    let rates = match (shared.fx.is_empty(), project) {
        (true, Some(project)) => {
            for written in named {
                project.names_file("", "fx", written)?;
            }
            named.iter().map(|name| project.folder.join(name)).collect()
        }
        _ => shared.fx.clone(),
    };
    for path in rates {
        if !specs.iter().any(|spec| spec.path == path) {
            specs.push(spec(shared, project, path, Some(rate_file::NAME.into()))?);
        }
    }
    Ok(specs)
}

impl Project {
    /// A file that the project file names and that is not there.
    ///
    /// # Errors
    /// If it is not there.
    pub fn names_file(&self, header: &str, key: &str, written: &str) -> Result<(), Problem> {
        if self.folder.join(written).exists() {
            return Ok(());
        }
        let message = format!("{key} names a file that is not there: {written:?}");
        let mut problem = self.fault(header, key, written, message);
        problem.entry = &catalogue::CANNOT_READ;
        Err(problem.help(format!(
            "paths are relative to the folder of {}; correct it or put the file there",
            self.shown
        )))
    }
}

/// `FORMAT:path`, if the part before the colon is a format's name and no such file exists.
fn split_format(argument: &std::ffi::OsString) -> (Option<String>, PathBuf) {
    let whole = PathBuf::from(argument);
    let Some((format, path)) = argument.to_str().and_then(|text| text.split_once(':')) else {
        return (None, whole);
    };
    let named = [MAPPING, rate_file::NAME].contains(&format);
    let known = named || formats::named(format).is_some();
    if whole.exists() || !known {
        return (None, whole);
    }
    (Some(format.to_string()), PathBuf::from(path))
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The files that a glob matches, in order of their names.
fn expand(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, Problem> {
    let whole = folder.join(pattern);
    if !is_pattern(pattern) {
        if whole.is_dir() {
            return self::folder(&whole);
        }
        return Ok(vec![whole]);
    }
    let nothing = |reason: String| {
        Problem::new(&catalogue::NO_MATCH, reason)
            .at(Place::file(&visible(pattern).into()))
            .help("check the pattern and the folder; quote it if the shell should not expand it")
    };
    let text = whole.to_string_lossy();
    let paths = glob::glob(&text).map_err(|error| nothing(format!("not a pattern: {error}")))?;
    let mut files: Vec<PathBuf> = paths.flatten().filter(|path| !path.is_dir()).collect();
    files.sort();
    if files.is_empty() {
        return Err(nothing("no file matches the pattern".into()));
    }
    Ok(files)
}

/// The readable files of a folder, in order of their names; folders inside are not entered.
fn folder(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let place = Place::file(&visible(&path.to_string_lossy()).into());
    let entries = std::fs::read_dir(path).map_err(|error| {
        Problem::new(
            &catalogue::CANNOT_READ,
            format!("cannot read the folder: {error}"),
        )
        .at(place.clone())
    })?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .filter(|path| {
            let ending = path
                .extension()
                .map(|ending| ending.to_string_lossy().to_lowercase());
            ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
        })
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(
            Problem::new(&catalogue::CANNOT_READ, "the folder holds no data files")
                .at(place)
                .help(format!(
                    "files with these endings are read: {}",
                    ENDINGS.join(", ")
                )),
        );
    }
    Ok(files)
}

/// One input with what the user said about it.
fn spec(
    shared: &Shared,
    project: Option<&Project>,
    path: PathBuf,
    format: Option<String>,
) -> Result<InputSpec, Problem> {
    let entry = project.and_then(|project| entry_of(project, &path).map(|entry| (project, entry)));
    let mut settings = match entry {
        Some((project, entry)) => entry.settings(project)?,
        None => Settings::default(),
    };
    if let Some(name) = &shared.input_tz
        && settings.zone.is_none()
    {
        settings.zone = Some(Zone::parse(name).ok_or_else(|| bad_zone("--input-tz", name))?);
    }
    settings.calendar = Some(super::choices::zone(shared, project)?);
    if settings.cached_tokens.is_none() {
        settings.cached_tokens = super::choices::cached_tokens(shared);
    }
    settings.cost_basis = super::choices::cost_basis(shared, project)?;
    let entry = entry.map(|(_, entry)| entry);
    let defaults = Limits::default();
    let how = How {
        delimiter: entry
            .and_then(|entry| entry.delimiter.as_deref())
            .map(delimiter),
        latin1: shared.encoding == Some(EncodingArg::Latin1)
            || entry.is_some_and(|entry| entry.encoding.as_deref() == Some("latin1")),
        skip_lines: entry.map_or(0, |entry| entry.skip_lines),
        allow_empty: shared.allow_empty,
        limits: Limits {
            max_line: shared.max_line.unwrap_or(defaults.max_line),
            max_columns: shared.max_columns.unwrap_or(defaults.max_columns),
            max_unpacked: shared.max_unpacked.unwrap_or(defaults.max_unpacked),
        },
    };
    let shown = match project.filter(|_| shared.files.is_empty()) {
        Some(project) => path.strip_prefix(&project.folder).unwrap_or(&path),
        None => &path,
    };
    let name = if path.as_os_str() == "-" {
        "standard input".to_string()
    } else {
        visible(&shown.to_string_lossy()).into_owned()
    };
    Ok(InputSpec {
        name,
        format: format.or_else(|| entry.and_then(|entry| entry.format.clone())),
        settings,
        how,
        path,
    })
}

/// What a word for a delimiter means.
fn delimiter(text: &str) -> u8 {
    match text {
        "\\t" | "tab" => b'\t',
        _ => text.bytes().next().unwrap_or(b','),
    }
}

/// The `[[input]]` entry whose path or glob is this file.
fn entry_of<'p>(project: &'p Project, path: &Path) -> Option<&'p InputEntry> {
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let wanted = canonical(path);
    project.input.iter().find(|entry| {
        let whole = project.folder.join(&entry.path);
        if !is_pattern(&entry.path) {
            return canonical(&whole) == wanted;
        }
        let matches = glob::Pattern::new(
            &canonical(&project.folder)
                .join(&entry.path)
                .to_string_lossy(),
        );
        matches.is_ok_and(|pattern| pattern.matches_path(&wanted))
    })
}

/// A zone that is not understood.
pub fn bad_zone(option: &str, name: &str) -> Problem {
    Problem::new(
        &catalogue::BAD_OPTION,
        format!("{option} is no time zone: {name:?}"),
    )
    .help("write UTC or an IANA name such as Europe/Paris")
}
