//! Reading one long usage log side by side: each thread takes the next piece of the file, reads it
//! as if it were a file, and folds it.
//!
//! Only what is right is read here. At the first fault, whatever it is, reading stops, and the
//! whole run is read again in one go: what is wrong is told by one road alone.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::PIECE;
use super::fold::{FileFold, Fold};
use super::logs::Log;
use super::repeats::locked;
use super::watched::Watched;
use crate::formats::{ReadUsage, Settings, Tally};
use crate::problem::Problems;
use crate::scan::{Pieces, Receipt, Unfit};

/// So many records are folded together, about a hundred bytes each: the more, the nearer to each
/// other are those that are looked up.
const WAITING: usize = 48 * 1024;

/// What a thread read: rows, what the fold learned, and the log's sums.
type Part = (Tally, FileFold, Log);

/// How a log is read.
struct Work<'w> {
    fold: &'w Fold,
    read: ReadUsage,
    settings: &'w Settings,
    log: &'w Log,
    receipt: &'w Receipt,
    pieces: Mutex<Pieces>,
    /// How many records are folded together.
    waiting: usize,
    unfit: AtomicBool,
}

/// Reads all pieces with so many threads.
///
/// # Errors
/// [`Unfit`], if there is anything to say against the file. The fold is then of no more use.
pub fn read(
    fold: &Fold,
    read: ReadUsage,
    settings: &Settings,
    (log, pieces, receipt): (&mut Log, Pieces, &Receipt),
    threads: usize,
) -> Result<(Tally, FileFold), Unfit> {
    let work = Work {
        fold,
        read,
        settings,
        log,
        receipt,
        waiting: match pieces.size() {
            PIECE.. => WAITING,
            // Small pieces are for tests, which are to see several folds.
            size => size,
        },
        pieces: Mutex::new(pieces),
        unfit: AtomicBool::new(false),
    };
    let parts: Vec<Result<Part, Unfit>> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|_| scope.spawn(|| work.take_part()))
            .collect();
        let own = work.take_part();
        let others = others.into_iter().map(|other| match other.join() {
            Ok(part) => part,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(own).chain(others).collect()
    });
    let mut tally = Tally::default();
    let mut learned = FileFold::default();
    for part in parts {
        let (more, folded, part) = part?;
        tally.add(more);
        learned.add(folded);
        log.add(&part);
    }
    Ok((tally, learned))
}

impl Work<'_> {
    /// Reads pieces as long as there are some.
    fn take_part(&self) -> Result<Part, Unfit> {
        let mut hand = Watched {
            hand: self.fold.hand(false),
            log: Log::new(&self.log.name, self.log.format),
            traces: None,
            counted: None,
            billed_by: self.settings.billed_by.as_deref(),
        };
        let mut tally = Tally::default();
        match self.read_pieces(&mut hand, &mut tally) {
            Ok(()) => Ok((tally, hand.hand.finish(), hand.log)),
            Err(unfit) => {
                self.unfit.store(true, Ordering::Relaxed);
                Err(unfit)
            }
        }
    }

    fn read_pieces(&self, hand: &mut Watched<'_>, tally: &mut Tally) -> Result<(), Unfit> {
        loop {
            if self.unfit.load(Ordering::Relaxed) {
                return Err(Unfit);
            }
            let Some(piece) = locked(&self.pieces).next_piece()? else {
                return if hand.fold() { Ok(()) } else { Err(Unfit) };
            };
            let width = piece.width();
            let mut rows = piece.rows()?;
            let mut problems = Problems::default();
            let read = (self.read)(rows.as_mut(), self.settings, hand, &mut problems);
            self.receipt.add_rows(read.read);
            tally.add(read);
            let grew = rows.header().len() != width;
            let full = hand.hand.waiting() >= self.waiting;
            if grew || !problems.is_empty() || (full && !hand.fold()) {
                return Err(Unfit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;

    use super::super::{
        Books, Choices, InputSpec, MEMORY, OnConflict, OnOverlap, PIECE, Progress, read, read_once,
    };
    use crate::formats::{CachedTokens, Settings, golden};
    use crate::model::Zone;
    use crate::problem::Problems;
    use crate::scan::{How, Receipt};

    struct Silent;

    impl Progress for Silent {
        fn begin(&self, _: &str, _: &Receipt) {}
        fn end(&self) {}
    }

    /// Small numbers that look random and are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 20) as usize % sides
        }

        fn one_in(&mut self, sides: usize) -> bool {
            self.roll(sides) == 0
        }
    }

    const CUSTOMERS: [&str; 6] = [
        "acme",
        "umbra",
        "kestrel",
        "ø-works",
        "a \"b\", c",
        "d\ne\r\nf",
    ];
    const MODELS: [&str; 3] = ["gpt-5-mini", "claude-haiku-4-5", "gemini-2.5-pro"];

    fn quoted(text: &str, dice: &mut Dice) -> String {
        match text.contains(['"', ',', '\n', '\r']) || dice.one_in(9) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_string(),
        }
    }

    /// A log with everything that may stand in one: quoted cells, blank lines and cells, repeats,
    /// late rows, failed requests, long contexts, costs of the log's own.
    fn csv(dice: &mut Dice) -> String {
        let end = ["\n", "\r\n", "\r"][dice.roll(3)];
        let costs = dice.one_in(2);
        let mut text = match dice.one_in(4) {
            true => end.to_string(),
            false => String::new(),
        };
        text += "timestamp,request_id,customer_id,feature,model,status,input_tokens,";
        text += "cache_read_input_tokens,output_tokens";
        text += if costs { ",cost" } else { "" };
        text += end;
        let mut rows: Vec<String> = Vec::new();
        for at in 0..dice.roll(120) {
            if at > 0 && dice.one_in(10) {
                let again = rows[dice.roll(rows.len())].clone();
                rows.push(again);
                continue;
            }
            let day = 1 + at / 20 + dice.roll(3);
            let id = match dice.one_in(8) {
                true => String::new(),
                false => format!("req_{at}"),
            };
            let customer = CUSTOMERS[dice.roll(CUSTOMERS.len())];
            let status = ["ok", "", "failed"][dice.roll(3)];
            let input = [dice.roll(900), 250_000 + dice.roll(9)][usize::from(dice.one_in(9))];
            let cost = match costs {
                true => format!(",0.{:06}", dice.roll(900_000)),
                false => String::new(),
            };
            rows.push(format!(
                "2026-10-{day:02}T{:02}:00:00Z,{id},{},{},{},{status},{input},{},{}{cost}",
                dice.roll(24),
                quoted(customer, dice),
                ["chat", ""][dice.roll(2)],
                quoted(MODELS[dice.roll(3)], dice),
                dice.roll(50),
                dice.roll(50),
            ));
        }
        for row in rows {
            text += &row;
            text += end;
            if dice.one_in(20) {
                text += end;
            }
        }
        if dice.one_in(3) {
            text.truncate(text.trim_end().len());
        }
        text
    }

    fn json_lines(dice: &mut Dice) -> String {
        let mut rows: Vec<String> = Vec::new();
        for at in 0..60 + dice.roll(60) {
            if at > 0 && dice.one_in(12) {
                let again = rows[dice.roll(rows.len())].clone();
                rows.push(again);
                continue;
            }
            let customer = CUSTOMERS[dice.roll(CUSTOMERS.len())];
            let customer = serde_json::to_string(customer).unwrap();
            // The id of another row, now and then.
            let id = at - at.min(usize::from(dice.one_in(400)));
            let more = match dice.one_in(200) {
                true => ",\"region\":\"eu\"",
                false => "",
            };
            let blank = if dice.one_in(30) { "\n" } else { "" };
            rows.push(format!(
                "{{\"timestamp\":\"2026-10-{:02}T01:00:00Z\",\"request_id\":\"r{id}\",\"customer_id\":{customer},\"model\":\"{}\",\"usage\":{{\"input_tokens\":{},\"output_tokens\":{}}}{more}}}\n{blank}",
                1 + at / 20,
                MODELS[at % 3],
                at * 7,
                at * 3,
            ));
        }
        rows.concat()
    }

    fn choices(threads: usize, piece: usize) -> Choices {
        Choices {
            zone: Zone::parse("Europe/Berlin").unwrap(),
            on_conflict: OnConflict::Error,
            on_overlap: OnOverlap::Error,
            allow_empty: true,
            features: true,
            outcomes: true,
            dimensions: vec!["status".into()],
            threads,
            piece,
            cache: None,
            memory: MEMORY,
        }
    }

    fn specs(files: &[&Path]) -> Vec<InputSpec> {
        let settings = Settings {
            cached_tokens: Some(CachedTokens::Beside),
            ..Settings::default()
        };
        specs_of("usage-log", &settings, files)
    }

    fn specs_of(format: &str, settings: &Settings, files: &[&Path]) -> Vec<InputSpec> {
        let spec = |path: &&Path| InputSpec {
            path: path.to_path_buf(),
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            format: Some(format.into()),
            settings: settings.clone(),
            how: How {
                allow_empty: true,
                ..How::default()
            },
        };
        files.iter().map(spec).collect()
    }

    /// Everything that reading says.
    fn said(result: Result<Books, Problems>) -> String {
        match result {
            Ok(books) => {
                let files = books
                    .files
                    .iter()
                    .map(|file| format!("{:?} {:?} {:?}\n", file.receipt, file.days, file.covers));
                let cells = books.usage.iter().map(|cell| format!("{cell:?}\n"));
                let notes = format!("{:?}\n{:?}\n", books.notes, books.log_currencies);
                files.chain(cells).chain([notes]).collect()
            }
            Err(problems) => {
                let kept = problems.kept().iter();
                kept.map(|problem| format!("{problem:?}\n")).collect()
            }
        }
    }

    fn write(path: &Path, bytes: &[u8]) {
        std::fs::File::create(path)
            .unwrap()
            .write_all(bytes)
            .unwrap();
    }

    /// Reads in one go and in many ways side by side; all must say the same.
    fn compare(files: &[&Path], dice: &mut Dice) {
        compare_specs(&specs(files), dice);
    }

    fn compare_specs(specs: &[InputSpec], dice: &mut Dice) {
        let plain = said(read(specs, &choices(1, usize::MAX), &Silent));
        for _ in 0..3 {
            let (threads, piece) = (1 + dice.roll(4), 1 + dice.roll(400));
            let found = said(read(specs, &choices(threads, piece), &Silent));
            assert_eq!(found, plain, "{threads} threads, pieces of {piece}");
        }
    }

    #[test]
    fn side_by_side_says_the_same_as_in_one_go() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (
            folder.path().join("one.csv"),
            folder.path().join("two.jsonl"),
        );
        let mut in_pieces = 0;
        for seed in 1..60 {
            let dice = &mut Dice(seed * 7919);
            write(&one, csv(dice).as_bytes());
            write(&two, json_lines(dice).as_bytes());
            compare(&[&one], dice);
            compare(&[&one, &two], dice);
            let side = read_once(
                &specs(&[&one, &two]),
                &choices(2, 100),
                &Silent,
                (true, None),
            );
            in_pieces += u32::from(side.is_ok_and(|read| read.is_ok()));
        }
        // The others bring new columns or repeat an id with other content, and are read in one go.
        assert!(in_pieces > 20, "only {in_pieces} were read in pieces");
    }

    /// Repeats are no calls, also where two logs are compared by their sums.
    #[test]
    fn a_log_with_repeats_is_known_in_another() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.csv"), folder.path().join("two.csv"));
        let mut with_ids =
            "timestamp,request_id,customer_id,model,input_tokens,output_tokens\n".to_string();
        let mut without = "timestamp,customer_id,model,input_tokens,output_tokens\n".to_string();
        for day in 1..=4 {
            let (time, rest) = (
                format!("2026-10-0{day}T01:00:00Z"),
                format!("acme,gpt-5-mini,{},{}\n", 5_000 + day, 500 + day),
            );
            for _ in 0..2 {
                with_ids += &format!("{time},r{day},{rest}");
            }
            without += &format!("{time},{rest}");
        }
        write(&one, with_ids.as_bytes());
        write(&two, without.as_bytes());
        let specs = specs(&[&one, &two]);
        let plain = said(read(&specs, &choices(1, usize::MAX), &Silent));
        assert!(
            plain.contains("4 models and days are exactly the same"),
            "{plain}"
        );
        for threads in [1, 2] {
            let found = said(read(&specs, &choices(threads, 100), &Silent));
            assert_eq!(found, plain, "{threads} threads");
        }
    }

    #[test]
    fn ids_in_a_temporary_file_are_told_as_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.csv");
        for seed in 1..6 {
            let dice = &mut Dice(seed * 15_485_863);
            let mut text = "timestamp,request_id,customer_id,model,input_tokens\n".to_string();
            let mut rows: Vec<String> = Vec::new();
            for at in 0..6_000 {
                let again = at > 0 && dice.one_in(4);
                let row = match again {
                    true => rows[dice.roll(rows.len())].clone(),
                    false => format!(
                        "2026-10-0{}T01:00:00Z,r{at},acme,gpt-5-mini,{at}\n",
                        1 + at / 1_000
                    ),
                };
                text += &row;
                rows.push(row);
            }
            // Every other log has the id of an early row with other content at its end.
            if seed % 2 == 0 {
                text += "2026-10-07T01:00:00Z,r0,acme,gpt-5-mini,1\n";
            }
            write(&path, text.as_bytes());
            let plain = said(read(&specs(&[&path]), &choices(1, usize::MAX), &Silent));
            assert_eq!(plain.contains("T3034"), seed % 2 == 0);
            for (threads, piece) in [(1, usize::MAX), (1, 5_000), (3, 10_000)] {
                let mut choices = choices(threads, piece);
                // A kilobyte for each of 64 parts, which have some seventy ids of 24 or 32 bytes.
                choices.memory = 64_000;
                let found = said(read(&specs(&[&path]), &choices, &Silent));
                assert_eq!(found, plain, "{threads} threads, pieces of {piece}");
            }
        }
    }

    /// The example files of every format that is read so, as they are and damaged.
    #[test]
    fn every_format_says_the_same_side_by_side_as_in_one_go() {
        let folder = tempfile::tempdir().unwrap();
        let dice = &mut Dice(32_452_843);
        for format in crate::formats::read_row_by_row() {
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
            let mut in_pieces = 0;
            for entry in std::fs::read_dir(fixtures.join(format)).unwrap() {
                let path = entry.unwrap().path();
                let is_text = path.extension().is_some_and(|e| e == "csv" || e == "jsonl");
                if !is_text {
                    continue;
                }
                let bytes = std::fs::read(&path).unwrap();
                let copy = folder.path().join(path.file_name().unwrap());
                let expected = std::fs::read(path.with_extension("expected.json")).unwrap();
                let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
                let settings = golden::settings(&expected["settings"]).unwrap();
                let specs = specs_of(format, &settings, &[&copy]);
                write(&copy, &bytes);
                compare_specs(&specs, dice);
                let side = read_once(&specs, &choices(2, 50), &Silent, (true, None));
                in_pieces += u32::from(side.is_ok_and(|read| read.is_ok()));
                // Rows that stand twice, so that more of them are alike, and one wrong byte.
                let body = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
                for _ in 0..10 {
                    let mut damaged = bytes.clone();
                    damaged.extend_from_slice(&bytes[body..]);
                    let at = dice.roll(damaged.len());
                    match dice.roll(3) {
                        0 => damaged[at] = b'"',
                        1 => damaged[at] = b'7',
                        _ => damaged.truncate(at + 1),
                    }
                    write(&copy, &damaged);
                    compare_specs(&specs, dice);
                }
            }
            assert!(in_pieces > 0, "no example of {format} was read in pieces");
        }
    }

    #[test]
    fn damage_is_told_as_in_one_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.csv");
        let mut refused = 0;
        for seed in 1..150 {
            let dice = &mut Dice(seed * 104_729);
            let mut bytes = csv(dice).into_bytes();
            for _ in 0..1 + dice.roll(2) {
                let at = dice.roll(bytes.len());
                let wrong = [b'"', b',', b'\n', b'\r', 0xff, 0, b'x'][dice.roll(7)];
                match dice.roll(3) {
                    0 => bytes[at] = wrong,
                    1 => bytes.insert(at, wrong),
                    _ => bytes.truncate(at + 1),
                }
            }
            write(&path, &bytes);
            compare(&[&path], dice);
            let plain = read(&specs(&[&path]), &choices(1, PIECE), &Silent);
            refused += u32::from(plain.is_err());
        }
        assert!(refused > 50, "only {refused} were refused");
    }
}
