"""Searching registered models and versions."""

import mlflow

from .support import client, equal, fresh, new_experiment, refused


class Fixture:
    """Three models, six versions; names carry a mark that no other test uses."""

    def __init__(self):
        self.mark = fresh("mark")
        new_experiment("search-registry")
        self.run_ids = []
        for name, team, versions in [("alpha", "red", 3), ("beta", "blue", 2), ("gamma", "red", 1)]:
            full_name = f"{self.mark}-{name}"
            client().create_registered_model(full_name, tags={"team": team})
            for number in range(versions):
                with mlflow.start_run() as run:
                    pass
                self.run_ids.append(run.info.run_id)
                source = f"{run.info.artifact_uri}/model"
                client().create_model_version(full_name, source, run.info.run_id, tags={"odd": str(number % 2 == 0)})

    def models(self, filter_string, **arguments):
        found = client().search_registered_models(filter_string, **arguments)
        return [model.name.removeprefix(f"{self.mark}-") for model in found]

    def versions(self, filter_string, **arguments):
        found = client().search_model_versions(filter_string, **arguments)
        return [f"{version.name.removeprefix(self.mark + '-')}{version.version}" for version in found]


def check_models():
    fixture = Fixture()
    mark = fixture.mark
    equal("LIKE", fixture.models(f"name LIKE '{mark}%'"), ["alpha", "beta", "gamma"])
    equal("ILIKE", fixture.models(f"name ILIKE '{mark.upper()}-G%'"), ["gamma"])
    equal("=", fixture.models(f"name = '{mark}-beta'"), ["beta"])
    equal("tag", fixture.models(f"name LIKE '{mark}%' and tags.team = 'red'"), ["alpha", "gamma"])
    equal("descending", fixture.models(f"name LIKE '{mark}%'", order_by=["name DESC"]), ["gamma", "beta", "alpha"])
    client().update_registered_model(f"{mark}-beta", description="touched last")
    latest_first = fixture.models(f"name LIKE '{mark}%'", order_by=["last_updated_timestamp DESC"])
    equal("touched last comes first", latest_first[0], "beta")
    page = client().search_registered_models(f"name LIKE '{mark}%'", max_results=2)
    equal("first page", len(page), 2)
    equal("second page", fixture.models(f"name LIKE '{mark}%'", max_results=2, page_token=page.token), ["gamma"])
    latest = client().search_registered_models(f"name = '{mark}-alpha'")[0].latest_versions
    equal("latest versions come along", [int(version.version) for version in latest], [3])
    refused("bad filter", "INVALID_PARAMETER_VALUE", lambda: fixture.models("colour = 'red'"), "colour")


def check_versions():
    fixture = Fixture()
    mark = fixture.mark
    numbered = ["name ASC", "version_number ASC"]
    everything = ["alpha1", "alpha2", "alpha3", "beta1", "beta2", "gamma1"]
    equal("LIKE", fixture.versions(f"name LIKE '{mark}%'", order_by=numbered), everything)
    equal("one model", fixture.versions(f"name = '{mark}-alpha'", order_by=["version_number DESC"]), ["alpha3", "alpha2", "alpha1"])
    equal("by run", fixture.versions(f"run_id = '{fixture.run_ids[4]}'"), ["beta2"])
    one_of = f"run_id IN ('{fixture.run_ids[0]}', '{fixture.run_ids[5]}')"
    equal("by runs", fixture.versions(one_of, order_by=numbered), ["alpha1", "gamma1"])
    equal("by tag", fixture.versions(f"name = '{mark}-alpha' AND tags.odd = 'True'", order_by=numbered), ["alpha1", "alpha3"])
    equal("by number", fixture.versions(f"name LIKE '{mark}%' AND version_number = 2", order_by=numbered), ["alpha2", "beta2"])
    page = client().search_model_versions(f"name LIKE '{mark}%'", max_results=4, order_by=numbered)
    equal("first page", len(page), 4)
    rest = fixture.versions(f"name LIKE '{mark}%'", max_results=4, order_by=numbered, page_token=page.token)
    equal("second page", rest, everything[4:])
    refused("bad filter", "INVALID_PARAMETER_VALUE", lambda: fixture.versions("name > 'a'"))
