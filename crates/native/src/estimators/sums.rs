//! Sums in the order in which numpy adds.

/// Numpy's order of addition, which matters once weights are not whole numbers. Blocks above 128 are halved.
pub(crate) fn pairwise_sum(values: &[f64]) -> f64 {
    if values.len() < 8 {
        return values.iter().fold(0.0, |sum, value| sum + value);
    }
    if values.len() > 128 {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % 8);
        return pairwise_sum(left) + pairwise_sum(right);
    }
    let (blocks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (number, block) in blocks.iter().enumerate() {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = if number == 0 { *value } else { *lane + value };
        }
    }
    let pairs = [
        lanes[0] + lanes[1],
        lanes[2] + lanes[3],
        lanes[4] + lanes[5],
        lanes[6] + lanes[7],
    ];
    let sum = (pairs[0] + pairs[1]) + (pairs[2] + pairs[3]);
    rest.iter().fold(sum, |sum, value| sum + value)
}
