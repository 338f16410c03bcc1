"""Searching runs: the filter grammar, order_by, pages, views."""

import math

import mlflow
from mlflow.entities import ViewType

from .support import client, equal, fresh, new_experiment, refused


class Fixture:
    """Five runs whose params, metrics and tags differ in known ways; search answers with their names."""

    def __init__(self):
        self.experiment_id = new_experiment("search-runs")
        self.ids = {}
        self.log("a", {"depth": "1", "kind": "forest"}, {"auc": 0.5, "loss": 1.0}, {"team": "Red"})
        self.log("b", {"depth": "2", "kind": "Forest"}, {"auc": 0.7}, {"team": "blue", "my tag": "x y"})
        self.log("c", {"depth": "3", "kind": "linear"}, {"auc": float("nan"), "loss": 0.5}, {"team": "red"})
        self.log("d", {"kind": "it's"}, {"auc": 0.9, "loss": -2.0}, {})
        self.log("e", {}, {}, {"team": "100%_real"}, end=False)

    def log(self, name, params, metrics, tags, end=True):
        run = client().create_run(self.experiment_id, tags=tags, run_name=name)
        self.ids[name] = run.info.run_id
        for key, value in params.items():
            client().log_param(run.info.run_id, key, value)
        for key, value in metrics.items():
            client().log_metric(run.info.run_id, key, value)
        if end:
            client().set_terminated(run.info.run_id)

    def find(self, filter_string, order_by=("attributes.run_name ASC",), **arguments):
        found = client().search_runs([self.experiment_id], filter_string, order_by=list(order_by), **arguments)
        return "".join(run.info.run_name for run in found)


def check_filters():
    runs = Fixture()
    for filter_string, expected in [
        ("", "abcde"),
        ("metrics.auc > 0.5", "bd"),
        ("metrics.auc >= 0.5", "abd"),
        ("metrics.auc != 0.5", "bcd"),
        ("metrics.auc = 0.7", "b"),
        ("metrics.loss < 0", "d"),
        ("metrics.loss <= 1e0", "acd"),
        ("metrics.loss > -3 and metrics.auc < 0.95", "ad"),
        ("params.depth = '2'", "b"),
        ("params.depth != '2'", "ac"),
        ("params.kind LIKE 'for%'", "a"),
        ("params.kind ILIKE 'FOR%'", "ab"),
        ("params.kind LIKE '_inear'", "c"),
        ('params.kind = "it\'s"', "d"),
        ("param.kind = 'linear'", "c"),
        ("tags.team = 'red'", "c"),
        ("tags.team ILIKE 'red'", "ac"),
        ("tag.`my tag` = 'x y'", "b"),
        ('tags."my tag" LIKE "x%"', "b"),
        ("tags.team LIKE '100%'", "e"),
        ("attributes.status = 'RUNNING'", "e"),
        ("status != 'RUNNING'", "abcd"),
        ("attributes.run_name = 'c'", "c"),
        ("run_name ILIKE 'C'", "c"),
        ("tags.`mlflow.runName` = 'd'", "d"),
        ("attributes.start_time > 0", "abcde"),
        ("attributes.start_time < 1000", ""),
        (f"run_id = '{runs.ids['b']}'", "b"),
        (f"attributes.run_id IN ('{runs.ids['b']}', '{runs.ids['d']}')", "bd"),
        (f"attributes.run_id NOT IN ('{runs.ids['b']}', '{runs.ids['d']}')", "ace"),
        ("params.depth > '1'", None),
    ]:
        if expected is None:
            refused(filter_string, "INVALID_PARAMETER_VALUE", lambda text=filter_string: runs.find(text))
        else:
            equal(filter_string, runs.find(filter_string), expected)


def check_bad_filters():
    runs = Fixture()
    for filter_string in [
        "metrics.auc > 0.5 OR metrics.loss < 1",
        "(metrics.auc > 0.5)",
        "metrics.auc > 'half'",
        "params.depth = 2",
        "nonsense.depth = '2'",
        "attributes.colour = 'red'",
        "metrics.auc",
        "metrics.auc >",
        "params.depth = 'unclosed",
        "metrics.auc > 0.5; DROP TABLE runs",
    ]:
        refused(filter_string, "INVALID_PARAMETER_VALUE", lambda text=filter_string: runs.find(text))
    refused("order_by", "INVALID_PARAMETER_VALUE", lambda: runs.find("", order_by=["metrics.auc SIDEWAYS"]))
    refused("page token", "INVALID_PARAMETER_VALUE", lambda: runs.find("", page_token="!!!"))
    refused("max_results", "INVALID_PARAMETER_VALUE", lambda: runs.find("", max_results=1_000_000))


def check_order():
    runs = Fixture()
    for order_by, expected in [
        (["metrics.auc DESC", "run_name"], "dbace"),
        (["metrics.auc ASC", "run_name"], "abdce"),
        (["metrics.loss", "run_name DESC"], "dcaeb"),
        (["params.depth DESC", "run_name"], "cbade"),
        (["tags.team ASC", "run_name ASC"], None),
        (["attributes.start_time ASC", "run_name"], "abcde"),
        (["attribute.status DESC", "run_name"], "eabcd"),
        ([], None),
    ]:
        found = runs.find("", order_by=order_by)
        if expected is not None:
            equal(str(order_by), found, expected)
        equal(f"{order_by}, each run once", sorted(found), list("abcde"))
    equal("values, NaN, missing", runs.find("", order_by=["metrics.auc DESC", "run_name"])[-2:], "ce")


def check_pages():
    runs = Fixture()
    seen, token = "", None
    for _ in range(3):
        page = client().search_runs([runs.experiment_id], "", max_results=2, order_by=["metrics.auc DESC", "run_name"], page_token=token)
        seen += "".join(run.info.run_name for run in page)
        token = page.token
    equal("three pages", seen, "dbace")
    assert not token, f"a token after the last page: {token!r}"


def check_views_and_experiments():
    runs = Fixture()
    client().delete_run(runs.ids["c"])
    equal("active", runs.find(""), "abde")
    equal("deleted", runs.find("", run_view_type=ViewType.DELETED_ONLY), "c")
    equal("all", runs.find("", run_view_type=ViewType.ALL), "abcde")
    other = client().create_experiment(fresh("other"))
    client().create_run(other, run_name="z")
    both = client().search_runs([runs.experiment_id, other], "", order_by=["run_name DESC"])
    equal("two experiments", "".join(run.info.run_name for run in both), "zedba")
    equal("no experiments", list(client().search_runs([], "")), [])


def check_data_frame():
    runs = Fixture()
    frame = mlflow.search_runs([runs.experiment_id], "params.kind != 'never'", order_by=["run_name"])
    equal("rows", len(frame), 4)
    equal("param", frame["params.kind"].tolist(), ["forest", "Forest", "linear", "it's"])
    equal("metric", frame["metrics.loss"].tolist()[3], -2.0)
    assert math.isnan(frame["metrics.loss"].tolist()[1])
    named = mlflow.search_runs(experiment_names=[client().get_experiment(runs.experiment_id).name])
    equal("by experiment name", sorted(named["run_id"]), sorted(runs.ids.values()))
