//! Requests as training scripts send them.

use fettle_series::point::Point;

/// One `log-batch`: a run and its points.
pub(crate) struct Request {
    pub(crate) run: i64,
    pub(crate) points: Vec<(String, Point)>,
}

/// How the points of a request spread over keys and steps.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) runs: i64,
    pub(crate) keys: i64,
    pub(crate) steps: i64,
    pub(crate) requests: i64,
    /// How often all steps are logged, each time later.
    pub(crate) passes: i64,
}

const SHAPE: Shape = Shape {
    name: "",
    runs: 8,
    keys: 1,
    steps: 1_000,
    requests: 2_000,
    passes: 1,
};

pub(crate) const SHAPES: [Shape; 5] = [
    Shape {
        name: "1 key x 1,000 steps",
        ..SHAPE
    },
    Shape {
        name: "10 keys x 100 steps",
        keys: 10,
        steps: 100,
        ..SHAPE
    },
    Shape {
        name: "1,000 keys x 1 step",
        runs: 4,
        keys: 1_000,
        steps: 1,
        ..SHAPE
    },
    Shape {
        name: "single points",
        runs: 32,
        steps: 1,
        requests: 100_000,
        ..SHAPE
    },
    Shape {
        name: "1,000,000 steps logged twice",
        runs: 1,
        passes: 2,
        ..SHAPE
    },
];

impl Shape {
    pub(crate) fn requests(self) -> impl Iterator<Item = Request> {
        let requests_per_pass = self.requests / self.passes;
        (0..self.requests).map(move |request| {
            let (pass, turn) = (request / requests_per_pass, request % requests_per_pass);
            let (run, first_step) = (turn % self.runs, turn / self.runs * self.steps);
            let points = (first_step..first_step + self.steps)
                .flat_map(|step| {
                    (0..self.keys).map(move |key| (format!("layer{key}/grad_norm"), point(pass, step, key)))
                })
                .collect();
            Request { run, points }
        })
    }
}

/// A noisy falling curve in full double precision, logged every 37 ms give or take 20: the costly case.
pub(crate) fn point(pass: i64, step: i64, key: i64) -> Point {
    let noise = noise(step as u64 ^ (key as u64) << 40);
    let unit = (noise >> 11) as f64 / (1_u64 << 53) as f64;
    let value = 2.5 * (-(step as f64) / 50_000.0).exp() + 0.3 * unit;
    Point::new(
        step,
        1_760_000_000_000 + pass * 100_000_000 + step * 37 + (noise % 20) as i64,
        value,
    )
}

/// The `SplitMix64` generator: the same points on every machine.
fn noise(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
