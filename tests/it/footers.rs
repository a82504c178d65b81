//! What stands below a margin table. Every number here is worked out by hand.

use crate::support::{Run, put, tanso};

fn report(files: &[(&str, &str)], arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec!["report".to_string(), "--no-config".into()];
    for (name, content) in files {
        if *name == "mapping.csv" {
            all.push("-m".into());
        }
        all.push(put(folder.path(), name, content));
    }
    all.extend(arguments.iter().map(|argument| argument.to_string()));
    tanso(&all)
}

/// Two months with costs of their own. Acme costs 5 + 7 and pays 4 + 4; umbra costs 3 + 2 and pays
/// 1 + 9; kestrel costs 1 + 1 and pays nothing; the house costs 1 + 2 and pays 50; ghost is
/// nobody's id.
const USAGE: &str = "\
timestamp,request_id,customer,provider,model,input_tokens,output_tokens,cost
2026-09-05T08:00:00Z,r1,acme,openai,gpt-4o-mini,1000,0,5.00
2026-10-05T08:00:00Z,r2,acme,openai,gpt-4o-mini,1000,0,7.00
2026-09-05T08:00:00Z,r3,umbra,openai,gpt-4o-mini,1000,0,3.00
2026-10-05T08:00:00Z,r4,umbra,openai,gpt-4o-mini,1000,0,2.00
2026-09-05T08:00:00Z,r5,kestrel,openai,gpt-4o-mini,1000,0,1.00
2026-10-05T08:00:00Z,r6,kestrel,openai,gpt-4o-mini,1000,0,1.00
2026-09-05T08:00:00Z,r7,house,openai,gpt-4o-mini,1000,0,1.00
2026-10-05T08:00:00Z,r8,house,openai,gpt-4o-mini,1000,0,2.00
2026-09-05T08:00:00Z,r9,ghost,openai,gpt-4o-mini,1000,0,1.00
2026-10-05T08:00:00Z,r10,ghost,openai,gpt-4o-mini,1000,0,1.00
";
const REVENUE: &str = "\
customer_id,period_start,period_end,amount,currency,status,invoice_id
acme,2026-09-01,2026-10-01,4.00,USD,paid,INV-1
acme,2026-10-01,2026-11-01,4.00,USD,paid,INV-2
umbra,2026-09-01,2026-10-01,1.00,USD,paid,INV-3
umbra,2026-10-01,2026-11-01,9.00,USD,paid,INV-4
house,2026-10-01,2026-11-01,50.00,USD,paid,INV-5
";
const MAPPING: &str = "\
customer,source,id,kind
acme,usage,acme,
acme,revenue,acme,
umbra,usage,umbra,
umbra,revenue,umbra,
kestrel,usage,kestrel,
house,usage,house,internal
house,revenue,house,internal
";

#[test]
fn customers_are_counted_and_not_their_rows() {
    let files = [
        ("usage.csv", USAGE),
        ("revenue.csv", REVENUE),
        ("mapping.csv", MAPPING),
    ];
    for by in ["customer", "customer,month"] {
        let run = report(&files, &["--by", by]);
        assert_eq!(run.code, 0, "{}", run.err);
        for line in [
            "internal  accounts 1, revenue 50.00, cost 3.00",
            "free      customers without revenue 1, revenue 0.00, cost 2.00",
            // Acme loses 4.00 and kestrel 2.00; umbra's September loses, umbra does not.
            "2 customers cost more than they pay; the worst is acme.",
        ] {
            assert!(run.out.contains(line), "{by}: {line}\n{}", run.out);
        }
        assert!(!run.out.contains("(unmapped) 2 ids"), "{}", run.out);
    }
    let by_month = report(&files, &["--by", "customer,month"]).out;
    assert!(by_month.contains("(unmapped) 1 id "), "{by_month}");
    // A basis has no revenue: none is not zero.
    let by_basis = report(&files, &["--by", "customer,basis"]).out;
    assert!(
        by_basis.contains("internal  accounts 1, cost 3.00"),
        "{by_basis}"
    );
}

#[test]
fn the_parts_of_the_bill_add_up_as_printed() {
    // 2.546 + 2.596 + 16.942 = 22.084, that is 22.08. Down they are 2.54 + 2.59 + 16.94 = 22.07;
    // the cent that is left goes to the first of the two largest rests, six tenths each.
    let bill = "\
date,provider,model,meter,quantity,cost
2026-10-02,anthropic,claude-sonnet-4,input,1000,2.546
2026-10-02,google,gemini-2.5-pro,input,1000,2.596
2026-10-02,openai,gpt-4o,input,1000,16.942
";
    let run = report(&[("bill.csv", bill)], &[]);
    let sum = "bill      anthropic 2.55 + google 2.59 + openai 16.94 = 22.08 ";
    assert!(run.out.contains(sum), "{}{}", run.out, run.err);
}
