//! Tokens to clauses, for any entity.
//!
//! ```text
//! filter     = { "AND" | comparison }
//! comparison = identifier ( comparator value | [ "NOT" ] "IN" list | "IS" [ "NOT" ] "NULL" )
//! identifier = part { "." part }
//! list       = "(" text { "," text } [ "," ] ")"
//! ```
//!
//! `OR`, `NOT` and parentheses are refused, as MLflow refuses them. Whatever fits nowhere is collected and reported in
//! one message, as there.

use crate::SearchError;
use crate::clause::{Clause, Operand, Test};
use crate::cursor::Cursor;
use crate::error::excerpt;
use crate::limits::{FILTER_BYTES_MAX, FILTER_CLAUSES_MAX};
use crate::list::parse_list;
use crate::token::TokenKind;

/// Most misplaced pieces that one message names.
const INVALID_SHOWN_MAX: usize = 10;

pub(crate) fn parse_clauses(text: &str) -> Result<Vec<Clause<'_>>, SearchError> {
    if text.len() > FILTER_BYTES_MAX {
        return Err(SearchError::new(format!(
            "The filter is {} bytes long; at most {FILTER_BYTES_MAX} are allowed",
            text.len()
        )));
    }
    if text.contains('\0') {
        return Err(SearchError::new("Invalid filter: it must not contain NUL bytes"));
    }
    let mut cursor = Cursor::new(text);
    if !text.is_empty() && cursor.peek().is_none() {
        return Err(SearchError::new(format!(
            "Invalid filter '{}'. Could not be parsed.",
            excerpt(text)
        )));
    }

    let mut clauses = Vec::new();
    let mut invalid = Vec::new();
    while let Some(token) = cursor.peek() {
        if token.is_keyword("AND") {
            cursor.advance();
        } else if let Some(clause) = parse_comparison(&mut cursor)? {
            if clauses.len() == FILTER_CLAUSES_MAX {
                return Err(SearchError::new(format!(
                    "A filter may hold at most {FILTER_CLAUSES_MAX} comparisons"
                )));
            }
            clauses.push(clause);
        } else {
            let piece = cursor.skip_misplaced();
            if invalid.len() < INVALID_SHOWN_MAX {
                invalid.push(format!("'{}'", excerpt(piece)));
            }
        }
    }
    if invalid.is_empty() {
        Ok(clauses)
    } else {
        Err(SearchError::new(format!(
            "Invalid clause(s) in filter string: {}",
            invalid.join(", ")
        )))
    }
}

/// Reads a comparison, or leaves the cursor where it is when there is none.
fn parse_comparison<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Clause<'a>>, SearchError> {
    let start = cursor.position();
    refuse_literal_on_the_left(cursor)?;
    let Some(identifier) = cursor.take_identifier() else {
        return Ok(None);
    };
    let test = parse_test(cursor)?;
    if test.is_none() {
        cursor.rewind(start);
    }
    Ok(test.map(|test| Clause { identifier, test }))
}

fn parse_test<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Test<'a>>, SearchError> {
    let negated = cursor.peek().is_some_and(|token| token.is_keyword("NOT"));
    let Some(token) = cursor.peek_at(usize::from(negated)) else {
        return Ok(None);
    };
    if token.is_keyword("IS") && !negated {
        return Ok(parse_null_test(cursor));
    }
    let after = usize::from(negated) + 1;
    if token.is_keyword("IN") {
        if cursor
            .peek_at(after)
            .is_none_or(|next| next.kind != TokenKind::OpenParenthesis)
        {
            return Ok(None);
        }
        cursor.advance_by(after);
        return Ok(Some(Test::List {
            negated,
            values: parse_list(cursor)?,
        }));
    }
    let is_pattern = ["LIKE", "ILIKE", "RLIKE"]
        .iter()
        .any(|keyword| token.is_keyword(keyword));
    if !is_pattern && (negated || token.kind != TokenKind::Comparator) {
        return Ok(None);
    }
    cursor.advance_by(after);
    let operator = token.text.to_ascii_uppercase();
    let comparator = if negated { format!("NOT {operator}") } else { operator };
    Ok(parse_operand(cursor)?.map(|operand| Test::Compare { comparator, operand }))
}

fn parse_null_test<'a>(cursor: &mut Cursor<'a>) -> Option<Test<'a>> {
    let negated = cursor.peek_at(1)?.is_keyword("NOT");
    let length = if negated { 3 } else { 2 };
    if !cursor.peek_at(length - 1)?.is_keyword("NULL") {
        return None;
    }
    cursor.advance_by(length);
    Some(Test::Null { negated })
}

fn parse_operand<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Operand<'a>>, SearchError> {
    let Some(token) = cursor.peek() else { return Ok(None) };
    match token.kind {
        TokenKind::SingleQuoted => {
            cursor.advance();
            Ok(Some(Operand::Quoted(token.unquoted())))
        }
        TokenKind::Number => {
            cursor.advance();
            Ok(Some(Operand::Number(token.text)))
        }
        TokenKind::OpenParenthesis => parse_list(cursor).map(|_| Some(Operand::List)),
        _ => {
            let Some(path) = cursor.take_identifier() else {
                return Ok(None);
            };
            let whole_is_quoted = token.kind == TokenKind::DoubleQuoted && path.written() == token.text;
            let bare = Operand::Bare(path.written());
            Ok(Some(if whole_is_quoted {
                Operand::Quoted(token.unquoted())
            } else {
                bare
            }))
        }
    }
}

fn refuse_literal_on_the_left(cursor: &Cursor<'_>) -> Result<(), SearchError> {
    match (cursor.peek(), cursor.peek_at(1)) {
        (Some(left), Some(next))
            if matches!(left.kind, TokenKind::Number | TokenKind::SingleQuoted)
                && next.kind == TokenKind::Comparator =>
        {
            Err(not_an_identifier(left.text))
        }
        _ => Ok(()),
    }
}

fn not_an_identifier(found: &str) -> SearchError {
    SearchError::new(format!(
        "Invalid comparison clause. Expected 'Identifier' found '{}'",
        excerpt(found)
    ))
}
