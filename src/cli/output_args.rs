//! The choices of what is written, as clap reads them.

use clap::ValueEnum;

/// `--format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
    /// One JSON object per row.
    Jsonl,
    /// A Markdown table.
    Md,
    /// Cost of revenue as Xero's manual journals, in CSV.
    #[value(name = "journal:xero")]
    JournalXero,
    /// The same for QuickBooks Online, in CSV.
    #[value(name = "journal:quickbooks")]
    JournalQuickbooks,
    /// The same for hledger and other plain-text ledgers.
    #[value(name = "journal:hledger")]
    JournalHledger,
}

/// `--message-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

impl OutputFormat {
    /// Whether it is a journal.
    pub fn is_journal(self) -> bool {
        matches!(
            self,
            OutputFormat::JournalXero
                | OutputFormat::JournalQuickbooks
                | OutputFormat::JournalHledger
        )
    }
}
