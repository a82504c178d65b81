//! A run with the cache says what a run without it says, whatever happens to files and folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Cache;
use crate::formats::Settings;
use crate::load::{Choices, InputSpec, MEMORY, OnConflict, OnOverlap, PIECE, Progress, read};
use crate::model::{UsageCell, Zone};
use crate::scan::{How, Receipt};

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: &Receipt) {}
    fn end(&self) {}
}

/// Counts the files that are read.
#[derive(Default)]
struct Counting(std::cell::Cell<u32>);

impl Progress for Counting {
    fn begin(&self, _: &str, _: &Receipt) {
        self.0.set(self.0.get() + 1);
    }

    fn end(&self) {}
}

struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let world = World {
            folder: tempfile::tempdir().unwrap(),
        };
        world.put("one.csv", &log(1, 40));
        world.put("two.csv", &log(100, 140));
        world.put(
            "bill.csv",
            "date,provider,model,cost\n2026-10-01,openai,gpt-4o,5.00\n",
        );
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file whose times lie in the past, as those of most files do.
    fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        let past = SystemTime::now() - Duration::from_secs(3600);
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(past).unwrap();
    }

    fn cache(&self) -> PathBuf {
        self.path("cache/tanso")
    }

    fn choices(&self, cached: bool) -> Choices {
        Choices {
            zone: Zone::parse("Europe/Berlin").unwrap(),
            on_conflict: OnConflict::Error,
            on_overlap: OnOverlap::Error,
            allow_empty: false,
            features: true,
            outcomes: false,
            dimensions: vec!["region".into()],
            threads: 1,
            piece: PIECE,
            memory: MEMORY,
            cache: cached.then(|| Cache {
                folder: self.cache(),
                version: "test".into(),
                least: 0,
                is_private: |text| text.contains('@'),
            }),
        }
    }

    fn specs(&self, names: &[&str]) -> Vec<InputSpec> {
        let spec = |name: &&str| InputSpec {
            path: self.path(name),
            name: name.to_string(),
            format: None,
            settings: Settings::default(),
            how: How::default(),
        };
        names.iter().map(spec).collect()
    }

    fn said(&self, names: &[&str], choices: &Choices) -> String {
        match read(&self.specs(names), choices, &Silent) {
            Ok(books) => {
                let cells = books.usage.iter().map(|cell| format!("{}\n", shown(cell)));
                let files = books.files.iter().map(|file| format!("{file:?}\n"));
                let rest = format!("{:?}\n{:?}\n", books.notes, books.log_currencies);
                cells.chain(files).chain([rest]).collect()
            }
            Err(problems) => format!("{:?}", problems.kept()),
        }
    }

    /// Reads with the cache; it must say what is said without. Returns how many files were read.
    fn check(&self, names: &[&str]) -> u32 {
        same(
            &self.said(names, &self.choices(true)),
            &self.said(names, &self.choices(false)),
        );
        let counting = Counting::default();
        let _ = read(&self.specs(names), &self.choices(true), &counting);
        counting.0.get()
    }

    /// The files of the cache of this ending.
    fn kept(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.cache()).into_iter().flatten();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|found| found == ending))
            .collect();
        paths.sort();
        paths
    }
}

/// Everything in a cell; numbers by their values.
fn shown(cell: &UsageCell) -> String {
    let quantities = cell.quantities.iter();
    let quantities = quantities.map(|(meter, sum)| format!("{meter} {}", sum.exact()));
    let quantities: Vec<String> = quantities.collect();
    let reported = cell.reported();
    let reported = reported.map(|(cost, currency)| format!("{cost} {currency}"));
    let counts = [cell.requests.exact(), cell.failed(), cell.gateway_cached()];
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {quantities:?} {:?} {reported:?} {} {:?}",
        (cell.utc_day, cell.day),
        cell.source,
        cell.feature,
        cell.provider,
        cell.model,
        cell.tier,
        cell.band,
        cell.dimensions,
        counts.map(|count| count.to_string()),
        cell.aggregated,
        cell.scopes,
    )
}

/// Tells only the first line that differs.
fn same(found: &str, wanted: &str) {
    let mut lines = found.lines().zip(wanted.lines());
    if let Some((found, wanted)) = lines.find(|(found, wanted)| found != wanted) {
        panic!("\n{found}\n{wanted}");
    }
    assert_eq!(found.len(), wanted.len());
}

/// A log with everything that may be in a cell: half units, costs, nobody, failed requests.
fn log(first: u32, last: u32) -> String {
    let mut text = "timestamp,request_id,customer,feature,model,status,input_tokens,output_tokens,units,meter,cost,region\n".to_string();
    for at in first..last {
        let customer = ["acme", "ø", ""][at as usize % 3];
        let status = ["ok", "failed"][usize::from(at % 7 == 0)];
        let units = ["", "0.5"][usize::from(at % 5 == 0)];
        text += &format!(
            "2026-10-{:02}T23:30:00Z,r{at},{customer},chat,gpt-4o,{status},{},7,{units},pages,0.{at:021},eu\n",
            1 + at % 9,
            at * 9000
        );
    }
    text
}

#[test]
fn unchanged_logs_are_not_read_again() {
    let world = World::new();
    assert_eq!(world.check(&["one.csv", "bill.csv", "two.csv"]), 1);
    // Fewer logs are another run, and so are other bills, which are read anew.
    assert_eq!(world.check(&["one.csv", "bill.csv"]), 1);
    assert_eq!(world.check(&["one.csv"]), 0);
    world.put(
        "bill.csv",
        "date,provider,model,cost\n2026-10-01,openai,gpt-4o,7.00\n",
    );
    assert_eq!(world.check(&["one.csv", "bill.csv", "two.csv"]), 1);
    // Another order tells of files in another order.
    assert_eq!(world.check(&["two.csv", "one.csv"]), 0);
}

#[test]
fn a_changed_log_is_read_again_however_alike_it_looks() {
    let world = World::new();
    let names = ["one.csv", "two.csv"];
    assert_eq!(world.check(&names), 0);
    let modified = fs::metadata(world.path("one.csv"))
        .unwrap()
        .modified()
        .unwrap();
    let text = fs::read_to_string(world.path("one.csv")).unwrap();
    // The same size and the same time of change: only the content tells.
    fs::write(world.path("one.csv"), text.replacen("27000", "27001", 1)).unwrap();
    let file = fs::File::options()
        .append(true)
        .open(world.path("one.csv"))
        .unwrap();
    file.set_modified(modified).unwrap();
    let before = world.kept("fold").len();
    world.check(&names);
    assert_eq!(world.kept("fold").len(), before + 1);
    // And back again: the content is known.
    fs::write(world.path("one.csv"), text).unwrap();
    world.check(&names);
    assert_eq!(world.kept("fold").len(), before + 1);
}

#[test]
fn one_more_log_is_not_forgotten() {
    let world = World::new();
    assert_eq!(world.check(&["one.csv"]), 0);
    // The second log was never read, so nothing says yet that it is one.
    let both = ["one.csv", "two.csv"];
    let plain = world.said(&both, &world.choices(false));
    same(&world.said(&both, &world.choices(true)), &plain);
    // A copy of a known log is told as it is without the cache.
    fs::copy(world.path("one.csv"), world.path("copy.csv")).unwrap();
    world.check(&["one.csv", "copy.csv"]);
    world.check(&["one.csv", "one.csv"]);
    // Repeats across the logs.
    world.put("three.csv", &log(20, 60));
    world.check(&["one.csv", "three.csv"]);
}

#[test]
fn other_choices_are_other_folds() {
    let world = World::new();
    let names = ["one.csv"];
    world.check(&names);
    let changes: [fn(&mut Choices); 5] = [
        |choices| choices.zone = Zone::Utc,
        |choices| choices.features = false,
        |choices| choices.outcomes = true,
        |choices| choices.dimensions = vec!["status".into()],
        |choices| choices.on_conflict = OnConflict::Last,
    ];
    for change in changes {
        let (mut with, mut without) = (world.choices(true), world.choices(false));
        change(&mut with);
        change(&mut without);
        for _ in 0..2 {
            same(&world.said(&names, &with), &world.said(&names, &without));
        }
    }
    let other = Choices {
        cache: Some(Cache {
            version: "another".into(),
            ..world.choices(true).cache.unwrap()
        }),
        ..world.choices(true)
    };
    let counting = Counting::default();
    read(&world.specs(&names), &other, &counting).unwrap();
    assert_eq!(counting.0.get(), 1);
}

/// Cut anywhere and with any byte flipped, as a run that is killed or a disk may leave it.
#[test]
fn damage_is_never_used_and_mended() {
    let world = World::new();
    let names = ["one.csv", "bill.csv"];
    assert_eq!(world.check(&names), 1);
    for ending in ["fold", "mark"] {
        let path = world.kept(ending).remove(0);
        let whole = fs::read(&path).unwrap();
        let step = (whole.len() / 60).max(1);
        for at in (0..whole.len()).step_by(step) {
            for cut in [true, false] {
                let mut bytes = whole.clone();
                match cut {
                    true => bytes.truncate(at),
                    false => bytes[at] ^= 0x21,
                }
                fs::write(&path, &bytes).unwrap();
                assert_eq!(world.check(&names), 1, "{ending} {at} {cut}");
            }
        }
        // What is kept now is whole again.
        if ending == "fold" {
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
    }
}

/// Bytes that were made to deceive: the hash is right, the content is not.
#[test]
fn what_no_run_wrote_ends_without_a_panic() {
    let world = World::new();
    world.check(&["one.csv"]);
    let whole = fs::read(world.kept("fold").remove(0)).unwrap();
    let begin = super::entry::LAYOUT.len() + 16;
    for at in begin..whole.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            let hash = super::xxh3_128(&bytes[begin..]);
            bytes[begin - 16..begin].copy_from_slice(&hash.to_le_bytes());
            if let Some(kept) = super::Kept::decode(bytes, 1) {
                let _ = kept.usage.read();
            }
        }
    }
}

#[test]
fn addresses_are_not_kept() {
    let world = World::new();
    world.put("three.csv", &log(1, 9).replace("acme", "ann@acme.example"));
    assert_eq!(world.check(&["three.csv"]), 1);
    assert_eq!(world.kept("fold"), Vec::<PathBuf>::new());
    assert_eq!(world.kept("mark"), Vec::<PathBuf>::new());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_used_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    fs::write(world.path("cache"), "a file").unwrap();
    assert_eq!(world.check(&["one.csv"]), 1);
    fs::remove_file(world.path("cache")).unwrap();
    fs::create_dir(world.path("cache")).unwrap();
    assert_eq!(world.check(&["one.csv"]), 0);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.cache()), 0o700);
    assert_eq!(mode(&world.kept("fold")[0]), 0o600);
    // Read only, what is there is used.
    fs::set_permissions(world.cache(), PermissionsExt::from_mode(0o500)).unwrap();
    assert_eq!(world.check(&["one.csv"]), 0);
    world.check(&["two.csv"]);
    fs::set_permissions(world.cache(), PermissionsExt::from_mode(0o700)).unwrap();
}

#[test]
fn the_folder_does_not_grow_without_end() {
    let world = World::new();
    for at in 0..super::MOST as u32 {
        world.put("one.csv", &log(at, at + 3));
        world.said(&["one.csv"], &world.choices(true));
    }
    let all = world.kept("fold").len() + world.kept("mark").len();
    assert!(all <= super::MOST, "{all}");
    assert_eq!(world.check(&["one.csv"]), 0);
}

#[test]
fn many_runs_at_once_disturb_nobody() {
    let world = World::new();
    let plain = world.said(&["one.csv", "two.csv"], &world.choices(false));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..8 {
                    let said = world.said(&["one.csv", "two.csv"], &world.choices(true));
                    same(&said, &plain);
                }
            });
        }
    });
    let rest = fs::read_dir(world.cache()).unwrap();
    let rest = rest.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".tmp")
    });
    assert_eq!(rest.count(), 0);
}
