//! Journals, worked out by hand; the text is read back by a small ledger of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::Currency;

fn n(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

fn accounts() -> Accounts {
    Accounts {
        cost: "expenses:ai".into(),
        internal: "expenses:ai internal".into(),
        unattributed: "expenses:ai unattributed".into(),
        accrued: "liabilities:accrued".into(),
        tax_rate: "No VAT".into(),
    }
}

/// October, as a journal of these costs of openai.
fn october(costs: &[(Side, &str, &str)], limit: usize) -> Vec<Block> {
    let of = costs
        .iter()
        .map(|(side, who, amount)| ((*side, who.to_string()), n(amount)))
        .collect();
    blocks("openai", false, &of, 2, limit)
}

fn journal(lines: Block) -> Journal {
    Journal {
        month: Month::parse("2026-10").unwrap(),
        part: (1, 1),
        date: Day::parse("2026-10-31").unwrap(),
        lines,
    }
}

fn amounts(block: &Block) -> Vec<String> {
    block
        .iter()
        .map(|line| format!("{} {}", line.who, line.amount))
        .collect()
}

#[test]
fn debits_are_rounded_to_the_credit_of_the_provider() {
    // 3.333 + 3.333 + 3.334 = 10.00; the largest rest goes up.
    let costs = [
        (Side::Cost, "acme", "3.333"),
        (Side::Cost, "umbra", "3.333"),
        (Side::Unattributed, "", "3.334"),
    ];
    let blocks = october(&costs, 300);
    assert_eq!(blocks.len(), 1);
    assert_eq!(
        amounts(&blocks[0]),
        ["acme 3.33", "umbra 3.33", " 3.34", " -10"]
    );
    // Money given back is credited to the cost.
    let back = october(&[(Side::Cost, "acme", "-2.5")], 300);
    assert_eq!(amounts(&back[0]), ["acme -2.5", " 2.5"]);
}

#[test]
fn long_journals_are_cut_into_balanced_ones() {
    let names: Vec<String> = (0..7).map(|at| format!("c{at}")).collect();
    let costs: Vec<_> = names
        .iter()
        .map(|name| (Side::Cost, name.as_str(), "1"))
        .collect();
    let blocks = october(&costs, 4);
    let lengths: Vec<usize> = blocks.iter().map(Vec::len).collect();
    assert_eq!(lengths, [4, 4, 2]);
    for block in &blocks {
        assert!(
            block
                .iter()
                .map(|line| line.amount)
                .sum::<Exact>()
                .is_zero()
        );
    }
}

/// What a strict ledger checks: every account and commodity is declared, every entry balances.
fn check_strictly(text: &str) -> BTreeMap<String, Exact> {
    let (mut declared, mut commodities) = (BTreeSet::new(), BTreeSet::new());
    let mut balances: BTreeMap<String, Exact> = BTreeMap::new();
    let mut open = Exact::ZERO;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("account ") {
            declared.insert(name.to_string());
        } else if let Some(format) = line.strip_prefix("commodity ") {
            commodities.insert(format.split(' ').nth(1).unwrap().to_string());
        } else if let Some(posting) = line.strip_prefix("    ") {
            let (account, rest) = posting.split_once("  ").unwrap();
            let amount = rest.split("  ;").next().unwrap();
            let (number, commodity) = amount.split_once(' ').unwrap();
            assert!(declared.contains(account), "{account}");
            assert!(commodities.contains(commodity), "{commodity}");
            open += n(number);
            *balances.entry(account.to_string()).or_default() += n(number);
        } else {
            assert!(open.is_zero(), "out of balance before {line:?}");
        }
    }
    assert!(open.is_zero());
    balances
}

#[test]
fn the_ledger_is_strict() {
    let costs = [
        (Side::Cost, "acme: the  first; one\n", "7.005"),
        (Side::Cost, "", "1"),
        (Side::Internal, "staff", "2"),
        (Side::Unattributed, "", "0.995"),
    ];
    let blocks = october(&costs, 300);
    let text = hledger::render(&[journal(blocks[0].clone())], &accounts(), Currency::USD);
    let balances = check_strictly(&text);
    assert_eq!(balances["liabilities:accrued:openai"], n("-11"));
    assert_eq!(balances["expenses:ai internal:staff"], n("2"));
    assert_eq!(balances["expenses:ai:(none)"], n("1"));
    assert_eq!(
        balances["expenses:ai:acme- the first, one"] + balances["expenses:ai unattributed"],
        n("8")
    );
    assert!(text.starts_with("commodity 1000.00 USD\n"), "{text}");
    assert!(
        text.contains("\n2026-10-31 AI cost of October 2026\n"),
        "{text}"
    );
}

#[test]
fn imports_have_their_columns_and_dates() {
    let lines = october(
        &[(Side::Cost, "=acme", "7"), (Side::Unattributed, "", "3")],
        300,
    )
    .remove(0);
    let csv = |table: &crate::report::Table| {
        let mut bytes = Vec::new();
        crate::report::csv::write(table, Default::default(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let journals = [journal(lines)];
    assert_eq!(
        csv(&xero::table(
            &journals,
            &accounts(),
            Currency::USD,
            "Customer"
        )),
        "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,TrackingName1,TrackingOption1,TrackingName2,TrackingOption2\n\
         AI cost of October 2026,31/10/2026,openai,expenses:ai,No VAT,7.00,Customer,'=acme,,\n\
         AI cost of October 2026,31/10/2026,openai,expenses:ai unattributed,No VAT,3.00,,,,\n\
         AI cost of October 2026,31/10/2026,openai,liabilities:accrued,No VAT,-10.00,,,,\n"
    );
    assert_eq!(
        csv(&quickbooks::table(&journals, &accounts(), Currency::USD)),
        "Journal No.,Journal Date,Account Name,Description,Debits,Credits,Name,Currency,Location,Class\n\
         AI-2026-10,10/31/2026,expenses:ai,AI cost of October 2026: openai,7.00,,,USD,,'=acme\n\
         AI-2026-10,10/31/2026,expenses:ai unattributed,AI cost of October 2026: openai,3.00,,,USD,,\n\
         AI-2026-10,10/31/2026,liabilities:accrued:openai,AI cost of October 2026: openai,,10.00,,USD,,\n"
    );
}
