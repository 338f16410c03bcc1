"""Record what MLflow's own scoring server makes of good and bad request bodies.

Run with a Python that has mlflow, from this folder:

    python generate.py > scoring_inputs.json

Every case goes through `mlflow.pyfunc.scoring_server.invocations` with a model that keeps what its predict method was
given, so the record holds the data after MLflow's parsing, coercion and schema enforcement, or the error it answered.
`typed` says that Fettle must read the body itself; the others may be handed to the Python worker unread.
"""

import io
import json
import logging
import math
import random
import sys
import warnings

import numpy as np
import pandas as pd
import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import PyFuncModel
from mlflow.pyfunc.scoring_server import invocations
from mlflow.types import ParamSchema, Schema

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


def columns(*specs):
    """`"a: long"`, `"b: double?"` (optional) or `": double"` (no name)."""
    out = []
    for spec in specs:
        name, _, kind = spec.partition(":")
        entry = {"type": kind.strip().rstrip("?"), "required": not kind.endswith("?")}
        if name:
            entry["name"] = name
        out.append(entry)
    return out


def tensor(dtype, *shape, name=None):
    entry = {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}}
    return {"name": name, **entry} if name else entry


SIGNATURES = {
    "two_longs": {"inputs": columns("a: long", "b: long")},
    "two_doubles": {"inputs": columns("a: double", "b: double")},
    "every_type": {
        "inputs": columns("d: double", "f: float", "l: long", "i: integer", "s: string", "b: boolean", "t: datetime")
    },
    "double": {"inputs": columns("x: double")},
    "float": {"inputs": columns("x: float")},
    "long": {"inputs": columns("x: long")},
    "integer": {"inputs": columns("x: integer")},
    "string": {"inputs": columns("x: string")},
    "boolean": {"inputs": columns("x: boolean")},
    "datetime": {"inputs": columns("x: datetime")},
    "binary": {"inputs": columns("x: binary")},
    "optional": {"inputs": columns("a: long", "b: double?", "c: string?")},
    "unnamed": {"inputs": columns(": double", ": double")},
    "unnamed_mixed": {"inputs": columns(": double", ": long")},
    "matrix": {"inputs": [tensor("float64", -1, 3)]},
    "matrix_f32": {"inputs": [tensor("float32", -1, 2)]},
    "matrix_long": {"inputs": [tensor("int64", -1, 2)]},
    "cube": {"inputs": [tensor("float64", -1, 2, 2)]},
    "named_tensor": {"inputs": [tensor("float64", -1, 2, name="x"), tensor("float64", -1, name="y")]},
    "none": {},
    "params": {
        "inputs": columns("x: double"),
        "params": [
            {"name": "temperature", "type": "double", "default": 0.5, "shape": None},
            {"name": "top", "type": "long", "default": 3, "shape": None},
            {"name": "mode", "type": "string", "default": "fast", "shape": None},
            {"name": "flag", "type": "boolean", "default": False, "shape": None},
            {"name": "stops", "type": "string", "default": ["a"], "shape": [-1]},
        ],
    },
}

CASES = []


def case(signature, body, *, typed=True, content_type="application/json"):
    CASES.append({"signature": signature, "content_type": content_type, "body": body, "typed": typed})


def js(value):
    return json.dumps(value)


def split(names, *rows, **more):
    return js({"dataframe_split": {"columns": list(names), "data": list(rows)}, **more})


def records(*rows, **more):
    return js({"dataframe_records": list(rows), **more})


# Shape of the table: order, missing, extra, both notations.
case("two_longs", split("ab", [1, 2], [3, 4]))
case("two_longs", split("ba", [1, 2]))
case("two_longs", split("bca", [1, 9, 2]))
case("two_longs", split("a", [1]))
case("two_longs", split("ac", [1, 2]))
case("two_longs", split("ab", [1]))
case("two_longs", split("ab", [1, 2, 3]))
case("two_longs", split("ab", [1, 2], [3]))
case("two_longs", split("ab"))
case("two_longs", split("aab", [1, 2, 3]), typed=False)
case("two_longs", js({"dataframe_split": {"data": [[1, 2]]}}))
case("two_longs", js({"dataframe_split": {"columns": ["a", "b"]}}))
case("two_longs", js({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]], "extra": 1}}))
case("two_longs", js({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]], "index": [0]}}))
case("two_longs", js({"dataframe_split": {"data": [[1, 2]], "columns": ["a", "b"]}}))
case("two_longs", js({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]], "index": [7]}}), typed=False)
case("two_longs", js({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]], "index": [7, 8]}}), typed=False)
case("two_longs", js({"dataframe_split": [[1, 2]]}))
case("two_longs", js({"dataframe_split": {"columns": ["a", "b"], "data": [1, 2]}}), typed=False)
case("two_longs", js({"dataframe_split": {"columns": ["a", "b"], "data": [[[1], 2]]}}), typed=False)
case("two_longs", records({"a": 1, "b": 2}, {"b": 4, "a": 3}))
case("two_longs", records({"a": 1}))
case("two_longs", records({"a": 1, "b": 2, "z": 3}))
case("two_longs", records({"a": 1, "b": 2}, {"a": 3}))
case("two_longs", records())
case("two_longs", js({"dataframe_records": {"a": 1, "b": 2}}))
case("two_longs", js({"dataframe_records": [[1, 2]]}), typed=False)
case("two_longs", js({"dataframe_records": 5}))
case("two_doubles", split("ab", [1.5, 2], [3, None]))
case("two_doubles", records({"a": 1.5}, {"a": 2.5, "b": 1}))
case("two_doubles", records({"a": 1, "a ": 3, "b": 2}))

# The envelope.
case("two_longs", "not json")
case("two_longs", '{"dataframe_split": ')
case("two_longs", "[1, 2]")
case("two_longs", "5")
case("two_longs", "null")
case("two_longs", "{}")
case("two_longs", js({"rows": [1]}))
case("two_longs", js({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}, "instances": [[1, 2]]}))
case("two_longs", split("ab", [1, 2], other=5))
case("two_longs", js({"columns": ["a", "b"], "data": [[1, 2]]}))
case("two_longs", js({"messages": [{"role": "user", "content": "hi"}]}), typed=False)
case("double", '{"dataframe_split": {"columns": ["x"], "data": [[NaN], [Infinity], [-Infinity]]}}')
case("double", '{"dataframe_split": {"columns": ["x"], "data": [[1e400]]}}', typed=False)
case("double", '{"dataframe_split": {"columns": ["x"], "data": [[1]]}, "dataframe_split": {"columns": ["x"], "data": [[2]]}}')
for content_type in [
    "application/json; charset=utf-8",
    "application/json; charset=UTF-8",
    "application/json;charset=latin-1",
    "application/json; version=1",
    "text/plain",
    "application/xml",
    "Application/JSON",
]:
    case("double", split("x", [1.5]), content_type=content_type)

# Each type against each kind of cell, as a table.
CELLS = [
    1, 0, -3, 2.0, 1.5, -1.9, 1e300, True, False, None, "1", "1.5", " 7 ", "1_0", "abc", "", "true", "false", "nan", "inf",
    9007199254740993, 2147483648, 9223372036854775807, 9223372036854775808, 1e-7, 0.1,
]
for kind in ["long", "integer", "double", "float", "boolean", "string"]:
    for cell in CELLS:
        big = isinstance(cell, int) and cell > 2**63 - 1
        plain = not isinstance(cell, str) or cell not in ("1_0", " 7 ")
        is_text = isinstance(cell, str) or cell is None
        typed = (not big and plain) if kind != "string" else is_text
        case(kind, split("x", [cell]), typed=typed)
for kind, rows in {
    "long": [[1, 2.5], [1, None], [9007199254740993, 1.5], [1, "2"], [True, 2], [True, None], ["1", None]],
    "double": [[1, 2.5], [1, None], ["1", None], ["1", 2.5], [True, 2.5], [True, None], [None, None]],
    "float": [[16777217, 1], [16777217, 0.5], ["0.1", 1], [None, 0.1]],
    "boolean": [[True, False], [True, None], [None, None], [0, 2.5], ["", "x"], ["a", None], [True, "x"]],
    "string": [["a", "b"], ["a", None], [None, None]],
}.items():
    for row in rows:
        case(kind, split("x", *[[cell] for cell in row]))
        case(kind, records(*[{"x": cell} for cell in row]))
for row in [["a", 1], [1, 2], [True, "a"], [1.5, None]]:
    case("string", split("x", *[[cell] for cell in row]), typed=False)

# Date and time.
for text in ["2024-02-29", "2024-02-29T12:30:45", "2024-02-29 12:30:45", "2024-02-29T12:30:45.123456", "1969-12-31T23:59:59"]:
    case("datetime", split("x", [text]))
for cell in ["2024-02-29T12:30:45Z", "2024-02-29T12:30:45+02:00", "29/02/2024", "nonsense", "2023-02-29", 0, 1700000000, None, "NaT", True]:
    case("datetime", split("x", [cell]), typed=False)
case("datetime", split("x", ["2024-02-29"], [None]))
case("datetime", split("x", ["2024-02-29"], ["2024-03-01"]))
case("datetime", split("x", ["2024-02-29"], ["2024-03-01T10:00:00"]), typed=False)
case("binary", split("x", ["aGVsbG8="]), typed=False)

case("every_type", records({"d": 1, "f": 0.1, "l": 5, "i": 6, "s": "text", "b": True, "t": "2024-01-02T03:04:05"}))
case("every_type", split("dflisbt", [1, 2, 3, 4, "a", False, "2024-01-02"], [None, None, 3.9, 4.9, None, 1, "2024-01-03"]))
case("every_type", split("dflisb", [1, 2, 3, 4, "a", False]))

# Optional columns.
case("optional", records({"a": 1}))
case("optional", records({"a": 1, "b": None, "c": None}))
case("optional", records({"b": 1.5}))
case("optional", split("ca", ["x", 1]))
case("optional", records({"a": 1, "c": "x"}, {"a": 2, "b": 2.5}))

# No names in the signature.
case("unnamed", split("pq", [1, 2]))
case("unnamed", split("p", [1]))
case("unnamed", split("pqr", [1, 2, 3]))
case("unnamed", js({"dataframe_split": {"data": [[1, 2.5]]}}))
case("unnamed", records({"p": 1, "q": 2}))
case("unnamed", js({"instances": [[1, 2], [3, 4.5]]}))
case("unnamed", js({"inputs": [[1, 2], [3, 4.5]]}))
case("unnamed", js({"inputs": [[1], [2]]}))
case("unnamed", js({"inputs": [[1, 2, 3]]}))
case("unnamed", js({"inputs": {"p": [1], "q": [2]}}), typed=False)
case("unnamed_mixed", js({"inputs": [[1.5, 2]]}), typed=False)
case("unnamed_mixed", js({"dataframe_split": {"data": [[1, 2.5]]}}))

# instances and inputs against named columns.
for key in ["instances", "inputs"]:
    case("two_longs", js({key: [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}))
    case("two_longs", js({key: [{"a": 1.9, "b": "2"}]}))
    case("two_longs", js({key: [{"a": 1, "b": None}]}))
    case("two_longs", js({key: [{"a": 1}]}))
    case("two_longs", js({key: [{"a": 1, "b": 2, "z": 5}]}))
    case("two_longs", js({key: [{"a": 1, "b": 2}, {"a": 3}]}), typed=False)
    case("two_longs", js({key: {"a": [1, 3], "b": [2, 4]}}))
    case("two_longs", js({key: {"a": [1, 3], "b": [2]}}))
    case("two_longs", js({key: {"a": 1, "b": 2}}))
    case("two_longs", js({key: [[1, 2], [3, 4]]}))
    case("two_longs", js({key: []}), typed=False)
    case("two_doubles", js({key: [{"a": 1, "b": 2.5}, {"a": None, "b": "4"}]}))
    case("two_doubles", js({key: {"a": [1, None], "b": [2.5, "4"]}}))
    case("double", js({key: [1, 2.5, None]}))
    case("double", '{"%s": [1, 1e400]}' % key, typed=False)
    case("double", js({key: [[1], [2.5]]}), typed=False)
    case("double", js({key: 4.5}), typed=False)
    case("double", js({key: "abc"}), typed=False)
    case("string", js({key: ["a", "b"]}))
    case("string", js({key: [{"x": "a"}, {"x": "bcd"}]}))
    case("string", js({key: [{"x": 1}]}), typed=False)
    case("string", js({key: [{"x": None}]}), typed=False)
    case("boolean", js({key: [{"x": True}, {"x": 0}]}))
    case("boolean", js({key: [{"x": "false"}]}), typed=False)
    case("every_type", js({key: [{"d": 1, "f": 0.1, "l": 5, "i": 6, "s": "text", "b": True, "t": "2024-01-02T03:04:05"}]}), typed=False)

# Tensors.
for key in ["instances", "inputs"]:
    case("matrix", js({key: [[1, 2, 3], [4, 5.5, 6]]}))
    case("matrix", js({key: [[1, 2, 3], [4, 5]]}))
    case("matrix", js({key: [[1, 2]]}))
    case("matrix", js({key: [1, 2, 3]}))
    case("matrix", js({key: [[1, 2, None]]}))
    case("matrix", js({key: [[1, 2, "3"]]}))
    case("matrix", js({key: [[1, 2, "x"]]}))
    case("matrix", js({key: []}))
    case("matrix", js({key: [[[1, 2, 3]]]}), typed=False)
    case("matrix_f32", js({key: [[0.1, 16777217]]}))
    case("matrix_long", js({key: [[1, 2], [3, 4]]}))
    case("matrix_long", js({key: [[1.5, 2]]}))
    case("matrix_long", js({key: [[1, None]]}))
    case("cube", js({key: [[[1, 2], [3, 4]]]}), typed=False)
    case("named_tensor", js({key: [{"x": [1, 2], "y": 3}]}), typed=False)
case("named_tensor", js({"inputs": {"x": [[1, 2], [3, 4]], "y": [5, 6]}}), typed=False)
case("matrix", split("abc", [1, 2, 3], [4.5, 5, 6]))
case("matrix", split("ab", [1, 2]))
case("matrix", records({"a": 1, "b": 2, "c": 3}))
case("matrix_f32", split("ab", [0.1, 2]))
case("matrix_long", split("ab", [1.5, 2]))
case("matrix_long", split("ab", [None, 2]))

# No signature at all.
case("none", split("ab", [1, 2.5], [3, 4]))
case("none", split("ab", [1, "x"], [3, "y"]))
case("none", split("ab", [1, None], [3, 4.5]))
case("none", split("ab", [True, 1], [False, 2]))
case("none", split("ab", [True, None], [False, 2]), typed=False)
case("none", js({"dataframe_split": {"data": [[1, 2.5]]}}))
case("none", records({"a": 1, "b": "x"}, {"a": 2, "b": None}))
case("none", js({"instances": [[1, 2.5], [3, 4]]}))
case("none", js({"instances": [[1, 2], [3, 4]]}))
case("none", js({"inputs": [[1, 2.5], [3, 4]]}))
case("none", js({"instances": [{"a": 1, "b": 2.5}]}), typed=False)
case("none", js({"inputs": {"a": [1, 2], "b": [2.5, 3]}}), typed=False)
case("none", js({"inputs": "text"}), typed=False)

# Parameters.
for params in [
    None, {}, {"temperature": 0.9}, {"temperature": 1}, {"temperature": "hot"}, {"temperature": None}, {"temperature": True},
    {"temperature": [1]}, {"top": 5}, {"top": 5.5}, {"top": True}, {"mode": "slow"}, {"mode": 3}, {"flag": True}, {"flag": 1},
    {"stops": ["x", "y"]}, {"stops": "x"}, {"stops": [1]}, {"stops": []}, {"unknown": 1}, {"unknown": 1, "top": 9}, [1], "text", 5,
]:
    case("params", split("x", [1.5], params=params))
case("double", split("x", [1.5], params={"temperature": 0.9}))
case("double", split("x", [1.5], params={}))
case("double", split("x", [1.5], params=[1]))

# CSV.
csv = "text/csv"
case("two_longs", "a,b\n1,2\n3,4\n", content_type=csv)
case("two_longs", "b,a,c\n1,2,3\n", content_type=csv)
case("two_longs", "a\n1\n", content_type=csv)
case("two_longs", "a,b\n1,\n", content_type=csv)
case("two_longs", "a,b\n1,2.5\n", content_type=csv)
case("two_longs", "a,b\n1,x\n", content_type=csv)
case("two_longs", "", content_type=csv)
case("two_doubles", "a,b\n1,2.5\nNA,0.30000000000000004\n1e-7,123456789.123456789\n", content_type=csv)
case("two_doubles", "a,b\n-0.1,+5\nnan,inf\n", content_type=csv)
case("two_doubles", "a,b\n1,abc\n", content_type=csv)
case("string", 'x\nplain\n"quoted, text"\nNA\n12\n', content_type=csv)
case("boolean", "x\nTrue\nfalse\nTRUE\n", content_type=csv)
case("boolean", "x\nyes\n", content_type=csv)
case("boolean", "x\ntRUE\nfaLse\n", content_type=csv)
case("double", "x\n1.5\n", content_type="text/csv; charset=utf-8")

for columns_without_names in ["unnamed", "matrix"]:
    case(columns_without_names, "a,b\n1.5,2.5\n", content_type=csv, typed=False)

# CSV without a signature: pandas guesses the types.
for body in [
    "a,b\n1,2.5\n3,4\n", "a,b\nTrue,x\nfalse,y\n", "a,b\n1,\n2,\n", "a\n1\n\n2\n", 'a\n""\n1\n', "a,b\r1,2\r3,4\r",
    "\ufeffa,b\r\n1,2\r\n", ",a\n0,5\n1,6\n", "a,b,\n1,2,\n", "a,Unnamed: 0\n1,2\n", 'a,b\n"x, ""y""",1\nNA,2\n',
    'a,b\n"x\r\ny",1\nz,2\n', "a,b\n x,1\n", " a,b\nx,1\n", "a\n007\n+5\n-0\n", "a\n1\nTrue\n", "a\n2024-01-31\n", "a\n1,5\n2,5\n",
    'a\n"1,000"\n', "a\n1.5\nTrue\n", "a\n9007199254740993\nNA\n", "a\nx\n9223372036854775808\n", "",
]:
    case("none", body, content_type=csv, typed="1,5" not in body)
for body in [
    "a,a\n1,2\n", "a,b\n1\n", "a,b\n1,2,3\n", "a,b\n", "a\nTrue\nNA\n", "a\n9223372036854775808\n", "a\n1\n99999999999999999999\n",
    "a,b\n  \n1,2\n", "a\n \n1\n", " \na\n1\n", 'a\n"x\n', 'a\n5" x 6"\n', 'a,b\n"x"y,1\n', "a\n inf\n", "a\ninf \n",
]:
    case("none", body, content_type=csv, typed=False)
chance = random.Random(7)
WORDS = [
    "NA", "", "nan", "-NaN", "<NA>", "None", "null", "N/A", "True", "FALSE", "true", "tRue", "x", "y z", "inf", "-Infinity", "+iNF", "infin",
    "1", "-3", "+12", "0", "00", "0.1", "-.5", "5.", ".", "+", "-", "1e5", "1E-7", "1e", "e5", "1.5e+3", "1_0", "0x1F", " 7", "7 ", " 2.5 ",
    "\t3", "\v4", "2.2250738585072014e-308", "1e400", "-1e-400", "123456789.123456789", "0.30000000000000004", "9007199254740993", "\u0663",
    "1.7976931348623157e308", "9223372036854775807", "-9223372036854775808", "4.9e-324", "1.5.2", "1-2", "12abc", "+nan", "nan ", "NaN5",
]
for word in WORDS:
    case("none", f"a,b\nk,{word}\n", content_type=csv, typed=True)
for _ in range(150):
    few = chance.sample(WORDS, chance.choice([1, 2, 2, 3]))
    case("none", "".join(f"{line}\n" for line in ["a,b", *(f"k,{chance.choice(few)}" for _ in range(4))]), content_type=csv, typed=False)
for _ in range(100):
    cells = ["".join(chance.choice("0123456789.-+eE ") for _ in range(chance.randint(1, 6))) for _ in range(6)]
    case("none", "".join(f"{line}\n" for line in ["a,b,c,d,e,f", ",".join(["1", *cells[1:]])]), content_type=csv, typed=False)
for _ in range(50):
    numbers = [repr(chance.uniform(-1, 1) * 10 ** chance.randint(-30, 30)), f"{chance.random():.25f}", str(chance.getrandbits(62))]
    case("none", "a,b,c\n" + ",".join(numbers) + "\n", content_type=csv)


class Keep:
    """A model that remembers what it was given."""

    def predict(self, data, params=None):
        self.data, self.params = data, params
        return []


def plain(value):
    if isinstance(value, (np.generic,)):
        value = value.item() if not isinstance(value, np.datetime64) else value.astype("datetime64[ns]").astype("int64").item()
    if isinstance(value, pd.Timestamp):
        return value.value
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value
    if isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return repr(value)


def dtype_of(series):
    if isinstance(series.dtype, pd.StringDtype):
        return "text"
    if series.dtype == object:
        return "object"
    return str(series.dtype)


def seen(data):
    if isinstance(data, pd.DataFrame):
        out = []
        for position, name in enumerate(data.columns):
            series = data.iloc[:, position]
            dtype = dtype_of(series)
            values = [plain(value) for value in series]
            if dtype in ("text", "object"):
                values = [None if value == "NaN" and not isinstance(original, str) else value for value, original in zip(values, series)]
            out.append({"name": plain(name), "dtype": dtype, "values": values})
        return {"layout": "table", "rows": len(data), "columns": out}
    if isinstance(data, np.ndarray):
        return {"layout": "array", "dtype": str(data.dtype), "shape": list(data.shape), "values": [plain(v) for v in data.ravel().tolist()]}
    return {"layout": "other", "repr": repr(data)[:200]}


def answer(model, keep, entry, schema):
    keep.data = keep.params = None
    try:
        response = invocations(entry["body"].encode(), entry["content_type"], model, schema)
    except MlflowException as error:
        body = json.loads(error.serialize_as_json())
        body.pop("stack_trace", None)
        body["message"] = body["message"][-400:]
        return {"status": error.get_http_status_code(), "error": body}
    if response.status != 200:
        return {"status": response.status, "text": response.response}
    return {"status": 200, "seen": seen(keep.data), "params": keep.params}


def model_for(signature):
    inputs = Schema.from_json(json.dumps(signature["inputs"])) if "inputs" in signature else None
    params = ParamSchema.from_json(json.dumps(signature["params"])) if "params" in signature else None
    meta = Model(signature=ModelSignature(inputs=inputs, params=params) if inputs or params else None)
    meta.add_flavor("python_function", loader_module="keep")
    keep = Keep()
    return PyFuncModel(model_meta=meta, model_impl=keep), keep, inputs


def main():
    models = {name: model_for(signature) for name, signature in SIGNATURES.items()}
    versions = {"mlflow": mlflow.__version__, "pandas": pd.__version__, "numpy": np.__version__}
    for entry in CASES:
        model, keep, schema = models[entry["signature"]]
        entry["expect"] = answer(model, keep, entry, schema)
    out = io.StringIO()
    signatures = {
        name: {"inputs": json.dumps(s["inputs"]) if "inputs" in s else None, "params": json.dumps(s["params"]) if "params" in s else None}
        for name, s in SIGNATURES.items()
    }
    out.write('{\n"versions": ' + json.dumps(versions) + ',\n"signatures": ' + json.dumps(signatures) + ',\n"cases": [\n')
    out.write(",\n".join(json.dumps(entry, allow_nan=False) for entry in CASES))
    out.write("\n]\n}\n")
    sys.stdout.write(out.getvalue())


if __name__ == "__main__":
    main()
