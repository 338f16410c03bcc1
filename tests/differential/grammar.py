"""Filters, orders and pages, generated: every field with every comparator and kind of value."""

import base64
import json
import random

COMPARATORS = ["=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "RLIKE"]


def clauses(fields):
    """`fields`: name -> values as they are written. Every comparator meets every field once per value."""
    for field, values in fields.items():
        for comparator in COMPARATORS:
            if comparator.startswith("IS"):
                yield f"{field} {comparator}"
                continue
            for value in values:
                if comparator.endswith("IN"):
                    value = f"({value})" if not value.startswith("(") else value
                yield f"{field} {comparator} {value}"


def conjunctions(some, count, seed):
    """Two or three clauses that are joined, by chance but always the same."""
    chance = random.Random(seed)
    some = list(some)
    for _ in range(count):
        picked = chance.sample(some, chance.choice([2, 2, 3]))
        yield chance.choice([" AND ", " and ", "  And\n"]).join(picked)


# What no grammar takes, and what is at its edge.
ODD = [
    "",
    " ",
    "AND",
    "=",
    "x",
    "x =",
    "= 'x'",
    "nonsense = 'x'",
    "nonsense.x = 'x'",
    "tags.a = 'b' OR tags.a = 'c'",
    "NOT tags.a = 'b'",
    "(tags.a = 'b')",
    "tags.a = 'b' AND",
    "AND tags.a = 'b'",
    "tags.a = 'b' tags.c = 'd'",
    "tags.a = 'b'; tags.c = 'd'",
    "tags.a = 'b';",
    "tags.a = 'unclosed",
    "tags.`unclosed = 'x'",
    "tags.a == 'b'",
    "tags.a <> 'b'",
    "tags.a = b",
    "tags.a = 5",
    "tags.a = \"b\"",
    "tags.\"a\" = 'b'",
    "tags.`a` = 'b'",
    "tags.a='b'",
    "tags . a = 'b'",
    "tags. = 'b'",
    "tags = 'b'",
    "tag.a = 'b'",
    "TAGS.a = 'b'",
    "tags.a = 'b''c'",
    "tags.a = 'b\\'c'",
    "tags.a = ''",
    "tags.a = '%'",
    "tags.a LIKE '%'",
    "tags.a like '_'",
    "tags.a ILIKE 'B'",
    "tags.a ilike '%B%'",
    "tags.a LIKE 5",
    "tags.a BETWEEN 'a' AND 'c'",
    "tags.a IS 'b'",
    "tags.a IS NOT 'b'",
    "tags.a is null",
    "tags.a Is Not Null",
    "tags.a IS NULL AND tags.a IS NOT NULL",
    "'b' = tags.a",
    "tags.a = 'b' -- comment",
    "tags.a = 'b' /* comment */",
    "tags.ünïcode = 'wörld'",
    "tags.`with space` = 'x'",
    "tags.a.b = 'x'",
    "tags.a = 'x' AND tags.a = 'y'",
    "1 = 1",
    "''",
    "tags.a = NULL",
    "tags.a IN ('b', 'c')",
    "tags.a IN ()",
    "\u202e = 'x'",
    "SELECT * FROM runs",
    "tags.a = 'b' AND (tags.c = 'd')",
    "tags.a = 'b' AND NOT tags.c = 'd'",
    "tags.a != 'b' AND tags.a LIKE 'b%'",
]

ORDERS = ["{}", "{} ASC", "{} DESC", "{} asc", "{} desc", "  {}   DESC  ", "{} SIDEWAYS", "{} DESC NULLS LAST", "{},", "{} DESC, {}"]


def token(value):
    """A page token as MLflow writes it."""
    return base64.b64encode(json.dumps(value).encode()).decode()


TOKENS = {
    "empty": "",
    "no-base64": "!!!",
    "padding": "====",
    "text": base64.b64encode(b"hello").decode(),
    "no-offset": token({}),
    "zero": token({"offset": 0}),
    "one": token({"offset": 1}),
    "far": token({"offset": 1_000_000}),
    "negative": token({"offset": -5}),
    "word": token({"offset": "x"}),
    "number-in-text": token({"offset": "1"}),
    "fraction": token({"offset": 1.5}),
    "null": token({"offset": None}),
    "list": token([1]),
    "huge": token({"offset": 10**30}),
    "more": token({"offset": 1, "filter": "x"}),
}


def sizes(maximum):
    """`max_results` and its neighbours."""
    return {
        "0": 0,
        "1": 1,
        "2": 2,
        "max": maximum,
        "max+1": maximum + 1,
        "negative": -1,
        "text": "2",
        "word": "many",
        "fraction": 1.5,
        "whole-fraction": 2.0,
        "null": None,
        "true": True,
        "list": [1],
        "int32": 2**31 - 1,
        "int32+1": 2**31,
        "int64+1": 2**63,
    }
