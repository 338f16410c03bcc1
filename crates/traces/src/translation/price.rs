//! What a call of a model costs, by its tokens.
//!
//! `prices.tsv` has the public prices of MLflow 3.17.2's model catalogue: provider, model, and US dollars for a million
//! tokens of input, output, cache read, cache creation, and cache creation kept for an hour.

use crate::{
    attributes::{Attributes, CHAT_USAGE, MODEL, MODEL_PROVIDER},
    json::Json,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

#[derive(Debug, Clone, Copy)]
struct Price {
    input: Option<f64>,
    output: Option<f64>,
    cache_read: Option<f64>,
    cache_creation: Option<f64>,
    cache_creation_1hr: Option<f64>,
}

type Models = HashMap<&'static str, Price>;

/// By provider, in the providers' order.
static PRICES: LazyLock<BTreeMap<&'static str, Models>> = LazyLock::new(|| {
    let mut providers: BTreeMap<&'static str, Models> = BTreeMap::new();
    for line in include_str!("../prices.tsv").lines() {
        let mut columns = line.split('\t');
        let (provider, model) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
        let mut per_token = || Some(columns.next()?.parse::<f64>().ok()? / 1_000_000.0);
        let price = Price {
            input: per_token(),
            output: per_token(),
            cache_read: per_token(),
            cache_creation: per_token(),
            cache_creation_1hr: per_token(),
        };
        providers.entry(provider).or_default().insert(model, price);
    }
    providers
});

/// The cost of a span by its model and tokens; none if either is not known.
pub fn of_span(attributes: &Attributes) -> Option<Json> {
    let usage = Json::parse(attributes.get(CHAT_USAGE)?)?;
    let model = Json::parse(attributes.get(MODEL)?)?;
    let provider = match attributes.get(MODEL_PROVIDER) {
        Some(provider) => Json::parse(provider)?,
        None => Json::Null,
    };
    let model = model.as_text().filter(|model| !model.is_empty())?;
    if ["gateway:/", "endpoints:/"]
        .iter()
        .any(|prefix| model.starts_with(prefix))
    {
        return None;
    }
    let of_databricks = model.starts_with("databricks-") || model.starts_with("databricks/");
    let provider = match provider.as_text().filter(|provider| !provider.is_empty()) {
        None if of_databricks => Some("databricks".to_owned()),
        provider => provider.map(str::to_lowercase),
    };
    let tokens = |key| match usage.get(key) {
        Some(Json::Int(count)) => *count as f64,
        Some(Json::Float(count)) => *count,
        _ => 0.0,
    };
    if tokens("input_tokens") == 0.0 && tokens("output_tokens") == 0.0 {
        return None;
    }
    let price = find(model, provider.as_deref())?;
    let rate = price.input.unwrap_or(0.0);
    let (read, created) = (tokens("cache_read_input_tokens"), tokens("cache_creation_input_tokens"));
    let created_1hr = tokens("cache_creation_input_tokens_above_1hr").min(created);
    let creation_rate = price.cache_creation.unwrap_or(rate);
    let mut input = (tokens("input_tokens") - read - created).max(0.0) * rate;
    if read > 0.0 {
        input += read * price.cache_read.unwrap_or(rate);
    }
    if created - created_1hr > 0.0 {
        input += (created - created_1hr) * creation_rate;
    }
    if created_1hr > 0.0 {
        input += created_1hr * price.cache_creation_1hr.unwrap_or(creation_rate);
    }
    let output = tokens("output_tokens") * price.output.unwrap_or(0.0);
    let costs = [
        ("input_cost", input),
        ("output_cost", output),
        ("total_cost", input + output),
    ];
    Some(Json::Map(
        costs.map(|(key, cost)| (key.to_owned(), Json::Float(cost))).into(),
    ))
}

/// A provider that is named is asked first; then the first of all that has a price for the model.
fn find(model: &str, provider: Option<&str>) -> Option<Price> {
    let bare = model.split_once('/').map_or(model, |(_, bare)| bare);
    let named = provider.and_then(|provider| PRICES.get(provider)?.get(bare));
    let scan = || {
        let mut all = PRICES.values().filter_map(|models| models.get(bare));
        let first = all.clone().next();
        all.find(|price| price.input.is_some_and(|input| input > 0.0)).or(first)
    };
    named.or_else(scan).copied()
}
