//! Models of the ONNX flavour, run by ONNX Runtime without Python.
//!
//! A session computes with one thread: with more, sums are added up in another order, and an answer would depend on how
//! many rows came with it. Requests run beside each other instead, each in a session of its own.

mod runtime;
mod value;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ort::environment::Environment;
use ort::session::{Session, SessionInputValue};
use tokio::sync::Semaphore;

use crate::error::ScoreError;
use crate::frame::{ColumnData, Frame, Layout};
use crate::model_folder::ModelFolder;
use crate::open_inference::{Data, Datatype, InferRequest, Tensor};
use crate::python_json;

/// Sessions of one model beyond which requests wait for each other.
const SESSIONS_MAX: usize = 8;

/// Cloning shares the sessions.
#[derive(Clone)]
pub(crate) struct OnnxExecutor(Arc<Shared>);

struct Shared {
    environment: Environment,
    file: PathBuf,
    inputs: Vec<Input>,
    outputs: Vec<String>,
    idle: Mutex<Vec<Session>>,
    places: Semaphore,
}

/// What the model declares of an input.
struct Input {
    name: String,
    datatype: Datatype,
    dimensions: usize,
}

impl OnnxExecutor {
    /// Loads the runtime and the model; takes a good part of a second. The error says what stands in the way.
    pub(crate) fn open(folder: &ModelFolder, library: Option<&Path>, python: &Path) -> Result<Self, String> {
        let Some(file) = &folder.onnx else {
            return Err(format!("the {} flavour is not ONNX", folder.native_flavor()));
        };
        let environment = runtime::environment(library, python)?;
        let session = session(&environment, file)?;
        let inputs = session.inputs().iter().map(|outlet| {
            let element = outlet.dtype().tensor_type().and_then(value::datatype);
            Ok(Input {
                name: outlet.name().to_owned(),
                datatype: element.ok_or_else(|| value::unsupported(outlet.name()))?,
                dimensions: outlet.dtype().tensor_shape().map_or(1, |shape| shape.len()),
            })
        });
        let inputs = inputs.collect::<Result<Vec<_>, String>>()?;
        let outputs = session.outputs().iter().map(|outlet| {
            let element = outlet.dtype().tensor_type().and_then(value::datatype);
            let name = outlet.name().to_owned();
            element.map(|_| name.clone()).ok_or_else(|| value::unsupported(&name))
        });
        let outputs = outputs.collect::<Result<Vec<_>, String>>()?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Shared {
            environment,
            file: file.clone(),
            inputs,
            outputs,
            idle: Mutex::new(vec![session]),
            places: Semaphore::new(cores.min(SESSIONS_MAX)),
        })))
    }

    pub(crate) fn describe(&self) -> String {
        let inputs = self.0.inputs.iter();
        let inputs: Vec<String> = inputs
            .map(|input| format!("{} {}", input.name, input.datatype.name()))
            .collect();
        format!("ONNX model of {} to {}", inputs.join(", "), self.0.outputs.join(", "))
    }

    /// Predictions for a table, as MLflow answers them: records for a table with named columns, an object of lists for
    /// an array.
    pub(crate) async fn score(&self, frame: Frame) -> Result<Bytes, ScoreError> {
        let layout = frame.layout;
        let tensors = self.0.tensors_of_frame(frame)?;
        let outputs = self.run(tensors).await?;
        match layout {
            Layout::Matrix => Ok(as_object(&outputs)),
            Layout::Table | Layout::NumberedTable => as_records(&outputs),
        }
    }

    /// Predictions for tensors as they are, without a table between.
    pub(crate) async fn score_tensors(&self, request: &InferRequest) -> Result<Bytes, ScoreError> {
        let outputs = self.run(self.0.named(request.inputs.clone())?).await?;
        Ok(as_object(&outputs))
    }

    /// Predictions for nested lists of JSON: an object of them by name, or those of the only input.
    pub(crate) async fn score_json(&self, body: &[u8]) -> Result<Bytes, ScoreError> {
        let tensors = crate::open_inference::tensors_of_json(body)?;
        let outputs = self.run(self.0.named(tensors)?).await?;
        Ok(as_object(&outputs))
    }

    pub(crate) fn is_loaded(&self) -> bool {
        !self.0.idle().is_empty()
    }

    /// Sessions that compute right now are kept until their next use.
    pub(crate) fn release(&self) {
        self.0.idle().clear();
    }

    pub(crate) async fn load(&self) -> Result<(), String> {
        let shared = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || {
            shared.put_back(shared.session()?);
            Ok(())
        });
        read.await
            .unwrap_or_else(|_| Err("reading the model was interrupted".into()))
    }

    async fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, ScoreError> {
        let place = self.0.places.acquire().await;
        let shared = Arc::clone(&self.0);
        let ran = tokio::task::spawn_blocking(move || shared.run(&inputs)).await;
        drop(place);
        ran.unwrap_or_else(|_| Err("scoring was interrupted".into()))
            .map_err(|reason| {
                ScoreError::BadRequest(format!(
                    "The model could not score the input. Verify that it is compatible with the model. {reason}"
                ))
            })
    }
}

fn session(environment: &Environment, file: &Path) -> Result<Session, String> {
    let name = || file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let build = || -> Result<Session, String> {
        let builder = Session::builder(environment).map_err(|error| error.to_string())?;
        let builder = builder.with_intra_threads(1).map_err(|error| error.to_string())?;
        let mut builder = builder.with_inter_threads(1).map_err(|error| error.to_string())?;
        builder.commit_from_file(file).map_err(|error| error.to_string())
    };
    build().map_err(|error| format!("`{}`: {error}", name()))
}

impl Shared {
    fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, String> {
        let values = self.inputs.iter().map(|input| {
            let tensor = inputs.iter().find(|tensor| tensor.name == input.name);
            let tensor = tensor.ok_or_else(|| format!("input '{}' is missing", input.name))?;
            Ok((
                Cow::Borrowed(input.name.as_str()),
                value::input(tensor, input.datatype)?,
            ))
        });
        let values = values.collect::<Result<Vec<(Cow<str>, SessionInputValue)>, String>>()?;
        let mut session = self.session()?;
        let answer = {
            let ran = session.run(values).map_err(|error| error.to_string());
            ran.and_then(|outputs| {
                let read = self
                    .outputs
                    .iter()
                    .map(|name| value::output(name, &outputs[name.as_str()]));
                read.collect()
            })
        };
        self.put_back(session);
        answer
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that is free, or another one.
    fn session(&self) -> Result<Session, String> {
        let idle = self.idle().pop();
        idle.map_or_else(|| session(&self.environment, &self.file), Ok)
    }

    fn put_back(&self, session: Session) {
        self.idle().push(session);
    }

    /// Tensors under the model's own names: a single one may have any.
    fn named(&self, mut tensors: Vec<Tensor>) -> Result<Vec<Tensor>, ScoreError> {
        if let ([input], [tensor]) = (self.inputs.as_slice(), tensors.as_mut_slice()) {
            tensor.name.clone_from(&input.name);
        }
        let known = |name: &str| self.inputs.iter().any(|input| input.name == name);
        if let Some(unknown) = tensors.iter().find(|tensor| !known(&tensor.name)) {
            let names: Vec<&str> = self.inputs.iter().map(|input| input.name.as_str()).collect();
            return Err(ScoreError::Schema(format!(
                "the model has no input '{}'; its inputs are {}",
                unknown.name,
                names.join(", ")
            )));
        }
        Ok(tensors)
    }

    /// All columns as one tensor for a model with one input, each as its own for one with several.
    fn tensors_of_frame(&self, frame: Frame) -> Result<Vec<Tensor>, ScoreError> {
        let rows = frame.rows;
        if let [input] = self.inputs.as_slice() {
            let width = frame.columns.len();
            let columns: Vec<Data> = frame
                .columns
                .into_iter()
                .map(|column| data(column.data))
                .collect::<Result<_, _>>()?;
            return Ok(vec![Tensor {
                name: input.name.clone(),
                datatype: input.datatype,
                shape: vec![rows, width],
                data: interleaved(&columns, rows)?,
            }]);
        }
        let tensors = frame.columns.into_iter().map(|column| {
            let input = self.inputs.iter().find(|input| input.name == column.name);
            let Some(input) = input else { return Ok(None) };
            Ok(Some(Tensor {
                name: column.name,
                datatype: input.datatype,
                shape: if input.dimensions == 1 {
                    vec![rows]
                } else {
                    vec![rows, 1]
                },
                data: data(column.data)?,
            }))
        });
        tensors.filter_map(Result::transpose).collect()
    }
}

fn data(column: ColumnData) -> Result<Data, ScoreError> {
    Ok(match column {
        ColumnData::Boolean(values) => Data::Bool(values),
        ColumnData::Integer(values) => Data::Integers(values.into_iter().map(i64::from).collect()),
        ColumnData::Long(values) => Data::Integers(values),
        ColumnData::Float(values) => Data::Floats(values.into_iter().map(f64::from).collect()),
        ColumnData::Double(values) => Data::Floats(values),
        ColumnData::Text(values) => Data::Bytes(
            values
                .into_iter()
                .map(|text| Bytes::from(text.unwrap_or_default()))
                .collect(),
        ),
        ColumnData::Datetime(_) => {
            return Err(ScoreError::BadRequest("an ONNX model takes no dates".into()));
        }
    })
}

/// Columns of numbers, or of texts, row by row.
fn interleaved(columns: &[Data], rows: usize) -> Result<Data, ScoreError> {
    let all = |test: fn(&Data) -> bool| columns.iter().all(test);
    let by_row = || (0..rows).flat_map(|row| columns.iter().map(move |column| (column, row)));
    if all(|column| matches!(column, Data::Bytes(_))) {
        let text = |(column, row): (&Data, usize)| match column {
            Data::Bytes(values) => values[row].clone(),
            _ => Bytes::new(),
        };
        return Ok(Data::Bytes(by_row().map(text).collect()));
    }
    if all(|column| matches!(column, Data::Integers(_))) {
        let integer = |(column, row): (&Data, usize)| match column {
            Data::Integers(values) => values[row],
            _ => 0,
        };
        return Ok(Data::Integers(by_row().map(integer).collect()));
    }
    let number = |(column, row): (&Data, usize)| match column {
        Data::Floats(values) => Some(values[row]),
        Data::Integers(values) => Some(values[row] as f64),
        Data::Bool(values) => Some(f64::from(u8::from(values[row]))),
        Data::Uint64(_) | Data::Bytes(_) => None,
    };
    by_row()
        .map(number)
        .collect::<Option<_>>()
        .map(Data::Floats)
        .ok_or_else(|| {
            ScoreError::BadRequest("the model has one input, and the columns are numbers and texts mixed".into())
        })
}

fn element(out: &mut String, data: &Data, index: usize) {
    match data {
        Data::Floats(values) => python_json::float(out, values[index]),
        Data::Integers(values) => python_json::value(out, &values[index].into()),
        Data::Uint64(values) => python_json::value(out, &values[index].into()),
        Data::Bool(values) => python_json::value(out, &values[index].into()),
        Data::Bytes(values) => python_json::text(out, &String::from_utf8_lossy(&values[index])),
    }
}

/// Every output flat, one record for each of its elements, as MLflow makes a data frame of them.
fn as_records(outputs: &[Tensor]) -> Result<Bytes, ScoreError> {
    let length = outputs.first().map_or(0, |output| output.data.len());
    if let Some(other) = outputs.iter().find(|output| output.data.len() != length) {
        return Err(ScoreError::BadRequest(format!(
            "the outputs '{}' and '{}' have {length} and {} elements, which make no table; send the rows as `inputs` to \
             get them as lists",
            outputs[0].name,
            other.name,
            other.data.len()
        )));
    }
    let mut out = String::from("{\"predictions\": ");
    python_json::list(&mut out, 0..length, |out, row| {
        for (index, output) in outputs.iter().enumerate() {
            out.push_str(if index == 0 { "{" } else { ", " });
            python_json::text(out, &output.name);
            out.push_str(": ");
            element(out, &output.data, row);
        }
        out.push('}');
    });
    out.push('}');
    Ok(Bytes::from(out))
}

fn as_object(outputs: &[Tensor]) -> Bytes {
    let mut out = String::from("{\"predictions\": {");
    for (index, output) in outputs.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        python_json::text(&mut out, &output.name);
        out.push_str(": ");
        nested(&mut out, &output.data, &output.shape, &mut 0);
    }
    out.push_str("}}");
    Bytes::from(out)
}

fn nested(out: &mut String, data: &Data, shape: &[usize], next: &mut usize) {
    let Some((&length, inner)) = shape.split_first() else {
        element(out, data, *next);
        *next += 1;
        return;
    };
    python_json::list(out, 0..length, |out, _| nested(out, data, inner, next));
}
