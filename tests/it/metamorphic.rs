//! Laws that hold whatever the numbers are: what may change in the files without changing the
//! report, and what must change with them. Named as in the list of invariants, each on 200 worlds.
//!
//! R is the JSON report without the list of input files.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::Value;
use tanso::model::Exact;

use crate::support::{Draw, Run, put, tanso};
use crate::world::{
    Money, Plan, Table, World, exact, law, money_of, report_on, some_plans, without_inputs,
};

fn any(_: &mut Plan) {}

fn same(before: &Value, after: &Value, what: &str) -> Result<(), String> {
    if before == after {
        return Ok(());
    }
    let mut lines = Vec::new();
    let keys = before.as_object().unwrap().keys();
    for key in keys.filter(|key| before[*key] != after[*key]) {
        lines.push(format!("{key}:\n  {}\n  {}", before[key], after[key]));
    }
    Err(format!("{what} changes the report\n{}", lines.join("\n")))
}

/// Both runs succeed and report the same.
fn same_report(before: &Run, after: &Run, what: &str) -> Result<(), String> {
    if (before.code, after.code) != (0, 0) {
        return Err(format!(
            "{what}: exit {} and {}: {}{}",
            before.code, after.code, before.err, after.err
        ));
    }
    same(&without_inputs(before), &without_inputs(after), what)
}

/// The report without what counts or describes rows: money, customers and ties.
fn numbers(run: &Run) -> Value {
    let mut report = without_inputs(run);
    report.as_object_mut().unwrap().remove("notes");
    report
}

fn same_money(before: &Money, after: &Money, what: &str) -> Result<(), String> {
    match before == after {
        true => Ok(()),
        false => Err(format!("{what} moves money\n  {before:?}\n  {after:?}")),
    }
}

/// Whether two amounts differ by at most so many units of 10⁻¹².
fn near(a: Exact, b: Exact, units: u64) -> bool {
    (a - b).abs() <= Exact::new(i128::from(units), 12)
}

#[test]
fn m01_shuffling_rows_changes_nothing() {
    law(any, |world| {
        let mut draw = Draw::new(world.plan.seed ^ 1);
        let mut shuffled = world.clone();
        for table in tables(&mut shuffled) {
            draw.shuffle(&mut table.rows);
        }
        same_report(
            &world.report(&[]),
            &shuffled.report(&[]),
            "another order of rows",
        )
    });
}

fn tables(world: &mut World) -> Vec<&mut Table> {
    let mut tables = vec![&mut world.usage, &mut world.costs, &mut world.revenue];
    tables.extend(world.mapping.as_mut());
    tables
}

/// Bills are split by provider: the days that a file covers are its own.
#[test]
fn m02_splitting_files_changes_nothing() {
    law(any, |world| {
        let folder = tempfile::tempdir().unwrap();
        let whole = world.write(folder.path());
        let mut files = Vec::new();
        for file in &whole {
            let table = match file.rsplit('/').next().unwrap() {
                "usage.csv" => &world.usage,
                "costs.csv" => &world.costs,
                "revenue.csv" => &world.revenue,
                _ => {
                    files.push(file.clone());
                    continue;
                }
            };
            let mut parts = [table.clone(), table.clone()];
            let second = |at: usize, row: &[String]| match std::ptr::eq(table, &world.costs) {
                true => row[1] == "anthropic",
                false => at % 2 == 1,
            };
            for (part, table) in parts.iter_mut().enumerate() {
                let mut at = 0;
                table.rows.retain(|row| {
                    at += 1;
                    second(at, row) == (part == 1)
                });
            }
            for (part, table) in parts.iter().enumerate() {
                if !table.rows.is_empty() {
                    let name = format!("{part}-{}", file.rsplit('/').next().unwrap());
                    files.push(put(folder.path(), &name, table.csv()));
                }
            }
        }
        let (before, after) = (report_on(&whole, &[]), report_on(&files, &[]));
        if (before.code, after.code) != (0, 0) {
            return Err(format!("{}{}", before.err, after.err));
        }
        let without_ties = |run: &Run| {
            let mut report = numbers(run);
            // One tie per revenue file.
            report["tie"].as_object_mut().unwrap().remove("revenue");
            report
        };
        same(
            &without_ties(&before),
            &without_ties(&after),
            "splitting files",
        )
    });
}

#[test]
fn m03_columns_are_found_by_name() {
    law(any, |world| {
        let mut draw = Draw::new(world.plan.seed ^ 3);
        let mut other = world.clone();
        for table in tables(&mut other) {
            let mut order: Vec<usize> = (0..table.header.len()).collect();
            draw.shuffle(&mut order);
            for row in std::iter::once(&mut table.header).chain(&mut table.rows) {
                *row = order.iter().map(|at| row[*at].clone()).collect();
            }
        }
        // A column that nothing reads gets another name, and a second one appears.
        let region = other.usage.column("region");
        other.usage.header[region] = "zone_of_the_data_center".to_string();
        other.usage.header.push("trace".to_string());
        for (at, row) in other.usage.rows.iter_mut().enumerate() {
            row.push(format!("span {at}, \"cold\""));
        }
        let (before, after) = (world.report(&[]), other.report(&[]));
        // Notes name the columns that nothing reads.
        same(
            &numbers(&before),
            &numbers(&after),
            "another order of columns",
        )
    });
}

#[test]
fn m04_the_spelling_of_a_file_changes_nothing() {
    law(any, |world| {
        let folder = tempfile::tempdir().unwrap();
        let files = world.write(folder.path());
        let before = report_on(&files, &[]);
        type Rewrite = fn(&str) -> Vec<u8>;
        let rewrites: [(&str, Rewrite); 6] = [
            ("quotes around every cell", |text| quoted(text).into_bytes()),
            ("CRLF", |text| text.replace('\n', "\r\n").into_bytes()),
            ("a byte order mark", |text| {
                format!("\u{feff}{text}").into_bytes()
            }),
            ("gzip", |text| gzip(text.as_bytes())),
            ("gzip in two members", |text| {
                let (front, back) = text.as_bytes().split_at(text.len() / 2);
                [gzip(front), gzip(back)].concat()
            }),
            ("no line end at the end", |text| {
                text.trim_end().as_bytes().to_vec()
            }),
        ];
        let texts: Vec<String> = files
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect();
        // One spelling per world, each in its turn.
        let (what, rewrite) = rewrites[(world.plan.seed % 6) as usize];
        for (file, text) in files.iter().zip(&texts) {
            std::fs::write(file, rewrite(text)).unwrap();
        }
        // That a line end is missing is said, and nothing else changes.
        let mut after = without_inputs(&report_on(&files, &[]));
        let notes = after["notes"].as_array_mut().unwrap();
        let all = notes.len();
        notes.retain(|note| note["code"] != "N3005");
        let expected = if what.starts_with("no line end") {
            files.len()
        } else {
            0
        };
        if all - notes.len() != expected {
            return Err(format!("{what}: {} notes N3005", all - notes.len()));
        }
        same(&without_inputs(&before), &after, what)
    });
}

fn quoted(text: &str) -> String {
    let line = |line: &str| {
        let cells: Vec<String> = line.split(',').map(|cell| format!("\"{cell}\"")).collect();
        cells.join(",") + "\n"
    };
    text.lines().map(line).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A bill's last digit is its own rounding, so its amounts keep their decimals: zeros are added to
/// the others, and an exponent moves them without adding any.
#[test]
fn m05_the_spelling_of_a_number_changes_nothing() {
    law(any, |world| {
        let mut other = world.clone();
        let padded = |cell: &mut String| {
            if cell.is_empty() {
                return;
            }
            let (sign, digits) = cell
                .strip_prefix('-')
                .map_or(("", &cell[..]), |rest| ("-", rest));
            let point = if digits.contains('.') { "" } else { "." };
            *cell = format!("{sign}00{digits}{point}00");
        };
        let exponent = |cell: &mut String| {
            let (front, back) = cell.split_once('.').unwrap_or((cell, ""));
            *cell = format!("{front}{back}e-{}", back.len());
        };
        rewrite(&mut other.usage, "input_tokens", &padded);
        rewrite(&mut other.costs, "quantity", &padded);
        rewrite(&mut other.costs, "cost", &exponent);
        rewrite(&mut other.revenue, "amount", &padded);
        rewrite(&mut other.revenue, "tax", &padded);
        same_report(
            &world.report(&[]),
            &other.report(&[]),
            "another spelling of numbers",
        )
    });
}

fn rewrite(table: &mut Table, column: &str, with: &dyn Fn(&mut String)) {
    let at = table.column(column);
    for row in &mut table.rows {
        with(&mut row[at]);
    }
}

/// Exact where the splits are; a split may move one unit of 10⁻¹² per charge, k times.
#[test]
fn m06_cost_scales_with_the_bill() {
    law(
        |plan| plan.quantities = true,
        |world| {
            let k = [3u64, 7, 10, 1000][(world.plan.seed % 4) as usize];
            let mut dearer = world.clone();
            let cost = dearer.costs.column("cost");
            for row in &mut dearer.costs.rows {
                let amount = Exact::parse(&row[cost]).unwrap();
                row[cost] = (amount * Exact::from(k)).to_fixed(8);
            }
            let (before, after) = (money_of(&world.report(&[])), money_of(&dearer.report(&[])));
            let units = (k + 1) * 2 * world.costs.rows.len() as u64;
            let scaled = |amount: Exact| amount * Exact::from(k);
            for (customer, row) in &before.rows {
                let other = after.rows.get(customer).ok_or("a customer is gone")?;
                for basis in 1..4 {
                    if !near(scaled(row[basis]), other[basis], units) {
                        return Err(format!(
                            "{customer}: {} × {k} became {}",
                            row[basis], other[basis]
                        ));
                    }
                }
                if row[4] != other[4] {
                    return Err(format!("{customer}: estimated cost depends on the bill"));
                }
            }
            for (reason, amount) in &before.unattributed {
                let other = after.unattributed.get(reason).copied().unwrap_or_default();
                if !near(scaled(*amount), other, units) {
                    return Err(format!("{reason}: {amount} × {k} became {other}"));
                }
            }
            Ok(())
        },
    );
}

/// Where the log has at least what the bill has, only the shares count.
#[test]
fn m07_shares_do_not_depend_on_the_size_of_the_log() {
    law(
        |plan| {
            plan.quantities = true;
            plan.direct = false;
            plan.lost = 0;
        },
        |world| {
            let k = 2 + world.plan.seed % 9;
            let mut larger = world.clone();
            for column in ["input_tokens", "output_tokens"] {
                let at = larger.usage.column(column);
                for row in &mut larger.usage.rows {
                    row[at] = (row[at].parse::<u64>().unwrap() * k).to_string();
                }
            }
            let without_estimates = |world: &World| {
                let mut money = money_of(&world.report(&[]));
                money.rows.values_mut().for_each(|row| row[4] = Exact::ZERO);
                money.cost = Exact::ZERO;
                money
            };
            same_money(
                &without_estimates(world),
                &without_estimates(&larger),
                "a larger log",
            )
        },
    );
}

#[test]
fn m09_rows_of_nothing_move_no_money() {
    law(
        |plan| plan.per_request = false,
        |world| {
            let before = world.report(&[]);
            let mut other = world.clone();
            let mut charge = other.costs.rows[0].clone();
            let (cost, quantity) = (other.costs.column("cost"), other.costs.column("quantity"));
            charge[cost] = "0.00000000".to_string();
            if !charge[quantity].is_empty() {
                charge[quantity] = "0".to_string();
            }
            // A charge of nothing has no rounding of its own in a comparison of quantities.
            if world.plan.quantities {
                other.costs.rows.push(charge);
            }
            if let Some(row) = other.usage.rows.first().cloned() {
                let mut row = row;
                row[1] = "req_nothing".to_string();
                row[6] = "0".to_string();
                row[7] = "0".to_string();
                other.usage.rows.push(row);
            }
            let after = other.report(&[]);
            same_money(&money_of(&before), &money_of(&after), "a row of nothing")?;
            let requests = |run: &Run| exact(&sum_requests(&run.json()));
            let more = if world.usage.rows.is_empty() {
                Exact::ZERO
            } else {
                Exact::ONE
            };
            match requests(&after) == requests(&before) + more {
                true => Ok(()),
                false => Err("the request is not counted".to_string()),
            }
        },
    );
}

fn sum_requests(report: &Value) -> Value {
    let rows = report["rows"].as_array().unwrap().iter();
    let sum: Exact = rows.map(|row| exact(&row["requests"])).sum();
    Value::String(sum.to_string())
}

#[test]
fn m10_a_charge_for_a_customers_own_project_is_that_customers() {
    law(
        |plan| {
            plan.follows = false;
            plan.mapped = true;
        },
        |world| {
            let customer =
                &world.customers[(world.plan.seed % world.customers.len() as u64) as usize];
            let mut other = world.clone();
            let mut charge = vec![String::new(); other.costs.header.len()];
            let day_and_provider = world.costs.rows[0].clone();
            charge[..2].clone_from_slice(&day_and_provider[..2]);
            charge[other.costs.column("cost")] = "12.34000001".to_string();
            charge[other.costs.column("project")] = format!("proj_{customer}");
            charge[other.costs.column("meter")] = "images".to_string();
            other.costs.rows.push(charge);
            let (mut before, after) = (money_of(&world.report(&[])), money_of(&other.report(&[])));
            let more = Exact::parse("12.34000001").unwrap();
            before.rows.entry(customer.clone()).or_default()[1] += more;
            before.cost += more;
            same_money(&before, &after, "a charge for one project")
        },
    );
}

#[test]
fn m11_a_charge_and_its_refund_cancel_out() {
    law(
        |plan| plan.quantities = true,
        |world| {
            let mut other = world.clone();
            let cost = other.costs.column("cost");
            let first = other.costs.rows[0].clone();
            for amount in ["7.77777777", "-7.77777777"] {
                let mut row = first.clone();
                row[cost] = amount.to_string();
                row[other.costs.column("quantity")] = "0".to_string();
                other.costs.rows.push(row);
            }
            if let Some(first) = other.revenue.rows.first().cloned() {
                let (amount, tax) = (other.revenue.column("amount"), other.revenue.column("tax"));
                let invoice = other.revenue.column("invoice_id");
                for (at, money) in ["500.05", "-500.05"].iter().enumerate() {
                    let mut row = first.clone();
                    row[amount] = (*money).to_string();
                    row[tax] = String::new();
                    row[invoice] = format!("INV-X{at}");
                    other.revenue.rows.push(row);
                }
            }
            let (before, after) = (world.report(&[]), other.report(&[]));
            same_money(
                &money_of(&before),
                &money_of(&after),
                "a charge and its refund",
            )
        },
    );
}

#[test]
fn m12_a_repeated_row_is_counted_once() {
    law(any, |world| {
        let Some(row) = world.usage.rows.first().cloned() else {
            return Ok(());
        };
        let mut other = world.clone();
        other.usage.rows.push(row);
        let (before, after) = (world.report(&[]), other.report(&[]));
        same(&numbers(&before), &numbers(&after), "a repeated row")?;
        let duplicates = |run: &Run| {
            let report = run.json();
            let inputs = report["inputs"].as_array().unwrap().clone();
            inputs
                .iter()
                .filter_map(|input| input["rows"]["duplicate"].as_u64())
                .sum::<u64>()
        };
        match duplicates(&after) == duplicates(&before) + 1 {
            true => Ok(()),
            false => Err("the repeat is not counted".to_string()),
        }
    });
}

/// Which customer a unit of 10⁻¹² falls to may change with the names that compete for it.
#[test]
fn m13_what_is_not_mapped_is_shown_not_lost() {
    law(
        |plan| {
            plan.mapped = true;
            plan.direct = false;
        },
        |world| {
            let mut other = world.clone();
            let mapping = other.mapping.as_mut().unwrap();
            let lost = mapping
                .rows
                .iter()
                .position(|row| row[1] == "usage")
                .unwrap();
            let [customer, _, id, _] = <[String; 4]>::try_from(mapping.rows.remove(lost)).unwrap();
            let (before, after) = (money_of(&world.report(&[])), money_of(&other.report(&[])));
            if before.cost != after.cost || before.revenue != after.revenue {
                return Err("the total changes".to_string());
            }
            let row = |money: &Money, name: &str| money.rows.get(name).copied().unwrap_or_default();
            let unmapped = format!("(unmapped) usage:{id}");
            let (was, is) = (row(&before, &customer), row(&after, &customer));
            let moved = row(&after, &unmapped);
            let units = 2 * world.costs.rows.len() as u64;
            for basis in 1..5 {
                if !near(was[basis], is[basis] + moved[basis], units) {
                    return Err(format!("{customer}: {was:?} became {is:?} and {moved:?}"));
                }
            }
            Ok(())
        },
    );
}

#[test]
fn m14_names_that_keep_their_order_change_no_number() {
    law(any, |world| {
        let renamed = |name: &str| format!("{name}-x");
        let mut other = world.clone();
        if let Some(mapping) = &mut other.mapping {
            for row in &mut mapping.rows {
                row[0] = renamed(&row[0]);
            }
        } else {
            for (table, column) in [
                (&mut other.usage, "customer"),
                (&mut other.costs, "customer"),
                (&mut other.revenue, "customer_id"),
            ] {
                let at = table.column(column);
                for row in table
                    .rows
                    .iter_mut()
                    .filter(|row| world.customers.contains(&row[at]))
                {
                    row[at] = renamed(&row[at]);
                }
            }
        }
        let mut before = money_of(&world.report(&[]));
        for customer in &world.customers {
            // A payer without usage is no customer where no mapping says so.
            for name in [customer.clone(), format!("(unmapped) revenue:{customer}")] {
                if let Some(row) = before.rows.remove(&name) {
                    before.rows.insert(renamed(&name), row);
                }
            }
        }
        same_money(&before, &money_of(&other.report(&[])), "other names")
    });
}

#[test]
fn m18_every_row_and_the_total_add_up() {
    law(any, |world| {
        for by in [
            "customer",
            "customer,feature",
            "provider,model",
            "month",
            "customer,basis",
        ] {
            let report = world.report(&["--by", by]).json();
            let by_customer = by == "customer";
            let rows = report["rows"].as_array().unwrap();
            let mut cost = Exact::ZERO;
            for row in rows {
                let bases = row["cost_by_basis"].as_object().unwrap().values();
                let sum: Exact = bases.map(exact).sum();
                if sum != exact(&row["cost"]) {
                    return Err(format!("by {by}: the bases are not the cost: {row}"));
                }
                cost += exact(&row["cost"]);
                if row["revenue"].is_null() {
                    continue;
                }
                let profit = exact(&row["revenue"]) - exact(&row["cost"]);
                if profit != exact(&row["gross_profit"]) {
                    return Err(format!(
                        "by {by}: revenue - cost is not gross profit: {row}"
                    ));
                }
            }
            let left = report["unattributed"].as_array().unwrap();
            cost += left
                .iter()
                .map(|part| exact(&part["amount"]))
                .sum::<Exact>();
            let totals = &report["totals"];
            if cost != exact(&totals["cost"]) {
                return Err(format!(
                    "by {by}: rows and the rest are {cost}, not {}",
                    totals["cost"]
                ));
            }
            let revenue: Exact = rows
                .iter()
                .filter(|row| !row["revenue"].is_null())
                .map(|row| exact(&row["revenue"]))
                .sum();
            if by_customer && revenue != exact(&totals["revenue"]) {
                return Err(format!(
                    "rows have revenue {revenue}, not {}",
                    totals["revenue"]
                ));
            }
            let profit = exact(&totals["revenue"]) - exact(&totals["cost"]);
            if profit != exact(&totals["gross_profit"]) {
                return Err("the total does not add up".to_string());
            }
            for tie in report["tie"]["bill"].as_array().unwrap() {
                let parts = ["direct", "metered", "allocated", "unattributed"];
                let sum: Exact = parts.iter().map(|part| exact(&tie[*part])).sum();
                if sum != exact(&tie["billed"]) || tie["difference"] != "0" {
                    return Err(format!("the bill does not tie: {tie}"));
                }
            }
            for tie in report["tie"]["revenue"].as_array().unwrap() {
                if tie["difference"] != "0" {
                    return Err(format!("revenue does not tie: {tie}"));
                }
            }
        }
        Ok(())
    });
}

/// Every view of a period has the same total.
#[test]
fn m19_every_view_has_one_total() {
    law(any, |world| {
        let of = |by: &str| {
            let totals = world.report(&["--by", by]).json()["totals"].clone();
            [
                "revenue",
                "cost",
                "cost_by_basis",
                "unattributed",
                "gross_profit",
                "gross_margin",
            ]
            .map(|name| totals[name].to_string())
        };
        let total = of("customer");
        for by in [
            "month",
            "provider",
            "customer,day",
            "model,feature",
            "basis",
        ] {
            if of(by) != total {
                return Err(format!("by {by}: {:?} instead of {total:?}", of(by)));
            }
        }
        Ok(())
    });
}

/// What a customer costs of each provider, in each month and on each basis is the same however
/// finely the rows are told apart: coarse rows are summed on a way of their own.
#[test]
fn m19_finer_rows_sum_to_the_coarse_ones() {
    let keys = ["customer", "provider", "month"];
    law(any, |world| {
        let of = |by: &str| {
            let report = world.report(&["--by", by]).json();
            let mut sums: BTreeMap<(String, String), Exact> = BTreeMap::new();
            for row in report["rows"].as_array().unwrap() {
                let key: Vec<&str> = keys.iter().filter_map(|key| row[*key].as_str()).collect();
                for (basis, cost) in row["cost_by_basis"].as_object().unwrap() {
                    *sums.entry((key.join(" "), basis.clone())).or_default() += exact(cost);
                }
            }
            sums.retain(|_, cost| !cost.is_zero());
            sums
        };
        let coarse = of("customer,provider,month");
        for finer in [
            "customer,provider,month,model",
            "customer,provider,month,day,feature",
        ] {
            let sums = of(finer);
            if sums != coarse {
                return Err(format!("by {finer}: {sums:?}\ninstead of {coarse:?}"));
            }
        }
        Ok(())
    });
}

/// In processes, because the surroundings of a process are what must not matter.
#[test]
fn m20_the_surroundings_change_nothing() {
    for plan in some_plans(6) {
        let world = World::of(&plan);
        let folder = tempfile::tempdir().unwrap();
        let files = world.write(folder.path());
        let run = |surroundings: &[(&str, &str)], place: &str, threads: &str, reverse: bool| {
            let mut files = files.clone();
            if reverse {
                files.reverse();
            }
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_tanso"))
                .args([
                    "report",
                    "--no-config",
                    "--month",
                    "2026-10",
                    "--format",
                    "json",
                ])
                .args(["--threads", threads])
                .args(&files)
                .envs(surroundings.iter().copied())
                .current_dir(place)
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
            let inputs = report["inputs"].as_array_mut().unwrap();
            if reverse {
                inputs.reverse();
                return report.to_string().into_bytes();
            }
            match place {
                // The very bytes, where the order of the files is the same.
                "." => output.stdout,
                _ => report.to_string().into_bytes(),
            }
        };
        let plain = run(&[], ".", "1", false);
        let parsed = run(&[], "/", "1", false);
        let others: [&[(&str, &str)]; 5] = [
            &[("TZ", "Asia/Kolkata"), ("LC_ALL", "de_DE.UTF-8")],
            &[("TZ", "America/New_York"), ("LC_ALL", "tr_TR.UTF-8")],
            &[("TZ", "Pacific/Kiritimati"), ("LC_ALL", "C"), ("LANG", "")],
            &[
                ("HOME", "/nonexistent"),
                ("COLUMNS", "40"),
                ("NO_COLOR", "1"),
            ],
            &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")],
        ];
        for (at, surroundings) in others.iter().enumerate() {
            let threads = ["2", "8", "1"][at % 3];
            assert_eq!(
                plain,
                run(surroundings, ".", threads, false),
                "{surroundings:?}"
            );
        }
        assert_eq!(parsed, run(&[], "/", "2", false), "another folder");
        assert_eq!(parsed, run(&[], "/", "1", true), "another order of files");
    }
}

#[test]
fn m21_running_again_gives_the_same_bytes() {
    law(any, |world| {
        let folder = tempfile::tempdir().unwrap();
        let files = world.write(folder.path());
        let out = folder.path().join("out/report.csv");
        std::fs::create_dir(out.parent().unwrap()).unwrap();
        let mut arguments = vec!["report", "--no-config", "--month", "2026-10", "-q"];
        let path = out.to_str().unwrap();
        arguments.extend(["-o", path]);
        arguments.extend(files.iter().map(String::as_str));
        let mut written = Vec::new();
        for _ in 0..2 {
            let run = tanso(&arguments);
            if run.code != 0 || !run.out.is_empty() {
                return Err(format!("exit {}: {}{}", run.code, run.out, run.err));
            }
            written.push(std::fs::read(&out).unwrap());
        }
        let left: Vec<_> = std::fs::read_dir(out.parent().unwrap()).unwrap().collect();
        match written[0] == written[1] && left.len() == 1 {
            true => Ok(()),
            false => Err("the second run writes something else".to_string()),
        }
    });
}
