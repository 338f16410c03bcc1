//! Infrequent categories, which both encoders may put together as one.

use super::category_codes::CategoryCodes;
use crate::error::Refusal;
use crate::skops::Object;

/// What becomes of the category numbers of one column.
#[derive(Default)]
pub(super) struct Grouping {
    /// The number of its group for each category; `None` where each is a group of its own.
    groups: Option<Vec<usize>>,
    infrequent: Option<usize>,
}

impl Grouping {
    pub(super) fn read_all(object: &Object<'_>, columns: &[CategoryCodes]) -> Result<Vec<Self>, Refusal> {
        let enabled = object.find("_infrequent_enabled");
        if !enabled.map_or(Ok(false), |node| node.boolean())? {
            return Ok(columns.iter().map(|_| Self::default()).collect());
        }
        let mappings = object.get("_default_to_infrequent_mappings")?;
        let infrequent = object.get("_infrequent_indices")?.items()?;
        let mapped = mappings.items()?;
        if mapped.len() != columns.len() || infrequent.len() != columns.len() {
            return Err(mappings.refuse(format!("has {} lists for {} columns", mapped.len(), columns.len())));
        }
        let pairs = mapped.iter().zip(&infrequent).zip(columns);
        pairs
            .map(|((mapping, infrequent), codes)| {
                if mapping.is_none() || infrequent.is_none() {
                    return Ok(Self::default());
                }
                let count = codes.count();
                let place = |&place: &i64| usize::try_from(place).ok().filter(|place| *place < count);
                let groups: Option<Vec<usize>> = mapping.integers()?.iter().map(place).collect();
                let groups = groups.filter(|groups| groups.len() == count);
                let groups = groups.ok_or_else(|| mapping.refuse(format!("does not fit {count} categories")))?;
                let first = infrequent.integers()?.first().and_then(place);
                let first = first.ok_or_else(|| infrequent.refuse("is no list of categories"))?;
                Ok(Self {
                    infrequent: Some(groups[first]),
                    groups: Some(groups),
                })
            })
            .collect()
    }

    /// The group of a category.
    pub(super) fn of(&self, category: usize) -> usize {
        self.groups.as_ref().map_or(category, |groups| groups[category])
    }

    /// The group of infrequent categories, if there is one.
    pub(super) fn infrequent(&self) -> Option<usize> {
        self.infrequent
    }

    pub(super) fn count(&self, categories: usize) -> usize {
        let groups = self.groups.as_ref().and_then(|groups| groups.iter().max());
        groups.map_or(categories, |last| last + 1)
    }
}
