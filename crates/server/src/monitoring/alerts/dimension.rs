//! Dimensions narrow a condition to some endpoints, deployments or statuses. As in Azure Monitor, each value that is
//! looked at has an alert of its own.

use crate::{
    error::{Result, invalid},
    monitoring::operational::figures::Sample,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Every value there is.
const ALL: &str = "*";
const VALUES_MAX: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Endpoint,
    Deployment,
    Status,
    StatusClass,
    Monitor,
    Signal,
    Feature,
}

/// Spellings in lower case, the first is ours; the others are those of Azure's container apps and online endpoints.
const NAMES: &[(Name, &[&str])] = &[
    (Name::Endpoint, &["endpoint"]),
    (Name::Deployment, &["deployment", "revisionname"]),
    (Name::Status, &["status", "statuscode", "modelstatuscode"]),
    (
        Name::StatusClass,
        &["status_class", "statusclass", "statuscodeclass", "statuscodecategory"],
    ),
    (Name::Monitor, &["monitor"]),
    (Name::Signal, &["signal"]),
    (Name::Feature, &["feature"]),
];

/// As it is written: Azure's fields.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DimensionSpec {
    name: String,
    /// Include or Exclude.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
    values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    pub name: Name,
    excludes: bool,
    values: Vec<String>,
}

/// What a condition is held against: the samples, and the labels that tell them from others.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub labels: Vec<(&'static str, String)>,
    pub samples: Vec<Sample>,
}

impl Name {
    pub fn label(self) -> &'static str {
        let known = NAMES.iter().find(|(name, _)| *name == self);
        known.map_or("", |(_, spellings)| spellings[0])
    }
}

impl DimensionSpec {
    pub fn check(&self) -> Result<Dimension> {
        let excludes = match self.operator.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("include") => false,
            Some("exclude") => true,
            Some(_) => {
                return Err(invalid(format!(
                    "Invalid value '{}' for parameter 'dimensions.operator' supplied: it must be Include or Exclude.",
                    self.operator.as_deref().unwrap_or_default()
                )));
            }
        };
        Dimension::new(&self.name, excludes, self.values.clone())
    }
}

impl Dimension {
    /// What `endpoint: churn` of a rule says.
    pub fn of(name: Name, values: Vec<String>) -> Self {
        Self {
            name,
            excludes: false,
            values,
        }
    }

    pub fn new(name: &str, excludes: bool, values: Vec<String>) -> Result<Self> {
        let lower = name.to_ascii_lowercase();
        let Some((known, _)) = NAMES.iter().find(|(_, spellings)| spellings.contains(&lower.as_str())) else {
            let known: Vec<&str> = NAMES.iter().map(|(name, _)| name.label()).collect();
            return Err(invalid(format!(
                "Invalid dimension '{name}' supplied: it must be one of {}.",
                known.join(", ")
            )));
        };
        let wrong = |value: &str, why: &str| {
            Err(invalid(format!(
                "Invalid value '{value}' for dimension '{name}' supplied: {why}."
            )))
        };
        if values.is_empty() || values.len() > VALUES_MAX || values.iter().any(String::is_empty) {
            return wrong(
                &values.join(", "),
                &format!("give from 1 to {VALUES_MAX} values, or '*' for each there is"),
            );
        }
        if values.iter().any(|value| value == ALL) && (excludes || values.len() > 1) {
            return wrong(ALL, "it includes each value by itself, and stands alone");
        }
        let values: Vec<String> = match known {
            Name::Status | Name::StatusClass => values.iter().map(|value| value.to_ascii_lowercase()).collect(),
            _ => values,
        };
        for value in values.iter().filter(|value| *value != ALL) {
            match known {
                Name::Status if !is_code(value) && !is_class(value) => {
                    return wrong(value, "it must be a status such as 503, a class such as 5xx, or *");
                }
                Name::StatusClass if !is_class(value) => {
                    return wrong(value, "it must be 1xx, 2xx, 3xx, 4xx, 5xx or *");
                }
                _ => {}
            }
        }
        Ok(Self {
            name: *known,
            excludes,
            values,
        })
    }

    /// The values that are named, if those and no others are looked at.
    pub fn named(&self) -> Option<&[String]> {
        (!self.excludes && self.values != [ALL]).then_some(&self.values)
    }

    pub fn sole(&self) -> Option<&str> {
        match self.named() {
            Some([one]) => Some(one),
            _ => None,
        }
    }

    pub fn wants(&self, value: &str) -> bool {
        self.values == [ALL] || self.values.iter().any(|known| known == value) != self.excludes
    }

    /// Under which value a status is looked at.
    fn status_value(&self, status: u16) -> Option<String> {
        let (code, class) = (status.to_string(), format!("{}xx", status / 100));
        let known = self.values.iter().find(|value| **value == code || **value == class);
        let own = if self.name == Name::StatusClass { class } else { code };
        match known {
            Some(_) if self.excludes => None,
            Some(value) => Some(value.clone()),
            None => (self.excludes || self.values == [ALL]).then_some(own),
        }
    }

    fn split(&self, series: Series) -> impl Iterator<Item = Series> + use<> {
        let named = self.named().unwrap_or_default().iter();
        // Nothing is known of a value that was not seen, which is a finding as well.
        let mut found: BTreeMap<String, Vec<Sample>> = named.map(|value| (value.clone(), Vec::new())).collect();
        for sample in series.samples {
            if self.name == Name::Deployment {
                if self.wants(&sample.deployment) {
                    found.entry(sample.deployment.clone()).or_default().push(sample);
                }
                continue;
            }
            let mut parts: BTreeMap<String, Sample> = BTreeMap::new();
            for (status, point) in &sample.points {
                let Some(value) = self.status_value(*status) else {
                    continue;
                };
                let part = parts.entry(value).or_insert_with(|| sample.without_points());
                part.points.insert(*status, point.clone());
            }
            for (value, part) in parts {
                found.entry(value).or_default().push(part);
            }
        }
        let (label, labels) = (self.name.label(), series.labels);
        found.into_iter().map(move |(value, samples)| Series {
            labels: labels.iter().cloned().chain([(label, value)]).collect(),
            samples,
        })
    }
}

/// The series of an endpoint that are looked at one by one.
pub fn split(samples: Vec<Sample>, dimensions: &[Dimension]) -> Vec<Series> {
    let whole = Series {
        labels: Vec::new(),
        samples,
    };
    dimensions.iter().fold(vec![whole], |series, dimension| {
        series.into_iter().flat_map(|one| dimension.split(one)).collect()
    })
}

fn is_code(text: &str) -> bool {
    text.len() == 3 && text.parse().is_ok_and(|code: u16| (100..600).contains(&code))
}

fn is_class(text: &str) -> bool {
    ["1xx", "2xx", "3xx", "4xx", "5xx"].contains(&text)
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = if self.excludes { "excludes" } else { "includes" };
        write!(f, "{} {operator} {}", self.name.label(), self.values.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fettle_capture::Tally;

    fn sample(deployment: &str, statuses: &[u16]) -> Sample {
        let mut tally = Tally::default();
        for status in statuses {
            tally.add(*status, 1000);
        }
        Sample {
            at_ms: 0,
            deployment: deployment.to_owned(),
            instance: String::new(),
            replicas: 1,
            points: tally.points(),
        }
    }

    /// The labels of each series, and how many requests it has.
    fn check(dimensions: &[(&str, bool, &[&str])], expected: &[(&str, i64)]) {
        let samples = vec![sample("blue", &[200, 200, 200, 500, 503]), sample("green", &[200, 404])];
        let dimensions: Vec<Dimension> = dimensions
            .iter()
            .map(|(name, excludes, values)| {
                let values = values.iter().map(|value| (*value).to_owned()).collect();
                Dimension::new(name, *excludes, values).expect(name)
            })
            .collect();
        let found: Vec<(String, i64)> = split(samples, &dimensions)
            .into_iter()
            .map(|series| {
                let labels = series.labels.iter().map(|(_, value)| value.as_str());
                let points = series.samples.iter().flat_map(|sample| sample.points.values());
                let requests = points.map(|point| point.requests).sum();
                (labels.collect::<Vec<_>>().join(" "), requests)
            })
            .collect();
        let found: Vec<(&str, i64)> = found.iter().map(|(labels, count)| (labels.as_str(), *count)).collect();
        assert_eq!(found, expected, "{dimensions:?}");
    }

    #[test]
    fn each_value_is_a_series() {
        check(&[], &[("", 7)]);
        check(&[("deployment", false, &["blue"])], &[("blue", 5)]);
        check(&[("revisionName", false, &["*"])], &[("blue", 5), ("green", 2)]);
        check(&[("Deployment", true, &["blue"])], &[("green", 2)]);
        check(&[("deployment", false, &["red", "green"])], &[("green", 2), ("red", 0)]);
        check(&[("statusCodeClass", false, &["5xx"])], &[("5xx", 2)]);
        check(&[("status", false, &["5XX", "404"])], &[("404", 1), ("5xx", 2)]);
        check(&[("statusCode", true, &["2xx"])], &[("404", 1), ("500", 1), ("503", 1)]);
        check(
            &[("status_class", false, &["*"])],
            &[("2xx", 4), ("4xx", 1), ("5xx", 2)],
        );
        check(
            &[("deployment", false, &["*"]), ("statusCodeCategory", true, &["2xx"])],
            &[("blue 5xx", 2), ("green 4xx", 1)],
        );
    }

    #[test]
    fn what_is_wrong_with_a_dimension_is_said() {
        for (name, excludes, values, part) in [
            ("pod", false, vec!["a"], "endpoint, deployment"),
            ("deployment", false, vec![], "1 to 50"),
            ("deployment", true, vec!["*"], "stands alone"),
            ("status", false, vec!["6xx"], "503"),
            ("status", false, vec!["20"], "503"),
            ("statusCodeClass", false, vec!["503"], "5xx"),
        ] {
            let values = values.into_iter().map(str::to_owned).collect();
            let error = Dimension::new(name, excludes, values).expect_err(name).message;
            assert!(error.contains(name) && error.contains(part), "{error}");
        }
        let odd = DimensionSpec {
            name: "deployment".to_owned(),
            operator: Some("StartsWith".to_owned()),
            values: vec!["b".to_owned()],
        };
        assert!(odd.check().expect_err("odd").message.contains("Include or Exclude"));
    }
}
