//! Control totals: what the user expects the bill and the revenue to be.

use super::args::Shared;
use crate::margin::Statement;
use crate::model::Exact;
use crate::problem::{Problem, Problems, catalogue};

/// Checks the control totals.
///
/// # Errors
/// Every total that does not match.
pub fn expectations(shared: &Shared, statement: &Statement) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for text in &shared.expect_bill {
        match expected_bill(text, statement) {
            Ok(None) => {}
            Ok(Some(problem)) | Err(problem) => problems.push(problem),
        }
    }
    if let Some(text) = &shared.expect_revenue {
        match revenue_total(text) {
            Err(problem) => problems.push(problem),
            Ok(expected) => problems_push(
                &mut problems,
                mismatch("revenue", expected, statement.earned()),
            ),
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn problems_push(problems: &mut Problems, problem: Option<Problem>) {
    if let Some(problem) = problem {
        problems.push(problem);
    }
}

fn expected_bill(text: &str, statement: &Statement) -> Result<Option<Problem>, Problem> {
    let (provider, expected) = bill_total(text)?;
    let billed = statement.billed(&provider);
    Ok(mismatch(&format!("bill of {provider}"), expected, billed))
}

/// `openai=12345.67`: the provider, folded, and the amount.
///
/// # Errors
/// If it is not.
pub fn bill_total(text: &str) -> Result<(String, Exact), Problem> {
    let bad = |why: &str| {
        Problem::new(
            &catalogue::BAD_OPTION,
            format!("--expect-bill is not understood: {why}"),
        )
        .excerpt(text)
        .help("write --expect-bill openai=12345.67")
    };
    let (provider, amount) = text.split_once('=').ok_or_else(|| bad("no equals sign"))?;
    let expected = Exact::parse(amount.trim()).map_err(|why| bad(&why.reason()))?;
    Ok((crate::model::names::provider(provider), expected))
}

/// The amount of `--expect-revenue`.
///
/// # Errors
/// If it is no number.
pub fn revenue_total(text: &str) -> Result<Exact, Problem> {
    Exact::parse(text.trim()).map_err(|why| {
        Problem::new(
            &catalogue::BAD_OPTION,
            format!("--expect-revenue is not a number: {}", why.reason()),
        )
    })
}

/// The difference is told in full: never `0.00` for what is not zero.
fn mismatch(what: &str, expected: Exact, found: Exact) -> Option<Problem> {
    if expected == found {
        return None;
    }
    Some(
        Problem::new(
            &catalogue::CONTROL_TOTAL,
            format!("the {what} does not match the control total"),
        )
        .help(format!(
            "expected {expected}   found {found}   difference {}",
            found - expected
        )),
    )
}
