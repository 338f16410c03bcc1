//! A position in the tokens of one text, and the two steps that take more than one token at a time.

use crate::identifier::Identifier;
use crate::token::{Token, TokenKind, tokenize};

pub(crate) struct Cursor<'a> {
    source: &'a str,
    tokens: Vec<Token<'a>>,
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self {
            source,
            tokens: tokenize(source),
            position: 0,
        }
    }

    pub(crate) fn peek(&self) -> Option<Token<'a>> {
        self.peek_at(0)
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> Option<Token<'a>> {
        self.tokens.get(self.position + ahead).copied()
    }

    pub(crate) fn advance(&mut self) {
        self.advance_by(1);
    }

    pub(crate) fn advance_by(&mut self, tokens: usize) {
        self.position += tokens;
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Returns to an earlier [`Cursor::position`].
    pub(crate) fn rewind(&mut self, position: usize) {
        self.position = position;
    }

    /// Takes `<attribute>` or `<entity>.<key>` with nothing between its pieces, if one stands here.
    pub(crate) fn take_identifier(&mut self) -> Option<Identifier<'a>> {
        let is_entity = |token: &Token<'_>| token.is_name() && !token.is_keyword("NOT") && !token.is_keyword("OR");
        let first = self.peek().filter(is_entity)?;
        self.advance();
        let mut end = first.end();
        if self.has_key(end) {
            while let Some(part) = self.peek().filter(|part| part.start == end && part.is_key_part()) {
                // `tags.a` and `'x'` in `tags.a'x'` touch, but only a dot joins.
                if part.kind != TokenKind::Dot && !self.source[..end].ends_with('.') {
                    break;
                }
                end = part.end();
                self.advance();
            }
        }
        Some(Identifier::new(&self.source[first.start..end]))
    }

    /// Whether a dot and a key follow at `end`. A dot alone, as in `metrics. > 1`, is no key.
    fn has_key(&self, end: usize) -> bool {
        let dot = self.peek().filter(|dot| dot.kind == TokenKind::Dot && dot.start == end);
        let part = self.peek_at(1).filter(Token::is_key_part);
        dot.zip(part).is_some_and(|(dot, part)| part.start == dot.end())
    }

    /// Skips one token, or a whole identifier or parenthesized group, and returns its text. There must be a token.
    pub(crate) fn skip_misplaced(&mut self) -> &'a str {
        if let Some(identifier) = self.take_identifier() {
            return identifier.written();
        }
        let first = self.position;
        let mut open = 0_usize;
        while let Some(token) = self.peek() {
            self.advance();
            match token.kind {
                TokenKind::OpenParenthesis => open += 1,
                TokenKind::CloseParenthesis => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                break;
            }
        }
        &self.source[self.tokens[first].start..self.tokens[self.position - 1].end()]
    }
}
