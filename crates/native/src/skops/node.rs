//! One place in the typed JSON tree. It knows where it is, so that every refusal can name it.

use serde_json::Value;

use super::array::{Array, Items};
use super::object::Object;
use super::scalar::Scalar;
use super::{Archive, archive, npy, sparse};
use crate::error::Refusal;

#[derive(Clone)]
pub(crate) struct Node<'a> {
    json: &'a Value,
    archive: &'a Archive<'a>,
    at: String,
}

impl<'a> Node<'a> {
    pub(super) fn new(json: &'a Value, archive: &'a Archive<'a>, at: String) -> Self {
        Self { json, archive, at }
    }

    /// Where in the model this is, such as `model.steps[1]`.
    pub(crate) fn at(&self) -> &str {
        &self.at
    }

    pub(crate) fn refuse(&self, reason: impl Into<String>) -> Refusal {
        Refusal::new(self.at.clone(), reason)
    }

    pub(super) fn key(&self, key: &str) -> Option<&'a Value> {
        self.json.get(key)
    }

    pub(super) fn field(&self, key: &str) -> Result<&'a str, Refusal> {
        self.key(key)
            .and_then(Value::as_str)
            .ok_or_else(|| self.refuse(format!("has no `{key}`")))
    }

    fn loader(&self) -> Result<&'a str, Refusal> {
        self.field("__loader__")
    }

    pub(super) fn child(&self, json: &'a Value, at: String) -> Self {
        Self::new(json, self.archive, at)
    }

    /// `module.Class` of whatever this is.
    pub(crate) fn class(&self) -> Result<String, Refusal> {
        Ok(format!("{}.{}", self.field("__module__")?, self.field("__class__")?))
    }

    pub(crate) fn object(&self) -> Result<Object<'a>, Refusal> {
        match self.loader()? {
            "ObjectNode" | "TreeNode" => Object::new(self.clone()),
            loader => Err(self.refuse(format!("is a {loader} where an object is expected"))),
        }
    }

    pub(crate) fn is_object(&self) -> bool {
        self.loader().is_ok_and(|loader| loader == "ObjectNode")
    }

    /// A Python scalar, or a numpy one of shape `()`.
    pub(crate) fn scalar(&self) -> Result<Scalar, Refusal> {
        if self.loader()? == "JsonNode" {
            let text = self.field("content")?;
            return Scalar::parse(text).ok_or_else(|| self.refuse("is not a scalar"));
        }
        let array = self.array()?;
        match &array.items {
            Items::F64(values) if values.len() == 1 => Ok(Scalar::Float(values[0])),
            Items::I64(values) if values.len() == 1 => Ok(Scalar::Int(values[0])),
            Items::Bool(values) if values.len() == 1 => Ok(Scalar::Bool(values[0])),
            _ => Err(self.refuse("is not a scalar")),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.loader().is_ok_and(|loader| loader == "JsonNode") && self.key("content").is_some_and(|text| text == "null")
    }

    pub(crate) fn text(&self) -> Result<String, Refusal> {
        match self.scalar()? {
            Scalar::Text(text) => Ok(text),
            _ => Err(self.refuse("is not text")),
        }
    }

    pub(crate) fn boolean(&self) -> Result<bool, Refusal> {
        match self.scalar()? {
            Scalar::Bool(value) => Ok(value),
            _ => Err(self.refuse("is not True or False")),
        }
    }

    pub(crate) fn float(&self) -> Result<f64, Refusal> {
        match self.scalar()? {
            Scalar::Float(value) => Ok(value),
            Scalar::Int(value) => Ok(value as f64),
            _ => Err(self.refuse("is not a number")),
        }
    }

    pub(crate) fn count(&self) -> Result<usize, Refusal> {
        match self.scalar()? {
            Scalar::Int(value) => usize::try_from(value).map_err(|_| self.refuse("is negative")),
            _ => Err(self.refuse("is not an integer")),
        }
    }

    /// The name of a Python type such as `numpy.float64`.
    pub(crate) fn type_name(&self) -> Result<String, Refusal> {
        match self.loader()? {
            "TypeNode" => self.class(),
            _ => Err(self.refuse("is not a type")),
        }
    }

    /// Whether this is numpy's dtype of objects.
    pub(crate) fn is_object_dtype(&self) -> Result<bool, Refusal> {
        let content = self.key("content").filter(|_| self.loader() == Ok("DTypeNode"));
        let content = content.ok_or_else(|| self.refuse("is not a dtype"))?;
        Ok(self.child(content, self.at.clone()).is_object_array())
    }

    /// Whether this is numpy's dtype of single-precision floats.
    pub(crate) fn is_single_dtype(&self) -> bool {
        let content = self.key("content").filter(|_| self.loader() == Ok("DTypeNode"));
        let array = content.and_then(|content| self.child(content, self.at.clone()).array().ok());
        array.is_some_and(|array| matches!(array.items, Items::F32(_)))
    }

    /// Whether this is a `functools.partial`.
    pub(crate) fn is_partial(&self) -> bool {
        self.loader() == Ok("PartialNode")
    }

    /// The named arguments of a `functools.partial` of this function, which has no other arguments.
    pub(crate) fn partial(&self, function: &str) -> Result<Vec<(&'a str, Node<'a>)>, Refusal> {
        let content = self.key("content").filter(|_| self.loader() == Ok("PartialNode"));
        let part = |name: &str| {
            let json = content.and_then(|content| content.get(name));
            json.map(|json| self.child(json, format!("{}.{name}", self.at)))
        };
        let (Some(func), Some(args), Some(kwds)) = (part("func"), part("args"), part("kwds")) else {
            return Err(self.refuse("is a function, which is not evaluated"));
        };
        if func.class()? != function || !args.items()?.is_empty() {
            return Err(self.refuse(format!("calls {}, which is not evaluated", func.class()?)));
        }
        kwds.entries()
    }

    /// The items of a list, a tuple or an object array.
    pub(crate) fn items(&self) -> Result<Vec<Node<'a>>, Refusal> {
        let listed = match self.loader()? {
            "ListNode" | "TupleNode" => true,
            "NdArrayNode" => self.is_object_array(),
            _ => false,
        };
        let items = self.key("content").and_then(Value::as_array).filter(|_| listed);
        let items = items.ok_or_else(|| self.refuse("is not a list"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, item)| self.child(item, format!("{}[{index}]", self.at)))
            .collect())
    }

    /// The entries of a dict with text keys.
    pub(crate) fn entries(&self) -> Result<Vec<(&'a str, Node<'a>)>, Refusal> {
        let entries = self
            .key("content")
            .and_then(Value::as_object)
            .filter(|_| self.loader() == Ok("DictNode"));
        let entries = entries.ok_or_else(|| self.refuse("is not a dict"))?;
        Ok(entries
            .iter()
            .map(|(key, value)| (key.as_str(), self.child(value, format!("{}[{key:?}]", self.at))))
            .collect())
    }

    pub(crate) fn is_array(&self) -> bool {
        self.loader() == Ok("NdArrayNode") && !self.is_object_array()
    }

    fn is_object_array(&self) -> bool {
        self.key("type").is_some_and(|kind| kind == "json")
    }

    pub(crate) fn array(&self) -> Result<Array, Refusal> {
        if !self.is_array() {
            return Err(self.refuse("is not an array of numbers or text"));
        }
        let bytes = self.archive.read(self.field("file")?, archive::ARRAY_BYTES_MAX)?;
        npy::parse(&bytes).map_err(|reason| self.refuse(reason))
    }

    /// Floats of any shape. Single precision is refused where it would change the arithmetic.
    pub(crate) fn doubles(&self) -> Result<(Vec<usize>, Vec<f64>), Refusal> {
        let array = self.array()?;
        match array.items {
            Items::F64(values) => Ok((array.shape, values)),
            other => Err(self.refuse(format!("is a {} array where float64 is expected", other.kind()))),
        }
    }

    /// Integers of any shape.
    pub(crate) fn integers(&self) -> Result<Vec<i64>, Refusal> {
        match self.array()?.items {
            Items::I64(values) => Ok(values),
            other => Err(self.refuse(format!("is a {} array where integers are expected", other.kind()))),
        }
    }

    /// Rows, columns and row-major values of a matrix, dense or in compressed rows.
    pub(crate) fn matrix(&self) -> Result<(usize, usize, Vec<f64>), Refusal> {
        if self.loader()? == "SparseMatrixNode" {
            let bytes = self.archive.read(self.field("file")?, archive::ARRAY_BYTES_MAX)?;
            return sparse::parse(&bytes).map_err(|reason| self.refuse(reason));
        }
        let (shape, values) = self.doubles()?;
        match shape.as_slice() {
            &[rows, columns] => Ok((rows, columns, values)),
            _ => Err(self.refuse(format!("has shape {shape:?}, which is not a matrix"))),
        }
    }

    /// The bytes of a Python `bytes` or `bytearray`.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Refusal> {
        match self.loader()? {
            "BytesNode" | "BytearrayNode" => self.archive.read(self.field("file")?, archive::ARRAY_BYTES_MAX),
            _ => Err(self.refuse("is not bytes")),
        }
    }

    /// The full name of a function such as `numpy.log1p`.
    pub(crate) fn function(&self) -> Result<String, Refusal> {
        match self.loader()? {
            "FunctionNode" | "TypeNode" => self.class(),
            _ => Err(self.refuse("is not a plain function")),
        }
    }

    /// The parts of the state of an object that gives a tuple for it.
    pub(crate) fn state(&self) -> Result<Vec<Node<'a>>, Refusal> {
        let content = self.key("content").filter(|_| self.loader() == Ok("ObjectNode"));
        let content = content.ok_or_else(|| self.refuse("has no state"))?;
        self.child(content, self.at.clone()).items()
    }

    /// Text from a `<U` array, an object array or a list.
    pub(crate) fn texts(&self) -> Result<Vec<String>, Refusal> {
        if !self.is_array() {
            return self.items()?.iter().map(Node::text).collect();
        }
        match self.array()?.items {
            Items::Text(values) => Ok(values),
            other => Err(self.refuse(format!("is a {} array where text is expected", other.kind()))),
        }
    }
}
