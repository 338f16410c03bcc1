//! Time to read a one-row body: `cargo run --release -p fettle-gateway --example parse_speed`.

use std::hint::black_box;
use std::time::Instant;

use fettle_gateway::Signature;
use fettle_gateway::input::parse_json;
use serde_json::json;

const REPEATS: u32 = 200_000;

fn main() -> Result<(), String> {
    for columns in [4, 8, 32] {
        let names: Vec<String> = (0..columns).map(|index| format!("feature_{index}")).collect();
        let row: Vec<f64> = (0..columns).map(|index| f64::from(index) * 0.731 - 1.0).collect();
        let inputs: Vec<_> = names
            .iter()
            .map(|name| json!({"name": name, "type": "double", "required": true}))
            .collect();
        let signature = Signature::from_json(Some(&json!(inputs).to_string()), None)?;
        let record: serde_json::Map<String, serde_json::Value> = names
            .iter()
            .cloned()
            .zip(row.iter().map(|value| json!(value)))
            .collect();
        for (format, body) in [
            (
                "dataframe_split",
                json!({"dataframe_split": {"columns": names, "data": [row]}}),
            ),
            ("dataframe_records", json!({"dataframe_records": [record]})),
        ] {
            let body = body.to_string();
            let started = Instant::now();
            for _ in 0..REPEATS {
                parse_json(black_box(body.as_bytes()), &signature).map_err(|error| error.to_string())?;
            }
            let each = started.elapsed() / REPEATS;
            println!(
                "{format}, {columns} columns, {} bytes: {:.2} us",
                body.len(),
                each.as_secs_f64() * 1e6
            );
        }
    }
    Ok(())
}
