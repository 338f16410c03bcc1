//! The header of a `.npy` file: a Python literal of dicts, lists, tuples, strings, integers and booleans.

/// Deeper or longer than any header that numpy writes.
const DEPTH_MAX: usize = 8;
const ITEMS_MAX: usize = 10_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Bool(bool),
    Int(u64),
    Text(String),
    /// A list or a tuple.
    Sequence(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

impl Literal {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser {
            rest: text,
            items_left: ITEMS_MAX,
        };
        let literal = parser.literal(DEPTH_MAX)?;
        parser.skip_space();
        parser.rest.is_empty().then_some(literal)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dict(pairs) = self else { return None };
        pairs
            .iter()
            .find(|(name, _)| matches!(name, Self::Text(name) if name == key))
            .map(|(_, value)| value)
    }

    pub(super) fn sequence(&self) -> Option<&[Self]> {
        if let Self::Sequence(items) = self {
            Some(items)
        } else {
            None
        }
    }

    pub(super) fn count(&self) -> Option<usize> {
        if let Self::Int(value) = self {
            usize::try_from(*value).ok()
        } else {
            None
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    items_left: usize,
}

impl Parser<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, mark: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn literal(&mut self, depth_left: usize) -> Option<Literal> {
        let depth_left = depth_left.checked_sub(1)?;
        self.items_left = self.items_left.checked_sub(1)?;
        if self.take("{") {
            return self.dict(depth_left);
        }
        if self.take("(") {
            return self.sequence(")", depth_left);
        }
        if self.take("[") {
            return self.sequence("]", depth_left);
        }
        if self.take("True") {
            return Some(Literal::Bool(true));
        }
        if self.take("False") {
            return Some(Literal::Bool(false));
        }
        if self.take("'") {
            let (text, rest) = self.rest.split_once('\'')?;
            self.rest = rest;
            return (!text.contains('\\')).then(|| Literal::Text(text.to_owned()));
        }
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number.parse().ok().map(Literal::Int)
    }

    fn sequence(&mut self, close: &str, depth_left: usize) -> Option<Literal> {
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(self.literal(depth_left)?);
            if !self.take(",") && !self.rest.trim_start().starts_with(close) {
                return None;
            }
        }
        Some(Literal::Sequence(items))
    }

    fn dict(&mut self, depth_left: usize) -> Option<Literal> {
        let mut pairs = Vec::new();
        while !self.take("}") {
            let key = self.literal(depth_left)?;
            if !self.take(":") {
                return None;
            }
            pairs.push((key, self.literal(depth_left)?));
            if !self.take(",") && !self.rest.trim_start().starts_with('}') {
                return None;
            }
        }
        Some(Literal::Dict(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::Literal;

    #[test]
    fn reads_a_structured_header() {
        let header =
            Literal::parse("{'descr': [('left', '<i8'), ('go', 'u1')], 'fortran_order': False, 'shape': (3,), }   \n")
                .expect("a header");
        assert_eq!(
            header.get("shape").and_then(Literal::sequence),
            Some(&[Literal::Int(3)][..])
        );
        assert_eq!(header.get("fortran_order"), Some(&Literal::Bool(false)));
        assert_eq!(header.get("descr").and_then(Literal::sequence).map(<[_]>::len), Some(2));
    }

    #[test]
    fn refuses_what_numpy_does_not_write() {
        for text in [
            "",
            "{",
            "{'a'}",
            "(1 2)",
            "((((((((((1))))))))))",
            "{'a': __import__('os')}",
            "[1]x",
        ] {
            assert_eq!(Literal::parse(text), None, "{text}");
        }
    }
}
