//! LightGBM's text format: a header of `key=value` lines, one block a tree, and what training knew, which is ignored.

use std::collections::HashMap;
use std::str::FromStr;

use crate::error::Refusal;

/// Formats that are read: `v3` is that of LightGBM 2.3 to 3.3, `v4` that of 4.0 and later.
const VERSIONS: [&str; 2] = ["v3", "v4"];

pub(super) struct File<'a> {
    pub(super) header: Section<'a>,
    pub(super) trees: Vec<Section<'a>>,
}

/// The `key=value` lines of the header or of a tree.
pub(super) struct Section<'a> {
    name: String,
    values: HashMap<&'a str, &'a str>,
}

impl<'a> File<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new("file", "is not UTF-8 text"))?;
        let mut lines = text.lines();
        if lines.next() != Some("tree") {
            return Err(Refusal::new(
                "file",
                "is not a LightGBM model: its first line is not `tree`",
            ));
        }
        let mut sections = vec![Section::new("header".to_owned())];
        for line in lines {
            if line == "end of trees" {
                return Self::checked(sections);
            }
            match line.split_once('=') {
                Some(("Tree", number)) => sections.push(Section::new(format!("Tree={number}"))),
                Some((key, value)) => {
                    if let Some(section) = sections.last_mut() {
                        section.values.insert(key, value);
                    }
                }
                // Such as `average_output`.
                None if !line.is_empty() => {
                    if let Some(section) = sections.last_mut() {
                        section.values.insert(line, "");
                    }
                }
                None => {}
            }
        }
        Err(Refusal::new("file", "has no `end of trees`; it was cut off"))
    }

    fn checked(mut sections: Vec<Section<'a>>) -> Result<Self, Refusal> {
        let trees = sections.split_off(1);
        let Some(header) = sections.pop() else {
            return Err(Refusal::new("file", "has no header"));
        };
        let version = header.text("version")?;
        if VERSIONS.contains(&version) {
            Ok(Self { header, trees })
        } else {
            Err(header.refuse("version", format!("is {version}; {} are read", VERSIONS.join(" and "))))
        }
    }
}

impl<'a> Section<'a> {
    fn new(name: String) -> Self {
        Self {
            name,
            values: HashMap::new(),
        }
    }

    pub(super) fn refuse(&self, key: &str, reason: impl Into<String>) -> Refusal {
        Refusal::new(format!("{}.{key}", self.name), reason)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    pub(super) fn find(&self, key: &str) -> Option<&'a str> {
        self.values.get(key).copied()
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str, Refusal> {
        self.find(key).ok_or_else(|| self.refuse(key, "is missing"))
    }

    pub(super) fn number<T: FromStr>(&self, key: &str) -> Result<T, Refusal> {
        let text = self.text(key)?;
        text.parse().map_err(|_| self.refuse(key, format!("is `{text}`")))
    }

    /// `count` values parted by spaces.
    pub(super) fn list<T: FromStr>(&self, key: &str, count: usize) -> Result<Vec<T>, Refusal> {
        let values: Vec<T> = self
            .text(key)?
            .split_ascii_whitespace()
            .map(|item| item.parse().map_err(|_| self.refuse(key, format!("has `{item}`"))))
            .collect::<Result<_, _>>()?;
        if values.len() == count {
            Ok(values)
        } else {
            Err(self.refuse(key, format!("has {} values, not {count}", values.len())))
        }
    }
}
