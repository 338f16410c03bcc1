//! How much each input has to do with each answer.

/// Shapley values in the units of the model's sums (log-odds of a boosted or linear classifier, shares of a forest):
/// those of a row add up to its sum less [`base`](Self::base).
#[derive(Debug, Clone, PartialEq)]
pub struct Attributions {
    /// Row by row, input by input, output by output.
    pub values: Vec<f64>,
    pub rows: usize,
    /// Columns of the input, in the order of training.
    pub inputs: usize,
    pub outputs: usize,
    /// What each output is on the average.
    pub base: Vec<f64>,
}

impl Attributions {
    pub(crate) fn zeros(rows: usize, inputs: usize, outputs: usize) -> Self {
        Self {
            values: vec![0.0; rows * inputs * outputs],
            rows,
            inputs,
            outputs,
            base: vec![0.0; outputs],
        }
    }

    /// For sums that do not start at zero.
    pub(crate) fn starting_from(mut self, start: &[f64]) -> Self {
        for (base, start) in self.base.iter_mut().zip(start) {
            *base += start;
        }
        self
    }

    /// Those of the columns that these were made of: `origins` is the input behind each of ours.
    pub(crate) fn of_origins(&self, origins: &[usize], inputs: usize) -> Option<Self> {
        if origins.len() != self.inputs || origins.iter().any(|&origin| origin >= inputs) {
            return None;
        }
        let mut folded = Self::zeros(self.rows, inputs, self.outputs);
        folded.base.clone_from(&self.base);
        for (place, values) in self.values.chunks_exact(self.outputs).enumerate() {
            let (row, input) = (place / self.inputs, place % self.inputs);
            let start = (row * inputs + origins[input]) * self.outputs;
            for (sum, value) in folded.values[start..].iter_mut().zip(values) {
                *sum += value;
            }
        }
        Some(folded)
    }
}
