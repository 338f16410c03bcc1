//! Model files from untrusted places: read or refused, in bounded time and memory.

#![no_main]

use fettle_native::Model;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = Model::from_skops(file).map(|model| model.describe());
});
