//! MLflow's messages as GraphQL types. A field's value is taken from the JSON of the REST answer, where its name is in
//! snake case.
//!
//! As in MLflow, what is not set has its type's default: text is empty, a 64-bit integer is `"0"`, a list or message
//! is there and empty. A NaN is null.

use async_graphql::{
    Value,
    dynamic::{
        Enum, Field, FieldFuture, FieldValue, InputObject, InputValue, Object, ResolverContext, Scalar, SchemaBuilder,
        TypeRef,
    },
};
use serde_json::Value as Json;

/// A 64-bit integer, written as text so that JavaScript does not round it.
const LONG: &str = "LongString";

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Texts,
    Long,
    Float,
    Flag,
    OneOf(&'static str),
    Message(&'static str),
    Messages(&'static str),
    /// A message that answers without errors never have.
    Absent(&'static str),
}
use Kind::{Absent, Flag, Float, Long, Message, Messages, OneOf, Text, Texts};

const ENUMS: &[(&str, &[&str])] = &[
    (
        "MlflowDeploymentJobConnectionState",
        &[
            "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED",
            "NOT_SET_UP",
            "CONNECTED",
            "NOT_FOUND",
            "REQUIRED_PARAMETERS_CHANGED",
        ],
    ),
    (
        "MlflowModelVersionDeploymentJobStateDeploymentJobRunState",
        &[
            "DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED",
            "NO_VALID_DEPLOYMENT_JOB_FOUND",
            "RUNNING",
            "SUCCEEDED",
            "FAILED",
            "PENDING",
            "APPROVAL",
        ],
    ),
    (
        "MlflowModelVersionStatus",
        &["PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY"],
    ),
    (
        "MlflowRunStatus",
        &["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"],
    ),
    ("MlflowViewType", &["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]),
];

type Fields = &'static [(&'static str, Kind)];

const KEY_VALUE: Fields = &[("key", Text), ("value", Text)];
const METRIC: Fields = &[
    ("key", Text),
    ("value", Float),
    ("timestamp", Long),
    ("step", Long),
    ("datasetName", Text),
    ("datasetDigest", Text),
    ("modelId", Text),
    ("runId", Text),
];

const MESSAGES: &[(&str, Fields)] = &[
    ("ErrorDetail", &[("field", Text), ("message", Text)]),
    (
        "ApiError",
        &[
            ("code", Text),
            ("message", Text),
            ("helpUrl", Text),
            ("traceId", Text),
            ("errorDetails", Messages("ErrorDetail")),
        ],
    ),
    ("Test", &[("output", Text)]),
    ("TestMutation", &[("output", Text)]),
    (
        "MlflowModelVersionDeploymentJobState",
        &[
            ("jobId", Text),
            ("runId", Text),
            ("jobState", OneOf("MlflowDeploymentJobConnectionState")),
            (
                "runState",
                OneOf("MlflowModelVersionDeploymentJobStateDeploymentJobRunState"),
            ),
            ("currentTaskName", Text),
        ],
    ),
    ("MlflowModelMetric", METRIC),
    ("MlflowModelParam", &[("name", Text), ("value", Text)]),
    ("MlflowModelVersionTag", KEY_VALUE),
    (
        "MlflowModelVersion",
        &[
            ("name", Text),
            ("version", Text),
            ("creationTimestamp", Long),
            ("lastUpdatedTimestamp", Long),
            ("userId", Text),
            ("currentStage", Text),
            ("description", Text),
            ("source", Text),
            ("runId", Text),
            ("status", OneOf("MlflowModelVersionStatus")),
            ("statusMessage", Text),
            ("tags", Messages("MlflowModelVersionTag")),
            ("runLink", Text),
            ("aliases", Texts),
            ("modelId", Text),
            ("modelParams", Messages("MlflowModelParam")),
            ("modelMetrics", Messages("MlflowModelMetric")),
            ("deploymentJobState", Message("MlflowModelVersionDeploymentJobState")),
        ],
    ),
    (
        "MlflowSearchModelVersionsResponse",
        &[
            ("modelVersions", Messages("MlflowModelVersion")),
            ("nextPageToken", Text),
            ("apiError", Absent("ApiError")),
        ],
    ),
    (
        "MlflowMetricWithRunId",
        &[
            ("key", Text),
            ("value", Float),
            ("timestamp", Long),
            ("step", Long),
            ("runId", Text),
        ],
    ),
    (
        "MlflowGetMetricHistoryBulkIntervalResponse",
        &[
            ("metrics", Messages("MlflowMetricWithRunId")),
            ("apiError", Absent("ApiError")),
        ],
    ),
    ("MlflowFileInfo", &[("path", Text), ("isDir", Flag), ("fileSize", Long)]),
    (
        "MlflowListArtifactsResponse",
        &[
            ("rootUri", Text),
            ("files", Messages("MlflowFileInfo")),
            ("nextPageToken", Text),
            ("apiError", Absent("ApiError")),
        ],
    ),
    ("MlflowModelOutput", &[("modelId", Text), ("step", Long)]),
    ("MlflowRunOutputs", &[("modelOutputs", Messages("MlflowModelOutput"))]),
    ("MlflowModelInput", &[("modelId", Text)]),
    (
        "MlflowDataset",
        &[
            ("name", Text),
            ("digest", Text),
            ("sourceType", Text),
            ("source", Text),
            ("schema", Text),
            ("profile", Text),
        ],
    ),
    ("MlflowInputTag", KEY_VALUE),
    (
        "MlflowDatasetInput",
        &[
            ("tags", Messages("MlflowInputTag")),
            ("dataset", Message("MlflowDataset")),
        ],
    ),
    (
        "MlflowRunInputs",
        &[
            ("datasetInputs", Messages("MlflowDatasetInput")),
            ("modelInputs", Messages("MlflowModelInput")),
        ],
    ),
    ("MlflowRunTag", KEY_VALUE),
    ("MlflowParam", KEY_VALUE),
    ("MlflowMetricExtension", METRIC),
    (
        "MlflowRunData",
        &[
            ("metrics", Messages("MlflowMetricExtension")),
            ("params", Messages("MlflowParam")),
            ("tags", Messages("MlflowRunTag")),
        ],
    ),
    (
        "MlflowRunInfo",
        &[
            ("runId", Text),
            ("runUuid", Text),
            ("runName", Text),
            ("experimentId", Text),
            ("userId", Text),
            ("status", OneOf("MlflowRunStatus")),
            ("startTime", Long),
            ("endTime", Long),
            ("artifactUri", Text),
            ("lifecycleStage", Text),
        ],
    ),
    (
        "MlflowRunExtension",
        &[
            ("info", Message("MlflowRunInfo")),
            ("data", Message("MlflowRunData")),
            ("inputs", Message("MlflowRunInputs")),
            ("outputs", Message("MlflowRunOutputs")),
            ("experiment", Message("MlflowExperiment")),
            ("modelVersions", Messages("MlflowModelVersion")),
        ],
    ),
    (
        "MlflowSearchRunsResponse",
        &[
            ("runs", Messages("MlflowRunExtension")),
            ("nextPageToken", Text),
            ("apiError", Absent("ApiError")),
        ],
    ),
    (
        "MlflowGetRunResponse",
        &[("run", Message("MlflowRunExtension")), ("apiError", Absent("ApiError"))],
    ),
    ("MlflowExperimentTag", KEY_VALUE),
    (
        "MlflowExperiment",
        &[
            ("experimentId", Text),
            ("name", Text),
            ("artifactLocation", Text),
            ("lifecycleStage", Text),
            ("lastUpdateTime", Long),
            ("creationTime", Long),
            ("tags", Messages("MlflowExperimentTag")),
            ("effectiveTraceArchivalRetention", Text),
            ("workspace", Text),
        ],
    ),
    (
        "MlflowGetExperimentResponse",
        &[
            ("experiment", Message("MlflowExperiment")),
            ("apiError", Absent("ApiError")),
        ],
    ),
];

/// Arguments; a `Long` here is an integer of GraphQL or text.
const INPUTS: &[(&str, &[(&str, &str)])] = &[
    (
        "MlflowSearchModelVersionsInput",
        &[
            ("filter", TypeRef::STRING),
            ("maxResults", LONG),
            ("orderBy", LIST),
            ("pageToken", TypeRef::STRING),
        ],
    ),
    (
        "MlflowGetMetricHistoryBulkIntervalInput",
        &[
            ("runIds", LIST),
            ("metricKey", TypeRef::STRING),
            ("startStep", TypeRef::INT),
            ("endStep", TypeRef::INT),
            ("maxResults", TypeRef::INT),
        ],
    ),
    (
        "MlflowListArtifactsInput",
        &[
            ("runId", TypeRef::STRING),
            ("runUuid", TypeRef::STRING),
            ("path", TypeRef::STRING),
            ("pageToken", TypeRef::STRING),
        ],
    ),
    (
        "MlflowSearchRunsInput",
        &[
            ("experimentIds", LIST),
            ("filter", TypeRef::STRING),
            ("runViewType", "MlflowViewType"),
            ("maxResults", TypeRef::INT),
            ("orderBy", LIST),
            ("pageToken", TypeRef::STRING),
        ],
    ),
    (
        "MlflowGetRunInput",
        &[("runId", TypeRef::STRING), ("runUuid", TypeRef::STRING)],
    ),
    ("MlflowGetExperimentInput", &[("experimentId", TypeRef::STRING)]),
];

/// A list of text, in [`INPUTS`].
const LIST: &str = "[String]";

pub fn register(mut schema: SchemaBuilder) -> SchemaBuilder {
    schema = schema.register(Scalar::new(LONG));
    for (name, items) in ENUMS {
        schema = schema.register(Enum::new(*name).items(items.iter().copied()));
    }
    for (name, fields) in MESSAGES {
        let object = fields.iter().fold(Object::new(*name), |object, &(name, kind)| {
            object.field(field(name, kind))
        });
        schema = schema.register(object);
    }
    for (name, fields) in INPUTS {
        let input = fields.iter().fold(InputObject::new(*name), |input, &(name, of)| {
            let of = if of == LIST {
                TypeRef::named_list(TypeRef::STRING)
            } else {
                TypeRef::named(of)
            };
            input.field(InputValue::new(name, of))
        });
        schema = schema.register(input);
    }
    schema
}

fn field(name: &'static str, kind: Kind) -> Field {
    let key = snake_case(name);
    let of = match kind {
        Text => TypeRef::named(TypeRef::STRING),
        Texts => TypeRef::named_list(TypeRef::STRING),
        Long => TypeRef::named(LONG),
        Float => TypeRef::named(TypeRef::FLOAT),
        Flag => TypeRef::named(TypeRef::BOOLEAN),
        OneOf(name) | Message(name) | Absent(name) => TypeRef::named(name),
        Messages(name) => TypeRef::named_nn_list(name),
    };
    Field::new(name, of, move |context: ResolverContext<'_>| {
        let message = context.parent_value.downcast_ref::<Json>().unwrap_or(&Json::Null);
        FieldFuture::Value(value(kind, &message[&key]))
    })
}

/// What stands for a message that is not set.
static UNSET: Json = Json::Null;

fn value(kind: Kind, json: &Json) -> Option<FieldValue<'_>> {
    Some(match kind {
        Text => text(json).into(),
        Texts => FieldValue::list(json.as_array().into_iter().flatten().map(text)),
        Long => Value::from(json.as_i64().unwrap_or_default().to_string()).into(),
        Flag => Value::from(json.as_bool().unwrap_or_default()).into(),
        Float => return number(json).map(|number| Value::from(number).into()),
        OneOf(_) => Value::from(json.as_str()?).into(),
        Message(_) => FieldValue::borrowed_any(if json.is_null() { &UNSET } else { json }),
        Messages(_) => FieldValue::list(
            json.as_array()
                .into_iter()
                .flatten()
                .map(|json| FieldValue::borrowed_any(json)),
        ),
        Absent(_) => return None,
    })
}

fn text(json: &Json) -> Value {
    Value::from(json.as_str().unwrap_or_default())
}

/// GraphQL has no infinity: it is the largest number, as which MLflow stores it.
fn number(json: &Json) -> Option<f64> {
    match json.as_str() {
        None => Some(json.as_f64().unwrap_or_default()),
        Some("Infinity") => Some(f64::MAX),
        Some("-Infinity") => Some(f64::MIN),
        Some(_) => None,
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}
