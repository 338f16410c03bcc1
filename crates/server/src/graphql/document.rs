//! A query, read and kept within bounds before anything is executed.

use crate::error::{ApiError, ErrorCode, Result};
use async_graphql::parser::{
    self,
    types::{ExecutableDocument, Field, Selection, SelectionSet},
};

const DEPTH_MAX: usize = 10;
const SELECTIONS_MAX: usize = 1000;
const ROOT_FIELDS_MAX: usize = 10;
/// In one selection, with the fragments it spreads.
const ALIASES_MAX: usize = 10;

/// What the pages mark their operations with, which has no meaning here.
const COMPONENT: &str = "component";

/// The document, or why it asks for too much. What is not GraphQL is an error of the request.
pub fn parse(query: &str) -> Result<std::result::Result<ExecutableDocument, String>> {
    let mut document = parser::parse_query(query).map_err(|e| {
        ApiError::new(
            ErrorCode::BadRequest,
            format!("Parameter 'query' is not a GraphQL document: {e}"),
        )
    })?;
    let bounds = check(&document);
    let operations = match &mut document.operations {
        parser::types::DocumentOperations::Single(operation) => vec![operation],
        parser::types::DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    };
    for operation in operations {
        operation
            .node
            .directives
            .retain(|directive| directive.node.name.node != COMPONENT);
    }
    Ok(bounds.map(|()| document))
}

/// Counts as MLflow does: fragments as if they were written out, all operations of the document together.
fn check(document: &ExecutableDocument) -> std::result::Result<(), String> {
    let mut selections = 0;
    let mut root_fields = 0;
    let mut aliases_most = 0;
    for (_, operation) in document.operations.iter() {
        let mut open = vec![(&operation.node.selection_set.node, 1)];
        while let Some((set, depth)) = open.pop() {
            if depth > DEPTH_MAX {
                return Err(format!("Query exceeds maximum depth of {DEPTH_MAX}"));
            }
            let fields = fields(document, set, &mut selections)?;
            if depth == 1 {
                root_fields += fields.len();
            }
            aliases_most = aliases_most.max(fields.iter().filter(|field| field.alias.is_some()).count());
            let below = fields.into_iter().map(|field| &field.selection_set.node);
            open.extend(below.filter(|set| !set.items.is_empty()).map(|set| (set, depth + 1)));
        }
    }
    for (count, most, what) in [
        (root_fields, ROOT_FIELDS_MAX, "root fields"),
        (aliases_most, ALIASES_MAX, "aliases"),
    ] {
        if count > most {
            return Err(format!(
                "GraphQL queries should have at most {most} {what}, got {count} {what}."
            ));
        }
    }
    Ok(())
}

/// The fields of a selection, with those of its fragments. A fragment counts as a selection too, so that fragments
/// that spread each other come to an end.
fn fields<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    selections: &mut usize,
) -> std::result::Result<Vec<&'a Field>, String> {
    let mut fields = Vec::new();
    let mut open: Vec<&SelectionSet> = vec![set];
    while let Some(set) = open.pop() {
        for item in &set.items {
            *selections += 1;
            if *selections > SELECTIONS_MAX {
                return Err(format!("Query exceeds maximum total selections of {SELECTIONS_MAX}"));
            }
            match &item.node {
                Selection::Field(field) => fields.push(&field.node),
                Selection::InlineFragment(fragment) => open.push(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = document.fragments.get(&spread.node.fragment_name.node);
                    open.extend(fragment.map(|fragment| &fragment.node.selection_set.node));
                }
            }
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(query: &str, expected: &str) {
        let refusal = parse(query).expect("GraphQL").map(|_| ()).expect_err(query);
        assert!(refusal.contains(expected), "{query}: {refusal}");
    }

    #[test]
    fn a_query_within_bounds_loses_only_the_mark_of_its_component() {
        let document =
            parse("query A($a: B) @component(name: \"C\") { a { ...F } } fragment F on A { b @skip(if: true) }")
                .expect("GraphQL")
                .expect("within bounds");
        let (_, operation) = document.operations.iter().next().expect("one operation");
        assert!(operation.node.directives.is_empty());
    }

    #[test]
    fn depth_selections_roots_and_aliases_have_bounds() {
        let nested = |depth: usize| format!("{{a{}{}", "{a".repeat(depth - 1), "}".repeat(depth));
        assert!(parse(&nested(10)).expect("GraphQL").is_ok());
        refused(&nested(11), "maximum depth of 10");
        refused(&format!("{{ a {{ {} }} }}", "b ".repeat(1000)), "selections of 1000");
        refused(&format!("{{ {} }}", "a ".repeat(11)), "at most 10 root fields, got 11");
        let aliases: Vec<_> = (0..11).map(|n| format!("a{n}: b")).collect();
        refused(
            &format!("{{ a {{ {} }} }}", aliases.join(" ")),
            "at most 10 aliases, got 11",
        );
    }

    #[test]
    fn fragments_that_multiply_come_to_an_end() {
        let doubling = |n: usize| format!("fragment F{n} on Q {{ ...F{0} ...F{0} }}", n + 1);
        let doubling = (0..60).map(doubling).collect::<Vec<_>>().join(" ");
        refused(
            &format!("{{ ...F0 }} {doubling} fragment F60 on Q {{ a }}"),
            "selections of 1000",
        );
        refused("{ ...F } fragment F on Q { ...F }", "selections of 1000");
        refused("{ ...F } fragment F on Q { a { ...F } }", "maximum depth of 10");
    }

    #[test]
    fn text_that_is_not_graphql_is_refused() {
        for query in ["", "{", "hello", "{ a(b: ) }"] {
            assert_eq!(parse(query).map(|_| ()).expect_err(query).code, ErrorCode::BadRequest);
        }
        let deep = format!("{}{}", "{a".repeat(100_000), "}".repeat(100_000));
        assert!(parse(&deep).is_err());
    }
}
