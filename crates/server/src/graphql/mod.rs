//! GraphQL, for the calls of MLflow's own pages: a run with its experiment and model versions, the search over runs,
//! an experiment, and points for a chart.
//!
//! There is no second way to the data: `operations` calls the handlers of the REST calls, and `types` describes their
//! answers, so that GraphQL can pick from them. `document` reads a query and keeps it within bounds.

mod document;
mod operations;
mod types;

use crate::{
    app::App,
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
};
use async_graphql::{Request, Response, Variables, dynamic::Schema};
use axum::{Router, extract::State, routing::get};
use fettle_wire::Required;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::LazyLock;

pub fn routes() -> Router<App> {
    Router::new().route("/graphql", get(execute).post(execute))
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let schema = Schema::build("Query", Some("Mutation"), None);
    operations::register(types::register(schema))
        .disable_suggestions()
        .finish()
        .expect("every type that a field names is registered")
});

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Execute {
    query: Option<String>,
    variables: Value,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
}

/// Answers with 200 and MLflow's `{data, errors}`, in which errors are their messages; only what is not GraphQL at all
/// is refused.
async fn execute(State(app): State<App>, caller: Caller, Args(request): Args<Execute>) -> Result<Json<Value>> {
    let query = request.query.required("query")?;
    let document = match document::parse(&query)? {
        Ok(document) => document,
        Err(out_of_bounds) => return Ok(Json(json!({ "data": null, "errors": [out_of_bounds] }))),
    };
    let mut execution = Request::new(query)
        .variables(Variables::from_json(variables(request.variables)?))
        .data(app)
        .data(caller);
    execution.set_parsed_query(document);
    if let Some(name) = request.operation_name.filter(|name| !name.is_empty()) {
        execution = execution.operation_name(name);
    }
    Ok(Json(answer(SCHEMA.execute(execution).await)))
}

/// An object; in a query string, its text.
fn variables(given: Value) -> Result<Value> {
    let value = match given {
        Value::String(text) => {
            serde_json::from_str(&text).map_err(|e| invalid(format!("Parameter 'variables' is not JSON: {e}")))?
        }
        value => value,
    };
    match value {
        Value::Object(_) => Ok(value),
        Value::Null => Ok(json!({})),
        _ => Err(invalid("Parameter 'variables' must be a JSON object.")),
    }
}

fn answer(response: Response) -> Value {
    let errors: Vec<String> = response.errors.into_iter().map(|error| error.message).collect();
    let data = response.data.into_json().unwrap_or_default();
    let errors = if errors.is_empty() { Value::Null } else { json!(errors) };
    json!({ "data": data, "errors": errors })
}
