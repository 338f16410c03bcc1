//! Conditions on spans, as a search filter states them. A trace matches if one of its spans satisfies all of them.

use crate::{
    block::{self, SpanSummary},
    index,
    pattern::Pattern,
    trigrams,
};

/// What of a span a condition is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanField {
    Name,
    Type,
    /// `OK`, `ERROR` or `UNSET`.
    Status,
    /// An attribute by its key. Texts are compared as they are, other values as their JSON.
    Attribute(String),
    /// The whole span as JSON.
    Content,
}

#[derive(Debug, Clone)]
pub enum SpanTest {
    Equal(String),
    NotEqual(String),
    In(Vec<String>),
    NotIn(Vec<String>),
    /// LIKE, ILIKE or RLIKE.
    Like(Pattern),
}

/// Conditions that one span must satisfy together.
#[derive(Debug, Clone, Default)]
pub struct SpanQuery {
    conditions: Vec<(SpanField, SpanTest)>,
    needs: Vec<Need>,
}

/// What the index must say of a block for it to be opened.
#[derive(Debug, Clone)]
enum Need {
    AnyTerm(Vec<u32>),
    Triples(Vec<usize>),
}

impl SpanQuery {
    pub fn and(&mut self, field: SpanField, test: SpanTest) {
        self.needs.extend(needs(&field, &test));
        self.conditions.push((field, test));
    }

    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether the index must be asked about text.
    pub fn reads_text(&self) -> bool {
        self.needs.iter().any(|need| matches!(need, Need::Triples(_)))
    }

    /// Whether a block with these index entries may hold a span that matches.
    pub fn may_match(&self, terms: &[u8], text: &[u8]) -> bool {
        self.needs.iter().all(|need| match need {
            Need::AnyTerm(any) => any.iter().any(|term| index::holds(terms, *term)),
            Need::Triples(hashes) => trigrams::may_hold(text, hashes),
        })
    }

    /// Whether a span matches; `content` is its JSON.
    pub fn matches(&self, summary: &SpanSummary, content: &str) -> bool {
        let mut attributes = None;
        self.conditions.iter().all(|(field, test)| match field {
            SpanField::Name => test.accepts(&summary.name),
            SpanField::Type => summary.span_type.as_deref().is_some_and(|value| test.accepts(value)),
            SpanField::Status => test.accepts(summary.status().name()),
            SpanField::Content => test.accepts(content),
            SpanField::Attribute(key) => attributes
                .get_or_insert_with(|| block::attributes(content))
                .get(key.as_str())
                .is_some_and(|value| test.accepts(&block::plain_value(value))),
        })
    }
}

impl SpanTest {
    fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Equal(wanted) => value == wanted,
            Self::NotEqual(wanted) => value != wanted,
            Self::In(any) => any.iter().any(|wanted| value == wanted),
            Self::NotIn(any) => any.iter().all(|wanted| value != wanted),
            Self::Like(pattern) => pattern.matches(value),
        }
    }
}

fn needs(field: &SpanField, test: &SpanTest) -> Vec<Need> {
    let name = match field {
        SpanField::Name => "name",
        SpanField::Type => "type",
        SpanField::Status => "status",
        SpanField::Attribute(key) => key,
        SpanField::Content => "",
    };
    let is_attribute = matches!(field, SpanField::Attribute(_));
    let place = if is_attribute {
        format!("attributes.{name}")
    } else {
        name.to_owned()
    };
    let mut needs = Vec::new();
    match test {
        _ if *field == SpanField::Content && !matches!(test, SpanTest::Like(_)) => {}
        SpanTest::Equal(value) => needs.push(Need::AnyTerm(vec![index::term(&place, value)])),
        SpanTest::In(any) => needs.push(Need::AnyTerm(
            any.iter().map(|value| index::term(&place, value)).collect(),
        )),
        _ if is_attribute => needs.push(Need::AnyTerm(vec![index::key(&place)])),
        _ => {}
    }
    // A status is written in another form in the content.
    if let SpanTest::Like(pattern) = test
        && *field != SpanField::Status
    {
        let escaped = *field != SpanField::Content;
        let hashes = pattern.pieces().iter();
        let hashes: Vec<usize> = hashes
            .flat_map(|piece| trigrams::hashes(piece, escaped, pattern.any_case()))
            .collect();
        if !hashes.is_empty() {
            needs.push(Need::Triples(hashes));
        }
    }
    needs
}
