"""Writes two wide Parquet files for `fettle drift compare`, and measures it on them.

    python bench/wide_table.py write FOLDER [--rows 3000000] [--columns 1000]
    python bench/wide_table.py measure FOLDER [--profile evidently]
    python bench/wide_table.py evidently FOLDER

Six columns of ten are 32-bit floats of three decimals, two are whole numbers below 1,000, two are words of eight kinds.
In the second file every twentieth column is shifted. Columns are rolled copies of a pool of random ones, so that writing
takes minutes. `measure` takes the time, the processor time and the peak memory (`ru_maxrss` of the finished process) of
the binary that `FETTLE_BIN` names; `evidently` those of Evidently 0.7.23 (its `DataDriftPreset`, pandas reading the same
files), which wants small ones. It needs pyarrow and numpy, and for the last evidently and pandas<3.
"""

import argparse
import json
import os
import resource
import subprocess
import time
from pathlib import Path

POOL = 48
GROUP_ROWS = 60_000
DRIFTED_EVERY = 20


def kind(column):
    return "float" if column % 10 < 6 else "integer" if column % 10 < 8 else "word"


def write(folder, rows, columns):
    import numpy
    import pyarrow
    import pyarrow.parquet

    folder.mkdir(parents=True, exist_ok=True)
    names = [f"feature_{column:04}" for column in range(columns)]
    types = {"float": pyarrow.float32(), "integer": pyarrow.int32(), "word": pyarrow.dictionary(pyarrow.int8(), pyarrow.string())}
    schema = pyarrow.schema([(name, types[kind(column)]) for column, name in enumerate(names)])
    words = pyarrow.array([f"kind {word}" for word in range(8)])
    for seed, name in enumerate(("reference", "current")):
        random = numpy.random.default_rng(seed)
        with pyarrow.parquet.ParquetWriter(folder / f"{name}.parquet", schema) as writer:
            for start in range(0, rows, GROUP_ROWS):
                count = min(GROUP_ROWS, rows - start)
                bells = random.standard_normal((POOL, count), dtype=numpy.float32).round(3)
                whole = (random.random((POOL, count), dtype=numpy.float32) ** 2 * 1000).astype(numpy.int32)
                few = (random.random((POOL, count), dtype=numpy.float32) ** 2 * 8).astype(numpy.int8)
                arrays = []
                for column in range(columns):
                    place, offset = column % POOL, random.integers(count)
                    shifted = name == "current" and column % DRIFTED_EVERY == 0
                    if kind(column) == "float":
                        values = pyarrow.array(numpy.roll(bells[place], offset) + numpy.float32(0.3 * shifted))
                    elif kind(column) == "integer":
                        values = pyarrow.array(numpy.roll(whole[place], offset))
                    else:
                        values = pyarrow.DictionaryArray.from_arrays(pyarrow.array(numpy.roll(few[place], offset)), words)
                    arrays.append(values)
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), row_group_size=GROUP_ROWS)
        print(f"{folder / name}.parquet: {(folder / name).with_suffix('.parquet').stat().st_size / 1e9:.1f} GB", flush=True)


def measure(folder, profile):
    files = [str(folder / f"{name}.parquet") for name in ("reference", "current")]
    command = [os.environ["FETTLE_BIN"], "drift", "compare", *files, "--profile", profile, "-o", "json"]
    started = time.monotonic()
    output = subprocess.run(command, capture_output=True, check=True)
    elapsed = time.monotonic() - started
    drift = json.loads(output.stdout)["drift"]
    columns = {
        column["column"]: {"value": column["effect"]["value"], "drifted": column["state"] == "drift"} for column in drift["columns"] if column["effect"]
    }
    return found(drift["reference_rows"], drift["current_rows"], columns, elapsed, resource.getrusage(resource.RUSAGE_CHILDREN))


def evidently(folder):
    import warnings

    import pandas
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    warnings.filterwarnings("ignore")
    started = time.monotonic()
    frames = [pandas.read_parquet(folder / f"{name}.parquet") for name in ("reference", "current")]
    reference, current = (Dataset.from_pandas(frame, data_definition=DataDefinition()) for frame in frames)
    metrics = Report([DataDriftPreset()]).run(current, reference).dict()["metrics"]
    elapsed = time.monotonic() - started
    columns = {}
    for metric in metrics:
        config = metric["config"]
        if "column" in config:
            value = float(metric["value"])
            drifted = value < config["threshold"] if "p_value" in config["method"] else value >= config["threshold"]
            columns[config["column"]] = {"value": value, "drifted": drifted}
    return found(*map(len, frames), columns, elapsed, resource.getrusage(resource.RUSAGE_SELF))


def found(reference_rows, current_rows, columns, seconds, usage):
    return {
        "reference_rows": reference_rows,
        "current_rows": current_rows,
        "columns": columns,
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "memory_mib": usage.ru_maxrss / 1024,
    }


def text(measured):
    drifted = sum(column["drifted"] for column in measured["columns"].values())
    return (
        f"{measured['reference_rows']:,} and {measured['current_rows']:,} rows of {len(measured['columns'])} columns: "
        f"{measured['seconds']:.1f} s, {measured['cpu_seconds']:.1f} s of processors, {measured['memory_mib']:.0f} MiB at most; "
        f"{drifted} columns have drifted"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["write", "measure", "evidently"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--columns", type=int, default=1_000)
    parser.add_argument("--profile", default="fettle", help="whose rule `measure` decides by")
    parser.add_argument("--json", action="store_true", help="print what is measured as JSON, column by column")
    arguments = parser.parse_args()
    if arguments.what == "write":
        write(arguments.folder, arguments.rows, arguments.columns)
        return
    measured = measure(arguments.folder, arguments.profile) if arguments.what == "measure" else evidently(arguments.folder)
    print(json.dumps(measured) if arguments.json else text(measured))


if __name__ == "__main__":
    main()
