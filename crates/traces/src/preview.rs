//! The first words of a request or response: a chat's last message, or the text as it is, cut.

use crate::json::Json;

const CHARACTERS: usize = 1000;

/// `role` is whose message is looked for.
pub fn preview(value: &str, role: &str) -> String {
    let decoded = Json::parse(value);
    let message = decoded
        .as_ref()
        .and_then(messages)
        .and_then(|messages| last(&messages, role).cloned());
    let said = message.as_ref().and_then(said).filter(|text| !text.is_empty());
    let text = said.unwrap_or(value);
    match text.char_indices().nth(CHARACTERS) {
        None => text.to_owned(),
        Some(_) => text.chars().take(CHARACTERS - 3).chain("...".chars()).collect(),
    }
}

fn messages(value: &Json) -> Option<Vec<Json>> {
    let is_message = |item: &&Json| item.get("role").is_some() && item.get("content").is_some();
    let list = |key| value.get(key)?.as_list().filter(|items| !items.is_empty());
    let of = |items: &[Json]| items.iter().filter(is_message).cloned().collect();
    if let Some(items) = list("messages") {
        return Some(of(items));
    }
    let answer = list("choices").and_then(|choices| choices[0].get("message"));
    if let Some(answer) = answer.filter(is_message) {
        return Some(vec![answer.clone()]);
    }
    if let Some(items) = list("input").or_else(|| list("output")) {
        return Some(of(items));
    }
    messages(value.get("request")?)
}

fn last<'a>(messages: &'a [Json], role: &str) -> Option<&'a Json> {
    let by_role = |message: &&Json| message.get("role").and_then(Json::as_text) == Some(role);
    messages.iter().rev().find(by_role).or(messages.last())
}

fn said(message: &Json) -> Option<&str> {
    match message.get("content")? {
        Json::Text(text) => Some(text),
        Json::List(parts) => parts.iter().find_map(|part| match part {
            Json::Text(text) => Some(text.as_str()),
            part => {
                matches!(part.get("type")?.as_text()?, "text" | "output_text").then(|| part.get("text")?.as_text())?
            }
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_shows_its_last_message() {
        let chat = r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]}"#;
        assert_eq!(preview(chat, "user"), "Hi");
        assert_eq!(
            preview(
                r#"{"choices": [{"message": {"role": "assistant", "content": "42"}}]}"#,
                "assistant"
            ),
            "42"
        );
        assert_eq!(preview(r#"{"x": 1}"#, "user"), r#"{"x": 1}"#);
        assert_eq!(preview(&"ü".repeat(1001), "user").chars().count(), 1000);
    }
}
