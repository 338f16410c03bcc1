//! What receivers are sent: Alertmanager's webhook message, and what Slack and mail make of it.

use super::labels::Labels;
use crate::system::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Go's zero time: Alertmanager writes it for an alert that has not ended.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// An alert as it is told.
#[derive(Debug, Clone)]
pub struct Told {
    pub labels: Labels,
    pub annotations: Labels,
    pub fingerprint: String,
    pub starts_ms: i64,
    pub ends_ms: Option<i64>,
}

/// Alertmanager's webhook message, version 4.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub version: String,
    pub group_key: String,
    pub truncated_alerts: u64,
    pub status: String,
    pub receiver: String,
    pub group_labels: Labels,
    pub common_labels: Labels,
    pub common_annotations: Labels,
    #[serde(rename = "externalURL")]
    pub external_url: String,
    pub alerts: Vec<MessageAlert>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageAlert {
    pub status: String,
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at: String,
    pub ends_at: String,
    #[serde(rename = "generatorURL")]
    pub generator_url: String,
    pub fingerprint: String,
}

/// One message for alerts of one rule that have come to the same state.
pub fn message(rule: &str, receiver: &str, resolved: bool, told: &[Told], external_url: &str) -> Message {
    let status = if resolved { "resolved" } else { "firing" };
    let group_labels: Labels = [("alertname".to_owned(), rule.to_owned())].into();
    let alerts = told.iter().map(|alert| MessageAlert {
        status: status.to_owned(),
        labels: alert.labels.clone(),
        annotations: alert.annotations.clone(),
        starts_at: rfc3339(alert.starts_ms),
        ends_at: alert.ends_ms.map_or_else(|| NEVER.to_owned(), rfc3339),
        generator_url: page_of(external_url, &alert.labels),
        fingerprint: alert.fingerprint.clone(),
    });
    Message {
        version: "4".to_owned(),
        group_key: format!("{{}}:{{alertname=\"{rule}\"}}"),
        truncated_alerts: 0,
        status: status.to_owned(),
        receiver: receiver.to_owned(),
        group_labels,
        common_labels: common(told.iter().map(|alert| &alert.labels)),
        common_annotations: common(told.iter().map(|alert| &alert.annotations)),
        external_url: external_url.to_owned(),
        alerts: alerts.collect(),
    }
}

/// Where the page shows more.
fn page_of(external_url: &str, labels: &Labels) -> String {
    match labels.get("monitor") {
        Some(monitor) => format!("{external_url}/#/monitoring/monitors/{monitor}"),
        None => format!("{external_url}/#/monitoring/alerts"),
    }
}

fn common<'l>(mut all: impl Iterator<Item = &'l Labels>) -> Labels {
    let mut shared = all.next().cloned().unwrap_or_default();
    for labels in all {
        shared.retain(|name, value| labels.get(name) == Some(value));
    }
    shared
}

impl Message {
    /// `[FIRING:2] model-high-latency (churn)`
    pub fn title(&self) -> String {
        let name = self.group_labels.get("alertname").map_or("alert", String::as_str);
        let of = self
            .common_labels
            .get("endpoint")
            .or_else(|| self.common_labels.get("monitor"));
        let of = of.map(|name| format!(" ({name})")).unwrap_or_default();
        let count = if self.status == "firing" {
            format!(":{}", self.alerts.len())
        } else {
            String::new()
        };
        format!("[{}{count}] {name}{of}", self.status.to_uppercase())
    }

    /// A paragraph for each alert: what changed, by how much, where to look.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for alert in &self.alerts {
            let said = ["summary", "description"]
                .iter()
                .filter_map(|name| alert.annotations.get(*name));
            for line in said {
                let _ = writeln!(text, "{line}");
            }
            for (name, value) in &alert.labels {
                let _ = writeln!(text, "  {name}: {value}");
            }
            let _ = writeln!(text, "  since: {}", alert.starts_at);
            if alert.ends_at != NEVER {
                let _ = writeln!(text, "  until: {}", alert.ends_at);
            }
            let _ = writeln!(text, "  {}\n", alert.generator_url);
        }
        text
    }

    /// Slack's incoming webhook, as Alertmanager writes to it.
    pub fn slack(&self) -> Value {
        let color = if self.status == "firing" { "danger" } else { "good" };
        let link = self.alerts.first().map(|alert| alert.generator_url.as_str());
        json!({
            "text": self.title(),
            "username": "Fettle",
            "attachments": [{
                "color": color,
                "fallback": self.title(),
                "title": self.title(),
                "title_link": link,
                "text": self.text(),
                "mrkdwn_in": ["text"],
            }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(endpoint: &str, ended: bool) -> Told {
        let pairs = [("alertname", "slow"), ("endpoint", endpoint), ("severity", "2")];
        Told {
            labels: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            annotations: [("summary".to_owned(), format!("{endpoint} is slow"))].into(),
            fingerprint: "0123456789abcdef".to_owned(),
            starts_ms: 1_700_000_000_000,
            ends_ms: ended.then_some(1_700_000_060_000),
        }
    }

    #[test]
    fn messages_are_alertmanagers() {
        let message = message("slow", "team", false, &[told("a", false), told("b", false)], "http://f");
        let value = serde_json::to_value(&message).expect("plain structs serialise");
        assert_eq!(value["version"], "4");
        assert_eq!(value["status"], "firing");
        assert_eq!(value["externalURL"], "http://f");
        assert_eq!(value["groupLabels"], json!({ "alertname": "slow" }));
        assert_eq!(value["commonLabels"], json!({ "alertname": "slow", "severity": "2" }));
        assert_eq!(value["alerts"][0]["startsAt"], "2023-11-14T22:13:20Z");
        assert_eq!(value["alerts"][0]["endsAt"], "0001-01-01T00:00:00Z");
        assert_eq!(value["alerts"][1]["labels"]["endpoint"], "b");
        assert_eq!(message.title(), "[FIRING:2] slow");
    }

    #[test]
    fn people_are_told_in_words() {
        let message = message("slow", "team", true, &[told("a", true)], "http://f");
        assert_eq!(message.title(), "[RESOLVED] slow (a)");
        let text = message.text();
        assert!(
            text.starts_with("a is slow\n") && text.contains("until: 2023-11-14T22:14:20Z"),
            "{text}"
        );
        assert_eq!(message.slack()["attachments"][0]["color"], "good");
    }
}
