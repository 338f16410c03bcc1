//! Tables that people send: Parquet, CSV, JSON.

use crate::{
    payload,
    table::{Cell, Table, TableBuilder, TableError},
};
use bytes::Bytes;

/// What a body that should be a table is not.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("{0}")]
    Table(#[from] TableError),
    #[error("{0}")]
    Text(String),
}

/// Reads a table by its content type: Parquet, `text/csv`, a JSON list of objects, or an object on each line.
pub fn read_upload(content_type: &str, body: Bytes) -> Result<Table, UploadError> {
    if body.starts_with(b"PAR1") {
        return Ok(Table::from_parquet(body, None)?);
    }
    let text = std::str::from_utf8(&body)
        .map_err(|_| UploadError::Text("the body is neither Parquet nor UTF-8 text".to_owned()))?;
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let rows = match essence {
        "text/csv" => payload::csv(text),
        "application/x-ndjson" | "application/jsonl" => {
            let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            payload::inputs("application/json", &format!("[{}]", lines.join(",")))
        }
        "application/json" => payload::inputs("application/json", &list_of(text)),
        other => {
            return Err(UploadError::Text(format!(
                "the content type `{other}` is none of application/vnd.apache.parquet, text/csv, application/json and application/x-ndjson"
            )));
        }
    };
    let rows = rows.ok_or_else(|| {
        UploadError::Text(format!(
            "the body is not a table in {essence}: rows of equal columns, with their names"
        ))
    })?;
    let mut table = TableBuilder::default();
    let columns: Vec<usize> = rows.columns.iter().map(|name| table.column(name)).collect();
    for row in rows.rows {
        table.push(columns.iter().copied().zip(row));
    }
    Ok(table.build())
}

/// `{"rows": [..]}` is the list.
fn list_of(text: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        rows: &'a serde_json::value::RawValue,
    }
    serde_json::from_str::<Wrapped<'_>>(text).map_or_else(|_| text.to_owned(), |wrapped| wrapped.rows.get().to_owned())
}

impl Table {
    /// The value of a row in the first of these columns that there is.
    pub fn cell(&self, names: &[&str], row: usize) -> Cell {
        names
            .iter()
            .find_map(|name| self.column(name))
            .map_or(Cell::Null, |column| column.cells.cell(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_in_every_form() {
        let bytes = |text: &str| Bytes::from(text.to_owned());
        let csv = read_upload("text/csv; charset=utf-8", bytes("a,b\n1,x\n2,\n")).expect("csv");
        for (content_type, body) in [
            ("application/json", r#"[{"a": 1, "b": "x"}, {"a": 2, "b": null}]"#),
            ("application/json", r#"{"rows": [{"a": 1, "b": "x"}, {"a": 2}]}"#),
            ("application/x-ndjson", "{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2}\n"),
        ] {
            assert_eq!(read_upload(content_type, bytes(body)).expect(body), csv);
        }
        let parquet = Bytes::from(csv.to_parquet().expect("written"));
        assert_eq!(read_upload("", parquet).expect("parquet"), csv);
        for (content_type, body) in [
            ("text/html", "<p>"),
            ("application/json", "3"),
            ("text/csv", "a,b\n1\n"),
        ] {
            assert!(read_upload(content_type, bytes(body)).is_err(), "{body}");
        }
    }
}
