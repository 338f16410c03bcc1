//! Tail probabilities of the normal and chi-squared distributions and the binomial mass, to nearly full precision in
//! the tails: a p-value of 1e-200 has to be as good as one of 0.5.

use statrs::function::{
    erf::{erfc, erfc_inv},
    gamma::{gamma_ur, ln_gamma},
};
use std::f64::consts::{PI, SQRT_2, TAU};

/// P(Z > z).
pub fn normal_sf(z: f64) -> f64 {
    0.5 * erfc(z / SQRT_2)
}

/// P(Z <= z).
pub fn normal_cdf(z: f64) -> f64 {
    normal_sf(-z)
}

/// The z that a standard normal exceeds with probability `tail`.
pub fn normal_upper_quantile(tail: f64) -> f64 {
    SQRT_2 * erfc_inv(2.0 * tail)
}

/// P(X > x) for a chi-squared X.
pub fn chi_squared_sf(x: f64, degrees_of_freedom: f64) -> f64 {
    if x <= 0.0 {
        1.0
    } else if x.is_infinite() {
        0.0
    } else {
        gamma_ur(degrees_of_freedom / 2.0, x / 2.0)
    }
}

/// The x that a chi-squared variable exceeds with probability `tail`, by bisection: it is asked for once a column.
pub fn chi_squared_upper_quantile(tail: f64, degrees_of_freedom: f64) -> f64 {
    let mut high = degrees_of_freedom + 10.0;
    while chi_squared_sf(high, degrees_of_freedom) > tail {
        high *= 2.0;
    }
    bisect(0.0, high, |x| chi_squared_sf(x, degrees_of_freedom) < tail)
}

/// P(X > x) for a noncentral chi-squared X: a Poisson mixture of central ones.
pub fn noncentral_chi_squared_sf(x: f64, degrees_of_freedom: f64, noncentrality: f64) -> f64 {
    let half = noncentrality / 2.0;
    if half == 0.0 {
        return chi_squared_sf(x, degrees_of_freedom);
    }
    let spread = 8.0 * half.sqrt() + 12.0;
    let (first, last) = ((half - spread).max(0.0).floor(), (half + spread).ceil());
    let mut sum = 0.0;
    let mut index = first;
    while index <= last {
        let weight = (index * half.ln() - half - ln_gamma(index + 1.0)).exp();
        sum += weight * chi_squared_sf(x, degrees_of_freedom + 2.0 * index);
        index += 1.0;
    }
    sum.min(1.0)
}

/// The smallest argument in `low..high` at which `reached` becomes true.
pub fn bisect(mut low: f64, mut high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if reached(middle) {
            high = middle;
        } else {
            low = middle;
        }
        if high - low <= 1e-12 * high.abs() {
            break;
        }
    }
    high
}

/// The probability of `successes` in `trials`, after Loader (2000): no large numbers cancel, as they would in a
/// difference of log-gammas.
pub fn binomial_mass(successes: f64, trials: f64, probability: f64) -> f64 {
    let failures = trials - successes;
    if successes == 0.0 {
        return (trials * (-probability).ln_1p()).exp();
    }
    if failures == 0.0 {
        return (trials * probability.ln()).exp();
    }
    let exponent = stirling_error(trials)
        - stirling_error(successes)
        - stirling_error(failures)
        - deviance(successes, trials * probability)
        - deviance(failures, trials * (1.0 - probability));
    exponent.exp() * (trials / (TAU * successes * failures)).sqrt()
}

/// ln(n!) minus Stirling's formula.
fn stirling_error(n: f64) -> f64 {
    if n <= 15.0 {
        return ln_gamma(n + 1.0) - ((n + 0.5) * n.ln() - n + 0.5 * (2.0 * PI).ln());
    }
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * square)) / square) / square) / square)
        / n
}

/// x ln(x / m) + m - x, without cancellation when x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() - difference;
    }
    let v = difference / (x + m);
    let mut sum = difference * v;
    let mut power = 2.0 * x * v;
    let square = v * v;
    for step in 1..1000 {
        power *= square;
        let next = sum + power / f64::from(2 * step + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}
