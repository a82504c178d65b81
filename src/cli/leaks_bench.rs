//! `tanso leaks --bench`: the detector's record on planted worlds.

use super::args::{LeaksArgs, OutputFormat};
use super::render::{outputs, render_table};
use super::{Console, Ended, output};
use crate::leaks::bench::{bench, lines};
use crate::problem::{Problem, Problems, catalogue};
use crate::report::leaks::bench::{document, table};
use crate::report::{json, jsonl};

/// More seeds than this take too long.
const MOST_SEEDS: u32 = 1000;

/// Plays the worlds and prints the record.
///
/// # Errors
/// Too many seeds, or an output that cannot be written.
pub fn run(args: &LeaksArgs, console: &mut Console) -> Result<Ended, Problems> {
    let shared = &args.shared;
    if !(1..=MOST_SEEDS).contains(&args.seeds) {
        let message = format!("--seeds goes from 1 to {MOST_SEEDS}");
        return Err(Problem::new(&catalogue::BAD_OPTION, message)
            .excerpt(args.seeds.to_string())
            .into());
    }
    let played = bench(u64::from(args.seed), u64::from(args.seeds));
    let lines = lines(&played);
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => json::write(&document(&lines, args.seed, args.seeds), &mut bytes),
            OutputFormat::Jsonl => jsonl::write(lines.iter(), &mut bytes),
            table_like => {
                let table = table(&lines, args.seed, args.seeds);
                return render_table(&table, table_like, shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            let message = format!("cannot write the record: {error}");
            Problem::new(&catalogue::CANNOT_WRITE, message)
        })?;
        Ok(bytes)
    };
    let outputs = outputs(shared, &mut render)?;
    output::write_all(&outputs.files, &[])?;
    if let Some((_, bytes)) = outputs.stdout {
        console.out.extend(bytes);
    }
    Ok(Ended::Fine)
}
