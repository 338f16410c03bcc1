//! The registry over HTTP, on both databases.

use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const ABSENT: &str = "RESOURCE_DOES_NOT_EXIST";
const EXISTS: &str = "RESOURCE_ALREADY_EXISTS";

async fn create_model(app: &TestApp, name: &str) {
    app.post("registered-models/create", json!({ "name": name })).await.ok();
}

async fn create_version(app: &TestApp, name: &str) -> String {
    let body = json!({ "name": name, "source": "s3://bucket/model" });
    let answer = app.post("model-versions/create", body).await.ok();
    answer["model_version"]["version"]
        .as_str()
        .expect("a number as text")
        .to_owned()
}

async fn model(app: &TestApp, name: &str) -> Value {
    app.get("registered-models/get", &[("name", name)]).await.ok()["registered_model"].take()
}

async fn version(app: &TestApp, name: &str, version: &str) -> Value {
    let query = [("name", name), ("version", version)];
    app.get("model-versions/get", &query).await.ok()["model_version"].take()
}

async fn transition(app: &TestApp, version: &str, stage: &str, archive: bool) -> Value {
    let body = json!({ "name": "m", "version": version, "stage": stage, "archive_existing_versions": archive });
    app.post("model-versions/transition-stage", body).await.ok()["model_version"].take()
}

/// Version and stage of each latest version.
fn latest(model: &Value) -> Vec<(&str, &str)> {
    let versions = model["latest_versions"].as_array().map_or(&[][..], Vec::as_slice);
    versions
        .iter()
        .filter_map(|version| Some((version["version"].as_str()?, version["current_stage"].as_str()?)))
        .collect()
}

async fn names(app: &TestApp, filter: &str, order_by: &[&str]) -> Vec<String> {
    let mut query = vec![("filter", filter)];
    query.extend(order_by.iter().map(|by| ("order_by", *by)));
    let answer = app.get("registered-models/search", &query).await.ok();
    texts(&answer["registered_models"], "name")
}

async fn versions(app: &TestApp, filter: &str, order_by: &[&str]) -> Vec<String> {
    let mut query = vec![("filter", filter)];
    query.extend(order_by.iter().map(|by| ("order_by", *by)));
    let answer = app.get("model-versions/search", &query).await.ok();
    let found = answer["model_versions"].as_array().cloned().unwrap_or_default();
    let name = |version: &Value| format!("{}/{}", text(&version["name"]), text(&version["version"]));
    found.iter().map(name).collect()
}

fn texts(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|item| item[field].as_str().expect("text").to_owned())
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

async fn create_run(app: &TestApp) -> (String, String) {
    let run = app.post("runs/create", json!({ "experiment_id": "0" })).await.ok();
    let info = &run["run"]["info"];
    let text = |field: &str| info[field].as_str().expect("text").to_owned();
    (text("run_id"), text("artifact_uri"))
}

async fn create_logged_model(app: &TestApp, name: &str, run_id: &str) -> (String, String) {
    let body = json!({ "experiment_id": "0", "name": name, "source_run_id": run_id });
    let answer = app.post("logged-models", body).await.ok();
    let info = &answer["model"]["info"];
    let text = |field: &str| info[field].as_str().expect("text").to_owned();
    (text("model_id"), text("artifact_uri"))
}

async fn download_uri(app: &TestApp, name: &str, version: &str) -> String {
    let query = [("name", name), ("version", version)];
    let answer = app.get("model-versions/get-download-uri", &query).await.ok();
    answer["artifact_uri"].as_str().expect("text").to_owned()
}

on_both_databases! { MIGRATIONS;
    async fn a_model_is_created_read_updated_renamed_and_deleted(db: Db) {
        let app = TestApp::new(db).await;
        let tags = json!([{ "key": "a", "value": "1" }, { "key": "a", "value": "2" }]);
        let created = app.post("registered-models/create", json!({ "name": "m", "tags": tags, "description": "d" })).await.ok();
        let expected = json!({
            "name": "m", "creation_timestamp": 1000, "last_updated_timestamp": 1000, "description": "d",
            "tags": [{ "key": "a", "value": "2" }],
        });
        assert_eq!(created, json!({ "registered_model": expected }));
        assert_eq!(model(&app, "m").await, expected);
        app.post("registered-models/create", json!({ "name": "m" })).await.refused(EXISTS, "Registered Model (name=m) already exists.");

        app.clock.set(2000);
        let updated = app.patch("registered-models/update", json!({ "name": "m", "description": "e" })).await.ok();
        assert_eq!(updated["registered_model"]["description"], "e");
        assert_eq!(updated["registered_model"]["last_updated_timestamp"], 2000);
        let updated = app.patch("registered-models/update", json!({ "name": "m" })).await.ok();
        assert_eq!(updated["registered_model"].get("description"), None);

        create_version(&app, "m").await;
        app.post("registered-models/alias", json!({ "name": "m", "alias": "best", "version": "1" })).await.ok();
        create_model(&app, "taken").await;
        app.post("registered-models/rename", json!({ "name": "m", "new_name": "taken" })).await.refused(EXISTS, "name=taken");
        app.clock.set(3000);
        let renamed = app.post("registered-models/rename", json!({ "name": "m", "new_name": "n" })).await.ok();
        assert_eq!(renamed["registered_model"]["name"], "n");
        assert_eq!(renamed["registered_model"]["aliases"], json!([{ "alias": "best", "version": "1" }]));
        assert_eq!(version(&app, "n", "1").await["name"], "n");
        assert_eq!(version(&app, "n", "1").await["last_updated_timestamp"], 3000);
        app.get("registered-models/get", &[("name", "m")]).await.refused(ABSENT, "name=m");

        assert_eq!(app.delete("registered-models/delete", json!({ "name": "n" })).await.ok(), json!({}));
        app.get("registered-models/get", &[("name", "n")]).await.refused(ABSENT, "name=n");
        app.get("model-versions/get", &[("name", "n"), ("version", "1")]).await.refused(ABSENT, "version=1");
        app.delete("registered-models/delete", json!({ "name": "n" })).await.refused(ABSENT, "name=n");
        create_model(&app, "n").await;
        assert_eq!(create_version(&app, "n").await, "1");
    }

    async fn a_version_comes_back_as_it_was_made(db: Db) {
        let app = TestApp::new(db).await;
        create_model(&app, "m").await;
        app.clock.set(2000);
        let body = json!({
            "name": "m", "source": "s3://bucket/key", "run_link": "http://link", "description": "d",
            "tags": [{ "key": "t", "value": "1" }],
        });
        let created = app.post("model-versions/create", body).await.ok();
        let expected = json!({
            "name": "m", "version": "1", "creation_timestamp": 2000, "last_updated_timestamp": 2000, "current_stage": "None",
            "description": "d", "source": "s3://bucket/key", "run_id": "", "status": "READY",
            "tags": [{ "key": "t", "value": "1" }], "run_link": "http://link",
        });
        assert_eq!(created, json!({ "model_version": expected }));
        assert_eq!(version(&app, "m", "1").await, expected);
        assert_eq!(model(&app, "m").await["last_updated_timestamp"], 2000);

        app.clock.set(3000);
        let updated = app.patch("model-versions/update", json!({ "name": "m", "version": "1", "description": "e" })).await.ok();
        assert_eq!(updated["model_version"]["description"], "e");
        assert_eq!(updated["model_version"]["last_updated_timestamp"], 3000);
        let updated = app.patch("model-versions/update", json!({ "name": "m", "version": "1" })).await.ok();
        assert_eq!(updated["model_version"].get("description"), None);
    }

    async fn numbers_of_versions_are_never_given_out_again(db: Db) {
        let app = TestApp::new(db).await;
        create_model(&app, "m").await;
        for expected in ["1", "2", "3"] {
            assert_eq!(create_version(&app, "m").await, expected);
        }
        for version in ["3", "1"] {
            app.delete("model-versions/delete", json!({ "name": "m", "version": version })).await.ok();
            app.get("model-versions/get", &[("name", "m"), ("version", version)]).await.refused(ABSENT, "not found");
            app.delete("model-versions/delete", json!({ "name": "m", "version": version })).await.refused(ABSENT, "not found");
        }
        assert_eq!(create_version(&app, "m").await, "4");
        assert_eq!(versions(&app, "name = 'm'", &["version_number"]).await, ["m/2", "m/4"]);
    }

    async fn versions_made_at_once_get_numbers_of_their_own(db: Db) {
        let app = TestApp::new(db).await;
        create_model(&app, "m").await;
        let requests = (0..20).map(|_| create_version(&app, "m"));
        let mut numbers: Vec<u32> = futures::future::join_all(requests).await.iter().map(|n| n.parse().expect("a number")).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    }

    async fn stages_move_and_make_room(db: Db) {
        let app = TestApp::new(db).await;
        create_model(&app, "m").await;
        for _ in 0..4 {
            create_version(&app, "m").await;
        }
        app.clock.set(2000);
        assert_eq!(transition(&app, "1", "production", false).await["current_stage"], "Production");
        assert_eq!(transition(&app, "2", "PRODUCTION", false).await["last_updated_timestamp"], 2000);
        assert_eq!(latest(&model(&app, "m").await), [("2", "Production"), ("4", "None")]);
        transition(&app, "3", "Production", true).await;
        assert_eq!(latest(&model(&app, "m").await), [("2", "Archived"), ("3", "Production"), ("4", "None")]);
        assert_eq!(version(&app, "m", "1").await["current_stage"], "Archived");
        // A version that is in the stage already stays there.
        transition(&app, "3", "Production", true).await;
        assert_eq!(version(&app, "m", "3").await["current_stage"], "Production");
        transition(&app, "3", "None", false).await;
        transition(&app, "1", "Staging", false).await;
        assert_eq!(latest(&model(&app, "m").await), [("1", "Staging"), ("2", "Archived"), ("4", "None")]);

        for (stage, part) in [("Archived", "archive_existing_versions"), ("None", "archive_existing_versions"), ("bogus", "'stage'"), ("", "'stage'")] {
            let body = json!({ "name": "m", "version": "1", "stage": stage, "archive_existing_versions": true });
            app.post("model-versions/transition-stage", body).await.refused(INVALID, part);
        }
        assert_eq!(version(&app, "m", "1").await["current_stage"], "Staging");
    }

    async fn latest_versions_are_given_per_stage(db: Db) {
        let app = TestApp::new(db).await;
        create_model(&app, "m").await;
        for _ in 0..3 {
            create_version(&app, "m").await;
        }
        transition(&app, "1", "Staging", false).await;
        app.post("registered-models/alias", json!({ "name": "m", "alias": "best", "version": "3" })).await.ok();
        let all = app.post("registered-models/get-latest-versions", json!({ "name": "m" })).await.ok();
        assert_eq!(texts(&all["model_versions"], "version"), ["1", "3"]);
        assert_eq!(all["model_versions"][1]["aliases"], json!(["best"]));
        let staging = [("name", "m"), ("stages", "staging"), ("stages", "Production")];
        let staging = app.get("registered-models/get-latest-versions", &staging).await.ok();
        assert_eq!(texts(&staging["model_versions"], "version"), ["1"]);
        let none = app.post("registered-models/get-latest-versions", json!({ "name": "m", "stages": ["Archived"] })).await.ok();
        assert_eq!(none, json!({}));
        app.post("registered-models/get-latest-versions", json!({ "name": "m", "stages": ["x"] })).await.refused(INVALID, "'stages'");
        app.post("registered-models/get-latest-versions", json!({ "name": "x" })).await.refused(ABSENT, "name=x");
        // Within a model the versions are without their aliases, as MLflow has it.
        assert_eq!(model(&app, "m").await["latest_versions"][1].get("aliases"), None);
    }

    async fn aliases_move_and_go_with_their_version(db: Db) {
        let app = TestApp::new(db).await;
        create_model(&app, "m").await;
        for _ in 0..2 {
            create_version(&app, "m").await;
        }
        let set = async |alias: &str, version: &str| app.post("registered-models/alias", json!({ "name": "m", "alias": alias, "version": version })).await;
        let get = async |alias: &str| app.get("registered-models/alias", &[("name", "m"), ("alias", alias)]).await;
        assert_eq!(set("best", "1").await.ok(), json!({}));
        set("other", "1").await.ok();
        set("best", "2").await.ok();
        let best = get("best").await.ok();
        assert_eq!((&best["model_version"]["version"], &best["model_version"]["aliases"]), (&json!("2"), &json!(["best"])));
        assert_eq!(version(&app, "m", "1").await["aliases"], json!(["other"]));
        assert_eq!(model(&app, "m").await["aliases"], json!([{ "alias": "best", "version": "2" }, { "alias": "other", "version": "1" }]));
        assert_eq!(get("latest").await.ok()["model_version"]["version"], "2");

        app.delete("model-versions/delete", json!({ "name": "m", "version": "2" })).await.ok();
        get("best").await.refused(INVALID, "alias best not found");
        assert_eq!(get("LATEST").await.ok()["model_version"]["version"], "1");
        for _ in 0..2 {
            app.delete("registered-models/alias", json!({ "name": "m", "alias": "other" })).await.ok();
        }
        assert_eq!(model(&app, "m").await.get("aliases"), None);
        set("best", "2").await.refused(ABSENT, "version=2");
        set("best", "x").await.refused(INVALID, "'version'");
        set("latest", "1").await.refused(INVALID, "'alias'");
        set("v1", "1").await.refused(INVALID, "'alias'");
        set("a b", "1").await.refused(INVALID, "'alias'");
        create_model(&app, "empty").await;
        app.get("registered-models/alias", &[("name", "empty"), ("alias", "latest")]).await.refused(ABSENT, "empty");
    }

    async fn tags_are_set_and_deleted(db: Db) {
        let app = TestApp::new(db).await;
        create_model(&app, "m").await;
        create_version(&app, "m").await;
        for value in ["1", "2"] {
            app.post("registered-models/set-tag", json!({ "name": "m", "key": "k", "value": value })).await.ok();
            app.post("model-versions/set-tag", json!({ "name": "m", "version": "1", "key": "k", "value": value })).await.ok();
        }
        app.post("registered-models/set-tag", json!({ "name": "m", "key": "empty" })).await.ok();
        assert_eq!(model(&app, "m").await["tags"], json!([{ "key": "empty", "value": "" }, { "key": "k", "value": "2" }]));
        assert_eq!(model(&app, "m").await["latest_versions"][0]["tags"], json!([{ "key": "k", "value": "2" }]));
        for _ in 0..2 {
            app.delete("registered-models/delete-tag", json!({ "name": "m", "key": "k" })).await.ok();
            app.delete("model-versions/delete-tag", json!({ "name": "m", "version": "1", "key": "k" })).await.ok();
        }
        assert_eq!(version(&app, "m", "1").await.get("tags"), None);
        assert_eq!(model(&app, "m").await["tags"], json!([{ "key": "empty", "value": "" }]));
    }

    async fn models_are_searched_and_sorted(db: Db) {
        let app = TestApp::new(db).await;
        for (index, name) in ["iris", "Iris-2", "wine", "back\\slash%"].into_iter().enumerate() {
            app.clock.set(1000 + index as i64);
            create_model(&app, name).await;
        }
        app.post("registered-models/set-tag", json!({ "name": "iris", "key": "team", "value": "a" })).await.ok();
        app.post("registered-models/set-tag", json!({ "name": "iris", "key": "x y", "value": "b" })).await.ok();
        app.post("registered-models/set-tag", json!({ "name": "wine", "key": "team", "value": "b" })).await.ok();
        for (filter, expected) in [
            ("", &["Iris-2", "back\\slash%", "iris", "wine"][..]),
            ("name = 'iris'", &["iris"]),
            ("name != 'iris'", &["Iris-2", "back\\slash%", "wine"]),
            ("name LIKE 'i%'", &["iris"]),
            ("name ILIKE 'i%'", &["Iris-2", "iris"]),
            ("name LIKE '%\\%'", &["back\\slash%"]),
            ("name IN ('iris', 'wine')", &["iris", "wine"]),
            ("name NOT IN ('iris', 'wine')", &["Iris-2", "back\\slash%"]),
            ("tags.team = 'a'", &["iris"]),
            ("tags.team != 'a'", &["wine"]),
            ("tags.team LIKE '%' AND tags.`x y` = 'b'", &["iris"]),
            ("tags.none = 'a'", &[]),
        ] {
            assert_eq!(names(&app, filter, &[]).await, expected, "{filter}");
        }
        assert_eq!(names(&app, "", &["last_updated_timestamp DESC"]).await, ["back\\slash%", "wine", "Iris-2", "iris"]);
        assert_eq!(names(&app, "", &["name DESC"]).await, ["wine", "iris", "back\\slash%", "Iris-2"]);
    }

    async fn versions_are_searched_and_sorted(db: Db) {
        let app = TestApp::new(db).await;
        let (run_id, artifact_uri) = create_run(&app).await;
        create_model(&app, "a").await;
        create_model(&app, "b").await;
        for (time, name, source, run) in [(1, "a", "s3://x/1", ""), (2, "b", "s3://x/2", ""), (3, "a", &artifact_uri, &run_id)] {
            app.clock.set(time);
            let body = json!({ "name": name, "source": source, "run_id": run, "tags": [{ "key": "n", "value": time.to_string() }] });
            app.post("model-versions/create", body).await.ok();
        }
        let by_run = format!("run_id = '{run_id}'");
        let by_runs = format!("run_id IN ('{run_id}')");
        for (filter, expected) in [
            ("", &["a/2", "b/1", "a/1"][..]),
            ("name = 'a'", &["a/2", "a/1"]),
            (&by_run, &["a/2"]),
            (&by_runs, &["a/2"]),
            ("source_path LIKE 's3:%'", &["b/1", "a/1"]),
            ("version_number > 1", &["a/2"]),
            ("version_number = '1' AND name = 'a'", &["a/1"]),
            ("tags.n = '2'", &["b/1"]),
            ("tags.n != '2'", &["a/2", "a/1"]),
        ] {
            assert_eq!(versions(&app, filter, &[]).await, expected, "{filter}");
        }
        assert_eq!(versions(&app, "", &["version_number ASC"]).await, ["a/1", "b/1", "a/2"]);
        assert_eq!(versions(&app, "", &["name DESC", "creation_timestamp"]).await, ["b/1", "a/1", "a/2"]);
        assert_eq!(versions(&app, "", &["last_updated_timestamp"]).await, ["a/1", "b/1", "a/2"]);
    }

    async fn pages_visit_every_row_once(db: Db) {
        let app = TestApp::new(db).await;
        for index in 0..7 {
            create_model(&app, &format!("m{index}")).await;
            create_version(&app, &format!("m{index}")).await;
        }
        for (path, list) in [("registered-models/search", "registered_models"), ("model-versions/search", "model_versions")] {
            let mut seen = Vec::new();
            let mut token = String::new();
            loop {
                let query = [("max_results", "3"), ("page_token", token.as_str())];
                let page = app.get(path, &query).await.ok();
                let names = texts(&page[list], "name");
                assert!(names.len() <= 3);
                seen.extend(names);
                match page["next_page_token"].as_str() {
                    Some(next) => next.clone_into(&mut token),
                    None => break,
                }
            }
            seen.sort();
            assert_eq!(seen, (0..7).map(|index| format!("m{index}")).collect::<Vec<_>>(), "{path}");
            let whole = app.get(path, &[("max_results", "7")]).await.ok();
            assert_eq!(whole.get("next_page_token"), None, "{path}");
        }
    }

    async fn prompts_are_hidden_from_searches(db: Db) {
        let app = TestApp::new(db).await;
        let tags = json!([{ "key": "mlflow.prompt.is_prompt", "value": "true" }]);
        create_model(&app, "model").await;
        create_version(&app, "model").await;
        app.post("registered-models/create", json!({ "name": "prompt", "tags": tags })).await.ok();
        app.post("model-versions/create", json!({ "name": "prompt", "source": "dummy-source", "tags": tags })).await.ok();
        app.post("model-versions/create", json!({ "name": "prompt", "source": "s3://b/k", "tags": tags })).await.refused(INVALID, "source");
        for (filter, expected) in [
            ("", "model"),
            ("tags.`mlflow.prompt.is_prompt` != 'true'", "model"),
            ("tags.`mlflow.prompt.is_prompt` = 'false'", "model"),
            ("tags.`mlflow.prompt.is_prompt` = 'true'", "prompt"),
            ("tags.`mlflow.prompt.is_prompt` != 'false'", "prompt"),
        ] {
            assert_eq!(names(&app, filter, &[]).await, [expected], "{filter}");
            assert_eq!(versions(&app, filter, &[]).await, [format!("{expected}/1")], "{filter}");
        }
        assert_eq!(model(&app, "prompt").await["tags"], tags);
        app.post("registered-models/create", json!({ "name": "prompt" })).await.refused(EXISTS, "already taken by a prompt");
        app.post("registered-models/create", json!({ "name": "model", "tags": tags })).await.refused(EXISTS, "already taken by a registered model");
        app.post("registered-models/create", json!({ "name": "prompt", "tags": tags })).await.refused(EXISTS, "Prompt (name=prompt) already exists.");
        app.post("model-versions/create", json!({ "name": "model", "source": "models:/prompt/1" })).await.refused(INVALID, "Prompt versions");
    }

    async fn sources_are_resolved_when_a_version_is_made(db: Db) {
        let app = TestApp::new(db).await;
        let (run_id, run_uri) = create_run(&app).await;
        let (model_id, model_uri) = create_logged_model(&app, "forest", &run_id).await;
        create_model(&app, "m").await;
        let create = async |body: Value| app.post("model-versions/create", body).await.ok()["model_version"].take();

        create(json!({ "name": "m", "source": format!("runs:/{run_id}/a/b"), "run_id": run_id })).await;
        assert_eq!(download_uri(&app, "m", "1").await, format!("{run_uri}/a/b"));
        create(json!({ "name": "m", "source": format!("runs:/{run_id}/forest"), "run_id": run_id })).await;
        assert_eq!(download_uri(&app, "m", "2").await, model_uri);
        let logged = create(json!({ "name": "m", "source": format!("models:/{model_id}"), "model_id": model_id })).await;
        assert_eq!((&logged["run_id"], &logged["model_id"]), (&json!(run_id), &json!(model_id)));
        assert_eq!(download_uri(&app, "m", "3").await, model_uri);
        let inside = format!("{run_uri}/a");
        create(json!({ "name": "m", "source": inside, "run_id": run_id })).await;
        assert_eq!(download_uri(&app, "m", "4").await, inside);

        create_model(&app, "copy").await;
        app.post("registered-models/alias", json!({ "name": "m", "alias": "best", "version": "3" })).await.ok();
        for (index, uri) in ["models:/m/3", "models:/m@best"].into_iter().enumerate() {
            let copy = create(json!({ "name": "copy", "source": uri })).await;
            assert_eq!((&copy["source"], &copy["run_id"]), (&json!("models:/m/3"), &json!(run_id)));
            assert_eq!(download_uri(&app, "copy", &(index + 1).to_string()).await, model_uri);
        }
        transition(&app, "1", "Production", false).await;
        let copy = create(json!({ "name": "copy", "source": "models:/m/production" })).await;
        assert_eq!(copy["source"], "models:/m/1");
        let copy = create(json!({ "name": "copy", "source": "models:/m/latest", "run_id": run_id })).await;
        assert_eq!(copy["source"], "models:/m/4");

        let logged = app.get(&format!("logged-models/{model_id}"), &[]).await.ok();
        let tag = json!([{ "key": "mlflow.modelVersions", "value": "[{\"name\":\"m\",\"version\":\"3\"},{\"name\":\"copy\",\"version\":\"1\"},{\"name\":\"copy\",\"version\":\"2\"}]" }]);
        assert_eq!(logged["model"]["info"]["tags"], tag);
        // A copy outlives what it was copied from.
        app.delete("registered-models/delete", json!({ "name": "m" })).await.ok();
        assert_eq!(download_uri(&app, "copy", "1").await, model_uri);
    }

    async fn sources_outside_their_run_or_model_are_refused(db: Db) {
        let app = TestApp::new(db).await;
        let (run_id, run_uri) = create_run(&app).await;
        let (_, other_uri) = create_run(&app).await;
        let (model_id, model_uri) = create_logged_model(&app, "forest", &run_id).await;
        create_model(&app, "m").await;
        for (source, run, model, code) in [
            (format!("runs:/{run_id}/a"), "", "", INVALID),
            (format!("runs:/{run_id}/a"), "other", "", INVALID),
            (format!("runs:/{run_id}/a"), &run_id, &model_id, INVALID),
            (format!("runs:/{run_id}/../x"), &run_id, "", INVALID),
            (format!("models:/{model_id}"), "", "", INVALID),
            (format!("models:/{model_id}"), "", "m-other", INVALID),
            ("models:/m-gone".to_owned(), "", "m-gone", ABSENT),
            (other_uri, &run_id, "", INVALID),
            (run_uri.clone(), "", "", INVALID),
            (run_uri.clone(), "gone", "", INVALID),
            (format!("{run_uri}/../x"), &run_id, "", INVALID),
            (format!("{run_uri}/%252e%252e/x"), &run_id, "", INVALID),
            (run_uri, "", &model_id, INVALID),
            (model_uri, &run_id, "", INVALID),
            ("/etc/passwd".to_owned(), "", "", INVALID),
            ("/etc/passwd".to_owned(), &run_id, "", INVALID),
            ("/etc/passwd".to_owned(), "", &model_id, INVALID),
            ("file:///etc/passwd".to_owned(), &run_id, "", INVALID),
            ("http://host/x".to_owned(), &run_id, "", INVALID),
            ("s3://b/a\0".to_owned(), "", "", INVALID),
            ("models:/m/1".to_owned(), "", "", ABSENT),
            ("models:/m/latest".to_owned(), "", "", ABSENT),
            ("models:/m/Production".to_owned(), "", "", ABSENT),
            ("models:/m@none".to_owned(), "", "", INVALID),
            ("models:/m/bogus".to_owned(), "", "", INVALID),
        ] {
            let body = json!({ "name": "m", "source": source, "run_id": run, "model_id": model });
            app.post("model-versions/create", body).await.refused(code, "");
        }
        assert_eq!(create_version(&app, "m").await, "1");
        let body = json!({ "name": "m", "source": "models:/m/1", "run_id": run_id });
        app.post("model-versions/create", body).await.refused(INVALID, "must match the referenced model version");
    }

    async fn bad_input_is_refused_by_field(db: Db) {
        let app = TestApp::new(db).await;
        create_model(&app, "m").await;
        create_version(&app, "m").await;
        let long = "x".repeat(100_001);
        for (path, body, field) in [
            ("registered-models/create", json!({}), "'name'"),
            ("registered-models/create", json!({ "name": "" }), "'name'"),
            ("registered-models/create", json!({ "name": "a/b" }), "'name'"),
            ("registered-models/create", json!({ "name": "a\u{0}" }), "'name'"),
            ("registered-models/create", json!({ "name": 7 }), "'name'"),
            ("registered-models/create", json!({ "name": "n", "description": long }), "'description'"),
            ("registered-models/create", json!({ "name": "n", "tags": [{ "value": "x" }] }), "'tags[0].key'"),
            ("registered-models/create", json!({ "name": "n", "tags": [{ "key": "a,b" }] }), "'tags[0].key'"),
            ("registered-models/create", json!({ "name": "n", "tags": [{ "key": "k", "value": long }] }), "'tags[0].value'"),
            ("registered-models/create", json!({ "name": "n", "tags": {} }), "'tags'"),
            ("registered-models/rename", json!({ "name": "m" }), "'new_name'"),
            ("registered-models/rename", json!({ "name": "m", "new_name": "a:b" }), "'new_name'"),
            ("registered-models/set-tag", json!({ "name": "m", "value": "x" }), "'key'"),
            ("registered-models/set-tag", json!({ "name": "m", "key": "k", "value": long }), "'value'"),
            ("registered-models/alias", json!({ "name": "m", "version": "1" }), "'alias'"),
            ("model-versions/create", json!({ "source": "s3://b/k" }), "'name'"),
            ("model-versions/create", json!({ "name": "m" }), "'source'"),
            ("model-versions/create", json!({ "name": "m", "source": "s3://b/k", "run_id": "a\u{0}" }), "'run_id'"),
            ("model-versions/create", json!({ "name": "m", "source": "s3://b/k", "run_link": "a\u{0}" }), "'run_link'"),
            ("model-versions/transition-stage", json!({ "name": "m", "stage": "Staging" }), "'version'"),
            ("model-versions/transition-stage", json!({ "name": "m", "version": "1" }), "'stage'"),
            ("model-versions/set-tag", json!({ "name": "m", "version": "1" }), "'key'"),
            ("model-versions/set-tag", json!({ "name": "m", "version": "1.5", "key": "k" }), "'version'"),
        ] {
            app.post(path, body).await.refused(INVALID, field);
        }
        for (path, query, part) in [
            ("registered-models/get", &[][..], "'name'"),
            ("model-versions/get", &[("name", "m")], "'version'"),
            ("model-versions/get", &[("name", "m"), ("version", "x")], "'version'"),
            ("model-versions/get-download-uri", &[], "'name'"),
            ("registered-models/search", &[("max_results", "0")], "'max_results'"),
            ("registered-models/search", &[("max_results", "1001")], "'max_results'"),
            ("registered-models/search", &[("max_results", "x")], "'max_results'"),
            ("registered-models/search", &[("page_token", "x")], "page token"),
            ("registered-models/search", &[("filter", "name = iris")], "quote"),
            ("registered-models/search", &[("filter", "bogus = 'x'")], "bogus"),
            ("registered-models/search", &[("filter", "name = 'a\0'")], "'filter'"),
            ("registered-models/search", &[("order_by", "bogus")], "bogus"),
            ("registered-models/search", &[("order_by", "name"), ("order_by", "name DESC")], "duplicate"),
            ("model-versions/search", &[("max_results", "200001")], "'max_results'"),
            ("model-versions/search", &[("max_results", "-1")], "'max_results'"),
            ("model-versions/search", &[("filter", "version_number > 'x'")], "version_number"),
        ] {
            app.get(path, query).await.refused(INVALID, part);
        }
    }

    async fn changes_leave_audit_entries(db: Db) {
        let app = TestApp::new(db).await;
        create_model(&app, "m").await;
        create_version(&app, "m").await;
        transition(&app, "1", "Staging", false).await;
        app.delete("model-versions/delete", json!({ "name": "m", "version": "1" })).await.ok();
        app.post("registered-models/create", json!({ "name": "m" })).await.refused(EXISTS, "m");
        let entries = app.get("/api/fettle/v1/audit", &[]).await.ok();
        let actions: Vec<String> = entries["entries"].as_array().expect("entries").iter().map(|entry| {
            format!("{} {}", text(&entry["action"]), text(&entry["entity_id"]))
        }).collect();
        assert_eq!(actions, ["delete m/1", "transition_stage m/1", "create m/1", "create m"]);
    }
}
