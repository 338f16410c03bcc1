//! The fields of `Query` and `Mutation`: each is a call of the REST handler of the same name.

use crate::{
    app::App,
    artifacts,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid},
    extract::{Args, AsValue},
    registry, tracking,
};
use async_graphql::{
    ServerError,
    dynamic::{Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, SchemaBuilder, TypeRef},
};
use axum::extract::State;
use fettle_wire::Missing;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Runs whose model versions are asked for together.
const RUNS_AT_ONCE: usize = 200;

pub fn register(schema: SchemaBuilder) -> SchemaBuilder {
    let query = Object::new("Query")
        .field(call("mlflowGetExperiment", "MlflowGetExperiment", |call| {
            Box::pin(call.rest(tracking::get_experiment))
        }))
        .field(call(
            "mlflowGetMetricHistoryBulkInterval",
            "MlflowGetMetricHistoryBulkInterval",
            |call| Box::pin(call.rest(tracking::get_metric_history_bulk_interval)),
        ))
        .field(call("mlflowGetRun", "MlflowGetRun", |call| Box::pin(get_run(call))))
        .field(call("mlflowListArtifacts", "MlflowListArtifacts", |call| {
            Box::pin(call.rest(artifacts::list_run_artifacts))
        }))
        .field(call("mlflowSearchModelVersions", "MlflowSearchModelVersions", |call| {
            Box::pin(call.rest(registry::search_model_versions))
        }))
        .field(call("mlflowSearchRuns", "MlflowSearchRuns", |call| {
            Box::pin(search_runs(call))
        }))
        .field(echo("test", "Test"));
    let mutation = Object::new("Mutation")
        .field(call("mlflowSearchRuns", "MlflowSearchRuns", |call| {
            Box::pin(search_runs(call))
        }))
        .field(echo("testMutation", "TestMutation"));
    schema.register(query).register(mutation)
}

/// One field of the query, on its way to a handler.
struct Call {
    app: App,
    caller: Caller,
    input: Value,
    /// Which joined fields are asked of the runs.
    experiment: bool,
    model_versions: bool,
}

impl Call {
    fn new(context: &ResolverContext<'_>) -> Result<Self> {
        let input = context.args.get("input").ok_or_else(|| Missing {
            field: "input".to_owned(),
        })?;
        let run = ["run", "runs"].map(|name| context.look_ahead().field(name));
        let asked = |name: &str| run.iter().any(|run| run.field(name).exists());
        let input = input
            .as_value()
            .clone()
            .into_json()
            .map_err(|e| invalid(e.to_string()))?;
        Ok(Self {
            app: context.data_unchecked::<App>().clone(),
            caller: context.data_unchecked::<Caller>().clone(),
            experiment: asked("experiment"),
            model_versions: asked("modelVersions"),
            input,
        })
    }

    /// The handler's answer as it would stand on the wire.
    async fn rest<Request, Answer, Handler, Handled>(self, handler: Handler) -> Result<Value>
    where
        Request: DeserializeOwned,
        Answer: AsValue,
        Handler: FnOnce(State<App>, Caller, Args<Request>) -> Handled,
        Handled: Future<Output = Result<Answer>>,
    {
        let given = match self.input {
            Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            _ => Map::new(),
        };
        let request = serde_json::from_value(Value::Object(given)).map_err(|e| invalid(e.to_string()))?;
        let answer = handler(State(self.app), self.caller, Args(request)).await?;
        answer
            .as_value()
            .map_err(|e| ApiError::new(ErrorCode::InternalError, "The answer could not be written as JSON.").because(e))
    }

    fn with(&self, input: Value) -> Self {
        Self {
            app: self.app.clone(),
            caller: self.caller.clone(),
            input,
            experiment: false,
            model_versions: false,
        }
    }
}

fn call(
    name: &'static str,
    of: &'static str,
    handle: impl Fn(Call) -> BoxFuture<'static, Result<Value>> + Send + Sync + Copy + 'static,
) -> Field {
    let input = InputValue::new("input", TypeRef::named(format!("{of}Input")));
    Field::new(name, TypeRef::named(format!("{of}Response")), move |context| {
        FieldFuture::new(async move {
            let answer = match Call::new(&context) {
                Ok(call) => handle(call).await,
                Err(error) => Err(error),
            };
            // The error stands beside the data, in which this field alone is null.
            Ok(answer
                .map_err(|error| context.add_error(refusal(name, error)))
                .ok()
                .map(FieldValue::owned_any))
        })
    })
    .argument(input)
}

fn refusal(field: &str, error: ApiError) -> ServerError {
    if error.code.status().is_server_error() {
        tracing::error!(
            error.code = error.code.name(),
            "Failed GraphQL field `{field}`: {error}"
        );
    }
    ServerError::new(error.message, None)
}

fn echo(name: &'static str, of: &'static str) -> Field {
    Field::new(name, TypeRef::named(of), |context| {
        FieldFuture::new(async move {
            let text = context.args.get("inputString").and_then(|text| text.string().ok());
            Ok(text.map(|text| FieldValue::owned_any(json!({ "output": text }))))
        })
    })
    .argument(InputValue::new("inputString", TypeRef::named(TypeRef::STRING)))
}

async fn get_run(call: Call) -> Result<Value> {
    let mut answer = call.with(call.input.clone()).rest(tracking::get_run).await?;
    join(&call, std::slice::from_mut(&mut answer["run"])).await?;
    Ok(answer)
}

async fn search_runs(call: Call) -> Result<Value> {
    let mut answer = call.with(call.input.clone()).rest(tracking::search_runs).await?;
    if let Some(runs) = answer["runs"].as_array_mut() {
        join(&call, runs).await?;
    }
    Ok(answer)
}

/// Puts beside each run what was asked for: its experiment and the model versions made from it.
async fn join(call: &Call, runs: &mut [Value]) -> Result<()> {
    if call.experiment {
        join_experiments(call, runs).await?;
    }
    if call.model_versions {
        for runs in runs.chunks_mut(RUNS_AT_ONCE) {
            join_model_versions(call, runs).await?;
        }
    }
    Ok(())
}

async fn join_experiments(call: &Call, runs: &mut [Value]) -> Result<()> {
    let id_of = |run: &Value| run["info"]["experiment_id"].as_str().unwrap_or_default().to_owned();
    let mut experiments = BTreeMap::new();
    for id in runs.iter().map(id_of).collect::<BTreeSet<_>>() {
        let mut answer = call
            .with(json!({ "experimentId": id }))
            .rest(tracking::get_experiment)
            .await?;
        experiments.insert(id, answer["experiment"].take());
    }
    for run in runs {
        run["experiment"] = experiments[&id_of(run)].clone();
    }
    Ok(())
}

async fn join_model_versions(call: &Call, runs: &mut [Value]) -> Result<()> {
    let id_of = |run: &Value| run["info"]["run_id"].as_str().unwrap_or_default().to_owned();
    // Run ids are letters and digits, checked when runs are made.
    let ids: Vec<String> = runs.iter().map(|run| format!("'{}'", id_of(run))).collect();
    let filter = format!("run_id IN ({})", ids.join(","));
    let mut answer = call
        .with(json!({ "filter": filter }))
        .rest(registry::search_model_versions)
        .await?;
    let mut versions: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for version in answer["model_versions"].as_array_mut().into_iter().flatten() {
        let run_id = version["run_id"].as_str().unwrap_or_default().to_owned();
        versions.entry(run_id).or_default().push(version.take());
    }
    for run in runs {
        run["model_versions"] = versions.remove(&id_of(run)).into();
    }
    Ok(())
}
