//! The list of models in the documentation and the one in the code are the same.

use std::collections::BTreeSet;
use std::path::Path;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/native-models.md");
    std::fs::read_to_string(path).expect("the page")
}

/// What stands in backquotes in the first column of the tables of a section, as far as it looks like a class.
fn classes_in(section: &str) -> BTreeSet<String> {
    let cells = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let words = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let is_class = |word: &&str| {
        word.starts_with(|first: char| first.is_ascii_uppercase()) && word.chars().all(char::is_alphanumeric)
    };
    words.filter(is_class).map(str::to_owned).collect()
}

#[test]
fn the_page_lists_the_classes_that_are_read() {
    let page = page();
    let (_, rest) = page.split_once("\n## scikit-learn").expect("the section");
    let (section, _) = rest.split_once("\n## ").expect("its end");
    let read = fettle_native::scikit_learn_classes().map(|class| class.rsplit('.').next().unwrap_or(class).to_owned());
    assert_eq!(classes_in(section), read.collect::<BTreeSet<String>>());
}
