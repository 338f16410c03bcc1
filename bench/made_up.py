"""The runs of `fettle seed`, written into MLflow's own SQLite tables: its API would take hours for millions of points."""

import sqlite3

MASK = (1 << 64) - 1
FIRST_START = 1_700_000_000_000


def mixed(number):
    mixed = (number + 0x9E3779B97F4A7C15) & MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
    return mixed ^ (mixed >> 31)


def run_uuid(number, experiment="bench"):
    name = 0xCBF29CE484222325
    for byte in experiment.encode():
        name = ((name ^ byte) * 0x100000001B3) & MASK
    return f"{mixed((name + number) & MASK):016x}{number:016x}"


def start_time(number):
    return FIRST_START + number * 1000


def value(number, key, step):
    return (mixed(number * 1_000_003 + key * 7919 + step) >> 32) / 0xFFFFFFFF


def prepare(uri, folder):
    """MLflow's tables, made by MLflow, with an experiment in them: its key."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    return int(SqlAlchemyStore(uri, f"{folder}/mlflow-artifacts").create_experiment("bench"))


def write(database, experiment_id, runs, metrics, steps, params=5, tags=3):
    """The same rows as MLflow writes for the same calls, in one transaction."""
    connection = sqlite3.connect(database)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")
    numbers = range(runs)
    uuids = [run_uuid(number) for number in numbers]
    with connection:
        connection.executemany(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,"
            " source_version, lifecycle_stage, artifact_uri, experiment_id) VALUES (?, ?, 'UNKNOWN', '', '', 'seed', ?, ?, ?, '', 'active', ?, ?)",
            (
                (uuids[n], f"run {n}", "FINISHED" if n % 50 else "FAILED", start_time(n), start_time(n) + 60_000 * (1 + mixed(n) % 50),
                 f"mlflow-artifacts:/{experiment_id}/{uuids[n]}/artifacts", experiment_id)
                for n in numbers
            ),
        )
        connection.executemany(
            "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
            ((f"param_{k}", f"value {mixed(n + k) % 10 ** (k + 1)}", uuids[n]) for n in numbers for k in range(params)),
        )
        connection.executemany(
            "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
            (
                ("mlflow.runName" if k == 0 else f"tag_{k}", f"run {n}" if k == 0 else f"tag {n % (k + 1)}", uuids[n])
                for n in numbers
                for k in range(tags + 1)
            ),
        )
        connection.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)",
            (
                (f"metric_{k}", value(n, k, s), start_time(n) + s * 10, uuids[n], s)
                for n in numbers
                for k in range(metrics)
                for s in range(steps)
            ),
        )
        last = steps - 1
        connection.executemany(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, 0, ?)",
            ((f"metric_{k}", value(n, k, last), start_time(n) + last * 10, last, uuids[n]) for n in numbers for k in range(metrics)),
        )
    connection.close()


def write_models(database, count):
    connection = sqlite3.connect(database)
    with connection:
        connection.executemany(
            "INSERT INTO registered_models (name, creation_time, last_updated_time, description) VALUES (?, ?, ?, '')",
            ((f"model-{n:05}", FIRST_START + n, FIRST_START + n) for n in range(count)),
        )
        connection.executemany(
            "INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, current_stage, source, run_id, status,"
            " storage_location) VALUES (?, ?, ?, ?, '', 'None', 'mlflow-artifacts:/0/x', '', 'READY', 'mlflow-artifacts:/0/x')",
            ((f"model-{n:05}", v, FIRST_START + n, FIRST_START + n) for n in range(count) for v in (1, 2)),
        )
    connection.close()
