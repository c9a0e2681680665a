"""The same comparison as a user would write it with DuckDB or Polars over two CSV files.

usage: peers.py ENGINE OLD.csv NEW.csv FOLDER
Prints one JSON line: seconds, peak MB, rows added, changed and removed.
"""
import json, os, resource, sys, time

engine, old, new, folder = sys.argv[1:5]
COLUMNS = ["email", "first_name", "last_name", "city", "amount", "plan", "updated_at"]


def done(began, cpu, added, changed, removed):
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "wall": time.time() - began, "cpu": usage.ru_utime + usage.ru_stime - cpu,
        "peak_mb": usage.ru_maxrss / 1024, "rows": 0,
        "parts": {"added": added, "changed": changed, "removed": removed},
    }))


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if engine == "duckdb":
    import duckdb
    state = os.path.join(folder, "peer.duckdb")
    if os.path.exists(state):
        os.remove(state)
    read = lambda path: f"read_csv('{path}', header=true, all_varchar=true)"
    row_hash = f"md5_number(concat_ws('\x1f', {', '.join(COLUMNS)}))"
    con = duckdb.connect(state)
    con.execute("SET memory_limit = '2GB'; SET threads = 2; SET enable_progress_bar = false")
    con.execute(f"SET temp_directory = '{folder}/peer.tmp'")
    con.execute(f"CREATE TABLE snap AS SELECT pk, {row_hash} h FROM {read(old)}")
    con.close()
    con = duckdb.connect(state)
    con.execute("SET memory_limit = '2GB'; SET threads = 2; SET enable_progress_bar = false")
    con.execute(f"SET temp_directory = '{folder}/peer.tmp'")
    began, before = time.time(), cpu()
    con.execute(f"CREATE TEMP TABLE cur AS SELECT *, {row_hash} h FROM {read(new)}")
    con.execute("CREATE TEMP TABLE up AS SELECT c.*, s.pk IS NULL AS is_new FROM cur c LEFT JOIN snap s USING (pk) WHERE s.h IS DISTINCT FROM c.h")
    con.execute("CREATE TEMP TABLE rm AS SELECT pk FROM snap ANTI JOIN cur USING (pk)")
    added, changed = con.execute("SELECT count(*) FILTER (is_new), count(*) FILTER (NOT is_new) FROM up").fetchone()
    removed = con.execute("SELECT count(*) FROM rm").fetchone()[0]
    con.execute("BEGIN; DELETE FROM snap WHERE pk IN (SELECT pk FROM rm) OR pk IN (SELECT pk FROM up WHERE NOT is_new); INSERT INTO snap SELECT pk, h FROM up; COMMIT")
    con.close()
    done(began, before, added, changed, removed)
    os.remove(state)
else:
    import polars as pl
    began, before = time.time(), cpu()
    hashed = lambda frame: frame.with_columns(h=pl.struct(COLUMNS).hash())
    was = hashed(pl.read_csv(old, infer_schema=False)).select("pk", "h").rename({"h": "h0"})
    now = hashed(pl.read_csv(new, infer_schema=False))
    joined = now.join(was, on="pk", how="left")
    up = joined.filter(pl.col("h0").is_null() | (pl.col("h") != pl.col("h0")))
    removed = was.join(now.select("pk"), on="pk", how="anti").height
    added = up["h0"].is_null().sum()
    done(began, before, added, up.height - added, removed)
