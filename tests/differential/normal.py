"""Makes answers of two servers comparable: what a server chooses by itself becomes a placeholder.

Ids that a case saved become their names, other generated ids their kind, times of the run `<now>`. Values that the
request itself holds stay as they are. Scenarios use times of years ago, so a time of this hour is the server's own.
"""

import json
import re
import time

HEADERS = [
    "content-type",
    "content-disposition",
    "content-range",
    "accept-ranges",
    "www-authenticate",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "x-content-type-options",
    "x-frame-options",
    "location",
]
HOUR_MS = 3_600_000
GENERATED = [
    (re.compile(r"\bm-[0-9a-f]{32}\b"), "<logged model>"),
    (re.compile(r"\btr-[0-9a-f]{32}\b"), "<trace>"),
    (re.compile(r"\ba-[0-9a-f]{32}\b"), "<assessment>"),
    (re.compile(r"\bd-[0-9a-f]{32}\b"), "<dataset>"),
    (re.compile(r"\bdr-[0-9a-f]{32}\b"), "<dataset record>"),
    (re.compile(r"\b[a-z]{1,4}-[0-9a-f]{32}\b"), "<prefixed id>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<hex id>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
]
RANDOM_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,4}")
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
STORED_UNDER = re.compile(r"(mlflow-artifacts:/)(\d+)(/|$)")
# Lists that are maps: neither server promises their order.
MAPS = {"tags", "params", "aliases", "latest_versions", "trace_metadata", "request_metadata"}
# Text that holds JSON, in the answers about evaluation datasets.
JSON_TEXTS = {"records", "profile", "schema", "tags"}


class Normaliser:
    def __init__(self, names):
        self.names = names
        self.request = ""

    def answer(self, case, status, headers, content):
        self.request = " ".join(map(str, (case.path, case.query, case.body, case.raw)))
        body = decoded(headers.get("content-type", ""), content)
        seen = {name: headers[name].lower().replace(" ", "") for name in HEADERS if name in headers}
        return {"status": status, "headers": seen, "body": self.value(body)}

    def value(self, value, key=None, parent=None):
        if isinstance(value, dict):
            if "dataset_id" in value and "digest" in value:
                # Made of a time and a number of its own.
                value = {**value, "digest": "<digest>"}
            return {self.text(name): self.value(item, name, key) for name, item in sorted(value.items())}
        if isinstance(value, list):
            items = [self.value(item, key, key) for item in value]
            latest = key == "model_versions" and "get-latest-versions" in self.request
            if key in MAPS or latest or (key == "metrics" and parent == "data"):
                items.sort(key=repr)
            return items
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, (int, float)):
            return self.number(value)
        if key == "next_page_token":
            return "<token>"
        if key in JSON_TEXTS and value[:1] in ("{", "["):
            try:
                return self.value(json.loads(value, parse_constant=lambda word: f"<bare {word}>"))
            except ValueError:
                pass
        return self.text(value, key)

    def number(self, value):
        now = time.time() * 1000
        for unit in (1, 1_000_000, 0.001):
            if abs(value / unit - now) < HOUR_MS and str(value) not in self.request:
                return "<now>"
        return value

    def text(self, text, key=None):
        if text.isdigit() and len(text) in (10, 13, 19) and self.number(int(text)) == "<now>":
            return "<now>"
        if key in ("experiment_id", "experiment_ids") and text.isdigit() and len(text) < 20:
            return self.experiment(text)
        text = STORED_UNDER.sub(lambda found: found[1] + self.experiment(found[2]) + found[3], text)
        for name, saved in sorted(self.names.items(), key=lambda pair: -len(str(pair[1]))):
            if isinstance(saved, str) and len(saved) >= 12:
                text = text.replace(saved, f"<{name}>")
        for pattern, kind in GENERATED:
            text = pattern.sub(lambda found, kind=kind: found[0] if found[0] in self.request else kind, text)
        if RANDOM_NAME.fullmatch(text) and text not in self.request:
            return "<random name>"
        return ISO_TIME.sub(lambda found: found[0] if found[0] in self.request else "<time>", text)

    def experiment(self, number):
        """Experiments are numbered as they come, and what one server refuses takes no number there."""
        for name, saved in self.names.items():
            if saved == number:
                return f"<{name}>"
        return number if number == "0" else "<experiment>"


def decoded(content_type, content):
    """JSON if it is JSON. A bare NaN, which is none, is told apart from the text "NaN"."""
    if "json" in content_type:
        try:
            return json.loads(content, parse_constant=lambda word: f"<bare {word}>")
        except ValueError:
            pass
    return content.decode(errors="replace")
