//! Where folds of big usage logs are kept: the user's cache folder, after the XDG base directories.

use std::path::PathBuf;

use super::args::Shared;
use crate::load::Cache;
use crate::report::visible::masked;

/// Smaller logs are read sooner than they would be looked up and checked.
const LEAST: u64 = 8 << 20;

/// The cache of a run, unless the user wants none or there is no folder for it.
pub fn of(shared: &Shared) -> Option<Cache> {
    if shared.no_cache {
        return None;
    }
    Some(Cache {
        folder: folder()?,
        version: version()?,
        least: LEAST,
        is_private: |text| text.contains('@') && masked(text) != text,
    })
}

/// `$XDG_CACHE_HOME/tanso`, or `.cache/tanso` in the home folder.
fn folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let home = || absolute("HOME").map(|home| home.join(".cache"));
    let base = absolute("XDG_CACHE_HOME").or_else(home)?;
    Some(base.join("tanso"))
}

/// What tells this program from every other one: its version, and the file that it is.
fn version() -> Option<String> {
    let program = std::env::current_exe().ok()?.metadata().ok()?;
    let version = env!("CARGO_PKG_VERSION");
    Some(format!(
        "{version} {} {:?}",
        program.len(),
        program.modified().ok()?
    ))
}
