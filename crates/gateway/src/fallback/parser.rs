//! From the text of a condition to its tree. The grammar, loosest first:
//!
//! ```text
//! or: and ("or" and)*          and: not ("and" not)*        not: "not" not | comparison
//! comparison: sum (("=" | "==" | "!=" | "<" | "<=" | ">" | ">=") sum | ["not"] "in" "(" sum, .. ")"
//!                  | "is" ["not"] "missing")?
//! sum: product (("+" | "-") product)*      product: unary (("*" | "/") unary)*      unary: "-" unary | atom
//! atom: number | 'text' | true | false | column | `any column` | "(" or ")"
//! ```

use serde_json::{Number, Value};

use super::expression::{Node, Operator};

const TEXT_BYTES_MAX: usize = 2000;
/// Of parentheses and signs within each other.
const DEPTH_MAX: usize = 32;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Column(String),
    Literal(Value),
    Sign(&'static str),
}

const SIGNS: [&str; 14] = ["==", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-", "*", "/"];

pub(super) fn parse(text: &str) -> Result<Node, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!(
            "it has {} bytes, at most {TEXT_BYTES_MAX} are read",
            text.len()
        ));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        depth: 0,
    };
    let node = parser.or()?;
    match parser.tokens.first() {
        None => Ok(node),
        Some(token) => Err(format!("{} is too much", show(token))),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            (Token::Sign(sign), &rest[sign.len()..])
        } else if first == '\'' || first == '"' || first == '`' {
            let (inside, after) = quoted(&rest[1..], first)?;
            let token = if first == '`' {
                Token::Column(inside)
            } else {
                Token::Literal(Value::String(inside))
            };
            (token, after)
        } else if first.is_ascii_digit() {
            let end = number_end(rest);
            let number = rest[..end].parse().ok().and_then(Number::from_f64);
            let number = number.ok_or_else(|| format!("{} is not a number", &rest[..end]))?;
            (Token::Literal(Value::Number(number)), &rest[end..])
        } else if first.is_alphabetic() || first == '_' {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
                .unwrap_or(rest.len());
            (Token::Word(rest[..end].to_owned()), &rest[end..])
        } else {
            return Err(format!("`{first}` means nothing here"));
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn number_end(text: &str) -> usize {
    let mut before = ' ';
    let inside = |c: char| {
        let sign = (c == '-' || c == '+') && (before == 'e' || before == 'E');
        let good = c.is_ascii_digit() || c == '.' || c == 'e' || c == 'E' || sign;
        before = c;
        !good
    };
    text.find(inside).unwrap_or(text.len())
}

/// A quote within is written twice.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut inside = String::new();
    let mut rest = text;
    loop {
        let end = rest
            .find(quote)
            .ok_or_else(|| format!("the closing {quote} is missing"))?;
        inside.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix(quote) {
            Some(after) => {
                inside.push(quote);
                rest = after;
            }
            None => return Ok((inside, rest)),
        }
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Parser<'_> {
    fn word(&mut self, word: &str) -> bool {
        let there = matches!(self.tokens.first(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.skip_if(there)
    }

    fn sign(&mut self, sign: &str) -> bool {
        let there = matches!(self.tokens.first(), Some(Token::Sign(found)) if *found == sign);
        self.skip_if(there)
    }

    fn skip_if(&mut self, there: bool) -> bool {
        if there {
            self.tokens = &self.tokens[1..];
        }
        there
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.sign(sign) {
            return Ok(());
        }
        let found = self.tokens.first().map_or_else(|| "the end".to_owned(), show);
        Err(format!("`{sign}` was expected, not {found}"))
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.depth == DEPTH_MAX {
            return Err(format!("it is nested more than {DEPTH_MAX} deep"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn or(&mut self) -> Result<Node, String> {
        let mut node = self.and()?;
        while self.word("or") {
            node = both(Operator::Or, node, self.and()?);
        }
        Ok(node)
    }

    fn and(&mut self) -> Result<Node, String> {
        let mut node = self.not()?;
        while self.word("and") {
            node = both(Operator::And, node, self.not()?);
        }
        Ok(node)
    }

    fn not(&mut self) -> Result<Node, String> {
        if self.word("not") {
            return self.deeper(Self::not).map(|node| Node::Not(Box::new(node)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Node, String> {
        let left = self.sum()?;
        for (sign, operator) in [
            ("==", Operator::Equal),
            ("=", Operator::Equal),
            ("!=", Operator::Unequal),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ] {
            if self.sign(sign) {
                return Ok(both(operator, left, self.sum()?));
            }
        }
        if self.word("is") {
            let not = self.word("not");
            if !self.word("missing") {
                return Err("`is` is followed by `missing` or `not missing`".to_owned());
            }
            return Ok(negated(not, Node::IsMissing(Box::new(left))));
        }
        let not = self.word("not");
        if self.word("in") {
            self.expect("(")?;
            let mut list = vec![self.sum()?];
            while self.sign(",") {
                list.push(self.sum()?);
            }
            self.expect(")")?;
            return Ok(negated(not, Node::In(Box::new(left), list)));
        }
        if not {
            return Err("`not` is followed by `in` here".to_owned());
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Node, String> {
        let mut node = self.product()?;
        loop {
            if self.sign("+") {
                node = both(Operator::Plus, node, self.product()?);
            } else if self.sign("-") {
                node = both(Operator::Minus, node, self.product()?);
            } else {
                return Ok(node);
            }
        }
    }

    fn product(&mut self) -> Result<Node, String> {
        let mut node = self.unary()?;
        loop {
            if self.sign("*") {
                node = both(Operator::Times, node, self.unary()?);
            } else if self.sign("/") {
                node = both(Operator::Over, node, self.unary()?);
            } else {
                return Ok(node);
            }
        }
    }

    fn unary(&mut self) -> Result<Node, String> {
        if self.sign("-") {
            return self.deeper(Self::unary).map(|node| Node::Negate(Box::new(node)));
        }
        if self.sign("(") {
            let node = self.deeper(Self::or)?;
            self.expect(")")?;
            return Ok(node);
        }
        let Some((token, rest)) = self.tokens.split_first() else {
            return Err("it ends where a value was expected".to_owned());
        };
        let node = match token {
            Token::Literal(value) => Node::Literal(value.clone()),
            Token::Column(name) => Node::Column(name.clone()),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Node::Literal(Value::Bool(true)),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Node::Literal(Value::Bool(false)),
            Token::Word(word) if KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) => {
                return Err(format!(
                    "a value was expected, not `{word}`; a column of this name is written `{word}` in backticks"
                ));
            }
            Token::Word(word) => Node::Column(word.clone()),
            Token::Sign(sign) => return Err(format!("a value was expected, not `{sign}`")),
        };
        self.tokens = rest;
        Ok(node)
    }
}

const KEYWORDS: [&str; 6] = ["and", "or", "not", "in", "is", "missing"];

fn both(operator: Operator, a: Node, b: Node) -> Node {
    Node::Both(operator, Box::new(a), Box::new(b))
}

fn negated(not: bool, node: Node) -> Node {
    if not { Node::Not(Box::new(node)) } else { node }
}

fn show(token: &Token) -> String {
    match token {
        Token::Word(word) | Token::Column(word) => format!("`{word}`"),
        Token::Literal(value) => format!("`{value}`"),
        Token::Sign(sign) => format!("`{sign}`"),
    }
}
