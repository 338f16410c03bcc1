"""Hosts one MLflow model for Fettle's gateway.

The gateway starts this file with the model's own Python, listens on a Unix socket, and sends requests one at a time.
Everything that needs pandas, pickles or the model's library happens here, so a crash takes no server with it.

A message is two little-endian 32-bit lengths, a JSON header and a payload. Requests carry `op`:

    predict   the payload is a table of several callers' rows; the answer holds one result for each caller
    raw       the payload is a request body as it came; MLflow's own scoring code reads it
    convert   answer a pickled model rewritten as data, for evaluation outside Python
    ping      answer at once

Imports stay inside functions where they are slow or optional: the same file serves every MLflow from 2.9 on.
"""

import argparse
import io
import json
import os
import shutil
import signal
import socket
import struct
import sys
import threading
import time
import traceback

PROTOCOL = 1
FRAME_BYTES_MAX = 1 << 30
LENGTHS = struct.Struct("<II")


class Refused(Exception):
    """An operation this worker cannot do, in words for the person who asked."""


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--socket", required=True)
    arguments.add_argument("--model", required=True)
    options = arguments.parse_args()

    limit_memory()
    # Models print; only the gateway's log should see it.
    os.dup2(2, 1)
    os.environ["_MLFLOW_IS_IN_SERVING_ENVIRONMENT"] = "true"
    watch = threading.Thread(target=die_with_gateway, args=[os.getppid()], daemon=True)
    watch.start()

    connection = socket.socket(socket.AF_UNIX)
    connection.connect(options.socket)
    try:
        host = Host(options.model)
    except BaseException as error:
        send(connection, {"error": f"{type(error).__name__}: {error}"})
        raise
    send(connection, host.handshake())
    while True:
        message = receive(connection)
        if message is None:
            # The gateway is gone or about to kill us; the watch knows which.
            return watch.join(timeout=5)
        header, payload = host.answer(*message)
        send(connection, header, payload)


def limit_memory():
    """The limit is on allocations; code and libraries that are mapped from files do not count."""
    limit = os.environ.pop("FETTLE_WORKER_MEMORY_BYTES_MAX", None)
    if limit:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))


def die_with_gateway(gateway):
    """Standard input is a pipe the gateway holds; it closes when the gateway ends, however it ends."""
    # Not through `sys.stdin`, whose lock would be in the way of an interpreter that ends while this thread waits.
    while os.read(0, 1):
        pass
    # A dying process closes its pipes a moment before its children get a new parent.
    time.sleep(0.2)
    if os.getppid() != gateway:
        # Nobody is left to remove the folder this file and the sockets are in.
        shutil.rmtree(os.path.dirname(os.path.abspath(__file__)), ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def receive(connection):
    lengths = read_exactly(connection, LENGTHS.size)
    if lengths is None:
        return None
    header_length, payload_length = LENGTHS.unpack(lengths)
    if max(header_length, payload_length) > FRAME_BYTES_MAX:
        raise ValueError("a message larger than the protocol allows")
    header = read_exactly(connection, header_length)
    payload = read_exactly(connection, payload_length)
    if header is None or payload is None:
        return None
    return json.loads(header), payload


def read_exactly(connection, length):
    data = bytearray(length)
    view = memoryview(data)
    while length:
        count = connection.recv_into(view[-length:], length)
        if count == 0:
            return None
        length -= count
    return data


def send(connection, header, payload=b""):
    encoded = json.dumps(header).encode()
    connection.sendall(LENGTHS.pack(len(encoded), len(payload)) + encoded + payload)


def installed_version(package):
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


class Host:
    """The loaded model and what is known of it."""

    def __init__(self, path):
        import mlflow
        import mlflow.pyfunc

        self.model = mlflow.pyfunc.load_model(path)
        self.metadata = self.model.metadata
        self.input_schema = self.metadata.get_input_schema()
        self.mlflow_version = mlflow.__version__
        self.row_wise = True
        try:
            import pyarrow  # noqa: F401

            self.arrow = True
        except ImportError:
            self.arrow = False

    def handshake(self):
        flavors = [name for name in self.metadata.flavors if name != "python_function"]
        packages = ["numpy", "pandas", "scikit-learn", "skops", "xgboost", "lightgbm", "pyarrow"]
        versions = {name: installed_version(name) for name in packages}
        return {
            "protocol": PROTOCOL,
            "python": ".".join(map(str, sys.version_info[:3])),
            "mlflow": self.mlflow_version,
            "flavor": flavors[0] if flavors else "python_function",
            "signature": bool(self.input_schema),
            "arrow": self.arrow,
            "versions": {name: version for name, version in versions.items() if version},
            "pid": os.getpid(),
        }

    def answer(self, request, payload):
        op = request["op"]
        if op == "ping":
            return {}, b""
        if op == "predict":
            results = self.predict(request, payload)
        elif op == "raw":
            results = [guarded(self.raw, bytes(payload), request["content_type"])]
        elif op == "convert":
            try:
                return as_data(self.model)
            except Refused as refusal:
                return {"refused": str(refusal)}, b""
            except Exception as error:
                return {"refused": f"the model could not be written as data: {type(error).__name__}: {error}"}, b""
        else:
            return {"refused": f"unknown operation {op}"}, b""
        bodies = [body for _, body in results]
        header = {"results": [[status, len(body)] for status, body in results], "row_wise": self.row_wise}
        return header, b"".join(bodies)

    def predict(self, request, payload):
        """One call of the model for all callers; on any trouble, one call for each."""
        counts = request["rows"]
        params = request.get("params")
        try:
            table = read_table(request, payload)
        except Exception as error:
            return [(400, error_body("BAD_REQUEST", f"the table could not be read: {error}"))] * len(counts)
        if len(counts) > 1 and self.row_wise:
            try:
                return self.split(self.model_predict(table, params), counts)
            except NotRowWise:
                self.row_wise = False
            except Exception:
                pass
        results = []
        start = 0
        for count in counts:
            part = rows_of(table, start, count)
            start += count
            results.append(guarded(self.single, part, params))
        return results

    def model_predict(self, table, params):
        # mlflow enforces the signature once more in here; columns that already fit pass through.
        try:
            return self.model.predict(table, params=params) if params is not None else self.model.predict(table)
        except Exception as error:
            raise self.as_mlflow(error) from error

    def single(self, table, params):
        return predictions_json(self.model_predict(table, params))

    @staticmethod
    def split(predictions, counts):
        """Each caller's share of the predictions, or NotRowWise if there is not one for each row."""
        import numpy
        import pandas

        total = sum(counts)
        if isinstance(predictions, (pandas.DataFrame, pandas.Series)):
            cut, length = (lambda start, end: predictions.iloc[start:end]), len(predictions)
        elif isinstance(predictions, numpy.ndarray) and predictions.ndim > 0 or isinstance(predictions, list):
            cut, length = (lambda start, end: predictions[start:end]), len(predictions)
        else:
            raise NotRowWise
        if length != total:
            raise NotRowWise
        results = []
        start = 0
        for count in counts:
            results.append((200, predictions_json(cut(start, start + count))))
            start += count
        return results

    def raw(self, body, content_type):
        from mlflow.pyfunc import scoring_server

        try:
            # MLflow 2 wants text; later versions take either.
            body = body if "parquet" in content_type else body.decode()
        except UnicodeDecodeError:
            pass
        if hasattr(scoring_server, "invocations"):
            response = scoring_server.invocations(body, content_type, self.model, self.input_schema)
            if response.status != 200:
                raise Answered(response.status, response.response)
            return response.response.encode()
        raise Refused("this MLflow is too old to read the request body itself; use MLflow 2.9 or newer")

    @staticmethod
    def as_mlflow(error):
        """What MLflow's scoring server makes of an exception from the model."""
        from mlflow.exceptions import MlflowException
        from mlflow.protos.databricks_pb2 import BAD_REQUEST

        if isinstance(error, MlflowException):
            return error
        return MlflowException(
            message=(
                "Encountered an unexpected error while evaluating the model. Verify that the serialized input "
                f"Dataframe is compatible with the model for inference. {type(error).__name__}: {error}"
            ),
            error_code=BAD_REQUEST,
            stack_trace="".join(traceback.format_exception(type(error), error, error.__traceback__)),
        )


class NotRowWise(Exception):
    """The model did not answer one prediction for each row."""


class Answered(Exception):
    """MLflow answered something other than predictions."""

    def __init__(self, status, body):
        super().__init__(status)
        self.status = status
        self.body = body


def guarded(call, *arguments):
    """A result, whatever happens: an exception becomes MLflow's error body and its status."""
    from mlflow.exceptions import MlflowException

    try:
        return 200, call(*arguments)
    except Answered as answered:
        return answered.status, answered.body.encode()
    except Refused as refusal:
        return 400, error_body("BAD_REQUEST", str(refusal))
    except MlflowException as error:
        return error.get_http_status_code(), error.serialize_as_json().encode()
    except Exception as error:
        converted = Host.as_mlflow(error)
        return converted.get_http_status_code(), converted.serialize_as_json().encode()


def error_body(code, message):
    return json.dumps({"error_code": code, "message": message}).encode()


def predictions_json(predictions):
    from mlflow.pyfunc.scoring_server import predictions_to_json

    text = io.StringIO()
    predictions_to_json(predictions, text)
    return text.getvalue().encode()


def read_table(request, payload):
    """A DataFrame, or an array for the matrix layout, from Arrow or from JSON columns."""
    import numpy
    import pandas

    columns = arrow_columns(payload) if request["format"] == "arrow" else json_columns(payload)
    if request["layout"] == "matrix":
        return numpy.column_stack([values for _, values in columns])
    # Texts are lists of Python objects, so that this pandas picks the type it would pick for MLflow.
    frame = pandas.DataFrame({index: values for index, (_, values) in enumerate(columns)}, copy=False)
    if request["layout"] != "numbered":
        frame.columns = [name for name, _ in columns]
    return frame


def arrow_columns(payload):
    import pyarrow

    with pyarrow.ipc.open_stream(pyarrow.py_buffer(payload)) as reader:
        batch = reader.read_next_batch()
    columns = []
    for field, column in zip(batch.schema, batch.columns):
        if pyarrow.types.is_string(field.type):
            values = column.to_pylist()
        else:
            values = column.to_numpy(zero_copy_only=False)
            if not values.flags.writeable:
                values = values.copy()
        columns.append((field.name, values))
    return columns


def json_columns(payload):
    import numpy

    columns = []
    for name, dtype, values in json.loads(bytes(payload)):
        if dtype == "datetime64[ns]":
            values = numpy.array(["NaT" if value is None else value for value in values], dtype=dtype)
        elif dtype != "text":
            values = numpy.array([float(value) if isinstance(value, str) else value for value in values], dtype=dtype)
        columns.append((name, values))
    return columns


def rows_of(table, start, count):
    part = table[start : start + count] if not hasattr(table, "iloc") else table.iloc[start : start + count]
    return part.reset_index(drop=True) if hasattr(part, "reset_index") else part


# Types whose state native scoring reads as data; nothing of the file is executed either way.
TRUSTED_PREFIXES = ("sklearn.", "numpy.", "scipy.", "xgboost.", "lightgbm.", "collections.OrderedDict")


def as_data(model):
    """A pickled model as a header and a file that is read without executing anything."""
    booster = getattr(model._model_impl, "lgb_model", None)
    if booster is not None:
        return as_lightgbm(booster)
    return {"written_as": "skops"}, as_skops(model)


def as_lightgbm(model):
    """LightGBM's own text, and a classifier's labels."""
    header = {"written_as": "lightgbm"}
    if hasattr(model, "classes_"):
        labels = model.classes_
        if labels.dtype.kind not in "iuUO" or (labels.dtype.kind == "O" and any(type(v) is not str for v in labels)):
            raise Refused(f"the classifier's labels are {labels.dtype}, neither integers nor texts")
        header["labels"] = labels.tolist()
    booster = getattr(model, "booster_", model)
    if callable(getattr(model, "objective_", None)):
        raise Refused("the model was trained with an objective of its own")
    return header, booster.model_to_string().encode()


def as_skops(model):
    """The scikit-learn object inside a pyfunc model, as a skops file."""
    try:
        import skops.io
    except ImportError:
        raise Refused("skops is not installed in the model's Python; `pip install skops` allows native scoring") from None

    implementation = model._model_impl
    estimator = getattr(implementation, "sklearn_model", None)
    if estimator is None:
        raise Refused("the model does not hold a scikit-learn estimator")
    data = skops.io.dumps(estimator)
    foreign = [name for name in skops.io.get_untrusted_types(data=data) if not name.startswith(TRUSTED_PREFIXES)]
    if foreign:
        raise Refused(f"the model holds objects of types that are not scikit-learn's: {', '.join(sorted(foreign))}")
    return data


if __name__ == "__main__":
    main()
