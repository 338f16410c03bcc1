//! The committed answers of scikit-learn, to the bit or to the declared bound.

use std::path::Path;

#[path = "golden/check.rs"]
mod check;

#[test]
fn answers_are_those_of_scikit_learn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let report = check::check_folder(&folder);
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
}
