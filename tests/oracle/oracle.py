#!/usr/bin/env python3
"""A slow, obvious second implementation of docs/method.md, to compare the program with.

    python3 tests/oracle/oracle.py FOLDER… --month 2026-10

A FOLDER holds usage.csv, costs.csv, prices.json and, where there are any, stripe.csv, mapping.csv
and shared.json, and the providers' own counts (openai_usage.csv, anthropic_tokens.csv), in the layouts
that world.py writes. The answer is JSON; amounts are exact strings.
Only the method's defaults are computed. It shares no code with the program, uses fractions
throughout and refuses (exit 1) what it does not understand.

Where the method leaves room, this is what is computed here:

 1  The rows of costs.csv of one provider, credits and tax and other months included, are one
    bill; it covers every day from its first to its last date. Usage outside is estimated.
 2  `project` is looked up in the provider's namespace, `customer` in `usage`. A charge whose id
    nobody holds is treated like one without an id; without a mapping the ids of the log and every
    `customer` of the bill are the customers.
 3  A direct charge must state model, meter and quantity; else it covers no logged usage.
 4  A pool has a billed quantity if all charges of its provider, model and meter in the month have
    one and name a meter; if one lacks it, the whole month of that pool is compared in money.
 5  The month's gap compares all undirected charges with all logged usage left over by direct
    charges on the covered days of the month, days with a charge and no usage included.
    If it is within the tolerance no day of that pool has a rest; else every day is on its own.
 6  The bill's own rounding counts, for each charge of the pool in the month, half of the finest
    digit that the provider's bill writes anywhere, other months and trailing zeros included.
 7  A pool emptied by direct charges has no usage; the coarser match counts all usage, estimated
    days included, for it is of the provider and month.
 8  Where a money comparison of a day, or a coarser match, meets usage without a price, all weigh
    by tokens without a rest if the charge names a meter, else the charge is `unpriced usage`.
    The gap of the month is judged on the usage that has a price.
 9  Credits and tax follow the cost by usage charges only (not one another, not estimated cost).
    The share of the unattributed party has a reason of its own. Without any cost they are
    unattributed as `no usage`. A credit or tax that names a customer is that customer's, directly.
10  Order of ties: customers by id (bytes), then unmapped ids by namespace:id, then the rest.
11  Splits are one per charge, in units of 10^-12 or of the last non-zero digit if finer.
12  An invoice without service period, or of zero length, is recognized when it is finalised, else
    on its date. Void and uncollectible take back what is recognized to the cent by then.
13  Revenue ties: drafts are excluded with their whole total; voided and uncollectible invoices
    leave their tax in `tax`, the net they lose stands under `excluded`, whenever they lose it.
14  A mapping row holds from valid_from (included) to valid_to (excluded), days in UTC.
15  A log without cached tokens counts them in its input: the bill's cache lines join its input pool.
16  A usage record with an id that repeats an earlier record in all columns is a duplicate,
    whatever its month; with other numbers it is refused.
17  A provider's counts give a quantity to the charges of one provider, model, meter and day that
    state none, as one sum. They cover the days from their first row to their last, OpenAI's empty
    days included. If a day is not covered, or has money and no tokens, the whole month of that pool
    takes none of them. A charge without a model is for all models, unless others of its meter have
    one. A provider's counts are never usage here: every world with counts has a log beside them.
18  A shared cost is split tier by tier; a charge of a bill has its part in every tier of its month's
    total. `even` and `fixed` reach customers only, the other rules unmapped ids too, none internal
    accounts. Weights below zero count as none. Without weights it is `nobody to share with`.
"""

import argparse
import csv
import json
from collections import defaultdict
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path

CACHE = {"cache_read", "cache_write_5m", "cache_write_1h"}
PER_REQUEST = {"requests", "web_searches"}
TOLERANCE = Fraction(1, 100)
DAY = 86_400
REST = (2, "")
LOST = {"void": "Voided At (UTC)", "uncollectible": "Marked Uncollectible At (UTC)"}


def number(text):
    """An exact number; nothing is rounded."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, part = digits.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit():
        raise SystemExit(f"not a number: {text!r}")
    return sign * Fraction(int(whole + part), 10 ** len(part))


def significant_places(value):
    """Decimal places without trailing zeros."""
    return next(places for places in range(200) if 10**places % value.denominator == 0)


def show(value):
    """Plain notation, no trailing zeros."""
    places = significant_places(value)
    text = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    point = len(text) - places
    return ("-" if value < 0 else "") + text[:point] + ("." + text[point:] if places else "")


def seconds(text):
    """Seconds since 1970 of `2026-10-01`, `2026-10-01 09:05` or `2026-10-01T09:05:30Z`; UTC."""
    text = text.removesuffix("Z").replace("T", " ")
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp())
        except ValueError:
            continue
    raise SystemExit(f"not a time: {text!r}")


def rows_of(folder, name):
    path = folder / name
    if not path.exists():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        return [{key: (cell or "").strip() for key, cell in row.items()} for row in csv.DictReader(file)]


class Identity:
    """Who holds an id at a time. Holders are (0, customer) or (1, namespace:id) for unmapped."""

    def __init__(self, mapping, stated):
        self.rows = defaultdict(list)
        self.open = mapping is None
        self.names = set(stated if self.open else (row["customer"] for row in mapping))
        self.internal = set()
        for row in mapping or []:
            start = seconds(row["valid_from"]) // DAY if row.get("valid_from") else None
            end = seconds(row["valid_to"]) // DAY if row.get("valid_to") else None
            self.rows[row["source"], row["id"]].append((start, end, row["customer"]))
            if row.get("kind") == "internal":
                self.internal.add(row["customer"])

    def holder(self, namespace, identifier, instant):
        day = instant // DAY
        for start, end, customer in self.rows[namespace, identifier]:
            if (start is None or start <= day) and (end is None or day < end):
                return (0, customer)
        known = identifier in self.names or (self.open and namespace == "usage")
        if known and not self.rows[namespace, identifier]:
            return (0, identifier)
        return (1, f"{namespace}:{identifier}")


def split(amount, weights):
    """Splits an amount over {party: weight}: largest remainders of its absolute value."""
    total = sum(weights.values())
    unit = 10 ** max(12, significant_places(amount))
    units = abs(amount) * unit
    exact = {party: units * weight / total for party, weight in weights.items()}
    parts = {party: share.numerator // share.denominator for party, share in exact.items()}
    left = units.numerator - sum(parts.values())
    order = sorted(weights, key=lambda party: (parts[party] - exact[party], party[0], party[1].encode()))
    for party in order[:left]:
        parts[party] += 1
    return {party: Fraction(-part if amount < 0 else part, unit) for party, part in parts.items()}


class Usage:
    """Logged quantities by (provider, model, meter, day) and holder, requests without a meter."""

    def __init__(self):
        self.quantity, self.requests = (defaultdict(lambda: defaultdict(Fraction)) for _ in range(2))
        self.counts = {"read": 0, "used": 0, "duplicate": 0, "out_of_period": 0}


def read_usage(rows, identity, canonical, month):
    usage, seen = Usage(), {}
    for row in rows:
        usage.counts["read"] += 1
        known = seen.setdefault(row["request_id"], row) if row["request_id"] else row
        if known != row:
            raise SystemExit(f"two records with the id {row['request_id']}")
        instant = seconds(row["timestamp"])
        outside = "" if month[0] <= instant < month[1] else "out_of_period"
        fate = "duplicate" if known is not row else outside or "used"
        usage.counts[fate] += 1
        if fate != "used":
            continue
        holder = identity.holder("usage", row["customer"], instant)
        provider, model, day = row["provider"], canonical(row["model"]), instant // DAY
        for meter in ("input", "output"):
            tokens = number(row[f"{meter}_tokens"])
            if tokens:
                usage.quantity[provider, model, meter, day][holder] += tokens
        usage.requests[provider, model, day][holder] += 1
    return usage


class Books:
    """Cost by holder and basis, unattributed cost by reason, per provider."""

    def __init__(self):
        self.cost = defaultdict(lambda: defaultdict(Fraction))  # holder -> basis
        self.by_provider = defaultdict(lambda: defaultdict(Fraction))  # provider -> basis
        self.party = defaultdict(lambda: defaultdict(Fraction))  # provider -> holder, bill only
        self.unattributed = defaultdict(Fraction)  # (provider, reason)
        self.billed = defaultdict(Fraction)
        self.unpriced = defaultdict(Fraction)  # (provider, model, meter)

    def give(self, provider, basis, parts, reason=None):
        for party, amount in parts.items():
            if party == REST:
                self.unattributed[provider, reason] += amount
                continue
            self.cost[party][basis] += amount
            if basis != "estimated":
                self.by_provider[provider][basis] += amount
                self.party[provider][party] += amount


def weight_of(usage, prices, keys, by):
    """Weights of the holders over usage keys: `tokens`, or `book` (None if any lacks a price)."""
    weights = defaultdict(Fraction)
    for provider, model, meter, day in keys:
        price = Fraction(1)
        if by == "book":
            price = prices.get((provider, model, meter))
            if price is None:
                return None
        for holder, tokens in usage[provider, model, meter, day].items():
            if tokens * price:
                weights[holder] += tokens * price
    return weights


def read_charges(rows, identity, canonical, month):
    """Charges of the month, and by provider the first and last day of its bill."""
    charges, span, finest = [], {}, defaultdict(int)
    for row in rows:
        finest[row["provider"]] = max(finest[row["provider"]], len(row["cost"].partition(".")[2]))
    for row in rows:
        instant = seconds(row["date"])
        provider, day = row["provider"], instant // DAY
        first, last = span.get(provider, (day, day))
        span[provider] = (min(first, day), max(last, day))
        if not month[0] <= instant < month[1]:
            continue
        holder = None
        for namespace, column in ((provider, "project"), ("usage", "customer")):
            if row.get(column) and holder is None:
                found = identity.holder(namespace, row[column], instant)
                holder = found if found[0] == 0 else None
        kind = (row.get("category") or "usage").lower()
        if kind not in ("usage", "credit", "tax"):
            raise SystemExit(f"unknown category {kind!r}")
        charges.append(
            {
                "provider": provider,
                "day": day,
                "model": canonical(row["model"]) if row["model"] else None,
                "meter": row["meter"] or None,
                "quantity": number(row["quantity"]) if row["quantity"] else None,
                "amount": number(row["cost"]),
                "half_digit": Fraction(1, 2 * 10 ** finest[provider]),
                "kind": kind,
                "holder": holder,
            }
        )
    return charges, span


def read_counts(folder, canonical):
    """Tokens that providers count by (provider, model, meter, day), and the days they cover."""
    counts, covers = defaultdict(Fraction), defaultdict(set)
    for row in rows_of(folder, "openai_usage.csv") or []:
        day = int(row["start_time"]) // DAY
        covers["openai"].add(day)
        if row["model"]:
            cached = number(row["input_cached_tokens"])
            counts["openai", canonical(row["model"]), "input", day] += number(row["input_tokens"]) - cached
            counts["openai", canonical(row["model"]), "output", day] += number(row["output_tokens"])
    for row in rows_of(folder, "anthropic_tokens.csv") or []:
        day, model = seconds(row["usage_date_utc"]) // DAY, canonical(row["model_version"])
        covers["anthropic"].add(day)
        counts["anthropic", model, "input", day] += number(row["usage_input_tokens_no_cache"])
        counts["anthropic", model, "output", day] += number(row["usage_output_tokens"])
    return counts, {provider: range(min(days), max(days) + 1) for provider, days in covers.items()}


def take_counts(charges, counts, covers, topic):
    """Gives charges without a quantity what the provider counted, a topic's month or nothing."""
    wanting = [c for c in charges if c["kind"] == "usage" and c["quantity"] is None]
    by_model = {(c["provider"], c["meter"]) for c in charges if c["model"]}
    groups, failed = defaultdict(list), set()
    for charge in wanting:
        groups[charge["provider"], charge["model"], charge["meter"], charge["day"]].append(charge)
    given = []
    for (provider, model, meter, day), members in groups.items():
        keys = [k for k in counts if (k[0], k[2], k[3]) == (provider, meter, day) and model in (None, k[1])]
        sum_of = sum((counts[key] for key in keys), Fraction(0))
        told = meter is not None and day in covers.get(provider, ()) and all(c["holder"] is None for c in members)
        told = told and (model is not None or (provider, meter) not in by_model)
        if told and (sum_of or not any(c["amount"] for c in members)):
            given.append((members, sum_of))
        else:
            failed |= {topic(charge) for charge in members}
    for members, sum_of in given:
        if topic(members[0]) not in failed:
            for charge in members:
                charge["quantity"] = Fraction(0)
            members[0]["quantity"] = sum_of


def attribute(charges, span, usage, prices, by_rule, counts, covers):
    books = Books()
    covered = lambda provider, day: provider in span and span[provider][0] <= day <= span[provider][1]

    # Estimated: no bill covers the provider on the day.
    for (provider, model, meter, day), holders in sorted(usage.quantity.items()):
        if covered(provider, day):
            continue
        price = prices.get((provider, model, meter))
        if price is None:
            books.unpriced[provider, model, meter] += sum(holders.values())
        else:
            books.give(provider, "estimated", {holder: price * n for holder, n in holders.items()})

    # Direct charges cover the customer's own logged usage first.
    left = {key: dict(holders) for key, holders in usage.quantity.items()}
    pools = defaultdict(list)
    with_cache = {provider for provider, _, meter, _ in usage.quantity if meter in CACHE}

    def topic(charge):
        provider, meter = charge["provider"], charge["meter"]
        cached_in_input = meter in CACHE and provider not in with_cache
        return provider, charge["model"], "input" if cached_in_input else meter

    take_counts(charges, counts, covers, topic)
    for charge in charges:
        books.billed[charge["provider"]] += charge["amount"]
        if charge["holder"] is None:
            if charge["kind"] == "usage" and charge["provider"] not in by_rule:
                pools[topic(charge)].append(charge)
            continue
        books.give(charge["provider"], "direct", {charge["holder"]: charge["amount"]})
        if charge["kind"] != "usage":
            continue
        key = topic(charge) + (charge["day"],)
        if charge["quantity"] is not None and charge["holder"] in left.get(key, {}):
            left[key][charge["holder"]] = max(0, left[key][charge["holder"]] - charge["quantity"])

    for (provider, model, meter), members in pools.items():
        same = lambda key: key[0] == provider and model in (None, key[1]) and meter in (None, key[2])
        keys = [key for key in left if same(key) and covered(provider, key[3])]
        meter_pool(books, members, meter, left, keys, usage, prices)

    # Credits and tax follow the cost by usage charges.
    followed = {provider: dict(parties) for provider, parties in books.party.items()}
    nobody = dict(books.unattributed)
    for charge in charges:
        if charge["kind"] != "usage" and charge["holder"] is None and charge["provider"] not in by_rule:
            follow(books, charge, followed.get(charge["provider"], {}), nobody)
    return books


def meter_pool(books, members, meter, left, keys, usage, prices):
    """Splits the undirected charges of one provider, model and meter in the month."""
    by_quantity = meter is not None and all(charge["quantity"] is not None for charge in members)
    by, billed = ("tokens", "quantity") if by_quantity else ("book", "amount")
    reason = "unlogged usage" if by_quantity else "unlogged usage or price"
    priced = keys if by_quantity else [key for key in keys if key[:3] in prices]
    due = sum(charge[billed] for charge in members)
    tolerance = TOLERANCE * due
    if not by_quantity:
        tolerance = max(tolerance, sum(charge["half_digit"] for charge in members))
    scaled = due - sum(weight_of(left, prices, priced, by).values()) <= tolerance
    for day in {charge["day"] for charge in members}:
        of_day = [charge for charge in members if charge["day"] == day]
        here = [key for key in keys if key[3] == day and any(left[key].values())]
        weights, basis = weight_of(left, prices, here, by), "metered"
        if weights is None and meter is not None:
            weights, basis = weight_of(left, prices, here, "tokens"), "allocated"
        logged = sum(weights.values()) if weights is not None else None
        due = sum(charge[billed] for charge in of_day)
        if logged and basis == "metered" and not scaled and due > logged:
            weights[REST] = due - logged
        for charge in of_day:
            if logged is None:
                books.give(charge["provider"], None, {REST: charge["amount"]}, "unpriced usage")
            elif not logged:
                coarser(books, charge, usage, prices)
            else:
                books.give(charge["provider"], basis, split(charge["amount"], weights), reason)


def coarser(books, charge, usage, prices):
    """Provider + model + month, then provider + month, by book cost of all usage there."""
    provider = charge["provider"]
    levels = [charge["model"], None] if charge["model"] else [None]
    for model in levels:
        if charge["meter"] in PER_REQUEST:
            weights = defaultdict(Fraction)
            for (of, used, _), holders in usage.requests.items():
                for holder in holders if of == provider and model in (None, used) else ():
                    weights[holder] += holders[holder]
        else:
            keys = [key for key in usage.quantity if key[0] == provider and model in (None, key[1])]
            weights = weight_of(usage.quantity, prices, keys, "book")
            if weights is None and charge["meter"] is None:
                return books.give(provider, None, {REST: charge["amount"]}, "unpriced usage")
            if weights is None:
                weights = weight_of(usage.quantity, prices, keys, "tokens")
        if sum(weights.values()):
            return books.give(provider, "allocated", split(charge["amount"], weights))
    books.give(provider, None, {REST: charge["amount"]}, "no usage")


def follow(books, charge, parties, nobody):
    provider = charge["provider"]
    weights = {party: amount for party, amount in parties.items() if amount}
    rest = sum(amount for (of, _), amount in nobody.items() if of == provider)
    if rest:
        weights[REST] = rest
    if any(weight < 0 for weight in weights.values()):
        raise SystemExit(f"{provider}: a negative cost cannot carry credits or tax")
    if not sum(weights.values()):
        return books.give(provider, None, {REST: charge["amount"]}, "no usage")
    parts = split(charge["amount"], weights)
    books.give(provider, "allocated", parts, "credits and tax of unattributed cost")


def share(books, entries, charges, usage, revenue, identity):
    """Divides the shared costs; returns their ties."""
    caused = {h: max(Fraction(0), c["direct"] + c["metered"]) for h, c in list(books.cost.items())}
    requests, meters = defaultdict(Fraction), defaultdict(lambda: defaultdict(Fraction))
    for holders in usage.requests.values():
        for holder, count in holders.items():
            requests[holder] += count
    for (_, _, meter, _), holders in usage.quantity.items():
        for holder, count in holders.items():
            meters[meter][holder] += count
    there = set(requests) | {holder for holder, amount in revenue.items() if amount}

    def weights(rule):
        split_by = rule["split"]
        if split_by == "even":
            found = {holder: Fraction(1) for holder in there if holder[0] == 0}
        elif split_by == "fixed":
            found = {(0, name): number(part) for name, part in rule["weights"].items()}
        elif split_by == "proportional":
            found = caused
        else:
            driver = split_by.removeprefix("driver:")
            found = {"requests": requests, "revenue": revenue}.get(driver, meters[driver])
        return {h: w for h, w in found.items() if w > 0 and not (h[0] == 0 and h[1] in identity.internal)}

    ties = []
    for entry in entries:
        tiers = entry.get("tiers") or [entry]
        mine = [c["amount"] for c in charges if c["provider"] == entry.get("provider") and c["holder"] is None]
        amounts = [number(entry["amount"])] if "amount" in entry else mine
        whole, parts, below = sum(amounts, Fraction(0)), {}, Fraction(0)
        for place, tier in enumerate(tiers):
            end = max(below, min(whole, number(tier["up_to"])) if "up_to" in tier else whole)
            if end > below:
                parts[0, str(place)] = end - below
            below = end
        provider, allocated = entry.get("provider", entry["name"]), Fraction(0)
        for amount in amounts:
            for (_, place), part in split(amount, parts or {(0, "0"): Fraction(1)}).items():
                of = weights(tiers[int(place)])
                if of:
                    books.give(provider, "allocated", split(part, of))
                    allocated += part
                else:
                    books.give(provider, None, {REST: part}, "nobody to share with")
        tie = {"amount": whole, "allocated": allocated, "unattributed": whole - allocated}
        ties.append({"name": entry["name"]} | {k: show(v) for k, v in tie.items()} | {"difference": "0"})
    return ties


def cents(value):
    """Rounded to the minor unit, half to even."""
    return Fraction(round(value * 100), 100)


def recognized(invoice, instant):
    """What is recognized of an invoice before an instant, contra revenue included."""
    net, (start, end), event = invoice["net"], invoice["period"], invoice["event"]

    def scheduled(at):
        if end <= start:
            return net if at > start else Fraction(0)
        return cents(net * Fraction(min(max(at, start), end) - start, end - start))

    return scheduled(instant) if event is None or instant <= event else Fraction(0)


def read_invoices(rows, identity):
    invoices, drafts = [], None
    for row in rows:
        if row["Currency"] != "usd":
            raise SystemExit("only usd is understood")
        total, tax = number(row["Total"]), number(row["Tax"] or "0")
        if row["Status"] == "draft":
            drafts = (drafts or 0) + total
            continue
        date = seconds(row["Date (UTC)"])
        final = seconds(row["Finalized At (UTC)"] or row["Date (UTC)"])
        first = row["Minimum Line Item Period Start (UTC)"]
        last = row["Maximum Line Item Period End (UTC)"]
        period = (seconds(first), seconds(last)) if first and last else (final, final)
        if period[0] == period[1]:
            period = (final, final)
        column = LOST.get(row["Status"])
        invoices.append(
            {
                "holder": identity.holder("stripe", row["Customer"], date),
                "net": total - tax,
                "total": total,
                "tax": tax,
                "period": period,
                "event": seconds(row[column]) if column else None,
                "lost": row["Status"] if column else None,
            }
        )
    return invoices, drafts


def revenue_of(rows, identity, month):
    """Revenue by holder, and the revenue tie."""
    invoices, drafts = read_invoices(rows, identity)
    revenue, tie, excluded = (defaultdict(Fraction) for _ in range(3))
    excluded |= {} if drafts is None else {"draft": drafts}
    forever = max([month[1]] + [max(i["period"][1], i["event"] or 0) for i in invoices]) + 1
    for invoice in invoices:
        before, until, ever = (recognized(invoice, at) for at in (month[0], month[1], forever))
        revenue[invoice["holder"]] += until - before
        unmapped, payer = invoice["holder"]
        name = "unmapped" if unmapped else "internal" if payer in identity.internal else "customers"
        tie[name] += until - before
        tie["earlier"] += before
        tie["later"] += ever - until
        tie["tax"] += invoice["tax"]
        tie["export"] += invoice["total"]
        if invoice["lost"]:
            excluded[invoice["lost"]] += invoice["net"] - ever
    tie["export"] += drafts or 0
    names = ("customers", "unmapped", "internal", "earlier", "later", "tax")
    difference = tie["export"] - sum(tie[name] for name in names) - sum(excluded.values())
    if difference:
        raise SystemExit("the oracle's own revenue tie is off")
    shown = {name: show(tie[name]) for name in ("export",) + names}
    return revenue, shown | {"excluded": {k: show(v) for k, v in sorted(excluded.items())}, "difference": "0"}


def month_of(text):
    year, month = int(text[:4]), int(text[5:])
    after = f"{year + month // 12}-{month % 12 + 1:02}"
    return seconds(f"{text}-01"), seconds(f"{after}-01")


def report(folder, month_text):
    month = month_of(month_text)
    listed = json.loads((folder / "prices.json").read_text())
    prices = {
        (provider, model, meter): number(price) / 10**6
        for provider, models in listed["usd_per_million"].items()
        for model, meters in models.items()
        for meter, price in meters.items()
    }
    canonical = lambda name: listed["aliases"].get(name, name)
    usage_rows = rows_of(folder, "usage.csv") or []
    cost_rows = rows_of(folder, "costs.csv") or []
    named = {row["customer"] for row in usage_rows + cost_rows if row["customer"]}
    identity = Identity(rows_of(folder, "mapping.csv"), named)
    usage = read_usage(usage_rows, identity, canonical, month)
    charges, span = read_charges(cost_rows, identity, canonical, month)
    path = folder / "shared.json"
    entries = json.loads(path.read_text()) if path.exists() else []
    by_rule = {entry["provider"] for entry in entries if "provider" in entry}
    books = attribute(charges, span, usage, prices, by_rule, *read_counts(folder, canonical))
    revenue, revenue_tie = revenue_of(rows_of(folder, "stripe.csv") or [], identity, month)
    shared = share(books, entries, charges, usage, revenue, identity)

    bases = ("direct", "metered", "allocated", "estimated")
    holders = set(books.cost) | set(revenue) | {h for by in usage.requests.values() for h in by}
    rows, ties = [], []
    for holder in sorted(holders, key=lambda h: (h[0], h[1].encode())):
        cost = books.cost[holder]
        rows.append(
            {
                "customer": ("(unmapped) " if holder[0] else "") + holder[1],
                "revenue": show(revenue[holder]),
                "cost": show(sum(cost.values(), Fraction(0))),
                "cost_by_basis": {basis: show(cost[basis]) for basis in bases},
            }
        )
    unattributed = sorted((key, amount) for key, amount in books.unattributed.items() if amount)
    for provider in sorted(books.billed):
        parts = {basis: books.by_provider[provider][basis] for basis in bases[:3]}
        parts["unattributed"] = sum((a for (of, _), a in unattributed if of == provider), Fraction(0))
        if sum(parts.values()) != books.billed[provider]:
            raise SystemExit(f"the oracle's own bill tie of {provider} is off")
        billed = {"provider": provider, "billed": show(books.billed[provider])}
        ties.append(billed | {name: show(part) for name, part in parts.items()} | {"difference": "0"})
    cost = sum((sum(by.values()) for by in books.cost.values()), sum((a for _, a in unattributed), Fraction(0)))
    return {
        "month": month_text,
        "records": usage.counts,
        "rows": rows,
        "unattributed": [{"provider": p, "reason": r, "amount": show(a)} for (p, r), a in unattributed],
        "unpriced": [
            dict(zip(("provider", "model", "meter", "quantity"), key + (show(tokens),)))
            for key, tokens in sorted(books.unpriced.items())
        ],
        "totals": {"revenue": show(sum(revenue.values(), Fraction(0))), "cost": show(cost)},
        "tie": {"bill": ties, "revenue": revenue_tie, "shared": shared},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="several print one line each")
    parser.add_argument("--month", required=True, help="2026-10")
    arguments = parser.parse_args()
    indent = 1 if len(arguments.folders) == 1 else None
    for folder in arguments.folders:
        print(json.dumps(report(folder, arguments.month), indent=indent, ensure_ascii=False))


if __name__ == "__main__":
    main()
