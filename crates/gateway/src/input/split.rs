//! `dataframe_split`: columns and rows apart, as `DataFrame.to_dict(orient="split")` writes them.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::cell::Cell;
use super::enforce::{self, Outcome, Route};
use super::envelope::{Problem, read};
use super::grid::{Grid, Lists};
use super::records::Key;
use crate::error::ScoreError;
use crate::signature::Inputs;

/// The object's members, found but not read.
#[derive(Default)]
struct Members<'a> {
    columns: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    index: Option<&'a RawValue>,
    extra: Option<Cow<'a, str>>,
}

impl<'de> serde::de::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> serde::de::Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
                formatter.write_str("a dataframe in split notation")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members::default();
                while let Some(Key(key)) = map.next_key()? {
                    match &*key {
                        "columns" => members.columns = Some(map.next_value()?),
                        "data" => members.data = Some(map.next_value()?),
                        "index" => members.index = Some(map.next_value()?),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            members.extra = Some(key);
                        }
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

pub(super) fn parse(raw: &RawValue, inputs: &Inputs) -> Result<Outcome, Problem> {
    match raw.get().as_bytes().first() {
        Some(b'{') => {}
        Some(b'[') => return Err(bad("Dataframe split format must be a dictionary. Got list.".into())),
        _ => return Err(bad("Dataframe split format must be a dictionary.".into())),
    }
    let members: Members = read(raw)?;
    let Some(data) = members.data.filter(|_| members.extra.is_none()) else {
        let found = members.extra.map_or(String::new(), |extra| format!(" Got '{extra}'."));
        return Err(bad(format!(
            "Dataframe split format must have 'data' field and optionally 'columns' and 'index' fields.{found}"
        )));
    };
    let Ok(lists) = read::<Lists>(data) else {
        return Ok(Err("dataframe_split.data is not a list of rows"));
    };
    if !lists.scalars.is_empty() {
        return Ok(Err("dataframe_split.data is not a list of rows"));
    }
    if members
        .index
        .is_some_and(|index| !is_default_index(index, lists.rows()))
    {
        return Ok(Err("dataframe_split.index is not the default one"));
    }
    let names = match members.columns.map(read::<Option<Vec<Key>>>).transpose() {
        Ok(names) => names.flatten(),
        Err(_) => return Ok(Err("column names that are not text")),
    };
    let names = names.map(|names| names.into_iter().map(|Key(name)| name).collect::<Vec<_>>());
    let grid = named_grid(lists, names)?;
    enforce::frame(&grid, inputs, Route::Pandas).map_err(Problem::Answer)
}

fn named_grid<'a>(lists: Lists<'a>, names: Option<Vec<Cow<'a, str>>>) -> Result<Grid<'a>, Problem> {
    let Some(names) = names else {
        return Ok(lists.into_grid());
    };
    if lists.rows() == 0 {
        return Ok(Grid {
            width: names.len(),
            names: Some(names),
            ..Grid::default()
        });
    }
    if lists.width() != names.len() {
        return Err(bad(format!(
            "Provided dataframe_split field is not a valid dataframe representation in 'split' format. \
             Error: '{} columns passed, passed data had {} columns'",
            names.len(),
            lists.width()
        )));
    }
    Ok(Grid {
        names: Some(names),
        ..lists.into_grid()
    })
}

/// `[0, 1, 2, ..]`, which pandas would have made itself.
fn is_default_index(raw: &RawValue, rows: usize) -> bool {
    read::<Option<Vec<Cell>>>(raw).is_ok_and(|index| {
        index.is_none_or(|index| {
            index.len() == rows
                && index
                    .iter()
                    .enumerate()
                    .all(|(at, cell)| *cell == Cell::Integer(at as i64))
        })
    })
}

fn bad(message: String) -> Problem {
    Problem::Answer(ScoreError::BadRequest(format!("Invalid input. {message}")))
}
