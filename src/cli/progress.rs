//! The progress bar: on standard error, on a terminal only, and only for long work.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::load::Progress;
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
    std::thread::sleep(PATIENCE);
    let size = std::fs::metadata(name).map_or(0, |file| file.len());
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
    let template = if size > 0 {
        "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left"
    } else {
        "{msg} {spinner} {bytes} {bytes_per_sec}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(name.to_string());
    loop {
        match done.lock() {
            Ok(done) if !*done => bar.set_position(receipt.position()),
            _ => break,
        }
        std::thread::sleep(TICK);
    }
    bar.finish_and_clear();
}
