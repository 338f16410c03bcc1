//! What signals find in a window: rules that know no database.

pub mod attribution;
pub mod drift;
pub mod freshness;
pub mod operational;
pub mod performance;
pub mod quality;

use serde_json::{Value, json};
use std::fmt::Write as _;

/// What a signal says of one metric, of one feature or of itself.
#[derive(Debug, Clone)]
pub struct Finding {
    pub metric: String,
    /// Empty for the signal as a whole.
    pub feature: String,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    pub verdict: Verdict,
    pub detail: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    Alarm,
    InsufficientData,
    /// Measured, and judged by nobody.
    Info,
}

/// The metric that says how many of a signal's findings are alarms.
pub const ALARMS: &str = "alarms";

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Alarm => "alarm",
            Self::InsufficientData => "insufficient_data",
            Self::Info => "info",
        }
    }
}

impl Finding {
    /// A signal of which nothing can be said.
    pub fn nothing(reason: &str) -> Vec<Self> {
        vec![Self {
            metric: "coverage".to_owned(),
            feature: String::new(),
            value: None,
            threshold: None,
            verdict: Verdict::InsufficientData,
            detail: json!({ "reason": reason }),
        }]
    }

    fn text(&self) -> String {
        use crate::monitoring::alerts::figure;
        let what = if self.feature.is_empty() {
            String::new()
        } else {
            format!("{} ", self.feature)
        };
        let value = self.value.map_or_else(|| "unknown".to_owned(), figure);
        let threshold = self
            .threshold
            .map(|threshold| format!(", threshold {}", figure(threshold)));
        let moved = self.detail["moved"].as_str().filter(|moved| !moved.is_empty());
        let moved = moved.map(|moved| format!("; {moved}")).unwrap_or_default();
        format!(
            "{what}({} {value}{}{moved})",
            self.metric,
            threshold.unwrap_or_default()
        )
    }
}

/// The finding on the signal as a whole, in words that an alert can carry.
pub fn summary(findings: &[Finding], alarmed: bool, labels: &Value) -> Finding {
    const NAMED: usize = 5;
    let mut alarms: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Alarm)
        .collect();
    // The worst first, by how far beyond its threshold it is.
    let excess = |finding: &Finding| {
        let (value, threshold) = (finding.value.unwrap_or_default(), finding.threshold.unwrap_or(1.0));
        (value - threshold).abs() / threshold.abs().max(1e-9)
    };
    alarms.sort_by(|a, b| excess(b).total_cmp(&excess(a)));
    let judged = findings
        .iter()
        .filter(|finding| finding.verdict != Verdict::Info)
        .count();
    let unknown = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::InsufficientData)
        .count();
    let is_measured = |finding: &Finding| finding.verdict == Verdict::Info && finding.value.is_some();
    let verdict = match () {
        () if alarmed => Verdict::Alarm,
        () if judged == 0 && findings.iter().any(is_measured) => Verdict::Info,
        () if judged == 0 || unknown == judged => Verdict::InsufficientData,
        () => Verdict::Ok,
    };
    let named: Vec<String> = alarms.iter().take(NAMED).map(|finding| finding.text()).collect();
    let more = alarms.len().saturating_sub(NAMED);
    let mut changed = format!("{} of {judged} changed: {}", alarms.len(), named.join("; "));
    if more > 0 {
        let _ = write!(changed, "; and {more} more");
    }
    let mut detail = labels.clone();
    if verdict == Verdict::Alarm {
        detail["changed"] = json!(changed);
    }
    detail["judged"] = json!(judged);
    detail["insufficient"] = json!(unknown);
    Finding {
        metric: ALARMS.to_owned(),
        feature: String::new(),
        value: Some(alarms.len() as f64),
        threshold: Some(0.0),
        verdict,
        detail,
    }
}
