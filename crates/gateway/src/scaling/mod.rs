//! How many Python workers a deployment has, between a least and a most, by what it has to do.
//!
//! [`rule`] is the arithmetic of Knative's autoscaler, pure; [`load`] and [`window`] measure; [`autoscaler`] does it.

mod autoscaler;
mod load;
mod rule;
mod window;

use std::time::Duration;

pub(crate) use autoscaler::Autoscaler;
pub(crate) use load::Load;

/// What the number of replicas follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScalingMetric {
    /// Requests queued and running, in calls of the model: what shares a call counts as one.
    #[default]
    Concurrency,
    /// Requests a second.
    RequestRate,
    /// Cores that the workers keep busy.
    Cpu,
}

impl ScalingMetric {
    pub fn name(self) -> &'static str {
        match self {
            Self::Concurrency => "concurrency",
            Self::RequestRate => "request_rate",
            Self::Cpu => "cpu",
        }
    }

    /// What one replica should have, unless a deployment says otherwise: two calls (one that runs and one that waits,
    /// as Ray Serve has it), 200 requests a second (Knative), 70 % of a core.
    pub fn default_target(self) -> f64 {
        match self {
            Self::Concurrency => 2.0,
            Self::RequestRate => 200.0,
            Self::Cpu => 0.7,
        }
    }
}

impl std::str::FromStr for ScalingMetric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Concurrency, Self::RequestRate, Self::Cpu]
            .into_iter()
            .find(|metric| metric.name() == text)
            .ok_or_else(|| format!("`{text}` is no scaling metric; use concurrency, request_rate or cpu"))
    }
}

/// The replicas of a deployment that runs in Python. Native and ONNX models need none: they are computed where the
/// request is.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// 0: the last worker ends once no request has come for a whole `stable_window`.
    pub replicas_min: usize,
    pub replicas_max: usize,
    pub metric: ScalingMetric,
    /// What one replica should have of the metric; `None` for [`ScalingMetric::default_target`].
    pub target: Option<f64>,
    /// Over which the metric is averaged to decide.
    pub stable_window: Duration,
    /// Over which it is averaged to notice a burst.
    pub panic_window: Duration,
    /// How often it is decided.
    pub tick: Duration,
    /// How long a request may wait for the first worker of a deployment that has none.
    pub cold_start_max: Duration,
}

impl Scaling {
    /// Always the same number.
    pub fn fixed(replicas: usize) -> Self {
        Self::between(replicas, replicas)
    }

    pub fn between(replicas_min: usize, replicas_max: usize) -> Self {
        Self {
            replicas_min,
            replicas_max,
            metric: ScalingMetric::Concurrency,
            target: None,
            stable_window: Duration::from_mins(1),
            panic_window: Duration::from_secs(6),
            tick: Duration::from_secs(2),
            cold_start_max: Duration::from_mins(1),
        }
    }

    /// With Knative's proportions: a tenth of the window notices bursts, and within it is decided three times.
    #[must_use]
    pub fn averaged_over(self, window: Duration) -> Self {
        let panic_window = window / 10;
        Self {
            stable_window: window,
            panic_window,
            tick: (panic_window / 3).max(Duration::from_millis(100)),
            ..self
        }
    }

    pub(crate) fn is_fixed(&self) -> bool {
        self.replicas_min == self.replicas_max
    }

    pub(crate) fn target(&self) -> f64 {
        self.target.unwrap_or_else(|| self.metric.default_target())
    }
}
