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


def table(seed, rows, drift):
    """A table of every kind of column that other tools treat in a way of its own."""
    letters = np.array([f"level {level}" for level in range(40)])
    half = counts(seed + 5, rows, 2, drift)
    gaps = np.where(uniforms(seed + 8, rows) < 0.1, np.nan, bells(seed + 7, rows, drift))
    return {
        "bell": bells(seed, rows, drift),
        "tail": skewed(seed + 1, rows, drift),
        "few_integers": counts(seed + 2, rows, 4, drift),
        "many_integers": counts(seed + 3, rows, 40, drift),
        "letters": letters[counts(seed + 4, rows, 5, drift)],
        "two_letters": letters[half],
        "flag": half == 1,
        "few_floats": counts(seed + 6, rows, 4, drift) / 2.0,
        "two_floats": counts(seed + 6, rows, 2, drift) / 2.0,
        "gaps": gaps,
        "steady": np.full(rows, 2.5),
        "new_letters": letters[counts(seed + 9, rows, 4, 0.0) + (counts(seed + 10, rows, 6, 0.0) == 5) * 9 * int(drift > 0)],
    }


TABLES = [(100, 800, 700, 0.0), (200, 800, 700, 0.3), (300, 3000, 2500, 0.0), (400, 3000, 2500, 0.15), (500, 1500, 500, 0.6)]
