"""Columns on which careless arithmetic shows, models' answers to them, and both written down for the evaluator."""

import struct
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import sklearn

RELEASE = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
TRAINING_ROWS = 300
NUMBERS = ["normal", "halves", "epoch", "cents", "small"]


def numbers(rng, rows):
    """Columns on which careless arithmetic shows: ties, large ids, decimals that single precision cannot hold."""
    return pd.DataFrame(
        {
            "normal": rng.normal(size=rows),
            "halves": rng.integers(-4, 5, rows) * 0.5,
            "epoch": 1_700_000_000.0 + rng.integers(0, 5_000, rows),
            "cents": np.round(rng.uniform(0, 100, rows), 2),
            "small": rng.integers(0, 6, rows).astype(float),
        }
    )


def with_missing(rng, frame, share=0.1):
    return frame.mask(rng.uniform(size=frame.shape) < share)


def target(rng, frame):
    filled = frame.fillna(0.0)
    return (
        filled["normal"]
        + filled["halves"] * (filled["small"] > 2)
        + (filled["epoch"] - 1_700_000_000.0) / 2_500
        + np.sin(filled["cents"])
        + rng.normal(scale=0.3, size=len(frame))
    ).to_numpy()


def number_sets(rng, rows):
    """The dtypes in which the same columns may arrive."""
    plain = numbers(rng, rows)
    integers = pd.DataFrame(
        {name: rng.integers(0, 3, rows) + (1_700_000_000 if name == "epoch" else 0) for name in NUMBERS}
    )
    integers.loc[0, "cents"] = (1 << 60) + (1 << 36) + (1 << 37) - 1
    return {
        "plain": plain,
        "missing": with_missing(rng, plain),
        "float32": plain.astype("float32"),
        "integers": integers,
        "integers32": integers.assign(cents=7).astype("int32"),
        "mixed": plain.assign(
            small=plain["small"].astype("int64"), halves=(plain["halves"] > 0), cents=plain["cents"].astype("float32")
        ),
        "infinite": plain.assign(cents=np.inf),
        "reordered": plain[NUMBERS[::-1]],
    }


def mixed(rng, rows):
    frame = numbers(rng, rows)
    frame["colour"] = rng.choice(["red", "green", "blue", "été"], rows)
    frame["size"] = rng.choice(["S", "M", "L"], rows)
    frame["flag"] = rng.integers(0, 2, rows).astype(bool)
    frame["shop"] = rng.integers(1, 9, rows)
    return frame


def mixed_sets(rng, rows):
    plain = mixed(rng, rows)
    unknown = plain.copy()
    unknown["colour"] = rng.choice(["red", "mauve", ""], rows)
    unseen_shop = plain.assign(shop=rng.integers(1, 40, rows))
    missing = plain.copy()
    missing[NUMBERS] = with_missing(rng, missing[NUMBERS])
    missing_text = plain.copy()
    some = rng.uniform(size=rows) < 0.2
    missing_text["size"] = missing_text["size"].mask(some, np.nan)
    none_text = plain.assign(size=pd.Series(np.where(some, None, plain["size"].astype(object)), dtype=object))
    return {
        "plain": plain,
        "missing": missing,
        "missing text": missing_text,
        "text that is None": none_text,
        "unknown": unknown,
        "unseen shop": unseen_shop,
        "reordered with extra": plain[plain.columns[::-1]].assign(extra=1.0),
    }


def hexes(values):
    return [struct.pack(">d", value).hex() for value in values]


def column(name, values):
    """One column as the evaluator takes it."""
    dtype = str(values.dtype)
    if dtype in ("object", "str"):
        none = any(value is None for value in values)
        texts = [value if isinstance(value, str) else None for value in values]
        return {"name": name, "dtype": "object" if none else "text", "values": texts}
    if dtype in ("float64", "float32"):
        return {"name": name, "dtype": dtype, "values": hexes(values.astype("float64"))}
    if dtype in ("int64", "int32"):
        return {"name": name, "dtype": dtype, "values": [int(v) for v in values]}
    if dtype == "bool":
        return {"name": name, "dtype": dtype, "values": [bool(v) for v in values]}
    raise TypeError(dtype)


def answer(values):
    values = np.asarray(values)
    columns = 1 if values.ndim == 1 else values.shape[1]
    if values.ndim == 2 and columns == 1:
        return answer(values.ravel()) | {"dtype": "column"}
    flat = values.ravel()
    if flat.dtype.kind == "f":
        return {"dtype": "float64", "columns": columns, "values": hexes(flat.astype("float64"))}
    if flat.dtype.kind == "b":
        return {"dtype": "bool", "columns": columns, "values": [bool(v) for v in flat]}
    if flat.dtype.kind in "iu":
        return {"dtype": "int64", "columns": columns, "values": [int(v) for v in flat]}
    return {"dtype": "text", "columns": columns, "values": [str(v) for v in flat]}


def answers(model, sets, as_array):
    for name, frame in sets.items():
        given = frame.to_numpy() if as_array else frame
        found = {
            "name": name,
            "named": not as_array,
            "columns": [column(name, frame[name]) for name in frame.columns],
        }
        try:
            found["predict"] = answer(model.predict(given))
            if hasattr(model, "predict_proba"):
                shares = model.predict_proba(given)
                # Several outputs have a list of them, which the evaluator does not answer.
                if not isinstance(shares, list):
                    found["predict_proba"] = answer(shares)
        except Exception as error:
            found.pop("predict", None)
            found["raises"] = str(error).splitlines()[0]
        yield found


@dataclass
class Training:
    """What every family of cases trains on, and the sets of rows that it asks for."""

    rng: np.random.Generator
    rows: int
    trees: int
    seed: dict = field(default_factory=lambda: {"random_state": 7})

    def __post_init__(self):
        self.x = numbers(self.rng, TRAINING_ROWS)
        self.y = target(self.rng, self.x)
        self.positive = np.abs(self.y) + 0.1
        self.two = (self.y > np.median(self.y)).astype(int)
        self.three = np.digitize(self.y, np.quantile(self.y, [0.33, 0.66]))
        self.words = np.array(["low", "mid", "high"])[self.three]
        self.targets = np.column_stack([self.y, -self.y, self.y * self.y])
        self.holes = with_missing(self.rng, self.x)
        self.sets = number_sets(self.rng, self.rows)
        self.few = {name: self.sets[name] for name in ("plain", "missing", "float32", "mixed", "integers32")}
        # Without the column whose values are a thousand times those of the others.
        self.near = self.x.drop(columns="epoch")
        self.near_sets = {name: frame.drop(columns="epoch") for name, frame in self.few.items()}
        self.double_sets = self.few | {"integers": self.sets["integers"]}
        self.double_sets.pop("float32")
        self.near_double_sets = {name: frame.drop(columns="epoch") for name, frame in self.double_sets.items()}
        self.wide = mixed(self.rng, TRAINING_ROWS)
        self.wide[NUMBERS] = with_missing(self.rng, self.wide[NUMBERS])
        if RELEASE >= (1, 4):
            self.wide["size"] = self.wide["size"].mask(self.rng.uniform(size=TRAINING_ROWS) < 0.1, np.nan)
        self.outcome = target(self.rng, self.wide) + (self.wide["colour"] == "red") * 2 + self.wide["shop"] % 3
        self.label = np.where(self.outcome > np.median(self.outcome), "yes", "no")
        self.wide_sets = mixed_sets(self.rng, self.rows)
        if RELEASE < (1, 4):
            self.wide_sets.pop("missing text")
