//! The values of an `IN` list.
//!
//! MLflow reads such a list as a Python tuple literal. So a trailing comma is fine and, unlike in single values,
//! backslash escapes work. Other Python (numbers, prefixes, adjacent strings, nesting) is refused.

use std::str::Chars;

use crate::SearchError;
use crate::cursor::Cursor;
use crate::error::excerpt;
use crate::limits::LIST_VALUES_MAX;
use crate::token::{Token, TokenKind};

/// Reads the list at the cursor, which stands on its opening parenthesis.
pub(crate) fn parse_list(cursor: &mut Cursor<'_>) -> Result<Vec<String>, SearchError> {
    cursor.advance();
    let mut values = Vec::new();
    loop {
        let Some(token) = cursor.peek() else {
            return Err(ill_formed());
        };
        cursor.advance();
        match token.kind {
            TokenKind::CloseParenthesis if values.is_empty() => return Err(empty()),
            TokenKind::CloseParenthesis => return Ok(values),
            TokenKind::SingleQuoted | TokenKind::DoubleQuoted => values.push(decode(&token)?),
            TokenKind::Word | TokenKind::Number => return Err(not_text(token.text)),
            _ => return Err(ill_formed()),
        }
        if values.len() > LIST_VALUES_MAX {
            return Err(SearchError::new(format!(
                "A list in the query may hold at most {LIST_VALUES_MAX} values"
            )));
        }
        match cursor.peek().map(|token| token.kind) {
            Some(TokenKind::Comma) => cursor.advance(),
            Some(TokenKind::CloseParenthesis) => {}
            _ => return Err(ill_formed()),
        }
    }
}

/// The text of a Python string literal.
fn decode(token: &Token<'_>) -> Result<String, SearchError> {
    let quote = if token.kind == TokenKind::SingleQuoted {
        '\''
    } else {
        '"'
    };
    let mut decoded = String::with_capacity(token.text.len());
    let mut characters = token.unquoted().chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next().ok_or_else(ill_formed)? {
                same @ ('\\' | '\'' | '"') => decoded.push(same),
                'n' => decoded.push('\n'),
                'r' => decoded.push('\r'),
                't' => decoded.push('\t'),
                'x' => decoded.push(decode_hexadecimal(&mut characters)?),
                other => return Err(unknown_escape(other)),
            },
            '\n' | '\r' => return Err(ill_formed()),
            _ if character == quote => return Err(ill_formed()),
            _ => decoded.push(character),
        }
    }
    Ok(decoded)
}

/// The character of `\xhh`, after the `x`.
fn decode_hexadecimal(characters: &mut Chars<'_>) -> Result<char, SearchError> {
    let mut digit = || {
        characters
            .next()
            .and_then(|character| character.to_digit(16))
            .ok_or_else(ill_formed)
    };
    let code = digit()? * 16 + digit()?;
    char::from_u32(code).ok_or_else(ill_formed)
}

fn empty() -> SearchError {
    SearchError::new(
        "While parsing a list in the query, expected a non-empty list of string values, but got empty list",
    )
}

fn ill_formed() -> SearchError {
    SearchError::new(
        "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list.",
    )
}

fn not_text(found: &str) -> SearchError {
    SearchError::new(format!(
        "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type \
         in list: {}",
        excerpt(found)
    ))
}

fn unknown_escape(character: char) -> SearchError {
    SearchError::new(format!(
        "While parsing a list in the query, found the unknown escape '\\{character}'. Write '\\\\' for a backslash."
    ))
}
