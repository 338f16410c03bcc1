//! Conditions on spans, as a search filter states them. A trace matches if one of its spans satisfies all of them.

use crate::{
    block::{self, SpanSummary},
    index::{self, Entry},
    pattern::Pattern,
    segment::{self, Blocks},
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
pub enum Need {
    AnyTerm(Vec<u32>),
    Triples(Vec<usize>),
}

impl Need {
    /// The numbers of the parts of a segment that tell of it.
    pub fn parts(&self) -> Vec<i64> {
        let mut parts: Vec<i64> = match self {
            Self::AnyTerm(any) => any.iter().map(|term| segment::term_part(*term)).collect(),
            Self::Triples(hashes) => hashes.iter().map(|hash| segment::text_part(*hash)).collect(),
        };
        parts.sort_unstable();
        parts.dedup();
        parts
    }

    /// The blocks that one of these parts lets pass; none of a part that is damaged.
    pub fn read(&self, number: i64, part: &[u8]) -> Option<Blocks> {
        match self {
            Self::AnyTerm(any) => segment::with_any(part, any),
            Self::Triples(hashes) => segment::with_all(part, number, hashes),
        }
    }

    /// Takes what one more part says into what the parts before it said.
    pub fn join(&self, passing: &mut Option<Blocks>, part: Blocks) {
        match (self, passing) {
            (_, passing @ None) => *passing = Some(part),
            (Self::AnyTerm(_), Some(passing)) => passing.unite(&part),
            (Self::Triples(_), Some(passing)) => passing.intersect(&part),
        }
    }
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

    /// What the index must say of a block, all of it. Empty if the index rules out nothing.
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// Whether a block with this entry may hold a span that matches.
    pub fn may_match(&self, entry: &Entry<'_>) -> bool {
        self.needs.iter().all(|need| match need {
            Need::AnyTerm(any) => any.iter().any(|term| entry.holds(*term)),
            Need::Triples(hashes) => trigrams::may_hold(entry.text, hashes),
        })
    }

    /// Whether more is needed of spans than their summaries.
    pub fn reads_content(&self) -> bool {
        let of_content = |field: &SpanField| matches!(field, SpanField::Content | SpanField::Attribute(_));
        self.conditions.iter().any(|(field, _)| of_content(field))
    }

    /// Whether a span of a block may match; `text` is the content of all its spans.
    pub fn may_be_in(&self, text: &str) -> bool {
        self.conditions.iter().all(|(field, test)| match (field, test) {
            (SpanField::Content, SpanTest::Like(pattern)) => pattern.may_be_in(text),
            _ => true,
        })
    }

    /// Whether a span matches; `content` is its JSON.
    pub fn matches(&self, summary: &SpanSummary, content: &str) -> bool {
        self.conditions.iter().all(|(field, test)| match field {
            SpanField::Name => test.accepts(&summary.name),
            SpanField::Type => summary.span_type.as_deref().is_some_and(|value| test.accepts(value)),
            SpanField::Status => test.accepts(summary.status().name()),
            SpanField::Content => test.accepts(content),
            SpanField::Attribute(key) => {
                block::attribute(content, key).is_some_and(|value| test.accepts(&block::plain_value(&value)))
            }
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
