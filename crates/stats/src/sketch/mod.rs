//! Summaries of unbounded streams in bounded memory, each mergeable with others of its kind.
//!
//! What is approximate says so: quantiles to a rank error, distinct counts to a relative error, top levels to a share of
//! the rows. A [`sample::Sample`] is not approximate in that sense: it is a uniform draw of rows, on which a test of
//! significance is as valid as on all rows, only less powerful. That is why p-values come from samples and exact counts
//! and never from the others.

pub mod distinct;
pub mod moments;
pub mod quantiles;
pub mod sample;
pub mod top;

/// A well mixed function of a seed and a position (the finaliser of splitmix64): randomness that can be repeated.
pub fn mix(seed: u64, position: u64) -> u64 {
    let mut z = seed.wrapping_add(position.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The same hash of a text on every machine, for sketches that travel (FNV-1a, then mixed).
pub fn hash_text(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mix(hash, 1)
}
