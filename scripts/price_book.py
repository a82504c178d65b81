#!/usr/bin/env python3
"""Makes data/price-book/prices.csv from the price data of pydantic/genai-prices.

    python3 scripts/price_book.py data_slim.json            writes the book
    python3 scripts/price_book.py data_slim.json --check    exit 1 if the book would change

The source is the file prices/new_data/v2/data_slim.json of that repository; its commit is COMMIT
below and its SHA-256 is written into the head of the book, so that the two can be matched later.
The same source gives the same bytes. Numbers are read and written as decimals, never as floats.

What becomes of the source's rules:

- A model's names are its id and the strings of its `equals`, `starts_with`, `ends_with` and
  `contains` rules, in lower case. They become plain names: a prefix rule also matches models that
  merely begin alike, which may cost something else, so the program compares whole names only.
  PREFIXES below spells out prefixes that are no name themselves.
- Regular expressions are dropped and listed. Those of this source stand for dated snapshots,
  which the program recognizes anyway.
- Dated prices: `from` is the first day (UTC) of the price; blank means always. The source says
  that the last entry which holds wins, so its dates must rise.
- Prices by time of day: a book by day cannot hold them. The dearest entry is kept, so that a cost
  is never understated, and listed.
- Price tiers by context: a row with `context_over` holds the prices of requests whose whole input
  exceeds that many tokens; its blank cells are those of the row before without `context_over`.
- Prices for things that are no meter of the program (video, reasoning and citation tokens) are
  dropped and listed. Reasoning tokens are output tokens and cost what those cost.
"""

import argparse
import csv
import hashlib
import io
import json
import re
import sys
from decimal import Decimal
from pathlib import Path

COMMIT = "47df840a of 2026-08-21"
BOOK = Path(__file__).resolve().parent.parent / "data" / "price-book" / "prices.csv"

# Ids of the source that the program spells otherwise (names::provider); all others are kept.
PROVIDERS = {}

# Source key, column. Prices are USD per million tokens, `_kcount` per thousand.
METERS = [
    ("input_mtok", "input"),
    ("cache_read_mtok", "cache_read"),
    ("cache_write_mtok", "cache_write_5m"),
    ("cache_write_1h_mtok", "cache_write_1h"),
    ("output_mtok", "output"),
    ("input_audio_mtok", "input_audio"),
    ("cache_audio_read_mtok", "cache_read_audio"),
    ("output_audio_mtok", "output_audio"),
    ("input_image_mtok", "input_image"),
    ("cache_image_read_mtok", "cache_read_image"),
    ("output_image_mtok", "output_image"),
    ("requests_kcount", "requests"),
    ("web_searches_kcount", "web_searches"),
]
DROPPED_METERS = {
    "input_video_mtok",
    "output_video_mtok",
    "output_reasoning_mtok",
    "output_citation_mtok",
}

# Rules that are no whole name, with the names they stand for; an empty list drops the rule.
PREFIXES = {
    ("openai", "ft:gpt-3.5-turbo"): [
        "ft:gpt-3.5-turbo",
        "ft:gpt-3.5-turbo-0125",
        "ft:gpt-3.5-turbo-0613",
        "ft:gpt-3.5-turbo-1106",
    ],
    ("openai", "ft:gpt-3.5-turbo-"): [],
    ("openai", "ft:gpt-4-0"): ["ft:gpt-4-0613"],
    ("openai", "ft:gpt-4o-2024-"): ["ft:gpt-4o"],
    ("openai", "ft:gpt-4o-mini-2024-"): ["ft:gpt-4o-mini"],
    ("openai", "gpt-4o-mini-2024-07-18.ft-"): ["gpt-4o-mini-2024-07-18.ft"],
    ("openai", "gpt-5-nano-"): [],
    ("openai", "computer-use"): ["computer-use", "computer-use-preview"],
    ("anthropic", "claude-2"): ["claude-2", "claude-2.0", "claude-2.1"],
    ("anthropic", "claude-sonnet-4-2025"): [],
    ("anthropic", "claude-sonnet-4@"): [],
    ("google", "claude-opus-4@"): [],
    ("google", "gemini-2.0-flash-0"): [],
    ("google", "gemini-3-flash-preview-"): [],
    ("mistral", "magistral-small-"): [],
    # Titan text embeddings version 2 cost a fifth of version 1; only the id is right.
    ("aws", "amazon.titan-embed-text"): [],
    ("aws", "openai.gpt-oss-120b-1"): ["openai.gpt-oss-120b"],
    ("aws", "openai.gpt-oss-20b-1"): ["openai.gpt-oss-20b"],
    ("aws", "mistral.mistral-7b-instruct-v0"): [],
    ("aws", "mistral.mixtral-8x7b-instruct-v0"): [],
}

# `fallback_model_providers` of the source. lookup.rs states the same rule; a change must be made
# in both places.
FALLBACKS = {"azure": ["openai", "anthropic"], "google": ["anthropic"]}


def rules(match):
    """The (kind, text) pairs of a match expression."""
    if "or" in match:
        return [rule for part in match["or"] for rule in rules(part)]
    if "and" in match:
        raise SystemExit(f"a match with `and` is not understood: {match}")
    return list(match.items())


def model_names(provider, model, said):
    """Every whole name of a model, its id first."""
    identifier = model["id"].lower()
    if provider == "aws":
        # `regional.` is the source's word for the inference profiles of one region.
        identifier = identifier.removeprefix("regional.")
    found = [identifier]
    for kind, text in rules(model["match"]):
        if kind == "regex":
            said.append(f"dropped pattern   {provider}: {text}")
        else:
            found.append(text.lower())
    names = []
    for name in found:
        whole = PREFIXES.get((provider, name), [name])
        if whole != [name]:
            said.append(f"prefix            {provider}: {name} -> {' '.join(whole) or 'dropped'}")
        names += whole
    names = list(dict.fromkeys(names))
    for name in names:
        if not re.fullmatch(r"[!-~]+", name) or "," in name or '"' in name:
            raise SystemExit(f"{provider}: the name {name!r} cannot stand in a list of names")
        if not name[-1].isalnum():
            raise SystemExit(f"{provider}: {name!r} is a prefix; add it to PREFIXES")
    return names


def base(price):
    return price["base"] if isinstance(price, dict) else price


def dated_prices(provider, model, said):
    """[(first day or "", prices)], days rising."""
    prices = model["prices"]
    if isinstance(prices, dict):
        return [("", prices)]
    by_day = {}
    for entry in prices:
        constraint = entry.get("constraint") or {}
        if set(constraint) - {"start_date", "start_time", "end_time"}:
            raise SystemExit(f"{provider} {model['id']}: unknown constraint {constraint}")
        by_day.setdefault(constraint.get("start_date", ""), []).append(entry["prices"])
    if list(by_day) != sorted(by_day):
        raise SystemExit(f"{provider} {model['id']}: the dates of its prices do not rise")
    chosen = []
    for day, entries in by_day.items():
        if len(entries) > 1:
            said.append(f"time of day       {provider}: {model['id']} has {len(entries)} prices, the dearest is kept")
        chosen.append((day, max(entries, key=lambda e: Decimal(str(base(e.get("input_mtok", 0)))))))
    return chosen


def plain(number):
    """A decimal in plain notation without trailing zeros."""
    if isinstance(number, bool) or not isinstance(number, (int, Decimal)):
        raise SystemExit(f"not a price: {number!r}")
    text = format(Decimal(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def price_rows(provider, model, said):
    """The (from, context_over, prices by source key) rows of a model."""
    for day, prices in dated_prices(provider, model, said):
        unknown = set(prices) - DROPPED_METERS - {key for key, _ in METERS}
        if unknown:
            raise SystemExit(f"{provider} {model['id']}: unknown prices {sorted(unknown)}")
        for key in sorted(set(prices) & DROPPED_METERS):
            said.append(f"dropped price     {provider}: {model['id']} {key}")
        starts = sorted(
            {tier["start"] for price in prices.values() if isinstance(price, dict) for tier in price["tiers"]}
        )
        yield day, "", {key: base(price) for key, price in prices.items()}
        for start in starts:
            yield day, start, {
                key: tier["price"]
                for key, price in prices.items()
                if isinstance(price, dict)
                for tier in price["tiers"]
                if tier["start"] == start
            }


def make(source_bytes):
    """The book as text, and what is worth saying about it."""
    source = json.loads(source_bytes, parse_float=Decimal)
    said = []
    out = io.StringIO()
    out.write(
        "# List prices of language models in USD: per million tokens; requests and web_searches per thousand.\n"
        f"# Source: pydantic/genai-prices, prices/new_data/v2/data_slim.json, commit {COMMIT}.\n"
        "# Copyright (c) Pydantic Services Inc., MIT License, see LICENSE beside this file.\n"
        f"# Source sha256: {hashlib.sha256(source_bytes).hexdigest()}\n"
        "# Made by scripts/price_book.py, which documents the columns; do not edit.\n"
    )
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["provider", "names", "from", "context_over"] + [column for _, column in METERS])
    models = 0
    for entry in sorted(source, key=lambda entry: entry["id"]):
        provider = PROVIDERS.get(entry["id"], entry["id"])
        if entry.get("fallback_model_providers", []) != FALLBACKS.get(provider, []):
            raise SystemExit(f"{provider}: its fallback providers have changed; see FALLBACKS")
        for model in entry["models"]:
            models += 1
            names = " ".join(model_names(provider, model, said))
            for day, over, prices in price_rows(provider, model, said):
                cells = [plain(prices[key]) if key in prices else "" for key, _ in METERS]
                writer.writerow([provider, names, day, over] + cells)
    said.append(f"{len(source)} providers, {models} models, {len(out.getvalue())} bytes")
    return out.getvalue(), said


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="data_slim.json of genai-prices")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the book differs")
    arguments = parser.parse_args()
    text, said = make(arguments.source.read_bytes())
    if arguments.check:
        if BOOK.read_bytes() != text.encode():
            raise SystemExit(f"{BOOK.name} is not what this source makes; run without --check")
        print(f"{BOOK.name} is up to date")
        return
    BOOK.parent.mkdir(parents=True, exist_ok=True)
    BOOK.write_bytes(text.encode())
    print("\n".join(said))


if __name__ == "__main__":
    sys.exit(main())
