//! How a question may be answered: what each kind of input must look like, and what an update may change.

use crate::error::{Result, invalid};
use fettle_wire::evaluation::label_schemas::{Categorical, LabelInput, Numeric, PassFail, Text};

const LABEL_LENGTH: usize = 64;
const OPTIONS: usize = 10;

pub fn check(input: Option<LabelInput>) -> Result<LabelInput> {
    let input = input.unwrap_or_default();
    match kinds(&input).as_slice() {
        [_] => {}
        [] => {
            return Err(invalid(
                "Label schema `input` must have exactly one of `pass_fail`, `categorical`, `numeric`, or `text` set; got \
                 an empty oneof.",
            ));
        }
        _ => {
            return Err(invalid(
                "Label schema `input` must have exactly one of `pass_fail`, `categorical`, `numeric`, or `text` set.",
            ));
        }
    }
    input.pass_fail.as_ref().map_or(Ok(()), check_pass_fail)?;
    input.categorical.as_ref().map_or(Ok(()), check_categorical)?;
    input.numeric.as_ref().map_or(Ok(()), check_numeric)?;
    input.text.as_ref().map_or(Ok(()), check_text)?;
    Ok(input)
}

/// Answers given before an update must stay answers: the kind of input is fixed, its options are not.
pub fn check_change(existing: &LabelInput, new: &LabelInput) -> Result<()> {
    let (old_kind, new_kind) = (kinds(existing), kinds(new));
    if old_kind != new_kind {
        return Err(invalid(format!(
            "A label schema's input type cannot be changed after creation (existing: {}, got: {}).",
            old_kind.concat(),
            new_kind.concat()
        )));
    }
    let multi_select = |input: &LabelInput| input.categorical.as_ref().map(|categorical| categorical.multi_select);
    if multi_select(existing) != multi_select(new) {
        return Err(invalid(
            "`InputCategorical.multi_select` cannot be changed after creation.",
        ));
    }
    Ok(())
}

fn kinds(input: &LabelInput) -> Vec<&'static str> {
    [
        input.pass_fail.is_some().then_some("InputPassFail"),
        input.categorical.is_some().then_some("InputCategorical"),
        input.numeric.is_some().then_some("InputNumeric"),
        input.text.is_some().then_some("InputText"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn check_pass_fail(input: &PassFail) -> Result<()> {
    for (field, label) in [
        ("positive_label", &input.positive_label),
        ("negative_label", &input.negative_label),
    ] {
        let length = label.chars().count();
        if length == 0 {
            return Err(invalid(format!(
                "`InputPassFail.{field}` must be a non-empty string; got ''."
            )));
        }
        if length > LABEL_LENGTH {
            return Err(invalid(format!(
                "`InputPassFail.{field}` must be at most {LABEL_LENGTH} characters; got {length}."
            )));
        }
    }
    if input.positive_label == input.negative_label {
        return Err(invalid(format!(
            "`InputPassFail.positive_label` and `negative_label` must be distinct; got '{}' for both.",
            input.positive_label
        )));
    }
    Ok(())
}

fn check_categorical(input: &Categorical) -> Result<()> {
    let options = &input.options;
    if options.is_empty() {
        return Err(invalid("`InputCategorical.options` must be a non-empty list; got []."));
    }
    if options.len() > OPTIONS {
        return Err(invalid(format!(
            "`InputCategorical.options` must have at most {OPTIONS} entries; got {}.",
            options.len()
        )));
    }
    for (index, option) in options.iter().enumerate() {
        let length = option.chars().count();
        if length == 0 {
            return Err(invalid(
                "`InputCategorical.options` entries must be non-empty strings; got ''.",
            ));
        }
        if length > LABEL_LENGTH {
            let shown: String = option.chars().take(250).collect();
            return Err(invalid(format!(
                "`InputCategorical.options` entries must be at most {LABEL_LENGTH} characters; got {length} for '{shown}'."
            )));
        }
        if options[..index].contains(option) {
            return Err(invalid(format!(
                "`InputCategorical.options` must be deduplicated; '{option}' appears twice."
            )));
        }
    }
    Ok(())
}

fn check_numeric(input: &Numeric) -> Result<()> {
    match (input.min_value, input.max_value) {
        (Some(min), Some(max)) if min >= max => Err(invalid(format!(
            "`InputNumeric.min_value` must be strictly less than `max_value`; got min={:?}, max={:?}.",
            min.0, max.0
        ))),
        _ => Ok(()),
    }
}

fn check_text(input: &Text) -> Result<()> {
    match input.max_length {
        Some(length) if length.0 < 1 => Err(invalid(format!(
            "`InputText.max_length` must be at least 1; got {}.",
            length.0
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> LabelInput {
        serde_json::from_str(text).expect(text)
    }

    #[test]
    fn inputs_are_checked() {
        for good in [
            r#"{"pass_fail":{"positive_label":"Yes","negative_label":"No"}}"#,
            r#"{"categorical":{"options":["a","b"],"multi_select":true}}"#,
            r#"{"numeric":{}}"#,
            r#"{"numeric":{"min_value":0,"max_value":1.5}}"#,
            r#"{"text":{"max_length":"5"}}"#,
        ] {
            check(Some(read(good))).expect(good);
        }
        let many: Vec<String> = (0..11).map(|n| format!("\"{n}\"")).collect();
        for (bad, part) in [
            ("{}".to_owned(), "empty oneof"),
            (r#"{"text":{},"numeric":{}}"#.to_owned(), "exactly one"),
            (r#"{"pass_fail":{}}"#.to_owned(), "non-empty string"),
            (
                r#"{"pass_fail":{"positive_label":"Y","negative_label":"Y"}}"#.to_owned(),
                "distinct",
            ),
            (r#"{"categorical":{}}"#.to_owned(), "non-empty list"),
            (
                format!(r#"{{"categorical":{{"options":[{}]}}}}"#, many.join(",")),
                "at most 10",
            ),
            (r#"{"categorical":{"options":["a","a"]}}"#.to_owned(), "appears twice"),
            (
                format!(r#"{{"categorical":{{"options":["{}"]}}}}"#, "o".repeat(65)),
                "at most 64",
            ),
            (
                r#"{"numeric":{"min_value":2,"max_value":1}}"#.to_owned(),
                "min=2.0, max=1.0",
            ),
            (r#"{"text":{"max_length":0}}"#.to_owned(), "at least 1"),
        ] {
            let error = check(Some(read(&bad))).expect_err(&bad);
            assert!(error.message.contains(part), "{bad}: {}", error.message);
        }
    }

    #[test]
    fn only_options_may_change() {
        let old = read(r#"{"categorical":{"options":["a"],"multi_select":true}}"#);
        check_change(&old, &read(r#"{"categorical":{"options":["b"],"multi_select":true}}"#)).expect("other options");
        assert!(check_change(&old, &read(r#"{"categorical":{"options":["a"]}}"#)).is_err());
        let error = check_change(&old, &read(r#"{"text":{}}"#)).expect_err("another kind");
        assert!(error.message.contains("existing: InputCategorical, got: InputText"));
    }
}
