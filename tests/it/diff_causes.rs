//! `tanso diff`: one test world for each cause, in which it alone changes, by an amount worked out by
//! hand; it comes back with that amount, of the total and of the customer.

use serde_json::Value;

use crate::diff::{diff, saved, told};
use crate::support::{put, tanso};

/// Model, status, requests, and thousandths of a million tokens of one: input, cached, output.
type Used = (&'static str, &'static str, u32, [u64; 3]);

/// What a month is made of: requests of acme, who pays for the plan `pro`.
#[derive(Clone)]
struct Month {
    month: &'static str,
    /// The log.
    usage: Vec<Used>,
    /// Rows of a bill without its header.
    bill: Vec<String>,
    /// Amount, plan and type.
    revenue: Vec<(&'static str, &'static str, &'static str)>,
    /// Currency of revenue.
    paid_in: &'static str,
    /// Rows `date,from,to,rate`.
    rates: Vec<&'static str>,
    /// Currency of the report.
    report_in: &'static str,
}

/// Ten requests of a million tokens at 2.50, and 99.00.
fn plain(month: &'static str) -> Month {
    Month {
        month,
        usage: vec![("gpt-4o", "ok", 10, [1000, 0, 0])],
        bill: Vec::new(),
        revenue: vec![("99.00", "pro", "subscription")],
        paid_in: "USD",
        rates: Vec::new(),
        report_in: "USD",
    }
}

const PRICES: &str = "\
provider,names,from,input,output
openai,house-1,,1,1
openai,house-1,2026-10-01,1.2,1
";

impl Month {
    fn saved(&self) -> String {
        self.saved_with(&[])
    }

    fn saved_with(&self, options: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let month = self.month;
        let next = match month {
            "2026-09" => "2026-10",
            _ => "2026-11",
        };
        let project = format!(
            "currency = \"{}\"\nprices = \"prices.csv\"\n[plan.pro]\nprice = \"99\"\n[plan.team]\nprice = \"149\"\n",
            self.report_in
        );
        let project = put(folder.path(), "tanso.toml", project);
        put(folder.path(), "prices.csv", PRICES);
        let mut usage = String::from(
            "date,customer_id,provider,model,status,requests,input_tokens,cache_read_input_tokens,output_tokens,request_id\n",
        );
        for (at, (model, status, requests, tokens)) in self.usage.iter().enumerate() {
            let [input, cached, output] = tokens.map(|one| one * 1000 * u64::from(*requests));
            usage.push_str(&format!(
                "{month}-05,acme,openai,{model},{status},{requests},{input},{cached},{output},{month}-{at}\n"
            ));
        }
        let mut revenue = String::from(
            "customer_id,period_start,period_end,amount,currency,plan,type,invoice_id,status\n",
        );
        for (at, (amount, plan, kind)) in self.revenue.iter().enumerate() {
            let currency = self.paid_in;
            revenue.push_str(&format!(
                "acme,{month}-01,{next}-01,{amount},{currency},{plan},{kind},INV-{at},paid\n"
            ));
        }
        let mut all = [
            "report", "--config", &project, "--month", month, "-f=json", "-q",
        ]
        .map(str::to_string)
        .to_vec();
        all.extend(options.iter().map(|option| option.to_string()));
        all.push(put(folder.path(), "usage.csv", usage));
        if !self.revenue.is_empty() {
            all.push(put(folder.path(), "revenue.csv", revenue));
        }
        if !self.bill.is_empty() {
            let header = "date,provider,model,meter,quantity,cost,currency";
            let bill = format!("{header}\n{}\n", self.bill.join("\n"));
            all.push(put(folder.path(), "costs.csv", bill));
        }
        if !self.rates.is_empty() {
            let rates = format!("date,from,to,rate\n{}\n", self.rates.join("\n"));
            all.push(put(folder.path(), "rates.csv", rates));
        }
        let run = tanso(&all);
        assert_eq!(run.code, 0, "{}", run.err);
        run.out
    }

    /// The same with one thing changed.
    fn with(&self, change: impl FnOnce(&mut Month)) -> Month {
        let mut other = self.clone();
        change(&mut other);
        other
    }
}

/// What the total says, which acme must say too.
fn alone(old: &Month, new: &Month) -> Vec<String> {
    of_acme(&old.saved(), &new.saved())
}

fn of_acme(old: &str, new: &str) -> Vec<String> {
    let all = told(old, new);
    let (total, customer) = all.split_at(all.len() / 2);
    let named: Vec<String> = total.iter().map(|line| format!("acme: {line}")).collect();
    assert_eq!(customer, named);
    total.to_vec()
}

/// Ten requests of so many thousandths of a million tokens.
fn used(tokens: [u64; 3]) -> Vec<Used> {
    vec![("gpt-4o", "ok", 10, tokens)]
}

#[test]
fn list_prices_that_rise_are_unit_price() {
    // A house model at 1.00 a million until September and at 1.20 from October: 10 × 0.20.
    let house = |month| plain(month).with(|m| m.usage[0].0 = "house-1");
    assert_eq!(
        alone(&house("2026-09"), &house("2026-10")),
        ["unit_price 0 2"]
    );
    // The bill says the same.
    let billed = |month: &'static str, cost: &str| {
        let row = format!("{month}-05,openai,house-1,input,10000000,{cost},USD");
        house(month).with(|m| m.bill = vec![row])
    };
    let (old, new) = (billed("2026-09", "10.00"), billed("2026-10", "12.00"));
    assert_eq!(alone(&old, &new), ["unit_price 0 2"]);
}

#[test]
fn fewer_cached_tokens_are_cache_rate_with_and_without_a_bill() {
    // A request has 0.5 million tokens at 2.50 and 0.5 at 1.25, 1.875; then 0.9 and 0.1, 2.375.
    let old = plain("2026-09").with(|m| m.usage = used([500, 500, 0]));
    let new = plain("2026-10").with(|m| m.usage = used([900, 100, 0]));
    assert_eq!(alone(&old, &new), ["cache_rate 0 5"]);
    let bill = |month: &str, input: (u64, &str), cached: (u64, &str)| {
        vec![
            format!("{month}-05,openai,gpt-4o,input,{},{},USD", input.0, input.1),
            format!(
                "{month}-05,openai,gpt-4o,cache_read,{},{},USD",
                cached.0, cached.1
            ),
        ]
    };
    let old = old.with(|m| m.bill = bill("2026-09", (5_000_000, "12.50"), (5_000_000, "6.25")));
    let new = new.with(|m| m.bill = bill("2026-10", (9_000_000, "22.50"), (1_000_000, "1.25")));
    assert_eq!(alone(&old, &new), ["cache_rate 0 5"]);
    // A bill of the model alone is divided as list prices divide it.
    let whole = |month: &str, cost| vec![format!("{month}-05,openai,gpt-4o,,,{cost},USD")];
    let old = old.with(|m| m.bill = whole("2026-09", "18.75"));
    let new = new.with(|m| m.bill = whole("2026-10", "23.75"));
    assert_eq!(alone(&old, &new), ["cache_rate 0 5"]);
}

#[test]
fn longer_answers_are_tokens_per_request_although_nothing_is_billed_by_meter() {
    // Output of 0.1 million at 10.00 becomes 0.2: 10 × 1.00.
    let old = plain("2026-09").with(|m| m.usage = used([1000, 0, 100]));
    let new = plain("2026-10").with(|m| m.usage = used([1000, 0, 200]));
    assert_eq!(alone(&old, &new), ["tokens_per_request 0 10"]);
}

#[test]
fn billed_failures_are_retries() {
    let failing = |month, served, failed| {
        plain(month).with(|m| {
            m.usage[0].2 = served;
            m.usage.push(("gpt-4o", "failed", failed, [1000, 0, 0]));
        })
    };
    // Four requests fail and cost 2.50 each.
    let old = plain("2026-09");
    assert_eq!(alone(&old, &failing("2026-10", 10, 4)), ["retries 0 10"]);
    // Twice as many of both, 30 → 60, is volume; one failure more, 2.50, is not.
    let old = failing("2026-09", 10, 2);
    assert_eq!(alone(&old, &failing("2026-10", 20, 4)), ["volume 0 30"]);
    let both = alone(&old, &failing("2026-10", 20, 5));
    assert_eq!(both, ["retries 0 2.5", "volume 0 30"]);
}

#[test]
fn charges_that_no_usage_carries_are_told_as_such() {
    let old = plain("2026-09");
    let with = |month: &'static str, cost: &str| {
        let rows = vec![
            format!("{month}-05,openai,gpt-4o,input,10000000,25.00,USD"),
            format!("{month}-05,serpapi,,searches,,{cost},USD"),
        ];
        old.with(|m| (m.month, m.bill) = (month, rows))
    };
    // Nobody's searches, 3.00 and then 5.00.
    let all = told(
        &with("2026-09", "3.00").saved(),
        &with("2026-10", "5.00").saved(),
    );
    assert_eq!(all, ["other_cost 0 2", "(unattributed): other_cost 0 2"]);
    // What nobody has is no customer who comes or goes.
    let without = |month: &'static str| {
        let all = with(month, "3.00");
        all.with(|m| m.bill.truncate(1)).saved()
    };
    let all = told(&without("2026-09"), &with("2026-10", "5.00").saved());
    assert_eq!(all, ["other_cost 0 5", "(unattributed): other_cost 0 5"]);
    let all = told(&with("2026-09", "3.00").saved(), &without("2026-10"));
    assert_eq!(all, ["other_cost 0 -3", "(unattributed): other_cost 0 -3"]);
}

#[test]
fn plans_and_one_off_amounts_are_told_apart() {
    let old = plain("2026-09");
    // From pro at 99 to team at 149.
    let team = plain("2026-10").with(|m| m.revenue = vec![("149.00", "team", "subscription")]);
    assert_eq!(alone(&old, &team), ["mix 50 0"]);
    let once = plain("2026-10").with(|m| m.revenue.push(("20.00", "", "one-time")));
    assert_eq!(alone(&old, &once), ["other_revenue 20 0"]);
}

/// Half of September is paid for with 49.50, October with 99.00: half a month more at 99, and no
/// price. If the price is 120 by then, and paid, it is 21 more.
#[test]
fn time_that_was_not_paid_for_is_volume_and_no_price() {
    let rows = |month: &'static str, start: &str, amount: &str, next: &str| {
        format!(
            "customer_id,period_start,period_end,amount,currency,plan,type,invoice_id,status\n\
             acme,{month}-{start},{next}-01,{amount},USD,pro,subscription,INV,paid\n"
        )
    };
    let save = |month: &'static str, revenue: String, price: &str| {
        let files = [
            ("revenue.csv", revenue.as_str()),
            ("usage.csv", USAGE),
            ("mapping.csv", NAMES),
        ];
        saved(month, &files, price, &[])
    };
    let half = save("2026-09", rows("2026-09", "16", "49.50", "2026-10"), "99");
    let whole = save("2026-10", rows("2026-10", "01", "99.00", "2026-11"), "99");
    assert_eq!(told(&half, &whole)[0], "volume 49.5 0");
    let dearer = save("2026-10", rows("2026-10", "01", "120.00", "2026-11"), "120");
    assert_eq!(told(&half, &dearer)[..2], ["price 21 0", "volume 49.5 0"]);
    // A quarter of 297.00 against a month is volume too.
    let month = save("2026-07", rows("2026-07", "01", "99.00", "2026-08"), "99");
    let quarter = rows("2026-07", "01", "297.00", "2026-10");
    let files = [
        ("revenue.csv", quarter.as_str()),
        ("usage.csv", USAGE),
        ("mapping.csv", NAMES),
    ];
    let quarter = saved(
        "2026-07",
        &files,
        "99",
        &["--from=2026-07-01", "--to=2026-10-01"],
    );
    // September's request of umbra is 2.50 more.
    assert_eq!(told(&month, &quarter)[0], "volume 198 2.5");
}

/// One request of umbra, the same in every month of a test.
const USAGE: &str = "timestamp,customer,provider,model,input_tokens,output_tokens,request_id\n\
    2026-07-05T08:00:00Z,umbra,openai,gpt-4o,1000000,0,a\n\
    2026-09-05T08:00:00Z,umbra,openai,gpt-4o,1000000,0,b\n\
    2026-10-05T08:00:00Z,umbra,openai,gpt-4o,1000000,0,c\n";
const NAMES: &str =
    "customer,source,id\nacme,revenue,acme\numbra,revenue,umbra\numbra,usage,umbra\n";

/// Who does not change stands in one row, so that the total is the report's.
#[test]
fn the_total_is_that_of_the_reports() {
    let rows = |month: &str, next: &str, acme: &str| {
        format!(
            "customer_id,period_start,period_end,amount,currency,plan,type,invoice_id,status\n\
             acme,{month}-01,{next}-01,{acme},USD,pro,subscription,INV-1,paid\n\
             umbra,{month}-01,{next}-01,100.00,USD,pro,subscription,INV-2,paid\n"
        )
    };
    let save = |month: &str, next: &str, acme: &str| {
        let revenue = rows(month, next, acme);
        let files = [
            ("revenue.csv", revenue.as_str()),
            ("usage.csv", USAGE),
            ("mapping.csv", NAMES),
        ];
        saved(month, &files, "99", &[])
    };
    let (old, new) = (
        save("2026-09", "2026-10", "50.00"),
        save("2026-10", "2026-11", "90.00"),
    );
    // Umbra earns 100 − 2.50 in both months.
    let out = diff(&old, &new, &["-f=csv"]).out;
    let mut reader = csv::Reader::from_reader(out.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let short: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| vec![&row[0], &row[2], &row[5]])
        .collect();
    assert_eq!(
        short,
        [["acme", "50.00", "40.00"], ["(unchanged)", "97.50", "0.00"]]
    );
    let table = diff(&old, &new, &[]).out;
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    let total = table
        .lines()
        .find(|line| line.starts_with(" Total"))
        .unwrap();
    assert_eq!(
        words(total)[1..],
        ["147.50", "40.00", "0.00", "40.00", "187.50"]
    );
    let same = diff(&old, &old, &[]).out;
    let total = same
        .lines()
        .find(|line| line.starts_with(" Total"))
        .unwrap();
    assert_eq!(
        words(total)[1..],
        ["147.50", "0.00", "0.00", "0.00", "147.50"]
    );
}

/// 90 euros are 99.00 at 1.10 and 108.00 at 1.20.
#[test]
fn another_exchange_rate_of_revenue_is_currency() {
    let euros = |month, rates| {
        plain(month).with(|m| {
            m.paid_in = "EUR";
            m.revenue[0].0 = "90.00";
            m.rates = rates;
        })
    };
    let old = euros("2026-09", vec!["2026-09-01,EUR,USD,1.10"]);
    let new = euros("2026-10", vec!["2026-10-01,EUR,USD,1.20"]);
    assert_eq!(alone(&old, &new), ["currency 9 0"]);
    // 81 euros are a tenth less: 9.90 at the earlier rate; 81 × 0.10 for the rate.
    let less = new.with(|m| m.revenue[0].0 = "81.00");
    assert_eq!(alone(&old, &less), ["currency 8.1 0", "discount -9.9 0"]);
    // The same month with a corrected rate.
    let corrected = euros("2026-09", vec!["2026-09-01,EUR,USD,1.15"]);
    assert_eq!(alone(&old, &corrected), ["currency 4.5 0"]);
    // What comes anew or goes has no second rate: all of it is new, and churn.
    let none = |m: &Month| m.with(|m| m.revenue.clear());
    assert_eq!(alone(&none(&plain("2026-09")), &new), ["new 108 0"]);
    assert_eq!(alone(&old, &none(&plain("2026-10"))), ["churn -99 0"]);
}

#[test]
fn another_exchange_rate_of_bills_is_currency() {
    let euros = |month: &'static str, requests: u32, rate| {
        let millions = requests * 1_000_000;
        let row = format!("{month}-05,openai,gpt-4o,input,{millions},{requests}.00,EUR");
        plain(month).with(|m| {
            m.usage[0].2 = requests;
            m.bill = vec![row];
            m.rates = vec![rate];
        })
    };
    let old = euros("2026-09", 10, "2026-09-05,EUR,USD,1.10");
    // 10 euros are 11.00 and then 12.00.
    let new = euros("2026-10", 10, "2026-10-05,EUR,USD,1.20");
    assert_eq!(alone(&old, &new), ["currency 0 1"]);
    // Four requests more at the earlier 1.10 each, then 14 × 0.10.
    let new = euros("2026-10", 14, "2026-10-05,EUR,USD,1.20");
    assert_eq!(alone(&old, &new), ["currency 0 1.4", "volume 0 4.4"]);
}

/// List prices are in dollars: 25 dollars are 20.00 euros at 0.80, and 22.50 at 0.90.
#[test]
fn another_exchange_rate_of_list_prices_is_currency() {
    let euros = |month, requests, rate| {
        plain(month).with(|m| {
            m.usage[0].2 = requests;
            m.report_in = "EUR";
            m.paid_in = "EUR";
            m.rates = vec![rate];
        })
    };
    let old = euros("2026-09", 10, "2026-09-05,USD,EUR,0.80");
    let new = euros("2026-10", 10, "2026-10-05,USD,EUR,0.90");
    assert_eq!(alone(&old, &new), ["currency 0 2.5"]);
    // Two requests more at 2.00, then 12 × 0.25.
    let new = euros("2026-10", 12, "2026-10-05,USD,EUR,0.90");
    assert_eq!(alone(&old, &new), ["currency 0 3", "volume 0 4"]);
    // Dearer list prices stay apart: 10 dollars are 8.00; 12 at 0.80 are 9.60, at 0.90 10.80.
    let house = |m: Month| m.with(|m| m.usage[0].0 = "house-1");
    let (old, new) = (
        house(old),
        house(euros("2026-10", 10, "2026-10-05,USD,EUR,0.90")),
    );
    assert_eq!(alone(&old, &new), ["currency 0 1.2", "unit_price 0 1.6"]);
}

#[test]
fn a_currency_that_was_not_there_has_no_earlier_rate_and_that_is_said() {
    let old = plain("2026-09").with(|m| m.rates = vec!["2026-09-01,EUR,USD,1.10"]);
    let new = plain("2026-10").with(|m| {
        m.paid_in = "EUR";
        m.revenue[0].0 = "90.00";
        m.rates = vec!["2026-10-01,EUR,USD,1.20"];
    });
    let (old, new) = (old.saved(), new.saved());
    // 108.00 for a plan of 99.00 is more than one of it.
    assert_eq!(of_acme(&old, &new), ["volume 9 0"]);
    let run = diff(&old, &new, &[]);
    assert!(
        run.out
            .contains("nothing was converted from EUR in the earlier report"),
        "{}",
        run.out
    );
}

/// Receipts of the first version have no version, no failures and no amounts in other currencies.
#[test]
fn receipts_of_the_first_version_are_still_read() {
    let euros = |month, rate| {
        plain(month).with(|m| {
            m.paid_in = "EUR";
            m.revenue[0].0 = "90.00";
            m.rates = vec![rate];
        })
    };
    let first = |saved: &str| {
        let mut saved: Value = serde_json::from_str(saved).unwrap();
        saved
            .as_object_mut()
            .unwrap()
            .remove("receipt_version")
            .unwrap();
        for entry in saved["receipt"].as_array_mut().unwrap() {
            for line in entry["revenue"].as_array_mut().unwrap() {
                line.as_object_mut().unwrap().remove("from").unwrap();
            }
        }
        saved.to_string()
    };
    let old = euros("2026-09", "2026-09-01,EUR,USD,1.10").saved();
    let new = euros("2026-10", "2026-10-01,EUR,USD,1.20").saved();
    for (old, new) in [(first(&old), new.clone()), (old.clone(), first(&new))] {
        assert_eq!(of_acme(&old, &new), ["volume 9 0"]);
        let run = diff(&old, &new, &[]);
        assert!(run.out.contains("saved by an earlier tanso"), "{}", run.out);
    }
    let newer = new.replace("\"receipt_version\": 2", "\"receipt_version\": 3");
    let run = diff(&old, &newer, &[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("saved by a newer tanso"), "{}", run.err);
}

/// The receipt is made of the same costs as the report: what else the report is asked for changes
/// no digit of it.
#[test]
fn reports_with_and_without_a_receipt_say_the_same() {
    let month = plain("2026-10").with(|m| {
        m.usage.push(("gpt-4o", "failed", 3, [7, 3, 1]));
        m.usage.push(("gpt-4o-mini", "ok", 7, [11, 0, 13]));
        m.bill = vec![
            "2026-10-05,openai,gpt-4o,input,10021000,25.07,USD".into(),
            "2026-10-05,openai,,,,0.31,USD".into(),
        ];
    });
    let parsed = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let with = parsed(&month.saved());
    let without = parsed(&month.saved_with(&["--top=9"]));
    assert!(with["receipt"].is_array() && without.get("receipt").is_none());
    for part in ["rows", "totals", "unattributed", "tie"] {
        assert_eq!(with[part], without[part], "{part}");
    }
}
