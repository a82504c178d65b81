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

/// Names that mean something to a ledger, amounts below zero, cost of nobody, two months, and names
/// that are alike once they are part of an account.
const ODD: &str = "\
date,provider,customer,item,cost,currency
2026-09-30,hosting,acme,base,10.005,USD
2026-09-30,hosting,\"umbra; \"\"the\"\" [big] {co} (x) @ 5 = q * ! | #\",base,20.004,USD
2026-10-02,hosting,(kestrel),base,-3.5,USD
2026-10-02,ho:st; x,[tern],base,7,USD
2026-10-02,ho  st,acme:sub,base,7,USD
2026-10-02,hosting,acme-sub,base,8,USD
2026-10-02,hosting,-5.00 USD,base,7,USD
2026-10-02,hosting,*star,base,7,USD
2026-10-02,hosting,\u{540d}\u{524d},base,7,USD
2026-10-02,hosting,,base,7,USD
2026-10-31,vectors,x type:A,base,4.00,USD
";

/// Runs `hledger` over a journal; `None` where it is not installed.
fn hledger(journal: &str, arguments: &[&str]) -> Option<(bool, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "cost.journal", journal);
    let run = std::process::Command::new("hledger")
        .args(["-f", &path])
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .output();
    let run = run.ok()?;
    let text = [run.stdout, run.stderr].concat();
    Some((
        run.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

#[test]
fn hledger_takes_every_journal() {
    // A journal that is wrong shows that the check can fail.
    let wrong =
        "commodity 1000.00 USD\naccount a\n\n2026-10-31 x\n    a  1.00 USD\n    b  -1.00 USD\n";
    match hledger(wrong, &["check", "-s"]) {
        None => return,
        Some((ok, told)) => assert!(!ok, "{told}"),
    }
    let worlds = ["USD", "EUR", "JPY", "KWD"].map(|currency| {
        let whole = ODD.replace("10.005", "10").replace("20.004", "20");
        let costs = match currency {
            "JPY" => whole.replace("-3.5", "-3"),
            _ => ODD.to_string(),
        };
        costs.replace(",USD\n", &format!(",{currency}\n"))
    });
    for costs in &worlds {
        for by in ["--by=customer", "--by=plan", "--by=customer,month"] {
            let folder = tempfile::tempdir().unwrap();
            let costs = put(folder.path(), "costs.csv", costs);
            let run = tanso(&[
                "report",
                "--no-config",
                "-q",
                "--format=journal:hledger",
                by,
                &costs,
            ]);
            assert_eq!(run.code, 0, "{}", run.err);
            let (ok, told) = hledger(&run.out, &["check", "-s"]).unwrap();
            assert!(ok, "{told}\n{}", run.out);
        }
    }
    // Two customers whose names come out alike keep accounts of their own.
    let folder = tempfile::tempdir().unwrap();
    let costs = put(folder.path(), "costs.csv", ODD);
    let run = tanso(&[
        "report",
        "--no-config",
        "-q",
        "--format=journal:hledger",
        &costs,
    ]);
    let (_, balances) = hledger(&run.out, &["balance", "-N", "--flat"]).unwrap();
    let has = |amount: &str, account: &str| {
        let mut lines = balances.lines().map(str::trim);
        let line = format!("{amount} USD  expenses:cost of revenue:ai:{account}");
        lines.any(|found| found == line)
    };
    assert!(has("8.00", "acme-sub"), "{balances}");
    assert!(has("7.00", "acme-sub (2)"), "{balances}");
}
