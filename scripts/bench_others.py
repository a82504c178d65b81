#!/usr/bin/env python3
"""What other engines do with the files of make_log.py, for comparison: one task per run.

    bench_others.py TASK FOLDER

The tasks `…-group` sum the log by customer, feature, model and day and do nothing else; `duckdb-distinct`
drops repeats first. `polars-join` and `pandas-join` make a margin per customer, as a script would: the log
without repeats, each charge of the bill shared by tokens of its day, model and meter, the invoices. They
use binary floats, check nothing and tie nothing. Each prints one line with its total, so that it is seen
to have done its work.
"""

import sys
from pathlib import Path

METERS = ["input_tokens", "cache_read_input_tokens", "output_tokens"]
KEYS = ["customer_id", "feature", "model", "day"]
SCHEMA = {
    "timestamp": "timestamp", "request_id": "varchar", "customer_id": "varchar", "feature": "varchar",
    "provider": "varchar", "model": "varchar", "input_tokens": "bigint", "cache_read_input_tokens": "bigint",
    "output_tokens": "bigint", "region": "varchar",
}


def duckdb_group(folder, distinct=False):
    import duckdb

    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in SCHEMA.items())
    log = f"read_csv('{folder}/usage.csv', header = true, auto_detect = false, delim = ',', quote = '\"', columns = {{{columns}}})"
    if distinct:
        log = f"(select distinct * from {log})"
    sums = ", ".join(f"sum({meter}) as {meter}" for meter in METERS)
    db = duckdb.connect()
    db.execute("set threads = 2")
    rows = db.execute(
        f"create table t as select customer_id, feature, model, cast(timestamp as date) as day, count(*) as n, {sums}"
        f" from {log} group by all"
    ).fetchone()
    total = db.execute("select sum(output_tokens) from t").fetchone()
    print("groups", rows[0], "output", total[0])


def polars_log(folder, source):
    import polars as pl

    if source == "parquet":
        return pl.scan_parquet(folder / "usage.parquet")
    return pl.scan_csv(folder / "usage.csv", schema_overrides={meter: pl.Int64 for meter in METERS})


def polars_group(folder, source="csv"):
    import polars as pl

    groups = (
        polars_log(folder, source)
        .with_columns(day=pl.col("timestamp").str.slice(0, 10))
        .group_by(KEYS)
        .agg(pl.len().alias("n"), *[pl.col(meter).sum() for meter in METERS])
        .collect(engine="streaming")
    )
    print("groups", groups.height, "output", groups["output_tokens"].sum())


def polars_join(folder):
    import polars as pl

    usage = (
        polars_log(folder, "csv")
        .unique(subset=["request_id"])
        .with_columns(day=pl.col("timestamp").str.slice(0, 10))
        .group_by("customer_id", "provider", "model", "day")
        .agg(pl.col(meter).sum() for meter in METERS)
        .unpivot(METERS, index=["customer_id", "provider", "model", "day"], variable_name="meter",
                 value_name="tokens")
        .with_columns(pool=pl.col("tokens").sum().over("provider", "model", "day", "meter"))
    )
    bill = pl.scan_csv(folder / "bill.csv").select(
        day=pl.col("date"), provider="provider", model="model", meter=pl.col("token_type"), cost="cost"
    )
    cost = (
        usage.join(bill, on=["provider", "model", "day", "meter"])
        .with_columns(share=pl.col("cost") * pl.col("tokens") / pl.col("pool"))
        .group_by("customer_id").agg(pl.col("share").sum())
    )
    mapping = pl.scan_csv(folder / "mapping.csv")
    paid = mapping.filter(pl.col("source") == "stripe").join(
        pl.scan_csv(folder / "invoices.csv"), left_on="id", right_on="Customer"
    ).group_by("customer").agg(pl.col("Total").sum())
    owners = mapping.filter(pl.col("source") == "usage").select("id", owner="customer")
    margin = (
        cost.join(owners, left_on="customer_id", right_on="id")
        .join(paid, left_on="owner", right_on="customer", how="full")
        .with_columns(margin=pl.col("Total").fill_null(0) - pl.col("share").fill_null(0))
        .collect(engine="streaming")
    )
    print("customers", margin.height, "cost", margin["share"].sum())


def pandas_join(folder):
    import pandas as pd

    usage = pd.read_csv(folder / "usage.csv", usecols=["timestamp", "request_id", "customer_id", "provider",
                                                       "model", *METERS])
    usage = usage.drop_duplicates("request_id")
    usage["day"] = usage["timestamp"].str[:10]
    keys = ["customer_id", "provider", "model", "day"]
    usage = usage.groupby(keys, as_index=False)[METERS].sum()
    usage = usage.melt(keys, METERS, "meter", "tokens")
    pools = ["provider", "model", "day", "meter"]
    usage["pool"] = usage.groupby(pools)["tokens"].transform("sum")
    bill = pd.read_csv(folder / "bill.csv").rename(columns={"date": "day", "token_type": "meter"})
    usage = usage.merge(bill[[*pools, "cost"]], on=pools)
    usage["share"] = usage["cost"] * usage["tokens"] / usage["pool"]
    cost = usage.groupby("customer_id", as_index=False)["share"].sum()
    mapping = pd.read_csv(folder / "mapping.csv")
    invoices = pd.read_csv(folder / "invoices.csv")
    paid = mapping[mapping["source"] == "stripe"].merge(invoices, left_on="id", right_on="Customer")
    paid = paid.groupby("customer", as_index=False)["Total"].sum()
    owners = mapping[mapping["source"] == "usage"][["id", "customer"]]
    margin = cost.merge(owners, left_on="customer_id", right_on="id").merge(paid, on="customer", how="outer")
    margin["margin"] = margin["Total"].fillna(0) - margin["share"].fillna(0)
    print("customers", len(margin), "cost", margin["share"].sum())


TASKS = {
    "duckdb-group": duckdb_group,
    "duckdb-distinct": lambda folder: duckdb_group(folder, distinct=True),
    "polars-group": polars_group,
    "polars-parquet": lambda folder: polars_group(folder, "parquet"),
    "polars-join": polars_join,
    "pandas-join": pandas_join,
}

if __name__ == "__main__":
    TASKS[sys.argv[1]](Path(sys.argv[2]))
