//! `tanso diff`: why a saved report differs from an earlier one.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::args::{OutputFormat, Shared};
use super::diff_args::DiffArgs;
use super::render::{Outputs, outputs, places, render_table};
use super::{Console, Ended, output};
use crate::diff::{Diff, Differs, Saved, VERSION, compare};
use crate::load::rate_file;
use crate::model::{Currency, Day, Instant, Period, Zone};
use crate::problem::{Place, Problem, Problems, catalogue};
use crate::report::comparison::{Compared, document, table};
use crate::report::saved::SavedReport;
use crate::report::{json, jsonl};

/// Runs the command.
///
/// # Errors
/// Files that are no saved reports, or cannot be compared.
pub fn run(args: &DiffArgs, console: &mut Console) -> Result<Ended, Problems> {
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let names = [&args.old, &args.new].map(|path| path.display().to_string());
    let periods = [period(&old, &names[0])?, period(&new, &names[1])?];
    if old.currency != new.currency {
        let message = format!(
            "the reports are in {} and {}: two currencies are never added",
            old.currency, new.currency
        );
        let problem = Problem::new(&catalogue::WRONG_KIND, message);
        return Err(problem
            .help(format!("save both with --currency {}", new.currency))
            .into());
    }
    let differs = differs(&old, &new);
    let before = receipt(&old, &names[0], periods[0])?;
    let after = receipt(&new, &names[1], periods[1])?;
    let found = compare(before, after, differs);
    for (saved, told) in [(&old, found.total.before), (&new, found.total.after)] {
        saved.agrees(told.revenue, told.cost)?;
    }
    let same_days = periods[0] == periods[1];
    let mut remarks = method_remarks(same_days, differs);
    remarks.extend(currency_remarks(&old, &new, &found));
    let compared = Compared {
        old: (&names[0], &old),
        new: (&names[1], &new),
        titles: periods.map(|period| period.title()),
        diff: &found,
        remarks: &remarks,
    };
    let shared = Shared {
        format: args.format,
        output: args.output.clone(),
        precision: args.precision.clone(),
        color: args.color,
        quiet: true,
        ..Shared::default()
    };
    let decimals = Currency::parse(&new.currency).map_or(2, |currency| currency.decimals());
    let mut render = |format: OutputFormat, to_terminal: bool| -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let written = match format {
            OutputFormat::Json => json::write(&document::document(&compared), &mut bytes),
            OutputFormat::Jsonl => jsonl::write(document::rows(&compared), &mut bytes),
            table_like => {
                let places = places(&shared, format, decimals)?;
                let table = table::table(&compared, places);
                return render_table(&table, table_like, &shared, to_terminal, console);
            }
        };
        written.map_err(|error| {
            let message = format!("cannot write the difference: {error}");
            Problem::new(&catalogue::CANNOT_WRITE, message)
        })?;
        Ok(bytes)
    };
    let Outputs { stdout, files, .. } = outputs(&shared, &mut render)?;
    output::write_all(&files, &[args.old.clone(), args.new.clone()])?;
    if let Some((_, bytes)) = stdout {
        console.out.extend(bytes);
    }
    Ok(Ended::Fine)
}

/// Reads a saved report.
///
/// # Errors
/// A file that cannot be read, or is none.
pub fn read(path: &Path) -> Result<SavedReport, Problem> {
    let shown: Arc<str> = path.display().to_string().into();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read the saved report: {error}");
        Problem::new(&catalogue::CANNOT_READ, message).at(Place::file(&shown))
    })?;
    SavedReport::parse(&shown, &text)
}

fn receipt<'s>(saved: &'s SavedReport, name: &str, period: Period) -> Result<Saved<'s>, Problem> {
    let version = saved.receipt_version;
    let no = |message: &str, help: &str| {
        let problem = Problem::new(&catalogue::WRONG_KIND, message.to_string());
        Err(problem.at(Place::file(&name.into())).help(help.to_string()))
    };
    match &saved.receipt {
        Some(receipt) if version <= VERSION => Ok(Saved {
            receipt,
            period,
            version,
        }),
        Some(_) => no(
            "the report was saved by a newer tanso",
            "compare it with that one, or save it again with this one: tanso report -o margin.json",
        ),
        None => no(
            "the report has no receipt, without which only totals could be compared",
            "save it again with this version: tanso report -o margin.json",
        ),
    }
}

/// The days of a report, in its own zone.
///
/// # Errors
/// A start or an end that is no instant, or days that end before they begin.
pub fn period(saved: &SavedReport, name: &str) -> Result<Period, Problem> {
    let zone = Zone::parse(&saved.period.tz);
    let day = |text: &str| -> Option<Day> {
        let zone = zone?;
        let instant = Instant::parse(text, Some(zone)).ok()?;
        Some(zone.day(instant))
    };
    let found = day(&saved.period.start).zip(day(&saved.period.end));
    match found.filter(|(start, end)| start < end) {
        Some((start, end)) => Ok(Period { start, end }),
        None => Err(
            Problem::new(&catalogue::WRONG_KIND, "the report has no period")
                .at(Place::file(&name.into()))
                .help("save it again with tanso report -o margin.json"),
        ),
    }
}

fn differs(old: &SavedReport, new: &SavedReport) -> Differs {
    let files = |saved: &SavedReport, of: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
        let inputs = saved.inputs.iter().filter(|input| of(&input.format));
        inputs.map(|input| input.sha256.clone()).collect()
    };
    // What other rates changed is a cause of its own.
    let is_data = |format: &str| {
        format != "mapping" && format != rate_file::NAME && !format.contains("price")
    };
    let is_prices = |format: &str| format.contains("price");
    let set_up = |saved: &SavedReport| {
        let basis = (saved.basis.revenue.clone(), saved.basis.cost.clone());
        let options = saved.options.clone();
        (
            basis,
            options,
            saved.period.tz.clone(),
            saved.tool.version.clone(),
        )
    };
    Differs {
        method: set_up(old) != set_up(new) || files(old, &is_prices) != files(new, &is_prices),
        data: files(old, &is_data) != files(new, &is_data),
    }
}

fn method_remarks(same_days: bool, differs: Differs) -> Vec<String> {
    if !differs.method || (same_days && !differs.data) {
        return Vec::new();
    }
    let what = match same_days {
        true => "late data",
        false => "the other causes",
    };
    vec![format!(
        "the reports were made with different options, price lists or versions; what that changed stands under {what}"
    )]
}

fn currency_remarks(old: &SavedReport, new: &SavedReport, found: &Diff) -> Vec<String> {
    let mut remarks = Vec::new();
    if old.fx.is_none() && new.fx.is_none() {
        return remarks;
    }
    let is_old = |saved: &SavedReport| saved.receipt_version < VERSION;
    if is_old(old) || is_old(new) {
        remarks.push(
            "a report was saved by an earlier tanso, without amounts in other currencies; what other exchange rates changed stands under the other causes"
                .to_string(),
        );
        return remarks;
    }
    if !found.unrated.is_empty() {
        let codes: Vec<&str> = found.unrated.iter().map(String::as_str).collect();
        remarks.push(format!(
            "nothing was converted from {} in the earlier report, so no change of its rate can be told",
            codes.join(", ")
        ));
    }
    if new.basis.revenue == "mrr" {
        remarks.push(
            "recurring revenue keeps no amounts in other currencies; what other exchange rates changed of it stands under price and the other causes"
                .to_string(),
        );
    }
    remarks
}
