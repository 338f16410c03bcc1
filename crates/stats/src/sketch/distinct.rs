//! How many distinct values a stream has: HyperLogLog with 4,096 registers and Ertl's estimator (arXiv:1702.01284),
//! which needs no correction for few or many values.

/// Bits of the hash that choose a register.
const PRECISION: u32 = 12;
pub const REGISTERS: usize = 1 << PRECISION;
/// The standard error of the estimate, relative: 1.04 / sqrt(registers).
pub const RELATIVE_ERROR: f64 = 0.01625;
const LONGEST: usize = (64 - PRECISION) as usize;

#[derive(Debug, Clone, PartialEq)]
pub struct Distinct {
    registers: Vec<u8>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self {
            registers: vec![0; REGISTERS],
        }
    }
}

impl Distinct {
    /// Takes a well mixed hash of the value.
    pub fn push(&mut self, hash: u64) {
        let register = (hash >> (64 - PRECISION)) as usize;
        let rest = hash << PRECISION;
        let rank = (rest.leading_zeros() as usize).min(LONGEST) + 1;
        self.registers[register] = self.registers[register].max(rank as u8);
    }

    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            *mine = (*mine).max(*theirs);
        }
    }

    pub fn estimate(&self) -> f64 {
        let mut histogram = [0.0; LONGEST + 2];
        for &register in &self.registers {
            histogram[usize::from(register)] += 1.0;
        }
        let registers = REGISTERS as f64;
        let mut z = registers * tau(1.0 - histogram[LONGEST + 1] / registers);
        for rank in (1..=LONGEST).rev() {
            z = 0.5 * (z + histogram[rank]);
        }
        z += registers * sigma(histogram[0] / registers);
        registers * registers / (2.0 * std::f64::consts::LN_2 * z)
    }

    pub fn registers(&self) -> &[u8] {
        &self.registers
    }

    /// `None` when these cannot be the registers of a sketch.
    pub fn restore(registers: Vec<u8>) -> Option<Self> {
        let sound = registers.len() == REGISTERS && registers.iter().all(|&rank| usize::from(rank) <= LONGEST + 1);
        sound.then_some(Self { registers })
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}
