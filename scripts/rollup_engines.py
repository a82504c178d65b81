#!/usr/bin/env python3
"""Runs the query of `tanso rollup --sql` on real engines and compares with the fold of the files.

    python3 scripts/rollup_engines.py duckdb postgres
    python3 scripts/rollup_engines.py spark                      a session in this process
    python3 scripts/rollup_engines.py spark --cluster            a standalone cluster with two workers
    python3 scripts/rollup_engines.py duckdb --log usage.csv     a log of yours in place of the small ones

Three small logs are made: calls with everything that may stand in one (repeats, blank cells, failed
requests, long contexts, cached tokens, costs with twenty decimals), sums by day, and units of named
meters. Each is folded twice, once by tanso and once by the engine from its own table; the engine's
result is read back by tanso, and both must be the same, byte for byte. Then each log gets one row that
no fold may count, and the engine's result must be refused.

Needs tanso (--tanso, or TANSO, else target/release/tanso). An engine needs: duckdb the Python package
duckdb; clickhouse the package chdb; spark the package pyspark and Java; postgres initdb and postgres,
which run on a socket in a temporary folder. Exits with 77 if an engine asked for is not there.
"""

import argparse
import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ABSENT = 77


class Missing(Exception):
    """An engine is not there."""


class Table:
    """A log as a table: its columns with their types, and what tanso is told about it."""

    def __init__(self, name, columns, rows, options, faults):
        self.name, self.columns, self.rows = name, columns, rows
        self.options, self.faults = options, faults

    def write(self, path, rows):
        with open(path, "w", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow([name for name, _ in self.columns])
            writer.writerows(rows)


def calls(rng):
    """One row per request, in the layout of OpenAI's counts: the prompt includes cached tokens."""
    columns = [
        ("timestamp", "time"), ("request_id", "text"), ("customer_id", "text"), ("feature", "text"),
        ("provider", "text"), ("model", "text"), ("status", "text"), ("prompt_tokens", "whole"),
        ("cached_tokens", "whole"), ("cache_write_tokens", "whole"), ("cache_write_1h_tokens", "whole"),
        ("completion_tokens", "whole"), ("cost", "amount"), ("currency", "text"), ("region", "text"),
        ("service_tier", "text"), ("note", "text"),
    ]
    rows = []
    for at in range(700):
        if at and rng.random() < 0.1:
            rows.append(rng.choice([row for row in rows if row[1]]))
            continue
        size = rng.choice([100, 5_000, 128_000, 128_001, 200_001, 272_001, 600_000])
        cached, write = rng.randrange(size // 3), rng.choice(["", 0, rng.randrange(40)])
        hour = rng.choice(["", 0, write]) if write else ""
        status = rng.choice(["ok", "", "failed", "Timeout", "200", "404", "503"])
        rows.append([
            f"2026-10-{1 + at // 60:02}T{rng.randrange(24):02}:{rng.randrange(60):02}:07.25Z",
            rng.choice(["", f"req_{at}", f"req_{at}", f"req_{at}"]),
            rng.choice(["acme", "umbra", "kestrel", "", "ø-works", 'a "b", c', "0012"]),
            rng.choice(["chat", "none", "", "search"]),
            rng.choice(["openai", "", "azure"]),
            rng.choice(["gpt-4o", "claude-sonnet-4-5", "none"]),
            status, size, cached, write, hour, rng.choice([0, rng.randrange(900)]),
            rng.choice(["0", f"0.{rng.randrange(10**20):020}", f"{rng.randrange(9)}.5"]), "USD",
            rng.choice(["eu", "us", ""]), rng.choice(["", "batch", "priority"]), at,
        ])
    good = ["2026-10-02T01:00:00Z", "new", "acme", "chat", "openai", "gpt-4o", "ok", 9, 1, "", "", 5, "0.5",
            "USD", "eu", "", ""]
    other = [dict(enumerate(good)) for _ in range(5)]
    other[0][8] = 10
    other[1][7], other[1][11] = "", 4
    other[2][11] = -1
    other[3][12] = "-0.1"
    other[4][1] = next(row[1] for row in rows if row[1])
    faults = [[row[at] for at in range(len(columns))] for row in other]
    return Table("calls", columns, rows, ["--cached-tokens", "inside", "--keep", "region"], faults)


def days(rng):
    """Sums by day, whose input leaves cached tokens out."""
    columns = [
        ("date", "day"), ("org_id", "text"), ("model", "text"), ("requests", "whole"),
        ("input_tokens", "whole"), ("cache_read_input_tokens", "whole"), ("output_tokens", "whole"),
    ]
    rows = [
        [f"2026-09-{1 + at % 30:02}", rng.choice(["acme", "umbra", ""]), rng.choice(["gpt-4o", ""]),
         rng.randrange(2000), rng.randrange(9_000_000), rng.randrange(500_000), rng.randrange(90_000)]
        for at in range(200)
    ]
    fault = ["2026-09-03", "acme", "gpt-4o", 3, 100, -5, 7]
    return Table("days", columns, rows, [], [fault])


def units(rng):
    """Units of named meters."""
    columns = [
        ("ts", "time"), ("event_id", "text"), ("account", "text"), ("meter", "text"), ("quantity", "amount"),
    ]
    meters = [("images", "{}"), ("Seconds", "{}.5"), ("pages", "0.{}"), ("input_tokens", "{}000"),
              ("requests", "{}"), ("", "{}"), ("cache_read", "{}")]
    rows = []
    for at in range(300):
        meter, form = rng.choice(meters)
        rows.append([f"2026-08-{1 + at % 28:02}T23:59:59Z", f"e{at}", rng.choice(["acme", "umbra"]), meter,
                     form.format(rng.randrange(1, 400))])
    faults = [
        ["2026-08-02T00:00:00Z", "x", "acme", "input_tokens", "1.5"],
        ["2026-08-02T00:00:00Z", "x", "acme", "cached_tokens", "15"],
        ["2026-08-02T00:00:00Z", "x", "acme", "images", "-1"],
    ]
    return Table("units", columns, rows, [], faults)


class Duckdb:
    """DuckDB in this process."""

    types = {"time": "timestamptz", "day": "date", "text": "varchar", "whole": "bigint",
             "amount": "decimal(38, 20)"}

    def __init__(self, folder, options):
        try:
            import duckdb
        except ImportError:
            raise Missing("duckdb: no such Python package") from None
        self.name = f"duckdb {duckdb.__version__}"
        self.db = duckdb.connect()
        self.db.execute("set TimeZone = 'UTC'")

    def load(self, table, path):
        self.db.execute(f"drop table if exists {table.name}")
        columns = ", ".join(f"'{name}': '{self.types[kind]}'" for name, kind in table.columns)
        self.db.execute(
            f"create table {table.name} as select * from read_csv('{path}', header = true, auto_detect = false,"
            f" delim = ',', quote = '\"', escape = '\"', columns = {{{columns}}})"
        )

    def run(self, query, out):
        out = out.with_suffix(".parquet")
        self.db.execute(f"copy ({query}) to '{out}'")
        return out

    def stop(self):
        self.db.close()


class Postgres:
    """A PostgreSQL of its own, in a temporary folder, without a port."""

    types = {"time": "timestamptz", "day": "date", "text": "text", "whole": "bigint", "amount": "numeric"}

    def __init__(self, folder, options):
        programs = {name: shutil.which(name) for name in ("initdb", "pg_ctl", "psql")}
        if not all(programs.values()):
            raise Missing("postgres: no initdb, pg_ctl or psql")
        self.programs = programs
        self.home = Path(tempfile.mkdtemp(prefix="pg"))
        # It refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            try:
                shutil.chown(self.home, self.user)
            except LookupError:
                raise Missing("postgres: root needs a user postgres") from None
        self.call("initdb", "-D", self.home / "data", "-A", "trust", "-E", "UTF8", "--locale=C")
        serve = f"-c listen_addresses='' -c unix_socket_directories={self.home} -c fsync=off"
        self.call("pg_ctl", "-D", self.home / "data", "-w", "-l", self.home / "log", "-o", serve, "start")
        self.name = subprocess.run(
            ["psql", "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()

    def call(self, program, *words):
        subprocess.run(
            [self.programs[program], *map(str, words)], check=True, user=self.user, cwd=self.home,
            stdout=subprocess.DEVNULL,
        )

    def psql(self, *words, **options):
        base = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.home), "-d", "postgres"]
        if self.user:
            base += ["-U", self.user]
        return subprocess.run([*base, *words], check=True, **options)

    def load(self, table, path):
        columns = ", ".join(f'"{name}" {self.types[kind]}' for name, kind in table.columns)
        self.psql("-c", f"drop table if exists {table.name}", stderr=subprocess.DEVNULL)
        self.psql("-c", f"create table {table.name} ({columns})")
        with open(path) as rows:
            self.psql("-c", f"copy {table.name} from stdin with (format csv, header)", stdin=rows)

    def run(self, query, out):
        script = f"set time zone 'UTC';\ncopy (\n{query}\n) to stdout with (format csv, header)"
        with open(out, "w") as rows:
            self.psql("-f", "-", input=script.encode(), stdout=rows)
        return out

    def stop(self):
        self.call("pg_ctl", "-D", self.home / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.home)


class Clickhouse:
    """ClickHouse in this process."""

    types = {"time": "DateTime64(6, 'UTC')", "day": "Date", "text": "Nullable(String)",
             "whole": "Nullable(Int64)", "amount": "Nullable(Decimal(38, 20))"}

    def __init__(self, folder, options):
        try:
            from chdb import session
        except ImportError:
            raise Missing("clickhouse: no Python package chdb") from None
        self.db = session.Session(str(folder / "chdb"))
        self.name = "clickhouse " + self.db.query("select version()", "TSV").data().strip()

    def load(self, table, path):
        columns = ", ".join(f"`{name}` {self.types[kind]}" for name, kind in table.columns)
        self.db.query("create database if not exists logs")
        self.db.query(f"drop table if exists logs.{table.name}")
        self.db.query(f"create table logs.{table.name} ({columns}) engine = MergeTree order by tuple()")
        self.db.query(
            f"insert into logs.{table.name} select * from file('{path}', CSVWithNames) "
            "settings date_time_input_format = 'best_effort', input_format_csv_empty_as_default = 1, "
            f"schema_inference_make_columns_nullable = 1"
        )

    def run(self, query, out):
        self.db.query("use logs")
        ending = "format CSVWithNames settings format_csv_null_representation = ''"
        out.write_text(self.db.query(f"{query} {ending}", "CSVWithNames").data())
        return out

    def stop(self):
        self.db.close()


class Spark:
    """Spark, in this process or on a standalone cluster with two workers that the script starts."""

    types = {"time": "timestamp", "day": "date", "text": "string", "whole": "bigint",
             "amount": "decimal(38, 20)"}

    def __init__(self, folder, options):
        try:
            import pyspark
            from pyspark.sql import SparkSession
        except ImportError:
            raise Missing("spark: no Python package pyspark") from None
        if not shutil.which("java"):
            raise Missing("spark: no Java")
        self.db, self.started = None, []
        try:
            master = "local[2]"
            if options.cluster:
                master = self.cluster(Path(pyspark.__file__).parent, folder)
            self.connect(SparkSession.builder, master, folder)
        except BaseException:
            self.stop()
            raise

    def connect(self, build, master, folder):
        os.environ["PYSPARK_PYTHON"] = sys.executable
        build = build.master(master).appName("tanso rollup")
        for key, value in {
            "spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true",
            "spark.sql.shuffle.partitions": "8", "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
            "spark.executor.memory": "1g", "spark.executor.cores": "1",
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
        }.items():
            build = build.config(key, value)
        self.db = build.getOrCreate()
        self.db.sparkContext.setLogLevel("ERROR")
        self.name = f"spark {self.db.version}, {master}"

    def cluster(self, home, folder):
        """Starts a master and two workers; returns the master's address."""
        run = ["java", "-cp", f"{home}/jars/*", "-Xmx512m"]
        for package in ("java.nio", "java.lang", "java.util", "sun.nio.ch", "java.net"):
            run += ["--add-opens", f"java.base/{package}=ALL-UNNAMED"]
        run += ["--add-opens", "java.base/java.util.concurrent=ALL-UNNAMED"]
        deploy = "org.apache.spark.deploy"
        address = "spark://127.0.0.1:7077"
        environment = dict(os.environ, SPARK_HOME=str(home), SPARK_LOCAL_IP="127.0.0.1",
                           SPARK_SCALA_VERSION="2.13")

        def start(*words):
            self.started.append(subprocess.Popen(
                [*run, *words], env=environment, cwd=folder, stdout=subprocess.DEVNULL,
                stderr=open(folder / f"{len(self.started)}.log", "w"),
            ))
        start(f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", "7077", "--webui-port", "0")
        time.sleep(6)
        for worker in ("one", "two"):
            start(f"{deploy}.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1500m",
                  "--webui-port", "0", "--work-dir", str(folder / worker), address)
        time.sleep(6)
        return address

    def load(self, table, path):
        frame = self.db.read.csv(
            str(path), header=True, escape='"',
            schema=", ".join(f"`{name}` {self.types[kind]}" for name, kind in table.columns),
            timestampFormat="yyyy-MM-dd'T'HH:mm:ss[.SS]X", mode="FAILFAST",
        )
        frame.createOrReplaceTempView(table.name)

    def run(self, query, out):
        frame = self.db.sql(query)
        out = out.with_suffix(".parquet")
        parts = out.with_suffix(".parts")
        frame.coalesce(1).write.mode("overwrite").parquet(str(parts))
        shutil.copy(next(parts.glob("part-*.parquet")), out)
        return out

    def workers(self):
        """How many executors take part."""
        context = self.db.sparkContext._jsc.sc()
        return context.getExecutorMemoryStatus().size() - 1

    def stop(self):
        if self.db:
            self.db.stop()
        for process in reversed(self.started):
            process.terminate()
            process.wait()


ENGINES = {"duckdb": Duckdb, "postgres": Postgres, "clickhouse": Clickhouse, "spark": Spark}


def tanso(program, *words):
    done = subprocess.run([program, "rollup", *map(str, words), "-q", "--no-config"], capture_output=True,
                          text=True)
    return done.returncode, done.stdout, done.stderr


def check(engine, name, table, folder, program):
    """Compares the fold of a table by tanso and by the engine; returns how many rows they have."""
    log = folder / f"{table.name}.csv"
    table.write(log, table.rows)
    code, wanted, err = tanso(program, log, *table.options)
    assert code == 0, err
    code, query, err = tanso(program, "--sql", name, "--table", table.name, log, *table.options)
    assert code == 0, err
    engine.load(table, log)
    result = engine.run(query.strip(), folder / f"{name}-{table.name}.csv")
    code, found, err = tanso(program, result, *keep(table.options))
    assert code == 0, f"{query}\n{err}"
    if found != wanted:
        (folder / "wanted.csv").write_text(wanted)
        (folder / "found.csv").write_text(found)
        lines = zip(wanted.splitlines(), found.splitlines())
        first = next(((a, b) for a, b in lines if a != b), "one of them is longer")
        sys.exit(f"{engine.name}, {table.name}: the folds differ: {first}")
    for at, fault in enumerate(table.faults):
        table.write(log, [*table.rows, fault])
        code, _, _ = tanso(program, log, *table.options)
        assert code == 3, f"{table.name}: tanso counts the faulty row {at}"
        engine.load(table, log)
        result = engine.run(query.strip(), folder / f"{name}-{table.name}.csv")
        code, _, err = tanso(program, result, *keep(table.options))
        assert code == 3 and "T3029" in err, f"{engine.name}, {table.name}: the faulty row {at} counts: {err}"
    return wanted.count("\n") - 1


def keep(options):
    return options[options.index("--keep"):] if "--keep" in options else []


def compare_log(engine, name, log, folder, program):
    """The same for a log of the user's; times are printed."""
    with open(log) as lines:
        header = next(csv.reader(lines))
    kinds = {"timestamp": "time"}
    whole = [column for column in header if column.endswith("_tokens")]
    columns = [(column, "whole" if column in whole else kinds.get(column, "text")) for column in header]
    table = Table("usage_log", columns, [], [], [])
    begin = time.time()
    code, wanted, err = tanso(program, log)
    assert code == 0, err
    local = time.time() - begin
    code, query, err = tanso(program, "--sql", name, log)
    assert code == 0, err
    engine.load(table, log)
    begin = time.time()
    result = engine.run(query.strip(), folder / f"{name}.csv")
    there = time.time() - begin
    code, found, err = tanso(program, result)
    assert code == 0, err
    assert found == wanted, "the folds differ"
    rows = wanted.count("\n") - 1
    print(f"{engine.name}: the same {rows:,} rows; tanso {local:.1f} s, the query {there:.1f} s")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engines", nargs="+", choices=ENGINES, metavar="ENGINE", help=", ".join(ENGINES))
    built = Path(__file__).resolve().parent.parent / "target/release/tanso"
    parser.add_argument("--tanso", default=os.environ.get("TANSO", built), help="the program")
    parser.add_argument("--cluster", action="store_true", help="Spark: two workers under a master")
    parser.add_argument("--log", type=Path, help="a log to compare, in place of the small ones")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["TZ"] = "UTC"
    time.tzset()
    for name in options.engines:
        with tempfile.TemporaryDirectory() as folder:
            try:
                engine = ENGINES[name](Path(folder), options)
            except Missing as why:
                print(why)
                sys.exit(ABSENT)
            try:
                if options.log:
                    compare_log(engine, name, options.log, Path(folder), options.tanso)
                else:
                    rng = random.Random(options.seed)
                    tables = [calls(rng), days(rng), units(rng)]
                    rows = [check(engine, name, table, Path(folder), options.tanso) for table in tables]
                    faults = sum(len(table.faults) for table in tables)
                    print(f"{engine.name}: the same rows ({', '.join(map(str, rows))}), {faults} faults refused")
                if name == "spark" and options.cluster:
                    print(f"executors: {engine.workers()}")
            finally:
                engine.stop()


if __name__ == "__main__":
    main()
