//! From what is written to a monitor: its target, its schedule, its signals.

use super::{
    Monitor,
    written::{Inner, MonitorSpec, OneOrMany, PatternSpec, TargetSpec, TriggerSpec},
    wrong,
};
use crate::{
    error::{Result, invalid},
    monitoring::{
        duration::iso,
        monitors::windows::{Lookback, Schedule},
    },
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const SIGNALS_MAX: usize = 50;
const NAME_LENGTH: usize = 100;

impl MonitorSpec {
    /// What is inside, wherever it was written.
    fn inner(&self) -> &Inner {
        self.create_monitor.as_deref().unwrap_or(&self.inner)
    }

    pub fn check(&self) -> Result<Monitor> {
        let name = self.name.clone().unwrap_or_default();
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > NAME_LENGTH || !name.chars().all(good) {
            return Err(wrong(
                "name",
                &name,
                "a monitor's name has at most 100 letters, digits, '-', '_' and '.'",
            ));
        }
        let inner = self.inner();
        let target = &inner.monitoring_target;
        let (endpoint, deployment) = target.endpoint()?;
        let schedule = self.trigger.as_ref().map(TriggerSpec::check).transpose()?;
        let period_ms = schedule.as_ref().map_or(DAY_MS, Schedule::period_ms);
        if inner.monitoring_signals.is_empty() || inner.monitoring_signals.len() > SIGNALS_MAX {
            return Err(invalid(format!(
                "Invalid value for parameter 'monitoring_signals' supplied: give between 1 and {SIGNALS_MAX}."
            )));
        }
        let mut lookback: Option<Lookback> = None;
        let mut signals = Vec::new();
        for (signal, spec) in &inner.monitoring_signals {
            let field = format!("monitoring_signals.{signal}");
            let own = spec.production_data.lookback(&field, period_ms)?;
            // One window for all, so that a run is of one time.
            if lookback.is_some_and(|known| known != own) {
                return Err(wrong(
                    &format!("{field}.production_data.data_window"),
                    &iso(own.size_ms),
                    "all signals of a monitor look at the same window; make another monitor for another window",
                ));
            }
            lookback = Some(own);
            signals.push((signal.clone(), spec.check(&field, own)?));
        }
        let notification = inner.alert_notification.clone().unwrap_or_default();
        if let Some(email) = notification.emails.first() {
            return Err(wrong(
                "alert_notification.emails",
                email,
                "make a receiver (fettle alert receiver create NAME --email ..) and name it in alert_notification.receivers",
            ));
        }
        let task = target
            .ml_task
            .as_deref()
            .unwrap_or("classification")
            .to_ascii_lowercase();
        if !["classification", "regression"].contains(&task.as_str()) {
            return Err(wrong(
                "monitoring_target.ml_task",
                &task,
                "it must be classification or regression",
            ));
        }
        Ok(Monitor {
            name,
            endpoint,
            deployment,
            model: target.model()?,
            is_regression: task == "regression",
            schedule,
            lookback: lookback.unwrap_or(Lookback {
                size_ms: period_ms,
                offset_ms: 0,
            }),
            signals,
            notification,
        })
    }
}

impl TargetSpec {
    fn endpoint(&self) -> Result<(String, Option<String>)> {
        if let Some(endpoint) = &self.endpoint {
            return Ok((endpoint.clone(), self.deployment.clone()));
        }
        let Some(id) = &self.endpoint_deployment_id else {
            return Err(invalid(
                "Parameter 'monitoring_target.endpoint_deployment_id' is missing: write ENDPOINT:DEPLOYMENT, or give 'endpoint'.",
            ));
        };
        let rest = id.strip_prefix("azureml:").unwrap_or(id);
        Ok(match rest.split_once(':') {
            Some((endpoint, deployment)) => (endpoint.to_owned(), Some(deployment.to_owned())),
            None => (rest.to_owned(), None),
        })
    }

    fn model(&self) -> Result<Option<(String, Option<String>)>> {
        let Some(id) = &self.model_id else { return Ok(None) };
        let rest = id
            .strip_prefix("azureml:")
            .or_else(|| id.strip_prefix("models:/"))
            .unwrap_or(id);
        match rest.split_once([':', '/']) {
            Some((name, version)) if !name.is_empty() && !version.is_empty() => {
                Ok(Some((name.to_owned(), Some(version.to_owned()))))
            }
            None if !rest.is_empty() => Ok(Some((rest.to_owned(), None))),
            _ => Err(wrong("monitoring_target.model_id", id, "write models:/NAME/VERSION")),
        }
    }
}

impl TriggerSpec {
    fn check(&self) -> Result<Schedule> {
        let zone = self.time_zone.as_deref();
        if let Some(start) = &self.start_time {
            start
                .parse::<jiff::Timestamp>()
                .map_err(|_| wrong("trigger.start_time", start, "it must be a time of RFC 3339"))?;
        }
        match (&self.expression, &self.frequency) {
            (Some(expression), None) => Schedule::cron("trigger.expression", expression, zone),
            (None, Some(frequency)) => {
                let none = PatternSpec::default();
                let pattern = self.schedule.as_ref().or(self.pattern.as_ref()).unwrap_or(&none);
                let weekdays = pattern.weekdays.as_ref().or(pattern.week_days.as_ref());
                let list =
                    |given: &Option<OneOrMany<u8>>| given.as_ref().map_or(Vec::new(), |given| given.list().to_vec());
                Schedule::recurrence(
                    frequency,
                    self.interval.unwrap_or(1),
                    &list(&pattern.minutes),
                    &list(&pattern.hours),
                    weekdays.map_or(&[][..], OneOrMany::list),
                    &list(&pattern.month_days),
                    zone,
                )
            }
            _ => Err(invalid(
                "Parameter 'trigger' must have an 'expression' (type cron) or a 'frequency' (type recurrence), one of them.",
            )),
        }
    }
}
