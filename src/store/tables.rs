//! The tables, as a list of migrations: each entry brings the database one version on.
//!
//! An entry that was released is never changed; a change of the schema is a further entry.
//! Times are microseconds since 1970 in UTC; resources stand as JSON beside the columns that are
//! searched by.

/// All migrations, oldest first; the schema's version is their number.
pub(super) const MIGRATIONS: [&str; 5] = [FIRST, OVERVIEW, WRITTEN, IGNORED, KEPT];

const KEPT: &str = "
CREATE TABLE kept (                  -- states that syncs left behind for another destination or object
    id TEXT PRIMARY KEY,             -- stands for the sync in journal and unknown
    sync TEXT NOT NULL REFERENCES syncs (id) ON DELETE CASCADE,
    at INTEGER NOT NULL, destination TEXT NOT NULL, object TEXT NOT NULL,
    primary_key TEXT NOT NULL, layout BLOB NOT NULL,
    partitions TEXT NOT NULL         -- as JSON: number, generation
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_sync ON kept (sync, at);
CREATE TABLE kept_pending (
    kept TEXT NOT NULL, key_hash BLOB NOT NULL,
    run TEXT NOT NULL, operation INTEGER NOT NULL, ticket TEXT NOT NULL,
    PRIMARY KEY (kept, key_hash, run, operation)
) STRICT, WITHOUT ROWID;
";

const IGNORED: &str = "
CREATE TABLE ignored (               -- failing rows that a person does not want to hear of
    sync TEXT NOT NULL, key_hash BLOB NOT NULL,
    verdict TEXT NOT NULL, code TEXT NOT NULL,
    field TEXT NOT NULL,             -- empty where none is at fault
    PRIMARY KEY (sync, key_hash)
) STRICT, WITHOUT ROWID;
ALTER TABLE causes ADD COLUMN ignored INTEGER NOT NULL DEFAULT 0;
";

const WRITTEN: &str = "
CREATE TABLE written (               -- what became of a run's operations, as an undo needs to know
    run TEXT NOT NULL,
    first INTEGER NOT NULL,          -- the first of the accepted
    accepted BLOB NOT NULL,          -- numbers of operations
    created BLOB NOT NULL,           -- those whose record the destination said it created
    PRIMARY KEY (run, first)
) STRICT, WITHOUT ROWID;
";

const FIRST: &str = "
CREATE TABLE core (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,          -- the core that may write
    clean INTEGER NOT NULL,          -- whether the last core stopped cleanly
    journal_seq INTEGER NOT NULL     -- the last number given to an acknowledgement
) STRICT;
INSERT INTO core VALUES (1, 0, 1, 0);

CREATE TABLE workspace (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE sources (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE models (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, body TEXT NOT NULL,
    source TEXT NOT NULL REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX models_source ON models (source);
CREATE TABLE destinations (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, body TEXT NOT NULL,
    health TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE syncs (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, body TEXT NOT NULL,
    model TEXT NOT NULL REFERENCES models (id) DEFERRABLE INITIALLY DEFERRED,
    destination TEXT NOT NULL REFERENCES destinations (id) DEFERRABLE INITIALLY DEFERRED,
    attention TEXT                   -- why it does not run until someone mends it
) STRICT, WITHOUT ROWID;
CREATE INDEX syncs_model ON syncs (model);
CREATE INDEX syncs_destination ON syncs (destination);

CREATE TABLE schedules (
    sync TEXT PRIMARY KEY REFERENCES syncs (id) ON DELETE CASCADE,
    anchor INTEGER NOT NULL,         -- the latest edit or resume of the schedule
    last_slot INTEGER, last_started INTEGER, last_ended INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE crashes (
    sync TEXT NOT NULL REFERENCES syncs (id) ON DELETE CASCADE, at INTEGER NOT NULL
) STRICT;
CREATE INDEX crashes_sync ON crashes (sync, at);

CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    sync TEXT NOT NULL REFERENCES syncs (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    epoch INTEGER,                   -- the core that claimed it
    slot INTEGER,
    good INTEGER NOT NULL DEFAULT 0, -- completed, over the whole model
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX runs_running ON runs (sync) WHERE status = 'running';
CREATE UNIQUE INDEX runs_queued ON runs (sync) WHERE status = 'queued';
CREATE UNIQUE INDEX runs_slot ON runs (sync, slot) WHERE slot IS NOT NULL;
CREATE INDEX runs_sync ON runs (sync, seq);
CREATE INDEX runs_good ON runs (sync, seq) WHERE good = 1;
CREATE INDEX runs_active ON runs (status, seq) WHERE status IN ('running', 'queued');
CREATE TABLE pins (                  -- apart from runs, which are written with every batch
    run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE intents (
    run TEXT NOT NULL, batch INTEGER NOT NULL, sync TEXT NOT NULL,
    operations BLOB NOT NULL, idempotency_key TEXT NOT NULL, payload_hash BLOB NOT NULL,
    memo TEXT, closed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run, batch)
) STRICT, WITHOUT ROWID;
CREATE INDEX intents_open ON intents (sync) WHERE closed = 0;
CREATE INDEX intents_sync ON intents (sync);

CREATE TABLE journal (               -- the latest acknowledgement of each key since the last fold
    sync TEXT NOT NULL, key_hash BLOB NOT NULL, seq INTEGER NOT NULL,
    entry BLOB,                      -- null: the key is gone
    PRIMARY KEY (sync, key_hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE unknown (
    sync TEXT NOT NULL, key_hash BLOB NOT NULL, key BLOB NOT NULL,
    identifier BLOB NOT NULL, deleting INTEGER NOT NULL,
    operation INTEGER NOT NULL, run TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (sync, key_hash, identifier)
) STRICT, WITHOUT ROWID;
CREATE TABLE pending (
    sync TEXT NOT NULL, key_hash BLOB NOT NULL,
    run TEXT NOT NULL, operation INTEGER NOT NULL, ticket TEXT NOT NULL,
    PRIMARY KEY (sync, key_hash, run, operation)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (              -- runs in a row in which a key failed
    sync TEXT NOT NULL, key_hash BLOB NOT NULL, count INTEGER NOT NULL, run TEXT NOT NULL,
    PRIMARY KEY (sync, key_hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE held (
    sync TEXT PRIMARY KEY REFERENCES syncs (id) ON DELETE CASCADE,
    run TEXT NOT NULL, plan_hash TEXT NOT NULL, count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run_rows (
    run TEXT NOT NULL, place INTEGER NOT NULL, key BLOB NOT NULL, key_hash BLOB NOT NULL,
    verdict TEXT NOT NULL, op TEXT, operation INTEGER, field TEXT, code TEXT NOT NULL,
    reason TEXT NOT NULL, attempts INTEGER NOT NULL,
    PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE causes (
    sync TEXT NOT NULL, verdict TEXT NOT NULL, code TEXT NOT NULL,
    field TEXT NOT NULL,             -- empty where none is at fault
    run TEXT NOT NULL, count INTEGER NOT NULL, first_key BLOB NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (sync, verdict, code, field, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX causes_run ON causes (run);

CREATE TABLE layouts (
    sync TEXT PRIMARY KEY REFERENCES syncs (id) ON DELETE CASCADE, body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE partitions (
    sync TEXT NOT NULL REFERENCES syncs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL, generation INTEGER NOT NULL,
    PRIMARY KEY (sync, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever appended to'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever appended to'); END;

CREATE TABLE secrets (
    connection TEXT NOT NULL, field TEXT NOT NULL, version INTEGER NOT NULL,
    key_id BLOB NOT NULL, wrapped BLOB NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (connection, field)
) STRICT, WITHOUT ROWID;
";

const OVERVIEW: &str = "
CREATE TABLE asides (                -- causes of trouble that a person has set aside
    cause TEXT PRIMARY KEY, body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quarters (              -- what runs did, by the quarter of an hour in which they ended
    quarter INTEGER PRIMARY KEY,     -- counted from 1970 in UTC
    runs INTEGER NOT NULL, failed INTEGER NOT NULL, with_errors INTEGER NOT NULL,
    written INTEGER NOT NULL, refused INTEGER NOT NULL
) STRICT;
INSERT INTO quarters
SELECT CAST(strftime('%s', json_extract(body, '$.ended_at')) AS INTEGER) / 900,
    count(*), sum(status IN ('failed', 'interrupted')), sum(status = 'completed_with_errors'),
    sum(json_extract(body, '$.counters.create.done') + json_extract(body, '$.counters.update.done')
        + json_extract(body, '$.counters.delete.done')),
    sum(json_extract(body, '$.counters.invalid')
        + json_extract(body, '$.counters.create.rejected')
        + json_extract(body, '$.counters.create.unknown')
        + json_extract(body, '$.counters.update.rejected')
        + json_extract(body, '$.counters.update.unknown')
        + json_extract(body, '$.counters.delete.rejected')
        + json_extract(body, '$.counters.delete.unknown'))
FROM runs
WHERE status NOT IN ('queued', 'running') AND json_extract(body, '$.options.plan_only') = 0
    AND strftime('%s', json_extract(body, '$.ended_at')) IS NOT NULL
GROUP BY 1;

CREATE INDEX attempts_stuck ON attempts (sync) WHERE count >= 10;
";
