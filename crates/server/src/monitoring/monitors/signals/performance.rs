//! Model performance: predictions of a window against what really happened, as far as that is known.

use super::{super::spec::Performance, Finding, Verdict};
use fettle_capture::{Cell, Table};
use fettle_stats::performance::{Measurement, classification, probabilities, regression, wilson};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// The labels that count, by correlation id and row.
pub type Labels = HashMap<String, HashMap<i64, String>>;

type Measurements = BTreeMap<String, Measurement>;

pub fn judge(
    performance: &Performance,
    is_regression: bool,
    rows: &Table,
    labels: &Labels,
    labels_as_of: Option<String>,
) -> (Vec<Finding>, bool) {
    let Some(predictions) = predictions(performance, is_regression, rows) else {
        return (
            Finding::nothing("no prediction was captured in this window; name its column in prediction_column"),
            false,
        );
    };
    let joined = join(rows, &predictions, labels);
    let (labelled, predicted) = (joined.len() as u64, rows.rows as u64);
    let coverage = wilson(labelled, predicted);
    let known = json!({
        "label_coverage": coverage.value, "labelled": labelled, "predicted": predicted, "labels_as_of": labels_as_of,
    });
    let enough = coverage.value >= performance.minimum_coverage && labelled >= performance.minimum_labels;
    let known = if enough {
        known
    } else {
        let (least, share) = (performance.minimum_labels, performance.minimum_coverage);
        let reason = format!(
            "the truth of {labelled} of {predicted} predictions is known: at least {least} and a share of {share} are needed"
        );
        with(&known, json!({ "reason": reason }))
    };
    let mut findings = vec![Finding {
        metric: "label_coverage".to_owned(),
        feature: String::new(),
        value: Some(coverage.value),
        threshold: Some(performance.minimum_coverage),
        verdict: if enough {
            Verdict::Info
        } else {
            Verdict::InsufficientData
        },
        detail: with(&known, json!({ "interval": [coverage.low, coverage.high] })),
    }];
    let measured = if is_regression {
        let pairs = numbers(&joined);
        let finite = pairs.filter(|(truth, answer)| truth.is_finite() && answer.is_finite());
        regression(&finite.collect::<Vec<_>>(), predicted).metrics
    } else {
        classes(performance, &joined)
    };
    for (metric, measured) in measured {
        let threshold = performance.thresholds.get(&metric).copied();
        findings.push(finding(metric, measured, threshold, enough, &known));
    }
    for (metric, threshold) in &performance.thresholds {
        if !findings.iter().any(|finding| finding.metric == *metric) {
            findings.push(Finding {
                metric: metric.clone(),
                feature: String::new(),
                value: None,
                threshold: Some(*threshold),
                verdict: Verdict::InsufficientData,
                detail: if enough {
                    with(
                        &known,
                        json!({ "reason": "the labels and predictions of this window have no such metric" }),
                    )
                } else {
                    known.clone()
                },
            });
        }
    }
    let alarmed = findings.iter().any(|finding| finding.verdict == Verdict::Alarm);
    (findings, alarmed)
}

fn finding(metric: String, measured: Measurement, threshold: Option<f64>, enough: bool, known: &Value) -> Finding {
    let lower_is_better = ["mae", "mse", "rmse", "log_loss"].contains(&metric.as_str());
    // All of the interval must be on the wrong side: a few unlucky labels are no alarm.
    let worse = |threshold: f64| {
        if lower_is_better {
            measured.low > threshold
        } else {
            measured.high < threshold
        }
    };
    let verdict = match threshold {
        _ if !enough => Verdict::InsufficientData,
        None => Verdict::Info,
        Some(threshold) if worse(threshold) => Verdict::Alarm,
        Some(_) => Verdict::Ok,
    };
    Finding {
        metric,
        feature: String::new(),
        value: Some(measured.value),
        threshold,
        verdict,
        detail: with(known, json!({ "interval": [measured.low, measured.high] })),
    }
}

fn with(known: &Value, more: Value) -> Value {
    let mut all = known.clone();
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}

/// Where the answers of rows stand.
enum Predictions {
    In(String),
    /// A probability for each class, by its number.
    OfClasses(Vec<String>),
}

/// The column that is named, the only one, the second of two, which is how probable yes is, or one for each class.
fn predictions(performance: &Performance, is_regression: bool, rows: &Table) -> Option<Predictions> {
    let known = |name: &str| rows.column(name).is_some();
    if let Some(named) = &performance.prediction_column {
        return known(named).then(|| Predictions::In(named.clone()));
    }
    if let Some(only) = ["prediction", "output.prediction"].into_iter().find(|name| known(name)) {
        return Some(Predictions::In(only.to_owned()));
    }
    let classes: Vec<String> = (0..rows.columns.len())
        .map(|class| format!("prediction_{class}"))
        .take_while(|name| known(name))
        .collect();
    match classes.len() {
        0 => None,
        1 | 2 => classes.into_iter().last().map(Predictions::In),
        // Several amounts: which of them is labelled?
        _ if is_regression => None,
        _ => Some(Predictions::OfClasses(classes)),
    }
}

impl Predictions {
    fn of_row(&self, rows: &Table, row: usize) -> Cell {
        match self {
            Self::In(column) => rows.cell(&[column], row),
            Self::OfClasses(columns) => {
                let values = columns.iter().enumerate().filter_map(|(class, column)| {
                    let value = rows.cell(&[column], row).as_number()?;
                    (!value.is_nan()).then_some((class, value))
                });
                // Of equals the first, as numpy's argmax.
                let most = values.reduce(|most, next| if next.1 > most.1 { next } else { most });
                most.map_or(Cell::Null, |(class, _)| Cell::Integer(class as i64))
            }
        }
    }
}

fn join<'l>(rows: &Table, predictions: &Predictions, labels: &'l Labels) -> Vec<(Cell, &'l str)> {
    let mut joined = Vec::new();
    for row in 0..rows.rows {
        let Cell::Text(id) = rows.cell(&["_correlationid"], row) else {
            continue;
        };
        let index = match rows.cell(&["_row_index"], row) {
            Cell::Integer(index) => index,
            _ => 0,
        };
        let label = labels.get(&id).and_then(|labels| labels.get(&index));
        let prediction = predictions.of_row(rows, row);
        if let Some(label) = label
            && prediction != Cell::Null
        {
            joined.push((prediction, label.as_str()));
        }
    }
    joined
}

/// Pairs of truth and answer.
fn numbers<'j>(joined: &'j [(Cell, &str)]) -> impl Iterator<Item = (f64, f64)> + 'j {
    joined
        .iter()
        .filter_map(|(prediction, label)| Some((number(label)?, prediction.as_number()?)))
}

/// Yes and no have many spellings.
fn number(label: &str) -> Option<f64> {
    match label.trim() {
        "true" | "True" | "yes" => Some(1.0),
        "false" | "False" | "no" => Some(0.0),
        text => text.parse().ok(),
    }
}

fn classes(performance: &Performance, joined: &[(Cell, &str)]) -> Measurements {
    let scored: Vec<(bool, f64)> = numbers(joined)
        .filter(|(truth, answer)| (*truth == 0.0 || *truth == 1.0) && (0.0..=1.0).contains(answer))
        .map(|(truth, answer)| (truth == 1.0, answer))
        .collect();
    let rows = joined.len() as u64;
    if scored.len() == joined.len() {
        let word = |is: bool| if is { "yes" } else { "no" };
        let pairs: Vec<(&str, &str)> = scored
            .iter()
            .map(|&(truth, score)| (word(truth), word(score >= performance.classification_threshold)))
            .collect();
        let mut measured = classification(&pairs, rows, Some("yes")).metrics;
        measured.extend(probabilities(&scored, rows).metrics);
        return measured;
    }
    let texts: Vec<(String, String)> = joined
        .iter()
        .map(|(prediction, label)| (class(label), class(&prediction.clone().into_text().unwrap_or_default())))
        .collect();
    let pairs: Vec<(&str, &str)> = texts.iter().map(|(truth, answer)| (&**truth, &**answer)).collect();
    let positive = performance.positive_class.as_deref().map(class);
    classification(&pairs, rows, positive.as_deref()).metrics
}

/// A class under one name: 1, 1.0 and true are the same.
fn class(text: &str) -> String {
    number(text).map_or_else(|| text.to_owned(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fettle_capture::{Cells, Column};

    fn wanted() -> Performance {
        Performance {
            prediction_column: None,
            classification_threshold: 0.5,
            positive_class: None,
            thresholds: BTreeMap::new(),
            minimum_coverage: 0.2,
            minimum_labels: 200,
        }
    }

    fn texts(values: &[&str]) -> Cells {
        Cells::Texts(values.iter().map(|value| Some((*value).to_owned())).collect())
    }

    fn numbers(values: &[f64]) -> Cells {
        Cells::Numbers(values.iter().copied().map(Some).collect())
    }

    /// The metrics of rows with these predictions and labels, by name.
    fn measured(
        performance: &Performance,
        is_regression: bool,
        columns: &[(&str, Cells)],
        labels: &[&str],
    ) -> BTreeMap<String, Option<f64>> {
        judged(performance, is_regression, columns, labels)
            .into_iter()
            .map(|finding| (finding.metric, finding.value))
            .collect()
    }

    fn judged(
        performance: &Performance,
        is_regression: bool,
        columns: &[(&str, Cells)],
        labels: &[&str],
    ) -> Vec<Finding> {
        let ids: Vec<String> = (0..labels.len()).map(|row| format!("r{row}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let column = |(name, cells): &(&str, Cells)| Column {
            name: (*name).to_owned(),
            cells: cells.clone(),
        };
        let mut all = vec![column(&("_correlationid", texts(&ids)))];
        all.extend(columns.iter().map(column));
        let table = Table {
            columns: all,
            rows: labels.len(),
        };
        let labels = ids
            .iter()
            .zip(labels)
            .map(|(id, label)| ((*id).to_owned(), HashMap::from([(0, (*label).to_owned())])));
        judge(performance, is_regression, &table, &labels.collect(), None).0
    }

    #[test]
    fn without_thresholds_it_is_measured_and_not_judged() {
        let whole = |minimum_labels, thresholds: &[(&str, f64)]| {
            let thresholds = thresholds.iter().map(|(name, least)| ((*name).to_owned(), *least));
            let performance = Performance {
                minimum_labels,
                thresholds: thresholds.collect(),
                ..wanted()
            };
            let columns = [("prediction", numbers(&[1.0, 2.0, 3.0]))];
            let findings = judged(&performance, true, &columns, &["1", "2", "4"]);
            super::super::summary(&findings, false, &json!({})).verdict
        };
        assert_eq!(whole(3, &[]), Verdict::Info);
        assert_eq!(
            whole(4, &[]),
            Verdict::InsufficientData,
            "too few labels are never green"
        );
        assert_eq!(whole(3, &[("mae", 9.0)]), Verdict::Ok);
        assert_eq!(whole(4, &[("mae", 9.0)]), Verdict::InsufficientData);
    }

    fn near(found: &BTreeMap<String, Option<f64>>, metric: &str, expected: f64) {
        let value = found[metric].expect("it is measured");
        assert!((value - expected).abs() < 1e-12, "{metric}: {value} for {expected}");
    }

    /// Values of scikit-learn 1.7.
    #[test]
    fn captured_answers_are_scored_as_scikit_learn_does() {
        let answers = numbers(&[0.1, 0.4, 0.35, 0.8, 0.8, 0.7]);
        let labels = ["0", "false", "1", "true", "0.0", "yes"];
        let found = measured(
            &wanted(),
            false,
            &[("prediction_0", numbers(&[0.0; 6])), ("prediction_1", answers)],
            &labels,
        );
        for metric in ["accuracy", "precision", "recall", "f1_score"] {
            near(&found, metric, 2.0 / 3.0);
        }
        near(&found, "roc_auc", 11.0 / 18.0);
        let found = measured(
            &wanted(),
            true,
            &[("prediction", numbers(&[2.5, 0.0, 2.0, 8.0]))],
            &["3", "-0.5", "2", "7"],
        );
        near(&found, "mae", 0.5);
        near(&found, "mse", 0.375);
        near(&found, "r2", 0.948_608_137_044_967_9);
    }

    #[test]
    fn classes_have_names_or_numbers() {
        let columns = [("prediction", texts(&["stays", "leaves", "leaves", "stays"]))];
        let labels = ["stays", "leaves", "stays", "stays"];
        let found = measured(&wanted(), false, &columns, &labels);
        near(&found, "accuracy", 0.75);
        near(&found, "precision", 0.75);
        let of_one = Performance {
            positive_class: Some("leaves".to_owned()),
            ..wanted()
        };
        near(&measured(&of_one, false, &columns, &labels), "precision", 0.5);
        // The greatest of three probabilities says which class it is.
        let columns = [
            ("prediction_0", numbers(&[0.5, 0.2])),
            ("prediction_1", numbers(&[0.3, 0.2])),
            ("prediction_2", numbers(&[0.2, 0.6])),
        ];
        near(&measured(&wanted(), false, &columns, &["0", "2"]), "accuracy", 1.0);
        assert_eq!(
            measured(&wanted(), true, &columns, &["0", "2"])["coverage"],
            None,
            "which amount?"
        );
    }

    #[test]
    fn nothing_is_measured_without_labels() {
        let (findings, alarmed) = judge(
            &wanted(),
            false,
            &Table {
                columns: vec![Column {
                    name: "prediction".to_owned(),
                    cells: numbers(&[1.0]),
                }],
                rows: 1,
            },
            &Labels::new(),
            None,
        );
        assert_eq!((findings.len(), alarmed), (1, false), "the coverage alone");
    }
}
