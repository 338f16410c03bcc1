//! Where we differ from MLflow on purpose, and why.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// We accept what MLflow refuses or fails on.
    Accepted,
    /// We refuse what MLflow accepts.
    Refused,
    /// Both accept, with different meanings.
    ReadDifferently,
}

pub(crate) struct Difference {
    pub(crate) reason: &'static str,
    outcome: Outcome,
    /// The kinds it concerns; none means all.
    kinds: &'static [&'static str],
    /// A text is concerned when it holds any of these.
    fragments: &'static [&'static str],
}

impl Difference {
    pub(crate) fn explains(&self, kind: &str, text: &str, outcome: Outcome) -> bool {
        self.outcome == outcome
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
            && self.fragments.iter().any(|fragment| text.contains(fragment))
    }
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        reason: "keys may hold dashes, slashes, colons and leading digits without back-ticks",
        outcome: Outcome::Accepted,
        kinds: &[],
        fragments: &[".a-b", ".a/b", ".a.b-c", ".1 =", ".layer.0", ".a:b", ".$a"],
    },
    Difference {
        reason: "a key may be a word that SQL reserves",
        outcome: Outcome::Accepted,
        kinds: &[],
        fragments: &[".in ", ".from ", ".as "],
    },
    Difference {
        reason: "an exponent may have a plus sign, as Python prints it",
        outcome: Outcome::Accepted,
        kinds: &[],
        fragments: &["1e+3"],
    },
    Difference {
        reason: "an integer past 64 bits is compared as a float; MLflow fails",
        outcome: Outcome::Accepted,
        kinds: &["runs"],
        fragments: &["99999999999999999999"],
    },
    Difference {
        reason: "any space may stand between the words of IS NOT NULL",
        outcome: Outcome::Accepted,
        kinds: &[],
        fragments: &["IS NOT  NULL"],
    },
    Difference {
        reason: "keywords may be in lower case everywhere; MLflow forgot to fold them for experiments",
        outcome: Outcome::Accepted,
        kinds: &["experiments"],
        fragments: &[" like ", " ilike ", " in (", " not in ("],
    },
    Difference {
        reason: "attributes may be quoted everywhere; MLflow unquotes them after its check for the registry",
        outcome: Outcome::Accepted,
        kinds: &["registered_models", "model_versions", "logged_models"],
        fragments: &["`name`", "\"name\"", "\\\"name\\\"", "\"run_id\""],
    },
    Difference {
        reason: "attribute aliases may be written with their entity too; MLflow fails",
        outcome: Outcome::Accepted,
        kinds: &["logged_models"],
        fragments: &["attributes.creation_timestamp ", "attributes.creation_time "],
    },
    Difference {
        reason: "runs can be ordered by the aliases of their name",
        outcome: Outcome::Accepted,
        kinds: &["runs"],
        fragments: &["[\"`run name`", "[\"\\\"Run Name\\\""],
    },
    Difference {
        reason: "space around an order_by entry does not matter",
        outcome: Outcome::Accepted,
        kinds: &[],
        fragments: &[
            "[\" start_time\"]",
            "[\"start_time \"]",
            "[\" name\"]",
            "[\"name \"]",
            "[\" timestamp_ms\"]",
            "[\"timestamp_ms \"]",
        ],
    },
    Difference {
        reason: "values and keys in double quotes are unquoted; MLflow keeps the quotes, so nothing matches",
        outcome: Outcome::ReadDifferently,
        kinds: &["logged_models"],
        fragments: &["\"x\"", "\"it's\"", "\"a b\"", "\"a.b\"", ".'a b'"],
    },
    Difference {
        reason: "back-ticks are removed from a key only when they enclose it",
        outcome: Outcome::ReadDifferently,
        kinds: &["logged_models"],
        fragments: &["a.`b c`"],
    },
    Difference {
        reason: "ordering twice by the same key is ordering once",
        outcome: Outcome::ReadDifferently,
        kinds: &["experiments"],
        fragments: &[
            "[\"name\",\"name DESC\"]",
            "[\"experiment_id\",\"attribute.experiment_id\"]",
        ],
    },
    Difference {
        reason: "an empty key, or space after the dot as part of it, can match nothing",
        outcome: Outcome::Refused,
        kinds: &[],
        fragments: &[". a =", ". ="],
    },
    Difference {
        reason: "a list is quoted strings between commas, not any Python literal",
        outcome: Outcome::Refused,
        kinds: &[],
        fragments: &[
            "('a' 'b')",
            "('1' '2')",
            "(('a'))",
            "('it''s')",
            "(r'a')",
            " ()",
            "('a', 1)",
        ],
    },
    Difference {
        reason: "in a list a backslash is written \\x5c, or doubled when no quote follows; unknown escapes are refused",
        outcome: Outcome::Refused,
        kinds: &[],
        fragments: &[r"('a\\', 'b')", r"('\q')"],
    },
    Difference {
        reason: "numbers are decimal; infinity, NaN and underscores are Python's",
        outcome: Outcome::Refused,
        kinds: &["logged_models"],
        fragments: &[" inf", " nan", " 1_000"],
    },
    Difference {
        reason: "square brackets quote nothing",
        outcome: Outcome::Refused,
        kinds: &["logged_models"],
        fragments: &["[x]"],
    },
    Difference {
        reason: "model versions cannot be ordered by a tag; MLflow drops the prefix and orders by the attribute",
        outcome: Outcome::Refused,
        kinds: &["model_versions"],
        fragments: &["[\"tags.name"],
    },
    Difference {
        reason: "keywords may be in lower case for spans too",
        outcome: Outcome::Accepted,
        kinds: &["traces"],
        fragments: &["span.type ilike", "span.status like", "text like"],
    },
    Difference {
        reason: "text may stand alone; for MLflow it is the name of an SQL type unless `trace.` stands before it",
        outcome: Outcome::Accepted,
        kinds: &["traces"],
        fragments: &["text LIKE", "text ILIKE"],
    },
    Difference {
        reason: "so may timestamp, whatever number it is compared with, in quotes or not",
        outcome: Outcome::Accepted,
        kinds: &["traces"],
        fragments: &["timestamp >", "timestamp <", "timestamp =", "timestamp !="],
    },
    Difference {
        reason: "a tag or an assessment may be called as an attribute is; MLflow turns its name into the attribute's",
        outcome: Outcome::Accepted,
        kinds: &["traces"],
        fragments: &["feedback.text", "tags.text", "tags.prompt"],
    },
    Difference {
        reason: "a tag or an assessment called as an attribute is means itself",
        outcome: Outcome::ReadDifferently,
        kinds: &["traces"],
        fragments: &[
            "feedback.name",
            "tags.name",
            "metadata.run_id",
            "metadata.name",
            "tags.timestamp",
            "`tags`.timestamp",
        ],
    },
    Difference {
        reason: "issues have no name to search by; MLflow reads the trace's",
        outcome: Outcome::Refused,
        kinds: &["traces"],
        fragments: &["issue.name"],
    },
    Difference {
        reason: "back-ticks around the name of a span's attribute are removed at once; MLflow does it later",
        outcome: Outcome::ReadDifferently,
        kinds: &["traces"],
        fragments: &["span.attributes.`"],
    },
    Difference {
        reason: "names and runs of traces take lists, as other attributes do",
        outcome: Outcome::Accepted,
        kinds: &["traces"],
        fragments: &["name IN ", "name NOT IN ", "run_id IN ", "run_id NOT IN "],
    },
    Difference {
        reason: "attributes of spans take lists; MLflow fails",
        outcome: Outcome::Accepted,
        kinds: &["traces"],
        fragments: &["span.attributes.a IN ", "span.attributes.a NOT IN "],
    },
    Difference {
        reason: "token usage and cost are metadata like any other in filters and orders",
        outcome: Outcome::Accepted,
        kinds: &["traces"],
        fragments: &["`mlflow.trace.tokenUsage` LIKE", "[\"metadata.`mlflow.trace.cost`"],
    },
    Difference {
        reason: "traces can be ordered by their end; MLflow fails",
        outcome: Outcome::Accepted,
        kinds: &["traces"],
        fragments: &["[\"end_time"],
    },
];
