//! Sizes as people write them.

/// `1048576`, `512KiB`, `64MiB`, `1GiB`; `K`, `M` and `G` mean the same.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: usize = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        unit => return Err(format!("`{unit}` is not a unit; write KiB, MiB or GiB")),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| "it must be a number, as 1048576 or 64MiB".to_owned())?;
    match number.checked_mul(factor) {
        Some(0) | None => Err("it must be more than nothing and fit in memory".to_owned()),
        Some(bytes) => Ok(bytes),
    }
}

/// The same where sizes are those of other processes.
pub(crate) fn size_u64(text: &str) -> Result<u64, String> {
    size(text).map(|bytes| bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [("1024", 1024), ("64MiB", 64 << 20), ("1g", 1 << 30), ("2kB", 2048)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "0", "-1", "1.5MiB", "1TiB", "99999999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
