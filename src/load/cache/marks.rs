//! Marks: which content a log had when it was last read.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::{Cache, told};
use crate::load::InputSpec;

/// A file that was changed so shortly before its mark was written may have been changed again
/// since, without another time.
const TICK: Duration = Duration::from_secs(3);

/// The mark of a file.
pub fn path(cache: &Cache, spec: &InputSpec) -> PathBuf {
    let real = spec
        .path
        .canonicalize()
        .unwrap_or_else(|_| spec.path.clone());
    let key = format!("{}\n{}\n{real:?}\n", cache.version, told(spec));
    cache.file(&key, "mark")
}

/// The content that a file has, if it is the one of its mark; it is hashed only if need be.
pub fn content(cache: &Cache, spec: &InputSpec, mark: &Path) -> Option<String> {
    let written = std::fs::read_to_string(mark).ok()?;
    let mut lines = written.lines();
    let (content, bytes, stat) = (lines.next()?, lines.next()?, lines.next()?);
    let now = std::fs::metadata(&spec.path).ok()?;
    if !now.is_file() || bytes != now.len().to_string() || content.len() != 64 {
        return None;
    }
    let since = std::fs::metadata(mark).ok()?.modified().ok()?;
    if stat == self::stat(&now) && changed(&now)?.checked_add(TICK)? < since {
        return Some(content.to_string());
    }
    if sha256(&spec.path)? != content {
        return None;
    }
    write(cache, spec, content);
    Some(content.to_string())
}

/// Notes the content of a file.
pub fn write(cache: &Cache, spec: &InputSpec, content: &str) {
    if let Ok(now) = std::fs::metadata(&spec.path) {
        let text = format!("{content}\n{}\n{}\n", now.len(), stat(&now));
        cache.write(&path(cache, spec), text.as_bytes());
    }
}

/// What a file system tells of a file, which changes with its content.
fn stat(now: &Metadata) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        format!(
            "{} {} {}.{} {}.{}",
            now.dev(),
            now.ino(),
            now.mtime(),
            now.mtime_nsec(),
            now.ctime(),
            now.ctime_nsec()
        )
    }
    #[cfg(not(unix))]
    {
        format!("{:?}", now.modified().ok())
    }
}

/// When the file or what is known of it was changed last.
fn changed(now: &Metadata) -> Option<SystemTime> {
    let modified = now.modified().ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let seconds = u64::try_from(now.ctime()).ok()?;
        let nanos = u32::try_from(now.ctime_nsec()).ok()?;
        let known = SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))?;
        Some(modified.max(known))
    }
    #[cfg(not(unix))]
    Some(modified)
}

fn sha256(path: &Path) -> Option<String> {
    let mut hash = Sha256::new();
    std::io::copy(
        &mut std::fs::File::open(path).ok()?,
        &mut Hashing(&mut hash),
    )
    .ok()?;
    let digits = hash.finalize();
    Some(digits.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes into a hash.
struct Hashing<'h>(&'h mut Sha256);

impl std::io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
