//! Every filter and `order_by` parser on arbitrary text: none may panic, and what is accepted must print.

#![no_main]

use fettle_search::{experiments, logged_models, model_versions, registered_models, runs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = runs::parse_filter(text).map(|filter| filter.to_string());
    let _ = experiments::parse_filter(text).map(|filter| filter.to_string());
    let _ = registered_models::parse_filter(text).map(|filter| filter.to_string());
    let _ = model_versions::parse_filter(text).map(|filter| filter.to_string());
    let _ = logged_models::parse_filter(text).map(|filter| filter.to_string());

    let entries: Vec<&str> = text.lines().collect();
    let _ = runs::parse_order_by(&entries);
    let _ = experiments::parse_order_by(&entries);
    let _ = registered_models::parse_order_by(&entries);
    let _ = model_versions::parse_order_by(&entries);
});
