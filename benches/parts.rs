//! The parts that decide how long a report takes, each by itself: `cargo bench`.
//!
//! Nothing is compared with a limit here; `scripts/bench.py` measures whole runs beside other engines.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use tanso::attribution::split::split;
use tanso::cli::Console;
use tanso::formats::Settings;
use tanso::load::{Choices, InputSpec, MEMORY, OnConflict, OnOverlap, PIECE, Progress, read};
use tanso::model::{Exact, Zone};
use tanso::problem::Problems;
use tanso::scan::{self, Body, How, Receipt, Row};

fn main() {
    divan::main();
}

const ROWS: usize = 100_000;

/// A log of requests: few models, many customers, in order of time.
fn log() -> String {
    let mut text =
        "timestamp,request_id,customer_id,feature,model,input_tokens,output_tokens\n".to_string();
    for at in 0..ROWS {
        let (day, hour) = (1 + at * 30 / ROWS, at % 24);
        let customer = at * at % 3001;
        let model = ["gpt-4o", "gpt-5-mini", "claude-haiku-4-5"][at % 3];
        let _ = writeln!(
            text,
            "2026-10-{day:02}T{hour:02}:00:00Z,req_{at:012x},acct_{customer:05},chat,{model},{},{}",
            at * 37 % 9001,
            at * 11 % 801
        );
    }
    text
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: &Receipt) {}
    fn end(&self) {}
}

/// Bytes to rows.
#[divan::bench]
fn scanner(bencher: Bencher) {
    let text = log();
    let bytes = BytesCount::of_slice(text.as_bytes());
    bencher
        .counter(bytes)
        .with_inputs(|| text.clone().into_bytes())
        .bench_values(|bytes| {
            let reader = Box::new(std::io::Cursor::new(bytes));
            let mut opened =
                scan::open_reader(reader, "log.csv", &How::default()).expect("a table");
            let Body::Table(mut rows) = opened.remove(0).body else {
                return 0;
            };
            let (mut row, mut problems, mut count) = (Row::default(), Problems::default(), 0);
            while rows.next_row(&mut row, &mut problems) {
                count += row.len();
            }
            count
        });
}

/// Text to exact numbers.
#[divan::bench(args = ["812", "0.00001250", "1.0500000000000001e-05", "48210.123456789012345678"])]
fn number(bencher: Bencher, text: &str) {
    bencher
        .counter(ItemsCount::new(1u32))
        .bench(|| Exact::parse(black_box(text)).is_ok());
}

/// A log to cells, one thread, repeats looked for.
#[divan::bench(sample_count = 20)]
fn fold(bencher: Bencher) {
    let folder = std::env::temp_dir().join(format!("tanso-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path: PathBuf = folder.join("log.csv");
    std::fs::write(&path, log()).expect("a log");
    let specs = [InputSpec {
        path,
        name: "log.csv".into(),
        format: None,
        settings: Settings::default(),
        how: How::default(),
    }];
    let choices = Choices {
        zone: Zone::Utc,
        on_conflict: OnConflict::Error,
        on_overlap: OnOverlap::Error,
        allow_empty: false,
        features: false,
        outcomes: false,
        dimensions: Vec::new(),
        threads: 1,
        piece: PIECE,
        memory: MEMORY,
        cache: None,
    };
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        read(&specs, &choices, &Silent)
            .map(|books| books.usage.len())
            .ok()
    });
    let _ = std::fs::remove_dir_all(&folder);
}

/// An amount to its customers.
#[divan::bench(args = [10, 1_000, 100_000])]
fn shares(bencher: Bencher, customers: u64) {
    let weights: Vec<Exact> = (0..customers)
        .map(|at| Exact::from(at * 7919 % 10_007))
        .collect();
    let amount = Exact::parse("48210.55").expect("a number");
    bencher
        .counter(ItemsCount::new(customers))
        .bench(|| split(black_box(amount), &weights));
}

/// A grid of prices, reading included: its scenarios.
#[divan::bench(args = [("40..100:60", 2u32), ("1..200:1", 200), ("1..1000:1", 1_000)], sample_count = 20)]
fn scenarios(bencher: Bencher, (range, count): (&str, u32)) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/scenarios/pricing-paralysis/tanso.toml");
    let project = project.to_string_lossy().into_owned();
    let plan = format!("mid={range}");
    let words = [
        "simulate", "--config", &project, "--plan", &plan, "--format", "jsonl",
    ];
    bencher.counter(ItemsCount::new(count)).bench(|| {
        let mut console = Console::default();
        assert_eq!(
            tanso::cli::run(words, &mut console),
            0,
            "{}",
            String::from_utf8_lossy(&console.err)
        );
        console.out.len()
    });
}
