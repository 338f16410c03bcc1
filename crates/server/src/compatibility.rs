//! Every call of MLflow 3.17.2 and its state here, from which `docs/compatibility.md` is written and against which
//! `tests/compatibility.rs` holds the router.

use serde::Deserialize;
use std::fmt::Write;

/// The calls as MLflow declares them.
const ENDPOINTS: &str = include_str!("../compatibility/endpoints.json");

/// One call, with `{..}` for the parts of its path that vary.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoint {
    pub group: String,
    pub method: String,
    pub path: String,
    /// Where it is mounted: `/api`, `/ajax-api`, or at the root.
    pub mounts: Vec<String>,
    pub rpc: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Answers as MLflow does; single differences are listed by hand in the page.
    Served,
    Different(&'static str),
    Off(Feature),
}

/// What is off, as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    Assistant,
    Demo,
    Gateway,
    Jobs,
    McpRegistry,
    Undeclared,
    Users,
    Workspaces,
}

/// Groups of calls that are off.
const OFF_GROUPS: [(&str, Feature); 7] = [
    ("assistant", Feature::Assistant),
    ("auth/users/permissions", Feature::Users),
    ("demo", Feature::Demo),
    ("gateway/secrets/endpoints", Feature::Gateway),
    ("jobs", Feature::Jobs),
    ("mcp-servers", Feature::McpRegistry),
    ("workspaces", Feature::Workspaces),
];

/// Calls that are off within a group that is served: their paths start so.
const OFF_PATHS: [(&str, Feature); 7] = [
    ("/2.0/mlflow/runs/create-promptlab-run", Feature::Gateway),
    ("/2.0/mlflow/get-online-trace-details", Feature::Undeclared),
    ("/2.0/mlflow/unified-traces", Feature::Undeclared),
    ("/2.0mlflow/experiments/search-datasets", Feature::Undeclared),
    ("/3.0/mlflow/issues/invoke", Feature::Jobs),
    ("/3.0/mlflow/prompt-optimization/", Feature::Jobs),
    ("/3.0/mlflow/scorer/invoke", Feature::Jobs),
];

/// Calls that are there for something else.
const DIFFERENT: [(&str, &str); 3] = [
    ("/", "Fettle's own page"),
    ("/build/{filename}", "Fettle's own page has its assets elsewhere"),
    ("/static-files/{path}", "Fettle's own page has its assets elsewhere"),
];

/// All calls, by group and path.
pub fn endpoints() -> Vec<Endpoint> {
    serde_json::from_str(ENDPOINTS).expect("the list is part of the source and tested")
}

impl Endpoint {
    pub fn state(&self) -> State {
        if let Some((_, how)) = DIFFERENT.iter().find(|(path, _)| *path == self.path) {
            return State::Different(how);
        }
        let by_path = OFF_PATHS.iter().find(|(path, _)| self.path.starts_with(path));
        let by_group = OFF_GROUPS.iter().find(|(group, _)| *group == self.group);
        by_path
            .or(by_group)
            .map_or(State::Served, |(_, feature)| State::Off(*feature))
    }
}

impl Feature {
    pub const ALL: [Self; 8] = [
        Self::Assistant,
        Self::Demo,
        Self::Gateway,
        Self::Jobs,
        Self::McpRegistry,
        Self::Undeclared,
        Self::Users,
        Self::Workspaces,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::Demo => "demo data",
            Self::Gateway => "AI gateway",
            Self::Jobs => "jobs",
            Self::McpRegistry => "MCP registry",
            Self::Undeclared => "no handler in MLflow",
            Self::Users => "users and roles",
            Self::Workspaces => "workspaces",
        }
    }

    /// What a call gets.
    pub fn answer(self) -> &'static str {
        match self {
            Self::Assistant => {
                "no providers and an empty configuration; everything else 403, as for a caller from another machine"
            }
            Self::Demo => "nothing to delete; 501 to make some",
            Self::Gateway => {
                "501 `NOT_IMPLEMENTED`, as with `MLFLOW_ENABLE_AI_GATEWAY=false`; the old proxy lists no endpoints"
            }
            Self::Jobs => {
                "no job is ever found; 501 to start one, as with `MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false` (where MLflow answers 500)"
            }
            Self::McpRegistry => "empty lists, 404 for a server, 501 for changes",
            Self::Undeclared => "404; MLflow declares them and answers 404 too",
            Self::Users => "404, as without `--app-name basic-auth`",
            Self::Workspaces => "503 with MLflow's text, as without `--enable-workspaces`",
        }
    }

    pub fn why(self) -> &'static str {
        match self {
            Self::Assistant => "a coding assistant runs programs on the server's machine",
            Self::Demo => "made-up runs do not belong on a shared server",
            Self::Gateway => "Fettle serves models at `/endpoints`; keys of model providers are not its business",
            Self::Jobs => "the server runs no Python of its own: scorers and optimisers run in the client",
            Self::McpRegistry => "not part of a model's life",
            Self::Undeclared => "there is nothing to serve",
            Self::Users => "access control is to come",
            Self::Workspaces => "they come with access control",
        }
    }
}

/// The generated part of `docs/compatibility.md`.
pub fn markdown() -> String {
    let endpoints = endpoints();
    let count = |wanted: fn(&State) -> bool| endpoints.iter().filter(|e| wanted(&e.state())).count();
    let mut page = format!(
        "MLflow 3.17.2 has {} calls: {} are served, {} are different, {} are off.\n\n## What is off\n\n\
         | feature | calls | answer | why |\n|---|---|---|---|\n",
        endpoints.len(),
        count(|state| *state == State::Served),
        count(|state| matches!(state, State::Different(_))),
        count(|state| matches!(state, State::Off(_))),
    );
    for feature in Feature::ALL {
        let calls = endpoints.iter().filter(|e| e.state() == State::Off(feature)).count();
        line(
            &mut page,
            format_args!(
                "| {} | {calls} | {} | {} |",
                feature.name(),
                feature.answer(),
                feature.why()
            ),
        );
    }
    page.push_str("\n## Every call\n");
    let mut group = "";
    for endpoint in &endpoints {
        if endpoint.group != group {
            group = &endpoint.group;
            line(
                &mut page,
                format_args!("\n### {group}\n\n| call | below | state |\n|---|---|---|"),
            );
        }
        let state = match endpoint.state() {
            State::Served => "served".to_owned(),
            State::Different(how) => format!("different: {how}"),
            State::Off(feature) => format!("off: {}", feature.name()),
        };
        let mounts: Vec<String> = endpoint
            .mounts
            .iter()
            .map(|mount| {
                if mount.is_empty() {
                    "the root".to_owned()
                } else {
                    format!("`{mount}`")
                }
            })
            .collect();
        line(
            &mut page,
            format_args!(
                "| `{} {}` | {} | {state} |",
                endpoint.method,
                endpoint.path,
                mounts.join(", ")
            ),
        );
    }
    page
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(page, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_every_rule_is_used() {
        let endpoints = endpoints();
        assert_eq!(endpoints.len(), 299);
        for (path, _) in OFF_PATHS {
            assert!(endpoints.iter().any(|e| e.path.starts_with(path)), "{path}");
        }
        for (group, _) in OFF_GROUPS {
            assert!(endpoints.iter().any(|e| e.group == group), "{group}");
        }
        for (path, _) in DIFFERENT {
            assert!(endpoints.iter().any(|e| e.path == path), "{path}");
        }
    }
}
