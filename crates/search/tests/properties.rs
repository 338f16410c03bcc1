//! What must hold for every text and every tree.

use fettle_search::experiments::{ExperimentIdComparison, ExperimentPredicate, ExperimentTimeAttribute};
use fettle_search::logged_models::{LoggedModelPredicate, LoggedModelTextAttribute, LoggedModelTimeAttribute};
use fettle_search::model_versions::ModelVersionPredicate;
use fettle_search::registered_models::RegisteredModelPredicate;
use fettle_search::runs::{DatasetField, RunOrderKey, RunPredicate, RunTextAttribute, RunTimeAttribute};
use fettle_search::{
    Direction, Filter, Number, NumberComparison, NumberOperator, Order, TextComparison, experiments, logged_models,
    model_versions, registered_models, runs,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Pieces that, put together at random, come close to filters far more often than random characters do.
const PIECES: &[&str] = &[
    "metrics.",
    "params.",
    "tags.",
    "dataset.",
    "attributes.",
    "run_id",
    "name",
    "start_time",
    "version_number",
    "a",
    "`",
    "'",
    "\"",
    "\\",
    " ",
    "\n",
    "=",
    "!=",
    "<",
    " LIKE ",
    " IN ",
    " NOT ",
    " IS ",
    " NULL",
    " AND ",
    " OR ",
    "(",
    ")",
    ",",
    ".",
    ";",
    "-",
    "1",
    "1e5",
    ".5",
    "'x'",
    "\"y\"",
    "`k`",
    "('a', 'b')",
    "é",
    "\u{0}",
    " DESC",
];

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        parse_everywhere(&text);
    }

    #[test]
    fn nothing_near_a_filter_panics(pieces in vec(select(PIECES), 0..40)) {
        parse_everywhere(&pieces.concat());
    }

    #[test]
    fn run_filters_survive_printing(predicates in vec(run_predicate(), 0..5)) {
        let filter = Filter::from(predicates);
        prop_assert_eq!(runs::parse_filter(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn experiment_filters_survive_printing(predicates in vec(experiment_predicate(), 0..5)) {
        let filter = Filter::from(predicates);
        prop_assert_eq!(experiments::parse_filter(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn registered_model_filters_survive_printing(predicates in vec(registered_model_predicate(), 0..5)) {
        let filter = Filter::from(predicates);
        prop_assert_eq!(registered_models::parse_filter(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn model_version_filters_survive_printing(predicates in vec(model_version_predicate(), 0..5)) {
        let filter = Filter::from(predicates);
        prop_assert_eq!(model_versions::parse_filter(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn logged_model_filters_survive_printing(predicates in vec(logged_model_predicate(), 0..5)) {
        let filter = Filter::from(predicates);
        prop_assert_eq!(logged_models::parse_filter(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn run_orders_survive_printing(key in run_order_key(), ascending: bool) {
        let direction = if ascending { Direction::Ascending } else { Direction::Descending };
        let order = Order { key, direction };
        prop_assert_eq!(runs::parse_order_by(&[order.to_string()]), Ok(vec![order]));
    }
}

fn parse_everywhere(text: &str) {
    let shown = [
        runs::parse_filter(text).map(|filter| filter.to_string()),
        experiments::parse_filter(text).map(|filter| filter.to_string()),
        registered_models::parse_filter(text).map(|filter| filter.to_string()),
        model_versions::parse_filter(text).map(|filter| filter.to_string()),
        logged_models::parse_filter(text).map(|filter| filter.to_string()),
    ];
    assert!(
        shown
            .iter()
            .flatten()
            .all(|printed| !text.is_empty() || printed.is_empty())
    );
    let _ = runs::parse_order_by(&[text]);
    let _ = experiments::parse_order_by(&[text]);
    let _ = registered_models::parse_order_by(&[text]);
    let _ = model_versions::parse_order_by(&[text]);
}

fn key() -> impl Strategy<Value = String> {
    "[^`\0]{0,12}"
}

/// The grammar has no escapes, so no value can hold both quotes or end in a backslash and still be printed.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[^'\0]{0,12}", "[^\"\0]{0,12}"].prop_map(|text| text.trim_end_matches('\\').to_owned())
}

fn values() -> impl Strategy<Value = Vec<String>> {
    vec("[^\0]{0,8}", 1..4)
}

fn single_text() -> impl Strategy<Value = TextComparison> {
    let make = select(vec![
        TextComparison::Equal,
        TextComparison::NotEqual,
        TextComparison::Like,
        TextComparison::ILike,
    ]);
    (make, value()).prop_map(|(make, value)| make(value))
}

fn text_or_list() -> impl Strategy<Value = TextComparison> {
    prop_oneof![
        single_text(),
        values().prop_map(TextComparison::In),
        values().prop_map(TextComparison::NotIn)
    ]
}

fn text_or_null() -> impl Strategy<Value = TextComparison> {
    prop_oneof![
        single_text(),
        Just(TextComparison::IsNull),
        Just(TextComparison::IsNotNull)
    ]
}

fn number<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = NumberComparison<T>> {
    (select(&NumberOperator::ALL[..]), value).prop_map(|(operator, value)| NumberComparison { operator, value })
}

fn float() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("filters have no NaN", |value| !value.is_nan())
}

fn time() -> impl Strategy<Value = NumberComparison<Number>> {
    number(prop_oneof![
        any::<i64>().prop_map(Number::Integer),
        float().prop_map(Number::Float)
    ])
}

fn run_predicate() -> impl Strategy<Value = RunPredicate> {
    prop_oneof![
        text_or_list().prop_map(|comparison| RunPredicate::Text {
            attribute: RunTextAttribute::RunId,
            comparison
        }),
        (select(&RunTextAttribute::ALL[..]), single_text())
            .prop_map(|(attribute, comparison)| RunPredicate::Text { attribute, comparison }),
        (select(&RunTimeAttribute::ALL[..]), time())
            .prop_map(|(attribute, comparison)| RunPredicate::Time { attribute, comparison }),
        (key(), number(float())).prop_map(|(key, comparison)| RunPredicate::Metric { key, comparison }),
        (key(), text_or_null()).prop_map(|(key, comparison)| RunPredicate::Param { key, comparison }),
        (key(), text_or_null()).prop_map(|(key, comparison)| RunPredicate::Tag { key, comparison }),
        (select(&DatasetField::ALL[..]), text_or_list())
            .prop_map(|(field, comparison)| RunPredicate::Dataset { field, comparison }),
    ]
}

fn run_order_key() -> impl Strategy<Value = RunOrderKey> {
    prop_oneof![
        select(&RunTextAttribute::ALL[..]).prop_map(RunOrderKey::Text),
        select(&RunTimeAttribute::ALL[..]).prop_map(RunOrderKey::Time),
        key().prop_map(RunOrderKey::Metric),
        key().prop_map(RunOrderKey::Param),
        key().prop_map(RunOrderKey::Tag),
    ]
}

fn experiment_predicate() -> impl Strategy<Value = ExperimentPredicate> {
    let attributes = vec![
        ExperimentTimeAttribute::CreationTime,
        ExperimentTimeAttribute::LastUpdateTime,
    ];
    let id = prop_oneof![
        any::<i64>().prop_map(ExperimentIdComparison::Equal),
        any::<i64>().prop_map(ExperimentIdComparison::NotEqual),
        vec(any::<i64>(), 1..4).prop_map(ExperimentIdComparison::In),
        vec(any::<i64>(), 1..4).prop_map(ExperimentIdComparison::NotIn),
    ];
    prop_oneof![
        id.prop_map(ExperimentPredicate::Id),
        single_text().prop_map(ExperimentPredicate::Name),
        (select(attributes), number(any::<i64>()))
            .prop_map(|(attribute, comparison)| ExperimentPredicate::Time { attribute, comparison }),
        (key(), text_or_null()).prop_map(|(key, comparison)| ExperimentPredicate::Tag { key, comparison }),
    ]
}

fn registered_model_predicate() -> impl Strategy<Value = RegisteredModelPredicate> {
    prop_oneof![
        text_or_list().prop_map(RegisteredModelPredicate::Name),
        (key(), single_text()).prop_map(|(key, comparison)| RegisteredModelPredicate::Tag { key, comparison }),
    ]
}

fn model_version_predicate() -> impl Strategy<Value = ModelVersionPredicate> {
    prop_oneof![
        text_or_list().prop_map(ModelVersionPredicate::Name),
        text_or_list().prop_map(ModelVersionPredicate::RunId),
        single_text().prop_map(ModelVersionPredicate::SourcePath),
        number(any::<i64>()).prop_map(ModelVersionPredicate::Version),
        (key(), single_text()).prop_map(|(key, comparison)| ModelVersionPredicate::Tag { key, comparison }),
    ]
}

fn logged_model_predicate() -> impl Strategy<Value = LoggedModelPredicate> {
    prop_oneof![
        (select(&LoggedModelTextAttribute::ALL[..]), text_or_list())
            .prop_map(|(attribute, comparison)| LoggedModelPredicate::Text { attribute, comparison }),
        (select(&LoggedModelTimeAttribute::ALL[..]), time())
            .prop_map(|(attribute, comparison)| LoggedModelPredicate::Time { attribute, comparison }),
        (key(), number(float())).prop_map(|(key, comparison)| LoggedModelPredicate::Metric { key, comparison }),
        (key(), text_or_list()).prop_map(|(key, comparison)| LoggedModelPredicate::Param { key, comparison }),
        (key(), text_or_list()).prop_map(|(key, comparison)| LoggedModelPredicate::Tag { key, comparison }),
    ]
}
