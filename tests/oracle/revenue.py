#!/usr/bin/env python3
"""A second implementation of recognized and deferred revenue, to compare the program with.

    python3 tests/oracle/revenue.py FOLDER… --from 2025-10 --to 2028-01 --as-of 2026-04-01

A FOLDER holds Stripe's tables (invoices.csv, invoice_line_items.csv, taxes.csv, credit_notes.csv,
credit_note_line_items.csv, charges.csv, refunds.csv, disputes.csv) or the Dashboard's exports with all
columns (invoices.csv, payments.csv). The answer is JSON, one line for each folder: revenue by customer and
month, and deferred revenue as of a day. It is written from docs/method.md, shares no code with the
program and uses fractions throughout.

Where the method leaves room, this is what is computed here:

 1  A line is earned over its own period, an invoice of the Dashboard over that of its lines together.
    What is earned by a moment is rounded half to even at the minor unit; a period of no length is
    earned once its moment has passed, and not before its invoice is final.
 2  Amounts that go back are put in the order of time. Each is brought to its part without tax, as a
    running sum that begins anew after a credit note for lines with what that leaves, and shared over
    the lines by what is left of each, as running sums. If nothing is left, or less than the amount,
    what they were at first counts.
 3  A credit note for lines takes the amounts that its lines state; if these are its whole amount they
    include the tax of these lines and are brought to the part without it.
 4  A refund that a credit note names is that credit note. Only succeeded refunds count. In the
    payments export all refunds have one date.
 5  A lost dispute takes what is left of the payment, on the day on which it began.
 6  Voids and write-offs take what is left on their day, but not before the invoice is final. An invoice
    that is paid after all gets it back on the day of the payment, or the day that the invoice states.
 7  A payment without an invoice is revenue when it is made, tax or not.
 8  Deferred: what final invoices have billed by a day, less what was earned and taken back by then.
    Payments without an invoice have no part in it.
"""

import argparse
import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

from oracle import number, rows_of, seconds, show

WHOLE = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
THOUSANDTHS = {"bhd", "jod", "kwd", "omr", "tnd"}
HUNDREDTHS_OF_WHOLE = {"isk", "ugx"}


def places_of(currency):
    """Decimals to which revenue is rounded."""
    if currency in WHOLE | HUNDREDTHS_OF_WHOLE:
        return 0
    return 3 if currency in THOUSANDTHS else 2


def from_units(text, currency):
    """An amount of Stripe's tables in major units."""
    decimals = 2 if currency in HUNDREDTHS_OF_WHOLE else places_of(currency)
    return number(text or "0") / 10**decimals


def from_cell(text):
    """An amount of the Dashboard, with a decimal point or comma."""
    return number((text or "0").replace(",", "."))


def rounded(value, places):
    """Half to even; Python's own rounding of fractions is exact."""
    return Fraction(round(value * 10**places), 10**places)


class Line:
    def __init__(self, identifier, net, tax, start, end):
        self.id, self.net, self.tax, self.start, self.end = identifier, net, tax, start, end
        self.taken = []

    def not_before(self, final):
        if self.start == self.end:
            self.start = self.end = max(self.start, final)

    def left(self, before=None):
        return self.net - sum(amount for at, amount in self.taken if before is None or at < before)

    def earned_by(self, moment, places):
        if moment <= self.start:
            return Fraction(0)
        left = self.left(moment)
        if moment >= self.end:
            return left
        return rounded(left * (moment - self.start) / (self.end - self.start), places)


def share(amount, weights, places):
    """Running sums, rounded; the last one is the whole."""
    total, running, before, parts = sum(weights), Fraction(0), Fraction(0), []
    for at, weight in enumerate(weights):
        running += weight
        until = amount if at + 1 == len(weights) or total == 0 else rounded(amount * running / total, places)
        parts.append(until - before)
        before = until
    return parts


class Invoice:
    def __init__(self, row, customer, total, final, lines):
        self.row, self.customer, self.total, self.final, self.lines = row, customer, total, final, lines
        for line in lines:
            line.not_before(final)
        self.back = []  # (moment, gross, lines of a credit note)

    def take_back(self, places):
        net = sum(line.net for line in self.lines)
        gross_left = self.total
        base, gone = (self.total, net), (Fraction(0), Fraction(0))
        for at, gross, named in sorted(self.back, key=lambda one: one[:2]):
            net_left = sum(line.left() for line in self.lines)
            if base[0] > 0 and base[1] >= 0:
                part = rounded((gone[0] + gross) * base[1] / base[0], places) - gone[1]
            else:
                part = rounded(gross * net / self.total, places)
            gross_left -= gross
            if named:
                with_tax = sum(amount for _, amount in named) == gross
                for identifier, amount in named:
                    line = next(line for line in self.lines if line.id == identifier)
                    if with_tax:
                        amount = rounded(amount * line.net / (line.net + line.tax), places)
                    line.taken.append((at, amount))
                base = (gross_left, sum(line.left() for line in self.lines))
                gone = (Fraction(0), Fraction(0))
                continue
            gone = (gone[0] + gross, gone[1] + part)
            at_first = net_left == 0 or part > net_left
            weights = [line.net if at_first else line.left() for line in self.lines]
            for line, amount in zip(self.lines, share(part, weights, places)):
                line.taken.append((at, amount))

    def write_off(self, voided, uncollectible, paid):
        lost = voided if voided is not None else uncollectible
        if lost is None:
            return
        lost = max(lost, self.final)
        for line in self.lines:
            left = line.left(lost)
            line.taken.append((lost, left))
            if self.row["status"].lower() == "paid":
                line.taken.append((paid, -left))


def moment(text):
    return seconds(text) if text else None


def read_tables(folder):
    """Invoices and payments from Stripe's tables."""

    def rows(name):
        return [row for row in rows_of(folder, name) or [] if row.get("livemode") != "false"]

    taxes = defaultdict(str)
    for row in rows("taxes.csv"):
        if row["inclusive"] == "true":
            taxes[row["invoice_line_item_id"]] = row["amount"]
    lines = defaultdict(list)
    for row in rows("invoice_line_items.csv"):
        money = {name: from_units(row[name], row["currency"]) for name in ("amount", "total_discount", "total_exclusive_tax")}
        inside = from_units(taxes[row["id"]], row["currency"])
        net = money["amount"] - money["total_discount"] - inside
        tax = money["total_exclusive_tax"] + inside
        lines[row["invoice_id"]].append(
            Line(row["id"], net, tax, seconds(row["period_start"]), seconds(row["period_end"]))
        )
    credited = defaultdict(list)
    for row in rows("credit_note_line_items.csv"):
        credited[row["credit_note_id"]].append(row)
    refunds, disputes = defaultdict(list), defaultdict(list)
    for row in rows("refunds.csv"):
        if row["status"] == "succeeded":
            refunds[row["charge_id"]].append(row)
    for row in rows("disputes.csv"):
        if row["status"] == "lost":
            disputes[row["charge_id"]].append(row)

    invoices, currency, names = {}, "usd", {}
    for row in rows("invoices.csv"):
        currency = row["currency"]
        final = moment(row["status_transitions_finalized_at"]) or seconds(row["date"])
        total = from_units(row["total"], currency)
        invoice = Invoice(row, row["customer_id"], total, final, lines[row["id"]])
        invoice.dates = [moment(row[f"status_transitions_{name}_at"]) for name in ("voided", "marked_uncollectible", "paid")]
        invoices[row["id"]] = invoice
    paid_out = set()
    for row in rows("credit_notes.csv"):
        if row["status"] == "issued":
            named = [(one["invoice_line_item"], from_units(one["amount"], currency)) for one in credited[row["id"]]]
            invoices[row["invoice_id"]].back.append((seconds(row["created"]), from_units(row["amount"], currency), named))
            paid_out.add(row["refund_id"])
    direct, paid = [], defaultdict(list)
    for row in rows("charges.csv"):
        if row["status"] != "succeeded":
            continue
        currency = row["currency"]
        amount, created = from_units(row["amount"], currency), seconds(row["created"])
        given = [(seconds(one["created"]), from_units(one["amount"], currency), one["id"]) for one in refunds[row["id"]]]
        gone = sum(amount for _, amount, _ in given)
        for one in disputes[row["id"]]:
            given.append((seconds(one["created"]), min(from_units(one["amount"], currency), amount - gone), ""))
        if row["invoice_id"]:
            given = [(at, gross, ()) for at, gross, refund in given if refund not in paid_out or not refund]
            invoices[row["invoice_id"]].back.extend(given)
            paid[row["invoice_id"]].append(created)
        else:
            direct.append((row["customer_id"], created, amount, given))
    return currency, invoices, direct, paid


def read_dashboard(folder):
    """Invoices and payments from the Dashboard's exports."""
    invoices, currency = {}, "usd"
    for row in rows_of(folder, "invoices.csv") or []:
        currency = row["Currency"]
        row["status"] = row["Status"]
        total, tax = from_cell(row["Total"]), from_cell(row["Tax"])
        start = seconds(row["Minimum Line Item Period Start (UTC)"])
        line = Line("", total - tax, tax, start, seconds(row["Maximum Line Item Period End (UTC)"]))
        final = moment(row["Finalized At (UTC)"]) or seconds(row["Date (UTC)"])
        invoice = Invoice(row, row["Customer"], total, final, [line])
        invoice.dates = [moment(row[f"{name} At (UTC)"]) for name in ("Voided", "Marked Uncollectible", "Paid")]
        invoices[row["id"]] = invoice
    direct, paid = [], defaultdict(list)
    for row in rows_of(folder, "payments.csv") or []:
        if row["Mode"] == "Test" or row["Status"] not in ("Paid", "Refunded"):
            continue
        amount, created = from_cell(row["Amount"]), seconds(row["Created date (UTC)"])
        gone, given = from_cell(row["Amount Refunded"]), []
        if gone:
            given.append((seconds(row["Refunded date (UTC)"]), gone, ()))
        if row["Dispute Status"] == "lost":
            lost = min(from_cell(row["Disputed Amount"]), amount - gone)
            given.append((seconds(row["Dispute Date (UTC)"]), lost, ()))
        if row["Invoice ID"]:
            invoices[row["Invoice ID"]].back.extend(given)
            paid[row["Invoice ID"]].append(created)
        else:
            direct.append((row["Customer ID"], created, amount, given))
    return currency, invoices, direct, paid


def months_between(first, last):
    year, month = map(int, first.split("-"))
    while f"{year}-{month:02}" < last:
        name = f"{year}-{month:02}"
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        yield name, seconds(f"{name}-01"), seconds(f"{year}-{month:02}-01")


def report(folder, first, last, as_of):
    is_dashboard = "Amount Due" in (rows_of(folder, "invoices.csv") or [{}])[0]
    read = read_dashboard if is_dashboard else read_tables
    currency, invoices, direct, paid = read(folder)
    places = places_of(currency)
    revenue = defaultdict(lambda: defaultdict(Fraction))
    deferred = defaultdict(Fraction)
    by_customer = defaultdict(Fraction)
    months = list(months_between(first, last))
    end = seconds(as_of)
    for identifier, invoice in invoices.items():
        if invoice.row["status"].lower() == "draft":
            if invoice.final < end:
                deferred["invoiced"] += invoice.total
                deferred["left_out"] += invoice.total
            continue
        invoice.take_back(places)
        voided, uncollectible, stated = invoice.dates
        later = [at for at in paid[identifier] if uncollectible is not None and at >= uncollectible]
        invoice.write_off(voided, uncollectible, min(later) if later else stated)
        billed = invoice.final < end
        for line in invoice.lines:
            before, total = Fraction(0), Fraction(0)
            for name, _, until in months:
                by = line.earned_by(until, places)
                revenue[invoice.customer][name] += by - before
                total += by - before
                before = by
            # Its months sum to what is left of it, to the minor unit.
            if total != line.left():
                raise SystemExit(f"{folder}: the months of {identifier} do not sum to it")
            earned, standing = line.earned_by(end, places), line.left(end)
            deferred["recognized"] += earned
            if billed:
                deferred["invoiced"] += line.net + line.tax
                deferred["tax"] += line.tax
                deferred["taken_back"] += line.net - standing
                deferred["deferred_revenue"] += standing - earned
                by_customer[invoice.customer] += standing - earned
            else:
                deferred["unbilled_revenue"] += earned
                by_customer[invoice.customer] -= earned
    for customer, created, amount, given in direct:
        for name, since, until in months:
            here = amount if since <= created < until else Fraction(0)
            gone = sum((gross for at, gross, _ in given if since <= max(at, created) < until), Fraction(0))
            revenue[customer][name] += here - gone
    names = ("invoiced", "deferred_revenue", "unbilled_revenue", "recognized", "taken_back", "left_out", "tax")
    out = {name: deferred[name] for name in names}
    earned = out["recognized"] + out["taken_back"] + out["left_out"] + out["tax"]
    if out["deferred_revenue"] - out["unbilled_revenue"] + earned != out["invoiced"]:
        raise SystemExit(f"{folder}: deferred revenue does not tie")
    shown = {name: show(amount) for name, amount in out.items()}
    shown["customers"] = {customer: show(amount) for customer, amount in sorted(by_customer.items()) if amount}
    return {
        "months": {
            customer: {name: show(amount) for name, amount in of.items() if amount}
            for customer, of in sorted(revenue.items())
            if any(of.values())
        },
        "deferred": shown,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--from", dest="first", required=True, help="the first month, 2025-10")
    parser.add_argument("--to", dest="last", required=True, help="the first month after the last, 2028-01")
    parser.add_argument("--as-of", required=True, help="the day of deferred revenue, 2026-04-01")
    arguments = parser.parse_args()
    for folder in arguments.folders:
        print(json.dumps(report(folder, arguments.first, arguments.last, arguments.as_of)))


if __name__ == "__main__":
    main()
