//! `numpy.interp`: a line through points.

/// `points` ascend and are as many as `values`, which is at least one.
pub(crate) fn interpolate(x: f64, points: &[f64], values: &[f64]) -> f64 {
    if x.is_nan() {
        return x;
    }
    let last = points.len() - 1;
    // The last point that is not above `x`.
    let Some(at) = points.partition_point(|point| *point <= x).checked_sub(1) else {
        return values[0];
    };
    if at == last || points[at] == x {
        return values[at];
    }
    let slope = (values[at + 1] - values[at]) / (points[at + 1] - points[at]);
    let found = slope * (x - points[at]) + values[at];
    if !found.is_nan() {
        return found;
    }
    let found = slope * (x - points[at + 1]) + values[at + 1];
    if found.is_nan() && values[at] == values[at + 1] {
        return values[at];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::interpolate;

    #[test]
    fn between_and_beyond() {
        let check =
            |x: f64, expected: f64| assert_eq!(interpolate(x, &[0.0, 1.0, 1.0, 3.0], &[5.0, 6.0, 7.0, 9.0]), expected);
        check(-1.0, 5.0);
        check(0.5, 5.5);
        check(1.0, 7.0);
        check(2.0, 8.0);
        check(9.0, 9.0);
    }
}
