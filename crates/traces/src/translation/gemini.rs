//! Gemini CLI: messages are put in the form of Gemini's own interface, which MLflow's pages draw as a chat.

use crate::{attributes::Attributes, json::Json};

pub fn is_gemini_cli(attributes: &Attributes) -> bool {
    let name = attributes.decoded("gen_ai.agent.name");
    name.as_ref().and_then(Json::as_text) == Some("gemini-cli")
}

pub fn wrap_input(value: &str, operation: Option<&str>) -> String {
    let mut decoded = Json::parse_or_text(value);
    if decoded.get("contents").is_some() {
        return value.to_owned();
    }
    if operation == Some("system_prompt")
        && let Json::List(items) = &mut decoded
    {
        items.iter_mut().for_each(say_system);
    }
    match decoded {
        Json::List(_) | Json::Text(_) => Json::Map(vec![("contents".to_owned(), decoded)]).dump_ascii(),
        _ => value.to_owned(),
    }
}

fn say_system(item: &mut Json) {
    if let Json::Map(entries) = item {
        for (_, role) in entries.iter_mut().filter(|(key, _)| key == "role") {
            if role.as_text() == Some("user") {
                *role = Json::Text("system".to_owned());
            }
        }
    }
}

/// The pieces that came one by one become one answer.
pub fn wrap_output(value: &str) -> String {
    let decoded = Json::parse_or_text(value);
    let items = decoded.as_list().unwrap_or_default().iter();
    let parts: Vec<Json> = items
        .filter_map(|item| item.get("parts")?.as_list())
        .flatten()
        .cloned()
        .collect();
    if parts.is_empty() {
        return value.to_owned();
    }
    let map = |key: &str, value| Json::Map(vec![(key.to_owned(), value)]);
    let content = Json::Map(vec![
        ("role".to_owned(), Json::Text("model".to_owned())),
        ("parts".to_owned(), Json::List(parts)),
    ]);
    map("candidates", Json::List(vec![map("content", content)])).dump_ascii()
}
