//! Writing outputs: files appear whole or not at all, and a full disk is never a silent success.
//!
//! Every file is written beside its destination under the name `.tanso-*.tmp`, flushed to the disk
//! and renamed only when all outputs of the run are complete. Devices and pipes cannot be renamed
//! onto; they are written after the files are complete and before any is renamed. The one place
//! that knows that a closed pipe (`| head`) is no error.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::problem::{Problem, catalogue};
use crate::report::visible;

/// What became of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// Every byte was taken.
    All,
    /// The reader went away, as `head` does; the run still succeeded.
    PipeClosed,
}

/// Writes the report to standard output and flushes it.
///
/// # Errors
/// `CANNOT_WRITE` with the system's reason, a full disk behind a redirection included.
pub fn write_stdout(bytes: &[u8]) -> Result<Wrote, Problem> {
    let mut out = io::stdout().lock();
    finish(
        out.write_all(bytes).and_then(|()| out.flush()),
        "standard output",
    )
}

/// Judges the result of writing to a stream, which must include its flush.
///
/// # Errors
/// `CANNOT_WRITE`, unless the reader only closed the pipe.
pub fn finish(result: io::Result<()>, name: &str) -> Result<Wrote, Problem> {
    match result {
        Ok(()) => Ok(Wrote::All),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Wrote::PipeClosed),
        Err(error) => Err(cannot_write(name, &error)),
    }
}

/// Writes all outputs, or leaves every destination as it was. `inputs` are the files that were
/// read; none of them is overwritten. An existing file keeps its permissions.
///
/// A destination that is a symbolic link is written through: the file that the link names is
/// replaced, in its own directory, and the link stays. In a directory that everybody may write to,
/// where somebody else could have placed the link, it is refused; so is a link to nothing.
///
/// # Errors
/// `OUTPUT_IS_INPUT` for a directory, an input or the same output twice; `CANNOT_WRITE` with the
/// system's reason for everything else. Only a failing rename, which comes after everything that can
/// run out of space, can leave some destinations new and others old.
pub fn write_all(outputs: &[(PathBuf, Vec<u8>)], inputs: &[PathBuf]) -> Result<(), Problem> {
    let places = outputs
        .iter()
        .map(|(path, _)| Destination::of(path))
        .collect::<Result<Vec<_>, _>>()?;
    refuse_clashes(outputs, &places, inputs)?;
    let mut complete = Vec::new();
    for ((path, bytes), place) in outputs.iter().zip(&places) {
        if let Destination::File(target) = place {
            let temporary = write_beside(target, bytes).map_err(|e| cannot_write_file(path, &e))?;
            complete.push((path, target, temporary));
        }
    }
    for ((path, bytes), place) in outputs.iter().zip(&places) {
        if let Destination::Stream = place {
            let written = OpenOptions::new()
                .write(true)
                .open(path)
                .and_then(|mut stream| stream.write_all(bytes).and_then(|()| stream.flush()));
            finish(written, &path.to_string_lossy())?;
        }
    }
    let mut renamed = Vec::new();
    for (path, target, temporary) in complete {
        temporary
            .persist(target)
            .map_err(|e| cannot_write_file(path, &e.error))?;
        renamed.push((path, target));
    }
    for (path, target) in renamed {
        sync_directory(target).map_err(|e| cannot_write_file(path, &e))?;
    }
    Ok(())
}

/// Where an output goes.
#[derive(Debug)]
enum Destination {
    /// A regular file or a name that is free, links resolved.
    File(PathBuf),
    /// A device, pipe or socket: written in place.
    Stream,
}

impl Destination {
    fn of(path: &Path) -> Result<Destination, Problem> {
        let found = match path.symlink_metadata() {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if path.file_name().is_none() {
                    return Err(cannot_write_file(path, &error));
                }
                return Ok(Destination::File(path.to_path_buf()));
            }
            Err(error) => return Err(cannot_write_file(path, &error)),
        };
        let (target, found) = if found.is_symlink() {
            let named = path.metadata().map_err(|e| cannot_write_file(path, &e))?;
            if !named.is_file() && !named.is_dir() {
                // `/dev/stdout` into a pipe: the link names no path.
                return Ok(Destination::Stream);
            }
            let target = path
                .canonicalize()
                .map_err(|e| cannot_write_file(path, &e))?;
            if named.is_file() && everybody_writes(parent(path)) {
                return Err(refused(
                    path,
                    "is a symbolic link in a directory that everybody may write to",
                ));
            }
            (target, named)
        } else {
            (path.to_path_buf(), found)
        };
        if found.is_dir() {
            return Err(refused(path, "is a directory"));
        }
        Ok(if found.is_file() {
            Destination::File(target)
        } else {
            Destination::Stream
        })
    }
}

fn refuse_clashes(
    outputs: &[(PathBuf, Vec<u8>)],
    places: &[Destination],
    inputs: &[PathBuf],
) -> Result<(), Problem> {
    let read: Vec<PathBuf> = inputs.iter().map(|input| real_path(input)).collect();
    let mut seen: Vec<PathBuf> = Vec::new();
    for ((path, _), place) in outputs.iter().zip(places) {
        let Destination::File(target) = place else {
            continue;
        };
        let real = real_path(target);
        if read.iter().any(|input| same_file(input, &real)) {
            return Err(refused(path, "is one of the inputs"));
        }
        if seen.iter().any(|other| same_file(other, &real)) {
            return Err(refused(path, "is named twice as an output"));
        }
        seen.push(real);
    }
    Ok(())
}

/// The path without links; for a name that is free, its directory's path without links.
fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (parent(path).canonicalize(), path.file_name()) {
        (Ok(directory), Some(name)) => directory.join(name),
        _ => path.to_path_buf(),
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    if a == b {
        return true;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // Hard links: two names, one file.
        if let (Ok(a), Ok(b)) = (a.metadata(), b.metadata()) {
            return a.dev() == b.dev() && a.ino() == b.ino();
        }
    }
    false
}

fn write_beside(target: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tanso-").suffix(".tmp");
    // Temporary files are private by default; a report is an ordinary file, subject to the umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(parent(target))?;
    sweep(parent(target), temporary.as_file());
    temporary.write_all(bytes)?;
    temporary.flush()?;
    if let Ok(existing) = target.metadata() {
        temporary
            .as_file()
            .set_permissions(existing.permissions())?;
    }
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// Removes what runs that were killed have left in the folder: our temporary files that are a day
/// older than the one just made.
fn sweep(folder: &Path, new: &File) {
    const DAY: Duration = Duration::from_secs(86_400);
    let time = |found: io::Result<Metadata>| found.and_then(|found| found.modified()).ok();
    let Some(before) = time(new.metadata()).and_then(|now| now.checked_sub(DAY)) else {
        return;
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.starts_with(".tanso-") && name.ends_with(".tmp");
        if is_ours && time(entry.metadata()).is_some_and(|made| made < before) {
            // Another run may be doing the same.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes the rename itself durable. Some file systems cannot sync a directory and say so.
fn sync_directory(target: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(parent(target)).and_then(|directory| directory.sync_all()) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// The directory that holds the name; `.` for a bare name.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn everybody_writes(directory: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    directory
        .metadata()
        .is_ok_and(|found| found.permissions().mode() & 0o002 != 0)
}

#[cfg(not(unix))]
fn everybody_writes(_directory: &Path) -> bool {
    false
}

fn refused(path: &Path, why: &str) -> Problem {
    let name = path.to_string_lossy();
    Problem::new(
        &catalogue::OUTPUT_IS_INPUT,
        format!("the output {} {why}", visible(&name)),
    )
    .help("choose another name")
}

fn cannot_write_file(path: &Path, error: &io::Error) -> Problem {
    cannot_write(&path.to_string_lossy(), error)
}

fn cannot_write(name: &str, error: &io::Error) -> Problem {
    let full = error.to_string();
    let reason = full.split(" (os error").next().unwrap_or(&full);
    Problem::new(
        &catalogue::CANNOT_WRITE,
        format!("cannot write {}: {reason}", visible(name)),
    )
    .help("check that the folder is there, may be written to and has space")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(path: &Path, text: &str) -> (PathBuf, Vec<u8>) {
        (path.to_path_buf(), text.as_bytes().to_vec())
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn read(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn files_are_created_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.csv"), dir.path().join("b.json"));
        std::fs::write(&a, "old").unwrap();
        write_all(&[out(&a, "new"), out(&b, "{}")], &[]).unwrap();
        assert_eq!((read(&a), read(&b)), ("new".into(), "{}".into()));
        assert_eq!(names(dir.path()), ["a.csv", "b.json"]);
    }

    #[test]
    fn what_killed_runs_left_is_removed_after_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let left = |name: &str, hours: u64| {
            let file = File::create(dir.path().join(name)).unwrap();
            let made = file.metadata().unwrap().modified().unwrap();
            file.set_modified(made - Duration::from_secs(hours * 3600))
                .unwrap();
        };
        for (name, hours) in [
            (".tanso-old.tmp", 25),
            (".tanso-new.tmp", 23),
            (".tanso-mine.csv", 25),
            ("other.tmp", 25),
        ] {
            left(name, hours);
        }
        write_all(&[out(&dir.path().join("a.csv"), "x")], &[]).unwrap();
        let kept = [".tanso-mine.csv", ".tanso-new.tmp", "a.csv", "other.tmp"];
        assert_eq!(names(dir.path()), kept);
    }

    #[test]
    fn one_failure_leaves_every_destination_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let a = dir.path().join("a.csv");
        std::fs::write(&a, "old").unwrap();
        let missing = dir.path().join("no/such/b.csv");
        let problem = write_all(&[out(&a, "new"), out(&missing, "x")], &[]).unwrap_err();
        assert_eq!(problem.entry.code, "T4003");
        assert!(problem.message.ends_with("No such file or directory"));
        assert_eq!(read(&a), "old");
        assert_eq!(names(dir.path()), ["a.csv"]);
    }

    #[test]
    fn inputs_directories_and_repeats_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let a = dir.path().join("a.csv");
        std::fs::write(&a, "old").unwrap();
        let refused = |outputs: &[(PathBuf, Vec<u8>)], inputs: &[PathBuf]| {
            write_all(outputs, inputs).unwrap_err().entry.code
        };
        assert_eq!(refused(&[out(&a, "x")], std::slice::from_ref(&a)), "T1040");
        let roundabout = dir.path().join(".").join("a.csv");
        assert_eq!(
            refused(&[out(&roundabout, "x")], std::slice::from_ref(&a)),
            "T1040"
        );
        assert_eq!(refused(&[out(dir.path(), "x")], &[]), "T1040");
        let new = dir.path().join("new.csv");
        assert_eq!(refused(&[out(&new, "x"), out(&new, "y")], &[]), "T1040");
        assert_eq!(read(&a), "old");
        assert_eq!(names(dir.path()), ["a.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn another_name_of_an_input_is_an_input() {
        let dir = tempfile::tempdir().unwrap();
        let a = dir.path().join("a.csv");
        std::fs::write(&a, "old").unwrap();
        let hard = dir.path().join("hard.csv");
        std::fs::hard_link(&a, &hard).unwrap();
        let soft = dir.path().join("soft.csv");
        std::os::unix::fs::symlink(&a, &soft).unwrap();
        for name in [hard, soft] {
            let problem = write_all(&[out(&name, "x")], std::slice::from_ref(&a)).unwrap_err();
            assert_eq!(problem.entry.code, "T1040");
        }
        assert_eq!(read(&a), "old");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_written_through_and_permissions_kept() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("2026-10.csv");
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        let latest = dir.path().join("latest.csv");
        std::os::unix::fs::symlink("2026-10.csv", &latest).unwrap();
        write_all(&[out(&latest, "new")], &[]).unwrap();
        assert_eq!(read(&file), "new");
        assert!(latest.symlink_metadata().unwrap().is_symlink());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);

        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o1777)).unwrap();
        let problem = write_all(&[out(&latest, "x")], &[]).unwrap_err();
        assert_eq!(problem.entry.code, "T1040");
        let dangling = dir.path().join("dangling");
        std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
        assert!(write_all(&[out(&dangling, "x")], &[]).is_err());
        assert_eq!(read(&file), "new");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_no_secret() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (ours, plain) = (dir.path().join("ours"), dir.path().join("plain"));
        write_all(&[out(&ours, "x")], &[]).unwrap();
        std::fs::write(&plain, "x").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_are_written_in_place_before_anything_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let a = dir.path().join("a.csv");
        std::fs::write(&a, "old").unwrap();
        write_all(&[out(Path::new("/dev/null"), "x")], &[]).unwrap();
        let problem =
            write_all(&[out(&a, "new"), out(Path::new("/dev/full"), "x")], &[]).unwrap_err();
        assert_eq!(problem.entry.code, "T4003");
        assert_eq!(
            problem.message,
            "cannot write /dev/full: No space left on device"
        );
        assert_eq!(read(&a), "old");
        assert_eq!(names(dir.path()), ["a.csv"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_to_a_pipe_is_written_in_place() {
        use std::io::Read;
        use std::os::fd::AsRawFd;
        let (mut reader, writer) = io::pipe().unwrap();
        let path = PathBuf::from(format!("/proc/self/fd/{}", writer.as_raw_fd()));
        write_all(&[out(&path, "report")], &[]).unwrap();
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "report");
    }

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is() {
        let closed = Err(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(
            finish(closed, "standard output").unwrap(),
            Wrote::PipeClosed
        );
        assert_eq!(finish(Ok(()), "standard output").unwrap(), Wrote::All);
        let full = Err(io::Error::from(io::ErrorKind::StorageFull));
        let problem = finish(full, "standard output").unwrap_err();
        assert_eq!(problem.entry.code, "T4003");
    }
}
