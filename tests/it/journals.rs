//! Journals of a report. Every number here is worked out by hand.

use crate::support::{Run, put, tanso};

const COSTS: &str = "\
date,provider,customer,item,cost,currency
2026-09-30,hosting,acme,base,10.005,USD
2026-09-30,hosting,umbra,base,20.004,USD
2026-10-31,hosting,acme,base,30.00,USD
2026-10-31,vectors,staff,base,4.00,USD
";
const MAPPING: &str = "\
customer,source,id,plan,kind
acme,usage,acme,pro,
umbra,usage,umbra,team,
staff,usage,staff,pro,internal
";

fn report(arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let (costs, mapping) = (
        put(folder.path(), "costs.csv", COSTS),
        put(folder.path(), "mapping.csv", MAPPING),
    );
    let head = ["report", "--no-config", "-q", &costs, "-m", &mapping];
    tanso(&[&head[..], arguments].concat())
}

#[test]
fn each_month_is_a_journal_and_internal_cost_has_its_own_account() {
    let run = report(&["--format=journal:hledger", "--by=customer,month"]);
    assert_eq!(run.code, 0, "{}", run.err);
    // September: 10.005 + 20.004 = 30.009, rounded 30.01: one cent goes up, to the larger rest.
    assert_eq!(
        run.out,
        "commodity 1000.00 USD\n\
         account expenses:cost of revenue:ai internal:staff\n\
         account expenses:cost of revenue:ai:acme\n\
         account expenses:cost of revenue:ai:umbra\n\
         account liabilities:accrued:hosting\n\
         account liabilities:accrued:vectors\n\
         \n\
         2026-09-30 AI cost of September 2026\n    \
         expenses:cost of revenue:ai:acme  10.01 USD\n    \
         expenses:cost of revenue:ai:umbra  20.00 USD\n    \
         liabilities:accrued:hosting  -30.01 USD\n\
         \n\
         2026-10-31 AI cost of October 2026\n    \
         expenses:cost of revenue:ai:acme  30.00 USD\n    \
         liabilities:accrued:hosting  -30.00 USD\n    \
         expenses:cost of revenue:ai internal:staff  4.00 USD\n    \
         liabilities:accrued:vectors  -4.00 USD\n"
    );
}

#[test]
fn plans_are_classes() {
    let run = report(&[
        "--format=journal:quickbooks",
        "--by=plan",
        "--month=2026-10",
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    let lines: Vec<&str> = run.out.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "AI-2026-10,10/31/2026,Cost of Goods Sold:AI,AI cost of October 2026: hosting,30.00,,,USD,,pro",
            "AI-2026-10,10/31/2026,Accrued Liabilities:hosting,AI cost of October 2026: hosting,,30.00,,USD,,",
            "AI-2026-10,10/31/2026,Cost of Goods Sold:AI internal,AI cost of October 2026: vectors,4.00,,,USD,,pro",
            "AI-2026-10,10/31/2026,Accrued Liabilities:vectors,AI cost of October 2026: vectors,,4.00,,USD,,",
        ]
    );
}

#[test]
fn a_journal_is_whole_or_refused() {
    for (arguments, words) in [
        (
            &["--format=journal:hledger", "--where=customer=acme"][..],
            "holds every cost",
        ),
        (&["--format=journal:hledger", "--top=1"], "holds every cost"),
        (
            &["--format=journal:hledger", "--by=provider"],
            "by customer or by plan",
        ),
        (
            &["--format=journal:hledger", "--by=customer,plan"],
            "by customer or by plan",
        ),
        (&["--format=journal:xero"], "account codes"),
    ] {
        let run = report(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(words), "{arguments:?}: {}", run.err);
        assert_eq!(run.out, "");
    }
}
