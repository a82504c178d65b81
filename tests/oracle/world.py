#!/usr/bin/env python3
"""Writes one small invented company, for comparing the program with oracle.py.

    python3 tests/oracle/world.py --seed N --out FOLDER
    python3 tests/oracle/world.py --seeds 1..60 --out FOLDER     (into FOLDER/1 … FOLDER/60)

The same seed writes the same bytes. A world is usage.csv, costs.csv, stripe.csv, prices.json, the
shared costs twice (tanso.toml for the program, shared.json) and, in some worlds, mapping.csv and
what the providers count themselves (openai_usage.csv, anthropic_tokens.csv), all of October 2026
with some rows before and after. Prices are the
list prices of real models, so that the program's own price book gives the same numbers.

A true month of requests is drawn first. The bill is made from it; the log is the truth with rows
lost, added, repeated and moved. So under-logging, over-logging, missing days, traffic on the other
side of midnight, bills that begin late or end early, and ungrouped bills all occur, alone and
together.
"""

import argparse
import csv
import json
import random
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal, getcontext
from pathlib import Path

getcontext().prec = 80

MONTH = datetime(2026, 10, 1)
DAYS = 31
CUSTOMERS = ["acme", "umbra", "kestrel", "tern", "gull", "osprey", "plover", "wren"]
FEATURES = ["chat", "search", "summary"]

# USD per million tokens, and the name a bill may use instead.
MODELS = {
    "openai": {
        "gpt-4o-mini": ("0.15", "0.6", "gpt-4o-mini-2024-07-18"),
        "gpt-4.1": ("2", "8", "gpt-4.1-2025-04-14"),
        "gpt-5-mini": ("0.25", "2", "gpt-5-mini-2025-08-07"),
    },
    "anthropic": {
        "claude-haiku-4-5": ("1", "5", "claude-haiku-4-5-20251001"),
        "claude-opus-4-5": ("5", "25", "Claude Opus 4.5"),
    },
}

INVOICE_COLUMNS = (
    "id,Amount Due,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Ending Balance,Forgiven,Paid,Paid At (UTC),"
    "Marked Uncollectible At (UTC),Voided At (UTC),Finalized At (UTC),Minimum Line Item Period Start (UTC),"
    "Maximum Line Item Period End (UTC),Period Start (UTC),Period End (UTC),Starting Balance,Subscription,Subtotal,"
    "Total Discount Amount,Applied Coupons,Tax,Tax Percent,Total,Amount Paid,Status,Exclusive Tax Amount,"
    "Inclusive Tax Amount"
).split(",")


def write(path, columns, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)


OPENAI_USAGE = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,"
    "service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens"
).split(",")
ANTHROPIC_TOKENS = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count"
).split(",")


class World:
    def __init__(self, seed):
        self.draw = random.Random(seed)
        # What providers count is drawn apart, so that the rest of the world does not depend on it.
        self.draw_counts = random.Random(seed * 7919 + 1)
        self.billed = defaultdict(lambda: defaultdict(int))
        self.customers = CUSTOMERS[: self.draw.randint(3, 8)]
        providers = self.draw.choice([["openai"], ["anthropic"], ["openai", "anthropic"]])
        self.models = {p: self.draw.sample(sorted(MODELS[p]), self.draw.randint(1, 2)) for p in providers}
        self.mapped = self.draw.random() < 0.6
        self.days = self.draw.choice([5, 9, 31])
        self.first_day = self.draw.randint(0, DAYS - self.days)
        self.ids = {c: [f"org_{c}{n}" for n in range(self.draw.randint(1, 2))] for c in self.customers}
        self.projects = {}
        if not self.mapped:
            self.ids = {c: [f"cus_{c}"] for c in self.customers}

    def chance(self, p):
        return self.draw.random() < p

    def requests(self):
        """The true requests of the month, and a few of the days around it."""
        ids = [identifier for customer in self.customers for identifier in self.ids[customer]]
        if self.mapped and self.chance(0.5):
            ids.append("org_nobody")
        if self.chance(0.3):
            self.draw.shuffle(ids)
        pairs = [(p, m) for p, models in self.models.items() for m in models]
        rows = []
        for n in range(self.draw.randint(20, 160)):
            offset = self.first_day * 86_400 + self.draw.randrange(self.days * 86_400)
            if self.chance(0.03):
                offset = self.draw.choice([-1, 1]) * self.draw.randrange(86_400) + self.draw.choice([0, DAYS * 86_400])
            provider, model = self.draw.choice(pairs)
            rows.append(
                {
                    "timestamp": MONTH + timedelta(seconds=offset),
                    "request_id": f"req_{n:04}",
                    # The first ids are heavier, so that shares are uneven.
                    "customer": ids[min(self.draw.randrange(len(ids)), self.draw.randrange(len(ids)))],
                    "feature": self.draw.choice(FEATURES),
                    "provider": provider,
                    "model": model,
                    "input_tokens": self.draw.choice([100, self.draw.randint(1, 90_000)]),
                    "output_tokens": self.draw.choice([0, 20, self.draw.randint(1, 9_000)]),
                }
            )
        return sorted(rows, key=lambda row: row["timestamp"])

    def log(self, truth):
        """What the log has of the truth."""
        lost = self.draw.choice([0, 0, 0.005, 0.3])
        added = self.draw.choice([0, 0, 0.3])
        dark = set(self.draw.sample(range(DAYS), self.draw.choice([0, 0, 2])))
        silent = self.draw.choice(sorted(self.models)) if self.chance(0.05) else None
        rows = []
        for row in truth:
            if row["provider"] == silent or self.chance(lost) or row["timestamp"].day - 1 in dark:
                continue
            rows.append(dict(row))
            if self.chance(added):
                rows.append(row | {"request_id": row["request_id"] + "x"})
            if self.chance(0.05):
                rows.append(dict(row))
            if self.chance(0.04):
                rows[-1] = rows[-1] | {"request_id": ""}
        if self.chance(0.3):
            self.draw.shuffle(rows)
        rows = rows or [dict(truth[0])]
        return [row | {"timestamp": row["timestamp"].strftime("%Y-%m-%dT%H:%M:%SZ")} for row in rows]

    def bill(self, truth):
        rows = []
        for provider in self.models:
            rows += self.provider_bill(provider, [row for row in truth if row["provider"] == provider])
        if self.chance(0.5):
            self.draw.shuffle(rows)
        return rows

    def provider_bill(self, provider, truth):
        style = self.draw.choice(["quantity", "quantity", "quantity", "money", "model", "ungrouped"])
        places = self.draw.choice([None, None, 36, 2, 6])
        alias = self.chance(0.5)
        late, early = self.draw.choice([(0, 0), (0, 0), (3, 0), (0, 4)])
        factor = Decimal(self.draw.choice(["1", "1", "1", "0.93", "1.2"]))
        direct = self.direct_ids(provider) if style == "quantity" else {}
        sums = defaultdict(lambda: [Decimal(0), 0])
        for row in truth:
            # Some requests end on the other side of midnight.
            when = row["timestamp"] + timedelta(minutes=20 if self.chance(0.1) else 0)
            if not self.first_day + late <= (when - MONTH).days < self.first_day + self.days - early:
                continue
            model = row["model"]
            prices = MODELS[provider][model]
            scope = direct.get(row["customer"], ("", ""))
            for meter, price in (("input", prices[0]), ("output", prices[1])):
                tokens = row[f"{meter}_tokens"]
                self.billed[provider][when.date(), model, meter] += tokens
                name = prices[2] if alias else model
                named = "" if style == "ungrouped" else name
                key = (when.date(), named, meter if style in ("quantity", "money") else "")
                total = sums[key + scope]
                total[0] += tokens * Decimal(price) / 10**6 * factor
                total[1] += tokens
        rows = []
        for (day, model, meter, project, customer), (cost, tokens) in sorted(sums.items()):
            if not tokens:
                continue
            quantity = tokens if style == "quantity" else ""
            rows.append(self.charge(provider, day, self.written(cost, places), model, meter, quantity))
            rows[-1] |= {"project": project, "customer": customer}
        if rows:
            rows += self.extras(provider, [row["date"] for row in rows])
        return rows

    def direct_ids(self, provider):
        """Log ids whose traffic the bill keeps apart: (project, customer) by id."""
        if not self.chance(0.4):
            return {}
        customer = self.draw.choice(self.customers)
        if self.mapped and self.chance(0.6):
            self.projects[provider] = customer
            return {identifier: (f"proj_{customer}", "") for identifier in self.ids[customer]}
        return {identifier: ("", identifier) for identifier in self.ids[customer]}

    def extras(self, provider, days):
        """Lines that no log explains, credits and tax, on days the bill has anyway."""
        rows = []
        if self.chance(0.4):
            cost, quantity = self.draw.choice([("0.37", 37), ("1", 100)])
            rows.append(self.charge(provider, self.draw.choice(days), cost, "", "web_searches", quantity))
        if self.chance(0.3):
            model = self.draw.choice(self.models[provider])
            rows.append(self.charge(provider, self.draw.choice(days), "0.123456789", model, "cache_read", 1_234_567))
        if self.chance(0.3):
            rows.append(self.charge(provider, self.draw.choice(days), "20.00", "", "", ""))
        for category, costs in (("credit", ["-5", "-0.0100001"]), ("tax", ["1.9", "0.333333333333333"])):
            if self.chance(0.4):
                rows.append(self.charge(provider, self.draw.choice(days), self.draw.choice(costs), "", "", ""))
                rows[-1]["category"] = category
        return rows

    def charge(self, provider, day, cost, model, meter, quantity):
        row = {"date": str(day), "provider": provider, "model": model, "meter": meter, "quantity": quantity, "cost": cost}
        return row | {"project": "", "customer": "", "category": "usage"}

    def written(self, cost, places):
        if places is None:
            return format(cost.normalize(), "f")
        return format(cost.quantize(Decimal(1).scaleb(-places)), "f")

    def counts(self, provider):
        """What the provider counts, by day and model: the billed tokens, or something near them."""
        draw = self.draw_counts
        wrong = draw.choice([1, 1, 1, Decimal("1.25"), Decimal("0.5")])
        lost_model = draw.choice(self.models[provider]) if draw.random() < 0.15 else None
        days = sorted({day for day, _, _ in self.billed[provider]})
        if draw.random() < 0.2:
            days = days[: len(days) // 2]
        rows = defaultdict(lambda: {"input": 0, "output": 0})
        for (day, model, meter), tokens in sorted(self.billed[provider].items()):
            if day in days and model != lost_model:
                rows[day, model][meter] += int(tokens * wrong)
        rows = {key: row for key, row in rows.items() if row["input"] or row["output"]}
        named = {m: draw.choice([m, MODELS[provider][m][2]]) for m in self.models[provider]}
        # Display names are the bill's, never the export's.
        named = {m: m if " " in name else name for m, name in named.items()}
        return {(day, named[model]): row for (day, model), row in rows.items()}, days

    def write_counts(self, folder, log):
        for provider in self.models:
            logged = any(row["provider"] == provider and row["timestamp"] < "2026-11" for row in log)
            logged &= any(row["provider"] == provider and row["timestamp"] >= "2026-10" for row in log)
            counts, days = self.counts(provider)
            if self.draw_counts.random() < 0.3 or not logged or not counts:
                continue
            rows = []
            if provider == "anthropic":
                for (day, model), tokens in counts.items():
                    row = {name: 0 for name in ANTHROPIC_TOKENS if "tokens" in name or "count" in name}
                    row |= {"usage_date_utc": str(day), "model_version": model, "api_key": "chat"}
                    row |= {"workspace": "Default", "usage_type": "standard"}
                    row |= {"usage_input_tokens_no_cache": tokens["input"], "usage_output_tokens": tokens["output"]}
                    rows.append(row)
                write(folder / "anthropic_tokens.csv", ANTHROPIC_TOKENS, rows)
                continue
            for day in days:
                start = int((datetime.combine(day, datetime.min.time()) - datetime(1970, 1, 1)).total_seconds())
                bucket = {"start_time": start, "end_time": start + 86_400}
                here = [(model, tokens) for (of, model), tokens in counts.items() if of == day]
                for model, tokens in here:
                    row = bucket | {"num_model_requests": "1.0", "model": model, "batch": "False"}
                    row |= {"service_tier": "default", "input_cached_tokens": "0.0"}
                    row |= {f"{meter}_tokens": f"{tokens[meter]}.0" for meter in tokens}
                    rows.append(row | {"project_id": "proj_all"})
                if not here:
                    rows.append(bucket)
            write(folder / "openai_usage.csv", OPENAI_USAGE, rows)

    def mapping(self):
        rows = []
        for customer in self.customers:
            kind = "internal" if customer == self.customers[-1] and self.chance(0.4) else ""
            pairs = [("usage", identifier) for identifier in self.ids[customer]] + [("stripe", f"cus_{customer}")]
            rows += [{"customer": customer, "source": s, "id": i, "kind": kind} for s, i in pairs]
        for provider, customer in self.projects.items():
            rows.append({"customer": customer, "source": provider, "id": f"proj_{customer}"})
        if self.chance(0.4):
            # One id moves to another customer within the month.
            day = str((MONTH + timedelta(days=self.first_day + 2)).date())
            moved = self.draw.choice([row for row in rows if row["source"] == "usage"])
            heir = self.draw.choice([c for c in self.customers if c != moved["customer"]])
            rows.append(moved | {"customer": heir, "valid_from": day, "kind": ""})
            moved["valid_to"] = day
        return rows

    def invoices(self):
        rows = []
        payers = [f"cus_{customer}" for customer in self.customers] + ["cus_stranger"]
        for payer in payers:
            for _ in range(self.draw.choice([0, 1, 1, 2, 3])):
                rows.append(self.invoice(f"in_{len(rows):04}", payer))
        return rows

    def invoice(self, identifier, payer):
        draw = self.draw
        start = MONTH + timedelta(minutes=draw.randrange(-70 * 1440, 30 * 1440))
        net = Decimal(draw.choice(["99.00", "499.00", "1200.00", "0.00", "-34.27", "10.01", "0.07"]))
        length = draw.choice([30 * 1440, 31 * 1440, 365 * 1440, 92 * 1440, 7777, 0])
        if net > 1000:
            start -= timedelta(days=draw.choice([0, 200, 330]))
            length = 365 * 1440
        tax = (net * draw.choice([Decimal(0), Decimal("0.2")])).quantize(Decimal("0.01"))
        status = draw.choice(["paid", "paid", "paid", "open", "draft", "void", "uncollectible"])
        at = lambda moment: moment.strftime("%Y-%m-%d %H:%M")
        event = at(start + timedelta(minutes=draw.randrange(90 * 1440)))
        due = max(Decimal(0), net + tax)
        row = {
            "id": identifier,
            "Amount Due": due,
            "Closed": "true",
            "Currency": "usd",
            "Customer": payer,
            "Date (UTC)": at(start),
            "Ending Balance": net + tax - due,
            "Forgiven": "true" if status == "uncollectible" else "",
            "Paid": "true" if status == "paid" else "false",
            "Paid At (UTC)": at(start) if status == "paid" else "",
            "Marked Uncollectible At (UTC)": event if status == "uncollectible" else "",
            "Voided At (UTC)": event if status == "void" else "",
            "Finalized At (UTC)": at(start),
            "Minimum Line Item Period Start (UTC)": at(start),
            "Maximum Line Item Period End (UTC)": at(start + timedelta(minutes=length)),
            "Period Start (UTC)": at(start),
            "Period End (UTC)": at(start + timedelta(minutes=length)),
            "Starting Balance": "0.00",
            "Subscription": f"sub_{payer[4:]}",
            "Subtotal": net,
            "Total Discount Amount": "0.00",
            "Tax": tax,
            "Total": net + tax,
            "Amount Paid": due if status == "paid" else "0.00",
            "Status": status,
            "Exclusive Tax Amount": tax,
            "Inclusive Tax Amount": "0.00",
        }
        if status == "draft":
            row |= {"Finalized At (UTC)": "", "Ending Balance": "", "Paid At (UTC)": ""}
        return row

    def rule(self):
        """How a shared cost, or a tier of it, is divided."""
        rules = ["even", "proportional", "driver:requests", "driver:output", "driver:revenue", "driver:images"]
        if self.mapped:
            rules.append("fixed")
        rule = {"split": self.draw.choice(rules)}
        if rule["split"] == "fixed":
            part = self.draw.randint(1, 999)
            parts = (Decimal(part) / 1000, 1 - Decimal(part) / 1000)
            rule["weights"] = {name: str(weight) for name, weight in zip(self.customers, parts)}
        return rule

    def shared(self):
        """Shared costs, and the charges of those that come from a bill."""
        entries, charges = [], []
        for name in self.draw.choice([[], ["vectors"], ["hosting"], ["vectors", "hosting"]]):
            entry = {"name": name}
            if name == "hosting":
                entry["provider"] = "hosting"
                for cost in self.draw.choice([["0.37"], ["120", "-7.5"], ["33.333333333333333", "10", "0.01"]]):
                    day = (MONTH + timedelta(days=self.draw.randrange(DAYS))).date()
                    charges.append(self.charge("hosting", day, cost, "", "", ""))
            else:
                entry["amount"] = self.draw.choice(["100", "1200.01", "0.000000000001", "7"])
            if self.chance(0.3):
                limits = self.draw.choice([["5"], ["0.1", "50"], ["1000"]])
                entry["tiers"] = [{"up_to": limit} | self.rule() for limit in limits] + [self.rule()]
            else:
                entry |= self.rule()
            entries.append(entry)
        return entries, charges

    def toml(self, value):
        if isinstance(value, str):
            return json.dumps(value)
        if isinstance(value, list):
            return "[" + ", ".join(self.toml(item) for item in value) + "]"
        return "{ " + ", ".join(f"{key} = {self.toml(item)}" for key, item in value.items()) + " }"

    def project(self, entries):
        lines = []
        for entry in entries:
            lines += ["[[shared]]"] + [f"{key} = {self.toml(value)}" for key, value in entry.items()]
        return "\n".join(lines) + "\n"

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        truth = self.requests()
        bill = self.bill(truth)
        log = self.log(truth)
        write(folder / "usage.csv", list(truth[0]), log)
        self.write_counts(folder, log)
        write(folder / "stripe.csv", INVOICE_COLUMNS, self.invoices())
        if self.mapped:
            columns = ["customer", "source", "id", "valid_from", "valid_to", "kind"]
            write(folder / "mapping.csv", columns, self.mapping())
        listed = {
            provider: {model: {"input": prices[0], "output": prices[1]} for model, prices in models.items()}
            for provider, models in MODELS.items()
        }
        aliases = {prices[2]: model for models in MODELS.values() for model, prices in models.items()}
        listed = {"usd_per_million": listed, "aliases": aliases}
        # Drawn last, so that the rest of a world does not depend on it.
        entries, charges = self.shared()
        write(folder / "costs.csv", list(self.charge("", "", "", "", "", "")), bill + charges)
        (folder / "shared.json").write_text(json.dumps(entries, indent=1) + "\n")
        (folder / "tanso.toml").write_text(self.project(entries))
        (folder / "prices.json").write_text(json.dumps(listed, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    seeds = parser.add_mutually_exclusive_group(required=True)
    seeds.add_argument("--seed", type=int)
    seeds.add_argument("--seeds", help="first..last, both included")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.seeds is None:
        World(arguments.seed).write(arguments.out)
        return
    first, _, last = arguments.seeds.partition("..")
    for seed in range(int(first), int(last) + 1):
        World(seed).write(arguments.out / str(seed))


if __name__ == "__main__":
    main()
