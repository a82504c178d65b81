#!/usr/bin/env python3
"""Measures tanso beside other engines on the same files, and writes docs/benchmarks.md.

    python3 scripts/bench.py                       10,000,000 rows and a tenth of them, 5 rounds
    python3 scripts/bench.py --rows 1000000        fewer
    python3 scripts/bench.py --quick               200,000 rows, one round; prints, writes no page

Files are made by make_log.py, always the same. DuckDB, polars and pandas are installed into a virtual
environment in the working folder (--others PYTHON names one that has them; what is not there is left
out). Each round runs every program once, one after another, so that what disturbs the machine disturbs
all of them; a ratio is the median of the rounds' ratios. Times are wall times of whole processes, memory
is the highest resident set. Before anything is timed, the report's totals are compared with what the
generator knows.

Needs a release build: cargo build --release.
"""

import argparse
import gzip
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PACKAGES = ["duckdb", "polars", "pandas", "pyarrow"]
OTHERS = HERE / "bench_others.py"


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = options.work.resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.tanso = options.tanso.resolve()
        self.python = options.others or self.environment()
        self.times = {}

    def environment(self):
        """A Python with the other engines, or none."""
        home = self.work / "venv"
        python = home / "bin/python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", home], check=True)
            for package in PACKAGES:
                done = subprocess.run([python, "-m", "pip", "install", "-q", package])
                if done.returncode:
                    print(f"{package} cannot be installed; it is left out")
        return python

    def version(self, package):
        """The version of a package, or None."""
        script = f"import {package}; print({package}.__version__)"
        done = subprocess.run([self.python, "-c", script], capture_output=True, text=True)
        return done.stdout.strip() or None

    def data(self, rows, *more):
        """The files of so many rows."""
        folder = self.work / "-".join(map(str, (rows, *more))).replace("--", "")
        if not (folder / "totals.txt").exists():
            print(f"making {rows:,} rows")
            words = [sys.executable, HERE / "make_log.py", folder, "--rows", str(rows), *more]
            subprocess.run(words, check=True)
        return folder

    def run(self, words, cache):
        """Runs a program; wall seconds, CPU seconds, megabytes."""
        environment = dict(os.environ, XDG_CACHE_HOME=str(cache))
        begin = time.perf_counter()
        child = subprocess.Popen(list(map(str, words)), env=environment, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
        err = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begin
        if child.returncode:
            sys.exit(f"{words}: {err.decode()[-2000:]}")
        return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000

    def measure(self, programs):
        """Runs each program once per round."""
        for at in range(self.options.rounds):
            for name, words in programs.items():
                self.times.setdefault(name, []).append(self.run(words, self.work / "cache"))
                wall = self.times[name][-1][0]
                print(f"round {at + 1}: {name}: {wall:.2f} s", flush=True)

    def median(self, name, what=0):
        return statistics.median(run[what] for run in self.times[name])

    def ratio(self, name, other, what=0):
        """The median of a program's time over another's, round by round."""
        pairs = zip(self.times[name], self.times[other])
        return statistics.median(one[what] / two[what] for one, two in pairs)

    def check(self, folder):
        """The report must have the bill and the revenue that the generator wrote."""
        words = [self.tanso, *self.report(folder), "--no-cache", "--format", "json"]
        report = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
        wanted = dict(line.split() for line in (folder / "totals.txt").read_text().splitlines())
        for name, total in (("cost", "bill"), ("revenue", "revenue")):
            assert Decimal(report["totals"][name]) == Decimal(wanted[total]), (name, wanted)
        used = sum(file["rows"]["used"] for file in report["inputs"] if file["path"].endswith("usage.csv"))
        assert used == int(wanted["distinct"]), (used, wanted)

    def report(self, folder, log="usage.csv", command="report"):
        files = [folder / name for name in (log, "bill.csv", "invoices.csv", "mapping.csv")]
        return [command, "--no-config", "-q", *map(str, files)]


def parquet(bench, folder):
    """The log as Parquet, if pyarrow is there."""
    path = folder / "usage.parquet"
    script = (
        "import sys, pyarrow.csv as c, pyarrow.parquet as p, pyarrow as a\n"
        "text = {n: a.string() for n in ['timestamp']}\n"
        "t = c.read_csv(sys.argv[1], convert_options=c.ConvertOptions(column_types=text))\n"
        "p.write_table(t, sys.argv[2], compression='zstd')"
    )
    if not path.exists():
        subprocess.run([bench.python, "-c", script, folder / "usage.csv", path], check=True)
    return path


def zstandard(folder):
    """The log as .zst."""
    path = folder / "usage.csv.zst"
    if not path.exists():
        subprocess.run(["zstd", "-q", "-3", "-T1", folder / "usage.csv", "-o", path], check=True)
    return path


def bill_lines(folder, lines):
    """A bill of so many lines in the plain cost table, each of another key."""
    path = folder / f"bill-{lines}.csv"
    if not path.exists():
        with open(path, "w") as out:
            out.write("date,provider,model,meter,quantity,cost,key\n")
            for at in range(lines):
                day, meter = at % 31 + 1, ("input", "output")[at % 2]
                cost = f"{at % 977 + 1}.{at % 1009:04}"
                out.write(f"2026-10-{day:02},openai,gpt-5-mini,{meter},{at % 99991 + 1},{cost},key_{at}\n")
    return path


def packed(folder):
    """The log as .gz."""
    path = folder / "usage.csv.gz"
    if not path.exists():
        with open(folder / "usage.csv", "rb") as plain, gzip.open(path, "wb", 6) as out:
            shutil.copyfileobj(plain, out, 1 << 20)
    return path


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="a short look that writes no page")
    parser.add_argument("--work", type=Path, default=ROOT / "target/bench", help="the working folder")
    parser.add_argument("--tanso", type=Path, default=ROOT / "target/release/tanso", help="the program")
    parser.add_argument("--others", type=Path, help="a Python with duckdb, polars, pandas and pyarrow")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/benchmarks.md", help="the page to write")
    options = parser.parse_args()
    if options.quick:
        options.rows, options.rounds = 200_000, 1
    bench = Bench(options)
    versions = {package: bench.version(package) for package in PACKAGES}
    big, small = bench.data(options.rows), bench.data(max(options.rows // 10, 1000))
    bench.check(small)
    bench.check(big)
    tanso = bench.tanso
    programs = {
        "tanso": [tanso, *bench.report(big), "--no-cache"],
        "tanso, one thread": [tanso, *bench.report(big), "--no-cache", "--threads", "1"],
        "tanso, a tenth of the rows": [tanso, *bench.report(small), "--no-cache"],
        "tanso, by feature too": [tanso, *bench.report(big), "--no-cache", "--by", "feature"],
        "tanso, .gz": [tanso, *bench.report(big, packed(big).name), "--no-cache"],
        "tanso rollup": [tanso, "rollup", "--no-config", "-q", "--no-cache", big / "usage.csv", "-o",
                         bench.work / "rollup.csv"],
    }
    if shutil.which("gzip"):
        programs["gzip -dc"] = ["gzip", "-dc", packed(big)]
    if shutil.which("zstd"):
        programs["tanso, .zst"] = [tanso, *bench.report(big, zstandard(big).name), "--no-cache"]
        programs["zstd -dc"] = ["zstd", "-q", "-dc", zstandard(big)]
    lines = max(options.rows // 10, 1000)
    grid = bench.data(lines // 10, "--customers", str(lines // 10))
    programs["tanso, invoices alone"] = [tanso, "report", "--no-config", "-q", grid / "invoices.csv"]
    programs["tanso, a bill alone"] = [tanso, "report", "--no-config", "-q", bill_lines(grid, lines)]
    simulate = [tanso, *bench.report(grid, command="simulate"), "--no-cache", "--plan"]
    programs["tanso simulate, one price"] = [*simulate, "plan2=+10%"]
    programs["tanso simulate, 1,000 prices"] = [*simulate, "plan2=+0.1%..+100%:0.1%"]
    if versions["duckdb"]:
        programs["DuckDB group by"] = [bench.python, OTHERS, "duckdb-group", big]
        programs["DuckDB group by, distinct"] = [bench.python, OTHERS, "duckdb-distinct", big]
    if versions["polars"]:
        programs["polars group by"] = [bench.python, OTHERS, "polars-group", big]
        programs["polars script"] = [bench.python, OTHERS, "polars-join", big]
    if versions["pandas"]:
        programs["pandas script"] = [bench.python, OTHERS, "pandas-join", big]
    if versions["polars"] and versions["pyarrow"]:
        log = parquet(bench, big).name
        programs["tanso, Parquet"] = [tanso, *bench.report(big, log), "--no-cache"]
        programs["polars group by, Parquet"] = [bench.python, OTHERS, "polars-parquet", big]
    quickstart = [ROOT / "fixtures/quickstart" / f"{name}.csv" for name in ("usage", "costs", "stripe")]
    programs["tanso --version"] = [tanso, "--version"]
    programs["tanso, quickstart"] = [tanso, "report", "--no-config", "-q", *quickstart]
    bench.measure(programs)
    # With the cache: the first run fills it, so it is not one of the rounds.
    shutil.rmtree(bench.work / "cache", ignore_errors=True)
    bench.run([tanso, *bench.report(big)], bench.work / "cache")
    bench.measure({
        "tanso, again": [tanso, *bench.report(big)],
        "tanso simulate, again": [tanso, *bench.report(big, command="simulate"), "--plan", "plan2=+10%"],
    })
    page = write(bench, versions, big)
    if options.quick:
        print(page)
    else:
        options.page.write_text(page)
        print(f"wrote {options.page}")


def machine():
    """What the machine is, as far as it says."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{os.cpu_count()} cores, {model}, {platform.system()} {platform.release()}"


def write(bench, versions, big):
    """The page."""
    rows = bench.options.rows
    size = (big / "usage.csv").stat().st_size / 1e6
    tanso = subprocess.run([bench.tanso, "--version"], capture_output=True, text=True).stdout.strip()
    versions = [f"{name} {version}" for name, version in versions.items() if version]
    lines = [
        "# Benchmarks", "",
        "Written by [`scripts/bench.py`](../scripts/bench.py), which makes the files, installs the other engines",
        "and measures all of them in turn. Numbers are of one machine on one day; the ratios are what to look at.",
        "",
        f"- {rows:,} rows, {size:,.0f} MB of CSV in the page cache; {bench.options.rounds} rounds; medians.",
        f"- {machine()}; load at the end {os.getloadavg()[0]:.1f}.",
        f"- {tanso}; {', '.join(versions)}; Python {platform.python_version()}.",
        "- `tanso` is `tanso report` as anybody runs it: strict checks, repeats dropped by request id, the bill",
        "  tied, invoices recognized, the table written. The others do what their line says and check nothing.",
        "- A memory of about 170 MB or less is that of the script which starts the programs.",
        "- Where the time goes, and why some targets are missed: [Scale](scale.md#where-the-time-goes).",
        "", "| program | wall s | CPU s | peak MB |", "|---|--:|--:|--:|",
    ]
    for name in bench.times:
        wall, cpu, memory = (bench.median(name, what) for what in range(3))
        lines.append(f"| {name} | {wall:.2f} | {cpu:.2f} | {memory:,.0f} |")
    lines += ["", "| comparison | measured | target |", "|---|--:|--:|"]
    lines += [f"| {what} | {found} | {target} |" for what, found, target in comparisons(bench)]
    lines += [
        "", "## The same on your machine", "", "```sh", "cargo build --release",
        "python3 scripts/bench.py                    # some minutes; --rows and --rounds make it shorter",
        "python3 scripts/bench.py --quick            # a look", "cargo bench                                 # the small parts by themselves", "```", "",
    ]
    return "\n".join(lines)


def comparisons(bench):
    """What is compared, the ratio, the target."""
    pairs = [
        ("wall time of `tanso` / DuckDB's group by", "tanso", "DuckDB group by", "≤ 0.5"),
        ("the same / DuckDB's group by over distinct rows", "tanso", "DuckDB group by, distinct", "≤ 0.4"),
        ("the same / polars script of the same join", "tanso", "polars script", "< 1"),
        ("the same / pandas script of the same join", "tanso", "pandas script", "< 1"),
        ("Parquet log / polars' group by of it", "tanso, Parquet", "polars group by, Parquet", "≤ 1.0"),
        ("ten times the rows", "tanso", "tanso, a tenth of the rows", "≤ 10.5"),
        ("one thread / all", "tanso, one thread", "tanso", "≥ 1.8 on two free cores"),
    ]
    for what, one, other, target in pairs:
        if one in bench.times and other in bench.times:
            yield what, f"{bench.ratio(one, other):.2f}", target
    for ending, alone in ((".gz", "gzip -dc"), (".zst", "zstd -dc")):
        if alone in bench.times:
            rounds = zip(bench.times[f"tanso, {ending}"], bench.times[alone], bench.times["tanso"])
            ratio = statistics.median(one[0] / (1.15 * two[0] + plain[0]) for one, two, plain in rounds)
            yield f"{ending} log / (1.15 × `{alone}` + the plain log)", f"{ratio:.2f}", "≤ 1"
    lines = max(bench.options.rows // 10, 1000)
    for what, name, count in (
        ("Stripe invoices", "tanso, invoices alone", lines // 10),
        ("lines of a bill", "tanso, a bill alone", lines),
    ):
        speed = count / bench.median(name, 1)
        text = f"{what} per second of CPU, {count:,} of them, the whole report"
        yield text, f"{speed:,.0f}", "≥ 1,000,000"
    pairs = zip(bench.times["tanso simulate, 1,000 prices"], bench.times["tanso simulate, one price"])
    grid = statistics.median(many[0] - one[0] for many, one in pairs)
    grid = f"{grid:.2f} s" if grid > 0 else "none"
    yield f"1,000 prices over {lines // 10:,} customers, more than one price", grid, "≤ 1 s for 100,000"
    for what, name, target in (
        ("second run on unchanged files", "tanso, again", "≤ 0.2 s for 10 M rows"),
        ("`simulate` after `report`", "tanso simulate, again", "≤ 0.2 s for 10 M rows"),
        ("`tanso --version`", "tanso --version", "≤ 10 ms"),
        ("quickstart report", "tanso, quickstart", "≤ 50 ms"),
    ):
        seconds = bench.median(name)
        yield what, f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.0f} ms", target
    yield "peak memory of `tanso`", f"{bench.median('tanso', 2):,.0f} MB", "≤ 400 MB and 24 bytes per request id"


if __name__ == "__main__":
    main()
