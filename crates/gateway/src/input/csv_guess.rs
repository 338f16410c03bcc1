//! The types that `pandas.read_csv` gives columns when it is told none: of a model without a signature.
//!
//! What is odd enough for pandas to have types of its own, or decided by block of rows, is refused with the column's
//! name. Numbers beyond a double are infinite, as in pandas 3; before, `1e400` made its column one of texts.

use super::csv::{is_missing, truth_of};
use crate::frame::{Column, ColumnData, Frame, Layout};

/// pandas types blocks of more than this many cells one by one, and then puts them together.
const BLOCK_CELLS: usize = 1 << 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Missing,
    Truth(bool),
    Integer(i64),
    /// Beyond 64 bits with a sign; pandas has unsigned and text columns for these.
    HugeInteger,
    Decimal,
    /// Whether pandas takes it for infinite depends on the side that the blanks are on.
    BlankInfinity,
    Text,
}

/// The table, or what of it only pandas can read.
pub(super) fn frame(text: &str, header: &csv::StringRecord, rows: &[csv::StringRecord]) -> Result<Frame, String> {
    if !is_quoted_plainly(text) {
        return Err("CSV with quotes inside a cell that is not quoted as a whole".into());
    }
    // pandas passes over such lines; of more columns they are short rows.
    let is_blank = |line: &csv::StringRecord| line.len() == 1 && !line[0].is_empty() && trimmed(&line[0]).is_empty();
    if is_blank(header) || rows.iter().any(is_blank) {
        return Err("CSV with a line of blanks".into());
    }
    if rows.is_empty() {
        return Err("CSV without rows for a model without a signature".into());
    }
    if let Some(index) = rows.iter().position(|row| row.len() != header.len()) {
        return Err(format!(
            "CSV whose row {} has another number of cells ({}) than the header ({})",
            index + 1,
            rows[index].len(),
            header.len()
        ));
    }
    let mut names: Vec<String> = header.iter().map(str::to_owned).collect();
    for (index, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()) {
        *name = format!("Unnamed: {index}");
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    if let Some([name, _]) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("CSV with two columns called '{name:.100}'"));
    }
    let in_blocks = rows.len().saturating_mul(header.len()) >= BLOCK_CELLS;
    let mut columns = Vec::with_capacity(names.len());
    for (index, name) in names.into_iter().enumerate() {
        let cells = rows.iter().map(|row| &row[index]);
        let data = data(cells, in_blocks).map_err(|reason| format!("the CSV column '{name:.100}': {reason}"))?;
        columns.push(Column { name, data });
    }
    Ok(Frame {
        layout: Layout::Table,
        rows: rows.len(),
        columns,
    })
}

fn data<'c>(cells: impl Iterator<Item = &'c str> + Clone, in_blocks: bool) -> Result<ColumnData, &'static str> {
    let kinds: Vec<Kind> = cells.clone().map(kind).collect();
    let has = |wanted: fn(&Kind) -> bool| kinds.iter().any(wanted);
    let missing = has(|kind| *kind == Kind::Missing);
    let truths = has(|kind| matches!(kind, Kind::Truth(_)));
    let huge = has(|kind| *kind == Kind::HugeInteger);
    let decimals = has(|kind| *kind == Kind::Decimal);
    let numbers = decimals || huge || has(|kind| matches!(kind, Kind::Integer(_)));
    let texts = has(|kind| *kind == Kind::Text);
    if has(|kind| *kind == Kind::BlankInfinity) {
        return Err("an infinity between blanks");
    }
    if texts || (truths && numbers) {
        if in_blocks && (truths || numbers) {
            return Err("texts among numbers or truth values in a table of this size");
        }
        let text = |cell: &str| (!is_missing(cell)).then(|| cell.to_owned());
        return Ok(ColumnData::Text(cells.map(text).collect()));
    }
    if truths && missing {
        return Err("truth values of which some are missing");
    }
    if huge {
        return Err("an integer beyond 64 bits");
    }
    if truths {
        let truth = |kind: &Kind| matches!(kind, Kind::Truth(true));
        return Ok(ColumnData::Boolean(kinds.iter().map(truth).collect()));
    }
    if numbers && !decimals && !missing {
        let integer = |kind: &Kind| if let Kind::Integer(value) = kind { *value } else { 0 };
        return Ok(ColumnData::Long(kinds.iter().map(integer).collect()));
    }
    let double = |(cell, kind): (&str, &Kind)| match kind {
        Kind::Integer(_) | Kind::Decimal => trimmed(cell).parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    };
    Ok(ColumnData::Double(cells.zip(&kinds).map(double).collect()))
}

fn kind(cell: &str) -> Kind {
    if is_missing(cell) {
        return Kind::Missing;
    }
    if let Some(truth) = truth_of(cell) {
        return Kind::Truth(truth);
    }
    let number = trimmed(cell);
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.parse().map_or(Kind::HugeInteger, Kind::Integer);
    }
    if digits.eq_ignore_ascii_case("inf") || digits.eq_ignore_ascii_case("infinity") {
        return if number == cell {
            Kind::Decimal
        } else {
            Kind::BlankInfinity
        };
    }
    // Rust and pandas read the same digits, points and exponents; only Rust takes more words for numbers.
    let starts_as_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if starts_as_number && number.parse::<f64>().is_ok() {
        Kind::Decimal
    } else {
        Kind::Text
    }
}

/// Without what C takes for blanks.
fn trimmed(cell: &str) -> &str {
    cell.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b')
}

/// Whether quotes stand only around whole cells, which everybody reads alike.
fn is_quoted_plainly(text: &str) -> bool {
    let (mut quoted, mut before) = (false, b'\n');
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'"' && quoted && bytes.peek() == Some(&b'"') {
            bytes.next();
        } else if byte == b'"' && quoted {
            quoted = false;
            if bytes.peek().is_some_and(|next| !b",\r\n".contains(next)) {
                return false;
            }
        } else if byte == b'"' {
            if !b",\r\n".contains(&before) {
                return false;
            }
            quoted = true;
        }
        before = byte;
    }
    !quoted
}
