//! What names, users and questions a review queue may have.

use super::validate::{distinct, python_list};
use crate::{
    error::{ApiError, Result, invalid},
    tracking::validate::text,
};

const NAME_LENGTH: usize = 250;
pub const USER_LENGTH: usize = 250;
const SCHEMA_ID_LENGTH: usize = 36;
const ITEM_ID_LENGTH: usize = 50;
const USERS: usize = 10;
const SCHEMAS: usize = 1000;
pub const ITEMS_PER_CALL: usize = 10_000;
const RESERVED_NAME: &str = "default";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// One person's own worklist, named after that person.
    User,
    Custom,
}

impl QueueKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Custom => "CUSTOM",
        }
    }
}

#[derive(Debug)]
pub struct QueueParts {
    pub name: String,
    pub users: Vec<String>,
    pub schema_ids: Vec<String>,
}

impl QueueParts {
    pub fn new(
        kind: QueueKind,
        name: &str,
        queue_users: Option<Vec<String>>,
        queue_schemas: Option<Vec<String>>,
    ) -> Result<Self> {
        let mut users = users(queue_users.unwrap_or_default())?;
        let schema_ids = schema_ids(queue_schemas.unwrap_or_default())?;
        if kind == QueueKind::Custom {
            let name = custom_name(name)?;
            return Ok(Self {
                name,
                users,
                schema_ids,
            });
        }
        let name = user(name);
        filled("name", &name, NAME_LENGTH)?;
        if users.is_empty() {
            users.push(name.clone());
        } else if users != [name.as_str()] {
            return Err(invalid(format!(
                "A user queue must have exactly one assigned user equal to its name; got name='{name}' and users={}.",
                python_list(users.iter().map(String::as_str))
            )));
        }
        if !schema_ids.is_empty() {
            return Err(invalid(
                "A user queue cannot have explicitly-attached schemas; it resolves to all of the experiment's label \
                 schemas.",
            ));
        }
        Ok(Self {
            name,
            users,
            schema_ids,
        })
    }
}

fn filled(field: &str, value: &str, limit: usize) -> Result<()> {
    text(field, value)?;
    let length = value.chars().count();
    if length == 0 {
        return Err(invalid(format!("`{field}` must be a non-empty string; got ''.")));
    }
    if length > limit {
        return Err(invalid(format!(
            "`{field}` must be at most {limit} characters; got {length}."
        )));
    }
    Ok(())
}

/// People are compared without regard to case.
pub fn user(name: &str) -> String {
    name.trim().to_lowercase()
}

pub fn users(names: Vec<String>) -> Result<Vec<String>> {
    let users: Vec<String> = names.iter().map(|name| user(name)).collect();
    users.iter().try_for_each(|name| filled("user", name, USER_LENGTH))?;
    let users = distinct(users);
    if users.len() > USERS {
        return Err(invalid(format!(
            "A review queue can have at most {USERS} assigned users; got {}.",
            users.len()
        )));
    }
    Ok(users)
}

pub fn schema_ids(ids: Vec<String>) -> Result<Vec<String>> {
    super::validate::at_most_entries("schema_ids", ids.len(), SCHEMAS)?;
    let ids: Vec<String> = ids.iter().map(|id| id.trim().to_owned()).collect();
    ids.iter()
        .try_for_each(|id| filled("schema_id", id, SCHEMA_ID_LENGTH))?;
    Ok(distinct(ids))
}

pub fn item_ids(ids: Option<Vec<String>>) -> Result<Vec<String>> {
    let ids = ids.unwrap_or_default();
    if ids.is_empty() {
        return Err(invalid("`item_ids` must be a non-empty list; got []."));
    }
    super::validate::at_most_entries("item_ids", ids.len(), ITEMS_PER_CALL)?;
    let ids: Vec<String> = ids.iter().map(|id| id.trim().to_owned()).collect();
    ids.iter().try_for_each(|id| filled("item_id", id, ITEM_ID_LENGTH))?;
    Ok(distinct(ids))
}

pub fn custom_name(name: &str) -> Result<String> {
    let name = name.trim();
    filled("name", name, NAME_LENGTH)?;
    if name.to_lowercase() == RESERVED_NAME {
        return Err(invalid(format!(
            "`{name}` is a reserved queue name and cannot be used for a custom queue."
        )));
    }
    Ok(name.to_owned())
}

pub fn owner(name: &str) -> Result<String> {
    let name = name.trim();
    filled("new_owner", name, USER_LENGTH)?;
    Ok(name.to_owned())
}

/// Names are one when they differ in case only.
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

pub fn taken(name: &str) -> ApiError {
    crate::error::already_exists(format!(
        "Review queue with name '{name}' already exists (names are case-insensitive)."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|&value| value.to_owned()).collect()
    }

    #[test]
    fn a_user_queue_is_its_user() {
        let parts = QueueParts::new(QueueKind::User, " Carl ", None, None).expect("a queue");
        assert_eq!((parts.name.as_str(), parts.users), ("carl", texts(&["carl"])));
        for (users, schemas) in [(Some(texts(&["x"])), None), (None, Some(texts(&["s"])))] {
            assert!(QueueParts::new(QueueKind::User, "carl", users, schemas).is_err());
        }
    }

    #[test]
    fn a_custom_queue_has_distinct_users_and_a_name_of_its_own() {
        let users = texts(&[" Bob ", "ann", "bob"]);
        let parts = QueueParts::new(QueueKind::Custom, " Q1 ", Some(users), None).expect("a queue");
        assert_eq!((parts.name.as_str(), parts.users), ("Q1", texts(&["bob", "ann"])));
        for (name, users) in [
            ("DEFAULT", texts(&[])),
            ("  ", texts(&[])),
            ("q", texts(&[" "])),
            ("q", (0..11).map(|n| n.to_string()).collect()),
        ] {
            assert!(
                QueueParts::new(QueueKind::Custom, name, Some(users), None).is_err(),
                "{name}"
            );
        }
    }

    #[test]
    fn items_are_named_once() {
        assert_eq!(item_ids(Some(texts(&["b", " a", "a"]))).ok(), Some(texts(&["b", "a"])));
        for bad in [None, Some(texts(&[" "])), Some(vec!["x".repeat(51)])] {
            assert!(item_ids(bad).is_err());
        }
    }
}
