//! Leaks as reports: the ranked table with causes and next steps, CSV, JSON, and the detector's
//! record.

pub mod bench;
pub mod document;
mod printed;
pub mod table;
pub mod words;

use std::collections::BTreeMap;

use crate::identity::{Identity, PartyId};
use crate::leaks::plans::PlanLoss;
use crate::leaks::{Finding, Subject};
use crate::model::{Day, Exact, Period};

/// Everything that a report of leaks is made of.
pub struct Leaks<'a> {
    /// Who is who.
    pub identity: &'a Identity,
    /// The days that were looked at: those of the period on which anything happened.
    pub watched: Period,
    /// Findings that are told, the most money first.
    pub findings: Vec<Finding>,
    /// Findings that are silent, since somebody knows of them.
    pub silent: Vec<Finding>,
    /// Acknowledgements that met no finding.
    pub idle_acks: usize,
    /// Plans under water.
    pub plans: Vec<PlanLoss>,
    /// Next renewal of customers.
    pub renewals: BTreeMap<PartyId, Day>,
    /// Series looked at: of customers, of features, of plans.
    pub series: [usize; 3],
    /// Customers with too few days.
    pub too_short: usize,
    /// Why there is no revenue by day; `None` if there is.
    pub no_revenue: Option<&'static str>,
    /// Least money at risk per month.
    pub least: Exact,
    /// Share of findings that may be false.
    pub false_discoveries: Exact,
    /// Files, options and limits of this run for a month (`2026-10`), for the next command line.
    pub again: &'a dyn Fn(&str) -> String,
}

impl Leaks<'_> {
    /// The customer of a finding.
    fn party(&self, finding: &Finding) -> Option<PartyId> {
        match &finding.subject {
            Subject::Customer(party) | Subject::Feature(party, _) => Some(*party),
            Subject::Plan(_) => None,
        }
    }

    /// The customer's id.
    fn customer(&self, finding: &Finding) -> Option<&str> {
        let party = self.party(finding)?;
        Some(&self.identity.party(party).key)
    }

    /// The plan of a finding, as of the last day.
    fn plan<'f>(&'f self, finding: &'f Finding) -> Option<&'f str> {
        match &finding.subject {
            Subject::Plan(plan) => Some(plan),
            Subject::Customer(party) | Subject::Feature(party, _) => {
                let last = self.watched.end.plus(-1);
                self.identity.party(*party).attribute_on("plan", last)
            }
        }
    }

    /// When the customer of a finding renews.
    fn renews(&self, finding: &Finding) -> Option<Day> {
        self.renewals.get(&self.party(finding)?).copied()
    }
}
