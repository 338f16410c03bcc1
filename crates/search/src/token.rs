//! Characters to tokens.
//!
//! MLflow tokenizes with a general SQL lexer. This one knows only what filters are made of and keeps that lexer's
//! choices about where a token ends, in particular for quotes. It runs in linear time on any input.

/// What a token is; its text says the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or keyword, or a key without quotes after a dot.
    Word,
    Number,
    SingleQuoted,
    DoubleQuoted,
    BackTicked,
    Dot,
    Comma,
    OpenParenthesis,
    CloseParenthesis,
    /// A run of `<`, `>`, `=`, `!` and `~`, valid or not.
    Comparator,
    /// A character that means nothing in a filter.
    Other,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl<'a> Token<'a> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(crate) fn is_keyword(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether the token can be an entity or a bare attribute.
    pub(crate) fn is_name(&self) -> bool {
        matches!(
            self.kind,
            TokenKind::Word | TokenKind::DoubleQuoted | TokenKind::BackTicked
        )
    }

    /// Whether the token can be a piece of a key.
    pub(crate) fn is_key_part(&self) -> bool {
        self.is_name() || matches!(self.kind, TokenKind::SingleQuoted | TokenKind::Dot)
    }

    /// The text between the quotes of a quoted token.
    pub(crate) fn unquoted(&self) -> &'a str {
        &self.text[1..self.text.len() - 1]
    }
}

pub(crate) fn tokenize(source: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut start = 0;
    while let Some(character) = source[start..].chars().next() {
        if character.is_whitespace() {
            start += character.len_utf8();
            continue;
        }
        let (kind, length) = next_token(&source[start..], character, Position::after(tokens.last(), start));
        tokens.push(Token {
            kind,
            text: &source[start..start + length],
            start,
        });
        start += length;
    }
    tokens
}

/// Where a token stands relative to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    AfterDot,
    AfterName,
    Elsewhere,
}

impl Position {
    fn after(previous: Option<&Token<'_>>, start: usize) -> Self {
        match previous {
            Some(token) if token.end() == start => match token.kind {
                TokenKind::Dot => Self::AfterDot,
                TokenKind::Word | TokenKind::DoubleQuoted | TokenKind::BackTicked => Self::AfterName,
                _ => Self::Elsewhere,
            },
            _ => Self::Elsewhere,
        }
    }
}

fn next_token(rest: &str, first: char, position: Position) -> (TokenKind, usize) {
    if position == Position::Elsewhere
        && let Some(length) = number_length(rest)
    {
        return (TokenKind::Number, length);
    }
    let quoted = match first {
        '\'' => Some(TokenKind::SingleQuoted),
        '"' => Some(TokenKind::DoubleQuoted),
        '`' => Some(TokenKind::BackTicked),
        _ => None,
    };
    if let Some(kind) = quoted {
        return match quoted_length(rest) {
            Some(length) => (kind, length),
            None => (TokenKind::Other, 1),
        };
    }
    if position == Position::AfterDot && is_bare_key(first) {
        return (TokenKind::Word, run_length(rest, is_bare_key));
    }
    match first {
        '.' => (TokenKind::Dot, 1),
        ',' => (TokenKind::Comma, 1),
        '(' => (TokenKind::OpenParenthesis, 1),
        ')' => (TokenKind::CloseParenthesis, 1),
        _ if is_comparator(first) => (TokenKind::Comparator, run_length(rest, is_comparator)),
        _ if is_word_start(first) => (TokenKind::Word, run_length(rest, is_word)),
        _ => (TokenKind::Other, first.len_utf8()),
    }
}

fn is_comparator(character: char) -> bool {
    matches!(character, '<' | '>' | '=' | '!' | '~')
}

/// Whether a key may hold the character without quotes, as in `metrics.layer.0/val-loss`. MLflow wants back-ticks around
/// some of these keys for some entities; nothing else could be meant, so they are not needed here.
fn is_bare_key(character: char) -> bool {
    !character.is_whitespace()
        && !is_comparator(character)
        && !matches!(character, '(' | ')' | ',' | ';' | '\'' | '"' | '`')
}

fn is_word_start(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_word(character: char) -> bool {
    is_word_start(character) || matches!(character, '$' | '#')
}

fn run_length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character)).unwrap_or(text.len())
}

/// The length of a decimal number at the start of `text`, unless it runs on into a word (`1AND`).
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();

    let mut end = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(end);
    end += whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if whole + fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    let runs_on = text[end..].chars().next().is_some_and(is_word_start);
    (!runs_on).then_some(end)
}

/// The length of the quoted token at the start of `text`, or `None` when its quote is never closed.
///
/// A doubled quote, or one after a backslash, stays inside the token. When that leaves the token open at the end of the
/// text, the last such quote closes it after all: `'C:\'` is a complete value.
fn quoted_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = bytes[0];
    let mut last_inner_end = None;
    let mut at = 1;
    while at < bytes.len() {
        let next_is_quote = bytes.get(at + 1) == Some(&quote);
        if bytes[at] == quote {
            if !next_is_quote {
                return Some(at + 1);
            }
            last_inner_end = Some(at + 1);
            at += 2;
        } else if bytes[at] == b'\\' && quote != b'`' && next_is_quote {
            last_inner_end = Some(at + 2);
            at += 2;
        } else {
            at += 1;
        }
    }
    last_inner_end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[&str]) {
        let texts: Vec<&str> = tokenize(source).iter().map(|token| token.text).collect();
        assert_eq!(texts, expected, "{source}");
    }

    #[test]
    fn quotes_end_where_the_sql_lexer_ends_them() {
        check("'it''s' x", &["'it''s'", "x"]);
        check(r"'it\'s' x", &[r"'it\'s'", "x"]);
        check(r"'C:\'", &[r"'C:\'"]);
        check("'a''", &["'a'", "'"]);
        check("''", &["''"]);
        check("'open", &["'", "open"]);
        check(r#""a\"b""#, &[r#""a\"b""#]);
        check(r"`a\` b", &[r"`a\`", "b"]);
    }

    #[test]
    fn keys_without_quotes_run_to_a_space_or_comparator() {
        check("a.1>-.5", &["a", ".", "1", ">", "-.5"]);
        check(
            "metrics.layer.0/val-loss<=1",
            &["metrics", ".", "layer.0/val-loss", "<=", "1"],
        );
        check("`a`.5", &["`a`", ".", "5"]);
        check("a.`b`.c", &["a", ".", "`b`", ".", "c"]);
    }

    #[test]
    fn numbers_do_not_run_into_words() {
        check("x = 1e-3", &["x", "=", "1e-3"]);
        check("x = 5.", &["x", "=", "5."]);
        check("1AND", &["1AND"]);
        check("-", &["-"]);
    }
}
