"""Which checks there are, read from the text of the parts: no client has to be imported to know it.

A part is a file in `parts/`, a check a function in it whose name starts with `check_`. `@since("2.14")` and
`@before("3.0")` name the clients for which a check is written; `SINCE = "3.4"` in a part does it for all of its checks.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

PARTS = Path(__file__).parent / "parts"
NEWEST = (999,)


@dataclass
class Check:
    part: str
    name: str
    since: tuple
    before: tuple
    body: ast.AST

    @property
    def full_name(self):
        return f"{self.part}.{self.name}"

    def suits(self, version):
        return self.since <= numbers(version) < self.before


def numbers(version):
    """`2.22.5` as numbers; `newest` is greater than all."""
    return NEWEST if version == "newest" else tuple(int(part) for part in version.split(".") if part.isdigit())


def trees():
    """Each part and its syntax tree; what the parts share is no part."""
    for path in sorted(PARTS.glob("*.py")):
        if path.stem not in ("__init__", "support"):
            yield path.stem, ast.parse(path.read_text(encoding="utf-8"), str(path))


def bound(function, name):
    """The version in a decorator such as `@since("2.14")`."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == name:
            return numbers(ast.literal_eval(decorator.args[0]))
    return None


def since_of_part(tree):
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", None) == "SINCE":
            return numbers(ast.literal_eval(statement.value))
    return (0,)


def checks():
    found = []
    for part, tree in trees():
        since = since_of_part(tree)
        for statement in tree.body:
            if isinstance(statement, ast.FunctionDef) and statement.name.startswith("check_"):
                name = statement.name.removeprefix("check_")
                bounds = (max(since, bound(statement, "since") or (0,)), bound(statement, "before") or (*NEWEST, 1))
                found.append(Check(part, name, *bounds, statement))
    return found


def calls_of_client(version):
    """Names of the `MlflowClient` methods that the checks for a version call as `client().METHOD(..)`."""
    called = set()
    for part, tree in trees():
        if since_of_part(tree) > numbers(version):
            continue
        unsuited = [check.body.name for check in checks() if check.part == part and not check.suits(version)]
        for statement in tree.body:
            if getattr(statement, "name", None) not in unsuited:
                called |= {node.attr for node in ast.walk(statement) if is_client_attribute(node)}
    return called


def is_client_attribute(node):
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Call):
        return False
    return isinstance(node.value.func, ast.Name) and node.value.func.id == "client"
