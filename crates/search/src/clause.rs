//! One comparison as written, and the checks that turn its right side into a typed one.

use crate::error::{excerpt, invalid_comparator};
use crate::identifier::Identifier;
use crate::{Number, NumberComparison, NumberOperator, SearchError, TextComparison};

pub(crate) struct Clause<'a> {
    pub(crate) identifier: Identifier<'a>,
    pub(crate) test: Test<'a>,
}

pub(crate) enum Test<'a> {
    /// `comparator` is in upper case and may be one that nothing takes, such as `==`.
    Compare {
        comparator: String,
        operand: Operand<'a>,
    },
    List {
        negated: bool,
        values: Vec<String>,
    },
    Null {
        negated: bool,
    },
}

pub(crate) enum Operand<'a> {
    /// The text between single or double quotes, verbatim.
    Quoted(&'a str),
    Number(&'a str),
    /// A word or path without quotes.
    Bare(&'a str),
    /// A list after a comparator that takes none.
    List,
}

/// What the left side of a text comparison may be compared with besides `=`, `!=`, `LIKE` and `ILIKE`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    Nothing,
    Lists,
    Null,
}

impl Clause<'_> {
    /// The right side for text; `subject` names the left side in messages, as in "tag" or "attributes".
    pub(crate) fn text_comparison(&self, subject: &str, beyond: Beyond) -> Result<TextComparison, SearchError> {
        match &self.test {
            Test::Compare { comparator, operand } => {
                let value = quoted_value(operand, subject)?;
                compare_text(comparator, value).ok_or_else(|| invalid_comparator(comparator, text_comparators(beyond)))
            }
            Test::List { negated, values } if beyond == Beyond::Lists => Ok(compare_list(*negated, values.clone())),
            Test::Null { negated } if beyond == Beyond::Null => Ok(compare_null(*negated)),
            test => Err(invalid_comparator(test.comparator(), text_comparators(beyond))),
        }
    }

    pub(crate) fn metric_comparison(&self) -> Result<NumberComparison<f64>, SearchError> {
        let (operator, written) = self.number_parts("metric")?;
        Ok(NumberComparison {
            operator,
            value: parse_float(written)?,
        })
    }

    /// The right side for an attribute that holds a number and takes fractions.
    pub(crate) fn number_comparison(&self, attribute: &str) -> Result<NumberComparison<Number>, SearchError> {
        let (operator, written) = self.number_parts(&format!("numeric attribute: {attribute}"))?;
        let value = match written.parse() {
            Ok(integer) => Number::Integer(integer),
            Err(_) => Number::Float(parse_float(written)?),
        };
        Ok(NumberComparison { operator, value })
    }

    /// The right side for an attribute that takes integers only.
    pub(crate) fn integer_comparison(&self, attribute: &str) -> Result<NumberComparison<i64>, SearchError> {
        let (operator, written) = self.number_parts(&format!("numeric attribute: {attribute}"))?;
        let value = written.parse().map_err(|_| {
            let written = excerpt(written);
            SearchError::new(format!("Invalid value for numeric attribute '{attribute}': {written}"))
        })?;
        Ok(NumberComparison { operator, value })
    }

    fn number_parts(&self, subject: &str) -> Result<(NumberOperator, &str), SearchError> {
        let Test::Compare { comparator, operand } = &self.test else {
            return Err(invalid_comparator(self.test.comparator(), number_comparators()));
        };
        let operator = NumberOperator::from_symbol(comparator)
            .ok_or_else(|| invalid_comparator(comparator, number_comparators()))?;
        match operand {
            Operand::Number(written) => Ok((operator, written)),
            other => Err(SearchError::new(format!(
                "Expected numeric value type for {subject}. Found {}",
                other.shown()
            ))),
        }
    }
}

impl Test<'_> {
    pub(crate) fn comparator(&self) -> &str {
        match self {
            Self::Compare { comparator, .. } => comparator,
            Self::List { negated: false, .. } => "IN",
            Self::List { negated: true, .. } => "NOT IN",
            Self::Null { negated: false } => "IS NULL",
            Self::Null { negated: true } => "IS NOT NULL",
        }
    }
}

impl Operand<'_> {
    /// The operand as messages repeat it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Quoted(text) => format!("'{}'", excerpt(text)),
            Self::Number(text) | Self::Bare(text) => excerpt(text),
            Self::List => "a list".to_owned(),
        }
    }
}

pub(crate) fn quoted_value<'a>(operand: &Operand<'a>, subject: &str) -> Result<&'a str, SearchError> {
    match operand {
        Operand::Quoted(value) => Ok(value),
        Operand::Bare(value) if !value.eq_ignore_ascii_case("NULL") => Err(SearchError::new(format!(
            "Parameter value is either not quoted or unidentified quote types used for string value {}. Use either \
             single or double quotes.",
            excerpt(value)
        ))),
        other => Err(SearchError::new(format!(
            "Expected a quoted string value for {subject} (e.g. 'my-value'). Got value {}",
            other.shown()
        ))),
    }
}

/// The comparison a comparator makes with one value, unless it makes none with text.
pub(crate) fn compare_text(comparator: &str, value: &str) -> Option<TextComparison> {
    let value = value.to_owned();
    match comparator {
        "=" => Some(TextComparison::Equal(value)),
        "!=" => Some(TextComparison::NotEqual(value)),
        "LIKE" => Some(TextComparison::Like(value)),
        "ILIKE" => Some(TextComparison::ILike(value)),
        _ => None,
    }
}

pub(crate) fn compare_list(negated: bool, values: Vec<String>) -> TextComparison {
    if negated {
        TextComparison::NotIn(values)
    } else {
        TextComparison::In(values)
    }
}

fn compare_null(negated: bool) -> TextComparison {
    if negated {
        TextComparison::IsNotNull
    } else {
        TextComparison::IsNull
    }
}

pub(crate) fn text_comparators(beyond: Beyond) -> impl Iterator<Item = &'static str> {
    let more: &[&str] = match beyond {
        Beyond::Nothing => &[],
        Beyond::Lists => &["IN", "NOT IN"],
        Beyond::Null => &["IS NULL", "IS NOT NULL"],
    };
    ["!=", "=", "LIKE", "ILIKE"].into_iter().chain(more.iter().copied())
}

pub(crate) fn number_comparators() -> impl Iterator<Item = &'static str> {
    NumberOperator::ALL.into_iter().map(NumberOperator::symbol)
}

/// Reads a number token. Too large a number is infinite, as in Python.
fn parse_float(written: &str) -> Result<f64, SearchError> {
    written
        .parse()
        .map_err(|_| SearchError::new(format!("Invalid number {}", excerpt(written))))
}
