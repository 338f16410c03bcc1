//! What each entity accepts, reads and refuses: one table per entity, results as canonical text or the message.

use std::fmt::Display;

use fettle_search::limits::{FILTER_BYTES_MAX, FILTER_CLAUSES_MAX, LIST_VALUES_MAX, ORDER_BY_ENTRIES_MAX};
use fettle_search::logged_models::LoggedModelOrderEntry;
use fettle_search::{Filter, Order, SearchError, experiments, logged_models, model_versions, registered_models, runs};

#[test]
fn run_filters() {
    let check = |text: &str, expected| check_filter(text, runs::parse_filter(text), expected);
    check("", Ok(""));
    check("metrics.loss<.5", Ok("metrics.`loss` < 0.5"));
    check("metric.`val loss` >= -1e-3", Ok("metrics.`val loss` >= -0.001"));
    check("metrics.layer.0/val-loss != 1", Ok("metrics.`layer.0/val-loss` != 1.0"));
    check("param.a = \"it's\"", Ok("params.`a` = \"it's\""));
    check(
        "parameters.a like 'x%' and tags.b ILIKE '_'",
        Ok("params.`a` LIKE 'x%' AND tags.`b` ILIKE '_'"),
    );
    check(
        "tags.mlflow.user IS NULL AND params.a is not null",
        Ok("tags.`mlflow.user` IS NULL AND params.`a` IS NOT NULL"),
    );
    check(
        "Created > 1 AND `run name` = 'x'",
        Ok("attributes.start_time > 1 AND attributes.run_name = 'x'"),
    );
    check("run_id NOT IN ('a', \"b\",)", Ok("attributes.run_id NOT IN ('a', 'b')"));
    check("dataset.context IN ('train')", Ok("datasets.context IN ('train')"));
    check("end_time = 1.5", Ok("attributes.end_time = 1.5"));

    check("  ", Err("Invalid filter '  '. Could not be parsed."));
    check(
        "metrics.a > 1 OR metrics.b > 1",
        Err("Invalid clause(s) in filter string: 'OR'"),
    );
    check(
        "(metrics.a > 1) AND NOT x",
        Err("Invalid clause(s) in filter string: '(metrics.a > 1)', 'NOT', 'x'"),
    );
    check(
        "1 = 1",
        Err("Invalid comparison clause. Expected 'Identifier' found '1'"),
    );
    check(
        "metrics.a = '1'",
        Err("Expected numeric value type for metric. Found '1'"),
    );
    check(
        "params.a = 1",
        Err("Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"),
    );
    check(
        "params.a > 'x'",
        Err("Invalid comparator '>' not one of '{'!=', '=', 'LIKE', 'ILIKE', 'IS NULL', 'IS NOT NULL'}'"),
    );
    check(
        "foo.a = 'x'",
        Err("Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"),
    );
    check(
        "dataset.foo = 'x'",
        Err("Invalid dataset key 'foo' specified. Valid keys are '{'name', 'digest', 'context'}'"),
    );
    check(
        "run_name IN ('a')",
        Err("Only ['run_id'] attributes support comparison with a list of quoted string values."),
    );
    check(
        "metrics.a IS NULL",
        Err("IS NULL / IS NOT NULL is only supported for tags and params, not for 'metrics.a'"),
    );
    check(
        "lifecycle_stage = 'x'",
        Err(
            "Invalid attribute key 'lifecycle_stage' specified. Valid keys are '{'run_id', 'run_name', 'status', \
             'artifact_uri', 'user_id', 'start_time', 'end_time'}'",
        ),
    );
    check(
        "params.a = x",
        Err(
            "Parameter value is either not quoted or unidentified quote types used for string value x. Use either \
             single or double quotes.",
        ),
    );
}

#[test]
fn run_orders() {
    let check = |entries: &[&str], expected| check_order(entries, runs::parse_order_by(entries), expected);
    check(&[], Ok(""));
    check(
        &["created desc", "metrics.\"a b\""],
        Ok("attributes.start_time DESC, metrics.`a b` ASC"),
    );
    check(&["params.a", "tags.`x` Asc"], Ok("params.`a` ASC, tags.`x` ASC"));
    check(
        &["start_time", "Created DESC"],
        Err("`order_by` contains duplicate fields: 'Created DESC'"),
    );
    check(
        &["dataset.name"],
        Err("Invalid identifier type 'dataset': runs cannot be ordered by it"),
    );
    check(
        &["start_time DOWN"],
        Err("Invalid ordering key in order_by clause 'start_time DOWN'."),
    );
    check(
        &["start_time DESC NULLS LAST"],
        Err("Invalid order_by clause 'start_time DESC NULLS LAST'. Could not be parsed."),
    );
    check(&[""], Err("Invalid order_by clause ''. Could not be parsed."));
}

#[test]
fn experiment_filters_and_orders() {
    let check = |text: &str, expected| check_filter(text, experiments::parse_filter(text), expected);
    check(
        "name like 'x%' AND tag.a IS NULL",
        Ok("name LIKE 'x%' AND tags.`a` IS NULL"),
    );
    check("experiment_id IN ('1', '2')", Ok("experiment_id IN ('1', '2')"));
    check("attribute.last_update_time<=5", Ok("last_update_time <= 5"));
    check(
        "creation_time > 1.5",
        Err("Invalid value for numeric attribute 'creation_time': 1.5"),
    );
    check(
        "experiment_id = 'x'",
        Err("Invalid experiment_id 'x': an experiment id is an integer"),
    );
    check(
        "experiment_id LIKE '1'",
        Err("Invalid comparator 'LIKE' not one of '{'=', '!=', 'IN', 'NOT IN'}'"),
    );
    check(
        "attributes.name = 'x'",
        Err("Invalid entity type 'attributes'. Valid entity types are ('attribute', 'tag', 'tags')"),
    );
    check(
        "name IS NULL",
        Err("IS NULL / IS NOT NULL is only supported for tags, not for attribute 'name'"),
    );

    let check = |entries: &[&str], expected| check_order(entries, experiments::parse_order_by(entries), expected);
    check(
        &["name", "creation_time DESC", "name DESC"],
        Ok("name ASC, creation_time DESC"),
    );
    check(&["tags.a"], Err("Invalid order_by entity: tag"));
}

#[test]
fn registered_model_filters_and_orders() {
    let check = |text: &str, expected| check_filter(text, registered_models::parse_filter(text), expected);
    check(
        "name ILIKE 'x' AND tags.`a b` != 'y'",
        Ok("name ILIKE 'x' AND tags.`a b` != 'y'"),
    );
    check("name NOT IN ('a')", Ok("name NOT IN ('a')"));
    check(
        "version_number = 1",
        Err("Invalid attribute key 'version_number' specified. Valid keys are '{'name'}'"),
    );
    check(
        "tags.a IS NULL",
        Err("Invalid comparator 'IS NULL' not one of '{'!=', '=', 'LIKE', 'ILIKE'}'"),
    );

    let check = |entries: &[&str], expected| check_order(entries, registered_models::parse_order_by(entries), expected);
    check(&["timestamp DESC", "name"], Ok("last_updated_timestamp DESC, name ASC"));
    check(
        &["timestamp", "last_updated_timestamp"],
        Err("`order_by` contains duplicate fields: 'last_updated_timestamp'"),
    );
    check(
        &["creation_timestamp"],
        Err("Invalid order by key 'creation_timestamp' specified. Valid keys are '{'name', 'timestamp'}'"),
    );
}

#[test]
fn model_version_filters_and_orders() {
    let check = |text: &str, expected| check_filter(text, model_versions::parse_filter(text), expected);
    check(
        "name='m' and version_number>=2",
        Ok("name = 'm' AND version_number >= 2"),
    );
    check("version_number = '3'", Ok("version_number = 3"));
    check(
        "run_id IN ('a') AND source_path LIKE '%x'",
        Ok("run_id IN ('a') AND source_path LIKE '%x'"),
    );
    check(
        "version_number = 1.5",
        Err("Invalid value for numeric attribute 'version_number': 1.5"),
    );
    check(
        "source_path IN ('a')",
        Err("Only ['name', 'run_id'] attributes support comparison with a list of quoted string values."),
    );

    let check = |entries: &[&str], expected| check_order(entries, model_versions::parse_order_by(entries), expected);
    check(
        &["version_number DESC", "creation_timestamp"],
        Ok("version_number DESC, creation_timestamp ASC"),
    );
    check(
        &["run_id"],
        Err(
            "Invalid attribute key 'run_id' specified. Valid keys are '{'name', 'version_number', \
             'creation_timestamp', 'last_updated_timestamp'}'",
        ),
    );
}

#[test]
fn logged_model_filters() {
    let check = |text: &str, expected| check_filter(text, logged_models::parse_filter(text), expected);
    check(
        "metrics.loss > 0.1 AND params.lr = 0.01",
        Ok("metrics.`loss` > 0.1 AND params.`lr` = '0.01'"),
    );
    check(
        "name = x AND model_type = \"y\"",
        Ok("attributes.name = 'x' AND attributes.model_type = 'y'"),
    );
    check("tags.a IN ('x')", Ok("tags.`a` IN ('x')"));
    check("creation_time > 5", Ok("attributes.creation_timestamp > 5"));
    check(
        "param.a = 'x'",
        Err("Invalid entity type: 'param'. Expected one of ['attributes', 'metrics', 'params', 'tags']."),
    );
    check(
        "tags.a IS NULL",
        Err(
            "Invalid comparison operator for tags.a: 'IS NULL'. Expected one of ('!=', '=', 'LIKE', 'ILIKE', 'IN', \
             'NOT IN').",
        ),
    );
}

#[test]
fn logged_model_orders() {
    let entry = |field_name| LoggedModelOrderEntry {
        field_name,
        ascending: true,
        dataset_name: None,
        dataset_digest: None,
    };
    let check = |entry: LoggedModelOrderEntry<'_>, expected: Result<&str, &str>| {
        let parsed = logged_models::parse_order_by(&[entry]).map(|orders| format!("{:?}", orders[0]));
        assert_eq!(parsed.as_deref().map_err(SearchError::message), expected, "{entry:?}");
    };
    check(
        entry("creation_time"),
        Ok("Order { key: Time(Created), direction: Ascending }"),
    );
    check(
        LoggedModelOrderEntry {
            ascending: false,
            dataset_name: Some("train"),
            ..entry("metrics.val loss")
        },
        Ok(
            "Order { key: Metric { key: \"val loss\", dataset_name: Some(\"train\"), dataset_digest: None }, direction: \
            Descending }",
        ),
    );
    check(
        entry("params.a"),
        Err("Invalid order by field name: params.a. Only metrics are supported."),
    );
}

#[test]
fn bounds() {
    let check = |text: &str, expected| {
        let accepted = runs::parse_filter(text).map(|_| Filter::<String>::default());
        check_filter(text, accepted, expected);
    };
    let list = |count: usize| format!("run_id IN ({})", vec!["'a'"; count].join(","));
    let clauses = |count: usize| vec!["metrics.a > 1"; count].join(" AND ");
    check(&list(LIST_VALUES_MAX), Ok(""));
    check(
        &list(LIST_VALUES_MAX + 1),
        Err("A list in the query may hold at most 1000 values"),
    );
    check(&clauses(FILTER_CLAUSES_MAX), Ok(""));
    check(
        &clauses(FILTER_CLAUSES_MAX + 1),
        Err("A filter may hold at most 200 comparisons"),
    );
    check(
        &" ".repeat(FILTER_BYTES_MAX + 1),
        Err("The filter is 65537 bytes long; at most 65536 are allowed"),
    );

    let keys: Vec<String> = (0..=ORDER_BY_ENTRIES_MAX)
        .map(|index| format!("metrics.m{index}"))
        .collect();
    assert!(runs::parse_order_by(&keys[1..]).is_ok());
    assert!(runs::parse_order_by(&keys).is_err());
}

fn check_filter<P: Display>(text: &str, parsed: Result<Filter<P>, SearchError>, expected: Result<&str, &str>) {
    let parsed = parsed.map(|filter| filter.to_string());
    assert_eq!(parsed.as_deref().map_err(SearchError::message), expected, "{text}");
}

fn check_order<K: Display>(entries: &[&str], parsed: Result<Vec<Order<K>>, SearchError>, expected: Result<&str, &str>) {
    let parsed = parsed.map(|orders| orders.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    assert_eq!(parsed.as_deref().map_err(SearchError::message), expected, "{entries:?}");
}
