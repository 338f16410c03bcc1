//! Conditions as Azure's command line writes them: `avg HttpResponseTime > 5000`,
//! `total Requests >= 10 where deployment includes blue and statusCodeClass includes 5xx`.

use super::dimension::Dimension;
use crate::{
    error::{Result, invalid},
    monitoring::operational::figures::Aggregation,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    Equals,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub aggregation: Aggregation,
    pub metric: String,
    pub operator: Operator,
    pub threshold: f64,
    pub dimensions: Vec<Dimension>,
}

impl Operator {
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            ">" | "greaterthan" | "gt" => Ok(Self::GreaterThan),
            ">=" | "greaterthanorequal" | "gte" => Ok(Self::GreaterThanOrEqual),
            "<" | "lessthan" | "lt" => Ok(Self::LessThan),
            "<=" | "lessthanorequal" | "lte" => Ok(Self::LessThanOrEqual),
            "=" | "==" | "equals" | "eq" => Ok(Self::Equals),
            _ => Err(invalid(format!(
                "Invalid value '{text}' for parameter '{field}' supplied: it must be GreaterThan (>), GreaterThanOrEqual (>=), LessThan (<), LessThanOrEqual (<=) or Equals (=)."
            ))),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::GreaterThan => "GreaterThan",
            Self::GreaterThanOrEqual => "GreaterThanOrEqual",
            Self::LessThan => "LessThan",
            Self::LessThanOrEqual => "LessThanOrEqual",
            Self::Equals => "Equals",
        }
    }

    pub fn sign(self) -> &'static str {
        match self {
            Self::GreaterThan => ">",
            Self::GreaterThanOrEqual => ">=",
            Self::LessThan => "<",
            Self::LessThanOrEqual => "<=",
            Self::Equals => "=",
        }
    }

    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThan => value > threshold,
            Self::GreaterThanOrEqual => value >= threshold,
            Self::LessThan => value < threshold,
            Self::LessThanOrEqual => value <= threshold,
            Self::Equals => value == threshold,
        }
    }
}

impl Condition {
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            invalid(format!(
                "Invalid value '{text}' for parameter 'condition' supplied: {why}. Write AGGREGATION METRIC OPERATOR THRESHOLD, such as avg HttpResponseTime > 5000."
            ))
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [aggregation, metric, operator, threshold, rest @ ..] = words.as_slice() else {
            return Err(refuse("it has too few words"));
        };
        let threshold: f64 = threshold
            .parse()
            .map_err(|_| refuse(&format!("`{threshold}` is not a number")))?;
        if !threshold.is_finite() {
            return Err(refuse("the threshold must be finite"));
        }
        // Azure's names carry their namespace in quotes: avg "Microsoft.App/containerApps".Replicas.
        let metric = metric.rsplit('.').next().unwrap_or(metric).trim_matches('"');
        Ok(Self {
            aggregation: Aggregation::parse("condition", aggregation)?,
            metric: metric.to_owned(),
            operator: Operator::parse("condition", operator)?,
            threshold,
            dimensions: dimensions(rest).unwrap_or_else(|| {
                Err(refuse(
                    "after the threshold only `where DIMENSION includes VALUE or VALUE and DIMENSION excludes VALUE ..` may follow",
                ))
            })?,
        })
    }
}

/// None if the words are no dimensions at all.
fn dimensions(words: &[&str]) -> Option<Result<Vec<Dimension>>> {
    let mut found = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let [joint, name, operator, value, more @ ..] = rest else {
            return None;
        };
        let expected = if found.is_empty() { "where" } else { "and" };
        let excludes = match operator.to_ascii_lowercase().as_str() {
            "includes" | "=" => false,
            "excludes" | "!=" => true,
            _ => return None,
        };
        if !joint.eq_ignore_ascii_case(expected) {
            return None;
        }
        let mut values = vec![(*value).to_owned()];
        rest = more;
        while let [or, value, more @ ..] = rest
            && or.eq_ignore_ascii_case("or")
        {
            values.push((*value).to_owned());
            rest = more;
        }
        found.push(Dimension::new(name, excludes, values));
    }
    Some(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn azures_conditions_are_read() {
        for (text, aggregation, metric, sign, threshold, dimensions) in [
            (
                "avg HttpResponseTime > 5000",
                Aggregation::Average,
                "HttpResponseTime",
                ">",
                5000.0,
                0,
            ),
            ("avg Replicas < 1", Aggregation::Average, "Replicas", "<", 1.0, 0),
            (
                "total Errors >= 1.5 where deployment includes blue or green and endpoint = x",
                Aggregation::Total,
                "Errors",
                ">=",
                1.5,
                2,
            ),
            (
                "max \"Microsoft.App/containerApps\".Replicas = 0",
                Aggregation::Maximum,
                "Replicas",
                "=",
                0.0,
                0,
            ),
        ] {
            let read = Condition::parse(text).expect(text);
            assert_eq!(
                (
                    read.aggregation,
                    read.metric.as_str(),
                    read.operator.sign(),
                    read.threshold,
                    read.dimensions.len()
                ),
                (aggregation, metric, sign, threshold, dimensions),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_condition_is_said() {
        for (text, part) in [
            ("", "too few"),
            ("avg HttpResponseTime >", "too few"),
            ("avg HttpResponseTime > fast", "`fast` is not a number"),
            ("avg HttpResponseTime > inf", "finite"),
            ("typical HttpResponseTime > 5", "Average, Minimum"),
            ("avg HttpResponseTime ~ 5", "GreaterThan"),
            ("avg HttpResponseTime > 5 for 5m", "where DIMENSION"),
            ("avg Requests > 5 where deployment includes a or", "where DIMENSION"),
            ("avg Requests > 5 where deployment resembles a", "where DIMENSION"),
        ] {
            let error = Condition::parse(text).expect_err(text).message;
            assert!(error.contains(part) && error.contains("condition"), "{text}: {error}");
        }
    }
}
