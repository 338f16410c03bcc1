"""Where two normalised answers differ."""

import re

INDEX = re.compile(r"\[\d+\]")
MISSING = re.compile(r"Missing value for required parameter '([\w.\[\]]*)'")


def differences(case, mlflow, fettle):
    """Path -> (what MLflow has, what Fettle has)."""
    found = {}
    if is_error(mlflow) and is_error(fettle) and not case.exact:
        missing = MISSING.search(mlflow["body"]["message"])
        mlflow, fettle = without_text(mlflow, missing), without_text(fettle, missing)
    for part in ("status", "headers", "body"):
        walk(part, mlflow[part], fettle[part], found)
    return found


def is_error(answer):
    return answer["status"] >= 400 and isinstance(answer["body"], dict) and "message" in answer["body"]


def without_text(answer, missing):
    """The wording of an error is each server's own, but a parameter that MLflow misses has to be named as missing."""
    message = answer["body"]["message"]
    message = missing[0] if missing and missing[0] in message else "<text>" if message else ""
    return {**answer, "body": {**answer["body"], "message": message}}


def walk(path, mlflow, fettle, found):
    if isinstance(mlflow, dict) and isinstance(fettle, dict):
        for key in sorted(set(mlflow) | set(fettle)):
            walk(f"{path}.{key}", mlflow.get(key, ABSENT), fettle.get(key, ABSENT), found)
    elif keyed(mlflow) and keyed(fettle):
        walk(path, {item["key"]: item for item in mlflow}, {item["key"]: item for item in fettle}, found)
    elif isinstance(mlflow, list) and isinstance(fettle, list) and len(mlflow) == len(fettle):
        for index, pair in enumerate(zip(mlflow, fettle)):
            walk(f"{path}[{index}]", *pair, found)
    elif repr(mlflow) != repr(fettle):
        found[path] = (mlflow, fettle)


def keyed(value):
    """Whether a list is a map: tags, params, latest metrics."""
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) and "key" in item for item in value):
        return False
    return len({item["key"] for item in value}) == len(value)


class Absent:
    def __repr__(self):
        return "(absent)"


ABSENT = Absent()


def covers(allowed, path):
    """Whether an allowlist's path, such as `body.runs[].info`, names a differing path or what it is part of."""
    path = INDEX.sub("[]", path)
    return path == allowed or path.startswith((allowed + ".", allowed + "["))
