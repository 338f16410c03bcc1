//! The two-sample Kolmogorov-Smirnov test with the p-values of `scipy.stats.ks_2samp`.
//!
//! Exact p-values count lattice paths: by the closed sum for samples of equal size, by Viehmann's recursion
//! (arXiv:2102.08037) otherwise. The asymptotic p-value is that of the one-sample statistic at the effective size,
//! evaluated as Simard and L'Ecuyer (2011) advise, because that is what scipy answers.

use crate::{distance::gap, ecdf::Ecdf, special::binomial_mass};
use std::f64::consts::PI;

/// Up to this size of the larger sample the p-value is exact, as with scipy's `method="auto"`.
pub const EXACT_ROWS_MAX: u64 = 10_000;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The greatest vertical distance between the two distribution functions.
    pub statistic: f64,
    pub p_value: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Exact up to [`EXACT_ROWS_MAX`] rows, asymptotic above.
    Auto,
    Exact,
    Asymptotic,
}

/// `None` when a sample is empty.
pub fn two_sample(reference: Ecdf<'_>, current: Ecdf<'_>, method: Method) -> Option<KolmogorovSmirnov> {
    let statistic = gap(reference, current)?.height;
    let p_value = p_value(reference.count(), current.count(), statistic, method);
    Some(KolmogorovSmirnov { statistic, p_value })
}

/// How often two samples of one continuous distribution are at least `statistic` apart.
pub fn p_value(n: u64, m: u64, statistic: f64, method: Method) -> f64 {
    let exact = match method {
        Method::Auto => n.max(m) <= EXACT_ROWS_MAX,
        Method::Exact => true,
        Method::Asymptotic => false,
    };
    exact
        .then(|| exact_p_value(n, m, statistic))
        .flatten()
        .unwrap_or_else(|| asymptotic_p_value(n, m, statistic))
}

/// `None` where scipy, too, turns to the asymptotic formula.
fn exact_p_value(n: u64, m: u64, statistic: f64) -> Option<f64> {
    let divisor = gcd(n, m);
    let (n_step, m_step) = (n / divisor, m / divisor);
    if n_step as f64 >= f64::from(i32::MAX) / m_step as f64 {
        return None;
    }
    let height = (statistic * (n_step * m) as f64).round() as u64;
    if height == 0 {
        return Some(1.0);
    }
    let p = if n == m {
        outside_square(n, height)
    } else {
        outside_band(n, m, divisor, height)
    };
    (0.0..=1.0).contains(&p).then_some(p)
}

/// The share of lattice paths from (0, 0) to (n, n) that touch a diagonal at distance `height`: an alternating sum of
/// binomial ratios, nested so that nothing cancels.
fn outside_square(n: u64, height: u64) -> f64 {
    let mut p = 0.0;
    for reflection in (0..=n / height).rev() {
        let shift = reflection * height;
        let ratio = (0..height).fold(1.0, |ratio, step| {
            ratio * (n as f64 - (shift + step) as f64) / (n + shift + step + 1) as f64
        });
        p = ratio * (1.0 - p);
    }
    2.0 * p
}

/// The share of lattice paths from (0, 0) to (n, m) that leave the band |x/n - y/m| < height/lcm. With p(x, y) the
/// share among the paths to (x, y), `p(x, y) = (x p(x-1, y) + y p(x, y-1)) / (x + y)`, and 1 outside of the band.
fn outside_band(n: u64, m: u64, divisor: u64, height: u64) -> f64 {
    let (long, short) = (n.max(m), n.min(m));
    let (long_step, short_step) = ((long / divisor) as i64, (short / divisor) as i64);
    let (height, top) = (height as i64, short as i64);
    // Rows `first..end` of column x lie in the band: those with |short_step * x - long_step * y| < height.
    let band = |x: i64| {
        let first = ((short_step * x - height).div_euclid(long_step) + 1).max(0);
        let end = -(-(short_step * x + height)).div_euclid(long_step);
        (first, end.min(top + 1))
    };
    let (mut previous_first, end) = band(0);
    let mut column = vec![0.0; usize::try_from(end - previous_first).unwrap_or(0)];
    for x in 1..=long as i64 {
        let (first, end) = band(x);
        if end <= first {
            return 1.0;
        }
        let mut below = if first == 0 { 0.0 } else { 1.0 };
        let mut next = Vec::with_capacity((end - first) as usize);
        for y in first..end {
            let left = column.get((y - previous_first) as usize).copied().unwrap_or(1.0);
            below = (left * x as f64 + below * y as f64) / (x + y) as f64;
            next.push(below);
        }
        column = next;
        previous_first = first;
    }
    column.last().copied().unwrap_or(1.0)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn asymptotic_p_value(n: u64, m: u64, statistic: f64) -> f64 {
    let (long, short) = (n.max(m) as f64, n.min(m) as f64);
    one_sample_sf((long * short / (long + short)).round_ties_even(), statistic).clamp(0.0, 1.0)
}

/// P(D_n > d) of the two-sided one-sample statistic.
pub fn one_sample_sf(n: f64, d: f64) -> f64 {
    if n < 1.0 {
        return f64::NAN;
    }
    if d >= 1.0 {
        return 0.0;
    }
    let t = n * d;
    if t <= 0.5 {
        return 1.0;
    }
    if t <= 1.0 {
        // n!/n^n (2t-1)^n
        let product = (1..=n as u64).fold(1.0, |product, k| product * (k as f64 / n) * (2.0 * t - 1.0));
        return 1.0 - product;
    }
    if t >= n - 1.0 {
        return 2.0 * (1.0 - d).powf(n);
    }
    if d >= 0.5 {
        return 2.0 * one_sided_sf(n, d);
    }
    let strength = t * d;
    if n <= 140.0 {
        return if strength <= 4.0 {
            1.0 - durbin_matrix_cdf(n as u64, d)
        } else {
            2.0 * one_sided_sf(n, d)
        };
    }
    if strength >= 370.0 {
        0.0
    } else if strength >= 2.2 {
        2.0 * one_sided_sf(n, d)
    } else if n <= 100_000.0 && n * d.powf(1.5) <= 1.4 {
        1.0 - durbin_matrix_cdf(n as u64, d)
    } else {
        1.0 - pelz_good_cdf(n, d)
    }
}

/// P(D_n^+ > d), Smirnov's sum of `C(n, v) (1-d-v/n)^(n-v) (d+v/n)^(v-1)`, a sum of binomial masses.
fn one_sided_sf(n: f64, d: f64) -> f64 {
    if n > 1e6 {
        // The sum would take long, and this is scipy's answer here.
        return (-(6.0 * n * d + 1.0).powi(2) / (18.0 * n)).exp();
    }
    let last = (n * (1.0 - d)).floor() as u64;
    let sum: f64 = (0..=last)
        .map(|v| {
            let share = d + v as f64 / n;
            if share >= 1.0 {
                0.0
            } else {
                binomial_mass(v as f64, n, share) / share
            }
        })
        .sum();
    (d * sum).min(1.0)
}

/// Marsaglia, Tsang and Wang (2003): the middle element of the n-th power of a matrix of order 2k-1, k = ceil(nd).
fn durbin_matrix_cdf(rows: u64, distance: f64) -> f64 {
    // Squares of it and products of those stay far from overflow.
    const SCALE: f64 = (1_u128 << 127) as f64;
    let t = rows as f64 * distance;
    let k = t.ceil() as usize;
    let h = k as f64 - t;
    let order = 2 * k - 1;
    let mut matrix = vec![0.0; order * order];
    for row in 0..order {
        for column in 0..order.min(row + 2) {
            matrix[row * order + column] = 1.0;
        }
    }
    for index in 0..order {
        matrix[index * order] -= h.powi(index as i32 + 1);
        matrix[(order - 1) * order + index] -= h.powi((order - index) as i32);
    }
    if 2.0 * h > 1.0 {
        matrix[(order - 1) * order] += (2.0 * h - 1.0).powi(order as i32);
    }
    for row in 0..order {
        for column in 0..order.min(row + 2) {
            for factor in 1..=(row + 1 - column) {
                matrix[row * order + column] /= factor as f64;
            }
        }
    }
    let multiply = |left: &[f64], right: &[f64]| {
        let mut product = vec![0.0; order * order];
        for row in 0..order {
            for middle in 0..order {
                let factor = left[row * order + middle];
                if factor != 0.0 {
                    for column in 0..order {
                        product[row * order + column] += factor * right[middle * order + column];
                    }
                }
            }
        }
        product
    };
    let center = (k - 1) * order + k - 1;
    let mut power: Option<Vec<f64>> = None;
    let (mut power_scale, mut matrix_scale) = (0_i32, 0_i32);
    let mut rest = rows;
    while rest > 0 {
        if rest % 2 == 1 {
            power = Some(power.map_or_else(|| matrix.clone(), |power| multiply(&power, &matrix)));
            power_scale += matrix_scale;
        }
        matrix = multiply(&matrix, &matrix);
        matrix_scale *= 2;
        if matrix[center] > SCALE {
            for element in &mut matrix {
                *element /= SCALE;
            }
            matrix_scale += 1;
        }
        rest /= 2;
    }
    let mut p = power.map_or(1.0, |power| power[center]);
    for factor in 1..=rows {
        p = p * factor as f64 / rows as f64;
        if p < 1.0 / SCALE {
            p *= SCALE;
            power_scale -= 1;
        }
    }
    for _ in 0..power_scale.abs() {
        p = if power_scale > 0 { p * SCALE } else { p / SCALE };
    }
    p.clamp(0.0, 1.0)
}

/// Pelz and Good (1976): Kolmogorov's limit with three corrections in powers of 1/sqrt(n).
fn pelz_good_cdf(n: f64, d: f64) -> f64 {
    let z = n.sqrt() * d;
    let (z2, z4, z6) = (z.powi(2), z.powi(4), z.powi(6));
    let (pi2, pi4, pi6) = (PI.powi(2), PI.powi(4), PI.powi(6));
    let root = (2.0 * PI).sqrt();
    let terms = (16.0 * z / PI).ceil() as u32;
    let mut sums = [0.0; 4];
    for k in (1..=terms).rev() {
        let odd = f64::from(2 * k - 1);
        let (odd2, odd4, odd6) = (odd.powi(2), odd.powi(4), odd.powi(6));
        let q = (-pi2 / (8.0 * z2) * odd2).exp();
        sums[0] += q;
        sums[1] += q * (-z2 + pi2 / 4.0 * odd2);
        sums[2] +=
            q * (6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * pi2 / 4.0 * odd2 + pi4 * (1.0 - 2.0 * z2) / 16.0 * odd4);
        sums[3] += q
            * (-30.0 * z6 - 90.0 * z.powi(8)
                + pi2 * (135.0 * z4 - 96.0 * z6) / 4.0 * odd2
                + pi4 * (-60.0 * z2 + 212.0 * z4) / 16.0 * odd4
                + pi6 * (5.0 - 30.0 * z2) / 64.0 * odd6);
    }
    let (mut second, mut third) = (0.0, 0.0);
    for k in (1..=terms).rev() {
        let k2 = f64::from(k).powi(2);
        let q = (-pi2 / (2.0 * z2) * k2).exp();
        second += k2 * q;
        third += (3.0 * z2 - pi2 * k2) * k2 * q;
    }
    let k0 = sums[0] * root / z;
    let k1 = sums[1] * root / (6.0 * z4);
    let k2 = sums[2] * root / (72.0 * z.powi(7)) - second * pi2 * root / (36.0 * z.powi(3));
    let k3 = sums[3] * root / (6480.0 * z.powi(10)) + third * pi2 * root / (216.0 * z6);
    (k0 + k1 / n.sqrt() + k2 / n + k3 / n.powf(1.5)).clamp(0.0, 1.0)
}

/// The least statistic whose p-value is at most `p`: exact where that costs little, in the limit of large samples
/// otherwise.
pub fn critical_distance(n: u64, m: u64, p: f64) -> f64 {
    if n.max(m) <= EXACT_ROWS_MAX && (n == m || n * m <= 50_000) {
        return crate::special::bisect(0.0, 1.0, |distance| p_value(n, m, distance, Method::Auto) <= p);
    }
    let effective = n as f64 * m as f64 / (n + m) as f64;
    let limit = |z: f64| {
        let series: f64 = (1..=20_i32)
            .map(|k| {
                let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
                sign * (-2.0 * f64::from(k * k) * z * z).exp()
            })
            .sum();
        2.0 * series
    };
    crate::special::bisect(0.3, 20.0, |z| limit(z) < p) / effective.sqrt()
}
