"""Invents a company and a scenario, and works the scenario out with fractions.

Written from docs/simulate.md, in no code shared with the program. `simulate.py SEED FOLDER` writes the
files into the folder and prints revenue and cost of each customer after the changes, as JSON.

Every usage row has a day of its own, and the bill states exactly its quantities, so that which cost
belongs to whom is beyond doubt and only the scenario is computed.
"""

import json
import os
import random
import sys
from fractions import Fraction as F

# Dollars per million: input, cache_read, output.
MODELS = {
    "gpt-4.1": ("openai", "2", "0.5", "8"),
    "gpt-4o-mini": ("openai", "0.15", "0.075", "0.6"),
    "claude-haiku-4-5": ("anthropic", "1", "0.1", "5"),
}
METERS = ("input", "cache_read", "output")
MONTHS = (("2026-09", 30), ("2026-10", 31))
LIST = {"pro": F(99), "team": F(480)}


def plain(value):
    """A fraction with a power of ten below as a plain decimal."""
    value = F(value)
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
        assert places < 80, value
    digits = str(abs(int(value * 10**places))).rjust(places + 1, "0")
    whole, part = (digits[:-places], digits[-places:]) if places else (digits, "")
    return ("-" if value < 0 else "") + whole + ("." + part if part else "")


def places_of(value):
    text = plain(value)
    return len(text.split(".")[1]) if "." in text else 0


def half_even(value, places):
    scaled = F(value) * 10**places
    low = scaled.numerator // scaled.denominator
    rest = scaled - low
    up = rest > F(1, 2) or (rest == F(1, 2) and low % 2 == 1)
    return F(low + up, 10**places)


def divided(amount, numerator, denominator):
    return half_even(amount * numerator / denominator, max(12, places_of(amount)))


class World:
    def __init__(self, draw):
        self.draw = draw
        names = ["acme", "gull", "kestrel", "tern", "umbra", "wren"]
        self.customers = names[: draw.randint(1, len(names))]
        self.plan = {name: draw.choice(["pro", "team"]) for name in self.customers}
        self.old = {name: draw.random() < 0.6 for name in self.customers}
        self.invoices = []  # customer, month, amount, recurring
        for name in self.customers:
            ratio = F(draw.choice([100, 100, 80, 67, 33]), 100)
            for month, _ in ([("2026-08", 31)] if self.old[name] else []) + list(MONTHS):
                amount = half_even(LIST[self.plan[name]] * ratio, 2)
                self.invoices.append([name, month, amount, True])
            if draw.random() < 0.3:
                self.invoices.append([name, "2026-10", F(draw.randint(1, 9999), 100), False])
        days = [(month, day) for month, count in MONTHS for day in range(1, count + 1)]
        draw.shuffle(days)
        self.usage = []
        count = len(self.customers)
        for at, (month, day) in enumerate(days[: draw.randint(count, 40)]):
            model = draw.choice(list(MODELS))
            quantities = {
                "input": draw.randint(1, 9_000_000),
                "cache_read": draw.choice([0, draw.randint(1, 5_000_000)]),
                "output": draw.choice([0, draw.randint(1, 900_000)]),
            }
            off = F(draw.choice([100, 90, 85, 103]), 100)
            rates = [F(price) / 10**6 for price in MODELS[model][1:]]
            costs = {
                meter: half_even(quantities[meter] * rate * off, draw.choice([2, 6, 8]))
                for meter, rate in zip(METERS, rates)
            }
            self.usage.append(
                {
                    "month": month,
                    "day": day,
                    # Everybody has some usage; without any an id of the revenue file joins nobody.
                    "customer": self.customers[at] if at < count else draw.choice(self.customers),
                    "feature": draw.choice(["chat", "search"]),
                    "model": model,
                    "requests": draw.randint(1, 9000),
                    "quantities": quantities,
                    "costs": costs,
                }
            )

    def write(self, folder):
        def put(name, text):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)

        rows = ["timestamp,customer_id,feature,provider,model,requests,input_tokens,cached_input_tokens,output_tokens"]
        bill = ["date,provider,model,meter,quantity,cost"]
        for row in self.usage:
            day = f"{row['month']}-{row['day']:02}"
            provider = MODELS[row["model"]][0]
            q = row["quantities"]
            # The log's input includes what was cached.
            rows.append(
                f"{day}T12:00:00Z,{row['customer']},{row['feature']},{provider},{row['model']},"
                f"{row['requests']},{q['input'] + q['cache_read']},{q['cache_read']},{q['output']}"
            )
            for meter in METERS:
                if q[meter]:
                    bill.append(f"{day},{provider},{row['model']},{meter},{q[meter]},{plain(row['costs'][meter])}")
        put("usage.csv", "\n".join(rows) + "\n")
        put("costs.csv", "\n".join(bill) + "\n")
        following = {"2026-08": "2026-09-01", "2026-09": "2026-10-01", "2026-10": "2026-11-01"}
        lines = ["customer_id,period_start,period_end,amount,currency,plan,type"]
        for name, month, amount, recurring in self.invoices:
            start, end = (f"{month}-01", following[month]) if recurring else (f"{month}-10", f"{month}-10")
            kind = "recurring" if recurring else "one_off"
            lines.append(f"{name},{start},{end},{plain(amount)},USD,{self.plan[name]},{kind}")
        put("revenue.csv", "\n".join(lines) + "\n")
        prices = "".join(f'[plan.{name}]\nprice = "{plain(price)}"\n' for name, price in LIST.items())
        cached = '[[input]]\npath = "usage.csv"\nformat = "usage-log"\ncached_tokens = "inside input"\n'
        put("tanso.toml", f'inputs = ["costs.csv", "revenue.csv"]\n{cached}{prices}')


def invent_scenario(world, draw):
    """A scenario as data; None where a lever is not used."""
    plans = sorted(set(world.plan.values()))
    plan = draw.choice(plans)
    have = {meter for row in world.usage for meter in METERS if row["quantities"][meter]}
    measures = ["requests", "tokens"] + sorted(have)
    scenario = {"plan": plan, "apply": draw.choice(["now", "now", "new"])}
    scenario["price"] = draw.choice([None, F(149), F(79), F("120.55"), "+12.5%", "-7%"])
    scenario["terms"] = []
    kind = draw.choice(["none", "flat", "graduated", "volume", "credits"])
    if kind != "none":
        tiers = [
            (F(draw.randint(1, 4000)), F(draw.randint(0, 900), 10_000), F(draw.choice([0, 5]))),
            (None, F(draw.randint(0, 900), 100_000), F(draw.choice([0, 7]))),
        ]
        weights = {"requests": F(draw.randint(1, 3)), "output": F(draw.randint(1, 50), 10_000)}
        if "output" not in have:
            del weights["output"]
        scenario["terms"].append(
            {
                "kind": kind,
                "measure": draw.choice(measures[:2]),
                "included": F(draw.choice([0, 1000, 5000])),
                "price": F(draw.randint(1, 90_000), 1_000_000),
                "tiers": tiers,
                "weights": weights,
            }
        )
    cap = (F(draw.choice([100, 4000, 20_000, 3_000_000])), draw.choice(measures))
    scenario["cap"] = draw.choice([None, cap])
    scenario["minimum"] = draw.choice([None, None, F(110), F("250.5")])
    who = draw.choice(world.customers)
    scenario["discount"] = draw.choice([None, ({"customer": who}, F(30)), ({"plan": plan}, F("12.5"))])
    scenario["growth"] = draw.choice(
        [None, ({}, F(50)), ({"plan": plan}, F("-33.3")), ({"customer": who}, F(7))]
    )
    models = sorted({row["model"] for row in world.usage})
    features = sorted({row["feature"] for row in world.usage})
    old = draw.choice(models)
    new = draw.choice([name for name in MODELS if name != old])
    swap = {
        "from": old,
        "to": new,
        "input": F(draw.choice([100, 120]), 100),
        "output": F(draw.choice([100, 90]), 100),
        "cached": draw.choice([None, F(40)]),
        "where": draw.choice([{}, {"feature": draw.choice(features)}, {"plan": plan}]),
    }
    scenario["swap"] = draw.choice([None, swap])
    providers = sorted({MODELS[row["model"]][0] for row in world.usage})
    price = (draw.choice(providers), draw.choice([None, old]), F(draw.choice([-10, 25])))
    if price[1] and MODELS[old][0] != price[0]:
        price = (price[0], None, price[2])
    scenario["provider_price"] = draw.choice([None, price])
    if all(scenario[key] in (None, []) for key in scenario if key not in ("plan", "apply")):
        scenario["price"] = F(149)
    return scenario


def signed(percent):
    return ("+" if percent >= 0 else "") + plain(percent) + "%"


def write_scenario(scenario, folder):
    def where(of):
        return "" if not of else "where = { " + ", ".join(f'{k} = "{v}"' for k, v in of.items()) + " }\n"

    lines = [f'name = "drawn"\napply = "{scenario["apply"]}"\n']
    body = ""
    if scenario["price"] is not None:
        price = scenario["price"]
        body += f'price = "{price if isinstance(price, str) else plain(price)}"\n'
    for term in scenario["terms"]:
        if term["kind"] == "credits":
            weights = ", ".join(f'{meter} = "{plain(weight)}"' for meter, weight in term["weights"].items())
            body += f'credits = "{plain(term["included"])}"\ncredit_price = "{plain(term["price"])}"\nweights = {{ {weights} }}\n'
            continue
        body += f'included = "{plain(term["included"])} {term["measure"]}"\n'
        if term["kind"] == "flat":
            body += f'overage = "{plain(term["price"])}"\n'
            continue
        body += f'tiers_mode = "{term["kind"]}"\ntiers = [\n'
        for up_to, unit, flat in term["tiers"]:
            bound = "" if up_to is None else f'up_to = "{plain(up_to)}", '
            body += f'  {{ {bound}unit_amount = "{plain(unit)}", flat_amount = "{plain(flat)}" }},\n'
        body += "]\n"
    if scenario["cap"]:
        body += f'cap = "{plain(scenario["cap"][0])} {scenario["cap"][1]}"\n'
    if scenario["minimum"] is not None:
        body += f'minimum = "{plain(scenario["minimum"])}"\n'
    if body:
        lines.append(f'[[plan]]\nplan = "{scenario["plan"]}"\n{body}')
    if scenario["discount"]:
        of, percent = scenario["discount"]
        lines.append(f'[[discount]]\ndiscount = "{plain(percent)}%"\n{where(of)}')
    if scenario["growth"]:
        of, percent = scenario["growth"]
        lines.append(f'[[usage]]\nchange = "{signed(percent)}"\n{where(of)}')
    if scenario["swap"]:
        swap = scenario["swap"]
        cached = "" if swap["cached"] is None else f'cached = "{plain(swap["cached"])}%"\n'
        lines.append(
            f'[[model]]\nfrom = "{swap["from"]}"\nto = "{swap["to"]}"\ninput_tokens = "{plain(swap["input"])}"\n'
            f'output_tokens = "{plain(swap["output"])}"\n{cached}{where(swap["where"])}'
        )
    if scenario["provider_price"]:
        provider, model, percent = scenario["provider_price"]
        of_model = f'model = "{model}"\n' if model else ""
        lines.append(f'[[provider_price]]\nprovider = "{provider}"\n{of_model}change = "{signed(percent)}"\n')
    with open(os.path.join(folder, "scenario.toml"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


class Simulation:
    def __init__(self, world, scenario):
        self.world, self.scenario = world, scenario

    def selects(self, of, row):
        values = {"customer": row["customer"], "feature": row["feature"], "plan": self.world.plan[row["customer"]]}
        return all(values[name] == value for name, value in of.items())

    def growth(self, row):
        lever = self.scenario["growth"]
        return F(1) + lever[1] / 100 if lever and self.selects(lever[0], row) else F(1)

    def reaches(self, customer):
        return self.scenario["apply"] == "now" or not self.world.old[customer]

    @staticmethod
    def quantity(row, measure):
        if measure == "requests":
            return F(row["requests"])
        if measure == "tokens":
            return F(sum(row["quantities"].values()))
        return F(row["quantities"][measure])

    def used(self, customer, month, measure):
        rows = [row for row in self.world.usage if row["customer"] == customer and row["month"] == month]
        return sum((self.quantity(row, measure) * self.growth(row) for row in rows), F(0))

    def capped(self, customer, month):
        """Served and used, if a cap cuts the month."""
        cap = self.scenario["cap"]
        if not cap or self.world.plan[customer] != self.scenario["plan"] or not self.reaches(customer):
            return None
        used = self.used(customer, month, cap[1])
        return (cap[0], used) if cap[0] < used else None

    @staticmethod
    def value(model, quantities):
        rates = dict(zip(METERS, MODELS[model][1:]))
        return sum((F(quantities[meter]) * F(rates[meter]) / 10**6 for meter in METERS), F(0))

    def cost(self, row):
        capped = self.capped(row["customer"], row["month"])
        swap = self.scenario["swap"]
        swapped = bool(swap) and swap["from"] == row["model"] and self.selects(swap["where"], row)
        model = swap["to"] if swapped else row["model"]
        total = F(0)
        for meter in METERS:
            amount = row["costs"][meter]
            if not row["quantities"][meter]:
                continue
            amount *= self.growth(row)
            if capped:
                amount = divided(amount, *capped)
            if swapped and amount:
                q = row["quantities"]
                new = {
                    "input": q["input"] * swap["input"],
                    "cache_read": q["cache_read"] * swap["input"],
                    "output": q["output"] * swap["output"],
                }
                if swap["cached"] is not None:
                    prompt = new["input"] + new["cache_read"]
                    new["input"] = prompt * (1 - swap["cached"] / 100)
                    new["cache_read"] = prompt * swap["cached"] / 100
                amount = divided(amount, self.value(model, new), self.value(row["model"], q))
            lever = self.scenario["provider_price"]
            if lever and MODELS[model][0] == lever[0] and lever[1] in (None, model):
                amount *= 1 + lever[2] / 100
            total += amount
        return total

    def term(self, term, customer, month):
        capped = self.capped(customer, month)

        def served(measure):
            quantity = self.used(customer, month, measure)
            if not capped:
                return quantity
            return capped[0] if measure == self.scenario["cap"][1] else divided(quantity, *capped)

        weights = term["weights"] if term["kind"] == "credits" else {term["measure"]: F(1)}
        units = sum((served(measure) * weight for measure, weight in weights.items()), F(0))
        above = max(units - term["included"], F(0))
        if term["kind"] in ("flat", "credits"):
            return half_even(above * term["price"], 2)
        (bound, first, first_flat), (_, second, second_flat) = term["tiers"]
        if above <= bound:
            return half_even(above * first + first_flat, 2)
        if term["kind"] == "volume":
            return half_even(above * second + second_flat, 2)
        return half_even(bound * first + first_flat + (above - bound) * second + second_flat, 2)

    def revenue(self, customer):
        scenario = self.scenario
        on = self.world.plan[customer] == scenario["plan"]
        total = F(0)
        for month, _ in MONTHS:
            recurring = F(0)
            for name, of, amount, recurs in self.world.invoices:
                if name != customer or of != month:
                    continue
                if not recurs:
                    total += amount
                    continue
                factor = F(1)
                price = scenario["price"]
                if on and self.reaches(customer) and price is not None:
                    factor = 1 + F(price[:-1]) / 100 if isinstance(price, str) else price / LIST[scenario["plan"]]
                lever = scenario["discount"]
                row = {"customer": customer, "feature": None}
                if lever and self.reaches(customer) and self.selects(lever[0], row):
                    factor *= 1 - lever[1] / 100
                recurring += half_even(amount * factor, 2)
            if on and self.reaches(customer):
                recurring += sum((self.term(term, customer, month) for term in scenario["terms"]), F(0))
                if scenario["minimum"] is not None:
                    recurring = max(recurring, scenario["minimum"])
            total += recurring
        return total

    def rows(self):
        rows = {}
        for customer in self.world.customers:
            own = [row for row in self.world.usage if row["customer"] == customer]
            cost = sum((self.cost(row) for row in own), F(0))
            rows[customer] = [plain(self.revenue(customer)), plain(cost)]
        return rows


def main():
    seed, folder = int(sys.argv[1]), sys.argv[2]
    draw = random.Random(f"simulate {seed}")
    world = World(draw)
    scenario = invent_scenario(world, draw)
    world.write(folder)
    write_scenario(scenario, folder)
    print(json.dumps(Simulation(world, scenario).rows()))


if __name__ == "__main__":
    main()
