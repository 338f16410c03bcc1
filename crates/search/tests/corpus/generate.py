"""Record what MLflow makes of a corpus of filters and order_by entries.

    python crates/search/tests/corpus/generate.py > crates/search/tests/corpus/corpus.jsonl

Needs `mlflow` with its SQL store. Every text goes through MLflow's parser and then through a real search on an empty
SQLite store, because MLflow checks part of the grammar only there. One JSON line a text:

    {"kind": "runs", "text": "...", "verdict": "accepted" | "refused" | "crashed", "clauses": [[entity, key, comparator, value]]}

"refused" is an answer with status 400, "crashed" an internal error. `clauses` is present when accepted. The output
depends only on the seed below and on the version of MLflow.
"""

import json
import os
import random
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "CRITICAL")

from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as RegistryStore  # noqa: E402
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as TrackingStore  # noqa: E402
from mlflow.utils.search_logged_model_utils import parse_filter_string  # noqa: E402
from mlflow.utils.search_utils import (  # noqa: E402
    SearchExperimentsUtils,
    SearchModelUtils,
    SearchModelVersionUtils,
    SearchTraceUtils,
    SearchUtils,
)

SEED = 20240607
RANDOM_PER_KIND = 110

# Which left sides each kind knows, and the words its texts are built from.
TEXT_COMPARATORS = ["=", "!=", "LIKE", "ILIKE", "like", "ilike", "=", "!="]
NUMBER_COMPARATORS = ["=", "!=", "<", "<=", ">", ">="]
ODD_COMPARATORS = ["==", "<>", "=>", "RLIKE", "NOT LIKE", "~", "!", "=<", ">>", "IS", "BETWEEN", "CONTAINS"]
TEXT_VALUES = ["'x'", '"x"', "'a b'", "''", "'%a_'", "'it''s'", '"it\'s"', "'C:\\dir\\'", "'é'", "'1'", "'AND'", "'a OR b'", "'(x)'", "'true'"]
ODD_TEXT_VALUES = ["x", "5", "`x`", "x.y", "NULL", "('a')", "'open", "(x)", "-", "1.5", "[x]"]
NUMBER_VALUES = ["1", "0", "-1", "1.5", "-0.25", ".5", "5.", "1e3", "1E-3", "-1e-3", "1700000000000", "1.5e3"]
ODD_NUMBER_VALUES = ["'1'", "x", "+5", "1e+3", "0x1F", "inf", "nan", "1_000", "99999999999999999999", "1 2", "--1", "1e999"]
LISTS = ["('a')", "('a','b')", "('a', 'b',)", '("a", \'b\')', "( 'a' , 'b' )", "('a b', 'it\\'s')", "('1','2')", "('x\\ny')", "('a\\x5cb')"]
ODD_LISTS = ["()", "(a)", "(1)", "('a', 1)", "('a' 'b')", "('a',,'b')", "(('a'))", "('a'", "'a'", "a", "(,)", "('a\\\\', 'b')", "('\\q')", "('it''s')", "(r'a')"]
KEYS = ["a", "a1", "a_b", "a.b", "a.b.c", "`a`", "`a b`", "`a/b`", "`a-b`", '"a b"', '"a.b"', "mlflow.user", "`mlflow.user`", "order", "group", "select", "user", "version", "é", "Loss", "val_loss", "type", "key", "timestamp"]
ODD_KEYS = ["a-b", "a/b", "a b", "`a", "1", "1a", "layer.0", "``", "", " a", "a:b", "$a", "*", "in", "from", "as", "'a b'", "a.", "a.`b c`", "[a]", "a.b-c"]

KINDS = {
    "runs": {
        "text": ["run_id", "run_name", "status", "artifact_uri", "user_id", "`run name`", '"Run Name"', "attributes.status", "attr.run_id", "run.status", "attribute.run_name", "attributes.`Run name`", "`status`", "attributes.\"user_id\""],
        "number": ["start_time", "end_time", "created", "Created", "attributes.start_time", "attr.created"],
        "prefixes": ["params", "param", "parameter", "parameters", "tag", "tags", "`tags`"],
        "metrics": ["metric", "metrics", "`metrics`"],
        "lists": ["run_id", "attributes.run_id", "dataset.name", "datasets.digest", "dataset.context", "run_name"],
        "extra": ["dataset.name", "datasets.digest", "dataset.context"],
        "unknown": ["name", "lifecycle_stage", "experiment_id", "foo", "foo.bar", "Params.a", "dataset.foo", "attributes.foo", "tagss.a", "metrics"],
    },
    "experiments": {
        "text": ["name", "attribute.name", "`name`", '"name"', "attribute.`name`"],
        "number": ["creation_time", "last_update_time", "attribute.creation_time"],
        "prefixes": ["tag", "tags"],
        "metrics": [],
        "lists": ["experiment_id", "attribute.experiment_id", "name"],
        "extra": ["experiment_id"],
        "unknown": ["foo", "attributes.name", "attr.name", "metrics.a", "params.a", "`tags`.a", "creation_timestamp", "lifecycle_stage"],
    },
    "registered_models": {
        "text": ["name", "attribute.name", "`name`", '"name"'],
        "number": [],
        "prefixes": ["tag", "tags"],
        "metrics": [],
        "lists": ["name", "attribute.name"],
        "extra": ["tags.`mlflow.prompt.is_prompt`"],
        "unknown": ["foo", "attributes.name", "run_id", "creation_timestamp", "version_number", "metrics.a", "`tags`.a"],
    },
    "model_versions": {
        "text": ["name", "run_id", "source_path", "attribute.name", "`name`", '"run_id"'],
        "number": ["version_number", "attribute.version_number"],
        "prefixes": ["tag", "tags"],
        "metrics": [],
        "lists": ["name", "run_id", "source_path", "version_number"],
        "extra": ["tags.`mlflow.prompt.is_prompt`"],
        "unknown": ["foo", "attributes.name", "version", "creation_timestamp", "metrics.a", "`tags`.a"],
    },
    "logged_models": {
        "text": ["name", "model_id", "model_type", "source_run_id", "status", "attributes.name", "attributes.model_id", "`name`", "status_message", "experiment_id", "artifact_location", "lifecycle_stage"],
        "number": ["creation_timestamp", "last_updated_timestamp", "creation_time", "creation_timestamp_ms", "attributes.creation_timestamp_ms"],
        "prefixes": ["params", "tags"],
        "metrics": ["metrics"],
        "lists": ["name", "model_id", "params.a", "tags.a", "metrics.a", "creation_time"],
        "extra": [],
        "unknown": ["foo", "attribute.name", "tag.a", "param.a", "metric.a", "foo.bar", "Params.a", "attributes.creation_timestamp", "attributes.creation_time", "last_updated_time", '"name"', "datasets.name"],
    },
    "traces": {
        "text": ["request_id", "status", "client_request_id", "name", "run_id", "attributes.status", "trace.name", "attribute.request_id", "`name`", '"status"', "trace.run_id", "span.name", "span.type", "span.status", "span.attributes.model", "span.attributes.`llm.model`", "span.attributes.a.b"],
        "number": ["timestamp", "timestamp_ms", "execution_time", "execution_time_ms", "end_time", "end_time_ms", "attributes.timestamp_ms", "trace.execution_time"],
        "prefixes": ["tag", "tags", "metadata", "request_metadata", "feedback", "expectation", "`tags`"],
        "metrics": [],
        "lists": ["request_id", "status", "client_request_id", "name", "run_id", "trace.status", "span.name", "span.type", "span.attributes.a", "tags.a", "metadata.a", "feedback.a", "text", "timestamp"],
        "extra": ["tags.`mlflow.traceName`", "metadata.`mlflow.sourceRun`", "metadata.`mlflow.trace.session`"],
        "unknown": ["foo", "trace.foo", "Tags.a", "metrics.a", "params.a", "experiment_id", "span.foo", "span.content", "span.attributes.", "issue.name", "issue", "feedback", "span", "Status", "assessment.a"],
        "texts": [
            "text LIKE '%x%'", "text ILIKE '%x%'", "text = 'x'", "text RLIKE 'x'", "trace.text LIKE 'x'", "text like 'x'", "span.content LIKE '%x%'", "span.content ILIKE 'x'", "span.content != 'x'",
            "prompt = 'a/1'", "prompt = 'a'", "prompt = 'a/b/1'", "prompt = '/'", "prompt != 'a/1'", "prompt LIKE 'a/1'", "prompt IS NULL", "trace.prompt = \"a/1\"", "tags.`mlflow.linkedPrompts` = 'a/1'",
            "issue.id = 'iss-1'", "issue.id != 'iss-1'", "issue.id LIKE 'x'", "issue.id = 5", "issue.id IS NULL",
            "feedback.a > 1", "feedback.a >= 0.5", "feedback.a < -1", "expectation.b <= 1e3", "feedback.a > '1'", "feedback.a = 1", "feedback.a != 1", "feedback.a = 'true'", "feedback.a LIKE '%a%'", "feedback.a RLIKE '^a'",
            "feedback.a IS NULL", "feedback.a IS NOT NULL", "expectation.`a b` = 'x'", "feedback.a IN ('x')", "feedback.name = 'x'", "feedback.text = 'x'",
            "tags.name = 'x'", "tags.text = 'x'", "tags.prompt = 'x'", "metadata.run_id = 'x'", "tags.timestamp = 'x'", "metadata.name = 'x'",
            "name RLIKE '^a.*b$'", "status RLIKE 'O'", "tags.a RLIKE 'x'", "metadata.a RLIKE 'x'", "span.name RLIKE 'x'", "span.attributes.a RLIKE '^x$'", "span.attributes.a ILIKE 'x'", "name rlike 'a'",
            "name IS NULL", "run_id IS NULL", "run_id IS NOT NULL", "run_id != 'x'", "run_id LIKE 'x'", "run_id RLIKE 'x'", "status IS NULL", "client_request_id IS NULL", "timestamp IS NULL", "span.name IS NULL",
            "timestamp > '5'", "timestamp_ms = '1700000000000'", "end_time > 5 AND end_time_ms < 7", "timestamp LIKE '5'", "status = 5", "execution_time = 1.5",
            "metadata.`mlflow.trace.tokenUsage` IS NOT NULL", "metadata.`mlflow.trace.tokenUsage` LIKE '%1%'", "metadata.`mlflow.trace.cost` = '{}'", "metadata.`mlflow.trace.session` = 's'",
            "name = 'a' AND span.name = 'b' AND span.type = 'c' AND tags.d = 'e' AND feedback.f > 1",
        ],
    },
}

# Shapes of a whole filter, tried for every kind with `C` replaced by good comparisons of that kind.
SHAPES = [
    "", " ", "  \t\n", "C", " C ", "\nC\n", "C AND C", "C and C", "C And C", "C\nAND\nC", "C  AND  C", "C AND C AND C", "C C",
    "C AND", "AND C", "AND", "AND AND", "C AND AND C", "C OR C", "C or C", "(C)", "(C) AND C", "C AND (C OR C)", "NOT C",
    "not C", "NOT (C)", "C;", "C; C", ";", "C, C", "C -- comment", "C /* comment */", "C # comment", "C AND x", "x", "=", "()",
    "(", ")", "C )", "( C", "C XOR C", "C && C", "C || C", "C AND 1 = 1", "C AND 'a' = 'a'", "WHERE C", "SELECT 1", "C LIMIT 1",
    "C ORDER BY x", "C AND = 'x'", "C AND x =", "'", "\"", "`", "C AND '", "*", "1", "'x'", "C AND C OR C", "ANDC", "C ANDC",
]


def comparisons(kind, rng):
    """Every interesting single comparison of a kind: all left sides, all comparators, all values, good and bad."""
    spec = KINDS[kind]
    keyed = [f"{prefix}.{key}" for prefix in spec["prefixes"] for key in rng.sample(KEYS, 3)]
    odd_keyed = [f"{prefix}.{key}" for prefix in spec["prefixes"][-1:] + spec["metrics"][:1] for key in ODD_KEYS]
    metrics = [f"{prefix}.{key}" for prefix in spec["metrics"] for key in rng.sample(KEYS, 5)]
    texts = spec["text"] + keyed + spec["extra"]
    numbers = spec["number"] + metrics
    some_text = lambda: rng.choice(texts)  # noqa: E731

    for left in texts:
        yield f"{left} {rng.choice(TEXT_COMPARATORS)} {rng.choice(TEXT_VALUES)}"
        yield f"{left} {rng.choice(NUMBER_COMPARATORS)} {rng.choice(ODD_TEXT_VALUES)}"
    for key in KEYS:
        for prefix in spec["prefixes"][-1:] + spec["metrics"][-1:]:
            yield f"{prefix}.{key} = {'1' if prefix in spec['metrics'] else repr('x')}"
    for left in odd_keyed:
        yield f"{left} = {'1' if left.startswith('metric') else repr('x')}"
    yield from spec.get("texts", [])
    for left in spec["unknown"]:
        yield f"{left} = {1 if 'creation_time' in left else repr('x')}"
    for comparator in dict.fromkeys(TEXT_COMPARATORS + ODD_COMPARATORS + ["<", ">="]):
        yield f"{some_text()} {comparator} {rng.choice(TEXT_VALUES[:4])}"
    for value in TEXT_VALUES + ODD_TEXT_VALUES:
        yield f"{some_text()} = {value}"
    for left in numbers[:8]:
        for comparator in NUMBER_COMPARATORS[:2] + rng.sample(ODD_COMPARATORS + ["LIKE"], 2):
            yield f"{left} {comparator} {rng.choice(NUMBER_VALUES)}"
        yield f"{left}{rng.choice(NUMBER_COMPARATORS)}{rng.choice(NUMBER_VALUES)}"
    for value in NUMBER_VALUES + ODD_NUMBER_VALUES:
        for left in spec["number"][:1] + metrics[:1]:
            yield f"{left} {rng.choice(NUMBER_COMPARATORS)} {value}"
    for left in spec["lists"]:
        yield f"{left} IN {rng.choice(LISTS)}"
        yield f"{left} NOT IN {rng.choice(LISTS)}"
    for values in LISTS + ODD_LISTS:
        yield f"{spec['lists'][0]} {rng.choice(['IN', 'in', 'NOT IN', 'not in'])} {values}"
    yield f"{spec['lists'][0]} IN('1')"
    for test in ["IS NULL", "IS NOT NULL", "is null", "is not null", "IS  NULL", "IS NOT  NULL", "IS 'x'", "NOT NULL", "IS"]:
        yield f"{rng.choice(keyed)} {test}"
    for left in [texts[0], *numbers[-1:], spec["lists"][0], *metrics[:1]]:
        yield f"{left} IS NULL"
    yield f"{texts[0]}='x'"
    yield f"{texts[0]}\t=\n'x'"


def good_comparison(kind, rng):
    spec = KINDS[kind]
    choices = [f"{left} = 'x'" for left in spec["text"]]
    choices += [f"{left} >= {rng.choice(NUMBER_VALUES[:3])}" for left in spec["number"]]
    choices += [f"{p}.{rng.choice(KEYS)} {rng.choice(['=', '!=', 'LIKE', 'ILIKE'])} {rng.choice(TEXT_VALUES[:4])}" for p in spec["prefixes"]]
    choices += [f"{p}.{rng.choice(KEYS)} < {rng.choice(NUMBER_VALUES)}" for p in spec["metrics"]]
    choices += [f"{spec['lists'][0]} IN ('1', '2')"]
    return rng.choice(choices)


def mutate(text, rng):
    """One small accident: a character or a word removed, doubled or swapped."""
    at = rng.randrange(len(text))
    words = text.split(" ")
    return rng.choice([
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + text[at] + text[at:],
        lambda: text[:at] + rng.choice("'\"`.()=<>!;,- AND") + text[at:],
        lambda: " ".join(rng.sample(words, len(words))),
        lambda: " ".join(words[:-1]),
        lambda: text.lower(),
    ])()


def filters(kind, rng):
    for shape in SHAPES:
        parts = shape.split("C")
        yield "".join(part + (good_comparison(kind, rng) if index + 1 < len(parts) else "") for index, part in enumerate(parts))
    yield from comparisons(kind, rng)
    for _ in range(RANDOM_PER_KIND):
        text = " AND ".join(good_comparison(kind, rng) for _ in range(rng.randint(1, 4)))
        yield mutate(text, rng) if rng.random() < 0.7 else text


ORDER_KEYS = {
    "runs": ["start_time", "end_time", "created", "Created", "`run name`", '"Run Name"', "run name", "run_name", "status", "run_id", "artifact_uri", "user_id", "attributes.start_time", "attr.status", "run.end_time", "metrics.a", "metrics.`a b`", 'metrics."a b"', "metric.a.b", "params.a", "parameters.`x/y`", "tags.`mlflow.user`", "tag.mlflow.user", "dataset.name", "lifecycle_stage", "foo", "foo.bar", "metrics.a-b", "metrics.layer.0", "`start_time`", '"start_time"', "metrics.order"],
    "experiments": ["name", "experiment_id", "creation_time", "last_update_time", "attribute.name", "`name`", '"name"', "tags.a", "foo", "attributes.name", "metrics.a", "creation_timestamp"],
    "registered_models": ["name", "timestamp", "last_updated_timestamp", "creation_timestamp", "attribute.name", "`name`", '"name"', "tags.a", "foo", "TIMESTAMP"],
    "model_versions": ["name", "version_number", "creation_timestamp", "last_updated_timestamp", "attribute.name", "`name`", "tags.a", "tags.name", "version", "run_id", "timestamp"],
    "traces": ["timestamp_ms", "timestamp", "execution_time", "execution_time_ms", "end_time", "end_time_ms", "status", "request_id", "experiment_id", "name", "run_id", "attributes.timestamp", "trace.status", "`timestamp`", "tags.a", "tag.`a b`", "tags.\"a\"", "metadata.a", "request_metadata.`x/y`", "metadata.`mlflow.trace.session`", "metadata.`mlflow.trace.cost`", "tags.name", "client_request_id", "prompt", "text", "span.name", "feedback.a", "foo", "foo.a"],
}
DIRECTIONS = ["", " ASC", " DESC", " asc", " desc", "  Desc", " DOWN", " DESC NULLS LAST", " ASC, name DESC", " DESC DESC"]
ORDER_LISTS = {
    "runs": [["start_time", "start_time DESC"], ["created", "start_time"], ["metrics.a", "params.a", "tags.a"], ["metrics.a", "metrics.`a`"], ["metrics.a", "metric.b"], ["status", "attributes.status"]],
    "experiments": [["name", "name DESC"], ["name", "creation_time DESC"], ["experiment_id", "attribute.experiment_id"]],
    "registered_models": [["name", "name DESC"], ["timestamp", "last_updated_timestamp"], ["timestamp DESC", "name"]],
    "model_versions": [["name", "name DESC"], ["version_number DESC", "name"], ["creation_timestamp", "last_updated_timestamp"]],
    "traces": [["timestamp", "timestamp_ms DESC"], ["status", "name DESC", "tags.a"], ["name", "tags.`mlflow.traceName`"]],
}


def order_bys(kind, rng):
    for key in ORDER_KEYS[kind]:
        yield [key]
        yield [key + rng.choice(DIRECTIONS[1:6])]
    for direction in DIRECTIONS:
        yield [ORDER_KEYS[kind][0] + direction]
        yield [ORDER_KEYS[kind][1] + direction]
    for odd in ["", " ", "DESC", "1", "'name'", f" {ORDER_KEYS[kind][0]}", f"{ORDER_KEYS[kind][0]} ", f"{ORDER_KEYS[kind][0]};", "(name)", f"-{ORDER_KEYS[kind][0]}"]:
        yield [odd]
    yield from ORDER_LISTS[kind]


class Oracle:
    def __init__(self, folder):
        uri = f"sqlite:///{folder}/oracle.db"
        self.tracking = TrackingStore(uri, folder)
        self.registry = RegistryStore(uri)

    def search(self, kind, filter_string, order_by=None):
        everything = {"filter_string": filter_string, "max_results": 1, "order_by": order_by}
        if kind == "runs":
            from mlflow.entities import ViewType

            self.tracking.search_runs(["0"], run_view_type=ViewType.ACTIVE_ONLY, **everything)
        elif kind == "experiments":
            self.tracking.search_experiments(**everything)
        elif kind == "registered_models":
            self.registry.search_registered_models(**everything)
        elif kind == "model_versions":
            self.registry.search_model_versions(**everything)
        elif kind == "traces":
            self.tracking.search_traces(["0"], **everything)
        else:
            self.tracking.search_logged_models(["0"], **everything)

    def parse(self, kind, text):
        if kind == "logged_models":
            return [[c.entity.type.value, c.entity.key, c.op, plain(c.value)] for c in parse_filter_string(text)]
        parser = {
            "runs": SearchUtils,
            "experiments": SearchExperimentsUtils,
            "registered_models": SearchModelUtils,
            "model_versions": SearchModelVersionUtils,
            "traces": SearchTraceUtils,
        }[kind]
        clauses = SearchTraceUtils.parse_search_filter_for_search_traces(text) if kind == "traces" else parser.parse_search_filter(text)
        return [[c["type"], c["key"], c["comparator"].upper(), plain(c["value"])] for c in clauses]

    def parse_order(self, kind, entries):
        if kind == "registered_models":
            return [["attribute", *SearchUtils.parse_order_by_for_search_registered_models(entry)] for entry in entries]
        parse = {
            "runs": SearchUtils.parse_order_by_for_search_runs,
            "experiments": SearchExperimentsUtils.parse_order_by_for_search_experiments,
            "model_versions": SearchModelVersionUtils.parse_order_by_for_search_model_versions,
            "traces": SearchTraceUtils.parse_order_by_for_search_traces,
        }[kind]
        return [list(parse(entry)) for entry in entries]

    def judge(self, record, search, parse):
        try:
            search()
            record["verdict"] = "accepted"
            record["clauses"] = parse()
        except MlflowException as error:
            record["verdict"] = "refused" if error.get_http_status_code() == 400 else "crashed"
        except Exception:
            record["verdict"] = "crashed"
        return record


def main():
    with tempfile.TemporaryDirectory() as folder:
        oracle = Oracle(folder)
        for kind in KINDS:
            rng = random.Random(f"{SEED} {kind}")
            for text in dict.fromkeys(filters(kind, rng)):
                record = {"kind": kind, "text": text}
                emit(oracle.judge(record, lambda: oracle.search(kind, text), lambda: oracle.parse(kind, text)))
        for kind in ORDER_KEYS:
            rng = random.Random(f"{SEED} order {kind}")
            for entries in dict.fromkeys(map(tuple, order_bys(kind, rng))):
                record = {"kind": kind, "order_by": list(entries)}
                search = lambda: oracle.search(kind, None, list(entries))  # noqa: E731
                emit(oracle.judge(record, search, lambda: oracle.parse_order(kind, entries)))


def plain(value):
    """JSON has no infinity, so floats travel as text."""
    return repr(value) if isinstance(value, float) else value


def emit(record):
    sys.stdout.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
