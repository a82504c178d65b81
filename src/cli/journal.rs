//! `tanso report --format journal:…`: cost of revenue as journals for accounting programs.

use serde::Deserialize;

use super::args::{OutputFormat, ReportArgs};
use super::run::Run;
use crate::margin::Dimension;
use crate::problem::{Problem, catalogue};
use crate::report::journal::{Accounts, hledger, journals, quickbooks, xero};
use crate::report::table::Table;

/// `[journal]` of the project file: names of accounts, or their codes where the program has codes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalEntry {
    /// Cost of revenue.
    pub cost: Option<String>,
    /// Cost of internal accounts.
    pub internal: Option<String>,
    /// Cost without a customer.
    pub unattributed: Option<String>,
    /// Accrued invoices of providers.
    pub accrued: Option<String>,
    /// Xero's tax rate.
    pub tax_rate: Option<String>,
}

/// A journal in one of the formats: text, or a table for CSV.
pub enum Made {
    /// Plain text.
    Text(String),
    /// A table.
    Table(Table),
}

/// Makes the journals. Every cost of the period is in them.
///
/// # Errors
/// Options that leave rows out, rows that are not customers or plans, or accounts that nobody
/// named.
pub fn make(args: &ReportArgs, run: &Run, format: OutputFormat) -> Result<Made, Problem> {
    let who = who(args, run)?;
    let accounts = accounts(run, format)?;
    let by = [
        who.clone(),
        Dimension::Attribute("kind".into()),
        Dimension::Provider,
        Dimension::Month,
        Dimension::Basis,
    ];
    let statement = run.statement(&by, &[]);
    let places = run.currency.decimals();
    let limit = match format {
        OutputFormat::JournalXero => xero::MAX_LINES,
        _ => usize::MAX,
    };
    let journals = journals(&statement, places, limit);
    Ok(match format {
        OutputFormat::JournalXero => {
            let tracked = match who {
                Dimension::Customer => "Customer",
                _ => "Plan",
            };
            Made::Table(xero::table(&journals, &accounts, run.currency, tracked))
        }
        OutputFormat::JournalQuickbooks => {
            Made::Table(quickbooks::table(&journals, &accounts, run.currency))
        }
        _ => Made::Text(hledger::render(&journals, &accounts, run.currency)),
    })
}

/// Customers or plans; months are journals of their own anyway.
fn who(args: &ReportArgs, run: &Run) -> Result<Dimension, Problem> {
    let bad = |message: &str, help: &str| {
        Err(Problem::new(&catalogue::BAD_OPTION, message).help(help.to_string()))
    };
    if args.top.is_some() || args.losses || !args.shared.filters.is_empty() {
        let help = "leave out --top, --losses and --where";
        return bad("a journal holds every cost of the period", help);
    }
    let by = run.dimensions(&args.by)?;
    let mut others = by.into_iter().filter(|one| *one != Dimension::Month);
    match (others.next(), others.next()) {
        (Some(Dimension::Customer), None) => Ok(Dimension::Customer),
        (Some(Dimension::Attribute(name)), None) if name == "plan" => {
            Ok(Dimension::Attribute(name))
        }
        _ => bad(
            "a journal is by customer or by plan",
            "write --by customer or --by plan; each month is a journal of its own",
        ),
    }
}

/// The accounts of the project file, else names that say what they are.
fn accounts(run: &Run, format: OutputFormat) -> Result<Accounts, Problem> {
    let said = run.project.as_ref().map(|project| &project.journal);
    let said = said.cloned().unwrap_or_default();
    let (cost, accrued) = match format {
        OutputFormat::JournalHledger => ("expenses:cost of revenue:ai", "liabilities:accrued"),
        OutputFormat::JournalQuickbooks => ("Cost of Goods Sold:AI", "Accrued Liabilities"),
        _ => ("", ""),
    };
    if format == OutputFormat::JournalXero
        && (said.cost.is_none() || said.accrued.is_none() || said.tax_rate.is_none())
    {
        let message =
            "Xero's journals need account codes and a tax rate, and tanso.toml names none";
        return Err(Problem::new(&catalogue::BAD_OPTION, message).help(
            "write the codes of your chart of accounts: [journal] cost = \"…\", accrued = \"…\", tax_rate = \"…\"",
        ));
    }
    let cost = said.cost.unwrap_or_else(|| cost.to_string());
    let below = |said: Option<String>, name: &str| {
        said.unwrap_or_else(|| match format {
            OutputFormat::JournalXero => cost.clone(),
            _ => format!("{cost} {name}"),
        })
    };
    Ok(Accounts {
        internal: below(said.internal, "internal"),
        unattributed: below(said.unattributed, "unattributed"),
        accrued: said.accrued.unwrap_or_else(|| accrued.to_string()),
        tax_rate: said.tax_rate.unwrap_or_default(),
        cost,
    })
}
