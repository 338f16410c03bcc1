//! An inference response as JSON, with binary tensors behind it where they are wanted.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::binary;
use super::datatype::Datatype;
use super::request::InferRequest;
use super::tensor::{Data, Tensor};
use crate::python_json;

/// Where the JSON of a body with binary tensors ends.
pub(super) const JSON_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

/// What a model answered.
#[derive(Debug)]
pub(crate) struct InferResponse {
    pub(crate) model: String,
    pub(crate) version: String,
    pub(crate) id: Option<String>,
    pub(crate) outputs: Vec<Tensor>,
}

impl InferResponse {
    /// In the form that the request asks for, output by output.
    pub(super) fn write(&self, request: &InferRequest) -> Response {
        let mut json = self.head();
        let mut tail = BytesMut::new();
        let mut binary = false;
        python_json::list(&mut json, &self.outputs, |out, tensor| {
            let wanted = request.outputs.iter().find(|output| output.name == tensor.name);
            let raw = wanted
                .and_then(|output| output.binary)
                .unwrap_or(request.binary_outputs);
            let raw = raw.then(|| binary::write(tensor.datatype, &tensor.data));
            write_tensor(out, tensor, raw.as_ref().map(Bytes::len));
            if let Some(raw) = raw {
                binary = true;
                tail.extend_from_slice(&raw);
            }
        });
        json.push('}');
        let length = json.len();
        let mut body = BytesMut::from(json.as_bytes());
        body.extend_from_slice(&tail);
        let mut response = Response::new(Body::from(body.freeze()));
        let content_type = if binary {
            "application/octet-stream"
        } else {
            "application/json"
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if binary {
            headers.insert(JSON_LENGTH, HeaderValue::from(length));
        }
        response
    }

    fn head(&self) -> String {
        let mut json = String::with_capacity(128);
        json.push_str("{\"model_name\": ");
        python_json::text(&mut json, &self.model);
        json.push_str(", \"model_version\": ");
        python_json::text(&mut json, &self.version);
        if let Some(id) = &self.id {
            json.push_str(", \"id\": ");
            python_json::text(&mut json, id);
        }
        json.push_str(", \"outputs\": ");
        json
    }
}

fn write_tensor(out: &mut String, tensor: &Tensor, binary_size: Option<usize>) {
    out.push_str("{\"name\": ");
    python_json::text(out, &tensor.name);
    out.push_str(", \"datatype\": \"");
    out.push_str(tensor.datatype.name());
    out.push_str("\", \"shape\": ");
    python_json::value(out, &json!(tensor.shape));
    if let Some(size) = binary_size {
        out.push_str(", \"parameters\": {\"binary_data_size\": ");
        out.push_str(&size.to_string());
        out.push_str("}}");
        return;
    }
    out.push_str(", \"data\": ");
    match &tensor.data {
        // The shortest digits that are the same float of 32 bits.
        Data::Floats(values) if tensor.datatype == Datatype::Fp32 => python_json::list(out, values, |out, value| {
            let short: f64 = (*value as f32).to_string().parse().unwrap_or(*value);
            python_json::float(out, short);
        }),
        Data::Floats(values) => python_json::list(out, values, |out, value| python_json::float(out, *value)),
        Data::Bool(values) => python_json::list(out, values, |out, value| python_json::value(out, &json!(value))),
        Data::Integers(values) => {
            python_json::list(out, values, |out, value| python_json::value(out, &Value::from(*value)));
        }
        Data::Uint64(values) => {
            python_json::list(out, values, |out, value| python_json::value(out, &Value::from(*value)));
        }
        Data::Bytes(values) => python_json::list(out, values, |out, value| {
            python_json::text(out, &String::from_utf8_lossy(value));
        }),
    }
    out.push('}');
}
