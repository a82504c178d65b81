//! Line item types of AWS Cost and Usage Reports: how much of a line counts on which basis.
//!
//! A commitment stands in the report three times: as a purchase or fee, as the usage it covers at
//! on-demand prices, and as a negation of that. *Billed* cost adds all of them, since they add up
//! to the invoice. *Effective* cost counts the covered usage at its share of the commitment and the
//! part that nobody used, and leaves out purchases and negations. The rule that must hold: on no
//! basis does a commitment count twice, and a type that is not known here is refused.

use crate::formats::fields::{Columns, word, written_places};
use crate::model::Exact;
use crate::model::records::{ChargeKind, CostBasis};
use crate::problem::{Problem, Problems, catalogue};
use crate::scan::Row;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineType {
    /// Usage at its price.
    Usage,
    /// Usage that a reservation covers.
    Reserved,
    /// Usage that a savings plan covers, at on-demand prices.
    Covered,
    /// Takes covered usage back.
    Negation,
    /// A savings plan's fee of the hour or month.
    PlanFee,
    /// A savings plan's prepayment.
    PlanPrepayment,
    /// A reservation's fee of the month.
    ReservationFee,
    /// Another fee; with a reservation, its prepayment.
    Fee,
    /// Tax.
    Tax,
    /// Credit or refund.
    Credit,
    /// A discount as a line of its own.
    Discount,
}

impl LineType {
    /// The type of a word of `lineItem/LineItemType`; `None` if it is not known.
    pub fn parse(word: &str) -> Option<LineType> {
        Some(match word {
            "Usage" | "BundledDiscount" => LineType::Usage,
            "DiscountedUsage" => LineType::Reserved,
            "SavingsPlanCoveredUsage" => LineType::Covered,
            "SavingsPlanNegation" => LineType::Negation,
            "SavingsPlanRecurringFee" => LineType::PlanFee,
            "SavingsPlanUpfrontFee" => LineType::PlanPrepayment,
            "RIFee" => LineType::ReservationFee,
            "Fee" => LineType::Fee,
            "Tax" => LineType::Tax,
            "Credit" | "Refund" => LineType::Credit,
            "Discount"
            | "EdpDiscount"
            | "PrivateRateDiscount"
            | "RiVolumeDiscount"
            | "SppDiscount" => LineType::Discount,
            _ => return None,
        })
    }

    /// Whether a quantity of such a line was used.
    pub fn is_use(self) -> bool {
        matches!(
            self,
            LineType::Usage | LineType::Reserved | LineType::Covered
        )
    }

    fn kind(self) -> ChargeKind {
        match self {
            LineType::Tax => ChargeKind::Tax,
            LineType::Credit | LineType::Discount => ChargeKind::Credit,
            _ => ChargeKind::Usage,
        }
    }
}

/// What counts of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// An amount.
    Amount {
        /// Of this kind of money.
        kind: ChargeKind,
        /// How much.
        amount: Exact,
        /// Decimal places as written.
        places: u8,
    },
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// The columns that say what a line costs, in the legacy report's names and in those of CUR 2.0.
#[derive(Clone, Debug)]
pub struct Costs {
    unblended: usize,
    net: Option<usize>,
    list: Option<usize>,
    plan_effective: Option<usize>,
    plan_total: Option<usize>,
    plan_used: Option<usize>,
    reservation: Option<usize>,
    reservation_effective: Option<usize>,
    unused_prepaid: Option<usize>,
    unused_recurring: Option<usize>,
}

const UNBLENDED: &[&str] = &["lineItem/UnblendedCost", "line_item_unblended_cost"];
const NET: &[&str] = &["lineItem/NetUnblendedCost", "line_item_net_unblended_cost"];
const LIST: &[&str] = &[
    "pricing/publicOnDemandCost",
    "pricing_public_on_demand_cost",
];
const PLAN_EFFECTIVE: &[&str] = &[
    "savingsPlan/NetSavingsPlanEffectiveCost",
    "savings_plan_net_savings_plan_effective_cost",
    "savingsPlan/SavingsPlanEffectiveCost",
    "savings_plan_savings_plan_effective_cost",
];
const PLAN_TOTAL: &[&str] = &[
    "savingsPlan/TotalCommitmentToDate",
    "savings_plan_total_commitment_to_date",
];
const PLAN_USED: &[&str] = &["savingsPlan/UsedCommitment", "savings_plan_used_commitment"];
const RESERVATION: &[&str] = &[
    "reservation/ReservationARN",
    "reservation_reservation_a_r_n",
];
const RESERVATION_EFFECTIVE: &[&str] = &[
    "reservation/NetEffectiveCost",
    "reservation_net_effective_cost",
    "reservation/EffectiveCost",
    "reservation_effective_cost",
];
const UNUSED_PREPAID: &[&str] = &[
    "reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
];
const UNUSED_RECURRING: &[&str] = &[
    "reservation/NetUnusedRecurringFee",
    "reservation_net_unused_recurring_fee",
    "reservation/UnusedRecurringFee",
    "reservation_unused_recurring_fee",
];

impl Costs {
    /// Finds the columns.
    pub fn find(columns: &Columns, problems: &mut Problems) -> Option<Costs> {
        let unblended = columns.required(UNBLENDED, problems);
        let mut optional = |names| columns.optional(names, problems);
        Some(Costs {
            net: optional(NET),
            list: optional(LIST),
            plan_effective: optional(PLAN_EFFECTIVE),
            plan_total: optional(PLAN_TOTAL),
            plan_used: optional(PLAN_USED),
            reservation: optional(RESERVATION),
            reservation_effective: optional(RESERVATION_EFFECTIVE),
            unused_prepaid: optional(UNUSED_PREPAID),
            unused_recurring: optional(UNUSED_RECURRING),
            unblended: unblended?,
        })
    }

    /// The column of the cost that every line states.
    pub fn main(&self) -> usize {
        self.unblended
    }

    /// What the invoice bills for the line: its cost after discounts where the report has that
    /// column, and then the lines of discounts are part of it.
    pub fn billed(&self, columns: &Columns, row: &Row, line: LineType) -> Result<Counted, Problem> {
        let net = self.net.filter(|column| word(row, Some(*column)).is_some());
        if line == LineType::Discount && self.net.is_some() {
            return Ok(Counted::Nothing("discount inside the net costs"));
        }
        amount(columns, row, &[net.unwrap_or(self.unblended)], line.kind())
    }

    /// What counts of the line.
    ///
    /// # Errors
    /// A cost that the basis needs and the line does not state.
    pub fn counted(
        &self,
        columns: &Columns,
        row: &Row,
        line: LineType,
        basis: CostBasis,
    ) -> Result<Counted, Problem> {
        match basis {
            CostBasis::Billed => self.billed(columns, row, line),
            CostBasis::Effective => self.effective(columns, row, line),
            CostBasis::List => match line {
                LineType::Tax => self.billed(columns, row, line),
                LineType::Usage | LineType::Reserved | LineType::Covered => {
                    let list = need(columns, row, self.list, LIST[0], self.unblended)?;
                    amount(columns, row, &[list], ChargeKind::Usage)
                }
                LineType::Fee if !self.is_prepayment(row) => {
                    let list = need(columns, row, self.list, LIST[0], self.unblended)?;
                    amount(columns, row, &[list], ChargeKind::Usage)
                }
                _ => Ok(Counted::Nothing("no part of the list price")),
            },
        }
    }

    fn is_prepayment(&self, row: &Row) -> bool {
        word(row, self.reservation).is_some()
    }

    fn effective(&self, columns: &Columns, row: &Row, line: LineType) -> Result<Counted, Problem> {
        let need = |column, name| need(columns, row, column, name, self.unblended);
        let idle = ChargeKind::IdleCommitment;
        let unused = match line {
            LineType::Covered => {
                let column = need(self.plan_effective, PLAN_EFFECTIVE[2])?;
                return amount(columns, row, &[column], ChargeKind::Usage);
            }
            LineType::Reserved => {
                let column = need(self.reservation_effective, RESERVATION_EFFECTIVE[2])?;
                return amount(columns, row, &[column], ChargeKind::Usage);
            }
            LineType::Negation => return Ok(Counted::Nothing("savings plan negation")),
            LineType::PlanPrepayment => return Ok(Counted::Nothing("prepaid commitment")),
            LineType::Fee if self.is_prepayment(row) => {
                return Ok(Counted::Nothing("prepaid commitment"));
            }
            LineType::PlanFee => {
                let total = columns.number(row, need(self.plan_total, PLAN_TOTAL[0])?)?;
                let column = need(self.plan_used, PLAN_USED[0])?;
                let places =
                    places(row, column).max(places(row, self.plan_total.unwrap_or(column)));
                Counted::Amount {
                    kind: idle,
                    amount: total - columns.number(row, column)?,
                    places,
                }
            }
            LineType::ReservationFee => {
                let prepaid = need(self.unused_prepaid, UNUSED_PREPAID[2])?;
                let recurring = need(self.unused_recurring, UNUSED_RECURRING[2])?;
                amount(columns, row, &[prepaid, recurring], idle)?
            }
            _ => return self.billed(columns, row, line),
        };
        Ok(match unused {
            Counted::Amount { amount, .. } if amount.is_zero() => {
                Counted::Nothing("commitment fee, counted by its use")
            }
            other => other,
        })
    }
}

/// The sum of cells.
fn amount(
    columns: &Columns,
    row: &Row,
    cells: &[usize],
    kind: ChargeKind,
) -> Result<Counted, Problem> {
    let mut sum = Exact::ZERO;
    let mut written = 0;
    for column in cells {
        sum += columns.number(row, *column)?;
        written = written.max(places(row, *column));
    }
    Ok(Counted::Amount {
        kind,
        amount: sum,
        places: written,
    })
}

fn places(row: &Row, column: usize) -> u8 {
    written_places(row.filled(column).unwrap_or(""))
}

/// A column without which the line cannot be counted on the basis.
fn need(
    columns: &Columns,
    row: &Row,
    column: Option<usize>,
    name: &str,
    at: usize,
) -> Result<usize, Problem> {
    let advice = "export the report with all columns, or say --cost-basis billed";
    let Some(column) = column else {
        let message = format!("the line needs the column {name}, which the file does not have");
        let problem = columns.problem(&catalogue::MISSING_VALUE, row, at, message);
        return Err(problem.help(advice));
    };
    if word(row, Some(column)).is_none() {
        let message = format!("{} is empty", columns.header.name(column));
        let problem = columns.problem(&catalogue::MISSING_VALUE, row, column, message);
        return Err(problem.help(advice));
    }
    Ok(column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Settings;
    use crate::formats::testing::table;
    use crate::scan::RowSource;

    const HEADER: &str = "lineItem/UnblendedCost,pricing/publicOnDemandCost,\
        savingsPlan/SavingsPlanEffectiveCost,savingsPlan/TotalCommitmentToDate,\
        savingsPlan/UsedCommitment,reservation/ReservationARN,reservation/EffectiveCost,\
        reservation/UnusedAmortizedUpfrontFeeForBillingPeriod,reservation/UnusedRecurringFee";

    /// What counts of a line: `kind amount`, the reason why nothing does, or the error's code.
    fn counted(header: &str, cells: &str, line: &str, basis: CostBasis) -> String {
        let mut source = table("b.csv", &format!("{header}\n{cells}\n"));
        let columns = Columns::of(&source, &Settings::default(), None);
        let mut problems = Problems::default();
        let costs = Costs::find(&columns, &mut problems).unwrap();
        let mut row = Row::default();
        assert!(source.next_row(&mut row, &mut problems));
        let line = LineType::parse(line).unwrap();
        match costs.counted(&columns, &row, line, basis) {
            Ok(Counted::Amount { kind, amount, .. }) => format!("{kind:?} {amount}"),
            Ok(Counted::Nothing(reason)) => reason.to_string(),
            Err(problem) => problem.entry.code.to_string(),
        }
    }

    #[test]
    fn no_basis_counts_a_commitment_twice() {
        use CostBasis::{Billed, Effective, List};
        // A plan of 8: usage worth 10 on demand takes 7 of it. A reservation of 5 with 2 unused.
        let covered = "10,10.5,7,,,,,,";
        let negation = "-10,,,,,,,,";
        let fee = "8,,,8,7,,,,";
        let reserved = "0,4,,,,ri,3,,";
        let ri_fee = "5,,,,,ri,,0.5,1.5";
        let prepaid = "60,,,,,ri,,,";
        for (cells, line, effective, billed, list) in [
            (
                covered,
                "SavingsPlanCoveredUsage",
                "Usage 7",
                "Usage 10",
                "Usage 10.5",
            ),
            (
                negation,
                "SavingsPlanNegation",
                "savings plan negation",
                "Usage -10",
                "no part of the list price",
            ),
            (
                fee,
                "SavingsPlanRecurringFee",
                "IdleCommitment 1",
                "Usage 8",
                "no part of the list price",
            ),
            (
                "8,,,8,8,,,,",
                "SavingsPlanRecurringFee",
                "commitment fee, counted by its use",
                "Usage 8",
                "no part of the list price",
            ),
            (reserved, "DiscountedUsage", "Usage 3", "Usage 0", "Usage 4"),
            (
                ri_fee,
                "RIFee",
                "IdleCommitment 2",
                "Usage 5",
                "no part of the list price",
            ),
            (
                prepaid,
                "Fee",
                "prepaid commitment",
                "Usage 60",
                "no part of the list price",
            ),
            ("29,29,,,,,,,", "Fee", "Usage 29", "Usage 29", "Usage 29"),
            (
                "-5,,,,,,,,",
                "Refund",
                "Credit -5",
                "Credit -5",
                "no part of the list price",
            ),
            ("2,,,,,,,,", "Tax", "Tax 2", "Tax 2", "Tax 2"),
        ] {
            for (basis, expected) in [(Effective, effective), (Billed, billed), (List, list)] {
                assert_eq!(counted(HEADER, cells, line, basis), expected, "{line}");
            }
        }
    }

    #[test]
    fn a_cost_that_is_not_stated_is_refused() {
        use CostBasis::{Effective, List};
        assert_eq!(
            counted(
                "lineItem/UnblendedCost",
                "10",
                "SavingsPlanCoveredUsage",
                Effective
            ),
            "T3027"
        );
        let no_list = "3,,,,,,,,";
        assert_eq!(counted(HEADER, no_list, "Usage", List), "T3027");
        assert_eq!(counted(HEADER, no_list, "Usage", Effective), "Usage 3");
        assert_eq!(LineType::parse("SavingsPlanMystery"), None);
    }

    #[test]
    fn discounts_are_part_of_net_costs() {
        let both = "lineItem/UnblendedCost,lineItem/NetUnblendedCost";
        let basis = CostBasis::Billed;
        assert_eq!(counted(both, "10,9", "Usage", basis), "Usage 9");
        assert_eq!(
            counted(both, "-1,0", "EdpDiscount", basis),
            "discount inside the net costs"
        );
        let gross = "lineItem/UnblendedCost";
        assert_eq!(counted(gross, "-1", "EdpDiscount", basis), "Credit -1");
    }
}
