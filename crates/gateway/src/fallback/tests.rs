use proptest::prelude::*;

use super::*;

fn row() -> rows::Row {
    let row = json!({ "amount": 1500, "country": "NG", "age": null, "a b": 1.5, "vip": true });
    row.as_object().unwrap().clone()
}

#[track_caller]
fn check(condition: &str, holds: bool) {
    assert_eq!(
        Expression::parse(condition).unwrap().holds(&row()),
        holds,
        "{condition}"
    );
}

#[test]
fn conditions_say_what_they_look_like() {
    for condition in [
        "amount > 1000",
        "amount = 1500.0 and country == 'NG'",
        "amount < 1000 or country in ('KP', 'NG')",
        "not amount < 1000",
        "not (amount < 1000 or country = \"US\")",
        "amount / 2 + 250 * -1 >= 500",
        "amount - 500 - 500 = 500",
        "2 + 3 * 4 = 14",
        "`a b` = 1.5e0",
        "age is missing and country is not missing",
        "nowhere IS MISSING",
        "country not in ('US')",
        "country < 'OO'",
        "vip",
        "vip = true",
        "country = 'N''G' or country != 'N''G'",
    ] {
        check(condition, true);
    }
    for condition in [
        "amount > 'x'",
        "age > 1",
        "age <= 1",
        "age not in (1)",
        "amount / 0 > 1",
        "country",
        "false",
        "country + 1 = 2",
        "not vip",
    ] {
        check(condition, condition == "age not in (1)");
    }
}

#[test]
fn what_is_no_condition_is_refused_with_the_reason() {
    let deep = format!("{}1{}", "(".repeat(40), ")".repeat(40));
    for (condition, part) in [
        ("", "ends where a value"),
        ("amount >", "ends where a value"),
        ("amount > 1 1", "too much"),
        ("amount ? 1", "`?` means nothing"),
        ("country = 'NG", "closing '"),
        ("country in 'NG'", "`(` was expected"),
        ("country in ('NG'", "`)` was expected, not the end"),
        ("country is 1", "`missing`"),
        ("amount not > 1", "`not` is followed by `in`"),
        ("in > 1", "backticks"),
        ("1.2.3 = a", "not a number"),
        (deep.as_str(), "nested"),
    ] {
        let error = Expression::parse(condition).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    assert!(Expression::parse(&"a and ".repeat(500)).unwrap_err().contains("bytes"));
}

#[test]
fn every_row_of_every_format_gets_an_answer() {
    let fallback: Fallback = serde_json::from_value(json!({ "rules": {
        "rules": [{ "when": "x > 1", "answer": "high" }, { "when": "c0 > 1", "answer": "first" }],
        "otherwise": 0,
    } }))
    .unwrap();
    for (content_type, body, expected) in [
        (
            "application/json",
            r#"{"dataframe_split": {"columns": ["x"], "data": [[1], [2]]}}"#,
            r#"[0,"high"]"#,
        ),
        (
            "application/json",
            r#"{"dataframe_records": [{"x": 2}, {"y": 2}]}"#,
            r#"["high",0]"#,
        ),
        (
            "application/json",
            r#"{"instances": [[2, 1], [1, 2]]}"#,
            r#"["first",0]"#,
        ),
        (
            "application/json; charset=utf-8",
            r#"{"inputs": {"x": [1, 2, 3]}}"#,
            r#"[0,"high","high"]"#,
        ),
        ("application/json", r#"{"inputs": [7]}"#, r#"["first"]"#),
        ("text/csv", "x,y\n1,a\n2,b\n", r#"[0,"high"]"#),
    ] {
        let answer = fallback.answer(Some(content_type), &Bytes::from(body)).unwrap();
        let expected = format!("{{\"predictions\":{expected}}}");
        assert_eq!(answer, Substitute::Answer(expected.into()), "{body}");
    }
    for body in ["", "[1", "{}", r#"{"dataframe_split": {}}"#] {
        assert!(fallback.answer(None, &Bytes::from(body)).is_err(), "{body}");
    }
}

#[test]
fn a_fallback_is_read_back_as_it_was_written() {
    for text in [
        r#"{"constant":0.5}"#,
        r#"{"deployment":"safe"}"#,
        r#"{"rules":{"rules":[{"when":"a > 1","answer":1}],"otherwise":null}}"#,
    ] {
        let fallback: Fallback = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&fallback).unwrap(), text);
    }
    let error = serde_json::from_str::<Fallback>(r#"{"rules":{"rules":[{"when":"a >","answer":1}],"otherwise":0}}"#);
    assert!(error.unwrap_err().to_string().contains("`a >` is not a condition"));
}

proptest! {
    #[test]
    fn no_text_and_no_body_panics(text in "[a-z0-9 ()<>=!+*/'`,.-]{0,60}", body in "\\PC{0,60}") {
        if let Ok(expression) = Expression::parse(&text) {
            let _ = expression.holds(&row());
        }
        let _ = rows::read(Some("application/json"), body.as_bytes());
        let _ = rows::read(Some("text/csv"), body.as_bytes());
    }
}
