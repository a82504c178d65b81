//! What several modules need: folders of the repository, temporary folders, files in them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A path inside the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file; panics with its path.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The entries of a folder, sorted by name.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The last part of a path as text.
pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// What a run of the program printed, and its exit code.
#[derive(Clone, Debug)]
pub struct Run {
    /// The exit code.
    pub code: u8,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// Standard output as JSON; panics with the messages of a run that failed.
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{why}: {}", self.out))
    }
}

/// Runs the command line inside this process.
pub fn tanso<A: AsRef<str>>(arguments: &[A]) -> Run {
    let mut console = tanso::cli::Console::default();
    let arguments = arguments
        .iter()
        .map(|argument| OsString::from(argument.as_ref()));
    let code = tanso::cli::run(arguments, &mut console);
    Run {
        code,
        out: String::from_utf8(console.out).expect("the output is UTF-8"),
        err: String::from_utf8(console.err).expect("messages are UTF-8"),
    }
}

/// Writes a file into a folder and returns its path as text.
pub fn put(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    path.to_str().expect("test paths are UTF-8").to_string()
}

/// Compares a table of `docs/reliability.md` with the one that a test made, or writes it.
pub fn check_table(by: &str, table: &str) {
    check_table_in("docs/reliability.md", by, table);
}

/// Compares a table of a page with the one that a test made, or writes it.
pub fn check_table_in(page: &str, by: &str, table: &str) {
    let begin = format!("<!-- table: written by {by} -->\n");
    const END: &str = "\n<!-- end of table -->";
    let path = repository(page);
    // Two tests may write at once.
    static PAGE: Mutex<()> = Mutex::new(());
    let _one = PAGE.lock();
    let page = text(&path);
    let (front, rest) = page.split_once(&begin).expect("the page marks its table");
    let (old, back) = rest
        .split_once(END)
        .expect("the page marks the table's end");
    if std::env::var_os("TANSO_UPDATE").is_some() {
        fs::write(&path, format!("{front}{begin}{table}{END}{back}")).unwrap();
        return;
    }
    assert_eq!(old, table, "run the tests of {by} with TANSO_UPDATE=1");
}

/// Numbers that look random and depend on the seed alone (SplitMix64).
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Draw {
        Draw(seed)
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `first` to `last`, both included.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.next() % (last - first + 1)
    }

    /// One of these.
    pub fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.between(0, of.len() as u64 - 1) as usize]
    }

    /// True in `percent` of a hundred draws.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.between(0, 99) < percent
    }

    /// Puts the items into another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.between(0, at as u64) as usize;
            items.swap(at, other);
        }
    }
}
