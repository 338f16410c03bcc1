"""Experiments: create, find, rename, tag, delete, restore, search."""

import mlflow
from mlflow.entities import ViewType

from .support import client, equal, fresh, new_experiment, refused


def check_default_experiment():
    default = client().get_experiment("0")
    equal("name of experiment 0", default.name, "Default")
    equal("lifecycle", default.lifecycle_stage, "active")


def check_create_and_get():
    name = fresh("created")
    experiment_id = client().create_experiment(name, tags={"team": "flights", "owner": "Zoë"})
    found = client().get_experiment(experiment_id)
    equal("name", found.name, name)
    equal("id", found.experiment_id, experiment_id)
    equal("lifecycle", found.lifecycle_stage, "active")
    equal("tag team", found.tags["team"], "flights")
    equal("tag owner", found.tags["owner"], "Zoë")
    assert found.artifact_location.endswith(f"/{experiment_id}"), found.artifact_location
    assert found.creation_time > 1_600_000_000_000, found.creation_time
    equal("times at birth", found.last_update_time, found.creation_time)
    equal("by name", client().get_experiment_by_name(name).experiment_id, experiment_id)


def check_unknown_and_taken():
    equal("an unknown name", client().get_experiment_by_name(fresh("missing")), None)
    refused("unknown id", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_experiment("987654321"), "987654321")
    name = fresh("taken")
    client().create_experiment(name)
    refused("a taken name", "RESOURCE_ALREADY_EXISTS", lambda: client().create_experiment(name), name)


def check_set_experiment_twice():
    name = fresh("set")
    first = mlflow.set_experiment(name)
    second = mlflow.set_experiment(name)
    equal("same experiment", second.experiment_id, first.experiment_id)


def check_rename_and_tag():
    experiment_id = new_experiment("rename")
    renamed = fresh("renamed")
    client().rename_experiment(experiment_id, renamed)
    client().set_experiment_tag(experiment_id, "stage", "one")
    client().set_experiment_tag(experiment_id, "stage", "two")
    found = client().get_experiment(experiment_id)
    equal("name", found.name, renamed)
    equal("tag", found.tags["stage"], "two")
    assert found.last_update_time >= found.creation_time


def check_delete_and_restore():
    experiment_id = new_experiment("deleted")
    with mlflow.start_run() as run:
        pass
    client().delete_experiment(experiment_id)
    equal("lifecycle", client().get_experiment(experiment_id).lifecycle_stage, "deleted")
    equal("its run", client().get_run(run.info.run_id).info.lifecycle_stage, "deleted")
    client().restore_experiment(experiment_id)
    equal("lifecycle after restore", client().get_experiment(experiment_id).lifecycle_stage, "active")
    equal("its run after restore", client().get_run(run.info.run_id).info.lifecycle_stage, "active")


def check_search():
    mark = fresh("search")
    ids = {}
    for name, team in [("alpha", "red"), ("beta", "blue"), ("gamma", "red")]:
        ids[name] = client().create_experiment(f"{mark}-{name}", tags={"team": team, "mark": mark})

    def names(filter_string, **arguments):
        found = mlflow.search_experiments(filter_string=filter_string, **arguments)
        return [experiment.name.removeprefix(f"{mark}-") for experiment in found]

    equal("newest first", names(f"tags.mark = '{mark}'"), ["gamma", "beta", "alpha"])
    equal("ordered by name", names(f"name LIKE '{mark}%'", order_by=["name ASC"]), ["alpha", "beta", "gamma"])
    equal("descending", names(f"name LIKE '{mark}%'", order_by=["name DESC"]), ["gamma", "beta", "alpha"])
    equal("ILIKE", names(f"attribute.name ILIKE '{mark.upper()}-B%'"), ["beta"])
    equal("tag", names(f"name LIKE '{mark}%' AND tags.team = 'red'", order_by=["name"]), ["alpha", "gamma"])
    equal("not that tag", names(f"name LIKE '{mark}%' AND tags.team != 'red'"), ["beta"])
    equal("limit", names(f"tags.mark = '{mark}'", max_results=2), ["gamma", "beta"])
    first = client().search_experiments(filter_string=f"tags.mark = '{mark}'", max_results=2)
    assert first.token, "a page token is missing"
    second = client().search_experiments(filter_string=f"tags.mark = '{mark}'", max_results=2, page_token=first.token)
    equal("second page", [experiment.experiment_id for experiment in second], [ids["alpha"]])
    client().delete_experiment(ids["beta"])
    equal("active only", names(f"tags.mark = '{mark}'"), ["gamma", "alpha"])
    equal("deleted only", names(f"tags.mark = '{mark}'", view_type=ViewType.DELETED_ONLY), ["beta"])
    equal("all", names(f"tags.mark = '{mark}'", view_type=ViewType.ALL), ["gamma", "beta", "alpha"])
