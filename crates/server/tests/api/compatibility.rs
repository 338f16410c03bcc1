//! The list of MLflow's calls against the router: what the list calls served must be there, and what it calls off must
//! answer as off.

use crate::support::{Answer, TestApp};
use axum::http::Method;
use fettle_db::on_both_databases;
use fettle_server::{
    compatibility::{Endpoint, Feature, State, endpoints},
    schema::MIGRATIONS,
};
use serde_json::{Value, json};

/// The call's path below `mount` with something in place of what varies.
fn path(endpoint: &Endpoint, mount: &str) -> String {
    let mut path = mount.to_owned();
    let mut rest = endpoint.path.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        path += before;
        path += "x1";
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    path + rest
}

fn is_unknown(answer: &Answer) -> bool {
    answer.status == 405 || answer.body["error_code"] == "ENDPOINT_NOT_FOUND"
}

fn message(answer: &Answer) -> &str {
    let body = &answer.body;
    [&body["message"], &body["detail"], body]
        .iter()
        .find_map(|text| text.as_str())
        .unwrap_or_default()
}

/// Whether this is what a call of a feature that is off gets.
fn is_off(feature: Feature, endpoint: &Endpoint, answer: &Answer) -> bool {
    let says = |status: u16, part: &str| answer.status == status && message(answer).contains(part);
    let is_empty = |field: &str| answer.status == 200 && answer.body[field] == json!([]);
    match feature {
        Feature::Assistant => {
            says(403, "Assistant API")
                || is_empty("providers")
                || (answer.status == 200 && answer.body["providers"] == json!({}))
        }
        Feature::Demo => says(501, "job execution") || is_empty("features_deleted"),
        Feature::Gateway if endpoint.path.ends_with("/gateway-proxy") => is_empty("endpoints"),
        Feature::Gateway => says(501, "AI Gateway feature is disabled"),
        Feature::Jobs => {
            says(501, "job execution")
                || says(404, "Job with ID x1 not found")
                || is_empty("jobs")
                || (answer.status == 200 && answer.body == json!({}))
        }
        Feature::McpRegistry => {
            says(501, "registry of MCP servers")
                || says(404, "MCP server 'x1")
                || ["mcp_servers", "mcp_access_endpoints", "mcp_server_versions"]
                    .iter()
                    .any(|field| is_empty(field))
        }
        Feature::Undeclared | Feature::Users => is_unknown(answer),
        Feature::Workspaces => says(503, "without workspaces support"),
    }
}

on_both_databases! { MIGRATIONS;
    async fn the_list_and_the_router_agree(db: Db) {
        let app = TestApp::new(db).await;
        let mut disagreements = Vec::new();
        for endpoint in endpoints() {
            for mount in &endpoint.mounts {
                let method: Method = endpoint.method.parse().expect("a method");
                let body = (method != Method::GET).then(|| Value::Object(serde_json::Map::default()));
                let answer = app.send(method, &path(&endpoint, mount), body).await;
                let agrees = match endpoint.state() {
                    State::Served => !is_unknown(&answer) && answer.status != 500,
                    // The page's assets are files with names; the page itself is there.
                    State::Different(_) => answer.status == if endpoint.path == "/" { 200 } else { 404 },
                    State::Off(feature) => is_off(feature, &endpoint, &answer),
                };
                if !agrees {
                    disagreements.push(format!(
                        "{} is {:?} in src/compatibility.rs, and the router answers {} {}",
                        answer.request, endpoint.state(), answer.status, answer.body
                    ));
                }
            }
        }
        assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    }
}

#[test]
fn the_page_lists_what_the_code_says() {
    let page = include_str!("../../../../docs/compatibility.md");
    assert!(
        page.contains(&fettle_server::compatibility::markdown()),
        "docs/compatibility.md is not what the code says; `cargo xtask docs` writes it"
    );
}
