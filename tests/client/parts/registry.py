"""Registered models and their versions: aliases, stages, tags, descriptions, deletion."""

import mlflow

from .support import client, equal, fresh, new_experiment, refused


def model_with_versions(count):
    """A registered model whose versions come from artifacts of one run each."""
    new_experiment("registry")
    name = fresh("model")
    client().create_registered_model(name, tags={"domain": "flights"}, description="first words")
    run_ids = []
    for number in range(count):
        with mlflow.start_run() as run:
            mlflow.log_text(f"version {number + 1}", "model/MLmodel")
        run_ids.append(run.info.run_id)
        client().create_model_version(
            name,
            f"{run.info.artifact_uri}/model",
            run.info.run_id,
            tags={"number": str(number + 1)},
            description=f"words on {number + 1}",
        )
    return name, run_ids


def stages(name):
    return {version.version: version.current_stage for version in client().search_model_versions(f"name = '{name}'")}


def number_of(version):
    return int(version.version)


def check_registered_model():
    name, _ = model_with_versions(0)
    found = client().get_registered_model(name)
    equal("name", found.name, name)
    equal("description", found.description, "first words")
    equal("tags", found.tags, {"domain": "flights"})
    equal("versions", found.latest_versions, [])
    assert found.last_updated_timestamp >= found.creation_timestamp > 1_600_000_000_000
    refused("a taken name", "RESOURCE_ALREADY_EXISTS", lambda: client().create_registered_model(name), name)
    client().update_registered_model(name, description="second words")
    client().set_registered_model_tag(name, "domain", "trains")
    client().set_registered_model_tag(name, "tier", "gold")
    client().delete_registered_model_tag(name, "tier")
    found = client().get_registered_model(name)
    equal("description", found.description, "second words")
    equal("tags", found.tags, {"domain": "trains"})


def check_rename_and_delete():
    name, _ = model_with_versions(1)
    renamed = fresh("renamed")
    client().rename_registered_model(name, renamed)
    equal("its version follows", client().get_model_version(renamed, "1").name, renamed)
    refused("the old name", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_registered_model(name), name)
    client().delete_registered_model(renamed)
    refused("after deletion", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_registered_model(renamed), renamed)


def check_versions():
    name, run_ids = model_with_versions(3)
    second = client().get_model_version(name, "2")
    equal("version", number_of(second), 2)
    equal("run", second.run_id, run_ids[1])
    equal("description", second.description, "words on 2")
    equal("tags", second.tags, {"number": "2"})
    equal("status", second.status, "READY")
    equal("stage", second.current_stage, "None")
    assert second.source.endswith(f"{run_ids[1]}/artifacts/model"), second.source
    client().update_model_version(name, "2", description="better words")
    client().set_model_version_tag(name, "2", "validation", "passed")
    client().delete_model_version_tag(name, "2", "number")
    second = client().get_model_version(name, "2")
    equal("description", second.description, "better words")
    equal("tags", second.tags, {"validation": "passed"})
    latest = client().get_registered_model(name).latest_versions
    equal("latest", [number_of(version) for version in latest], [3])
    refused("a missing version", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_model_version(name, "9"), name, "9")


def check_deleted_numbers_are_not_reused():
    name, run_ids = model_with_versions(2)
    client().delete_model_version(name, "2")
    refused("the deleted one", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_model_version(name, "2"))
    created = client().create_model_version(name, client().get_model_version(name, "1").source, run_ids[0])
    equal("the next number", number_of(created), 3)


def check_download_uri():
    name, run_ids = model_with_versions(1)
    uri = client().get_model_version_download_uri(name, "1")
    assert uri.endswith(f"{run_ids[0]}/artifacts/model"), uri
    folder = mlflow.artifacts.download_artifacts(f"models:/{name}/1")
    with open(f"{folder}/MLmodel", encoding="utf-8") as file:
        equal("the file of version 1", file.read(), "version 1")


def check_aliases():
    name, _ = model_with_versions(3)
    client().set_registered_model_alias(name, "champion", "1")
    client().set_registered_model_alias(name, "challenger", "2")
    client().set_registered_model_alias(name, "champion", "3")
    equal("champion", number_of(client().get_model_version_by_alias(name, "champion")), 3)
    aliases = {alias: int(version) for alias, version in client().get_registered_model(name).aliases.items()}
    equal("aliases of the model", aliases, {"champion": 3, "challenger": 2})
    equal("aliases of version 3", client().get_model_version(name, "3").aliases, ["champion"])
    equal("aliases of version 1", client().get_model_version(name, "1").aliases, [])
    client().delete_registered_model_alias(name, "challenger")
    refused("a deleted alias", "INVALID_PARAMETER_VALUE", lambda: client().get_model_version_by_alias(name, "challenger"), "challenger")
    client().delete_model_version(name, "3")
    equal("aliases go with their version", client().get_registered_model(name).aliases, {})


def check_stages_archive_existing():
    name, _ = model_with_versions(3)
    client().transition_model_version_stage(name, "1", "Production")
    client().transition_model_version_stage(name, "2", "production")
    moved = client().transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
    equal("the moved one", moved.current_stage, "Production")
    by_number = {int(version): stage for version, stage in stages(name).items()}
    equal("stages", by_number, {1: "Archived", 2: "Archived", 3: "Production"})
    client().transition_model_version_stage(name, "1", "Staging")
    client().transition_model_version_stage(name, "2", "None")
    latest = {v.current_stage: number_of(v) for v in client().get_latest_versions(name)}
    equal("latest of each stage", latest, {"Production": 3, "Staging": 1, "None": 2})
    production = client().get_latest_versions(name, stages=["Production"])
    equal("latest of Production", [number_of(version) for version in production], [3])
    refused("no such stage", "INVALID_PARAMETER_VALUE", lambda: client().transition_model_version_stage(name, "1", "Live"), "Live")


def check_register_from_run():
    new_experiment("registry")
    name = fresh("from-run")
    with mlflow.start_run() as run:
        mlflow.log_dict({"flavors": {}}, "model/MLmodel")
    created = client().create_registered_model(name)
    equal("name", created.name, name)
    version = client().create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)
    equal("run", version.run_id, run.info.run_id)
    found = client().search_model_versions(f"run_id = '{run.info.run_id}'")
    equal("versions of the run", [(v.name, number_of(v)) for v in found], [(name, 1)])


def check_copy_to_another_name():
    name, run_ids = model_with_versions(2)
    target = fresh("copied")
    for number in (1, 2):
        copied = client().copy_model_version(f"models:/{name}/{number}", target)
        equal("number in the target", number_of(copied), number)
    copied = client().get_model_version(target, "2")
    equal("run", copied.run_id, run_ids[1])
    equal("tags", copied.tags, {"number": "2"})
    equal("description", copied.description, "words on 2")
    equal("source", copied.source, f"models:/{name}/2")
    folder = mlflow.artifacts.download_artifacts(f"models:/{target}/1")
    with open(f"{folder}/MLmodel", encoding="utf-8") as file:
        equal("the file of the copy", file.read(), "version 1")


def check_names_of_stages():
    name, _ = model_with_versions(1)
    equal("stages", client().get_model_version_stages(name, "1"), ["None", "Staging", "Production", "Archived"])
