#!/usr/bin/env python3
"""Writes a large synthetic usage log with the bill and the invoices that belong to it.

    python3 scripts/make_log.py OUT                       1,000,000 rows
    python3 scripts/make_log.py OUT --rows 10000000       ten times as many
    python3 scripts/make_log.py OUT --rows 12000000 --even
                                                          every customer, day and model

Into the folder OUT go, always the same for the same options:

    usage.csv          the log: one row per request of October 2026; 2 % of the rows repeat an
                       earlier one with the same request id, 1 % come late, up to 5,000 rows
    bill.csv           the bill by day, provider, model and meter, with quantities
    bill-ungrouped.csv the same money by day and provider alone
    invoices.csv       one Stripe invoice per customer, in the columns of Stripe's export
    mapping.csv        which Stripe customer is which customer of the log
    totals.txt         rows, distinct requests, bill and revenue, for comparison with a report

Use is skewed: customer k of n has a share of about 1/k, the afternoon is busier than the night, and
now and then one customer sends a burst of requests. With --even the rows go round all
customers, days and models instead, which makes as many groups as there can be. The bill holds what
the log holds, each distinct request once. Every name is invented but those of the models, which
have prices in the book. Tokens are whole numbers and money is decimal: nothing passes through a
float but the random choices. Needs nothing but Python; a million rows take some seconds.
"""

import argparse
import csv
import heapq
import math
import random
from collections import defaultdict
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

DAYS = 31
FEATURES = ["chat", "search", "summary", "extract", "translate", "agent"]
METERS = ["input_tokens", "cache_read_input_tokens", "output_tokens"]
# Provider, model, USD per million tokens of each meter.
MODELS = [
    ("openai", "gpt-4o-mini", ("0.15", "0.075", "0.60")),
    ("openai", "gpt-5-mini", ("0.25", "0.025", "2.00")),
    ("anthropic", "claude-haiku-4-5", ("1.00", "0.10", "5.00")),
    ("anthropic", "claude-sonnet-4-5", ("3.00", "0.30", "15.00")),
]
MODEL_SHARES = [45, 30, 15, 10]
PLANS = ["49.00", "99.00", "499.00"]
HEADER = [
    "timestamp", "request_id", "customer_id", "feature", "provider", "model", *METERS, "region",
]
INVOICE_HEADER = (
    "id,Amount Due,Closed,Currency,Customer,Date (UTC),Paid,Minimum Line Item Period Start (UTC),"
    "Maximum Line Item Period End (UTC),Subscription,Subtotal,Tax,Total,Amount Paid,Status"
)
# Rows kept for repeating: repeats lie near their originals, as retries do.
RECENT = 1000
REPEATS = 0.02
# Rows held back, and for how many rows.
LATE = 0.01
HELD = 5000
# How often a customer begins a burst, and how many requests it has at most.
BURSTS = 0.0005
LONGEST = 400


def customers_of(rng, count, rows, even):
    """The customer of each row."""
    if even:
        return (row // (DAYS * len(MODELS)) % count for row in range(rows))
    weights = list(accumulate(1 / (rank + 10) for rank in range(count)))
    return with_bursts(rng, draw(rng, range(count), weights, rows))


def with_bursts(rng, owners):
    """Lets a customer go on for a while, now and then."""
    left, busy = 0, None
    for owner in owners:
        if left:
            left -= 1
            yield busy
            continue
        if rng.random() < BURSTS:
            left, busy = rng.randrange(LONGEST), owner
        yield owner


def time_of_day(part):
    """The second of the day at which this part of its requests were made: few at night."""
    return min(86_399, int(86_400 * (part + 0.12 * math.sin(2 * math.pi * part))))


def draw(rng, population, weights, rows):
    """Draws by cumulative weights, in blocks, since one by one is slow."""
    while rows > 0:
        block = min(rows, 100_000)
        yield from rng.choices(population, cum_weights=weights, k=block)
        rows -= block


def write_log(rng, path, options):
    """Writes the log; returns the tokens by (day, model), and how many requests are distinct."""
    billed = defaultdict(lambda: [0, 0, 0])
    owners = customers_of(rng, options.customers, options.rows, options.even)
    models = draw(rng, range(len(MODELS)), list(accumulate(MODEL_SHARES)), options.rows)
    recent = []
    distinct = 0
    pick, whole = rng.random, rng.randrange
    with open(path, "w", newline="") as out:
        out.write(",".join(HEADER) + "\n")
        held = []
        for row, (owner, model) in enumerate(zip(owners, models)):
            while held and held[0][0] <= row:
                out.write(heapq.heappop(held)[1])
            if recent and pick() < REPEATS:
                out.write(recent[int(pick() * len(recent))])
                continue
            second = row * DAYS * 86_400 // options.rows
            day = second // 86_400
            if options.even:
                model = row % len(MODELS)
                day = row // len(MODELS) % DAYS
            rest = time_of_day(second % 86_400 / 86_400)
            stamp = f"2026-10-{day + 1:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"
            size = 1 << int(pick() * 8)
            tokens = (int(40 * size * (1 + pick())), int(pick() * 2) * 64 * size, 10 + whole(800))
            name = MODELS[model]
            line = (
                f"{stamp},req_{row:010x}{whole(1 << 32):08x},acct_{owner:06},"
                f"{FEATURES[int(pick() * len(FEATURES))]},{name[0]},{name[1]},"
                f"{tokens[0]},{tokens[1]},{tokens[2]},{'eu' if row & 1 else 'us'}\n"
            )
            if pick() < LATE and not options.even:
                heapq.heappush(held, (row + whole(HELD), line))
            else:
                out.write(line)
            distinct += 1
            sums = billed[day, model]
            for at, count in enumerate(tokens):
                sums[at] += count
            if len(recent) < RECENT:
                recent.append(line)
            else:
                recent[row % RECENT] = line
        for _, line in sorted(held):
            out.write(line)
    return billed, distinct


def write_bills(folder, billed):
    """Writes both bills; returns their total."""
    total = Decimal(0)
    by_provider = defaultdict(Decimal)
    with open(folder / "bill.csv", "w", newline="") as out:
        bill = csv.writer(out, lineterminator="\n")
        bill.writerow(["date", "provider", "model", "token_type", "quantity", "cost", "currency"])
        for (day, model), sums in sorted(billed.items()):
            provider, name, prices = MODELS[model]
            date = f"2026-10-{day + 1:02}"
            for meter, count, price in zip(METERS, sums, prices):
                cost = (count * Decimal(price)).scaleb(-6)
                bill.writerow([date, provider, name, meter, count, f"{cost:f}", "usd"])
                by_provider[date, provider] += cost
                total += cost
    with open(folder / "bill-ungrouped.csv", "w", newline="") as out:
        bill = csv.writer(out, lineterminator="\n")
        bill.writerow(["date", "provider", "cost", "currency"])
        for (date, provider), cost in sorted(by_provider.items()):
            bill.writerow([date, provider, f"{cost:f}", "usd"])
    return total


def write_billing(rng, folder, count):
    """Writes the invoices and the mapping; returns the revenue."""
    total = Decimal(0)
    with (
        open(folder / "invoices.csv", "w", newline="") as invoices,
        open(folder / "mapping.csv", "w", newline="") as mapping,
    ):
        invoices.write(INVOICE_HEADER + "\n")
        mapping.write("customer,source,id,plan\n")
        for owner in range(count):
            price = rng.choices(PLANS, weights=[70, 25, 5])[0]
            total += Decimal(price)
            invoices.write(
                f"in_{owner:06},{price},true,usd,cus_{owner:06},2026-10-01 00:00,true,"
                f"2026-10-01 00:00,2026-11-01 00:00,sub_{owner:06},{price},,{price},{price},paid\n"
            )
            plan = f"plan{PLANS.index(price) + 1}"
            mapping.write(f"acct_{owner:06},usage,acct_{owner:06},{plan}\n")
            mapping.write(f"acct_{owner:06},stripe,cus_{owner:06},{plan}\n")
    return total


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write to")
    parser.add_argument("--rows", type=int, default=1_000_000, help="default: %(default)s")
    parser.add_argument("--customers", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--even", action="store_true", help="go round customers, days and models")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(options.seed)
    billed, distinct = write_log(rng, options.out / "usage.csv", options)
    bill = write_bills(options.out, billed)
    revenue = write_billing(rng, options.out, options.customers)
    totals = f"rows {options.rows}\ndistinct {distinct}\nbill {bill:f}\nrevenue {revenue:f}\n"
    (options.out / "totals.txt").write_text(totals)


if __name__ == "__main__":
    main()
