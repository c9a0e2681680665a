"""dlt as a peer: the table `people` of one SQLite database merged into another by its key.

usage: dlt.py SOURCE.db TARGET.db STATE_FOLDER
Every run reads and sends every row. Primary keys are created, without which its merge takes quadratic
time in SQLite; rows go as Arrow tables where pyarrow is at hand, which is twice as fast as row by row.
Prints one JSON line: the rows that were loaded into the target.
"""
import json, os, sys

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
import dlt
from dlt.sources.sql_database import sql_table

try:
    import numpy, pyarrow
    backend = "pyarrow"
except ImportError:
    backend = "sqlalchemy"

source, target, state = sys.argv[1:4]
rows = sql_table(credentials=f"sqlite:///{source}", table="people", chunk_size=50_000,
                 backend=backend, reflection_level="full")
destination = dlt.destinations.sqlalchemy(f"sqlite:///{target}", create_primary_keys=True)
pipeline = dlt.pipeline("people", destination=destination, dataset_name="main", pipelines_dir=state)
pipeline.run(rows, write_disposition={"disposition": "merge", "strategy": "delete-insert"}, primary_key="pk")
counts = pipeline.last_trace.last_normalize_info.row_counts
print(json.dumps({"rows": counts.get("people", 0), "version": dlt.__version__, "backend": backend}))
