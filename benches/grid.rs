//! A thousand scenarios over a hundred thousand customers, for each kind of value that a range may
//! vary, beside one scenario: what is between the two is the grid, the rest is reading the files.
//!
//! `cargo bench --bench grid`

use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

const CUSTOMERS: u64 = 100_000;

/// What varies, a thousand values of it, and one.
const KINDS: [(&str, &str, &str, &str); 10] = [
    ("price", "--plan", "pro=1..1000:1", "pro=149"),
    (
        "discount",
        "--discount",
        "plan=pro:0%..99.9%:0.1%",
        "plan=pro:10%",
    ),
    (
        "usage",
        "--usage",
        "plan=pro:+0%..+99.9%:0.1%",
        "plan=pro:+10%",
    ),
    (
        "provider price",
        "--provider-price",
        "openai=-99.9%..-0%:0.1%",
        "openai=-10%",
    ),
    (
        "overage",
        "--plan",
        "pro=included=100 requests,overage=0.001..1:0.001",
        "pro=included=100 requests,overage=0.01",
    ),
    (
        "included",
        "--plan",
        "pro=included=1..1000:1 requests,overage=0.01",
        "pro=included=100 requests,overage=0.01",
    ),
    (
        "cap",
        "--plan",
        "pro=cap=1..1000:1 requests",
        "pro=cap=500 requests",
    ),
    (
        "minimum",
        "--plan",
        "pro=minimum=1..1000:1",
        "pro=minimum=90",
    ),
    (
        "tokens",
        "--model",
        "gpt-4.1=gpt-4o-mini:tokens=0.501..1.5:0.001",
        "gpt-4.1=gpt-4o-mini:tokens=1.1",
    ),
    (
        "price of a meter",
        "--provider-price",
        "openai/gpt-4.1.output=+0.1%..+100%:0.1%",
        "openai/gpt-4.1.output=+10%",
    ),
];

/// Writes the files once: each customer has one invoice and one row of usage of its own size.
fn files() -> &'static [PathBuf; 3] {
    static FILES: OnceLock<(tempfile::TempDir, [PathBuf; 3])> = OnceLock::new();
    let (_, files) = FILES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut revenue =
            String::from("customer_id,period_start,period_end,amount,currency,plan,type\n");
        let mut usage = String::from(
            "timestamp,customer_id,provider,model,requests,input_tokens,output_tokens\n",
        );
        for at in 0..CUSTOMERS {
            let amount = [99, 89, 79][(at % 3) as usize];
            let requests = at * 7919 % 1009;
            let tokens = requests * 1000 + at % 997;
            writeln!(
                revenue,
                "c{at:06},2026-10-01,2026-11-01,{amount}.00,USD,pro,recurring"
            )
            .expect("text grows");
            writeln!(
                usage,
                "2026-10-05T12:00:00Z,c{at:06},openai,gpt-4.1,{requests},{tokens},{requests}"
            )
            .expect("text grows");
        }
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let config = put("tanso.toml", "[plan.pro]\nprice = \"99\"\n");
        let files = [
            config,
            put("revenue.csv", &revenue),
            put("usage.csv", &usage),
        ];
        (folder, files)
    });
    files
}

fn simulate(option: &str, value: &str) -> Vec<u8> {
    let [config, revenue, usage] = files();
    let words = [
        "simulate",
        "--quiet",
        "--month=2026-10",
        "--format=csv",
        option,
        value,
    ];
    let mut arguments: Vec<OsString> = words.map(OsString::from).into();
    arguments.push("--config".into());
    arguments.extend([config, revenue, usage].map(OsString::from));
    let mut console = tanso::cli::Console::default();
    let code = tanso::cli::run(arguments, &mut console);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&console.err));
    console.out
}

fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.0)
}

fn of(name: &str) -> &'static (&'static str, &'static str, &'static str, &'static str) {
    let found = KINDS.iter().find(|kind| kind.0 == name);
    found.expect("a kind by its own name")
}

#[divan::bench(args = kinds(), sample_count = 3, sample_size = 1)]
fn one(name: &str) -> Vec<u8> {
    let (_, option, _, value) = of(name);
    simulate(option, value)
}

#[divan::bench(args = kinds(), sample_count = 3, sample_size = 1)]
fn thousand(name: &str) -> Vec<u8> {
    let (_, option, range, _) = of(name);
    simulate(option, range)
}

fn main() {
    files();
    divan::main();
}
