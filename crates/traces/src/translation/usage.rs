//! Tokens, from whichever convention tells them.

use super::claude_code;
use crate::{attributes::Attributes, json::Json};

/// Keys of input, output, total, cache read and cache creation.
struct Keys {
    input: &'static [&'static str],
    output: &'static [&'static str],
    total: &'static [&'static str],
    cache_read: &'static [&'static str],
    cache_creation: &'static [&'static str],
}

const OPEN_INFERENCE: Keys = Keys {
    input: &["llm.token_count.prompt"],
    output: &["llm.token_count.completion"],
    total: &["llm.token_count.total"],
    cache_read: &["llm.token_count.prompt_details.cache_read"],
    cache_creation: &["llm.token_count.prompt_details.cache_write"],
};
const GEN_AI: Keys = Keys {
    input: &["gen_ai.usage.input_tokens"],
    output: &["gen_ai.usage.output_tokens"],
    total: &[],
    cache_read: &["gen_ai.usage.cache_read.input_tokens"],
    cache_creation: &[
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
    ],
};
const TRACELOOP: Keys = Keys {
    input: &["gen_ai.usage.prompt_tokens"],
    output: &["gen_ai.usage.completion_tokens"],
    total: &["llm.usage.total_tokens"],
    cache_read: &[],
    cache_creation: &[],
};
const VOLT_AGENT: Keys = Keys {
    input: &["usage.prompt_tokens", "llm.usage.prompt_tokens"],
    output: &["usage.completion_tokens", "llm.usage.completion_tokens"],
    total: &["usage.total_tokens", "llm.usage.total_tokens"],
    cache_read: &[],
    cache_creation: &[],
};

/// The first convention that tells any count gives them all.
pub fn token_usage(attributes: &Attributes) -> Option<Json> {
    let told = |keys: &Keys| {
        let count = |keys: &[&str]| keys.iter().find_map(|key| attributes.get(key)).and_then(count);
        let [input, output, total, read, created] = [
            keys.input,
            keys.output,
            keys.total,
            keys.cache_read,
            keys.cache_creation,
        ]
        .map(count);
        usage(input, output, total, read, created)
    };
    // Gemini CLI comes before Claude Code and speaks GenAI.
    told(&OPEN_INFERENCE)
        .or_else(|| told(&GEN_AI))
        .or_else(|| {
            let [input, output, read, created] = claude_code::tokens(attributes);
            usage(input, output, None, read, created)
        })
        .or_else(|| told(&TRACELOOP))
        .or_else(|| told(&VOLT_AGENT))
}

fn usage(
    input: Option<i128>,
    output: Option<i128>,
    total: Option<i128>,
    cache_read: Option<i128>,
    cache_creation: Option<i128>,
) -> Option<Json> {
    let total = total.or_else(|| Some(input? + output?));
    input.or(output).or(total)?;
    let counts = [
        ("input_tokens", input),
        ("output_tokens", output),
        ("total_tokens", total),
        ("cache_read_input_tokens", cache_read),
        ("cache_creation_input_tokens", cache_creation),
    ];
    let told = counts
        .into_iter()
        .filter_map(|(key, count)| Some((key.to_owned(), Json::Int(count?))));
    Some(Json::Map(told.collect()))
}

/// A count may be a number or a text of one.
fn count(value: &str) -> Option<i128> {
    match Json::parse(value)? {
        Json::Int(count) => Some(count),
        Json::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}
