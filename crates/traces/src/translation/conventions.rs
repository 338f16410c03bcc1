//! The model and its provider.

use crate::{
    attributes::{Attributes, INPUTS, OUTPUTS},
    json::Json,
};

const MODEL_KEYS: &[&str] = &[
    // OpenInference: the model that answered before the one that was asked for.
    "llm.response.model_name",
    "llm.model_name",
    "llm.request.model_name",
    "embedding.model_name",
    // GenAI.
    "gen_ai.response.model",
    "gen_ai.request.model",
];

/// OpenInference, GenAI, and the older name that Traceloop and Laminar use.
const PROVIDER_KEYS: &[&str] = &["llm.provider", "gen_ai.provider.name", "gen_ai.system"];

pub fn model(attributes: &Attributes) -> Option<Json> {
    if let Some(model) = decoded(attributes, MODEL_KEYS) {
        return Some(model);
    }
    // The first of inputs and outputs that names a model decides, even if what it names is no text.
    let named = [INPUTS, OUTPUTS].into_iter().find_map(|key| {
        let text = attributes.get(key).filter(|text| text.contains("\"model\""))?;
        let model = Json::parse(text)?.get("model").cloned()?;
        model.is_truthy().then_some(model)
    })?;
    matches!(named, Json::Text(_)).then_some(named)
}

pub fn provider(attributes: &Attributes) -> Option<Json> {
    decoded(attributes, PROVIDER_KEYS)
}

fn decoded(attributes: &Attributes, keys: &[&str]) -> Option<Json> {
    keys.iter()
        .find_map(|key| attributes.present(key))
        .map(Json::parse_or_text)
}
