//! Bodies of scoring requests, JSON and CSV, against signatures of each kind.

#![no_main]

use fettle_gateway::{Signature, input};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static SIGNATURES: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    let columns = r#"[{"type": "long", "name": "a", "required": true}, {"type": "double", "name": "b", "required": false},
        {"type": "string", "name": "c", "required": true}, {"type": "datetime", "name": "d", "required": false},
        {"type": "boolean", "name": "e", "required": false}]"#;
    let unnamed = r#"[{"type": "double", "required": true}, {"type": "double", "required": true}]"#;
    let tensor = r#"[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}]"#;
    let params = r#"[{"name": "p", "type": "double", "default": 0.5, "shape": null}]"#;
    let mut all = vec![Signature::undeclared()];
    all.extend([columns, unnamed, tensor].map(|inputs| {
        Signature::from_json(Some(inputs), Some(params)).expect("the signature is well formed")
    }));
    all
});

fuzz_target!(|body: &[u8]| {
    for signature in SIGNATURES.iter() {
        let _ = input::parse_json(body, signature);
        let _ = input::parse_csv(body, signature);
    }
});
