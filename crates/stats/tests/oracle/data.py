"""The same numbers as `tests/data/mod.rs` makes, to the bit: integers mixed, divided and added in a fixed order."""

import numpy as np

MASK = (1 << 64) - 1


def mix(seed, position):
    z = (seed + position * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniforms(seed, count):
    position = np.arange(count, dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + position * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def bells(seed, count, shift=0.0, scale=1.0):
    """Nearly normal: the sum of twelve uniform numbers less six, twelve positions apart."""
    parts = uniforms(seed, 12 * count).reshape(count, 12)
    total = np.zeros(count)
    for column in range(12):
        total = total + parts[:, column]
    return (total - 6.0) * scale + shift


def skewed(seed, count, shift=0.0):
    """A long right tail: u / (1 - u)."""
    u = uniforms(seed, count)
    return u / (1.0 - u) + shift


def counts(seed, count, levels, tilt=0.0):
    """Levels 0..levels, the last ones rarer; `tilt` moves rows towards the first."""
    u = uniforms(seed, count)
    return np.floor(levels * u * (u * (1.0 - tilt) + tilt * u * u)).astype(np.int64)
