"""How a scenario is written: cases as data, in the order in which they are sent.

`${name}` in a path, query or body is a value that an earlier case saved from its answer, on each server its own.
"""

from dataclasses import dataclass, field
from typing import Any

API = "/api/2.0/mlflow/"
API3 = "/api/3.0/mlflow/"
AJAX = "/ajax-api/2.0/mlflow/"
NOTHING = object()


@dataclass
class Case:
    group: str
    id: str
    method: str
    path: str
    query: Any = None
    body: Any = NOTHING
    raw: bytes | None = None
    headers: dict = field(default_factory=dict)
    # Name -> dotted path in the answer. A case that saves must succeed everywhere.
    save: dict = field(default_factory=dict)
    # Follow `next_page_token` to the end; the answer is all pages.
    pages: bool = False
    # Let the clock tick first, where rows are told apart by when they were made.
    pause: bool = False
    # Also the text of an error is compared, because clients read it.
    exact: bool = False

    @property
    def name(self):
        return f"{self.group}/{self.id}"


class Group:
    """The cases of one area. They see only what they made themselves: names begin with the group's name."""

    def __init__(self, name):
        self.name = name
        self.cases = []
        self.ids = set()

    def send(self, id, method, path, **options):
        id = id.replace(" ", "_")
        if id in self.ids:
            raise ValueError(f"{self.name} has two cases {id!r}")
        self.ids.add(id)
        path = path if path.startswith("/") else API + path
        self.cases.append(Case(self.name, id, method, path, **options))

    def get(self, id, path, query=None, **options):
        self.send(id, "GET", path, query=query, **options)

    def post(self, id, path, body=NOTHING, **options):
        self.send(id, "POST", path, body=body, **options)

    def patch(self, id, path, body=NOTHING, **options):
        self.send(id, "PATCH", path, body=body, **options)

    def put(self, id, path, body=NOTHING, **options):
        self.send(id, "PUT", path, body=body, **options)

    def delete(self, id, path, body=NOTHING, **options):
        self.send(id, "DELETE", path, body=body, **options)


# What no string field takes, by name.
WRONG_STRINGS = {"number": 7, "object": {"a": 1}, "list": ["a"], "true": True}


def missing(group, path, body, names, method="POST", wrong=True):
    """Each required field absent, null, empty and of a wrong type."""
    for name in names:
        rest = {key: value for key, value in body.items() if key != name}
        bodies = {"absent": rest, "null": {**rest, name: None}, "empty": {**rest, name: ""}}
        if wrong:
            bodies |= {kind: {**rest, name: value} for kind, value in WRONG_STRINGS.items()}
        for kind, variant in bodies.items():
            group.send(f"{path.rsplit('/mlflow/', 1)[-1]}-{name}-{kind}", method, path, body=variant)
