//! The cache of folds: what the usage logs of a run came to is kept in a file, so that the next run on
//! the same logs reads none of them.
//!
//! An entry stands for all usage logs of a run together, since repeats are found across them. Its
//! name is a hash of their contents and of every choice that concerns reading. A mark beside it says
//! which content a file had when it was last read: with the same size, times and inode it has it still;
//! if only the times are others, it is hashed. Reading the other files goes on as ever, and one more
//! log among them makes the entry of no use.
//!
//! The rule that must hold: whatever the cache folder holds, and whoever writes to it at the same time,
//! the books are those of the files. Whatever is not whole is not used, and nothing is ever said.

mod bytes;
mod cells;
mod entry;
mod marks;

use std::io::Write;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use super::{Choices, InputSpec};
pub use entry::{Entry, Kept, KeptFile, Remarks};

/// How many files the folder may hold; the oldest go first.
const MOST: usize = 64;

/// Where folds are kept.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The folder; made when it is needed.
    pub folder: PathBuf,
    /// What tells this program from one that reads differently.
    pub version: String,
    /// Logs smaller than this, all together, are read again.
    pub least: u64,
    /// Whether a text must not be kept.
    pub is_private: fn(&str) -> bool,
}

/// The usage logs of a run, found in the cache.
pub struct Found {
    /// Which of the specs they are.
    covered: Vec<bool>,
    /// The logs that were not asked for yet.
    files: std::vec::IntoIter<KeptFile>,
    /// What they came to; its files are in `files`.
    pub entry: Kept,
}

impl Found {
    /// Whether a spec is one of them.
    pub fn covers(&self, spec: usize) -> bool {
        self.covered[spec]
    }

    /// The next of them.
    pub fn next_file(&mut self) -> Option<KeptFile> {
        self.files.next()
    }
}

impl Cache {
    /// What the usage logs among these files came to, if it is known.
    pub fn find(&self, specs: &[InputSpec], choices: &Choices) -> Option<Found> {
        let mut covered = Vec::new();
        let mut logs = Vec::new();
        for spec in specs {
            let mark = marks::path(self, spec);
            let known = match mark.exists() {
                true => Some(marks::content(self, spec, &mark)?),
                false => None,
            };
            covered.push(known.is_some());
            logs.extend(known.map(|content| (spec, content)));
        }
        if logs.is_empty() {
            return None;
        }
        let bytes = std::fs::read(self.entry(&logs, choices)).ok()?;
        let mut entry = Kept::decode(bytes, choices.threads)?;
        let named = logs.iter().map(|(spec, _)| spec.name.as_str());
        // The name of an entry is a hash; that it holds these files is certain then.
        let same = entry.files.iter().map(|file| &*file.name).eq(named);
        if !same {
            return None;
        }
        let files = std::mem::take(&mut entry.files).into_iter();
        Some(Found {
            covered,
            files,
            entry,
        })
    }

    /// Keeps what the logs of a run came to. What cannot be kept is not, without a word.
    pub fn keep(&self, specs: &[InputSpec], choices: &Choices, entry: &Entry<'_>) {
        let files = entry.files();
        let logs: Option<Vec<(&InputSpec, String)>> = files
            .iter()
            .map(|file| {
                let mut specs = specs.iter();
                let spec = specs.find(|spec| spec.name == file.path && spec.path.is_file())?;
                Some((spec, file.sha256.clone()))
            })
            .collect();
        let size: u64 = files.iter().map(|file| file.bytes).sum();
        let Some(logs) = logs.filter(|logs| !logs.is_empty() && size >= self.least) else {
            return;
        };
        let path = self.entry(&logs, choices);
        let bytes = entry.encode(self.is_private);
        if bytes.and_then(|bytes| self.write(&path, &bytes)).is_none() {
            return;
        }
        for (spec, content) in &logs {
            marks::write(self, spec, content);
        }
        self.prune();
    }

    /// The file of an entry.
    fn entry(&self, logs: &[(&InputSpec, String)], choices: &Choices) -> PathBuf {
        let Choices {
            zone,
            on_conflict,
            on_overlap,
            allow_empty,
            features,
            outcomes,
            dimensions,
            // How files are read makes no difference to what they hold.
            threads: _,
            piece: _,
            memory: _,
            cache: _,
        } = choices;
        let mut key = format!(
            "{}\n{}\n{on_conflict:?} {on_overlap:?} {allow_empty} {features} {outcomes}\n{dimensions:?}\n",
            self.version,
            zone.name()
        );
        for (spec, content) in logs {
            key.push_str(&format!("{}\n{content}\n", told(spec)));
        }
        self.file(&key, "fold")
    }

    fn file(&self, key: &str, ending: &str) -> PathBuf {
        let name = format!("{:032x}.{ending}", xxh3_128(key.as_bytes()));
        self.folder.join(name)
    }

    /// Writes a file beside its place and moves it there, so that it is there whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Option<()> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).ok()?;
        let mut file = tempfile::Builder::new()
            .prefix(".tanso-")
            .suffix(".tmp")
            .tempfile_in(&self.folder)
            .ok()?;
        file.write_all(bytes).ok()?;
        file.persist(path).ok()?;
        Some(())
    }

    /// Removes the oldest files beyond the most that there may be, those of runs that were ended in
    /// the middle among them.
    fn prune(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return;
        };
        let mut files: Vec<_> = entries
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        let beyond = files.len().saturating_sub(MOST);
        for (_, path) in &files[..beyond] {
            // Another run may have removed it.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Everything that was said about a file.
fn told(spec: &InputSpec) -> String {
    let InputSpec {
        path: _,
        name,
        format,
        settings,
        how,
    } = spec;
    format!("{name:?} {format:?} {settings:?} {how:?}")
}

#[cfg(test)]
mod tests;
