//! A Python object of the file: its class, the scikit-learn that wrote it and its attributes.

use serde_json::{Map, Value};

use super::node::Node;
use super::version::Version;
use crate::error::Refusal;

/// Set by scikit-learn on many classes and without a say in what is predicted.
const ALWAYS_KNOWN: &[&str] = &[
    "_metadata_requests",
    "_sklearn_version",
    "feature_names_in_",
    "n_features_in_",
];
const OUTPUT_CONFIG: &str = "_sklearn_output_config";

#[derive(Clone)]
pub(crate) struct Object<'a> {
    node: Node<'a>,
    class: String,
    attributes: Option<&'a Map<String, Value>>,
}

impl<'a> Object<'a> {
    pub(super) fn new(node: Node<'a>) -> Result<Self, Refusal> {
        let class = node.class()?;
        let attributes = node
            .key("content")
            .and_then(|content| content.get("content"))
            .and_then(Value::as_object);
        Ok(Self {
            node,
            class,
            attributes,
        })
    }

    /// The full name, such as `sklearn.tree._classes.DecisionTreeRegressor`.
    pub(crate) fn class(&self) -> &str {
        &self.class
    }

    /// The last part of the name.
    pub(crate) fn class_name(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or(&self.class)
    }

    pub(crate) fn refuse(&self, reason: impl Into<String>) -> Refusal {
        self.node.refuse(reason)
    }

    pub(crate) fn find(&self, name: &str) -> Option<Node<'a>> {
        let value = self.attributes?.get(name)?;
        Some(self.node.child(value, format!("{}.{name}", self.node.at())))
    }

    /// An attribute that is there and not `None`.
    pub(crate) fn find_some(&self, name: &str) -> Option<Node<'a>> {
        self.find(name).filter(|node| !node.is_none())
    }

    pub(crate) fn get(&self, name: &str) -> Result<Node<'a>, Refusal> {
        self.find(name)
            .ok_or_else(|| self.refuse(format!("has no `{name}`; was the {} fitted?", self.class_name())))
    }

    pub(crate) fn version(&self) -> Result<Version, Refusal> {
        let version = self.get("_sklearn_version")?;
        Version::parse(&version.text()?, self.node.at())
    }

    /// Refuses an attribute that is not in `known`: a later release may have given the class a parameter that changes
    /// its answers.
    pub(crate) fn expect_only(&self, known: &[&str]) -> Result<(), Refusal> {
        for name in self.attributes.into_iter().flat_map(Map::keys) {
            if name == OUTPUT_CONFIG {
                self.expect_default_output()?;
            } else if !known.contains(&name.as_str()) && !ALWAYS_KNOWN.contains(&name.as_str()) {
                return Err(self.refuse(format!("has `{name}`, which is not known for {}", self.class_name())));
            }
        }
        Ok(())
    }

    /// Refuses a parameter that has been given a value.
    pub(crate) fn expect_none(&self, name: &str) -> Result<(), Refusal> {
        match self.find_some(name) {
            None => Ok(()),
            Some(node) => Err(node.refuse("is set, which is not evaluated")),
        }
    }

    fn expect_default_output(&self) -> Result<(), Refusal> {
        let config = self.get(OUTPUT_CONFIG)?;
        for (_, container) in config.entries()? {
            if !container.is_none() && container.text()? != "default" {
                return Err(config.refuse("asks for data frames between steps (set_output), which is not evaluated"));
            }
        }
        Ok(())
    }
}
