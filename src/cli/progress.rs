//! The progress bar: on standard error, on a terminal only, and only for long work.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::load::Progress;
use crate::report::figures::grouped;
use crate::scan::Receipt;

/// Work shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// A bar for the files of a run.
pub struct Bar {
    shown: bool,
    current: Mutex<Option<Arc<Mutex<bool>>>>,
}

impl Bar {
    /// A bar that stays hidden when quiet, in a pipe, and in CI.
    pub fn new(quiet: bool) -> Bar {
        let shown = !quiet && std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        Bar {
            shown,
            current: Mutex::new(None),
        }
    }
}

impl Progress for Bar {
    fn begin(&self, name: &str, receipt: &Receipt) {
        if !self.shown {
            return;
        }
        let done = Arc::new(Mutex::new(false));
        if let Ok(mut current) = self.current.lock() {
            *current = Some(done.clone());
        }
        let (name, receipt) = (name.to_string(), receipt.clone());
        std::thread::spawn(move || watch(&name, &receipt, &done));
    }

    fn end(&self) {
        let Ok(mut current) = self.current.lock() else {
            return;
        };
        if let Some(done) = current.take()
            && let Ok(mut done) = done.lock()
        {
            *done = true;
        }
    }
}

/// Draws until the file is read. The lock is held while drawing, so that nothing is drawn after
/// the end.
fn watch(name: &str, receipt: &Receipt, done: &Mutex<bool>) {
    let begun = Instant::now();
    std::thread::sleep(PATIENCE);
    let size = std::fs::metadata(name).map_or(0, |file| file.len());
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
    let template = if size > 0 {
        "{wide_bar} {msg}"
    } else {
        "{spinner} {msg}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    loop {
        match done.lock() {
            Ok(done) if !*done => {
                bar.set_message(line(name, &Come::far(receipt, size, begun.elapsed())));
                bar.set_position(receipt.position());
            }
            _ => break,
        }
        std::thread::sleep(TICK);
    }
    bar.finish_and_clear();
}

/// How far reading has come.
struct Come {
    /// Stored bytes read, and all of them if that is known.
    bytes: u64,
    all: Option<u64>,
    /// Rows read, where they are counted on the way.
    rows: u64,
    /// Since the file was begun.
    elapsed: Duration,
}

impl Come {
    fn far(receipt: &Receipt, size: u64, elapsed: Duration) -> Come {
        Come {
            bytes: receipt.position(),
            all: (size > 0).then_some(size),
            rows: receipt.rows(),
            elapsed,
        }
    }
}

/// `usage.csv 412.3 MB of 984.8 MB, 1,045,000 rows/s, 6 s left`: bytes as they are stored.
fn line(name: &str, come: &Come) -> String {
    let millis = come.elapsed.as_millis().max(1);
    let mut text = format!("{name} {}", size(come.bytes));
    if let Some(all) = come.all {
        text.push_str(&format!(" of {}", size(all)));
    }
    if come.rows > 0 {
        let rate = u128::from(come.rows) * 1_000 / millis;
        // More digits would only flicker.
        let rate = match rate {
            0..10_000 => rate,
            _ => rate / 1_000 * 1_000,
        };
        text.push_str(&format!(", {} rows/s", grouped(&rate.to_string())));
    }
    if let Some(all) = come.all
        && come.bytes > 0
    {
        let left = u128::from(all.saturating_sub(come.bytes)) * millis;
        let seconds = left.div_ceil(u128::from(come.bytes) * 1_000);
        match (seconds / 60, seconds % 60) {
            (0, seconds) => text.push_str(&format!(", {seconds} s left")),
            (minutes, seconds) => text.push_str(&format!(", {minutes} min {seconds} s left")),
        }
    }
    text
}

/// `984.8 MB`, in powers of 1,000.
fn size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10)),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_bytes_speed_and_the_time_left() {
        let told = |bytes, all, rows, millis| {
            let elapsed = Duration::from_millis(millis);
            line(
                "u.csv",
                &Come {
                    bytes,
                    all,
                    rows,
                    elapsed,
                },
            )
        };
        // 412.3 of 984.8 MB in 4 s leave 572.5 MB, 5.554 s; 4,183,211 rows in 4 s are 1,045,802 a second.
        assert_eq!(
            told(412_345_678, Some(984_862_055), 4_183_211, 4_000),
            "u.csv 412.3 MB of 984.8 MB, 1,045,000 rows/s, 6 s left"
        );
        assert_eq!(
            told(1_000, Some(2_500_000_000), 0, 100),
            "u.csv 1.0 kB of 2.5 GB, 4166 min 40 s left"
        );
        assert_eq!(told(999, None, 1_500, 500), "u.csv 999 bytes, 3,000 rows/s");
        assert_eq!(told(0, Some(10), 0, 0), "u.csv 0 bytes of 10 bytes");
        assert_eq!(
            told(10, Some(10), 0, 700),
            "u.csv 10 bytes of 10 bytes, 0 s left"
        );
    }
}
