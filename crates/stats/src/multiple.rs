//! Many tests at once.

/// Benjamini and Hochberg's adjusted p-values (`statsmodels`' `fdr_bh`): rejecting those at most q keeps the expected
/// share of false rejections at q, and, when nothing has drifted, the chance of any rejection.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let count = p_values.len() as f64;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_unstable_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        least = least.min(p_values[index] * count / (rank + 1) as f64);
        adjusted[index] = least;
    }
    adjusted
}
